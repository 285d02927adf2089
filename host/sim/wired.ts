/** Wires between stations: point to point, both ways at once, with a rate, a delay, a queue and some loss. */
import { Status } from "../core/abi.gen.ts";
import type { SeededRandom } from "../radio/random.ts";
import type { EventQueue, SimEvent } from "./queue.ts";
import { Stream, stream } from "./streams.ts";

/** One end of a wire. */
export interface WireEnd {
  /** Index of the station, and its port 1-3. */
  readonly station: number;
  readonly port: number;
}

export interface WireOptions {
  readonly a: WireEnd;
  readonly b: WireEnd;
  readonly rateBps: number;
  readonly delayMs: number;
  /** Probability that a frame is lost. */
  readonly loss: number;
}

/** Frames that wait at one end of a wire before more are lost. */
const QUEUE_FRAMES = 64;

export const WIRE_LANE = 1;

/** One direction of a wire. */
class Direction implements SimEvent {
  readonly to: WireEnd;
  readonly #wire: Wire;
  readonly #random: SeededRandom;
  /** When the last bit of what was taken leaves. */
  #freeAt = 0;
  readonly #frames: Uint8Array[] = [];

  constructor(wire: Wire, to: WireEnd, random: SeededRandom) {
    this.#wire = wire;
    this.to = to;
    this.#random = random;
  }

  send(frame: Uint8Array): number {
    const { options, queue } = this.#wire;
    // One draw for each frame whatever becomes of it, so that a full queue does not shift the dice.
    const lost = this.#random.unit() < options.loss;
    if (!this.#wire.up || lost || this.#frames.length >= QUEUE_FRAMES) {
      this.#wire.lost++;
      return Status.Ok;
    }
    this.#freeAt = Math.max(this.#freeAt, queue.now) + (frame.length * 8000) / options.rateBps;
    this.#frames.push(frame.slice());
    queue.at(this.#freeAt + options.delayMs, WIRE_LANE, this);
    return Status.Ok;
  }

  /** The frame sent first arrives. */
  fire(): void {
    const frame = this.#frames.shift();
    if (frame === undefined) return;
    if (!this.#wire.up) {
      this.#wire.lost++;
      return;
    }
    this.#wire.carried++;
    this.#wire.deliver(this.to, frame);
  }
}

export class Wire {
  readonly options: WireOptions;
  readonly queue: EventQueue;
  readonly deliver: (to: WireEnd, frame: Uint8Array) => void;
  /** False while the wire is cut: what is in it or handed to it is lost. */
  up = true;
  carried = 0;
  lost = 0;
  readonly #toA: Direction;
  readonly #toB: Direction;

  /** `index` tells this wire's random stream from others'. */
  constructor(
    options: WireOptions,
    queue: EventQueue,
    seed: number,
    index: number,
    deliver: (to: WireEnd, frame: Uint8Array) => void,
  ) {
    this.options = options;
    this.queue = queue;
    this.deliver = deliver;
    this.#toA = new Direction(this, options.a, stream(seed, Stream.Wire, index, 0));
    this.#toB = new Direction(this, options.b, stream(seed, Stream.Wire, index, 1));
  }

  /** Takes a frame at the end that `station` holds; the station is never told that it was lost. */
  send(station: number, frame: Uint8Array): number {
    return (station === this.options.a.station ? this.#toB : this.#toA).send(frame);
  }
}
