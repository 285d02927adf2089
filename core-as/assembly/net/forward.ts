/**
 * Packets on their way: those of others that this node passes on, and its own (digest 1 sections 2.2, 2.5, 2.9, H27, H28).
 *
 * A packet from a link goes: hop limit, seen-cache, route, size of the next link, queue. Who sent it is not known; who
 * handed it over is, and that neighbour's class (free, paid or unfunded) decides how it is treated.
 */
import { Counter, Status } from "../abi";
import { linkBitrate, linkClass, linkDoubtful, linkMtu, linkServed, NO_LINK } from "../link/links";
import { LINKS } from "../profile";
import { count } from "../state/counters";
import { sameId } from "../state/destinations";
import { CONTROL_NO_ROUTE, CONTROL_PACKET_TOO_BIG, emitPacketTooBig } from "../wire/link-control";
import {
  CONTEXT_PROBE,
  HOPS_MAX,
  packetContext,
  packetData,
  packetDestination,
  PACKET_HEADER_SIZE,
  packetHops,
  packetSetHops,
} from "../wire/packet";
import { checkProbe, PROBE_REQUEST, probeId } from "../wire/probe";
import { qosPolicy, qosPriority } from "../wire/qos";
import { congestionConsider } from "./congestion";
import { controlSignal, undeliverable } from "./control";
import { packetHash } from "./packet-hash";
import { PROBE_BPS_MIN, PROBE_TIMEOUT_MS, probeBack } from "./probe";
import {
  LINK_GONE,
  QUEUE_BUFFERS,
  queueAdd,
  queueAwaits,
  queueDrop,
  queueHash,
  queueLength,
  queueLinkIn,
  queueLinkOut,
  queueOverdue,
  queuePacket,
  queueQos,
  queueRequeue,
  queueSetLinkIn,
  queueSpent,
  queueWaits,
} from "./queue";
import { REVERSE_DATA, REVERSE_PROBE, reverseRemember } from "./reverse";
import { routeChoiceGreedy, routeChoose } from "./route-choice";
import { routesShun } from "./routes";
import { NOT_SEEN, seenBefore, seenForget } from "./seen";
import { throttleAvoid, throttleLinksDown } from "./throttle";

/** Class of what this node sends itself. */
const OWN_CLASS: u32 = 1;
/** How long the way back for a NoRoute is kept. */
const REVERSE_MS: u64 = 60_000;

/** packet_hash, and by which link the packet with it came first u32. */
const HASH: usize = memory.data(36, 8);
const FIRST: usize = 32;
const TOO_BIG: usize = memory.data(18, 8);

/** Address of the packet_hash, 32 bytes, of the packet last seen by forwardSeen, forwardPacket or forwardOwn. */
export function forwardHash(): usize {
  return HASH;
}

/** The link by which the packet last found to be a Duplicate came first, NO_LINK if it began here. */
export function forwardFirst(): u32 {
  return load<u32>(HASH, FIRST);
}

/** Ok for a packet not seen in the last 60 s, and it is remembered as come by `link`; Duplicate, counted, otherwise. */
export function forwardSeen(packet: usize, length: u32, link: u32, nowMs: u64): Status {
  packetHash(HASH, packet, length);
  const first = seenBefore(HASH, link, nowMs);
  if (first == NOT_SEEN) return Status.Ok;
  store<u32>(HASH, first, FIRST);
  count(Counter.PacketsDuplicate);
  return Status.Duplicate;
}

function bit(link: u32): u32 {
  return link < LINKS ? 1 << link : 0;
}

/** The link a packet is to leave by, or NO_LINK; `without` is a mask of links it must not take. */
function choose(packet: usize, length: u32, qos: u32, without: u32, nowMs: u64): u32 {
  const destination = packetDestination(packet);
  const policy = qosPolicy(qos);
  const avoid = qosPriority(qos) < 2 ? 0 : throttleAvoid(nowMs);
  if (avoid != 0) {
    // Around the congested links only along a route: ring distance alone is no reason to leave one.
    const link = routeChoose(destination, policy, length, without | avoid, nowMs);
    if (link != NO_LINK && !routeChoiceGreedy()) return link;
  }
  return routeChoose(destination, policy, length, without, nowMs);
}

/** No way on: the neighbour it came from is told, and the host. */
function noRoute(packet: usize, linkIn: u32, hash: usize): Status {
  count(Counter.PacketsNoRoute);
  controlSignal(linkIn, CONTROL_NO_ROUTE, packetDestination(packet));
  undeliverable(packetDestination(packet), hash);
  return Status.NoRoute;
}

/**
 * The link a packet must not leave by, whose peer hears what becomes of it: the one it came by. For a packet that began
 * here none, even if it came inside an onion: its way may lead back, and who handed the onion over must not learn from a
 * NoRoute where to the packet inside was to go.
 */
function origin(packet: usize, linkIn: u32): u32 {
  return packetHops(packet) == 0 ? NO_LINK : linkIn;
}

