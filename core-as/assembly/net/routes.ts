/**
 * The routing table: for each destination heard of, up to three next hops (digest 1 sections 2.4 and 2.5, H10, H14,
 * H28).
 *
 * Entry, 64 bytes:
 *   0 destination 16 | 16 seq u64 | 24 item_id u64 | 32 paths, 3 x u64, best first | 56 updated u16, units of 4.096 s
 *   58 have u8, links known to have this seq | 59 todo u8, links it is still to be offered to | 60 flags u8
 *   61 offered: hops u8, cost u16, the least this node ever offered for this seq
 * Path, a u64: link u8, hops u8, cost u16, latency u16, rate u8, mtu u8 ((mtu - 484) / 16). Hops and cost are what the
 * neighbour offered; latency, rate and mtu take the link to it in.
 *
 * Loops. (cost, hops), one number here called the label, grows with every relay, so a next hop whose label is below the
 * least this node ever offered cannot lead back here: it is *feasible* (the condition of DUAL and Babel, RFC 8966
 * section 2.4). Others are kept and used when nothing else is left; NoRoute takes away those that do lead back. Once
 * the last feasible next hop is lost, the item is wanted again of the neighbours and any offer is taken, but three
 * times only for one seq: costs cannot count up to infinity.
 *
 * A path offered before the newest seq has bit 15 of its cost set. It stays until the seq after that, behind all
 * others.
 */
import { Counter, Event, event } from "../abi";
import { linkBitrate, linkLatencyMs, linkMtu, linkPeer, linkReliability, linkShunned, linkUp } from "../link/links";
import { BODIES, LINKS, ROUTES } from "../profile";
import {
  ROUTE_REPORT_COST_CODE,
  ROUTE_REPORT_HOPS,
  ROUTE_REPORT_LATENCY_MS,
  ROUTE_REPORT_MTU_CODE,
  ROUTE_REPORT_NEXT_HOP,
  ROUTE_REPORT_PATHS,
  ROUTE_REPORT_SIZE,
} from "../reports.gen";
import { count } from "../state/counters";
import { MTU_MIN } from "../wire/packet";
import { COST_MAX, rateCode } from "../wire/path-cost";

const ENTRY_SIZE: u32 = 64;
export const ROUTE_TABLE: usize = memory.data(ROUTES * 64, 8);
export const ROUTE_TABLE_SIZE: u32 = ROUTES * ENTRY_SIZE;

/** Table index and 1 of the route each announce body belongs to, u16, 0 for a free place (bodies.ts). */
export const BODY_OWNERS: usize = memory.data(BODIES * 2, 8);
export const BODY_OWNERS_SIZE: u32 = BODIES * 2;

/** Time of the last sweep u32 in units of 65.536 s, links that may have something waiting u32. */
export const ROUTING: usize = memory.data(8, 8);
export const ROUTING_SIZE: u32 = 8;
const SWEPT: usize = ROUTING;
const WAITING: usize = ROUTING + 4;

/** No such destination in the table. */
export const NO_ROUTE: u32 = 0xffffffff;
/** No path: what an empty place holds. Its label is above every other. */
export const NO_PATH: u64 = 0xffffffffffffffff;
/** Above the label of every path of the newest seq, below those of older ones. */
const OFFERED_NOTHING: u32 = 0x7fffff;
/** What of an old path's label was its label. */
export const LABEL_MASK: u32 = 0x7fffff;
const COST_OLD: u32 = 0x8000;

const SEQUENCE: usize = 16;
const ITEM: usize = 24;
const PATHS: usize = 32;
const PATHS_END: usize = 56;
const UPDATED: usize = 56;
const HAVE: usize = 58;
const TODO: usize = 59;
const FLAGS: usize = 60;

