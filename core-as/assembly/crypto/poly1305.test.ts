import { poly1305 as noblePoly1305 } from "@noble/ciphers/_poly1305.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const KEY = 0;
const TAG = 64;
const IN = 1024;

/** Feeds `message` in pieces of the given lengths, repeated; in one if there are none. */
function poly1305(key: Uint8Array, message: Uint8Array, pieces: readonly number[] = [message.length]): string {
  core.bytes.set(key, KEY);
  core.call("poly1305Begin", core.arena + KEY);
  // The key is read once.
  core.bytes.fill(0xaa, KEY, KEY + 128);
  let at = 0;
  for (let i = 0; at < message.length; i++) {
    const piece = message.subarray(at, at + (pieces[i % pieces.length] ?? 0));
    core.bytes.set(piece, IN);
    core.call("poly1305Update", core.arena + IN, piece.length);
    at += piece.length;
  }
  core.call("poly1305End", core.arena + TAG);
  expect(core.bytes[TAG - 1]).toBe(0xaa);
  expect(core.bytes[TAG + 16]).toBe(0xaa);
  return hex(core.bytes.subarray(TAG, TAG + 16));
}

const ZERO = "00".repeat(16);
const FF = "ff".repeat(16);
const R1 = "01" + "00".repeat(15);
const R2 = "02" + "00".repeat(15);
const R1_4 = "01000000000000000400000000000000";
const IETF = Buffer.from(
  "Any submission to the IETF intended by the Contributor for publication as all or part of an IETF Internet-Draft or " +
    'RFC and any statement made within the context of an IETF activity is considered an "IETF Contribution". Such ' +
    "statements include oral statements in IETF sessions, as well as written and electronic communications made at " +
    "any time or place, which are addressed to",
);
const JABBERWOCKY = Buffer.from(
  "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\n" +
    "All mimsy were the borogoves,\nAnd the mome raths outgrabe.",
);

/** Section or test vector, key (r then s), message, tag. */
const VECTORS: readonly (readonly [string, string, Uint8Array, string])[] = [
  [
    "2.5.2",
    "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
    Buffer.from("Cryptographic Forum Research Group"),
    "a8061dc1305136c6c22b8baf0c0127a9",
  ],
  ["A.3 #1", ZERO + ZERO, new Uint8Array(64), ZERO],
  ["A.3 #2", ZERO + "36e5f6b5c5e06070f0efca96227a863e", IETF, "36e5f6b5c5e06070f0efca96227a863e"],
  ["A.3 #3", "36e5f6b5c5e06070f0efca96227a863e" + ZERO, IETF, "f3477e7cd95417af89a6b8794c310cf0"],
  [
    "A.3 #4",
    "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
    JABBERWOCKY,
    "4541669a7eaaee61e708dc7cbcc5eb62",
  ],
  ["A.3 #5", R2 + ZERO, unhex(FF), "03" + "00".repeat(15)],
  ["A.3 #6", R2 + FF, unhex(R2), "03" + "00".repeat(15)],
  ["A.3 #7", R1 + ZERO, unhex(FF + "f0" + "ff".repeat(15) + "11" + "00".repeat(15)), "05" + "00".repeat(15)],
  ["A.3 #8", R1 + ZERO, unhex(FF + "fb" + "fe".repeat(15) + "01".repeat(16)), ZERO],
  ["A.3 #9", R2 + ZERO, unhex("fd" + "ff".repeat(15)), "fa" + "ff".repeat(15)],
  [
    "A.3 #10",
    R1_4 + ZERO,
    unhex("e33594d7505e43b900000000000000003394d7505e4379cd01" + "00".repeat(7 + 16) + R1),
    "14000000000000005500000000000000",
  ],
  [
    "A.3 #11",
    R1_4 + ZERO,
    unhex("e33594d7505e43b900000000000000003394d7505e4379cd01" + "00".repeat(7 + 16)),
    "13" + "00".repeat(15),
  ],
];

const P = 2n ** 130n - 5n;

const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

/** Bytes that are mostly the ones that carry: 00, 01, fe, ff. */
const edgeBytes = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.oneof(fc.constantFrom(0, 1, 0xfe, 0xff, 0xff, 0xff), fc.nat(255)), { minLength, maxLength, size: "max" })
    .map((bytes) => Uint8Array.from(bytes));

