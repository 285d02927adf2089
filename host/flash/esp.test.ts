import { describe, expect, it } from "vitest";
import { boardPartitions, partitionTable } from "../../tests/support/esp.ts";
import { realBoard } from "../../tests/support/flashing.ts";
import type { Manifest } from "../../toolchain/manifest.ts";
import { keptProblem } from "./esp.ts";

const manifest = { board: "heltec-v3" } as Manifest;
const part = (path: string, offset: number, size: number): { path: string; offset: number; size: number } => ({
  path,
  offset,
  size,
});

describe("what a relay keeps", () => {
  const table = boardPartitions(realBoard("heltec-v3"));

  it("is not touched by the parts of an image", () => {
    const parts = [
      part("bootloader.bin", 0, 0x5000),
      part("boot_app0.bin", 0xe000, 0x2000),
      part("firmware.bin", 0x1_0000, 0x33_0000),
    ];
    expect(keptProblem(manifest, table, parts)).toBeUndefined();
  });

  it.each([
    ["nvs, by a part that begins in it", part("x.bin", 0x9000, 1), "nvs"],
    ["nvs, by the last sector of a part that ends in front of it", part("x.bin", 0x8000, 0x1001), "nvs"],
    ["records, behind the application", part("firmware.bin", 0x1_0000, 0x66_0001), "spiffs"],
  ])("is kept: %s", (_, one, label) => {
    const wider = partitionTable([
      ["nvs", 1, 0x02, 0x9000, 0x5000],
      ["otadata", 1, 0x00, 0xe000, 0x2000],
      ["app0", 0, 0x10, 0x1_0000, 0x33_0000],
      ["spiffs", 1, 0x82, 0x67_0000, 0x18_0000],
    ]);
    expect(keptProblem(manifest, wider, [one])).toBe(
      `${one.path} of heltec-v3 reaches into the partition ${label}, which is to be kept.`,
    );
  });

  it("cannot be known from a table that cannot be read", () => {
    expect(keptProblem(manifest, new Uint8Array(32), [])).toMatch(/^The partition table of the image cannot be read: /);
  });
});
