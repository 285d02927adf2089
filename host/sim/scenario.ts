/**
 * Scenario files: what a simulation is made of, as JSON, checked by zod for its shape and here for its sense.
 *
 * Lengths are metres, times seconds of virtual time unless the name says otherwise. What a file leaves out has the
 * defaults below; `mehr sim NAME --print` writes a preset out in full.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { airtimeUs, FRAME_MAX, type Modulation } from "../../boards/airtime.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { bandOf, LAWS } from "./law.ts";
import { TOWN } from "./propagation.ts";

/** The most stations a simulation takes: the table of levels grows with their square. */
export const NODES_MAX = 4000;

const seconds = z.number().min(0).max(31_536_000);
const positiveSeconds = z.number().positive().max(31_536_000);
const metres = z.number().min(-1_000_000).max(1_000_000);
const fraction = z.number().min(0).max(1);
const name = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[A-Za-z0-9._-]+$/, "takes letters, digits, dots, dashes and underscores");
const u32 = z.number().int().min(0).max(0xffff_ffff);

const profile = z.strictObject({
  /** Capability bits of the beacon. */
  capabilities: z.number().int().min(0).max(0x1fff).default(1),
  cost_tier: z.number().int().min(0).max(3).default(0),
  /** micro-MHR per KiB. */
  price: u32.default(0),
  power_dbm: z.number().int().min(-9).max(27).optional(),
  /** ppm its clock is fast; otherwise drawn within faults.clock_drift_ppm. */
  drift_ppm: z.number().min(-200).max(200).optional(),
});

const listedNode = z.strictObject({
  name,
  x: metres,
  y: metres,
  ...profile.shape,
});

const generator = z.strictObject({
  count: z.number().int().min(1).max(NODES_MAX),
  /** Width and height. */
  area_m: z.tuple([z.number().positive().max(1_000_000), z.number().positive().max(1_000_000)]),
  layout: z.enum(["uniform", "grid", "clusters", "line"]).default("uniform"),
  /** Of layout clusters. */
  clusters: z.number().int().min(1).max(1000).default(4),
  /** Places each node so that it reaches at least one placed before, both ways. */
  connected: z.boolean().default(true),
  /** dB by which a link that connects must be above what is needed. */
  margin_db: z.number().min(0).max(40).default(3),
  prefix: name.default("n"),
  ...profile.shape,
});

const radio = z.strictObject({
  region: z.enum(Object.keys(LAWS) as [string, ...string[]]).default("eu868"),
  frequency_hz: u32.default(869_525_000),
  bandwidth_hz: z.number().int().min(7_800).max(1_625_000).default(125_000),
  spreading_factor: z.number().int().min(5).max(12).default(8),
  coding_rate: z.number().int().min(5).max(8).default(5),
  preamble: z.number().int().min(6).max(65_535).default(18),
  power_dbm: z.number().int().min(-9).max(27).default(14),
  sync_word: z.number().int().min(0).max(255).default(0x12),
  /** What the nodes believe they may use of an hour; the law of the region is watched apart from it. */
  duty_permille: z.number().int().min(1).max(1000).default(100),
  /**
   * Likewise: the longest transmission, the silence after each, and listening before talking. 0 is no such limit; without
   * the field they believe what the region says.
   */
  dwell_ms: z.number().int().min(0).max(25_500).multipleOf(100).optional(),
  pause_ms: z.number().int().min(0).max(255).optional(),
  lbt_threshold_dbm: z.number().int().min(-128).max(0).optional(),
  lbt_ms: z.number().int().min(0).max(255).optional(),
});

const propagation = z.strictObject({
  exponent: z.number().min(1).max(8).default(TOWN.exponent),
  reference_loss_db: z.number().min(0).max(200).default(TOWN.referenceLossDb),
  reference_m: z.number().positive().max(100_000).default(TOWN.referenceM),
  shadowing_db: z.number().min(0).max(20).default(TOWN.shadowingDb),
  noise_figure_db: z.number().min(0).max(20).default(TOWN.noiseFigureDb),
});

