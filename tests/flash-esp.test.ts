/**
 * `mehr flash` of Espressif boards: the real esptool, as the product runs it, against a boot ROM of ours on a
 * pseudo-terminal, with esptool's loader and without.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../toolchain/paths.ts";
import { espBuild } from "./support/esp.ts";
import { EspRom, type EspRomOptions } from "./support/esp-rom.ts";
import type { Speaker } from "./support/fake-console.ts";
import { imageOf, type MadeImage, mehrFlash, QUICK, realBoard } from "./support/flashing.ts";
import { Pty } from "./support/pty.ts";
import { ensureReaders } from "./support/readers.ts";

let dir: string;
let s3: MadeImage;
let old: MadeImage;
const ptys: Pty[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mehr-flash-esp-"));
  await ensureReaders();
  s3 = imageOf(dir, "heltec-v3", espBuild(realBoard("heltec-v3"), 30_000));
  old = imageOf(dir, "t3-v161", espBuild(realBoard("t3-v161"), 9000));
}, 600_000);
afterAll(async () => {
  for (const pty of ptys) await pty.unplug();
  rmSync(dir, { recursive: true, force: true });
});

/** A chip on a line of its own. */
async function chip(options: Omit<EspRomOptions, "flash"> & { flash?: number }): Promise<{ pty: Pty; rom: EspRom }> {
  const pty = await Pty.open();
  ptys.push(pty);
  return { pty, rom: new EspRom(pty, { flash: 8 << 20, ...options }) };
}

/** The program that is in the flash once it is the image's. */
function programIn(rom: () => EspRom, image: MadeImage): Speaker {
  const app = readFileSync(join(image.folder, "firmware.bin"));
  return () => {
    const is = Buffer.from(rom().flash.subarray(0x1_0000, 0x1_0000 + app.length));
    return is.equals(app) ? { board: image.board.id, image: image.hash } : undefined;
  };
}

function expectWritten(rom: EspRom, image: MadeImage): void {
  for (const { path, offset } of image.manifest.builds[0]?.parts ?? []) {
    const file = readFileSync(join(image.folder, path));
    expect(Buffer.from(rom.flash.subarray(offset, offset + file.length)).equals(file), path).toBe(true);
  }
}

describe.concurrent("an Espressif board is flashed", () => {
  it.each([
    ["with esptool's loader", true],
    ["by its ROM alone", false],
  ])("%s, keeps what a relay keeps, and proves it by reading back and by what boots", async (_, stub) => {
    const { pty, rom } = await chip({ chip: "ESP32-S3", program: () => programIn(() => rom, s3)() });
    // What the relay keeps: settings, and behind both slots its records.
    const kept = [
      [0x9000, 0x5000],
      [0x67_0000, 0x18_0000],
    ] as const;
    for (const [at, size] of kept) rom.flash.fill(0x5a, at, at + size);
    const { code, result } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder, stub });
    expect(result).toMatchObject({
      ok: true,
      method: "esptool",
      identified: { chip: "ESP32-S3", flash: 8 << 20, mac: "34:85:0a:0b:0c:0d" },
      proof: ["read-back", "booted"],
      running: { board: "heltec-v3", image: s3.hash },
    });
    expect(code).toBe(0);
    expectWritten(rom, s3);
    for (const [at, size] of kept) expect(rom.flash.subarray(at, at + size).every((byte) => byte === 0x5a)).toBe(true);
    expect(rom.commands.includes(0x07)).toBe(stub);
    expect(rom.commands.includes(stub ? 0x11 : 0x03)).toBe(true);
  });

  it("of the older kind, as a person runs it: the packed command, its JSON and its exit code", async () => {
    const { pty, rom } = await chip({ chip: "ESP32", flash: 4 << 20, program: () => programIn(() => rom, old)() });
    const mehr = join(repositoryRoot(), "bin", "mehr.mjs");
    const args = [mehr, "flash", "t3-v161", "--port", pty.path, "--image", old.folder, "--json"];
    // Not synchronously: the chip is in this process.
    const out = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, args, (error, stdout) => (error ? reject(new Error(stdout)) : resolve(stdout)));
    });
    expect(JSON.parse(out)).toMatchObject({ ok: true, proof: ["read-back", "booted"], port: pty.path });
    expectWritten(rom, old);
  });

  it("and it is said when the program does not answer: it is in the flash, and more is not claimed", async () => {
    const { pty, rom } = await chip({ chip: "ESP32-S3" });
    const { code, result, steps } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder });
    expect([code, result.proof, result.running]).toEqual([0, ["read-back"], null]);
    expect(steps.at(-1)).toMatch(/in the flash, but no program of ours answered/);
    expectWritten(rom, s3);
  });

  it("after everything was erased, if that is what was asked for twice", async () => {
    const { pty, rom } = await chip({ chip: "ESP32-S3" });
    rom.flash.fill(0x5a, 0x67_0000, 0x68_0000);
    const once = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder, erase: true });
    expect([once.code, once.result.error?.message]).toEqual([
      2,
      expect.stringMatching(/identity, for good; add --yes/),
    ]);
    expect(rom.commands).toEqual([]);
    const { code } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder, erase: true, yes: true });
    expect(code).toBe(0);
    expect(rom.flash[0x67_0000]).toBe(0xff);
    expectWritten(rom, s3);
  });
});

