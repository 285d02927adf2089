/**
 * The shape of a test vector of the core's cryptography. tests/vectors/index.ts exports `VECTORS: readonly Vector[]`;
 * tests/crypto-conformance.test.ts runs each of them on every engine through the core's `crypto` export.
 */
import type { Status } from "../../host/core/abi.gen.ts";

/**
 * Primitives of the `crypto` export that take one call. Layouts of input and output: `Primitive` in
 * core-as/assembly/abi.ts.
 */
export type OneCall =
  | "Blake2b"
  | "Sha512"
  | "ChaCha20"
  | "Poly1305"
  | "Seal"
  | "Open"
  | "X25519"
  | "X25519PublicKey"
  | "Ed25519PublicKey"
  | "Ed25519Sign"
  | "Ed25519Verify"
  | "X25519FromEd25519"
  | "X25519SecretFromSeed"
  | "VrfGamma"
  | "VrfProve"
  | "VrfVerify";

interface Named {
  /** Where it is published: document and section, or repository and file. */
  readonly source: string;
  /** Unique within its source, for example "test 1". */
  readonly name: string;
}

/** One call: the bytes written to `In`, and what must come of them. */
export interface CallVector extends Named {
  readonly primitive: OneCall;
  /** Hex, at most 1536 bytes. */
  readonly input: string;
  /** Name of the status that must come; Ok by default. */
  readonly status?: keyof typeof Status;
  /** Hex; "" where the primitive gives nothing or the status is not Ok. */
  readonly output: string;
  /**
   * Only with X25519: the call is repeated this many times in all as RFC 7748 section 5.2 says (the result becomes the
   * scalar, the scalar before becomes u). 1 by default.
   */
  readonly iterations?: number;
}

/** A BLAKE3 stream: begin, as many updates as the message takes, end. */
export interface Blake3Vector extends Named {
  readonly primitive: "Blake3";
  /** Hex, 32 bytes; absent for the unkeyed hash. */
  readonly key?: string;
  /** Hex, or `patterned` bytes of which byte i is i mod 251 (the BLAKE3 project's test inputs). */
  readonly message: string | { readonly patterned: number };
  /** Hex, the first 32 bytes of the hash. */
  readonly output: string;
}

export type Vector = CallVector | Blake3Vector;
