/**
 * Compiles the core: AssemblyScript in core-as/ to build/core/relay.wasm and the C array the firmware embeds, and the
 * same module with names and a source map, for whoever looks into it.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { ABI_FILES } from "../abi/files.ts";
import { MehrError } from "../errors.ts";
import { writeIfChanged } from "../paths.ts";
import { keepFunctionNames } from "../symbols/wasm-names.ts";
import { LINEAR_MEMORY_LIMIT } from "./limits.ts";
import { withoutCustomSections } from "../wasm/sections.ts";

/**
 * asc's flags. -O3s is -O3 without inlining functions that have several callers: 2.2 KB less wasm and 4 KB less
 * metacode under wasm3, which keeps the cryptography within its 20 KB, for 1 % more instructions in a signature check
 * and 17 % in a beacon. What a hot loop must not call is written into it. -Oz would cost up to 29 % on arithmetic. No
 * assertions and a trapping abort because a decoder never traps, so their text and code would be dead weight on the
 * chip.
 */
const FLAGS = ["--runtime", "stub", "-O3s", "--noAssert", "--use", "abort="];

/** Linear memory of a module: 64 KiB pages, none of which can be added later, and the bytes of them in use at most. */
export interface ModuleMemory {
  readonly pages: number;
  readonly limit: number;
}

const CORE_MEMORY: ModuleMemory = { pages: 1, limit: LINEAR_MEMORY_LIMIT };

function flags({ pages, limit }: ModuleMemory): string[] {
  // The limit also keeps asc from treating the first 1024 bytes as never used, which would change the code.
  const memory = ["--initialMemory", pages, "--maximumMemory", pages, "--lowMemoryLimit", limit];
  return [...FLAGS, ...memory.map(String)];
}

/**
 * Names of functions and a source map. They are custom sections and a file beside: asc writes the same code with and
 * without them (compile.test.ts).
 */
const NAMES = ["--debug", "--sourceMap"];

const ENTRY = "core-as/assembly/node.ts";

/** One module, with its names and without them. */
export interface NamedModule {
  /** What a board runs. */
  readonly wasm: Uint8Array;
  /** The same with custom sections `name` and `sourceMappingURL`. */
  readonly named: Uint8Array<ArrayBuffer>;
  /** Source map, version 3; its columns are offsets in either. */
  readonly sourceMap: string;
}

