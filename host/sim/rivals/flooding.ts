/**
 * Managed flooding as Meshtastic does it (firmware v2.7.26, all nodes in the role CLIENT): a packet carries a hop limit of
 * 3; whoever hears it for the first time sends it on once, after a random delay that is the shorter the weaker the packet
 * arrived, and gives that up when somebody else is heard sending it on first. The sender repeats it, three transmissions in
 * all, until it hears anybody pass it on (an implicit ack) or the recipient's ack arrives, which floods back the same way.
 *
 * Sources, all of that version: header and queue RadioInterface.h; delays, slot time and retransmission interval
 * RadioInterface.cpp; the timer RadioLibInterface.cpp; rebroadcasting and its cancelling FloodingRouter.cpp and
 * NextHopRouter.cpp; acks and repetitions ReliableRouter.cpp; duty cycle and which messages get public-key encryption
 * Router.cpp; channel utilisation airtime.cpp; NodeInfo every three hours Default.h. Nothing is copied.
 *
 * Left out: the next-hop hint direct messages have had since 2.6 (the comparison is with flooding), positions and
 * telemetry (a node need not send them), routers and other roles, MQTT. Everybody knows everybody's key from the start.
 * The firmware checks its hour's airtime before it queues a packet; here also before a packet goes out, or it could
 * overshoot the law by what is queued.
 */
import { Status } from "../../core/abi.gen.ts";
import type { AirtimeKind } from "../report/result.ts";
import type { SendResult } from "../station.ts";
import { earliest, Rival, type RivalAddress, type RivalOptions, Seen } from "./rival.ts";

/** Symbols of preamble. */
export const FLOODING_PREAMBLE = 16;

const HEADER = 16;
/** Tag and the part of the nonce that travels with a message encrypted for one recipient. */
const PUBLIC_KEY_OVERHEAD = 12;
const BROADCAST = 0xffff_ffff;
/** What a new node is set to, and the most it can be. */
export const HOP_LIMIT = 3;
export const HOP_LIMIT_MOST = 7;
/** Transmissions of a packet that wants an ack, the first included. */
const TRANSMISSIONS = 3;
const QUEUE_SIZE = 16;
const HISTORY_SIZE = 200;
const CW_MIN = 3;
const CW_MAX = 8;
const SNR_MIN = -20;
const SNR_MAX = 10;
const PROCESSING_MS = 4500;
/** Propagation, turnaround and processing in a slot. */
const SLOT_FIXED_MS = 7.6;
const CAD_SYMBOLS = 2.5;
const NODE_INFO_MS = 3 * 3_600_000;
const UTILISATION_PERIODS = 6;
const UTILISATION_PERIOD_MS = 10_000;

/** Protobuf port numbers of the payload. */
const Port = { Text: 1, NodeInfo: 4, Routing: 5 } as const;
type Port = (typeof Port)[keyof typeof Port];

const Priority = { Background: 10, Default: 64, Reliable: 70, High: 100, Ack: 120 } as const;

interface Packet {
  readonly to: number;
  readonly from: number;
  readonly id: number;
  readonly wantAck: boolean;
  readonly hopLimit: number;
  readonly hopStart: number;
  /** Bytes behind the header. */
  readonly payload: Uint8Array;
  /** dB it arrived with; undefined for our own. */
  readonly snr?: number;
  readonly priority: number;
}

interface Pending {
  readonly packet: Packet;
  left: number;
  at: number;
}

export class FloodingStation extends Rival {
  #queue: Packet[] = [];
  /** When the delay before the head of the queue may go is over. */
  #sendAt: number | undefined;
  #afterSending = false;
  readonly #pending = new Map<string, Pending>();
  /** Texts we sent that no ack has come for. */
  readonly #awaiting = new Map<string, Uint8Array>();
  /** Highest hop limit seen of each packet. */
  readonly #history = new Seen<number>(HISTORY_SIZE);
  readonly #utilisation = new Float64Array(UTILISATION_PERIODS);
  #utilisationPeriod = 0;
  #nodeInfoAt: number | undefined;
  #nextId = 1;
  readonly #hopLimit: number;

  constructor(options: RivalOptions, hopLimit = HOP_LIMIT) {
    super(options);
    this.#hopLimit = hopLimit;
  }

  start(): void {
    // In the middle of its life: the next NodeInfo is due any time within its interval.
    this.#nodeInfoAt = this.now + this.random(0, NODE_INFO_MS);
  }

