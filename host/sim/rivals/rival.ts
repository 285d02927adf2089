/**
 * What the models of other networks' protocols share: a radio with a law-abiding ledger, randomness from the station's own
 * stream, and the accounts a comparison needs.
 *
 * A model keeps a firmware's rules of routing, timing and repetition and the true length of every frame; it does not
 * encrypt. Where a text must stay secret the frame has as many bytes as the real one, in the clear.
 */
import { Status } from "../../core/abi.gen.ts";
import type { AirtimeKind } from "../report/result.ts";
import { type Air, type MessageListener, RADIO_PORT, type SendResult, type Station } from "../station.ts";
import { DutyLedger } from "./ledger.ts";

/** The number a rival's node is addressed by: 1 to 65535. */
export type RivalAddress = number;

export interface RivalOptions {
  readonly name: string;
  readonly address: RivalAddress;
  readonly air: Air;
  /** ms on air of a frame of so many bytes, with the preamble of this network. */
  readonly airtimeMs: (length: number) => number;
  /** ms of one symbol. */
  readonly symbolMs: number;
  /** What the law lets a station send in any hour, ms. */
  readonly hourLimitMs: number;
}

/** Bytes of a text every model can carry in one frame (MeshCore's MAX_TEXT_LEN is the least). */
export const TEXT_MAX = 160;

const NO_TIME = Number.POSITIVE_INFINITY;

export abstract class Rival implements Station {
  readonly name: string;
  readonly address: RivalAddress;
  /** ms sent so far, by kind. */
  readonly airtime: Partial<Record<AirtimeKind, number>> = {};
  readonly counters: Record<string, number> = {};
  readonly #options: RivalOptions;
  readonly #ledger: DutyLedger;
  readonly #listeners: MessageListener[] = [];
  readonly #confirmed: MessageListener[] = [];
  readonly #entropy = new DataView(new ArrayBuffer(4));
  #sendingUntil = 0;

  constructor(options: RivalOptions) {
    this.name = options.name;
    this.address = options.address;
    this.#options = options;
    this.#ledger = new DutyLedger(options.hourLimitMs);
  }

  abstract start(): void;
  abstract timer(): void;
  abstract receive(port: number, frame: Uint8Array, rssiDbm: number, snrQdb: number): void;
  abstract send(to: RivalAddress, data: Uint8Array, qos: number): SendResult;
  /** When the protocol wants to be called. */
  protected abstract next(): number | undefined;

  deadline(): number | undefined {
    return this.next();
  }

  readonly onMessage = (listener: MessageListener): void => {
    this.#listeners.push(listener);
  };

  /** Told of each message (its bytes) whose receipt has come back. */
  readonly onConfirmed = (listener: MessageListener): void => {
    this.#confirmed.push(listener);
  };

  protected get now(): number {
    return this.#options.air.now();
  }

  protected get symbolMs(): number {
    return this.#options.symbolMs;
  }

  /** When the frame on the air ends; not later than now if there is none. */
  protected get sendingUntil(): number {
    return this.#sendingUntil;
  }

  protected airtimeMs(length: number): number {
    return this.#options.airtimeMs(length);
  }

  /** The earliest time the law lets a frame of so many bytes go. */
  protected allowedAt(length: number): number {
    return this.#ledger.room(this.now, this.airtimeMs(length));
  }

  /** A whole number in [from, to). */
  protected random(from: number, to: number): number {
    this.#options.air.entropy(new Uint8Array(this.#entropy.buffer));
    return from + Math.floor((this.#entropy.getUint32(0) / 2 ** 32) * (to - from));
  }

  protected count(what: string): void {
    this.counters[what] = (this.counters[what] ?? 0) + 1;
  }

  /** Puts a frame on the air; its Status. The caller has asked `allowedAt`. */
  protected transmit(frame: Uint8Array, kind: AirtimeKind): number {
    const status = this.#options.air.send(RADIO_PORT, frame, 0);
    if (status !== Status.Ok) return status;
    const ms = this.airtimeMs(frame.length);
    this.#ledger.add(this.now, ms);
    this.#sendingUntil = this.now + ms;
    this.airtime[kind] = (this.airtime[kind] ?? 0) + ms;
    this.count(`sent ${kind}`);
    return status;
  }

  protected deliver(data: Uint8Array): void {
    for (const listener of this.#listeners) listener(data.slice());
  }

  protected confirm(data: Uint8Array): void {
    for (const listener of this.#confirmed) listener(data.slice());
  }
}

/** The earliest of some times; undefined if none is ever. */
export function earliest(...times: readonly (number | undefined)[]): number | undefined {
  let first = NO_TIME;
  for (const time of times) if (time !== undefined && time < first) first = time;
  return first === NO_TIME ? undefined : first;
}

/** The protocols' memory of packets seen: the oldest is forgotten when it is full. */
export class Seen<V> {
  readonly #size: number;
  readonly #entries = new Map<string, V>();

  constructor(size: number) {
    this.#size = size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: V): void {
    if (!this.#entries.has(key) && this.#entries.size >= this.#size) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, value);
  }
}
