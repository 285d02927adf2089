/** The values: every limit cited, every default lawful, everything the facts name present. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { linkFrameRefusal, settle } from "./config.ts";
import { REGIONS_PAGE, renderRegionsPage } from "./docs.ts";
import { allRegions, findRegion, regionIds, transmittingRegions, UnknownRegionError } from "./index.ts";
import { judge } from "./law.ts";
import { RegionError } from "./problem.ts";
import { bandReceiveOnly, defineRegion, type Region, regionReceiveOnly, type SubBand, uncited } from "./schema.ts";
import { us915 } from "./americas.ts";

const eu868 = findRegion("eu868");
const open = (region: Region): SubBand[] => region.bands.filter((band) => bandReceiveOnly(band) === undefined);

/** Every limit of a sub-band that has a `cite`, by name. */
const LIMITS = ["power", "duty", "dwell", "pause", "lbt", "bandwidth", "density", "grid"] as const;

describe("the regions", () => {
  it("are those of the plans that are known, in order", () => {
    expect(regionIds()).toEqual([
      ...["as923-1", "as923-2", "as923-3", "as923-4", "au915", "br902", "cn470", "cn779", "eu2400", "eu433", "eu868"],
      ...["in865", "jp920", "kr920", "kz433", "kz863", "my919", "np865", "nz865", "ph433", "ph868", "ph915", "ru864"],
      ...["sg923", "th920", "tw920", "ua433", "uk868", "us915"],
    ]);
  });

  it("transmit only where the law was found", () => {
    expect(transmittingRegions().map(({ id }) => id)).toEqual([
      ...["au915", "br902", "eu433", "eu868", "jp920", "kr920", "my919", "ru864", "th920", "uk868", "us915"],
    ]);
  });

  it("an unknown one names the nearest and is bad input", () => {
    expect(() => findRegion("eu688")).toThrow('There is no region "eu688"; did you mean eu868?');
    expect(() => findRegion("japan")).toThrow('There is no region "japan"; did you mean jp920?');
    expect(() => findRegion("mars")).toThrow(/the regions are as923-1, as923-2, .*, us915\.$/);
    try {
      findRegion("us951");
    } catch (error) {
      expect(error).toBeInstanceOf(UnknownRegionError);
      expect((error as UnknownRegionError).exitCode).toBe(2);
      expect((error as UnknownRegionError).nearest).toEqual(["us915"]);
    }
    expect(findRegion("EU868")).toBe(eu868);
  });

  it.each(transmittingRegions().map((region) => [region.id, region] as const))(
    "%s: every limit that is kept is cited, with words enough to find it",
    (_, region) => {
      for (const band of open(region)) {
        const cites = [band.cite, ...LIMITS.flatMap((name) => (band[name] ? [band[name].cite] : []))];
        for (const cite of cites) expect(cite?.trim().length).toBeGreaterThanOrEqual(10);
        // Firmware and LoRaWAN's plans are no law.
        expect(cites.join(" ")).not.toMatch(/meshtastic|meshcore|rnode|lorawan|RP002|lmn/i);
        expect(band.power).toBeDefined();
      }
      expect(region.checked?.length).toBeGreaterThan(20);
    },
  );

  it.each(allRegions().map((region) => [region.id, region] as const))(
    "%s: without any one citation the sub-band only receives",
    (_, region) => {
      for (const [i, band] of region.bands.entries()) {
        expect(uncited(band).length > 0 ? bandReceiveOnly(band) : "cited").toBeDefined();
        for (const name of ["range", ...LIMITS] as const) {
          if (name !== "range" && band[name] === undefined) continue;
          const bare = structuredClone(region);
          const changed = bare.bands[i] as SubBand;
          if (name === "range") delete changed.cite;
          else delete changed[name]?.cite;
          expect(bandReceiveOnly(changed), `${region.id} ${band.name} ${name}`).toMatch(/./);
          bare.bands = [changed];
          expect(regionReceiveOnly(bare)).toBeDefined();
          expect(judge({ ...question(bare), region: bare }).allowed).toBe(false);
        }
      }
    },
  );

  it.each(allRegions().map((region) => [region.id, region] as const))(
    "%s: its default channel fits its law",
    (_, region) => {
      const settled = settle(region, {});
      const { band, refusals } = settled.decision;
      expect(band).toBeDefined();
      if (regionReceiveOnly(region) === undefined) {
        expect(refusals).toEqual([]);
        expect(settled.powerDbm).toBe(region.channel.powerDbm);
      } else {
        // What is only received has a channel that would fit what is known, but for what closes it.
        expect(refusals.filter(({ rule }) => !["receive-only", "bandwidth"].includes(rule))).toEqual([]);
      }
      expect(linkFrameRefusal(band as SubBand, settled.channel)).toBeUndefined();
    },
  );

  it("have their sub-bands and gaps side by side, not upside down", () => {
    for (const { id, bands, gaps } of allRegions()) {
      for (const { fromHz, toHz } of [...bands, ...gaps]) expect(fromHz, id).toBeLessThan(toHz);
      for (const gap of gaps)
        for (const band of bands)
          expect(gap.toHz <= band.fromHz || gap.fromHz >= band.toHz, `${id} ${band.name}`).toBe(true);
    }
  });

  it("a value of another shape is refused by field", () => {
    const bad = { ...us915, bands: [{ ...us915.bands[0], power: { dbm: 99, of: "watts" } }] };
    expect(() => defineRegion(bad as unknown as Region)).toThrow(RegionError);
    expect(() => defineRegion(bad as unknown as Region)).toThrow(/^boards\/regions: us915: bands\.0\.power\.dbm: /);
  });

  it("stay on a page each", () => {
    for (const name of readdirSync(import.meta.dirname).filter((name) => name.endsWith(".ts")))
      expect(readFileSync(join(import.meta.dirname, name), "utf8").split("\n").length, name).toBeLessThanOrEqual(500);
  });
});

