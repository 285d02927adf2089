import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { arrange, piopmText, satisfies } from "./packages.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr-packages-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const WASM3 = { type: "library", owner: "wasm3", name: "Wasm3", version: "0.5.0", requirement: "0.5.0" } as const;

function library(piopm: string | undefined): string {
  const path = join(dir, "Wasm3");
  mkdirSync(path);
  writeFileSync(join(path, "library.json"), '{"name":"Wasm3","version":"0.5.0"}');
  if (piopm !== undefined) writeFileSync(join(path, ".piopm"), piopm);
  return path;
}

describe("satisfies", () => {
  it("accepts the library of the exact dependency, whatever the case", () => {
    const path = library(piopmText(WASM3));
    expect(satisfies(path, "wasm3/Wasm3@0.5.0")).toBe(true);
    expect(satisfies(path, "Wasm3/WASM3 @ 0.5.0")).toBe(true);
  });

  it.each([
    ["another version", piopmText({ ...WASM3, version: "0.5.1" })],
    ["another owner", piopmText({ ...WASM3, owner: "someone" })],
    ["another name", piopmText({ ...WASM3, name: "wasm4" })],
    ["a damaged .piopm", "{"],
    ["no .piopm", undefined],
  ])("refuses %s", (_, piopm) => {
    expect(satisfies(library(piopm), "wasm3/Wasm3@0.5.0")).toBe(false);
  });

  it("refuses a folder without a manifest, and none at all", () => {
    const path = library(piopmText(WASM3));
    rmSync(join(path, "library.json"));
    expect(satisfies(path, "wasm3/Wasm3@0.5.0")).toBe(false);
    expect(satisfies(join(dir, "nowhere"), "wasm3/Wasm3@0.5.0")).toBe(false);
  });
});

describe("piopmText", () => {
  it("is what PlatformIO itself writes", () => {
    expect(JSON.parse(piopmText(WASM3))).toEqual({
      type: "library",
      name: "Wasm3",
      version: "0.5.0",
      spec: { owner: "wasm3", id: null, name: "Wasm3", requirements: "0.5.0", uri: null },
    });
  });
});

describe("arrange", () => {
  it("fills a folder once per recipe and replaces it whole", async () => {
    const path = join(dir, "tool");
    const fill = (name: string) => async (work: string) => writeFileSync(join(work, name), "");
    expect(await arrange(path, "a", fill("one"))).toBe(true);
    expect(await arrange(path, "a", fill("two"))).toBe(false);
    expect(existsSync(join(path, "one"))).toBe(true);
    expect(await arrange(path, "b", fill("two"))).toBe(true);
    expect([existsSync(join(path, "one")), existsSync(join(path, "two"))]).toEqual([false, true]);
    expect(readdirSync(dir)).toEqual(["tool"]);
  });

  it("leaves the old folder when filling the new one fails", async () => {
    const path = join(dir, "tool");
    await arrange(path, "a", async (work) => writeFileSync(join(work, "one"), ""));
    const failing = arrange(path, "b", async () => {
      throw new Error("no network");
    });
    await expect(failing).rejects.toThrow("no network");
    expect(existsSync(join(path, "one"))).toBe(true);
    expect(readdirSync(dir)).toEqual(["tool"]);
  });
});
