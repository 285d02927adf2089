/**
 * The application on top of the network: people who write to each other, want a receipt, and try again without one.
 *
 * A message is `kind u8 (0 message, 1 receipt) | id u32 | reply address 16 | text`. A retry goes through the station
 * again and so is encrypted afresh: for the network it is another packet (digest 1 H27). What counts as delivered is
 * what reached the other application at least once.
 */
import { Status } from "../core/abi.gen.ts";
import type { SeededRandom } from "../radio/random.ts";
import type { EventQueue, SimEvent } from "./queue.ts";
import type { TrafficPlan } from "./scenario.ts";
import type { SendResult } from "./station.ts";
import { below, Stream, stream } from "./streams.ts";

/** What the traffic needs of the simulation around it. */
export interface TrafficWorld {
  readonly queue: EventQueue;
  readonly seed: number;
  readonly names: readonly string[];
  readonly durationMs: number;
  /** Nodes that are somebody's gateway. */
  readonly gateways: readonly number[];
  /** Whom a node reaches directly, by radio or wire. */
  neighbours(node: number): readonly number[];
  up(node: number): boolean;
  /** Could anything at all get from one to the other right now, over links that are physically up? */
  hasPath(from: number, to: number): boolean;
  send(from: number, to: number, data: Uint8Array, qos: number): SendResult | Promise<SendResult>;
}

export interface MessageRecord {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly atMs: number;
  /** There was a way when it was first sent. */
  readonly hadPath: boolean;
  /** Times it was handed to the network. */
  attempts: number;
  /** Times the network refused it, and the last status that said so. */
  refused: number;
  lastStatus: number;
  deliveredMs: number | undefined;
  /** Copies that arrived after the first. */
  duplicates: number;
  receiptMs: number | undefined;
}

const KIND_MESSAGE = 0;
const KIND_RECEIPT = 1;
const REPLY_ADDRESS = 5;
export const MESSAGE_HEADER_BYTES = 21;

/** What a receiver takes to answer, ms. */
const ANSWER_MS = [200, 1200] as const;

export const TRAFFIC_LANE = 2;

const HOUR_MS = 3_600_000;

export class Traffic {
  readonly messages: MessageRecord[] = [];
  /** Receipts handed to the network. */
  receiptsSent = 0;
  readonly #world: TrafficWorld;
  readonly #plan: TrafficPlan;
  /** Draws of the running application; the plan has its own stream. */
  readonly #random: SeededRandom;
  readonly #send = new Handler((id) => this.#attempt(id));
  readonly #answer: Handler;
  readonly #answers: { from: number; to: number; id: number }[] = [];

  constructor(plan: TrafficPlan, world: TrafficWorld) {
    this.#plan = plan;
    this.#world = world;
    this.#random = stream(world.seed, Stream.Traffic, 0xffff_ffff);
    this.#answer = new Handler((at) => this.#sendReceipt(at));
  }

