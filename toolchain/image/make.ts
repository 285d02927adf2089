/** The files a board's flashers take, made from what PlatformIO built and checked against the board's value first. */
import type { RealBoard } from "../../boards/index.ts";
import { MCUS, SOFTDEVICE } from "../../boards/mcu.ts";
import { MehrError } from "../errors.ts";
import type { Artifact } from "../manifest.ts";
import { writeDfuPackage } from "./dfu.ts";
import { type ElfHead, readElf, readElfHead } from "./elf.ts";
import { BOOT_APP0_OFFSET, mergeEspFlash } from "./esp-flash.ts";
import { type EspParts, readEspSet } from "./esp-set.ts";
import { writeIntelHex } from "./intel-hex.ts";
import { hex, type Read } from "./read.ts";
import { flattened } from "./segments.ts";
import { boardTarget, machineProblem, programProblem, type Target } from "./target.ts";
import { RP2040_SECTOR, writeUf2 } from "./uf2.ts";

export type Kind = Artifact["kind"];

/** The name of each kind's file. */
export const FILES: Readonly<Record<Kind, string>> = {
  elf: "firmware.elf",
  bin: "firmware.bin",
  hex: "firmware.hex",
  uf2: "firmware.uf2",
  "dfu-zip": "firmware.zip",
  merged: "merged.bin",
  bootloader: "bootloader.bin",
  partitions: "partitions.bin",
  "boot-app0": "boot_app0.bin",
};

export interface ImageFile {
  readonly kind: Kind;
  /** Address in the flash; null if the file says it itself. */
  readonly offset: number | null;
  readonly bytes: Uint8Array;
}

/** What PlatformIO left, by kind. */
export type Built = ReadonlyMap<Kind, Uint8Array>;

/** Every file of a board's image. Throws MehrError (1) with file, both sides and the fix for what is not for the board. */
export function makeImage(board: RealBoard, built: Built): ImageFile[] {
  const target = boardTarget(board);
  const elf = need(board, built, "elf");
  const head = read(FILES.elf, readElfHead(elf));
  const machine = machineProblem(head, board.mcu);
  if (machine !== undefined) throw refused(FILES.elf, machine);
  const { espBootloader } = MCUS[board.mcu];
  const images =
    espBootloader === undefined ? program(board, target, elf) : esp(board, target, head, built, espBootloader);
  return [{ kind: "elf", offset: null, bytes: elf }, ...images];
}

/** A Cortex-M with a bootloader of its own: everything comes from the ELF file. */
function program(board: RealBoard, target: Target, bytes: Uint8Array): ImageFile[] {
  const elf = read(FILES.elf, readElf(bytes));
  const problem = programProblem(target, elf.segments);
  if (problem !== undefined) throw refused(FILES.elf, problem);
  const { softdevice } = board.flash;
  const files: ImageFile[] = [];
  if (board.flashing.includes("swd") || softdevice !== undefined) {
    files.push({ kind: "hex", offset: null, bytes: Buffer.from(writeIntelHex(elf.segments)) });
  }
  if (board.uf2 !== undefined) {
    const unit = board.mcu === "rp2040" ? RP2040_SECTOR : undefined;
    files.push({ kind: "uf2", offset: null, bytes: writeUf2(elf.segments, board.uf2.family, unit) });
  }
  if (softdevice !== undefined) {
    // The bootloader writes words.
    const words = read(FILES.elf, flattened(elf.segments, 4));
    files.push({ kind: "dfu-zip", offset: null, bytes: writeDfuPackage(words.bytes, SOFTDEVICE[softdevice].fwid) });
  }
  return files;
}

const ESP_KINDS = { bootloader: "bootloader", partitions: "partitions", bootApp0: "boot-app0", app: "bin" } as const;

function esp(board: RealBoard, target: Target, elf: ElfHead, built: Built, bootloaderOffset: number): ImageFile[] {
  const part = (name: keyof EspParts): Uint8Array => need(board, built, ESP_KINDS[name]);
  const parts = {
    bootloader: part("bootloader"),
    partitions: part("partitions"),
    bootApp0: part("bootApp0"),
    app: part("app"),
  };
  const set = readEspSet(parts, target, bootloaderOffset);
  if (!set.ok) throw refused(FILES[ESP_KINDS[set.part ?? "app"]], `${set.problem}; build it again`);
  const { offsets, app } = set.value;
  if (offsets.bootApp0 !== BOOT_APP0_OFFSET) {
    const came = `it wants boot_app0.bin at ${hex(offsets.bootApp0)} and flashers put it at ${hex(BOOT_APP0_OFFSET)}`;
    throw refused(FILES.partitions, `${came}; use a table of the Arduino core`);
  }
  if (app.entry !== elf.entry) {
    const came = `it starts at ${hex(app.entry)} and firmware.elf at ${hex(elf.entry)}`;
    throw refused(FILES.bin, `${came}, so it is not made from it; build it again`);
  }
  const names = ["bootloader", "partitions", "bootApp0", "app"] as const;
  const merged = mergeEspFlash(names.map((name) => ({ address: offsets[name], bytes: parts[name] })));
  return [
    { kind: "merged", offset: 0, bytes: read(FILES.merged, merged) },
    ...names.map((name): ImageFile => ({ kind: ESP_KINDS[name], offset: offsets[name], bytes: parts[name] })),
  ];
}

function need(board: RealBoard, built: Built, kind: Kind): Uint8Array {
  const bytes = built.get(kind);
  if (bytes !== undefined) return bytes;
  const where = kind === "boot-app0" ? "the package framework-arduinoespressif32 has" : "PlatformIO left";
  throw new MehrError(
    1,
    `${where} no ${FILES[kind]} for ${board.id}; run \`mehr build ${board.id} --verbose\` to see why.`,
  );
}

function read<T>(file: string, result: Read<T>): T {
  if (!result.ok) throw refused(file, `${result.problem}; build it again`);
  return result.value;
}

function refused(file: string, problem: string): MehrError {
  return new MehrError(1, `${file}: ${problem}.`);
}