const FLAG_USED: u32 = 1;
/** A destination of this node: no paths, never old. */
export const FLAG_OWN: u32 = 2;
/** To be asked of the neighbours. */
const FLAG_WANTED: u32 = 4;
/** How often the last feasible path of this seq was lost, 0 to 3: two bits. */
const RESCUED: u32 = 0x18;
const RESCUED_ONCE: u32 = 0x08;

const TIME_SHIFT: u64 = 12;
const SWEEP_SHIFT: u64 = 16;
/** 5400 s and 7200 s, rounded up. */
const STALE: u32 = 1319;
const GONE: u32 = 1758;

/** Largest u8 code. */
const MTU_CODE_MAX: u32 = 255;

/** RouteFound: destination 16, next hop 16, hops u8, zero u8, cost u16. */
const FOUND: usize = memory.data(36, 8);

// --- Paths ---------------------------------------------------------------------------------------------------------

export function makePath(link: u32, hops: u32, cost: u32, latency: u32, rate: u32, mtu: u32): u64 {
  const worst = min<u32>(max<u32>(latency, linkLatencyMs(link)), 0xffff);
  const slowest = min<u32>(rate, rateCode(linkBitrate(link)));
  return (
    (<u64>(link | (hops << 8) | (min<u32>(cost, COST_MAX) << 16))) |
    ((<u64>(worst | (slowest << 16) | (mtuCode(min<u32>(mtu, linkMtu(link))) << 24))) << 32)
  );
}

function mtuCode(mtu: u32): u32 {
  return mtu <= MTU_MIN ? 0 : min<u32>((mtu - MTU_MIN) >> 4, MTU_CODE_MAX);
}

export function pathLink(path: u64): u32 {
  return (<u32>path) & 0xff;
}

/** (cost, hops) as one number; of an old path it is above OFFERED_NOTHING. */
export function pathLabel(path: u64): u32 {
  return (<u32>path) >> 8;
}

/** True for a path from before the newest seq, and for none. */
export function pathIsOld(path: u64): bool {
  return pathLabel(path) > OFFERED_NOTHING;
}

export function pathHops(path: u64): u32 {
  return ((<u32>path) >> 8) & 0xff;
}

export function pathCost(path: u64): u32 {
  return ((<u32>path) >> 16) & ~COST_OLD;
}

export function pathLatency(path: u64): u32 {
  return (<u32>(path >> 32)) & 0xffff;
}

export function pathRate(path: u64): u32 {
  return (<u32>(path >> 48)) & 0xff;
}

export function pathMtu(path: u64): u32 {
  return MTU_MIN + ((<u32>(path >> 56)) << 4);
}

// --- Entries -------------------------------------------------------------------------------------------------------

export function routeAt(index: u32): usize {
  return ROUTE_TABLE + <usize>(index * ENTRY_SIZE);
}

export function routeIndex(entry: usize): u32 {
  return <u32>(entry - ROUTE_TABLE) / ENTRY_SIZE;
}

function flags(entry: usize): u32 {
  return load<u8>(entry, FLAGS);
}

/** True if table place `index` holds a destination. */
export function routeUsed(index: u32): bool {
  return flags(routeAt(index)) != 0;
}

export function routeIsOwn(entry: usize): bool {
  return (flags(entry) & FLAG_OWN) != 0;
}

/** True if the last feasible path of this seq was lost: what is offered now is worse than it was. */
export function routeRescued(entry: usize): bool {
  return (flags(entry) & RESCUED) != 0;
}

export function routeSequence(entry: usize): u64 {
  return load<u64>(entry, SEQUENCE);
}

/** Address of the 8-byte item_id. */
export function routeItem(entry: usize): usize {
  return entry + ITEM;
}

export function routeHave(entry: usize): u32 {
  return load<u8>(entry, HAVE);
}

export function routeTodo(entry: usize): u32 {
  return load<u8>(entry, TODO);
}

/** The best path; NO_PATH if there is none. */
export function routeBest(entry: usize): u64 {
  return load<u64>(entry, PATHS);
}

