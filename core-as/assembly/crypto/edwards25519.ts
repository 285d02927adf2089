/**
 * The group of Ed25519: the twisted Edwards curve -x^2 + y^2 = 1 + d x^2 y^2 over the field of field25519.ts
 * (RFC 8032 section 5.1), birationally equivalent to Curve25519.
 *
 * Points are in extended coordinates (Hisil, Wong, Carter, Dawson 2008): x = X/Z, y = Y/Z, T = XY/Z, 160 bytes, all
 * four tight; X of a decoded point may be the negative of a tight element, which changes no bound.
 * The formulas are complete: they hold for every pair of points, the identity included, so no case needs a branch.
 *
 * Two other forms are made for being added to a point:
 *   cached (160 bytes): Y + X, Y - X, 2 Z, 2 d T
 *   affine (108 bytes): (y + x) / 2, (y - x) / 2, d x y, for constants with Z = 1; halved, so that the sum needs no 2 Z
 */
import {
  feAdd,
  feCopy,
  feFromBytes,
  feInvert,
  feIsNegative,
  feIsZero,
  feMul,
  feNegateIf,
  fePower58,
  feSet,
  feSq,
  feSub,
  feToBytes,
} from "./field25519";
import { equal } from "./constant-time";
import { POINT_TEMPS } from "./scratch";

export const POINT_SIZE: usize = 160;

// RFC 8032 section 5.1, as limbs: d = -121665/121666, 2 d, and the square root of -1 with bit 0 clear.
const D: usize = memory.data<i32>([
  324630691, 257584720, 15488442, 2700549, 438698012, 15920883, 242325736, 237727742, 85997262,
]);
const D2: usize = memory.data<i32>([
  112390489, 246733985, 30976885, 5401098, 340525112, 31841767, 484651472, 207020028, 37776797,
]);
const SQRT_M1: usize = memory.data<i32>([
  168730800, 124836154, 401751138, 207624884, 367643600, 20085751, 23423392, 5226975, 45625928,
]);

const A: usize = POINT_TEMPS;
const B: usize = POINT_TEMPS + 40;
const C: usize = POINT_TEMPS + 80;
const S: usize = POINT_TEMPS + 120;
const E: usize = POINT_TEMPS + 160;
const F: usize = POINT_TEMPS + 200;
const G: usize = POINT_TEMPS + 240;
const H: usize = POINT_TEMPS + 280;

export function pointSetIdentity(p: usize): void {
  memory.fill(p, 0, POINT_SIZE);
  store<i32>(p, 1, 40);
  store<i32>(p, 1, 80);
}

/**
 * G = YY + XX, H = YY - XX, E = SS - G, F = 2 ZZ - H, from XX in A, YY in B, SS = (X + Y)^2 in S and ZZ in C.
 *
 * (G and -H are H and G of that formula.) |G| = 2, |H| = 1, |E| = 2, |F| = 3, and E x F = 2 x 3 would be too much for
 * feMul if the two were independent. They are not: with x, y, s, z in [0, 1] for the limbs of XX, YY, SS, ZZ, E_i = s_i
 * - y_i - x_i and F_j = 2 z_j - y_j + x_j. A column adds E_i F_j + E_j F_i, which is linear in each of its eight limbs,
 *   so that its extremes
 * lie at the 256 corners: -8 and 4. For i = j it is half of that with both alike: -4 and 2. So |E x F| counts as 4.
 */
function doublingMiddle(): void {
  for (let i: usize = 0; i < 36; i += 4) {
    const xx = load<i32>(i, A);
    const yy = load<i32>(i, B);
    const zz = load<i32>(i, C);
    const g = yy + xx;
    const h = yy - xx;
    store<i32>(i, g, G);
    store<i32>(i, h, H);
    store<i32>(i, load<i32>(i, S) - g, E);
    store<i32>(i, zz + zz - h, F);
  }
}

/** p = 2 p (dbl-2008-hwcd with a = -1); without `withT` T is left undefined, for when only a doubling follows. */
export function pointDouble(p: usize, withT: bool): void {
  feSq(A, p);
  feSq(B, p + 40);
  feSq(C, p + 80);
  feAdd(S, p, p + 40);
  feSq(S, S);
  doublingMiddle();
  feMul(p, E, F);
  feMul(p + 40, G, H);
  feMul(p + 80, F, H);
  if (withT) feMul(p + 120, E, G);
}

/** E = B - A, F = D - C, G = D + C, H = B + A: what both additions end with. `d` is 2 Z1 Z2 or, with halves, Z1. */
function additionMiddle(d: usize, f: usize, g: usize): void {
  for (let i: usize = 0; i < 36; i += 4) {
    const a = load<i32>(i, A);
    const b = load<i32>(i, B);
    const c = load<i32>(i, C);
    const z = load<i32>(d + i);
    store<i32>(i, b - a, E);
    store<i32>(f + i, z - c);
    store<i32>(g + i, z + c);
    store<i32>(i, b + a, H);
  }
}

/** E = Y - X, H = Y + X of `p`. */
function sumAndDifference(p: usize): void {
  for (let i: usize = 0; i < 36; i += 4) {
    const x = load<i32>(p + i);
    const y = load<i32>(p + i, 40);
    store<i32>(i, y - x, E);
    store<i32>(i, y + x, H);
  }
}

/**
 * p = p + q, or p - q if `negative`, which must not be secret (add-2008-hwcd-3). -q has Y + X and Y - X exchanged and T
 * of the other sign, which exchanges F and G.
 */
export function pointAdd(p: usize, q: usize, negative: bool, withT: bool): void {
  feMul(S, p + 80, q + 80);
  addition(p, q, q + 40, q + 120, S, negative, withT);
}

