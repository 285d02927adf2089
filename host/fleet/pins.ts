/**
 * PINs: never in fleet.yaml, fleet.lock or on a label. They are asked for, read from a file of their own, or made up and
 * kept in such a file, which only its owner may read.
 */
import { randomInt } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { isMap, isScalar, parseDocument, stringify } from "yaml";
import { MehrError } from "../../toolchain/errors.ts";
import { writeAtomically } from "./lock-file.ts";

/** A PIN for every device, or one for each name. */
export type Pins = { readonly all: string } | { readonly byName: ReadonlyMap<string, string> };

export const PIN_MIN = 4;
export const PIN_MAX = 64;
/** Digits of a PIN that is made up. A board makes whoever guesses wait, up to an hour a guess. */
const GENERATED_DIGITS = 8;

/** What is wrong with a PIN, as a clause that does not repeat it; undefined if nothing is. */
export function pinProblem(pin: string): string | undefined {
  const letters = [...pin].length;
  if (letters < PIN_MIN || letters > PIN_MAX) return `it has ${letters} characters; use ${PIN_MIN} to ${PIN_MAX}`;
  if (/[\p{Cc}\p{Cs}]/u.test(pin)) return "it has a control character; use letters and digits";
  if (pin.trim() !== pin) return "it begins or ends with a space; leave it out";
  return undefined;
}

export function generatePin(): string {
  return String(randomInt(10 ** GENERATED_DIGITS)).padStart(GENERATED_DIGITS, "0");
}

/** Throws MehrError (2) if the file is missing or no file of PINs; no message repeats a PIN. */
export function readPins(path: string): Pins {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? "is not there; write the PIN into it, and chmod 600 it" : `cannot be read (${message})`;
    throw new MehrError(2, `The PIN file ${path} ${why}.`);
  }
  return parsePins(text, path);
}

/** One PIN for all devices alone in the file, or a line `name: PIN` for each. */
export function parsePins(text: string, path: string): Pins {
  // Failsafe: every value is a text, so that 0123 keeps its zero.
  const document = parseDocument(text, { schema: "failsafe", prettyErrors: false });
  const { contents } = document;
  const form = "write one PIN alone, or a line `name: PIN` for each device";
  if (document.errors.length > 0) throw new MehrError(2, `The PIN file ${path} cannot be read; ${form}.`);
  if (isScalar(contents) && typeof contents.value === "string" && contents.value !== "") {
    requirePin(contents.value, path);
    return { all: contents.value };
  }
  if (!isMap(contents)) throw new MehrError(2, `The PIN file ${path} has no PIN; ${form}.`);
  const byName = new Map<string, string>();
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : "";
    const pin = isScalar(value) && typeof value.value === "string" ? value.value : "";
    requirePin(pin, path, name);
    byName.set(name, pin);
  }
  return { byName };
}

function requirePin(pin: string, path: string, name?: string): void {
  const wrong = pinProblem(pin);
  if (wrong === undefined) return;
  const whose = name === undefined ? "the PIN" : `the PIN of ${JSON.stringify(name)}`;
  throw new MehrError(2, `The PIN file ${path}: ${whose}: ${wrong}.`);
}

export function pinOf(pins: Pins, name: string): string | undefined {
  return "all" in pins ? pins.all : pins.byName.get(name);
}

/** Whether others than its owner may read a file; Windows does not say it this way. */
export function readableByOthers(path: string): boolean {
  return process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;
}

/**
 * The PINs in the file, and new ones for the names it lacks; written, for its owner alone, before any board gets one: a
 * board whose PIN nobody knows can only be reset by hand.
 */
export function keepGeneratedPins(path: string, names: readonly string[]): ReadonlyMap<string, string> {
  let before: Pins | undefined;
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) before = readPins(path);
  if (before !== undefined && "all" in before) {
    throw new MehrError(2, `${path} holds one PIN for all, so none is made up; name it as pin_file, or move it away.`);
  }
  const pins = new Map(before?.byName);
  let changed = false;
  for (const name of names) {
    if (pins.has(name)) continue;
    pins.set(name, generatePin());
    changed = true;
  }
  if (changed) {
    const head = "# PINs of relays. Keep this file where only you can read it, and out of version control.\n";
    writeAtomically(path, head + stringify(Object.fromEntries(pins), { defaultStringType: "QUOTE_DOUBLE" }), 0o600);
  }
  return pins;
}
