/** What the keys of the monitor do, and a line to type a PIN into. */
import type { Input } from "./state.ts";

type Untimed<T> = T extends unknown ? Omit<T, "at"> : never;

export interface KeyActions {
  readonly quit: () => void;
  readonly take: (input: Untimed<Input>) => void;
  readonly nextLogLevel: () => Promise<void>;
}

/** ETX, what Ctrl-C sends in raw mode, and EOT. */
const QUIT = new Set(["q", "Q", "\x03", "\x04"]);
const ESCAPE = "\x1b";
const BACKSPACE = new Set(["\x7f", "\b"]);
/** Longer than any PIN. */
const MAX_TYPED = 128;

export class Keys {
  readonly #actions: KeyActions;
  #prompt: { readonly label: string; readonly done: (text: string | undefined) => void; typed: string } | undefined;
  #busy = false;

  constructor(actions: KeyActions) {
    this.#actions = actions;
  }

  /** Takes what came from the keyboard: one key, or several that were pasted. */
  press(text: string): void {
    // Arrows and the like come as sequences; none of them means anything here.
    if (text.length > 1 && text.startsWith(ESCAPE)) return;
    for (const key of text) {
      if (this.#prompt === undefined) this.#key(key);
      else this.#type(key);
    }
  }

  /** Asks for a line; what is typed is not shown. Undefined if nothing is given. */
  ask(label: string): Promise<string | undefined> {
    this.#prompt?.done(undefined);
    return new Promise((resolve) => {
      const done = (text: string | undefined): void => {
        this.#prompt = undefined;
        this.#actions.take({ kind: "prompt", prompt: undefined });
        resolve(text);
      };
      this.#prompt = { label, done, typed: "" };
      this.#actions.take({ kind: "prompt", prompt: { label, typed: 0 } });
    });
  }

  /** Whoever waits for a line gets none. */
  close(): void {
    this.#prompt?.done(undefined);
  }

  #key(key: string): void {
    if (QUIT.has(key)) this.#actions.quit();
    else if (key === "p") this.#actions.take({ kind: "pause" });
    else if (key === "?") this.#actions.take({ kind: "help" });
    else if (key === "l" && !this.#busy) {
      this.#busy = true;
      void this.#actions.nextLogLevel().finally(() => {
        this.#busy = false;
      });
    }
  }

  #type(key: string): void {
    const prompt = this.#prompt;
    if (prompt === undefined) return;
    if (key === "\x03" || key === "\x04") return this.#actions.quit();
    if (key === ESCAPE) return prompt.done(undefined);
    if (key === "\r" || key === "\n") return prompt.done(prompt.typed === "" ? undefined : prompt.typed);
    if (BACKSPACE.has(key)) prompt.typed = [...prompt.typed].slice(0, -1).join("");
    else if (key >= " " && prompt.typed.length < MAX_TYPED) prompt.typed += key;
    this.#actions.take({ kind: "prompt", prompt: { label: prompt.label, typed: [...prompt.typed].length } });
  }
}
