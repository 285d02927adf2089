/**
 * BLAKE3, unkeyed, 32-byte output, streaming (BLAKE3 paper, sections 2.1-2.5).
 *
 * One hash at a time: the state is static, `begin` starts over. Inputs up to 256 KiB, which is 2^8 chunks and so at most
 * eight chaining values on the stack.
 */

const BLOCK_SIZE: u32 = 64;
const CHUNK_SIZE: u32 = 1024;

// Domain flags (section 2.2, table 3).
const CHUNK_START: u32 = 1;
const CHUNK_END: u32 = 2;
const PARENT: u32 = 4;
const ROOT: u32 = 8;

const IV: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

// Section 2.2, table 2: the permutation applied to the message words after every round.
const PERMUTATION: usize = memory.data<u8>([2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]);

/** Compression function: 16 words of state, the message words and a second copy to permute into. */
const V: usize = memory.data(64, 16);
const M: usize = memory.data(64, 16);
const N: usize = memory.data(64, 16);

/** Chaining value of the chunk being read, its unfinished block, and the finished subtrees left of it. */
const CV: usize = memory.data(32, 16);
const BLOCK: usize = memory.data(64, 16);
const STACK: usize = memory.data(256, 16);
const PAIR: usize = memory.data(64, 16);

/** Where the stream stands: bytes in BLOCK u32, blocks done in this chunk u32, chunks done u32, stack height u32. */
const POSITION: usize = memory.data(16, 16);
const IN_BLOCK: usize = POSITION;
const BLOCKS: usize = POSITION + 4;
const CHUNKS: usize = POSITION + 8;
const HEIGHT: usize = POSITION + 12;

/** The quarter round G on four words of V given as byte offsets. */
function mix(a: usize, b: usize, c: usize, d: usize, x: u32, y: u32): void {
  let va = load<u32>(V + a);
  let vb = load<u32>(V + b);
  let vc = load<u32>(V + c);
  let vd = load<u32>(V + d);
  va = va + vb + x;
  vd = rotr<u32>(vd ^ va, 16);
  vc = vc + vd;
  vb = rotr<u32>(vb ^ vc, 12);
  va = va + vb + y;
  vd = rotr<u32>(vd ^ va, 8);
  vc = vc + vd;
  vb = rotr<u32>(vb ^ vc, 7);
  store<u32>(V + a, va);
  store<u32>(V + b, vb);
  store<u32>(V + c, vc);
  store<u32>(V + d, vd);
}

function round(m: usize): void {
  mix(0, 16, 32, 48, load<u32>(m), load<u32>(m, 4));
  mix(4, 20, 36, 52, load<u32>(m, 8), load<u32>(m, 12));
  mix(8, 24, 40, 56, load<u32>(m, 16), load<u32>(m, 20));
  mix(12, 28, 44, 60, load<u32>(m, 24), load<u32>(m, 28));
  mix(0, 20, 40, 60, load<u32>(m, 32), load<u32>(m, 36));
  mix(4, 24, 44, 48, load<u32>(m, 40), load<u32>(m, 44));
  mix(8, 28, 32, 52, load<u32>(m, 48), load<u32>(m, 52));
  mix(12, 16, 36, 56, load<u32>(m, 56), load<u32>(m, 60));
}

/** Compresses `block` into the chaining value at `cv`, writing the new 32-byte value to `out` (may be `cv`). */
function compress(out: usize, cv: usize, block: usize, counter: u32, length: u32, flags: u32): void {
  memory.copy(V, cv, 32);
  memory.copy(V + 32, IV, 16);
  store<u32>(V + 48, counter);
  store<u32>(V + 52, 0);
  store<u32>(V + 56, length);
  store<u32>(V + 60, flags);
  memory.copy(M, block, BLOCK_SIZE);
  let from = M;
  let to = N;
  for (let i = 0; i < 6; i++) {
    round(from);
    for (let w: usize = 0; w < 16; w++) {
      store<u32>(to + (w << 2), load<u32>(from + ((<usize>load<u8>(PERMUTATION + w)) << 2)));
    }
    const swap = from;
    from = to;
    to = swap;
  }
  round(from);
  for (let i: usize = 0; i < 32; i += 4) {
    store<u32>(out + i, load<u32>(V + i) ^ load<u32>(V + 32 + i));
  }
}

/** Chaining value of the parent of the two values at PAIR. */
function parent(out: usize, flags: u32): void {
  compress(out, IV, PAIR, 0, BLOCK_SIZE, PARENT | flags);
}

/** Compresses the block held in BLOCK into CV. */
function block(flags: u32): void {
  const start: u32 = load<u32>(BLOCKS) == 0 ? CHUNK_START : 0;
  compress(CV, CV, BLOCK, load<u32>(CHUNKS), load<u32>(IN_BLOCK), start | flags);
}

/** Puts the finished chunk on the stack, merging every pair of subtrees of equal size (section 5.1.2). */
function pushChunk(): void {
  let height = load<u32>(HEIGHT);
  let total = load<u32>(CHUNKS) + 1;
  store<u32>(CHUNKS, total);
  // As many merges as the new chunk count has trailing zero bits.
  while ((total & 1) == 0) {
    height--;
    memory.copy(PAIR, STACK + ((<usize>height) << 5), 32);
    memory.copy(PAIR + 32, CV, 32);
    parent(CV, 0);
    total >>= 1;
  }
  memory.copy(STACK + ((<usize>height) << 5), CV, 32);
  store<u32>(HEIGHT, height + 1);
  memory.copy(CV, IV, 32);
  store<u32>(BLOCKS, 0);
}

/** Starts a new hash, forgetting the one before. */
export function blake3Begin(): void {
  memory.copy(CV, IV, 32);
  memory.fill(POSITION, 0, 16);
}

/** Adds `length` bytes at `input`. The sum of all lengths may not pass 256 KiB. */
export function blake3Update(input: usize, length: u32): void {
  while (length > 0) {
    let used = load<u32>(IN_BLOCK);
    if (used == BLOCK_SIZE) {
      // More input follows, so this block is not the last of the whole message; it may be the last of its chunk.
      const blocks = load<u32>(BLOCKS);
      if (blocks == CHUNK_SIZE / BLOCK_SIZE - 1) {
        block(CHUNK_END);
        pushChunk();
      } else {
        block(0);
        store<u32>(BLOCKS, blocks + 1);
      }
      used = 0;
    }
    const take = min<u32>(BLOCK_SIZE - used, length);
    memory.copy(BLOCK + used, input, take);
    store<u32>(IN_BLOCK, used + take);
    input += take;
    length -= take;
  }
}

/** Ends the hash and writes its 32 bytes to `out`. */
export function blake3End(out: usize): void {
  const used = load<u32>(IN_BLOCK);
  memory.fill(BLOCK + used, 0, BLOCK_SIZE - used);
  let height = load<u32>(HEIGHT);
  if (height == 0) {
    block(CHUNK_END | ROOT);
  } else {
    block(CHUNK_END);
    while (height > 0) {
      height--;
      memory.copy(PAIR, STACK + ((<usize>height) << 5), 32);
      memory.copy(PAIR + 32, CV, 32);
      parent(CV, height == 0 ? ROOT : 0);
    }
  }
  memory.copy(out, CV, 32);
}
