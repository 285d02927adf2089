/**
 * Arithmetic modulo L = 2^252 + 27742317777372353535851937790883648493, the order of edwards25519's base point (RFC
 * 8032 section 5.1). Scalars are 32 bytes, little-endian.
 *
 * Scalars are secret when signing and proving, so nothing but `scalarIsCanonical` and `scalarHalve`, which take public
 * input, lets a branch or an address depend on a value. What the others leave in the scratch memory is wiped.
 */
import { SCALAR_TEMPS as SCALAR } from "./scratch";

/** L as four words. */
const L: usize = memory.data<u64>([0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000]);

// For scalarReduce. The number to reduce, 64 bytes and 8 of zeros behind it, then its limbs.
const WIDE: usize = SCALAR;
const X: usize = SCALAR + 72;
const REDUCE_SIZE: u32 = 72 + 80;

const MASK: i64 = 0xfffffff;

/**
 * Subtracts q*c, c = L - 2^252, from the limbs (28 bits, one i32 each) at x. When the caller has taken q off limb 9,
 * which is q*2^252, that makes q*L. c has five limbs, the highest of them 0x14de < 2^13.
 *
 * Leaves limbs 0 to 4 in 0 .. 2^28-1 and adds the carry to limb 5. With q = 0 it only carries.
 *
 * Bounds: let |q| and the limbs be at most 2^28 + 2^14. While a carry is at most 2^28 + 2^15 in magnitude,
 * |t| <= (2^28 + 2^14) * (2^28 - 1) + 2 * (2^28 + 2^15) < 2^57, and the next carry, t / 2^28 rounded down, is at most
 * 2^28 + 2^14 + 3. The last is at most ((2^28 + 2^14) * 2^13 + 2 * (2^28 + 2^15)) / 2^28 + 1 < 2^14.
 */
function fold(x: usize, q: i64): void {
  let t = <i64>load<i32>(x) - q * 0xcf5d3ed;
  store<u32>(x, <u32>(t & MASK));
  t = <i64>load<i32>(x, 4) - q * 0x12631a5 + (t >> 28);
  store<u32>(x, <u32>(t & MASK), 4);
  t = <i64>load<i32>(x, 8) - q * 0x79cd658 + (t >> 28);
  store<u32>(x, <u32>(t & MASK), 8);
  t = <i64>load<i32>(x, 12) - q * 0xf9dea2f + (t >> 28);
  store<u32>(x, <u32>(t & MASK), 12);
  t = <i64>load<i32>(x, 16) - q * 0x14de + (t >> 28);
  store<u32>(x, <u32>(t & MASK), 16);
  store<u32>(x, load<u32>(x, 20) + <u32>(t >> 28), 20);
}

/** Writes the 64 bytes at `wide` modulo L to `out` (32 bytes, may overlap `wide`). Constant time. */
export function scalarReduce(out: usize, wide: usize): void {
  memory.copy(WIDE, wide, 64);
  store<u64>(WIDE, 0, 64);
  // Two limbs are 7 bytes. 512 bits are 18 limbs and 8 bits; limb 19 is 0.
  for (let i: usize = 0; i < 10; i++) {
    store<u32>(X + 8 * i, load<u32>(WIDE + 7 * i) & 0xfffffff);
    store<u32>(X + 8 * i, load<u32>(WIDE + 7 * i, 3) >> 4, 4);
  }
  // From limb 18 down to 9. A limb was left in 0 .. 2^28-1 by the input or the folds that covered it, and got the last
  // carry of one fold more, so it is in the bounds `fold` asks for when it becomes q.
  for (let x = X + 36; x >= X; x -= 4) {
    const q = load<i32>(x, 36);
    store<u32>(x, 0, 36);
    fold(x, q);
  }
  // Limbs 5 to 8 are between -2^14 and 2^28 + 2^14 now, so the value v is between -2^239 and 2^252 + 2^239. After this
  // carry limb 9 is v / 2^252 rounded down, -1, 0 or 1, modulo 2^28. (The carry out of it, to limb 10, is not used.)
  fold(X + 20, 0);
  // First q = limb 9. v < 0 becomes v + L, between 0 and L; v >= 2^252 becomes v - L, between -c and 2^239; others are
  // below 2^252 < L as they are. Then q = -1 if that is negative and 0 if not, which leaves v in 0 .. L-1. Bit 252 of
  // it is limb 9.
  for (let shift = 4; shift < 6; shift++) {
    const high = load<i32>(X, 36);
    const q = (high << 4) >> shift;
    store<i32>(X, high - q, 36);
    fold(X, q);
    fold(X + 20, 0);
  }
  for (let i: usize = 0; i < 5; i++) {
    store<u64>(WIDE + 7 * i, (<u64>load<u32>(X + 8 * i)) | ((<u64>load<u32>(X + 8 * i, 4)) << 28));
  }
  memory.copy(out, WIDE, 32);
  memory.fill(SCALAR, 0, REDUCE_SIZE);
}

