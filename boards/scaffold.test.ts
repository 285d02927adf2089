import * as prettier from "prettier";
import { describe, expect, test } from "vitest";
import { boardText } from "./board-text.ts";
import { checkBoard } from "./check.ts";
import { allBoards, isVirtual, type RealBoard } from "./index.ts";
import { type Answers, boardFromAnswers, QUESTIONS } from "./scaffold.ts";
import { usbName } from "./usb.ts";

const REAL = allBoards().filter((board): board is RealBoard => !isVirtual(board));

/** What somebody with this board in hand would answer. */
function answersOf(board: RealBoard): Answers {
  const { radio, power, led, battery, psram, flash, platformio } = board;
  const { dio2, rxen, txen } = radio.rfSwitch ?? {};
  const parts = (...all: unknown[]): string => all.filter((one) => one !== undefined && one !== false).join(" ");
  const all: Record<string, unknown> = {
    id: board.id,
    name: board.name,
    mcu: board.mcu,
    radio: radio.chip,
    bands: radio.bandsMHz.map((band) => band.join("-")).join(", "),
    ...radio.pins,
    tcxo: radio.tcxoVolts ?? "none",
    switch: radio.rfSwitch === undefined ? "none" : parts(dio2 === true && "dio2", rxen, txen),
    power: power?.map(({ feeds, pin, active }) => `${feeds} ${pin} ${active}`).join(", ") ?? "none",
    led: led === undefined ? "none" : `${led.pin} ${led.active}`,
    battery: battery ? parts(battery.pin, battery.divider, battery.referenceVolts ?? battery.attenuationDb) : "none",
    sense: battery?.enable === undefined ? "none" : `${battery.enable.pin} ${battery.enable.active}`,
    softdevice: flash.softdevice,
    flash: `${flash.size / 2 ** 20}MB`,
    psram: psram === undefined ? "none" : `${psram.bytes / 2 ** 20}MB ${psram.bus}`,
    board: platformio.board,
    vendor: platformio.vendor,
    "uf2-id": board.uf2?.boardId ?? "none",
    usb: board.usb.map((id) => `${usbName(id)} ${id.mode}`.replace(/^[^ ]+/, (hex) => hex.toLowerCase())).join(", "),
    source: board.source.map((one) => one.replaceAll(";", ",")).join("; "),
  };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, String(value)]));
}

/** The part of a value the questions reach; the rest is written by hand, with its reasons. */
function askable(board: RealBoard): unknown {
  const { acknowledge: _a, leave: _l, pmu: _p, button: _b, lockout: _o, draw: _d, verified: _v, ...rest } = board;
  const { dio1: _dio1, ...pins } = rest.radio.pins;
  const { url: _url, ...platformio } = rest.platformio;
  const uf2 = rest.uf2 && (board.mcu === "nrf52840" ? { ...rest.uf2, drive: undefined } : rest.uf2);
  const source = board.source.map((one) => one.replaceAll(";", ","));
  return { ...rest, radio: { ...rest.radio, pins }, platformio, source, ...(uf2 === undefined ? {} : { uf2 }) };
}

describe.each(REAL)("$id", (board) => {
  const answers = answersOf(board);

  test("its answers are accepted", () => {
    for (const question of QUESTIONS) {
      if (question.asked?.(answers) === false) continue;
      expect(question.wrong?.(answers[question.key] ?? "", answers), question.key).toBeUndefined();
    }
  });

  test("its answers make its value again, with everything that is derived", () => {
    expect(boardFromAnswers(answers)).toEqual(askable(board));
  });

  test("its text is formatted as prettier does it, and is the value", async () => {
    const text = boardText(board);
    expect(await prettier.format(text, { parser: "typescript", printWidth: 120 })).toBe(text);
    const literal = text.slice(text.indexOf("defineBoard(") + "defineBoard(".length, text.lastIndexOf(")"));
    expect(new Function(`return (${literal});`)()).toEqual(board);
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  });
});

test("a value made of defaults and pins passes the check", () => {
  const given: Record<string, string> = { id: "one", name: "One", mcu: "rp2040", source: "a schematic" };
  const pins = { sck: "10", miso: "12", mosi: "11", nss: "13", reset: "15", irq: "20", busy: "2" };
  const answers: Record<string, string> = {};
  for (const question of QUESTIONS) {
    if (question.asked?.(answers) === false) continue;
    answers[question.key] = { ...given, ...pins }[question.key] ?? question.fallback?.(answers) ?? "";
  }
  expect(checkBoard(boardFromAnswers(answers), "boards/one.ts").problems).toEqual([]);
});

test.each([
  ["mcu", "esp32c3", '"esp32c3" is none of nrf52840, esp32s3, esp32, rp2040'],
  ["sck", "P1.1", '"P1.1" is not of the form "P1.11"'],
  ["switch", "rxen", '"rxen" is not of the form "dio2"'],
  ["usb", "239a", '"239a" is not of the form "10c4:ea60 bridge"'],
  ["battery", "1", "battery volts per pin volt"],
  ["id", "My Board", "use lower-case letters"],
])("the answer %s = %s is refused in words", (key, answer, words) => {
  expect(QUESTIONS.find((one) => one.key === key)?.wrong?.(answer, {})).toContain(words);
});
