import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { realBoard } from "../tests/support/board-values.ts";
import { checkAgainst, checkBoard } from "./check.ts";
import { boardsTable, describeBoard, flashRegions, wiring } from "./describe.ts";
import { allBoards, findBoard, isVirtual, otherBoards, problemSentence, type RealBoard } from "./index.ts";
import { MCUS } from "./mcu.ts";

const REAL = allBoards().filter((board): board is RealBoard => !isVirtual(board));
const PAGE = readFileSync(join(import.meta.dirname, "../docs/boards.md"), "utf8");

test.each([
  ["rak4631", "radio.pins.irq", { signal: "radio DIO1", pin: "P1.15", gpio: 47, direction: "in", note: "interrupt" }],
  [
    "rak4631",
    "leave.P1.07",
    { pin: "P1.07", direction: "-", note: "wired to the antenna switch that DIO2 already turns" },
  ],
  ["heltec-v3", "power.0.pin", { signal: "supply", direction: "out", note: "feeds the radio, active low" }],
  ["heltec-v3", "battery.pin", { note: "battery = pin x 4.9, attenuation 2.5 dB" }],
  ["heltec-v3", "battery.enable.pin", { direction: "out", note: "level found out at start" }],
  ["t3s3-sx1276", "radio.pins.irq", { signal: "radio DIO0", gpio: 9, direction: "in" }],
  ["t3s3-sx1276", "radio.rfSwitch.txen", { signal: "TXEN", gpio: 10, note: "high to transmit" }],
  ["rp2040-lora", "radio.rfSwitch.rxen", { gpio: 17, note: "high to receive, the opposite of DIO2" }],
  ["rp2040-lora", "radio.pins.sck", { note: "block SPI1" }],
  ["tbeam-sx1262", "pmu.sda", { direction: "both", note: "radio on LDO2 (AXP192) or ALDO2 (AXP2101), 3300 mV" }],
  ["t3-v161", "radio.pins.sck", { note: expect.stringContaining("SCK idles low") as string }],
  ["heltec-t114", "power.0.pin", { note: "peripherals, kept off, active high" }],
])("%s: the line of %s", (id, field, line) => {
  expect(wiring(realBoard(findBoard(id))).find((one) => one.field === field)).toMatchObject(line);
});

describe.each(REAL)("$id", (board) => {
  test("its flash is told from end to end, without overlap", () => {
    const regions = flashRegions(board);
    const base = MCUS[board.mcu].flash?.base ?? 0;
    regions.forEach((region, index) => {
      expect(region.to).toBeGreaterThan(region.from);
      if (index > 0) expect(region.from).toBe(regions[index - 1]?.to);
    });
    expect(regions.at(-1)?.to).toBe(base + board.flash.size);
    // An ESP32's ROM leaves the first 4 KB to a signature.
    expect(regions[0]?.from).toBe(base + (board.mcu === "esp32" ? 0x1000 : 0));
  });

  test("is described without an undefined or a NaN", () => {
    expect(JSON.stringify(describeBoard(board))).not.toMatch(/undefined|NaN/);
  });
});

test("a virtual board has no wiring", () => {
  expect(describeBoard(findBoard("qemu-m4"))).toMatchObject({
    radio: null,
    wiring: [],
    memory: { flash: 1_048_576, ram: 262_144 },
    verified: { level: "emulated", how: "The image runs in an emulator in every test run." },
  });
});

describe("docs/boards.md", () => {
  test("has the table of the boards as they are", () => {
    expect(PAGE, "run: mehr generate").toContain(boardsTable(allBoards()));
  });

  test("shows a thirteenth board that is right, in under 40 lines", () => {
    const code = /```ts\n(\/\/ boards\/([\w-]+)\.ts\n[\s\S]+?)```/.exec(PAGE);
    const [, text = "", id = ""] = code ?? [];
    expect(text.trimEnd().split("\n").length).toBeLessThan(40);
    const literal = /defineBoard\(([\s\S]+)\);/.exec(text)?.[1] ?? "";
    const value: unknown = new Function(`return (${literal});`)();
    const file = `boards/${id}.ts`;
    const { board, problems } = checkBoard(value, file);
    expect(problems.map(problemSentence)).toEqual([]);
    if (board === undefined) throw new Error("no board");
    expect(checkAgainst({ file, board }, otherBoards(id)).map(problemSentence)).toEqual([]);
    expect(board.id).toBe(id);
  });
});
