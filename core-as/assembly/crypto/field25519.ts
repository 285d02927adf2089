/**
 * The field of Curve25519: integers modulo p = 2^255 - 19.
 *
 * An element is nine limbs, i32 each, in 40 bytes (the last four are padding, so that two elements can be swapped as
 * five 64-bit words each). Limb i weighs 2^ceil(28.5 i): exponents 0, 29, 57, 86, 114, 143, 171, 200, 228; even limbs
 * are 29 bits wide, odd ones 28, the last 27. Nine limbs need 81 products where ten of 25.5 bits need 100, and a
 * product is what an interpreter charges for. The half bit is what pays for it: with limbs of 29 bits throughout, the
 * columns of a product of two sums would pass 63 bits.
 *
 * Two sizes of limbs, in units of the limb's width (2^29 even, 2^28 odd, 2^27 top):
 *   tight: what feMul and feSq write. In [0, 1) but for limb 1, which gets the last carry, below 19 * 2^36 / 2^29 <
 *          2^12 in size, and so lies in [-2^-16, 1 + 2^-16].
 *   loose: sums and differences of tight ones, not carried. feMul takes any a and b with |a| |b| <= 5.5 (|a| the bound
 *          of its limbs in those units) and |a|, |b| < 4, so sum x sum, 2 x 2, is fine, and so is 1 x 3. feSq takes |a|
 *          <= 2 with even limbs below 2^30, as the sum of two masked limbs is.
 *
 * Proof for feMul. Column k collects a_i b_j with i + j = k. Even k: pairs of even limbs weigh 2^58 each, pairs of odd
 * limbs are counted twice (the exponents sum to one more than the column's) and weigh 2 * 2^56 = 2^57; odd k: 2^57
 * each. Columns 6 and 8 are the largest: 4 * 2^58 + 3 * 2^57 = 5.5 * 2^58, and 3 * 2^58 + 2 * 2^56 (limb 8 has 27 bits)
 * + 4 * 2^57 = 5.5 * 2^58. With |a| |b| <= 5.5 that is below 30.3 * 2^58 < 2^63 by 1.7 * 2^58; the carry from the
 * column below (< 2^36), the folded column (76 * 2^34 < 2^41) and the limb 1 excess vanish in that. Signed 64-bit
 * accumulators never overflow, and arithmetic shifts carry negative columns as they should. Products counted twice use
 * a limb doubled in 32 bits, for which odd limbs have room if |a| < 4; feSq doubles even ones too, and two limbs of
 * 2^29 - 1 doubled are 2^31 - 4. Doubling after the widening would hide from a C compiler that both factors are 32 bits
 * wide, and cost it a third more.
 *
 * Everything but the conversions is straight-line code on limbs: no branch and no address depends on a value.
 */
import { FIELD_TEMPS } from "./scratch";

/** Bytes of a field element in memory. */
const FE_SIZE: usize = 40;

const EVEN: i64 = 0x1fffffff;
const ODD: i64 = 0xfffffff;
const TOP: i64 = 0x7ffffff;

/**
 * out = a * b, tight. `out` may be `a` or `b`.
 *
 * High columns first, carried into nine limbs h9..h17, which then come back multiplied by what their weight is modulo
 * p: 2^257 = 76 (even columns below), and 2^256 = 38 where the exponent 285 of column 10 meets 29 of column 1, and so
 * on.
 */
