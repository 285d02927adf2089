import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Counter, Event, LinkEnd, Status } from "../../../host/core/abi.gen.ts";
import { exchange, LinkNode, packetFor, RADIO, WIRE } from "../../../tests/support/link-node.ts";

let a: LinkNode;
let b: LinkNode;
beforeEach(async () => {
  [a, b] = [await LinkNode.boot("a"), await LinkNode.boot("b")];
});

function link(port = RADIO, now = 1000): void {
  a.start(b, now, port);
  exchange(a, b, now, port);
}

/** A sealed frame that must be there. */
function sealed(from: LinkNode, packet: Uint8Array, now: number, qos = 0x40): Uint8Array {
  const frame = from.seal(0, packet, now, qos);
  if (frame === undefined) throw new Error("not sealed");
  return frame;
}

describe("link data", () => {
  it("carries any packet with any qos, both ways, on either medium, in frames of the sizes of H6", () => {
    for (const port of [RADIO, WIRE]) {
      a.core.call("linksReset");
      b.core.call("linksReset");
      link(port);
      fc.assert(
        fc.property(
          fc.boolean(),
          fc.uint8Array({ maxLength: 464 }),
          fc.constantFrom(0x00, 0x40, 0x80, 0xc0, 0xe0),
          fc.boolean(),
          (forth, content, priority, padded) => {
            const [from, to] = forth ? [a, b] : [b, a];
            const packet = packetFor(to, content);
            const qos = priority | (padded ? 4 : 0);
            const frame = sealed(from, packet, 1000, qos);
            const short = port === RADIO ? 254 : packet.length + 23;
            expect(frame.length).toBe(padded || (port === RADIO && packet.length > 230) ? 508 : short);
            expect(to.receive(frame, 1000, port)).toEqual({ status: Status.Ok, link: 0, packet, qos });
          },
        ),
        { numRuns: 100 },
      );
    }
  });

  it("comes on the link's own interface only, and once", () => {
    link();
    const frame = sealed(a, packetFor(b, Uint8Array.of(1)), 1000);
    const before = b.state();
    expect(b.receive(frame, 1000, WIRE).status).toBe(Status.NoLink);
    expect(b.state()).toBe(before);
    expect(b.receive(frame, 1000).status).toBe(Status.Ok);
    const after = b.state();
    expect(b.receive(frame, 1000).status).toBe(Status.Replayed);
    expect(b.state()).toBe(after);
    // Nor does a node take its own frame for its peer's.
    expect(a.receive(frame, 1000).status).toBe(Status.BadTag);
  });

  it("with any bit changed is refused and changes nothing", () => {
    link();
    const frame = sealed(a, packetFor(b, new Uint8Array(100)), 1000);
    const before = b.state();
    fc.assert(
      fc.property(fc.nat(253), fc.nat(7), (at, bit) => {
        const changed = frame.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(b.receive(changed, 1000).status).not.toBe(Status.Ok);
        expect(b.state()).toBe(before);
      }),
      { numRuns: 300 },
    );
    expect(b.receive(frame, 1000).status).toBe(Status.Ok);
  });

  it("that is genuine but malformed inside is refused and changes nothing", () => {
    link();
    const packet = packetFor(b, new Uint8Array(30));
    for (const [qos, status] of [
      [0x41, Status.BadField],
      [0x68, Status.BadField],
    ] as const) {
      const frame = sealed(a, packet, 1000, qos);
      const before = b.state();
      expect(b.receive(frame, 1000).status).toBe(status);
      expect(b.state()).toBe(before);
    }
    const tiny = sealed(a, new Uint8Array(10), 1000);
    const before = b.state();
    expect(b.receive(tiny, 1000).status).toBe(Status.Short);
    expect(b.state()).toBe(before);
  });

  it("is not sealed beyond the MTU, on a link that is down, or past the last counter, which ends the link", () => {
    link();
    expect(a.seal(0, new Uint8Array(485), 1000)).toBeUndefined();
    expect(a.seal(1, new Uint8Array(100), 1000)).toBeUndefined();
    const session = new DataView(a.block("SESSIONS").buffer, a.block("SESSIONS").byteOffset);
    session.setBigUint64(0, 2n ** 40n - 1n, true);
    expect(a.seal(0, new Uint8Array(100), 1000)).toBeDefined();
    expect(a.seal(0, new Uint8Array(100), 1000)).toBeUndefined();
    expect(a.events.at(-1)).toEqual({ kind: Event.LinkDown, peer: b.name, port: 0, tail: LinkEnd.Exhausted });
    expect(a.send(1000)).toBeUndefined();
    expect(a.linkTo(b)).toBeUndefined();
  });

  it("of two links that share a tag finds its own", async () => {
    const c = await LinkNode.boot("c");
    link();
    c.start(b, 1000);
    exchange(c, b, 1000);
    const table = b.block("LINK_TABLE");
    // Link 1 gets link 0's tag, at both ends.
    table.set(table.slice(16, 18), 168 + 16);
    c.block("LINK_TABLE").set(table.slice(16, 18), 16);
    expect(b.receive(sealed(c, packetFor(b, Uint8Array.of(9)), 1000), 1000).link).toBe(1);
    expect(b.receive(sealed(a, packetFor(b, Uint8Array.of(9)), 1000), 1000).link).toBe(0);
  });

  it("lost and late moves the reliability as H14 says", () => {
    link();
    const reliability = (): number => b.core.call("linkReliability", 0);
    const before = reliability();
    // IDENTIFY and the group key came in.
    expect(before).toBe(143 + (112 >> 3));
    const frames = Array.from({ length: 4 }, () => sealed(a, packetFor(b, Uint8Array.of(1)), 1000));
    b.receive(frames[0] ?? new Uint8Array(), 1000);
    const first = before + ((255 - before) >> 3);
    expect(reliability()).toBe(first);
    b.receive(frames[3] ?? new Uint8Array(), 1000);
    let r = first;
    for (let i = 0; i < 2; i++) r -= r >> 2;
    expect(reliability()).toBe(r + ((255 - r) >> 3));
    expect(b.counter(Counter.FramesOpened)).toBe(4);
  });
});

