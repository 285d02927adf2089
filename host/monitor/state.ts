/** What is known of a watched board, and how each thing it says changes that. Pure: the clock comes with the input. */
import type { Signal } from "../board/console.ts";
import type { Identity } from "../board/protocol.ts";
import { Event, STATUS_SENTENCES } from "../core/abi.gen.ts";
import type { HealthReply, LinkReport, LogLevel, NeighbourReport, RouteReport } from "../board/messages.gen.ts";
import type { CoreStatus } from "../device/reports.ts";
import type { CounterName } from "./counters.ts";
import { eventSentence, type Level, type Sentence } from "./events.ts";
import type { Law } from "./law.ts";
import { hexOf, plain, short } from "./text.ts";

export interface Line {
  /** Unix ms of this machine. */
  readonly at: number;
  readonly level: Level;
  readonly text: string;
}

/** Something a board told, and when. */
export interface Seen<T> {
  readonly at: number;
  readonly value: T;
}

export type Connection =
  | { readonly kind: "connecting"; readonly since: number }
  | { readonly kind: "open"; readonly since: number }
  /** The port went away, or the board fell silent. */
  | { readonly kind: "lost"; readonly since: number; readonly why: string };

export interface State {
  readonly port: string;
  /** When the watching began. */
  readonly started: number;
  readonly now: number;
  readonly connection: Connection;
  readonly identity: Identity | undefined;
  readonly health: Seen<HealthReply> | undefined;
  readonly status: Seen<CoreStatus> | undefined;
  /** Earlier counters of this boot, oldest first: what rates are made from. */
  readonly samples: readonly Seen<CoreStatus["counters"]>[];
  readonly neighbours: Seen<readonly NeighbourReport[]> | undefined;
  readonly links: Seen<readonly LinkReport[]> | undefined;
  readonly routes: Seen<readonly RouteReport[]> | undefined;
  readonly law: Law | undefined;
  /** Newest last. */
  readonly lines: readonly Line[];
  readonly events: number;
  readonly reboots: number;
  readonly frameErrors: number;
  /** Why the core does not run; undefined while it does. */
  readonly fatal: string | undefined;
  readonly names: ReadonlyMap<string, string>;
  readonly paused: boolean;
  readonly help: boolean;
  /** A line at the bottom that asks for something; what is typed shows as dots. */
  readonly prompt: { readonly label: string; readonly typed: number } | undefined;
  readonly logFile: { readonly path: string; readonly bytes: number; readonly problem?: string } | undefined;
}

export type Input = { readonly at: number } & (
  | { readonly kind: "tick" }
  | { readonly kind: "connecting" }
  | { readonly kind: "open" }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "identity"; readonly identity: Identity; readonly ready?: boolean }
  | { readonly kind: "health"; readonly health: HealthReply }
  | { readonly kind: "lock"; readonly lock: Identity["lock"] }
  | { readonly kind: "log-level"; readonly level: LogLevel }
  | { readonly kind: "status"; readonly status: CoreStatus }
  | { readonly kind: "neighbours"; readonly neighbours: readonly NeighbourReport[] }
  | { readonly kind: "links"; readonly links: readonly LinkReport[] }
  | { readonly kind: "routes"; readonly routes: readonly RouteReport[] }
  | { readonly kind: "law"; readonly law: Law | undefined }
  | { readonly kind: "event"; readonly event: number; readonly bytes: Uint8Array; readonly signal?: Signal }
  | { readonly kind: "log"; readonly level: Level; readonly text: string }
  | { readonly kind: "fatal"; readonly sentence: string }
  | { readonly kind: "frame-error"; readonly text: string }
  /** Text the board sent outside frames: a panic of its framework. */
  | { readonly kind: "text"; readonly text: string }
  /** Bytes that are neither a frame nor text. */
  | { readonly kind: "noise"; readonly text: string }
  /** What this program has to say. */
  | { readonly kind: "note"; readonly level: Level; readonly text: string }
  | { readonly kind: "pause" }
  | { readonly kind: "help" }
  | { readonly kind: "prompt"; readonly prompt: State["prompt"] }
  | { readonly kind: "log-file"; readonly file: State["logFile"] }
);

const MAX_LINES = 500;
/** Rates are of the last minute. */
const RATE_WINDOW_MS = 60_000;
/** A beacon in two seconds is not thirty a minute. */
const LEAST_WINDOW_MS = 10_000;

export function initialState(port: string, at: number, names: ReadonlyMap<string, string> = new Map()): State {
  return {
    ...{ port, started: at, now: at, connection: { kind: "connecting", since: at }, names },
    ...{ identity: undefined, health: undefined, status: undefined, samples: [] },
    ...{ neighbours: undefined, links: undefined, routes: undefined, law: undefined },
    ...{ lines: [], events: 0, reboots: 0, frameErrors: 0, fatal: undefined },
    ...{ paused: false, help: false, prompt: undefined, logFile: undefined },
  };
}

