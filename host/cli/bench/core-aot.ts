/** What the core costs as native code in flash: the figures of an image built with the engine `aot`. */
import { readFileSync } from "node:fs";
import { isVirtual, type VirtualBoard } from "../../../boards/index.ts";
import { variantName } from "../../../boards/engine.ts";
import type { BuildReport } from "../../../toolchain/build.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { memoryOf, parseMap } from "../../../toolchain/map.ts";
import { pioPlace } from "../../../toolchain/pio/environment.ts";
import { findArtifacts } from "../../../toolchain/pio/run.ts";
import { countSteps } from "./core-board.ts";
import { chipOf, judged, limited, RAM_BUDGET, type Result } from "./measure.ts";

/** Flash that the core's native code may take for each byte of its wasm. */
const FLASH_PER_WASM = 1.6;

/** An image with the core in it as native code. */
export interface AotImage {
  readonly board: VirtualBoard;
  /** ELF file. */
  readonly image: string;
  /** Linker map. */
  readonly map: string;
  /** The objects in the map that hold what toolchain/aot wrote. */
  readonly object: RegExp;
  /** Bytes of the core's module. */
  readonly wasm: number;
  /** Bytes of static RAM, linear memory and stacks included. */
  readonly ram: number;
  /** The deepest C stack a call of the core can need, computed, and what the board has, in bytes. */
  readonly stack: { readonly computed: number; readonly reserved: number };
}

/** The image a build with engine aot has made. */
export function aotImage(root: string, report: BuildReport): AotImage {
  const { board, engine, image, manifest, source, stack } = report;
  const map = findArtifacts(pioPlace(root), variantName(board, engine), source).find(({ kind }) => kind === "map");
  if (!isVirtual(board) || map === undefined || stack === undefined) {
    throw new MehrError(1, `The build of ${board.id} with engine ${engine} left no linker map or stack report.`);
  }
  return {
    board,
    image,
    map: map.path,
    object: /relay_core\.o/,
    wasm: manifest.core.size,
    ram: manifest.ram?.used ?? 0,
    stack: { computed: stack.total, reserved: stack.limit ?? 0 },
  };
}

/** Flash, RAM, heap and stack against what they may be, and the instructions of the core's steps. */
export async function measureAot(built: AotImage): Promise<Result[]> {
  const counted = await countSteps({ board: built.board, image: built.image, engine: "AOT" });
  return [...sizesOf(built, readFileSync(built.map, "utf8")), ...withLimits(built, counted)];
}

/** What is known without running it. `map` is the text of the linker map. */
export function sizesOf(built: Omit<AotImage, "map" | "image">, map: string): Result[] {
  const { flash, ram } = memoryOf(parseMap(map), built.object);
  // No code at all would meet every limit.
  if (flash === 0) throw new Error(`the linker map names no object that matches ${built.object}`);
  const where = { engine: "AOT", chip: chipOf(built.board) };
  const { computed, reserved } = built.stack;
  return [
    judged(
      { name: "flash of the core", value: flash, unit: "B", ...where, baseline: built.wasm, ratio: flash / built.wasm },
      { ratio_at_most: FLASH_PER_WASM },
    ),
    { name: "static RAM of the core", value: ram, unit: "B", ...where },
    judged(
      { ...limited("C stack, computed", { used: computed, max: reserved }), ...where },
      { value_at_most: reserved },
    ),
  ];
}

/** What the board told, with what it may be: no heap at all, and the same RAM in all as under wasm3. */
export function withLimits(built: Pick<AotImage, "board" | "ram">, counted: readonly Result[]): Result[] {
  const where = { engine: "AOT", chip: chipOf(built.board) };
  const heap = counted.find(({ name }) => name === "heap high-water")?.value ?? Number.NaN;
  const whole = built.ram + heap;
  return [
    ...counted.map((result) => (result.name === "heap high-water" ? judged(result, { value_at_most: 0 }) : result)),
    judged(
      { name: "RAM in all", value: whole, unit: "B", ...where, baseline: RAM_BUDGET, ratio: whole / RAM_BUDGET },
      { value_at_most: RAM_BUDGET },
    ),
  ];
}
