/** One file for an Espressif chip's whole flash, to be written at 0x0, like `esptool merge-bin` makes it. */
import { bad, good, hex, type Read } from "./read.ts";
import { joined, type Segment } from "./segments.ts";

/** The partition table's place in the bootloader of the Arduino core (boards-and-regions section 5; ESP-IDF default). */
export const PARTITION_TABLE_OFFSET = 0x8000;
/** Where the partition tables of the Arduino core keep otadata, and so where boot_app0.bin goes. */
export const BOOT_APP0_OFFSET = 0xe000;

/** The parts at their offsets from 0 on, everything between them as erased flash reads. */
export function mergeEspFlash(parts: readonly Segment[]): Read<Uint8Array> {
  const all = joined(parts);
  if (!all.ok) return bad(`two parts lie on each other: ${all.problem}`);
  const last = all.value.at(-1);
  const bytes = new Uint8Array((last?.address ?? 0) + (last?.bytes.length ?? 0)).fill(0xff);
  for (const part of parts) bytes.set(part.bytes, part.address);
  return good(bytes);
}

/** A sentence if a merged file is anything but these parts and erased bytes. */
export function mergedProblem(merged: Uint8Array, parts: readonly Segment[]): string | undefined {
  const should = mergeEspFlash(parts);
  if (!should.ok) return should.problem;
  if (merged.length !== should.value.length) {
    return `it has ${merged.length} bytes and the parts together ${should.value.length}`;
  }
  const at = merged.findIndex((byte, i) => byte !== should.value[i]);
  return at < 0 ? undefined : `it differs from the parts at ${hex(at)}`;
}
