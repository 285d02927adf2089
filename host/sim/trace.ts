/**
 * A trace: everything that went into every core of a run, in a compact binary file, and what each core ended as.
 *
 *   "mehr-trace 2\n" | header length u32 | header: JSON, TraceHeader | entries | 00 | for each node its state hash 32 |
 *   SHA-256 over everything before it
 *
 * An entry is a code and its fields; numbers are LEB128 (7 bits a byte, lowest first), signed ones zigzag. Times are the
 * core's own ms, as the difference to the node's entry before. A frame many nodes hear is written once: a later entry
 * names it by how many frames back it was. Entropy, radio answers and a cut belong to the input in front of them and
 * stand in the order in which the core asked. The SHA-256 at the end tells a file that was damaged on its way from a core
 * that does something else: a changed byte may well lead to the same states.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { MehrError } from "../../toolchain/errors.ts";
import { type CoreImports, Status } from "../core/abi.gen.ts";
import type { InputRecorder } from "./core-station.ts";
import { NodeRecords, PowerCut } from "./records.ts";
import { RelayCore } from "./relay-core.ts";
import { sha256 } from "./run.ts";

const MAGIC = "mehr-trace 2\n";

const Code = { end: 0, boot: 1, frame: 2, timer: 3, command: 4, entropy: 5, radio: 6, cut: 7, off: 8 } as const;

/** Frames a later entry can name. */
const FRAMES_KEPT = 64;
const CHUNK = 1 << 20;
const HASH_BYTES = 32;

export interface TraceHeader {
  /** Hex; another module would make something else of the same inputs. */
  readonly wasm_sha256: string;
  readonly scenario: string;
  readonly seed: number;
  /** Names, in the order of the hashes. */
  readonly nodes: readonly string[];
}

/** Writes a trace as the run goes on. `close` must be called, also after a failure. */
export class TraceWriter {
  bytes = 0;
  readonly #path: string;
  readonly #file: number;
  readonly #digest = createHash("sha256");
  readonly #chunk = Buffer.alloc(CHUNK);
  #used = 0;
  /** The node's time of its last entry. */
  readonly #times: number[];
  readonly #frames: (Uint8Array | undefined)[] = new Array<undefined>(FRAMES_KEPT).fill(undefined);
  #nextFrame = 0;

  /** Throws MehrError (2) if the file cannot be written. */
  constructor(path: string, header: TraceHeader) {
    try {
      this.#file = openSync(path, "w");
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new MehrError(2, `${path} could not be written (${code}); give --trace a file in a folder that exists.`);
    }
    this.#path = path;
    this.#times = header.nodes.map(() => 0);
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    this.#raw(Buffer.concat([Buffer.from(MAGIC), length, text]));
  }

  /** What a node's station reports to. */
  recorder(node: number): InputRecorder {
    return {
      boot: (now, config) => {
        this.#times[node] = 0;
        this.#input(Code.boot, node, now);
        this.#counted(config);
      },
      frame: (now, port, frame, rssiDbm, snrQdb) => {
        this.#input(Code.frame, node, now);
        this.#number(port);
        this.#number(zigzag(rssiDbm));
        this.#number(zigzag(snrQdb));
        this.#frame(frame);
      },
      timer: (now) => this.#input(Code.timer, node, now),
      command: (now, command) => {
        this.#input(Code.command, node, now);
        this.#counted(command);
      },
      entropy: (bytes) => {
        this.#number(Code.entropy);
        this.#counted(bytes);
      },
      radio: (status) => {
        this.#number(Code.radio);
        this.#number(status);
      },
      cut: (written) => {
        this.#number(Code.cut);
        this.#number(written ? 1 : 0);
      },
      off: () => {
        this.#number(Code.off);
        this.#number(node);
      },
    };
  }

  /** Ends the trace with every node's state hash and the checksum. */
  end(hashes: readonly Uint8Array[]): void {
    this.#number(Code.end);
    for (const hash of hashes) this.#raw(hash);
    this.#flush();
    this.#write(this.#digest.digest());
  }

  close(): void {
    closeSync(this.#file);
  }

  #input(code: number, node: number, now: number): void {
    this.#number(code);
    this.#number(node);
    this.#number(now - (this.#times[node] as number));
    this.#times[node] = now;
  }

