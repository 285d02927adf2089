/** A board's `board_config.h`: its wiring and its boot configuration as constants, made by a build. */
import { type BootConfig, bootConfig, encodeBootConfig } from "./config.ts";
import { gpioIndex, type McuId, type Pin, pinName } from "./mcu.ts";
import { RADIO } from "./radio.ts";
import { type Board, isVirtual, type RealBoard } from "./schema.ts";

/** Path of a board's configuration header, relative to the project; a build makes it. */
export function boardConfigFile(id: string): string {
  return `build/boards/${id}/board_config.h`;
}

/**
 * Text of a board's `board_config.h`: macros for every board, and for a real one its wiring as constants in namespace
 * `mehr::board`; `config` is a region's, or else the one that only listens. GPIOs are the indices Arduino uses; -1 means the board has no such pin.
 */
export function renderBoardConfigHeader(board: Board, config: BootConfig = bootConfig(board)): string {
  const bytes = [...encodeBootConfig(config)].map((byte) => `0x${byte.toString(16).padStart(2, "0")}`);
  const lines = [
    `// Rendered from boards/${board.id}.ts by a build. Edit the board value instead.`,
    "#pragma once",
    "",
    `#define MEHR_BOARD_ID "${board.id}"`,
    `#define MEHR_BOARD_NAME "${board.name}"`,
    `#define MEHR_BOARD_VIRTUAL ${isVirtual(board) ? 1 : 0}`,
    "// Boot configuration record, laid out in boards/config.ts.",
    `#define MEHR_BOOT_CONFIG_BYTES {${bytes.join(", ")}}`,
    ...(isVirtual(board) ? [] : wiring(board)),
  ];
  return `${lines.join("\n")}\n`;
}

function wiring(board: RealBoard): string[] {
  const { radio, led, button, battery, pmu, lockout } = board;
  const chip = RADIO[radio.chip];
  const pin = (name: string, value: Pin | undefined) => pinConstant(board.mcu, name, value);
  const supplies = (board.power ?? []).map(
    (supply) =>
      `    {${index(board.mcu, supply.pin)}, ${supply.active === "high"}, Feeds::${supply.feeds}},` +
      `  // ${named(board.mcu, supply.pin)}`,
  );
  return [
    `#define MEHR_RADIO_${radio.chip} 1`,
    "// 1: an AXP192 or AXP2101 feeds the radio and measures the battery.",
    `#define MEHR_PMU ${pmu === undefined ? 0 : 1}`,
    "",
    "#include <array>",
    "",
    "namespace mehr::board {",
    "",
    pin("kRadioSck", radio.pins.sck),
    pin("kRadioMiso", radio.pins.miso),
    pin("kRadioMosi", radio.pins.mosi),
    pin("kRadioNss", radio.pins.nss),
    pin("kRadioReset", radio.pins.reset),
    `${pin("kRadioIrq", radio.pins.irq)}, ${chip.irqLine}`,
    pin("kRadioBusy", radio.pins.busy),
    `${pin("kRadioDio1", radio.pins.dio1)}${radio.pins.dio1 === undefined ? "  //" : ","} the second line of an SX127x`,
    "// -1: this chip has no SPI blocks to choose from.",
    `constexpr int kRadioSpi = ${radio.spi ?? -1};`,
    "// 0: the module has a crystal.",
    `constexpr int kRadioTcxoMillivolts = ${Math.round((radio.tcxoVolts ?? 0) * 1000)};`,
    `constexpr bool kRadioDio2TurnsSwitch = ${radio.rfSwitch?.dio2 ?? false};`,
    pin("kRadioRxen", radio.rfSwitch?.rxen),
    pin("kRadioTxen", radio.rfSwitch?.txen),
    `constexpr int kRadioMaxPowerDbm = ${chip.maxPowerDbm};`,
    `constexpr int kRadioCurrentLimitMilliamps = ${chip.currentLimitMilliamps};`,
    "",
    "enum class Feeds { radio, board, peripherals };",
    "struct Supply {",
    "  int pin;",
    "  bool active_high;",
    "  Feeds feeds;",
    "};",
    supplies.length === 0
      ? "constexpr std::array<Supply, 0> kSupplies{};"
      : `constexpr std::array<Supply, ${supplies.length}> kSupplies{{\n${supplies.join("\n")}\n}};`,
    "",
    pin("kLed", led?.pin),
    `constexpr bool kLedActiveHigh = ${led?.active === "high"};`,
    "",
    pin("kButton", button?.pin),
    `constexpr bool kButtonActiveHigh = ${button?.active === "high"};`,
    "// The chip's own resistor at the button.",
    "enum class Pull { none, up, down };",
    `constexpr Pull kButtonPull = Pull::${button?.pull ?? "none"};`,
    "",
    pin("kBatterySense", battery?.pin),
    "// Battery millivolts = millivolts at the pin x this / 1000.",
    `constexpr int kBatteryDividerMilli = ${Math.round((battery?.divider ?? 0) * 1000)};`,
    "// 0: this chip does not choose an ADC reference.",
    `constexpr int kBatteryReferenceMillivolts = ${Math.round((battery?.referenceVolts ?? 0) * 1000)};`,
    "// Tenths of a decibel; 0 where the chip has no attenuator.",
    `constexpr int kBatteryAttenuationDecidb = ${Math.round((battery?.attenuationDb ?? 0) * 10)};`,
    "// Below the first the radio stays off until the battery has the second.",
    `constexpr int kLockoutBelowMillivolts = ${Math.round((lockout?.belowVolts ?? LOCKOUT.belowVolts) * 1000)};`,
    `constexpr int kLockoutResumeMillivolts = ${Math.round((lockout?.resumeVolts ?? LOCKOUT.resumeVolts) * 1000)};`,
    "// probe: read the pin as an input first, the active level is the opposite.",
    "enum class SenseEnable { none, low, high, probe };",
    pin("kBatteryEnable", battery?.enable?.pin),
    `constexpr SenseEnable kBatteryEnableActive = SenseEnable::${battery?.enable?.active ?? "none"};`,
    ...(pmu === undefined ? [] : ["", ...powerChip(board, pmu)]),
    "",
    pinArray(board, "kDrivenPins", "Pins this firmware drives.", drivenPins(board)),
    pinArray(board, "kLeftPins", "Pins it must never touch.", leftPins(board)),
    `constexpr unsigned long kFlashBytes = ${board.flash.size};`,
    "",
    "}  // namespace mehr::board",
  ];
}

