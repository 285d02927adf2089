/** The four plots of a report: delivery over time, airtime of each node against the law, its kinds, latency. */
import { bin, max, sum } from "d3-array";
import { scaleBand, scaleLinear, scaleLog } from "d3-scale";
import { curveStepAfter } from "d3-shape";
import { AIRTIME_KINDS, type AirtimeKind, type Result, type Summary } from "./result.ts";
import { bar, legend, limitLine, lineThrough, marker, plot, RANGE_X, RANGE_Y, rightTicks, WIDTH } from "./chart.ts";
import { duration, percent, short } from "./format.ts";
import { html, type Markup } from "./markup.ts";

const TIME_BINS = 36;
/** Of the latency: three to a doubling or so, all over the decades. */
const LATENCY_BINS = 32;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Units of the time axis: the first of which at least four fit in. */
function timeUnit(ms: number): { readonly unit: number; readonly label: string } {
  if (ms >= 4 * HOUR_MS) return { unit: HOUR_MS, label: "hours" };
  if (ms >= 4 * MINUTE_MS) return { unit: MINUTE_MS, label: "minutes" };
  return { unit: 1000, label: "seconds" };
}

/** Messages by the time they were sent, those that arrived and those that did not, and the share so far. */
export function deliveryPlot({ messages, cuts, virtualMs }: Result): Markup {
  const { unit, label } = timeUnit(virtualMs);
  const x = scaleLinear([0, virtualMs / unit], RANGE_X);
  const bins = bin<(typeof messages)[number], number>()
    .value((message) => message.sentMs)
    .domain([0, virtualMs])
    .thresholds(Array.from({ length: TIME_BINS - 1 }, (_, i) => ((i + 1) * virtualMs) / TIME_BINS))(messages);
  const y = scaleLinear([0, Math.max(max(bins, (one) => one.length) ?? 0, 1)], RANGE_Y).nice();
  const bars = bins.map((one) => {
    const delivered = one.filter((message) => message.deliveredMs !== undefined).length;
    const unreachable = one.filter((message) => message.deliveredMs === undefined && !message.hadPath).length;
    const [x0, x1] = [x((one.x0 ?? 0) / unit) + 0.5, x((one.x1 ?? 0) / unit) - 0.5];
    const when = `${short((one.x0 ?? 0) / unit)}-${short((one.x1 ?? 0) / unit)} ${label}`;
    const stack: readonly (readonly [number, string, string])[] = [
      [delivered, "delivered", "delivered"],
      [one.length - delivered - unreachable, "lost", "not delivered"],
      [unreachable, "nopath", "not delivered, there was no path"],
    ];
    let below = 0;
    return stack.map(([count, className, text]) => {
      if (count === 0) return html``;
      const corners = { x0, x1, y0: y(below), y1: y(below + count) };
      below += count;
      return bar(corners, className, `${when}: ${count} ${text}`);
    });
  });
  const shades = cuts.map((cut) => {
    const corners = { x0: x(cut.fromMs / unit), x1: x(cut.toMs / unit), y0: RANGE_Y[0], y1: RANGE_Y[1] };
    return bar(corners, "shade", `${cut.name}: cut off`);
  });
  const title = "Messages by the time they were sent";
  return html`${plot(
    title,
    { scale: x, label, format: short },
    { scale: y, label: "messages", format: short, ticks: integerTicks(y.domain()[1] ?? 1) },
    [...shades, ...bars.flat(), shareLine(messages, virtualMs, unit, x)],
  )}
  ${legend([
    { className: "delivered", label: "delivered" },
    { className: "lost", label: "not delivered" },
    { className: "nopath", label: "no path" },
    { className: "swatch-share", label: "share delivered so far, of those with a path (right scale)" },
    ...(cuts.length > 0 ? [{ className: "shade", label: "cut off" }] : []),
  ])}`;
}

function shareLine(
  messages: Result["messages"],
  virtualMs: number,
  unit: number,
  x: (value: number) => number,
): Markup {
  const share = scaleLinear([0, 1], RANGE_Y);
  const reachable = messages.filter((message) => message.hadPath);
  const sorted = [...reachable].sort((a, b) => a.sentMs - b.sentMs);
  if (sorted.length === 0) return html``;
  const points: [number, number][] = [];
  let delivered = 0;
  // At most a few hundred points: more than there are pixels only make the file large.
  const step = Math.max(1, Math.floor(sorted.length / 240));
  for (const [i, message] of sorted.entries()) {
    if (message.deliveredMs !== undefined) delivered++;
    if (i % step === 0 || i === sorted.length - 1) points.push([x(message.sentMs / unit), share(delivered / (i + 1))]);
  }
  points.push([x(virtualMs / unit), share(delivered / sorted.length)]);
  return html`${lineThrough(points, "share", curveStepAfter)}${rightTicks(share, [0, 0.5, 1], percent)}`;
}

/** Whole numbers only, about five. */
function integerTicks(top: number): number[] {
  return scaleLinear([0, top], [0, 1])
    .ticks(5)
    .filter((tick) => Number.isInteger(tick));
}

