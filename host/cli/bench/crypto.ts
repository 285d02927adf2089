/**
 * `mehr bench crypto`: the core's cryptography against other libraries under V8, against other engines and C libraries
 * in instructions of two chips, and in bytes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../../boards/engine.ts";
import { findBoard, isVirtual, type VirtualBoard } from "../../../boards/index.ts";
import { type BuildReport, buildBoard } from "../../../toolchain/build.ts";
import { compileCore } from "../../../toolchain/core/compile.ts";
import { pioPlace } from "../../../toolchain/pio/environment.ts";
import { canInstallSystemPackages } from "../../../toolchain/pio/system.ts";
import type { CoreImports } from "../../core/abi.gen.ts";
import { Core } from "../../core/core.ts";
import { buildProgress } from "../build.ts";
import type { Io } from "../outcome.ts";
import { BaselineChip } from "./baseline.ts";
import { findSubjects, type LeftOut, setUpBaselines } from "./baseline-sources.ts";
import { aotImage, sizesOf } from "./core-aot.ts";
import { countOnBoard } from "./crypto-board.ts";
import { type Count, counts } from "./crypto-counts.ts";
import { measureSize } from "./crypto-size.ts";
import { measureV8 } from "./crypto-v8.ts";
import { loadLibraries } from "./libraries.ts";
import { type BoardEngine, judged, machine, type Result } from "./measure.ts";
import { chipsOf, chipTable, goalsMet, longTable } from "./report.ts";

/** A primitive calls nothing of the host's. */
const NO_HOST: CoreImports = {
  entropy: () => 0,
  frame_send: () => 0,
  record_put: () => 0,
  record_get: () => 0,
  record_delete: () => 0,
  event: () => {},
};

/** What is built and counted. */
const IMAGES: readonly { readonly board: string; readonly engine: BoardEngine }[] = [
  { board: "qemu-m4", engine: "AOT" },
  { board: "qemu-m4", engine: "wasm3" },
  { board: "qemu-rv32", engine: "AOT" },
  { board: "qemu-rv32", engine: "wasm3" },
];

const ENGINE: Readonly<Record<BoardEngine, Engine>> = { AOT: "aot", wasm3: "wasm3" };

/** What our own native code may cost more than wasm2c's, which checks nothing. */
const OVER_WASM2C = 1.15;

export interface CryptoFlags {
  readonly root: string;
  /** Installs and fetches what is compared with; without it, what is not there is left out. */
  readonly setup?: boolean;
}

export async function benchCrypto(io: Io, flags: CryptoFlags): Promise<undefined> {
  const { root } = flags;
  const install = flags.setup === true && canInstallSystemPackages();
  const build = (from: string, board: string, engine: BoardEngine): Promise<BuildReport> =>
    buildBoard({ root: from, board, engine: ENGINE[engine], install, purpose: "run", onEvent: buildProgress(io) });

  const libraries = await loadLibraries();
  const wasm = (await compileCore({ root })).path;
  const core = await Core.load(readFileSync(wasm), NO_HOST);
  io.progress("- microseconds under V8, all libraries in turn");
  const results = measureV8(core, libraries, (what) => io.progress(`  ${what}`));

  const list = await counts(core);
  const reports: BuildReport[] = [];
  for (const { board, engine } of IMAGES) reports.push(await build(root, board, engine));
  io.progress("- counting instructions under QEMU -icount shift=0");
  const onChips: Result[] = [];
  for (const [i, { board, engine }] of IMAGES.entries()) {
    const report = reports[i];
    if (report === undefined) continue;
    const counted = { board: virtualBoard(board), image: report.image, engine };
    if (engine === "AOT") onChips.push(...flashOfCore(root, report));
    onChips.push(...(await countOnBoard(counted, list, (what) => io.progress(`  ${what}`))));
  }
  const chips = IMAGES.filter(({ engine }) => engine === "wasm3").map(({ board }) => virtualBoard(board));
  const { baselines, leftOut } = await countBaselines(io, flags, chips, list, wasm);
  results.push(...againstWasm2c([...onChips, ...baselines]));

  io.progress("- the core without cryptography");
  const m4 = virtualBoard("qemu-m4");
  const report = await build(root, m4.id, "wasm3");
  results.push(...(await measureSize(root, m4, report, (from) => build(from, m4.id, "wasm3"))));

  io.result({ suite: "crypto", machine: machine(), results, left_out: leftOut });
  io.print(`crypto, ${machine()}`);
  for (const chip of chipsOf(results)) {
    io.print();
    io.print(chipTable(results, chip));
  }
  io.print();
  // The rest of the chips' rows are values alone, which the tables above show.
  io.print(longTable(results.filter((result) => result.chip === undefined || result.goal !== undefined)));
  io.print();
  io.print(goalsMet(results));
  for (const { why, fix } of leftOut) {
    io.print(`Left out: ${why}.${fix === undefined ? "" : ` Try: ${fix}`}`);
  }
}

/** Flash of the core, beside wasm2c's. */
function flashOfCore(root: string, report: BuildReport): Result[] {
  const built = aotImage(root, report);
  return sizesOf(built, readFileSync(built.map, "utf8")).filter(({ name }) => name === "flash of the core");
}

function virtualBoard(id: string): VirtualBoard {
  const board = findBoard(id);
  if (!isVirtual(board)) throw new Error(`${id} is a virtual board`);
  return board;
}

async function countBaselines(
  io: Io,
  flags: CryptoFlags,
  boards: readonly VirtualBoard[],
  list: readonly Count[],
  wasm: string,
): Promise<{ baselines: Result[]; leftOut: LeftOut[] }> {
  const place = pioPlace(flags.root);
  if (flags.setup) await setUpBaselines(place, boards, (step) => io.progress(`- ${step}`));
  const folder = join(flags.root, "build", "bench");
  const { subjects, leftOut } = await findSubjects(place, boards, wasm, join(folder, "wasm2c"));
  const baselines: Result[] = [];
  for (const board of subjects.length > 0 ? boards : []) {
    io.progress(`- the same operations in C on ${board.id}`);
    const chip = await BaselineChip.prepare({ root: flags.root, board, counts: list, folder: join(folder, board.id) });
    for (const subject of subjects) {
      io.progress(`  ${subject.name}`);
      baselines.push(...(await chip.count(subject)));
    }
  }
  return { baselines, leftOut };
}

/** Our native code against what wasm2c makes of the same core without checks, on the same chip. */
export function againstWasm2c(results: readonly Result[]): Result[] {
  const against = "wasm2c, unchecked";
  return results.map((result) => {
    if (result.engine !== "AOT" || result.unit !== "instructions") return result;
    const { name, chip, goal } = result;
    const other = results.find((one) => one.name === name && one.chip === chip && one.engine === against);
    if (other === undefined) return result;
    const compared = { ...result, baseline: other.value, ratio: result.value / other.value, against };
    return judged(compared, { ...goal, ratio_at_most: OVER_WASM2C });
  });
}
