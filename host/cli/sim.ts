/** `mehr sim`: a scenario with the real core at every node, in virtual time. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { MehrError } from "../../toolchain/errors.ts";
import { compileCore } from "../../toolchain/core/compile.ts";
import { makeAttacker } from "../sim/attackers.ts";
import type { BoardNode, BoardNodeOptions } from "../sim/board-station.ts";
import { recorders } from "../sim/core-station.ts";
import { findScenario, PRESETS } from "../sim/presets.ts";
import type { SimResult } from "../sim/result.ts";
import { ReportRecorder } from "../sim/report/recorder.ts";
import { renderReport } from "../sim/report/report.ts";
import { altered, prepare } from "../sim/run.ts";
import { nodeNames } from "../sim/scenario.ts";
import type { Progress, Simulation } from "../sim/simulation.ts";
import { TraceWriter } from "../sim/trace.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface SimFlags {
  readonly root: string;
  /** Name of a preset, or path of a file. */
  readonly scenario?: string;
  readonly seed?: number;
  /** Seconds of virtual time in place of the scenario's. */
  readonly duration?: number;
  /** HTML file to write. */
  readonly report?: string;
  /** Trace file to write. */
  readonly trace?: string;
  /** BOARD[:ENGINE]@NODE. */
  readonly board?: string;
  /** Where PlatformIO's packages come from, for the board. */
  readonly source: BoardNodeOptions["source"];
  /** Print the scenario in full instead of running it. */
  readonly print?: boolean;
}

export async function sim(io: Io, flags: SimFlags): Promise<number> {
  if (flags.scenario === undefined) return listPresets(io);
  const scenario = altered(findScenario(flags.scenario), flags.seed, flags.duration);
  if (flags.print) {
    io.result(scenario);
    io.print(JSON.stringify(scenario, undefined, 2));
    return 0;
  }
  const names = nodeNames(scenario);
  if (flags.board !== undefined) {
    // Before a file is touched: what is wrong with the command leaves the last run's files as they are.
    (await import("../sim/board-station.ts")).parseBoardSpec(flags.board, names);
  }
  if (flags.report !== undefined && flags.trace !== undefined && resolve(flags.report) === resolve(flags.trace)) {
    throw new MehrError(2, `--report and --trace both name ${flags.report}; give each its own file.`);
  }
  if (flags.report !== undefined) checkWritable(flags.report);
  const { wasm, sha256 } = await compileCore({ root: flags.root });
  const interrupted = new AbortController();
  io.onInterrupt(() => interrupted.abort());
  const bar = new ProgressBar(io);
  const header = { wasm_sha256: sha256, scenario: scenario.name, seed: scenario.seed, nodes: names };
  const trace = flags.trace === undefined ? undefined : new TraceWriter(flags.trace, header);
  let board: BoardNode | undefined;
  let simulation: Simulation;
  let result: SimResult;
  let interruption: string | undefined;
  try {
    if (flags.board !== undefined) board = await boardNode(io, flags, names);
    const node = board;
    simulation = await prepare({
      wasm,
      scenario,
      attacker: makeAttacker,
      signal: interrupted.signal,
      progress: (progress) => bar.update(progress),
      recorder: (index) => recorders(trace?.recorder(index), index === node?.index ? node.recorder : undefined),
      ...(node === undefined ? {} : { settle: () => node.settle() }),
    });
    const report = flags.report === undefined ? undefined : new ReportRecorder(simulation);
    result = await simulation.run();
    if (interrupted.signal.aborted) {
      interruption = `Interrupted after ${result.virtual_seconds} of ${scenario.duration_s} virtual seconds.`;
    }
    await node?.finish(simulation.finalHashes[node.index] as Uint8Array);
    trace?.end(simulation.finalHashes);
    if (flags.report !== undefined && report !== undefined) {
      // The recorder asks the nodes more, which the hashes taken above do not show.
      writeReport(flags.report, renderReport(report.result(result, sha256, interruption)));
    }
  } finally {
    bar.finish();
    trace?.close();
    await board?.stop();
  }
  if (interruption !== undefined) throw new MehrError(1, interruption);
  const violations = simulation.regulator.violations.filter(({ station }) => station < result.nodes);
  io.result({
    ok: violations.length === 0,
    ...result,
    violations: violations.slice(0, 20).map((one) => ({ ...one, station: names[one.station] })),
    ...(flags.report === undefined ? {} : { report: flags.report }),
    ...(flags.trace === undefined ? {} : { trace: { file: flags.trace, bytes: trace?.bytes } }),
    ...(board === undefined ? {} : { board: board.summary() }),
  });
  printResult(io, result);
  for (const one of violations.slice(0, 10)) {
    io.print(
      `Law: ${names[one.station]} broke ${one.kind} between ${(one.fromMs / 1000).toFixed(1)} s and ` +
        `${(one.toMs / 1000).toFixed(1)} s: ${one.used.toFixed(3)}, allowed ${one.allowed}.`,
    );
  }
  if (flags.report !== undefined) io.print(`Report: ${flags.report}`);
  if (flags.trace !== undefined) io.print(`Trace: ${flags.trace}, ${((trace?.bytes ?? 0) / 1e6).toFixed(1)} MB.`);
  if (board !== undefined) io.print(board.sentence());
  return violations.length === 0 ? 0 : 1;
}

