/** Runs a rival's network in the same channel, with the same places, traffic, seed and law as ours. */
import type { Phy } from "../../radio/channel.ts";
import { HOUR_MS, type Law } from "../law.ts";
import { type AirObserver, LoraChannel, type RadioSite } from "../lora-channel.ts";
import type { Propagation } from "../propagation.ts";
import { radioLinks, radioText, subBandOf, violationResults } from "../report/air.ts";
import { Hours } from "../report/hours.ts";
import { EventQueue, type SimEvent } from "../queue.ts";
import { AIRTIME_KINDS, type MessageResult, noAirtime, type NodeResult, type Result } from "../report/result.ts";
import type { Air } from "../station.ts";
import { Stream, stream } from "../streams.ts";
import { FLOODING_PREAMBLE, FloodingStation, HOP_LIMIT_MOST } from "./flooding.ts";
import type { Rival, RivalOptions } from "./rival.ts";
import { SOURCE_ROUTING_PREAMBLE, SourceRoutingStation } from "./source-routing.ts";

/** flooding-7: with the largest hop limit there is, for networks larger than the usual one of 3 reaches across. */
export const RIVALS = ["flooding", "flooding-7", "source-routing"] as const;
export type RivalNetwork = (typeof RIVALS)[number];

/** Lane of a station's timers: behind what happens on the air; the stations in their order. */
const TIMER_LANE = 1;

export interface Place {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** A text of `bytes` bytes, at least 4, that a node sends. */
export interface PlannedText {
  readonly from: number;
  readonly to: number;
  readonly atMs: number;
  readonly bytes: number;
}

export interface RivalRun {
  readonly scenario: string;
  readonly network: RivalNetwork;
  readonly seed: number;
  readonly durationMs: number;
  readonly places: readonly Place[];
  readonly texts: readonly PlannedText[];
  /** Its preamble is replaced by the one the rival's firmware uses. */
  readonly phy: Phy;
  readonly propagation: Propagation;
  readonly law: Law;
  readonly airtimeUs: (phy: Phy, length: number) => number;
  /** Told of every transmission. */
  readonly observer?: AirObserver;
}

const STATIONS: Readonly<Record<RivalNetwork, { preamble: number; make: (options: RivalOptions) => Rival }>> = {
  flooding: { preamble: FLOODING_PREAMBLE, make: (options) => new FloodingStation(options) },
  "flooding-7": { preamble: FLOODING_PREAMBLE, make: (options) => new FloodingStation(options, HOP_LIMIT_MOST) },
  "source-routing": { preamble: SOURCE_ROUTING_PREAMBLE, make: (options) => new SourceRoutingStation(options) },
};

/** One node: its station, where it stands, and the event that calls its timer. */
class Node implements RadioSite, SimEvent {
  readonly x: number;
  readonly y: number;
  readonly phy: Phy;
  readonly station: Rival;
  readonly #queue: EventQueue;
  readonly #lane: number;
  /** When its timer event is due; an event that comes at another time is one that was overtaken. */
  #due: number | undefined;

  constructor(place: Place, phy: Phy, station: Rival, queue: EventQueue) {
    this.x = place.x;
    this.y = place.y;
    this.phy = phy;
    this.station = station;
    this.#queue = queue;
    this.#lane = TIMER_LANE + station.address;
  }

  receive(frame: Uint8Array, rssiDbm: number, snrQdb: number): void {
    this.station.receive(0, frame, rssiDbm, snrQdb);
    this.arm();
  }

