/**
 * Takes a WebAssembly module of the integer subset apart (core specification 2.0, section 5). The module must be valid
 * (see `decodeModule`), so nothing here checks what validation has checked; what is outside the subset is refused.
 */
import { MehrError } from "../errors.ts";
import type { ValueType } from "./opcodes.ts";
import { Reader } from "./reader.ts";
import { SECTION, sectionsOf } from "./sections.ts";

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly result: ValueType | undefined;
}

export interface ImportedFunction {
  readonly module: string;
  readonly name: string;
  readonly type: number;
}

export interface FunctionBody {
  readonly type: number;
  /** Beyond the parameters, in groups of one type. */
  readonly locals: readonly { readonly count: number; readonly type: ValueType }[];
  /** Offsets in the file of its first instruction and behind its last. */
  readonly start: number;
  readonly end: number;
}

export interface Global {
  readonly type: ValueType;
  readonly mutable: boolean;
  readonly value: bigint;
}

export interface ElementSegment {
  readonly offset: number;
  readonly functions: readonly number[];
}

export interface DataSegment {
  /** Address it is copied to when the module is instantiated; undefined for one that memory.init copies. */
  readonly offset: number | undefined;
  readonly bytes: Uint8Array;
}

export interface WasmModule {
  readonly bytes: Uint8Array;
  readonly types: readonly FunctionType[];
  readonly imports: readonly ImportedFunction[];
  readonly functions: readonly FunctionBody[];
  readonly globals: readonly Global[];
  /** Entries of the table; undefined if there is none. */
  readonly table: number | undefined;
  readonly elements: readonly ElementSegment[];
  /** Pages of 64 KiB it has at first; undefined if it has no memory. */
  readonly pages: number | undefined;
  readonly data: readonly DataSegment[];
  /** Exported functions by the names they are exported under. */
  readonly exports: ReadonlyMap<string, number>;
  readonly start: number | undefined;
  /** From the name section: of functions, and of the locals of functions. */
  readonly functionNames: ReadonlyMap<number, string>;
  readonly localNames: ReadonlyMap<number, ReadonlyMap<number, string>>;
}

const LOCALS_LIMIT = 100_000;

/** An error for something outside the subset. */
export function refused(what: string): MehrError {
  return new MehrError(
    1,
    `The module cannot be translated: ${what}, which is outside the integer subset (docs/engines.md).`,
  );
}

function valueType(reader: Reader): ValueType {
  const code = reader.byte();
  if (code === 0x7f) return "i32";
  if (code === 0x7e) return "i64";
  const names: Record<number, string> = { 0x7d: "f32", 0x7c: "f64", 0x7b: "v128", 0x70: "funcref", 0x6f: "externref" };
  throw refused(`it has a value of type ${names[code] ?? `0x${code.toString(16)}`}`);
}

/** A vector; every item takes a byte at least, so a count beyond the bytes there are is none. */
function vector<T>(reader: Reader, item: (index: number) => T): T[] {
  const length = reader.number();
  if (length > reader.bytes.length - reader.at) throw new RangeError("a vector is longer than what holds it");
  return Array.from({ length }, (_, index) => item(index));
}

function functionType(reader: Reader, index: number): FunctionType {
  if (reader.byte() !== 0x60) throw refused(`type ${index} is not a function type`);
  const params = vector(reader, () => valueType(reader));
  const results = vector(reader, () => valueType(reader));
  if (results.length > 1) throw refused(`function type ${index} has ${results.length} results`);
  return { params, result: results[0] };
}

function limits(reader: Reader, what: string): number {
  const flags = reader.byte();
  if (flags > 1) throw refused(`its ${what} is shared or has 64-bit addresses`);
  const least = reader.number();
  if (flags === 1) reader.number();
  return least;
}

/** A constant expression of one constant. */
function constant(reader: Reader, what: string): bigint {
  const code = reader.byte();
  if (code !== 0x41 && code !== 0x42) throw refused(`${what} is not a plain constant`);
  const value = reader.signed();
  if (reader.byte() !== 0x0b) throw refused(`${what} is not a plain constant`);
  return value;
}

const address = (value: bigint): number => Number(BigInt.asUintN(32, value));

function imported(reader: Reader): ImportedFunction {
  const module = reader.name();
  const name = reader.name();
  const kind = reader.byte();
  if (kind !== 0) {
    throw refused(`it imports the ${["", "table", "memory", "global", "tag"][kind] ?? "thing"} ${module}.${name}`);
  }
  return { module, name, type: reader.number() };
}

