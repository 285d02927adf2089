/** The core's inner functions for unit tests: core-as/testing/internals.ts compiled and instantiated. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assemble } from "../../toolchain/core/compile.ts";
import { repositoryRoot, writeIfChanged } from "../../toolchain/paths.ts";

const root = repositoryRoot();
const path = join(root, "build", "core", "internals.wasm");

/** Bytes of the module's arena. */
const ARENA_SIZE = 80 * 1024;

/**
 * Compiles the module; once per test run, from tests/setup.ts. It has the core's flags and more memory, for the arena.
 */
export async function buildInternals(): Promise<void> {
  const source = (name: string): string | null => {
    try {
      return readFileSync(join(root, name), "utf8");
    } catch {
      return null;
    }
  };
  const wasm = await assemble("core-as/testing/internals.ts", source, { pages: 3, limit: 3 * 65536 });
  writeIfChanged(path, wasm);
}

/** The module as compiled. */
export function internalsModule(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path));
}

export interface Internals {
  /** Calls an exported function. */
  call(name: string, ...values: (number | bigint)[]): number;
  callBig(name: string, ...values: (number | bigint)[]): bigint;
  /** 80 KiB of the module's memory for inputs and outputs; offset 0 is at address `arena`. */
  readonly bytes: Uint8Array;
  readonly arena: number;
  readonly exports: WebAssembly.Exports;
}

/** Imports of the boundary for one instance; its memory is there as soon as they are called. */
export type Imports = (memory: () => Uint8Array) => Partial<Record<string, (...values: number[]) => number>>;

/** A fresh instance, of the module or of another made from it. Imports of the boundary that are not given refuse. */
export async function internals(
  wasm: Uint8Array<ArrayBuffer> | WebAssembly.Module = internalsModule(),
  imports: Imports = () => ({}),
): Promise<Internals> {
  const refuse = (): number => 99;
  let memory: Uint8Array = new Uint8Array();
  const abi = {
    entropy: refuse,
    frame_send: refuse,
    record_put: refuse,
    record_get: refuse,
    record_delete: refuse,
    event: refuse,
    ...imports(() => memory),
  };
  const module = wasm instanceof WebAssembly.Module ? wasm : new WebAssembly.Module(wasm);
  const instance = await WebAssembly.instantiate(module, { abi });
  memory = new Uint8Array((instance.exports.memory as WebAssembly.Memory).buffer);
  const functions = instance.exports as Record<string, (...values: (number | bigint)[]) => number | bigint>;
  const call = (name: string, ...values: (number | bigint)[]): number | bigint => {
    const fn = functions[name];
    if (fn === undefined) throw new Error(`internals.ts does not export ${name}`);
    return fn(...values);
  };
  const arena = call("arena") as number;
  return {
    call: (name, ...values) => call(name, ...values) as number,
    callBig: (name, ...values) => BigInt.asUintN(64, call(name, ...values) as bigint),
    bytes: new Uint8Array((instance.exports.memory as WebAssembly.Memory).buffer, arena, ARENA_SIZE),
    arena,
    exports: instance.exports,
  };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/\s+/g, ""), "hex"));
}
