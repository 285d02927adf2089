/** Small bundles of any content for tests, packed by the product's writer. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { MANIFEST_PATH, thisMachine } from "../../toolchain/bundle/check.mjs";
import { type BundleManifest, bundleManifestText, type Part } from "../../toolchain/bundle/manifest.ts";
import { type TarSource, writeTar } from "../../toolchain/bundle/tar.ts";

export interface SmallFile {
  readonly path: string;
  readonly part: Part;
  readonly text: string;
}

export const SMALL_FILES: readonly SmallFile[] = [
  { path: "README.md", part: "project", text: "# Mehr\n" },
  { path: "bundle/pio/packages/tool/run.py", part: "platformio", text: "print()\n" },
  { path: "bundle/python/a.whl", part: "python", text: "wheel" },
];

export const sha256Text = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The manifest of a bundle with these files, for this machine. */
export function smallManifest(
  files: readonly SmallFile[] = SMALL_FILES,
  other: Partial<BundleManifest> = {},
): BundleManifest {
  return {
    bundle: 1,
    version: "0.1.0",
    commit: null,
    modified: false,
    ...thisMachine(),
    python: { min: "3.11", max: null },
    source: "system",
    requirements: sha256Text("requirements"),
    builds: [{ board: "qemu-m4", engine: "aot" }],
    debian: null,
    parts: {},
    files: files.map(({ path, part, text }) => ({ path, part, size: text.length, sha256: sha256Text(text) })),
    ...other,
  };
}

/** Entries of its archive. */
export function smallEntries(manifest: BundleManifest, files: readonly SmallFile[] = SMALL_FILES): TarSource[] {
  const entry = (path: string, text: string): TarSource => ({
    path: `mehr-bundle/${path}`,
    executable: false,
    size: Buffer.byteLength(text),
    read: () => [Buffer.from(text)],
  });
  return [entry(MANIFEST_PATH, bundleManifestText(manifest)), ...files.map(({ path, text }) => entry(path, text))];
}

/** The archive's bytes. */
export async function tarGz(entries: Iterable<TarSource>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(entries)) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks));
}

/** Puts an unpacked bundle into a folder. */
export function putSmall(root: string, manifest: BundleManifest, files: readonly SmallFile[] = SMALL_FILES): void {
  for (const { path, text } of [{ path: MANIFEST_PATH, text: bundleManifestText(manifest) }, ...files]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
