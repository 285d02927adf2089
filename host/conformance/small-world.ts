/**
 * A few cores within earshot of each other, without chance or loss. What reaches the one under test, the subject, is
 * written down as inputs of a transcript: frames its peers sealed for it, entropy it drew, what its radio answered.
 *
 * The peers are cores too, so a changed core changes both sides; that they agree with the protocol's texts is for the
 * vectors and the unit tests to show.
 */
import { type CoreImports, type Event, Status } from "../core/abi.gen.ts";
import { Core } from "../core/core.ts";
import { MemoryRecords } from "../core/records.ts";
import { SeededRandom } from "../radio/random.ts";
import { LIMITS } from "./target.ts";
import type { Input } from "./transcript.ts";

/** The interface number of the radio. */
const RADIO = 0;
const RSSI_DBM = -80;
const SNR_QDB = 40;

export interface WorldEvent {
  readonly kind: Event;
  readonly bytes: Uint8Array;
}

/** One core and what its host would be to it. */
class Participant implements CoreImports {
  readonly events: WorldEvent[] = [];
  /** Random bytes drawn during the last call. */
  drawn: number[] = [];
  /** What the radio answers during the call under way. */
  radio: Status = Status.Ok;
  sent: Uint8Array | undefined;
  readonly #records = new MemoryRecords(LIMITS);
  readonly #random: SeededRandom;
  #core: Core | undefined;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  static async make(wasm: Uint8Array | WebAssembly.Module, seed: number): Promise<Participant> {
    const participant = new Participant(seed);
    participant.#core = await Core.load(wasm, participant);
    return participant;
  }

  get core(): Core {
    if (this.#core === undefined) throw new Error("the participant has no core");
    return this.#core;
  }

  entropy(bytes: Uint8Array): number {
    bytes.set(this.#random.bytes(bytes.length));
    this.drawn.push(...bytes);
    return Status.Ok;
  }

  frame_send(_port: number, bytes: Uint8Array, _flags: number): number {
    if (this.radio === Status.Ok) this.sent = bytes.slice();
    return this.radio;
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
    this.events.push({ kind: kind as Event, bytes: bytes.slice() });
  }
}

interface Transmission {
  readonly from: number;
  readonly endMs: bigint;
  readonly frame: Uint8Array;
}

export interface WorldOptions {
  readonly wasm: Uint8Array | WebAssembly.Module;
  readonly config: Uint8Array;
  readonly seed: number;
  /** Pairs of participants that hear each other. Number 0 is the subject. */
  readonly audible: readonly (readonly [number, number])[];
  readonly count: number;
  readonly startMs: bigint;
  /** Microseconds on air of a frame of so many bytes. */
  readonly airtimeUs: (length: number) => bigint;
  /** Takes the subject's inputs, in order. */
  readonly input: (input: Input) => void;
}

export class SmallWorld {
  readonly #options: WorldOptions;
  readonly #participants: Participant[] = [];
  #onAir: Transmission[] = [];
  #now: bigint;
  #radioShown: Status = Status.Ok;
  #heard: Uint8Array[] = [];

  private constructor(options: WorldOptions) {
    this.#options = options;
    this.#now = options.startMs;
  }

  /** Makes and boots all participants. */
  static async make(options: WorldOptions): Promise<SmallWorld> {
    const world = new SmallWorld(options);
    for (let i = 0; i < options.count; i++) {
      world.#participants.push(await Participant.make(options.wasm, options.seed + i));
    }
    for (let i = 0; i < options.count; i++) world.boot(i);
    return world;
  }

  get now(): bigint {
    return this.#now;
  }

  boot(index: number): Status {
    const { config } = this.#options;
    return this.#call(index, { op: "boot", now: this.#now, config }, (core) => core.boot(this.#now, config));
  }

  command(index: number, ...parts: (number | Uint8Array)[]): Status {
    const command = Buffer.concat(parts.map((part) => (typeof part === "number" ? Uint8Array.of(part) : part)));
    return this.#call(index, { op: "command", now: this.#now, command }, (core) => core.onCommand(this.#now, command));
  }

  /** The subject hears a frame that no participant sent. */
  hear(frame: Uint8Array): Status {
    const input: Input = { op: "frame", now: this.#now, port: RADIO, rssiDbm: RSSI_DBM, snrQdb: SNR_QDB, frame };
    return this.#call(0, input, (core) => core.onFrame(this.#now, RADIO, frame, RSSI_DBM, SNR_QDB));
  }

  /** The frames the subject heard last, the latest first: eight at most. */
  get heard(): readonly Uint8Array[] {
    return this.#heard;
  }

  /** Events of one kind a participant gave since they were last taken. */
  take(index: number, kind: Event): Uint8Array[] {
    const { events } = this.#participant(index);
    const taken = events.filter((event) => event.kind === kind).map((event) => event.bytes);
    events.splice(0, events.length, ...events.filter((event) => event.kind !== kind));
    return taken;
  }

  /** Lets `ms` pass. */
  run(ms: bigint): void {
    const end = this.#now + ms;
    for (;;) {
      const landing = this.#onAir.reduce<Transmission | undefined>(
        (first, next) => (first === undefined || next.endMs < first.endMs ? next : first),
        undefined,
      );
      let timer = -1;
      let timerMs = end;
      for (let i = 0; i < this.#participants.length; i++) {
        const deadline = this.#participant(i).core.deadline();
        if (deadline !== undefined && deadline < timerMs) [timer, timerMs] = [i, deadline];
      }
      if (landing !== undefined && landing.endMs <= timerMs && landing.endMs <= end) {
        this.#advance(landing.endMs);
        this.#land(landing);
      } else if (timer >= 0) {
        this.#advance(timerMs);
        this.#timer(timer);
      } else {
        this.#advance(end);
        return;
      }
    }
  }

  #advance(toMs: bigint): void {
    if (toMs > this.#now) this.#now = toMs;
  }

  #participant(index: number): Participant {
    const participant = this.#participants[index];
    if (participant === undefined) throw new RangeError(`there is no participant ${index}`);
    return participant;
  }

  #hears(a: number, b: number): boolean {
    return this.#options.audible.some(([x, y]) => (x === a && y === b) || (x === b && y === a));
  }

  #timer(index: number): void {
    const participant = this.#participant(index);
    const busy = this.#onAir.some(({ from }) => from === index || this.#hears(from, index));
    participant.radio = busy ? Status.RadioBusy : Status.Ok;
    if (index === 0 && participant.radio !== this.#radioShown) {
      this.#radioShown = participant.radio;
      this.#options.input({ op: "radio", status: participant.radio });
    }
    this.#call(index, { op: "timer", now: this.#now }, (core) => core.onTimer(this.#now));
    const { sent } = participant;
    if (sent === undefined) return;
    participant.sent = undefined;
    // The core counts whole milliseconds, rounded up; so does this air.
    const endMs = this.#now + (this.#options.airtimeUs(sent.length) + 999n) / 1000n;
    this.#onAir.push({ from: index, endMs, frame: sent });
  }

  #land(transmission: Transmission): void {
    this.#onAir = this.#onAir.filter((other) => other !== transmission);
    const { frame } = transmission;
    for (let i = 0; i < this.#participants.length; i++) {
      if (!this.#hears(transmission.from, i)) continue;
      if (i === 0) this.#heard = [frame, ...this.#heard].slice(0, 8);
      const input: Input = { op: "frame", now: this.#now, port: RADIO, rssiDbm: RSSI_DBM, snrQdb: SNR_QDB, frame };
      this.#call(i, input, (core) => core.onFrame(this.#now, RADIO, frame, RSSI_DBM, SNR_QDB));
    }
  }

  #call(index: number, input: Input, call: (core: Core) => Status): Status {
    const participant = this.#participant(index);
    participant.drawn = [];
    const status = call(participant.core);
    if (index === 0) {
      const { drawn } = participant;
      if (drawn.length > 0) this.#options.input({ op: "entropy", bytes: Uint8Array.from(drawn) });
      this.#options.input(input);
    }
    return status;
  }
}
