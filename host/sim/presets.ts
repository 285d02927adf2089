/** The scenarios that come with the project, as a file would hold them. */
import { nearestNames } from "../../boards/nearest.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { ATTACKS, checkScenario, readScenario, type Scenario, type ScenarioInput } from "./scenario.ts";

const village = {
  name: "village",
  description: "30 relays on the roofs of a village and the farms around it",
  duration_s: 7200,
  nodes: { count: 30, area_m: [8000, 8000], layout: "uniform" },
  // Half the airtime of SF8 for 2.5 dB.
  radio: { spreading_factor: 7 },
  traffic: { per_node_per_hour: 2 },
} satisfies ScenarioInput;

export const PRESETS: Readonly<Record<string, ScenarioInput>> = {
  village,
  valley: {
    name: "valley",
    description: "200 relays along a valley, two gateways at its ends joined by a wire",
    duration_s: 7200,
    nodes: { count: 200, area_m: [48_000, 5500], layout: "uniform" },
    wired_points: [{ from: [3000, 2750], to: [45_000, 2750], rate_bps: 1_000_000, delay_ms: 20 }],
    traffic: { per_node_per_hour: 0.5, pairs: "gateway" },
  },
  city: {
    name: "city",
    description: "1000 relays over a city and its suburbs, neighbours writing to each other",
    duration_s: 3600,
    nodes: { count: 1000, area_m: [38_000, 38_000], layout: "uniform" },
    boot_spread_s: 60,
    traffic: { per_node_per_hour: 0.5, start_s: 900 },
  },
  "partition-heal": {
    name: "partition-heal",
    description: "a village cut in two for forty minutes, then whole again",
    duration_s: 9000,
    nodes: { count: 24, area_m: [5600, 5000], layout: "uniform" },
    traffic: { per_node_per_hour: 2, start_s: 900 },
    faults: { partitions: [{ from_s: 2400, to_s: 4800, x: 2800 }] },
  },
  "roof-failure": {
    name: "roof-failure",
    description: "a village whose relays lose their power now and then, also while they write to flash",
    duration_s: 9000,
    nodes: { count: 24, area_m: [5600, 5000], layout: "uniform" },
    traffic: { per_node_per_hour: 2, start_s: 1200 },
    faults: {
      random_reboots: { per_node_per_hour: 0.5, start_s: 600, end_s: 7200, off_s: [5, 120], during_write: 0.5 },
    },
  },
  hostile: {
    ...village,
    name: "hostile",
    description: "the village with an attacker of every kind in it",
    attackers: ATTACKS.map((kind, i) => ({
      kind,
      near: `n${3 + 4 * i}`,
      per_minute: kind === "flood" ? 12 : 4,
      start_s: 300,
    })),
  },
};

/** A preset's checked scenario, or that of a file: whatever looks like a path is one. Throws MehrError (2). */
export function findScenario(text: string): Scenario {
  const preset = Object.hasOwn(PRESETS, text) ? PRESETS[text] : undefined;
  if (preset !== undefined) return checkScenario(preset, `preset ${text}`);
  if (/[/\\.]/.test(text)) return readScenario(text);
  const names = Object.keys(PRESETS);
  const near = nearestNames(text, names);
  const rest = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `there are ${names.join(", ")}.`;
  throw new MehrError(
    2,
    `There is no preset "${text}"; ${rest} A scenario file is given by its path, such as ./${text}.json.`,
  );
}
