/**
 * Many synthetic years of one relay on one panel and one battery, a night and a day at a time.
 *
 * Each year runs from midsummer to midsummer and starts with a full battery, so the years do not depend on each other,
 * and more sun or less load can never make one of them worse: until the first lockout the battery is at every moment at
 * least as full. Charge is counted in mAh at the battery, whose chargers and regulators are linear.
 */
import { SeededRandom } from "../radio/random.ts";
import {
  capacityAt,
  chargeAt,
  CHARGE_EFFICIENCY,
  lowLight,
  NOMINAL_VOLTS,
  panelTemperature,
  SELF_DISCHARGE,
} from "./battery.ts";
import { monthlyCelsius, monthlyClearness } from "./climate.ts";
import { DAYS, MONTH_OF, onPanel, yearGeometry } from "./solar.ts";
import { clearnessLaw, quantile, spell } from "./weather.ts";

export interface Site {
  /** Degrees, north positive. */
  readonly latitude: number;
  /** Degrees from flat, towards the equator. */
  readonly tilt: number;
  /** Over the average clearness of the latitude. */
  readonly clearnessFactor: number;
  /** Correlation of a day's sky with that of the day before, 0..1. */
  readonly persistence: number;
  /** Warmer than the latitude's mean, C. */
  readonly warmer: number;
  /** Days around midwinter on which snow lies on the panel. */
  readonly snowDays: number;
}

export interface Supply {
  readonly panelWatts: number;
  /** Share of the rating that reaches the battery, temperature and low light apart. */
  readonly panelYield: number;
  readonly batteryMah: number;
  /** The radio is off below the first until the battery is above the second. */
  readonly lockout: { readonly belowVolts: number; readonly resumeVolts: number };
}

export interface Draw {
  readonly milliamps: number;
  readonly lockedOutMilliamps: number;
}

export interface SimulationInput {
  readonly site: Site;
  readonly supply: Supply;
  readonly draw: Draw;
  readonly years: number;
  readonly seed: number;
}

/** One day of the calendar over all years. Charge is the lowest of the day, as a share of the rated capacity. */
export interface CalendarDay {
  readonly harvestMah: number;
  readonly harvestLowMah: number;
  readonly harvestHighMah: number;
  readonly chargeMedian: number;
  readonly chargeLow: number;
}

export interface Simulation {
  readonly years: number;
  /** Years without a lockout. */
  readonly survived: number;
  /** Index 0 is 1 January. */
  readonly days: readonly CalendarDay[];
  /** Days of lockout of an average year, by month. */
  readonly downDays: readonly number[];
  /** Lowest charge of each year, ascending. */
  readonly lowest: readonly number[];
  /** Irradiation of the ground and of the panel, kWh/m2, mean day of each month. */
  readonly horizontal: readonly number[];
  readonly panel: readonly number[];
  /** First day of a year: 182 is 2 July. */
  readonly firstDay: number;
}

/** Midsummer in days from 1 January: early July in the north, 1 January in the south. */
function midsummer(latitude: number): number {
  return latitude < 0 ? 0 : 182;
}

interface DayInputs {
  /** mAh of a day with that share (0..1) of duller days, and kWh/m2 on the ground and the panel. */
  harvest(level: number): { readonly mah: number; readonly horizontal: number; readonly panel: number };
  readonly dayShare: number;
  /** Capacity of the cold battery over its rated one. */
  readonly capacity: number;
}

function dayInputs({ site, supply }: SimulationInput): readonly DayInputs[] {
  const { latitude } = site;
  const months = Array.from({ length: 12 }, (_, month) => ({
    law: clearnessLaw(monthlyClearness(latitude, month, site.clearnessFactor)),
    celsius: monthlyCelsius(latitude, month) + site.warmer,
  }));
  const midwinter = (midsummer(latitude) + 183) % DAYS;
  return yearGeometry(latitude, site.tilt).map((geometry, i) => {
    const { law, celsius } = months[MONTH_OF[i] ?? 0] ?? { law: clearnessLaw(0.5), celsius: 0 };
    const fromMidwinter = Math.min(Math.abs(i - midwinter), DAYS - Math.abs(i - midwinter));
    const open = fromMidwinter * 2 < site.snowDays ? 0 : 1;
    const rate = (open * supply.panelWatts * supply.panelYield * panelTemperature(celsius) * 1000) / NOMINAL_VOLTS;
    return {
      dayShare: geometry.dayHours / 24,
      capacity: capacityAt(celsius),
      harvest: (level) => {
        const clearness = quantile(law, level);
        const panel = onPanel(geometry, clearness);
        return { mah: rate * panel * lowLight(clearness), horizontal: clearness * geometry.extraterrestrial, panel };
      },
    };
  });
}

/** The battery over one year. */
class Bank {
  readonly #rated: number;
  readonly #empty: number;
  readonly #resume: number;
  readonly #draw: Draw;
  /** mAh */
  charge: number;
  locked = false;

  constructor({ batteryMah, lockout }: Supply, draw: Draw) {
    this.#rated = batteryMah;
    this.#empty = batteryMah * chargeAt(lockout.belowVolts);
    this.#resume = batteryMah * chargeAt(lockout.resumeVolts);
    this.#draw = draw;
    this.charge = batteryMah;
  }