/** The best path over none of the links in `exclude`, or NO_PATH. */
export function routeBestBut(entry: usize, exclude: u32): u64 {
  for (let at = entry + PATHS; at < entry + PATHS_END; at += 8) {
    const path = load<u64>(at);
    if (path != NO_PATH && ((exclude >> pathLink(path)) & 1) == 0) return path;
  }
  return NO_PATH;
}

/** Path `i` < 3, the best first, or NO_PATH. */
export function routePath(entry: usize, i: u32): u64 {
  return load<u64>(entry + PATHS + ((<usize>i) << 3));
}

/** Whether there is a destination in this place of the table. */
export function routeInUse(entry: usize): bool {
  return flags(entry) != 0;
}

/** Whether its announce has been renewed too long ago to count on it. */
export function routeIsStale(entry: usize, nowMs: u64): bool {
  return routeAge(entry, nowMs) >= STALE;
}

/** Its announce is to be asked of the neighbours. */
export function routeWant(entry: usize): void {
  store<u32>(entry, load<u32>(entry, FLAGS) | FLAG_WANTED, FLAGS);
}

/** The path over this link, or NO_PATH. */
export function routeOver(entry: usize, link: u32): u64 {
  return routeBestBut(entry, ~(1 << link));
}

/** The least label this node has offered for this seq, or something above all. */
export function routeOffered(entry: usize): u32 {
  return load<u32>(entry, FLAGS) >> 8;
}

/** Notes that `label` was offered on the links in the mask. */
export function routeSetOffered(entry: usize, mask: u32, label: u32): void {
  store<u32>(entry, flags(entry) | (min<u32>(label, routeOffered(entry)) << 8), FLAGS);
  routeSetHave(entry, mask);
}

/** The links in the mask have this seq, and need no offer unless `routeOffer` asks for one. */
export function routeSetHave(entry: usize, mask: u32): void {
  store<u8>(entry, <u8>(routeHave(entry) | mask), HAVE);
  store<u8>(entry, <u8>(routeTodo(entry) & ~mask), TODO);
}

/** Nothing is to be offered on the links in the mask. */
export function routeClearTodo(entry: usize, mask: u32): void {
  store<u8>(entry, <u8>(routeTodo(entry) & ~mask), TODO);
}

/** The route is to be offered on the links in the mask; those in `lacking` are known not to have it. */
export function routeOffer(entry: usize, mask: u32, lacking: u32): void {
  store<u8>(entry, <u8>(routeHave(entry) & ~lacking), HAVE);
  store<u8>(entry, <u8>(routeTodo(entry) | mask), TODO);
  store<u32>(WAITING, load<u32>(WAITING) | mask);
}

/** Links that may have an announce waiting. */
export function routesWaiting(): u32 {
  return load<u32>(WAITING);
}

export function routesSetWaiting(mask: u32): void {
  store<u32>(WAITING, mask);
}

/** Units of 4.096 s since the newest seq came. */
export function routeAge(entry: usize, nowMs: u64): u32 {
  return (<u32>(nowMs >> TIME_SHIFT) - <u32>load<u16>(entry, UPDATED)) & 0xffff;
}

/** The entry of the 16-byte destination at `id`, or 0. */
export function routeEntry(id: usize): usize {
  const low = load<u64>(id);
  const high = load<u64>(id, 8);
  for (let i: u32 = 0; i < ROUTES; i++) {
    const entry = routeAt(i);
    if (load<u64>(entry) == low && load<u64>(entry, 8) == high && flags(entry) != 0) return entry;
  }
  return 0;
}

/** True if a route leads to the 16-byte address at `id`. */
export function routeReaches(id: usize): bool {
  const entry = routeEntry(id);
  return entry != 0 && routeBest(entry) != NO_PATH;
}

/** Table index of the destination at `id`, or NO_ROUTE. */
export function routeFind(id: usize): u32 {
  const entry = routeEntry(id);
  return entry == 0 ? NO_ROUTE : routeIndex(entry);
}

