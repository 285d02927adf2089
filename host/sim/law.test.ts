import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { transmittingRegions } from "../../boards/regions/index.ts";
import type { Phy } from "../radio/channel.ts";
import { HOUR_MS, LAWS, type Law, Regulator, type SubBand } from "./law.ts";

const PHY: Phy = {
  frequencyHz: 869_525_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  preamble: 18,
  powerDbm: 14,
  syncWord: 0x12,
};

const eu = LAWS.eu868 as Law;

/** 10 % of an hour. */
const ALLOWED_MS = 360_000;

function watch(transmissions: readonly (readonly [startMs: number, lengthMs: number])[]): Regulator {
  const regulator = new Regulator(eu);
  for (const [start, length] of transmissions) regulator.transmission(0, PHY, start, length * 1000);
  regulator.finish();
  return regulator;
}

describe("the regulator", () => {
  it("allows exactly the share of an hour, and not a millisecond more", () => {
    const slices = Array.from({ length: 360 }, (_, i) => [i * 10_000, 1000] as const);
    expect(watch(slices).violations).toEqual([]);
    // The 361st begins an hour after the first: as much leaves the window as enters.
    expect(watch([...slices, [HOUR_MS, 1000]]).violations).toEqual([]);
    const early = watch([...slices, [HOUR_MS - 1, 1000]]);
    expect(early.violations).toEqual([
      { station: 0, kind: "duty", fromMs: 999, toMs: HOUR_MS + 999, used: ALLOWED_MS + 1, allowed: ALLOWED_MS },
    ]);
    expect(early.worst()).toEqual({ station: 0, usedMs: ALLOWED_MS + 1 });
  });

  it("sees what a count by fixed hours misses", () => {
    // 6 minutes at the end of one clock hour and 6 at the beginning of the next.
    const { violations } = watch([
      [HOUR_MS - ALLOWED_MS, ALLOWED_MS],
      [HOUR_MS, ALLOWED_MS],
    ]);
    expect(violations).toHaveLength(1);
    expect(violations[0]?.used).toBe(2 * ALLOWED_MS);
  });

  it("counts only what was sent when the power cut the transmission short", () => {
    const regulator = new Regulator(eu);
    regulator.transmission(0, PHY, 0, (ALLOWED_MS + 5) * 1000);
    regulator.cut(0, 0, ALLOWED_MS);
    regulator.finish();
    expect(regulator.violations).toEqual([]);
    // A cut that belongs to another transmission changes nothing.
    const other = new Regulator(eu);
    other.transmission(0, PHY, 0, (ALLOWED_MS + 5) * 1000);
    other.cut(0, 7, 10);
    other.finish();
    expect(other.violations).toHaveLength(1);
  });

  it("lists one violation for windows that overlap, with the worst of them, and another for a later one", () => {
    const burst = (at: number) => [[at, ALLOWED_MS + 10] as const, [at + ALLOWED_MS + 20, 5] as const];
    const { violations } = watch([...burst(0), ...burst(3 * HOUR_MS)]);
    expect(violations.map(({ used }) => used)).toEqual([ALLOWED_MS + 15, ALLOWED_MS + 15]);
  });

  it("keeps stations and sub-bands apart", () => {
    const regulator = new Regulator(eu);
    const low = { ...PHY, frequencyHz: 868_300_000 };
    regulator.transmission(0, PHY, 0, ALLOWED_MS * 1000);
    regulator.transmission(1, PHY, 0, ALLOWED_MS * 1000);
    // 1 % there.
    regulator.transmission(0, low, ALLOWED_MS, 36_000_000);
    regulator.finish();
    expect(regulator.violations).toEqual([]);
    regulator.transmission(0, low, 2 * ALLOWED_MS, 1000);
    regulator.finish();
    expect(regulator.violations.map(({ allowed }) => allowed)).toEqual([36_000]);
  });

  it("watches power, dwell time and the edges of the sub-band", () => {
    const regulator = new Regulator(eu);
    regulator.transmission(0, { ...PHY, powerDbm: 27 }, 0, 1000);
    regulator.transmission(0, { ...PHY, powerDbm: 28 }, 10, 1000);
    // 62.5 kHz of a signal at 869.6 MHz lie beyond 869.65.
    regulator.transmission(0, { ...PHY, frequencyHz: 869_600_000 }, 20, 1000);
    const japan = new Regulator(LAWS.jp920 as Law);
    japan.transmission(1, { ...PHY, frequencyHz: 921_400_000, powerDbm: 13 }, 0, 4_000_000);
    japan.transmission(1, { ...PHY, frequencyHz: 921_400_000, powerDbm: 13 }, 5000, 4_000_002);
    // Digital modulation is at least 500 kHz wide: what is narrower would have to hop.
    const us = new Regulator(LAWS.us915 as Law);
    us.transmission(1, { ...PHY, frequencyHz: 915_000_000, bandwidthHz: 500_000, powerDbm: 30 }, 0, 1000);
    us.transmission(1, { ...PHY, frequencyHz: 915_000_000 }, 10, 1000);
    expect(
      [...regulator.violations, ...japan.violations, ...us.violations].map(({ kind, used }) => [kind, used]),
    ).toEqual([
      ["power", 28],
      ["band", 869_600_000],
      ["dwell", 4000.002],
      ["band", 915_000_000],
    ]);
  });

  it("has the regions that transmit, and of them what it watches", () => {
    expect(Object.keys(LAWS)).toEqual(transmittingRegions().map(({ id }) => id));
    expect(LAWS.us915?.bands).toEqual([
      {
        ...{ fromHz: 902_000_000, toHz: 928_000_000, dutyPermille: 1000, minBandwidthHz: 500_000 },
        // 30 dBm conducted into 6 dBi is 36 dBm EIRP; EIRP is ERP + 2.15 dB.
        ...{ maxErpDbm: 33.85, source: "47 CFR 15.247(a)(2)" },
      },
    ]);
    expect(
      eu.bands.map(({ fromHz, toHz, dutyPermille, maxErpDbm }) => [fromHz / 1e6, toHz / 1e6, dutyPermille, maxErpDbm]),
    ).toEqual([
      [863, 865, 1, 14],
      [865, 868, 10, 14],
      [868, 868.6, 10, 14],
      [868.7, 869.2, 1, 14],
      [869.4, 869.65, 100, 27],
      [869.7, 870, 10, 14],
    ]);
  });

  it("watches the silence after a transmission where the law asks for it, each station's own", () => {
    const band = { ...(LAWS.us915 as Law).bands[0], pauseMs: 50, dwellMs: 4000 } as SubBand;
    const regulator = new Regulator({ name: "test", bands: [band] });
    const phy = { ...PHY, frequencyHz: 923_000_000, bandwidthHz: 500_000 };
    regulator.transmission(0, phy, 0, 100_000);
    regulator.transmission(1, phy, 100, 100_000);
    regulator.transmission(0, phy, 150, 100_000);
    regulator.transmission(0, phy, 299.9, 100_000);
    // Cut off at 310, it ends there.
    regulator.cut(0, 299.9, 310);
    regulator.transmission(0, phy, 360, 100_000);
    expect(regulator.violations.map(({ station, kind, used }) => [station, kind, Math.round(used * 10) / 10])).toEqual([
      [0, "pause", 49.9],
    ]);
  });

  it("finds exactly what adding up every window finds", () => {
    const gap = fc.integer({ min: 0, max: 900_000 });
    const length = fc.integer({ min: 1, max: 200_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, length), { maxLength: 40 }), (steps) => {
        let at = 0;
        const transmissions = steps.map(([pause, ms]) => {
          const one = [at + pause, ms] as const;
          at += pause + ms;
          return one;
        });
        const used = (from: number): number =>
          transmissions.reduce(
            (sum, [start, ms]) => sum + Math.max(0, Math.min(start + ms, from + HOUR_MS) - Math.max(start, from)),
            0,
          );
        // The sum changes its slope only where a transmission begins or ends at either edge of the window.
        const edges = transmissions.flatMap(([start, ms]) => [
          start,
          start + ms,
          start - HOUR_MS,
          start + ms - HOUR_MS,
        ]);
        const most = Math.max(0, ...edges.map(used));
        const regulator = watch(transmissions);
        expect(regulator.worst()?.usedMs ?? 0).toBe(most);
        expect(regulator.violations.length > 0).toBe(most > ALLOWED_MS);
      }),
      { numRuns: 500 },
    );
  });
});
