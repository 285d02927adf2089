/** board value + core -> relay.wasm -> C -> PlatformIO -> files and manifest in dist/<board>/ or dist/<board>-<engine>/. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultEngine, type Engine, findEngine, variantName } from "../boards/engine.ts";
import type { BootConfig } from "../boards/config.ts";
import { type Board, boardFile, findBoard, isVirtual, memoryLimits } from "../boards/index.ts";
import { SOFTDEVICE } from "../boards/mcu.ts";
import { ramClause, ramNeed } from "../boards/memory.ts";
import { boardConfigFile, renderBoardConfigHeader } from "../boards/render-header.ts";
import { TASK_STACK } from "../boards/stack.ts";
import { moduleLoad, type RamAdvice, ramAdvice } from "./aot/advice.ts";
import { translateCore } from "./aot/core.ts";
import { requireStack, type StackReport, stackReport } from "./aot/stack.ts";
import { readStackUsage } from "./aot/stack-usage.ts";
import type { Translation } from "./aot/translate.ts";
import { type CoreBuild, compileCore, sha256Hex } from "./core/compile.ts";
import { wasmSizes } from "./core/sizes.ts";
import { MehrError } from "./errors.ts";
import { ESP_CHIPS } from "./image/esp-image.ts";
import { replaceFolder } from "./image/folder.ts";
import { FILES, type ImageFile, type Kind, makeImage } from "./image/make.ts";
import { programSha256 } from "./image/program-hash.ts";
import { SIGNATURE_FILE, signManifest } from "./image/signature.ts";
import { verifyFolder } from "./image/verify.ts";
import {
  artifactKinds,
  type Manifest,
  MANIFEST_FILE,
  MANIFEST_VERSION,
  manifestText,
  parseManifest,
  type SizeLine,
  sizeReport,
} from "./manifest.ts";
import { writeIfChanged } from "./paths.ts";
import { withBundle } from "./bundle/use.ts";
import { ensurePlatformio, type PackageSource, type PioPlace, pioPlace } from "./pio/environment.ts";
import type { PioEvent } from "./pio/output.ts";
import { withLock } from "./pio/process.ts";
import { type PioArtifact, pioRun } from "./pio/run.ts";
import { chooseSource, ensureSource } from "./pio/sources.ts";
import { installSystemPackages, missingPackagesError, missingSystemPackages } from "./pio/system.ts";

export type BuildEvent =
  { readonly kind: "step"; readonly text: string } | { readonly kind: "platformio"; readonly event: PioEvent };

/** A region, and the lawful boot configuration that an image for it carries (boards/regions/config.ts). */
export interface BuildRegion {
  readonly id: string;
  readonly config: BootConfig;
}

export interface BuildOptions {
  /** Root of the checkout. */
  readonly root: string;
  readonly board: string;
  /** The board's own default unless given. */
  readonly engine?: Engine;
  readonly source?: PackageSource | "auto";
  /** Without one the image of a real board only listens. */
  readonly region?: BuildRegion;
  /** Path of a bundle to take packages from: the archive, or the folder it was unpacked to. */
  readonly bundle?: string;
  /** Install Debian packages that are missing, if this is root on Debian. */
  readonly install?: boolean;
  /** Needed to run the board too, or only to build it. */
  readonly purpose?: "build" | "run";
  readonly verbose?: boolean;
  /** Ed25519 private key to sign the manifest with. */
  readonly sign?: KeyObject;
  readonly onEvent?: (event: BuildEvent) => void;
}

export interface BuildReport {
  readonly board: Board;
  readonly engine: Engine;
  readonly manifest: Manifest;
  /** Absolute. */
  readonly manifestPath: string;
  /** The core inside the image. */
  readonly wasm: Uint8Array;
  /** Absolute path of the ELF file, or of the program for a board that is a process. */
  readonly image: string;
  readonly sizes: readonly SizeLine[];
  readonly source: PackageSource;
  readonly sourceReason: string;
  readonly seconds: number;
  /** What the compiler wrote about the stack of functions (-fstack-usage), absolute; empty without it. */
  readonly stackUsage: readonly string[];
  /** The most stack the image can need; only with engine aot. */
  readonly stack?: StackReport;
  /** What wasm3 leaves of the board's RAM; only with engine wasm3, for a board that has a limit. */
  readonly advice?: RamAdvice;
  /** PlatformIO's own output. */
  readonly output: string;
}

