import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type Internals, internals } from "../../../tests/support/internals.ts";

const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const C = L - 2n ** 252n;
const numRuns = Math.min(Number(process.env.MEHR_FUZZ ?? 4000), 100_000);

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

/** Where the arguments and results lie in the arena. */
const A = 0;
const B = 64;
const ADDEND = 128;
const OUT = 256;
const OUT2 = 320;

function put(at: number, value: bigint, length = 32): void {
  for (let i = 0; i < length; i++) core.bytes[at + i] = Number(BigInt.asUintN(8, value >> BigInt(8 * i)));
}

function get(at: number, length = 32): bigint {
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(core.bytes[at + i] ?? 0);
  return value;
}

function reduce(wide: bigint): bigint {
  put(A, wide, 64);
  core.call("scalarReduce", core.arena + OUT, core.arena + A);
  return get(OUT);
}

function mulAdd(a: bigint, b: bigint, c: bigint): bigint {
  put(A, a);
  put(B, b);
  put(ADDEND, c);
  core.call("scalarMulAdd", core.arena + OUT, core.arena + A, core.arena + B, core.arena + ADDEND);
  return get(OUT);
}

function isCanonical(s: bigint): boolean {
  put(A, s);
  return core.call("scalarIsCanonical", core.arena + A) === 1;
}

function comb(s: bigint): bigint {
  put(A, s);
  core.call("scalarComb", core.arena + OUT, core.arena + A);
  return get(OUT);
}

function halve(k: bigint): { c: bigint; d: bigint; positive: boolean } {
  put(A, k);
  core.bytes.fill(0xaa, OUT, OUT2 + 64);
  const positive = core.call("scalarHalve", core.arena + OUT, core.arena + OUT2, core.arena + A) === 1;
  const around = [...core.bytes.subarray(OUT + 16, OUT2), ...core.bytes.subarray(OUT2 + 16, OUT2 + 64)];
  expect(around.every((byte) => byte === 0xaa)).toBe(true);
  return { c: get(OUT, 16), d: get(OUT2, 16), positive };
}

/** Everything in the module's memory but the arena: what a call left there. */
function rest(): string {
  const memory = new Uint8Array(core.bytes.buffer);
  const [from, to] = [core.bytes.byteOffset, core.bytes.byteOffset + core.bytes.length];
  return Buffer.concat([memory.subarray(0, from), memory.subarray(to)]).toString("latin1");
}

/** Any number below 2^bits: uniform, of any length, and beside powers of two, multiples of L and multiples of 2^252. */
function number(bits: number): fc.Arbitrary<bigint> {
  const max = 2n ** BigInt(bits) - 1n;
  const near = fc.bigInt({ min: -3n, max: 3n });
  const inRange = (value: bigint): bigint => (value < 0n ? 0n : value > max ? max : value);
  return fc.oneof(
    fc.bigInt({ min: 0n, max }),
    fc.nat(bits).chain((length) => fc.bigInt({ min: 0n, max: 2n ** BigInt(length) - 1n })),
    fc.tuple(fc.nat(bits), near).map(([exponent, by]) => inRange(2n ** BigInt(exponent) + by)),
    fc.tuple(fc.bigInt({ min: 0n, max: max / L }), near).map(([times, by]) => inRange(times * L + by)),
    fc
      .tuple(fc.bigInt({ min: 0n, max: max / L }), fc.bigInt({ min: -C, max: C }))
      .map(([times, by]) => inRange(times * L + by)),
    fc.tuple(fc.bigInt({ min: 0n, max: max >> 252n }), near).map(([times, by]) => inRange(times * 2n ** 252n + by)),
    // The limbs of scalarReduce all zero or all one, or nearly so.
    fc.array(fc.constantFrom(0n, 1n, 2n ** 28n - 2n, 2n ** 28n - 1n), { minLength: 19, maxLength: 19 }).map((limbs) =>
      BigInt.asUintN(
        bits,
        limbs.reduce((sum, limb, i) => sum + (limb << BigInt(28 * i)), 0n),
      ),
    ),
  );
}

const edges = [0n, 1n, 2n, 8n, C, 2n ** 252n - 1n, 2n ** 252n, L - 1n, L, L + 1n, 2n * L, 15n * L, 2n ** 255n - 1n];
const edges256 = [...edges, 2n ** 255n, 2n ** 256n - 1n];

