/** Which region and sub-band a board's configuration is in, by name. */
import { decodeBootConfig } from "../../boards/config.ts";
import { findRegion } from "../../boards/regions/index.ts";
import { judge } from "../../boards/regions/law.ts";
import { mhzText } from "../../boards/regions/text.ts";
import type { ProvisionRecord } from "../board/messages.gen.ts";

export interface Law {
  /** Id of the region; empty for a relay that only listens. */
  readonly region: string;
  /** Name of the sub-band; undefined where the channel lies in none that is known here. */
  readonly band: string | undefined;
  /** "869.525 MHz SF8". */
  readonly channel: string;
  readonly transmits: boolean;
}

/** Undefined if the configuration is none this program can read. */
export function lawOf({ region, config }: Pick<ProvisionRecord, "region" | "config">): Law | undefined {
  try {
    const boot = decodeBootConfig(config);
    const { frequencyHz, spreadingFactor, transmitAllowed } = boot;
    return {
      region,
      band: bandName(region, boot),
      channel: `${mhzText(frequencyHz)} MHz SF${spreadingFactor}`,
      transmits: transmitAllowed,
    };
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function bandName(id: string, channel: Parameters<typeof judge>[0]["channel"]): string | undefined {
  try {
    return judge({ region: findRegion(id), channel, size: 22, antennaGainDbi: 0 }).band?.name;
  } catch {
    // A region of a newer checkout, or none.
    return undefined;
  }
}
