/** An emulated board as one of the nodes of a simulation: the run is the one without it, and a difference is told. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { variantName } from "../boards/engine.ts";
import { findBoard } from "../boards/index.ts";
import { type BoardNode, startBoardNode } from "../host/sim/board-station.ts";
import { prepare } from "../host/sim/run.ts";
import { nodeNames, readScenario } from "../host/sim/scenario.ts";
import type { Simulation } from "../host/sim/simulation.ts";
import { compileCore } from "../toolchain/core/compile.ts";
import { buildImage, root } from "./support/images.ts";

/** Two ends and the relay between them, over which every message goes that is not its own. */
const FILE = join(root, "tests/scenarios/board-between.json");
const NODE = "middle";

// Both architectures and both engines.
const BOARDS = [
  ["qemu-m4", "aot"],
  ["qemu-rv32", "wasm3"],
] as const;

interface Outcome {
  readonly law_violations: number;
  readonly delivered: number;
  readonly sent: number;
  readonly board?: { readonly steps: number; readonly equal: boolean };
}

function sim(...args: readonly string[]): { code: number | null; result: Outcome } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, "bin/mehr.mjs"), "sim", FILE, "--source", "system", "--json", ...args],
    { encoding: "utf8", timeout: 200_000 },
  );
  return { code: status, result: JSON.parse(stdout) as Outcome };
}

/** What must be the same with and without a board: all but the time it took and what this process held. */
function timeless({ result }: ReturnType<typeof sim>): object {
  const passing = ["wall_seconds", "speed", "host_bytes_per_node", "board"];
  return Object.fromEntries(Object.entries(result).filter(([key]) => !passing.includes(key)));
}

let without: ReturnType<typeof sim>;
beforeAll(async () => {
  for (const [id, engine] of BOARDS) await buildImage(id, engine);
  without = sim();
}, 900_000);

describe("a board in a simulation", () => {
  it.each(BOARDS)("on %s with %s changes nothing of the run", { timeout: 240_000 }, (id, engine) => {
    const { sent, delivered, law_violations } = without.result;
    expect(without.code).toBe(0);
    // To the board, from the board, and twice through it.
    expect([sent, delivered, law_violations]).toEqual([4, 4, 0]);
    const run = sim("--board", `${id}:${engine}@${NODE}`);
    expect(run.code).toBe(0);
    expect(run.result.board).toMatchObject({ board: id, engine, node: NODE, equal: true });
    expect(run.result.board?.steps).toBeGreaterThan(100);
    expect(timeless(run)).toEqual(timeless(without));
  });
});

describe("a board that differs from its twin", () => {
  const scenario = readScenario(FILE);
  const names = nodeNames(scenario);
  const [[id, engine]] = BOARDS;

  async function withNode(use: (node: BoardNode, simulation: Simulation) => Promise<void>): Promise<void> {
    const { wasm } = await compileCore({ root });
    const spec = `${id}:${engine}@${NODE}`;
    const node = await startBoardNode({ root, spec, names, source: "system", progress: () => {} });
    try {
      const simulation = await prepare({
        wasm,
        scenario,
        recorder: (index) => (index === node.index ? node.recorder : undefined),
        settle: () => node.settle(),
      });
      await use(node, simulation);
    } finally {
      await node.stop();
    }
  }

  it(
    `stops the run at the first answer that is another (${variantName(findBoard(id), engine)})`,
    { timeout: 240_000 },
    async () => {
      await withNode(async (node, simulation) => {
        // The board gets one frame with one bit changed on the way.
        const { recorder } = node;
        const frame = recorder.frame.bind(recorder);
        let changed = 0;
        recorder.frame = (now, port, bytes, rssiDbm, snrQdb) => {
          const copy = bytes.slice();
          if (now > 300_000 && changed++ === 0) copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
          frame(now, port, copy, rssiDbm, snrQdb);
        };
        await expect(simulation.run()).rejects.toMatchObject({
          exitCode: 1,
          message: expect.stringMatching(
            /^middle does not do what the same core does here, at its input \d+: frame 3\d{5} .*\n {2}here .*\n {2}on board /,
          ),
        });
        expect(changed).toBe(1);
      });
    },
  );

  it("fails a run at whose end its state is another", { timeout: 240_000 }, async () => {
    await withNode(async (node, simulation) => {
      await simulation.run();
      const hash = Uint8Array.from(simulation.finalHashes[node.index] as Uint8Array);
      await node.finish(hash);
      expect(node.summary()).toMatchObject({ equal: true, state_hash: Buffer.from(hash).toString("hex") });
      hash[31] = (hash[31] as number) ^ 1;
      await expect(node.finish(hash)).rejects.toThrow(
        "middle on qemu-m4 ended in another state than the same core here",
      );
      expect(node.summary().equal).toBe(false);
    });
  });
});
