/** Where a module's bytes go. */

export interface WasmSizes {
  /** Bytes of the code section, its functions. */
  readonly code: number;
  /** Bytes of the data section, its constants. */
  readonly data: number;
  /** Bytes of linear memory in use, by the module's own account. */
  readonly memory: number;
}

// Section ids (WebAssembly Core Specification 2.0, section 5.5.2).
const CODE_SECTION = 10;
const DATA_SECTION = 11;
const HEADER_SIZE = 8;

/** Unsigned LEB128 of at most 32 bits at `at`; the value and where it ends. */
function leb128(bytes: Uint8Array, at: number): readonly [number, number] {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  return [value, at];
}

/** Sizes of a module that WebAssembly.compile accepts. */
export async function wasmSizes(wasm: Uint8Array): Promise<WasmSizes> {
  const sections = new Map<number, number>();
  for (let at = HEADER_SIZE; at < wasm.length;) {
    const id = wasm[at] ?? 0;
    const [size, start] = leb128(wasm, at + 1);
    sections.set(id, (sections.get(id) ?? 0) + size);
    at = start + size;
  }
  const module = await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  // memory_used calls nothing, so any function does for the imports.
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  const { exports } = await WebAssembly.instantiate(module, imports);
  const memory = (exports.memory_used as () => number)();
  return { code: sections.get(CODE_SECTION) ?? 0, data: sections.get(DATA_SECTION) ?? 0, memory };
}
