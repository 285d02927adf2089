import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findBoard, isVirtual } from "../../../boards/index.ts";
import { assemble } from "../../../toolchain/core/compile.ts";
import { wasmSizes } from "../../../toolchain/core/sizes.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { repositoryRoot } from "../../../toolchain/paths.ts";
import type { BoardConsole } from "../../board/console.ts";
import { Primitive } from "../../core/abi.gen.ts";
import { BaselineChip } from "./baseline.ts";
import { exportNames, importStubs } from "./baseline-sources.ts";
import { sizesOf, withLimits } from "./core-aot.ts";
import { againstWasm2c } from "./crypto.ts";
import type { Count } from "./crypto-counts.ts";
import { emptied } from "./crypto-size.ts";
import { agree } from "./crypto-v8.ts";
import { rows } from "./device.ts";
import { library } from "./libraries.ts";
import { interleaved, judged, median, meets, type Result } from "./measure.ts";
import { chipTable, goalsMet } from "./report.ts";

const root = repositoryRoot();
const m4 = findBoard("qemu-m4");
if (!isVirtual(m4)) throw new Error("qemu-m4 is a virtual board");

describe("what is measured", () => {
  it("is the median of rounds in which all take turns", () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7]);
    const order: string[] = [];
    const spin = (name: string, ms: number) => (): void => {
      order.push(name);
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    const how = { rounds: 4, batchMs: 1, warmUpMs: 0 };
    const [one = 0, three = 0, nine = 0] = interleaved([spin("a", 1), spin("b", 3), spin("c", 9)], how);
    expect(one).toBeGreaterThanOrEqual(1000);
    expect(three).toBeGreaterThan(one);
    expect(nine).toBeGreaterThan(three);
    // Once each to find out how long it takes, then four rounds, each beginning with the next one.
    expect(order.join("")).toBe("abc" + "abc" + "bca" + "cab" + "abc");
  });

  it("is met or missed at the bound itself", () => {
    const row = { name: "x", value: 10, unit: "us", ratio: 2 };
    expect([meets(row, { value_at_most: 10 }), meets(row, { value_at_most: 9.99 })]).toEqual([true, false]);
    expect([meets(row, { ratio_at_least: 2 }), meets(row, { ratio_at_least: 2.01 })]).toEqual([true, false]);
    expect([meets(row, { ratio_at_most: 2 }), meets(row, { ratio_at_most: 1.99 })]).toEqual([true, false]);
    // A goal for a ratio that was not measured is not met.
    expect(meets({ value: 1 }, { ratio_at_most: 5 })).toBe(false);
    expect(judged(row, undefined)).toEqual(row);
    expect(judged(row, { value_at_most: 5 })).toMatchObject({ met: false });
  });

  it("is the same work on both sides, or the benchmark refuses", () => {
    const ours = Uint8Array.of(1, 2);
    const agrees = [{ library: "a", run: () => ours }];
    agree("x", ours, agrees);
    agree("x", ours, [{ library: "b", run: () => [1, 2], bytes: (list: number[]) => Uint8Array.from(list) }]);
    expect(() => agree("x", Uint8Array.of(1, 3), agrees)).toThrow("x: the core gives 0103, a gives 0102");
  });
});

describe("a console", () => {
  it("is compared with the same over a socket, in whole units", () => {
    const lines = ["pseudo-terminal", "socket"].map((name) => ({ name, console: {} as BoardConsole }));
    expect(rows(m4, lines, "requests of 1500 bytes", "bytes/s", [2, 8.0001], 1500)).toEqual([
      {
        ...{ name: "requests of 1500 bytes, pseudo-terminal", value: 3000, unit: "bytes/s", chip: "Cortex-M4" },
        ...{ baseline: 12_000, ratio: 0.25, against: "a socket" },
      },
      { name: "requests of 1500 bytes, socket", value: 12_000, unit: "bytes/s", chip: "Cortex-M4" },
    ]);
  });
});

describe("a library that is not installed", () => {
  it("is named with the command that installs it, and other failures are left as they are", async () => {
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    const refused = await library("noble", Promise.reject(missing)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MehrError);
    expect(refused).toMatchObject({ exitCode: 3, hint: "npm ci" });
    await expect(library("noble", Promise.reject(new TypeError("broken")))).rejects.toThrow(TypeError);
    expect(await library("noble", Promise.resolve(7))).toBe(7);
  });
});

