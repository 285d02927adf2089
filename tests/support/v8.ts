/** What V8 makes of a module and its calls, in the words of tests/support/native-aot.ts. */
import { hashMemory, type NativeCall, type NativeOutcome, stubImports } from "./native-aot.ts";

export const TRAP = {
  unreachable: "[trap] unreachable executed",
  memory: "[trap] out of bounds memory access",
  divideByZero: "[trap] integer divide by zero",
  overflow: "[trap] integer overflow",
  tableIndex: "[trap] undefined element",
  nullElement: "[trap] null table element",
  signature: "[trap] indirect call type mismatch",
  stack: "[trap] stack overflow",
} as const;

/** V8's messages for the same traps. It has one for an empty place of the table and for a function of another type. */
const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/^unreachable$/, TRAP.unreachable],
  [/^memory access out of bounds$|data segment( \d+)? is out of bounds/, TRAP.memory],
  [/^(divide|remainder) by zero$/, TRAP.divideByZero],
  [/^divide result unrepresentable$/, TRAP.overflow],
  [/^table index is out of bounds$|table initializer \d+.* out of bounds/, TRAP.tableIndex],
  [/^null function or function signature mismatch$/, TRAP.signature],
];

/** The trap an error of V8's stands for. Throws what is no trap. */
export function trapOf(error: unknown): string {
  if (error instanceof RangeError && error.message === "Maximum call stack size exceeded") return TRAP.stack;
  const trap =
    error instanceof WebAssembly.RuntimeError ? MESSAGES.find(([message]) => message.test(error.message)) : undefined;
  if (trap === undefined) throw error;
  return trap[1];
}

export function traps(outcome: NativeOutcome, ...kinds: readonly string[]): boolean {
  return "trap" in outcome && (kinds.length === 0 || kinds.includes(outcome.trap));
}

/** V8 wants a number for an i32 and a bigint for an i64, and only the module knows which is which. */
export interface TypedCall extends NativeCall {
  readonly params: readonly ("i32" | "i64")[];
}

interface Importing {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly imports: Parameters<typeof stubImports>[0];
}

/** A module in V8, to be instantiated and called as the native program does it. */
export class V8Module {
  readonly #module: WebAssembly.Module;
  readonly #imports: Importing["imports"];
  #exports: WebAssembly.Exports = {};

  constructor({ wasm, imports }: Importing) {
    this.#module = new WebAssembly.Module(wasm);
    this.#imports = imports;
  }

  instantiate(): NativeOutcome {
    try {
      this.#exports = new WebAssembly.Instance(this.#module, stubImports(this.#imports)).exports;
      return { value: undefined };
    } catch (error) {
      return { trap: trapOf(error) };
    }
  }

  call({ export: name, args, params }: TypedCall): NativeOutcome {
    const target = this.#exports[name] as (...args: (number | bigint)[]) => number | bigint | undefined;
    try {
      const value = target(...args.map((argument, i) => (params[i] === "i64" ? argument : Number(argument))));
      if (value === undefined) return { value };
      return { value: typeof value === "bigint" ? BigInt.asUintN(64, value) : BigInt(value >>> 0) };
    } catch (error) {
      return { trap: trapOf(error) };
    }
  }

  /** hashMemory of the exported memory; empty without one. */
  memory(): string {
    const { memory } = this.#exports;
    return memory instanceof WebAssembly.Memory ? hashMemory(new Uint8Array(memory.buffer)) : "";
  }
}
