/**
 * What the links and handshakes themselves send and are sent: handshake messages, keepalive, close, Rekey, Ping.
 * Nothing is queued: a bit says what is wanted, and it is made when the medium can take it, with the clock of that
 * moment.
 */
import { LinkEnd, Status } from "../abi";
import { LINKS, RADIO } from "../profile";
import { sameId } from "../state/destinations";
import {
  checkLinkControl,
  CONTROL_GROUP_KEY,
  CONTROL_GROUP_KEY_ACK,
  CONTROL_PING,
  CONTROL_PONG,
  CONTROL_REKEY,
  CONTROL_REKEY_ACK,
  emitLinkControl,
  emitPing,
  emitPong,
  emitRekey,
  LINK_CONTROL_BODY,
  pingClock,
  pongClock,
} from "../wire/link-control";
import { LINK_DATA_HEADER_SIZE } from "../wire/link-frame";
import {
  CONTEXT_CLOSE,
  CONTEXT_IDENTIFY,
  CONTEXT_KEEPALIVE,
  emitPacketHeader,
  HEADER_LINK_DATA,
  PACKET_HEADER_SIZE,
  packetContext,
  packetDestination,
} from "../wire/packet";
import { QOS_LINK } from "../wire/qos";
import { groupAckReceive, groupEmit, groupKeyReceive, groupReady } from "./group";
import { handshakeSend, handshakeWaiting } from "./handshake";
import {
  LINK_EPHEMERAL,
  LINK_GROUP_TAG,
  LINK_ID,
  LINK_PING_HEARD,
  LINK_PING_SENT,
  linkClose,
  linkEntry,
  linkFree,
  linkHeld,
  linkInitiator,
  linkPeer,
  linkPort,
  linkSetTodo,
  linkTodo,
  NO_LINK,
  TODO_CLOSE,
  TODO_GROUP,
  TODO_GROUP_ACK,
  TODO_KEEPALIVE,
  TODO_PING,
  TODO_PONG,
  TODO_REKEY,
  TODO_REKEY_ACK,
} from "./link-table";
import { linkPingHeard, linkPongHeard } from "./links";
import { linkPhase, rekeyAckReceive, rekeyReceive, rekeySent } from "./rekey";
import { linkSeal } from "./secure";
import { HANDSHAKES } from "./session";

/** A link on the interface that has something to send; NO_LINK if there is none. */
function waiting(port: u32): u32 {
  for (let i: u32 = 0; i < LINKS; i++) {
    if (linkHeld(i) && linkPort(i) == port && linkTodo(i) != 0) return i;
  }
  return NO_LINK;
}

/** Whether linkOutboxNext has something for the interface. */
export function linkOutboxWaiting(port: u32): bool {
  return handshakeWaiting(port) != HANDSHAKES || waiting(port) != NO_LINK;
}

/** Writes the next link frame for the interface at `out`, which has room for 508 bytes; its size, 0 if there is none. */
export function linkOutboxNext(port: u32, out: usize, nowMs: u64): u32 {
  let size: u32 = 0;
  while (size == 0) {
    const slot = handshakeWaiting(port);
    if (slot == HANDSHAKES) break;
    size = handshakeSend(slot, out, nowMs);
  }
  while (size == 0) {
    const link = waiting(port);
    if (link == NO_LINK) break;
    const todo = linkTodo(link);
    const bit = todo & -todo;
    linkSetTodo(link, 0, bit);
    const packet = out + LINK_DATA_HEADER_SIZE + 1;
    size = linkSeal(link, out, packet, compose(link, bit, packet, nowMs), QOS_LINK);
    if (bit == TODO_CLOSE) linkFree(link);
  }
  return size;
}

/** Writes the packet a TODO_ bit stands for; its bytes. */
function compose(link: u32, bit: u32, packet: usize, nowMs: u64): u32 {
  const entry = linkEntry(link);
  const peer = linkPeer(link);
  const body = packet + LINK_CONTROL_BODY;
  switch (bit) {
    case TODO_REKEY:
    case TODO_REKEY_ACK:
      emitRekey(body, linkPhase(link) ^ 1, entry + LINK_EPHEMERAL);
      if (bit == TODO_REKEY_ACK) return emitLinkControl(packet, peer, CONTROL_REKEY_ACK);
      rekeySent(link, nowMs);
      return emitLinkControl(packet, peer, CONTROL_REKEY);
    case TODO_PING:
      store<u64>(entry, nowMs, LINK_PING_SENT);
      emitPing(body, nowMs);
      return emitLinkControl(packet, peer, CONTROL_PING);
    case TODO_PONG:
      emitPong(body, load<u64>(entry, LINK_PING_HEARD), nowMs);
      return emitLinkControl(packet, peer, CONTROL_PONG);
    case TODO_GROUP_ACK:
      store<u16>(body, load<u16>(entry, LINK_GROUP_TAG));
      return emitLinkControl(packet, peer, CONTROL_GROUP_KEY_ACK);
    default: {
      if (bit == TODO_GROUP && groupReady(nowMs)) {
        groupEmit(link, body);
        return emitLinkControl(packet, peer, CONTROL_GROUP_KEY);
      }
      const context = bit == TODO_CLOSE ? CONTEXT_CLOSE : CONTEXT_KEEPALIVE;
      emitPacketHeader(packet, HEADER_LINK_DATA, 0, entry + LINK_ID, context, 0);
      return PACKET_HEADER_SIZE;
    }
  }
}

/**
 * Rekey, RekeyAck, Ping, Pong, GroupKey or GroupKeyAck of a link's peer: `length` bytes at `body`. Ok; BadSubtype for
 * the rest of link control; what checkLinkControl, rekeyReceive, rekeyAckReceive, linkPongHeard, groupKeyReceive and
 * groupAckReceive say.
 */
export function linkControlReceive(link: u32, sub: u32, body: usize, length: u32, nowMs: u64): Status {
  const checked = checkLinkControl(sub, body, length);
  if (checked != Status.Ok) return checked;
  switch (sub) {
    case CONTROL_REKEY:
      return rekeyReceive(link, body);
    case CONTROL_REKEY_ACK:
      return rekeyAckReceive(link, body, nowMs);
    case CONTROL_PING:
      linkPingHeard(link, pingClock(body), nowMs);
      return Status.Ok;
    case CONTROL_PONG:
      return linkPongHeard(link, pingClock(body), pongClock(body), nowMs);
    case CONTROL_GROUP_KEY:
      return groupKeyReceive(link, body, nowMs);
    case CONTROL_GROUP_KEY_ACK:
      return groupAckReceive(link, load<u16>(body));
    default:
      return Status.BadSubtype;
  }
}

/**
 * A checked packet addressed to the link itself, header 0C: keepalive, IDENTIFY repeated, close. Ok, NotForUs,
 * BadContext.
 */
export function linkPacketReceive(link: u32, packet: usize, _length: u32, _nowMs: u64): Status {
  if (!sameId(packetDestination(packet), linkEntry(link) + LINK_ID)) return Status.NotForUs;
  const context = packetContext(packet);
  if (context == CONTEXT_CLOSE) linkClose(link, LinkEnd.Closed);
  if (context == CONTEXT_IDENTIFY) {
    if (linkInitiator(link) != 0) return Status.BadContext;
    // The initiator has not heard yet that the link is up. Any genuine frame tells, on the radio one it needs anyway.
    linkSetTodo(link, linkPort(link) == RADIO ? TODO_GROUP : TODO_KEEPALIVE, 0);
  }
  return Status.Ok;
}
