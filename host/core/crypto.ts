/**
 * The core's cryptography by name, over whatever runs its primitives: the core in this process, or one on a board
 * behind its console. For tests, benchmarks and proofs; the protocol itself never leaves the core for these.
 */
import { IN_SIZE, Primitive, STATUS_SENTENCES, type Status } from "./abi.gen.ts";
import type { PrimitiveResult } from "./core.ts";

/** Core, CoreTarget and BoardTarget are runners. */
export interface PrimitiveRunner {
  crypto(primitive: Primitive, input: Uint8Array): PrimitiveResult | Promise<PrimitiveResult>;
}

/** A primitive gave a status instead of a result. */
export class PrimitiveError extends Error {
  readonly status: Status;

  constructor(primitive: Primitive, status: Status) {
    super(`Primitive ${primitive}: ${STATUS_SENTENCES[status] ?? `status ${status}`}`);
    this.name = "PrimitiveError";
    this.status = status;
  }
}

/** What `In` must hold for a primitive, as Primitive in core-as/assembly/abi.ts lays it out. */
export const primitiveInput = {
  blake2b: (message: Uint8Array, outLength: number): Uint8Array => Buffer.concat([Uint8Array.of(outLength), message]),

  chacha20: (key: Uint8Array, nonce: Uint8Array, counter: number, input: Uint8Array): Uint8Array => {
    const count = Buffer.alloc(4);
    count.writeUInt32LE(counter);
    return Buffer.concat([key, nonce, count, input]);
  },

  poly1305: (key: Uint8Array, message: Uint8Array): Uint8Array => Buffer.concat([key, message]),

  /** Of Seal, with the plaintext as `text`, and of Open, with ciphertext and tag. */
  aead: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array => {
    const length = Buffer.alloc(2);
    length.writeUInt16LE(aad.length);
    return Buffer.concat([key, nonce, length, aad, text]);
  },

  x25519: (scalar: Uint8Array, u: Uint8Array): Uint8Array => Buffer.concat([scalar, u]),

  ed25519Sign: (seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array =>
    Buffer.concat([seed, publicKey, message]),

  ed25519Verify: (publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Uint8Array =>
    Buffer.concat([publicKey, signature, message]),

  /** Of VrfGamma and VrfProve. */
  vrf: (seed: Uint8Array, publicKey: Uint8Array, alpha: Uint8Array): Uint8Array =>
    Buffer.concat([seed, publicKey, alpha]),

  vrfVerify: (publicKey: Uint8Array, proof: Uint8Array, alpha: Uint8Array): Uint8Array =>
    Buffer.concat([publicKey, proof, alpha]),
} as const;

/** Each method gives the bytes of the result; it throws PrimitiveError if the core refuses. */
export class Crypto {
  readonly #runner: PrimitiveRunner;

  constructor(runner: PrimitiveRunner) {
    this.#runner = runner;
  }

  /** Runs any primitive on input laid out as it wants it. */
  async run(primitive: Primitive, input: Uint8Array): Promise<Uint8Array> {
    const { status, out } = await this.#runner.crypto(primitive, input);
    if (status !== 0) throw new PrimitiveError(primitive, status);
    return out;
  }

  blake2b(message: Uint8Array, outLength = 32): Promise<Uint8Array> {
    return this.run(Primitive.Blake2b, primitiveInput.blake2b(message, outLength));
  }

  /** 32 bytes; with a key of 32 bytes, the keyed hash. Messages longer than `In` go in pieces. */
  async blake3(message: Uint8Array, key: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
    await this.run(Primitive.Blake3Begin, key);
    for (let at = 0; at < message.length; at += IN_SIZE) {
      await this.run(Primitive.Blake3Update, message.subarray(at, at + IN_SIZE));
    }
    return this.run(Primitive.Blake3End, new Uint8Array(0));
  }

  sha512(message: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.Sha512, message);
  }

  chacha20(key: Uint8Array, nonce: Uint8Array, counter: number, input: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.ChaCha20, primitiveInput.chacha20(key, nonce, counter, input));
  }

  poly1305(key: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.Poly1305, primitiveInput.poly1305(key, message));
  }

  /** Ciphertext and tag. */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.Seal, primitiveInput.aead(key, nonce, aad, plaintext));
  }

  /** The plaintext of `box`, which is ciphertext and tag. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, box: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.Open, primitiveInput.aead(key, nonce, aad, box));
  }

  x25519(scalar: Uint8Array, u: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.X25519, primitiveInput.x25519(scalar, u));
  }

  x25519PublicKey(scalar: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.X25519PublicKey, scalar);
  }

  ed25519PublicKey(seed: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.Ed25519PublicKey, seed);
  }

  ed25519Sign(seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.Ed25519Sign, primitiveInput.ed25519Sign(seed, publicKey, message));
  }

  async ed25519Verify(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<void> {
    await this.run(Primitive.Ed25519Verify, primitiveInput.ed25519Verify(publicKey, signature, message));
  }

  x25519FromEd25519(publicKey: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.X25519FromEd25519, publicKey);
  }

  x25519SecretFromSeed(seed: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.X25519SecretFromSeed, seed);
  }

  async vrfGamma(seed: Uint8Array, publicKey: Uint8Array, alpha: Uint8Array): Promise<{ gamma: Uint8Array } & Beta> {
    const out = await this.run(Primitive.VrfGamma, primitiveInput.vrf(seed, publicKey, alpha));
    return { gamma: out.subarray(0, 32), beta: out.subarray(32) };
  }

  async vrfProve(seed: Uint8Array, publicKey: Uint8Array, alpha: Uint8Array): Promise<{ proof: Uint8Array } & Beta> {
    const out = await this.run(Primitive.VrfProve, primitiveInput.vrf(seed, publicKey, alpha));
    return { proof: out.subarray(0, 80), beta: out.subarray(80) };
  }

  /** beta. */
  vrfVerify(publicKey: Uint8Array, proof: Uint8Array, alpha: Uint8Array): Promise<Uint8Array> {
    return this.run(Primitive.VrfVerify, primitiveInput.vrfVerify(publicKey, proof, alpha));
  }
}

/** The VRF's output, 64 bytes. */
interface Beta {
  readonly beta: Uint8Array;
}