describe("a peer that acknowledges nothing", () => {
  const served = (acknowledged: boolean, now: number): number =>
    a.core.call("linkServed", 0, acknowledged ? 1 : 0, BigInt(now));
  const judged = (now: number): number[] => [
    a.core.call("linkDoubtful", 0),
    a.core.call("linkShunned", 0, BigInt(now)),
  ];

  it("is doubtful after twelve packets in a row, shunned for half an hour after twenty-eight, and cleared by one", () => {
    link();
    const states = Array.from({ length: 28 }, (_, i) => [served(false, 1_000_000 + i), ...judged(1_000_030)].join(" "));
    expect(states).toEqual([...Array<string>(11).fill("0 0 0"), ...Array<string>(16).fill("0 1 0"), "1 1 1"]);
    // Kept in units of 1.024 s.
    expect([judged(2_798_000)[1], judged(2_801_100)[1]]).toEqual([1, 0]);
    // One more after that time is one too many again.
    expect([served(false, 3_000_000), ...judged(3_000_000)]).toEqual([1, 1, 1]);
    expect([served(true, 3_000_000), ...judged(3_000_000)]).toEqual([0, 0, 0]);
    for (let i = 0; i < 300; i++) served(false, 4_000_000);
    expect(judged(4_000_000)).toEqual([1, 1]);
  });
});

