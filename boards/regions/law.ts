/**
 * What the law of a region says about one frame on one channel: allowed, or refused with every rule it breaks; how much
 * power, how long, how often. It decides nothing else: no clock, no ledger, no board.
 */
import { airtimeUs, longestFrame, type Modulation } from "../airtime.ts";
import { conductedCenti, densityCenti, hundredths, maxConductedCenti, tenthsBelow } from "./power.ts";
import { bandReceiveOnly, type Region, regionReceiveOnly, type SubBand } from "./schema.ts";
import { khzText, mhzText, msText, percentText, powerText, rangeText, tenthsText } from "./text.ts";

/** LoRa's usual preamble; ours is longer unless told otherwise. */
const SHORT_PREAMBLE = 8;

export interface Channel extends Modulation {
  readonly frequencyHz: number;
}

export interface Question {
  readonly region: Region;
  readonly channel: Channel;
  /** Conducted power; without it the answer says what is allowed. Whole or broken dBm. */
  readonly powerDbm?: number | undefined;
  /** Bytes of the frame, 0..255. */
  readonly size: number;
  /** Of the antenna with its cable, over an isotropic one. */
  readonly antennaGainDbi: number;
}

export type Rule =
  | "receive-only"
  | "sub-band"
  | "straddling"
  | "gap"
  | "bandwidth"
  | "unit-channel"
  | "power"
  | "dwell"
  | "duty"
  | "board-band"
  | "board-power"
  | "board-bandwidth"
  | "link-frame";

/** One rule that is broken. `came` and `fix` are clauses; `refusalSentence` joins them. */
export interface Refusal {
  readonly rule: Rule;
  /** What the rule allows, as text. */
  readonly limit: string;
  readonly came: string;
  readonly fix: string;
  /** The regulator's text; undefined where the board, or the core, refuses, or where nobody could name one. */
  readonly cite?: string | undefined;
}

/** "eu868: 20 dBm into 2.15 dBi is more than ...; use at most 14.0 dBm (EN 300 220-2 ...)." */
export function refusalSentence(regionId: string, { came, fix, cite }: Refusal): string {
  return `${regionId}: ${came}; ${fix}${cite === undefined ? "" : ` (${cite})`}.`;
}

export interface Decision {
  readonly allowed: boolean;
  readonly refusals: readonly Refusal[];
  /** The sub-band that was judged: the one that allows it, or the one that refuses least; undefined outside of all. */
  readonly band?: SubBand;
  /** Tenths of a dBm the antenna may be fed, rounded down. */
  readonly maxConductedTenths?: number;
  /** Time on air of the frame. */
  readonly airtimeUs: number;
  /** Frames like it in any 3600 s; undefined where the law has no limit. */
  readonly framesPerHour?: number;
  /** The largest frame that stays within the longest transmission allowed; undefined without such a limit. */
  readonly longestBytes?: number;
  /** True when not even an empty frame does. */
  readonly nothingFits?: boolean;
}

/** Microseconds of any hour that a sub-band allows; undefined where there is no limit. */
export function hourUs(band: SubBand): number | undefined {
  return band.duty === undefined ? undefined : band.duty.permille * 3_600_000;
}

function contains(range: { fromHz: number; toHz: number }, { frequencyHz, bandwidthHz }: Channel): boolean {
  return frequencyHz - bandwidthHz / 2 >= range.fromHz && frequencyHz + bandwidthHz / 2 <= range.toHz;
}

function overlaps(range: { fromHz: number; toHz: number }, { frequencyHz, bandwidthHz }: Channel): boolean {
  return frequencyHz - bandwidthHz / 2 < range.toHz && frequencyHz + bandwidthHz / 2 > range.fromHz;
}

/** "863-865, 865-868 MHz": where a region transmits. */
export function openRanges(region: Region): string {
  const open = region.bands.filter((band) => bandReceiveOnly(band) === undefined);
  const listed = (open.length > 0 ? open : region.bands).map((band) => rangeText(band).replace(" MHz", ""));
  return `${[...new Set(listed)].join(", ")} MHz`;
}

