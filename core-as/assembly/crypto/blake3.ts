/**
 * BLAKE3, unkeyed or keyed, 32-byte output, streaming (BLAKE3 paper, sections 2.1-2.6).
 *
 * One hash at a time: the state is static and its own, so other cryptography may run between two updates; `begin`
 * starts over. Inputs up to 256 KiB, which is 2^8 chunks and so at most eight chaining values on the stack. What is
 * hashed may be secret: neither branch nor address depends on it, only on its length, and `end` wipes the state.
 */

const BLOCK_SIZE: u32 = 64;
const CHUNK_SIZE: u32 = 1024;
const CV_SIZE: u32 = 32;

// Domain flags (section 2.2, table 3).
const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const PARENT: u32 = 4;
const ROOT: u32 = 8;
const KEYED_HASH: u32 = 16;

const IV: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/**
 * Chaining value every chunk and parent starts from: IV, or the key. Finished subtrees left of the chunk being read.
 * Chaining value of that chunk, right behind the stack because the last chunk is its top, and its unfinished block.
 */
const STATE_SIZE: u32 = 404;
const STATE: usize = memory.data(404, 16);
const KEY: usize = STATE;
const STACK: usize = STATE + 32;
const CV: usize = STATE + 288;
const BLOCK: usize = STATE + 320;

/**
 * Where the stream stands: bytes in BLOCK, blocks done in this chunk, chunks done, stack height, flag of all; u32 each.
 */
const IN_BLOCK: usize = STATE + 384;
const BLOCKS: usize = STATE + 388;
const CHUNKS: usize = STATE + 392;
const HEIGHT: usize = STATE + 396;
const MODE: usize = STATE + 400;

/**
 * Compresses the 64 bytes at `block` into the chaining value at `cv`, writing the new 32-byte value to `out`, which may
 * be either (section 2.2).
 */
