/** From a region to a boot configuration: refused or lawful, and the core takes what is lawful. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../host/core/abi.gen.ts";
import { Core } from "../../host/core/core.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { type BootConfig, bootConfig, decodeBootConfig, encodeBootConfig } from "../config.ts";
import { findBoard } from "../index.ts";
import { renderBoardConfigHeader } from "../render-header.ts";
import { type RealBoard } from "../schema.ts";
import { regionalConfig, type Wanted } from "./config.ts";
import { allRegions, findRegion, RegionError, transmittingRegions } from "./index.ts";
import { judge } from "./law.ts";

const rak = findBoard("rak4631") as RealBoard;
const native = findBoard("native");
/** A board whose module reaches everything below 1 GHz. */
const wide: RealBoard = { ...rak, id: "wide", radio: { ...rak.radio, bandsMHz: [[137, 1020]] } };
const old: RealBoard = { ...wide, id: "old", radio: { ...wide.radio, chip: "SX1276" } };

let core: Core;
beforeAll(async () => {
  const wasm = readFileSync(join(repositoryRoot(), "build/core/relay.wasm"));
  const records = new Map<number, Uint8Array>();
  core = await Core.load(wasm, {
    entropy: (bytes) => (bytes.fill(7), Status.Ok),
    frame_send: () => Status.Ok,
    record_put: (key, bytes) => (records.set(key, bytes.slice()), Status.Ok),
    record_get: () => -Status.RecordMissing,
    record_delete: () => Status.Ok,
    event: () => {},
  });
});

const boots = (config: BootConfig): Status => core.boot(0n, encodeBootConfig(config));

function refusal(board: RealBoard, id: string, wanted: Wanted): string[] {
  try {
    regionalConfig(board, findRegion(id), wanted);
  } catch (error) {
    expect(error).toBeInstanceOf(RegionError);
    expect((error as RegionError).exitCode).toBe(2);
    expect((error as Error).message).toBe((error as RegionError).sentences.join("\n"));
    return [...(error as RegionError).sentences];
  }
  return [];
}

