/**
 * The little of GDB's remote serial protocol that stops QEMU's CPU, looks at its registers and sets one (GDB manual, appendix
 * E: packets are `$data#checksum`, each acknowledged with `+`).
 */
import { connect, type Socket } from "node:net";

/** A Cortex-M's general registers in the order of its target description. */
export const REGISTER = { lr: 14, pc: 15 } as const;

export class Gdb {
  readonly #socket: Socket;
  #text = "";
  #waiting: ((packet: string) => void) | undefined;

  /** Connects to a stub that listens on a Unix socket; the CPU stops with it. */
  static async open(path: string): Promise<Gdb> {
    const socket = connect(path);
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const gdb = new Gdb(socket);
    // Whoever connects stops the CPU, and is told so.
    await gdb.#next();
    // QEMU gives and takes single registers only to who has asked for their description.
    await gdb.ask("qXfer:features:read:target.xml:0,fff");
    return gdb;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes) => this.#take(bytes.toString("latin1")));
  }

  ask(packet: string): Promise<string> {
    const answer = this.#next();
    this.#send(packet);
    return answer;
  }

  #next(): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** A register's value. */
  async read(register: number): Promise<number> {
    const hex = await this.ask(`p${register.toString(16)}`);
    return Buffer.from(hex.slice(0, 8), "hex").readUInt32LE();
  }

  async write(register: number, value: number): Promise<void> {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    const answer = await this.ask(`P${register.toString(16)}=${bytes.toString("hex")}`);
    if (answer !== "OK") throw new Error(`register ${register} was not set: ${answer}`);
  }

  /** Lets the CPU go on, and goes. */
  async detach(): Promise<void> {
    await this.ask("D");
    this.#socket.destroy();
  }

  #send(data: string): void {
    const sum = [...data].reduce((total, character) => total + character.charCodeAt(0), 0) & 0xff;
    this.#socket.write(`$${data}#${sum.toString(16).padStart(2, "0")}`);
  }

  #take(text: string): void {
    this.#text += text;
    for (;;) {
      const match = /\$([^#]*)#[0-9a-f]{2}/.exec(this.#text);
      if (match === null) return;
      this.#text = this.#text.slice(match.index + match[0].length);
      this.#socket.write("+");
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.(match[1] ?? "");
    }
  }
}
