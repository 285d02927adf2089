/**
 * The result of a simulation as one HTML file that needs nothing but itself: no script, no font, no network. It is well
 * formed as XML too, and says in a policy of its own that nothing may be loaded.
 */
import { max } from "d3-array";
import { type NodeResult, type Result, summarise, type Summary, type ViolationResult } from "./result.ts";
import { duration, percent, short, whole } from "./format.ts";
import { topologyMap } from "./map.ts";
import { html, Markup } from "./markup.ts";
import { deliveryPlot, dutyPlot, kindsPlot, latencyPlot } from "./plots.ts";
import { STYLE } from "./style.ts";

/** Digits of a state hash in the table of nodes. */
const HASH_DIGITS = 16;
/** Tables longer than this are folded. */
const OPEN_ROWS_MOST = 40;
const VIOLATIONS_SHOWN = 200;

/** The text of the file. */
export function renderReport(result: Result): string {
  const summary = summarise(result);
  const page = html`<!DOCTYPE html>
    <html lang="en" xmlns="http://www.w3.org/1999/xhtml">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${result.scenario}, seed ${result.seed}: simulation report</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${head(result)} ${tiles(result, summary)}
          <section>
            <h2>Map</h2>
            <p class="hint">A node's colour is the share of the law's limit it used in its worst hour.</p>
            ${topologyMap(result)}
          </section>
          <div class="plots">
            <section>
              <h2>Delivery over time</h2>
              ${deliveryPlot(result)}
            </section>
            <section>
              <h2>Airtime per node against the law</h2>
              ${dutyPlot(result)}
            </section>
            <section>
              <h2>Latency</h2>
              ${latencyPlot(result, summary)}
            </section>
            <section>
              <h2>What the airtime was spent on</h2>
              <p class="hint">
                All nodes together: ${duration(summary.airtimeMs)} on the air, ${whole(result.air.frames)} frames;
                ${whole(result.air.received)} receptions, ${whole(result.air.collided)} lost to overlaps.
              </p>
              ${kindsPlot(summary)}
            </section>
          </div>
          ${violations(result)} ${cuts(result)} ${counters(result)} ${nodeTable(result)}
        </main>
      </body>
    </html> `;
  return page.text;
}

function head(result: Result): Markup {
  const { length } = result.law.violations;
  const verdict =
    length === 0
      ? html`<span class="verdict kept">law kept: ${result.law.name}</span>`
      : html`<span class="verdict broken"
          >law broken ${whole(length)} ${length === 1 ? "time" : "times"}: ${result.law.name}</span
        >`;
  const speed =
    result.wallSeconds > 0 ? `, ${whole(result.virtualMs / 1000 / result.wallSeconds)} times real time` : "";
  return html`<h1>${result.scenario}</h1>
    ${(result.description ?? "") !== "" && html`<p class="description">${result.description}</p>`}
    <div class="head">
      ${verdict}<span class="soft"
        >${result.network === "mehr" ? "" : `${result.network}, `}seed ${result.seed}, ${duration(result.virtualMs)} of
        virtual time in ${short(result.wallSeconds)} s${speed}</span
      >
    </div>
    ${result.facts !== undefined && html`<p class="soft">${result.facts}</p>`}
    <p class="soft">${result.radio}</p>
    ${result.failure !== undefined && html`<p class="failure">${result.failure}</p>`}
    <dl class="hashes">
      ${
        result.wasmSha256 !== "" &&
        html`<dt>relay.wasm</dt>
          <dd>${result.wasmSha256}</dd>`
      }${
        result.stateHash !== "" &&
        html`<dt>state</dt>
          <dd>${result.stateHash}</dd>`
      }
    </dl>`;
}

function tiles(result: Result, summary: Summary): Markup {
  const own = result.nodes.filter((node) => node.attacker === undefined);
  const attackers = result.nodes.length - own.length;
  const worst = max(own, (node) => node.dutyPermille / node.dutyLimitPermille) ?? 0;
  const list: readonly (readonly [string, string])[] = [
    [
      percent(summary.deliveredWithPath / summary.withPath),
      `delivered of ${whole(summary.withPath)} messages with a path; ${whole(summary.delivered)} of all ${whole(summary.sent)}`,
    ],
    [duration(summary.latency.median), `median latency; 95 % within ${duration(summary.latency.p95)}`],
    [
      duration(summary.airtimePerDeliveredMs),
      `airtime per delivered message; ${percent(summary.controlMs / summary.airtimeMs)} of it control`,
    ],
    [percent(worst), "of the law's limit used in the busiest node's worst hour"],
    [
      whole(own.length),
      `nodes${attackers > 0 ? ` and ${attackers} ${attackers === 1 ? "attacker" : "attackers"}` : ""}, ${whole(result.links.filter((link) => link.up).length)} links`,
    ],
  ];
  return html`<div class="tiles">
    ${list.map(([value, label]) => html`<div class="tile"><b>${value}</b><span>${label}</span></div> `)}
  </div>`;
}

