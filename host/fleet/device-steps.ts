/** The two steps with one device: finding out who it is, and making it what the fleet file says. */
import { MehrError } from "../../toolchain/errors.ts";
import { ABI_VERSION, STATUS_SENTENCES } from "../core/abi.gen.ts";
import type { Identity } from "../board/protocol.ts";
import { addressOf } from "../device/address.ts";
import type { Connection } from "./connection.ts";
import type { FleetDevice } from "./file.ts";
import { imageDifference } from "./image-check.ts";
import type { FleetLock } from "./lock-file.ts";
import { differences, makePinKey, type Provisioning, recordOf } from "./record.ts";
import { weakness } from "./weak-keys.ts";

/** A device that has shown who it is. */
export interface Identified {
  readonly identity: Identity;
  /** Hex. */
  readonly publicKey: string;
  readonly destination: string;
  /** Hex; null if the board cannot tell. */
  readonly imageSha256: string | null;
}

export interface IdentifyOptions {
  readonly lock: FleetLock;
  /** Folder of built images. */
  readonly dist: string;
  /** Also a device that runs another image than the one in `dist`. */
  readonly anyImage: boolean;
  /** Names that may get another identity than fleet.lock has for them. */
  readonly replace: ReadonlySet<string>;
}

/**
 * Asks a device who it is and has it prove it. Changes nothing.
 *
 * @throws MehrError (1): another board, another ABI, another image, no proof, a weak key, or one that is another relay's
 */
export async function identify(
  device: FleetDevice,
  port: string,
  connection: Connection,
  options: IdentifyOptions,
): Promise<Identified> {
  const identity = await connection.identify();
  const { board } = device.resolved;
  if (identity.board !== board) {
    throw new MehrError(
      1,
      `${device.name} is to be a ${board}, and behind ${port} is a ${identity.board}: correct the board or the port, or flash the right image.`,
    );
  }
  if (identity.abiVersion !== ABI_VERSION) {
    const fix = identity.abiVersion < ABI_VERSION ? `flash it anew (mehr flash ${board})` : "update this mehr";
    const both = `runs a core with ABI ${identity.abiVersion} and this mehr speaks ABI ${ABI_VERSION}`;
    throw new MehrError(1, `${device.name} ${both}: ${fix}.`);
  }
  if (identity.status !== 0) {
    const why = sentenceOf(identity.status);
    throw new MehrError(1, `${device.name} does not run its core, so it has no identity: ${why}`);
  }
  const different = options.anyImage ? undefined : imageDifference(identity, options.dist);
  if (different !== undefined) {
    const fix = `flash it (mehr flash ${board}), or add --any-image if that is meant`;
    throw new MehrError(1, `${device.name}: ${different}: ${fix}.`);
  }
  const { publicKey, nodeId } = await connection.prove();
  const key = Buffer.from(publicKey).toString("hex");
  const weak = weakness(publicKey);
  if (weak !== undefined) {
    throw new MehrError(
      1,
      `${device.name} presents the key ${key}, which is known to be weak: ${weak}; do not use this board: its random numbers are none.`,
    );
  }
  const destination = Buffer.from(nodeId).toString("hex");
  if (destination !== identity.nodeId) {
    throw new MehrError(
      1,
      `${device.name} says it is ${identity.nodeId} and has the key of ${destination}; do not use this board.`,
    );
  }
  requireOwnKey(device, key, options);
  return { identity, publicKey: key, destination, imageSha256: identity.imageSha256 ?? null };
}

