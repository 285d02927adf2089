/** `mehr sim` and `mehr trace replay` as a user meets them: results, files, sentences, exit codes. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PRESETS } from "../host/sim/presets.ts";
import { sha256 } from "../host/sim/run.ts";
import { repositoryRoot } from "../toolchain/paths.ts";

const root = repositoryRoot();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-sim-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in the folder of this file's own. */
function mehr(...args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/mehr.mjs"), ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 120_000,
  });
  return { code: status, stdout, stderr };
}

/** The one object on stdout. */
function only({ stdout, stderr }: Outcome): Record<string, unknown> {
  expect(stdout.trim().split("\n").length).toBe(1);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** A sentence and the exit code; no stack, nothing on stdout, no new file. */
function expectRefused(outcome: Outcome, code: number, sentence: RegExp): void {
  expect(outcome.stderr).toMatch(sentence);
  expect([outcome.code, outcome.stdout]).toEqual([code, ""]);
  expect(outcome.stderr).not.toMatch(/^\s+at /m);
  expect(outcome.stderr).not.toMatch(/[^\n\x20-\x7e]/);
}

const path = (name: string): string => join(folder, name);

describe("the presets", () => {
  it("are listed", () => {
    const { code, stdout } = mehr("sim");
    expect(code).toBe(0);
    for (const name of Object.keys(PRESETS)) expect(stdout).toMatch(new RegExp(`^${name} +\\d+ +\\d+:\\d\\d`, "m"));
  });

  it("are listed as one object too", () => {
    const { presets } = only(mehr("sim", "--json")) as { presets: { name: string; nodes: number }[] };
    expect(presets.map(({ name }) => name)).toEqual(Object.keys(PRESETS));
    for (const { nodes } of presets) expect(nodes).toBeGreaterThan(1);
  });

  it("can be printed, changed, and run from a file", () => {
    const { code, stdout } = mehr("sim", "village", "--print");
    expect(code).toBe(0);
    const scenario = JSON.parse(stdout) as object;
    writeFileSync(path("mine.json"), `\ufeff${JSON.stringify({ ...scenario, duration_s: 90 })}`);
    const mine = only(mehr("sim", "./mine.json", "--json"));
    const same = only(mehr("sim", "village", "--duration", "90", "--json"));
    expect(mine).toMatchObject({ virtual_seconds: 90, state_hash: same.state_hash });
  });
});

describe("a run", () => {
  it("is the same for the same seed, and another for another seed or duration", () => {
    const run = (...args: string[]): Record<string, unknown> => {
      const outcome = mehr("sim", "village", "--json", ...args);
      expect(outcome.code).toBe(0);
      return only(outcome);
    };
    const one = run("--duration", "120");
    expect(one).toMatchObject({ ok: true, scenario: "village", seed: 1, nodes: 30, virtual_seconds: 120 });
    expect(one).toMatchObject({ law_violations: 0, violations: [] });
    expect(one.state_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(run("--duration", "120", "--seed", "1").state_hash).toBe(one.state_hash);
    const other = run("--duration", "120", "--seed", "7");
    expect(other.seed).toBe(7);
    expect(other.state_hash).not.toBe(one.state_hash);
    expect(run("--duration", "121").state_hash).not.toBe(one.state_hash);
  });

  it("tells a person the same", () => {
    const { code, stdout, stderr } = mehr("sim", "village", "--duration", "60");
    expect([code, stderr]).toEqual([0, ""]);
    for (const part of [/^village, seed 1/m, /^law violations +0/m, /^state hash +[0-9a-f]{64}/m, /1:00 in /]) {
      expect(stdout).toMatch(part);
    }
  });

  it("in which a relay breaks the law ends with 1, and says who and when", () => {
    // 14 dBm are allowed there; the relays are told to use 27.
    const radio = { frequency_hz: 868_950_000, duty_permille: 1 };
    const nodes = Array.from({ length: 2 }, (_, i) => ({ name: `n${i}`, x: i * 100, y: 0, power_dbm: 27 }));
    writeFileSync(path("loud.json"), JSON.stringify({ name: "loud", duration_s: 300, nodes, radio }));
    const { code, stdout } = mehr("sim", "./loud.json");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Law: n[01] broke power between \d+\.\d s and \d+\.\d s: 27\.000, allowed 14\.$/m);
    const told = mehr("sim", "./loud.json", "--json");
    expect(told.code).toBe(1);
    expect(only(told)).toMatchObject({ ok: false, violations: expect.arrayContaining([expect.anything()]) });
  });
});

describe("a scenario that is wrong ends with 2, and names file, field and what to do", () => {
  const two = [
    { name: "a", x: 0, y: 0 },
    { name: "b", x: 100, y: 0 },
  ];
  const good = { name: "t", duration_s: 60, nodes: two };
  const text = (value: unknown): string => JSON.stringify(value);

  it.each<[string, string, RegExp]>([
    [
      "an unknown field",
      text({ ...good, colour: 1 }),
      /^mehr: \.\/bad\.json: colour: no scenario has this field; take it out or correct its name\.$/m,
    ],
    [
      "an unknown field further in",
      text({ ...good, nodes: [{ ...two[0], hight: 3 }] }),
      /\.\/bad\.json: nodes\.0\.hight: no scenario has this field/,
    ],
    [
      "__proto__",
      `{"__proto__":{"a":1},"name":"t","duration_s":60,"nodes":${text(two)}}`,
      /__proto__: no scenario has/,
    ],
    [
      "a wrong type",
      text({ ...good, duration_s: "long" }),
      /bad\.json: duration_s: it is "long"; give a value of type n/,
    ],
    [
      "nothing where something must be",
      text({ nodes: two, name: "t" }),
      /bad\.json: duration_s: nothing is there; give/,
    ],
    [
      "a node nobody knows",
      text({ ...good, trust: [["a", "z"]] }),
      /bad\.json: trust\.0\.1: there is no node "z"; name one/,
    ],
    [
      "two of a name",
      text({ ...good, nodes: [two[0], two[0]] }),
      /nodes\.1\.name: "a" is there twice; give each node its/,
    ],
    [
      "too many nodes",
      text({ ...good, nodes: { count: 1e9, area_m: [10, 10] } }),
      /nodes\.count: it is 1000000000; give at most 4000\.$/m,
    ],
    [
      "a huge area",
      text({ ...good, nodes: { count: 9, area_m: [1e12, 10] } }),
      /nodes\.area_m\.0: .*; give at most 1000000\.$/m,
    ],
    ["no node", text({ ...good, nodes: [] }), /bad\.json: nodes: it is \[\]; give at least 1 of them/],
    ["an endless run", text({ ...good, duration_s: 1e300 }), /duration_s: it is 1e\+300; give at most 31536000/],
    [
      "a frequency outside the law",
      text({ ...good, radio: { frequency_hz: 433_000_000 } }),
      /radio\.frequency_hz: .*; stay within .* MHz/,
    ],
    ["no object", "[]", /bad\.json: the file: it is \[\]; give a value of type object/],
    ["no JSON", '{"name": "t\u001b[31m\n', /^mehr: \.\/bad\.json is no JSON: .*; correct it there\.$/m],
    ["nothing", "", /bad\.json is no JSON: Unexpected end of JSON input; correct it there/],
    ["a million brackets", "[".repeat(1_000_000), /bad\.json is no JSON/],
  ])("%s", (_, source, sentence) => {
    writeFileSync(path("bad.json"), source);
    expectRefused(mehr("sim", "./bad.json"), 2, sentence);
  });

  it("several things, each a sentence, with --json in one object", () => {
    writeFileSync(path("bad.json"), text({ ...good, colour: 1, seed: -1 }));
    const outcome = mehr("sim", "./bad.json", "--json");
    expect(outcome.code).toBe(2);
    const { ok, error } = only(outcome) as { ok: boolean; error: { exit_code: number; message: string } };
    expect([ok, error.exit_code, error.message.split("\n").length]).toEqual([false, 2, 2]);
  });

  it.each<[readonly string[], RegExp]>([
    [
      ["./nowhere.json"],
      /^mehr: \.\/nowhere\.json could not be read \(ENOENT\); give a preset's name or a scenario file/,
    ],
    [["."], /\. could not be read \(EISDIR\)/],
    [["vilage"], /no preset "vilage"; did you mean village\?/],
    [["xyzzy"], /no preset "xyzzy"; there are village, /],
    [["village", "--seed", "x"], /--seed .*whole number from 0 to 4294967295/],
    [["village", "--seed", "-1"], /--seed .*whole number/],
    [["village", "--duration", "0"], /--duration .*whole number from 1 to 31536000/],
    [["village", "--speed", "2"], /unknown option '--speed'/],
  ])("%j", (args, sentence) => expectRefused(mehr("sim", ...args), 2, sentence));
});

describe("a trace", () => {
  const args = ["sim", "hostile", "--duration", "900", "--trace"];
  const replay = (name: string, ...more: string[]): Outcome => mehr("trace", "replay", name, ...more);
  let hash: unknown;
  beforeAll(() => {
    const outcome = mehr(...args, "run.trace", "--json");
    expect(outcome.code).toBe(0);
    const result = only(outcome) as { state_hash: string; trace: { file: string; bytes: number } };
    expect(result.trace).toEqual({ file: "run.trace", bytes: readFileSync(path("run.trace")).length });
    hash = result.state_hash;
  });

  it("is replayed to the same states", () => {
    const outcome = replay("run.trace", "--json");
    expect(outcome.code).toBe(0);
    expect(only(outcome)).toMatchObject({
      ...{ ok: true, file: "run.trace", scenario: "hostile", seed: 1, nodes: 30, state_hash: hash },
      ...{ divergence: null, differing: [] },
    });
    const { code, stdout } = replay("run.trace");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Reproduced: 30 nodes, \d+ inputs, every final state is the recorded one\.$/m);
    expect(stdout).toContain(`State hash ${String(hash)}`);
  });

  it("is the same to the byte when the run is, also when there is a report of it", () => {
    expect(mehr(...args, "again.trace", "--report", "again.html").code).toBe(0);
    expect(readFileSync(path("again.trace")).equals(readFileSync(path("run.trace")))).toBe(true);
    expect(replay("again.trace").code).toBe(0);
  });

  /** The recorded file, changed. */
  const changed = (name: string, change: (bytes: Buffer) => Buffer): string => {
    writeFileSync(path(name), change(readFileSync(path("run.trace"))));
    return name;
  };
  /** With the checksum of what it now holds: not damaged, but another run. */
  const signed = (bytes: Buffer): Buffer => {
    const rest = bytes.subarray(0, -32);
    return Buffer.concat([rest, Buffer.from(sha256(rest), "hex")]);
  };
  const flip = (bytes: Buffer, at: number): Buffer => {
    bytes[at] = (bytes.at(at) as number) ^ 1;
    return bytes;
  };

  it.each([0.0001, 0.01, 0.3, 0.5, 0.9, 1])("with one byte changed at %d of its length is refused", (share) => {
    const name = changed("flipped.trace", (bytes) => flip(bytes, Math.floor(share * (bytes.length - 1))));
    // At the very front it is the name of the format.
    expectRefused(
      replay(name),
      2,
      /^mehr: flipped\.trace is (damaged: it was cut short or changed since it was written|no trace of this version)/,
    );
  });

  it.each([14, 100, 5000, -33, -1])("cut to %d bytes is refused", (length) => {
    const name = changed("cut.trace", (bytes) => bytes.subarray(0, length));
    expectRefused(replay(name), 2, /^mehr: cut\.trace is damaged: it was cut short or changed/);
  });

  it.each<[string, () => string, RegExp]>([
    [
      "of another core",
      () => changed("other.trace", (bytes) => signed(flip(bytes, bytes.indexOf('wasm_sha256":"') + 14))),
      /was recorded with the core [0-9a-f]{16}, this is [0-9a-f]{16}; check out/,
    ],
    [
      "of another version",
      () => changed("old.trace", (bytes) => flip(bytes, 11)),
      /is no trace of this version; record one with/,
    ],
    ["that is empty", () => changed("empty.trace", () => Buffer.alloc(0)), /is no trace of this version/],
    ["that is something else", () => join(root, "package.json"), /is no trace of this version/],
    [
      "that is not there",
      () => "nowhere.trace",
      /^mehr: nowhere\.trace could not be read \(ENOENT\); give a file written by/,
    ],
    ["that is a folder", () => ".", /could not be read \(EISDIR\)/],
  ])("%s is refused", (_, file, sentence) => {
    const name = file();
    expectRefused(replay(name), 2, sentence);
    const told = replay(name, "--json");
    expect(told.code).toBe(2);
    expect(only(told)).toMatchObject({ ok: false, error: { exit_code: 2, message: expect.any(String) } });
  });

  it("that the core does not follow ends with 1 and says which nodes ended otherwise", () => {
    // The last byte of the last node's recorded hash.
    const ended = replay(changed("ended.trace", (bytes) => signed(flip(bytes, bytes.length - 33))));
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^n29 ended as [0-9a-f]{64}, recorded was [0-9a-f]{64}$/m);
    expect(ended.stdout).toMatch(/^NOT reproduced: 1 of 30 nodes ended in another state\.$/m);
    // The first random bytes, of which a node makes its keys.
    const diverged = changed("diverged.trace", (bytes) => signed(flip(bytes, bytes.indexOf(Buffer.from([5, 32])) + 2)));
    const told = replay(diverged, "--json");
    expect(told.code).toBe(1);
    const { ok, divergence, differing } = only(told) as { ok: boolean; divergence: string | null; differing: string[] };
    expect([ok, divergence !== null || differing.length > 0]).toEqual([false, true]);
  });

  it("whose bytes make no sense, with a checksum that fits, ends with a sentence all the same", () => {
    const entries = readFileSync(path("run.trace")).indexOf("}") + 1;
    const codes: (number | null)[] = [];
    for (const at of [entries, entries + 1, entries + 2, entries + 3, entries + 60, entries + 400, entries + 2000]) {
      const { code, stdout, stderr } = replay(
        changed("nonsense.trace", (bytes) => {
          bytes[at] = 0xff;
          return signed(bytes);
        }),
      );
      // A byte that only says how strong a frame arrived may lead to the very same states.
      const sentences = [/^reproduced/im, /^NOT reproduced: .*\.$/m, /^mehr: nonsense\.trace is damaged at/];
      expect([0, 1, 2]).toContain(code);
      expect(`${stdout}${stderr}`).toMatch(sentences[code as 0 | 1 | 2] as RegExp);
      expect(`${stdout}${stderr}`).not.toMatch(/^\s+at /m);
      codes.push(code);
    }
    expect(codes.filter((code) => code !== 0).length).toBeGreaterThanOrEqual(5);
  });
});

