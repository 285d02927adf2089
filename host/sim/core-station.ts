/** A node with the real core: an instance of relay.wasm, with the records and the clock of a board of its own. */
import { type BootConfig, encodeBootConfig } from "../../boards/config.ts";
import { Command, type CoreImports, Counter, Event, SendFlag, Status, STATUS_SENTENCES } from "../core/abi.gen.ts";
import { NodeEntropy } from "./entropy.ts";
import { NodeRecords, PowerCut } from "./records.ts";
import { RelayCore } from "./relay-core.ts";
import type { Address, Air, MessageListener, SendResult, Station } from "./station.ts";

/** Writes down what goes into one node's core, in order. Times are the core's own. */
export interface InputRecorder {
  boot(nowMs: number, config: Uint8Array): void;
  frame(nowMs: number, port: number, frame: Uint8Array, rssiDbm: number, snrQdb: number): void;
  timer(nowMs: number): void;
  command(nowMs: number, command: Uint8Array): void;
  /** Below: answers to what the core asked during the input before. */
  entropy(bytes: Uint8Array): void;
  radio(status: number): void;
  /** The power went during a write that then was, or was not, done. */
  cut(written: boolean): void;
  /** The call is over: its status, and the core's next deadline in its own ms. Not called after a cut. */
  done?(status: Status, deadline: number | undefined): void;
  /** What the core did during the call, for those who compare; the bytes are valid during the call only. */
  output?(kind: "send" | "put" | "delete" | "event", first: number, second: number, bytes: Uint8Array): void;
  /** Power off. */
  off(): void;
}

/** Recorders that are told of the same node, in their order; undefined if there are none. */
export function recorders(...some: readonly (InputRecorder | undefined)[]): InputRecorder | undefined {
  const [one, other, ...rest] = some.filter((recorder) => recorder !== undefined);
  if (one === undefined || other === undefined) return one;
  const second = recorders(other, ...rest) as InputRecorder;
  return {
    boot: (...input) => [one, second].forEach((recorder) => recorder.boot(...input)),
    frame: (...input) => [one, second].forEach((recorder) => recorder.frame(...input)),
    timer: (...input) => [one, second].forEach((recorder) => recorder.timer(...input)),
    command: (...input) => [one, second].forEach((recorder) => recorder.command(...input)),
    entropy: (bytes) => [one, second].forEach((recorder) => recorder.entropy(bytes)),
    radio: (status) => [one, second].forEach((recorder) => recorder.radio(status)),
    cut: (written) => [one, second].forEach((recorder) => recorder.cut(written)),
    done: (...result) => [one, second].forEach((recorder) => recorder.done?.(...result)),
    output: (...output) => [one, second].forEach((recorder) => recorder.output?.(...output)),
    off: () => [one, second].forEach((recorder) => recorder.off()),
  };
}

/** Told of what the core tells; the bytes are valid during the call only. */
export type CoreEventListener = (event: Event, bytes: Uint8Array) => void;

export interface CoreStationOptions {
  readonly name: string;
  readonly module: WebAssembly.Module;
  readonly config: BootConfig;
  readonly air: Air;
  /** How much faster than true its clock runs, parts per million. */
  readonly driftPpm?: number;
  readonly recorder?: InputRecorder | undefined;
  readonly event?: CoreEventListener;
}

/** The family and sub-type the simulated application uses: a direct message (registry section 3). */
const APP_CONTEXT = 0xf7;
const APP_SUBTYPE = 0x10;

const ADDRESS_BYTES = 16;
const KEY_BYTES = 32;
/** Of a Message event: destination, context, sub-type. */
const MESSAGE_HEADER = ADDRESS_BYTES + 2;

/** Where the counters begin in the Status reply, its first byte left out (core-as/assembly/commands.ts). */
const STATUS_COUNTERS = 55;

const NOTHING = new Uint8Array(0);

/** A node id and its public key, what an application must know of whom it writes to. */
export const CONTACT_BYTES = ADDRESS_BYTES + KEY_BYTES;

