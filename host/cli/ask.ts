/** Questions to a person at a terminal, on stderr so that stdout stays the result's. */
import { createInterface, type Interface } from "node:readline/promises";
import { Writable } from "node:stream";
import { MehrError } from "../../toolchain/errors.ts";

export class Asker {
  readonly #lines: Interface;
  #silent = false;
  #closed = false;

  private constructor() {
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#silent) process.stderr.write(chunk);
        done();
      },
    });
    this.#lines = createInterface({ input: process.stdin, output, terminal: true });
    this.#lines.once("close", () => {
      this.#closed = true;
    });
    // readline takes Ctrl-C from the terminal; it means what it always means.
    this.#lines.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
  }

  /** Undefined when nobody sits there. */
  static atTerminal(): Asker | undefined {
    return process.stdin.isTTY ? new Asker() : undefined;
  }

  /** Asks until `wrong` has nothing against the answer. An empty answer is `fallback`, if there is one. */
  async ask(
    question: string,
    fallback: string | undefined,
    wrong: (text: string) => string | undefined,
  ): Promise<string> {
    const shown = fallback === undefined ? "" : ` [${fallback}]`;
    for (;;) {
      const text = (await this.#line(`${question}${shown}: `)).trim() || (fallback ?? "");
      const why = wrong(text);
      if (why === undefined) return text;
      process.stderr.write(`  ${why}.\n`);
    }
  }

  /** The same without showing what is typed, and twice, since nobody can read it over. */
  async secret(question: string, wrong: (text: string) => string | undefined): Promise<string> {
    for (;;) {
      const text = await this.#hidden(`${question}: `);
      const why = wrong(text);
      if (why !== undefined) process.stderr.write(`  ${why}.\n`);
      else if (text === "" || (await this.#hidden("the same again: ")) === text) return text;
      else process.stderr.write("  The two differ; type it twice again.\n");
    }
  }

  close(): void {
    this.#lines.close();
  }

  async #hidden(question: string): Promise<string> {
    process.stderr.write(question);
    this.#silent = true;
    try {
      return await this.#line("");
    } finally {
      this.#silent = false;
      process.stderr.write("\n");
    }
  }

  async #line(question: string): Promise<string> {
    const over = new Promise<never>((_, reject) => {
      const ended = (): void => reject(new MehrError(2, "The answers ended before the questions; nothing was done."));
      if (this.#closed) ended();
      else this.#lines.once("close", ended);
    });
    over.catch(() => {});
    return Promise.race([this.#lines.question(question), over]);
  }
}
