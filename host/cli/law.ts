/** `mehr law`: what a region's law lets a relay send, how often, and where that is written. */
import { findBoard } from "../../boards/index.ts";
import { relayRefusals, type Settled, settle, type Wanted } from "../../boards/regions/config.ts";
import { allRegions, findRegion, type Region, regionReceiveOnly, type SubBand } from "../../boards/regions/index.ts";
import { hourUs, refusalSentence } from "../../boards/regions/law.ts";
import { bandReceiveOnly } from "../../boards/regions/schema.ts";
import {
  accessText,
  channelText,
  citations,
  khzText,
  msText,
  percentText,
  powerCell,
  powerText,
  rangeText,
  tenthsText,
  widthText,
} from "../../boards/regions/text.ts";
import { MehrError } from "../../toolchain/errors.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface LawFlags {
  readonly region?: string | undefined;
  /** Hz. */
  readonly freq?: number;
  /** Hz. */
  readonly bw?: number;
  readonly sf?: number;
  readonly cr?: number;
  readonly preamble?: number;
  readonly size?: number;
  /** dBi */
  readonly gain?: number;
  /** dBm */
  readonly power?: number;
  readonly board?: string;
}

export async function law(io: Io, flags: LawFlags): Promise<number> {
  const { freq, bw, sf, cr, preamble, size, gain, power, board } = flags;
  const asked = [freq, bw, sf, cr, preamble, size, gain, power, board].some((value) => value !== undefined);
  if (flags.region === undefined) {
    if (asked) throw new MehrError(2, "The options ask about one region; name it, as in `mehr law eu868 --sf 9`.");
    listRegions(io);
    return 0;
  }
  const region = findRegion(flags.region);
  if (!asked) {
    tellRegion(io, region);
    return 0;
  }
  const wanted: Wanted = {
    ...{ frequencyHz: freq, bandwidthHz: bw, spreadingFactor: sf, codingRate: cr },
    ...{ preambleSymbols: preamble, powerDbm: power, antennaGainDbi: gain },
  };
  const settled = settle(region, wanted, size, board === undefined ? undefined : findBoard(board));
  return tellDecision(io, region, settled, size ?? 255, board);
}

function state(region: Region): string {
  const closed = regionReceiveOnly(region);
  return closed === undefined ? "transmits" : `receive-only: ${closed}`;
}

function listRegions(io: Io): void {
  const regions = allRegions();
  io.result({
    regions: regions.map((region) => ({
      id: region.id,
      name: region.name,
      transmits: regionReceiveOnly(region) === undefined,
      reason: regionReceiveOnly(region) ?? null,
    })),
  });
  io.print(
    table(
      ["region", "name", "state"],
      regions.map((one) => [one.id, one.name, state(one)]),
    ),
  );
}

function tellRegion(io: Io, region: Region): void {
  const { channel } = region;
  io.result(regionJson(region));
  io.print(`${region.id}, ${region.name}: ${state(region)}`);
  io.print();
  const rows = region.bands.map((band) => [
    band.name,
    rangeText(band),
    powerCell(band),
    band.duty === undefined ? "-" : percentText(band.duty.permille),
    accessText(band),
    widthText(band),
    bandReceiveOnly(band) === undefined ? "transmits" : "receive-only",
  ]);
  io.print(table(["sub-band", "range", "power", "of an hour", "time", "channel", "state"], rows));
  for (const [reason, names] of closedBands(region)) io.print(`\n${names.join(", ")}: ${reason}.`);
  for (const gap of region.gaps) io.print(`\nClosed: ${rangeText(gap)}, ${gap.why}.`);
  io.print(`\nDefault: ${channelText(channel)}, ${channel.powerDbm} dBm`);
  const texts = citations(region.bands);
  if (texts.length > 0) io.print("\nWritten in:");
  for (const text of texts) io.print(`  ${text}`);
  if (region.checked !== undefined) io.print(`\nChecked: ${region.checked}.`);
  for (const note of region.notes) io.print(note);
  io.print("\nThis is not legal advice: the law is the regulator's text as it is in force where the station stands.");
}

/** Sub-bands that only receive, by the reason. */
function closedBands(region: Region): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const band of region.bands) {
    const closed = bandReceiveOnly(band);
    if (closed === undefined || closed === regionReceiveOnly(region)) continue;
    reasons.set(closed, [...(reasons.get(closed) ?? []), band.name]);
  }
  return reasons;
}

function limitJson<T extends { readonly cite?: string | undefined }>(
  limit: T | undefined,
  rest: object,
): object | null {
  return limit === undefined ? null : { ...rest, cite: limit.cite ?? null };
}

function bandJson(band: SubBand): object {
  const { power, duty, dwell, pause, lbt, bandwidth, density } = band;
  return {
    name: band.name,
    from_hz: band.fromHz,
    to_hz: band.toHz,
    cite: band.cite ?? null,
    transmits: bandReceiveOnly(band) === undefined,
    reason: bandReceiveOnly(band) ?? null,
    power: power && limitJson(power, { dbm: power.dbm, of: power.of, free_gain_dbi: power.freeGainDbi ?? null }),
    duty: limitJson(duty, { permille: duty?.permille }),
    dwell: limitJson(dwell, { ms: dwell?.ms, window_ms: dwell?.windowMs ?? null }),
    pause: limitJson(pause, { ms: pause?.ms }),
    lbt: limitJson(lbt, { threshold_dbm: lbt?.thresholdDbm, ms: lbt?.ms }),
    bandwidth: limitJson(bandwidth, { min_hz: bandwidth?.minHz ?? null, max_hz: bandwidth?.maxHz ?? null }),
    density: limitJson(density, { dbm: density?.dbm, per_hz: density?.perHz, of: density?.of }),
  };
}

