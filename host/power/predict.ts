/** What `mehr power` finds out: the average current, the year, the verdict, and what each assumption is worth. */
import type { Engine } from "../../boards/engine.ts";
import { MCU_CURRENTS, type RealMcuId, type RestState } from "../../boards/power/currents.ts";
import type { RealBoard } from "../../boards/schema.ts";
import { NOMINAL_VOLTS, PANEL_YIELD, PANEL_YIELD_RANGE } from "./battery.ts";
import { type Climate, CLIMATE_FACTOR, monthlyCelsius } from "./climate.ts";
import { averageOf, type Load, loadOf, type Part, type Phy, totalOf, type Traffic } from "./load.ts";
import { type Draw, runHours, type Simulation, simulate, type Site, type Supply, usableMah } from "./simulate.ts";
import { MONTH_OF, MONTHS } from "./solar.ts";
import { PERSISTENCE } from "./weather.ts";

export interface PowerInput {
  readonly board: RealBoard;
  readonly mcu: RealMcuId;
  readonly engine: Engine;
  readonly phy: Phy;
  readonly traffic: Traffic;
  /** As the HAL is built unless given. */
  readonly rest: RestState;
  readonly panelWatts: number;
  readonly batteryMah: number;
  readonly latitude: number;
  readonly tilt: number;
  readonly climate: Climate;
  readonly years: number;
  readonly seed: number;
}

/** One line of the error table: what the result is if this alone is at its better (`low`) or its worse end (`high`). */
export interface Sensitivity {
  readonly name: string;
  readonly low: SensitivityEnd;
  readonly high: SensitivityEnd;
}

export interface SensitivityEnd {
  readonly assumed: string;
  readonly milliamps: number;
  /** Harvest over need in the worst month. */
  readonly margin: number;
  /** The full battery without sun, in the coldest month. */
  readonly autonomyDays: number;
  /** Share of the years without a lockout, 0..1. */
  readonly survived: number;
}

export interface MonthResult {
  /** kWh/m2 a day on the ground and on the panel. */
  readonly horizontal: number;
  readonly panel: number;
  /** mAh a day. */
  readonly harvestMah: number;
  readonly needMah: number;
  /** Lowest median and lowest fifth percentile of the month's days, share of the rated capacity. */
  readonly chargeMedian: number;
  readonly chargeLow: number;
  /** Days of lockout in an average year. */
  readonly downDays: number;
}

export interface PowerResult {
  readonly input: PowerInput;
  readonly supply: Supply;
  readonly load: Load;
  readonly milliamps: number;
  /** With every current at its least and at its most. */
  readonly milliampsRange: readonly [number, number];
  /** The same load by how the chip rests. */
  readonly milliampsByRest: Readonly<Record<RestState, number>>;
  readonly simulation: Simulation;
  readonly months: readonly MonthResult[];
  /** 0..11: the least harvest for its need. */
  readonly worstMonth: number;
  /** How long the full battery lasts in the coldest month without sun. */
  readonly autonomyDays: number;
  readonly coldest: number;
  readonly usableMah: number;
  readonly sensitivity: readonly Sensitivity[];
}

/** Years simulated for each end of each line of the error table. */
const SENSITIVITY_YEARS = 100;
/** Where the coldest month is colder, snow may lie. */
const SNOW_CELSIUS = 4;
const DEFAULT_LOCKOUT = { belowVolts: 3.3, resumeVolts: 3.5 };

function supplyOf({ board, panelWatts, batteryMah }: PowerInput): Supply {
  const lockout = board.lockout ?? DEFAULT_LOCKOUT;
  return { panelWatts, batteryMah, panelYield: PANEL_YIELD, lockout };
}

function siteOf({ latitude, tilt, climate }: PowerInput): Site {
  const clearnessFactor = CLIMATE_FACTOR[climate];
  return { latitude, tilt, clearnessFactor, persistence: PERSISTENCE, warmer: 0, snowDays: 0 };
}

function drawOf(load: Load): Draw {
  return { milliamps: totalOf(load.parts), lockedOutMilliamps: load.lockedOut };
}

