/**
 * How often the airtime ledger writes its record in a year of a given load: the ledger's rule
 * (core-as/assembly/link/airtime.ts) restated, since a core has no way to live through a year in seconds. A test holds the
 * two together, write by write.
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const YEAR_MS = 365 * 24 * HOUR_MS;
/** Minutes that count, and parts of the allowance that are reserved one by one. */
const KEPT = 62;
const EIGHTHS = 8;

/** The part of the ledger that decides about writes. All times in whole ms of the node's clock, airtimes in us. */
export class LedgerModel {
  writes = 0;
  readonly #allowanceUs: number;
  readonly #largestUs: number;
  readonly #minutes = new Float64Array(KEPT);
  #newest = KEPT;
  #used = 0;
  #reserved = 0;

  /** `largestUs`: the largest link frame, two air frames of 255 bytes. */
  constructor(dutyPermille: number, largestUs: number) {
    this.#allowanceUs = dutyPermille * 3_600_000;
    this.#largestUs = largestUs;
  }

  /** True if a frame of `us` may go out now. */
  lawful(us: number, nowMs: number): boolean {
    this.#advance(nowMs);
    return this.#used + us <= this.#allowanceUs;
  }

  /** A frame of `us` goes out now: the record is written if it has to be. */
  send(us: number, nowMs: number): void {
    this.#advance(nowMs);
    const eighth = Math.floor(this.#allowanceUs / EIGHTHS);
    const need = Math.min(Math.floor((this.#used + this.#largestUs + eighth - 1) / eighth), EIGHTHS);
    if (need > this.#reserved || need + 1 < this.#reserved) {
      this.#reserved = need > this.#reserved ? need : need + 1;
      this.writes++;
    }
    // Charged to the minute it ends in.
    this.#advance(nowMs + Math.ceil(us / 1000));
    this.#minutes[this.#newest % KEPT] = (this.#minutes[this.#newest % KEPT] ?? 0) + us;
    this.#used += us;
  }

  #advance(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS) + KEPT;
    for (; this.#newest < minute; this.#newest++) {
      const at = (this.#newest + 1) % KEPT;
      this.#used -= this.#minutes[at] as number;
      this.#minutes[at] = 0;
    }
  }
}

/** What a node has to send. */
export type LedgerLoad =
  /** Beacons alone. */
  | "idle"
  /** A relay of a village: beacons, and packets that come by day three times as often as by night. */
  | "village"
  /** Something to send whenever the law lets it out. */
  | "saturated"
  /** Bursts of a size and an interval that make the ledger write most often, found by trying them. */
  | "bursts";

export const LEDGER_LOADS: readonly LedgerLoad[] = ["idle", "village", "saturated", "bursts"];

/** No load writes more often in an hour (docs/airtime.md). */
export const LEDGER_WRITES_PER_HOUR_MAX = 18;

export interface LedgerWear {
  readonly load: LedgerLoad;
  /** Writes of the airtime record in 365 days. */
  readonly writesPerYear: number;
  /** The most in any clock hour. */
  readonly worstHour: number;
  /** Part of the allowance used, 0..1. */
  readonly used: number;
}

export interface LedgerWearOptions {
  readonly dutyPermille?: number;
  /** Airtime of the beacon's frame, of a single air frame of 255 bytes, in us: SF8, 125 kHz, 4/5, preamble 18 by default. */
  readonly beaconUs?: number;
  readonly frameUs?: number;
  /** Packets of two air frames that a village's relay sends in an hour of the day. */
  readonly packetsPerHour?: number;
  readonly seed?: number;
}

/** Lives through a year of the load. A few seconds at most. */
export function ledgerWritesPerYear(load: LedgerLoad, options: LedgerWearOptions = {}): LedgerWear {
  const { dutyPermille = 100, beaconUs = 123_392, frameUs = 727_552, packetsPerHour = 30, seed = 1 } = options;
  const packetUs = 2 * frameUs;
  const ledger = new LedgerModel(dutyPermille, packetUs);
  const unit = lehmer(seed);
  let airUs = 0;
  let hour = 0;
  let hourWrites = 0;
  let worstHour = 0;
  const send = (us: number, nowMs: number): boolean => {
    if (!ledger.lawful(us, nowMs)) return false;
    const before = ledger.writes;
    ledger.send(us, nowMs);
    airUs += us;
    if (Math.floor(nowMs / HOUR_MS) !== hour) {
      hour = Math.floor(nowMs / HOUR_MS);
      hourWrites = 0;
    }
    hourWrites += ledger.writes - before;
    worstHour = Math.max(worstHour, hourWrites);
    return true;
  };
  const beaconMs = Math.max(10_000, (200 * beaconUs) / 1000);
  if (load === "saturated") {
    // What is refused is asked for again when the next minute leaves the window.
    for (let now = 0; now < YEAR_MS;) {
      now = send(packetUs, now) ? now + Math.ceil(packetUs / 1000) : (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
    }
  } else if (load === "bursts") {
    const { minutes, eighths } = worstBursts(dutyPermille, frameUs);
    for (let from = 0; from < YEAR_MS; from += minutes * MINUTE_MS) burst(dutyPermille, frameUs, eighths, from, send);
  } else {
    let beaconAt = 0;
    let packetAt = load === "village" ? 0 : Infinity;
    while (Math.min(beaconAt, packetAt) < YEAR_MS) {
      if (beaconAt <= packetAt) {
        send(beaconUs, Math.floor(beaconAt));
        beaconAt += beaconMs * (0.9 + 0.2 * unit());
      } else {
        send(packetUs, Math.floor(packetAt));
        const night = Math.floor(packetAt / HOUR_MS) % 24 < 8;
        packetAt += (-Math.log(1 - unit()) * HOUR_MS) / (night ? packetsPerHour / 3 : packetsPerHour);
      }
    }
  }
  const allowedUs = dutyPermille * 3_600_000 * (YEAR_MS / HOUR_MS);
  return { load, writesPerYear: ledger.writes, worstHour, used: airUs / allowedUs };
}

type Send = (us: number, nowMs: number) => boolean;

/** Sends air frames that come to so many eighths of the allowance, one behind the other. */
function burst(dutyPermille: number, frameUs: number, eighths: number, fromMs: number, send: Send): void {
  let now = fromMs;
  for (let left = (eighths * dutyPermille * 3_600_000) / EIGHTHS; left >= frameUs; left -= frameUs) {
    send(frameUs, now);
    now += Math.ceil(frameUs / 1000);
  }
}

/** The bursts, every so many minutes, that write most often in a day. */
function worstBursts(dutyPermille: number, frameUs: number): { readonly minutes: number; readonly eighths: number } {
  let worst = { minutes: 0, eighths: 0, writes: -1 };
  for (let minutes = 7; minutes <= 62; minutes++) {
    for (let eighths = 0.5; eighths <= 3; eighths += 0.02) {
      const ledger = new LedgerModel(dutyPermille, 2 * frameUs);
      const send: Send = (us, now) => {
        const lawful = ledger.lawful(us, now);
        if (lawful) ledger.send(us, now);
        return lawful;
      };
      for (let from = 0; from < 24 * HOUR_MS; from += minutes * MINUTE_MS) {
        burst(dutyPermille, frameUs, eighths, from, send);
      }
      if (ledger.writes > worst.writes) worst = { minutes, eighths, writes: ledger.writes };
    }
  }
  return worst;
}

/** Numbers in [0, 1), the same for the same seed (Park and Miller, 1988). */
function lehmer(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
