import { blake2b as nobleBlake2b } from "@noble/hashes/blake2.js";
import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const OUT = 12_000;

function blake2b(input: Uint8Array, length: number): string {
  core.bytes.set(input);
  expect(core.call("blake2b", core.arena + OUT, length, core.arena, input.length)).toBe(1);
  return hex(core.bytes.subarray(OUT, OUT + length));
}

/** Feeds `input` in pieces; it does not have to fit the arena. */
function blake3(input: Uint8Array, pieces: readonly number[]): string {
  core.call("blake3Begin");
  let at = 0;
  for (let i = 0; at < input.length; i++) {
    const piece = input.subarray(at, at + Math.min(pieces[i % pieces.length] ?? 4096, 8192));
    core.bytes.set(piece);
    core.call("blake3Update", core.arena, piece.length);
    at += piece.length;
  }
  core.call("blake3End", core.arena + OUT);
  return hex(core.bytes.subarray(OUT, OUT + 32));
}

describe("BLAKE2b", () => {
  it('hashes "abc" to 64 bytes as RFC 7693 appendix A does', () => {
    expect(blake2b(Buffer.from("abc"), 64)).toBe(
      "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1" +
        "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
    );
  });

  it('hashes "abc" to 32 bytes as digest 1 section 7 says', () => {
    expect(blake2b(Buffer.from("abc"), 32)).toBe("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  });

  it("equals @noble/hashes on the input sequence and lengths of RFC 7693 appendix E", () => {
    // The grand hash of that appendix covers keyed hashing too, which this function does not have.
    const sequence = (length: number, seed: number): Uint8Array => {
      let a = Math.imul(0xdead4bad, seed) >>> 0;
      let b = 1;
      return Uint8Array.from({ length }, () => {
        const t = (a + b) >>> 0;
        a = b;
        b = t;
        return t >>> 24;
      });
    };
    for (const length of [20, 32, 48, 64]) {
      for (const size of [0, 3, 128, 129, 255, 1024]) {
        const input = sequence(size, size);
        expect(blake2b(input, length)).toBe(hex(nobleBlake2b(input, { dkLen: length })));
      }
    }
  });

  it("equals @noble/hashes for any input and output length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.integer({ min: 1, max: 64 }), (input, length) => {
        expect(blake2b(input, length)).toBe(hex(nobleBlake2b(input, { dkLen: length })));
      }),
      { numRuns: 300 },
    );
  });

  it("refuses output lengths outside 1-64 and writes nothing", () => {
    core.bytes.fill(0xaa, OUT, OUT + 80);
    for (const length of [0, 65, 0xffff_ffff]) {
      expect(core.call("blake2b", core.arena + OUT, length, core.arena, 3)).toBe(0);
    }
    expect(core.bytes.subarray(OUT, OUT + 80).every((byte) => byte === 0xaa)).toBe(true);
  });
});

describe("BLAKE3", () => {
  // test_vectors.json of the BLAKE3 project: input byte i is i mod 251, first 32 bytes of "hash".
  const official: readonly (readonly [number, string])[] = [
    [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
    [1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"],
    [63, "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b"],
    [64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98"],
    [65, "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee"],
    [1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"],
    [1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"],
    [1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"],
    [2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"],
    [2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"],
    [3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"],
    [31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"],
    [102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"],
  ];
  const patterned = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

  it.each(official)("hashes the official test vector of %i bytes", (length, expected) => {
    expect(blake3(patterned(length), [4096])).toBe(expected);
  });

  it("equals @noble/hashes however the input is cut up", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 255 }),
        (length, pieces, salt) => {
          const input = Uint8Array.from({ length }, (_, i) => (i * 7 + salt) & 0xff);
          expect(blake3(input, pieces)).toBe(hex(nobleBlake3(input)));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("what the protocol makes of them", () => {
  it("derives the address of RFC 8032 test 1's key as digest 1 section 7 says", () => {
    core.bytes.set(unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    core.call("destinationHash", core.arena + OUT, core.arena);
    expect(hex(core.bytes.subarray(OUT, OUT + 16))).toBe("7849ac3049680be1ef762efe0d36e017");
  });

  it("hashes a packet without its hop byte as digest 1 section 7 says", () => {
    const hash = (header: number, hops: number): string => {
      const packet = Buffer.concat([
        Buffer.from([header, hops]),
        Buffer.from("7849ac3049680be1ef762efe0d36e017", "hex"),
        Buffer.from([0]),
        Buffer.from("hello mesh"),
      ]);
      core.bytes.set(packet);
      core.call("packetHash", core.arena + OUT, core.arena, packet.length);
      return hex(core.bytes.subarray(OUT, OUT + 32));
    };
    expect(hash(0x10, 0)).toBe("e5e23f9f1b984c966f89187318fc7df8c59bd10eab9bf3caa08c01a49b513276");
    expect(hash(0x10, 7)).toBe("e5e23f9f1b984c966f89187318fc7df8c59bd10eab9bf3caa08c01a49b513276");
    expect(hash(0x30, 0).slice(0, 8)).toBe("84c8c320");
  });
});
