/**
 * The packets that wait for their link, and who goes next (digest 1 section 2.9; digest 2 section 8.1).
 *
 * 16 buffers, of which each priority has its own number. The order on an interface: P0 before P1 before P2 before P3, and
 * within a priority the ingress neighbour served longest ago, so that neighbours take turns however much each sends. P3
 * gets a tenth of the bytes all the same. Packets whose previous hop neither is trusted nor pays come after everything
 * else, and on the radio within their tenth of the airtime.
 *
 * A full priority: a funded newcomer takes the place of the oldest unfunded packet, else of the newest packet of the
 * neighbour that holds most of the priority if that is at least two more than the newcomer's own; else it is refused.
 *
 * The digest's link bucket (refill 0.9 x measured rate) is not here: its rate falls by a tenth a minute on a link that
 * carries less than it could, down to nothing. Taking turns on whatever the medium does carry gives the same fair shares.
 *
 * On the radio a packet keeps its buffer until the next hop acknowledges it (PacketAck), P0 and unfunded ones excepted. It
 * goes out five times at most; each time nothing comes back the link's reliability falls, so the next attempt may take
 * another way. Without this a path of four hops, each losing one frame in four, would lose two packets in three.
 *
 * A buffer, 28 bytes and the packet:
 *   0 state u8 (0 free, 1 waits, 2 sent) | 1 qos u8 | 2 link_out u8 | 3 link_in u8 | 4 class u8 (0 unfunded, 1 free,
 *   2 paid) | 5 times sent u8 | 6 length u16
 *   8 since_ms u64 | 16 packet_hash[0..8] | 24 order u32 | 28 packet
 */
import { Counter, Status } from "../abi";
import { AirtimeClass } from "../link/airtime";
import { linkPort, linkServed, NO_LINK } from "../link/links";
import { mediumFrameMs, mediumLawfulAt } from "../link/medium";
import { BUFFERS_P0, BUFFERS_P1, BUFFERS_P2, BUFFERS_P3, INTERFACES, LINKS, PACKET_BYTES, RADIO } from "../profile";
import { count } from "../state/counters";
import { randomBelow } from "../state/random";
import { qosPriority } from "../wire/qos";
import { throttleFreeAt } from "./throttle";

export const QUEUE_BUFFERS: u32 = BUFFERS_P0 + BUFFERS_P1 + BUFFERS_P2 + BUFFERS_P3;
const PRIORITIES: u32 = 4;
const HEADER: u32 = 28;
const BUFFER_SIZE: u32 = HEADER + PACKET_BYTES;

const QOS: usize = 1;
const LINK_OUT: usize = 2;
const LINK_IN: usize = 3;
const CLASS: usize = 4;
const TIMES: usize = 5;
const LENGTH: usize = 6;
const SINCE: usize = 8;
const HASH: usize = 16;
const ORDER: usize = 24;

const WAITS: u8 = 1;
const SENT: u8 = 2;
/** How often a packet goes out at most. */
const TIMES_MAX: u8 = 5;
/** An acknowledgment is awaited for the frame's own time and so many largest frames, more for each time it was sent. */
const ACK_FRAMES: u32 = 3;

/** Ingress of a packet whose link has gone down since. */
export const LINK_GONE: u32 = 254;
/** Class of packets of peers that are neither trusted nor paying. */
const UNFUNDED: u32 = 0;

/**
 * Seconds after which P0, P1 and P2 are of no use, in halves (digest 1 section 2.9). On a slow medium it is four times the
 * time that a full queue of that priority takes, since otherwise P1's 5 s would be three frames of SF8.
 */
const LIMITS: usize = memory.data<u8>([1, 10, 60, 0]);
const SIZES: usize = memory.data<u32>([BUFFERS_P0, BUFFERS_P1, BUFFERS_P2, BUFFERS_P3]);

/** 10 % against 90 %; credit is kept for one largest packet and one more of the others. */
const SHARE: u32 = 9;
const CREDIT_MAX: u32 = (SHARE + 1) * PACKET_BYTES;

