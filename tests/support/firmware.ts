/** Small programs linked at a board's own addresses by the Cortex-M compiler, as its build would link them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RealBoard } from "../../boards/index.ts";
import { installSystemPackages, missingSystemPackages } from "../../toolchain/pio/system.ts";

/** Installs the Cortex-M compiler where that is allowed; throws MehrError (3) with the command where it is not. */
export async function ensureArmCompiler(): Promise<void> {
  await installSystemPackages(await missingSystemPackages("qemu-m4", "build"));
}

/** Code, constants of an odd length, initialised data that runs elsewhere than it is stored, and a hole. */
const PROGRAM = `
extern unsigned char stack_top[];
int counter = 7;
const unsigned char table[4321] = { 1, 2, 3, [4320] = 9 };
__attribute__((section(".far"))) const unsigned char far[301] = { 5, [300] = 6 };
void reset(void) { for (;;) counter += table[counter & 1023] + far[counter & 255]; }
__attribute__((section(".vectors"))) void *const vectors[16] = { stack_top, reset, reset, reset };
`;

function script(board: RealBoard): string {
  const { offset, max } = board.flash.app;
  // The RP2040's ROM wants 256 bytes before the vector table.
  const boot2 = board.mcu === "rp2040" ? ".boot2 : { KEEP(*(.boot2)) } > FLASH" : "";
  return `
MEMORY { FLASH (rx) : ORIGIN = ${offset}, LENGTH = ${max}  RAM (rw) : ORIGIN = 0x20006000, LENGTH = 0x3a000 }
stack_top = ORIGIN(RAM) + LENGTH(RAM);
SECTIONS {
  ${boot2}
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } > FLASH
  .data : { *(.data*) } > RAM AT > FLASH
  .far ORIGIN(FLASH) + 0x3210 : { KEEP(*(.far)) } > FLASH
  .bss (NOLOAD) : { *(.bss*) . += 64; } > RAM
  /DISCARD/ : { *(.ARM.attributes) *(.comment) }
}`;
}

export interface Linked {
  readonly elf: Uint8Array;
  /** What objcopy makes of it: readers of ELF that are not ours. */
  readonly hex: Uint8Array;
  readonly bin: Uint8Array;
}

/** Links the program for a board; `boot2` are the 256 bytes an RP2040 begins with. */
export function linkFor(board: RealBoard, boot2?: Uint8Array): Linked {
  const dir = mkdtempSync(join(tmpdir(), "mehr-firmware-"));
  const path = (name: string): string => join(dir, name);
  try {
    const cpu = board.mcu === "rp2040" ? "cortex-m0plus" : "cortex-m4";
    const stage =
      boot2 === undefined
        ? ""
        : `__attribute__((section(".boot2"))) const unsigned char boot2[256] = { ${[...boot2].join(", ")} };\n`;
    writeFileSync(path("program.c"), stage + PROGRAM);
    writeFileSync(path("link.ld"), script(board));
    const flags = [`-mcpu=${cpu}`, "-mthumb", "-Os", "-nostdlib", "-T", path("link.ld"), "-Wl,--entry=reset"];
    execFileSync("arm-none-eabi-gcc", [...flags, path("program.c"), "-o", path("firmware.elf")]);
    const objcopy = (...args: string[]): void => {
      execFileSync("arm-none-eabi-objcopy", [...args, path("firmware.elf"), path("out")]);
    };
    objcopy("-O", "ihex");
    const hex = readFileSync(path("out"));
    objcopy("-O", "binary", "--gap-fill", "0xff");
    return { elf: readFileSync(path("firmware.elf")), hex, bin: readFileSync(path("out")) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
