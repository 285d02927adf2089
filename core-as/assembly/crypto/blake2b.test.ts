import { blake2b as nobleBlake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

const RUNS = Number(process.env.MEHR_FUZZ ?? 300);
/** Milliseconds: room for a long run on a slow machine. */
const timeout = 30_000 + 5 * RUNS;

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

/** The bytes of RFC 7693 appendix E's selftest_seq. */
function sequence(length: number, seed: number): Uint8Array {
  let a = Math.imul(0xdead4bad, seed) >>> 0;
  let b = 1;
  return Uint8Array.from({ length }, () => {
    const t = (a + b) >>> 0;
    a = b;
    b = t;
    return t >>> 24;
  });
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

  it("passes the self-test of RFC 7693 appendix E", () => {
    // Half of its hashes are keyed, which this function is not: those are @noble/hashes's.
    const parts: Uint8Array[] = [];
    for (const length of [20, 32, 48, 64]) {
      for (const size of [0, 3, 128, 129, 255, 1024]) {
        const input = sequence(size, size);
        parts.push(unhex(blake2b(input, length)));
        parts.push(nobleBlake2b(input, { dkLen: length, key: sequence(length, length) }));
      }
    }
    expect(blake2b(Buffer.concat(parts), 32)).toBe("c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475");
  });

  it("equals @noble/hashes on both sides of every block border, and on 8 KiB", () => {
    for (const size of [1, 127, 128, 129, 255, 256, 257, 383, 384, 385, 8191, 8192]) {
      const input = sequence(size, size + 1);
      for (const length of [1, 16, 32, 64])
        expect(blake2b(input, length)).toBe(hex(nobleBlake2b(input, { dkLen: length })));
    }
  });

  it("equals @noble/hashes for any input and output length, wherever the input lies", { timeout }, () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 700 }),
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 0, max: 15 }),
        (input, length, offset) => {
          core.bytes.set(input, offset);
          expect(core.call("blake2b", core.arena + OUT, length, core.arena + offset, input.length)).toBe(1);
          expect(hex(core.bytes.subarray(OUT, OUT + length))).toBe(hex(nobleBlake2b(input, { dkLen: length })));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("may write its result over its input, and writes no byte more", () => {
    const input = sequence(200, 7);
    core.bytes.set(input);
    expect(core.call("blake2b", core.arena, 32, core.arena, input.length)).toBe(1);
    expect(hex(core.bytes.subarray(0, 32))).toBe(hex(nobleBlake2b(input, { dkLen: 32 })));
    expect(hex(core.bytes.subarray(32, 200))).toBe(hex(input.subarray(32)));
  });

  it("refuses output lengths outside 1-64 and writes nothing", () => {
    core.bytes.fill(0xaa, OUT, OUT + 80);
    for (const length of [0, 65, 0xffff_ffff]) {
      expect(core.call("blake2b", core.arena + OUT, length, core.arena, 3)).toBe(0);
    }
    expect(core.bytes.subarray(OUT, OUT + 80).every((byte) => byte === 0xaa)).toBe(true);
  });

  it("leaves nothing of what it hashed behind", () => {
    const left = (fill: number): string => {
      core.bytes.fill(fill, 0, 300);
      core.call("blake2b", core.arena, 64, core.arena, 300);
      core.bytes.fill(0);
      return hex(new Uint8Array(core.bytes.buffer));
    };
    expect(left(1)).toBe(left(2));
  });
});

describe("what the protocol makes of it", () => {
  it("derives the address of RFC 8032 test 1's key as digest 1 section 7 says", () => {
    core.bytes.set(unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    core.call("destinationHash", core.arena + OUT, core.arena);
    expect(hex(core.bytes.subarray(OUT, OUT + 16))).toBe("7849ac3049680be1ef762efe0d36e017");
  });
});