const wire = z.strictObject({
  from: name,
  to: name,
  rate_bps: z.number().min(100).max(1e10).default(1_000_000),
  delay_ms: z.number().min(0).max(60_000).default(10),
  loss: fraction.default(0),
});

const message = z.strictObject({ from: name, to: name, at_s: seconds });

const traffic = z.strictObject({
  /** Messages each node sends in an hour, at random moments; 0 with a list. */
  per_node_per_hour: z.number().min(0).max(3600).default(1),
  messages: z.array(message).max(100_000).default([]),
  /** random: to any other node; gateway: to and from the nodes named in `gateways`; neighbour: to a node in reach. */
  pairs: z.enum(["random", "gateway", "neighbour"]).default("random"),
  gateways: z.array(name).max(64).default([]),
  /** Bytes of a message, with its id and reply address: one box end to end takes at most 411. */
  size: z.tuple([z.number().int().min(21).max(411), z.number().int().min(21).max(411)]).default([32, 120]),
  start_s: seconds.default(1200),
  /** No new message after this; by default what the retries of one take before the end. */
  end_s: positiveSeconds.optional(),
  /** P0 to P3. */
  priority: z.number().int().min(0).max(3).default(1),
  /** 0 balanced, 1 cheapest, 2 fastest, 3 most reliable, 4 largest MTU. */
  policy: z.number().int().min(0).max(4).default(0),
  retries: z.number().int().min(0).max(10).default(3),
  /** Doubles with each retry. */
  ack_timeout_s: positiveSeconds.default(60),
});

const reboot = z.strictObject({
  node: name,
  at_s: seconds,
  off_s: positiveSeconds.default(10),
  /** Cut off in the middle of the next write to flash, which is waited for, for a minute at most. */
  during_write: z.boolean().default(false),
});

const partition = z.strictObject({
  from_s: seconds,
  to_s: positiveSeconds,
  /** A line across the area: what lies on either side of x hears nothing of the other. */
  x: metres.optional(),
  y: metres.optional(),
  /** Or the nodes of one side; all others are the other side. */
  nodes: z.array(name).max(NODES_MAX).optional(),
});

const faults = z.strictObject({
  reboots: z.array(reboot).max(10_000).default([]),
  random_reboots: z
    .strictObject({
      per_node_per_hour: z.number().min(0).max(60),
      start_s: seconds.default(600),
      /** None after this, so that what it broke can heal. */
      end_s: positiveSeconds.optional(),
      off_s: z.tuple([positiveSeconds, positiveSeconds]).default([5, 60]),
      /** Share that happens in the middle of a write to flash. */
      during_write: fraction.default(0.5),
    })
    .optional(),
  partitions: z.array(partition).max(100).default([]),
  /** Clocks run fast or slow by up to this. */
  clock_drift_ppm: z.number().min(0).max(200).default(20),
});

export const ATTACKS = ["replay", "flood", "spoofed-beacons", "forged-announces", "cost-liar", "malformed"] as const;
export type AttackKind = (typeof ATTACKS)[number];

const attacker = z.strictObject({
  kind: z.enum(ATTACKS),
  /** Beside this node; or at x and y. */
  near: name.optional(),
  x: metres.optional(),
  y: metres.optional(),
  per_minute: z.number().positive().max(600).default(4),
  start_s: seconds.default(600),
  power_dbm: z.number().int().min(-9).max(27).optional(),
});

