/**
 * Generated modules in V8 and, translated, in a native program: what is to be the same, and what is not.
 *
 * After an access outside memory the instance is given up, as an engine would: the run of stores it was in may not
 * have begun (toolchain/aot/bounds.ts). Its globals are exact all the same, and are looked at before a fresh instance
 * takes the next call. In masked mode there is no such trap, so nothing is compared from there on.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NativeCase, type NativeOptions, type NativeOutcome, type NativeResult, runNative } from "./native-aot.ts";
import { TRAP, traps, type TypedCall, V8Module } from "./v8.ts";
import { generateModule, type GeneratedModule } from "./wasm-generator.ts";
import { minimise } from "./wasm-minimise.ts";

export interface FuzzOptions extends NativeOptions {
  readonly seed: number;
  /** Modules `from` to `from + count - 1` of the seed. */
  readonly from: number;
  readonly count: number;
  readonly bounds: "checked" | "masked";
}

/** How often a call had which outcome: "value", or the words of a trap. */
export type Outcomes = Map<string, number>;

/** What V8 makes of a module. */
export interface Expected {
  readonly generated: GeneratedModule;
  /** The calls as they were made: with fresh instances and looks at the globals. */
  readonly calls: readonly TypedCall[];
  readonly result: NativeResult;
}

export function expectation(generated: GeneratedModule): Expected {
  const module = new V8Module(generated);
  const instantiate = module.instantiate();
  const calls: TypedCall[] = [];
  const outcomes: NativeOutcome[] = [];
  const make = (call: TypedCall): NativeOutcome => {
    const outcome = module.call(call);
    calls.push(call);
    outcomes.push(outcome);
    return outcome;
  };
  let fresh = false;
  for (const call of traps(instantiate) ? [] : generated.calls) {
    if (fresh) module.instantiate();
    fresh = traps(make({ ...call, fresh }), TRAP.memory);
    if (fresh) make(generated.globals);
  }
  return { generated, calls, result: { instantiate, calls: outcomes, memory: module.memory() } };
}

export function count(expected: readonly Expected[], into: Outcomes = new Map()): Outcomes {
  for (const outcome of expected.flatMap(({ result }) => result.calls)) {
    const kind = "trap" in outcome ? outcome.trap : "value";
    into.set(kind, (into.get(kind) ?? 0) + 1);
  }
  return into;
}

/** V8 does not say whether an entry of the table was empty or of another type. */
function same(a: NativeOutcome, b: NativeOutcome): boolean {
  if ("value" in a || "value" in b) return "value" in a && "value" in b && a.value === b.value;
  const coarse = ({ trap }: { readonly trap: string }): string => (trap === TRAP.nullElement ? TRAP.signature : trap);
  return coarse(a) === coarse(b);
}

const told = (outcome: NativeOutcome | undefined): string =>
  outcome === undefined ? "nothing" : "trap" in outcome ? outcome.trap : String(outcome.value);

/** A sentence about the first difference between V8 and the native program; undefined if there is none. */
export function difference(
  { calls, result }: Expected,
  native: NativeResult,
  bounds: FuzzOptions["bounds"],
): string | undefined {
  const masked = bounds === "masked";
  if (masked && traps(result.instantiate, TRAP.memory)) return undefined;
  if (!same(result.instantiate, native.instantiate)) {
    return `instantiate: V8 ${told(result.instantiate)}, native ${told(native.instantiate)}`;
  }
  let outside = false;
  for (const [i, call] of calls.entries()) {
    const [expected, actual] = [result.calls[i] as NativeOutcome, native.calls[i]];
    outside = (outside && call.fresh !== true) || traps(expected, TRAP.memory);
    if (masked && outside) continue;
    if (actual === undefined || !same(expected, actual)) {
      return `call ${i}, ${call.export}(${call.args.join(", ")}): V8 ${told(expected)}, native ${told(actual)}`;
    }
  }
  // Of what did not instantiate V8 shows nothing.
  const comparable = !outside && !traps(result.instantiate);
  return comparable && result.memory !== native.memory ? "memory differs after the last call" : undefined;
}

interface Failure {
  readonly index: number;
  readonly why: string;
}

/** The first of the modules that differs, does not compile, crashes or makes a sanitizer report. */
async function firstFailure(expected: readonly Expected[], options: FuzzOptions): Promise<Failure | undefined> {
  const { bounds } = options;
  let results: NativeResult[];
  try {
    const cases = expected.map(({ generated: { wasm }, calls }, i): NativeCase => ({
      name: `module ${i}`,
      wasm,
      calls,
      options: { bounds },
    }));
    results = await runNative(cases, options);
  } catch (error) {
    if (expected.length === 1) return { index: 0, why: (error as Error).message };
    const half = expected.length >> 1;
    const first = await firstFailure(expected.slice(0, half), options);
    if (first !== undefined) return first;
    const second = await firstFailure(expected.slice(half), options);
    // Only all of them together fail: nothing to point at, but no reason to be silent.
    return second === undefined
      ? { index: 0, why: (error as Error).message }
      : { index: half + second.index, why: second.why };
  }
  for (const [index, result] of results.entries()) {
    const why = difference(expected[index] as Expected, result, bounds);
    if (why !== undefined) return { index, why };
  }
  return undefined;
}

/** Modules in one native program: enough to keep all cores at compiling, few enough to hear soon of a failure. */
const PROGRAM = 200;

/**
 * Compares V8 and native code over generated modules. Throws at the first difference: the message has seed, index and a
 * folder with the module, made as small as it could be.
 */
export async function fuzz(options: FuzzOptions): Promise<Outcomes> {
  const { seed, from, bounds, compiler, flags } = options;
  const outcomes: Outcomes = new Map();
  const end = from + options.count;
  for (let at = from; at < end; at += PROGRAM) {
    const expected = Array.from({ length: Math.min(PROGRAM, end - at) }, (_, i) =>
      expectation(generateModule(seed, at + i)),
    );
    count(expected, outcomes);
    const failure = await firstFailure(expected, options);
    if (failure === undefined) continue;
    const { index, why } = failure;
    const failing = async (modules: readonly GeneratedModule[]): Promise<number> =>
      (await firstFailure(modules.map(expectation), options))?.index ?? -1;
    const { generated } = expected[index] as Expected;
    const smallest = await minimise(generated, failing);
    const folder = mkdtempSync(join(tmpdir(), "mehr-fuzz-"));
    writeFileSync(join(folder, "module.wasm"), generated.wasm);
    writeFileSync(join(folder, "smallest.wasm"), smallest.wasm);
    throw new Error(
      `seed ${seed}, module ${at + index}, ${bounds} bounds, ${compiler} ${flags.join(" ")}: ${why}\n` +
        `Of ${smallest.wasm.length} bytes, and failing too: ${join(folder, "smallest.wasm")}, ` +
        `${(await firstFailure([expectation(smallest)], options))?.why ?? "but not when tried alone"}\n` +
        Buffer.from(smallest.wasm).toString("base64"),
    );
  }
  return outcomes;
}
