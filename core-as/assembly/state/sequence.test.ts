import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Counter, RecordKey, Status } from "../../../host/core/abi.gen.ts";
import { EndpointNode } from "../../../tests/support/endpoint.ts";
import { runs } from "../../../tests/support/runs.ts";

const DESTINATIONS = 4;

function booted(): EndpointNode {
  const node = new EndpointNode("sequence");
  expect(node.call("sequenceLoad")).toBe(Status.Ok);
  return node;
}

function next(node: EndpointNode, index = 0): bigint {
  return node.callBig("sequenceNext", index);
}

/** The record: u64 for each destination. */
function record(...ends: bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * DESTINATIONS);
  ends.forEach((end, i) => new DataView(bytes.buffer).setBigUint64(8 * i, end, true));
  return bytes;
}

function stored(node: EndpointNode): bigint[] {
  const bytes = node.records.get(RecordKey.Sequences) as Uint8Array;
  return Array.from({ length: DESTINATIONS }, (_, i) => Buffer.from(bytes).readBigUInt64LE(8 * i));
}

describe("sequence numbers", () => {
  it("begin at 1, and the record is written before the first of each 256", () => {
    const node = booted();
    for (let i = 1n; i <= 256n; i++) expect(next(node)).toBe(i);
    expect(node.puts).toBe(1);
    expect(stored(node)).toEqual([256n, 0n, 0n, 0n]);
    expect(next(node)).toBe(257n);
    expect(stored(node)).toEqual([512n, 0n, 0n, 0n]);
    expect(next(node, 3)).toBe(1n);
    expect(stored(node)).toEqual([512n, 0n, 0n, 256n]);
  });

  it("go on behind the stored end after a reboot", () => {
    const node = booted();
    next(node);
    next(node, 1);
    node.reboot();
    node.call("sequenceLoad");
    expect(next(node)).toBe(257n);
    expect(next(node, 1)).toBe(257n);
    expect(next(node, 2)).toBe(1n);
  });

  it("are not given when the record cannot be stored, and are given later", () => {
    const node = booted();
    node.failures = [true, true];
    expect([next(node), next(node), next(node)]).toEqual([0n, 0n, 1n]);
    expect(node.counter(Counter.RecordsFailed)).toBe(2);
  });

  it.each([
    [
      "of another size",
      (node: EndpointNode): void => void node.records.set(RecordKey.Sequences, new Uint8Array(24)),
      Status.BadRecord,
    ],
    ["unreadable", (node: EndpointNode): void => void (node.unreadable = true), Status.RecordFailed],
  ])("are not given when the record is %s", (_, break_, status) => {
    const node = new EndpointNode("sequence");
    break_(node);
    expect(node.call("sequenceLoad")).toBe(status);
    for (let i = 0; i < DESTINATIONS; i++) expect(next(node, i)).toBe(0n);
    expect(node.puts).toBe(0);
  });

  it("jump beyond what is about, without a write of their own", () => {
    const node = booted();
    next(node);
    node.call("sequenceAtLeast", 0, 100n);
    expect(next(node)).toBe(101n);
    node.call("sequenceAtLeast", 0, 50n);
    expect(next(node)).toBe(102n);
    expect(node.puts).toBe(1);
    node.call("sequenceAtLeast", 0, 5000n);
    expect(node.puts).toBe(1);
    expect(next(node)).toBe(5001n);
    expect(stored(node)[0]).toBe(5256n);
  });

  it("end before they would begin again", () => {
    const node = booted();
    const top = 2n ** 64n - 1n;
    node.call("sequenceAtLeast", 0, top - 257n);
    expect(next(node)).toBe(top - 256n);
    expect(next(node)).toBe(0n);
    node.call("sequenceAtLeast", 1, top);
    expect(next(node, 1)).toBe(0n);
    expect(stored(node)).toEqual([top - 1n, 0n, 0n, 0n]);
    const old = new EndpointNode("sequence");
    old.records.set(RecordKey.Sequences, record(top));
    old.call("sequenceLoad");
    expect(next(old)).toBe(0n);
  });
});

// Model: the greatest number each destination has ever given. The records live through a reboot, which may come before or
// after a record is put.
interface Model {
  readonly top: bigint[];
}

interface Real {
  readonly node: EndpointNode;
}

class Next implements fc.Command<Model, Real> {
  readonly #index: number;
  readonly #count: number;
  readonly #failures: boolean[];

  constructor(index: number, count: number, failures: boolean[]) {
    this.#index = index;
    this.#count = count;
    this.#failures = failures;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    real.node.failures = [...this.#failures];
    const hash = real.node.stateHash();
    for (let i = 0; i < this.#count; i++) {
      const failing = real.node.failures[0] === true;
      const got = next(real.node, this.#index);
      if (got === 0n) {
        expect(failing).toBe(true);
        if (i === 0) expect(real.node.stateHash()).toBe(hash);
        continue;
      }
      expect(got).toBeGreaterThan(model.top[this.#index] as bigint);
      expect(stored(real.node)[this.#index]).toBeGreaterThanOrEqual(got);
      model.top[this.#index] = got;
    }
    real.node.failures = [];
  }

  toString(): string {
    return `next(${this.#index}) x ${this.#count}, failing ${this.#failures.join()}`;
  }
}

class Seen implements fc.Command<Model, Real> {
  readonly #index: number;
  readonly #ahead: number;

  constructor(index: number, ahead: number) {
    this.#index = index;
    this.#ahead = ahead;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    const seen = (model.top[this.#index] as bigint) + BigInt(this.#ahead);
    if (seen < 0n) return;
    real.node.call("sequenceAtLeast", this.#index, seen);
    const got = next(real.node, this.#index);
    expect(got).toBeGreaterThan(seen);
    expect(got).toBeGreaterThan(model.top[this.#index] as bigint);
    model.top[this.#index] = got;
  }

  toString(): string {
    return `seen(${this.#index}, ${this.#ahead})`;
  }
}

/** Power is cut, perhaps just after the next block was reserved. */
class Reboot implements fc.Command<Model, Real> {
  readonly #reserve: number | undefined;

  constructor(reserve: number | undefined) {
    this.#reserve = reserve;
  }

  check(): boolean {
    return true;
  }

  run(_: Model, real: Real): void {
    if (this.#reserve !== undefined) next(real.node, this.#reserve);
    real.node.reboot();
    expect(real.node.call("sequenceLoad")).toBe(Status.Ok);
  }

  toString(): string {
    return `reboot(${this.#reserve ?? ""})`;
  }
}

it("no number is given twice or goes back, whatever is rebooted and fails", () => {
  const index = fc.nat(DESTINATIONS - 1);
  const commands = [
    fc.tuple(index, fc.nat(600), fc.array(fc.boolean(), { maxLength: 3 })).map((args) => new Next(...args)),
    fc.tuple(index, fc.integer({ min: -300, max: 600 })).map((args) => new Seen(...args)),
    fc.option(index, { nil: undefined }).map((reserve) => new Reboot(reserve)),
  ];
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 30 }), (run) => {
      fc.modelRun(() => ({ model: { top: [0n, 0n, 0n, 0n] }, real: { node: booted() } }), run);
    }),
    { numRuns: runs(30, 400) },
  );
});
