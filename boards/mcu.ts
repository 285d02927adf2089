/**
 * What each microcontroller has: the GPIOs that exist, what they are tied to, memory, and where an image must lie.
 *
 * Everything a board value can get wrong against its chip is decided from this table, so each fact carries the
 * document it comes from. Pins are written the way the chip's own datasheet prints them: "P1.11" on Nordic parts,
 * a GPIO number elsewhere; `gpioIndex` is the only place that turns either into the index firmware uses.
 */

export const MCU_IDS = ["nrf52840", "esp32s3", "esp32", "rp2040", "cortex-m4", "rv32", "host"] as const;
export type McuId = (typeof MCU_IDS)[number];

/** A pin as a board value writes it: "P1.11" (nRF) or a GPIO number (everything else). */
export type Pin = string | number;

export interface Mcu {
  readonly name: string;
  /** How this chip's datasheet names pins; `none` for a virtual chip, which has no pins to wire. */
  readonly pinForm: "port" | "number" | "none";
  readonly gpios: ReadonlySet<number>;
  readonly inputOnly: ReadonlySet<number>;
  /** GPIOs the battery ADC can read. */
  readonly adc: ReadonlySet<number>;
  /** Full-scale volts by ADC attenuation in dB; empty when the chip has no attenuator. */
  readonly attenuation: ReadonlyMap<number, number>;
  /** GPIOs that carry the program flash; never free. */
  readonly flashPins: ReadonlySet<number>;
  /** GPIOs a PSRAM of that bus width takes. */
  readonly psramPins: { readonly quad: ReadonlySet<number>; readonly octal: ReadonlySet<number> };
  /** GPIOs that do something at reset or belong to a fixed function: usable, but only with a stated reason. */
  readonly caution: ReadonlyMap<number, string>;
  /** First address of program flash as images name it, the most a board can carry, and whether the chip has it inside. */
  readonly flash: { readonly base: number; readonly maxBytes: number; readonly inside?: true } | undefined;
  /** RAM an application may use, in bytes; undefined where the SoftDevice or the host decides. */
  readonly appRamBytes: number | undefined;
  /** What of it the linker can give static variables, where that is less; the rest is the heap's. */
  readonly staticRamBytes?: number;
  /** RAM of a virtual chip's machine, in bytes, where its linker script gives more than an image may take. */
  readonly machineRamBytes?: number;
  readonly uf2Families: ReadonlyMap<number, string>;
  readonly flashing: readonly string[];
  readonly platform: string | undefined;
  /** Offset the ESP ROM loads the second-stage bootloader from. */
  readonly espBootloader: number | undefined;
  /** The program that runs a virtual chip; undefined for silicon. */
  readonly emulator: string | undefined;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** Inclusive ranges to a set: `gpios([0, 19], [21, 23])`. */
function gpios(...ranges: readonly (readonly [number, number])[]): Set<number> {
  const set = new Set<number>();
  for (const [first, last] of ranges) for (let n = first; n <= last; n++) set.add(n);
  return set;
}

/** Gives every GPIO of each range the same reason. */
function reasons(...entries: readonly (readonly [number, string])[]): Map<number, string> {
  return new Map(entries);
}

const NONE: ReadonlySet<number> = new Set();
const NO_PSRAM = { quad: NONE, octal: NONE };

function virtualMcu(name: string, emulator: string, flashBytes?: number, ramBytes?: number): Mcu {
  return {
    name,
    pinForm: "none",
    gpios: NONE,
    inputOnly: NONE,
    adc: NONE,
    attenuation: new Map(),
    flashPins: NONE,
    psramPins: NO_PSRAM,
    caution: new Map(),
    flash: flashBytes === undefined ? undefined : { base: 0, maxBytes: flashBytes },
    appRamBytes: ramBytes,
    uf2Families: new Map(),
    flashing: [],
    platform: undefined,
    espBootloader: undefined,
    emulator,
  };
}

export const MCUS: Readonly<Record<McuId, Mcu>> = {
  // nRF52840 Product Specification v1.7: chapter "Pin assignments" (P0.00-P0.31, P1.00-P1.15), chapter "SAADC"
  // (AIN0..7 = P0.02-P0.05, P0.28-P0.31), chapter "Memory" (1 MB flash, 256 KB RAM).
  nrf52840: {
    name: "nRF52840",
    pinForm: "port",
    gpios: gpios([0, 47]),
    inputOnly: NONE,
    adc: gpios([2, 5], [28, 31]),
    attenuation: new Map(),
    flashPins: NONE,
    psramPins: NO_PSRAM,
    caution: reasons(
      [0, "XL1 of the 32.768 kHz crystal"],
      [1, "XL2 of the 32.768 kHz crystal"],
      [9, "an NFC antenna pin until UICR.NFCPINS frees it"],
      [10, "an NFC antenna pin until UICR.NFCPINS frees it"],
      [18, "nRESET once UICR.PSELRESET is set, which the Adafruit bootloader does"],
    ),
    flash: { base: 0, maxBytes: 1 * MiB, inside: true },
    appRamBytes: undefined,
    // microsoft/uf2 utils/uf2families.json. 0xD663823C (bootloader self-update) is left out on purpose: an
    // application tagged with it would overwrite the bootloader.
    uf2Families: new Map([[0xada52840, "nRF52840"]]),
    flashing: ["uf2", "dfu", "swd"],
    platform: "nordicnrf52",
    espBootloader: undefined,
    emulator: undefined,
  },

  // ESP32-S3 Series Datasheet, chapters "Pins" and "Boot Configurations" (strapping: GPIO0, 3, 45, 46); ESP-IDF
  // v5.5 "GPIO & RTC GPIO" for esp32s3 (no GPIO22-25; 26-32 SPI flash; 33-37 the upper half of an octal bus).
  esp32s3: {
    name: "ESP32-S3",
    pinForm: "number",
    gpios: gpios([0, 21], [26, 48]),
    inputOnly: NONE,
    // ADC1 only: ESP-IDF "ADC" for esp32s3 says ADC2 results are not reliable on this chip (errata).
    adc: gpios([1, 10]),
    attenuation: new Map([
      [0, 0.95],
      [2.5, 1.25],
      [6, 1.75],
      [12, 3.1],
    ]),
    flashPins: gpios([26, 32]),
    psramPins: { quad: NONE, octal: gpios([33, 37]) },
    caution: reasons(
      [0, "a strapping pin (low at reset starts the serial downloader)"],
      [3, "a strapping pin (JTAG source)"],
      [19, "USB D-"],
      [20, "USB D+"],
      [43, "U0TXD, the boot console"],
      [44, "U0RXD, the boot console"],
      [45, "a strapping pin (flash voltage)"],
      [46, "a strapping pin (ROM messages, must be low to enter the downloader)"],
    ),
    flash: { base: 0, maxBytes: 32 * MiB },
    appRamBytes: 327_680, // what every ESP32-S3 board file of platform-espressif32 6.13.0 grants
    uf2Families: new Map([[0xc47e5767, "ESP32-S3"]]),
    flashing: ["esptool"],
    platform: "espressif32",
    espBootloader: 0x0, // espressif/esptool-js src/targets/esp32s3.ts
    emulator: undefined,
  },

  // ESP32 Series Datasheet, chapters "Pins" and "Strapping Pins"; ESP-IDF v5.5 "GPIO & RTC GPIO" for esp32 (no
  // GPIO20 outside ESP32-PICO-V3, no 24 and 28-31; 6-11 and 16-17 flash and PSRAM; 34-39 input only, no pulls).
  esp32: {
    name: "ESP32",
    pinForm: "number",
    gpios: gpios([0, 19], [21, 23], [25, 27], [32, 39]),
    inputOnly: gpios([34, 39]),
    adc: gpios([32, 39]), // ADC1; ADC2 is shared with Wi-Fi
    attenuation: new Map([
      [0, 0.95],
      [2.5, 1.25],
      [6, 1.75],
      [12, 2.45],
    ]),
    flashPins: gpios([6, 11]),
    psramPins: { quad: gpios([16, 17]), octal: NONE },
    caution: reasons(
      [0, "a strapping pin (low at reset starts the serial downloader)"],
      [1, "U0TXD, the boot console"],
      [2, "a strapping pin (must be low or floating to enter the downloader)"],
      [3, "U0RXD, the boot console"],
      [5, "a strapping pin (SDIO timing)"],
      [12, "a strapping pin (MTDI: high at reset selects 1.8 V flash and a 3.3 V board does not boot)"],
      [15, "a strapping pin (MTDO: low at reset silences ROM messages)"],
    ),
    flash: { base: 0, maxBytes: 16 * MiB },
    appRamBytes: 327_680, // what every board file of platform-espressif32 6.13.0 without PSRAM grants
    // dram0_0_seg of the pinned Arduino core (3.20017.241212, tools/sdk/esp32/ld/memory.ld): 0x2c200 bytes from
    // 0x3ffb0000, less the 0xdb5c the Bluetooth controller has at fixed addresses, used or not.
    staticRamBytes: 0x2c200 - 0xdb5c,
    uf2Families: new Map([[0x1c5f21b0, "ESP32"]]),
    flashing: ["esptool"],
    platform: "espressif32",
    espBootloader: 0x1000, // espressif/esptool-js src/targets/esp32.ts
    emulator: undefined,
  },

  // RP2040 Datasheet: 1.4 "Pinout Reference" (GPIO0-29; flash has its own QSPI pads), 2.6.3 (flash is mapped at
  // 0x10000000, at most 16 MB), 4.9 "ADC" (GPIO26-29). BOOTSEL is a flash pad, so no GPIO is a strapping pin.
  rp2040: {
    name: "RP2040",
    pinForm: "number",
    gpios: gpios([0, 29]),
    inputOnly: NONE,
    adc: gpios([26, 29]),
    attenuation: new Map(),
    flashPins: NONE,
    psramPins: NO_PSRAM,
    caution: new Map(),
    flash: { base: 0x1000_0000, maxBytes: 16 * MiB },
    appRamBytes: 262_144,
    uf2Families: new Map([[0xe48bff56, "RP2040"]]),
    flashing: ["uf2", "picotool"],
    platform: "raspberrypi",
    espBootloader: undefined,
    emulator: undefined,
  },

  // Virtual chips keep the limits of the part they stand for, so an image that would not fit the part fails here. This
  // one's machine has twice the RAM, so that wasm3, whose heap no longer fits the part, still runs on a Cortex-M4.
  "cortex-m4": {
    ...virtualMcu("Cortex-M4 (nRF52840 limits)", "qemu-system-arm", 1 * MiB, 256 * KiB),
    machineRamBytes: 512 * KiB,
  },
  rv32: virtualMcu("RV32 (ESP32-C3 limits)", "qemu-system-riscv32", 4 * MiB, 400 * KiB),
  host: virtualMcu("host process", "process"),
};

export const SOFTDEVICES = ["S140 6.1.1", "S140 7.3.0"] as const;
export type SoftDeviceId = (typeof SOFTDEVICES)[number];

export interface SoftDevice {
  /** Where the application starts: everything below belongs to the MBR and the SoftDevice. */
  readonly appOffset: number;
  /** First RAM address left to the application. */
  readonly appRamStart: number;
  /** `--sd-req` of a DFU package; the bootloader refuses a package for another firmware id. */
  readonly fwid: number;
  /** The linker script that starts an application there, and whose it is: the pinned Adafruit core's, or ours. */
  readonly ldscript: { readonly name: string; readonly from: "core" | "project" };
}

/**
 * SoftDevices found on nRF52840 boards. An application linked for the other one flashes without an error and never
 * starts. Offsets: BSP cores/nRF5/linker/nrf52840_s140_v6.ld; MT src/platform/nrf52/nrf52840_s140_v7.ld.
 */
export const SOFTDEVICE: Readonly<Record<SoftDeviceId, SoftDevice>> = {
  "S140 6.1.1": {
    appOffset: 0x26000,
    appRamStart: 0x2000_6000,
    fwid: 0x00b6,
    ldscript: { name: "nrf52840_s140_v6.ld", from: "core" },
  },
  // The core has version 7 for the nRF52833 only (nrf52833_s140_v7.ld), so render.ts writes this one.
  "S140 7.3.0": {
    appOffset: 0x27000,
    appRamStart: 0x2000_6000,
    fwid: 0x0123,
    ldscript: { name: "nrf52840_s140_v7.ld", from: "project" },
  },
};

/** End of RAM of the nRF52840: 0x20000000 + 256 KiB (nRF52840 PS v1.7, chapter "Memory"). */
export const NRF52840_RAM_END = 0x2004_0000;
/** The Adafruit bootloader (BL linker/nrf52840.ld) and the core's LittleFS below it bound the application. */
export const NRF52840_BOOTLOADER = 0xf4000;
export const NRF52840_BOOTLOADER_SETTINGS = 0xff000;
export const NRF52840_FILESYSTEM = 0xed000;

/**
 * The partition tables of Arduino-ESP32 (tools/partitions/*.csv): the flash each one fills and its first application
 * slot.
 */
export const ESP_PARTITIONS: ReadonlyMap<
  string,
  { readonly flash: number; readonly app: number; readonly max: number }
> = new Map([
  ["default.csv", { flash: 4 * MiB, app: 0x10000, max: 0x140000 }],
  ["default_8MB.csv", { flash: 8 * MiB, app: 0x10000, max: 0x330000 }],
]);

/** What arduino-pico keeps at the end of flash: a file system of the size platformio.ini asks for, and one sector of
 * settings behind it (PRP builder/main.py). */
export const RP2040_FILESYSTEM_BYTES = 0x80000;
export const RP2040_EEPROM_BYTES = 0x1000;

/** The SPI block a GPIO of the RP2040 belongs to, and its line there (RP2040 Datasheet 1.4.3, function F1). */
export function rp2040Spi(gpio: number): { readonly block: number; readonly role: "RX" | "CSn" | "SCK" | "TX" } {
  return { block: (gpio >> 3) & 1, role: (["RX", "CSn", "SCK", "TX"] as const)[gpio & 3] ?? "RX" };
}

/**
 * Pins an Arduino variant drives as outputs in `initVariant()`, before any code of ours runs: BSP
 * variants/pca10056 turns its four LEDs off, which writes P0.13-P0.16.
 */
export const VARIANT_DRIVES: ReadonlyMap<string, ReadonlySet<number>> = new Map([["pca10056", gpios([13, 16])]]);

const PORT_PIN = /^P([01])\.([0-3]\d)$/;

/**
 * The GPIO index firmware uses for a pin of this chip.
 *
 * nRF: P0.00-P0.31 are 0-31 and P1.00-P1.15 are 32-47 (the PSEL encoding, nRF52840 PS v1.7 chapter "GPIO").
 * Returns undefined when the pin is not written in this chip's form. Existence is `MCUS[mcu].gpios`.
 */
export function gpioIndex(mcu: McuId, pin: Pin): number | undefined {
  const form = MCUS[mcu].pinForm;
  if (form === "number") return typeof pin === "number" && Number.isInteger(pin) ? pin : undefined;
  if (form === "none" || typeof pin !== "string") return undefined;
  const match = PORT_PIN.exec(pin);
  if (match === null) return undefined;
  // P0.32 would land on P1.00: a pin past its port's end must stay outside the chip's set.
  const within = Number(match[2]);
  return within > 31 ? 64 + within : Number(match[1]) * 32 + within;
}

/** A GPIO index in the chip's own words: "P1.11" or "GPIO36". */
export function pinName(mcu: McuId, gpio: number): string {
  if (MCUS[mcu].pinForm !== "port") return `GPIO${gpio}`;
  return `P${gpio >> 5}.${String(gpio & 31).padStart(2, "0")}`;
}
