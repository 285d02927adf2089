/**
 * Synthetic weather: the clearness index of one day after the other, from a seed.
 *
 * A day's index is distributed around its month's mean as Bendt, Collares-Pereira and Rabl found (Solar Energy 27, 1981)
 * and Hollands and Huget bounded it (1983; D&B 2.9): exponentially between a dull day's 0.05 and the clearest the month
 * allows. Dull days follow dull days: what is drawn is a normal process whose value depends on the day before, mapped
 * onto that distribution (Graham, Hollands and Huget, Solar Energy 40, 1988), who found the dependence to be 0.29
 * everywhere. The eight years of weather named in climate.ts have 0.11 to 0.40, mean 0.25.
 */
import type { SeededRandom } from "../radio/random.ts";
import { normal } from "../sim/streams.ts";

const DULLEST = 0.05;
/** Correlation of a day with the day before. */
export const PERSISTENCE = 0.29;

/** The clearest day of a month with that mean (Hollands and Huget; D&B 2.9.5). */
export function clearestDay(mean: number): number {
  return 0.6313 + 0.267 * mean - 11.9 * (mean - 0.75) ** 8;
}

/** Distribution of a day's clearness in one month. */
export interface ClearnessLaw {
  readonly low: number;
  readonly high: number;
  /** Of the exponential; 0 is uniform. */
  readonly gamma: number;
}

/** Mean of the law: x from `low` to `high` with a density in proportion to exp(gamma x). */
function meanOf(low: number, high: number, gamma: number): number {
  const width = high - low;
  const g = gamma * width;
  // Its series where the closed form is 0 / 0.
  if (Math.abs(g) < 1e-4) return low + width * (0.5 + g / 12);
  return low + width * (1 / (1 - Math.exp(-g)) - 1 / g);
}

/** The law whose mean is the month's. Where Hollands and Huget approximate its exponent, this solves for it. */
export function clearnessLaw(mean: number): ClearnessLaw {
  const low = DULLEST;
  const high = Math.max(clearestDay(mean), mean + 0.05);
  let [from, to] = [-200, 200];
  for (let i = 0; i < 60; i++) {
    const middle = (from + to) / 2;
    if (meanOf(low, high, middle) < mean) from = middle;
    else to = middle;
  }
  return { low, high, gamma: (from + to) / 2 };
}

/** The clearness below which a share `level` (0..1) of the month's days stays. */
export function quantile({ low, high, gamma }: ClearnessLaw, level: number): number {
  const g = gamma * (high - low);
  if (Math.abs(g) < 1e-6) return low + level * (high - low);
  return low + Math.log1p(level * Math.expm1(g)) / gamma;
}

/** Distribution function of the standard normal (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
export function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    0.3989422804014327 *
    Math.exp((-z * z) / 2) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z >= 0 ? 1 - tail : tail;
}

/**
 * The sky of `days` days in sequence: for each the share of days as dull as it or duller, 0..1. Days are correlated with
 * the day before by `persistence`.
 */
export function spell(random: SeededRandom, persistence: number, days: number): Float64Array {
  const fresh = Math.sqrt(1 - persistence ** 2);
  let value = normal(random);
  return Float64Array.from({ length: days }, () => {
    value = persistence * value + fresh * normal(random);
    return normalShare(value);
  });
}