/** Judges a frame. It is pure: the same question has the same answer. */
export function judge(question: Question): Decision {
  const { region, channel, size } = question;
  const us = airtimeUs(channel, size);
  const closed: Refusal[] = region.receiveOnly === undefined ? [] : [receiveOnlyRefusal(region, region.receiveOnly)];
  const inside = region.bands.filter((band) => contains(band, channel));
  if (inside.length === 0) return { allowed: false, refusals: [...closed, misplaced(region, channel)], airtimeUs: us };

  const judged = inside.map((band) => ({ band, refusals: [...closed, ...bandRefusals(question, band, us)] }));
  const open = judged.filter(({ band }) => bandReceiveOnly(band) === undefined);
  // The law of one sub-band is enough. Of those that refuse, the one that transmits at all and asks for least says why.
  const [best] = (open.length > 0 ? open : judged).sort((a, b) => a.refusals.length - b.refusals.length);
  if (best === undefined) throw new Error("no sub-band was judged");
  const { band, refusals } = best;
  const most = maxConductedCenti(band, channel.bandwidthHz, question.antennaGainDbi);
  const hour = hourUs(band);
  const longest = band.dwell && longestFrame(channel, band.dwell.ms * 1000);
  return {
    allowed: refusals.length === 0,
    refusals,
    band,
    ...(most === undefined ? {} : { maxConductedTenths: tenthsBelow(most) }),
    airtimeUs: us,
    ...(hour === undefined ? {} : { framesPerHour: Math.floor(hour / us) }),
    ...(longest === undefined ? {} : { longestBytes: longest }),
    ...(band.dwell && longest === undefined ? { nothingFits: true } : {}),
  };
}

export function receiveOnlyRefusal(region: Region, reason: string): Refusal {
  const fix = "take the region the station stands in, or build without --region and only listen";
  return { rule: "receive-only", limit: "nothing is sent", came: `${region.name} is receive-only: ${reason}`, fix };
}

/** Why a channel lies in no sub-band. */
function misplaced(region: Region, channel: Channel): Refusal {
  const what = `${mhzText(channel.frequencyHz)} MHz with ${khzText(channel.bandwidthHz)}`;
  const limit = openRanges(region);
  const gap = region.gaps.find((one) => overlaps(one, channel));
  if (gap !== undefined) {
    const came = `${what} reaches into ${rangeText(gap)}, which is closed: ${gap.why}`;
    return { rule: "gap", limit, came, fix: `stay within ${limit}`, cite: gap.cite };
  }
  const touched = region.bands.filter((band) => bandReceiveOnly(band) === undefined && overlaps(band, channel));
  const [first, second] = touched;
  if (first !== undefined && second !== undefined) {
    const came = `${what} straddles sub-bands ${first.name} (${rangeText(first)}) and ${second.name} (${rangeText(second)})`;
    const fix = "move the whole emission into one of them";
    return { rule: "straddling", limit, came, fix, cite: first.cite };
  }
  const came = `${what} lies in no sub-band of the region`;
  return { rule: "sub-band", limit, came, fix: `stay within ${limit}`, cite: (first ?? region.bands[0])?.cite };
}

function bandRefusals(question: Question, band: SubBand, us: number): Refusal[] {
  const { region, channel, size } = question;
  const closed = bandReceiveOnly(band);
  const refusals: Refusal[] = [];
  if (closed !== undefined && region.receiveOnly === undefined) {
    const came = `sub-band ${band.name} (${rangeText(band)}) is receive-only: ${closed}`;
    const whole = regionReceiveOnly(region) !== undefined;
    const fix = whole ? receiveOnlyRefusal(region, closed).fix : `use another sub-band: ${openRanges(region)}`;
    refusals.push({ rule: "receive-only", limit: "nothing is sent", came, fix, cite: band.cite });
  }
  refusals.push(...widthRefusals(band, channel), ...powerRefusals(question, band));
  const { dwell } = band;
  if (dwell && us > dwell.ms * 1000) {
    const limit = `${dwell.ms} ms`;
    const came = `a frame of ${size} bytes is ${msText(us)} on the air, longer than the ${limit} of one transmission`;
    refusals.push({ rule: "dwell", limit, came, fix: shorter(band, channel, size), cite: dwell.cite });
  }
  const hour = hourUs(band);
  if (band.duty && hour !== undefined && us > hour) {
    const limit = `${hour / 1e6} s an hour`;
    const came = `a frame of ${size} bytes is ${msText(us)} on the air, more than the ${limit} of ${percentText(band.duty.permille)}`;
    refusals.push({
      rule: "duty",
      limit,
      came,
      fix: "use a lower spreading factor or a wider channel",
      cite: band.duty.cite,
    });
  }
  return refusals;
}