  protected next(): number | undefined {
    const times = [...this.#pending.values()].map((pending) => pending.at);
    return earliest(this.#sendAt, this.#afterSending ? this.sendingUntil : undefined, this.#nodeInfoAt, ...times);
  }

  timer(): void {
    const { now } = this;
    if (this.#afterSending && this.sendingUntil <= now) {
      this.#afterSending = false;
      this.#restartDelay();
    }
    if (this.#nodeInfoAt !== undefined && this.#nodeInfoAt <= now) {
      this.#nodeInfoAt = now + NODE_INFO_MS;
      this.#originate(BROADCAST, nodeInfo(), { wantAck: false, priority: Priority.Background });
    }
    for (const [key, pending] of this.#pending) {
      if (pending.at > now) continue;
      if (pending.left === 0) {
        this.count("gave up");
        this.#pending.delete(key);
        continue;
      }
      pending.left--;
      this.#enqueue(pending.packet);
      pending.at = now + this.#retransmissionMs(pending.packet);
    }
    if (this.#sendAt !== undefined && this.#sendAt <= now) {
      this.#sendAt = undefined;
      this.#sendHead();
    }
  }

  send(to: RivalAddress, data: Uint8Array): SendResult {
    const text = encodeText(data);
    return { status: this.#originate(to, text, { wantAck: true, priority: Priority.High }) };
  }

  receive(_port: number, frame: Uint8Array, _rssiDbm: number, snrQdb: number): void {
    const packet = decode(frame, snrQdb / 4);
    const ms = this.airtimeMs(frame.length);
    this.#used(ms);
    this.#restartDelay();
    if (packet === undefined) return;
    const key = keyOf(packet);
    if (packet.from === this.address) this.#stopRepeating(key, packet);
    // While this packet came in no ack could have.
    for (const pending of this.#pending.values()) pending.at += ms;
    if (this.#seenBefore(packet)) return;
    if (packet.to === this.address) this.#accept(packet);
    const answers = requestOf(packet);
    if (answers !== undefined && packet.to !== this.address) this.#cancel(packet.to, answers);
    this.#rebroadcast(packet);
  }

  /** True if the packet needs nothing more. */
  #seenBefore(packet: Packet): boolean {
    const key = keyOf(packet);
    const highest = this.#history.get(key);
    this.#history.set(key, Math.max(highest ?? 0, packet.hopLimit));
    if (highest === undefined) return false;
    this.count("duplicates");
    // A copy that may travel further takes the place of one that still waits.
    if (packet.hopLimit > highest && packet.hopLimit > 0) {
      const worse = this.#queue.findIndex((one) => keyOf(one) === key && one.hopLimit < packet.hopLimit);
      if (worse >= 0) {
        this.#queue.splice(worse, 1);
        this.#rebroadcast(packet);
        return true;
      }
    }
    if (packet.hopStart === packet.hopLimit) {
      // Its sender repeats it, so the ack or our rebroadcast was lost.
      if (this.#queue.some((one) => keyOf(one) === key)) return true;
      if (!this.#rebroadcast(packet) && packet.to === this.address && packet.wantAck)
        this.#acknowledge(packet, 0, false);
    } else {
      this.#cancel(packet.from, packet.id);
    }
    return true;
  }

  #accept(packet: Packet): void {
    const answers = requestOf(packet);
    const hopsAway = packet.hopStart - packet.hopLimit;
    if (packet.wantAck) {
      if (portOf(packet) === Port.Text) {
        // The ack of a text asks for an ack itself, with two hops to spare for the way back.
        this.#acknowledge(packet, Math.min(hopsAway + 2, this.#hopLimit), true);
      } else if (answers !== undefined && hopsAway === 0) {
        this.#acknowledge(packet, 0, false);
      }
    }
    if (answers !== undefined) {
      const key = `${this.address}:${answers}`;
      const text = this.#awaiting.get(key);
      this.#pending.delete(key);
      if (text !== undefined) {
        this.#awaiting.delete(key);
        this.confirm(text);
      }
    }
    const text = textOf(packet);
    if (text !== undefined) this.deliver(text);
  }

  #originate(
    to: number,
    payload: Uint8Array,
    how: { wantAck: boolean; priority: number; hopLimit?: number | undefined },
  ): number {
    const hopLimit = how.hopLimit ?? this.#hopLimit;
    const { wantAck, priority } = how;
    const packet: Packet = {
      ...{ to, from: this.address, id: this.#nextId++, wantAck, hopLimit, hopStart: hopLimit, payload, priority },
    };
    const key = keyOf(packet);
    if (wantAck) {
      this.#pending.set(key, { packet, left: TRANSMISSIONS - 1, at: this.now + this.#retransmissionMs(packet) });
      const text = textOf(packet);
      if (text !== undefined) this.#awaiting.set(key, text);
    }
    for (const [other, pending] of this.#pending) {
      if (other !== key) pending.at += this.airtimeMs(HEADER + payload.length);
    }
    this.#history.set(key, hopLimit);
    const status = this.#enqueue(packet);
    if (status !== Status.Ok) this.#pending.delete(key);
    return status;
  }

  #acknowledge(packet: Packet, hopLimit: number, wantAck: boolean): void {
    this.#originate(packet.from, encodeAck(packet.id), { wantAck, priority: Priority.Ack, hopLimit });
  }

  #rebroadcast(packet: Packet): boolean {
    if (packet.to === this.address || packet.from === this.address || packet.hopLimit === 0) return false;
    // Texts are encrypted for their recipient: a relay sees only that an ack is wanted.
    const ack = portOf(packet) === Port.Routing;
    const priority = ack ? Priority.Ack : packet.wantAck ? Priority.Reliable : Priority.Default;
    this.#enqueue({ ...packet, hopLimit: packet.hopLimit - 1, priority });
    return true;
  }

  #enqueue(packet: Packet): number {
    const { now } = this;
    if (this.allowedAt(HEADER + packet.payload.length) > now) {
      this.count("dropped for the duty cycle");
      return Status.QueueFull;
    }
    if (this.#queue.length >= QUEUE_SIZE) {
      this.count("queue full");
      const last = this.#queue[QUEUE_SIZE - 1];
      if (last === undefined || last.priority >= packet.priority) return Status.QueueFull;
      this.#queue.pop();
    }
    // By priority; of equal ones those of others before our own; else in the order of coming.
    const own = (one: Packet): number => (one.from === this.address ? 1 : 0);
    let at = this.#queue.length;
    for (; at > 0; at--) {
      const before = this.#queue[at - 1] as Packet;
      const order = before.priority - packet.priority || own(packet) - own(before);
      if (order >= 0) break;
    }
    this.#queue.splice(at, 0, packet);
    // A delay that runs is not started anew.
    if (this.#sendAt === undefined && !this.#afterSending) this.#restartDelay();
    return Status.Ok;
  }

  #cancel(from: number, id: number): void {
    const at = this.#queue.findIndex((packet) => packet.from === from && packet.id === id);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    this.count("rebroadcasts cancelled");
  }

  #stopRepeating(key: string, packet: Packet): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    this.count("implicit acks");
    this.#pending.delete(key);
    if (pending.left < TRANSMISSIONS - 1) this.#cancel(packet.from, packet.id);
  }

  #sendHead(): void {
    const packet = this.#queue[0];
    if (packet === undefined) return;
    if (this.#afterSending) return;
    const frame = encode(packet, this.address);
    if (this.allowedAt(frame.length) > this.now) {
      this.#queue.shift();
      this.count("dropped for the duty cycle");
      this.#restartDelay();
      return;
    }
    const status = this.transmit(frame, kindOf(packet));
    if (status === Status.RadioBusy) {
      this.#restartDelay();
      return;
    }
    this.#queue.shift();
    if (status !== Status.Ok) return this.#restartDelay();
    this.#used(this.airtimeMs(frame.length));
    this.#afterSending = true;
  }

  /** Draws the delay of the queue's head: after each transmission, each reception and a busy channel. */
  #restartDelay(): void {
    const head = this.#queue[0];
    if (this.#afterSending) return;
    this.#sendAt = head === undefined ? undefined : this.now + this.#delayMs(head);
  }

  #delayMs({ snr }: Packet): number {
    const slot = this.#slotMs();
    if (snr === undefined) return this.random(0, 2 ** this.#window()) * slot;
    return 2 * CW_MAX * slot + this.random(0, 2 ** map(Math.trunc(snr), SNR_MIN, SNR_MAX)) * slot;
  }

  #retransmissionMs({ payload }: Packet): number {
    const slots = 2 ** this.#window() + 2 * CW_MAX + 2 ** Math.trunc((CW_MIN + CW_MAX) / 2);
    return 2 * this.airtimeMs(HEADER + payload.length) + slots * this.#slotMs() + PROCESSING_MS;
  }

