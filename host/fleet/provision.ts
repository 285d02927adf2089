/** Provisions the devices of a fleet side by side: who each is, then all that follows from knowing every address. */
import { realpathSync } from "node:fs";
import { MehrError } from "../../toolchain/errors.ts";
import { listPorts, type PortInfo, portText } from "../serial/ports.ts";
import { connectDevice } from "./connect-device.ts";
import type { Connect, Connection } from "./connection.ts";
import { type Identified, identify, isAlready, type Pin, provisionDevice } from "./device-steps.ts";
import type { FleetDevice } from "./file.ts";
import { FleetLock } from "./lock-file.ts";
import { recordOf } from "./record.ts";

/** Devices worked on at a time. What takes long is the key of a PIN, of which Node computes four at once. */
export const DEFAULT_JOBS = 8;

export type Outcome = "provisioned" | "unchanged" | "would be provisioned" | "failed" | "not reached";

export interface DeviceResult {
  readonly name: string;
  readonly board: string;
  /** Where it was found; undefined if it was not. */
  readonly port: string | undefined;
  /** Its address in hex; undefined if it was not learnt. */
  readonly destination: string | undefined;
  readonly outcome: Outcome;
  /** Why it failed, or what is to be known about it. */
  readonly detail: string | undefined;
  /** Words programmed and pages erased; undefined unless it was provisioned and said so. */
  readonly flashWrites: number | undefined;
  readonly seconds: number;
}

export interface FleetResult {
  /** True if every device is what it was to be, or would be. */
  readonly ok: boolean;
  /** In the order of the devices. */
  readonly devices: readonly DeviceResult[];
  readonly seconds: number;
}

export interface FleetOptions {
  readonly devices: readonly FleetDevice[];
  /** Path of fleet.lock; made if it is not there. */
  readonly lockPath: string;
  /** Folder of built images, to compare what a device runs with. */
  readonly dist: string;
  /** How a device is reached: through its serial port, unless a test has another way. */
  readonly connect?: Connect;
  /** PIN a device is to have, and the one it has; nothing: none. */
  readonly pin?: (name: string) => Pin;
  /** Only these of the devices are opened; the others are there to be trusted. */
  readonly only?: readonly string[];
  readonly jobs?: number;
  readonly dryRun?: boolean;
  readonly anyImage?: boolean;
  /** Names that may get another identity than fleet.lock has for them. */
  readonly replace?: readonly string[];
  /** The ports of this machine. */
  readonly ports?: () => Promise<PortInfo[]>;
  readonly progress?: (name: string, text: string) => void;
  /** When it fires, devices at work are finished and no further one is begun. */
  readonly signal?: AbortSignal;
}

interface Work {
  readonly device: FleetDevice;
  port: string | undefined;
  usb: string | undefined;
  connection: Connection | undefined;
  identified: Identified | undefined;
  outcome: Outcome | undefined;
  detail: string | undefined;
  flashWrites: number | undefined;
  seconds: number;
}

/**
 * Provisions devices. What is wrong with one is its result and stops no other.
 *
 * @throws MehrError (2) if fleet.lock is damaged, (1) if another process holds it
 */
export function provisionFleet(options: FleetOptions): Promise<FleetResult> {
  // A dry run writes nothing, not even a lock.
  if (options.dryRun) return provisionWith(FleetLock.read(options.lockPath), options);
  return FleetLock.hold(options.lockPath, (lock) => provisionWith(lock, options));
}

