/** Australia and New Zealand. */
import { defineRegion } from "./schema.ts";
import { channelAt, range } from "./units.ts";

/** It replaced the class licence of 2015, with the same words for digital modulation transmitters. */
const LIPD =
  "Radiocommunications (Low Interference Potential Devices) Class Licence 2025 (F2025L01047), schedule 1, digital modulation transmitters 915-928 MHz";

export const au915 = defineRegion({
  id: "au915",
  name: "Australia 915-928 MHz",
  bands: [
    {
      name: "digital modulation",
      ...range(915, 928),
      cite: LIPD,
      power: { dbm: 30, of: "eirp", cite: LIPD },
      bandwidth: {
        minHz: 500_000,
        why: "narrower channels are for transmitters that hop over 20 of them or more, and a relay stays on one",
        cite: LIPD,
      },
      // 25 mW.
      density: { dbm: 13.97, perHz: 3000, of: "eirp", cite: LIPD },
    },
  ],
  channel: channelAt(918, { bandwidthHz: 500_000, spreadingFactor: 10 }),
  checked:
    "Power and density against two readings of the class licences of 2015 and 2025; the tables themselves were not at hand",
  notes: ["LoRaWAN's 400 ms are a rule of its plan, not of the class licence."],
});

export const nz865 = defineRegion({
  id: "nz865",
  name: "New Zealand 864-868 MHz",
  bands: [
    {
      name: "864-868",
      ...range(864, 868),
      power: { dbm: 36, of: "eirp" },
      receiveOnly:
        "4 W are known from peers' firmware; the special conditions of the General User Radio Licence for Short Range Devices were not read",
    },
  ],
  channel: channelAt(866.5),
});
