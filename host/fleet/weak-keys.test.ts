import { randomBytes } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { RFC8032 } from "../../tests/vectors/rfc8032.ts";
import { publicKeyOf, weakness, weakSeeds } from "./weak-keys.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const { Point } = ed25519;

/** Encodings of the eight points of order 1, 2, 4 and 8, from a generator of them that noble finds. */
function torsion(): string[] {
  for (let y = 2n; ; y++) {
    const text = Buffer.from(y.toString(16).padStart(64, "0"), "hex").reverse().toString("hex");
    let point;
    try {
      point = Point.fromHex(text);
    } catch {
      continue;
    }
    // L times any point has an order that divides 8.
    const small = point.multiplyUnsafe(Point.Fn.ORDER - 1n).add(point);
    const all = [small];
    for (let i = 1; i < 8; i++) all.push((all.at(-1) as typeof small).add(small));
    const encoded = [...new Set(all.map((one) => one.toHex()))];
    if (encoded.length === 8) return encoded;
  }
}

describe("weak keys", () => {
  it("are not those of a working generator", () => {
    for (let i = 0; i < 20; i++) expect(weakness(bytes(publicKeyOf(randomBytes(32))))).toBeUndefined();
  });

  it("agree with another implementation about which key a seed has", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        expect(publicKeyOf(seed)).toBe(Buffer.from(ed25519.getPublicKey(seed)).toString("hex"));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ["zeros", Buffer.alloc(32), "zeros, from a random number generator that was off"],
    ["ones", Buffer.alloc(32, 0xff), "one byte over and over"],
    ["00 01 02 ...", Buffer.from(Array.from({ length: 32 }, (_, i) => i)), "bytes that count up"],
    ["1 as a number", Buffer.from([1, ...new Uint8Array(31)]), "a small number"],
    ["200 as a big-endian number", Buffer.from([...new Uint8Array(31), 200]), "a small number"],
    ["a counter", Buffer.from(Uint32Array.from([7, 8, 9, 10, 11, 12, 13, 14]).buffer), "a counter of 32 bits"],
    [
      "0x2a over and over, as words",
      Buffer.from(new Uint32Array(8).fill(42).buffer),
      "one word of 32 bits over and over",
    ],
  ])("are those of %s", (_what, seed, why) => {
    expect(weakness(ed25519.getPublicKey(seed))).toBe(`its private key is made from ${why}`);
  });

  it("are those of the C library's rand() with seed 1", () => {
    // The first values of newlib's rand(): 64-bit LCG, bits 32 to 62 (newlib/libc/stdlib/rand.c).
    let state = 1n;
    const seed = Array.from({ length: 32 }, () => {
      state = (state * 0x5851f42d4c957f2dn + 1n) & 0xffff_ffff_ffff_ffffn;
      return Number((state >> 32n) & 0xffn);
    });
    expect(weakness(ed25519.getPublicKey(Buffer.from(seed)))).toMatch(/rand\(\) of the C library/);
  });

  it("are those printed in RFC 8032", () => {
    const keys = RFC8032.filter(({ primitive }) => primitive === "Ed25519PublicKey").map(({ output }) => output);
    expect(keys.length).toBeGreaterThanOrEqual(5);
    for (const key of keys) expect(weakness(bytes(String(key)))).toBe("its private key is printed in RFC 8032");
  });

  it("are the eight points of small order", () => {
    const points = torsion();
    expect(points.length).toBe(8);
    for (const point of points) expect(weakness(bytes(point))).toMatch(/small order/);
  });

  it("are points outside the prime-order group, and encodings that are none", () => {
    const [mixed] = torsion().filter((point) => !Point.fromHex(point).is0());
    const key = Point.fromBytes(ed25519.getPublicKey(randomBytes(32))).add(Point.fromHex(mixed as string));
    expect(weakness(key.toBytes())).toMatch(/outside the group/);
    // y = p + 1 is y = 1 written otherwise; y = 2^255 - 1.
    expect(weakness(bytes(`ee${"ff".repeat(30)}7f`))).toMatch(/one right way/);
    expect(weakness(bytes(`${"ff".repeat(31)}7f`))).toMatch(/one right way/);
    // The neutral point with the sign of x set.
    expect(weakness(bytes(`01${"00".repeat(30)}80`))).toMatch(/one right way/);
    expect(weakness(bytes(`02${"00".repeat(31)}`))).toBe("it is no point of the curve");
  });

  it("agree with another implementation about which encodings are points", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
        let sound = true;
        try {
          sound = Point.fromBytes(key).isTorsionFree();
        } catch {
          sound = false;
        }
        expect(weakness(key) === undefined).toBe(sound);
      }),
      { numRuns: 100 },
    );
  });

  it("come from seeds of 32 bytes", () => {
    for (const [seed] of weakSeeds()) expect(seed.length).toBe(32);
  });
});
