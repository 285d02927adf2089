/** `mehr device backup`, `restore`, `reset`, `reboot`. */
import { readFileSync } from "node:fs";
import { MehrError } from "../../../toolchain/errors.ts";
import {
  type BackupKey,
  makeBackup,
  openBackup,
  PASSPHRASE_MIN,
  readBackup,
  restoreBackup,
  writeBackup,
} from "../../device/backup.ts";
import type { Device } from "../../device/device.ts";
import { DeviceFailure } from "../../device/failure.ts";
import { ResetLevel } from "../../board/messages.gen.ts";
import type { Io } from "../outcome.ts";
import { askLine, askSecret, secretFile } from "./ask.ts";
import { type DeviceFlags, withDevice } from "./connect.ts";

interface PassphraseFlags {
  readonly passphraseFile?: string;
}

const PASSPHRASE_ELSE = "give --passphrase-file, or MEHR_PASSPHRASE in the environment";

function givenPassphrase(flags: PassphraseFlags): string | undefined {
  if (flags.passphraseFile !== undefined) return secretFile("--passphrase-file", flags.passphraseFile);
  return process.env.MEHR_PASSPHRASE || undefined;
}

/** "3/5" as K of N. Throws MehrError (2). */
export function parseShares(text: string): { threshold: number; count: number } {
  const match = /^(\d{1,3})(?:\/|of)(\d{1,3})$/.exec(text.replaceAll(" ", ""));
  if (match === null)
    throw new MehrError(2, `--shares ${text} is not K/N, such as 3/5: how many restore it, of how many.`);
  return { threshold: Number(match[1]), count: Number(match[2]) };
}

async function newPassphrase(flags: PassphraseFlags): Promise<string> {
  const given = givenPassphrase(flags);
  if (given !== undefined) return given;
  const first = await askSecret(`Passphrase for the backup (at least ${PASSPHRASE_MIN} characters): `, PASSPHRASE_ELSE);
  if ((await askSecret("The same again: ", PASSPHRASE_ELSE)) !== first) {
    throw new MehrError(2, "The two passphrases differ; nothing was done.");
  }
  return first;
}

export async function backup(
  io: Io,
  flags: DeviceFlags & PassphraseFlags & { file: string; shares?: string },
): Promise<number> {
  if (flags.shares !== undefined && flags.passphraseFile !== undefined) {
    throw new MehrError(2, "--shares and --passphrase-file were both given; a backup opens by one of them.");
  }
  const key: BackupKey =
    flags.shares === undefined ? { passphrase: await newPassphrase(flags) } : parseShares(flags.shares);
  return withDevice(io, flags, async (device) => {
    const { file, shares } = await makeBackup(device, key);
    writeBackup(flags.file, file);
    io.result({ ok: true, file: flags.file, address: file.node_id, name: file.name, lock: file.lock, shares });
    io.print(`${flags.file}: backup of ${file.name === "" ? "an unnamed relay" : file.name}, ${file.node_id}.`);
    io.print("It holds the relay's secret identity, sealed. It does not hold the PIN.");
    if (shares.length > 0) {
      io.print(
        `\nPrint these and keep them apart; any ${"threshold" in key ? key.threshold : ""} of them open it, and nothing else does:\n`,
      );
      for (const line of shares) io.print(line);
    }
    return 0;
  });
}