  #slotMs(): number {
    return Math.trunc(CAD_SYMBOLS * this.symbolMs + SLOT_FIXED_MS);
  }

  /** Contention window of our own packets: by how full the channel has been in the last minute. */
  #window(): number {
    this.#used(0);
    const ms = this.#utilisation.reduce((sum, period) => sum + period, 0);
    return map(Math.trunc((ms / (UTILISATION_PERIODS * UTILISATION_PERIOD_MS)) * 100), 0, 100);
  }

  #used(ms: number): void {
    const period = Math.trunc(this.now / UTILISATION_PERIOD_MS);
    const passed = Math.min(period - this.#utilisationPeriod, UTILISATION_PERIODS);
    for (let i = 0; i < passed; i++) this.#utilisation[(period - i) % UTILISATION_PERIODS] = 0;
    this.#utilisationPeriod = period;
    const slot = period % UTILISATION_PERIODS;
    this.#utilisation[slot] = (this.#utilisation[slot] ?? 0) + ms;
  }
}

/** Arduino's integer map() onto the contention window sizes, kept inside them. */
function map(value: number, low: number, high: number): number {
  const size = Math.trunc(((value - low) * (CW_MAX - CW_MIN)) / (high - low)) + CW_MIN;
  return Math.max(CW_MIN, Math.min(CW_MAX, size));
}

