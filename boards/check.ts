/**
 * Whether a board value is right, in two passes: shape (fields and types, shape.ts) and sense (what the chip and its
 * tools allow).
 *
 * Every check looks at the whole value and reports everything it finds, so one run shows all there is to fix. A check
 * that cannot judge because an earlier one failed (a pin the chip lacks has no other properties) stays silent.
 */
import { ENGINES } from "./engine.ts";
import {
  ESP_PARTITIONS,
  gpioIndex,
  MCUS,
  type Mcu,
  NRF52840_BOOTLOADER,
  NRF52840_FILESYSTEM,
  type Pin,
  pinName,
  SOFTDEVICE,
  VARIANT_DRIVES,
} from "./mcu.ts";
import { ramClause, ramNeed } from "./memory.ts";
import type { BoardProblem } from "./problem.ts";
import { RADIO } from "./radio.ts";
import { type Board, isVirtual, type RealBoard, type VirtualBoard } from "./schema.ts";
import { type CheckedShape, checkShape, show } from "./shape.ts";
import { PLATFORM_SPEC } from "./versions.ts";

/** Checks shape and, where that is right, sense. `file` is only used in messages. */
export function checkBoard(value: unknown, file: string): CheckedShape {
  const { board, problems } = checkShape(value, file);
  return board === undefined ? { board, problems } : { board, problems: checkSense(board, file) };
}

/** The second pass alone, for a value whose shape is known to be right. */
export function checkSense(board: Board, file: string): BoardProblem[] {
  const problems: BoardProblem[] = [];
  const report: Report = (field, came, fix) => problems.push({ file, field, came, fix });
  checkEngines(board, report);
  if (isVirtual(board)) checkVirtual(board, report);
  else for (const check of REAL_CHECKS) check(board, MCUS[board.mcu], report);
  return problems;
}

type Report = (field: string, came: string, fix: string) => void;

/** An engine the board's RAM cannot hold would build, flash, and then not load the core. */
function checkEngines(board: Board, report: Report): void {
  board.engines.forEach((engine, index) => {
    if (board.engines.indexOf(engine) !== index) report(`engines.${index}`, `${engine} is named twice`, "name it once");
    else if (!ramNeed(board, engine).fits) {
      const others = ENGINES.filter((other) => ramNeed(board, other).fits);
      const fix = others.length > 0 ? `name only ${others.join(" and ")}` : "use a chip with more RAM";
      report(`engines.${index}`, ramClause(board, engine), fix);
    }
  });
}
type RealCheck = (board: RealBoard, mcu: Mcu, report: Report) => void;

// --- pins ------------------------------------------------------------------------------------------------------------

interface PinUse {
  readonly field: string;
  readonly pin: Pin;
  /** Whether firmware drives the pin; an input-only pin cannot be driven. */
  readonly drives: boolean;
}

/** Every pin a board value names, in the order of the file. */
export function pinUses(board: RealBoard): PinUse[] {
  const uses: PinUse[] = [];
  const add = (field: string, pin: Pin | undefined, drives: boolean) => {
    if (pin !== undefined) uses.push({ field, pin, drives });
  };
  const { pins, rfSwitch } = board.radio;
  add("radio.pins.sck", pins.sck, true);
  add("radio.pins.miso", pins.miso, false);
  add("radio.pins.mosi", pins.mosi, true);
  add("radio.pins.nss", pins.nss, true);
  add("radio.pins.reset", pins.reset, true);
  add("radio.pins.irq", pins.irq, false);
  add("radio.pins.busy", pins.busy, false);
  add("radio.rfSwitch.rxen", rfSwitch?.rxen, true);
  add("radio.rfSwitch.txen", rfSwitch?.txen, true);
  board.power?.forEach((supply, index) => {
    add(`power.${index}.pin`, supply.pin, true);
  });
  add("led.pin", board.led?.pin, true);
  add("battery.pin", board.battery?.pin, false);
  add("battery.enable.pin", board.battery?.enable?.pin, true);
  for (const pin of Object.keys(board.leave ?? {})) add(`leave.${pin}`, keyPin(board, pin), false);
  return uses;
}

/** Keys of an object are strings; a GPIO number written as a key becomes a number again. */
function keyPin(board: RealBoard, key: string): Pin {
  return MCUS[board.mcu].pinForm === "number" && /^\d+$/.test(key) ? Number(key) : key;
}

