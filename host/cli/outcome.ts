/** How a command talks: results on stdout, progress on stderr, one sentence and the right exit code when it fails. */
import { MehrError } from "../../toolchain/errors.ts";

export interface Io {
  readonly json: boolean;
  /** A result, for a person; nothing with --json. */
  print(line?: string): void;
  /** What is going on; on stderr, nothing with --json. */
  progress(line: string): void;
  /** The one JSON object, with --json; nothing otherwise. */
  result(value: unknown): void;
  /**
   * Lets the command end by itself when the user interrupts it (SIGINT, SIGTERM, SIGHUP). Without it, and at the second
   * signal, the process exits at once with 1. Children end with it either way.
   */
  onInterrupt(handler: () => void): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Something with a sentence and an exit code: MehrError, and the errors of boards/, which may not import it. */
interface Told {
  readonly message: string;
  readonly exitCode: number;
  readonly hint?: string | undefined;
}

function told(error: unknown): Told {
  if (error instanceof MehrError) return error;
  if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number") return error as Error & Told;
  return { message: error instanceof Error ? error.message : String(error), exitCode: 1 };
}

/** Runs a command and ends the process with its exit code. `command` returns one if it is not 0. */
export async function runCommand(
  options: { json?: boolean },
  command: (io: Io) => Promise<number | undefined>,
): Promise<void> {
  const json = options.json === true;
  let interrupt: (() => void) | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const handler = interrupt;
      interrupt = undefined;
      if (handler === undefined) process.exit(1);
      handler();
    });
  }
  // Whoever reads us may stop reading: `mehr run qemu-m4 | head`.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(1));
  const io: Io = {
    json,
    print: (line = "") => {
      if (!json) process.stdout.write(`${line}\n`);
    },
    progress: (line) => {
      if (!json) process.stderr.write(`${line}\n`);
    },
    result: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value, (_, v) => (typeof v === "bigint" ? String(v) : v))}\n`);
    },
    onInterrupt: (handler) => {
      interrupt = handler;
    },
  };
  try {
    process.exitCode = (await command(io)) ?? 0;
  } catch (error) {
    const { message, exitCode, hint } = told(error);
    io.result({ ok: false, error: { exit_code: exitCode, message, ...(hint === undefined ? {} : { hint }) } });
    if (!json) {
      process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}mehr: ${message}\n`);
      if (hint !== undefined) process.stderr.write(`Try: ${hint}\n`);
      if (process.env.MEHR_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    }
    process.exitCode = exitCode;
  }
}