describe("Poly1305", () => {
  it.each(VECTORS)("makes the tag of RFC 8439 %s", (_, key, message, tag) => {
    expect(poly1305(unhex(key), message)).toBe(tag);
  });

  it("reduces sums at every border of p and of the limbs", () => {
    // With r = 1 the tag is the sum of the blocks, each with its 2^128, modulo p, plus s. Four full blocks whose bytes
    // sum to value - 5 make value + p, and leave just `value` for the final reduction.
    const s = 0xfedc_ba98_7654_3210_0123_4567_89ab_cdefn;
    const key = Buffer.concat([littleEndian(1n), littleEndian(s)]);
    for (const border of [8n, 2n ** 32n, 2n ** 64n, 2n ** 96n, 2n ** 128n, 2n ** 129n, P, 2n ** 130n - 2n]) {
      for (let value = border - 3n; value <= border + 3n; value++) {
        const blocks = [0n, 1n, 2n, 3n].map((i) => littleEndian((value - 5n + i) / 4n));
        const expected = hex(littleEndian(((value % P) + s) % 2n ** 128n));
        expect(poly1305(key, Buffer.concat(blocks)), `${value}`).toBe(expected);
      }
    }
  });

  it("has room for the largest limbs: r, s and the message all ones", () => {
    const key = unhex(FF + FF);
    for (const length of [1, 16, 17, 32, 320, 4096, 8192]) {
      const message = new Uint8Array(length).fill(0xff);
      expect(poly1305(key, message)).toBe(hex(noblePoly1305(message, key)));
    }
  });

  it("ignores the bits of r that clamping clears, and no others", () => {
    const message = JABBERWOCKY;
    const plain = poly1305(new Uint8Array(32), message);
    // Section 2.5: r &= 0x0ffffffc0ffffffc0ffffffc0fffffff.
    const clamp = 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffffn;
    for (let bit = 0n; bit < 128n; bit++) {
      const key = Buffer.concat([littleEndian(1n << bit), unhex(ZERO)]);
      expect(poly1305(key, message) === plain, `bit ${bit}`).toBe(((clamp >> bit) & 1n) === 0n);
    }
  });

  it("equals @noble/ciphers at every length up to 200 bytes", () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i * 29 + 3);
    const message = Uint8Array.from({ length: 200 }, (_, i) => (i * 17 + 1) & 0xff);
    for (let length = 0; length <= 200; length++) {
      const part = message.subarray(0, length);
      expect(poly1305(key, part), `${length} bytes`).toBe(hex(noblePoly1305(part, key)));
    }
  });

  it("equals @noble/ciphers for any key and message, and where everything carries", () => {
    const key = fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), edgeBytes(32, 32));
    const message = fc.oneof(fc.uint8Array({ maxLength: 600, size: "max" }), edgeBytes(0, 300));
    fc.assert(
      fc.property(key, message, (k, m) => {
        expect(poly1305(k, m)).toBe(hex(noblePoly1305(m, k)));
      }),
      { numRuns: 500 },
    );
  });

  it("makes the same tag however the message is cut up, empty pieces included", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 300, size: "max" }),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 8 }).filter((pieces) => pieces.some((piece) => piece > 0)),
        (key, message, pieces) => {
          expect(poly1305(key, message, pieces)).toBe(hex(noblePoly1305(message, key)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is not disturbed by ChaCha20, which the AEAD runs beside it", () => {
    core.bytes.set(unhex(FF + FF), KEY);
    core.bytes.set(JABBERWOCKY, IN);
    core.call("poly1305Begin", core.arena + KEY);
    core.call("poly1305Update", core.arena + IN, 70);
    core.call("chacha20", core.arena + 512, core.arena + 512, 100, core.arena + KEY, core.arena + KEY, 0);
    core.call("poly1305Update", core.arena + IN + 70, JABBERWOCKY.length - 70);
    core.call("poly1305End", core.arena + TAG);
    const expected = noblePoly1305(JABBERWOCKY, unhex(FF + FF));
    expect(hex(core.bytes.subarray(TAG, TAG + 16))).toBe(hex(expected));
  });

  it("leaves nothing of the key or the message behind", () => {
    const scratch = new Uint8Array(core.bytes.buffer, core.call("scratchBlock"), 384).fill(0);
    poly1305(unhex(FF + FF), JABBERWOCKY, [5, 20]);
    expect(scratch.every((byte) => byte === 0)).toBe(true);
  });
});
