/**
 * WebAssembly to C11, ahead of time: one C function for each of the module's, its control flow as it was, linear memory
 * an array. What the C may do is what the module may do, by the same specification, with one liberty (bounds.ts).
 */
import { decodeModule, type FunctionType, refused, type WasmModule } from "../wasm/module.ts";
import type { ValueType } from "../wasm/opcodes.ts";
import { inferAlignment } from "./alignment.ts";
import { placeChecks } from "./bounds.ts";
import { callGraph, firstSameType, reachable } from "./call-graph.ts";
import type { LiftedFunction, Variable } from "./ir.ts";
import { isRead, prune, variablesRead } from "./prune.ts";
import { liftFunction } from "./lift.ts";
import { type LineOf, sourceLines } from "./lines.ts";
import { commentText, functionName, identifier, Names, RESERVED } from "./names.ts";
import { instanceText, MASK_SLACK } from "./instance.ts";
import { C_TYPE, pointerText, type StatementContext, StatementWriter } from "./statements.ts";

export type { ValueType } from "../wasm/opcodes.ts";

export interface TranslateOptions {
  /** C identifier; prefix of every external C name and base name of the two files. */
  readonly name: string;
  /** "checked" (default): an access outside memory traps. "masked": addresses wrap inside memory (a power of two). */
  readonly bounds?: "checked" | "masked";
  /** Bytes of linear memory of the instance; default: what the module declares (pages * 65536). */
  readonly memoryBytes?: number;
  /** Source map (version 3, JSON text) of the module, for #line. */
  readonly sourceMap?: string;
}

export interface TranslatedFunction {
  /** In the module's function index space. */
  readonly index: number;
  /** From the name section, or else its export name, or else f<index>. */
  readonly name: string;
  /** C name of its definition. */
  readonly c: string;
  /** C names of what it may call: functions, imports, and for call_indirect every function it could find. */
  readonly calls: readonly string[];
  /** It lies on a cycle of the call graph, and asks mehr_aot_stack_left() when it is entered. */
  readonly recursive: boolean;
  readonly exports: readonly string[];
}

export interface TranslatedExport {
  readonly name: string;
  readonly c: string;
  readonly params: readonly ValueType[];
  readonly result?: ValueType;
}

export interface TranslatedImport extends TranslatedExport {
  readonly module: string;
}

export interface Translation {
  /** <name>.c; includes <name>.h. */
  readonly source: string;
  /** <name>.h; includes mehr_aot.h. */
  readonly header: string;
  readonly functions: readonly TranslatedFunction[];
  readonly exports: readonly TranslatedExport[];
  readonly imports: readonly TranslatedImport[];
  /** 0 if it has no memory. */
  readonly memoryBytes: number;
}

const PAGE = 65536;
/** No array of a microcontroller, nor of anything this is for, is larger. */
const MEMORY_LIMIT = 2 ** 30;

/**
 * Translates `wasm`. Throws MehrError (1) naming instruction and function for what is outside the integer subset, and
 * RangeError for options that do not go with the module.
 */
