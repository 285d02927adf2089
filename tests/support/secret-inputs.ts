/** Inputs of the primitives of the `crypto` export in which only the secret differs, for runs on a board. */
import type { Primitive } from "../../host/core/abi.gen.ts";
import { primitiveInput } from "../../host/core/crypto.ts";
import { SeededRandom } from "../../host/radio/random.ts";

export const random = new SeededRandom(1123);
export const NOTHING = new Uint8Array(0);
export const NONCE = random.bytes(12);
export const TEXT = random.bytes(484);
export const MESSAGE = random.bytes(100);

/** Secrets of `length` bytes: the two extremes, one bit at either end, and three at random. */
export function secrets(length: number): Uint8Array[] {
  const oneBit = (at: number, bit: number): Uint8Array => new Uint8Array(length).fill(bit, at, at + 1);
  return [
    new Uint8Array(length),
    new Uint8Array(length).fill(0xff),
    oneBit(0, 0x01),
    oneBit(length - 1, 0x80),
    random.bytes(length),
    random.bytes(length),
    random.bytes(length),
  ];
}

/** What is public in the inputs. */
export interface Public {
  readonly publicKey: Uint8Array;
  readonly u: Uint8Array;
}

/** Of each primitive that takes a secret: the input with that secret. */
export const SECRETIVE: readonly (readonly [
  keyof typeof Primitive,
  (secret: Uint8Array, known: Public) => Uint8Array,
])[] = [
  ["Ed25519PublicKey", (seed) => seed],
  ["Ed25519Sign", (seed, { publicKey }) => primitiveInput.ed25519Sign(seed, publicKey, MESSAGE)],
  ["X25519", (scalar, { u }) => primitiveInput.x25519(scalar, u)],
  ["X25519PublicKey", (scalar) => scalar],
  ["X25519SecretFromSeed", (seed) => seed],
  ["VrfGamma", (seed, { publicKey }) => primitiveInput.vrf(seed, publicKey, MESSAGE)],
  ["VrfProve", (seed, { publicKey }) => primitiveInput.vrf(seed, publicKey, MESSAGE)],
  ["Seal", (key) => primitiveInput.aead(key, NONCE, MESSAGE, TEXT)],
  ["ChaCha20", (key) => primitiveInput.chacha20(key, NONCE, 1, TEXT)],
  ["Poly1305", (key) => primitiveInput.poly1305(key, TEXT)],
  ["Sha512", (message) => message],
  ["Blake2b", (message) => primitiveInput.blake2b(message, 32)],
];

/** A box of TEXT with one bit wrong, in each byte of the tag in turn. */
export function wrongTags(box: Uint8Array): Uint8Array[] {
  return Array.from({ length: 16 }, (_, i) => {
    const wrong = Uint8Array.from(box);
    wrong[TEXT.length + i] = (wrong[TEXT.length + i] ?? 0) ^ 0x80;
    return wrong;
  });
}
