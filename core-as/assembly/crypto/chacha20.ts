/**
 * ChaCha20 (RFC 8439, section 2.4): 256-bit key, 96-bit nonce, 32-bit block counter.
 *
 * The words are locals, which an interpreter reads for nothing; a load from memory costs it 25 instructions.
 */
import { wipe } from "./constant-time";
import { HASH } from "./scratch";

const BLOCK_SIZE: u32 = 64;

// "expand 32-byte k" (section 2.3).
const C0: u32 = 0x61707865;
const C1: u32 = 0x3320646e;
const C2: u32 = 0x79622d32;
const C3: u32 = 0x6b206574;

/** The last block, when it is not a full one. */
const LAST: usize = HASH;
/** Bytes taken from the start of HASH. */
export const CHACHA20_SCRATCH: u32 = BLOCK_SIZE;

/**
 * XORs `length` bytes at `input` with the keystream of `key` (32 bytes) and `nonce` (12 bytes) from block `counter` on.
 * `out` may equal `input`; otherwise neither they nor HASH may overlap.
 *
 * After block 2^32-1 comes block 0 of the same nonce: counter + ceil(length / 64) above 2^32 uses a keystream twice. It
 * takes 256 GiB to get there from a small counter, and linear memory is 64 KiB; who starts elsewhere has to see to it.
 */
export function chacha20(out: usize, input: usize, length: u32, key: usize, nonce: usize, counter: u32): void {
  const k0 = load<u32>(key);
  const k1 = load<u32>(key, 4);
  const k2 = load<u32>(key, 8);
  const k3 = load<u32>(key, 12);
  const k4 = load<u32>(key, 16);
  const k5 = load<u32>(key, 20);
  const k6 = load<u32>(key, 24);
  const k7 = load<u32>(key, 28);
  const n0 = load<u32>(nonce);
  const n1 = load<u32>(nonce, 4);
  const n2 = load<u32>(nonce, 8);
  while (length > 0) {
    let from = input;
    let to = out;
    if (length < BLOCK_SIZE) {
      memory.copy(LAST, input, length);
      from = LAST;
      to = LAST;
    }
    let x0: u32 = C0;
    let x1: u32 = C1;
    let x2: u32 = C2;
    let x3: u32 = C3;
    let x4: u32 = k0;
    let x5: u32 = k1;
    let x6: u32 = k2;
    let x7: u32 = k3;
    let x8: u32 = k4;
    let x9: u32 = k5;
    let x10: u32 = k6;
    let x11: u32 = k7;
    let x12: u32 = counter;
    let x13: u32 = n0;
    let x14: u32 = n1;
    let x15: u32 = n2;
    // Ten double rounds (section 2.3) of quarter rounds (section 2.1). A rotation left by 16, 12, 8 or 7 is one right
    // by 16, 20, 24 or 25, which is an instruction less on a core that rotates right only, such as ARM's.
    let i: u32 = 10;
    do {
      // Column round.
      x0 += x4;
      x12 = rotr(x12 ^ x0, 16);
      x8 += x12;
      x4 = rotr(x4 ^ x8, 20);
      x0 += x4;
      x12 = rotr(x12 ^ x0, 24);
      x8 += x12;
      x4 = rotr(x4 ^ x8, 25);
      x1 += x5;
      x13 = rotr(x13 ^ x1, 16);
      x9 += x13;
      x5 = rotr(x5 ^ x9, 20);
      x1 += x5;
      x13 = rotr(x13 ^ x1, 24);
      x9 += x13;
      x5 = rotr(x5 ^ x9, 25);
      x2 += x6;
      x14 = rotr(x14 ^ x2, 16);
      x10 += x14;
      x6 = rotr(x6 ^ x10, 20);
      x2 += x6;
      x14 = rotr(x14 ^ x2, 24);
      x10 += x14;
      x6 = rotr(x6 ^ x10, 25);
      x3 += x7;
      x15 = rotr(x15 ^ x3, 16);
      x11 += x15;
      x7 = rotr(x7 ^ x11, 20);
      x3 += x7;
      x15 = rotr(x15 ^ x3, 24);
      x11 += x15;
      x7 = rotr(x7 ^ x11, 25);
      // Diagonal round.
      x0 += x5;
      x15 = rotr(x15 ^ x0, 16);
      x10 += x15;
      x5 = rotr(x5 ^ x10, 20);
      x0 += x5;
      x15 = rotr(x15 ^ x0, 24);
      x10 += x15;
      x5 = rotr(x5 ^ x10, 25);
      x1 += x6;
      x12 = rotr(x12 ^ x1, 16);
      x11 += x12;
      x6 = rotr(x6 ^ x11, 20);
      x1 += x6;
      x12 = rotr(x12 ^ x1, 24);
      x11 += x12;
      x6 = rotr(x6 ^ x11, 25);
      x2 += x7;
      x13 = rotr(x13 ^ x2, 16);
      x8 += x13;
      x7 = rotr(x7 ^ x8, 20);
      x2 += x7;
      x13 = rotr(x13 ^ x2, 24);
      x8 += x13;
      x7 = rotr(x7 ^ x8, 25);
      x3 += x4;
      x14 = rotr(x14 ^ x3, 16);
      x9 += x14;
      x4 = rotr(x4 ^ x9, 20);
      x3 += x4;
      x14 = rotr(x14 ^ x3, 24);
      x9 += x14;
      x4 = rotr(x4 ^ x9, 25);
    } while (--i);
    store<u32>(to, (x0 + C0) ^ load<u32>(from));
    store<u32>(to, (x1 + C1) ^ load<u32>(from, 4), 4);
    store<u32>(to, (x2 + C2) ^ load<u32>(from, 8), 8);
    store<u32>(to, (x3 + C3) ^ load<u32>(from, 12), 12);
    store<u32>(to, (x4 + k0) ^ load<u32>(from, 16), 16);
    store<u32>(to, (x5 + k1) ^ load<u32>(from, 20), 20);
    store<u32>(to, (x6 + k2) ^ load<u32>(from, 24), 24);
    store<u32>(to, (x7 + k3) ^ load<u32>(from, 28), 28);
    store<u32>(to, (x8 + k4) ^ load<u32>(from, 32), 32);
    store<u32>(to, (x9 + k5) ^ load<u32>(from, 36), 36);
    store<u32>(to, (x10 + k6) ^ load<u32>(from, 40), 40);
    store<u32>(to, (x11 + k7) ^ load<u32>(from, 44), 44);
    store<u32>(to, (x12 + counter) ^ load<u32>(from, 48), 48);
    store<u32>(to, (x13 + n0) ^ load<u32>(from, 52), 52);
    store<u32>(to, (x14 + n1) ^ load<u32>(from, 56), 56);
    store<u32>(to, (x15 + n2) ^ load<u32>(from, 60), 60);
    if (length < BLOCK_SIZE) {
      memory.copy(out, LAST, length);
      wipe(LAST, BLOCK_SIZE);
      return;
    }
    input += BLOCK_SIZE;
    out += BLOCK_SIZE;
    length -= BLOCK_SIZE;
    counter++;
  }
}