export function feMul(out: usize, a: usize, b: usize): void {
  const a0: i64 = load<i32>(a, 0);
  const x1 = load<i32>(a, 4);
  const a2: i64 = load<i32>(a, 8);
  const x3 = load<i32>(a, 12);
  const a4: i64 = load<i32>(a, 16);
  const x5 = load<i32>(a, 20);
  const a6: i64 = load<i32>(a, 24);
  const x7 = load<i32>(a, 28);
  const a8: i64 = load<i32>(a, 32);
  const b0: i64 = load<i32>(b, 0);
  const b1: i64 = load<i32>(b, 4);
  const b2: i64 = load<i32>(b, 8);
  const b3: i64 = load<i32>(b, 12);
  const b4: i64 = load<i32>(b, 16);
  const b5: i64 = load<i32>(b, 20);
  const b6: i64 = load<i32>(b, 24);
  const b7: i64 = load<i32>(b, 28);
  const b8: i64 = load<i32>(b, 32);
  const a1: i64 = x1;
  const d1: i64 = x1 << 1;
  const a3: i64 = x3;
  const d3: i64 = x3 << 1;
  const a5: i64 = x5;
  const d5: i64 = x5 << 1;
  const a7: i64 = x7;
  const d7: i64 = x7 << 1;
  let t: i64 = a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1;
  const h9 = t & ODD;
  t = (t >> 28) + (a2 * b8 + d3 * b7 + a4 * b6 + d5 * b5 + a6 * b4 + d7 * b3 + a8 * b2);
  const h10 = t & EVEN;
  t = (t >> 29) + (a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3);
  const h11 = t & ODD;
  t = (t >> 28) + (a4 * b8 + d5 * b7 + a6 * b6 + d7 * b5 + a8 * b4);
  const h12 = t & EVEN;
  t = (t >> 29) + (a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5);
  const h13 = t & ODD;
  t = (t >> 28) + (a6 * b8 + d7 * b7 + a8 * b6);
  const h14 = t & EVEN;
  t = (t >> 29) + (a7 * b8 + a8 * b7);
  const h15 = t & ODD;
  t = (t >> 28) + a8 * b8;
  const h16 = t & EVEN;
  const h17 = t >> 29;
  t = h9 * 76 + a0 * b0;
  const r0 = t & EVEN;
  t = (t >> 29) + h10 * 38 + (a0 * b1 + a1 * b0);
  const r1 = t & ODD;
  t = (t >> 28) + h11 * 76 + (a0 * b2 + d1 * b1 + a2 * b0);
  store<i32>(out, <i32>(t & EVEN), 8);
  t = (t >> 29) + h12 * 38 + (a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0);
  store<i32>(out, <i32>(t & ODD), 12);
  t = (t >> 28) + h13 * 76 + (a0 * b4 + d1 * b3 + a2 * b2 + d3 * b1 + a4 * b0);
  store<i32>(out, <i32>(t & EVEN), 16);
  t = (t >> 29) + h14 * 38 + (a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0);
  store<i32>(out, <i32>(t & ODD), 20);
  t = (t >> 28) + h15 * 76 + (a0 * b6 + d1 * b5 + a2 * b4 + d3 * b3 + a4 * b2 + d5 * b1 + a6 * b0);
  store<i32>(out, <i32>(t & EVEN), 24);
  t = (t >> 29) + h16 * 38 + (a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0);
  store<i32>(out, <i32>(t & ODD), 28);
  t = (t >> 28) + h17 * 76 + (a0 * b8 + d1 * b7 + a2 * b6 + d3 * b5 + a4 * b4 + d5 * b3 + a6 * b2 + d7 * b1 + a8 * b0);
  store<i32>(out, <i32>(t & TOP), 32);
  t = (t >> 27) * 19 + r0;
  store<i32>(out, <i32>(t & EVEN));
  store<i32>(out, <i32>(r1 + (t >> 29)), 4);
}

/** out = a^2, tight, for |a| <= 2; 45 products. `out` may be `a`. */
export function feSq(out: usize, a: usize): void {
  const x0 = load<i32>(a, 0);
  const x1 = load<i32>(a, 4);
  const x2 = load<i32>(a, 8);
  const x3 = load<i32>(a, 12);
  const x4 = load<i32>(a, 16);
  const x5 = load<i32>(a, 20);
  const x6 = load<i32>(a, 24);
  const x7 = load<i32>(a, 28);
  const a8: i64 = load<i32>(a, 32);
  const a0: i64 = x0;
  const d0: i64 = x0 << 1;
  const a1: i64 = x1;
  const d1: i64 = x1 << 1;
  const a2: i64 = x2;
  const d2: i64 = x2 << 1;
  const a3: i64 = x3;
  const d3: i64 = x3 << 1;
  const a4: i64 = x4;
  const d4: i64 = x4 << 1;
  const a5: i64 = x5;
  const d5: i64 = x5 << 1;
  const a6: i64 = x6;
  const d6: i64 = x6 << 1;
  const a7: i64 = x7;
  const d7: i64 = x7 << 1;
  let t: i64 = d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5;
  const h9 = t & ODD;
  t = (t >> 28) + (d2 * a8 + d3 * d7 + d4 * a6 + d5 * a5);
  const h10 = t & EVEN;
  t = (t >> 29) + (d3 * a8 + d4 * a7 + d5 * a6);
  const h11 = t & ODD;
  t = (t >> 28) + (d4 * a8 + d5 * d7 + a6 * a6);
  const h12 = t & EVEN;
  t = (t >> 29) + (d5 * a8 + d6 * a7);
  const h13 = t & ODD;
  t = (t >> 28) + (d6 * a8 + d7 * a7);
  const h14 = t & EVEN;
  t = (t >> 29) + d7 * a8;
  const h15 = t & ODD;
  t = (t >> 28) + a8 * a8;
  const h16 = t & EVEN;
  const h17 = t >> 29;
  t = h9 * 76 + a0 * a0;
  const r0 = t & EVEN;
  t = (t >> 29) + h10 * 38 + d0 * a1;
  const r1 = t & ODD;
  t = (t >> 28) + h11 * 76 + (d0 * a2 + d1 * a1);
  store<i32>(out, <i32>(t & EVEN), 8);
  t = (t >> 29) + h12 * 38 + (d0 * a3 + d1 * a2);
  store<i32>(out, <i32>(t & ODD), 12);
  t = (t >> 28) + h13 * 76 + (d0 * a4 + d1 * d3 + a2 * a2);
  store<i32>(out, <i32>(t & EVEN), 16);
  t = (t >> 29) + h14 * 38 + (d0 * a5 + d1 * a4 + d2 * a3);
  store<i32>(out, <i32>(t & ODD), 20);
  t = (t >> 28) + h15 * 76 + (d0 * a6 + d1 * d5 + d2 * a4 + d3 * a3);
  store<i32>(out, <i32>(t & EVEN), 24);
  t = (t >> 29) + h16 * 38 + (d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4);
  store<i32>(out, <i32>(t & ODD), 28);
  t = (t >> 28) + h17 * 76 + (d0 * a8 + d1 * d7 + d2 * a6 + d3 * d5 + a4 * a4);
  store<i32>(out, <i32>(t & TOP), 32);
  t = (t >> 27) * 19 + r0;
  store<i32>(out, <i32>(t & EVEN));
  store<i32>(out, <i32>(r1 + (t >> 29)), 4);
}

