/** Where a module's bytes go. */
import { SECTION, sectionsOf } from "../wasm/sections.ts";

export interface WasmSizes {
  /** Bytes of the code section, its functions. */
  readonly code: number;
  /** Bytes of the data section, its constants. */
  readonly data: number;
  /** Bytes of linear memory in use, by the module's own account. */
  readonly memory: number;
}

/** Sizes of a module that WebAssembly.compile accepts. */
export async function wasmSizes(wasm: Uint8Array): Promise<WasmSizes> {
  const sections = new Map(sectionsOf(wasm).map(({ id, start, end }) => [id, end - start]));
  const module = await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  // memory_used calls nothing, so any function does for the imports.
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 0;
  const { exports } = await WebAssembly.instantiate(module, imports);
  const memory = (exports.memory_used as () => number)();
  return { code: sections.get(SECTION.code) ?? 0, data: sections.get(SECTION.data) ?? 0, memory };
}
