import { createPublicKey, verify } from "node:crypto";
import { blake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Event, Status } from "../../../host/core/abi.gen.ts";
import {
  announce,
  type AnnounceFields,
  BODIES,
  given,
  GROUP_LINKS,
  identity,
  NO_LINK,
  NO_ROUTE,
  RoutingNode,
} from "../../../tests/support/routing.ts";

let node: RoutingNode;
const NOW = 10_000_000;
const origin = identity(100);

/** Links 0 and 1 on the radio, 2 on a wire of 1500-byte packets. */
beforeEach(async () => {
  node = await RoutingNode.make();
  const radio = { up: true, port: 0, reliability: 200, latency: 1460, bitrate: 2800, mtu: 484, price: 11 };
  node.setLink(0, { ...radio, peer: identity(200).id });
  node.setLink(1, { ...radio, peer: identity(201).id });
  node.setLink(2, { ...radio, port: 1, latency: 5, bitrate: 1_000_000, mtu: 1500, peer: identity(202).id });
});

function hear(fields: AnnounceFields, link: number, now = NOW): number {
  return node.receive(announce(origin, fields), link, now);
}

/** Everything to be sent on a port. */
function drain(port: number, now = NOW + 1000): { link: number; packet: Uint8Array }[] {
  const sent = [];
  for (let next = node.next(port, now); next !== undefined; next = node.next(port, now)) sent.push(next);
  return sent;
}

