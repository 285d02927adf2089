/**
 * The binary format of WebAssembly modules, as far as tests/support/trace.ts takes them apart and puts them together.
 */

import { Reader } from "../../toolchain/wasm/reader.ts";
import { SECTION, sectionsOf } from "../../toolchain/wasm/sections.ts";

export { SECTION };
/** Order of the sections in a module (data count, 12, stands before code). */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

/** LEB128 of a number from 0 up. */
export function unsigned(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return bytes;
}

/** LEB128 of a number with a sign. */
export function signed(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

function limits(reader: Reader): void {
  const flags = reader.byte();
  reader.number();
  if ((flags & 1) !== 0) reader.number();
}

export interface Module {
  readonly sections: Map<number, Uint8Array>;
  /** Offset of the code section's contents in the file. */
  readonly codeAt: number;
  /** Number of parameters of each type. */
  readonly parameters: readonly number[];
  /** Type of each defined function. */
  readonly functionTypes: readonly number[];
  readonly importedFunctions: number;
  readonly globals: number;
  /** Names of exported functions by index. */
  readonly names: ReadonlyMap<number, string>;
}

/** Takes a module apart. Throws on type definitions that are not functions. */
export function readModule(wasm: Uint8Array): Module {
  const sections = new Map<number, Uint8Array>();
  let codeAt = 0;
  for (const { id, start, end } of sectionsOf(wasm)) {
    if (id === SECTION.code) codeAt = start;
    // Custom sections name things by index; they go.
    if (id !== 0) sections.set(id, wasm.subarray(start, end));
  }
  const section = (id: number): Reader => new Reader(sections.get(id) ?? Uint8Array.of(0));

  const parameters: number[] = [];
  const types = section(SECTION.type);
  for (let left = types.number(); left > 0; left--) {
    if (types.byte() !== 0x60) throw new Error("only function types are known here");
    const count = types.number();
    types.skip(count);
    types.skip(types.number());
    parameters.push(count);
  }

  let importedFunctions = 0;
  let globals = 0;
  const imports = section(SECTION.import);
  for (let left = imports.number(); left > 0; left--) {
    imports.name();
    imports.name();
    const kind = imports.byte();
    if (kind === 0) {
      imports.number();
      importedFunctions++;
    } else if (kind === 1) {
      imports.byte();
      limits(imports);
    } else if (kind === 2) {
      limits(imports);
    } else {
      imports.skip(2);
      globals++;
    }
  }
  globals += section(SECTION.global).number();

  const functions = section(SECTION.function);
  const functionTypes = Array.from({ length: functions.number() }, () => functions.number());

  const names = new Map<number, string>();
  const exports = section(SECTION.export);
  for (let left = exports.number(); left > 0; left--) {
    const name = exports.name();
    const kind = exports.byte();
    const index = exports.number();
    if (kind === 0) names.set(index, name);
  }
  return { sections, codeAt, parameters, functionTypes, importedFunctions, globals, names };
}

/** A vector section with items appended. */
export function append(section: Uint8Array | undefined, items: readonly (readonly number[])[]): number[] {
  const reader = new Reader(section ?? Uint8Array.of(0));
  const count = reader.number();
  return [...unsigned(count + items.length), ...reader.bytes.subarray(reader.at), ...items.flat()];
}

/** A module of these sections, behind the magic number and version of `like`. */
export function joinModule(
  like: Uint8Array,
  sections: ReadonlyMap<number, readonly number[] | Uint8Array>,
): Uint8Array<ArrayBuffer> {
  const out: Uint8Array[] = [like.subarray(0, 8)];
  for (const id of ORDER) {
    const contents = sections.get(id);
    if (contents !== undefined) out.push(Uint8Array.of(id, ...unsigned(contents.length)), Uint8Array.from(contents));
  }
  return new Uint8Array(Buffer.concat(out));
}
