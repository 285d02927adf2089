/** Stands for state/destinations.ts: addresses, without an identity. */
import { blake2b } from "../../assembly/crypto/blake2b";

export const NODE_ID_SIZE: u32 = 16;
const DIGEST: usize = memory.data(32, 8);

export function destinationHash(out: usize, publicKey: usize): void {
  blake2b(DIGEST, 32, publicKey, 32);
  memory.copy(out, DIGEST, 16);
}

export function sameId(a: usize, b: usize): bool {
  return load<u64>(a) == load<u64>(b) && load<u64>(a, 8) == load<u64>(b, 8);
}
