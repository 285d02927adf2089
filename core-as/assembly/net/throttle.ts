/**
 * What neighbours asked this node to hold back (CongestionSignal, digest 1 section 2.9): less towards a congested
 * neighbour until its queue has drained.
 *
 * A share of the rate is a pause behind each frame: a third of the frame's time makes a quarter less (Moderate), as long
 * as the frame half (Severe), three times the frame a quarter of the rate (Saturated, where P2 and P3 stop altogether).
 * P0 is never held back: it would be dropped anyway.
 */
import { LINKS } from "../profile";
import { Severity } from "../wire/link-control";

/** A link, 24 bytes: 0 until_ms u64 | 8 pause_end_ms u64 | 16 severity u8, zero. */
const ENTRY_SIZE: u32 = 24;
const PAUSE_END: usize = 8;
const SEVERITY: usize = 16;
export const THROTTLE_SIZE: u32 = ENTRY_SIZE * LINKS;
export const THROTTLE: usize = memory.data(ENTRY_SIZE * LINKS, 8);

function at(link: u32): usize {
  return THROTTLE + <usize>(link * ENTRY_SIZE);
}

/** The neighbour asks for less for `drainMs` milliseconds from now; `severity` is a Severity. */
export function throttleHeard(link: u32, severity: u32, drainMs: u32, nowMs: u64): void {
  store<u64>(at(link), nowMs + <u64>drainMs);
  store<u8>(at(link), <u8>severity, SEVERITY);
}

/** When a packet of this priority may go to the neighbour: `nowMs` if now. */
export function throttleFreeAt(link: u32, priority: u32, nowMs: u64): u64 {
  const until = load<u64>(at(link));
  if (nowMs >= until || priority == 0) return nowMs;
  if (priority > 1 && load<u8>(at(link), SEVERITY) == <u8>Severity.Saturated) return until;
  return max<u64>(nowMs, min<u64>(until, load<u64>(at(link), PAUSE_END)));
}

/** A frame that takes `frameMs` goes out to the neighbour now. */
export function throttleSent(link: u32, frameMs: u32, nowMs: u64): void {
  const severity: u32 = load<u8>(at(link), SEVERITY);
  const pause = severity == Severity.Moderate ? frameMs / 3 : severity == Severity.Severe ? frameMs : 3 * frameMs;
  store<u64>(at(link), nowMs + <u64>(frameMs + pause), PAUSE_END);
}

/** Bit mask of the links that P2 and P3 should not take now if there is another way. */
export function throttleAvoid(nowMs: u64): u32 {
  let mask: u32 = 0;
  for (let link: u32 = 0; link < LINKS; link++) {
    if (nowMs < load<u64>(at(link)) && load<u8>(at(link), SEVERITY) >= <u8>Severity.Severe) mask |= 1 << link;
  }
  return mask;
}

/** The links of the mask went down: whoever is on them next has asked for nothing. */
export function throttleLinksDown(mask: u32): void {
  for (let link: u32 = 0; link < LINKS; link++) if (((mask >> link) & 1) != 0) memory.fill(at(link), 0, ENTRY_SIZE);
}

export function throttleReset(): void {
  memory.fill(THROTTLE, 0, THROTTLE_SIZE);
}
