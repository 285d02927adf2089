/**
 * SHA-512, streaming (FIPS 180-4 sections 5 and 6.4).
 *
 * One hash at a time: the state is in HASH, `begin` starts over and no other cryptography may run before `end`. What is
 * hashed may be secret: neither branch nor address depends on it, only on its length, and `end` wipes the state.
 */
import { HASH, HASH_SIZE } from "./scratch";

const BLOCK_SIZE: u32 = 128;

/**
 * Initial hash value (section 5.3.5): the first 64 bits of the fractional parts of the square roots of the first eight
 * primes. BLAKE2b starts from the same words.
 */
export const IV: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
  0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);

// Section 4.2.3: the same of the cube roots of the first eighty primes.
const K: usize = memory.data<u64>([
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
  0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
  0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
  0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
  0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
  0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
  0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
  0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
  0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
  0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
  0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
  0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
  0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
  0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
  0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
]);
const K_END: usize = K + 640;

/** Hash value H, message schedule W (the last 16 of its 80 words), unfinished block, bytes hashed so far u32. */
const H: usize = HASH;
const W: usize = HASH + 64;
const BLOCK: usize = HASH + 192;
const COUNT: usize = HASH + 320;

/** Copies `length` bytes of 64-bit words, turning big-endian into little-endian and back. */
function swap(out: usize, input: usize, length: u32): void {
  for (let i: u32 = 0; i < length; i += 8) {
    const high = load<u32>(input + i);
    const low = load<u32>(input + i, 4);
    store<u32>(out + i, (rotl<u32>(low, 8) & 0x00ff00ff) | (rotr<u32>(low, 8) & 0xff00ff00));
    store<u32>(out + i, (rotl<u32>(high, 8) & 0x00ff00ff) | (rotr<u32>(high, 8) & 0xff00ff00), 4);
  }
}

/**
 * Adds the 128 bytes at `block` to the hash value (section 6.4.2). The functions of section 4.1.3 are written out:
 * calls would cost half as much again. The large sigmas are rotr 14, 18, 41 and 28, 34, 39; the small ones are chains,
 * rotr(rotr(x, 7) ^ x, 1) for rotr 8 ^ rotr 1, that stay in an interpreter's one register. The order of the sums is the
 * one V8 does best with.
 */
