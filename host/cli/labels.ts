/** `mehr labels`: a sheet of labels for the devices of a fleet.lock. */
import { existsSync } from "node:fs";
import { MehrError } from "../../toolchain/errors.ts";
import { writeLabels } from "../fleet/label-files.ts";
import { FleetLock } from "../fleet/lock-file.ts";
import type { Io } from "./outcome.ts";

export interface LabelsFlags {
  readonly lock: string;
  readonly out: string;
  /** Names; all devices if empty. */
  readonly only: readonly string[];
}

export async function labels(io: Io, { lock: path, out, only }: LabelsFlags): Promise<undefined> {
  if (!existsSync(path)) {
    throw new MehrError(2, `${path} is not there; provision a fleet first, or name its fleet.lock.`);
  }
  const lock = FleetLock.read(path);
  const strange = only.find((name) => lock.byName(name) === undefined);
  if (strange !== undefined) throw new MehrError(2, `--only ${strange} names no device of ${path}.`);
  const entries = lock.devices.filter(({ name }) => only.length === 0 || only.includes(name));
  if (entries.length === 0) throw new MehrError(2, `${path} has no device; provision a fleet first.`);
  const files = writeLabels(out, entries);
  io.result({ ok: true, labels: entries.length, files });
  for (const file of files) io.print(`Written: ${file}`);
}
