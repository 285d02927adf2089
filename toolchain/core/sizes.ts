/** Where a module's bytes go. */
import { sectionsOf } from "../wasm/reader.ts";

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

/** Sizes of a module that WebAssembly.compile accepts. */
export async function wasmSizes(wasm: Uint8Array): Promise<WasmSizes> {
  const sections = new Map<number, number>();
  for (const { id, start, end } of sectionsOf(wasm)) sections.set(id, (sections.get(id) ?? 0) + end - start);
  const module = await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  // memory_used calls nothing, so any function does for the imports.
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  const { exports } = await WebAssembly.instantiate(module, imports);
  const memory = (exports.memory_used as () => number)();
  return { code: sections.get(CODE_SECTION) ?? 0, data: sections.get(DATA_SECTION) ?? 0, memory };
}
