/**
 * RFC 8439: ChaCha20, Poly1305 and their AEAD, the examples of section 2 and all of appendix A.
 *
 * The block function is ChaCha20 on zeros, and so is the generation of Poly1305 keys: the first 32 bytes at counter 0.
 */
import { aead, ascii, chacha20, hex } from "./layout.ts";
import type { CallVector } from "./vector.ts";

const ZERO_KEY = "00".repeat(32);
const ONE_KEY = "00".repeat(31) + "01";
const ZERO_NONCE = "00".repeat(12);
const TWO_NONCE = "00".repeat(11) + "02";
const ZERO_BLOCK = "00".repeat(64);
const COUNTING_KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const KEY_80 = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
const KEY_1C = "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";

const SUNSCREEN = ascii(
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
);
const SUBMISSION = ascii(
  "Any submission to the IETF intended by the Contributor for publication as all or part of an IETF Internet-Draft or RFC " +
    'and any statement made within the context of an IETF activity is considered an "IETF Contribution". Such statements ' +
    "include oral statements in IETF sessions, as well as written and electronic communications made at any time or place, " +
    "which are addressed to",
);
const JABBERWOCKY = ascii(
  "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\nAll mimsy were the borogoves,\n" +
    "And the mome raths outgrabe.",
);
const DRAFTS =
  ascii(
    "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or obsoleted by " +
      "other documents at any time. It is inappropriate to use Internet-Drafts as reference material or to cite them other " +
      "than as /",
  ) +
  "e2809c" +
  ascii("work in progress./") +
  "e2809d";

/** ChaCha20 of section 2.3, 2.4 and appendix A.1, A.2, A.4: section, name, key, nonce, counter, input, output. */
const CHACHA20: readonly (readonly [string, string, string, string, number, string, string])[] = [
  [
    "2.3.2",
    "block function",
    COUNTING_KEY,
    "000000090000004a00000000",
    1,
    ZERO_BLOCK,
    hex(
      "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e",
      "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e",
    ),
  ],
  [
    "2.4.2",
    "encryption",
    COUNTING_KEY,
    "000000000000004a00000000",
    1,
    SUNSCREEN,
    hex(
      "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b",
      "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8",
      "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736",
      "5af90bbf74a35be6b40b8eedf2785e42874d",
    ),
  ],
  [
    "2.6.2",
    "Poly1305 key generation",
    KEY_80,
    "000000000001020304050607",
    0,
    "00".repeat(32),
    "8ad5a08b905f81cc815040274ab29471a833b637e3fd0da508dbb8e2fdd1a646",
  ],
  [
    "A.1",
    "Test Vector #1",
    ZERO_KEY,
    ZERO_NONCE,
    0,
    ZERO_BLOCK,
    hex(
      "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7",
      "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
    ),
  ],
  [
    "A.1",
    "Test Vector #2",
    ZERO_KEY,
    ZERO_NONCE,
    1,
    ZERO_BLOCK,
    hex(
      "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed",
      "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
    ),
  ],
  [
    "A.1",
    "Test Vector #3",
    ONE_KEY,
    ZERO_NONCE,
    1,
    ZERO_BLOCK,
    hex(
      "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a",
      "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
    ),
  ],
  [
    "A.1",
    "Test Vector #4",
    "00ff" + "00".repeat(30),
    ZERO_NONCE,
    2,
    ZERO_BLOCK,
    hex(
      "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca",
      "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
    ),
  ],
  [
    "A.1",
    "Test Vector #5",
    ZERO_KEY,
    TWO_NONCE,
    0,
    ZERO_BLOCK,
    hex(
      "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7",
      "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d",
    ),
  ],
  [
    "A.2",
    "Test Vector #1",
    ZERO_KEY,
    ZERO_NONCE,
    0,
    ZERO_BLOCK,
    hex(
      "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7",
      "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
    ),
  ],
  [
    "A.2",
    "Test Vector #2",
    ONE_KEY,
    TWO_NONCE,
    1,
    SUBMISSION,
    hex(
      "a3fbf07df3fa2fde4f376ca23e82737041605d9f4f4f57bd8cff2c1d4b7955ec",
      "2a97948bd3722915c8f3d337f7d370050e9e96d647b7c39f56e031ca5eb6250d",
      "4042e02785ececfa4b4bb5e8ead0440e20b6e8db09d881a7c6132f420e527950",
      "42bdfa7773d8a9051447b3291ce1411c680465552aa6c405b7764d5e87bea85a",
      "d00f8449ed8f72d0d662ab052691ca66424bc86d2df80ea41f43abf937d3259d",
      "c4b2d0dfb48a6c9139ddd7f76966e928e635553ba76c5c879d7b35d49eb2e62b",
      "0871cdac638939e25e8a1e0ef9d5280fa8ca328b351c3c765989cbcf3daa8b6c",
      "cc3aaf9f3979c92b3720fc88dc95ed84a1be059c6499b9fda236e7e818b04b0b",
      "c39c1e876b193bfe5569753f88128cc08aaa9b63d1a16f80ef2554d7189c411f",
      "5869ca52c5b83fa36ff216b9c1d30062bebcfd2dc5bce0911934fda79a86f6e6",
      "98ced759c3ff9b6477338f3da4f9cd8514ea9982ccafb341b2384dd902f3d1ab",
      "7ac61dd29c6f21ba5b862f3730e37cfdc4fd806c22f221",
    ),
  ],
  [
    "A.2",
    "Test Vector #3",
    KEY_1C,
    TWO_NONCE,
    42,
    JABBERWOCKY,
    hex(
      "62e6347f95ed87a45ffae7426f27a1df5fb69110044c0d73118effa95b01e5cf",
      "166d3df2d721caf9b21e5fb14c616871fd84c54f9d65b283196c7fe4f60553eb",
      "f39c6402c42234e32a356b3e764312a61a5532055716ead6962568f87d3f3f77",
      "04c6a8d1bcd1bf4d50d6154b6da731b187b58dfd728afa36757a797ac188d1",
    ),
  ],
  [
    "A.4",
    "Test Vector #1",
    ZERO_KEY,
    ZERO_NONCE,
    0,
    "00".repeat(32),
    "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7",
  ],
  [
    "A.4",
    "Test Vector #2",
    ONE_KEY,
    TWO_NONCE,
    0,
    "00".repeat(32),
    "ecfa254f845f647473d3cb140da9e87606cb33066c447b87bc2666dde3fbb739",
  ],
  [
    "A.4",
    "Test Vector #3",
    KEY_1C,
    TWO_NONCE,
    0,
    "00".repeat(32),
    "965e3bc6f9ec7ed9560808f4d229f94b137ff275ca9b3fcbdd59deaad23310ae",
  ],
];

