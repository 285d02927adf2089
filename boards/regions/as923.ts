/**
 * AS923-1 to -4: channel plans that the LoRa Alliance made for some twenty countries, each with a law of its own. A plan is
 * no law, and what it leaves out (listening before talking in Japan, a duty cycle in Indonesia) would be broken in good
 * faith; so these only receive, and the countries whose texts are cited have regions of their own.
 */
import { defineRegion } from "./schema.ts";
import { channelAt, range } from "./units.ts";

const PLAN =
  "AS923 is a channel plan for many countries and no country's law; take your country's own region, such as jp920, th920 or my919";

function plan(group: number, fromMhz: number, toMhz: number, channelMhz: number) {
  return defineRegion({
    id: `as923-${group}`,
    name: `AS923-${group} channel plan`,
    bands: [
      {
        name: `AS923-${group}`,
        ...range(fromMhz, toMhz),
        power: { dbm: 16, of: "eirp" },
        duty: { permille: 10 },
        dwell: { ms: 400 },
        receiveOnly: PLAN,
      },
    ],
    // 255 bytes stay within 400 ms at SF7 and 250 kHz.
    channel: channelAt(channelMhz, { bandwidthHz: 250_000, spreadingFactor: 7, powerDbm: 13 }),
    notes: ["The numbers are those of RP002-1.0.3 and LoRaMac-node: 16 dBm EIRP, 400 ms, 1 %."],
  });
}

export const as923Regions = [
  plan(1, 915, 928, 923.3),
  plan(2, 920, 923, 921.5),
  plan(3, 915, 921, 916.7),
  plan(4, 917, 920, 917.4),
];
