/**
 * A person's terminal for a program: a pseudo-terminal of a size, keys that are pressed, what the screen shows, and whether
 * the program gave the terminal back as it was. Node has no pseudo-terminals, so a few lines of Python hold it.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { findPython } from "../../toolchain/pio/environment.ts";
import { installSystemPackages, missingSystemPackages } from "../../toolchain/pio/system.ts";

// Standard input: one line of JSON for each thing to do. Behind what the program wrote comes one line with its exit code and
// whether the line discipline still echoes and edits, which a shell needs.
const BRIDGE = `
import fcntl, json, os, pty, select, signal, struct, subprocess, sys, termios
rows, columns = int(sys.argv[1]), int(sys.argv[2])
master, slave = pty.openpty()
def size(r, c):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", r, c, 0, 0))
size(rows, columns)
def lead():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
child = subprocess.Popen(sys.argv[3:], stdin=slave, stdout=slave, stderr=slave, preexec_fn=lead)
buffered = b""
while child.poll() is None:
    ready, _, _ = select.select([0, master], [], [], 0.05)
    if master in ready:
        os.write(1, os.read(master, 65536))
    if 0 in ready:
        data = os.read(0, 65536)
        if not data:
            child.kill()
            break
        buffered += data
        while b"\\n" in buffered:
            line, buffered = buffered.split(b"\\n", 1)
            todo = json.loads(line)
            if "keys" in todo: os.write(master, todo["keys"].encode())
            if "size" in todo: size(*todo["size"])
            if "signal" in todo: child.send_signal(getattr(signal, todo["signal"]))
while select.select([master], [], [], 0.2)[0]:
    os.write(1, os.read(master, 65536))
flags = termios.tcgetattr(slave)[3]
sane = bool(flags & termios.ECHO) and bool(flags & termios.ICANON)
os.write(1, ("\\n@end %d %s\\n" % (child.wait(), sane)).encode())
`;

export interface End {
  readonly code: number;
  /** The terminal echoes and edits lines again. */
  readonly sane: boolean;
}

export class Screen {
  /** Everything the program wrote. */
  written = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<End>;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      this.written += text;
    });
    child.stdin.on("error", () => {});
    this.ended = new Promise((resolve) => {
      child.once("close", () => {
        const match = /\n@end (-?\d+) (True|False)\n$/.exec(this.written);
        resolve({ code: Number(match?.[1] ?? NaN), sane: match?.[2] === "True" });
      });
    });
  }

  static async run(size: { rows: number; columns: number }, command: readonly string[]): Promise<Screen> {
    await installSystemPackages(await missingSystemPackages("", "build"));
    const python = await findPython();
    if (python === undefined) throw new Error("there is no Python");
    return new Screen(spawn(python.command, ["-c", BRIDGE, String(size.rows), String(size.columns), ...command]));
  }

  press(keys: string): void {
    this.#do({ keys });
  }

  resize(rows: number, columns: number): void {
    this.#do({ size: [rows, columns] });
  }

  signal(signal: NodeJS.Signals): void {
    this.#do({ signal });
  }

  /** Ends the program whatever it does. */
  kill(): void {
    this.#child.stdin.end();
  }

  #do(what: object): void {
    this.#child.stdin.write(`${JSON.stringify(what)}\n`);
  }

  /** The lines on the second screen, drawn by row as the monitor draws: cursor to a row, row erased, text. */
  lines(): string[] {
    const rows: string[] = [];
    for (const match of this.written.matchAll(
      /\x1b\[(\d+);1H\x1b\[2K([^\r\n]*?)(?=\x1b\[\d+;1H|\x1b\[\?|\x1b\[2J|$)|\x1b\[2J/g,
    )) {
      if (match[1] === undefined) rows.length = 0;
      else rows[Number(match[1]) - 1] = (match[2] ?? "").replaceAll(/\x1b\[[07]m/g, "");
    }
    return Array.from(rows, (row) => row ?? "");
  }
}