/** Buffers; order of the last packet u32, of the last turn u32; turn of each ingress u32; P3's share on each port u32. */
export const QUEUE_SIZE: u32 = BUFFER_SIZE * QUEUE_BUFFERS + 8 + 4 * (LINKS + 1) + 4 * INTERFACES;
export const QUEUE: usize = memory.data(BUFFER_SIZE * QUEUE_BUFFERS + 8 + 4 * (LINKS + 1) + 4 * INTERFACES, 8);
const LAST_ORDER: usize = QUEUE + <usize>(BUFFER_SIZE * QUEUE_BUFFERS);
const LAST_TURN: usize = LAST_ORDER + 4;
const TURNS: usize = LAST_ORDER + 8;
const SHARES: usize = TURNS + <usize>(4 * (LINKS + 1));

function at(index: u32): usize {
  return QUEUE + <usize>(index * BUFFER_SIZE);
}

/** True if this buffer, 0 to QUEUE_BUFFERS - 1, holds a packet; the functions below are for such buffers. */
export function queueWaits(index: u32): bool {
  return load<u8>(at(index)) != 0;
}

/** Address of the packet. */
export function queuePacket(index: u32): usize {
  return at(index) + <usize>HEADER;
}

/** Its length in bytes. */
export function queueLength(index: u32): u32 {
  return load<u16>(at(index), LENGTH);
}

export function queueQos(index: u32): u32 {
  return load<u8>(at(index), QOS);
}

/** The link it is to leave by. */
export function queueLinkOut(index: u32): u32 {
  return load<u8>(at(index), LINK_OUT);
}

/** The link it came by, NO_LINK if it is this node's own, LINK_GONE if that link is down. */
export function queueLinkIn(index: u32): u32 {
  return load<u8>(at(index), LINK_IN);
}

/** 0 unfunded, 1 free, 2 paid. */
export function queueClass(index: u32): u32 {
  return load<u8>(at(index), CLASS);
}

/** Address of packet_hash[0..8]. */
export function queueHash(index: u32): usize {
  return at(index) + HASH;
}

/** The packet is to leave by this link, again if it was sent before. */
export function queueRequeue(index: u32, link: u32, nowMs: u64): void {
  store<u8>(at(index), WAITS);
  store<u8>(at(index), <u8>link, LINK_OUT);
  store<u64>(at(index), nowMs, SINCE);
}

/** True if the packet was sent by `link` and the acknowledgment is awaited. */
export function queueAwaits(index: u32, link: u32): bool {
  return load<u8>(at(index)) == SENT && queueLinkOut(index) == link;
}

export function queueSetLinkIn(index: u32, link: u32): void {
  store<u8>(at(index), <u8>link, LINK_IN);
}

/** Frees a buffer. */
export function queueDrop(index: u32): void {
  store<u8>(at(index), 0);
}

export function queueReset(): void {
  memory.fill(QUEUE, 0, QUEUE_SIZE);
}

function priorityOf(index: u32): u32 {
  return qosPriority(queueQos(index));
}

function quota(priority: u32): u32 {
  return load<u32>(SIZES + ((<usize>priority) << 2));
}

/** Packets held at a priority, sent ones among them; of this ingress only, unless it is `ANY`. */
const ANY: u32 = 256;
function held(priority: u32, linkIn: u32): u32 {
  let n: u32 = 0;
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    if (queueWaits(i) && priorityOf(i) == priority && (linkIn == ANY || queueLinkIn(i) == linkIn)) n++;
  }
  return n;
}

/** The buffer a funded newcomer to a full priority takes over, or -1. */
function victim(priority: u32, linkIn: u32): i32 {
  let found: i32 = -1;
  let best: u64 = 0;
  const most = held(priority, linkIn) + 1;
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    if (!queueWaits(i) || priorityOf(i) != priority) continue;
    const order = load<u32>(at(i), ORDER);
    let rank: u64 = 0;
    if (queueClass(i) == UNFUNDED) {
      rank = u64.MAX_VALUE - <u64>order;
    } else {
      const holds = held(priority, queueLinkIn(i));
      if (holds > most) rank = ((<u64>holds) << 32) | (<u64>order);
    }
    if (rank > best) {
      best = rank;
      found = i;
    }
  }
  return found;
}

/** Counts a packet that a full queue turned away. */
function refuse(trafficClass: u32): Status {
  count(trafficClass == UNFUNDED ? Counter.PacketsRefused : Counter.PacketsQueueFull);
  return trafficClass == UNFUNDED ? Status.Refused : Status.QueueFull;
}

