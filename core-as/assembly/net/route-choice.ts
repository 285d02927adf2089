/**
 * Which next hop a packet takes: of the paths in the table by its PathPolicy (H14), towards whoever is closer on the
 * ring if the table does not hold the destination (H28).
 */
import { Event, event } from "../abi";
import { linkPeer, linkReliability, linkSuspect, linkUp, NO_LINK } from "../link/links";
import { LINKS, ROUTES } from "../profile";
import { NODE_ID } from "../state/destinations";
import { MTU_MIN } from "../wire/packet";
import { POLICY_FASTEST, POLICY_LARGEST_MTU, ringDistance, score, scoreAdd, scoreBegin } from "./path-score";
import {
  makePath,
  NO_PATH,
  pathCost,
  pathHops,
  pathIsOld,
  pathLabel,
  pathLatency,
  pathLink,
  pathMtu,
  routeAt,
  routeBest,
  routeBestBut,
  routeEntry,
  routeInUse,
  routeIsOwn,
  routeIsStale,
  routeOffered,
  routePath,
  routeWant,
} from "./routes";

/** PathConstraintViolation event: destination 16, mtu u16. */
const CONSTRAINED: usize = memory.data(18, 8);
/** Two ring distances: the candidate's, this node's. */
const DISTANCE: usize = memory.data(32, 8);
/** Whether the last choice went by ring distance u32. No state: valid until the next. */
const GREEDY: usize = memory.data(4, 4);

/** True if the ring distance at DISTANCE is below the one behind it. */
function closer(): bool {
  const high = load<u64>(DISTANCE);
  const own = load<u64>(DISTANCE, 16);
  return high < own || (high == own && load<u64>(DISTANCE, 8) < load<u64>(DISTANCE, 24));
}

/**
 * Candidate `i`, or NO_PATH. With an `entry`, its paths; without, every known destination and then every neighbour that
 * is strictly closer on the ring to `destination` than this node, its distance left at DISTANCE.
 */
function candidate(entry: usize, destination: usize, i: u32, exclude: u32): u64 {
  let path: u64 = NO_PATH;
  if (entry != 0) {
    path = routePath(entry, i);
    return path != NO_PATH && ((exclude >> pathLink(path)) & 1) != 0 ? NO_PATH : path;
  }
  let id = routeAt(i);
  if (i < ROUTES) {
    if (routeInUse(id) && !routeIsOwn(id)) path = routeBestBut(id, exclude);
  } else {
    const link = i - ROUTES;
    if (!linkUp(link) || ((exclude >> link) & 1) != 0) return NO_PATH;
    id = linkPeer(link);
    path = makePath(link, 0, 0, 0, 255, 0xffff);
  }
  if (path == NO_PATH) return NO_PATH;
  ringDistance(DISTANCE, id, destination);
  return closer() ? path : NO_PATH;
}

/**
 * True if no packet sent this way under this policy comes back, as far as offers tell. Fastest follows the labels
 * (latency, hops): every node then compares with the one path it announces, its best.
 */
function safe(entry: usize, path: u64, policy: u32): bool {
  if (policy != POLICY_FASTEST) return pathLabel(path) < routeOffered(entry);
  const best = routeBest(entry);
  return (
    !pathIsOld(path) &&
    (pathLatency(path) < pathLatency(best) ||
      (pathLatency(path) == pathLatency(best) && pathHops(path) <= pathHops(best)))
  );
}

/**
 * The best candidate's link, or NO_LINK. Mtu too small, a suspect link, and a path that may lead back (or, without an
 * entry, a stale one) weigh more than any score, in this order.
 */
function choose(entry: usize, destination: usize, policy: u32, minMtu: u32, exclude: u32, nowMs: u64): u32 {
  const candidates: u32 = entry != 0 ? 3 : ROUTES + LINKS;
  const required = max<u32>(minMtu, MTU_MIN);
  const wide = policy == POLICY_LARGEST_MTU || required > MTU_MIN;
  let bestRank: u32 = 8;
  let bestScore: u32 = 0xffffffff;
  let best: u64 = NO_PATH;
  scoreBegin();
  ringDistance(DISTANCE + 16, NODE_ID, destination);
  for (let pass: u32 = 0; pass < 3; pass++) {
    for (let i: u32 = 0; i < candidates; i++) {
      const path = candidate(entry, destination, i, exclude);
      if (path == NO_PATH) continue;
      const mtu = pathMtu(path);
      let rank: u32 = mtu < required ? 4 : 0;
      if (linkSuspect(pathLink(path), nowMs)) rank += 2;
      if (entry != 0 ? !safe(entry, path, policy) : i < ROUTES && routeIsStale(routeAt(i), nowMs)) rank += 1;
      if (pass == 0) bestRank = min<u32>(rank, bestRank);
      if (rank != bestRank) continue;
      const ring = entry != 0 ? 0 : load<u64>(DISTANCE);
      const cost = pathCost(path);
      const latency = pathLatency(path);
      const room = mtu < required ? 0 : mtu - required;
      if (pass == 1) scoreAdd(ring, cost, latency, room);
      if (pass != 2) continue;
      const points = score(policy, ring, cost, latency, room, linkReliability(pathLink(path)), wide);
      if (points < bestScore) {
        bestScore = points;
        best = path;
      }
    }
  }
  if (best == NO_PATH) return NO_LINK;
  if (bestRank >= 4 && exclude == 0) {
    // Only this node's own packets come without a link to exclude: nobody here waits for news of the others.
    memory.copy(CONSTRAINED, destination, 16);
    store<u16>(CONSTRAINED, <u16>pathMtu(best), 16);
    event(Event.PathConstraintViolation, CONSTRAINED, 18);
  }
  return pathLink(best);
}

/**
 * The link a packet of `minMtu` bytes for the 16-byte `destination` leaves by, or NO_LINK: over a path of the table by
 * `policy`, else towards whoever is closer on the ring. Links in `exclude`, the one it came by, are left out.
 */
export function routeChoose(destination: usize, policy: u32, minMtu: u32, exclude: u32, nowMs: u64): u32 {
  const entry = routeEntry(destination);
  let link: u32 = entry == 0 ? NO_LINK : choose(entry, destination, policy, minMtu, exclude, nowMs);
  store<u32>(GREEDY, 0);
  // Somebody needs it: the neighbours are asked, once more if they were before.
  if (entry != 0 && routeBest(entry) == NO_PATH) routeWant(entry);
  if (entry == 0) {
    link = choose(0, destination, policy, minMtu, exclude, nowMs);
    if (link != NO_LINK) store<u32>(GREEDY, 1);
  }
  return link;
}

/** True if the last choice went by ring distance. */
export function routeChoiceGreedy(): bool {
  return load<u32>(GREEDY) != 0;
}
