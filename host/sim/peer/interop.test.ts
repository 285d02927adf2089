/** The core and an implementation written from the digest alone, across a simulated channel. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../../../toolchain/paths.ts";
import { Event, Status } from "../../core/abi.gen.ts";
import type { CoreStation } from "../core-station.ts";
import { checkScenario } from "../scenario.ts";
import { Simulation, type StationContext } from "../simulation.ts";
import { RADIO_PORT, type Station } from "../station.ts";
import {
  type Announce,
  announceHolds,
  announceSignedBytes,
  decodeAnnounce,
  encodeAnnounce,
  VERSION,
} from "./announce.ts";
import { PeerCrypto } from "./crypto.ts";
import { Context, encodePacket, Header, type Packet } from "./frames.ts";
import { Peer, type PeerLink } from "./peer.ts";

const module = new WebAssembly.Module(readFileSync(join(repositoryRoot(), "build", "core", "relay.wasm")));

interface Script {
  beacon?(peer: Peer, id: Uint8Array): void;
  linkUp?(peer: Peer, link: PeerLink, crypto: PeerCrypto): void;
  packet?(peer: Peer, link: PeerLink, packet: Packet, crypto: PeerCrypto): void;
  /** Sends no beacons of its own: the core then never asks it for a link. */
  silent?: boolean;
}

/** One core and one peer beside it; what the core told, and what the peer took in. */
async function meet(script: Script, seconds = 600, seed = 1, spoil: (frame: Uint8Array) => void = () => {}) {
  const events: { kind: Event; bytes: Uint8Array }[] = [];
  const packets: Packet[] = [];
  let peer: Peer | undefined;
  let crypto: PeerCrypto | undefined;
  const simulation = new Simulation({
    module,
    scenario: checkScenario(
      {
        name: "interop",
        seed,
        duration_s: seconds,
        boot_spread_s: 0,
        nodes: [{ name: "core", x: 0, y: 0 }],
        traffic: { per_node_per_hour: 0 },
        attackers: [{ kind: "replay", near: "core" }],
      },
      "test",
    ),
    event: (_, kind, bytes) => events.push({ kind, bytes: bytes.slice() }),
    attacker: (_, context, core) => {
      crypto = new PeerCrypto(core);
      const hers: Peer = new Peer(crypto, (bytes) => context.air.entropy(bytes), {
        beacon: ({ id }) => script.beacon?.(hers, id),
        linkUp: (link) => script.linkUp?.(hers, link, crypto as PeerCrypto),
        packet: (link, packet) => {
          packets.push(packet);
          script.packet?.(hers, link, packet, crypto as PeerCrypto);
        },
      });
      peer = hers;
      return station(context, hers, script.silent === true, spoil);
    },
  });
  await simulation.run();
  const core = simulation.station(0) as CoreStation;
  return { events, packets, peer: peer as Peer, crypto: crypto as PeerCrypto, core };
}