export interface CoreBuild extends NamedModule {
  /** Path of relay.wasm; relay.debug.wasm and relay.debug.wasm.map lie beside it. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  /** False if the sources had not changed since the last compilation. */
  readonly compiled: boolean;
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Sources of the core and the files rendered from its boundary, as paths below `root`, in a fixed order. */
function inputs(root: string): string[] {
  const sources = readdirSync(join(root, "core-as", "assembly"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return [...sources, ...ABI_FILES].sort();
}

/** asc's version without loading it, which takes a second. */
function compilerVersion(): string {
  const manifest = createRequire(import.meta.url).resolve("assemblyscript/package.json");
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

/**
 * Compiles the core of the checkout at `root` to build/core unless nothing it depends on has changed, compares the
 * module with abi.ts and writes relay.wasm, relay_wasm.h, relay.debug.wasm and its source map, and keeps the names of its
 * functions by its hash (toolchain/symbols/wasm-names.ts).
 *
 * Throws MehrError (exit 1) with the compiler's own message, naming the boundary function that differs, or naming the
 * rendered files that do not follow abi.ts.
 */
export async function compileCore({ root }: { readonly root: string }): Promise<CoreBuild> {
  const out = join(root, "build", "core");
  const path = join(out, "relay.wasm");
  const debugPath = join(out, DEBUG_WASM);
  const stampPath = join(out, "relay.stamp");

  const hash = createHash("sha256").update(JSON.stringify([compilerVersion(), flags(CORE_MEMORY), NAMES]));
  const texts = new Map<string, string>();
  for (const file of inputs(root)) {
    const text = existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : "";
    texts.set(file, text);
    hash.update(`${file}\0${text}\0`);
  }
  const stamp = hash.digest("hex");
  /** Says what the outputs were made from and what they were, so that a changed one is noticed. */
  const stampText = ({ wasm, named, sourceMap }: NamedModule): string =>
    `${[stamp, sha256Hex(wasm), sha256Hex(named), sha256Hex(Buffer.from(sourceMap))].join("\n")}\n`;
  const outputs = [path, debugPath, `${debugPath}.map`, join(out, "relay_wasm.h"), stampPath];
  if (outputs.every((file) => existsSync(file))) {
    const sourceMap = readFileSync(`${debugPath}.map`, "utf8");
    const last = { wasm: readFileSync(path), named: readFileSync(debugPath), sourceMap };
    if (readFileSync(stampPath, "utf8") === stampText(last)) {
      const sha256 = sha256Hex(last.wasm);
      keepFunctionNames(root, sha256, last.named);
      return { ...last, path, sha256, compiled: false };
    }
  }

  const module = await assembleNamed(ENTRY, (name) => texts.get(name) ?? null);
  const { wasm } = module;
  // ts-morph and binaryen are heavy; a build that changes nothing never gets here.
  const { readLockedAbi, staleAbiFiles } = await import("../abi/generate.ts");
  const { checkModule } = await import("../abi/check.ts");
  checkModule(wasm, readLockedAbi(root));
  const stale = staleAbiFiles(root);
  if (stale.length > 0) {
    throw new MehrError(
      1,
      `${stale.join(", ")}: rendered from an older core-as/assembly/abi.ts; run \`mehr generate\`.`,
    );
  }

  const sha256 = sha256Hex(wasm);
  writeIfChanged(path, wasm);
  writeIfChanged(debugPath, module.named);
  writeIfChanged(`${debugPath}.map`, module.sourceMap);
  writeIfChanged(join(out, "relay_wasm.h"), renderWasmHeader(wasm, sha256));
  writeIfChanged(stampPath, stampText(module));
  keepFunctionNames(root, sha256, module.named);
  return { ...module, path, sha256, compiled: true };
}

/** Gives the text of a path, or null if there is no such file. */
type ReadFile = (name: string) => string | null;

/**
 * Runs asc with the project's flags on `entry`. `memory` is the core's own unless a test needs more.
 * Throws MehrError (exit 1) with the compiler's message.
 */
export async function assemble(
  entry: string,
  readFile: ReadFile,
  memory: ModuleMemory = CORE_MEMORY,
): Promise<Uint8Array> {
  return (await runAsc(entry, readFile, flags(memory))).wasm;
}

/** Like assemble, with names and source map beside the module. */
export async function assembleNamed(
  entry: string,
  readFile: ReadFile,
  memory: ModuleMemory = CORE_MEMORY,
): Promise<NamedModule> {
  const { wasm: named, sourceMap } = await runAsc(entry, readFile, [...flags(memory), ...NAMES]);
  return { wasm: withoutCustomSections(named), named, sourceMap };
}

/** asc writes the file's name into the module, as the address of its source map. */
const DEBUG_WASM = "relay.debug.wasm";

async function runAsc(
  entry: string,
  readFile: ReadFile,
  options: readonly string[],
): Promise<{ wasm: Uint8Array<ArrayBuffer>; sourceMap: string }> {
  const asc = await import("assemblyscript/asc");
  const written = new Map<string, string | Uint8Array>();
  const { error, stderr } = await asc.main([entry, ...options, "--outFile", DEBUG_WASM], {
    readFile,
    listFiles: () => [],
    writeFile: (name, contents) => {
      written.set(name, contents);
    },
  });
  const wasm = written.get(DEBUG_WASM);
  if (error !== null || !(wasm instanceof Uint8Array)) {
    throw new MehrError(1, `The core did not compile.\n${stderr.toString().trim() || String(error)}`);
  }
  return { wasm: Uint8Array.from(wasm), sourceMap: String(written.get(`${DEBUG_WASM}.map`) ?? "") };
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
