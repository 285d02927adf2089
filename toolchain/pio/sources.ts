import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Engine, variantName } from "../../boards/engine.ts";
import { findBoard } from "../../boards/index.ts";
import { MANIFEST_PATH } from "../bundle/check.mjs";
import { verifyParts } from "../bundle/use.ts";
import { MehrError } from "../errors.ts";
import type { OnStep, PackageSource, PioPlace } from "./environment.ts";
import { allOnPath, coreDir, ensurePlatformio, settleCoreDir, venvPython } from "./environment.ts";
import { arrange, fetchPinned, PYWASM3, piopmText, SCONS, satisfies, unpack } from "./packages.ts";
import { runProcess, withLock } from "./process.ts";
import { missingPackagesError, missingSystemPackages, systemBoards, systemToolchain } from "./system.ts";

/** The engine as platformio.ini asks for it. */
export const WASM3_DEPENDENCY = "wasm3/Wasm3@0.5.0";

export interface RegistryAnswer {
  reachable: boolean;
  /** Milliseconds since 1970 of the check. */
  checkedAt: number;
  /** True when the answer comes from a check made a short while ago. */
  cached: boolean;
}

const PROBE_TTL_MS = 5 * 60_000;

// PlatformIO's package knows its registry's addresses and takes the user's proxy settings from the environment. The
// question is the first one a build asks; a captive portal answers something that is not JSON.
const PROBE = `
import sys, requests
from platformio import __registry_mirror_hosts__
for host in __registry_mirror_hosts__:
    try:
        answer = requests.get("https://api.%s/v3/packages/platformio/tool/tool-scons" % host, timeout=float(sys.argv[1]))
        if answer.status_code == 200 and isinstance(answer.json(), dict):
            sys.exit(0)
    except (requests.RequestException, ValueError):
        pass
sys.exit(1)
`;

/**
 * Whether PlatformIO's registry answers, within `timeoutMs`. The answer is kept for five minutes (`fresh` asks again).
 * Needs `ensurePlatformio` to have run; without it the answer is "not reachable".
 */
export async function probeRegistry(
  place: PioPlace,
  timeoutMs = 4000,
  options: { fresh?: boolean; now?: () => number } = {},
): Promise<RegistryAnswer> {
  const now = options.now ?? Date.now;
  const path = join(place.home, "registry.json");
  if (!options.fresh) {
    const kept = readAnswer(path);
    if (kept !== undefined && now() - kept.checkedAt >= 0 && now() - kept.checkedAt < PROBE_TTL_MS) {
      return { ...kept, cached: true };
    }
  }
  const seconds = (timeoutMs / 2 / 1000).toFixed(2);
  const answer = await runProcess(venvPython(place), ["-c", PROBE, seconds], {
    // Looking a name up is not covered by the timeout inside.
    timeoutMs,
    graceMs: 0,
  });
  const result = { reachable: answer.code === 0, checkedAt: now() };
  // Nobody to ask with is no answer worth keeping.
  if (answer.spawnError !== undefined) return { ...result, cached: false };
  mkdirSync(place.home, { recursive: true });
  writeFileSync(`${path}.${process.pid}`, JSON.stringify(result));
  renameSync(`${path}.${process.pid}`, path);
  return { ...result, cached: false };
}

function readAnswer(path: string): { reachable: boolean; checkedAt: number } | undefined {
  try {
    const kept = JSON.parse(readFileSync(path, "utf8")) as { reachable?: unknown; checkedAt?: unknown };
    if (typeof kept.reachable !== "boolean" || typeof kept.checkedAt !== "number") return undefined;
    return { reachable: kept.reachable, checkedAt: kept.checkedAt };
  } catch {
    return undefined;
  }
}

export interface SourceChoice {
  source: PackageSource;
  /** Why, in one sentence. */
  reason: string;
}

/**
 * The package source for a build of `board`: the one asked for, else PlatformIO's registry when it answers, else the
 * machine's own packages. Throws MehrError(3) when neither can build the board.
 */
