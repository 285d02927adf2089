/**
 * The boot configuration: 32 bytes and 8 for each wired interface, from the board value, later from the provisioning
 * record.
 *
 *   0 version u8 = 3 | 1 flags u8 | 2 capabilities u16 | 4 cost_tier u8 | 5 spreading_factor u8 | 6 coding_rate u8
 *   7 power_dbm i8 | 8 preamble u16 | 10 sync_word u8 | 11 dwell u8, tenths of a second | 12 frequency_hz u32
 *   16 bandwidth_hz u32 | 20 price u32, micro-MHR per KiB | 24 duty_permille u16, of an hour, 1-1000 | 26 wired u8, 0-3
 *   27 pause_ms u8 | 28 lbt_threshold i8, dBm | 29 lbt_ms u8 | 30 zero u16
 *   32 + 8i: bitrate_bps u32, mtu u16 (largest packet), zero u16
 *
 * flags: bit 0 transmit, bit 1 no radio. Interface 0 is the radio, 1 to 3 the wired ones. Frequency, power and sync word
 * go to the radio by way of the host, which reads the same bytes; the core keeps them because the airtime law is a matter
 * of frequency and power. The law itself is duty, dwell (the longest transmission), pause (silence after each) and
 * listen-before-talk, whose measuring is the host's; 0 is no such limit.
 */
import { Status } from "../abi";
import { INTERFACES, PACKET_BYTES, RADIO } from "../profile";
import { AIR_MAX } from "../wire/air";
import { airtimeUs } from "../wire/airtime";
import { COST_TIER_MAX } from "../wire/beacon";
import { MTU_MIN } from "../wire/packet";

const FIXED_SIZE: u32 = 32;
const WIRED_SIZE: u32 = 8;
const WIRED_MAX: u32 = INTERFACES - 1;
export const CONFIG_SIZE: u32 = 56;
export const CONFIG: usize = memory.data(56, 8);

const VERSION: u8 = 3;
const FLAG_TRANSMIT: u32 = 1;
const FLAG_NO_RADIO: u32 = 2;
const DUTY_MAX: u32 = 1000;
/** One per mille of an hour in microseconds. */
export const PERMILLE_US: u64 = 3_600_000;
const DWELL_UNIT_US: u64 = 100_000;
/** Nothing slower carries a packet within the minute a link may take for it. */
const BITRATE_MIN: u32 = 100;

/**
 * Checks and keeps the `length` bytes at `input`; what is refused leaves the old configuration in place. BadConfig;
 * ConfigUnlawful: largest frames could only wait for ever, an air frame for the dwell limit, a link frame (two of them) for
 * the four fifths of the hour's allowance that beacons and gossip have.
 */
export function configLoad(input: usize, length: u32): Status {
  if (length < FIXED_SIZE) return Status.BadConfig;
  const wired: u32 = load<u8>(input, 26);
  if (wired > WIRED_MAX || length != FIXED_SIZE + wired * WIRED_SIZE) return Status.BadConfig;
  if (load<u8>(input) != VERSION || load<u16>(input, 30) != 0) return Status.BadConfig;
  const flags: u32 = load<u8>(input, 1);
  if ((flags & ~(FLAG_TRANSMIT | FLAG_NO_RADIO)) != 0) return Status.BadConfig;
  if (<u32>load<u8>(input, 4) > COST_TIER_MAX) return Status.BadConfig;
  const duty: u32 = load<u16>(input, 24);
  if (duty == 0 || duty > DUTY_MAX) return Status.BadConfig;
  const threshold: i32 = load<i8>(input, 28);
  if (threshold > 0 || (threshold == 0) != (load<u8>(input, 29) == 0)) return Status.BadConfig;
  // The airtime formula knows which radio parameters exist; a set it refuses could never be accounted for.
  const us = airtimeOf(input, AIR_MAX);
  if (us == 0) return Status.BadConfig;
  for (let i: u32 = 0; i < wired; i++) {
    const at = input + <usize>(FIXED_SIZE + i * WIRED_SIZE);
    const mtu: u32 = load<u16>(at, 4);
    if (load<u32>(at) < BITRATE_MIN || mtu < MTU_MIN || mtu > PACKET_BYTES || load<u16>(at, 6) != 0)
      return Status.BadConfig;
  }
  if (flags == FLAG_TRANSMIT && (breaksDwell(input, us) || us * 10 > <u64>duty * PERMILLE_US * 4))
    return Status.ConfigUnlawful;
  memory.fill(CONFIG, 0, CONFIG_SIZE);
  memory.copy(CONFIG, input, length);
  return Status.Ok;
}

