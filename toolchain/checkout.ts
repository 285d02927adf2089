/** A copy of a checkout to build in, so that what is tried there leaves this one as it is. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What commands and builds read. */
const PARTS = ["package.json", "platformio.ini", "boards", "core-as", "toolchain", "host", "bin"];

export interface CheckoutCopy {
  readonly path: string;
  remove(): void;
}

/** Copies the checkout at `root` to a new folder, with a space in its name because users have them. */
export function copyCheckout(root: string): CheckoutCopy {
  const path = mkdtempSync(join(tmpdir(), "mehr checkout-"));
  for (const name of PARTS) cpSync(join(root, name), join(path, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
