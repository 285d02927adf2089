import { beforeEach, describe, expect, it } from "vitest";
import { Counter, Event, LinkEnd, Status } from "../../../host/core/abi.gen.ts";
import { exchange, LinkNode, packetFor, RADIO, WIRE } from "../../../tests/support/link-node.ts";

const HOUR = 3_600_000;
/** Offset of link_id in an entry of the table. */
const LINK_ID = 16;

let a: LinkNode;
let b: LinkNode;
/** Time the clock of both shows. */
let now: number;

beforeEach(async () => {
  [a, b] = [await LinkNode.boot("a"), await LinkNode.boot("b")];
  now = 1000;
});

function link(port = RADIO): void {
  a.start(b, now, port);
  exchange(a, b, now, port);
}

function sealed(from: LinkNode, to: LinkNode): Uint8Array {
  const frame = from.seal(0, packetFor(to, Uint8Array.of(1)), now);
  if (frame === undefined) throw new Error("not sealed");
  return frame;
}

/** Lets time pass in steps of a second, everything delivered that `lost` does not take. */
function pass(ms: number, lost: (frame: Uint8Array, to: LinkNode) => boolean = () => false): void {
  for (const end = now + ms; now < end;) {
    now += 1000;
    for (const [node, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      node.advance(now);
      if (now % 30_000 === 0) node.hear(peer, 0, now);
      for (const frame of node.sendAll(now)) if (!lost(frame, peer)) peer.receive(frame, now);
    }
  }
}

/** How long a key lasts: an hour less 14 ms for each step of the first two bytes of link_id. */
function period(): number {
  const table = a.block("LINK_TABLE");
  return HOUR - 14 * new DataView(table.buffer, table.byteOffset).getUint16(LINK_ID, true);
}

const same = (): void => {
  expect(a.key(0)).toBe(b.key(0));
};

describe("rekey", () => {
  it("gives both ends a new key of the other phase after an hour or up to a quarter less", () => {
    link();
    const first = a.key(0);
    // Links of one age do not all ask at once.
    expect(period()).toBeGreaterThan(HOUR - 920_000);
    expect(period()).toBeLessThan(HOUR);
    pass(period() - 2000);
    expect(a.key(0)).toBe(first);
    pass(5000);
    same();
    expect(a.key(0)).not.toBe(first);
    expect(a.key(0).startsWith("1:")).toBe(true);
    expect([a.counter(Counter.Rekeys), b.counter(Counter.Rekeys)]).toEqual([1, 1]);
    expect(b.receive(sealed(a, b), now).status).toBe(Status.Ok);
    expect(a.receive(sealed(b, a), now).status).toBe(Status.Ok);
    pass(3 * period() + 60_000);
    same();
    expect(a.key(0).startsWith("0:")).toBe(true);
    expect(a.counter(Counter.Rekeys)).toBe(4);
  });

  it("comes after a million bytes as well, counted both ways", () => {
    link(WIRE);
    // Three frames of the handshake are under the first key.
    const frames = Math.ceil(1_000_000 / 488);
    for (let i = 0; i < frames; i++) {
      a.seal(0, packetFor(b, new Uint8Array(445)), now);
      if (i === frames - 2) {
        a.advance(now);
        expect(a.send(now, WIRE)).toBeUndefined();
      }
    }
    a.advance(now);
    exchange(a, b, now, WIRE);
    a.advance(now);
    exchange(a, b, now, WIRE);
    same();
    expect(a.counter(Counter.Rekeys)).toBe(1);
  });

  it("opens the old key for 60 s more, and not after", () => {
    link();
    pass(period() - 1000);
    const early = sealed(b, a);
    const late = sealed(b, a);
    pass(3000);
    same();
    expect(a.counter(Counter.Rekeys)).toBe(1);
    pass(50_000);
    expect(a.receive(early, now).status).toBe(Status.Ok);
    pass(12_000);
    expect(a.receive(late, now).status).toBe(Status.NoLink);
    expect(a.receive(sealed(b, a), now).status).toBe(Status.Ok);
  });

  it("survives the loss of any of its messages three times, and data flows all the while", () => {
    // 0 Rekey, 1 RekeyAck, 2 the ping under the new key, 3 its pong.
    for (let target = 0; target < 4; target++) {
      a.core.call("linksReset");
      b.core.call("linksReset");
      link();
      let lost = 0;
      let step = 0;
      pass(period() - 2000);
      pass(60_000, (frame, to) => {
        const phase = frame[0] === 0x20 ? 1 : 0;
        const kind = phase === 0 ? (to === b ? 0 : 1) : to === b ? 2 : 3;
        if (kind !== target || step > 2) return false;
        step++;
        lost++;
        return true;
      });
      expect(lost).toBeGreaterThan(0);
      pass(30_000);
      expect(b.receive(sealed(a, b), now).status).toBe(Status.Ok);
      expect(a.receive(sealed(b, a), now).status).toBe(Status.Ok);
      same();
      now += HOUR;
    }
  });

  it("started by both at once is the lower node_id's", () => {
    link();
    const key = a.key(0);
    // Both run up a million bytes before either hears of the other's wish.
    for (const node of [a, b]) {
      const table = node.block("LINK_TABLE");
      new DataView(table.buffer, table.byteOffset).setUint32(76, 2_000_000, true);
      node.advance(now);
    }
    const [fromA, fromB] = [a.sendAll(now), b.sendAll(now)];
    expect([fromA.length, fromB.length]).toEqual([1, 1]);
    const statuses = [
      b.receive(fromA[0] ?? new Uint8Array(), now).status,
      a.receive(fromB[0] ?? new Uint8Array(), now).status,
    ];
    const aIsLower = Buffer.compare(a.id, b.id) < 0;
    expect(statuses).toEqual(aIsLower ? [Status.Ok, Status.HandshakeBusy] : [Status.HandshakeBusy, Status.Ok]);
    pass(30_000);
    same();
    expect(a.key(0)).not.toBe(key);
    expect([a.counter(Counter.Rekeys), b.counter(Counter.Rekeys)]).toEqual([1, 1]);
  });

  it("that never comes through ends the link", () => {
    link();
    pass(period() - 2000);
    // No pings, which would find out that frames are lost before the rekey does.
    for (const node of [a, b]) {
      const table = node.block("LINK_TABLE");
      new DataView(table.buffer, table.byteOffset).setBigUint64(64, 2n ** 50n, true);
    }
    // 24 requests, each 5 s after the last and 5 s more, up to 30 s: a weak link may need as many.
    const times: number[] = [];
    pass(630_000, (_, to) => {
      if (to === b) times.push(now);
      return to === b;
    });
    const gaps = times.map((time, i) => time - (times[i - 1] ?? time)).slice(1);
    expect(gaps).toEqual(Array.from({ length: 23 }, (_, i) => 5000 * Math.min(i + 1, 6)));
    expect(a.linkTo(b)).toBe(0);
    pass(60_000, (_, to) => to === b);
    expect(a.events.find((event) => event.kind === Event.LinkDown)?.tail).toBe(LinkEnd.Exhausted);
  });

  it("is refused out of turn: an ack nobody waits for, a phase in use, one more while the old key is kept", () => {
    link();
    const control = (from: LinkNode, to: LinkNode, sub: number, phase: number, fill: number): Status => {
      const packet = new Uint8Array(53).fill(fill, 21);
      packet.set([0, 0, ...to.id, 0xf1, sub, phase]);
      return to.receive(from.seal(0, packet, now) ?? packet, now).status;
    };
    expect(control(a, b, 3, 1, 9)).toBe(Status.NoHandshake);
    expect(control(a, b, 2, 0, 9)).toBe(Status.Stale);
    expect(control(a, b, 2, 2, 9)).toBe(Status.BadField);
    expect(control(a, b, 2, 1, 0)).toBe(Status.SmallOrder);
    expect(b.send(now)).toBeUndefined();
    pass(period() + 2000);
    same();
    expect(control(a, b, 2, 0, 9)).toBe(Status.HandshakeBusy);
    pass(70_000);
    expect(control(a, b, 2, 0, 9)).toBe(Status.Ok);
  });

  it("without random bytes waits", () => {
    link();
    pass(period() - 2000);
    a.drained = true;
    pass(30_000);
    expect(a.linkTo(b)).toBe(0);
    expect(a.deadline()).toBeGreaterThan(now);
    a.drained = false;
    pass(20_000);
    same();
    expect(a.counter(Counter.Rekeys)).toBe(1);
  });
});