  fire(): void {
    if (this.#due === undefined || this.#queue.now < this.#due) return;
    this.#due = undefined;
    this.station.timer();
    this.arm();
  }

  /** To be called after every call of the station. */
  arm(): void {
    const deadline = this.station.deadline();
    const due = deadline === undefined ? undefined : Math.max(deadline, this.#queue.now);
    if (due === this.#due) return;
    this.#due = due;
    if (due !== undefined) this.#queue.at(due, this.#lane, this);
  }
}

/** The run's result. The same input gives the same result, whatever the machine. */
export function runRival(run: RivalRun): Result {
  const { network, seed, durationMs, places, texts, propagation, law, airtimeUs } = run;
  const started = performance.now();
  const { preamble, make } = STATIONS[network];
  const phy: Phy = { ...run.phy, preamble };
  const queue = new EventQueue();
  const channel = new LoraChannel({ queue, airtimeUs, propagation, seed });
  const hours = new Hours(law);
  channel.observe(hours);
  if (run.observer !== undefined) channel.observe(run.observer);
  const band = subBandOf(law, phy.frequencyHz);
  const limitPermille = band?.dutyPermille ?? 1000;

  const nodes = places.map((place, index) => {
    const random = stream(seed, Stream.Rival, index);
    const air: Air = {
      now: () => queue.now,
      send: (_port, frame, flags) => channel.send(index, frame, flags),
      entropy: (bytes) => {
        for (let i = 0; i < bytes.length; i++) bytes[i] = random.u32() >>> 24;
      },
    };
    const station = make({
      name: place.name,
      address: index + 1,
      air,
      airtimeMs: (length) => airtimeUs(phy, length) / 1000,
      symbolMs: (2 ** phy.spreadingFactor / phy.bandwidthHz) * 1000,
      hourLimitMs: (limitPermille * HOUR_MS) / 1000,
    });
    const node = new Node(place, phy, station, queue);
    channel.add(node);
    return node;
  });
  channel.connect();

  const messages = follow(
    nodes,
    texts,
    queue,
    parts(nodes.length, (index) => channel.audible(index)),
  );
  for (const node of nodes) {
    node.station.start();
    node.arm();
  }
  queue.run(durationMs);
  const violations = violationResults(hours.finish(), band);
  return {
    scenario: run.scenario,
    seed,
    network,
    wasmSha256: "",
    stateHash: "",
    virtualMs: durationMs,
    wallSeconds: (performance.now() - started) / 1000,
    radio: radioText(phy),
    law: { name: law.name, violations },
    nodes: nodes.map(({ station }, index) =>
      nodeResult(places[index] as Place, station, hours.worstMs(index), limitPermille),
    ),
    links: radioLinks(channel, phy, propagation.noiseFigureDb, nodes.length, () => true),
    cuts: [],
    messages,
    air: {
      frames: channel.counts.transmissions,
      received: channel.counts.received,
      collided: channel.counts.collided,
    },
  };
}

/** Sends the texts at their times and writes down what becomes of them. */
function follow(
  nodes: readonly Node[],
  texts: readonly PlannedText[],
  queue: EventQueue,
  part: Int32Array,
): MessageResult[] {
  type Following = { -readonly [K in keyof MessageResult]: MessageResult[K] };
  const messages: Following[] = texts.map(({ from, to, atMs, bytes }) => ({
    ...{ from, to, bytes, sentMs: atMs, attempts: 0, duplicates: 0 },
    hadPath: part[from] === part[to],
  }));
  const numberOf = (data: Uint8Array): number => new DataView(data.buffer, data.byteOffset).getUint32(0);
  for (const [index, { station }] of nodes.entries()) {
    station.onMessage((data) => {
      const message = messages[numberOf(data)];
      if (message === undefined || message.to !== index) return;
      if (message.deliveredMs === undefined) message.deliveredMs = queue.now;
      else message.duplicates++;
    });
    station.onConfirmed((data) => {
      const message = messages[numberOf(data)];
      if (message !== undefined) message.confirmedMs ??= queue.now;
    });
  }
  const event: SimEvent = {
    fire: (index) => {
      const text = texts[index] as PlannedText;
      const data = new Uint8Array(text.bytes);
      new DataView(data.buffer).setUint32(0, index);
      const node = nodes[text.from] as Node;
      node.station.send(text.to + 1, data, 1);
      (messages[index] as Following).attempts++;
      node.arm();
    },
  };
  for (const [index, { atMs }] of texts.entries()) queue.at(atMs, TIMER_LANE, event, index);
  return messages;
}

/** Which part of the network each node belongs to when links are those that work in both directions. */
export function parts(count: number, audible: (index: number) => Uint32Array): Int32Array {
  const hears = Array.from({ length: count }, (_, index) => new Set(audible(index)));
  const part = new Int32Array(count).fill(-1);
  for (let first = 0; first < count; first++) {
    if (part[first] !== -1) continue;
    part[first] = first;
    const open = [first];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const other of hears[at] ?? []) {
        if (part[other] !== -1 || hears[other]?.has(at) !== true) continue;
        part[other] = first;
        open.push(other);
      }
    }
  }
  return part;
}

function nodeResult(place: Place, station: Rival, worstHourMs: number, limitPermille: number): NodeResult {
  const airtimeByKind = noAirtime();
  for (const kind of AIRTIME_KINDS) airtimeByKind[kind] = station.airtime[kind] ?? 0;
  return {
    name: place.name,
    x: place.x,
    y: place.y,
    profile: "",
    gateway: false,
    up: true,
    reboots: 0,
    airtimeMs: AIRTIME_KINDS.reduce((sum, kind) => sum + airtimeByKind[kind], 0),
    airtimeByKind,
    dutyPermille: (worstHourMs / HOUR_MS) * 1000,
    dutyLimitPermille: limitPermille,
    counters: station.counters,
    stateHash: "",
  };
}
