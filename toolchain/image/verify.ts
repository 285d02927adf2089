/** Whether a folder holds the image its manifest describes: hashes, formats, one program in all of them, signature. */
import type { KeyObject } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findBoard, isVirtual } from "../../boards/index.ts";
import { MCUS } from "../../boards/mcu.ts";
import { sha256Hex } from "../core/compile.ts";
import { MehrError } from "../errors.ts";
import { type Artifact, type Manifest, MANIFEST_FILE, readManifest } from "../manifest.ts";
import { contentProblems } from "./content.ts";
import { hex } from "./read.ts";
import { isSignedBy, SIGNATURE_FILE } from "./signature.ts";

export interface VerifyOptions {
  /** The builder's public key; without one the signature is not looked at. */
  readonly key?: KeyObject;
  /** Id of the board it must be for. */
  readonly board?: string;
  /** The SoftDevice on the board, as INFO_UF2.TXT says it: "S140 7.3.0". */
  readonly softdevice?: string;
}

export interface Verification {
  /** What it is of, if it could be read. */
  readonly manifest: Manifest | undefined;
  /** `absent`: there is none; `unchecked`: there is one and no key was given. */
  readonly signature: "valid" | "absent" | "unchecked" | "refused";
  /** A sentence for everything wrong; the image is good if there is none. */
  readonly problems: readonly string[];
  /** Files in the folder the manifest does not name: nothing is known about them. */
  readonly unlisted: readonly string[];
}

/** More than any manifest has. */
const MAX_MANIFEST = 1 << 20;
const AGAIN = "do not flash it, build it again or get it again";

/**
 * Verifies the image in `folder`; every problem is told, and nothing is written. Throws MehrError (2) if there is no
 * manifest to verify or if an option cannot be, UnknownBoardError for a board there is none of.
 */
export function verifyFolder(folder: string, options: VerifyOptions = {}): Verification {
  const problems: string[] = [];
  const path = (name: string): string => join(folder, name);
  const wanted = options.board === undefined ? undefined : findBoard(options.board);
  const softdevice = options.softdevice === undefined ? undefined : softdeviceName(options.softdevice);
  const text = readRegular(path(MANIFEST_FILE), MAX_MANIFEST);
  if (text === undefined) {
    throw new MehrError(
      2,
      `${folder} has no ${MANIFEST_FILE}: name a folder that \`mehr build\` has written, such as dist/rak4631.`,
    );
  }
  const signed = checkSignature(folder, text, options.key);
  problems.push(...signed.problems);
  let manifest: Manifest;
  try {
    manifest = readManifest(Buffer.from(text).toString("utf8"), path(MANIFEST_FILE));
  } catch (error) {
    if (!(error instanceof MehrError)) throw error;
    return { manifest: undefined, signature: signed.state, problems: [...problems, error.message], unlisted: [] };
  }
  if (wanted !== undefined) problems.push(...boardProblems(manifest, wanted.id, path(MANIFEST_FILE)));
  if (softdevice !== undefined) problems.push(...softdeviceProblems(manifest, softdevice, path(MANIFEST_FILE)));

  const whole = new Map<Artifact, Uint8Array>();
  for (const artifact of manifest.artifacts) {
    const bytes = checkFile(path(artifact.path), artifact, problems);
    if (bytes !== undefined) whole.set(artifact, bytes);
  }
  // What a damaged file holds says nothing about the image.
  if (whole.size === manifest.artifacts.length) {
    for (const { file, problem } of contentProblems(manifest, whole)) problems.push(`${path(file)}: ${problem}.`);
  }
  const known = new Set([MANIFEST_FILE, SIGNATURE_FILE, ...manifest.artifacts.map((artifact) => artifact.path)]);
  const unlisted = readdirSync(folder)
    .filter((name) => !known.has(name))
    .sort();
  return { manifest, signature: signed.state, problems, unlisted };
}

/** The content of a regular file of at most `most` bytes; undefined if there is none. A link could lead anywhere. */
function readRegular(path: string, most: number): Uint8Array | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size <= most ? readFileSync(path) : undefined;
}

