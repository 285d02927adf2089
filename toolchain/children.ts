/** Child processes must not outlive us: a QEMU or a compiler left behind by Ctrl-C holds a lock or a core for ever. */
import type { ChildProcess } from "node:child_process";

const cleanUps = new Set<() => void>();
let listening = false;

/**
 * Runs `cleanUp`, which must not wait for anything, when this process exits in whatever way but by SIGKILL. The returned
 * function takes it back. One listener serves all: fifteen boards would have Node warn of a leak.
 */
export function atExit(cleanUp: () => void): () => void {
  cleanUps.add(cleanUp);
  if (!listening) {
    listening = true;
    process.once("exit", () => {
      for (const one of [...cleanUps]) one();
    });
  }
  return () => cleanUps.delete(cleanUp);
}

/**
 * Ends `child` and what it started when this process exits. The child must have been spawned with `detached: true`, which
 * makes it the leader of a process group of its own.
 */
export function endWithUs(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  child.once(
    "exit",
    atExit(() => signalGroup(pid, "SIGTERM")),
  );
}

/** Sends a signal to a child and everything it started. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
