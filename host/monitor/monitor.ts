/**
 * One watched board put together: what comes from the watch changes the state, goes to the log file, and is shown on the
 * screen or printed line by line; faults get their names.
 */
import { decodeCrash, looksLikeCrash } from "./crash.ts";
import { type Meanings, meaningsOf } from "./images.ts";
import type { Identity } from "../board/protocol.ts";
import type { LogFile } from "./log-file.ts";
import { type Input, initialState, neighboursUp, reduce, sentenceOf, type State } from "./state.ts";

export interface MonitorOptions {
  /** Root of the checkout: where images and names of functions are looked for. */
  readonly root: string;
  readonly path: string;
  readonly names: ReadonlyMap<string, string>;
  readonly clock: () => number;
  readonly log: LogFile | undefined;
  /** Called after each change. */
  readonly changed: () => void;
  /** Called with each line there is to say, for where there is no screen. */
  readonly line: (at: number, level: string, text: string) => void;
}

export class Monitor {
  readonly #options: MonitorOptions;
  #state: State;
  #meanings: Meanings | undefined;
  /** Decoding takes a moment; its lines keep the order of what they are about. */
  #decoding: Promise<void> = Promise.resolve();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#state = initialState(options.path, options.clock(), options.names);
    this.#noteLog();
  }

  get state(): State {
    return this.#state;
  }

  /** Takes one thing in. */
  readonly take = (input: Input): void => {
    const { log, line, changed } = this.#options;
    const said = sentenceOf(this.#state, input);
    if (input.kind === "identity") this.#identified(input.identity);
    this.#state = reduce(this.#state, input);
    if (said !== undefined) {
      log?.write(input.at, said.level, said.text);
      this.#noteLog();
      line(input.at, said.level, said.text);
      // What we say ourselves has been decoded already, and what a message from the air says is nobody's fault.
      if (input.kind !== "note" && input.kind !== "event" && looksLikeCrash(said.text)) this.#decode(said.text);
    }
    changed();
  };

  /** Something of this program's own to say. */
  note(level: "error" | "warn" | "info", text: string): void {
    this.take({ kind: "note", at: this.#options.clock(), level, text });
  }

  /** Resolves when everything that came has been decoded. */
  async settled(): Promise<void> {
    await this.#decoding;
  }

  get neighboursUp(): number {
    return neighboursUp(this.#state);
  }

  #identified(identity: Identity): void {
    const before = this.#state.identity;
    if (before?.imageSha256 === identity.imageSha256 && before?.wasmSha256 === identity.wasmSha256) return;
    this.#meanings = meaningsOf(this.#options.root, identity);
  }

  #decode(text: string): void {
    const meanings = this.#meanings;
    this.#decoding = this.#decoding.then(async () => {
      for (const one of await decodeCrash(text, meanings)) this.note("error", one);
    });
  }

  #noteLog(): void {
    const { log, clock } = this.#options;
    if (log === undefined) return;
    const { path, bytes, problem } = log;
    const file = { path, bytes, ...(problem === undefined ? {} : { problem }) };
    this.#state = reduce(this.#state, { kind: "log-file", at: clock(), file });
  }
}
