import { describe, expect, it } from "vitest";
import { findBoard } from "../../boards/index.ts";
import { LINEAR_MEMORY_LIMIT } from "../core/limits.ts";
import { type ModuleLoad, ramAdvice, wasm3Heap } from "./advice.ts";

/** A core of 23,546 B of wasm and the static RAM its image had on qemu-m4. */
const CORE: ModuleLoad = { code: 20_072, functions: 117, memory: 13_488 };
const STATIC = 39_120;

const advice = (id: string, module = CORE, staticBytes = STATIC) =>
  ramAdvice({ board: findBoard(id), staticBytes, module });

describe("the heap of wasm3", () => {
  it("grows with code and functions, not with the memory a module uses", () => {
    expect(wasm3Heap({ code: 0, functions: 0, memory: 0 })).toBe(LINEAR_MEMORY_LIMIT + 9_700);
    expect(wasm3Heap({ ...CORE, code: CORE.code + 1000 }) - wasm3Heap(CORE)).toBe(3_470);
    expect(wasm3Heap({ ...CORE, functions: CORE.functions + 10 }) - wasm3Heap(CORE)).toBe(1_200);
    expect(wasm3Heap({ ...CORE, memory: 40_000 })).toBe(wasm3Heap(CORE));
  });
});

describe("the advice", () => {
  it("is none for a process, which has no limit", () => {
    expect(advice("native")).toBeUndefined();
  });

  it("tells what is left when that is enough", () => {
    const one = advice("qemu-m4");
    expect(one).toMatchObject({ used: STATIC + wasm3Heap(CORE), max: 262_144, recommend: false });
    expect((one?.used ?? 0) + (one?.left ?? 0)).toBe(262_144);
    expect(one?.sentence).toBe(
      "Under wasm3 this image takes about 177 of 256 KB of RAM (38 static, 139 of heap), 79 KB (31 %) left.",
    );
  });

  it("recommends aot below a tenth, with both numbers", () => {
    const large: ModuleLoad = { code: 36_000, functions: 210, memory: 20_000 };
    const one = advice("qemu-m4", large);
    expect(one?.recommend).toBe(true);
    expect(one?.aot.used).toBe(STATIC + 20_000);
    expect(one?.sentence).toBe(
      "Under wasm3 this image takes about 242 of 256 KB of RAM (38 static, 204 of heap), 14 KB (5 %) left. " +
        "`mehr build qemu-m4 --engine aot` takes about 58 KB, 198 KB (77 %) left.",
    );
    expect(advice("qemu-rv32", large)?.recommend).toBe(false);
  });

  it("recommends nothing that the board cannot be built with", () => {
    const board = { ...findBoard("qemu-m4"), engines: ["wasm3"] as ["wasm3"] };
    const one = ramAdvice({ board, staticBytes: 220_000, module: CORE });
    expect(one?.recommend).toBe(false);
    expect(one?.sentence).not.toContain("aot");
  });

  it("turns at exactly a tenth", () => {
    const heap = wasm3Heap(CORE);
    const tenth = Math.floor(0.9 * 262_144);
    expect(advice("qemu-m4", CORE, tenth - heap)?.recommend).toBe(false);
    expect(advice("qemu-m4", CORE, tenth - heap + 1)?.recommend).toBe(true);
  });

  it("says so when wasm3 could not load the core at all", () => {
    const one = advice("rak4631", { code: 40_144, functions: 229, memory: 13_488 });
    expect(one?.left).toBeLessThan(0);
    expect(one?.sentence).toBe(
      "Under wasm3 this image would need about 259 KB of RAM (38 static, 220 of heap) and the board has 232: the " +
        "core would not load. `mehr build rak4631 --engine aot` takes about 51 KB, 181 KB (78 %) left. " +
        "What the Arduino core itself allocates comes on top of both.",
    );
  });

  it("speaks of the chip where the emulated machine has more RAM than that", () => {
    const one = advice("qemu-m4", { code: 58_287, functions: 330, memory: 49_032 });
    expect(one?.sentence).toMatch(
      /^Under wasm3 this image would need about \d+ KB of RAM \(38 static, \d+ of heap\) and /,
    );
    expect(one?.sentence).toContain("and the chip this board stands for has 256: the core would not load there.");
    expect(advice("rak4631", { code: 58_287, functions: 330, memory: 49_032 })?.sentence).toContain(
      "and the board has 232: the core would not load. ",
    );
  });

  it("leaves out what a framework allocates, says so, and counts the smaller stack of translated code", () => {
    const one = advice("heltec-v3");
    expect(one?.sentence).toMatch(/ What the Arduino core itself allocates comes on top of that\.$/);
    expect(advice("qemu-m4")?.sentence).not.toContain("Arduino");
    expect(one?.aot.used).toBe(STATIC + CORE.memory - 32 * 1024);
  });
});
