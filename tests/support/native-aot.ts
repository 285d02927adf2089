/**
 * Translated modules in a native program: every case becomes C (toolchain/aot), all of them are compiled into one
 * program with a driver (native-aot.c), and what the program prints is what came of the calls.
 *
 * The same for V8: `stubImports` answers imported functions as the driver does, `hashMemory` is its memory hash.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { translate, type Translation, type TranslateOptions } from "../../toolchain/aot/translate.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { runProcess } from "../../toolchain/pio/process.ts";

export interface NativeCall {
  readonly export: string;
  /** As unsigned numbers of their width. */
  readonly args: readonly bigint[];
  /** Instantiates anew before this call. */
  readonly fresh?: boolean;
}

export interface NativeCase {
  /** For messages. */
  readonly name: string;
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly options?: Omit<TranslateOptions, "name">;
  /** In this order on one instance. */
  readonly calls: readonly NativeCall[];
}

/** `value`: the result as an unsigned number, undefined for none. `trap`: mehr_aot_trap_text of it. */
export type NativeOutcome = { readonly value: bigint | undefined } | { readonly trap: string };

export interface NativeResult {
  readonly instantiate: NativeOutcome;
  /** Empty if instantiation trapped. */
  readonly calls: readonly NativeOutcome[];
  /** hashMemory of linear memory after the last call; empty without memory. */
  readonly memory: string;
}

export interface NativeOptions {
  readonly compiler: "gcc" | "clang";
  readonly flags: readonly string[];
}

const root = repositoryRoot();
const SUPPORT = join(root, "tests/support");
const RUNTIME = join(root, "boards/runtime/engine/aot");
/** The warnings under which generated code is promised to be clean. */
const STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pipe", "-g1", `-I${RUNTIME}`, `-I${SUPPORT}`];
/**
 * Flags that turn every promise of alignment in generated code into a check. x86 would not mind a broken one, nor do
 * gcc's sanitizers.
 */
export const CHECK_ALIGNMENT = ["-include", "native-aot.h", "-D__builtin_assume_aligned=native_aligned"];

/** A sanitizer's first report ends the program. What is allocated at its end is not its concern. */
const SANITIZERS = { ASAN_OPTIONS: "detect_leaks=0", UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1" };
/** A compiler that dislikes something dislikes it in every module. */
const MESSAGE_LENGTH = 4000;
/** Modules given to one compiler process: enough to pay for starting it, few enough to keep the cores equally busy. */
const MODULES_PER_UNIT = 8;

/** Hash of linear memory: two sums over its 32-bit words, little endian. */
export function hashMemory(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let a = 0x811c9dc5;
  let b = bytes.length;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const word = view.getUint32(at, true);
    a = Math.imul(a ^ word, 0x01000193);
    b = Math.imul(((b << 5) | (b >>> 27)) ^ word, 0x9e3779b1);
  }
  return [a, b].map((sum) => (sum >>> 0).toString(16).padStart(8, "0")).join("");
}

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);

/** FNV-1a of an import's names. */
function importSeed(module: string, name: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(`${module}\0${name}`)) hash = u64((hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/**
 * Imports for V8 that answer as the driver's do: a mix of the import's name, how many imports have been called before
 * in this instance, and the arguments.
 */
export function stubImports(
  imports: readonly { readonly module: string; readonly name: string; readonly result?: "i32" | "i64" }[],
): WebAssembly.Imports {
  let calls = 0n;
  const modules: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module, name, result } of imports) {
    const seed = importSeed(module, name);
    (modules[module] ??= {})[name] = (...args: (number | bigint)[]) => {
      let mix = u64((seed ^ ++calls) * 0x9e3779b97f4a7c15n);
      for (const argument of args) {
        const value = typeof argument === "bigint" ? u64(argument) : BigInt(argument >>> 0);
        mix = u64((u64((mix << 23n) | (mix >> 41n)) ^ value) * 0xd6e8feb86659fd93n);
      }
      mix ^= mix >> 32n;
      if (result === undefined) return undefined;
      return result === "i64" ? BigInt.asIntN(64, mix) : Number(BigInt.asIntN(32, mix));
    };
  }
  return modules;
}

