/** What the core's commands answer with, decoded (docs/console.md, Reports of the core). */
import { Counter, Status } from "../core/abi.gen.ts";
import { ProtocolError } from "../board/codec.ts";
import {
  decodeLinkReport,
  decodeNeighbourReport,
  decodePeer,
  decodeRouteReport,
  decodeStatusReport,
  type LinkReport,
  type NeighbourReport,
  REPORT_SIZES,
  type RouteReport,
  type StatusReport,
} from "../board/messages.gen.ts";

/** "Count" says how many counters there are, and is none. */
type CounterName = Exclude<keyof typeof Counter, "Count">;

export interface CoreStatus extends StatusReport {
  readonly counters: Readonly<Record<CounterName, number>>;
  /** Frames refused, by the name of their Status; those that never happened are left out. */
  readonly refused: Readonly<Record<string, number>>;
}

/** A Status reply behind the command's number. Throws ProtocolError. */
export function readStatus(bytes: Uint8Array): CoreStatus {
  const report = decodeStatusReport(bytes.subarray(0, REPORT_SIZES.StatusReport));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const counted = Counter.Count + Status.CoreCount;
  const expected = REPORT_SIZES.StatusReport + 4 * counted;
  if (bytes.length !== expected)
    throw new ProtocolError(`StatusReport has ${bytes.length} bytes instead of ${expected}`);
  const at = (index: number): number => view.getUint32(REPORT_SIZES.StatusReport + 4 * index, true);
  const counters: Partial<Record<CounterName, number>> = {};
  for (const [name, index] of Object.entries(Counter)) if (name !== "Count") counters[name as CounterName] = at(index);
  const refused: Record<string, number> = {};
  for (const [name, status] of Object.entries(Status)) {
    if (status >= Status.CoreCount) continue;
    const count = at(Counter.Count + status);
    if (count > 0) refused[name] = count;
  }
  return { ...report, counters: counters as Record<CounterName, number>, refused };
}

/** Entries of one size, one behind the other. */
function entries<T>(bytes: Uint8Array, size: number, decode: (bytes: Uint8Array) => T): T[] {
  if (bytes.length % size !== 0) throw new ProtocolError(`${bytes.length} bytes are no entries of ${size}`);
  return Array.from({ length: bytes.length / size }, (_, i) => decode(bytes.subarray(i * size, (i + 1) * size)));
}

export function readNeighbours(bytes: Uint8Array): NeighbourReport[] {
  return entries(bytes, REPORT_SIZES.NeighbourReport, decodeNeighbourReport);
}

export function readLinks(bytes: Uint8Array): LinkReport[] {
  return entries(bytes, REPORT_SIZES.LinkReport, decodeLinkReport);
}

/** One part of the table, and the index to ask for next; 0 at its end. */
export function readRoutes(bytes: Uint8Array): { next: number; routes: RouteReport[] } {
  if (bytes.length < 2) throw new ProtocolError("a Routes reply without its next index");
  const next = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0, true);
  return { next, routes: entries(bytes.subarray(2), REPORT_SIZES.RouteReport, decodeRouteReport) };
}

export function readPeers(bytes: Uint8Array): Uint8Array[] {
  return entries(bytes, 16, (entry) => decodePeer(entry).nodeId);
}

export interface Destination {
  readonly address: Uint8Array;
  /** Ed25519. */
  readonly publicKey: Uint8Array;
}

export function readDestinations(bytes: Uint8Array): Destination[] {
  return entries(bytes, 48, (entry) => ({ address: entry.slice(0, 16), publicKey: entry.slice(16) }));
}
