/**
 * The regulator: watches the air itself and lists who broke the law of the region. It believes no node's ledger.
 *
 * Limits are those of a sub-band: the share of any 3600 s a station may be on the air (a sliding hour, exact, counted
 * across reboots of the station), radiated power, and the length of one transmission where the region limits it.
 */
import type { Phy } from "../radio/channel.ts";
import type { AirObserver } from "./lora-channel.ts";

export interface SubBand {
  readonly fromHz: number;
  readonly toHz: number;
  /** Per mille of any hour; 1000 where there is no limit. */
  readonly dutyPermille: number;
  /** Effective radiated power over a dipole, dBm. */
  readonly maxErpDbm: number;
  /** Longest transmission, where there is a limit. */
  readonly dwellMs?: number;
  /** Where the limits are written. */
  readonly source: string;
}

export interface Law {
  readonly name: string;
  readonly bands: readonly SubBand[];
}

/** Regions a scenario can name. */
export const LAWS: Readonly<Record<string, Law>> = {
  // Annex of Commission Implementing Decision (EU) 2019/1345, bands 47b, 48, 54 and 56b; ETSI EN 300 220-2 V3.2.1
  // table B.1 (the duty cycle there is of one hour, EN 300 220-1 section 5.4.1).
  eu868: {
    name: "eu868",
    bands: [
      { fromHz: 868_000_000, toHz: 868_600_000, dutyPermille: 10, maxErpDbm: 14, source: "EN 300 220-2 band M" },
      { fromHz: 868_700_000, toHz: 869_200_000, dutyPermille: 1, maxErpDbm: 14, source: "EN 300 220-2 band N" },
      { fromHz: 869_400_000, toHz: 869_650_000, dutyPermille: 100, maxErpDbm: 27, source: "EN 300 220-2 band P" },
    ],
  },
  // 47 CFR 15.247 (a)(1)(i) and (b)(2): hopping systems with at least 50 channels.
  us915: {
    name: "us915",
    bands: [
      {
        fromHz: 902_000_000,
        toHz: 928_000_000,
        dutyPermille: 1000,
        // 30 dBm conducted into 6 dBi is 36 dBm EIRP; EIRP is ERP + 2.15 dB.
        maxErpDbm: 33.85,
        dwellMs: 400,
        source: "47 CFR 15.247",
      },
    ],
  },
};

export interface Violation {
  /** Index of the station. */
  readonly station: number;
  readonly kind: "duty" | "power" | "dwell" | "band";
  /** The window, or the transmission, in virtual ms. */
  readonly fromMs: number;
  readonly toMs: number;
  /** ms on the air, dBm or ms, as the kind says; for `band` the frequency in Hz. */
  readonly used: number;
  readonly allowed: number;
}

export const HOUR_MS = 3_600_000;

/** The channel counts whole microseconds; their sum may be off by less than this. */
const TOLERANCE_MS = 0.001;

/** What a half-wave dipole radiates above an isotropic antenna. */
const DIPOLE_DBI = 2.15;

/** Transmissions of one station in one sub-band, the last hour of them. */
interface Log {
  starts: number[];
  ends: number[];
  /** Index of the first that may still lie in the window. */
  head: number;
  /** Sum of the lengths from head on. */
  sum: number;
  /** The last one has not been judged yet: it may still be cut off. */
  open: boolean;
}

export class Regulator implements AirObserver {
  readonly violations: Violation[] = [];
  readonly #law: Law;
  readonly #antennaDbi: number;
  readonly #logs = new Map<number, Log>();
  /** Most ms on the air in any hour so far, for each station. */
  readonly #worst = new Map<number, number>();

  /** `antennaDbi` is every station's antenna gain over an isotropic one; a dipole by default. */
  constructor(law: Law, antennaDbi = DIPOLE_DBI) {
    this.#law = law;
    this.#antennaDbi = antennaDbi;
  }

