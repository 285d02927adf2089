/**
 * The United States and Brazil: spread spectrum and digital modulation rules. Hopping over 25 or 50 channels is one way
 * to keep them; a relay of ours sits on one channel, so what is left is digital modulation, with a 6 dB bandwidth of at
 * least 500 kHz and a limit of power density. LoRa at 500 kHz is that; LoRa at 125 or 250 kHz is not.
 */
import { defineRegion } from "./schema.ts";
import { channelAt, range } from "./units.ts";

const NO_HOPPING = "this rule is for systems that hop, and a relay stays on one channel";

export const us915 = defineRegion({
  id: "us915",
  name: "United States 902-928 MHz",
  bands: [
    {
      name: "digital modulation",
      ...range(902, 928),
      cite: "47 CFR 15.247(a)(2)",
      power: { dbm: 30, of: "conducted", freeGainDbi: 6, cite: "47 CFR 15.247(b)(3) and (b)(4)" },
      bandwidth: {
        minHz: 500_000,
        why: "narrower channels are for systems that hop over 25 or 50 of them (47 CFR 15.247(a)(1)(i)), and a relay stays on one",
        cite: "47 CFR 15.247(a)(2)",
      },
      density: { dbm: 8, perHz: 3000, of: "conducted", freeGainDbi: 6, cite: "47 CFR 15.247(e)" },
    },
    {
      name: "hopping, 50 channels",
      ...range(902, 928),
      cite: "47 CFR 15.247(a)(1)(i)",
      power: { dbm: 30, of: "conducted", freeGainDbi: 6, cite: "47 CFR 15.247(b)(2) and (b)(4)" },
      dwell: { ms: 400, windowMs: 20_000, cite: "47 CFR 15.247(a)(1)(i)" },
      bandwidth: { maxHz: 250_000, cite: "47 CFR 15.247(a)(1)(i)" },
      receiveOnly: NO_HOPPING,
    },
    {
      name: "hopping, 25 channels",
      ...range(902, 928),
      cite: "47 CFR 15.247(a)(1)(i)",
      power: { dbm: 24, of: "conducted", freeGainDbi: 6, cite: "47 CFR 15.247(b)(2) and (b)(4)" },
      dwell: { ms: 400, windowMs: 10_000, cite: "47 CFR 15.247(a)(1)(i)" },
      bandwidth: { minHz: 250_000, maxHz: 500_000, cite: "47 CFR 15.247(a)(1)(i)" },
      receiveOnly: NO_HOPPING,
    },
  ],
  channel: channelAt(915, { bandwidthHz: 500_000, spreadingFactor: 10 }),
  checked:
    "Paragraph (a)(1) against the text as of 2015 and September 2021; (a)(2), (b) and (e) against notes taken from the latter",
  notes: ["A transmitter needs an FCC equipment authorization as it is sold (47 CFR 15.201)."],
});

/** Annex I of the act; its item 10.5 takes antenna gain above 6 dBi off the power. */
const ANATEL = "Anatel Ato 14448 of 2017, annex I item 10 (spread spectrum and digital modulation)";

function brazilian(name: string, fromMhz: number, toMhz: number) {
  return {
    name,
    ...range(fromMhz, toMhz),
    cite: ANATEL,
    power: { dbm: 30, of: "conducted" as const, freeGainDbi: 6, cite: `${ANATEL}, item 10.5 for antenna gain` },
    bandwidth: {
      minHz: 500_000,
      why: "narrower channels are for systems that hop, and a relay stays on one",
      cite: ANATEL,
    },
    density: { dbm: 8, perHz: 3000, of: "conducted" as const, freeGainDbi: 6, cite: ANATEL },
  };
}

export const br902 = defineRegion({
  id: "br902",
  name: "Brazil 902-907.5 and 915-928 MHz",
  bands: [brazilian("902-907.5", 902, 907.5), brazilian("915-928", 915, 928)],
  gaps: [{ ...range(907.5, 915), why: "the act opens 902-907.5 and 915-928 MHz only", cite: ANATEL }],
  channel: channelAt(917, { bandwidthHz: 500_000, spreadingFactor: 10 }),
  checked:
    "Item 10.5 and the hopping items against readings of the act; the rest is what it took over from 47 CFR 15.247",
  notes: ["A transmitter needs Anatel's homologation."],
});
