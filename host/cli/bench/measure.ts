/** What the benchmarks share: the shape of a result, medians, and measuring several things in one run. */
import { cpus } from "node:os";
import type { VirtualBoard } from "../../../boards/index.ts";

/** What a result is held to; a bound that is absent is none. */
export interface Goal {
  readonly value_at_most?: number;
  readonly ratio_at_least?: number;
  readonly ratio_at_most?: number;
}

/** One line of a table, one point of a chart. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is compared with, in the same unit: a limit, or what the library `against` takes. */
  readonly baseline?: number;
  /**
   * Of a limit, and of another row of the same chip, value / baseline. Of a library under V8, baseline / value: how many
   * times as fast the core is.
   */
  readonly ratio?: number;
  /** What ran it. */
  readonly engine?: string;
  /** The chip in QEMU, if it was one. */
  readonly chip?: string;
  readonly against?: string;
  readonly goal?: Goal;
  /** What would be better still. */
  readonly stretch?: Goal;
  readonly met?: boolean;
}

/** What the relay's image may take of an nRF52840's RAM in all, bytes (design section 3). */
export const RAM_BUDGET = 175_000;

/** A value out of a limit of the same unit. */
export function limited(name: string, usage: { used: number; max: number | null }, unit = "B"): Result {
  const { used, max } = usage;
  return { name, value: used, unit, ...(max === null ? {} : { baseline: max, ratio: used / max }) };
}

/** True if the result keeps within every bound of `goal`. */
export function meets(result: Pick<Result, "value" | "ratio">, goal: Goal): boolean {
  const { value, ratio = Number.NaN } = result;
  return (
    (goal.value_at_most === undefined || value <= goal.value_at_most) &&
    (goal.ratio_at_least === undefined || ratio >= goal.ratio_at_least) &&
    (goal.ratio_at_most === undefined || ratio <= goal.ratio_at_most)
  );
}

/** The result with its goal, and whether that is met. */
export function judged(result: Result, goal: Goal | undefined, stretch?: Goal): Result {
  if (goal === undefined) return result;
  return { ...result, goal, ...(stretch === undefined ? {} : { stretch }), met: meets(result, goal) };
}

/** The engines of a board, as results name them. */
export type BoardEngine = "wasm3" | "AOT";

/** An image that runs the core, and with what. */
export interface CountedImage {
  readonly board: VirtualBoard;
  /** ELF file. */
  readonly image: string;
  readonly engine: BoardEngine;
}

/** How a result names the chip of a virtual board. */
export function chipOf(board: VirtualBoard): string {
  return board.mcu === "rv32" ? "RV32" : "Cortex-M4";
}

export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} x ${cpu?.model.trim() ?? "unknown"}, Node ${process.versions.node}`;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN, sorted[middle] ?? Number.NaN];
  return (low + high) / 2;
}

/** How `interleaved` measures. */
export interface Rounds {
  readonly rounds: number;
  /** Milliseconds one contestant runs in one round. */
  readonly batchMs: number;
  /** Milliseconds each runs beforehand, so that the optimising compilers are done with it. */
  readonly warmUpMs: number;
}

/** Microseconds one call of `run` takes, over `count` calls. */
function timed(run: () => unknown, count: number): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) run();
  // At least a nanosecond, for a clock too coarse to see the call.
  return Math.max(1, Number(process.hrtime.bigint() - start)) / 1000 / count;
}

/**
 * Median microseconds of one call of each, in the order given. They take turns in short batches, each round beginning
 * with another one, so that what slows the machine down for a while slows all of them down.
 */
export function interleaved(contestants: readonly (() => unknown)[], how: Rounds): number[] {
  const counts = contestants.map((run) => {
    const end = performance.now() + how.warmUpMs;
    let micros = timed(run, 1);
    while (performance.now() < end) micros = timed(run, Math.max(1, Math.round(1000 / micros)));
    return Math.max(1, Math.round((how.batchMs * 1000) / micros));
  });
  const samples = contestants.map((): number[] => []);
  for (let round = 0; round < how.rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const i = (round + turn) % contestants.length;
      const [run, count] = [contestants[i], counts[i]];
      if (run !== undefined && count !== undefined) samples[i]?.push(timed(run, count));
    }
  }
  return samples.map(median);
}
