/**
 * Counts instructions on a board in QEMU that was started with `icount`: there one instruction is 1 ns of its clock.
 */
import type { BoardConsole } from "./console.ts";
import { CALIBRATION_INSTRUCTIONS, Metric } from "./protocol.ts";

export class InstructionMeter {
  /** Instructions a tick stands for: what a difference of counts can be resolved to. */
  readonly perTick: number;
  readonly #console: BoardConsole;

  private constructor(console: BoardConsole, perTick: number) {
    this.#console = console;
    this.perTick = perTick;
  }

  /** Finds out what a tick is worth, from a loop whose instructions are known, not from the clock's nominal rate. */
  static async open(console: BoardConsole): Promise<InstructionMeter> {
    const ticks = (await console.stats()).get(Metric.CalibrationTicks);
    if (ticks === undefined || ticks === 0n) throw new Error("the board does not tell Metric.CalibrationTicks");
    return new InstructionMeter(console, CALIBRATION_INSTRUCTIONS / Number(ticks));
  }

  /** A metric as the board tells it now. */
  async metric(id: number): Promise<number> {
    const value = (await this.#console.stats()).get(id);
    if (value === undefined) throw new Error(`the board does not tell metric ${id}`);
    return Number(value);
  }

  /** Ticks the core took for the last replay step. */
  lastStepTicks(): Promise<number> {
    return this.metric(Metric.LastReplayTicks);
  }

  /** Instructions of the core in the last replay step, to within one tick's worth. */
  async lastStep(): Promise<number> {
    return (await this.lastStepTicks()) * this.perTick;
  }
}
