/** `mehr provision`: makes boards the relays of a fleet file, or one board the relay that flags and questions say. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join, resolve as resolvePath } from "node:path";
import { MehrError } from "../../toolchain/errors.ts";
import { parseFleet, type FleetDevice } from "../fleet/file.ts";
import { requireLabelFile, writeLabels } from "../fleet/label-files.ts";
import { FleetLock } from "../fleet/lock-file.ts";
import { type DeviceResult, type FleetResult, provisionFleet } from "../fleet/provision.ts";
import { Asker } from "./ask.ts";
import type { Io } from "./outcome.ts";
import { gatherPins, type PinFlags } from "./provision-pins.ts";
import { type OneFlags, oneDevice } from "./provision-one.ts";
import { table } from "./table.ts";

export interface ProvisionFlags extends OneFlags, PinFlags {
  readonly root: string;
  /** The fleet file; ./fleet.yaml, if it is there and no flag says what one board is to be. */
  readonly file?: string | undefined;
  readonly only: readonly string[];
  readonly replace: readonly string[];
  readonly lock?: string;
  readonly labels?: string;
  readonly jobs: number;
  readonly anyImage?: boolean;
  readonly dryRun?: boolean;
}

export const FLEET_FILE = "fleet.yaml";

/** Flags that say what one board is to be; in a fleet file every board has its own. */
const ONE_FLAGS = {
  name: "--name",
  port: "--port",
  usb: "--usb",
  board: "--board",
  region: "--region",
  frequency: "--frequency",
  bandwidth: "--bandwidth",
  sf: "--sf",
  preamble: "--preamble",
  power: "--power",
  antennaGain: "--antenna-gain",
  price: "--price",
  costTier: "--cost-tier",
  trust: "--trust",
} as const satisfies Partial<Record<keyof OneFlags, string>>;

/** Exit code 0 if every device is what it was to be, 1 if one is not. */
export async function provision(io: Io, flags: ProvisionFlags): Promise<number> {
  if (flags.labels !== undefined) requireLabelFile(flags.labels);
  const asker = Asker.atTerminal();
  try {
    return await provisionWith(io, flags, asker);
  } finally {
    asker?.close();
  }
}

async function provisionWith(io: Io, flags: ProvisionFlags, asker: Asker | undefined): Promise<number> {
  const one = Object.entries(ONE_FLAGS).filter(([name]) => given(flags[name as keyof OneFlags]));
  const file = flags.file ?? (one.length === 0 && existsSync(FLEET_FILE) ? FLEET_FILE : undefined);
  if (file !== undefined && one.length > 0) {
    const names = one.map(([, flag]) => flag).join(", ");
    throw new MehrError(
      2,
      `${names} is for one board, and ${file} says it for each; change the file, or leave it out.`,
    );
  }
  const base = file === undefined ? "fleet" : file.slice(0, file.length - extname(file).length);
  const lockPath = flags.lock ?? `${base}.lock`;
  let devices: readonly FleetDevice[];
  if (file === undefined) {
    if (flags.only.length > 0) throw new MehrError(2, "--only chooses devices of a fleet file; give one.");
    devices = [await oneDevice(io, flags, lockPath, asker)];
  } else {
    devices = parseFleet(readFleet(file), file);
    requireNames(devices, flags.only, "--only", file);
  }
  requireNames(devices, flags.replace, "--replace", file ?? "the command line");
  const chosen = devices.filter(({ name }) => flags.only.length === 0 || flags.only.includes(name));
  const pin = await gatherPins(io, flags, chosen, {
    base,
    folder: file === undefined ? "." : dirname(file),
    asker,
    dryRun: flags.dryRun === true,
  });
  const interrupted = new AbortController();
  // Half a device is nothing anybody wants: those at work are finished.
  io.onInterrupt(() => {
    io.progress("Interrupted: the devices at work are finished, no further one is begun.");
    interrupted.abort();
  });
  const result = await provisionFleet({
    devices,
    lockPath,
    dist: join(flags.root, "dist"),
    pin,
    ...(flags.only.length === 0 ? {} : { only: flags.only }),
    jobs: flags.jobs,
    dryRun: flags.dryRun === true,
    anyImage: flags.anyImage === true,
    replace: flags.replace,
    progress: (name, text) => io.progress(`- ${name}: ${text}`),
    signal: interrupted.signal,
  });
  const labels = flags.labels === undefined || flags.dryRun ? [] : labelFiles(flags.labels, lockPath, result);
  report(io, flags, result, { lockPath, labels });
  return result.ok ? 0 : 1;
}

function given(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

export function readFleet(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "is not there; `mehr provision --help` shows one" : `cannot be read (${message})`;
    throw new MehrError(2, `${file} ${why}.`);
  }
}

function requireNames(devices: readonly FleetDevice[], names: readonly string[], flag: string, where: string): void {
  const known = devices.map(({ name }) => name);
  const strange = names.find((name) => !known.includes(name));
  if (strange === undefined) return;
  throw new MehrError(2, `${flag} ${strange} names no device of ${where}; its devices are ${known.join(", ")}.`);
}

/** Labels of the devices that are what they were to be. */
function labelFiles(path: string, lockPath: string, { devices }: FleetResult): string[] {
  const lock = FleetLock.read(lockPath);
  const done = devices.filter(({ outcome }) => outcome === "provisioned" || outcome === "unchanged");
  const entries = done.flatMap(({ name }) => lock.byName(name) ?? []);
  return entries.length === 0 ? [] : writeLabels(path, entries);
}

function report(
  io: Io,
  flags: ProvisionFlags,
  result: FleetResult,
  { lockPath, labels }: { lockPath: string; labels: readonly string[] },
): void {
  const { devices, ok, seconds } = result;
  io.result({
    ok,
    dry_run: flags.dryRun === true,
    fleet_lock: resolvePath(lockPath),
    devices: devices.map(({ flashWrites, ...device }) => ({
      name: device.name,
      board: device.board,
      port: device.port ?? null,
      destination: device.destination ?? null,
      result: device.outcome,
      detail: device.detail ?? null,
      flash_writes: flashWrites ?? null,
      seconds: Math.round(device.seconds * 1000) / 1000,
    })),
    labels,
    seconds: Math.round(seconds * 1000) / 1000,
  });
  io.print(
    table(
      ["name", "board", "port", "destination", "result"],
      devices.map(({ name, board, port, destination, outcome }) => [
        name,
        board,
        port ?? "-",
        destination ?? "-",
        outcome,
      ]),
    ),
  );
  io.print();
  for (const { name, detail } of devices) if (detail !== undefined) io.print(`${name}: ${own(detail, name)}`);
  io.print(verdict(devices, seconds));
  if (!flags.dryRun && devices.some(({ outcome }) => outcome === "provisioned")) io.print(`Written: ${lockPath}`);
  for (const path of labels) io.print(`Written: ${path}`);
}

/** A sentence that begins with the name needs it no second time. */
function own(detail: string, name: string): string {
  return detail.startsWith(`${name} `) || detail.startsWith(`${name}: `)
    ? detail.slice(name.length).replace(/^:? /, "")
    : detail;
}

/** "19 of 20 devices are what they were to be, after 12.3 s: 18 provisioned, 1 unchanged, 1 failed." */
function verdict(devices: readonly DeviceResult[], seconds: number): string {
  const counts = new Map<string, number>();
  for (const { outcome } of devices) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const parts = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  const again = counts.has("failed") || counts.has("not reached") ? " Run it again for the rest." : "";
  return `${devices.length} ${devices.length === 1 ? "device" : "devices"} in ${seconds.toFixed(1)} s: ${parts}.${again}`;
}
