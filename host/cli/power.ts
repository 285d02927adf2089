/** `mehr power`: what a relay draws, and whether its panel and battery bring it through the winter. */
import { writeFileSync } from "node:fs";
import { bootConfig } from "../../boards/config.ts";
import type { Engine } from "../../boards/engine.ts";
import { findBoard, isVirtual, type RealBoard } from "../../boards/index.ts";
import { isRealMcu, RADIO_CURRENTS, type RestState } from "../../boards/power/currents.ts";
import { RADIO } from "../../boards/radio.ts";
import { regionalConfig } from "../../boards/regions/config.ts";
import { findRegion } from "../../boards/regions/index.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { NOMINAL_VOLTS } from "../power/battery.ts";
import { type Climate } from "../power/climate.ts";
import { airShare, beaconShare, dutyTraffic, framesTraffic, type Phy, TRAFFIC, type Traffic } from "../power/load.ts";
import { yearPlot } from "../power/plot.ts";
import {
  averageCurrents,
  effect,
  milliwattHours,
  type PowerResult,
  predict,
  restAsBuilt,
  type SensitivityEnd,
} from "../power/predict.ts";
import { MONTHS } from "../power/solar.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface PowerOptions {
  readonly board: string;
  readonly panel?: string | undefined;
  readonly battery?: string | undefined;
  readonly latitude?: string | undefined;
  readonly traffic: string;
  readonly tilt?: string | undefined;
  readonly climate: Climate;
  readonly engine?: string | undefined;
  readonly sleep?: RestState | undefined;
  readonly sf?: number | undefined;
  readonly region?: string | undefined;
  /** Hz */
  readonly bw?: number | undefined;
  /** dBm */
  readonly power?: number | undefined;
  readonly years: number;
  readonly seed: number;
  readonly plot?: string | undefined;
}

function refuse(sentence: string): never {
  throw new MehrError(2, sentence);
}

const NUMBER = String.raw`(-?\d+(?:\.\d+)?)`;

/** A number with one of these units; the factors turn it into the first's. */
function measure(
  option: string,
  text: string | undefined,
  units: Readonly<Record<string, number>>,
  max: number,
): number {
  const names = Object.keys(units);
  const example = `${option} takes a number with its unit (${names.join(", ")}), such as ${option} 2${names[0] ?? ""}`;
  if (text === undefined) refuse(`${option} is missing; ${example}.`);
  const match = new RegExp(`^${NUMBER}\\s*([A-Za-z]+)$`).exec(text.trim());
  const factor = names.find((name) => name.toLowerCase() === match?.[2]?.toLowerCase());
  if (match === null || factor === undefined) refuse(`"${text}" is no such amount; ${example}.`);
  const value = Number(match[1]) * (units[factor] ?? 1);
  if (!(value >= 0 && value <= max)) {
    refuse(`${option} ${text} is out of range; it goes from 0 to ${max}${names[0] ?? ""}.`);
  }
  return value;
}

function degrees(option: string, text: string | undefined, low: number, high: number): number {
  if (text === undefined) refuse(`${option} is missing; write it in degrees, ${low} to ${high}, such as ${option} 47.`);
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high)) {
    refuse(
      `"${text}" is no number of degrees from ${low} to ${high}; write ${option} in degrees, such as ${option} 47.`,
    );
  }
  return value;
}

/** `quiet`, `60/h`, `60/hx128` or `duty=1%`. */
export function parseTraffic(text: string, phy: Phy): Traffic {
  const preset = TRAFFIC.find(({ name }) => name === text);
  if (preset !== undefined) return preset;
  const names = TRAFFIC.map(({ name }) => name).join(", ");
  const help = `write ${names}, frames an hour and their bytes as 60/hx128, or a share of the time as duty=1%`;
  const frames = /^(\d+(?:\.\d+)?)\/h(?:x(\d+))?$/.exec(text);
  if (frames !== null) {
    const bytes = frames[2] === undefined ? 255 : Number(frames[2]);
    if (bytes < 1 || bytes > 255) refuse(`--traffic ${text}: a LoRa frame has 1 to 255 bytes, not ${bytes}; ${help}.`);
    return framesTraffic(text, Number(frames[1]), bytes);
  }
  const duty = /^duty=(\d+(?:\.\d+)?)%$/.exec(text);
  if (duty === null) refuse(`--traffic "${text}" is not understood; ${help}.`);
  const share = Number(duty[1]) / 100;
  if (share > 1) refuse(`--traffic ${text}: no more than 100 % of the time can be on the air; ${help}.`);
  const least = beaconShare(phy);
  if (share < least) {
    refuse(
      `--traffic ${text} is less than the beacons alone take with this modulation, ${percent(least)}; ` +
        `write duty=${(Math.ceil(least * 1000) / 10).toFixed(1)}% or more, or frames an hour.`,
    );
  }
  return dutyTraffic(text, share, phy);
}

