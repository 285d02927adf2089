/**
 * This node's own congestion: it asks the neighbour that fills its queue to hold back, and its price rises (digest 1
 * section 2.9, H21).
 *
 * A signal asks for as long as the queue takes to drain, so the next follows when that is over, after 5 s at the earliest,
 * or at once if things got worse. On a slow radio a signal every 5 s would itself be a sixth of the air: there the next
 * waits for the time of 16 largest frames, which makes it a thirty-second.
 */
import { Counter } from "../abi";
import { linkPort } from "../link/links";
import { mediumFrameMs } from "../link/medium";
import { LINKS } from "../profile";
import { count } from "../state/counters";
import { CONTROL_CONGESTION, CongestionScope, emitCongestionSignal, Severity } from "../wire/link-control";
import { controlSend } from "./control";
import { queueBiggestIngress, queueDrainMs, queueFill } from "./queue";
import { throttleReset } from "./throttle";

/** Per mille of the queue from which each Severity holds. */
const MODERATE: u32 = 500;
const SEVERE: u32 = 750;
const SATURATED: u32 = 1000;
const INTERVAL_MS: u32 = 5000;
const INTERVAL_FRAMES: u32 = 16;
const BODY_SIZE: u32 = 3;
const DRAIN_MAX_MS: u32 = 65_535;

/** No signal before this time u64, unless the severity is greater than that of the last u32, zero u32. */
export const CONGESTION: usize = memory.data(16, 8);
export const CONGESTION_SIZE: u32 = 16;

const BODY: usize = memory.data(8, 8);

export function congestionReset(): void {
  memory.fill(CONGESTION, 0, CONGESTION_SIZE);
  throttleReset();
}

function signal(link: u32, severity: u32, nowMs: u64): void {
  const again = load<u64>(CONGESTION);
  if (link >= LINKS || (nowMs < again && severity <= load<u32>(CONGESTION, 8))) return;
  const drain = min<u32>(queueDrainMs(), DRAIN_MAX_MS);
  const interval = max<u32>(INTERVAL_MS, INTERVAL_FRAMES * mediumFrameMs(linkPort(link)));
  store<u64>(CONGESTION, nowMs + <u64>max<u32>(drain, interval));
  store<u32>(CONGESTION, severity, 8);
  emitCongestionSignal(BODY, severity, CongestionScope.AllOutbound, drain);
  controlSend(link, CONTROL_CONGESTION, BODY, BODY_SIZE);
  count(Counter.CongestionSent);
}

/** After a packet was queued: tells the neighbour most of the queue came from if more than half of it is full. */
export function congestionConsider(nowMs: u64): void {
  const fill = queueFill();
  if (fill <= MODERATE) return;
  const severity = fill >= SATURATED ? Severity.Saturated : fill > SEVERE ? Severity.Severe : Severity.Moderate;
  signal(queueBiggestIngress(), severity, nowMs);
}

/** A packet of this neighbour was given up after seven busy attempts: the channel itself is congested. */
export function congestionDropped(link: u32, nowMs: u64): void {
  signal(link, Severity.Severe, nowMs);
}

/** Factor on the price, in 1/256: 1 + (q/Q)^2 above half a queue, else 1. */
export function congestionFactorQ8(): u32 {
  const fill = queueFill();
  return fill <= MODERATE ? 256 : 256 + (256 * fill * fill) / 1_000_000;
}
