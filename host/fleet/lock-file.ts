/** fleet.lock: which relay is which, for good. JSON, written whole after every device, old or new and never half. */
import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { MehrError } from "../../toolchain/errors.ts";
import { withLock } from "../../toolchain/pio/process.ts";
import { nameProblem } from "./schema.ts";

/** Version of the layout. */
export const FLEET_LOCK_VERSION = 1;

const hex = (digits: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), { error: `expected ${digits} lower-case hexadecimal digits` });

const entrySchema = z.strictObject({
  name: z
    .string()
    .refine((name) => nameProblem(name) === undefined, { error: "it is no name a device can have" })
    .describe("Its name, the key of this list."),
  board: z.string().min(1).describe("Id of its board."),
  region: z.string().describe("Id of the region whose law it keeps; empty: it only listens."),
  public_key: hex(64).describe("Ed25519 public key, hex."),
  destination: hex(32).describe("Its address, the destination hash of that key, hex."),
  image_sha256: hex(64).nullable().describe("Hash of the program it ran; null if it could not tell."),
  provisioned_at: z.iso.datetime().describe("When it was provisioned, UTC."),
  port: z.string().min(1).optional().describe("Where it was then."),
  usb: z.string().min(1).optional().describe("Serial number of its USB device, where it has one."),
});

const lockSchema = z.strictObject({
  fleet_lock: z.literal(FLEET_LOCK_VERSION).describe("Version of this layout."),
  devices: z.array(entrySchema),
});

export type LockEntry = z.infer<typeof entrySchema>;

/** How long another mehr may take over the file before we say so, rather than wait for it to provision a fleet. */
const BUSY_MS = 1_000;

/** The fleet.lock at one path, held against other processes while it is worked with. */
export class FleetLock {
  readonly path: string;
  readonly #devices = new Map<string, LockEntry>();

  private constructor(path: string, devices: readonly LockEntry[]) {
    this.path = path;
    for (const device of devices) this.#devices.set(device.name, device);
  }

  /** What is there; an empty one if nothing is. Throws MehrError (2) for a file that is damaged or of a newer mehr. */
  static read(path: string): FleetLock {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return new FleetLock(path, []);
      throw new MehrError(2, `${path} cannot be read (${(error as Error).message}); correct its permissions.`);
    }
    return new FleetLock(path, parseLock(text, path));
  }

  /**
   * Reads the file and keeps others from it until `work` is done.
   *
   * @throws MehrError (1) while another process holds it
   */
  static async hold<T>(path: string, work: (lock: FleetLock) => Promise<T>): Promise<T> {
    let owner: number | undefined;
    let began = false;
    const onWait = (held: number | undefined): void => {
      owner = held;
    };
    const held = async (): Promise<T> => {
      began = true;
      return work(FleetLock.read(path));
    };
    try {
      return await withLock(`${path}.lock`, held, { waitMs: BUSY_MS, onWait });
    } catch (error) {
      if (began) throw error;
      if (error instanceof MehrError) {
        const who = owner === undefined ? "Another mehr" : `Another mehr (process ${owner})`;
        throw new MehrError(1, `${who} is at work with ${path}; wait until it is done.`);
      }
      const why = (error as Error).message;
      throw new MehrError(
        2,
        `${dirname(path)} cannot be written to (${why}); fleet.lock must be kept beside the fleet.`,
      );
    }
  }

  get devices(): readonly LockEntry[] {
    return [...this.#devices.values()];
  }

  byName(name: string): LockEntry | undefined {
    return this.#devices.get(name);
  }

  byKey(publicKey: string): LockEntry | undefined {
    return this.devices.find((device) => device.public_key === publicKey);
  }

  /** Puts a device in, or in the place of the one of that name, and writes the file. */
  put(entry: LockEntry): void {
    const before = this.#devices.get(entry.name);
    this.#devices.set(entry.name, entry);
    try {
      writeAtomically(this.path, lockText(this.devices));
    } catch (error) {
      // What we believe is what is on the disk.
      if (before === undefined) this.#devices.delete(entry.name);
      else this.#devices.set(entry.name, before);
      throw new MehrError(
        1,
        `${this.path} cannot be written: ${(error as Error).message}; make room or correct permissions.`,
      );
    }
  }
}

/** In the order of names, so that two runs over the same fleet give the same text. */
export function lockText(devices: readonly LockEntry[]): string {
  const sorted = [...devices].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return `${JSON.stringify({ fleet_lock: FLEET_LOCK_VERSION, devices: sorted }, null, 2)}\n`;
}

function parseLock(text: string, path: string): LockEntry[] {
  const keep = "it holds the identities of your relays, so restore a copy rather than delete it";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MehrError(2, `${path} is damaged: it is no JSON (${(error as Error).message}); ${keep}.`);
  }
  const version = typeof value === "object" && value !== null && "fleet_lock" in value ? value.fleet_lock : undefined;
  if (typeof version === "number" && version > FLEET_LOCK_VERSION) {
    const reads = `this mehr reads version ${FLEET_LOCK_VERSION}`;
    throw new MehrError(2, `${path} has version ${version} and ${reads}; update this mehr.`);
  }
  const result = lockSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = issue?.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("") ?? "";
    const where = field === "" ? "the whole" : field.replace(/^\./, "");
    throw new MehrError(2, `${path} is damaged: ${where}: ${issue?.message}; ${keep}.`);
  }
  const { devices } = result.data;
  for (const field of ["name", "public_key"] as const) {
    const seen = new Set<string>();
    for (const device of devices) {
      if (seen.has(device[field])) {
        throw new MehrError(2, `${path} is damaged: two devices have the ${field} ${device[field]}; ${keep}.`);
      }
      seen.add(device[field]);
    }
  }
  return devices;
}

/**
 * Replaces a file: at a power cut or a kill at any moment it has its old content or the new. The name beside it is
 * always the same, so that what a kill leaves behind is overwritten; whoever writes holds the lock.
 */
export function writeAtomically(path: string, text: string, mode = 0o644): void {
  const draft = `${path}.new`;
  const file = openSync(draft, "w", mode);
  try {
    // A draft that was left behind keeps the mode it had.
    fchmodSync(file, mode);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  // The rename itself is in the folder. Windows cannot open one, and has no need to.
  if (process.platform === "win32") return;
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
