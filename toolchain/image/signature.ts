/**
 * The detached signature of a manifest: Ed25519 (RFC 8032) over its bytes as they are, 64 bytes raw in
 * manifest.json.sig, so that `openssl pkeyutl -verify -rawin` takes it too. The manifest has the hash of every file, so
 * it signs them all.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { MehrError } from "../errors.ts";

export const SIGNATURE_FILE = "manifest.json.sig";
export const SIGNATURE_SIZE = 64;

/** A private key: PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it. Throws MehrError (2). */
export function readSigningKey(path: string): KeyObject {
  return readKey(path, "private key", "openssl genpkey -algorithm ed25519 -out key.pem", createPrivateKey);
}

/** A public key in PEM, as `openssl pkey -pubout` writes it. Throws MehrError (2), also for a private key. */
export function readVerifyingKey(path: string): KeyObject {
  return readKey(path, "public key", "openssl pkey -in key.pem -pubout -out pub.pem", (pem) => {
    // Node derives the public key itself; but who verifies has no business with the private one.
    if (pem.includes("PRIVATE KEY")) throw new Error("private");
    return createPublicKey(pem);
  });
}

function readKey(path: string, what: string, command: string, parse: (pem: string) => KeyObject): KeyObject {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new MehrError(2, `The key ${path} cannot be read: ${code}.`);
  }
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch {
    throw new MehrError(2, `${path} holds no ${what} in PEM without a password.`, command);
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new MehrError(
    2,
    `${path} holds a key for ${key.asymmetricKeyType} and manifests are signed with Ed25519.`,
    command,
  );
}

export function signManifest(manifest: Uint8Array, key: KeyObject): Uint8Array {
  return sign(null, manifest, key);
}

export function isSignedBy(manifest: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  return signature.length === SIGNATURE_SIZE && verify(null, manifest, key, signature);
}