function compress(block: usize): void {
  swap(W, block, BLOCK_SIZE);
  let a = load<u64>(H);
  let b = load<u64>(H, 8);
  let c = load<u64>(H, 16);
  let d = load<u64>(H, 24);
  let e = load<u64>(H, 32);
  let f = load<u64>(H, 40);
  let g = load<u64>(H, 48);
  let h = load<u64>(H, 56);
  // Maj(a, b, c) is ((a ^ b) & (b ^ c)) ^ b, and a ^ b is the b ^ c of the next round.
  let x: u64 = 0;
  let y = b ^ c;
  let t: u64;
  let k = K;
  // The half of W the next eight rounds use, and the other half.
  let w = W;
  let other = W + 64;
  for (;;) {
    // Eight rounds. Instead of moving eight variables down, each round writes where the next finds its variables.
    t =
      load<u64>(w) + load<u64>(k) + h + (((f ^ g) & e) ^ g) + (rotr<u64>(e, 14) ^ rotr<u64>(e, 18) ^ rotr<u64>(e, 41));
    d += t;
    x = a ^ b;
    h = t + ((x & y) ^ b) + (rotr<u64>(a, 28) ^ rotr<u64>(a, 34) ^ rotr<u64>(a, 39));
    t =
      load<u64>(w, 8) +
      load<u64>(k, 8) +
      g +
      (((e ^ f) & d) ^ f) +
      (rotr<u64>(d, 14) ^ rotr<u64>(d, 18) ^ rotr<u64>(d, 41));
    c += t;
    y = h ^ a;
    g = t + ((y & x) ^ a) + (rotr<u64>(h, 28) ^ rotr<u64>(h, 34) ^ rotr<u64>(h, 39));
    t =
      load<u64>(w, 16) +
      load<u64>(k, 16) +
      f +
      (((d ^ e) & c) ^ e) +
      (rotr<u64>(c, 14) ^ rotr<u64>(c, 18) ^ rotr<u64>(c, 41));
    b += t;
    x = g ^ h;
    f = t + ((x & y) ^ h) + (rotr<u64>(g, 28) ^ rotr<u64>(g, 34) ^ rotr<u64>(g, 39));
    t =
      load<u64>(w, 24) +
      load<u64>(k, 24) +
      e +
      (((c ^ d) & b) ^ d) +
      (rotr<u64>(b, 14) ^ rotr<u64>(b, 18) ^ rotr<u64>(b, 41));
    a += t;
    y = f ^ g;
    e = t + ((y & x) ^ g) + (rotr<u64>(f, 28) ^ rotr<u64>(f, 34) ^ rotr<u64>(f, 39));
    t =
      load<u64>(w, 32) +
      load<u64>(k, 32) +
      d +
      (((b ^ c) & a) ^ c) +
      (rotr<u64>(a, 14) ^ rotr<u64>(a, 18) ^ rotr<u64>(a, 41));
    h += t;
    x = e ^ f;
    d = t + ((x & y) ^ f) + (rotr<u64>(e, 28) ^ rotr<u64>(e, 34) ^ rotr<u64>(e, 39));
    t =
      load<u64>(w, 40) +
      load<u64>(k, 40) +
      c +
      (((a ^ b) & h) ^ b) +
      (rotr<u64>(h, 14) ^ rotr<u64>(h, 18) ^ rotr<u64>(h, 41));
    g += t;
    y = d ^ e;
    c = t + ((y & x) ^ e) + (rotr<u64>(d, 28) ^ rotr<u64>(d, 34) ^ rotr<u64>(d, 39));
    t =
      load<u64>(w, 48) +
      load<u64>(k, 48) +
      b +
      (((h ^ a) & g) ^ a) +
      (rotr<u64>(g, 14) ^ rotr<u64>(g, 18) ^ rotr<u64>(g, 41));
    f += t;
    x = c ^ d;
    b = t + ((x & y) ^ d) + (rotr<u64>(c, 28) ^ rotr<u64>(c, 34) ^ rotr<u64>(c, 39));
    t =
      load<u64>(w, 56) +
      load<u64>(k, 56) +
      a +
      (((g ^ h) & f) ^ h) +
      (rotr<u64>(f, 14) ^ rotr<u64>(f, 18) ^ rotr<u64>(f, 41));
    e += t;
    y = b ^ c;
    a = t + ((y & x) ^ c) + (rotr<u64>(b, 28) ^ rotr<u64>(b, 34) ^ rotr<u64>(b, 39));
    k += 64;
    if (k == K_END) break;
    // The words the last sixteen rounds use are there already.
    if (k < K_END - 64) {
      t = load<u64>(w, 8);
      x = load<u64>(other, 48);
      store<u64>(
        w,
        load<u64>(w) +
          load<u64>(other, 8) +
          (rotr<u64>(rotr<u64>(t, 7) ^ t, 1) ^ (t >> 7)) +
          (rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >> 6)),
      );
      t = load<u64>(w, 16);
      x = load<u64>(other, 56);
      store<u64>(
        w,
        load<u64>(w, 8) +
          load<u64>(other, 16) +
          (rotr<u64>(rotr<u64>(t, 7) ^ t, 1) ^ (t >> 7)) +
          (rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >> 6)),
        8,
      );
      t = load<u64>(w, 24);
      x = load<u64>(w);
      store<u64>(
        w,
        load<u64>(w, 16) +
          load<u64>(other, 24) +
          (rotr<u64>(rotr<u64>(t, 7) ^ t, 1) ^ (t >> 7)) +
          (rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >> 6)),
        16,
      );
      t = load<u64>(w, 32);
      x = load<u64>(w, 8);
      store<u64>(
        w,
        load<u64>(w, 24) +
          load<u64>(other, 32) +
          (rotr<u64>(rotr<u64>(t, 7) ^ t, 1) ^ (t >> 7)) +
          (rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >> 6)),
        24,
      );
      t = load<u64>(w, 40);
      x = load<u64>(w, 16);
      store<u64>(
        w,
        load<u64>(w, 32) +
          load<u64>(other, 40) +
          (rotr<u64>(rotr<u64>(t, 7) ^ t, 1) ^ (t >> 7)) +
          (rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >> 6)),
        32,
      );
      t = load<u64>(w, 48);
      x = load<u64>(w, 24);
      store<u64>(
        w,
        load<u64>(w, 40) +
          load<u64>(other, 48) +
          (rotr<u64>(rotr<u64>(t, 7) ^ t, 1) ^ (t >> 7)) +
          (rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >> 6)),
        40,
      );
      t = load<u64>(w, 56);
      x = load<u64>(w, 32);
      store<u64>(
        w,
        load<u64>(w, 48) +
          load<u64>(other, 56) +
          (rotr<u64>(rotr<u64>(t, 7) ^ t, 1) ^ (t >> 7)) +
          (rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >> 6)),
        48,
      );
      t = load<u64>(other);
      x = load<u64>(w, 40);
      store<u64>(
        w,
        load<u64>(w, 56) +
          load<u64>(w) +
          (rotr<u64>(rotr<u64>(t, 7) ^ t, 1) ^ (t >> 7)) +
          (rotr<u64>(rotr<u64>(x, 42) ^ x, 19) ^ (x >> 6)),
        56,
      );
    }
    const next = other;
    other = w;
    w = next;
  }
  store<u64>(H, load<u64>(H) + a);
  store<u64>(H, load<u64>(H, 8) + b, 8);
  store<u64>(H, load<u64>(H, 16) + c, 16);
  store<u64>(H, load<u64>(H, 24) + d, 24);
  store<u64>(H, load<u64>(H, 32) + e, 32);
  store<u64>(H, load<u64>(H, 40) + f, 40);
  store<u64>(H, load<u64>(H, 48) + g, 48);
  store<u64>(H, load<u64>(H, 56) + h, 56);
}

