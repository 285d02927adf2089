import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { Counter, Status } from "../../../host/core/abi.gen.ts";
import { bytesOf, Identity, wrapPacket } from "../../../tests/support/endpoint.ts";
import { announce, GROUP_LINKS, identity } from "../../../tests/support/routing.ts";
import { exchange, LinkNode, RADIO, WIRE } from "../../../tests/support/link-node.ts";

const QOS = 0x40;
const OUT = 30_000;
const IN = 31_000;

/** Links a-b by radio, b-c by radio, b-d by wire: b is the node under test. */
let a: LinkNode;
let b: LinkNode;
let c: LinkNode;
let d: LinkNode;
beforeEach(async () => {
  [a, b, c, d] = await Promise.all((["a", "b", "c", "d"] as const).map((name) => LinkNode.boot(name)));
  for (const [peer, port] of [
    [a, RADIO],
    [c, RADIO],
    [d, WIRE],
  ] as const) {
    peer.start(b, 1000, port);
    exchange(peer, b, 1000, port);
    expect(b.linkTo(peer)).toBeDefined();
  }
});

let unique = 0;
/** A packet on its way to `id`; no box in it opens. */
function packet(id: Uint8Array, header = 0x10): Uint8Array {
  const bytes = new Uint8Array(100).fill(7);
  bytes.set([header, 0, ...id, 0], 0);
  bytes[60] = ++unique;
  return bytes;
}

/** The packet as b has it out of a link frame of `peer`: a Status. */
function receive(bytes: Uint8Array, peer: LinkNode, qos = QOS): number {
  b.core.bytes.set(bytes, IN);
  return b.core.call("receivePacket", b.linkTo(peer) ?? 255, qos, b.core.arena + IN, bytes.length, 2000n);
}

/** Sub-type and body of the next message b has for `peer`. */
function told(peer: LinkNode, port = RADIO): { sub: number; body: string } | undefined {
  const size = b.core.call("controlNext", port, b.core.arena + OUT, 2000n);
  if (size === 0) return undefined;
  const { packet: bytes } = peer.receive(b.core.bytes.slice(OUT, OUT + size), 2000, port);
  if (bytes === undefined) throw new Error("a message for somebody else");
  expect(bytes[18]).toBe(0xf1);
  return { sub: bytes[19] ?? 0, body: Buffer.from(bytes.subarray(20)).toString("hex") };
}

/** The first half of a packet's hash, by the core (packet-hash.ts has its own test). */
function hash(bytes: Uint8Array): string {
  b.core.bytes.set(bytes, IN);
  b.core.call("packetHash", b.core.arena + OUT, b.core.arena + IN, bytes.length);
  return Buffer.from(b.core.bytes.slice(OUT, OUT + 8)).toString("hex");
}

/** The address next to the one of `node`, on the ring: no route, but closer to it than to anybody else. */
function besides(node: LinkNode): Uint8Array {
  const id = node.id.slice();
  id[15] = (id[15] ?? 0) ^ 1;
  return id;
}

describe("an announce without a genuine signature", () => {
  const genuine = Uint8Array.from(announce(identity(7)));
  const altered = (at: number): Uint8Array => genuine.map((byte, i) => (i === at ? byte ^ 1 : byte));
  // Its public key; its sequence number.
  const forgeries = [altered(20), altered(52)];
  const standing = (peer: LinkNode): number[] => {
    const link = b.linkTo(peer) ?? 255;
    return [b.core.call("linkReliability", link), b.core.call("linkShunned", link, 2000n), b.core.call("conductLink")];
  };

  it("is held against the peer in whose link frame it was", () => {
    for (const [i, forgery] of forgeries.entries()) {
      const peer = [a, d][i] as LinkNode;
      const [before = 0, shunned] = standing(peer);
      expect(shunned).toBe(0);
      const status = receive(forgery, peer);
      expect([Status.WrongKey, Status.BadSignature]).toContain(status);
      const once = before - (before >> 2);
      expect(standing(peer)).toEqual([once - (once >> 2), 1, b.linkTo(peer)]);
      expect(b.core.call("conductGood")).toBe(0);
    }
    expect(b.counter(Counter.AnnouncesForged)).toBe(2);
    // A receipt makes good silence, not this.
    b.core.call("linkServed", b.linkTo(a) ?? 255, 1, 2000n);
    expect(standing(a)[1]).toBe(1);
  });

  it("is nobody's fault in a group frame, which another of the peer's peers may have made", () => {
    for (const forgery of forgeries) {
      const before = standing(a);
      const frame = a.seal(GROUP_LINKS, forgery, 2000, 0x80);
      const opened = b.receive(frame ?? new Uint8Array(), 2000);
      expect(opened).toMatchObject({ status: Status.Ok, link: b.linkTo(a), packet: forgery });
      expect(receive(forgery, a)).not.toBe(Status.Ok);
      expect(standing(a)).toEqual(before);
    }
    expect(b.counter(Counter.AnnouncesForged)).toBe(2);
  });
});

