import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { FleetLock, type LockEntry, lockText } from "./lock-file.ts";

function entry(name: string, fill = "a"): LockEntry {
  return {
    ...{ name, board: "native", region: "eu868", public_key: fill.repeat(64), destination: fill.repeat(32) },
    ...{ image_sha256: null, provisioned_at: "2026-11-23T08:00:00.000Z" },
  };
}

let folder: string;
let path: string;
/** A program that puts `late` into the lock, with what `before` does to its file system. */
let script: (before: string) => string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-lock-"));
  path = join(folder, "fleet.lock");
  const bundle = join(folder, "lock.mjs");
  const entryPoint = join(repositoryRoot(), "host/fleet/lock-file.ts");
  buildSync({ entryPoints: [entryPoint], bundle: true, platform: "node", format: "esm", outfile: bundle });
  script = (before) => {
    const text = `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
      const die = () => { process.kill(process.pid, "SIGKILL"); for (;;); };
      ${before}; syncBuiltinESMExports();
      const { FleetLock } = await import(${JSON.stringify(bundle)});
      await FleetLock.hold(${JSON.stringify(path)}, async (lock) => {
        lock.put(${JSON.stringify(entry("late", "b"))});
        console.log("put");
        if (process.argv.includes("wait")) await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    return ["--input-type=module", "-e", text, "--"];
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  for (const file of readdirSync(folder)) if (file !== "lock.mjs") rmSync(join(folder, file), { recursive: true });
});

describe("fleet.lock", () => {
  it("is written in the order of names and read back", async () => {
    await FleetLock.hold(path, async (lock) => {
      lock.put(entry("south", "b"));
      lock.put(entry("north"));
    });
    const text = readFileSync(path, "utf8");
    expect(text).toBe(lockText([entry("north"), entry("south", "b")]));
    const lock = FleetLock.read(path);
    expect(lock.byKey("b".repeat(64))?.name).toBe("south");
    expect(readdirSync(folder).sort()).toEqual(["fleet.lock", "lock.mjs"]);
  });

  it.each([
    [
      "while the draft is written",
      "fs.writeSync = (file, bytes) => { if (bytes.length > 40) { fs.ftruncateSync(file, 20); die(); } }",
    ],
    ["before it is on the disk", "fs.fsyncSync = die"],
    ["between draft and rename", "fs.renameSync = die"],
  ])("killed %s is the old one, and the next run goes on", async (_when, before) => {
    await FleetLock.hold(path, async (lock) => lock.put(entry("early")));
    const old = readFileSync(path, "utf8");
    const { signal, stdout } = spawnSync(process.execPath, script(before), { encoding: "utf8" });
    expect([signal, stdout]).toEqual(["SIGKILL", ""]);
    expect(readFileSync(path, "utf8")).toBe(old);
    await FleetLock.hold(path, async (lock) => lock.put(entry("later", "c")));
    expect(FleetLock.read(path).devices.map(({ name }) => name)).toEqual(["early", "later"]);
  });

  it("killed after the rename is the new one", () => {
    const rename = "const rename = fs.renameSync; fs.renameSync = (a, b) => { rename(a, b); die(); }";
    expect(spawnSync(process.execPath, script(rename)).signal).toBe("SIGKILL");
    expect(FleetLock.read(path).devices.map(({ name }) => name)).toEqual(["late"]);
  });

  it("keeps what it had when the disk is full", async () => {
    await FleetLock.hold(path, async (lock) => {
      lock.put(entry("early"));
      // A folder in the draft's place: the least a test can do against a write by root.
      const { mkdirSync } = await import("node:fs");
      mkdirSync(`${path}.new`);
      expect(() => lock.put(entry("late", "b"))).toThrow(
        /fleet\.lock cannot be written: .*; make room or correct permissions\.$/,
      );
      expect(lock.devices.map(({ name }) => name)).toEqual(["early"]);
    });
  });

  it("is held by one mehr at a time", async () => {
    const child = spawn(process.execPath, [...script(""), "wait"], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      const second = FleetLock.hold(path, async () => {});
      await expect(second).rejects.toThrow(
        `Another mehr (process ${child.pid}) is at work with ${path}; wait until it is done.`,
      );
      // Looking needs no lock.
      expect(FleetLock.read(path).devices.length).toBe(1);
    } finally {
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("exit", resolve));
    }
    await FleetLock.hold(path, async (lock) => lock.put(entry("north")));
    expect(FleetLock.read(path).devices.length).toBe(2);
  });

  const whole = { fleet_lock: 1, devices: [entry("a"), entry("b", "b")] };
  it.each<[string, string, string]>([
    ["half a file", JSON.stringify(whole).slice(0, 90), "is damaged: it is no JSON ("],
    ["another file", "{}", "is damaged: fleet_lock: "],
    [
      "a newer one",
      JSON.stringify({ fleet_lock: 2, anything: 1 }),
      "has version 2 and this mehr reads version 1; update this mehr.",
    ],
    ["a field too many", JSON.stringify({ ...whole, note: "x" }), "is damaged: the whole: Unrecognized key"],
    [
      "a short key",
      JSON.stringify(whole).replace("b".repeat(64), "b".repeat(63)),
      "is damaged: devices[1].public_key: expected 64 lower-case hexadecimal digits; it holds the identities of your relays, so restore a copy rather than delete it.",
    ],
    [
      "a key twice",
      JSON.stringify(whole).replaceAll("b".repeat(32), "a".repeat(32)),
      "is damaged: two devices have the public_key aaaa",
    ],
    [
      "a name twice",
      JSON.stringify(whole).replace('"name":"b"', '"name":"a"'),
      "is damaged: two devices have the name a; ",
    ],
    [
      "a date that is none",
      JSON.stringify(whole).replace("2026-11-23", "2026-13-23"),
      "is damaged: devices[0].provisioned_at: ",
    ],
  ])("with %s is told in a sentence, exit code 2", (_what, text, sentence) => {
    writeFileSync(path, text);
    expect(() => FleetLock.read(path)).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(() => FleetLock.read(path)).toThrow(`${path} ${sentence}`);
  });
});
