/**
 * Writes the C side of the boundary: mehr_abi.h for every engine, mehr_abi_wasm3.h with wasm3's link table, and
 * mehr_abi_aot.h with what the core translated to C links to.
 */
import { AOT_HEADER, AOT_NAME, AOT_WASM_SHA256, AOT_WASM_SIZE } from "../aot/core-names.ts";
import { type AbiFunction, type AbiModel, type AbiType, IMPORT_MODULE } from "./model.ts";
import { lowerSnake, upperSnake } from "./names.ts";

const C_TYPE: Readonly<Record<AbiType, string>> = {
  i32: "int32_t",
  u32: "uint32_t",
  i64: "int64_t",
  u64: "uint64_t",
  usize: "uint32_t",
  void: "void",
};

const WASM3_TYPE: Readonly<Record<AbiType, string>> = { i32: "i", u32: "i", i64: "I", u64: "I", usize: "i", void: "v" };

const RENDERED = "/* Rendered from core-as/assembly/abi.ts by `mehr generate`; edit that file instead. */";

/** wasm3's signature text: i(Ii). */
export function wasm3Signature(fn: AbiFunction): string {
  return `${WASM3_TYPE[fn.returns]}(${fn.parameters.map((p) => WASM3_TYPE[p.type]).join("")})`;
}

/** Parameters as the shell's function takes them: an address becomes a checked pointer. */
function importParameters(fn: AbiFunction): string {
  return [
    "void* host",
    ...fn.parameters.map((p) => (p.type === "usize" ? `uint8_t* ${p.name}` : `${C_TYPE[p.type]} ${p.name}`)),
  ].join(", ");
}

/** The engine-neutral header. */
export function renderAbiHeader(model: AbiModel): string {
  const out: string[] = [
    RENDERED,
    "#ifndef MEHR_ABI_H",
    "#define MEHR_ABI_H",
    "",
    "#include <stdbool.h>",
    "#include <stdint.h>",
    "",
    "#ifdef __cplusplus",
    'extern "C" {',
    "#endif",
    "",
    `#define MEHR_ABI_VERSION ${model.version}u`,
  ];
  for (const constant of model.constants) {
    out.push("", `/* ${constant.doc} */`, `#define MEHR_${constant.name} ${constant.value}u`);
  }
  for (const declaration of model.enums) {
    const name = lowerSnake(declaration.name);
    out.push("", `/* ${declaration.doc} */`, `enum mehr_${name} {`);
    for (const member of declaration.members) {
      out.push(
        `  /* ${member.doc} */`,
        `  MEHR_${upperSnake(declaration.name)}_${upperSnake(member.name)} = ${member.value},`,
      );
    }
    out.push("};");
  }
  const status = model.enums.find((declaration) => declaration.name === "Status");
  out.push(
    "",
    "/* One sentence of cause for every status. */",
    "static inline const char* mehr_status_sentence(uint32_t status) {",
    "  switch (status) {",
    ...(status?.members ?? []).map(
      (member) => `    case MEHR_STATUS_${upperSnake(member.name)}: return ${JSON.stringify(member.doc)};`,
    ),
    '    default: return "An unknown status.";',
    "  }",
    "}",
    "",
    "/*",
    " * What the core imports. The shell defines these; a definition with another signature does not link. Pointers are",
    " * checked against linear memory before the call and valid during it only.",
    " */",
  );
  for (const fn of model.imports) {
    out.push("", `/* ${fn.doc} */`, `${C_TYPE[fn.returns]} mehr_import_${fn.name}(${importParameters(fn)});`);
  }
  out.push("", "/* What the core exports, in the order of mehr_exports. */", "enum mehr_export {");
  for (const fn of model.exports) out.push(`  MEHR_EXPORT_${upperSnake(fn.name)},`);
  out.push(
    "  MEHR_EXPORT_COUNT",
    "};",
    "",
    "/* The most parameters an export has. */",
    `#define MEHR_EXPORT_PARAMETERS_MAX ${Math.max(...model.exports.map((fn) => fn.parameters.length))}`,
    "",
    "/* Name, and signature in wasm3's spelling: return type, then parameters; i = 32 bit, I = 64 bit. */",
    "struct mehr_function { const char* name; const char* signature; uint8_t parameters; };",
    "",
    "static const struct mehr_function mehr_exports[MEHR_EXPORT_COUNT] = {",
    ...model.exports.map((fn) => `  {"${fn.name}", "${wasm3Signature(fn)}", ${fn.parameters.length}},`),
    "};",
    "",
    "/*",
    " * The engine's one way in: calls an export with its parameters in `arguments` and puts its result in `*result`.",
    " * Returns Ok, or the Status of the engine's failure (Trap and the like).",
    " */",
    "uint32_t mehr_engine_call(void* engine, enum mehr_export which, const uint64_t* arguments, uint64_t* result);",
  );
  for (const fn of model.exports) out.push("", ...exportWrapper(fn));
  out.push("", "#ifdef __cplusplus", "}", "#endif", "", "#endif", "");
  return out.join("\n");
}