function compress(out: usize, cv: usize, block: usize, counter: u32, length: u32, flags: u32): void {
  let v0 = load<u32>(cv);
  let v1 = load<u32>(cv, 4);
  let v2 = load<u32>(cv, 8);
  let v3 = load<u32>(cv, 12);
  let v4 = load<u32>(cv, 16);
  let v5 = load<u32>(cv, 20);
  let v6 = load<u32>(cv, 24);
  let v7 = load<u32>(cv, 28);
  let v8 = load<u32>(IV);
  let v9 = load<u32>(IV, 4);
  let v10 = load<u32>(IV, 8);
  let v11 = load<u32>(IV, 12);
  let v12 = counter;
  // The chunk counter is 64 bits wide; 256 KiB never reach the upper word.
  let v13: u32 = 0;
  let v14 = length;
  let v15 = flags;
  let m0 = load<u32>(block);
  let m1 = load<u32>(block, 4);
  let m2 = load<u32>(block, 8);
  let m3 = load<u32>(block, 12);
  let m4 = load<u32>(block, 16);
  let m5 = load<u32>(block, 20);
  let m6 = load<u32>(block, 24);
  let m7 = load<u32>(block, 28);
  let m8 = load<u32>(block, 32);
  let m9 = load<u32>(block, 36);
  let m10 = load<u32>(block, 40);
  let m11 = load<u32>(block, 44);
  let m12 = load<u32>(block, 48);
  let m13 = load<u32>(block, 52);
  let m14 = load<u32>(block, 56);
  let m15 = load<u32>(block, 60);
  for (let round: u32 = 0; ; round++) {
    // G on the four columns, then on the four diagonals.
    v0 = m0 + v0 + v4;
    v12 = rotr<u32>(v12 ^ v0, 16);
    v8 += v12;
    v4 = rotr<u32>(v4 ^ v8, 12);
    v0 = m1 + v0 + v4;
    v12 = rotr<u32>(v12 ^ v0, 8);
    v8 += v12;
    v4 = rotr<u32>(v4 ^ v8, 7);

    v1 = m2 + v1 + v5;
    v13 = rotr<u32>(v13 ^ v1, 16);
    v9 += v13;
    v5 = rotr<u32>(v5 ^ v9, 12);
    v1 = m3 + v1 + v5;
    v13 = rotr<u32>(v13 ^ v1, 8);
    v9 += v13;
    v5 = rotr<u32>(v5 ^ v9, 7);

    v2 = m4 + v2 + v6;
    v14 = rotr<u32>(v14 ^ v2, 16);
    v10 += v14;
    v6 = rotr<u32>(v6 ^ v10, 12);
    v2 = m5 + v2 + v6;
    v14 = rotr<u32>(v14 ^ v2, 8);
    v10 += v14;
    v6 = rotr<u32>(v6 ^ v10, 7);

    v3 = m6 + v3 + v7;
    v15 = rotr<u32>(v15 ^ v3, 16);
    v11 += v15;
    v7 = rotr<u32>(v7 ^ v11, 12);
    v3 = m7 + v3 + v7;
    v15 = rotr<u32>(v15 ^ v3, 8);
    v11 += v15;
    v7 = rotr<u32>(v7 ^ v11, 7);

    v0 = m8 + v0 + v5;
    v15 = rotr<u32>(v15 ^ v0, 16);
    v10 += v15;
    v5 = rotr<u32>(v5 ^ v10, 12);
    v0 = m9 + v0 + v5;
    v15 = rotr<u32>(v15 ^ v0, 8);
    v10 += v15;
    v5 = rotr<u32>(v5 ^ v10, 7);

    v1 = m10 + v1 + v6;
    v12 = rotr<u32>(v12 ^ v1, 16);
    v11 += v12;
    v6 = rotr<u32>(v6 ^ v11, 12);
    v1 = m11 + v1 + v6;
    v12 = rotr<u32>(v12 ^ v1, 8);
    v11 += v12;
    v6 = rotr<u32>(v6 ^ v11, 7);

    v2 = m12 + v2 + v7;
    v13 = rotr<u32>(v13 ^ v2, 16);
    v8 += v13;
    v7 = rotr<u32>(v7 ^ v8, 12);
    v2 = m13 + v2 + v7;
    v13 = rotr<u32>(v13 ^ v2, 8);
    v8 += v13;
    v7 = rotr<u32>(v7 ^ v8, 7);

    v3 = m14 + v3 + v4;
    v14 = rotr<u32>(v14 ^ v3, 16);
    v9 += v14;
    v4 = rotr<u32>(v4 ^ v9, 12);
    v3 = m15 + v3 + v4;
    v14 = rotr<u32>(v14 ^ v3, 8);
    v9 += v14;
    v4 = rotr<u32>(v4 ^ v9, 7);
    if (round == 6) break;

    // Table 2: the permutation of the message words, which is two cycles of eight.
    const first = m0;
    m0 = m2;
    m2 = m3;
    m3 = m10;
    m10 = m12;
    m12 = m9;
    m9 = m11;
    m11 = m5;
    m5 = first;
    const second = m1;
    m1 = m6;
    m6 = m4;
    m4 = m7;
    m7 = m13;
    m13 = m14;
    m14 = m15;
    m15 = m8;
    m8 = second;
  }
  store<u32>(out, v0 ^ v8);
  store<u32>(out, v1 ^ v9, 4);
  store<u32>(out, v2 ^ v10, 8);
  store<u32>(out, v3 ^ v11, 12);
  store<u32>(out, v4 ^ v12, 16);
  store<u32>(out, v5 ^ v13, 20);
  store<u32>(out, v6 ^ v14, 24);
  store<u32>(out, v7 ^ v15, 28);
}

/** Chaining value of the parent of the two values at `pair`, written over the first. */
function parent(pair: usize, flags: u32): void {
  compress(pair, KEY, pair, 0, BLOCK_SIZE, PARENT | flags | load<u32>(MODE));
}

