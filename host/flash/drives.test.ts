import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isGone, listDrives, parseDriveInfo, readDriveInfo } from "./drives.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr drives "));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function drive(name: string, info?: string): string {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  if (info !== undefined) writeFileSync(join(path, "INFO_UF2.TXT"), info);
  return path;
}

describe("drives of UF2 bootloaders", () => {
  it.skipIf(process.platform !== "linux")(
    "are mounted FAT systems with an INFO_UF2.TXT, and where they are",
    async () => {
      const rak = drive("RAK4631", "Board-ID: WisBlock-RAK4631-Board\r\n");
      const pico = drive("RPI-RP2", "Board-ID: RPI-RP2\r\n");
      const stick = drive("STICK");
      const disk = drive("disk", "Board-ID: not a drive\r\n");
      const sys = join(dir, "sys");
      const usb = join(sys, "devices", "usb1", "1-1.4");
      mkdirSync(join(usb, "1-1.4:1.2", "host0", "block", "sda"), { recursive: true });
      writeFileSync(join(usb, "idVendor"), "239a\n");
      mkdirSync(join(sys, "class", "block"), { recursive: true });
      symlinkSync(join(usb, "1-1.4:1.2", "host0", "block", "sda"), join(sys, "class", "block", "sda"));
      const escaped = (path: string): string => path.replaceAll(" ", "\\040");
      const mounts = join(dir, "mounts");
      writeFileSync(
        mounts,
        [
          "proc /proc proc rw 0 0",
          `/dev/sda ${escaped(rak)} vfat rw,uid=1000 0 0`,
          `/dev/sdb ${escaped(pico)} vfat rw 0 0`,
          `/dev/sdc1 ${escaped(stick)} vfat rw 0 0`,
          `/dev/sdd1 ${escaped(disk)} ext4 rw 0 0`,
          "",
        ].join("\n"),
      );
      expect(await listDrives(mounts, sys)).toEqual([
        { path: rak, device: "/dev/sda", location: "1-1.4" },
        { path: pico, device: "/dev/sdb" },
      ]);
    },
  );

  it("are gone when their device is, though a stale mount can still be read, or when their files are", () => {
    const path = drive("gone", "Board-ID: x\r\n");
    expect(isGone({ path })).toBe(false);
    expect(isGone({ path, device: "/dev/null" })).toBe(false);
    expect(isGone({ path, device: join(dir, "sdz") })).toBe(true);
    rmSync(path, { recursive: true });
    expect(isGone({ path })).toBe(true);
  });
});

describe("INFO_UF2.TXT", () => {
  it.each([
    [
      "of the Adafruit bootloader",
      "UF2 Bootloader 0.6.2\r\nModel: WisBlock RAK4631 Board\r\nBoard-ID: WisBlock-RAK4631-Board\r\nSoftDevice: S140 version 6.1.1\r\nDate: Dec  1 2021\r\n",
      { boardId: "WisBlock-RAK4631-Board", model: "WisBlock RAK4631 Board", softdevice: "S140 6.1.1" },
    ],
    [
      "written the short way",
      "Board-ID: nRF52840-SeeedXiao-v1\nSoftDevice: S140 7.3.0\n",
      { boardId: "nRF52840-SeeedXiao-v1", model: undefined, softdevice: "S140 7.3.0" },
    ],
    [
      "without a SoftDevice",
      "Board-ID: a\nSoftDevice: not found\n",
      { boardId: "a", model: undefined, softdevice: "none" },
    ],
    [
      "of the RP2040",
      "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n",
      { boardId: "RPI-RP2", model: "Raspberry Pi RP2", softdevice: undefined },
    ],
    [
      "that is cut",
      "UF2 Bootloader 0.6.2\r\nBoard-ID:",
      { boardId: undefined, model: undefined, softdevice: undefined },
    ],
  ])("%s", (_, text, info) => {
    expect(parseDriveInfo(text)).toEqual(info);
  });

  it("may hold anything, be too long, or be missing", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { boardId } = parseDriveInfo(text);
        return boardId === undefined || (boardId.length > 0 && text.includes(boardId));
      }),
    );
    expect(readDriveInfo(drive("long", "x".repeat(5000)))).toBeUndefined();
    expect(readDriveInfo(drive("none"))).toBeUndefined();
  });
});
