import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseVariant } from "../../boards/index.ts";
import { MehrError } from "../errors.ts";
import type { PackageSource, PioPlace } from "./environment.ts";
import { buildDir, coreDir, isPlatformioReady, pioEnvironment, settleCoreDir, venvPython } from "./environment.ts";
import type { PioEvent, Usage } from "./output.ts";
import { extractErrors, parseProgress, parseUsage } from "./output.ts";
import { satisfies } from "./packages.ts";
import { runProcess, withLock } from "./process.ts";
import { WASM3_DEPENDENCY } from "./sources.ts";

export type ArtifactKind =
  "elf" | "bin" | "hex" | "uf2" | "dfu-zip" | "bootloader" | "partitions" | "boot-app0" | "map";

export interface PioArtifact {
  kind: ArtifactKind;
  /** Absolute. */
  path: string;
}

export interface PioResult {
  ok: boolean;
  /** PlatformIO's own; 1 when it was ended by a signal. */
  exitCode: number;
  seconds: number;
  /** Files of this environment's build directory; empty when the build failed. */
  artifacts: PioArtifact[];
  /** Files of -fstack-usage, absolute, in alphabetical order; empty without that flag or when the build failed. */
  stackUsage: string[];
  /** From the size report; absent when the board has no limits. */
  flash?: Usage;
  ram?: Usage;
  /** Why it failed, in the compiler's, the linker's or PlatformIO's words; empty when it did not. */
  errors: string[];
  /** How many files were compiled: 0 in a build with nothing to do. */
  compiled: number;
  /** Everything it printed, both streams in order of lines. */
  output: string;
}

export interface PioRunOptions {
  place: PioPlace;
  /** [env:<name>] of platformio.ini: `variantName` of the board and its engine. */
  env: string;
  source: PackageSource;
  /** Build targets such as "clean"; none builds the firmware. */
  targets?: readonly string[];
  verbose?: boolean;
  onProgress?: (event: PioEvent) => void;
  signal?: AbortSignal;
  /** Added to PlatformIO's environment variables. */
  variables?: Readonly<Record<string, string>>;
}

const ARTIFACTS: readonly (readonly [ArtifactKind, string])[] = [
  ["elf", "firmware.elf"],
  ["bin", "firmware.bin"],
  ["hex", "firmware.hex"],
  ["uf2", "firmware.uf2"],
  ["dfu-zip", "firmware.zip"],
  ["bootloader", "bootloader.bin"],
  ["partitions", "partitions.bin"],
  ["boot-app0", "boot_app0.bin"],
  ["map", "firmware.map"],
];

/**
 * Runs `pio run -e <env>` and resolves with its outcome; a failed build is a result with `ok: false`, not an exception.
 * Throws MehrError(3) when `ensureSource` has not been run for this board and source.
 */
export async function pioRun(options: PioRunOptions): Promise<PioResult> {
  const { place, env, source } = options;
  requireReady(place, env, source);
  settleCoreDir(coreDir(place, source));
  const args = ["-m", "platformio", "run", "--project-dir", place.projectDir, "--environment", env];
  for (const target of options.targets ?? []) args.push("--target", target);
  if (options.verbose) args.push("--verbose");

  const lines: string[] = [];
  let compiled = 0;
  let started = performance.now();
  // One build at a time: PlatformIO empties the build directory of every environment when platformio.ini or the list of
  // source files has changed, and two builds of one environment would write the same files.
  const done = await withLock(`${buildDir(place, source)}.lock`, () => {
    started = performance.now();
    return runProcess(venvPython(place), args, {
      cwd: place.projectDir,
      env: { ...pioEnvironment(place, source), ...options.variables },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onLine: (line) => {
        lines.push(line);
        const event = parseProgress(line);
        if (event === undefined) return;
        if (event.kind === "compile") compiled++;
        options.onProgress?.(event);
      },
    });
  });
  const output = lines.join("\n");
  const exitCode = done.code ?? 1;
  const ok = exitCode === 0;
  return {
    ok,
    exitCode,
    seconds: (performance.now() - started) / 1000,
    artifacts: ok ? findArtifacts(place, env, source) : [],
    stackUsage: ok ? findStackUsage(place, env, source) : [],
    ...parseUsage(output),
    errors: ok ? [] : failure(done.spawnError, options.signal, output),
    compiled,
    output,
  };
}

function failure(spawnError: string | undefined, signal: AbortSignal | undefined, output: string): string[] {
  if (spawnError !== undefined) return [`PlatformIO could not be started: ${spawnError}`];
  if (signal?.aborted) return ["The build was stopped."];
  const errors = extractErrors(output);
  return errors.length > 0 ? errors : ["PlatformIO ended with an error and printed nothing."];
}

function requireReady(place: PioPlace, env: string, source: PackageSource): void {
  if (!isPlatformioReady(place)) {
    throw new MehrError(3, "PlatformIO is not set up for this checkout.", "mehr setup");
  }
  // PlatformIO fetches what is missing from its registry itself.
  if (source === "registry") return;
  const core = coreDir(place, source);
  const wasm3 = join(core, "libdeps", env, "Wasm3");
  const hasEngine = parseVariant(env)?.engine === "aot" || satisfies(wasm3, WASM3_DEPENDENCY);
  if (!existsSync(join(core, "packages", "tool-scons", ".piopm")) || !hasEngine) {
    if (source === "bundle") throw new MehrError(2, `The bundle has no PlatformIO packages for ${env}; make it again.`);
    throw new MehrError(3, `The machine's own packages are not arranged for board ${env} yet.`, "mehr setup");
  }
}

/** The files that the build of an environment has left, in a fixed order. */
export function findArtifacts(place: PioPlace, env: string, source: PackageSource): PioArtifact[] {
  const found = artifactsIn(join(buildDir(place, source), env));
  // An ESP32's build leaves this one where it came from, in the framework's package.
  const bootApp0 = join(coreDir(place, source), "packages", ARDUINO_ESP32, "tools", "partitions", "boot_app0.bin");
  const wanted = found.some(({ kind }) => kind === "partitions") && !found.some(({ kind }) => kind === "boot-app0");
  return wanted && existsSync(bootApp0) ? [...found, { kind: "boot-app0", path: bootApp0 }] : found;
}

const ARDUINO_ESP32 = "framework-arduinoespressif32";

/** The files of a build in the folder PlatformIO wrote them to. */
export function artifactsIn(dir: string): PioArtifact[] {
  return ARTIFACTS.map(([kind, file]) => ({ kind, path: join(dir, file) })).filter(({ path }) => existsSync(path));
}

/**
 * The .su files that the build of an environment has left: one beside each object file, a line for each function with
 * place, name, bytes and whether they are all ("static"), separated by tabs (GCC manual, -fstack-usage).
 */
export function findStackUsage(place: PioPlace, env: string, source: PackageSource): string[] {
  const dir = join(buildDir(place, source), env);
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".su"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