describe("the core without cryptography", () => {
  it("has neither its code nor its memory, and all the rest", { timeout: 60_000 }, async () => {
    const folder = "core-as/assembly/crypto";
    const texts = new Map<string, string>();
    for (const name of readdirSync(join(root, folder))) {
      if (!name.endsWith(".test.ts"))
        texts.set(`${folder}/${name}`, await emptied(readFileSync(join(root, folder, name), "utf8")));
    }
    const read = (name: string): string | null => {
      try {
        return texts.get(name) ?? readFileSync(join(root, name), "utf8");
      } catch {
        return null;
      }
    };
    const whole = await wasmSizes(readFileSync(join(root, "build/core/relay.wasm")));
    const wasm = await assemble("core-as/assembly/node.ts", read);
    const rest = await wasmSizes(wasm);
    expect(whole.code - rest.code).toBeGreaterThan(3000);
    // SHA-512's round constants alone are 640 bytes, BLAKE2b's schedule and both IVs 256.
    expect(whole.data - rest.data).toBeGreaterThan(800);
    expect(whole.memory - rest.memory).toBeGreaterThan(3000);
    const names = (module: WebAssembly.Module): string[] =>
      WebAssembly.Module.exports(module)
        .map(({ name }) => name)
        .sort();
    const built = await WebAssembly.compile(
      readFileSync(join(root, "build/core/relay.wasm")) as Uint8Array<ArrayBuffer>,
    );
    expect(names(await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>))).toEqual(names(built));
  });

  it("keeps what other sources name", async () => {
    const text = `import { a } from "./other";
      import { Status } from "../abi";
      const T: usize = memory.data<u8>([1, 2]);
      export const SIZE: u32 = 384;
      export const AT: usize = T + 8;
      function inner(): u32 { return load<u32>(T); }
      export function size(): u32 { return inner() + a(); }
      export function check(at: usize): Status { return load<u8>(at) == 0 ? Status.Ok : Status.BadTag; }
      export function is(): bool { return true; }
      export function wipe(at: usize): void { store<u8>(at, 0); }`;
    const left = (await emptied(text)).replace(/\s+/g, " ");
    for (const gone of ["./other", "memory.data", "inner", "load", "store"]) expect(left).not.toContain(gone);
    for (const kept of ["SIZE: u32 = 384", "AT: usize = 0", "return <u32>0;", "return <Status>0;", "return false;"]) {
      expect(left).toContain(kept);
    }
  });
});

describe("engines of one chip", () => {
  const row = (engine: string, value: number, more: Partial<Result> = {}): Result => ({
    name: "X25519",
    value,
    unit: "instructions",
    engine,
    chip: "RV32",
    ...more,
  });

  it("are held to wasm2c's figure on the same chip and to their own goal", () => {
    const goal = { value_at_most: 120 };
    const others = [row("wasm2c, unchecked", 100), row("wasm2c, unchecked", 50, { chip: "Cortex-M4" })];
    const verdicts = [115, 116].map((value) => againstWasm2c([judged(row("AOT", value), goal), ...others])[0]);
    expect(verdicts).toMatchObject([
      { ratio: 1.15, baseline: 100, goal: { value_at_most: 120, ratio_at_most: 1.15 }, met: true },
      { ratio: 1.16, met: false },
    ]);
    expect(againstWasm2c([judged(row("AOT", 121), goal), row("wasm2c, unchecked", 200)])[0]).toMatchObject({
      ratio: 0.605,
      met: false,
    });
    // Without wasm2c only the goal of its own is left.
    expect(againstWasm2c([judged(row("AOT", 500), goal)])[0]).toEqual(judged(row("AOT", 500), goal));
    expect(againstWasm2c(others)).toEqual(others);
  });

  it("stand side by side", () => {
    const results = [
      row("libsodium", 7),
      row("wasm3", 1234567),
      row("AOT", 99, { unit: "B", name: "flash" }),
      row("AOT", 4321),
      row("wasm3", 1, { chip: "Cortex-M4" }),
      judged(row("V8", 1), { value_at_most: 0 }),
    ];
    expect(chipTable(results.slice(0, 5), "RV32").split("\n")).toEqual([
      "RV32      AOT    wasm3      libsodium",
      "--------  -----  ---------  ---------",
      "X25519    4,321  1,234,567  7",
      "flash, B  99",
    ]);
    expect(goalsMet(results)).toBe("0 of 1 goals met");
  });
});

