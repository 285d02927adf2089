/** The core's events in words: one sentence for each kind of core-as/assembly/abi.ts. */
import type { Signal } from "../board/console.ts";
import { AdvisoryVerdict, Command, Event, LinkEnd } from "../core/abi.gen.ts";
import { ProtocolError, Reader } from "../board/codec.ts";
import { decodeMessageEvent, decodeNeighbourReport, decodeProbeEvent } from "../board/messages.gen.ts";
import { hexOf, plain, short } from "./text.ts";

/** `warn`: something an owner may want to look at. */
export type Level = "error" | "warn" | "info" | "debug";

export interface Sentence {
  readonly level: Level;
  readonly text: string;
}

/** Gives the name of an address (32 hex digits), or what stands for one that has none. */
export type NameOf = (address: string) => string;

/** "-97 dBm, SNR 5.25 dB". */
export function signalText(rssiDbm: number, snrDb: number | undefined): string {
  return `${rssiDbm} dBm${snrDb === undefined ? "" : `, SNR ${snrDb} dB`}`;
}

const UNHEARD: Signal = { rssiDbm: undefined, snrDb: undefined };

const LINK_ENDS: Readonly<Record<LinkEnd, string>> = {
  [LinkEnd.Silent]: "the peer fell silent",
  [LinkEnd.Closed]: "the peer closed it",
  [LinkEnd.Replaced]: "a newer link to the same peer took its place",
  [LinkEnd.Local]: "this relay closed it",
  [LinkEnd.Evicted]: "its place was given to another peer",
  [LinkEnd.Exhausted]: "its keys were used up",
};

const VERDICTS: Readonly<Record<AdvisoryVerdict, string>> = {
  [AdvisoryVerdict.Adopted]: "it is not to be used any more",
  [AdvisoryVerdict.Conflict]: "two advisories contradict each other, so neither new key is taken",
};

const COMMAND_NAMES = new Map<number, string>(Object.entries(Command).map(([name, id]) => [id, name]));

const port = (number: number): string => (number === 0 ? "the radio" : `interface ${number}`);
const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

type Words = (reader: Reader, name: NameOf) => string | Sentence;

const warn = (text: string): Sentence => ({ level: "warn", text });
const debug = (text: string): Sentence => ({ level: "debug", text });
const address = (reader: Reader): string => hexOf(reader.bytes("address", 16));
const all = (reader: Reader): Uint8Array => reader.rest("bytes", 0xffff);

