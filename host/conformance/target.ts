/** What a transcript is replayed on: a core in this process, or one on a board behind its console. */
import type { BoardConsole } from "../board/console.ts";
import { type Output, Reader, Request, readOutputs } from "../board/protocol.ts";
import { type CoreImports, type Event, IN_SIZE, type Primitive, Status } from "../core/abi.gen.ts";
import { Core, type PrimitiveResult } from "../core/core.ts";
import { MemoryRecords } from "../core/records.ts";
import type { Input, StepResult } from "./transcript.ts";

/** A core fed by hand: its time, entropy, radio and records come from the inputs alone. */
export interface ReplayTarget {
  step(input: Input): Promise<StepResult>;
  /** Runs one primitive of the core on `input`. */
  crypto(primitive: Primitive, input: Uint8Array): Promise<PrimitiveResult>;
  /** The state hash, hex. */
  hash(): Promise<string>;
  close(): Promise<void>;
}

/** Records and entropy a replay has room for; boards/runtime/src has the same numbers. */
export const LIMITS = { records: 12, bytes: 256, total: 1792 };
const ENTROPY_MAX = 256;

/** An input a core takes; a fresh one is made outside of it. */
type SteppedInput = Exclude<Input, { op: "fresh" }>;

const FRESH: StepResult = { status: Status.Ok, deadline: undefined, outputs: [] };

/** The core under V8. */
export class CoreTarget implements ReplayTarget, CoreImports {
  #core: Core | undefined;
  #outputs: Output[] = [];
  #entropy = new Uint8Array(0);
  #radio: number = Status.Ok;
  #records = new MemoryRecords(LIMITS);
  readonly #module: WebAssembly.Module;

  private constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  static async open(wasm: Uint8Array): Promise<CoreTarget> {
    const target = new CoreTarget(await Core.compile(wasm));
    await target.#fresh();
    return target;
  }

