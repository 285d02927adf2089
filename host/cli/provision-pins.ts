/** Where the PINs of `mehr provision` come from. */
import { join } from "node:path";
import { MehrError } from "../../toolchain/errors.ts";
import type { Pin } from "../fleet/device-steps.ts";
import type { FleetDevice } from "../fleet/file.ts";
import { keepGeneratedPins, pinOf, pinProblem, type Pins, readableByOthers, readPins } from "../fleet/pins.ts";
import type { PinMode } from "../fleet/schema.ts";
import type { Asker } from "./ask.ts";
import type { Io } from "./outcome.ts";

export interface PinFlags {
  /** For all devices, in place of what the fleet file says. */
  readonly pin?: PinMode;
  readonly pinFile?: string;
  readonly oldPinFile?: string;
}

interface Surroundings {
  /** The fleet file without its extension: PINs that are made up are kept in `base`.pins. */
  readonly base: string;
  /** The folder that a pin_file of the fleet file is relative to. */
  readonly folder: string;
  readonly asker: Asker | undefined;
  /** Nobody is asked and nothing is written: it is enough to know which devices have a PIN. */
  readonly dryRun: boolean;
}

/**
 * The PIN of each device, by name.
 *
 * @throws MehrError (2) for a file of PINs that is wrong or lacks a device, or where somebody would have to be asked and
 *   nobody is there
 */
export async function gatherPins(
  io: Io,
  flags: PinFlags,
  devices: readonly FleetDevice[],
  { base, folder, asker, dryRun }: Surroundings,
): Promise<(name: string) => Pin> {
  if (flags.pin !== undefined && flags.pinFile !== undefined) {
    throw new MehrError(2, "--pin and --pin-file both say where the PIN comes from; leave one of them out.");
  }
  const read = new Map<string, Pins>();
  const file = (path: string): Pins => {
    const pins = read.get(path) ?? readPins(path);
    if (!read.has(path) && readableByOthers(path)) io.progress(`- ${path} can be read by others; chmod 600 ${path}`);
    read.set(path, pins);
    return pins;
  };
  const wanted = new Map<string, string>();
  const made: string[] = [];
  const asked: string[] = [];
  for (const { name, settings } of devices) {
    const ofFile = settings.pin_file === undefined ? undefined : join(folder, settings.pin_file);
    const path = flags.pinFile ?? (flags.pin === undefined ? ofFile : undefined);
    const mode = flags.pin ?? settings.pin ?? "ask";
    if (path !== undefined) {
      const pin = pinOf(file(path), name);
      if (pin === undefined)
        throw new MehrError(2, `The PIN file ${path} has no line for ${JSON.stringify(name)}; add one.`);
      wanted.set(name, pin);
    } else if (mode === "generate") made.push(name);
    else if (mode === "ask") asked.push(name);
  }
  if (made.length > 0) {
    const path = `${base}.pins`;
    const pins = dryRun ? new Map(made.map((name) => [name, ""])) : keepGeneratedPins(path, made);
    for (const name of made) wanted.set(name, pins.get(name) ?? "");
    if (!dryRun) io.progress(`- the PINs of ${made.length} devices are in ${path}; keep it safe`);
  }
  if (asked.length > 0) {
    const pin = dryRun ? "?" : await ask(asker, asked);
    if (pin !== "") for (const name of asked) wanted.set(name, pin);
  }
  const old = flags.oldPinFile === undefined ? undefined : file(flags.oldPinFile);
  return (name) => ({ wanted: wanted.get(name), old: old === undefined ? undefined : pinOf(old, name) });
}

function ask(asker: Asker | undefined, names: readonly string[]): Promise<string> {
  if (asker === undefined) {
    throw new MehrError(
      2,
      "Nobody can be asked for a PIN here; give --pin-file FILE, --pin generate (kept in a file beside fleet.lock), or --pin none.",
    );
  }
  const whose = names.length === 1 ? `PIN of ${names[0]}` : `PIN of all ${names.length} devices`;
  return asker.secret(`${whose} (empty: none)`, (pin) => (pin === "" ? undefined : pinProblem(pin)));
}
