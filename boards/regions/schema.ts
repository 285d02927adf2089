/**
 * The shape of a region: the law of the air of a country or a group of countries, as a value in which every limit names
 * the text it is written in. `index.ts` lists the regions, `law.ts` decides what one allows.
 *
 * A limit whose text nobody could name is left without `cite`, and then its sub-band only receives: what is not known
 * to be lawful is not sent. Peers' firmware is never a citation; where it is the only source, the reason says so.
 */
import * as z from "zod";
import { RegionError } from "./problem.ts";

const sentence = z.string().min(10, { error: "say it in a few words" });
/** The regulator's text: title or number, and the place in it. Without it a limit makes its sub-band receive-only. */
const cite = z.string().min(10, { error: "name the regulator's text and the place in it" }).optional();
const hz = z.int().min(1_000_000).max(3_000_000_000);
/** dBm; limits have at most two decimals, and all sums are made in hundredths. */
const dbm = z.number().min(-60).max(60);

/**
 * What a power is measured against: `erp` over a half-wave dipole, `eirp` over an isotropic antenna, `conducted` at the
 * antenna's socket.
 */
export const POWER_REFERENCES = ["erp", "eirp", "conducted"] as const;

const power = z.strictObject({
  dbm,
  of: z.enum(POWER_REFERENCES),
  /** Of a conducted limit: antenna gain above this, in dBi, is taken off the power. */
  freeGainDbi: z.number().min(0).max(20).optional(),
  cite,
});

const subBand = z
  .strictObject({
    /** Short name people know it by, such as the letter of EN 300 220-2. */
    name: z.string().min(1).max(30),
    /** The whole emission, centre +- bandwidth / 2, must lie inside. */
    fromHz: hz,
    toHz: hz,
    /** Where range and conditions are written. */
    cite,
    power: power.optional(),
    /** Share of any 3600 s; left out where the rule has none. A fraction of a per mille is rounded down. */
    duty: z.strictObject({ permille: z.int().min(1).max(1000), cite }).optional(),
    /** Longest transmission; with a window, the longest stay on one channel in that time, which takes hopping. */
    dwell: z.strictObject({ ms: z.int().min(100).max(25_500), windowMs: z.int().min(1).optional(), cite }).optional(),
    /** Silence after each transmission. */
    pause: z.strictObject({ ms: z.int().min(1).max(255), cite }).optional(),
    /** Listen before talk: the channel was below the threshold for so long. */
    lbt: z.strictObject({ thresholdDbm: z.int().min(-128).max(-1), ms: z.int().min(1).max(255), cite }).optional(),
    /** Of the channel; `why` is a clause for who asks for another. */
    bandwidth: z
      .strictObject({ minHz: z.int().optional(), maxHz: z.int().optional(), why: sentence.optional(), cite })
      .optional(),
    /** Power in any stretch of `perHz`. */
    density: power.extend({ perHz: z.int().min(1) }).optional(),
    /** Unit channels of this width around `baseHz` + n x width: an emission must lie inside one. */
    grid: z.strictObject({ baseHz: hz, stepHz: z.int().min(1), cite }).optional(),
    /** Why nothing is sent here although the rule exists: a condition no relay of ours meets, or an unsettled text. */
    receiveOnly: sentence.optional(),
  })
  .refine(({ fromHz, toHz }) => fromHz < toHz, { error: "give the lower end first" });

const gap = z.strictObject({ fromHz: hz, toHz: hz, why: sentence, cite });

const channel = z.strictObject({
  frequencyHz: hz,
  bandwidthHz: z.int(),
  spreadingFactor: z.int().min(5).max(12),
  codingRate: z.int().min(5).max(8),
  preambleSymbols: z.int().min(6).max(0xffff),
  powerDbm: z.int().min(-9).max(30),
});

export const regionSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: "use lower-case letters, digits and single dashes" }),
  name: z.string().min(2).max(60),
  /** Sub-bands that overlap are alternatives: a transmission has to keep the law of one of them. */
  bands: z.array(subBand).min(1),
  /** Stretches between sub-bands that people ask for, with the reason they are closed. */
  gaps: z.array(gap).default([]),
  /** Why the whole region only receives. */
  receiveOnly: sentence.optional(),
  /** What a relay uses unless told otherwise; the power is what a half-wave dipole may be fed, or less. */
  channel,
  /** How the numbers were compared with the texts; a region that transmits has it. */
  checked: sentence.optional(),
  /** What a user should know beyond the numbers. */
  notes: z.array(sentence).default([]),
});

export type Region = z.output<typeof regionSchema>;
export type SubBand = Region["bands"][number];
export type Gap = Region["gaps"][number];
export type PowerReference = (typeof POWER_REFERENCES)[number];
export type RegionChannel = Region["channel"];

/**
 * Gives a region its types and fills in its defaults.
 *
 * @throws RegionError with a sentence for each field that is wrong, "boards/regions: eu868: bands.0.power.dbm: ..."
 */
export function defineRegion(region: z.input<typeof regionSchema>): Region {
  const parsed = regionSchema.safeParse(region);
  if (parsed.success) return parsed.data;
  throw new RegionError(
    parsed.error.issues.map(({ path, message }) => `boards/regions: ${region.id}: ${path.join(".")}: ${message}.`),
  );
}

/** Names of the limits of a sub-band that no text is cited for; "power" also when there is no power limit at all. */
export function uncited(band: SubBand): string[] {
  const { power: erp, duty, dwell, pause, lbt, bandwidth, density, grid } = band;
  const limits = { duty, dwell, pause, lbt, bandwidth, density, grid };
  return [
    ...(band.cite === undefined ? ["range"] : []),
    ...(erp?.cite === undefined ? ["power"] : []),
    ...Object.entries(limits).flatMap(([name, limit]) => (limit && limit.cite === undefined ? [name] : [])),
  ];
}

/** Why a sub-band only receives; undefined when it may transmit. */
export function bandReceiveOnly(band: SubBand): string | undefined {
  if (band.receiveOnly !== undefined) return band.receiveOnly;
  const missing = uncited(band);
  return missing.length === 0 ? undefined : `no text of the regulator is cited for its ${missing.join(", ")}`;
}

/** Why a region only receives; undefined when at least one of its sub-bands may transmit. */
export function regionReceiveOnly(region: Region): string | undefined {
  if (region.receiveOnly !== undefined) return region.receiveOnly;
  const reasons = region.bands.map(bandReceiveOnly);
  return reasons.some((reason) => reason === undefined) ? undefined : reasons[0];
}
