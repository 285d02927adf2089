/**
 * What a board's memory leaves to an image, and what the core takes of its RAM with each engine.
 *
 * Which engine a board defaults to is its own value's to say (`engines`, the first one); what is here decides whether
 * that can be true.
 */
import type { Engine } from "./engine.ts";
import { MCUS, NRF52840_RAM_END, SOFTDEVICE } from "./mcu.ts";
import { type Board, isVirtual } from "./schema.ts";
import { TASK_STACK } from "./stack.ts";

/** What an image may take on this board, in bytes; undefined where there is no limit (a host process). */
export interface MemoryLimits {
  readonly flash: number | undefined;
  /** Static variables and heap. */
  readonly ram: number | undefined;
  /** Static variables alone: what the linker can place. */
  readonly staticRam: number | undefined;
}

export function memoryLimits(board: Board): MemoryLimits {
  const mcu = MCUS[board.mcu];
  if (isVirtual(board)) return { flash: mcu.flash?.maxBytes, ram: mcu.appRamBytes, staticRam: mcu.appRamBytes };
  const softdevice = board.flash.softdevice;
  const ram = softdevice === undefined ? mcu.appRamBytes : NRF52840_RAM_END - SOFTDEVICE[softdevice].appRamStart;
  return { flash: board.flash.app.max, ram, staticRam: mcu.staticRamBytes ?? ram };
}

const KiB = 1024;

/**
 * RAM the relay takes while it runs, bytes: static variables and, under wasm3, the heap that holds linear memory and the
 * translated code. Without the stack of its task, which boards/stack.ts has, and without what a framework takes for
 * itself. Measured on qemu-m4; tests/ram.test.ts holds it against the core as it is.
 */
export const CORE_RAM: Readonly<Record<Engine, number>> = { wasm3: 332 * KiB, aot: 76 * KiB };

/** RAM, in bytes, that the relay needs on a board with an engine, and what a program has there. */
export interface RamNeed {
  readonly needs: number;
  /** Undefined where there is no limit. */
  readonly has: number | undefined;
  readonly fits: boolean;
}

export function ramNeed(board: Board, engine: Engine): RamNeed {
  const needs = CORE_RAM[engine] + (TASK_STACK[board.mcu]?.bytes[engine] ?? 0);
  const limits = memoryLimits(board);
  const has = MCUS[board.mcu].machineRamBytes ?? limits.ram;
  // Translated, the core is static as a whole; under wasm3 nearly all of it is heap. A task's stack can be either.
  const links = engine !== "aot" || limits.staticRam === undefined || CORE_RAM.aot <= limits.staticRam;
  return { needs, has, fits: (has === undefined || needs <= has) && links };
}

/** "wasm3 needs about 348 KB of RAM for the core and a program on this board has 232", of an engine that does not fit. */
export function ramClause(board: Board, engine: Engine): string {
  const { needs, has = 0 } = ramNeed(board, engine);
  const kb = (bytes: number): number => Math.round(bytes / KiB);
  if (needs <= has) {
    const room = kb(memoryLimits(board).staticRam ?? 0);
    return `${engine} has about ${kb(CORE_RAM[engine])} KB of static variables and the linker has room for ${room} here`;
  }
  return `${engine} needs about ${kb(needs)} KB of RAM for the core and a program on this board has ${kb(has)}`;
}
