/** Makes a bundle: everything a build needs, in one archive that is the same for the same inputs. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Engine, variantName } from "../../boards/engine.ts";
import { findBoard } from "../../boards/index.ts";
import { MehrError } from "../errors.ts";
import {
  coreDir,
  ensurePlatformio,
  type OnStep,
  pioEnvironment,
  type PioPlace,
  pip,
  PLATFORMIO_VERSION,
  requirementsPath,
  settleCoreDir,
  venvPython,
} from "../pio/environment.ts";
import { sha256Of } from "../pio/packages.ts";
import { runProcess, withLock } from "../pio/process.ts";
import { chooseSource, ensureSource, SCONS_PACKAGE } from "../pio/sources.ts";
import { systemBoards, systemToolchain } from "../pio/system.ts";
import { MANIFEST_PATH, thisMachine } from "./check.mjs";
import { coreDirectory, type Item, nodeItself, npmPackages, projectFiles } from "./collect.ts";
import {
  type DebianPackage,
  debianRelease,
  fetchDebs,
  installScript,
  packagesIndex,
  repositoryName,
} from "./debian.ts";
import { mehrScript, setupScript } from "./launch.ts";
import { type BundleManifest, bundleManifestText, type Part, PARTS } from "./manifest.ts";
import { TarError, type TarSource, writeTar } from "./tar.ts";

export interface BuildOfBundle {
  readonly board: string;
  readonly engine: Engine;
}

export interface MakeOptions {
  readonly place: PioPlace;
  readonly version: string;
  readonly builds: readonly BuildOfBundle[];
  readonly source: "registry" | "system";
  /** Absolute path of the archive. */
  readonly output: string;
  readonly compilers: boolean;
  /** Put Node.js itself in. */
  readonly node: boolean;
  readonly onStep?: OnStep;
}

export interface MadeBundle {
  readonly output: string;
  /** Bytes and hash of the archive. */
  readonly size: number;
  readonly sha256: string;
  readonly manifest: BundleManifest;
  /** Files git does not know, which are not in it. */
  readonly untracked: readonly string[];
  readonly seconds: number;
}

/** Name of the archive, without its ending, and of the folder inside. */
export function bundleName(version: string): string {
  const { os, arch } = thisMachine();
  return `mehr-bundle-${version}-${os}-${arch}`;
}

/**
 * Fetches and arranges what the builds need and writes the archive, which appears only complete. The same files and
 * versions give the same bytes: entries are sorted and have one time and owner. What may differ from one day to the
 * next is the versions of the Debian packages, and from one version of Node.js to another its gzip.
 */