/** Compresses the block of `length` bytes at `block`, padded with zeros, into CV. */
function chunkBlock(block: usize, length: u32, flags: u32): void {
  const start: u32 = load<u32>(BLOCKS) == 0 ? CHUNK_START : 0;
  compress(CV, CV, block, load<u32>(CHUNKS), length, start | flags | load<u32>(MODE));
}

/** Compresses the full block at `block`, which is not the last of the message; it may be the last of its chunk. */
function innerBlock(block: usize): void {
  const blocks = load<u32>(BLOCKS);
  if (blocks == CHUNK_SIZE / BLOCK_SIZE - 1) {
    chunkBlock(block, BLOCK_SIZE, CHUNK_END);
    pushChunk();
  } else {
    chunkBlock(block, BLOCK_SIZE, 0);
    store<u32>(BLOCKS, blocks + 1);
  }
}

/** Puts the finished chunk on the stack, merging every pair of subtrees of equal size (section 5.1.2). */
function pushChunk(): void {
  let top = STACK + load<u32>(HEIGHT) * CV_SIZE;
  let total = load<u32>(CHUNKS) + 1;
  store<u32>(CHUNKS, total);
  memory.copy(top, CV, CV_SIZE);
  // As many merges as the new chunk count has trailing zero bits.
  while ((total & 1) == 0) {
    top -= CV_SIZE;
    parent(top, 0);
    total >>= 1;
  }
  store<u32>(HEIGHT, <u32>(top - STACK) / CV_SIZE + 1);
  memory.copy(CV, KEY, CV_SIZE);
  store<u32>(BLOCKS, 0);
}

/** Starts a new hash, forgetting the one before. */
export function blake3Begin(): void {
  begin(IV, 0);
}

/** Starts a new keyed hash with the 32 bytes at `key` (section 2.3), forgetting the one before. */
export function blake3BeginKeyed(key: usize): void {
  begin(key, KEYED_HASH);
}

function begin(key: usize, mode: u32): void {
  memory.copy(KEY, key, CV_SIZE);
  memory.copy(CV, key, CV_SIZE);
  memory.fill(IN_BLOCK, 0, 16);
  store<u32>(MODE, mode);
}

/** Adds `length` bytes at `input`. The sum of all lengths may not pass 256 KiB. */
export function blake3Update(input: usize, length: u32): void {
  while (length > 0) {
    let used = load<u32>(IN_BLOCK);
    // A block is compressed when more input follows, for only then is it not the last.
    if (used == BLOCK_SIZE) {
      innerBlock(BLOCK);
      used = 0;
    }
    while (used == 0 && length > BLOCK_SIZE) {
      innerBlock(input);
      input += BLOCK_SIZE;
      length -= BLOCK_SIZE;
    }
    const take = min<u32>(BLOCK_SIZE - used, length);
    memory.copy(BLOCK + used, input, take);
    store<u32>(IN_BLOCK, used + take);
    input += take;
    length -= take;
  }
}

/** Ends the hash, writes its 32 bytes to `out` and wipes what is left of it. */
export function blake3End(out: usize): void {
  const used = load<u32>(IN_BLOCK);
  const height = load<u32>(HEIGHT);
  memory.fill(BLOCK + used, 0, BLOCK_SIZE - used);
  chunkBlock(BLOCK, used, height == 0 ? CHUNK_END | ROOT : CHUNK_END);
  // The last chunk is the top of the stack, which is then merged down to its root.
  let top = STACK + height * CV_SIZE;
  memory.copy(top, CV, CV_SIZE);
  while (top > STACK) {
    top -= CV_SIZE;
    parent(top, top == STACK ? ROOT : 0);
  }
  memory.copy(out, top, CV_SIZE);
  memory.fill(STATE, 0, STATE_SIZE);
}
