/**
 * Differential fuzz of the translator (toolchain/aot): generated modules in V8 and as native code.
 *
 * MEHR_NIGHTLY=1 takes a hundred times as many; MEHR_FUZZ_SEED chooses other modules. What fails is told with seed and
 * index of the module, and made small.
 */
import { describe, expect, it } from "vitest";
import { fuzz, type FuzzOptions, type Outcomes } from "./support/aot-fuzz.ts";
import { CHECK_ALIGNMENT } from "./support/native-aot.ts";
import { TRAP } from "./support/v8.ts";

const NIGHTLY = process.env.MEHR_NIGHTLY === "1";
const SCALE = NIGHTLY ? 100 : 1;
const seed = Number(process.env.MEHR_FUZZ_SEED ?? "1");

const SANITIZED = ["-O1", "-fsanitize=undefined,address", ...CHECK_ALIGNMENT];
/** As the boards' compilers are told. */
const SHIPPED = ["-O2"];

/**
 * Modules of a normal run. Every way of compiling has modules of its own, but for those that are run with both kinds
 * of bounds.
 */
const RUNS: readonly Omit<FuzzOptions, "seed">[] = [
  { from: 0, count: 200, bounds: "checked", compiler: "gcc", flags: SANITIZED },
  { from: 0, count: 60, bounds: "masked", compiler: "gcc", flags: SANITIZED },
  { from: 1_000_000, count: 20, bounds: "checked", compiler: "clang", flags: SANITIZED },
  { from: 1_000_000, count: 20, bounds: "masked", compiler: "clang", flags: SANITIZED },
  { from: 2_000_000, count: 60, bounds: "checked", compiler: "gcc", flags: SHIPPED },
  { from: 3_000_000, count: 30, bounds: "checked", compiler: "clang", flags: SHIPPED },
];

describe("translated code", () => {
  for (const run of RUNS) {
    const options: FuzzOptions = { ...run, seed, count: run.count * SCALE };
    const { count, bounds, compiler, flags } = options;
    it(
      `does what V8 does: ${count} modules, ${bounds}, ${compiler} ${flags[0] ?? ""}`,
      { timeout: 7_200_000 },
      async () => {
        const outcomes = await fuzz(options);
        const calls = [...outcomes.values()].reduce((sum, one) => sum + one, 0);
        // Comparing modules that hardly run would show nothing.
        expect(calls).toBeGreaterThan(count * 4);
        expect(share(outcomes, "value")).toBeGreaterThan(0.8);
        expect(share(outcomes, TRAP.memory)).toBeGreaterThan(0.005);
      },
    );
  }
});

function share(outcomes: Outcomes, kind: string): number {
  return (outcomes.get(kind) ?? 0) / [...outcomes.values()].reduce((sum, one) => sum + one, 0);
}
