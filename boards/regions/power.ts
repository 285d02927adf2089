/**
 * Radiated and conducted power, in hundredths of a decibel, so that 2.15 dB stays exact. What comes out for a user is in
 * tenths and never rounded up.
 */
import type { PowerReference, SubBand } from "./schema.ts";

/** What a half-wave dipole radiates above an isotropic antenna: EIRP = ERP + 2.15 dB. */
export const DIPOLE_DBI = 2.15;

/** A number of decibels with up to two decimals as whole hundredths. */
export function hundredths(decibels: number): number {
  return Math.round(decibels * 100);
}

/** Hundredths of a decibel, or of a dBm, in tenths, rounded down. */
export function tenthsBelow(centi: number): number {
  return Math.floor(centi / 10);
}

export const REFERENCE_NAMES: Readonly<Record<PowerReference, string>> = {
  erp: "ERP",
  eirp: "EIRP",
  conducted: "conducted",
};

interface Limit {
  readonly dbm: number;
  readonly of: PowerReference;
  readonly freeGainDbi?: number | undefined;
}

/** The conducted power, in hundredths of a dBm, that reaches `limit` exactly through an antenna of that gain. */
export function conductedCenti(limit: Limit, antennaGainDbi: number): number {
  const most = hundredths(limit.dbm);
  const gain = hundredths(antennaGainDbi);
  if (limit.of === "erp") return most + hundredths(DIPOLE_DBI) - gain;
  if (limit.of === "eirp") return most - gain;
  return most - Math.max(0, gain - hundredths(limit.freeGainDbi ?? 0));
}

/** Conducted power of an emission that has `limit` in every stretch of `perHz`, spread evenly over its bandwidth. */
export function densityCenti(density: NonNullable<SubBand["density"]>, bandwidthHz: number, gainDbi: number): number {
  // A chirp is flat over its bandwidth; a narrower emission has all its power in one stretch.
  const spread = Math.floor(1000 * Math.log10(Math.max(1, bandwidthHz / density.perHz)));
  return conductedCenti(density, gainDbi) + spread;
}

/** The most an antenna of that gain may be fed in a sub-band, in hundredths of a dBm; undefined without a limit. */
export function maxConductedCenti(band: SubBand, bandwidthHz: number, gainDbi: number): number | undefined {
  if (band.power === undefined) return undefined;
  const power = conductedCenti(band.power, gainDbi);
  return band.density === undefined ? power : Math.min(power, densityCenti(band.density, bandwidthHz, gainDbi));
}

/** The ERP, in dBm, that a sub-band's power limit comes to: a conducted one with all the gain it allows for. */
export function maxErpDbm(power: NonNullable<SubBand["power"]>): number {
  const dipole = hundredths(DIPOLE_DBI);
  if (power.of === "erp") return power.dbm;
  const gain = power.of === "conducted" ? hundredths(power.freeGainDbi ?? 0) : 0;
  return (hundredths(power.dbm) + gain - dipole) / 100;
}
