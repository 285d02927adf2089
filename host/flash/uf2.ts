/** Boards with a UF2 drive (nRF52 with the Adafruit bootloader, RP2040): compare, copy, and wait for the program. */
import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { allBoards, isVirtual } from "../../boards/index.ts";
import type { PortInfo } from "../serial/ports.ts";
import { type Place, waitForProof } from "./booted.ts";
import type { Context, FlashReport, Identified } from "./context.ts";
import { type Drive, type DriveInfo, INFO_FILE, isGone, readDriveInfo } from "./drives.ts";
import { FlashFailure, mismatch } from "./failure.ts";
import { checkRunning, isBootloader, placeOf, touch, waitFor } from "./running.ts";

/** Bytes written before they are brought to the board: 16 blocks, which are a page of an nRF52's flash. */
const PIECE = 16 * 512;

/** Refuses a drive that is not the board's: throws FlashFailure (2) with both sides. */
export function checkDrive(context: Context, path: string): DriveInfo {
  const { manifest, board, listener, options } = context;
  const info = readDriveInfo(path);
  const wanted = manifest.uf2?.boardId ?? undefined;
  const sides = `and the image is for ${wanted ?? board.id} (${board.id})`;
  if (info === undefined) {
    throw mismatch(
      `${path} has no ${INFO_FILE}, so it is no drive of a UF2 bootloader.`,
      "press reset twice, quickly, and name the drive that appears",
    );
  }
  if (info.boardId === undefined) throw mismatch(`${INFO_FILE} on ${path} has no Board-ID, ${sides}.`);
  if (wanted !== undefined && info.boardId !== wanted) {
    const other = knownAs(info.boardId);
    const name = other === undefined ? "" : ` (${other})`;
    throw mismatch(
      `The drive ${path} says Board-ID ${info.boardId}${name} ${sides}.`,
      other === undefined ? undefined : `mehr flash ${other} --drive ${path}`,
    );
  }
  if (wanted === undefined) {
    const other = knownAs(info.boardId);
    if (other !== undefined) throw mismatch(`The drive ${path} says Board-ID ${info.boardId} (${other}) ${sides}.`);
    if (!options.yes) {
      throw mismatch(
        `The drive ${path} says Board-ID ${info.boardId}, and nobody has proven yet what a ${board.name} says.`,
        "if that is the board, add --yes",
      );
    }
  }
  const softdevice = manifest.softdevice?.name;
  if (softdevice !== undefined && info.softdevice !== softdevice) {
    const has =
      info.softdevice === "none" ? "has no SoftDevice" : `has ${info.softdevice ?? "a SoftDevice it does not name"}`;
    throw mismatch(
      `The board ${has}, says ${INFO_FILE} on ${path}, and the image is for ${softdevice}: it would never start.`,
      `update the board's bootloader to ${softdevice}, or build for a board with what it has`,
    );
  }
  listener.step(
    `${path} is ${info.boardId}${info.softdevice === undefined ? "" : `, ${info.softdevice}`}: as ${board.id}`,
  );
  return info;
}

/** The board of the project with this Board-ID. */
function knownAs(boardId: string): string | undefined {
  return allBoards().find((board) => !isVirtual(board) && board.uf2?.boardId === boardId)?.id;
}

/** The drive of the board behind a port, which is sent into its bootloader unless it is there. */
async function driveOf(context: Context, port: PortInfo): Promise<{ drive: Drive; identified: Identified }> {
  const { machine, listener, board, manifest } = context;
  const here = (drive: Drive): boolean =>
    port.location !== undefined && drive.location !== undefined && drive.location === port.location;
  const known = await machine.drives();
  const already = known.find(here);
  if (already !== undefined) return { drive: already, identified: {} };
  const before = isBootloader(context, port) === true ? undefined : await checkRunning(context, port.path);
  if (isBootloader(context, port) !== true) {
    listener.step(`sending the board on ${port.path} into its bootloader (1200 bps)`);
    await touch(port.path);
  }
  listener.step("waiting for the drive of its bootloader");
  const drive = await waitFor(async () => {
    const drives = await machine.drives();
    const found = drives.find(here);
    if (found !== undefined) return found;
    // Where sockets are not known: one drive that was not there before.
    const fresh = drives.filter(
      ({ path, location }) => location === undefined && !known.some((one) => one.path === path),
    );
    return fresh.length === 1 ? fresh[0] : undefined;
  }, machine.wait.bootloader);
  if (drive !== undefined) return { drive, identified: before === undefined ? {} : { before } };
  const name = board.uf2?.drive === undefined ? "its drive" : `the drive ${board.uf2.drive}`;
  const other = manifest.mcu === "nrf52840" ? `, or use its serial port: mehr flash ${board.id} --method dfu` : "";
  throw new FlashFailure(
    1,
    `No drive of a UF2 bootloader was mounted within ${machine.wait.bootloader / 1000} s.`,
    "bootloader",
    "Nothing was written; the board may wait in its bootloader, and a reset starts the program it had.",
    `mount ${name} and run: mehr flash ${board.id} --drive PATH${other}`,
  );
}

