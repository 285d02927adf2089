/**
 * A session with a board: Hello, and requests that are carried out once although the line loses, repeats and garbles.
 *
 * Authorised carries a counter and a MAC over the session's nonce (docs/console.md, Sessions). A request without an answer
 * is sent again with the same bytes; a board that has done it answers with the reply it keeps. What that cannot cover is
 * a session that ended in between, by a restart or another program's Hello: then a request that may not be done twice
 * fails, and says so.
 */
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BoardFailure, type BoardConsole, NoAnswer } from "../board/console.ts";
import { Status } from "../core/abi.gen.ts";
import { ProtocolError } from "../board/codec.ts";
import { DeviceFailure, statusText, waitText } from "./failure.ts";
import {
  CONSOLE_VERSION,
  decodeHelloError,
  decodeHelloReply,
  encodeAuthorisedRequest,
  encodeHelloRequest,
  type HelloReply,
  LockState,
  Request,
} from "../board/messages.gen.ts";
import { NO_PIN_KEY, pinKey } from "./pin.ts";
import { requestName, traitsOf } from "./requests.ts";

/** Bytes of the HMAC that go with a request. */
const MAC_SIZE = 16;
/** How often a request is sent before the board counts as silent. */
const TRIES = 5;
/** What is waited without a word while no PIN is looked at. */
const SIT_OUT_MS = 3000;
/** Between two tries at a nonce. */
const ENTROPY_PAUSE_MS = 500;
/** How often a session is begun again for one request: somebody else is talking then. */
const SESSIONS = 4;

export interface SessionOptions {
  /** The PIN, or what asks for it when it is needed. */
  readonly pin?: string | (() => Promise<string>);
  /** Instead of each request's own patience, for tests. */
  readonly tryMs?: number;
}