  /** One frame is the same object for everybody who hears it. */
  #frame(frame: Uint8Array): void {
    for (let back = 1; back <= FRAMES_KEPT; back++) {
      if (this.#frames[(this.#nextFrame - back + FRAMES_KEPT) % FRAMES_KEPT] === frame) {
        this.#number(back);
        return;
      }
    }
    this.#number(0);
    this.#counted(frame);
    this.#frames[this.#nextFrame] = frame;
    this.#nextFrame = (this.#nextFrame + 1) % FRAMES_KEPT;
  }

  #counted(bytes: Uint8Array): void {
    this.#number(bytes.length);
    this.#raw(bytes);
  }

  #number(value: number): void {
    if (this.#used + 10 > CHUNK) this.#flush();
    let rest = value;
    while (rest >= 0x80) {
      this.#chunk[this.#used++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#chunk[this.#used++] = rest;
  }

  #raw(bytes: Uint8Array): void {
    if (this.#used + bytes.length > CHUNK) this.#flush();
    if (bytes.length > CHUNK) {
      this.#digest.update(bytes);
      this.#write(bytes);
      return;
    }
    this.#chunk.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #flush(): void {
    const bytes = this.#chunk.subarray(0, this.#used);
    this.#digest.update(bytes);
    this.#write(bytes);
    this.#used = 0;
  }

  #write(bytes: Uint8Array): void {
    try {
      // A write may take only a part.
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new MehrError(1, `${this.#path} could not be written any further (${code}); the trace is cut short.`);
    }
    this.bytes += bytes.length;
  }
}

function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

/** Reads forward through the bytes of a trace. */
class TraceReader {
  /** Without the checksum. */
  readonly #bytes: Buffer;
  readonly #path: string;
  at = 0;

