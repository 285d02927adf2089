/** Addresses of nodes and destinations. */
import { blake2b } from "@noble/hashes/blake2.js";
import { MehrError } from "../../toolchain/errors.ts";

export const ADDRESS_SIZE = 16;

/** The address made from an Ed25519 public key: the first 16 bytes of its BLAKE2b of 32 bytes. */
export function addressOf(publicKey: Uint8Array): Uint8Array {
  return blake2b(publicKey, { dkLen: 32 }).slice(0, ADDRESS_SIZE);
}

/** An address, or `what` else of so many bytes, in hex as a person gives it. Throws MehrError (2). */
export function parseHex(what: string, text: string, size = ADDRESS_SIZE): Uint8Array {
  const hex = text.trim().toLowerCase();
  if (!/^([0-9a-f]{2})*$/.test(hex) || hex.length !== 2 * size) {
    throw new MehrError(2, `${what} "${text}" is not ${size} bytes in hex (${2 * size} digits).`);
  }
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
