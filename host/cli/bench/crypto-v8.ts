/** The core's primitives under V8, each against the libraries that have it too. */
import * as node from "node:crypto";
import { OUT_SIZE, Primitive, Status } from "../../core/abi.gen.ts";
import type { Core } from "../../core/core.ts";
import { primitiveInput } from "../../core/crypto.ts";
import { SeededRandom } from "../../radio/random.ts";
import type { Libraries } from "./libraries.ts";
import { type Goal, interleaved, judged, type Result, type Rounds } from "./measure.ts";

const ENGINE = "V8";
const HOW: Rounds = { rounds: 101, batchMs: 1.5, warmUpMs: 120 };

const NODE = "node:crypto";
const NOBLE = "noble";
const SODIUM = "libsodium";

interface Contestant {
  readonly library: string;
  /** One call, as a program that has its keys ready would make it. */
  readonly run: () => unknown;
  /** What `run` gave as the bytes the core gives; by default it is those bytes. */
  readonly bytes?: (result: never) => Uint8Array;
  readonly goal?: Goal;
}

interface Comparison {
  readonly name: string;
  readonly primitive: Primitive;
  /** In the layout of the primitive, made beforehand: writing it to the core's memory is part of the call. */
  readonly input: Uint8Array;
  readonly others: readonly Contestant[];
}

const atLeast = (ratio: number): Goal => ({ ratio_at_least: ratio });

/** A raw key as the KeyObject node:crypto wants, so that parsing it is no part of the measurement. */
function keys(curve: "Ed25519" | "X25519", secret: Uint8Array, publicKey: Uint8Array) {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  const jwk = { kty: "OKP", crv: curve, x: base64(publicKey) };
  return {
    privateKey: node.createPrivateKey({ key: { ...jwk, d: base64(secret) }, format: "jwk" }),
    publicKey: node.createPublicKey({ key: jwk, format: "jwk" }),
  };
}

/** What is measured, with seeded inputs. `result` runs a primitive that must succeed. */
function comparisons(libraries: Libraries, result: (primitive: Primitive, input: Uint8Array) => Uint8Array) {
  const { noble, sodium } = libraries;
  const random = new SeededRandom(3);
  const message = random.bytes(100);
  const kibibyte = random.bytes(1024);

  const seed = random.bytes(32);
  const publicKey = result(Primitive.Ed25519PublicKey, seed);
  const signature = result(Primitive.Ed25519Sign, primitiveInput.ed25519Sign(seed, publicKey, message));
  const signing = keys("Ed25519", seed, publicKey);
  const sodiumSecret = Buffer.concat([seed, publicKey]);

  const scalar = random.bytes(32);
  const theirScalar = random.bytes(32);
  const ownU = result(Primitive.X25519PublicKey, scalar);
  const theirU = result(Primitive.X25519PublicKey, theirScalar);
  const agreement = {
    privateKey: keys("X25519", scalar, ownU).privateKey,
    publicKey: keys("X25519", theirScalar, theirU).publicKey,
  };

  const key = random.bytes(32);
  const keyObject = node.createSecretKey(key);
  const nonce = random.bytes(12);
  const plaintext = random.bytes(484);

  const alpha = random.bytes(32);
  const vrfInput = primitiveInput.vrf(seed, publicKey, alpha);
  const proof = result(Primitive.VrfProve, vrfInput).subarray(0, 80);

  const list: Comparison[] = [
    {
      name: "Ed25519 verify, 100 B",
      primitive: Primitive.Ed25519Verify,
      input: primitiveInput.ed25519Verify(publicKey, signature, message),
      others: [
        {
          library: NODE,
          run: () => node.verify(null, message, signing.publicKey, signature),
          bytes: verdict,
          goal: atLeast(0.7),
        },
        {
          library: NOBLE,
          // As strict as the core: the default is ZIP 215, which takes non-canonical points.
          run: () => noble.ed25519.verify(signature, message, publicKey, { zip215: false }),
          bytes: verdict,
          goal: atLeast(9),
        },
        {
          library: SODIUM,
          run: () => sodium.crypto_sign_verify_detached(signature, message, publicKey),
          bytes: verdict,
        },
      ],
    },
    {
      name: "Ed25519 sign, 100 B",
      primitive: Primitive.Ed25519Sign,
      input: primitiveInput.ed25519Sign(seed, publicKey, message),
      others: [
        { library: NODE, run: () => node.sign(null, message, signing.privateKey), goal: atLeast(0.5) },
        // It takes the seed alone and makes the public key anew each time.
        { library: NOBLE, run: () => noble.ed25519.sign(message, seed) },
        { library: SODIUM, run: () => sodium.crypto_sign_detached(message, sodiumSecret) },
      ],
    },
    {
      name: "X25519",
      primitive: Primitive.X25519,
      input: primitiveInput.x25519(scalar, theirU),
      others: [
        { library: NODE, run: () => node.diffieHellman(agreement), goal: atLeast(0.4) },
        { library: NOBLE, run: () => noble.x25519.getSharedSecret(scalar, theirU) },
        { library: SODIUM, run: () => sodium.crypto_scalarmult(scalar, theirU) },
      ],
    },
    {
      // node:crypto makes a public key only together with a random private one, or while it parses one.
      name: "X25519 public key",
      primitive: Primitive.X25519PublicKey,
      input: scalar,
      others: [
        { library: NOBLE, run: () => noble.x25519.getPublicKey(scalar) },
        { library: SODIUM, run: () => sodium.crypto_scalarmult_base(scalar) },
      ],
    },
    {
      name: "ChaCha20-Poly1305 seal, 484 B",
      primitive: Primitive.Seal,
      input: primitiveInput.aead(key, nonce, new Uint8Array(0), plaintext),
      others: [
        {
          library: NODE,
          run: () => {
            const cipher = node.createCipheriv("chacha20-poly1305", keyObject, nonce, { authTagLength: 16 });
            return [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
          },
          bytes: (parts: Buffer[]) => Buffer.concat(parts),
          goal: atLeast(3),
        },
        { library: NOBLE, run: () => noble.chacha20poly1305(key, nonce).encrypt(plaintext) },
        {
          library: SODIUM,
          run: () => sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, null, null, nonce, key),
        },
      ],
    },
    {
      name: "BLAKE2b-512, 1 KiB",
      primitive: Primitive.Blake2b,
      input: primitiveInput.blake2b(kibibyte, 64),
      others: [
        { library: NODE, run: () => node.createHash("blake2b512").update(kibibyte).digest(), goal: atLeast(1.5) },
        { library: `${NODE} hash()`, run: () => node.hash("blake2b512", kibibyte, "buffer") },
        { library: NOBLE, run: () => noble.blake2b(kibibyte, { dkLen: 64 }) },
        { library: SODIUM, run: () => sodium.crypto_generichash(64, kibibyte, null) },
      ],
    },
    {
      name: "SHA-512, 1 KiB",
      primitive: Primitive.Sha512,
      input: kibibyte,
      others: [
        { library: NODE, run: () => node.createHash("sha512").update(kibibyte).digest(), goal: atLeast(0.8) },
        { library: `${NODE} hash()`, run: () => node.hash("sha512", kibibyte, "buffer") },
        { library: NOBLE, run: () => noble.sha512(kibibyte) },
        // Its crypto_hash is SHA-512.
        { library: SODIUM, run: () => sodium.crypto_hash(kibibyte) },
      ],
    },
    { name: "VRF Gamma and output", primitive: Primitive.VrfGamma, input: vrfInput, others: [] },
    { name: "VRF prove", primitive: Primitive.VrfProve, input: vrfInput, others: [] },
    {
      name: "VRF verify",
      primitive: Primitive.VrfVerify,
      input: primitiveInput.vrfVerify(publicKey, proof, alpha),
      others: [],
    },
  ];
  return { list, kibibyte };
}

