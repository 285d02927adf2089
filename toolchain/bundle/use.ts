/** Opens a bundle: an unpacked one in place, or an archive, of which a build needs a part, unpacked into MEHR_HOME. */
import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { createGunzip } from "node:zlib";
import type { Engine } from "../../boards/engine.ts";
import { MehrError } from "../errors.ts";
import type { OnStep, PackageSource, PioPlace } from "../pio/environment.ts";
import { withLock } from "../pio/process.ts";
import { fileProblem, MANIFEST_PATH, machineProblem, thisMachine } from "./check.mjs";
import { type BundleFile, type BundleManifest, type Part, parseBundleManifest } from "./manifest.ts";
import { quote, readTar, TarError } from "./tar.ts";

/** A bundle a build takes its packages from. */
export interface OpenBundle {
  /** Folder that holds `bundle/`, absolute. */
  readonly root: string;
  /** What the user calls it: the archive's path, or the manifest's in an unpacked bundle. */
  readonly name: string;
  readonly manifest: BundleManifest;
  /** sha256 of the manifest, which has those of all files. */
  readonly id: string;
}

/** The parts a build reads while it runs from other sources than the bundle's. */
const BUILD_PARTS: ReadonlySet<Part> = new Set(["python", "platformio", "compilers"]);

/** The bundle unpacked at `root`; undefined if there is none. Throws MehrError (2) if its manifest is damaged. */
export function bundleAt(root: string, name = MANIFEST_PATH): OpenBundle | undefined {
  const path = join(root, MANIFEST_PATH);
  if (!existsSync(path)) return undefined;
  const read = parseBundleManifest(readFileSync(path, "utf8"));
  if ("wrong" in read) throw new MehrError(2, `${name} ${read.wrong}; unpack the bundle again.`);
  return { root: resolve(root), name, ...read };
}

/**
 * The place of a build that may take its packages from a bundle: with `--source bundle` or `--bundle`, and by itself in
 * an unpacked bundle, whose user has no network. Throws MehrError: 2 for a damaged bundle, 3 for one of another machine.
 */
export async function withBundle(
  place: PioPlace,
  asked: { readonly source: PackageSource | "auto"; readonly bundle?: string | undefined },
  onStep?: OnStep,
): Promise<PioPlace> {
  const { source, bundle: file } = asked;
  if (file !== undefined && source !== "auto" && source !== "bundle") {
    throw new MehrError(2, `--bundle and --source ${source} contradict each other; leave one out.`);
  }
  if (file === undefined && source !== "auto" && source !== "bundle") return place;
  const bundle = file === undefined ? bundleAt(place.projectDir) : await openFile(place, resolve(file), onStep);
  if (bundle === undefined) {
    if (source === "auto") return place;
    throw new MehrError(2, "This checkout is not an unpacked bundle; name the archive with --bundle FILE.");
  }
  const machine = machineProblem(bundle.manifest, thisMachine());
  if (machine !== undefined) {
    const nodeHint = /Node\.js/.test(machine) && existsSync(join(bundle.root, "bundle/node/bin/node"));
    throw new MehrError(
      3,
      machine,
      nodeHint ? "./mehr   (it brings its own)" : "mehr bundle   (on a connected machine of this kind)",
    );
  }
  return { ...place, bundle };
}

/** Throws MehrError unless the bundle is for this checkout and has what `board` with `engine` needs. */
export function requireContent(place: PioPlace, bundle: OpenBundle, board: string, engine: Engine): void {
  const { manifest, name } = bundle;
  const requirements = readFileSync(join(place.projectDir, "toolchain", "pio", "requirements.txt"));
  if (createHash("sha256").update(requirements).digest("hex") !== manifest.requirements) {
    throw new MehrError(
      2,
      `${name} was made by version ${manifest.version} of this project with other pinned packages; unpack it and build there, or make it again from this checkout.`,
    );
  }
  const engines = manifest.builds.filter((build) => build.board === board).map((build) => build.engine);
  if (engines.includes(engine)) return;
  if (engines.length > 0) {
    throw new MehrError(
      2,
      `${name} has ${board} with engine ${engines.join(" and ")}, not ${engine}; give --engine ${engines[0]}.`,
    );
  }
  const boards = [...new Set(manifest.builds.map((build) => build.board))].join(", ");
  throw new MehrError(
    3,
    `${name} has what ${boards} need${boards.includes(",") ? "" : "s"}, and nothing for ${board}.`,
    `mehr bundle ${board}   (on a connected machine)`,
  );
}

