/**
 * What handles secrets does the same whatever they are: the same branches, the same memory, the same divisions
 * (tests/support/trace.ts). Public values - messages, nonces, public keys, lengths - are held fixed and the secret
 * alone changes; where a computation takes a seed and its public key, it is given one public key for all seeds.
 *
 * The module is the one of the unit tests, compiled with the core's flags. constant-time-relay.test.ts looks at
 * relay.wasm.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { beforeAll, describe, expect, it } from "vitest";
import { Crypto } from "./support/crypto.ts";
import { encodeToCurve, littleEndian, prove, toInteger } from "./support/ecvrf-reference.ts";
import { internals, internalsModule } from "./support/internals.ts";
import { expectSameTrace, secrets } from "./support/secrets.ts";
import { instrument, Tracer } from "./support/trace.ts";

let core: Crypto;
let tracer: Tracer;
beforeAll(async () => {
  const { wasm, sites } = instrument(internalsModule());
  const module = await internals(wasm);
  core = new Crypto(module);
  tracer = new Tracer(module.exports, sites);
});

const text = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + 7) & 0xff);
const MESSAGE = text(100);
const NONCE = text(12);
const AAD = text(13);
const KEY = text(32);
const PUBLIC_KEY = ed25519.getPublicKey(text(32));
/** A point that is on the curve and one that is on its twist. */
const CURVE_U = littleEndian(9n, 32);
const TWIST_U = littleEndian(2n, 32);

/** Name, bytes of the secret, and the computation. */
const COMPUTATIONS: readonly (readonly [string, number, (secret: Uint8Array) => unknown])[] = [
  ["equal, one side", 32, (secret) => core.equal(KEY, secret)],
  ["equal, both sides", 64, (secret) => core.equal(secret.subarray(0, 32), secret.subarray(32))],
  ["blake2b, message", 96, (secret) => core.blake2b(secret, 32)],
  ["blake3, key", 32, (secret) => core.blake3(MESSAGE, [100], secret)],
  ["blake3, message", 1500, (secret) => core.blake3(secret, [1500])],
  ["sha512, message", 200, (secret) => core.sha512(secret)],
  ["chacha20, key", 32, (secret) => core.chacha20(secret, NONCE, 1, MESSAGE)],
  ["chacha20, plaintext", 100, (secret) => core.chacha20(KEY, NONCE, 1, secret)],
  ["poly1305, key", 32, (secret) => core.poly1305(secret, MESSAGE, [100])],
  ["poly1305, message", 100, (secret) => core.poly1305(KEY, secret, [33])],
  ["seal, key", 32, (secret) => core.seal(secret, NONCE, AAD, MESSAGE)],
  ["seal, plaintext", 100, (secret) => core.seal(KEY, NONCE, AAD, secret)],
  // The tag is wrong for every one of these keys; that it is wrong may be seen, where it is wrong may not.
  ["open with a wrong key", 32, (secret) => core.open(secret, NONCE, AAD, text(60))],
  ["open of a wrong tag", 16, (secret) => core.open(KEY, NONCE, AAD, Uint8Array.of(...text(44), ...secret))],
  ["x25519, point on the curve", 32, (secret) => core.x25519(secret, CURVE_U)],
  ["x25519, point on the twist", 32, (secret) => core.x25519(secret, TWIST_U)],
  ["x25519PublicKey", 32, (secret) => core.x25519PublicKey(secret)],
  ["x25519SecretFromSeed", 32, (secret) => core.x25519SecretFromSeed(secret)],
  ["ed25519PublicKey", 32, (secret) => core.ed25519PublicKey(secret)],
  ["ed25519Sign", 32, (secret) => core.ed25519Sign(MESSAGE, secret, PUBLIC_KEY)],
  ["scalarReduce", 64, (secret) => core.scalarReduce(secret)],
  ["scalarMulAdd, a", 32, (secret) => core.scalarMulAdd(secret, KEY, KEY)],
  ["scalarMulAdd, b", 32, (secret) => core.scalarMulAdd(KEY, secret, KEY)],
  ["scalarMulAdd, c", 32, (secret) => core.scalarMulAdd(KEY, KEY, secret)],
  [
    "scalarMulAdd, all",
    96,
    (secret) => core.scalarMulAdd(secret.subarray(0, 32), secret.subarray(32, 64), secret.subarray(64)),
  ],
  ["vrfGamma", 32, (secret) => core.vrfGamma(secret, PUBLIC_KEY, AAD)],
  ["vrfProve", 32, (secret) => core.vrfProve(secret, PUBLIC_KEY, AAD)],
];

