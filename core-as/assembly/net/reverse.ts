/**
 * Where packets came from, so that answers find back without a source address (digest 1 sections 1.1 and 2.6).
 *
 * 32 entries: for a destination the link its last packet came by, for a NoRoute from further on; for a destination and
 * probe id the link the probe came by. When all are in use, the one that would end first goes.
 */
import { Counter } from "../abi";
import { REVERSE } from "../profile";
import { count } from "../state/counters";

/** An entry, 24 bytes: 0 destination[0..8] | 8 until_ms u64 | 16 tag u32 | 20 link u8, zero. */
const ENTRY_SIZE: u32 = 24;
const UNTIL: usize = 8;
const TAG: usize = 16;
const LINK: usize = 20;
export const REVERSE_PATHS_SIZE: u32 = ENTRY_SIZE * REVERSE;
export const REVERSE_PATHS: usize = memory.data(ENTRY_SIZE * REVERSE, 8);

/** Tags: packets of any kind; a probe's is REVERSE_PROBE + its id. */
export const REVERSE_DATA: u32 = 0;
export const REVERSE_PROBE: u32 = 0x10000;
/** This node probed the destination less than a minute ago. */
export const REVERSE_PROBED: u32 = 1;

function find(tag: u32, destination: usize, nowMs: u64): usize {
  const key = load<u64>(destination);
  for (let entry = REVERSE_PATHS; entry < REVERSE_PATHS + <usize>REVERSE_PATHS_SIZE; entry += ENTRY_SIZE) {
    if (nowMs < load<u64>(entry, UNTIL) && load<u64>(entry) == key && load<u32>(entry, TAG) == tag) return entry;
  }
  return 0;
}

/** Remembers that packets of this tag and destination come by `link`, NO_LINK for this node's own, until `untilMs`. */
export function reverseRemember(tag: u32, destination: usize, link: u32, untilMs: u64, nowMs: u64): void {
  let entry = find(tag, destination, nowMs);
  if (entry == 0) {
    entry = REVERSE_PATHS;
    for (let other = entry; other < REVERSE_PATHS + <usize>REVERSE_PATHS_SIZE; other += ENTRY_SIZE) {
      if (load<u64>(other, UNTIL) < load<u64>(entry, UNTIL)) entry = other;
    }
    if (nowMs < load<u64>(entry, UNTIL)) count(Counter.ReverseEvicted);
  }
  store<u64>(entry, load<u64>(destination));
  store<u64>(entry, untilMs, UNTIL);
  store<u32>(entry, tag, TAG);
  store<u8>(entry, <u8>link, LINK);
}

/** The link they come by, NO_LINK for this node itself, or -1 if that is not known. */
export function reverseFind(tag: u32, destination: usize, nowMs: u64): i32 {
  const entry = find(tag, destination, nowMs);
  return entry == 0 ? -1 : <i32>load<u8>(entry, LINK);
}

export function reverseReset(): void {
  memory.fill(REVERSE_PATHS, 0, REVERSE_PATHS_SIZE);
}
