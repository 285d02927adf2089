/**
 * The `crypto` export and its wrapper: layouts, lengths, statuses. That the primitives are right is for other tests.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { bootConfig, encodeBootConfig } from "../../boards/config.ts";
import { findBoard } from "../../boards/index.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { CoreTarget } from "../conformance/target.ts";
import { IN_SIZE, OUT_SIZE, Primitive, Status } from "./abi.gen.ts";
import type { Core } from "./core.ts";
import { Crypto, PrimitiveError, primitiveInput } from "./crypto.ts";

const wasm = readFileSync(join(repositoryRoot(), "build", "core", "relay.wasm"));
const NOTHING = new Uint8Array(0);
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const NONCE = Uint8Array.from({ length: 12 }, (_, i) => 100 + i);
const text = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);

let target: CoreTarget;
let core: Core;
let crypto: Crypto;
beforeEach(async () => {
  target = await CoreTarget.open(wasm);
  core = target.core;
  crypto = new Crypto(core);
});

/** Least and, where there is one, greatest length of each primitive's input, and the length of its result. */
const LENGTHS: readonly (readonly [keyof typeof Primitive, number, number | undefined, (input: number) => number])[] = [
  ["Sha512", 0, undefined, () => 64],
  ["ChaCha20", 48, undefined, (input) => input - 48],
  ["Poly1305", 32, undefined, () => 16],
  ["Seal", 46, undefined, (input) => input - 30],
  ["X25519", 64, 64, () => 32],
  ["X25519PublicKey", 32, 32, () => 32],
  ["Ed25519PublicKey", 32, 32, () => 32],
  ["Ed25519Sign", 64, undefined, () => 64],
  ["Ed25519Verify", 96, undefined, () => 0],
  ["X25519FromEd25519", 32, 32, () => 32],
  ["X25519SecretFromSeed", 32, 32, () => 32],
  ["VrfGamma", 64, undefined, () => 96],
  ["VrfProve", 64, undefined, () => 144],
  ["VrfVerify", 112, undefined, () => 64],
];