const cType = (type: "i32" | "i64"): string => (type === "i32" ? "uint32_t" : "uint64_t");

/** C around one translated module: its imports, its exports by arguments in an array, its calls as data. */
function caseSource(id: string, { name, calls }: NativeCase, translation: Translation): string[] {
  const lines: string[] = [`#include "${id}.h"`];
  for (const { module, name: field, c, params, result } of translation.imports) {
    const formal = params.map((type, i) => `${cType(type)} p${i}`).join(", ") || "void";
    const actual = params.map((_, i) => `p${i}`).join(", ") || "0";
    const answer = `native_import(UINT64_C(${importSeed(module, field)}), (uint64_t[]){${actual}}, ${params.length})`;
    lines.push(
      result === undefined
        ? `void ${c}(${formal}) { (void)${answer}; }`
        : `${cType(result)} ${c}(${formal}) { return (${cType(result)})${answer}; }`,
    );
  }
  const exported = new Map(translation.exports.map((entry, i) => [entry.name, { ...entry, i }]));
  for (const { c, params, result, i } of exported.values()) {
    if (!calls.some((call) => exported.get(call.export)?.i === i)) continue;
    const call = `${c}(${params.map((type, p) => `(${cType(type)})a[${p}]`).join(", ")})`;
    const body = result === undefined ? `${call}; return 0;` : `return ${call};`;
    lines.push(`static uint64_t ${id}_call_${i}(const uint64_t *a) { (void)a; ${body} }`);
  }
  lines.push(`static const struct native_call ${id}_calls[] = {`);
  for (const { export: target, args, fresh } of calls) {
    const entry = exported.get(target);
    if (entry === undefined) throw new Error(`${name}: the module exports no function "${target}"`);
    if (args.length !== entry.params.length)
      throw new Error(`${name}: "${target}" takes ${entry.params.length} values`);
    const values = args.map((value) => `UINT64_C(${value})`).join(", ") || "0";
    const flags = `${entry.result !== undefined}, ${fresh === true}`;
    lines.push(`  {${id}_call_${entry.i}, (const uint64_t[]){${values}}, ${flags}},`);
  }
  if (calls.length === 0) lines.push("  {0},");
  lines.push("};");
  const memory = translation.memoryBytes > 0 ? `${id}_memory` : "NULL";
  lines.push(
    `extern const struct native_case ${id}_case;`,
    `const struct native_case ${id}_case = {${id}_instantiate, ${memory}, ${id}_calls, ${calls.length}};`,
  );
  return lines;
}

async function inParallel(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  const left = jobs.values();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const job of left) await job();
    }),
  );
}

/** Reads the driver's lines. Throws, naming the case, if they end too early or say something else. */
function readResults(cases: readonly NativeCase[], stdout: string): NativeResult[] {
  const lines = stdout.split("\n").values();
  const results: NativeResult[] = [];
  for (const [index, { name, calls }] of cases.entries()) {
    const take = (word: RegExp): string => {
      const line = lines.next().value ?? "";
      if (!word.test(line)) throw new Error(`${name} (case ${index}): "${line}" where ${word.source} was to come`);
      return line.slice(line.indexOf(" ") + 1);
    };
    const outcome = (): NativeOutcome => {
      const text = take(/^(value \d+|none|trap .+)$/);
      if (text.startsWith("[trap]")) return { trap: text };
      return { value: text === "none" ? undefined : BigInt(text) };
    };
    take(new RegExp(`^case ${index}$`));
    const instantiate = outcome();
    const alive = "value" in instantiate;
    const outcomes = (alive ? calls : []).map(({ fresh }) => {
      if (fresh === true && !("value" in outcome())) throw new Error(`${name}: only its first instantiation succeeds`);
      return outcome();
    });
    const memory = take(/^memory .*$/);
    results.push({ instantiate, calls: outcomes, memory });
  }
  return results;
}