describe.concurrent("a chip the image is not for is refused with both sides, and nothing is written", () => {
  it.each([
    ["another chip", { chip: "ESP32-C3" }, /has an ESP32-C3 \(.*\) and the image is for ESP32-S3, the board heltec-v3/],
    ["the chip before", { chip: "ESP32", flash: 4 << 20 }, /has an ESP32 .*the image is for ESP32-S3/],
    [
      "a smaller flash",
      { chip: "ESP32-S3", flash: 4 << 20 },
      /has 4 MB of flash and the board heltec-v3 has 8 MB: .*not fit/,
    ],
    ["a larger flash", { chip: "ESP32-S3", flash: 16 << 20 }, /has 16 MB of flash and .* 8 MB: it is probably another/],
  ] as const)("%s", async (_, options, says) => {
    const { pty, rom } = await chip(options);
    const { code, result } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder });
    expect([code, result.state]).toEqual([2, "unchanged"]);
    expect(result.error?.message).toMatch(says);
    expect(result.error?.message).toMatch(/Nothing was written\.$/);
    expect(rom.erased).toEqual([]);
    expect(rom.flash.every((byte) => byte === 0xff)).toBe(true);
    expect(rom.commands.some((command) => [0x02, 0x05, 0x10].includes(command))).toBe(false);
  });

  it("another board of ours with the same chip, which says so itself; --force overrules it", async () => {
    const { pty, rom } = await chip({ chip: "ESP32-S3", program: () => ({ board: "xiao-s3-wio", image: undefined }) });
    const { code, result } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder });
    expect([code, result.state]).toEqual([2, "unchanged"]);
    expect(result.error?.message).toMatch(/says it is xiao-s3-wio and the image is for heltec-v3/);
    expect(rom.commands).toEqual([]);
    const forced = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder, force: true });
    // The program that answers is still the other: the flash was read back, which is what is claimed.
    expect([forced.code, forced.result.proof]).toEqual([0, ["read-back"]]);
    expectWritten(rom, s3);
  });

  it("an image that is damaged, or for another board, before the port is opened", async () => {
    const { pty, rom } = await chip({ chip: "ESP32-S3" });
    const wrong = await mehrFlash("heltec-v3", { port: pty.path, image: old.folder });
    expect([wrong.code, wrong.result.error?.message]).toEqual([
      1,
      expect.stringMatching(/is for board t3-v161 and not for heltec-v3/),
    ]);
    const broken = imageOf(join(dir, "broken"), "heltec-v3", espBuild(realBoard("heltec-v3")));
    const file = join(broken.folder, "firmware.bin");
    const bytes = readFileSync(file);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const { code, result } = await mehrFlash("heltec-v3", { port: pty.path, image: broken.folder });
    expect([code, result.state]).toEqual([1, "unchanged"]);
    expect(result.error?.message).toMatch(/firmware\.bin has sha256/);
    expect(pty.speeds.length).toBeLessThanOrEqual(1);
    expect(rom.commands).toEqual([]);
  });
});

