import { createCipheriv } from "node:crypto";
import { chacha20 as nobleChacha20 } from "@noble/ciphers/chacha.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const KEY = 0;
const NONCE = 32;
const IN = 1024;
const OUT = 8192;

/** Encrypts from IN to OUT, or at IN in place, and sees that nothing around the output is touched. */
function chacha20(key: Uint8Array, nonce: Uint8Array, input: Uint8Array, counter: number, inPlace = false): string {
  core.bytes.set(key, KEY);
  core.bytes.set(nonce, NONCE);
  const out = inPlace ? IN : OUT;
  core.bytes.fill(0xaa, out - 64, out + input.length + 64);
  core.bytes.set(input, IN);
  core.call("chacha20", core.arena + out, core.arena + IN, input.length, core.arena + KEY, core.arena + NONCE, counter);
  const around = [...core.bytes.subarray(out - 64, out), ...core.bytes.subarray(out + input.length).subarray(0, 64)];
  expect(around.every((byte) => byte === 0xaa)).toBe(true);
  return hex(core.bytes.subarray(out, out + input.length));
}

const ZERO_KEY = "00".repeat(32);
const ZERO_NONCE = "00".repeat(12);
const KEY_1 = "00".repeat(31) + "01";
const NONCE_2 = "00".repeat(11) + "02";
const JABBERWOCKY_KEY = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";

/** Section or test vector, key, nonce, counter, plaintext, ciphertext. */
type Vector = readonly [string, string, string, number, string | Uint8Array, string];

// A keystream block is the ciphertext of 64 zero bytes.
const BLOCK = new Uint8Array(64);

const VECTORS: readonly Vector[] = [
  [
    "2.3.2",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "000000090000004a00000000",
    1,
    BLOCK,
    `10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e
     d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e`,
  ],
  [
    "2.4.2",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "000000000000004a00000000",
    1,
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    `6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b
     f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8
     07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736
     5af90bbf74a35be6b40b8eedf2785e42874d`,
  ],
  [
    "A.1 #1",
    ZERO_KEY,
    ZERO_NONCE,
    0,
    BLOCK,
    `76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7
     da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586`,
  ],
  [
    "A.1 #2",
    ZERO_KEY,
    ZERO_NONCE,
    1,
    BLOCK,
    `9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed
     29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f`,
  ],
  [
    "A.1 #3",
    KEY_1,
    ZERO_NONCE,
    1,
    BLOCK,
    `3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a
     8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0`,
  ],
  [
    "A.1 #4",
    "00ff" + "00".repeat(30),
    ZERO_NONCE,
    2,
    BLOCK,
    `72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca
     13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096`,
  ],
  [
    "A.1 #5",
    ZERO_KEY,
    NONCE_2,
    0,
    BLOCK,
    `c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7
     8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d`,
  ],
  [
    "A.2 #1",
    ZERO_KEY,
    ZERO_NONCE,
    0,
    BLOCK,
    `76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7
     da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586`,
  ],
  [
    "A.2 #2",
    KEY_1,
    NONCE_2,
    1,
    "Any submission to the IETF intended by the Contributor for publication as all or part of an IETF Internet-Draft or " +
      'RFC and any statement made within the context of an IETF activity is considered an "IETF Contribution". Such ' +
      "statements include oral statements in IETF sessions, as well as written and electronic communications made at " +
      "any time or place, which are addressed to",
    `a3fbf07df3fa2fde4f376ca23e82737041605d9f4f4f57bd8cff2c1d4b7955ec
     2a97948bd3722915c8f3d337f7d370050e9e96d647b7c39f56e031ca5eb6250d
     4042e02785ececfa4b4bb5e8ead0440e20b6e8db09d881a7c6132f420e527950
     42bdfa7773d8a9051447b3291ce1411c680465552aa6c405b7764d5e87bea85a
     d00f8449ed8f72d0d662ab052691ca66424bc86d2df80ea41f43abf937d3259d
     c4b2d0dfb48a6c9139ddd7f76966e928e635553ba76c5c879d7b35d49eb2e62b
     0871cdac638939e25e8a1e0ef9d5280fa8ca328b351c3c765989cbcf3daa8b6c
     cc3aaf9f3979c92b3720fc88dc95ed84a1be059c6499b9fda236e7e818b04b0b
     c39c1e876b193bfe5569753f88128cc08aaa9b63d1a16f80ef2554d7189c411f
     5869ca52c5b83fa36ff216b9c1d30062bebcfd2dc5bce0911934fda79a86f6e6
     98ced759c3ff9b6477338f3da4f9cd8514ea9982ccafb341b2384dd902f3d1ab
     7ac61dd29c6f21ba5b862f3730e37cfdc4fd806c22f221`,
  ],
  [
    "A.2 #3",
    JABBERWOCKY_KEY,
    NONCE_2,
    42,
    "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\n" +
      "All mimsy were the borogoves,\nAnd the mome raths outgrabe.",
    `62e6347f95ed87a45ffae7426f27a1df5fb69110044c0d73118effa95b01e5cf
     166d3df2d721caf9b21e5fb14c616871fd84c54f9d65b283196c7fe4f60553eb
     f39c6402c42234e32a356b3e764312a61a5532055716ead6962568f87d3f3f77
     04c6a8d1bcd1bf4d50d6154b6da731b187b58dfd728afa36757a797ac188d1`,
  ],
];

