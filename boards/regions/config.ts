/** From a region and what a user wants to the boot configuration of a relay that keeps its law. */
import { airtimeUs, FRAME_MAX } from "../airtime.ts";
import { type BootConfig, bootConfig } from "../config.ts";
import { RADIO } from "../radio.ts";
import { type Board, isVirtual, type RealBoard } from "../schema.ts";
import {
  type Channel,
  type Decision,
  hourUs,
  judge,
  type Refusal,
  receiveOnlyRefusal,
  refusalSentence,
} from "./law.ts";
import { DIPOLE_DBI } from "./power.ts";
import { RegionError } from "./problem.ts";
import { type Region, regionReceiveOnly, type SubBand } from "./schema.ts";
import { khzText, mhzText, msText } from "./text.ts";

/** What a user may choose; the region's default channel fills in the rest. */
export interface Wanted {
  readonly frequencyHz?: number | undefined;
  readonly bandwidthHz?: number | undefined;
  readonly spreadingFactor?: number | undefined;
  readonly codingRate?: number | undefined;
  readonly preambleSymbols?: number | undefined;
  /** Conducted, whole dBm. */
  readonly powerDbm?: number | undefined;
  /** Of the antenna with its cable over an isotropic one; a half-wave dipole's 2.15 unless given. */
  readonly antennaGainDbi?: number | undefined;
}

export interface Settled {
  readonly channel: Channel;
  readonly powerDbm: number;
  readonly antennaGainDbi: number;
  readonly decision: Decision;
  /** Of the law and, when a board was given, of the board. */
  readonly refusals: readonly Refusal[];
}

/** LoRa bandwidths of SX126x and SX127x, Hz (SX1261/2 datasheet rev 2.1 table 6-2; SX1276 datasheet rev 7 table 13). */
const BANDWIDTHS_HZ = [7_810, 10_420, 15_630, 20_830, 31_250, 41_670, 62_500, 125_000, 250_000, 500_000];

/** The least a chip puts out, dBm (SX1261/2 datasheet rev 2.1 section 13.4.4; SX1276 datasheet rev 7 section 5.4.2, PA_BOOST). */
const MIN_POWER_DBM = { SX1262: -9, SX1276: 2 } as const;

/** Of the hour's allowance, what the core lets its own frames take: packets and link setup keep the rest. */
const USABLE_FIFTHS = 4;

/**
 * The channel and the power that `wanted` and the region's defaults come to, judged for frames of `size` bytes. Power that
 * was not asked for is as high as the default, the law and the board allow.
 */
export function settle(region: Region, wanted: Wanted, size: number = FRAME_MAX, board?: Board): Settled {
  const { channel: defaults } = region;
  const channel: Channel = {
    frequencyHz: wanted.frequencyHz ?? defaults.frequencyHz,
    bandwidthHz: wanted.bandwidthHz ?? defaults.bandwidthHz,
    spreadingFactor: wanted.spreadingFactor ?? defaults.spreadingFactor,
    codingRate: wanted.codingRate ?? defaults.codingRate,
    preambleSymbols: wanted.preambleSymbols ?? defaults.preambleSymbols,
  };
  const antennaGainDbi = wanted.antennaGainDbi ?? DIPOLE_DBI;
  const real = board === undefined || isVirtual(board) ? undefined : board;
  const most = judge({ region, channel, size, antennaGainDbi }).maxConductedTenths;
  const lawful = most === undefined ? defaults.powerDbm : Math.floor(most / 10);
  const chip = real === undefined ? Infinity : RADIO[real.radio.chip].maxPowerDbm;
  const powerDbm = wanted.powerDbm ?? Math.min(defaults.powerDbm, lawful, chip);
  const decision = judge({ region, channel, powerDbm, size, antennaGainDbi });
  const refusals = [
    ...decision.refusals,
    ...(real === undefined ? [] : boardRefusals(real, region, channel, powerDbm)),
  ];
  return { channel, powerDbm, antennaGainDbi, decision, refusals };
}

