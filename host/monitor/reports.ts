/** What a relay answers to the reading commands, taken apart. */
import { Command } from "../core/abi.gen.ts";
import { ProtocolError, Reader } from "../device/codec.ts";
import {
  decodeLinkReport,
  decodeNeighbourReport,
  decodeRouteReport,
  decodeStatusReport,
  type LinkReport,
  type NeighbourReport,
  type RouteReport,
  type StatusReport,
} from "../device/messages.gen.ts";

/** Bytes of the fixed part of a Status reply, and of an entry of each list (toolchain/console/schema.ts, REPORTS). */
const STATUS = 51;
const NEIGHBOUR = 44;
const LINK = 48;
const ROUTE = 40;

export interface RelayStatus extends StatusReport {
  /** In the order of Counter. */
  readonly counters: readonly number[];
}

export interface RoutesPart {
  readonly routes: readonly RouteReport[];
  /** Where to go on; 0 at the end. */
  readonly next: number;
}

/** A list of entries of one size. Throws ProtocolError if the bytes are no whole number of them. */
function entries<T>(bytes: Uint8Array, size: number, decode: (entry: Uint8Array) => T): T[] {
  if (bytes.length % size !== 0) throw new ProtocolError(`${bytes.length} bytes are no list of entries of ${size}`);
  return Array.from({ length: bytes.length / size }, (_, i) => decode(bytes.subarray(i * size, (i + 1) * size)));
}

/** All four throw ProtocolError for bytes that do not follow their layout. `bytes` begin behind the command's number. */
export function readStatus(bytes: Uint8Array, counters: number): RelayStatus {
  const status = decodeStatusReport(bytes.subarray(0, STATUS));
  const reader = new Reader(bytes.subarray(STATUS));
  return { ...status, counters: Array.from({ length: counters }, (_, i) => reader.u32(`counter ${i}`)) };
}

export function readNeighbours(bytes: Uint8Array): NeighbourReport[] {
  return entries(bytes, NEIGHBOUR, decodeNeighbourReport);
}

export function readLinks(bytes: Uint8Array): LinkReport[] {
  return entries(bytes, LINK, decodeLinkReport);
}

export function readRoutes(bytes: Uint8Array): RoutesPart {
  const next = new Reader(bytes.subarray(0, 2)).u16("next");
  return { next, routes: entries(bytes.subarray(2), ROUTE, decodeRouteReport) };
}

/** The reading commands, which a locked board takes from anybody. */
export const STATUS_COMMAND = Uint8Array.of(Command.Status);
export const NEIGHBOURS_COMMAND = Uint8Array.of(Command.Neighbours);
export const LINKS_COMMAND = Uint8Array.of(Command.Links);
export const routesCommand = (from: number): Uint8Array => Uint8Array.of(Command.Routes, from & 0xff, from >> 8);
