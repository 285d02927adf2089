/**
 * ECVRF-EDWARDS25519-SHA512-TAI as RFC 9381 section 5 reads, on points of @noble/curves: slow, straight, and with all
 * intermediate values at hand. No other library in the tests has it, so the published examples check this one first
 * (tests/vectors/vectors.test.ts).
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";

const { Point } = ed25519;
export type CurvePoint = InstanceType<typeof Point>;

/** Order of the base point. */
export const L = Point.Fn.ORDER;

// Section 5.5: the suite's number and sizes.
const SUITE = 0x03;
const C_SIZE = 16;

export function littleEndian(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

export function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** RFC 8032 section 5.1.3: a point, or null if the 32 bytes are not what encoding a point gives. */
export function decodePoint(bytes: Uint8Array): CurvePoint | null {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return null;
  }
}

/** RFC 8032 section 5.1.5: the clamped scalar and the prefix of a seed. */
export function expandSeed(seed: Uint8Array): { readonly scalar: bigint; readonly prefix: Uint8Array } {
  const hash = sha512(seed);
  const low = hash.slice(0, 32);
  low[0] = (low[0] ?? 0) & 248;
  low[31] = ((low[31] ?? 0) & 127) | 64;
  return { scalar: toInteger(low), prefix: hash.slice(32) };
}

/** Section 5.4.1.1 with the public key as salt. Null if none of 256 tries gives a point. */
export function encodeToCurve(
  publicKey: Uint8Array,
  alpha: Uint8Array,
): { readonly point: CurvePoint; readonly tries: number } | null {
  for (let counter = 0; counter < 256; counter++) {
    const hash = sha512(Buffer.concat([Buffer.of(SUITE, 0x01), publicKey, alpha, Buffer.of(counter, 0x00)]));
    const point = decodePoint(hash.slice(0, 32))?.clearCofactor();
    if (point !== undefined && !point.is0()) return { point, tries: counter + 1 };
  }
  return null;
}

/** Section 5.4.3; the public key as it was given, the points encoded. */
function challenge(publicKey: Uint8Array, points: readonly CurvePoint[]): bigint {
  const encoded = points.map((point) => point.toBytes());
  const hash = sha512(Buffer.concat([Buffer.of(SUITE, 0x02), publicKey, ...encoded, Buffer.of(0x00)]));
  return toInteger(hash.slice(0, C_SIZE));
}

/** Section 5.2. */
function proofToHash(gamma: CurvePoint): Uint8Array {
  return sha512(Buffer.concat([Buffer.of(SUITE, 0x03), gamma.clearCofactor().toBytes(), Buffer.of(0x00)]));
}

/**
 * Section 5.1: Gamma 32, the proof of 80 bytes and beta 64. `publicKey` is taken as given, as the functions of the core
 * take it. Null if hashing to the curve fails.
 */
export function prove(
  seed: Uint8Array,
  publicKey: Uint8Array,
  alpha: Uint8Array,
): { readonly gamma: Uint8Array; readonly proof: Uint8Array; readonly beta: Uint8Array } | null {
  const { scalar, prefix } = expandSeed(seed);
  const h = encodeToCurve(publicKey, alpha)?.point;
  if (h === undefined) return null;
  const gamma = h.multiply(scalar % L);
  // Section 5.4.2.2.
  const k = toInteger(sha512(Buffer.concat([prefix, h.toBytes()]))) % L;
  const c = challenge(publicKey, [h, gamma, Point.BASE.multiply(k), h.multiply(k)]);
  const s = (k + c * scalar) % L;
  return {
    gamma: gamma.toBytes(),
    proof: Buffer.concat([gamma.toBytes(), littleEndian(c, C_SIZE), littleEndian(s, 32)]),
    beta: proofToHash(gamma),
  };
}

/**
 * Section 5.3 with key validation (5.4.5). `causes` are all reasons to refuse, empty if the proof is valid; `beta` is
 * the hash then.
 */
export function verify(
  publicKey: Uint8Array,
  proof: Uint8Array,
  alpha: Uint8Array,
): { readonly causes: readonly string[]; readonly beta: Uint8Array } {
  const none = new Uint8Array(0);
  const y = decodePoint(publicKey);
  const gamma = decodePoint(proof.subarray(0, 32));
  const c = toInteger(proof.subarray(32, 48));
  const s = toInteger(proof.subarray(48, 80));
  const causes = [
    ...(y === null || gamma === null ? ["BadPoint"] : []),
    ...(y?.isSmallOrder() === true ? ["SmallOrder"] : []),
    ...(s >= L ? ["BadScalar"] : []),
  ];
  if (y === null || gamma === null || causes.length > 0) return { causes, beta: none };
  const h = encodeToCurve(publicKey, alpha)?.point;
  if (h === undefined) return { causes: ["BadPoint"], beta: none };
  const u = Point.BASE.multiplyUnsafe(s).subtract(y.multiplyUnsafe(c));
  const v = h.multiplyUnsafe(s).subtract(gamma.multiplyUnsafe(c));
  if (challenge(publicKey, [h, gamma, u, v]) !== c) return { causes: ["BadProof"], beta: none };
  return { causes: [], beta: proofToHash(gamma) };
}
