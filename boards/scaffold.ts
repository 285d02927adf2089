/**
 * A new board from answers: the questions, the value they make, and the file it is written to. `mehr boards new` asks.
 *
 * An answer is a line of text. What can be derived is: where the application lies, how the board is flashed, its UF2
 * family, the platform, the engines its RAM holds.
 */
import { ENGINES } from "./engine.ts";
import {
  ESP_PARTITIONS,
  MCU_IDS,
  MCUS,
  type McuId,
  NRF52840_BOOTLOADER,
  NRF52840_FILESYSTEM,
  type Pin,
  RP2040_EEPROM_BYTES,
  RP2040_FILESYSTEM_BYTES,
  rp2040Spi,
  SOFTDEVICE,
  SOFTDEVICES,
  VARIANT_DRIVES,
} from "./mcu.ts";
import { ramNeed } from "./memory.ts";
import { RADIO, RADIO_CHIPS, type RadioChipId } from "./radio.ts";
import { type Board, boardId } from "./schema.ts";

export type Answers = Readonly<Record<string, string>>;

export interface Question {
  /** The option that answers it: --miso. */
  readonly key: string;
  readonly text: string;
  /** What an empty line means; undefined where there must be an answer. */
  fallback?(answers: Answers): string | undefined;
  /** Left out where an earlier answer makes it pointless. */
  asked?(answers: Answers): boolean;
  /** What is wrong with an answer, as a clause with the fix; undefined if nothing is. */
  wrong?(answer: string, answers: Answers): string | undefined;
}

const SILICON = MCU_IDS.filter((id) => MCUS[id].emulator === undefined);
const NONE = "none";

const mcuOf = (answers: Answers): McuId => SILICON.find((id) => id === answers.mcu) ?? "esp32s3";
const radioOf = (answers: Answers): RadioChipId => RADIO_CHIPS.find((id) => id === answers.radio) ?? "SX1262";
const isEsp = (answers: Answers): boolean => MCUS[mcuOf(answers)].espBootloader !== undefined;
const isNordic = (answers: Answers): boolean => mcuOf(answers) === "nrf52840";

function oneOf(choices: readonly string[]): (answer: string) => string | undefined {
  return (answer) => (choices.includes(answer) ? undefined : `"${answer}" is none of ${choices.join(", ")}`);
}

function pattern(form: RegExp, like: string): (answer: string) => string | undefined {
  return (answer) => (form.test(answer) ? undefined : `"${answer}" is not of the form ${like}`);
}