describe("a report", () => {
  it("is one file that needs nothing else, with its drawings in it", () => {
    const outcome = mehr("sim", "hostile", "--duration", "2400", "--report", "run.html", "--json");
    expect(outcome.code).toBe(0);
    expect(only(outcome)).toMatchObject({ report: "run.html" });
    const page = readFileSync(path("run.html"), "utf8");
    expect(page).toMatch(/^<!DOCTYPE html>/);
    // The one address in it is the name of a language.
    expect(page.match(/https?:\/\/[^"' <]*/g)).toEqual(["http://www.w3.org/1999/xhtml"]);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<object|\ssrc=|\shref=|url\(|@import/i);
    const titles = [...page.matchAll(/<svg[^>]*role="img"[^>]*>\s*<title>([^<]*)/g)].map(([, title]) => title);
    expect(titles).toEqual([
      expect.stringMatching(/^Map of 36 nodes and \d+ links$/),
      "Messages by the time they were sent",
      "Share of its worst hour that each node was on the air",
      "Latency of the messages delivered",
      "What the airtime was spent on",
    ]);
    expect(page).toMatch(/30 relays over [\d.]+ km by [\d.]+ km, 2 messages an hour from each to any other/);
    for (const part of [
      "<h1>hostile</h1>",
      "the village with an attacker of every kind in it",
      "law kept",
      String(only(outcome).state_hash),
      "replay-0",
    ]) {
      expect(page).toContain(part);
    }
  });
});

describe("files and boards that cannot be, end with 2 before anything runs", () => {
  const run = (...args: string[]): Outcome => mehr("sim", "village", "--duration", "60", ...args);

  it.each<[readonly string[], RegExp]>([
    [
      ["--report", "no/such.html"],
      /^mehr: no\/such\.html could not be written \(ENOENT\); give --report a file in a folder/,
    ],
    [["--report", "."], /^mehr: \. could not be written \(EISDIR\)/],
    [["--trace", "no/such.trace"], /^mehr: no\/such\.trace could not be written \(ENOENT\); give --trace a file in a/],
    [["--trace", "x", "--report", "./x"], /--report and --trace both name \.\/x; give each its own file/],
    [["--board", "qemu-m4"], /--board qemu-m4 is not BOARD\[:ENGINE\]@NODE; give for example qemu-m4:aot@n0/],
    [["--board", "qemu-m4@n99"], /has no node "n99"; its nodes are n0, n1, n2, n3 and 26 more\.$/m],
    [["--board", "qemu-m9@n3"], /no board "qemu-m9"; did you mean qemu-m4\?/],
    [["--board", "rak4631@n3"], /rak4631 is a real board and cannot be run here; give a virtual one/],
    [["--board", "qemu-m4:jit@n3"], /no engine "jit"; the engines are wasm3 and aot/],
    [["--board", "qemu-m4@n3", "--source", "moon"], /--source .*Allowed choices are auto, registry, system/],
  ])("%j", (args, sentence) => {
    expectRefused(run(...args), 2, sentence);
    expect(existsSync(path("x"))).toBe(false);
  });

  it("and leave the files of the run before as they are", () => {
    for (const name of ["kept.html", "kept.trace"]) writeFileSync(path(name), "of the run before");
    expect(run("--report", "kept.html", "--trace", "kept.trace", "--board", "qemu-m4@n99").code).toBe(2);
    for (const name of ["kept.html", "kept.trace"]) expect(readFileSync(path(name), "utf8")).toBe("of the run before");
  });

  it.runIf(process.getuid?.() !== 0)("as does a file that is not to be written", () => {
    writeFileSync(path("locked.html"), "");
    chmodSync(path("locked.html"), 0o400);
    expectRefused(run("--report", "locked.html"), 2, /locked\.html could not be written \(EACCES\)/);
  });

  it.runIf(existsSync("/dev/full"))("a full disk ends with 1 and a sentence", () => {
    expectRefused(run("--trace", "/dev/full"), 1, /^mehr: \/dev\/full could not be written any further \(ENOSPC\)/);
    expectRefused(run("--report", "/dev/full"), 1, /^mehr: \/dev\/full could not be written \(ENOSPC\)/);
  });
});
