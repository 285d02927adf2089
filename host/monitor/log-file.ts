/**
 * The log file: everything a board says, appended, one line each. Its owner alone may read it: what a mesh carries is
 * nobody else's business. It is never rotated; the screen says how long it has become.
 */
import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { MehrError } from "../../toolchain/errors.ts";
import type { Level } from "./events.ts";

/** What the system says when a file cannot grow, in words. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of this user is used up",
  EFBIG: "the file is as large as a file may be",
  EIO: "the disk reports an error",
  EROFS: "the disk is read-only",
};

export class LogFile {
  readonly path: string;
  readonly #fd: number;
  #bytes: number;
  #problem: string | undefined;
  #lost = 0;
  #partial = false;

  /** Opens or makes the file (mode 0600). Throws MehrError (2) if it cannot be. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, "a", 0o600);
      const stat = fstatSync(this.#fd);
      if (stat.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
      this.#bytes = stat.size;
    } catch (error) {
      throw new MehrError(2, `--log ${path}: the file cannot be written: ${reason(error)}; name another one.`);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What keeps it from being written, as a sentence; undefined while it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Appends one line. A disk that is full loses lines and nothing else; they are counted, and told once there is room. */
  write(at: number, level: Level | "raw", text: string): void {
    const missed = this.#lost;
    const note =
      missed === 0 ? "" : line(at, "warn", `${missed} line${missed === 1 ? "" : "s"} could not be written here.`);
    const begin = this.#partial ? "\n" : "";
    const bytes = Buffer.from(begin + note + line(at, level, text));
    let done = 0;
    try {
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done);
      this.#problem = undefined;
      this.#lost = 0;
      this.#partial = false;
    } catch (error) {
      this.#lost++;
      this.#partial = done > 0 || this.#partial;
      this.#problem = `${this.path} is not written any more: ${reason(error)}; ${this.#lost} lines are lost so far.`;
    }
    this.#bytes += done;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** "2026-11-23T08:15:42.120Z info  Hears ...": one line, and harmless to whoever prints the file to a terminal. */
export function line(at: number, level: Level | "raw", text: string): string {
  return `${new Date(at).toISOString()} ${level.padEnd(5)} ${text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escaped)}\n`;
}

/** `\x1b`, `\u{202e}`. */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (
    PROBLEMS[code ?? ""] ??
    { ENOENT: "its folder does not exist", EISDIR: "it is a folder", EACCES: "permission denied" }[code ?? ""] ??
    message
  );
}
