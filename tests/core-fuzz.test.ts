/**
 * Coverage-guided fuzzing of the whole core (tests/fuzz/core_fuzz.c): libFuzzer over the C made of it, under clang's
 * sanitizers. MEHR_NIGHTLY=1 runs a hundred times as many inputs. An input that fails is left in build/fuzz; the program
 * takes it as its argument.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { TRANSCRIPT_PATH } from "../host/conformance/scenario.ts";
import { parseTranscript } from "../host/conformance/transcript.ts";
import { repositoryRoot } from "../toolchain/paths.ts";
import { runProcess } from "../toolchain/pio/process.ts";
import { buildCoreFuzzer } from "./support/core-fuzz.ts";
import { ensureDebian } from "./support/debian.ts";

const NIGHTLY = process.env.MEHR_NIGHTLY === "1";
const RUNS = NIGHTLY ? 2_000_000 : 20_000;

/** Steps of the driver, by kind. */
const STEP = { frame: 0, command: 2, timer: 3 } as const;
/** Inputs of the transcript to a seed. */
const STEPS = 12;

const root = repositoryRoot();
let program: string;
beforeAll(async () => {
  await ensureDebian("clang");
  program = await buildCoreFuzzer();
}, 300_000);

/** The frames and commands of the conformance transcript as inputs to begin with. */
function writeSeeds(folder: string): number {
  const steps: Buffer[] = [];
  for (const entry of parseTranscript(readFileSync(join(root, TRANSCRIPT_PATH), "utf8"))) {
    if (entry.kind !== "input") continue;
    const { input } = entry;
    const bytes = input.op === "frame" ? input.frame : input.op === "command" ? input.command : undefined;
    if (bytes === undefined || bytes.length > 255) continue;
    steps.push(Buffer.from([input.op === "frame" ? STEP.frame : STEP.command, bytes.length, ...bytes]));
    steps.push(Buffer.from([STEP.timer, 1, 40]));
  }
  let seeds = 0;
  for (let i = 0; i < steps.length; i += STEPS) {
    writeFileSync(join(folder, `seed-${seeds++}`), Buffer.concat(steps.slice(i, i + STEPS)));
  }
  return seeds;
}

describe("the core", () => {
  it(
    `stands ${RUNS} inputs of a fuzzer that sees every branch`,
    { timeout: NIGHTLY ? 7_200_000 : 300_000 },
    async () => {
      const corpus = mkdtempSync(join(tmpdir(), "mehr-fuzz-"));
      try {
        const seeds = writeSeeds(corpus);
        expect(seeds).toBeGreaterThan(50);
        const artifacts = `${join(root, "build", "fuzz")}/`;
        const limits = [`-runs=${RUNS}`, "-seed=1", "-max_len=3000", "-timeout=20", `-artifact_prefix=${artifacts}`];
        const run = await runProcess(program, [...limits, corpus], { cwd: root });
        expect(run.code, run.stderr.slice(-4000)).toBe(0);
        expect(run.stderr).toMatch(/Done \d+ runs/);
        // It found its way: inputs that reach something new are kept.
        expect(readdirSync(corpus).length).toBeGreaterThan(seeds);
      } finally {
        rmSync(corpus, { recursive: true, force: true });
      }
    },
  );
});
