/**
 * The rules of ed25519.ts and ecvrf.ts one by one, and what their functions leave behind. That they compute the right
 * thing is shown by the vectors (tests/vectors) and against @noble (differential.test.ts).
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { type Internals, internals, unhex } from "../../../tests/support/internals.ts";

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const [SEED, PUBLIC, SIGNATURE, PROOF, BETA, GAMMA, OUT, MESSAGE] = [0, 32, 64, 128, 208, 272, 304, 512] as const;
const message = Buffer.from("heard from the roof");

let core: Internals;
beforeAll(async () => {
  core = await internals();
});
const at = (offset: number): number => core.arena + offset;
const little = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const number = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) + BigInt(byte), 0n);
const verify = (): Status => core.call("ed25519Verify", at(SIGNATURE), at(MESSAGE), message.length, at(PUBLIC));
const vrfVerify = (): Status => core.call("vrfVerify", at(BETA), at(PROOF), at(PUBLIC), at(MESSAGE), message.length);

const seed = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
beforeEach(() => {
  core.bytes.fill(0);
  core.bytes.set(seed, SEED);
  core.bytes.set(ed25519.getPublicKey(seed), PUBLIC);
  core.bytes.set(ed25519.sign(message, seed), SIGNATURE);
  core.bytes.set(message, MESSAGE);
});

/** y = (u - 1) / (u + 1) (RFC 7748 section 4.1). */
function montgomeryToEdwardsY(u: bigint): bigint {
  const { Fp } = Point;
  return Fp.div(Fp.sub(u, 1n), Fp.add(u, 1n));
}

/** Clamped (RFC 7748 section 5). */
function adjustScalarBytes(bytes: Uint8Array): Uint8Array {
  bytes[0] = (bytes[0] ?? 0) & 248;
  bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
  return bytes;
}

/** A signature by the textbook with the point T of small order in the key, in R or in both. */
function signWith(keyTorsion: InstanceType<typeof Point>, nonceTorsion: InstanceType<typeof Point>): void {
  const [a, r] = [123456789n, 987654321n];
  const key = Point.BASE.multiply(a).add(keyTorsion).toBytes();
  const nonce = Point.BASE.multiply(r).add(nonceTorsion).toBytes();
  const k = number(sha512(Uint8Array.of(...nonce, ...key, ...message))) % L;
  core.bytes.set(key, PUBLIC);
  core.bytes.set(Uint8Array.of(...nonce, ...little((r + k * a) % L)), SIGNATURE);
}

describe("which signatures are valid", () => {
  const ORDER_8 = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");

  it("takes a good one", () => {
    expect(verify()).toBe(Status.Ok);
  });

  it("1: refuses S from L up", () => {
    const s = number(core.bytes.slice(SIGNATURE + 32, SIGNATURE + 64));
    for (const bad of [s + L, L, L + 1n, 2n ** 253n, 2n ** 256n - 1n]) {
      core.bytes.set(little(bad), SIGNATURE + 32);
      expect(verify()).toBe(Status.BadScalar);
    }
    core.bytes.set(little(L - 1n), SIGNATURE + 32);
    expect(verify()).toBe(Status.BadSignature);
  });

  it("2: refuses a key and an R that are no canonical point", () => {
    const p = 2n ** 255n - 19n;
    // No point has y = 2; y = p + 1 is y = 1 written otherwise.
    for (const bad of [2n, p + 1n, p, 2n ** 256n - 1n]) {
      const [key, nonce] = [core.bytes.slice(PUBLIC, PUBLIC + 32), core.bytes.slice(SIGNATURE, SIGNATURE + 32)];
      core.bytes.set(little(bad), PUBLIC);
      expect(verify()).toBe(Status.BadPoint);
      core.bytes.set(key, PUBLIC);
      core.bytes.set(little(bad), SIGNATURE);
      expect(verify()).toBe(Status.BadPoint);
      core.bytes.set(nonce, SIGNATURE);
    }
  });

  it("3: refuses a key of small order, which would sign anything", () => {
    for (let i = 0n; i < 8n; i++) {
      core.bytes.set(ORDER_8.multiplyUnsafe(i).toBytes(), PUBLIC);
      core.bytes.set(Point.ZERO.toBytes(), SIGNATURE);
      core.bytes.fill(0, SIGNATURE + 32, SIGNATURE + 64);
      expect(verify()).toBe(Status.SmallOrder);
    }
  });

  it("4: with the cofactor, so that parts of small order in key or R do not matter", () => {
    for (let i = 0n; i < 8n; i++) {
      signWith(ORDER_8.multiplyUnsafe(i), Point.ZERO);
      expect(verify()).toBe(Status.Ok);
      signWith(Point.ZERO, ORDER_8.multiplyUnsafe(i));
      expect(verify()).toBe(Status.Ok);
      signWith(ORDER_8.multiplyUnsafe(i), ORDER_8.multiplyUnsafe(3n));
      expect(verify()).toBe(Status.Ok);
    }
  });

  it("refuses every other message, and the signature with any bit changed", () => {
    core.bytes[MESSAGE + 3] = (message[3] ?? 0) ^ 1;
    expect(verify()).toBe(Status.BadSignature);
    core.bytes.set(message, MESSAGE);
    for (let bit = 0; bit < 512; bit++) {
      const byte = SIGNATURE + (bit >> 3);
      core.bytes[byte] = (core.bytes[byte] ?? 0) ^ (1 << (bit & 7));
      expect([Status.BadSignature, Status.BadPoint, Status.BadScalar]).toContain(verify());
      core.bytes[byte] = (core.bytes[byte] ?? 0) ^ (1 << (bit & 7));
    }
    expect(verify()).toBe(Status.Ok);
  });
});

