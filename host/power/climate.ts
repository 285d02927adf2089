/**
 * Typical cloudiness and air temperature by latitude and month: all a latitude says about the sky, which is not much.
 *
 * The rows are monthly means of six public years of weather, smoothed over three months: Miami (25.8 N, TMY2),
 * Greensboro (36.1 N, TMY3), Piedmont (45 N 8 E, a typical year of PVGIS) with Burlington (44.5 N, SolarAnywhere 2021),
 * Amsterdam (52.3 N, IWEC) with Sand Point (55.3 N, TMY3). Two more years were kept out, to test with: Denver at
 * 39.7 N (PVWatts) and Fairbanks at 64.8 N (NSRDB). Within a latitude the sky differs by a fifth either way and more, so there
 * are three climates, and the result says what the other two would make of it. The row of the equator and the cold of
 * the last row are assumptions.
 */
import { interpolate } from "../../boards/power/currents.ts";

export const CLIMATES = ["cloudy", "average", "sunny"] as const;
export type Climate = (typeof CLIMATES)[number];

/** Clearness of each climate, over the average one. */
export const CLIMATE_FACTOR: Readonly<Record<Climate, number>> = { cloudy: 0.8, average: 1, sunny: 1.2 };
/** No month anywhere is clearer: the clearest of those years is 0.65. */
const CLEAREST_MONTH = 0.7;

interface Row {
  readonly latitude: number;
  /** Clearness index of each month, January of the northern hemisphere first. */
  readonly clearness: readonly number[];
  /** Mean air temperature of each month, C. */
  readonly celsius: readonly number[];
}

const ROWS: readonly Row[] = [
  { latitude: 0, clearness: Array<number>(12).fill(0.5), celsius: Array<number>(12).fill(26) },
  {
    latitude: 25.8,
    clearness: [0.54, 0.56, 0.57, 0.57, 0.55, 0.53, 0.53, 0.53, 0.52, 0.52, 0.52, 0.53],
    celsius: [20, 21, 22, 24, 26, 27, 28, 28, 27, 25, 23, 21],
  },
  {
    latitude: 36.1,
    clearness: [0.49, 0.5, 0.52, 0.53, 0.53, 0.53, 0.54, 0.53, 0.51, 0.5, 0.48, 0.49],
    celsius: [2, 5, 11, 15, 19, 23, 25, 24, 20, 14, 10, 5],
  },
  {
    latitude: 44.7,
    clearness: [0.45, 0.49, 0.52, 0.49, 0.5, 0.54, 0.54, 0.53, 0.51, 0.47, 0.46, 0.45],
    celsius: [1, 2, 5, 10, 16, 20, 22, 21, 18, 13, 6, 2],
  },
  {
    latitude: 53.8,
    clearness: [0.32, 0.35, 0.37, 0.38, 0.38, 0.4, 0.41, 0.4, 0.4, 0.37, 0.33, 0.32],
    celsius: [2, 3, 4, 5, 8, 11, 14, 14, 11, 8, 4, 2],
  },
  {
    latitude: 68,
    clearness: [0.32, 0.35, 0.37, 0.38, 0.38, 0.4, 0.41, 0.4, 0.4, 0.37, 0.33, 0.32],
    celsius: [-12, -11, -7, -1, 5, 11, 14, 12, 7, 0, -6, -10],
  },
];

/** The northern month with the same season. */
function northern(latitude: number, month: number): number {
  return latitude < 0 ? (month + 6) % 12 : month;
}

function between(latitude: number, month: number, column: "clearness" | "celsius"): number {
  const season = northern(latitude, month);
  const points = ROWS.map((row): readonly [number, number] => [row.latitude, row[column][season] ?? Number.NaN]);
  return interpolate(points, Math.abs(latitude));
}

/** Mean clearness index of a month (0 is January). `factor` scales it, as a climate does. */
export function monthlyClearness(latitude: number, month: number, factor: number): number {
  return Math.min(CLEAREST_MONTH, between(latitude, month, "clearness") * factor);
}

/** Mean air temperature of a month (0 is January), C. */
export function monthlyCelsius(latitude: number, month: number): number {
  return between(latitude, month, "celsius");
}
