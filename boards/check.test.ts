import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkBoard, pinUses } from "./check.ts";
import heltecV3 from "./heltec-v3.ts";
import { gpioIndex, MCUS, type Pin, pinName } from "./mcu.ts";
import { problemSentence } from "./problem.ts";
import qemuM4 from "./qemu-m4.ts";
import rak4631 from "./rak4631.ts";
import { type Board, defineBoard, type RealBoard } from "./schema.ts";
import { realBoard as real, withField } from "../tests/support/board-values.ts";

/** An ESP32 with an SX1276, in the way of a T-Beam: strapping pins in use, crystal, switch inside the module. */
const esp32 = real(
  defineBoard({
    id: "esp32-test",
    name: "ESP32 test",
    mcu: "esp32",
    radio: {
      chip: "SX1276",
      bandsMHz: [[863, 928]],
      pins: { sck: 5, miso: 19, mosi: 27, nss: 18, reset: 23, irq: 26 },
    },
    led: { pin: 4, active: "low" },
    acknowledge: { 5: "SCK idles low and the SDIO timing strap is unused" },
    flash: {
      size: 0x400000,
      bootloader: 0x1000,
      app: { offset: 0x10000, max: 0x140000 },
      partitions: "default.csv",
    },
    flashing: ["esptool"],
    usb: [{ vid: 0x1a86, pid: 0x7523, mode: "bridge" }],
    platformio: { platform: "espressif32", framework: "arduino", board: "ttgo-t-beam" },
    tier: "minimal",
    engines: ["aot"],
    source: ["a board made for this test"],
  }),
);

const FILE = "boards/test.ts";

type Case = readonly [base: Board, field: string, value: unknown, sentence: string];

/** One test per case: the value with that one field changed gives exactly one problem, and this is in it. */
function eachGives(cases: readonly Case[]): void {
  for (const [base, field, value, sentence] of cases) {
    test(`${base.id} with ${field} = ${JSON.stringify(value)}`, () => {
      const found = sentences(withField(base, field, value));
      expect(found).toEqual([expect.stringContaining(sentence)]);
      expect(found[0]?.startsWith(`${FILE}: `)).toBe(true);
    });
  }
}

function sentences(value: unknown): string[] {
  return checkBoard(value, FILE).problems.map(problemSentence);
}

test("a right board passes", () => {
  for (const board of [rak4631, heltecV3, esp32, qemuM4]) expect(sentences(board), board.id).toEqual([]);
});

describe("shape", () => {
  eachGives([
    [rak4631, "id", "RAK 4631", 'id: it is "RAK 4631"; use lower-case letters, digits and single dashes.'],
    [rak4631, "id", "rak4631-aot", 'id: it is "rak4631-aot"; do not end it like the name of an engine\'s variant.'],
    [rak4631, "id", "rak-wasm3", 'id: it is "rak-wasm3"; do not end it like the name of an engine\'s variant.'],
    [rak4631, "name", undefined, "name: it is missing; give a string."],
    [rak4631, "name", 'a "name"', "use printable ASCII without quotes and backslashes"],
    [rak4631, "mcu", "nrf52832", 'mcu: it is "nrf52832"; use "nrf52840" or "esp32s3"'],
    [rak4631, "radio.chip", "SX1280", 'radio.chip: it is "SX1280"; use "SX1262" or "SX1276".'],
    [rak4631, "radio.pins.sck", undefined, 'radio.pins.sck: it is missing; write a pin as "P1.11"'],
    [rak4631, "radio.pins.sck", "11", 'radio.pins.sck: it is "11"; write a pin as "P1.11" on nRF52840'],
    [rak4631, "radio.pins.bussy", "P1.14", "radio.pins.bussy: there is no such field; write busy."],
    [rak4631, "colour", "red", "colour: there is no such field; use only id, name,"],
    [rak4631, "led.active", "on", 'led.active: it is "on"; use "low" or "high".'],
    [rak4631, "tier", "huge", 'tier: it is "huge"; use "minimal"'],
    [rak4631, "engines", [], 'engines.0: it is missing; use "wasm3" or "aot".'],
    [rak4631, "engines.0", "wasm4", 'engines.0: it is "wasm4"; use "wasm3" or "aot".'],
    [rak4631, "verified", "yes", 'verified: it is "yes"; use "built" or "emulated" or "hardware".'],
    [rak4631, "source", [], "source: it is []; cite at least one source."],
    [rak4631, "usb.0.vid", "239a", 'usb.0.vid: it is "239a"; write a USB id as a number of 16 bits, such as 0x239a.'],
    [rak4631, "usb.0.vid", 0x10000, "usb.0.vid: it is 65536; write a USB id as a number of 16 bits, such as 0x239a."],
    [rak4631, "flash.size", 0, "flash.size: it is 0; use 1 or more."],
    [rak4631, "flash.softdevice", "S132", 'flash.softdevice: it is "S132"; use "S140 6.1.1" or "S140 7.3.0".'],
    [rak4631, "leave", { "P1.07": "" }, 'leave.P1.07: it is ""; say why in a few words.'],
    [rak4631, "platformio.framework", "zephyr", 'platformio.framework: it is "zephyr"; use "arduino".'],
    [qemuM4, "led", { pin: 1, active: "low" }, "led: a virtual board has no pins, flash or USB; remove it."],
    [qemuM4, "virtual.machine", undefined, "virtual.machine: it is missing; give a string."],
  ]);

  test("something that is no board at all is one sentence", () => {
    expect(sentences(undefined)).toEqual([`${FILE}: the board value: it is missing; give an object.`]);
    expect(sentences(3)).toEqual([`${FILE}: the board value: it is 3; give an object.`]);
  });
});

