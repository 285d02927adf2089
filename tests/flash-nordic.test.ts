/**
 * `mehr flash` of nRF52840 boards over the serial port of their bootloader: the real adafruit-nrfutil, as the product runs it,
 * against a bootloader of ours on a pseudo-terminal.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DfuBootloader, type DfuOptions } from "./support/dfu-bootloader.ts";
import { ensureArmCompiler, type Linked, linkFor } from "./support/firmware.ts";
import { imageOf, type MadeImage, mehrFlash, QUICK, realBoard } from "./support/flashing.ts";
import { Pty } from "./support/pty.ts";
import { ensureReaders } from "./support/readers.ts";

const S140_V6 = 0x00b6;
const S140_V7 = 0x0123;
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let dir: string;
let linked: Linked;
let rak: MadeImage;
const ptys: Pty[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mehr-flash-nordic-"));
  await ensureArmCompiler();
  await ensureReaders();
  linked = linkFor(realBoard("rak4631"));
  rak = imageOf(dir, "rak4631", new Map([["firmware.elf", linked.elf]]));
}, 600_000);
afterAll(async () => {
  for (const pty of ptys) await pty.unplug();
  rmSync(dir, { recursive: true, force: true });
});

interface Bench {
  readonly pty: Pty;
  readonly bootloader: DfuBootloader;
}

/** A board whose program runs until its line is opened at 1200 bps, or one without a program. */
async function bench(options: Partial<DfuOptions> = {}): Promise<Bench> {
  const pty = await Pty.open();
  ptys.push(pty);
  const bootloader = new DfuBootloader(pty, {
    softdevice: S140_V6,
    waiting: () => pty.speeds.includes(1200),
    // The bytes the linker put into the flash: the package has them in whole words.
    program: (image) =>
      image === undefined
        ? { board: "rak4631", image: "11".repeat(32) }
        : { board: "rak4631", image: sha256(image.subarray(0, linked.bin.length)) },
    reset: () => void pty.unplug(),
    ...options,
  });
  return { pty, bootloader };
}

describe.concurrent("an nRF52840 board is flashed over its serial port", () => {
  it("from its running program, and proven by the hash the new one tells", async () => {
    const { pty, bootloader } = await bench();
    const { code, result, steps } = await mehrFlash("rak4631", { port: pty.path, image: rak.folder });
    expect(result).toMatchObject({ ok: true, method: "dfu", proof: ["booted"], running: { image: rak.hash } });
    expect(code).toBe(0);
    expect(
      Buffer.from(bootloader.image ?? [])
        .subarray(0, linked.bin.length)
        .equals(linked.bin),
    ).toBe(true);
    expect(steps.some((step) => /runs Mehr 1\.2\.3 for rak4631/.test(step))).toBe(true);
    // start, init, data, stop.
    const data = Math.ceil(linked.bin.length / 512);
    expect(bootloader.packets).toEqual([3, 1, ...Array.from({ length: data }, () => 4), 5]);
  });

  it("and it is refused before anything is erased if its program says that it is another board", async () => {
    const { pty, bootloader } = await bench({ program: () => ({ board: "heltec-t114", image: undefined }) });
    const { code, result } = await mehrFlash("rak4631", { port: pty.path, image: rak.folder });
    expect([code, result.state]).toEqual([2, "unchanged"]);
    expect(result.error?.message).toMatch(/says it is heltec-t114 and the image is for rak4631/);
    expect([bootloader.erased, pty.speeds.includes(1200)]).toEqual([false, false]);
  });

  it("and it is refused before anything is erased if the drive of the bootloader names another SoftDevice", async () => {
    const { pty, bootloader } = await bench();
    const drive = join(dir, "drive");
    rmSync(drive, { recursive: true, force: true });
    mkdirSync(drive);
    const info =
      "UF2 Bootloader 0.6.2\r\nModel: WisBlock RAK4631 Board\r\nBoard-ID: WisBlock-RAK4631-Board\r\nSoftDevice: S140 version 7.3.0\r\n";
    writeFileSync(join(drive, "INFO_UF2.TXT"), info);
    const usb = { vid: 0x239a, location: "1-1" } as const;
    const touched = (): boolean => pty.speeds.includes(1200);
    const machine = {
      ports: async () => [{ ...usb, path: pty.path, pid: touched() ? 0x0029 : 0x8029 }],
      drives: async () => (touched() ? [{ path: drive, location: "1-1" }] : []),
    };
    const { code, result } = await mehrFlash("rak4631", { method: "dfu", image: rak.folder }, machine);
    expect([code, result.state]).toEqual([2, "unchanged"]);
    expect(result.error?.message).toMatch(
      /has S140 7\.3\.0, says INFO_UF2\.TXT.*the image is for S140 6\.1\.1: it would never start/,
    );
    expect(bootloader.erased).toBe(false);
  });
});

