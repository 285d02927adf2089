/**
 * `mehr bench sim`: our network against flooding (Meshtastic) and source routing (MeshCore) in the same channel, with the
 * same places, messages, seeds and law: how much arrives, and what it costs in airtime.
 */
import { comparisonScenario, runRivalScenario } from "../../sim/rivals/compare.ts";
import { type RivalNetwork, RIVALS } from "../../sim/rivals/run.ts";
import { ReportRecorder } from "../../sim/report/recorder.ts";
import { type Result as RunResult, type Summary, summarise } from "../../sim/report/result.ts";
import { prepare, sha256 } from "../../sim/run.ts";
import { compileCore } from "../../../toolchain/core/compile.ts";
import type { Phy } from "../../radio/channel.ts";
import { Core } from "../../core/core.ts";
import { formulaCore } from "../../sim/relay-core.ts";
import type { Io } from "../outcome.ts";
import { table } from "../table.ts";
import { machine, type Result } from "./measure.ts";

/** Networks of the tables, ours first. */
export const NETWORKS = ["mehr", ...RIVALS] as const;
export type Network = (typeof NETWORKS)[number];

/** Numbers of nodes, at constant density, with texts of TEXT_BYTES. */
export const SIZES = [10, 30, 100] as const;
const TEXT_BYTES = 100;
/** Lengths of text, at so many nodes. */
export const TEXTS = [20, 100, 160] as const;
const TEXTS_NODES = 30;
export const SEEDS = [1, 2, 3, 4, 5] as const;

/** A line of a table: one network with one size and length, over all seeds. */
export interface Row {
  readonly network: Network;
  readonly nodes: number;
  readonly textBytes: number;
  readonly runs: number;
  readonly sent: number;
  /** Shares of messages with a path that arrived at least once: of all seeds together, and of the worst and best one. */
  readonly delivery: number;
  readonly deliveryLeast: number;
  readonly deliveryMost: number;
  /** Seconds on the air, of everything all nodes sent in the run, for each message delivered; and of that, control. */
  readonly airtimeS: number;
  readonly controlS: number;
  /** Median latency: the mean over the seeds, s. */
  readonly latencyS: number;
  /** Law violations of all seeds. */
  readonly violations: number;
}

/** What the table needs of one run. */
export type RunSummary = Summary & { readonly violations: number };

export function summaryOf(result: RunResult): RunSummary {
  return { ...summarise(result), violations: result.law.violations.length };
}

/** The line of some runs that differ in their seeds only. */
export function rowOf(what: Pick<Row, "network" | "nodes" | "textBytes">, runs: readonly RunSummary[]): Row {
  const total = (of: (run: RunSummary) => number): number => runs.reduce((sum, run) => sum + of(run), 0);
  const shares = runs.map((run) => run.deliveredWithPath / run.withPath);
  const delivered = total((run) => run.delivered);
  return {
    ...what,
    runs: runs.length,
    sent: total((run) => run.sent),
    delivery: total((run) => run.deliveredWithPath) / total((run) => run.withPath),
    deliveryLeast: Math.min(...shares),
    deliveryMost: Math.max(...shares),
    airtimeS: total((run) => run.airtimeMs) / delivered / 1000,
    controlS: total((run) => run.controlMs) / delivered / 1000,
    latencyS: total((run) => run.latency.median) / runs.length / 1000,
    violations: total((run) => run.violations),
  };
}

const NAMES: Readonly<Record<Network, string>> = {
  mehr: "Mehr",
  flooding: "flooding (Meshtastic)",
  "flooding-7": "flooding, 7 hops",
  "source-routing": "source routing (MeshCore)",
};

const HEADINGS = [
  "network",
  "nodes",
  "text, B",
  "messages",
  "delivered",
  "worst and best seed",
  "airtime per delivered, s",
  "of it control, s",
  "median latency, s",
];

function cells(row: Row): string[] {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const digits = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : "-");
  return [
    NAMES[row.network],
    String(row.nodes),
    String(row.textBytes),
    row.sent.toLocaleString("en-US"),
    percent(row.delivery),
    `${percent(row.deliveryLeast)} to ${percent(row.deliveryMost)}`,
    digits(row.airtimeS),
    digits(row.controlS),
    digits(row.latencyS),
  ];
}

/** The lines as a table for docs/performance.md. */
export function markdownTable(rows: readonly Row[]): string {
  const line = (values: readonly string[]): string => `| ${values.join(" | ")} |`;
  const rule = HEADINGS.map((_, i) => (i === 0 ? "---" : "--:"));
  return [line(HEADINGS), line(rule), ...rows.map((row) => line(cells(row)))].join("\n");
}

