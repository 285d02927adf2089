/** Compiles the core: AssemblyScript in core-as/ to build/core/relay.wasm and the C array the firmware embeds. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { AbiModel } from "../abi/model.ts";
import { MehrError } from "../errors.ts";
import { writeIfChanged } from "../paths.ts";
import { LINEAR_MEMORY_LIMIT } from "./limits.ts";

/**
 * asc's flags. -O3 because -Oz costs up to 29 % on arithmetic and saves nothing on this code; no assertions and a trapping
 * abort because a decoder never traps, so their text and code would be dead weight on the chip.
 */
const FLAGS = [
  "--runtime",
  "stub",
  "-O3",
  "--noAssert",
  "--use",
  "abort=",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "1",
  "--lowMemoryLimit",
  String(LINEAR_MEMORY_LIMIT),
];

const ENTRY = "core-as/assembly/node.ts";

export interface CoreBuild {
  /** Path of relay.wasm. */
  readonly path: string;
  readonly wasm: Uint8Array;
  /** Hex. */
  readonly sha256: string;
  /** False if the sources had not changed since the last compilation. */
  readonly compiled: boolean;
}

export interface CompileOptions {
  /** Root of the checkout. */
  readonly root: string;
  /** Folder for the outputs; build/core of the checkout by default. */
  readonly out?: string;
  /** Folder that holds core-as/; the checkout by default. */
  readonly source?: string;
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Sources of the core, as paths below `source`, in a fixed order. */
function sources(source: string): string[] {
  return readdirSync(join(source, "core-as", "assembly"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => relative(source, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * Compiles the core unless its sources are the ones of the last compilation, compares the module with abi.ts and writes
 * relay.wasm and relay_wasm.h.
 *
 * Throws MehrError (exit 1) with the compiler's own message, or naming the boundary function that differs.
 */
export async function compileCore(options: CompileOptions): Promise<CoreBuild> {
  const source = options.source ?? options.root;
  const out = options.out ?? join(options.root, "build", "core");
  const path = join(out, "relay.wasm");
  const stampPath = join(out, "relay.stamp");

  const asc = await import("assemblyscript/asc");
  const hash = createHash("sha256").update(JSON.stringify([asc.version, FLAGS]));
  const texts = new Map<string, string>();
  for (const file of sources(source)) {
    const text = readFileSync(join(source, file), "utf8");
    texts.set(file, text);
    hash.update(`${file}\0${text}\0`);
  }
  const stamp = hash.digest("hex");
  if (existsSync(path) && existsSync(join(out, "relay_wasm.h")) && existsSync(stampPath)) {
    const [lastStamp, lastSha] = readFileSync(stampPath, "utf8").split("\n");
    const wasm = readFileSync(path);
    if (lastStamp === stamp && lastSha === sha256Hex(wasm)) return { path, wasm, sha256: lastSha, compiled: false };
  }

  const wasm = await assemble(ENTRY, (name) => texts.get(name) ?? null);
  // ts-morph and binaryen are heavy; a build that changes nothing never gets here.
  const { readLockedAbi } = await import("../abi/generate.ts");
  const { checkModule } = await import("../abi/check.ts");
  checkModule(wasm, readLockedAbi(source) satisfies AbiModel);

  const sha256 = sha256Hex(wasm);
  writeIfChanged(path, wasm);
  writeIfChanged(join(out, "relay_wasm.h"), renderWasmHeader(wasm, sha256));
  writeIfChanged(stampPath, `${stamp}\n${sha256}\n`);
  return { path, wasm, sha256, compiled: true };
}

/**
 * Runs asc with the project's flags on `entry`; `readFile` gives the text of a path, or null if there is no such file.
 * Throws MehrError (exit 1) with the compiler's message.
 */
export async function assemble(entry: string, readFile: (name: string) => string | null): Promise<Uint8Array> {
  const asc = await import("assemblyscript/asc");
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main([entry, ...FLAGS, "--outFile", "out.wasm"], {
    readFile,
    listFiles: () => [],
    writeFile: (name, contents) => {
      if (name === "out.wasm") wasm = Uint8Array.from(contents as Uint8Array);
    },
  });
  if (error !== null || wasm === undefined) {
    throw new MehrError(1, `The core did not compile.\n${stderr.toString().trim() || String(error)}`);
  }
  return wasm;
}

/** The module as a C array. Aligned because an engine may read its sections as words. */
export function renderWasmHeader(wasm: Uint8Array, sha256: string): string {
  const lines: string[] = [];
  for (let i = 0; i < wasm.length; i += 20) {
    lines.push(`  ${[...wasm.subarray(i, i + 20)].map((byte) => `0x${byte.toString(16).padStart(2, "0")},`).join("")}`);
  }
  return [
    `/* relay.wasm, sha256 ${sha256}; rendered by \`mehr build\`. */`,
    "#pragma once",
    "#include <stdint.h>",
    `static const uint32_t MEHR_WASM_SIZE = ${wasm.length}u;`,
    `alignas(8) static const uint8_t MEHR_WASM[${wasm.length}] = {`,
    ...lines,
    "};",
    "",
  ].join("\n");
}
