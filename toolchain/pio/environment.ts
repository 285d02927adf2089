import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { type OpenBundle, verifyParts } from "../bundle/use.ts";
import { MehrError } from "../errors.ts";
import { runProcess, withLock } from "./process.ts";

/** The PlatformIO Core every build uses; requirements.txt pins the same version with all it depends on. */
export const PLATFORMIO_VERSION = "6.2.0";

/** Where packages come from (design section 5). */
export type PackageSource = "registry" | "system" | "bundle";

/** A checkout and the directory of its managed machine state, both absolute. */
export interface PioPlace {
  projectDir: string;
  home: string;
  /** The bundle to take packages from; without it there is no source "bundle". */
  bundle?: OpenBundle;
}

/** One step of setting up, in words for a person. */
export type OnStep = (step: string) => void;

export interface PlatformioState {
  /** The interpreter that has PlatformIO: run `python -m platformio`. */
  python: string;
  version: string;
  /** True when this call installed it, false when it was there. */
  installed: boolean;
  seconds: number;
}

/** The managed state of a checkout: MEHR_HOME, or `.mehr` inside it. */
export function pioPlace(projectDir: string, env: NodeJS.ProcessEnv = process.env): PioPlace {
  const root = resolve(projectDir);
  return { projectDir: root, home: env.MEHR_HOME ? resolve(env.MEHR_HOME) : join(root, ".mehr") };
}

/** The PlatformIO core directory (packages, platforms, caches) of a package source. */
export function coreDir(place: PioPlace, source: PackageSource): string {
  if (source === "bundle") {
    if (place.bundle === undefined) throw new Error("source bundle without a bundle");
    // Used where it lies: with an ESP32's compilers it is larger than 1 GB.
    return join(place.bundle.root, "bundle", "pio");
  }
  return join(place.home, `pio-${source}`);
}

/** Where a source builds. They are kept apart so that switching sources never mixes two compilers' objects. */
export function buildDir(place: PioPlace, source: PackageSource): string {
  return join(place.projectDir, ".pio", source === "registry" ? "build" : `build-${source}`);
}

export function venvPython(place: PioPlace): string {
  return process.platform === "win32"
    ? join(place.home, "venv", "Scripts", "python.exe")
    : join(place.home, "venv", "bin", "python");
}

/**
 * The environment variables for running PlatformIO with a package source.
 *
 * Whatever the caller's shell has that changes code generation or PlatformIO's behaviour is left out, so that the same
 * checkout gives the same image everywhere. Telemetry, the search for newer versions and pruning are off.
 */
export function pioEnvironment(
  place: PioPlace,
  source: PackageSource,
  base: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(base)) {
    if (!CHANGES_THE_BUILD.test(name)) env[name] = value;
  }
  return {
    ...env,
    // Compilers translate their messages; the output parser reads English.
    LC_ALL: "C.UTF-8",
    PYTHONUTF8: "1",
    PLATFORMIO_CORE_DIR: coreDir(place, source),
    PLATFORMIO_BUILD_DIR: buildDir(place, source),
    ...(source === "registry" ? {} : { PLATFORMIO_LIBDEPS_DIR: join(coreDir(place, source), "libdeps") }),
    ...(source === "bundle" ? NO_NETWORK : {}),
    PLATFORMIO_SETTING_ENABLE_TELEMETRY: "no",
    // Skips maintenance at the end of a command: the search for a newer PlatformIO and for files to prune.
    PLATFORMIO_DISABLE_UPGRADE_CHECK: "true",
    PLATFORMIO_SETTING_CHECK_PLATFORMIO_INTERVAL: "36500",
    PLATFORMIO_SETTING_CHECK_PRUNE_SYSTEM_THRESHOLD: "0",
    PLATFORMIO_DISABLE_PROGRESSBAR: "true",
    PLATFORMIO_NO_ANSI: "true",
    // The wrapper has generated the headers; toolchain/pio/prepare.py has nothing to do.
    MEHR_PREPARED: "1",
  };
}

/**
 * A proxy nobody listens at (RFC 863's port): should PlatformIO miss something a bundle ought to have, it fails at once
 * and the same with a network and without.
 */
const NO_NETWORK = Object.fromEntries(
  ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [
    [name, "http://127.0.0.1:9"],
    [name.toUpperCase(), "http://127.0.0.1:9"],
  ]),
) as Record<string, string>;

