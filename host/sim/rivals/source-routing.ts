/**
 * Source routing after one flood as MeshCore does it (v1.17.1). The first message to somebody floods: every node that
 * hears it for the first time appends its one-byte hash to the path and sends it on once, after a random delay of up to
 * 2.5 times its airtime. The recipient floods back the path with the ack in it; the sender stores it, and sends the
 * recipient the path of the way back. From then on messages and acks carry the whole path, and only the node whose hash
 * is next in it sends them on. A message without ack is sent again: three times in all by the path, then once as a flood,
 * which finds a new one.
 *
 * Sources, all of that version: packets and forwarding Mesh.cpp, Packet.h; queue, rx delay and airtime budget
 * Dispatcher.cpp; acks and paths helpers/BaseChatMesh.cpp; delay factors (0.5 flood, 0.3 direct, rx delay off), adverts
 * every 47 hours and hop limits examples/simple_repeater/MyMesh.cpp; timeouts examples/companion_radio/MyMesh.cpp; memory
 * of 160 packets helpers/SimpleMeshTables.h; preamble helpers/radiolib/RadioLibWrappers.h; repetitions docs/faq.md 5.3
 * (they are the phone's). Nothing is copied.
 *
 * Every node here is a repeater with a client at it; MeshCore's own advice is few repeaters and many clients that send
 * nothing on. Everybody knows everybody's key from the start. The airtime budget is set to the law's 10 % of an hour
 * (`set dutycycle 10`) and kept over every hour, where the firmware's bucket may spend two hours' worth in one. A channel
 * busy for more than 4 s is not overridden. Region scopes, several acks and longer hashes are off, as by default.
 */
import { Status } from "../../core/abi.gen.ts";
import type { AirtimeKind } from "../report/result.ts";
import type { SendResult } from "../station.ts";
import { earliest, Rival, type RivalAddress, type RivalOptions, Seen, TEXT_MAX } from "./rival.ts";

/** Symbols of preamble, up to spreading factor 8. */
export const SOURCE_ROUTING_PREAMBLE = 32;

const BLOCK = 16;
/** Both hashes and the MAC are in front of the encrypted part. */
const PLAIN = 4;
const ACK_SIZE = 6;
const SEEN_SIZE = 160;
const QUEUE_SIZE = 32;
const FLOOD_DELAY = 0.5;
const DIRECT_DELAY = 0.3;
const ACK_DELAY_MS = 200;
const RECIPROCAL_DELAY_MS = 500;
const RETURN_RETRY_DELAY_MS = 3000;
const ADVERT_MS = 47 * 3_600_000;
const ADVERT_HOPS = 8;
const FLOOD_HOPS = 64;
const TIMEOUT_BASE_MS = 500;
const TIMEOUT_FLOOD_FACTOR = 16;
const TIMEOUT_HOP_FACTOR = 6;
const TIMEOUT_HOP_MS = 250;
/** Sends by a known path, and with the flood that follows them. */
const DIRECT_ATTEMPTS = 3;
const ATTEMPTS = 4;

const Type = { Text: 2, Ack: 3, Advert: 4, Path: 8 } as const;
type Type = (typeof Type)[keyof typeof Type];

const Route = { Flood: 1, Direct: 2 } as const;
type Route = (typeof Route)[keyof typeof Route];

interface Packet {
  readonly type: Type;
  readonly route: Route;
  readonly path: Uint8Array;
  readonly payload: Uint8Array;
}

interface Outbound {
  readonly packet: Packet;
  /** Lower goes first. */
  readonly priority: number;
  readonly at: number;
}

interface Unconfirmed {
  readonly to: RivalAddress;
  readonly serial: number;
  readonly data: Uint8Array;
  attempts: number;
  timeoutAt: number;
}

export class SourceRoutingStation extends Rival {
  readonly #hash: number;
  #queue: Outbound[] = [];
  /** After a busy channel. */
  #notBefore = 0;
  readonly #seen = new Seen<true>(SEEN_SIZE);
  readonly #paths = new Map<RivalAddress, Uint8Array>();
  readonly #unconfirmed = new Map<number, Unconfirmed>();
  #advertAt: number | undefined;
  #nextSerial = 1;

  constructor(options: RivalOptions) {
    super(options);
    this.#hash = hashOf(options.address);
  }

  start(): void {
    // In the middle of its life: the next advert is due any time within its interval.
    this.#advertAt = this.now + this.random(0, ADVERT_MS);
  }