function checkSignature(
  folder: string,
  manifest: Uint8Array,
  key: KeyObject | undefined,
): { state: Verification["signature"]; problems: string[] } {
  const path = join(folder, SIGNATURE_FILE);
  const signature = readRegular(path, 4096);
  if (key === undefined) return { state: signature === undefined ? "absent" : "unchecked", problems: [] };
  if (signature === undefined) {
    const fix = "build it with --sign, or get the one that is signed";
    return { state: "absent", problems: [`${folder} is not signed: it has no ${SIGNATURE_FILE}; ${fix}.`] };
  }
  if (isSignedBy(manifest, signature, key)) return { state: "valid", problems: [] };
  const why = "the manifest was changed, or another key signed it";
  return { state: "refused", problems: [`${path} is not this key's signature of ${MANIFEST_FILE}: ${why}; ${AGAIN}.`] };
}

/** The file's bytes if they are what the manifest says; otherwise the problem is added. */
function checkFile(path: string, artifact: Artifact, problems: string[]): Uint8Array | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) problems.push(`${path} is missing; ${AGAIN}.`);
  else if (!stat.isFile()) problems.push(`${path} is not a file of its own; ${AGAIN}.`);
  else if (stat.size !== artifact.size) {
    problems.push(`${path} has ${stat.size} bytes and its manifest says ${artifact.size}; ${AGAIN}.`);
  } else {
    const bytes = readFileSync(path);
    const sha256 = sha256Hex(bytes);
    if (sha256 === artifact.sha256) return bytes;
    problems.push(`${path} has sha256 ${sha256} and its manifest says ${artifact.sha256}; ${AGAIN}.`);
  }
  return undefined;
}

/** "S140 7.3.0", also from "S140 version 7.3.0" as some bootloaders write it. */
function softdeviceName(text: string): string {
  const match = /^(S\d{3}) (?:version )?(\d+\.\d+\.\d+)$/i.exec(text.trim());
  if (match !== null) return `${match[1]?.toUpperCase()} ${match[2]}`;
  throw new MehrError(
    2,
    `"${text}" is no SoftDevice: write it as INFO_UF2.TXT on the board's drive does, such as "S140 6.1.1".`,
  );
}

function softdeviceProblems(manifest: Manifest, wanted: string, path: string): string[] {
  const { softdevice, board } = manifest;
  if (softdevice === null) return [`${path} is for ${board}, which runs no SoftDevice, and the board has ${wanted}.`];
  if (softdevice.name === wanted) return [];
  const never = "it would flash without an error and never start";
  return [
    `${path} is for ${softdevice.name} (application at ${hex(softdevice.appOffset)}) and the board has ${wanted}: ` +
      `${never}; build for a board with ${wanted}, or update the board's bootloader to ${softdevice.name}.`,
  ];
}

/** That it is for this board, and that it says of the board what this checkout's value says. */
function boardProblems(manifest: Manifest, id: string, path: string): string[] {
  if (manifest.board !== id) {
    return [`${path} is for board ${manifest.board} and not for ${id}; build it with \`mehr build ${id}\`.`];
  }
  const board = findBoard(id);
  const facts: [string, unknown, unknown][] = [["mcu", manifest.mcu, board.mcu]];
  if (!isVirtual(board)) {
    facts.push(
      ["softdevice.name", manifest.softdevice?.name, board.flash.softdevice],
      ["app.offset", manifest.app?.offset, board.flash.app.offset],
      ["app.max", manifest.app?.max, board.flash.app.max],
      ["uf2.family", manifest.uf2?.family, board.uf2?.family],
      ["uf2.boardId", manifest.uf2?.boardId ?? undefined, board.uf2?.boardId],
    );
    const bootloader = manifest.artifacts.find(({ kind }) => kind === "bootloader");
    if (bootloader) facts.push(["the bootloader's offset", bootloader.offset, MCUS[board.mcu].espBootloader]);
  }
  return facts
    .filter(([, is, should]) => is !== should)
    .map(
      ([name, is, should]) =>
        `${path}: ${name} is ${show(is)} and boards/${id}.ts says ${show(should)}; build it again.`,
    );
}

function show(value: unknown): string {
  return typeof value === "number" ? hex(value) : value === undefined ? "absent" : String(value);
}
