/**
 * Single wrong fields, on the boards they would be made on: each is caught, in a sentence that names file and field.
 * What a copied line, a slip in a digit or the value of a sister board would do.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { realBoard, withField } from "../tests/support/board-values.ts";
import { checkAgainst, checkBoard } from "./check.ts";
import { pinUses } from "./check/pin-uses.ts";
import { allBoards, boardFile, findBoard, otherBoards } from "./index.ts";
import { gpioIndex, MCUS } from "./mcu.ts";
import { type BoardProblem, problemSentence } from "./problem.ts";
import { isVirtual, type RealBoard } from "./schema.ts";
import { sharedUsb } from "./usb.ts";

const REAL = allBoards().filter((board): board is RealBoard => !isVirtual(board));

const OTHERS = new Map(REAL.map(({ id }) => [id, otherBoards(id)]));

/** What is wrong with a value under a board's id, alone and beside the other boards. */
function problems(id: string, value: unknown): readonly BoardProblem[] {
  const file = boardFile(id);
  const { board, problems: own } = checkBoard(value, file);
  return board === undefined ? own : [...own, ...checkAgainst({ file, board }, OTHERS.get(id) ?? [])];
}

type Mutation = readonly [board: string, field: string, value: unknown, caught: string, words: string];

const OVERLAP = [
  [863, 900],
  [890, 928],
];