describe("the core as native code", () => {
  const built = { board: m4, object: /\/relay\.o$/, wasm: 1000, ram: 170_000, stack: { computed: 900, reserved: 901 } };
  const map = (flash: number): string =>
    [
      "Linker script and memory map",
      ".text           0x00000000     0x2000",
      ` .text.a        0x00000000      0x${flash.toString(16)} build/relay.o`,
      " .text.b        0x00001000      0x800 build/relay.cpp.o",
      ".bss            0x20000000     0x2000",
      " .bss.memory    0x20000000      0x100 build/relay.o",
    ].join("\n");

  it("may take 1.6 times the flash of its wasm, and the stack the board has", () => {
    expect(sizesOf(built, map(1600))).toMatchObject([
      { value: 1600, ratio: 1.6, met: true },
      { value: 256 },
      { value: 900, baseline: 901, met: true },
    ]);
    const [flash, , stack] = sizesOf({ ...built, stack: { computed: 902, reserved: 901 } }, map(1601));
    expect([flash?.met, stack?.met]).toEqual([false, false]);
    expect(() => sizesOf({ ...built, object: /nowhere/ }, map(1600))).toThrow("/nowhere/");
  });

  it("has no heap, and keeps within the RAM of a relay", () => {
    const heap = (value: number): Result => ({ name: "heap high-water", value, unit: "B" });
    const mets = (value: number): unknown[] => withLimits(built, [heap(value)]).map(({ met }) => met);
    expect([mets(0), mets(5000), mets(5001)]).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ]);
    expect(withLimits(built, []).at(-1)?.met).toBe(false);
  });
});

describe("what is counted besides boards", () => {
  const header = `u32 Z_other(u32);
/* import: 'abi' 'entropy' */
u32 Z_abiZ_entropy(struct Z_abi_instance_t*, u32, u32);
/* import: 'abi' 'event' */
void Z_abiZ_event(struct Z_abi_instance_t*, u32);

/* export: 'deadline' */
u64 Z_relayZ_deadline(Z_relay_instance_t*);
/* export: 'memory' */
wasm_rt_memory_t* Z_relayZ_memory(Z_relay_instance_t* instance);
`;

  it("gets from wasm2c's header what to define and what to keep", () => {
    expect(importStubs(header)).toBe(`#include "relay.h"
u32 Z_abiZ_entropy(struct Z_abi_instance_t*, u32, u32) { __builtin_trap(); }
void Z_abiZ_event(struct Z_abi_instance_t*, u32) { __builtin_trap(); }
`);
    expect(exportNames(header)).toEqual(["Z_relayZ_deadline", "Z_relayZ_memory"]);
  });

  it("is counted on the chip, and refused if it gives other bytes", { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "mehr-bench-"));
    try {
      // Turns a thousand times for each byte, 2 instructions a turn, and gives the input back; it has no SHA-512.
      const source = join(folder, "echo.c");
      writeFileSync(
        source,
        `#include "subject.h"
        #include "mehr_abi.h"
        void subject_start(void) {}
        int32_t subject_run(uint32_t primitive, const uint8_t *input, size_t length, const uint8_t **out) {
          if (primitive == MEHR_PRIMITIVE_SHA512) return SUBJECT_HAS_NONE;
          uint32_t n = 1000 * length;
          __asm volatile("1: subs %0, #1; bne 1b" : "+l"(n) : : "cc");
          *out = input;
          return (int32_t)length;
        }`,
      );
      const step = (primitive: Primitive, length: number, last: number) => {
        const input = new Uint8Array(length).fill(7);
        return { primitive, input, out: Uint8Array.of(...input.subarray(1), last) };
      };
      const counts = (last: number): Count[] => [
        { name: "three", variants: [10, 30, 20].map((n) => [step(Primitive.Poly1305, n, 7)]), goals: {} },
        { name: "none", variants: [[step(Primitive.Sha512, 1, 7)]], goals: {} },
        { name: "sum", variants: [[step(Primitive.Poly1305, 5, 7), step(Primitive.Poly1305, 6, last)]], goals: {} },
      ];
      const count = async (last: number): Promise<Result[]> => {
        const chip = await BaselineChip.prepare({ root, board: m4, counts: counts(last), folder });
        return chip.count({ name: "echo", sources: [source], flags: [] });
      };
      const results = await count(7);
      expect(results.map(({ name, engine, chip }) => [name, engine, chip])).toEqual([
        ["three", "echo", "Cortex-M4"],
        ["sum", "echo", "Cortex-M4"],
      ]);
      // The median of 20,000, 40,000 and 60,000, and 10,000 + 12,000; a call adds its own and two ticks of 40.
      const [three = 0, sum = 0] = results.map(({ value }) => value);
      expect([three >= 40_000, three < 40_300, sum >= 22_000, sum < 22_600]).toEqual([true, true, true, true]);
      await expect(count(8)).rejects.toThrow(`echo on Cortex-M4: primitive ${Primitive.Poly1305} gives not`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
