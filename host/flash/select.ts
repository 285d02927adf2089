/** Which board is meant, and how it is flashed: by what the user named, or else by the one that fits. Never by a guess. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { MehrError } from "../../toolchain/errors.ts";
import type { Manifest } from "../../toolchain/manifest.ts";
import { type PortInfo, portText } from "../serial/ports.ts";
import { type Method, METHODS, type Target } from "./context.ts";
import { type Drive, readDriveInfo } from "./drives.ts";
import type { Machine } from "./machine.ts";

export interface Wanted {
  readonly port?: string;
  readonly drive?: string;
  readonly method?: string;
  /** Read INFO_UF2.TXT to tell drives apart. */
  readonly open: boolean;
}

/** The ways an image can be flashed, the usual one first. */
export function methodsOf(manifest: Manifest): readonly Method[] {
  if (manifest.builds.length > 0) return ["esptool"];
  if (manifest.mcu === "rp2040") return ["uf2", "picotool"];
  if (manifest.mcu === "nrf52840") return ["dfu", "uf2"];
  return [];
}

/**
 * The one target. Throws MehrError (2) if the user named something that cannot be, if there is no candidate, or if there are
 * several, with a list of them.
 */
export async function selectTarget(machine: Machine, manifest: Manifest, wanted: Wanted): Promise<Target> {
  const methods = methodsOf(manifest);
  const method = methodOf(manifest, methods, wanted);
  const drives = methods.includes("uf2") ? await machine.drives() : [];
  if (wanted.drive !== undefined)
    return { method: "uf2", ...namedDrive(drives, wanted.drive), ...(await named(machine, wanted.port)) };
  if (wanted.port !== undefined) {
    const { port } = (await named(machine, wanted.port)) as { port: PortInfo };
    // Its drive tells what a serial bootloader cannot: the SoftDevice, before anything is erased.
    const drive = drives.find(({ location }) => location !== undefined && location === port.location);
    if (method === undefined && drive !== undefined) return { method: "uf2", port, drive };
    return { method: method ?? methods[0] ?? "esptool", port };
  }
  const boards = await candidates(machine, manifest, drives, method, wanted.open);
  const [only, ...others] = boards;
  if (only === undefined) throw nothingThere(manifest, await machine.ports(), methods);
  if (others.length > 0) {
    const list = boards.map((one) => `  ${targetText(one)}`).join("\n");
    throw new MehrError(
      2,
      `${boards.length} boards may be meant; name one with --port or --drive:\n${list}`,
      `mehr flash ${manifest.board} ${only.drive === undefined ? `--port ${only.port?.path}` : `--drive ${only.drive.path}`}`,
    );
  }
  return { ...only, method: method ?? (only.drive !== undefined ? "uf2" : (methods[0] ?? "esptool")) };
}

function methodOf(manifest: Manifest, methods: readonly Method[], wanted: Wanted): Method | undefined {
  const { method } = wanted;
  if (method === undefined) return undefined;
  const known = METHODS.find((one) => one === method);
  if (known === undefined) throw new MehrError(2, `There is no method "${method}"; they are ${METHODS.join(", ")}.`);
  if (!methods.includes(known)) {
    throw new MehrError(2, `${manifest.board} is not flashed by ${known}; it is by ${methods.join(" or ")}.`);
  }
  if (wanted.drive !== undefined && known !== "uf2") {
    throw new MehrError(2, `--drive is for the method uf2 and --method says ${known}; leave one of them out.`);
  }
  return known;
}

/** A port as the list has it, or by its path alone: a pseudo-terminal, a link, a port the system does not list. */
async function named(machine: Machine, path: string | undefined): Promise<{ port?: PortInfo }> {
  if (path === undefined) return {};
  return { port: (await machine.ports()).find((port) => port.path === path) ?? { path } };
}

function namedDrive(drives: readonly Drive[], path: string): { drive: Drive } {
  const known = drives.find((drive) => resolve(drive.path) === resolve(path));
  if (known !== undefined) return { drive: known };
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const there =
      drives.length === 0
        ? "no drive of a UF2 bootloader is mounted"
        : `there is ${drives.map((d) => d.path).join(" and ")}`;
    throw new MehrError(2, `${path} is not a mounted drive; ${there}.`);
  }
  return { drive: { path } };
}

/** Every board that may be this one: a port with its USB ids, a drive with its Board-ID, or both in one USB socket. */
async function candidates(
  machine: Machine,
  manifest: Manifest,
  drives: readonly Drive[],
  method: Method | undefined,
  open: boolean,
): Promise<Omit<Target, "method">[]> {
  const id = manifest.uf2?.boardId ?? undefined;
  const fitting = drives.filter(({ path }) => !open || id === undefined || readDriveInfo(path)?.boardId === id);
  const ports = (await machine.ports()).filter((port) =>
    manifest.usb.some(({ vid, pid }) => port.vid === vid && port.pid === pid),
  );
  const found: Omit<Target, "method">[] = [];
  for (const port of ports) {
    const drive = fitting.find(({ location }) => location !== undefined && location === port.location);
    found.push({ port, ...(drive === undefined || method === "dfu" ? {} : { drive }) });
  }
  if (method === "dfu" || method === "picotool" || method === "esptool") return found;
  for (const drive of fitting) {
    if (!found.some((one) => one.drive === drive)) found.push({ drive });
  }
  return found;
}

export function targetText({ port, drive }: Omit<Target, "method">): string {
  return [port === undefined ? undefined : portText(port), drive === undefined ? undefined : `the drive ${drive.path}`]
    .filter((text) => text !== undefined)
    .join(" with ");
}

function nothingThere(manifest: Manifest, ports: readonly PortInfo[], methods: readonly Method[]): MehrError {
  const ids = [...new Set(manifest.usb.map(({ vid, pid }) => `${hex4(vid)}:${hex4(pid)}`))].join(", ");
  const there =
    ports.length === 0 ? "this machine has no serial port" : `its ports are ${ports.map(portText).join(" and ")}`;
  const drive = methods.includes("uf2") ? ", and no drive with its Board-ID is mounted" : "";
  return new MehrError(
    2,
    `No ${manifest.board} is plugged in: no port has its USB ids (${ids}; ${there})${drive}.`,
    `use a cable that carries data, or name the board's port: mehr flash ${manifest.board} --port PATH`,
  );
}

function hex4(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, "0");
}
