/**
 * Whether a program is made for a board: it begins where the board's bootloader starts it, ends where it must, and would
 * start. What the board is comes from its value when an image is built, and from the manifest when one is verified.
 */
import { type RealBoard } from "../../boards/index.ts";
import { type McuId, MCUS, SOFTDEVICE, SOFTDEVICES } from "../../boards/mcu.ts";
import type { Manifest } from "../manifest.ts";
import { boot2Problem, BOOT2_SIZE, vectorsProblem } from "./cortex-m.ts";
import { type ElfHead, MACHINE } from "./elf.ts";
import { hex } from "./read.ts";
import { endOf, type Segment } from "./segments.ts";

export interface Target {
  /** Who says so, for sentences: "boards/rak4631.ts" or "the manifest". */
  readonly says: string;
  readonly mcu: McuId;
  readonly app: { readonly offset: number; readonly max: number };
  readonly softdevice: { readonly name: string; readonly fwid: number } | null;
  readonly uf2: { readonly family: number } | null;
  /** Bytes of the whole flash, where it is known. */
  readonly flashSize: number | undefined;
}

export function boardTarget(board: RealBoard, says = `boards/${board.id}.ts`): Target {
  const { app, softdevice, size } = board.flash;
  return {
    says,
    mcu: board.mcu,
    app,
    softdevice: softdevice === undefined ? null : { name: softdevice, fwid: SOFTDEVICE[softdevice].fwid },
    uf2: board.uf2 ?? null,
    flashSize: size,
  };
}

/** Undefined for a virtual board, which has nothing to flash, and for a chip nobody here knows. */
export function manifestTarget(manifest: Manifest): Target | undefined {
  const { mcu, app, softdevice, uf2 } = manifest;
  if (app === null || !isMcu(mcu)) return undefined;
  return { says: "its manifest", mcu, app, softdevice, uf2, flashSize: undefined };
}

export function isMcu(text: string): text is McuId {
  return Object.hasOwn(MCUS, text);
}

/**
 * RAM a stack may lie in: nRF52840 PS v1.7 "Memory" (256 KB), RP2040 Datasheet 2.6.2 (256 KB and two banks of 4 KB).
 */
const RAM: Partial<Record<McuId, readonly [number, number]>> = {
  nrf52840: [0x2000_0000, 0x2004_0000],
  rp2040: [0x2000_0000, 0x2004_2000],
};

const MACHINES: Partial<Record<McuId, number>> = {
  nrf52840: MACHINE.arm,
  rp2040: MACHINE.arm,
  "cortex-m4": MACHINE.arm,
  esp32: MACHINE.xtensa,
  esp32s3: MACHINE.xtensa,
  rv32: MACHINE.riscv,
};

/** A clause if an ELF file is for another processor than this chip's. */
export function machineProblem(elf: ElfHead, mcu: McuId): string | undefined {
  const should = MACHINES[mcu];
  if (should === undefined || elf.machine === should) return undefined;
  const name = Object.entries(MACHINE).find(([, id]) => id === elf.machine)?.[0] ?? `machine ${elf.machine}`;
  return `it is for ${name} and a ${MCUS[mcu].name} is none; build it again`;
}

/** A clause if these bytes are no program for this board's Cortex-M; undefined if they are. */
export function programProblem(target: Target, segments: readonly Segment[]): string | undefined {
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) return "it holds no program";
  const { offset, max } = target.app;
  const { name: chip } = MCUS[target.mcu];
  if (first.address !== offset) {
    const other = SOFTDEVICES.find((id) => SOFTDEVICE[id].appOffset === first.address);
    if (target.softdevice !== null && other !== undefined) {
      return (
        `it begins at ${hex(first.address)}, where the application beside ${other} lies, and ${target.says} says ` +
        `${target.softdevice.name} with the application at ${hex(offset)}: it would flash without an error and never ` +
        `start; build it for ${target.softdevice.name}`
      );
    }
    return `it begins at ${hex(first.address)} and ${target.says} says the application is at ${hex(offset)}; build it again`;
  }
  const end = offset + max;
  if (endOf(last) > end) {
    const over = endOf(last) - end;
    return `it ends at ${hex(endOf(last))}, ${over} bytes past ${hex(end)}, where ${target.says} ends the application; make it smaller`;
  }
  const ram = RAM[target.mcu];
  if (ram === undefined) return undefined;
  const rp2040 = target.mcu === "rp2040";
  const problem =
    (rp2040 ? boot2Problem(segments, offset) : undefined) ??
    vectorsProblem(segments, rp2040 ? offset + BOOT2_SIZE : offset, ram);
  return problem === undefined ? undefined : `${problem}: a ${chip} would not start it; build it again`;
}