/** Sends what the peer has to say, with a beacon now and then. */
function station(
  { name, air, airtimeUs }: StationContext,
  peer: Peer,
  silent: boolean,
  spoil: (frame: Uint8Array) => void,
): Station {
  let next = silent ? Infinity : 3000;
  let ready = 0;
  return {
    name,
    start: () => {},
    receive: (_, frame) => peer.receive(frame),
    timer: () => {
      const now = air.now();
      if (now >= next) {
        next = now + 20_000;
        peer.beacon();
      }
      const [frame] = peer.outbox;
      if (frame === undefined || now < ready) return;
      const spoilt = frame.slice();
      spoil(spoilt);
      const sent = air.send(RADIO_PORT, spoilt, 0) === Status.Ok;
      if (sent) peer.outbox.shift();
      ready = now + (sent ? airtimeUs(frame.length) / 1000 : 300);
    },
    deadline: () => (peer.outbox.length > 0 ? Math.min(next, ready) : next),
    send: () => ({ status: Status.TransmitOff }),
    onMessage: () => {},
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** LinkUp: node_id 16, interface u8, 1 if the core began it. */
function linkUps(events: readonly { kind: Event; bytes: Uint8Array }[]): [string, number][] {
  return events
    .filter(({ kind }) => kind === Event.LinkUp)
    .map(({ bytes }) => [hex(bytes.subarray(0, 16)), bytes[17] ?? -1]);
}

describe("the core's links, met by the peer", () => {
  it("come up when the peer asks", async () => {
    const { events, peer, core } = await meet({
      silent: true,
      beacon: (hers, id) => {
        if (hers.links.length === 0) hers.request(id);
      },
    });
    expect(linkUps(events)[0]).toEqual([hex(peer.id), 0]);
    expect(peer.links.some(({ up, peer: other }) => up && hex(other) === core.nodeId)).toBe(true);
  });

  it("come up when the core asks", async () => {
    const { events, peer, core } = await meet({});
    expect(linkUps(events)[0]).toEqual([hex(peer.id), 1]);
    expect(peer.links.some(({ up, peer: other }) => up && hex(other) === core.nodeId)).toBe(true);
  });

  it("bring the core's own announce, which holds", async () => {
    const { packets, crypto, core } = await meet({});
    const announces = packets.map(decodeAnnounce).filter((one) => one !== undefined);
    const own = announces.find(({ destination }) => hex(destination) === core.nodeId);
    expect(own && announceHolds(crypto, own)).toBe(true);
    expect(hex(own?.publicKey ?? new Uint8Array())).toBe(hex((core.contact as Uint8Array).subarray(16)));
  });

  it("stay up for an hour of pings, and through a change of keys", async () => {
    const { events, peer } = await meet({}, 4500);
    expect(linkUps(events)).toHaveLength(1);
    expect(events.filter(({ kind }) => kind === Event.LinkDown)).toEqual([]);
    // An hour has passed: the core has asked for new keys.
    expect(peer.links.at(-1)?.sessions[1]).toBeDefined();
  });

  it("take an announce that holds, and none that was forged", async () => {
    const seed = new Uint8Array(32).fill(5);
    const announce = (crypto: PeerCrypto): Announce => {
      const publicKey = crypto.ed25519PublicKey(seed);
      const unsigned: Announce = {
        destination: crypto.blake2b(publicKey).slice(0, 16),
        publicKey,
        sequence: 9n,
        signature: new Uint8Array(64),
        maxHops: 100,
        version: VERSION,
        path: { cost: 57, latencyMs: 730, bps: 90, hops: 1 },
        tlvs: Uint8Array.of(2, 4, 1, 0, 0, 0),
        hops: 1,
      };
      return { ...unsigned, signature: crypto.sign(seed, publicKey, announceSignedBytes(unsigned)) };
    };
    for (const [change, found] of [
      [(one: Announce) => one, 1],
      [(one: Announce) => ({ ...one, sequence: 10n }), 0],
      [(one: Announce) => ({ ...one, destination: new Uint8Array(16).fill(1) }), 0],
      [(one: Announce) => ({ ...one, tlvs: Uint8Array.of(2, 4, 3, 0, 0, 0) }), 0],
    ] as const) {
      const { events, crypto } = await meet({
        // Whatever comes is answered with it: one copy may meet the core while it sends.
        packet: (hers, link, _, lent) => hers.send(link, encodeAnnounce(change(announce(lent)))),
      });
      const id = hex(change(announce(crypto)).destination);
      const routes = events.filter(({ kind, bytes }) => kind === Event.RouteFound && hex(bytes.subarray(0, 16)) === id);
      expect(routes).toHaveLength(found);
    }
  });

  it("carry an end-to-end box to the core's application", async () => {
    const { events } = await meet({
      packet: (hers, link, packet, crypto) => {
        const announce = decodeAnnounce(packet);
        if (announce === undefined || hex(announce.destination) !== hex(link.peer)) return;
        hers.send(link, boxFor(crypto, announce.publicKey, announce.destination, "hello mesh"));
      },
    });
    const messages = events
      .filter(({ kind }) => kind === Event.Message)
      .map(({ bytes }) => Buffer.from(bytes.subarray(16)));
    // Context F7, sub-type 10, then the text.
    expect(messages[0]?.toString("latin1")).toBe("\u00f7\u0010hello mesh");
  });

  it("stay down while every proof is damaged on its way", async () => {
    const { events, peer } = await meet({}, 900, 1, (frame) => {
      // A clear frame with a LINK_PROOF: its signature begins at 2 + 19 + 75.
      if (frame[1] === 0x40 && frame[2] === Header.LinkProof) frame[100] = (frame[100] as number) ^ 1;
    });
    expect(linkUps(events)).toEqual([]);
    expect(peer.links.length).toBeGreaterThan(0);
    expect(peer.links.every(({ up }) => !up)).toBe(true);
  });
});

/** An end-to-end box without ratchet (digest 1 section 3.3, H22): a forwarded packet. */
function boxFor(crypto: PeerCrypto, publicKey: Uint8Array, destination: Uint8Array, text: string): Uint8Array {
  const secret = new Uint8Array(32).fill(11);
  const ephemeral = crypto.x25519PublicKey(secret);
  const key = crypto.blake2b(crypto.x25519(secret, crypto.x25519FromEd25519(publicKey)), ephemeral);
  const aad = Uint8Array.of(...destination, Context.EndToEnd);
  const box = crypto.seal(key, new Uint8Array(12), aad, Uint8Array.of(0xf7, 0x10, ...Buffer.from(text)));
  const data = Uint8Array.of(...ephemeral, ...box);
  return encodePacket({ header: Header.Forwarded, hops: 0, destination, context: Context.EndToEnd, data });
}
