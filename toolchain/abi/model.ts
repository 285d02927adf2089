/** Reads core-as/assembly/abi.ts with ts-morph into a plain description of the boundary. */
import { type EnumDeclaration, type JSDocableNode, Project, type SourceFile } from "ts-morph";
import { MehrError } from "../errors.ts";

/** AssemblyScript types the boundary may use; `usize` is an address in linear memory. */
export type AbiType = "i32" | "u32" | "i64" | "u64" | "usize" | "void";

export interface AbiParameter {
  readonly name: string;
  readonly type: Exclude<AbiType, "void">;
}

export interface AbiFunction {
  readonly name: string;
  readonly doc: string;
  readonly parameters: readonly AbiParameter[];
  readonly returns: AbiType;
}

export interface AbiEnum {
  readonly name: string;
  readonly doc: string;
  readonly members: readonly { readonly name: string; readonly value: number; readonly doc: string }[];
}

export interface AbiModel {
  readonly version: number;
  readonly constants: readonly { readonly name: string; readonly value: number; readonly doc: string }[];
  readonly enums: readonly AbiEnum[];
  readonly imports: readonly AbiFunction[];
  readonly exports: readonly AbiFunction[];
}

const TYPES: ReadonlySet<string> = new Set(["i32", "u32", "i64", "u64", "usize", "void"]);

/** The import module name AssemblyScript gives to undecorated declarations of abi.ts. */
export const IMPORT_MODULE = "abi";

/** Reads the boundary from the file at `path`. Throws MehrError (exit 1) naming the declaration that breaks its rules. */
export function readAbi(path: string): AbiModel {
  const project = new Project({ skipLoadingLibFiles: true, skipFileDependencyResolution: true });
  return modelOf(project.addSourceFileAtPath(path));
}

/** Like readAbi, from text. */
export function parseAbi(text: string): AbiModel {
  const project = new Project({ skipLoadingLibFiles: true, useInMemoryFileSystem: true });
  return modelOf(project.createSourceFile("abi.ts", text));
}

function modelOf(file: SourceFile): AbiModel {
  const constants = file.getVariableDeclarations().map((declaration) => {
    const value = Number(declaration.getInitializer()?.getText());
    if (!Number.isSafeInteger(value)) fail(declaration.getName(), "must be an integer literal");
    return { name: declaration.getName(), value, doc: docOf(declaration.getVariableStatementOrThrow()) };
  });
  const version = constants.find((constant) => constant.name === "ABI_VERSION");
  if (version === undefined) fail("ABI_VERSION", "is missing");

  const imports = file
    .getFunctions()
    .filter((declaration) => declaration.hasDeclareKeyword())
    .map((declaration) =>
      functionOf(
        declaration.getNameOrThrow(),
        docOf(declaration),
        declaration.getParameters().map((p) => [p.getName(), p.getTypeNode()?.getText() ?? "?"] as const),
        declaration.getReturnTypeNode()?.getText() ?? "?",
      ),
    );
  const list = file.getInterface("Exports");
  if (list === undefined) fail("Exports", "is missing");
  const exports = list.getMethods().map((method) =>
    functionOf(
      method.getName(),
      docOf(method),
      method.getParameters().map((p) => [p.getName(), p.getTypeNode()?.getText() ?? "?"] as const),
      method.getReturnTypeNode()?.getText() ?? "?",
    ),
  );
  const silent = exports.find((fn) => fn.returns === "void");
  if (silent !== undefined) fail(silent.name, "returns nothing: an export returns a status or a value");
  for (const { name, parameters } of imports) {
    parameters.forEach((parameter, i) => {
      const next = parameters[i + 1];
      if (parameter.type === "usize" && (next?.name !== "length" || next.type !== "u32")) {
        fail(`${name}(${parameter.name})`, "must be followed by `length: u32`");
      }
    });
  }
  return {
    version: version.value,
    constants: constants.filter((constant) => constant !== version),
    enums: file.getEnums().map(enumOf),
    imports,
    exports,
  };
}

function enumOf(declaration: EnumDeclaration): AbiEnum {
  const name = declaration.getName();
  const members = declaration.getMembers().map((member) => {
    const value = member.getValue();
    if (typeof value !== "number" || member.getInitializer() === undefined) {
      fail(`${name}.${member.getName()}`, "must have its number written out");
    }
    const doc = docOf(member);
    if (doc === "") fail(`${name}.${member.getName()}`, "must have a comment: the generated sentences come from it");
    return { name: member.getName(), value, doc };
  });
  const byValue = new Map<number, string>();
  for (const member of members) {
    const other = byValue.get(member.value);
    if (other !== undefined) fail(`${name}.${member.name}`, `has the same number as ${name}.${other}`);
    byValue.set(member.value, member.name);
  }
  return { name, doc: docOf(declaration), members };
}

function functionOf(
  name: string,
  doc: string,
  parameters: readonly (readonly [string, string])[],
  returns: string,
): AbiFunction {
  for (const [parameter, type] of parameters) {
    if (!TYPES.has(type) || type === "void") fail(`${name}(${parameter})`, `has type ${type}`);
  }
  if (!TYPES.has(returns)) fail(name, `returns ${returns}`);
  return {
    name,
    doc,
    parameters: parameters.map(([parameter, type]) => ({ name: parameter, type: type as AbiParameter["type"] })),
    returns: returns as AbiType,
  };
}

function docOf(node: JSDocableNode): string {
  return node
    .getJsDocs()
    .map((doc) => doc.getDescription().trim().replace(/\s+/g, " "))
    .join(" ");
}

function fail(what: string, why: string): never {
  throw new MehrError(
    1,
    `core-as/assembly/abi.ts: ${what} ${why}; the boundary takes i32, u32, i64, u64 and usize only.`,
  );
}
