import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Counter, RecordKey, Status } from "../../../host/core/abi.gen.ts";
import { GossipNode, gossipModule } from "../../../tests/support/gossip.ts";

let module: WebAssembly.Module;
let node: GossipNode;
beforeAll(() => {
  module = gossipModule();
});
beforeEach(() => {
  node = new GossipNode(module);
});

const id = (n: number): Uint8Array => new Uint8Array(16).fill(n + 1);
const add = (n: number): number => node.call("peerAdd", node.put(id(n)));
const remove = (n: number): number => node.call("peerRemove", node.put(id(n)));
const trusted = (n: number): boolean => node.call("peerTrusted", node.put(id(n))) !== 0;

/** The peers in their order, as the report gives them. */
function list(): number[] {
  const bytes = node.read(node.output, node.call("peersReport", node.output));
  return Array.from({ length: bytes.length / 16 }, (_, i) => {
    const entry = bytes.subarray(16 * i, 16 * i + 16);
    expect(new Set(entry).size).toBe(1);
    return (entry[0] ?? 0) - 1;
  });
}

/** A new instance with the same records. */
function reboot(): number {
  node = new GossipNode(module, {}, node.records);
  return node.call("peersLoad");
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("trusted peers", () => {
  it("are 32, the 33rd is refused, and a reboot keeps them", () => {
    expect(upTo(33).map(add)).toEqual([...new Array<number>(32).fill(Status.Ok), Status.TableFull]);
    expect(add(5)).toBe(Status.Ok);
    expect(reboot()).toBe(Status.Ok);
    expect(list()).toEqual(upTo(32));
    expect([trusted(31), trusted(32)]).toEqual([true, false]);
    expect([...node.records].map(([key, bytes]) => [key, bytes.length])).toEqual([
      [RecordKey.Trusted, 256],
      [RecordKey.TrustedMore, 256],
    ]);
  });

  it("are what a list would hold after any adding, removing and rebooting", () => {
    const step = fc.tuple(fc.constantFrom("add", "add", "remove", "reboot"), fc.nat({ max: 39 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        node = new GossipNode(module);
        let model: number[] = [];
        for (const [what, n] of steps) {
          if (what === "reboot") expect(reboot()).toBe(Status.Ok);
          else if (what === "remove") {
            expect(remove(n)).toBe(model.includes(n) ? Status.Ok : Status.Unknown);
            model = model.filter((m) => m !== n);
          } else {
            const full = !model.includes(n) && model.length === 32;
            expect(add(n)).toBe(full ? Status.TableFull : Status.Ok);
            if (!full && !model.includes(n)) model.push(n);
          }
          expect(list()).toEqual(model);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("lose nobody but the one removed when the power is cut between the two records", () => {
    for (let index = 0; index < 32; index++) {
      node = new GossipNode(module);
      upTo(32).forEach(add);
      for (const left of [0, 1]) {
        node.recordsLeft = left;
        // From the second record on, one operation is the whole change.
        const done = index >= 16 && left === 1;
        expect(remove(index)).toBe(done ? Status.Ok : Status.RecordFailed);
        const gone = left === 1;
        const expected = upTo(32).filter((n) => !gone || n !== index);
        expect(list()).toEqual(expected);
        expect(reboot()).toBe(Status.Ok);
        expect(list()).toEqual(expected);
      }
    }
  });

  it("that cannot be stored are not trusted", () => {
    add(1);
    node.recordsLeft = 0;
    expect(add(2)).toBe(Status.RecordFailed);
    expect(list()).toEqual([1]);
    expect(node.counter(Counter.RecordsFailed)).toBe(1);
  });

  it("are read as far as their records are sound", () => {
    const records = new Map([
      [RecordKey.Trusted as number, new Uint8Array(17)],
      [RecordKey.TrustedMore as number, id(7)],
    ]);
    node = new GossipNode(module, {}, records);
    expect(node.call("peersLoad")).toBe(Status.BadRecord);
    expect(list()).toEqual([7]);
    records.set(RecordKey.TrustedMore, new Uint8Array(272));
    expect(reboot()).toBe(Status.BadRecord);
    expect(list()).toEqual([]);
  });
});

describe("relay policy", () => {
  it("is free for a trusted previous hop, unfunded and at the full price for others", () => {
    add(1);
    const terms = (n: number): number[] => [
      node.call("policyClass", node.put(id(n))),
      node.call("policyPrice", node.put(id(n)), 11),
    ];
    expect([terms(1), terms(2)]).toEqual([
      [1, 0],
      [0, 11],
    ]);
    remove(1);
    expect(terms(1)).toEqual([0, 11]);
  });
});

describe("reputation", () => {
  const note = (n: number, success: boolean, now = 1, kind = 0): number =>
    node.call("reputationNote", node.put(id(n)), kind, success ? 1 : 0, BigInt(now));
  const score = (n: number, kind = 0): number => node.call("reputationScore", node.put(id(n)), kind);

  it("climbs as digest 1 section 7 says: 5 to 490, 69 to 4980, 9901 from the 516th on", () => {
    expect(score(1)).toBe(0);
    for (let i = 1; i <= 600; i++) {
      note(1, true);
      if (i === 5) expect(score(1)).toBe(490);
      if (i === 69) expect(score(1)).toBe(4980);
      expect(score(1) === 9901).toBe(i >= 516);
    }
    note(1, false);
    expect(score(1)).toBe(8911);
    expect([score(1, 1), score(1, 2), score(2)]).toEqual([0, 0, 0]);
  });

  it("agrees with exact arithmetic for any history", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), fc.nat({ max: 2 }), (history, kind) => {
        node.call("reputationReset");
        let expected = 0;
        for (const success of history) {
          note(3, success, 9, kind);
          expected += success ? Math.floor((10_000 - expected) / 100) : -Math.floor(expected / 10);
          expect(score(3, kind)).toBe(expected);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("is reported as records of 46 bytes", () => {
    note(4, true, 0x0102, 1);
    note(4, false, 0x0304, 2);
    expect(node.call("reputationReport", node.output, 1023, 0)).toBe(46);
    expect(Buffer.from(node.read(node.output, 46)).toString("hex")).toBe(
      "05".repeat(16) + "0000" + "6400" + "0000" + "02000000" + "01000000" + "00".repeat(8) + "0403000000000000",
    );
  });

  it("gives the place of the peer not heard of for longest to the 33rd", () => {
    upTo(32).forEach((n) => note(n, true, 100 + n));
    note(0, true, 200);
    note(40, true, 201);
    expect([score(0) > 0, score(1), score(40)]).toEqual([true, 0, 100]);
    expect(node.counter(Counter.ReputationEvicted)).toBe(1);
    // In pieces, as replies have room for: 22 entries, 10, none.
    const piece = (from: number): number => node.call("reputationReport", node.output, 1023, from);
    expect([piece(0), piece(22), piece(32), piece(65_535)]).toEqual([22 * 46, 10 * 46, 0, 0]);
    piece(31);
    expect(node.read(node.output, 1)[0]).toBe(32);
  });
});
