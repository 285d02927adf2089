/**
 * Files made from board values: `platformio.ini`, and in boards/platformio what upstream lacks (board files and linker
 * scripts, render-nordic.ts). Pure functions from values to text; the same values always give the same bytes.
 */
import { defaultEngine, type Engine, variantName } from "./engine.ts";
import { MCUS, RP2040_FILESYSTEM_BYTES } from "./mcu.ts";
import { linkerScripts, platformioBoardFile, renderPlatformioBoard } from "./render-nordic.ts";
import { type Board, isVirtual, type RealBoard, type VirtualBoard } from "./schema.ts";
import { stackKept, TASK_STACK } from "./stack.ts";
import { PLATFORM_SPEC, RADIOLIB_SPEC, TOOLCHAIN_SPEC, VIRTUAL_PLATFORM_SPEC, WASM3_SPEC } from "./versions.ts";

/** The command that rewrites every rendered file; it stands in their headers and in stale-test messages. */
export const RENDER_COMMAND = "mehr generate";

function byId(a: Board, b: Board): number {
  return a.id < b.id ? -1 : 1;
}

// --- platformio.ini --------------------------------------------------------------------------------------------------

/** PlatformIO's own interpolation, as one line of a multi-line option. */
function inherit(option: string): string {
  return `  \${${option}}`;
}

/** The board `pio run` builds when no environment is named. */
const DEFAULT_ENV = "qemu-m4";