/** Starts a new hash, forgetting the one before. */
export function sha512Begin(): void {
  memory.copy(H, IV, 64);
  store<u32>(COUNT, 0);
}

/** Adds `length` bytes at `input`, which may not be in HASH. The sum of all lengths may not pass 2^32 - 1. */
export function sha512Update(input: usize, length: u32): void {
  const count = load<u32>(COUNT);
  store<u32>(COUNT, count + length);
  let used = count % BLOCK_SIZE;
  while (length > 0) {
    if (used == 0 && length >= BLOCK_SIZE) {
      compress(input);
      input += BLOCK_SIZE;
      length -= BLOCK_SIZE;
      continue;
    }
    const take = min<u32>(BLOCK_SIZE - used, length);
    memory.copy(BLOCK + used, input, take);
    input += take;
    length -= take;
    used += take;
    if (used == BLOCK_SIZE) {
      compress(BLOCK);
      used = 0;
    }
  }
}

/** Ends the hash, writes its 64 bytes to `out` and wipes what is left of it. */
export function sha512End(out: usize): void {
  const count = load<u32>(COUNT);
  let used = count % BLOCK_SIZE;
  // Section 5.1.2: a one bit, zeros, and the number of bits, 128 bits wide, big-endian.
  store<u8>(BLOCK + used, 0x80);
  used++;
  if (used > 112) {
    memory.fill(BLOCK + used, 0, BLOCK_SIZE - used);
    compress(BLOCK);
    used = 0;
  }
  memory.fill(BLOCK + used, 0, 120 - used);
  store<u32>(BLOCK, bswap<u32>(count >> 29), 120);
  store<u32>(BLOCK, bswap<u32>(count << 3), 124);
  compress(BLOCK);
  swap(out, H, 64);
  memory.fill(HASH, 0, HASH_SIZE);
}

/** SHA-512 of `length` bytes at `input`, 64 bytes at `out`. `out` may overlap `input`; neither may be in HASH. */
export function sha512(out: usize, input: usize, length: u32): void {
  sha512Begin();
  sha512Update(input, length);
  sha512End(out);
}