/** Its type has a member for each Event, so that a new one without words here does not compile. */
const WORDS: Readonly<Record<Event, Words>> = {
  [Event.Booted]: (r) => `The relay ${address(r)} has started.`,
  [Event.NeighbourFound]: (r, name) => {
    const heard = decodeNeighbourReport(all(r));
    const signal = heard.port === 0 ? `: ${signalText(heard.rssiDbm, heard.snrQdb / 4)}` : ` over ${port(heard.port)}`;
    return `Hears ${name(hexOf(heard.nodeId))}${signal}.`;
  },
  [Event.NeighbourDown]: (r, name) => warn(`Has not heard ${name(address(r))} for 3 minutes.`),
  [Event.NeighbourGone]: (r, name) => warn(`Has not heard ${name(address(r))} for 10 minutes and forgets it.`),
  [Event.Packet]: (r, name) => {
    const from = name(address(r));
    const packet = all(r);
    return `A packet of ${times(packet.length, "byte")} for this relay came from ${from}: ${hexOf(packet.subarray(0, 24))}${packet.length > 24 ? "…" : ""}.`;
  },
  [Event.Reply]: (r) => {
    const command = r.u8("command");
    return debug(
      `Answered ${COMMAND_NAMES.get(command) ?? `command ${command}`} with ${times(all(r).length, "byte")}.`,
    );
  },
  [Event.LinkUp]: (r, name) => {
    const peer = name(address(r));
    const over = port(r.u8("interface"));
    return `The link to ${peer} over ${over} is up${r.u8("initiator") === 1 ? "" : ", asked for by the peer"}.`;
  },
  [Event.LinkDown]: (r, name) => {
    const peer = name(address(r));
    const over = port(r.u8("interface"));
    const reason = r.u8("reason");
    return warn(
      `The link to ${peer} over ${over} is down: ${LINK_ENDS[reason as LinkEnd] ?? `for the unknown reason ${reason}`}.`,
    );
  },
  [Event.Message]: (r) => {
    const { destination, context, subType, data } = decodeMessageEvent(all(r));
    const kind = `context 0x${context.toString(16)}, sub-type ${subType}`;
    return `A message of ${times(data.length, "byte")} came for ${short(hexOf(destination))} (${kind})${dataText(data)}.`;
  },
  [Event.RouteFound]: (r, name) => {
    const destination = name(address(r));
    const next = name(address(r));
    const hops = r.u8("hops");
    r.u8("zero");
    r.u16("cost code");
    return hops <= 1 && destination === next
      ? `Reaches ${destination} directly.`
      : `Reaches ${destination} by ${next}, ${times(hops, "hop")}.`;
  },
  [Event.RouteLost]: (r, name) => warn(`Has no route to ${name(address(r))} any more.`),
  [Event.Undeliverable]: (r, name) => {
    const destination = name(address(r));
    return warn(`A packet to ${destination} found no way on (hash ${hexOf(r.bytes("hash", 8))}).`);
  },
  [Event.ProbeResult]: (r, name) => {
    const { destination, id, roundTripMs, receivedSize, mtu, bps } = decodeProbeEvent(all(r));
    return `Probe ${id} to ${name(hexOf(destination))} took ${roundTripMs} ms there and back, ${times(receivedSize, "byte")}; it takes up to ${mtu} at ${bps} bit/s.`;
  },
  [Event.PathConstraintViolation]: (r, name) => {
    const destination = name(address(r));
    return warn(
      `No route to ${destination} carries packets of the size asked for; the best one takes ${r.u16("mtu")} bytes.`,
    );
  },
  [Event.Advisory]: (r) => {
    const key = hexOf(r.bytes("compromised key", 32));
    const next = r.bytes("new key", 32);
    const verdict = r.u8("verdict");
    const what = VERDICTS[verdict as AdvisoryVerdict] ?? `verdict ${verdict}`;
    const successor = next.every((byte) => byte === 0) ? "" : `; ${short(hexOf(next))} follows it`;
    return warn(`The key ${short(key)} is said to be compromised: ${what}${successor}.`);
  },
  [Event.VersionSignal]: (r, name) => {
    const from = name(address(r));
    const entries = Array.from({ length: r.u8("count") }, () => `${r.u32("mep")}: ${r.u8("support")}`);
    return `${from} signals ${entries.length === 0 ? "nothing" : `support of proposals (${entries.join(", ")})`}.`;
  },
};

/** `: "text"` for bytes that are text, hex for others. */
function dataText(data: Uint8Array): string {
  if (data.length === 0) return "";
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data);
    if (plain(text) === text) return `: "${text}"`;
  } catch {
    // Not text.
  }
  return `: ${hexOf(data.subarray(0, 40))}${data.length > 40 ? "…" : ""}`;
}

/**
 * An event in words. One of an unknown kind, or whose bytes do not follow its layout, is told as that, with its bytes in
 * hex: a board may be newer than this program.
 */
export function eventSentence(
  kind: number,
  bytes: Uint8Array,
  nameOf: NameOf = short,
  signal: Signal = UNHEARD,
): Sentence {
  const words = (WORDS as Readonly<Record<number, Words>>)[kind];
  const raw = `(${bytes.length === 0 ? "no bytes" : hexOf(bytes)})`;
  if (words === undefined) return { level: "warn", text: `An event of the unknown kind ${kind} ${raw}.` };
  try {
    const reader = new Reader(bytes);
    const said = words(reader, nameOf);
    if (reader.left > 0) throw new ProtocolError(`${reader.left} bytes are left over`);
    const { level, text } = typeof said === "string" ? { level: "info" as const, text: said } : said;
    // The beacon's own signal is in the sentence already.
    const heard =
      signal.rssiDbm === undefined || kind === Event.NeighbourFound
        ? ""
        : ` [${signalText(signal.rssiDbm, signal.snrDb)}]`;
    return { level, text: plain(text) + heard };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const name = Object.entries(Event).find(([, id]) => id === kind)?.[0] ?? String(kind);
    return { level: "warn", text: `A malformed ${name} event: ${error.message} ${raw}.` };
  }
}
