/** A terminal's second screen: drawn over line by line, and always given back as it was. */
import type { ReadStream, WriteStream } from "node:tty";
import { atExit } from "../../toolchain/children.ts";
import type { Size } from "./view.ts";

/** ECMA-48 and xterm's control sequences: alternate screen, cursor, wrapping at the right edge. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const at = (row: number): string => `\x1b[${row + 1};1H\x1b[2K`;
const inverse = (text: string): string => `\x1b[7m${text}\x1b[0m`;

export interface TerminalEvents {
  /** A key, or what was pasted, as it came. */
  readonly key: (text: string) => void;
  readonly resized: () => void;
}

export class Terminal {
  readonly #out: WriteStream;
  readonly #in: ReadStream;
  readonly #takeBack: () => void;
  readonly #key: (bytes: Buffer) => void;
  readonly #resized: () => void;
  readonly #crashed = (): void => this.leave();
  #drawn: readonly string[] = [];
  #open = true;

  constructor(out: WriteStream, input: ReadStream, events: TerminalEvents) {
    this.#out = out;
    this.#in = input;
    this.#key = (bytes) => events.key(bytes.toString("utf8"));
    this.#resized = () => {
      // What the terminal made of the old lines is its own business.
      this.#drawn = [];
      this.#out.write("\x1b[2J");
      events.resized();
    };
    this.#takeBack = atExit(() => this.leave());
    // Before Node prints the error: on the second screen nobody would see it.
    process.once("uncaughtExceptionMonitor", this.#crashed);
    out.write(ENTER);
    out.on("resize", this.#resized);
    if (input.isTTY) input.setRawMode(true);
    input.on("data", this.#key);
    input.resume();
  }

  get size(): Size {
    return { columns: this.#out.columns, rows: this.#out.rows };
  }

  /** Shows these lines, which must fit; only those that changed are written. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    let text = "";
    for (let row = 0; row < Math.max(lines.length, this.#drawn.length); row++) {
      const line = lines[row] ?? "";
      if (line === this.#drawn[row]) continue;
      text += at(row) + (row === 0 ? inverse(line) : line);
    }
    this.#drawn = [...lines];
    if (text !== "") this.#out.write(text);
  }

  /** Gives the screen, the cursor and the keyboard back. */
  leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#takeBack();
    process.off("uncaughtExceptionMonitor", this.#crashed);
    this.#out.off("resize", this.#resized);
    this.#in.off("data", this.#key);
    if (this.#in.isTTY) this.#in.setRawMode(false);
    this.#in.pause();
    this.#out.write(LEAVE);
  }
}