/** What the core gives for a good signature: no bytes, and Ok. */
function verdict(valid: boolean): Uint8Array {
  return valid ? new Uint8Array(0) : Uint8Array.of(0);
}

/** Microseconds of the core and of every library, as results. `progress` is told what is being measured. */
export function measureV8(core: Core, libraries: Libraries, progress: (what: string) => void): Result[] {
  const result = (primitive: Primitive, input: Uint8Array): Uint8Array => {
    const { status, out } = core.crypto(primitive, input);
    if (status !== Status.Ok) throw new Error(`primitive ${primitive} gave status ${status} for a good input`);
    return out;
  };
  const { list, kibibyte } = comparisons(libraries, result);
  const out = new Uint8Array(OUT_SIZE);
  const results: Result[] = [];
  const measure = (name: string, run: () => unknown, others: readonly Contestant[]): void => {
    progress(name);
    const [ours = Number.NaN, ...theirs] = interleaved([run, ...others.map((other) => other.run)], HOW);
    const row = { name, value: ours, unit: "us", engine: ENGINE };
    if (others.length === 0) results.push(row);
    others.forEach(({ library, goal }, i) => {
      const baseline = theirs[i] ?? Number.NaN;
      results.push(judged({ ...row, baseline, ratio: baseline / ours, against: library }, goal));
    });
  };
  for (const { name, primitive, input, others } of list) {
    agree(name, result(primitive, input), others);
    measure(name, () => core.crypto(primitive, input), others);
    if (primitive !== Primitive.Seal) continue;
    // For a short call the new array counts. No goal: the others make one.
    const into = `${name}, into the caller's bytes`;
    measure(
      into,
      () => core.cryptoInto(out, primitive, input),
      others.map(({ goal: _, ...other }) => other),
    );
  }
  const blake3 = (): Uint8Array => {
    core.cryptoInto(out, Primitive.Blake3Begin, EMPTY);
    core.cryptoInto(out, Primitive.Blake3Update, kibibyte);
    return out.subarray(0, core.cryptoInto(out, Primitive.Blake3End, EMPTY));
  };
  const others = [{ library: NOBLE, run: () => libraries.noble.blake3(kibibyte) }];
  agree("BLAKE3, 1 KiB", blake3(), others);
  measure("BLAKE3, 1 KiB", blake3, others);
  return results;
}

const EMPTY = new Uint8Array(0);

/** Times are compared only of what comes to the same: every library must give the core's bytes. */
export function agree(name: string, ours: Uint8Array, others: readonly Contestant[]): void {
  for (const { library, run, bytes } of others) {
    const given = run();
    const theirs = bytes === undefined ? (given as Uint8Array) : bytes(given as never);
    if (Buffer.compare(ours, theirs) !== 0) {
      const text = (value: Uint8Array): string => Buffer.from(value).toString("hex") || "nothing";
      throw new Error(`${name}: the core gives ${text(ours)}, ${library} gives ${text(theirs)}`);
    }
  }
}
