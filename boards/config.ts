/**
 * The boot configuration record: 32 bytes, and 8 for each wired interface, that the core's `boot()` reads, and from
 * which the runtime takes its radio settings, so the two cannot disagree. All numbers are little endian.
 *
 *      0 version u8 = 3         8 preamble u16           24 duty_permille u16 (1..1000)
 *      1 flags u8              10 sync_word u8           26 wired u8 (0..3)
 *      2 capabilities u16      11 dwell u8, tenths of s  27 pause_ms u8
 *      4 cost_tier u8          12 frequency_hz u32       28 lbt_threshold i8, dBm
 *      5 spreading_factor u8   16 bandwidth_hz u32       29 lbt_ms u8
 *      6 coding_rate u8 (5..8) 20 price u32, micro-MHR   30 zero u16
 *      7 power_dbm i8             per KiB                32 + 8i: bitrate_bps u32, mtu u16, zero u16
 *
 * flags: bit 0 transmit, bit 1 no radio. Interface 0 is the radio, 1 to 3 are the wired ones. Dwell 0, pause 0 and
 * threshold 0 stand for no such limit.
 */
import { RADIO } from "./radio.ts";
import { type Board, isVirtual } from "./schema.ts";

/** Size without wired interfaces. */
export const BOOT_CONFIG_BYTES = 32;
export const BOOT_CONFIG_VERSION = 3;
const WIRED_BYTES = 8;
/** Interfaces 1 to 3. */
export const WIRED_MAX = 3;
/** What every link must carry, and the largest packet the core has room for (core-as/assembly/profile.ts). */
const PACKET_MIN = 484;
const PACKET_MAX = 484;
/** The record counts the longest transmission in tenths of a second. */
const DWELL_UNIT_MS = 100;
const FLAG_TRANSMIT = 0x01;
const FLAG_NO_RADIO = 0x02;

/** Capability bits of the presence beacon (protocol/1-network section 1.5). */
export const CAPABILITY_RELAY = 0x0001;

/** A point-to-point link beside the radio: a cable or a tunnel. */
export interface WiredInterface {
  /** 100..2^32-1 */
  readonly bitrateBps: number;
  /** Largest packet in bytes: 484, the only size the relay profile carries (PACKET_BYTES in profile.ts). */
  readonly mtu: number;
}

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
  /** Price of everything relayed, in micro-MHR per KiB. */
  readonly priceMicroMhrPerKib: number;
  /** Per mille of an hour the radio may be on the air, 1..1000; 1000 is no limit. */
  readonly dutyPermille: number;
  /** Longest single transmission: a multiple of 100 ms up to 25,500; 0 is no limit. */
  readonly dwellMs: number;
  /** Silence after each transmission, 0..255 ms. */
  readonly pauseMs: number;
  /** Listen before talk: received power in dBm, -128..-1, above which the channel is taken; 0 is no such rule. */
  readonly lbtThresholdDbm: number;
  /** How long the channel must have been below the threshold, 1..255 ms; 0 exactly when the threshold is. */
  readonly lbtMs: number;
  /** False for a node with wired interfaces alone. */
  readonly radio: boolean;
  /** Interfaces 1 and up, at most 3. */
  readonly wired: readonly WiredInterface[];
}

type NumberField = Exclude<keyof BootConfig, "transmitAllowed" | "radio" | "wired">;

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
  priceMicroMhrPerKib: [0, 0xffff_ffff],
  dutyPermille: [1, 1000],
  dwellMs: [0, 255 * DWELL_UNIT_MS],
  pauseMs: [0, 255],
  lbtThresholdDbm: [-128, 0],
  lbtMs: [0, 255],
};

const WIRED_RANGES: Readonly<Record<keyof WiredInterface, readonly [number, number]>> = {
  bitrateBps: [100, 0xffff_ffff],
  mtu: [PACKET_MIN, PACKET_MAX],
};

/** The settings every board starts from: the middle of the EU 869.4-869.65 MHz band, whose law is 10 %; SF8, 125 kHz, 14 dBm. */
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
  priceMicroMhrPerKib: 0,
  dutyPermille: 100,
  dwellMs: 0,
  pauseMs: 0,
  lbtThresholdDbm: 0,
  lbtMs: 0,
  radio: true,
  wired: [],
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
 * The bytes of a configuration: 32, and 8 for each wired interface.
 *
 * @throws TypeError for a field that is no whole number, RangeError for one out of range; both name field and value
 */
