/**
 * The stack of the task the relay runs in, and what of it is spoken for besides the core itself.
 *
 * `platformio.ini` passes the size on: to the linker script of a bare-metal board, to hal/arduino for a FreeRTOS task.
 * The shell is C++ and calls through pointers, and the compilers of the real boards cannot write its call graph
 * (-fcallgraph-info is GCC 10's), so its share is a reserve stated here. tests/stack.test.ts computes it exactly for
 * the emulated boards and holds the reserve against that.
 */
import type { Engine } from "./engine.ts";
import type { McuId } from "./mcu.ts";

export interface TaskStack {
  /** Size in bytes, for each engine. */
  readonly bytes: Readonly<Record<Engine, number>>;
  /** Bytes of the shell from the task's first function to the call of an export of the core. */
  readonly above: number;
  /** Bytes of the shell and the HAL below an import the core calls. */
  readonly below: number;
  /** Bytes an interrupt or a task switch puts on this stack, whatever runs. */
  readonly interrupt: number;
  /** Bytes an engine keeps free where it checks the stack at run time. */
  readonly kept: number;
}

const KiB = 1024;

/** What the engine keeps free in a Linux process, which has no stack of ours. */
const PROCESS_KEPT = 3 * KiB;

/** Undefined for a process, and for a microcontroller that no HAL has a task on yet. */
export const TASK_STACK: Readonly<Record<McuId, TaskStack | undefined>> = {
  // Handlers have a stack of their own: an exception leaves 8 words and up to one of alignment here (ARMv7-M B1.5.7).
  "cortex-m4": {
    bytes: { wasm3: 16 * KiB, aot: 16 * KiB },
    above: 2 * KiB,
    below: 2 * KiB,
    interrupt: 40,
    kept: 3 * KiB,
  },
  // trap_entry of hal/rv32_virt changes the stack before it saves anything.
  rv32: { bytes: { wasm3: 16 * KiB, aot: 16 * KiB }, above: 2 * KiB, below: 2 * KiB, interrupt: 0, kept: 3 * KiB },
  // The Adafruit core runs setup() and loop(), with every driver, in 4 KB (LOOP_STACK_SZ): that and our own functions
  // above the driver. A task switch leaves the exception frame with FPU registers, 26 words and one of alignment, then
  // r4-r11, lr and s16-s31 (BSP cores/nRF5/freertos/portable/GCC/nrf52/port.c).
  nrf52840: {
    bytes: { wasm3: 16 * KiB, aot: 16 * KiB },
    above: 2 * KiB,
    below: 5 * KiB,
    interrupt: 208,
    kept: 6 * KiB,
  },
  // Arduino-ESP32 runs setup() and loop(), with every driver, in 8 KB (getArduinoLoopTaskStackSize). An interrupt
  // leaves XT_STK_FRMSZ bytes; the registers of coprocessors have XT_CP_SIZE bytes at the stack's start (ESP-IDF
  // components/xtensa: xtensa_context.h, and tie.h of each chip): 192 + 252 and 192 + 96. wasm3 wants more than
  // translated code because the windowed ABI has no tail calls (hal/arduino/entry.cpp).
  esp32s3: {
    bytes: { wasm3: 64 * KiB, aot: 32 * KiB },
    above: 3 * KiB,
    below: 9 * KiB,
    interrupt: 444,
    kept: 10 * KiB,
  },
  esp32: { bytes: { wasm3: 64 * KiB, aot: 32 * KiB }, above: 3 * KiB, below: 9 * KiB, interrupt: 288, kept: 10 * KiB },
  // arduino-pico runs setup() and loop(), with every driver, in 4 KB (1024 words, cores/rp2040/freertos/
  // freertos-main.cpp): reckoned as on the nRF52840. A Cortex-M0+ has no FPU: a task switch leaves the exception frame,
  // 8 words and one of alignment, and r4-r11 (ARMv6-M B1.5.7; FreeRTOS portable RP2040/port.c).
  rp2040: {
    bytes: { wasm3: 16 * KiB, aot: 16 * KiB },
    above: 2 * KiB,
    below: 5 * KiB,
    interrupt: 68,
    kept: 6 * KiB,
  },
  host: undefined,
};

/** Bytes an engine keeps free below a function of the core where it checks the stack at run time. */
export function stackKept(mcu: McuId): number {
  return TASK_STACK[mcu]?.kept ?? PROCESS_KEPT;
}
