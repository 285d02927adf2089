import { beforeAll, describe, expect, it } from "vitest";
import { RoutingNode } from "../../../tests/support/routing.ts";

let core: RoutingNode;
beforeAll(async () => {
  core = await RoutingNode.make();
});

const costAdd = (code: number, price: number): number => core.call("costAdd", code, price);

describe("cost code", () => {
  it.each([
    [0, 0],
    [1, 16],
    [2, 25],
    [6, 45],
    [10, 55],
    [11, 57],
    [42, 87],
    [50, 91],
    [100, 107],
    [1000, 159],
    [1_000_000, 319],
    [0xffffffff, 512],
  ])("of a price of %i is %i", (price, code) => {
    expect(costAdd(0, price)).toBe(code);
  });

  it("of 2^64 - 1 is 1024", () => {
    expect(core.call("logCode", 0xffffffffffffffffn, 16)).toBe(1024);
  });

  it("of six hops of 11 micro-MHR/KiB, and stalls at 144 from hop 40 on", () => {
    const codes = [0];
    for (let hop = 1; hop <= 60; hop++) codes.push(costAdd(codes[hop - 1] ?? 0, 11));
    expect(codes.slice(1, 7)).toEqual([57, 72, 81, 88, 93, 97]);
    expect(codes[39]).toBe(143);
    expect(new Set(codes.slice(40))).toEqual(new Set([144]));
  });

  it("407 and a price of 995065 stay 407 by the integer rule", () => {
    expect(costAdd(407, 995_065)).toBe(407);
  });

  it("never falls, whatever is added, and nothing moves it from 752 on or above 1024", () => {
    for (let code = 0; code < 1100; code++) {
      for (const price of [0, 1, 1000, 0xffffffff]) {
        const sum = costAdd(code, price);
        expect(sum).toBeGreaterThanOrEqual(Math.min(code, 1024));
        if (price === 0 || code >= 752) expect(sum).toBe(Math.min(code, 1024));
      }
    }
    expect(costAdd(0xffff, 7)).toBe(1024);
  });

  it("agrees with floating point for 400,000 prices", () => {
    let checked = 0;
    const check = (price: number): void => {
      const exact = 16 * Math.log2(price + 1);
      // Nearer to a half than doubles resolve: digest 1 gives the integer rule the last word.
      if (Math.abs(exact - Math.floor(exact) - 0.5) < 1e-9) return;
      checked++;
      if (costAdd(0, price) !== Math.round(exact)) expect(`${price} -> ${costAdd(0, price)}`).toBe(Math.round(exact));
    };
    for (let price = 0; price < 200_000; price++) check(price);
    for (let k = 0; k < 200_100; k++) check((Math.imul(k, 2654435761) >>> 0) % 0xffffffff);
    expect(checked).toBeGreaterThan(400_000);
  });

  it("decodes to 2^(code/16) - 1 within 2^-16", () => {
    for (let code = 0; code <= 512; code++) {
      const exact = 2 ** (code / 16) - 1;
      expect(Math.abs(core.call("costValue", code) / 65536 - exact)).toBeLessThanOrEqual((exact + 1) / 65536);
    }
  });
});

describe("the thresholds between codes", () => {
  it.each([16, 8])("are floor(2^(31 + (2k + 1) / 2K)) exactly, K = %i", (steps) => {
    for (let k = 0; k < steps; k++) {
      const power = 2n ** BigInt(31 * 2 * steps + 2 * k + 1);
      let at = BigInt(Math.floor(2 ** (31 + (2 * k + 1) / (2 * steps))));
      while (at ** BigInt(2 * steps) > power) at--;
      while ((at + 1n) ** BigInt(2 * steps) <= power) at++;
      expect(core.call("logCode", at, steps)).toBe(31 * steps + k);
      expect(core.call("logCode", at + 1n, steps)).toBe(31 * steps + k + 1);
    }
  });
});

describe("rate code", () => {
  it.each([
    [0, 0],
    [1, 0],
    [300, 66],
    [1000, 80],
    [1200, 82],
    [5470, 99],
    [50_000, 125],
    [1_000_000, 159],
    [100_000_000, 213],
    [1_000_000_000, 239],
    [3_940_000_000, 255],
    [0xffffffff, 255],
  ])("of %i bps is %i", (bps, code) => {
    expect(core.call("rateCode", bps)).toBe(code);
  });

  it("agrees with floating point for 400,000 rates", () => {
    for (let k = 1; k <= 400_000; k++) {
      const bps = k <= 200_000 ? k : Math.imul(k, 2654435761) >>> 0;
      const exact = 8 * Math.log2(bps);
      if (bps === 0 || Math.abs(exact - Math.floor(exact) - 0.5) < 1e-9) continue;
      const code = core.call("rateCode", bps);
      if (code !== Math.min(255, Math.round(exact))) expect(`${bps} -> ${code}`).toBe(Math.round(exact));
    }
  });
});

describe("ring distance", () => {
  const distance = (a: string, b: string): bigint => {
    const at = core.put(Buffer.from(a + b, "hex"));
    core.call("ringDistance", core.out, at, at + 16);
    const words = Buffer.from(core.read(core.out, 16));
    return (words.readBigUInt64LE(0) << 64n) | words.readBigUInt64LE(8);
  };
  const zeros = "0".repeat(31);

  it("of ff..ff and 00..01 is 2", () => {
    expect(distance("f".repeat(32), `${zeros}1`)).toBe(2n);
    expect(distance(`${zeros}1`, "f".repeat(32))).toBe(2n);
  });

  it("is that of the big-endian numbers, the shorter way round", () => {
    let seed = 1n;
    const next = (): bigint => (seed = (seed * 6364136223846793005n + 1442695040888963407n) & ((1n << 128n) - 1n));
    const hex = (n: bigint): string => n.toString(16).padStart(32, "0");
    const values = [0n, 1n, 1n << 63n, 1n << 64n, 1n << 127n, (1n << 127n) + 1n, (1n << 128n) - 1n];
    for (let k = 0; k < 500; k++) values.push(next());
    const pairs = values.flatMap((a, k) =>
      [...values.slice(0, 7), values[(k * 31 + 7) % values.length] ?? 0n].map((b) => [a, b] as const),
    );
    for (const [a, b] of pairs) {
      const d = a > b ? a - b : b - a;
      const other = (1n << 128n) - d;
      expect(distance(hex(a), hex(b))).toBe(d < other ? d : other);
    }
  });
});
