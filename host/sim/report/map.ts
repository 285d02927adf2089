/** The map: where the nodes stand, who hears whom and how well, and which parts were cut off. */
import { extent } from "d3-array";
import { scaleLinear } from "d3-scale";
import { symbol, symbolCircle, symbolSquare, symbolTriangle } from "d3-shape";
import type { CutResult, LinkResult, NodeResult, Result } from "./result.ts";
import { type LegendEntry, legend } from "./chart.ts";
import { coordinate, duration, short } from "./format.ts";
import { html, type Markup } from "./markup.ts";

const MAP_WIDTH = 720;
/** Room for names and symbols at the edge. */
const PADDING = 34;
const HEIGHT_LEAST = 260;
const HEIGHT_MOST = 720;
/** Names are written beside the nodes of small networks only. */
const NAMED_MOST = 48;
/** Each link of a small network says what it is; of a large one all of a kind are one path. */
const SINGLE_LINKS_MOST = 400;

/** Upper bounds, dB of margin, of the classes q0 to q3 of links. */
const QUALITY_DB = [3, 8, 15, Number.POSITIVE_INFINITY] as const;
/** Upper bounds, share of the law's limit, of the classes d0 to d3 of nodes. */
const DUTY_SHARES = [0.1, 0.4, 0.8, Number.POSITIVE_INFINITY] as const;

type Point = readonly [number, number];

export function topologyMap(result: Result): Markup {
  const { nodes, links, cuts } = result;
  const { at, height, metre } = projection(nodes);
  const points = nodes.map(at);
  // Attackers stand beside nodes and must not hide them.
  const marks = (attackers: boolean): Markup[] =>
    nodes.flatMap((node, i) =>
      (node.attacker !== undefined) === attackers ? nodeMark(node, points[i] ?? [0, 0], nodes.length) : [],
    );
  return html`<svg class="map" viewBox="0 0 ${MAP_WIDTH} ${coordinate(height)}" role="img">
      <title>Map of ${nodes.length} nodes and ${links.length} links</title>
      ${cuts.map((cut) => area(cut, points))}${linkLayer(links, nodes, points)}${[...marks(true), ...marks(false)]}${nodes.length <= NAMED_MOST && nameLayer(nodes, points, height)}${scaleBar(metre, height)}
    </svg>
    ${legend(legendEntries(result))}`;
}

/** Metres to the drawing, north up; a single place or a line gets some room. */
function projection(nodes: readonly NodeResult[]): { at: (node: NodeResult) => Point; height: number; metre: number } {
  const [west = 0, east = 0] = extent(nodes, (node) => node.x);
  const [south = 0, north = 0] = extent(nodes, (node) => node.y);
  const [wide, high] = [Math.max(east - west, 1), Math.max(north - south, 1)];
  const metre = Math.min((MAP_WIDTH - 2 * PADDING) / wide, (HEIGHT_MOST - 2 * PADDING) / high);
  const height = Math.max(HEIGHT_LEAST, high * metre + 2 * PADDING);
  const x = scaleLinear([west, west + wide], [(MAP_WIDTH - wide * metre) / 2, (MAP_WIDTH + wide * metre) / 2]);
  const y = scaleLinear([south, south + high], [(height + high * metre) / 2, (height - high * metre) / 2]);
  return { at: (node) => [x(node.x), y(node.y)], height, metre };
}

/** The smallest outline around the nodes of one side; a wide round pen gives it its margin. */
function area(cut: CutResult, points: readonly Point[]): Markup {
  const outline = hull(pick(cut.nodes, points));
  if (outline.length === 0) return html``;
  const d = `M${outline.map(([x, y]) => `${coordinate(x)},${coordinate(y)}`).join("L")}Z`;
  return html`<path class="cut" d="${d}"
    ><title>${cut.name}: cut off from ${duration(cut.fromMs)} to ${duration(cut.toMs)}</title></path
  > `;
}