export function translate(wasm: Uint8Array<ArrayBuffer>, options: TranslateOptions): Translation {
  const module = decodeModule(wasm);
  const { name, bounds = "checked" } = options;
  if (identifier(name) !== name || !/^[a-z]/i.test(name)) throw new RangeError(`name "${name}" is no C identifier`);
  const memoryBytes = sizeOfMemory(module, options.memoryBytes, bounds);

  const names = nameFunctions(module, name);
  const lifted = module.functions.map((_, i) => {
    const index = module.imports.length + i;
    return liftFunction(module, index, names.wasm(index));
  });
  for (const { body } of lifted) prune(body);
  inferAlignment(module, lifted);
  const graph = callGraph(module, lifted);
  const line = options.sourceMap === undefined ? undefined : sourceLines(options.sourceMap);
  const exported = new Set(module.exports.values());
  const isStatic = (index: number): boolean => !exported.has(index);
  const texts = lifted.map((one) =>
    functionText(module, one, {
      names,
      memoryBytes,
      masked: bounds === "masked",
      recursive: graph.recursive.has(one.index),
      isStatic: isStatic(one.index),
      line,
    }),
  );
  const prototype = (index: number): string => signature(typeOf(module, index), names.c(index));
  const needed = reachable(module, graph);
  const ownPrototypes = lifted.map(({ index }) => {
    const kind = isStatic(index) ? `static ${needed.has(index) ? "" : "__attribute__((unused)) "}` : "";
    return `${kind}${prototype(index)};`;
  });
  const aliases = names.aliases.map(({ c, of }) => {
    const type = typeOf(module, of);
    const args = type.params.map((_, i) => `p${i}`).join(", ");
    const call = `${type.result === undefined ? "" : "return "}${names.c(of)}(${args});`;
    return { declaration: `${signature(type, c)};`, definition: `${signature(type, c)} { ${call} }` };
  });

  const source = [
    `/* Translated from ${name}.wasm by mehr; changes will be overwritten. Bounds: ${bounds}. */`,
    `#include "${name}.h"`,
    "",
    '#include "mehr_aot_ops.h"',
    "",
    ...ownPrototypes,
    "",
    ...instanceText(module, { name, memoryBytes, masked: bounds === "masked", functionName: names.c }),
    ...texts,
    ...aliases.map(({ definition }) => definition),
    "",
  ].join("\n");
  const header = [
    `/* The module ${name} as C: its instance, its exports, and its imports, which the host defines. */`,
    "#pragma once",
    '#include "mehr_aot.h"',
    "",
    "#ifdef __cplusplus",
    'extern "C" {',
    "#endif",
    "",
    "/* Memory, globals and table as new; then the start function. May trap. */",
    `void ${name}_instantiate(void);`,
    ...(module.pages === undefined ? [] : [`uint8_t *${name}_memory(uint32_t *bytes);`]),
    "",
    ...[...new Set(module.exports.values())]
      .filter((index) => index >= module.imports.length)
      .map((index) => publicSignature(prototype(index))),
    ...aliases.map(({ declaration }) => publicSignature(declaration).replace(/;;$/, ";")),
    "",
    ...module.imports.map((_, index) => publicSignature(prototype(index))),
    "",
    "#ifdef __cplusplus",
    "}",
    "#endif",
    "",
  ].join("\n");
  return {
    source,
    header,
    functions: [
      ...lifted.map(({ index }) => ({
        index,
        name: names.wasm(index),
        c: names.c(index),
        calls: graph.callees(index).map((callee) => names.c(callee)),
        recursive: graph.recursive.has(index),
        exports: [...module.exports].filter(([, of]) => of === index).map(([exportName]) => exportName),
      })),
      ...names.aliases.map(({ c, of }) => ({
        index: of,
        name: names.wasm(of),
        c,
        calls: [names.c(of)],
        recursive: false,
        exports: [],
      })),
    ],
    exports: [...module.exports].map(([exportName, index]) => ({
      name: exportName,
      c: names.exported(exportName),
      ...interfaceOf(typeOf(module, index)),
    })),
    imports: module.imports.map((one, index) => ({
      module: one.module,
      name: one.name,
      c: names.c(index),
      ...interfaceOf(typeOf(module, index)),
    })),
    memoryBytes,
  };
}

/** Bytes of linear memory, by the option or else the module. */
function sizeOfMemory(module: WasmModule, wish: number | undefined, bounds: "checked" | "masked"): number {
  if (module.pages === undefined) return 0;
  const bytes = wish ?? module.pages * PAGE;
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > module.pages * PAGE) {
    throw new RangeError(`memoryBytes ${bytes} is not from 0 to the module's ${module.pages} pages of 64 KiB`);
  }
  if (bytes > MEMORY_LIMIT) throw refused(`its memory of ${bytes} bytes is larger than ${MEMORY_LIMIT}`);
  if (bounds === "masked" && (bytes & (bytes - 1)) !== 0) {
    throw new RangeError(`memoryBytes ${bytes} is no power of two, which masked bounds need`);
  }
  return bytes;
}

function interfaceOf({ params, result }: FunctionType): Pick<TranslatedExport, "params" | "result"> {
  return { params, ...(result === undefined ? {} : { result }) };
}

function typeOf(module: WasmModule, index: number): FunctionType {
  const { imports, functions, types } = module;
  const type = types[imports[index]?.type ?? functions[index - imports.length]?.type ?? -1];
  if (type === undefined) throw new RangeError(`no function ${index}`);
  return type;
}

function signature({ params, result }: FunctionType, name: string): string {
  const list = params.map((type, i) => `${C_TYPE[type]} p${i}`).join(", ") || "void";
  return `${result === undefined ? "void" : C_TYPE[result]} ${name}(${list})`;
}

/** A prototype for the header, which has no short type names. */
function publicSignature(text: string): string {
  return `${text.replaceAll(/\bu(32|64)\b/g, "uint$1_t").replaceAll(/ p\d+\b/g, "")};`;
}

interface FunctionNames {
  /** C name of the function with an index. */
  readonly c: (index: number) => string;
  /** Name by the module. */
  readonly wasm: (index: number) => string;
  /** C name of an export. */
  readonly exported: (name: string) => string;
  /** Exports of functions that have another name already. */
  readonly aliases: readonly { readonly c: string; readonly of: number }[];
}

