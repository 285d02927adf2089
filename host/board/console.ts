/** The host's end of a board's console: requests with their replies, and what the board says unasked. */
import type { Duplex } from "node:stream";
import { type Event, STATUS_SENTENCES } from "../core/abi.gen.ts";
import {
  decodeEventNotice,
  decodeFatalNotice,
  decodeFrameErrorNotice,
  decodeLogNotice,
  decodeStatsReply,
} from "./messages.gen.ts";
import { encodeFrame, FRAME_ERROR_SENTENCES, type Frame, type FrameError, FrameReader } from "../serial/frame.ts";
import { LOG_LEVELS } from "./log-levels.ts";
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

/** It did not answer in time. Whether it did what was asked is not known. */
export class NoAnswer extends BoardFailure {}

/** How the radio frame that caused something was heard; undefined where none did. */
export interface Signal {
  readonly rssiDbm: number | undefined;
  /** dB. */
  readonly snrDb: number | undefined;
}

export interface ConsoleListener {
  ready?(identity: Identity): void;
  log?(level: "error" | "warn" | "info" | "debug", text: string): void;
  event?(event: Event, bytes: Uint8Array, signal: Signal): void;
  fatal?(status: number, sentence: string): void;
  /** A frame in either direction was dropped. */
  frameError?(sentence: string): void;
}

interface Waiting {
  readonly type: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
  sent: number;
}

/** A reply, and what it took to get it. */
export interface Answer {
  readonly payload: Uint8Array;
  /** How often the request was sent. */
  readonly tries: number;
}

export interface RequestOptions {
  /** How long to wait for the reply after each time the request was sent. */
  readonly timeoutMs?: number;
  /** How often to send it: the same bytes with the same id, so more than once only what may come twice. */
  readonly tries?: number;
}

/** Seconds a board may take for a reply; QEMU without icount answers in milliseconds, a loaded CI machine does not. */
const REPLY_TIMEOUT_MS = 20_000;

export class BoardConsole {
  readonly #stream: Duplex;
  readonly #listener: ConsoleListener;
  readonly #waiting = new Map<number, Waiting>();
  readonly #name: string;
  /** Not the same in every program: a reply to the one before must not pass for one to this. */
  #nextId = 1 + Math.floor(Math.random() * 255);
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
    stream.on("close", () => this.#drop(new BoardFailure(`${name} closed its console.`)));
    // What the port says it was: unplugged, for instance (host/serial/ports.ts).
    stream.on("error", (error) => this.#drop(new BoardFailure(error.message)));
  }

  /** Sends a request and waits for its reply's payload. Throws BoardFailure if none comes. */
  async request(
    type: Request,
    payload: Uint8Array = new Uint8Array(0),
    timeoutMs = REPLY_TIMEOUT_MS,
  ): Promise<Uint8Array> {
    return (await this.ask(type, payload, { timeoutMs })).payload;
  }

  /** The same, sent again where no reply comes. Throws NoAnswer after the last try, BoardFailure if the line is gone. */
  ask(type: Request, payload: Uint8Array, options: RequestOptions = {}): Promise<Answer> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const { timeoutMs = REPLY_TIMEOUT_MS, tries = 1 } = options;
    const id = this.#nextId;
    this.#nextId = (id % 255) + 1;
    // A 00 in front ends whatever a lost byte left open, so that it costs itself only.
    const bytes = Buffer.concat([Uint8Array.of(0), encodeFrame({ type, id, payload })]);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { type: type | REPLY_BIT, resolve, reject, timer: undefined, sent: 0 };
      const send = (): void => {
        if (waiting.sent === tries) {
          this.#waiting.delete(id);
          reject(new NoAnswer(`${this.#name} did not answer request ${type} within ${(timeoutMs * tries) / 1000} s.`));
          return;
        }
        waiting.sent++;
        waiting.timer = setTimeout(send, timeoutMs);
        this.#stream.write(bytes);
      };
      this.#waiting.set(id, waiting);
      send();
    });
  }

  /** True once the line is gone: nothing more comes, and nothing can be asked. */
  get closed(): boolean {
    return this.#gone !== undefined;
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
      // A board whose core does not run says so in the status and still counts.
      const { metrics } = decodeStatsReply(payload.subarray(1));
      return new Map(metrics.map(({ metric, value }) => [metric, value]));
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
      waiting.resolve({ payload: frame.payload, tries: waiting.sent });
      return;
    }
    // A reply that came twice, or after its time: whoever asked has been answered, or told that nothing came.
    if (frame.type >= REPLY_BIT && frame.type < Notice.Ready) return;
    try {
      this.#notice(frame.type, frame.payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#listener.frameError?.(`From ${this.#name}: a malformed notice ${frame.type}: ${error.message}.`);
    }
  }

  #notice(type: number, payload: Uint8Array): void {
    switch (type) {
      case Notice.Ready:
        this.#listener.ready?.(readIdentity(payload));
        break;
      case Notice.Log: {
        const { level, text } = decodeLogNotice(payload);
        this.#listener.log?.(LOG_LEVELS[level], text);
        break;
      }
      case Notice.Event: {
        const { kind, rssiDbm, snrQdb, bytes } = decodeEventNotice(payload);
        const snrDb = snrQdb === undefined ? undefined : snrQdb / 4;
        this.#listener.event?.(kind as Event, bytes, { rssiDbm, snrDb });
        break;
      }
      case Notice.FrameError: {
        const { port, reason, count } = decodeFrameErrorNotice(payload);
        const where = port === 0 ? "console" : "radio port";
        const why = FRAME_ERROR_SENTENCES[reason as FrameError];
        this.#listener.frameError?.(`${this.#name} dropped a frame on its ${where} (${count} so far): ${why}`);
        break;
      }
      case Notice.Fatal: {
        const { status, sentence } = decodeFatalNotice(payload);
        this.#listener.fatal?.(status, sentence);
        break;
      }
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
