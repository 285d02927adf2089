/** A board value as a person reads it: wiring, flash, USB, and how far it has been proved. For `mehr boards show`. */
import { pinUses } from "./check/pin-uses.ts";
import {
  gpioIndex,
  MCUS,
  NRF52840_BOOTLOADER,
  NRF52840_FILESYSTEM,
  type Pin,
  pinName,
  RP2040_EEPROM_BYTES,
  RP2040_FILESYSTEM_BYTES,
} from "./mcu.ts";
import { memoryLimits } from "./memory.ts";
import { RADIO } from "./radio.ts";
import { type Board, isVirtual, type RealBoard } from "./schema.ts";
import { sharedUsb, usbName } from "./usb.ts";

export interface WiringLine {
  readonly signal: string;
  /** Path inside the value: "radio.pins.sck". */
  readonly field: string;
  /** As the chip's datasheet writes it, and the index Arduino uses. */
  readonly pin: string;
  readonly gpio: number;
  /** Seen from the microcontroller; "-" for a pin firmware leaves alone. */
  readonly direction: "out" | "in" | "both" | "-";
  readonly note: string;
}

export interface FlashRegion {
  readonly from: number;
  /** First address behind it. */
  readonly to: number;
  readonly holds: string;
}

const SIGNALS: Readonly<Record<string, string>> = {
  "radio.pins.sck": "SPI SCK",
  "radio.pins.miso": "SPI MISO",
  "radio.pins.mosi": "SPI MOSI",
  "radio.pins.nss": "radio NSS",
  "radio.pins.reset": "radio RESET",
  "radio.pins.dio1": "radio DIO1",
  "radio.pins.busy": "radio BUSY",
  "radio.rfSwitch.rxen": "RXEN",
  "radio.rfSwitch.txen": "TXEN",
  "pmu.sda": "I2C SDA",
  "pmu.scl": "I2C SCL",
  "pmu.irq": "PMU IRQ",
  "led.pin": "LED",
  "button.pin": "button",
  "battery.pin": "battery sense",
  "battery.enable.pin": "battery sense on",
};

/** Every pin the value names, in the order of the file. The board must have passed `checkBoard`. */
export function wiring(board: RealBoard): WiringLine[] {
  return pinUses(board).map(({ field, pin, drives }) => {
    const gpio = gpioIndex(board.mcu, pin);
    if (gpio === undefined) throw new RangeError(`${String(pin)} is not a pin of ${board.mcu}: check the board first`);
    const i2c = field === "pmu.sda" || field === "pmu.scl";
    const direction = field.startsWith("leave.") ? "-" : i2c ? "both" : drives ? "out" : "in";
    const name = pinName(board.mcu, gpio);
    return { signal: signalOf(board, field), field, pin: name, gpio, direction, note: noteOf(board, field, pin) };
  });
}

function signalOf(board: RealBoard, field: string): string {
  if (field === "radio.pins.irq") return `radio ${RADIO[board.radio.chip].irqLine}`;
  if (field.startsWith("power.")) return "supply";
  return SIGNALS[field] ?? "left alone";
}

function noteOf(board: RealBoard, field: string, pin: Pin): string {
  const reason = board.acknowledge?.[String(pin)];
  const own = ownNote(board, field, String(pin));
  return [own, reason].filter((part) => part !== undefined && part !== "").join("; ");
}