export function predict(input: PowerInput): PowerResult {
  const load = loadOf(input);
  const draw = drawOf(load);
  const supply = supplyOf(input);
  const simulation = simulate({ site: siteOf(input), supply, draw, years: input.years, seed: input.seed });
  const months = monthsOf(simulation, draw.milliamps * 24);
  const coldest = coldestOf(input.latitude);
  return {
    input,
    supply,
    load,
    milliamps: draw.milliamps,
    milliampsRange: [0, 1].map((end) =>
      load.parts.reduce((sum, part) => sum + averageOf(part, part.current.range[end]), 0),
    ) as [number, number],
    milliampsByRest: {
      idle: totalOf(loadOf({ ...input, rest: "idle" }).parts),
      sleep: totalOf(loadOf({ ...input, rest: "sleep" }).parts),
    },
    simulation,
    months,
    worstMonth: months.indexOf(worstOf(months)),
    autonomyDays: runHours(supply, draw, coldest) / 24,
    coldest,
    usableMah: usableMah(supply, coldest),
    sensitivity: sensitivityOf(input, load, supply),
  };
}

/** Mean of the coldest month, C. */
function coldestOf(latitude: number): number {
  return Math.min(...MONTHS.map((_, month) => monthlyCelsius(latitude, month)));
}

function monthsOf({ days, downDays, horizontal, panel }: Simulation, needMah: number): MonthResult[] {
  return downDays.map((down, month) => {
    const own = days.filter((_, i) => MONTH_OF[i] === month);
    return {
      horizontal: horizontal[month] ?? 0,
      panel: panel[month] ?? 0,
      harvestMah: own.reduce((sum, day) => sum + day.harvestMah, 0) / own.length,
      needMah,
      chargeMedian: Math.min(...own.map((day) => day.chargeMedian)),
      chargeLow: Math.min(...own.map((day) => day.chargeLow)),
      downDays: down,
    };
  });
}

/** The month with the least harvest; the need is the same in all. */
function worstOf(months: readonly MonthResult[]): MonthResult {
  return months.reduce((worst, month) => (month.harvestMah < worst.harvestMah ? month : worst));
}

interface Change {
  readonly assumed: string;
  readonly load?: Load;
  readonly supply?: Partial<Supply>;
  readonly site?: Partial<Site>;
}

const milliamperes = (value: number): string => `${Number(value.toPrecision(2))} mA`;

/** How far apart two results are, as a share of the larger. */
function apart(a: number, b: number): number {
  return a === b ? 0 : Math.abs(a - b) / Math.max(a, b);
}

/** How far a line of the error table moves the result: survival first, then margin and days together. */
export function effect({ low, high }: Sensitivity): number {
  const rest = apart(low.margin, high.margin) + apart(low.autonomyDays, high.autonomyDays);
  return 10 * Math.abs(low.survived - high.survived) + rest;
}

/** The same relay with one assumption at its ends, everything else as it was and the same weather; the largest first. */
function sensitivityOf(input: PowerInput, load: Load, supply: Supply): Sensitivity[] {
  return linesOf(input, load, supply).sort((a, b) => effect(b) - effect(a));
}

