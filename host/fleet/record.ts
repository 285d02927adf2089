/** The provisioning record of a device: made from what was asked for, and compared with what the device says it has. */
import { randomBytes } from "node:crypto";
import { type BootConfig, decodeBootConfig } from "../../boards/config.ts";
import type { ProvisionRecord } from "../board/messages.gen.ts";
import { PIN_LOG_N, PIN_SALT_SIZE, pinKey } from "../device/pin.ts";
import type { FleetDevice } from "./file.ts";

/** What a device has stored. */
export interface Provisioning {
  readonly record: ProvisionRecord;
  /** Addresses in hex. */
  readonly trusted: readonly string[];
}

const RECORD_VERSION = 1;

/** The record of a device whose PIN's key is `pin`. `now` is Unix ms. */
export function recordOf(device: FleetDevice, pin: PinKey | undefined, now: number): ProvisionRecord {
  const { resolved } = device;
  return {
    version: RECORD_VERSION,
    flags: 0,
    antennaGainTenths: resolved.antennaGainTenths,
    region: resolved.region,
    name: device.name,
    config: resolved.config,
    pinLogN: pin === undefined ? 0 : PIN_LOG_N,
    pinSalt: pin?.salt ?? new Uint8Array(16),
    pinKey: pin?.key ?? new Uint8Array(32),
    provisionedMs: BigInt(now),
  };
}

export interface PinKey {
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/** A fresh key for a PIN. It takes 32 MiB and about a tenth of a second, on purpose. */
export async function makePinKey(pin: string): Promise<PinKey> {
  const salt = Uint8Array.from(randomBytes(PIN_SALT_SIZE));
  return { salt, key: await pinKey(pin, salt, PIN_LOG_N) };
}

/**
 * The fields in which two provisionings differ, each as a clause with both values; empty when there is none. When it
 * happened is not what was asked for. `exact` also compares the PIN's salt, which is new at every provisioning; without
 * it, only whether there is a PIN.
 */
export function differences(wanted: Provisioning, has: Provisioning, exact: boolean): string[] {
  const found: string[] = [];
  const compare = (field: string, a: string | number, b: string | number): void => {
    if (a !== b) found.push(`${field} is ${b === "" ? "empty" : b} and not ${a === "" ? "empty" : a}`);
  };
  const [a, b] = [wanted.record, has.record];
  compare("version", a.version, b.version);
  compare("flags", a.flags, b.flags);
  compare("name", a.name, b.name);
  compare("region", a.region, b.region);
  compare("antenna_gain", a.antennaGainTenths / 10, b.antennaGainTenths / 10);
  found.push(...configDifferences(a.config, b.config));
  compare("PIN", pinText(a), pinText(b));
  if (exact) {
    compare("salt of the PIN", hex(a.pinSalt), hex(b.pinSalt));
    compare("time of provisioning", String(a.provisionedMs), String(b.provisionedMs));
  }
  compare("trusted", [...wanted.trusted].sort().join(" "), [...has.trusted].sort().join(" "));
  return found;
}

function pinText({ pinLogN }: ProvisionRecord): string {
  return pinLogN === 0 ? "none" : `set (2^${pinLogN})`;
}

function configDifferences(wanted: Uint8Array, has: Uint8Array): string[] {
  if (Buffer.from(wanted).equals(has)) return [];
  let config: BootConfig;
  try {
    config = decodeBootConfig(has);
  } catch (error) {
    return [`config is none this mehr can read (${(error as Error).message})`];
  }
  const asked = decodeBootConfig(wanted);
  const names = Object.keys(asked) as (keyof BootConfig)[];
  return names.flatMap((name) => {
    const [a, b] = [JSON.stringify(asked[name]), JSON.stringify(config[name])];
    return a === b ? [] : [`${name} is ${b} and not ${a}`];
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
