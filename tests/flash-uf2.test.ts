/**
 * `mehr flash` of boards with a UF2 drive: a folder is the drive, and takes the file as a bootloader does; the program that
 * boots then answers on a pseudo-terminal. And the way a board is chosen when nothing is named.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crc32Mpeg2 } from "../toolchain/image/cortex-m.ts";
import { flattened } from "../toolchain/image/segments.ts";
import { readUf2 } from "../toolchain/image/uf2.ts";
import { FakeConsole } from "./support/fake-console.ts";
import { ensureArmCompiler, type Linked, linkFor } from "./support/firmware.ts";
import { imageOf, type MadeImage, mehrFlash, realBoard } from "./support/flashing.ts";
import { Pty } from "./support/pty.ts";
import { ensureReaders } from "./support/readers.ts";

let dir: string;
let linked: Linked;
let rak: MadeImage;
let techo: MadeImage;
let pico: MadeImage;
let picoLinked: Linked;
const cleanUps: (() => void | Promise<void>)[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mehr-flash-uf2-"));
  await ensureArmCompiler();
  // A port that is not there is looked for only where there is what would write to it.
  await ensureReaders();
  linked = linkFor(realBoard("rak4631"));
  rak = imageOf(dir, "rak4631", new Map([["firmware.elf", linked.elf]]));
  techo = imageOf(dir, "t-echo", new Map([["firmware.elf", linkFor(realBoard("t-echo")).elf]]));
  const boot2 = Buffer.alloc(256, 0x5a);
  boot2.writeUInt32LE(crc32Mpeg2(boot2.subarray(0, 252)), 252);
  picoLinked = linkFor(realBoard("rp2040-lora"), boot2);
  pico = imageOf(dir, "rp2040-lora", new Map([["firmware.elf", picoLinked.elf]]));
}, 600_000);
afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  rmSync(dir, { recursive: true, force: true });
});

const RAK = "UF2 Bootloader 0.6.2\r\nModel: WisBlock RAK4631 Board\r\nBoard-ID: WisBlock-RAK4631-Board\r\n";
const V6 = "SoftDevice: S140 version 6.1.1\r\nDate: Dec  1 2021\r\n";
const PICO = "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n";

let count = 0;
/** A folder with this INFO_UF2.TXT, and none without. */
function drive(info?: string): string {
  const path = join(dir, `drive${count++}`);
  mkdirSync(path);
  if (info !== undefined) writeFileSync(join(path, "INFO_UF2.TXT"), info);
  return path;
}

interface Board {
  readonly path: string;
  readonly pty: Pty;
  /** What it was given, once it is whole. */
  image(): Uint8Array | undefined;
}

/**
 * A board in its bootloader. It leaves once it has `whole` bytes of the file, by default all that the first block says
 * there are, and starts what it has; `says` is what the program tells of itself.
 */