/** Compares the files of these parts with their hashes. Throws MehrError (2) naming the first that differs. */
export function verifyParts({ root, name, manifest }: OpenBundle, parts: readonly Part[]): void {
  const found = fileProblem(
    root,
    manifest.files.filter(({ part }) => parts.includes(part)),
  );
  if (found === undefined) return;
  const again = name === MANIFEST_PATH ? "unpack the bundle again" : `delete ${root}, and give the bundle again`;
  throw new MehrError(2, `${found.file.path} of the bundle ${found.clause}; ${again}.`);
}

/** A bundle by path: a folder it was unpacked to, or the archive. */
async function openFile(place: PioPlace, path: string, onStep: OnStep | undefined): Promise<OpenBundle> {
  const state = statSync(path, { throwIfNoEntry: false });
  if (state === undefined) throw new MehrError(2, `--bundle: there is no file ${path}.`);
  if (!state.isDirectory()) return unpackBundle(place, path, onStep);
  const bundle = bundleAt(path, join(path, MANIFEST_PATH));
  if (bundle === undefined) throw new MehrError(2, `--bundle: ${path} is not a bundle: it has no ${MANIFEST_PATH}.`);
  return bundle;
}

/**
 * Unpacks what builds need of an archive to MEHR_HOME/bundles/, into a folder named after the archive's hash, which
 * appears only complete and checked; an archive that was unpacked before is not unpacked again.
 */
