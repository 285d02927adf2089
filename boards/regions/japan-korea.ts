/**
 * Japan and Korea: unit channels of 200 kHz, and carrier sense before every transmission.
 *
 * Japan's rules for specified low power stations at 920 MHz are article 49-14 of the Radio Equipment Ordinance and the
 * carrier sense and transmission times of MPT Notice 49 of 1989; ARIB STD-T108 restates them. Which applies is a matter
 * of how long the station listens: 5 ms buys 4 s and a pause of 50 ms, 0.128 ms buys 0.4 s, 2 ms and 360 s an hour.
 */
import { defineRegion } from "./schema.ts";
import { channelAt, mhz, range } from "./units.ts";

const ORDINANCE = "Radio Equipment Ordinance (Japan) article 49-14, 920 MHz specified low power stations";
const NOTICE = "MPT Notice 49 of 1989 (Japan) as amended, carrier sense and transmission times at 920 MHz";
const UNIT_CHANNEL =
  "MIC, use of the 920 MHz band: unit channels of 200 kHz around 916 MHz + n x 200 kHz; ARIB STD-T108";

const japanese = {
  cite: ORDINANCE,
  // 20 mW into 3 dBi; what the antenna has above that is taken off.
  power: { dbm: 13, of: "conducted" as const, freeGainDbi: 3, cite: ORDINANCE },
  bandwidth: {
    maxHz: 200_000,
    why: "wider emissions bundle unit channels and have shorter times, which are not set down here",
    cite: UNIT_CHANNEL,
  },
  grid: { baseHz: mhz(916), stepHz: 200_000, cite: UNIT_CHANNEL },
};
const longSense = {
  ...japanese,
  lbt: { thresholdDbm: -80, ms: 5, cite: NOTICE },
  dwell: { ms: 4000, cite: NOTICE },
  pause: { ms: 50, cite: NOTICE },
};

export const jp920 = defineRegion({
  id: "jp920",
  name: "Japan 920 MHz",
  bands: [
    { name: "sense 5 ms, ch 24-32", ...range(920.5, 922.3), ...longSense },
    {
      name: "sense 5 ms, ch 33-38",
      ...range(922.3, 923.5),
      ...longSense,
      // ARIB STD-T108 limits the hour on channels 33 to 38 however long the station listens.
      duty: { permille: 100, cite: NOTICE },
    },
    {
      name: "sense 0.128 ms",
      ...range(922.4, 928),
      ...japanese,
      lbt: { thresholdDbm: -80, ms: 1, cite: NOTICE },
      dwell: { ms: 400, cite: NOTICE },
      pause: { ms: 2, cite: NOTICE },
      duty: { permille: 100, cite: NOTICE },
    },
    {
      name: "no carrier sense",
      ...range(920.5, 923.5),
      ...japanese,
      duty: { permille: 10 },
      receiveOnly:
        "STD-T108 since 1.4 knows a duty cycle instead of carrier sense, but its text was not read; 1 % is LoRaMac-node's",
    },
  ],
  channel: channelAt(921.4, { powerDbm: 13 }),
  checked:
    "Unit channels against the ministry's page; times, pauses and the hour against the text of Notice 123 of 2019, which says the same for licensed stations, and two readings of ARIB STD-T108",
  notes: [
    "A transmitter needs Japan's conformity mark (giteki), whatever its settings.",
    "The antenna may have more than 3 dBi if the power is lowered by as much: 16 dBm EIRP in all.",
  ],
});

const MSIT =
  "MSIT Notice 2024-22 (Korea), radio equipment of stations that need no declaration, 917-923.5 MHz RFID/USN";

const korean = {
  cite: MSIT,
  // The notice asks for 5 ms or more; LoRaWAN's 6 ms leave a margin for the radio's start.
  lbt: { thresholdDbm: -65, ms: 6, cite: MSIT },
  dwell: { ms: 4000, cite: MSIT },
  pause: { ms: 50, cite: MSIT },
  bandwidth: { maxHz: 200_000, why: "wider emissions bundle channels, which is not set down here", cite: MSIT },
  grid: { baseHz: mhz(917.1), stepHz: 200_000, cite: MSIT },
};

export const kr920 = defineRegion({
  id: "kr920",
  name: "Korea 920.9-923.3 MHz",
  bands: [
    {
      name: "920.9-921.9",
      ...range(920.8, 922),
      ...korean,
      power: { dbm: 10, of: "eirp", cite: MSIT },
    },
    {
      name: "922.1-923.3",
      ...range(922, 923.4),
      ...korean,
      power: { dbm: 14, of: "eirp", cite: MSIT },
    },
  ],
  channel: channelAt(922.5, { powerDbm: 11 }),
  checked:
    "Against a summary of the regulation made for IEEE 802 and a reading of the notice; the notice itself was not at hand",
  notes: ["Names of sub-bands are centres of channels, which reach 100 kHz to either side."],
});
