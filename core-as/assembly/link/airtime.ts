/**
 * The airtime ledger: how long this node's radio was on the air in the last hour, and whether one more frame is lawful.
 *
 * The law (a duty cycle per regulatory hour) speaks of any 3600 s, to the microsecond. The sum over a window that slides
 * is greatest where the window ends with a transmission, so it is enough to check each frame at its own end. A frame is
 * charged, whole, to the minute in which it ends, and 62 minutes count: the one the new frame begins in and the 61 before.
 * What ended earlier ended more than 61 minutes before, so a clock that is fast by a percent, or a host that starts a
 * frame seconds after it was told to, does not bring the node above its allowance. The price is at most 3 % of it. A time
 * at which a frame may go out is one at which any shorter one may, too.
 *
 * A reboot must not empty the ledger. Before the hour's use passes one more eighth of the allowance, that eighth is
 * written to a record; whatever the record says counts as spent at boot, since how long the node was off is unknown. Use
 * that stays level writes nothing, and no use writes more than 18 times an hour (docs/airtime.md). A node without a limit
 * writes once in its life that it may have sent at any time: its next configuration may have one.
 */
import { Counter, RecordKey, record_get, record_put, Status } from "../abi";
import { configAirtimeUs, configDutyPermille, PERMILLE_US } from "../state/config";
import { count, countBy } from "../state/counters";
import { AIR_MAX } from "../wire/air";

/** What a transmission is for. */
export enum AirtimeClass {
  Beacon = 0,
  /** Link setup and control. */
  Link = 1,
  /** Announces and gossip. */
  Gossip = 2,
  /** Packets whose previous hop neither is trusted nor pays. */
  Unfunded = 3,
  /** All other packets. */
  User = 4,
}

/** Duty at which there is no limit. */
const UNLIMITED: u32 = 1000;
const EIGHTHS: u64 = 8;

const MINUTE_MS: u64 = 60_000;
/** Minutes that count. */
const KEPT: u64 = 62;

/**
 * Unfunded packets get a tenth of the allowance (digest 2 section 8.1): each frame moves the time before which none may
 * follow by eleven times its share, and they may be ahead of that time by a tenth of an hour: (3600 + 360) / 11 = 360 s.
 */
const UNFUNDED_FACTOR: u64 = 11;
const UNFUNDED_AHEAD_MS: u64 = 360_000;

/**
 * 0 newest minute u64 | 8 unfunded_next_ms u64 | 16 microseconds of each minute u32 x 62 | 264 eighths reserved u32
 * | 268 microseconds not yet counted, of Beacon, Link, Gossip, Unfunded, all: u32 x 5
 */
export const AIRTIME: usize = memory.data(288, 8);
export const AIRTIME_SIZE: u32 = 288;
const NEWEST: usize = AIRTIME;
const UNFUNDED_NEXT: usize = AIRTIME + 8;
const MINUTES: usize = AIRTIME + 16;
const RESERVED: usize = AIRTIME + 264;
const RESTS: usize = AIRTIME + 268;

const RECORD: usize = memory.data(4, 4);

function at(minute: u64): usize {
  return MINUTES + ((<usize>(minute % KEPT)) << 2);
}

function allowance(): u64 {
  return <u64>configDutyPermille() * PERMILLE_US;
}

/** The minute in which a frame of `us` begun now ends; never before the newest. Counted so that 62 before it exist. */
function endMinute(us: u64, nowMs: u64): u64 {
  return max<u64>((nowMs + (us + 999) / 1000) / MINUTE_MS + KEPT, load<u64>(NEWEST));
}

/** Microseconds of the minutes that count in `minute`. */
function used(minute: u64): u64 {
  let sum: u64 = 0;
  for (let m = load<u64>(NEWEST), last = m - KEPT; m > last && m + KEPT > minute; m--) sum += load<u32>(at(m));
  return sum;
}

/** Milliseconds on the air in the 62 minutes that count now, rounded up. */
export function airtimeUsedMs(nowMs: u64): u32 {
  return <u32>((used(endMinute(0, nowMs)) + 999) / 1000);
}

/** Milliseconds the law allows in an hour; 3600000 without a limit. */
export function airtimeAllowedMs(): u32 {
  return <u32>(allowance() / 1000);
}

/** Microseconds of the largest link frame, two air frames. */
function largestUs(): u64 {
  return 2 * configAirtimeUs(AIR_MAX);
}

/** Distance, in ms, that an unfunded frame puts between itself and the next. */
function unfundedGap(us: u64): u64 {
  return (us * UNFUNDED_FACTOR) / <u64>configDutyPermille();
}

/**
 * The time at which a frame of `us` microseconds may go out: `nowMs` if it may now. Beacons and gossip stop at four fifths
 * of the allowance, or where a largest frame would no longer fit it, so that packets and link setup keep the rest; where
 * that leaves them too little for `us`, the time is 2^64-1.
 */
