/** `mehr build`: the image of a board. */
import { relative } from "node:path";
import { variantName } from "../../boards/engine.ts";
import { findBoard } from "../../boards/index.ts";
import { regionalConfig } from "../../boards/regions/config.ts";
import { findRegion } from "../../boards/regions/index.ts";
import { channelText, percentText } from "../../boards/regions/text.ts";
import {
  type BuildEvent,
  type BuildRegion,
  type BuildReport,
  buildBoard,
  chooseEngine,
  prepareBuild,
} from "../../toolchain/build.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { stackLine } from "../../toolchain/aot/stack.ts";
import { readSigningKey, SIGNATURE_FILE } from "../../toolchain/image/signature.ts";
import type { SizeLine } from "../../toolchain/manifest.ts";
import type { PackageSource } from "../../toolchain/pio/environment.ts";
import type { Io } from "./outcome.ts";

export interface BuildFlags {
  readonly root: string;
  readonly board: string;
  /** The board's default unless given. */
  readonly engine?: string;
  readonly source: PackageSource | "auto";
  /** Without one the image only listens. */
  readonly region?: string;
  /** Hz. */
  readonly frequency?: number;
  /** Hz. */
  readonly bandwidth?: number;
  readonly sf?: number;
  readonly preamble?: number;
  /** Conducted, dBm. */
  readonly power?: number;
  /** dBi */
  readonly antennaGain?: number;
  readonly bundle?: string;
  readonly prepareOnly?: boolean;
  readonly verbose?: boolean;
  /** Path of the Ed25519 private key to sign the manifest with. */
  readonly sign?: string;
}

export async function build(io: Io, flags: BuildFlags): Promise<undefined> {
  const engine = chooseEngine(findBoard(flags.board), flags.engine);
  // A key that cannot be used is told before the build, not after.
  const sign = flags.sign === undefined ? undefined : readSigningKey(flags.sign);
  const region = regionOf(flags);
  if (flags.prepareOnly) {
    const core = await prepareBuild(flags.root, flags.board, engine, region?.config);
    io.result({
      ...{ board: flags.board, engine, ok: true, region: region?.id ?? null },
      wasm: { size: core.wasm.length, sha256: core.sha256 },
    });
    io.print(regionLine(region));
    io.print(`relay.wasm ${core.wasm.length} B, sha256 ${core.sha256}`);
    return;
  }
  const report = await buildBoard({
    root: flags.root,
    board: flags.board,
    engine,
    source: flags.source,
    ...(region === undefined ? {} : { region }),
    ...(flags.bundle === undefined ? {} : { bundle: flags.bundle }),
    verbose: flags.verbose ?? false,
    ...(sign === undefined ? {} : { sign }),
    onEvent: buildProgress(io, flags.verbose ?? false),
  });
  if (flags.verbose) io.progress(report.output);
  const { manifest } = report;
  io.result({
    board: flags.board,
    engine,
    ok: true,
    region: region?.id ?? null,
    artifacts: manifest.artifacts.map((artifact) => ({ ...artifact, path: distPath(report, artifact.path) })),
    wasm: { size: manifest.core.size, sha256: manifest.core.sha256 },
    ...(manifest.flash ? { flash: manifest.flash } : {}),
    ...(manifest.ram ? { ram: manifest.ram } : {}),
    ...(report.stack ? { stack: { used: report.stack.total, max: report.stack.limit ?? null } } : {}),
    ...(report.advice ? { wasm3_ram: { used: report.advice.used, max: report.advice.max } } : {}),
    ...(report.advice?.recommend ? { recommended_engine: "aot" } : {}),
    manifest: relative(flags.root, report.manifestPath),
    ...(sign === undefined ? {} : { signature: distPath(report, SIGNATURE_FILE) }),
  });
  printReport(io, flags.root, report);
  if (sign !== undefined) io.print(`  ${distPath(report, SIGNATURE_FILE)}`);
  io.print(`  ${regionLine(region)}`);
}

/** The region of the flags and what it makes of the board's boot configuration; undefined for an image that listens. */
function regionOf(flags: BuildFlags): BuildRegion | undefined {
  const { frequency, bandwidth, sf, preamble, power, antennaGain } = flags;
  if (flags.region === undefined) {
    if ([frequency, bandwidth, sf, preamble, power, antennaGain].every((value) => value === undefined))
      return undefined;
    throw new MehrError(
      2,
      "--frequency, --bandwidth, --sf, --preamble, --power and --antenna-gain are a matter of a region's law; give --region too.",
    );
  }
  const region = findRegion(flags.region);
  const wanted = {
    ...{ frequencyHz: frequency, bandwidthHz: bandwidth, spreadingFactor: sf },
    ...{ preambleSymbols: preamble, powerDbm: power, antennaGainDbi: antennaGain },
  };
  return { id: region.id, config: regionalConfig(findBoard(flags.board), region, wanted) };
}

function regionLine(region: BuildRegion | undefined): string {
  if (region === undefined)
    return "no region: the default configuration of the board, which on real hardware only listens";
  const { config } = region;
  const hour =
    config.dutyPermille === 1000 ? "no limit of the hour" : `${percentText(config.dutyPermille)} of any hour`;
  return `region ${region.id}: ${channelText(config)}, ${config.powerDbm} dBm, ${hour}`;
}

/** One line on stderr for each step; on a terminal, each file compiled on a line that the next one replaces. */
export function buildProgress(io: Io, verbose = false): (event: BuildEvent) => void {
  const replaceable = process.stderr.isTTY && !io.json && !verbose;
  const line = (text: string): void => io.progress(replaceable ? `\r\x1b[K${text}` : text);
  return (event) => {
    if (event.kind === "step") {
      line(`- ${event.text}`);
      return;
    }
    if (verbose) return;
    const text =
      event.event.kind === "package" || event.event.kind === "warning" ? event.event.text : event.event.target;
    if (event.event.kind !== "compile") line(`  ${event.event.kind} ${text}`);
    else if (replaceable) process.stderr.write(`\r\x1b[K  compile ${text}\r`);
  };
}

export function printReport(io: Io, root: string, report: BuildReport): void {
  io.print(
    `${report.board.id}: built with engine ${report.engine} in ${report.seconds.toFixed(1)} s (${report.sourceReason})`,
  );
  for (const line of report.sizes) io.print(`  ${sizeText(line)}`);
  if (report.stack) io.print(`  ${stackLine(report.stack)}`);
  if (report.advice) io.print(`  ${report.advice.sentence}`);
  for (const artifact of report.manifest.artifacts) {
    io.print(`  ${distPath(report, artifact.path)}  ${artifact.size} B  sha256 ${artifact.sha256.slice(0, 16)}...`);
  }
  io.print(`  ${relative(root, report.manifestPath)}`);
}

/** Path of a file of the image in the checkout. */
function distPath({ board, engine }: BuildReport, file: string): string {
  return `dist/${variantName(board, engine)}/${file}`;
}

/** "flash  77184 of 1048576 B (7.4 %), +96 since the last build". */
export function sizeText(line: SizeLine): string {
  const share = line.max !== null ? ` of ${line.max} B (${((100 * line.bytes) / line.max).toFixed(1)} %)` : " B";
  const change =
    line.change === undefined
      ? ""
      : line.change === 0
        ? ", unchanged"
        : `, ${line.change > 0 ? "+" : ""}${line.change} since the last build`;
  return `${line.what.padEnd(6)}  ${line.bytes}${share}${change}`;
}
