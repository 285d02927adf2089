import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals } from "../../../tests/support/internals.ts";

const RUNS = Number(process.env.MEHR_FUZZ ?? 150);
/** Milliseconds: room for a long run on a slow machine. */
const timeout = 30_000 + 5 * RUNS;

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const KEY = 11_000;
const OUT = 12_000;

/** Feeds `input` in pieces, calling `between` after each; it does not have to fit the arena. */
function blake3(input: Uint8Array, pieces: readonly number[], key?: Uint8Array, between?: () => void): string {
  if (key === undefined) {
    core.call("blake3Begin");
  } else {
    core.bytes.set(key, KEY);
    core.call("blake3BeginKeyed", core.arena + KEY);
    core.bytes.fill(0, KEY, KEY + 32);
  }
  let at = 0;
  for (let i = 0; at < input.length; i++) {
    const piece = input.subarray(at, at + Math.min(pieces[i % pieces.length] ?? 4096, 8192));
    core.bytes.set(piece);
    core.call("blake3Update", core.arena, piece.length);
    at += piece.length;
    between?.();
  }
  core.call("blake3End", core.arena + OUT);
  return hex(core.bytes.subarray(OUT, OUT + 32));
}

/** Input byte i is i mod 251. */
function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i % 251);
}

// test_vectors.json of the BLAKE3 project: input as `patterned`, first 32 bytes of "hash" and of "keyed_hash".
const officialKey = Buffer.from("whats the Elvish word for friend");
const official: readonly (readonly [number, string, string])[] = [
  [
    0,
    "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26",
  ],
  [
    1,
    "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b",
  ],
  [
    63,
    "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b",
    "bb1eb5d4afa793c1ebdd9fb08def6c36d10096986ae0cfe148cd101170ce37ae",
  ],
  [
    64,
    "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98",
    "ba8ced36f327700d213f120b1a207a3b8c04330528586f414d09f2f7d9ccb7e6",
  ],
  [
    65,
    "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee",
    "c0a4edefa2d2accb9277c371ac12fcdbb52988a86edc54f0716e1591b4326e72",
  ],
  [
    1023,
    "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    "c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e",
  ],
  [
    1024,
    "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4",
  ],
  [
    1025,
    "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
    "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69",
  ],
  [
    2048,
    "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a",
    "879cf1fa2ea0e79126cb1063617a05b6ad9d0b696d0d757cf053439f60a99dd1",
  ],
  [
    2049,
    "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030",
    "9f29700902f7c86e514ddc4df1e3049f258b2472b6dd5267f61bf13983b78dd5",
  ],
  [
    3072,
    "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2",
    "044a0e7b172a312dc02a4c9a818c036ffa2776368d7f528268d2e6b5df191770",
  ],
  [
    31744,
    "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
    "efa53b389ab67c593dba624d898d0f7353ab99e4ac9d42302ee64cbf9939a419",
  ],
  [
    102400,
    "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
    "1c35d1a5811083fd7119f5d5d1ba027b4d01c0c6c49fb6ff2cf75393ea5db4a7",
  ],
];

describe("BLAKE3", () => {
  it.each(official)("hashes the official test vector of %i bytes", (length, expected) => {
    expect(blake3(patterned(length), [4096])).toBe(expected);
  });

  it.each(official)("hashes the official test vector of %i bytes with a key", (length, _, expected) => {
    expect(blake3(patterned(length), [4096], officialKey)).toBe(expected);
    expect(hex(nobleBlake3(patterned(length), { key: officialKey }))).toBe(expected);
  });

  it("equals @noble/hashes however the input is cut up, with and without a key", { timeout }, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 255 }),
        fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined }),
        (length, pieces, salt, key) => {
          const input = Uint8Array.from({ length }, (_, i) => (i * 7 + salt) & 0xff);
          expect(blake3(input, pieces, key)).toBe(hex(nobleBlake3(input, key && { key })));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("equals @noble/hashes on both sides of block and chunk borders, whole and byte by byte", () => {
    for (const length of [63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 1088, 2047, 2048, 2049, 4096, 4097]) {
      const input = patterned(length);
      const expected = hex(nobleBlake3(input));
      expect(blake3(input, [8192])).toBe(expected);
      expect(blake3(input, [1])).toBe(expected);
      expect(blake3(input, [64])).toBe(expected);
    }
  });

  it("streams 64 KiB, and the 256 KiB that fill its stack", () => {
    for (const length of [65_535, 65_536, 65_537, 255 * 1024 + 1, 256 * 1024]) {
      const input = patterned(length);
      expect(blake3(input, [8192, 1000, 7])).toBe(hex(nobleBlake3(input)));
      expect(blake3(input, [8192], officialKey)).toBe(hex(nobleBlake3(input, { key: officialKey })));
    }
  });

  it("keeps its state while other hashes run between two updates", () => {
    const input = patterned(9000);
    const others = (): void => {
      core.call("sha512", core.arena + OUT, core.arena, 300);
      core.call("blake2b", core.arena + OUT, 64, core.arena, 300);
    };
    expect(blake3(input, [700], officialKey, others)).toBe(hex(nobleBlake3(input, { key: officialKey })));
  });

  it("starts over at begin, whatever came before", () => {
    core.call("blake3Begin");
    core.call("blake3Update", core.arena, 5000);
    expect(blake3(patterned(65), [64])).toBe(hex(nobleBlake3(patterned(65))));
  });

  it("leaves neither key nor input behind", () => {
    const left = (fill: number): string => {
      blake3(new Uint8Array(5000).fill(fill), [5000], new Uint8Array(32).fill(fill));
      core.bytes.fill(0);
      return hex(new Uint8Array(core.bytes.buffer));
    };
    expect(left(1)).toBe(left(2));
  });
});

describe("what the protocol makes of it", () => {
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
