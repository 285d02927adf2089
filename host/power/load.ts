/** How long a relay is in each of its states, and what it draws on the average for it. */
import { airtimeUs, type Modulation } from "../../boards/airtime.ts";
import type { Engine } from "../../boards/engine.ts";
import {
  boardDraw,
  type Current,
  MCU_CURRENTS,
  RADIO_CURRENTS,
  type RealMcuId,
  type RestState,
  TCXO,
  transmitCurrent,
} from "../../boards/power/currents.ts";
import type { RealBoard } from "../../boards/schema.ts";

/** Modulation and power of the node's own transmissions. */
export interface Phy extends Modulation {
  readonly powerDbm: number;
}

/** Seconds on the air of a frame of so many bytes. */
export function airtimeSeconds(phy: Phy, bytes: number): number {
  return airtimeUs(phy, bytes) / 1e6;
}

/** Bytes of a beacon on the air: air header, link frame header, beacon (core-as/assembly/wire). */
const BEACON_BYTES = 1 + 1 + 20;

/** Seconds between two beacons on a free channel (core-as/assembly/net/beaconing.ts): 10 s, or 200 x its airtime. */
export function beaconPeriod(phy: Phy): number {
  return Math.max(10, 200 * airtimeSeconds(phy, BEACON_BYTES));
}

/** What passes through a relay in an hour, its beacons apart. */
export interface Traffic {
  readonly name: string;
  /** Frames it sends, each of `bytes` on the air. */
  readonly framesPerHour: number;
  readonly bytes: number;
  /** Frames it hears and looks at, beacons included. */
  readonly heardPerHour: number;
  /** Announces whose signature it checks. */
  readonly announcesPerHour: number;
}

/**
 * A relay of `mehr sim village` (30 relays at SF7, seed 1, two hours) by the counters of the run: 413 frames sent an
 * hour, 267 of them beacons; 1952 heard; 56 announces accepted. What is not a beacon took 410 ms each: full frames.
 */
const VILLAGE: Traffic = { name: "village", framesPerHour: 146, bytes: 255, heardPerHour: 1950, announcesPerHour: 56 };

export const TRAFFIC: readonly Traffic[] = [
  { name: "quiet", framesPerHour: 10, bytes: 128, heardPerHour: 600, announcesPerHour: 5 },
  VILLAGE,
  // The busiest hour of the busiest relay of that run was on the air 2.6 times as long without its beacons.
  { name: "busy", framesPerHour: 310, bytes: 255, heardPerHour: 4100, announcesPerHour: 120 },
];

/** Traffic of so many frames; what is heard and checked is in the village's proportion. */
export function framesTraffic(name: string, framesPerHour: number, bytes: number): Traffic {
  const ratio = framesPerHour / VILLAGE.framesPerHour;
  return {
    name,
    framesPerHour,
    bytes,
    heardPerHour: VILLAGE.heardPerHour * ratio,
    announcesPerHour: VILLAGE.announcesPerHour * ratio,
  };
}

/** Share of the time beacons alone take. */
export function beaconShare(phy: Phy): number {
  return airtimeSeconds(phy, BEACON_BYTES) / beaconPeriod(phy);
}

/** Traffic that fills a share of the time together with the beacons; none where the beacons take it all. */
export function dutyTraffic(name: string, duty: number, phy: Phy): Traffic {
  const bytes = VILLAGE.bytes;
  const seconds = Math.max(0, duty - beaconShare(phy)) * 3600;
  return framesTraffic(name, seconds / airtimeSeconds(phy, bytes), bytes);
}

/** Share of the time on the air. */
export function airShare(phy: Phy, traffic: Traffic): number {
  return beaconShare(phy) + (traffic.framesPerHour * airtimeSeconds(phy, traffic.bytes)) / 3600;
}

/**
 * Instructions of the core's steps on a Cortex-M4 (docs/performance.md, `mehr bench net` and `mehr bench core`). A
 * forwarded packet is two air frames in and two out.
 */
const INSTRUCTIONS: Readonly<Record<Engine, { forwarded: number; heard: number; announce: number }>> = {
  wasm3: { forwarded: 1_375_732 / 2, heard: 58_839, announce: 15_150_997 },
  aot: { forwarded: 124_198 / 2, heard: 3_800, announce: 1_012_360 },
};

/** CPU seconds of an hour. */
export function cpuSeconds(mcu: RealMcuId, engine: Engine, traffic: Traffic): number {
  const { clockHz, cyclesPerInstruction } = MCU_CURRENTS[mcu];
  const { forwarded, heard, announce } = INSTRUCTIONS[engine];
  const instructions =
    traffic.framesPerHour * forwarded + traffic.heardPerHour * heard + traffic.announcesPerHour * announce;
  return Math.min(3600, (instructions * cyclesPerInstruction) / clockHz);
}

/** One consumer: what it draws while it is on, and for which share of the time. */
export interface Part {
  readonly name: string;
  readonly current: Current;
  /** 0..1 */
  readonly share: number;
}

export interface Load {
  readonly parts: readonly Part[];
  /** What runs on while the battery is locked out: chip at rest and board, radio asleep. */
  readonly lockedOut: number;
  readonly airShare: number;
  readonly cpuShare: number;
}

export interface LoadInput {
  readonly board: RealBoard;
  readonly mcu: RealMcuId;
  readonly engine: Engine;
  readonly phy: Phy;
  readonly traffic: Traffic;
  readonly rest: RestState;
}

/** Average milliamperes of a part. */
export function averageOf({ current, share }: Part, milliamps = current.milliamps): number {
  return milliamps * share;
}

export function totalOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + averageOf(part), 0);
}

export function loadOf({ board, mcu, engine, phy, traffic, rest }: LoadInput): Load {
  const radio = RADIO_CURRENTS[board.radio.chip];
  const chip = MCU_CURRENTS[mcu];
  const sending = Math.min(1, airShare(phy, traffic));
  const running = cpuSeconds(mcu, engine, traffic) / 3600;
  const waking = rest === "sleep" ? (1 - running) * chip.wakeShare : 0;
  const draw = boardDraw(board);
  const parts: Part[] = [
    { name: "radio, listening", current: radio.receiving, share: 1 - sending },
    { name: "radio, sending", current: transmitCurrent(board.radio.chip, phy.powerDbm), share: sending },
    ...(board.radio.tcxoVolts === undefined ? [] : [{ name: "radio, oscillator", current: TCXO, share: 1 }]),
    { name: "chip, running", current: chip.running, share: running },
    ...(waking === 0 ? [] : [{ name: "chip, looking up", current: chip.running, share: waking }]),
    { name: "chip, resting", current: chip.rest[rest], share: 1 - running - waking },
    { name: "board", current: draw, share: 1 },
  ];
  const lockedOut = chip.rest.sleep.milliamps + radio.sleeping.milliamps + draw.milliamps;
  return { parts, lockedOut, airShare: sending, cpuShare: running };
}