  /** Plans every message of the run. */
  start(): void {
    const { start_s, messages, per_node_per_hour: rate } = this.#plan;
    const { queue, names, durationMs, seed } = this.#world;
    const index = new Map(names.map((name, i) => [name, i]));
    const planned: { at: number; from: number; to: number; bytes: number }[] = [];
    const [least, most] = this.#plan.size;
    for (const one of messages) {
      const random = stream(seed, Stream.Traffic, planned.length, 1);
      planned.push({
        at: one.at_s * 1000,
        from: index.get(one.from) as number,
        to: index.get(one.to) as number,
        bytes: least + below(random, most - least + 1),
      });
    }
    const end = Math.min(this.#plan.end_s === undefined ? this.#lastStart() : this.#plan.end_s * 1000, durationMs);
    for (let from = 0; rate > 0 && names.length > 1 && from < names.length; from++) {
      const random = stream(seed, Stream.Traffic, from);
      let at = start_s * 1000;
      for (;;) {
        // Waiting times of a Poisson process; the logarithm decides nothing finer than a millisecond.
        at += Math.round((-Math.log(1 - random.unit()) * HOUR_MS) / rate);
        const bytes = least + below(random, most - least + 1);
        const choice = random.u32();
        if (at >= end) break;
        const to = this.#partner(from, choice);
        if (to !== undefined) planned.push({ at, from, to, bytes });
      }
    }
    planned.sort((a, b) => a.at - b.at || a.from - b.from || a.to - b.to);
    for (const one of planned) queue.at(one.at, TRAFFIC_LANE, new Handler(() => this.#begin(one)));
  }

  /** `data` has reached the application of `node`. */
  arrived(node: number, data: Uint8Array): void {
    if (data.length < MESSAGE_HEADER_BYTES) return;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const record = this.messages[view.getUint32(1, true)];
    if (record === undefined) return;
    const { now } = this.#world.queue;
    if (data[0] === KIND_RECEIPT) {
      if (record.from === node) record.receiptMs ??= now;
      return;
    }
    if (data[0] !== KIND_MESSAGE || record.to !== node) return;
    if (record.deliveredMs === undefined) record.deliveredMs = now;
    else record.duplicates++;
    const [least, most] = ANSWER_MS;
    const wait = least + below(this.#random, most - least);
    this.#answers.push({ from: node, to: view.getUint16(REPLY_ADDRESS, true), id: record.id });
    this.#world.queue.at(now + wait, TRAFFIC_LANE, this.#answer, this.#answers.length - 1);
  }

  /** A message sent later than this could not run out of retries before the end. */
  #lastStart(): number {
    const { ack_timeout_s, retries } = this.#plan;
    const patience = ack_timeout_s * 1000 * (2 ** (retries + 1) - 1);
    // At least half of what is left after the start belongs to traffic, however patient the senders.
    const start = this.#plan.start_s * 1000;
    return Math.max(this.#world.durationMs - patience, (start + this.#world.durationMs) / 2);
  }

  #partner(from: number, choice: number): number | undefined {
    const { names, gateways } = this.#world;
    const pick = (list: readonly number[]): number | undefined => list[choice % list.length];
    switch (this.#plan.pairs) {
      case "random": {
        const to = choice % (names.length - 1);
        return to < from ? to : to + 1;
      }
      case "gateway": {
        if (!gateways.includes(from)) return pick(gateways);
        return pick(names.map((_, i) => i).filter((i) => !gateways.includes(i)));
      }
      case "neighbour":
        return pick(this.#world.neighbours(from));
    }
  }

  #begin(one: { from: number; to: number; bytes: number }): void | Promise<void> {
    // Nobody writes with a phone that has no relay.
    if (!this.#world.up(one.from)) return;
    const id = this.messages.length;
    this.messages.push({
      ...one,
      id,
      atMs: this.#world.queue.now,
      hadPath: this.#world.hasPath(one.from, one.to),
      attempts: 0,
      refused: 0,
      lastStatus: Status.Ok,
      deliveredMs: undefined,
      duplicates: 0,
      receiptMs: undefined,
    });
    return this.#attempt(id);
  }

  #attempt(id: number): void | Promise<void> {
    const record = this.messages[id] as MessageRecord;
    if (record.receiptMs !== undefined || record.attempts > this.#plan.retries) return;
    const timeout = this.#plan.ack_timeout_s * 1000 * 2 ** record.attempts;
    this.#world.queue.at(this.#world.queue.now + timeout, TRAFFIC_LANE, this.#send, id);
    record.attempts++;
    if (!this.#world.up(record.from)) return;
    const data = new Uint8Array(record.bytes);
    this.#header(data, KIND_MESSAGE, id, record.from);
    return finished(this.#world.send(record.from, record.to, data, this.#qos()), ({ status }) => {
      record.lastStatus = status;
      if (status !== Status.Ok) record.refused++;
    });
  }

  #sendReceipt(at: number): void | Promise<void> {
    const answer = this.#answers[at];
    if (answer === undefined || !this.#world.up(answer.from)) return;
    const data = new Uint8Array(MESSAGE_HEADER_BYTES);
    this.#header(data, KIND_RECEIPT, answer.id, answer.from);
    this.receiptsSent++;
    return finished(this.#world.send(answer.from, answer.to, data, this.#qos()), () => {});
  }

  /** The reply address has room for any station's; what it must tell the simulation is the node. */
  #header(data: Uint8Array, kind: number, id: number, from: number): void {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    view.setUint8(0, kind);
    view.setUint32(1, id, true);
    view.setUint16(REPLY_ADDRESS, from, true);
  }

  #qos(): number {
    return (this.#plan.priority << 6) | (this.#plan.policy << 3);
  }
}

/** Goes on with a result that is there, or waits for it. */
function finished<T>(result: T | Promise<T>, then: (value: T) => void): void | Promise<void> {
  if (result instanceof Promise) return result.then(then);
  then(result);
}

class Handler implements SimEvent {
  readonly #run: (argument: number) => void | Promise<void>;

  constructor(run: (argument: number) => void | Promise<void>) {
    this.#run = run;
  }

  fire(argument: number): void | Promise<void> {
    return this.#run(argument);
  }
}
