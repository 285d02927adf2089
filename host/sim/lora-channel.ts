/**
 * The air: airtime, path loss, noise, capture, half duplex and CAD for any number of stations.
 *
 * What is modelled, for each listener of a transmission:
 * * it must be at or above the noise by the threshold of its spreading factor;
 * * a listener that sends at any moment of it hears nothing of it (half duplex);
 * * a receiver locks on the first preamble it can decode and stays with it to the end, garbled or not; a later frame
 *   takes it over only while that preamble lasts and if it is 6 dB stronger (Bor et al., Do LoRa low-power wide-area
 *   networks scale?, MSWiM 2016, sections 4.2-4.3);
 * * it survives others of its spreading factor that overlap with it if it is 6 dB above their sum; all that overlap at
 *   any moment count together, which overstates rather than understates the harm;
 * * other spreading factors on the same frequency disturb only when stronger by their rejection; other frequencies do
 *   not meet at all.
 * CAD sees a transmission of its own modulation that is decodable in strength, but not in its first two symbols. Listening
 * before talking looks at power alone: a station that has to finds the channel taken if all that was on it at any time of
 * its listening, of whatever modulation, comes to more than the threshold.
 * Propagation takes no time: 15 km are 50 microseconds, less than a symbol.
 */
import { FrameFlag, Status } from "../core/abi.gen.ts";
import type { Phy } from "../radio/channel.ts";
import {
  CAPTURE_CENTIDB,
  linear,
  lossCentiDb,
  noiseCentiDbm,
  otherSfCentiDb,
  type Propagation,
  sameModulation,
  snrThresholdCentiDb,
} from "./propagation.ts";
import type { EventQueue, SimEvent } from "./queue.ts";

/** One radio on the channel. */
export interface RadioSite {
  /** Metres. */
  readonly x: number;
  readonly y: number;
  /** What it sends with and listens to. */
  readonly phy: Phy;
  /** Its region asks for listening before talking: the channel must have been at or below dBm for so many ms. */
  readonly lbt?: { readonly thresholdDbm: number; readonly ms: number } | undefined;
  /** A frame has been received. `frame` is valid during the call only; rssi in dBm, snr in quarter dB. */
  receive(frame: Uint8Array, rssiDbm: number, snrQdb: number): void;
}

/** Told of every transmission when it starts: the law, the trace, the report. */
export interface AirObserver {
  transmission(from: number, phy: Phy, startMs: number, airtimeUs: number, frame: Uint8Array): void;
  /** A transmission was cut off at `nowMs` by a power cut. */
  cut?(from: number, startMs: number, nowMs: number): void;
}

export interface LoraChannelOptions {
  readonly queue: EventQueue;
  /** Microseconds on air of a frame: the core's own formula. */
  readonly airtimeUs: (phy: Phy, length: number) => number;
  readonly propagation: Propagation;
  readonly seed: number;
}

/** What became of the frames of one transmission, over all listeners in reach. */
export interface AirCounts {
  transmissions: number;
  /** Receptions that came through. */
  received: number;
  /** Lost to others of the same modulation, or to a stronger one of another. */
  collided: number;
  /** Lost because the listener was sending. */
  deaf: number;
  /** Lost because the receiver was locked on another frame, or off when the preamble came. */
  missed: number;
}

/** Lane of the queue for what happens on the air: before any timer of the same moment. */
export const AIR_LANE = 0;

/** A frame handed over this long before the one under way ends starts right behind it (the core rounds to 1 ms). */
const EARLY_MS = 1;

/** Symbols a transmission must have lasted before CAD can see it. */
const CAD_BLIND_SYMBOLS = 2;

/** Microseconds are exact to a thousandth of a ms; no finer difference is meant. */
const EPSILON_MS = 1e-6;

/** An interferer this much weaker than the signal is left out of the sum. */
const NEGLIGIBLE_CENTIDB = 4000;

const NONE = -1;

