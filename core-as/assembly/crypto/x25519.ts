/**
 * X25519 (RFC 7748): Diffie-Hellman on the u coordinates of Curve25519, by the Montgomery ladder.
 *
 * The ladder runs the same 255 steps for every scalar; the scalar's bits decide swaps made by masks. Five sixths of the
 * time go into a step's five multiplications and four squarings; the additions between them are three passes that load
 * each element once.
 */
import { Status } from "../abi";
import { equal, wipe } from "./constant-time";
import { feCopy, feFromBytes, feInvert, feMul, feSet, feSq, feToBytes } from "./field25519";
import { CURVE, CURVE_WORK, CURVE_WORK_SIZE, POINT_TEMPS } from "./scratch";

const X1: usize = CURVE;
const X2: usize = CURVE + 40;
const Z2: usize = CURVE + 80;
const X3: usize = CURVE + 120;
const Z3: usize = CURVE + 160;
const SCALAR: usize = CURVE + 200;

const A: usize = POINT_TEMPS;
const B: usize = POINT_TEMPS + 40;
const C: usize = POINT_TEMPS + 80;
const D: usize = POINT_TEMPS + 120;
const E: usize = POINT_TEMPS + 160;

/** RFC 7748 section 5: three bits cleared so that the result lies in a subgroup of prime order, bit 254 set. */
export function clamp(scalar: usize): void {
  store<u8>(scalar, load<u8>(scalar) & 248);
  store<u8>(scalar, (load<u8>(scalar, 31) & 127) | 64, 31);
}

/**
 * The head of a step: swaps (X2 : Z2) with (X3 : Z3) if `mask` is all ones, leaves them if it is zero, and takes sums
 * and differences: A = X2 + Z2, B = X2 - Z2, C = X3 + Z3, D = X3 - Z3.
 */
function sumsAndDifferences(mask: i32): void {
  let x2: i32, x3: i32, z2: i32, z3: i32, difference: i32;
  for (let i: usize = 0; i < 36; i += 12) {
    x2 = load<i32>(i, X2);
    x3 = load<i32>(i, X3);
    difference = (x2 ^ x3) & mask;
    x2 ^= difference;
    x3 ^= difference;
    z2 = load<i32>(i, Z2);
    z3 = load<i32>(i, Z3);
    difference = (z2 ^ z3) & mask;
    z2 ^= difference;
    z3 ^= difference;
    store<i32>(i, x2 + z2, A);
    store<i32>(i, x2 - z2, B);
    store<i32>(i, x3 + z3, C);
    store<i32>(i, x3 - z3, D);
    x2 = load<i32>(i, X2 + 4);
    x3 = load<i32>(i, X3 + 4);
    difference = (x2 ^ x3) & mask;
    x2 ^= difference;
    x3 ^= difference;
    z2 = load<i32>(i, Z2 + 4);
    z3 = load<i32>(i, Z3 + 4);
    difference = (z2 ^ z3) & mask;
    z2 ^= difference;
    z3 ^= difference;
    store<i32>(i, x2 + z2, A + 4);
    store<i32>(i, x2 - z2, B + 4);
    store<i32>(i, x3 + z3, C + 4);
    store<i32>(i, x3 - z3, D + 4);
    x2 = load<i32>(i, X2 + 8);
    x3 = load<i32>(i, X3 + 8);
    difference = (x2 ^ x3) & mask;
    x2 ^= difference;
    x3 ^= difference;
    z2 = load<i32>(i, Z2 + 8);
    z3 = load<i32>(i, Z3 + 8);
    difference = (z2 ^ z3) & mask;
    z2 ^= difference;
    z3 ^= difference;
    store<i32>(i, x2 + z2, A + 8);
    store<i32>(i, x2 - z2, B + 8);
    store<i32>(i, x3 + z3, C + 8);
    store<i32>(i, x3 - z3, D + 8);
  }
}