export function airtimeNext(airtimeClass: u32, us: u64, nowMs: u64): u64 {
  let when = nowMs;
  if (airtimeClass == AirtimeClass.Unfunded) {
    const gap = unfundedGap(us);
    const next = load<u64>(UNFUNDED_NEXT) + gap;
    const ahead = max<u64>(gap, UNFUNDED_AHEAD_MS);
    if (next > when + ahead) when = next - ahead;
  }
  if (configDutyPermille() == UNLIMITED) return when;
  let limit = allowance();
  if (airtimeClass == AirtimeClass.Beacon || airtimeClass == AirtimeClass.Gossip)
    limit -= max<u64>(limit / 5, largestUs());
  let minute = endMinute(0, when);
  let sum = used(minute) + us;
  if (sum <= limit) return when;
  if (us > limit) return u64.MAX_VALUE;
  // Wait for as many of the oldest minutes to leave as it takes.
  while (sum > limit) sum -= load<u32>(at(minute++ + 1));
  return max<u64>(when, (minute - KEPT) * MINUTE_MS);
}

/**
 * Makes sure that the record covers a frame begun now, before it goes out. False if the record would have to be raised and
 * cannot be stored: then the frame must not go out. It is made for the largest frame, whatever is sent: so only use moves
 * the record, and a channel that is busy all day does not wear the flash.
 */
export function airtimeReserve(nowMs: u64): bool {
  const eighth = allowance() / EIGHTHS;
  const need =
    configDutyPermille() == UNLIMITED
      ? <u32>EIGHTHS
      : <u32>min<u64>((used(endMinute(0, nowMs)) + largestUs() + eighth - 1) / eighth, EIGHTHS);
  const reserved = load<u32>(RESERVED);
  // It is lowered one eighth above the need, so that use near a boundary does not write again and again.
  if (need == reserved || need + 1 == reserved) return true;
  const level = need > reserved ? need : need + 1;
  store<u32>(RECORD, <u32>((<u64>level * eighth + 999) / 1000));
  if (record_put(RecordKey.Airtime, RECORD, 4) == Status.Ok) {
    store<u32>(RESERVED, level);
    return true;
  }
  count(Counter.RecordsFailed);
  // Either value may be there now: what both cover is safe to use.
  store<u32>(RESERVED, min<u32>(level, reserved));
  return need < reserved;
}

/** Adds microseconds to a counter of milliseconds; what is left of them waits at `rest`. */
function countMs(counter: u32, rest: usize, us: u32): void {
  const sum = load<u32>(rest) + us;
  countBy(counter, sum / 1000);
  store<u32>(rest, sum % 1000);
}

/** Charges a frame of `us` microseconds that goes out now. */
export function airtimeAdd(airtimeClass: u32, us: u64, nowMs: u64): void {
  const minute = endMinute(us, nowMs);
  let newest = load<u64>(NEWEST);
  if (minute - newest > KEPT) newest = minute - KEPT;
  while (newest < minute) store<u32>(at(++newest), 0);
  store<u64>(NEWEST, newest);
  const sum = <u64>load<u32>(at(minute)) + us;
  store<u32>(at(minute), <u32>min<u64>(sum, <u64>u32.MAX_VALUE));
  if (airtimeClass == AirtimeClass.Unfunded) {
    store<u64>(UNFUNDED_NEXT, max<u64>(load<u64>(UNFUNDED_NEXT), nowMs) + unfundedGap(us));
  }
  countMs(Counter.AirtimeTotalMs, RESTS + 16, <u32>us);
  if (airtimeClass < <u32>AirtimeClass.User) {
    countMs(<u32>Counter.AirtimeBeaconMs + airtimeClass, RESTS + ((<usize>airtimeClass) << 2), <u32>us);
  }
}

/**
 * At boot, after the configuration: what the record reserved counts as spent now. No record: nothing was ever sent; one
 * that cannot be read: the whole allowance. The duty cycle may be another than when it was written: only whole eighths of
 * today's count as reserved, and nothing of a record that cannot be read.
 */
export function airtimeLoad(nowMs: u64): Status {
  memory.fill(AIRTIME, 0, AIRTIME_SIZE);
  const minute = nowMs / MINUTE_MS + KEPT;
  store<u64>(NEWEST, minute);
  const got = record_get(RecordKey.Airtime, RECORD, 4);
  if (got == -Status.RecordMissing) return Status.Ok;
  let spent = allowance();
  if (got == 4) {
    const all = spent;
    spent = min<u64>(<u64>load<u32>(RECORD) * 1000, all);
    store<u32>(RESERVED, <u32>((spent * EIGHTHS) / all));
  }
  store<u32>(at(minute), <u32>spent);
  return Status.Ok;
}
