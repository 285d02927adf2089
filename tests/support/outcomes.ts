/** What a call of wasm comes to, in the same words for V8 and for the native build. */
import { hashMemory, type NativeOutcome, type NativeResult, stubImports } from "./native-aot.ts";
import type { Value } from "./wast.ts";

/** The words of mehr_aot_trap_text, without its "[trap] ". */
export type Trap =
  | "integer divide by zero"
  | "integer overflow"
  | "unreachable executed"
  | "out of bounds memory access"
  | "undefined element"
  | "null table element"
  | "indirect call type mismatch"
  | "stack overflow";

export interface Call {
  readonly export: string;
  readonly args: readonly Value[];
}

/** A result, undefined for none, or a trap. "anything" is any result or none. */
export type Expected = Value | undefined | { readonly trap: Trap } | "anything";

/** The name under which a test module exports its memory, for V8 to show it. */
export const MEMORY = "memory of the test";

/** V8's words. It does not tell an empty table entry from one of another type. */
const V8_TRAPS: readonly (readonly [RegExp, readonly Trap[]])[] = [
  [/^unreachable$/, ["unreachable executed"]],
  [/memory access out of bounds|data segment( \d+)? is out of bounds/, ["out of bounds memory access"]],
  [/^(divide|remainder) by zero$/, ["integer divide by zero"]],
  [/^divide result unrepresentable$/, ["integer overflow"]],
  [
    /table index is out of bounds|table initializer \d+: .*out of bounds|table access out of bounds/,
    ["undefined element"],
  ],
  [/^null function or function signature mismatch$/, ["null table element", "indirect call type mismatch"]],
  [/Maximum call stack size exceeded/, ["stack overflow"]],
];

/** A value, or the traps it may be. */
export type V8Outcome = { readonly value: Value | undefined } | { readonly traps: readonly Trap[] };

export interface V8Result {
  readonly instantiate: V8Outcome;
  /** Empty if instantiation trapped. */
  readonly calls: readonly V8Outcome[];
  /** hashMemory of the export MEMORY; empty without. */
  readonly memory: string;
}

/** The module and calls in V8, all on one instance. `imports` are answered as the native build answers them. */
export function runV8(
  wasm: Uint8Array<ArrayBuffer>,
  calls: readonly Call[],
  imports: Parameters<typeof stubImports>[0],
): V8Result {
  const module = new WebAssembly.Module(wasm);
  let instance: WebAssembly.Instance | undefined;
  const instantiate = outcome(() => {
    instance = new WebAssembly.Instance(module, stubImports(imports));
    return undefined;
  });
  if (instance === undefined) return { instantiate, calls: [], memory: "" };
  const { exports } = instance;
  const outcomes = calls.map((call) =>
    outcome(() => (exports[call.export] as (...args: Value[]) => unknown)(...call.args)),
  );
  const memory = exports[MEMORY];
  const bytes = memory instanceof WebAssembly.Memory ? new Uint8Array(memory.buffer) : new Uint8Array();
  return { instantiate, calls: outcomes, memory: bytes.length > 0 ? hashMemory(bytes) : "" };
}

function outcome(run: () => unknown): V8Outcome {
  try {
    const value = run();
    if (typeof value === "number") return { value: value >>> 0 };
    return { value: typeof value === "bigint" ? BigInt.asUintN(64, value) : undefined };
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
    const traps = V8_TRAPS.find(([words]) => words.test(error.message))?.[1];
    if (traps === undefined) throw error;
    return { traps };
  }
}

/** A module, what is called, and what is expected of it. */
export interface Case {
  readonly name: string;
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly calls: readonly (Call & { readonly text: string; readonly expected: Expected })[];
  /** What instantiation ends in, if not well. */
  readonly trap: Trap | undefined;
}

/** What V8 gives for a case that is not what the case expects, a line for each; nothing if all is. */
export function compareV8({ name, calls, trap }: Case, v8: V8Result): string[] {
  const wrong: string[] = [];
  const check = (what: string, outcome: V8Outcome | undefined, expected: Expected): void => {
    if (outcome === undefined || !agrees(outcome, expected)) wrong.push(`${name}, ${what}: V8 gives ${show(outcome)}`);
  };
  check("instantiation", v8.instantiate, trap && { trap });
  if (trap === undefined) calls.forEach((call, i) => check(call.text, v8.calls[i], call.expected));
  return wrong;
}

function agrees(outcome: V8Outcome, expected: Expected): boolean {
  if (expected === "anything") return "value" in outcome;
  if (typeof expected === "object") return "traps" in outcome && outcome.traps.includes(expected.trap);
  return "value" in outcome && outcome.value === expected;
}

/** What the native build gives that is neither what the case expects nor what V8 gives, a line for each. */
export function compareNative({ name, calls, trap }: Case, v8: V8Result, native: NativeResult): string[] {
  const wrong: string[] = [];
  const check = (what: string, expected: string | undefined, got: NativeOutcome | undefined): void => {
    const words = got === undefined ? "nothing" : "trap" in got ? got.trap : show(got);
    if (words !== expected) wrong.push(`${name}, ${what}: ${words} instead of ${expected ?? "nothing"}`);
  };
  check("instantiation", nativeWords(v8.instantiate, trap && { trap }), native.instantiate);
  if (trap === undefined) {
    calls.forEach(({ text, expected }, i) => check(text, nativeWords(v8.calls[i], expected), native.calls[i]));
  }
  if (v8.memory !== "" && v8.memory !== native.memory) wrong.push(`${name}: other memory after its calls`);
  return wrong;
}

/** The expected outcome in the native build's words; V8's where anything is expected. */
function nativeWords(v8: V8Outcome | undefined, expected: Expected): string | undefined {
  if (typeof expected === "object") return `[trap] ${expected.trap}`;
  const value = expected === "anything" ? v8 && "value" in v8 && v8.value : expected;
  return typeof value === "boolean" ? "nothing" : show({ value });
}

const show = (outcome: V8Outcome | NativeOutcome | undefined): string => {
  if (outcome === undefined) return "nothing";
  if ("traps" in outcome) return `the trap ${outcome.traps.join(" or ")}`;
  if ("trap" in outcome) return outcome.trap;
  return outcome.value === undefined ? "no result" : String(outcome.value);
};
