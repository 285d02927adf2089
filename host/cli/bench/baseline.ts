/**
 * Counts instructions of C on a chip in QEMU: the harness in baseline/ on the HAL of a virtual board, with its compiler
 * flags and on its clock, instead of the relay.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { VirtualBoard } from "../../../boards/index.ts";
import { TASK_STACK } from "../../../boards/stack.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { memoryOf, parseMap } from "../../../toolchain/map.ts";
import { runProcess } from "../../../toolchain/pio/process.ts";
import { CALIBRATION_INSTRUCTIONS } from "../../board/protocol.ts";
import type { Subject } from "./baseline-sources.ts";
import { type Count, ofVariants, type Step } from "./crypto-counts.ts";
import { chipOf, type Result } from "./measure.ts";

/** A subject that has not said its last word after this long is stuck; a Cortex-M4 in QEMU does 100 M in a second. */
const TIMEOUT_MS = 120_000;

/** How a virtual board's C is compiled: boards/platforms/virtual/boards/<id>.json, as builder/main.py reads it. */
interface Compiler {
  readonly gcc: string;
  readonly compile: readonly string[];
  readonly link: readonly string[];
}

async function compilerOf(root: string, board: VirtualBoard): Promise<Compiler> {
  const path = join(root, "boards", "platforms", "virtual", "boards", `${board.id}.json`);
  const { build } = JSON.parse(readFileSync(path, "utf8")) as {
    build: { prefix: string; specs: string[]; compile_flags: string[]; link_flags: string[] };
  };
  const gcc = `${build.prefix}gcc`;
  const ask = async (flag: string): Promise<string> => (await runProcess(gcc, [flag])).stdout.trim();
  const zicsr = Number.parseInt(await ask("-dumpversion"), 10) >= 12 ? "_zicsr" : "";
  let specs: string[] = [];
  for (const name of build.specs) {
    if (specs.length === 0 && isAbsolute(await ask(`-print-file-name=${name}`))) specs = [`--specs=${name}`];
  }
  return {
    gcc,
    compile: [...build.compile_flags.map((flag) => flag.replace("{zicsr}", zicsr)), ...specs],
    link: [...build.link_flags, ...specs],
  };
}

async function gcc(compiler: Compiler, args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr, spawnError } = await runProcess(compiler.gcc, args, { cwd });
  if (code !== 0) throw new MehrError(1, `${compiler.gcc} in ${cwd} failed.\n${spawnError ?? stderr.trim()}`);
}

/** All objects of a folder get linked, so none of an earlier run may be left. */
function emptyFolder(path: string): string {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}

export interface ChipOptions {
  /** Root of the checkout. */
  readonly root: string;
  readonly board: VirtualBoard;
  readonly counts: readonly Count[];
  /** Where everything is compiled; absolute. */
  readonly folder: string;
}

/** A chip with the harness compiled for it, once for all subjects. */
export class BaselineChip {
  readonly #root: string;
  readonly #board: VirtualBoard;
  readonly #compiler: Compiler;
  readonly #counts: readonly Count[];
  readonly #folder: string;

  private constructor({ root, board, counts, folder }: ChipOptions, compiler: Compiler) {
    this.#root = root;
    this.#board = board;
    this.#compiler = compiler;
    this.#counts = counts;
    this.#folder = folder;
  }

