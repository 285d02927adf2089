/**
 * Backups of boards as files: the box that a board sealed, and what it takes to open it again.
 *
 * The board seals to an X25519 public key, so that what makes a backup can run where the secret is not. The secret is made
 * from a passphrase (scrypt, RFC 7914), or at random and split into shares. A restore opens the box on the host to seal it
 * again to the key of the board that is to have it; nothing of it is written down.
 */
import { createHash, randomBytes, randomFillSync, scrypt } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { MehrError } from "../../toolchain/errors.ts";
import { Status } from "../core/abi.gen.ts";
import { BoxError, boxPublicKey, openBox, sealBox, X25519_SIZE } from "./box.ts";
import type { Device } from "./device.ts";
import { DeviceFailure } from "./failure.ts";
import { joinShares, makeShares, parseShare, SHARES_MAX, shareLine } from "./shares.ts";

const FORMAT = "mehr-backup";
const VERSION = 1;
/** 128 MiB and about half a second for each guess. */
const LOG_N = 17;
const LOG_N_MAX = 22;
const R = 8;
export const PASSPHRASE_MIN = 8;
/** How often a restore is begun when its session ends in between. */
const RESTORE_TRIES = 3;
/** What a board's plaintext begins with: its magic and version. */
const PLAIN_HEAD = Buffer.from("MHRB\x01", "latin1");

export type BackupLock =
  | {
      readonly kind: "passphrase";
      readonly kdf: "scrypt";
      readonly log_n: number;
      readonly r: 8;
      readonly p: 1;
      readonly salt: string;
    }
  | { readonly kind: "shares"; readonly set: string; readonly threshold: number; readonly count: number };

/** What a backup file holds: JSON, in this order. */
export interface BackupFile {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** ISO 8601. */
  readonly made: string;
  readonly name: string;
  readonly board: string;
  /** The address it is a backup of, hex. */
  readonly node_id: string;
  readonly lock: BackupLock;
  /** The X25519 public key it is sealed to, hex. */
  readonly recipient: string;
  /** Base64. */
  readonly box: string;
  /** SHA-256 of the JSON of everything above, hex: for damage; against forgery there is the box's own tag. */
  readonly checksum: string;
}

/** How a backup is to be opened one day. */
export type BackupKey = { readonly passphrase: string } | { readonly threshold: number; readonly count: number };

function passphraseSecret(passphrase: string, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  const N = 2 ** logN;
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFC"), salt, X25519_SIZE, { N, r: R, p: 1, maxmem: 256 * N * R }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function checksumOf(file: Omit<BackupFile, "checksum">): string {
  return createHash("sha256").update(JSON.stringify(file)).digest("hex");
}

/** Lets a board make its backup; with shares, their lines, which are nowhere else. Throws MehrError (2) or DeviceFailure. */
export async function makeBackup(device: Device, key: BackupKey): Promise<{ file: BackupFile; shares: string[] }> {
  let lock: BackupLock;
  let recipient: Uint8Array;
  let shares: string[] = [];
  if ("passphrase" in key) {
    if (Buffer.byteLength(key.passphrase) < PASSPHRASE_MIN) {
      throw new MehrError(2, `The passphrase is too short; give at least ${PASSPHRASE_MIN} characters.`);
    }
    const salt = randomBytes(16);
    recipient = boxPublicKey(await passphraseSecret(key.passphrase, salt, LOG_N));
    lock = { kind: "passphrase", kdf: "scrypt", log_n: LOG_N, r: R, p: 1, salt: salt.toString("hex") };
  } else {
    const secret = randomFillSync(new Uint8Array(X25519_SIZE));
    recipient = boxPublicKey(secret);
    const set = setOf(recipient);
    const { threshold, count } = key;
    shares = (await makeShares(secret, set, threshold, count)).map(shareLine);
    lock = { kind: "shares", set, threshold, count };
    secret.fill(0);
  }
  const identity = await device.identify();
  const box = await device.backup(recipient);
  const content: Omit<BackupFile, "checksum"> = {
    format: FORMAT,
    version: VERSION,
    made: new Date().toISOString(),
    name: identity.name,
    board: identity.board,
    node_id: identity.nodeId,
    lock,
    recipient: Buffer.from(recipient).toString("hex"),
    box: Buffer.from(box).toString("base64"),
  };
  return { file: { ...content, checksum: checksumOf(content) }, shares };
}

/** Which shares belong to a key. */
function setOf(recipient: Uint8Array): string {
  return createHash("sha256").update(recipient).digest("hex").slice(0, 8);
}

/**
 * Writes a backup for its owner alone (0600), whole or not at all. Throws MehrError (2) if there is a file already: it may be
 * the only one of another board.
 */