  /**
   * `hours` with `harvest` mAh spread over them. Capacity lost to the cold is not there: it lifts the point at which
   * the voltage falls to the lockout's.
   */
  run(hours: number, harvest: number, capacity: number): void {
    const lost = this.#rated * (1 - capacity);
    const gained = harvest * CHARGE_EFFICIENCY - this.charge * SELF_DISCHARGE * (hours / 24);
    const rate = this.locked ? this.#draw.lockedOutMilliamps : this.#draw.milliamps;
    let after = this.charge + gained - rate * hours;
    const floor = Math.min(this.#empty + lost, this.#rated);
    if (!this.locked && after < floor) {
      this.locked = true;
      // From the moment it is reached on, only what lockout leaves on is drawn.
      const short = (floor - after) / this.#draw.milliamps;
      after = floor - Math.min(hours, short) * this.#draw.lockedOutMilliamps;
    } else if (this.locked && after >= Math.min(this.#resume + lost, this.#rated)) {
      this.locked = false;
    }
    this.charge = Math.min(this.#rated, Math.max(0, after));
  }
}

/** The skies of the last few seeds: every line of the error table is under the same ones. */
const remembered = new Map<string, Float64Array>();
const REMEMBERED = 4;

function skies(seed: number, persistence: number, years: number): Float64Array {
  const key = `${seed} ${persistence} ${years}`;
  let sky = remembered.get(key);
  if (sky === undefined) {
    sky = spell(new SeededRandom(seed), persistence, years * DAYS);
    if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value ?? "");
    remembered.set(key, sky);
  }
  return sky;
}

function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function simulate(input: SimulationInput): Simulation {
  const { site, supply, draw, years, seed } = input;
  const days = dayInputs(input);
  const first = midsummer(site.latitude);
  const sky = skies(seed, site.persistence, years);
  const harvests = days.map(() => new Float64Array(years));
  const charges = days.map(() => new Float64Array(years));
  const downDays = Array<number>(12).fill(0);
  const horizontal = Array<number>(12).fill(0);
  const panel = Array<number>(12).fill(0);
  const lowest = new Float64Array(years).fill(1);
  let survived = 0;
  for (let year = 0; year < years; year++) {
    const bank = new Bank(supply, draw);
    let down = false;
    for (let step = 0; step < DAYS; step++) {
      const i = (first + step) % DAYS;
      const month = MONTH_OF[i] ?? 0;
      const day = days[i] as DayInputs;
      const sun = day.harvest(sky[year * DAYS + step] ?? 0.5);
      bank.run(24 * (1 - day.dayShare), 0, day.capacity);
      const dawn = bank.charge;
      const lockedAtDawn = bank.locked;
      bank.run(24 * day.dayShare, sun.mah, day.capacity);
      const charge = Math.min(dawn, bank.charge) / supply.batteryMah;
      if (lockedAtDawn || bank.locked) {
        down = true;
        downDays[month] = (downDays[month] ?? 0) + 1;
      }
      (harvests[i] as Float64Array)[year] = sun.mah;
      (charges[i] as Float64Array)[year] = charge;
      lowest[year] = Math.min(lowest[year] ?? 1, charge);
      horizontal[month] = (horizontal[month] ?? 0) + sun.horizontal;
      panel[month] = (panel[month] ?? 0) + sun.panel;
    }
    if (!down) survived++;
  }
  const lengths = Array<number>(12).fill(0);
  for (const month of MONTH_OF) lengths[month] = (lengths[month] ?? 0) + years;
  const perDay = (sums: readonly number[]): number[] => sums.map((sum, month) => sum / (lengths[month] ?? 1));
  return {
    years,
    survived,
    firstDay: first,
    downDays: downDays.map((count) => count / years),
    lowest: [...lowest.sort()],
    horizontal: perDay(horizontal),
    panel: perDay(panel),
    days: days.map((_, i) => {
      const harvest = (harvests[i] as Float64Array).sort();
      const charge = (charges[i] as Float64Array).sort();
      return {
        harvestMah: harvest.reduce((sum, one) => sum + one, 0) / years,
        harvestLowMah: percentile(harvest, 0.1),
        harvestHighMah: percentile(harvest, 0.9),
        chargeMedian: percentile(charge, 0.5),
        chargeLow: percentile(charge, 0.05),
      };
    }),
  };
}

/** Hours a full battery lasts without any sun, at that temperature. */
export function runHours(supply: Supply, draw: Draw, celsius: number): number {
  const usable = usableMah(supply, celsius);
  // Self-discharge takes a share of what is left, so it is a little less than from the full battery; this is cautious.
  const lost = (supply.batteryMah * SELF_DISCHARGE) / 24;
  return usable / (draw.milliamps + lost);
}

/** mAh between full and the lockout's voltage, in a battery of that temperature. */
export function usableMah({ batteryMah, lockout }: Supply, celsius: number): number {
  return Math.max(0, batteryMah * (capacityAt(celsius) - chargeAt(lockout.belowVolts)));
}
