/**
 * ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381, suite 0x03): the relay lottery.
 *
 * A VRF gives, for an input alpha, 64 pseudorandom bytes beta that only the holder of a key can compute and anybody can
 * check. A relay needs beta for every paid packet and the proof only when it wins, so vrfGamma stops half way: Gamma =
 * x H and its hash. The proof is Gamma 32, c 16, s 32.
 *
 * The proof's nonce is SHA-512(prefix || H) (section 5.4.2.2), Ed25519's is SHA-512(prefix || message), from the same
 * seed. So a signature of the bare 32 bytes of H beside a proof would use one nonce twice and give the secret away: see
 * ed25519Sign.
 */
import { Status } from "../abi";
import { combMultiply } from "./comb25519";
import { equal, selectEntry } from "./constant-time";
import { expandSeed, wipeCurve } from "./ed25519";
import {
  POINT_SIZE,
  pointAdd,
  pointClearCofactor,
  pointDecode,
  pointDouble,
  pointEncode,
  pointEncodeTwo,
  pointIsSmallOrder,
  pointOddMultiples,
  pointSetIdentity,
} from "./edwards25519";
import { feNegateIf, feSwap } from "./field25519";
import { scalarComb, scalarIsCanonical, scalarMulAdd, scalarReduce } from "./scalar25519";
import { CURVE } from "./scratch";
import { sha512Begin, sha512End, sha512Update } from "./sha512";
import { nonAdjacentForm, straus, TABLE_ENTRIES } from "./straus25519";

const POINT: usize = CURVE;
const TABLE: usize = CURVE + 160; // 1280: eight odd multiples

// Evaluating and proving.
const ENTRY: usize = CURVE + 1440;
const H: usize = CURVE + 1600;
const GAMMA: usize = CURVE + 1760;
const SECRET: usize = CURVE + 1920; // 64: x and the prefix, as in ed25519.ts
const PREFIX: usize = CURVE + 1952;
const U_BYTES: usize = CURVE + 1984;
const V_BYTES: usize = CURVE + 2016;
const COMB: usize = CURVE + 2048;
const NONCE: usize = CURVE + 2080;

// Verifying. H and Gamma wait in the place of the second table until that is made.
const TABLE_Q: usize = CURVE + 800; // 640
const WAITING_H: usize = TABLE_Q;
const WAITING_GAMMA: usize = TABLE_Q + 160;
const DIGITS_C: usize = CURVE + 1440; // 257
const DIGITS_S: usize = CURVE + 1700; // 257
const U: usize = CURVE + 1960; // 160

// Both.
const H_BYTES: usize = CURVE + 2120; // 32
const COMB_S: usize = CURVE + 2152; // 32
const COUNTER: usize = CURVE + 2184; // 1
/** Room for a hash, and for the encoding of 8 Gamma, while no table is in use. */
const WIDE: usize = TABLE;
const CLEARED: usize = TABLE;

/**
 * suite_string and the domain separators of sections 5.4.1.1, 5.4.3 and 5.2 behind it, then the zero that ends each.
 */
const SUITE_ENCODE: usize = memory.data<u8>([3, 1, 3, 2, 3, 3, 0]);
const SUITE_CHALLENGE: usize = SUITE_ENCODE + 2;
const SUITE_BETA: usize = SUITE_ENCODE + 4;
const ZERO: usize = SUITE_ENCODE + 6;

/**
 * h = the point of the prime-order subgroup for this key and input, by trying (section 5.4.1.1, "try and increment").
 * Half the tries succeed; all 256 failing has probability 2^-256. False then. The number of tries depends on public
 * values only.
 */
function encodeToCurve(h: usize, publicKey: usize, alpha: usize, length: u32): bool {
  for (let counter: u32 = 0; counter < 256; counter++) {
    store<u8>(COUNTER, <u8>counter);
    sha512Begin();
    sha512Update(SUITE_ENCODE, 2);
    sha512Update(publicKey, 32);
    sha512Update(alpha, length);
    sha512Update(COUNTER, 1);
    sha512Update(ZERO, 1);
    sha512End(WIDE);
    if (!pointDecode(h, WIDE)) continue;
    if (pointIsSmallOrder(h)) continue;
    pointClearCofactor(h);
    return true;
  }
  return false;
}

/**
 * ENTRY = (2 `four` - 15) H, what four digits of scalarComb are worth, reading all odd multiples and branching on
 * nothing.
 */
function select(four: u32): void {
  const negative: u32 = (four >> 3) ^ 1;
  selectEntry(ENTRY, TABLE, POINT_SIZE, (four ^ (0 - negative)) & 7);
  feSwap(ENTRY, ENTRY + 40, negative);
  feNegateIf(ENTRY + 120, ENTRY + 120, negative);
}

/** POINT = s H in constant time, for the digits `e` of s (scalarComb) taken four at a time. */
function multiplyH(e: usize): void {
  memory.copy(POINT, H, POINT_SIZE);
  pointOddMultiples(TABLE, POINT, 8);
  pointSetIdentity(POINT);
  for (let i: i32 = 63; i >= 0; i--) {
    if (i != 63) {
      pointDouble(POINT, false);
      pointDouble(POINT, false);
      pointDouble(POINT, false);
      pointDouble(POINT, true);
    }
    const byte: u32 = load<u8>(e + <usize>(i >> 1));
    select((byte >> ((i & 1) << 2)) & 15);
    pointAdd(POINT, ENTRY, false, false);
  }
}

