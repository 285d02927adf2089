/** From what a user wants of a relay to the configuration that is written into it, within the law of its region. */
import { bootConfig, encodeBootConfig } from "../../boards/config.ts";
import { findBoard } from "../../boards/index.ts";
import { relayRefusals, regionalConfig, settle, type Wanted } from "../../boards/regions/config.ts";
import { findRegion } from "../../boards/regions/index.ts";
import type { Refusal, Rule } from "../../boards/regions/law.ts";
import { refusalSentence } from "../../boards/regions/law.ts";
import { DIPOLE_DBI } from "../../boards/regions/power.ts";
import { channelText } from "../../boards/regions/text.ts";
import { FRAME_MAX } from "../../boards/airtime.ts";
import type { PinMode } from "./schema.ts";

/** In place of a region: a relay that only listens, where the defaults or a question would say another. */
export const NO_REGION = "none";

/** What a user may say about one relay, in the words and units of fleet.yaml; what is left out has a default. */
export interface Settings {
  readonly board?: string | undefined;
  readonly region?: string | undefined;
  /** MHz */
  readonly frequency?: number | undefined;
  /** kHz */
  readonly bandwidth?: number | undefined;
  readonly sf?: number | undefined;
  readonly preamble?: number | undefined;
  /** Conducted, whole dBm. */
  readonly power?: number | undefined;
  /** dBi, of the antenna with its cable. */
  readonly antenna_gain?: number | undefined;
  /** micro-MHR per KiB, 0 to 2^32 - 1 */
  readonly price?: bigint | undefined;
  /** 0 free to 3 expensive: what its beacons say. */
  readonly cost_tier?: number | undefined;
  /** Names of devices, addresses of 32 hexadecimal digits, or all devices of the file. */
  readonly trusted?: "all" | readonly string[] | undefined;
  readonly pin?: PinMode | undefined;
  readonly pin_file?: string | undefined;
}

/** The part of a relay's provisioning that follows from its settings and its board alone. */
export interface Resolved {
  readonly board: string;
  /** Empty: it only listens. */
  readonly region: string;
  readonly antennaGainTenths: number;
  /** Boot configuration, encoded (boards/config.ts). */
  readonly config: Uint8Array;
  /** "869.525 MHz, SF8, 125 kHz, 14 dBm", or that it only listens. */
  readonly summary: string;
}

/** A setting that its board or its law refuses; `came` begins the sentence and `fix` ends it. */
export interface SettingsProblem {
  readonly field: keyof Settings;
  readonly sentence: string;
}

/** Which of the settings a rule speaks of: the first that was given, or else the region. */
const FIELDS: Readonly<Record<Rule, readonly (keyof Settings)[]>> = {
  "receive-only": [],
  "sub-band": ["frequency", "bandwidth"],
  straddling: ["frequency", "bandwidth"],
  gap: ["frequency", "bandwidth"],
  bandwidth: ["bandwidth"],
  "unit-channel": ["frequency", "bandwidth"],
  power: ["power", "antenna_gain"],
  dwell: ["sf", "bandwidth", "preamble"],
  duty: ["sf", "bandwidth", "preamble"],
  "board-band": ["frequency"],
  "board-power": ["power", "antenna_gain"],
  "board-bandwidth": ["bandwidth"],
  "link-frame": ["sf", "bandwidth", "preamble"],
};

const CHANNEL_FIELDS = ["frequency", "bandwidth", "sf", "preamble", "power", "antenna_gain"] as const;

/** dBi into the record's tenths: rounded up, so that the record never says less than the antenna has. */
export function gainTenths(dbi: number): number {
  return Math.ceil(Math.round(dbi * 100) / 10);
}

/**
 * What the settings come to on their board.
 *
 * @throws UnknownBoardError and UnknownRegionError, with the nearest names; exit code 2
 */
export function resolve(settings: Settings & { readonly board: string }): Resolved | readonly SettingsProblem[] {
  const board = findBoard(settings.board);
  const { price = 0n } = settings;
  const regionId = settings.region === NO_REGION ? undefined : settings.region;
  const extra = {
    priceMicroMhrPerKib: Number(price),
    // A relay that takes money must not call itself free.
    costTier: settings.cost_tier ?? (price === 0n ? 0 : 1),
  };
  const antennaGainTenths = gainTenths(settings.antenna_gain ?? DIPOLE_DBI);
  if (regionId === undefined) {
    const given = CHANNEL_FIELDS.filter((field) => settings[field] !== undefined);
    if (given.length > 0) {
      return given.map((field) => ({
        field,
        sentence: `${settings[field]} is a matter of a region's law, and no region is given; add region, such as region: eu868.`,
      }));
    }
    // Also a virtual board, whose image may transmit by itself: an empty region is a relay that only listens.
    const config = { ...bootConfig(board), ...extra, transmitAllowed: false };
    const resolved = { board: board.id, region: "", antennaGainTenths };
    return { ...resolved, config: encodeBootConfig(config), summary: "no region: it only listens" };
  }
  const region = findRegion(regionId);
  const wanted: Wanted = {
    // Hz in the record are whole; the numbers of a file have a decimal point.
    frequencyHz: settings.frequency === undefined ? undefined : Math.round(settings.frequency * 1e6),
    bandwidthHz: settings.bandwidth === undefined ? undefined : Math.round(settings.bandwidth * 1000),
    spreadingFactor: settings.sf,
    preambleSymbols: settings.preamble,
    powerDbm: settings.power,
    antennaGainDbi: settings.antenna_gain,
  };
  const refusals = relayRefusals(region, settle(region, wanted, FRAME_MAX, board));
  if (refusals.length > 0) return refusals.map((refusal) => settingsProblem(settings, region.id, refusal));
  const config = { ...regionalConfig(board, region, wanted), ...extra };
  return {
    board: board.id,
    region: region.id,
    antennaGainTenths,
    config: encodeBootConfig(config),
    summary: `${region.id}, ${channelText(config)}, ${config.powerDbm} dBm`,
  };
}

function settingsProblem(settings: Settings, region: string, refusal: Refusal): SettingsProblem {
  const field = FIELDS[refusal.rule].find((name) => settings[name] !== undefined) ?? "region";
  // The law's own words are for `mehr build`.
  const listen = "take the region the station stands in, or region none and only listen";
  const told = refusal.rule === "receive-only" ? { ...refusal, fix: listen } : refusal;
  return { field, sentence: refusalSentence(region, told) };
}