export async function makeBundle(options: MakeOptions): Promise<MadeBundle> {
  const { place, builds, source, onStep } = options;
  const started = performance.now();
  const project = await projectFiles(place.projectDir);
  // boards/values.ts imports every board there is, so one that is left out breaks them all.
  const unknown = project.untracked.find((path) => /^boards\/[^/]+\.ts$/.test(path) && !path.endsWith(".test.ts"));
  if (unknown !== undefined) {
    throw new MehrError(2, `${unknown} is not in git, and a bundle has the files git tracks.`, `git add ${unknown}`);
  }
  const core = await stageCoreDirectory(options);
  const wheels = await fetchWheels(place, onStep);
  const debian = options.compilers ? await compilers(place, builds, source, onStep) : undefined;

  onStep?.("collecting the files");
  const { os, arch, node } = thisMachine();
  const major = node.split(".")[0] ?? "";
  const variants = builds.map(({ board, engine }) => variantName(findBoard(board), engine));
  const own = source === "system" ? systemBoards().flatMap((board) => systemToolchain(board)?.pioPackage || []) : [];
  const launcher = { part: "launcher", executable: true } as const;
  const items: Item[] = [
    ...project.items,
    { ...launcher, path: "setup", from: { text: setupScript(major) } },
    { ...launcher, path: "mehr", from: { text: mehrScript(major) } },
    ...npmPackages(place.projectDir),
    ...(options.node ? nodeItself() : []),
    ...wheels.files.map((file) => item("python", "bundle/python", wheels.folder, file)),
    ...coreDirectory(core, variants, own),
    ...(source === "system" ? [markerOf(core)] : []),
    ...(debian === undefined ? [] : repository(debian)),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const files = items.map((one) => ({ path: one.path, part: one.part, ...contentOf(one) }));
  const manifest: BundleManifest = {
    bundle: 1,
    version: options.version,
    commit: project.commit,
    modified: project.modified,
    os,
    arch,
    node,
    python: wheels.python,
    source,
    requirements: sha256Of(requirementsPath(place)),
    builds: [...builds],
    debian:
      debian === undefined
        ? null
        : {
            release: debian.release,
            packages: debian.asked,
            versions: debian.packages.map(({ name, version }) => ({ package: name, version })),
          },
    parts: { ...PARTS },
    files,
  };
  onStep?.(`packing ${files.length} files, ${Math.ceil(files.reduce((sum, { size }) => sum + size, 0) / 1e6)} MB`);
  const { size, sha256 } = await pack(options, manifest, items);
  const seconds = (performance.now() - started) / 1000;
  return { output: options.output, size, sha256, manifest, untracked: project.untracked, seconds };
}

function item(part: Part, room: string, folder: string, file: string): Item {
  return { path: `${room}/${file}`, part, executable: false, from: { file: join(folder, file) } };
}

/** The Debian packages as a repository with the script that installs from it. */
function repository({ asked, folder, packages }: Compilers): Item[] {
  const room = "bundle/compilers";
  const common = { part: "compilers", executable: false } as const;
  return [
    { ...common, path: `${room}/Packages`, from: { text: packagesIndex(packages) } },
    { ...common, path: `${room}/install`, executable: true, from: { text: installScript(asked) } },
    ...packages.map((one) => ({
      ...common,
      path: `${room}/${repositoryName(one)}`,
      from: { file: join(folder, one.file) },
    })),
  ];
}

/** Tells the virtual platform that compilers are the machine's own. */
function markerOf(core: string): Item {
  return item("platformio", "bundle/pio", core, "mehr-system.json");
}

function contentOf({ path, from }: Item): { size: number; sha256: string } | { size: 0; link: string } {
  if ("link" in from) return { size: 0, link: from.link };
  if ("text" in from) {
    const bytes = Buffer.from(from.text);
    return { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  }
  const { size } = statSync(from.file);
  // Node.js reads no more at once, and PlatformIO has no such file.
  if (size >= 2 ** 31) throw new MehrError(1, `${path} is larger than 2 GiB and cannot go into a bundle.`);
  return { size, sha256: sha256Of(from.file) };
}

async function pack(
  { output, version }: MakeOptions,
  manifest: BundleManifest,
  items: readonly Item[],
): Promise<{ size: number; sha256: string }> {
  const top = bundleName(version);
  const text = Buffer.from(bundleManifestText(manifest));
  const entries = function* (): Generator<TarSource> {
    const path = `${top}/${MANIFEST_PATH}`;
    yield { path, executable: false, size: text.length, read: () => [text] };
    for (const [i, { path, executable, from }] of items.entries()) {
      const { size = 0, sha256 } = manifest.files[i] ?? {};
      yield {
        path: `${top}/${path}`,
        executable,
        size,
        ...("link" in from ? { link: from.link, read: () => [] } : { read: () => checked(from, path, sha256 ?? "") }),
      };
    }
  };
  const hash = createHash("sha256");
  let size = 0;
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const temporary = `${output}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(output), { recursive: true });
  } catch (error) {
    throw writeError(error, output);
  }
  try {
    await pipeline(
      Readable.from(blocks(writeTar(entries()))),
      createGzip({ level: 6 }),
      count,
      createWriteStream(temporary),
    );
    renameSync(temporary, output);
  } catch (error) {
    throw writeError(error, output);
  } finally {
    rmSync(temporary, { force: true });
  }
  return { size, sha256: hash.digest("hex") };
}

/** Chunks of at least 64 KiB but the last: a stream step for each of 5000 small files costs more than its bytes. */
async function* blocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    kept.push(chunk);
    length += chunk.length;
    if (length < 1 << 16) continue;
    yield Buffer.concat(kept);
    kept = [];
    length = 0;
  }
  yield Buffer.concat(kept);
}

/** A file's content, which must still be what its hash was made of. */
async function* checked(
  from: { file: string } | { text: string },
  path: string,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  if ("text" in from) {
    yield Buffer.from(from.text);
    return;
  }
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(from.file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== sha256) throw new TarError(`${path} changed while it was read`);
}

/** A failure to write `path`, as a sentence. */
export function writeError(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof TarError) return new MehrError(1, `${message}; run the command again.`);
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new MehrError(1, `There is no room for ${path}: the disk is full; name another place with --output.`);
  }
  if (code === "EACCES" || code === "EROFS" || code === "EISDIR" || code === "ENOTDIR" || code === "EEXIST") {
    return new MehrError(2, `--output: ${path} cannot be written (${code}); name another place.`);
  }
  return error;
}

/** A PlatformIO core directory that has everything the builds use. Throws MehrError (3) if it cannot be made. */
async function stageCoreDirectory({ place, source, builds, onStep }: MakeOptions): Promise<string> {
  for (const { board } of builds) await chooseSource(place, board, source);
  const step = onStep === undefined ? {} : { onStep };
  for (const { board, engine } of builds) await ensureSource({ place, source, board, engine, ...step });
  return source === "system" ? coreDir(place, "system") : fetchFromRegistry(place, builds, onStep);
}

/**
 * Lets PlatformIO install platforms, packages and libraries of the builds into a core directory of their own, beside the
 * one of everyday builds: that one has what was built before too. Downloads are shared.
 */
async function fetchFromRegistry(
  place: PioPlace,
  builds: readonly BuildOfBundle[],
  onStep: OnStep | undefined,
): Promise<string> {
  const variants = builds.map(({ board, engine }) => variantName(findBoard(board), engine)).sort();
  const core = join(place.home, "pio-bundle");
  const env = {
    ...pioEnvironment(place, "registry"),
    PLATFORMIO_CORE_DIR: core,
    PLATFORMIO_LIBDEPS_DIR: join(core, "libdeps"),
    PLATFORMIO_CACHE_DIR: join(coreDir(place, "registry"), ".cache"),
  };
  const { owner, name, version } = SCONS_PACKAGE;
  const installs = [
    ["--global", "--skip-dependencies", "--tool", `${owner}/${name}@${version}`],
    ...variants.map((variant) => ["--project-dir", place.projectDir, "--environment", variant]),
  ];
  await withLock(`${core}.lock`, async () => {
    // Packages of other boards, from a bundle made before, have no place in this one.
    rmSync(core, { recursive: true, force: true });
    settleCoreDir(core);
    for (const args of installs) {
      onStep?.(`fetching ${args.at(-1)} from PlatformIO's registry`);
      const answer = await runProcess(venvPython(place), ["-m", "platformio", "pkg", "install", ...args], {
        cwd: place.projectDir,
        env,
      });
      if (answer.code === 0) continue;
      const reason = `${answer.stdout}\n${answer.stderr}`.split("\n").findLast((line) => /error/i.test(line));
      throw new MehrError(
        3,
        `PlatformIO could not install what ${args.at(-1)} needs: ${reason?.trim() ?? "it gave no reason"}`,
        "mehr doctor --online",
      );
    }
  });
  return core;
}

