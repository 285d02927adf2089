import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MehrError } from "../errors.ts";
import { framesByFunction, parseStackUsage, readStackUsage } from "./stack-usage.ts";

const data = join(import.meta.dirname, "testdata");

describe("a .su file", () => {
  it("names AssemblyScript files, functions and clones", () => {
    const usage = parseStackUsage(readFileSync(join(data, "stack.cortex-m4.su"), "utf8"), "stack.su");
    expect(usage).toContainEqual({
      file: "core/split.ts",
      line: 31,
      name: "split.part.0",
      bytes: 32,
      unbounded: false,
    });
    expect(usage.map(({ name }) => name)).toContain("cloned.constprop");
    expect(usage.map(({ name }) => name)).not.toContain("inlined");
  });

  it("may have C++ names, Windows line ends and paths with colons", () => {
    const text =
      "C:\\a b\\hal.cpp:12:8:void mehr::hal::watchdog(uint32_t)\t16\tdynamic,bounded\r\nx.c:1:2:f\t8\tdynamic\r\n";
    expect(parseStackUsage(text, "x.su")).toEqual([
      { file: "C:\\a b\\hal.cpp", line: 12, name: "void mehr::hal::watchdog(uint32_t)", bytes: 16, unbounded: false },
      { file: "x.c", line: 1, name: "f", bytes: 8, unbounded: true },
    ]);
  });

  it.each(["x.c:1:2:f 8 static", "x.c:1:f\t8\tstatic", "x.c:1:2:f\t8\tvaries", "x.c:1:2:f\t-8\tstatic"])(
    "is refused with the line %j",
    (line) => {
      expect(() => parseStackUsage(`a.c:1:1:g\t0\tstatic\n${line}\n`, "relay.su")).toThrow(
        new MehrError(1, `relay.su has the line "${line}", which is none of GCC's -fstack-usage.`),
      );
    },
  );

  it("must be there once", () => {
    const path = join(data, "stack.rv32.su");
    expect(readStackUsage([join(data, "stack.cortex-m4.su"), path], "stack.rv32.c")).toHaveLength(14);
    expect(() => readStackUsage([path], "relay_core.c")).toThrow(
      "no relay_core.su; relay_core.c must be compiled once",
    );
    expect(() => readStackUsage([path, path], "stack.rv32.c")).toThrow("more than one stack.rv32.su");
  });
});

describe("the frame of a function", () => {
  const frame = (...lines: readonly (readonly [string, number])[]) =>
    framesByFunction(lines.map(([name, bytes]) => ({ file: "a.ts", line: 1, name, bytes, unbounded: false }))).get("f");

  it("is the larger one of the clones that stand in for it", () => {
    expect(frame(["f", 16], ["f.constprop", 48], ["f.isra.0", 24])?.bytes).toBe(48);
  });

  it("has those of its parts on top, which it may call", () => {
    expect(frame(["f", 16], ["f.part.0", 32])?.bytes).toBe(48);
    expect(frame(["f.part.0", 32])?.bytes).toBe(32);
  });
});