  protected next(): number | undefined {
    const timeouts = [...this.#unconfirmed.values()].map((message) => message.timeoutAt);
    return earliest(this.#sendAt(), this.#advertAt, ...timeouts);
  }

  timer(): void {
    const { now } = this;
    if (this.#advertAt !== undefined && this.#advertAt <= now) {
      this.#advertAt = now + ADVERT_MS;
      this.#flood(Type.Advert, advert(this.address), 0, 3);
    }
    for (const message of this.#unconfirmed.values()) {
      if (message.timeoutAt > now) continue;
      if (message.attempts < ATTEMPTS) {
        this.#attempt(message);
      } else {
        this.count("gave up");
        this.#unconfirmed.delete(message.serial);
      }
    }
    const due = this.#sendAt();
    if (due !== undefined && due <= now) this.#sendNext();
  }

  send(to: RivalAddress, data: Uint8Array): SendResult {
    if (data.length > TEXT_MAX) return { status: Status.Long };
    const serial = this.#nextSerial++ & 0xffff;
    const message: Unconfirmed = { to, serial, data: data.slice(), attempts: 0, timeoutAt: 0 };
    this.#unconfirmed.set(serial, message);
    this.#attempt(message);
    return { status: Status.Ok };
  }

  receive(_port: number, frame: Uint8Array): void {
    const packet = decode(frame);
    if (packet === undefined) return;
    if (packet.route === Route.Direct && packet.path.length > 0) {
      this.#passOn(packet);
      return;
    }
    if (!this.#first(packet)) return;
    if (!this.#accept(packet)) this.#floodOn(packet);
  }

  /** A packet that is to go a given way: only the next in its path sends it on. */
  #passOn(packet: Packet): void {
    // An ack overheard on its way is as good as one that has arrived.
    if (packet.type === Type.Ack) this.#acknowledged(packet);
    if (packet.path[0] !== this.#hash || !this.#first(packet)) return;
    const onward = { ...packet, path: packet.path.slice(1) };
    const delay = packet.type === Type.Ack ? 0 : this.#delay(onward, DIRECT_DELAY);
    this.#enqueue(onward, 0, delay);
  }

  #floodOn(packet: Packet): void {
    if (packet.route !== Route.Flood) return;
    if (packet.path.length >= (packet.type === Type.Advert ? ADVERT_HOPS : FLOOD_HOPS)) return;
    const delay = this.#delay(packet, FLOOD_DELAY);
    const path = Uint8Array.of(...packet.path, this.#hash);
    this.#enqueue({ ...packet, path }, path.length, delay);
  }

  /** True if the packet was for us, so that it goes no further. */
  #accept(packet: Packet): boolean {
    if (packet.type === Type.Ack) return this.#acknowledged(packet);
    if (packet.type === Type.Advert) return false;
    if (packet.type === Type.Text) {
      const text = openText(packet.payload);
      if (text?.to !== this.address) return false;
      this.#text(packet, text);
    } else {
      const returned = openPath(packet.payload);
      if (returned?.to !== this.address) return false;
      this.#path(packet, returned);
    }
    return true;
  }

  #text(packet: Packet, { from, serial, data }: Text): void {
    this.deliver(data);
    const ack = ackOf(this.address, from, serial);
    if (packet.route === Route.Flood) {
      this.#flood(Type.Path, this.#pathReturn(from, packet.path, ack), ACK_DELAY_MS, 2);
      return;
    }
    const path = this.#paths.get(from);
    if (path === undefined) this.#flood(Type.Ack, ack, ACK_DELAY_MS, 1);
    else this.#direct(Type.Ack, ack, path, ACK_DELAY_MS);
  }

  #path(packet: Packet, { from, path, ack }: PathReturn): void {
    this.#paths.set(from, path);
    this.count("paths learnt");
    if (ack !== undefined) this.#settle(ack);
    if (packet.route === Route.Flood) {
      this.#direct(Type.Path, this.#pathReturn(from, packet.path), path, RECIPROCAL_DELAY_MS);
    }
  }

  #acknowledged(packet: Packet): boolean {
    const from = this.#settle(packet.payload);
    if (from === undefined) return false;
    const path = this.#paths.get(from);
    if (packet.route === Route.Flood && path !== undefined) {
      // The other floods although we have a path to it: it has not got ours.
      this.#direct(Type.Path, this.#pathReturn(from, packet.path), path, RETURN_RETRY_DELAY_MS);
    }
    return true;
  }

