/** The two ways to multiply: comb25519.ts (constant time, base point) and straus25519.ts (verification). */
import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals } from "../../../tests/support/internals.ts";

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const [POINT, ENTRY, TABLE_P, TABLE_Q, DIGITS_A, DIGITS_B, COMB, BYTES, SCALAR] = [
  0, 160, 320, 960, 1600, 1860, 2120, 2160, 2200,
] as const;

let core: Internals;
beforeAll(async () => {
  core = await internals();
});
const at = (offset: number): number => core.arena + offset;
const little = (value: bigint, size = 32): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
function encoded(): string {
  core.call("pointEncode", at(BYTES), at(POINT));
  return hex(core.bytes.subarray(BYTES, BYTES + 32));
}
function comb(scalar: bigint): void {
  core.bytes.set(little(scalar), SCALAR);
  core.call("scalarComb", at(COMB), at(SCALAR));
}
const scalar = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, L - 1n, L, L + 1n, 2n ** 252n, 2n ** 255n - 1n, 2n ** 254n + 8n),
  fc.bigInt({ min: 0n, max: 2n ** 255n - 1n }),
);

describe("the comb", () => {
  it("multiplies the base point by any scalar below 2^255", () => {
    fc.assert(
      fc.property(scalar, (s) => {
        comb(s);
        core.call("combMultiply", at(POINT), at(COMB), at(ENTRY));
        expect(encoded()).toBe(Point.BASE.multiplyUnsafe(s % L).toHex());
      }),
      { numRuns: 150 },
    );
  });

  it("holds the multiples it says: every entry of both tables, by one digit string each", () => {
    // Position j alone is 2^j times the sum over the eight teeth; with j = 0 every table index occurs for the right
    // digits.
    for (let digits = 0; digits < 256; digits += 1) {
      let sum = 0n;
      const bytes = new Uint8Array(32);
      for (let tooth = 0; tooth < 8; tooth++) {
        const bit = (digits >> tooth) & 1;
        bytes[4 * tooth] = bit;
        sum += (bit === 1 ? 1n : -1n) << BigInt(32 * tooth);
      }
      core.bytes.set(bytes, COMB);
      core.bytes.set(Point.ZERO.toBytes(), BYTES);
      core.call("pointDecode", at(POINT), at(BYTES));
      core.call("combAddPublic", at(POINT), at(COMB), 0);
      expect(encoded()).toBe(Point.BASE.multiplyUnsafe(((sum % L) + L) % L).toHex());
    }
  });
});

describe("the non-adjacent form", () => {
  it("has odd digits from -7 to 7, at least three zeros between them, and the right sum", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 16, 32),
        fc.oneof(
          fc.constantFrom(0n, 1n, 2n ** 256n - 1n, 0xaaaan, 0x7777n, 0x8888n),
          fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
        ),
        (size, any) => {
          const value = any & ((1n << BigInt(8 * size)) - 1n);
          core.bytes.set(little(value, size), SCALAR);
          // Bytes behind the scalar must not matter.
          core.bytes.fill(0xff, SCALAR + size, SCALAR + size + 8);
          core.call("nonAdjacentForm", at(DIGITS_A), at(SCALAR), size);
          const digits = [...new Int8Array(core.bytes.slice(DIGITS_A, DIGITS_A + 8 * size + 1).buffer)];
          expect(digits.reduceRight((sum, digit) => 2n * sum + BigInt(digit), 0n)).toBe(value);
          let last = -4;
          digits.forEach((digit, i) => {
            if (digit === 0) return;
            expect(Math.abs(digit) % 2).toBe(1);
            expect(Math.abs(digit)).toBeLessThan(8);
            expect(i - last).toBeGreaterThanOrEqual(4);
            last = i;
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("Straus' method", () => {
  const half = fc.oneof(
    fc.constantFrom(0n, 1n, 2n ** 127n - 1n, 2n ** 128n - 1n),
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  );

  it("is a P (or -a P) - b Q + s B", () => {
    fc.assert(
      fc.property(half, half, scalar, fc.boolean(), fc.bigInt({ min: 1n, max: L - 1n }), (a, b, s, subtract, k) => {
        const [p, q] = [Point.BASE.multiply(k), Point.BASE.multiply((k * k) % L)];
        for (const [table, of] of [
          [TABLE_P, p],
          [TABLE_Q, q],
        ] as const) {
          core.bytes.set(of.toBytes(), BYTES);
          core.call("pointDecode", at(POINT), at(BYTES));
          core.call("pointOddMultiples", at(table), at(POINT), 4);
        }
        for (const [digits, of] of [
          [DIGITS_A, a],
          [DIGITS_B, b],
        ] as const) {
          core.bytes.set(little(of, 16), SCALAR);
          core.call("nonAdjacentForm", at(digits), at(SCALAR), 16);
        }
        comb(s);
        const run = (combs: number): string => {
          core.call(
            "straus",
            at(POINT),
            129,
            at(DIGITS_A),
            at(TABLE_P),
            subtract ? 1 : 0,
            at(DIGITS_B),
            at(TABLE_Q),
            combs,
          );
          return encoded();
        };
        const sum = (subtract ? p.multiplyUnsafe(a).negate() : p.multiplyUnsafe(a)).subtract(q.multiplyUnsafe(b));
        expect(run(at(COMB))).toBe(sum.add(Point.BASE.multiplyUnsafe(s % L)).toHex());
        expect(run(0)).toBe(sum.toHex());
      }),
      { numRuns: 60 },
    );
  });
});