/** The link a packet leaves by, as far as the table says. */
function way(policy = 0, exclude = 0): number {
  const link = node.choose(origin.id, NOW, policy, exclude);
  return node.call("routeChoiceGreedy") === 0 ? link : NO_LINK;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const signature = (packet: Uint8Array): string => hex(packet.subarray(59, 123));

describe("one frame for all", () => {
  it("goes out where two links or more of the radio lack the announce and have the group key", () => {
    node.setGroup(0b011);
    hear({ seq: 5, cost: 57, hops: 1 }, 2);
    expect(drain(0).map(({ link }) => link)).toEqual([GROUP_LINKS]);
    hear({ seq: 6, cost: 57, hops: 1 }, 0);
    expect(drain(0).map(({ link }) => link)).toEqual([1]);
    node.setGroup(0b001);
    hear({ seq: 7, cost: 57, hops: 1 }, 2);
    drain(0);
    hear({ seq: 8, cost: 57, hops: 1 }, 2);
    expect(
      drain(0)
        .map(({ link }) => link)
        .sort(),
    ).toEqual([0, 1]);
  });

  it("names the highest price of the radio's links, as do frames for one of them", () => {
    node.setGroup(0b011);
    node.setLink(1, { price: 0 });
    for (const [seq, from] of [
      [5, 2],
      [6, 0],
    ] as const) {
      hear({ seq, cost: 57, hops: 1 }, from);
      expect(Buffer.from(given(drain(0)[0]).packet).readUInt16LE(126)).toBe(node.call("costAdd", 57, 11));
    }
  });

  it("is left out when the others have shown as good a path before its turn", () => {
    node.setGroup(0b011);
    hear({ seq: 5, cost: 57, hops: 1 }, 2);
    hear({ seq: 5, cost: 57, hops: 2 }, 0);
    hear({ seq: 5, cost: 57, hops: 2 }, 1);
    expect(drain(0)).toEqual([]);
  });

  it("does not wait for, nor count, who had as good a way over others before", () => {
    node.setGroup(0b011);
    hear({ seq: 5, cost: 57, hops: 1 }, 2);
    hear({ seq: 5, cost: 57, hops: 2 }, 0);
    drain(0);
    hear({ seq: 6, cost: 57, hops: 1 }, 2);
    expect(drain(0).map(({ link }) => link)).toEqual([1]);
    // Unless a summary shows that it lacks it.
    node.call("announceResend", node.find(origin.id), 0);
    expect(drain(0, NOW + 90_000).map(({ link }) => link)).toEqual([0]);
  });
});

describe("an announce heard", () => {
  it("is passed on with one hop less to go, our price, and the link it came by taken in", () => {
    expect(hear({ seq: 5, cost: 57, latency: 900, rate: 120, hops: 1, maxHops: 127 }, 0)).toBe(Status.Ok);
    const radio = drain(0);
    expect(radio.map(({ link }) => link)).toEqual([1]);
    const packet = given(radio[0]).packet;
    expect(packet.length).toBe(132);
    expect(packet[1]).toBe(2);
    expect(packet[123]).toBe(126);
    expect(hex(packet.subarray(124))).toBe("4e10" + "4800" + "b405" + "5c" + "02");
    expect(drain(1).map(({ link }) => link)).toEqual([2]);
    expect(hex(packet.subarray(2, 123))).toBe(hex(announce(origin, { seq: 5 }).subarray(2, 123)));
    expect(node.events.map(({ kind }) => kind)).toEqual([Event.RouteFound]);
    expect(hex(given(node.events[0]).data)).toBe(hex(origin.id) + hex(identity(200).id) + "01" + "00" + "3900");
  });

  it("with signed TLVs edited is rejected, with the path edited is accepted", () => {
    const tlvs = Buffer.from("020401010080", "hex");
    const good = announce(origin, { tlvs });
    for (const at of [19, 51, 59, 100, 125, 134, 137]) {
      const packet = Uint8Array.from(good);
      packet[at] = (packet[at] ?? 0) ^ 1;
      const before = node.state();
      expect(node.receive(packet, 0, NOW)).not.toBe(Status.Ok);
      expect(node.state()).toBe(before);
    }
    expect(node.counter("AnnouncesForged")).toBe(7);
    const packet = Uint8Array.from(good);
    packet.set([100, 0x34, 0x12, 0x07, 0x00, 9, 9], 123);
    packet[124] = 0x4e;
    packet[125] = 0x10;
    expect(node.receive(packet, 0, NOW)).toBe(Status.Ok);
  });

  it("of an address that is not its key's is rejected", () => {
    const packet = announce({ ...origin, id: identity(101).id });
    expect(node.receive(packet, 0, NOW)).toBe(Status.WrongKey);
    expect(node.find(identity(101).id)).toBe(NO_ROUTE);
  });

  it("with no hops to go is used and not passed on", () => {
    expect(hear({ maxHops: 0, hops: 4 }, 0)).toBe(Status.Ok);
    expect([...drain(0), ...drain(1)]).toEqual([]);
    expect(way()).toBe(0);
  });

  it("with one hop to go is passed on with none", () => {
    expect(hear({ maxHops: 1 }, 0)).toBe(Status.Ok);
    expect(given(drain(0)[0]).packet[123]).toBe(0);
  });

  it("of equal seq from a second neighbour is kept as an alternative, a lower one dropped", () => {
    expect(hear({ seq: 5, cost: 20, hops: 1 }, 0)).toBe(Status.Ok);
    expect(hear({ seq: 5, cost: 40, hops: 1 }, 1)).toBe(Status.Ok);
    expect(hear({ seq: 4, cost: 0 }, 2)).toBe(Status.Stale);
    expect(way(1)).toBe(0);
    expect(way(1, 1)).toBe(1);
    expect(way(1, 3)).toBe(NO_LINK);
    expect(
      ["AnnouncesAccepted", "AnnouncesAlternative", "AnnouncesStale"].map((name) =>
        node.counter(name as "AnnouncesStale"),
      ),
    ).toEqual([1, 1, 1]);
  });

  it("of equal seq and other content is dropped", () => {
    expect(hear({ seq: 5 }, 0)).toBe(Status.Ok);
    expect(hear({ seq: 5, tlvs: Buffer.from("020401010080", "hex") }, 1)).toBe(Status.Stale);
    expect(way(0, 1)).toBe(NO_LINK);
  });

  it("of a greater seq replaces, the old ways staying behind until the next", () => {
    hear({ seq: 5, cost: 10 }, 0);
    hear({ seq: 6, cost: 200 }, 1);
    expect(way(1)).toBe(1);
    expect(way(1, 2)).toBe(0);
    hear({ seq: 7, cost: 200 }, 1);
    expect(way(1, 2)).toBe(NO_LINK);
  });

  it("goes to every link once, and again only when more than 10 % better", () => {
    hear({ seq: 5, cost: 100, hops: 3 }, 0);
    expect([...drain(0), ...drain(1)].map(({ link }) => link)).toEqual([1, 2]);
    hear({ seq: 5, cost: 98, hops: 3 }, 2);
    expect([...drain(0), ...drain(1)]).toEqual([]);
    hear({ seq: 5, cost: 95, hops: 3 }, 2);
    // Code 99 with our price, after 103: good enough for link 1, but not for link 0, which showed 100.
    expect([...drain(0), ...drain(1)].map(({ link }) => link)).toEqual([1]);
  });

  it("goes again at the same cost when two hops are saved, not one", () => {
    hear({ seq: 5, cost: 100, hops: 5 }, 0);
    expect([...drain(0), ...drain(1)].map(({ link }) => link)).toEqual([1, 2]);
    hear({ seq: 5, cost: 100, hops: 4 }, 2);
    expect([...drain(0), ...drain(1)]).toEqual([]);
    hear({ seq: 5, cost: 100, hops: 3 }, 2);
    // Link 0 has shown five hops itself; from here it would be four.
    expect([...drain(0), ...drain(1)].map(({ link }) => link)).toEqual([1]);
  });

  it("is not passed to a link that has shown as good a way", () => {
    hear({ seq: 5, cost: 100 }, 0);
    hear({ seq: 5, cost: 101 }, 1);
    expect(drain(0)).toEqual([]);
  });

  it("waits for its jitter", () => {
    node.random = 0xffffffff;
    hear({}, 0);
    expect(node.next(0, NOW + 499)).toBeUndefined();
    expect(node.call("announcesReadyAt")).toBe(NOW + 500);
    expect(node.call("announceWaiting", 0, BigInt(NOW + 499))).toBe(0);
    expect(node.call("announceWaiting", 0, BigInt(NOW + 500))).toBe(1);
    expect(node.next(0, NOW + 500)?.link).toBe(1);
    expect(node.next(0, NOW + 500)).toBeUndefined();
    expect(node.call("announceWaiting", 0, BigInt(NOW + 500))).toBe(0);
  });

  it("carries an MTU above 484 along a wire, and only there", () => {
    hear({ mutable: Buffer.from("8202dc05", "hex") }, 2);
    node.setLink(3, { up: true, port: 1, mtu: 4096, latency: 5, bitrate: 1e6, price: 0 });
    node.call("announcesLinkUp", 8, BigInt(NOW));
    const [sent] = drain(1);
    // 1500 is kept as 484 + 63 * 16 = 1492.
    expect(hex(given(sent).packet.subarray(132))).toBe("8202d405");
    expect(node.choose(origin.id, NOW, 4, 0, 1400)).toBe(2);
    expect(node.events.some(({ kind }) => kind === Event.PathConstraintViolation)).toBe(false);
    node.call("routeLowerMtu", node.put(origin.id), 2, 600);
    expect(node.choose(origin.id, NOW, 4, 0, 1400)).toBe(2);
    const violation = node.events.find(({ kind }) => kind === Event.PathConstraintViolation);
    expect(hex(given(violation).data)).toBe(hex(origin.id) + "5402");
  });

  it("tells of a VersionSignal and keeps key and ratchet", () => {
    const ratchet = Buffer.alloc(32, 0x77);
    const tlvs = Buffer.concat([Buffer.from("0306010500000002", "hex"), Buffer.from("0420", "hex"), ratchet]);
    hear({ tlvs }, 0);
    const signal = node.events.find(({ kind }) => kind === Event.VersionSignal);
    expect(hex(given(signal).data)).toBe(hex(origin.id) + "010500000002");
    expect(hex(node.read(node.call("bodyPublicKey", node.put(origin.id)), 32))).toBe(hex(origin.publicKey));
    expect(hex(node.read(node.call("bodyRatchet", node.put(origin.id)), 32))).toBe(hex(ratchet));
    expect(node.call("bodyPublicKey", node.put(identity(3).id))).toBe(0);
  });

  it("has the item_id BLAKE3(01, signed record, signature), whichever way it came", () => {
    const packet = announce(origin, { seq: 9, cost: 33, hops: 3 });
    node.receive(packet, 0, NOW);
    const at = node.call("announceItem", node.find(origin.id));
    const record = [origin.id, origin.publicKey, packet.subarray(51, 59), packet.subarray(125, 126)];
    const item = blake3(Buffer.concat([Buffer.from([1]), ...record, packet.subarray(59, 123)])).subarray(0, 8);
    expect(hex(node.read(at, 8))).toBe(hex(item));
    expect(node.call("announceItemKnown", node.put(item))).toBe(node.find(origin.id));
  });

  it("never traps, and changes nothing unless it is Ok, whatever the bytes", () => {
    const first = announce(origin, { seq: 5, tlvs: Buffer.from("020401010080", "hex") });
    const second = announce(origin, { seq: 6, cost: 30, hops: 2, tlvs: Buffer.from("0306010500000002", "hex") });
    node.receive(first, 0, NOW);
    const edits = fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { maxLength: 4 });
    const packet = fc.oneof(
      { weight: 1, arbitrary: fc.uint8Array({ minLength: 132, maxLength: 260 }) },
      {
        weight: 4,
        arbitrary: fc.tuple(fc.constantFrom(first, second), edits, fc.nat(20)).map(([whole, changes, cut]) => {
          const mutated = Uint8Array.from(whole);
          for (const [at, value] of changes) if (at < mutated.length) mutated[at] = value;
          return cut < 4 ? mutated.subarray(0, mutated.length - cut) : mutated;
        }),
      },
    );
    let refused = 0;
    fc.assert(
      fc.property(packet, fc.nat(2), (bytes, link) => {
        const before = node.state();
        const status = node.receive(bytes, link, NOW);
        expect(Object.values(Status)).toContain(status);
        if (status !== Status.Ok) {
          refused++;
          expect(node.state()).toBe(before);
        }
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });
});

describe("own announces", () => {
  it("begin with the first link, refresh within 5 % of 1800 s, and verify", () => {
    // 2^64 - 1, never.
    expect(node.call("announcesDeadline")).toBe(-1);
    node.setRatchet(Buffer.alloc(32, 0x55));
    node.call("announcesLinkUp", 1, BigInt(NOW));
    expect(node.call("announcesDeadline")).toBe(NOW);
    node.call("announcesAdvance", BigInt(NOW));
    const [sent] = drain(0);
    const own = identity(1);
    expect(hex(node.id)).toBe(hex(own.id));
    const tlvs = Buffer.concat([Buffer.from("0204000000000420", "hex"), Buffer.alloc(32, 0x55)]);
    const expected = announce(own, { seq: 1, tlvs });
    expect(hex(given(sent).packet)).toBe(hex(expected));
    const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), own.publicKey]);
    const key = createPublicKey({ key: spki, format: "der", type: "spki" });
    const record = [own.id, own.publicKey, expected.subarray(51, 59), Buffer.from([0x10]), tlvs];
    const message = Buffer.concat([Buffer.from("mehr/announce/1\0"), ...record]);
    expect(verify(null, message, key, Buffer.from(signature(given(sent).packet), "hex"))).toBe(true);
    const next = node.call("announcesDeadline") - NOW;
    expect(next).toBeGreaterThanOrEqual(1_710_000);
    expect(next).toBeLessThanOrEqual(1_890_000);
    node.call("announcesAdvance", BigInt(NOW + next - 1));
    expect(node.counter("AnnouncesSent")).toBe(1);
    node.call("announcesAdvance", BigInt(NOW + next));
    expect(node.counter("AnnouncesSent")).toBe(2);
  });

  it("go to a new link as they are", () => {
    node.call("announcesOwn", BigInt(NOW));
    expect([...drain(0), ...drain(1)].length).toBe(3);
    node.setLink(3, { up: true, port: 0 });
    node.call("announcesLinkUp", 8, BigInt(NOW));
    expect(drain(0).map(({ link }) => link)).toEqual([3]);
    expect(node.counter("AnnouncesSent")).toBe(1);
  });

  it("go out anew when the price changes by more than 25 %, and so do all routes", () => {
    node.call("configSetPrice", 100);
    node.call("announcesOwn", BigInt(NOW));
    hear({ cost: 40 }, 0);
    drain(0);
    drain(1);
    node.call("configSetPrice", 125);
    node.call("announcesPriceChanged", BigInt(NOW));
    expect(drain(0)).toEqual([]);
    node.call("configSetPrice", 126);
    node.call("announcesPriceChanged", BigInt(NOW));
    expect(drain(0).map(({ link, packet }) => [link, hex(packet.subarray(2, 18))])).toEqual([
      [0, hex(node.id)],
      [1, hex(node.id)],
      [1, hex(origin.id)],
    ]);
  });

  it("shown to us by a neighbour count as heard, and one of a seq we forgot makes us go beyond it", () => {
    node.call("announcesOwn", BigInt(NOW));
    drain(0);
    drain(1);
    expect(
      node.receive(announce(identity(1), { seq: 1, hops: 2, tlvs: Buffer.from("020400000000", "hex") }), 0, NOW),
    ).toBe(Status.Ok);
    expect(drain(0).map(({ link }) => link)).toEqual([0]);
    expect(node.receive(announce(identity(1), { seq: 70 }), 0, NOW)).toBe(Status.Ok);
    node.call("announcesAdvance", BigInt(NOW));
    expect(drain(0).map(({ packet }) => packet[51])).toEqual([71, 71]);
    expect(node.choose(node.id, NOW, 0, 7)).toBe(NO_LINK);
  });
});