  /** Ends what an ack is for; whom it came from, undefined if it is not for a message of ours. */
  #settle(ack: Uint8Array): RivalAddress | undefined {
    const view = new DataView(ack.buffer, ack.byteOffset, ack.byteLength);
    if (ack.length < ACK_SIZE || view.getUint16(2) !== this.address) return undefined;
    const message = this.#unconfirmed.get(view.getUint16(4));
    if (message === undefined || message.to !== view.getUint16(0)) return undefined;
    this.#unconfirmed.delete(message.serial);
    this.confirm(message.data);
    return message.to;
  }

  #attempt(message: Unconfirmed): void {
    const { to, serial, data } = message;
    if (message.attempts === DIRECT_ATTEMPTS) this.#paths.delete(to);
    const payload = sealText({ from: this.address, to, serial, attempt: message.attempts, data });
    message.attempts++;
    const ms = this.airtimeMs(2 + payload.length);
    const path = this.#paths.get(to);
    if (path === undefined) {
      this.#flood(Type.Text, payload, 0, 1);
      message.timeoutAt = this.now + TIMEOUT_BASE_MS + TIMEOUT_FLOOD_FACTOR * ms;
    } else {
      this.#direct(Type.Text, payload, path, 0);
      const hop = ms * TIMEOUT_HOP_FACTOR + TIMEOUT_HOP_MS;
      message.timeoutAt = this.now + TIMEOUT_BASE_MS + hop * (path.length + 1);
    }
  }

  #pathReturn(to: RivalAddress, path: Uint8Array, ack?: Uint8Array): Uint8Array {
    return sealPath({ from: this.address, to, path, ack }, this.random(0, 0x10000));
  }

  #flood(type: Type, payload: Uint8Array, delay: number, priority: number): void {
    const packet: Packet = { type, route: Route.Flood, path: new Uint8Array(0), payload };
    this.#seen.set(seenKey(packet), true);
    this.#enqueue(packet, priority, delay);
  }

  #direct(type: Type, payload: Uint8Array, path: Uint8Array, delay: number): void {
    const packet: Packet = { type, route: Route.Direct, path, payload };
    this.#seen.set(seenKey(packet), true);
    this.#enqueue(packet, type === Type.Path ? 1 : 0, delay);
  }

  /** Notes a packet; false if it was noted before. */
  #first(packet: Packet): boolean {
    const key = seenKey(packet);
    if (this.#seen.get(key) === true) {
      this.count("duplicates");
      return false;
    }
    this.#seen.set(key, true);
    return true;
  }

  #delay(packet: Packet, factor: number): number {
    const ms = Math.trunc(this.airtimeMs(lengthOf(packet)) * factor);
    return this.random(0, 5 * ms + 1);
  }

  #enqueue(packet: Packet, priority: number, delay: number): void {
    if (this.#queue.length >= QUEUE_SIZE) {
      this.count("queue full");
      return;
    }
    this.#queue.push({ packet, priority, at: this.now + delay });
  }

  /** When something of the queue may be tried. */
  #sendAt(): number | undefined {
    let first: number | undefined;
    for (const { at } of this.#queue) if (first === undefined || at < first) first = at;
    return first === undefined ? undefined : Math.max(first, this.sendingUntil, this.#notBefore);
  }

  #sendNext(): void {
    const { now } = this;
    let best: Outbound | undefined;
    for (const one of this.#queue) {
      if (one.at <= now && (best === undefined || one.priority < best.priority)) best = one;
    }
    if (best === undefined) return;
    const frame = encode(best.packet);
    const allowed = this.allowedAt(frame.length);
    if (allowed > now) {
      this.count("waited for the duty cycle");
      this.#notBefore = allowed;
      return;
    }
    const status = this.transmit(frame, kindOf(best.packet));
    if (status === Status.RadioBusy) {
      this.#notBefore = now + this.random(1, 4) * 120;
      return;
    }
    this.#queue.splice(this.#queue.indexOf(best), 1);
  }
}

