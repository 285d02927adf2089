/**
 * Announce bodies: what the origin signed, kept to be passed on and for its keys (digest 1 section 2.4, H3, H23).
 *
 * Far fewer than routes: the newest announces have one. When they run out, the oldest that has been sent to every link
 * goes first, then the oldest; this node's own stay.
 *
 * Body, 192 bytes:
 *   0 public key 32 | 32 signature 64 | 96 version u8 | 97 size of TLVs u8 | 98 max_hops + hops as first heard u8
 *   99 signed TLVs, up to 93
 */
import { Counter } from "../abi";
import { BODIES } from "../profile";
import { count } from "../state/counters";
import {
  announceHops,
  announceMaxHops,
  announcePublicKey,
  announceSignature,
  announceSignedTlvs,
  announceVersion,
  emitAnnounce,
  TLV_RATCHET,
  tlvFind,
} from "../wire/announce";
import {
  BODY_OWNERS,
  routeAge,
  routeAt,
  routeClearTodo,
  routeEntry,
  routeIndex,
  routeIsOwn,
  routeSequence,
  routeTodo,
} from "./routes";

const BODY_SIZE: u32 = 192;
export const BODY_TABLE: usize = memory.data(BODIES * 192, 8);
export const BODY_TABLE_SIZE: u32 = BODIES * BODY_SIZE;

const SIGNATURE: usize = 32;
const VERSION: usize = 96;
const TLVS_SIZE: usize = 97;
const REACH: usize = 98;
const TLVS: usize = 99;

function owner(index: u32): usize {
  return BODY_OWNERS + ((<usize>index) << 1);
}

function bodyAt(index: u32): usize {
  return BODY_TABLE + <usize>(index * BODY_SIZE);
}

/** Address of the body of a route's entry, or 0. */
export function bodyOf(entry: usize): usize {
  for (let i: u32 = 0; i < BODIES; i++) {
    if (<u32>load<u16>(owner(i)) == routeIndex(entry) + 1) return bodyAt(i);
  }
  return 0;
}

/** A place for one more body. */
function place(nowMs: u64): u32 {
  let best: u32 = 0;
  let bestRank: u32 = 0;
  for (let i: u32 = 0; i < BODIES; i++) {
    const index: u32 = load<u16>(owner(i));
    if (index == 0) return i;
    const entry = routeAt(index - 1);
    if (routeIsOwn(entry)) continue;
    const rank: u32 = 1 + routeAge(entry, nowMs) + (routeTodo(entry) == 0 ? 0x10000 : 0);
    if (rank > bestRank) {
      best = i;
      bestRank = rank;
    }
  }
  const loser = routeAt(<u32>load<u16>(owner(best)) - 1);
  if (routeTodo(loser) != 0) {
    count(Counter.BodiesEvicted);
    routeClearTodo(loser, 0xff);
  }
  return best;
}

/** Keeps the body of a checked announce for the route at `entry`, in place of the one it has. */
export function bodyKeep(entry: usize, packet: usize, length: u32, nowMs: u64): void {
  let body = bodyOf(entry);
  if (body == 0) {
    const index = place(nowMs);
    store<u16>(owner(index), <u16>(routeIndex(entry) + 1));
    body = bodyAt(index);
  }
  memory.copy(body, announcePublicKey(packet), 32);
  memory.copy(body + SIGNATURE, announceSignature(packet), 64);
  store<u8>(body, <u8>announceVersion(packet), VERSION);
  store<u8>(body, <u8>announceSignedTlvs(body + TLVS, packet, length), TLVS_SIZE);
  // Hops to go and hops gone add up to what the origin gave it, whichever way it came.
  store<u8>(body, <u8>min<u32>(announceMaxHops(packet) + announceHops(packet), 255), REACH);
}

/** Relays the announce may pass in all. */
export function bodyReach(body: usize): u32 {
  return load<u8>(body, REACH);
}

/** Writes the announce of a route as its origin sent it; the length of the packet. */
export function bodyEmit(out: usize, entry: usize, body: usize): u32 {
  const size: u32 = load<u8>(body, TLVS_SIZE);
  const version: u32 = load<u8>(body, VERSION);
  return emitAnnounce(out, entry, body, routeSequence(entry), body + SIGNATURE, version, body + TLVS, size);
}

/** Address of the Ed25519 public key of the destination at `id`, or 0 if no body of it is here. */
export function bodyPublicKey(id: usize): usize {
  const entry = routeEntry(id);
  return entry == 0 ? 0 : bodyOf(entry);
}

/** Address of the newest ratchet's X25519 public key of the destination at `id`, or 0. */
export function bodyRatchet(id: usize): usize {
  const body = bodyPublicKey(id);
  return body == 0 ? 0 : tlvFind(body + TLVS, body + TLVS + <usize>load<u8>(body, TLVS_SIZE), TLV_RATCHET);
}

export function bodiesReset(): void {
  memory.fill(BODY_TABLE, 0, BODY_TABLE_SIZE);
}
