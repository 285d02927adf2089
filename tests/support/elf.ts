/** The smallest ELF files there are: sections at addresses, for readers of ours and of others. */

export interface ElfSection {
  readonly name: string;
  readonly address: number;
  readonly bytes: Uint8Array;
  /** SHF_ALLOC and SHF_WRITE or SHF_EXECINSTR. */
  readonly flags: number;
}

/** An executable with one PT_LOAD segment for each section (TIS ELF 1.2; Xtensa is machine 94, ARM 40). */
export function elf32(machine: number, entry: number, sections: readonly ElfSection[]): Uint8Array {
  const names = ["", ...sections.map(({ name }) => name), ".shstrtab"];
  const strings = Buffer.from(`${names.join("\0")}\0`);
  const nameAt = (index: number): number => names.slice(0, index).reduce((sum, name) => sum + name.length + 1, 0);
  const programs = 52;
  let offset = programs + 32 * sections.length;
  const placed = sections.map((section) => {
    const at = offset;
    offset += section.bytes.length;
    return { ...section, at };
  });
  const stringsAt = offset;
  const headers = stringsAt + strings.length;
  const file = Buffer.alloc(headers + 40 * names.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeUInt32LE(entry, 24);
  file.writeUInt32LE(programs, 28);
  file.writeUInt32LE(headers, 32);
  [52, 32, sections.length, 40, names.length, names.length - 1].forEach((value, i) => {
    file.writeUInt16LE(value, 40 + 2 * i);
  });
  const words = (at: number, ...values: number[]): void => {
    values.forEach((value, i) => file.writeUInt32LE(value, at + 4 * i));
  };
  placed.forEach(({ address, bytes, flags, at }, i) => {
    file.set(bytes, at);
    words(programs + 32 * i, 1, at, address, address, bytes.length, bytes.length, 5, 4);
    words(headers + 40 * (i + 1), nameAt(i + 1), 1, flags, address, at, bytes.length, 0, 0, 4, 0);
  });
  file.set(strings, stringsAt);
  words(headers + 40 * (names.length - 1), nameAt(names.length - 1), 3, 0, 0, stringsAt, strings.length, 0, 0, 1, 0);
  return file;
}

/** A program of noise with a vector table and, for an RP2040, the second-stage boot before it, as one section. */
export function cortexElf(start: number, size: number, boot2?: Uint8Array): Uint8Array {
  const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 73 + (i >> 5)) & 0xff));
  if (boot2 !== undefined) bytes.set(boot2);
  const table = boot2?.length ?? 0;
  bytes.writeUInt32LE(0x2004_0000, table);
  bytes.writeUInt32LE((start + table + 0x41) >>> 0, table + 4);
  return elf32(40, start + table + 0x40, [{ name: ".text", address: start, bytes, flags: 6 }]);
}