interface PlacedUse extends PinUse {
  readonly gpio: number;
  readonly name: string;
}

/** The uses whose pin this chip has; the others are `checkPinsExist`'s to report. */
function placedUses(board: RealBoard, mcu: Mcu): PlacedUse[] {
  return pinUses(board).flatMap((use) => {
    const gpio = gpioIndex(board.mcu, use.pin);
    return gpio !== undefined && mcu.gpios.has(gpio) ? [{ ...use, gpio, name: pinName(board.mcu, gpio) }] : [];
  });
}

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

/** "GPIO0-GPIO21, GPIO26-GPIO48" */
function ranges(board: RealBoard, set: ReadonlySet<number>): string {
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

/** Why a pin needs a stated reason: the chip's own cautions and what the Arduino variant does to it before `setup()`. */
function cautionOf(board: RealBoard, mcu: Mcu, use: PlacedUse): string | undefined {
  const own = mcu.caution.get(use.gpio);
  if (own !== undefined) return own;
  const variant = board.platformio.variant;
  // A LED or supply pin may be driven early; a pin somebody else drives, or the radio's, must be thought about.
  const driven = variant !== undefined && VARIANT_DRIVES.get(variant)?.has(use.gpio) === true;
  return driven && use.field !== "led.pin" ? `driven as an output by the Arduino variant ${variant}` : undefined;
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

// --- radio and battery -----------------------------------------------------------------------------------------------

const checkRadio: RealCheck = (board, _mcu, report) => {
  const { chip: name, pins, rfSwitch, tcxoVolts } = board.radio;
  const chip = RADIO[name];
  if (chip.needsBusy && pins.busy === undefined) {
    report("radio.pins.busy", `it is missing and the ${name} reports readiness on it`, "add the pin BUSY is wired to");
  }
  if (!chip.needsBusy && pins.busy !== undefined) {
    report("radio.pins.busy", `the ${name} has no BUSY line`, "remove it or correct radio.chip");
  }
  if (tcxoVolts !== undefined && !chip.tcxoVolts.includes(tcxoVolts)) {
    const [came, fix] =
      chip.tcxoVolts.length > 0
        ? [`the ${name} cannot feed a TCXO with ${tcxoVolts} V`, `use one of ${chip.tcxoVolts.join(", ")} volts`]
        : [`the ${name} does not feed a TCXO`, "remove it and list the pin that does under power"];
    report("radio.tcxoVolts", came, fix);
  }
  if (rfSwitch?.dio2 === true && !chip.hasDio2Switch) {
    report("radio.rfSwitch.dio2", `DIO2 of the ${name} cannot turn an antenna switch`, "remove it, name rxen and txen");
  }
  const switched = rfSwitch?.dio2 === true || rfSwitch?.rxen !== undefined || rfSwitch?.txen !== undefined;
  if (chip.hasDio2Switch && !switched) {
    // Peers' boards without it transmit into an open switch: it looks like a radio with a very short range.
    report(
      "radio.rfSwitch",
      `nothing turns the antenna switch of the ${name}`,
      "set dio2: true, or name rxen and txen",
    );
  }
};

/** A full lithium cell; the ADC pin must stay below full scale with it. */
const FULL_CELL_VOLTS = 4.2;

const checkBattery: RealCheck = (board, mcu, report) => {
  const battery = board.battery;
  if (battery === undefined) return;
  const gpio = gpioIndex(board.mcu, battery.pin);
  if (gpio !== undefined && mcu.gpios.has(gpio) && !mcu.adc.has(gpio)) {
    const name = pinName(board.mcu, gpio);
    report("battery.pin", `${name} of the ${mcu.name} has no usable ADC`, `use one of ${ranges(board, mcu.adc)}`);
  }
  if (battery.divider < 1 || battery.divider > 10) {
    report("battery.divider", `it is ${battery.divider}`, "write battery volts per pin volt, between 1 and 10");
    return;
  }
  const fullScale = adcFullScale(board, mcu, battery, report);
  if (fullScale !== undefined && FULL_CELL_VOLTS / battery.divider > fullScale) {
    const volts = (FULL_CELL_VOLTS / battery.divider).toFixed(2);
    report(
      "battery.divider",
      `a full cell of ${FULL_CELL_VOLTS} V puts ${volts} V on the pin and the ADC ends at ${fullScale} V`,
      "correct the divider, the reference or the attenuation",
    );
  }
};

function adcFullScale(
  board: RealBoard,
  mcu: Mcu,
  battery: NonNullable<RealBoard["battery"]>,
  report: Report,
): number | undefined {
  const { referenceVolts, attenuationDb } = battery;
  const choosesReference = board.mcu === "nrf52840";
  if (referenceVolts !== undefined && !choosesReference) {
    report("battery.referenceVolts", `the ${mcu.name} has no ADC reference to choose`, "remove it");
  }
  if (attenuationDb !== undefined && mcu.attenuation.size === 0) {
    report("battery.attenuationDb", `the ${mcu.name} has no ADC attenuator`, "remove it");
  }
  if (choosesReference) {
    // Arduino's references on this chip: 1.2, 1.8, 2.4, 3.0 and 3.6 V (BSP cores/nRF5/wiring_analog.h).
    if (referenceVolts !== undefined && [1.2, 1.8, 2.4, 3, 3.6].includes(referenceVolts)) return referenceVolts;
    const came = referenceVolts === undefined ? "it is missing" : `it is ${referenceVolts}`;
    report("battery.referenceVolts", came, "use 1.2, 1.8, 2.4, 3.0 or 3.6 volts");
    return undefined;
  }
  if (mcu.attenuation.size > 0) {
    const fullScale = attenuationDb === undefined ? undefined : mcu.attenuation.get(attenuationDb);
    if (fullScale !== undefined) return fullScale;
    const came = attenuationDb === undefined ? "it is missing" : `it is ${attenuationDb}`;
    report("battery.attenuationDb", came, `use one of ${[...mcu.attenuation.keys()].join(", ")} dB`);
    return undefined;
  }
  return 3.3; // RP2040: the ADC's reference is its supply (RP2040 Datasheet 4.9)
}

// --- flash and tools -------------------------------------------------------------------------------------------------

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

const checkFlash: RealCheck = (board, mcu, report) => {
  const { flash } = board;
  if (mcu.flash === undefined) return;
  if (flash.size > mcu.flash.maxBytes) {
    report(
      "flash.size",
      `${flash.size} bytes is more than a ${mcu.name} can have`,
      `use at most ${mcu.flash.maxBytes}`,
    );
  }
  const end = flash.app.offset + flash.app.max;
  const flashEnd = mcu.flash.base + flash.size;
  if (flash.app.offset < mcu.flash.base || end > flashEnd) {
    report(
      "flash.app",
      `the application reaches from ${hex(flash.app.offset)} to ${hex(end)}`,
      `keep it between ${hex(mcu.flash.base)} and ${hex(flashEnd)}`,
    );
  }
};

const checkNordicFlash: RealCheck = (board, mcu, report) => {
  const { flash } = board;
  if (board.mcu !== "nrf52840") {
    if (flash.softdevice !== undefined) {
      report("flash.softdevice", `the ${mcu.name} runs no SoftDevice`, "remove it or correct mcu");
    }
    return;
  }
  if (flash.bootloader !== NRF52840_BOOTLOADER) {
    const fix = `use ${hex(NRF52840_BOOTLOADER)}`;
    report("flash.bootloader", `the Adafruit bootloader is not at ${hex(flash.bootloader)}`, fix);
  }
  if (flash.app.offset + flash.app.max > NRF52840_FILESYSTEM) {
    const came = `the application may end at ${hex(flash.app.offset + flash.app.max)}, inside the core's file system`;
    report("flash.app.max", came, `use at most ${hex(NRF52840_FILESYSTEM - flash.app.offset)}`);
  }
  if (flash.softdevice === undefined) {
    const fix = `name the one INFO_UF2.TXT of the board states: ${Object.keys(SOFTDEVICE).join(" or ")}`;
    report("flash.softdevice", "it is missing", fix);
    return;
  }
  const softdevice = SOFTDEVICE[flash.softdevice];
  if (flash.app.offset !== softdevice.appOffset) {
    report(
      "flash.app.offset",
      `${flash.softdevice} ends at ${hex(softdevice.appOffset)} and the application would start at ${hex(flash.app.offset)}`,
      `use ${hex(softdevice.appOffset)} or correct flash.softdevice`,
    );
  }
  if (softdevice.ldscript === undefined) {
    report(
      "flash.softdevice",
      `the pinned Arduino core has no linker script for ${flash.softdevice}`,
      "give boards/mcu.ts a script that starts the application there before adding this board",
    );
  }
};

const checkEspFlash: RealCheck = (board, mcu, report) => {
  const { flash } = board;
  if (mcu.espBootloader === undefined) {
    if (flash.partitions !== undefined) {
      report("flash.partitions", `the ${mcu.name} has no partition table`, "remove it or correct mcu");
    }
    return;
  }
  if (flash.bootloader !== mcu.espBootloader) {
    const came = `the ROM of the ${mcu.name} does not look for a bootloader at ${hex(flash.bootloader)}`;
    report("flash.bootloader", came, `use ${hex(mcu.espBootloader)}`);
  }
  const slot = ESP_PARTITIONS.get(flash.partitions ?? "");
  if (slot === undefined) {
    const came = flash.partitions === undefined ? "it is missing" : `it is ${show(flash.partitions)}`;
    report("flash.partitions", came, `use ${[...ESP_PARTITIONS.keys()].join(" or ")}`);
    return;
  }
  if (flash.app.offset !== slot.app || flash.app.max !== slot.max) {
    report(
      "flash.app",
      `it is ${hex(flash.app.offset)} with ${hex(flash.app.max)} bytes`,
      `use offset ${hex(slot.app)} and max ${hex(slot.max)}, the first slot of ${flash.partitions}`,
    );
  }
};

const checkFlashing: RealCheck = (board, mcu, report) => {
  board.flashing.forEach((way, index) => {
    if (!mcu.flashing.includes(way)) {
      report(`flashing.${index}`, `a ${mcu.name} cannot be flashed by ${way}`, `use ${mcu.flashing.join(" or ")}`);
    }
  });
  if (board.flashing.includes("uf2") && board.uf2 === undefined) {
    report("uf2", "it is missing and flashing names uf2", "add uf2: { family, boardId }");
  }
  if (board.uf2 !== undefined && !mcu.uf2Families.has(board.uf2.family)) {
    const families = [...mcu.uf2Families].map(([id, name]) => `${hex(id)} (${name})`).join(" or ");
    report("uf2.family", `${hex(board.uf2.family)} is not a UF2 family of the ${mcu.name}`, `use ${families}`);
  }
};

const checkPlatformio: RealCheck = (board, mcu, report) => {
  const { platform, board: upstream, variant } = board.platformio;
  if (mcu.platform !== platform) {
    const fix = mcu.platform === undefined ? "correct mcu" : `use ${mcu.platform}`;
    report("platformio.platform", `${platform} does not build for the ${mcu.name}`, fix);
  } else if (!PLATFORM_SPEC.has(platform)) {
    report("platformio.platform", `${platform} has no pinned version`, "pin one in boards/versions.ts");
  }
  if ((upstream === undefined) === (variant === undefined)) {
    const came = upstream === undefined ? "neither board nor variant is given" : "both board and variant are given";
    report("platformio", came, "name the board id the platform ships, or else the Arduino variant to build on");
  }
  if (variant !== undefined && !VARIANT_DRIVES.has(variant)) {
    const fix = `use ${[...VARIANT_DRIVES.keys()].join(" or ")}, or describe it in boards/mcu.ts`;
    report("platformio.variant", `nothing is known about the variant ${show(variant)}`, fix);
  }
};

const checkSilicon: RealCheck = (board, mcu, report) => {
  if (mcu.emulator !== undefined) {
    report("mcu", `${board.mcu} is a virtual chip`, "add a virtual field and remove the wiring, or name a real chip");
  }
};

function checkVirtual(board: VirtualBoard, report: Report): void {
  const mcu = MCUS[board.mcu];
  if (mcu.emulator === undefined) {
    const virtual = Object.entries(MCUS).flatMap(([id, one]) => (one.emulator === undefined ? [] : [id]));
    report("mcu", `the ${mcu.name} is silicon and this board is virtual`, `use ${virtual.join(" or ")}`);
  } else if (mcu.emulator !== board.virtual.emulator) {
    const came = `${board.virtual.emulator} does not run the ${mcu.name}`;
    report("virtual.emulator", came, `use ${mcu.emulator}`);
  }
}

const REAL_CHECKS: readonly RealCheck[] = [
  checkSilicon,
  checkPinsExist,
  checkPinsOnce,
  checkPinsFree,
  checkInputOnly,
  checkAcknowledged,
  checkRadio,
  checkBattery,
  checkFlash,
  checkNordicFlash,
  checkEspFlash,
  checkFlashing,
  checkPlatformio,
];
