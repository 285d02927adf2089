/**
 * The vectors against other people's code: what stands in the files is computed again with @noble/curves,
 * @noble/hashes,
 * @noble/ciphers and the reading of RFC 9381 built on them, so no slip of the pen can pass for a fact.
 */
import { chacha20 } from "@noble/ciphers/chacha.js";
import { poly1305 } from "@noble/ciphers/_poly1305.js";
import { ed25519, x25519 as nobleX25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { blake3 } from "@noble/hashes/blake3.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { encodeToCurve, prove, verify as vrfVerify } from "../support/ecvrf-reference.ts";
import { hex, unhex } from "../support/internals.ts";
import * as reference from "../support/reference.ts";
import { ADVERSARIAL, PUBLISHED, VECTORS } from "./index.ts";
import type { Blake3Vector, CallVector } from "./vector.ts";

const isCall = (vector: (typeof VECTORS)[number]): vector is CallVector => vector.primitive !== "Blake3";
const CALLS = VECTORS.filter(isCall);
const STREAMS = VECTORS.filter((vector): vector is Blake3Vector => vector.primitive === "Blake3");

const ok = (output: Uint8Array): reference.Outcome => ({ causes: [], output });
const NOTHING = new Uint8Array(0);

/** The least input of primitives that have vectors with less. */
const LEAST: Partial<Record<CallVector["primitive"], number>> = { Ed25519Verify: 96, VrfVerify: 112 };

/** What a call must give, by the layout of `Primitive` in core-as/assembly/abi.ts. */
function expected(vector: CallVector): reference.Outcome {
  const input = unhex(vector.input);
  if (input.length < (LEAST[vector.primitive] ?? 0)) return { causes: ["Short"], output: NOTHING };
  const part = (from: number, to?: number): Uint8Array => input.slice(from, to);
  const aadEnd = 46 + (input[44] ?? 0) + 256 * (input[45] ?? 0);
  switch (vector.primitive) {
    case "Blake2b":
      return ok(blake2b(part(1), { dkLen: input[0] ?? 0 }));
    case "Sha512":
      return ok(sha512(input));
    case "ChaCha20":
      return ok(chacha20(part(0, 32), part(32, 44), part(48), undefined, Buffer.from(part(44, 48)).readUInt32LE()));
    case "Poly1305":
      return ok(poly1305(part(32), part(0, 32)));
    case "Seal":
      return ok(reference.seal(part(0, 32), part(32, 44), part(46, aadEnd), part(aadEnd)));
    case "Open":
      return reference.open(part(0, 32), part(32, 44), part(46, aadEnd), part(aadEnd));
    case "X25519": {
      // RFC 7748 section 5.2: the result becomes the scalar, the scalar before it u.
      let [scalar, u] = [part(0, 32), part(32)];
      for (let i = 1; i < (vector.iterations ?? 1); i++) [scalar, u] = [nobleX25519.getSharedSecret(scalar, u), scalar];
      return reference.x25519(scalar, u);
    }
    case "X25519PublicKey":
      return ok(nobleX25519.getPublicKey(input));
    case "Ed25519PublicKey":
      return ok(ed25519.getPublicKey(input));
    case "Ed25519Sign":
      // @noble/curves makes the public key itself.
      expect(part(32, 64)).toEqual(ed25519.getPublicKey(part(0, 32)));
      return ok(ed25519.sign(part(64), part(0, 32)));
    case "Ed25519Verify":
      return reference.ed25519Verify(part(32, 96), part(96), part(0, 32));
    case "X25519FromEd25519":
      return reference.x25519FromEd25519(input);
    case "X25519SecretFromSeed":
      return ok(ed25519.utils.toMontgomerySecret(input));
    case "VrfGamma":
    case "VrfProve": {
      expect(part(32, 64)).toEqual(ed25519.getPublicKey(part(0, 32)));
      const made = prove(part(0, 32), part(32, 64), part(64));
      if (made === null) return { causes: ["BadPoint"], output: NOTHING };
      return ok(Buffer.concat([vector.primitive === "VrfGamma" ? made.gamma : made.proof, made.beta]));
    }
    case "VrfVerify": {
      const { causes, beta } = vrfVerify(part(0, 32), part(32, 112), part(112));
      return { causes, output: beta };
    }
  }
}

/** RFC 9381 appendix B.3: the points H of examples 16 to 18 and the tries it took. */
const HASHED_TO_CURVE = [
  [
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "91bbed02a99461df1ad4c6564a5f5d829d0b90cfc7903e7a5797bd658abf3318",
  ],
  [
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "5b659fc3d4e9263fd9a4ed1d022d75eaacc20df5e09f9ea937502396598dc551",
  ],
] as const;

describe("the reading of RFC 9381", () => {
  it.each(HASHED_TO_CURVE)("hashes key %s and alpha '%s' to the point of the appendix", (pk, alpha, point) => {
    expect(hex(encodeToCurve(unhex(pk), unhex(alpha))?.point.toBytes() ?? NOTHING)).toBe(point);
  });
});

describe("vectors", () => {
  it("are many, named apart, and fit the buffer", () => {
    expect(PUBLISHED.length).toBeGreaterThanOrEqual(110);
    expect(ADVERSARIAL.length).toBeGreaterThanOrEqual(390);
    expect(new Set(VECTORS.map(({ source, name }) => `${source}: ${name}`)).size).toBe(VECTORS.length);
    for (const { input, output, status = "Ok" } of CALLS) {
      expect(input).toMatch(/^([0-9a-f]{2}){0,1536}$/);
      expect(output).toMatch(/^([0-9a-f]{2})*$/);
      if (status !== "Ok") expect(output).toBe("");
    }
  });

  it("cover every primitive and every way to be refused", () => {
    const seen = new Set(CALLS.map(({ primitive, status = "Ok" }) => `${primitive} ${status}`));
    for (const each of ["Blake2b", "Sha512", "ChaCha20", "Poly1305", "Seal", "Open", "X25519", "X25519PublicKey"]) {
      expect(seen).toContain(`${each} Ok`);
    }
    expect(new Set(CALLS.map(({ iterations = 1 }) => iterations))).toEqual(new Set([1, 1000]));
    for (const each of ["PublicKey", "Sign", "Verify"]) expect(seen).toContain(`Ed25519${each} Ok`);
    for (const each of ["X25519FromEd25519", "X25519SecretFromSeed", "VrfGamma", "VrfProve", "VrfVerify"]) {
      expect(seen).toContain(`${each} Ok`);
    }
    for (const each of ["BadPoint", "SmallOrder", "BadScalar", "BadSignature"]) {
      expect(seen).toContain(`Ed25519Verify ${each}`);
    }
    for (const each of ["BadPoint", "SmallOrder", "BadScalar", "BadProof"]) expect(seen).toContain(`VrfVerify ${each}`);
    for (const each of ["BadPoint", "SmallOrder"]) expect(seen).toContain(`X25519FromEd25519 ${each}`);
    expect(seen).toContain("X25519 SmallOrder");
    expect(seen).toContain("Open BadTag");
  });

  it.each(CALLS.map((vector) => [vector.source, vector.name, vector] as const))("%s: %s", (_source, _name, vector) => {
    const { causes, output } = expected(vector);
    // One cause alone, so the order in which the core looks does not matter.
    expect(causes).toEqual(vector.status === undefined || vector.status === "Ok" ? [] : [vector.status]);
    expect(hex(output)).toBe(vector.output);
  });

  it.each(STREAMS.map((vector) => [vector.source, vector.name, vector] as const))(
    "%s: %s",
    (_source, _name, vector) => {
      const { message, key } = vector;
      const input =
        typeof message === "string"
          ? unhex(message)
          : Uint8Array.from({ length: message.patterned }, (_, i) => i % 251);
      expect(hex(blake3(input, key === undefined ? {} : { key: unhex(key) }))).toBe(vector.output);
    },
  );
});
