/** Other people's readers and writers of images: the product's own flashers, in their Python environment. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ensureFlashers, flashersBin } from "../../toolchain/flashers/install.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { pioPlace } from "../../toolchain/pio/environment.ts";

const place = pioPlace(repositoryRoot());

/**
 * Makes sure esptool, adafruit-nrfutil and intelhex of the pinned versions are there, from the Python package index. As
 * root on Debian it installs Python's venv module; otherwise it throws MehrError (3) with the command.
 */
export async function ensureReaders(): Promise<void> {
  await ensureFlashers(place);
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(join(flashersBin(place), program), args, {
    encoding: "utf8",
    env: { ...process.env, COLUMNS: "200" },
  });
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
