/**
 * BLAKE2b, unkeyed, one shot (RFC 7693).
 *
 * Mehr addresses are the first 16 bytes of the 32-byte hash (registry section 5), which is not the same as asking
 * BLAKE2b for 16 bytes: the output length is part of the parameter block.
 *
 * What is hashed may be secret: neither branch nor address depends on it, only on its length, and nothing of it is
 * left.
 */
import { HASH, HASH_SIZE } from "./scratch";
import { IV } from "./sha512";

const BLOCK_SIZE: u32 = 128;

// RFC 7693 section 2.7: message word schedule, as byte offsets into the block. Rounds 10 and 11 are rounds 0 and 1
// again.
const SIGMA: usize = memory.data<u8>([
  0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 112, 80, 32, 64, 72, 120, 104, 48, 8, 96, 0, 16, 88,
  56, 40, 24, 88, 64, 96, 0, 40, 16, 120, 104, 80, 112, 24, 48, 56, 8, 72, 32, 56, 72, 24, 8, 104, 96, 88, 112, 16, 48,
  40, 80, 32, 0, 120, 64, 72, 0, 40, 56, 16, 32, 80, 120, 112, 8, 88, 96, 48, 64, 24, 104, 16, 96, 48, 80, 0, 88, 64,
  24, 32, 104, 56, 40, 120, 112, 8, 72, 96, 40, 8, 120, 112, 104, 32, 80, 0, 56, 48, 24, 72, 16, 64, 88, 104, 88, 56,
  112, 96, 8, 24, 72, 40, 0, 120, 32, 64, 48, 16, 80, 48, 120, 112, 72, 88, 24, 0, 64, 96, 16, 104, 56, 8, 32, 80, 40,
  80, 16, 64, 32, 56, 48, 8, 40, 120, 88, 72, 112, 24, 96, 104, 0, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96,
  104, 112, 120, 112, 80, 32, 64, 72, 120, 104, 48, 8, 96, 0, 16, 88, 56, 40, 24,
]);
const SIGMA_END: usize = SIGMA + 192;

/** Chaining value h[0..7] and the block being compressed, at a fixed place so that its address is part of each load. */
const H: usize = HASH;
const BLOCK: usize = HASH + 64;

/**
 * F (RFC 7693 section 3.2) of BLOCK: `counter` = bytes hashed so far including this block, `final` = all ones if last.
 */
