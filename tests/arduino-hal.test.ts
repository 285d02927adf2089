/**
 * The real HAL of the Arduino boards, run on the host for every board value: what it does to pins, radio, power and
 * flash, and in which order. The scenarios are in boards/runtime/test-arduino.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeBootConfig } from "../boards/config.ts";
import { allBoards, isVirtual, type RealBoard } from "../boards/index.ts";
import { regionalConfig } from "../boards/regions/config.ts";
import { findRegion } from "../boards/regions/index.ts";
import { runProcess } from "../toolchain/pio/process.ts";
import { canInstallSystemPackages, installSystemPackages, missingSystemPackages } from "../toolchain/pio/system.ts";
import { ArduinoHost } from "./support/arduino-host.ts";

const BOARDS = allBoards().filter((board): board is RealBoard => !isVirtual(board));
const SCENARIOS = 49;

let folder: string;
let host: ArduinoHost;
const programs = new Map<string, Promise<string>>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-arduino-"));
  if (canInstallSystemPackages()) await installSystemPackages(await missingSystemPackages("native", "build"));
  host = new ArduinoHost(folder);
  // All at once, so that the processors stay busy; each test waits for its own.
  for (const board of BOARDS) programs.set(board.id, host.build(board));
  await Promise.allSettled(programs.values());
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The lines of a run: one for each scenario, more for one that failed. */
async function scenarios(program: string | undefined, ...names: string[]): Promise<string[]> {
  const { stdout, stderr } = await runProcess(program ?? "", names, { cwd: folder });
  const lines = stdout.split("\n").filter((line) => /^(ok|FAILED) /.test(line));
  // What a sanitizer says comes before the line that reports the end of the process.
  return stderr === "" ? lines : [...lines, ...stderr.split("\n").slice(0, 20)];
}

function board(id: string): RealBoard {
  const found = BOARDS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no board ${id}`);
  return found;
}

describe.each(BOARDS.map(({ id }) => id))("the HAL on %s", (id) => {
  test("does all its scenarios ask for", { timeout: 120_000 }, async () => {
    const lines = await scenarios(await programs.get(id));
    expect(lines.filter((line) => !line.startsWith("ok "))).toEqual([]);
    expect(lines).toHaveLength(SCENARIOS);
  });
});

describe("the HAL", () => {
  test("does not compile for a board whose LED is a pin to leave", { timeout: 120_000 }, async () => {
    const edit = (text: string): string => text.replace("kLeftPins{{39}}", "kLeftPins{{35}}");
    await expect(host.build(board("rak4631"), ["MEHR_TEST_LEFT"], edit)).rejects.toThrow("`leave` is driven");
  });

  test("listens and pauses before every frame where the region wants it", { timeout: 120_000 }, async () => {
    const japan = regionalConfig(board("rak4631"), findRegion("jp920"));
    expect([japan.pauseMs, japan.lbtMs, japan.lbtThresholdDbm]).toEqual([50, 5, -80]);
    const text = [...encodeBootConfig(japan)].map((byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(", ");
    const edit = (header: string): string => header.replace(/(MEHR_BOOT_CONFIG_BYTES) \{.*\}/, `$1 {${text}}`);
    const program = await host.build(board("rak4631"), ["MEHR_TEST_JAPAN"], edit);
    expect(await scenarios(program, "keeps the region's rules")).toEqual(["ok keeps the region's rules"]);
    expect(await scenarios(program, "sends")).toEqual(["ok sends"]);
  });

  test("receives and sends with a duty cycle too, where that is asked for", { timeout: 120_000 }, async () => {
    const program = await host.build(board("rak4631"), ["MEHR_RX_DUTY_CYCLE=1"]);
    expect(await scenarios(program, "sends")).toEqual(["ok sends"]);
    expect(await scenarios(program, "channel in use")).toEqual(["ok channel in use"]);
  });
});
