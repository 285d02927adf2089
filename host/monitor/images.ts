/** The image a board runs, among those built here: what its addresses mean is in its ELF file. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Identity } from "../board/protocol.ts";
import { readSymbols, type SymbolTable } from "../../toolchain/symbols/elf-symbols.ts";
import { knownFunctionNames } from "../../toolchain/symbols/wasm-names.ts";

export interface KnownImage {
  /** "dist/qemu-m4". */
  readonly folder: string;
  readonly elf: string;
  /** e_machine of the ELF file. */
  readonly machine: number;
  readonly symbols: SymbolTable;
}

/** What addresses and function numbers of a board's program mean. */
export interface Meanings {
  /** Hex; undefined if the board cannot tell. */
  readonly imageSha256: string | undefined;
  readonly image: KnownImage | undefined;
  /** Functions of its core by index; undefined if that core was not compiled here. */
  readonly functions: ReadonlyMap<number, string> | undefined;
}

/** Looks up what is known of a board's program in the checkout at `root`. */
export function meaningsOf(root: string, identity: Pick<Identity, "imageSha256" | "wasmSha256">): Meanings {
  const { imageSha256, wasmSha256 } = identity;
  const image = imageSha256 === undefined ? undefined : findImage(root, imageSha256);
  return { imageSha256, image, functions: knownFunctionNames(root, wasmSha256) };
}

/** The image whose manifest names this hash as that of the program on the chip, or of one of its files. */
export function findImage(root: string, sha256: string): KnownImage | undefined {
  const dist = join(root, "dist");
  if (!existsSync(dist)) return undefined;
  for (const name of readdirSync(dist).sort()) {
    const folder = join(dist, name);
    const manifest = readJson(join(folder, "manifest.json"));
    if (manifest === undefined || !hashesOf(manifest).includes(sha256)) continue;
    const elf = join(folder, "firmware.elf");
    if (!existsSync(elf)) continue;
    const bytes = readFileSync(elf);
    const symbols = readSymbols(bytes);
    if (symbols.ok) return { folder: `dist/${name}`, elf, machine: bytes.readUInt16LE(18), symbols: symbols.value };
  }
  return undefined;
}

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function hashesOf({ image_sha256: image, artifacts }: Record<string, unknown>): unknown[] {
  const files = Array.isArray(artifacts) ? (artifacts as unknown[]) : [];
  return [image, ...files.map((file) => (file as { sha256?: unknown } | null)?.sha256)];
}