export async function chooseSource(
  place: PioPlace,
  board: string,
  requested: PackageSource | "auto" = "auto",
  timeoutMs = 4000,
): Promise<SourceChoice> {
  const onlyRegistry = systemToolchain(board) === undefined;
  if (place.bundle !== undefined) {
    return {
      source: "bundle",
      reason: `packages from ${place.bundle.name === MANIFEST_PATH ? "this bundle" : place.bundle.name}, without a network`,
    };
  }
  if (requested === "bundle") throw new Error("source bundle without a bundle");
  if (requested === "system") {
    if (onlyRegistry) throw notFromSystem(board);
    return { source: "system", reason: "asked for" };
  }
  const registry = await probeRegistry(place, timeoutMs, { fresh: requested === "registry" });
  if (registry.reachable) return { source: "registry", reason: "PlatformIO's registry answers" };
  if (requested === "registry" || onlyRegistry) throw noRegistry(board);
  return { source: "system", reason: "PlatformIO's registry does not answer, so this machine's own packages are used" };
}

function notFromSystem(board: string): MehrError {
  return new MehrError(
    3,
    `Board ${board} cannot be built from this machine's own packages (only ${systemBoards().join(", ")} can): its framework comes from PlatformIO's registry.`,
    `mehr build ${board} --source registry`,
  );
}

function noRegistry(board: string): MehrError {
  const system = systemToolchain(board) !== undefined;
  return new MehrError(
    3,
    `PlatformIO's registry does not answer, and the build of ${board} was to take its packages from there.`,
    system
      ? `mehr build ${board} --source system`
      : `mehr build ${board} --source registry   (on a machine that reaches it)`,
  );
}

/**
 * Makes everything ready for `pioRun` of `board` with `engine` from `source`: PlatformIO itself and, for `system`, its
 * core directory out of the machine's compilers and pinned files of the Python package index. A bundle has that
 * directory, whose files are compared with their hashes here. Idempotent; a second call takes milliseconds. Throws
 * MehrError(3) for what is missing on the machine (it installs no Debian package itself).
 */
