/** Flashing in tests: images of real boards made without their toolchains, and the command as a person runs it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findBoard, isVirtual, type RealBoard } from "../../boards/index.ts";
import { flash, type FlashFlags } from "../../host/cli/flash.ts";
import type { Io } from "../../host/cli/outcome.ts";
import { THIS_MACHINE, type Machine, type Waits } from "../../host/flash/machine.ts";
import { collect, manifestOf, writeImage } from "../../toolchain/build.ts";
import type { Manifest } from "../../toolchain/manifest.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { artifactsIn } from "../../toolchain/pio/run.ts";

const CORE = { abi_version: 5, size: 1, sha256: "0".repeat(64), code: 1, data: 0, memory: 1 };

export function realBoard(id: string): RealBoard {
  const board = findBoard(id);
  if (isVirtual(board)) throw new Error(`${id} is virtual`);
  return board;
}

export interface MadeImage {
  readonly board: RealBoard;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly hash: string;
}

/** The image `mehr build` would write if PlatformIO had left these files. */
export function imageOf(dir: string, id: string, left: ReadonlyMap<string, Uint8Array>): MadeImage {
  const board = realBoard(id);
  const pio = join(dir, `${id}.pio`);
  mkdirSync(pio, { recursive: true });
  for (const [name, bytes] of left) writeFileSync(join(pio, name), bytes);
  const files = collect(board, artifactsIn(pio));
  const folder = join(dir, id);
  const manifest = manifestOf({ board, engine: "aot", version: "1.2.3", region: null, core: CORE, files });
  writeImage(folder, manifest, files);
  return { board, folder, manifest, hash: manifest.image_sha256 ?? "" };
}

/** Shorter than a person's: what is simulated answers at once. */
export const QUICK: Waits = { answer: 700, bootloader: 3000, vanish: 1500, boot: 2500, attempts: 7 };

export interface Outcome {
  readonly code: number;
  /** The JSON object. */
  readonly result: Record<string, unknown> & { error?: { message: string; hint?: string } };
  readonly steps: readonly string[];
}

/** Runs `mehr flash` in this process, as runCommand would with --json, and gathers what it tells. */
export async function mehrFlash(
  board: string,
  flags: Partial<FlashFlags>,
  machine: Partial<Machine> = {},
  interrupt?: (now: () => void) => void,
): Promise<Outcome> {
  let result: Outcome["result"] = {};
  const steps: string[] = [];
  const io: Io = {
    json: true,
    print: () => {},
    progress: (line) => steps.push(line),
    result: (value) => {
      result = value as Outcome["result"];
    },
    onInterrupt: (handler) => interrupt?.(handler),
  };
  const all = { ...THIS_MACHINE, wait: QUICK, ...machine };
  const options = { root: repositoryRoot(), board, baud: 460_800, stub: true, ...flags };
  try {
    return { code: (await flash(io, options, all)) ?? 0, result, steps };
  } catch (error) {
    if (!(error instanceof MehrError)) throw error;
    const { exitCode, message, hint } = error;
    return {
      code: exitCode,
      result: { ok: false, error: { message, ...(hint === undefined ? {} : { hint }) } },
      steps,
    };
  }
}
