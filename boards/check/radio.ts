/** Whether the radio's lines, clock, antenna switch and bands are those of its chip, and the SPI block has its pins. */
import { gpioIndex, pinName, rp2040Spi } from "../mcu.ts";
import { RADIO } from "../radio.ts";
import type { RealBoard } from "../schema.ts";
import { show } from "../shape.ts";
import type { RealCheck, Report } from "./report.ts";

const checkLines: RealCheck = (board, _mcu, report) => {
  const { chip: name, pins, tcxoVolts } = board.radio;
  const chip = RADIO[name];
  if (chip.needsBusy && pins.busy === undefined) {
    report("radio.pins.busy", `it is missing and the ${name} reports readiness on it`, "add the pin BUSY is wired to");
  }
  if (!chip.needsBusy && pins.busy !== undefined) {
    report("radio.pins.busy", `the ${name} has no BUSY line`, "remove it or correct radio.chip");
  }
  if (chip.irqLine === "DIO1" && pins.dio1 !== undefined) {
    report(
      "radio.pins.dio1",
      `DIO1 of the ${name} is its interrupt, radio.pins.irq`,
      "remove it or correct radio.chip",
    );
  }
  if (tcxoVolts !== undefined && !chip.tcxoVolts.includes(tcxoVolts)) {
    const [came, fix] =
      chip.tcxoVolts.length > 0
        ? [`the ${name} cannot feed a TCXO with ${tcxoVolts} V`, `use one of ${chip.tcxoVolts.join(", ")} volts`]
        : [`the ${name} does not feed a TCXO`, "remove it and list the pin that does under power"];
    report("radio.tcxoVolts", came, fix);
  }
};

/**
 * What turns the switch between transmitter and receiver: DIO2 alone, DIO2 with a pin for its opposite, or two pins.
 * Peers' boards that get this wrong transmit into an open switch: it looks like a radio with a very short range.
 */
const checkSwitch: RealCheck = (board, _mcu, report) => {
  const { chip: name, rfSwitch } = board.radio;
  const { hasDio2Switch } = RADIO[name];
  const { dio2 = false, rxen, txen } = rfSwitch ?? {};
  if (dio2 && !hasDio2Switch) {
    report("radio.rfSwitch.dio2", `DIO2 of the ${name} cannot turn an antenna switch`, "remove it, name rxen and txen");
  } else if (dio2 && txen !== undefined) {
    report("radio.rfSwitch.txen", "DIO2 turns the switch to the transmitter already", "remove one of the two");
  } else if (!dio2 && (rxen === undefined) !== (txen === undefined)) {
    const [missing, given] = rxen === undefined ? ["rxen", "txen"] : ["txen", "rxen"];
    report(`radio.rfSwitch.${missing}`, `it is missing beside ${given}`, "name both, or let DIO2 turn the switch");
  } else if (!dio2 && rxen === undefined && hasDio2Switch) {
    report(
      "radio.rfSwitch",
      `nothing turns the antenna switch of the ${name}`,
      "set dio2: true, or name rxen and txen",
    );
  } else if (!dio2 && rxen === undefined && rfSwitch !== undefined) {
    report("radio.rfSwitch", "it names nothing", "name rxen and txen, or remove it if the module does it alone");
  }
};

const checkBands: RealCheck = (board, _mcu, report) => {
  const { chip: name, bandsMHz } = board.radio;
  const [low, high] = RADIO[name].tunesMHz;
  let before = 0;
  bandsMHz.forEach(([from, to], index) => {
    const field = `radio.bandsMHz.${index}`;
    const came = `it is ${show([from, to])}`;
    if (!(from < to)) report(field, came, "write the lower end first, in MHz");
    else if (from < low || to > high) report(field, `${came} and the ${name} tunes ${low}-${high} MHz`, "correct it");
    else if (from <= before) report(field, `${came} and begins before the one above ends`, "sort and join the bands");
    before = Math.max(before, to);
  });
};

/** The RP2040 has two SPI blocks, and each pin belongs to one of them in one role. */
const checkSpi: RealCheck = (board, mcu, report) => {
  const { spi, pins } = board.radio;
  if (board.mcu !== "rp2040") {
    if (spi !== undefined) report("radio.spi", `any pin of the ${mcu.name} can carry SPI`, "remove it");
    return;
  }
  if (spi === undefined) {
    const block = gpioIndex(board.mcu, pins.sck);
    const fix = block === undefined ? "name the block, 0 or 1" : `write ${rp2040Spi(block).block}, the block of SCK`;
    report("radio.spi", `it is missing and pins of the ${mcu.name} belong to a block`, fix);
    return;
  }
  for (const [line, role] of [
    ["sck", "SCK"],
    ["miso", "RX"],
    ["mosi", "TX"],
  ] as const) {
    const gpio = gpioIndex(board.mcu, pins[line]);
    if (gpio === undefined || !mcu.gpios.has(gpio)) continue;
    const has = rp2040Spi(gpio);
    if (has.block === spi && has.role === role) continue;
    const able = [...mcu.gpios].filter((one) => rp2040Spi(one).block === spi && rp2040Spi(one).role === role);
    report(
      `radio.pins.${line}`,
      `${pinName(board.mcu, gpio)} is ${has.role} of SPI${has.block} and this line is ${role} of SPI${spi}`,
      `use one of GPIO${able.join(", ")}, or correct radio.spi`,
    );
  }
};

/** X-Powers AXP192 and AXP2101 datasheets: both step these outputs by 100 mV. */
const RAIL_STEP_MILLIVOLTS = 100;

const checkPmu: RealCheck = (board, mcu, report) => {
  if (board.pmu === undefined) return;
  if (board.mcu !== "esp32" && board.mcu !== "esp32s3") {
    report("pmu", `hal/arduino drives a power chip on ESP32 only, not on the ${mcu.name}`, "remove it or correct mcu");
  }
  if (board.pmu.millivolts % RAIL_STEP_MILLIVOLTS !== 0) {
    report("pmu.millivolts", `it is ${board.pmu.millivolts}`, "use a multiple of 100, the step of these chips");
  }
  if (board.battery !== undefined) {
    report("battery", "the power chip of pmu measures the battery", "remove battery, or pmu if there is no such chip");
  }
  forbidSecondSupply(board, report);
};

function forbidSecondSupply(board: RealBoard, report: Report): void {
  board.power?.forEach((supply, index) => {
    if (supply.feeds !== "radio") return;
    report(`power.${index}.feeds`, "a rail of pmu feeds the radio already", 'remove the entry or write "board"');
  });
}

export const RADIO_CHECKS: readonly RealCheck[] = [checkLines, checkSwitch, checkBands, checkSpi, checkPmu];
