import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { formulaCore } from "../host/sim/relay-core.ts";
import { repositoryRoot } from "../toolchain/paths.ts";
import { airtimeUs, longestFrame, type Modulation } from "./airtime.ts";

const at = (spreadingFactor: number, khz: number, preambleSymbols = 8, codingRate = 5): Modulation => ({
  bandwidthHz: khz * 1000,
  spreadingFactor,
  codingRate,
  preambleSymbols,
});

describe("time on air", () => {
  // Checked by others against RadioLib's golden values; preamble 8, 4/5, explicit header, CRC. ms to a tenth.
  it.each([
    [7, 125, [56.6, 118.0, 215.3, 399.6]],
    [7, 250, [28.3, 59.0, 107.6, 199.8]],
    [8, 62.5, [205.8, 431.1, 758.8, 1414.1]],
    [8, 500, [25.7, 53.9, 94.8, 176.8]],
    [9, 125, [185.3, 390.1, 676.9, 1250.3]],
    [10, 125, [370.7, 698.4, 1230.8, 2295.8]],
    [11, 250, [329.7, 657.4, 1148.9, 2091.0]],
    [12, 125, [1318.9, 2793.5, 4923.4, 9019.4]],
  ])("SF%i at %f kHz", (sf, khz, expected) => {
    expect([20, 64, 128, 255].map((size) => Math.round(airtimeUs(at(sf, khz), size) / 100) / 10)).toEqual(expected);
  });

  it("is what was measured on hardware: SF12, 125 kHz, 4/8, 60 bytes", () => {
    expect(airtimeUs(at(12, 125, 8, 8), 60)).toBe(3_809_280);
  });

  it("refuses a size no frame has", () => {
    for (const size of [-1, 256, 1.5, NaN]) expect(() => airtimeUs(at(8, 125), size)).toThrow(RangeError);
  });

  it("equals the core's, microsecond by microsecond", () => {
    const core = formulaCore(new WebAssembly.Module(readFileSync(join(repositoryRoot(), "build/core/relay.wasm"))));
    const modulation = fc.record({
      bandwidthHz: fc.oneof(
        fc.constantFrom(7_810, 10_420, 41_670, 62_500, 125_000, 250_000, 500_000, 812_500, 1_625_000),
        // At these a symbol of some spreading factor takes exactly 16 ms.
        fc.constantFrom(8_000, 16_000, 32_000, 64_000, 128_000, 256_000),
        fc.integer({ min: 7_800, max: 1_625_000 }),
      ),
      spreadingFactor: fc.integer({ min: 5, max: 12 }),
      codingRate: fc.integer({ min: 5, max: 8 }),
      preambleSymbols: fc.oneof(fc.integer({ min: 6, max: 64 }), fc.integer({ min: 6, max: 65_535 })),
    });
    fc.assert(
      fc.property(modulation, fc.integer({ min: 0, max: 255 }), (one, size) => {
        const { spreadingFactor, bandwidthHz, codingRate, preambleSymbols } = one;
        expect(airtimeUs(one, size)).toBe(
          Number(core.airtimeUs(spreadingFactor, bandwidthHz, codingRate, preambleSymbols, size)),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the longest frame", () => {
  it.each([
    [125, [255, 138, 66, 24, 0, undefined]],
    [250, [255, 255, 156, 74, 27, 0]],
    [500, [255, 255, 255, 174, 82, 30]],
  ])("within 400 ms at %i kHz, SF7 to SF12", (khz, expected) => {
    expect([7, 8, 9, 10, 11, 12].map((sf) => longestFrame(at(sf, khz), 400_000))).toEqual(expected);
  });

  it("within Japan's 4 s", () => {
    expect([11, 12].map((sf) => longestFrame(at(sf, 125), 4_000_000))).toEqual([198, 100]);
  });
});

test("frames of 255 bytes in an hour of 1 and 10 %", () => {
  const frames = (modulation: Modulation) =>
    [10, 100].map((permille) => Math.floor((permille * 3_600_000) / airtimeUs(modulation, 255)));
  expect(frames(at(7, 125))).toEqual([90, 900]);
  expect(frames(at(7, 250))).toEqual([180, 1801]);
  expect(frames(at(8, 62.5))).toEqual([25, 254]);
  expect(frames(at(8, 500))).toEqual([203, 2036]);
  expect(frames(at(9, 125))).toEqual([28, 287]);
  expect(frames(at(10, 125))).toEqual([15, 156]);
  expect(frames(at(11, 250))).toEqual([17, 172]);
  expect(frames(at(12, 125))).toEqual([3, 39]);
});
