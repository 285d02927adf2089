/**
 * The functions of an executable by address, from the symbol table of its ELF file.
 *
 * Facts: Tool Interface Standard ELF 1.2, book I, "Symbol Table"; System V ABI (generic), "Symbol Table", for the 64-bit
 * entries; ELF for the Arm Architecture section 5.5.3: bit 0 of a function's value says that it is Thumb code. Mapping
 * symbols ($a, $t, $d and those of RISC-V) are of type NOTYPE and so are not taken for functions.
 */
import { bad, good, type Read, view } from "../image/read.ts";
import { demangle } from "./demangle.ts";

/** e_machine of 32-bit Arm: the only one here with the Thumb bit. */
const EM_ARM = 40;
const SHT_SYMTAB = 2;
const STT_FUNC = 2;
const STT_FILE = 4;
const STB_LOCAL = 0;
/** An image has some thousands; a file that names millions is no image. */
const MAX_SYMBOLS = 500_000;

export interface FunctionSymbol {
  /** As a person writes it: `mehr::relay::fatal`. */
  readonly name: string;
  readonly address: number;
  /** 0 when the assembler gave none. */
  readonly size: number;
  /** Source file the linker names for a function that only this file can call. */
  readonly file?: string;
}

export interface Place {
  readonly symbol: FunctionSymbol;
  /** Bytes behind the function's first. */
  readonly offset: number;
}

/** Functions in the order of their addresses. */
export class SymbolTable {
  readonly functions: readonly FunctionSymbol[];

  constructor(functions: readonly FunctionSymbol[]) {
    this.functions = [...functions].sort((a, b) => a.address - b.address);
  }

  /** The function an address lies in; undefined if it lies in none. */
  find(address: number): Place | undefined {
    let low = 0;
    let high = this.functions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.functions[middle]?.address ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    // Several names may share an address; the last one that covers it is as good as any.
    for (let i = low - 1; i >= 0; i--) {
      const symbol = this.functions[i] as FunctionSymbol;
      const offset = address - symbol.address;
      if (offset < symbol.size) return { symbol, offset };
      // Hand-written assembly has no sizes: it reaches up to the next function.
      if (symbol.size === 0 && i === low - 1 && low < this.functions.length) return { symbol, offset };
      if (symbol.size !== 0) return undefined;
    }
    return undefined;
  }
}

/** Reads the symbol table of a little-endian ELF file of 32 or 64 bits. Takes any bytes and never throws. */
export function readSymbols(bytes: Uint8Array): Read<SymbolTable> {
  const magic = bytes.length >= 16 && Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  if (magic !== "\x7fELF") return bad("it is not an ELF file");
  const wide = bytes[4] === 2;
  if (bytes[5] !== 1 || (bytes[4] !== 1 && !wide)) return bad("it is not a little-endian ELF file");
  if (bytes.length < (wide ? 64 : 52)) return bad("it ends inside the ELF header");
  try {
    return good(new SymbolTable(functionsOf(bytes, wide)));
  } catch (error) {
    // DataView's own complaint: an offset of the file points outside it.
    if (error instanceof RangeError) return bad("its symbol table is not inside it");
    throw error;
  }
}

interface Table {
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function functionsOf(bytes: Uint8Array, wide: boolean): FunctionSymbol[] {
  const data = view(bytes);
  const word = (at: number): number => (wide ? Number(data.getBigUint64(at, true)) : data.getUint32(at, true));
  const machine = data.getUint16(18, true);
  const sectionsAt = word(wide ? 40 : 32);
  const [entrySize, count] = [data.getUint16(wide ? 58 : 46, true), data.getUint16(wide ? 60 : 48, true)];
  const section = (index: number): Table & { type: number } => {
    const at = sectionsAt + index * entrySize;
    const base = at + (wide ? 24 : 16);
    return {
      type: data.getUint32(at + 4, true),
      offset: word(base),
      size: word(base + (wide ? 8 : 4)),
      link: data.getUint32(base + (wide ? 16 : 8), true),
    };
  };
  const all = Array.from({ length: count }, (_, i) => section(i));
  const symbols = all.find(({ type }) => type === SHT_SYMTAB);
  const names = symbols && all[symbols.link];
  if (symbols === undefined || names === undefined) return [];
  const step = wide ? 24 : 16;
  const total = Math.floor(symbols.size / step);
  if (total > MAX_SYMBOLS) throw new RangeError("too many symbols");

  const functions: FunctionSymbol[] = [];
  let file: string | undefined;
  for (let i = 0; i < total; i++) {
    const at = symbols.offset + i * step;
    const info = data.getUint8(at + (wide ? 4 : 12));
    const type = info & 15;
    const name = (): string => textAt(bytes, names, data.getUint32(at, true));
    if (type === STT_FILE) file = name();
    const shndx = data.getUint16(at + (wide ? 6 : 14), true);
    if (type !== STT_FUNC || shndx === 0) continue;
    const value = word(at + (wide ? 8 : 4));
    const address = machine === EM_ARM ? value - (value & 1) : value;
    const size = word(at + (wide ? 16 : 8));
    const own = info >> 4 === STB_LOCAL && file !== undefined && file !== "" ? { file } : {};
    functions.push({ name: demangle(name()), address, size, ...own });
  }
  return functions;
}

/** The zero-terminated text at `offset` of a string table. */
function textAt(bytes: Uint8Array, { offset, size }: Table, at: number): string {
  const begin = offset + at;
  const limit = Math.min(offset + size, bytes.length);
  let end = begin;
  while (end < limit && bytes[end] !== 0) end++;
  return Buffer.from(bytes.subarray(begin, end)).toString("utf8");
}
