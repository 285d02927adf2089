/**
 * Attackers with a link: honest in the handshake, dishonest behind it. Both drop whatever they are given to relay.
 *
 * forged-announces says that addresses of others are reached through it: announces with a broken signature, with
 * another key, with a higher sequence number under the old signature, with edited signed fields, and old ones again.
 * cost-liar relays genuine announces as if it stood beside every destination and were free: cost 0, no latency, the
 * fastest link, no hops. Relays may change these fields, so the announce holds; who believes it sends it the traffic.
 */
import { type Announce, announceHolds, decodeAnnounce, encodeAnnounce } from "./peer/announce.ts";
import { PeerCrypto } from "./peer/crypto.ts";
import { type Packet } from "./peer/frames.ts";
import { Peer, type PeerLink } from "./peer/peer.ts";
import type { RelayCore } from "./relay-core.ts";
import type { AttackerPlan } from "./scenario.ts";
import type { SeededRandom } from "../radio/random.ts";
import type { StationContext } from "./simulation.ts";
import { type Air, RADIO_PORT, type SendResult, type Station } from "./station.ts";
import { Status } from "../core/abi.gen.ts";
import { below, Stream, stream } from "./streams.ts";

/** Announces it remembers, to send them again or to lie about. */
const MEMORY = 256;
/** As an honest node would: a beacon this often, ms. */
const BEACON_MS = 25_000;
/** Asks a neighbour again for a link after this. */
const ASK_MS = 60_000;
/** Links it tries to have. */
const LINKS = 12;
const BUSY_WAIT_MS = 1500;
/** Frames that wait to be sent before it stops making more. */
const BACKLOG = 12;

export class LinkAttacker implements Station {
  readonly name: string;
  /** Packets of others it was given and dropped. */
  swallowed = 0;
  readonly #plan: AttackerPlan;
  readonly #air: Air;
  readonly #random: SeededRandom;
  readonly #airtimeUs: (length: number) => number;
  readonly #crypto: PeerCrypto;
  readonly #peer: Peer;
  readonly #asked = new Map<string, number>();
  readonly #announces: Announce[] = [];
  /** What the liar has told to whom: link id, destination and sequence. */
  readonly #told = new Set<string>();
  #beacon: number;
  #strike: number;
  #ready = 0;
  #next = 0;

