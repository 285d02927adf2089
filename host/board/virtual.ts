/** A virtual board that this process talks to: both its serial ports are on Unix sockets. */
import type { Socket } from "node:net";
import { BoardConsole, BoardFailure, type ConsoleListener } from "./console.ts";
import { type BoardProgram, type ProgramOptions, startProgram } from "./launch.ts";
import type { Identity } from "./protocol.ts";

export interface StartOptions extends ProgramOptions {
  readonly listener?: ConsoleListener;
  /** Called with the stream of the radio port before the board says anything. */
  readonly radio: (stream: Socket) => void;
}

/** Seconds an image may take from power-on to Ready or Fatal. */
export const BOOT_TIMEOUT_MS = 30_000;

/** Waits for what a board does first. Throws BoardFailure if it ends, or has done nothing within the time for booting. */
export async function booted<T>(name: string, program: BoardProgram, first: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new BoardFailure(`${name} said nothing for ${BOOT_TIMEOUT_MS / 1000} s after power-on.`)),
      BOOT_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([first, program.failed, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A running virtual board. */
export class VirtualBoardProcess {
  readonly console: BoardConsole;
  /** The line behind it: another client may talk on it while this one is silent. */
  readonly stream: Socket;
  readonly name: string;
  /** Who it said it was when it booted; its status tells whether the core runs. */
  readonly identity: Identity;
  readonly #program: BoardProgram;

  private constructor(name: string, console: BoardConsole, stream: Socket, identity: Identity, program: BoardProgram) {
    this.name = name;
    this.console = console;
    this.stream = stream;
    this.identity = identity;
    this.#program = program;
  }

  /**
   * Starts the board and waits until it has booted or said why not.
   * Throws MehrError (3) if the emulator is missing, BoardFailure if the board stays silent or ends.
   */
  static async start(options: StartOptions): Promise<VirtualBoardProcess> {
    const name = options.name ?? options.board.id;
    const program = await startProgram(options, "socket");
    try {
      const first = (async () => {
        const [consoleSocket, radioSocket] = await Promise.all([program.console, program.radio]);
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
        return { console, stream: consoleSocket, identity: await console.identify() };
      })();
      const { console, stream, identity } = await booted(name, program, first);
      return new VirtualBoardProcess(name, console, stream, identity, program);
    } catch (error) {
      await program.stop();
      throw error;
    }
  }

  /** What the program has written to its standard error. */
  lastWords(): string {
    return this.#program.lastWords();
  }

  /** Resolves when the program has ended. */
  ended(): Promise<void> {
    return this.#program.ended();
  }

  /** Ends the board and removes its sockets. */
  stop(): Promise<void> {
    return this.#program.stop();
  }
}
