/** Numbers of the law as people write them. */
import { REFERENCE_NAMES } from "./power.ts";
import type { RegionChannel, SubBand } from "./schema.ts";

/** "869.525": MHz without a superfluous zero. */
export function mhzText(hz: number): string {
  return String(hz / 1e6);
}

/** "869.4-869.65 MHz". */
export function rangeText(range: { readonly fromHz: number; readonly toHz: number }): string {
  return `${mhzText(range.fromHz)}-${mhzText(range.toHz)} MHz`;
}

export function khzText(hz: number): string {
  return `${hz / 1000} kHz`;
}

/** "27.0": tenths of a decibel. */
export function tenthsText(tenths: number): string {
  return (tenths / 10).toFixed(1);
}

/** "727.6 ms", rounded up, so that a limit never looks kept when it is not. */
export function msText(us: number): string {
  return `${(Math.ceil(us / 100) / 10).toFixed(1)} ms`;
}

/** "10 %": of any hour. */
export function percentText(permille: number): string {
  return `${permille / 10} %`;
}

/** "27 dBm ERP", "30 dBm conducted, less what the antenna has above 6 dBi". */
export function powerText(power: NonNullable<SubBand["power"]>): string {
  const limit = `${power.dbm} dBm ${REFERENCE_NAMES[power.of]}`;
  return power.of === "conducted" ? `${limit}, less what the antenna has above ${power.freeGainDbi ?? 0} dBi` : limit;
}

/** The same for a table, with the density: "30 dBm conducted, 6 dBi free, 8 dBm in 3 kHz". */
export function powerCell({ power, density }: SubBand): string {
  if (power === undefined) return "-";
  const limit = `${power.dbm} dBm ${REFERENCE_NAMES[power.of]}`;
  const free = power.of === "conducted" ? `, ${power.freeGainDbi ?? 0} dBi free` : "";
  return `${limit}${free}${density === undefined ? "" : `, ${density.dbm} dBm in ${khzText(density.perHz)}`}`;
}

/** "869.525 MHz, 125 kHz, SF8, 4/5, preamble 18". */
export function channelText(channel: Omit<RegionChannel, "powerDbm">): string {
  const { frequencyHz, bandwidthHz, spreadingFactor, codingRate, preambleSymbols } = channel;
  return `${mhzText(frequencyHz)} MHz, ${khzText(bandwidthHz)}, SF${spreadingFactor}, 4/${codingRate}, preamble ${preambleSymbols}`;
}

/** "400 ms a transmission, 5 ms below -80 dBm first": the limits of time, or a dash. */
export function accessText(band: SubBand): string {
  const { dwell, pause, lbt } = band;
  const parts = [
    dwell && `${dwell.ms} ms${dwell.windowMs === undefined ? " a transmission" : ` in ${dwell.windowMs / 1000} s`}`,
    pause && `${pause.ms} ms pause`,
    lbt && `${lbt.ms} ms below ${lbt.thresholdDbm} dBm first`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** ">= 500 kHz": the limits of the channel, or a dash. */
export function widthText({ bandwidth, grid }: SubBand): string {
  const parts = [
    bandwidth?.minHz && `>= ${khzText(bandwidth.minHz)}`,
    bandwidth?.maxHz && `<= ${khzText(bandwidth.maxHz)}`,
    grid && `in a ${khzText(grid.stepHz)} channel`,
  ].filter((part) => typeof part === "string");
  return parts.length === 0 ? "-" : parts.join(", ");
}

/** The texts of sub-bands, each once. */
export function citations(bands: readonly SubBand[]): string[] {
  return [...new Set(bands.flatMap((band) => limitsOf(band).flatMap(([, cite]) => cite ?? [])))];
}

/** The limits of a sub-band by name, and where each is written. */
function limitsOf(band: SubBand): [name: string, cite: string | undefined][] {
  const { power, duty, dwell, pause, lbt, bandwidth, density, grid } = band;
  const named = { power, density, duty, dwell, pause, lbt, bandwidth, channel: grid };
  return [
    ["range", band.cite],
    ...Object.entries(named).flatMap(([name, limit]): [string, string | undefined][] =>
      limit === undefined ? [] : [[name, limit.cite]],
    ),
  ];
}
