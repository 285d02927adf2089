import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Counter, Event, Status } from "../../../host/core/abi.gen.ts";
import { LOAD_TIMEOUT_MS, packet, PacketPath } from "../../../tests/support/packet-path.ts";

const BUFFERS = 16;
const OWN = 255;
const P1 = 0x40;

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);
beforeEach(() => {
  core.records.clear();
  core.boot({ duty: 1000, wired: [{ bitrate: 100_000 }] });
  for (let i = 0; i < 8; i++) core.link(i, i < 4 ? {} : { port: 1, bitrate: 100_000 });
});

let unique = 1;
/** A packet for the link the stand-in's route says, or else for `second`. */
function make(link: number, second = OWN, length = 100): Buffer {
  return packet(link, length, unique++, second);
}

function forward(bytes: Buffer, linkIn: number, now = 1000, qos = P1): number {
  return core.call("forwardPacket", core.put(bytes), bytes.length, qos, linkIn, BigInt(now));
}

/** A packet that begins here, or was in an onion that came by `linkIn`. */
function own(bytes: Buffer, now = 1000, qos = P1, linkIn = OWN): number {
  return core.call("forwardOwn", core.put(bytes), bytes.length, qos, linkIn, BigInt(now));
}

function waiting(): { out: number; in: number; bytes: Buffer; qos: number; trafficClass: number }[] {
  const found = [];
  for (let i = 0; i < BUFFERS; i++) {
    if (core.call("queueWaits", i) === 0) continue;
    const at = core.call("queuePacket", i);
    found.push({
      out: core.call("queueLinkOut", i),
      in: core.call("queueLinkIn", i),
      bytes: Buffer.from(core.memory.subarray(at, at + core.call("queueLength", i))),
      qos: core.call("queueQos", i),
      trafficClass: core.call("queueClass", i),
    });
  }
  return found;
}

/** The message to a neighbour that waits for an interface, as (link, context, sub-type, body), and takes it out. */
function control(port = 0): { link: number; context: number; sub: number; body: Buffer } | undefined {
  const out = core.arena + 4096;
  const size = core.call("controlNext", port, out, 1000n);
  if (size === 0) return undefined;
  const bytes = Buffer.from(core.memory.subarray(out, out + 64));
  expect(bytes[1]).toBe(P1);
  // Link u8, qos u8, packet header 19, sub-type, body.
  const sub = bytes[21] ?? 0;
  const length = [0, 3, 19, 0, 0, 0, 18, 16][sub] ?? 0;
  return { link: bytes[0] ?? 0, context: bytes[20] ?? 0, sub, body: bytes.subarray(22, 22 + length) };
}

function destination(bytes: Buffer): Buffer {
  return bytes.subarray(2, 18);
}