/** out = a^(2^n), n >= 1. */
export function feSqTimes(out: usize, a: usize, n: u32): void {
  feSq(out, a);
  for (let i: u32 = 1; i < n; i++) feSq(out, out);
}

/** out = a + b, not carried. */
export function feAdd(out: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < 36; i += 4) store<i32>(out + i, load<i32>(a + i) + load<i32>(b + i));
}

/** out = a - b, not carried: limbs may be negative. */
export function feSub(out: usize, a: usize, b: usize): void {
  for (let i: usize = 0; i < 36; i += 4) store<i32>(out + i, load<i32>(a + i) - load<i32>(b + i));
}

/** out = a small constant, 0 or 1. */
export function feSet(out: usize, value: i32): void {
  memory.fill(out, 0, FE_SIZE);
  store<i32>(out, value);
}

/** out = a. `out` and `a` may be the same. */
export function feCopy(out: usize, a: usize): void {
  memory.copy(out, a, FE_SIZE);
}

/**
 * Swaps two elements if `bit` is 1, leaves them if it is 0, with the same loads and stores.
 */
export function feSwap(a: usize, b: usize, bit: u32): void {
  const mask: u64 = 0 - <u64>bit;
  for (const end = a + FE_SIZE; a < end; a += 8) {
    const x = load<u64>(a);
    const y = load<u64>(b);
    const difference = (x ^ y) & mask;
    store<u64>(a, x ^ difference);
    store<u64>(b, y ^ difference);
    b += 8;
  }
}

/** out = a if `bit` is 0, -a if it is 1, with the same loads and stores. */
export function feNegateIf(out: usize, a: usize, bit: u32): void {
  const sign: i32 = 1 - ((<i32>bit) << 1);
  for (let i: usize = 0; i < 36; i += 4) store<i32>(out + i, load<i32>(a + i) * sign);
}

/**
 * The element of the 32 little-endian bytes at `bytes`, whose highest bit is ignored. Values from p up are taken mod p.
 */
export function feFromBytes(out: usize, bytes: usize): void {
  const w0 = load<u64>(bytes);
  const w1 = load<u64>(bytes, 8);
  const w2 = load<u64>(bytes, 16);
  const w3 = load<u64>(bytes, 24);
  store<i32>(out, <i32>(w0 & EVEN));
  store<i32>(out, <i32>((w0 >> 29) & ODD), 4);
  store<i32>(out, <i32>(((w0 >> 57) | (w1 << 7)) & EVEN), 8);
  store<i32>(out, <i32>((w1 >> 22) & ODD), 12);
  store<i32>(out, <i32>(((w1 >> 50) | (w2 << 14)) & EVEN), 16);
  store<i32>(out, <i32>((w2 >> 15) & ODD), 20);
  store<i32>(out, <i32>(((w2 >> 43) | (w3 << 21)) & EVEN), 24);
  store<i32>(out, <i32>((w3 >> 8) & ODD), 28);
  store<i32>(out, <i32>((w3 >> 36) & TOP), 32);
  store<i32>(out, 0, 36);
}

