/** `mehr setup` and `mehr doctor`: what this machine needs, and what it has. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { allBoards, type Board, findBoard, isVirtual } from "../../boards/index.ts";
import { staleAbiFiles } from "../../toolchain/abi/generate.ts";
import { ensureBuildTools } from "../../toolchain/build.ts";
import { bundleAt, type OpenBundle, withBundle } from "../../toolchain/bundle/use.ts";
import { fileProblem, machineProblem, thisMachine } from "../../toolchain/bundle/check.mjs";
import { MehrError } from "../../toolchain/errors.ts";
import {
  areFlashersReady,
  ensureFlashers,
  ESPTOOL_VERSION,
  NRFUTIL_VERSION,
  SETUP_FLASHERS,
} from "../../toolchain/flashers/install.ts";
import {
  findPython,
  isPlatformioReady,
  type PackageSource,
  type PioPlace,
  PLATFORMIO_VERSION,
  pioPlace,
} from "../../toolchain/pio/environment.ts";
import { probeRegistry } from "../../toolchain/pio/sources.ts";
import {
  canInstallSystemPackages,
  installCommand,
  missingPackagesError,
  missingSystemPackages,
} from "../../toolchain/pio/system.ts";
import { type Drive, listDrives } from "../flash/drives.ts";
import { picotoolPath } from "../flash/picotool.ts";
import { accessProblem, listPorts, type PortInfo, portText } from "../serial/ports.ts";
import { buildProgress } from "./build.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface SetupFlags {
  readonly root: string;
  readonly boards: readonly string[];
  readonly source: PackageSource | "auto";
  readonly bundle?: string;
  /** Get the flashers instead. */
  readonly flashers?: boolean;
}

export async function setup(io: Io, flags: SetupFlags): Promise<undefined> {
  if (flags.flashers) return setupFlashers(io, flags);
  const named = flags.boards.map((id) => findBoard(id));
  const { bundle } = await withBundle(pioPlace(flags.root), flags, (text) => io.progress(`- ${text}`));
  if (bundle !== undefined) return setupFromBundle(io, flags, bundle, named);
  const boards = named.length > 0 ? named : allBoards().filter(isVirtual);
  const done: { board: string; source: PackageSource; reason: string }[] = [];
  const install = canInstallSystemPackages();
  for (const board of boards) {
    try {
      const flagsOfBoard = {
        root: flags.root,
        board: board.id,
        source: flags.source,
        install,
        purpose: "run",
      } as const;
      const { source, reason } = await ensureBuildTools({ ...flagsOfBoard, onEvent: buildProgress(io) });
      done.push({ board: board.id, source, reason });
    } catch (error) {
      // One command for all boards, not one for each attempt.
      const missing = (await Promise.all(boards.map(({ id }) => missingSystemPackages(id, "run")))).flat();
      const names = new Set(missing.map(({ debian }) => debian));
      if (install || names.size === 0) throw error;
      throw missingPackagesError([...names].flatMap((name) => missing.find(({ debian }) => debian === name) ?? []));
    }
  }
  io.result({ ok: true, boards: done });
  for (const { board, source, reason } of done) io.print(`${board}: ready, packages from ${source} (${reason})`);
}

/** What `mehr flash` drives, for every board at once. */
async function setupFlashers(io: Io, flags: SetupFlags): Promise<undefined> {
  if (flags.boards.length > 0 || flags.bundle !== undefined) {
    throw new MehrError(
      2,
      "--flashers is for all boards and from the Python package index: leave boards and --bundle out.",
    );
  }
  const installed = await ensureFlashers(pioPlace(flags.root), (text) => io.progress(`- ${text}`));
  const versions = { esptool: ESPTOOL_VERSION, "adafruit-nrfutil": NRFUTIL_VERSION };
  io.result({ ok: true, flashers: versions, installed });
  io.print(
    `${Object.entries(versions)
      .map((pair) => pair.join(" "))
      .join(", ")}: ${installed ? "installed" : "there already"}`,
  );
}

/** Every build a bundle is for, or those of the boards named; it has no emulators. */
async function setupFromBundle(
  io: Io,
  flags: SetupFlags,
  bundle: OpenBundle,
  named: readonly Board[],
): Promise<undefined> {
  const ids =
    named.length > 0 ? named.map(({ id }) => id) : [...new Set(bundle.manifest.builds.map(({ board }) => board))];
  const done: { board: string; source: PackageSource; reason: string }[] = [];
  for (const id of ids) {
    const engines = bundle.manifest.builds.filter(({ board }) => board === id).map(({ engine }) => engine);
    const { source, reason } = await ensureBuildTools({
      root: flags.root,
      board: id,
      ...(engines[0] === undefined ? {} : { engine: engines[0] }),
      source: flags.source,
      ...(flags.bundle === undefined ? {} : { bundle: flags.bundle }),
      install: canInstallSystemPackages(),
      purpose: "build",
      onEvent: buildProgress(io),
    });
    done.push({ board: id, source, reason });
  }
  io.result({ ok: true, boards: done });
  for (const { board, reason } of done) io.print(`${board}: ready to be built, ${reason}`);
}

