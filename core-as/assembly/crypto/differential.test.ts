/**
 * The core's cryptography against @noble/curves, @noble/hashes and @noble/ciphers, and against the reading of RFC 9381
 * in tests/support/ecvrf-reference.ts: the same bytes out, the same verdict on any bytes in, and never a trap.
 *
 * Half of what goes in is random; the other half is chosen to hurt: field elements around 0, p and 2^255, every
 * encoding of every point of small order, points with a part of small order, scalars around L and its multiples, and
 * signatures and proofs that satisfy their equation and are then bent in one place. MEHR_NIGHTLY=1 tries fifty times as
 * many.
 */
import { chacha20 as nobleChacha20 } from "@noble/ciphers/chacha.js";
import { poly1305 as noblePoly1305 } from "@noble/ciphers/_poly1305.js";
import { ed25519, x25519 as nobleX25519 } from "@noble/curves/ed25519.js";
import { blake2b as nobleBlake2b } from "@noble/hashes/blake2.js";
import { blake3 as nobleBlake3 } from "@noble/hashes/blake3.js";
import { sha512 as nobleSha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { DIFFERENTIAL_CASES, SCALE } from "../../../tests/support/cases.ts";
import { type Answer, Crypto, UNTOUCHED } from "../../../tests/support/crypto.ts";
import {
  bytes,
  EDGE_NUMBERS,
  EDGES,
  edge,
  flip,
  keyPair,
  LONG,
  message,
  patterned,
  pieces,
  pointBytes,
  proofCase,
  scalarBytes,
  SCALARS,
  signatureCase,
  SMALL_ENCODINGS,
  UNREDUCED_ENCODINGS,
} from "../../../tests/support/crypto-inputs.ts";
import * as vrf from "../../../tests/support/ecvrf-reference.ts";
import { expandSeed, L, littleEndian, toInteger } from "../../../tests/support/ecvrf-reference.ts";
import { hex, internals } from "../../../tests/support/internals.ts";
import * as reference from "../../../tests/support/reference.ts";

const { Point } = ed25519;
const P = Point.Fp.ORDER;

let core: Crypto;
beforeAll(async () => {
  core = new Crypto(await internals());
});

let cases = 0;
/** Tests of this file that count cases, and how many of them went through. */
let counting = 0;
let passed = 0;
/** How often each function gave each status. */
const verdicts = new Map<string, number>();

/** A property tried on `runs` random cases, times the scale of this run. */
function property<T>(name: string, runs: number, arbitrary: fc.Arbitrary<T>, body: (value: T) => void): void {
  const test = (): void => {
    const predicate = (value: T): void => {
      cases++;
      body(value);
    };
    fc.assert(fc.property(arbitrary, predicate), { numRuns: runs * SCALE });
    passed++;
  };
  counting++;
  it(name, test, 30_000 * SCALE);
}

/** The same of every case in a list, whatever the scale. */
function each<T>(name: string, list: () => readonly T[], body: (value: T) => void): void {
  counting++;
  it(name, () => {
    for (const value of list()) {
      cases++;
      body(value);
    }
    passed++;
  });
}

// What comes out ----------------------------------------------------------------------------------------------------

/** The core's answer is one the reference allows: its output if it must be Ok, one of the causes if not. */
function agrees(answer: Answer, outcome: reference.Outcome): void {
  const verdict = `${answer.call} ${answer.status}`;
  verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  if (outcome.causes.length > 0) {
    expect(outcome.causes).toContain(answer.status);
    return;
  }
  expect(answer.status).toBe("Ok");
  expect(hex(answer.output)).toBe(hex(outcome.output));
}

/** Nothing was written. */
const untouched = (output: Uint8Array): boolean => output.every((byte) => byte === UNTOUCHED);

describe("hashes", () => {
  property("BLAKE2b", 150, fc.tuple(message, fc.integer({ min: 1, max: 64 })), ([input, size]) => {
    expect(hex(core.blake2b(input, size))).toBe(hex(nobleBlake2b(input, { dkLen: size })));
  });

  const stream = fc.record({
    length: fc.integer({ min: 0, max: 5000 }),
    cut: pieces,
    salt: fc.integer({ min: 0, max: 255 }),
  });
  const streamed = ({ length, salt }: { length: number; salt: number }): Uint8Array =>
    patterned(length).map((byte) => byte ^ salt);

  property("BLAKE3 in pieces", 100, stream, (input) => {
    expect(hex(core.blake3(streamed(input), input.cut))).toBe(hex(nobleBlake3(streamed(input))));
  });

  property("BLAKE3 with a key, in pieces", 100, fc.tuple(stream, bytes(32)), ([input, key]) => {
    expect(hex(core.blake3(streamed(input), input.cut, key))).toBe(hex(nobleBlake3(streamed(input), { key })));
  });

  property("SHA-512 at once", 150, message, (input) => {
    expect(hex(core.sha512(input))).toBe(hex(nobleSha512(input)));
  });

  property("SHA-512 in pieces", 100, stream, (input) => {
    expect(hex(core.sha512Streamed(streamed(input), input.cut))).toBe(hex(nobleSha512(streamed(input))));
  });

  each(
    "nothing and 64 KiB",
    () => [0, LONG - 1, LONG],
    (length) => {
      const input = patterned(length);
      const key = patterned(32);
      expect(hex(core.blake2b(input, 32))).toBe(hex(nobleBlake2b(input, { dkLen: 32 })));
      expect(hex(core.blake3(input, [LONG]))).toBe(hex(nobleBlake3(input)));
      expect(hex(core.blake3(input, [1000, 24, 1], key))).toBe(hex(nobleBlake3(input, { key })));
      expect(hex(core.sha512(input))).toBe(hex(nobleSha512(input)));
      expect(hex(core.sha512Streamed(input, [1, 127, 129]))).toBe(hex(nobleSha512(input)));
    },
  );
});

describe("ChaCha20-Poly1305", () => {
  // Counters that do not run over: RFC 8439 does not say what comes after 2^32 - 1.
  const counter = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 0xffff_fff0 }));
  const key = fc.oneof(bytes(32), fc.constantFrom(new Uint8Array(32), new Uint8Array(32).fill(0xff)));

  property(
    "ChaCha20",
    150,
    fc.tuple(key, bytes(12), counter, message, fc.boolean()),
    ([k, nonce, from, input, inPlace]) => {
      expect(hex(core.chacha20(k, nonce, from, input, inPlace))).toBe(
        hex(nobleChacha20(k, nonce, input, undefined, from)),
      );
    },
  );

  // Blocks of one value drive the accumulator to its ends.
  const blocks = fc.oneof(
    message,
    fc
      .tuple(fc.constantFrom(0, 0xfb, 0xfe, 0xff), fc.integer({ min: 0, max: 100 }))
      .map(([byte, length]) => new Uint8Array(length).fill(byte)),
  );
  const half = fc.oneof(
    bytes(16),
    fc.constantFrom(...[0n, 1n, 2n, 2n ** 128n - 1n, 2n ** 124n - 1n].map((v) => littleEndian(v, 16))),
  );

  property("Poly1305 in pieces", 250, fc.tuple(half, half, blocks, pieces), ([r, s, input, cut]) => {
    const oneTime = Uint8Array.of(...r, ...s);
    expect(hex(core.poly1305(oneTime, input, cut))).toBe(hex(noblePoly1305(input, oneTime)));
  });

  property("sealing", 120, fc.tuple(key, bytes(12), message, message), ([k, nonce, aad, plaintext]) => {
    const box = core.seal(k, nonce, aad, plaintext);
    expect(hex(box)).toBe(hex(reference.seal(k, nonce, aad, plaintext)));
    agrees(core.open(k, nonce, aad, box), { causes: [], output: plaintext });
  });

  property(
    "opening what was bent in one bit",
    120,
    fc.tuple(key, bytes(12), message, message, fc.integer({ min: 0, max: 3 }), fc.nat()),
    ([k, nonce, aad, plaintext, place, bit]) => {
      const parts = [k, nonce, aad, reference.seal(k, nonce, aad, plaintext)] as const;
      const [k2, nonce2, aad2, box2] = parts.map((part, i) => (i === place ? flip(part, bit) : part)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const answer = core.open(k2, nonce2, aad2, box2);
      agrees(answer, reference.open(k2, nonce2, aad2, box2));
      if (answer.status !== "Ok") expect(untouched(answer.output)).toBe(true);
    },
  );

  property(
    "opening any bytes",
    60,
    fc.tuple(key, bytes(12), message, fc.uint8Array({ minLength: 16, maxLength: 200 })),
    ([k, nonce, aad, box]) => {
      const answer = core.open(k, nonce, aad, box);
      agrees(answer, reference.open(k, nonce, aad, box));
      expect(untouched(answer.output)).toBe(answer.status !== "Ok" || answer.output.length === 0);
    },
  );

  each(
    "32 KiB sealed, and 64 KiB enciphered and authenticated",
    () => [0, LONG / 2 - 1, LONG / 2],
    (length) => {
      const [k, nonce, input] = [patterned(32), patterned(12), patterned(length)];
      expect(hex(core.seal(k, nonce, patterned(13), input))).toBe(hex(reference.seal(k, nonce, patterned(13), input)));
      const long = patterned(2 * length);
      expect(hex(core.chacha20(k, nonce, 1, long, true))).toBe(hex(nobleChacha20(k, nonce, long, undefined, 1)));
      expect(hex(core.poly1305(k, long, [LONG]))).toBe(hex(noblePoly1305(long, k)));
    },
  );

  property("comparing", 80, fc.tuple(message, fc.nat(), fc.boolean()), ([a, bit, same]) => {
    expect(core.equal(a, same ? a : flip(a, bit))).toBe(same || a.length === 0);
  });
});

