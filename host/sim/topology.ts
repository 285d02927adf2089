/** Where the nodes stand: as listed, or drawn in an area by a layout and the seed. */
import type { Phy } from "../radio/channel.ts";
import { lossCentiDb, noiseCentiDbm, type Propagation, snrThresholdCentiDb } from "./propagation.ts";
import type { Generator, ListedNode, Scenario } from "./scenario.ts";
import { below, normal, Stream, stream } from "./streams.ts";

/** A node of the scenario in its place. */
export type PlacedNode = ListedNode;

export function propagationOf(scenario: Scenario): Propagation {
  const { exponent, reference_loss_db, reference_m, shadowing_db, noise_figure_db } = scenario.propagation;
  return {
    exponent,
    referenceLossDb: reference_loss_db,
    referenceM: reference_m,
    shadowingDb: shadowing_db,
    noiseFigureDb: noise_figure_db,
  };
}

export function phyOf(scenario: Scenario, powerDbm?: number): Phy {
  const { radio } = scenario;
  return {
    frequencyHz: radio.frequency_hz,
    bandwidthHz: radio.bandwidth_hz,
    spreadingFactor: radio.spreading_factor,
    codingRate: radio.coding_rate,
    preamble: radio.preamble,
    powerDbm: powerDbm ?? radio.power_dbm,
    syncWord: radio.sync_word,
  };
}

/** The nodes with their positions; the same for the same scenario and seed. */
export function placeNodes(scenario: Scenario): PlacedNode[] {
  const { nodes } = scenario;
  return Array.isArray(nodes) ? nodes : generate(scenario, nodes);
}

/** Moves a node to another drawn place at most this often to make it reach the others. */
const TRIES = 4000;

interface Point {
  readonly x: number;
  readonly y: number;
}

function generate(scenario: Scenario, plan: Generator): PlacedNode[] {
  const { count, area_m: area, layout, prefix } = plan;
  const random = stream(scenario.seed, Stream.Layout);
  const [width, height] = area;
  const centres = Array.from({ length: plan.clusters }, () => ({
    x: random.unit() * width,
    y: random.unit() * height,
  }));
  const columns = Math.max(1, Math.round(Math.sqrt((count * width) / height)));
  const rows = Math.ceil(count / columns);
  const draw = (i: number): Point => {
    // Always two draws of each kind, so that layouts differ in nothing but their shape.
    const [u, v, g, h] = [random.unit(), random.unit(), normal(random), normal(random)];
    switch (layout) {
      case "grid": {
        const [column, row] = [i % columns, Math.floor(i / columns)];
        return { x: ((column + 0.3 + 0.4 * u) * width) / columns, y: ((row + 0.3 + 0.4 * v) * height) / rows };
      }
      case "line":
        return { x: ((i + 0.3 + 0.4 * u) * width) / count, y: v * height };
      case "clusters": {
        const centre = centres[i % centres.length] as Point;
        const spread = Math.sqrt((width * height) / centres.length) / 4;
        return { x: clamp(centre.x + g * spread, width), y: clamp(centre.y + h * spread, height) };
      }
      case "uniform":
        return { x: u * width, y: v * height };
    }
  };
  const points = Array.from({ length: count }, (_, i) => draw(i));
  if (plan.connected) connect(scenario, plan, points, draw);
  return points.map(({ x, y }, i) => ({
    name: `${prefix}${i}`,
    // Centimetres: nobody knows better where a relay hangs, and a file stays readable.
    x: Math.round(x * 100) / 100,
    y: Math.round(y * 100) / 100,
    capabilities: plan.capabilities,
    cost_tier: plan.cost_tier,
    price: plan.price,
    ...(plan.power_dbm === undefined ? {} : { power_dbm: plan.power_dbm }),
    ...(plan.drift_ppm === undefined ? {} : { drift_ppm: plan.drift_ppm }),
  }));
}

function clamp(value: number, limit: number): number {
  return Math.min(Math.max(value, 0), limit);
}

/** Draws new places for those that cannot reach the largest group of nodes until all are of it. */
function connect(scenario: Scenario, plan: Generator, points: Point[], draw: (i: number) => Point): void {
  const reaches = linkTest(scenario, plan);
  const main = largestGroup(points, reaches);
  const inMain = points.map((_, i) => main.has(i));
  for (let i = 0; i < points.length; i++) {
    if (inMain[i]) continue;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const point = draw(i);
      points[i] = point;
      if (points.some((other, k) => inMain[k] === true && reaches(i, point, k, other))) {
        inMain[i] = true;
        break;
      }
    }
  }
}

/** Whether two nodes at two places reach each other with the margin asked for. */
function linkTest(scenario: Scenario, plan: Generator): (i: number, a: Point, k: number, b: Point) => boolean {
  const propagation = propagationOf(scenario);
  const { bandwidthHz, spreadingFactor, powerDbm } = phyOf(scenario, plan.power_dbm);
  const noise = noiseCentiDbm(bandwidthHz, propagation.noiseFigureDb);
  const most = powerDbm * 100 - noise - snrThresholdCentiDb(spreadingFactor) - Math.round(plan.margin_db * 100);
  // Beyond this not even the luckiest shadowing helps (it never passes six standard deviations).
  const decades =
    (most / 100 + 6 * propagation.shadowingDb - propagation.referenceLossDb) / (10 * propagation.exponent);
  const far = propagation.referenceM * 10 ** decades;
  return (i, a, k, b) => {
    const [dx, dy] = [a.x - b.x, a.y - b.y];
    const square = dx * dx + dy * dy;
    return square <= far * far && lossCentiDb(propagation, scenario.seed, i, k, Math.sqrt(square)) <= most;
  };
}

function largestGroup(
  points: readonly Point[],
  reaches: (i: number, a: Point, k: number, b: Point) => boolean,
): Set<number> {
  const left = new Set(points.keys());
  let largest = new Set<number>();
  for (const start of points.keys()) {
    if (!left.delete(start)) continue;
    const group = new Set([start]);
    for (const i of group) {
      for (const k of left) {
        if (!reaches(i, points[i] as Point, k, points[k] as Point)) continue;
        left.delete(k);
        group.add(k);
      }
    }
    if (group.size > largest.size) largest = group;
  }
  return largest;
}

/** Index of the node nearest to a point. */
export function nearestNode(nodes: readonly Point[], x: number, y: number): number {
  let best = 0;
  let least = Infinity;
  for (const [i, node] of nodes.entries()) {
    const square = (node.x - x) ** 2 + (node.y - y) ** 2;
    if (square < least) [best, least] = [i, square];
  }
  return best;
}

/** A place a few metres beside a node: close enough to hear what it hears. */
export function beside(scenario: Scenario, node: Point, index: number): Point {
  const random = stream(scenario.seed, Stream.Attack, index, 1);
  return { x: node.x + 5 + below(random, 20), y: node.y + 5 + below(random, 20) };
}