async function board(
  info: string,
  options: { whole?: number; stays?: boolean; says?: (hash: string) => string | undefined; program?: Linked } = {},
): Promise<Board> {
  const path = drive(info);
  const pty = await Pty.open();
  let image: Uint8Array | undefined;
  const { says = (hash: string) => hash, program = linked } = options;
  const console = new FakeConsole(pty, () => {
    if (image === undefined) return undefined;
    const hash = createHash("sha256").update(image.subarray(0, program.bin.length)).digest("hex");
    return { board: info.includes("RPI-RP2") ? "rp2040-lora" : "rak4631", image: says(hash) };
  });
  pty.on("data", (bytes: Buffer) => {
    for (const byte of bytes) console.push(byte);
  });
  const file = join(path, "firmware.uf2");
  let over = false;
  const watch = (): void => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size >= 512 && !over) {
      const bytes = readFileSync(file);
      const whole = options.whole ?? 512 * bytes.readUInt32LE(24);
      if (size >= whole) {
        const uf2 = readUf2(bytes);
        const flat = uf2.ok ? flattened(uf2.value.segments) : uf2;
        image = flat.ok ? flat.value.bytes : undefined;
        over = true;
        if (options.stays !== true) rmSync(path, { recursive: true });
      }
    }
    if (!over) setImmediate(watch);
  };
  watch();
  cleanUps.push(async () => {
    over = true;
    await pty.unplug();
  });
  return { path, pty, image: () => image };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe.concurrent("a board is flashed by its UF2 drive", () => {
  it("with every byte of the file, and proven by the hash its program tells", async () => {
    const { path, pty, image } = await board(RAK + V6);
    const { code, result } = await mehrFlash("rak4631", { drive: path, port: pty.path, image: rak.folder });
    expect(result).toMatchObject({
      ok: true,
      method: "uf2",
      drive: path,
      identified: { drive: { boardId: "WisBlock-RAK4631-Board", softdevice: "S140 6.1.1" } },
      proof: ["booted"],
      running: { image: rak.hash, port: pty.path },
    });
    expect(code).toBe(0);
    expect(
      Buffer.from(image() ?? [])
        .subarray(0, linked.bin.length)
        .equals(linked.bin),
    ).toBe(true);
  });

  it("an RP2040 too, whose drive says nothing of a SoftDevice", async () => {
    const { path, pty } = await board(PICO, { program: picoLinked });
    const { code, result } = await mehrFlash("rp2040-lora", { drive: path, port: pty.path, image: pico.folder });
    expect([code, result.proof]).toEqual([0, ["booted"]]);
  });

  it("found by its Board-ID among drives, and by where it is among ports when it is back", async () => {
    const { path, pty } = await board(RAK + V6);
    const other = drive(PICO);
    const usb = { vid: 0x239a, pid: 0x8029 } as const;
    const machine = {
      drives: async () => [{ path: other, location: "1-2" }, ...(existsSync(path) ? [{ path, location: "1-1" }] : [])],
      ports: async () =>
        existsSync(path)
          ? []
          : [
              { ...usb, path: pty.path, location: "1-1" },
              { ...usb, path: "/dev/ttyACM99", location: "1-7" },
            ],
    };
    const { code, result } = await mehrFlash("rak4631", { image: rak.folder }, machine);
    expect([code, result.proof, result.port]).toEqual([0, ["booted"], pty.path]);
    expect(existsSync(join(other, "firmware.uf2"))).toBe(false);
  });

  it("from its running program, which is sent into its bootloader first", async () => {
    const { path, pty } = await board(RAK + V6);
    const usb = { path: pty.path, vid: 0x239a, location: "1-1" } as const;
    const touched = (): boolean => pty.speeds.includes(1200);
    const machine = {
      ports: async () => [{ ...usb, pid: touched() && existsSync(path) ? 0x0029 : 0x8029 }],
      drives: async () => (touched() && existsSync(path) ? [{ path, location: "1-1" }] : []),
    };
    const { code, result } = await mehrFlash("rak4631", { method: "uf2", port: pty.path, image: rak.folder }, machine);
    expect([code, result.proof, result.drive]).toEqual([0, ["booted"], path]);
  });
});

describe.concurrent("a drive the image is not for is refused with both sides, and nothing is written", () => {
  it.each([
    [
      "another board of ours",
      "Board-ID: HT-n5262\r\n" + V6,
      /says Board-ID HT-n5262 \(heltec-t114\) and the image is for WisBlock-RAK4631-Board \(rak4631\)/,
    ],
    ["a board nobody knows", "Board-ID: Feather\r\n" + V6, /says Board-ID Feather and the image is for WisBlock/],
    ["no Board-ID", "UF2 Bootloader 0.6.2\r\n" + V6, /has no Board-ID, and the image is for WisBlock/],
    [
      "another SoftDevice",
      `${RAK}SoftDevice: S140 version 7.3.0\r\n`,
      /has S140 7\.3\.0, says INFO_UF2\.TXT on .* for S140 6\.1\.1: it would never start/,
    ],
    ["the same, written in the short way", `${RAK}SoftDevice: S140 7.3.0\r\n`, /has S140 7\.3\.0/],
    ["no SoftDevice", `${RAK}SoftDevice: not found\r\n`, /The board has no SoftDevice, says/],
    ["nothing said of a SoftDevice", RAK, /has a SoftDevice it does not name/],
    ["no INFO_UF2.TXT", undefined, /has no INFO_UF2\.TXT, so it is no drive of a UF2 bootloader/],
  ])("%s", async (_, info, says) => {
    const path = drive(info);
    const { code, result } = await mehrFlash("rak4631", { drive: path, image: rak.folder });
    expect([code, result.state]).toEqual([2, "unchanged"]);
    expect(result.error?.message).toMatch(says);
    expect(existsSync(join(path, "firmware.uf2"))).toBe(false);
  });

  it("a Board-ID nobody has proven: only with --yes, and never that of another board", async () => {
    const unknown = drive(`Board-ID: Something\r\n${V6}`);
    const first = await mehrFlash("t-echo", { drive: unknown, image: techo.folder });
    expect([first.code, first.result.error?.hint]).toEqual([2, expect.stringMatching(/--yes/)]);
    expect(existsSync(join(unknown, "firmware.uf2"))).toBe(false);
    const second = await mehrFlash("t-echo", { drive: unknown, image: techo.folder, yes: true });
    expect(existsSync(join(unknown, "firmware.uf2"))).toBe(true);
    expect(second.result.state).toBe("unproven");
    const third = await mehrFlash("t-echo", { drive: drive(RAK + V6), image: techo.folder, yes: true });
    expect([third.code, third.result.error?.message]).toEqual([
      2,
      expect.stringMatching(/WisBlock-RAK4631-Board \(rak4631\)/),
    ]);
  });
});

