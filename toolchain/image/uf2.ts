/**
 * UF2: blocks of 512 bytes that a bootloader takes off its USB drive one by one, in any order.
 *
 * Facts: microsoft/uf2 README (magic numbers, block layout, flags) and utils/uf2families.json. The Adafruit nRF52
 * bootloader takes 256 bytes a block for its family or for a board's own (src/usb/uf2/ghostfat.c). The boot ROM of the
 * RP2040 takes 256 bytes a block, and erases a sector by the block's number and not by its address (RP2040 Datasheet,
 * errata RP2040-E14): each 16 blocks must be one whole 4 KiB sector.
 */
import { bad, good, hex, type Read, view } from "./read.ts";
import { endOf, joined, type Segment } from "./segments.ts";

const BLOCK = 512;
const PAYLOAD = 256;
const MAX_PAYLOAD = 476;
const MAGIC = [0x0a324655, 0x9e5d5157] as const;
const MAGIC_END = 0x0ab16f30;
const FLAG = { notMainFlash: 0x1, fileContainer: 0x1000, family: 0x2000 } as const;

/** What erased flash reads as; fills the rest of a page. */
const ERASED = 0xff;

export interface Uf2 {
  readonly family: number;
  readonly segments: readonly Segment[];
}

/** A file of blocks of 256 bytes; every piece of `unit` bytes (a multiple of 256) that has content is written whole. */
export function writeUf2(segments: readonly Segment[], family: number, unit = PAYLOAD): Uint8Array {
  const pages = new Map<number, Uint8Array>();
  const page = (address: number): Uint8Array => {
    const found = pages.get(address) ?? new Uint8Array(PAYLOAD).fill(ERASED);
    pages.set(address, found);
    return found;
  };
  for (const segment of segments) {
    const first = Math.floor(segment.address / unit) * unit;
    for (let at = first; at < Math.ceil(endOf(segment) / unit) * unit; at += PAYLOAD) {
      const from = Math.max(at, segment.address);
      const to = Math.min(at + PAYLOAD, endOf(segment));
      const target = page(at);
      if (from < to) target.set(segment.bytes.subarray(from - segment.address, to - segment.address), from - at);
    }
  }
  const file = new Uint8Array(BLOCK * pages.size);
  const data = view(file);
  [...pages.keys()]
    .sort((a, b) => a - b)
    .forEach((address, number) => {
      const at = number * BLOCK;
      [...MAGIC, FLAG.family, address, PAYLOAD, number, pages.size, family].forEach((word, i) => {
        data.setUint32(at + 4 * i, word, true);
      });
      file.set(page(address), at + 32);
      data.setUint32(at + BLOCK - 4, MAGIC_END, true);
    });
  return file;
}

/** A whole file for one family: every block there once, in order, none of them for anything but the flash. */
export function readUf2(file: Uint8Array): Read<Uf2> {
  if (file.length === 0 || file.length % BLOCK !== 0) return bad(`its ${file.length} bytes are not blocks of 512`);
  const data = view(file);
  const count = file.length / BLOCK;
  const family = data.getUint32(28, true);
  const segments: Segment[] = [];
  for (let number = 0; number < count; number++) {
    const at = number * BLOCK;
    const word = (i: number): number => data.getUint32(at + 4 * i, true);
    const magic = word(0) === MAGIC[0] && word(1) === MAGIC[1] && data.getUint32(at + BLOCK - 4, true) === MAGIC_END;
    if (!magic) return bad(`block ${number} is no UF2 block`);
    const [flags, address, length] = [word(2), word(3), word(4)];
    if ((flags & FLAG.family) === 0) return bad(`block ${number} names no family`);
    if ((flags & (FLAG.notMainFlash | FLAG.fileContainer)) !== 0) return bad(`block ${number} is not for the flash`);
    if (length === 0 || length > MAX_PAYLOAD) return bad(`block ${number} says it has ${length} bytes`);
    if (word(5) !== number || word(6) !== count) {
      return bad(`block ${number} of ${count} calls itself ${word(5)} of ${word(6)}`);
    }
    if (word(7) !== family)
      return bad(`block ${number} is for family ${hex(word(7))} and the first for ${hex(family)}`);
    const before = segments.at(-1);
    if (before !== undefined && address < endOf(before)) return bad(`block ${number} goes back to ${hex(address)}`);
    segments.push({ address, bytes: file.subarray(at + 32, at + 32 + length) });
  }
  const all = joined(segments);
  return all.ok ? good({ family, segments: all.value }) : all;
}

/** Bytes the RP2040 erases at once; what `unit` of `writeUf2` must be for it (errata RP2040-E14). */
export const RP2040_SECTOR = 4096;

/** Whether the boot ROM of the RP2040 writes this file right: nothing but whole sectors (errata RP2040-E14). */
export function isWholeSectors(uf2: Uf2): boolean {
  return uf2.segments.every((s) => s.address % RP2040_SECTOR === 0 && s.bytes.length % RP2040_SECTOR === 0);
}
