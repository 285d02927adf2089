/**
 * ChaCha20-Poly1305 (RFC 8439, section 2.8): a box is the ciphertext with a tag of 16 bytes behind it.
 *
 * A key and nonce seal one plaintext only. The RFC's limit of 256 GiB a box, where the block counter would wrap, is far
 * beyond the 64 KiB of memory. No secret stays in HASH; an engine's own stack, which holds the locals, we cannot wipe.
 */
import { Status } from "../abi";
import { chacha20, CHACHA20_SCRATCH } from "./chacha20";
import { equal, wipe } from "./constant-time";
import { poly1305Begin, poly1305End, poly1305Update, POLY1305_SCRATCH } from "./poly1305";
import { HASH } from "./scratch";

const TAG_SIZE: u32 = 16;
const ONE_TIME_KEY_SIZE: u32 = 32;

const ONE_TIME_KEY: usize = HASH + CHACHA20_SCRATCH + POLY1305_SCRATCH;
/** Two u64, the last block of what is authenticated; zeros for the padding before that. */
const LENGTHS: usize = ONE_TIME_KEY + 32;
/** What the tag of an incoming box should be. */
const EXPECTED: usize = LENGTHS + 16;

/** The tag of `length` bytes of ciphertext and the associated data, to `tag`. */
function authenticate(
  tag: usize,
  ciphertext: usize,
  length: u32,
  aad: usize,
  aadLength: u32,
  key: usize,
  nonce: usize,
): void {
  // Section 2.6: the one-time key is the first half of keystream block 0; the text begins with block 1.
  wipe(ONE_TIME_KEY, ONE_TIME_KEY_SIZE);
  chacha20(ONE_TIME_KEY, ONE_TIME_KEY, ONE_TIME_KEY_SIZE, key, nonce, 0);
  poly1305Begin(ONE_TIME_KEY);
  wipe(ONE_TIME_KEY, ONE_TIME_KEY_SIZE);
  // Each part is padded with zeros to a multiple of 16.
  wipe(LENGTHS, 16);
  poly1305Update(aad, aadLength);
  poly1305Update(LENGTHS, -aadLength & 15);
  poly1305Update(ciphertext, length);
  poly1305Update(LENGTHS, -length & 15);
  store<u32>(LENGTHS, aadLength);
  store<u32>(LENGTHS, length, 8);
  poly1305Update(LENGTHS, 16);
  poly1305End(tag);
}

/**
 * Encrypts `length` bytes at `plaintext` to a box of `length` + 16 bytes at `out`, which may equal `plaintext`. Key 32
 * bytes, nonce 12 bytes. Nothing else may overlap the box, and nothing HASH.
 */
export function seal(
  out: usize,
  plaintext: usize,
  length: u32,
  aad: usize,
  aadLength: u32,
  key: usize,
  nonce: usize,
): void {
  chacha20(out, plaintext, length, key, nonce, 1);
  authenticate(out + length, out, length, aad, aadLength, key, nonce);
}

/**
 * Decrypts the box of `length` + 16 bytes at `box` to `length` bytes at `out`, which may equal `box`. Ok, or BadTag and
 * nothing is written: the tag is checked first.
 */
export function open(
  out: usize,
  box: usize,
  length: u32,
  aad: usize,
  aadLength: u32,
  key: usize,
  nonce: usize,
): Status {
  authenticate(EXPECTED, box, length, aad, aadLength, key, nonce);
  const genuine = equal(EXPECTED, box + length, TAG_SIZE);
  // Left behind, it would be the tag of a forgery.
  wipe(EXPECTED, TAG_SIZE);
  if (!genuine) return Status.BadTag;
  chacha20(out, box, length, key, nonce, 1);
  return Status.Ok;
}
