/** The screen: what is known of a board, drawn as lines that fit a terminal. Pure. */
import type { LinkReport, NeighbourReport, RouteReport } from "../board/messages.gen.ts";
import { COUNTER_NAMES, type CounterName, MAIN_COUNTERS, TROUBLE_COUNTERS } from "./counters.ts";
import {
  LOG_LEVELS,
  nameOf,
  neighboursUp,
  ratePerMinute,
  RESET_CAUSES,
  type Seen,
  silentFor,
  type State,
} from "./state.ts";
import { bar, cell, clock, cut, duration, hexOf, plain, short, width } from "./text.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Lines of events and log that are left at least, if there is room for anything. */
const LEAST_LINES = 5;
/** Lines a table takes at most while other things want room too. */
const MOST_ROWS = 8;
const TOP_ROUTES = 3;
const BAR = 10;
const SMALL_BAR = 6;
const NAME = 24;

/**
 * The whole screen: at most `rows` lines of at most `columns` columns each. What does not fit is left out from below, the
 * events keep some room.
 */
export function view(state: State, size: Size): string[] {
  const rows = Math.max(0, Math.floor(size.rows));
  const columns = Math.max(0, Math.floor(size.columns));
  if (rows === 0 || columns === 0) return [];
  const foot = [footLine(state)];
  const body = state.help ? helpLines() : boardLines(state);
  const room = rows - foot.length;
  const kept = body.slice(
    0,
    state.help ? room : Math.max(Math.min(2, room), room - Math.min(LEAST_LINES, state.lines.length + 1)),
  );
  const left = room - kept.length;
  const said = state.help || left <= 0 ? [] : lastLines(state, left, columns);
  const fill = Array.from({ length: Math.max(0, left - said.length) }, () => "");
  const screen = [...kept, ...said, ...fill, ...foot].slice(0, rows);
  return screen.map((line) => cut(line, columns).trimEnd());
}

function boardLines(state: State): string[] {
  return [
    ...headLines(state),
    ...(state.fatal === undefined ? [] : ["", `THE CORE DOES NOT RUN: ${plain(state.fatal)}`]),
    "",
    ...airtimeLines(state),
    "",
    ...neighbourLines(state),
    ...routeLines(state),
    "",
    ...counterLines(state),
    "",
  ];
}

function headLines(state: State): string[] {
  const { identity, health, connection, now } = state;
  const line = (...parts: (string | false | undefined)[]): string =>
    parts.filter((part): part is string => typeof part === "string" && part !== "").join("  ");
  const where =
    connection.kind === "open"
      ? ""
      : connection.kind === "connecting"
        ? `connecting to ${plain(state.port)}`
        : `GONE for ${duration(now - connection.since)}, waiting for ${plain(state.port)}`;
  if (identity === undefined) return [line("mehr monitor", plain(state.port), where)];
  const title = line(
    plain(identity.name) || "(not provisioned)",
    plain(identity.board),
    where,
    state.paused && "PAUSED",
    identity.nodeId,
  );
  const about = line(
    `${identity.engine}, core ${short(identity.wasmSha256)}`,
    `image ${identity.imageSha256 === undefined ? "unknown" : short(identity.imageSha256)}`,
    `firmware ${plain(identity.runtime)}`,
    identity.lock === "held" ? "held open" : identity.lock,
  );
  if (health === undefined) return [title, about];
  const { uptimeMs, resetCause, batteryMv, resting, logLevel } = health.value;
  const up = Number(uptimeMs) + (connection.kind === "open" ? Math.max(0, now - health.at) : 0);
  const life = line(
    `up ${duration(up)}`,
    `started by ${RESET_CAUSES[resetCause]}`,
    batteryMv > 0 && `battery ${batteryMv} mV`,
    resting === 1 && "RESTING, battery low",
    `log ${LOG_LEVELS[logLevel]}`,
  );
  return [title, about, life];
}

