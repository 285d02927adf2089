/** A flasher as a child process that tells each step as one line of JSON. */
import { spawn } from "node:child_process";
import { endWithUs, signalGroup } from "../../toolchain/children.ts";

export interface FlasherEvent {
  readonly step: string;
  readonly [field: string]: unknown;
}

export interface FlasherRun {
  readonly code: number | null;
  /** Its last event. */
  readonly last: FlasherEvent | undefined;
  /** The last line it wrote for people. */
  readonly said: string;
}

export interface FlasherOptions {
  readonly python: string;
  readonly script: string;
  /** What the script is told. */
  readonly told: object;
  /** Called with each event; what it returns is written to the flasher as a line. Throwing ends the flasher. */
  readonly onEvent: (event: FlasherEvent) => string | undefined;
  readonly signal?: AbortSignal;
}

/** Runs a flasher to its end. Rejects with what `onEvent` threw, after the flasher has ended by itself. */
export function runFlasher(options: FlasherOptions): Promise<FlasherRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.python, ["-u", options.script, JSON.stringify(options.told)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1", NO_COLOR: "1", COLUMNS: "200" },
      detached: true,
    });
    endWithUs(child);
    let last: FlasherEvent | undefined;
    let thrown: unknown;
    let said = "";
    let pending = "";
    const stop = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, "SIGTERM");
    };
    options.signal?.addEventListener("abort", stop, { once: true });
    if (options.signal?.aborted) stop();
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (pending + text).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        const event = parse(line);
        if (event === undefined || thrown !== undefined) continue;
        last = event;
        try {
          const answer = options.onEvent(event);
          if (answer !== undefined) child.stdin.write(`${answer}\n`);
        } catch (error) {
          thrown = error;
          // The flasher takes the end of its input for "no", and leaves the board as it was.
          child.stdin.end();
        }
      }
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      options.signal?.removeEventListener("abort", stop);
      if (thrown !== undefined) reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
      else resolve({ code, last, said: said.trim().split("\n").at(-1)?.trim() ?? "" });
    });
  });
}

function parse(line: string): FlasherEvent | undefined {
  try {
    const value = JSON.parse(line) as FlasherEvent;
    return typeof value.step === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
