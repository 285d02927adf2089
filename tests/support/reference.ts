/**
 * What the core's cryptography must give, computed by @noble/curves, @noble/hashes and @noble/ciphers.
 *
 * Rules on keys, points and signatures. A and R must be the canonical encodings of points (RFC 8032 section 5.1.3), A
 * must not be of small order, S must be below L, and [8][S]B = [8]R + [8][k]A must hold. @noble/curves with `zip215:
 * false` has the same four rules; it gives one verdict where the core names the cause, so `causes` lists every cause
 * there is. Which of several causes is named is the core's choice.
 */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 as nobleX25519 } from "@noble/curves/ed25519.js";
import { decodePoint, expandSeed, L, littleEndian, toInteger } from "./ecvrf-reference.ts";

export interface Outcome {
  /** Names of the statuses that may come; empty if it must be Ok. */
  readonly causes: readonly string[];
  readonly output: Uint8Array;
}

const refused = (...causes: string[]): Outcome => ({ causes, output: new Uint8Array(0) });
const gives = (output: Uint8Array): Outcome => ({ causes: [], output });

/** Ed25519 (RFC 8032 section 5.1.7) with the rules above. */
export function ed25519Verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Outcome {
  const a = decodePoint(publicKey);
  const r = decodePoint(signature.subarray(0, 32));
  const causes = [
    ...(a === null || r === null ? ["BadPoint"] : []),
    ...(a?.isSmallOrder() === true ? ["SmallOrder"] : []),
    ...(toInteger(signature.subarray(32)) >= L ? ["BadScalar"] : []),
  ];
  const valid = ed25519.verify(signature, message, publicKey, { zip215: false });
  if (valid && causes.length > 0) throw new Error(`@noble/curves accepts what has ${causes.join(", ")}`);
  return valid ? gives(new Uint8Array(0)) : refused(...(causes.length > 0 ? causes : ["BadSignature"]));
}

/** X25519 (RFC 7748 section 5); a zero result is refused (section 6.1). */
export function x25519(scalar: Uint8Array, u: Uint8Array): Outcome {
  try {
    return gives(nobleX25519.getSharedSecret(scalar, u));
  } catch {
    return refused("SmallOrder");
  }
}

/** The birational map u = (1 + y) / (1 - y) of RFC 7748 section 4.1. */
export function x25519FromEd25519(publicKey: Uint8Array): Outcome {
  const point = decodePoint(publicKey);
  if (point === null) return refused("BadPoint");
  if (point.isSmallOrder()) return refused("SmallOrder");
  return gives(ed25519.utils.toMontgomery(publicKey));
}

/** The secret scalar of RFC 8032 section 5.1.5, which is the X25519 scalar of the same point. */
export function x25519SecretFromSeed(seed: Uint8Array): Uint8Array {
  return littleEndian(expandSeed(seed).scalar, 32);
}

export function seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return chacha20poly1305(key, nonce, aad).encrypt(plaintext);
}

export function open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, box: Uint8Array): Outcome {
  try {
    return gives(chacha20poly1305(key, nonce, aad).decrypt(box));
  } catch {
    return refused("BadTag");
  }
}
