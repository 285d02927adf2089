/**
 * A lithium-ion cell at the small currents of a relay, and the panel and charger before it. Where a figure is an
 * assumption rather than a source's, it says so; the error table moves the ones that matter.
 */
import { interpolate } from "../../boards/power/currents.ts";

/** Volts the capacity in Wh is turned into mAh with, and back. */
export const NOMINAL_VOLTS = 3.7;

/** Volts at rest by state of charge: the middle of published curves of NMC and LCO cells (assumption, +-0.05 V). */
const CHARGE_BY_VOLTS: readonly (readonly [number, number])[] = [
  [3.0, 0],
  [3.3, 0.04],
  [3.4, 0.07],
  [3.5, 0.12],
  [3.6, 0.21],
  [3.7, 0.42],
  [3.8, 0.6],
  [3.9, 0.73],
  [4.0, 0.84],
  [4.1, 0.93],
  [4.2, 1],
];

/** State of charge, 0..1, of a resting cell at that voltage. */
export function chargeAt(volts: number): number {
  return interpolate(CHARGE_BY_VOLTS, volts);
}

/** What is left of the capacity in the cold at the slowest currents data sheets show (C/5; a relay takes C/100). */
const CAPACITY_BY_CELSIUS: readonly (readonly [number, number])[] = [
  [-30, 0.4],
  [-20, 0.65],
  [-10, 0.8],
  [0, 0.9],
  [20, 1],
];

export function capacityAt(celsius: number): number {
  return interpolate(CAPACITY_BY_CELSIUS, celsius);
}

/** Share of the charge a cell and its protection lose by themselves in a day: 3 % a month (assumption). */
export const SELF_DISCHARGE = 0.03 / 30;
/** Of what is put into a cell, what can be taken out again. */
export const CHARGE_EFFICIENCY = 0.99;

/**
 * What is left of a panel's rating on its way into the battery, but for temperature: a linear charger burns what the
 * panel's 5.5 V have over the battery's 3.9 V (0.71), dirt 0.95, wiring and mismatch 0.97. PVWatts (NREL) reckons 0.86
 * for all but the charger.
 */
export const PANEL_YIELD = 0.71 * 0.95 * 0.97;
/** From a bad case (dirty, far from its best point, an optimistic label) to a charger that converts. */
export const PANEL_YIELD_RANGE: readonly [number, number] = [0.45, 0.8];

/** Crystalline silicon loses 0.4 % of its power for each degree above 25 C; in the sun a cell is 20 degrees warmer. */
const PER_DEGREE = 0.004;
const CELL_WARMER = 20;

export function panelTemperature(airCelsius: number): number {
  return 1 - PER_DEGREE * (airCelsius + CELL_WARMER - 25);
}

/** On a dull day a small panel stays below the voltage its charger starts at for hours (assumption). */
export function lowLight(clearness: number): number {
  return interpolate(
    [
      [0.05, 0.7],
      [0.3, 1],
    ],
    clearness,
  );
}
