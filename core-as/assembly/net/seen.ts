/**
 * The seen-cache (H27): the first 8 bytes of the packet_hash of every packet of the last 60 seconds, and the link by which
 * it came first.
 *
 * 128 entries in a ring of 12 bytes each: hash u64, link u8, time u24. Entries go in in order of time, so the one the ring
 * overwrites is always the oldest. Times are the low 24 bits of the clock; a silence of 60 s or more clears the ring, so
 * no entry gets old enough (4.6 hours) to look young again.
 */
import { Counter } from "../abi";
import { count } from "../state/counters";

const ENTRIES: u32 = 128;
const ENTRY_SIZE: u32 = 12;
const LIFETIME_MS: u32 = 60_000;
const LINK: usize = 8;
/** The time lies above the link. */
const TIME_SHIFT: u32 = 8;

/** No such packet passed. */
export const NOT_SEEN: i32 = -1;

/** Index of the next entry to write u32, entries in use u32, then the ring. */
export const SEEN: usize = memory.data(1544, 8);
export const SEEN_SIZE: u32 = 1544;
const NEXT: usize = SEEN;
const USED: usize = SEEN + 4;
const RING: usize = SEEN + 8;

function entry(index: u32): usize {
  return RING + <usize>(index * ENTRY_SIZE);
}

/** Index of the oldest entry. */
function oldest(): u32 {
  return (load<u32>(NEXT) + ENTRIES - load<u32>(USED)) % ENTRIES;
}

/** Drops what is older than 60 s, from the old end; `lastMs` is when it was called before. */
export function seenExpire(nowMs: u64, lastMs: u64): void {
  if (nowMs - lastMs >= <u64>LIFETIME_MS) {
    store<u32>(USED, 0);
    return;
  }
  let used = load<u32>(USED);
  let index = oldest();
  while (
    used > 0 &&
    (((<u32>nowMs) << TIME_SHIFT) - (load<u32>(entry(index), LINK) & 0xffffff00)) >>> TIME_SHIFT >= LIFETIME_MS
  ) {
    index = (index + 1) % ENTRIES;
    used--;
  }
  store<u32>(USED, used);
}

/**
 * The link by which the packet with this hash came first if it passed within the last 60 s; otherwise NOT_SEEN, and it is
 * remembered from now on as come by `link`, NO_LINK for one that began here. seenExpire must have been called for this time.
 */
export function seenBefore(hash: usize, link: u32, nowMs: u64): i32 {
  const key = load<u64>(hash);
  const used = load<u32>(USED);
  let index = oldest();
  for (let i: u32 = 0; i < used; i++) {
    if (load<u64>(entry(index)) == key) return load<u8>(entry(index), LINK);
    index = (index + 1) % ENTRIES;
  }
  const next = load<u32>(NEXT);
  store<u64>(entry(next), key);
  store<u32>(entry(next), ((<u32>nowMs) << TIME_SHIFT) | link, LINK);
  store<u32>(NEXT, (next + 1) % ENTRIES);
  if (used == ENTRIES) {
    count(Counter.SeenEvicted);
  } else {
    store<u32>(USED, used + 1);
  }
  return NOT_SEEN;
}

/** Forgets the packet seenBefore has just remembered. */
export function seenForget(): void {
  store<u32>(NEXT, (load<u32>(NEXT) + ENTRIES - 1) % ENTRIES);
  store<u32>(USED, load<u32>(USED) - 1);
}

/** Entries younger than 60 s at the last seenExpire. */
export function seenCount(): u32 {
  return load<u32>(USED);
}

export function seenReset(): void {
  memory.fill(SEEN, 0, SEEN_SIZE);
}
