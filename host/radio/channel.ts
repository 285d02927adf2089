/**
 * A first LoRa channel: everyone in one place, with airtime, half duplex, collisions, CAD and loss by seed.
 *
 * Two transmissions that overlap on the same frequency, bandwidth and spreading factor destroy each other for every
 * listener; there is no distance and no capture effect here.
 */
import type { Clock } from "./clock.ts";
import { SeededRandom } from "./random.ts";

/** Radio settings of a transmission. Frequencies in Hz, coding rate 5-8 for 4/5-4/8, preamble in symbols. */
export interface Phy {
  readonly frequencyHz: number;
  readonly bandwidthHz: number;
  readonly spreadingFactor: number;
  readonly codingRate: number;
  readonly preamble: number;
  readonly powerDbm: number;
  readonly syncWord: number;
}

export interface Reception {
  readonly rssiDbm: number;
  /** Quarter dB. */
  readonly snrQdb: number;
  readonly frame: Uint8Array;
}

/** One radio on the channel. */
export interface Station {
  readonly name: string;
  /** What the station listens to; undefined while its radio is not set up. */
  phy(): Phy | undefined;
  receive(reception: Reception): void;
}

export interface ChannelOptions {
  readonly clock: Clock;
  /** Microseconds on air of a frame. */
  readonly airtimeUs: (phy: Phy, length: number) => number;
  readonly seed: number;
  /** Probability that one listener misses one frame for no reason; 0 by default. */
  readonly loss?: number;
  /** Signal at every listener; -80 dBm and 10 dB by default. */
  readonly rssiDbm?: number;
  readonly snrQdb?: number;
  /** Told of every frame, when it ends. */
  readonly trace?: (entry: TraceEntry) => void;
}

export interface TraceEntry {
  readonly startMs: number;
  readonly endMs: number;
  readonly from: string;
  readonly frame: Uint8Array;
  /** What became of it at each other station. */
  readonly outcomes: readonly { readonly to: string; readonly outcome: Outcome }[];
}

/** received; lost by chance; collided; deaf = the listener was sending; off = not tuned to it. */
export type Outcome = "received" | "lost" | "collided" | "deaf" | "off";

interface Transmission {
  readonly from: Station;
  readonly phy: Phy;
  readonly startMs: number;
  readonly endMs: number;
  readonly frame: Uint8Array;
  /** Its end has been dealt with. Two can end at the same moment, so the time alone does not tell. */
  ended: boolean;
}

/**
 * The second half of a link frame is handed over when the first one's airtime has passed by whole milliseconds, counted
 * from a time that was rounded down: up to this early, it starts when the first one ends.
 */
const EARLY_MS = 2;

/** Longest listening before talking a boot configuration can ask for (boards/config.ts). */
const LISTEN_MAX_MS = 255;

/** Two signals a receiver cannot tell apart. */
function sameChannel(a: Phy, b: Phy): boolean {
  return a.frequencyHz === b.frequencyHz && a.bandwidthHz === b.bandwidthHz && a.spreadingFactor === b.spreadingFactor;
}

export class Channel {
  readonly #options: ChannelOptions;
  readonly #random: SeededRandom;
  readonly #stations: Station[] = [];
  /** Transmissions on the air, and those that ended but overlap one that has not. */
  #transmissions: Transmission[] = [];

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  join(station: Station): void {
    this.#stations.push(station);
  }

  leave(station: Station): void {
    const index = this.#stations.indexOf(station);
    if (index >= 0) this.#stations.splice(index, 1);
  }

