/**
 * Peers whose handshakes failed, and when to try them again: 30 s after the first failure, twice as long after each
 * more, 16 minutes at most. A peer nobody but its beacons tells of may not exist, and each try costs four frames of air;
 * so failures in a row also slow down all starts together, whatever names the beacons bear: by 15 s, twice as long each
 * time, 16 minutes at most.
 *
 * Entry, 24 bytes: 0 first half of the node_id u64 | 8 not before u64 | 16 failures u32, 0 in a free one | 20 zero u32
 */
const ENTRY_SIZE: u32 = 24;
const NOT_BEFORE: usize = 8;
const FAILURES: usize = 16;

const FIRST_MS: u64 = 30_000;
const DOUBLINGS: u32 = 5;
const PACE_MS: u64 = 15_000;
const PACE_DOUBLINGS: u32 = 6;

/** Eight entries; then failures in a row u32, zero u32, and when the next start may be u64. */
export const BACKOFF_SIZE: u32 = 208;
export const BACKOFF: usize = memory.data(208, 8);
const ROW: usize = BACKOFF + 192;
const NEXT_START: usize = BACKOFF + 200;

/** The entry of a peer, or else the one to give up for it: free, or the first to end. */
function find(id: usize): usize {
  let best = BACKOFF;
  for (let at = BACKOFF; at < ROW; at += ENTRY_SIZE) {
    if (load<u64>(at) == load<u64>(id)) return at;
    if (load<u64>(at, NOT_BEFORE) < load<u64>(best, NOT_BEFORE)) best = at;
  }
  return best;
}

/** Whether a handshake with the peer may start. */
export function backoffOver(id: usize, nowMs: u64): bool {
  const at = find(id);
  if (load<u64>(at) == load<u64>(id) && nowMs < load<u64>(at, NOT_BEFORE)) return false;
  return nowMs >= load<u64>(NEXT_START);
}

/** A handshake with the peer failed. */
export function backoffFailed(id: usize, nowMs: u64): void {
  const at = find(id);
  if (load<u64>(at) != load<u64>(id)) {
    store<u64>(at, load<u64>(id));
    store<u32>(at, 0, FAILURES);
  }
  const failures = load<u32>(at, FAILURES);
  store<u64>(at, nowMs + (FIRST_MS << min<u32>(failures, DOUBLINGS)), NOT_BEFORE);
  store<u32>(at, failures + 1, FAILURES);
  const row = min<u32>(load<u32>(ROW), PACE_DOUBLINGS);
  store<u32>(ROW, row + 1);
  store<u64>(NEXT_START, nowMs + (PACE_MS << (<u64>row)));
}

/** A link to the peer came up. */
export function backoffClear(id: usize): void {
  const at = find(id);
  if (load<u64>(at) == load<u64>(id)) memory.fill(at, 0, ENTRY_SIZE);
  memory.fill(ROW, 0, 16);
}

export function backoffReset(): void {
  memory.fill(BACKOFF, 0, BACKOFF_SIZE);
}