/** The name of an address with its first digits, or the digits alone. */
export function nameOf(state: Pick<State, "names">, address: string): string {
  const name = state.names.get(address);
  return name === undefined ? short(address) : `${plain(name)} (${short(address)})`;
}

/** The line an input is told by, in the view, in the log file and where there is no terminal; undefined for none. */
export function sentenceOf(state: State, input: Input): Sentence | undefined {
  switch (input.kind) {
    case "event":
      // An answer to somebody's question is no news.
      if (input.event === Event.Reply) return undefined;
      return eventSentence(input.event, input.bytes, (address) => nameOf(state, address), input.signal);
    case "log":
    case "note":
      return { level: input.level, text: input.text };
    case "text":
      return { level: "warn", text: input.text };
    case "noise":
      return { level: "debug", text: `Neither a frame nor text: ${input.text}` };
    case "fatal":
      return { level: "error", text: `The core does not run: ${input.sentence}` };
    case "frame-error":
      return { level: "warn", text: input.text };
    case "lost":
      return { level: "warn", text: `${input.why} Waiting for ${state.port}.` };
    case "open":
      return state.connection.kind === "lost" ? { level: "info", text: `${state.port} is back.` } : undefined;
    case "identity":
      return identitySentence(state, input.identity, input.ready === true);
    case "neighbours": {
      // Those it knew before we came have no event.
      const up = input.neighbours.filter((one) => one.state === 1);
      if (state.neighbours !== undefined || up.length === 0) return undefined;
      return { level: "info", text: `Hears ${up.map((one) => nameOf(state, hexOf(one.nodeId))).join(", ")}.` };
    }
    case "health": {
      const { lastWords } = input.health;
      if (lastWords === "" || lastWords === state.health?.value.lastWords) return undefined;
      return { level: "error", text: `The run before this one ended with: ${lastWords}` };
    }
    default:
      return undefined;
  }
}

function identitySentence(state: State, identity: Identity, ready: boolean): Sentence | undefined {
  if (!ready && state.identity !== undefined) return undefined;
  const { board, name, nodeId, runtime, engine, imageSha256 } = identity;
  const image = imageSha256 === undefined ? "" : `, image ${short(imageSha256)}`;
  const who = `${name === "" ? "not provisioned" : name}, ${board}, ${nodeId}, firmware ${runtime}, ${engine}${image}`;
  return { level: "info", text: `${ready ? "Has started" : "This is"}: ${who}.` };
}

/** The state after an input. It throws for none. */
export function reduce(state: State, input: Input): State {
  const next = change({ ...state, now: Math.max(state.now, input.at) }, input);
  const said = sentenceOf(state, input);
  if (said === undefined) return next;
  const line: Line = { at: input.at, level: said.level, text: plain(said.text) };
  return { ...next, lines: [...next.lines, line].slice(-MAX_LINES) };
}

function change(state: State, input: Input): State {
  const seen = <T>(value: T): Seen<T> => ({ at: input.at, value });
  switch (input.kind) {
    case "connecting":
      return { ...state, connection: { kind: "connecting", since: input.at } };
    case "open":
      return { ...state, connection: { kind: "open", since: input.at } };
    case "lost":
      return { ...state, connection: { kind: "lost", since: input.at, why: input.why } };
    case "identity":
      return input.ready === true ? started(state, input.identity) : identified(state, input.identity);
    case "lock":
      return state.identity === undefined ? state : { ...state, identity: { ...state.identity, lock: input.lock } };
    case "health":
      return healthTaken(state, seen(input.health));
    case "log-level":
      return state.health === undefined
        ? state
        : { ...state, health: { ...state.health, value: { ...state.health.value, logLevel: input.level } } };
    case "status":
      return statusTaken(state, seen(input.status));
    case "neighbours":
      return { ...state, neighbours: seen(input.neighbours) };
    case "links":
      return { ...state, links: seen(input.links) };
    case "routes":
      return { ...state, routes: seen(input.routes) };
    case "law":
      return { ...state, law: input.law };
    case "event":
      return { ...state, events: state.events + 1 };
    case "fatal":
      return { ...forgotten(state), fatal: input.sentence };
    case "frame-error":
      return { ...state, frameErrors: state.frameErrors + 1 };
    case "pause":
      return { ...state, paused: !state.paused };
    case "help":
      return { ...state, help: !state.help };
    case "prompt":
      return { ...state, prompt: input.prompt };
    case "log-file":
      return { ...state, logFile: input.file };
    default:
      return state;
  }
}

/** What was heard belongs to the run before: a board starts without neighbours, links and routes. */
function forgotten(state: State): State {
  return {
    ...state,
    ...{ status: undefined, samples: [], health: undefined },
    ...{ neighbours: undefined, links: undefined, routes: undefined },
  };
}