describe("liveness", () => {
  /** Runs both nodes to `end` with beacons every 30 s, if any; what `lossy` keeps is lost. */
  function run(from: number, end: number, beacons: boolean, lossy: (to: LinkNode) => boolean = () => false): number {
    let frames = 0;
    for (let now = from; now <= end; now += 1000) {
      for (const [node, peer] of [
        [a, b],
        [b, a],
      ] as const) {
        node.advance(now);
        if (beacons && now % 30_000 === 0) node.hear(peer, 2, now);
        for (const frame of node.sendAll(now)) {
          frames++;
          if (!lossy(peer)) peer.receive(frame, now);
        }
      }
    }
    return frames;
  }

  it("needs a ping every ten minutes and no more; both learn the round trip and the clock", () => {
    link();
    // The initiator's first data frame proves the link to the responder.
    b.receive(sealed(a, packetFor(b, Uint8Array.of(1)), 1000), 1000);
    // The first rekey may come a quarter of an hour before the hour.
    expect(run(2000, 2_600_000, true)).toBe(2 * 4);
    const report = a.core.call("linksReport", a.core.arena, 2_600_000n);
    expect(report).toBe(48);
    const view = new DataView(a.core.bytes.slice(0, 48).buffer);
    expect(Buffer.from(a.core.bytes.slice(0, 16)).toString("hex")).toBe(b.name);
    expect([view.getUint8(16), view.getUint8(17), view.getUint8(18), view.getUint16(22, true)]).toEqual([0, 0, 1, 484]);
    expect(view.getUint32(32, true)).toBe(2599);
    expect(Math.abs(Number(view.getBigInt64(40, true)))).toBeLessThanOrEqual(1000);
    expect(a.core.call("linkLatencyMs", 0)).toBe(1456);
    expect(a.core.call("linkBitrate", 0)).toBe(2803);
  });

  it("a responder that has no proof of the initiator pings after 30 s", () => {
    link(WIRE);
    for (const node of [a, b]) node.advance(30_000);
    expect([a.send(30_000, WIRE), b.send(30_000, WIRE)]).toEqual([undefined, undefined]);
    for (const node of [a, b]) node.advance(31_000);
    expect(a.send(31_000, WIRE)).toBeUndefined();
    expect(exchange(a, b, 31_000, WIRE).length).toBe(2);
  });

  it("an initiator gives its group key again after 30 s, which is the proof", () => {
    a.start(b, 1000);
    for (let k = 0; k < 2; k++) {
      for (const frame of a.sendAll(1000)) b.receive(frame, 1000);
      for (const frame of b.sendAll(1000)) a.receive(frame, 1000);
    }
    expect(a.sendAll(1000).length).toBe(1);
    expect(run(2000, 30_000, true)).toBe(0);
    expect(run(31_000, 60_000, true)).toBe(2);
  });

  it("a responder that has the initiator's group key asks nothing more", () => {
    link();
    expect(run(2000, 90_000, true)).toBe(0);
  });

  it("ends after 180 s of silence, suspect from 90 s, and the place is free when the peer could be told", () => {
    link();
    const deaf = (): boolean => true;
    run(2000, 91_000, false, deaf);
    expect(a.core.call("linkSuspect", 0, 91_000n)).toBe(0);
    expect(a.core.call("linkSuspect", 0, 91_001n)).toBe(1);
    run(92_000, 180_000, false, deaf);
    expect(a.linkTo(b)).toBe(0);
    run(181_000, 181_000, false, deaf);
    expect(a.linkTo(b)).toBeUndefined();
    expect(a.events.at(-1)).toEqual({ kind: Event.LinkDown, peer: b.name, port: 0, tail: LinkEnd.Silent });
    expect(a.core.call("linksTakeUp")).toBe(0);
    expect(a.core.call("linksTakeDown")).toBe(1);
    // Keys are gone.
    expect(a.memory(a.core.call("sessionKey", 0), 64).every((byte) => byte === 0)).toBe(true);
  });

  it("ends when six pings 30 s apart stay unanswered although beacons in the peer's name come in", () => {
    link();
    b.receive(sealed(a, packetFor(b, Uint8Array.of(1)), 1000), 1000);
    const frames = run(2000, 780_000, true, () => true);
    // Both ends by then: the initiator six, from 601 s, the responder a minute later four.
    expect(frames).toBe(6 + 4);
    expect(a.linkTo(b)).toBe(0);
    run(781_000, 782_000, false, () => true);
    expect(a.events.find((event) => event.kind === Event.LinkDown)?.tail).toBe(LinkEnd.Silent);
    expect(b.linkTo(a)).toBe(0);
  });

  it("goes on through the loss of five pings, and where one direction is dead the deaf end tells the other", () => {
    link();
    b.receive(sealed(a, packetFor(b, Uint8Array.of(1)), 1000), 1000);
    let pings = 0;
    run(2000, 790_000, true, (to) => to === b && ++pings < 6);
    expect([a.linkTo(b), b.linkTo(a)]).toEqual([0, 0]);
    run(791_000, 1_800_000, true, (to) => to === b);
    const ends = [a, b].map((node) => node.events.find((event) => event.kind === Event.LinkDown)?.tail);
    expect(ends).toEqual([LinkEnd.Closed, LinkEnd.Silent]);
  });

  it("counts no ping that could not be sent", () => {
    link();
    for (let now = 2000; now < 900_000; now += 1000) {
      a.advance(now);
      a.hear(b, 2, now);
    }
    expect(a.linkTo(b)).toBe(0);
  });

  it("takes a pong for the ping under way only", () => {
    link();
    const pong = (echo: number): Uint8Array => {
      const packet = new Uint8Array(36);
      packet.set([0, 0, ...a.id, 0xf1, 5]);
      new DataView(packet.buffer).setBigUint64(20, BigInt(echo), true);
      return packet;
    };
    expect(a.receive(sealed(b, pong(1000), 2000), 2000).status).toBe(Status.Stale);
    for (let now = 2000; now <= 602_000; now += 1000) {
      expect(a.send(now)).toBeUndefined();
      a.advance(now);
      a.hear(b, 2, now);
    }
    // Ten minutes after the last genuine frame.
    expect(a.send(602_000)).toBeDefined();
    expect(a.receive(sealed(b, pong(600_000), 602_500), 602_500).status).toBe(Status.Stale);
    expect(a.receive(sealed(b, pong(602_000), 610_000), 610_000).status).toBe(Status.Ok);
    expect(a.core.call("linkLatencyMs", 0)).toBe(4000);
    expect(a.receive(sealed(b, pong(602_000), 610_500), 610_500).status).toBe(Status.Stale);
  });

  it("closed here, closes there", () => {
    link();
    a.close(0);
    expect(a.linkTo(b)).toBeUndefined();
    exchange(a, b, 2000);
    expect(b.linkTo(a)).toBeUndefined();
    expect([a.events.at(-1)?.tail, b.events.at(-1)?.tail]).toEqual([LinkEnd.Local, LinkEnd.Closed]);
    expect(a.memory(a.core.call("sessionKey", 0), 64).every((byte) => byte === 0)).toBe(true);
  });
});