/** Empties an entry, telling the host if its destination was within reach, and frees its body. */
export function routeFree(entry: usize): void {
  if (routeBest(entry) != NO_PATH && !routeIsOwn(entry)) event(Event.RouteLost, entry, 16);
  const owner = routeIndex(entry) + 1;
  for (let at = BODY_OWNERS; at < BODY_OWNERS + BODY_OWNERS_SIZE; at += 2) {
    if (<u32>load<u16>(at) == owner) store<u16>(at, 0);
  }
  memory.fill(entry, 0, ENTRY_SIZE);
}

/**
 * Where a newcomer may go: a free entry; else the one without a path, then the stale one, whose last seq is the oldest;
 * else the one over the least reliable link, if that is less reliable than `reliability`. 0 if all are better.
 */
export function routePlace(reliability: u32, nowMs: u64): usize {
  let best: usize = 0;
  let bestRank: u32 = 0;
  for (let i: u32 = 0; i < ROUTES; i++) {
    const entry = routeAt(i);
    if (flags(entry) == 0) return entry;
    if (routeIsOwn(entry)) continue;
    const age = routeAge(entry, nowMs);
    const path = routeBest(entry);
    let rank: u32 = 0;
    if (path == NO_PATH) rank = 0x20000 + age;
    else if (age >= STALE) rank = 0x10000 + age;
    else {
      const less = linkReliability(pathLink(path));
      if (less < reliability) rank = 256 - less;
    }
    if (rank > bestRank) {
      best = entry;
      bestRank = rank;
    }
  }
  return best;
}

/** Makes an entry for the destination at `id` where routePlace found room. */
export function routeAdd(entry: usize, id: usize): void {
  if (flags(entry) != 0) {
    count(Counter.RoutesEvicted);
    routeFree(entry);
  }
  memory.copy(entry, id, 16);
  memory.fill(entry + PATHS, 0xff, 24);
  count(Counter.RoutesAdded);
}

/** A new seq begins: paths become old, old ones go, nobody is known to have it. `flag` is 0 or FLAG_OWN. */
export function routeRenew(entry: usize, sequence: u64, item: usize, flag: u32, nowMs: u64): void {
  store<u64>(entry, sequence, SEQUENCE);
  store<u64>(entry, load<u64>(item), ITEM);
  for (let at = entry + PATHS; at < entry + PATHS_END; at += 8) {
    const path = load<u64>(at);
    store<u64>(at, pathIsOld(path) ? NO_PATH : path | ((<u64>COST_OLD) << 16));
  }
  store<u16>(entry, <u16>(nowMs >> TIME_SHIFT), UPDATED);
  store<u16>(entry, 0, HAVE);
  store<u32>(entry, FLAG_USED | flag | (OFFERED_NOTHING << 8), FLAGS);
}

/** Takes the paths over the links in the mask out. */
function removePaths(entry: usize, mask: u32): void {
  let kept = entry + PATHS;
  for (let at = entry + PATHS; at < entry + PATHS_END; at += 8) {
    const path = load<u64>(at);
    store<u64>(at, NO_PATH);
    if (path == NO_PATH || ((mask >> pathLink(path)) & 1) != 0) continue;
    store<u64>(kept, path);
    kept += 8;
  }
}

/** After a path has gone or become dearer, `before` having been the best: if that was the last feasible one, or the last. */
function settle(entry: usize, before: u64): void {
  const offered = routeOffered(entry);
  const best = routeBest(entry);
  const lost = best == NO_PATH && before != NO_PATH;
  const degraded = pathLabel(best) >= offered && pathLabel(before) < offered;
  if (!lost && !degraded) return;
  let flag = flags(entry) | FLAG_WANTED;
  let rest = offered;
  if (degraded && offered != OFFERED_NOTHING && (flag & RESCUED) != RESCUED) {
    flag += RESCUED_ONCE;
    rest = OFFERED_NOTHING;
  }
  store<u32>(entry, flag | (rest << 8), FLAGS);
  if (!lost) return;
  count(Counter.RoutesExpired);
  event(Event.RouteLost, entry, 16);
}