interface Wheels {
  readonly folder: string;
  readonly files: string[];
  readonly python: BundleManifest["python"];
}

/** PlatformIO's own Python packages, by the pinned hashes; fetched once for each requirements.txt. */
async function fetchWheels(place: PioPlace, onStep: OnStep | undefined): Promise<Wheels> {
  await ensurePlatformio({ place, ...(onStep === undefined ? {} : { onStep }) });
  const answer = await runProcess(venvPython(place), ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
  const version = answer.stdout.trim();
  // requirements.txt asks for other packages below 3.11. From there on all are written in Python alone, and fit any.
  const any = version !== "3.10";
  const folder = join(
    place.home,
    "downloads",
    `wheels-${sha256Of(requirementsPath(place)).slice(0, 16)}-${any ? "any" : version}`,
  );
  if (!existsSync(folder)) {
    onStep?.(`fetching the packages of PlatformIO ${PLATFORMIO_VERSION} from the Python package index`);
    mkdirSync(dirname(folder), { recursive: true });
    const work = mkdtempSync(join(dirname(folder), ".fetch-"));
    try {
      const form = any ? ["--platform", "any", "--implementation", "py", "--abi", "none"] : [];
      const only = ["--no-deps", "--require-hashes", "--only-binary", ":all:", ...form];
      await pip(
        place,
        ["download", ...only, "--dest", work, "-r", requirementsPath(place)],
        `PlatformIO ${PLATFORMIO_VERSION}`,
      );
      if (!existsSync(folder)) renameSync(work, folder);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const files = readdirSync(folder).sort();
  return { folder, files, python: any ? { min: "3.11", max: null } : { min: version, max: version } };
}

interface Compilers {
  /** As `debianRelease` gives it. */
  readonly release: string;
  /** Names of the packages wanted; the others are what they depend on. */
  readonly asked: string[];
  readonly folder: string;
  readonly packages: DebianPackage[];
}

/** The Debian packages of the compilers, and of Python. */
async function compilers(
  place: PioPlace,
  builds: readonly BuildOfBundle[],
  source: "registry" | "system",
  onStep: OnStep | undefined,
): Promise<Compilers> {
  const release = debianRelease();
  if (release === undefined) {
    throw new MehrError(
      3,
      "The compilers go into a bundle as Debian packages, and this machine has no apt-get.",
      "mehr bundle --without-compilers   (the machine that uses the bundle then has to have them)",
    );
  }
  const toolchains = source === "system" ? builds.flatMap(({ board }) => systemToolchain(board)?.checks ?? []) : [];
  const asked = [...new Set(["python3", "python3-venv", ...toolchains.map(({ debian }) => debian)])].sort();
  const folder = join(place.home, "downloads", "debian");
  return { release, asked, folder, packages: await fetchDebs(asked, folder, onStep) };
}