/** A level in hundredths of dBm at which nothing arrives. */
const NOTHING = -30_000;

interface Transmission {
  readonly id: number;
  readonly from: number;
  readonly phy: Phy;
  readonly frame: Uint8Array;
  readonly startMs: number;
  endMs: number;
  readonly preambleEndMs: number;
  readonly seenFromMs: number;
  /** Those on the air at some moment together with it, in the order they started. */
  readonly overlaps: Transmission[];
  cut: boolean;
}

export class LoraChannel implements SimEvent {
  readonly counts: AirCounts = { transmissions: 0, received: 0, collided: 0, deaf: 0, missed: 0 };
  /** Microseconds on the air of each station so far. */
  airtimeUs = new Float64Array(0);
  /** Milliseconds of each station in which it sent or a frame it can decode in strength was on the air, overlaps once. */
  takenMs = new Float64Array(0);
  /** Until when the channel is taken at each station as far as is known. */
  #takenEnd = new Float64Array(0);
  readonly #options: LoraChannelOptions;
  readonly #sites: RadioSite[] = [];
  readonly #observers: AirObserver[] = [];
  /** Level of station a's transmissions at station b, hundredths of dBm, at a * n + b. */
  #levels = new Int16Array(0);
  /** The same with nobody cut off. */
  #clear = new Int16Array(0);
  /** Noise at each station, hundredths of dBm. */
  #noise = new Int32Array(0);
  /** For each station, who decodes it when nothing disturbs. */
  #audible: Uint32Array[] = [];
  #n = 0;
  /** Id of the transmission a receiver is locked on. */
  #lock = new Int32Array(0);
  #lockEnd = new Float64Array(0);
  /** Until when the station itself is on the air. */
  #sendEnd = new Float64Array(0);
  /** When the station last began to send. */
  #sendStart = new Float64Array(0);
  /** 1 while the station has power. */
  #on = new Uint8Array(0);
  /** On the air now, in the order they started. */
  #active: Transmission[] = [];
  /** Ended lately enough for a listening station to have heard it; kept only if there is such a station. */
  #past: Transmission[] = [];
  #listenMs = 0;
  readonly #waiting = new Map<number, Transmission>();
  #nextId = 0;

  constructor(options: LoraChannelOptions) {
    this.#options = options;
  }

  /** Adds a station and gives its index; all must be there before `connect`. */
  add(site: RadioSite): number {
    return this.#sites.push(site) - 1;
  }

  observe(observer: AirObserver): void {
    this.#observers.push(observer);
  }

  /** Computes who hears whom. `blocked` says which pairs are cut off from each other by construction. */
  connect(blocked: (a: number, b: number) => boolean = () => false): void {
    const n = this.#sites.length;
    this.#n = n;
    this.#listenMs = Math.max(0, ...this.#sites.map(({ lbt }) => lbt?.ms ?? 0));
    this.#clear = new Int16Array(n * n);
    this.airtimeUs = new Float64Array(n);
    this.takenMs = new Float64Array(n);
    this.#takenEnd = new Float64Array(n);
    this.#lock = new Int32Array(n).fill(NONE);
    this.#lockEnd = new Float64Array(n);
    this.#sendEnd = new Float64Array(n);
    this.#sendStart = new Float64Array(n).fill(-Infinity);
    this.#on = new Uint8Array(n).fill(1);
    const { propagation, seed } = this.#options;
    this.#noise = Int32Array.from(this.#sites, ({ phy }) => noiseCentiDbm(phy.bandwidthHz, propagation.noiseFigureDb));
    for (let a = 0; a < n; a++) {
      const one = this.#sites[a] as RadioSite;
      for (let b = a + 1; b < n; b++) {
        const other = this.#sites[b] as RadioSite;
        const dx = one.x - other.x;
        const dy = one.y - other.y;
        const loss = lossCentiDb(propagation, seed, a, b, Math.sqrt(dx * dx + dy * dy));
        this.#clear[a * n + b] = clampLevel(one.phy.powerDbm * 100 - loss);
        this.#clear[b * n + a] = clampLevel(other.phy.powerDbm * 100 - loss);
      }
    }
    this.repartition(blocked);
  }

