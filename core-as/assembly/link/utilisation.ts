/**
 * How busy the channel is: airtime heard and sent over the last 50 to 60 seconds, in six buckets of ten seconds of which
 * the last is still filling.
 *
 * Beacons slow down when the channel is more than half or three quarters used (digest 1 section 1.5).
 */

const BUCKETS: u32 = 6;
const BUCKET_MS: u64 = 10_000;

/** Number of the current bucket (time / 10 s) u64, then microseconds of airtime per bucket u32. */
export const UTILISATION: usize = memory.data(32, 8);
export const UTILISATION_SIZE: u32 = 32;
const CURRENT: usize = UTILISATION;
const BUSY: usize = UTILISATION + 8;

/** Clears the buckets that have passed since the last call. */
function advance(nowMs: u64): void {
  const bucket = nowMs / BUCKET_MS;
  let last = load<u64>(CURRENT);
  if (bucket - last >= <u64>BUCKETS) {
    memory.fill(BUSY, 0, BUCKETS << 2);
  } else {
    while (last != bucket) {
      last++;
      store<u32>(BUSY + ((<usize>(last % BUCKETS)) << 2), 0);
    }
  }
  store<u64>(CURRENT, bucket);
}

/** Adds a transmission of `airtime` microseconds, sent or heard. */
export function utilisationAdd(nowMs: u64, airtime: u64): void {
  advance(nowMs);
  const at = BUSY + ((<usize>(load<u64>(CURRENT) % BUCKETS)) << 2);
  const sum = <u64>load<u32>(at) + airtime;
  store<u32>(at, sum > <u64>u32.MAX_VALUE ? u32.MAX_VALUE : <u32>sum);
}

/** Per mille of that time in which the channel carried something; overlaps can bring it past 1000. */
export function utilisationPermille(nowMs: u64): u32 {
  advance(nowMs);
  let sum: u64 = 0;
  for (let i: u32 = 0; i < BUCKETS; i++) sum += load<u32>(BUSY + ((<usize>i) << 2));
  // Microseconds per millisecond are per mille.
  const windowMs = <u64>(BUCKETS - 1) * BUCKET_MS + (nowMs % BUCKET_MS);
  return <u32>min<u64>(sum / windowMs, <u64>u32.MAX_VALUE);
}

export function utilisationReset(): void {
  memory.fill(UTILISATION, 0, UTILISATION_SIZE);
}