describe("the configuration of a region", () => {
  it("has its channel and its limits", () => {
    expect(regionalConfig(rak, findRegion("eu868"))).toEqual({ ...bootConfig(rak), transmitAllowed: true });
    expect(regionalConfig(rak, findRegion("eu868"), { frequencyHz: 868_300_000 })).toMatchObject({
      ...{ frequencyHz: 868_300_000, dutyPermille: 10, powerDbm: 14, dwellMs: 0, pauseMs: 0, lbtMs: 0 },
    });
    expect(regionalConfig(rak, findRegion("us915"))).toMatchObject({
      ...{ frequencyHz: 915_000_000, bandwidthHz: 500_000, spreadingFactor: 10, dutyPermille: 1000, powerDbm: 14 },
    });
    expect(regionalConfig(rak, findRegion("jp920"))).toMatchObject({
      ...{ frequencyHz: 921_400_000, dutyPermille: 1000, powerDbm: 13, dwellMs: 4000, pauseMs: 50 },
      ...{ lbtThresholdDbm: -80, lbtMs: 5 },
    });
    expect(regionalConfig(rak, findRegion("jp920"), { frequencyHz: 923_200_000 }).dutyPermille).toBe(100);
    // 400 ms hold 255 bytes at SF7 only with a short preamble; the short sense is all there is above 923.5 MHz.
    const short = { frequencyHz: 926_000_000, spreadingFactor: 7, preambleSymbols: 8 };
    expect(regionalConfig(rak, findRegion("jp920"), short)).toMatchObject({
      ...{ dwellMs: 400, pauseMs: 2, lbtMs: 1, dutyPermille: 100, preambleSymbols: 8 },
    });
    expect(regionalConfig(rak, findRegion("kr920"))).toMatchObject({ lbtThresholdDbm: -65, lbtMs: 6, powerDbm: 11 });
  });

  it("takes the antenna off the power unless a power is asked for", () => {
    expect(regionalConfig(rak, findRegion("eu868"), { frequencyHz: 868_300_000, antennaGainDbi: 6 }).powerDbm).toBe(10);
    expect(regionalConfig(rak, findRegion("eu868"), { antennaGainDbi: 6 }).powerDbm).toBe(14);
    expect(regionalConfig(rak, findRegion("eu868"), { antennaGainDbi: 6, powerDbm: 22 }).powerDbm).toBe(22);
    expect(refusal(rak, "eu868", { antennaGainDbi: 8, powerDbm: 22 })[0]).toContain("use at most 21.1 dBm");
  });

  it("is baked into a board's header", () => {
    const config = regionalConfig(rak, findRegion("jp920"));
    const bytes = [...encodeBootConfig(config)].map((byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(", ");
    expect(renderBoardConfigHeader(rak, config)).toContain(`#define MEHR_BOOT_CONFIG_BYTES {${bytes}}`);
    expect(renderBoardConfigHeader(rak, config)).not.toBe(renderBoardConfigHeader(rak));
  });
});

describe("what is refused", () => {
  it.each([
    [
      "eu433",
      {},
      "eu433: board rak4631 is made for 863-928 MHz, and 433.775 MHz is not in it; take a board with that band, or a region other than eu433.",
    ],
    [
      "in865",
      {},
      "in865: India 865-868 MHz is receive-only: the rules of 2021 ask for hopping over 58 channels (table I) or for adaptive power control (table II), and a relay has neither; the 1 W of the rules of 2005, which peers use, was for RFID and is superseded; take the region the station stands in, or build without --region and only listen.",
    ],
    [
      "eu868",
      { powerDbm: 24 },
      "eu868: 24 dBm is more than the 22 dBm of the SX1262 on board rak4631; use at most 22 dBm.",
    ],
    [
      "eu868",
      { bandwidthHz: 100_000 },
      "eu868: the SX1262 on board rak4631 has no LoRa bandwidth of 100 kHz; use one of 7.81, 10.42, 15.63, 20.83, 31.25, 41.67, 62.5, 125, 250, 500 kHz.",
    ],
    [
      "eu868",
      { frequencyHz: 869_000_000, spreadingFactor: 10 },
      "eu868: a packet in two frames of 255 bytes is 4755.5 ms on the air, more than four fifths (2.88 s) of the hour of sub-band N; use a lower spreading factor, a wider channel, or a sub-band with more of the hour (EN 300 220-2 V3.2.1 table B.1 band N, EN 300 220-1 V3.1.1 section 5.4.1).",
    ],
    [
      "jp920",
      { frequencyHz: 926_000_000, spreadingFactor: 7, preambleSymbols: 18 },
      "jp920: a frame of 255 bytes is 409.9 ms on the air, longer than the 400 ms of one transmission; use a preamble of 8 symbols (MPT Notice 49 of 1989 (Japan) as amended, carrier sense and transmission times at 920 MHz).",
    ],
  ])("%s %j", (id, wanted, sentence) => {
    expect(refusal(rak, id, wanted)).toEqual([sentence]);
  });

  it("all of it at once", () => {
    const told = refusal(rak, "eu868", { frequencyHz: 868_650_000, powerDbm: 30, bandwidthHz: 130_000 });
    expect(told.map((one) => one.split(";")[0])).toEqual([
      "eu868: 868.65 MHz with 130 kHz reaches into 868.6-868.7 MHz, which is closed: it is for alarms, in channels of 25 kHz",
      "eu868: 30 dBm is more than the 22 dBm of the SX1262 on board rak4631",
      "eu868: the SX1262 on board rak4631 has no LoRa bandwidth of 130 kHz",
    ]);
  });

  it("an antenna with so much gain that the chip cannot be quiet enough", () => {
    expect(refusal(rak, "kr920", { antennaGainDbi: 30 })).toEqual([
      "kr920: -16 dBm is less than the -9 dBm the SX1262 on board rak4631 can be set to; use an antenna with less gain.",
    ]);
    expect(refusal(old, "jp920", { antennaGainDbi: 15 })[0]).toContain("1 dBm is less than the 2 dBm the SX1276");
  });

  it("every region that only receives, on every board", () => {
    for (const region of allRegions().filter((one) => !transmittingRegions().includes(one))) {
      expect(refusal(wide, region.id, {})[0], region.id).toContain("is receive-only");
      expect(() => regionalConfig(native, region)).toThrow(RegionError);
    }
  });
});

it("whatever comes out is lawful: by the law itself, by the record, and by the core", () => {
  const wanted = fc.record(
    {
      frequencyHz: fc.integer({ min: -40, max: 40 }),
      bandwidthHz: fc.constantFrom(62_500, 125_000, 250_000, 500_000),
      spreadingFactor: fc.integer({ min: 5, max: 12 }),
      codingRate: fc.integer({ min: 5, max: 8 }),
      preambleSymbols: fc.integer({ min: 6, max: 40 }),
      powerDbm: fc.integer({ min: -9, max: 22 }),
      antennaGainDbi: fc.integer({ min: -20, max: 120 }).map((tenths) => tenths / 10),
    },
    { requiredKeys: [] },
  );
  let lawful = 0;
  const unlawful = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...allRegions()), fc.constantFrom(wide, old, native), wanted, (region, board, want) => {
      const shift = want.frequencyHz;
      const frequencyHz = shift === undefined ? undefined : region.channel.frequencyHz + shift * 25_000;
      let config: BootConfig;
      try {
        config = regionalConfig(board, region, { ...want, frequencyHz });
      } catch (error) {
        for (const sentence of (error as RegionError).sentences) {
          expect(sentence).toMatch(/^[a-z0-9-]+: .+; .+\.$/);
          unlawful.add(region.id);
        }
        return;
      }
      lawful++;
      const { powerDbm, ...channel } = config;
      const antennaGainDbi = want.antennaGainDbi ?? 2.15;
      const decision = judge({ region, channel, powerDbm, size: 255, antennaGainDbi });
      expect(decision.refusals).toEqual([]);
      const { band } = decision;
      expect(config.dutyPermille).toBe(band?.duty?.permille ?? 1000);
      expect(config.dwellMs).toBe(band?.dwell?.ms ?? 0);
      expect(config.pauseMs).toBe(band?.pause?.ms ?? 0);
      expect([config.lbtThresholdDbm, config.lbtMs]).toEqual(band?.lbt ? [band.lbt.thresholdDbm, band.lbt.ms] : [0, 0]);
      expect(decodeBootConfig(encodeBootConfig(config))).toEqual(config);
      expect(boots(config)).toBe(Status.Ok);
    }),
    { numRuns: 1500 },
  );
  expect(lawful).toBeGreaterThan(100);
  expect(unlawful.size).toBe(allRegions().length);
});

it("the core refuses what the link-frame and dwell rules here refuse", () => {
  const lawful = regionalConfig(rak, findRegion("eu868"), { frequencyHz: 869_000_000 });
  expect(boots(lawful)).toBe(Status.Ok);
  expect(boots({ ...lawful, spreadingFactor: 10 })).toBe(Status.ConfigUnlawful);
  const japan = regionalConfig(rak, findRegion("jp920"), {
    ...{ frequencyHz: 926_000_000, spreadingFactor: 7, preambleSymbols: 8 },
  });
  expect(boots(japan)).toBe(Status.Ok);
  expect(boots({ ...japan, preambleSymbols: 18 })).toBe(Status.ConfigUnlawful);
});
