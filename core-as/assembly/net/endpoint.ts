/**
 * Packets for a destination of this node: end-to-end boxes are opened, onion layers taken off, the rest is told to the
 * host.
 */
import { Counter, Event, event, Status } from "../abi";
import { wipe } from "../crypto/constant-time";
import { linkPeer } from "../link/links";
import { PACKET_BYTES } from "../profile";
import { count } from "../state/counters";
import { destinationId, destinationIndex, NODE_ID_SIZE, NO_DESTINATION } from "../state/destinations";
import { checkInnerContext, ENVELOPE_TEXT_HEAD, envelopeText, ONION_OFFSET } from "../wire/envelope";
import { CONTEXT_NONE, CONTEXT_ONION, CONTEXT_PROBE, packetContext, packetDestination } from "../wire/packet";
import { boxOpen } from "./envelope";
import { forwardOwn } from "./forward";
import { onionPeel } from "./onion";
import { probeReceive } from "./probe";

/** An address and a packet: what an event needs side by side, and where commands build what they send. */
const ROOM: usize = memory.data(16 + PACKET_BYTES, 8);
/** Room for a packet under way, used by one call and void after it. */
export const PACKET_ROOM: usize = ROOM + 16;

/** Tells the host of a packet that came over `linkIn`: Event.Packet. */
export function packetReport(packet: usize, length: u32, linkIn: u32): void {
  memory.copy(PACKET_ROOM, packet, length);
  memory.copy(ROOM, linkPeer(linkIn), NODE_ID_SIZE);
  event(Event.Packet, ROOM, NODE_ID_SIZE + length);
}

/** Opens an end-to-end box and tells the host: Event.Message. Ok; what boxOpen says; Short; BadContext. */
function receiveMessage(packet: usize, length: u32, index: u32): Status {
  const opened = boxOpen(packet, length, index);
  const text = envelopeText(packet);
  let status: Status = -opened;
  if (opened >= 0) {
    status = opened < <i32>ENVELOPE_TEXT_HEAD ? Status.Short : checkInnerContext(load<u8>(text));
  }
  count(status == Status.Ok ? Counter.MessagesOpened : Counter.MessagesFailed);
  if (status == Status.Ok) {
    // The address goes in front of the text, over the ephemeral key.
    memory.copy(text - <usize>NODE_ID_SIZE, destinationId(index), NODE_ID_SIZE);
    event(Event.Message, text - <usize>NODE_ID_SIZE, NODE_ID_SIZE + <u32>opened);
  }
  if (opened > 0) wipe(text, opened);
  return status;
}

/**
 * Takes in a packet of `length` bytes that passed checkPacket, has header 10 or 30, came over `linkIn` (NO_LINK: a box
 * made here) under `qos` and is addressed to one of this node's destinations. The packet is used up.
 *
 * Ok, or why it was refused: a box that does not open (SmallOrder, BadTag), what checkPacket says of the inside of an
 * onion, BadContext for a family that may not be in a box or a second layer for this same node, or what becomes of the
 * packet it peels.
 */
export function endpointReceive(packet: usize, length: u32, qos: u32, linkIn: u32, nowMs: u64): Status {
  let index = destinationIndex(packetDestination(packet));
  if (index == NO_DESTINATION) return Status.NotForUs;
  if (packetContext(packet) == CONTEXT_ONION) {
    const peeled = onionPeel(packet, length, index);
    if (peeled < 0) {
      count(Counter.MessagesFailed);
      return -peeled;
    }
    count(Counter.OnionsPeeled);
    packet += <usize>ONION_OFFSET;
    length = <u32>peeled;
    index = destinationIndex(packetDestination(packet));
    if (index == NO_DESTINATION) return forwardOwn(packet, length, qos, linkIn, nowMs);
    // A layer in a layer for the same node hides nothing, and each costs this node a key agreement.
    if (packetContext(packet) == CONTEXT_ONION) return Status.BadContext;
  }
  switch (packetContext(packet)) {
    case CONTEXT_NONE:
      return receiveMessage(packet, length, index);
    case CONTEXT_PROBE:
      return probeReceive(packet, length, linkIn, nowMs);
    default:
      packetReport(packet, length, linkIn);
      return Status.Ok;
  }
}