describe("acknowledgments", () => {
  it("are sent for what is here, though no box opens, and again when it comes again", () => {
    const bytes = packet(b.id);
    expect(receive(bytes, a)).not.toBe(Status.Ok);
    expect(told(a)).toEqual({ sub: 8, body: hash(bytes) });
    expect(told(a)).toBeUndefined();
    expect(receive(bytes, a)).toBe(Status.Duplicate);
    expect(receive(bytes, a)).toBe(Status.Duplicate);
    // One that waits says it all.
    expect(told(a)).toEqual({ sub: 8, body: hash(bytes) });
    expect(told(a)).toBeUndefined();
  });

  it("are sent for what is queued, whatever its hops, with the hash it came with", () => {
    const bytes = packet(besides(c));
    const expected = hash(bytes);
    expect(receive(bytes, a)).toBe(Status.Ok);
    expect(told(a)).toEqual({ sub: 8, body: expected });
    bytes[1] = 5;
    expect(receive(bytes, a)).toBe(Status.Duplicate);
    expect(told(a)).toEqual({ sub: 8, body: expected });
  });

  it("are not sent for what has no way on, neither the first time nor later", () => {
    // Closest to who sent it.
    const bytes = packet(besides(a));
    for (const peer of [c, d]) b.close(b.linkTo(peer) ?? 255);
    b.sendAll(2000);
    for (let time = 0; time < 2; time++) {
      expect(receive(bytes, a)).toBe(Status.NoRoute);
      expect(told(a)).toEqual({ sub: 7, body: Buffer.from(besides(a)).toString("hex") });
      expect(told(a)).toBeUndefined();
    }
    expect(b.counter(Counter.PacketsDuplicate)).toBe(0);
  });

  it("are sent for a second copy too if it is for this node, whoever it comes from", () => {
    const bytes = packet(b.id);
    receive(bytes, a);
    expect(told(a)).toEqual({ sub: 8, body: hash(bytes) });
    expect(receive(bytes, c)).toBe(Status.Duplicate);
    expect(told(c)).toEqual({ sub: 8, body: hash(bytes) });
  });

  it("are sent for copies from the neighbour the first came from; others hear that this is no way", () => {
    const destination = besides(d);
    const [first, second] = [packet(destination), packet(destination)];
    const noRoute = { sub: 7, body: Buffer.from(destination).toString("hex") };
    expect([receive(first, a), receive(second, c)]).toEqual([Status.Ok, Status.Ok]);
    expect([told(a), told(c)]).toEqual([
      { sub: 8, body: hash(first) },
      { sub: 8, body: hash(second) },
    ]);
    // Both send their own once more: that another packet to the same place came since makes no difference.
    expect([receive(first, a), receive(second, c)]).toEqual([Status.Duplicate, Status.Duplicate]);
    expect([told(a), told(c)]).toEqual([
      { sub: 8, body: hash(first) },
      { sub: 8, body: hash(second) },
    ]);
    // The one's comes from the other, and from where it was sent to.
    expect(receive(first, c)).toBe(Status.Duplicate);
    expect(told(c)).toEqual(noRoute);
    expect(receive(first, d)).toBe(Status.Duplicate);
    expect(told(d, WIRE)).toEqual(noRoute);
    expect([told(a), told(c)]).toEqual([undefined, undefined]);
  });

  it("are not sent for what began here and comes back", () => {
    const bytes = packet(besides(d));
    b.core.bytes.set(bytes, IN);
    expect(b.core.call("forwardOwn", b.core.arena + IN, bytes.length, QOS, 255, 2000n)).toBe(Status.Ok);
    bytes[1] = 3;
    expect(receive(bytes, a)).toBe(Status.Duplicate);
    expect(told(a)).toEqual({ sub: 7, body: Buffer.from(besides(d)).toString("hex") });
  });

  it("are sent neither for P0 nor for what came by wire", () => {
    for (const id of [b.id, besides(c)]) {
      receive(packet(id), a, 0x00);
      receive(packet(id), d);
    }
    expect(b.core.call("controlWaiting", RADIO)).toBe(0);
    expect(b.core.call("controlWaiting", WIRE)).toBe(0);
  });
});

