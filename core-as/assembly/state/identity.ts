/**
 * The node's identity: an Ed25519 key pair whose seed is kept in the record storage, and the 16-byte address made from the
 * public key (H2).
 */
import { entropy, RecordKey, record_get, record_put, Status } from "../abi";
import { blake2b } from "../crypto/blake2b";
import { wipe } from "../crypto/constant-time";
import { ed25519PublicKey } from "../crypto/ed25519";

const KEY_SIZE: u32 = 32;
export const NODE_ID_SIZE: u32 = 16;
export const IDENTITY_SIZE: u32 = 48;

/** Public key 32, node_id 16. */
export const IDENTITY: usize = memory.data(48, 8);
export const NODE_ID: usize = IDENTITY + 32;

/** The secret half, 32 bytes. Not in the state hash, which is shown to everybody; the public key in it stands for both. */
const SEED: usize = memory.data(32, 8);

const DIGEST: usize = memory.data(32, 8);

/** destination_hash of the public key at `publicKey`: the first 16 bytes of its 32-byte BLAKE2b (H2). */
export function destinationHash(out: usize, publicKey: usize): void {
  blake2b(DIGEST, 32, publicKey, KEY_SIZE);
  memory.copy(out, DIGEST, NODE_ID_SIZE);
}

/** SEED from the record, or drawn and stored. */
function seedLoad(): Status {
  const got = record_get(RecordKey.Identity, SEED, KEY_SIZE);
  if (got == <i32>KEY_SIZE) return Status.Ok;
  if (got >= 0) return Status.BadRecord;
  if (got != -Status.RecordMissing) return Status.RecordFailed;
  if (entropy(SEED, KEY_SIZE) != Status.Ok) return Status.NoEntropy;
  return record_put(RecordKey.Identity, SEED, KEY_SIZE) == Status.Ok ? Status.Ok : Status.RecordFailed;
}

/**
 * Loads the stored identity, or makes and stores one. An identity that cannot be stored is not used: a relay that came
 * back under another address after every power cut would litter its neighbours' tables.
 */
export function identityLoad(): Status {
  const status = seedLoad();
  if (status != Status.Ok) {
    wipe(SEED, KEY_SIZE);
    return status;
  }
  ed25519PublicKey(IDENTITY, SEED);
  destinationHash(NODE_ID, IDENTITY);
  return Status.Ok;
}

/** True if the 16 bytes at `id` are this node's address. */
export function isOwnId(id: usize): bool {
  return load<u64>(id) == load<u64>(NODE_ID) && load<u64>(id, 8) == load<u64>(NODE_ID, 8);
}
