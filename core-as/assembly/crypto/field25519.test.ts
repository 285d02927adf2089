import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Internals, internals } from "../../../tests/support/internals.ts";

const P = 2n ** 255n - 19n;
/** Exponents and widths of the nine limbs, as the head of field25519.ts gives them. */
const EXPONENTS = [0n, 29n, 57n, 86n, 114n, 143n, 171n, 200n, 228n] as const;
const WIDTHS = [29n, 28n, 29n, 28n, 29n, 28n, 29n, 28n, 27n] as const;
const [A, B, OUT, BYTES] = [0, 40, 80, 120] as const;

let core: Internals;
let limbs: DataView;
beforeAll(async () => {
  core = await internals();
  limbs = new DataView(core.bytes.buffer, core.bytes.byteOffset, core.bytes.length);
});

const mod = (value: bigint): bigint => ((value % P) + P) % P;
const power = (base: bigint, exponent: bigint): bigint => {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) if (e & 1n) result = (result * b) % P;
  return result;
};

function put(at: number, values: readonly number[]): void {
  values.forEach((value, i) => limbs.setInt32(at + 4 * i, value, true));
}
const raw = (at: number): number[] => EXPONENTS.map((_, i) => limbs.getInt32(at + 4 * i, true));
const value = (of: readonly number[]): bigint =>
  of.reduce((sum, limb, i) => sum + BigInt(limb) * (1n << (EXPONENTS[i] ?? 0n)), 0n);
const call = (name: string, ...at: number[]): number => core.call(name, ...at.map((offset) => core.arena + offset));

/** What field25519.ts calls tight: every limb in [0, 1), limb 1 up to 2^-16 beyond either end. */
function expectTight(of: readonly number[]): void {
  of.forEach((limb, i) => {
    const one = 2 ** Number(WIDTHS[i]);
    const excess = i === 1 ? 2 ** 12 : 0;
    expect(limb).toBeGreaterThanOrEqual(-excess);
    expect(limb).toBeLessThan(one + excess);
  });
}

/** An element with every limb within [-bound, bound] units, the ends drawn often. */
const element = (low: number, high: number): fc.Arbitrary<number[]> =>
  fc.tuple(
    ...WIDTHS.map((width) => {
      const one = 2 ** Number(width);
      const [min, max] = [Math.ceil(low * one), Math.floor(high * one) - (high > 0 ? 1 : 0)];
      return fc.oneof(fc.constantFrom(min, max, 0, Math.min(1, max), Math.max(-1, min)), fc.integer({ min, max }));
    }),
  );

const bytesOf = (of: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((of >> BigInt(8 * i)) & 0xffn));
const EDGES = [0n, 1n, 2n, 18n, 19n, P - 1n, P, P + 1n, P + 18n, 2n ** 255n - 1n, 2n ** 254n, 2n ** 128n - 1n] as const;
const anyValue = fc.oneof(fc.constantFrom(...EDGES), fc.bigInt({ min: 0n, max: 2n ** 255n - 1n }));

describe("multiplication", () => {
  it.each([
    ["tight by tight", 0, 1, 0, 1],
    ["sum by sum", 0, 2, 0, 2],
    ["sum by difference", 0, 2, -1, 1],
    ["difference by difference", -1, 1, -1, 1],
    ["one by 5.5, the limit", -1, 1, -5.5, 5.5],
    ["2.3 by 2.3, the limit", -2.3, 2.3, -2.3, 2.3],
  ] as const)("%s is right and tight", (_, lowA, highA, lowB, highB) => {
    fc.assert(
      fc.property(element(lowA, highA), element(lowB, highB), (a, b) => {
        // Limbs are i32: 5.5 units of an even limb would not fit.
        const fit = b.map((limb) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, limb)));
        put(A, a);
        put(B, fit);
        call("feMul", OUT, A, B);
        expect(mod(value(raw(OUT)))).toBe(mod(value(a) * value(fit)));
        expectTight(raw(OUT));
        call("feMul", B, A, B);
        expect(raw(B)).toEqual(raw(OUT));
      }),
      { numRuns: 400 },
    );
  });

  it("holds at the very corners of its bounds", () => {
    const filled = (units: number): number[] =>
      WIDTHS.map((width) => Math.trunc(units * 2 ** Number(width)) - Math.sign(units));
    for (const [x, y] of [
      [2, 2],
      [-2, 2],
      [2, -2],
      [-2, -2],
      [1, 3.9],
      [-1, 3.9],
      [1, -3.9],
      [3, 1.8],
      [-3, -1.8],
    ] as const) {
      put(A, filled(x));
      put(B, filled(y));
      call("feMul", OUT, A, B);
      expect(mod(value(raw(OUT)))).toBe(mod(value(filled(x)) * value(filled(y))));
    }
  });

  it.each([
    ["tight", 0, 1],
    ["sum", 0, 2],
    ["difference", -2, 2],
  ] as const)("a %s squared is what it is times itself", (_, low, high) => {
    fc.assert(
      fc.property(element(low, high), (a) => {
        // Doubled limbs are i32 too, so 2 units are two limbs of at most 2^29 - 1 each.
        const fit = a.map((limb) => Math.max(-(2 ** 30 - 2), Math.min(2 ** 30 - 2, limb)));
        put(A, fit);
        call("feSq", OUT, A);
        expect(mod(value(raw(OUT)))).toBe(mod(value(fit) ** 2n));
        expectTight(raw(OUT));
      }),
      { numRuns: 400 },
    );
  });
});