describe("a NoRoute", () => {
  it("makes what was sent that way and is not acknowledged take another", () => {
    const destination = besides(c);
    b.core.call("linkSetPolicy", b.linkTo(a) ?? 255, 1, 0);
    expect(receive(packet(destination), a)).toBe(Status.Ok);
    const first = b.core.call("queueLinkOut", 0);
    b.core.call("queueSent", 0, RADIO, 2000n);
    expect(b.core.call("queueAwaits", 0, first)).toBe(1);
    const [asked, other] = first === b.linkTo(c) ? [c, d] : [d, c];
    const noRoute = Uint8Array.from([0, 0, ...b.id, 0xf1, 7, ...destination]);
    expect(receive(noRoute, asked)).toBe(Status.Ok);
    expect(b.core.call("queueAwaits", 0, first)).toBe(0);
    expect(b.core.call("queueLinkOut", 0)).toBe(b.linkTo(other));
    expect(b.counter(Counter.NoRouteHeard)).toBe(1);
  });
});

describe("a frame for somebody else", () => {
  /** When b's radio may begin to send after the air frame, heard at 2000. */
  function free(frame: Uint8Array): number {
    b.core.bytes.set([0x30, ...frame], IN);
    b.core.call("receiveFrame", RADIO, b.core.arena + IN, frame.length + 1, 2000n, -80, 40);
    return Number(b.core.callBig("mediumFreeAt", RADIO));
  }

  it("leaves its receiver time to acknowledge it, one for this node does not", async () => {
    const e = await LinkNode.boot("e");
    a.start(e, 1000);
    exchange(a, e, 1000);
    const bytes = new Uint8Array(100).fill(7);
    bytes.set([0x10, 0, ...e.id, 0], 0);
    const own = a.seal(a.linkTo(b) ?? 255, bytes, 2000);
    const foreign = a.seal(a.linkTo(e) ?? 255, bytes, 2000);
    if (own === undefined || foreign === undefined) throw new Error("not sealed");
    b.core.call("mediumReset", 0n);
    expect(free(own)).toBeLessThanOrEqual(2000);
    expect(free(foreign)).toBeGreaterThanOrEqual(2000 + 728);
    expect(free(foreign)).toBeLessThanOrEqual(2000 + 2 * 728);
  });
});

describe("onions", () => {
  it("go on the account of the link they came by", () => {
    const inner = packet(besides(c));
    const relay = new Identity(createHash("sha256").update("b").digest());
    expect(Buffer.from(relay.id)).toEqual(Buffer.from(b.id));
    const link = b.linkTo(a) ?? 255;
    for (const trafficClass of [0, 2]) {
      b.core.call("linkSetPolicy", link, trafficClass, 0);
      const onion = wrapPacket(packet(besides(c)), relay, bytesOf(`ephemeral ${String(trafficClass)}`, 32));
      expect(receive(onion, a)).toBe(Status.Ok);
      const index = trafficClass === 0 ? 0 : 1;
      expect(b.core.call("queueWaits", index)).toBe(1);
      expect(b.core.call("queueClass", index)).toBe(trafficClass);
      expect(b.core.call("queueLinkIn", index)).toBe(link);
      expect(b.core.call("queueLength", index)).toBe(inner.length);
    }
    expect(b.counter(Counter.OnionsPeeled)).toBe(2);
    expect(b.counter(Counter.PacketsSent)).toBe(0);
  });
});
