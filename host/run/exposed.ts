/**
 * Virtual boards as programs and people meet real ones: each console is a pseudo-terminal with a link of the board's name
 * in a folder. This process plays the radio; on the consoles it says and reads nothing.
 */
import { getRandomValues } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type BootConfig, bootConfig } from "../../boards/config.ts";
import type { VirtualBoard } from "../../boards/index.ts";
import { atExit } from "../../toolchain/children.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { BoardFailure } from "../board/console.ts";
import { type BoardProgram, startProgram } from "../board/launch.ts";
import { RadioPort } from "../board/radio-port.ts";
import { booted } from "../board/virtual.ts";
import type { Event } from "../core/abi.gen.ts";
import { phyOf, RelayNode } from "../node/node.ts";
import { Channel, type TraceEntry } from "../radio/channel.ts";
import { RealClock } from "../radio/clock.ts";
import { airtimeOf } from "./fleet.ts";

export interface ExposeOptions {
  readonly board: VirtualBoard;
  /** Paths of the images; the boards take them in turns. */
  readonly images: readonly string[];
  /** Names of the boards, one for each. */
  readonly names: readonly string[];
  /** Folder of the links; made if it is not there. */
  readonly folder: string;
  /** Folder of the boards' record flash, `<name>.flash` each (`native` only); a fresh one by default. */
  readonly keep?: string;
  /** The module in the images. */
  readonly wasm: Uint8Array;
  /** Names of relays inside this process, on the same air; none by default. */
  readonly nodes?: readonly string[];
  /** Configuration of these, and what the boards' radios listen with until they have said so; the board's by default. */
  readonly config?: BootConfig;
  /** An event of a relay in this process. What the boards have to say goes to their consoles. */
  readonly event?: (name: string, event: Event, bytes: Uint8Array) => void;
  readonly loss?: number;
  readonly seed?: number;
  /** A board's program has ended by itself, or a relay of this process has. */
  readonly failed?: (sentence: string) => void;
  /** A board's radio port carried nonsense. */
  readonly note?: (text: string) => void;
  readonly trace?: (entry: TraceEntry) => void;
  /** More options for QEMU, by the board's name. */
  readonly emulatorOptions?: (name: string) => readonly string[];
}

/** A board somebody else talks to. */
export interface ExposedBoard {
  readonly name: string;
  /** The link: what to open. */
  readonly port: string;
  /** The pseudo-terminal it leads to. */
  readonly pty: string;
  /** Cuts its power, for good. */
  stop(): Promise<void>;
}

export interface Exposed {
  readonly boards: readonly ExposedBoard[];
  readonly nodes: readonly RelayNode[];
  /** Ends all boards and removes the links. */
  stop(): Promise<void>;
}

