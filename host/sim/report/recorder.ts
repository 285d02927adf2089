/**
 * Makes the result a report shows of a simulation with the real core. It watches the air from the start, so it is made
 * before the run; what it asks the nodes at the end changes their state, so the state hashes must have been taken.
 */
import { Command, Counter, Status } from "../../core/abi.gen.ts";
import { CoreStation } from "../core-station.ts";
import type { SimResult } from "../result.ts";
import type { Simulation } from "../simulation.ts";
import { phyOf, propagationOf } from "../topology.ts";
import { radioLinks, radioText, subBandOf, violationResults } from "./air.ts";
import { short } from "./format.ts";
import { Hours } from "./hours.ts";
import {
  type AirtimeByKind,
  type CutResult,
  type LinkResult,
  type MessageResult,
  noAirtime,
  type NodeResult,
  type Result,
} from "./result.ts";

/** Of the entries a core answers Command.Links with: node id and port. */
const LINK_ENTRY = 48;
const NODE_ID = 16;

const HOUR_MS = 3_600_000;

export class ReportRecorder {
  readonly #simulation: Simulation;
  readonly #hours: Hours;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#hours = new Hours(simulation.law);
    simulation.channel.observe(this.#hours);
  }

  /** After the run. `failure` is a sentence about a run that cannot be trusted. */
  result(summary: SimResult, wasmSha256: string, failure?: string): Result {
    const { scenario, channel, law, queue } = this.#simulation;
    const phy = phyOf(scenario);
    const band = subBandOf(law, phy.frequencyHz);
    const violations = violationResults(this.#hours.finish(), band);
    const own = violations.filter(({ node }) => node < this.#simulation.honest);
    const { transmissions: frames, received, collided } = channel.counts;
    return {
      scenario: scenario.name,
      description: scenario.description,
      facts: factsOf(this.#simulation),
      seed: scenario.seed,
      network: "mehr",
      wasmSha256,
      stateHash: summary.state_hash,
      virtualMs: queue.now,
      wallSeconds: summary.wall_seconds,
      hostBytesPerNode: summary.host_bytes_per_node,
      radio: radioText(phy),
      law: { name: law.name, violations: own },
      nodes: this.#nodes(band?.dutyPermille ?? 1000),
      links: this.#links(),
      cuts: this.#cuts(),
      messages: this.#simulation.traffic.messages.map(messageResult),
      air: { frames, received, collided },
      ...(failure === undefined ? {} : { failure }),
    };
  }

  #nodes(dutyLimitPermille: number): NodeResult[] {
    const { scenario, channel, faults, honest, places, finalHashes } = this.#simulation;
    const reboots = new Map<number, number>();
    for (const { kind, node } of faults.records) {
      if (kind === "on" && node !== undefined) reboots.set(node, (reboots.get(node) ?? 0) + 1);
    }
    const gateways = this.#gateways();
    return places.map((place, index): NodeResult => {
      const station = this.#simulation.station(index);
      const counters = station instanceof CoreStation ? namedCounters(station.counters()) : {};
      const airtimeMs = (channel.airtimeUs[index] ?? 0) / 1000;
      const attacker = scenario.attackers[index - honest]?.kind;
      const hash = index < honest ? finalHashes[index] : undefined;
      return {
        name: place.name,
        x: place.x,
        y: place.y,
        profile: "",
        gateway: gateways.has(index),
        ...(attacker === undefined ? {} : { attacker }),
        up: this.#up(index),
        reboots: reboots.get(index) ?? 0,
        airtimeMs,
        airtimeByKind:
          attacker === undefined ? airtimeByKind(airtimeMs, counters) : { ...noAirtime(), attack: airtimeMs },
        dutyPermille: (this.#hours.worstMs(index) / HOUR_MS) * 1000,
        dutyLimitPermille,
        counters,
        stateHash: hash === undefined ? "" : Buffer.from(hash).toString("hex"),
      };
    });
  }

  /** Running at the end: not switched off without having come back. */
  #up(index: number): boolean {
    return this.#simulation.faults.records.findLast(({ node }) => node === index)?.kind !== "off";
  }

  #gateways(): Set<number> {
    const { scenario, places, wires } = this.#simulation;
    const named = new Set(scenario.traffic.gateways);
    const found = new Set(wires.flatMap(({ options }) => [options.a.station, options.b.station]));
    for (const [index, { name }] of places.entries()) if (named.has(name)) found.add(index);
    return found;
  }

  /** Radio pairs in reach and wires; up if both ends say so. */
  #links(): LinkResult[] {
    const { scenario, channel, honest, wires } = this.#simulation;
    const linked = this.#linked();
    const both = (a: number, b: number): boolean => linked(a, b) && linked(b, a);
    const noise = propagationOf(scenario).noiseFigureDb;
    return [
      ...radioLinks(channel, phyOf(scenario), noise, honest, both),
      ...wires.map(({ up, options: { a, b } }): LinkResult => {
        const ends = { from: a.station, to: b.station };
        return { ...ends, kind: "wired", marginDb: 0, up: up && both(a.station, b.station) };
      }),
    ];
  }

