/**
 * Bundles the CLI: host/cli/main.ts and what it imports to build/cli/. Runs on `npm ci`, and again from bin/mehr.mjs when
 * a source is newer than the bundle, so an edited board value or tool takes effect at the next command.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "build", "cli");
const stamp = join(out, "sources.txt");

/** Name, size and time of every source, one a line: differs as soon as one is edited, added or removed. */
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
  return lines.sort().join("\n");
}

/** True if the bundle is missing or older than a source. */
export function isStale() {
  return !existsSync(stamp) || readFileSync(stamp, "utf8") !== sources();
}

/** Writes the bundle anew. Code splitting keeps `mehr --help` from loading what only a build needs. */
export async function bundle() {
  const before = sources();
  const { build } = await import("esbuild");
  const temporary = `${out}.${process.pid}`;
  mkdirSync(temporary, { recursive: true });
  try {
    await build({
      entryPoints: { mehr: join(root, "host", "cli", "main.ts") },
      outdir: temporary,
      bundle: true,
      splitting: true,
      minifySyntax: true,
      platform: "node",
      format: "esm",
      target: "node20",
      // Compilers stay packages: they load files of their own. commander is CommonJS and asks for require.
      external: ["assemblyscript", "binaryen", "ts-morph"],
      banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
      logLevel: "warning",
    });
    writeFileSync(join(temporary, "sources.txt"), before);
    rmSync(out, { recursive: true, force: true });
    renameSync(temporary, out);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await bundle();