describe("gossip", () => {
  it("gets a new link everything there is, and what a summary shows it lacks", () => {
    hear({}, 0);
    drain(0);
    drain(1);
    node.setLink(3, { up: true, port: 0 });
    node.call("announcesLinkUp", 8, BigInt(NOW));
    expect(drain(0).map(({ link }) => link)).toEqual([3]);
    node.call("announceResend", node.find(origin.id), 3);
    expect(drain(0).map(({ link }) => link)).toEqual([3]);
    node.call("announceResend", node.find(origin.id), 3);
    node.call("announceHad", node.find(origin.id), 3);
    expect(drain(0)).toEqual([]);
  });

  it("pulls what was lost: whoever is asked no longer goes that way", () => {
    hear({ cost: 10 }, 0);
    hear({ cost: 12 }, 1);
    drain(0);
    drain(1);
    node.call("announcePulled", node.find(origin.id), 0);
    expect(way()).toBe(1);
    expect(drain(0).map(({ link }) => link)).toEqual([0]);
    node.call("routesLinkDown", 2, BigInt(NOW));
    expect(given(node.events.at(-1)).kind).toBe(Event.RouteLost);
    const item = node.wanted();
    expect(item.length).toBe(1);
    expect(node.wanted()).toEqual([]);
    expect(node.call("announceItemKnown", node.put(given(item[0])))).toBe(node.find(origin.id));
    expect(node.call("announceItem", node.find(origin.id))).toBe(0);
    // What a neighbour offers instead may be worse than what was offered before, and goes to who asked.
    expect(hear({ cost: 300, hops: 9 }, 2)).toBe(Status.Ok);
    expect(given(node.events.at(-1)).kind).toBe(Event.RouteFound);
    expect([...drain(0), ...drain(1)]).toEqual([]);
    node.call("announcePulled", node.find(origin.id), 0);
    expect(drain(0).map(({ link }) => link)).toEqual([0]);
  });
});

