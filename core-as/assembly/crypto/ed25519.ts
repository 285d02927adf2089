/**
 * Ed25519 signatures (RFC 8032, PureEdDSA).
 *
 * Which signatures are valid is for every node to agree on, so the rules are spelled out. ed25519Verify accepts (A, R,
 * S, M) if
 *   1. S < L (RFC 8032 section 5.1.7: no second signature from S + L),
 *   2. A and R are canonical encodings of points of the curve (section 5.1.3),
 *   3. A is not of small order: such a key "signs" any message,
 *   4. [8] S B = [8] R + [8] k A with k = SHA-512(R || A || M).
 * The equation is the one with the cofactor. Section 5.1.7 allows both; without the 8, whether a signature made with a
 * key of mixed order is valid depends on how the verifier computes: alone, in a batch, or with half-size scalars as
 * here. With it all ways agree ("Taming the many EdDSAs", Chalkias, Garillot, Nikolaenko 2020, whose algorithm 2 these
 * rules are).
 *
 * Verification (4) costs half the doublings of the textbook: k is written as c / d with c and d below 2^127
 * (scalarHalve), and [d S] B - [d] R - [c] A tested for small order (Antipa et al. 2005; Pornin 2020). d is not a
 * multiple of L, so that is the same statement about the part in the prime-order group, which is all that [8] leaves.
 */
import { Status } from "../abi";
import { combMultiply } from "./comb25519";
import { wipe } from "./constant-time";
import { pointDecode, pointEncode, pointIsSmallOrder, pointOddMultiples } from "./edwards25519";
import { feAdd, feInvert, feMul, feSub, feToBytes } from "./field25519";
import { scalarComb, scalarHalve, scalarIsCanonical, scalarMulAdd, scalarReduce } from "./scalar25519";
import { CURVE, CURVE_WORK, CURVE_WORK_SIZE, HASH, HASH_SIZE } from "./scratch";
import { sha512Begin, sha512End, sha512Update } from "./sha512";
import { nonAdjacentForm, straus, TABLE_ENTRIES } from "./straus25519";
import { clamp } from "./x25519";

const POINT: usize = CURVE;

// Signing: the comb's entry, then scalars and hashes.
const ENTRY: usize = CURVE + 160;
const SECRET: usize = CURVE + 272; // 64: SHA-512(seed), the secret scalar and the prefix behind it
const PREFIX: usize = CURVE + 304;
const NONCE: usize = CURVE + 336; // 32
const WIDE: usize = CURVE + 368; // 64
const COMB: usize = CURVE + 432; // 32

// Verifying: two tables and two strings of digits instead.
const TABLE_A: usize = CURVE + 160;
const TABLE_R: usize = CURVE + 800;
const DIGITS_A: usize = CURVE + 1440; // 129
const DIGITS_R: usize = CURVE + 1576; // 129
const HALF_A: usize = CURVE + 1712; // 16
const HALF_R: usize = CURVE + 1728; // 32, the upper 16 zero
const CHALLENGE: usize = CURVE + 1760; // 64
// What nonAdjacentForm makes of 16 bytes.
const DIGITS: u32 = 129;

/** Wipes everything curve code and SHA-512 worked with. */
export function wipeCurve(): void {
  wipe(CURVE_WORK, CURVE_WORK_SIZE);
  wipe(HASH, HASH_SIZE);
}

/**
 * out (64) = SHA-512(seed) with the first half clamped: the secret scalar, and the prefix (section 5.1.5 steps 1 and
 * 2).
 */
export function expandSeed(out: usize, seed: usize): void {
  sha512Begin();
  sha512Update(seed, 32);
  sha512End(out);
  clamp(out);
}

/** out (32) = SHA-512(a || publicKey || message) mod L, with `wide` as 64 bytes of room; both may be the same. */
function challenge(out: usize, wide: usize, a: usize, publicKey: usize, message: usize, length: u32): void {
  sha512Begin();
  sha512Update(a, 32);
  sha512Update(publicKey, 32);
  sha512Update(message, length);
  sha512End(wide);
  scalarReduce(out, wide);
}

/** The 32-byte public key of the 32-byte seed (section 5.1.5). `out` may be `seed`. */
export function ed25519PublicKey(out: usize, seed: usize): void {
  expandSeed(SECRET, seed);
  scalarComb(COMB, SECRET);
  combMultiply(POINT, COMB, ENTRY);
  pointEncode(out, POINT);
  wipeCurve();
}

