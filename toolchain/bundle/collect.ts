/** Which files go into a bundle, in the order they have there. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MehrError } from "../errors.ts";
import { runProcess } from "../pio/process.ts";
import type { Part } from "./manifest.ts";
import { unsafeLink, unsafePath } from "./tar.ts";

/** A file for the bundle: from a file of this machine, or with text of its own. */
export interface Item {
  /** In the bundle. */
  readonly path: string;
  readonly part: Part;
  readonly executable: boolean;
  /** Absolute path of the file here; or its content; or the target of a symbolic link. */
  readonly from: { readonly file: string } | { readonly text: string } | { readonly link: string };
}

/** Folders and files of a checkout without git, such as an unpacked bundle. */
const PROJECT = [
  ".gitignore",
  ".prettierignore",
  ".prettierrc.json",
  "CONTRIBUTING.md",
  "LICENSE",
  "README.md",
  "bin",
  "boards",
  "core-as",
  "docs",
  "eslint.config.js",
  "host",
  "package-lock.json",
  "package.json",
  "platformio.ini",
  "tests",
  "toolchain",
  "tsconfig.json",
  "vitest.config.ts",
];

export interface Project {
  readonly items: Item[];
  readonly commit: string | null;
  /** Tracked files have changes that are not committed. */
  readonly modified: boolean;
  /** Files git neither tracks nor ignores: they are not in the bundle, for nobody said they belong to the project. */
  readonly untracked: string[];
}

/** The project's own files: those git tracks, as they are now. */
export async function projectFiles(root: string): Promise<Project> {
  const git = async (...args: string[]): Promise<string | undefined> => {
    const answer = await runProcess("git", ["-C", root, ...args]);
    return answer.code === 0 ? answer.stdout : undefined;
  };
  const names = (text: string | undefined): string[] => (text ?? "").split("\0").filter((name) => name !== "");
  const tracked = existsSync(join(root, ".git")) ? await git("ls-files", "-z") : undefined;
  if (tracked === undefined) {
    const found = PROJECT.filter((name) => existsSync(join(root, name)));
    const items = found.flatMap((name) => filesBelow(join(root, name), name, "project"));
    return { items, commit: null, modified: false, untracked: [] };
  }
  const items = names(tracked)
    // Deleted, but not committed yet.
    .filter((name) => lstatSync(join(root, name), { throwIfNoEntry: false }) !== undefined)
    .map((name) => itemOf(join(root, name), name, "project"));
  return {
    items,
    commit: (await git("rev-parse", "HEAD"))?.trim() ?? null,
    modified: names(await git("status", "--porcelain", "-z", "--untracked-files=no")).length > 0,
    untracked: names(await git("ls-files", "-z", "--others", "--exclude-standard")),
  };
}

/**
 * Not packed: tools of Binaryen nobody here calls (81 MB), what only an editor reads, and esbuild's own command, a second
 * copy of its program or a script, depending on how npm installed it. Licences are kept.
 */
const NOT_NEEDED = /^node_modules\/(binaryen|esbuild)\/bin\/|\.(map|d\.ts|d\.mts|d\.cts)$/;

/**
 * The npm packages that commands load: those package-lock.json does not call development ones, and esbuild, which packs
 * the command line again after an edit. Throws MehrError (3) if one is absent or of another version.
 */
export function npmPackages(root: string): Item[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version?: string; dev?: boolean; optional?: boolean }>;
  };
  const items: Item[] = [];
  for (const [name, { version, dev, optional }] of Object.entries(lock.packages).sort(byKey)) {
    const esbuild = name === "node_modules/esbuild" || name.startsWith("node_modules/@esbuild/");
    if (name === "" || (dev === true && !esbuild)) continue;
    const folder = join(root, name);
    if (!existsSync(join(folder, "package.json"))) {
      // esbuild's program for other systems.
      if (optional === true || name.startsWith("node_modules/@esbuild/")) continue;
      throw new MehrError(3, `${name} is not installed, and the bundle needs it.`, "npm ci");
    }
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version?: string };
    if (manifest.version !== version) {
      throw new MehrError(3, `${name} is ${manifest.version}, and package-lock.json names ${version}.`, "npm ci");
    }
    items.push(...filesBelow(folder, name, "node-modules", (path) => basename(path) === "node_modules"));
  }
  return items.filter(({ path }) => !NOT_NEEDED.test(path));
}

/**
 * The packages, platforms and libraries of a PlatformIO core directory that builds of `variants` use, as `bundle/pio/`.
 * Left out is what PlatformIO makes anew or what is true on one machine only: caches, its own state, links to local
 * platforms, and the packages `without`, which are links to this machine's compilers.
 */
export function coreDirectory(core: string, variants: readonly string[], without: readonly string[]): Item[] {
  const rooms = ["packages", "platforms", ...variants.map((variant) => `libdeps/${variant}`)];
  return rooms
    .filter((room) => existsSync(join(core, room)))
    .flatMap((room) =>
      filesBelow(join(core, room), `bundle/pio/${room}`, "platformio", (path) => {
        const name = basename(path);
        // What `arrange` has not finished, and PlatformIO's own temporary folders.
        if (dirname(path) === `bundle/pio/${room}` && (name.startsWith(".") || without.includes(name))) return true;
        // PlatformIO knows a platform from git by its .piopm; how git packs its history differs from clone to clone.
        return name === "__pycache__" || name === ".git" || /\.(pyc|pio-link)$/.test(name) || name === "integrity.dat";
      }),
    );
}

/** Node.js itself with its licence; none if it is not a program that stands alone, as Debian's own is not. */
export function nodeItself(program = process.execPath): Item[] {
  const licences = [join(dirname(dirname(program)), "LICENSE"), "/usr/share/doc/nodejs/LICENSE"];
  const licence = licences.find((path) => existsSync(path));
  if (licence === undefined || lstatSync(program).size < 40e6) return [];
  return [
    { path: "bundle/node/LICENSE", part: "node", executable: false, from: { file: licence } },
    { path: "bundle/node/bin/node", part: "node", executable: true, from: { file: program } },
  ];
}

/** Every file and link below a folder (or the file itself), sorted by path. */
export function filesBelow(from: string, path: string, part: Part, skip?: (path: string) => boolean): Item[] {
  if (!lstatSync(from).isDirectory()) return [itemOf(from, path, part)];
  return readdirSync(from)
    .sort()
    .flatMap((name) => {
      const inside = `${path}/${name}`;
      return skip?.(inside) ? [] : filesBelow(join(from, name), inside, part, skip);
    });
}

function itemOf(from: string, path: string, part: Part): Item {
  const state = lstatSync(from);
  const executable = state.isFile() && (state.mode & 0o100) !== 0;
  const link = state.isSymbolicLink() ? readlinkSync(from) : undefined;
  const wrong =
    unsafePath(path) ??
    (link === undefined ? undefined : unsafeLink(path, link)) ??
    (state.isFile() || link !== undefined ? undefined : "is neither a file nor a symbolic link");
  if (wrong !== undefined) throw new MehrError(1, `${from} cannot go into a bundle: it ${wrong}.`);
  return { path, part, executable, from: link === undefined ? { file: from } : { link } };
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
