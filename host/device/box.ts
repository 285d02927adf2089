/**
 * Boxes: bytes sealed to an X25519 public key, as boards make and open them (docs/console.md, Boxes).
 *
 *   ephemeral public key 32 | ChaCha20-Poly1305 ciphertext (RFC 8439) | tag 16
 *
 * The key is used once, so the nonce is zero.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
} from "node:crypto";
import { blake2b } from "@noble/hashes/blake2.js";

export const BOX_OVERHEAD = 48;
export const X25519_SIZE = 32;

const CONTEXT = Buffer.from("mehr/console-box/1\0");
const NONCE = Buffer.alloc(12);
const TAG_SIZE = 16;
/** What stands in front of the raw key in PKCS#8 and SubjectPublicKeyInfo (RFC 8410). */
const PRIVATE_DER = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC_DER = Buffer.from("302a300506032b656e032100", "hex");

/** The box does not open: another key, or damaged bytes. */
export class BoxError extends Error {}

type Key = ReturnType<typeof createPublicKey>;

function privateKey(secret: Uint8Array): Key {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_DER, secret]), format: "der", type: "pkcs8" });
}

function publicKey(raw: Uint8Array): Key {
  return createPublicKey({ key: Buffer.concat([PUBLIC_DER, raw]), format: "der", type: "spki" });
}

function rawPublic(key: Key): Uint8Array {
  return Uint8Array.from(key.export({ format: "der", type: "spki" }).subarray(PUBLIC_DER.length));
}

/** The X25519 public key of a secret of 32 bytes. */
export function boxPublicKey(secret: Uint8Array): Uint8Array {
  return rawPublic(createPublicKey(privateKey(secret)));
}

function boxKey(own: Key, other: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  let shared: Buffer;
  try {
    shared = diffieHellman({ privateKey: own, publicKey: publicKey(other) });
  } catch {
    // OpenSSL refuses a shared secret of zeros: a point of small order.
    throw new BoxError("a key of small order");
  }
  const key = blake2b(Buffer.concat([CONTEXT, shared, ephemeral, recipient]), { dkLen: 32 });
  shared.fill(0);
  return key;
}

export function sealBox(recipient: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const pair = generateKeyPairSync("x25519");
  const ephemeral = rawPublic(pair.publicKey);
  const key = boxKey(pair.privateKey, recipient, ephemeral, recipient);
  const cipher = createCipheriv("chacha20-poly1305", key, NONCE, { authTagLength: TAG_SIZE });
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  key.fill(0);
  return Uint8Array.from(Buffer.concat([ephemeral, text, cipher.getAuthTag()]));
}

/** Opens a box with the secret of 32 bytes. Throws BoxError. */
export function openBox(secret: Uint8Array, box: Uint8Array): Uint8Array {
  if (box.length < BOX_OVERHEAD) throw new BoxError(`${box.length} bytes are no box`);
  const ephemeral = box.subarray(0, X25519_SIZE);
  const key = boxKey(privateKey(secret), ephemeral, ephemeral, boxPublicKey(secret));
  const decipher = createDecipheriv("chacha20-poly1305", key, NONCE, { authTagLength: TAG_SIZE });
  decipher.setAuthTag(box.subarray(box.length - TAG_SIZE));
  try {
    const text = decipher.update(box.subarray(X25519_SIZE, box.length - TAG_SIZE));
    decipher.final();
    return Uint8Array.from(text);
  } catch {
    throw new BoxError("the tag does not fit");
  } finally {
    key.fill(0);
  }
}
