/** `mehr bundle`: everything a build needs, in one archive for machines without a network. */
import { existsSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { findEngine } from "../../boards/engine.ts";
import { allBoards, type Board, findBoard } from "../../boards/index.ts";
import { chooseEngine } from "../../toolchain/build.ts";
import { type BuildOfBundle, bundleName, type MadeBundle, makeBundle } from "../../toolchain/bundle/make.ts";
import { PARTS, type Part } from "../../toolchain/bundle/manifest.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { ensurePlatformio, pioPlace } from "../../toolchain/pio/environment.ts";
import { chooseSource } from "../../toolchain/pio/sources.ts";
import { systemBoards, systemToolchain } from "../../toolchain/pio/system.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface BundleFlags {
  readonly root: string;
  readonly version: string;
  readonly boards: readonly string[];
  /** Every engine of each board unless given. */
  readonly engine?: string;
  readonly source: "registry" | "system" | "auto";
  readonly output?: string;
  /** False with --without-compilers and --without-node. */
  readonly compilers: boolean;
  readonly node: boolean;
}

export async function bundle(io: Io, flags: BundleFlags): Promise<undefined> {
  const { root, version } = flags;
  const named = [...new Set(flags.boards)].sort().map((id) => findBoard(id));
  // What is wrong with the names is told before anything is fetched.
  if (flags.engine !== undefined) findEngine(flags.engine);
  for (const board of named) buildsOf(board, flags.engine);
  const output = resolve(flags.output ?? join(root, "dist", `${bundleName(version)}.tar.gz`));
  if (existsSync(output) && statSync(output).isDirectory()) {
    throw new MehrError(
      2,
      `--output: ${flags.output} is a folder; name a file, such as ${bundleName(version)}.tar.gz.`,
    );
  }
  const onStep = (text: string): void => io.progress(`- ${text}`);
  const place = pioPlace(root);
  let { source } = flags;
  if (source === "auto") {
    // Asking PlatformIO's registry takes PlatformIO.
    await ensurePlatformio({ place, onStep });
    const first = named.find(({ id }) => systemToolchain(id) === undefined) ?? named[0] ?? findBoard("qemu-m4");
    source = (await chooseSource(place, first.id)).source === "registry" ? "registry" : "system";
  }
  const system = systemBoards();
  const boards =
    named.length > 0 ? named : allBoards().filter(({ id }) => source === "registry" || system.includes(id));
  const builds = boards.flatMap((board) => buildsOf(board, flags.engine));
  const made = await makeBundle({
    place,
    version,
    builds,
    source,
    output,
    compilers: flags.compilers,
    node: flags.node,
    onStep,
  });
  for (const file of made.untracked.slice(0, 5)) io.progress(`not in the bundle, for git does not track it: ${file}`);
  if (made.untracked.length > 5) io.progress(`and ${made.untracked.length - 5} more files`);
  const { manifest } = made;
  const parts = partSizes(made);
  io.result({
    ok: true,
    output: shown(root, output),
    size: made.size,
    sha256: made.sha256,
    os: manifest.os,
    arch: manifest.arch,
    node: manifest.node,
    source,
    builds,
    debian: manifest.debian === null ? null : { release: manifest.debian.release, packages: manifest.debian.packages },
    files: manifest.files.length,
    untracked: made.untracked,
    parts,
    seconds: Math.round(made.seconds * 10) / 10,
  });
  io.print(`${shown(root, output)}  ${megabytes(made.size)}  sha256 ${made.sha256}`);
  io.print(
    `for ${manifest.os}-${manifest.arch} with ${builds.map(({ board, engine }) => `${board} (${engine})`).join(", ")}; made in ${made.seconds.toFixed(1)} s`,
  );
  io.print(
    table(
      ["part", "files", "unpacked", "what it is"],
      parts.map(({ part, files, size }) => [part, String(files), megabytes(size), PARTS[part]]),
    ),
  );
  const top = bundleName(version);
  io.print(
    `On a machine without a network:\n  tar xf ${top}.tar.gz && cd ${top} && ./setup && ./mehr build ${builds[0]?.board}`,
  );
}

function buildsOf(board: Board, engine: string | undefined): BuildOfBundle[] {
  const engines = engine === undefined ? board.engines : [chooseEngine(board, engine)];
  return engines.map((one) => ({ board: board.id, engine: one }));
}

function partSizes({ manifest }: MadeBundle): { part: Part; files: number; size: number }[] {
  return (Object.keys(PARTS) as Part[]).flatMap((part) => {
    const files = manifest.files.filter((file) => file.part === part);
    return files.length === 0
      ? []
      : [{ part, files: files.length, size: files.reduce((sum, file) => sum + file.size, 0) }];
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A path in the checkout as the user names it. */
function shown(root: string, path: string): string {
  const inside = relative(root, path);
  return inside.startsWith("..") ? path : inside;
}