describe("the crypto export", () => {
  it.each(LENGTHS)("takes %s from %i bytes, to %s", (name, least, greatest, result) => {
    const primitive = Primitive[name];
    // Zeros: aad_length 0, and points of small order.
    const input = (length: number): Uint8Array => new Uint8Array(length);
    if (least > 0) expect(core.crypto(primitive, input(least - 1)).status).toBe(Status.Short);
    for (const length of [least, least + 1, least + 200]) {
      const { status, out } = core.crypto(primitive, input(length));
      if (greatest !== undefined && length > greatest) expect(status).toBe(Status.Long);
      else expect([Status.Short, Status.Long, Status.BadField]).not.toContain(status);
      expect(out.length).toBe(status === Status.Ok ? result(length) : 0);
    }
  });

  it("refuses primitives there are none of, and output lengths of BLAKE2b", () => {
    for (const none of [0, 20, 31, 32, 33, 255, 0xffff_ffff]) {
      expect(core.crypto(none as Primitive, text(64)).status).toBe(Status.BadField);
    }
    expect(core.crypto(Primitive.Blake2b, NOTHING).status).toBe(Status.Short);
    for (const length of [0, 65, 255]) {
      expect(core.crypto(Primitive.Blake2b, Uint8Array.of(length, 1, 2)).status).toBe(Status.BadField);
    }
  });

  it("fills Out to its last byte and no further, and In likewise", async () => {
    expect((await crypto.chacha20(KEY, NONCE, 1, text(OUT_SIZE))).length).toBe(OUT_SIZE);
    await expect(crypto.chacha20(KEY, NONCE, 1, text(OUT_SIZE + 1))).rejects.toMatchObject({ status: Status.Long });
    const box = await crypto.seal(KEY, NONCE, text(466), text(OUT_SIZE - 16));
    expect(box.length).toBe(OUT_SIZE);
    expect(await crypto.open(KEY, NONCE, text(466), box)).toEqual(text(OUT_SIZE - 16));
    await expect(crypto.seal(KEY, NONCE, NOTHING, text(OUT_SIZE - 15))).rejects.toMatchObject({ status: Status.Long });
    await expect(crypto.open(KEY, NONCE, NOTHING, text(OUT_SIZE + 17))).rejects.toMatchObject({ status: Status.Long });
    expect((await crypto.sha512(text(IN_SIZE))).length).toBe(64);
    await expect(crypto.sha512(text(IN_SIZE + 1))).rejects.toMatchObject({ status: Status.Long });
  });

  it("takes aad_length at its word and no further than the input goes", () => {
    const seal = (aadLength: number, behind: number): number => {
      const input = primitiveInput.aead(KEY, NONCE, NOTHING, text(behind));
      new DataView(input.buffer, input.byteOffset).setUint16(44, aadLength, true);
      return core.crypto(Primitive.Seal, input).status;
    };
    expect([seal(0, 0), seal(30, 30), seal(31, 30), seal(0xffff, 1000)]).toEqual([0, 0, Status.Short, Status.Short]);
    const open = (behind: number): number =>
      core.crypto(Primitive.Open, primitiveInput.aead(KEY, NONCE, text(5), text(behind))).status;
    expect([open(15), open(16)]).toEqual([Status.Short, Status.BadTag]);
  });

  it("writes into the caller's bytes no more than the result, and nothing if it refuses", () => {
    const sealed = core.crypto(Primitive.Seal, primitiveInput.aead(KEY, NONCE, text(3), text(20))).out;
    const box = primitiveInput.aead(KEY, NONCE, text(3), sealed);
    const out = new Uint8Array(OUT_SIZE).fill(0xaa);
    expect(core.cryptoInto(out, Primitive.Open, box)).toBe(20);
    expect(out.subarray(0, 20)).toEqual(text(20));
    expect(out.subarray(20).every((byte) => byte === 0xaa)).toBe(true);
    box[60] = (box[60] ?? 0) ^ 1;
    expect(core.cryptoInto(out.fill(0xaa), Primitive.Open, box)).toBe(-Status.BadTag);
    expect(core.cryptoInto(out, Primitive.Sha512, new Uint8Array(IN_SIZE + 1))).toBe(-Status.Long);
    expect(out.every((byte) => byte === 0xaa)).toBe(true);
    expect(() => core.cryptoInto(new Uint8Array(63), Primitive.Sha512, NOTHING)).toThrow(RangeError);
  });

  it("leaves no trace in the state of a node, booted or not", () => {
    const useAll = (): void => {
      for (const primitive of Object.values(Primitive)) core.crypto(primitive, text(112));
    };
    const empty = core.stateHash();
    useAll();
    expect(core.stateHash()).toEqual(empty);
    target.entropy = (bytes) => {
      bytes.fill(5);
      return Status.Ok;
    };
    expect(core.boot(1n, encodeBootConfig(bootConfig(findBoard("qemu-m4"))))).toBe(Status.Ok);
    const booted = core.stateHash();
    expect(booted).not.toEqual(empty);
    const deadline = core.deadline();
    useAll();
    expect([core.stateHash(), core.deadline()]).toEqual([booted, deadline]);
  });

  it("gives a result or a status of its own for any bytes, and never a trap", { timeout: 3_600_000 }, () => {
    const sizes = [0, 1, 32, 46, 48, 64, 80, 96, 112, IN_SIZE];
    const input = fc.oneof(
      fc.uint8Array({ maxLength: 200, size: "max" }),
      fc.uint8Array({ maxLength: IN_SIZE, size: "max" }),
      fc.tuple(fc.constantFrom(...sizes), fc.constantFrom(0, 1, 0x7f, 0xff)).map(([n, v]) => new Uint8Array(n).fill(v)),
    );
    const { Ok, Short, Long, BadField, BadPoint, SmallOrder, BadScalar, BadSignature, BadProof, BadTag } = Status;
    const own = [Ok, Short, Long, BadField, BadPoint, SmallOrder, BadScalar, BadSignature, BadProof, BadTag];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 21 }), input, (primitive, bytes) => {
        const { status, out } = core.crypto(primitive as Primitive, bytes);
        expect(own).toContain(status);
        expect(out.length).toBeLessThanOrEqual(status === Ok ? OUT_SIZE : 0);
      }),
      // A curve operation takes as long as a hundred frames.
      { numRuns: Math.ceil(Number(process.env.MEHR_FUZZ ?? 20_000) / 10) },
    );
  });
});

