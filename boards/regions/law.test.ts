/** What is decided about a frame: the numbers, the rules it breaks, and the sentences. */
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { airtimeUs } from "../airtime.ts";
import { allRegions, findRegion, transmittingRegions } from "./index.ts";
import { judge, type Question, refusalSentence } from "./law.ts";
import { conductedCenti, densityCenti, maxConductedCenti, maxErpDbm, tenthsBelow } from "./power.ts";
import { bandReceiveOnly } from "./schema.ts";
import { mhz } from "./units.ts";

interface Ask {
  freq?: number;
  khz?: number;
  sf?: number;
  preamble?: number;
  power?: number;
  size?: number;
  gain?: number;
}

/** A question about a region, its default channel with what differs. */
function ask(id: string, { freq, khz, sf, preamble, power, size = 255, gain = 2.15 }: Ask = {}): Question {
  const region = findRegion(id);
  const { powerDbm: _, ...channel } = region.channel;
  return {
    region,
    channel: {
      ...channel,
      ...(freq === undefined ? {} : { frequencyHz: mhz(freq) }),
      ...(khz === undefined ? {} : { bandwidthHz: khz * 1000 }),
      ...(sf === undefined ? {} : { spreadingFactor: sf }),
      ...(preamble === undefined ? {} : { preambleSymbols: preamble }),
    },
    powerDbm: power,
    size,
    antennaGainDbi: gain,
  };
}

const most = (id: string, about: Ask = {}) => (judge(ask(id, about)).maxConductedTenths ?? NaN) / 10;
const sentences = (id: string, about: Ask) => judge(ask(id, about)).refusals.map((one) => refusalSentence(id, one));

describe("power", () => {
  it("ERP is over a dipole: a dipole may be fed the limit itself, an isotropic antenna 2.15 dB more", () => {
    expect(most("eu868")).toBe(27);
    expect(most("eu868", { gain: 0 })).toBe(29.1);
    expect(most("eu868", { gain: 5 })).toBe(24.1);
    expect(most("eu868", { freq: 868.3, gain: 0 })).toBe(16.1);
    expect(most("eu868", { freq: 868.3, gain: 8.15 })).toBe(8);
  });

  it("EIRP is over an isotropic antenna", () => {
    expect(most("kr920")).toBe(11.8);
    expect(most("kr920", { gain: 0 })).toBe(14);
    expect(most("kr920", { gain: 14.06 })).toBe(-0.1);
  });

  it("of a conducted limit the gain above the free one is taken off, and no more", () => {
    for (const gain of [-3, 0, 2.15, 6]) expect(most("us915", { gain })).toBe(30);
    expect(most("us915", { gain: 9 })).toBe(27);
    expect(most("jp920", { gain: 3 })).toBe(13);
    expect(most("jp920", { gain: 3.05 })).toBe(12.9);
  });

  it("is never rounded up", () => {
    expect([1301, 1309, 1310, -1, -10, -11].map(tenthsBelow)).toEqual([130, 130, 131, -1, -1, -2]);
    fc.assert(
      fc.property(fc.integer({ min: -3000, max: 5000 }), (centi) => {
        expect(tenthsBelow(centi) * 10).toBeLessThanOrEqual(centi);
        expect(tenthsBelow(centi) * 10).toBeGreaterThan(centi - 10);
      }),
    );
  });

  it("density spreads over the bandwidth", () => {
    const density = { dbm: 8, perHz: 3000, of: "conducted", cite: undefined } as const;
    // 500 kHz hold 166.7 stretches of 3 kHz: 22.21 dB.
    expect(densityCenti(density, 500_000, 0)).toBe(800 + 2221);
    expect(densityCenti(density, 3000, 0)).toBe(800);
    expect(densityCenti(density, 1000, 0)).toBe(800);
    // 25 mW in 3 kHz is less than 1 W in 62.5 kHz (27.1 dBm), were that channel allowed at all.
    const [australian] = findRegion("au915").bands;
    expect(maxConductedCenti(australian as never, 62_500, 0)).toBe(1397 + 1318);
    expect(maxConductedCenti(australian as never, 500_000, 0)).toBe(3000);
  });

  it("what is fed at the limit radiates the limit, in either reference", () => {
    const db = fc.integer({ min: -2000, max: 3000 }).map((centi) => centi / 100);
    fc.assert(
      fc.property(db, fc.constantFrom("erp", "eirp") as fc.Arbitrary<"erp" | "eirp">, db, (dbm, of, gain) => {
        const eirp = conductedCenti({ dbm, of }, gain) + Math.round(gain * 100);
        expect(eirp - (of === "erp" ? 215 : 0)).toBe(Math.round(dbm * 100));
      }),
    );
    expect(maxErpDbm({ dbm: 30, of: "conducted", freeGainDbi: 6 })).toBe(33.85);
    expect(maxErpDbm({ dbm: 16, of: "eirp" })).toBe(13.85);
    expect(maxErpDbm({ dbm: 14, of: "erp" })).toBe(14);
  });
});