function keyOf({ from, id }: Packet): string {
  return `${from}:${id}`;
}

function encode(packet: Packet, relay: number): Uint8Array {
  const frame = new Uint8Array(HEADER + packet.payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, packet.to, true);
  view.setUint32(4, packet.from, true);
  view.setUint32(8, packet.id, true);
  frame[12] = packet.hopLimit | (packet.wantAck ? 0x08 : 0) | (packet.hopStart << 5);
  frame[15] = relay & 0xff;
  frame.set(packet.payload, HEADER);
  return frame;
}

function decode(frame: Uint8Array, snr: number): Packet | undefined {
  if (frame.length < HEADER) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const flags = frame[12] ?? 0;
  return {
    to: view.getUint32(0, true),
    from: view.getUint32(4, true),
    id: view.getUint32(8, true),
    wantAck: (flags & 0x08) !== 0,
    hopLimit: flags & 7,
    hopStart: flags >> 5,
    payload: frame.slice(HEADER),
    snr,
    priority: Priority.Default,
  };
}

/** The Data message of a port: port number, payload, what it answers, the bit field every packet has had since 2.5. */
function encodeData(port: Port, payload: Uint8Array, request?: number, extra = 0): Uint8Array {
  const length = payload.length > 127 ? [(payload.length & 0x7f) | 0x80, payload.length >> 7] : [payload.length];
  const answers = request === undefined ? [] : [0x35, ...le32(request)];
  return Uint8Array.of(0x08, port, 0x12, ...length, ...payload, ...answers, 0x48, 0, ...new Uint8Array(extra));
}

function le32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}

function encodeText(data: Uint8Array): Uint8Array {
  return encodeData(Port.Text, data, undefined, PUBLIC_KEY_OVERHEAD);
}

/** Routing message "no error" in answer to a packet. */
function encodeAck(request: number): Uint8Array {
  return encodeData(Port.Routing, Uint8Array.of(0x18, 0), request);
}

/** User message: id, a name of 14 bytes and a short one of 4, MAC address, hardware model, public key, reachability. */
function nodeInfo(): Uint8Array {
  return encodeData(Port.NodeInfo, new Uint8Array(11 + 16 + 6 + 8 + 2 + 34 + 2));
}

function portOf({ payload }: Packet): number | undefined {
  return payload[1];
}

/** The payload of the Data message: its offset and length. */
function span({ payload }: Packet): { at: number; length: number } {
  const first = payload[3] ?? 0;
  return first < 128 ? { at: 4, length: first } : { at: 5, length: (first & 0x7f) | ((payload[4] ?? 0) << 7) };
}

function textOf(packet: Packet): Uint8Array | undefined {
  if (portOf(packet) !== Port.Text) return undefined;
  const { at, length } = span(packet);
  return packet.payload.slice(at, at + length);
}

/** Id of the packet that a routing message answers. */
function requestOf(packet: Packet): number | undefined {
  const { payload } = packet;
  if (portOf(packet) !== Port.Routing) return undefined;
  const { at, length } = span(packet);
  const tag = at + length;
  if (payload[tag] !== 0x35 || payload.length < tag + 5) return undefined;
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getUint32(tag + 1, true);
}

function kindOf(packet: Packet): AirtimeKind {
  const port = portOf(packet);
  return port === Port.Text ? "data" : port === Port.Routing ? "ack" : "announce";
}