async function provisionWith(lock: FleetLock, options: FleetOptions): Promise<FleetResult> {
  const started = performance.now();
  const all = options.devices.map((device): Work => {
    const nothing = { connection: undefined, identified: undefined, outcome: undefined };
    return {
      device,
      port: undefined,
      usb: undefined,
      ...nothing,
      detail: undefined,
      flashWrites: undefined,
      seconds: 0,
    };
  });
  const works = all.filter(({ device }) => options.only?.includes(device.name) ?? true);
  try {
    await findPorts(works, options);
    await each(works, options, (work) => meet(work, lock, options));
    refuseTwins(works);
    await each(works, options, (work) => settleDevice(work, all, lock, options));
  } finally {
    await Promise.all(works.map(async ({ connection }) => connection?.close().catch(() => {})));
  }
  const devices = works.map(resultOf);
  const good: readonly Outcome[] = ["provisioned", "unchanged", "would be provisioned"];
  const missing = works.some((work) => missingPeers(work, all, lock).length > 0);
  const ok = devices.every(({ outcome }) => good.includes(outcome)) && !missing;
  return { ok, devices, seconds: (performance.now() - started) / 1000 };
}

/** Runs `step` for every device that is still in it, a few at a time. */
async function each(
  works: readonly Work[],
  { jobs = DEFAULT_JOBS, signal, progress }: FleetOptions,
  step: (work: Work) => Promise<void>,
): Promise<void> {
  const waiting = works.filter(({ outcome }) => outcome === undefined);
  const worker = async (): Promise<void> => {
    for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) {
      const started = performance.now();
      try {
        if (signal?.aborted) work.outcome = "not reached";
        else await step(work);
      } catch (error) {
        work.outcome = "failed";
        work.detail = error instanceof Error ? error.message : String(error);
        progress?.(work.device.name, work.detail);
      }
      work.seconds += (performance.now() - started) / 1000;
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, waiting.length) }, worker));
}

/** Where each device is. Two that turn out to be behind one port both fail: one of them is not what it is called. */
async function findPorts(works: readonly Work[], options: FleetOptions): Promise<void> {
  const needed = works.some(({ device: { find } }) => find.port === undefined);
  const ports = needed || process.platform === "linux" ? await (options.ports ?? listPorts)() : [];
  const byPlace = new Map<string, Work>();
  for (const work of works) {
    const { find, name } = work.device;
    try {
      const port = find.port ?? portOf(name, find.usb, ports);
      work.port = port;
      const place = realPath(port);
      work.usb = ports.find(({ path }) => realPath(path) === place)?.serialNumber;
      const other = byPlace.get(place);
      if (other !== undefined) {
        const fix = "name a port of its own for each";
        throw new MehrError(1, `${name} (${port}) and ${other.device.name} (${other.port}) are the same port; ${fix}.`);
      }
      byPlace.set(place, work);
    } catch (error) {
      work.outcome = "failed";
      work.detail = (error as Error).message;
    }
  }
}

