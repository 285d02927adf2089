import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";
import { Status } from "../abi.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const KEY = 0;
const NONCE = 32;
const AAD = 64;
const IN = 2048;
const OUT = 8192;

interface Sealing {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
}

function call(name: string, { key, nonce, aad }: Sealing, out: number, input: number, length: number): number {
  core.bytes.set(key, KEY);
  core.bytes.set(nonce, NONCE);
  core.bytes.set(aad, AAD);
  const at = core.arena;
  return core.call(name, at + out, at + input, length, at + AAD, aad.length, at + KEY, at + NONCE);
}

/** Bytes at OUT after the call, which may have written no further. */
function output(length: number): Uint8Array {
  expect(core.bytes.subarray(OUT - 32, OUT).every((byte) => byte === 0xaa)).toBe(true);
  expect(core.bytes.subarray(OUT + length, OUT + length + 32).every((byte) => byte === 0xaa)).toBe(true);
  return core.bytes.slice(OUT, OUT + length);
}

function seal(sealing: Sealing, plaintext: Uint8Array): Uint8Array {
  core.bytes.fill(0xaa, OUT - 32, OUT + plaintext.length + 64);
  core.bytes.set(plaintext, IN);
  call("seal", sealing, OUT, IN, plaintext.length);
  return output(plaintext.length + 16);
}

/** The plaintext, or null for BadTag; then nothing may have been written. */
function open(sealing: Sealing, box: Uint8Array): Uint8Array | null {
  const length = box.length - 16;
  core.bytes.fill(0xaa, OUT - 32, OUT + length + 64);
  core.bytes.set(box, IN);
  const status = call("open", sealing, OUT, IN, length);
  if (status === Status.Ok) return output(length);
  expect(status).toBe(Status.BadTag);
  output(0);
  expect(core.bytes.subarray(OUT, OUT + length).every((byte) => byte === 0xaa)).toBe(true);
  return null;
}

const NOTHING = new Uint8Array(0);
const ZERO_NONCE = new Uint8Array(12);
/** RFC 7748 section 6.1's keys as initiator and responder of a link. */
const SESSION_KEY = unhex("519fb3af2f3f9e310718cf1f8bdec6e26ab64affe730f0f8b43c43b0e8ee52be");

/** Source, key, nonce, associated data, plaintext, box. */
const VECTORS: readonly (readonly [string, Sealing, Uint8Array, string])[] = [
  [
    "RFC 8439 2.8.2",
    {
      key: unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
      nonce: unhex("070000004041424344454647"),
      aad: unhex("50515253c0c1c2c3c4c5c6c7"),
    },
    Buffer.from(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
        "sunscreen would be it.",
    ),
    `d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6
     3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36
     92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
     3ff4def08e4b7a9de576d26586cec64b6116
     1ae10b594f09e26a7e902ecbd0600691`,
  ],
  [
    "RFC 8439 A.5",
    {
      key: unhex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"),
      nonce: unhex("000000000102030405060708"),
      aad: unhex("f33388860000000000004e91"),
    },
    Buffer.from(
      "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or " +
        "obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference material " +
        "or to cite them other than as /\u201cwork in progress./\u201d",
    ),
    `64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2
     4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf
     332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855
     9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4
     b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e
     af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a
     0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10
     49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29
     a6ad5cb4022b02709b
     eead9d67890cbb22392336fea1851f38`,
  ],
  [
    "digest 1 section 7, link, direction 0",
    { key: SESSION_KEY, nonce: ZERO_NONCE, aad: NOTHING },
    Buffer.from("mehr"),
    "bf2aea0dba7ffda0df7750b6fc01e307f5746ac5",
  ],
  [
    "digest 1 section 7, link, direction 1",
    { key: SESSION_KEY, nonce: unhex("010000000000000000000000"), aad: NOTHING },
    Buffer.from("mehr"),
    "fba124d7c818ccfef375662fab5b711f00e309a5",
  ],
  [
    "digest 1 section 7, end to end",
    {
      key: unhex("d6c022f0f02f96010b4584467fa8053c2be6df242618caef9005641328a4f76d"),
      nonce: ZERO_NONCE,
      aad: unhex("7849ac3049680be1ef762efe0d36e01700"),
    },
    Buffer.from("hello mesh"),
    "be87a49bb6e07585330ef0d4a45b6afd483c8bc996f5f1005246",
  ],
];

const SOME: Sealing = {
  key: Uint8Array.from({ length: 32 }, (_, i) => i * 5 + 1),
  nonce: Uint8Array.from({ length: 12 }, (_, i) => i * 3 + 2),
  aad: Uint8Array.from({ length: 13 }, (_, i) => i + 9),
};