const schema = z.strictObject({
  name,
  description: z.string().max(400).default(""),
  seed: u32.default(1),
  duration_s: positiveSeconds,
  nodes: z.union([generator, z.array(listedNode).min(1).max(NODES_MAX)]),
  /** Nodes are switched on at random moments within this time. */
  boot_spread_s: seconds.default(30),
  radio: radio.prefault({}),
  propagation: propagation.prefault({}),
  wires: z.array(wire).max(10_000).default([]),
  /** Wires by position for generated nodes: joins the nodes nearest to two points. */
  wired_points: z
    .array(
      z.strictObject({
        from: z.tuple([metres, metres]),
        to: z.tuple([metres, metres]),
        rate_bps: z.number().min(100).max(1e10).default(1_000_000),
        delay_ms: z.number().min(0).max(60_000).default(10),
        loss: fraction.default(0),
      }),
    )
    .max(100)
    .default([]),
  traffic: traffic.prefault({}),
  /** Whose packets are relayed free: everybody's, nobody's, or pairs of nodes that trust each other. */
  trust: z.union([z.enum(["all", "none"]), z.array(z.tuple([name, name])).max(100_000)]).default("all"),
  faults: faults.prefault({}),
  attackers: z.array(attacker).max(100).default([]),
});

/** What a file may hold. */
export type ScenarioInput = z.input<typeof schema>;
/** A checked scenario with every default filled in. */
export type Scenario = z.output<typeof schema>;
export type ListedNode = z.output<typeof listedNode>;
export type Generator = z.output<typeof generator>;
export type TrafficPlan = Scenario["traffic"];
export type FaultPlan = Scenario["faults"];
export type AttackerPlan = Scenario["attackers"][number];

/** "nodes.3.x": where in the file. */
function fieldOf(path: readonly PropertyKey[]): string {
  // A key is the file's own text: what is no plain word is shown as JSON writes it.
  const segments = path.map((key) => (/^[\w-]+$/.test(String(key)) ? String(key) : show(String(key))));
  return segments.length === 0 ? "the file" : segments.join(".");
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

type Problem = (field: string, came: string, fix: string) => void;

/**
 * A scenario from parsed JSON. Throws MehrError (2) with one sentence for each thing that is wrong: file, field, what
 * came, what to do.
 */
export function checkScenario(value: unknown, file: string): Scenario {
  const sentences: string[] = [];
  const problem: Problem = (field, came, fix) => sentences.push(`${file}: ${field}: ${came}; ${fix}.`);
  const checked = schema.safeParse(value);
  if (!checked.success) {
    for (const issue of flatten(checked.error.issues)) {
      if (issue.code === "unrecognized_keys") {
        for (const key of issue.keys) {
          problem(fieldOf([...issue.path, key]), "no scenario has this field", "take it out or correct its name");
        }
        continue;
      }
      const came = valueAt(value, issue.path);
      const what = came === undefined ? "nothing is there" : `it is ${show(came)}`;
      problem(fieldOf(issue.path), what, fixOf(issue));
    }
  } else {
    checkSense(checked.data, problem);
  }
  if (sentences.length > 0) throw new MehrError(2, [...new Set(sentences)].slice(0, 10).join("\n"));
  return checked.data as Scenario;
}

type Issue = z.core.$ZodIssue;

/** Issues of a union are those of the member that was meant: the one that got furthest. */
function flatten(issues: readonly Issue[], path: readonly PropertyKey[] = []): Issue[] {
  return issues.flatMap((issue) => {
    const at = [...path, ...issue.path];
    if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ ...issue, path: at } as Issue];
    const depth = (list: readonly Issue[]): number => Math.max(0, ...list.map((one) => one.path.length));
    const meant = [...issue.errors].sort((a, b) => depth(b as Issue[]) - depth(a as Issue[]))[0] as Issue[];
    if (depth(meant) === 0) return [{ ...issue, path: at } as Issue];
    return flatten(meant, at);
  });
}

function fixOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `give ${issue.expected === "int" ? "a whole number" : `a value of type ${issue.expected}`}`;
    case "too_small":
      return `give ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${issue.origin === "number" || issue.origin === "int" ? "" : " of them"}`;
    case "too_big":
      return `give at most ${issue.maximum}${issue.origin === "number" || issue.origin === "int" ? "" : " of them"}`;
    case "invalid_value":
      return `give one of ${issue.values.map(String).join(", ")}`;
    case "invalid_format":
      return `it ${issue.message}`;
    case "invalid_union":
      return "see the other scenarios for what may stand here";
    default:
      return issue.message;
  }
}

/** Every node's name: as listed, or prefix and number. */
export function nodeNames(scenario: Pick<Scenario, "nodes">): string[] {
  const { nodes } = scenario;
  if (Array.isArray(nodes)) return nodes.map((node) => node.name);
  return Array.from({ length: nodes.count }, (_, i) => `${nodes.prefix}${i}`);
}

function checkSense(scenario: Scenario, problem: Problem): void {
  const names = nodeNames(scenario);
  const known = new Set<string>();
  for (const [i, one] of names.entries()) {
    if (known.has(one)) problem(`nodes.${i}.name`, `${show(one)} is there twice`, "give each node its own name");
    known.add(one);
  }
  const node = (field: string, one: string): void => {
    if (!known.has(one)) problem(field, `there is no node ${show(one)}`, "name one of the scenario's nodes");
  };
  const before = (field: string, from: number, to: number): void => {
    if (from >= to) problem(field, `it ends at ${to} s and begins at ${from} s`, "let it end later than it begins");
  };

  const { duration_s: duration, wires, traffic: load, faults: plan, trust, attackers, radio: air } = scenario;
  const ports = new Map<string, number>();
  for (const [i, one] of wires.entries()) {
    node(`wires.${i}.from`, one.from);
    node(`wires.${i}.to`, one.to);
    if (one.from === one.to) problem(`wires.${i}.to`, "both ends are one node", "join two nodes");
    for (const end of [one.from, one.to]) ports.set(end, (ports.get(end) ?? 0) + 1);
  }
  for (const [end, count] of ports) {
    if (count > 3) problem("wires", `node ${show(end)} has ${count} wires`, "a node has at most 3");
  }
  for (const [i, one] of load.messages.entries()) {
    node(`traffic.messages.${i}.from`, one.from);
    node(`traffic.messages.${i}.to`, one.to);
    if (one.from === one.to) problem(`traffic.messages.${i}.to`, "it is the sender", "send to another node");
    if (one.at_s >= duration)
      problem(`traffic.messages.${i}.at_s`, `${one.at_s} s is not before the end`, `give less than ${duration}`);
  }
  for (const [i, one] of load.gateways.entries()) node(`traffic.gateways.${i}`, one);
  if (load.pairs === "gateway" && load.gateways.length === 0 && scenario.wired_points.length === 0) {
    problem("traffic.gateways", "pairs are to gateways and none is named", "name at least one node");
  }
  if (load.size[0] > load.size[1])
    problem("traffic.size", `${show(load.size)} is upside down`, "give the smaller first");
  if (load.end_s !== undefined) before("traffic.end_s", load.start_s, load.end_s);
  for (const [i, one] of plan.reboots.entries()) {
    node(`faults.reboots.${i}.node`, one.node);
    if (one.at_s >= duration)
      problem(`faults.reboots.${i}.at_s`, `${one.at_s} s is not before the end`, `give less than ${duration}`);
  }
  const off = plan.random_reboots?.off_s;
  if (off !== undefined && off[0] > off[1]) {
    problem("faults.random_reboots.off_s", `${show(off)} is upside down`, "give the shorter time first");
  }
  for (const [i, one] of plan.partitions.entries()) {
    const field = `faults.partitions.${i}`;
    before(`${field}.to_s`, one.from_s, one.to_s);
    const ways = [one.x, one.y, one.nodes].filter((way) => way !== undefined).length;
    if (ways !== 1) problem(field, `it is described in ${ways} ways`, "give x, or y, or nodes");
    for (const [k, member] of (one.nodes ?? []).entries()) node(`${field}.nodes.${k}`, member);
  }
  if (Array.isArray(trust)) {
    for (const [i, [a, b]] of trust.entries()) {
      node(`trust.${i}.0`, a);
      node(`trust.${i}.1`, b);
    }
  }
  for (const [i, one] of attackers.entries()) {
    if (one.near !== undefined) node(`attackers.${i}.near`, one.near);
    else if (one.x === undefined || one.y === undefined) {
      problem(`attackers.${i}`, "it stands nowhere", "give near, or x and y");
    }
  }
  if ((air.lbt_ms === undefined) !== (air.lbt_threshold_dbm === undefined) || !air.lbt_ms !== !air.lbt_threshold_dbm) {
    problem("radio.lbt_ms", "a threshold and a time to listen only go together", "give both, or neither");
  }
  const law = LAWS[air.region];
  const band = law && bandOf(law, { frequencyHz: air.frequency_hz, bandwidthHz: air.bandwidth_hz });
  if (band === undefined) {
    const wide = law && bandOf(law, { frequencyHz: air.frequency_hz, bandwidthHz: 500_000 })?.minBandwidthHz;
    if (wide !== undefined && air.bandwidth_hz < wide) {
      problem(
        "radio.bandwidth_hz",
        `${air.bandwidth_hz} is less than the law of ${air.region} asks for`,
        `give ${wide}`,
      );
      return;
    }
    const bands = law?.bands.map(({ fromHz, toHz }) => `${fromHz / 1e6}-${toHz / 1e6}`).join(", ");
    problem(
      "radio.frequency_hz",
      `${air.frequency_hz} Hz with ${air.bandwidth_hz} Hz of bandwidth lies in no sub-band of ${air.region}`,
      `stay within ${bands} MHz`,
    );
  } else {
    if (air.power_dbm > band.maxErpDbm) {
      problem(
        "radio.power_dbm",
        `${air.power_dbm} dBm is more than the sub-band allows`,
        `give at most ${band.maxErpDbm}`,
      );
    }
    if (air.duty_permille > band.dutyPermille) {
      problem(
        "radio.duty_permille",
        `${air.duty_permille} is more than the sub-band allows`,
        `give at most ${band.dutyPermille}`,
      );
    }
    // What the core refuses too: a relay whose largest frames are never lawful.
    const us = airtimeUs(modulationOf(air), FRAME_MAX);
    const slow = `a frame of ${FRAME_MAX} bytes is ${Math.ceil(us / 1000)} ms on the air`;
    if (band.dwellMs !== undefined && us > band.dwellMs * 1000) {
      problem("radio.spreading_factor", `${slow}, longer than the ${band.dwellMs} ms of one transmission`, "give less");
    }
    if (us * 10 > air.duty_permille * 3_600_000 * 4) {
      problem("radio.spreading_factor", `two of them do not fit four fifths of the hour: ${slow}`, "give less");
    }
  }
}

function modulationOf(air: Scenario["radio"]): Modulation {
  return {
    bandwidthHz: air.bandwidth_hz,
    spreadingFactor: air.spreading_factor,
    codingRate: air.coding_rate,
    preambleSymbols: air.preamble,
  };
}

/** Reads and checks a scenario file. Throws MehrError (2). */
export function readScenario(path: string): Scenario {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new MehrError(
      2,
      `${path} could not be read (${code ?? String(error)}); give a preset's name or a scenario file.`,
    );
  }
  let value: unknown;
  try {
    // Some editors begin a file with a byte order mark, which JSON does not know.
    value = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    // The message quotes the file, with whatever controls a terminal that holds.
    const message = (error instanceof Error ? error.message : String(error)).replace(/[\s\p{Cc}\p{Cf}]+/gu, " ");
    throw new MehrError(2, `${path} is no JSON: ${message}; correct it there.`);
  }
  return checkScenario(value, path);
}
