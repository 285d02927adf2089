/** A board as the monitor sees one, for its tests. */
import type { Identity } from "../../host/board/protocol.ts";
import { Counter } from "../../host/core/abi.gen.ts";
import type { HealthReply, LinkReport, NeighbourReport, RouteReport } from "../../host/board/messages.gen.ts";
import type { CoreStatus } from "../../host/device/reports.ts";

/** 2026-11-23T08:00:00Z. */
export const EIGHT = Date.UTC(2026, 10, 23, 8);

export const id = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);

export const IDENTITY: Identity = {
  status: 0,
  abiVersion: 5,
  engine: "wasm3",
  wasmSize: 36_000,
  wasmSha256: "3d920018".padEnd(64, "0"),
  nodeId: "aa".repeat(16),
  imageSha256: "201192e8".padEnd(64, "0"),
  provisioned: true,
  lock: "locked",
  board: "rak4631",
  runtime: "0.1.0",
  name: "roof-north",
};

export const HEALTH: HealthReply = {
  resetCause: 1,
  uptimeMs: 7_500_000n,
  unixMs: 0n,
  batteryMv: 4012,
  resting: 0,
  logLevel: 2,
  recordsUsed: 500,
  recordsSize: 4096,
  flashWrites: 40,
  inboxCount: 0,
  lastWords: "",
};

export function neighbour(byte: number, more: Partial<NeighbourReport> = {}): NeighbourReport {
  return {
    ...{ nodeId: id(byte), capabilities: 1, costTier: 0, load: 0, rssiDbm: -97, snrQdb: 21, beacons: 7, state: 1 },
    ...{ port: 0, zero: 0, knownForMs: 60_000n, silentForMs: 12_000 },
    ...more,
  };
}

export function link(byte: number, more: Partial<LinkReport> = {}): LinkReport {
  return {
    ...{ nodeId: id(byte), suspect: 0, port: 0, initiator: 1, reliability: 255, relayClass: 1, phase: 0, mtu: 484 },
    ...{ price: 0, latencyMs: 300, upForS: 180, silentForMs: 1000, clockOffsetMs: 0n },
    ...more,
  };
}

export function route(byte: number, by: number, hops: number): RouteReport {
  return {
    ...{ destination: id(byte), nextHop: id(by), costCode: 0, latencyMs: 300 * (hops + 1), rateCode: 90, hops },
    ...{ mtuCode: 0, paths: 1 },
  };
}

export function status(more: Partial<CoreStatus["counters"]> = {}): CoreStatus {
  const names = Object.keys(Counter).filter((name) => name !== "Count");
  const zeros = Object.fromEntries(names.map((name) => [name, 0])) as CoreStatus["counters"];
  return {
    ...{ neighboursKnown: 2, neighboursUp: 2, zero: 0, abiVersion: 5, nodeId: id(0xaa), uptimeMs: 7_500_000n },
    ...{ nextBeaconMs: 0n, utilisationPermille: 112, seen: 3, airtimeUsedMs: 12_300, airtimeAllowedMs: 360_000 },
    ...{ counters: { ...zeros, ...more }, refused: {} },
  };
}