/** Takes the paths over the links in the mask out, with what follows from it. */
function drop(entry: usize, mask: u32): void {
  const before = routeBest(entry);
  removePaths(entry, mask);
  settle(entry, before);
}

/**
 * Takes in a path of the entry's seq, in place of what its link offered before; paths over shunned neighbours make room.
 * False if it is not taken: it might lead back here, and nothing but such paths is left, or its neighbour is shunned and
 * there is another.
 */
export function routeTake(entry: usize, path: u64, nowMs: u64): bool {
  const link = pathLink(path);
  const before = routeBest(entry);
  const shun = linkShunned(link, nowMs);
  if (shun && !pathIsOld(routeBestBut(entry, 1 << link))) return false;
  const offered = routeOffered(entry);
  if (pathLabel(path) >= offered && pathLabel(before) >= offered && routeOver(entry, link) == NO_PATH) return false;
  removePaths(entry, shun ? 1 << link : shunned(nowMs) | (1 << link));
  let rest = path;
  for (let at = entry + PATHS; at < entry + PATHS_END; at += 8) {
    const other = load<u64>(at);
    if (rest != path || pathLabel(rest) < pathLabel(other)) {
      store<u64>(at, rest);
      rest = other;
    }
  }
  store<u32>(entry, load<u32>(entry, FLAGS) & ~FLAG_WANTED, FLAGS);
  settle(entry, before);
  if (before == NO_PATH) {
    memory.copy(FOUND, entry, 16);
    memory.copy(FOUND + 16, linkPeer(link), 16);
    store<u16>(FOUND, <u16>pathHops(path), 32);
    store<u16>(FOUND, <u16>pathCost(path), 34);
    event(Event.RouteFound, FOUND, 36);
  }
  return true;
}

/** The links whose peers are shunned. */
function shunned(nowMs: u64): u32 {
  let mask: u32 = 0;
  for (let i: u32 = 0; i < LINKS; i++) if (linkShunned(i, nowMs)) mask |= 1 << i;
  return mask;
}

/** The peer of `link` is to be shunned: its paths go wherever there is another. */
export function routesShun(link: u32): void {
  for (let i: u32 = 0; i < ROUTES; i++) {
    const entry = routeAt(i);
    if (flags(entry) == 0 || pathIsOld(routeBestBut(entry, 1 << link))) continue;
    drop(entry, 1 << link);
  }
}

/** The next hop over `link` says, or shows, that it has no way to the entry's destination: it goes, and may want ours. */
export function routeDrop(entry: usize, link: u32): void {
  drop(entry, 1 << link);
  if (linkUp(link)) routeOffer(entry, 1 << link, 1 << link);
}

/** The same for the destination at `id`: a NoRoute came over `link` (H28), or a packet sent there came back. */
export function routeFailed(id: usize, link: u32): void {
  const entry = routeEntry(id);
  if (entry != 0) routeDrop(entry, link);
}

/** PacketTooBig: the way to the destination at `id` over `link` carries `mtu` bytes at most (H19). */
export function routeLowerMtu(id: usize, link: u32, mtu: u32): void {
  const entry = routeEntry(id);
  if (entry == 0) return;
  for (let at = entry + PATHS; at < entry + PATHS_END; at += 8) {
    const path = load<u64>(at);
    if (path != NO_PATH && pathLink(path) == link && mtu < pathMtu(path)) store<u8>(at, <u8>mtuCode(mtu), 7);
  }
}