/** What a firmware build is made from, and where it is in files. */
export interface PreparedCore extends CoreBuild {
  /** With engine aot. */
  readonly translation?: Translation;
}

/** Compiles the core and writes the files a firmware build includes: all that `pio run` itself cannot make. */
export async function prepareBuild(
  root: string,
  boardId: string,
  asked?: Engine,
  config?: BootConfig,
): Promise<PreparedCore> {
  const board = findBoard(boardId);
  const engine = chooseEngine(board, asked);
  const core = await compileCore({ root });
  const translation = engine === "aot" ? await translateCore({ root, core }) : undefined;
  writeIfChanged(join(root, boardConfigFile(boardId)), renderBoardConfigHeader(board, config));
  return { ...core, ...(translation === undefined ? {} : { translation }) };
}

/**
 * The engine of that name, or the board's default without one. Throws UnknownEngineError for a name that is no engine's
 * and MehrError for an engine the board cannot be built with; exit code 2 both.
 */
export function chooseEngine(board: Board, name: string | undefined): Engine {
  if (name === undefined) return defaultEngine(board);
  const engine = findEngine(name);
  if (board.engines.includes(engine)) return engine;
  const why = ramNeed(board, engine).fits ? `${boardFile(board.id)} does not name it` : ramClause(board, engine);
  const instead = `give --engine ${board.engines.join(" or ")}, or leave the option out`;
  throw new MehrError(2, `${board.id} cannot be built with engine ${engine}: ${why}; ${instead}.`);
}

/**
 * Makes sure everything a build of `board` needs is there, and says where PlatformIO gets its packages from.
 * Throws MehrError (3) with the command for what is missing and may not be installed.
 */
export async function ensureBuildTools(
  options: Pick<BuildOptions, "root" | "board" | "engine" | "source" | "bundle" | "install" | "purpose" | "onEvent">,
): Promise<{ source: PackageSource; reason: string; place: PioPlace }> {
  const { root, board } = options;
  const onStep = (text: string): void => options.onEvent?.({ kind: "step", text });
  const { bundle: file, source: asked = "auto", purpose = "build", install = false } = options;
  const place = await withBundle(pioPlace(root), { source: asked, bundle: file }, onStep);
  const { bundle } = place;
  if (bundle !== undefined) {
    const engine = chooseEngine(findBoard(board), options.engine);
    const { prepareFromBundle } = await import("./bundle/prepare.ts");
    await prepareFromBundle({ place, bundle, board, engine, install, purpose, onStep });
    return { ...(await chooseSource(place, board)), place };
  }
  const require = async (missing: Awaited<ReturnType<typeof missingSystemPackages>>): Promise<void> => {
    if (missing.length === 0) return;
    if (!options.install) throw missingPackagesError(missing);
    await installSystemPackages(missing, onStep);
  };
  // PlatformIO's registry is asked first, and asking takes Python; only then is it known which compilers are wanted.
  const python = await missingSystemPackages("", "build");
  if (python.length > 0 && !options.install) {
    // One command for everything, not one after the other.
    await require(await missingSystemPackages(board, options.purpose ?? "build"));
  }
  await require(python);
  await ensurePlatformio({ place, onStep });
  const { source, reason } = await chooseSource(place, board, options.source ?? "auto");
  const toBuild = await missingSystemPackages(board, "build");
  const toRun = options.purpose === "run" ? await missingSystemPackages(board, "run") : toBuild;
  // The emulator comes from the system whatever PlatformIO's packages come from.
  await require(
    source === "system" ? toRun : toRun.filter(({ debian }) => !toBuild.some((other) => other.debian === debian)),
  );
  await ensureSource({ place, source, board, engine: chooseEngine(findBoard(board), options.engine), onStep });
  return { source, reason, place };
}

