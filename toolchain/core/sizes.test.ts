import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manifestSchema, sizeReport, type Manifest } from "../manifest.ts";
import { repositoryRoot } from "../paths.ts";
import { assemble } from "./compile.ts";
import { CORE_SIZE_CEILING, LINEAR_MEMORY_LIMIT } from "./limits.ts";
import { wasmSizes } from "./sizes.ts";

describe("the size of a module", () => {
  it("is within its ceiling and the budget of memory", async () => {
    const wasm = readFileSync(join(repositoryRoot(), "build", "core", "relay.wasm"));
    const { code, data, memory } = await wasmSizes(wasm);
    expect(code + data).toBeLessThan(wasm.length);
    expect(code + data).toBeGreaterThan(wasm.length * 0.8);
    expect(wasm.length).toBeLessThanOrEqual(CORE_SIZE_CEILING);
    expect(memory).toBeLessThanOrEqual(LINEAR_MEMORY_LIMIT);
  });

  it("moves with what is in it: 100 constant bytes are data, not code", async () => {
    const source = (bytes: number): Promise<Uint8Array> => {
      const list = Array.from({ length: bytes }, (_, i) => (i % 255) + 1).join(",");
      const text = `const T = memory.data<u8>([${list}]); export function memory_used(): u32 { return <u32>__heap_base; }
        export function f(i: u32): u32 { return load<u8>(T + i); }`;
      return assemble("m.ts", (name) => (name === "m.ts" ? text : null));
    };
    const [small, large] = [await wasmSizes(await source(100)), await wasmSizes(await source(200))];
    expect(large.data - small.data).toBeGreaterThanOrEqual(100);
    expect(large.data - small.data).toBeLessThanOrEqual(102);
    expect(Math.abs(large.code - small.code)).toBeLessThanOrEqual(2);
    expect(large.memory - small.memory).toBeGreaterThanOrEqual(96);
  });
});

describe("the size report", () => {
  const manifest = (size: number, flash: number): Manifest =>
    manifestSchema.parse({
      manifest: 3,
      name: "Mehr on X",
      version: "1.0.0",
      builds: [],
      board: "x",
      mcu: "m",
      engine: "wasm3",
      core: { abi_version: 1, size, sha256: "0".repeat(64), code: size - 50, data: 40, memory: 1000 },
      region: null,
      app: null,
      softdevice: null,
      uf2: null,
      usb: [],
      artifacts: [{ path: "firmware.elf", kind: "elf", offset: null, size: 0, sha256: "0".repeat(64) }],
      image_sha256: null,
      flash: { used: flash, max: 1000 },
    });

  it("tells the change since the build before, and none for the first", () => {
    const first = sizeReport(manifest(100, 500), undefined);
    expect(first.map((line) => [line.what, line.bytes, line.change])).toEqual([
      ["core", 100, undefined],
      ["code", 50, undefined],
      ["data", 40, undefined],
      ["memory", 1000, undefined],
      ["flash", 500, undefined],
    ]);
    const second = sizeReport(manifest(110, 480), manifest(100, 500));
    expect(second.map((line) => line.change)).toEqual([10, 10, 0, 0, -20]);
    expect(second.find((line) => line.what === "flash")?.max).toBe(1000);
  });
});
