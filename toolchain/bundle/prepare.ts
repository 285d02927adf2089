/** Makes a build ready whose packages come from a bundle; nothing here asks a network. */
import { join } from "node:path";
import type { Engine } from "../../boards/engine.ts";
import { MehrError } from "../errors.ts";
import { type OnStep, type PioPlace } from "../pio/environment.ts";
import { runProcess } from "../pio/process.ts";
import { ensureSource } from "../pio/sources.ts";
import {
  canInstallSystemPackages,
  type MissingPackage,
  missingPackagesError,
  missingSystemPackages,
} from "../pio/system.ts";
import { debianRelease } from "./debian.ts";
import { type OpenBundle, requireContent, typedPath, verifyParts } from "./use.ts";

/**
 * Makes sure that everything a build of `board` needs is there, from the bundle of `place`. Throws MehrError: 2 if it is
 * damaged or for another checkout, 3 with the command for what is missing and may not be installed.
 */
export async function prepareFromBundle(options: {
  readonly place: PioPlace;
  readonly bundle: OpenBundle;
  readonly board: string;
  readonly engine: Engine;
  /** Install the bundle's Debian packages if compilers are missing and this is root on Debian. */
  readonly install: boolean;
  readonly purpose: "build" | "run";
  readonly onStep?: OnStep;
}): Promise<void> {
  const { place, bundle, board, engine, onStep } = options;
  requireContent(place, bundle, board, engine);
  const system = bundle.manifest.source === "system";
  // With PlatformIO's own compilers only Python is the machine's.
  const needed = (): Promise<MissingPackage[]> => missingSystemPackages(system ? board : "", "build");
  let missing = await needed();
  if (missing.length > 0 && options.install && canInstallSystemPackages() && fits(bundle)) {
    await installDebs(bundle, onStep);
    missing = await needed();
  }
  if (missing.length > 0) throw missingError(bundle, missing);
  if (options.purpose === "run") {
    // No build needs the emulator, so no bundle has it.
    const toBuild = (await missingSystemPackages(board, "build")).map(({ debian }) => debian);
    const emulator = (await missingSystemPackages(board, "run")).filter(({ debian }) => !toBuild.includes(debian));
    if (emulator.length > 0) throw missingPackagesError(emulator);
  }
  await ensureSource({ place, source: "bundle", board, engine, ...(onStep === undefined ? {} : { onStep }) });
}

/** Whether the bundle has compilers for this machine's Debian. */
function fits({ manifest }: OpenBundle): boolean {
  return manifest.debian !== null && manifest.debian.release === debianRelease();
}

function missingError(bundle: OpenBundle, missing: readonly MissingPackage[]): MehrError {
  const { debian } = bundle.manifest;
  const list = missing.map((item) => `${item.what} (${item.debian})`).join(", ");
  const here = debianRelease();
  if (fits(bundle)) {
    return new MehrError(3, `Missing on this machine: ${list}.`, installDebsCommand(bundle));
  }
  const why =
    debian === null ? "has no compilers" : `has those of ${debian.release} and this is ${here ?? "no Debian"}`;
  const { hint } = missingPackagesError(missing);
  return new MehrError(3, `Missing on this machine: ${list}; the bundle ${why}.`, hint);
}

/** The command that installs the bundle's Debian packages without a network. */
export function installDebsCommand({ root }: OpenBundle): string {
  return `sudo sh ${typedPath(join(root, INSTALL))}`;
}

const INSTALL = "bundle/compilers/install";

async function installDebs(bundle: OpenBundle, onStep: OnStep | undefined): Promise<void> {
  verifyParts(bundle, ["compilers"]);
  onStep?.(`installing the bundle's Debian packages: ${bundle.manifest.debian?.packages.join(" ") ?? ""}`);
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  const answer = await runProcess("sh", [join(bundle.root, INSTALL)], { env, outlives: true });
  if (answer.code === 0) return;
  const reason = answer.stderr.split("\n").find((line) => /^(E|dpkg): /.test(line)) ?? answer.stderr.trim().slice(-300);
  throw new MehrError(3, `The bundle's compilers could not be installed: ${reason.trim()}`, installDebsCommand(bundle));
}
