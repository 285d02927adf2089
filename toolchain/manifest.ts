/** dist/<board>/manifest.json, or dist/<board>-aot/manifest.json: everything a flasher or a person needs to know about an image. */
import * as z from "zod";
import { ENGINES } from "../boards/engine.ts";
import { CORE_SIZE_BUDGET, LINEAR_MEMORY_LIMIT } from "./core/limits.ts";
import { MehrError } from "./errors.ts";

/** Version of the layout; a reader refuses any other. */
export const MANIFEST_VERSION = 3;
export const MANIFEST_FILE = "manifest.json";

const hex64 = z.string().regex(/^[0-9a-f]{64}$/, { error: "a SHA-256 is 64 lower-case hexadecimal digits" });
const bytes = z.int().min(0);
const address = z.int().min(0).max(0xffff_ffff);
const usage = z.strictObject({ used: bytes, max: bytes.nullable() });
const u16 = z.int().min(0).max(0xffff);
/** A plain name: no separators of any system, not the folder above, nothing hidden. */
const file = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, {
  error: ({ input }) => `${JSON.stringify(input)} is not the name of a file beside the manifest`,
});

export const artifactKinds = [
  "elf",
  "bin",
  "hex",
  "uf2",
  "dfu-zip",
  "merged",
  "bootloader",
  "partitions",
  "boot-app0",
] as const;

/** Chip families as esp-web-tools names them. */
export const CHIP_FAMILIES = ["ESP32", "ESP32-S3"] as const;

export const manifestSchema = z.strictObject({
  manifest: z.literal(MANIFEST_VERSION).describe("Version of this layout."),
  name: z.string().describe("What a person reads before flashing (esp-web-tools)."),
  version: z.string().describe("Version of the firmware (esp-web-tools)."),
  builds: z
    .array(
      z.strictObject({
        chipFamily: z.enum(CHIP_FAMILIES).describe("The chip, by its name there."),
        parts: z
          .array(
            z.strictObject({ path: file.describe("An artifact."), offset: address.describe("Its place in flash.") }),
          )
          .min(1)
          .describe("Everything but merged.bin, which would erase what a relay keeps between them, its identity."),
      }),
    )
    .describe("What esp-web-tools writes where; empty for a chip it does not flash."),
  board: z.string().describe("Id of the board value the image is made from."),
  mcu: z.string().describe("Its microcontroller."),
  engine: z.enum(ENGINES).describe("What runs the core."),
  core: z
    .strictObject({
      abi_version: z.int().describe("Version of its boundary."),
      size: bytes.describe("Bytes of the module."),
      sha256: hex64.describe("Its hash, which a relay tells too."),
      code: bytes.describe("Bytes of its code section."),
      data: bytes.describe("Bytes of its data section."),
      memory: bytes.describe("Bytes of linear memory it uses."),
    })
    .describe("The core inside: the module that runs there, or the one that was translated to what runs."),
  region: z.string().nullable().describe("Region whose law is baked in; null if the image only listens by itself."),
  app: z
    .strictObject({ offset: address, max: bytes })
    .nullable()
    .describe("Where the application begins in the flash and how much may be there; null for a virtual board."),
  softdevice: z
    .strictObject({ name: z.string(), fwid: u16, appOffset: address })
    .nullable()
    .describe("The SoftDevice the application is linked for: it starts beside no other. Null for a chip without."),
  uf2: z
    .strictObject({ family: address, boardId: z.string().nullable() })
    .nullable()
    .describe("Family in the UF2 file, and what `Board-ID:` in INFO_UF2.TXT of the board's drive must say, if known."),
  usb: z
    .array(z.strictObject({ vid: u16, pid: u16, mode: z.enum(["app", "bootloader", "bridge"]) }))
    .describe("USB ids the board appears with: as the application, as its bootloader, or as a UART bridge on it."),
  artifacts: z
    .array(
      z.strictObject({
        path: file.describe("File beside the manifest."),
        kind: z.enum(artifactKinds).describe("What it is; see images.md."),
        offset: address.nullable().describe("Address in the flash; null if the file itself says it, or there is none."),
        size: bytes.describe("Its bytes."),
        sha256: hex64.describe("Its hash."),
      }),
    )
    .min(1)
    .refine((all) => new Set(all.map(({ path }) => path)).size === all.length, { error: "a file is named twice" })
    .describe("Every file of the image."),
  image_sha256: hex64
    .nullable()
    .describe(
      "Hash of the program in flash, which a board that runs it reports; see images.md. Null if it is not known.",
    ),
  flash: usage.optional().describe("Bytes by PlatformIO's count; max is null where there is no limit."),
  ram: usage.optional().describe("Static RAM, likewise."),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Artifact = Manifest["artifacts"][number];

/** The manifest as text, the same for the same image. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Reads a manifest; undefined if the text is none of this version. */
export function parseManifest(text: string): Manifest | undefined {
  const result = manifestSchema.safeParse(parseJson(text));
  return result.success ? result.data : undefined;
}

/** Reads a manifest, or says in one sentence why it cannot: throws MehrError (1). `path` is only used in sentences. */
export function readManifest(text: string, path: string): Manifest {
  const value = parseJson(text);
  const version = typeof value === "object" && value !== null && "manifest" in value ? value.manifest : undefined;
  if (typeof version !== "number") {
    throw new MehrError(1, `${path} is not the manifest of an image; build the image again with \`mehr build\`.`);
  }
  if (version !== MANIFEST_VERSION) {
    const fix = version < MANIFEST_VERSION ? "build the image again with `mehr build`" : "update this checkout";
    throw new MehrError(1, `${path} has version ${version} and this mehr reads version ${MANIFEST_VERSION}; ${fix}.`);
  }
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".") || "the whole";
  throw new MehrError(1, `${path}: ${field}: ${issue?.message}; do not flash it, build it again or get it again.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The JSON Schema (draft 2020-12) of a manifest; docs/manifest.md publishes it. */
export function manifestJsonSchema(): object {
  return z.toJSONSchema(manifestSchema);
}

export interface SizeLine {
  readonly what: "core" | "code" | "data" | "memory" | "flash" | "ram";
  readonly bytes: number;
  /** What there is, or the budget of design section 3. */
  readonly max: number | null;
  /** Bytes more than in the build before; undefined if there was none. */
  readonly change: number | undefined;
}

/** Sizes of an image and their change since the build before. */
export function sizeReport(manifest: Manifest, before: Manifest | undefined): SizeLine[] {
  const line = (
    what: SizeLine["what"],
    max: number | null | undefined,
    bytes: (of: Manifest) => number | undefined,
  ): SizeLine[] => {
    const now = bytes(manifest);
    const old = before && bytes(before);
    return now === undefined
      ? []
      : [{ what, bytes: now, max: max ?? null, change: old === undefined ? old : now - old }];
  };
  return [
    ...line("core", CORE_SIZE_BUDGET, ({ core }) => core.size),
    ...line("code", null, ({ core }) => core.code),
    ...line("data", null, ({ core }) => core.data),
    ...line("memory", LINEAR_MEMORY_LIMIT, ({ core }) => core.memory),
    ...line("flash", manifest.flash?.max, ({ flash }) => flash?.used),
    ...line("ram", manifest.ram?.max, ({ ram }) => ram?.used),
  ];
}