describe("scalarReduce", () => {
  it.each([...edges256, 2n ** 512n - 1n, 2n ** 511n, L * L, (2n ** 512n / L) * L - 1n, (2n ** 512n / L) * L])(
    "reduces the border case %s",
    (wide) => {
      expect(reduce(wide)).toBe(wide % L);
    },
  );

  it("is the remainder for any 64 bytes", () => {
    fc.assert(
      fc.property(number(512), (wide) => {
        expect(reduce(wide)).toBe(wide % L);
      }),
      { numRuns },
    );
  });

  it("corrects what ten folds leave at 2^252 and above, once too much and once more", () => {
    // Limb 13 of the input takes the carry e from limb 9, whose fold then adds e*c to limbs 0 to 8 holding 2^252 - gap.
    // What is left is 2^252 + r: below L if r < c, where subtracting L is once too often.
    fc.assert(
      fc.property(
        fc.bigInt({ min: 2n ** 20n, max: 2n ** 28n - 1n }),
        fc.oneof(
          fc.bigInt({ min: 0n, max: C - 1n }),
          fc.bigInt({ min: C, max: 8n * C }),
          fc.constantFrom(0n, C - 1n, C),
        ),
        (limb, r) => {
          const folded = (limb * C) << 112n;
          const e = (folded >> 252n) + 1n;
          const low = BigInt.asUintN(252, folded) - (e * C - r);
          fc.pre(low >= 0n);
          const wide = (limb << 364n) + low;
          expect(reduce(wide)).toBe(wide % L);
          expect(wide % L).toBe(r < C ? 2n ** 252n + r : r - C);
        },
      ),
      { numRuns },
    );
  });

  it("may write over its input", () => {
    put(A, 2n ** 511n + 12345n, 64);
    core.call("scalarReduce", core.arena + A + 16, core.arena + A);
    expect(get(A + 16)).toBe((2n ** 511n + 12345n) % L);
  });
});

describe("scalarMulAdd", () => {
  it("is (a*b + c) mod L for all border cases together", () => {
    for (const a of edges256) {
      for (const b of edges256) {
        for (const c of [0n, 1n, L - 1n, 2n ** 256n - 1n]) expect(mulAdd(a, b, c)).toBe((a * b + c) % L);
      }
    }
  });

  it("is (a*b + c) mod L for any 32 bytes each", () => {
    fc.assert(
      fc.property(number(256), number(256), number(256), (a, b, c) => {
        expect(mulAdd(a, b, c)).toBe((a * b + c) % L);
      }),
      { numRuns },
    );
  });

  it("may write over any of its inputs", () => {
    const [a, b, c] = [2n ** 255n - 19n, L + 5n, 2n ** 253n - 3n];
    for (const out of [A, B, ADDEND]) {
      mulAdd(a, b, c);
      core.call("scalarMulAdd", core.arena + out, core.arena + A, core.arena + B, core.arena + ADDEND);
      expect(get(out)).toBe((a * b + c) % L);
    }
  });
});

describe("what is left in memory", () => {
  it("by a search does not disturb the sums after it", () => {
    for (const [wide, k] of [
      [2n ** 512n - 1n, L / 3n],
      [0n, L - 1n],
      [12345n, 2n ** 252n],
    ] as const) {
      halve(k);
      expect(reduce(wide)).toBe(wide % L);
      halve(k);
      expect(mulAdd(wide % L, k, k)).toBe(((wide % L) * k + k) % L);
    }
  });

  it.each(["scalarReduce", "scalarMulAdd", "scalarComb"])("does not depend on the input of %s", (name) => {
    const left = [0n, 2n ** 511n / 3n, 2n ** 512n - 1n].map((input) => {
      put(A, input, 64);
      put(B, input, 64);
      put(ADDEND, input, 64);
      const inputs = name === "scalarMulAdd" ? [A, B, ADDEND] : [A];
      core.call(name, core.arena + OUT, ...inputs.map((at) => core.arena + at));
      return rest();
    });
    expect(left[1]).toBe(left[0]);
    expect(left[2]).toBe(left[0]);
  });
});

describe("scalarIsCanonical", () => {
  it("is true below L and false from there on", () => {
    for (const s of edges256) expect(isCanonical(s)).toBe(s < L);
    fc.assert(
      fc.property(number(256), (s) => {
        expect(isCanonical(s)).toBe(s < L);
      }),
      { numRuns },
    );
  });

  it("compares every word of L", () => {
    for (let bit = 0n; bit < 256n; bit++) {
      for (const s of [L ^ (1n << bit), (L - 1n) ^ (1n << bit)]) expect(isCanonical(s)).toBe(s < L);
    }
  });
});

describe("scalarComb", () => {
  /** The sum of the digits +1 and -1 that the 256 bits of e stand for. */
  const sum = (e: bigint): bigint => {
    let value = 0n;
    for (let i = 0n; i < 256n; i++) value += ((e >> i) & 1n) === 1n ? 1n << i : -(1n << i);
    return value;
  };

  it("gives digits +1 and -1 whose sum is s mod L, for any s below 2^255", () => {
    for (const s of edges) expect((sum(comb(s)) - s) % L).toBe(0n);
    fc.assert(
      fc.property(number(255), (s) => {
        expect((sum(comb(s)) - s) % L).toBe(0n);
      }),
      { numRuns },
    );
  });

  it("carries through all words", () => {
    for (const s of [2n ** 64n - 2n, 2n ** 128n - 2n, 2n ** 192n - 2n, 2n ** 255n - 2n, 2n ** 192n - 2n ** 64n]) {
      expect((sum(comb(s)) - s) % L).toBe(0n);
    }
  });

  it("may write over its input", () => {
    const expected = comb(L - 7n);
    put(A, L - 7n);
    core.call("scalarComb", core.arena + A, core.arena + A);
    expect(get(A)).toBe(expected);
  });
});