/** The same for an affine `q` (108 bytes). */
export function pointAddAffine(p: usize, q: usize, negative: bool, withT: bool): void {
  addition(p, q, q + 36, q + 72, p + 80, negative, withT);
}

/** Bounds of the products, of which feMul takes 5.5: A 1 x 2, B 2 x 2, C 1 x 1, then E F 1, G H 4, F G 2, E H 2. */
function addition(p: usize, plus: usize, minus: usize, t: usize, d: usize, negative: bool, withT: bool): void {
  sumAndDifference(p);
  feMul(A, E, negative ? plus : minus);
  feMul(B, H, negative ? minus : plus);
  feMul(C, p + 120, t);
  additionMiddle(d, negative ? G : F, negative ? F : G);
  feMul(p, E, F);
  feMul(p + 40, G, H);
  feMul(p + 80, F, G);
  if (withT) feMul(p + 120, E, H);
}

/** q = p in cached form. */
export function pointCache(q: usize, p: usize): void {
  feAdd(q, p + 40, p);
  feSub(q + 40, p + 40, p);
  feAdd(q + 80, p + 80, p + 80);
  feMul(q + 120, p + 120, D2);
}

/** table[i] = (2 i + 1) p in cached form for i < `count`, count >= 2. `p` is used up. */
export function pointOddMultiples(table: usize, p: usize, count: u32): void {
  // 2 p, cached, waits in the place of the last entry, which is made last.
  const last = table + <usize>(count - 1) * POINT_SIZE;
  pointCache(table, p);
  pointDouble(p, true);
  pointCache(last, p);
  pointAdd(p, table, false, true);
  for (let entry = table + POINT_SIZE; entry < last; entry += POINT_SIZE) {
    pointCache(entry, p);
    pointAdd(p, last, false, true);
  }
  pointCache(last, p);
}

/**
 * Decodes 32 bytes (RFC 8032 section 5.1.3). False, with `p` undefined, unless they are the canonical encoding of a
 * point: y below p, x^2 = (y^2 - 1) / (d y^2 + 1) a square, and no sign bit with x = 0. For public bytes: it branches
 * on them. `bytes` lie outside `p` and POINT_TEMPS.
 */
export function pointDecode(p: usize, bytes: usize): bool {
  const x = p;
  const y = p + 40;
  feFromBytes(y, bytes);
  feCopy(x, y);
  feToBytes(A, x);
  // What comes back differs if y was p or more; the sign bit is not part of y.
  store<u8>(A, load<u8>(A, 31) | (load<u8>(bytes, 31) & 128), 31);
  if (!equal(A, bytes, 32)) return false;
  const sign: u32 = load<u8>(bytes, 31) >> 7;

  // x = u v^3 (u v^7)^((p - 5) / 8) with u = y^2 - 1 = A, v = d y^2 + 1 = B.
  feSet(C, 1);
  feSq(A, y);
  feMul(B, A, D);
  feSub(A, A, C);
  feAdd(B, B, C);
  feSq(C, B);
  feMul(C, C, B);
  feMul(S, C, A); // u v^3
  feSq(C, C);
  feMul(C, C, B);
  feMul(C, C, A); // u v^7
  fePower58(C, C);
  feMul(x, S, C);
  // v x^2 is u or -u, or there is no root.
  feSq(C, x);
  feMul(C, C, B);
  feSub(S, C, A);
  if (!feIsZero(S)) {
    feAdd(S, C, A);
    if (!feIsZero(S)) return false;
    feMul(x, x, SQRT_M1);
  }
  feCopy(C, x);
  if (feIsNegative(C) != sign) {
    if (feIsZero(C)) return false;
    feNegateIf(x, x, 1);
  }
  feSet(p + 80, 1);
  feMul(p + 120, x, y);
  return true;
}

/** Bytes of the affine point (x, y) in A and B. */
function encodeAffine(bytes: usize): void {
  feToBytes(bytes, B);
  store<u8>(bytes, load<u8>(bytes, 31) | (<u8>(feIsNegative(A) << 7)), 31);
}

/** Encodes `p` into 32 bytes (RFC 8032 section 5.1.2), in constant time. */
export function pointEncode(bytes: usize, p: usize): void {
  feInvert(C, p + 80);
  feMul(A, p, C);
  feMul(B, p + 40, C);
  encodeAffine(bytes);
}

/** Encodes two points with one inversion (Montgomery's trick): 1/Z1 = Z2 / (Z1 Z2). */
export function pointEncodeTwo(bytes1: usize, p1: usize, bytes2: usize, p2: usize): void {
  feMul(C, p1 + 80, p2 + 80);
  feInvert(C, C);
  feMul(S, C, p2 + 80);
  feMul(A, p1, S);
  feMul(B, p1 + 40, S);
  encodeAffine(bytes1);
  feMul(S, C, p1 + 80);
  feMul(A, p2, S);
  feMul(B, p2 + 40, S);
  encodeAffine(bytes2);
}

/**
 * True if 8 p is the identity. That is so exactly if 2 p has x = 0 or y = 0 (orders 1, 2 and 4), and 2 p has
 * coordinates proportional to x y and y^2 + x^2.
 */
export function pointIsSmallOrder(p: usize): bool {
  feMul(A, p, p + 40);
  if (feIsZero(A)) return true;
  feSq(A, p);
  feSq(B, p + 40);
  feAdd(A, A, B);
  return feIsZero(A);
}

/** p = 8 p: what is left lies in the subgroup of prime order. */
export function pointClearCofactor(p: usize): void {
  pointDouble(p, false);
  pointDouble(p, false);
  pointDouble(p, true);
}
