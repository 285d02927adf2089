/**
 * Drives of UF2 bootloaders: where they are mounted, what they say about the board, and whether they are still there.
 *
 * Facts: microsoft/uf2 README, "Files exposed by bootloaders": INFO_UF2.TXT has a line `Board-ID:`; the Adafruit nRF52
 * bootloader adds `SoftDevice: S140 version 6.1.1` or `SoftDevice: not found` (src/usb/uf2/ghostfat.c).
 */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export const INFO_FILE = "INFO_UF2.TXT";

export interface Drive {
  /** Where it is mounted. */
  readonly path: string;
  /** Its block device, if known: gone as soon as the board is, while a stale mount may still be read from memory. */
  readonly device?: string;
  /** The USB socket it is in, as PortInfo has it. */
  readonly location?: string;
}

/** What INFO_UF2.TXT says. */
export interface DriveInfo {
  /** The text after `Board-ID:`. */
  readonly boardId: string | undefined;
  readonly model: string | undefined;
  /** "S140 6.1.1", "none" for a bootloader that has found none, undefined for one that does not say. */
  readonly softdevice: string | undefined;
}

/** Mounted drives with an INFO_UF2.TXT; nothing on them is opened. The arguments are for tests. */
export async function listDrives(mounts = "/proc/mounts", sysfs = "/sys"): Promise<Drive[]> {
  if (process.platform === "linux") return linuxDrives(mounts, sysfs);
  if (process.platform === "darwin") return below("/Volumes");
  return "DEFGHIJKLMNOPQRSTUVWXYZ".split("").flatMap((letter) => withInfo({ path: `${letter}:\\` }));
}

function below(folder: string): Drive[] {
  return existsSync(folder) ? readdirSync(folder).flatMap((name) => withInfo({ path: join(folder, name) })) : [];
}

function withInfo(drive: Drive): Drive[] {
  return existsSync(join(drive.path, INFO_FILE)) ? [drive] : [];
}

function linuxDrives(mounts: string, sysfs: string): Drive[] {
  return readFileSync(mounts, "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, , type]) => type === "vfat" || type === "msdos")
    .flatMap(([device, at]) => {
      const path = unescaped(at ?? "");
      const source = unescaped(device ?? "");
      if (!source.startsWith("/dev/")) return withInfo({ path });
      const location = usbLocation(basename(source), sysfs);
      return withInfo({ path, device: source, ...(location === undefined ? {} : { location }) });
    });
}

/** The kernel writes a space in a name as \040 (proc(5)). */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** The USB socket behind a block device, such as "1-1.4". */
function usbLocation(block: string, sysfs: string): string | undefined {
  try {
    for (let at = realpathSync(join(sysfs, "class", "block", block)); at !== dirname(at); at = dirname(at)) {
      if (existsSync(join(at, "idVendor"))) return basename(at);
    }
  } catch {
    // A device-mapper name, or a device that has just gone.
  }
  return undefined;
}

/** Reads INFO_UF2.TXT; undefined if there is none to read. */
export function readDriveInfo(path: string): DriveInfo | undefined {
  try {
    const file = join(path, INFO_FILE);
    if (statSync(file).size > 4096) return undefined;
    return parseDriveInfo(readFileSync(file, "latin1"));
  } catch {
    return undefined;
  }
}

export function parseDriveInfo(text: string): DriveInfo {
  const line = (name: string): string | undefined => {
    const found = new RegExp(`^${name}:[ \\t]*([^\\r\\n]*)`, "im").exec(text)?.[1]?.trim();
    return found === "" ? undefined : found;
  };
  const softdevice = line("SoftDevice");
  const version = /^(S\d{3}) (?:version )?v?(\d+\.\d+\.\d+)/i.exec(softdevice ?? "");
  return {
    boardId: line("Board-ID"),
    model: line("Model"),
    softdevice:
      version !== null
        ? `${version[1]?.toUpperCase()} ${version[2]}`
        : softdevice !== undefined && /not found|none/i.test(softdevice)
          ? "none"
          : softdevice,
  };
}

/** Whether the board has left it: rebooted, or unplugged. */
export function isGone(drive: Drive): boolean {
  if (drive.device !== undefined && !existsSync(drive.device)) return true;
  return !existsSync(join(drive.path, INFO_FILE));
}
