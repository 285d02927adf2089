/**
 * The ecosystem's own flashers, esptool and adafruit-nrfutil, in a Python environment the project owns: pinned, with the
 * hash of every file, so that the same bytes flash a board next year.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MehrError } from "../errors.ts";
import { findPython, type OnStep, type PioPlace } from "../pio/environment.ts";
import { runProcess, withLock } from "../pio/process.ts";
import { installSystemPackages, missingSystemPackages } from "../pio/system.ts";

/** The versions in requirements.txt; a test compares. */
export const ESPTOOL_VERSION = "5.6.0";
export const NRFUTIL_VERSION = "0.5.3.post16";

/** The command that installs them. */
export const SETUP_FLASHERS = "mehr setup --flashers";

const BUILD = "requirements-build.txt";
const FLASHERS = "requirements.txt";
const STAMP = "mehr-stamp";

function folder(place: PioPlace): string {
  return join(place.projectDir, "toolchain", "flashers");
}

function venv(place: PioPlace): string {
  return join(place.home, "flashers");
}

/** Where the environment's programs are. */
export function flashersBin(place: PioPlace): string {
  return join(venv(place), process.platform === "win32" ? "Scripts" : "bin");
}

/** Its interpreter: esptool and nordicsemi are modules of it. */
export function flashersPython(place: PioPlace): string {
  return join(flashersBin(place), process.platform === "win32" ? "python.exe" : "python");
}

/** A script of ours for that interpreter. */
export function flasherScript(place: PioPlace, name: "esp.py" | "nordic.py"): string {
  return join(folder(place), name);
}

function stamp(place: PioPlace): string {
  const hash = createHash("sha256");
  for (const file of [BUILD, FLASHERS]) hash.update(readFileSync(join(folder(place), file)));
  return hash.digest("hex");
}

/** Whether the flashers of the pinned versions are there; starts nothing. */
export function areFlashersReady(place: PioPlace): boolean {
  const path = join(venv(place), STAMP);
  return existsSync(path) && readFileSync(path, "utf8") === stamp(place) && existsSync(flashersPython(place));
}

/** Throws MehrError (3) with the command that installs them unless they are there. */
export function requireFlashers(place: PioPlace, what: string): void {
  if (areFlashersReady(place)) return;
  throw new MehrError(3, `This board is flashed by ${what}, which is not set up on this machine yet.`, SETUP_FLASHERS);
}

/**
 * Installs them from the Python package index unless they are there. As root on Debian it also installs Python and its venv
 * module; elsewhere throws MehrError (3) with the command. Returns whether it installed anything.
 */
export async function ensureFlashers(place: PioPlace, onStep?: OnStep): Promise<boolean> {
  if (areFlashersReady(place)) return false;
  // No board: Python alone.
  await installSystemPackages(await missingSystemPackages("", "build"), onStep);
  return withLock(`${venv(place)}.lock`, async () => {
    if (areFlashersReady(place)) return false;
    const python = await findPython();
    if (python === undefined) throw new MehrError(3, "There is no Python on this machine's PATH.", SETUP_FLASHERS);
    onStep?.(`flashers: esptool ${ESPTOOL_VERSION} and adafruit-nrfutil ${NRFUTIL_VERSION}`);
    rmSync(venv(place), { recursive: true, force: true });
    mkdirSync(place.home, { recursive: true });
    await run(python.command, ["-m", "venv", venv(place)]);
    const pip = ["-m", "pip", "--disable-pip-version-check", "--no-input", "--retries", "2", "--timeout", "30", "-q"];
    const install = [...pip, "install", "--require-hashes", "--no-deps"];
    const file = (name: string): string => join(folder(place), name);
    await run(flashersPython(place), [...install, "--only-binary", ":all:", "-r", file(BUILD)]);
    // Three of them are source distributions: built with what was just pinned, not with what the index has today.
    await run(flashersPython(place), [...install, "--no-build-isolation", "-r", file(FLASHERS)]);
    writeFileSync(join(venv(place), STAMP), stamp(place));
    return true;
  });
}

async function run(command: string, args: readonly string[]): Promise<void> {
  // A user's own configuration for proxies and indexes stays; --user cannot work inside an environment.
  const env = { ...process.env, PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0", PYTHONUTF8: "1" };
  const answer = await runProcess(command, args, { env });
  if (answer.code === 0) return;
  const said = (answer.stderr || answer.stdout).trim().split("\n");
  const reason = said.filter((line) => /^\s*ERROR:/.test(line)).at(-1) ?? said.at(-1) ?? "";
  throw new MehrError(
    3,
    `Could not install the flashers: ${reason.trim() || "pip ended without a reason"}`,
    SETUP_FLASHERS,
  );
}