function portOf(name: string, usb: string | undefined, ports: readonly PortInfo[]): string {
  const there = ports.length === 0 ? "this machine has no ports" : `there are ${ports.map(portText).join(" and ")}`;
  const found = usb === undefined ? ports : ports.filter(({ serialNumber }) => serialNumber === usb);
  const [first, second] = found;
  if (first === undefined) {
    const what = usb === undefined ? "" : ` with the serial number ${usb}`;
    throw new MehrError(1, `${name} is not plugged in: no USB device${what} is found; ${there}.`);
  }
  if (second !== undefined) {
    const what = usb === undefined ? "several ports" : `several devices with the serial number ${usb}`;
    throw new MehrError(1, `${name} may be any of ${what}: ${found.map(portText).join(" and ")}; name its port.`);
  }
  return first.path;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

async function meet(work: Work, lock: FleetLock, options: FleetOptions): Promise<void> {
  const { device, port } = work;
  if (port === undefined) return;
  work.connection = await (options.connect ?? connectDevice)(port, device.name);
  const { dist, anyImage = false, replace = [] } = options;
  work.identified = await identify(device, port, work.connection, { lock, dist, anyImage, replace: new Set(replace) });
  options.progress?.(device.name, `is ${work.identified.destination}`);
}

/** Two boards of this run with one identity: nobody can say whose it is, so neither is touched. */
function refuseTwins(works: readonly Work[]): void {
  const byKey = new Map<string, Work[]>();
  for (const work of works) {
    if (work.identified === undefined) continue;
    const key = work.identified.publicKey;
    byKey.set(key, [...(byKey.get(key) ?? []), work]);
  }
  for (const twins of byKey.values()) {
    if (twins.length < 2) continue;
    for (const work of twins) {
      const others = twins.filter((one) => one !== work).map(({ device, port }) => `${device.name} (${port})`);
      work.outcome = "failed";
      work.detail = `${work.device.name} (${work.port}) and ${others.join(" and ")} present the same identity ${work.identified?.destination}: one was copied from the other; reset all but the first with --forget-identity.`;
    }
  }
}

/** Address of a device of the fleet, as it has just shown it, or as fleet.lock remembers it. */
function addressOf(name: string, all: readonly Work[], lock: FleetLock): string | undefined {
  const work = all.find(({ device }) => device.name === name);
  if (work?.identified !== undefined && work.outcome !== "failed") return work.identified.destination;
  return lock.byName(name)?.destination;
}

function missingPeers({ device }: Work, all: readonly Work[], lock: FleetLock): string[] {
  const names = new Set(all.map((work) => work.device.name));
  return device.trusted.filter((peer) => names.has(peer) && addressOf(peer, all, lock) === undefined);
}

async function settleDevice(work: Work, all: readonly Work[], lock: FleetLock, options: FleetOptions): Promise<void> {
  const { device, connection, identified } = work;
  if (connection === undefined || identified === undefined) return;
  const pin = options.pin?.(device.name) ?? { wanted: undefined, old: undefined };
  const names = new Set(all.map((one) => one.device.name));
  const addresses = device.trusted.flatMap((peer) => (names.has(peer) ? (addressOf(peer, all, lock) ?? []) : peer));
  const trusted = [...new Set(addresses)];
  if (trusted.includes(identified.destination)) {
    throw new MehrError(
      1,
      `${device.name} is to trust ${identified.destination}, which is its own address; leave it out.`,
    );
  }
  const missing = missingPeers(work, all, lock);
  if (missing.length > 0) {
    work.detail = `it does not trust ${missing.join(", ")} yet, whose address nobody knows; run this again when it is there`;
  }
  const has = await connection.read();
  const placeholder = pin.wanted === undefined ? undefined : { salt: new Uint8Array(16), key: new Uint8Array(32) };
  const wanted = { record: recordOf(device, placeholder, 0), trusted };
  const already = typeof has !== "string" && (await isAlready(connection, wanted, has, pin, options.dryRun === true));
  if (options.dryRun) {
    work.outcome = already ? "unchanged" : "would be provisioned";
    return;
  }
  if (!already) {
    options.progress?.(device.name, "is being provisioned");
    work.flashWrites = await provisionDevice(device, connection, identified, trusted, pin);
  }
  const before = lock.byName(device.name);
  const { resolved } = device;
  const entry = {
    name: device.name,
    board: resolved.board,
    region: resolved.region,
    public_key: identified.publicKey,
    destination: identified.destination,
    image_sha256: identified.imageSha256,
    // A run that ended between the device and this file has left the date to the device.
    provisioned_at: already
      ? (before?.provisioned_at ?? timeOf(typeof has === "string" ? 0n : has.record.provisionedMs))
      : new Date().toISOString(),
    ...(work.port === undefined ? {} : { port: work.port }),
    ...(work.usb === undefined ? {} : { usb: work.usb }),
  };
  if (JSON.stringify(entry) !== JSON.stringify(before)) lock.put(entry);
  work.outcome = already ? "unchanged" : "provisioned";
  options.progress?.(device.name, already ? "is already what it is to be" : "is provisioned");
}

function timeOf(unixMs: bigint): string {
  const known = unixMs > 0n && unixMs < 253_402_300_800_000n;
  return new Date(known ? Number(unixMs) : Date.now()).toISOString();
}

function resultOf({ device, port, identified, outcome, detail, flashWrites, seconds }: Work): DeviceResult {
  return {
    name: device.name,
    board: device.resolved.board,
    port,
    destination: identified?.destination,
    outcome: outcome ?? "not reached",
    detail,
    flashWrites,
    seconds,
  };
}