/** Writes (a*b + c) mod L to `out`; a, b and c are any 32 bytes, and `out` may be one of them. Constant time. */
export function scalarMulAdd(out: usize, a: usize, b: usize, c: usize): void {
  // The sum starts with the 8 words of c; every round adds its carry as one word more.
  memory.copy(WIDE, c, 32);
  const end = b + 32;
  for (let i: usize = 0; i < 32; i += 4) {
    const word = <u64>load<u32>(a + i);
    let x = WIDE + i;
    let y = b;
    let t: u64 = 0;
    do {
      // At most (2^32-1)^2 + 2 * (2^32-1) = 2^64 - 1.
      t += <u64>load<u32>(x) + word * <u64>load<u32>(y);
      store<u32>(x, <u32>t);
      t >>= 32;
      x += 4;
      y += 4;
    } while (y < end);
    store<u32>(x, <u32>t);
  }
  scalarReduce(out, WIDE);
}

/**
 * Recodes s < 2^255 in digits +1 and -1 for a signed comb: writes the 256-bit number e to `out` for which
 * s = sum of (2 * bit i of e - 1) * 2^i, i = 0 .. 255, modulo L. `out` may be s. Constant time.
 *
 * That sum is 2*e - (2^256 - 1). Let s' be the odd one of s and s + L, below 2^256; e = 2^255 + (s' - 1) / 2 makes it
 * s'.
 */
export function scalarComb(out: usize, s: usize): void {
  const s0 = load<u64>(s);
  const s1 = load<u64>(s, 8);
  const s2 = load<u64>(s, 16);
  const even = (s0 & 1) - 1;
  const t0 = s0 + (load<u64>(L) & even);
  const t1 = s1 + ((load<u64>(L, 8) & even) + u64(t0 < s0));
  const t2 = s2 + u64(t1 < s1);
  const t3 = load<u64>(s, 24) + (load<u64>(L, 24) & even) + u64(t2 < s2);
  store<u64>(out, (t0 >> 1) | (t1 << 63));
  store<u64>(out, (t1 >> 1) | (t2 << 63), 8);
  store<u64>(out, (t2 >> 1) | (t3 << 63), 16);
  store<u64>(out, (t3 >> 1) | ((<u64>1) << 63), 24);
}

/** Whether s < L, as RFC 8032 section 5.1.7 asks of a signature. Public input. */
export function scalarIsCanonical(s: usize): bool {
  let i: usize = 24;
  while (i > 0 && load<u64>(s + i) == load<u64>(L + i)) i -= 8;
  return load<u64>(s + i) < load<u64>(L + i);
}

// For scalarHalve. Two rows of r (32 bytes) and t (16 bytes, two's complement), with 16 bytes of zeros before each.
const ROW0: usize = SCALAR + 16;
const ROW1: usize = SCALAR + 80;
const HALVE_SIZE: u32 = 128;

/**
 * Finds a fraction of half size for k, any 32 bytes (public; not constant time): writes c < 2^127 and 0 < d < 2^126,
 * 16 bytes each, such that c = d*k mod L if it returns true and c = -d*k mod L if false. (Antipa et al., "Accelerated
 * Verification of ECDSA Signatures", 2005; Pornin, eprint 2020/454.) Either may overlap k.
 *
 * Euclid's algorithm on the rows (r, t) = (L, 0) and (k, 1), which keeps r = t*k mod L, stopped when one r is below
 * 2^127. A step subtracts q > 0 times one row from the other, with 0 <= r after it; q may be less than the quotient. So
 * the two t have opposite signs or one is 0, and r0*|t1| + r1*|t0| = L at all times. No step is done before both r are
 * known to be at least 2^127, so then both |t| <= L / 2^127 < 2^126; the step changes one t, and as the other r is
 * still at least 2^127, that t is again below 2^126. In the end r1 < 2^127 <= r0. t1 is not 0: r1*|t0| = L would need
 * r1 = 1 or L, as L is prime. The two r are never equal at 2^127 or above but for k = 0 mod L, where the difference, 0,
 * ends the search.
 *
 * Many steps are done on the leading 55 to 62 bits (Lehmer; Knuth, TAOCP volume 2, section 4.5.2) and then brought to
 * the rows at once. s being the number of bits left out, x = floor(r0 / 2^s) and y = floor(r1 / 2^s) start out as x <=
 * r0 / 2^s < x + 1, and after steps with cofactors a and b (row = +-(a*r0 - b*r1)) the value is within a of x on one
 * side and within b on the other, at most b >= a on both. q = floor((x - b0) / (y + b1)) is therefore not more than the
 * quotient, and x - q*y >= b0 + q*b1, the new b: the new r is not negative.
 */
