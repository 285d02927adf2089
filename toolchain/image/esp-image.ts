/**
 * The image format the ROM and the second-stage bootloader of Espressif's chips load: bootloader and application alike.
 *
 * Facts: esptool documentation, "Firmware Image Format": header (magic 0xE9, number of segments, flash mode, flash size
 * and frequency, entry), extended header (chip id at byte 12, at byte 23 whether a SHA-256 follows), segments (address,
 * length, data), the XOR of all data from 0xEF on in the last byte of a multiple of 16, then the SHA-256 of all before.
 */
import { createHash } from "node:crypto";
import { bad, good, hex, type Read, view } from "./read.ts";

/** Chip ids by MCU (esptool targets/*.py, IMAGE_CHIP_ID); a ROM refuses another chip's. */
export const ESP_CHIPS = {
  esp32: { id: 0x0000, name: "ESP32" },
  esp32s3: { id: 0x0009, name: "ESP32-S3" },
} as const;

/** Names of all ids, for sentences. */
const CHIP_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0000, "ESP32"],
  [0x0002, "ESP32-S2"],
  [0x0005, "ESP32-C3"],
  [0x0009, "ESP32-S3"],
  [0x000c, "ESP32-C2"],
  [0x000d, "ESP32-C6"],
  [0x0010, "ESP32-H2"],
  [0x0012, "ESP32-P4"],
]);

const FLASH_MODES = ["qio", "qout", "dio", "dout"];

export interface EspImage {
  readonly chipId: number;
  /** Bytes of flash the header is made for. */
  readonly flashSize: number;
  readonly flashMode: string;
  readonly entry: number;
  readonly segments: number;
}

export function chipName(id: number): string {
  return CHIP_NAMES.get(id) ?? `a chip with id ${hex(id, 4)}`;
}

/** Reads and checks a whole image; the file must end where the image does. */
export function readEspImage(file: Uint8Array): Read<EspImage> {
  if (file.length < 24) return bad("it ends inside the header of an image");
  const data = view(file);
  const [magic = 0, segments = 0, mode = 0, sizeFrequency = 0] = file;
  if (magic !== 0xe9) return bad(`it begins with ${hex(magic, 2)} and an image with 0xe9`);
  if (segments === 0 || segments > 16) return bad(`its header says ${segments} segments and 1 to 16 can be`);
  const flashMode = FLASH_MODES[mode];
  if (flashMode === undefined) return bad(`its header has the unknown flash mode ${mode}`);
  // 0 is 1 MB, each step doubles it, up to 128 MB.
  if (sizeFrequency >> 4 > 7) return bad(`its header has the unknown flash size ${sizeFrequency >> 4}`);
  let checksum = 0xef;
  let at = 24;
  for (let i = 0; i < segments; i++) {
    if (at + 8 > file.length) return bad(`it ends before segment ${i}`);
    const length = data.getUint32(at + 4, true);
    if (at + 8 + length > file.length) return bad(`it ends inside segment ${i}`);
    for (const byte of file.subarray(at + 8, at + 8 + length)) checksum ^= byte;
    at += 8 + length;
  }
  at += 16 - (at % 16);
  if (at > file.length) return bad("it ends before its checksum");
  if (file[at - 1] !== checksum)
    return bad(`its checksum is ${hex(file[at - 1] ?? 0, 2)} and its data's ${hex(checksum, 2)}`);
  const hashed = file[23];
  if (hashed === 1) {
    const digest = createHash("sha256").update(file.subarray(0, at)).digest();
    if (at + 32 > file.length) return bad("it ends inside its SHA-256");
    if (!digest.equals(file.subarray(at, at + 32))) return bad("the SHA-256 at its end is not that of its content");
    at += 32;
  } else if (hashed !== 0) return bad(`byte 23 of its header is ${hashed} and can be 0 or 1`);
  if (at !== file.length) return bad(`${file.length - at} bytes follow its end`);
  return good({
    chipId: data.getUint16(12, true),
    flashSize: 2 ** (20 + (sizeFrequency >> 4)),
    flashMode,
    entry: data.getUint32(4, true),
    segments,
  });
}
