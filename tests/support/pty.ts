/**
 * A pseudo-terminal whose far end is this process: what a program that opens `path` writes comes out here. Node has none
 * of its own, so a few lines of Python hold it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { atExit } from "../../toolchain/children.ts";
import { findPython } from "../../toolchain/pio/environment.ts";
import { installSystemPackages, missingSystemPackages } from "../../toolchain/pio/system.ts";

// Descriptor 3 tells what the other side does to the line. The slave stays open here too: otherwise the first program
// that closes it would end the line for the next.
const BRIDGE = `
import os, pty, select, termios, time, tty
master, slave = pty.openpty()
tty.setraw(slave)
os.write(3, (os.ttyname(slave) + "\\n").encode())
speeds = {getattr(termios, n): n[1:] for n in dir(termios) if n.startswith("B") and n[1:].isdigit()}
last = None
while True:
    ready, _, _ = select.select([0, master], [], [], 0.02)
    speed = termios.tcgetattr(slave)[5]
    if speed != last:
        last = speed
        os.write(3, (speeds.get(speed, "?") + "\\n").encode())
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            break
        while data:
            data = data[os.write(master, data):]
    if master in ready:
        data = os.read(master, 65536)
        while data:
            data = data[os.write(1, data):]
`;

/** The far end of a pseudo-terminal. Destroyed, the device is gone for whoever has it open. */
export class Pty extends Duplex {
  readonly path: string;
  /** Speeds the line was set to, bits per second, in order. */
  readonly speeds: number[];
  readonly #child: ChildProcess;

  private constructor(path: string, child: ChildProcess, speeds: number[]) {
    super();
    this.path = path;
    this.speeds = speeds;
    this.#child = child;
    child.stdout?.on("data", (bytes: Buffer) => this.push(bytes));
    child.stdin?.on("error", () => {});
    child.once("exit", () => this.destroy());
  }

  static async open(): Promise<Pty> {
    await installSystemPackages(await missingSystemPackages("", "build"));
    const python = await findPython();
    if (python === undefined) throw new Error("there is no Python");
    const child = spawn(python.command, ["-c", BRIDGE], { stdio: ["pipe", "pipe", "inherit", "pipe"] });
    child.once(
      "exit",
      atExit(() => child.kill("SIGKILL")),
    );
    const speeds: number[] = [];
    const path = await new Promise<string>((resolve, reject) => {
      let text = "";
      let name: string | undefined;
      (child.stdio[3] as Duplex).on("data", (bytes: Buffer) => {
        const lines = (text + bytes.toString()).split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) {
          if (name === undefined) resolve((name = line));
          else speeds.push(Number(line));
        }
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the pseudo-terminal ended with ${code}`)));
    });
    return new Pty(path, child, speeds);
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin?.write(bytes, () => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return done(error);
    this.#child.once("exit", () => done(error));
    this.#child.kill("SIGKILL");
  }

  /** Takes the device away, as pulling the plug does. */
  async unplug(): Promise<void> {
    if (this.closed) return;
    const gone = new Promise((resolve) => this.once("close", resolve));
    this.destroy();
    await gone;
  }
}
