/**
 * A debugger for a board in QEMU: memory, registers and breakpoints over GDB's remote protocol (GDB manual, appendix E) on
 * a Unix socket. What a power cut needs, with the firmware as it is.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

/** QEMU's options for a debugger's socket at `path`. The board runs until somebody connects. */
export function debugOptions(path: string): string[] {
  return ["-chardev", `socket,path=${path},server=on,wait=off,id=debugger`, "-gdb", "chardev:debugger"];
}

/** Bytes of memory in one packet: QEMU's are at most 4,096 characters. */
const CHUNK = 1024;
/** A stub that says nothing for this long is gone; a loaded machine is slower than one would think. */
const ANSWER_MS = 120_000;

export class Debugger {
  readonly #socket: Socket;
  #received = "";
  readonly #packets: string[] = [];
  #wake: () => void = () => {};
  #failed: Error | undefined;
  readonly #breakpoints = new Set<number>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#take(text));
    const gone = (): void => {
      this.#failed ??= new Error("the debugger's socket was closed");
      this.#wake();
    };
    socket.on("close", gone);
    socket.on("error", gone);
  }

  /** Connects, which stops the board. QEMU may still be starting. */
  static async connect(path: string): Promise<Debugger> {
    const end = performance.now() + ANSWER_MS;
    const attempt = (): Promise<Socket> =>
      new Promise((resolve, reject) => {
        const socket = connect(path, () => resolve(socket));
        socket.once("error", reject);
      });
    let socket: Socket | undefined;
    while (socket === undefined) {
      socket = await attempt().catch(async (error: unknown) => {
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return undefined;
      });
    }
    const debug = new Debugger(socket);
    // The first packet stops it if the connection has not; whether that comes as a packet of its own is a matter of timing.
    debug.#send("qAttached");
    while (/^[TS]/.test(await debug.#packet()));
    return debug;
  }

  close(): void {
    this.#socket.destroy();
  }

  async read(address: number, length: number): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    for (let at = 0; at < length; at += CHUNK) {
      const size = Math.min(CHUNK, length - at);
      parts.push(Buffer.from(await this.#ask(`m${(address + at).toString(16)},${size.toString(16)}`), "hex"));
    }
    const bytes = Buffer.concat(parts);
    if (bytes.length !== length) throw new Error(`${bytes.length} of ${length} bytes at ${address.toString(16)}`);
    return Uint8Array.from(bytes);
  }

  async write(address: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += CHUNK) {
      const part = Buffer.from(bytes.subarray(at, at + CHUNK));
      const where = `${(address + at).toString(16)},${part.length.toString(16)}`;
      await this.#ok(`M${where}:${part.toString("hex")}`);
    }
  }

  /** r0 to r15 of an Arm core. */
  async registers(): Promise<number[]> {
    const bytes = Buffer.from(await this.#ask("g"), "hex");
    return Array.from({ length: 16 }, (_, number) => bytes.readUInt32LE(4 * number));
  }

  /** Stops at a Thumb instruction, from the next time it is run. */
  async breakAt(address: number): Promise<void> {
    await this.#ok(`Z0,${address.toString(16)},2`);
    this.#breakpoints.add(address);
  }

  async unbreak(address: number): Promise<void> {
    await this.#ok(`z0,${address.toString(16)},2`);
    this.#breakpoints.delete(address);
  }

  /** Lets the board run until it stops at a breakpoint or `halt` is called: where it stands then. */
  async run(): Promise<number> {
    // From a breakpoint it would come no further: a step does not look at them.
    if (this.#breakpoints.has(await this.#where())) await this.#ask("s");
    this.#send("c");
    return this.#stopped();
  }

  /** Lets the board run; it goes on until `halt`. */
  resume(): void {
    this.#send("c");
  }

  /** Asks for a stop; whoever waits in `run` gets it. */
  interrupt(): void {
    this.#socket.write("\x03");
  }

  /** Stops the running board. */
  async halt(): Promise<void> {
    this.interrupt();
    await this.#stopped();
  }

  /** Resets the machine, as its reset line would: RAM stays as it is. The board stands before its first instruction. */
  async reset(): Promise<void> {
    await this.#ok(`qRcmd,${Buffer.from("system_reset").toString("hex")}`);
  }

  async #stopped(): Promise<number> {
    const packet = await this.#packet();
    if (!/^[TS]/.test(packet)) throw new Error(`the debugger says ${packet} instead of where the board stands`);
    return this.#where();
  }

  async #where(): Promise<number> {
    return (await this.registers())[15] ?? 0;
  }

  async #ok(packet: string): Promise<void> {
    const answer = await this.#ask(packet);
    if (answer !== "OK") throw new Error(`the debugger answers ${answer || "nothing"} to ${packet.slice(0, 40)}`);
  }

  async #ask(packet: string): Promise<string> {
    this.#send(packet);
    for (;;) {
      const answer = await this.#packet();
      // What a monitor command prints comes first, as O and hex.
      if (!/^O[0-9a-f]/.test(answer)) return answer;
    }
  }

  #send(packet: string): void {
    const sum = [...packet].reduce((total, letter) => total + letter.charCodeAt(0), 0) & 0xff;
    this.#socket.write(`$${packet}#${sum.toString(16).padStart(2, "0")}`);
  }

  #take(text: string): void {
    this.#received += text;
    for (;;) {
      const start = this.#received.indexOf("$");
      const end = this.#received.indexOf("#", start);
      if (start < 0 || end < 0 || this.#received.length < end + 3) return;
      this.#packets.push(this.#received.slice(start + 1, end));
      this.#received = this.#received.slice(end + 3);
      this.#socket.write("+");
      this.#wake();
    }
  }

  async #packet(): Promise<string> {
    const late = setTimeout(() => {
      this.#failed ??= new Error(`the debugger has said nothing for ${ANSWER_MS / 1000} s`);
      this.#wake();
    }, ANSWER_MS);
    try {
      for (;;) {
        const packet = this.#packets.shift();
        if (packet !== undefined) return packet;
        if (this.#failed) throw this.#failed;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(late);
    }
  }
}

/** Where the linker put a symbol (mangled), without the bit that says Thumb. Throws if the file has none of that name. */
export function symbolAddress(elf: string, symbol: string): number {
  const file = readFileSync(elf);
  // TIS ELF 1.2: section headers at e_shoff, 40 bytes each; SHT_SYMTAB is 2, its strings are section sh_link.
  const [sections, count] = [file.readUInt32LE(32), file.readUInt16LE(48)];
  const section = (index: number): { type: number; offset: number; size: number; link: number } => {
    const at = sections + 40 * index;
    const word = (field: number): number => file.readUInt32LE(at + 4 * field);
    return { type: word(1), offset: word(4), size: word(5), link: word(6) };
  };
  for (let index = 0; index < count; index++) {
    const table = section(index);
    if (table.type !== 2) continue;
    const strings = section(table.link);
    for (let at = table.offset; at < table.offset + table.size; at += 16) {
      const name = strings.offset + file.readUInt32LE(at);
      if (file.toString("latin1", name, file.indexOf(0, name)) !== symbol) continue;
      return (file.readUInt32LE(at + 4) & ~1) >>> 0;
    }
  }
  throw new Error(`${elf} has no symbol ${symbol}`);
}
