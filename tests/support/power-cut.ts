/**
 * The power-cut test's program: relay.wasm translated to C twice (the node whose power fails, and a peer), the runtime's
 * record store on a flash that can be cut, and the script in power-cut/main.cpp.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootConfig, encodeBootConfig } from "../../boards/config.ts";
import { findBoard } from "../../boards/index.ts";
import { translate } from "../../toolchain/aot/translate.ts";
import type { NamedModule } from "../../toolchain/core/compile.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { runProcess } from "../../toolchain/pio/process.ts";

export interface PowerCutOptions {
  readonly core: NamedModule;
  /** How many of the three ways to tear an operation are tried at each one; with 1 they take turns. */
  readonly torn: 1 | 2 | 3;
  /** Processes at a time. */
  readonly jobs: number;
  /** Length of the script's second half; 0: the script that provisions, resets and restores. */
  readonly days: number;
  /** Sources of the runtime in place of the project's: by file name, for trying out what the test notices. */
  readonly instead?: Readonly<Record<string, string>>;
}

export interface PowerCutReport {
  /** Flash operations of the script. */
  readonly operations: number;
  /** Erases among them: one for the first format, one for each time the log moves to the other page. */
  readonly erases: number;
  /** Cuts during the script; and of these lives, cuts during the first boot after. */
  readonly cuts: number;
  readonly cutsInBoot: number;
  /** After a cut: the record under way had its old value, its new one, or none was under way (mount, format). */
  readonly old: number;
  readonly new: number;
  readonly between: number;
  /** Lives after a cut in which the peer took in a new announce of every destination. */
  readonly announced: number;
  /** Messages sealed to announced ratchets that arrived in those lives. */
  readonly messages: number;
  /** Announces the peer took in during the script. */
  readonly peerAccepted: number;
  /** Commands of the script that the core refused, with the status. */
  readonly refused: Readonly<Record<string, number>>;
  /** By key: changes in the script, and cuts in them. */
  readonly records: Readonly<Record<string, { readonly changes: number; readonly cuts: number }>>;
  /** Cuts while several records were changed at once, and how many of them left all old, and all new. */
  readonly sets: { readonly cuts: number; readonly old: number; readonly new: number };
}

const root = repositoryRoot();
const SOURCES = join(root, "tests/support/power-cut");
const RUNTIME = join(root, "boards/runtime");
const PARTS = [
  ...["records.cpp", "ram_records.cpp", "crc32.cpp", "sha256.cpp"],
  ...["provision.cpp", "provision_record.cpp", "provision_backup.cpp"],
];
const INCLUDES = ["src", "include", "engine/aot"].map((name) => `-I${join(RUNTIME, name)}`);
const WARNINGS = ["-Wall", "-Wextra", "-Werror"];

/** Compiles the program and runs it. Throws with the program's own words when a node did not survive a cut. */
export async function cutPower(options: PowerCutOptions): Promise<PowerCutReport> {
  const folder = mkdtempSync(join(tmpdir(), "mehr-power-cut-"));
  try {
    const run = async (command: string, args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr, spawnError } = await runProcess(command, args, { cwd: folder });
      if (code !== 0) throw new Error(`${command} ended with ${code}:\n${(spawnError ?? stderr).slice(0, 4000)}`);
      return stdout;
    };
    const modules = ["subject", "peer"];
    for (const name of modules) {
      const { source, header } = translate(options.core.named, { name, sourceMap: options.core.sourceMap });
      writeFileSync(join(folder, `${name}.c`), source);
      writeFileSync(join(folder, `${name}.h`), header);
    }
    const parts = PARTS.map((name) => {
      const instead = options.instead?.[name];
      if (instead === undefined) return join(RUNTIME, "src", name);
      writeFileSync(join(folder, name), instead);
      return name;
    });
    const bytes = encodeBootConfig(bootConfig(findBoard("native")));
    writeFileSync(join(folder, "board_config.h"), `#define MEHR_BOOT_CONFIG_BYTES {${bytes.join(", ")}}\n`);
    const own = readdirSync(SOURCES).filter((name) => name.endsWith(".cpp"));
    await Promise.all([
      run("gcc", ["-std=c11", "-O2", ...WARNINGS, ...INCLUDES, "-c", ...modules.map((name) => `${name}.c`)]),
      run("g++", [
        ...["-std=c++17", "-O1", "-g", "-fno-rtti", ...WARNINGS, ...INCLUDES, `-I${SOURCES}`, "-I."],
        ...["-c", ...own.map((name) => join(SOURCES, name)), ...parts],
      ]),
    ]);
    const objects = readdirSync(folder).filter((name) => name.endsWith(".o"));
    await run("g++", [...objects, "-o", "power-cut"]);
    const config = Buffer.from(bytes).toString("hex");
    const values = [options.torn, options.jobs, options.days].map(String);
    return JSON.parse(await run(join(folder, "power-cut"), [config, ...values])) as PowerCutReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
