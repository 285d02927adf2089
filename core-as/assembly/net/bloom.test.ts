import { blake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { GossipNode, gossipModule } from "../../../tests/support/gossip.ts";

let node: GossipNode;
beforeAll(() => {
  node = new GossipNode(gossipModule());
});

const id = (n: number): Uint8Array => blake3(Uint8Array.of(n & 255, (n >> 8) & 255, (n >> 16) & 255, 9)).slice(0, 8);

/** The bits of an item, as H16 says them, with another BLAKE3. */
function bitsOf(item: Uint8Array, round: number, nbits: number): number[] {
  const salt = Buffer.alloc(4);
  salt.writeUInt32LE(round);
  const digest = Buffer.from(blake3(Uint8Array.from([...salt, ...item])));
  return [0, 4, 8].map((at) => digest.readUInt32LE(at) % nbits);
}

/** The core's filter of these items: the bytes of one segment. */
function filter(items: Uint8Array[], round: number, nbits: number, first = 0, size = Math.ceil(nbits / 8)): Uint8Array {
  const at = node.output;
  node.put(new Uint8Array(size), 8192);
  for (const item of items) node.call("bloomMark", at, at, node.put(item), round, nbits, first, size);
  return node.read(at, size);
}

/** True if the core finds the item missing in a filter. */
function missing(bits: Uint8Array, item: Uint8Array, round: number, nbits: number): boolean {
  const theirs = node.put(bits, 4096);
  return node.call("bloomMark", node.output, theirs, node.put(item), round, nbits, 0, bits.length) !== 0;
}

describe("bloom filter", () => {
  it("has 12.4 bits for each item, rounded up, at least a byte and at most the limit", () => {
    for (const [items, bits] of [
      [0, 8],
      [1, 13],
      [5, 62],
      [10, 124],
      [100, 1240],
      [128, 1588],
      [129, 1592],
      [200, 1592],
    ] as const) {
      expect(node.call("bloomBits", items, 1592)).toBe(bits);
    }
  });

  it("sets exactly the bits another implementation sets, in whole filters and in segments", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { maxLength: 40 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 1, max: 8000 }),
        (items, round, nbits) => {
          const expected = new Uint8Array(1024);
          for (const bit of items.flatMap((item) => bitsOf(item, round, nbits))) {
            expected[bit >> 3] = (expected[bit >> 3] ?? 0) | (1 << (bit & 7));
          }
          for (let first = 0; first < nbits; first += 2048) {
            const size = Math.ceil(Math.min(2048, nbits - first) / 8);
            const got = filter(items, round, nbits, first, size);
            expect(Buffer.from(got)).toEqual(Buffer.from(expected.subarray(first / 8, first / 8 + size)));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never finds an item missing that is in it", () => {
    const items = Array.from({ length: 128 }, (_, i) => id(i));
    for (let round = 0; round < 20; round++) {
      const bits = filter(items, round, 1588);
      expect(items.filter((item) => missing(bits, item, round, 1588))).toEqual([]);
    }
  });

  it("takes 1 % of strangers for known, and 3 % when all 192 routes share its 1592 bits", () => {
    const rate = (items: number, nbits: number): number => {
      let wrong = 0;
      for (let round = 0; round < 10; round++) {
        const bits = filter(
          Array.from({ length: items }, (_, i) => id(i)),
          round,
          nbits,
        );
        for (let i = 0; i < 2000; i++) if (!missing(bits, id(10_000 + i), round, nbits)) wrong++;
      }
      return wrong / 20_000;
    };
    const one = rate(128, 1588);
    const three = rate(192, 1592);
    console.log(
      `bloom false positives: ${(one * 100).toFixed(2)} % of 20000 at 12.4 bits, ${(three * 100).toFixed(2)} % at 8.3`,
    );
    expect(one).toBeGreaterThan(0.007);
    expect(one).toBeLessThan(0.013);
    expect(three).toBeLessThan(0.04);
  });

  it("finds in a later round what one round took for known", () => {
    const items = Array.from({ length: 128 }, (_, i) => id(i));
    let suspects = Array.from({ length: 5000 }, (_, i) => id(20_000 + i));
    const left: number[] = [];
    for (let round = 1; suspects.length > 0; round++) {
      const bits = filter(items, round, 1588);
      suspects = suspects.filter((item) => !missing(bits, item, round, 1588));
      left.push(suspects.length);
      expect(round).toBeLessThan(8);
    }
    console.log(`bloom strangers still taken for known after each round: ${left.join(", ")} of 5000`);
  });
});
