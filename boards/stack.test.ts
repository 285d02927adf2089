import { describe, expect, test } from "vitest";
import { ENGINES } from "./engine.ts";
import { stackKept, TASK_STACK } from "./stack.ts";

const STACKS = Object.entries(TASK_STACK).flatMap(([mcu, stack]) => (stack === undefined ? [] : [{ mcu, stack }]));

describe.each(STACKS)("the task stack of $mcu", ({ stack }) => {
  test.each(ENGINES)("with %s is aligned and has room for the core", (engine) => {
    expect(stack.bytes[engine] % 16).toBe(0);
    expect(stack.above + stack.below + stack.interrupt).toBeLessThan(stack.bytes[engine] / 2);
  });

  test("keeps enough where it is checked for an import and an interrupt", () => {
    expect(stack.kept).toBeGreaterThanOrEqual(stack.below + stack.interrupt);
    expect(stack.kept).toBeLessThan(stack.bytes.wasm3 / 2);
  });
});

test("a process keeps some too", () => {
  expect(TASK_STACK.host).toBeUndefined();
  expect(stackKept("host")).toBe(3072);
  expect(stackKept("nrf52840")).toBe(TASK_STACK.nrf52840?.kept);
});