/** What a board answered: its status, and what follows it. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

export class Session {
  readonly #console: BoardConsole;
  readonly #name: string;
  readonly #options: SessionOptions;
  /** Frames dropped on this line so far, in either direction. */
  readonly #damaged: () => number;
  #hello: HelloReply | undefined;
  #helloAt = 0;
  #counter = 0;
  #key: { readonly salt: string; readonly key: Uint8Array } | undefined;
  #pin: string | undefined;
  /** True once the board has taken the PIN: a wrong MAC is another session's nonce then. */
  #proven = false;
  /** Requests go out one after the other: a counter that overtakes another is refused. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(console: BoardConsole, name: string, damaged: () => number, options: SessionOptions = {}) {
    this.#console = console;
    this.#name = name;
    this.#damaged = damaged;
    this.#options = options;
  }

  /** The board has started again, or may have: its session is over. */
  forget(): void {
    this.#hello = undefined;
  }

  /** The PIN from now on; undefined: none is known. */
  usePin(pin: string | undefined): void {
    this.#pin = pin;
    this.#key = undefined;
    this.#proven = false;
    this.forget();
  }

  /** True if a PIN is known, or can be asked for. */
  get hasPin(): boolean {
    return (this.#pin ?? this.#options.pin) !== undefined;
  }

  /** Begins a session if there is none. Throws DeviceFailure. */
  hello(): Promise<HelloReply> {
    return this.#inTurn(() => this.#begin());
  }

  /** A request that anybody may make. Throws DeviceFailure if no answer comes. */
  open(request: Request, payload: Uint8Array, tries = TRIES): Promise<Answer> {
    return this.#inTurn(async () => answerOf((await this.#ask(request, request, payload, tries)).payload));
  }

  /** A request that a locked board wants the PIN for. Throws DeviceFailure if no answer comes, or for its PIN. */
  guarded(request: Request, payload: Uint8Array): Promise<Answer> {
    return this.#inTurn(() => this.#authorised(request, payload));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work);
    this.#queue = result.catch(() => {});
    return result;
  }

  async #begin(): Promise<HelloReply> {
    if (this.#hello !== undefined) return this.#hello;
    const payload = encodeHelloRequest({ versionMin: CONSOLE_VERSION, versionMax: CONSOLE_VERSION });
    let answer: Answer | undefined;
    // Each Hello makes a new nonce: every try is a request of its own, so that only the last one's reply is taken.
    const damaged = this.#damaged();
    for (let before = 0; answer === undefined; before++) {
      try {
        answer = answerOf((await this.#ask(Request.Hello, Request.Hello, payload, 1, { before, damaged })).payload);
        // A source of random bytes that was late once: a virtual board's is a process of a busy machine.
        if (answer.status === Status.NoEntropy && before + 1 < TRIES) {
          answer = undefined;
          await sleep(ENTROPY_PAUSE_MS);
        }
      } catch (error) {
        if (!(error instanceof DeviceFailure) || error.gone || before + 1 === TRIES) throw error;
      }
    }
    if (answer.status === Status.BadConsoleVersion) {
      const { versionMin, versionMax } = this.read(Request.Hello, () => decodeHelloError(answer.body));
      const speaks = versionMin === versionMax ? `${versionMin}` : `${versionMin} to ${versionMax}`;
      const newer = versionMin > CONSOLE_VERSION ? "update mehr" : "flash a newer image (`mehr flash`)";
      throw new DeviceFailure(
        `${this.#name} speaks version ${speaks} of the console and this mehr version ${CONSOLE_VERSION}: ${newer}.`,
        { status: answer.status },
      );
    }
    if (answer.status === Status.UnknownRequest) {
      throw new DeviceFailure(
        `${this.#name} runs a firmware from before sessions: flash a newer image (\`mehr flash\`).`,
        { status: answer.status },
      );
    }
    this.expectOk(Request.Hello, answer);
    this.#hello = this.read(Request.Hello, () => decodeHelloReply(answer.body));
    this.#helloAt = Date.now();
    this.#counter = 0;
    return this.#hello;
  }

  async #authorised(request: Request, body: Uint8Array): Promise<Answer> {
    const traits = traitsOf(request);
    for (let sessions = 1; ; sessions++) {
      const hello = await this.#begin();
      await this.#sitOut(hello.waitMs - (Date.now() - this.#helloAt));
      const key = await this.#keyFor(hello);
      this.#counter++;
      const counter = this.#counter;
      const mac = requestMac(key ?? NO_PIN_KEY, hello.nonce, counter, request, body);
      const held = key === undefined && hello.lock === LockState.Held;
      // Held open by its button it takes requests bare; without Authorised a request may come twice, so it goes once.
      const { payload, tries } = held
        ? await this.#ask(request, request, body, traits.again ? TRIES : 1)
        : await this.#ask(request, Request.Authorised, encodeAuthorisedRequest({ counter, mac, request, body }), TRIES);
      const answer = answerOf(payload);
      // Of a PIN that was right before, WrongPin says that the nonce is another session's by now.
      const over = answer.status === Status.BadSession || (this.#proven && isPinStatus(answer.status));
      if (over) {
        // This one was not carried out, but if it was sent before, that one may have been.
        this.forget();
        if (tries > 1 && !traits.again) {
          throw this.#doubt(request, `${this.#name} ended the session in the middle of ${requestName(request)}`);
        }
        if (sessions < SESSIONS) continue;
        throw new DeviceFailure(
          `${this.#name} ends every session at once: another program is talking to it; close that one.`,
          { status: answer.status },
        );
      }
      if (answer.status === Status.Locked && held) {
        this.forget();
        throw new DeviceFailure(`${this.#name} is locked again: the minute its button gave is over.`, answer);
      }
      this.#refusePin(answer);
      if (key !== undefined) this.#proven = true;
      return answer;
    }
  }

  /** The key for a session; undefined if the board is open, or held open and nobody gave a PIN. */
  async #keyFor(hello: HelloReply): Promise<Uint8Array | undefined> {
    if (hello.pinLogN === 0) return undefined;
    const { pin } = this.#options;
    if (hello.lock === LockState.Held && typeof pin !== "string") return undefined;
    const salt = Buffer.from(hello.pinSalt).toString("hex") + hello.pinLogN;
    if (this.#key?.salt === salt) return this.#key.key;
    this.#pin ??= typeof pin === "function" ? await pin() : pin;
    if (this.#pin === undefined) {
      throw new DeviceFailure(
        `${this.#name} is locked: give its PIN, or hold its button for three seconds and try again.`,
        { status: Status.Locked },
      );
    }
    this.#key = { salt, key: await pinKey(this.#pin, hello.pinSalt, hello.pinLogN) };
    return this.#key.key;
  }

  /** Waits while the board looks at no PIN, if that is short: wrong ones make it wait a second at first. */
  async #sitOut(waitMs: number): Promise<void> {
    if (waitMs <= 0) return;
    if (waitMs > SIT_OUT_MS) this.#refusePin({ status: Status.PinWait, body: u32(waitMs) });
    await sleep(waitMs);
  }

  /** Throws for a PIN that is wrong, or not looked at. */
  #refusePin(answer: Answer): void {
    if (!isPinStatus(answer.status)) return;
    const waitMs = answer.body.length >= 4 ? Buffer.from(answer.body).readUInt32LE(0) : 0;
    const wait = waitMs > 0 ? ` for ${waitText(waitMs)}` : "";
    // The next attempt begins afresh, perhaps with another PIN.
    this.forget();
    this.#key = undefined;
    if (answer.status === Status.WrongPin) {
      this.#pin = undefined;
      const next = wait === "" ? "" : `, and it looks at no other${wait}`;
      throw new DeviceFailure(`${this.#name} does not take this PIN${next}.`, { ...answer, waitMs });
    }
    throw new DeviceFailure(
      `${this.#name} looks at no PIN${wait} because wrong ones came; wait, or hold its button for three seconds.`,
      { ...answer, waitMs },
    );
  }

  /** Throws DeviceFailure naming the request unless the status is Ok. */
  expectOk(request: Request, answer: Answer, what = requestName(request)): void {
    if (answer.status === Status.Ok) return;
    if (answer.status === Status.Locked) {
      // What a board takes from whoever has just switched it on (docs/console.md, Factory reset).
      const reset = request === Request.FactoryReset;
      const other = reset ? "; without either, switch it on anew and within a minute reset it with its identity" : "";
      throw new DeviceFailure(
        `${this.#name} is locked: give its PIN, or hold its button for three seconds and try again${other}.`,
        answer,
      );
    }
    throw new DeviceFailure(`${this.#name} refused ${what}: ${statusText(answer.status)}.`, answer);
  }

  /** Takes a reply apart. Throws DeviceFailure if it does not follow its layout. */
  read<T>(request: Request, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new DeviceFailure(
        `${this.#name} answered ${requestName(request)} with something else (${error.message}): ` +
          "its firmware and this mehr are of different versions.",
      );
    }
  }

  #doubt(request: Request, what: string, gone = false): DeviceFailure {
    const { doubt } = traitsOf(request);
    const sentence = `${what}${/[?]$/.test(what) ? "" : "."} ${doubt ?? ""}`.trimEnd();
    return new DeviceFailure(sentence, { inDoubt: true, gone });
  }

  /** Sends `type` for `request`, and says what failed in words; `since`: tries made before, and frames damaged by then. */
  async #ask(
    request: Request,
    type: Request,
    payload: Uint8Array,
    tries: number,
    since = { before: 0, damaged: this.#damaged() },
  ): Promise<{ payload: Uint8Array; tries: number }> {
    const timeoutMs = this.#options.tryMs ?? traitsOf(request).tryMs;
    try {
      return await this.#console.ask(type, payload, { timeoutMs, tries });
    } catch (error) {
      if (error instanceof NoAnswer) {
        const lost = this.#damaged() - since.damaged;
        const seconds = (timeoutMs * (since.before + tries)) / 1000;
        let why = request === Request.Hello ? ". Is it a Mehr relay, and on this port?" : "";
        if (lost > 0) why = `. ${lost} frames came damaged: a bad cable, or another program that talks on this line`;
        throw this.#doubt(request, `${this.#name} does not answer (${requestName(request)}, ${seconds} s)${why}`);
      }
      if (error instanceof BoardFailure) {
        const why = error.message.replace(/\.$/, "");
        throw this.#doubt(request, `${why}, in the middle of ${requestName(request)}`, true);
      }
      throw error;
    }
  }
}

/** First half of HMAC-SHA-256 over nonce, counter, request and body. */
export function requestMac(
  key: Uint8Array,
  nonce: Uint8Array,
  counter: number,
  request: number,
  body: Uint8Array,
): Uint8Array {
  const hmac = createHmac("sha256", key).update(nonce).update(u32(counter)).update(Uint8Array.of(request)).update(body);
  return Uint8Array.from(hmac.digest().subarray(0, MAC_SIZE));
}

function isPinStatus(status: number): boolean {
  return status === Status.WrongPin || status === Status.PinWait;
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function answerOf(payload: Uint8Array): Answer {
  return { status: payload[0] ?? 0xff, body: payload.subarray(1) };
}
