/**
 * When to send the own beacon on each interface (digest 1 section 1.5, H8).
 *
 * Interval on the radio = max(10 s, 200 x airtime of the beacon's own frame), so beacons never take more than half a
 * percent of the air whatever the spreading factor; 20 s at least when the channel is more than 50 % used, 30 s above 75 %.
 * On a wire 10 s. +-10 % jitter so that neighbours booted together drift apart.
 */
import { mediumSends } from "../link/medium";
import { utilisationPermille } from "../link/utilisation";
import { INTERFACES, RADIO } from "../profile";
import { configAirtimeUs, configCapabilities, configCostTier } from "../state/config";
import { NODE_ID } from "../state/destinations";
import { randomBelow } from "../state/random";
import { AIR_HEADER_SIZE } from "../wire/air";
import { BEACON_SIZE, emitBeacon } from "../wire/beacon";
import { KIND_BEACON, LINK_FRAME_HEADER_SIZE, linkFrameBody } from "../wire/link-frame";
import { queueFill } from "./queue";

/** Bytes of a beacon's link frame. */
export const BEACON_FRAME_SIZE: u32 = LINK_FRAME_HEADER_SIZE + BEACON_SIZE;

const INTERVAL_MIN_MS: u64 = 10_000;
const AIRTIME_FACTOR: u64 = 200;
/** The first beacon after boot comes within two seconds: a node is found in seconds, a street rebooted together is not one shout. */
const FIRST_MAX_MS: u32 = 2_000;

/** Time of the next beacon on each interface u64, 2^64-1 where this node does not send. */
export const BEACONING_SIZE: u32 = 8 * INTERFACES;
export const BEACONING: usize = memory.data(8 * INTERFACES, 8);

function at(port: u32): usize {
  return BEACONING + ((<usize>port) << 3);
}

function intervalMs(port: u32, nowMs: u64): u64 {
  if (port != RADIO) return INTERVAL_MIN_MS;
  const airtime = configAirtimeUs(AIR_HEADER_SIZE + BEACON_FRAME_SIZE);
  const used = utilisationPermille(nowMs);
  const least: u64 = used > 750 ? 30_000 : used > 500 ? 20_000 : INTERVAL_MIN_MS;
  return max<u64>(least, (AIRTIME_FACTOR * airtime + 999) / 1000);
}

/** Plans the first beacon of every interface. */
export function beaconingStart(nowMs: u64): void {
  for (let port: u32 = 0; port < INTERFACES; port++) {
    store<u64>(at(port), mediumSends(port) ? nowMs + <u64>randomBelow(FIRST_MAX_MS) : u64.MAX_VALUE);
  }
}

/** Time of the next beacon on an interface; 2^64-1 if none is planned. */
export function beaconingAt(port: u32): u64 {
  return load<u64>(at(port));
}

/** Time of the next beacon on any interface. */
export function beaconingDeadline(): u64 {
  let next = u64.MAX_VALUE;
  for (let port: u32 = 0; port < INTERFACES; port++) next = min<u64>(next, beaconingAt(port));
  return next;
}

/** Plans the next beacon, counted from now: this one goes out, or is left out. */
export function beaconingPlan(port: u32, nowMs: u64): void {
  const interval = intervalMs(port, nowMs);
  store<u64>(at(port), nowMs + interval - interval / 10 + <u64>randomBelow(<u32>(interval / 5) + 1));
}

/** Writes the beacon's link frame, BEACON_FRAME_SIZE bytes. Its load field is how full the packet queue is. */
export function beaconingWrite(out: usize): void {
  store<u8>(out, <u8>KIND_BEACON);
  emitBeacon(linkFrameBody(out), NODE_ID, configCapabilities(), configCostTier(), (queueFill() * 255) / 1000);
}
