import { ed25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { blake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AdvisoryVerdict, Counter, Event, Status } from "../../../host/core/abi.gen.ts";
import { GossipNode, gossipModule } from "../../../tests/support/gossip.ts";

let module: WebAssembly.Module;
let node: GossipNode;
beforeAll(() => {
  module = gossipModule();
});
beforeEach(() => {
  node = new GossipNode(module);
});

const NO_LINK = 255;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

interface Key {
  readonly seed: Uint8Array;
  readonly pub: Uint8Array;
}

function key(n: number): Key {
  const seed = blake3(Uint8Array.of(n, n >> 8, 77));
  return { seed, pub: ed25519.getPublicKey(seed) };
}

const address = (k: Key): Uint8Array => blake2b(k.pub, { dkLen: 32 }).slice(0, 16);

interface Advisory {
  readonly old: Key;
  /** undefined: none. */
  readonly next: Key | undefined;
  readonly sequence: number;
  readonly both: boolean;
  readonly bytes: Uint8Array;
}

function advisory(old: Key, next: Key | undefined, sequence: number, both: boolean, timestamp = 5): Advisory {
  const head = Buffer.alloc(81);
  head.set(old.pub, 0);
  if (next !== undefined) head.set(next.pub, 32);
  head.writeBigUInt64LE(BigInt(sequence), 64);
  head[72] = both ? 0 : 1;
  head.writeBigUInt64LE(BigInt(timestamp), 73);
  const signed = Buffer.concat([Buffer.from("mehr/kca/1\0"), head]);
  const signatures = [old, ...(both && next !== undefined ? [next] : [])].map((k) => ed25519.sign(signed, k.seed));
  return { old, next, sequence, both, bytes: Uint8Array.from(Buffer.concat([head, ...signatures])) };
}

function receive(record: Uint8Array, link = 1): number {
  return node.call("advisoryReceive", node.put(record), record.length, link);
}

interface Known {
  readonly both: boolean;
  readonly conflict: boolean;
  readonly next?: string;
  readonly sequence?: number;
}

/** What the node knows about a key. */
function known(k: Key): Known | undefined {
  const table = Buffer.from(node.read(node.address("ADVISORIES"), node.address("ADVISORIES_SIZE")));
  for (let i = 0; i < table.readUInt32LE(0); i++) {
    const entry = table.subarray(8 + 64 * i, 72 + 64 * i);
    if (hex(entry.subarray(0, 16)) !== hex(address(k))) continue;
    const both = entry[56] === 0;
    if (entry.readBigUInt64LE(48) !== 0n) return { both, conflict: true };
    const sequence = Number(entry.readBigUInt64LE(32));
    return { both, conflict: false, next: hex(entry.subarray(16, 32)), sequence };
  }
  return undefined;
}

/** What a set of advisories about one key comes to, in whatever order they were heard. */
function verdict(heard: readonly Advisory[]): Known | undefined {
  const decisive = heard.some((a) => a.both) ? heard.filter((a) => a.both) : heard;
  const [any] = decisive;
  if (any === undefined) return undefined;
  const sequence = Math.max(...decisive.map((a) => a.sequence));
  const cancelling = any.both ? decisive.filter((a) => a.sequence === sequence) : decisive;
  const names = new Set(cancelling.map((a) => (a.next === undefined ? "00".repeat(16) : hex(address(a.next)))));
  if (names.size > 1) return { both: any.both, conflict: true };
  return { both: any.both, conflict: false, next: [...names][0] ?? "", sequence };
}

/** The records kept for passing on. */
function items(): string[] {
  return Array.from({ length: node.call("itemsUsed") }, (_, i) => {
    const at = node.call("itemAt", i);
    const length = node.read(at + 13, 1)[0] ?? 0;
    return hex(node.read(at + 16, length));
  });
}

describe("key compromise advisory", () => {
  it("is taken in with its event, its item and its id", () => {
    const a = advisory(key(1), key(2), 7, true);
    expect(receive(a.bytes)).toBe(Status.Ok);
    expect(node.events).toHaveLength(1);
    expect(node.events[0]?.kind).toBe(Event.Advisory);
    expect(hex(node.events[0]?.bytes ?? new Uint8Array())).toBe(
      hex(key(1).pub) + hex(key(2).pub) + `0${AdvisoryVerdict.Adopted}`,
    );
    expect(items()).toEqual([hex(a.bytes)]);
    const id = blake3(Uint8Array.from([2, ...a.bytes])).slice(0, 8);
    expect(hex(node.read(node.call("advisoryItem", 0), 8))).toBe(hex(id));
    expect(node.call("advisoryItem", 1)).toBe(0);
    expect(receive(a.bytes)).toBe(Status.Duplicate);
    expect(node.counter(Counter.AdvisoriesAccepted)).toBe(1);
    expect(node.counter(Counter.AdvisoriesRefused)).toBe(0);
  });

  const [A, B] = [key(2), key(3)];
  const table: readonly [string, readonly Advisory[], number, Known][] = [];
  const row = (name: string, heard: Advisory[], status: number, result: Known): void => {
    (table as [string, Advisory[], number, Known][]).push([name, heard, status, result]);
  };
  const K = key(1);
  const adopted = (both: boolean, next: Key | undefined, sequence: number): Known => {
    return { both, conflict: false, next: next === undefined ? "00".repeat(16) : hex(address(next)), sequence };
  };
  const conflict = (both: boolean): Known => ({ both, conflict: true });
  const both = (next: Key, sequence: number, at = 5): Advisory => advisory(K, next, sequence, true, at);
  const old = (next: Key | undefined, sequence: number): Advisory => advisory(K, next, sequence, false);
  row("larger sequence", [both(A, 1), both(B, 2)], Status.Ok, adopted(true, B, 2));
  row("smaller sequence", [both(B, 2), both(A, 1)], Status.Stale, adopted(true, B, 2));
  row("equal sequence, other key", [both(A, 2), both(B, 2)], Status.Ok, conflict(true));
  row("equal sequence, same key", [both(A, 2), both(A, 2, 6)], Status.Stale, adopted(true, A, 2));
  row("larger sequence after a conflict", [both(A, 2), both(B, 2), both(A, 3)], Status.Ok, adopted(true, A, 3));
  row("both beats old only of larger sequence", [old(B, 9), both(A, 1)], Status.Ok, adopted(true, A, 1));
  row("old only never beats both", [both(A, 1), old(B, 9)], Status.Stale, adopted(true, A, 1));
  row("old only, same key, larger", [old(A, 1), old(A, 2)], Status.Ok, adopted(false, A, 2));
  row("old only, same key, smaller", [old(A, 2), old(A, 1)], Status.Stale, adopted(false, A, 2));
  row("old only, other key, larger", [old(A, 1), old(B, 2)], Status.Ok, conflict(false));
  row("old only, other key, smaller", [old(B, 2), old(A, 1)], Status.Ok, conflict(false));
  row("old only, a key and none", [old(A, 1), old(undefined, 2)], Status.Ok, conflict(false));
  row("a third old only", [old(A, 1), old(B, 2), old(undefined, 3)], Status.Stale, conflict(false));
  row("old only repeated after a conflict", [old(A, 1), old(B, 2), old(A, 4)], Status.Stale, conflict(false));
  row("both ends a conflict", [old(A, 1), old(B, 2), both(B, 1)], Status.Ok, adopted(true, B, 1));

  it.each(table)("verdict: %s", (_, heard, status, result) => {
    const last = heard.map((a) => receive(a.bytes)).at(-1);
    expect(last).toBe(status);
    expect(known(K)).toEqual(result);
    expect(verdict(heard)).toEqual(result);
    expect(items()).toHaveLength(result.conflict ? 2 : 1);
  });

  it("comes to the same whatever the order of arrival (model)", () => {
    const keys = [K, key(9)];
    const pool = keys.flatMap((k) =>
      [A, B, undefined].flatMap((next) =>
        [1, 2, 3].flatMap((sequence) => [
          advisory(k, next, sequence, false),
          ...(next === undefined ? [] : [advisory(k, next, sequence, true)]),
        ]),
      ),
    );
    // Timestamps are not compared: one more of the strongest kind that differs in nothing else.
    pool.push(advisory(K, A, 3, true, 6));
    fc.assert(
      fc.property(fc.array(fc.nat({ max: pool.length - 1 }), { maxLength: 12 }), (picks) => {
        node = new GossipNode(module);
        const heard: Advisory[] = [];
        for (const pick of picks) {
          const a = pool[pick];
          if (a === undefined) throw new Error("pool");
          const before = node.state();
          const status = receive(a.bytes);
          if (status !== (Status.Ok as number)) expect(node.state()).toBe(before);
          if (heard.includes(a)) expect([Status.Duplicate, Status.Stale]).toContain(status);
          heard.push(a);
          for (const k of keys) expect(known(k)).toEqual(verdict(heard.filter((h) => h.old === k)));
        }
        // What is passed on tells the next node the same.
        const expected = new Map(keys.map((k) => [k, known(k)]));
        const passed = items();
        node = new GossipNode(module);
        for (const record of passed.reverse()) receive(Uint8Array.from(Buffer.from(record, "hex")));
        for (const k of keys) expect(known(k)).toEqual(expected.get(k));
      }),
      { numRuns: 150 },
    );
  });

  it("with any byte changed is refused and changes nothing", () => {
    const records = [advisory(K, A, 3, true), advisory(K, A, 3, false)];
    fc.assert(
      fc.property(fc.constantFrom(...records), fc.nat(), fc.integer({ min: 1, max: 255 }), ({ bytes }, at, flip) => {
        const mutated = bytes.slice();
        const index = at % bytes.length;
        mutated[index] = (mutated[index] ?? 0) ^ flip;
        const before = node.state();
        expect(receive(mutated)).not.toBe(Status.Ok);
        expect(node.state()).toBe(before);
      }),
      { numRuns: 300 },
    );
    expect(receive(new Uint8Array(145))).not.toBe(Status.Ok);
    expect(node.events).toEqual([]);
    expect(node.counter(Counter.AdvisoriesRefused)).toBe(301);
  });

  it("of strangers fills the table once; one of a known node then takes the oldest stranger's place", () => {
    const strangers = Array.from({ length: 9 }, (_, i) => advisory(key(100 + i), undefined, 1, false));
    const status = strangers.map((a) => receive(a.bytes));
    expect(status).toEqual([...new Array<number>(8).fill(Status.Ok), Status.TableFull]);
    const friends = Array.from({ length: 9 }, (_, i) => key(200 + i));
    for (const friend of friends) node.call("stubRoute", node.put(address(friend)));
    friends.forEach((friend, i) => {
      expect(receive(advisory(friend, undefined, 1, false).bytes)).toBe(i < 8 ? Status.Ok : Status.TableFull);
      if (i < 8) expect([known(key(100 + i)), known(friend)]).toEqual([undefined, adopted(false, undefined, 1)]);
    });
    expect(known(key(208))).toBeUndefined();
    // Six items are kept; nobody needed serving, so the newest replaced the oldest.
    expect(items()).toHaveLength(6);
  });

  it("given by the host takes a stranger's place, and one of a link's peer does", () => {
    for (let i = 0; i < 8; i++) receive(advisory(key(100 + i), undefined, 1, false).bytes);
    expect(receive(advisory(K, undefined, 1, false).bytes, NO_LINK)).toBe(Status.Ok);
    node.call("stubLink", 2, 0, node.put(address(key(5))));
    expect(receive(advisory(key(5), undefined, 1, false).bytes)).toBe(Status.Ok);
    expect([known(key(100)), known(key(101))]).toEqual([undefined, undefined]);
  });
});

describe("gossip items", () => {
  const id = (n: number): Uint8Array => Uint8Array.of(n, 1, 2, 3, 4, 5, 6, 7);
  const add = (type: number, n: number, link = 255): number =>
    node.call("itemAdd", type, node.put(Uint8Array.of(n), 2048), 1, node.put(id(n)), link);
  const order = (): number[] =>
    Array.from({ length: node.call("itemsUsed") }, (_, i) => node.read(node.call("itemAt", i), 1)[0] ?? 0);
  const todo = (i: number): number => node.call("storedTodo", node.call("itemAt", i));

  it("go to every link up but the one they came from, of tiers 3 and 4 only to those that ask", () => {
    node.call("itemsLinkUp", 0b1011);
    add(0x02, 1, 1);
    add(0x10, 2, 255);
    add(0x20, 3, 0);
    expect([todo(0), todo(1), todo(2)]).toEqual([0b1001, 0b1011, 0]);
    node.call("itemAsked", node.put(id(3)), 3);
    node.call("itemsLinkUp", 0b100);
    expect([todo(0), todo(1), todo(2)]).toEqual([0b1101, 0b1111, 0b1000]);
    node.call("itemsLinkDown", 0b1001);
    expect([todo(0), todo(1), todo(2)]).toEqual([0b100, 0b110, 0]);
  });

  it("make room in the order of the digest: what is done, then tier 4, then tier 3; tiers 1 and 2 stay", () => {
    node.call("itemsLinkUp", 1);
    [0x02, 0x30, 0x10, 0x20, 0x31, 0x21].forEach((type, i) => {
      expect(add(type, i, 255)).toBe(1);
      node.call("itemAsked", node.put(id(i)), 0);
    });
    expect(add(0x02, 10)).toBe(1);
    expect(order()).toEqual([0, 2, 3, 4, 5, 10]);
    expect(add(0x22, 11)).toBe(1);
    expect(order()).toEqual([0, 2, 3, 5, 10, 11]);
    node.call("itemAsked", node.put(id(11)), 0);
    expect(add(0x32, 12)).toBe(0);
    expect([add(0x02, 13), add(0x02, 14)]).toEqual([1, 1]);
    expect(order()).toEqual([0, 2, 10, 11, 13, 14]);
  });

  it("of tiers 1 and 2 on their way are not dropped: the newcomer is refused and counted", () => {
    node.call("itemsLinkUp", 1);
    for (let i = 0; i < 6; i++) expect(add(i % 2 === 0 ? 0x02 : 0x10, i, 255)).toBe(1);
    expect(add(0x02, 10)).toBe(0);
    expect(node.counter(Counter.GossipDropped)).toBe(1);
    node.call("storedDone", node.call("itemAt", 3), 1);
    expect(add(0x30, 11)).toBe(1);
    expect(order()).toEqual([0, 1, 2, 4, 5, 11]);
    node.call("itemForget", node.put(id(4)));
    expect(order()).toEqual([0, 1, 2, 5, 11]);
  });
});
