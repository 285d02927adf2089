/** Which pins a board value names, in which fields, and what for. */
import { gpioIndex, MCUS, type Mcu, type Pin, pinName } from "../mcu.ts";
import type { RealBoard } from "../schema.ts";

export interface PinUse {
  readonly field: string;
  readonly pin: Pin;
  /** Whether firmware drives the pin; an input-only pin cannot be driven. */
  readonly drives: boolean;
}

/** Every pin a board value names, in the order of the file. */
export function pinUses(board: RealBoard): PinUse[] {
  const uses: PinUse[] = [];
  const add = (field: string, pin: Pin | undefined, drives: boolean): void => {
    if (pin !== undefined) uses.push({ field, pin, drives });
  };
  const { pins, rfSwitch } = board.radio;
  add("radio.pins.sck", pins.sck, true);
  add("radio.pins.miso", pins.miso, false);
  add("radio.pins.mosi", pins.mosi, true);
  add("radio.pins.nss", pins.nss, true);
  add("radio.pins.reset", pins.reset, true);
  add("radio.pins.irq", pins.irq, false);
  add("radio.pins.dio1", pins.dio1, false);
  add("radio.pins.busy", pins.busy, false);
  add("radio.rfSwitch.rxen", rfSwitch?.rxen, true);
  add("radio.rfSwitch.txen", rfSwitch?.txen, true);
  board.power?.forEach((supply, index) => {
    add(`power.${index}.pin`, supply.pin, true);
  });
  // An I2C master pulls both lines low.
  add("pmu.sda", board.pmu?.sda, true);
  add("pmu.scl", board.pmu?.scl, true);
  add("pmu.irq", board.pmu?.irq, false);
  add("led.pin", board.led?.pin, true);
  add("button.pin", board.button?.pin, false);
  add("battery.pin", board.battery?.pin, false);
  add("battery.enable.pin", board.battery?.enable?.pin, true);
  for (const pin of Object.keys(board.leave ?? {})) add(`leave.${pin}`, keyPin(board, pin), false);
  return uses;
}

/** Keys of an object are strings; a GPIO number written as a key becomes a number again. */
export function keyPin(board: RealBoard, key: string): Pin {
  return MCUS[board.mcu].pinForm === "number" && /^\d+$/.test(key) ? Number(key) : key;
}

export interface PlacedUse extends PinUse {
  readonly gpio: number;
  readonly name: string;
}

/** The uses whose pin this chip has; the others are `checkPinsExist`'s to report. */
export function placedUses(board: RealBoard, mcu: Mcu): PlacedUse[] {
  return pinUses(board).flatMap((use) => {
    const gpio = gpioIndex(board.mcu, use.pin);
    return gpio !== undefined && mcu.gpios.has(gpio) ? [{ ...use, gpio, name: pinName(board.mcu, gpio) }] : [];
  });
}

/** "GPIO0-GPIO21, GPIO26-GPIO48" */
export function ranges(board: RealBoard, set: ReadonlySet<number>): string {
  const sorted = [...set].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length;) {
    let end = i;
    // A port's last pin and the next port's first are neighbours by number only.
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1 && !(board.mcu === "nrf52840" && sorted[end] === 31)) end++;
    const [from, to] = [pinName(board.mcu, sorted[i] ?? 0), pinName(board.mcu, sorted[end] ?? 0)];
    parts.push(from === to ? from : `${from}-${to}`);
    i = end + 1;
  }
  return parts.join(", ");
}