/** Below and resume, in volts, of a board whose value names none (boards/schema.ts). */
const LOCKOUT = { belowVolts: 3.3, resumeVolts: 3.5 };

/** The rails' numbers: the one of `LDO2` is 2. */
function powerChip(board: RealBoard, pmu: NonNullable<RealBoard["pmu"]>): string[] {
  return [
    pinConstant(board.mcu, "kPmuSda", pmu.sda),
    pinConstant(board.mcu, "kPmuScl", pmu.scl),
    pinConstant(board.mcu, "kPmuIrq", pmu.irq),
    "// The rail that feeds the radio: LDO2 or 3 of an AXP192, ALDO1 to 4 of an AXP2101.",
    `constexpr int kPmuAxp192Ldo = ${pmu.radio.axp192.slice(-1)};`,
    `constexpr int kPmuAxp2101Aldo = ${pmu.radio.axp2101.slice(-1)};`,
    `constexpr int kPmuRadioMillivolts = ${pmu.millivolts};`,
  ];
}

function drivenPins(board: RealBoard): Pin[] {
  const { radio, led, battery } = board;
  const pins = [
    ...[radio.pins.sck, radio.pins.mosi, radio.pins.nss, radio.pins.reset],
    ...[radio.rfSwitch?.rxen, radio.rfSwitch?.txen, led?.pin, battery?.enable?.pin],
    ...(board.power ?? []).map((supply) => supply.pin),
  ];
  return pins.filter((pin) => pin !== undefined);
}

/** A key of `leave` is text: "P1.07", or a GPIO number in digits. */
function leftPins(board: RealBoard): Pin[] {
  return Object.keys(board.leave ?? {}).map((key) => (/^\d+$/.test(key) ? Number(key) : key));
}

function pinArray(board: RealBoard, name: string, comment: string, pins: readonly Pin[]): string {
  const text = pins.map((pin) => index(board.mcu, pin)).join(", ");
  return `// ${comment}\nconstexpr std::array<int, ${pins.length}> ${name}{${text === "" ? "" : `{${text}}`}};`;
}

function pinConstant(mcu: McuId, name: string, pin: Pin | undefined): string {
  if (pin === undefined) return `constexpr int ${name} = -1;`;
  return `constexpr int ${name} = ${index(mcu, pin)};  // ${named(mcu, pin)}`;
}

function index(mcu: McuId, pin: Pin): number {
  const gpio = gpioIndex(mcu, pin);
  if (gpio === undefined) throw new RangeError(`${String(pin)} is not a pin of ${mcu}: check the board first`);
  return gpio;
}

function named(mcu: McuId, pin: Pin): string {
  return pinName(mcu, index(mcu, pin));
}