/** Beside a link: the process it belongs to, so that one left behind by a killed run is known for what it is. */
const ownerFile = (folder: string, name: string): string => join(folder, `.${name}.pid`);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The process that made a link of ours; undefined if there is no record of one. */
function ownerOf(folder: string, name: string): number | undefined {
  try {
    const text = readFileSync(ownerFile(folder, name), "utf8");
    return /^[1-9]\d*\n$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Makes room for a board's link. Throws MehrError (2) if something is there that no run has left behind. */
function makeRoom(folder: string, name: string): void {
  const link = join(folder, name);
  const about = lstatSync(link, { throwIfNoEntry: false });
  if (about === undefined) return;
  const target = about.isSymbolicLink() ? readlinkSync(link) : undefined;
  if (target === undefined || !target.startsWith("/dev/")) {
    throw new MehrError(2, `--expose: ${link} is there and is not a board's port; remove it or name another folder.`);
  }
  const owner = ownerOf(folder, name);
  if (owner !== undefined && owner !== process.pid && isAlive(owner)) {
    throw new MehrError(
      2,
      `--expose: ${link} is the port of a board that process ${owner} runs; end that, or name another folder.`,
    );
  }
  // Somebody's own link to a device that is there: not ours to remove.
  if (owner === undefined && exists(link)) {
    throw new MehrError(2, `--expose: ${link} leads to ${target}, which is in use; remove it or name another folder.`);
  }
  rmSync(link);
}

/** A name that is a file's name and nothing else. */
function checkName(name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new MehrError(2, `"${name}" cannot be a port's name; take letters, digits, dots and dashes.`);
  }
}

/**
 * Starts the boards and links their consoles. Resolves when every port can be opened; a board may still be booting.
 * Throws MehrError (2) for a folder that cannot be used, (3) without an emulator, BoardFailure if a board ends at once;
 * then all that was started is stopped.
 */
export async function startExposed(options: ExposeOptions): Promise<Exposed> {
  const { board, folder, names } = options;
  if (options.keep !== undefined && board.virtual.emulator !== "process") {
    throw new MehrError(2, `--keep works with native only: ${board.id} has its record flash in the emulator's memory.`);
  }
  names.forEach(checkName);
  for (const [flag, path] of [
    ["--expose", folder],
    ["--keep", options.keep],
  ] as const) {
    try {
      if (path !== undefined) mkdirSync(path, { recursive: true });
    } catch (error) {
      throw new MehrError(2, `${flag}: ${path} cannot be used as a folder: ${(error as Error).message}.`);
    }
  }
  for (const name of names) makeRoom(folder, name);

  const config = options.config ?? bootConfig(board);
  const clock = new RealClock();
  const channel = new Channel({
    clock,
    airtimeUs: await airtimeOf(options.wasm),
    seed: options.seed ?? 1,
    loss: options.loss ?? 0,
    ...(options.trace ? { trace: options.trace } : {}),
  });
  const note = options.note ?? (() => {});
  const programs: BoardProgram[] = [];
  const nodes: RelayNode[] = [];
  const linked: string[] = [];
  let stopping = false;
  const unlink = (): void => {
    for (const name of linked.splice(0)) {
      rmSync(join(folder, name), { force: true });
      rmSync(ownerFile(folder, name), { force: true });
    }
  };
  const takeBack = atExit(unlink);
  const stop = async (): Promise<void> => {
    stopping = true;
    takeBack();
    unlink();
    for (const node of nodes) node.stop();
    await Promise.all(programs.map((program) => program.stop()));
  };

  const start = async (name: string, index: number): Promise<ExposedBoard> => {
    const program = await startProgram(
      {
        board,
        image: options.images[index % options.images.length] ?? "",
        name,
        ...(options.keep === undefined ? {} : { flash: join(options.keep, `${name}.flash`) }),
        ...(options.emulatorOptions === undefined ? {} : { emulatorOptions: options.emulatorOptions(name) }),
      },
      "pty",
    );
    programs.push(program);
    if (stopping) await program.stop();
    const onAir = program.radio.then((stream) => {
      new RadioPort({ name, stream, channel, problem: note }).tune(phyOf(config));
    });
    const pty = await booted(
      name,
      program,
      Promise.all([program.pty, onAir]).then(([path]) => path),
    );
    if (stopping) throw new BoardFailure(`${name} was stopped while it booted.`);
    linked.push(name);
    writeFileSync(ownerFile(folder, name), `${process.pid}\n`);
    symlinkSync(pty, join(folder, name));
    let cut = false;
    program.ended().then(() => {
      if (!stopping && !cut) options.failed?.(`${name} ended by itself. ${program.lastWords()}`.trim());
    });
    return {
      name,
      port: join(folder, name),
      pty,
      stop: () => {
        cut = true;
        return program.stop();
      },
    };
  };

  const startNode = async (name: string): Promise<void> => {
    const node = await RelayNode.start({
      ...{ name, wasm: options.wasm, config, clock, channel, note },
      entropy: (bytes) => getRandomValues(bytes),
      event: (event, bytes) => options.event?.(name, event, bytes),
      failed: (error) => options.failed?.(`${name} stopped: ${error.message}`),
    });
    nodes.push(node);
  };

  // All of them to the end, so that none is still starting when the others are stopped.
  const [started, joined] = await Promise.all([
    Promise.allSettled(names.map(start)),
    Promise.allSettled((options.nodes ?? []).map(startNode)),
  ]);
  const refused = [...started, ...joined].find((result) => result.status === "rejected");
  if (refused !== undefined) {
    await stop();
    throw refused.reason;
  }
  const boards = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  return { boards, nodes, stop };
}