  constructor(path: string) {
    this.#path = path;
    let file: Buffer;
    try {
      file = readFileSync(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      throw new MehrError(2, `${path} could not be read (${code}); give a file written by \`mehr sim --trace\`.`);
    }
    if (file.toString("latin1", 0, MAGIC.length) !== MAGIC) {
      throw new MehrError(2, `${path} is no trace of this version; record one with \`mehr sim --trace FILE\`.`);
    }
    this.#bytes = file.subarray(0, Math.max(file.length - HASH_BYTES, MAGIC.length));
    if (createHash("sha256").update(this.#bytes).digest().compare(file.subarray(this.#bytes.length)) !== 0) {
      throw new MehrError(
        2,
        `${path} is damaged: it was cut short or changed since it was written; copy it again or record it again.`,
      );
    }
  }

  header(): TraceHeader {
    this.at = MAGIC.length;
    const length = this.take(4).readUInt32LE();
    try {
      const header = JSON.parse(this.take(length).toString()) as TraceHeader;
      const { wasm_sha256: wasm, nodes } = header;
      if (typeof wasm !== "string" || !Array.isArray(nodes) || nodes.some((name) => typeof name !== "string"))
        throw new TypeError("fields are missing");
      return header;
    } catch (error) {
      if (error instanceof MehrError) throw error;
      throw this.broken("its header cannot be read");
    }
  }

  /** The next code without taking it. */
  peek(): number | undefined {
    return this.#bytes[this.at];
  }

  take(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw this.broken("it ends in the middle");
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 0x80) {
      const byte = this.take(1)[0] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw this.broken("a number is too long");
  }

  signed(): number {
    const value = this.number();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  counted(): Buffer {
    return this.take(this.number());
  }

  broken(what: string): MehrError {
    return new MehrError(2, `${this.#path} is damaged at byte ${this.at}: ${what}; record it again.`);
  }
}

/** The cores asked for something else than the trace says: they did not do what they did when it was recorded. */
class Diverged extends Error {}

/** One node's core, fed from the trace. */
class ReplayNode implements CoreImports {
  readonly records = new NodeRecords();
  core: RelayCore | undefined;
  time = 0;
  readonly #reader: TraceReader;

  constructor(reader: TraceReader) {
    this.#reader = reader;
  }

  entropy(bytes: Uint8Array): number {
    const given = this.#expect(Code.entropy, "random bytes").counted();
    if (given.length !== bytes.length)
      throw new Diverged(`asked for ${bytes.length} random bytes, not ${given.length}`);
    bytes.set(given);
    return Status.Ok;
  }

  frame_send(): number {
    return this.#expect(Code.radio, "to send").number();
  }

  record_put(key: number, bytes: Uint8Array): number {
    this.#power();
    return this.records.put(key, bytes);
  }

  record_get(key: number, bytes: Uint8Array): number {
    return this.records.get(key, bytes);
  }

  record_delete(key: number): number {
    this.#power();
    return this.records.delete(key);
  }

  event(): void {}

  /** Is this the write during which the power went? */
  #power(): void {
    if (this.#reader.peek() !== Code.cut) return;
    this.#reader.at++;
    this.records.cutAtNextWrite(this.#reader.number() === 1);
  }

  #expect(code: number, what: string): TraceReader {
    if (this.#reader.peek() !== code)
      throw new Diverged(`asked ${what === "to send" ? what : `for ${what}`} and had not before`);
    this.#reader.at++;
    return this.#reader;
  }
}

export interface TraceReplay {
  readonly header: TraceHeader;
  /** Inputs fed. */
  readonly steps: number;
  readonly nodes: readonly { readonly name: string; readonly recorded: string; readonly replayed: string }[];
  /** Over the hashes in their order, as in the result of the run. */
  readonly stateHash: string;
  /** What went another way than in the recorded run, and at which step. */
  readonly divergence: string | undefined;
}

/**
 * Feeds a trace to fresh cores and compares how they end. Throws MehrError (2) for a file that is no trace, is damaged,
 * or was recorded with another core.
 */
export async function replayTrace(path: string, wasm: Uint8Array): Promise<TraceReplay> {
  const reader = new TraceReader(path);
  const header = reader.header();
  const own = sha256(wasm);
  if (header.wasm_sha256 !== own) {
    throw new MehrError(
      2,
      `${path} was recorded with the core ${header.wasm_sha256.slice(0, 16)}, this is ${own.slice(0, 16)}; ` +
        "check out the sources of that core, or record the run again.",
    );
  }
  const module = await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>);
  const nodes = header.nodes.map(() => new ReplayNode(reader));
  const frames: Uint8Array[] = [];
  let steps = 0;
  let divergence: string | undefined;
  const node = (): ReplayNode => {
    const found = nodes[reader.number()];
    if (found === undefined) throw reader.broken("there is no such node");
    return found;
  };
  const timed = (): [ReplayNode, RelayCore, number] => {
    const one = node();
    one.time += reader.number();
    if (one.core === undefined) throw reader.broken("the node has no power");
    return [one, one.core, one.time];
  };
  const frame = (): Uint8Array => {
    const back = reader.number();
    if (back > 0) {
      const known = frames.at(-back);
      if (known === undefined) throw reader.broken("a frame is named that was never written");
      return known;
    }
    const bytes = reader.counted();
    frames.push(bytes);
    if (frames.length > FRAMES_KEPT) frames.shift();
    return bytes;
  };
  const step = (code: number): void => {
    switch (code) {
      case Code.boot: {
        const one = node();
        one.time = reader.number();
        one.core = new RelayCore(module, one);
        one.core.boot(one.time, reader.counted());
        return;
      }
      case Code.frame: {
        const [, core, now] = timed();
        const [port, rssi, snr] = [reader.number(), reader.signed(), reader.signed()];
        core.onFrame(now, port, frame(), rssi, snr);
        return;
      }
      case Code.timer: {
        const [, core, now] = timed();
        core.onTimer(now);
        return;
      }
      case Code.command: {
        const [, core, now] = timed();
        core.onCommand(now, reader.counted());
        return;
      }
      case Code.off:
        node().core = undefined;
        return;
      default:
        throw divergenceOf(code) ?? reader.broken(`there is no entry ${code}`);
    }
  };
  for (let code = reader.number(); code !== Code.end; code = reader.number()) {
    try {
      step(code);
    } catch (error) {
      if (error instanceof MehrError) throw error;
      // After a cut the trace says `off` itself.
      if (!(error instanceof PowerCut)) {
        const message = error instanceof Error ? error.message : String(error);
        divergence = `at step ${steps + 1} a core ${error instanceof Diverged ? message : `failed: ${message}`}`;
      }
    }
    if (divergence !== undefined) break;
    if (code !== Code.off) steps++;
  }
  const results: { name: string; recorded: string; replayed: string }[] = [];
  for (const [i, name] of header.nodes.entries()) {
    const recorded = divergence === undefined ? reader.take(HASH_BYTES).toString("hex") : "";
    const replayed = Buffer.from(nodes[i]?.core?.stateHash() ?? new Uint8Array(HASH_BYTES)).toString("hex");
    results.push({ name, recorded, replayed });
  }
  const stateHash = sha256(Buffer.concat(results.map(({ replayed }) => Buffer.from(replayed, "hex"))));
  return { header, steps, nodes: results, stateHash, divergence };
}

/** An answer nobody asked for: the core asked for less than when the trace was recorded. */
function divergenceOf(code: number): Diverged | undefined {
  if (code === Code.entropy) return new Diverged("did not ask for random bytes it had asked for before");
  if (code === Code.radio) return new Diverged("did not send what it had sent before");
  if (code === Code.cut) return new Diverged("did not write what it had written before");
  return undefined;
}