function airtimeLines(state: State): string[] {
  const { status, law } = state;
  if (status === undefined) return ["airtime   not known yet"];
  const { airtimeUsedMs: used, airtimeAllowedMs: allowed, utilisationPermille } = status.value;
  const region = law === undefined || law.region === "" ? "no region" : law.region;
  const place = [
    region,
    law?.band !== undefined && `sub-band ${law.band}`,
    law?.channel,
    law?.transmits === false && "only listens",
  ]
    .filter((part) => typeof part === "string")
    .join(" ");
  const limit =
    allowed >= 3_600_000
      ? `${(used / 1000).toFixed(1)} s in the hour, no limit`
      : `${(used / 1000).toFixed(1)} of ${(allowed / 1000).toFixed(0)} s in the hour`;
  return [
    `airtime   ${bar(allowed === 0 ? 0 : used / allowed, BAR)} ${limit}  ${plain(place)}`,
    `channel   ${bar(utilisationPermille / 1000, BAR)} ${(utilisationPermille / 10).toFixed(1)} % busy`,
  ];
}

/** A share for a bar: LoRa is heard down to about -130 dBm and -20 dB; -60 dBm and 10 dB are as good as it gets. */
const rssiShare = (dbm: number): number => (dbm + 130) / 70;
const snrShare = (qdb: number): number => (qdb / 4 + 20) / 30;

function neighbourLines(state: State): string[] {
  const { neighbours, now } = state;
  if (neighbours === undefined) return ["neighbours  not known yet"];
  const all = [...neighbours.value].sort((a, b) => b.rssiDbm - a.rssiDbm);
  const head =
    cell(`neighbours ${neighboursUp(state)} of ${all.length} up`, NAME + 2) +
    cell("RSSI dBm", 14) +
    cell("SNR dB", 15) +
    cell("silent", 10) +
    "link";
  const row = (one: NeighbourReport): string => {
    const link = state.links?.value.find(({ nodeId }) => Buffer.compare(nodeId, one.nodeId) === 0);
    const name = `  ${cell(nameOf(state, hexOf(one.nodeId)), NAME)}`;
    const silent = cell(one.state === 1 ? duration(silentFor(neighbours, one.silentForMs, now)) : "DOWN", 10);
    if (one.port !== 0) return `${name}${cell(`interface ${one.port}`, 29)}${silent}${linkText(link, state.links)}`;
    const rssi = cell(`${cell(String(one.rssiDbm), 5, "right")} ${bar(rssiShare(one.rssiDbm), SMALL_BAR)}`, 14);
    const snr = cell(`${cell((one.snrQdb / 4).toFixed(2), 6, "right")} ${bar(snrShare(one.snrQdb), SMALL_BAR)}`, 15);
    return `${name}${rssi}${snr}${silent}${linkText(link, state.links)}`;
  };
  return [head, ...some(all, MOST_ROWS, row)];
}

function linkText(link: LinkReport | undefined, links: Seen<unknown> | undefined): string {
  if (link === undefined) return links === undefined ? "" : "none";
  const quality = `${Math.round((link.reliability * 100) / 255)} %`;
  return `${link.suspect === 1 ? "silent" : `up ${duration(link.upForS * 1000)}`}, ${quality}${link.relayClass === 1 ? ", trusted" : ""}`;
}

function routeLines(state: State): string[] {
  const { routes } = state;
  if (routes === undefined) return [];
  const best = [...routes.value].sort((a, b) => a.hops - b.hops || a.costCode - b.costCode);
  const row = ({ destination, nextHop, hops, latencyMs, paths }: RouteReport): string => {
    const by =
      Buffer.compare(destination, nextHop) === 0
        ? "directly"
        : `by ${nameOf(state, hexOf(nextHop))}, ${hops} hop${hops === 1 ? "" : "s"}`;
    const stale = (paths & 0x80) === 0 ? "" : ", stale";
    return `  ${cell(nameOf(state, hexOf(destination)), NAME)}${by}, ${latencyMs} ms${stale}`;
  };
  return [`routes ${best.length}`, ...some(best, TOP_ROUTES, row)];
}