  /** Channel activity detection: does `station` hear a transmission like `phy`? Its own do not count. */
  busy(station: Station, phy: Pick<Phy, "frequencyHz" | "bandwidthHz" | "spreadingFactor">): boolean {
    const now = this.#options.clock.now();
    return this.#transmissions.some(
      (other) =>
        other.from !== station &&
        other.startMs <= now &&
        other.endMs > now &&
        sameChannel(other.phy, { ...other.phy, ...phy }),
    );
  }

  /**
   * Power on a channel at any time of the last `ms` at `station`, its own transmissions left out: what listening before
   * talking measures. Everybody's signal is as strong everywhere; whatever the modulation, it counts.
   */
  powerDbm(station: Station, where: Pick<Phy, "frequencyHz" | "bandwidthHz">, ms: number): number {
    const now = this.#options.clock.now();
    const heard = this.#transmissions.filter(
      ({ from, phy, startMs, endMs }) =>
        from !== station &&
        startMs <= now &&
        endMs > now - ms &&
        2 * Math.abs(phy.frequencyHz - where.frequencyHz) < phy.bandwidthHz + where.bandwidthHz,
    );
    return (this.#options.rssiDbm ?? -80) + 10 * Math.log10(heard.length);
  }

  /** True while `station` is on the air. */
  sending(station: Station): boolean {
    return this.#freeAt(station) > this.#options.clock.now();
  }

  /** When the last transmission of `station` ends or has ended, in ms; 0 if that is long ago. */
  #freeAt(station: Station): number {
    return Math.max(0, ...this.#transmissions.filter((other) => other.from === station).map((other) => other.endMs));
  }

  /**
   * Puts a frame on the air now, or as soon as the station's own transmission ends, if that is within 2 ms; `done` is
   * called when its airtime has passed. False, and nothing sent, if the station is still sending for longer, or the radio
   * cannot send this (no airtime).
   */
  send(from: Station, phy: Phy, frame: Uint8Array, done: () => void): boolean {
    const { clock, airtimeUs } = this.#options;
    const us = airtimeUs(phy, frame.length);
    const startMs = Math.max(clock.now(), this.#freeAt(from));
    if (us <= 0 || startMs - clock.now() > EARLY_MS) return false;
    const transmission: Transmission = {
      from,
      phy,
      startMs,
      endMs: startMs + us / 1000,
      frame: frame.slice(),
      ended: false,
    };
    this.#transmissions.push(transmission);
    clock.at(transmission.endMs, () => {
      this.#end(transmission);
      done();
    });
    return true;
  }

  #end(transmission: Transmission): void {
    const outcomes: { to: string; outcome: Outcome }[] = [];
    const overlapping = this.#transmissions.filter(
      (other) => other !== transmission && other.startMs < transmission.endMs && other.endMs > transmission.startMs,
    );
    for (const station of [...this.#stations]) {
      if (station === transmission.from) continue;
      const outcome = this.#outcome(transmission, station, overlapping);
      outcomes.push({ to: station.name, outcome });
      if (outcome !== "received") continue;
      const { rssiDbm = -80, snrQdb = 40 } = this.#options;
      station.receive({ rssiDbm, snrQdb, frame: transmission.frame.slice() });
    }
    const { startMs, endMs, from, frame } = transmission;
    transmission.ended = true;
    // An ended transmission still matters to any that was on the air with it.
    const earliest = Math.min(...this.#transmissions.filter((other) => !other.ended).map((other) => other.startMs));
    const listened = this.#options.clock.now() - LISTEN_MAX_MS;
    this.#transmissions = this.#transmissions.filter(
      (other) => !other.ended || other.endMs > earliest || other.endMs > listened,
    );
    this.#options.trace?.({ startMs, endMs, from: from.name, frame, outcomes });
  }

  #outcome(transmission: Transmission, station: Station, overlapping: readonly Transmission[]): Outcome {
    // One draw for each listener whatever else happens: a collision more does not shift the dice of a whole run.
    const lost = this.#random.unit() < (this.#options.loss ?? 0);
    const tuned = station.phy();
    if (tuned === undefined || !sameChannel(tuned, transmission.phy) || tuned.syncWord !== transmission.phy.syncWord) {
      return "off";
    }
    if (overlapping.some((other) => other.from === station)) return "deaf";
    if (overlapping.some((other) => sameChannel(other.phy, transmission.phy))) return "collided";
    return lost ? "lost" : "received";
  }
}
