import { describe, expect, it } from "vitest";
import { UnknownEngineError } from "../boards/engine.ts";
import { findBoard } from "../boards/index.ts";
import { chooseEngine } from "./build.ts";
import { MehrError } from "./errors.ts";

describe("the engine of a build", () => {
  it("is the board's default unless one is named", () => {
    expect(chooseEngine(findBoard("qemu-m4"), undefined)).toBe("wasm3");
    expect(chooseEngine(findBoard("rak4631"), undefined)).toBe("aot");
    expect(chooseEngine({ ...findBoard("qemu-m4"), engines: ["aot", "wasm3"] }, undefined)).toBe("aot");
    expect(chooseEngine(findBoard("qemu-m4"), "aot")).toBe("aot");
    expect(chooseEngine(findBoard("rak4631"), "aot")).toBe("aot");
  });

  it("is refused in a sentence when there is none of that name", () => {
    expect(() => chooseEngine(findBoard("rak4631"), "wasm")).toThrow(UnknownEngineError);
  });

  it.each([
    [
      findBoard("heltec-v3"),
      "heltec-v3 cannot be built with engine wasm3: wasm3 needs about 396 KB of RAM for the core and a program on this " +
        "board has 320; give --engine aot, or leave the option out.",
    ],
    [
      { ...findBoard("qemu-m4"), engines: ["aot"] as ["aot"] },
      "qemu-m4 cannot be built with engine wasm3: boards/qemu-m4.ts does not name it; give --engine aot, or leave the " +
        "option out.",
    ],
  ])("is refused with the reason when the board cannot have it: $id", (board, sentence) => {
    expect(() => chooseEngine(board, "wasm3")).toThrow(new MehrError(2, sentence));
  });
});
