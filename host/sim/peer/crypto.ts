/** The primitives a peer needs, by name, from the core's own `crypto` export: there is no second implementation. */
import { Primitive } from "../../core/abi.gen.ts";
import { primitiveInput } from "../../core/crypto.ts";
import type { RelayCore } from "../relay-core.ts";

export const KEY_BYTES = 32;
export const TAG_BYTES = 16;

export class PeerCrypto {
  readonly #core: RelayCore;

  /** `core` needs no boot; it must not be one that is part of a simulation. */
  constructor(core: RelayCore) {
    this.#core = core;
  }

  blake2b(...parts: readonly Uint8Array[]): Uint8Array {
    return this.#core.crypto(Primitive.Blake2b, primitiveInput.blake2b(Buffer.concat(parts), 32));
  }

  x25519PublicKey(secret: Uint8Array): Uint8Array {
    return this.#core.crypto(Primitive.X25519PublicKey, secret);
  }

  /** Throws CoreError (SmallOrder) for a point that proves nothing. */
  x25519(secret: Uint8Array, u: Uint8Array): Uint8Array {
    return this.#core.crypto(Primitive.X25519, primitiveInput.x25519(secret, u));
  }

  /** The X25519 form of an Ed25519 public key. */
  x25519FromEd25519(publicKey: Uint8Array): Uint8Array {
    return this.#core.crypto(Primitive.X25519FromEd25519, publicKey);
  }

  ed25519PublicKey(seed: Uint8Array): Uint8Array {
    return this.#core.crypto(Primitive.Ed25519PublicKey, seed);
  }

  sign(seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array {
    return this.#core.crypto(Primitive.Ed25519Sign, primitiveInput.ed25519Sign(seed, publicKey, message));
  }

  verify(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
    return (
      this.#try(() => {
        this.#core.crypto(Primitive.Ed25519Verify, primitiveInput.ed25519Verify(publicKey, signature, message));
        return true;
      }) ?? false
    );
  }

  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
    return this.#core.crypto(Primitive.Seal, primitiveInput.aead(key, nonce, aad, text));
  }

  /** Undefined if the tag does not fit. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, box: Uint8Array): Uint8Array | undefined {
    return this.#try(() => this.#core.crypto(Primitive.Open, primitiveInput.aead(key, nonce, aad, box)));
  }

  #try<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch {
      return undefined;
    }
  }
}

/** ASCII `mehr/<record>/1` 00: what stands in front of everything signed (registry section 4). */
export function signingTag(record: "announce" | "link-r" | "link-i"): Uint8Array {
  return Buffer.from(`mehr/${record}/1\0`, "latin1");
}