/** The modulation, by the region's law if there is one, and the share of an hour the airtime ledger lets out. */
function phyOf(board: RealBoard, { region, sf, bw, power }: PowerOptions): Phy & { readonly dutyPermille: number } {
  const { chip } = board.radio;
  const least = RADIO_CURRENTS[chip].transmitting[0]?.[0] ?? 0;
  const most = RADIO[chip].maxPowerDbm;
  if (power !== undefined && (power < least || power > most)) {
    refuse(`--power ${power} is not for this radio; write the ${chip}'s power in dBm, ${least} to ${most}.`);
  }
  const wanted = { spreadingFactor: sf, bandwidthHz: bw, powerDbm: power };
  const config = region === undefined ? bootConfig(board) : regionalConfig(board, findRegion(region), wanted);
  return {
    spreadingFactor: sf ?? config.spreadingFactor,
    bandwidthHz: bw ?? config.bandwidthHz,
    codingRate: config.codingRate,
    preambleSymbols: config.preambleSymbols,
    powerDbm: power ?? config.powerDbm,
    dutyPermille: config.dutyPermille,
  };
}

function engineOf(board: RealBoard, name: string | undefined): Engine {
  const engine = name === undefined ? board.engines[0] : board.engines.find((one) => one === name);
  if (engine === undefined) {
    refuse(`${board.name} cannot be built with the engine "${name ?? ""}"; it can with ${board.engines.join(", ")}.`);
  }
  return engine;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

const BAR = 20;
/** Eighths of a character cell. */
const BLOCKS = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];

/** A bar of at most BAR cells; `share` is 0..1. */
function bar(share: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * BAR * 8);
  return "█".repeat(eighths >> 3) + (eighths % 8 === 0 ? "" : (BLOCKS[eighths % 8] ?? ""));
}

/** Three digits, fewer where they are zeros. */
function amount(value: number): string {
  if (value === 0) return "0";
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value >= 0.01
        ? value.toFixed(2)
        : value.toFixed(4);
}

export async function power(io: Io, options: PowerOptions): Promise<undefined> {
  const board = findBoard(options.board);
  if (isVirtual(board) || !isRealMcu(board.mcu)) {
    refuse(
      `${board.id} is a virtual board, and an emulator draws what its host draws; name a real one (\`mehr boards\`).`,
    );
  }
  const panelWatts = measure("--panel", options.panel, { W: 1, mW: 1e-3 }, 1000);
  const batteryMah = measure(
    "--battery",
    options.battery,
    { mAh: 1, Ah: 1000, Wh: 1000 / NOMINAL_VOLTS, mWh: 1 / NOMINAL_VOLTS },
    1_000_000,
  );
  if (batteryMah === 0)
    refuse("--battery 0 would not last the first night; write its capacity, such as --battery 2000mAh.");
  const latitude = degrees("--latitude", options.latitude, -90, 90);
  // Steep enough for the winter sun, the usual rule of thumb.
  const tilt =
    options.tilt === undefined ? Math.min(80, Math.abs(latitude) + 15) : degrees("--tilt", options.tilt, 0, 90);
  const { dutyPermille, ...phy } = phyOf(board, options);
  const traffic = parseTraffic(options.traffic, phy);
  const share = airShare(phy, traffic);
  if (share > dutyPermille / 1000) {
    refuse(
      `--traffic ${options.traffic} would be ${percent(share)} of the time on the air, and the relay's airtime ledger ` +
        `allows ${percent(dutyPermille / 1000)}; ask for less, or for a faster modulation (--sf, --bw).`,
    );
  }
  const result = predict({
    board,
    mcu: board.mcu,
    engine: engineOf(board, options.engine),
    phy,
    traffic,
    rest: options.sleep ?? restAsBuilt(board.mcu),
    panelWatts,
    batteryMah,
    latitude,
    tilt,
    climate: options.climate,
    years: options.years,
    seed: options.seed,
  });
  if (options.plot !== undefined) {
    try {
      writeFileSync(options.plot, yearPlot(result));
    } catch (error) {
      const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new MehrError(
        1,
        `The plot could not be written to ${options.plot} (${why}); name a file in a folder you may write to.`,
      );
    }
  }
  io.result(asJson(result, options));
  for (const line of report(result, options.region)) io.print(line);
  if (options.plot !== undefined) io.print(`\nThe year as a plot: ${options.plot}`);
}