export async function unpackBundle(
  place: PioPlace,
  path: string,
  onStep?: OnStep,
  freeBytes: (folder: string) => number = free,
): Promise<OpenBundle> {
  const id = await sha256OfFile(path);
  const room = join(place.home, "bundles");
  const folder = join(room, id.slice(0, 32));
  const there = bundleAt(folder, path);
  if (there !== undefined) return there;
  return withLock(`${folder}.lock`, async () => {
    const now = bundleAt(folder, path);
    if (now !== undefined) return now;
    // Rests of a process that was killed.
    for (const left of readdirSync(room)) {
      if (left.startsWith(`.${id.slice(0, 32)}-`)) rmSync(join(room, left), { recursive: true, force: true });
    }
    const work = mkdtempSync(join(room, `.${id.slice(0, 32)}-`));
    try {
      onStep?.(`unpacking ${path}`);
      const manifest = await extract(path, work, freeBytes);
      // Last: a folder with a manifest is whole.
      const text = join(work, MANIFEST_PATH);
      mkdirSync(dirname(text), { recursive: true });
      writeFileSync(text, manifest);
      renameSync(work, folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
      throw new MehrError(1, `There is no room to unpack ${path} to ${room}: the disk is full.`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
    const bundle = bundleAt(folder, path);
    if (bundle === undefined) throw new Error(`${folder} is not there`);
    return bundle;
  });
}

function free(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Unpacks an archive's parts for a build to `target`, checking every byte; gives the manifest's text. */
async function extract(path: string, target: string, freeBytes: (folder: string) => number): Promise<Uint8Array> {
  let manifest:
    { readonly text: Uint8Array; readonly top: string; readonly files: Map<string, BundleFile> } | undefined;
  const source = createReadStream(path);
  const stream = source.pipe(createGunzip());
  source.on("error", (error) => stream.destroy(error));
  try {
    await readTar(stream, async (entry, body) => {
      if (manifest === undefined) {
        const top = entry.path.split("/")[0] ?? "";
        // A manifest of 100 000 files is 16 MB.
        if (entry.path !== `${top}/${MANIFEST_PATH}` || entry.size > 64e6) {
          throw new MehrError(
            2,
            `${path} is not a bundle made by \`mehr bundle\`: it does not begin with ${MANIFEST_PATH}.`,
          );
        }
        const text = await all(body);
        const read = parseBundleManifest(Buffer.from(text).toString("utf8"));
        if ("wrong" in read) throw new MehrError(2, `${MANIFEST_PATH} in ${path} ${read.wrong}.`);
        const machine = machineProblem(read.manifest, thisMachine());
        if (machine !== undefined)
          throw new MehrError(3, machine, "mehr bundle   (on a connected machine of this kind)");
        const files = new Map(read.manifest.files.map((file) => [file.path, file]));
        manifest = { text, top, files };
        let needed = 0;
        for (const { part, size } of files.values()) if (BUILD_PARTS.has(part)) needed += size;
        const room = freeBytes(target);
        if (room < needed * 1.1) {
          throw new MehrError(
            1,
            `There is no room to unpack ${path} to ${dirname(target)}: it takes ${Math.ceil(needed / 1e6)} MB, and ${Math.floor(room / 1e6)} MB are free.`,
          );
        }
        return;
      }
      const inside = entry.path.startsWith(`${manifest.top}/`) ? entry.path.slice(manifest.top.length + 1) : entry.path;
      const file = manifest.files.get(inside);
      if (file === undefined) throw new TarError(`holds ${quote(inside)}, which its manifest does not list`);
      manifest.files.delete(inside);
      if (!BUILD_PARTS.has(file.part)) return;
      const place = join(target, ...inside.split("/"));
      mkdirSync(dirname(place), { recursive: true });
      if (entry.link !== undefined || file.link !== undefined) {
        if (entry.link !== file.link) throw new TarError(`is damaged: ${inside} is not the link its manifest lists`);
        symlinkSync(entry.link ?? "", place);
        return;
      }
      const found = await writeHashed(place, body, entry.executable);
      if (found.size !== file.size || found.sha256 !== file.sha256) {
        throw new TarError(`is damaged: the content of ${inside} is not what its manifest lists`);
      }
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof TarError) throw new MehrError(2, `${path} ${error.message}; copy or make it again.`);
    if (code?.startsWith("Z_") || code === "ERR_BUFFER_OUT_OF_BOUNDS") {
      throw new MehrError(2, `${path} is damaged: it cannot be decompressed to its end; copy or make it again.`);
    }
    if (code === "EACCES" && (error as NodeJS.ErrnoException).path === path) {
      throw new MehrError(2, `--bundle: ${path} cannot be read (EACCES).`);
    }
    throw error;
  } finally {
    source.destroy();
    stream.destroy();
  }
  const [missing] = manifest?.files.keys() ?? [];
  if (manifest === undefined) throw new MehrError(2, `${path} is not a bundle made by \`mehr bundle\`: it is empty.`);
  if (missing !== undefined)
    throw new MehrError(2, `${path} is incomplete: ${missing} is missing; copy or make it again.`);
  return manifest.text;
}

async function all(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function writeHashed(
  path: string,
  body: AsyncIterable<Uint8Array>,
  executable: boolean,
): Promise<{ size: number; sha256: string }> {
  const hash = createHash("sha256");
  let size = 0;
  // "x": a file that is there already is none of ours.
  const file = await open(path, "wx", executable ? 0o755 : 0o644);
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return { size, sha256: hash.digest("hex") };
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  } catch (error) {
    throw new MehrError(2, `--bundle: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"}).`);
  }
  return hash.digest("hex");
}

/** Path for a command that a person types where they are. */
export function typedPath(path: string): string {
  const near = relative(process.cwd(), path);
  const shown = near.startsWith("..") || near === "" ? path : near;
  return /[^\w./+-]/.test(shown) ? `'${shown.replace(/'/g, "'\\''")}'` : shown;
}
