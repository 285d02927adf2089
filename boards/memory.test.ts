import { describe, expect, test } from "vitest";
import { defaultEngine, ENGINES } from "./engine.ts";
import { allBoards, findBoard } from "./index.ts";
import { MCUS } from "./mcu.ts";
import { CORE_RAM, ramClause, ramNeed } from "./memory.ts";
import { isVirtual } from "./schema.ts";
import { TASK_STACK } from "./stack.ts";

describe("the RAM of an engine", () => {
  test("is the core's and the stack of its task", () => {
    for (const board of allBoards()) {
      for (const engine of ENGINES) {
        const stack = TASK_STACK[board.mcu]?.bytes[engine] ?? 0;
        expect(ramNeed(board, engine).needs).toBe(CORE_RAM[engine] + stack);
      }
    }
    expect(ramNeed(findBoard("heltec-v3"), "wasm3").needs - ramNeed(findBoard("rak4631"), "wasm3").needs).toBe(
      48 << 10,
    );
  });

  test.each([
    ["rak4631", "wasm3", 232, false],
    ["rak4631", "aot", 232, true],
    ["heltec-v3", "wasm3", 320, false],
    ["heltec-v3", "aot", 320, true],
    // More than its images may take: the machine is there to run wasm3 on.
    ["t3-v161", "wasm3", 320, false],
    ["t3-v161", "aot", 320, true],
    ["rp2040-lora", "wasm3", 256, false],
    ["rp2040-lora", "aot", 256, true],
    ["qemu-m4", "wasm3", 512, true],
    ["qemu-rv32", "wasm3", 400, true],
    ["native", "wasm3", undefined, true],
  ] as const)("on %s with %s", (id, engine, kb, fits) => {
    const has = kb === undefined ? undefined : kb * 1024;
    expect(ramNeed(findBoard(id), engine)).toMatchObject({ has, fits });
  });

  test("that does not fit is said with both numbers", () => {
    expect(ramClause(findBoard("rak4631"), "wasm3")).toBe(
      "wasm3 needs about 348 KB of RAM for the core and a program on this board has 232",
    );
  });
});

test("static variables the linker has no room for are said with both numbers, whatever the heap has", () => {
  const esp32 = MCUS.esp32 as { staticRamBytes?: number };
  const own = esp32.staticRamBytes ?? 0;
  expect(own).toBeGreaterThan(CORE_RAM.aot);
  esp32.staticRamBytes = CORE_RAM.aot - 1;
  try {
    expect(ramNeed(findBoard("t3-v161"), "aot").fits).toBe(false);
    expect(ramClause(findBoard("t3-v161"), "aot")).toBe(
      "aot has about 76 KB of static variables and the linker has room for 76 here",
    );
  } finally {
    esp32.staticRamBytes = own;
  }
});

test("a board whose RAM holds wasm3 defaults to it, any other to aot", () => {
  for (const board of allBoards()) {
    expect([board.id, defaultEngine(board)]).toEqual([board.id, ramNeed(board, "wasm3").fits ? "wasm3" : "aot"]);
    if (isVirtual(board)) expect(board.engines).toEqual(ENGINES);
  }
});
