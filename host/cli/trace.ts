/** `mehr trace replay`: feeds a recorded run to the core again and compares every node's final state. */
import { compileCore } from "../../toolchain/core/compile.ts";
import { replayTrace } from "../sim/trace.ts";
import type { Io } from "./outcome.ts";

export interface TraceFlags {
  readonly root: string;
  readonly file: string;
}

export async function traceReplay(io: Io, flags: TraceFlags): Promise<number> {
  const { wasm } = await compileCore({ root: flags.root });
  const started = performance.now();
  const { header, steps, nodes, stateHash, divergence } = await replayTrace(flags.file, wasm);
  const differing = nodes.filter(({ recorded, replayed }) => recorded !== replayed);
  const ok = divergence === undefined && differing.length === 0;
  io.result({
    ok,
    file: flags.file,
    scenario: header.scenario,
    seed: header.seed,
    nodes: nodes.length,
    steps,
    wall_seconds: (performance.now() - started) / 1000,
    state_hash: stateHash,
    divergence: divergence ?? null,
    differing: differing.map(({ name }) => name),
  });
  if (divergence !== undefined) io.print(`NOT reproduced: ${divergence}.`);
  else if (!ok) {
    for (const { name, recorded, replayed } of differing.slice(0, 10)) {
      io.print(`${name} ended as ${replayed}, recorded was ${recorded}`);
    }
    io.print(`NOT reproduced: ${differing.length} of ${nodes.length} nodes ended in another state.`);
  } else {
    io.print(`Reproduced: ${nodes.length} nodes, ${steps} inputs, every final state is the recorded one.`);
    io.print(`State hash ${stateHash}`);
  }
  return ok ? 0 : 1;
}
