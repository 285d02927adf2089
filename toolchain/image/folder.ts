/** A folder that is replaced as a whole: whoever reads it sees the old files or the new ones, never some of each. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface FolderFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly executable?: boolean;
}

/** The folders of a replacement under way, beside the one they are for. */
function places(folder: string): { readonly next: string; readonly old: string } {
  const name = (what: string): string => join(dirname(folder), `.${basename(folder)}.${what}`);
  return { next: name("next"), old: name("old") };
}

/**
 * Makes `folder` hold exactly these files, and tells whether it did not before. The new folder is written beside it,
 * `check` may throw at what it finds there, and two renames put it into place. Cut between the two there is no folder;
 * the next call puts the old one back first. Calls for one folder must not overlap.
 */
export function replaceFolder(folder: string, files: readonly FolderFile[], check?: (next: string) => void): boolean {
  const { next, old } = places(folder);
  if (!existsSync(folder) && existsSync(old)) renameSync(old, folder);
  rmSync(next, { recursive: true, force: true });
  // A board may be running from the files that are there: the same ones stay.
  if (holdsExactly(folder, files)) {
    check?.(folder);
    return false;
  }
  mkdirSync(next, { recursive: true });
  for (const { name, bytes, executable } of files) {
    writeFileSync(join(next, name), bytes, { mode: executable ? 0o755 : 0o644, flush: true });
  }
  try {
    check?.(next);
  } catch (error) {
    rmSync(next, { recursive: true, force: true });
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(next, folder);
  rmSync(old, { recursive: true, force: true });
  return true;
}

function holdsExactly(folder: string, files: readonly FolderFile[]): boolean {
  if (!existsSync(folder)) return false;
  const names = readdirSync(folder).sort();
  const wanted = files.map(({ name }) => name).sort();
  if (names.join("/") !== wanted.join("/")) return false;
  return files.every(({ name, bytes }) => {
    try {
      return readFileSync(join(folder, name)).equals(bytes);
    } catch {
      return false;
    }
  });
}