export function encodeBootConfig(config: BootConfig): Uint8Array {
  checkRanges(config);
  const bytes = new Uint8Array(BOOT_CONFIG_BYTES + config.wired.length * WIRED_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, BOOT_CONFIG_VERSION);
  view.setUint8(1, (config.transmitAllowed ? FLAG_TRANSMIT : 0) | (config.radio ? 0 : FLAG_NO_RADIO));
  view.setUint16(2, config.capabilities, true);
  view.setUint8(4, config.costTier);
  view.setUint8(5, config.spreadingFactor);
  view.setUint8(6, config.codingRate);
  view.setInt8(7, config.powerDbm);
  view.setUint16(8, config.preambleSymbols, true);
  view.setUint8(10, config.syncWord);
  view.setUint8(11, config.dwellMs / DWELL_UNIT_MS);
  view.setUint32(12, config.frequencyHz, true);
  view.setUint32(16, config.bandwidthHz, true);
  view.setUint32(20, config.priceMicroMhrPerKib, true);
  view.setUint16(24, config.dutyPermille, true);
  view.setUint8(26, config.wired.length);
  view.setUint8(27, config.pauseMs);
  view.setInt8(28, config.lbtThresholdDbm);
  view.setUint8(29, config.lbtMs);
  for (const [i, { bitrateBps, mtu }] of config.wired.entries()) {
    view.setUint32(BOOT_CONFIG_BYTES + i * WIRED_BYTES, bitrateBps, true);
    view.setUint16(BOOT_CONFIG_BYTES + i * WIRED_BYTES + 4, mtu, true);
  }
  return bytes;
}

/**
 * The configuration that bytes stand for.
 *
 * @throws RangeError when length, version, a reserved bit or a field is wrong; the message names it and what came
 */
export function decodeBootConfig(bytes: Uint8Array): BootConfig {
  if (bytes.length < BOOT_CONFIG_BYTES) {
    throw new RangeError(`boot configuration: expected at least ${BOOT_CONFIG_BYTES} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(0);
  if (version !== BOOT_CONFIG_VERSION) {
    throw new RangeError(`boot configuration: version ${version} is not ${BOOT_CONFIG_VERSION}`);
  }
  const flags = view.getUint8(1);
  // Bits nobody has defined must not be dropped in silence: a newer writer meant something by them.
  if ((flags & ~(FLAG_TRANSMIT | FLAG_NO_RADIO)) !== 0) {
    throw new RangeError(`boot configuration: unknown flags ${flags}`);
  }
  const wiredCount = view.getUint8(26);
  if (wiredCount > WIRED_MAX) {
    throw new RangeError(`boot configuration: at most ${WIRED_MAX} wired interfaces, got ${wiredCount}`);
  }
  const size = BOOT_CONFIG_BYTES + wiredCount * WIRED_BYTES;
  if (bytes.length !== size) {
    throw new RangeError(`boot configuration: expected ${size} bytes, got ${bytes.length}`);
  }
  const interfaces = Array.from({ length: wiredCount }, (_, i) => BOOT_CONFIG_BYTES + i * WIRED_BYTES);
  for (const at of [30, 31, ...interfaces.flatMap((start) => [start + 6, start + 7])]) {
    const byte = view.getUint8(at);
    if (byte !== 0) throw new RangeError(`boot configuration: byte ${at} must be 0, got ${byte}`);
  }
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
    priceMicroMhrPerKib: view.getUint32(20, true),
    dutyPermille: view.getUint16(24, true),
    dwellMs: view.getUint8(11) * DWELL_UNIT_MS,
    pauseMs: view.getUint8(27),
    lbtThresholdDbm: view.getInt8(28),
    lbtMs: view.getUint8(29),
    radio: (flags & FLAG_NO_RADIO) === 0,
    wired: interfaces.map((at) => ({ bitrateBps: view.getUint32(at, true), mtu: view.getUint16(at + 4, true) })),
  };
  checkRanges(config);
  return config;
}

function checkRanges(config: BootConfig): void {
  for (const [name, range] of Object.entries(RANGES) as [NumberField, readonly [number, number]][]) {
    checkRange(name, config[name], range);
  }
  if (config.dwellMs % DWELL_UNIT_MS !== 0) {
    throw new RangeError(`boot configuration: dwellMs must be a multiple of ${DWELL_UNIT_MS}, got ${config.dwellMs}`);
  }
  // A threshold without a time would never be looked at, a time without a threshold means nothing.
  if ((config.lbtMs === 0) !== (config.lbtThresholdDbm === 0)) {
    throw new RangeError(
      `boot configuration: lbtMs must be ${config.lbtThresholdDbm === 0 ? "0" : "1..255"} ` +
        `with lbtThresholdDbm ${config.lbtThresholdDbm}, got ${config.lbtMs}`,
    );
  }
  if (config.wired.length > WIRED_MAX) {
    throw new RangeError(`boot configuration: at most ${WIRED_MAX} wired interfaces, got ${config.wired.length}`);
  }
  for (const [i, wired] of config.wired.entries()) {
    for (const [name, range] of Object.entries(WIRED_RANGES) as [keyof WiredInterface, readonly [number, number]][]) {
      checkRange(`wired[${i}].${name}`, wired[name], range);
    }
  }
}

function checkRange(name: string, value: number, [low, high]: readonly [number, number]): void {
  if (!Number.isInteger(value)) {
    throw new TypeError(`boot configuration: ${name} must be a whole number, got ${value}`);
  }
  if (value < low || value > high) {
    throw new RangeError(`boot configuration: ${name} must be ${low}..${high}, got ${value}`);
  }
}