describe("sense", () => {
  eachGives([
    // a pin twice: file, field and both uses
    [
      rak4631,
      "radio.pins.busy",
      "P1.10",
      `${FILE}: radio.pins.busy: P1.10 is used by both radio.pins.nss and radio.pins.busy; give each its own pin.`,
    ],
    [rak4631, "led.pin", "P1.07", "leave.P1.07: P1.07 is used by both led.pin and leave.P1.07"],
    [heltecV3, "power.0.pin", 35, "led.pin: GPIO35 is used by both power.0.pin and led.pin"],
    // a pin the chip lacks, or in another chip's form
    [rak4631, "led.pin", "P1.16", "led.pin: the nRF52840 has no pin P1.16; use one of P0.00-P0.31, P1.00-P1.15."],
    [heltecV3, "led.pin", 22, "led.pin: the ESP32-S3 has no pin 22; use one of GPIO0-GPIO21, GPIO26-GPIO48."],
    [esp32, "led.pin", 20, "led.pin: the ESP32 has no pin 20"],
    [rak4631, "led.pin", 35, 'led.pin: it is 35; write a pin of the nRF52840 as port and pin, such as "P1.11".'],
    [heltecV3, "led.pin", "P1.03", 'led.pin: it is "P1.03"; write a pin of the ESP32-S3 as a GPIO number'],
    // pins that are not free
    [heltecV3, "led.pin", 27, "led.pin: GPIO27 of the ESP32-S3 carries the program flash; use another pin."],
    [esp32, "led.pin", 6, "led.pin: GPIO6 of the ESP32 carries the program flash"],
    [esp32, "led.pin", 34, "led.pin: GPIO34 of the ESP32 is input only and cannot be driven"],
    // a button
    [
      rak4631,
      "button",
      { pin: "P1.15", active: "low" },
      "button.pin: P1.15 is used by both radio.pins.irq and button.pin",
    ],
    [heltecV3, "acknowledge", undefined, "button.pin: GPIO0 of the ESP32-S3 is a strapping pin (low at reset starts"],
    [
      heltecV3,
      "button.active",
      "high",
      "button.pull: a button that is active high would seem held for ever with a res",
    ],
    [
      heltecV3,
      "button.pull",
      "down",
      "button.pull: a button that is active low would seem held for ever with a resistor",
    ],
    [heltecV3, "button.pull", "both", "button.pull: "],
    [esp32, "button", { pin: 38, active: "low", pull: "up" }, "button.pull: GPIO38 of the ESP32 is input only and has"],
    [rak4631, "button", { pin: "P0.18", active: "low" }, "button.pin: P0.18 of the nRF52840 is nRESET once"],
    [qemuM4, "button", { pin: 1, active: "low" }, "button: a virtual board has no pins, flash or USB; remove it."],
    // strapping and fixed functions
    [
      heltecV3,
      "led.pin",
      45,
      "led.pin: GPIO45 of the ESP32-S3 is a strapping pin (flash voltage); use another pin, or say why it is harmless in acknowledge: { 45:",
    ],
    [esp32, "acknowledge", undefined, "radio.pins.sck: GPIO5 of the ESP32 is a strapping pin (SDIO timing)"],
    [rak4631, "led.pin", "P0.09", "led.pin: P0.09 of the nRF52840 is an NFC antenna pin until UICR.NFCPINS frees it"],
    [rak4631, "radio.pins.irq", "P0.14", "radio.pins.irq: P0.14 of the nRF52840 is driven as an output by the Arduino"],
    [rak4631, "acknowledge", { "P0.20": "nothing is here" }, "acknowledge.P0.20: no field uses this pin"],
    [rak4631, "acknowledge", { "20": "nothing is here" }, 'acknowledge.20: "20" is no pin of the nRF52840'],
    // radio
    [rak4631, "radio.pins.busy", undefined, "radio.pins.busy: it is missing and the SX1262 reports readiness on it"],
    [esp32, "radio.pins.busy", 32, "radio.pins.busy: the SX1276 has no BUSY line"],
    [rak4631, "radio.tcxoVolts", 3.4, "radio.tcxoVolts: the SX1262 cannot feed a TCXO with 3.4 V; use one of 1.6,"],
    [rak4631, "radio.tcxoVolts", 1800, "radio.tcxoVolts: the SX1262 cannot feed a TCXO with 1800 V"],
    [esp32, "radio.tcxoVolts", 1.8, "radio.tcxoVolts: the SX1276 does not feed a TCXO"],
    [rak4631, "radio.rfSwitch", undefined, "radio.rfSwitch: nothing turns the antenna switch of the SX1262"],
    [esp32, "radio.rfSwitch", { dio2: true }, "radio.rfSwitch.dio2: DIO2 of the SX1276 cannot turn an antenna switch"],
    // battery
    [rak4631, "battery.pin", "P0.20", "battery.pin: P0.20 of the nRF52840 has no usable ADC; use one of P0.02-P0.05,"],
    [heltecV3, "battery.pin", 15, "battery.pin: GPIO15 of the ESP32-S3 has no usable ADC; use one of GPIO1-GPIO10."],
    [rak4631, "battery.divider", 0.6, "battery.divider: it is 0.6; write battery volts per pin volt"],
    [rak4631, "battery.divider", 1.2, "battery.divider: a full cell of 4.2 V puts 3.50 V on the pin and the ADC ends"],
    [heltecV3, "battery.divider", 2, "a full cell of 4.2 V puts 2.10 V on the pin and the ADC ends at 1.25 V"],
    [rak4631, "battery.referenceVolts", undefined, "battery.referenceVolts: it is missing; use 1.2, 1.8"],
    [rak4631, "battery.referenceVolts", 3.3, "battery.referenceVolts: it is 3.3; use 1.2, 1.8"],
    [heltecV3, "battery.attenuationDb", undefined, "battery.attenuationDb: it is missing; use one of 0, 2.5, 6, 12 dB"],
    [rak4631, "battery.attenuationDb", 6, "battery.attenuationDb: the nRF52840 has no ADC attenuator; remove it."],
    [heltecV3, "battery.referenceVolts", 3, "battery.referenceVolts: the ESP32-S3 has no ADC reference to choose"],
    // flash: sizes, SoftDevice, ESP layout
    [rak4631, "flash.size", 0x200000, "flash.size: 2097152 bytes is more than a nRF52840 can have"],
    [heltecV3, "flash.size", 0x1000000, "flash.partitions: default_8MB.csv fills a flash of 0x800000 bytes and this"],
    [
      rak4631,
      "flash.app",
      { offset: 0x27000, max: 0xc6000 },
      "flash.app.offset: S140 6.1.1 ends at 0x26000 and the application would start at 0x27000; use 0x26000",
    ],
    [rak4631, "flash.app.max", 0xc8000, "flash.app.max: the application may end at 0xee000, inside the core's file"],
    [rak4631, "flash.bootloader", 0xf8000, "flash.bootloader: the Adafruit bootloader is not at 0xf8000; use 0xf4000."],
    [rak4631, "flash.softdevice", undefined, "flash.softdevice: it is missing; name the one INFO_UF2.TXT"],
    [heltecV3, "flash.softdevice", "S140 6.1.1", "flash.softdevice: the ESP32-S3 runs no SoftDevice"],
    [rak4631, "flash.partitions", "default.csv", "flash.partitions: the nRF52840 has no partition table"],
    [
      heltecV3,
      "flash.bootloader",
      0x1000,
      "the ROM of the ESP32-S3 does not look for a bootloader at 0x1000; use 0x0.",
    ],
    [esp32, "flash.bootloader", 0x0, "the ROM of the ESP32 does not look for a bootloader at 0x0; use 0x1000."],
    [heltecV3, "flash.partitions", "mine.csv", 'flash.partitions: it is "mine.csv"; use default.csv or default_8MB'],
    [heltecV3, "flash.partitions", undefined, "flash.partitions: it is missing; use default.csv"],
    [
      heltecV3,
      "flash.app.max",
      0x300000,
      "flash.app: it is 0x10000 with 0x300000 bytes; use offset 0x10000 and max 0x33",
    ],
    // flashing and tools
    [
      rak4631,
      "flashing",
      ["uf2", "esptool"],
      "flashing.1: a nRF52840 cannot be flashed by esptool; use uf2 or dfu or swd.",
    ],
    [rak4631, "uf2", undefined, "uf2: it is missing and flashing names uf2"],
    [rak4631, "uf2.family", 0xe48bff56, "uf2.family: 0xe48bff56 is not a UF2 family of the nRF52840; use 0xada52840"],
    [rak4631, "uf2.family", 0xd663823c, "uf2.family: 0xd663823c is not a UF2 family of the nRF52840"],
    [rak4631, "platformio.platform", "espressif32", "platformio.platform: espressif32 does not build for the nRF52840"],
    [rak4631, "platformio.variant", undefined, "platformio: neither board nor variant is given"],
    [rak4631, "platformio.board", "nrf52840_dk", "platformio: both board and variant are given"],
    [rak4631, "platformio.variant", "pca10059", 'platformio.variant: nothing is known about the variant "pca10059"'],
    // engines: RAM
    [
      rak4631,
      "engines",
      ["wasm3", "aot"],
      "engines.0: wasm3 needs about 348 KB of RAM for the core and a program on this board has 232; name only aot.",
    ],
    [rak4631, "engines", ["aot", "wasm3"], "engines.1: wasm3 needs about 348 KB of RAM"],
    [heltecV3, "engines", ["wasm3"], "engines.0: wasm3 needs about 396 KB of RAM for the core and a program on this"],
    [qemuM4, "engines", ["aot", "wasm3", "aot"], "engines.2: aot is named twice; name it once."],
    // virtual boards
    [
      qemuM4,
      "mcu",
      "nrf52840",
      "mcu: the nRF52840 is silicon and this board is virtual; use cortex-m4 or rv32 or host.",
    ],
    [
      qemuM4,
      "mcu",
      "rv32",
      "virtual.emulator: qemu-system-arm does not run the RV32 (ESP32-C3 limits); use qemu-system",
    ],
  ]);

  test("PSRAM takes pins, by its bus", () => {
    // GPIO35-37 are free on the Heltec only because its ESP32-S3FN8 has no PSRAM.
    const octal = sentences(withField(heltecV3, "psram", { bytes: 8 << 20, bus: "octal" }));
    expect(octal.map((one) => one.split(": ")[1])).toEqual(["power.0.pin", "led.pin", "battery.enable.pin"]);
    expect(octal[0]).toContain("GPIO36 of the ESP32-S3 carries the octal PSRAM");
    expect(sentences(withField(heltecV3, "psram", { bytes: 2 << 20, bus: "quad" }))).toEqual([]);
    const board = withField(esp32, "led.pin", 16) as Board;
    expect(sentences(board)).toEqual([]);
    expect(sentences(withField(board, "psram", { bytes: 4 << 20, bus: "quad" }))).toEqual([
      expect.stringContaining("led.pin: GPIO16 of the ESP32 carries the quad PSRAM"),
    ]);
  });

  test("a SoftDevice whose linker script is ours needs a board file of ours", () => {
    const board = withField(rak4631, "flash.softdevice", "S140 7.3.0") as Board;
    // The wrong offset is a problem of its own.
    expect(sentences(board)).toEqual([expect.stringContaining("S140 7.3.0 ends at 0x27000")]);
    const fits = withField(board, "flash.app", { offset: 0x27000, max: 0xc6000 }) as Board;
    expect(sentences(fits)).toEqual([]);
    const platformio = { platform: "nordicnrf52", framework: "arduino", board: "adafruit_feather_nrf52840" };
    expect(sentences(withField(fits, "platformio", platformio))).toEqual([
      expect.stringContaining("platformio.variant: it is missing and S140 7.3.0 needs this project's linker script"),
    ]);
  });

  test("the flash leaves room for the application", () => {
    expect(sentences(withField(heltecV3, "flash.size", 0x100000))).toContainEqual(
      `${FILE}: flash.app: the application reaches from 0x10000 to 0x340000; keep it between 0x0 and 0x100000.`,
    );
  });

  test("a real board on a virtual chip is told which of the two to change", () => {
    expect(sentences({ ...rak4631, mcu: "cortex-m4" })).toContainEqual(
      `${FILE}: mcu: cortex-m4 is a virtual chip; add a virtual field and remove the wiring, or name a real chip.`,
    );
  });

  test("an acknowledged pin is accepted", () => {
    const board = withField(heltecV3, "led.pin", 45) as Board;
    const acknowledge = { 0: "it is the BOOT button", 45: "a LED to ground keeps the strap low" };
    expect(sentences({ ...board, acknowledge })).toEqual([]);
  });

  test("all problems are reported, not only the first", () => {
    let board: unknown = withField(heltecV3, "led.pin", 22);
    board = withField(board as Board, "radio.tcxoVolts", 5);
    board = withField(board as Board, "flash.bootloader", 0x1000);
    board = withField(board as Board, "radio.pins.busy", 8);
    expect(checkBoard(board, FILE).problems.map((problem) => problem.field)).toEqual([
      "led.pin",
      "radio.pins.busy",
      "radio.tcxoVolts",
      "flash.bootloader",
    ]);
  });
});

