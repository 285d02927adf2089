/**
 * The core's cryptography as functions of byte arrays: inputs and outputs go through the arena of the internals module.
 * Every call is watched for bytes written behind its output.
 */
import { randomFillSync } from "node:crypto";
import { Status } from "../../host/core/abi.gen.ts";
import type { Internals } from "./internals.ts";

export type StatusName = keyof typeof Status;

/** A status and what was written, which counts only if it is Ok. */
export interface Answer {
  /** The function that answered. */
  readonly call: string;
  readonly status: StatusName;
  readonly output: Uint8Array;
}

const NAMES = new Map(Object.entries(Status).map(([name, code]) => [code as number, name as StatusName]));

/** What an output is filled with before a call, and what guards the bytes behind it. */
export const UNTOUCHED = 0xa5;
const GUARD = 32;

/** Calls that go on with what the one before left in the working memory. */
const STREAMING = new Set(["sha512Update", "sha512End", "poly1305Update", "poly1305End"]);

export class Crypto {
  readonly #core: Internals;
  /** The working memory of all cryptography. */
  readonly #scratch: Uint8Array;
  #at = 0;
  #outputs: { at: number; size: number }[] = [];

  constructor(core: Internals) {
    this.#core = core;
    this.#scratch = new Uint8Array(core.bytes.buffer, core.call("scratchBlock"), core.call("scratchSize"));
  }