// The one-time keys of A.4 are the first half of block 0 (section 2.6).
const ONE_TIME_KEYS: readonly (readonly [string, string, string, string])[] = [
  [
    "2.6.2",
    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    "000000000001020304050607",
    "8ad5a08b905f81cc815040274ab29471a833b637e3fd0da508dbb8e2fdd1a646",
  ],
  ["A.4 #1", ZERO_KEY, ZERO_NONCE, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"],
  ["A.4 #2", KEY_1, NONCE_2, "ecfa254f845f647473d3cb140da9e87606cb33066c447b87bc2666dde3fbb739"],
  ["A.4 #3", JABBERWOCKY_KEY, NONCE_2, "965e3bc6f9ec7ed9560808f4d229f94b137ff275ca9b3fcbdd59deaad23310ae"],
];

describe("ChaCha20", () => {
  it.each(VECTORS)("encrypts as RFC 8439 %s", (_, key, nonce, counter, plaintext, ciphertext) => {
    const input = typeof plaintext === "string" ? Buffer.from(plaintext) : plaintext;
    expect(chacha20(unhex(key), unhex(nonce), input, counter)).toBe(hex(unhex(ciphertext)));
  });

  it.each(ONE_TIME_KEYS)("makes the one-time key of RFC 8439 %s", (_, key, nonce, expected) => {
    expect(chacha20(unhex(key), unhex(nonce), new Uint8Array(32), 0)).toBe(expected);
  });

  it("equals @noble/ciphers at every length up to five blocks and beside the larger borders", () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
    const nonce = Uint8Array.from({ length: 12 }, (_, i) => i * 11 + 5);
    const input = Uint8Array.from({ length: 4160 }, (_, i) => (i * 13) & 0xff);
    const lengths = [...Array(322).keys(), 484, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097];
    for (const length of lengths) {
      const part = input.subarray(0, length);
      expect(chacha20(key, nonce, part, 1), `${length} bytes`).toBe(hex(nobleChacha20(key, nonce, part, undefined, 1)));
    }
  });

  it("equals @noble/ciphers for any key, nonce, counter and input, in place too", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.integer({ min: 0, max: 0xffff_fff0 }),
        fc.uint8Array({ maxLength: 700, size: "max" }),
        fc.boolean(),
        (key, nonce, counter, input, inPlace) => {
          const expected = hex(nobleChacha20(key, nonce, input, undefined, counter));
          expect(chacha20(key, nonce, input, counter, inPlace)).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("goes from block 2^32-1 to block 0 of the same nonce", () => {
    const key = unhex(JABBERWOCKY_KEY);
    const nonce = unhex(NONCE_2);
    // OpenSSL's IV is the counter, little-endian, with the nonce behind it. It carries into the nonce, so one block
    // only.
    const last = createCipheriv("chacha20", key, Buffer.concat([unhex("ffffffff"), nonce])).update(BLOCK);
    const first = nobleChacha20(key, nonce, new Uint8Array(100), undefined, 0);
    expect(chacha20(key, nonce, new Uint8Array(164), 0xffff_ffff)).toBe(hex(last) + hex(first));
  });

  it("leaves none of the last block's keystream behind", () => {
    const scratch = new Uint8Array(core.bytes.buffer, core.call("scratchBlock"), 384).fill(0);
    chacha20(unhex(JABBERWOCKY_KEY), unhex(NONCE_2), new Uint8Array(65), 1);
    expect(scratch.every((byte) => byte === 0)).toBe(true);
  });
});
