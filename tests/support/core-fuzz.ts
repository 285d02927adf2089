/** Builds the core for coverage-guided fuzzing: its own C (toolchain/aot) under libFuzzer and clang's sanitizers. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { translate } from "../../toolchain/aot/translate.ts";
import { assembleNamed } from "../../toolchain/core/compile.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { runProcess } from "../../toolchain/pio/process.ts";

const root = repositoryRoot();
const ENTRY = "core-as/testing/fuzz.ts";
const DRIVER = join(root, "tests", "fuzz", "core_fuzz.c");
const FLAGS = ["-std=c11", "-O1", "-g1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"];

/** Path of the program. It is made again when the core or the driver has changed. */
export async function buildCoreFuzzer(): Promise<string> {
  const read = (name: string): string | null => {
    const path = join(root, name);
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  };
  const { named, sourceMap } = await assembleNamed(ENTRY, read, { pages: 1, limit: 65_536 });
  const folder = join(root, "build", "fuzz");
  mkdirSync(folder, { recursive: true });
  const program = join(folder, "core_fuzz");
  const stamp = createHash("sha256").update(named).update(readFileSync(DRIVER)).update(FLAGS.join()).digest("hex");
  const stampPath = `${program}.stamp`;
  if (existsSync(program) && existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp) return program;
  const { source, header } = translate(named, { name: "fuzz", sourceMap });
  writeFileSync(join(folder, "fuzz.c"), source);
  writeFileSync(join(folder, "fuzz.h"), header);
  const include = ["-I", folder, "-I", join(root, "boards", "runtime", "engine", "aot")];
  const run = await runProcess("clang", [...FLAGS, ...include, join(folder, "fuzz.c"), DRIVER, "-o", program], {
    cwd: root,
  });
  if (run.code !== 0) throw new Error(`clang: ${(run.spawnError ?? run.stderr).slice(0, 4000)}`);
  writeFileSync(stampPath, stamp);
  return program;
}
