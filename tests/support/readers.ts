/** Other people's readers and writers of images, in a Python environment of the tests' own. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { findPython, pioPlace } from "../../toolchain/pio/environment.ts";
import { withLock } from "../../toolchain/pio/process.ts";
import { installSystemPackages, missingSystemPackages } from "../../toolchain/pio/system.ts";

const BUILD = "requirements-build.txt";
const READERS = "requirements.txt";

const folder = join(repositoryRoot(), "tests", "support", "readers");
const venv = join(pioPlace(repositoryRoot()).home, "readers");
const bin = join(venv, "bin");

/**
 * Makes sure esptool, adafruit-nrfutil and intelhex of the pinned versions are there, from the Python package index. As
 * root on Debian it installs Python's venv module; otherwise it throws MehrError (3) with the command.
 */
export async function ensureReaders(): Promise<void> {
  const stamp = createHash("sha256");
  for (const file of [BUILD, READERS]) stamp.update(readFileSync(join(folder, file)));
  const text = stamp.digest("hex");
  const ready = (): boolean => {
    const path = join(venv, "mehr-stamp");
    return existsSync(path) && readFileSync(path, "utf8") === text;
  };
  if (ready()) return;
  // No board: Python alone.
  await installSystemPackages(await missingSystemPackages("", "build"));
  await withLock(`${venv}.lock`, async () => {
    if (ready()) return;
    const python = await findPython();
    if (python === undefined) throw new Error("there is no Python");
    rmSync(venv, { recursive: true, force: true });
    mkdirSync(venv, { recursive: true });
    execFileSync(python.command, ["-m", "venv", venv]);
    const pip = ["-m", "pip", "--disable-pip-version-check", "-q", "install", "--require-hashes", "--no-deps"];
    const env = { ...process.env, PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0" };
    execFileSync(join(bin, "python"), [...pip, "--only-binary", ":all:", "-r", join(folder, BUILD)], { env });
    // Three of them are source distributions: built with what was just pinned, not with what the index has today.
    execFileSync(join(bin, "python"), [...pip, "--no-build-isolation", "-r", join(folder, READERS)], { env });
    writeFileSync(join(venv, "mehr-stamp"), text);
  });
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(join(bin, program), args, { encoding: "utf8", env: { ...process.env, COLUMNS: "200" } });
}

const ESPTOOL = `
import contextlib, io, json, sys
import esptool
outputs = []
for command in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        try:
            esptool.main(command)
        except SystemExit as end:
            if end.code:
                sys.exit("esptool %s: %s" % (command, said.getvalue()))
    outputs.append(said.getvalue())
print(json.dumps(outputs))`;

/** Each `esptool <command>` in turn, in one process because it is slow to start; what each printed. Throws if one fails. */
export function esptool(commands: readonly (readonly string[])[]): string[] {
  return python(ESPTOOL, JSON.stringify(commands)) as string[];
}

export function adafruitNrfutil(...args: readonly string[]): string {
  return run("adafruit-nrfutil", args);
}

/** Runs Python with these readers' packages and reads the JSON it prints. */
export function python(script: string, ...args: readonly string[]): unknown {
  return JSON.parse(run("python", ["-c", script, ...args]));
}