// GCC reads CPATH and its relatives as -I and -L (GCC manual, "Environment Variables Affecting GCC").
const CHANGES_THE_BUILD =
  /^(PLATFORMIO_.*|PYTHON(HOME|PATH|STARTUP)|VIRTUAL_ENV|SCONSFLAGS|SCONS_CACHE.*|CPATH|C_INCLUDE_PATH|CPLUS_INCLUDE_PATH|OBJC_INCLUDE_PATH|LIBRARY_PATH|LD_RUN_PATH|LDEMULATION|COMPILER_PATH|GCC_EXEC_PREFIX|DEPENDENCIES_OUTPUT|SUNPRO_DEPENDENCIES|SOURCE_DATE_EPOCH|CC|CXX|CFLAGS|CXXFLAGS|CPPFLAGS|LDFLAGS|LANG|LANGUAGE|LC_.*)$/;

/**
 * PlatformIO keeps the version that last used a core directory and, when it finds another, asks its registry for newer
 * core packages before it builds. Writing our pinned version there first keeps a new or upgraded directory silent.
 */
export function settleCoreDir(dir: string): void {
  const path = join(dir, "appstate.json");
  let state: Record<string, unknown> = {};
  try {
    state = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch {
    // Absent or damaged: PlatformIO starts such a file anew as well.
  }
  if (state.last_version === PLATFORMIO_VERSION) return;
  mkdirSync(dir, { recursive: true });
  writeFileSync(path, JSON.stringify({ ...state, last_version: PLATFORMIO_VERSION }));
}

interface FoundPython {
  command: string;
  version: string;
  hasVenv: boolean;
}

const MINIMUM_PYTHON = [3, 10] as const;

/** The first usable Python on the search path (MEHR_PYTHON names another), or undefined. */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<FoundPython | undefined> {
  const script = [
    "import sys",
    "try:",
    "    import venv, ensurepip",
    "    has = 1",
    "except ImportError:",
    "    has = 0",
    "print('%d.%d.%d %d' % (*sys.version_info[:3], has))",
  ].join("\n");
  const named = env.MEHR_PYTHON ? [env.MEHR_PYTHON] : ["python3", "python"];
  let best: FoundPython | undefined;
  for (const command of named) {
    // A version manager may shadow the machine's Python with one that lacks venv, so every match on PATH is asked.
    for (const candidate of allOnPath(command, env)) {
      const answer = await runProcess(candidate, ["-c", script], { env, timeoutMs: 20_000 });
      const match = /^(\d+)\.(\d+)\.(\d+) ([01])$/.exec(answer.stdout.trim());
      if (answer.code !== 0 || match === null) continue;
      const [major, minor] = [Number(match[1]), Number(match[2])];
      if (major !== MINIMUM_PYTHON[0] || minor < MINIMUM_PYTHON[1]) continue;
      const found = { command: candidate, version: `${major}.${minor}.${match[3]}`, hasVenv: match[4] === "1" };
      if (found.hasVenv) return found;
      best ??= found;
    }
  }
  return best;
}

/** Every executable of this name on PATH, in order; a name with a slash stands for itself. */
export function allOnPath(name: string, env: NodeJS.ProcessEnv = process.env): string[] {
  if (name.includes("/")) return existsSync(name) ? [name] : [];
  const suffix = process.platform === "win32" ? ".exe" : "";
  return (env.PATH ?? "")
    .split(delimiter)
    .filter((dir) => dir !== "")
    .map((dir) => join(dir, name + suffix))
    .filter((path) => existsSync(path));
}

/** True when the managed PlatformIO is there and is the pinned one; starts nothing. */
export function isPlatformioReady(place: PioPlace): boolean {
  try {
    const stamp = readFileSync(join(place.home, "venv", STAMP), "utf8");
    return stamp === stampText(place) && existsSync(venvPython(place));
  } catch {
    return false;
  }
}

const STAMP = "mehr-stamp.json";

export function requirementsPath(place: PioPlace): string {
  return join(place.projectDir, "toolchain", "pio", "requirements.txt");
}

function stampText(place: PioPlace): string {
  const sha256 = createHash("sha256")
    .update(readFileSync(requirementsPath(place)))
    .digest("hex");
  return `${JSON.stringify({ platformio: PLATFORMIO_VERSION, requirements: sha256 })}\n`;
}

/**
 * Puts PlatformIO Core into a Python virtual environment the project owns. Does nothing when it is there already.
 * Throws MehrError(3) with the command to run when Python or its venv module is absent, or when the download fails.
 */
export async function ensurePlatformio(options: {
  place: PioPlace;
  onStep?: OnStep;
  signal?: AbortSignal;
}): Promise<PlatformioState> {
  const { place } = options;
  const started = performance.now();
  const done = (installed: boolean): PlatformioState => ({
    python: venvPython(place),
    version: PLATFORMIO_VERSION,
    installed,
    seconds: (performance.now() - started) / 1000,
  });
  if (isPlatformioReady(place)) return done(false);
  if (!existsSync(requirementsPath(place))) {
    throw new MehrError(
      2,
      `${place.projectDir} is not a checkout of this project: ${requirementsPath(place)} is missing.`,
    );
  }
  return withLock(join(place.home, "venv.lock"), async () => {
    if (isPlatformioReady(place)) return done(false);
    const python = await findPython();
    if (python === undefined) {
      throw new MehrError(
        3,
        `PlatformIO needs Python ${MINIMUM_PYTHON.join(".")} or newer, and none is on this machine's PATH.`,
        "apt-get install -y --no-install-recommends python3 python3-venv",
      );
    }
    if (!python.hasVenv) {
      throw new MehrError(
        3,
        `${python.command} (Python ${python.version}) has no venv module, which PlatformIO's own environment needs.`,
        "apt-get install -y --no-install-recommends python3-venv",
      );
    }
    await install(place, python, options.onStep, options.signal);
    return done(true);
  });
}

async function install(
  place: PioPlace,
  python: FoundPython,
  onStep: OnStep | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const venv = join(place.home, "venv");
  const stop = signal === undefined ? {} : { signal };
  if (place.bundle !== undefined) {
    requirePython(place.bundle, python.version);
    verifyParts(place.bundle, ["python"]);
  }
  onStep?.(`PlatformIO ${PLATFORMIO_VERSION}: making a Python ${python.version} environment`);
  // The stamp is written last, so a directory without it is the rest of an interrupted installation.
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(place.home, { recursive: true });
  const made = await runProcess(python.command, ["-m", "venv", venv], stop);
  if (made.code !== 0) {
    throw new MehrError(
      3,
      `${python.command} -m venv failed: ${lastLine(made.stderr || made.stdout)}`,
      "apt-get install -y --no-install-recommends python3-venv",
    );
  }
  const from = place.bundle === undefined ? "the Python package index" : "the bundle";
  onStep?.(`PlatformIO ${PLATFORMIO_VERSION}: installing it from ${from}`);
  const args = ["install", "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", requirementsPath(place)];
  if (place.bundle !== undefined) args.push("--no-index", "--find-links", join(place.bundle.root, "bundle", "python"));
  await pip(place, args, `PlatformIO ${PLATFORMIO_VERSION}`, signal);
  writeFileSync(join(venv, STAMP), stampText(place));
}

/** Throws MehrError (3) unless the bundle's Python packages are for this version. */
function requirePython({ manifest }: OpenBundle, version: string): void {
  const minor = (text: string): number => Number(text.split(".")[1]);
  const { min, max } = manifest.python;
  if (minor(version) >= minor(min) && (max === null || minor(version) <= minor(max))) return;
  throw new MehrError(
    3,
    `The bundle's packages are for Python ${min}${max === null ? " or newer" : ""}, and this machine has ${version}; MEHR_PYTHON names another.`,
    `apt-get install -y --no-install-recommends python${max ?? "3"} python${max ?? "3"}-venv`,
  );
}

/** Runs the managed pip. Throws MehrError(3) with pip's own error when it fails; `what` names the thing fetched. */
export async function pip(place: PioPlace, args: string[], what: string, signal?: AbortSignal): Promise<void> {
  const bounded = ["-m", "pip", "--disable-pip-version-check", "--no-input", "--retries", "2", "--timeout", "30"];
  const answer = await runProcess(venvPython(place), [...bounded, ...args], {
    // A user's own configuration for proxies and indexes stays; --user cannot work inside an environment.
    env: { ...process.env, PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0", PYTHONUTF8: "1" },
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.code === 0) return;
  // Without a network pip warns about connections and then claims that there is no such package.
  if (
    /NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Connection refused/.test(
      answer.stderr,
    )
  ) {
    throw new MehrError(3, `Could not get ${what}: the Python package index does not answer.`, "mehr setup");
  }
  const errors = answer.stderr.split("\n").filter((line) => /^\s*ERROR:/.test(line));
  const reason = (errors.at(-1) ?? lastLine(answer.stderr)).replace(/^\s*ERROR:\s*/, "");
  throw new MehrError(
    3,
    `Could not get ${what} from the Python package index: ${reason || "pip ended without a reason"}`,
    "mehr setup",
  );
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
