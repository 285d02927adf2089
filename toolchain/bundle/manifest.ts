/** bundle/manifest.json: what a bundle is for, and every file of it with its hash and purpose. */
import * as z from "zod";
import { ENGINES } from "../../boards/engine.ts";
import { sha256Hex } from "../core/compile.ts";
import { unsafeLink, unsafePath } from "./tar.ts";

/** What the files of a bundle are for. */
export const PARTS = {
  project: "this project's own sources, to be edited",
  launcher: "./setup and ./mehr, which start the command line",
  "node-modules": "the npm packages the command line and the core's compiler need",
  node: "Node.js itself, used when the machine has none of that version",
  python: "PlatformIO Core and its Python packages, installed into an environment of their own",
  platformio: "PlatformIO packages, platforms and libraries, used in place as its core directory",
  compilers: "Debian packages of the compilers and of Python, with the script that installs them",
} as const;

export type Part = keyof typeof PARTS;

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const path = z.string().refine((text) => unsafePath(text) === undefined, "is not a path below the bundle");

const file = z
  .strictObject({
    path,
    part: z.enum(Object.keys(PARTS) as [Part, ...Part[]]),
    size: z.int().min(0),
    /** Of a file. */
    sha256: hex64.optional(),
    /** Target of a symbolic link. */
    link: z.string().optional(),
  })
  .refine((entry) => (entry.sha256 === undefined) !== (entry.link === undefined), "is neither a file nor a link")
  .refine(
    (entry) => entry.link === undefined || unsafeLink(entry.path, entry.link) === undefined,
    "links to a place outside the bundle",
  );

export const bundleManifestSchema = z.strictObject({
  /** Version of this layout. */
  bundle: z.literal(1),
  version: z.string(),
  /** Of the sources; null without git. */
  commit: z.string().nullable(),
  /** True if tracked files had changes that are not committed. */
  modified: z.boolean(),
  /** As Node.js names them: linux, x64. */
  os: z.string(),
  arch: z.string(),
  /** Version of Node.js it was made with; the first number must be the same. */
  node: z.string(),
  /** Versions of Python its packages are for: "3.11 or newer", "3.10". */
  python: z.strictObject({
    min: z.string().regex(/^3\.\d+$/),
    max: z
      .string()
      .regex(/^3\.\d+$/)
      .nullable(),
  }),
  /** Where its PlatformIO packages are from, and with `system` also that the compilers are the machine's own. */
  source: z.enum(["registry", "system"]),
  /** Hash of toolchain/pio/requirements.txt: PlatformIO's version and everything below it. */
  requirements: hex64,
  /** What it can build. */
  builds: z.array(z.strictObject({ board: z.string(), engine: z.enum(ENGINES) })).min(1),
  /** The Debian packages asked for, their release and what they depend on; null if the compilers are not in it. */
  debian: z
    .strictObject({
      release: z.string(),
      packages: z.array(z.string()),
      versions: z.array(z.strictObject({ package: z.string(), version: z.string() })),
    })
    .nullable(),
  parts: z.record(z.string(), z.string()),
  /** In the order of the archive, behind this file. */
  files: z
    .array(file)
    .refine((files) => new Set(files.map((entry) => entry.path)).size === files.length, "names a file twice"),
});

export type BundleManifest = z.infer<typeof bundleManifestSchema>;
export type BundleFile = BundleManifest["files"][number];

export function bundleManifestText(manifest: BundleManifest): string {
  const { files, ...head } = manifest;
  // One line for each file: a person reads it, and compares two bundles with diff.
  const lines = files.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
  return `${JSON.stringify({ ...head, files: [] }, null, 2).replace(/\[\]\n\}$/, `[\n${lines}\n  ]\n}`)}\n`;
}

/** Reads a manifest; gives the clause that says what is wrong with it, with the field's name. */
export function parseBundleManifest(text: string): { manifest: BundleManifest; id: string } | { wrong: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { wrong: "is not JSON" };
  }
  const layout = (value as { bundle?: unknown } | null)?.bundle;
  if (typeof layout === "number" && layout !== 1) return { wrong: `has layout ${layout}, and this version knows 1` };
  const result = bundleManifestSchema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    return { wrong: `is wrong at ${issue?.path.join(".") || "its root"}: ${issue?.message ?? "unknown"}` };
  }
  return { manifest: result.data, id: sha256Hex(Buffer.from(text)) };
}
