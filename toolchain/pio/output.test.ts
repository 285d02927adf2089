import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { extractErrors, parseProgress, parseUsage } from "./output.ts";

// Recorded from PlatformIO 6.2.0 with GCC 12.2; lines with web addresses are taken out.
const recorded = (name: string) => readFileSync(new URL(`./testdata/${name}.txt`, import.meta.url), "utf8");

describe("parseProgress", () => {
  it("counts the steps of a successful build", () => {
    const kinds = recorded("success")
      .split("\n")
      .map((line) => parseProgress(line)?.kind)
      .filter((kind) => kind !== undefined);
    expect(kinds.filter((kind) => kind === "compile")).toHaveLength(13);
    expect(kinds.filter((kind) => kind === "link")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "image")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "warning")).toHaveLength(1);
  });

  it("names the file of a step, and takes the build mode for none", () => {
    expect(parseProgress("Compiling .pio/build/a/src/main.o")).toEqual({
      kind: "compile",
      target: ".pio/build/a/src/main.o",
    });
    expect(parseProgress("Checking size .pio/build/a/firmware.elf")).toEqual({
      kind: "size",
      target: ".pio/build/a/firmware.elf",
    });
    expect(parseProgress("Building in release mode")).toBeUndefined();
    expect(parseProgress("Compilingx")).toBeUndefined();
    expect(parseProgress("")).toBeUndefined();
  });

  it("tells which package is being installed", () => {
    expect(parseProgress("Tool Manager: Installing platformio/tool-scons @ ~4.41101.0")).toEqual({
      kind: "package",
      text: "Installing platformio/tool-scons @ ~4.41101.0",
    });
  });
});

describe("parseUsage", () => {
  it("reads both lines of the size report", () => {
    const usage = parseUsage(recorded("success"));
    expect(usage).toEqual({ flash: { used: 52404, max: 1048576 }, ram: { used: 288, max: 262144 } });
  });

  it("is empty without a report", () => {
    expect(parseUsage(recorded("link-error"))).toEqual({});
  });
});

describe("extractErrors", () => {
  it("shows the compiler's errors with their source lines, and no warning", () => {
    const errors = extractErrors(recorded("compile-error"));
    expect(errors[0]).toBe(
      "boards/runtime/src/main.cpp:20:14: error: 'undeclared_thing' was not declared in this scope",
    );
    expect(errors[2]).toMatch(/^\s+\|\s+\^~+$/);
    expect(errors.filter((line) => line.includes(": error: "))).toHaveLength(2);
    expect(errors.join("\n")).not.toMatch(/warning|\*\*\*|Compiling/);
  });

  it("shows a missing header", () => {
    expect(extractErrors(recorded("missing-header"))[0]).toBe(
      "boards/runtime/src/main.cpp:5:10: fatal error: nowhere.h: No such file or directory",
    );
  });

  it("shows the linker's errors without the linker's path", () => {
    expect(extractErrors(recorded("link-error"))).toEqual([
      ".pio/build/qemu-m4/src/src/main.o: in function `main':",
      "./boards/runtime/src/main.cpp:22: undefined reference to `not_there(int)'",
    ]);
  });

  it("says by how much the flash is too small", () => {
    expect(extractErrors(recorded("flash-overflow"))).toContain("region `FLASH' overflowed by 19636 bytes");
  });

  it.each([
    ["unknown-env", "Unknown environment names 'heltec'. Valid names are 'native, qemu-rv32, qemu-m4'"],
    ["missing-platform", "Can not create a symbolic link for `boards/platforms/nothere`, not a directory"],
    ["unknown-board", "Unknown board ID 'qemu-m9'"],
    [
      "missing-ldscript",
      "board qemu-m4 needs a linker script: board_build.ldscript in platformio.ini is boards/nothere.ld, which is not a file",
    ],
    ["unreachable-platform", "PlatformIO's registry does not answer, and nordicnrf52 @ 10.8.0 is not on this machine."],
    [
      "unreachable-package",
      "PlatformIO's registry does not answer, and platformio/toolchain-gccarmnoneeabi @ ~1.120301.0 is not on this machine.",
    ],
  ])("makes one sentence of %s", (name, sentence) => {
    expect(extractErrors(recorded(name))).toEqual([sentence]);
  });

  it("shows what SCons itself refuses", () => {
    const line = "*** Multiple ways to build the same target were specified for: start.o  (from ['start.S'])";
    expect(extractErrors(`Building in release mode\n${line}\n`)).toEqual([line.slice(4)]);
  });

  it("falls back to the last lines, and keeps a flood short", () => {
    expect(extractErrors("a\nb\n*** [x.o] Error 1\n")).toEqual(["a", "b"]);
    const flood = Array.from({ length: 100 }, (_, i) => `a.c:${i + 1}:1: error: no`).join("\n");
    const errors = extractErrors(flood);
    expect(errors).toHaveLength(25);
    expect(errors.at(-1)).toBe("... and 76 more lines");
    expect(extractErrors("")).toEqual([]);
  });
});