/** True if this node has the interface: the radio, 0, or a wired one. */
export function configHasInterface(index: u32): bool {
  if (index == RADIO) return ((<u32>load<u8>(CONFIG, 1)) & FLAG_NO_RADIO) == 0;
  return index <= <u32>load<u8>(CONFIG, 26);
}

function wiredAt(index: u32): usize {
  return CONFIG + <usize>(FIXED_SIZE + (index - 1) * WIRED_SIZE);
}

/** Bits per second an interface carries; on the radio what frames of 255 bytes come to. */
export function configBitrate(index: u32): u32 {
  if (index != RADIO) return load<u32>(wiredAt(index));
  return <u32>((<u64>AIR_MAX * 8 * 1_000_000) / configAirtimeUs(AIR_MAX));
}

/** Largest packet an interface carries, in bytes: 484 on the radio. */
export function configMtu(index: u32): u32 {
  return index == RADIO ? MTU_MIN : load<u16>(wiredAt(index), 4);
}

/** 5 to 12. */
export function configSpreadingFactor(): i32 {
  return load<u8>(CONFIG, 5);
}

/** Price in micro-MHR per KiB of everything relayed. */
export function configPrice(): u32 {
  return load<u32>(CONFIG, 20);
}

export function configSetPrice(price: u32): void {
  store<u32>(CONFIG, price, 20);
}

/** Per mille of an hour that this node's radio may be on the air; 1000 for no limit. */
export function configDutyPermille(): u32 {
  return load<u16>(CONFIG, 24);
}

/** True if one transmission of `us` microseconds, at least one, is longer than the law allows. */
export function configBreaksDwell(us: u64): bool {
  return breaksDwell(CONFIG, us);
}

function breaksDwell(config: usize, us: u64): bool {
  // Without a limit 0 - 1 is 2^64 - 1.
  return us - 1 > <u64>load<u8>(config, 11) * DWELL_UNIT_US - 1;
}

/**
 * Milliseconds for which nothing may follow the end of a transmission, counted from when it would end had it begun at once:
 * listening comes before it. 0 if the region asks for neither.
 */
export function configQuietMs(): u64 {
  const pause: u64 = load<u8>(CONFIG, 27);
  const listen: u64 = load<u8>(CONFIG, 29);
  // The core's clock has whole milliseconds: what was begun in one may end in the next.
  return pause + listen == 0 ? 0 : pause + listen + 1;
}

/** False on a board without a region: its radio listens and says nothing. */
export function configTransmits(): bool {
  return ((<u32>load<u8>(CONFIG, 1)) & FLAG_TRANSMIT) != 0;
}

export function configCapabilities(): u32 {
  return load<u16>(CONFIG, 2);
}

export function configCostTier(): u32 {
  return load<u8>(CONFIG, 4);
}

/** Microseconds that an air frame of `length` bytes takes with this configuration. */
export function configAirtimeUs(length: u32): u64 {
  return airtimeOf(CONFIG, length);
}

function airtimeOf(config: usize, length: u32): u64 {
  const sf: u32 = load<u8>(config, 5);
  const codingRate: u32 = load<u8>(config, 6);
  return airtimeUs(sf, load<u32>(config, 16), codingRate, load<u16>(config, 8), length, true, true);
}
