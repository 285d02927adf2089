/** Inputs for the cryptography, random and chosen to hurt. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { type CurvePoint, decodePoint, encodeToCurve, L, littleEndian, toInteger } from "./ecvrf-reference.ts";

const { Point } = ed25519;
const P = Point.Fp.ORDER;

export const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
export const message = fc.uint8Array({ maxLength: 300 });
export const patterned = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 167 + (i >> 8)) & 0xff);
export const pieces = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 });
/** The longest message that goes in at once. */
export const LONG = 65_536;

/** Field elements and their encodings where arithmetic is at its limits; all 32 bytes, bit 255 clear and set. */
export const EDGE_NUMBERS: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 4n, 5n, 8n, 9n, 16n, 19n, 486_662n, 121_665n, 2n ** 252n, 2n ** 254n],
  ...[P - 19n, P - 5n, P - 4n, P - 3n, P - 2n, P - 1n, (P - 1n) / 2n, (P + 1n) / 2n, (P - 5n) / 8n],
  // From 2^255 - 20 to 2^255 - 1: p - 1, p and everything above.
  ...Array.from({ length: 20 }, (_, i) => 2n ** 255n - 20n + BigInt(i)),
  ...[2n ** 26n - 1n, 2n ** 29n - 1n, 2n ** 51n - 1n, 2n ** 128n - 1n, 2n ** 255n - 2n ** 128n],
];
export const EDGES = EDGE_NUMBERS.flatMap((value) => [littleEndian(value, 32), littleEndian(value + 2n ** 255n, 32)]);

/** Scalars around the order of the group. */
export const SCALARS: readonly bigint[] = [
  ...[0n, 1n, 2n, 8n, L - 2n, L - 1n, L, L + 1n, 2n * L - 1n, 2n * L, 8n * L, 15n * L, 2n ** 252n, 2n ** 253n],
  ...[2n ** 254n, 2n ** 255n - 1n, 2n ** 255n, 2n ** 256n - 1n, 2n ** 127n, 2n ** 126n - 1n],
  ...[(L - 1n) / 2n, (L + 1n) / 2n],
];

/** The eight points of small order: multiples of the first point found whose multiple by L has order 8. */
function torsion(): readonly CurvePoint[] {
  for (let y = 2n; ; y++) {
    const point = decodePoint(littleEndian(y, 32));
    const part = point?.multiplyUnsafe(L - 1n).add(point);
    if (part !== undefined && !part.multiplyUnsafe(4n).is0()) {
      return Array.from({ length: 8 }, (_, i) => part.multiplyUnsafe(BigInt(i)));
    }
  }
}
export const TORSION = torsion();

/** Encodings of the points of small order, and all 40 that are none: x = 0 with the sign bit, and y from p up. */
export const SMALL_ENCODINGS = TORSION.map((point) => point.toBytes());
export const UNREDUCED_ENCODINGS = [
  ...[1n, P - 1n].map((y) => littleEndian(y + 2n ** 255n, 32)),
  ...Array.from({ length: 19 }, (_, i) => P + BigInt(i)).flatMap((y) => [
    littleEndian(y, 32),
    littleEndian(y + 2n ** 255n, 32),
  ]),
];

export const edge = fc.constantFrom(...EDGES);
export const scalarBytes = fc.oneof(
  bytes(32),
  fc.constantFrom(...SCALARS).map((value) => littleEndian(value, 32)),
);
export const torsionIndex = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 7 }) },
);
export const exponent = bytes(64).map((wide) => toInteger(wide) % L);

/** Keys that are points, with or without a part of small order, and 32 bytes that may be anything. */
export const pointBytes = fc.oneof(
  { weight: 2, arbitrary: bytes(32) },
  { weight: 1, arbitrary: edge },
  { weight: 1, arbitrary: fc.constantFrom(...SMALL_ENCODINGS, ...UNREDUCED_ENCODINGS) },
  {
    weight: 3,
    arbitrary: fc.tuple(exponent, torsionIndex).map(([a, i]) =>
      Point.BASE.multiplyUnsafe(a)
        .add(TORSION[i] ?? Point.ZERO)
        .toBytes(),
    ),
  },
);

/** A seed with its public key. */
export const keyPair = bytes(32).map((seed) => ({ seed, publicKey: ed25519.getPublicKey(seed) }));

export const flip = (input: Uint8Array, bit: number): Uint8Array => {
  const output = Uint8Array.from(input);
  const at = (bit >> 3) % Math.max(output.length, 1);
  if (output.length > 0) output[at] = (output[at] ?? 0) ^ (1 << (bit & 7));
  return output;
};

/**
 * Signatures with A and R with or without parts of small order: [8][S]B = [8]R + [8][k]A holds whatever the parts, or S
 * is off, or L is added to it. a = 0 and r = 0 leave points of small order.
 */
export const signatureCase = fc
  .record({
    a: fc.oneof({ weight: 4, arbitrary: exponent }, { weight: 1, arbitrary: fc.constant(0n) }),
    r: fc.oneof({ weight: 4, arbitrary: exponent }, { weight: 1, arbitrary: fc.constant(0n) }),
    partOfA: torsionIndex,
    partOfR: torsionIndex,
    text: message,
    s: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0n) },
      { weight: 2, arbitrary: fc.constantFrom(1n, 8n, L - 1n, (L - 1n) / 2n) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: 14 }).map((n) => BigInt(n) * L) },
    ),
  })
  .map(({ a, r, partOfA, partOfR, text, s }) => {
    const publicKey = Point.BASE.multiplyUnsafe(a)
      .add(TORSION[partOfA] ?? Point.ZERO)
      .toBytes();
    const first = Point.BASE.multiplyUnsafe(r)
      .add(TORSION[partOfR] ?? Point.ZERO)
      .toBytes();
    const k = toInteger(sha512(Uint8Array.of(...first, ...publicKey, ...text))) % L;
    const fits = (r + k * a) % L;
    // Multiples of L come on top; other offsets stay below L.
    const second = s >= L ? fits + s : (fits + s) % L;
    return { publicKey, signature: Uint8Array.of(...first, ...littleEndian(second, 32)), text };
  });

/**
 * Proofs whose key or Gamma has a part of small order: valid by the equations of RFC 9381 section 5.3 if c cancels it.
 */
export const proofCase = fc
  .tuple(
    exponent,
    exponent,
    torsionIndex,
    torsionIndex,
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(0n, 0n, 2n, 4n, 7n),
  )
  .map(([a, first, partOfKey, partOfGamma, alpha, wanted]) => {
    const key = Point.BASE.multiplyUnsafe(a)
      .add(TORSION[partOfKey] ?? Point.ZERO)
      .toBytes();
    const h = encodeToCurve(key, alpha)?.point ?? Point.BASE;
    const gamma = h.multiplyUnsafe(a).add(TORSION[partOfGamma] ?? Point.ZERO);
    // c T vanishes if c is a multiple of the order of T, so nonces are tried until c is as wanted, or 16 of them.
    for (let k = first, tries = 0; ; k = (k + 1n) % L, tries++) {
      const points = [h, gamma, Point.BASE.multiplyUnsafe(k), h.multiplyUnsafe(k)].map((point) => point.toBytes());
      const c = toInteger(sha512(Buffer.concat([Buffer.of(3, 2), key, ...points, Buffer.of(0)])).slice(0, 16));
      if (c % 8n !== wanted && tries < 16) continue;
      const s = littleEndian((k + c * a) % L, 32);
      return { key, proof: Uint8Array.of(...gamma.toBytes(), ...littleEndian(c, 16), ...s), alpha };
    }
  });
