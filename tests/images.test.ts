/**
 * Images against readers and writers that are not ours: esptool, adafruit-nrfutil, intelhex, objcopy and the npm package
 * uf2. Firmware is linked here at each board's own addresses; an ESP32's is put together by esptool itself.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeBlock, isUF2Block } from "uf2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RealBoard } from "../boards/index.ts";
import { MCUS, SOFTDEVICE } from "../boards/mcu.ts";
import { collect, manifestOf, writeImage } from "../toolchain/build.ts";
import { sha256Hex } from "../toolchain/core/compile.ts";
import { crc32Mpeg2 } from "../toolchain/image/cortex-m.ts";
import { readDfuPackage } from "../toolchain/image/dfu.ts";
import { readElf } from "../toolchain/image/elf.ts";
import { readEspImage } from "../toolchain/image/esp-image.ts";
import { readIntelHex } from "../toolchain/image/intel-hex.ts";
import { FILES, type ImageFile, type Kind } from "../toolchain/image/make.ts";
import { flattened, sameContent } from "../toolchain/image/segments.ts";
import { verifyFolder } from "../toolchain/image/verify.ts";
import { readZip } from "../toolchain/image/zip.ts";
import { artifactsIn } from "../toolchain/pio/run.ts";
import { espBuild, espChip, espElf } from "./support/esp.ts";
import { ensureArmCompiler, type Linked, linkFor } from "./support/firmware.ts";
import { ESPRESSIF, NORDIC, PICO } from "./support/layouts.ts";
import { adafruitNrfutil, ensureReaders, esptool, python } from "./support/readers.ts";

const CORE = { abi_version: 1, size: 1, sha256: "0".repeat(64), code: 1, data: 0, memory: 1 };

let dir: string;
const at = (...names: string[]): string => join(dir, ...names);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mehr-images-"));
  await ensureArmCompiler();
  await ensureReaders();
}, 600_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Puts what PlatformIO would leave into a folder, collects it, and writes and verifies the image. */
function build(
  board: RealBoard,
  left: ReadonlyMap<string, Uint8Array>,
): { folder: string; files: ImageFile[]; programSha256: string | null } {
  const pio = at(board.id, "build");
  mkdirSync(pio, { recursive: true });
  for (const [name, bytes] of left) writeFileSync(join(pio, name), bytes);
  const files = collect(board, artifactsIn(pio));
  const folder = at(board.id, "dist");
  const manifest = manifestOf({ board, engine: "aot", version: "1.2.3", region: null, core: CORE, files });
  writeImage(folder, manifest, files);
  expect(verifyFolder(folder).problems).toEqual([]);
  return { folder, files, programSha256: manifest.image_sha256 };
}

function only(files: readonly ImageFile[], kind: Kind): Uint8Array {
  const file = files.find((one) => one.kind === kind);
  if (file === undefined) throw new Error(`no ${kind}`);
  return file.bytes;
}

/** Every block as the npm package reads it, laid out from the first address on. */
function uf2Content(file: Uint8Array, family: number): { start: number; bytes: Uint8Array } {
  const blocks = Array.from({ length: file.length / 512 }, (_, i) => file.subarray(512 * i, 512 * i + 512)).map(
    (bytes) => {
      expect(isUF2Block(bytes)).toBe(true);
      return decodeBlock(bytes);
    },
  );
  const start = Math.min(...blocks.map((block) => block.flashAddress));
  const end = Math.max(...blocks.map((block) => block.flashAddress + block.payload.length));
  const bytes = new Uint8Array(end - start).fill(0xff);
  blocks.forEach((block, i) => {
    expect([block.blockNumber, block.totalBlocks, block.flags, block.boardFamily]).toEqual([
      i,
      blocks.length,
      0x2000,
      family,
    ]);
    // What both bootloaders take: 256 bytes at a multiple of 256.
    expect([block.payload.length, block.flashAddress % 256]).toEqual([256, 0]);
    bytes.set(block.payload, block.flashAddress - start);
  });
  return { start, bytes };
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const all = new Uint8Array(length).fill(0xff);
  all.set(bytes);
  return all;
}

