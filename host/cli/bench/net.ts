/** `mehr bench net`: what the network core costs on a chip, in bytes and instructions. */
import { bootConfig, encodeBootConfig } from "../../../boards/config.ts";
import { findBoard, isVirtual } from "../../../boards/index.ts";
import { buildBoard } from "../../../toolchain/build.ts";
import { compileCore } from "../../../toolchain/core/compile.ts";
import { CORE_SIZE_BUDGET, LINEAR_MEMORY_LIMIT } from "../../../toolchain/core/limits.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { canInstallSystemPackages } from "../../../toolchain/pio/system.ts";
import { InstructionMeter } from "../../board/meter.ts";
import { Metric } from "../../board/protocol.ts";
import { RadioPort } from "../../board/radio-port.ts";
import { VirtualBoardProcess } from "../../board/virtual.ts";
import { BoardTarget } from "../../conformance/target.ts";
import { buildProgress } from "../build.ts";
import type { Io } from "../outcome.ts";
import { type BoardEngine, chipOf, type Goal, judged, limited, machine, median, type Result } from "./measure.ts";
import { roomSizes } from "./net-size.ts";
import { type NetSteps, netSteps } from "./net-steps.ts";
import { goalsMet, longTable } from "./report.ts";

/** The goals, for a Cortex-M4 under wasm3. */
const GOALS: readonly (Goal | undefined)[] = [{ value_at_most: 1_500_000 }, { value_at_most: 20_000_000 }, undefined];

export async function benchNet(io: Io, flags: { root: string; setup?: boolean }): Promise<undefined> {
  const { root } = flags;
  const install = flags.setup === true && canInstallSystemPackages();
  const core = await compileCore({ root });
  const results: Result[] = [];
  const size = core.wasm.length;
  const budget = {
    name: "relay.wasm",
    value: size,
    unit: "B",
    baseline: CORE_SIZE_BUDGET,
    ratio: size / CORE_SIZE_BUDGET,
  };
  results.push(judged(budget, { value_at_most: CORE_SIZE_BUDGET }));
  results.push(...roomSizes(core));
  const steps = await netSteps(Uint8Array.from(core.wasm), encodeBootConfig(bootConfig(findBoard("qemu-m4"))));
  for (const { name, times } of steps.operations) {
    if (times.length === 0) throw new MehrError(1, `The small world never saw this happen: ${name}.`);
  }
  for (const id of ["qemu-m4", "qemu-rv32"]) {
    for (const engine of ["wasm3", "aot"] as const) {
      const report = await buildBoard({ root, board: id, engine, install, purpose: "run", onEvent: buildProgress(io) });
      io.progress(`- counting under QEMU -icount shift=0: ${id}, ${engine}`);
      results.push(...(await countOperations(id, report.image, engine === "aot" ? "AOT" : "wasm3", steps)));
      if (id === "qemu-m4" && engine === "wasm3") {
        results.push(limited("linear memory", { used: report.manifest.core.memory, max: LINEAR_MEMORY_LIMIT }));
      }
    }
  }
  io.result({ suite: "net", machine: machine(), results });
  io.print(`net, ${machine()}`);
  io.print(longTable(results));
  io.print();
  io.print(goalsMet(results));
}

/** Replays the inputs on a board and adds up what the operations took. */
async function countOperations(id: string, image: string, engine: BoardEngine, steps: NetSteps): Promise<Result[]> {
  const board = findBoard(id);
  if (!isVirtual(board)) throw new Error(`${id} is a virtual board`);
  const radio = (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]): RadioPort =>
    new RadioPort({ name: id, stream });
  const running = await VirtualBoardProcess.start({ board, image, icount: true, radio });
  try {
    const wanted = new Set(steps.operations.flatMap(({ times }) => times.flat()));
    const took = new Map<number, number>();
    const meter = await InstructionMeter.open(running.console);
    const target = await BoardTarget.open(running.console);
    for (const [i, input] of steps.inputs.entries()) {
      await target.step(input);
      if (wanted.has(i)) took.set(i, await meter.lastStep());
    }
    const results = steps.operations.map(({ name, times }, i): Result => {
      const sums = times.map((inputs) => inputs.reduce((sum, at) => sum + (took.get(at) ?? Number.NaN), 0));
      const result = { name, value: Math.round(median(sums)), unit: "instructions", engine, chip: chipOf(board) };
      return id === "qemu-m4" && engine === "wasm3" ? judged(result, GOALS[i]) : result;
    });
    if (engine === "wasm3") {
      const metacode = {
        name: "metacode",
        value: await meter.metric(Metric.Metacode),
        unit: "B",
        engine,
        chip: chipOf(board),
      };
      results.push(metacode);
    }
    return results;
  } finally {
    await running.stop();
  }
}