function compress(counter: u64, final: u64): void {
  let v0 = load<u64>(H);
  let v1 = load<u64>(H, 8);
  let v2 = load<u64>(H, 16);
  let v3 = load<u64>(H, 24);
  let v4 = load<u64>(H, 32);
  let v5 = load<u64>(H, 40);
  let v6 = load<u64>(H, 48);
  let v7 = load<u64>(H, 56);
  let v8 = load<u64>(IV);
  let v9 = load<u64>(IV, 8);
  let v10 = load<u64>(IV, 16);
  let v11 = load<u64>(IV, 24);
  let v12 = load<u64>(IV, 32) ^ counter;
  // The byte counter is 128 bits wide; an input on this machine never reaches the upper word, v13.
  let v13 = load<u64>(IV, 40);
  let v14 = load<u64>(IV, 48) ^ final;
  let v15 = load<u64>(IV, 56);
  let row = SIGMA;
  do {
    // One round: the mixing function G (section 3.1) on the four columns, then on the four diagonals.
    v0 = load<u64>(load<u8>(row), BLOCK) + v0 + v4;
    v12 = rotr<u64>(v12 ^ v0, 32);
    v8 += v12;
    v4 = rotr<u64>(v4 ^ v8, 24);
    v0 = load<u64>(load<u8>(row, 1), BLOCK) + v0 + v4;
    v12 = rotr<u64>(v12 ^ v0, 16);
    v8 += v12;
    v4 = rotr<u64>(v4 ^ v8, 63);

    v1 = load<u64>(load<u8>(row, 2), BLOCK) + v1 + v5;
    v13 = rotr<u64>(v13 ^ v1, 32);
    v9 += v13;
    v5 = rotr<u64>(v5 ^ v9, 24);
    v1 = load<u64>(load<u8>(row, 3), BLOCK) + v1 + v5;
    v13 = rotr<u64>(v13 ^ v1, 16);
    v9 += v13;
    v5 = rotr<u64>(v5 ^ v9, 63);

    v2 = load<u64>(load<u8>(row, 4), BLOCK) + v2 + v6;
    v14 = rotr<u64>(v14 ^ v2, 32);
    v10 += v14;
    v6 = rotr<u64>(v6 ^ v10, 24);
    v2 = load<u64>(load<u8>(row, 5), BLOCK) + v2 + v6;
    v14 = rotr<u64>(v14 ^ v2, 16);
    v10 += v14;
    v6 = rotr<u64>(v6 ^ v10, 63);

    v3 = load<u64>(load<u8>(row, 6), BLOCK) + v3 + v7;
    v15 = rotr<u64>(v15 ^ v3, 32);
    v11 += v15;
    v7 = rotr<u64>(v7 ^ v11, 24);
    v3 = load<u64>(load<u8>(row, 7), BLOCK) + v3 + v7;
    v15 = rotr<u64>(v15 ^ v3, 16);
    v11 += v15;
    v7 = rotr<u64>(v7 ^ v11, 63);

    // Never true. It only ends a piece of straight code, at whose start V8 would load all sixteen words and run out of
    // registers: 5 % of its time, and nothing for an interpreter.
    if (row == 0) break;

    v0 = load<u64>(load<u8>(row, 8), BLOCK) + v0 + v5;
    v15 = rotr<u64>(v15 ^ v0, 32);
    v10 += v15;
    v5 = rotr<u64>(v5 ^ v10, 24);
    v0 = load<u64>(load<u8>(row, 9), BLOCK) + v0 + v5;
    v15 = rotr<u64>(v15 ^ v0, 16);
    v10 += v15;
    v5 = rotr<u64>(v5 ^ v10, 63);

    v1 = load<u64>(load<u8>(row, 10), BLOCK) + v1 + v6;
    v12 = rotr<u64>(v12 ^ v1, 32);
    v11 += v12;
    v6 = rotr<u64>(v6 ^ v11, 24);
    v1 = load<u64>(load<u8>(row, 11), BLOCK) + v1 + v6;
    v12 = rotr<u64>(v12 ^ v1, 16);
    v11 += v12;
    v6 = rotr<u64>(v6 ^ v11, 63);

    v2 = load<u64>(load<u8>(row, 12), BLOCK) + v2 + v7;
    v13 = rotr<u64>(v13 ^ v2, 32);
    v8 += v13;
    v7 = rotr<u64>(v7 ^ v8, 24);
    v2 = load<u64>(load<u8>(row, 13), BLOCK) + v2 + v7;
    v13 = rotr<u64>(v13 ^ v2, 16);
    v8 += v13;
    v7 = rotr<u64>(v7 ^ v8, 63);

    v3 = load<u64>(load<u8>(row, 14), BLOCK) + v3 + v4;
    v14 = rotr<u64>(v14 ^ v3, 32);
    v9 += v14;
    v4 = rotr<u64>(v4 ^ v9, 24);
    v3 = load<u64>(load<u8>(row, 15), BLOCK) + v3 + v4;
    v14 = rotr<u64>(v14 ^ v3, 16);
    v9 += v14;
    v4 = rotr<u64>(v4 ^ v9, 63);
    row += 16;
  } while (row < SIGMA_END);
  store<u64>(H, load<u64>(H) ^ v0 ^ v8);
  store<u64>(H, load<u64>(H, 8) ^ v1 ^ v9, 8);
  store<u64>(H, load<u64>(H, 16) ^ v2 ^ v10, 16);
  store<u64>(H, load<u64>(H, 24) ^ v3 ^ v11, 24);
  store<u64>(H, load<u64>(H, 32) ^ v4 ^ v12, 32);
  store<u64>(H, load<u64>(H, 40) ^ v5 ^ v13, 40);
  store<u64>(H, load<u64>(H, 48) ^ v6 ^ v14, 48);
  store<u64>(H, load<u64>(H, 56) ^ v7 ^ v15, 56);
}

/**
 * BLAKE2b of `length` bytes at `input`, `outLength` (1-64) bytes at `out`. `out` may overlap `input`; neither may be in
 * HASH. Returns false, writing nothing, if `outLength` is out of range.
 */
export function blake2b(out: usize, outLength: u32, input: usize, length: u32): bool {
  if (outLength == 0 || outLength > 64) return false;
  memory.copy(H, IV, 64);
  // Parameter block: digest length, no key, fanout 1, depth 1 (RFC 7693 section 2.5).
  store<u64>(H, load<u64>(H) ^ 0x01010000 ^ (<u64>outLength));
  let done: u32 = 0;
  // The last block is compressed apart even when it is full, so this stops one block early.
  while (length - done > BLOCK_SIZE) {
    memory.copy(BLOCK, input + done, BLOCK_SIZE);
    done += BLOCK_SIZE;
    compress(done, 0);
  }
  memory.fill(BLOCK, 0, BLOCK_SIZE);
  memory.copy(BLOCK, input + done, length - done);
  compress(length, ~(<u64>0));
  memory.copy(out, H, outLength);
  memory.fill(HASH, 0, HASH_SIZE);
  return true;
}
