import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { transmittingRegions } from "../../boards/regions/index.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { findScenario, PRESETS } from "./presets.ts";
import { checkScenario, readScenario } from "./scenario.ts";
import { LoraChannel } from "./lora-channel.ts";
import { EventQueue } from "./queue.ts";
import { Connectivity } from "./connectivity.ts";
import { nearestNode, phyOf, placeNodes, propagationOf } from "./topology.ts";

const good = {
  name: "good",
  duration_s: 600,
  nodes: [
    { name: "a", x: 0, y: 0 },
    { name: "b", x: 500, y: 0 },
  ],
};

/** The sentences a scenario is refused with. */
function refusal(value: unknown): string {
  try {
    checkScenario(value, "my.json");
  } catch (error) {
    expect(error).toBeInstanceOf(MehrError);
    expect((error as MehrError).exitCode).toBe(2);
    return (error as Error).message;
  }
  return "";
}

describe("a scenario", () => {
  it("gets every default from little", () => {
    const scenario = checkScenario(good, "my.json");
    expect(scenario.radio).toMatchObject({ region: "eu868", frequency_hz: 869_525_000, spreading_factor: 8 });
    expect(scenario.traffic.retries).toBe(3);
    expect(scenario.trust).toBe("all");
    // Printed and read again it is the same.
    expect(checkScenario(JSON.parse(JSON.stringify(scenario)), "again")).toEqual(scenario);
  });

  it.each([
    [{ ...good, duration_s: "long" }, 'my.json: duration_s: it is "long"; give a value of type number.'],
    [{ ...good, speed: 2 }, "my.json: speed: no scenario has this field; take it out or correct its name."],
    [
      { name: "x", duration_s: 1 },
      "my.json: nodes: nothing is there; see the other scenarios for what may stand here.",
    ],
    [
      { ...good, nodes: [{ name: "a", x: 0, y: "here" }] },
      'my.json: nodes.0.y: it is "here"; give a value of type number.',
    ],
    [
      { ...good, nodes: [...good.nodes, good.nodes[0]] },
      'my.json: nodes.2.name: "a" is there twice; give each node its own name.',
    ],
    [{ ...good, nodes: { count: 0, area_m: [1, 1] } }, "my.json: nodes.count: it is 0; give at least 1."],
    [{ ...good, radio: { spreading_factor: 13 } }, "my.json: radio.spreading_factor: it is 13; give at most 12."],
    [
      { ...good, radio: { region: "in865" } },
      `my.json: radio.region: it is "in865"; give one of ${transmittingRegions()
        .map(({ id }) => id)
        .join(", ")}.`,
    ],
    [
      { ...good, radio: { region: "us915", frequency_hz: 915_000_000 } },
      "my.json: radio.bandwidth_hz: 125000 is less than the law of us915 asks for; give 500000.",
    ],
    [
      { ...good, radio: { region: "jp920", frequency_hz: 921_400_000, power_dbm: 13, spreading_factor: 12 } },
      "my.json: radio.spreading_factor: a frame of 255 bytes is 9348 ms on the air, longer than the 4000 ms of one transmission; give less.",
    ],
    [
      { ...good, radio: { frequency_hz: 869_000_000, duty_permille: 1, spreading_factor: 10 } },
      "my.json: radio.spreading_factor: two of them do not fit four fifths of the hour: a frame of 255 bytes is 2378 ms on the air; give less.",
    ],
    [
      { ...good, radio: { frequency_hz: 868_650_000 } },
      "my.json: radio.frequency_hz: 868650000 Hz with 125000 Hz of bandwidth lies in no sub-band of eu868; stay within 863-865, 865-868, 868-868.6, 868.7-869.2, 869.4-869.65, 869.7-870 MHz.",
    ],
    [
      { ...good, radio: { frequency_hz: 868_300_000 } },
      "my.json: radio.duty_permille: 100 is more than the sub-band allows; give at most 10.",
    ],
    [
      { ...good, wires: [{ from: "a", to: "c" }] },
      'my.json: wires.0.to: there is no node "c"; name one of the scenario\'s nodes.',
    ],
    [{ ...good, wires: [{ from: "a", to: "a" }] }, "my.json: wires.0.to: both ends are one node; join two nodes."],
    [
      { ...good, faults: { partitions: [{ from_s: 5, to_s: 5, x: 1 }] } },
      "my.json: faults.partitions.0.to_s: it ends at 5 s and begins at 5 s; let it end later than it begins.",
    ],
    [
      { ...good, faults: { partitions: [{ from_s: 5, to_s: 6 }] } },
      "my.json: faults.partitions.0: it is described in 0 ways; give x, or y, or nodes.",
    ],
    [{ ...good, attackers: [{ kind: "replay" }] }, "my.json: attackers.0: it stands nowhere; give near, or x and y."],
    [
      { ...good, attackers: [{ kind: "bribe", near: "a" }] },
      'my.json: attackers.0.kind: it is "bribe"; give one of replay, flood, spoofed-beacons, forged-announces, cost-liar, malformed.',
    ],
    [
      { ...good, traffic: { size: [100, 40] } },
      "my.json: traffic.size: [100,40] is upside down; give the smaller first.",
    ],
    [
      { ...good, traffic: { messages: [{ from: "a", to: "a", at_s: 1 }] } },
      "my.json: traffic.messages.0.to: it is the sender; send to another node.",
    ],
    [
      { ...good, traffic: { pairs: "gateway" } },
      "my.json: traffic.gateways: pairs are to gateways and none is named; name at least one node.",
    ],
    [{ ...good, trust: [["a", "z"]] }, 'my.json: trust.0.1: there is no node "z"; name one of the scenario\'s nodes.'],
    [
      { ...good, nodes: [{ name: "a b", x: 0, y: 0 }] },
      'my.json: nodes.0.name: it is "a b"; it takes letters, digits, dots, dashes and underscores.',
    ],
  ])("says in one sentence what is wrong (%#)", (value, sentence) => {
    expect(refusal(value)).toBe(sentence);
  });

  it("refuses whatever is no scenario with sentences, never with anything else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const line of refusal(value).split("\n")) expect(line).toMatch(/^my\.json: .+: .+; .+\.$/);
      }),
    );
    // One field of a good one replaced.
    const fields = [...Object.keys(good), "radio", "traffic", "faults", "wires", "attackers", "trust", "propagation"];
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
        const text = refusal({ ...good, [field]: value });
        if (text !== "") for (const line of text.split("\n")) expect(line).toMatch(/^my\.json: .+: .+; .+\.$/);
      }),
      { numRuns: 300 },
    );
  });

  it("is found by a preset's name or a path, and a wrong name gets the nearest", () => {
    expect(findScenario("village").name).toBe("village");
    expect(() => findScenario("vilage")).toThrow(/no preset "vilage"; did you mean village\?/);
    const path = join(mkdtempSync(join(tmpdir(), "mehr-scenario-")), "mine.json");
    expect(() => readScenario(path)).toThrow(/could not be read \(ENOENT\)/);
    writeFileSync(path, "{ not json");
    expect(() => findScenario(path)).toThrow(/mine\.json is no JSON: .*; correct it there\./);
    writeFileSync(path, JSON.stringify(good));
    expect(findScenario(path).name).toBe("good");
  });
});