function table(headings: readonly string[], rows: readonly Markup[]): Markup {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${headings.map((text) => (text === "kind" ? html`<th class="text">${text}</th>` : html`<th>${text}</th>`))}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

const UNITS: Readonly<Record<ViolationResult["rule"], string>> = {
  duty: "ms",
  dwell: "ms",
  pause: "ms",
  power: "dBm",
  band: "Hz",
};

function violations({ law, nodes }: Result): Markup {
  if (law.violations.length === 0) return html``;
  const rows = law.violations.slice(0, VIOLATIONS_SHOWN).map((one) => {
    const unit = UNITS[one.rule];
    return html`<tr>
      <td>${nodes[one.node]?.name ?? one.node}</td>
      <td>${one.rule}</td>
      <td>${one.subBand}</td>
      <td>${duration(one.fromMs)}</td>
      <td>${duration(one.toMs)}</td>
      <td>${short(one.used)} ${unit}</td>
      <td>${short(one.allowed)} ${unit}</td>
    </tr> `;
  });
  return html`<section>
    <h2>Broken law</h2>
    ${table(["node", "rule", "sub-band", "from", "to", "used", "allowed"], rows)}
  </section>`;
}

function cuts(result: Result): Markup {
  if (result.cuts.length === 0) return html``;
  const rows = result.cuts.map(
    (cut) =>
      html`<tr>
        <td>${cut.name}</td>
        <td>${duration(cut.fromMs)}</td>
        <td>${duration(cut.toMs)}</td>
        <td>${whole(cut.nodes.length)}</td>
      </tr> `,
  );
  return html`<section>
    <h2>Partitions</h2>
    ${table(["name", "from", "to", "nodes on one side"], rows)}
  </section>`;
}

function counters({ nodes }: Result): Markup {
  const totals = new Map<string, { total: number; most: number; node: string }>();
  for (const node of nodes) {
    for (const [name, value] of Object.entries(node.counters)) {
      if (value === 0) continue;
      const known = totals.get(name) ?? { total: 0, most: 0, node: "" };
      known.total += value;
      if (value > known.most) [known.most, known.node] = [value, node.name];
      totals.set(name, known);
    }
  }
  if (totals.size === 0) return html``;
  const rows = [...totals].map(
    ([name, { total, most, node }]) =>
      html`<tr>
        <td>${name}</td>
        <td>${whole(total)}</td>
        <td>${whole(most)}</td>
        <td>${node}</td>
      </tr> `,
  );
  return folded(
    "Counters",
    rows.length,
    html`<p class="hint">Sums over all nodes; counters that stayed at 0 are left out.</p>
      ${table(["counter", "all nodes", "most", "at node"], rows)}`,
  );
}

function nodeTable({ nodes }: Result): Markup {
  const rows = nodes.map(nodeRow);
  const headings = ["node", "kind", "x, y", "airtime", "worst hour", "reboots", "state"];
  return folded("Nodes", rows.length, table(headings, rows));
}

function nodeRow(node: NodeResult): Markup {
  const kind = [
    node.attacker === undefined ? "" : `attacker: ${node.attacker}`,
    node.gateway ? "gateway" : "",
    node.profile,
    node.up ? "" : "down",
  ].filter((part) => part !== "");
  const place = `${whole(node.x)}, ${whole(node.y)} m`;
  return html`<tr>
    <td>${node.name}</td>
    <td class="text">${kind.join(", ")}</td>
    <td>${place}</td>
    <td>${duration(node.airtimeMs)}</td>
    <td>${short(node.dutyPermille / 10)} %</td>
    <td>${whole(node.reboots)}</td>
    <td class="hash">${node.stateHash.slice(0, HASH_DIGITS)}</td>
  </tr> `;
}

function folded(title: string, rows: number, content: Markup): Markup {
  if (rows <= OPEN_ROWS_MOST)
    return html`<section>
      <h2>${title}</h2>
      ${content}
    </section>`;
  return html`<section>
    <details>
      <summary>${title} (${whole(rows)})</summary>
      ${content}
    </details>
  </section>`;
}
