import { spawn } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithUs, signalGroup } from "../children.ts";
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
  /** Goes on when we are interrupted: a package manager stopped halfway leaves the machine worse than before. */
  outlives?: boolean;
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
      detached: true,
    });
    if (!options.outlives) endWithUs(child);
    let killer: NodeJS.Timeout | undefined;
    const stop = () => {
      const { pid } = child;
      if (pid === undefined) return;
      child.kill("SIGINT");
      killer ??= setTimeout(() => signalGroup(pid, "SIGKILL"), options.graceMs ?? 5000);
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

export interface LockOptions {
  /** How long to wait for the lock; ten minutes by default. */
  waitMs?: number;
  /** Called once when another process holds the lock. */
  onWait?: (owner: number | undefined) => void;
}

/**
 * Runs `work` while holding the lock file `path`, so that two commands do not work on the same directory at once.
 * A lock whose process no longer lives is taken over. Throws MehrError(1) after `waitMs`.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const { waitMs = 600_000, onWait } = options;
  mkdirSync(dirname(path), { recursive: true });
  const own = `${process.pid} ${lockCount++}`;
  const end = Date.now() + waitMs;
  let told = false;
  while (!acquire(path, own)) {
    const owner = lockOwner(path);
    if (owner !== undefined && !isAlive(owner)) {
      discard(path, owner);
      continue;
    }
    if (!told) onWait?.(owner);
    told = true;
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
    if (readOrEmpty(path) === own) rmSync(path, { force: true });
  }
}

let lockCount = 0;

/** Makes the lock file with its content in one step: a link to a finished file exists whole or not at all. */
function acquire(path: string, own: string): boolean {
  const draft = `${path}.${own.replace(" ", ".")}`;
  writeFileSync(draft, own);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes the lock of a dead process. Of several that see it dead one at a time looks again and removes it: nobody else
 * may, and a dead owner cannot, so what was looked at is what is removed.
 */
function discard(path: string, owner: number): void {
  const turn = `${path}.takeover`;
  try {
    mkdirSync(turn);
  } catch {
    // Whoever has the turn needs milliseconds; a folder that stays is the rest of a process killed in them.
    const made = statSync(turn, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > 10_000) rmSync(turn, { recursive: true, force: true });
    return;
  }
  try {
    if (lockOwner(path) === owner) rmSync(path, { force: true });
  } finally {
    rmSync(turn, { recursive: true, force: true });
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
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