function pick(indices: readonly number[], points: readonly Point[]): Point[] {
  return indices.map((index) => points[index]).filter((point) => point !== undefined);
}

/** Convex hull (Andrew's monotone chain). */
function hull(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of list) {
      for (let n = chain.length; n >= 2 && turn(chain[n - 2], chain[n - 1], point) <= 0; n--) chain.pop();
      chain.push(point);
    }
    return chain;
  };
  const [lower, upper] = [half(sorted), half([...sorted].reverse())];
  return sorted.length < 3 ? sorted : [...lower.slice(0, -1), ...upper.slice(0, -1)];
}

function turn(a: Point = [0, 0], b: Point = [0, 0], c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

function linkClass({ kind, up, marginDb }: LinkResult): string {
  if (kind === "wired") return up ? "wire" : "wire idle";
  const quality = QUALITY_DB.findIndex((bound) => marginDb < bound);
  return up ? `link q${quality < 0 ? QUALITY_DB.length - 1 : quality}` : "link idle";
}

function linkLayer(links: readonly LinkResult[], nodes: readonly NodeResult[], points: readonly Point[]): Markup {
  const path = ({ from, to }: LinkResult): string => {
    const [[ax, ay], [bx, by]] = [points[from] ?? [0, 0], points[to] ?? [0, 0]];
    return `M${coordinate(ax)},${coordinate(ay)}L${coordinate(bx)},${coordinate(by)}`;
  };
  const named = (index: number): string => nodes[index]?.name ?? "?";
  // What is not up lies below, wires on top.
  const order = ["link idle", "link q0", "link q1", "link q2", "link q3", "wire idle", "wire"];
  return html`${order.map((className) => {
    const group = links.filter((link) => linkClass(link) === className);
    if (group.length === 0) return html``;
    if (links.length > SINGLE_LINKS_MOST) {
      return html`<path class="${className}" d="${group.map(path).join("")}" /> `;
    }
    return html`<g class="${className}"
      >${group.map((link) => {
        const quality = link.kind === "wired" ? "wired" : `margin ${short(link.marginDb)} dB`;
        const state = link.up ? "" : ", no link";
        return html`<path d="${path(link)}"
          ><title>${named(link.from)} - ${named(link.to)}: ${quality}${state}</title></path
        >`;
      })}</g
    > `;
  })}`;
}

function nodeMark(node: NodeResult, [x, y]: Point, count: number): Markup {
  const size = count <= NAMED_MOST ? 110 : count <= 250 ? 55 : 22;
  const [shape, grown] =
    node.attacker !== undefined ? [symbolTriangle, 2.4] : node.gateway ? [symbolSquare, 1.6] : [symbolCircle, 1];
  const path = symbol(shape, size * grown).digits(2)() ?? "";
  const used = node.dutyPermille / node.dutyLimitPermille;
  const level = DUTY_SHARES.findIndex((bound) => used < bound);
  const kind = node.attacker !== undefined ? "attacker" : node.up ? `d${level < 0 ? 0 : level}` : "down";
  const role = node.attacker !== undefined ? `, attacker: ${node.attacker}` : node.gateway ? ", gateway" : "";
  const state = node.up ? "" : ", down";
  return html`<path class="node ${kind}" transform="translate(${coordinate(x)} ${coordinate(y)})" d="${path}"
    ><title>${node.name}${role}${state}: ${short(node.dutyPermille / 10)} % of an hour on the air</title></path
  > `;
}

/** Left, top, right, bottom. */
type Box = readonly [number, number, number, number];

/** Of a name in the style sheet's size: how wide a letter is at most, how high it stands above its base line. */
const LETTER = 6.4;
const LETTER_HEIGHT = 9;
/** From a node's middle to a name beside it. */
const GAP = 9;

/** Where a name can stand, the best first: the way from the node to its base line, and which end lies there. */
const NAME_PLACES: readonly (readonly [number, number, "middle" | "start" | "end"])[] = [
  [0, -GAP, "middle"],
  [0, GAP + LETTER_HEIGHT - 1, "middle"],
  [GAP, 4, "start"],
  [-GAP, 4, "end"],
  [GAP - 2, -6, "start"],
  [-GAP + 2, -6, "end"],
  [GAP - 2, 14, "start"],
  [-GAP + 2, 14, "end"],
  [0, -GAP - 11, "middle"],
  [0, GAP + 19, "middle"],
];

/** How much of one box lies in another. */
function overlap(a: Box, b: Box): number {
  return (
    Math.max(Math.min(a[2], b[2]) - Math.max(a[0], b[0]), 0) * Math.max(Math.min(a[3], b[3]) - Math.max(a[1], b[1]), 0)
  );
}

/** The nodes' names, each where it covers least of the nodes and of the names before it. */
function nameLayer(nodes: readonly NodeResult[], points: readonly Point[], height: number): Markup {
  const taken: Box[] = points.map(([x, y]) => [x - 7, y - 7, x + 7, y + 7]);
  // The scale stands in the lower left corner.
  taken.push([0, height - 34, MAP_WIDTH / 5 + 16, height]);
  const names = nodes.map(({ name }, i) => {
    const [x, y] = points[i] ?? [0, 0];
    const width = LETTER * [...name].length;
    const places = NAME_PLACES.map(([dx, dy, anchor]) => {
      const left = x + dx - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
      const box: Box = [left, y + dy - LETTER_HEIGHT, left + width, y + dy + 2];
      const outside = width * LETTER_HEIGHT - overlap(box, [0, 0, MAP_WIDTH, height]);
      return {
        dx,
        dy,
        anchor,
        box,
        cost: taken.reduce((sum, other) => sum + overlap(box, other), Math.max(outside, 0)),
      };
    });
    const best = places.reduce((least, place) => (place.cost < least.cost ? place : least));
    taken.push(best.box);
    return html`<text
      class="name"
      x="${coordinate(x + best.dx)}"
      y="${coordinate(y + best.dy)}"
      text-anchor="${best.anchor}"
      >${name}</text
    > `;
  });
  return html`${names}`;
}

/** A round number of metres, a fifth of the width at most. */
function scaleBar(metre: number, height: number): Markup {
  const most = MAP_WIDTH / 5 / metre;
  const step = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((factor) => factor * step).find((value) => value <= most) ?? step;
  const [x, y] = [12, height - 12];
  const end = coordinate(x + metres * metre);
  const label = metres >= 1000 ? `${metres / 1000} km` : `${metres} m`;
  return html`<path class="axis" d="M${x},${coordinate(y - 4)}V${coordinate(y)}H${end}V${coordinate(y - 4)}" /><text
      class="tick"
      x="${x}"
      y="${coordinate(y - 8)}"
      >${label}</text
    > `;
}

function legendEntries({ nodes, links, cuts }: Result): LegendEntry[] {
  const has = (className: string): boolean => links.some((link) => linkClass(link).startsWith(className));
  const entries: LegendEntry[] = [
    { className: "node d0", label: "below 10 % of the limit" },
    { className: "node d1", label: "below 40 %" },
    { className: "node d2", label: "below 80 %" },
    { className: "node d3", label: "80 % or more" },
  ];
  if (nodes.some((node) => !node.up)) entries.push({ className: "node down", label: "down at the end" });
  if (nodes.some((node) => node.attacker !== undefined)) {
    entries.push({ className: "node attacker", label: "attacker (triangle)" });
  }
  if (has("link q")) entries.push({ className: "swatch-link", label: "link; the stronger, the wider" });
  if (has("link idle")) entries.push({ className: "swatch-idle", label: "in reach, no link" });
  if (has("wire")) entries.push({ className: "swatch-wire", label: "wire" });
  if (nodes.some((node) => node.gateway)) entries.push({ className: "node d0", label: "square: gateway" });
  if (cuts.length > 0) entries.push({ className: "swatch-cut", label: "cut off for a while" });
  return entries;
}
