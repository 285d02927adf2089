/**
 * Signatures under a tag (H29; registry section 4): every record is signed behind ASCII `mehr/<record>/1` and a zero byte,
 * so that no signature can be passed off as that of another record, and none is ever made over a bare 32-byte string,
 * which the VRF's nonce must not meet (crypto/ed25519.ts).
 *
 * The record is laid out in the one buffer here, behind its tag: nothing is copied, and whoever signs or verifies cannot
 * forget the tag.
 */
import { Status } from "../abi";
import { ed25519Sign, ed25519Verify } from "../crypto/ed25519";
import { destinationPublicKey, destinationSeed } from "./destinations";

/** Records of layers 1 and 2 that carry a signature, in the order of TAGS. */
export enum SignedRecord {
  /** Destination 16, public key 32, sequence 8, version, every TLV below 80 (H3). */
  Announce,
  /** The responder's: link_id 16, e_i 32, e_r 32, pk_r 32, capabilities 3, clock 8 (H12). */
  LinkR,
  /** The initiator's: link_id 16, e_i 32, e_r 32, pk_i 32, pk_r 32 (H12). */
  LinkI,
  /** KeyCompromiseAdvisory: compromised 32, new 32, sequence 8, evidence (H32). */
  Kca,
}

/** mehr/announce/1, mehr/link-r/1, mehr/link-i/1 and mehr/kca/1, each with its zero byte, at the right of 16 bytes. */
const TAG_SIZE: u32 = 16;
const TAGS: usize = memory.data<u8>([
  0x6d, 0x65, 0x68, 0x72, 0x2f, 0x61, 0x6e, 0x6e, 0x6f, 0x75, 0x6e, 0x63, 0x65, 0x2f, 0x31, 0x00, 0x00, 0x00, 0x6d,
  0x65, 0x68, 0x72, 0x2f, 0x6c, 0x69, 0x6e, 0x6b, 0x2d, 0x72, 0x2f, 0x31, 0x00, 0x00, 0x00, 0x6d, 0x65, 0x68, 0x72,
  0x2f, 0x6c, 0x69, 0x6e, 0x6b, 0x2d, 0x69, 0x2f, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x6d, 0x65, 0x68, 0x72,
  0x2f, 0x6b, 0x63, 0x61, 0x2f, 0x31, 0x00,
]);

/** Room for a record in bytes. */
export const SIGNED_RECORD_MAX: u32 = 464;
const SIGNED: usize = memory.data(480, 8);
const RECORD: usize = SIGNED + 16;

/** Puts down the tag of a SignedRecord; the address behind it, where up to SIGNED_RECORD_MAX bytes of the record go. */
export function signedRecord(record: SignedRecord): usize {
  memory.copy(SIGNED, TAGS + <usize>(<u32>record * TAG_SIZE), TAG_SIZE);
  return RECORD;
}

/** Where the tag begins: behind the zeros in front of it. */
function tagged(): usize {
  let at = SIGNED;
  while (load<u8>(at) == 0) at++;
  return at;
}

/**
 * Signs the tag and the `length` bytes of the record at signedRecord with the key of destination `index`, 0 being the
 * node itself, into the 64 bytes at `signature`.
 */
export function signRecord(signature: usize, index: u32, length: u32): void {
  const from = tagged();
  ed25519Sign(signature, from, <u32>(RECORD - from) + length, destinationSeed(index), destinationPublicKey(index));
}

/**
 * Checks the signature of the tag and the `length` bytes of the record at signedRecord under the 32-byte public key.
 * Ok, BadScalar, BadPoint, SmallOrder or BadSignature.
 */
export function verifyRecord(signature: usize, length: u32, publicKey: usize): Status {
  const from = tagged();
  return ed25519Verify(signature, from, <u32>(RECORD - from) + length, publicKey);
}
