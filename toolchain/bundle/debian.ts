/** The Debian packages of a bundle: what the compilers depend on, fetched without being root and without installing. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { MehrError } from "../errors.ts";
import type { OnStep } from "../pio/environment.ts";
import { allOnPath } from "../pio/environment.ts";
import { sha256Of } from "../pio/packages.ts";
import { runProcess } from "../pio/process.ts";

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** As apt writes it: name_version_architecture.deb, with the version's colon as %3a. */
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  /** Its paragraph of a repository's Packages file. */
  readonly stanza: string;
}

/** Debian release of this machine such as "debian 12"; undefined where there is no apt-get. */
export function debianRelease(osRelease = "/etc/os-release"): string | undefined {
  if (process.platform !== "linux" || allOnPath("apt-get").length === 0) return undefined;
  try {
    const text = readFileSync(osRelease, "utf8");
    const field = (name: string): string | undefined => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1];
    const id = field("ID");
    return id === undefined ? undefined : `${id} ${field("VERSION_ID") ?? field("VERSION_CODENAME") ?? "unstable"}`;
  } catch {
    return undefined;
  }
}

/** Names and versions in the answer of `apt-get --print-uris install`. */
export function parsePrintUris(text: string): { name: string; version: string; file: string; size: number }[] {
  return [...text.matchAll(/^'[^']+' (([^_\s]+)_([^_\s]+)_[a-z0-9]+\.deb) (\d+)/gm)].map(
    ([, file = "", name = "", version = "", size]) => ({
      name,
      version: decodeURIComponent(version),
      file,
      size: Number(size),
    }),
  );
}

/** sha256 and paragraph of each `name=version` in the answer of `apt-cache show`. */
export function parseShow(text: string): Map<string, { sha256: string; stanza: string }> {
  const found = new Map<string, { sha256: string; stanza: string }>();
  for (const stanza of text.split(/\n\n+/)) {
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1] ?? "";
    const sha256 = field("SHA256");
    if (/^[0-9a-f]{64}$/.test(sha256)) found.set(`${field("Package")}=${field("Version")}`, { sha256, stanza });
  }
  return found;
}

/** Name of a package's file in a bundle: as in Debian's own repositories without the epoch, whose colon apt would look for. */
export function repositoryName({ file }: { readonly file: string }): string {
  return file.replace(/_\d+%3a/i, "_");
}

/** The Packages file of a repository that has these packages and nothing else, all in one folder. */
export function packagesIndex(packages: readonly DebianPackage[]): string {
  return packages
    .map((item) => `${item.stanza.trim().replace(/^Filename: .*$/m, `Filename: ./${repositoryName(item)}`)}\n`)
    .join("\n");
}

/**
 * The script that installs `names` from the repository it lies in, for root on a Debian without a network. apt, not
 * dpkg, because packages have to be configured in an order dpkg does not find (python3 before what pre-depends on it);
 * and with lists of its own, so that the machine's stay as they are.
 */
export function installScript(names: readonly string[]): string {
  return `#!/bin/sh
# Made by \`mehr bundle\`: installs the compilers from this folder, without a network. Needs root.
set -e
folder=$(cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial"
# What the files are is known: mehr has compared them with the bundle's hashes, and apt does with this folder's list.
echo "deb [trusted=yes] file:$(echo "$folder" | sed 's/%/%25/g; s/ /%20/g') ./" > "$work/sources.list"
apt="apt-get -q -o Dir::Etc::SourceList=$work/sources.list -o Dir::Etc::SourceParts=/dev/null \
  -o Dir::State::Lists=$work/lists -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
  -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=180"
$apt update
DEBIAN_FRONTEND=noninteractive $apt -y --no-install-recommends install ${names.join(" ")}
`;
}

/**
 * Fetches the Debian packages `names` and all they depend on, as for a machine that has none, into `folder`. Those that
 * are there with the right sha256 are not fetched again. Needs no root and leaves the machine's own apt as it is: where
 * its package lists are absent or old, lists are fetched to `folder` too. Throws MehrError (3) with apt's own error.
 */
