/**
 * Who this node is: Ed25519 key pairs whose seeds are kept in the record storage, and the 16-byte address made from each
 * public key (H2). Destination 0 is the node itself; up to DESTINATIONS - 1 more come and go by command.
 *
 * A destination keeps its index for life, since its sequence numbers and ratchets are filed under it.
 */
import { entropy, RecordKey, Status } from "../abi";
import { blake2b } from "../crypto/blake2b";
import { wipe } from "../crypto/constant-time";
import { ed25519PublicKey } from "../crypto/ed25519";
import { DESTINATIONS } from "../profile";
import { recordLoad, recordStore } from "./records";

const KEY_SIZE: u32 = 32;
export const NODE_ID_SIZE: u32 = 16;
/** No destination of this node. */
export const NO_DESTINATION: u32 = 255;

/** Public key 32, address 16. An entry in use is told by its bit in USED. */
const ENTRY_SIZE: u32 = 48;
const ID: usize = 32;

/** The entries, then a bit for each in use, u32. */
export const DESTINATION_TABLE_SIZE: u32 = DESTINATIONS * ENTRY_SIZE + 4;
export const DESTINATION_TABLE: usize = memory.data(DESTINATIONS * 48 + 4, 8);
const USED: usize = DESTINATION_TABLE + <usize>(DESTINATIONS * ENTRY_SIZE);
/** The address of the node itself. */
export const NODE_ID: usize = DESTINATION_TABLE + ID;

/**
 * The secret halves, 32 bytes each. Not in the state hash, which is shown to everybody; the public keys in it stand for
 * both. From the second on they are the record Destinations, zeros where none is in use.
 */
const SEEDS: usize = memory.data(DESTINATIONS * 32, 8);
const MORE_SEEDS: usize = SEEDS + 32;
const MORE_SEEDS_SIZE: u32 = (DESTINATIONS - 1) * KEY_SIZE;

const DIGEST: usize = memory.data(32, 8);

/** destination_hash of the public key at `publicKey`: the first 16 bytes of its 32-byte BLAKE2b (H2). */
export function destinationHash(out: usize, publicKey: usize): void {
  blake2b(DIGEST, 32, publicKey, KEY_SIZE);
  memory.copy(out, DIGEST, NODE_ID_SIZE);
}

/** Whether there is a destination with this index. */
export function destinationUsed(index: u32): bool {
  return index < DESTINATIONS && ((load<u32>(USED) >> index) & 1) != 0;
}

/** How many destinations there are, the node itself included. */
export function destinationCount(): u32 {
  return popcnt<u32>(load<u32>(USED));
}

/** Address of the 32-byte public key of destination `index`. */
export function destinationPublicKey(index: u32): usize {
  return DESTINATION_TABLE + <usize>(index * ENTRY_SIZE);
}

/** Address of the 16-byte address of destination `index`. */
export function destinationId(index: u32): usize {
  return destinationPublicKey(index) + ID;
}

/** Address of the 32-byte secret of destination `index`: for signing and for the X25519 secret, and to be shown to none. */
export function destinationSeed(index: u32): usize {
  return SEEDS + <usize>(index * KEY_SIZE);
}

/** Whether the 16-byte addresses at `a` and at `b`, both public, are the same. */
export function sameId(a: usize, b: usize): bool {
  return load<u64>(a) == load<u64>(b) && load<u64>(a, 8) == load<u64>(b, 8);
}

/** Index of the destination with the 16-byte address at `id`, or NO_DESTINATION. */
export function destinationIndex(id: usize): u32 {
  for (let i: u32 = 0; i < DESTINATIONS; i++) {
    if (destinationUsed(i) && sameId(id, destinationId(i))) return i;
  }
  return NO_DESTINATION;
}

/** True if the 16 bytes at `id` are the address of the node itself. */
export function isOwnId(id: usize): bool {
  return sameId(id, NODE_ID);
}

/** Makes the public half of the seed in place. */
function take(index: u32): void {
  ed25519PublicKey(destinationPublicKey(index), destinationSeed(index));
  destinationHash(destinationId(index), destinationPublicKey(index));
  store<u32>(USED, load<u32>(USED) | ((<u32>1) << index));
}

/** The seeds from the records; the first is drawn and stored if there is none. */
function seedsLoad(): Status {
  let status = recordLoad(RecordKey.Identity, SEEDS, KEY_SIZE);
  if (status == Status.RecordMissing) {
    if (entropy(SEEDS, KEY_SIZE) != Status.Ok) return Status.NoEntropy;
    status = recordStore(RecordKey.Identity, SEEDS, KEY_SIZE);
  }
  if (status != Status.Ok) return status;
  status = recordLoad(RecordKey.Destinations, MORE_SEEDS, MORE_SEEDS_SIZE);
  if (status != Status.RecordMissing) return status;
  wipe(MORE_SEEDS, MORE_SEEDS_SIZE);
  return Status.Ok;
}

/** True if there is no seed at this index. A drawn one is zero never (once in 2^256). */
function seedIsZero(index: u32): bool {
  const seed = destinationSeed(index);
  return (load<u64>(seed) | load<u64>(seed, 8) | load<u64>(seed, 16) | load<u64>(seed, 24)) == 0;
}

/**
 * Loads what is stored, or makes and stores an identity. One that cannot be stored is not used: a relay that came back
 * under another address after every power cut would litter its neighbours' tables.
 * Ok, BadRecord, RecordFailed or NoEntropy; then the node has no destination at all.
 */
export function destinationsLoad(): Status {
  memory.fill(DESTINATION_TABLE, 0, DESTINATION_TABLE_SIZE);
  const status = seedsLoad();
  if (status != Status.Ok) {
    wipe(SEEDS, KEY_SIZE + MORE_SEEDS_SIZE);
    return status;
  }
  for (let i: u32 = 0; i < DESTINATIONS; i++) {
    if (i == 0 || !seedIsZero(i)) take(i);
  }
  return Status.Ok;
}

/** Makes one more destination. Its index, or minus TableFull, NoEntropy or RecordFailed, and there is none. */
export function destinationAdd(): i32 {
  let index: u32 = 1;
  while (destinationUsed(index)) index++;
  if (index == DESTINATIONS) return -Status.TableFull;
  const seed = destinationSeed(index);
  let status: Status = entropy(seed, KEY_SIZE) == Status.Ok ? Status.Ok : Status.NoEntropy;
  if (status == Status.Ok) status = recordStore(RecordKey.Destinations, MORE_SEEDS, MORE_SEEDS_SIZE);
  if (status != Status.Ok) {
    wipe(seed, KEY_SIZE);
    return -status;
  }
  take(index);
  return <i32>index;
}

/**
 * Forgets destination `index`, its keys included. The caller has done away with what is filed under it.
 * Ok; Unknown for one that does not exist and for the node itself; RecordFailed, and it is still there.
 */
export function destinationRemove(index: u32): Status {
  if (index == 0 || !destinationUsed(index)) return Status.Unknown;
  const seed = destinationSeed(index);
  memory.copy(DIGEST, seed, KEY_SIZE);
  wipe(seed, KEY_SIZE);
  const status = recordStore(RecordKey.Destinations, MORE_SEEDS, MORE_SEEDS_SIZE);
  if (status == Status.Ok) {
    memory.fill(destinationPublicKey(index), 0, ENTRY_SIZE);
    store<u32>(USED, load<u32>(USED) & ~((<u32>1) << index));
  } else {
    memory.copy(seed, DIGEST, KEY_SIZE);
  }
  wipe(DIGEST, KEY_SIZE);
  return status;
}