/** First byte of a node's public key: 0 and 255 are not used. */
function hashOf(address: RivalAddress): number {
  let z = Math.imul(address + 0x9e37, 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (((z ^ (z >>> 16)) >>> 0) % 254) + 1;
}

function lengthOf({ path, payload }: Packet): number {
  return 2 + path.length + payload.length;
}

function encode({ type, route, path, payload }: Packet): Uint8Array {
  return Uint8Array.of((type << 2) | route, path.length, ...path, ...payload);
}

function decode(frame: Uint8Array): Packet | undefined {
  const header = frame[0] ?? 0;
  const hops = frame[1] ?? 0;
  const type = ((header >> 2) & 15) as Type;
  const route = (header & 3) as Route;
  if (frame.length < 2 + hops || !Object.values(Type).includes(type)) return undefined;
  return { type, route, path: frame.slice(2, 2 + hops), payload: frame.slice(2 + hops) };
}

/** What tells packets apart: type and payload, not the path. */
function seenKey({ type, payload }: Packet): string {
  return `${type}:${String.fromCharCode(...payload)}`;
}

/** A payload for `to` with room for so many bytes of plaintext in whole blocks behind the hashes and the MAC. */
function sealed(from: RivalAddress, to: RivalAddress, clear: number): { payload: Uint8Array; view: DataView } {
  const payload = new Uint8Array(PLAIN + Math.ceil(clear / BLOCK) * BLOCK);
  payload[0] = hashOf(to);
  payload[1] = hashOf(from);
  return { payload, view: new DataView(payload.buffer) };
}

function plain(payload: Uint8Array): DataView | undefined {
  if (payload.length < PLAIN + BLOCK) return undefined;
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
}

interface Text {
  readonly from: RivalAddress;
  readonly to: RivalAddress;
  readonly serial: number;
  readonly attempt: number;
  readonly data: Uint8Array;
}

/**
 * Time stamp (4 bytes), attempt (1) and text, as long as the real ones. The sender lies where the MAC is, recipient and
 * serial number in the time stamp, the length of the padding in the attempt's spare bits.
 */
function sealText({ from, to, serial, attempt, data }: Text): Uint8Array {
  const { payload, view } = sealed(from, to, 5 + data.length);
  view.setUint16(2, from);
  view.setUint16(PLAIN, to);
  view.setUint16(PLAIN + 2, serial);
  payload[PLAIN + 4] = (attempt & 3) | ((payload.length - PLAIN - 5 - data.length) << 2);
  payload.set(data, PLAIN + 5);
  return payload;
}

function openText(payload: Uint8Array): Text | undefined {
  const view = plain(payload);
  if (view === undefined) return undefined;
  const flags = view.getUint8(PLAIN + 4);
  return {
    from: view.getUint16(2),
    to: view.getUint16(PLAIN),
    serial: view.getUint16(PLAIN + 2),
    attempt: flags & 3,
    data: payload.slice(PLAIN + 5, payload.length - (flags >> 2)),
  };
}

interface PathReturn {
  readonly from: RivalAddress;
  readonly to: RivalAddress;
  readonly path: Uint8Array;
  readonly ack?: Uint8Array | undefined;
}

/** Length and hashes of the path, then an ack (7 bytes with its type) or a dummy (5), which name both ends here. */
function sealPath({ from, to, path, ack }: PathReturn, random: number): Uint8Array {
  const at = PLAIN + 1 + path.length;
  const { payload, view } = sealed(from, to, 1 + path.length + (ack === undefined ? 5 : 1 + ACK_SIZE));
  // No two are alike: the real ones hold a random byte or four.
  view.setUint16(2, random);
  payload[PLAIN] = path.length;
  payload.set(path, PLAIN + 1);
  payload[at] = ack === undefined ? 0xff : Type.Ack;
  view.setUint16(at + 1, from);
  view.setUint16(at + 3, to);
  if (ack !== undefined) payload.set(ack, at + 1);
  return payload;
}

function openPath(payload: Uint8Array): PathReturn | undefined {
  const view = plain(payload);
  if (view === undefined) return undefined;
  const at = PLAIN + 1 + view.getUint8(PLAIN);
  if (at + 5 > payload.length) return undefined;
  const path = payload.slice(PLAIN + 1, at);
  const ack = payload[at] === Type.Ack ? payload.slice(at + 1, at + 1 + ACK_SIZE) : undefined;
  return { from: view.getUint16(at + 1), to: view.getUint16(at + 3), path, ack };
}

/** As long as the firmware's: who acknowledges, whose message, which. */
function ackOf(from: RivalAddress, to: RivalAddress, serial: number): Uint8Array {
  const ack = new Uint8Array(ACK_SIZE);
  const view = new DataView(ack.buffer);
  view.setUint16(0, from);
  view.setUint16(2, to);
  view.setUint16(4, serial);
  return ack;
}

/** Public key, time, signature, and 21 bytes of type, position and name. */
function advert(address: RivalAddress): Uint8Array {
  const payload = new Uint8Array(32 + 4 + 64 + 21);
  new DataView(payload.buffer).setUint16(0, address);
  return payload;
}

function kindOf({ type }: Packet): AirtimeKind {
  if (type === Type.Text) return "data";
  return type === Type.Advert ? "announce" : "ack";
}