describe("time", () => {
  it("frames an hour and seconds an hour", () => {
    expect(judge(ask("eu868", { preamble: 8, sf: 9 }))).toMatchObject({ framesPerHour: 287, airtimeUs: 1_250_304 });
    expect(judge(ask("eu868", { preamble: 8, sf: 9, freq: 868.3 })).framesPerHour).toBe(28);
    expect(judge(ask("us915")).framesPerHour).toBeUndefined();
  });

  it("the longest frame within the dwell time", () => {
    const japan = (sf: number) => judge(ask("jp920", { sf, preamble: 8 })).longestBytes;
    expect([9, 10, 11, 12].map(japan)).toEqual([255, 255, 198, 100]);
    const plan = (sf: number, khz: number) => judge(ask("as923-1", { sf, khz, preamble: 8 }));
    expect([7, 8, 9, 10, 11].map((sf) => plan(sf, 125).longestBytes)).toEqual([255, 138, 66, 24, 0]);
    expect(plan(12, 125)).toMatchObject({ nothingFits: true });
    expect(plan(12, 125).longestBytes).toBeUndefined();
  });
});

describe("a refusal says the rule, what came, the fix and the text", () => {
  it.each([
    [
      "eu868",
      { freq: 868.65 },
      "eu868: 868.65 MHz with 125 kHz reaches into 868.6-868.7 MHz, which is closed: it is for alarms, in channels of 25 kHz; stay within 863-865, 865-868, 868-868.6, 868.7-869.2, 869.4-869.65, 869.7-870 MHz (ERC Recommendation 70-03 annex 10 (alarms)).",
    ],
    [
      "eu868",
      { freq: 868 },
      "eu868: 868 MHz with 125 kHz straddles sub-bands L (865-868 MHz) and M (868-868.6 MHz); move the whole emission into one of them (EN 300 220-2 V3.2.1 table B.1 band L; Decision 2006/771/EC, annex as replaced by Implementing Decisions (EU) 2019/1345 and 2025/105).",
    ],
    [
      "eu868",
      { freq: 870 },
      "eu868: 870 MHz with 125 kHz lies in no sub-band of the region; stay within 863-865, 865-868, 868-868.6, 868.7-869.2, 869.4-869.65, 869.7-870 MHz (EN 300 220-2 V3.2.1 table B.1 band Q; Decision 2006/771/EC, annex as replaced by Implementing Decisions (EU) 2019/1345 and 2025/105).",
    ],
    [
      "eu868",
      { power: 20, gain: 10 },
      "eu868: 20 dBm into an antenna of 10 dBi is more than 27 dBm ERP; use at most 19.1 dBm with that antenna (EN 300 220-2 V3.2.1 table B.1 band P; Decision 2006/771/EC, annex as replaced by Implementing Decisions (EU) 2019/1345 and 2025/105).",
    ],
    [
      "eu868",
      { freq: 869, sf: 12 },
      "eu868: a frame of 255 bytes is 9347.1 ms on the air, more than the 3.6 s an hour of 0.1 %; use a lower spreading factor or a wider channel (EN 300 220-2 V3.2.1 table B.1 band N, EN 300 220-1 V3.1.1 section 5.4.1).",
    ],
    [
      "us915",
      { khz: 250, power: 14 },
      "us915: a channel of 250 kHz is narrower than the 500 kHz of digital modulation: narrower channels are for systems that hop over 25 or 50 of them (47 CFR 15.247(a)(1)(i)), and a relay stays on one; use 500 kHz or more (47 CFR 15.247(a)(2)).",
    ],
    [
      "us915",
      { power: 28, gain: 9 },
      "us915: 28 dBm into an antenna of 9 dBi is more than 30 dBm conducted, less what the antenna has above 6 dBi; use at most 27.0 dBm with that antenna (47 CFR 15.247(b)(3) and (b)(4)).",
    ],
    [
      "jp920",
      { sf: 12 },
      "jp920: a frame of 255 bytes is 9347.1 ms on the air, longer than the 4000 ms of one transmission; use SF10 (MPT Notice 49 of 1989 (Japan) as amended, carrier sense and transmission times at 920 MHz).",
    ],
    [
      "jp920",
      { freq: 921.3 },
      "jp920: 921.3 MHz with 125 kHz reaches over the edge of the channel of 200 kHz around 921.4 MHz; use 921.4 MHz (MIC, use of the 920 MHz band: unit channels of 200 kHz around 916 MHz + n x 200 kHz; ARIB STD-T108).",
    ],
    [
      "jp920",
      { khz: 250 },
      "jp920: a channel of 250 kHz is wider than the 200 kHz of sub-band sense 5 ms, ch 24-32: wider emissions bundle unit channels and have shorter times, which are not set down here; use 200 kHz or less (MIC, use of the 920 MHz band: unit channels of 200 kHz around 916 MHz + n x 200 kHz; ARIB STD-T108).",
    ],
    [
      "ru864",
      { freq: 868.95 },
      "ru864: sub-band 868.7-869.2 (868.7-869.2 MHz) is receive-only: 100 mW with listening instead of a duty cycle is a peer's reading; its text and threshold were not found; use another sub-band: 864-865, 866-868 MHz.",
    ],
    [
      "np865",
      {},
      "np865: sub-band 865-868 (865-868 MHz) is receive-only: 1 W is known from peers' firmware alone; no Nepali text is cited; take the region the station stands in, or build without --region and only listen.",
    ],
  ])("%s %j", (id, about, sentence) => {
    expect(sentences(id, about)).toEqual([sentence]);
  });

  it("as923 is no law: receive-only, and too long besides", () => {
    const told = judge(ask("as923-1", { sf: 8, khz: 125 })).refusals;
    expect(told.map(({ rule }) => rule)).toEqual(["receive-only", "dwell"]);
    expect(told[1]?.fix).toBe("use SF8 at 250 kHz");
  });

  it("the 500 mW of 865-868 MHz are not for a relay, its 25 mW are", () => {
    expect(judge(ask("eu868", { freq: 865.7, power: 14 }))).toMatchObject({ allowed: true, band: { name: "L" } });
    const loud = judge(ask("eu868", { freq: 865.7, power: 20 }));
    expect(loud).toMatchObject({ allowed: false, band: { name: "L" } });
    expect(loud.refusals.map(({ rule }) => rule)).toEqual(["power"]);
  });

  it("exactly the edge is inside, one hertz more is not", () => {
    const { channel } = ask("eu868");
    const at = (frequencyHz: number) => judge({ ...ask("eu868"), channel: { ...channel, frequencyHz } }).allowed;
    expect([869_462_500, 869_462_499, 869_587_500, 869_587_501].map(at)).toEqual([true, false, true, false]);
  });

  it("exactly the power is allowed, the next tenth is not", () => {
    for (const [id, gain, power] of [
      ["eu868", 2.15, 27],
      ["us915", 9, 27],
      ["jp920", 6, 10],
      ["kr920", 2, 12],
    ] as const) {
      expect(judge(ask(id, { gain, power })).allowed, id).toBe(true);
      expect(judge(ask(id, { gain, power: power + 0.1 })).allowed, id).toBe(false);
    }
  });
});