export function scalarHalve(c: usize, d: usize, k: usize): bool {
  let row0 = ROW0;
  let row1 = ROW1;
  memory.fill(SCALAR, 0, HALVE_SIZE);
  memory.copy(row0, L, 32);
  memory.copy(row1, k, 32);
  store<u32>(row1, 1, 32);
  // The leading 64 bits, in whole bytes, of both r.
  let top: usize = 24;
  for (;;) {
    let i = top;
    while (i > 0 && load<u64>(row0 + i) == load<u64>(row1 + i)) i--;
    if (load<u64>(row0 + i) < load<u64>(row1 + i)) {
      const row = row0;
      row0 = row1;
      row1 = row;
    }
    // Now r0 >= r1, and r0 >= 2^127.
    if ((load<u64>(row1, 16) | load<u64>(row1, 24) | (load<u64>(row1, 8) >> 63)) == 0) break;
    while (load<u8>(row0 + top, 7) == 0) top--;
    // An r of y - b1 >= least is at least 2^127: s is 8*top + 2, and top is at least 8.
    let least: u64 = top < 16 ? (<u64>1) << (125 - 8 * <u64>top) : 1;
    // Where r1 is shorter than r0 by two bytes or more, one step is done with r1 times a power of 2^8, which is row1
    // seen from an address below it: first zeros, last t less the bytes pushed out. It is still shorter by one byte.
    let view = row1;
    while (load<u16>(view + top, 6) == 0) {
      view--;
      least = (<u64>1) << 62;
    }
    // y >= 2^46, so q < 2^16. It is 0 only if x = y, and may be 1, since r0 >= r1; y = 0 then ends the steps.
    let x = load<u64>(row0 + top) >> 2;
    let y = load<u64>(view + top) >> 2;
    let q = max<u64>(x / (y + 1), 1);
    let next = x - q * y;
    x = y;
    y = next;
    let a0: u64 = 0;
    let b0: u64 = 1;
    let a1: u64 = 1;
    let b1 = q;
    while (y >= b1 + least) {
      q = (x - b0) / (y + b1);
      const b = b0 + q * b1;
      if (q == 0 || b >= 0x80000000) break;
      next = x - q * y;
      x = y;
      y = next;
      next = a0 + q * a1;
      a0 = a1;
      a1 = next;
      b0 = b1;
      b1 = b;
    }
    // The steps took turns; after an odd number of them the cofactors of row0 are a1 and b1.
    if (a0 * b1 < a1 * b0) {
      next = a0;
      a0 = a1;
      a1 = next;
      next = b0;
      b0 = b1;
      b1 = next;
    }
    // (row0, row1) = (a0*row0 - b0*row1, b1*row1 - a1*row0). Cofactors are below 2^31 and words below 2^32, so a carry
    // is in -2^31 .. 2^31-1 and a sum within (2^31-1) * (2^32-1) + 2^31 < 2^63. r fills its words without a carry into
    // t.
    let u: i64 = 0;
    let v: i64 = 0;
    i = 0;
    do {
      x = load<u32>(row0 + i);
      y = load<u32>(view + i);
      u += <i64>(a0 * x - b0 * y);
      v += <i64>(b1 * y - a1 * x);
      store<u32>(row0 + i, <u32>u);
      store<u32>(view + i, <u32>v);
      u >>= 32;
      v >>= 32;
      i += 4;
    } while (i < 48);
  }
  memory.copy(c, row1, 16);
  let low = load<i64>(row1, 32);
  let high = load<i64>(row1, 40);
  const positive = high >= 0;
  if (!positive) {
    high = ~high + i64(low == 0);
    low = -low;
  }
  store<i64>(d, low);
  store<i64>(d, high, 8);
  return positive;
}
