/** What the comparison with other networks runs: one scenario for all, by number of nodes, length of text and seed. */
import type { Phy } from "../../radio/channel.ts";
import { LAWS } from "../law.ts";
import { checkScenario, nodeNames, type Scenario } from "../scenario.ts";
import { below, Stream, stream } from "../streams.ts";
import { phyOf, placeNodes, propagationOf } from "../topology.ts";
import { MESSAGE_HEADER_BYTES } from "../traffic.ts";
import { type PlannedText, runRival, type RivalNetwork } from "./run.ts";
import type { Result } from "../report/result.ts";

/** Square metres for each node: it hears six others, more or less, whatever the size of the network. */
const AREA_PER_NODE_M2 = 1_500_000;
/** Whom a node writes to: the same few people again and again. */
const CORRESPONDENTS = 2;
const MESSAGES_PER_NODE_HOUR = 2;
const START_S = 1800;
const TRAFFIC_S = 4 * 3600;
/** For what is under way when the last message is written. */
const END_S = 1800;

export interface Comparison {
  readonly nodes: number;
  readonly textBytes: number;
  readonly seed: number;
}

/**
 * The scenario of a comparison. Its messages are longer than the text by what our application needs to name the sender
 * and the message; the others have that in their headers.
 */
export function comparisonScenario({ nodes, textBytes, seed }: Comparison): Scenario {
  const side = Math.round(Math.sqrt(nodes * AREA_PER_NODE_M2));
  const bytes = textBytes + MESSAGE_HEADER_BYTES;
  const name = `compare-${nodes}-${textBytes}`;
  return checkScenario(
    {
      name,
      seed,
      duration_s: START_S + TRAFFIC_S + END_S,
      nodes: { count: nodes, area_m: [side, side], layout: "uniform", connected: true },
      traffic: { per_node_per_hour: 0, messages: plannedMessages(nodes, seed), size: [bytes, bytes], start_s: START_S },
    },
    name,
  );
}

function plannedMessages(nodes: number, seed: number): { from: string; to: string; at_s: number }[] {
  const messages: { from: string; to: string; at_s: number }[] = [];
  for (let from = 0; from < nodes; from++) {
    const random = stream(seed, Stream.Traffic, from, 2);
    const others = Array.from({ length: Math.min(CORRESPONDENTS, nodes - 1) }, () => other(from, nodes, random));
    for (let i = 0; i < Math.round((MESSAGES_PER_NODE_HOUR * TRAFFIC_S) / 3600); i++) {
      const to = others[below(random, others.length)] ?? 0;
      const at_s = START_S + below(random, TRAFFIC_S * 1000) / 1000;
      messages.push({ from: `n${from}`, to: `n${to}`, at_s });
    }
  }
  return messages.sort((a, b) => a.at_s - b.at_s || a.from.localeCompare(b.from, "en"));
}

function other(from: number, nodes: number, random: ReturnType<typeof stream>): number {
  const to = below(random, nodes - 1);
  return to < from ? to : to + 1;
}

/** Runs a rival on a scenario of ours: places, channel, law and messages of the list. Faults and wires are not for it. */
export function runRivalScenario(
  network: RivalNetwork,
  scenario: Scenario,
  airtimeUs: (phy: Phy, length: number) => number,
): Result {
  const law = LAWS[scenario.radio.region];
  if (law === undefined) throw new Error(`no law ${scenario.radio.region}`);
  const index = new Map(nodeNames(scenario).map((name, i) => [name, i]));
  const bytes = scenario.traffic.size[0] - MESSAGE_HEADER_BYTES;
  const texts = scenario.traffic.messages.map(({ from, to, at_s }): PlannedText => ({
    ...{ from: index.get(from) ?? 0, to: index.get(to) ?? 0 },
    ...{ atMs: at_s * 1000, bytes },
  }));
  return runRival({
    scenario: scenario.name,
    network,
    seed: scenario.seed,
    durationMs: scenario.duration_s * 1000,
    places: placeNodes(scenario),
    texts,
    phy: phyOf(scenario),
    propagation: propagationOf(scenario),
    law,
    airtimeUs,
  });
}
