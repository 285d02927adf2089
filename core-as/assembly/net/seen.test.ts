import { beforeEach, describe, expect, it } from "vitest";
import { type Internals, internals } from "../../../tests/support/internals.ts";

let core: Internals;
let last = 0n;
beforeEach(async () => {
  core = await internals();
  core.call("seenReset");
  last = 0n;
});

/** As a call at `now` does it: first what is too old goes. */
function before(number: number, now: bigint): boolean {
  return first(number, now) >= 0;
}

/** The link by which it came first, or -1 if this is the first time. */
function first(number: number, now: bigint, link = 3): number {
  core.call("seenExpire", now, last);
  last = now;
  core.bytes.fill(0, 0, 8);
  new DataView(core.bytes.buffer, core.bytes.byteOffset).setUint32(0, number, true);
  return core.call("seenBefore", core.arena, link, now);
}

describe("the seen-cache", () => {
  it("remembers a packet for 60 s", () => {
    expect(before(1, 1n)).toBe(false);
    expect(before(1, 2n)).toBe(true);
    expect(before(2, 30_000n)).toBe(false);
    expect(before(1, 60_000n)).toBe(true);
    expect(before(1, 60_001n)).toBe(false);
    expect(core.call("seenCount")).toBe(2);
  });

  it("tells by which link a packet came first, whatever the time", () => {
    for (const now of [1n, (1n << 24n) - 1n, (1n << 32n) - 30_000n]) {
      expect(first(1, now, 255)).toBe(-1);
      expect(first(2, now + 1n, 0)).toBe(-1);
      expect(first(1, now + 59_999n, 2)).toBe(255);
      expect(first(2, now + 60_000n, 7)).toBe(0);
      expect(first(1, now + 60_000n, 7)).toBe(-1);
      expect(first(1, now + 60_001n, 2)).toBe(7);
    }
  });

  it("forgets after a long silence, even one that brings the bits of the clock it keeps back to where they were", () => {
    expect(before(1, 5n)).toBe(false);
    expect(before(1, 5n + (1n << 24n))).toBe(false);
  });

  it("remembers 128 at a time, the oldest giving way", () => {
    for (let number = 0; number < 128; number++) expect(before(number, 1n)).toBe(false);
    expect(before(0, 1n)).toBe(true);
    expect(before(128, 1n)).toBe(false);
    expect(before(1, 1n)).toBe(true);
    expect(before(0, 1n)).toBe(false);
    expect(core.call("seenCount")).toBe(128);
  });
});
