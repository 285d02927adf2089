/**
 * How strong a transmission arrives: log-distance path loss with log-normal shadowing (Rappaport, Wireless
 * Communications, section 4.9), and what a LoRa receiver makes of it.
 *
 * Levels are whole hundredths of a dB once computed, so that the last bit of a machine's logarithm decides nothing; sums
 * of powers are made from a table that needs no library function either.
 */
import type { Phy } from "../radio/channel.ts";
import { normal, Stream, stream } from "./streams.ts";

export interface Propagation {
  /** Decades of distance to tens of dB: 2 in free space, 2.3 from roof to field, 3.5-4 in a town. */
  readonly exponent: number;
  /** Loss at `referenceM`, dB. */
  readonly referenceLossDb: number;
  readonly referenceM: number;
  /** Standard deviation of a pair's loss around the mean, dB. */
  readonly shadowingDb: number;
  readonly noiseFigureDb: number;
}

/**
 * Okumura-Hata for a town, small antennas on roofs: 868 MHz, base at 10 m, mobile at 1.5 m: 132.6 dB at 1 km and 38.4 dB
 * per decade (Hata 1980, equation 1); 6 dB is a usual spread; 6 dB is an SX1262's noise figure.
 */
export const TOWN: Propagation = {
  exponent: 3.84,
  referenceLossDb: 132.6,
  referenceM: 1000,
  shadowingDb: 6,
  noiseFigureDb: 6,
};

/** Nobody stands in the other's antenna. */
const NEAREST_M = 1;

/** dB above the noise at which a spreading factor is still decoded (SX1276 datasheet rev 7, table 13; SX1262 6.1.1.1). */
const SNR_THRESHOLD_DB: Readonly<Record<number, number>> = {
  5: -2.5,
  6: -5,
  7: -7.5,
  8: -10,
  9: -12.5,
  10: -15,
  11: -17.5,
  12: -20,
};

/**
 * How much weaker than an interferer of another spreading factor a signal may be (Croce et al., Impact of LoRa imperfect
 * orthogonality, IEEE Communications Letters 2018, table I: the worst of each row; 5 and 6 as 7).
 */
const OTHER_SF_DB: Readonly<Record<number, number>> = {
  5: -8,
  6: -8,
  7: -8,
  8: -11,
  9: -13,
  10: -17,
  11: -20,
  12: -23,
};

/** dB a frame must be above everything of its own spreading factor together to survive (same table: 1 dB; LoRaSim: 6). */
export const CAPTURE_CENTIDB = 600;

export function snrThresholdCentiDb(sf: number): number {
  return Math.round((SNR_THRESHOLD_DB[sf] ?? 0) * 100);
}

export function otherSfCentiDb(sf: number): number {
  return Math.round((OTHER_SF_DB[sf] ?? 0) * 100);
}

/** Thermal noise in the bandwidth, and the receiver's own, in hundredths of dBm. */
export function noiseCentiDbm(bandwidthHz: number, noiseFigureDb: number): number {
  return Math.round((-174 + 10 * Math.log10(bandwidthHz) + noiseFigureDb) * 100);
}

/** Loss between stations `a` and `b`, the same both ways, in hundredths of dB. */
export function lossCentiDb(propagation: Propagation, seed: number, a: number, b: number, distanceM: number): number {
  const { exponent, referenceLossDb, referenceM, shadowingDb } = propagation;
  const distance = Math.max(distanceM, NEAREST_M);
  const mean = referenceLossDb + 10 * exponent * Math.log10(distance / referenceM);
  const shadow = normal(stream(seed, Stream.Shadowing, Math.min(a, b), Math.max(a, b))) * shadowingDb;
  return Math.round(Math.max(mean + shadow, 0) * 100);
}

/** 10^(k/1000) for k = 0..999, by multiplication: the same bits everywhere. */
const STEPS = new Float64Array(1000);
/** Decades from 10^-30 on. */
const DECADES = new Float64Array(61);
{
  // 10^(1/1000); the error of a thousand products stays below 1e-12.
  const step = 1.0023052380778996;
  let value = 1;
  for (let i = 0; i < STEPS.length; i++) {
    STEPS[i] = value;
    value *= step;
  }
  DECADES[30] = 1;
  for (let i = 31; i <= 60; i++) DECADES[i] = (DECADES[i - 1] as number) * 10;
  for (let i = 29; i >= 0; i--) DECADES[i] = (DECADES[i + 1] as number) / 10;
}

/** Milliwatts (or a ratio) of a level in hundredths of dBm (or dB). */
export function linear(centiDb: number): number {
  const decade = Math.floor(centiDb / 1000);
  return (DECADES[decade + 30] ?? 0) * (STEPS[centiDb - decade * 1000] as number);
}

/** True if two transmissions can be told apart by nothing but their strength. */
export function sameModulation(a: Phy, b: Phy): boolean {
  return a.frequencyHz === b.frequencyHz && a.bandwidthHz === b.bandwidthHz && a.spreadingFactor === b.spreadingFactor;
}