describe("a BLAKE3 stream", () => {
  it("must be begun, ends once, and begins anew at any time", async () => {
    const update = (bytes: Uint8Array): number => core.crypto(Primitive.Blake3Update, bytes).status;
    const end = (): number => core.crypto(Primitive.Blake3End, NOTHING).status;
    expect([update(text(3)), end()]).toEqual([Status.BadField, Status.BadField]);
    const hash = await crypto.blake3(text(2000));
    expect([update(text(3)), end()]).toEqual([Status.BadField, Status.BadField]);
    await crypto.run(Primitive.Blake3Begin, NOTHING);
    expect(update(text(77))).toBe(Status.Ok);
    expect(await crypto.blake3(text(2000))).toEqual(hash);
    for (const length of [1, 31, 33]) {
      const status = length < 32 ? Status.Short : Status.Long;
      expect(core.crypto(Primitive.Blake3Begin, text(length)).status).toBe(status);
    }
    expect(await crypto.blake3(text(2000), KEY)).not.toEqual(hash);
  });

  it("takes 128 KiB and not a byte more, also after the node has hashed in between", async () => {
    await crypto.run(Primitive.Blake3Begin, NOTHING);
    const piece = text(1024);
    for (let i = 0; i < 127; i++) await crypto.run(Primitive.Blake3Update, piece);
    core.stateHash();
    await crypto.run(Primitive.Blake3Update, text(1023));
    expect(core.crypto(Primitive.Blake3Update, text(2)).status).toBe(Status.Long);
    expect(core.crypto(Primitive.Blake3Update, text(1)).status).toBe(Status.Ok);
    expect(core.crypto(Primitive.Blake3Update, text(1)).status).toBe(Status.Long);
    expect((await crypto.run(Primitive.Blake3End, NOTHING)).length).toBe(32);
  });
});

describe("the wrapper", () => {
  it("fits together: what one method makes another takes", async () => {
    const message = text(100);
    const box = await crypto.seal(KEY, NONCE, text(9), message);
    expect(await crypto.open(KEY, NONCE, text(9), box)).toEqual(message);
    const publicKey = await crypto.ed25519PublicKey(KEY);
    await crypto.ed25519Verify(publicKey, await crypto.ed25519Sign(KEY, publicKey, message), message);
    const { gamma } = await crypto.vrfGamma(KEY, publicKey, message);
    const { proof, beta } = await crypto.vrfProve(KEY, publicKey, message);
    expect(proof.subarray(0, 32)).toEqual(gamma);
    expect(await crypto.vrfVerify(publicKey, proof, message)).toEqual(beta);
    // The two forms of one key pair belong together: RFC 7748 against RFC 8032.
    const scalar = await crypto.x25519SecretFromSeed(KEY);
    expect(await crypto.x25519PublicKey(scalar)).toEqual(await crypto.x25519FromEd25519(publicKey));
    const other = await crypto.x25519PublicKey(KEY);
    expect(await crypto.x25519(scalar, other)).toEqual(await crypto.x25519(KEY, await crypto.x25519PublicKey(scalar)));
    expect((await crypto.poly1305(KEY, message)).length).toBe(16);
    expect((await crypto.blake2b(message, 20)).length).toBe(20);
  });

  it("throws a refusal with its status and its sentence", async () => {
    const box = await crypto.seal(KEY, NONCE, NOTHING, text(10));
    const changed = Uint8Array.from(box, (byte, i) => (i === 3 ? byte ^ 1 : byte));
    await expect(crypto.open(KEY, NONCE, NOTHING, changed)).rejects.toThrow(PrimitiveError);
    await expect(crypto.open(KEY, NONCE, NOTHING, changed)).rejects.toThrow(/authentication tag/);
    await expect(crypto.x25519(KEY, new Uint8Array(32))).rejects.toMatchObject({ status: Status.SmallOrder });
  });
});
