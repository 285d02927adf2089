/** Compiles the core: AssemblyScript in core-as/ to build/core/relay.wasm and the C array the firmware embeds. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { ABI_FILES } from "../abi/files.ts";
import { MehrError } from "../errors.ts";
import { writeIfChanged } from "../paths.ts";
import { LINEAR_MEMORY_LIMIT } from "./limits.ts";

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
 * module with abi.ts and writes relay.wasm and relay_wasm.h.
 *
 * Throws MehrError (exit 1) with the compiler's own message, naming the boundary function that differs, or naming the
 * rendered files that do not follow abi.ts.
 */
export async function compileCore({ root }: { readonly root: string }): Promise<CoreBuild> {
  const out = join(root, "build", "core");
  const path = join(out, "relay.wasm");
  const stampPath = join(out, "relay.stamp");

  const hash = createHash("sha256").update(JSON.stringify([compilerVersion(), flags(CORE_MEMORY)]));
  const texts = new Map<string, string>();
  for (const file of inputs(root)) {
    const text = existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : "";
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
  writeIfChanged(join(out, "relay_wasm.h"), renderWasmHeader(wasm, sha256));
  writeIfChanged(stampPath, `${stamp}\n${sha256}\n`);
  return { path, wasm, sha256, compiled: true };
}

/**
 * Runs asc with the project's flags on `entry`; `readFile` gives the text of a path, or null if there is no such file.
 * `memory` is the core's own unless a test needs more. Throws MehrError (exit 1) with the compiler's message.
 */
export async function assemble(
  entry: string,
  readFile: (name: string) => string | null,
  memory: ModuleMemory = CORE_MEMORY,
): Promise<Uint8Array> {
  const asc = await import("assemblyscript/asc");
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main([entry, ...flags(memory), "--outFile", "out.wasm"], {
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
