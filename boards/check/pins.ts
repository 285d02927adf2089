/** Whether the chip has the pins a board value names, and whether they are free for what they are used for. */
import { gpioIndex, MCUS, type Mcu, type Pin, pinName, VARIANT_DRIVES } from "../mcu.ts";
import type { RealBoard } from "../schema.ts";
import { show } from "../shape.ts";
import { keyPin, pinUses, type PlacedUse, placedUses, ranges } from "./pin-uses.ts";
import type { RealCheck } from "./report.ts";

const checkPinsExist: RealCheck = (board, mcu, report) => {
  for (const use of pinUses(board)) {
    const gpio = gpioIndex(board.mcu, use.pin);
    if (gpio === undefined) {
      const form = mcu.pinForm === "port" ? 'as port and pin, such as "P1.11"' : "as a GPIO number, such as 9";
      report(use.field, `it is ${show(use.pin)}`, `write a pin of the ${mcu.name} ${form}`);
    } else if (!mcu.gpios.has(gpio)) {
      report(use.field, `the ${mcu.name} has no pin ${use.pin}`, `use one of ${ranges(board, mcu.gpios)}`);
    }
  }
};

const checkPinsOnce: RealCheck = (board, mcu, report) => {
  const byGpio = new Map<number, PlacedUse[]>();
  for (const use of placedUses(board, mcu)) byGpio.set(use.gpio, [...(byGpio.get(use.gpio) ?? []), use]);
  for (const uses of byGpio.values()) {
    const [first, ...others] = uses;
    for (const use of others) {
      report(use.field, `${use.name} is used by both ${first?.field} and ${use.field}`, "give each its own pin");
    }
  }
};

/** GPIO19 and GPIO20 carry the S3's own USB (ESP32-S3 Series Datasheet, "Pins") where the socket leads to it. */
function usbPins(board: RealBoard): readonly number[] {
  return board.mcu === "esp32s3" && board.usb.every(({ mode }) => mode !== "bridge") ? [19, 20] : [];
}

const checkPinsFree: RealCheck = (board, mcu, report) => {
  const psram = board.psram === undefined ? undefined : mcu.psramPins[board.psram.bus];
  for (const use of placedUses(board, mcu)) {
    if (mcu.flashPins.has(use.gpio)) {
      report(use.field, `${use.name} of the ${mcu.name} carries the program flash`, "use another pin");
    } else if (psram?.has(use.gpio)) {
      report(
        use.field,
        `${use.name} of the ${mcu.name} carries the ${board.psram?.bus} PSRAM`,
        "use another pin or correct psram",
      );
    } else if (usbPins(board).includes(use.gpio)) {
      report(use.field, `${use.name} of the ${mcu.name} carries USB to the socket`, "use another pin or correct usb");
    }
  }
};

const checkInputOnly: RealCheck = (board, mcu, report) => {
  for (const use of placedUses(board, mcu)) {
    if (use.drives && mcu.inputOnly.has(use.gpio)) {
      report(
        use.field,
        `${use.name} of the ${mcu.name} is input only and cannot be driven`,
        "use a pin with an output",
      );
    }
  }
};

/** A resistor the chip has not got, or one that holds the button down. */
const checkButton: RealCheck = (board, mcu, report) => {
  const { button } = board;
  if (button?.pull === undefined) return;
  const gpio = gpioIndex(board.mcu, button.pin);
  if (gpio !== undefined && mcu.inputOnly.has(gpio)) {
    const name = pinName(board.mcu, gpio);
    const fix = "remove it if the board has a resistor of its own, or use another pin";
    report("button.pull", `${name} of the ${mcu.name} is input only and has no resistors`, fix);
  }
  if ((button.pull === "up") !== (button.active === "low")) {
    const came = `a button that is active ${button.active} would seem held for ever with a resistor that pulls ${button.pull}`;
    report("button.pull", came, `use "${button.active === "low" ? "up" : "down"}"`);
  }
};

/** Why a pin needs a stated reason: the chip's own cautions and what the Arduino variant does to it before `setup()`. */
function cautionOf(board: RealBoard, mcu: Mcu, use: PlacedUse): string | undefined {
  if (usbPins(board).includes(use.gpio)) return undefined; // taken: not a matter of reasons
  const own = mcu.caution.get(use.gpio);
  if (own !== undefined) return own;
  const variant = board.platformio.variant;
  // A LED or supply pin may be driven early; a pin somebody else drives, or the radio's, must be thought about.
  const driven = variant !== undefined && VARIANT_DRIVES.get(variant)?.has(use.gpio) === true;
  return driven && use.field !== "led.pin" ? `driven as an output by the Arduino variant ${variant}` : undefined;
}

export interface Unexplained {
  /** Field, pin as the value writes it, and why it needs a reason. */
  readonly field: string;
  readonly pin: Pin;
  readonly name: string;
  readonly caution: string;
}

/** The pins in use that need a reason and have none. */
export function unexplained(board: RealBoard): Unexplained[] {
  const mcu = MCUS[board.mcu];
  return placedUses(board, mcu).flatMap((use) => {
    const caution = use.field.startsWith("leave.") ? undefined : cautionOf(board, mcu, use);
    if (caution === undefined || board.acknowledge?.[String(use.pin)] !== undefined) return [];
    return [{ field: use.field, pin: use.pin, name: use.name, caution }];
  });
}

const checkAcknowledged: RealCheck = (board, mcu, report) => {
  const said = new Map<number, string>();
  for (const key of Object.keys(board.acknowledge ?? {})) {
    const gpio = gpioIndex(board.mcu, keyPin(board, key));
    if (gpio !== undefined) said.set(gpio, key);
    else report(`acknowledge.${key}`, `"${key}" is no pin of the ${mcu.name}`, "name the pin as the other fields do");
  }
  const needed = new Set<number>();
  for (const use of placedUses(board, mcu)) {
    const caution = cautionOf(board, mcu, use);
    // A pin firmware leaves alone cannot disturb a reset.
    if (caution === undefined || use.field.startsWith("leave.")) continue;
    needed.add(use.gpio);
    if (said.has(use.gpio)) continue;
    const key = mcu.pinForm === "port" ? `"${use.name}"` : String(use.gpio);
    report(
      use.field,
      `${use.name} of the ${mcu.name} is ${caution}`,
      `use another pin, or say why it is harmless in acknowledge: { ${key}: "..." }`,
    );
  }
  for (const [gpio, key] of said) {
    if (!needed.has(gpio)) {
      report(`acknowledge.${key}`, "no field uses this pin in a way that needs a reason", "remove the entry");
    }
  }
};

export const PIN_CHECKS: readonly RealCheck[] = [
  checkPinsExist,
  checkPinsOnce,
  checkPinsFree,
  checkInputOnly,
  checkButton,
  checkAcknowledged,
];
