/** Stand-in for what routing uses of the rooms around it: one destination, its keys given by the test. */
import { Status } from "../../assembly/abi";
import { blake2b } from "../../assembly/crypto/blake2b";
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from "../../assembly/crypto/ed25519";

/** Seed 32, public key 32, id 16, next seq u64, ratchet 32, ratchet known u8, pad 7, signal 41. */
const OWN: usize = memory.data(176, 8);
const DIGEST: usize = memory.data(32, 8);
/** "mehr/announce/1", 00, then room for the record. */
const SIGNED: usize = memory.data(480, 8);
const TAG_SIZE: u32 = 16;

export const NODE_ID: usize = OWN + 64;
export const SIGNAL: usize = OWN + 144;

export enum SignedRecord {
  Announce = 0,
}

export function standinOwn(): usize {
  return OWN;
}

/** Makes the keys from the seed. */
export function standinBoot(): void {
  ed25519PublicKey(OWN + 32, OWN);
  destinationHash(NODE_ID, OWN + 32);
}

export function destinationHash(out: usize, publicKey: usize): void {
  blake2b(DIGEST, 32, publicKey, 32);
  memory.copy(out, DIGEST, 16);
}

export function destinationUsed(index: u32): bool {
  return index == 0;
}

export function destinationId(index: u32): usize {
  return NODE_ID + <usize>index;
}

export function destinationPublicKey(index: u32): usize {
  return OWN + 32 + <usize>index;
}

export function destinationIndex(id: usize): u32 {
  return load<u64>(id) == load<u64>(NODE_ID) && load<u64>(id, 8) == load<u64>(NODE_ID, 8) ? 0 : 255;
}

export function sequenceNext(index: u32): u64 {
  const next = load<u64>(OWN, 80) + 1 + <u64>index;
  store<u64>(OWN, next, 80);
  return next;
}

export function sequenceAtLeast(index: u32, seen: u64): void {
  if (seen > load<u64>(OWN, 80)) store<u64>(OWN, seen + <u64>index, 80);
}

export function ratchetCurrentPublic(index: u32): usize {
  return load<u8>(OWN, 120) != 0 ? OWN + 88 + <usize>index : 0;
}

export function signedRecord(record: SignedRecord): usize {
  store<u64>(SIGNED, 0x6e6e612f7268656d);
  store<u64>(SIGNED, 0x00312f65636e756f, 8);
  return SIGNED + TAG_SIZE + <usize>record;
}

export function signRecord(signature: usize, destination: u32, length: u32): void {
  ed25519Sign(signature, SIGNED, TAG_SIZE + length, OWN + <usize>destination, OWN + 32);
}

export function verifyRecord(signature: usize, length: u32, publicKey: usize): Status {
  return ed25519Verify(signature, SIGNED, TAG_SIZE + length, publicKey);
}

/** Price u32, factor in Q8 u32, fill of the queue in per mille u32. */
const PATH: usize = memory.data(12, 4);

export function standinPath(): usize {
  return PATH;
}

export function congestionFactorQ8(): u32 {
  return load<u32>(PATH, 4);
}

export function queueFill(): u32 {
  return load<u32>(PATH, 8);
}