function regionJson(region: Region): object {
  const { channel } = region;
  return {
    region: region.id,
    name: region.name,
    transmits: regionReceiveOnly(region) === undefined,
    reason: regionReceiveOnly(region) ?? null,
    sub_bands: region.bands.map(bandJson),
    closed: region.gaps.map(({ fromHz, toHz, why, cite }) => ({
      from_hz: fromHz,
      to_hz: toHz,
      why,
      cite: cite ?? null,
    })),
    default: channelJson(channel, channel.powerDbm),
    checked: region.checked ?? null,
    notes: region.notes,
  };
}

function channelJson(channel: Omit<Region["channel"], "powerDbm">, powerDbm: number): object {
  return {
    frequency_hz: channel.frequencyHz,
    bandwidth_hz: channel.bandwidthHz,
    spreading_factor: channel.spreadingFactor,
    coding_rate: channel.codingRate,
    preamble: channel.preambleSymbols,
    power_dbm: powerDbm,
  };
}

/** What is said of settings; exit code 2 when they are refused. */
function tellDecision(io: Io, region: Region, settled: Settled, size: number, board: string | undefined): number {
  const { channel, powerDbm, antennaGainDbi, decision } = settled;
  const { band } = decision;
  const refused = [...settled.refusals];
  const allowed = refused.length === 0;
  // What one frame may, a relay may not when its longest packet does not fit the hour.
  const relay = allowed ? relayRefusals(region, settled) : [];
  const hour = band && hourUs(band);
  io.result({
    region: region.id,
    allowed,
    ...channelJson(channel, powerDbm),
    antenna_gain_dbi: antennaGainDbi,
    board: board ?? null,
    size,
    sub_band: band === undefined ? null : bandJson(band),
    max_conducted_dbm: decision.maxConductedTenths === undefined ? null : decision.maxConductedTenths / 10,
    airtime_us: decision.airtimeUs,
    hour_us: hour ?? null,
    frames_per_hour: decision.framesPerHour ?? null,
    longest_bytes: decision.nothingFits ? -1 : (decision.longestBytes ?? null),
    refusals: refused.map((one) => ({
      ...{ rule: one.rule, limit: one.limit, message: refusalSentence(region.id, one), fix: one.fix },
      cite: one.cite ?? null,
    })),
    relay: relay.length === 0,
  });
  const what = `${size} bytes at ${channelText(channel)} with ${powerDbm} dBm into ${antennaGainDbi} dBi`;
  io.print(`${region.id}: ${what}: ${allowed ? "allowed" : "refused"}`);
  for (const one of [...refused, ...relay]) io.print(`- ${refusalSentence(region.id, one)}`);
  if (band === undefined) return allowed ? 0 : 2;

  io.print();
  const rows: string[][] = [["sub-band", `${band.name}, ${rangeText(band)}`, band.cite ?? "not cited"]];
  if (band.power !== undefined && decision.maxConductedTenths !== undefined) {
    const most = `at most ${tenthsText(decision.maxConductedTenths)} dBm conducted: ${powerText(band.power)}`;
    rows.push(["power", most, band.power.cite ?? "not cited"]);
  }
  if (band.density !== undefined) {
    const { dbm, perHz, cite } = band.density;
    rows.push(["density", `${dbm} dBm in any ${khzText(perHz)}`, cite ?? "not cited"]);
  }
  rows.push(["airtime", msText(decision.airtimeUs), "Semtech AN1200.13"]);
  if (band.duty !== undefined && hour !== undefined) {
    const share = `${percentText(band.duty.permille)}, ${hour / 1e6} s of any hour: ${decision.framesPerHour} such frames`;
    rows.push(["how often", share, band.duty.cite ?? "not cited"]);
  } else rows.push(["how often", "the rule has no limit of the hour", band.cite ?? "not cited"]);
  if (band.dwell !== undefined) {
    const most = decision.longestBytes === undefined ? "nothing fits" : `up to ${decision.longestBytes} bytes fit`;
    rows.push(["longest", `${band.dwell.ms} ms a transmission: ${most}`, band.dwell.cite ?? "not cited"]);
  }
  if (band.pause !== undefined) rows.push(["pause", `${band.pause.ms} ms after each`, band.pause.cite ?? "not cited"]);
  if (band.lbt !== undefined) {
    const sense = `${band.lbt.ms} ms below ${band.lbt.thresholdDbm} dBm before each`;
    rows.push(["listening", sense, band.lbt.cite ?? "not cited"]);
  }
  if (band.bandwidth !== undefined || band.grid !== undefined) {
    rows.push(["channel", widthText(band), band.bandwidth?.cite ?? band.grid?.cite ?? "not cited"]);
  }
  io.print(table(["rule", "limit", "written in"], rows));
  return allowed ? 0 : 2;
}
