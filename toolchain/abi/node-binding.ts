/** Writes the TypeScript side of the boundary: host/core/abi.gen.ts. */
import { type AbiFunction, type AbiModel, type AbiType, IMPORT_MODULE } from "./model.ts";

const TS_TYPE: Readonly<Record<AbiType, string>> = {
  i32: "number",
  u32: "number",
  i64: "bigint",
  u64: "bigint",
  usize: "number",
  void: "void",
};

/** Name and type of the parameters with every (pointer, length) pair turned into one view of memory. */
function viewed(fn: AbiFunction): { name: string; type: string; value: string }[] {
  const out: { name: string; type: string; value: string }[] = [];
  for (let i = 0; i < fn.parameters.length; i++) {
    const parameter = fn.parameters[i];
    if (parameter === undefined) break;
    if (parameter.type === "usize") {
      out.push({ name: "bytes", type: "Uint8Array", value: `view(${parameter.name}, length)` });
      i++;
    } else {
      out.push({
        name: parameter.name,
        type: TS_TYPE[parameter.type],
        value: unsigned(parameter.name, parameter.type),
      });
    }
  }
  return out;
}

/** JavaScript sees every integer of WebAssembly as signed. */
function unsigned(expression: string, type: AbiType): string {
  if (type === "u32" || type === "usize") return `${expression} >>> 0`;
  if (type === "u64") return `BigInt.asUintN(64, ${expression})`;
  return expression;
}

function signature(fn: AbiFunction): string {
  return fn.parameters.map((p) => `${p.name}: ${TS_TYPE[p.type]}`).join(", ");
}

/** The whole generated file. */
export function renderNodeBinding(model: AbiModel): string {
  const out: string[] = [
    "// Rendered from core-as/assembly/abi.ts by `mehr generate`; edit that file instead.",
    "",
    "/** The core's boundary this file was rendered from. A module with another version is refused. */",
    `export const ABI_VERSION = ${model.version};`,
  ];
  for (const constant of model.constants) {
    out.push("", `/** ${constant.doc} */`, `export const ${constant.name} = ${constant.value};`);
  }
  for (const declaration of model.enums) {
    out.push("", `/** ${declaration.doc} */`, `export const ${declaration.name} = {`);
    for (const member of declaration.members) out.push(`  /** ${member.doc} */`, `  ${member.name}: ${member.value},`);
    out.push(
      "} as const;",
      `export type ${declaration.name} = (typeof ${declaration.name})[keyof typeof ${declaration.name}];`,
    );
  }
  const status = model.enums.find((declaration) => declaration.name === "Status");
  out.push(
    "",
    "/** One sentence of cause for every status. */",
    "export const STATUS_SENTENCES: Readonly<Record<number, string>> = {",
    ...(status?.members ?? []).map((member) => `  ${member.value}: ${JSON.stringify(member.doc)},`),
    "};",
    "",
    "/** What the host gives the core. Views are valid during the call only; what is to be kept must be copied. */",
    "export interface CoreImports {",
  );
  for (const fn of model.imports) {
    const parameters = viewed(fn).map((p) => `${p.name}: ${p.type}`);
    out.push(`  /** ${fn.doc} */`, `  ${fn.name}(${parameters.join(", ")}): ${TS_TYPE[fn.returns]};`);
  }
  out.push("}", "", "/** What the core gives the host. */", "export interface CoreExports {");
  for (const fn of model.exports) {
    out.push(`  /** ${fn.doc} */`, `  ${fn.name}(${signature(fn)}): ${TS_TYPE[fn.returns]};`);
  }
  out.push(
    "}",
    "",
    "/** Names of the exports, to be checked before the first call. */",
    `export const EXPORT_NAMES = [${model.exports.map((fn) => `"${fn.name}"`).join(", ")}] as const;`,
    "",
    "/** The import object. A pointer outside memory throws RangeError, which ends the call like a trap. */",
    "export function linkImports(memory: () => WebAssembly.Memory, host: CoreImports): WebAssembly.Imports {",
    "  const view = (pointer: number, length: number): Uint8Array =>",
    "    new Uint8Array(memory().buffer, pointer >>> 0, length >>> 0);",
    "  return {",
    `    ${IMPORT_MODULE}: {`,
  );
  for (const fn of model.imports) {
    out.push(
      `      ${fn.name}: (${signature(fn)}): ${TS_TYPE[fn.returns]} => host.${fn.name}(${viewed(fn)
        .map((p) => p.value)
        .join(", ")}),`,
    );
  }
  out.push(
    "    },",
    "  };",
    "}",
    "",
    "type RawExport = (...values: (number | bigint)[]) => number | bigint;",
    "",
    "/** Typed calls, with unsigned results as unsigned numbers. `raw` gives the instance's function of that name. */",
    "export function bindExports(raw: (name: (typeof EXPORT_NAMES)[number]) => RawExport): CoreExports {",
    ...model.exports.map((fn) => `  const ${fn.name} = raw("${fn.name}");`),
    "  return {",
  );
  for (const fn of model.exports) {
    const call = `${fn.name}(${fn.parameters.map((p) => p.name).join(", ")}) as ${TS_TYPE[fn.returns]}`;
    const result =
      fn.returns === "u32" || fn.returns === "usize" || fn.returns === "u64" ? unsigned(`(${call})`, fn.returns) : call;
    out.push(`    ${fn.name}: (${signature(fn)}): ${TS_TYPE[fn.returns]} => ${result},`);
  }
  out.push("  };", "}", "");
  return out.join("\n");
}
