import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MehrError } from "../errors.ts";

/** What a finished child process left behind. `code` is null when it could not start or was ended by a signal. */
export interface ProcessResult {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Set when the executable could not be started at all. */
  spawnError?: string;
}

export interface ProcessOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
  /** How long the program may take to end itself after a timeout or an abort; 5000 by default. */
  graceMs?: number;
  signal?: AbortSignal;
  /** Called with every complete line of either stream, as it comes. */
  onLine?: (line: string, stream: "stdout" | "stderr") => void;
}

/**
 * Runs a program without a shell and resolves when it has ended; never rejects.
 * A timeout or an abort sends SIGINT first, which PlatformIO passes on to the build it started, and SIGKILL when that does not help.
 */
export function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  return new Promise((resolve) => {
    const out = { stdout: "", stderr: "" };
    const pending = { stdout: "", stderr: "" };
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let killer: NodeJS.Timeout | undefined;
    const stop = () => {
      child.kill("SIGINT");
      killer ??= setTimeout(() => child.kill("SIGKILL"), options.graceMs ?? 5000);
    };
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs);
    options.signal?.addEventListener("abort", stop, { once: true });
    if (options.signal?.aborted) stop();

    const take = (stream: "stdout" | "stderr", chunk: string) => {
      out[stream] += chunk;
      if (options.onLine === undefined) return;
      const lines = (pending[stream] + chunk).split("\n");
      pending[stream] = lines.pop() ?? "";
      for (const line of lines) options.onLine(line.replace(/\r$/, ""), stream);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => take("stdout", chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => take("stderr", chunk));

    const finish = (code: number | null, spawnError?: string) => {
      clearTimeout(timer);
      clearTimeout(killer);
      options.signal?.removeEventListener("abort", stop);
      for (const stream of ["stdout", "stderr"] as const) {
        if (pending[stream] !== "") options.onLine?.(pending[stream], stream);
      }
      resolve({ code, ...out, ...(spawnError === undefined ? {} : { spawnError }) });
    };
    child.once("error", (error) => finish(null, error.message));
    child.once("close", (code) => finish(code));
  });
}

/**
 * Runs `work` while holding the lock file `path`, so that two commands do not arrange the same directory at once.
 * A lock whose process no longer lives is taken over. Throws MehrError(1) after `waitMs`.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, waitMs = 600_000): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const end = Date.now() + waitMs;
  for (;;) {
    try {
      const file = openSync(path, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = lockOwner(path);
    if (owner !== undefined && !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (Date.now() > end) {
      throw new MehrError(
        1,
        `${path} has been held by process ${owner ?? "?"} for too long; end it or delete the file.`,
      );
    }
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** The process id in a lock file; undefined while its maker has not written it yet, or when it is gone. */
function lockOwner(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