function exportWrapper(fn: AbiFunction): string[] {
  const parameters = ["void* engine"];
  if (fn.returns !== "void") parameters.push(`${C_TYPE[fn.returns]}* result`);
  parameters.push(...fn.parameters.map((p) => `${C_TYPE[p.type]} ${p.name}`));
  const count = fn.parameters.length;
  const widened = fn.parameters
    .map((p) => (p.type === "i32" ? `(uint32_t)${p.name}` : p.type === "i64" ? `(uint64_t)${p.name}` : p.name))
    .join(", ");
  return [
    `/* ${fn.doc} */`,
    `static inline uint32_t mehr_core_${fn.name}(${parameters.join(", ")}) {`,
    count > 0 ? `  const uint64_t arguments[${count}] = {${widened}};` : "  const uint64_t* arguments = 0;",
    "  uint64_t value = 0;",
    `  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_${upperSnake(fn.name)}, arguments, &value);`,
    ...(fn.returns === "void" ? [] : [`  *result = (${C_TYPE[fn.returns]})value;`]),
    "  return status;",
    "}",
  ];
}

/** wasm3's part: one raw function per import, which checks memory and calls the shell, and the link table. */
export function renderWasm3Header(model: AbiModel): string {
  const out: string[] = [
    RENDERED,
    "#ifndef MEHR_ABI_WASM3_H",
    "#define MEHR_ABI_WASM3_H",
    "",
    '#include "mehr_abi.h"',
    '#include "wasm3.h"',
    "",
    "/* True if `length` bytes at `offset` lie inside the module's linear memory. */",
    "static inline bool mehr_wasm3_inside(IM3Runtime runtime, uint32_t offset, uint32_t length) {",
    "  const uint32_t size = m3_GetMemorySize(runtime);",
    "  return length <= size && offset <= size - length;",
    "}",
  ];
  for (const fn of model.imports) out.push("", ...rawFunction(fn));
  out.push(
    "",
    "/* Link with m3_LinkRawFunctionEx; the last argument of that call is the `host` the shell's functions get. */",
    "struct mehr_wasm3_import { const char* name; const char* signature; M3RawCall call; };",
    "",
    `#define MEHR_WASM3_IMPORT_MODULE "${IMPORT_MODULE}"`,
    `#define MEHR_WASM3_IMPORT_COUNT ${model.imports.length}`,
    "",
    "static const struct mehr_wasm3_import mehr_wasm3_imports[MEHR_WASM3_IMPORT_COUNT] = {",
    ...model.imports.map((fn) => `  {"${fn.name}", "${wasm3Signature(fn)}", mehr_wasm3_${fn.name}},`),
    "};",
    "",
    "#endif",
    "",
  );
  return out.join("\n");
}

function rawFunction(fn: AbiFunction): string[] {
  const body: string[] = [];
  if (fn.returns !== "void") body.push(`  m3ApiReturnType(${C_TYPE[fn.returns]})`);
  for (const p of fn.parameters) body.push(`  m3ApiGetArg(${C_TYPE[p.type]}, ${p.name})`);
  const args = ["_ctx->userdata"];
  let usesMemory = false;
  fn.parameters.forEach((p, i) => {
    if (p.type === "usize") {
      usesMemory = true;
      const length = fn.parameters[i + 1]?.name ?? "length";
      body.push(
        `  if (!mehr_wasm3_inside(runtime, ${p.name}, ${length})) m3ApiTrap(m3Err_trapOutOfBoundsMemoryAccess);`,
      );
      args.push(`(uint8_t*)_mem + ${p.name}`);
    } else {
      args.push(p.name);
    }
  });
  if (!usesMemory) body.push("  (void)runtime;", "  (void)_mem;");
  const call = `mehr_import_${fn.name}(${args.join(", ")})`;
  if (fn.returns === "void") body.push(`  ${call};`, "  m3ApiSuccess();");
  else body.push(`  m3ApiReturn(${call});`);
  return [`static m3ApiRawFunction(mehr_wasm3_${fn.name}) {`, ...body, "}"];
}

