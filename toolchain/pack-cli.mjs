/**
 * Packs the CLI with esbuild: host/cli/main.ts and what it imports, to a folder of build/cli/ named after the sources. Runs on
 * `npm ci`, and from bin/mehr.mjs when a source has changed, so an edited board value or tool takes effect at the next
 * command. A folder is made aside and renamed, and never changed again: commands that run side by side cannot break
 * each other.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { writeBoardIndex } from "./board-index.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "build", "cli");
/** Packs kept: a command that is still running may load a part of an older one. */
const KEPT = 4;

/** Hash over name, size and time of every source: another one as soon as one is edited, added or removed. */
function sources() {
  const lines = [];
  for (const room of ["boards", "toolchain", "host"]) {
    for (const entry of readdirSync(join(root, room), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.(ts|mjs)$/.test(entry.name) || entry.name.endsWith(".test.ts")) continue;
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = statSync(path);
      lines.push(`${path} ${size} ${mtimeMs}`);
    }
  }
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex").slice(0, 16);
}

/** The entry of the CLI packed from the sources as they are now, made if it is not there. Throws what esbuild throws. */
export async function packCli() {
  writeBoardIndex(root);
  const folder = join(out, sources());
  const entry = join(folder, "mehr.js");
  if (existsSync(entry)) return entry;
  const { build } = await import("esbuild");
  const temporary = join(out, `new.${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  try {
    await build({
      entryPoints: { mehr: join(root, "host", "cli", "main.ts") },
      outdir: temporary,
      bundle: true,
      // Code splitting keeps `mehr --help` from loading what only a build needs.
      splitting: true,
      minifySyntax: true,
      platform: "node",
      format: "esm",
      target: "node20",
      // Compilers stay packages: they load files of their own. So do the libraries a benchmark compares with, which may be
      // absent, and serialport, which has a native part. commander is CommonJS and asks for require.
      external: ["assemblyscript", "binaryen", "ts-morph", "@noble/*", "libsodium-wrappers", "serialport"],
      banner: {
        js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
      },
      logLevel: "silent",
    });
    try {
      renameSync(temporary, folder);
    } catch (error) {
      // Another command was faster.
      if (!existsSync(entry)) throw error;
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  prune(folder);
  return entry;
}

function prune(current) {
  const now = new Date();
  utimesSync(current, now, now);
  const folders = readdirSync(out)
    .map((name) => join(out, name))
    .filter((path) => /[/\\][0-9a-f]{16}$/.test(path))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of folders.slice(KEPT)) rmSync(old, { recursive: true, force: true });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await packCli();