/** C = DA + CB and D = DA - CB, with DA in X3 and CB in Z3. */
function sumAndDifference(): void {
  let da: i32, cb: i32;
  for (let i: usize = 0; i < 36; i += 12) {
    da = load<i32>(i, X3);
    cb = load<i32>(i, Z3);
    store<i32>(i, da + cb, C);
    store<i32>(i, da - cb, D);
    da = load<i32>(i, X3 + 4);
    cb = load<i32>(i, Z3 + 4);
    store<i32>(i, da + cb, C + 4);
    store<i32>(i, da - cb, D + 4);
    da = load<i32>(i, X3 + 8);
    cb = load<i32>(i, Z3 + 8);
    store<i32>(i, da + cb, C + 8);
    store<i32>(i, da - cb, D + 8);
  }
}

/**
 * With A = AA and B = BB: E = AA - BB, not carried, and B = AA + 121665 E, tight. 121665 = (486662 - 2) / 4. A limb of
 * the sum is below 2^17 * 2^29 + 2^29 + carry < 2^47.
 */
function doublingTail(): void {
  let a: i32, e: i32;
  let t: i64 = 0;
  for (let i: usize = 0; i < 32; i += 8) {
    a = load<i32>(i, A);
    e = a - load<i32>(i, B);
    store<i32>(i, e, E);
    t += <i64>a + 121665 * <i64>e;
    store<i32>(i, (<i32>t) & 0x1fffffff, B);
    t >>= 29;
    a = load<i32>(i, A + 4);
    e = a - load<i32>(i, B + 4);
    store<i32>(i, e, E + 4);
    t += <i64>a + 121665 * <i64>e;
    store<i32>(i, (<i32>t) & 0xfffffff, B + 4);
    t >>= 28;
  }
  a = load<i32>(A, 32);
  e = a - load<i32>(B, 32);
  store<i32>(E, e, 32);
  t += <i64>a + 121665 * <i64>e;
  store<i32>(B, (<i32>t) & 0x7ffffff, 32);
  t = (t >> 27) * 19 + <i64>load<i32>(B);
  store<i32>(B, (<i32>t) & 0x1fffffff);
  store<i32>(B, load<i32>(B, 4) + <i32>(t >> 29), 4);
}

/**
 * One step (RFC 7748 section 5): swaps if `mask` says so, then doubles (X2 : Z2) and, if `sum`, makes (X3 : Z3) the sum
 * of both, their difference being X1.
 */
function step(mask: i32, sum: bool): void {
  sumsAndDifferences(mask);
  if (sum) {
    feMul(X3, D, A);
    feMul(Z3, C, B);
    sumAndDifference();
    feSq(X3, C);
    feSq(D, D);
    feMul(Z3, X1, D);
  }
  feSq(A, A);
  feSq(B, B);
  feMul(X2, A, B);
  doublingTail();
  feMul(Z2, E, B);
}

/**
 * out = scalar times the point with u coordinate `u`, all 32 bytes. Bit 255 of `u` is ignored and values from p up are
 * taken mod p, as RFC 7748 section 5 asks. The scalar is clamped here. `out` may overlap the inputs.
 * SmallOrder if the result is zero (section 6.1): `u` is of small order and the secret would be known to all; `out` is
 * then zero.
 */
export function x25519(out: usize, scalar: usize, u: usize): Status {
  memory.copy(SCALAR, scalar, 32);
  clamp(SCALAR);
  feFromBytes(X1, u);
  feSet(X2, 1);
  feSet(Z2, 0);
  feCopy(X3, X1);
  feSet(Z3, 1);
  let swap: u32 = 0;
  for (let i: i32 = 254; i >= 0; i--) {
    const bit = ((<u32>load<u8>(SCALAR + ((<usize>i) >> 3))) >> ((<u32>i) & 7)) & 1;
    // Of a clamped scalar bit 254 is 1, where the sum is what (X3 : Z3) holds already, and bits 2 to 0 are 0: the last
    // steps double, and the sum is no longer wanted.
    step(-(<i32>(swap ^ bit)), i < 254 && i > 2);
    swap = bit;
  }
  feInvert(Z2, Z2);
  feMul(X2, X2, Z2);
  feToBytes(out, X2);
  wipe(CURVE_WORK, CURVE_WORK_SIZE);
  // CURVE is zero after the wipe and serves as the 32 zero bytes to compare with.
  return equal(out, CURVE, 32) ? Status.SmallOrder : Status.Ok;
}
