/**
 * The partition table of an Espressif chip's flash, and the two sectors that say which application boots.
 *
 * Facts: ESP-IDF Programming Guide, "Partition Tables": entries of 32 bytes (0xAA 0x50, type, subtype, offset, size,
 * label of 16, flags), an optional entry 0xEB 0xEB with the MD5 of those before it, then erased bytes, at most 0xC00.
 * esp_flash_partitions.h, esp_ota_select_entry_t: sequence u32, label of 20, state u32, CRC-32 of the sequence; slot =
 * (sequence - 1) modulo the number of slots.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { bad, good, hex, type Read, view } from "./read.ts";

export interface Partition {
  readonly label: string;
  readonly type: number;
  readonly subtype: number;
  readonly offset: number;
  readonly size: number;
}

const ENTRY = 32;
const TABLE = 0xc00;
export const APP_TYPE = 0;
const DATA_TYPE = 1;
const OTA_SUBTYPE = 0;
/** Bytes of the otadata partition: a sector for each of two entries. */
export const OTADATA_SIZE = 0x2000;

export function readPartitions(file: Uint8Array): Read<Partition[]> {
  const partitions: Partition[] = [];
  const data = view(file);
  const entries = Math.floor(Math.min(file.length, TABLE) / ENTRY);
  for (let i = 0; i < entries; i++) {
    const at = i * ENTRY;
    const magic = data.getUint16(at, true);
    if (magic === 0x50aa) {
      const label = Buffer.from(file.subarray(at + 12, at + 28));
      const end = label.indexOf(0);
      partitions.push({
        label: label.subarray(0, end < 0 ? 16 : end).toString("latin1"),
        type: file[at + 2] ?? 0,
        subtype: file[at + 3] ?? 0,
        offset: data.getUint32(at + 4, true),
        size: data.getUint32(at + 8, true),
      });
    } else if (magic === 0xebeb) {
      const digest = createHash("md5").update(file.subarray(0, at)).digest();
      if (!digest.equals(file.subarray(at + 16, at + 32))) return bad("the MD5 of its partition table is wrong");
    } else if (magic === 0xffff) {
      if (!file.subarray(at).every((byte) => byte === 0xff)) return bad(`something follows its end at ${hex(at)}`);
      return partitions.length > 0 ? good(partitions) : bad("it names no partition");
    } else return bad(`it has no partition at byte ${at}`);
  }
  return bad("it is no partition table: it has no end");
}

/** The partition that says which application boots, if there is one. */
export function otaData(partitions: readonly Partition[]): Partition | undefined {
  return partitions.find(({ type, subtype }) => type === DATA_TYPE && subtype === OTA_SUBTYPE);
}

/** The slot an otadata partition (boot_app0.bin) makes the bootloader start. */
export function readOtaData(file: Uint8Array): Read<{ readonly sequence: number }> {
  if (file.length !== OTADATA_SIZE) return bad(`it has ${file.length} bytes and two sectors have ${OTADATA_SIZE}`);
  const data = view(file);
  const sequences = [0, OTADATA_SIZE / 2].flatMap((at) => {
    const sequence = data.getUint32(at, true);
    // The ROM's CRC-32 begins with a register of 0 where zlib's own begins with ones.
    const valid = data.getUint32(at + 28, true) === crc32(file.subarray(at, at + 4), 0xffff_ffff);
    return sequence !== 0xffff_ffff && valid ? [sequence] : [];
  });
  return sequences.length > 0 ? good({ sequence: Math.max(...sequences) }) : bad("it starts no application");
}
