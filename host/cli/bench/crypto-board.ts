/** Instructions of the core's primitives on a virtual board, counted in QEMU through the replay of its console. */
import type { VirtualBoard } from "../../../boards/index.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { InstructionMeter } from "../../board/meter.ts";
import { Metric } from "../../board/protocol.ts";
import { RadioPort } from "../../board/radio-port.ts";
import { VirtualBoardProcess } from "../../board/virtual.ts";
import { BoardTarget } from "../../conformance/target.ts";
import { STATUS_SENTENCES, Status } from "../../core/abi.gen.ts";
import { type Count, ofVariants, type Step } from "./crypto-counts.ts";
import { chipOf, type CountedImage, judged, limited, type Result } from "./measure.ts";

/** The chip whose instructions the goals are about. */
const GOAL_CHIP = "Cortex-M4";

/** Starts the image, counts, and stops it. `progress` is told what is being counted. */
export async function countOnBoard(
  { board, image, engine }: CountedImage,
  counts: readonly Count[],
  progress: (what: string) => void,
): Promise<Result[]> {
  const running = await VirtualBoardProcess.start({
    board,
    image,
    icount: true,
    radio: (stream) => new RadioPort({ name: board.id, stream }),
  });
  const where = { engine, chip: chipOf(board) };
  try {
    const target = await BoardTarget.open(running.console);
    const meter = await InstructionMeter.open(running.console);
    const run = async (name: string, { primitive, input, out }: Step): Promise<number> => {
      const result = await target.crypto(primitive, input);
      if (result.status !== Status.Ok) {
        throw new MehrError(1, `${name} on ${board.id}: ${STATUS_SENTENCES[result.status]}`);
      }
      if (Buffer.compare(result.out, out) !== 0) {
        throw new MehrError(1, `${name} on ${board.id} under ${engine} gives other bytes than under V8.`);
      }
      return meter.lastStep();
    };
    const results: Result[] = [];
    for (const count of counts) {
      const { name, variants, goals } = count;
      progress(`${name}, ${engine} on ${where.chip}`);
      // Once beforehand: wasm3 patches a place that calls a function when it comes by for the first time.
      for (const step of variants[0] ?? []) await run(name, step);
      const took = new Map<Step, number>();
      for (const step of variants.flat()) took.set(step, await run(name, step));
      const value = ofVariants(count, (step) => took.get(step) ?? Number.NaN);
      const held = where.chip === GOAL_CHIP ? goals[engine] : undefined;
      results.push(judged({ name, value, unit: "instructions", ...where }, held?.goal, held?.stretch));
    }
    const stack = async (name: string, used: number, size: number): Promise<Result> => ({
      ...limited(name, { used: await meter.metric(used), max: await meter.metric(size) }),
      ...where,
    });
    if (engine === "wasm3") results.push(await stack("wasm stack high-water", Metric.WasmStackUsed, Metric.WasmStack));
    results.push(await stack("C stack high-water", Metric.CStackUsed, Metric.CStack));
    return engine === "wasm3" && where.chip === GOAL_CHIP ? withLottery(results) : results;
  } finally {
    await running.stop();
  }
}

/** A relay does the VRF for every paid packet and X25519 for every link: the one may cost 1.8 times the other. */
function withLottery(results: readonly Result[]): Result[] {
  const x25519 = results.find((result) => result.name === "X25519")?.value ?? Number.NaN;
  return results.map((result) =>
    result.name === "VRF Gamma and output"
      ? judged({ ...result, baseline: x25519, ratio: result.value / x25519, against: "X25519" }, { ratio_at_most: 1.8 })
      : result,
  );
}

/** Bytes of RAM that the translation of `image`'s core takes. */
export async function metacodeOf(board: VirtualBoard, image: string): Promise<number> {
  const radio = (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) =>
    new RadioPort({ name: board.id, stream });
  const running = await VirtualBoardProcess.start({ board, image, radio });
  try {
    const metacode = (await running.console.stats()).get(Metric.Metacode);
    if (metacode === undefined) throw new Error("the board does not tell Metric.Metacode");
    return Number(metacode);
  } finally {
    await running.stop();
  }
}