function ownNote(board: RealBoard, field: string, pin: string): string | undefined {
  const { radio, power, led, button, battery, pmu } = board;
  const index = Number(/^power\.(\d+)\./.exec(field)?.[1] ?? Number.NaN);
  const supply = power?.[index];
  if (supply !== undefined) {
    const what = supply.feeds === "peripherals" ? "peripherals, kept off" : `feeds the ${supply.feeds}`;
    return `${what}, active ${supply.active}`;
  }
  switch (field) {
    case "radio.pins.sck":
      return radio.spi === undefined ? undefined : `block SPI${radio.spi}`;
    case "radio.pins.irq":
      return "interrupt";
    case "radio.rfSwitch.rxen":
      return radio.rfSwitch?.dio2 === true ? "high to receive, the opposite of DIO2" : "high to receive";
    case "radio.rfSwitch.txen":
      return "high to transmit";
    case "pmu.sda":
      return pmu && `radio on ${pmu.radio.axp192} (AXP192) or ${pmu.radio.axp2101} (AXP2101), ${pmu.millivolts} mV`;
    case "led.pin":
      return `active ${led?.active}`;
    case "button.pin":
      return button && `active ${button.active}${button.pull === undefined ? "" : `, pulled ${button.pull}`}`;
    case "battery.pin":
      return battery && `battery = pin x ${battery.divider}, ${adcNote(battery)}`;
    case "battery.enable.pin":
      return battery?.enable?.active === "probe" ? "level found out at start" : `active ${battery?.enable?.active}`;
    default:
      return field.startsWith("leave.") ? board.leave?.[pin] : undefined;
  }
}

function adcNote(battery: NonNullable<RealBoard["battery"]>): string {
  if (battery.referenceVolts !== undefined) return `reference ${battery.referenceVolts} V`;
  if (battery.attenuationDb !== undefined) return `attenuation ${battery.attenuationDb} dB`;
  return "reference is the supply";
}

/** What the antenna switch and the radio's clock are, in words. */
export function radioNotes({ radio }: RealBoard): { readonly antennaSwitch: string; readonly clock: string } {
  const { dio2 = false, rxen } = radio.rfSwitch ?? {};
  const pins = rxen === undefined ? "" : dio2 ? " and RXEN" : "RXEN and TXEN";
  const clock = radio.tcxoVolts === undefined ? "crystal" : `TCXO on DIO3, ${radio.tcxoVolts} V; else a crystal`;
  return { antennaSwitch: `${dio2 ? "DIO2" : ""}${pins}` || "turned by the module", clock };
}

/** What lies where in program flash, from its start. */
export function flashRegions(board: RealBoard): FlashRegion[] {
  const { flash } = board;
  const base = MCUS[board.mcu].flash?.base ?? 0;
  const end = base + flash.size;
  const appEnd = flash.app.offset + flash.app.max;
  const app = { from: flash.app.offset, to: appEnd, holds: "application" };
  if (flash.softdevice !== undefined) {
    return [
      { from: base, to: flash.app.offset, holds: `SoftDevice ${flash.softdevice}` },
      app,
      { from: NRF52840_FILESYSTEM, to: NRF52840_BOOTLOADER, holds: "file system of the Arduino core" },
      { from: flash.bootloader, to: end, holds: "bootloader and its settings" },
    ];
  }
  if (flash.partitions !== undefined) {
    return [
      { from: flash.bootloader, to: 0x8000, holds: "bootloader" },
      { from: 0x8000, to: 0x9000, holds: `partition table, ${flash.partitions}` },
      { from: 0x9000, to: flash.app.offset, holds: "settings, and which application starts" },
      app,
      { from: appEnd, to: end, holds: "second application and data, by the partition table" },
    ];
  }
  const files = end - RP2040_EEPROM_BYTES - RP2040_FILESYSTEM_BYTES;
  return [
    { ...app, holds: "application, second-stage bootloader first" },
    { from: files, to: files + RP2040_FILESYSTEM_BYTES, holds: "file system of the Arduino core" },
    { from: end - RP2040_EEPROM_BYTES, to: end, holds: "settings of the Arduino core" },
  ];
}

export interface UsbLine {
  readonly id: string;
  readonly mode: string;
  /** Why it does not tell this board from others; null if it does. */
  readonly shared: string | null;
}

export function usbLines(board: RealBoard): UsbLine[] {
  return board.usb.map((id) => ({ id: usbName(id), mode: id.mode, shared: sharedUsb(id) ?? null }));
}