/** The lines as results of the suite: for each network two values, those of others with ours as their baseline. */
export function resultsOf(rows: readonly Row[]): Result[] {
  return rows.flatMap((row): Result[] => {
    const same = ({ nodes, textBytes, network }: Row): boolean =>
      network === "mehr" && nodes === row.nodes && textBytes === row.textBytes;
    const ours = row.network === "mehr" ? undefined : rows.find(same);
    const where = `${row.network}, ${row.nodes} nodes, ${row.textBytes} B`;
    const against = (value: number, base: number | undefined): Pick<Result, "baseline" | "ratio" | "against"> =>
      base === undefined ? {} : { baseline: base, ratio: value / base, against: "mehr" };
    return [
      {
        name: `delivered: ${where}`,
        value: 100 * row.delivery,
        unit: "%",
        ...against(100 * row.delivery, ours && 100 * ours.delivery),
      },
      {
        name: `airtime per delivered message: ${where}`,
        value: row.airtimeS,
        unit: "s",
        ...against(row.airtimeS, ours?.airtimeS),
      },
      {
        name: `control airtime per delivered message: ${where}`,
        value: row.controlS,
        unit: "s",
        ...against(row.controlS, ours?.controlS),
      },
      { name: `median latency: ${where}`, value: row.latencyS, unit: "s", ...against(row.latencyS, ours?.latencyS) },
      { name: `law violations: ${where}`, value: row.violations, unit: "" },
    ];
  });
}

export interface CompareFlags {
  readonly root: string;
  /** Core to run; the one of the sources by default. */
  readonly wasm?: Uint8Array;
  /** Fewer for a quick look. */
  readonly networks?: readonly Network[];
  readonly sizes?: readonly number[];
  readonly texts?: readonly number[];
  readonly seeds?: readonly number[];
}

/** Every line of both tables. Tells what it is doing through `progress`. */
export async function compareNetworks(flags: CompareFlags, progress: (line: string) => void): Promise<Row[]> {
  const { networks = NETWORKS, sizes = SIZES, texts = TEXTS, seeds = SEEDS } = flags;
  const wasm = flags.wasm ?? (await compileCore({ root: flags.root })).wasm;
  const airtimeUs = await airtimes(wasm);
  const cases = sizes.map((nodes) => ({ nodes, textBytes: TEXT_BYTES }));
  for (const textBytes of texts) {
    if (!cases.some((one) => one.nodes === TEXTS_NODES && one.textBytes === textBytes)) {
      cases.push({ nodes: TEXTS_NODES, textBytes });
    }
  }
  const rows: Row[] = [];
  for (const one of cases) {
    for (const network of networks) {
      const runs: RunSummary[] = [];
      for (const seed of seeds) {
        const started = performance.now();
        const scenario = comparisonScenario({ ...one, seed });
        const result =
          network === "mehr"
            ? await runOurs(wasm, scenario)
            : runRivalScenario(network satisfies RivalNetwork, scenario, airtimeUs);
        const run = summaryOf(result);
        runs.push(run);
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        progress(
          `- ${network}, ${one.nodes} nodes, ${one.textBytes} B, seed ${seed}: ` +
            `${run.deliveredWithPath} of ${run.withPath} in ${seconds} s`,
        );
      }
      rows.push(rowOf({ network, ...one }, runs));
    }
  }
  return rows;
}

async function runOurs(wasm: Uint8Array, scenario: ReturnType<typeof comparisonScenario>): Promise<RunResult> {
  const simulation = await prepare({ wasm, scenario });
  const recorder = new ReportRecorder(simulation);
  return recorder.result(await simulation.run(), sha256(wasm));
}

/** The core's airtime, each length computed once. */
async function airtimes(wasm: Uint8Array): Promise<(phy: Phy, length: number) => number> {
  const core = formulaCore(await Core.compile(wasm));
  const known = new Map<string, number>();
  return ({ spreadingFactor, bandwidthHz, codingRate, preamble }, length) => {
    const key = [spreadingFactor, bandwidthHz, codingRate, preamble, length].join(" ");
    let us = known.get(key);
    if (us === undefined) {
      us = core.airtimeUs(spreadingFactor, bandwidthHz, codingRate, preamble, length);
      known.set(key, us);
    }
    return us;
  };
}

export async function benchSim(io: Io, flags: CompareFlags): Promise<undefined> {
  const rows = await compareNetworks(flags, (line) => io.progress(line));
  io.result({ suite: "sim", machine: machine(), results: resultsOf(rows), rows });
  io.print(`sim, ${machine()}`);
  io.print(table(HEADINGS, rows.map(cells)));
}