describe("forwarding", () => {
  it("queues a packet for the link its route says, with one hop more and everything else as it came", () => {
    const bytes = make(2);
    bytes[1] = 7;
    expect(forward(bytes, 1)).toBe(Status.Ok);
    const [queued] = waiting();
    expect(queued).toMatchObject({ out: 2, in: 1, qos: P1, trafficClass: 1 });
    bytes[1] = 8;
    expect(queued?.bytes).toEqual(bytes);
  });

  it("drops a packet after 128 hops, and one seen in the last 60 s whatever its hops", () => {
    const bytes = make(2);
    bytes[1] = 128;
    expect(forward(bytes, 1)).toBe(Status.HopLimit);
    bytes[1] = 127;
    expect(forward(bytes, 1)).toBe(Status.Ok);
    bytes[1] = 3;
    expect(forward(bytes, 3)).toBe(Status.Duplicate);
    expect(core.counter(Counter.PacketsDuplicate)).toBe(1);
    core.call("seenExpire", 61_000n, 1000n);
    expect(forward(bytes, 1, 61_000)).toBe(Status.Ok);
  });

  it("never sends a packet back, and tells the neighbour when there is no way on", () => {
    const bytes = make(1);
    expect(forward(bytes, 1)).toBe(Status.NoRoute);
    expect(control()).toEqual({ link: 1, context: 0xf1, sub: 7, body: destination(bytes) });
    expect(core.counter(Counter.PacketsNoRoute)).toBe(1);
    expect(core.events.map(({ kind }) => kind)).toEqual([Event.Undeliverable]);
    expect(core.events[0]?.bytes.subarray(0, 16)).toEqual(destination(bytes));
    const hash = core.call("forwardHash");
    expect(core.events[0]?.bytes.subarray(16)).toEqual(core.memory.subarray(hash, hash + 8));
    expect(waiting()).toEqual([]);
  });

  it("tells the neighbour, or the sender itself, what the next link cannot carry", () => {
    core.link(2, { mtu: 484 });
    core.link(3, { mtu: 400 });
    const bytes = make(3, OWN, 484);
    expect(forward(bytes, 1)).toBe(Status.TooBig);
    expect(control()).toEqual({
      link: 1,
      context: 0xf1,
      sub: 6,
      body: Buffer.concat([destination(bytes), Buffer.from([0x90, 0x01])]),
    });
    expect(own(make(3, OWN, 484))).toBe(Status.TooBig);
    expect(control()).toBeUndefined();
    expect(core.counter(Counter.PacketsTooBig)).toBe(2);
  });

  it("leads P2 and P3 around a congested neighbour if there is another route, P0 and P1 never", () => {
    for (const [severity, around] of [
      [0, 2],
      [1, 3],
      [2, 3],
    ] as const) {
      core.call("throttleHeard", 2, severity, 10_000, 1000n);
      for (const [qos, link] of [
        [0x00, 2],
        [0x40, 2],
        [0x80, around],
        [0xc0, around],
      ] as const) {
        core.call("queueReset");
        expect(forward(make(2, 3), 1, 1000, qos)).toBe(Status.Ok);
        expect(waiting()[0]?.out).toBe(link);
      }
    }
    core.call("queueReset");
    expect(forward(make(2), 1, 1000, 0xc0)).toBe(Status.Ok);
    expect(waiting()[0]?.out).toBe(2);
  });

  it("treats a packet by the class of the neighbour it came from, and its own as funded", () => {
    core.link(1, { trafficClass: 0 });
    core.link(3, { trafficClass: 2 });
    expect([forward(make(2), 1), forward(make(2), 3), own(make(2))]).toEqual([Status.Ok, Status.Ok, Status.Ok]);
    expect(waiting().map((w) => [w.in, w.trafficClass])).toEqual([
      [1, 0],
      [3, 2],
      [OWN, 1],
    ]);
    expect(core.counter(Counter.PacketsSent)).toBe(1);
    expect(waiting()[2]?.bytes[1]).toBe(0);
  });

  it("puts a packet out of an onion on the account of who handed the onion over, and tells that one nothing", () => {
    core.link(1, { trafficClass: 0 });
    core.link(3, { trafficClass: 2, mtu: 100 });
    expect([own(make(2), 1000, P1, 1), own(make(2), 1000, P1, 3)]).toEqual([Status.Ok, Status.Ok]);
    expect(waiting().map((w) => [w.in, w.trafficClass])).toEqual([
      [1, 0],
      [3, 2],
    ]);
    expect(core.counter(Counter.PacketsSent)).toBe(0);
    core.call("queueReset");
    // Its way may lead back.
    const back = make(1);
    expect(own(back, 1000, P1, 1)).toBe(Status.Ok);
    expect(waiting()[0]).toMatchObject({ out: 1, in: 1, trafficClass: 0 });
    // Who handed it over hears neither that there is no way, nor that it is too big, nor what a neighbour says later.
    expect(own(make(9), 1000, P1, 1)).toBe(Status.NoRoute);
    expect(own(make(3, OWN, 200), 1000, P1, 1)).toBe(Status.TooBig);
    expect(heard(1, 7, destination(back))).toBe(Status.Ok);
    core.call("forwardLinksDown", 2, 1000n);
    expect(waiting()).toEqual([]);
    expect(control()).toBeUndefined();
    expect(core.counter(Counter.PacketsNoRoute)).toBe(2);
  });

  it("what it did not take is no duplicate when it comes again", () => {
    const none = make(1);
    expect([forward(none, 1), forward(none, 1)]).toEqual([Status.NoRoute, Status.NoRoute]);
    while (forward(make(2), 1) === Number(Status.Ok));
    const late = make(2);
    expect(forward(late, 1)).toBe(Status.QueueFull);
    core.call("queueReset");
    late[1] = 0;
    expect(forward(late, 1)).toBe(Status.Ok);
    late[1] = 0;
    expect(forward(late, 1)).toBe(Status.Duplicate);
  });

  it("finds other ways for what waits when a link goes down, or gives it up", () => {
    const other = make(2, 3);
    const none = make(2);
    const mine = make(2);
    const from = make(3);
    expect([forward(other, 1), forward(none, 1), own(mine), forward(from, 2)]).toEqual([0, 0, 0, 0]);
    core.call("forwardLinksDown", 1 << 2, 1000n);
    expect(waiting().map((w) => [w.out, w.in])).toEqual([
      [3, 1],
      [3, 254],
    ]);
    expect(core.counter(Counter.PacketsNoRoute)).toBe(2);
    expect(core.events.length).toBe(2);
    // The queue was more than half full for a moment.
    expect(control()?.sub).toBe(1);
    expect(control()).toEqual({ link: 1, context: 0xf1, sub: 7, body: destination(none) });
    expect(control()).toBeUndefined();
  });

  it("never traps and never queues more than it may, whatever comes", () => {
    const step = fc.record({
      link: fc.nat(9),
      second: fc.nat(9),
      linkIn: fc.nat(7),
      qos: fc.nat(255),
      header: fc.constantFrom(0x10, 0x30),
      context: fc.constantFrom(0, 0xf2, 0xf7, 0xf9),
      length: fc.integer({ min: 71, max: 484 }),
      sub: fc.nat(3),
      down: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(255)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        core.boot({ duty: 1000, wired: [{ bitrate: 100_000 }] });
        for (const { link, second, linkIn, qos, header, context, length, sub, down } of steps) {
          const bytes = make(link, second, length);
          bytes[0] = header;
          bytes[18] = context;
          bytes[19] = sub;
          const status = forward(bytes, linkIn, 1000, qos);
          expect(status).toBeGreaterThanOrEqual(0);
          if (down !== 0) core.call("forwardLinksDown", down, 1000n);
          for (const w of waiting()) expect(w.out).toBeLessThan(8);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Sends what is next on the radio; the buffer. */
function transmit(now: number): number {
  const index = core.call("queueNext", 0, BigInt(now));
  expect(index).toBeGreaterThanOrEqual(0);
  core.call("queueSent", index, 0, BigInt(now));
  return index;
}

describe("packets nobody has acknowledged", () => {
  it("go out five times, by the route that is best then, and are given up", () => {
    forward(make(2, 3), 1);
    let now = 1000;
    for (let time = 1; time <= 5; time++) {
      const sent = transmit(now);
      const due = core.time("queueDeadline");
      core.call("forwardAdvance", BigInt(due - 1));
      expect(core.call("queueAwaits", sent, 2)).toBe(1);
      core.call("forwardAdvance", BigInt(due));
      now = due;
      expect(waiting().map((w) => w.out)).toEqual(time === 5 ? [] : [2]);
      expect(core.counter(Counter.PacketsRetried)).toBe(Math.min(time, 4));
    }
    expect(core.counter(Counter.PacketsUnacknowledged)).toBe(1);
    expect(core.time("queueDeadline")).toBe(Infinity);
    // The neighbours hear nothing: the packet may have arrived.
    expect(control()).toBeUndefined();
    expect(core.events).toEqual([]);
  });

  it("tell the link each time, and are nothing to one that acknowledges others", () => {
    forward(make(2, 3), 1);
    const hash = Buffer.from(core.memory.subarray(core.call("forwardHash"), core.call("forwardHash") + 8));
    const told = (): number[] => {
      const at = core.call("block", 3) + 32 * 2;
      return [core.memory[at + 19] ?? 0, core.memory.readUInt16LE(at + 22)];
    };
    transmit(1000);
    core.call("forwardAdvance", BigInt(core.time("queueDeadline")));
    expect(told()).toEqual([1, 0]);
    transmit(20_000);
    expect(heard(2, 8, hash)).toBe(Status.Ok);
    expect(told()).toEqual([1, 1]);
  });

  it("take another way from the twelfth in a row on, and the link is shunned with the twenty-eighth", () => {
    const stub = core.call("block", 3) + 32 * 2;
    const shunned = (): number => core.memory[core.call("block", 6) + 12] ?? 0;
    const lose = (before: number, ...links: number[]): number => {
      core.memory[stub + 19] = before;
      forward(make(...links), 1);
      transmit(1000);
      core.call("forwardAdvance", BigInt(core.time("queueDeadline")));
      const [buffer] = waiting();
      core.call("queueDrop", 0);
      return buffer?.out ?? -1;
    };
    expect([lose(10, 2, 3), lose(11, 2, 3), lose(11, 2)]).toEqual([2, 3, 2]);
    expect(shunned()).toBe(0);
    lose(27, 2, 3);
    expect(shunned()).toBe(3);
  });

  it("are done with when the acknowledgment comes, by the link they went out by and for their hash", () => {
    forward(make(2, 3), 1);
    const hash = Buffer.from(core.memory.subarray(core.call("forwardHash"), core.call("forwardHash") + 8));
    const index = transmit(1000);
    expect([heard(3, 8, hash), heard(2, 8, Buffer.alloc(8, 9))]).toEqual([Status.Ok, Status.Ok]);
    expect(core.call("queueAwaits", index, 2)).toBe(1);
    expect(heard(2, 8, hash.subarray(1))).toBe(Status.Short);
    expect(heard(2, 8, hash)).toBe(Status.Ok);
    expect(waiting()).toEqual([]);
    core.call("forwardAdvance", 1_000_000n);
    expect(core.counter(Counter.PacketsRetried)).toBe(0);
  });

  it("take another way when the neighbour has none, what is not sent yet does not", () => {
    const bytes = make(2, 3);
    const other = make(2, 3);
    const unsent = make(2, 3, 484);
    forward(bytes, 1);
    transmit(1000);
    forward(other, 1);
    transmit(1000);
    const to = core.put(destination(bytes), 2048);
    core.call("forwardRefused", 2, to, 2000n);
    expect(waiting().map((w) => w.out)).toEqual([3, 2]);
    forward(unsent, 1);
    core.call("forwardRefused", 2, core.put(destination(unsent), 2048), 2000n);
    expect(waiting().map((w) => w.out)).toEqual([3, 2, 2]);
    // A refusal by somebody else says nothing.
    core.call("forwardRefused", 3, core.put(destination(other), 2048), 2000n);
    expect(waiting().map((w) => w.out)).toEqual([3, 2, 2]);
  });

  it("tell the neighbour they came from when no way is left", () => {
    const bytes = make(2);
    forward(bytes, 1);
    transmit(1000);
    core.call("forwardRefused", 2, core.put(destination(bytes), 2048), 2000n);
    expect(waiting()).toEqual([]);
    expect(control()).toEqual({ link: 1, context: 0xf1, sub: 7, body: destination(bytes) });
  });

  it("are given up after five neighbours that have no way", () => {
    const bytes = make(2, 3);
    forward(bytes, 1);
    for (const link of [2, 3, 2, 3, 2]) {
      expect(waiting().map((w) => w.out)).toEqual([link]);
      transmit(1000);
      core.call("forwardRefused", link, core.put(destination(bytes), 2048), 2000n);
    }
    expect(waiting()).toEqual([]);
    expect(core.counter(Counter.PacketsUnacknowledged)).toBe(1);
  });

  it("take another way when the link goes down", () => {
    forward(make(2, 3), 1);
    transmit(1000);
    core.call("forwardLinksDown", 4, 2000n);
    expect(waiting().map((w) => w.out)).toEqual([3]);
    expect(core.call("queueNext", 0, 2000n)).toBeGreaterThanOrEqual(0);
  });
});

function heard(link: number, sub: number, body: Uint8Array, now = 1000): number {
  return core.call("controlReceive", link, sub, core.put(body), body.length, BigInt(now));
}

describe("signals of neighbours", () => {
  it("refuses what the header refuses, and what is not for this part", () => {
    expect(heard(1, 7, Buffer.alloc(15))).toBe(Status.Short);
    expect(heard(1, 8, Buffer.alloc(9))).toBe(Status.Long);
    expect(heard(1, 11, Buffer.alloc(15))).toBe(Status.BadSubtype);
    expect(heard(1, 4, Buffer.alloc(8))).toBe(Status.BadSubtype);
  });

  it("fails the route on a NoRoute, and passes it back when no other is left", () => {
    const bytes = make(2, 3);
    forward(bytes, 1);
    expect(heard(2, 7, destination(bytes))).toBe(Status.Ok);
    const routes = core.call("block", 6);
    expect([core.memory[routes + 8], core.memory[routes + 9]]).toEqual([2, 2]);
    expect(control()).toBeUndefined();
    // The neighbour it came from is no other way.
    const back = make(2, 1);
    forward(back, 1);
    heard(2, 7, destination(back));
    expect(control()).toEqual({ link: 1, context: 0xf1, sub: 7, body: destination(back) });
    core.call("queueReset");
    const last = make(2);
    forward(last, 1);
    heard(2, 7, destination(last));
    expect(control()).toEqual({ link: 1, context: 0xf1, sub: 7, body: destination(last) });
    core.call("queueReset");
    const mine = make(2);
    own(mine);
    heard(2, 7, destination(mine));
    expect(core.events.at(-1)).toEqual({
      kind: Event.Undeliverable,
      bytes: Buffer.concat([destination(mine), Buffer.alloc(8)]),
    });
    expect(core.counter(Counter.NoRouteHeard)).toBe(4);
    // A minute later nobody remembers who sent that way.
    heard(2, 7, destination(last), 61_001);
    expect(control()).toBeUndefined();
  });

  it("lowers the route's MTU on a PacketTooBig", () => {
    heard(2, 6, Buffer.concat([Buffer.alloc(16, 5), Buffer.from([0xf0, 0x01])]));
    const routes = core.call("block", 6);
    expect([...core.memory.subarray(routes + 8, routes + 12)]).toEqual([5, 2, 0xf0, 0x01]);
    expect(core.counter(Counter.TooBigHeard)).toBe(1);
  });

  it.each([
    [0, 1, 1333],
    [1, 1, 2000],
    [2, 1, 4000],
    [2, 2, 9000],
    [2, 0, 0],
  ])("paces severity %i, P%i: the next frame after %i ms when one takes 1000", (severity, priority, after) => {
    heard(3, 1, Buffer.from([severity << 6, 0x28, 0x23]));
    core.call("throttleSent", 3, 1000, 1000n);
    expect(core.time("throttleFreeAt", 3, priority, 1000n)).toBe(1000 + after);
    expect(core.time("throttleFreeAt", 3, priority, 10_000n)).toBe(10_000);
    expect(core.time("throttleFreeAt", 2, priority, 1000n)).toBe(1000);
    core.call("throttleLinksDown", 8);
    expect(core.time("throttleFreeAt", 3, priority, 1000n)).toBe(1000);
  });
});

describe("short messages", () => {
  const send = (link: number, sub: number, body: Uint8Array): void => {
    core.call("controlSend", link, sub, core.put(Buffer.concat([body, Buffer.alloc(8)])), body.length);
  };

  it("keeps one message about one thing, in order, eight at most, and none for links that are gone", () => {
    send(1, 1, Buffer.from([1, 2, 3]));
    for (let i = 0; i < 9; i++) send(2, 7, Buffer.alloc(16, i));
    send(1, 1, Buffer.from([4, 5, 6]));
    send(254, 7, Buffer.alloc(16));
    send(255, 7, Buffer.alloc(16));
    expect(core.counter(Counter.PacketsQueueFull)).toBe(2);
    expect(control()).toMatchObject({ link: 1, body: Buffer.from([4, 5, 6]) });
    for (let i = 0; i < 7; i++) expect(control()).toMatchObject({ link: 2, body: Buffer.alloc(16, i) });
    expect(control()).toBeUndefined();
  });

  it("sends each on its link's interface", () => {
    for (const link of [1, 5, 2, 6]) send(link, 7, Buffer.alloc(16, link + unique++));
    expect([control(1)?.link, control(1)?.link, core.call("controlWaiting", 1)]).toEqual([5, 6, 0]);
    expect([control()?.link, control()?.link, core.call("controlWaiting", 0)]).toEqual([1, 2, 0]);
  });
});

describe("congestion", () => {
  it("asks the biggest ingress to hold back when more than half is full, not again before it has drained", () => {
    core.link(2, { trafficClass: 1 });
    for (const [linkIn, status] of [
      [1, 0],
      [3, 0],
    ])
      expect(forward(make(2), linkIn ?? 0)).toBe(status);
    expect(core.call("congestionFactorQ8")).toBe(256);
    forward(make(2), 1);
    // 3 of 5 at P1: Moderate; drain time 3 x 1456 ms.
    expect(control()).toEqual({ link: 1, context: 0xf1, sub: 1, body: Buffer.from([0x10, 0x10, 0x11]) });
    expect(core.call("congestionFactorQ8")).toBe(256 + Math.floor((256 * 600 * 600) / 1e6));
    forward(make(2), 1);
    expect(control()?.body[0]).toBe(0x50);
    core.call("congestionConsider", 1000n);
    expect(control()).toBeUndefined();
    forward(make(2), 1);
    expect(control()?.body[0]).toBe(0x90);
    core.call("congestionConsider", 1000n + 16n * 1456n - 1n);
    expect(control()).toBeUndefined();
    core.call("congestionConsider", 1000n + 16n * 1456n);
    expect(control()?.body[0]).toBe(0x90);
    expect(core.counter(Counter.CongestionSent)).toBe(4);
  });

  it("does not signal itself", () => {
    for (let i = 0; i < 5; i++) own(make(2));
    expect(core.call("queueFill")).toBe(1000);
    expect(control()).toBeUndefined();
  });
});

describe("the reverse path", () => {
  it("remembers 32 ways, the one that would end first goes", () => {
    const key = (n: number): number => core.put(Buffer.alloc(16, n));
    for (let i = 0; i < 33; i++) core.call("reverseRemember", 0, key(i), i % 8, BigInt(5000 - i), 0n);
    expect(core.counter(Counter.ReverseEvicted)).toBe(1);
    expect(core.call("reverseFind", 0, key(31), 0n)).toBe(-1);
    expect(core.call("reverseFind", 0, key(32), 0n)).toBe(0);
    expect(core.call("reverseFind", 1, key(32), 0n)).toBe(-1);
    expect(core.call("reverseFind", 0, key(30), 4969n)).toBe(6);
    expect(core.call("reverseFind", 0, key(30), 4970n)).toBe(-1);
  });
});

describe("probes", () => {
  /** A probe's packet as checkPacket passes it. */
  function probe(sub: number, body: Buffer, to: Buffer): Buffer {
    return Buffer.concat([Buffer.from([0x10, 0]), to, Buffer.from([0xf2, sub]), body]);
  }
  const request = (id: number, size = 256): Buffer => {
    const body = Buffer.alloc(size);
    body.writeUInt16LE(id, 0);
    body.writeUInt16LE(size, 2);
    body.writeBigUInt64LE(1000n, 4);
    return body;
  };

  it("go over fast links only, and their answers find back", () => {
    const to = Buffer.alloc(16, 5);
    expect(forward(probe(1, request(7), to), 4)).toBe(Status.Ok);
    expect(waiting()[0]).toMatchObject({ out: 5, in: 4 });
    const slow = Buffer.alloc(16, 2);
    expect(forward(probe(1, request(7), slow), 4)).toBe(Status.BadField);
    expect(forward(probe(1, request(7).subarray(1), to), 4)).toBe(Status.Short);
    core.call("queueReset");
    const answer = Buffer.alloc(18, 1);
    answer.writeUInt16LE(7, 0);
    expect(forward(probe(2, answer, to), 5, 2000)).toBe(Status.Ok);
    expect(waiting()[0]).toMatchObject({ out: 4, in: 5 });
    answer.writeUInt16LE(8, 0);
    expect(forward(probe(2, answer, to), 5, 2000)).toBe(Status.NoRoute);
  });

  it("are answered by the node they are for", () => {
    const to = Buffer.alloc(16, 5);
    const bytes = probe(1, request(0x1234, 300), to);
    expect(core.call("probeReceive", core.put(bytes), bytes.length, 4, 1000n)).toBe(Status.Ok);
    const [queued] = waiting();
    expect(queued).toMatchObject({ out: 4, in: OWN, qos: 0x80 });
    const body = Buffer.from("34122c01e803000000000000e401a0860100", "hex");
    expect(queued?.bytes).toEqual(probe(2, body, to));
    expect(core.call("checkPacket", core.put(queued?.bytes ?? Buffer.alloc(0)), 38)).toBe(Status.Ok);
    const wrong = probe(2, body, to);
    expect(core.call("probeReceive", core.put(wrong), wrong.length, 4, 1000n)).toBe(Status.BadSubtype);
  });

  it("are sent once a minute for each destination, and report what came of them", () => {
    const to = Buffer.alloc(16, 5);
    const ask = (size: number, now: number): number => core.call("probeStart", core.put(to), size, BigInt(now));
    expect([ask(255, 1000), ask(465, 1000)]).toEqual([Status.BadField, Status.BadField]);
    expect(ask(464, 1000)).toBe(Status.Ok);
    expect(ask(464, 60_999)).toBe(Status.BadField);
    const [queued] = waiting();
    expect(queued?.bytes.length).toBe(484);
    expect(core.call("checkPacket", core.put(queued?.bytes ?? Buffer.alloc(0)), 484)).toBe(Status.Ok);
    const answer = Buffer.alloc(18);
    core.memory.copy(answer, 0, core.arena + 20, core.arena + 32);
    answer.writeUInt16LE(484, 12);
    answer.writeUInt32LE(90_000, 14);
    expect(forward(probe(2, answer, to), 5, 1200)).toBe(Status.Ok);
    const [result] = core.events;
    expect(result?.kind).toBe(Event.ProbeResult);
    const bytes = result?.bytes ?? Buffer.alloc(0);
    expect([bytes.length, bytes.readUInt16LE(16), bytes.readUInt32LE(18), bytes.readUInt16LE(22)]).toEqual([
      30, 1, 200, 464,
    ]);
    expect([bytes.readUInt16LE(24), bytes.readUInt32LE(26)]).toEqual([484, (464 * 16_000) / 200]);
    expect(ask(464, 61_000)).toBe(Status.Ok);
  });
});

describe("reservations", () => {
  it("are answered BandwidthInsufficient", () => {
    const body = Buffer.alloc(39, 1);
    body.writeUInt16LE(0xabcd, 0);
    expect(core.call("reservationReceive", 3, 1, core.put(body), 39, 1000n)).toBe(Status.Ok);
    expect(control()).toEqual({
      link: 3,
      context: 0xf3,
      sub: 2,
      body: Buffer.concat([Buffer.from([0xcd, 0xab, 4]), Buffer.alloc(16)]),
    });
    expect(core.call("reservationReceive", 3, 3, core.put(Buffer.alloc(11)), 11, 1000n)).toBe(Status.Unknown);
    expect(core.call("reservationReceive", 3, 1, core.put(body), 38, 1000n)).toBe(Status.Short);
  });
});