describe("the VRF", () => {
  it("evaluates to what it proves, and the proof is for this key and input only", () => {
    expect(core.call("vrfGamma", at(GAMMA), at(BETA), at(SEED), at(PUBLIC), at(MESSAGE), message.length)).toBe(
      Status.Ok,
    );
    const [gamma, beta] = [core.bytes.slice(GAMMA, GAMMA + 32), core.bytes.slice(BETA, BETA + 64)];
    core.bytes.fill(0, BETA, BETA + 64);
    expect(core.call("vrfProve", at(PROOF), at(BETA), at(SEED), at(PUBLIC), at(MESSAGE), message.length)).toBe(
      Status.Ok,
    );
    expect(core.bytes.slice(PROOF, PROOF + 32)).toEqual(gamma);
    expect(core.bytes.slice(BETA, BETA + 64)).toEqual(beta);
    core.bytes.fill(0, BETA, BETA + 64);
    expect(vrfVerify()).toBe(Status.Ok);
    expect(core.bytes.slice(BETA, BETA + 64)).toEqual(beta);

    core.bytes.fill(0xaa, BETA, BETA + 64);
    core.bytes[MESSAGE] = (core.bytes[MESSAGE] ?? 0) ^ 1;
    expect(vrfVerify()).toBe(Status.BadProof);
    core.bytes[MESSAGE] = (core.bytes[MESSAGE] ?? 0) ^ 1;
    for (let bit = 0; bit < 640; bit += 3) {
      const byte = PROOF + (bit >> 3);
      core.bytes[byte] = (core.bytes[byte] ?? 0) ^ (1 << (bit & 7));
      expect([Status.BadProof, Status.BadPoint, Status.BadScalar]).toContain(vrfVerify());
      core.bytes[byte] = (core.bytes[byte] ?? 0) ^ (1 << (bit & 7));
    }
    expect(core.bytes.slice(BETA, BETA + 64).every((b) => b === 0xaa)).toBe(true);
  });
});

describe("what is left behind", () => {
  it.each([
    ["ed25519PublicKey", [OUT, SEED]],
    ["ed25519Sign", [SIGNATURE, MESSAGE, -19, SEED, PUBLIC]],
    ["x25519", [OUT, SEED, PUBLIC]],
    ["x25519PublicKey", [OUT, SEED]],
    ["x25519SecretFromSeed", [OUT, SEED]],
    ["vrfGamma", [GAMMA, BETA, SEED, PUBLIC, MESSAGE, -19]],
    ["vrfProve", [PROOF, BETA, SEED, PUBLIC, MESSAGE, -19]],
  ] as const)("%s wipes the whole working memory", (name, parameters) => {
    const scratch = new Uint8Array(core.bytes.buffer, core.call("scratchBlock"), core.call("scratchSize"));
    // x25519 hashes nothing, so the part for hashes is not its to touch.
    scratch.fill(0x5a, name === "x25519" ? 384 : 0);
    // Negative stands for a length.
    core.call(name, ...parameters.map((value) => (value < 0 ? -value : at(value))));
    expect(scratch.every((byte) => byte === 0)).toBe(true);
  });

  it("x25519 calls no other result zero, be it one byte from it", () => {
    // For each byte a u' of prime order that is zero in all other bytes, and a u whose multiple it is.
    const scalar = adjustScalarBytes(seed.slice());
    const inverse = Point.Fn.inv(number(scalar) % L);
    for (let index = 0; index < 32; index++) {
      let found = 0;
      for (let value = 1; value < 128 && found === 0; value++) {
        const wanted = new Uint8Array(32);
        wanted[index] = value;
        const y = montgomeryToEdwardsY(number(wanted));
        let point;
        try {
          point = Point.fromBytes(little(y));
        } catch {
          continue;
        }
        if (!point.isTorsionFree() || point.is0()) continue;
        found = value;
        core.bytes.set(ed25519.utils.toMontgomery(point.multiply(inverse).toBytes()), PUBLIC);
        expect(core.call("x25519", at(OUT), at(SEED), at(PUBLIC))).toBe(Status.Ok);
        expect(core.bytes.slice(OUT, OUT + 32)).toEqual(wanted);
      }
      expect(found).toBeGreaterThan(0);
    }
  });

  it("x25519 says when the shared secret is zero, and gives zero", () => {
    for (const low of [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ]) {
      core.bytes.set(unhex(low), PUBLIC);
      core.bytes.fill(1, OUT, OUT + 32);
      expect(core.call("x25519", at(OUT), at(SEED), at(PUBLIC))).toBe(Status.SmallOrder);
      expect(core.bytes.slice(OUT, OUT + 32).every((byte) => byte === 0)).toBe(true);
    }
  });
});