/** Builds the image of a board. Throws MehrError: 1 with the compiler's words, 2 for a board, 3 for what is missing. */
export async function buildBoard(options: BuildOptions): Promise<BuildReport> {
  const started = performance.now();
  const board = findBoard(options.board);
  const resolved = { ...options, engine: chooseEngine(board, options.engine) };
  const onStep = (text: string): void => options.onEvent?.({ kind: "step", text });
  const { source, reason, place } = await ensureBuildTools(resolved);

  // One build at a time from the headers to the manifest: PlatformIO's folders and dist/ are the checkout's, not ours.
  const lock = join(options.root, ".pio", "mehr-build.lock");
  return withLock(lock, () => build(resolved, board, place, source, reason, started), {
    onWait: (owner) => onStep(`waiting for the build of process ${owner ?? "?"}`),
  });
}

async function build(
  options: BuildOptions & { readonly engine: Engine },
  board: Board,
  place: PioPlace,
  source: PackageSource,
  reason: string,
  started: number,
): Promise<BuildReport> {
  const { root, engine } = options;
  const onStep = (text: string): void => options.onEvent?.({ kind: "step", text });
  onStep(engine === "aot" ? "compiling the core and translating it to C" : "compiling the core");
  const core = await prepareBuild(root, board.id, engine, options.region?.config);
  const variant = variantName(board, engine);
  const from = { registry: "its registry", system: "this machine", bundle: "the bundle" }[source];
  onStep(`building the firmware with PlatformIO, packages from ${from}`);
  const result = await pioRun({
    place,
    env: variant,
    source,
    ...(options.verbose === undefined ? {} : { verbose: options.verbose }),
    onProgress: (event) => options.onEvent?.({ kind: "platformio", event }),
  });
  if (!result.ok) {
    throw new MehrError(1, `The firmware of ${variant} did not build.\n${result.errors.join("\n")}`);
  }

  const stack = core.translation && checkStack(core.translation, board, variant, result.stackUsage);
  const limits = memoryLimits(board);
  const folder = join(root, "dist", variant);
  const manifestPath = join(folder, "manifest.json");
  const before = existsSync(manifestPath) ? parseManifest(readFileSync(manifestPath, "utf8")) : undefined;
  const files = collect(board, result.artifacts);
  const manifest = manifestOf({
    board,
    engine,
    version: readVersion(root),
    region: options.region?.id ?? null,
    core: {
      abi_version: readAbiVersion(root),
      size: core.wasm.length,
      sha256: core.sha256,
      ...(await wasmSizes(core.wasm)),
    },
    files,
    ...(result.flash ? { flash: { used: result.flash.used, max: limits.flash ?? null } } : {}),
    ...(result.ram ? { ram: { used: result.ram.used, max: limits.staticRam ?? null } } : {}),
  });
  writeImage(folder, manifest, files, options.sign);
  const advice =
    engine === "wasm3" && result.ram
      ? ramAdvice({ board, staticBytes: result.ram.used, module: await moduleLoad(core.wasm) })
      : undefined;
  return {
    ...(stack === undefined ? {} : { stack }),
    ...(advice === undefined ? {} : { advice }),
    board,
    engine,
    manifest,
    manifestPath,
    wasm: core.wasm,
    image: join(folder, "firmware.elf"),
    sizes: sizeReport(manifest, before),
    source,
    sourceReason: reason,
    seconds: (performance.now() - started) / 1000,
    stackUsage: result.stackUsage,
    output: result.output,
  };
}

/** The bound of an image's stack. Throws MehrError (1) if the board's is smaller. */
function checkStack(core: Translation, board: Board, variant: string, files: readonly string[]): StackReport {
  const usage = readStackUsage(files, "relay_core.c");
  const report = stackReport({ core, usage, stack: TASK_STACK[board.mcu] });
  requireStack(report, variant);
  return report;
}

