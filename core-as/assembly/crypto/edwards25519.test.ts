import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

const { Point } = ed25519;
type Point = InstanceType<typeof Point>;
const P = 2n ** 255n - 19n;
const [ONE, TWO, TABLE, BYTES, MORE] = [0, 160, 320, 3000, 3040] as const;

let core: Internals;
beforeAll(async () => {
  core = await internals();
});
const at = (offset: number): number => core.arena + offset;

/** The eight points whose order divides 8, encoded (RFC 8032 decoding of any of them succeeds). */
const TORSION = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
].map((text) => Point.fromHex(text));

/** Points of every kind: of prime order, small order, mixed order, the identity. */
const point: fc.Arbitrary<Point> = fc
  .tuple(fc.bigInt({ min: 0n, max: Point.Fn.ORDER - 1n }), fc.constantFrom(...TORSION), fc.integer({ min: 0, max: 3 }))
  .map(([scalar, torsion, kind]) =>
    kind === 0
      ? torsion
      : kind === 1
        ? Point.BASE.multiplyUnsafe(scalar).add(torsion)
        : Point.BASE.multiplyUnsafe(scalar),
  );

function put(offset: number, p: Point): void {
  core.bytes.set(p.toBytes(), BYTES);
  expect(core.call("pointDecode", at(offset), at(BYTES))).toBe(1);
}
function encoded(offset: number): string {
  core.call("pointEncode", at(BYTES), at(offset));
  return hex(core.bytes.subarray(BYTES, BYTES + 32));
}

describe("the group", () => {
  it("adds and subtracts any two points, also a point and itself or its negative", () => {
    fc.assert(
      fc.property(point, fc.oneof(point, fc.constant(undefined)), fc.boolean(), (p, other, negative) => {
        const q = other ?? p;
        put(ONE, p);
        put(TWO, q);
        core.call("pointCache", at(TABLE), at(TWO));
        core.call("pointAdd", at(ONE), at(TABLE), negative ? 1 : 0, 1);
        const expected = negative ? p.subtract(q) : p.add(q);
        expect(encoded(ONE)).toBe(expected.toHex());
        // The result with its T is fit for another addition.
        core.call("pointAdd", at(ONE), at(TABLE), 0, 0);
        expect(encoded(ONE)).toBe(expected.add(q).toHex());
      }),
      { numRuns: 200 },
    );
  });

  it("doubles, clears the cofactor and knows small order", () => {
    fc.assert(
      fc.property(point, (p) => {
        put(ONE, p);
        expect(core.call("pointIsSmallOrder", at(ONE))).toBe(p.isSmallOrder() ? 1 : 0);
        core.call("pointDouble", at(ONE), 1);
        expect(encoded(ONE)).toBe(p.double().toHex());
        // And of a point with Z other than 1.
        expect(core.call("pointIsSmallOrder", at(ONE))).toBe(p.double().isSmallOrder() ? 1 : 0);
        core.call("pointClearCofactor", at(ONE));
        expect(encoded(ONE)).toBe(p.double().clearCofactor().toHex());
      }),
      { numRuns: 200 },
    );
  });

  it("makes tables of odd multiples", () => {
    for (const count of [2, 4, 8]) {
      const p = Point.BASE.multiply(987654321987654321n).add(TORSION[5] as Point);
      put(ONE, p);
      core.call("pointOddMultiples", at(TABLE), at(ONE), count);
      for (let i = 0; i < count; i++) {
        put(TWO, Point.ZERO);
        core.call("pointAdd", at(TWO), at(TABLE + 160 * i), 0, 0);
        expect(encoded(TWO)).toBe(p.multiplyUnsafe(BigInt(2 * i + 1)).toHex());
      }
    }
  });

  it("encodes two points with one inversion as it does each", () => {
    fc.assert(
      fc.property(point, point, (p, q) => {
        put(ONE, p);
        put(TWO, q);
        core.call("pointDouble", at(ONE), 1);
        core.call("pointDouble", at(TWO), 1);
        core.call("pointEncodeTwo", at(BYTES), at(ONE), at(MORE), at(TWO));
        expect(hex(core.bytes.subarray(BYTES, BYTES + 32))).toBe(p.double().toHex());
        expect(hex(core.bytes.subarray(MORE, MORE + 32))).toBe(q.double().toHex());
      }),
      { numRuns: 50 },
    );
  });
});

describe("decoding", () => {
  const decodes = (bytes: Uint8Array): boolean => {
    core.bytes.set(bytes, BYTES);
    return core.call("pointDecode", at(ONE), at(BYTES)) === 1;
  };
  const little = (value: bigint): Uint8Array =>
    Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

  it("takes what @noble/curves takes, and gives the same point", () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        let expected: string | undefined;
        try {
          expected = Point.fromBytes(bytes, false).toHex();
        } catch {
          expected = undefined;
        }
        expect(decodes(bytes)).toBe(expected !== undefined);
        if (expected === undefined) return;
        taken++;
        expect(encoded(ONE)).toBe(expected);
        expect(expected).toBe(hex(bytes));
      }),
      { numRuns: 400 },
    );
    // Half of all y belong to the curve.
    expect(taken).toBeGreaterThan(100);
  });

  it("refuses every y from p to 2^255 - 1, with either sign", () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(decodes(little(y))).toBe(false);
      expect(decodes(little(y + 2n ** 255n))).toBe(false);
    }
  });

  it("refuses the sign bit where x = 0 (RFC 8032 section 5.1.3 step 4)", () => {
    for (const y of [1n, P - 1n]) {
      expect(decodes(little(y))).toBe(true);
      expect(decodes(little(y + 2n ** 255n))).toBe(false);
    }
  });

  it("takes all eight points of small order and calls them that", () => {
    expect(new Set(TORSION.map((p) => p.toHex())).size).toBe(8);
    for (const p of TORSION) {
      expect(decodes(p.toBytes())).toBe(true);
      expect(core.call("pointIsSmallOrder", at(ONE))).toBe(1);
    }
    expect(decodes(unhex("5866666666666666666666666666666666666666666666666666666666666666"))).toBe(true);
    expect(core.call("pointIsSmallOrder", at(ONE))).toBe(0);
  });
});
