/** The command line as a child of a test that goes on working meanwhile: playing the radio of boards, for one thing. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./images.ts";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Outcome>;
}

/** Starts `mehr` with these arguments. */
export function startMehr(args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Running {
  const child = spawn(process.execPath, [join(root, "bin/mehr.mjs"), ...args], {
    ...{ stdio: ["ignore", "pipe", "pipe"], cwd: options.cwd ?? root, env: options.env ?? process.env },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr?.on("data", (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Runs `mehr` to its end. */
export function runMehr(args: readonly string[], options: { cwd?: string } = {}): Promise<Outcome> {
  return startMehr(args, options).ended;
}
