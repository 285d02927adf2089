/**
 * Text a board sends outside frames: the boot messages of a ROM, the panic a framework prints when nothing of ours runs
 * any more. Frames are taken elsewhere; here they are only told apart from text.
 */
import { type Frame, FrameReader } from "../serial/frame.ts";

/** A panic of ESP-IDF with registers and backtrace has some 2 KB; a line that never ends is cut here. */
const MAX_PENDING = 16_384;
/** Shorter runs of printable bytes are what noise looks like. */
const LEAST_LETTERS = 4;
/** Version 0 makes this the first byte of every frame (docs/console.md). */
const FRAME_BEGINS = 1;
/** After so long a frame that stopped halfway goes no further: a board gives one up then, too. */
const FRAME_STALLS_MS = 5000;

export class LooseText {
  readonly #onLine: (line: string) => void;
  readonly #onNoise: (bytes: Uint8Array) => void;
  #pending: number[] = [];

  /**
   * `onLine` is called with every line of text, without its end; `onNoise` with what is neither text nor a frame.
   */
  constructor(onLine: (line: string) => void, onNoise: (bytes: Uint8Array) => void = () => {}) {
    this.#onLine = onLine;
    this.#onNoise = onNoise;
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === 0) this.#end();
      else {
        if (this.#pending.length === MAX_PENDING) this.flush();
        this.#pending.push(byte);
      }
    }
  }

  /** Nothing has come for so long: text is taken as it is, and what began like a frame given some more time. */
  idle(ms: number): void {
    if (this.#pending[0] !== FRAME_BEGINS || ms >= FRAME_STALLS_MS) this.flush();
  }

  /** Nothing more will come. */
  flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length > 0) this.#lines(pending);
  }

  #end(): void {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length > 0 && !isFrame(pending)) this.#lines(pending);
  }

  /** Runs of printable ASCII that end with a line end, or with the bytes themselves. */
  #lines(bytes: readonly number[]): void {
    const text = Buffer.from(bytes).toString("latin1");
    let said = false;
    // Colours of a framework's log ("ESC [0;31m") are taken out, not made visible.
    for (const part of text.replaceAll(/\x1b\[[0-9;]*[A-Za-z]/g, "").split(/\r\n|[\r\n]/)) {
      // A frame cut off by a panic may stand before the text, and a new frame behind it.
      const runs = part.match(/[\x20-\x7e\t]+/g) ?? [];
      const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
      if (longest.trim().length >= LEAST_LETTERS && /[A-Za-z]{2}/.test(longest)) {
        said = true;
        this.#onLine(longest.replace(/^\t+/, "").trimEnd());
      }
    }
    if (!said) this.#onNoise(Uint8Array.from(bytes));
  }
}

function isFrame(bytes: readonly number[]): boolean {
  let frame: Frame | undefined;
  new FrameReader((one) => {
    frame = one;
  }).push(Uint8Array.from([...bytes, 0]));
  return frame !== undefined;
}
