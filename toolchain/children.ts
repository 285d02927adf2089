/** Child processes must not outlive us: a QEMU or a compiler left behind by Ctrl-C holds a lock or a core for ever. */
import type { ChildProcess } from "node:child_process";

const live = new Set<number>();
let listening = false;

/**
 * Ends `child` and what it started when this process exits, by whatever way but SIGKILL. The child must have been spawned
 * with `detached: true`, which makes it the leader of a process group of its own.
 */
export function endWithUs(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  live.add(pid);
  child.once("exit", () => live.delete(pid));
  if (listening) return;
  listening = true;
  process.once("exit", () => {
    for (const leader of live) signalGroup(leader, "SIGTERM");
  });
}

/** Sends a signal to a child and everything it started. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