/**
 * Brings the loose element `a` into [0, p) in place.
 *
 * Pass 0 leaves a value in [0, 2^255) and c with |c| <= 4 (for |a| <= 3) in units of 2^255, worth 19 c. Adding that in
 * pass 1 leaves c in {-1, 0, 1}: if -1, the value was in [-76, -1] and is now 2^255 minus that much; if 1, it is below
 * 76. So pass 2, adding 19 c, neither borrows nor carries and the value v lies in [0, 2^255). Pass 3 adds 19, which
 *     carries beyond 2^255 exactly
 * if v >= p, and then leaves v - p; if it does not carry, pass 4 takes the 19 back.
 */
function reduce(a: usize): void {
  let carry: i64 = 0;
  for (let pass: u32 = 0; pass < 5; pass++) {
    if (pass == 3) carry = 1;
    if (pass == 4) carry -= 1;
    carry *= 19;
    for (let i: usize = 0; i < 32; i += 8) {
      carry += <i64>load<i32>(a + i);
      store<i32>(a + i, <i32>(carry & EVEN));
      carry = (carry >> 29) + <i64>load<i32>(a + i, 4);
      store<i32>(a + i, <i32>(carry & ODD), 4);
      carry >>= 28;
    }
    carry += <i64>load<i32>(a, 32);
    store<i32>(a, <i32>(carry & TOP), 32);
    carry >>= 27;
  }
}

/** Writes the canonical 32-byte encoding of `a`. `a` itself is carried in place and keeps its value. */
export function feToBytes(bytes: usize, a: usize): void {
  reduce(a);
  const a2: u64 = load<u32>(a, 8);
  const a4: u64 = load<u32>(a, 16);
  const a6: u64 = load<u32>(a, 24);
  store<u64>(bytes, (<u64>load<u32>(a)) | ((<u64>load<u32>(a, 4)) << 29) | (a2 << 57));
  store<u64>(bytes, (a2 >> 7) | ((<u64>load<u32>(a, 12)) << 22) | (a4 << 50), 8);
  store<u64>(bytes, (a4 >> 14) | ((<u64>load<u32>(a, 20)) << 15) | (a6 << 43), 16);
  store<u64>(bytes, (a6 >> 21) | ((<u64>load<u32>(a, 28)) << 8) | ((<u64>load<u32>(a, 32)) << 36), 24);
}

/** True if a = 0 mod p. `a` is carried in place. */
export function feIsZero(a: usize): bool {
  reduce(a);
  let bits: u64 = 0;
  for (let i: usize = 0; i < 32; i += 8) bits |= load<u64>(a + i);
  return (bits | (<u64>load<u32>(a, 32))) == 0;
}

/** The sign of RFC 8032: bit 0 of the canonical encoding. `a` is carried in place. */
export function feIsNegative(a: usize): u32 {
  reduce(a);
  return load<u32>(a) & 1;
}

const T0: usize = FIELD_TEMPS;
const T1: usize = FIELD_TEMPS + 40;
const T2: usize = FIELD_TEMPS + 80;
const T3: usize = FIELD_TEMPS + 120;

/** T1 = a^(2^250 - 1) and T0 = a^11, the common part of the two powers below. */
function power250(a: usize): void {
  feSq(T0, a);
  feSqTimes(T1, T0, 2);
  feMul(T1, a, T1); // a^9
  feMul(T0, T0, T1); // a^11
  feSq(T2, T0);
  feMul(T1, T1, T2); // a^(2^5 - 1)
  feSqTimes(T2, T1, 5);
  feMul(T1, T2, T1); // a^(2^10 - 1)
  feSqTimes(T2, T1, 10);
  feMul(T2, T2, T1); // a^(2^20 - 1)
  feSqTimes(T3, T2, 20);
  feMul(T2, T3, T2); // a^(2^40 - 1)
  feSqTimes(T2, T2, 10);
  feMul(T1, T2, T1); // a^(2^50 - 1)
  feSqTimes(T2, T1, 50);
  feMul(T2, T2, T1); // a^(2^100 - 1)
  feSqTimes(T3, T2, 100);
  feMul(T2, T3, T2); // a^(2^200 - 1)
  feSqTimes(T2, T2, 50);
  feMul(T1, T2, T1);
}

/**
 * out = 1 / a, and 0 for a = 0: a^(p - 2) (Fermat), in constant time. |a| <= 2, outside FIELD_TEMPS. `out` may be `a`.
 */
export function feInvert(out: usize, a: usize): void {
  power250(a);
  feSqTimes(T1, T1, 5);
  feMul(out, T1, T0); // 2^255 - 21
}

/**
 * out = a^((p - 5) / 8), the power a square root needs (RFC 8032 section 5.1.3). `a` as in feInvert; `out` may be `a`.
 */
export function fePower58(out: usize, a: usize): void {
  power250(a);
  feSqTimes(T1, T1, 2);
  feMul(out, T1, a); // 2^252 - 3
}
