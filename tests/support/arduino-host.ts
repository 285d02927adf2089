/**
 * The Arduino HAL compiled for the host against boards/runtime/test-arduino: one program for each real board value. What
 * does not depend on the board is compiled once for each Arduino core, or once.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { bootConfig } from "../../boards/config.ts";
import type { RealBoard } from "../../boards/index.ts";
import { renderBoardConfigHeader } from "../../boards/render-header.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { runProcess } from "../../toolchain/pio/process.ts";

const RUNTIME = join(repositoryRoot(), "boards/runtime");
const WORLD = join(RUNTIME, "test-arduino");
const INCLUDES = ["src", "include", "hal/arduino", "test-arduino/fake", "test-arduino"];

const FLAGS = [
  ...["-std=gnu++17", "-O0", "-g1", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-pthread"],
  ...["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"],
  // Flash lies at its real addresses, which are below where a program of this kind is put.
  "-fno-pie",
  ...["-D", "MEHR_TASK_STACK_BYTES=32768", "-D", "MEHR_STACK_KEPT_BYTES=10240"],
  ...INCLUDES.map((folder) => `-I${join(RUNTIME, folder)}`),
];

interface ArduinoCore {
  readonly defines: readonly string[];
  /** Files of hal/arduino and of the fakes that are this core's alone. */
  readonly mcu: string;
  /** Symbols that linker scripts define. */
  readonly symbols: readonly string[];
}

const NRF52: ArduinoCore = {
  defines: ["ARDUINO_NRF52_ADAFRUIT"],
  mcu: "mcu_nrf52.cpp",
  symbols: [
    "__flash_arduino_end=0xed000",
    "__flash_arduino_start=0x26000",
    "__etext=0x27234",
    "__data_start__=0x20006000",
    "__data_end__=0x20006104",
  ],
};
const ESP32: ArduinoCore = { defines: ["ARDUINO_ARCH_ESP32"], mcu: "mcu_esp32.cpp", symbols: [] };
const PICO: ArduinoCore = {
  defines: ["ARDUINO_ARCH_RP2040", "__FREERTOS=1"],
  mcu: "mcu_rp2040.cpp",
  symbols: ["__flash_binary_end=0x10080000"],
};

function coreOf(board: RealBoard): ArduinoCore {
  if (board.mcu === "nrf52840") return NRF52;
  return board.mcu === "rp2040" ? PICO : ESP32;
}

/** The console is the MCU's own USB unless a bridge sits between socket and UART, as platformio.ini has it. */
function hasUsbConsole(board: RealBoard): boolean {
  return !board.usb.some(({ mode }) => mode === "bridge");
}

interface Unit {
  readonly source: string;
  readonly defines: readonly string[];
  /** Folder of the board's header, for a source that needs one. */
  readonly board?: string;
}

/** Sources that include `board_config.h`, themselves or by radio_chip.h. */
function needsBoard(source: string): boolean {
  return /#include "(board_config|radio_chip)\.h"/.test(readFileSync(source, "utf8"));
}

const sources = (folder: string): string[] =>
  readdirSync(join(RUNTIME, folder))
    .filter((name) => name.endsWith(".cpp"))
    .map((name) => join(RUNTIME, folder, name));

/** A board's translation units; two boards' equal ones are compiled once. */
function unitsOf(board: RealBoard, folder: string, defines: readonly string[]): Unit[] {
  const core = coreOf(board);
  const usb = hasUsbConsole(board) ? 1 : 0;
  const skipped = [board.radio.chip === "SX1262" ? "radio_sx1276.cpp" : "radio_sx1262.cpp"];
  if (board.pmu === undefined) skipped.push("pmu_axp.cpp");
  const wanted = (source: string): boolean => {
    const name = basename(source);
    return !skipped.includes(name) && name !== "main.cpp" && (!name.startsWith("mcu_") || name === core.mcu);
  };
  return ["src", "hal/arduino", "test-arduino", "test-arduino/fake"].flatMap((room) =>
    sources(room)
      .filter(wanted)
      .map((source) => {
        const all = [...(room === "src" ? [] : core.defines), ...(room === "hal/arduino" ? defines : [])];
        if (basename(source) === "console_serial.cpp") all.push(`ARDUINO_USB_CDC_ON_BOOT=${usb}`);
        if (basename(source) === "board_facts.cpp") all.push(`FAKE_USB_CONSOLE=${usb}`);
        return needsBoard(source) ? { source, defines: all, board: folder } : { source, defines: all };
      }),
  );
}

export class ArduinoHost {
  private readonly objects = new Map<string, Promise<string>>();
  private readonly waiting: (() => void)[] = [];
  private free = Math.max(2, availableParallelism());
  private header: Promise<string> | undefined;

  private readonly folder: string;

  /** Object files, headers and programs go into `folder`. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Compiles a board's program, with more definitions for hal/arduino and another header if given, and returns its path.
   *
   * @throws Error with the compiler's own words
   */
  async build(board: RealBoard, defines: readonly string[] = [], edit = (text: string) => text): Promise<string> {
    const name = [board.id, ...defines].join("-");
    const own = join(this.folder, name);
    mkdirSync(own, { recursive: true });
    // One that may transmit: without a region, images only listen.
    const text = renderBoardConfigHeader(board, { ...bootConfig(board), transmitAllowed: true });
    writeFileSync(join(own, "board_config.h"), edit(text));
    const units = unitsOf(board, own, defines);
    const objects = await Promise.all(units.map((unit) => this.compile(unit)));
    const program = join(own, "program");
    const symbols = coreOf(board).symbols.map((symbol) => `-Wl,--defsym=${symbol}`);
    await this.run("g++", [
      "-fsanitize=address,undefined",
      "-no-pie",
      "-pthread",
      ...symbols,
      ...objects,
      "-o",
      program,
    ]);
    return program;
  }

  private compile(unit: Unit): Promise<string> {
    const key = [unit.source, unit.board ?? "", ...unit.defines].join("|");
    const known = this.objects.get(key);
    if (known !== undefined) return known;
    const object = join(this.folder, `${this.objects.size}.o`);
    const made = this.compileTo(object, unit);
    this.objects.set(key, made);
    return made;
  }

  private async compileTo(object: string, unit: Unit): Promise<string> {
    this.header ??= this.precompile();
    const board = unit.board === undefined ? [] : [`-I${unit.board}`];
    // newlib's mallinfo() is not deprecated, glibc's is.
    const more = unit.source.endsWith("mcu_rp2040.cpp") ? ["-Wno-deprecated-declarations"] : [];
    const defines = unit.defines.flatMap((define) => ["-D", define]);
    const args = [...FLAGS, ...more, ...defines, ...board, "-include", await this.header, "-c", unit.source];
    await this.run("g++", [...args, "-o", object]);
    return object;
  }

  private async precompile(): Promise<string> {
    const header = join(this.folder, "pch.h");
    writeFileSync(header, readFileSync(join(WORLD, "pch.h")));
    await this.run("g++", [...FLAGS, "-x", "c++-header", header, "-o", `${header}.gch`]);
    if (!existsSync(`${header}.gch`)) throw new Error("the compiler made no precompiled header");
    return header;
  }

  private async run(command: string, args: readonly string[]): Promise<void> {
    while (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.free--;
    try {
      const { code, stderr, spawnError } = await runProcess(command, args, { cwd: this.folder });
      if (code !== 0) throw new Error(`${args.at(-3) ?? command}:\n${(spawnError ?? stderr).slice(0, 4000)}`);
    } finally {
      this.free++;
      this.waiting.shift()?.();
    }
  }
}
