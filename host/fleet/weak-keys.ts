/**
 * Public keys whose private key anybody can know, or has none: what a device with a broken random number generator, or
 * with firmware that never asked it, would present.
 *
 * It cannot catch a key from a generator that is merely poor (few bits, but not these), a key of another batch that
 * shares its seed (the fleet's lock catches it within the fleet), or one that was copied.
 */
import { createPrivateKey } from "node:crypto";

/** The field prime, the curve's d and the order of the base point (RFC 8032 section 5.1). */
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Integers from 0 that are tried as a seed, in each of the ways a seed is filled from one. */
const SMALL = 256;

/** Public keys of RFC 8032 sections 7.1 to 7.3: everybody has their secret keys. */
const PUBLISHED = [
  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
  "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
  "dfc9425e4f968f7f0c29f0259cf5f9aed6851c2bb4ad8bfb860cfee0ab248292",
  "0f1d1274943b91415889152e893d80e93275a1fc0b65fd71b4b0dda10ad7d772",
];

type Point = readonly [bigint, bigint, bigint];

/** Why a public key (32 bytes) must not be trusted, as a clause; undefined if nothing is known against it. */
export function weakness(publicKey: Uint8Array): string | undefined {
  const point = decode(publicKey);
  if (typeof point === "string") return point;
  if (isNeutral(multiply(8n, point)))
    return "it is a point of small order, with which anybody's signature would be valid";
  if (!isNeutral(multiply(L, point))) return "it lies outside the group of Ed25519, where no key is ever made";
  return knownKeys().get(Buffer.from(publicKey).toString("hex"));
}

/** RFC 8032 section 5.1.3. */
function decode(bytes: Uint8Array): Point | string {
  const word = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  const y = word & (2n ** 255n - 1n);
  const sign = word >> 255n;
  if (y >= P) return "it is not written in its one right way (y is not below 2^255 - 19)";
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * power(v, 3n) * power(mod(u * power(v, 7n)), (P - 5n) / 8n));
  const check = mod(v * x * x);
  if (check !== u) {
    if (check !== mod(-u)) return "it is no point of the curve";
    x = mod(x * power(2n, (P - 1n) / 4n));
  }
  if (x === 0n && sign === 1n) return "it is not written in its one right way (x is 0 with its sign set)";
  return [(x & 1n) === sign ? x : mod(-x), y, 1n];
}

/** The unified addition of twisted Edwards curves with a = -1 in projective coordinates (RFC 8032 section 5.1.4). */
function add([x1, y1, z1]: Point, [x2, y2, z2]: Point): Point {
  const a = mod(z1 * z2);
  const b = mod(a * a);
  const c = mod(x1 * x2);
  const d = mod(y1 * y2);
  const e = mod(D * c * d);
  const f = mod(b - e);
  const g = mod(b + e);
  const x = mod(a * f * ((x1 + y1) * (x2 + y2) - c - d));
  return [x, mod(a * g * (d + c)), mod(f * g)];
}

/** Not in constant time: public keys are no secret. */
function multiply(scalar: bigint, point: Point): Point {
  let sum: Point = [0n, 1n, 1n];
  for (const bit of scalar.toString(2)) {
    sum = add(sum, sum);
    if (bit === "1") sum = add(sum, point);
  }
  return sum;
}

function isNeutral([x, y, z]: Point): boolean {
  return x === 0n && y === z;
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), left = exponent; left > 0n; left >>= 1n, square = mod(square * square)) {
    if (left & 1n) result = mod(result * square);
  }
  return result;
}

/** Seeds that no generator that works gives, each with what would make it. */
export function* weakSeeds(): Generator<readonly [Buffer, string]> {
  for (let byte = 0; byte < 256; byte++) {
    const why = byte === 0 ? "zeros, from a random number generator that was off" : "one byte over and over";
    yield [Buffer.alloc(32, byte), why];
    yield [bytesOf((i) => byte + i), "bytes that count up"];
    yield [bytesOf((i) => byte - i), "bytes that count down"];
  }
  for (let n = 0; n < SMALL; n++) {
    const little = Buffer.alloc(32);
    little.writeUInt32LE(n);
    yield [little, "a small number"];
    yield [Buffer.from(little).reverse(), "a small number"];
    yield [words((i) => n + i), "a counter of 32 bits"];
    yield [swapped(words((i) => n + i)), "a counter of 32 bits"];
    yield [words(() => n), "one word of 32 bits over and over"];
    yield [swapped(words(() => n)), "one word of 32 bits over and over"];
    yield [bytesOf(newlibRand(n)), "rand() of the C library with a small number as its seed"];
  }
}

function words(word: (index: number) => number): Buffer {
  const seed = Buffer.alloc(32);
  for (let i = 0; i < 8; i++) seed.writeUInt32LE(word(i) >>> 0, 4 * i);
  return seed;
}

function swapped(seed: Buffer): Buffer {
  return Buffer.from(seed).swap32();
}

function bytesOf(byte: (index: number) => number): Buffer {
  return Buffer.from(Array.from({ length: 32 }, (_, i) => byte(i) & 0xff));
}

/** rand() of newlib, the C library of these boards: the upper half of Knuth's 64-bit linear congruential generator. */
function newlibRand(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1n);
    return Number((state >> 32n) & 0x7fff_ffffn);
  };
}

let known: Map<string, string> | undefined;

function knownKeys(): Map<string, string> {
  if (known === undefined) {
    known = new Map(PUBLISHED.map((key) => [key, "its private key is printed in RFC 8032"]));
    for (const [seed, why] of weakSeeds()) {
      const key = publicKeyOf(seed);
      if (!known.has(key)) known.set(key, `its private key is made from ${why}`);
    }
  }
  return known;
}

/** The Ed25519 public key of a seed, hex. As a JWK, which OpenSSL takes ten times as fast as PKCS #8. */
export function publicKeyOf(seed: Uint8Array): string {
  const jwk = { kty: "OKP", crv: "Ed25519", d: Buffer.from(seed).toString("base64url"), x: "" };
  const { x } = createPrivateKey({ key: jwk, format: "jwk" }).export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url").toString("hex");
}
