/**
 * Names of the functions of a core, kept by the hash of the module: a board tells that hash, and the module on it has no
 * name section.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { writeIfChanged } from "../paths.ts";
import { Reader } from "../wasm/reader.ts";
import { SECTION, sectionsOf } from "../wasm/sections.ts";

/** Cores whose names are kept; each takes some 60 KB. */
const KEPT = 32;

const FUNCTION_NAMES = 1;

/**
 * Function names of a module's name section by index, imports first (core specification 2.0, appendix 7.4.1); empty if
 * it has none or a damaged one.
 */
export function functionNames(module: Uint8Array): Map<number, string> {
  const found = new Map<number, string>();
  try {
    for (const { id, start, end } of sectionsOf(module)) {
      if (id !== SECTION.custom) continue;
      const reader = new Reader(module.subarray(0, end), start);
      if (reader.name() !== "name") continue;
      while (reader.at < end) {
        const kind = reader.byte();
        const size = reader.number();
        const part = new Reader(reader.take(size));
        if (kind !== FUNCTION_NAMES) continue;
        const count = part.number();
        for (let i = 0; i < count; i++) found.set(part.number(), part.name());
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return new Map();
  }
  return found;
}

const folder = (root: string): string => join(root, "build", "core", "names");

/** Keeps the names of a module for whoever reads a trap of it later. `sha256` is that of the module without them, hex. */
export function keepFunctionNames(root: string, sha256: string, named: Uint8Array): void {
  const path = join(folder(root), `${sha256}.json`);
  if (!existsSync(path)) {
    const functions = Object.fromEntries(functionNames(named));
    writeIfChanged(path, `${JSON.stringify({ sha256, functions }, null, 1)}\n`);
  }
  const now = new Date();
  utimesSync(path, now, now);
  const age = (name: string): number => statSync(join(folder(root), name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const all = readdirSync(folder(root)).sort((a, b) => age(b) - age(a));
  for (const old of all.slice(KEPT)) rmSync(join(folder(root), old), { force: true });
}

/** The names of a core that was compiled in this checkout; undefined for one that was not. */
export function knownFunctionNames(root: string, sha256: string): Map<number, string> | undefined {
  const path = join(folder(root), `${sha256}.json`);
  if (!/^[0-9a-f]{64}$/.test(sha256) || !existsSync(path)) return undefined;
  try {
    const { functions } = JSON.parse(readFileSync(path, "utf8")) as { functions: Record<string, string> };
    return new Map(Object.entries(functions).map(([index, name]) => [Number(index), name]));
  } catch {
    // Written halfway, or by hand: as good as none.
    return undefined;
  }
}

/** "routesReport (core-as/assembly/net/routes.ts)" for AssemblyScript's "core-as/assembly/net/routes/routesReport". */
export function assemblyName(name: string): string {
  const match = /^(.+)\/([^/]+)$/.exec(name);
  return match === null ? name : `${match[2]} (${match[1]}.ts)`;
}
