/**
 * Watching one board: opens its port, asks it gently, and goes on when the board starts again or the port goes away and
 * comes back. Everything it learns goes to a sink as an input of the state.
 */
import type { ConsoleListener } from "../board/console.ts";
import type { Device } from "../device/device.ts";
import { DeviceFailure } from "../device/failure.ts";
import type { Port } from "../serial/ports.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { lawOf } from "./law.ts";
import { LooseText } from "./loose-text.ts";
import { pause } from "./pause.ts";
import type { Input } from "./state.ts";
import { hexOf } from "./text.ts";

/** What is asked of a board: requests that a locked one answers too, and one that it wants its PIN for. */
export type WatchedBoard = Pick<
  Device,
  "identify" | "health" | "provisionRead" | "status" | "neighbours" | "links" | "routes" | "setLogLevel"
>;

export interface WatchOptions {
  readonly path: string;
  readonly open: (path: string) => Promise<Port>;
  readonly attach: (port: Port, listener: ConsoleListener) => WatchedBoard;
  readonly sink: (input: Input) => void;
  readonly clock: () => number;
  /** Ms between rounds of questions. */
  readonly pollMs?: number;
}

const POLL_MS = 2000;
/**
 * A board whose core has ended starts again by itself once its console has been quiet for five minutes (relay.cpp): our
 * questions must not keep it from that. Its Ready ends the wait.
 */
const FATAL_POLL_MS = 330_000;
/** Routes are many and change slowly; provisioning changes by hand. */
const ROUTES_EVERY = 5;
const PROVISIONING_EVERY = 30;
/** Between two attempts to open a port that went away. */
const REOPEN_MS = 1000;
const LOOSE_TEXT_MS = 400;
const NOISE_SHOWN = 64;

export class Watch {
  readonly #options: WatchOptions;
  readonly #stop = new AbortController();
  #board: WatchedBoard | undefined;
  /** Set when the board says that it has started: everything is asked anew at once. */
  #anew = new AbortController();
  #round = 0;
  #answers = true;
  #fatal = false;
  #opened = (): void => {};
  /** Resolves when the port has been opened for the first time. */
  readonly opened = new Promise<void>((resolve) => {
    this.#opened = resolve;
  });

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** The board while its port is open. */
  get board(): WatchedBoard | undefined {
    return this.#board;
  }

  stop(): void {
    this.#stop.abort();
    this.#anew.abort();
  }

  /** Watches until `stop`. Throws what opening the port for the first time throws; later it waits for it. */
  async run(): Promise<void> {
    const { path, open } = this.#options;
    this.#say({ kind: "connecting" });
    let port = await open(path);
    this.#opened();
    while (!this.#stop.signal.aborted) {
      await this.#serve(port);
      const again = await this.#reopen();
      if (again === undefined) return;
      port = again;
    }
  }

  #say(input: Input extends infer T ? (T extends unknown ? Omit<T, "at"> : never) : never): void {
    this.#options.sink({ ...input, at: this.#options.clock() } as Input);
  }

  async #reopen(): Promise<Port | undefined> {
    while (!this.#stop.signal.aborted) {
      await pause(REOPEN_MS, this.#stop.signal);
      if (this.#stop.signal.aborted) break;
      try {
        return await this.#options.open(this.#options.path);
      } catch (error) {
        // Not there yet, or not ours yet: udev gives a device its group a moment after it has made it.
        if (!(error instanceof MehrError)) throw error;
        this.#say({ kind: "tick" });
      }
    }
    return undefined;
  }

  /** Asks a board until its port is gone or we are to stop. */
  async #serve(port: Port): Promise<void> {
    const gone = new AbortController();
    let why = `${this.#options.path} went away.`;
    port.on("error", (error) => {
      why = error.message;
    });
    port.once("close", () => gone.abort());
    const idle = this.#listenForText(port);
    const board = this.#options.attach(port, this.#listener());
    this.#board = board;
    this.#round = 0;
    this.#answers = true;
    this.#fatal = false;
    const end = AbortSignal.any([gone.signal, this.#stop.signal]);
    try {
      this.#say({ kind: "open" });
      while (!end.aborted) {
        this.#anew = new AbortController();
        await this.#ask(board, end);
        const wake = AbortSignal.any([end, this.#anew.signal]);
        await pause(this.#fatal ? FATAL_POLL_MS : (this.#options.pollMs ?? POLL_MS), wake);
      }
    } finally {
      clearInterval(idle);
      this.#board = undefined;
    }
    if (this.#stop.signal.aborted) await port.close();
    else this.#say({ kind: "lost", why });
  }

  #listenForText(port: Port): NodeJS.Timeout {
    const text = new LooseText(
      (line) => this.#say({ kind: "text", text: line }),
      (bytes) => {
        const more = bytes.length > NOISE_SHOWN ? "…" : "";
        this.#say({ kind: "noise", text: `${bytes.length} bytes: ${hexOf(bytes.subarray(0, NOISE_SHOWN))}${more}` });
      },
    );
    let last = performance.now();
    port.on("data", (bytes: Buffer) => {
      last = performance.now();
      text.push(bytes);
    });
    port.once("close", () => text.flush());
    return setInterval(() => text.idle(performance.now() - last), LOOSE_TEXT_MS);
  }

  #listener(): ConsoleListener {
    return {
      ready: (identity) => {
        this.#say({ kind: "identity", identity, ready: true });
        this.#round = 0;
        this.#fatal = false;
        this.#anew.abort();
      },
      log: (level, text) => this.#say({ kind: "log", level, text }),
      event: (event, bytes, signal) => this.#say({ kind: "event", event, bytes, signal }),
      fatal: (_status, sentence) => {
        this.#fatal = true;
        this.#say({ kind: "fatal", sentence });
      },
      frameError: (text) => this.#say({ kind: "frame-error", text }),
    };
  }

  /** One round of questions. A board that does not answer is told once, and asked again at the next. */
  async #ask(board: WatchedBoard, end: AbortSignal): Promise<void> {
    const round = this.#round++;
    try {
      const identity = await board.identify();
      this.#fatal = identity.status !== 0;
      this.#say({ kind: "identity", identity });
      this.#answered();
      this.#say({ kind: "health", health: await board.health() });
      if (round % PROVISIONING_EVERY === 0) await this.#askProvisioning(board);
      // No core, no reports; the Fatal notice or the identity has said why.
      if (identity.status !== 0 || end.aborted) return;
      this.#say({ kind: "status", status: await board.status() });
      this.#say({ kind: "neighbours", neighbours: await board.neighbours() });
      this.#say({ kind: "links", links: await board.links() });
      if (round % ROUTES_EVERY === 0) this.#say({ kind: "routes", routes: await board.routes() });
    } catch (error) {
      if (!(error instanceof MehrError)) throw error;
      // While it starts again a question gets lost; its Ready asks all of them anew.
      if (end.aborted || !this.#answers || this.#anew.signal.aborted) return;
      this.#answers = false;
      this.#say({ kind: "lost", why: error.message });
    }
  }

  async #askProvisioning(board: WatchedBoard): Promise<void> {
    try {
      const stored = await board.provisionRead();
      this.#say({ kind: "law", law: stored === undefined ? undefined : lawOf(stored.record) });
    } catch (error) {
      // A damaged record is the board's own worry, and it says so in its log.
      if (!(error instanceof DeviceFailure) || error.status === undefined) throw error;
      this.#say({ kind: "note", level: "warn", text: error.message });
    }
  }

  #answered(): void {
    if (this.#answers) return;
    this.#answers = true;
    this.#say({ kind: "open" });
  }
}