/**
 * Signs `length` bytes at `message` (section 5.1.6) into the 64 bytes at `signature`, which may not overlap the inputs.
 *
 * Two ways to give the secret away, both the caller's to avoid. `publicKey` must be the one of `seed`: a signature with
 * another one and a proper one of the same message do it, so callers keep the two in one place. And the message must
 * not be a bare 32-byte string: vrfProve takes its nonce from the same prefix over 32 bytes. Every signed record of the
 * protocol starts with its tag (registry section 4) and is longer.
 */
export function ed25519Sign(signature: usize, message: usize, length: u32, seed: usize, publicKey: usize): void {
  expandSeed(SECRET, seed);
  sha512Begin();
  sha512Update(PREFIX, 32);
  sha512Update(message, length);
  sha512End(WIDE);
  scalarReduce(NONCE, WIDE);
  scalarComb(COMB, NONCE);
  combMultiply(POINT, COMB, ENTRY);
  pointEncode(signature, POINT);
  challenge(WIDE, WIDE, signature, publicKey, message, length);
  scalarMulAdd(signature + 32, WIDE, SECRET, NONCE);
  wipeCurve();
}

/** Checks a signature by the rules above. Ok, BadScalar (1), BadPoint (2), SmallOrder (3) or BadSignature (4). */
export function ed25519Verify(signature: usize, message: usize, length: u32, publicKey: usize): Status {
  if (!scalarIsCanonical(signature + 32)) return Status.BadScalar;
  if (!pointDecode(POINT, publicKey)) return Status.BadPoint;
  if (pointIsSmallOrder(POINT)) return Status.SmallOrder;
  pointOddMultiples(TABLE_A, POINT, TABLE_ENTRIES);
  if (!pointDecode(POINT, signature)) return Status.BadPoint;
  pointOddMultiples(TABLE_R, POINT, TABLE_ENTRIES);
  challenge(CHALLENGE, CHALLENGE, signature, publicKey, message, length);

  memory.fill(HALF_R + 16, 0, 16);
  const same = scalarHalve(HALF_A, HALF_R, CHALLENGE);
  nonAdjacentForm(DIGITS_A, HALF_A, 16);
  nonAdjacentForm(DIGITS_R, HALF_R, 16);
  memory.fill(CHALLENGE, 0, 64);
  scalarMulAdd(CHALLENGE, HALF_R, signature + 32, CHALLENGE + 32);
  scalarComb(CHALLENGE, CHALLENGE);
  straus(POINT, DIGITS, DIGITS_A, TABLE_A, same, DIGITS_R, TABLE_R, CHALLENGE);
  return pointIsSmallOrder(POINT) ? Status.Ok : Status.BadSignature;
}

/**
 * The X25519 public key of an Ed25519 public key: u = (1 + y) / (1 - y) (RFC 7748 section 4.1).
 * BadPoint if the key is no canonical point, SmallOrder if it is of small order; `out` is written only if Ok.
 */
export function x25519FromEd25519(out: usize, publicKey: usize): Status {
  if (!pointDecode(POINT, publicKey)) return Status.BadPoint;
  if (pointIsSmallOrder(POINT)) return Status.SmallOrder;
  montgomeryU(out, POINT);
  return Status.Ok;
}

/** out = (Z + Y) / (Z - Y) of `p`, in constant time; `p` is used up. */
function montgomeryU(out: usize, p: usize): void {
  const y = p + 40;
  const z = p + 80;
  feSub(p, z, y);
  feInvert(p, p);
  feAdd(y, z, y);
  feMul(p, p, y);
  feToBytes(out, p);
}

/** The X25519 secret that belongs to x25519FromEd25519 of the seed's public key: clamped SHA-512(seed)[0..32]. */
export function x25519SecretFromSeed(out: usize, seed: usize): void {
  expandSeed(SECRET, seed);
  memory.copy(out, SECRET, 32);
  wipeCurve();
}

/**
 * The X25519 public key of `scalar` (RFC 7748 section 6.1: X25519(scalar, 9)), from the base point's comb at a third of
 * the ladder's cost. The clamped scalar is a multiple of 8 below 2^255, and 8 L is more than that, so it is no multiple
 * of L and Z - Y is never zero. `out` may be `scalar`.
 */
export function x25519PublicKey(out: usize, scalar: usize): void {
  memory.copy(SECRET, scalar, 32);
  clamp(SECRET);
  scalarComb(COMB, SECRET);
  combMultiply(POINT, COMB, ENTRY);
  montgomeryU(out, POINT);
  wipeCurve();
}
