/** dist/<board>/manifest.json, or dist/<board>-aot/manifest.json: everything a flasher or a person needs to know about an image. */
import * as z from "zod";
import { ENGINES } from "../boards/engine.ts";
import { CORE_SIZE_BUDGET, LINEAR_MEMORY_LIMIT } from "./core/limits.ts";

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const usage = z.strictObject({ used: z.int().min(0), max: z.int().min(0).nullable() });

export const artifactKinds = ["elf", "bin", "hex", "uf2", "dfu-zip", "bootloader", "partitions"] as const;

export const manifestSchema = z.strictObject({
  /** Version of this layout. */
  manifest: z.literal(1),
  board: z.string(),
  name: z.string(),
  mcu: z.string(),
  /** What runs the core. */
  engine: z.enum(ENGINES),
  /** The core inside the image: the module that runs there, or the one that was translated to what runs. */
  core: z.strictObject({
    abi_version: z.int(),
    size: z.int(),
    sha256: hex64,
    /** Bytes of its code and data sections. */
    code: z.int(),
    data: z.int(),
    /** Bytes of linear memory it uses. */
    memory: z.int(),
  }),
  artifacts: z.array(
    z.strictObject({
      /** File beside the manifest. */
      path: z.string(),
      kind: z.enum(artifactKinds),
      /** Address in flash; null if the file says it itself (elf, hex, uf2, zip) or there is no flash. */
      offset: z.int().min(0).nullable(),
      size: z.int().min(0),
      sha256: hex64,
    }),
  ),
  /** Bytes by PlatformIO's count; max is null where there is no limit. Absent for a program of the host. */
  flash: usage.optional(),
  ram: usage.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type Artifact = Manifest["artifacts"][number];

/** The manifest as text, the same for the same image. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Reads a manifest; undefined if the text is none. */
export function parseManifest(text: string): Manifest | undefined {
  try {
    const result = manifestSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
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