describe.each(NORDIC.map((board) => [board.id, board] as const))("the image of an nRF52840: %s", (_, board) => {
  let linked: Linked;
  let folder: string;
  let files: ImageFile[];
  let programSha256: string | null;
  beforeAll(() => {
    linked = linkFor(board);
    ({ folder, files, programSha256 } = build(board, new Map([["firmware.elf", linked.elf]])));
  });

  it("is known by the hash of what objcopy finds in the ELF file", () => {
    expect(programSha256).toBe(sha256Hex(linked.bin));
  });

  it("has the bytes objcopy finds in the ELF file, in Intel HEX that intelhex reads", () => {
    const elf = readElf(linked.elf);
    const flat = elf.ok ? flattened(elf.value.segments) : elf;
    expect(flat.ok && Buffer.compare(flat.value.bytes, linked.bin)).toBe(0);
    const objcopied = readIntelHex(linked.hex);
    const ours = readIntelHex(only(files, "hex"));
    expect(objcopied.ok && ours.ok && sameContent(objcopied.value, ours.value)).toBe(true);
    const script = `
import json, sys
from intelhex import IntelHex
ih = IntelHex(sys.argv[1])
print(json.dumps([ih.minaddr(), ih.segments(), ih.tobinstr().hex()]))`;
    const [start, segments, content] = python(script, join(folder, FILES.hex)) as [number, [number, number][], string];
    expect(start).toBe(board.flash.app.offset);
    expect(elf.ok && elf.value.segments.map((s) => [s.address, s.address + s.bytes.length])).toEqual(segments);
    expect(content).toBe(Buffer.from(linked.bin).toString("hex"));
  });

  it("has them in UF2 blocks that the npm package uf2 reads", () => {
    const { start, bytes } = uf2Content(only(files, "uf2"), 0xada52840);
    expect(start).toBe(board.flash.app.offset);
    expect(Buffer.from(bytes).equals(padded(linked.bin, bytes.length))).toBe(true);
    expect(bytes.length - linked.bin.length).toBeLessThan(256);
  });

  it("has the DFU package adafruit-nrfutil makes of our hex file, and it unpacks ours", () => {
    const softdevice = board.flash.softdevice ?? "S140 6.1.1";
    const { fwid } = SOFTDEVICE[softdevice];
    const required = `0x${fwid.toString(16).padStart(4, "0")}`;
    const theirs = at(board.id, "theirs.zip");
    const hex = join(folder, FILES.hex);
    adafruitNrfutil("dfu", "genpkg", "--dev-type", "0x0052", "--sd-req", required, "--application", hex, theirs);
    const [a, b] = [readZip(readFileSync(theirs)), readZip(only(files, "dfu-zip"))];
    if (!a.ok || !b.ok) throw new Error(JSON.stringify([a, b]));
    const byName = (entries: typeof a.value): Record<string, string> =>
      Object.fromEntries(entries.map(({ name, bytes }) => [name, Buffer.from(bytes).toString("hex")]));
    expect(byName(b.value)).toEqual(byName(a.value));
    expect(readDfuPackage(readFileSync(theirs))).toMatchObject({ ok: true, value: { softdevices: [fwid] } });

    const script = `
import json, sys
from nordicsemi.dfu.package import Package
m = Package.unpack_package(sys.argv[1], sys.argv[2])
d = m.application.init_packet_data
print(json.dumps([m.application.bin_file, d.device_type, d.softdevice_req, d.firmware_crc16]))`;
    const unpacked = python(script, join(folder, FILES["dfu-zip"]), at(board.id, "unpacked"));
    const crc = Buffer.from(b.value.find(({ name }) => name === "firmware.dat")?.bytes ?? []).readUInt16LE(12);
    expect(unpacked).toEqual(["firmware.bin", 0x52, [fwid], crc]);
    const words = Math.ceil(linked.bin.length / 4) * 4;
    expect(readFileSync(at(board.id, "unpacked", "firmware.bin")).equals(padded(linked.bin, words))).toBe(true);
  });
});

