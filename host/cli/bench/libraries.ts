/** The libraries the core's cryptography is measured against: development packages, loaded when a benchmark runs. */
import { MehrError } from "../../../toolchain/errors.ts";

/** A module, or MehrError (3) with the command that installs it. */
export async function library<T>(name: string, loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new MehrError(3, `${name}, which this benchmark compares with, is not installed here.`, "npm ci");
  }
}

export async function loadLibraries() {
  const [curves, blake2, blake3, sha2, chacha, { default: sodium }] = await Promise.all([
    library("@noble/curves", import("@noble/curves/ed25519.js")),
    library("@noble/hashes", import("@noble/hashes/blake2.js")),
    library("@noble/hashes", import("@noble/hashes/blake3.js")),
    library("@noble/hashes", import("@noble/hashes/sha2.js")),
    library("@noble/ciphers", import("@noble/ciphers/chacha.js")),
    library("libsodium-wrappers", import("libsodium-wrappers")),
  ]);
  await sodium.ready;
  return {
    noble: { ...curves, blake2b: blake2.blake2b, blake3: blake3.blake3, sha512: sha2.sha512, ...chacha },
    sodium,
  };
}

export type Libraries = Awaited<ReturnType<typeof loadLibraries>>;
