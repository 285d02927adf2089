import { createHash } from "node:crypto";
import { sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals } from "../../../tests/support/internals.ts";

const RUNS = Number(process.env.MEHR_FUZZ ?? 300);
/** Milliseconds: room for a long run on a slow machine. */
const timeout = 30_000 + 5 * RUNS;

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const OUT = 12_000;

function sha512(input: Uint8Array): string {
  core.bytes.set(input);
  core.call("sha512", core.arena + OUT, core.arena, input.length);
  return hex(core.bytes.subarray(OUT, OUT + 64));
}

/** Feeds `input` in pieces; it does not have to fit the arena. */
function streamed(input: Uint8Array, pieces: readonly number[]): string {
  core.call("sha512Begin");
  let at = 0;
  for (let i = 0; at < input.length; i++) {
    const piece = input.subarray(at, at + Math.min(pieces[i % pieces.length] ?? 4096, 8192));
    core.bytes.set(piece);
    core.call("sha512Update", core.arena, piece.length);
    at += piece.length;
  }
  core.call("sha512End", core.arena + OUT);
  return hex(core.bytes.subarray(OUT, OUT + 64));
}

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

describe("SHA-512", () => {
  // FIPS 180-4's example values (NIST, "SHA-512 example"), and CAVP's SHA512ShortMsg.rsp for the empty message.
  const known: readonly (readonly [string, string])[] = [
    [
      "",
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce" +
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    ],
    [
      "abc",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ],
    [
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018" +
        "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
    ],
  ];

  it.each(known)("hashes %j as NIST says", (message, expected) => {
    expect(sha512(Buffer.from(message))).toBe(expected);
  });

  it("hashes a million times the letter a, streamed, as NIST says", () => {
    expect(streamed(new Uint8Array(1_000_000).fill(0x61), [8192, 100, 1])).toBe(
      "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb" +
        "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
    );
  });

  it("equals @noble/hashes for every length up to three blocks", () => {
    for (let length = 0; length <= 384; length++) {
      const input = patterned(length);
      expect(sha512(input)).toBe(hex(nobleSha512(input)));
    }
  });

  it("equals @noble/hashes for any input, wherever it lies, and may write over it", { timeout }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.integer({ min: 0, max: 15 }), (input, offset) => {
        core.bytes.set(input, offset);
        core.call("sha512", core.arena + offset, core.arena + offset, input.length);
        expect(hex(core.bytes.subarray(offset, offset + 64))).toBe(hex(nobleSha512(input)));
      }),
      { numRuns: RUNS },
    );
  });

  it("gives the same for a stream however it is cut up", { timeout }, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3000 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(127, 128, 129, 256)), {
          minLength: 1,
          maxLength: 8,
        }),
        (length, pieces) => {
          const input = patterned(length);
          expect(streamed(input, pieces)).toBe(sha512(input));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("streams 64 KiB as @noble/hashes and node:crypto hash it", () => {
    for (const length of [65_535, 65_536, 65_537]) {
      const input = patterned(length);
      const hash = streamed(input, [8192, 1000, 7]);
      expect(hash).toBe(hex(nobleSha512(input)));
      expect(hash).toBe(createHash("sha512").update(input).digest("hex"));
    }
  });

  // Half a gigabyte takes seconds, so only in the nightly run.
  if (process.env.MEHR_NIGHTLY === "1")
    it("counts past 2^29 bytes, whose bits do not fit 32 bits", { timeout: 120_000 }, () => {
      const piece = new Uint8Array(16_384 - 64).fill(0x5a);
      const times = Math.ceil(2 ** 29 / piece.length) + 1;
      const expected = createHash("sha512");
      core.bytes.set(piece);
      core.call("sha512Begin");
      for (let i = 0; i < times; i++) {
        core.call("sha512Update", core.arena, piece.length);
        expected.update(piece);
      }
      core.call("sha512End", core.arena + piece.length);
      expect(hex(core.bytes.subarray(piece.length, piece.length + 64))).toBe(expected.digest("hex"));
    });

  it("leaves nothing of what it hashed behind", () => {
    const left = (fill: number): string => {
      sha512(new Uint8Array(300).fill(fill));
      core.bytes.fill(0);
      return hex(new Uint8Array(core.bytes.buffer));
    };
    expect(left(1)).toBe(left(2));
  });
});