function dayCount(days: number): string {
  return days > 0 && days < 0.05 ? "< 0.1" : days.toFixed(1);
}

/** Whole sentences: what survives, or how long it lasts without a panel. */
export function verdict({ input, simulation, autonomyDays, coldest }: PowerResult): string {
  const days = `${amount(autonomyDays)} days`;
  if (input.panelWatts === 0)
    return `Without a panel the full battery lasts ${days} in the coldest month (${coldest.toFixed(0)} C).`;
  const { survived, years } = simulation;
  const down = simulation.downDays.reduce((sum, one) => sum + one, 0);
  const rest = survived === years ? "" : `; in an average year it is locked out on ${dayCount(down)} days`;
  return `Survives ${survived} of ${years} years${rest}.`;
}

function report(result: PowerResult, region: string | undefined): string[] {
  const { input, load, milliamps, milliampsRange, milliampsByRest, supply } = result;
  const { board, phy, traffic } = input;
  const { spreadingFactor, bandwidthHz, powerDbm } = phy;
  const currents = averageCurrents(result);
  const sources = [...new Set(currents.map(({ source }) => source))];
  const lines = [
    `${board.name}: ${region === undefined ? "" : `${region}, `}${board.radio.chip}, SF${spreadingFactor}, ${bandwidthHz / 1000} kHz, ${powerDbm} dBm; core with ${input.engine}; ` +
      `traffic ${traffic.name}, ${percent(load.airShare)} of the time on the air.`,
    "",
    table(
      ["draws", "mA", "of the time", "on average, mA", "least..most", "source"],
      [
        ...currents.map(({ name, milliamps: whileOn, share, average, range, confirmed, source }) => [
          name,
          amount(whileOn),
          percent(share),
          amount(average),
          `${amount(range[0])}..${amount(range[1])}`,
          `[${sources.indexOf(source) + 1}]${confirmed ? "" : " estimate"}`,
        ]),
        ["together", "", "", amount(milliamps), `${amount(milliampsRange[0])}..${amount(milliampsRange[1])}`, ""],
      ],
    ),
    ...sources.map((source, i) => `[${i + 1}] ${source}.`),
    "",
    `${amount(milliwattHours(milliamps * 24))} mWh a day. The battery has ${amount(result.usableMah)} mAh between full and the lockout ` +
      `at ${supply.lockout.belowVolts} V in the coldest month (${result.coldest.toFixed(0)} C): ${amount(result.autonomyDays)} days without sun.`,
  ];
  const { idle, sleep } = milliampsByRest;
  if (input.rest === "idle") {
    lines.push(
      `The chip rests with its clocks running; if it slept between frames the board would draw ${amount(sleep)} mA.`,
    );
  } else if (idle > 1.5 * sleep) {
    lines.push(
      `The chip sleeps between frames; while somebody uses its console it does not, and the board draws ${amount(idle)} mA.`,
    );
  }
  if (input.panelWatts > 0) lines.push("", monthTable(result));
  return [...lines, "", verdict(result), "", ...errors(result)];
}

