/** Parts of an Espressif image as the documents describe them, written without the product's code. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { RealBoard } from "../../boards/index.ts";
import { elf32 } from "./elf.ts";

export interface EspImageOptions {
  readonly chipId: number;
  readonly flashBytes: number;
  readonly entry: number;
  readonly segments: readonly (readonly [number, Uint8Array])[];
  readonly hash?: boolean;
}

/** esptool documentation, "Firmware Image Format". */
export function espImage({ chipId, flashBytes, entry, segments, hash = true }: EspImageOptions): Uint8Array {
  const header = Buffer.alloc(24);
  header.set([0xe9, segments.length, 2, (Math.log2(flashBytes) - 20) << 4]);
  header.writeUInt32LE(entry, 4);
  header[8] = 0xee;
  header.writeUInt16LE(chipId, 12);
  header.writeUInt16LE(0xffff, 17);
  header[23] = hash ? 1 : 0;
  const parts: Uint8Array[] = [header];
  let checksum = 0xef;
  for (const [address, bytes] of segments) {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(address, 0);
    head.writeUInt32LE(bytes.length, 4);
    parts.push(head, bytes);
    for (const byte of bytes) checksum ^= byte;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const pad = Buffer.alloc(16 - (length % 16));
  pad[pad.length - 1] = checksum;
  parts.push(pad);
  const body = Buffer.concat(parts);
  return hash ? Buffer.concat([body, createHash("sha256").update(body).digest()]) : body;
}

type Row = readonly [label: string, type: number, subtype: number, offset: number, size: number];

/** ESP-IDF Programming Guide, "Partition Tables". */
export function partitionTable(rows: readonly Row[]): Uint8Array {
  const file = Buffer.alloc(0xc00, 0xff);
  rows.forEach(([label, type, subtype, offset, size], i) => {
    const entry = Buffer.alloc(32);
    entry.set([0xaa, 0x50, type, subtype]);
    entry.writeUInt32LE(offset, 4);
    entry.writeUInt32LE(size, 8);
    entry.write(label, 12, "latin1");
    file.set(entry, 32 * i);
  });
  const at = 32 * rows.length;
  file.set([0xeb, 0xeb], at);
  file.set(createHash("md5").update(file.subarray(0, at)).digest(), at + 16);
  return file;
}

/** Tables of the shape the Arduino core ships: settings, otadata, two slots. */
export function boardPartitions(board: RealBoard): Uint8Array {
  const { offset, max } = board.flash.app;
  return partitionTable([
    ["nvs", 1, 0x02, 0x9000, 0x5000],
    ["otadata", 1, 0x00, 0xe000, 0x2000],
    ["app0", 0, 0x10, offset, max],
    ["app1", 0, 0x11, offset + max, max],
  ]);
}

/** otadata that starts the slot of this sequence number (esp_flash_partitions.h, esp_ota_select_entry_t). */
export function otaSelect(sequence: number): Uint8Array {
  const file = Buffer.alloc(0x2000, 0xff);
  file.writeUInt32LE(sequence, 0);
  file.writeUInt32LE(crc32(file.subarray(0, 4), 0xffff_ffff), 28);
  return file;
}

/** An address of instruction RAM, for a program the chip's tools accept (esptool targets/*.py, MEMORY_MAP). */
const IRAM = { esp32: 0x4008_0000, esp32s3: 0x4037_8000 } as const;
const CHIP_ID = { esp32: 0, esp32s3: 9 } as const;

export function espChip(board: RealBoard): "esp32" | "esp32s3" {
  if (board.mcu === "esp32" || board.mcu === "esp32s3") return board.mcu;
  throw new Error(`${board.id} has no chip of Espressif`);
}

/** An Xtensa ELF file whose program is `size` bytes of noise in instruction RAM. */
export function espElf(board: RealBoard, size = 5000): { elf: Uint8Array; entry: number; bytes: Uint8Array } {
  const entry = IRAM[espChip(board)];
  const bytes = Uint8Array.from({ length: size & ~3 }, (_, i) => (i * 167 + (i >> 3)) & 0xff);
  return { elf: elf32(94, entry, [{ name: ".iram0.text", address: entry, bytes, flags: 6 }]), entry, bytes };
}

/** What PlatformIO leaves for this board, by file name; the bootloader is a placeholder with the right header. */
export function espBuild(board: RealBoard, size?: number): Map<string, Uint8Array> {
  const chip = espChip(board);
  const { elf, entry, bytes } = espElf(board, size);
  const image = (segments: EspImageOptions["segments"]): Uint8Array =>
    espImage({ chipId: CHIP_ID[chip], flashBytes: board.flash.size, entry, segments });
  return new Map([
    ["firmware.elf", elf],
    ["firmware.bin", image([[entry, bytes]])],
    ["bootloader.bin", image([[entry, new Uint8Array(1024).fill(0x42)]])],
    ["partitions.bin", boardPartitions(board)],
    ["boot_app0.bin", otaSelect(1)],
  ]);
}
