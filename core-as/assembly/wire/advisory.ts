/**
 * KeyCompromiseAdvisory: the owner of a key says that it is no longer his alone (digest 1 section 3.5, H32).
 *
 *   0 compromised 32 | 32 new 32 (zero if none) | 64 sequence u64 | 72 evidence u8 | 73 timestamp u64
 *   81 signature 64 of the compromised key | 145 signature 64 of the new key, evidence Both only
 *
 * Both signatures are over tag kca and bytes 0-80. The timestamp is of somebody else's clock and is never compared.
 */
import { Status } from "../abi";

/** Both keys sign: 209 bytes. */
export const EVIDENCE_BOTH: u32 = 0;
/** Only the compromised key signs: 145 bytes. */
export const EVIDENCE_OLD_ONLY: u32 = 1;

export const ADVISORY_SIGNED_SIZE: u32 = 81;
const OLD_ONLY_SIZE: u32 = 145;
export const ADVISORY_MAX: u32 = 209;

/** Checks `length` bytes at `record`, signatures apart. The views below are valid after Ok. */
export function checkAdvisory(record: usize, length: u32): Status {
  if (length < OLD_ONLY_SIZE) return Status.Short;
  if (length > ADVISORY_MAX) return Status.Long;
  const evidence = advisoryEvidence(record);
  if (evidence > EVIDENCE_OLD_ONLY) return Status.BadField;
  if (evidence == EVIDENCE_OLD_ONLY) return length == OLD_ONLY_SIZE ? Status.Ok : Status.Long;
  if (length != ADVISORY_MAX) return Status.Short;
  // What the new key signs must name a new key.
  return advisoryHasNewKey(record) ? Status.Ok : Status.BadField;
}

/** Address of the 32-byte new key. */
export function advisoryNewKey(record: usize): usize {
  return record + 32;
}

/** True if a new key is named, that is if it is not 32 zero bytes. */
export function advisoryHasNewKey(record: usize): bool {
  return (load<u64>(record, 32) | load<u64>(record, 40) | load<u64>(record, 48) | load<u64>(record, 56)) != 0;
}

export function advisorySequence(record: usize): u64 {
  return load<u64>(record, 64);
}

/** EVIDENCE_BOTH or EVIDENCE_OLD_ONLY. */
export function advisoryEvidence(record: usize): u32 {
  return load<u8>(record, 72);
}

/** Address of the compromised key's signature; the new key's, if any, is the 64 bytes behind it. */
export function advisorySignature(record: usize): usize {
  return record + ADVISORY_SIGNED_SIZE;
}