/** Poly1305 of section 2.5 and appendix A.3: section, name, r and s, message, tag. */
const POLY1305: readonly (readonly [string, string, string, string, string])[] = [
  [
    "2.5.2",
    "example",
    "85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
    ascii("Cryptographic Forum Research Group"),
    "a8061dc1305136c6c22b8baf0c0127a9",
  ],
  ["A.3", "Test Vector #1", ZERO_KEY, ZERO_BLOCK, "00".repeat(16)],
  [
    "A.3",
    "Test Vector #2",
    "00".repeat(16) + "36e5f6b5c5e06070f0efca96227a863e",
    SUBMISSION,
    "36e5f6b5c5e06070f0efca96227a863e",
  ],
  [
    "A.3",
    "Test Vector #3",
    "36e5f6b5c5e06070f0efca96227a863e" + "00".repeat(16),
    SUBMISSION,
    "f3477e7cd95417af89a6b8794c310cf0",
  ],
  ["A.3", "Test Vector #4", KEY_1C, JABBERWOCKY, "4541669a7eaaee61e708dc7cbcc5eb62"],
  ["A.3", "Test Vector #5", "02" + "00".repeat(31), "ff".repeat(16), "03" + "00".repeat(15)],
  ["A.3", "Test Vector #6", "02" + "00".repeat(15) + "ff".repeat(16), "02" + "00".repeat(15), "03" + "00".repeat(15)],
  [
    "A.3",
    "Test Vector #7",
    "01" + "00".repeat(31),
    "ff".repeat(16) + "f0" + "ff".repeat(15) + "11" + "00".repeat(15),
    "05" + "00".repeat(15),
  ],
  [
    "A.3",
    "Test Vector #8",
    "01" + "00".repeat(31),
    "ff".repeat(16) + "fb" + "fe".repeat(15) + "01".repeat(16),
    "00".repeat(16),
  ],
  ["A.3", "Test Vector #9", "02" + "00".repeat(31), "fd" + "ff".repeat(15), "fa" + "ff".repeat(15)],
  [
    "A.3",
    "Test Vector #10",
    "01000000000000000400000000000000" + "00".repeat(16),
    hex(
      "e33594d7505e43b90000000000000000",
      "3394d7505e4379cd0100000000000000",
      "00000000000000000000000000000000",
      "01000000000000000000000000000000",
    ),
    "14000000000000005500000000000000",
  ],
  [
    "A.3",
    "Test Vector #11",
    "01000000000000000400000000000000" + "00".repeat(16),
    hex("e33594d7505e43b90000000000000000", "3394d7505e4379cd0100000000000000", "00000000000000000000000000000000"),
    "13000000000000000000000000000000",
  ],
];

/** The AEAD of section 2.8 and appendix A.5: section, key, nonce, aad, plaintext, ciphertext, tag. */
const AEAD: readonly (readonly [string, string, string, string, string, string, string])[] = [
  [
    "2.8.2",
    KEY_80,
    "070000004041424344454647",
    "50515253c0c1c2c3c4c5c6c7",
    SUNSCREEN,
    hex(
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6",
      "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36",
      "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc",
      "3ff4def08e4b7a9de576d26586cec64b6116",
    ),
    "1ae10b594f09e26a7e902ecbd0600691",
  ],
  [
    "A.5",
    KEY_1C,
    "000000000102030405060708",
    "f33388860000000000004e91",
    DRAFTS,
    hex(
      "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2",
      "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf",
      "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855",
      "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4",
      "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e",
      "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a",
      "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10",
      "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29",
      "a6ad5cb4022b02709b",
    ),
    "eead9d67890cbb22392336fea1851f38",
  ],
];

const section = (number: string): string => `RFC 8439 section ${number}`;

export const RFC8439: readonly CallVector[] = [
  ...CHACHA20.map(([number, name, key, nonce, counter, input, output]): CallVector => ({
    source: section(number),
    name,
    primitive: "ChaCha20",
    input: chacha20(key, nonce, counter, input),
    output,
  })),
  ...POLY1305.map(([number, name, key, message, output]): CallVector => ({
    source: section(number),
    name,
    primitive: "Poly1305",
    input: key + message,
    output,
  })),
  ...AEAD.flatMap(([number, key, nonce, aad, plaintext, ciphertext, tag]): CallVector[] => [
    {
      source: section(number),
      name: "encryption",
      primitive: "Seal",
      input: aead(key, nonce, aad, plaintext),
      output: ciphertext + tag,
    },
    {
      source: section(number),
      name: "decryption",
      primitive: "Open",
      input: aead(key, nonce, aad, ciphertext + tag),
      output: plaintext,
    },
  ]),
];