function nameFunctions(module: WasmModule, prefix: string): FunctionNames {
  const names = new Names([...RESERVED, `${prefix}_instantiate`, `${prefix}_memory`]);
  const c = new Map<number, string>();
  const exportNames = new Map<string, string>();
  const aliases: { c: string; of: number }[] = [];
  module.imports.forEach((one, index) => {
    c.set(index, names.claim(`${prefix}_import_${identifier(one.module)}_${identifier(one.name)}`));
  });
  for (const [exported, index] of module.exports) {
    const claimed = names.claim(`${prefix}_${identifier(exported) || "export"}`);
    exportNames.set(exported, claimed);
    if (c.has(index)) aliases.push({ c: claimed, of: index });
    else c.set(index, claimed);
  }
  const wasm = new Map<number, string>();
  const exportedAs = new Map([...module.exports].reverse().map(([exported, index]) => [index, exported]));
  module.functions.forEach((_, i) => {
    const index = module.imports.length + i;
    const name = module.functionNames.get(index) ?? exportedAs.get(index) ?? `f${index}`;
    wasm.set(index, name);
    if (!c.has(index)) c.set(index, names.claim(functionName(name) || `f${index}`));
  });
  return {
    c: (index) => c.get(index) ?? `f${index}`,
    wasm: (index) => wasm.get(index) ?? `f${index}`,
    exported: (name) => exportNames.get(name) ?? name,
    aliases,
  };
}

/** Locals of a function that it reads, in a line or more for each type; parameters it does not. */
function declarations({ type, locals }: LiftedFunction, read: ReadonlySet<string>, names: readonly string[]): string[] {
  const isUsed = (i: number): boolean => isRead(read, { kind: "local", index: i, type: locals[i] ?? "i32" });
  const lines = type.params.flatMap((_, i) => (isUsed(i) ? [] : [`  (void)${names[i]};`]));
  for (const one of ["i32", "i64"] as const) {
    const own = locals.flatMap((of, i) =>
      i >= type.params.length && of === one && isUsed(i) ? [`${names[i]} = 0`] : [],
    );
    for (let i = 0; i < own.length; i += 10) lines.push(`  ${C_TYPE[one]} ${own.slice(i, i + 10).join(", ")};`);
  }
  return lines;
}

interface FunctionSurroundings {
  readonly names: FunctionNames;
  readonly memoryBytes: number;
  readonly masked: boolean;
  readonly recursive: boolean;
  readonly isStatic: boolean;
  readonly line: LineOf | undefined;
}

function functionText(module: WasmModule, lifted: LiftedFunction, around: FunctionSurroundings): string {
  const { names, memoryBytes, masked, recursive, isStatic, line } = around;
  const { type, locals, body, index } = lifted;
  const read = variablesRead(body);
  if (!masked) placeChecks(body);
  const given = module.localNames.get(index);
  // With its number in front, a local hides no function.
  const localName = locals.map((_, i) => {
    const name = identifier(given?.get(i) ?? "");
    return name === "" || /^\d+$/.test(name) ? `l${i}` : `l${i}_${name}`;
  });
  const context: StatementContext = {
    memoryBytes,
    masked,
    memoryPages: module.pages ?? 0,
    variable: ({ kind, index: i }: Variable) => (kind === "local" ? (localName[i] ?? `l${i}`) : `t${i}`),
    global: (i) => `s_global${i}`,
    pointer: (place, bytes) => pointerText(place, bytes, context, MASK_SLACK),
    callee: names.c,
    type: (i) => module.types[i] ?? { params: [], result: undefined },
    typeNumber: (i) => firstSameType(module, i),
    dropped: (segment) => `s_dropped${segment}`,
    segment: (segment) => `DATA${segment}, s_dropped${segment} ? 0 : DATA${segment}_BYTES`,
    line,
  };
  const writer = new StatementWriter(context);
  writer.declare(body);
  writer.body(body);
  const text = writer.lines.join("\n");
  const params = type.params.map((one, i) => `${C_TYPE[one]} ${localName[i]}`).join(", ") || "void";
  const result = type.result === undefined ? "void" : C_TYPE[type.result];
  const start = module.functions[index - module.imports.length]?.start ?? 0;
  const first = line?.(start);
  return [
    `/* ${commentText(names.wasm(index))} */`,
    ...(first === undefined ? [] : [`#line ${first.line} ${JSON.stringify(first.file)}`]),
    `${isStatic ? "static " : ""}${result} ${names.c(index)}(${params}) {`,
    ...(recursive ? ["  ENTER_RECURSIVE;"] : []),
    ...(/\bm \+|\(m,/.test(text) ? ["  uint8_t *const m = memory_base();"] : []),
    ...declarations(lifted, read, localName),
    text,
    "}",
    "",
  ].join("\n");
}