test("what is allowed keeps every limit of a sub-band that may transmit, and is not allowed anywhere else", () => {
  const question = fc.record({
    region: fc.constantFrom(...allRegions()),
    offset: fc.integer({ min: -30, max: 30 }),
    bandwidthHz: fc.constantFrom(31_250, 62_500, 125_000, 250_000, 500_000),
    spreadingFactor: fc.integer({ min: 5, max: 12 }),
    preambleSymbols: fc.integer({ min: 6, max: 32 }),
    powerDbm: fc.integer({ min: -9, max: 30 }),
    size: fc.integer({ min: 0, max: 255 }),
    gain: fc.integer({ min: -30, max: 120 }),
  });
  let allowed = 0;
  fc.assert(
    fc.property(question, ({ region, offset, gain, powerDbm, size, ...rest }) => {
      const antennaGainDbi = gain / 10;
      const frequencyHz = region.channel.frequencyHz + offset * 25_000;
      const channel = { ...rest, codingRate: 5, frequencyHz };
      const decision = judge({ region, channel, powerDbm, size, antennaGainDbi });
      const us = airtimeUs(channel, size);
      // The law again, in other words.
      const lawful = region.bands.some((band) => {
        const { power, density, dwell, duty, bandwidth, grid } = band;
        if (bandReceiveOnly(band) !== undefined || power === undefined || region.receiveOnly) return false;
        const low = frequencyHz - rest.bandwidthHz / 2;
        const high = frequencyHz + rest.bandwidthHz / 2;
        if (low < band.fromHz || high > band.toHz) return false;
        const radiated = {
          erp: powerDbm + antennaGainDbi - 2.15,
          eirp: powerDbm + antennaGainDbi,
          conducted: powerDbm + Math.max(0, antennaGainDbi - (power.freeGainDbi ?? 0)),
        };
        if (radiated[power.of] > power.dbm + 1e-9) return false;
        if (density) {
          const free = Math.max(0, antennaGainDbi - (density.freeGainDbi ?? 0));
          const fed = density.of === "conducted" ? powerDbm + free : radiated[density.of];
          const flat = fed - 10 * Math.log10(Math.max(1, rest.bandwidthHz / density.perHz));
          if (flat > density.dbm + 1e-9) return false;
        }
        if (bandwidth?.minHz && rest.bandwidthHz < bandwidth.minHz) return false;
        if (bandwidth?.maxHz && rest.bandwidthHz > bandwidth.maxHz) return false;
        if (grid) {
          const cell = (hz: number) => Math.floor((hz - grid.baseHz + grid.stepHz / 2) / grid.stepHz);
          if (cell(low) !== cell(high - 1)) return false;
        }
        return us <= (dwell?.ms ?? Infinity) * 1000 && us <= (duty?.permille ?? Infinity) * 3_600_000;
      });
      expect(decision.allowed).toBe(lawful);
      expect(decision.allowed).toBe(decision.refusals.length === 0);
      if (lawful) allowed++;
      for (const one of decision.refusals) {
        const sentence = refusalSentence(region.id, one);
        expect(sentence).toMatch(/^[a-z0-9-]+: .+; .+\.$/);
        expect(sentence).not.toMatch(/undefined|NaN|\n/);
      }
    }),
    { numRuns: 4000 },
  );
  expect(allowed).toBeGreaterThan(100);
});

test("the default channel of every region that transmits is allowed with a dipole", () => {
  for (const { id, channel } of transmittingRegions())
    expect(judge(ask(id, { power: channel.powerDbm })).refusals, id).toEqual([]);
});
