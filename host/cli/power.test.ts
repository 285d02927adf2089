/** `mehr power` as a user meets it: what it prints, what it refuses, and the example of its page. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBoard, type RealBoard } from "../../boards/index.ts";
import { TRAFFIC } from "../power/load.ts";
import { yearPlot } from "../power/plot.ts";
import { effect, type PowerInput, predict } from "../power/predict.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import type { Io } from "./outcome.ts";
import { power, type PowerOptions } from "./power.ts";

const root = repositoryRoot();
const ISSUE = { board: "rak4631", panel: "2W", battery: "2000mAh", latitude: "47" };
const DEFAULTS = { traffic: "village", climate: "average", years: 40, seed: 1 } as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-power-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the command prints, and its JSON object. */
async function run(options: Partial<PowerOptions>): Promise<{ text: string; object: Record<string, unknown> }> {
  const lines: string[] = [];
  let object: unknown;
  const io: Io = {
    json: false,
    print: (line = "") => lines.push(line),
    progress: () => {},
    result: (value) => (object = value),
    onInterrupt: () => {},
  };
  await power(io, { ...ISSUE, ...DEFAULTS, ...options });
  return { text: `${lines.join("\n")}\n`, object: object as Record<string, unknown> };
}

describe("mehr power", () => {
  it("prints what its page shows", async () => {
    const page = readFileSync(join(root, "docs/power.md"), "utf8");
    const { text } = await run({ years: 200 });
    // If this fails because something was changed on purpose, put the new output into docs/power.md.
    expect(page).toContain(`\`\`\`\n${text}\`\`\`\n`);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("draws the plot of its page", async () => {
    const path = join(folder, "year.svg");
    const { text } = await run({ years: 200, plot: path });
    expect(text).toContain(`The year as a plot: ${path}`);
    expect(readFileSync(path, "utf8")).toBe(readFileSync(join(root, "docs/power.svg"), "utf8"));
  });

  it("gives the same numbers to a program", async () => {
    const { object } = await run({});
    expect(object).toMatchObject({
      board: "rak4631",
      engine: "aot",
      sleep: "sleep",
      latitude: 47,
      tilt: 62,
      panel_w: 2,
      battery_mah: 2000,
      years: 40,
      plot: null,
    });
    const { current, months, sensitivity } = object as {
      current: { average_ma: number; parts: { average_ma: number; source: string; confirmed: boolean }[] };
      months: unknown[];
      sensitivity: unknown[];
    };
    const sum = current.parts.reduce((total, part) => total + part.average_ma, 0);
    expect(sum).toBeCloseTo(current.average_ma, 3);
    expect(months.length).toBe(12);
    expect(sensitivity.length).toBeGreaterThan(10);
    const { plot: _, region: __, ...rest } = object;
    expect(JSON.stringify(rest)).not.toMatch(/null|NaN/);
  });

  it("knows units", async () => {
    const forms: readonly Partial<PowerOptions>[] = [
      { panel: "2W", battery: "2000mAh" },
      { panel: "2000mW", battery: "2Ah" },
      { panel: "2 w", battery: "7.4Wh" },
      { panel: "2.0W", battery: "7400mWh" },
    ];
    const results = await Promise.all(forms.map(async (form) => (await run({ ...form, years: 3 })).object));
    for (const { panel_w, battery_mah, survived } of results) {
      expect([panel_w, battery_mah, survived]).toEqual([2, 2000, 3]);
    }
  });

  it("says how long a battery lasts without a panel", async () => {
    const { text, object } = await run({ panel: "0W", years: 3 });
    expect(text).toMatch(/Without a panel the full battery lasts \d\.\d+ days in the coldest month \(1 C\)\./);
    expect(text).not.toContain("Survives");
    expect(object.survived).toBe(0);
  });

  it("knows that the south has its winter in June", async () => {
    expect((await run({ latitude: "47", years: 10 })).object.worst_month).toMatch(/Dec|Jan/);
    expect((await run({ latitude: "-47", years: 10 })).object.worst_month).toMatch(/Jun|Jul/);
  });

  it("takes channel and power from a region's law", async () => {
    const phy = async (options: Partial<PowerOptions>): Promise<unknown> =>
      (await run({ years: 3, traffic: "quiet", ...options })).object.phy;
    expect(await phy({ region: "us915" })).toMatchObject({ bandwidthHz: 500_000 });
    expect(await phy({ region: "eu868", power: 10, sf: 9 })).toMatchObject({ spreadingFactor: 9, powerDbm: 10 });
  });

  it("tells a chip that sleeps from one that does not", async () => {
    const asleep = (await run({ board: "heltec-v3", years: 3 })).object.current as Record<string, number>;
    const awake = (await run({ board: "heltec-v3", years: 3, sleep: "idle" })).object.current as Record<string, number>;
    expect(asleep.average_ma).toBeLessThan(14);
    expect(awake.average_ma).toBeGreaterThan(40);
  });

  const refused: readonly (readonly [string, Partial<PowerOptions>, RegExp])[] = [
    ["a board there is not", { board: "rak4632" }, /^There is no board "rak4632"; did you mean rak4631\?$/],
    ["a virtual board", { board: "qemu-m4" }, /^qemu-m4 is a virtual board, .*name a real one/],
    ["no panel", { panel: undefined }, /^--panel is missing; .*such as --panel 2W\.$/],
    ["a panel without a unit", { panel: "2" }, /^"2" is no such amount; --panel takes a number with its unit/],
    ["a panel in volts", { panel: "5V" }, /^"5V" is no such amount/],
    ["a panel below nothing", { panel: "-2W" }, /^--panel -2W is out of range; it goes from 0 to 1000W\.$/],
    ["a battery in watts", { battery: "3W" }, /^"3W" is no such amount; --battery takes/],
    ["no battery", { battery: "0mAh" }, /^--battery 0 would not last the first night/],
    ["no latitude", { latitude: undefined }, /^--latitude is missing; write it in degrees, -90 to 90/],
    ["a latitude beyond the pole", { latitude: "91" }, /^"91" is no number of degrees from -90 to 90/],
    ["a latitude in words", { latitude: "47N" }, /^"47N" is no number of degrees/],
    ["a tilt that overhangs", { tilt: "95" }, /^"95" is no number of degrees from 0 to 90/],
    [
      "traffic it does not know",
      { traffic: "some" },
      /^--traffic "some" is not understood; write quiet, village, busy/,
    ],
    ["a frame too long", { traffic: "60/hx300" }, /1 to 255 bytes, not 300/],
    ["more than all the time", { traffic: "duty=120%" }, /no more than 100 % of the time/],
    ["less than the beacons", { traffic: "duty=0.1%" }, /less than the beacons alone take .* 0\.5 %; write duty=0\.5%/],
    ["more than the ledger allows", { traffic: "duty=20%" }, /20 % of the time on the air, .* allows 10 %/],
    ["a power the radio lacks", { power: 30 }, /^--power 30 is not for this radio; write the SX1262's power/],
    [
      "an engine the board lacks",
      { engine: "wasm3" },
      /^RAK4631 WisBlock Core cannot be built with the engine "wasm3"/,
    ],
  ];
  it.each(refused)("refuses %s in one sentence", async (_, options, sentence) => {
    await expect(run(options)).rejects.toMatchObject({
      message: expect.stringMatching(sentence) as string,
      exitCode: 2,
    });
  });

  it("says when the plot cannot be written", async () => {
    const plot = join(folder, "nowhere", "year.svg");
    await expect(run({ plot, years: 3 })).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/ENOENT/) as string,
    });
  });
});

