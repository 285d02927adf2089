/**
 * `mehr bench build`: how long board values are, what images take of their boards, how long builds take, and how often the
 * airtime ledger writes to flash.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { defaultEngine } from "../../../boards/engine.ts";
import { allBoards, type Board, isVirtual } from "../../../boards/index.ts";
import { boardLines } from "../../../toolchain/board-lines.ts";
import { type BuildReport, buildBoard } from "../../../toolchain/build.ts";
import { copyCheckout } from "../../../toolchain/checkout.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { pioPlace } from "../../../toolchain/pio/environment.ts";
import { chooseSource } from "../../../toolchain/pio/sources.ts";
import { canInstallSystemPackages } from "../../../toolchain/pio/system.ts";
import { buildProgress } from "../build.ts";
import type { Io } from "../outcome.ts";
import { LEDGER_LOADS, ledgerWritesPerYear } from "./ledger-wear.ts";
import { judged, limited, machine, median, type Result } from "./measure.ts";
import { goalsMet, longTable } from "./report.ts";

const LINES_MAX = 40;
/** What Meshtastic's environment for the RAK4631 keeps to, bytes (the figures). */
const PEER = { flash: 786_000, ram: 113_000 } as const;
/** What a nRF52840 image of ours may take in RAM beside the core's linear memory. */
const RAM_GOAL = 60_000;
const ROUNDS = 3;

export async function benchBuild(io: Io, flags: { root: string; setup?: boolean }): Promise<undefined> {
  const { root } = flags;
  const install = flags.setup === true && canInstallSystemPackages();
  const results: Result[] = [...lineCounts(root)];
  const missing: string[] = [];
  for (const board of allBoards()) {
    const why = await notBuildable(root, board);
    if (why === undefined) {
      results.push(...sizes(await buildBoard({ root, board: board.id, install, onEvent: buildProgress(io) })));
    } else {
      missing.push(board.id);
      io.progress(`- ${board.id} is not measured: ${why}`);
    }
  }
  results.push(...(await buildTimes(io, root, install)));
  io.progress("- a virtual year of the airtime ledger");
  for (const dutyPermille of [100, 10, 1]) {
    for (const load of LEDGER_LOADS) {
      const { writesPerYear: value } = ledgerWritesPerYear(load, { dutyPermille, packetsPerHour: 0.3 * dutyPermille });
      results.push({ name: `airtime record, ${load} at ${dutyPermille / 10} %`, value, unit: "writes a year" });
    }
  }

  io.result({ suite: "build", machine: machine(), results, not_built: missing });
  io.print(`build, ${machine()}`);
  io.print(longTable(results));
  io.print();
  if (missing.length > 0) {
    io.print(`Not built, since PlatformIO's registry does not answer: ${missing.join(", ")}.`);
  }
  io.print(goalsMet(results));
}

/** Lines of every board's file, comments and all. */
export function lineCounts(root: string): Result[] {
  return boardLines(root).map(({ board, lines: value }) =>
    judged({ name: `lines of ${board}`, value, unit: "lines" }, { value_at_most: LINES_MAX }),
  );
}

/** Why a board cannot be built on this machine; undefined if it can. */
async function notBuildable(root: string, board: Board): Promise<string | undefined> {
  try {
    await chooseSource(pioPlace(root), board.id, "auto");
    return undefined;
  } catch (error) {
    if (error instanceof MehrError && error.exitCode === 3) return error.message;
    throw error;
  }
}

/** Flash and RAM of an image; those of the board the peer's figures are of beside them. */
function sizes({ board, engine, manifest }: BuildReport): Result[] {
  const { flash, ram, core } = manifest;
  if (flash === undefined || ram === undefined) return [];
  const named = { engine, ...(isVirtual(board) ? {} : { chip: board.mcu }) };
  // A translated core has its linear memory among the static variables; wasm3 allocates it.
  const own = engine === "aot" ? ram.used - core.memory : ram.used;
  const rows: Result[] = [
    { ...limited(`flash of ${board.id}`, flash), ...named },
    { ...limited(`static RAM of ${board.id}`, ram), ...named },
  ];
  const bare = { name: `static RAM of ${board.id} beside the core's memory`, value: own, unit: "B", ...named };
  rows.push(board.mcu === "nrf52840" ? judged(bare, { value_at_most: RAM_GOAL }) : bare);
  if (board.id !== "rak4631") return rows;
  const against = { against: "Meshtastic", ...named };
  const beside = { name: "flash", value: flash.used, unit: "B", baseline: PEER.flash, ratio: flash.used / PEER.flash };
  return [
    ...rows,
    judged({ ...beside, ...against }, { ratio_at_most: 0.5 }),
    { ...limited("static RAM", { used: ram.used, max: PEER.ram }), ...against },
  ];
}

/**
 * Seconds from nothing built to an image, with PlatformIO and its packages there, and from an unchanged checkout to the
 * same image. In a copy, so that this checkout keeps its builds.
 */
async function buildTimes(io: Io, root: string, install: boolean): Promise<Result[]> {
  process.env.MEHR_HOME ??= pioPlace(root).home;
  const copy = copyCheckout(root);
  try {
    const results: Result[] = [];
    for (const board of allBoards().filter(({ id }) => id === "qemu-m4")) {
      for (const engine of board.engines) {
        io.progress(`- building ${board.id} with ${engine} from nothing and again, ${ROUNDS} times`);
        const cold: number[] = [];
        const warm: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          for (const made of ["build", "dist", ".pio"]) rmSync(join(copy.path, made), { recursive: true, force: true });
          const once = async (): Promise<number> =>
            (await buildBoard({ root: copy.path, board: board.id, engine, install })).seconds;
          cold.push(await once());
          warm.push(await once());
        }
        const name = engine === defaultEngine(board) ? board.id : `${board.id}, ${engine}`;
        results.push(
          { name: `cold build of ${name}`, value: median(cold), unit: "s" },
          { name: `warm build of ${name}`, value: median(warm), unit: "s" },
        );
      }
    }
    return results;
  } finally {
    copy.remove();
  }
}
