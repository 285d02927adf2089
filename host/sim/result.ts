/** What a simulation found out, as `mehr sim --json` prints it. */
import type { AirCounts } from "./lora-channel.ts";

export interface SimResult {
  readonly scenario: string;
  readonly seed: number;
  readonly nodes: number;
  readonly attackers: number;
  readonly virtual_seconds: number;
  readonly wall_seconds: number;
  /** Virtual seconds for each of the wall clock. */
  readonly speed: number;
  /** Messages the applications wrote, each counted once however often it was tried. */
  readonly sent: number;
  /** Of these, how many reached the other application at least once. */
  readonly delivered: number;
  /** Messages with a way when they were written, and how many of these were delivered. */
  readonly sent_with_path: number;
  readonly delivered_with_path: number;
  /** delivered_with_path / sent_with_path; 1 if there were none. */
  readonly delivery_ratio: number;
  /** Messages whose sender got the receipt. */
  readonly acknowledged: number;
  /** Copies beyond the first that applications saw: of retries, for the network shows none. */
  readonly duplicates: number;
  /** Times a message was handed to the network, for each message. */
  readonly attempts_per_message: number;
  /** Seconds from writing to delivery. */
  readonly latency_s: { readonly median: number; readonly p95: number; readonly worst: number };
  readonly airtime: {
    /** Seconds on the air, of all nodes together. */
    readonly total_s: number;
    /** By what it was spent on, as the nodes' own counters say. */
    readonly beacon_s: number;
    readonly link_s: number;
    readonly gossip_s: number;
    readonly user_s: number;
    /** Seconds on the air for each message delivered; 0 if none was. */
    readonly per_delivered_s: number;
    /** Share of time the channel is taken where a node stands: its own and what it can decode, mean and worst. */
    readonly mean_load: number;
    readonly worst_load: number;
    /** Most of any hour a node was on the air, and what it was allowed, seconds. */
    readonly worst_hour_s: number;
    readonly allowed_hour_s: number;
  };
  readonly receptions: AirCounts;
  /** Honest nodes only: an attacker breaks the law on purpose. */
  readonly law_violations: number;
  readonly attacker_violations: number;
  readonly reboots: number;
  /** Bytes of this process for each node beside its 64 KiB of wasm memory. */
  readonly host_bytes_per_node: number;
  /** Sum over all nodes of every counter that is not zero. */
  readonly counters: Readonly<Record<string, number>>;
  /** Frames the nodes refused, by the Status they gave. */
  readonly refused: Readonly<Record<string, number>>;
  /** SHA-256 over the nodes' state hashes in their order, hex. */
  readonly state_hash: string;
}

/** The `q` quantile of numbers in rising order, by nearest rank as in the report; 0 of none. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
}

/** Rounded to `digits` behind the point, so that a result prints the same everywhere. */
export function rounded(value: number, digits = 3): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
