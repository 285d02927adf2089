import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryRoot } from "../paths.ts";
import { assemble, assembleNamed, type NamedModule } from "./compile.ts";
import { SECTION, sectionsOf, withoutCustomSections } from "../wasm/sections.ts";

const root = repositoryRoot();
const read = (name: string): string | null => {
  try {
    return readFileSync(join(root, name), "utf8");
  } catch {
    return null;
  }
};

/** Names of the custom sections, which begin with a length byte and a name. */
function customNames(wasm: Uint8Array): string[] {
  return sectionsOf(wasm)
    .filter(({ id }) => id === SECTION.custom)
    .map(({ start }) => Buffer.from(wasm).toString("latin1", start + 1, start + 1 + (wasm[start] ?? 0)));
}

it("names and source map change nothing in the module that ships", { timeout: 120_000 }, async () => {
  const plain = await assemble("core-as/assembly/node.ts", read);
  const { wasm, named, sourceMap }: NamedModule = await assembleNamed("core-as/assembly/node.ts", read);
  expect(Buffer.from(wasm).equals(plain)).toBe(true);
  expect(Buffer.from(wasm).equals(readFileSync(join(root, "build", "core", "relay.wasm")))).toBe(true);
  expect(customNames(plain)).toEqual([]);
  expect(customNames(named)).toEqual(["name", "sourceMappingURL"]);
  expect(named.length).toBeGreaterThan(wasm.length);
  // Offsets hold in both modules because the custom sections come last.
  expect(Buffer.from(named.subarray(0, wasm.length)).equals(wasm)).toBe(true);
  expect((JSON.parse(sourceMap) as { version: number; sources: string[] }).sources).toContain(
    "core-as/assembly/node.ts",
  );
});

it("a module without custom sections is left as it is, and any others are taken out wherever they are", () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const types = [1, 4, 1, 0x60, 0, 0];
  const custom = [0, 3, 1, 0x78, 0x79];
  const bare = Uint8Array.from([...header, ...types]);
  expect(withoutCustomSections(bare)).toEqual(bare);
  const between = Uint8Array.from([...header, ...custom, ...types, ...custom]);
  expect(withoutCustomSections(between)).toEqual(bare);
});