const board = findBoard("rak4631") as RealBoard;
const INPUT: PowerInput = {
  board,
  mcu: "nrf52840",
  engine: "aot",
  phy: { spreadingFactor: 8, bandwidthHz: 125_000, codingRate: 5, preambleSymbols: 18, powerDbm: 14 },
  traffic: TRAFFIC[1] ?? { name: "x", framesPerHour: 0, bytes: 1, heardPerHour: 0, announcesPerHour: 0 },
  rest: "sleep",
  panelWatts: 2,
  batteryMah: 2000,
  latitude: 50,
  tilt: 60,
  climate: "cloudy",
  years: 60,
  seed: 3,
};

describe("the prediction", () => {
  const result = predict(INPUT);

  it("has the total of its parts, inside its range", () => {
    expect(result.milliamps).toBeGreaterThan(result.milliampsRange[0]);
    expect(result.milliamps).toBeLessThan(result.milliampsRange[1]);
    expect(result.milliampsByRest.sleep).toBe(result.milliamps);
  });

  it("orders its assumptions by what they are worth, and each has a better and a worse end", () => {
    const effects = result.sensitivity.map(effect);
    expect(effects).toEqual([...effects].sort((a, b) => b - a));
    for (const { name, low, high } of result.sensitivity) {
      expect(low.survived, name).toBeGreaterThanOrEqual(high.survived);
      expect(low.milliamps, name).toBeLessThanOrEqual(high.milliamps);
    }
    // This relay is at its limit, so its sky and its battery decide.
    expect(result.simulation.survived).toBeGreaterThan(0);
    expect(result.simulation.survived).toBeLessThan(60);
    expect(result.sensitivity.slice(0, 6).map(({ name }) => name)).toContain("sky of the place");
  });

  it("takes a board's lockout", () => {
    const early = { ...board, lockout: { belowVolts: 3.7, resumeVolts: 3.8 } };
    const locked = predict({ ...INPUT, board: early });
    expect(locked.autonomyDays).toBeLessThan(0.7 * result.autonomyDays);
    expect(locked.simulation.survived).toBeLessThanOrEqual(result.simulation.survived);
  });

  it("is a well-formed SVG, whatever the board's name", () => {
    const hostile = { ...board, name: `A & B <b> "c"` };
    for (const input of [INPUT, { ...INPUT, board: hostile, latitude: 85 }, { ...INPUT, panelWatts: 0 }]) {
      const svg = yearPlot(predict({ ...input, years: 4 }));
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expectWellFormed(svg);
    }
  });
});

/** Every tag closed in order, every attribute quoted, no stray < or &. */
function expectWellFormed(source: string): void {
  const open: string[] = [];
  const tag = /<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot|#39);[^"<&]*)*")*)\s*(\/?)>/gy;
  const text = /(?:[^<&]|&(?:amp|lt|gt|quot|#39);)+/gy;
  let at = 0;
  while (at < source.length) {
    tag.lastIndex = text.lastIndex = at;
    const found = tag.exec(source) ?? text.exec(source);
    if (found === null) throw new Error(`not XML at ${at}: ${source.slice(at, at + 60)}`);
    at += found[0].length;
    const [whole, closing, name, , alone] = found;
    if (!whole.startsWith("<") || name === undefined) continue;
    if (closing === "/") expect(open.pop()).toBe(name);
    else if (alone !== "/") open.push(name);
  }
  expect(open).toEqual([]);
  expect(source).toMatch(/^<svg\s+xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
}
