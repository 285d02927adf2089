/**
 * Europe: the short range device bands of CEPT (EU 868, EU 433, 2.4 GHz) and of the United Kingdom.
 *
 * The law of a country is its own act. For the European Union that act carries out Decision 2006/771/EC, whose annex
 * Implementing Decision (EU) 2019/1345 replaced, and (EU) 2025/105 again; EN 300 220-2 V3.2.1 annex B table B.1 lists the
 * same bands with letters, and EN 300 220-1 V3.1.1 section 5.4.1 says that a duty cycle is of one hour. Polite spectrum
 * access instead of a duty cycle (EN 300 220-1 section 5.21) is not used here: it needs adaptive frequency agility.
 */
import { defineRegion } from "./schema.ts";
import { channelAt, range } from "./units.ts";

const EU = "Decision 2006/771/EC, annex as replaced by Implementing Decisions (EU) 2019/1345 and 2025/105";
const EN = (letter: string): string => `EN 300 220-2 V3.2.1 table B.1 band ${letter}; ${EU}`;
const HOUR = (letter: string): string =>
  `EN 300 220-2 V3.2.1 table B.1 band ${letter}, EN 300 220-1 V3.1.1 section 5.4.1`;

function european(name: string, fromMhz: number, toMhz: number, erpDbm: number, permille: number) {
  const text = EN(name);
  return {
    name,
    ...range(fromMhz, toMhz),
    cite: text,
    power: { dbm: erpDbm, of: "erp" as const, cite: text },
    duty: { permille, cite: HOUR(name) },
  };
}

const ALARMS = "ERC Recommendation 70-03 annex 10 (alarms)";
const ALARM_GAPS = [
  { ...range(868.6, 868.7), why: "it is for alarms, in channels of 25 kHz", cite: ALARMS },
  { ...range(869.2, 869.4), why: "it is for social and other alarms, in channels of 25 kHz", cite: ALARMS },
  { ...range(869.65, 869.7), why: "it is for alarms, in channels of 25 kHz", cite: ALARMS },
];

/** The four channels of 200 kHz for data networks under network access points. */
const NETWORKS = "Decision 2006/771/EC, annex, 865-868 MHz data networks; ERC Recommendation 70-03 annex 2";
const NETWORK_CHANNELS = [865.6, 866.2, 866.8, 867.4].map((fromMhz, i) => ({
  name: `46b.${i + 1}`,
  ...range(fromMhz, fromMhz + 0.2),
  cite: NETWORKS,
  power: { dbm: 27, of: "erp" as const, cite: NETWORKS },
  // 10 % is for a fixed network access point alone.
  duty: { permille: 25, cite: NETWORKS },
  bandwidth: { maxHz: 200_000, cite: NETWORKS },
  receiveOnly:
    "500 mW here is for data networks under a network access point and takes adaptive power control; a mesh relay has neither, and may use band L with 25 mW and 1 %",
}));

export const eu868 = defineRegion({
  id: "eu868",
  name: "Europe 863-870 MHz (CEPT)",
  bands: [
    european("K", 863, 865, 14, 1),
    european("L", 865, 868, 14, 10),
    european("M", 868, 868.6, 14, 10),
    european("N", 868.7, 869.2, 14, 1),
    european("P", 869.4, 869.65, 27, 100),
    european("Q", 869.7, 870, 14, 10),
    ...NETWORK_CHANNELS,
  ],
  gaps: ALARM_GAPS,
  channel: channelAt(869.525),
  checked:
    "Ranges, powers and duty cycles against four independent readings of table B.1, band P against one that quotes its clauses; annex 10 of the recommendation as CEPT publishes it",
  notes: [
    "Countries of CEPT differ in details: check the national list (ERC Recommendation 70-03 appendix 1 and 3).",
    "Every sub-band has its own hour; a relay stays on one channel and so in one of them.",
  ],
});

export const eu433 = defineRegion({
  id: "eu433",
  name: "Europe 433 MHz (CEPT)",
  bands: [european("H", 433.05, 434.79, 10, 100)],
  channel: channelAt(433.775, { powerDbm: 10 }),
  checked: "Against two readings of table B.1 and annex 1; LoRaWAN's plan keeps 1 % of its own accord",
});

const OFCOM = "Ofcom IR 2030, non-specific short range devices; Wireless Telegraphy (Exemption) Regulations 2021";

function british(name: string, fromMhz: number, toMhz: number, erpDbm: number, permille: number) {
  return {
    name,
    ...range(fromMhz, toMhz),
    cite: OFCOM,
    power: { dbm: erpDbm, of: "erp" as const, cite: OFCOM },
    duty: { permille, cite: `${OFCOM}; EN 300 220-1 V3.1.1 section 5.4.1` },
  };
}

export const uk868 = defineRegion({
  id: "uk868",
  name: "United Kingdom 868-870 MHz",
  bands: [
    british("M", 868, 868.6, 14, 10),
    british("N", 868.7, 869.2, 14, 1),
    british("P", 869.4, 869.65, 27, 100),
    british("Q", 869.7, 870, 14, 10),
  ],
  gaps: [
    { ...range(863, 868), why: "its conditions in IR 2030 are not verified here" },
    ...ALARM_GAPS.map(({ cite: _, ...gap }) => gap),
  ],
  channel: channelAt(869.525),
  checked:
    "Against two readings of IR 2030, whose bands M to Q are those of Europe; the tables themselves were not at hand",
});

const WIDE = "ERC Recommendation 70-03 annex 1, 2400-2483.5 MHz; Decision 2006/771/EC, annex";

export const eu2400 = defineRegion({
  id: "eu2400",
  name: "Europe 2.4 GHz (CEPT)",
  bands: [
    {
      name: "2.4 GHz",
      ...range(2400, 2483.5),
      cite: WIDE,
      power: { dbm: 10, of: "eirp", cite: WIDE },
      receiveOnly: "10 mW were not compared with the text of annex 1, and no board here has a radio for this band",
    },
  ],
  channel: channelAt(2450, { bandwidthHz: 812_500, powerDbm: 7 }),
  notes: ["Only SX128x radios reach this band, and no board here has one."],
});
