import { beforeEach, describe, expect, it } from "vitest";
import { Counter, RecordKey, Status } from "../../../host/core/abi.gen.ts";
import { EndpointNode, findBytes, Identity } from "../../../tests/support/endpoint.ts";
import { hex, unhex } from "../../../tests/support/internals.ts";
import { EXAMPLES } from "../../../tests/vectors/rfc9381.ts";

const NONE = 255;

let node: EndpointNode;
beforeEach(() => {
  node = new EndpointNode("destinations");
});

function load(): number {
  return node.call("destinationsLoad");
}

function indexOf(id: Uint8Array): number {
  return node.call("destinationIndex", node.put(id));
}

describe("the identity", () => {
  it("is the key and address of digest 1 section 7", () => {
    node.draws.push(unhex(EXAMPLES[0].sk));
    expect(load()).toBe(Status.Ok);
    expect(hex(node.publicKey())).toBe(EXAMPLES[0].pk);
    expect(hex(node.id())).toBe("7849ac3049680be1ef762efe0d36e017");
    expect(indexOf(node.id())).toBe(0);
    expect(node.call("destinationCount")).toBe(1);
  });

  it("is the same after a reboot", () => {
    load();
    const id = hex(node.id());
    node.reboot();
    expect(load()).toBe(Status.Ok);
    expect(hex(node.id())).toBe(id);
    expect(node.drawn.length).toBe(1);
  });

  it.each([
    ["no entropy", (): void => void (node.dry = true), Status.NoEntropy],
    ["a record that cannot be stored", (): void => void node.failures.push(true), Status.RecordFailed],
    ["storage that cannot be read", (): void => void (node.unreadable = true), Status.RecordFailed],
    [
      "a record of another size",
      (): void => void node.records.set(RecordKey.Identity, new Uint8Array(31)),
      Status.BadRecord,
    ],
    [
      "further destinations of another size",
      (): void => void node.records.set(RecordKey.Destinations, new Uint8Array(95)),
      Status.BadRecord,
    ],
  ])("does not come from %s", (_, break_, status) => {
    break_();
    expect(load()).toBe(status);
    expect(node.call("destinationCount")).toBe(0);
    expect(node.call("destinationUsed", 0)).toBe(0);
    const [seed] = [...node.drawn];
    if (seed !== undefined) expect(findBytes(node.memory, seed)).toBe(-1);
  });
});

describe("further destinations", () => {
  it("come until the table is full, are found, and outlive a reboot", () => {
    load();
    expect([1, 2, 3].map(() => node.call("destinationAdd"))).toEqual([1, 2, 3]);
    expect(node.call("destinationAdd")).toBe(-Status.TableFull);
    const ids = [0, 1, 2, 3].map((index) => hex(node.id(index)));
    expect(ids).toEqual(node.drawn.map((seed) => hex(new Identity(seed).id)));
    expect(node.records.get(RecordKey.Destinations)?.length).toBe(96);
    node.reboot();
    expect(load()).toBe(Status.Ok);
    expect([0, 1, 2, 3].map((index) => hex(node.id(index)))).toEqual(ids);
    expect(ids.map((id) => indexOf(unhex(id)))).toEqual([0, 1, 2, 3]);
    expect(indexOf(new Uint8Array(16))).toBe(NONE);
  });

  it("go, the others keep their index, and the place is given again", () => {
    load();
    for (let i = 0; i < 3; i++) node.call("destinationAdd");
    const gone = node.id(2);
    const seed = node.drawn[2] as Uint8Array;
    expect(node.call("destinationRemove", 2)).toBe(Status.Ok);
    expect(indexOf(gone)).toBe(NONE);
    expect(findBytes(node.memory, seed)).toBe(-1);
    expect(findBytes(node.records.get(RecordKey.Destinations) as Uint8Array, seed)).toBe(-1);
    const last = hex(node.id(3));
    node.reboot();
    load();
    expect(node.call("destinationCount")).toBe(3);
    expect(node.call("destinationUsed", 2)).toBe(0);
    expect(hex(node.id(3))).toBe(last);
    expect(node.call("destinationAdd")).toBe(2);
    expect(hex(node.id(2))).not.toBe(hex(gone));
  });

  it.each([0, 2, 3, 4, 31, 32, 255])("number %i cannot be removed when only 1 is there", (index) => {
    load();
    node.call("destinationAdd");
    expect(node.call("destinationRemove", index)).toBe(Status.Unknown);
    expect(node.call("destinationCount")).toBe(2);
  });

  it("change nothing when the record cannot be stored", () => {
    load();
    node.call("destinationAdd");
    const [before, id] = [node.stateHash(), hex(node.id(1))];
    const stored = hex(node.records.get(RecordKey.Destinations) as Uint8Array);
    node.failures = [true];
    expect(node.call("destinationAdd")).toBe(-Status.RecordFailed);
    expect(findBytes(node.memory, node.drawn[2] as Uint8Array)).toBe(-1);
    node.failures = [true];
    expect(node.call("destinationRemove", 1)).toBe(Status.RecordFailed);
    node.dry = true;
    expect(node.call("destinationAdd")).toBe(-Status.NoEntropy);
    expect(node.stateHash()).toBe(before);
    expect(node.counter(Counter.RecordsFailed)).toBe(2);
    expect(hex(node.records.get(RecordKey.Destinations) as Uint8Array)).toBe(stored);
    // Removed in memory and put back: the key still signs for the same address after the next store.
    node.dry = false;
    node.call("destinationAdd");
    node.reboot();
    load();
    expect(hex(node.id(1))).toBe(id);
  });
});

it("the state hash tells keys apart and does not hold a seed", () => {
  load();
  const one = node.stateHash();
  node.call("destinationAdd");
  expect(node.stateHash()).not.toBe(one);
  const seeds = node.drawn;
  // With another seed in memory and the same public keys the hash is the same.
  const two = node.stateHash();
  for (const seed of seeds) {
    const at = findBytes(node.memory, seed);
    expect(at).toBeGreaterThan(0);
    node.memory.fill(0x5a, at, at + 32);
  }
  expect(node.stateHash()).toBe(two);
});
