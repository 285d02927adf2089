import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { blake2b } from "@noble/hashes/blake2.js";
import { Counter, Status } from "../../../host/core/abi.gen.ts";
import { exchange, LinkNode, packetFor, RADIO, WIRE } from "../../../tests/support/link-node.ts";
import { announce, GROUP_LINKS, identity } from "../../../tests/support/routing.ts";

let a: LinkNode;
let b: LinkNode;
let c: LinkNode;
beforeEach(async () => {
  [a, b, c] = [await LinkNode.boot("a"), await LinkNode.boot("b"), await LinkNode.boot("c")];
});

const NEWS = Uint8Array.from(announce(identity(7)));
/** Session of the own group key: 8 links have two and one more, handshakes four. */
const OWN = 28;
/** Offsets in a link's entry. */
const HEARD = 56;
const GROUP = 153;
const NEXT = 156;

function toGroup(from: LinkNode, packet: Uint8Array, now = 1000): Uint8Array {
  const frame = from.seal(GROUP_LINKS, packet, now, 0x80);
  if (frame === undefined) throw new Error("not sealed");
  return frame;
}

function linkAll(): void {
  for (const peer of [b, c]) {
    a.start(peer, 1000);
    exchange(a, peer, 1000);
  }
}

const inGroup = (node: LinkNode): number[] => [0, 1].map((link) => node.core.call("linkInGroup", link));

describe("a group frame", () => {
  it("is one transmission that every peer opens, on its link with the sender", () => {
    linkAll();
    expect([inGroup(a), inGroup(b), inGroup(c)]).toEqual([
      [1, 1],
      [1, 0],
      [1, 0],
    ]);
    const frame = toGroup(a, NEWS);
    expect(frame.length).toBe(254);
    expect(frame[0]).toBe(0);
    const key = a.memory(a.core.call("sessionKey", OWN), 32);
    const tag = blake2b(Buffer.concat([Buffer.from("mehr/group/1\0"), key]), { dkLen: 32 });
    expect(frame.subarray(1, 3)).toEqual(tag.subarray(0, 2));
    expect(b.receive(frame, 2000)).toEqual({ status: Status.Ok, link: 0, packet: NEWS, qos: 0x80 });
    expect(c.receive(frame, 2000)).toEqual({ status: Status.Ok, link: 0, packet: NEWS, qos: 0x80 });
    // Its sender is no peer of its own.
    expect(a.receive(frame, 2000).status).toBe(Status.NoLink);
  });

  it("is a sign of life, and says nothing of the link's quality", () => {
    linkAll();
    const before = [b.core.call("linkReliability", 0), b.counter(Counter.FramesOpened)];
    toGroup(a, NEWS);
    b.receive(toGroup(a, NEWS), 5000);
    expect([b.core.call("linkReliability", 0), b.counter(Counter.FramesOpened) - 1]).toEqual(before);
    const table = b.block("LINK_TABLE");
    expect(new DataView(table.buffer, table.byteOffset).getBigUint64(HEARD, true)).toBe(5000n);
  });

  it("comes once, on the radio only, and with any bit changed not at all", () => {
    linkAll();
    const frame = toGroup(a, NEWS);
    const before = b.state();
    expect(b.receive(frame, 1000, WIRE).status).toBe(Status.NoLink);
    fc.assert(
      fc.property(fc.nat(253), fc.nat(7), (at, bit) => {
        const changed = frame.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(b.receive(changed, 1000).status).not.toBe(Status.Ok);
        expect(b.state()).toBe(before);
      }),
      { numRuns: 200 },
    );
    expect(b.receive(frame, 1000).status).toBe(Status.Ok);
    const after = b.state();
    expect(b.receive(frame, 1000).status).toBe(Status.Replayed);
    expect(b.state()).toBe(after);
  });

  it("with anything but an announce in it is refused and changes nothing", () => {
    linkAll();
    const before = b.state();
    for (let header = 0; header < 256; header++) {
      if (header === 1) continue;
      const packet = packetFor(b, new Uint8Array(40));
      packet[0] = header;
      expect(b.receive(toGroup(a, packet), 1000).status).toBe(Status.BadHeader);
    }
    expect(b.receive(toGroup(a, NEWS, 1000).fill(0, 6, 7), 1000).status).toBe(Status.BadTag);
    expect(b.state()).toBe(before);
  });

  it("means nothing to who has no link with its sender, or has one no more", () => {
    linkAll();
    b.start(c, 1000);
    exchange(b, c, 1000);
    const frame = toGroup(b, NEWS);
    expect(a.receive(frame, 1000).link).toBe(0);
    const late = toGroup(b, NEWS);
    a.close(0);
    expect(a.receive(late, 1000).status).toBe(Status.NoLink);
    exchange(a, b, 1000);
    expect(a.memory(a.core.call("sessionKey", OWN - 8), 32).every((byte) => byte === 0)).toBe(true);
  });
});

