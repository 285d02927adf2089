/** Whether what measures the battery can, and whether the lockout lies in a cell's range. */
import { gpioIndex, type Mcu, pinName } from "../mcu.ts";
import type { RealBoard } from "../schema.ts";
import { ranges } from "./pin-uses.ts";
import type { RealCheck, Report } from "./report.ts";

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

/** A lithium cell is damaged below the first and full at the second; the electronics end above the first. */
const CELL_VOLTS = [2.5, FULL_CELL_VOLTS] as const;

const checkLockout: RealCheck = (board, _mcu, report) => {
  if (board.lockout === undefined) return;
  const { belowVolts, resumeVolts } = board.lockout;
  const [empty, full] = CELL_VOLTS;
  if (board.battery === undefined && board.pmu === undefined) {
    report("lockout", "nothing on this board measures the battery", "remove it, or add battery or pmu");
  }
  for (const [field, volts] of Object.entries({ belowVolts, resumeVolts })) {
    if (volts >= empty && volts <= full) continue;
    report(`lockout.${field}`, `it is ${volts}`, `write volts of a lithium cell, between ${empty} and ${full}`);
  }
  if (!(belowVolts < resumeVolts)) {
    const came = `it is ${resumeVolts}, not above belowVolts, which is ${belowVolts}`;
    report("lockout.resumeVolts", came, "write a higher one, or the radio goes on and off at the same voltage");
  }
};

export const BATTERY_CHECKS: readonly RealCheck[] = [checkBattery, checkLockout];