describe.concurrent("a failure says what the board is left as and how it gets well", () => {
  it("no answer: nothing was written", async () => {
    const { pty, rom } = await chip({ chip: "ESP32-S3", silent: true });
    // A machine that is busy takes several attempts to reach a chip that answers.
    const machine = { wait: { ...QUICK, attempts: 1 } };
    const { code, result } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder }, machine);
    expect([code, result.state]).toEqual([1, "unchanged"]);
    expect(result.error?.message).toMatch(/does not answer its boot ROM's protocol \(esptool: Failed to connect/);
    expect(result.recover).toMatch(/hold the BOOT button/);
    expect(rom.erased).toEqual([]);
  });

  it("what does not read back the same is no success", async () => {
    const { pty } = await chip({
      chip: "ESP32-S3",
      damageFrom: 0x1_0000,
      program: () => ({ board: "heltec-v3", image: s3.hash }),
    });
    const { code, result } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder });
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.error?.message).toMatch(/does not read back the same \(esptool: MD5 of file does not match/);
    expect(result.left).toMatch(
      /^firmware\.bin is only partly in the flash, so the board does not start; its boot ROM is intact/,
    );
  });

  it("the port is lost in the application", async () => {
    const holder: { pty?: Pty } = {};
    const { pty } = await chip({ chip: "ESP32-S3", after: { blocks: 20, then: () => void holder.pty?.unplug() } });
    holder.pty = pty;
    const { code, result } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder, stub: false });
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.left).toMatch(/^firmware\.bin is only partly in the flash, so the board/);
    expect(result.error?.message).toMatch(/^Writing to \/dev\/pts\/\d+ failed \(esptool: /);
    expect(result.recover).toMatch(/^mehr flash heltec-v3 --port/);
  });

  it("the port is lost in the bootloader, and another board is plugged in there: that one is not touched", async () => {
    const port = join(dir, "port");
    const other = await chip({ chip: "ESP32-S3" });
    const holder: { pty?: Pty } = {};
    const swap = (): void => {
      rmSync(port);
      symlinkSync(other.pty.path, port);
      void holder.pty?.unplug();
    };
    const { pty } = await chip({ chip: "ESP32-S3", after: { blocks: 1, then: swap } });
    holder.pty = pty;
    symlinkSync(pty.path, port);
    const { code, result } = await mehrFlash("heltec-v3", { port, image: s3.folder, stub: false });
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.left).toMatch(
      /^bootloader\.bin is only partly in the flash, and what follows it is not, so the board/,
    );
    expect([other.rom.commands, other.rom.erased]).toEqual([[], []]);
  });

  it("an interruption ends the flasher, and is told the same way", async () => {
    const holder: { stop?: () => void } = {};
    const { pty } = await chip({ chip: "ESP32-S3", after: { blocks: 20, then: () => holder.stop?.() } });
    const { code, result } = await mehrFlash(
      "heltec-v3",
      { port: pty.path, image: s3.folder, stub: false },
      {},
      (now) => (holder.stop = now),
    );
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.error?.message).toMatch(/It was interrupted/);
  });
});

describe.concurrent("the plan", () => {
  it("tells what would be done and opens nothing", async () => {
    const { pty, rom } = await chip({ chip: "ESP32-S3" });
    const { code, result } = await mehrFlash("heltec-v3", { port: pty.path, image: s3.folder, dryRun: true });
    expect(code).toBe(0);
    expect(result).toMatchObject({
      dry_run: true,
      method: "esptool",
      target: pty.path,
      compare: ["the chip is an ESP32-S3", "its flash has 8 MB"],
      write: [
        { path: "bootloader.bin", to: "0x0" },
        { path: "partitions.bin", to: "0x8000" },
        { path: "boot_app0.bin", to: "0xe000" },
        { path: "firmware.bin", to: "0x10000" },
      ],
    });
    expect(rom.commands).toEqual([]);
    expect(pty.speeds.length).toBeLessThanOrEqual(1);
  });

  it("of a virtual board is `mehr run`", async () => {
    const { code, result } = await mehrFlash("qemu-m4", {});
    expect([code, result.error?.message, result.error?.hint]).toEqual([
      2,
      "qemu-m4 is a virtual board: there is nothing to flash.",
      "mehr run qemu-m4",
    ]);
  });
});
