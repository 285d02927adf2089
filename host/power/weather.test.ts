import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../radio/random.ts";
import { clearestDay, clearnessLaw, normalShare, PERSISTENCE, quantile, spell } from "./weather.ts";

const mean = fc.double({ min: 0.15, max: 0.7, noNaN: true });
const level = fc.double({ min: 0, max: 1, noNaN: true });

function moments(values: ArrayLike<number>): { mean: number; sd: number } {
  const list = Array.from(values);
  const average = list.reduce((sum, one) => sum + one, 0) / list.length;
  return {
    mean: average,
    sd: Math.sqrt(list.reduce((sum, one) => sum + (one - average) ** 2, 0) / list.length),
  };
}

describe("the days of a month", () => {
  it("have the month's mean", () => {
    fc.assert(
      fc.property(mean, (target) => {
        const law = clearnessLaw(target);
        const days = Array.from({ length: 4000 }, (_, i) => quantile(law, (i + 0.5) / 4000));
        expect(moments(days).mean).toBeCloseTo(target, 3);
      }),
      { numRuns: 30 },
    );
  });

  it("lie between the dullest and the clearest, in the order of their level", () => {
    fc.assert(
      fc.property(mean, level, level, (target, a, b) => {
        const law = clearnessLaw(target);
        const [low, high] = [quantile(law, Math.min(a, b)), quantile(law, Math.max(a, b))];
        expect(low).toBeLessThanOrEqual(high + 1e-12);
        expect(low).toBeGreaterThanOrEqual(law.low - 1e-9);
        expect(high).toBeLessThanOrEqual(law.high + 1e-9);
      }),
    );
  });

  it("follow the exponent Herzog fitted", () => {
    // Duffie and Beckman 2.9.6: gamma = -1.498 + (1.184 xi - 27.182 exp(-1.5 xi)) / (Kmax - Kmin).
    for (const target of [0.3, 0.4, 0.5, 0.6, 0.7]) {
      const [low, high] = [0.05, clearestDay(target)];
      const xi = (high - low) / (high - target);
      const fitted = -1.498 + (1.184 * xi - 27.182 * Math.exp(-1.5 * xi)) / (high - low);
      expect(Math.abs(clearnessLaw(target).gamma - fitted), `mean ${target}`).toBeLessThan(0.5);
    }
  });

  it("scatter as the days of real years do", () => {
    // Mean and standard deviation of the daily clearness in months of the years of climate.ts.
    const months: readonly (readonly [string, number, number])[] = [
      ["Amsterdam, December", 0.26, 0.123],
      ["Sand Point, January", 0.347, 0.134],
      ["Amsterdam, March", 0.413, 0.164],
      ["Burlington, April", 0.485, 0.232],
      ["Piedmont, October", 0.503, 0.18],
      ["Greensboro, December", 0.497, 0.153],
    ];
    for (const [name, target, published] of months) {
      const law = clearnessLaw(target);
      const { sd } = moments(Array.from({ length: 2000 }, (_, i) => quantile(law, (i + 0.5) / 2000)));
      expect(Math.abs(sd - published), name).toBeLessThan(0.06);
    }
  });
});

describe("the normal distribution function", () => {
  it("has the values of the tables", () => {
    for (const [z, share] of [
      [0, 0.5],
      [1, 0.8413447],
      [1.96, 0.9750021],
      [-2.5758, 0.0050001],
    ] as const) {
      expect(normalShare(z)).toBeCloseTo(share, 6);
    }
  });
});

describe("a spell of weather", () => {
  it("is the same for the same seed and another for another", () => {
    const once = spell(new SeededRandom(7), PERSISTENCE, 200);
    expect(spell(new SeededRandom(7), PERSISTENCE, 200)).toEqual(once);
    expect(spell(new SeededRandom(8), PERSISTENCE, 200)).not.toEqual(once);
    // A longer one begins with the shorter: the error table's years are the first of the result's.
    expect(spell(new SeededRandom(7), PERSISTENCE, 300).slice(0, 200)).toEqual(once);
  });

  it("has every level as often, and days that depend on the day before", () => {
    for (const persistence of [0, PERSISTENCE, 0.6]) {
      const days = spell(new SeededRandom(1), persistence, 40_000);
      const { mean: average, sd } = moments(days);
      expect(average).toBeCloseTo(0.5, 1);
      expect(sd).toBeCloseTo(Math.sqrt(1 / 12), 2);
      const pairs = Array.from(days.subarray(1), (value, i) => (value - average) * ((days[i] ?? 0) - average));
      const correlation = pairs.reduce((sum, one) => sum + one, 0) / pairs.length / sd ** 2;
      // Levels are ranks, whose correlation is 6/pi asin(rho/2).
      expect(correlation).toBeCloseTo((6 / Math.PI) * Math.asin(persistence / 2), 1);
    }
  });
});
