/** Builds the console of a board for coverage-guided fuzzing: the runtime's sources under libFuzzer and clang's sanitizers. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findBoard } from "../../boards/index.ts";
import { renderBoardConfigHeader } from "../../boards/render-header.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { runProcess } from "../../toolchain/pio/process.ts";

const root = repositoryRoot();
const SOURCES = join(root, "boards", "runtime", "src");
const DRIVER = join(root, "tests", "fuzz");
/** What the driver stands for, and what no virtual board has. */
const LEFT_OUT = ["core.cpp", "main.cpp", "entropy_health.cpp", "last_words.cpp"];
const SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const STRICT = ["-std=c++17", "-O1", "-g1", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Werror"];

async function run(program: string, args: readonly string[]): Promise<void> {
  const result = await runProcess(program, [...args], { cwd: root });
  if (result.code !== 0) throw new Error(`${program}: ${(result.spawnError ?? result.stderr).slice(0, 4000)}`);
}

/** Path of the program. */
export async function buildConsoleFuzzer(): Promise<string> {
  const folder = join(root, "build", "fuzz", "console");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "board_config.h"), renderBoardConfigHeader(findBoard("native")));
  const include = [folder, SOURCES, join(root, "boards", "runtime", "include"), DRIVER].map((path) => `-I${path}`);
  const flags = [...STRICT, ...include, ...SANITIZERS];
  const objects: string[] = [];
  const compile = async (path: string, name: string, own: boolean): Promise<void> => {
    const object = join(folder, `${name}.o`);
    objects.push(object);
    await run("clang++", [...flags, ...(own ? ["-fsanitize=fuzzer-no-link"] : []), "-c", path, "-o", object]);
    // Variables of the runtime by themselves: the driver puts them back where a board would reset.
    const moved = ["--rename-section", ".bss=mehr_zero", "--rename-section", ".data=mehr_state"];
    if (own) await run("objcopy", [...moved, "--set-section-flags", ".bss=alloc,contents,load,data", object]);
  };
  const own = readdirSync(SOURCES).filter((name) => name.endsWith(".cpp") && !LEFT_OUT.includes(name));
  const queue = [
    ...own.map((name) => () => compile(join(SOURCES, name), name, true)),
    ...["console_fuzz.cpp", "console_fuzz_core.cpp"].map((name) => () => compile(join(DRIVER, name), name, false)),
  ];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next();
  };
  await Promise.all([worker(), worker()]);
  const program = join(folder, "console_fuzz");
  await run("clang++", [...objects, ...SANITIZERS, "-fsanitize=fuzzer", "-o", program]);
  return program;
}