export async function ensureSource(options: {
  place: PioPlace;
  source: PackageSource;
  board: string;
  engine: Engine;
  onStep?: OnStep;
  signal?: AbortSignal;
}): Promise<{ seconds: number }> {
  const { place, source, board, engine, onStep } = options;
  const started = performance.now();
  const { bundle } = place;
  // Before the first byte of it is used.
  if (bundle !== undefined) verifyParts(bundle, ["platformio"]);
  if (source === "system") {
    if (systemToolchain(board) === undefined) throw notFromSystem(board);
    const missing = await missingSystemPackages(board, "build");
    if (missing.length > 0) throw missingPackagesError(missing);
  }
  await ensurePlatformio({
    place,
    ...(onStep === undefined ? {} : { onStep }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  settleCoreDir(coreDir(place, source));
  if (source === "system") {
    await withLock(join(place.home, "pio-system.lock"), () => arrangeSystem(place, board, engine, onStep));
  }
  if (source === "bundle" && bundle?.manifest.source === "system") {
    // Links to the compilers are the one thing that is this machine's.
    const packages = join(coreDir(place, source), "packages");
    await withLock(join(bundle.root, "bundle", "pio.lock"), () => arrangeToolchain(board, packages, onStep));
  }
  return { seconds: (performance.now() - started) / 1000 };
}

async function arrangeSystem(
  place: PioPlace,
  board: string,
  engine: Engine,
  onStep: OnStep | undefined,
): Promise<void> {
  const core = coreDir(place, "system");
  const packages = join(core, "packages");
  await arrangeScons(place, join(packages, "tool-scons"), onStep);
  await arrangeToolchain(board, packages, onStep);
  if (engine === "wasm3") {
    await arrangeWasm3(place, join(core, "libdeps", variantName(findBoard(board), engine), "Wasm3"), onStep);
  }
  // The virtual platform reads this file's presence as: the toolchains here are the machine's own.
  const marker = join(core, "mehr-system.json");
  if (!existsSync(marker)) writeFileSync(marker, '{"source":"system"}\n');
}

// Version numbers of PlatformIO's tool packages: 4.11.1 is written 4.41101.0.
export const SCONS_PACKAGE = { type: "tool", owner: "platformio", name: "tool-scons", version: "4.41101.0" } as const;

async function arrangeScons(place: PioPlace, dir: string, onStep: OnStep | undefined): Promise<void> {
  await arrange(dir, `scons 2 ${SCONS.sha256}`, async (work) => {
    const wheel = await fetchPinned(place, SCONS, onStep);
    onStep?.("arranging SCons as a PlatformIO package");
    await unpack(place, wheel, "SCons/", join(work, "SCons"));
    writeFileSync(join(work, "scons.py"), "import SCons.Script\n\nSCons.Script.main()\n");
    const { name, version } = SCONS_PACKAGE;
    const description = "SCons 4.11.1, from the Python package index";
    writeFileSync(
      join(work, "package.json"),
      JSON.stringify({ name, version, description, license: "MIT", system: "*" }),
    );
    writeFileSync(join(work, ".piopm"), piopmText(SCONS_PACKAGE));
  });
}

async function arrangeToolchain(board: string, packages: string, onStep: OnStep | undefined): Promise<void> {
  const toolchain = systemToolchain(board);
  if (toolchain === undefined || toolchain.pioPackage === "") return;
  const name = toolchain.pioPackage;
  const gcc = allOnPath(`${toolchain.prefix}gcc`)[0];
  if (gcc === undefined) throw missingPackagesError(await missingSystemPackages(board, "build"));
  const answer = await runProcess(gcc, ["-dumpfullversion"], { timeoutMs: 20_000 });
  const version = toolchainVersion(answer.stdout);
  const from = dirname(gcc);
  const tools = readdirSync(from)
    .filter((file) => file.startsWith(toolchain.prefix))
    .sort();
  await arrange(join(packages, name), `toolchain 1 ${gcc} ${version} ${tools.join(" ")}`, async (work) => {
    onStep?.(`arranging ${gcc} as PlatformIO package ${name}`);
    mkdirSync(join(work, "bin"));
    for (const tool of tools) symlinkSync(join(from, tool), join(work, "bin", tool));
    const description = `Links to this machine's ${toolchain.prefix}gcc ${answer.stdout.trim()}`;
    writeFileSync(join(work, "package.json"), JSON.stringify({ name, version, description, system: "*" }));
    writeFileSync(join(work, ".piopm"), piopmText({ type: "tool", owner: "platformio", name, version }));
  });
}

/** PlatformIO's way to write a GCC version: 12.2.1 is 1.120201.0. Throws MehrError(1) on anything else. */
export function toolchainVersion(gccVersion: string): string {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(gccVersion.trim());
  if (match === null) throw new MehrError(1, `The compiler gives "${gccVersion.trim()}" as its version, not a.b.c.`);
  const [, major = "", minor = "", patch = ""] = match;
  return `1.${major}${minor.padStart(2, "0")}${patch.padStart(2, "0")}.0`;
}

async function arrangeWasm3(place: PioPlace, dir: string, onStep: OnStep | undefined): Promise<void> {
  const made = await arrange(dir, `wasm3 1 ${PYWASM3.sha256}`, async (work) => {
    const sdist = await fetchPinned(place, PYWASM3, onStep);
    onStep?.("arranging wasm3 0.5.0 as a PlatformIO library");
    await unpack(place, sdist, "pywasm3-0.5.0/wasm3/", join(work, "source"));
    await unpack(place, sdist, "pywasm3-0.5.0/LICENSE", join(work, "LICENSE"));
    const manifest = {
      name: "Wasm3",
      version: "0.5.0",
      description: "The wasm3 interpreter, from the source distribution of its Python binding",
      license: "MIT",
      frameworks: "*",
      platforms: "*",
      headers: "wasm3.h",
      build: { srcDir: "source", includeDir: "source" },
    };
    writeFileSync(join(work, "library.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    const identity = {
      type: "library",
      owner: "wasm3",
      name: "Wasm3",
      version: "0.5.0",
      requirement: "0.5.0",
    } as const;
    writeFileSync(join(work, ".piopm"), piopmText(identity));
  });
  if (made && !satisfies(dir, WASM3_DEPENDENCY)) {
    throw new MehrError(1, `${dir} does not satisfy ${WASM3_DEPENDENCY}; the download was not what it should be.`);
  }
}
