/**
 * BLAKE2b, unkeyed, one shot (RFC 7693).
 *
 * Mehr addresses are the first 16 bytes of the 32-byte hash (registry section 5), which is not the same as asking
 * BLAKE2b for 16 bytes: the output length is part of the parameter block.
 */

const BLOCK_SIZE: u32 = 128;

// RFC 7693 section 2.6: the first 64 bits of the fractional parts of the square roots of the first eight primes.
const IV: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
  0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);

// RFC 7693 section 2.7: message word schedule. Rounds 10 and 11 use rows 0 and 1 again.
const SIGMA: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3, 11, 8, 12,
  0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8, 9, 0, 5, 7, 2, 4, 10,
  15, 14, 1, 11, 12, 6, 8, 3, 13, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9, 12, 5, 1, 15, 14, 13, 4, 10, 0,
  7, 6, 3, 9, 2, 8, 11, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10, 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7,
  1, 4, 10, 5, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
]);

/** Chaining value h[0..7], working vector v[0..15] behind it, then the last block padded with zeros. */
const H: usize = memory.data(64, 16);
const V: usize = memory.data(128, 16);
const LAST: usize = memory.data(128, 16);

/** The mixing function G on v[a], v[b], v[c], v[d], given as byte offsets (RFC 7693 section 3.1). */
function mix(a: usize, b: usize, c: usize, d: usize, x: u64, y: u64): void {
  let va = load<u64>(V + a);
  let vb = load<u64>(V + b);
  let vc = load<u64>(V + c);
  let vd = load<u64>(V + d);
  va = va + vb + x;
  vd = rotr<u64>(vd ^ va, 32);
  vc = vc + vd;
  vb = rotr<u64>(vb ^ vc, 24);
  va = va + vb + y;
  vd = rotr<u64>(vd ^ va, 16);
  vc = vc + vd;
  vb = rotr<u64>(vb ^ vc, 63);
  store<u64>(V + a, va);
  store<u64>(V + b, vb);
  store<u64>(V + c, vc);
  store<u64>(V + d, vd);
}

/** Message word number `index` of the schedule row at `row`. */
function word(block: usize, row: usize, index: usize): u64 {
  return load<u64>(block + ((<usize>load<u8>(row + index)) << 3));
}

/** F (RFC 7693 section 3.2): `counter` = bytes hashed so far including this block, `last` = final block. */
function compress(block: usize, counter: u64, last: bool): void {
  memory.copy(V, H, 64);
  memory.copy(V + 64, IV, 64);
  // The byte counter is 128 bits wide; an input on this machine never reaches the upper word.
  store<u64>(V + 96, load<u64>(V + 96) ^ counter);
  if (last) store<u64>(V + 112, ~load<u64>(V + 112));
  for (let round: u32 = 0; round < 12; round++) {
    const row = SIGMA + <usize>((round % 10) << 4);
    mix(0, 32, 64, 96, word(block, row, 0), word(block, row, 1));
    mix(8, 40, 72, 104, word(block, row, 2), word(block, row, 3));
    mix(16, 48, 80, 112, word(block, row, 4), word(block, row, 5));
    mix(24, 56, 88, 120, word(block, row, 6), word(block, row, 7));
    mix(0, 40, 80, 120, word(block, row, 8), word(block, row, 9));
    mix(8, 48, 88, 96, word(block, row, 10), word(block, row, 11));
    mix(16, 56, 64, 104, word(block, row, 12), word(block, row, 13));
    mix(24, 32, 72, 112, word(block, row, 14), word(block, row, 15));
  }
  for (let i: usize = 0; i < 64; i += 8) {
    store<u64>(H + i, load<u64>(H + i) ^ load<u64>(V + i) ^ load<u64>(V + 64 + i));
  }
}

/**
 * BLAKE2b of `length` bytes at `input`, `outLength` (1-64) bytes at `out`. `out` may overlap `input`.
 * Returns false, writing nothing, if `outLength` is out of range.
 */
export function blake2b(out: usize, outLength: u32, input: usize, length: u32): bool {
  if (outLength == 0 || outLength > 64) return false;
  memory.copy(H, IV, 64);
  // Parameter block: digest length, no key, fanout 1, depth 1 (RFC 7693 section 2.5).
  store<u64>(H, load<u64>(H) ^ 0x01010000 ^ (<u64>outLength));
  let done: u32 = 0;
  // The last block is compressed apart even when it is full, so this stops one block early.
  while (length - done > BLOCK_SIZE) {
    compress(input + done, <u64>(done + BLOCK_SIZE), false);
    done += BLOCK_SIZE;
  }
  memory.fill(LAST, 0, BLOCK_SIZE);
  memory.copy(LAST, input + done, length - done);
  compress(LAST, <u64>length, true);
  memory.copy(out, H, outLength);
  return true;
}
