/**
 * The scenario's part for the core's cryptography: each primitive with a good input, every way an input can be wrong,
 * and every status a primitive can give. Published vectors are not here but in tests/vectors.
 */
import { Primitive } from "../core/abi.gen.ts";
import { primitiveInput } from "../core/crypto.ts";
import type { SeededRandom } from "../radio/random.ts";
import type { Input } from "./transcript.ts";

const hex = (text: string): Uint8Array => Buffer.from(text, "hex");

// The key of RFC 8032 section 7.1, test 1, which is also RFC 9381's example 16: both are of the empty message.
const SEED = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
const PUBLIC = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
const SIGNATURE = hex(
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
);
const PROOF = hex(
  "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
);

const NOTHING = new Uint8Array(0);
/** y = 1: the neutral element, of order 1. */
const SMALL_ORDER = Uint8Array.of(1, ...new Uint8Array(31));
/** y = 2^255 - 1, which no point has in its canonical encoding. */
const NO_POINT = new Uint8Array(32).fill(0xff);

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
}

/** The inputs in order. */
export function primitiveInputs(random: SeededRandom): Input[] {
  const inputs: Input[] = [];
  const feed = (primitive: number, bytes: Uint8Array): void => {
    inputs.push({ op: "crypto", primitive: primitive as Primitive, bytes });
  };
  const { Blake2b, Blake3Begin, Blake3Update, Blake3End, Ed25519Verify, VrfProve, VrfVerify } = Primitive;

  for (const none of [0, 20, 32, 255]) feed(none, random.bytes(64));
  for (const length of [0, 1, 65]) feed(Blake2b, primitiveInput.blake2b(NOTHING, length));
  feed(Blake2b, NOTHING);
  feed(Blake2b, primitiveInput.blake2b(random.bytes(300), 64));
  feed(Primitive.Sha512, random.bytes(300));

  feed(Blake3Update, random.bytes(3));
  feed(Blake3End, NOTHING);
  feed(Blake3Begin, random.bytes(31));
  feed(Blake3Begin, random.bytes(33));
  feed(Blake3Begin, random.bytes(32));
  for (const length of [1, 1200, 1200]) feed(Blake3Update, random.bytes(length));
  feed(Blake3End, Uint8Array.of(0));
  feed(Blake3End, NOTHING);
  feed(Blake3End, NOTHING);

  const key = random.bytes(32);
  const nonce = random.bytes(12);
  feed(Primitive.ChaCha20, random.bytes(47));
  feed(Primitive.ChaCha20, primitiveInput.chacha20(key, nonce, 0xffff_ffff, random.bytes(130)));
  feed(Primitive.ChaCha20, random.bytes(48 + 1025));
  feed(Primitive.Poly1305, random.bytes(31));
  feed(Primitive.Poly1305, random.bytes(32 + 50));
  feed(Primitive.Seal, random.bytes(45));
  feed(Primitive.Seal, primitiveInput.aead(key, nonce, random.bytes(20), random.bytes(100)));
  feed(Primitive.Seal, primitiveInput.aead(key, nonce, NOTHING, new Uint8Array(1009)));
  feed(Primitive.Seal, changed(primitiveInput.aead(key, nonce, NOTHING, random.bytes(10)), 44, 11));
  feed(Primitive.Open, primitiveInput.aead(key, nonce, NOTHING, random.bytes(15)));
  feed(Primitive.Open, changed(primitiveInput.aead(key, nonce, NOTHING, random.bytes(16)), 44, 1));
  feed(Primitive.Open, primitiveInput.aead(key, nonce, NOTHING, random.bytes(40)));

  feed(Primitive.X25519, random.bytes(63));
  feed(Primitive.X25519, random.bytes(65));
  feed(Primitive.X25519, random.bytes(64));
  feed(Primitive.X25519, primitiveInput.x25519(key, new Uint8Array(32)));
  feed(Primitive.X25519PublicKey, key);
  feed(Primitive.X25519SecretFromSeed, SEED);
  for (const point of [PUBLIC, NO_POINT, SMALL_ORDER]) feed(Primitive.X25519FromEd25519, point);

  feed(Primitive.Ed25519PublicKey, SEED);
  feed(Primitive.Ed25519PublicKey, changed(SEED, 0, 0).subarray(1));
  feed(Primitive.Ed25519Sign, primitiveInput.ed25519Sign(SEED, PUBLIC, random.bytes(100)));
  const verify = (publicKey: Uint8Array, signature: Uint8Array, message = NOTHING): void =>
    feed(Ed25519Verify, primitiveInput.ed25519Verify(publicKey, signature, message));
  verify(PUBLIC, SIGNATURE.subarray(1));
  verify(PUBLIC, SIGNATURE);
  verify(PUBLIC, SIGNATURE, Uint8Array.of(0));
  verify(PUBLIC, changed(SIGNATURE, 63, 0xff));
  verify(NO_POINT, SIGNATURE);
  verify(SMALL_ORDER, SIGNATURE);

  feed(Primitive.VrfGamma, random.bytes(63));
  feed(Primitive.VrfGamma, primitiveInput.vrf(SEED, PUBLIC, NOTHING));
  feed(VrfProve, primitiveInput.vrf(SEED, PUBLIC, random.bytes(32)));
  feed(VrfVerify, primitiveInput.vrfVerify(PUBLIC, PROOF, NOTHING));
  feed(VrfVerify, primitiveInput.vrfVerify(PUBLIC, PROOF, Uint8Array.of(0)));
  feed(VrfVerify, primitiveInput.vrfVerify(PUBLIC, changed(PROOF, 79, 0xff), NOTHING));
  feed(VrfVerify, primitiveInput.vrfVerify(SMALL_ORDER, PROOF, NOTHING));
  feed(VrfVerify, primitiveInput.vrfVerify(PUBLIC, PROOF.subarray(1), NOTHING));
  feed(VrfVerify, primitiveInput.vrfVerify(PUBLIC, Buffer.concat([NO_POINT, PROOF.subarray(32)]), NOTHING));
  return inputs;
}