export async function fetchDebs(names: readonly string[], folder: string, onStep?: OnStep): Promise<DebianPackage[]> {
  mkdirSync(folder, { recursive: true });
  try {
    return await attempt(names, folder, [], onStep);
  } catch (error) {
    if (!(error instanceof AptError)) throw error;
  }
  const state = join(folder, ".apt");
  mkdirSync(join(state, "lists", "partial"), { recursive: true });
  mkdirSync(join(state, "archives", "partial"), { recursive: true });
  const own = ["-o", `Dir::State::Lists=${join(state, "lists")}`, "-o", `Dir::Cache=${state}`];
  try {
    onStep?.("fetching Debian's package lists");
    await apt("apt-get", [...own, "-q", "update"], folder);
    return await attempt(names, folder, own, onStep);
  } catch (error) {
    if (!(error instanceof AptError)) throw error;
    throw new MehrError(
      3,
      `Could not get the Debian packages ${names.join(", ")}: ${error.message}`,
      "mehr bundle --without-compilers   (the machine that uses the bundle then has to have them)",
    );
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

/** apt's own words. */
class AptError extends Error {}

async function attempt(
  names: readonly string[],
  folder: string,
  options: readonly string[],
  onStep: OnStep | undefined,
): Promise<DebianPackage[]> {
  // Without the list of what is installed here, everything the packages need is named.
  const plan = [...options, "-o", "Dir::State::status=/dev/null", "-y", "--no-install-recommends", "--print-uris"];
  const wanted = parsePrintUris(await apt("apt-get", [...plan, "install", ...names], folder));
  if (wanted.length === 0) throw new AptError(`apt-get names no file for ${names.join(", ")}`);
  const exact = wanted.map(({ name, version }) => `${name}=${version}`);
  const hashes = parseShow(await apt("apt-cache", [...options, "show", ...exact], folder));
  const packages = wanted.map((item) => {
    const shown = hashes.get(`${item.name}=${item.version}`);
    if (shown === undefined) throw new AptError(`Debian's package lists have no sha256 of ${item.name}`);
    return { ...item, ...shown };
  });
  const absent = packages.filter((item) => !isThere(folder, item));
  if (absent.length > 0) {
    const bytes = absent.reduce((sum, { size }) => sum + size, 0);
    onStep?.(`fetching ${absent.length} Debian packages, ${Math.ceil(bytes / 1e6)} MB`);
    const work = mkdtempSync(join(folder, ".fetch-"));
    try {
      await apt("apt-get", [...options, "-q", "download", ...absent.map((i) => `${i.name}=${i.version}`)], work);
      for (const item of absent) {
        if (!isThere(work, item)) throw new AptError(`${item.file} is not the file of Debian's package lists`);
        renameSync(join(work, item.file), join(folder, item.file));
      }
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return packages.sort((a, b) => (a.file < b.file ? -1 : 1));
}

function isThere(folder: string, { file, size, sha256 }: DebianPackage): boolean {
  const path = join(folder, file);
  return existsSync(path) && statSync(path).size === size && sha256Of(path) === sha256;
}

/** Runs apt-get or apt-cache and gives what it printed. Throws AptError with its first error. */
async function apt(command: string, args: readonly string[], cwd: string): Promise<string> {
  // apt as root fetches as the user _apt, who may not write where we do.
  const asRoot = process.getuid?.() === 0 ? ["-o", "APT::Sandbox::User=root"] : [];
  const env = { ...process.env, LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" };
  const answer = await runProcess(command, [...asRoot, ...args], { cwd, env });
  if (answer.code === 0) return answer.stdout;
  const line = answer.stderr.split("\n").find((text) => text.startsWith("E:"));
  throw new AptError((line ?? answer.spawnError ?? answer.stderr.trim().slice(-300)).replace(/^E:\s*/, ""));
}
