/**
 * The worked examples of the protocol itself (digest 1 section 7): addresses, links, end-to-end boxes, packet hashes.
 * Where the digest gives only the first bytes of a value, the rest is computed with the libraries of vectors.test.ts.
 */
import { aead, ascii, blake2b } from "./layout.ts";
import { ALICE, BOB, SHARED } from "./rfc7748.ts";
import { EXAMPLES } from "./rfc9381.ts";
import type { Blake3Vector, CallVector, Vector } from "./vector.ts";

const source = "digest 1 section 7";

/** RFC 8032 section 7.1 TEST 1, which is also the first key of RFC 9381 appendix B.3. */
const [IDENTITY] = EXAMPLES;
const ADDRESS = "7849ac3049680be1ef762efe0d36e017";
const IDENTITY_X25519 = "d85e07ec22b0ad881537c2f44d662d1a143cf830c57aca4305d85c7a90f6b62e";

const SESSION_KEY = "519fb3af2f3f9e310718cf1f8bdec6e26ab64affe730f0f8b43c43b0e8ee52be";
/** Nonces of a link: direction u8, three zero bytes, counter u64 (H11); counter 0 here. */
const TO_RESPONDER = "00".repeat(12);
const TO_INITIATOR = "01" + "00".repeat(11);

/** X25519 of Alice's RFC 7748 key, as ephemeral, and the identity above. */
const BOX_SHARED = "90f395580ca33f3c54390ac1d7210220b6a336de2c47a61ac90ff56e6be11f18";
const PAYLOAD_KEY = "d6c022f0f02f96010b4584467fa8053c2be6df242618caef9005641328a4f76d";

function call(name: string, primitive: CallVector["primitive"], input: string, output: string): CallVector {
  return { source, name, primitive, input, output };
}

/** A packet to the identity without its hop byte, which is not hashed. */
function packetHash(header: string, output: string): Blake3Vector {
  const message = header + ADDRESS + "00" + ascii("hello mesh");
  return { source, name: `packet_hash, byte 0 = ${header}`, primitive: "Blake3", message, output };
}

function box(name: string, nonce: string, ciphertext: string): readonly CallVector[] {
  return [
    call(`${name}, sealed`, "Seal", aead(SESSION_KEY, nonce, "", ascii("mehr")), ciphertext),
    call(`${name}, opened`, "Open", aead(SESSION_KEY, nonce, "", ciphertext), ascii("mehr")),
  ];
}

export const MEHR: readonly Vector[] = [
  // BLAKE2b with 32 bytes of output, of which the address is the first 16 (H2).
  call(
    "BLAKE2b of abc, 32 bytes",
    "Blake2b",
    blake2b(32, ascii("abc")),
    "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
  ),
  call("destination_hash", "Blake2b", blake2b(32, IDENTITY.pk), `${ADDRESS}33c3464eb0c7c558138acf24bb263bd3`),
  call("X25519 key by the point map", "X25519FromEd25519", IDENTITY.pk, IDENTITY_X25519),
  call(
    "X25519 secret of the seed",
    "X25519SecretFromSeed",
    IDENTITY.sk,
    "307c83864f2833cb427a2ef1c00a013cfdff2768d980c0a3a520f006904de94f",
  ),
  call(
    "X25519 key of that secret",
    "X25519PublicKey",
    "307c83864f2833cb427a2ef1c00a013cfdff2768d980c0a3a520f006904de94f",
    IDENTITY_X25519,
  ),
  call("session_key", "Blake2b", blake2b(32, SHARED + ALICE.public + BOB.public), SESSION_KEY),
  ...box("link data, direction 0", TO_RESPONDER, "bf2aea0dba7ffda0df7750b6fc01e307f5746ac5"),
  ...box("link data, direction 1", TO_INITIATOR, "fba124d7c818ccfef375662fab5b711f00e309a5"),
  call("end to end, shared secret, sender", "X25519", ALICE.secret + IDENTITY_X25519, BOX_SHARED),
  call(
    "end to end, shared secret, recipient",
    "X25519",
    `307c83864f2833cb427a2ef1c00a013cfdff2768d980c0a3a520f006904de94f${ALICE.public}`,
    BOX_SHARED,
  ),
  call("payload_key", "Blake2b", blake2b(32, BOX_SHARED + ALICE.public), PAYLOAD_KEY),
  call(
    "end to end, sealed",
    "Seal",
    aead(PAYLOAD_KEY, "00".repeat(12), `${ADDRESS}00`, ascii("hello mesh")),
    "be87a49bb6e07585330ef0d4a45b6afd483c8bc996f5f1005246",
  ),
  call(
    "end to end, opened",
    "Open",
    aead(PAYLOAD_KEY, "00".repeat(12), `${ADDRESS}00`, "be87a49bb6e07585330ef0d4a45b6afd483c8bc996f5f1005246"),
    ascii("hello mesh"),
  ),
  packetHash("10", "e5e23f9f1b984c966f89187318fc7df8c59bd10eab9bf3caa08c01a49b513276"),
  packetHash("30", "84c8c32060f8736d7d8d507ed28941ff06ee3a6271898d7765696f4f366a19e6"),
  // LINK_REQUEST 02, hops 00, address, context 00, version 10, e_i, capabilities e4 01 00, clock 0; 16 bytes are the
  // link_id.
  call(
    "link_id",
    "Blake2b",
    blake2b(32, `0200${ADDRESS}0010${ALICE.public}e40100${"00".repeat(8)}`),
    "c48e8595b1f7b967707606e9569c07ce49c206be23a31d3feb1bbe87e7f4c68f",
  ),
  call(
    "Meshtastic PSK",
    "Blake2b",
    blake2b(32, `${ascii("mehr/mt/1")}00${IDENTITY.pk}`),
    "88172fae2b8f399045766c9673837b8dbc98d929b2044f316a2af2f58fe51a67",
  ),
];
