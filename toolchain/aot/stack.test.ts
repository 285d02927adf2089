import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TaskStack } from "../../boards/stack.ts";
import { type CoreGraph, LIBRARY_BYTES, requireStack, stackLine, stackReport, type StackReport } from "./stack.ts";
import { parseStackUsage, type StackUsage } from "./stack-usage.ts";

/** The calls of testdata/stack.c. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  inlined: [],
  cloned: ["demo_import_host"],
  split: ["demo_import_host"],
  twin1: ["demo_import_host"],
  twin2: ["demo_import_host"],
  in_table: [],
  demo_plain: ["inlined"],
  demo_clones: ["cloned", "split"],
  demo_more: ["cloned", "split"],
  demo_twins: ["twin2"],
  demo_table: ["twin1", "in_table"],
};
const TREE = { even: ["odd"], odd: ["even"], demo_tree: ["even", "odd"] };

function core(calls: Readonly<Record<string, readonly string[]>>): CoreGraph {
  const exports = Object.keys(calls).filter((c) => c.startsWith("demo_"));
  return {
    functions: Object.entries(calls).map(([c, callees]) => ({ name: `core/${c}`, c, calls: callees })),
    exports: exports.map((c) => ({ name: c.slice("demo_".length), c })),
    imports: [{ name: "host", c: "demo_import_host" }],
  };
}

function usage(mcu: string, without: Readonly<Record<string, unknown>> = TREE): StackUsage[] {
  const text = readFileSync(join(import.meta.dirname, "testdata", `stack.${mcu}.su`), "utf8");
  return parseStackUsage(text, mcu).filter(({ name }) => !(name in without));
}

const STACK: TaskStack = { bytes: { wasm3: 1024, aot: 1024 }, above: 100, below: 200, interrupt: 40, kept: 500 };

function report(stack: TaskStack | undefined = STACK, calls = CALLS, lines = usage("cortex-m4")): StackReport {
  return stackReport({ core: core(calls), usage: lines, stack });
}

describe("the stack of a translated core", () => {
  it("is the deepest path of frames, through the table and an import", () => {
    const { core: own, path, total, limit, ok } = report();
    expect(own.exports).toEqual([
      { name: "plain", bytes: 0 + LIBRARY_BYTES },
      { name: "clones", bytes: 16 + 32 + LIBRARY_BYTES },
      { name: "more", bytes: 16 + 32 + LIBRARY_BYTES },
      { name: "twins", bytes: 8 + 96 + LIBRARY_BYTES },
      { name: "table", bytes: 8 + 176 + LIBRARY_BYTES },
    ]);
    expect(own.bytes).toBe(8 + 176 + LIBRARY_BYTES);
    // in_table is the larger frame; with what an import takes below it, twin1 is deeper.
    expect(path.map(({ name }) => name)).toEqual(["core/demo_table", "core/in_table"]);
    expect(total).toBe(100 + 8 + 176 + LIBRARY_BYTES + 40);
    expect([limit, ok]).toEqual([1024, true]);
    const deeper = report({ ...STACK, below: 250 });
    expect(deeper.path.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["core/demo_twins", 8],
      ["core/twin2", 96],
      ["host", 250],
    ]);
    expect(deeper.total).toBe(100 + 8 + 96 + 250 + 40);
  });

  it("is another one with another compiler", () => {
    expect(report(STACK, CALLS, usage("rv32")).core.bytes).toBe(16 + 160 + LIBRARY_BYTES);
  });

  it("counts what the translator adds, and a function that was inlined with what it calls", () => {
    const lines = usage("cortex-m4");
    const added: StackUsage = { file: "relay.c", line: 1, name: "memory_copy", bytes: 24, unbounded: false };
    expect(report(STACK, CALLS, [...lines, added]).core.bytes).toBe(report().core.bytes + 24);
    const through = { ...CALLS, inlined: ["in_table"] };
    expect(report(STACK, through).core.exports[0]).toEqual({ name: "plain", bytes: 0 + 0 + 176 + LIBRARY_BYTES });
  });

  it("has no limit in a process", () => {
    const one = stackReport({ core: core(CALLS), usage: usage("cortex-m4"), stack: undefined });
    expect([one.limit, one.ok, one.total]).toEqual([undefined, true, one.core.bytes]);
    expect(stackLine(one)).toBe("stack   312 B, 312 of the core, deepest: demo_table > in_table");
  });

  it("needs the .su file of this core", () => {
    expect(() => report(STACK, CALLS, [])).toThrow("does not name demo_plain");
    expect(() => report(STACK, { ...CALLS, demo_plain: ["gone"] })).toThrow("demo_plain calls gone, which is neither");
  });

  it("agrees with walking every path of any graph without cycles", () => {
    const graphs = fc.array(fc.tuple(fc.nat(300), fc.uniqueArray(fc.nat(8), { maxLength: 4 })), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(graphs, fc.nat(1000), (list, below) => {
        // Calls go to later functions only; the last number stands for the import.
        const name = (i: number): string => (i === 0 ? "demo_main" : i < list.length ? `f${i}` : "demo_import_host");
        const calls = list.map(([, to], i) => [...new Set(to.map((step) => name(i + 1 + step)))]);
        const walk = (i: number): number => {
          const own = list[i]?.[0] ?? 0;
          const deeper = (calls[i] ?? []).map((to) =>
            to === "demo_import_host" ? below : walk(list.findIndex((_, at) => name(at) === to)),
          );
          return own + Math.max(LIBRARY_BYTES, ...deeper);
        };
        const lines = list.map(([bytes], i) => ({ file: "a.ts", line: 1, name: name(i), bytes, unbounded: false }));
        const graph = core(Object.fromEntries(calls.map((to, i) => [name(i), to])));
        const stack = { ...STACK, above: 0, interrupt: 0, below };
        // Functions that nobody calls count too: they may be the start function.
        const deepest = Math.max(below, ...list.map((_, i) => walk(i)));
        expect(stackReport({ core: graph, usage: lines, stack }).total).toBe(deepest);
      }),
    );
  });
});

describe("a core that calls itself", () => {
  const calls = { ...CALLS, ...TREE };
  const lines = usage("cortex-m4", {});

  it("has no bound but the check at run time, which must leave enough for what follows it", () => {
    const one = report(STACK, calls, lines);
    expect(one.recursion).toEqual({ functions: ["core/even", "core/odd"], leave: 8 + LIBRARY_BYTES + 40 });
    expect(one.core.exports.at(-1)).toEqual({ name: "tree", bytes: 16 + 8 + LIBRARY_BYTES });
    expect(one.ok).toBe(true);
    expect(stackLine(one)).toMatch(/; checked at run time: even, odd$/);
    const imports = report(STACK, { ...calls, odd: ["even", "twin1"] }, lines);
    expect(imports.recursion?.leave).toBe(96 + 200 + 40);
  });

  it("is refused when the check leaves less", () => {
    const one = report({ ...STACK, kept: 175 }, calls, lines);
    expect(one.ok).toBe(false);
    expect(() => requireStack(one, "qemu-m4")).toThrow(
      "qemu-m4: even, odd may call themselves and need 176 B below a check; raise `kept` in boards/stack.ts to that",
    );
  });
});

describe("the check of a build", () => {
  it("is one line", () => {
    expect(stackLine(report())).toBe("stack   452 of 1024 B (44.1 %), 312 of the core, deepest: demo_table > in_table");
    const long = { ...CALLS, demo_plain: ["inlined"], inlined: ["twin2"], twin2: ["twin1"], twin1: ["in_table"] };
    expect(stackLine(report(STACK, { ...long, demo_more: ["demo_clones"], demo_clones: ["twin2"] }))).toContain(
      "deepest: demo_more > demo_clones > ... > twin1 > in_table",
    );
  });

  it("passes up to the last byte and then names the path and what to do", () => {
    const { total } = report();
    expect(() => requireStack(report({ ...STACK, bytes: { wasm3: 0, aot: total } }), "qemu-m4")).not.toThrow();
    expect(() => requireStack(report({ ...STACK, bytes: { wasm3: 0, aot: total - 1 } }), "qemu-m4")).toThrow(
      "qemu-m4: the core's task may need 452 B of stack and has 451 B: 100 of the shell, then demo_table 8 > " +
        "in_table 176, then 128 for a library unless that ends in an import, and 40 for an interrupt. " +
        "Make the frames on this path smaller, or the stack larger in boards/stack.ts.",
    );
  });

  it("refuses a frame without a fixed size", () => {
    const lines = usage("cortex-m4").map((line) => (line.name === "twin1" ? { ...line, unbounded: true } : line));
    expect(() => requireStack(report(STACK, CALLS, lines), "qemu-m4")).toThrow("the frame of twin1 has no fixed size");
  });
});