describe("scalars mod L", () => {
  const wide = fc.oneof(
    bytes(64),
    fc
      .tuple(fc.constantFrom(...SCALARS), fc.constantFrom(...SCALARS, L << 256n, L * L, L * 2n ** 259n))
      .map(([low, high]) => littleEndian((low + high) % 2n ** 512n, 64)),
    fc.constantFrom(littleEndian(2n ** 512n - 1n, 64), littleEndian(((2n ** 512n - 1n) / L) * L, 64)),
  );
  const mod = (value: bigint): string => hex(littleEndian(value % L, 32));

  property("reducing 64 bytes", 200, wide, (input) => {
    expect(hex(core.scalarReduce(input))).toBe(mod(toInteger(input)));
  });

  property("a b + c", 250, fc.tuple(scalarBytes, scalarBytes, scalarBytes), ([a, b, c]) => {
    expect(hex(core.scalarMulAdd(a, b, c))).toBe(mod(toInteger(a) * toInteger(b) + toInteger(c)));
  });

  property("being below L", 100, scalarBytes, (s) => {
    expect(core.scalarIsCanonical(s)).toBe(toInteger(s) < L);
  });

  each(
    "every pair of scalars around L",
    () => SCALARS.flatMap((a) => SCALARS.map((b) => [a, b] as const)),
    ([a, b]) => {
      const [x, y] = [littleEndian(a, 32), littleEndian(b, 32)];
      expect(hex(core.scalarMulAdd(x, y, x))).toBe(mod(a * b + a));
      expect(hex(core.scalarReduce(Uint8Array.of(...x, ...y)))).toBe(mod(a + b * 2n ** 256n));
    },
  );
});

