/**
 * Short messages to and from neighbours: CongestionSignal, PacketTooBig, NoRoute, and answers to reservations (digest 1
 * sections 1.3, 2.7, 2.9, H19, H28).
 *
 * Eight wait at most. One that says the same as one waiting, newer, takes its place; when all eight are taken the newcomer
 * is dropped: each of these messages is a hint that the next packet triggers again.
 */
import { Counter, Event, event, Status } from "../abi";
import { linkPeer, linkPort, NO_LINK } from "../link/links";
import { frameSeal } from "../link/secure";
import { LINKS } from "../profile";
import { count } from "../state/counters";
import {
  checkLinkControl,
  CONTROL_ACK,
  CONTROL_CONGESTION,
  CONTROL_NO_ROUTE,
  CONTROL_PACKET_TOO_BIG,
  congestionDrainMs,
  congestionSeverity,
  signalDestination,
  tooBigMtu,
} from "../wire/link-control";
import {
  CONTEXT_LINK_CONTROL,
  CONTEXT_RESERVATION,
  emitPacketHeader,
  HEADER_ONE_HOP,
  packetData,
  PACKET_HEADER_SIZE,
} from "../wire/packet";
import { RESERVATION_COMMITMENT } from "../wire/reservation";
import { queueAcknowledged } from "./queue";
import { REVERSE_DATA, reverseFind } from "./reverse";
import { routeChoose } from "./route-choice";
import { routeFailed, routeLowerMtu } from "./routes";
import { throttleHeard } from "./throttle";

const ENTRIES: u32 = 8;
/** A message, 24 bytes: 0 link u8 | 1 sub-type u8 | 2 length u8, zero | 4 body, at most 20. */
const ENTRY_SIZE: u32 = 24;
const SUB: usize = 1;
const LENGTH: usize = 2;
const BODY: usize = 4;

/** How many wait u32, then those, oldest first. */
export const CONTROL: usize = memory.data(196, 8);
export const CONTROL_SIZE: u32 = 196;
const WAITING: usize = CONTROL;
const MESSAGES: usize = CONTROL + 4;

const PACKET: usize = memory.data(40, 8);
const UNDELIVERABLE: usize = memory.data(24, 8);

/** qos of these messages: P1, Balanced. */
export const QOS_CONTROL: u32 = 0x40;
const DESTINATION_SIZE: u32 = 16;
const ACK_SIZE: u32 = 8;

function at(index: u32): usize {
  return MESSAGES + <usize>(index * ENTRY_SIZE);
}

function remove(entry: usize): void {
  store<u32>(WAITING, load<u32>(WAITING) - 1);
  memory.copy(entry, entry + <usize>ENTRY_SIZE, at(load<u32>(WAITING)) - entry);
}

/**
 * Queues a message of `length` (<= 20) bytes at `body`, where 8 can be read, to a neighbour; to NO_LINK and LINK_GONE
 * nothing is sent. `sub` is one of link control, or RESERVATION_COMMITMENT, which is none of those sent here. The message replaces
 * a waiting one about the same, what its first 8 bytes say; a CongestionSignal replaces any other.
 */
export function controlSend(link: u32, sub: u32, body: usize, length: u32): void {
  if (link >= LINKS) return;
  const waiting = load<u32>(WAITING);
  let index: u32 = 0;
  for (; index < waiting; index++) {
    const entry = at(index);
    if (load<u8>(entry) != <u8>link || load<u8>(entry, SUB) != <u8>sub) continue;
    if (sub == CONTROL_CONGESTION || load<u64>(entry, BODY) == load<u64>(body)) break;
  }
  if (index == ENTRIES) {
    count(Counter.PacketsQueueFull);
    return;
  }
  const entry = at(index);
  store<u8>(entry, <u8>link);
  store<u8>(entry, <u8>sub, SUB);
  store<u8>(entry, <u8>length, LENGTH);
  memory.copy(entry + BODY, body, length);
  if (index == waiting) store<u32>(WAITING, waiting + 1);
}