function widthRefusals({ name, bandwidth, grid }: SubBand, channel: Channel): Refusal[] {
  const refusals: Refusal[] = [];
  const { minHz, maxHz, why, cite } = bandwidth ?? {};
  const because = why === undefined ? "" : `: ${why}`;
  const width = `a channel of ${khzText(channel.bandwidthHz)}`;
  if (minHz !== undefined && channel.bandwidthHz < minHz) {
    const limit = `at least ${khzText(minHz)}`;
    const came = `${width} is narrower than the ${khzText(minHz)} of ${name}${because}`;
    refusals.push({ rule: "bandwidth", limit, came, fix: `use ${khzText(minHz)} or more`, cite });
  }
  if (maxHz !== undefined && channel.bandwidthHz > maxHz) {
    const limit = `at most ${khzText(maxHz)}`;
    const came = `${width} is wider than the ${khzText(maxHz)} of sub-band ${name}${because}`;
    refusals.push({ rule: "bandwidth", limit, came, fix: `use ${khzText(maxHz)} or less`, cite });
  }
  if (grid !== undefined) {
    const centre = nearestCentre(channel.frequencyHz, grid);
    const off = Math.abs(channel.frequencyHz - centre);
    if (off + channel.bandwidthHz / 2 > grid.stepHz / 2 && !(maxHz !== undefined && channel.bandwidthHz > maxHz)) {
      const limit = `inside one channel of ${khzText(grid.stepHz)}`;
      const came = `${mhzText(channel.frequencyHz)} MHz with ${khzText(channel.bandwidthHz)} reaches over the edge of the channel of ${khzText(grid.stepHz)} around ${mhzText(centre)} MHz`;
      refusals.push({ rule: "unit-channel", limit, came, fix: `use ${mhzText(centre)} MHz`, cite: grid.cite });
    }
  }
  return refusals;
}

function nearestCentre(frequencyHz: number, { baseHz, stepHz }: NonNullable<SubBand["grid"]>): number {
  return baseHz + Math.round((frequencyHz - baseHz) / stepHz) * stepHz;
}

function powerRefusals({ channel, powerDbm, antennaGainDbi: gain }: Question, band: SubBand): Refusal[] {
  const { power, density } = band;
  if (powerDbm === undefined || power === undefined) return [];
  const asked = hundredths(powerDbm);
  const most = conductedCenti(power, gain);
  const fed = `${powerDbm} dBm into an antenna of ${gain} dBi`;
  const refuse = (limit: string, centi: number, cite: string | undefined): Refusal => ({
    ...{ rule: "power", limit, came: `${fed} is more than ${limit}` },
    ...{ fix: `use at most ${tenthsText(tenthsBelow(centi))} dBm with that antenna`, cite },
  });
  if (density !== undefined) {
    const flat = densityCenti(density, channel.bandwidthHz, gain);
    if (asked > flat && flat < most) {
      return [refuse(`${density.dbm} dBm in any ${khzText(density.perHz)}`, flat, density.cite)];
    }
  }
  return asked > most ? [refuse(powerText(power), most, power.cite)] : [];
}

/** What makes a frame short enough: a lower spreading factor, a wider channel, a shorter preamble, then fewer bytes. */
function shorter(band: SubBand, channel: Channel, size: number): string {
  const fits = (modulation: Modulation): boolean =>
    airtimeUs(modulation, size) <= (band.dwell?.ms ?? 0) * 1000 &&
    (band.bandwidth?.maxHz ?? Infinity) >= modulation.bandwidthHz;
  for (const bandwidthHz of [channel.bandwidthHz, 125_000, 250_000, 500_000]) {
    if (bandwidthHz < channel.bandwidthHz) continue;
    for (let spreadingFactor = channel.spreadingFactor; spreadingFactor >= 7; spreadingFactor--) {
      if (!fits({ ...channel, bandwidthHz, spreadingFactor })) continue;
      return `use SF${spreadingFactor}${bandwidthHz === channel.bandwidthHz ? "" : ` at ${khzText(bandwidthHz)}`}`;
    }
  }
  const preambleSymbols = SHORT_PREAMBLE;
  if (channel.preambleSymbols > preambleSymbols && fits({ ...channel, preambleSymbols })) {
    return `use a preamble of ${preambleSymbols} symbols`;
  }
  const longest = longestFrame(channel, (band.dwell?.ms ?? 0) * 1000);
  return longest === undefined ? "use a wider channel" : `send at most ${longest} bytes`;
}
