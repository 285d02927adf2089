import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { MehrError } from "../errors.ts";
import type { OnStep, PioPlace } from "./environment.ts";
import { pip, venvPython } from "./environment.ts";
import { runProcess } from "./process.ts";

/** A file of the Python package index, pinned. */
export interface PinnedFile {
  /** Requirement as pip reads it. */
  requirement: string;
  file: string;
  sha256: string;
  kind: "wheel" | "sdist";
}

/** SCons 4.11.1, the build engine PlatformIO 6.2.0 asks for as `platformio/tool-scons ~4.41101.0`. */
export const SCONS: PinnedFile = {
  requirement: "scons==4.11.1",
  file: "scons-4.11.1-py3-none-any.whl",
  sha256: "454cef364348053422696e3d2ecb4fa593c96a624f955842eaaea64f95c8d11d",
  kind: "wheel",
};

/** wasm3 0.5.0 lies unchanged in the source distribution of its Python binding, in the folder `wasm3`. */
export const PYWASM3: PinnedFile = {
  requirement: "pywasm3==0.5.0",
  file: "pywasm3-0.5.0.tar.gz",
  sha256: "5a47c8a39f7f6ae71b3316b2e5d86c9d0db6e771a65f09a86e4d4aa3a19aefcc",
  kind: "sdist",
};

export type PioPackageType = "tool" | "library" | "platform";

/** What identifies a package to PlatformIO's package manager. */
export interface PioPackage {
  type: PioPackageType;
  owner: string;
  name: string;
  version: string;
  /** The requirement it was installed for, as in `lib_deps = owner/name@requirement`. */
  requirement?: string;
}

/**
 * The text of `.piopm`, the file by which PlatformIO knows an installed package. A dependency `owner/name@x` is
 * satisfied without any request when a package's owner and name match (whatever the case) and its version fits x;
 * without the file the owner is unknown, and PlatformIO asks its registry.
 */
export function piopmText(item: PioPackage): string {
  const spec = { owner: item.owner, id: null, name: item.name, requirements: item.requirement ?? null, uri: null };
  return JSON.stringify({ type: item.type, name: item.name, version: item.version, spec });
}

/**
 * Whether the package folder `dir` satisfies an exact dependency of platformio.ini such as `wasm3/Wasm3@0.5.0`,
 * by the same rules as PlatformIO's package manager.
 */
export function satisfies(dir: string, dependency: string): boolean {
  const match = /^([^/\s]+)\/([^@\s]+)\s*@\s*=?=?\s*(\d\S*)$/.exec(dependency.trim());
  if (match === null) return false;
  try {
    const item = JSON.parse(readFileSync(join(dir, ".piopm"), "utf8")) as {
      name?: string;
      version?: string;
      spec?: { owner?: string | null; uri?: string | null };
    };
    const same = (a: string | null | undefined, b: string | undefined) => a?.toLowerCase() === b?.toLowerCase();
    const manifest = ["library.json", "package.json", "platform.json"].some((name) => existsSync(join(dir, name)));
    return (
      manifest &&
      same(item.spec?.owner, match[1]) &&
      same(item.name, match[2]) &&
      item.version === match[3] &&
      !item.spec?.uri
    );
  } catch {
    return false;
  }
}

/**
 * Fetches a pinned file into `<home>/downloads` and returns its path. It appears there only complete and with the
 * right sha256; a file that is there with the right sha256 is not fetched again.
 */
export async function fetchPinned(place: PioPlace, pin: PinnedFile, onStep?: OnStep): Promise<string> {
  const store = join(place.home, "downloads");
  const path = join(store, pin.file);
  if (existsSync(path) && sha256Of(path) === pin.sha256) return path;
  mkdirSync(store, { recursive: true });
  const work = mkdtempSync(join(store, ".fetch-"));
  try {
    onStep?.(`fetching ${pin.requirement} from the Python package index`);
    const requirements = join(work, "requirements.txt");
    writeFileSync(requirements, `${pin.requirement} --hash=sha256:${pin.sha256}\n`);
    // pip reads a source distribution's metadata by running its setup.py; with --no-build-isolation that uses the
    // pinned setuptools of the environment instead of fetching the newest one.
    const form = pin.kind === "wheel" ? ["--only-binary", ":all:"] : ["--no-binary", ":all:", "--no-build-isolation"];
    const args = ["download", "--no-deps", "--require-hashes", ...form, "--dest", work, "-r", requirements];
    await pip(place, args, pin.requirement);
    const fetched = join(work, pin.file);
    const sha256 = existsSync(fetched) ? sha256Of(fetched) : "no such file";
    if (sha256 !== pin.sha256) {
      throw new MehrError(1, `${pin.file} is not the pinned file: expected sha256 ${pin.sha256}, got ${sha256}.`);
    }
    renameSync(fetched, path);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/**
 * Unpacks the members of a wheel or source distribution whose path starts with `prefix` (which is cut off) into
 * `target`; a prefix that is a member's whole path writes that member to `target` itself. Members that would leave `target` and links are skipped.
 */
export async function unpack(place: PioPlace, archive: string, prefix: string, target: string): Promise<void> {
  const script = [
    "import os, sys, tarfile, zipfile",
    "archive, prefix, target = sys.argv[1:]",
    "def members():",
    "    if archive.endswith('.whl'):",
    "        with zipfile.ZipFile(archive) as z:",
    "            for i in z.infolist():",
    "                if not i.is_dir(): yield i.filename, z.read(i)",
    "    else:",
    "        with tarfile.open(archive) as t:",
    "            for i in t.getmembers():",
    "                if i.isfile(): yield i.name, t.extractfile(i).read()",
    "count = 0",
    "for name, data in members():",
    "    rest = name[len(prefix):]",
    "    if not name.startswith(prefix) or rest.startswith('/') or '..' in rest.split('/'): continue",
    "    path = os.path.join(target, *rest.split('/')) if rest else target",
    "    os.makedirs(os.path.dirname(path), exist_ok=True)",
    "    with open(path, 'wb') as f: f.write(data)",
    "    count += 1",
    "sys.exit(0 if count else 'nothing in it starts with ' + prefix)",
  ].join("\n");
  const answer = await runProcess(venvPython(place), ["-c", script, archive, prefix, target]);
  if (answer.code !== 0) {
    throw new MehrError(1, `Could not unpack ${basename(archive)}: ${answer.stderr.trim().split("\n").at(-1) ?? ""}`);
  }
}

const STAMP = ".mehr-stamp";

/**
 * Makes the package folder `dir` with `fill`, or leaves it when it was made from the same `recipe` text before.
 * The folder is filled beside its place and moved there, so it is the old one or the whole new one, never a part.
 */
export async function arrange(dir: string, recipe: string, fill: (work: string) => Promise<void>): Promise<boolean> {
  const stamp = createHash("sha256").update(recipe).digest("hex");
  if (readStamp(dir) === stamp) return false;
  const parent = join(dir, "..");
  mkdirSync(parent, { recursive: true });
  // PlatformIO lists every folder beside it; the leading dot and the missing manifest keep this one out.
  for (const left of readdirSync(parent)) {
    if (left.startsWith(`.${basename(dir)}-`)) rmSync(join(parent, left), { recursive: true, force: true });
  }
  const work = mkdtempSync(join(parent, `.${basename(dir)}-`));
  const old = `${work}-old`;
  try {
    await fill(work);
    writeFileSync(join(work, STAMP), stamp);
    if (existsSync(dir)) renameSync(dir, old);
    renameSync(work, dir);
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
  return true;
}

function readStamp(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, STAMP), "utf8");
  } catch {
    return undefined;
  }
}
