/** Stands for state/signing.ts: verification of an advisory behind its tag. */
import { Status } from "../../assembly/abi";
import { ed25519Verify } from "../../assembly/crypto/ed25519";

export enum SignedRecord {
  Announce,
  LinkR,
  LinkI,
  Kca,
}

/** mehr/kca/1 and its zero byte. */
const SIGNED: usize = memory.data<u8>([
  0x6d, 0x65, 0x68, 0x72, 0x2f, 0x6b, 0x63, 0x61, 0x2f, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0,
]);

export function signedRecord(_record: SignedRecord): usize {
  return SIGNED + 11;
}

export function verifyRecord(signature: usize, length: u32, publicKey: usize): Status {
  return ed25519Verify(signature, SIGNED, 11 + length, publicKey);
}
