import { beforeAll, describe, expect, it } from "vitest";
import { type Internals, internals } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const A = 0;
const B = 1001;

const equal = (length: number): number => core.call("equal", core.arena + A, core.arena + B, length);

describe("equal", () => {
  it("sees every bit of a difference at every position", () => {
    for (let length = 1; length <= 40; length++) {
      for (let i = 0; i < length; i++) core.bytes[A + i] = core.bytes[B + i] = (i * 37 + length) & 0xff;
      for (let bit = 0; bit < length * 8; bit++) {
        const at = B + (bit >> 3);
        const byte = core.bytes[at] ?? 0;
        core.bytes[at] = byte ^ (1 << (bit & 7));
        expect(equal(length), `bit ${bit} of ${length} bytes`).toBe(0);
        core.bytes[at] = byte;
      }
      expect(equal(length)).toBe(1);
    }
  });

  it("sees differences that cancel out when added or XORed", () => {
    core.bytes.fill(0, A, A + 16);
    core.bytes.fill(0, B, B + 16);
    core.bytes[B + 3] = 0x80;
    core.bytes[B + 9] = 0x80;
    expect(equal(16)).toBe(0);
  });

  it("looks at nothing behind the length, and finds no difference in no bytes", () => {
    core.bytes.fill(0x5a, A, A + 32);
    core.bytes.fill(0x5a, B, B + 16);
    core.bytes.fill(0xa5, B + 16, B + 32);
    expect(equal(16)).toBe(1);
    expect(equal(17)).toBe(0);
    expect(core.call("equal", core.arena + A, core.arena + B + 16, 0)).toBe(1);
  });
});

describe("wipe", () => {
  it("clears exactly the bytes named", () => {
    for (const length of [0, 1, 7, 32, 100]) {
      core.bytes.fill(0xaa, A, A + 200);
      core.call("wipe", core.arena + A + 50, length);
      const expected = new Uint8Array(200).fill(0xaa).fill(0, 50, 50 + length);
      expect(core.bytes.slice(A, A + 200)).toEqual(expected);
    }
  });
});