export class CoreStation implements Station, CoreImports {
  readonly name: string;
  readonly records = new NodeRecords();
  protected readonly options: CoreStationOptions;
  readonly #config: Uint8Array;
  readonly #rate: number;
  #core: RelayCore | undefined;
  /** Virtual time of power-on: a board's clock starts there. */
  #onSince = 0;
  /** Virtual time of the deadline, read after every call. */
  #deadline: number | undefined;
  #listener: MessageListener = () => {};
  #cut: () => void = () => {};
  #cutKeepsNew = false;
  /** Messages that came up during a call; handed on after it, for the core must not be entered twice. */
  readonly #inbox: Uint8Array[] = [];
  #reply: Uint8Array | undefined;
  #contact: Uint8Array | undefined;
  #nodeId = "";
  /** Inside `ask`, which no recorder hears of. */
  #asking = false;

  constructor(options: CoreStationOptions) {
    this.name = options.name;
    this.options = options;
    this.#config = encodeBootConfig(options.config);
    this.#rate = 1 + (options.driftPpm ?? 0) / 1e6;
  }

  start(): void {
    this.#core = new RelayCore(this.options.module, this);
    this.#onSince = this.options.air.now();
    this.#recorder?.boot(0, this.#config);
    const status = this.#call((core) => core.boot(0, this.#config));
    if (status !== undefined && status !== Status.Ok) {
      throw new Error(`${this.name} did not boot: ${STATUS_SENTENCES[status] ?? `status ${status}`}`);
    }
    if (this.#contact === undefined) this.#introduce();
  }

  /** Power off: everything but the records is gone. */
  stop(): void {
    if (this.#core !== undefined) this.#recorder?.off();
    this.#core = undefined;
    this.#deadline = undefined;
    this.#inbox.length = 0;
  }

  get running(): boolean {
    return this.#core !== undefined;
  }

  receive(port: number, frame: Uint8Array, rssiDbm: number, snrQdb: number): void | Promise<void> {
    if (this.#core === undefined) return;
    const now = this.#now();
    this.#recorder?.frame(now, port, frame, rssiDbm, snrQdb);
    this.#call((core) => core.onFrame(now, port, frame, rssiDbm, snrQdb));
  }

  timer(): void | Promise<void> {
    if (this.#core === undefined) return;
    const now = this.#now();
    this.#recorder?.timer(now);
    this.#call((core) => core.onTimer(now));
  }

  deadline(): number | undefined {
    return this.#deadline;
  }

  /** `to` is a contact: address 16, public key 32. */
  send(to: Address, data: Uint8Array, qos: number): SendResult | Promise<SendResult> {
    if (typeof to === "number" || to.length !== CONTACT_BYTES)
      throw new TypeError("a core sends to a contact of 48 bytes");
    const command = new Uint8Array(3 + CONTACT_BYTES + 2 + data.length);
    command.set([Command.Send, qos, SendFlag.Key]);
    command.set(to, 3);
    command.set([APP_CONTEXT, APP_SUBTYPE], 3 + CONTACT_BYTES);
    command.set(data, 3 + CONTACT_BYTES + 2);
    return { status: this.command(command).status };
  }

  onMessage(listener: MessageListener): void {
    this.#listener = listener;
  }

  /** Runs a command; the reply without its first byte, if there was one. */
  command(command: Uint8Array): { status: Status; reply: Uint8Array | undefined } {
    if (this.#core === undefined) return { status: Status.NotBooted, reply: undefined };
    const now = this.#now();
    this.#recorder?.command(now, command);
    this.#reply = undefined;
    const status = this.#call((core) => core.onCommand(now, command)) ?? Status.NotBooted;
    return { status, reply: this.#reply };
  }

  /** Relays whatever comes from `nodeId` free from now on. */
  trust(nodeId: Uint8Array): Status {
    return this.command(Uint8Array.of(Command.Trust, ...nodeId)).status;
  }

  /** The power goes at the next write to flash, which is done or not done; `cut` is called then. */
  cutAtNextWrite(keepNew: boolean, cut: () => void): void {
    this.#cut = cut;
    this.#cutKeepsNew = keepNew;
    this.records.cutAtNextWrite(keepNew);
  }

  /** Address and public key; undefined from a core that does not tell. */
  get contact(): Uint8Array | undefined {
    return this.#contact;
  }

  /** Address, hex. */
  get nodeId(): string {
    return this.#nodeId;
  }

  /** BLAKE3 over the core's state; 32 zero bytes while it is without power. */
  stateHash(): Uint8Array {
    return this.#core?.stateHash() ?? new Uint8Array(32);
  }

  /**
   * The reply to a command, without its first byte. Changes the core's state and is not recorded: for the end of a run,
   * when the state hashes have been taken.
   */
  ask(command: Uint8Array): Uint8Array | undefined {
    if (this.#core === undefined) return undefined;
    this.#reply = undefined;
    this.#asking = true;
    try {
      this.#core.onCommand(this.#now(), command);
    } finally {
      this.#asking = false;
    }
    return this.#reply as Uint8Array | undefined;
  }

  /** The counters in the order of Counter, then how many frames were refused with each Status from 0 on; as `ask`. */
  counters(): Uint32Array {
    const counters = new Uint32Array(Counter.Count + Status.CoreCount);
    const reply = this.ask(Uint8Array.of(Command.Status));
    if (reply === undefined) return counters;
    const view = new DataView(reply.buffer, reply.byteOffset, reply.length);
    for (let i = 0; i < counters.length && STATUS_COUNTERS + 4 * i + 4 <= reply.length; i++) {
      counters[i] = view.getUint32(STATUS_COUNTERS + 4 * i, true);
    }
    return counters;
  }

  // --- what the core asks for ----------------------------------------------------------------------------------------

  entropy(bytes: Uint8Array): number {
    this.options.air.entropy(bytes);
    this.#recorder?.entropy(bytes);
    return Status.Ok;
  }

  frame_send(port: number, bytes: Uint8Array, flags: number): number {
    const status = this.options.air.send(port, bytes, flags);
    this.#recorder?.radio(status);
    if (status === Status.Ok) this.#recorder?.output?.("send", port, flags, bytes);
    return status;
  }

  record_put(key: number, bytes: Uint8Array): number {
    const status = this.records.put(key, bytes);
    if (status === Status.Ok) this.#recorder?.output?.("put", key, 0, bytes);
    return status;
  }

  record_get(key: number, bytes: Uint8Array): number {
    return this.records.get(key, bytes);
  }

  record_delete(key: number): number {
    this.#recorder?.output?.("delete", key, 0, NOTHING);
    return this.records.delete(key);
  }

  event(kind: number, bytes: Uint8Array): void {
    this.#recorder?.output?.("event", kind, 0, bytes);
    if (kind === Event.Reply) this.#reply = bytes.slice(1);
    else if (kind === Event.Booted) this.#nodeId = Buffer.from(bytes).toString("hex");
    else if (kind === Event.Message) {
      if (bytes[ADDRESS_BYTES] === APP_CONTEXT && bytes[ADDRESS_BYTES + 1] === APP_SUBTYPE) {
        this.#inbox.push(bytes.slice(MESSAGE_HEADER));
      }
    }
    this.options.event?.(kind as Event, bytes);
  }

  // -------------------------------------------------------------------------------------------------------------------

  get #recorder(): InputRecorder | undefined {
    return this.#asking ? undefined : this.options.recorder;
  }

  /** Asks the core who it is. A core without destinations refuses, and stays a stranger to the application. */
  #introduce(): void {
    const { status, reply } = this.command(Uint8Array.of(Command.Destinations));
    if (status === Status.Ok && reply !== undefined && reply.length >= CONTACT_BYTES) {
      this.#contact = reply.slice(0, CONTACT_BYTES);
    }
  }

  /** The core's clock: whole ms since power-on, by its own crystal. */
  #now(): number {
    return Math.floor((this.options.air.now() - this.#onSince) * this.#rate + 1e-6);
  }

  /** One call of the core: reads the deadline and hands on messages after it. Undefined if the power went. */
  #call(call: (core: RelayCore) => Status): Status | undefined {
    const core = this.#core as RelayCore;
    try {
      const status = call(core);
      if (status === Status.ClockBackwards) {
        throw new Error(`${this.name} was called at an earlier time than before, which is a fault of the simulator.`);
      }
      const deadline = core.deadline();
      this.#recorder?.done?.(status, deadline);
      this.#deadline = deadline === undefined ? undefined : this.#onSince + deadline / this.#rate;
      while (this.#inbox.length > 0) this.#listener(this.#inbox.shift() as Uint8Array);
      return status;
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      this.#recorder?.cut(this.#cutKeepsNew);
      this.stop();
      this.#cut();
      return undefined;
    }
  }
}

/** Random bytes for a station of the given index. */
export function entropyOf(seed: number, node: number): (bytes: Uint8Array) => void {
  const source = new NodeEntropy(seed, node);
  return (bytes) => source.fill(bytes);
}
