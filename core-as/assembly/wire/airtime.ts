/**
 * LoRa time on air in integers (Semtech AN1200.13; SX1261/2 datasheet rev 2.1 section 6.1.4).
 *
 * Counted in quarter symbols so that the 4.25 (6.25 at SF5 and SF6) symbols of sync stay whole, and rounded up at the end:
 * the airtime ledger may overstate by a microsecond, never understate.
 */

/** SX126x and SX127x accept 7.81 kHz to 500 kHz; SX128x goes to 1625 kHz. */
const BANDWIDTH_MIN: u32 = 7_800;
const BANDWIDTH_MAX: u32 = 1_625_000;
const PREAMBLE_MAX: u32 = 65_535;
/** One LoRa frame. */
const PAYLOAD_MAX: u32 = 255;

/** Above this symbol time the low data rate optimisation is on and two bits per symbol are not used (16 ms). */
const LDRO_SYMBOL_US: u64 = 16_000;

/**
 * Microseconds on air; 0 if a parameter is out of range.
 * sf 5-12, bandwidth in Hz, coding rate 5-8 for 4/5-4/8, preamble in symbols, payload in bytes.
 */
export function airtimeUs(
  sf: u32,
  bandwidthHz: u32,
  codingRate: u32,
  preamble: u32,
  payload: u32,
  explicitHeader: bool,
  crc: bool,
): u64 {
  if (sf < 5 || sf > 12 || codingRate < 5 || codingRate > 8 || payload > PAYLOAD_MAX) return 0;
  if (bandwidthHz < BANDWIDTH_MIN || bandwidthHz > BANDWIDTH_MAX || preamble > PREAMBLE_MAX) return 0;

  const short = sf < 7;
  // Symbol time >= 16 ms, without dividing: 2^sf / BW >= 16 ms.
  const ldro = ((<u64>1) << sf) * 1_000_000 >= LDRO_SYMBOL_US * <u64>bandwidthHz;

  let bits = <i32>(8 * payload) - <i32>(4 * sf);
  if (crc) bits += 16;
  if (explicitHeader) bits += 20;
  if (!short) bits += 8;

  let symbols: u32 = 8;
  if (bits > 0) {
    const bitsPerGroup = 4 * (ldro ? sf - 2 : sf);
    symbols += ((<u32>bits + bitsPerGroup - 1) / bitsPerGroup) * codingRate;
  }

  const quarters: u64 = <u64>(4 * (preamble + symbols) + (short ? 25 : 17));
  // quarters * 2^sf / (4 BW) seconds. At most 2^18.1 * 2^12 * 250000 < 2^49.
  return ((quarters << sf) * 250_000 + <u64>bandwidthHz - 1) / <u64>bandwidthHz;
}
