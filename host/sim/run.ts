/** Runs a scenario with the real core: what the command, the benchmarks and the tests start from. */
import { createHash } from "node:crypto";
import { Core } from "../core/core.ts";
import type { Scenario } from "./scenario.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

export interface SimulateOptions extends Partial<Omit<SimulationOptions, "scenario" | "module">> {
  readonly wasm: Uint8Array;
  readonly scenario: Scenario;
}

/** Compiles the module and puts the simulation together, ready to run. */
export async function prepare({ wasm, ...options }: SimulateOptions): Promise<Simulation> {
  const module = await Core.compile(wasm);
  return new Simulation({ ...options, module });
}

/** The scenario with another seed or duration. */
export function altered(scenario: Scenario, seed?: number, durationS?: number): Scenario {
  return { ...scenario, seed: seed ?? scenario.seed, duration_s: durationS ?? scenario.duration_s };
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
