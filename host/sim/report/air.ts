/** What a report says of the air, the same for our network and for others. */
import type { Phy } from "../../radio/channel.ts";
import type { Law, SubBand, Violation } from "../law.ts";
import type { LoraChannel } from "../lora-channel.ts";
import { noiseCentiDbm, snrThresholdCentiDb } from "../propagation.ts";
import type { LinkResult, ViolationResult } from "./result.ts";

/** The sub-band a frequency lies in. */
export function subBandOf(law: Law, frequencyHz: number): SubBand | undefined {
  return law.bands.find(({ fromHz, toHz }) => frequencyHz >= fromHz && frequencyHz <= toHz);
}

/** "869.4-869.65 MHz". */
export function subBandText(band: SubBand | undefined): string {
  return band === undefined ? "none" : `${band.fromHz / 1e6}-${band.toHz / 1e6} MHz`;
}

export function violationResults(violations: readonly Violation[], band: SubBand | undefined): ViolationResult[] {
  const subBand = subBandText(band);
  return violations.map(({ station, kind, ...rest }) => ({ node: station, rule: kind, subBand, ...rest }));
}

/** Pairs of the first `count` stations that decode each other when nothing disturbs. */
export function radioLinks(
  channel: LoraChannel,
  phy: Phy,
  noiseFigureDb: number,
  count: number,
  up: (from: number, to: number) => boolean,
): LinkResult[] {
  const needed = (noiseCentiDbm(phy.bandwidthHz, noiseFigureDb) + snrThresholdCentiDb(phy.spreadingFactor)) / 100;
  const found: LinkResult[] = [];
  const hears = Array.from({ length: count }, (_, index) => new Set(channel.audible(index)));
  for (let from = 0; from < count; from++) {
    for (const to of hears[from] ?? []) {
      if (to < from || to >= count || hears[to]?.has(from) !== true) continue;
      const marginDb = Math.min(channel.levelDbm(from, to), channel.levelDbm(to, from)) - needed;
      found.push({ from, to, kind: "radio", marginDb, up: up(from, to) });
    }
  }
  return found;
}

/** "869.525 MHz, SF8, 125 kHz, 4/5, preamble 16, 14 dBm". */
export function radioText(phy: Phy): string {
  const { frequencyHz, spreadingFactor, bandwidthHz, codingRate, preamble, powerDbm } = phy;
  const modulation = `SF${spreadingFactor}, ${bandwidthHz / 1000} kHz, 4/${codingRate}, preamble ${preamble}`;
  return `${frequencyHz / 1e6} MHz, ${modulation}, ${powerDbm} dBm`;
}
