/** `mehr law` and `mehr build --region` as a user meets them. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { regionIds } from "../boards/regions/index.ts";
import { law, type LawFlags } from "../host/cli/law.ts";
import { repositoryRoot } from "../toolchain/paths.ts";

const root = repositoryRoot();

function mehr(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/mehr.mjs"), ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}

/** The command itself, without a process. */
async function told(flags: LawFlags, json = false) {
  const lines: string[] = [];
  const results: unknown[] = [];
  const code = await law(
    {
      json,
      print: (line = "") => lines.push(line),
      progress: () => {},
      result: (value) => results.push(value),
      onInterrupt: () => {},
    },
    flags,
  );
  return { code, text: lines.join("\n"), results };
}

const BAND_P = "EN 300 220-2 V3.2.1 table B.1 band P";
const DECISION = "Decision 2006/771/EC, annex as replaced by Implementing Decisions (EU) 2019/1345 and 2025/105";
const HOUR = `${BAND_P}, EN 300 220-1 V3.1.1 section 5.4.1`;

describe("mehr law eu868", () => {
  it("says of settings what may be sent, how often, and where that is written", async () => {
    const { code, text } = await told({ region: "eu868", sf: 9, size: 64, gain: 5 });
    expect(code).toBe(0);
    const rule = "-".repeat(`${BAND_P}; ${DECISION}`.length);
    expect(text).toBe(`eu868: 64 bytes at 869.525 MHz, 125 kHz, SF9, 4/5, preamble 18 with 14 dBm into 5 dBi: allowed

rule       limit                                     written in
---------  ----------------------------------------  ${rule}
sub-band   P, 869.4-869.65 MHz                       ${BAND_P}; ${DECISION}
power      at most 24.1 dBm conducted: 27 dBm ERP    ${BAND_P}; ${DECISION}
airtime    431.2 ms                                  Semtech AN1200.13
how often  10 %, 360 s of any hour: 835 such frames  ${HOUR}`);
  });

  it("as JSON: one object with every number and its text", async () => {
    const { results } = await told({ region: "eu868", sf: 9, size: 64, gain: 5 }, true);
    expect(results).toEqual([
      {
        ...{ region: "eu868", allowed: true, frequency_hz: 869_525_000, bandwidth_hz: 125_000, spreading_factor: 9 },
        ...{ coding_rate: 5, preamble: 18, power_dbm: 14, antenna_gain_dbi: 5, board: null, size: 64 },
        sub_band: {
          ...{ name: "P", from_hz: 869_400_000, to_hz: 869_650_000, cite: `${BAND_P}; ${DECISION}` },
          ...{ transmits: true, reason: null },
          power: { dbm: 27, of: "erp", free_gain_dbi: null, cite: `${BAND_P}; ${DECISION}` },
          duty: { permille: 100, cite: HOUR },
          ...{ dwell: null, pause: null, lbt: null, bandwidth: null, density: null },
        },
        ...{ max_conducted_dbm: 24.1, airtime_us: 431_104, hour_us: 360_000_000, frames_per_hour: 835 },
        ...{ longest_bytes: null, refusals: [], relay: true },
      },
    ]);
  });

  it("without settings: the table, the closed stretches, the default, and the texts", async () => {
    const { code, text } = await told({ region: "eu868" });
    expect(code).toBe(0);
    expect(text.split("\n").slice(0, 9)).toEqual([
      "eu868, Europe 863-870 MHz (CEPT): transmits",
      "",
      "sub-band  range             power       of an hour  time  channel     state",
      "--------  ----------------  ----------  ----------  ----  ----------  ------------",
      "K         863-865 MHz       14 dBm ERP  0.1 %       -     -           transmits",
      "L         865-868 MHz       14 dBm ERP  1 %         -     -           transmits",
      "M         868-868.6 MHz     14 dBm ERP  1 %         -     -           transmits",
      "N         868.7-869.2 MHz   14 dBm ERP  0.1 %       -     -           transmits",
      "P         869.4-869.65 MHz  27 dBm ERP  10 %        -     -           transmits",
    ]);
    expect(text).toContain("46b.1, 46b.2, 46b.3, 46b.4: 500 mW here is for data networks");
    expect(text).toContain("Closed: 868.6-868.7 MHz, it is for alarms, in channels of 25 kHz.");
    expect(text).toContain("Default: 869.525 MHz, 125 kHz, SF8, 4/5, preamble 18, 14 dBm");
    expect(text).toContain("This is not legal advice");
  });
});

