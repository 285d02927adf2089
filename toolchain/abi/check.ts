/** Compares a compiled module with the boundary in abi.ts: the proof that neither side has moved alone. */
import binaryen from "binaryen";
import { MehrError } from "../errors.ts";
import { type AbiFunction, type AbiModel, type AbiType, IMPORT_MODULE } from "./model.ts";

const BITS: Readonly<Record<AbiType, string>> = {
  i32: "i32",
  u32: "i32",
  usize: "i32",
  i64: "i64",
  u64: "i64",
  void: "none",
};

function typeName(type: number): string {
  return type === binaryen.i32
    ? "i32"
    : type === binaryen.i64
      ? "i64"
      : type === binaryen.none
        ? "none"
        : "another type";
}

function signatureOf(parameters: readonly string[], result: string): string {
  return `(${parameters.join(", ")}) -> ${result}`;
}

function wanted(fn: AbiFunction): string {
  return signatureOf(
    fn.parameters.map((p) => BITS[p.type]),
    BITS[fn.returns],
  );
}

/**
 * Throws MehrError (exit 1) naming the first import or export of `wasm` that differs from `model`.
 * An import the core does not use may be absent; every export must be there, and no other.
 */
export function checkModule(wasm: Uint8Array, model: AbiModel): void {
  const module = binaryen.readBinary(wasm);
  try {
    const imports = new Map(model.imports.map((fn) => [fn.name, fn]));
    const exports = new Map(model.exports.map((fn) => [fn.name, fn]));
    for (let i = 0; i < module.getNumFunctions(); i++) {
      const info = binaryen.getFunctionInfo(module.getFunctionByIndex(i));
      if (!info.module || info.base === null) continue;
      const fn = info.module === IMPORT_MODULE ? imports.get(info.base) : undefined;
      if (fn === undefined) differ(`imports ${info.module}.${info.base}, which abi.ts does not declare`);
      const got = signatureOf(binaryen.expandType(info.params).map(typeName), typeName(info.results));
      if (got !== wanted(fn)) differ(`imports ${fn.name} as ${got}, abi.ts declares ${wanted(fn)}`);
    }
    for (let i = 0; i < module.getNumExports(); i++) {
      const info = binaryen.getExportInfo(module.getExportByIndex(i));
      if (info.kind === binaryen.ExternalMemory && info.name === "memory") continue;
      const fn = exports.get(info.name);
      if (info.kind !== binaryen.ExternalFunction || fn === undefined) {
        differ(`exports ${info.name}, which abi.ts does not list`);
      }
      const target = binaryen.getFunctionInfo(module.getFunction(info.value));
      const got = signatureOf(binaryen.expandType(target.params).map(typeName), typeName(target.results));
      if (got !== wanted(fn)) differ(`exports ${fn.name} as ${got}, abi.ts lists ${wanted(fn)}`);
      exports.delete(info.name);
    }
    const missing = [...exports.keys()][0];
    if (missing !== undefined) differ(`does not export ${missing}, which abi.ts lists`);
  } finally {
    module.dispose();
  }
}

function differ(what: string): never {
  throw new MehrError(
    1,
    `The compiled core ${what}; make core-as/assembly/node.ts and abi.ts agree, and raise ABI_VERSION if the boundary changed.`,
  );
}
