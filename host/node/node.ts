/** A relay in this process: the core under V8 on a radio channel, doing what boards/runtime/src/relay.cpp does. */
import { type BootConfig, encodeBootConfig } from "../../boards/config.ts";
import { type CoreImports, type Event, FrameFlag, Status } from "../core/abi.gen.ts";
import { Core } from "../core/core.ts";
import { MemoryRecords } from "../core/records.ts";
import type { Channel, Phy, Reception, Station } from "../radio/channel.ts";
import type { Clock } from "../radio/clock.ts";

export interface NodeOptions {
  readonly name: string;
  readonly wasm: Uint8Array | WebAssembly.Module;
  readonly config: BootConfig;
  readonly clock: Clock;
  readonly channel: Channel;
  /** Fills the bytes with random ones; crypto.getRandomValues for a node that is to keep secrets. */
  readonly entropy: (bytes: Uint8Array) => void;
  readonly event: (event: Event, bytes: Uint8Array) => void;
  /** The core trapped while nobody was waiting for it; the relay has left the channel. */
  readonly failed: (error: Error) => void;
  /** Something went wrong that the relay goes on after: a sentence. */
  readonly note?: (sentence: string) => void;
}

export function phyOf(config: BootConfig): Phy {
  return {
    frequencyHz: config.frequencyHz,
    bandwidthHz: config.bandwidthHz,
    spreadingFactor: config.spreadingFactor,
    codingRate: config.codingRate,
    preamble: config.preambleSymbols,
    powerDbm: config.powerDbm,
    syncWord: config.syncWord,
  };
}

/** The radio's interface number. */
const RADIO = 0;

/** What one 4 KB record page of a board holds whatever the sizes (boards/runtime/src/records.h). */
const RECORD_LIMITS = { records: 12, bytes: 256 };

/** Runs the core on the channel until `stop`. Records live as long as the object. */
export class RelayNode implements Station, CoreImports {
  readonly name: string;
  readonly #options: NodeOptions;
  readonly #phy: Phy;
  readonly #records = new MemoryRecords(RECORD_LIMITS);
  #core: Core | undefined;
  #cancelTimer: () => void = () => {};
  #stopped = false;
  #clockTold = false;

  private constructor(options: NodeOptions) {
    this.name = options.name;
    this.#options = options;
    this.#phy = phyOf(options.config);
  }

  /** Loads and boots the core, and joins the channel. Throws CoreError; Error if the core refuses to boot. */
  static async start(options: NodeOptions): Promise<RelayNode> {
    const node = new RelayNode(options);
    node.#core = await Core.load(options.wasm, node);
    options.channel.join(node);
    const status = node.#core.boot(node.#nowMs(), encodeBootConfig(options.config));
    if (status !== Status.Ok) throw new Error(`${options.name} did not boot: status ${status}`);
    node.#arm();
    return node;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#options.channel.leave(this);
  }

  get core(): Core {
    if (this.#core === undefined) throw new Error("the node has not started");
    return this.#core;
  }

  phy(): Phy {
    return this.#phy;
  }

  /** Runs a command of the core. What it answers comes as a Reply event before this returns. */
  command(bytes: Uint8Array): Status {
    const status = this.core.onCommand(this.#nowMs(), bytes);
    this.#checkClock(status);
    this.#arm();
    return status;
  }

  receive(reception: Reception): void {
    this.#call(() => this.core.onFrame(this.#nowMs(), RADIO, reception.frame, reception.rssiDbm, reception.snrQdb));
  }

  entropy(bytes: Uint8Array): number {
    this.#options.entropy(bytes);
    return Status.Ok;
  }

  frame_send(port: number, bytes: Uint8Array, flags: number): number {
    const { channel } = this.#options;
    if (port !== RADIO) return Status.BadInterface;
    if ((flags & FrameFlag.Continue) === 0 && channel.busy(this, this.#phy)) return Status.RadioBusy;
    const { lbtMs, lbtThresholdDbm } = this.#options.config;
    if (lbtMs > 0 && channel.powerDbm(this, this.#phy, lbtMs) > lbtThresholdDbm) return Status.RadioBusy;
    return channel.send(this, this.#phy, bytes, () => {}) ? Status.Ok : Status.RadioBusy;
  }

  record_put(key: number, bytes: Uint8Array): number {
    return this.#records.put(key, bytes);
  }

  record_get(key: number, bytes: Uint8Array): number {
    return this.#records.get(key, bytes);
  }

  record_delete(key: number): number {
    return this.#records.delete(key);
  }

  event(kind: number, bytes: Uint8Array): void {
    this.#options.event(kind as Event, bytes.slice());
  }

  #nowMs(): bigint {
    return BigInt(Math.floor(this.#options.clock.now()));
  }

  /** Plans the next timer call; the core gives whole milliseconds, so the call comes at or after its deadline. */
  #arm(): void {
    this.#cancelTimer();
    const deadline = this.core.deadline();
    if (deadline === undefined || this.#stopped) return;
    this.#cancelTimer = this.#options.clock.at(Number(deadline), () =>
      this.#call(() => this.core.onTimer(this.#nowMs())),
    );
  }

  /** Says once that the clock ran backwards; the core counts every time. */
  #checkClock(status: Status): void {
    if (status !== Status.ClockBackwards || this.#clockTold) return;
    this.#clockTold = true;
    this.#options.note?.(`${this.name}: the clock ran backwards; the core refuses every call until it has caught up.`);
  }

  /** A call that a timer or the channel makes: what it throws has nobody else to go to. */
  #call(call: () => Status): void {
    if (this.#stopped) return;
    try {
      this.#checkClock(call());
      this.#arm();
    } catch (error) {
      this.stop();
      this.#options.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