/**
 * Puts a packet in line for `linkOut`. `linkIn` is where it came from, NO_LINK for an own one; `hash` its packet_hash.
 * Ok; QueueFull, or Refused if it is unfunded.
 */
export function queueAdd(
  packet: usize,
  length: u32,
  qos: u32,
  linkOut: u32,
  linkIn: u32,
  trafficClass: u32,
  hash: usize,
  nowMs: u64,
): Status {
  const priority = qosPriority(qos);
  if (held(priority, ANY) >= quota(priority)) {
    const out = trafficClass == UNFUNDED ? -1 : victim(priority, linkIn);
    if (out < 0) return refuse(trafficClass);
    refuse(queueClass(out));
    queueDrop(out);
  }
  // The numbers of the priorities add up to that of the buffers, so one is free.
  let index: u32 = 0;
  while (queueWaits(index)) index++;
  const entry = at(index);
  const order = load<u32>(LAST_ORDER) + 1;
  store<u32>(LAST_ORDER, order);
  store<u8>(entry, WAITS);
  store<u8>(entry, 0, TIMES);
  store<u8>(entry, <u8>qos, QOS);
  store<u8>(entry, <u8>linkOut, LINK_OUT);
  store<u8>(entry, <u8>linkIn, LINK_IN);
  store<u8>(entry, <u8>trafficClass, CLASS);
  store<u16>(entry, <u16>length, LENGTH);
  store<u64>(entry, nowMs, SINCE);
  store<u64>(entry, load<u64>(hash), HASH);
  store<u32>(entry, order, ORDER);
  memory.copy(queuePacket(index), packet, length);
  return Status.Ok;
}

/** Drops what has waited too long. A packet whose acknowledgment did not come is left to queueOverdue. */
export function queueExpire(nowMs: u64): void {
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    const priority = priorityOf(i);
    if (load<u8>(at(i)) != WAITS || priority == PRIORITIES - 1) continue;
    const drain = 4 * quota(priority) * mediumFrameMs(linkPort(queueLinkOut(i)));
    if (nowMs - load<u64>(at(i), SINCE) >= <u64>max<u32>(500 * <u32>load<u8>(LIMITS + <usize>priority), drain)) {
      queueDrop(i);
      count(Counter.PacketsExpired);
    }
  }
}

/** When the packet may go, the interface being free: its link's congestion and the unfunded share decide. */
function readyAt(index: u32, port: u32, nowMs: u64): u64 {
  const ready = throttleFreeAt(queueLinkOut(index), priorityOf(index), nowMs);
  return queueClass(index) != UNFUNDED ? ready : max<u64>(ready, mediumLawfulAt(port, AirtimeClass.Unfunded, nowMs));
}

/**
 * A packet whose acknowledgment did not come in time, or -1. The caller tells its link (linkServed), and requeues or
 * drops it; queueSpent says whether it has gone out often enough.
 */
export function queueOverdue(nowMs: u64): i32 {
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    if (load<u8>(at(i)) != SENT || nowMs < load<u64>(at(i), SINCE)) continue;
    return i;
  }
  return -1;
}

/** When queueOverdue has something to do; 2^64-1 if never. */
export function queueDeadline(): u64 {
  let next = u64.MAX_VALUE;
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    if (load<u8>(at(i)) == SENT) next = min<u64>(next, load<u64>(at(i), SINCE));
  }
  return next;
}

/** True if the packet has gone out as often as it may. */
export function queueSpent(index: u32): bool {
  return load<u8>(at(index), TIMES) >= TIMES_MAX;
}

/** A PacketAck for the packet with this hash came by `link`. */
export function queueAcknowledged(link: u32, hash: usize, nowMs: u64): void {
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    if (!queueAwaits(i, link) || load<u64>(at(i), HASH) != load<u64>(hash)) continue;
    linkServed(link, true, nowMs);
    queueDrop(i);
  }
}

function isFor(index: u32, port: u32): bool {
  return load<u8>(at(index)) == WAITS && linkPort(queueLinkOut(index)) == port;
}

/** The earliest time a packet for this interface may go; 2^64-1 if none waits. */
export function queueReadyAt(port: u32, nowMs: u64): u64 {
  let next = u64.MAX_VALUE;
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) if (isFor(i, port)) next = min<u64>(next, readyAt(i, port, nowMs));
  return next;
}