// The field the message must name is given where it is another than the one changed.
const MUTATIONS: readonly Mutation[] = [
  // pins
  ["heltec-v3", "radio.pins.reset", 8, "", "used by both radio.pins.nss"],
  ["heltec-v3", "radio.pins.irq", 24, "", "has no pin 24"],
  ["heltec-v3", "radio.pins.busy", 30, "", "carries the program flash"],
  ["tbeam-sx1262", "radio.pins.nss", 34, "", "is input only"],
  ["tbeam-sx1262", "radio.pins.reset", 12, "", "strapping pin (MTDI"],
  ["tbeam-sx1276", "led.pin", 17, "", "carries the quad PSRAM"],
  ["tbeam-sx1276", "pmu.sda", 36, "", "is input only"],
  ["tbeam-sx1276", "pmu.scl", 21, "", "used by both pmu.sda and pmu.scl"],
  ["t3-v161", "radio.pins.dio1", 26, "", "used by both radio.pins.irq"],
  ["t3-v161", "acknowledge", undefined, "radio.pins.sck", "strapping pin (SDIO timing)"],
  ["t3s3-sx1262", "radio.pins.miso", 45, "", "strapping pin (flash voltage)"],
  ["t3s3-sx1276", "radio.rfSwitch.txen", 20, "", "carries USB to the socket"],
  ["xiao-s3-wio", "radio.rfSwitch.rxen", 36, "", "carries the octal PSRAM"],
  ["rak4631", "radio.pins.sck", "P1.18", "", "has no pin P1.18"],
  ["rak4631", "radio.pins.sck", 43, "", 'such as "P1.11"'],
  ["rak4631", "radio.pins.nss", "P1.07", "leave.P1.07", "used by both radio.pins.nss"],
  ["rak4631", "led.pin", "P0.18", "", "nRESET"],
  ["heltec-t114", "battery.enable.pin", "P0.14", "", "driven as an output by the Arduino variant pca10056"],
  [
    "xiao-nrf52-wio",
    "acknowledge",
    undefined,
    "battery.enable.pin",
    "driven as an output by the Arduino variant pca10056",
  ],
  ["rp2040-lora", "radio.pins.irq", 30, "", "has no pin 30"],
  // radio
  ["rp2040-lora", "radio.spi", 0, "radio.pins.sck", "GPIO14 is SCK of SPI1 and this line is SCK of SPI0"],
  ["rp2040-lora", "radio.spi", undefined, "", "write 1, the block of SCK"],
  ["rp2040-lora", "radio.pins.mosi", 12, "", "GPIO12 is RX of SPI1 and this line is TX of SPI1"],
  ["t-echo", "radio.spi", 0, "", "any pin of the nRF52840"],
  ["rak4631", "radio.tcxoVolts", 5, "", "cannot feed a TCXO with 5 V"],
  ["t3-v161", "radio.tcxoVolts", 1.8, "", "does not feed a TCXO"],
  ["t3-v161", "radio.pins.busy", 32, "", "the SX1276 has no BUSY line"],
  ["tbeam-sx1262", "radio.pins.dio1", 26, "", "is its interrupt"],
  ["xiao-s3-wio", "radio.pins.busy", undefined, "", "reports readiness on it"],
  ["tbeam-sx1276", "radio.rfSwitch", { dio2: true }, "radio.rfSwitch.dio2", "DIO2 of the SX1276"],
  ["tbeam-sx1276", "radio.rfSwitch", {}, "", "it names nothing"],
  ["t3s3-sx1276", "radio.rfSwitch.txen", undefined, "", "missing beside rxen"],
  ["xiao-nrf52-wio", "radio.rfSwitch.txen", "P0.02", "", "DIO2 turns the switch to the transmitter already"],
  ["xiao-nrf52-wio", "radio.rfSwitch.dio2", undefined, "radio.rfSwitch.txen", "missing beside rxen"],
  ["t-echo", "radio.rfSwitch", undefined, "", "nothing turns the antenna switch"],
  ["heltec-t114", "radio.chip", "SX1276", "radio.pins.busy", "no BUSY line"],
  ["heltec-t114", "radio.bandsMHz.0", [928, 863], "", "write the lower end first"],
  ["heltec-t114", "radio.bandsMHz.0", [863, 2480], "", "tunes 150-960 MHz"],
  ["heltec-t114", "radio.bandsMHz", OVERLAP, "radio.bandsMHz.1", "sort and join"],
  // supplies, power chip, battery
  ["tbeam-sx1262", "pmu.millivolts", 3250, "", "multiple of 100"],
  ["tbeam-sx1262", "power", [{ feeds: "radio", pin: 25, active: "high" }], "power.0.feeds", "a rail of pmu"],
  [
    "rak4631",
    "pmu",
    { sda: "P0.26", scl: "P0.27", radio: { axp192: "LDO2", axp2101: "ALDO2" }, millivolts: 3300 },
    "",
    "on ESP32 only",
  ],
  ["tbeam-sx1262", "battery", { pin: 36, divider: 2, attenuationDb: 12 }, "", "pmu measures the battery"],
  ["t-echo", "battery.divider", 49, "", "between 1 and 10"],
  ["t3-v161", "battery.divider", 1.2, "", "puts 3.50 V on the pin"],
  ["t3-v161", "battery.attenuationDb", 11, "", "use one of 0, 2.5, 6, 12 dB"],
  ["t3s3-sx1262", "battery.pin", 12, "", "no usable ADC"],
  ["xiao-nrf52-wio", "battery.referenceVolts", 1.2, "battery.divider", "the ADC ends at 1.2 V"],
  ["heltec-v3", "lockout", { belowVolts: 3.5, resumeVolts: 3.3 }, "lockout.resumeVolts", "not above belowVolts"],
  ["heltec-v3", "lockout", { belowVolts: 3.4, resumeVolts: 3.4 }, "lockout.resumeVolts", "not above belowVolts"],
  ["heltec-v3", "lockout", { belowVolts: 0.33, resumeVolts: 3.5 }, "lockout.belowVolts", "volts of a lithium cell"],
  ["xiao-s3-wio", "lockout", { belowVolts: 3.3, resumeVolts: 3.5 }, "", "nothing on this board measures"],
  // flash
  ["rak4631", "flash.app.offset", 0x27000, "", "S140 6.1.1 ends at 0x26000"],
  ["rak4631", "flash.softdevice", "S140 7.3.0", "flash.app.offset", "S140 7.3.0 ends at 0x27000"],
  ["xiao-nrf52-wio", "flash.softdevice", "S140 6.1.1", "flash.app.offset", "S140 6.1.1 ends at 0x26000"],
  ["xiao-nrf52-wio", "flash.app.max", 0xc7000, "", "inside the core's file system"],
  ["heltec-t114", "flash.bootloader", 0xe0000, "", "is not at 0xe0000"],
  ["t-echo", "flash.size", 0x80000, "", "inside the chip"],
  ["xiao-s3-wio", "flash.bootloader", 0x1000, "", "use 0x0"],
  ["tbeam-sx1276", "flash.bootloader", 0, "", "use 0x1000"],
  ["t3s3-sx1262", "flash.partitions", "default_8MB.csv", "", "use default.csv"],
  ["heltec-v3", "flash.app.max", 0x140000, "flash.app", "the first slot of default_8MB.csv"],
  ["heltec-v3", "flash.size", 0x400000, "flash.partitions", "use default.csv"],
  ["rp2040-lora", "flash.app.offset", 0, "", "use 0x10000000"],
  ["rp2040-lora", "flash.app.max", 0x200000, "", "leave 0x17f000"],
  ["rp2040-lora", "flash.partitions", "default.csv", "", "has no partition table"],
  ["t-echo", "psram", { bytes: 0x200000, bus: "quad" }, "", "no bus for PSRAM"],
  ["tbeam-sx1262", "psram.bus", "octal", "", "no octal bus"],
  // flashing, USB, tools
  ["rak4631", "uf2.family", 0xd663823c, "", "not a UF2 family"],
  ["rp2040-lora", "uf2.family", 0xada52840, "", "use 0xe48bff56"],
  ["rp2040-lora", "uf2.boardId", "RP2040-LoRa", "", "the ROM's drive is RPI-RP2"],
  ["heltec-t114", "uf2.boardId", "WisBlock-RAK4631-Board", "", "is rak4631's too"],
  ["heltec-t114", "flashing", ["dfu", "swd"], "uf2", "flashing does not name uf2"],
  ["t3-v161", "flashing.0", "uf2", "", "cannot be flashed by uf2"],
  ["heltec-t114", "usb.0.pid", 0x8029, "usb.0", "239A:8029 in mode app is rak4631's too"],
  ["xiao-nrf52-wio", "usb.1.mode", "app", "usb", "no id is of mode bootloader"],
  ["t3-v161", "usb.0.mode", "app", "", "no USB of its own"],
  ["xiao-s3-wio", "usb.0.pid", 0x1002, "usb", "no id of mode app is 303A:1001"],
  ["rp2040-lora", "platformio.platform", "espressif32", "", "does not build for the RP2040"],
  ["t-echo", "platformio.variant", "feather_nrf52840_express", "", "nothing is known about the variant"],
  ["t-echo", "platformio.vendor", undefined, "", "it is missing"],
  ["t3-v161", "mcu", "esp32s3", "radio.pins.reset", "has no pin 23"],
  ["t3-v161", "engines", ["wasm3"], "engines.0", "wasm3 needs about"],
  ["t3-v161", "engines", ["aot", "wasm3"], "engines.1", "wasm3 needs about"],
  ["t3s3-sx1276", "name", "LILYGO T3-S3 (SX1262)", "", "t3s3-sx1262 is called that too"],
];