/** ABI version as the generated header has it, without loading ts-morph for one number. */
function readAbiVersion(root: string): number {
  const header = readFileSync(join(root, "boards", "runtime", "include", "mehr_abi.h"), "utf8");
  const version = /^#define MEHR_ABI_VERSION (\d+)u$/m.exec(header)?.[1];
  if (version === undefined) {
    throw new MehrError(1, "boards/runtime/include/mehr_abi.h has no MEHR_ABI_VERSION; run `mehr generate`.");
  }
  return Number(version);
}

/** The version in package.json: that of the firmware too. */
function readVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
}

/**
 * The files of a board's image: those its flashers take for a real board, what PlatformIO left for a virtual one.
 * Throws MehrError (1) if something is missing or not for the board.
 */
export function collect(board: Board, built: readonly PioArtifact[]): ImageFile[] {
  const files = new Map<Kind, Uint8Array>();
  for (const kind of artifactKinds) {
    const artifact = built.find((one) => one.kind === kind);
    if (artifact !== undefined) files.set(kind, readFileSync(artifact.path));
  }
  if (!isVirtual(board)) return makeImage(board, files);
  return [...files].map(([kind, bytes]) => ({ kind, offset: null, bytes }));
}

interface ManifestParts extends Pick<Manifest, "version" | "engine" | "core" | "region" | "flash" | "ram"> {
  readonly board: Board;
  readonly files: readonly ImageFile[];
}

/** The manifest of an image with these files. */
export function manifestOf(parts: ManifestParts): Manifest {
  const { board, files, engine, core, region, flash, ram, version } = parts;
  const real = isVirtual(board) ? undefined : board;
  const softdevice = real?.flash.softdevice;
  return {
    manifest: MANIFEST_VERSION,
    name: `Mehr on ${board.name}`,
    version,
    builds: espBuilds(board, files),
    board: board.id,
    mcu: board.mcu,
    engine,
    core,
    region,
    app: real === undefined ? null : { offset: real.flash.app.offset, max: real.flash.app.max },
    softdevice:
      softdevice === undefined
        ? null
        : { name: softdevice, fwid: SOFTDEVICE[softdevice].fwid, appOffset: SOFTDEVICE[softdevice].appOffset },
    uf2: real?.uf2 === undefined ? null : { family: real.uf2.family, boardId: real.uf2.boardId ?? null },
    usb: real?.usb ?? [],
    artifacts: files.map(({ kind, offset, bytes }) => ({
      path: FILES[kind],
      kind,
      offset,
      size: bytes.length,
      sha256: sha256Hex(bytes),
    })),
    image_sha256: programSha256(board.mcu, (kind) => files.find((file) => file.kind === kind)?.bytes),
    ...(flash === undefined ? {} : { flash }),
    ...(ram === undefined ? {} : { ram }),
  };
}

/** The parts and not the merged file: that one would erase what a relay keeps between them, its identity. */
function espBuilds(board: Board, files: readonly ImageFile[]): Manifest["builds"] {
  if (board.mcu !== "esp32" && board.mcu !== "esp32s3") return [];
  const parts = files.flatMap(({ kind, offset }) =>
    kind === "merged" || offset === null ? [] : [{ path: FILES[kind], offset }],
  );
  return [{ chipFamily: ESP_CHIPS[board.mcu].name, parts }];
}

/**
 * Puts an image into `folder` in one step, once it passes what `mehr verify` asks of it; nothing else stays there.
 * Throws MehrError (1) if it does not pass, and leaves the folder as it was.
 */
export function writeImage(folder: string, manifest: Manifest, files: readonly ImageFile[], key?: KeyObject): void {
  const text = Buffer.from(manifestText(manifest));
  const set = [
    ...files.map(({ kind, bytes }) => ({ name: FILES[kind], bytes, executable: kind === "elf" })),
    { name: MANIFEST_FILE, bytes: text },
    ...(key === undefined ? [] : [{ name: SIGNATURE_FILE, bytes: signManifest(text, key) }]),
  ];
  replaceFolder(folder, set, (next) => {
    const { problems } = verifyFolder(next, key === undefined ? {} : { key: createPublicKey(key) });
    if (problems.length > 0) throw new MehrError(1, problems.join("\n"));
  });
}