describe("X25519", () => {
  const scalar = fc.oneof(scalarBytes, edge);

  property("of any scalar and u", 200, fc.tuple(scalar, fc.oneof(bytes(32), edge, pointBytes)), ([k, u]) => {
    const answer = core.x25519(k, u);
    agrees(answer, reference.x25519(k, u));
    if (answer.status !== "Ok") expect(hex(answer.output)).toBe("00".repeat(32));
  });

  property("of the base point", 80, scalar, (k) => {
    const publicKey = hex(core.x25519PublicKey(k));
    expect(publicKey).toBe(hex(nobleX25519.getPublicKey(k)));
    expect(hex(core.x25519(k, littleEndian(9n, 32)).output)).toBe(publicKey);
  });

  each(
    "every edge and every small order",
    () => [...EDGES, ...EDGE_NUMBERS.map((n) => littleEndian((n * n) % P, 32))],
    (u) => {
      const k = patterned(32);
      agrees(core.x25519(k, u), reference.x25519(k, u));
    },
  );
});

describe("Ed25519", () => {
  property("public keys", 60, bytes(32), (seed) => {
    expect(hex(core.ed25519PublicKey(seed))).toBe(hex(ed25519.getPublicKey(seed)));
    expect(hex(core.x25519SecretFromSeed(seed))).toBe(hex(ed25519.utils.toMontgomerySecret(seed)));
  });

  property("signing", 100, fc.tuple(keyPair, message), ([{ seed, publicKey }, text]) => {
    const signature = core.ed25519Sign(text, seed, publicKey);
    expect(hex(signature)).toBe(hex(ed25519.sign(text, seed)));
    expect(core.ed25519Verify(signature, text, publicKey).status).toBe("Ok");
  });

  property("signatures made from their equation", 300, signatureCase, ({ publicKey, signature, text }) => {
    agrees(core.ed25519Verify(signature, text, publicKey), reference.ed25519Verify(signature, text, publicKey));
  });

  property(
    "the same, bent in one bit",
    200,
    fc.tuple(signatureCase, fc.integer({ min: 0, max: 2 }), fc.nat()),
    ([{ publicKey, signature, text }, place, bit]) => {
      const [key, sig, msg] = [publicKey, signature, text].map((part, i) => (i === place ? flip(part, bit) : part)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      agrees(core.ed25519Verify(sig, msg, key), reference.ed25519Verify(sig, msg, key));
    },
  );

  property(
    "any bytes as key, R and S",
    150,
    fc.tuple(pointBytes, pointBytes, scalarBytes, message),
    ([publicKey, r, s, text]) => {
      const signature = Uint8Array.of(...r, ...s);
      agrees(core.ed25519Verify(signature, text, publicKey), reference.ed25519Verify(signature, text, publicKey));
    },
  );

  each(
    "every encoding of small order or from p up, as A and as R",
    () => [...SMALL_ENCODINGS, ...UNREDUCED_ENCODINGS, ...EDGES],
    (point) => {
      const seed = patterned(32);
      const honest = ed25519.getPublicKey(seed);
      const text = patterned(40);
      const k = toInteger(nobleSha512(Uint8Array.of(...point, ...honest, ...text))) % L;
      const asR = Uint8Array.of(...point, ...littleEndian((k * expandSeed(seed).scalar) % L, 32));
      agrees(core.ed25519Verify(asR, text, honest), reference.ed25519Verify(asR, text, honest));
      const asA = Uint8Array.of(...Point.BASE.multiply(7n).toBytes(), ...littleEndian(7n, 32));
      agrees(core.ed25519Verify(asA, text, point), reference.ed25519Verify(asA, text, point));
    },
  );

  each(
    "messages of nothing and 64 KiB",
    () => [0, LONG - 1, LONG],
    (length) => {
      const seed = patterned(32);
      const [text, publicKey] = [patterned(length), ed25519.getPublicKey(seed)];
      const signature = core.ed25519Sign(text, seed, publicKey);
      expect(hex(signature)).toBe(hex(ed25519.sign(text, seed)));
      expect(core.ed25519Verify(signature, text, publicKey).status).toBe("Ok");
      if (length > 0)
        expect(core.ed25519Verify(signature, flip(text, 8 * length - 1), publicKey).status).toBe("BadSignature");
    },
  );

  property("X25519 keys of any bytes", 150, pointBytes, (publicKey) => {
    const answer = core.x25519FromEd25519(publicKey);
    agrees(answer, reference.x25519FromEd25519(publicKey));
    if (answer.status !== "Ok") expect(untouched(answer.output)).toBe(true);
  });

  each(
    "X25519 keys of every edge",
    () => [...SMALL_ENCODINGS, ...UNREDUCED_ENCODINGS, ...EDGES],
    (publicKey) => {
      agrees(core.x25519FromEd25519(publicKey), reference.x25519FromEd25519(publicKey));
    },
  );
});

describe("ECVRF", () => {
  const evaluation = fc.tuple(keyPair, fc.uint8Array({ maxLength: 100 }));

  property("Gamma and beta", 50, evaluation, ([{ seed, publicKey }, alpha]) => {
    const made = vrf.prove(seed, publicKey, alpha);
    if (made === null) throw new Error("2^-256 has come");
    agrees(core.vrfGamma(seed, publicKey, alpha), { causes: [], output: Uint8Array.of(...made.gamma, ...made.beta) });
  });

  property("proofs", 60, evaluation, ([{ seed, publicKey }, alpha]) => {
    const made = vrf.prove(seed, publicKey, alpha);
    if (made === null) throw new Error("2^-256 has come");
    agrees(core.vrfProve(seed, publicKey, alpha), { causes: [], output: Uint8Array.of(...made.proof, ...made.beta) });
    agrees(core.vrfVerify(publicKey, made.proof, alpha), { causes: [], output: made.beta });
  });

  const checked = (publicKey: Uint8Array, proof: Uint8Array, alpha: Uint8Array): void => {
    const { causes, beta } = vrf.verify(publicKey, proof, alpha);
    const answer = core.vrfVerify(publicKey, proof, alpha);
    agrees(answer, { causes, output: beta });
    if (answer.status !== "Ok") expect(untouched(answer.output)).toBe(true);
  };

  property(
    "proofs bent in one bit, or with another s",
    80,
    fc.tuple(evaluation, fc.integer({ min: 0, max: 3 }), fc.nat(), fc.integer({ min: 1, max: 14 })),
    ([[{ seed, publicKey }, alpha], place, bit, times]) => {
      const proof = vrf.prove(seed, publicKey, alpha)?.proof ?? new Uint8Array(80);
      const [key, pi, input] = [publicKey, proof, alpha].map((part, i) => (i === place ? flip(part, bit) : part)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const s = toInteger(pi.subarray(48)) + (place === 3 ? BigInt(times) * L : 0n);
      checked(key, Uint8Array.of(...pi.subarray(0, 48), ...littleEndian(s % 2n ** 256n, 32)), input);
    },
  );

  property("proofs with parts of small order", 40, proofCase, ({ key, proof, alpha }) => {
    checked(key, proof, alpha);
  });

  property(
    "any bytes as key and proof",
    80,
    fc.tuple(pointBytes, pointBytes, bytes(16), scalarBytes, message),
    ([key, gamma, c, s, alpha]) => {
      checked(key, Uint8Array.of(...gamma, ...c, ...s), alpha);
    },
  );

  each(
    "every encoding of small order or from p up, as key and as Gamma",
    () => [...SMALL_ENCODINGS, ...UNREDUCED_ENCODINGS],
    (point) => {
      const seed = patterned(32);
      const honest = ed25519.getPublicKey(seed);
      const proof = vrf.prove(seed, honest, point)?.proof ?? new Uint8Array(80);
      checked(point, proof, point);
      checked(honest, Uint8Array.of(...point, ...proof.subarray(32)), point);
    },
  );

  each(
    "an input of nothing and of 64 KiB",
    () => [0, LONG],
    (length) => {
      const seed = patterned(32);
      const [publicKey, alpha] = [ed25519.getPublicKey(seed), patterned(length)];
      const made = vrf.prove(seed, publicKey, alpha);
      agrees(core.vrfProve(seed, publicKey, alpha), {
        causes: [],
        output: Uint8Array.of(...(made?.proof ?? []), ...(made?.beta ?? [])),
      });
      checked(publicKey, made?.proof ?? new Uint8Array(80), alpha);
    },
  );
});

describe("the differential run", () => {
  it("tried as many cases as tests/support/cases.ts says", () => {
    // What fails is tried again, smaller, so the number means nothing then.
    if (passed < counting) return;
    expect(cases).toBe(DIFFERENTIAL_CASES.now);
    expect(DIFFERENTIAL_CASES.normal).toBeGreaterThanOrEqual(2_000);
    expect(DIFFERENTIAL_CASES.nightly).toBeGreaterThanOrEqual(100_000);
  });

  it.each([
    ["open Ok", 80],
    ["open BadTag", 100],
    ["x25519 Ok", 200],
    ["x25519 SmallOrder", 14],
    ["ed25519Verify Ok", 80],
    ["ed25519Verify BadSignature", 120],
    ["ed25519Verify SmallOrder", 40],
    ["ed25519Verify BadScalar", 100],
    ["ed25519Verify BadPoint", 150],
    ["x25519FromEd25519 Ok", 60],
    ["x25519FromEd25519 BadPoint", 80],
    ["x25519FromEd25519 SmallOrder", 8],
    ["vrfVerify Ok", 62],
    ["vrfVerify BadProof", 40],
    ["vrfVerify BadScalar", 30],
    ["vrfVerify BadPoint", 60],
    ["vrfVerify SmallOrder", 8],
  ])("came to %s at least %i times", (verdict, least) => {
    if (passed < counting) return;
    expect(verdicts.get(verdict) ?? 0).toBeGreaterThanOrEqual(least);
  });
});
