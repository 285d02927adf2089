/**
 * PeerReputation: what this node itself has seen of up to 32 peers; local, never gossiped (digest 1 section 3.5).
 *
 * Scores are 0-10000: a success adds a hundredth of what is missing, a failure takes a tenth. In integers the climb stops at
 * 9901, where a hundredth of the rest is less than 1. Scores handed on by others (referrals) belong to the layer that has
 * somebody to refer; here all are earned.
 *
 * Entry, 46 bytes, the record itself: 0 node_id 16 | 16 relay u16 | 18 storage u16 | 20 compute u16 | 22 total u32 |
 * 26 failed u32 | 30 first_seen u64, an id_epoch, 0 as long as this node does not know the day | 38 last_updated u64, local ms
 */
import { Counter } from "../abi";
import { REPUTATIONS } from "../profile";
import { count } from "../state/counters";
import { NODE_ID_SIZE, sameId } from "../state/destinations";

export const REPUTATION_SIZE: u32 = 46;
const SCORES: usize = 16;
const TOTAL: usize = 22;
const FAILED: usize = 26;
const LAST_UPDATED: usize = 38;
const SCORE_MAX: u32 = 10_000;

/** Which of the three scores. */
export enum ReputationKind {
  Relay = 0,
  Storage = 1,
  Compute = 2,
}

/** Entries in use u32, zero u32, then the table. */
export const REPUTATION: usize = memory.data(8 + REPUTATIONS * REPUTATION_SIZE, 8);
export const REPUTATION_TABLE_SIZE: u32 = 8 + REPUTATIONS * REPUTATION_SIZE;
const USED: usize = REPUTATION;
const TABLE: usize = REPUTATION + 8;

function at(index: u32): usize {
  return TABLE + <usize>(index * REPUTATION_SIZE);
}

/** Entry of this address, or 0. */
function find(id: usize): usize {
  for (let i: u32 = 0; i < load<u32>(USED); i++) if (sameId(at(i), id)) return at(i);
  return 0;
}

/** An entry for a newcomer: a free one, else that of the peer not heard of for longest. */
function place(): usize {
  const used = load<u32>(USED);
  if (used < REPUTATIONS) {
    store<u32>(USED, used + 1);
    return at(used);
  }
  let oldest = TABLE;
  for (let i: u32 = 1; i < REPUTATIONS; i++) {
    if (load<u64>(at(i), LAST_UPDATED) < load<u64>(oldest, LAST_UPDATED)) oldest = at(i);
  }
  count(Counter.ReputationEvicted);
  return oldest;
}

function increment(at: usize): void {
  const value = load<u32>(at);
  if (value != u32.MAX_VALUE) store<u32>(at, value + 1);
}

/** Notes that the node with the 16-byte address at `id` did, or failed to do, what was asked of it. */
export function reputationNote(id: usize, kind: ReputationKind, success: bool, nowMs: u64): void {
  let entry = find(id);
  if (entry == 0) {
    entry = place();
    memory.fill(entry, 0, REPUTATION_SIZE);
    memory.copy(entry, id, NODE_ID_SIZE);
  }
  const scoreAt = entry + SCORES + ((<usize>kind) << 1);
  const score: u32 = load<u16>(scoreAt);
  store<u16>(scoreAt, <u16>(success ? score + (SCORE_MAX - score) / 100 : score - score / 10));
  increment(entry + TOTAL);
  if (!success) increment(entry + FAILED);
  store<u64>(entry, nowMs, LAST_UPDATED);
}

/** The score of a peer, 0 if it is unknown. */
export function reputationScore(id: usize, kind: ReputationKind): u32 {
  const entry = find(id);
  return entry == 0 ? 0 : load<u16>(entry + SCORES + ((<usize>kind) << 1));
}

/** Copies the entries from number `from` on, 46 bytes each, as many as `room` bytes take, to `out`; the number of bytes. */
export function reputationReport(out: usize, room: u32, from: u32): u32 {
  const used = load<u32>(USED);
  if (from >= used) return 0;
  const entries = min<u32>(used - from, room / REPUTATION_SIZE);
  memory.copy(out, TABLE + <usize>(from * REPUTATION_SIZE), entries * REPUTATION_SIZE);
  return entries * REPUTATION_SIZE;
}

export function reputationReset(): void {
  memory.fill(REPUTATION, 0, REPUTATION_TABLE_SIZE);
}
