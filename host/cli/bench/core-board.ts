/** What the core's steps take on a virtual board, told by the board itself. */
import { bootConfig } from "../../../boards/config.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { InstructionMeter } from "../../board/meter.ts";
import { Metric } from "../../board/protocol.ts";
import { RadioPort } from "../../board/radio-port.ts";
import { VirtualBoardProcess } from "../../board/virtual.ts";
import { beaconFrame } from "../../conformance/scenario.ts";
import { phyOf } from "../../node/node.ts";
import { chipOf, type CountedImage, limited, median, type Result } from "./measure.ts";

/** Beacons of one neighbour whose instructions are counted; the median counts. */
const BEACONS = 9;

/** Boot, beacons and memory, counted on the board itself. One instruction is one nanosecond of its clock. */
export async function countSteps({ board, image, engine }: CountedImage): Promise<Result[]> {
  let port: RadioPort | undefined;
  const running = await VirtualBoardProcess.start({
    board,
    image,
    icount: true,
    radio: (stream) => {
      port = new RadioPort({ name: board.id, stream });
      port.tune(phyOf(bootConfig(board)));
    },
  });
  try {
    const metric = (stats: Map<number, bigint>, id: number): number => Number(stats.get(id) ?? 0n);
    const { perTick } = await InstructionMeter.open(running.console);
    const first = await running.console.stats();
    const nominal = 1e9 / metric(first, Metric.TickHz);
    const beacon = async (node: number): Promise<number> => {
      const before = metric(await running.console.stats(), Metric.FramesReceived);
      port?.receive({ rssiDbm: -80, snrQdb: 40, frame: beaconFrame(new Uint8Array(16).fill(node)) });
      for (let tries = 0; tries < 100; tries++) {
        const stats = await running.console.stats();
        if (metric(stats, Metric.FramesReceived) > before) return metric(stats, Metric.LastFrameTicks) * perTick;
      }
      throw new MehrError(1, `${board.id} did not take in a beacon sent to it.`);
    };
    const found = Math.round(await beacon(1));
    const known: number[] = [];
    for (let i = 0; i < BEACONS; i++) known.push(await beacon(1));
    const full: number[] = [];
    for (let i = 2; i <= 16; i++) await beacon(i);
    for (let i = 0; i < BEACONS; i++) full.push(await beacon(16));
    const last = await running.console.stats();
    return [
      {
        name: "instructions per tick, measured",
        value: perTick,
        unit: "instructions",
        baseline: nominal,
        ratio: perTick / nominal,
      },
      {
        name: "boot: engine, core and first call",
        value: Math.round(metric(first, Metric.BootTicks) * perTick),
        unit: "instructions",
      },
      { name: "beacon of a new neighbour", value: found, unit: "instructions" },
      { name: "beacon of a known neighbour", value: Math.round(median(known)), unit: "instructions" },
      { name: "beacon, last of 16 neighbours", value: Math.round(median(full)), unit: "instructions" },
      ...(engine === "wasm3" ? engineMemory((id) => metric(last, id)) : []),
      { name: "heap high-water", value: metric(last, Metric.HeapUsed), unit: "B" },
      limited("C stack high-water", { used: metric(last, Metric.CStackUsed), max: metric(last, Metric.CStack) }),
    ].map((result) => ({ ...result, engine, chip: chipOf(board) }));
  } finally {
    await running.stop();
  }
}

/** What only an interpreter keeps in RAM. */
function engineMemory(metric: (id: number) => number): Result[] {
  return [
    { name: "metacode", value: metric(Metric.Metacode), unit: "B" },
    {
      name: "wasm3 RAM beyond linear memory",
      value: metric(Metric.HeapUsed) - metric(Metric.LinearMemory),
      unit: "B",
    },
    limited("wasm stack high-water", { used: metric(Metric.WasmStackUsed), max: metric(Metric.WasmStack) }),
  ];
}