function elementSegment(reader: Reader, index: number): ElementSegment {
  const flags = reader.number();
  if (flags !== 0 && flags !== 2) throw refused(`element segment ${index} is not an active one of function indices`);
  if (flags === 2) reader.number();
  const offset = address(constant(reader, `the offset of element segment ${index}`));
  if (flags === 2) reader.byte();
  return { offset, functions: vector(reader, () => reader.number()) };
}

function dataSegment(reader: Reader, index: number): DataSegment {
  const flags = reader.number();
  if (flags === 2) reader.number();
  const offset = flags === 1 ? undefined : address(constant(reader, `the offset of data segment ${index}`));
  return { offset, bytes: reader.take(reader.number()) };
}

function body(reader: Reader, type: number): FunctionBody {
  const end = reader.number() + reader.at;
  const locals = vector(reader, () => ({ count: reader.number(), type: valueType(reader) }));
  const start = reader.at;
  reader.at = end;
  return { type, locals, start, end };
}

function nameMap(reader: Reader): Map<number, string> {
  return new Map(vector(reader, () => [reader.number(), reader.name()] as const));
}

/** Name section (specification, appendix 7.4.1); a damaged one counts as none. */
function names(section: Uint8Array): Pick<WasmModule, "functionNames" | "localNames"> {
  let functionNames = new Map<number, string>();
  let localNames = new Map<number, Map<number, string>>();
  const reader = new Reader(section);
  while (reader.at < section.length) {
    const id = reader.byte();
    const size = reader.number();
    const own = new Reader(reader.take(size));
    if (id === 1) functionNames = nameMap(own);
    if (id === 2) localNames = new Map(vector(own, () => [own.number(), nameMap(own)] as const));
  }
  return { functionNames, localNames };
}

/**
 * Takes `bytes` apart. Throws MehrError (1) if they are no valid module, by V8's judgement, or one with types, imports
 * or sections outside the subset.
 */
export function decodeModule(bytes: Uint8Array<ArrayBuffer>): WasmModule {
  if (!WebAssembly.validate(bytes)) throw new MehrError(1, "These bytes are not a valid WebAssembly module.");
  const sections = new Map<number, Reader>();
  let custom: Uint8Array | undefined;
  for (const { id, start, end } of sectionsOf(bytes)) {
    if (id === SECTION.custom) {
      const inner = new Reader(bytes, start);
      if (inner.name() === "name") custom = bytes.subarray(inner.at, end);
    } else if (id > SECTION.dataCount) {
      throw refused(`it has a section ${id}`);
    } else {
      sections.set(id, new Reader(bytes.subarray(0, end), start));
    }
  }
  const list = <T>(id: number, item: (reader: Reader, index: number) => T): T[] => {
    const reader = sections.get(id);
    return reader === undefined ? [] : vector(reader, (index) => item(reader, index));
  };
  const types = list(SECTION.type, functionType);
  const imports = list(SECTION.import, imported);
  const declared = list(SECTION.function, (reader) => reader.number());
  const tables = list(SECTION.table, (reader) => {
    if (reader.byte() !== 0x70) throw refused("its table does not hold functions");
    return limits(reader, "table");
  });
  if (tables.length > 1) throw refused(`it has ${tables.length} tables`);
  const memories = list(SECTION.memory, (reader) => limits(reader, "memory"));
  if (memories.length > 1) throw refused(`it has ${memories.length} memories`);
  const globals = list(SECTION.global, (reader, index) => ({
    type: valueType(reader),
    mutable: reader.byte() === 1,
    value: constant(reader, `the initial value of global ${index}`),
  }));
  const exports = new Map<string, number>();
  list(SECTION.export, (reader) => {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.number();
    if (kind === 0) exports.set(name, index);
  });
  const start = sections.get(SECTION.start)?.number();
  const elements = list(SECTION.element, elementSegment);
  const functions = list(SECTION.code, (reader, index) => body(reader, declared[index] ?? 0));
  const locals = functions.flatMap((one) => one.locals.map(({ count }) => count)).reduce((a, b) => a + b, 0);
  // A few bytes can declare 50,000 locals, in each of many functions.
  if (locals > LOCALS_LIMIT) throw refused(`its functions have ${locals} locals, more than ${LOCALS_LIMIT}`);
  const data = list(SECTION.data, dataSegment);
  let named: ReturnType<typeof names> = { functionNames: new Map(), localNames: new Map() };
  try {
    if (custom !== undefined) named = names(custom);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return {
    ...{ bytes, types, imports, functions, globals, elements, data, exports, start },
    table: tables[0],
    pages: memories[0],
    ...named,
  };
}
