/** Opening serial ports, and a sentence with the fix for each way that can fail. */
import {
  accessSync,
  constants,
  read,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { SerialPort } from "serialport";
import { MehrError } from "../../toolchain/errors.ts";
import { listPorts, portText } from "./list.ts";

export { listPorts, type PortInfo, portText } from "./list.ts";

/** Bytes to and from a board. It ends with `close` (and an `error` before, if the device went away). */
export interface Port extends Duplex {
  readonly path: string;
  /** Sends what was written, closes, and resolves when another program may open it. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Bits per second; 115,200 by default. USB devices ignore it, and so does a Unix socket. */
  readonly baudRate?: number;
}

export const DEFAULT_BAUD_RATE = 115_200;

/**
 * Opens a serial port (a tty, a pty, "COM3") for this process alone, or connects to a Unix socket.
 *
 * Throws MehrError: 2 if there is no such port or the path is something else, 1 if another program has it, 3 if this
 * user may not open it.
 */
export async function openPort(path: string, options: OpenOptions = {}): Promise<Port> {
  const baudRate = options.baudRate ?? DEFAULT_BAUD_RATE;
  if (process.platform === "win32") return openSerial(path, baudRate);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw await noSuchPort(path);
  if (stat.isSocket()) return openSocket(path);
  if (!stat.isCharacterDevice()) {
    const what = stat.isDirectory() ? "a folder" : stat.isBlockDevice() ? "a disk" : "a file";
    throw new MehrError(2, `${path} is ${what} and not a serial port; ${await portsThere()}.`);
  }
  return openSerial(path, baudRate);
}

function wentAway(path: string): MehrError {
  return new MehrError(1, `${path} went away: the board was unplugged or reset.`);
}

/** A serial port, as a stream that is over when the device is. serialport's own stays open when its file is not. */
class SerialStream extends Duplex implements Port {
  readonly path: string;
  readonly #port: SerialPort;

  constructor(port: SerialPort) {
    super();
    this.#port = port;
    this.path = port.path;
    const gone = (): void => {
      if (!this.destroyed) this.destroy(wentAway(port.path));
    };
    port.on("data", (bytes: Buffer) => {
      if (!this.push(bytes)) port.pause();
    });
    port.on("end", gone);
    port.on("close", gone);
    port.on("error", gone);
  }

  override _read(): void {
    this.#port.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A write to a device that is gone fails (EIO) or never calls back; `gone` ends the stream then.
    this.#port.write(bytes, (error) => done(error ? wentAway(this.path) : null));
  }

  override _final(done: (error?: Error | null) => void): void {
    // A pseudo-terminal has nothing to wait for, and a device that is gone nothing to say.
    this.#port.drain(() => done(null));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#port.isOpen) done(error);
    else this.#port.close(() => done(error));
  }

  close(): Promise<void> {
    return closed(this);
  }
}

/** What serialport's bindings have on Linux and macOS, as far as it is used here (bindings-cpp 13.0.0, unix-read). */
interface UnixBinding {
  readonly fd: number | null;
  readonly isOpen: boolean;
  readonly poller: { once(event: "readable", then: (error?: Error | null) => void): void };
  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }>;
}

const readFd = promisify(read);

/**
 * A terminal that was hung up reads as its end: 0 bytes, at once, for ever (POSIX, General Terminal Interface, "Modem
 * Disconnect"). serialport's own read takes that for "nothing yet" and asks again without a pause, so that a pulled plug
 * costs a whole processor and is never told. With VMIN 1 and O_NONBLOCK, "nothing yet" is EAGAIN.
 */
function noticeHangUp(binding: UnixBinding): void {
  binding.read = async (buffer, offset, length) => {
    for (;;) {
      const { fd } = binding;
      if (!binding.isOpen || fd === null) throw Object.assign(new Error("the port was closed"), { canceled: true });
      try {
        const { bytesRead } = await readFd(fd, buffer, offset, length, null);
        if (bytesRead === 0) throw new Error("the port was hung up");
        return { buffer, bytesRead };
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== "EAGAIN" && code !== "EWOULDBLOCK" && code !== "EINTR") throw error;
        if (!binding.isOpen) continue;
        await new Promise<void>((resolve, reject) => {
          binding.poller.once("readable", (problem) => (problem ? reject(problem) : resolve()));
        });
      }
    }
  };
}

/** Ends a stream and waits until it is closed; a peer that takes nothing any more has a second. */
async function closed(stream: Duplex): Promise<void> {
  if (stream.closed) return;
  const over = new Promise<void>((resolve) => stream.once("close", resolve));
  stream.on("error", () => {});
  stream.end(() => stream.destroy());
  const late = setTimeout(() => stream.destroy(), 1000);
  await over;
  clearTimeout(late);
}