describe.concurrent("a failure says what the board is left as", () => {
  it("the drive is full", async () => {
    const path = drive(RAK + V6);
    symlinkSync("/dev/full", join(path, "firmware.uf2"));
    const { code, result } = await mehrFlash("rak4631", { drive: path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "bootloader"]);
    expect(result.error?.message).toMatch(/is full after 0 of \d+ bytes/);
  });

  it("the drive may not be written", async () => {
    const path = drive(RAK + V6);
    // What not even root may write.
    symlinkSync("/proc/sys/kernel/osrelease", join(path, "firmware.uf2"));
    const { code, result } = await mehrFlash("rak4631", { drive: path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "bootloader"]);
    expect(result.error?.message).toMatch(
      /cannot be written: (this user may not write there|the drive is mounted read-only)\./,
    );
    expect(result.left).toBe("Nothing was written; the board waits in its bootloader.");
  });

  it.skipIf(!canMount())("the drive is mounted read-only", async () => {
    const path = drive();
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", path]);
    cleanUps.push(() => void execFileSync("umount", [path]));
    writeFileSync(join(path, "INFO_UF2.TXT"), RAK + V6);
    execFileSync("mount", ["-o", "remount,ro", path]);
    const { code, result } = await mehrFlash("rak4631", { drive: path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "bootloader"]);
    expect(result.error?.message).toMatch(/cannot be written: the drive is mounted read-only\./);
  });

  it.skipIf(!canMount())("the drive is really too small", async () => {
    const path = drive();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", path]);
    cleanUps.push(() => void execFileSync("umount", [path]));
    writeFileSync(join(path, "INFO_UF2.TXT"), RAK + V6);
    const { code, result } = await mehrFlash("rak4631", { drive: path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.error?.message).toMatch(/is full after [1-9]\d* of \d+ bytes/);
  });

  it("the drive goes away before it has everything", async () => {
    const { path } = await board(RAK + V6, { whole: 8192 });
    const { code, result } = await mehrFlash("rak4631", { drive: path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "half-written"]);
    expect(result.error?.message).toMatch(
      /went away after 8192 of \d+ bytes: the board was unplugged or restarted too early\./,
    );
    expect(result.left).toBe("The application is half written; the bootloader is intact.");
  });

  it("the drive never goes away", async () => {
    const { path } = await board(RAK + V6, { stays: true });
    const { code, result } = await mehrFlash("rak4631", { drive: path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "unproven"]);
    expect(result.error?.message).toMatch(/has the file, and the board has not left it within 1\.5 s/);
    expect(result.recover).toMatch(/eject the drive and press reset/);
  });

  it.each([
    [
      "runs something else",
      () => "33".repeat(32),
      /the board runs the program 3333333333333333\.\.\. and the image is/,
    ],
    ["cannot tell the hash of its program", () => undefined, /the board cannot tell the hash of its program/],
  ])("the drive took it, and the board %s: written, not proven", async (_, says, why) => {
    const { path, pty } = await board(RAK + V6, { says });
    const { code, result } = await mehrFlash("rak4631", { drive: path, port: pty.path, image: rak.folder });
    expect([code, result.state]).toEqual([1, "unproven"]);
    expect(result.error?.message).toMatch(why);
    expect(result.left).toBe("It is written, not proven; the bootloader is intact.");
  });

  it("the drive took it, and no port came up: written, not proven", async () => {
    const { path } = await board(RAK + V6);
    const { code, result } = await mehrFlash("rak4631", { drive: path, image: rak.folder }, { ports: async () => [] });
    expect([code, result.state]).toEqual([1, "unproven"]);
    expect(result.error?.message).toMatch(/but no port of it came up within 2\.5 s/);
  });
});

describe("the board that is meant", () => {
  const usb = (location: string, pid = 0x8029): object => ({ vid: 0x239a, pid, location });
  const nothing = { ports: async () => [], drives: async () => [] };

  it("is none: exit code 2, and what there is", async () => {
    const { code, result } = await mehrFlash("rak4631", { image: rak.folder }, nothing);
    expect(code).toBe(2);
    expect(result.error?.message).toMatch(
      /^No rak4631 is plugged in: no port has its USB ids \(239A:8029, 239A:0029, 239A:002A; this machine has no serial port\), and no drive with its Board-ID is mounted\.$/,
    );
  });

  it("is one of several: exit code 2, and a list of them", async () => {
    const machine = {
      ports: async () => ["1-1", "1-2"].map((at, i) => ({ path: `/dev/ttyACM${i}`, ...usb(at) })),
      drives: async () => [{ path: drive(RAK + V6), location: "1-3" }],
    };
    const { code, result } = await mehrFlash("rak4631", { image: rak.folder }, machine);
    expect(code).toBe(2);
    expect(result.error?.message).toMatch(
      /^3 boards may be meant; name one.*\n {2}\/dev\/ttyACM0 \(239A:8029\)\n {2}\/dev\/ttyACM1 \(239A:8029\)\n {2}the drive /,
    );
  });

  it("is one with a port and a drive in one socket, and its drive is taken", async () => {
    const path = drive(RAK + V6);
    const machine = {
      ports: async () => [{ path: "/dev/ttyACM0", ...usb("1-1", 0x0029) }],
      drives: async () => [{ path, location: "1-1" }],
    };
    const { code, result } = await mehrFlash("rak4631", { image: rak.folder, dryRun: true }, machine);
    expect([code, result.method, result.target]).toEqual([0, "uf2", `/dev/ttyACM0 (239A:0029) with the drive ${path}`]);
    expect(result.write).toMatchObject([{ path: "firmware.uf2", to: path }]);
    expect(existsSync(join(path, "firmware.uf2"))).toBe(false);
  });

  it.each([
    [{ method: "jtag" }, /There is no method "jtag"; they are esptool, dfu, uf2, picotool\./],
    [{ method: "esptool" }, /rak4631 is not flashed by esptool; it is by dfu or uf2\./],
    [{ method: "dfu", drive: "." }, /--drive is for the method uf2 and --method says dfu/],
    [{ drive: "no-such-drive" }, /no-such-drive is not a mounted drive; no drive of a UF2 bootloader is mounted\./],
    [{ erase: true, yes: true, port: "x" }, /--erase is for chips that esptool flashes/],
    [{ port: "/dev/no-such-port" }, /There is no port \/dev\/no-such-port; /],
  ])("is not what %j says", async (flags, says) => {
    const { code, result } = await mehrFlash("rak4631", { image: rak.folder, ...flags }, nothing);
    expect([code, result.error?.message]).toEqual([2, expect.stringMatching(says)]);
  });

  it("has no image yet", async () => {
    const root = join(dir, "empty");
    const { code, result } = await mehrFlash("rak4631", { root });
    expect([code, result.error?.hint]).toEqual([2, "mehr build rak4631"]);
    expect(result.error?.message).toMatch(/There is no image of rak4631 in /);
  });
});

describe("picotool", () => {
  /** In the place of picotool, which needs a board: says what it says and ends as it ends. */
  function picotool(name: string, script: string): string {
    const bin = join(dir, name);
    mkdirSync(bin);
    writeFileSync(join(bin, "picotool"), `#!/bin/sh\n${script}`);
    chmodSync(join(bin, "picotool"), 0o755);
    return bin;
  }
  async function flashed(bin: string): ReturnType<typeof mehrFlash> {
    const before = process.env.PATH;
    process.env.PATH = `${bin}${delimiter}${before}`;
    const usb = { path: "/dev/ttyACM98", vid: 0x2e8a, pid: 0x0003, location: "1-1" };
    try {
      const machine = { ports: async () => [usb], drives: async () => [] };
      return await mehrFlash("rp2040-lora", { method: "picotool", port: usb.path, image: pico.folder }, machine);
    } finally {
      process.env.PATH = before;
    }
  }
  const INFO = `if [ "$1" = info ]; then echo "Device Information"; echo " type:   $TYPE"; exit 0; fi`;

  it("loads, reads back, and starts", async () => {
    const log = join(dir, "picotool.log");
    const bin = picotool("pico-good", `TYPE=RP2040\n${INFO}\necho "$@" > ${log}\ncp "$4" ${log}.uf2`);
    const { code, result } = await flashed(bin);
    expect([code, result.proof]).toEqual([0, ["read-back"]]);
    expect(readFileSync(log, "utf8")).toBe(`load -v -x ${join(pico.folder, "firmware.uf2")}\n`);
    expect(sha256(readFileSync(`${log}.uf2`))).toBe(sha256(readFileSync(join(pico.folder, "firmware.uf2"))));
  });

  it("finds another chip, or fails", async () => {
    const other = await flashed(picotool("pico-other", `TYPE=RP2350\n${INFO}\nexit 9`));
    expect([other.code, other.result.error?.message]).toEqual([
      2,
      expect.stringMatching(/finds an RP2350 and the image is for an RP2040/),
    ]);
    const bad = await flashed(
      picotool(
        "pico-bad",
        `TYPE=RP2040\n${INFO}\necho "ERROR: The device contents did not match the file" >&2\nexit 1`,
      ),
    );
    expect([bad.code, bad.result.state]).toEqual([1, "half-written"]);
    expect(bad.result.error?.message).toMatch(
      /could not load the image \(ERROR: The device contents did not match the file\)/,
    );
  });
});

function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const path = mkdtempSync(join(tmpdir(), "mehr-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", path], { stdio: "ignore" });
    execFileSync("umount", [path], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(path, { recursive: true });
  }
}
