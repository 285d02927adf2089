/**
 * Sums of multiples of public points by public scalars, for verification only: it branches on everything.
 *
 * Straus' method: all scalars share the doublings. Scalars of variable points are in width-4 non-adjacent form (odd
 * digits -7..7, one in five not zero) with four precomputed multiples each; with scalars of 127 bits, eight multiples
 * cost as many additions as they save. The base point brings its comb (comb25519.ts), which needs the last 32 doublings
 * only.
 */
import { combAddPublic } from "./comb25519";
import { POINT_SIZE, pointAdd, pointDouble, pointSetIdentity } from "./edwards25519";

/** Multiples of a point that a table holds: 1, 3, 5, 7. */
export const TABLE_ENTRIES: u32 = 4;

/**
 * Writes the width-4 non-adjacent form of the scalar of `size` bytes: 8 size + 1 digits, i8 each, least significant
 * first.
 */
export function nonAdjacentForm(digits: usize, scalar: usize, size: u32): void {
  const bits = size << 3;
  memory.fill(digits, 0, bits + 1);
  let carry: u32 = 0;
  let i: u32 = 0;
  while (i < bits) {
    // Bits i..i+7 of the scalar, of which four are used; none beyond its end is read.
    const byte = scalar + <usize>(i >> 3);
    let window: u32 = load<u8>(byte);
    if ((i >> 3) + 1 < size) window |= (<u32>load<u8>(byte, 1)) << 8;
    window = (window >> (i & 7)) & 15;
    if ((window & 1) == carry) {
      i++;
      continue;
    }
    const digit = window + carry;
    carry = digit >> 3;
    store<i8>(digits + <usize>i, <i8>(<i32>digit - <i32>(carry << 4)));
    i += 4;
  }
  // The last window may reach beyond the end and leave its carry there.
  if (carry != 0) store<i8>(digits + <usize>bits, 1);
}

/** Adds (or subtracts) digit times the point whose odd multiples are at `table`. */
function addDigit(p: usize, digit: i32, table: usize, negative: bool, withT: bool): void {
  const size = digit < 0 ? -digit : digit;
  pointAdd(p, table + <usize>(size >> 1) * POINT_SIZE, digit < 0 != negative, withT);
}

/**
 * p = +-a P - b Q + s B, where `a` and `b` are `count` digits each, P and Q tables of odd multiples, `comb` the digits
 * of s (scalarComb), or 0 for none. The sign of a P is - if `subtractP`. T of `p` is left undefined.
 */
export function straus(
  p: usize,
  count: u32,
  a: usize,
  tableP: usize,
  subtractP: bool,
  b: usize,
  tableQ: usize,
  comb: usize,
): void {
  pointSetIdentity(p);
  let started = false;
  for (let i: i32 = <i32>count - 1; i >= 0; i--) {
    const x: i32 = load<i8>(a + <usize>i);
    const y: i32 = load<i8>(b + <usize>i);
    const combs = comb != 0 && i < 32;
    const adds = x != 0 || y != 0 || combs;
    if (started) pointDouble(p, adds);
    if (adds) started = true;
    if (x != 0) addDigit(p, x, tableP, subtractP, y != 0 || combs);
    if (y != 0) addDigit(p, y, tableQ, true, combs);
    if (combs) combAddPublic(p, comb, i);
  }
}