export function writeBackup(path: string, file: BackupFile): void {
  if (existsSync(path)) throw new MehrError(2, `${path} exists already; give another name, or move it away.`);
  const aside = join(dirname(path), `.${randomBytes(6).toString("hex")}.part`);
  try {
    const handle = openSync(aside, "wx", 0o600);
    try {
      writeSync(handle, `${JSON.stringify(file, undefined, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? "its folder does not exist" : code === "EACCES" ? "this user may not write there" : message;
    throw new MehrError(2, `${path} could not be written: ${why}.`);
  }
}

/** Reads and checks a backup file. Throws MehrError (2). */
export function readBackup(path: string): BackupFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new MehrError(
      2,
      missing ? `There is no file ${path}.` : `${path} cannot be read: ${(error as Error).message}.`,
    );
  }
  let file: Partial<BackupFile>;
  try {
    file = JSON.parse(text) as Partial<BackupFile>;
  } catch {
    throw new MehrError(2, `${path} is no backup, or is damaged: it is not JSON.`);
  }
  if (file === null || typeof file !== "object" || file.format !== FORMAT) {
    throw new MehrError(2, `${path} is not a backup of a relay.`);
  }
  if (file.version !== VERSION) {
    throw new MehrError(
      2,
      `${path} is a backup of version ${String(file.version)}; this mehr reads version ${VERSION}.`,
    );
  }
  const { checksum, ...content } = file as BackupFile;
  if (checksum !== checksumOf(content)) throw new MehrError(2, `${path} is damaged: its checksum does not fit.`);
  if (!isSound(content))
    throw new MehrError(2, `${path} is no backup this mehr can read: a field is missing or wrong.`);
  return { ...content, checksum };
}

/** Whether the fields are what a restore needs: a right checksum says that nothing was damaged, not who wrote it. */
function isSound({ lock, recipient, box, node_id }: Omit<BackupFile, "checksum">): boolean {
  const hex = (text: unknown, size: number): boolean =>
    typeof text === "string" && new RegExp(`^[0-9a-f]{${2 * size}}$`).test(text);
  if (!hex(recipient, X25519_SIZE) || !hex(node_id, 16) || typeof box !== "string") return false;
  if (lock?.kind === "passphrase") {
    const sane = Number.isInteger(lock.log_n) && lock.log_n >= 1 && lock.log_n <= LOG_N_MAX;
    return lock.kdf === "scrypt" && lock.r === R && lock.p === 1 && sane && hex(lock.salt, 16);
  }
  return lock?.kind === "shares" && hex(lock.set, 4) && lock.threshold >= 2 && lock.count <= SHARES_MAX;
}

/**
 * Opens a backup, for a restore: what the board sealed. `key` is the passphrase, or lines of shares. Throws MehrError (2) for
 * a wrong passphrase, shares that do not suffice, or a box that was changed.
 */
export async function openBackup(file: BackupFile, key: string | readonly string[]): Promise<Uint8Array> {
  const secret = await secretOf(file.lock, key);
  try {
    if (Buffer.from(boxPublicKey(secret)).toString("hex") !== file.recipient) {
      const wrong = file.lock.kind === "passphrase" ? "The passphrase is wrong" : "The shares do not fit together";
      throw new MehrError(2, `${wrong}: the backup of ${file.node_id} stays closed.`);
    }
    const plaintext = openBox(secret, Buffer.from(file.box, "base64"));
    if (Buffer.compare(plaintext.subarray(0, PLAIN_HEAD.length), PLAIN_HEAD) !== 0) {
      throw new MehrError(2, "The backup holds something else than this mehr knows: it is of another version.");
    }
    return plaintext;
  } catch (error) {
    if (error instanceof BoxError)
      throw new MehrError(2, `The backup was changed after it was made: ${error.message}.`);
    throw error;
  } finally {
    secret.fill(0);
  }
}

async function secretOf(lock: BackupLock, key: string | readonly string[]): Promise<Uint8Array> {
  if (lock.kind === "passphrase") {
    if (typeof key !== "string")
      throw new MehrError(2, "This backup was made with a passphrase; shares do not open it.");
    return passphraseSecret(key, Buffer.from(lock.salt, "hex"), lock.log_n);
  }
  if (typeof key === "string") {
    throw new MehrError(2, `This backup was made with shares; give ${lock.threshold} of set ${lock.set}.`);
  }
  return joinShares(key.map(parseShare), lock.set);
}

/**
 * Puts an opened backup on a board: sealed again, to a key that this board made for it. Gives the address it has now.
 * Throws DeviceFailure.
 */
export async function restoreBackup(
  device: Device,
  plaintext: Uint8Array,
): Promise<{ nodeId: string; flashWrites: number }> {
  for (let tries = 1; ; tries++) {
    try {
      const { nodeId, flashWrites } = await device.restore(sealBox(await device.restoreKey(), plaintext));
      return { nodeId: Buffer.from(nodeId).toString("hex"), flashWrites };
    } catch (error) {
      // The key goes with its session: if that ended between the two requests, the box fits no key any more.
      const lost = error instanceof DeviceFailure && !error.inDoubt && error.status === Status.BadBox;
      if (!lost || tries === RESTORE_TRIES) throw error;
    }
  }
}
