/** The native program of the translator's tests: what it says of calls, and that it is not silent when something breaks. */
import binaryen from "binaryen";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashMemory, type NativeCase, runNative, stubImports } from "./native-aot.ts";
import { TRAP } from "./v8.ts";

const GCC = { compiler: "gcc", flags: ["-O1", "-fsanitize=undefined,address"] } as const;

function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = binaryen.parseText(text);
  try {
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}

const DEEP = assemble(`(module
  (memory 1)
  (func $down (export "down") (param i32) (result i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0)))))`);
const deepCase: NativeCase = {
  name: "deep",
  wasm: DEEP,
  calls: [
    { export: "down", args: [100n] },
    { export: "down", args: [0xffffffffn] },
    { export: "down", args: [1n] },
  ],
};

const MIXED = assemble(`(module
  (import "env" "narrow" (func $narrow (param i32 i64) (result i32)))
  (import "env" "wide" (func $wide (result i64)))
  (import "other" "none" (func $none (param i32)))
  (memory (export "memory") 1)
  (global $starts (mut i32) (i32.const 0))
  (func $start (global.set $starts (i32.add (global.get $starts) (i32.const 1))))
  (start $start)
  (func (export "narrow") (param i32 i64) (result i32) (call $narrow (local.get 0) (local.get 1)))
  (func (export "wide") (result i64) (call $none (i32.const -1)) (call $wide))
  (func (export "put") (param i32) (i32.store offset=8 (local.get 0) (local.get 0)))
  (func (export "starts") (result i32) (global.get $starts)))`);

// What is kept of failures that are meant to happen is kept here.
const previous = process.env.TMPDIR;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-native-test-"));
  process.env.TMPDIR = folder;
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = previous;
});

describe("the native program", () => {
  it("tells results, traps, imports and memory as V8 does", { timeout: 60_000 }, async () => {
    const calls = [
      { export: "narrow", args: [0xfffffff0n, 0xfedcba9876543210n] },
      { export: "wide", args: [] },
      { export: "put", args: [0x8000n] },
      { export: "put", args: [0xfff5n] },
      { export: "starts", args: [] },
    ];
    const [result] = await runNative([{ name: "mixed", wasm: MIXED, calls }], GCC);

    const imports = stubImports([
      { module: "env", name: "narrow", result: "i32" },
      { module: "env", name: "wide", result: "i64" },
      { module: "other", name: "none" },
    ]);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(MIXED), imports);
    const { narrow, wide, put, memory } = exports as {
      narrow(x: number, y: bigint): number;
      wide(): bigint;
      put(x: number): void;
      memory: WebAssembly.Memory;
    };
    const first = narrow(-16, -0x123456789abcdf0n);
    const second = wide();
    put(0x8000);
    expect(result).toEqual({
      instantiate: { value: undefined },
      calls: [
        { value: BigInt(first >>> 0) },
        { value: BigInt.asUintN(64, second) },
        { value: undefined },
        { trap: TRAP.memory },
        { value: 1n },
      ],
      memory: hashMemory(new Uint8Array(memory.buffer)),
    });
  });

  it("instantiates anew when asked to, and keeps cases apart", { timeout: 60_000 }, async () => {
    const calls = [
      { export: "wide", args: [] },
      { export: "wide", args: [] },
      { export: "wide", args: [], fresh: true },
      { export: "starts", args: [] },
    ];
    const untouched = { name: "untouched", wasm: MIXED, calls: [] };
    const [result, other] = await runNative([{ name: "mixed", wasm: MIXED, calls }, untouched], GCC);
    expect(result?.calls[2]).toEqual(result?.calls[0]);
    expect(result?.calls[1]).not.toEqual(result?.calls[0]);
    expect(result?.calls[3]).toEqual({ value: 1n });
    expect(other).toEqual({
      instantiate: { value: undefined },
      calls: [],
      memory: hashMemory(new Uint8Array(65536)),
    });
  });

  it("traps where the stack ends, and goes on", { timeout: 60_000 }, async () => {
    const [result] = await runNative([deepCase], GCC);
    expect(result?.calls).toEqual([{ value: 100n }, { trap: TRAP.stack }, { value: 1n }]);
  });

  it("names the case that crashes, and keeps the folder", { timeout: 60_000 }, async () => {
    // No reserve: nobody notices the end of the stack but the guard page.
    const flags = [...GCC.flags, "-DMEHR_AOT_STACK_RESERVE=0u", "-Wno-type-limits"];
    const cases = [{ ...deepCase, name: "shallow", calls: [] }, deepCase];
    const message = await runNative(cases, { ...GCC, flags }).then(
      () => "no error",
      (error: unknown) => (error as Error).message,
    );
    expect(message).toMatch(/\/program, last running deep \(m1\): it ended with/);
    expect(message).toContain("stack-overflow");
    const kept = dirname(/^(\S+\/program),/.exec(message)?.[1] ?? "");
    expect(existsSync(join(kept, "m1.c"))).toBe(true);
  });

  it("names the case that never ends", { timeout: 60_000 }, async () => {
    const wasm = assemble(`(module (func (export "f") (loop (br 0))))`);
    const flags = [...GCC.flags, "-DCASE_SECONDS=1"];
    const cases = [{ name: "endless", wasm, calls: [{ export: "f", args: [] }] }];
    await expect(runNative(cases, { ...GCC, flags })).rejects.toThrow(
      /last running endless \(m0\): it ended with a signal/,
    );
  });

  it("says which case does not translate", async () => {
    const wasm = assemble(`(module (func (export "f") (result f32) (f32.const 1)))`);
    await expect(runNative([{ name: "floating", wasm, calls: [] }], GCC)).rejects.toThrow(
      /^floating does not translate: /,
    );
  });
});
