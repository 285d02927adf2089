import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escape, html } from "./markup.ts";
import { renderReport } from "./report.ts";
import { quantile as quantileOfResult } from "../result.ts";
import { type MessageResult, noAirtime, type NodeResult, quantile, type Result } from "./result.ts";

const HOUR_MS = 3_600_000;

function node(index: number, changed: Partial<NodeResult> = {}): NodeResult {
  return {
    ...{ name: `relay-${index}`, x: (index % 7) * 900, y: Math.floor(index / 7) * 800, profile: "roof" },
    ...{ gateway: false, up: true, reboots: 0, airtimeMs: 9000 + index, stateHash: "ab".repeat(32) },
    ...{ airtimeByKind: { ...noAirtime(), data: 5000, beacon: 4000 + index } },
    ...{ dutyPermille: 2 + index / 10, dutyLimitPermille: 100, counters: { FramesHeard: 40 + index, Nothing: 0 } },
    ...changed,
  };
}

function message(index: number): MessageResult {
  const sentMs = 600_000 + index * 30_000;
  const arrived = index % 5 === 0 ? {} : { deliveredMs: sentMs + 300 * (index + 1) };
  return {
    ...{ from: 0, to: 1, bytes: 60, sentMs, attempts: 1, duplicates: 0, hadPath: index % 10 !== 0 },
    ...arrived,
  };
}

function result(changed: Partial<Result> = {}): Result {
  return {
    ...{ scenario: "village", seed: 7, network: "mehr", wasmSha256: "cd".repeat(32), stateHash: "ef".repeat(32) },
    ...{ virtualMs: 2 * HOUR_MS, wallSeconds: 3.5, radio: "869.525 MHz, SF8, 125 kHz, 14 dBm" },
    law: { name: "eu868", violations: [] },
    nodes: Array.from({ length: 20 }, (_, i) => node(i)),
    links: [
      { from: 0, to: 1, kind: "radio", marginDb: 12, up: true },
      { from: 1, to: 2, kind: "radio", marginDb: 1, up: false },
      { from: 3, to: 9, kind: "wired", marginDb: 0, up: true },
    ],
    cuts: [],
    messages: Array.from({ length: 100 }, (_, i) => message(i)),
    air: { frames: 1234, received: 5000, collided: 60 },
    ...changed,
  };
}

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly parent: Element | undefined;
}

const TEXT_ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/**
 * Reads XML strictly: every tag closed, in order, attributes quoted and named once, no stray < or &, one root. Gives the
 * elements and all text between them. Throws at the first thing that is wrong.
 */
function parse(source: string): { elements: Element[]; text: string } {
  const elements: Element[] = [];
  let text = "";
  let open: Element | undefined;
  const plain = (raw: string): string => {
    if (/[<\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(raw)) throw new Error(`stray character in ${raw}`);
    return raw.replace(/&([^;&]*)(;?)/g, (whole, name: string, end: string) => {
      const value = end === "" ? undefined : TEXT_ENTITIES[name];
      if (value === undefined) throw new Error(`bad entity ${whole}`);
      return value;
    });
  };
  const body = source.replace(/^<!DOCTYPE html>\n/, "");
  expect(body).not.toBe(source);
  const tag = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*="[^"]*")*)\s*(\/?)>/y;
  let at = 0;
  while (at < body.length) {
    const next = body.indexOf("<", at);
    const between = plain(body.slice(at, next < 0 ? undefined : next));
    // A style sheet is no text, and no entity means anything in it.
    if (open === undefined && between.trim() !== "") throw new Error(`text outside the root: ${between}`);
    if (open?.name !== "style") text += between;
    if (next < 0) break;
    tag.lastIndex = next;
    const match = tag.exec(body);
    if (match === null) throw new Error(`no tag at ${body.slice(next, next + 60)}`);
    const [whole, closing, name = "", list = "", empty] = match;
    at = next + whole.length;
    if (closing === "/") {
      if (open?.name !== name) throw new Error(`</${name}> closes <${open?.name ?? "nothing"}>`);
      open = open.parent;
      continue;
    }
    if (open === undefined && elements.length > 0) throw new Error(`a second root, <${name}>`);
    const attributes = new Map<string, string>();
    for (const [, key = "", value = ""] of list.matchAll(/([a-zA-Z][a-zA-Z0-9:-]*)="([^"]*)"/g)) {
      if (attributes.has(key)) throw new Error(`${key} twice in <${name}>`);
      attributes.set(key, plain(value));
    }
    const element: Element = { name, attributes, parent: open };
    elements.push(element);
    if (empty !== "/") open = element;
  }
  if (open !== undefined) throw new Error(`<${open.name}> is never closed`);
  return { elements, text };
}

