/**
 * The program of a virtual board: its image in QEMU, or as a Linux process, with its radio port on a Unix socket of a
 * private folder, and its console on another or on a pseudo-terminal. No TCP port is ever opened.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VirtualBoard } from "../../boards/index.ts";
import { atExit } from "../../toolchain/children.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { missingPackagesError, missingSystemPackages } from "../../toolchain/pio/system.ts";
import { BoardFailure } from "./console.ts";

/** What is run, and how. */
export interface ProgramOptions {
  readonly board: VirtualBoard;
  /** The image: an ELF file, a Linux program for `native`. */
  readonly image: string;
  /** Name in messages; the board's id by default. */
  readonly name?: string;
  /** One instruction per nanosecond of the board's time, so that ticks count instructions (QEMU only). */
  readonly icount?: boolean;
  /** More options for QEMU. */
  readonly emulatorOptions?: readonly string[];
  /** File that holds the record flash of a `native` board; a fresh one by default. */
  readonly flash?: string;
}

/**
 * What the console is: a socket that this process serves, or a pseudo-terminal for whoever opens it. The latter loses
 * what the board says while nobody has it open; QEMU looks about once a second whether somebody has.
 */
export type ConsoleKind = "socket" | "pty";

/** The command that runs an image, given the folder of its sockets. */
export function launchCommand(
  options: ProgramOptions,
  folder: string,
  console: ConsoleKind = "socket",
): { program: string; args: string[] } {
  const { board, image } = options;
  const consolePath = join(folder, "console");
  const radioPath = join(folder, "radio");
  if (board.virtual.emulator === "process") {
    const flash = options.flash ?? join(folder, "flash");
    const where = console === "pty" ? `pty:${consolePath}` : consolePath;
    return { program: image, args: ["--console", where, "--radio", radioPath, "--flash", flash] };
  }
  const args = ["-M", board.virtual.machine, "-display", "none", "-monitor", "none", "-nodefaults", "-no-user-config"];
  if (options.icount) args.push("-icount", "shift=0");
  args.push("-chardev", console === "pty" ? "pty,id=console" : `socket,id=console,path=${consolePath}`);
  args.push("-chardev", `socket,id=radio,path=${radioPath}`, "-serial", "chardev:console");
  // The Arm board has several UARTs; RISC-V virt has one, and its second is a PCI card.
  if (board.virtual.emulator === "qemu-system-riscv32")
    args.push("-bios", "none", "-device", "pci-serial,chardev=radio");
  else args.push("-serial", "chardev:radio");
  args.push(...(options.emulatorOptions ?? []), "-kernel", image);
  return { program: board.virtual.emulator, args };
}

/** Characters kept of what the program says on its own. */
const SAID_MAX = 2000;
/** What QEMU prints about a pseudo-terminal it has made. */
const QEMU_PTY = /char device redirected to (\S+) \(label console\)/;

/** A program that runs; whoever started it stops it. */
export interface BoardProgram {
  /** The radio port, once the board has connected to it. */
  readonly radio: Promise<Socket>;
  /** The console, when it is a socket. */
  readonly console: Promise<Socket>;
  /** Path of the console, when it is a pseudo-terminal. */
  readonly pty: Promise<string>;
  /** Rejects when the program ends, with its name, how, and what it said; with MehrError (3) if there is no emulator. */
  readonly failed: Promise<never>;
  /** Resolves when the program has ended. */
  ended(): Promise<void>;
  /** What the program has written to its standard error, at most 2,000 characters. */
  lastWords(): string;
  /** Ends the program and removes its sockets. */
  stop(): Promise<void>;
}

/** A Unix socket that one program connects to. */
function socketFor(path: string): { server: Server; listening: Promise<void>; connected: Promise<Socket> } {
  const server = createServer();
  const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const listening = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return { server, listening, connected };
}

/** Starts the program of a board. */
export async function startProgram(options: ProgramOptions, kind: ConsoleKind): Promise<BoardProgram> {
  const name = options.name ?? options.board.id;
  const folder = mkdtempSync(join(tmpdir(), "mehr-board-"));
  const ports = { console: socketFor(join(folder, "console")), radio: socketFor(join(folder, "radio")) };
  let child: ChildProcess | undefined = undefined;
  const cleanUp = (): void => {
    takeBack();
    child?.kill("SIGKILL");
    for (const { server } of Object.values(ports)) server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const takeBack = atExit(cleanUp);
  try {
    await Promise.all(Object.values(ports).map(({ listening }) => listening));
  } catch (error) {
    cleanUp();
    throw error;
  }
  if (kind === "pty") ports.console.server.close();

  const { program, args } = launchCommand(options, folder, kind);
  // In a process group of its own: Ctrl-C at our terminal is for us, and would end the board before we know of it.
  const stdio = ["ignore", kind === "pty" ? "pipe" : "ignore", "pipe"] as const;
  const running = spawn(program, args, { stdio: [...stdio], detached: true });
  child = running;
  let said = "";
  running.stderr?.on("data", (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-SAID_MAX);
  });
  const failed = new Promise<never>((_, reject) => {
    running.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") missingEmulator(options.board, program).then(reject, reject);
      else reject(error);
    });
    running.once("exit", (code, signal) => {
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      reject(new BoardFailure(`${name} ended ${how} before it booted.${said ? `\n${said.trim()}` : ""}`));
    });
  });
  failed.catch(() => {});
  const ended = (): Promise<void> =>
    running.pid === undefined || running.exitCode !== null || running.signalCode !== null
      ? Promise.resolve()
      : new Promise((resolve) => running.once("exit", () => resolve()));
  return {
    radio: ports.radio.connected,
    console: ports.console.connected,
    pty: kind === "socket" ? new Promise(() => {}) : ptyOf(options.board, running, folder, ports.radio.connected),
    failed,
    ended,
    lastWords: () => said.trim(),
    stop: async () => {
      const gone = ended();
      cleanUp();
      await gone;
    },
  };
}

/** QEMU prints where its pseudo-terminal is; the Linux process links to it before it connects its radio. */
async function ptyOf(
  board: VirtualBoard,
  child: ChildProcess,
  folder: string,
  radio: Promise<Socket>,
): Promise<string> {
  if (board.virtual.emulator === "process") {
    await radio;
    return readlinkSync(join(folder, "console"));
  }
  return new Promise((resolve) => {
    let printed = "";
    child.stdout?.on("data", (bytes: Buffer) => {
      printed = (printed + bytes.toString()).slice(-SAID_MAX);
      const path = QEMU_PTY.exec(printed)?.[1];
      if (path !== undefined) resolve(path);
    });
  });
}

async function missingEmulator(board: VirtualBoard, program: string): Promise<Error> {
  const missing = await missingSystemPackages(board.id, "run");
  if (missing.length > 0) return missingPackagesError(missing);
  return new MehrError(3, `${program} could not be started on this machine.`);
}
