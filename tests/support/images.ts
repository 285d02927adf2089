/** Images of the virtual boards for the tests, built by the product's own build. */
import { type Engine, ENGINES, variantName } from "../../boards/engine.ts";
import { findBoard, isVirtual, type VirtualBoard } from "../../boards/index.ts";
import { type StartOptions, VirtualBoardProcess } from "../../host/board/virtual.ts";
import { type BuildReport, buildBoard } from "../../toolchain/build.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { pioPlace } from "../../toolchain/pio/environment.ts";
import { canInstallSystemPackages } from "../../toolchain/pio/system.ts";

export const root = repositoryRoot();

// A copy of the checkout uses this one's PlatformIO.
process.env.MEHR_HOME ??= pioPlace(root).home;

export function virtualBoard(id: string): VirtualBoard {
  const board = findBoard(id);
  if (!isVirtual(board)) throw new Error(`${id} is not virtual`);
  return board;
}

/** A virtual board with an engine; `name` is what the build calls it. */
export interface Variant {
  readonly id: string;
  readonly engine: Engine;
  readonly name: string;
}

/** Each of the boards with each engine. */
export function variants(...ids: readonly string[]): Variant[] {
  return ids.flatMap((id) => ENGINES.map((engine) => ({ id, engine, name: variantName(findBoard(id), engine) })));
}

/** The virtual boards: the line to add one to. */
export const BOARDS = ["native", "qemu-m4", "qemu-rv32"];

/** All of them with every engine. */
export const VARIANTS = variants(...BOARDS);

/** Builds a board's image, with its default engine unless given; as root on Debian it installs what is missing. */
export function buildImage(id: string, engine?: Engine, from = root): Promise<BuildReport> {
  const install = canInstallSystemPackages();
  const named = engine === undefined ? {} : { engine };
  return buildBoard({ root: from, board: id, ...named, source: "system", install, purpose: "run" });
}

/** Starts a board, runs `use`, and stops it whatever happens. */
export async function withBoard<T>(options: StartOptions, use: (board: VirtualBoardProcess) => Promise<T>): Promise<T> {
  const board = await VirtualBoardProcess.start(options);
  try {
    return await use(board);
  } finally {
    await board.stop();
  }
}

/** Waits until `condition` holds, polling; fails with `what` after `seconds`. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