describe("properties", () => {
  /** Fields a pin can be moved into by path; `leave` entries are keys, not values. */
  const fields = (board: RealBoard) => pinUses(board).filter((use) => !use.field.startsWith("leave."));

  test.each([rak4631, heltecV3, esp32].map(real))(
    "any two fields on one pin are reported with both names: $id",
    (base) => {
      const uses = fields(base);
      const pairs = fc
        .tuple(fc.nat(uses.length - 1), fc.nat(uses.length - 1))
        .filter(([from, to]) => from !== to)
        .map(([from, to]) => [uses[from], uses[to]] as const);
      fc.assert(
        fc.property(pairs, ([from, to]) => {
          const found = sentences(withField(base, to?.field ?? "", from?.pin)).filter((one) => one.includes(" both "));
          expect(found).toHaveLength(1);
          expect(found[0]).toContain(FILE);
          expect(found[0]).toContain(from?.field);
          expect(found[0]).toContain(to?.field);
        }),
      );
    },
  );

  test.each([rak4631, heltecV3, esp32].map(real))(
    "any pin in any field: passes or is reported with the field's name: $id",
    (base) => {
      const mcu = MCUS[base.mcu];
      const port = fc.tuple(fc.nat(1), fc.nat(39)).map(([p, n]) => `P${p}.${String(n).padStart(2, "0")}`);
      const pins: fc.Arbitrary<Pin> = base.mcu === "nrf52840" ? port : fc.nat(63);
      const taken = new Set(pinUses(base).map((use) => use.pin));
      fc.assert(
        fc.property(fc.constantFrom(...fields(base)), pins, (use, pin) => {
          fc.pre(!taken.has(pin) && !taken.has(String(pin)));
          const gpio = gpioIndex(base.mcu, pin) ?? -1;
          const allowed =
            mcu.gpios.has(gpio) &&
            !mcu.flashPins.has(gpio) &&
            !mcu.caution.has(gpio) &&
            !(use.drives && mcu.inputOnly.has(gpio)) &&
            (use.field !== "battery.pin" || mcu.adc.has(gpio)) &&
            (use.field === "led.pin" || base.platformio.variant === undefined || gpio < 13 || gpio > 16);
          const problems = checkBoard(withField(base, use.field, pin), FILE).problems;
          // Moving SCK off GPIO5 leaves a reason behind that nothing needs.
          const own = problems.filter((problem) => !problem.field.startsWith("acknowledge."));
          expect(own.length === 0, `${use.field} on ${pinName(base.mcu, gpio)}`).toBe(allowed);
          if (!allowed) expect(own.map((problem) => problem.field)).toContain(use.field);
        }),
      );
    },
  );

  test("no value makes the check throw, and every problem is one sentence", () => {
    fc.assert(
      fc.property(fc.constantFrom<Board>(rak4631, heltecV3, qemuM4), fc.anything(), fc.nat(), (board, value, pick) => {
        const keys = Object.keys(board);
        const broken = withField(board, keys[pick % keys.length] ?? "id", value);
        for (const one of sentences(broken)) expect(one).toMatch(/^boards\/test\.ts: .+: .+; .+\.$/);
        sentences(value);
      }),
      { numRuns: 300 },
    );
  });
});