/** What an unpacked bundle is like; nothing in a checkout. */
function bundleChecks(root: string): Check[] {
  const bundle = bundleAt(root);
  if (bundle === undefined) return [];
  const { manifest } = bundle;
  const { source, version } = manifest;
  const builds = [...new Set(manifest.builds.map(({ board }) => board))].join(", ");
  const problem = machineProblem(manifest, thisMachine());
  const damaged = fileProblem(
    root,
    manifest.files.filter(({ part }) => part !== "project"),
  );
  const edited = manifest.files.filter((file) => file.part === "project" && fileProblem(root, [file]) !== undefined);
  const changed = edited.length === 0 ? "" : `; ${edited.length} of its sources edited, first ${edited[0]?.path}`;
  return [
    problem === undefined && damaged === undefined
      ? { what: "bundle", ok: true, found: `${version} for ${builds}, packages from ${source}, whole${changed}` }
      : {
          what: "bundle",
          ok: false,
          found: problem ?? `${damaged?.file.path} ${damaged?.clause}`,
          fix: problem === undefined ? "unpack it again" : "mehr bundle   (on a connected machine of this kind)",
        },
  ];
}

/** What `mehr flash` works with. Who only builds needs none of it: a flasher that is not there is no fault. */
function flashingChecks(place: PioPlace, ports: readonly PortInfo[], drives: readonly Drive[]): Check[] {
  const ready = areFlashersReady(place);
  const versions = `esptool ${ESPTOOL_VERSION}, adafruit-nrfutil ${NRFUTIL_VERSION}`;
  const found = ready ? versions : `not set up; \`${SETUP_FLASHERS}\` gets ${versions}`;
  const picotool = picotoolPath() === undefined ? "" : ", picotool";
  const uf2 = drives.length === 0 ? "none mounted" : drives.map(({ path }) => path).join(", ");
  return [
    { what: "flashers", ok: true, found: found + picotool },
    ...(ports.length === 0 ? [{ what: "serial ports", ok: true, found: "none" }] : []),
    ...ports.map((port): Check => {
      const problem = accessProblem(port.path);
      const found = portText(port);
      if (problem === undefined) return { what: "serial port", ok: true, found };
      // A port that is no USB device is the machine's own: whoever wants a board there will be told when it is opened.
      if (port.vid === undefined) return { what: "serial port", ok: true, found: `${found}, not open to this user` };
      const fix = problem.hint === undefined ? {} : { fix: problem.hint };
      return { what: "serial port", ok: false, found: `${found}: ${problem.message}`, ...fix };
    }),
    { what: "drives of UF2 bootloaders", ok: true, found: uf2 },
  ];
}

interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  /** The command that mends it. */
  readonly fix?: string;
}

export async function doctor(io: Io, flags: { root: string; online?: boolean }): Promise<number> {
  const { root } = flags;
  const place = pioPlace(root);
  const checks: Check[] = [];
  checks.push({ what: "Node.js", ok: true, found: process.versions.node });
  const python = await findPython();
  checks.push(
    python === undefined
      ? { what: "Python", ok: false, found: "not found", fix: "apt-get install python3 python3-venv" }
      : { what: "Python", ok: true, found: python.version },
  );
  const pio = isPlatformioReady(place);
  checks.push({
    what: "PlatformIO Core",
    ok: pio,
    found: pio ? PLATFORMIO_VERSION : "not set up",
    ...(pio ? {} : { fix: "mehr setup" }),
  });
  for (const board of allBoards().filter(isVirtual)) {
    const missing = await missingSystemPackages(board.id, "run");
    checks.push({
      what: `to build and run ${board.id}`,
      ok: missing.length === 0,
      found: missing.length === 0 ? "all there" : `missing: ${missing.map((item) => item.what).join(", ")}`,
      ...(missing.length === 0 ? {} : { fix: installCommand(missing) }),
    });
  }
  if (flags.online && pio) {
    const { reachable } = await probeRegistry(place, 4000, { fresh: true });
    // Not a fault: the virtual boards build from the system's packages.
    checks.push({ what: "PlatformIO's registry", ok: true, found: reachable ? "answers" : "does not answer" });
  }
  checks.push(...flashingChecks(place, await listPorts(), await listDrives()));
  checks.push(...bundleChecks(root));
  const stale = staleAbiFiles(root);
  checks.push({
    what: "files rendered from abi.ts",
    ok: stale.length === 0,
    found: stale.length === 0 ? "up to date" : `stale: ${stale.join(", ")}`,
    ...(stale.length === 0 ? {} : { fix: "mehr generate" }),
  });
  const core = existsSync(join(root, "build", "core", "relay.wasm"));
  checks.push({ what: "core", ok: true, found: core ? "compiled" : "not compiled yet; a build does it" });

  const ok = checks.every((check) => check.ok);
  io.result({ ok, checks });
  io.print(
    table(
      ["", "what", "found", "mend it with"],
      checks.map((check) => [check.ok ? "ok" : "NO", check.what, check.found, check.fix ?? ""]),
    ),
  );
  return ok ? 0 : 3;
}
