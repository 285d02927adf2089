import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals } from "../../../tests/support/internals.ts";
import { BLAKE3_CASES, BLAKE3_KEY } from "../../../tests/vectors/blake3.ts";

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

const officialKey = Buffer.from(BLAKE3_KEY, "hex");

describe("BLAKE3", () => {
  it.each(BLAKE3_CASES)("hashes the official test vector of %i bytes", (length, expected) => {
    expect(blake3(patterned(length), [4096])).toBe(expected);
  });

  it.each(BLAKE3_CASES)("hashes the official test vector of %i bytes with a key", (length, _, expected) => {
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