describe("the rest of the field", () => {
  it("adds and subtracts limb by limb", () => {
    fc.assert(
      fc.property(element(-1, 2), element(-1, 1), (a, b) => {
        put(A, a);
        put(B, b);
        call("feAdd", OUT, A, B);
        expect(value(raw(OUT))).toBe(value(a) + value(b));
        call("feSub", OUT, A, B);
        expect(value(raw(OUT))).toBe(value(a) - value(b));
      }),
    );
  });

  it("reads 32 bytes, all but the last bit", () => {
    fc.assert(
      fc.property(anyValue, fc.boolean(), (v, high) => {
        core.bytes.set(bytesOf(high ? v + 2n ** 255n : v), BYTES);
        call("feFromBytes", OUT, BYTES);
        expect(value(raw(OUT))).toBe(v);
      }),
    );
  });

  it("writes the canonical encoding of any loose element, and tells zero and sign by it", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          element(-3, 3),
          anyValue.map((v) => EXPONENTS.map((e, i) => Number((v >> e) & ((1n << (WIDTHS[i] ?? 0n)) - 1n)))),
        ),
        (a) => {
          const expected = mod(value(a));
          put(A, a);
          call("feToBytes", BYTES, A);
          expect(core.bytes.subarray(BYTES, BYTES + 32)).toEqual(bytesOf(expected));
          expect(value(raw(A))).toBe(expected);
          put(A, a);
          expect(call("feIsZero", A)).toBe(expected === 0n ? 1 : 0);
          put(A, a);
          expect(call("feIsNegative", A)).toBe(Number(expected & 1n));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("needs every pass of the reduction, and looks at every limb for zero", () => {
    // After two passes the first is still 2^255 too high or low; without the third the second would read as zero.
    for (const of of [
      [5, 0, 0, 0, 0, 0, 0, 0, -(2 ** 27)],
      [0, 0, 0, 0, 0, 0, 0, 0, -(2 ** 27)],
      [-1, 0, 0, 0, 0, 0, 0, 0, 0],
    ]) {
      put(A, of);
      call("feToBytes", BYTES, A);
      expect(core.bytes.subarray(BYTES, BYTES + 32)).toEqual(bytesOf(mod(value(of))));
    }
    for (let bit = 0n; bit < 255n; bit++) {
      core.bytes.set(bytesOf(1n << bit), BYTES);
      call("feFromBytes", A, BYTES);
      expect(call("feIsZero", A)).toBe(0);
    }
  });

  it("inverts, zero to zero, and raises to (p - 5) / 8", () => {
    fc.assert(
      fc.property(fc.oneof(element(-2, 2), fc.constant([0, 0, 0, 0, 0, 0, 0, 0, 0])), (a) => {
        const fit = a.map((limb) => Math.max(-(2 ** 30 - 2), Math.min(2 ** 30 - 2, limb)));
        put(A, fit);
        call("feInvert", OUT, A);
        expect(mod(value(raw(OUT)))).toBe(power(value(fit), P - 2n));
        call("fePower58", OUT, A);
        expect(mod(value(raw(OUT)))).toBe(power(value(fit), (P - 5n) / 8n));
      }),
    );
  });

  it("swaps and negates if told to, and only then", () => {
    put(A, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    put(B, [-1, -2, -3, -4, -5, -6, -7, -8, -9]);
    core.call("feSwap", core.arena + A, core.arena + B, 0);
    expect(raw(A)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    core.call("feSwap", core.arena + A, core.arena + B, 1);
    expect(raw(A)).toEqual([-1, -2, -3, -4, -5, -6, -7, -8, -9]);
    expect(raw(B)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    core.call("feNegateIf", core.arena + OUT, core.arena + B, 1);
    expect(raw(OUT)).toEqual(raw(A));
    core.call("feNegateIf", core.arena + OUT, core.arena + B, 0);
    expect(raw(OUT)).toEqual(raw(B));
  });
});