async function openSerial(path: string, baudRate: number): Promise<Port> {
  // A native module: loaded when a port is opened, not for `mehr --help`.
  const { SerialPort } = await import("serialport");
  // For a moment a port may still be held by who has just closed it, or by a child this process is just starting, which has
  // every file of ours until its own program runs.
  for (let tries = 5; ; tries--) {
    try {
      return await new Promise<Port>((resolve, reject) => {
        const port = new SerialPort({ path, baudRate, autoOpen: false, lock: true });
        port.open((error) => {
          if (error) return reject(error);
          if (process.platform !== "win32") noticeHangUp(port.port as unknown as UnixBinding);
          resolve(new SerialStream(port));
        });
      });
    } catch (error) {
      const { message } = error as Error;
      if (isBusy(message) && tries > 0) await sleep(150);
      else throw await openProblem(path, message);
    }
  }
}

function openSocket(path: string): Promise<Port> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EACCES" || error.code === "EPERM") reject(denied(path));
      else reject(new MehrError(1, `Nothing answers behind ${path}: start the board whose console it is, again.`));
    });
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      // Nobody may be listening yet when the board ends; `close` follows and says it.
      socket.on("error", () => {});
      resolve(Object.assign(socket, { path, close: () => closed(socket) }));
    });
  });
}

/** serialport's messages: flock refused, TIOCEXCL set by another (EBUSY), and Windows' for a port that is in use. */
function isBusy(message: string): boolean {
  return /cannot lock port|resource busy|EBUSY|access denied/i.test(message);
}

async function openProblem(path: string, message: string): Promise<MehrError> {
  if (/no such file|file not found|ENOENT|ENXIO|no such device/i.test(message)) return noSuchPort(path);
  if (/permission denied|EACCES|operation not permitted/i.test(message)) return denied(path);
  if (isBusy(message)) {
    const who = holders(path);
    const by = who.length === 0 ? "another program" : who.map(({ name, pid }) => `${name} (process ${pid})`).join(", ");
    return new MehrError(1, `${path} is in use by ${by}; close it and run this again.`);
  }
  if (/inappropriate ioctl|ENOTTY/i.test(message)) {
    return new MehrError(2, `${path} is not a serial port; ${await portsThere()}.`);
  }
  return new MehrError(1, `${path} could not be opened: ${message.replace(/^Error:? ?/, "")}.`);
}

async function noSuchPort(path: string): Promise<MehrError> {
  return new MehrError(2, `There is no port ${path}; ${await portsThere()}.`);
}

/** "there are /dev/ttyACM0 (239A:8029 RAK) and /dev/ttyUSB0" */
async function portsThere(): Promise<string> {
  const ports = await listPorts();
  if (ports.length === 0) return "this machine has none: plug the board in with a cable that carries data";
  return `${ports.length === 1 ? "there is" : "there are"} ${ports.map(portText).join(" and ")}`;
}

/** The processes that have a device open, as far as this user may look. Linux only; elsewhere nobody. */
export function holders(path: string): { pid: number; name: string }[] {
  let device: string;
  try {
    device = realpathSync(path);
  } catch {
    return [];
  }
  const found: { pid: number; name: string }[] = [];
  for (const entry of list("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const open = list(`/proc/${entry}/fd`).some((fd) => link(`/proc/${entry}/fd/${fd}`) === device);
    if (open) found.push({ pid: Number(entry), name: processName(entry) });
  }
  return found;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function processName(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "a program";
  }
}

/**
 * Why this user may not open a device and what lets them, as MehrError (3). `stat` and `groups` are for tests: the
 * device's, and the lines of /etc/group.
 */
export function denied(
  path: string,
  stat: Pick<Stats, "gid" | "mode"> | undefined = statSync(path, { throwIfNoEntry: false }),
  groups = groupLines(),
): MehrError {
  const group = groups.find(([, gid]) => gid === stat?.gid)?.[0];
  const may = stat !== undefined && (stat.mode & 0o060) === 0o060;
  const user = userInfo().username;
  const says = `This user (${user}) may not open ${path}`;
  if (group !== undefined && group !== "root" && may) {
    const hint = `sudo usermod -aG ${group} $USER   (then log out and in again)`;
    return new MehrError(3, `${says}: it belongs to the group ${group}.`, hint);
  }
  // systemd-logind gives whoever sits at the machine what is tagged so (systemd, "uaccess").
  const rule = `SUBSYSTEM=="tty", SUBSYSTEMS=="usb", MODE="0660", TAG+="uaccess"`;
  const hint =
    `echo '${rule}' | sudo tee /etc/udev/rules.d/60-mehr.rules && sudo udevadm control --reload   ` +
    "(then plug the board in again)";
  return new MehrError(3, `${says}: only ${group ?? "its owner"} may, and a udev rule changes that.`, hint);
}

/** What keeps this user from opening a port, without opening it; undefined if nothing does. */
export function accessProblem(path: string): MehrError | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return process.platform === "win32" ? undefined : denied(path);
  }
}

/** Name and number of every group of the machine. */
function groupLines(): [string, number][] {
  try {
    return readFileSync("/etc/group", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .filter((fields) => fields.length >= 3)
      .map((fields): [string, number] => [fields[0] ?? "", Number(fields[2])]);
  } catch {
    return [];
  }
}
