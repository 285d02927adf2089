/**
 * What gossip may take of each medium (digest 1 section 2.8, H18, H33): one account per interface, whatever the number of
 * links on it, in milliseconds of the medium's time.
 *
 * In any 60 s gossip gets a tenth of the time, and of a radio under a duty limit no more than four tenths of what the law allows;
 * in recovery twice that. Tier 2 gets at most 3 tenths of it, tiers 3 and 4 two tenths each, tier 1 what the others leave.
 * Since a tenth of the channel is the law of this account in every window, the floor of H18 (2 %, or 10 B/s, never above a
 * tenth) is always met, except where the duty limit is below it, and the limit wins.
 *
 * The window slides: what was sent is kept in eleven slots of 6 s, ten of them past, so that no 60 s escape it. The text's
 * bucket of 60 s that fills while it is spent would allow two tenths in the first minute. Where a single frame costs more
 * than 60 s bring in (SF12), the next has to wait until the share has paid for it.
 *
 * Entry, 104 bytes: 0 number of the current slot (time / 6 s) u64 | 8 when the last frame is paid for u64 |
 * 16 + 8 slot: ms of tiers 1 to 4, u16 each
 */
import { INTERFACES, RADIO } from "../profile";
import { configAirtimeUs, configBitrate, configDutyPermille } from "../state/config";
import { AIR_MAX } from "../wire/air";
import { LORA_LINK_FRAME_SIZE } from "../wire/link-frame";

const SLOTS: u32 = 11;
const SLOT_MS: u64 = 6_000;
const ENTRY_SIZE: u32 = 104;
const UNTIL: usize = 8;
const SPENT: usize = 16;

const WINDOW_MS: u32 = 60_000;

/** Tenths of the account for tiers 2 to 4, four bits each from bit 8 on. */
const TENTHS: u32 = 0x22300;

export const BUDGET: usize = memory.data(INTERFACES * ENTRY_SIZE, 8);
export const BUDGET_SIZE: u32 = INTERFACES * ENTRY_SIZE;

function at(port: u32): usize {
  return BUDGET + <usize>(port * ENTRY_SIZE);
}

/** Milliseconds that a link frame of `bytes` keeps the medium of an interface busy, rounded up. */
function costMs(port: u32, bytes: u32): u32 {
  if (port != RADIO) return (bytes * 8000 - 1) / configBitrate(port) + 1;
  const half = <u32>((configAirtimeUs(AIR_MAX) + 999) / 1000);
  return bytes > LORA_LINK_FRAME_SIZE ? 2 * half : half;
}

/** Milliseconds of gossip in 60 s on an interface. */
export function budgetWindowMs(port: u32, recovery: bool): u32 {
  let window = WINDOW_MS / 10;
  if (port == RADIO) window = min<u32>(window, (configDutyPermille() * (WINDOW_MS / 1000) * 4) / 10);
  return recovery ? window << 1 : window;
}

/** Milliseconds the share takes to pay for a link frame of 254 bytes, one summary or announce. */
export function budgetPayMs(port: u32): u64 {
  return (<u64>costMs(port, LORA_LINK_FRAME_SIZE) * <u64>WINDOW_MS) / <u64>budgetWindowMs(port, false);
}

/** Empties the slots that have left the window. */
function advance(port: u32, nowMs: u64): usize {
  const entry = at(port);
  const slot = nowMs / SLOT_MS;
  let last = max<u64>(load<u64>(entry), slot > <u64>SLOTS ? slot - <u64>SLOTS : 0);
  while (last < slot) {
    last++;
    store<u64>(entry + ((<usize>(last % <u64>SLOTS)) << 3), 0, SPENT);
  }
  store<u64>(entry, slot);
  return entry;
}

/**
 * When a link frame of `bytes` with content of `tier` (1-4) may leave by `port`: `nowMs` if it may now, else the first time
 * worth asking again.
 */
export function budgetNext(port: u32, tier: u32, bytes: u32, nowMs: u64, recovery: bool): u64 {
  // Asked by `deadline` too, so nothing may change here: slots that have left the window are passed over.
  const entry = at(port);
  const slot = nowMs / SLOT_MS;
  const last = load<u64>(entry);
  const cost = costMs(port, bytes);
  const window = budgetWindowMs(port, recovery);
  let all: u32 = 0;
  let own: u32 = 0;
  for (let i: u32 = 0; i < SLOTS * 4; i++) {
    if (slot - last + ((last + <u64>(SLOTS - (i >> 2))) % <u64>SLOTS) >= <u64>SLOTS) continue;
    const spent: u32 = load<u16>(entry + ((<usize>i) << 1), SPENT);
    all += spent;
    if ((i & 3) == tier - 1) own += spent;
  }
  if (all == 0) return max<u64>(nowMs, load<u64>(entry, UNTIL));
  const tenths = tier > 1 ? (TENTHS >> (tier << 2)) & 15 : 10;
  if (all + cost <= window && (own == 0 || own + cost <= (window * tenths) / 10)) return nowMs;
  return (nowMs / SLOT_MS + 1) * SLOT_MS;
}

/** Charges a link frame of `bytes` that leaves by `port` now. */
export function budgetAdd(port: u32, tier: u32, bytes: u32, nowMs: u64, recovery: bool): void {
  const entry = advance(port, nowMs);
  const cost = costMs(port, bytes);
  const slot = entry + ((<usize>((nowMs / SLOT_MS) % <u64>SLOTS)) << 3) + ((<usize>tier - 1) << 1);
  store<u16>(slot, <u16>min<u32>(<u32>load<u16>(slot, SPENT) + cost, u16.MAX_VALUE), SPENT);
  const window = budgetWindowMs(port, recovery);
  // Only a frame that costs more than the window holds makes the next one wait longer than the window does.
  if (cost > window) store<u64>(entry, nowMs + (<u64>cost * <u64>WINDOW_MS) / <u64>window, UNTIL);
}

export function budgetReset(): void {
  memory.fill(BUDGET, 0, BUDGET_SIZE);
}