describe("the presets", () => {
  it.each(Object.keys(PRESETS))("%s: a median node hears 3 to 8 others, and all can be reached", (name) => {
    const scenario = findScenario(name);
    const nodes = placeNodes(scenario);
    const channel = new LoraChannel({
      queue: new EventQueue(),
      airtimeUs: () => 1,
      propagation: propagationOf(scenario),
      seed: scenario.seed,
    });
    for (const { x, y, power_dbm } of nodes) channel.add({ x, y, phy: phyOf(scenario, power_dbm), receive: () => {} });
    channel.connect();
    const degrees = nodes.map((_, i) => channel.audible(i).length).sort((a, b) => a - b);
    expect(degrees[nodes.length >> 1]).toBeGreaterThanOrEqual(3);
    expect(degrees[nodes.length >> 1]).toBeLessThanOrEqual(8);
    const view = { count: nodes.length, up: () => true, reaches: (i: number) => channel.audible(i) };
    expect(new Connectivity(view).summary()).toEqual({ groups: 1, largest: nodes.length });
    // The same seed, the same places; another seed, others.
    expect(placeNodes(scenario)).toEqual(nodes);
    expect(placeNodes({ ...scenario, seed: 99 })).not.toEqual(nodes);
  });

  it("valley's wire joins nodes at both ends", () => {
    const scenario = findScenario("valley");
    const nodes = placeNodes(scenario);
    const [wire] = scenario.wired_points;
    const ends = [wire?.from, wire?.to].map((point) => nodes[nearestNode(nodes, point?.[0] ?? 0, point?.[1] ?? 0)]);
    expect(Math.abs((ends[0]?.x ?? 0) - (ends[1]?.x ?? 0))).toBeGreaterThan(35_000);
  });
});

describe("connectivity", () => {
  it("joins what reaches each other both ways and is up", () => {
    const reach: Record<number, number[]> = { 0: [1], 1: [0, 2], 2: [], 3: [4], 4: [3] };
    const up = [true, true, true, true, false];
    const connectivity = new Connectivity({
      count: 5,
      up: (i) => up[i] as boolean,
      reaches: (i) => reach[i] as number[],
    });
    expect([connectivity.joined(0, 1), connectivity.joined(1, 2), connectivity.joined(3, 4)]).toEqual([
      true,
      false,
      false,
    ]);
    up[4] = true;
    expect(connectivity.joined(3, 4)).toBe(false);
    connectivity.changed();
    expect(connectivity.joined(3, 4)).toBe(true);
  });
});