function linesOf(input: PowerInput, load: Load, supply: Supply): Sensitivity[] {
  const coldest = coldestOf(input.latitude);
  const site = siteOf(input);
  const years = Math.min(input.years, SENSITIVITY_YEARS);
  const end = (change: Change): SensitivityEnd => {
    const draw = drawOf(change.load ?? load);
    const run = simulate({
      site: { ...site, ...change.site },
      supply: { ...supply, ...change.supply },
      draw,
      years,
      seed: input.seed,
    });
    const { harvestMah, needMah } = worstOf(monthsOf(run, draw.milliamps * 24));
    return {
      assumed: change.assumed,
      milliamps: draw.milliamps,
      margin: harvestMah / needMah,
      autonomyDays: runHours({ ...supply, ...change.supply }, draw, coldest + (change.site?.warmer ?? 0)) / 24,
      survived: run.survived / years,
    };
  };
  const line = (name: string, better: Change, worse: Change): Sensitivity => {
    const [low, high] = [end(better), end(worse)];
    // Which tilt is the better one depends on the sky: under a dull one a flat panel sees more of it.
    return low.survived >= high.survived ? { name, low, high } : { name, low: high, high: low };
  };
  const currents = load.parts.map((part) => {
    const [low, high] = part.current.range;
    return line(
      part.name,
      { assumed: milliamperes(low), load: withCurrent(load, part, low) },
      { assumed: milliamperes(high), load: withCurrent(load, part, high) },
    );
  });
  const traffic = (factor: number): Load => loadOf({ ...input, traffic: scaled(input.traffic, factor) });
  const factor = site.clearnessFactor;
  const supplies = [
    line("traffic", { assumed: "half", load: traffic(0.5) }, { assumed: "double", load: traffic(2) }),
    line(
      "battery, rated and aged",
      { assumed: "100 %", supply: {} },
      { assumed: "70 %", supply: { batteryMah: supply.batteryMah * 0.7 } },
    ),
    line(
      "air temperature",
      { assumed: "5 C warmer", site: { warmer: 5 } },
      { assumed: "10 C colder", site: { warmer: -10 } },
    ),
  ];
  if (supply.panelWatts === 0) return [...currents, ...supplies];
  const [worst, best] = PANEL_YIELD_RANGE;
  const frost = coldest < SNOW_CELSIUS;
  const snow = frost
    ? [line("snow on the panel", { assumed: "none" }, { assumed: "10 days", site: { snowDays: 10 } })]
    : [];
  return [
    ...currents,
    ...supplies,
    ...snow,
    line(
      "sky of the place",
      { assumed: "20 % clearer", site: { clearnessFactor: factor * 1.2 } },
      { assumed: "20 % duller", site: { clearnessFactor: factor * 0.8 } },
    ),
    line(
      "panel and charger",
      { assumed: `${Math.round(best * 100)} %`, supply: { panelYield: best } },
      { assumed: `${Math.round(worst * 100)} %`, supply: { panelYield: worst } },
    ),
    line(
      "dull spells",
      { assumed: "short (0.1)", site: { persistence: 0.1 } },
      { assumed: "long (0.6)", site: { persistence: 0.6 } },
    ),
    line(
      "tilt of the panel",
      { assumed: `${Math.min(90, input.tilt + 15)} degrees`, site: { tilt: Math.min(90, input.tilt + 15) } },
      { assumed: `${Math.max(0, input.tilt - 25)} degrees`, site: { tilt: Math.max(0, input.tilt - 25) } },
    ),
  ];
}

function withCurrent(load: Load, changed: Part, milliamps: number): Load {
  const parts = load.parts.map((part) =>
    part === changed ? { ...part, current: { ...part.current, milliamps } } : part,
  );
  return { ...load, parts };
}

function scaled(traffic: Traffic, factor: number): Traffic {
  return {
    ...traffic,
    framesPerHour: traffic.framesPerHour * factor,
    heardPerHour: traffic.heardPerHour * factor,
    announcesPerHour: traffic.announcesPerHour * factor,
  };
}

/** mWh of a charge at the battery. */
export function milliwattHours(mah: number): number {
  return mah * NOMINAL_VOLTS;
}

/** The state the HAL rests in on that chip. */
export function restAsBuilt(mcu: RealMcuId): RestState {
  return MCU_CURRENTS[mcu].asBuilt;
}

/** One line of the table of currents. */
export interface AverageCurrent {
  readonly name: string;
  /** While it is on. */
  readonly milliamps: number;
  /** Of the time, 0..1. */
  readonly share: number;
  readonly average: number;
  /** Of the average. */
  readonly range: readonly [number, number];
  readonly source: string;
  readonly confirmed: boolean;
}

export function averageCurrents({ load }: PowerResult): AverageCurrent[] {
  return load.parts.map((part) => {
    const { milliamps, range, source, confirmed } = part.current;
    return {
      name: part.name,
      milliamps,
      share: part.share,
      average: averageOf(part),
      range: [averageOf(part, range[0]), averageOf(part, range[1])],
      source,
      confirmed,
    };
  });
}