const label = pattern(/^[ !#-[\]-~]{1,60}$/, "up to 60 letters of printable ASCII without quotes");

const PIN = "(?:P[01]\\.\\d\\d|\\d{1,2})";
const pin = pattern(new RegExp(`^${PIN}$`), '"P1.11" on nRF52840, a GPIO number such as 9 elsewhere');

function pinQuestion(key: string, what: string, asked?: (answers: Answers) => boolean): Question {
  return { key, text: `Pin of ${what}`, wrong: pin, ...(asked === undefined ? {} : { asked }) };
}

/** All questions, in order. */
export const QUESTIONS: readonly Question[] = [
  {
    key: "id",
    text: "Id of the board, which names its file",
    wrong: (answer) => boardId.safeParse(answer).error?.issues[0]?.message,
  },
  { key: "name", text: "Name, as its maker writes it", wrong: label },
  { key: "mcu", text: `Microcontroller (${SILICON.join(", ")})`, wrong: oneOf(SILICON) },
  {
    key: "radio",
    text: `Radio chip (${RADIO_CHIPS.join(", ")})`,
    fallback: () => "SX1262",
    wrong: oneOf(RADIO_CHIPS),
  },
  {
    key: "bands",
    text: "Bands the module is made for, MHz",
    fallback: () => "863-928",
    wrong: pattern(/^\d+(\.\d+)?-\d+(\.\d+)?(, *\d+(\.\d+)?-\d+(\.\d+)?)*$/, "863-928, or several with commas"),
  },
  pinQuestion("sck", "SPI SCK"),
  pinQuestion("miso", "SPI MISO"),
  pinQuestion("mosi", "SPI MOSI"),
  pinQuestion("nss", "the radio's NSS (chip select)"),
  pinQuestion("reset", "the radio's RESET"),
  pinQuestion("irq", "the radio's interrupt (DIO1 of an SX126x, DIO0 of an SX127x)"),
  pinQuestion("busy", "the radio's BUSY", (answers) => RADIO[radioOf(answers)].needsBusy),
  {
    key: "tcxo",
    text: "Volts of the TCXO on DIO3, or none for a crystal",
    fallback: () => NONE,
    asked: (answers) => RADIO[radioOf(answers)].tcxoVolts.length > 0,
    wrong: pattern(/^(none|\d(\.\d)?)$/, "1.8, or none"),
  },
  {
    key: "switch",
    text: "Antenna switch: dio2, dio2 RXEN, RXEN TXEN (with the pins), or none if the module turns it alone",
    fallback: (answers) => (RADIO[radioOf(answers)].hasDio2Switch ? "dio2" : NONE),
    wrong: pattern(new RegExp(`^(none|dio2( ${PIN})?|${PIN} ${PIN})$`), '"dio2", "dio2 38", "21 10" or "none"'),
  },
  {
    key: "power",
    text: "Supplies that are switched: what it feeds (radio, board, peripherals), pin and level that turns it on",
    fallback: () => NONE,
    wrong: pattern(
      new RegExp(
        `^(none|(radio|board|peripherals) ${PIN} (low|high)(, *(radio|board|peripherals) ${PIN} (low|high))*)$`,
      ),
      '"radio 36 low", several with commas, or "none"',
    ),
  },
  {
    key: "led",
    text: "LED: pin and level that lights it",
    fallback: () => NONE,
    wrong: pattern(new RegExp(`^(none|${PIN} (low|high))$`), '"35 high" or "none"'),
  },
  {
    key: "battery",
    text: "Battery sense: pin, divider, and the ADC's reference in volts (nRF52840) or attenuation in dB (ESP32)",
    fallback: () => NONE,
    wrong: pattern(
      new RegExp(`^(none|${PIN} \\d+(\\.\\d+)?( \\d+(\\.\\d+)?)?)$`),
      '"1 4.9 2.5" (pin, battery volts per pin volt, reference or attenuation) or "none"',
    ),
  },
  {
    key: "sense",
    text: "Pin that turns battery sense on, and its level (low, high, or probe if revisions differ)",
    fallback: () => NONE,
    asked: (answers) => answers.battery !== NONE,
    wrong: pattern(new RegExp(`^(none|${PIN} (low|high|probe))$`), '"37 low" or "none"'),
  },
  {
    key: "softdevice",
    text: `SoftDevice, as INFO_UF2.TXT of the board says (${SOFTDEVICES.join(", ")})`,
    fallback: () => SOFTDEVICES[0],
    asked: isNordic,
    wrong: oneOf(SOFTDEVICES),
  },
  {
    key: "flash",
    text: "Size of the flash",
    fallback: (answers) => (mcuOf(answers) === "rp2040" ? "2MB" : "8MB"),
    asked: (answers) => !isNordic(answers),
    wrong: pattern(/^\d{1,2}MB$/, '"8MB"'),
  },
  {
    key: "psram",
    text: "PSRAM: size and bus (quad, octal)",
    fallback: () => NONE,
    asked: isEsp,
    wrong: pattern(/^(none|\d{1,2}MB (quad|octal))$/, '"2MB quad" or "none"'),
  },
  {
    key: "board",
    text: "PlatformIO's id of the board, or of one that is built the same way",
    fallback: (answers) => ({ esp32s3: "esp32-s3-devkitc-1", esp32: "esp32dev", rp2040: "rpipico" })[answers.mcu ?? ""],
    asked: (answers) => !isNordic(answers),
  },
  { key: "vendor", text: "Its maker", asked: isNordic, wrong: label },
  {
    key: "uf2-id",
    text: "Board-ID in INFO_UF2.TXT",
    fallback: () => NONE,
    asked: isNordic,
    wrong: label,
  },
  {
    key: "usb",
    text: "USB ids with their modes (app, bootloader; bridge for a UART chip on the socket)",
    fallback: (answers) =>
      ({
        esp32s3: "303a:1001 app, 303a:1001 bootloader",
        rp2040: "2e8a:000a app, 2e8a:0003 bootloader",
      })[answers.mcu ?? ""],
    wrong: pattern(
      /^[0-9a-f]{4}:[0-9a-f]{4} (app|bootloader|bridge)(, *[0-9a-f]{4}:[0-9a-f]{4} (app|bootloader|bridge))*$/i,
      '"10c4:ea60 bridge", several with commas',
    ),
  },
  {
    key: "source",
    text: "Where these facts are from: files or documents, with semicolons between them",
    wrong: pattern(/^[ !#-[\]-~]{5,}$/, "some words of printable ASCII without quotes"),
  },
];

const MiB = 1024 * 1024;

function asPin(text: string): Pin {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function list(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

/** The value the answers make. Each has passed its question's `wrong`; whether they fit together is `checkBoard`'s. */
export function boardFromAnswers(answers: Answers): object {
  const get = (key: string): string => answers[key] ?? NONE;
  const mcu = mcuOf(answers);
  const chip = radioOf(answers);
  const given = (key: string): string | undefined => (get(key) === NONE ? undefined : get(key));
  const pins = ["sck", "miso", "mosi", "nss", "reset", "irq", ...(RADIO[chip].needsBusy ? ["busy"] : [])];
  const [first = "", second] = get("switch").split(" ");
  const rfSwitch =
    first === "dio2"
      ? { dio2: true, ...(second === undefined ? {} : { rxen: asPin(second) }) }
      : { rxen: asPin(first), txen: asPin(second ?? "") };
  const [sense = "", divider, adc] = get("battery").split(" ");
  const [enable = "", level] = get("sense").split(" ");
  const [led = "", lit] = get("led").split(" ");
  const [psram = "", bus] = get("psram").split(" ");
  const value = {
    id: get("id"),
    name: get("name"),
    mcu,
    radio: {
      chip,
      bandsMHz: list(get("bands")).map((band) => band.split("-").map(Number)),
      ...(mcu === "rp2040" ? { spi: rp2040Spi(Number(get("sck"))).block } : {}),
      pins: Object.fromEntries(pins.map((line) => [line, asPin(get(line))])),
      ...(given("tcxo") === undefined ? {} : { tcxoVolts: Number(get("tcxo")) }),
      ...(given("switch") === undefined ? {} : { rfSwitch }),
    },
    ...(given("power") === undefined
      ? {}
      : {
          power: list(get("power")).map((one) => {
            const [feeds, gpio = "", active] = one.split(" ");
            return { feeds, pin: asPin(gpio), active };
          }),
        }),
    ...(given("led") === undefined ? {} : { led: { pin: asPin(led), active: lit } }),
    ...(given("battery") === undefined
      ? {}
      : {
          battery: {
            pin: asPin(sense),
            divider: Number(divider),
            ...(adc === undefined ? {} : { [isEsp(answers) ? "attenuationDb" : "referenceVolts"]: Number(adc) }),
            ...(given("sense") === undefined ? {} : { enable: { pin: asPin(enable), active: level } }),
          },
        }),
    ...(given("psram") === undefined ? {} : { psram: { bytes: Number.parseInt(psram) * MiB, bus } }),
    ...flashAndTools(answers, mcu),
    tier: "minimal",
  };
  const engines = ENGINES.filter((engine) => ramNeed(value as unknown as Board, engine).fits);
  return {
    ...value,
    engines,
    source: get("source")
      .split(";")
      .map((one) => one.trim()),
  };
}

/** What follows from chip and flash: layout, ways to flash, UF2, USB, PlatformIO. */
function flashAndTools(answers: Answers, mcu: McuId): object {
  const { platform, flashing, espBootloader, flash: own } = MCUS[mcu];
  const usb = list(answers.usb ?? "").map((one) => {
    const [, vid = "", pid = "", mode] = /^(\w{4}):(\w{4}) (\w+)$/.exec(one) ?? [];
    return { vid: Number.parseInt(vid, 16), pid: Number.parseInt(pid, 16), mode };
  });
  const [family] = MCUS[mcu].uf2Families.keys();
  const base = own?.base ?? 0;
  const build = (by: object): object => ({ platformio: { platform, framework: "arduino", ...by } });
  if (mcu === "nrf52840") {
    const softdevice = SOFTDEVICES.find((one) => one === answers.softdevice) ?? SOFTDEVICES[0];
    const offset = SOFTDEVICE[softdevice].appOffset;
    const app = { offset, max: NRF52840_FILESYSTEM - offset };
    const boardId = answers["uf2-id"] === NONE ? {} : { boardId: answers["uf2-id"] };
    return {
      flash: { size: own?.maxBytes, bootloader: NRF52840_BOOTLOADER, app, softdevice },
      flashing,
      uf2: { family, ...boardId },
      usb,
      ...build({ variant: [...VARIANT_DRIVES.keys()][0], vendor: answers.vendor }),
    };
  }
  const size = Number.parseInt(answers.flash ?? "") * MiB;
  if (espBootloader !== undefined) {
    // A size no table fits gets the first, and the check says what is wrong.
    const tables = [...ESP_PARTITIONS];
    const [partitions, slot] = tables.find(([, one]) => one.flash === size) ?? tables[0] ?? ["", { app: 0, max: 0 }];
    const app = { offset: slot.app, max: slot.max };
    return {
      flash: { size, bootloader: espBootloader, app, partitions },
      flashing,
      usb,
      ...build({ board: answers.board }),
    };
  }
  const max = size - RP2040_FILESYSTEM_BYTES - RP2040_EEPROM_BYTES;
  return {
    flash: { size, bootloader: base, app: { offset: base, max } },
    flashing,
    uf2: { family, boardId: "RPI-RP2", drive: "RPI-RP2" },
    usb,
    ...build({ board: answers.board }),
  };
}
