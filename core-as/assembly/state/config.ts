/**
 * The boot configuration: 20 bytes from the board value, later from the provisioning record.
 *
 *   0 version u8 = 1 | 1 flags u8 | 2 capabilities u16 | 4 cost_tier u8 | 5 spreading_factor u8 | 6 coding_rate u8
 *   7 power_dbm i8 | 8 preamble u16 | 10 sync_word u8 | 11 zero u8 | 12 frequency_hz u32 | 16 bandwidth_hz u32
 *
 * Frequency, power and sync word go to the radio by way of the host, which reads the same bytes; the core keeps them
 * because the airtime law is a matter of frequency and power.
 */
import { Status } from "../abi";
import { airtimeUs } from "../wire/airtime";
import { COST_TIER_MAX } from "../wire/beacon";

export const CONFIG_SIZE: u32 = 20;
export const CONFIG: usize = memory.data(20, 8);

const VERSION: u8 = 1;
const FLAG_TRANSMIT: u32 = 1;

/** Checks and keeps the `length` bytes at `input`. BadConfig leaves the old configuration in place. */
export function configLoad(input: usize, length: u32): Status {
  if (length != CONFIG_SIZE) return Status.BadConfig;
  if (load<u8>(input) != VERSION || load<u8>(input, 11) != 0) return Status.BadConfig;
  if (((<u32>load<u8>(input, 1)) & ~FLAG_TRANSMIT) != 0) return Status.BadConfig;
  if (<u32>load<u8>(input, 4) > COST_TIER_MAX) return Status.BadConfig;
  // The airtime formula knows which radio parameters exist; a set it refuses could never be accounted for.
  if (airtimeOf(input, 255) == 0) return Status.BadConfig;
  memory.copy(CONFIG, input, CONFIG_SIZE);
  return Status.Ok;
}

/** False on a board without a region: it listens and says nothing. */
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
