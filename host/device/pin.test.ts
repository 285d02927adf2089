import { scryptSync } from "node:crypto";
import { expect, it } from "vitest";
import { pinKey } from "./pin.ts";

it("is scrypt of the PIN, whichever way its letters are composed", async () => {
  const salt = new Uint8Array(16).fill(7);
  const expected = scryptSync("gr\u00fcn 12", salt, 32, { N: 2 ** 14, r: 8, p: 1, maxmem: 2 ** 26 });
  for (const pin of ["gr\u00fcn 12", "gru\u0308n 12"])
    expect(Buffer.from(await pinKey(pin, salt, 14))).toEqual(expected);
});

it("is not made for a board that wants it cheap to guess, or dear enough to stop this machine", () => {
  for (const logN of [0, 1, 13, 21, 255]) {
    expect(() => pinKey("1234", new Uint8Array(16), logN)).toThrow(
      /^The board wants its PIN hashed with N = 2\^\d+, and/,
    );
  }
});