const sealings = fc.record({
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  nonce: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  aad: fc.uint8Array({ maxLength: 100, size: "max" }),
});

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe("ChaCha20-Poly1305", () => {
  it.each(VECTORS)("seals and opens %s", (_, sealing, plaintext, box) => {
    expect(hex(seal(sealing, plaintext))).toBe(hex(unhex(box)));
    expect(hex(open(sealing, unhex(box)) ?? NOTHING)).toBe(hex(plaintext));
  });

  it("equals @noble/ciphers at the borders of text and associated data", () => {
    const borders = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 484, 1000];
    for (const length of borders) {
      for (const aadLength of borders) {
        const sealing = { ...SOME, aad: Uint8Array.from({ length: aadLength }, (_, i) => (i * 7) & 0xff) };
        const plaintext = Uint8Array.from({ length }, (_, i) => (i * 31 + 5) & 0xff);
        const box = seal(sealing, plaintext);
        const expected = chacha20poly1305(sealing.key, sealing.nonce, sealing.aad).encrypt(plaintext);
        expect(hex(box), `${length} bytes, ${aadLength} associated`).toBe(hex(expected));
        expect(open(sealing, box)).toEqual(plaintext);
      }
    }
  });

  it("equals @noble/ciphers for any key, nonce, associated data and text", () => {
    fc.assert(
      fc.property(sealings, fc.uint8Array({ maxLength: 600, size: "max" }), (sealing, plaintext) => {
        const box = seal(sealing, plaintext);
        expect(hex(box)).toBe(hex(chacha20poly1305(sealing.key, sealing.nonce, sealing.aad).encrypt(plaintext)));
        expect(open(sealing, box)).toEqual(plaintext);
      }),
      { numRuns: 400 },
    );
  });

  it("seals and opens in place", () => {
    for (const length of [0, 1, 16, 63, 64, 65, 484]) {
      const plaintext = Uint8Array.from({ length }, (_, i) => (i * 3 + length) & 0xff);
      core.bytes.set(plaintext, IN);
      call("seal", SOME, IN, IN, length);
      const box = core.bytes.slice(IN, IN + length + 16);
      expect(hex(box)).toBe(hex(chacha20poly1305(SOME.key, SOME.nonce, SOME.aad).encrypt(plaintext)));
      expect(call("open", SOME, IN, IN, length)).toBe(Status.Ok);
      expect(core.bytes.slice(IN, IN + length)).toEqual(plaintext);
      // A refusal leaves the box as it came.
      core.bytes.set(flipped(box, 8 * length), IN);
      expect(call("open", SOME, IN, IN, length)).toBe(Status.BadTag);
      expect(core.bytes.slice(IN, IN + length + 16)).toEqual(flipped(box, 8 * length));
    }
  });

  it("refuses a box with any one bit changed, writing nothing", () => {
    const box = seal(SOME, Buffer.from("seventy bytes of text are a block of the cipher and the start of a next one."));
    for (let bit = 0; bit < box.length * 8; bit++) expect(open(SOME, flipped(box, bit)), `bit ${bit}`).toBeNull();
    expect(open(SOME, box)).not.toBeNull();
  });

  it("refuses a box under a key, nonce or associated data with any one bit changed", () => {
    const box = seal(SOME, Buffer.from("mehr"));
    for (const field of ["key", "nonce", "aad"] as const) {
      for (let bit = 0; bit < SOME[field].length * 8; bit++) {
        expect(open({ ...SOME, [field]: flipped(SOME[field], bit) }, box), `${field} bit ${bit}`).toBeNull();
      }
    }
    expect(open(SOME, box)).not.toBeNull();
  });

  it("refuses what zero padding alone would not tell apart", () => {
    // The same padded bytes, cut elsewhere: only the block of lengths differs (section 2.8).
    const box = seal({ ...SOME, aad: unhex("0102") }, NOTHING);
    for (const aad of ["010200", "01020000", "0102" + "00".repeat(14)]) {
      expect(open({ ...SOME, aad: unhex(aad) }, box)).toBeNull();
    }
    const text = seal({ ...SOME, aad: NOTHING }, new Uint8Array(16).fill(7));
    const moved = { ...SOME, aad: text.slice(0, 16) };
    expect(open(moved, text.slice(16))).toBeNull();
    expect(open({ ...SOME, aad: NOTHING }, text.slice(1))).toBeNull();
    expect(open({ ...SOME, aad: NOTHING }, Buffer.concat([text, unhex("00")]))).toBeNull();
  });

  it("refuses any bytes that are not a box", () => {
    fc.assert(
      fc.property(sealings, fc.uint8Array({ minLength: 16, maxLength: 300, size: "max" }), (sealing, bytes) => {
        expect(open(sealing, bytes)).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it("leaves no key, keystream or expected tag in the scratch memory", () => {
    const scratch = new Uint8Array(core.bytes.buffer, core.call("scratchBlock"), 384);
    // All that is left is the block of lengths: 13 bytes associated, 100 of text.
    const left = (): number[] => [...scratch].filter((byte) => byte !== 0);
    scratch.fill(0);
    const box = seal(SOME, new Uint8Array(100));
    expect(left()).toEqual([13, 100]);
    expect(open(SOME, box)).not.toBeNull();
    expect(left()).toEqual([13, 100]);
    expect(open(SOME, flipped(box, 5))).toBeNull();
    expect(left()).toEqual([13, 100]);
  });
});