  transmission(station: number, phy: Phy, startMs: number, airtimeUs: number): void {
    const endMs = startMs + airtimeUs / 1000;
    const half = phy.bandwidthHz / 2;
    const index = this.#law.bands.findIndex(
      ({ fromHz, toHz }) => phy.frequencyHz - half >= fromHz && phy.frequencyHz + half <= toHz,
    );
    const band = this.#law.bands[index];
    const report = (kind: Violation["kind"], used: number, allowed: number): void => {
      this.violations.push({ station, kind, fromMs: startMs, toMs: endMs, used, allowed });
    };
    if (band === undefined) {
      report("band", phy.frequencyHz, 0);
      return;
    }
    const erp = phy.powerDbm + this.#antennaDbi - DIPOLE_DBI;
    if (erp > band.maxErpDbm) report("power", erp, band.maxErpDbm);
    if (band.dwellMs !== undefined && airtimeUs > band.dwellMs * 1000) report("dwell", airtimeUs / 1000, band.dwellMs);
    const key = station * this.#law.bands.length + index;
    let log = this.#logs.get(key);
    if (log === undefined) {
      log = { starts: [], ends: [], head: 0, sum: 0, open: false };
      this.#logs.set(key, log);
    }
    this.#judge(key, log);
    log.starts.push(startMs);
    log.ends.push(endMs);
    log.open = true;
  }

  cut(station: number, startMs: number, nowMs: number): void {
    for (let band = 0; band < this.#law.bands.length; band++) {
      const log = this.#logs.get(station * this.#law.bands.length + band);
      const last = (log?.ends.length ?? 0) - 1;
      if (log?.open && log.starts[last] === startMs) log.ends[last] = nowMs;
    }
  }

  /** Judges what is still open; to be called at the end of a run. */
  finish(): void {
    for (const [key, log] of this.#logs) this.#judge(key, log);
  }

  /** The most ms any of the first `stations` stations was on the air in any hour, and the station. */
  worst(stations = Infinity): { readonly station: number; readonly usedMs: number } | undefined {
    let worst: { station: number; usedMs: number } | undefined;
    for (const [station, usedMs] of this.#worst) {
      if (station < stations && (worst === undefined || usedMs > worst.usedMs)) worst = { station, usedMs };
    }
    return worst;
  }

  /**
   * Looks at the hour that ends with the last transmission. The sum over a window of fixed length is largest for one
   * that ends where a transmission ends, so these windows are enough.
   */
  #judge(key: number, log: Log): void {
    if (!log.open) return;
    log.open = false;
    const last = log.ends.length - 1;
    const toMs = log.ends[last] as number;
    const fromMs = toMs - HOUR_MS;
    log.sum += toMs - (log.starts[last] as number);
    while (log.head < last && (log.ends[log.head] as number) <= fromMs) {
      log.sum -= (log.ends[log.head] as number) - (log.starts[log.head] as number);
      log.head++;
    }
    // Of the oldest, only what lies within the window.
    const before = fromMs - (log.starts[log.head] as number);
    const used = log.sum - Math.max(before, 0);
    const bands = this.#law.bands.length;
    const station = Math.floor(key / bands);
    const allowed = ((this.#law.bands[key % bands] as SubBand).dutyPermille * HOUR_MS) / 1000;
    this.#worst.set(station, Math.max(used, this.#worst.get(station) ?? 0));
    if (used > allowed + TOLERANCE_MS) this.#duty({ station, kind: "duty", fromMs, toMs, used, allowed });
    if (log.head > 1024) {
      log.starts.splice(0, log.head);
      log.ends.splice(0, log.head);
      log.head = 0;
    }
  }

  /** One violation for a stretch of overlapping windows, with the worst of them. */
  #duty(violation: Violation): void {
    const at = this.violations.findLastIndex(({ station, kind }) => station === violation.station && kind === "duty");
    const known = this.violations[at];
    if (known === undefined || known.toMs < violation.fromMs || known.allowed !== violation.allowed) {
      this.violations.push(violation);
    } else if (violation.used > known.used) {
      this.violations[at] = violation;
    }
  }
}