test("there are enough of them, on every board", () => {
  expect(MUTATIONS.length).toBeGreaterThanOrEqual(30);
  expect(new Set(MUTATIONS.map(([id]) => id))).toEqual(new Set(REAL.map(({ id }) => id)));
});

describe.each(REAL.map(({ id }) => id))("one wrong field of %s", (id) => {
  test.each(MUTATIONS.filter(([of]) => of === id))("%s: %s = %j", (_, field, value, elsewhere, words) => {
    const board = findBoard(id);
    expect(problems(id, board)).toEqual([]);
    const found = problems(id, withField(board, field, value));
    const named = found.filter((one) => one.field === (elsewhere === "" ? field : elsewhere));
    expect(named.map(problemSentence).join("\n"), found.map(problemSentence).join("\n")).toContain(words);
    expect(named.length).toBeGreaterThan(0);
    for (const one of found) expect(problemSentence(one)).toMatch(/^boards\/[a-z0-9-]+\.ts: [\w.]+: .+; .+\.$/);
  });
});

describe.each(REAL)("properties of $id", (base) => {
  const fields = pinUses(base).filter((use) => !use.field.startsWith("leave."));

  test("any pin moved onto another's is caught, with both fields", () => {
    const pairs = fc
      .tuple(fc.nat(fields.length - 1), fc.nat(fields.length - 1))
      .filter(([from, to]) => from !== to)
      .map(([from, to]) => [fields[from], fields[to]] as const);
    fc.assert(
      fc.property(pairs, ([from, to]) => {
        const found = problems(base.id, withField(base, to?.field ?? "", from?.pin)).map(problemSentence);
        const both = found.filter((one) => one.includes(" used by both "));
        expect(both).toHaveLength(1);
        expect(both[0]).toContain(from?.field);
        expect(both[0]).toContain(to?.field);
      }),
    );
  });

  test("any driven pin moved onto one the chip lacks, drives nothing on, or has taken is caught", () => {
    const mcu = MCUS[base.mcu];
    const bad = [...Array(64).keys()].filter(
      (gpio) => !mcu.gpios.has(gpio) || mcu.inputOnly.has(gpio) || mcu.flashPins.has(gpio),
    );
    const written = (gpio: number) =>
      mcu.pinForm === "port" ? `P${gpio >> 5}.${String(gpio & 31).padStart(2, "0")}` : gpio;
    fc.assert(
      fc.property(
        fc.constantFrom(...fields.filter((use) => use.drives)),
        fc.constantFrom(...bad),
        ({ field }, gpio) => {
          const found = problems(base.id, withField(base, field, written(gpio)));
          expect(found.map((one) => one.field)).toContain(field);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("an id of another board's USB is caught unless it is known to be shared", () => {
    const others = REAL.filter(({ id }) => id !== base.id).flatMap((other) => other.usb);
    fc.assert(
      fc.property(fc.constantFrom(...others), (id) => {
        fc.pre(sharedUsb(id) === undefined);
        const found = problems(base.id, withField(base, "usb.0", id)).map((one) => one.field);
        expect(found.some((field) => field.startsWith("usb"))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

test("an id may stand for another board in another mode", () => {
  const bootloader = { vid: 0x239a, pid: 0x8029, mode: "bootloader" };
  expect(problems("heltec-t114", withField(findBoard("heltec-t114"), "usb.1", bootloader))).toEqual([]);
});

test("boards that differ in the radio alone are wired alike but for it", () => {
  for (const family of ["tbeam", "t3s3"]) {
    const [one, two] = [realBoard(findBoard(`${family}-sx1262`)), realBoard(findBoard(`${family}-sx1276`))];
    const without = ({ id: _id, name: _name, radio: _radio, source: _source, ...rest }: RealBoard) => rest;
    expect(without(one)).toEqual(without(two));
  }
});

test("a pin's index is the one its datasheet has", () => {
  const at = (id: string, pin: "sck" | "irq") => {
    const board = realBoard(findBoard(id));
    return gpioIndex(board.mcu, board.radio.pins[pin]);
  };
  expect([at("xiao-nrf52-wio", "sck"), at("xiao-nrf52-wio", "irq"), at("heltec-t114", "irq")]).toEqual([45, 3, 20]);
});
