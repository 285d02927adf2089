/** Reads GNU ld's map file: which bytes of an image come from which library. */

export interface Contribution {
  /** Output section, such as .text. */
  readonly section: string;
  /** Object file, or archive(member). */
  readonly object: string;
  readonly bytes: number;
}

/** Sections that are no part of what is loaded. */
const NOT_LOADED = /^\.(debug|comment|ARM\.attributes|riscv\.attributes|symtab|strtab|shstrtab|stab)/;

/** Every input section that made it into the image, with its size. */
export function parseMap(text: string): Contribution[] {
  const contributions: Contribution[] = [];
  const start = text.indexOf("Linker script and memory map");
  let section = "";
  let pending = false;
  for (const line of text.slice(Math.max(start, 0)).split("\n")) {
    const output = /^(\.[\w.]+)/.exec(line)?.[1];
    if (output !== undefined) section = output;
    // A long input section name stands alone; its numbers follow on the next line.
    if (/^ [.\w]\S*$/.test(line)) {
      pending = true;
      continue;
    }
    const numbers = /^ (?:\S+)?\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S.*)$/.exec(line);
    const named = /^ [.\w]\S*\s+0x/.test(line);
    if (numbers !== null && (named || pending) && !NOT_LOADED.test(section)) {
      const bytes = Number.parseInt(numbers[1] ?? "0", 16);
      const object = (numbers[2] ?? "").trim();
      if (bytes > 0) contributions.push({ section, object, bytes });
    }
    pending = false;
  }
  return contributions;
}

export interface MemoryUse {
  /** Bytes in flash: code, constants, and the initial values of variables. */
  readonly flash: number;
  /** Bytes of static RAM. */
  readonly ram: number;
}

/** Flash and static RAM of the objects whose path matches. */
export function memoryOf(contributions: readonly Contribution[], object: RegExp): MemoryUse {
  let flash = 0;
  let ram = 0;
  for (const one of contributions) {
    if (!object.test(one.object)) continue;
    const data = /^\.(data|sdata)/.test(one.section);
    const bss = /^\.(bss|sbss|noinit)/.test(one.section);
    if (!bss) flash += one.bytes;
    if (data || bss) ram += one.bytes;
  }
  return { flash, ram };
}