export async function flashUf2(context: Context, target: { port?: PortInfo; drive?: Drive }): Promise<FlashReport> {
  const { machine, listener, manifest, folder, board } = context;
  const artifact = manifest.artifacts.find(({ kind }) => kind === "uf2");
  if (artifact === undefined)
    throw new FlashFailure(1, `${folder} has no UF2 file.`, "unchanged", "Nothing was written.");
  const found =
    target.drive !== undefined
      ? { drive: target.drive, identified: {} }
      : await driveOf(context, target.port ?? { path: "" });
  const { drive } = found;
  const info = checkDrive(context, drive.path);
  const identified: Identified = { ...found.identified, drive: info };

  listener.step(`copying ${artifact.path} to ${drive.path}`);
  const bytes = readFileSync(join(folder, artifact.path));
  const late = await copy(context, drive, artifact.path, bytes);
  listener.step("copied; waiting for the drive to go away");
  const gone = await waitFor(async () => (isGone(drive) ? true : undefined), machine.wait.vanish);
  if (gone === undefined) {
    throw new FlashFailure(
      1,
      late ??
        `The drive ${drive.path} has the file, and the board has not left it within ${machine.wait.vanish / 1000} s.`,
      "unproven",
      "It is written, not proven: a bootloader restarts by itself once it has the whole image, so it has not taken all of it.",
      `eject the drive and press reset; if it comes back as a drive, run: mehr flash ${board.id} --drive ${drive.path}`,
    );
  }
  listener.step("waiting for the program to start and to say what it is");
  await sleep(100);
  const proof = await waitForProof(machine, manifest, boardPlace(target.port, drive));
  if (!proof.ok) {
    throw new FlashFailure(
      1,
      `The drive took the image and went away, but ${proof.clause}.`,
      "unproven",
      "It is written, not proven; the bootloader is intact.",
      `if the board does not start, press reset twice, quickly, and run: mehr flash ${board.id}   (--port PATH if this machine has other ports)`,
    );
  }
  return {
    method: "uf2",
    port: proof.running.port,
    drive: drive.path,
    identified,
    written: [{ path: artifact.path, offset: null, size: artifact.size }],
    proof: ["booted"],
    running: proof.running,
  };
}

function boardPlace(port: PortInfo | undefined, drive: Drive): Place {
  if (port !== undefined) return placeOf(port);
  return drive.location === undefined ? {} : { location: drive.location };
}

/** Errors of a device that went away under a write (Linux, macOS, Windows). */
const LOST = new Set(["EIO", "ENODEV", "ENXIO", "ENOENT", "ENOTCONN", "EBADF", "EINVAL", "UNKNOWN"]);

/**
 * Writes the file and brings every byte to the board. The board may restart while the last of them is confirmed, so what
 * happens after all were handed over is not yet a failure: it is returned as a sentence. Throws FlashFailure before that.
 */
async function copy(context: Context, drive: Drive, name: string, bytes: Uint8Array): Promise<string | undefined> {
  const { listener, board, signal } = context;
  const path = join(drive.path, name);
  const again = `press reset twice, quickly, and run: mehr flash ${board.id} --drive ${drive.path}`;
  let at = 0;
  let file: number | undefined;
  try {
    file = openSync(path, "w");
    while (at < bytes.length) {
      if (signal?.aborted) throw Object.assign(new Error("interrupted"), { code: "EINTR" });
      at += writeSync(file, bytes, at, Math.min(PIECE, bytes.length - at));
      if (at < bytes.length) fdatasyncSync(file);
      listener.progress(at / bytes.length, name);
      // Lets the progress be drawn, an interruption arrive, and a vanished drive be seen.
      await sleep(0);
      if (at < bytes.length && drive.device === undefined && !existsSync(join(drive.path, INFO_FILE))) {
        throw Object.assign(new Error("the drive went away"), { code: "ENODEV" });
      }
    }
    fsyncSync(file);
    closeSync(file);
    file = undefined;
    syncFolder(drive.path);
    return undefined;
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (at === bytes.length && LOST.has(code)) {
      return `The drive ${drive.path} did not confirm the last bytes of the file (${code}).`;
    }
    const count = `${at} of ${bytes.length} bytes`;
    const left =
      at === 0
        ? "Nothing was written; the board waits in its bootloader."
        : "The application is half written; the bootloader is intact.";
    const state = at === 0 ? "bootloader" : "half-written";
    if (code === "EROFS" || code === "EACCES" || code === "EPERM") {
      const why = `${path} cannot be written: ${code === "EROFS" ? "the drive is mounted read-only" : "this user may not write there"}.`;
      const how = code === "EROFS" ? "unmount it and mount it again for writing" : "mount it for this user";
      throw new FlashFailure(1, why, state, left, `${how}, then: mehr flash ${board.id} --drive ${drive.path}`);
    }
    const why =
      code === "ENOSPC"
        ? `The drive ${drive.path} is full after ${count}: it is no drive of a UF2 bootloader, or other files are on it.`
        : code === "EINTR"
          ? `It was interrupted after ${count}.`
          : LOST.has(code)
            ? `The drive ${drive.path} went away after ${count}: the board was unplugged or restarted too early.`
            : `Writing ${path} failed after ${count} (${code || message}).`;
    throw new FlashFailure(1, why, state, left, again);
  } finally {
    if (file !== undefined) closeQuietly(file);
  }
}

function closeQuietly(file: number): void {
  try {
    closeSync(file);
  } catch {
    // The device is gone.
  }
}

/** Brings the folder's entry to the board; a drive that has gone by then has it, and some systems cannot. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeQuietly(folder);
    }
  } catch {
    // See above.
  }
}
