/** A module as the list of its sections (core specification 2.0, section 5.5.2). */
import { Reader } from "./reader.ts";

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** Magic number and version. */
const HEADER_SIZE = 8;

export interface Section {
  readonly id: number;
  /** Offsets in the file of the section's first byte, its id, of its contents and behind it. */
  readonly begin: number;
  readonly start: number;
  readonly end: number;
}

/** The sections of a module in their order. Throws RangeError if it ends inside one's head. */
export function sectionsOf(wasm: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (const reader = new Reader(wasm, HEADER_SIZE); reader.at < wasm.length;) {
    const begin = reader.at;
    const id = reader.byte();
    const size = reader.number();
    sections.push({ id, begin, start: reader.at, end: reader.at + size });
    reader.skip(size);
  }
  return sections;
}

/** The module without its custom sections: names and the source map's address do not go to a board. */
export function withoutCustomSections(wasm: Uint8Array): Uint8Array {
  const kept = sectionsOf(wasm).filter(({ id }) => id !== SECTION.custom);
  return new Uint8Array(
    Buffer.concat([wasm.subarray(0, HEADER_SIZE), ...kept.map(({ begin, end }) => wasm.subarray(begin, end))]),
  );
}
