/**
 * Poly1305 (RFC 8439, section 2.5), streaming: one message at a time, with a key that is used once. From begin to end
 * it holds its part of HASH, so ChaCha20 may run in between but no hash.
 *
 * A number modulo p = 2^130 - 5 is four limbs, at 2^0, 2^32, 2^64 and 2^96, in 64-bit words; the top limb has 34 bits.
 * The clamping of r makes that work. Its limbs stay below 2^28, which leaves the headroom proved at the product. And
 * r1, r2 and r3 are multiples of 4, so what a product has above 2^128 comes down as a whole number:
 * 2^128 r = 2^130 (r / 4) = 5 (r / 4) modulo p. That is 16 multiplications a block and message words without masks;
 * five limbs of 26 bits take 25, and half as many instructions again.
 */
import { CHACHA20_SCRATCH } from "./chacha20";
import { wipe } from "./constant-time";
import { HASH } from "./scratch";

const BLOCK_SIZE: u32 = 16;
/** The bit above a full block (section 2.5: one byte 01 behind the bytes), as it stands at the top limb. */
const FULL: u64 = 0x1_0000_0000;

/** The clamped half of the key: four u32. Behind ChaCha20's part of HASH, since the AEAD runs both. */
const R: usize = HASH + CHACHA20_SCRATCH;
/** The other half of the key: four u32. */
const S: usize = R + 16;
/** The accumulator: four u64. */
const H: usize = S + 16;
/** A block that is not full yet, and how many bytes it has (u32, 0-15). */
const PARTIAL: usize = H + 32;
const USED: usize = PARTIAL + 16;

const STATE_SIZE: u32 = 84;
/** Bytes taken from HASH behind CHACHA20_SCRATCH; a multiple of 16. */
export const POLY1305_SCRATCH: u32 = 96;

/** h = (h + block) r for `length` bytes, a multiple of 16. `top` is FULL, or 0 if the block has its final 01 inside. */
function blocks(input: usize, length: u32, top: u64): void {
  const r0 = <u64>load<u32>(R);
  const r1 = <u64>load<u32>(R, 4);
  const r2 = <u64>load<u32>(R, 8);
  const r3 = <u64>load<u32>(R, 12);
  // 5 (r / 4); exact, because of the clamping.
  const q1 = r1 + (r1 >> 2);
  const q2 = r2 + (r2 >> 2);
  const q3 = r3 + (r3 >> 2);
  let h0 = load<u64>(H);
  let h1 = load<u64>(H, 8);
  let h2 = load<u64>(H, 16);
  let h3 = load<u64>(H, 24);
  for (; length > 0; length -= BLOCK_SIZE) {
    // In units of 2^32: h0 < 2.25, h1 and h2 < 1, h3 < 4. With the block added: h0 < 3.25, h1 and h2 < 2, h3 < 6.
    h0 += <u64>load<u32>(input);
    h1 += <u64>load<u32>(input, 4);
    h2 += <u64>load<u32>(input, 8);
    h3 += <u64>load<u32>(input, 12) + top;
    // r < 2^28 and q < 1.25 * 2^28, so in units of 2^60, where 64 bits hold 16 and a carry is less than 2^-28:
    //   x0 < 3.25 + 2 * 1.25 + 2 * 1.25 + 6 * 1.25 = 15.75      x2 < 3.25 + 2 + 2 + 6 * 1.25 + carry < 15
    //   x1 < 3.25 + 2 + 2 * 1.25 + 6 * 1.25 + carry < 15.5      x3 < 3.25 + 2 + 2 + 6 + carry < 13.5
    const x0 = h0 * r0 + h1 * q3 + h2 * q2 + h3 * q1;
    const x1 = h0 * r1 + h1 * r0 + h2 * q3 + h3 * q2 + (x0 >> 32);
    const x2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * q3 + (x1 >> 32);
    const x3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + (x2 >> 32);
    // x3 >> 34 < 13.5 * 2^26, five times that < 1.06 * 2^32: h0 < 2.25 * 2^32 again, the others by their masks.
    h0 = <u64>(<u32>x0) + (x3 >> 34) * 5;
    h1 = <u64>(<u32>x1);
    h2 = <u64>(<u32>x2);
    h3 = x3 & 0x3_ffff_ffff;
    input += BLOCK_SIZE;
  }
  store<u64>(H, h0);
  store<u64>(H, h1, 8);
  store<u64>(H, h2, 16);
  store<u64>(H, h3, 24);
}

/** Starts a message with the one-time key of 32 bytes at `key`. */
export function poly1305Begin(key: usize): void {
  // Section 2.5: the top four bits of every limb and the bottom two of all but the first are cleared.
  store<u32>(R, load<u32>(key) & 0x0fff_ffff);
  store<u32>(R, load<u32>(key, 4) & 0x0fff_fffc, 4);
  store<u32>(R, load<u32>(key, 8) & 0x0fff_fffc, 8);
  store<u32>(R, load<u32>(key, 12) & 0x0fff_fffc, 12);
  memory.copy(S, key + 16, 16);
  wipe(H, 32);
  store<u32>(USED, 0);
}

/** Adds `length` bytes at `input`. */
export function poly1305Update(input: usize, length: u32): void {
  if (length == 0) return;
  const used = load<u32>(USED);
  if (used > 0) {
    const take = min<u32>(BLOCK_SIZE - used, length);
    memory.copy(PARTIAL + used, input, take);
    if (used + take < BLOCK_SIZE) {
      store<u32>(USED, used + take);
      return;
    }
    blocks(PARTIAL, BLOCK_SIZE, FULL);
    input += take;
    length -= take;
  }
  const rest = length & (BLOCK_SIZE - 1);
  const whole = length - rest;
  if (whole > 0) blocks(input, whole, FULL);
  memory.copy(PARTIAL, input + whole, rest);
  store<u32>(USED, rest);
}

/** Ends the message: the tag, 16 bytes, to `out`. Wipes the key. */
export function poly1305End(out: usize): void {
  const used = load<u32>(USED);
  if (used > 0) {
    wipe(PARTIAL + used, BLOCK_SIZE - used);
    store<u8>(PARTIAL + used, 1);
    blocks(PARTIAL, BLOCK_SIZE, 0);
  }
  const h0 = load<u64>(H);
  const h1 = load<u64>(H, 8);
  const h2 = load<u64>(H, 16);
  const h3 = load<u64>(H, 24);
  // h < 2^130 + 2^34 < 2 p, so h mod p = h - q p with q = floor((h + 5) / 2^130), which is 0 or 1. Modulo 2^128, which
  // is all the tag holds, this is h + 5 q: no comparison, no choice.
  const q = (h3 + ((h2 + ((h1 + ((h0 + 5) >> 32)) >> 32)) >> 32)) >> 34;
  let t = h0 + q * 5 + <u64>load<u32>(S);
  store<u32>(out, <u32>t);
  t = (t >> 32) + h1 + <u64>load<u32>(S, 4);
  store<u32>(out, <u32>t, 4);
  t = (t >> 32) + h2 + <u64>load<u32>(S, 8);
  store<u32>(out, <u32>t, 8);
  t = (t >> 32) + h3 + <u64>load<u32>(S, 12);
  store<u32>(out, <u32>t, 12);
  wipe(R, STATE_SIZE);
}