export async function restore(
  io: Io,
  flags: DeviceFlags & PassphraseFlags & { file: string; share?: readonly string[]; sharesFile?: string; yes?: string },
): Promise<number> {
  const file = readBackup(flags.file);
  const key =
    file.lock.kind === "passphrase" ? await restorePassphrase(flags) : await restoreShares(flags, file.lock.threshold);
  // A wrong key is told before the board is touched.
  const plaintext = await openBackup(file, key);
  try {
    return await withDevice(io, flags, async (device) => {
      const before = await device.identify();
      if (before.provisioned && before.nodeId !== file.node_id) {
        await confirm(
          device,
          before.name,
          "It is provisioned as another relay, whose identity will be gone",
          flags.yes,
        );
      }
      const { nodeId, flashWrites } = await restoreBackup(device, plaintext);
      if (nodeId !== file.node_id) {
        throw new DeviceFailure(
          `The board took the backup but is ${nodeId} now instead of ${file.node_id}: restore it again.`,
        );
      }
      io.result({ ok: true, address: nodeId, name: file.name, flash_writes: flashWrites });
      io.print(`It is ${file.name === "" ? "the relay" : file.name} ${nodeId} now.`);
      io.print(
        "Two boards with one identity disturb each other: switch the old one off, or reset it with --forget-identity.",
      );
      return 0;
    });
  } finally {
    plaintext.fill(0);
  }
}

async function restorePassphrase(flags: PassphraseFlags & { share?: readonly string[] }): Promise<string> {
  if ((flags.share ?? []).length > 0) {
    throw new MehrError(2, "This backup was made with a passphrase; shares do not open it.");
  }
  return givenPassphrase(flags) ?? (await askSecret("Passphrase of the backup: ", PASSPHRASE_ELSE));
}

async function restoreShares(
  flags: { share?: readonly string[]; sharesFile?: string },
  threshold: number,
): Promise<string[]> {
  const lines = [...(flags.share ?? [])];
  if (flags.sharesFile !== undefined) {
    try {
      lines.push(
        ...readFileSync(flags.sharesFile, "utf8")
          .split(/\r?\n/)
          .filter((line) => line.trim() !== ""),
      );
    } catch (error) {
      throw new MehrError(2, `--shares-file ${flags.sharesFile} cannot be read: ${(error as Error).message}.`);
    }
  }
  if (lines.length > 0) return lines;
  for (let i = 1; i <= threshold; i++) {
    lines.push(await askLine(`Share ${i} of ${threshold} needed: `, "give --share for each, or --shares-file"));
  }
  return lines;
}

/** Whoever does this types the board's name, or gives it with --yes. Throws MehrError (2). */
async function confirm(device: Device, name: string, what: string, given: string | undefined): Promise<void> {
  const word = name === "" ? (await device.identify()).nodeId.slice(0, 8) : name;
  const typed = given ?? (await askLine(`${what}. To go on, type ${word}: `, `give --yes "${word}" to confirm`));
  if (typed !== word) throw new MehrError(2, `"${typed}" is not "${word}"; nothing was done.`);
}

export async function reset(io: Io, flags: DeviceFlags & { forgetIdentity?: boolean; yes?: string }): Promise<number> {
  return withDevice(io, flags, async (device) => {
    const before = await device.identify();
    const what = flags.forgetIdentity
      ? "It forgets its provisioning, its trusted peers and its identity: without a backup its address is gone for good"
      : "It forgets its provisioning and its trusted peers, and keeps its identity";
    await confirm(device, before.name, what, flags.yes);
    await device.factoryReset(flags.forgetIdentity ? ResetLevel.ForgetIdentity : ResetLevel.KeepIdentity);
    const after = device.console.closed ? undefined : await device.identify();
    if (
      after !== undefined &&
      (after.provisioned || (after.nodeId === before.nodeId) === (flags.forgetIdentity === true))
    ) {
      throw new DeviceFailure("The board said it was reset and is not: reset it again.");
    }
    io.result({ ok: true, name: before.name, address_before: before.nodeId, address: after?.nodeId ?? null });
    io.print(
      `${before.name === "" ? "The board" : before.name} is as new${after === undefined ? "" : `; its address is ${after.nodeId}`}.`,
    );
    return 0;
  });
}

export async function reboot(io: Io, flags: DeviceFlags): Promise<number> {
  return withDevice(io, flags, async (device) => {
    await device.reboot();
    const up = !device.console.closed;
    io.result({ ok: true, up });
    io.print(up ? "It has started again." : "It starts again; its port went away with it and comes back.");
    return 0;
  });
}