function question(region: Region) {
  const { powerDbm, ...channel } = region.channel;
  return { channel, powerDbm, size: 20, antennaGainDbi: 2.15 };
}

describe("the numbers of the plans", () => {
  const rows = (id: string) =>
    findRegion(id).bands.map((band) => [
      band.name,
      band.fromHz / 1e6,
      band.toHz / 1e6,
      band.duty?.permille,
      `${band.power?.dbm} ${band.power?.of}`,
    ]);

  it("EU 863-870: bands K to Q and 46b", () => {
    expect(rows("eu868")).toEqual([
      ["K", 863, 865, 1, "14 erp"],
      ["L", 865, 868, 10, "14 erp"],
      ["M", 868, 868.6, 10, "14 erp"],
      ["N", 868.7, 869.2, 1, "14 erp"],
      ["P", 869.4, 869.65, 100, "27 erp"],
      ["Q", 869.7, 870, 10, "14 erp"],
      ["46b.1", 865.6, 865.8, 25, "27 erp"],
      ["46b.2", 866.2, 866.4, 25, "27 erp"],
      ["46b.3", 866.8, 867, 25, "27 erp"],
      ["46b.4", 867.4, 867.6, 25, "27 erp"],
    ]);
    expect(eu868.gaps.map(({ fromHz, toHz }) => [fromHz / 1e6, toHz / 1e6])).toEqual([
      [868.6, 868.7],
      [869.2, 869.4],
      [869.65, 869.7],
    ]);
    expect(eu868.channel).toMatchObject({
      frequencyHz: 869_525_000,
      bandwidthHz: 125_000,
      spreadingFactor: 8,
      powerDbm: 14,
    });
  });

  it("Japan and Korea: how long to listen, to send and to pause", () => {
    const access = (id: string) =>
      findRegion(id).bands.map(({ lbt, dwell, pause, duty }) => [
        lbt && `${lbt.ms} ms ${lbt.thresholdDbm} dBm`,
        dwell?.ms,
        pause?.ms,
        duty?.permille,
      ]);
    expect(access("jp920")).toEqual([
      ["5 ms -80 dBm", 4000, 50, undefined],
      ["5 ms -80 dBm", 4000, 50, 100],
      ["1 ms -80 dBm", 400, 2, 100],
      [undefined, undefined, undefined, 10],
    ]);
    expect(access("kr920")).toEqual([
      ["6 ms -65 dBm", 4000, 50, undefined],
      ["6 ms -65 dBm", 4000, 50, undefined],
    ]);
  });

  it("the others", () => {
    expect(rows("eu433")).toEqual([["H", 433.05, 434.79, 100, "10 erp"]]);
    expect(rows("au915")).toEqual([["digital modulation", 915, 928, undefined, "30 eirp"]]);
    expect(rows("us915")[0]).toEqual(["digital modulation", 902, 928, undefined, "30 conducted"]);
    expect(rows("kr920").map(([, , , , power]) => power)).toEqual(["10 eirp", "14 eirp"]);
    expect(rows("as923-1")).toEqual([["AS923-1", 915, 928, 10, "16 eirp"]]);
    expect(findRegion("as923-1").bands[0]?.dwell?.ms).toBe(400);
    expect(rows("my919")[0]).toEqual(["923-924", 923, 924, 9, "26.98 eirp"]);
    expect(rows("th920")).toEqual([["920-925", 920, 925, 10, "16.98 eirp"]]);
  });
});

it("docs/regions.md says what the regions say", () => {
  const page = readFileSync(join(repositoryRoot(), REGIONS_PAGE), "utf8");
  expect(page === renderRegionsPage(), "run `mehr generate`").toBe(true);
  for (const { id } of allRegions()) expect(page).toContain(id);
  expect(page).toContain("not legal advice");
});
