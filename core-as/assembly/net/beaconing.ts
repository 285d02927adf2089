/**
 * When to send the own beacon (digest 1 section 1.5, H8).
 *
 * Interval = max(10 s, 200 x airtime of the beacon's own frame), so beacons never take more than half a percent of the
 * air whatever the spreading factor; 20 s at least when the channel is more than 50 % used, 30 s above 75 %; +-10 % jitter
 * so that neighbours booted together drift apart.
 */
import { Counter, frame_send, Status } from "../abi";
import { csmaBusy, csmaReset } from "../link/csma";
import { utilisationAdd, utilisationPermille } from "../link/utilisation";
import { configAirtimeUs, configCapabilities, configCostTier, configTransmits } from "../state/config";
import { count } from "../state/counters";
import { NODE_ID } from "../state/identity";
import { randomBelow } from "../state/random";
import { AIR_HEADER_SIZE, airLinkFrame, emitAirHeader } from "../wire/air";
import { BEACON_SIZE, emitBeacon } from "../wire/beacon";
import { KIND_BEACON, LINK_FRAME_HEADER_SIZE, linkFrameBody } from "../wire/link-frame";

const AIR_FRAME_SIZE: u32 = AIR_HEADER_SIZE + LINK_FRAME_HEADER_SIZE + BEACON_SIZE;

const INTERVAL_MIN_MS: u64 = 10_000;
const AIRTIME_FACTOR: u64 = 200;
/** The first beacon after boot comes within two seconds: a node is found in seconds, a street rebooted together is not one shout. */
const FIRST_MAX_MS: u32 = 2_000;

/** Time of the next beacon u64, 2^64-1 when transmission is off. */
export const BEACONING: usize = memory.data(8, 8);
export const BEACONING_SIZE: u32 = 8;

const FRAME: usize = memory.data(24, 8);

/** Share of its queues the node has filled, for the beacon's load field; this core queues nothing. */
const LOAD_IDLE: u32 = 0;

function intervalMs(nowMs: u64): u64 {
  let interval = max<u64>(INTERVAL_MIN_MS, (AIRTIME_FACTOR * configAirtimeUs(AIR_FRAME_SIZE) + 999) / 1000);
  const used = utilisationPermille(nowMs);
  if (used > 750) interval = max<u64>(interval, 30_000);
  else if (used > 500) interval = max<u64>(interval, 20_000);
  return interval;
}

/** Plans the first beacon. */
export function beaconingStart(nowMs: u64): void {
  csmaReset();
  store<u64>(BEACONING, configTransmits() ? nowMs + <u64>randomBelow(FIRST_MAX_MS) : u64.MAX_VALUE);
}

/** Time of the next beacon; 2^64-1 if none is planned. */
export function beaconingDeadline(): u64 {
  return load<u64>(BEACONING);
}

/** Sends the beacon if its time has come, and plans the next. Ok, or why the host did not send it. */
export function beaconingRun(nowMs: u64): Status {
  if (nowMs < beaconingDeadline()) return Status.Ok;
  const linkFrame = airLinkFrame(FRAME);
  emitAirHeader(FRAME, randomBelow(16), false);
  store<u8>(linkFrame, <u8>KIND_BEACON);
  emitBeacon(linkFrameBody(linkFrame), NODE_ID, configCapabilities(), configCostTier(), LOAD_IDLE);
  const sent: Status = frame_send(FRAME, AIR_FRAME_SIZE);
  if (sent == Status.Ok) {
    count(Counter.BeaconsSent);
    utilisationAdd(nowMs, configAirtimeUs(AIR_FRAME_SIZE));
  } else if (sent == Status.RadioBusy) {
    const wait = csmaBusy();
    if (wait != 0) {
      count(Counter.BusyDeferred);
      store<u64>(BEACONING, nowMs + wait);
      return sent;
    }
    count(Counter.BusyDropped);
  } else {
    count(Counter.SendFailed);
  }
  csmaReset();
  const interval = intervalMs(nowMs);
  const jitter = <u32>(interval / 5);
  store<u64>(BEACONING, nowMs + interval - interval / 10 + <u64>randomBelow(jitter + 1));
  return sent;
}