/** A compiler process: the sources it is given, and the cases they come from. */
interface Unit {
  readonly sources: readonly string[];
  readonly what: string;
}

/** Translates the cases and writes the C of the whole program into `folder`. */
function writeProgram(folder: string, cases: readonly NativeCase[]): Unit[] {
  const write = (name: string, lines: readonly string[]): void =>
    writeFileSync(join(folder, name), [...lines, ""].join("\n"));
  const units: Unit[] = [];
  for (let from = 0; from < cases.length; from += MODULES_PER_UNIT) {
    const unit = cases.slice(from, from + MODULES_PER_UNIT).map((entry, i) => ({ entry, id: `m${from + i}` }));
    const glue = unit.flatMap(({ entry, id }) => {
      writeFileSync(join(folder, `${id}.wasm`), entry.wasm);
      const translation = translateCase(entry, id);
      write(`${id}.h`, [translation.header]);
      write(`${id}.c`, [translation.source]);
      return caseSource(id, entry, translation);
    });
    const name = `unit${units.length}.c`;
    write(name, ['#include "native-aot.h"', ...glue]);
    units.push({
      sources: [name, ...unit.map(({ id }) => `${id}.c`)],
      what: unit.map(({ entry, id }) => `${entry.name} (${id})`).join(", "),
    });
  }
  const ids = cases.map((_, i) => `m${i}`);
  write("cases.c", [
    '#include "native-aot.h"',
    ...ids.map((id) => `extern const struct native_case ${id}_case;`),
    "const struct native_case *const native_cases[] = {",
    ...ids.map((id) => `  &${id}_case,`),
    "};",
    `const size_t native_case_count = ${cases.length};`,
  ]);
  return [...units, { sources: ["cases.c", join(SUPPORT, "native-aot.c")], what: "the driver" }];
}

function translateCase({ name, wasm, options }: NativeCase, id: string): Translation {
  try {
    return translate(wasm, { ...options, name: id });
  } catch (error) {
    throw new Error(`${name} does not translate: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Translates and compiles all cases into one program, runs it and gives their results in order.
 * Throws if a case does not translate or compile, if the program crashes, never ends or a sanitizer reports: the
 * message names the case and the folder of the sources, which is kept.
 */
export async function runNative(cases: readonly NativeCase[], options: NativeOptions): Promise<NativeResult[]> {
  if (cases.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), "mehr-native-"));
  const { compiler, flags } = options;
  const compile = async (what: string, args: readonly string[]): Promise<void> => {
    const run = await runProcess(compiler, [...STRICT, ...flags, ...args], { cwd: folder });
    if (run.code !== 0)
      throw new Error(`${compiler}, ${what} in ${folder}:\n${(run.spawnError ?? run.stderr).slice(0, MESSAGE_LENGTH)}`);
  };
  const units = writeProgram(folder, cases);
  await inParallel(
    units.map(
      ({ sources, what }) =>
        () =>
          compile(what, ["-c", ...sources]),
    ),
  );
  const objects = units.flatMap(({ sources }) => sources.map((source) => basename(source).replace(/c$/, "o")));
  await compile("linking", [...objects, "-pthread", "-o", "program"]);

  const run = await runProcess(join(folder, "program"), [], { cwd: folder, env: { ...process.env, ...SANITIZERS } });
  try {
    // A report that does not end the program is a failure too.
    if (run.code !== 0 || run.stderr !== "") throw new Error(`it ended with ${run.code ?? "a signal"}\n${run.stderr}`);
    const results = readResults(cases, run.stdout);
    rmSync(folder, { recursive: true });
    return results;
  } catch (error) {
    const index = run.stdout.match(/^case \d+$/gm)?.length ?? 0;
    const last = index === 0 ? "no case" : `${cases[index - 1]?.name ?? ""} (m${index - 1})`;
    throw new Error(`${join(folder, "program")}, last running ${last}: ${(error as Error).message}`, { cause: error });
  }
}