describe("the trace is the same for every secret", () => {
  it.each(COMPUTATIONS)("%s", (_name, size, compute) => {
    const trace = expectSameTrace(
      tracer,
      secrets(size).map((secret) => () => void compute(secret)),
    );
    expect(trace.decisions).toBeGreaterThan(0);
  });

  it("opening a box says whether its tag fits and no more", () => {
    const box = core.seal(KEY, NONCE, AAD, MESSAGE);
    const wrong = Array.from({ length: 128 }, (_, bit) => {
      const bent = Uint8Array.from(box);
      const at = box.length - 16 + (bit >> 3);
      bent[at] = (bent[at] ?? 0) ^ (1 << (bit & 7));
      return bent;
    });
    expectSameTrace(
      tracer,
      wrong.map((bent) => () => void core.open(KEY, NONCE, AAD, bent)),
    );
  });

  it("comparing takes as long for equal values as for different ones, wherever they differ", () => {
    const others = Array.from({ length: 32 }, (_, i) => KEY.map((byte, at) => (at === i ? byte ^ 0x80 : byte)));
    expectSameTrace(
      tracer,
      [KEY, ...others].map((other) => () => void core.equal(KEY, other)),
    );
  });
});

// With true key pairs the public keys differ, and with them what hashing to the curve may show, for it works on nothing
// but the public key and alpha: how many tries it takes, and in the last of them whether the square root found first is
// the wanted one. So each key gets an alpha for which the first try is a point and its root needs no correction.

const { Fp } = ed25519.Point;
const D = ed25519.Point.CURVE().d;

/**
 * Whether decoding `encoded` finds the right root at once: v x^2 = u, and the sign as asked (RFC 8032 section 5.1.3).
 */
function straight(encoded: Uint8Array): boolean {
  const bits = toInteger(encoded);
  const y = bits % 2n ** 255n;
  if (y >= Fp.ORDER) return false;
  const u = Fp.sub(Fp.sqr(y), 1n);
  const v = Fp.add(Fp.mul(D, Fp.sqr(y)), 1n);
  const v3 = Fp.mul(Fp.sqr(v), v);
  const root = Fp.pow(Fp.mul(Fp.mul(u, v3), Fp.sqr(Fp.sqr(v))), (Fp.ORDER - 5n) / 8n);
  const x = Fp.mul(Fp.mul(u, v3), root);
  return Fp.mul(v, Fp.sqr(x)) === u && (x & 1n) === bits >> 255n;
}

function straightAlpha(publicKey: Uint8Array): Uint8Array {
  for (let n = 0; ; n++) {
    const alpha = littleEndian(BigInt(n), 32);
    const hash = sha512(Uint8Array.of(3, 1, ...publicKey, ...alpha, 0, 0));
    if (straight(hash.subarray(0, 32)) && encodeToCurve(publicKey, alpha)?.tries === 1) return alpha;
  }
}

describe("the trace is the same for every key pair", () => {
  const pairs = secrets(32).map((seed) => ({ seed, publicKey: ed25519.getPublicKey(seed) }));

  it("ed25519Sign, whose signatures are right", () => {
    expectSameTrace(
      tracer,
      pairs.map(({ seed, publicKey }) => () => {
        expect(core.ed25519Sign(MESSAGE, seed, publicKey)).toEqual(ed25519.sign(MESSAGE, seed));
      }),
    );
  });

  it.each(["vrfGamma", "vrfProve"] as const)("%s, whose results are right", (name) => {
    const inputs = pairs.map((pair) => ({ ...pair, alpha: straightAlpha(pair.publicKey) }));
    expectSameTrace(
      tracer,
      inputs.map(({ seed, publicKey, alpha }) => () => {
        const made = prove(seed, publicKey, alpha);
        const first = name === "vrfGamma" ? made?.gamma : made?.proof;
        expect(core[name](seed, publicKey, alpha)).toMatchObject({
          status: "Ok",
          output: Uint8Array.of(...(first ?? []), ...(made?.beta ?? [])),
        });
      }),
    );
  });
});