function boardRefusals(board: RealBoard, region: Region, channel: Channel, powerDbm: number): Refusal[] {
  const { chip, bandsMHz } = board.radio;
  const refusals: Refusal[] = [];
  const from = (channel.frequencyHz - channel.bandwidthHz / 2) / 1e6;
  const to = (channel.frequencyHz + channel.bandwidthHz / 2) / 1e6;
  if (!bandsMHz.some(([low, high]) => from >= low && to <= high)) {
    const limit = `${bandsMHz.map(([low, high]) => `${low}-${high}`).join(", ")} MHz`;
    const came = `board ${board.id} is made for ${limit}, and ${mhzText(channel.frequencyHz)} MHz is not in it`;
    const fix = `take a board with that band, or a region other than ${region.id}`;
    refusals.push({ rule: "board-band", limit, came, fix });
  }
  const { maxPowerDbm } = RADIO[chip];
  if (powerDbm > maxPowerDbm) {
    const came = `${powerDbm} dBm is more than the ${maxPowerDbm} dBm of the ${chip} on board ${board.id}`;
    refusals.push({ rule: "board-power", limit: `${maxPowerDbm} dBm`, came, fix: `use at most ${maxPowerDbm} dBm` });
  }
  const least = MIN_POWER_DBM[chip];
  if (powerDbm < least) {
    const came = `${powerDbm} dBm is less than the ${least} dBm the ${chip} on board ${board.id} can be set to`;
    refusals.push({ rule: "board-power", limit: `${least} dBm`, came, fix: "use an antenna with less gain" });
  }
  if (!BANDWIDTHS_HZ.includes(channel.bandwidthHz)) {
    const limit = `${BANDWIDTHS_HZ.map((hz) => hz / 1000).join(", ")} kHz`;
    const came = `the ${chip} on board ${board.id} has no LoRa bandwidth of ${khzText(channel.bandwidthHz)}`;
    refusals.push({ rule: "board-bandwidth", limit, came, fix: `use one of ${limit}` });
  }
  return refusals;
}

/**
 * The core's own rule: a node whose largest link frame, two air frames of 255 bytes, takes more than four fifths of the
 * hour could only queue for ever.
 */
export function linkFrameRefusal(band: SubBand, channel: Channel): Refusal | undefined {
  const hour = hourUs(band);
  const us = 2 * airtimeUs(channel, FRAME_MAX);
  if (hour === undefined || us * 5 <= hour * USABLE_FIFTHS) return undefined;
  const limit = `${(hour * USABLE_FIFTHS) / 5 / 1e6} s`;
  return {
    rule: "link-frame",
    limit,
    came: `a packet in two frames of ${FRAME_MAX} bytes is ${msText(us)} on the air, more than four fifths (${limit}) of the hour of sub-band ${band.name}`,
    fix: "use a lower spreading factor, a wider channel, or a sub-band with more of the hour",
    cite: band.duty?.cite,
  };
}

/** Everything that keeps a relay on `board` from working in `region` as wanted; empty when nothing does. */
export function relayRefusals(region: Region, settled: Settled): Refusal[] {
  const { band } = settled.decision;
  const closed = regionReceiveOnly(region);
  // Of a region that only receives, the numbers do not matter.
  if (closed !== undefined) return [receiveOnlyRefusal(region, closed)];
  const link = band && linkFrameRefusal(band, settled.channel);
  return [...settled.refusals, ...(link === undefined ? [] : [link])];
}

/**
 * The boot configuration of a relay in a region: its channel, its power, and the limits the core and the runtime keep.
 *
 * @throws RegionError with a sentence for each thing the law, the board or the core refuses; exit code 2
 */
export function regionalConfig(board: Board, region: Region, wanted: Wanted = {}): BootConfig {
  const settled = settle(region, wanted, FRAME_MAX, board);
  const refusals = relayRefusals(region, settled);
  const { band } = settled.decision;
  if (refusals.length > 0 || band === undefined) {
    throw new RegionError(refusals.map((refusal) => refusalSentence(region.id, refusal)));
  }
  const { channel, powerDbm } = settled;
  return {
    ...bootConfig(board),
    transmitAllowed: true,
    frequencyHz: channel.frequencyHz,
    bandwidthHz: channel.bandwidthHz,
    spreadingFactor: channel.spreadingFactor,
    codingRate: channel.codingRate,
    preambleSymbols: channel.preambleSymbols,
    powerDbm,
    dutyPermille: band.duty?.permille ?? 1000,
    // The record counts tenths of a second: rounded down, never up.
    dwellMs: band.dwell === undefined ? 0 : band.dwell.ms - (band.dwell.ms % 100),
    pauseMs: band.pause?.ms ?? 0,
    lbtThresholdDbm: band.lbt?.thresholdDbm ?? 0,
    lbtMs: band.lbt?.ms ?? 0,
  };
}