  /** Changes which pairs are cut off from each other; receivers stay with what they had locked on. */
  repartition(blocked: (a: number, b: number) => boolean): void {
    const n = this.#n;
    // Shared while nobody is cut off, which is most of the time.
    this.#levels = this.#clear;
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        if (a === b || !blocked(a, b)) continue;
        if (this.#levels === this.#clear) this.#levels = this.#clear.slice();
        this.#levels[a * n + b] = NOTHING;
      }
    }
    this.#audible = this.#sites.map((_, a) => {
      const list: number[] = [];
      for (let b = 0; b < n; b++) if (a !== b && this.#decodable(a, b)) list.push(b);
      return Uint32Array.from(list);
    });
  }

  /** Who decodes station `index` when nothing disturbs, ascending. */
  audible(index: number): Uint32Array {
    return this.#audible[index] ?? new Uint32Array(0);
  }

  /** Level of `from` at `to` in dBm. */
  levelDbm(from: number, to: number): number {
    return (this.#levels[from * this.#n + to] ?? 0) / 100;
  }

  /** Power on or off. A transmission under way is cut off with the power. */
  power(index: number, on: boolean): void {
    this.#on[index] = on ? 1 : 0;
    if (on) return;
    this.#waiting.delete(index);
    const { now } = this.#options.queue;
    for (const transmission of this.#active) {
      if (transmission.from !== index || transmission.cut || transmission.endMs <= now) continue;
      for (const observer of this.#observers) observer.cut?.(index, transmission.startMs, now);
      this.airtimeUs[index] = (this.airtimeUs[index] as number) - (transmission.endMs - now) * 1000;
      transmission.cut = true;
      transmission.endMs = now;
    }
    this.#sendEnd[index] = Math.min(this.#sendEnd[index] as number, now);
    this.#lock[index] = NONE;
  }

  /** True while the station is on the air itself. */
  sending(index: number): boolean {
    return (this.#sendEnd[index] as number) > this.#options.queue.now + EPSILON_MS || this.#waiting.has(index);
  }

  /** Channel activity detection at a station. */
  busy(index: number): boolean {
    const { now } = this.#options.queue;
    const { phy } = this.#sites[index] as RadioSite;
    for (const other of this.#active) {
      if (other.from === index || other.endMs <= now || other.seenFromMs > now) continue;
      if (sameModulation(other.phy, phy) && this.#audibleFrom(other.from, index)) return true;
    }
    return false;
  }

  /** Power of all that was on a station's channel at any time of the last `ms`, its own left out, in dBm. */
  powerDbm(index: number, ms: number): number {
    const { now } = this.#options.queue;
    const { phy } = this.#sites[index] as RadioSite;
    let power = 0;
    for (const other of [...this.#active, ...this.#past]) {
      if (other.from === index || other.endMs <= now - ms || other.startMs > now) continue;
      const apartHz = Math.abs(other.phy.frequencyHz - phy.frequencyHz);
      if (2 * apartHz >= other.phy.bandwidthHz + phy.bandwidthHz) continue;
      power += linear(this.#levels[other.from * this.#n + index] as number);
    }
    return power === 0 ? -Infinity : 10 * Math.log10(power);
  }

  /**
   * Puts an air frame on the air, after CAD unless `flags` say it is the second half of a link frame, and
   * after listening if the station has to.
   * Ok, RadioBusy, or RadioFailed for a frame no radio can send.
   */
  send(index: number, frame: Uint8Array, flags: number): number {
    const { queue, airtimeUs } = this.#options;
    const { phy } = this.#sites[index] as RadioSite;
    const us = airtimeUs(phy, frame.length);
    if (us <= 0 || frame.length === 0 || this.#on[index] === 0) return Status.RadioFailed;
    const left = (this.#sendEnd[index] as number) - queue.now;
    if (this.#waiting.has(index) || left > EARLY_MS) return Status.RadioBusy;
    if ((flags & FrameFlag.Continue) === 0 && this.busy(index)) return Status.RadioBusy;
    const { lbt } = this.#sites[index] as RadioSite;
    if (lbt !== undefined && this.powerDbm(index, lbt.ms) > lbt.thresholdDbm) return Status.RadioBusy;
    const startMs = left > EPSILON_MS ? (this.#sendEnd[index] as number) : queue.now;
    const symbolMs = (2 ** phy.spreadingFactor / phy.bandwidthHz) * 1000;
    const transmission: Transmission = {
      id: this.#nextId++,
      from: index,
      phy,
      frame: frame.slice(),
      startMs,
      endMs: startMs + us / 1000,
      // The sync word and the start of frame are 4.25 symbols (AN1200.13).
      preambleEndMs: startMs + (phy.preamble + 4.25) * symbolMs,
      seenFromMs: startMs + CAD_BLIND_SYMBOLS * symbolMs,
      overlaps: [],
      cut: false,
    };
    if (startMs > queue.now) {
      this.#waiting.set(index, transmission);
      queue.at(startMs, AIR_LANE, new Later(this, index));
    } else {
      this.#begin(transmission);
    }
    return Status.Ok;
  }

  /** Starts the transmission that was waiting for the station's own one before it. */
  startWaiting(index: number): void {
    const transmission = this.#waiting.get(index);
    this.#waiting.delete(index);
    if (transmission !== undefined) this.#begin(transmission);
  }

  /** The end of transmission `id`. */
  fire(id: number): void {
    const at = this.#active.findIndex((transmission) => transmission.id === id);
    const transmission = this.#active[at];
    if (transmission === undefined) return;
    this.#active.splice(at, 1);
    if (this.#listenMs > 0) {
      const { now } = this.#options.queue;
      this.#past = this.#past.filter(({ endMs }) => endMs > now - this.#listenMs);
      this.#past.push(transmission);
    }
    const { from } = transmission;
    const list = this.#audible[from] as Uint32Array;
    for (const to of list) {
      if (this.#lock[to] !== id) {
        // Whoever sent, or was held by another frame, when this one's preamble came.
        if (this.#wasSending(to, transmission)) this.counts.deaf++;
        else this.counts.missed++;
        continue;
      }
      this.#lock[to] = NONE;
      if (transmission.cut) continue;
      if (this.#disturbed(transmission, to)) {
        this.counts.collided++;
        continue;
      }
      this.counts.received++;
      const level = this.#levels[from * this.#n + to] as number;
      const snr = level - (this.#noise[to] as number);
      (this.#sites[to] as RadioSite).receive(
        transmission.frame,
        Math.round(level / 100),
        // A LoRa modem reports no more than about 12 dB whatever the strength.
        Math.min(Math.round(snr / 25), 48),
      );
    }
    // It is kept by those it overlaps with; it needs them no longer itself, and a chain would keep everything alive.
    transmission.overlaps.length = 0;
  }

  #begin(transmission: Transmission): void {
    const { from, phy, startMs, endMs } = transmission;
    const { queue } = this.#options;
    this.counts.transmissions++;
    this.airtimeUs[from] = (this.airtimeUs[from] as number) + (endMs - startMs) * 1000;
    this.#sendStart[from] = startMs;
    this.#sendEnd[from] = endMs;
    // Whatever the station was receiving is lost.
    this.#lock[from] = NONE;
    for (const other of this.#active) {
      if (other.endMs <= startMs + EPSILON_MS || other.phy.frequencyHz !== phy.frequencyHz) continue;
      other.overlaps.push(transmission);
      transmission.overlaps.push(other);
    }
    this.#active.push(transmission);
    this.#take(from, startMs, endMs);
    for (const to of this.#audible[from] as Uint32Array) {
      this.#take(to, startMs, endMs);
      if (!this.#locks(transmission, to)) continue;
      this.#lock[to] = transmission.id;
      this.#lockEnd[to] = endMs;
    }
    for (const observer of this.#observers) {
      observer.transmission(from, phy, startMs, Math.round((endMs - startMs) * 1000), transmission.frame);
    }
    queue.at(endMs, AIR_LANE, this, transmission.id);
  }

  /** The channel is taken at a station for that time; what a power cut leaves out of it is not worth counting. */
  #take(station: number, startMs: number, endMs: number): void {
    const from = Math.max(startMs, this.#takenEnd[station] as number);
    if (endMs <= from) return;
    this.takenMs[station] = (this.takenMs[station] as number) + endMs - from;
    this.#takenEnd[station] = endMs;
  }

  /** Does the receiver of `to` take up this transmission's preamble? */
  #locks(transmission: Transmission, to: number): boolean {
    const { startMs, phy, from } = transmission;
    const site = this.#sites[to] as RadioSite;
    if (this.#on[to] === 0 || (this.#sendEnd[to] as number) > startMs + EPSILON_MS) return false;
    if (!sameModulation(site.phy, phy) || site.phy.syncWord !== phy.syncWord) return false;
    const held = this.#lock[to] as number;
    if (held === NONE || (this.#lockEnd[to] as number) <= startMs + EPSILON_MS) return true;
    const holder = this.#active.find((other) => other.id === held);
    if (holder === undefined) return true;
    const stronger =
      (this.#levels[from * this.#n + to] as number) - (this.#levels[holder.from * this.#n + to] as number);
    return startMs < holder.preambleEndMs && stronger >= CAPTURE_CENTIDB;
  }

  #disturbed(transmission: Transmission, to: number): boolean {
    const { overlaps, phy, from } = transmission;
    if (overlaps.length === 0) return false;
    const level = this.#levels[from * this.#n + to] as number;
    let same = 0;
    let others = 0;
    for (const other of overlaps) {
      if (other.from === to) continue;
      const its = this.#levels[other.from * this.#n + to] as number;
      // In a city hundreds overlap somewhere; a ten-thousandth of the signal decides nothing.
      if (its < level - NEGLIGIBLE_CENTIDB) continue;
      const power = linear(its);
      if (sameModulation(other.phy, phy)) same += power;
      else others += power;
    }
    if (same > 0 && linear(level - CAPTURE_CENTIDB) < same) return true;
    return others > 0 && linear(level - otherSfCentiDb(phy.spreadingFactor)) < others;
  }

  #wasSending(to: number, transmission: Transmission): boolean {
    return (this.#sendStart[to] as number) < transmission.endMs && (this.#sendEnd[to] as number) > transmission.startMs;
  }

  #audibleFrom(from: number, to: number): boolean {
    // Ascending, so a search by halves.
    const list = this.#audible[from] as Uint32Array;
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle] as number) < to) low = middle + 1;
      else high = middle;
    }
    return list[low] === to;
  }

  #decodable(from: number, to: number): boolean {
    const { phy } = this.#sites[from] as RadioSite;
    const snr = (this.#levels[from * this.#n + to] as number) - (this.#noise[to] as number);
    return snr >= snrThresholdCentiDb(phy.spreadingFactor);
  }
}

/** Hundredths of dBm in 16 bits: below -300 dBm there is nothing. */
function clampLevel(centiDbm: number): number {
  return Math.max(NOTHING, Math.min(-NOTHING, centiDbm));
}

/** A transmission that begins when its station's own one before it ends. */
class Later implements SimEvent {
  readonly #channel: LoraChannel;
  readonly #index: number;

  constructor(channel: LoraChannel, index: number) {
    this.#channel = channel;
    this.#index = index;
  }

  fire(): void {
    this.#channel.startWaiting(this.#index);
  }
}