/** What a page can load or run by. */
function expectSelfContained(source: string): void {
  const { elements } = parse(source);
  const names = new Set(elements.map(({ name }) => name));
  for (const name of [
    "script",
    "link",
    "img",
    "image",
    "iframe",
    "object",
    "embed",
    "use",
    "a",
    "base",
    "form",
    "font",
  ]) {
    expect(names).not.toContain(name);
  }
  for (const { name, attributes } of elements) {
    for (const key of attributes.keys()) {
      expect(key).not.toMatch(/^(on.*|src|srcset|href|xlink:href|data|action|style|background|poster|ping)$/);
    }
    if (name === "meta") expect(attributes.get("http-equiv") ?? "").not.toMatch(/refresh/i);
  }
  const style = /<style>(.*)<\/style>/s.exec(source)?.[1] ?? "";
  expect(style.length).toBeGreaterThan(1000);
  expect(style).not.toMatch(/url\(|@import|@font-face|expression|</);
  const policy = elements.find(({ attributes }) => attributes.get("http-equiv") === "Content-Security-Policy");
  expect(policy?.attributes.get("content")).toBe("default-src 'none'; style-src 'unsafe-inline'");
  // The one address in the file is the name of a language.
  expect(source.match(/https?:\/\/[^"' ]*/g)).toEqual(["http://www.w3.org/1999/xhtml"]);
}

describe("report", () => {
  it("is well formed and needs nothing but itself", () => {
    expectSelfContained(renderReport(result()));
  });

  it("says scenario, seed, core, state and law on top", () => {
    const { text } = parse(renderReport(result()));
    const top = text.slice(0, text.indexOf("Map"));
    for (const part of ["village", "seed 7", "cd".repeat(32), "ef".repeat(32), "law kept: eu868"]) {
      expect(top).toContain(part);
    }
    const facts = parse(renderReport(result({ description: "a <b>hill", facts: "20 relays over 6 km" }))).text.replace(
      /\s+/g,
      " ",
    );
    for (const part of ["a <b>hill", "20 relays over 6 km", "2 h of virtual time in 3.5 s"])
      expect(facts).toContain(part);
    const violation = { node: 3, rule: "duty", subBand: "869.4-869.65 MHz", used: 400_000, allowed: 360_000 } as const;
    const broken = result({ law: { name: "eu868", violations: [{ ...violation, fromMs: 0, toMs: HOUR_MS }] } });
    const told = parse(renderReport(broken)).text;
    expect(told).toContain("law broken 1 time: eu868");
    expect(told).not.toContain("law kept");
    expect(told).toMatch(/relay-3\s*duty\s*869\.4-869\.65 MHz/);
    expect(told).toContain("400000 ms");
  });

  it("says the shares and times that the result holds", () => {
    const { text } = parse(renderReport(result()));
    // Of 100 messages 90 had a path; 20 did not arrive, 10 of them without a path.
    expect(text).toContain("88.9 %");
    expect(text).toContain("delivered of 90 messages with a path; 80 of all 100");
    expect(text).toContain("median latency");
    // 20 nodes of 9 s and a bit.
    expect(text).toContain("2.25 s");
  });

  it.each([1, 2, 48, 1000])("draws every node of %i, and names it", (count) => {
    const nodes = Array.from({ length: count }, (_, i) => node(i, { dutyPermille: 5 }));
    const { elements, text } = parse(renderReport(result({ nodes, links: [] })));
    const classes = elements.map(({ attributes }) => attributes.get("class") ?? "");
    expect(classes.filter((one) => one.startsWith("node d0")).length).toBeGreaterThanOrEqual(count);
    for (const { name } of nodes) expect(text).toContain(`${name}: `);
    const rows = elements.filter(({ name, parent }) => name === "tr" && parent?.name === "tbody");
    expect(rows.length).toBeGreaterThanOrEqual(count);
  });

  it("draws links by what they are, and each kind of node by its shape", () => {
    const nodes = [
      node(0, { gateway: true }),
      node(1, { attacker: "replay" }),
      node(2, { up: false }),
      node(3, { dutyPermille: 99 }),
      ...Array.from({ length: 16 }, (_, i) => node(4 + i)),
    ];
    const cuts = [{ name: "ridge", fromMs: HOUR_MS / 2, toMs: HOUR_MS, nodes: [4, 5, 6] }];
    const { elements, text } = parse(renderReport(result({ nodes, cuts })));
    const has = (className: string): boolean => elements.some((one) => one.attributes.get("class") === className);
    for (const className of ["link q2", "link idle", "wire", "node attacker", "node down", "node d3", "cut", "shade"]) {
      expect(has(className), className).toBe(true);
    }
    expect(text).toContain("relay-0, gateway: ");
    expect(text).toContain("relay-1, attacker: replay: ");
    expect(text).toContain("relay-0 - relay-1: margin 12 dB");
    expect(text).toContain("relay-1 - relay-2: margin 1 dB, no link");
    expect(text).toContain("relay-3 - relay-9: wired");
    expect(text).toContain("ridge: cut off from 30 min to 60 min");
  });

  it("writes no name over another or over a node, and draws nodes over attackers", () => {
    // Each node of a dense field has an attacker beside it.
    const nodes = Array.from({ length: 12 }, (_, i) => {
      const [x, y] = [(i % 4) * 700, Math.floor(i / 4) * 600];
      const beside = node(i, { name: `attack-${i}`, x: x + 15, y: y - 10, attacker: "flood" });
      return [beside, node(i, { name: `n${i}`, x, y })];
    }).flat();
    const { elements } = parse(renderReport(result({ nodes, links: [] })));
    const marks = elements.filter(({ attributes }) => attributes.get("class")?.startsWith("node ") === true);
    const drawn = marks.flatMap(({ name, attributes }) => (name === "path" ? attributes.get("class") : []));
    expect(drawn.lastIndexOf("node attacker")).toBeLessThan(drawn.findIndex((one) => one !== "node attacker"));
    const names = elements.filter(({ attributes }) => attributes.get("class") === "name");
    expect(names).toHaveLength(nodes.length);
    const boxes = names.map(({ attributes }, i) => {
      const [x, y] = [Number(attributes.get("x")), Number(attributes.get("y"))];
      const width = 5.5 * (nodes[i] as NodeResult).name.length;
      const left = { start: x, middle: x - width / 2, end: x - width }[attributes.get("text-anchor") ?? "start"] ?? x;
      return [left, y - 8, left + width, y] as const;
    });
    const middles = marks.flatMap(({ attributes }) => {
      const [, x, y] = /translate\(([\d.]+) ([\d.]+)\)/.exec(attributes.get("transform") ?? "") ?? [];
      return x === undefined ? [] : [[Number(x) - 4, Number(y) - 4, Number(x) + 4, Number(y) + 4] as const];
    });
    expect(middles).toHaveLength(nodes.length);
    for (const [i, a] of boxes.entries()) {
      for (const b of [...boxes.slice(0, i), ...middles]) {
        expect(a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3], `${names.length} ${i}`).toBe(false);
      }
    }
  });

  it("puts all links of a large network into a few paths", () => {
    const nodes = Array.from({ length: 500 }, (_, i) => node(i));
    const links = Array.from({ length: 5000 }, (_, i) => {
      return { from: i % 500, to: (i * 7 + 1) % 500, kind: "radio", marginDb: i % 20, up: i % 2 === 0 } as const;
    });
    const { elements } = parse(renderReport(result({ nodes, links })));
    const paths = elements.filter(({ attributes }) => attributes.get("class")?.startsWith("link ") === true);
    expect(paths.length).toBeLessThanOrEqual(5);
    const drawn = paths.reduce((sum, { attributes }) => sum + (attributes.get("d")?.split("M").length ?? 1) - 1, 0);
    expect(drawn).toBe(5000);
  });

  it("has bars as high as what they show, and the law's limit where it is", () => {
    const nodes = [node(0, { dutyPermille: 100 }), node(1, { dutyPermille: 50 }), node(2, { dutyPermille: 120 })];
    const { elements } = parse(renderReport(result({ nodes, links: [] })));
    const of = (className: string) =>
      elements.filter(({ name, attributes }) => name === "rect" && attributes.get("class") === className);
    const height = (one: Element | undefined): number => Number(one?.attributes.get("height"));
    expect(of("duty")).toHaveLength(2);
    expect(of("over")).toHaveLength(1);
    expect(height(of("duty")[0])).toBeCloseTo(2 * height(of("duty")[1]), 1);
    expect(height(of("over")[0])).toBeCloseTo(1.2 * height(of("duty")[0]), 1);
    const limit = elements.find(({ attributes }) => attributes.get("class") === "limit");
    expect(Number(limit?.attributes.get("y1"))).toBeCloseTo(Number(of("duty")[0]?.attributes.get("y")), 1);
  });

  it("stands when there is nothing to show", () => {
    const empty = result({ nodes: [], links: [], messages: [], wasmSha256: "", stateHash: "", wallSeconds: 0 });
    const source = renderReport(empty);
    expectSelfContained(source);
    expect(source).not.toMatch(/NaN|Infinity|undefined|null/);
    const one = renderReport(result({ nodes: [node(0)], links: [], messages: [message(1)] }));
    expectSelfContained(one);
    expect(one).not.toMatch(/NaN|Infinity|undefined|null/);
    const failed = parse(renderReport(result({ failure: "The run was interrupted." }))).text;
    expect(failed).toContain("The run was interrupted.");
  });

  it("shows hostile names as what they are: text", () => {
    const hostile = [
      `<script>alert(1)</script>`,
      `"><img src=x onerror=alert(1)>`,
      `' onmouseover='alert(1)`,
      `</title></svg><style>*{display:none}</style>`,
      `&lt;b&gt; &amp; &#60;`,
      `]]><!-- x`,
      "a\u0000b\u0007c",
      "\ud800 lone",
      "evil\u202eeman",
      `javascript:alert(1)`,
      "${name} `x`",
    ];
    const nodes = hostile.map((name, i) => node(i, { name, profile: name, counters: { [name]: 5 } }));
    const cut = { name: hostile[0] as string, fromMs: 0, toMs: 1000, nodes: [0, 1, 2] };
    const source = renderReport(
      result({ nodes, cuts: [cut], scenario: hostile[1] as string, failure: hostile[3] as string }),
    );
    expectSelfContained(source);
    const { text } = parse(source);
    for (const name of hostile) {
      const shown = name.replace(/[\u0000-\u0007\u202e\ud800]/g, "\ufffd");
      expect(text).toContain(`${shown}: `);
    }
  });

  it("escapes any name", () => {
    const anything = fc.array(fc.string({ unit: "binary", maxLength: 30 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(anything, fc.string(), (names, scenario) => {
        const nodes = names.map((name, i) => node(i, { name, counters: { [name]: 1 } }));
        parse(renderReport(result({ nodes, links: [], messages: [], scenario })));
      }),
      { numRuns: 40 },
    );
  });
});

it("the report and the result of a run count quantiles alike", () => {
  for (let length = 1; length < 45; length++) {
    const sorted = Array.from({ length }, (_, i) => i);
    for (const q of [0, 0.5, 0.95, 1]) expect(quantileOfResult(sorted, q)).toBe(quantile(sorted, q));
  }
  expect([quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3], 0.5)]).toEqual([2, 2]);
});

describe("markup", () => {
  it("escapes values, and keeps markup", () => {
    expect(escape(`<&>"'`)).toBe("&lt;&amp;&gt;&quot;&#39;");
    expect(html`<b>${"<i>"}</b>${html`<i>${1}</i>`}${["a&b", html`<u />`]}${undefined}${false}`.text).toBe(
      "<b>&lt;i&gt;</b><i>1</i>a&amp;b<u />",
    );
  });
});