function identified(state: State, identity: Identity): State {
  const why =
    identity.status === 0 ? undefined : (state.fatal ?? STATUS_SENTENCES[identity.status] ?? "an unknown status");
  return { ...state, identity, fatal: why };
}

function started(state: State, identity: Identity): State {
  // The first one it says after the port was opened may be that of the run we came to see.
  const again = state.identity !== undefined;
  return { ...forgotten(state), identity, fatal: undefined, reboots: state.reboots + (again ? 1 : 0) };
}

function healthTaken(state: State, health: Seen<HealthReply>): State {
  const before = state.health?.value;
  // Ready was lost on the way, or came while nobody listened.
  const younger = before !== undefined && health.value.uptimeMs < before.uptimeMs;
  return younger ? { ...forgotten(state), health, reboots: state.reboots + 1 } : { ...state, health };
}

function statusTaken(state: State, status: Seen<CoreStatus>): State {
  const { counters } = status.value;
  const last = state.status?.value;
  // It only rises within a boot.
  const same = last !== undefined && status.value.uptimeMs >= last.uptimeMs;
  const kept = same ? state.samples.filter(({ at }) => status.at - at <= RATE_WINDOW_MS) : [];
  return { ...state, fatal: undefined, status, samples: [...kept, { at: status.at, value: counters }] };
}

/** How much a counter rose per minute, over at most the last minute; undefined until there is a stretch to tell it from. */
export function ratePerMinute({ samples }: Pick<State, "samples">, counter: CounterName): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < LEAST_WINDOW_MS) return undefined;
  return ((last.value[counter] - first.value[counter]) * 60_000) / (last.at - first.at);
}

/** Ms since a neighbour or a peer was heard, now. */
export function silentFor(seen: Seen<unknown>, silentForMs: number, now: number): number {
  return silentForMs + Math.max(0, now - seen.at);
}

/** Neighbours that are up. */
export function neighboursUp({ neighbours }: Pick<State, "neighbours">): number {
  return neighbours?.value.filter(({ state }) => state === 1).length ?? 0;
}

/** The final state as the one object of --json. */
export function summary(state: State): Record<string, unknown> {
  const { identity, health, status, neighbours, links, routes, law } = state;
  const value = status?.value;
  return {
    port: state.port,
    seconds: (state.now - state.started) / 1000,
    connected: state.connection.kind === "open",
    board: identity && {
      ...{ id: identity.board, name: identity.name, address: identity.nodeId, firmware: identity.runtime },
      ...{ engine: identity.engine, provisioned: identity.provisioned },
      ...{ core_sha256: identity.wasmSha256, image_sha256: identity.imageSha256 ?? null },
      lock: identity.lock,
    },
    health: health && {
      ...{ reset_cause: RESET_CAUSES[health.value.resetCause], uptime_ms: Number(health.value.uptimeMs) },
      ...{ battery_mv: health.value.batteryMv, resting: health.value.resting === 1 },
      ...{ flash_writes: health.value.flashWrites, inbox: health.value.inboxCount, last_words: health.value.lastWords },
    },
    neighbours: neighbours?.value.map((one) => ({
      ...{ address: hexOf(one.nodeId), name: state.names.get(hexOf(one.nodeId)) ?? null, up: one.state === 1 },
      ...{ rssi_dbm: one.rssiDbm, snr_db: one.snrQdb / 4, beacons: one.beacons },
      silent_ms: silentFor(neighbours, one.silentForMs, state.now),
    })),
    links: links?.value.map((one) => ({
      ...{ address: hexOf(one.nodeId), up_s: one.upForS, latency_ms: one.latencyMs, mtu: one.mtu },
      ...{ reliability: one.reliability / 255, suspect: one.suspect === 1 },
    })),
    routes: routes?.value.length,
    airtime: value && {
      ...{ used_ms: value.airtimeUsedMs, allowed_ms: value.airtimeAllowedMs },
      ...{ utilisation: value.utilisationPermille / 1000, region: law?.region ?? null, sub_band: law?.band ?? null },
    },
    counters: value?.counters,
    refused: value?.refused,
    ...{ events: state.events, reboots: state.reboots, frame_errors: state.frameErrors, fatal: state.fatal ?? null },
    log: state.logFile && {
      path: state.logFile.path,
      bytes: state.logFile.bytes,
      problem: state.logFile.problem ?? null,
    },
  };
}

export const RESET_CAUSES = {
  ...{ 0: "unknown", 1: "power on", 2: "reset pin", 3: "software", 4: "watchdog" },
  ...{ 5: "brown-out", 6: "fault", 7: "wake" },
} as const satisfies Readonly<Record<HealthReply["resetCause"], string>>;

export const LOG_LEVELS: Readonly<Record<LogLevel, Level>> = { 0: "error", 1: "warn", 2: "info", 3: "debug" };