/** Text of `platformio.ini` at the project's root. Boards must have passed `checkBoard`. */
export function renderPlatformioIni(boards: readonly Board[]): string {
  const sorted = [...boards].sort(byId);
  const sections = [
    [
      `; Rendered from boards/*.ts by \`${RENDER_COMMAND}\`. Edit a board value instead: a test fails when the two differ.`,
    ],
    [
      "[platformio]",
      ...(sorted.some((board) => board.id === DEFAULT_ENV) ? [`default_envs = ${DEFAULT_ENV}`] : []),
      "src_dir = boards/runtime",
      "include_dir = boards/runtime/include",
      "boards_dir = boards/platformio",
    ],
    ENGINE_WASM3,
    ENGINE_AOT,
    ENV,
    ARDUINO,
    ...sorted.flatMap((board) => [
      isVirtual(board) ? virtualEnv(board) : realEnv(board),
      ...board.engines.filter((engine) => engine !== defaultEngine(board)).map((engine) => variantEnv(board, engine)),
    ]),
  ];
  return `${sections.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

const ENGINE_WASM3 = [
  "[engine_wasm3]",
  "custom_engine = wasm3",
  "custom_engine_sources = +<engine/wasm3/>",
  "; Floats cost 21 KB of flash and the core has none. Height: the Arduino default of 64 stack slots is too low for",
  "; cryptography. Page size: metacode pages are rounded up to it, so a small one wastes less RAM.",
  "custom_engine_flags =",
  "  -D d_m3HasFloat=0",
  "  -D d_m3MaxFunctionStackHeight=256",
  "  -D d_m3CodePageAlignSize=2048",
  "  -D d_m3VerboseErrorMessages=0",
  "  -D NDEBUG",
  "custom_engine_libs =",
  `  ${WASM3_SPEC}`,
];

const ENGINE_AOT = [
  "[engine_aot]",
  "custom_engine = aot",
  "custom_engine_sources = +<engine/aot/>",
  "; The compiler writes down how much stack each function takes, beside its object file.",
  "custom_engine_flags =",
  "  -I boards/runtime/engine/aot",
  "  -fstack-usage",
  "custom_engine_libs =",
  "; For the translated core alone; toolchain/pio/prepare.py passes them on. Measured on a Cortex-M4, -Os is a fifth",
  "; faster than -O2 and 4 KB smaller (docs/decisions.md). For -fno-ipa-icf see toolchain/aot/stack-usage.ts.",
  "custom_core_flags =",
  "  -Os",
  "  -fno-ipa-icf",
];

// `this` is the environment that is asked for, also in an option it inherits; ${env.option} would be that of [env].
const ENV = [
  "[env]",
  "; An environment's engine, HAL and board are the custom_ options; what it inherits puts them together. A board's own",
  "; environment extends its default engine. PlatformIO interpolates this section by itself too: hence the empty ones.",
  "extra_scripts = pre:toolchain/pio/prepare.py",
  "custom_engine_sources =",
  "custom_engine_flags =",
  "custom_engine_libs =",
  "custom_board =",
  "custom_hal_sources =",
  "custom_framework_flags =",
  "custom_framework_libs =",
  "custom_mcu_flags =",
  "custom_stack_flags =",
  "build_flags =",
  inherit("this.custom_engine_flags"),
  "  -I boards/runtime/include",
  "  -I boards/runtime/src",
  "  -I boards/runtime/hal",
  "  -I build/core",
  "  -I build/boards/${this.custom_board}",
  inherit("this.custom_framework_flags"),
  inherit("this.custom_mcu_flags"),
  inherit("this.custom_stack_flags"),
  "build_src_flags =",
  "  -Wall",
  "  -Wextra",
  "build_src_filter = +<src/> ${this.custom_engine_sources} ${this.custom_hal_sources}",
  "lib_deps =",
  inherit("this.custom_engine_libs"),
  inherit("this.custom_framework_libs"),
];

const ARDUINO = [
  "[arduino]",
  "framework = arduino",
  "; -O2 is as fast as -O3 for wasm3. The Arduino cores' default is -Os; Adafruit's puts -Ofast behind all other flags.",
  "build_unflags =",
  "  -Os",
  "  -Ofast",
  "custom_framework_flags =",
  "  -O2",
  "; RadioLib would otherwise allocate and free at every SPI transfer.",
  "  -D RADIOLIB_STATIC_ONLY=1",
  "; The language options stay off C libraries and the framework.",
  "build_src_flags =",
  inherit("env.build_src_flags"),
  "  -std=gnu++17",
  "  -fno-exceptions",
  "custom_hal_sources = +<hal/arduino/>",
  "custom_framework_libs =",
  `  ${RADIOLIB_SPEC}`,
  "monitor_speed = 115200",
];

function virtualEnv(board: VirtualBoard): string[] {
  const { hal } = board.virtual;
  const process = board.virtual.emulator === "process";
  return [
    `[env:${board.id}]`,
    `extends = engine_${defaultEngine(board)}`,
    `platform = ${VIRTUAL_PLATFORM_SPEC}`,
    `board = ${board.id}`,
    `custom_board = ${board.id}`,
    // A process is laid out by the host's own linker and has its own memory; bare metal shares hal/bare.
    ...(process
      ? [`custom_hal_sources = +<hal/virtual/> +<hal/${hal}/>`]
      : [
          `board_build.ldscript = boards/runtime/hal/${hal}/link.ld`,
          `custom_hal_sources = +<hal/virtual/> +<hal/bare/> +<hal/${hal}/>`,
        ]),
    ...stackFlags(board, defaultEngine(board)),
    // The registry's Wasm3 names the frameworks it was tried with; these boards have none.
    "lib_compat_mode = off",
  ];
}

function realEnv(board: RealBoard): string[] {
  const { platform, board: upstream } = board.platformio;
  const spec = PLATFORM_SPEC.get(platform);
  const toolchain = TOOLCHAIN_SPEC.get(platform);
  if (spec === undefined) throw new RangeError(`boards/${board.id}.ts: platform ${platform} has no pinned version`);
  return [
    `[env:${board.id}]`,
    `extends = arduino, engine_${defaultEngine(board)}`,
    `platform = ${spec}`,
    ...(toolchain === undefined ? [] : [`platform_packages = ${toolchain}`]),
    `board = ${upstream ?? board.id}`,
    `custom_board = ${board.id}`,
    ...(board.flash.partitions === undefined ? [] : [`board_build.partitions = ${board.flash.partitions}`]),
    ...(board.mcu === "rp2040" ? PICO : []),
    ...mcuFlags(board),
    ...stackFlags(board, defaultEngine(board)),
  ];
}

/** arduino-pico, not PlatformIO's older core on Mbed; the size is written the way its builder parses it. */
const PICO = ["board_build.core = earlephilhower", `board_build.filesystem_size = ${RP2040_FILESYSTEM_BYTES / 1024}k`];

/** Options that go with the chip: macros its Arduino core reads and its board file may lack, and ours. */
function mcuFlags(board: RealBoard): string[] {
  const flags: string[] = [];
  // hal/arduino runs the relay in a FreeRTOS task; arduino-pico has FreeRTOS on request.
  if (board.mcu === "rp2040") flags.push("-D PIO_FRAMEWORK_ARDUINO_ENABLE_FREERTOS");
  // The console is the chip's USB Serial/JTAG controller where the socket leads to it, and the UART behind a bridge.
  if (board.mcu === "esp32s3") {
    const bridge = board.usb.some(({ mode }) => mode === "bridge");
    flags.push("-D ARDUINO_USB_MODE=1", `-D ARDUINO_USB_CDC_ON_BOOT=${bridge ? 0 : 1}`);
  }
  // hal/arduino keeps what ESP-IDF's panic handler says for the next start.
  if (MCUS[board.mcu].espBootloader !== undefined) flags.push("-Wl,--wrap=esp_panic_handler");
  return flags.length === 0 ? [] : ["custom_mcu_flags =", ...flags.map((flag) => `  ${flag}`)];
}

/** The same board with another engine, whose options come before those the board's own environment extends. */
function variantEnv(board: Board, engine: Engine): string[] {
  const [flags, own] = [stackFlags(board, engine), stackFlags(board, defaultEngine(board))];
  return [
    `[env:${variantName(board, engine)}]`,
    `extends = env:${board.id}, engine_${engine}`,
    ...(flags.join() === own.join() ? [] : flags),
  ];
}

/** How boards/stack.ts gets to who needs it: the linker script of bare metal, hal/arduino elsewhere, and the engine. */
function stackFlags(board: Board, engine: Engine): string[] {
  const bytes = TASK_STACK[board.mcu]?.bytes[engine];
  const process = isVirtual(board) && board.virtual.emulator === "process";
  if (bytes === undefined && !process) {
    throw new RangeError(`boards/${board.id}.ts: boards/stack.ts has no task stack for ${board.mcu}`);
  }
  const size = isVirtual(board) ? `  -Wl,--defsym=__stack_size=${bytes}` : `  -D MEHR_TASK_STACK_BYTES=${bytes}`;
  return [
    "custom_stack_flags =",
    `  -D MEHR_STACK_KEPT_BYTES=${stackKept(board.mcu)}`,
    ...(bytes === undefined ? [] : [size]),
  ];
}

/** Every rendered file that is committed, by its path relative to the project. */
export function renderCommitted(boards: readonly Board[]): Map<string, string> {
  const files = new Map([["platformio.ini", renderPlatformioIni(boards)]]);
  for (const board of [...boards].sort(byId)) {
    const text = renderPlatformioBoard(board);
    if (text !== undefined) files.set(platformioBoardFile(board.id), text);
  }
  for (const [path, text] of linkerScripts(boards)) files.set(path, text);
  return files;
}
