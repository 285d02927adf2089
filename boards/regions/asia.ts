/** South and South-East Asia, Taiwan and China. */
import { defineRegion } from "./schema.ts";
import { channelAt, range } from "./units.ts";

const GSR = "G.S.R. 853(E) of 10 December 2021 (India), 865-868 MHz short range devices";

export const in865 = defineRegion({
  id: "in865",
  name: "India 865-868 MHz",
  bands: [
    {
      name: "table I, non-specific",
      ...range(865, 868),
      cite: `${GSR}, table I`,
      power: { dbm: 14, of: "erp", cite: `${GSR}, table I` },
      duty: { permille: 10, cite: `${GSR}, table I` },
      bandwidth: { maxHz: 50_000, cite: `${GSR}, table I` },
      receiveOnly:
        "25 mW and 1 % are for devices that hop over 58 channels of 50 kHz or more, and a relay stays on one",
    },
    {
      name: "table II, data acquisition",
      ...range(865, 868),
      cite: `${GSR}, table II`,
      power: { dbm: 27, of: "erp", cite: `${GSR}, table II` },
      duty: { permille: 25, cite: `${GSR}, table II` },
      bandwidth: { maxHz: 200_000, cite: `${GSR}, table II` },
      receiveOnly: "500 mW and 2.5 % take adaptive power control, which a relay has not",
    },
  ],
  receiveOnly:
    "the rules of 2021 ask for hopping over 58 channels (table I) or for adaptive power control (table II), and a relay has neither; the 1 W of the rules of 2005, which peers use, was for RFID and is superseded",
  channel: channelAt(866.5),
  notes: [
    "Peers and crates read the same rules as 25 mW and 1 %, or as 1 W; until that is settled the stricter reading holds.",
  ],
});

export const np865 = defineRegion({
  id: "np865",
  name: "Nepal 865-868 MHz",
  bands: [
    {
      name: "865-868",
      ...range(865, 868),
      power: { dbm: 30, of: "eirp" },
      receiveOnly: "1 W is known from peers' firmware alone; no Nepali text is cited",
    },
  ],
  channel: channelAt(866.5),
});

const MIIT = "MIIT Announcement 52 of 2019 (China)";

export const cn470 = defineRegion({
  id: "cn470",
  name: "China 470-510 MHz",
  bands: [
    {
      name: "470-510",
      ...range(470, 510),
      cite: MIIT,
      power: { dbm: 19.15, of: "eirp" },
      receiveOnly: `${MIIT} keeps this band for civil meters in small networks of buildings and villages; a basis for a mesh is not proven`,
    },
  ],
  channel: channelAt(490.7),
});

export const cn779 = defineRegion({
  id: "cn779",
  name: "China 779-787 MHz",
  bands: [
    {
      name: "779-787",
      ...range(779, 787),
      cite: MIIT,
      power: { dbm: 12.15, of: "eirp" },
      duty: { permille: 10 },
      receiveOnly: `${MIIT} ended production and import of micropower equipment at 698-787 MHz on 1 January 2022`,
    },
  ],
  channel: channelAt(783, { powerDbm: 10 }),
});

const LP0002 = "NCC LP0002 (Taiwan), low power radio frequency devices, 920-925 MHz";

export const tw920 = defineRegion({
  id: "tw920",
  name: "Taiwan 920-925 MHz",
  bands: [
    {
      name: "hopping",
      ...range(920, 925),
      cite: LP0002,
      power: { dbm: 27, of: "conducted", freeGainDbi: 6, cite: LP0002 },
      dwell: { ms: 400, windowMs: 4000, cite: LP0002 },
      receiveOnly: "the clause that is known asks for hopping, 0.4 s in 4 s on each channel, and a relay stays on one",
    },
  ],
  channel: channelAt(922.5, { bandwidthHz: 250_000 }),
});

const NBTC = "NBTC TS 1033-2560 (Thailand), non-voice radiocommunication equipment 920-925 MHz";

export const th920 = defineRegion({
  id: "th920",
  name: "Thailand 920-925 MHz",
  bands: [
    {
      name: "920-925",
      ...range(920, 925),
      cite: NBTC,
      // 50 mW; up to 500 mW the equipment needs class A approval, above that a licence.
      power: { dbm: 16.98, of: "eirp", cite: NBTC },
      // Readers of the text disagree on 1 or 10 %.
      duty: { permille: 10, cite: NBTC },
    },
  ],
  channel: channelAt(922.5),
  checked:
    "Power classes against a reading by Thailand's telecommunications association; the specification itself was not at hand",
  notes: ["Peers use 500 mW and 10 %; the stricter of the two readings is set here."],
});

export const sg923 = defineRegion({
  id: "sg923",
  name: "Singapore 917-925 MHz",
  bands: [
    {
      name: "30d",
      ...range(917, 925),
      power: { dbm: 20, of: "eirp" },
      receiveOnly:
        "100 mW are what peers read in row 30d of IMDA TS SRD; the row was not read, so its conditions are unknown",
    },
  ],
  channel: channelAt(920.5),
});

const MCMC = "MCMC Class Assignment 2 of 2025 and MTSFB TC T007 (Malaysia), short range communication 923-924 MHz";

export const my919 = defineRegion({
  id: "my919",
  name: "Malaysia 919-924 MHz",
  bands: [
    {
      name: "923-924",
      ...range(923, 924),
      cite: MCMC,
      power: { dbm: 26.98, of: "eirp", cite: MCMC },
      // "Below 1 %".
      duty: { permille: 9, cite: MCMC },
    },
    {
      name: "919-923",
      ...range(919, 923),
      power: { dbm: 26.98, of: "eirp" },
      receiveOnly: "readers of TC T007 disagree whether 500 mW takes hopping here; use 923-924 MHz",
    },
  ],
  channel: channelAt(923.5),
  checked: "Against readings of the editions of 2020 and 2026 of TC T007, which agree on 923-924 MHz",
  notes: ["Peers' 433-435 MHz with 100 mW is not set down here: no text is cited for it."],
});

const PHILIPPINE = "known from peers' firmware alone: the text of NTC Memorandum Circular 03-06-2017 was not read";

function philippine(id: string, name: string, fromMhz: number, toMhz: number, dbm: number, channelMhz: number) {
  return defineRegion({
    id,
    name: `Philippines ${name} MHz`,
    bands: [
      {
        name,
        ...range(fromMhz, toMhz),
        power: { dbm, of: "eirp" },
        receiveOnly: `${dbm} dBm is ${PHILIPPINE}, nor whether it has a duty cycle`,
      },
    ],
    channel: channelAt(channelMhz, { powerDbm: Math.min(14, Math.floor(dbm - 2.15)) }),
  });
}

export const philippineRegions = [
  philippine("ph433", "433-434.7", 433, 434.7, 10, 433.775),
  philippine("ph868", "868-869.4", 868, 869.4, 14, 868.3),
  philippine("ph915", "915-918", 915, 918, 24, 916.5),
];
