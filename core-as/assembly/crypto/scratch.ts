/**
 * The working memory of all cryptography: one block, shared, of fixed size.
 *
 * A hash or cipher works in HASH while curve code holds its points in the parts behind it; two hashes never run at the
 * same time, nor do two curve operations. Nothing here outlives a call, and who put a secret here wipes it before
 * returning. It is no state: `state_hash` does not see it. What BLAKE3 keeps between the pieces of a stream is not here
 * but in blake3.ts; both together stay within 4 KiB (scratch.test.ts).
 */

const SCRATCH: usize = memory.data(3232, 16);

/** 384 bytes: SHA-512, BLAKE2b, or ChaCha20 with Poly1305. */
export const HASH: usize = SCRATCH;
export const HASH_SIZE: u32 = 384;

/** 160 bytes: four field elements for the powers in field25519.ts. */
export const FIELD_TEMPS: usize = SCRATCH + 384;
/** 320 bytes: eight field elements for a step of the curve: of the ladder, or of point addition. */
export const POINT_TEMPS: usize = SCRATCH + 544;
/** 2,208 bytes: points, tables and digits of the operation under way. */
export const CURVE: usize = SCRATCH + 864;
/** 160 bytes: scalar25519.ts. */
export const SCALAR_TEMPS: usize = SCRATCH + 3072;

/** Everything curve code may have left a secret in, from FIELD_TEMPS to the end. */
export const CURVE_WORK: usize = FIELD_TEMPS;
export const CURVE_WORK_SIZE: u32 = 2848;
