/**
 * The regulator: watches the air itself and lists who broke the law of the region. It believes no node's ledger.
 *
 * Limits are those of a sub-band: the share of any 3600 s a station may be on the air (a sliding hour, exact, counted
 * across reboots of the station), radiated power, and the length of one transmission where the region limits it.
 */
import { bandReceiveOnly, type Region, transmittingRegions } from "../../boards/regions/index.ts";
import { maxErpDbm } from "../../boards/regions/power.ts";
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
  /** Silence after each transmission, and how long the channel must be below a threshold before it. */
  readonly pauseMs?: number;
  readonly lbtThresholdDbm?: number;
  readonly lbtMs?: number;
  /** Narrowest channel, where the rule asks for a wide one; a narrower emission is outside the band's law. */
  readonly minBandwidthHz?: number;
  /** Where the limits are written. */
  readonly source: string;
}

export interface Law {
  readonly name: string;
  readonly bands: readonly SubBand[];
}

/** What the observer checks of a region: its sub-bands that transmit, with power as ERP. */
export function lawOf(region: Region): Law {
  const bands = region.bands.flatMap((band): SubBand[] => {
    if (bandReceiveOnly(band) !== undefined || band.power === undefined) return [];
    return [
      {
        fromHz: band.fromHz,
        toHz: band.toHz,
        dutyPermille: band.duty?.permille ?? 1000,
        maxErpDbm: maxErpDbm(band.power),
        ...(band.dwell === undefined ? {} : { dwellMs: band.dwell.ms }),
        ...(band.pause === undefined ? {} : { pauseMs: band.pause.ms }),
        ...(band.lbt === undefined ? {} : { lbtThresholdDbm: band.lbt.thresholdDbm, lbtMs: band.lbt.ms }),
        ...(band.bandwidth?.minHz === undefined ? {} : { minBandwidthHz: band.bandwidth.minHz }),
        source: band.cite ?? "",
      },
    ];
  });
  return { name: region.id, bands };
}

/** Regions a scenario can name: those of boards/regions that transmit. */
export const LAWS: Readonly<Record<string, Law>> = Object.fromEntries(
  transmittingRegions().map((region) => [region.id, lawOf(region)]),
);

/** The sub-band whose law holds for an emission: the whole of it lies inside, and it is wide enough. */
export function bandOf(law: Law, emission: Pick<Phy, "frequencyHz" | "bandwidthHz">): SubBand | undefined {
  const half = emission.bandwidthHz / 2;
  return law.bands.find(
    ({ fromHz, toHz, minBandwidthHz = 0 }) =>
      emission.frequencyHz - half >= fromHz &&
      emission.frequencyHz + half <= toHz &&
      emission.bandwidthHz >= minBandwidthHz,
  );
}

export interface Violation {
  /** Index of the station. */
  readonly station: number;
  readonly kind: "duty" | "power" | "dwell" | "pause" | "band";
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
    const band = bandOf(this.#law, phy);
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
    const key = station * this.#law.bands.length + this.#law.bands.indexOf(band);
    let log = this.#logs.get(key);
    if (log === undefined) {
      log = { starts: [], ends: [], head: 0, sum: 0, open: false };
      this.#logs.set(key, log);
    }
    this.#judge(key, log);
    const silentMs = startMs - (log.ends.at(-1) ?? -Infinity);
    if (silentMs < (band.pauseMs ?? 0) - TOLERANCE_MS) report("pause", silentMs, band.pauseMs as number);
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