/** beta (64) = the hash of 8 Gamma, encoded at `bytes` (section 5.2). */
function hashOfGamma(beta: usize, bytes: usize): void {
  sha512Begin();
  sha512Update(SUITE_BETA, 2);
  sha512Update(bytes, 32);
  sha512Update(ZERO, 1);
  sha512End(beta);
}

/** c, 16 bytes at `out` and 48 bytes that are not part of it (section 5.4.3). */
function challenge(out: usize, publicKey: usize, h: usize, gamma: usize, u: usize, v: usize): void {
  sha512Begin();
  sha512Update(SUITE_CHALLENGE, 2);
  sha512Update(publicKey, 32);
  sha512Update(h, 32);
  sha512Update(gamma, 32);
  sha512Update(u, 32);
  sha512Update(v, 32);
  sha512Update(ZERO, 1);
  sha512End(out);
}

/** SECRET, H and GAMMA = x H for these inputs. */
function evaluate(seed: usize, publicKey: usize, alpha: usize, length: u32): bool {
  if (!encodeToCurve(H, publicKey, alpha, length)) return false;
  expandSeed(SECRET, seed);
  scalarComb(COMB, SECRET);
  multiplyH(COMB);
  memory.copy(GAMMA, POINT, POINT_SIZE);
  return true;
}

/**
 * gamma (32) and beta (64) of `alpha` (section 5.1 steps 1 to 4, section 5.2), without the proof. `publicKey` must be
 * the one of `seed`. The outputs may not overlap the inputs. BadPoint, with probability 2^-256, if alpha maps to no
 * point.
 */
export function vrfGamma(gamma: usize, beta: usize, seed: usize, publicKey: usize, alpha: usize, length: u32): Status {
  if (!evaluate(seed, publicKey, alpha, length)) return Status.BadPoint;
  pointClearCofactor(POINT);
  pointEncodeTwo(gamma, GAMMA, CLEARED, POINT);
  hashOfGamma(beta, CLEARED);
  wipeCurve();
  return Status.Ok;
}

/** proof (80) and beta (64) of `alpha` (section 5.1). As vrfGamma otherwise. */
export function vrfProve(proof: usize, beta: usize, seed: usize, publicKey: usize, alpha: usize, length: u32): Status {
  if (!evaluate(seed, publicKey, alpha, length)) return Status.BadPoint;
  pointEncodeTwo(H_BYTES, H, proof, GAMMA);
  // The nonce: section 5.4.2.2, as in Ed25519.
  sha512Begin();
  sha512Update(PREFIX, 32);
  sha512Update(H_BYTES, 32);
  sha512End(WIDE);
  scalarReduce(NONCE, WIDE);
  scalarComb(COMB, NONCE);
  multiplyH(COMB);
  memory.copy(H, POINT, POINT_SIZE);
  combMultiply(POINT, COMB, ENTRY);
  pointEncodeTwo(U_BYTES, POINT, V_BYTES, H);
  challenge(WIDE, publicKey, H_BYTES, proof, U_BYTES, V_BYTES);
  memory.copy(proof + 32, WIDE, 16);
  memory.fill(WIDE + 16, 0, 16);
  scalarMulAdd(proof + 48, WIDE, SECRET, NONCE);
  pointClearCofactor(GAMMA);
  pointEncode(CLEARED, GAMMA);
  hashOfGamma(beta, CLEARED);
  wipeCurve();
  return Status.Ok;
}

/**
 * Checks `proof` (section 5.3, with key validation) and writes beta (64) if it is good; `beta` may not overlap the
 * inputs. BadScalar: s is not below L. BadPoint: the key or Gamma is no canonical point. SmallOrder: the key is of
 * small order (section 5.4.5). BadProof: it is for another key or input.
 */
export function vrfVerify(beta: usize, proof: usize, publicKey: usize, alpha: usize, length: u32): Status {
  if (!scalarIsCanonical(proof + 48)) return Status.BadScalar;
  if (!pointDecode(POINT, publicKey)) return Status.BadPoint;
  if (pointIsSmallOrder(POINT)) return Status.SmallOrder;
  if (!pointDecode(WAITING_GAMMA, proof)) return Status.BadPoint;
  if (!encodeToCurve(WAITING_H, publicKey, alpha, length)) return Status.BadPoint;
  pointEncode(H_BYTES, WAITING_H);

  // U = s B - c Y. The second point has no digits yet.
  memory.fill(DIGITS_C, 0, 520);
  nonAdjacentForm(DIGITS_C, proof + 32, 16);
  scalarComb(COMB_S, proof + 48);
  pointOddMultiples(TABLE, POINT, TABLE_ENTRIES);
  straus(U, 129, DIGITS_C, TABLE, true, DIGITS_S, TABLE, COMB_S);

  // V = s H - c Gamma.
  nonAdjacentForm(DIGITS_S, proof + 48, 32);
  pointOddMultiples(TABLE, WAITING_H, TABLE_ENTRIES);
  memory.copy(POINT, WAITING_GAMMA, POINT_SIZE);
  pointOddMultiples(TABLE_Q, POINT, TABLE_ENTRIES);
  straus(POINT, 257, DIGITS_S, TABLE, false, DIGITS_C, TABLE_Q, 0);

  const u = DIGITS_S;
  const v = DIGITS_S + 32;
  pointEncodeTwo(u, U, v, POINT);
  challenge(WIDE, publicKey, H_BYTES, proof, u, v);
  if (!equal(WIDE, proof + 32, 16)) return Status.BadProof;
  // The first entry of the second table is Gamma.
  pointSetIdentity(POINT);
  pointAdd(POINT, TABLE_Q, false, false);
  pointClearCofactor(POINT);
  pointEncode(u, POINT);
  hashOfGamma(beta, u);
  return Status.Ok;
}