  /** Compiles the harness with all steps of `counts` in it. */
  static async prepare(options: ChipOptions): Promise<BaselineChip> {
    const { root, board, folder } = options;
    const chip = new BaselineChip(options, await compilerOf(root, board));
    const harness = emptyFolder(join(folder, "harness"));
    writeFileSync(join(harness, "cases.h"), renderCases(chip.#steps));
    const runtime = join(root, "boards", "runtime");
    const cpp = (folder: string): string[] =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".cpp"))
        .sort()
        .map((name) => join(folder, name));
    // Parts of a board's HAL need framing, last words, and what tests and hashes bytes; none of it is ever called.
    const hal = [board.virtual.hal, "bare", "virtual"].flatMap((name) => cpp(join(runtime, "hal", name)));
    const parts = ["frame.cpp", "crc32.cpp", "last_words.cpp", "entropy_health.cpp", "sha256.cpp"].map((name) =>
      join(runtime, "src", name),
    );
    await gcc(
      chip.#compiler,
      [
        ...chip.#flags("-O2"),
        ...["-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit"],
        ...[
          "-nostdinc++",
          `-I${join(runtime, "hal")}`,
          `-I${join(runtime, "src")}`,
          `-I${join(runtime, "include")}`,
          `-I${harness}`,
        ],
        ...["-c", join(chip.#sources, "main.cpp"), ...hal, ...parts],
      ],
      harness,
    );
    return chip;
  }

  /** Counts a subject: a row for each operation it has, one for its stack, and its flash if it is the core. */
  async count(subject: Subject): Promise<Result[]> {
    const folder = await this.#build(subject, "-O2");
    const { took, stack } = await this.#run(subject, join(folder, "subject.elf"));
    const where = { engine: subject.name, chip: chipOf(this.#board) };
    const results: Result[] = [];
    for (const count of this.#counts) {
      const steps = count.variants.flat();
      if (steps.some((step) => took.get(step) === undefined)) continue;
      const value = ofVariants(count, (step) => took.get(step) ?? Number.NaN);
      results.push({ name: count.name, value, unit: "instructions", ...where });
    }
    if (!subject.core) return results;
    return [
      ...results,
      { name: "C stack high-water", value: stack, unit: "B", ...where },
      { name: "flash of the core", value: flashOf(folder), unit: "B", ...where },
      { name: "flash of the core at -Os", value: flashOf(await this.#build(subject, "-Os")), unit: "B", ...where },
    ];
  }

  get #steps(): Step[] {
    return this.#counts.flatMap(({ variants }) => variants.flat());
  }

  get #sources(): string {
    return join(this.#root, "host", "cli", "bench", "baseline");
  }

  #flags(optimise: "-O2" | "-Os"): string[] {
    return [...this.#compiler.compile, optimise, "-g", "-ffunction-sections", "-fdata-sections"];
  }

  async #build(subject: Subject, optimise: "-O2" | "-Os"): Promise<string> {
    const folder = emptyFolder(join(this.#folder, `${subject.name.replace(/\W+/g, "-")}${optimise}`));
    const own = [`-I${this.#sources}`, `-I${join(this.#root, "boards", "runtime", "include")}`, ...subject.flags];
    // Warnings about sources of others help nobody here.
    const c = ["-std=gnu11", "-w", "-c", ...own, ...subject.sources];
    await gcc(this.#compiler, [...this.#flags(optimise), ...c], folder);
    await gcc(
      this.#compiler,
      [
        ...this.#compiler.link,
        ...["-nostartfiles", "-static", "-Wl,--gc-sections", "-Wl,-Map,subject.map", "-o", "subject.elf"],
        `-Wl,--defsym=__stack_size=${TASK_STACK[this.#board.mcu]?.bytes.aot ?? 0}`,
        `-T${join(this.#root, "boards", "runtime", "hal", this.#board.virtual.hal, "link.ld")}`,
        ...(subject.keep ?? []).map((name) => `-Wl,--undefined=${name}`),
        ...objectsIn(join(this.#folder, "harness")),
        ...objectsIn(folder),
        ...["-lc", "-lgcc"],
      ],
      folder,
    );
    return folder;
  }

  /** Instructions of every step, undefined where the subject has no such primitive; and the deepest stack in bytes. */
  async #run(subject: Subject, elf: string): Promise<{ took: Map<Step, number | undefined>; stack: number }> {
    const { emulator, machine } = this.#board.virtual;
    const args = ["-M", machine, "-display", "none", "-monitor", "none", "-nodefaults", "-no-user-config"];
    if (emulator === "qemu-system-riscv32") args.push("-bios", "none");
    args.push("-icount", "shift=0", "-serial", "stdio", "-kernel", elf);
    const lines: string[] = [];
    const end = new AbortController();
    const { spawnError, stderr } = await runProcess(emulator, args, {
      signal: end.signal,
      timeoutMs: TIMEOUT_MS,
      onLine: (line, stream) => {
        if (stream === "stdout") lines.push(line);
        // A Cortex-M4 in QEMU has no way to end it.
        if (line === "end") end.abort();
      },
    });
    const where = `${subject.name} on ${chipOf(this.#board)}`;
    const fault = lines.find((line) => line.startsWith("fault "));
    if (fault !== undefined) throw new MehrError(1, `${where}: ${fault.slice(6)}.`);
    if (!lines.includes("end")) throw new MehrError(1, `${where} did not end. ${spawnError ?? stderr.trim()}`);
    return parseReport(lines, this.#steps, where);
  }
}

/** What the harness said, by step. Throws MehrError (1) if a result was not the core's. */
export function parseReport(
  lines: readonly string[],
  steps: readonly Step[],
  where: string,
): { took: Map<Step, number | undefined>; stack: number } {
  const number = (word: string): number => {
    const line = lines.find((text) => text.startsWith(`${word} `));
    if (line === undefined) throw new MehrError(1, `${where} did not say its ${word}.`);
    return Number(line.slice(word.length + 1));
  };
  const perTick = CALIBRATION_INSTRUCTIONS / number("calibration");
  const said = lines.filter((line) => /^(ticks \d+|none|wrong)$/.test(line));
  if (said.length !== steps.length) {
    throw new MehrError(1, `${where} told of ${said.length} calls, and there are ${steps.length}.`);
  }
  const took = new Map<Step, number | undefined>();
  steps.forEach((step, i) => {
    const line = said[i] ?? "";
    if (line === "wrong")
      throw new MehrError(1, `${where}: primitive ${step.primitive} gives not what the core gives.`);
    took.set(step, line === "none" ? undefined : Number(line.slice("ticks ".length)) * perTick);
  });
  return { took, stack: number("stack") };
}

function objectsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".o"))
    .sort()
    .map((name) => join(folder, name));
}

/** Flash of what wasm2c wrote, in the image of `folder`. */
function flashOf(folder: string): number {
  return memoryOf(parseMap(readFileSync(join(folder, "subject.map"), "utf8")), /\/relay\.o$/).flash;
}

/** The steps as C++ for the harness. */
function renderCases(steps: readonly Step[]): string {
  const list = (bytes: Uint8Array): string => (bytes.length === 0 ? "0" : bytes.join(","));
  const arrays = steps.flatMap(({ input, out }, i) => [
    `static const uint8_t kInput${i}[] = {${list(input)}};`,
    `static const uint8_t kExpected${i}[] = {${list(out)}};`,
  ]);
  const rows = steps.map(
    ({ primitive, input, out }, i) => `  {${primitive}, ${input.length}, kInput${i}, ${out.length}, kExpected${i}},`,
  );
  return [
    "// Rendered by host/cli/bench/baseline.ts.",
    "#pragma once",
    "#include <stddef.h>",
    "#include <stdint.h>",
    "struct Case { uint32_t primitive; size_t length; const uint8_t* input; int32_t result; const uint8_t* expected; };",
    ...arrays,
    "static const Case kCases[] = {",
    ...rows,
    "};",
    "",
  ].join("\n");
}