describe("scalarHalve", () => {
  /** Euclid's algorithm as it is written in the books. */
  function euclid(k: bigint): { c: bigint; d: bigint; positive: boolean } {
    let [r0, r1, t0, t1] = [L, k, 0n, 1n];
    while (r1 >= 2n ** 127n) [r0, r1, t0, t1] = [r1, r0 % r1, t1, t0 - (r0 / r1) * t1];
    return { c: r1, d: t1 < 0n ? -t1 : t1, positive: t1 >= 0n };
  }

  /** What is promised for any k, and for one below L that nothing else than Euclid's remainder is found. */
  function check(k: bigint): void {
    const { c, d, positive } = halve(k);
    expect(c).toBeLessThan(2n ** 127n);
    expect(d).toBeGreaterThan(0n);
    expect(d).toBeLessThan(2n ** 126n);
    expect((positive ? c - d * k : c + d * k) % L).toBe(0n);
    if (k < L) expect({ c, d, positive }).toEqual(euclid(k));
  }

  function inverse(value: bigint): bigint {
    let [r0, r1, t0, t1] = [L, value, 0n, 1n];
    while (r1 > 0n) [r0, r1, t0, t1] = [r1, r0 % r1, t1, t0 - (r0 / r1) * t1];
    return t0 < 0n ? t0 + L : t0;
  }

  it("leaves what is short already as it is", () => {
    for (const k of [0n, 1n, 2n, 2n ** 64n, 2n ** 127n - 1n]) expect(halve(k)).toEqual({ c: k, d: 1n, positive: true });
    expect(halve(L - 1n)).toEqual({ c: 1n, d: 1n, positive: false });
  });

  it("halves the powers of two and their neighbours", () => {
    for (let bit = 0n; bit < 256n; bit++)
      for (let by = -2n; by <= 2n; by++) check(BigInt.asUintN(256, (1n << bit) + by));
  });

  it("halves what is not reduced", () => {
    for (const k of [L, L + 1n, 2n * L, 15n * L, 15n * L + 1n, 2n ** 256n - 1n]) check(k);
  });

  it("halves any k", () => {
    fc.assert(fc.property(number(256), check), { numRuns });
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: L - 1n }), check), { numRuns });
  });

  it("halves fractions of L, whose quotients are long and whose remainders are nearly equal", () => {
    const length = fc.nat(126).chain((bits) => fc.bigInt({ min: 1n, max: 2n ** BigInt(bits + 1) }));
    fc.assert(
      fc.property(length, length, fc.bigInt({ min: -3n, max: 3n }), (a, b, by) => {
        const k = (L * (a < b ? a : b)) / (a < b ? b : a) + by;
        check(k < 0n ? 0n : k);
      }),
      { numRuns },
    );
  });

  it("halves quotients of one, Euclid's longest way", () => {
    let [small, great] = [0n, 1n];
    while (great < 2n ** 128n) [small, great] = [great, small + great];
    check((L * small) / great);
    check((L * (great - small)) / great);
  });

  it("stops at the first remainder below 2^127 and no other", () => {
    // r and t with 2*r*t < L are a remainder and its cofactor in the sequence of k = r / t (Legendre).
    fc.assert(
      fc.property(
        fc.nat(48).chain((bits) => fc.bigInt({ min: -(2n ** BigInt(bits)), max: 2n ** BigInt(bits) })),
        fc.nat(123).chain((bits) => fc.bigInt({ min: 1n, max: 2n ** BigInt(bits) })),
        (by, t) => {
          check(((2n ** 127n + by) * inverse(t)) % L);
        },
      ),
      { numRuns },
    );
  });

  it("gives fractions that verify with a curve's own arithmetic", () => {
    // c B = +-d (k B): the equation behind verification with half-size scalars, on @noble/curves' points.
    const base = ed25519.Point.BASE;
    for (const k of [L - 1n, 2n ** 252n, L / 3n, 0x6ec680714474206f4eb54d285189b424cfb4747f70cf3c682adabfadec41b3an]) {
      const { c, d, positive } = halve(k);
      const left = base.multiply(c);
      const right = base.multiply(k).multiply(d);
      expect(left.equals(positive ? right : right.negate())).toBe(true);
    }
  });
});