function listPresets(io: Io): number {
  const presets = Object.entries(PRESETS).map(([name, { description = "", nodes, duration_s, attackers = [] }]) => ({
    name,
    nodes: Array.isArray(nodes) ? nodes.length : nodes.count,
    seconds: duration_s,
    attackers: attackers.length,
    description,
  }));
  io.result({ presets });
  io.print(
    table(
      ["preset", "nodes", "virtual time", ""],
      presets.map(({ name, nodes, seconds, description }) => [name, String(nodes), clock(seconds), description]),
    ),
  );
  return 0;
}

/** Throws MehrError (2) if the file cannot be written. What it holds stays until there is something new. */
function checkWritable(path: string): void {
  try {
    closeSync(openSync(path, "a"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new MehrError(2, `${path} could not be written (${code}); give --report a file in a folder that exists.`);
  }
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new MehrError(1, `${path} could not be written (${code}); the run is done, its report is lost.`);
  }
}

async function boardNode(io: Io, flags: SimFlags, names: readonly string[]): Promise<BoardNode> {
  const { startBoardNode } = await import("../sim/board-station.ts");
  const { root, board: spec = "", source } = flags;
  return startBoardNode({ root, spec, names, source, progress: (line) => io.progress(line) });
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0
    ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}`
    : `${m}:${String(s).padStart(2, "0")}`;
}

/** One line on a terminal's stderr; nothing elsewhere. */
class ProgressBar {
  readonly #on: boolean;
  readonly #started = performance.now();
  #shown = false;

  constructor(io: Io) {
    this.#on = !io.json && process.stderr.isTTY === true;
  }

  update({ virtualMs, endMs, sent, delivered }: Progress): void {
    if (!this.#on) return;
    const share = Math.min(virtualMs / endMs, 1);
    const full = Math.round(share * 24);
    const speed = virtualMs / Math.max(performance.now() - this.#started, 1);
    process.stderr.write(
      `\r\x1b[K${"█".repeat(full)}${"░".repeat(24 - full)} ${Math.floor(share * 100)} %  ` +
        `${clock(virtualMs / 1000)} of ${clock(endMs / 1000)}, ${Math.round(speed)}x  ${delivered} of ${sent} messages`,
    );
    this.#shown = true;
  }

  finish(): void {
    if (this.#shown) process.stderr.write("\r\x1b[K");
  }
}

function printResult(io: Io, result: SimResult): void {
  const { airtime, latency_s: latency } = result;
  const percent = (value: number): string => `${(value * 100).toFixed(value < 0.1 ? 2 : 1)} %`;
  io.print(
    table(
      [`${result.scenario}, seed ${result.seed}`, ""],
      [
        ["nodes", `${result.nodes}${result.attackers > 0 ? ` and ${result.attackers} attackers` : ""}`],
        ["virtual time", `${clock(result.virtual_seconds)} in ${result.wall_seconds.toFixed(1)} s, ${result.speed}x`],
        ["messages", `${result.delivered} of ${result.sent} delivered, ${result.acknowledged} acknowledged`],
        [
          "of those with a path",
          `${result.delivered_with_path} of ${result.sent_with_path}, ${percent(result.delivery_ratio)}`,
        ],
        ["latency", `median ${latency.median} s, 95 % within ${latency.p95} s`],
        [
          "airtime",
          `${airtime.total_s.toFixed(0)} s, ${airtime.per_delivered_s.toFixed(1)} s for each message delivered`,
        ],
        ["channel load", `mean ${percent(airtime.mean_load)}, worst ${percent(airtime.worst_load)}`],
        ["worst hour of a node", `${airtime.worst_hour_s.toFixed(1)} s of ${airtime.allowed_hour_s} s allowed`],
        ["law violations", String(result.law_violations)],
        ["state hash", result.state_hash],
      ],
    ),
  );
}