function monthTable({ months, worstMonth, input }: PowerResult): string {
  const most = Math.max(...months.map((month) => month.harvestMah));
  const rows = months.map((month, i) => [
    `${MONTHS[i] ?? ""}${i === worstMonth ? " *" : ""}`,
    month.horizontal.toFixed(1),
    month.panel.toFixed(1),
    amount(milliwattHours(month.harvestMah)),
    amount(milliwattHours(month.needMah)),
    percent(month.chargeMedian),
    percent(month.chargeLow),
    dayCount(month.downDays),
    bar(month.harvestMah / most),
  ]);
  const head = [
    "month",
    "sun",
    `at ${input.tilt.toFixed(0)} deg`,
    "harvest",
    "need",
    "battery",
    "1 year in 20",
    "locked out",
    "harvest",
  ];
  const foot =
    "* the worst month. Sun in kWh/m2 a day, harvest and need in mWh a day, battery at its lowest, lockout in days a year.";
  return `${table(head, rows)}\n${foot}`;
}

/** Lines of the error table that move anything by less are left to --json. */
const EFFECT_SHOWN = 0.01;

function errors({ sensitivity, input }: PowerResult): string[] {
  const sunny = input.panelWatts > 0;
  const cell = ({ assumed, milliamps, margin, autonomyDays, survived }: SensitivityEnd): string[] => [
    assumed,
    amount(milliamps),
    ...(sunny ? [`${margin.toFixed(1)} x`, percent(survived)] : [amount(autonomyDays)]),
  ];
  const heads = ["mA", ...(sunny ? ["harvest", "survives"] : ["days"])];
  return [
    "What it rests on, the most important first; each line changes one assumption:",
    "",
    table(
      ["assumption", "at best", ...heads, "at worst", ...heads],
      sensitivity
        .filter((line) => effect(line) >= EFFECT_SHOWN)
        .map(({ name, low, high }) => [name, ...cell(low), ...cell(high)]),
    ),
    ...(sunny ? ["Harvest is that of the worst month, over the need."] : []),
    "Not in it: shade, other loads on the battery, charging below 0 C, a charger's current limit. See docs/power.md.",
  ];
}

function asJson(result: PowerResult, { plot, region }: PowerOptions): unknown {
  const { input, load, simulation, months, supply } = result;
  const round = (value: number): number => Number(value.toPrecision(6));
  return {
    board: input.board.id,
    engine: input.engine,
    region: region ?? null,
    sleep: input.rest,
    phy: input.phy,
    traffic: { ...input.traffic, air_share: round(load.airShare), cpu_share: round(load.cpuShare) },
    latitude: input.latitude,
    tilt: input.tilt,
    climate: input.climate,
    panel_w: input.panelWatts,
    battery_mah: round(input.batteryMah),
    lockout_v: supply.lockout,
    current: {
      average_ma: round(result.milliamps),
      range_ma: result.milliampsRange.map(round),
      by_rest_ma: { idle: round(result.milliampsByRest.idle), sleep: round(result.milliampsByRest.sleep) },
      parts: averageCurrents(result).map((part) => ({
        name: part.name,
        ma: round(part.milliamps),
        share: round(part.share),
        average_ma: round(part.average),
        range_ma: part.range.map(round),
        confirmed: part.confirmed,
        source: part.source,
      })),
    },
    energy_mwh_per_day: round(milliwattHours(result.milliamps * 24)),
    usable_mah: round(result.usableMah),
    autonomy_days: round(result.autonomyDays),
    months: months.map((month, i) => ({
      month: MONTHS[i],
      horizontal_kwh_m2: round(month.horizontal),
      panel_kwh_m2: round(month.panel),
      harvest_mwh_per_day: round(milliwattHours(month.harvestMah)),
      need_mwh_per_day: round(milliwattHours(month.needMah)),
      charge_median: round(month.chargeMedian),
      charge_low: round(month.chargeLow),
      locked_out_days: round(month.downDays),
    })),
    worst_month: MONTHS[result.worstMonth],
    years: simulation.years,
    survived: simulation.survived,
    seed: input.seed,
    sensitivity: result.sensitivity.map(({ name, low, high }) => ({ name, low: end(low), high: end(high) })),
    plot: plot ?? null,
  };
  function end({ assumed, milliamps, margin, autonomyDays, survived }: SensitivityEnd): unknown {
    return {
      assumed,
      average_ma: round(milliamps),
      harvest_over_need: round(margin),
      autonomy_days: round(autonomyDays),
      survived: round(survived),
    };
  }
}