  constructor(plan: AttackerPlan, context: StationContext, core: RelayCore) {
    this.name = context.name;
    this.#plan = plan;
    this.#air = context.air;
    this.#airtimeUs = context.airtimeUs;
    this.#random = stream(context.seed, Stream.Attack, context.index);
    this.#crypto = new PeerCrypto(core);
    this.#peer = new Peer(this.#crypto, (bytes) => context.air.entropy(bytes), {
      beacon: ({ id }) => this.#meet(id),
      packet: (_, packet) => this.#take(packet),
    });
    this.#beacon = plan.start_s * 1000;
    this.#strike = plan.start_s * 1000;
  }

  start(): void {}

  receive(port: number, frame: Uint8Array): void {
    if (port === RADIO_PORT) this.#peer.receive(frame);
  }

  timer(): void {
    const now = this.#air.now();
    const { outbox } = this.#peer;
    if (now >= this.#beacon) {
      this.#beacon = now + BEACON_MS * (0.9 + 0.2 * this.#random.unit());
      if (outbox.length < BACKLOG) this.#peer.beacon();
    }
    if (now >= this.#strike) {
      this.#strike = now + (60_000 / this.#plan.per_minute) * (0.5 + this.#random.unit());
      if (outbox.length < BACKLOG) this.#attack();
    }
    const [frame] = outbox;
    if (frame === undefined || now < this.#ready) return;
    // The second half of a frame follows the first at once.
    const second = this.#next > 0;
    if (this.#air.send(RADIO_PORT, frame, second ? 1 : 0) === Status.Ok) {
      outbox.shift();
      this.#next = !second && ((frame[0] as number) & 1) !== 0 ? 1 : 0;
      this.#ready = now + this.#airtimeUs(frame.length) / 1000;
    } else {
      this.#ready = now + 20 + below(this.#random, BUSY_WAIT_MS);
    }
  }

  deadline(): number {
    const due = Math.min(this.#beacon, this.#strike);
    return this.#peer.outbox.length > 0 ? Math.min(due, this.#ready) : due;
  }

  send(): SendResult {
    return { status: Status.TransmitOff };
  }

  onMessage(): void {}

  /** Somebody is there: wants a link with them. */
  #meet(id: Uint8Array): void {
    const now = this.#air.now();
    const name = Buffer.from(id).toString("hex");
    if (now < this.#plan.start_s * 1000 || this.#peer.linkTo(id) !== undefined) return;
    if (this.#peer.links.filter(({ up }) => up).length >= LINKS || now - (this.#asked.get(name) ?? -ASK_MS) < ASK_MS)
      return;
    this.#asked.set(name, now);
    this.#peer.request(id);
  }

  #take(packet: Packet): void {
    const announce = decodeAnnounce(packet);
    if (announce === undefined) {
      // Forwarded data: what the lies were for.
      if ((packet.header & 0x10) !== 0) this.swallowed++;
      return;
    }
    if (!announceHolds(this.#crypto, announce)) return;
    const same = (other: Announce): boolean => Buffer.from(other.destination).equals(announce.destination);
    // Old ones are kept by the forger: they are to be sent again.
    const known = this.#plan.kind === "cost-liar" ? this.#announces.findIndex(same) : -1;
    if (known >= 0) {
      if (announce.sequence > (this.#announces[known] as Announce).sequence) this.#announces[known] = announce;
    } else if (this.#announces.length < MEMORY) {
      this.#announces.push(announce);
    } else {
      this.#announces[below(this.#random, MEMORY)] = announce;
    }
  }

  #attack(): void {
    const links = this.#peer.links.filter(({ up }) => up);
    const link = links[below(this.#random, links.length)];
    const announce = this.#announces[below(this.#random, this.#announces.length)];
    if (link === undefined || announce === undefined) return;
    if (this.#plan.kind === "forged-announces") this.#peer.send(link, encodeAnnounce(this.#forged(announce)));
    else this.#lie(links);
  }

  #forged(announce: Announce): Announce {
    const maxHops = 127;
    const path = { cost: 0, latencyMs: 1, bps: 255, hops: 0 };
    const forged = { ...announce, maxHops, path, hops: 1 };
    switch (below(this.#random, 5)) {
      case 0: {
        const signature = announce.signature.slice();
        const at = below(this.#random, 64);
        signature[at] = (signature[at] as number) ^ (1 << below(this.#random, 8));
        return { ...forged, sequence: announce.sequence + 1n, signature };
      }
      case 1:
        return { ...forged, publicKey: this.#peer.publicKey, sequence: announce.sequence + 1n };
      case 2:
        return { ...forged, sequence: announce.sequence + 1000n };
      case 3: {
        const tlvs = announce.tlvs.slice();
        if (tlvs.length > 2) tlvs[2] = (tlvs[2] as number) ^ 0xff;
        return { ...forged, tlvs, sequence: announce.sequence + (tlvs.length > 2 ? 0n : 1n) };
      }
      default:
        // Genuine, but an old one if a newer has come since.
        return forged;
    }
  }

  /** Tells one more lie that has not been told yet. */
  #lie(links: readonly PeerLink[]): void {
    for (const announce of this.#announces) {
      for (const link of links) {
        const key = `${Buffer.from(link.id).toString("hex")} ${Buffer.from(announce.destination).toString("hex")} ${announce.sequence}`;
        if (this.#told.has(key) || Buffer.from(link.peer).equals(announce.destination)) continue;
        this.#told.add(key);
        const path = { cost: 0, latencyMs: 0, bps: 255, hops: 0 };
        const lie = { ...announce, maxHops: Math.max(announce.maxHops - 1, 1), hops: 1, path };
        this.#peer.send(link, encodeAnnounce(lie));
        return;
      }
    }
  }
}
