import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import {
  allBoards,
  BoardError,
  boardIds,
  boardSummary,
  findBoard,
  memoryLimits,
  parseVariant,
  problemSentence,
  registeredProblems,
  UnknownBoardError,
} from "./index.ts";
import { variantName } from "./engine.ts";
import rak4631 from "./rak4631.ts";

const HERE = import.meta.dirname;

/** The boards of day one (design section 4). */
const DAY_ONE = [
  "heltec-v3",
  "tbeam-sx1262",
  "tbeam-sx1276",
  "t3-v161",
  "t3s3-sx1262",
  "t3s3-sx1276",
  "rak4631",
  "heltec-t114",
  "t-echo",
  "xiao-nrf52-wio",
  "xiao-s3-wio",
  "rp2040-lora",
];

function boardFiles(): string[] {
  return readdirSync(HERE).filter(
    (name) =>
      name.endsWith(".ts") &&
      !name.endsWith(".test.ts") &&
      /^export default defineBoard\(/m.test(readFileSync(join(HERE, name), "utf8")),
  );
}

test("every board file is registered under its own name, by values.ts made from the folder", async () => {
  expect(boardFiles()).toEqual(boardIds().map((id) => `${id}.ts`));
  const { boardFileIds, boardIndexText } = (await import(
    pathToFileURL(join(HERE, "../toolchain/board-index.mjs")).href
  )) as { boardFileIds(root: string): string[]; boardIndexText(ids: readonly string[]): string };
  const text = boardIndexText(boardFileIds(join(HERE, "..")));
  expect(readFileSync(join(HERE, "values.ts"), "utf8"), "run: mehr generate").toBe(text);
});

test("every board passes its checks and fits on a page", () => {
  expect(allBoards().map((board) => board.id)).toEqual([...DAY_ONE, "native", "qemu-m4", "qemu-rv32"].sort());
  for (const name of boardFiles()) {
    const lines = readFileSync(join(HERE, name), "utf8").trimEnd().split("\n").length;
    expect(lines, name).toBeLessThanOrEqual(40);
  }
});

test("an unknown board names the nearest ones and is bad input", () => {
  const thrown = (id: string) => {
    try {
      return findBoard(id);
    } catch (error) {
      return error;
    }
  };
  const near = thrown("rak4613");
  expect(near).toBeInstanceOf(UnknownBoardError);
  expect(near).toMatchObject({
    exitCode: 2,
    nearest: ["rak4631"],
    message: 'There is no board "rak4613"; did you mean rak4631?',
  });
  expect(thrown("qemu")).toMatchObject({ message: 'There is no board "qemu"; did you mean qemu-m4 or qemu-rv32?' });
  expect(thrown("zzzzzzzz")).toMatchObject({
    nearest: [],
    message: `There is no board "zzzzzzzz"; the boards are ${boardIds().join(", ")}.`,
  });
  // A name every object has is not a board.
  expect(thrown("constructor")).toBeInstanceOf(UnknownBoardError);
});

test("a value under another id than its file's name is refused", () => {
  expect(registeredProblems("rak4631", rak4631)).toEqual([]);
  expect(registeredProblems("rak11310", rak4631).map(problemSentence)).toEqual([
    'boards/rak11310.ts: id: it is "rak4631"; write "rak11310", the name of the file.',
  ]);
});

test("a board error says every problem on its own line and is bad input", () => {
  const broken = { ...rak4631, tier: "huge", engines: [] };
  const error = new BoardError(registeredProblems("rak4631", broken));
  expect(error.exitCode).toBe(2);
  expect(error.message.split("\n")).toEqual([
    expect.stringContaining("boards/rak4631.ts: tier:"),
    expect.stringContaining("boards/rak4631.ts: engines.0:"),
  ]);
});

test("the summary has the fields of `mehr boards --json`", () => {
  expect(boardSummary(findBoard("qemu-m4"))).toEqual({
    id: "qemu-m4",
    mcu: "cortex-m4",
    radio: "virtual",
    flash: [],
    engine: ["wasm3", "aot"],
    verified: "emulated",
  });
  expect(boardSummary(findBoard("rak4631"))).toEqual({
    id: "rak4631",
    mcu: "nrf52840",
    radio: "SX1262",
    flash: ["uf2", "dfu", "swd"],
    engine: ["aot"],
    verified: "built",
  });
});

test("every board and engine has a name of its own, which leads back", () => {
  const all = allBoards().flatMap((board) => board.engines.map((engine) => ({ board, engine })));
  const names = all.map(({ board, engine }) => variantName(board, engine));
  expect(new Set(names).size).toBe(all.length);
  expect(names.map(parseVariant)).toEqual(all.map(({ board, engine }) => ({ board: board.id, engine })));
  expect(parseVariant("rak4631")).toEqual({ board: "rak4631", engine: "aot" });
  expect(parseVariant("qemu-m4")).toEqual({ board: "qemu-m4", engine: "wasm3" });
  expect(parseVariant("qemu-m4-aot")).toEqual({ board: "qemu-m4", engine: "aot" });
  // A default has one name, not two; and an engine the board is not built with has none.
  for (const name of ["qemu-m4-wasm3", "rak4631-aot", "rak4631-wasm3", "rak", ""]) {
    expect(parseVariant(name), name).toBeUndefined();
  }
});

test("limits are what the linker leaves to an application", () => {
  const same = (flash: number | undefined, ram: number | undefined) => ({ flash, ram, staticRam: ram });
  // 0xed000 - 0x26000 and 0x20040000 - 0x20006000 (boards-and-regions sections 5 and 6: 815,104 and 237,568 bytes)
  expect(memoryLimits(findBoard("rak4631"))).toEqual(same(815_104, 237_568));
  expect(memoryLimits(findBoard("xiao-nrf52-wio"))).toEqual(same(811_008, 237_568));
  expect(memoryLimits(findBoard("heltec-v3"))).toEqual(same(0x330000, 327_680));
  expect(memoryLimits(findBoard("rp2040-lora"))).toEqual(same(2 ** 21 - 2 ** 19 - 4096, 262_144));
  // The ESP32's linker has less than its heap: 0x2c200 - 0xdb5c.
  expect(memoryLimits(findBoard("t3-v161"))).toEqual({ flash: 0x140000, ram: 327_680, staticRam: 124_580 });
  expect(memoryLimits(findBoard("qemu-m4"))).toEqual(same(1_048_576, 262_144));
  expect(memoryLimits(findBoard("qemu-rv32"))).toEqual(same(4_194_304, 409_600));
  expect(memoryLimits(findBoard("native"))).toEqual(same(undefined, undefined));
});
