/**
 * The boot configuration record: 20 bytes the core's `boot()` reads, and from which the runtime takes its radio
 * settings, so the two cannot disagree. All numbers are little endian.
 *
 *      0 version u8 = 1         5 spreading_factor u8    10 sync_word u8
 *      1 flags u8               6 coding_rate u8 (5..8)  11 zero u8
 *      2 capabilities u16       7 power_dbm i8           12 frequency_hz u32
 *      4 cost_tier u8           8 preamble u16           16 bandwidth_hz u32
 */
import { RADIO } from "./radio.ts";
import { type Board, isVirtual } from "./schema.ts";

export const BOOT_CONFIG_BYTES = 20;
export const BOOT_CONFIG_VERSION = 1;
const FLAG_TRANSMIT = 0x01;

/** Capability bits of the presence beacon (protocol/1-network section 1.5). */
export const CAPABILITY_RELAY = 0x0001;

export interface BootConfig {
  /** False until a board knows its region: a radio that may not be lawful to use only listens. */
  readonly transmitAllowed: boolean;
  /** Capability bits of the presence beacon, 0..0xffff. */
  readonly capabilities: number;
  /** 0 free, 1 cheap, 2 moderate, 3 expensive. */
  readonly costTier: number;
  /** 5..12 */
  readonly spreadingFactor: number;
  /** 5..8 for 4/5..4/8 */
  readonly codingRate: number;
  /** Conducted output power in dBm, -128..127; the chip's and the region's limits are checked elsewhere. */
  readonly powerDbm: number;
  /** Preamble length in symbols, 6..65535 (SX1261/2 Data Sheet 6.1.1.1 asks for at least 6 at these factors). */
  readonly preambleSymbols: number;
  /** One-byte LoRa sync word; 0x12 is the private-network value. */
  readonly syncWord: number;
  readonly frequencyHz: number;
  readonly bandwidthHz: number;
}

type NumberField = Exclude<keyof BootConfig, "transmitAllowed">;

const RANGES: Readonly<Record<NumberField, readonly [number, number]>> = {
  capabilities: [0, 0xffff],
  costTier: [0, 3],
  spreadingFactor: [5, 12],
  codingRate: [5, 8],
  powerDbm: [-128, 127],
  preambleSymbols: [6, 0xffff],
  syncWord: [0, 0xff],
  frequencyHz: [1, 0xffff_ffff],
  bandwidthHz: [1, 0xffff_ffff],
};

/** The settings every board starts from: the middle of the EU 869.4-869.65 MHz band, SF8, 125 kHz, 14 dBm. */
const DEFAULTS: BootConfig = {
  transmitAllowed: false,
  capabilities: CAPABILITY_RELAY,
  costTier: 0,
  spreadingFactor: 8,
  codingRate: 5,
  powerDbm: 14,
  preambleSymbols: 18,
  syncWord: 0x12,
  frequencyHz: 869_525_000,
  bandwidthHz: 125_000,
};

/**
 * The record an unprovisioned board boots with. A virtual board's air is a simulation, so it may transmit; a real one
 * only listens until it has been given a region.
 */
export function bootConfig(board: Board): BootConfig {
  if (isVirtual(board)) return { ...DEFAULTS, transmitAllowed: true };
  return { ...DEFAULTS, powerDbm: Math.min(DEFAULTS.powerDbm, RADIO[board.radio.chip].maxPowerDbm) };
}

/**
 * The 20 bytes of a configuration.
 *
 * @throws TypeError for a field that is no whole number, RangeError for one out of range; both name field and value
 */
export function encodeBootConfig(config: BootConfig): Uint8Array {
  checkRanges(config);
  const bytes = new Uint8Array(BOOT_CONFIG_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, BOOT_CONFIG_VERSION);
  view.setUint8(1, config.transmitAllowed ? FLAG_TRANSMIT : 0);
  view.setUint16(2, config.capabilities, true);
  view.setUint8(4, config.costTier);
  view.setUint8(5, config.spreadingFactor);
  view.setUint8(6, config.codingRate);
  view.setInt8(7, config.powerDbm);
  view.setUint16(8, config.preambleSymbols, true);
  view.setUint8(10, config.syncWord);
  view.setUint32(12, config.frequencyHz, true);
  view.setUint32(16, config.bandwidthHz, true);
  return bytes;
}

/**
 * The configuration 20 bytes stand for.
 *
 * @throws RangeError when length, version, a reserved bit or a field is wrong; the message names it and what came
 */
export function decodeBootConfig(bytes: Uint8Array): BootConfig {
  if (bytes.length !== BOOT_CONFIG_BYTES) {
    throw new RangeError(`boot configuration: expected ${BOOT_CONFIG_BYTES} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0);
  if (version !== BOOT_CONFIG_VERSION) {
    throw new RangeError(`boot configuration: version ${version} is not ${BOOT_CONFIG_VERSION}`);
  }
  const flags = view.getUint8(1);
  // Bits nobody has defined must not be dropped in silence: a newer writer meant something by them.
  if ((flags & ~FLAG_TRANSMIT) !== 0) throw new RangeError(`boot configuration: unknown flags ${flags}`);
  if (view.getUint8(11) !== 0) throw new RangeError(`boot configuration: byte 11 must be 0, got ${view.getUint8(11)}`);
  const config: BootConfig = {
    transmitAllowed: (flags & FLAG_TRANSMIT) !== 0,
    capabilities: view.getUint16(2, true),
    costTier: view.getUint8(4),
    spreadingFactor: view.getUint8(5),
    codingRate: view.getUint8(6),
    powerDbm: view.getInt8(7),
    preambleSymbols: view.getUint16(8, true),
    syncWord: view.getUint8(10),
    frequencyHz: view.getUint32(12, true),
    bandwidthHz: view.getUint32(16, true),
  };
  checkRanges(config);
  return config;
}

function checkRanges(config: BootConfig): void {
  for (const [name, [low, high]] of Object.entries(RANGES) as [NumberField, readonly [number, number]][]) {
    const value = config[name];
    if (!Number.isInteger(value))
      throw new TypeError(`boot configuration: ${name} must be a whole number, got ${value}`);
    if (value < low || value > high) {
      throw new RangeError(`boot configuration: ${name} must be ${low}..${high}, got ${value}`);
    }
  }
}