  async #fresh(): Promise<void> {
    this.#records = new MemoryRecords(LIMITS);
    this.#entropy = new Uint8Array(0);
    this.#radio = Status.Ok;
    this.#core = await Core.load(this.#module, this);
  }

  async step(input: Input): Promise<StepResult> {
    this.#outputs = [];
    if (input.op === "fresh") {
      await this.#fresh();
      return FRESH;
    }
    const status = this.#run(input);
    return { status, deadline: this.core.deadline(), outputs: this.#outputs };
  }

  async crypto(primitive: Primitive, input: Uint8Array): Promise<PrimitiveResult> {
    return this.core.crypto(primitive, input);
  }

  async hash(): Promise<string> {
    return Buffer.from(this.core.stateHash()).toString("hex");
  }

  async close(): Promise<void> {
    this.#core = undefined;
  }

  get core(): Core {
    if (this.#core === undefined) throw new Error("the replay is closed");
    return this.#core;
  }

  #run(input: SteppedInput): Status {
    switch (input.op) {
      case "boot":
        return this.core.boot(input.now, input.config);
      case "frame":
        return this.core.onFrame(input.now, input.port, input.frame, input.rssiDbm, input.snrQdb);
      case "timer":
        return this.core.onTimer(input.now);
      case "command":
        return this.core.onCommand(input.now, input.command);
      case "entropy": {
        if (this.#entropy.length + input.bytes.length > ENTROPY_MAX) return Status.ReplayEntropy;
        this.#entropy = Uint8Array.of(...this.#entropy, ...input.bytes);
        return Status.Ok;
      }
      case "radio":
        this.#radio = input.status;
        return Status.Ok;
      case "crypto": {
        const { status, out } = this.core.crypto(input.primitive, input.bytes);
        if (out.length > 0) this.#outputs.push({ kind: "out", bytes: out });
        return status;
      }
    }
  }

  entropy(bytes: Uint8Array): number {
    if (bytes.length > this.#entropy.length) return Status.NoEntropy;
    bytes.set(this.#entropy.subarray(0, bytes.length));
    this.#entropy = this.#entropy.slice(bytes.length);
    return Status.Ok;
  }

  frame_send(port: number, bytes: Uint8Array, flags: number): number {
    if (this.#radio !== Status.Ok) return this.#radio;
    if (bytes.length === 0 || bytes.length > IN_SIZE) return Status.RadioFailed;
    this.#outputs.push({ kind: "send", port, flags, frame: bytes.slice() });
    return Status.Ok;
  }

  record_put(key: number, bytes: Uint8Array): number {
    const status = this.#records.put(key, bytes);
    if (status === Status.Ok) this.#outputs.push({ kind: "put", key, value: bytes.slice() });
    return status;
  }

  record_get(key: number, bytes: Uint8Array): number {
    return this.#records.get(key, bytes);
  }

  record_delete(key: number): number {
    this.#outputs.push({ kind: "delete", key });
    return this.#records.delete(key);
  }

  event(kind: number, bytes: Uint8Array): void {
    this.#outputs.push({ kind: "event", event: kind as Event, bytes: bytes.slice() });
  }
}

const OPS: Readonly<Record<SteppedInput["op"], number>> = {
  boot: 0,
  frame: 1,
  timer: 2,
  command: 3,
  entropy: 4,
  radio: 5,
  crypto: 6,
};

/** The payload of a ReplayStep. */
function encodeStep(input: SteppedInput): Uint8Array {
  const head = Buffer.alloc(9);
  head[0] = OPS[input.op];
  head.writeBigUInt64LE("now" in input ? input.now : 0n, 1);
  switch (input.op) {
    case "boot":
      return Buffer.concat([head, input.config]);
    case "frame": {
      const signal = Buffer.alloc(5);
      signal[0] = input.port;
      signal.writeInt16LE(input.rssiDbm, 1);
      signal.writeInt16LE(input.snrQdb, 3);
      return Buffer.concat([head, signal, input.frame]);
    }
    case "timer":
      return head;
    case "command":
      return Buffer.concat([head, input.command]);
    case "entropy":
      return Buffer.concat([head, input.bytes]);
    case "radio":
      return Buffer.concat([head, Uint8Array.of(input.status)]);
    case "crypto":
      return Buffer.concat([head, Uint8Array.of(input.primitive), input.bytes]);
  }
}

/** The core on a board. While the replay is open its live core is stopped and its radio silent. */
export class BoardTarget implements ReplayTarget {
  readonly #console: BoardConsole;

  private constructor(console: BoardConsole) {
    this.#console = console;
  }

  static async open(console: BoardConsole): Promise<BoardTarget> {
    await console.simple(Request.ReplayOpen);
    return new BoardTarget(console);
  }

  async step(input: Input): Promise<StepResult> {
    if (input.op === "fresh") {
      await this.#console.simple(Request.ReplayOpen);
      return FRESH;
    }
    return this.#console.parse(await this.#console.request(Request.ReplayStep, encodeStep(input)), (payload) => {
      const reader = new Reader(payload);
      const status = reader.u8();
      // A board that cannot take the step at all answers with nothing but a status.
      if (reader.left === 0) this.#console.expectOk(status);
      const deadline = reader.u64();
      return {
        status,
        deadline: deadline === 0xffff_ffff_ffff_ffffn ? undefined : deadline,
        outputs: readOutputs(reader),
      };
    });
  }

  async crypto(primitive: Primitive, input: Uint8Array): Promise<PrimitiveResult> {
    // The core would say so, could the frame carry it.
    if (input.length > IN_SIZE) return { status: Status.Long, out: new Uint8Array(0) };
    const { status, outputs } = await this.step({ op: "crypto", primitive, bytes: input });
    // From 100 up it is the shell that speaks, or the engine: no answer of the primitive.
    if (status >= Status.EngineMemory) this.#console.expectOk(status);
    const [result] = outputs;
    return { status: status as Status, out: result?.kind === "out" ? result.bytes : new Uint8Array(0) };
  }

  async hash(): Promise<string> {
    return this.#console.parse(await this.#console.request(Request.ReplayHash), (payload) => {
      const reader = new Reader(payload);
      this.#console.expectOk(reader.u8());
      return reader.hex(32);
    });
  }

  async close(): Promise<void> {
    await this.#console.simple(Request.ReplayClose);
  }
}
