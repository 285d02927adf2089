/**
 * LoRa time on air in whole microseconds, rounded up (Semtech AN1200.13; SX1261/2 datasheet rev 2.1 section 6.1.4): the
 * formula of the core's airtime ledger, for who must not import the core. A test proves the two equal.
 */

/** A LoRa transmission, explicit header and CRC on, as every frame of ours is. */
export interface Modulation {
  readonly bandwidthHz: number;
  /** 5..12 */
  readonly spreadingFactor: number;
  /** 5..8 for 4/5..4/8 */
  readonly codingRate: number;
  readonly preambleSymbols: number;
}

/** Bytes in the longest LoRa frame. */
export const FRAME_MAX = 255;

/** From this symbol time on the low data rate optimisation is on and two bits per symbol are not used. */
const LDRO_SYMBOL_MS = 16;

/**
 * Microseconds on air of a frame of `size` bytes (0..255).
 *
 * @throws RangeError for a size no frame has
 */
export function airtimeUs(modulation: Modulation, size: number): number {
  if (!Number.isInteger(size) || size < 0 || size > FRAME_MAX) {
    throw new RangeError(`a LoRa frame has 0 to ${FRAME_MAX} bytes, got ${size}`);
  }
  const { bandwidthHz, spreadingFactor: sf, codingRate, preambleSymbols } = modulation;
  const short = sf < 7;
  const ldro = 2 ** sf * 1000 >= LDRO_SYMBOL_MS * bandwidthHz;
  // Payload, 16 bits of CRC and 20 of header; 8 bits more fit the header's own symbols at SF5 and SF6.
  const bits = 8 * size - 4 * sf + 36 + (short ? 0 : 8);
  const groups = bits > 0 ? Math.ceil(bits / (4 * (ldro ? sf - 2 : sf))) : 0;
  // Quarter symbols keep the 4.25 (6.25 at SF5 and SF6) symbols of sync whole; at most 2^49 in the product.
  const quarters = 4 * (preambleSymbols + 8 + groups * codingRate) + (short ? 25 : 17);
  return Math.ceil((quarters * 2 ** sf * 250_000) / bandwidthHz);
}

/** The largest frame that stays within `limitUs`; undefined when not even an empty one does. */
export function longestFrame(modulation: Modulation, limitUs: number): number | undefined {
  for (let size = FRAME_MAX; size >= 0; size--) if (airtimeUs(modulation, size) <= limitUs) return size;
  return undefined;
}
