/** Every region of the project. A new one is a value in one of these files and a line here. */
import { br902, us915 } from "./americas.ts";
import { as923Regions } from "./as923.ts";
import { cn470, cn779, in865, my919, np865, philippineRegions, sg923, th920, tw920 } from "./asia.ts";
import { kz433, kz863, ru864, ua433 } from "./eurasia.ts";
import { eu2400, eu433, eu868, uk868 } from "./europe.ts";
import { jp920, kr920 } from "./japan-korea.ts";
import { au915, nz865 } from "./oceania.ts";
import { UnknownRegionError } from "./problem.ts";
import { type Region, regionReceiveOnly } from "./schema.ts";

const REGIONS: readonly Region[] = [
  ...[eu868, eu433, eu2400, uk868],
  ...[ua433, ru864, kz433, kz863],
  ...[us915, br902, au915, nz865],
  ...[jp920, kr920, ...as923Regions],
  ...[in865, np865, cn470, cn779, tw920, th920, sg923, my919, ...philippineRegions],
];

/** All regions, in alphabetical order of their ids. */
export function allRegions(): Region[] {
  return [...REGIONS].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Ids of all regions, in alphabetical order. */
export function regionIds(): string[] {
  return allRegions().map(({ id }) => id);
}

/** Regions that may transmit, in alphabetical order of their ids. */
export function transmittingRegions(): Region[] {
  return allRegions().filter((region) => regionReceiveOnly(region) === undefined);
}

/**
 * The region of that id, in any case.
 *
 * @throws UnknownRegionError when there is none (names the nearest ids)
 */
export function findRegion(id: string): Region {
  const region = REGIONS.find((one) => one.id === id.toLowerCase());
  if (region === undefined) throw new UnknownRegionError(id, REGIONS);
  return region;
}

export { RegionError, UnknownRegionError } from "./problem.ts";
export { bandReceiveOnly, defineRegion, type Region, regionReceiveOnly, type SubBand } from "./schema.ts";