function turnOf(linkIn: u32): usize {
  return TURNS + ((<usize>min<u32>(linkIn, LINKS)) << 2);
}

function shareOf(port: u32): usize {
  return SHARES + ((<usize>port) << 2);
}

/** True if the class that gets a tenth, whose account is at `share`, has `bytes` to its credit. */
export function shareDue(share: usize, bytes: u32): bool {
  return load<u32>(share) >= SHARE * bytes;
}

/** `bytes` went out: `own` if they were of the class that gets a tenth. */
export function shareCharge(share: usize, bytes: u32, own: bool): void {
  const credit = load<u32>(share);
  store<u32>(share, own ? credit - min<u32>(credit, SHARE * bytes) : min<u32>(credit + bytes, CREDIT_MAX));
}

/** The buffer whose packet goes next on this interface, or -1. */
export function queueNext(port: u32, nowMs: u64): i32 {
  let found: i32 = -1;
  let best = u64.MAX_VALUE;
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) {
    if (!isFor(i, port) || readyAt(i, port, nowMs) > nowMs) continue;
    // 0 P3 if its tenth is due, 1-4 funded, 5-8 unfunded; then the ingress served longest ago; then the oldest.
    let rank = 1 + priorityOf(i);
    if (queueClass(i) == UNFUNDED) rank += PRIORITIES;
    else if (rank == PRIORITIES && shareDue(shareOf(port), queueLength(i))) rank = 0;
    const key = ((<u64>rank) << 32) | (<u64>load<u32>(turnOf(queueLinkIn(i))));
    if (key < best || (key == best && load<u32>(at(i), ORDER) < load<u32>(at(found), ORDER))) {
      best = key;
      found = i;
    }
  }
  return found;
}

/**
 * The packet of this buffer goes out on this interface: its neighbour has had its turn. The buffer is free, or waits for the
 * acknowledgment.
 */
export function queueSent(index: u32, port: u32, nowMs: u64): void {
  const turn = load<u32>(LAST_TURN) + 1;
  store<u32>(LAST_TURN, turn);
  store<u32>(turnOf(queueLinkIn(index)), turn);
  if (port != RADIO || priorityOf(index) == 0 || queueClass(index) == UNFUNDED) {
    queueDrop(index);
  } else {
    const times: u32 = 1 + <u32>load<u8>(at(index), TIMES);
    const frame = mediumFrameMs(port);
    store<u8>(at(index), SENT);
    store<u8>(at(index), <u8>times, TIMES);
    store<u64>(at(index), nowMs + <u64>(frame * (ACK_FRAMES + times) + randomBelow(frame)), SINCE);
  }
  shareCharge(shareOf(port), queueLength(index), priorityOf(index) == PRIORITIES - 1 && queueClass(index) != UNFUNDED);
}

/** Packets of a priority that wait to be sent. */
function waiting(priority: u32): u32 {
  let n: u32 = 0;
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) if (load<u8>(at(i)) == WAITS && priorityOf(i) == priority) n++;
  return n;
}

/** How full the queue is in per mille: all of it, or P1 or P2 alone if they are fuller, since they drop on their own. */
export function queueFill(): u32 {
  let all: u32 = 0;
  let fill: u32 = 0;
  for (let priority: u32 = 0; priority < PRIORITIES; priority++) {
    const n = waiting(priority);
    all += n;
    if (priority == 1 || priority == 2) fill = max<u32>(fill, (n * 1000) / quota(priority));
  }
  return max<u32>(fill, (all * 1000) / QUEUE_BUFFERS);
}

/** Milliseconds until all that waits is out, if every medium gives it what it needs. */
export function queueDrainMs(): u32 {
  let ms: u32 = 0;
  for (let i: u32 = 0; i < QUEUE_BUFFERS; i++) if (queueWaits(i)) ms += mediumFrameMs(linkPort(queueLinkOut(i)));
  return ms;
}

/** The link most of the waiting packets came by; NO_LINK if none came by a link that is up. */
export function queueBiggestIngress(): u32 {
  let found = NO_LINK;
  let most: u32 = 0;
  for (let link: u32 = 0; link < LINKS; link++) {
    let n: u32 = 0;
    for (let priority: u32 = 0; priority < PRIORITIES; priority++) n += held(priority, link);
    if (n > most) {
      most = n;
      found = link;
    }
  }
  return found;
}