  /** Address of `bytes`, copied into the arena. */
  #in(bytes: Uint8Array): number {
    const at = this.#at;
    this.#core.bytes.set(bytes, at);
    this.#at += bytes.length;
    return this.#core.arena + at;
  }

  /** Address of `size` bytes for an output, aligned to nothing. */
  #out(size: number): number {
    const at = this.#at;
    this.#core.bytes.fill(UNTOUCHED, at, at + size + GUARD);
    this.#outputs.push({ at, size });
    this.#at += size + GUARD;
    return this.#core.arena + at;
  }

  /**
   * Calls the core; a trap leaves the arena free for the next call. What the working memory holds before must not
   * matter.
   */
  #call(name: string, ...values: number[]): number {
    if (!STREAMING.has(name)) randomFillSync(this.#scratch);
    try {
      return this.#core.call(name, ...values);
    } catch (error) {
      this.#outputs = [];
      this.#at = 0;
      throw error;
    }
  }

  /** Ends a call: the outputs one after the other. */
  #done(): Uint8Array {
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#at = 0;
    const parts = outputs.map(({ at, size }) => {
      const guard = this.#core.bytes.subarray(at + size, at + size + GUARD);
      if (guard.some((byte) => byte !== UNTOUCHED)) throw new Error(`wrote behind its output of ${size} bytes`);
      return this.#core.bytes.slice(at, at + size);
    });
    return new Uint8Array(Buffer.concat(parts));
  }

  #status(name: string, ...values: number[]): Answer {
    const code = this.#call(name, ...values);
    const status = NAMES.get(code);
    if (status === undefined) throw new Error(`${name} returned ${code}, which is no status`);
    return { call: name, status, output: this.#done() };
  }

  #bytes(name: string, ...values: number[]): Uint8Array {
    this.#call(name, ...values);
    return this.#done();
  }

  equal(a: Uint8Array, b: Uint8Array): boolean {
    const result = this.#call("equal", this.#in(a), this.#in(b), a.length) !== 0;
    this.#done();
    return result;
  }

  blake2b(message: Uint8Array, size: number): Uint8Array {
    return this.#bytes("blake2b", this.#out(size), size, this.#in(message), message.length);
  }

  /** In pieces of the given lengths, over and over; `key` for the keyed hash. */
  blake3(message: Uint8Array, pieces: readonly number[], key?: Uint8Array): Uint8Array {
    if (key === undefined) this.#call("blake3Begin");
    else this.#bytes("blake3BeginKeyed", this.#in(key));
    this.#stream("blake3Update", message, pieces);
    return this.#bytes("blake3End", this.#out(32));
  }

  sha512(message: Uint8Array): Uint8Array {
    return this.#bytes("sha512", this.#out(64), this.#in(message), message.length);
  }

  sha512Streamed(message: Uint8Array, pieces: readonly number[]): Uint8Array {
    this.#call("sha512Begin");
    this.#stream("sha512Update", message, pieces);
    return this.#bytes("sha512End", this.#out(64));
  }

  #stream(update: string, message: Uint8Array, pieces: readonly number[]): void {
    for (let at = 0, i = 0; at < message.length; i++) {
      const piece = message.subarray(at, at + (pieces[i % pieces.length] ?? message.length));
      this.#bytes(update, this.#in(piece), piece.length);
      at += piece.length;
    }
  }

  /** With `inPlace` the output takes the place of the input. */
  chacha20(key: Uint8Array, nonce: Uint8Array, counter: number, input: Uint8Array, inPlace = false): Uint8Array {
    const [k, n] = [this.#in(key), this.#in(nonce)];
    const out = inPlace ? this.#out(input.length) : 0;
    if (inPlace) this.#core.bytes.set(input, out - this.#core.arena);
    const from = inPlace ? out : this.#in(input);
    return this.#bytes("chacha20", inPlace ? out : this.#out(input.length), from, input.length, k, n, counter);
  }

  poly1305(key: Uint8Array, message: Uint8Array, pieces: readonly number[] = []): Uint8Array {
    this.#bytes("poly1305Begin", this.#in(key));
    this.#stream("poly1305Update", message, pieces);
    return this.#bytes("poly1305End", this.#out(16));
  }

  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const [k, n, a, p] = [this.#in(key), this.#in(nonce), this.#in(aad), this.#in(plaintext)];
    return this.#bytes("seal", this.#out(plaintext.length + 16), p, plaintext.length, a, aad.length, k, n);
  }

  /** `box` has at least the 16 bytes of the tag. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, box: Uint8Array): Answer {
    const length = box.length - 16;
    const [k, n, a, b] = [this.#in(key), this.#in(nonce), this.#in(aad), this.#in(box)];
    return this.#status("open", this.#out(length), b, length, a, aad.length, k, n);
  }

  x25519(scalar: Uint8Array, u: Uint8Array): Answer {
    return this.#status("x25519", this.#out(32), this.#in(scalar), this.#in(u));
  }

  x25519PublicKey(scalar: Uint8Array): Uint8Array {
    return this.#bytes("x25519PublicKey", this.#out(32), this.#in(scalar));
  }

  ed25519PublicKey(seed: Uint8Array): Uint8Array {
    return this.#bytes("ed25519PublicKey", this.#out(32), this.#in(seed));
  }

  ed25519Sign(message: Uint8Array, seed: Uint8Array, publicKey: Uint8Array): Uint8Array {
    const m = this.#in(message);
    return this.#bytes("ed25519Sign", this.#out(64), m, message.length, this.#in(seed), this.#in(publicKey));
  }

  ed25519Verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Answer {
    const [s, m] = [this.#in(signature), this.#in(message)];
    return this.#status("ed25519Verify", s, m, message.length, this.#in(publicKey));
  }

  x25519FromEd25519(publicKey: Uint8Array): Answer {
    return this.#status("x25519FromEd25519", this.#out(32), this.#in(publicKey));
  }

  x25519SecretFromSeed(seed: Uint8Array): Uint8Array {
    return this.#bytes("x25519SecretFromSeed", this.#out(32), this.#in(seed));
  }

  /** Gamma 32, beta 64. */
  vrfGamma(seed: Uint8Array, publicKey: Uint8Array, alpha: Uint8Array): Answer {
    const [s, p, a] = [this.#in(seed), this.#in(publicKey), this.#in(alpha)];
    return this.#status("vrfGamma", this.#out(32), this.#out(64), s, p, a, alpha.length);
  }

  /** Proof 80, beta 64. */
  vrfProve(seed: Uint8Array, publicKey: Uint8Array, alpha: Uint8Array): Answer {
    const [s, p, a] = [this.#in(seed), this.#in(publicKey), this.#in(alpha)];
    return this.#status("vrfProve", this.#out(80), this.#out(64), s, p, a, alpha.length);
  }

  /** Beta 64. */
  vrfVerify(publicKey: Uint8Array, proof: Uint8Array, alpha: Uint8Array): Answer {
    const [p, k, a] = [this.#in(proof), this.#in(publicKey), this.#in(alpha)];
    return this.#status("vrfVerify", this.#out(64), p, k, a, alpha.length);
  }

  scalarReduce(wide: Uint8Array): Uint8Array {
    return this.#bytes("scalarReduce", this.#out(32), this.#in(wide));
  }

  scalarMulAdd(a: Uint8Array, b: Uint8Array, c: Uint8Array): Uint8Array {
    return this.#bytes("scalarMulAdd", this.#out(32), this.#in(a), this.#in(b), this.#in(c));
  }

  scalarIsCanonical(s: Uint8Array): boolean {
    const result = this.#call("scalarIsCanonical", this.#in(s)) !== 0;
    this.#done();
    return result;
  }
}