/** The links in the mask went down: their indices may soon belong to others, so nothing of them stays. */
export function routesLinkDown(mask: u32): void {
  store<u32>(WAITING, load<u32>(WAITING) & ~mask);
  for (let i: u32 = 0; i < ROUTES; i++) {
    const entry = routeAt(i);
    if (flags(entry) == 0) continue;
    store<u8>(entry, <u8>(routeHave(entry) & ~mask), HAVE);
    routeClearTodo(entry, mask);
    drop(entry, mask);
  }
}

/** Removes what has had no new seq for 7200 s. Time is looked at in steps of 65.536 s. */
export function routesAdvance(nowMs: u64): void {
  const now = <u32>(nowMs >> SWEEP_SHIFT);
  if (now == load<u32>(SWEPT)) return;
  store<u32>(SWEPT, now);
  for (let i: u32 = 0; i < ROUTES; i++) {
    const entry = routeAt(i);
    // Old by the time of the step's beginning, so that it does not matter when in the step this is called.
    if (flags(entry) == 0 || routeIsOwn(entry)) continue;
    const age = routeAge(entry, (<u64>now) << SWEEP_SHIFT);
    // A seq younger than the step has an age just below the 16 bits' end.
    if (age < GONE || age > 0xff00) continue;
    count(Counter.RoutesExpired);
    routeFree(entry);
  }
}

/** When routesAdvance has something to look at next. */
export function routesDeadline(): u64 {
  return (<u64>load<u32>(SWEPT) + 1) << SWEEP_SHIFT;
}

/** Writes the item_ids, 8 bytes each, of at most `limit` destinations to be asked of the neighbours; how many. */
export function routesTakeWanted(out: usize, limit: u32): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < ROUTES && found < limit; i++) {
    const entry = routeAt(i);
    if ((flags(entry) & FLAG_WANTED) == 0) continue;
    store<u8>(entry, <u8>(flags(entry) & ~FLAG_WANTED), FLAGS);
    store<u64>(out + ((<usize>found) << 3), load<u64>(entry, ITEM));
    found++;
  }
  return found;
}

export function routesReset(): void {
  memory.fill(ROUTE_TABLE, 0, ROUTE_TABLE_SIZE);
  memory.fill(BODY_OWNERS, 0, BODY_OWNERS_SIZE);
  memory.fill(ROUTING, 0, ROUTING_SIZE);
}

/**
 * Writes the Routes reply at `out`, at most `room` bytes: next index u16 (0 at the end), then a RouteReport
 * (reports.gen.ts) for each destination from table index `from` on. The bytes written.
 */
export function routesReport(out: usize, room: u32, from: u32, nowMs: u64): u32 {
  let length: u32 = 2;
  let i = from;
  for (; i < ROUTES; i++) {
    const entry = routeAt(i);
    const path = routeBest(entry);
    if (flags(entry) == 0 || path == NO_PATH) continue;
    if (length + ROUTE_REPORT_SIZE > room) break;
    const at = out + length;
    memory.copy(at, entry, 16);
    memory.copy(at + ROUTE_REPORT_NEXT_HOP, linkPeer(pathLink(path)), 16);
    store<u16>(at, <u16>pathCost(path), ROUTE_REPORT_COST_CODE);
    // Latency and rate; what lies behind them in the path, hops and mtu are written over.
    store<u32>(at, <u32>(path >> 32), ROUTE_REPORT_LATENCY_MS);
    store<u8>(at, <u8>pathHops(path), ROUTE_REPORT_HOPS);
    store<u8>(at, load<u8>(entry, PATHS + 7), ROUTE_REPORT_MTU_CODE);
    let paths: u32 = routeIsStale(entry, nowMs) ? 0x80 : 0;
    for (let k: usize = PATHS; k < PATHS_END; k += 8) if (load<u64>(entry + k) != NO_PATH) paths++;
    store<u8>(at, <u8>paths, ROUTE_REPORT_PATHS);
    length += ROUTE_REPORT_SIZE;
  }
  store<u16>(out, <u16>(i < ROUTES ? i : 0), 0);
  return length;
}
