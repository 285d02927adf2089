/**
 * `mehr bench crypto`: the core's cryptography against other libraries, in instructions of a Cortex-M4, and in bytes.
 */
import { readFileSync } from "node:fs";
import { findBoard, isVirtual } from "../../../boards/index.ts";
import { type BuildReport, buildBoard } from "../../../toolchain/build.ts";
import { compileCore } from "../../../toolchain/core/compile.ts";
import type { CoreImports } from "../../core/abi.gen.ts";
import { Core } from "../../core/core.ts";
import { buildProgress } from "../build.ts";
import type { Io } from "../outcome.ts";
import { table } from "../table.ts";
import { countOnBoard } from "./crypto-board.ts";
import { measureSize } from "./crypto-size.ts";
import { measureV8 } from "./crypto-v8.ts";
import { loadLibraries } from "./libraries.ts";
import { type Goal, machine, meets, type Result } from "./measure.ts";

/** A primitive calls nothing of the host's. */
const NO_HOST: CoreImports = {
  entropy: () => 0,
  frame_send: () => 0,
  record_put: () => 0,
  record_get: () => 0,
  record_delete: () => 0,
  event: () => {},
};

export async function benchCrypto(io: Io, flags: { root: string }): Promise<undefined> {
  const { root } = flags;
  const board = findBoard("qemu-m4");
  if (!isVirtual(board)) throw new Error("qemu-m4 is a virtual board");
  const build = (from: string): Promise<BuildReport> =>
    buildBoard({ root: from, board: board.id, purpose: "run", onEvent: buildProgress(io) });

  const libraries = await loadLibraries();
  const core = await Core.load(readFileSync((await compileCore({ root })).path), NO_HOST);
  io.progress("- microseconds under V8, all libraries in turn");
  const results = measureV8(core, libraries, (what) => io.progress(`  ${what}`));
  const report = await build(root);
  io.progress("- counting instructions under QEMU -icount shift=0");
  results.push(...(await countOnBoard(board, report.image, (what) => io.progress(`  ${what}`))));
  io.progress("- the core without cryptography");
  results.push(...(await measureSize(root, board, report, build)));

  io.result({ suite: "crypto", machine: machine(), results });
  io.print(`crypto, ${machine()}`);
  io.print(
    table(
      ["what", "where", "value", "unit", "against", "takes", "ratio", "goal", "verdict"],
      results.map((result) => [
        result.name,
        result.engine ?? "",
        number(result.value),
        result.unit,
        result.against ?? (result.baseline === undefined ? "" : "limit"),
        result.baseline === undefined ? "" : number(result.baseline),
        result.ratio === undefined ? "" : result.ratio.toFixed(2),
        result.goal === undefined ? "" : goalText(result.goal),
        verdict(result),
      ]),
    ),
  );
  const judged = results.filter((result) => result.met !== undefined);
  const missed = judged.filter((result) => result.met === false);
  io.print();
  io.print(`${judged.length - missed.length} of ${judged.length} goals met`);
}

/** Whole numbers with their thousands apart, others to three digits. */
function number(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function goalText(goal: Goal): string {
  const parts: string[] = [];
  if (goal.value_at_most !== undefined) parts.push(`<= ${number(goal.value_at_most)}`);
  if (goal.ratio_at_least !== undefined) parts.push(`>= ${goal.ratio_at_least}x`);
  if (goal.ratio_at_most !== undefined) parts.push(`<= ${goal.ratio_at_most}x`);
  return parts.join(", ");
}

function verdict(result: Result): string {
  if (result.met === undefined) return "";
  if (!result.met) return "MISSED";
  return result.stretch !== undefined && meets(result, result.stretch) ? "met, and the stretch goal" : "met";
}