it("lists every region with its state", async () => {
  const { text, results } = await told({}, true);
  const { regions } = results[0] as { regions: { id: string; transmits: boolean; reason: string | null }[] };
  expect(regions.map(({ id }) => id)).toEqual(regionIds());
  for (const { transmits, reason } of regions) expect(transmits).toBe(reason === null);
  for (const id of regionIds()) expect(text).toContain(id);
});

it("Japan's answer has what to do before and after a frame", async () => {
  const { text } = await told({ region: "jp920" });
  expect(text).toContain("4000 ms a transmission, 50 ms pause, 5 ms below -80 dBm first");
  const decided = await told({ region: "jp920", sf: 12, size: 60 });
  expect(decided.code).toBe(0);
  expect(decided.text).toMatch(/longest +4000 ms a transmission: up to 90 bytes fit/);
  expect(decided.text).toMatch(/listening +5 ms below -80 dBm before each/);
});

it("says when a frame is lawful but a relay could not live on the channel", async () => {
  const { code, text, results } = await told({ region: "eu868", freq: 869_000_000, sf: 10, size: 20 });
  expect(code).toBe(0);
  expect(text).toContain("allowed\n- eu868: a packet in two frames of 255 bytes");
  expect(results).toMatchObject([{ allowed: true, relay: false }]);
});

describe("the command line", () => {
  it("takes the units people use, refuses with 2 and one object", () => {
    const refused = mehr("law", "us915", "--freq", "915", "--bw", "125", "--cr", "4/6", "--json");
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      ...{ region: "us915", allowed: false, frequency_hz: 915_000_000, bandwidth_hz: 125_000, coding_rate: 6 },
      refusals: [{ rule: "bandwidth", limit: "at least 500 kHz", cite: "47 CFR 15.247(a)(2)" }],
    });
    expect(refused.stdout.trim().split("\n")).toHaveLength(1);
  });

  it.each([
    [["law", "eu688"], 'There is no region "eu688"; did you mean eu868?'],
    [["law", "eu868", "--bw", "wide"], "It takes a number of kHz from 7.8 to 1625."],
    [["law", "--sf", "7"], "The options ask about one region; name it, as in `mehr law eu868 --sf 9`."],
    [["law", "eu868", "--board", "rak4613"], 'There is no board "rak4613"; did you mean rak4631?'],
    [
      ["build", "rak4631", "--region", "in865", "--prepare-only"],
      "in865: India 865-868 MHz is receive-only: the rules of 2021 ask for hopping over 58 channels",
    ],
    [
      ["build", "rak4631", "--power", "20", "--prepare-only"],
      "--frequency, --bandwidth, --sf, --preamble, --power and --antenna-gain are a matter of a region's law; give --region too.",
    ],
    [
      ["build", "rak4631", "--region", "eu868", "--power", "22", "--antenna-gain", "9", "--json"],
      "eu868: 22 dBm into an antenna of 9 dBi is more than 27 dBm ERP; use at most 20.1 dBm with that antenna",
    ],
  ])("refuses %j", (args, sentence) => {
    const { code, stdout, stderr } = mehr(...args);
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(sentence);
  });

  it("completes regions", () => {
    const { stdout } = mehr("completion", "bash");
    expect(stdout).toMatch(/law\) words="as923-1 .* us915 --freq --bw /);
    expect(stdout).toContain(`"build --region") words="${regionIds().join(" ")}"`);
    expect(mehr("completion", "fish").stdout).toContain('-l region -x -a "as923-1');
  });
});