/** Route, size and queue for a packet whose hash is at HASH. */
function enqueue(packet: usize, length: u32, qos: u32, linkIn: u32, trafficClass: u32, nowMs: u64): Status {
  const from = origin(packet, linkIn);
  const link = choose(packet, length, qos, bit(from), nowMs);
  if (link == NO_LINK) return noRoute(packet, from, HASH);
  if (routeChoiceGreedy()) count(Counter.PacketsGreedy);
  const destination = packetDestination(packet);
  if (length > linkMtu(link)) {
    count(Counter.PacketsTooBig);
    emitPacketTooBig(TOO_BIG, destination, linkMtu(link));
    controlSignal(from, CONTROL_PACKET_TOO_BIG, TOO_BIG);
    return Status.TooBig;
  }
  if (packetContext(packet) == CONTEXT_PROBE) {
    // A probe measures what a slow link would be busy with for seconds.
    if (linkBitrate(link) < PROBE_BPS_MIN) {
      count(Counter.PacketsRefused);
      return Status.BadField;
    }
    const id = probeId(packetData(packet) + 1);
    reverseRemember(REVERSE_PROBE + id, destination, from, nowMs + PROBE_TIMEOUT_MS, nowMs);
  } else {
    reverseRemember(REVERSE_DATA, destination, from, nowMs + REVERSE_MS, nowMs);
  }
  const queued = queueAdd(packet, length, qos, link, linkIn, trafficClass, HASH, nowMs);
  congestionConsider(nowMs);
  return queued;
}

/**
 * Passes on a packet, checked, that came by `linkIn` and is not for this node: its hop count rises in place. Ok: queued.
 * HopLimit, Duplicate, NoRoute, TooBig, QueueFull, Refused; for probes also what checkProbe says, and BadField where the
 * next link is too slow for them.
 */
export function forwardPacket(packet: usize, length: u32, qos: u32, linkIn: u32, nowMs: u64): Status {
  const hops = packetHops(packet);
  if (hops >= HOPS_MAX) return Status.HopLimit;
  const seen = forwardSeen(packet, length, linkIn, nowMs);
  if (seen != Status.Ok) return seen;
  packetSetHops(packet, hops + 1);
  if (packetContext(packet) == CONTEXT_PROBE) {
    const sub: u32 = load<u8>(packetData(packet));
    const checked = checkProbe(sub, packetData(packet) + 1, length - PACKET_HEADER_SIZE - 1);
    if (checked != Status.Ok) return checked;
    if (sub != PROBE_REQUEST) return probeBack(packet, length, qos, linkIn, HASH, nowMs);
  }
  const queued = enqueue(packet, length, qos, linkIn, linkClass(linkIn), nowMs);
  // Not taken: should it come again it is no duplicate, which would be acknowledged.
  if (queued != Status.Ok) seenForget();
  return queued;
}

/**
 * Sends a packet that begins here, of no hops: this node's own, `linkIn` NO_LINK, or one out of an onion that came by
 * `linkIn`, which goes on that neighbour's account. Ok: queued; Duplicate, NoRoute, TooBig, QueueFull, Refused; BadField:
 * see forwardPacket.
 */
export function forwardOwn(packet: usize, length: u32, qos: u32, linkIn: u32, nowMs: u64): Status {
  const own = linkIn == NO_LINK;
  let status = forwardSeen(packet, length, NO_LINK, nowMs);
  if (status == Status.Ok) status = enqueue(packet, length, qos, linkIn, own ? OWN_CLASS : linkClass(linkIn), nowMs);
  if (own && status == Status.Ok) count(Counter.PacketsSent);
  return status;
}

/**
 * The links of the mask went down: packets that were to leave by them look for another way. The routes must have been told
 * before. Messages that wait for such a link and ways back over it stay: if another peer takes its place in the table in
 * the minute they last, it learns nothing but what is true.
 */
export function forwardLinksDown(mask: u32, nowMs: u64): void {
  throttleLinksDown(mask);
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    if (!queueWaits(i)) continue;
    if ((bit(queueLinkIn(i)) & mask) != 0) queueSetLinkIn(i, LINK_GONE);
    if ((bit(queueLinkOut(i)) & mask) == 0) continue;
    again(i, mask, nowMs);
  }
}

/**
 * Sends the packet of a buffer another way than by the links of `without`; with none left it is dropped, and also when it
 * has gone out as often as it may.
 */
function again(index: u32, without: u32, nowMs: u64): void {
  if (queueSpent(index)) {
    count(Counter.PacketsUnacknowledged);
    queueDrop(index);
    return;
  }
  const packet = queuePacket(index);
  const linkIn = origin(packet, queueLinkIn(index));
  const length = queueLength(index);
  const out = bit(linkIn) | without;
  const last = queueLinkOut(index);
  let link: u32 = NO_LINK;
  if (linkDoubtful(last)) link = choose(packet, length, queueQos(index), out | bit(last), nowMs);
  if (link == NO_LINK) link = choose(packet, length, queueQos(index), out, nowMs);
  if (link != NO_LINK && length <= linkMtu(link)) {
    queueRequeue(index, link, nowMs);
  } else {
    noRoute(packet, linkIn, queueHash(index));
    queueDrop(index);
  }
}

/** `link` has no route to `destination`: what was sent that way and is not acknowledged takes another. */
export function forwardRefused(link: u32, destination: usize, nowMs: u64): void {
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    if (queueAwaits(i, link) && sameId(packetDestination(queuePacket(i)), destination)) again(i, bit(link), nowMs);
  }
}

/** Packets that no next hop acknowledged in time go out again, by the route that is best now, or are given up. */
export function forwardAdvance(nowMs: u64): void {
  for (;;) {
    const index = queueOverdue(nowMs);
    if (index < 0) return;
    const link = queueLinkOut(index);
    if (linkServed(link, false, nowMs)) routesShun(link);
    if (!queueSpent(index)) count(Counter.PacketsRetried);
    again(index, 0, nowMs);
  }
}
