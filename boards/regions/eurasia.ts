/** Ukraine, Russia and Kazakhstan. */
import { defineRegion } from "./schema.ts";
import { channelAt, range } from "./units.ts";

/** State Commission for Radio Frequencies; the annex was amended by decisions 18-46-03-1 and 21-58-05. */
const GKRCH = "GKRCh decision 07-20-03-001 of 7 May 2007, annex as amended (short range devices)";

function russian(name: string, fromMhz: number, toMhz: number, permille: number) {
  return {
    name,
    ...range(fromMhz, toMhz),
    cite: GKRCH,
    power: { dbm: 14, of: "erp" as const, cite: GKRCH },
    duty: { permille, cite: GKRCH },
  };
}

export const ru864 = defineRegion({
  id: "ru864",
  name: "Russia 864-869 MHz",
  bands: [
    russian("864-865", 864, 865, 1),
    russian("866-868", 866, 868, 10),
    {
      name: "868.7-869.2",
      ...range(868.7, 869.2),
      power: { dbm: 20, of: "eirp" },
      receiveOnly:
        "100 mW with listening instead of a duty cycle is a peer's reading; its text and threshold were not found",
    },
  ],
  gaps: [
    { ...range(865, 866), why: "the decision opens 864-865 and 866-868 MHz only" },
    { ...range(868, 868.7), why: "the decision opens 864-865 and 866-868 MHz only" },
  ],
  channel: channelAt(866.9),
  checked: "Powers and duty cycles against two readings of the decision; its annex itself was not at hand",
  notes: [
    "864-865 MHz must not be used at airports.",
    "LoRaWAN's RU864 plan (864-870 MHz, 16 dBm EIRP) is wider than this.",
  ],
});

export const ua433 = defineRegion({
  id: "ua433",
  name: "Ukraine 433 MHz",
  bands: [
    {
      name: "433",
      ...range(433.05, 434.7),
      power: { dbm: 10, of: "erp" },
      duty: { permille: 100 },
      receiveOnly: "10 mW and 10 % are known from peers' firmware alone; no Ukrainian text is cited",
    },
  ],
  channel: channelAt(433.775, { powerDbm: 7 }),
});

const KAZAKH = "is known from peers' firmware alone, whose own comment and number disagree; no Kazakh text is cited";

export const kz433 = defineRegion({
  id: "kz433",
  name: "Kazakhstan 433 MHz",
  bands: [
    {
      name: "433",
      ...range(433.075, 434.775),
      power: { dbm: 10, of: "eirp" },
      receiveOnly: `10 mW ${KAZAKH}`,
    },
  ],
  channel: channelAt(433.775, { powerDbm: 7 }),
});

export const kz863 = defineRegion({
  id: "kz863",
  name: "Kazakhstan 863-868 MHz",
  bands: [
    {
      name: "863-868",
      ...range(863, 868),
      power: { dbm: 14, of: "eirp" },
      receiveOnly: `25 mW ${KAZAKH}`,
    },
  ],
  channel: channelAt(866.5, { powerDbm: 11 }),
});