/** A key belongs to one relay, and a relay keeps its key. */
function requireOwnKey(device: FleetDevice, key: string, { lock, replace }: IdentifyOptions): void {
  const { board } = device.resolved;
  const other = lock.byKey(key);
  if (other !== undefined && (other.name !== device.name || other.board !== board)) {
    const same = `${device.name} (${board}) presents the identity of ${other.name} (${other.board}) in ${lock.path}`;
    throw new MehrError(
      1,
      `${same}: two boards must never share one; if it is the same board under a new name, take ${other.name} out of that file, and else reset this one with --forget-identity.`,
    );
  }
  const before = lock.byName(device.name);
  if (before !== undefined && before.public_key !== key && !replace.has(device.name)) {
    throw new MehrError(
      1,
      `${device.name} is ${before.destination} in ${lock.path} and this board is ${Buffer.from(addressOf(Buffer.from(key, "hex"))).toString("hex")}: is it another board? If it takes that one's place, add --replace ${JSON.stringify(device.name)}.`,
    );
  }
}

export interface Pin {
  /** The PIN it is to have; undefined: none. */
  readonly wanted: string | undefined;
  /** The one it has, where that is another. */
  readonly old: string | undefined;
}

/** Whether the device has already been made what was asked for; its PIN is tried too, if it has one. */
export async function isAlready(
  connection: Connection,
  wanted: Provisioning,
  has: Provisioning,
  pin: Pin,
  dryRun: boolean,
): Promise<boolean> {
  if (differences(wanted, has, false).length > 0) return false;
  if (pin.wanted === undefined || dryRun) return true;
  // The board opens to its button for a minute: then a PIN is not asked for, and cannot be tried.
  if (!(await connection.locked())) return false;
  if (pin.old !== undefined && pin.old !== pin.wanted) return false;
  connection.usePin(pin.wanted);
  await connection.abort();
  return true;
}

/**
 * Makes a device what was asked for, reads back what it has then, and tries its PIN.
 *
 * @returns words programmed and pages erased, if it is known
 * @throws MehrError (1), or what the connection throws
 */
export async function provisionDevice(
  device: FleetDevice,
  connection: Connection,
  identified: Identified,
  trusted: readonly string[],
  pin: Pin,
): Promise<number | undefined> {
  const pinKey = pin.wanted === undefined ? undefined : await makePinKey(pin.wanted);
  const record = recordOf(device, pinKey, Date.now());
  await unlock(device, connection, pin);
  const peers = trusted.map((address) => ({ nodeId: Uint8Array.from(Buffer.from(address, "hex")) }));
  const flashWrites = await connection.provision({ record, trusted: peers }, pin.wanted);
  const has = await connection.read();
  if (typeof has === "string") {
    const now = has === "none" ? "has nothing stored" : "has a damaged record";
    throw new MehrError(
      1,
      `${device.name} said it was provisioned and ${now}; run it again, and flash it anew if that is of no use.`,
    );
  }
  const wrong = differences({ record, trusted }, has, true);
  if (wrong.length > 0) {
    throw new MehrError(
      1,
      `${device.name} has stored something else than it was given: ${wrong.join("; ")}; run it again.`,
    );
  }
  const identity = await connection.identify();
  if (identity.status !== 0) {
    throw new MehrError(1, `${device.name} is provisioned and does not run since: ${sentenceOf(identity.status)}`);
  }
  if (identity.nodeId !== identified.destination) {
    throw new MehrError(1, `${device.name} has changed its address while it was provisioned; do not use this board.`);
  }
  // Whoever walks away believes that the PIN opens it.
  await connection.abort();
  return flashWrites;
}

/** Opens a locked device: with its old PIN if that was given, and then or else with the one it is to have. */
async function unlock(device: FleetDevice, connection: Connection, { wanted, old }: Pin): Promise<void> {
  if (!(await connection.locked())) return connection.usePin(undefined);
  const candidates = [...new Set([old, wanted])].filter((pin) => pin !== undefined);
  if (candidates.length === 0) {
    throw new MehrError(
      1,
      `${device.name} is locked by a PIN: give it with --old-pin-file, or hold the board's button for 3 s and run this within a minute.`,
    );
  }
  let refused: unknown;
  for (const pin of candidates) {
    try {
      connection.usePin(pin);
      return await connection.abort();
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}

function sentenceOf(status: number): string {
  return STATUS_SENTENCES[status] ?? `status ${status}.`;
}
