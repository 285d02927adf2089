/** The host's end of a board's console: requests with their replies, and what the board says unasked. */
import type { Duplex } from "node:stream";
import { type Event, STATUS_SENTENCES } from "../core/abi.gen.ts";
import { encodeFrame, FRAME_ERROR_SENTENCES, type Frame, FrameReader } from "../serial/frame.ts";
import {
  type Identity,
  Notice,
  type Output,
  ProtocolError,
  REPLY_BIT,
  Reader,
  Request,
  readIdentity,
  readOutputs,
} from "./protocol.ts";

/** A board did not answer, answered something else, or refused. */
export class BoardFailure extends Error {}

export interface ConsoleListener {
  ready?(identity: Identity): void;
  log?(level: "error" | "warn" | "info", text: string): void;
  event?(event: Event, bytes: Uint8Array): void;
  fatal?(status: number, sentence: string): void;
  /** A frame in either direction was dropped. */
  frameError?(sentence: string): void;
}

interface Waiting {
  readonly type: number;
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Seconds a board may take for a reply; QEMU without icount answers in milliseconds, a loaded CI machine does not. */
const REPLY_TIMEOUT_MS = 20_000;

export class BoardConsole {
  readonly #stream: Duplex;
  readonly #listener: ConsoleListener;
  readonly #waiting = new Map<number, Waiting>();
  readonly #name: string;
  #nextId = 1;
  #gone: BoardFailure | undefined;

  /** Talks over `stream`; `name` is the board's name in messages. */
  constructor(name: string, stream: Duplex, listener: ConsoleListener = {}) {
    this.#name = name;
    this.#stream = stream;
    this.#listener = listener;
    const reader = new FrameReader(
      (frame) => this.#take(frame),
      (error) => listener.frameError?.(`From ${name}: ${FRAME_ERROR_SENTENCES[error]}`),
    );
    stream.on("data", (bytes: Buffer) => reader.push(bytes));
    const gone = (): void => this.#drop(new BoardFailure(`${name} closed its console.`));
    stream.on("close", gone);
    stream.on("error", gone);
  }

  /** Sends a request and waits for its reply's payload. Throws BoardFailure if none comes. */
  request(type: Request, payload: Uint8Array = new Uint8Array(0), timeoutMs = REPLY_TIMEOUT_MS): Promise<Uint8Array> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const id = this.#nextId;
    this.#nextId = (id % 255) + 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new BoardFailure(`${this.#name} did not answer request ${type} within ${timeoutMs / 1000} s.`));
      }, timeoutMs);
      this.#waiting.set(id, { type: type | REPLY_BIT, resolve, reject, timer });
      // A 00 in front ends whatever a lost byte left open, so that it costs itself only.
      this.#stream.write(Buffer.concat([Uint8Array.of(0), encodeFrame({ type, id, payload })]));
    });
  }

  /** Also passes on what the board sends outside frames: text for a person. */
  onText(listener: (text: string) => void): void {
    this.#stream.on("data", (bytes: Buffer) => listener(bytes.toString("latin1")));
  }

  /** Puts bytes on the line as they are, frame or not: what a person or a loose cable would send. */
  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  async identify(): Promise<Identity> {
    return this.parse(await this.request(Request.Identify), (payload) => readIdentity(payload));
  }

  /** Runs a command of the core; the outputs are its events, the Reply among them. */
  async command(command: Uint8Array): Promise<{ status: number; outputs: Output[] }> {
    return this.parse(await this.request(Request.Command, command), (payload) => {
      const reader = new Reader(payload);
      return { status: reader.u8(), outputs: readOutputs(reader) };
    });
  }

  /** Counters and sizes by Metric. */
  async stats(): Promise<Map<number, bigint>> {
    // The calibration loop takes a while under -icount.
    return this.parse(await this.request(Request.Stats, undefined, 120_000), (payload) => {
      const reader = new Reader(payload);
      // A board whose core does not run says so in the status and still counts.
      reader.u8();
      const metrics = new Map<number, bigint>();
      while (reader.left > 0) metrics.set(reader.u8(), reader.u64());
      return metrics;
    });
  }

  /** A request whose reply is nothing but a status. Throws BoardFailure unless it is Ok. */
  async simple(type: Request): Promise<void> {
    this.expectOk((await this.request(type))[0] ?? 0xff);
  }

  expectOk(status: number): void {
    if (status !== 0) {
      throw new BoardFailure(
        `${this.#name} answered status ${status}: ${STATUS_SENTENCES[status] ?? "An unknown status."}`,
      );
    }
  }

  /** Reads a reply. Throws BoardFailure if it does not follow its layout. */
  parse<T>(payload: Uint8Array, read: (payload: Uint8Array) => T): T {
    try {
      return read(payload);
    } catch (error) {
      if (error instanceof ProtocolError)
        throw new BoardFailure(`${this.#name} sent a malformed reply: ${error.message}.`);
      throw error;
    }
  }

  #take(frame: Frame): void {
    const waiting = this.#waiting.get(frame.id);
    if (waiting !== undefined && waiting.type === frame.type) {
      this.#waiting.delete(frame.id);
      clearTimeout(waiting.timer);
      waiting.resolve(frame.payload);
      return;
    }
    try {
      this.#notice(frame, new Reader(frame.payload));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#listener.frameError?.(`From ${this.#name}: a malformed notice ${frame.type}: ${error.message}.`);
    }
  }

  #notice(frame: Frame, reader: Reader): void {
    switch (frame.type) {
      case Notice.Ready:
        this.#listener.ready?.(readIdentity(frame.payload));
        break;
      case Notice.Log: {
        const level = (["error", "warn", "info"] as const)[reader.u8()] ?? "info";
        this.#listener.log?.(level, Buffer.from(reader.rest()).toString("utf8"));
        break;
      }
      case Notice.Event:
        this.#listener.event?.(reader.u8() as Event, reader.rest());
        break;
      case Notice.FrameError: {
        const port = reader.u8() === 0 ? "console" : "radio port";
        const error = reader.u8() as keyof typeof FRAME_ERROR_SENTENCES;
        this.#listener.frameError?.(
          `${this.#name} dropped a frame on its ${port} (${reader.u32()} so far): ${FRAME_ERROR_SENTENCES[error]}`,
        );
        break;
      }
      case Notice.Fatal:
        this.#listener.fatal?.(reader.u8(), Buffer.from(reader.rest()).toString("utf8"));
        break;
      default:
        this.#listener.frameError?.(`From ${this.#name}: ${FRAME_ERROR_SENTENCES[7]}`);
    }
  }

  #drop(error: BoardFailure): void {
    this.#gone ??= error;
    for (const [id, waiting] of this.#waiting) {
      this.#waiting.delete(id);
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
  }
}