/** Tells a neighbour about the destination at `body`: NoRoute, or PacketTooBig with the MTU behind it. */
export function controlSignal(link: u32, sub: u32, body: usize): void {
  const length = sub == CONTROL_NO_ROUTE ? DESTINATION_SIZE : DESTINATION_SIZE + 2;
  controlSend(link, sub, body, length);
}

/** Address of the oldest message that leaves by this interface, or 0. */
function first(port: u32): usize {
  const waiting = load<u32>(WAITING);
  for (let i: u32 = 0; i < waiting; i++) if (linkPort(load<u8>(at(i))) == port) return at(i);
  return 0;
}

/** True if a message waits for this interface. */
export function controlWaiting(port: u32): bool {
  return first(port) != 0;
}

/** Writes the link frame of the next message for this interface at `out`: its size, 0 if there is none. */
export function controlNext(port: u32, out: usize, nowMs: u64): u32 {
  const entry = first(port);
  if (entry == 0) return 0;
  const link: u32 = load<u8>(entry);
  const length: u32 = load<u8>(entry, LENGTH);
  const sub = load<u8>(entry, SUB);
  const context = sub == <u8>RESERVATION_COMMITMENT ? CONTEXT_RESERVATION : CONTEXT_LINK_CONTROL;
  emitPacketHeader(PACKET, HEADER_ONE_HOP, 0, linkPeer(link), context, length + 1);
  store<u8>(packetData(PACKET), sub);
  memory.copy(packetData(PACKET) + 1, entry + BODY, length);
  remove(entry);
  return frameSeal(link, out, PACKET, PACKET_HEADER_SIZE + 1 + length, QOS_CONTROL, nowMs);
}

export function controlReset(): void {
  memory.fill(CONTROL, 0, CONTROL_SIZE);
}

/** Tells the host that packets to `destination` find no way on; `hash`: the packet's packet_hash, or 0 if not known. */
export function undeliverable(destination: usize, hash: usize): void {
  memory.copy(UNDELIVERABLE, destination, DESTINATION_SIZE);
  store<u64>(UNDELIVERABLE, hash == 0 ? 0 : load<u64>(hash), 16);
  event(Event.Undeliverable, UNDELIVERABLE, 24);
}

/** The neighbour has no route: ours through it fails; without another one, whoever sends that way is told in turn. */
function noRoute(link: u32, destination: usize, nowMs: u64): void {
  count(Counter.NoRouteHeard);
  routeFailed(destination, link);
  const back = reverseFind(REVERSE_DATA, destination, nowMs);
  if (back < 0) return;
  const bar: u32 = (1 << link) | (<u32>back < LINKS ? 1 << back : 0);
  if (routeChoose(destination, 0, 0, bar, nowMs) != NO_LINK) return;
  if (<u32>back == NO_LINK) undeliverable(destination, 0);
  else controlSignal(back, CONTROL_NO_ROUTE, destination);
}

/** Tells the neighbour that the packet with this hash has arrived. */
export function controlAcknowledge(link: u32, hash: usize): void {
  controlSend(link, CONTROL_ACK, hash, ACK_SIZE);
}

/** A CongestionSignal, PacketTooBig, NoRoute or PacketAck came by `link`: Ok, or what checkLinkControl says of it. */
export function controlReceive(link: u32, sub: u32, body: usize, length: u32, nowMs: u64): Status {
  const checked = checkLinkControl(sub, body, length);
  if (checked != Status.Ok) return checked;
  if (sub == CONTROL_CONGESTION) {
    count(Counter.CongestionHeard);
    throttleHeard(link, congestionSeverity(body), congestionDrainMs(body), nowMs);
  } else if (sub == CONTROL_PACKET_TOO_BIG) {
    count(Counter.TooBigHeard);
    routeLowerMtu(signalDestination(body), link, tooBigMtu(body));
  } else if (sub == CONTROL_ACK) {
    queueAcknowledged(link, body, nowMs);
  } else if (sub == CONTROL_NO_ROUTE) {
    noRoute(link, signalDestination(body), nowMs);
  } else {
    return Status.BadSubtype;
  }
  return Status.Ok;
}
