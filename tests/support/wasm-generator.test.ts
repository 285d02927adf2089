/** The generated modules themselves: valid, reproducible, and with everything in them that they are to reach. */
import { describe, expect, it } from "vitest";
import { count, expectation } from "./aot-fuzz.ts";
import { TRAP } from "./v8.ts";
import { Choices } from "./wasm-choices.ts";
import { generateModule, type GeneratedModule, moduleFrom } from "./wasm-generator.ts";
import { SUBSET } from "./wasm-instructions.ts";
import { minimise } from "./wasm-minimise.ts";

const MODULES = 600;
const modules = Array.from({ length: MODULES }, (_, i) => generateModule(1, i));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("generated modules", () => {
  it("are valid", () => {
    const invalid = modules.flatMap(({ wasm }, i) => (WebAssembly.validate(wasm) ? [] : [i]));
    expect(invalid).toEqual([]);
  });

  it("come from seed and index alone, and from the decisions recorded", () => {
    for (const index of [0, 7, 599]) {
      const { wasm, choices } = generateModule(1, index);
      expect(hex(wasm)).toBe(hex(modules[index]?.wasm ?? new Uint8Array()));
      expect(hex(moduleFrom(Choices.replay(choices)).wasm)).toBe(hex(wasm));
    }
    expect(new Set(modules.map(({ wasm }) => hex(wasm))).size).toBe(MODULES);
    expect(hex(generateModule(2, 0).wasm)).not.toBe(hex(generateModule(1, 0).wasm));
  });

  it("have every instruction of the subset where it can be reached, in one module of fifty at least", () => {
    const holding = new Map(SUBSET.map((op) => [op, 0]));
    for (const { seen } of modules) for (const op of seen) holding.set(op, (holding.get(op) ?? 0) + 1);
    const rare = [...holding].filter(([, times]) => times < MODULES / 50).map(([op]) => op.toString(16));
    expect(rare).toEqual([]);
    // And nothing else, or the list above would not be the subset.
    expect(holding.size).toBe(new Set(SUBSET).size);
  });

  it("mostly run to their end, and trap in every way there is", { timeout: 60_000 }, () => {
    const outcomes = count(modules.map(expectation));
    const calls = [...outcomes.values()].reduce((sum, one) => sum + one, 0);
    const share = (kind: string): number => (outcomes.get(kind) ?? 0) / calls;
    expect(calls).toBeGreaterThan(MODULES * 5);
    expect(share("value")).toBeGreaterThan(0.85);
    expect(share(TRAP.memory)).toBeGreaterThan(0.03);
    expect(share(TRAP.divideByZero)).toBeGreaterThan(0.005);
    expect(share(TRAP.unreachable)).toBeGreaterThan(0.002);
    expect(share(TRAP.signature)).toBeGreaterThan(0.002);
    expect(share(TRAP.tableIndex)).toBeGreaterThan(0.0005);
    expect(share(TRAP.overflow)).toBeGreaterThan(0.0003);
    // How deep is too deep nobody specifies, so nothing goes there.
    expect(share(TRAP.stack)).toBe(0);
    expect(modules.some((module) => "trap" in expectation(module).result.instantiate)).toBe(true);
  });

  it("are made small around what is wrong with them", async () => {
    // Let rotations be what is wrong: one must stay, and little else.
    const wrong = ({ seen }: GeneratedModule): boolean => seen.has(0x89) && seen.has(0xfc0b);
    const start = modules.find((module) => wrong(module) && module.wasm.length > 1500);
    if (start === undefined) throw new Error("no module to start from");
    const smallest = await minimise(start, (list) => Promise.resolve(list.findIndex(wrong)), 4000);
    expect(wrong(smallest)).toBe(true);
    expect(WebAssembly.validate(smallest.wasm)).toBe(true);
    expect(smallest.wasm.length).toBeLessThan(start.wasm.length / 3);
  });
});
