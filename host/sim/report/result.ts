/**
 * What a run of the simulator found: a plain object (JSON without loss), the input of the HTML report, of `--json` and of
 * the benchmarks. Nodes are named by their index in `nodes`; times are virtual, in ms since the run's start; airtime is in
 * ms on the air.
 */

/** What an airtime was spent on. A station says so of each of its frames; all but data, ack and attack is control. */
export const AIRTIME_KINDS = ["data", "ack", "link", "beacon", "announce", "gossip", "other", "attack"] as const;
export type AirtimeKind = (typeof AIRTIME_KINDS)[number];
export type AirtimeByKind = Readonly<Record<AirtimeKind, number>>;

export interface NodeResult {
  /** Input of the scenario: any text. */
  readonly name: string;
  /** Metres. */
  readonly x: number;
  readonly y: number;
  readonly profile: string;
  readonly gateway: boolean;
  /** Its kind, of an attacker. */
  readonly attacker?: string;
  /** Running at the end. */
  readonly up: boolean;
  readonly reboots: number;
  /** ms of transmissions in the whole run. */
  readonly airtimeMs: number;
  readonly airtimeByKind: AirtimeByKind;
  /** The most that any sliding hour held of the sub-band nearest its limit, in permille of that hour; measured by law.ts. */
  readonly dutyPermille: number;
  /** The most the law allows there, permille. */
  readonly dutyLimitPermille: number;
  /** By their names in Counter; absent or 0 is the same. */
  readonly counters: Readonly<Record<string, number>>;
  /** Hex; empty for a station without one (a rival, an attacker). */
  readonly stateHash: string;
}

/** Two stations that hear each other (or are wired), at the end of the run. */
export interface LinkResult {
  readonly from: number;
  readonly to: number;
  readonly kind: "radio" | "wired";
  /** dB above what the spreading factor needs, in the worse direction; 0 for a wire. */
  readonly marginDb: number;
  /** Both ends have a secured link with each other now; false: they could. */
  readonly up: boolean;
}

/** Links that were cut for a while: a partition. */
export interface CutResult {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The nodes on one side; the others are the other side. */
  readonly nodes: readonly number[];
}

export interface MessageResult {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly sentMs: number;
  /** First arrival at the application; absent: never. */
  readonly deliveredMs?: number;
  /** The receipt's arrival back at the sender; absent: none. */
  readonly confirmedMs?: number;
  /** Given to the network this often, the first time included. */
  readonly attempts: number;
  /** Arrivals at the application beyond the first. */
  readonly duplicates: number;
  /** Links that were physically up joined both ends when it was sent. */
  readonly hadPath: boolean;
}

export interface ViolationResult {
  readonly node: number;
  readonly rule: "duty" | "power" | "dwell" | "pause" | "band";
  /** "869.4-869.65 MHz". */
  readonly subBand: string;
  /** The window, or the transmission. */
  readonly fromMs: number;
  readonly toMs: number;
  /** ms, or dBm for power. */
  readonly used: number;
  readonly allowed: number;
}

export interface Result {
  readonly scenario: string;
  /** What the scenario says of itself, and what it is made of: sentences. */
  readonly description?: string;
  readonly facts?: string;
  readonly seed: number;
  /** "mehr", "flooding" or "source-routing". */
  readonly network: string;
  /** Of the core, hex; empty for a rival. */
  readonly wasmSha256: string;
  /** SHA-256 over all nodes' state hashes in order, hex; empty for a rival. */
  readonly stateHash: string;
  readonly virtualMs: number;
  readonly wallSeconds: number;
  /** Bytes of the host per node beside its linear memory. */
  readonly hostBytesPerNode?: number;
  /** "EU 869.525 MHz, SF8, 125 kHz, 14 dBm"; and the law that was watched. */
  readonly radio: string;
  readonly law: { readonly name: string; readonly violations: readonly ViolationResult[] };
  readonly nodes: readonly NodeResult[];
  readonly links: readonly LinkResult[];
  readonly cuts: readonly CutResult[];
  readonly messages: readonly MessageResult[];
  /** Whole frames on the air; how many receptions they made, and how many were lost to overlaps. */
  readonly air: { readonly frames: number; readonly received: number; readonly collided: number };
  /** Why the run ended early or is not to be trusted; absent: it is fine. */
  readonly failure?: string;
}

/** The `p` quantile (0..1) of numbers in rising order; NaN of none. Nearest rank. */
export function quantile(sorted: readonly number[], p: number): number {
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

export function noAirtime(): Record<AirtimeKind, number> {
  return { data: 0, ack: 0, link: 0, beacon: 0, announce: 0, gossip: 0, other: 0, attack: 0 };
}

/** What is asked of a run first. */
export interface Summary {
  readonly sent: number;
  readonly delivered: number;
  /** Sent while a path was there, and of those delivered. */
  readonly withPath: number;
  readonly deliveredWithPath: number;
  readonly duplicates: number;
  /** ms. */
  readonly latency: { readonly median: number; readonly p95: number; readonly max: number };
  /** ms on the air of all nodes, attackers apart. */
  readonly airtimeMs: number;
  /** Of that, what is neither data nor an acknowledgement. */
  readonly controlMs: number;
  readonly byKind: AirtimeByKind;
  /** airtimeMs / delivered. */
  readonly airtimePerDeliveredMs: number;
}

export function summarise(result: Pick<Result, "nodes" | "messages">): Summary {
  const byKind = noAirtime();
  for (const node of result.nodes) {
    for (const kind of AIRTIME_KINDS) byKind[kind] += node.airtimeByKind[kind];
  }
  const airtimeMs = AIRTIME_KINDS.reduce((sum, kind) => sum + (kind === "attack" ? 0 : byKind[kind]), 0);
  const delivered = result.messages.filter((message) => message.deliveredMs !== undefined);
  const withPath = result.messages.filter((message) => message.hadPath);
  const latencies = delivered.map((message) => (message.deliveredMs ?? 0) - message.sentMs).sort((a, b) => a - b);
  return {
    sent: result.messages.length,
    delivered: delivered.length,
    withPath: withPath.length,
    deliveredWithPath: withPath.filter((message) => message.deliveredMs !== undefined).length,
    duplicates: result.messages.reduce((sum, message) => sum + message.duplicates, 0),
    latency: { median: quantile(latencies, 0.5), p95: quantile(latencies, 0.95), max: quantile(latencies, 1) },
    airtimeMs,
    controlMs: airtimeMs - byKind.data - byKind.ack,
    byKind,
    airtimePerDeliveredMs: delivered.length === 0 ? Number.NaN : airtimeMs / delivered.length,
  };
}