/** The worst hour of each node, the busiest first, with the law's limit. */
export function dutyPlot({ nodes }: Result): Markup {
  const own = nodes.filter((node) => node.attacker === undefined);
  const sorted = [...own].sort((a, b) => b.dutyPermille - a.dutyPermille);
  const limits = [...new Set(own.map((node) => node.dutyLimitPermille))].filter((limit) => limit < 1000);
  const top = Math.max(max(sorted, (node) => node.dutyPermille) ?? 0, ...limits, 1);
  const y = scaleLinear([0, (top / 10) * 1.08], RANGE_Y);
  const x = scaleBand<number>([...sorted.keys()], RANGE_X).paddingInner(sorted.length > 150 ? 0 : 0.15);
  const bars = sorted.map((node, i) => {
    const x0 = x(i) ?? 0;
    const over = node.dutyPermille > node.dutyLimitPermille ? "over" : "duty";
    const corners = { x0, x1: x0 + x.bandwidth(), y0: y(0), y1: y(node.dutyPermille / 10) };
    return bar(corners, over, `${node.name}: ${short(node.dutyPermille / 10)} %`);
  });
  return plot(
    "Share of its worst hour that each node was on the air",
    undefined,
    { scale: y, label: "% of an hour", format: short },
    [
      ...bars,
      ...limits.map((limit) => limitLine(y(limit / 10), `limit ${short(limit / 10)} %`)),
      html`<text class="label" x="${WIDTH / 2}" y="${RANGE_Y[0] + 18}" text-anchor="middle"
        >${sorted.length} nodes, the busiest first</text
      >`,
    ],
  );
}

const KIND_NAMES: Readonly<Record<AirtimeKind, string>> = {
  data: "messages",
  ack: "receipts",
  link: "links",
  beacon: "beacons",
  announce: "announces",
  gossip: "gossip",
  other: "other",
  attack: "attacks",
};

/** What the airtime was spent on: one bar. */
export function kindsPlot({ byKind }: Summary): Markup {
  const total = sum(AIRTIME_KINDS, (kind) => byKind[kind]);
  if (total === 0) return html`<p>Nothing was sent.</p>`;
  const x = scaleLinear([0, total], [0, WIDTH]);
  let from = 0;
  const used = AIRTIME_KINDS.filter((kind) => byKind[kind] > 0);
  const parts = used.map((kind) => {
    const corners = { x0: x(from), x1: x(from + byKind[kind]), y0: 0, y1: 26 };
    from += byKind[kind];
    return bar(corners, `k-${kind}`, `${KIND_NAMES[kind]}: ${duration(byKind[kind])}`);
  });
  return html`<svg viewBox="0 0 ${WIDTH} 26" role="img">
      <title>What the airtime was spent on</title>
      ${parts}
    </svg>
    ${legend(
      used.map((kind) => ({
        className: `k-${kind}`,
        label: `${KIND_NAMES[kind]} ${percent(byKind[kind] / total)}`,
      })),
    )}`;
}

/** How long messages took to their first arrival, on a scale of decades. */
export function latencyPlot({ messages }: Result, { latency }: Summary): Markup {
  const taken = messages.flatMap(({ sentMs, deliveredMs }) =>
    deliveredMs === undefined ? [] : [Math.max(deliveredMs - sentMs, 1)],
  );
  if (taken.length === 0) return html`<p>Nothing was delivered.</p>`;
  const domain: [number, number] = [Math.min(...extremes(taken), 100), Math.max(...extremes(taken), 10_000)];
  const x = scaleLog(domain, RANGE_X);
  const [low, high] = [Math.log10(domain[0]), Math.log10(domain[1])];
  const edges = Array.from({ length: LATENCY_BINS - 1 }, (_, i) => low + ((i + 1) * (high - low)) / LATENCY_BINS);
  const bins = bin().domain([low, high]).thresholds(edges)(taken.map((ms) => Math.log10(ms)));
  // Room above the bars for what the marks say.
  const range = [RANGE_Y[0], RANGE_Y[1] + 30];
  const y = scaleLinear([0, Math.max(max(bins, (one) => one.length) ?? 0, 1)], range).nice();
  const bars = bins
    .filter((one) => one.length > 0)
    .map((one) => {
      const [from, to] = [10 ** (one.x0 ?? 0), 10 ** (one.x1 ?? 0)];
      const corners = { x0: x(from) + 0.5, x1: x(to) - 0.5, y0: y(0), y1: y(one.length) };
      return bar(corners, "latency", `${duration(from)} to ${duration(to)}: ${one.length}`);
    });
  const decades = [10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000].filter(
    (value) => value >= domain[0] && value <= domain[1],
  );
  return plot(
    "Latency of the messages delivered",
    { scale: x, label: "time to the first arrival", format: duration, ticks: decades },
    { scale: y, label: "messages", format: short, ticks: integerTicks(y.domain()[1] ?? 1) },
    [
      ...bars,
      marker(x(Math.max(latency.median, 1)), `median ${duration(latency.median)}`, 0),
      marker(x(Math.max(latency.p95, 1)), `95 % ${duration(latency.p95)}`, 1),
    ],
  );
}

/** Least and most, without the limits a call has on its arguments. */
function extremes(values: readonly number[]): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}