/** The strongest proof there is for a board, in a sentence. */
export function verifiedSentence(board: Board): string {
  switch (board.verified) {
    case "hardware":
      return "The image has run on the board itself.";
    case "emulated":
      return "The image runs in an emulator in every test run.";
    case "built":
      return "The image compiles and links; it has not run on the board.";
    case undefined:
      return "The value passes every check against its chip, its tools and the other boards; no image of it has been built here, and none has run on the board.";
  }
}

/** What `mehr boards show --json` prints, but for the file. */
export interface BoardDescription {
  readonly id: string;
  readonly name: string;
  readonly mcu: string;
  readonly tier: string;
  readonly engine: readonly string[];
  /** Null for a virtual board. */
  readonly radio: {
    readonly chip: string;
    readonly bands: string;
    readonly antenna_switch: string;
    readonly clock: string;
  } | null;
  readonly wiring: readonly WiringLine[];
  readonly flash: readonly FlashRegion[];
  readonly usb: readonly UsbLine[];
  readonly flashing: readonly string[];
  /** Bytes an image may take; null without a limit. */
  readonly memory: { readonly flash: number | null; readonly ram: number | null };
  readonly source: readonly string[];
  readonly verified: { readonly level: string | null; readonly how: string };
}

export function describeBoard(board: Board): BoardDescription {
  const real = isVirtual(board) ? undefined : board;
  const { flash, staticRam } = memoryLimits(board);
  const notes = real && radioNotes(real);
  return {
    id: board.id,
    name: board.name,
    mcu: board.mcu,
    tier: board.tier,
    engine: board.engines,
    radio:
      real === undefined || notes === undefined
        ? null
        : {
            chip: real.radio.chip,
            bands: bands(real),
            antenna_switch: notes.antennaSwitch,
            clock: notes.clock,
          },
    wiring: real === undefined ? [] : wiring(real),
    flash: real === undefined ? [] : flashRegions(real),
    usb: real === undefined ? [] : usbLines(real),
    flashing: real?.flashing ?? [],
    memory: { flash: flash ?? null, ram: staticRam ?? null },
    source: board.source,
    verified: { level: board.verified ?? null, how: verifiedSentence(board) },
  };
}

function bands(board: RealBoard): string {
  return board.radio.bandsMHz.map(([from, to]) => `${from}-${to}`).join(", ");
}

/** The table of docs/boards.md, in Markdown; a test holds the page to it. */
export function boardsTable(boards: readonly Board[]): string {
  const head = [
    "board",
    "name",
    "chip",
    "radio, MHz",
    "SCK MISO MOSI NSS",
    "reset, irq, busy",
    "antenna switch, clock",
    "flashing",
    "verified",
  ];
  const rows = boards.map((board) => {
    const { id, name } = board;
    const chip = MCUS[board.mcu].name;
    const verified = board.verified ?? "checked only";
    if (isVirtual(board)) return [`\`${id}\``, name, chip, "virtual", "-", "-", "-", "-", verified];
    const { pins } = board.radio;
    const { antennaSwitch, clock } = radioNotes(board);
    const spi = [pins.sck, pins.miso, pins.mosi, pins.nss].join(" ");
    const lines = [pins.reset, pins.irq, pins.busy ?? "-"].join(", ");
    const radio = `${board.radio.chip}, ${bands(board)}`;
    return [
      `\`${id}\``,
      name,
      chip,
      radio,
      spi,
      lines,
      `${antennaSwitch}; ${clock}`,
      board.flashing.join(", "),
      verified,
    ];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

const TABLE = /(<!-- boards: [^\n]*-->\n)[\s\S]*?(<!-- end of boards -->)/;

/** The text of docs/boards.md with its table as the boards are now. Throws RangeError if the marks are gone. */
export function withBoardsTable(page: string, boards: readonly Board[]): string {
  if (!TABLE.test(page)) throw new RangeError("docs/boards.md has no marks for its table of boards");
  return page.replace(TABLE, (_, before: string, after: string) => `${before}\n${boardsTable(boards)}\n\n${after}`);
}
