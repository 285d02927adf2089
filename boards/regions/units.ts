/** The regulators write MHz, we count Hz. */
export function mhz(value: number): number {
  return Math.round(value * 1e6);
}

/** A range in MHz as the two ends of a sub-band. */
export function range(fromMhz: number, toMhz: number): { readonly fromHz: number; readonly toHz: number } {
  return { fromHz: mhz(fromMhz), toHz: mhz(toMhz) };
}

const LORA_SHORT_PREAMBLE = 8;
const PREAMBLE = 18;

/** A default channel like the one of boards/config.ts: SF8, 125 kHz, 4/5, preamble 18, 14 dBm, with what differs. */
export function channelAt(
  frequencyMhz: number,
  differs: Partial<{ bandwidthHz: number; spreadingFactor: number; powerDbm: number; shortPreamble: boolean }> = {},
) {
  const { bandwidthHz = 125_000, spreadingFactor = 8, powerDbm = 14, shortPreamble = false } = differs;
  return {
    frequencyHz: mhz(frequencyMhz),
    bandwidthHz,
    spreadingFactor,
    codingRate: 5,
    preambleSymbols: shortPreamble ? LORA_SHORT_PREAMBLE : PREAMBLE,
    powerDbm,
  };
}