  /** Whether a node holds a link to another, as its core says. */
  #linked(): (from: number, to: number) => boolean {
    const { honest } = this.#simulation;
    const peers: Set<string>[] = [];
    const ids: string[] = [];
    for (let index = 0; index < honest; index++) {
      const station = this.#simulation.station(index);
      const held = new Set<string>();
      peers.push(held);
      ids.push(station instanceof CoreStation ? station.nodeId : "");
      if (!(station instanceof CoreStation) || !this.#up(index)) continue;
      const reply = station.ask(Uint8Array.of(Command.Links)) ?? new Uint8Array(0);
      for (let at = 0; at + LINK_ENTRY <= reply.length; at += LINK_ENTRY) {
        held.add(Buffer.from(reply.subarray(at, at + NODE_ID)).toString("hex"));
      }
    }
    return (from, to) => peers[from]?.has(ids[to] ?? "") === true;
  }

  #cuts(): CutResult[] {
    const { scenario, places, honest } = this.#simulation;
    return scenario.faults.partitions.map((cut, i) => {
      const members = new Set(cut.nodes ?? []);
      const inside = (place: { name: string; x: number; y: number }): boolean =>
        cut.x !== undefined ? place.x < cut.x : cut.y !== undefined ? place.y < cut.y : members.has(place.name);
      const where = cut.x !== undefined ? `x < ${cut.x} m` : cut.y !== undefined ? `y < ${cut.y} m` : "listed nodes";
      const nodes = [...places.slice(0, honest).entries()].flatMap(([index, place]) => (inside(place) ? index : []));
      return { name: `partition ${i + 1} (${where})`, fromMs: cut.from_s * 1000, toMs: cut.to_s * 1000, nodes };
    });
  }
}

/** What the scenario is made of, in a line. */
function factsOf({ scenario, places, honest, wires }: Simulation): string {
  const [x, y] = (["x", "y"] as const).map((axis) => {
    const values = places.slice(0, honest).map((place) => place[axis]);
    return (
      values.reduce((most, value) => Math.max(most, value)) - values.reduce((least, value) => Math.min(least, value))
    );
  }) as [number, number];
  const { per_node_per_hour: rate, messages, pairs, size } = scenario.traffic;
  const { random_reboots: random, reboots, partitions } = scenario.faults;
  const to = { random: "any other", gateway: "and from gateways", neighbour: "a neighbour" }[pairs];
  const of = (count: number, what: string): string | undefined =>
    count === 0 ? undefined : `${count} ${what}${count === 1 ? "" : "s"}`;
  const facts = [
    `${of(honest, "relay")} over ${short(x / 1000)} km by ${short(y / 1000)} km`,
    of(wires.length, "wire"),
    rate > 0 ? `${short(rate)} messages an hour from each to ${to}` : undefined,
    of(messages.length, "planned message"),
    rate > 0 || messages.length > 0 ? `${size[0]} to ${size[1]} bytes each` : undefined,
    random === undefined ? undefined : `${short(random.per_node_per_hour)} power cuts an hour at each`,
    of(reboots.length, "planned power cut"),
    of(partitions.length, "partition"),
    of(scenario.attackers.length, "attacker"),
  ];
  return facts.filter((fact) => fact !== undefined).join(", ");
}

function messageResult(record: Simulation["traffic"]["messages"][number]): MessageResult {
  const { from, to, bytes, atMs, deliveredMs, receiptMs, attempts, duplicates, hadPath } = record;
  return {
    ...{ from, to, bytes, sentMs: atMs, attempts, duplicates, hadPath },
    ...(deliveredMs === undefined ? {} : { deliveredMs }),
    ...(receiptMs === undefined ? {} : { confirmedMs: receiptMs }),
  };
}

/** Counters by their names, and behind them how often frames were refused, by status. */
function namedCounters(values: Uint32Array): Record<string, number> {
  const own = Object.entries(Counter).filter(([, index]) => index < Counter.Count);
  const refused = Object.entries(Status).filter(([, code]) => code < Status.CoreCount);
  return Object.fromEntries([
    ...own.map(([name, index]) => [name, values[index] ?? 0]),
    ...refused.map(([name, code]) => [`refused: ${name}`, values[Counter.Count + code] ?? 0]),
  ]);
}

/** What the node's own counters call control; all else it sent are packets of users, its own and others'. */
function airtimeByKind(airtimeMs: number, counters: NodeResult["counters"]): AirtimeByKind {
  const of = (name: keyof typeof Counter): number => counters[name] ?? 0;
  const [beacon, link, gossip] = [of("AirtimeBeaconMs"), of("AirtimeLinkMs"), of("AirtimeGossipMs")];
  return { ...noAirtime(), beacon, link, gossip, data: Math.max(airtimeMs - beacon - link - gossip, 0) };
}