describe("bodies", () => {
  it("are few: the oldest that every link has goes first", () => {
    for (let k = 0; k < BODIES + 10; k++) {
      expect(node.receive(announce(identity(300 + k)), 0, NOW + 10_000 * k)).toBe(Status.Ok);
      drain(0, NOW + 10_000 * k + 1000);
      if (k !== 3) drain(1, NOW + 10_000 * k + 1000);
    }
    const kept = Array.from(
      { length: BODIES + 10 },
      (_, k) => node.call("bodyPublicKey", node.put(identity(300 + k).id)) !== 0,
    );
    expect(kept.slice(0, 10).every((has) => !has)).toBe(true);
    expect(kept.slice(10).every((has) => has)).toBe(true);
    expect(node.counter("BodiesEvicted")).toBe(0);
    for (let k = 0; k < BODIES; k++) node.receive(announce(identity(400 + k)), 0, NOW + 1_000_000);
    expect(node.counter("BodiesEvicted")).toBe(0);
    node.receive(announce(identity(500)), 0, NOW + 1_000_000);
    expect(node.counter("BodiesEvicted")).toBe(1);
  });

  it("do not go while a link still lacks them, if others can", () => {
    for (let k = 0; k < BODIES; k++) {
      node.receive(announce(identity(300 + k)), 0, NOW + 10_000 * k);
      drain(0, NOW + 10_000 * k + 1000);
      drain(1, NOW + 10_000 * k + 1000);
    }
    node.call("announceResend", node.find(identity(300).id), 2);
    node.receive(announce(identity(300 + BODIES)), 0, NOW + 10_000 * BODIES);
    const kept = [300, 301, 302].map((k) => node.call("bodyPublicKey", node.put(identity(k).id)) !== 0);
    expect(kept).toEqual([true, false, true]);
    expect(node.counter("BodiesEvicted")).toBe(0);
  });
});
