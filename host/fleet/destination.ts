/** Addresses: what a public key is called by, and how it is written for people and for cameras. */
import { createPublicKey, verify } from "node:crypto";
import { blake2b } from "@noble/hashes/blake2.js";

/** What a console signs before the challenge (docs/console.md, Prove). */
const PROOF_CONTEXT = Buffer.from("mehr/console/1\0", "latin1");

/** DER of a SubjectPublicKeyInfo with an Ed25519 key behind it (RFC 8410 section 4). */
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

/** The destination hash of an Ed25519 public key of 32 bytes, hex: the first 16 bytes of its BLAKE2b-256. */
export function destinationOf(publicKey: Uint8Array): string {
  return Buffer.from(blake2b(publicKey, { dkLen: 32 })).toString("hex", 0, 16);
}

/** "0123 4567 89ab cdef ...": 32 hexadecimal digits in groups of four, as a person reads them aloud. */
export function grouped(destination: string): string {
  return destination.replace(/(.{4})(?=.)/g, "$1 ");
}

/**
 * The address as a URI, in capitals: a QR code packs capitals and digits into 5.5 bits each, lower case into 8. Scheme
 * and digits are the same in either case (RFC 3986 section 3.1).
 */
export function destinationUri(destination: string): string {
  return `mehr:${destination}`.toUpperCase();
}

/**
 * Whether a device that calls itself `nodeId` (16 bytes) has the private key of `publicKey` (32 bytes), shown by its
 * signature (64 bytes) over our challenge; checked by OpenSSL, not by the code that made it.
 */
export function provesIdentity(proof: {
  readonly challenge: Uint8Array;
  readonly nodeId: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  const { challenge, nodeId, publicKey, signature } = proof;
  if (destinationOf(publicKey) !== Buffer.from(nodeId).toString("hex")) return false;
  const key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicKey]), format: "der", type: "spki" });
  return verify(null, Buffer.concat([PROOF_CONTEXT, challenge, nodeId]), key, signature);
}
