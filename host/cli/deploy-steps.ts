/** The steps of `mehr deploy`, one after the other, and what became of each. */
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export const STEPS = ["build", "flash", "provision", "watch"] as const;
export type StepName = (typeof STEPS)[number];

/** unchanged: it was already as it was to be, and was shown to be. */
export type StepResult = "done" | "unchanged" | "skipped" | "failed" | "not reached";

/** What a step has come to; done unless it says otherwise. */
export interface Done {
  readonly result?: "unchanged" | "skipped";
  /** What is known now, and how. */
  readonly proof: string;
}

/** What a command prints as its one JSON object is kept for the step, which is a part of another. */
export interface StepIo extends Io {
  readonly captured: unknown;
}

interface Line {
  readonly step: StepName;
  readonly result: StepResult;
  readonly proof: string;
  readonly seconds: number;
}

/** An error with its exit code: MehrError, or one of boards/. */
interface Told {
  readonly message: string;
  readonly exitCode: number;
  readonly hint?: string;
}

function told(error: unknown): Told {
  if (!(error instanceof Error)) return { message: String(error), exitCode: 1 };
  const { exitCode, hint } = error as Error & { exitCode?: unknown; hint?: unknown };
  return {
    message: error.message,
    exitCode: typeof exitCode === "number" ? exitCode : 1,
    ...(typeof hint === "string" ? { hint } : {}),
  };
}

export class Steps {
  readonly #io: Io;
  readonly #board: string;
  readonly #skip: ReadonlySet<StepName>;
  readonly #lines: Line[] = [];
  readonly #started = performance.now();
  #failure: Told | undefined;
  #interrupted = false;
  #handler: (() => void) | undefined;

  constructor(io: Io, board: string, skip: ReadonlySet<StepName>) {
    this.#io = io;
    this.#board = board;
    this.#skip = skip;
    io.onInterrupt(() => {
      this.#interrupted = true;
      // A step that can end by itself does; nothing is lost by ending the others.
      if (this.#handler === undefined) process.exit(1);
      this.#handler();
    });
  }

  /** Does a step unless it is to be skipped or one before it has failed. */
  async run(step: StepName, work: (io: StepIo) => Promise<Done>): Promise<void> {
    const started = performance.now();
    const note = (result: StepResult, proof: string): void => {
      const seconds = Math.round(performance.now() - started) / 1000;
      this.#lines.push({ step, result, proof, seconds });
    };
    if (this.#failure !== undefined) return note("not reached", "");
    if (this.#skip.has(step)) return note("skipped", "as was asked for");
    if (this.#interrupted) {
      this.#failure = { message: `Interrupted before the step ${step}.`, exitCode: 1 };
      return note("not reached", "");
    }
    this.#io.progress(`${step}:`);
    let captured: unknown;
    const io: StepIo = {
      ...this.#io,
      // A part of this command; what it has to say to a person is progress here.
      print: (line) => this.#io.progress(line ?? ""),
      result: (value) => {
        captured = value;
      },
      onInterrupt: (handler) => {
        this.#handler = handler;
      },
      get captured() {
        return captured;
      },
    };
    try {
      const { result = "done", proof } = await work(io);
      note(result, proof);
    } catch (error) {
      this.#failure = told(error);
      note("failed", this.#failure.message);
    } finally {
      this.#handler = undefined;
    }
  }

  /** Prints what was proven: the exit code. */
  report(port: string | undefined): number {
    const failure = this.#failure;
    this.#io.result({
      ok: failure === undefined,
      board: this.#board,
      port: port ?? null,
      steps: this.#lines,
      seconds: Math.round(performance.now() - this.#started) / 1000,
      ...(failure === undefined
        ? {}
        : {
            error: {
              exit_code: failure.exitCode,
              message: failure.message,
              ...(failure.hint === undefined ? {} : { hint: failure.hint }),
            },
          }),
    });
    this.#io.print(
      table(
        ["step", "result", "seconds", "what is proven"],
        this.#lines.map(({ step, result, proof, seconds }) => [
          step,
          result,
          result === "done" || result === "unchanged" ? seconds.toFixed(1) : "",
          result === "failed" ? "" : proof,
        ]),
      ),
    );
    if (failure === undefined) return 0;
    if (!this.#io.json) {
      process.stderr.write(`mehr: ${failure.message}\n`);
      process.stderr.write(`Try: ${failure.hint ?? "the same command again; what is done stays done"}\n`);
    }
    return failure.exitCode;
  }
}
