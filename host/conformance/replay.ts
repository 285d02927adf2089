/** Replays a transcript on a target and compares, or records one from its inputs. */
import { bootConfig, encodeBootConfig } from "../../boards/config.ts";
import { findBoard } from "../../boards/index.ts";
import { Event } from "../core/abi.gen.ts";
import { networkScenario } from "./network-scenario.ts";
import { SCENARIO_IDENTITY, scenario } from "./scenario.ts";
import { CoreTarget, type ReplayTarget } from "./target.ts";
import { type Entry, inputText, resultText } from "./transcript.ts";

export interface Divergence {
  /** Line of the transcript. */
  readonly line: number;
  readonly input: string;
  readonly expected: readonly string[];
  readonly got: readonly string[];
}

export interface ReplayResult {
  /** Inputs fed. */
  readonly steps: number;
  /** State hash at the end, hex. */
  readonly stateHash: string;
  /** The first outcome that differs; the replay stops there. */
  readonly divergence: Divergence | undefined;
}

/** The outcome of one entry on a target, as lines. */
async function outcome(target: ReplayTarget, entry: Exclude<Entry, { kind: "comment" }>): Promise<string[]> {
  return entry.kind === "hash" ? [await target.hash()] : resultText(await target.step(entry.input));
}

/** Feeds every input and compares every line, until something differs or `signal` is aborted. */
export async function replay(
  entries: readonly Entry[],
  target: ReplayTarget,
  signal?: AbortSignal,
): Promise<ReplayResult> {
  let steps = 0;
  for (const entry of entries) {
    signal?.throwIfAborted();
    if (entry.kind === "comment") continue;
    const got = await outcome(target, entry);
    if (entry.kind === "input") steps++;
    if (got.length !== entry.expected.length || got.some((line, i) => line !== entry.expected[i])) {
      const input = entry.kind === "hash" ? "hash" : inputText(entry.input);
      const divergence = { line: entry.line, input, expected: entry.expected, got };
      // A target that differs may be beyond answering; what differed is worth more than its hash.
      return { steps, stateHash: await target.hash().catch(() => ""), divergence };
    }
  }
  return { steps, stateHash: await target.hash(), divergence: undefined };
}

/** The same entries with what `target` makes of them as expected outcomes. */
export async function record(entries: readonly Entry[], target: ReplayTarget): Promise<Entry[]> {
  const recorded: Entry[] = [];
  for (const entry of entries) {
    recorded.push(entry.kind === "comment" ? entry : { ...entry, expected: await outcome(target, entry) });
  }
  return recorded;
}

/** The scenario with what `wasm` makes of it under V8: the text of relay.transcript. */
export async function recordScenario(wasm: Uint8Array): Promise<Entry[]> {
  const config = bootConfig(findBoard("qemu-m4"));
  // The scenario addresses packets to the node, whose address only the core knows.
  const probe = await CoreTarget.open(wasm);
  await probe.step({ op: "entropy", bytes: Uint8Array.of(...SCENARIO_IDENTITY, 0, 0, 0, 0) });
  const { outputs } = await probe.step({ op: "boot", now: 0n, config: encodeBootConfig(config) });
  const booted = outputs.find((output) => output.kind === "event" && output.event === Event.Booted);
  if (booted?.kind !== "event") throw new Error("the core did not boot with the scenario's identity");
  const entries = scenario(config, booted.bytes);
  entries.push({ kind: "input", line: 0, input: { op: "fresh" }, expected: [] });
  await networkScenario({
    wasm,
    config: encodeBootConfig(config),
    airtimeUs: (...radio) => probe.core.airtimeUs(...radio),
    startMs: 1_000n,
    comment: (text) => entries.push({ kind: "comment", text: `# ${text}` }),
    input: (input) => entries.push({ kind: "input", line: 0, input, expected: [] }),
    hash: () => entries.push({ kind: "hash", line: 0, expected: [] }),
  });
  return record(entries, await CoreTarget.open(wasm));
}

/** Sentence for a divergence. */
export function divergenceText(name: string, divergence: Divergence): string {
  return [
    `${name} differs from the transcript at line ${divergence.line}: ${divergence.input}`,
    ...divergence.expected.map((line) => `  expected ${line}`),
    ...divergence.got.map((line) => `  got      ${line}`),
  ].join("\n");
}