describe.each(PICO.map((board) => [board.id, board] as const))("the image of an RP2040: %s", (_, board) => {
  it("is whole sectors of UF2 blocks with the bytes of the ELF file, which replace PlatformIO's", () => {
    const boot2 = Buffer.alloc(256, 0x5a);
    boot2.writeUInt32LE(crc32Mpeg2(boot2.subarray(0, 252)), 252);
    const linked = linkFor(board, boot2);
    const left = new Map<string, Uint8Array>([
      ["firmware.elf", linked.elf],
      ["firmware.uf2", Buffer.from("theirs")],
    ]);
    const { files, programSha256 } = build(board, left);
    expect(programSha256).toBe(sha256Hex(linked.bin));
    const { start, bytes } = uf2Content(only(files, "uf2"), 0xe48bff56);
    expect([start, bytes.length % 4096]).toEqual([0x1000_0000, 0]);
    expect(Buffer.from(bytes).equals(padded(linked.bin, bytes.length))).toBe(true);
    expect(files.map(({ kind }) => kind)).toEqual(["elf", "uf2"]);
  });
});

describe.each(ESPRESSIF.map((board) => [board.id, board] as const))("the image of an ESP32: %s", (_, board) => {
  it("is read and merged by esptool to the same bytes, and takes an application esptool made", () => {
    const chip = espChip(board);
    const work = at(`${board.id}-esptool`);
    mkdirSync(work, { recursive: true });
    const left = espBuild(board);
    const megabytes = `${board.flash.size >> 20}MB`;
    const made = [
      ["firmware.bin", espElf(board).elf],
      ["bootloader.bin", espElf(board, 3000).elf],
    ] as const;
    const flags = ["--flash-mode", "dio", "--flash-size", megabytes];
    for (const [name, elf] of made) writeFileSync(join(work, `${name}.elf`), elf);
    esptool(
      made.map(([name]) => ["--chip", chip, "elf2image", ...flags, "-o", join(work, name), join(work, `${name}.elf`)]),
    );
    for (const [name] of made) left.set(name, readFileSync(join(work, name)));
    const { folder, files, programSha256 } = build(board, left);
    const offsets = files.map(({ kind, offset }) => [kind, offset]);
    const bootloader = chip === "esp32" ? 0x1000 : 0;
    expect(bootloader).toBe(MCUS[board.mcu].espBootloader);
    expect(offsets).toEqual([
      ["elf", null],
      ["merged", 0],
      ["bootloader", bootloader],
      ["partitions", 0x8000],
      ["boot-app0", 0xe000],
      ["bin", 0x10000],
    ]);
    const merged = join(work, "merged.bin");
    const args = (["bootloader", "partitions", "boot-app0", "bin"] as const).flatMap((kind) => [
      String(files.find((file) => file.kind === kind)?.offset),
      join(folder, FILES[kind]),
    ]);
    const documented = join(work, "documented.bin");
    writeFileSync(documented, espBuild(board).get("firmware.bin") ?? "");
    const [, info, other] = esptool([
      ["--chip", chip, "merge-bin", "-o", merged, ...args],
      ["--chip", chip, "image-info", join(folder, FILES.bin)],
      ["--chip", chip, "image-info", documented],
    ]);
    expect(readFileSync(merged).equals(only(files, "merged"))).toBe(true);

    expect(info).toMatch(/Checksum: 0x[0-9a-f]{2} \(valid\)/i);
    expect(info).toContain(`Validation hash: ${programSha256 ?? "?"} (valid)`);
    expect(info).toMatch(new RegExp(`Flash size: ${megabytes}`));
    const ours = readEspImage(only(files, "bin"));
    expect(ours).toMatchObject({ ok: true, value: { flashSize: board.flash.size, flashMode: "dio" } });
    expect(info).toMatch(new RegExp(`Entry point: 0x${ours.ok ? ours.value.entry.toString(16) : ""}`, "i"));
    // An image written by the documents alone is one for esptool too.
    expect(other).toMatch(/\(valid\)[^]*\(valid\)/);
  });
});