describe("a group key", () => {
  it("is not given on a wire, nor taken or acknowledged there", () => {
    a.start(b, 1000, WIRE);
    exchange(a, b, 1000, WIRE);
    for (let now = 2000; now < 90_000; now += 1000) for (const node of [a, b]) node.advance(now);
    expect([inGroup(a), inGroup(b)].flat()).toEqual([0, 0, 0, 0]);
    expect(a.block("GROUP").every((byte) => byte === 0)).toBe(true);
  });

  it("is repeated after 30 s, then twice as long each time, until it is acknowledged", () => {
    a.start(b, 1000);
    const times: number[] = [];
    const pass = (now: number): void => {
      for (const node of [a, b]) node.advance(now);
      if (now % 30_000 !== 0) return;
      a.hear(b, 2, now);
      b.hear(a, 2, now);
    };
    // Nothing but beacons of a's reaches b any more once b has its IDENTIFY.
    const speak = (now: number): void => {
      for (const frame of b.sendAll(now)) {
        const { packet } = a.receive(frame, now);
        if (packet?.[18] === 0xf1 && packet[19] === 0x09) times.push(now);
      }
    };
    for (let k = 0; k < 2; k++) {
      for (const frame of a.sendAll(1000)) b.receive(frame, 1000);
      speak(1000);
    }
    for (let now = 2000; now < 180_000; now += 1000) {
      pass(now);
      a.sendAll(now);
      speak(now);
    }
    expect(times).toEqual([1000, 31_000, 91_000]);
    expect([inGroup(a)[0], inGroup(b)[0]]).toEqual([0, 0]);
    // a's own key, its answer to b's next one, says that b's is held: no more of b's from then on.
    for (let now = 180_000; now < 400_000; now += 1000) {
      pass(now);
      for (const frame of a.sendAll(now)) b.receive(frame, now);
      speak(now);
    }
    expect([inGroup(a)[0], inGroup(b)[0]]).toEqual([1, 1]);
    expect(times.slice(3)).toEqual([211_000]);
  });

  it("that comes again leaves the replay window as it was", () => {
    linkAll();
    const frame = toGroup(a, NEWS);
    b.receive(frame, 1000);
    const table = a.block("LINK_TABLE");
    table[GROUP] = 0;
    table.fill(0, NEXT, NEXT + 4);
    a.advance(2000);
    expect(exchange(a, b, 2000).length).toBe(2);
    expect(inGroup(a)).toEqual([1, 1]);
    expect(b.receive(frame, 2000).status).toBe(Status.Replayed);
  });

  it("that comes anew with a new link opens nothing from before", () => {
    linkAll();
    const before = toGroup(a, NEWS);
    a.close(0);
    exchange(a, b, 1000);
    expect(b.linkTo(a)).toBeUndefined();
    a.start(b, 1000);
    exchange(a, b, 1000);
    expect(b.receive(before, 1000).status).toBe(Status.Replayed);
    expect(b.receive(toGroup(a, NEWS), 1000).status).toBe(Status.Ok);
  });

  it("is a new one after 24 h, with which no frame goes out before a peer has it", () => {
    linkAll();
    const until = new DataView(a.block("GROUP").buffer, a.block("GROUP").byteOffset);
    expect(until.getBigUint64(0, true)).toBe(86_401_000n);
    until.setBigUint64(0, 60_000n, true);
    const old = toGroup(a, NEWS);
    a.advance(59_000);
    expect(inGroup(a)).toEqual([1, 1]);
    a.advance(60_000);
    expect(inGroup(a)).toEqual([0, 0]);
    // Both answer with an acknowledgement.
    for (const frame of a.sendAll(60_000)) for (const peer of [b, c]) peer.receive(frame, 60_000, RADIO);
    for (const peer of [b, c]) for (const frame of peer.sendAll(60_000)) a.receive(frame, 60_000);
    expect(inGroup(a)).toEqual([1, 1]);
    expect(b.receive(old, 60_000).status).toBe(Status.NoLink);
    expect(b.receive(toGroup(a, NEWS), 60_000).status).toBe(Status.Ok);
    expect(c.receive(toGroup(a, NEWS), 60_000).status).toBe(Status.Ok);
  });

  it("overtaken by the one before it is given again", () => {
    linkAll();
    const until = new DataView(a.block("GROUP").buffer, a.block("GROUP").byteOffset);
    // Two new keys, the first of which comes to b after the second.
    const given = [60_000, 120_000].map((now) => {
      until.setBigUint64(0, BigInt(now), true);
      a.advance(now);
      return a.sendAll(now);
    });
    const states = given.reverse().map((frames) => {
      for (const frame of frames) b.receive(frame, 120_000);
      for (const frame of b.sendAll(120_000)) a.receive(frame, 120_000);
      return inGroup(a)[0];
    });
    expect(states).toEqual([1, 0]);
    exchange(a, b, 120_000);
    expect(inGroup(a)[0]).toBe(1);
    expect(b.receive(toGroup(a, NEWS, 120_000), 120_000).status).toBe(Status.Ok);
  });

  it("is not given while there are no random bytes, and the link comes up all the same", () => {
    a.start(b, 1000);
    for (let k = 0; k < 2; k++) {
      for (const frame of a.sendAll(1000)) b.receive(frame, 1000);
      if (k === 1) b.drained = true;
      for (const frame of b.sendAll(1000)) a.receive(frame, 1000);
    }
    expect(a.linkTo(b)).toBe(0);
    expect(b.block("GROUP").every((byte) => byte === 0)).toBe(true);
  });
});