/** Rows of the first few, and how many more there are. */
function some<T>(all: readonly T[], most: number, row: (one: T) => string): string[] {
  const rest = all.length - most;
  return [...all.slice(0, most).map(row), ...(rest > 0 ? [`  and ${rest} more`] : [])];
}

/** Counters side by side, three in a line: those that always matter with their rates, and those that tell of trouble. */
function counterLines(state: State): string[] {
  const counters = state.status?.value.counters;
  if (counters === undefined) return [];
  const text = (counter: CounterName): string => {
    const rate = ratePerMinute(state, counter);
    const shown = rate === undefined || rate === 0 ? "" : ` (${rate < 9.95 ? rate.toFixed(1) : Math.round(rate)}/min)`;
    return `${COUNTER_NAMES[counter]} ${counters[counter]}${shown}`;
  };
  const calm = MAIN_COUNTERS.map(text);
  const trouble = TROUBLE_COUNTERS.filter((counter) => counters[counter] > 0).map((counter) => `! ${text(counter)}`);
  if (state.frameErrors > 0) trouble.push(`! bad frames on the line ${state.frameErrors}`);
  return inColumns([...calm, ...trouble], 3, 32);
}

function inColumns(cells: readonly string[], across: number, columns: number): string[] {
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += across) {
    const line = cells.slice(i, i + across);
    lines.push(line.map((one) => (width(one) < columns ? cell(one, columns) : `${one}  `)).join(""));
  }
  return lines;
}

/** The newest lines, the newest at the bottom; one that is too long goes on below, up to three lines. */
function lastLines(state: State, room: number, columns: number): string[] {
  const shown: string[] = [];
  for (let i = state.lines.length - 1; i >= 0 && shown.length < room; i--) {
    const { at, level, text } = state.lines[i] as State["lines"][number];
    const mark = level === "error" ? "ERROR " : level === "warn" ? "! " : "";
    const lines = wrapped(`${clock(at)} ${mark}${text}`, columns, 9, 3);
    // Half a sentence at the top says nothing; half of the newest is better than none of it.
    if (shown.length > 0 && shown.length + lines.length > room) break;
    shown.unshift(...lines);
  }
  return shown.slice(-room);
}

/** A text broken at spaces to lines of `columns`, those behind the first indented; at most `most` of them. */
export function wrapped(text: string, columns: number, indent: number, most: number): string[] {
  const inner = Math.max(1, columns - indent);
  const lines: string[] = [];
  let line = "";
  const limit = (): number => (lines.length === 0 ? Math.max(1, columns) : inner);
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || width(longer) <= limit()) {
      line = longer;
      continue;
    }
    if (lines.length + 1 >= most) {
      // The rest stays on the last line, where the screen cuts it.
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  lines.push(line);
  return lines.map((one, i) => (i === 0 ? one : " ".repeat(Math.min(indent, Math.max(0, columns - 1))) + one));
}

function helpLines(): string[] {
  return [
    "mehr monitor: keys",
    "",
    "  q, Ctrl-C  quit",
    "  p          pause the screen; the log file goes on",
    "  l          next log level of the board: error, warn, info, debug (asks for the PIN of a locked board)",
    "  ?          this page, and back",
    "",
    "silent   how long a neighbour has not been heard; DOWN after 3 minutes",
    "link     how long it is up, the share of its frames that arrive; none: heard, but no link yet",
    "airtime  what was sent in the hour that counts for the law, of what the sub-band allows",
    "channel  how busy the channel is, by everybody heard",
    "!        a counter that says something was lost or refused",
  ];
}

function footLine({ prompt, logFile, paused }: State): string {
  if (prompt !== undefined) return `${prompt.label} ${"•".repeat(Math.min(64, prompt.typed))}`;
  const log =
    logFile === undefined
      ? ""
      : logFile.problem === undefined
        ? `log ${plain(logFile.path)} ${sizeText(logFile.bytes)}`
        : plain(logFile.problem);
  return [`q quit  p ${paused ? "go on" : "pause"}  l log level  ? help`, log]
    .filter((part) => part !== "")
    .join("   ");
}

/** "12.3 KB". */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
