import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findBoard } from "../boards/index.ts";
import { manifestOf } from "./build.ts";
import { MehrError } from "./errors.ts";
import { manifestSchema, manifestText, parseManifest, readManifest } from "./manifest.ts";
import { MANIFEST_DOC, renderManifestDoc } from "./manifest-doc.ts";
import { repositoryRoot } from "./paths.ts";

const core = { abi_version: 1, size: 1, sha256: "0".repeat(64), code: 1, data: 0, memory: 1 };
const files = [{ kind: "elf" as const, offset: null, bytes: new Uint8Array(3) }];
const of = (id: string, region: string | null = null) =>
  manifestOf({ board: findBoard(id), engine: "aot", version: "1.2.3", region, core, files });

describe("the manifest", () => {
  it("says what a flasher compares a board with", () => {
    expect(of("rak4631", "eu868")).toMatchObject({
      manifest: 3,
      name: "Mehr on RAK4631 WisBlock Core",
      version: "1.2.3",
      builds: [],
      region: "eu868",
      app: { offset: 0x26000, max: 0xc7000 },
      softdevice: { name: "S140 6.1.1", fwid: 0x00b6, appOffset: 0x26000 },
      uf2: { family: 0xada52840, boardId: "WisBlock-RAK4631-Board" },
      usb: [{ vid: 0x239a, pid: 0x8029, mode: "app" }, {}, {}],
    });
    expect(of("qemu-m4")).toMatchObject({ builds: [], app: null, softdevice: null, uf2: null, usb: [], region: null });
  });

  it("has the four fields esp-web-tools reads, and its names of chips", () => {
    const { name, version, builds } = of("heltec-v3");
    expect([typeof name, typeof version, builds[0]?.chipFamily]).toEqual(["string", "string", "ESP32-S3"]);
  });

  it("is read as it was written, and nothing else is read", () => {
    const text = manifestText(of("rak4631"));
    expect(parseManifest(text)).toEqual(of("rak4631"));
    expect(manifestText(readManifest(text, "x"))).toBe(text);
    expect(text).not.toMatch(/\d{4}-\d\d-\d\d|\d\d:\d\d|\/(home|tmp|root)/);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.nat().map((at) => text.slice(0, at % (text.length - 1))),
        ),
        (any) => {
          expect(parseManifest(any)).toBeUndefined();
          expect(() => readManifest(any, "dist/x/manifest.json")).toThrow(MehrError);
        },
      ),
    );
  });

  it("refuses a field it does not know, and a file named twice", () => {
    const manifest = of("rak4631");
    expect(manifestSchema.safeParse({ ...manifest, built: "today" }).success).toBe(false);
    const twice = { ...manifest, artifacts: [...manifest.artifacts, ...manifest.artifacts] };
    expect(() => readManifest(JSON.stringify(twice), "m")).toThrow("m: artifacts: a file is named twice");
  });

  it("is described in docs/manifest.md by `mehr generate`", () => {
    expect(readFileSync(join(repositoryRoot(), MANIFEST_DOC), "utf8")).toBe(renderManifestDoc());
  });
});