describe("table", () => {
  it("turns newcomers away while all eight are heard, and gives them the place of the longest silent", async () => {
    const peers: LinkNode[] = [];
    for (let i = 0; i < 10; i++) peers.push(await LinkNode.boot(`peer ${String(i)}`));
    const join = (peer: LinkNode | undefined, now: number): boolean => {
      if (peer === undefined) return false;
      peer.start(a, now);
      exchange(peer, a, now);
      return a.linkTo(peer) !== undefined;
    };
    for (const [i, peer] of peers.slice(0, 8).entries()) expect(join(peer, 1000 + i * 1000)).toBe(true);
    expect(join(peers[8], 20_000)).toBe(false);
    expect(a.counter(Counter.LinksRefused)).toBe(1);
    // A second request within the minute is not even answered.
    peers[9]?.start(a, 21_000);
    const request = peers[9]?.send(21_000) ?? new Uint8Array();
    expect(a.receive(request, 21_000).status).toBe(Status.TableFull);
    for (const [i, peer] of peers.slice(0, 8).entries()) if (i !== 2 && i !== 5) a.hear(peer, 2, 90_000);
    expect(join(peers[9], 100_000)).toBe(true);
    expect(a.linkTo(peers[2] ?? a)).toBeUndefined();
    expect(a.linkTo(peers[5] ?? a)).toBe(5);
    expect(a.linkTo(peers[9] ?? a)).toBe(2);
    expect(a.events.find((event) => event.kind === Event.LinkDown)).toEqual({
      kind: Event.LinkDown,
      peer: peers[2]?.name,
      port: 0,
      tail: LinkEnd.Evicted,
    });
  });
});
