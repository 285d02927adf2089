/** A network under rules that ask for more than a share of the hour: Japan's listening, and the silence behind each frame. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeAttacker } from "../host/sim/attackers.ts";
import { checkScenario, type Scenario } from "../host/sim/scenario.ts";
import { Simulation } from "../host/sim/simulation.ts";
import { root } from "./support/images.ts";

const file = join(root, "tests", "scenarios", "japan.json");
const module = new WebAssembly.Module(readFileSync(join(root, "build", "core", "relay.wasm")));

/** The scenario with other beliefs about the law, as a node with a wrong configuration would have, or other nodes. */
function japan(beliefs: Partial<Scenario["radio"]> = {}, others: object = {}): Simulation {
  const scenario = JSON.parse(readFileSync(file, "utf8")) as { radio: object };
  const radio = { ...scenario.radio, ...beliefs };
  const checked = checkScenario({ ...scenario, ...others, radio }, file);
  return new Simulation({ scenario: checked, module, attacker: makeAttacker });
}

interface Sent {
  readonly from: number;
  readonly startMs: number;
  readonly endMs: number;
}

function watched(simulation: Simulation): Sent[] {
  const sent: Sent[] = [];
  simulation.channel.observe({
    transmission: (from, _phy, startMs, airtimeUs) => sent.push({ from, startMs, endMs: startMs + airtimeUs / 1000 }),
  });
  return sent;
}

/** Transmissions begun although another station's was on the air in the `ms` before. */
function overTalked(sent: readonly Sent[], ms: number): number {
  return sent.filter((one) =>
    sent.some(
      ({ from, startMs, endMs }) => from !== one.from && startMs < one.startMs && endMs > one.startMs - ms + 0.001,
    ),
  ).length;
}

/** All in one room: each hears every other far above the threshold. */
const together = ["a", "b", "c", "d", "e"].map((name, i) => ({ name, x: 10 * i, y: 0 }));

it("delivers, with the pause and the listening that its nodes take from the region, and keeps the law", async () => {
  const { delivered, law_violations: violations } = await japan().run();
  expect([delivered, violations]).toEqual([5, 0]);
});

it("is found out by the regulator when its nodes know of no pause", async () => {
  const simulation = japan({ pause_ms: 0, lbt_ms: 0, lbt_threshold_dbm: 0 });
  await simulation.run();
  expect(new Set(simulation.regulator.violations.map(({ kind }) => kind))).toEqual(new Set(["pause"]));
});

it("never talks over another that is above the threshold, and would if it did not listen", async () => {
  const crowd = { nodes: together, traffic: { per_node_per_hour: 60 }, duration_s: 3000 };
  const listening = japan({}, crowd);
  const polite = watched(listening);
  const { delivered, law_violations: violations } = await listening.run();
  expect([delivered > 0, violations, polite.length > 300, overTalked(polite, 5)]).toEqual([true, 0, true, 0]);
  const deaf = japan({ pause_ms: 0, lbt_ms: 0, lbt_threshold_dbm: 0 }, crowd);
  const rude = watched(deaf);
  await deaf.run();
  expect(overTalked(rude, 5)).toBeGreaterThan(0);
});
