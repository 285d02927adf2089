/**
 * ELF: which bytes of a firmware go to which address of the flash.
 *
 * Facts: Tool Interface Standard ELF 1.2, book I (32-bit header, program and section headers). A program header's
 * p_paddr is where a segment is stored (LMA), p_vaddr where it runs. The GNU linker may let a segment begin with the
 * ELF header itself, which no flash must hold: like objcopy, this reader takes what allocated sections cover and uses
 * the segments for their LMA only.
 */
import { bad, good, type Read, view } from "./read.ts";
import { joined, type Segment } from "./segments.ts";

/** e_machine (System V ABI registry). */
export const MACHINE = { arm: 40, xtensa: 94, riscv: 243 } as const;

export interface ElfHead {
  readonly machine: number;
  readonly entry: number;
}

export interface Elf extends ElfHead {
  /** Stored bytes by LMA, in the order of addresses, neighbours joined. */
  readonly segments: readonly Segment[];
}

const PT_LOAD = 1;
const SHT_NULL = 0;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;
/** An embedded program has a handful; a file that names thousands is no such program. */
const MAX_SEGMENTS = 64;
const MAX_SECTIONS = 4096;

/** What an executable is for and where it starts; where its bytes go is another question, for `readElf`. */
export function readElfHead(bytes: Uint8Array): Read<ElfHead> {
  const magic = bytes.length >= 4 && Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  if (magic !== "\x7fELF") return bad("it is not an ELF file");
  if (bytes.length < 52) return bad("it ends inside the ELF header");
  if (bytes[4] !== 1 || bytes[5] !== 1) return bad("it is not a 32-bit little-endian ELF file");
  const data = view(bytes);
  const type = data.getUint16(16, true);
  if (type !== 2) return bad(`it is an ELF file of type ${type}, not an executable`);
  return good({ machine: data.getUint16(18, true), entry: data.getUint32(24, true) });
}

export function readElf(bytes: Uint8Array): Read<Elf> {
  const head = readElfHead(bytes);
  if (!head.ok) return head;
  const data = view(bytes);
  const programs = table(data, data.getUint32(28, true), data.getUint16(42, true), data.getUint16(44, true), 32);
  const sections = table(data, data.getUint32(32, true), data.getUint16(46, true), data.getUint16(48, true), 40);
  if (programs === undefined || programs.length > MAX_SEGMENTS) return bad("its program headers are not inside it");
  if (sections === undefined || sections.length > MAX_SECTIONS) return bad("its section headers are not inside it");

  const stored: Segment[] = [];
  const contents = sections
    .map((at) => ({
      type: data.getUint32(at + 4, true),
      flags: data.getUint32(at + 8, true),
      offset: data.getUint32(at + 16, true),
      size: data.getUint32(at + 20, true),
    }))
    .filter((one) => one.type !== SHT_NULL && one.type !== SHT_NOBITS && (one.flags & SHF_ALLOC) !== 0 && one.size > 0);
  for (const at of programs) {
    if (data.getUint32(at, true) !== PT_LOAD) continue;
    const offset = data.getUint32(at + 4, true);
    const address = data.getUint32(at + 12, true);
    const size = data.getUint32(at + 16, true);
    if (offset + size > bytes.length) return bad("a segment is not inside it");
    const add = (from: number, length: number): void => {
      stored.push({ address: address + (from - offset), bytes: bytes.subarray(from, from + length) });
    };
    if (sections.length === 0) add(offset, size);
    for (const one of contents) {
      if (one.offset >= offset && one.offset + one.size <= offset + size) add(one.offset, one.size);
    }
  }
  const segments = joined(stored);
  return segments.ok ? good({ ...head.value, segments: segments.value }) : segments;
}

/** Offsets of a table's entries; undefined if it is not in the file. An absent table is empty. */
function table(data: DataView, offset: number, size: number, count: number, least: number): number[] | undefined {
  if (count === 0 || offset === 0) return [];
  if (size < least || offset + size * count > data.byteLength) return undefined;
  return Array.from({ length: count }, (_, i) => offset + size * i);
}
