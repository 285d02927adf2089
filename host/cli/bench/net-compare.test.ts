import { expect, it } from "vitest";
import { comparisonScenario } from "../../sim/rivals/compare.ts";
import { markdownTable, resultsOf, rowOf, type RunSummary } from "./net-compare.ts";

function run(changed: Partial<RunSummary> = {}): RunSummary {
  return {
    ...{ sent: 100, delivered: 90, withPath: 96, deliveredWithPath: 90, duplicates: 0, violations: 0 },
    latency: { median: 2000, p95: 5000, max: 9000 },
    ...{ airtimeMs: 180_000, controlMs: 45_000, airtimePerDeliveredMs: 2000 },
    byKind: { data: 100_000, ack: 35_000, link: 0, beacon: 45_000, announce: 0, gossip: 0, other: 0, attack: 0 },
    ...changed,
  };
}

const WHAT = { nodes: 30, textBytes: 100 } as const;

it("adds up the seeds: airtime of all over messages of all", () => {
  const row = rowOf({ network: "mehr", ...WHAT }, [
    run(),
    run({ delivered: 10, deliveredWithPath: 10, withPath: 100, airtimeMs: 20_000, controlMs: 5000, violations: 2 }),
  ]);
  expect(row).toMatchObject({ runs: 2, sent: 200, delivery: 100 / 196, deliveryLeast: 0.1, deliveryMost: 90 / 96 });
  expect(row).toMatchObject({ airtimeS: 2, controlS: 0.5, latencyS: 2, violations: 2 });
});

it("holds the others against ours, of the same size and text", () => {
  const rows = [
    rowOf({ network: "mehr", ...WHAT }, [run()]),
    rowOf({ network: "mehr", nodes: 10, textBytes: 100 }, [run({ airtimeMs: 1 })]),
    rowOf({ network: "flooding", ...WHAT }, [run({ airtimeMs: 720_000 })]),
  ];
  const results = resultsOf(rows);
  const flooding = results.find(({ name }) => name === "airtime per delivered message: flooding, 30 nodes, 100 B");
  expect(flooding).toMatchObject({ value: 8, unit: "s", baseline: 2, ratio: 4, against: "mehr" });
  const ours = results.find(({ name }) => name === "airtime per delivered message: mehr, 30 nodes, 100 B");
  expect(ours).toEqual({ name: "airtime per delivered message: mehr, 30 nodes, 100 B", value: 2, unit: "s" });
  expect(markdownTable(rows).split("\n")).toHaveLength(5);
  expect(markdownTable(rows)).toContain("| flooding (Meshtastic) | 30 | 100 | 100 | 93.8 % |");
});

it("gives every network the same places and messages, for each seed its own", () => {
  const one = comparisonScenario({ nodes: 12, textBytes: 20, seed: 1 });
  expect(comparisonScenario({ nodes: 12, textBytes: 20, seed: 1 })).toEqual(one);
  expect(comparisonScenario({ nodes: 12, textBytes: 20, seed: 2 }).traffic.messages).not.toEqual(one.traffic.messages);
  const pairs = new Map<string, Set<string>>();
  for (const { from, to } of one.traffic.messages) {
    expect(from).not.toBe(to);
    pairs.set(from, (pairs.get(from) ?? new Set()).add(to));
  }
  // Everybody writes, to two others at most.
  expect(pairs.size).toBe(12);
  for (const others of pairs.values()) expect(others.size).toBeLessThanOrEqual(2);
  // The length of the text does not change who writes when.
  expect(comparisonScenario({ nodes: 12, textBytes: 160, seed: 1 }).traffic.messages).toEqual(one.traffic.messages);
  expect(one.traffic.size).toEqual([41, 41]);
});