/** A value as translated code passes it: its bits, unsigned. */
function bits(type: Exclude<AbiType, "void">): string {
  return WASM3_TYPE[type] === "I" ? "uint64_t" : "uint32_t";
}

/**
 * The translated core's part: definitions of its imports, which check memory and call the shell, and the call of an
 * export by its number. Included in one file only, after the header of the translation.
 */
export function renderAotHeader(model: AbiModel): string {
  const out: string[] = [
    RENDERED,
    "#ifndef MEHR_ABI_AOT_H",
    "#define MEHR_ABI_AOT_H",
    "",
    `#include "${AOT_HEADER}"`,
    '#include "mehr_abi.h"',
    '#include "mehr_aot.h"',
    "",
    "#ifdef __cplusplus",
    'extern "C" {',
    "#endif",
    "",
    "/* The module the translation was made from; defined in the file of the translation. */",
    `extern const uint32_t ${AOT_WASM_SIZE};`,
    `extern const uint8_t ${AOT_WASM_SHA256}[32];`,
    "",
    "/* What the shell's functions get as their `host`; set before the core is called. */",
    "static void* mehr_aot_host;",
    "",
    "/* `length` bytes at `offset` of the core's linear memory; ends in a trap if they do not lie inside. */",
    "static inline uint8_t* mehr_aot_bytes(uint32_t offset, uint32_t length) {",
    "  uint32_t size = 0;",
    `  uint8_t* const memory = ${AOT_NAME}_memory(&size);`,
    "  if (length > size || offset > size - length) mehr_aot_trap(MEHR_AOT_TRAP_MEMORY);",
    "  return memory + offset;",
    "}",
  ];
  for (const fn of model.imports) out.push("", ...aotImport(fn));
  out.push(
    "",
    "/* Calls an export with its parameters in `arguments`, each the bits of its value, and returns those of its result. */",
    "static inline uint64_t mehr_aot_call(enum mehr_export which, const uint64_t* arguments) {",
    "  (void)arguments;",
    "  switch (which) {",
    ...model.exports.flatMap((fn) => {
      const list = fn.parameters.map((p, i) => `${bits(p.type) === "uint32_t" ? "(uint32_t)" : ""}arguments[${i}]`);
      return [
        `    case MEHR_EXPORT_${upperSnake(fn.name)}:`,
        `      return ${AOT_NAME}_${fn.name}(${list.join(", ")});`,
      ];
    }),
    "    default:",
    "      return 0;",
    "  }",
    "}",
    "",
    "#ifdef __cplusplus",
    "}",
    "#endif",
    "",
    "#endif",
    "",
  );
  return out.join("\n");
}

function aotImport(fn: AbiFunction): string[] {
  const parameters = fn.parameters.map((p) => `${bits(p.type)} ${p.name}`).join(", ") || "void";
  // The pointer check ends in a trap before the shell is entered: no frame of C++ is jumped over.
  const args = fn.parameters.map((p, i) => {
    if (p.type === "usize") return `mehr_aot_bytes(${p.name}, ${fn.parameters[i + 1]?.name ?? "length"})`;
    return C_TYPE[p.type] === bits(p.type) ? p.name : `(${C_TYPE[p.type]})${p.name}`;
  });
  const call = `mehr_import_${fn.name}(${["mehr_aot_host", ...args].join(", ")})`;
  const name = `${AOT_NAME}_import_${IMPORT_MODULE}_${fn.name}`;
  if (fn.returns === "void") return [`void ${name}(${parameters}) {`, `  ${call};`, "}"];
  const type = bits(fn.returns);
  return [
    `${type} ${name}(${parameters}) {`,
    `  return ${C_TYPE[fn.returns] === type ? call : `(${type})${call}`};`,
    "}",
  ];
}
