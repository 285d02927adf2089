/**
 * Starts a virtual board: its image in QEMU, or as a Linux process, with both its serial ports on Unix sockets of a
 * private folder. No TCP port is ever opened.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VirtualBoard } from "../../boards/index.ts";
import { atExit } from "../../toolchain/children.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { missingPackagesError, missingSystemPackages } from "../../toolchain/pio/system.ts";
import { BoardConsole, BoardFailure, type ConsoleListener } from "./console.ts";
import type { Identity } from "./protocol.ts";

export interface StartOptions {
  readonly board: VirtualBoard;
  /** The image: an ELF file, a Linux program for `native`. */
  readonly image: string;
  /** Name in messages; the board's id by default. */
  readonly name?: string;
  readonly listener?: ConsoleListener;
  /** Called with the stream of the radio port before the board says anything. */
  readonly radio: (stream: Socket) => void;
  /** One instruction per nanosecond of the board's time, so that ticks count instructions (QEMU only). */
  readonly icount?: boolean;
  /** More options for QEMU. */
  readonly emulatorOptions?: readonly string[];
  /** File that holds the record flash of a `native` board; a fresh one by default. */
  readonly flash?: string;
}

/** Seconds an image may take from power-on to Ready or Fatal. */
const BOOT_TIMEOUT_MS = 30_000;

/** The command that runs an image, given the paths of its two sockets. */
export function launchCommand(
  options: Pick<StartOptions, "board" | "image" | "icount" | "emulatorOptions" | "flash">,
  folder: string,
): { program: string; args: string[] } {
  const { board, image } = options;
  const consolePath = join(folder, "console");
  const radioPath = join(folder, "radio");
  if (board.virtual.emulator === "process") {
    const flash = options.flash ?? join(folder, "flash");
    return { program: image, args: ["--console", consolePath, "--radio", radioPath, "--flash", flash] };
  }
  const args = ["-M", board.virtual.machine, "-display", "none", "-monitor", "none", "-nodefaults", "-no-user-config"];
  if (options.icount) args.push("-icount", "shift=0");
  args.push("-chardev", `socket,id=console,path=${consolePath}`, "-chardev", `socket,id=radio,path=${radioPath}`);
  args.push("-serial", "chardev:console");
  // The Arm board has several UARTs; RISC-V virt has one, and its second is a PCI card.
  if (board.virtual.emulator === "qemu-system-riscv32")
    args.push("-bios", "none", "-device", "pci-serial,chardev=radio");
  else args.push("-serial", "chardev:radio");
  args.push(...(options.emulatorOptions ?? []), "-kernel", image);
  return { program: board.virtual.emulator, args };
}

/** A running virtual board. */
export class VirtualBoardProcess {
  readonly console: BoardConsole;
  readonly name: string;
  /** Who it said it was when it booted; its status tells whether the core runs. */
  readonly identity: Identity;
  readonly #child: ChildProcess;
  readonly #cleanUp: () => void;
  /** What the emulator has written to its standard error, at most 2,000 characters. */
  readonly lastWords: () => string;

  private constructor(
    name: string,
    console: BoardConsole,
    identity: Identity,
    child: ChildProcess,
    cleanUp: () => void,
    lastWords: () => string,
  ) {
    this.name = name;
    this.console = console;
    this.identity = identity;
    this.#child = child;
    this.#cleanUp = cleanUp;
    this.lastWords = lastWords;
  }

  /**
   * Starts the board and waits until it has booted or said why not.
   * Throws MehrError (3) if the emulator is missing, BoardFailure if the board stays silent or ends.
   */
  static async start(options: StartOptions): Promise<VirtualBoardProcess> {
    const name = options.name ?? options.board.id;
    const folder = mkdtempSync(join(tmpdir(), "mehr-board-"));
    const servers: Server[] = [];
    let child: ChildProcess | undefined;
    const cleanUp = (): void => {
      takeBack();
      child?.kill("SIGKILL");
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true, force: true });
    };
    const takeBack = atExit(cleanUp);
    try {
      const connections = [];
      for (const port of ["console", "radio"]) {
        const server = createServer();
        servers.push(server);
        connections.push(
          new Promise<Socket>((resolve) => {
            server.once("connection", resolve);
          }),
        );
        await new Promise<void>((resolve, reject) => {
          server.once("error", reject);
          server.listen(join(folder, port), resolve);
        });
      }
      const { program, args } = launchCommand(options, folder);
      child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
      const emulator = child;
      let said = "";
      child.stderr?.on("data", (bytes: Buffer) => {
        said = (said + bytes.toString()).slice(-2000);
      });
      const ended = new Promise<never>((_, reject) => {
        emulator.once("error", (error: NodeJS.ErrnoException) => {
          if (error.code === "ENOENT") missingEmulator(options.board, program).then(reject, reject);
          else reject(error);
        });
        emulator.once("exit", (code, signal) => {
          const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
          reject(new BoardFailure(`${name} ended ${how} before it booted.${said ? `\n${said.trim()}` : ""}`));
        });
      });
      ended.catch(() => {});
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new BoardFailure(`${name} said nothing for ${BOOT_TIMEOUT_MS / 1000} s after power-on.`)),
          BOOT_TIMEOUT_MS,
        );
      });
      try {
        const booted = (async () => {
          const [consoleSocket, radioSocket] = (await Promise.all(connections)) as [Socket, Socket];
          options.radio(radioSocket);
          const console = await new Promise<BoardConsole>((resolve) => {
            const listener = options.listener ?? {};
            const ready: ConsoleListener = {
              ...listener,
              ready: (identity) => {
                listener.ready?.(identity);
                resolve(built);
              },
              fatal: (status, sentence) => {
                listener.fatal?.(status, sentence);
                resolve(built);
              },
            };
            const built = new BoardConsole(name, consoleSocket, ready);
          });
          return { console, identity: await console.identify() };
        })();
        const { console, identity } = await Promise.race([booted, ended, late]);
        return new VirtualBoardProcess(name, console, identity, child, cleanUp, () => said.trim());
      } finally {
        clearTimeout(timer);
      }
    } catch (error) {
      cleanUp();
      throw error;
    }
  }

  /** Resolves when the program has ended. */
  ended(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => this.#child.once("exit", () => resolve()));
  }

  /** Ends the board and removes its sockets. */
  async stop(): Promise<void> {
    const gone = this.ended();
    this.#cleanUp();
    await gone;
  }
}

async function missingEmulator(board: VirtualBoard, program: string): Promise<Error> {
  const missing = await missingSystemPackages(board.id, "run");
  if (missing.length > 0) return missingPackagesError(missing);
  return new MehrError(3, `${program} could not be started on this machine.`);
}