describe.concurrent("a failure says what the board is left as", () => {
  it("another SoftDevice: the bootloader refuses the image after it has erased the application", async () => {
    const { pty, bootloader } = await bench({ softdevice: S140_V7 });
    const { code, result } = await mehrFlash("rak4631", { port: pty.path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.error?.message).toMatch(
      /refuses one for another SoftDevice than it has, and this one is for S140 6\.1\.1/,
    );
    expect(result.left).toBe("The application is erased; the bootloader and the SoftDevice are intact.");
    expect(result.recover).toMatch(/INFO_UF2\.TXT/);
    expect(bootloader.image).toBeUndefined();
  });

  it("acknowledgements are lost", async () => {
    const { pty } = await bench({ deaf: (packet) => packet === 5 });
    const { code, result } = await mehrFlash("rak4631", { port: pty.path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.error?.message).toMatch(/^Sending to .* failed after \d+ % \(adafruit-nrfutil: No data received/);
    expect(result.left).toBe(
      "The application is erased or half written; the bootloader and the SoftDevice are intact.",
    );
  });

  it("the port is lost", async () => {
    const holder: { pty?: Pty } = {};
    const { pty } = await bench({ after: { packets: 8, then: () => void holder.pty?.unplug() } });
    holder.pty = pty;
    const { code, result } = await mehrFlash("rak4631", { port: pty.path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.recover).toMatch(/^press reset twice, quickly, then: mehr flash rak4631 --port/);
  });

  it("nothing answers in the bootloader", async () => {
    const { pty, bootloader } = await bench({ waiting: () => false, program: () => undefined });
    const { code, result } = await mehrFlash("rak4631", { port: pty.path, image: rak.folder });
    expect(code).toBe(1);
    expect(result.error?.message).toMatch(/adafruit-nrfutil: No data received/);
    expect(bootloader.packets).toEqual([]);
  });

  it("a bootloader that takes everything and starts something else is no success", async () => {
    const { pty, bootloader } = await bench({ program: () => ({ board: "rak4631", image: "22".repeat(32) }) });
    const { code, result } = await mehrFlash("rak4631", { port: pty.path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "unproven"]);
    expect(result.error?.message).toMatch(/but the board runs the program 2222222222222222\.\.\. and the image is /);
    expect(result.left).toMatch(/^It is written, not proven/);
    expect(bootloader.image).toBeDefined();
  });

  it("nor is one whose program says nothing, or cannot tell its hash", async () => {
    const silent = await bench({ program: () => undefined });
    const vague = await bench({ program: () => ({ board: "rak4631", image: undefined }) });
    const [a, b] = await Promise.all(
      [silent, vague].map(({ pty }) => mehrFlash("rak4631", { port: pty.path, image: rak.folder })),
    );
    expect([a?.code, a?.result.state, b?.code, b?.result.state]).toEqual([1, "unproven", 1, "unproven"]);
    expect(a?.result.error?.message).toMatch(/no program of ours answered on/);
    expect(b?.result.error?.message).toMatch(/the board cannot tell the hash of its program/);
  });

  it("the bootloader never comes", async () => {
    const usb = { vid: 0x239a, pid: 0x8029, location: "1-1" } as const;
    const { pty } = await bench();
    const machine = {
      ports: async () => [{ ...usb, path: pty.path }],
      drives: async () => [],
      wait: { ...QUICK, bootloader: 400 },
    };
    const { code, result } = await mehrFlash("rak4631", { image: rak.folder }, machine);
    expect({ code, ...result }).toMatchObject({ code: 1, state: "unchanged" });
    expect(result.error?.message).toMatch(/No bootloader came up in place of .* within 0\.4 s/);
  });
});
