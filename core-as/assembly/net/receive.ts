/**
 * One frame in: from the air frame or wire down to the beacon, the handshake message or the packet, refusing at the
 * first thing that is wrong.
 *
 * Nothing but counters and the channel's utilisation changes until every check has passed.
 */
import { Counter, Status } from "../abi";
import { handshakeReceive } from "../link/handshake";
import { linkingConsider } from "../link/linking";
import { linkForged, linkHeard, linkPort, NO_LINK } from "../link/links";
import { mediumReceive, mediumReceived, mediumYield } from "../link/medium";
import { linkControlReceive, linkPacketReceive } from "../link/outbox";
import { frameOfGroup, frameOpen, framePlain, framePlainLength, frameQos } from "../link/secure";
import { RADIO } from "../profile";
import { count } from "../state/counters";
import { destinationIndex, isOwnId, NO_DESTINATION } from "../state/destinations";
import { beaconNodeId, checkBeacon } from "../wire/beacon";
import {
  checkLinkFrame,
  KIND_BEACON,
  KIND_CLEAR,
  LINK_FRAME_HEADER_SIZE,
  linkFrameBody,
  linkFrameKind,
  unpaddedLength,
} from "../wire/link-frame";
import {
  CONTROL_ACK,
  CONTROL_CONGESTION,
  CONTROL_NO_ROUTE,
  CONTROL_PACKET_TOO_BIG,
  signalDestination,
} from "../wire/link-control";
import {
  checkPacket,
  CONTEXT_GOSSIP,
  CONTEXT_LINK_CONTROL,
  CONTEXT_RESERVATION,
  HEADER_ANNOUNCE,
  HEADER_FORWARDED,
  HEADER_FORWARDED_RATCHET,
  HEADER_LINK_DATA,
  HEADER_LINK_PROOF,
  HEADER_LINK_REQUEST,
  HEADER_ONE_HOP,
  PACKET_HEADER_SIZE,
  packetContext,
  packetData,
  packetDestination,
  packetHeader,
} from "../wire/packet";
import { qosPriority } from "../wire/qos";
import { announceReceive } from "./announces";
import { controlAcknowledge, controlReceive, controlSignal } from "./control";
import { endpointReceive, packetReport } from "./endpoint";
import { forwardFirst, forwardHash, forwardPacket, forwardRefused, forwardSeen } from "./forward";
import { routeReaches, routesShun } from "./routes";
import { gossipHeard, gossipReceive } from "./gossip";
import { neighbourHeard } from "./neighbours";
import { reservationReceive } from "./reservation";

/** What the last frame showed of a neighbour: link u32 or NO_LINK, 1 if it did its part, 0 if it failed, u32. */
const CONDUCT: usize = memory.data(8, 4);

/** Link whose peer the last frame told something of, or NO_LINK: trust keeps the score. */
export function conductLink(): u32 {
  return load<u32>(CONDUCT);
}

/** True if that peer served us: its announce was genuine and news. False: forged, or it took a packet it had no way for. */
export function conductGood(): bool {
  return load<u32>(CONDUCT, 4) != 0;
}

function conduct(link: u32, good: bool): void {
  store<u32>(CONDUCT, link);
  store<u32>(CONDUCT, good ? 1 : 0, 4);
}

/** The outcome of `length` bytes at `frame`, received on `port` at `nowMs`. Incomplete: half of a link frame, kept. */
export function receiveFrame(port: u32, frame: usize, length: u32, nowMs: u64, rssiDbm: i32, snrQdb: i32): Status {
  conduct(NO_LINK, false);
  const whole = mediumReceive(port, frame, length, nowMs);
  if (whole < 0) return -whole;
  const linkFrame = mediumReceived();
  const checked = checkLinkFrame(linkFrame, whole, port == RADIO);
  if (checked != Status.Ok) return checked;
  const body = linkFrameBody(linkFrame);
  const bodyLength = <u32>whole - LINK_FRAME_HEADER_SIZE;
  switch (linkFrameKind(linkFrame)) {
    case KIND_BEACON:
      return receiveBeacon(port, body, bodyLength, nowMs, rssiDbm, snrQdb);
    case KIND_CLEAR:
      return receiveClear(port, body, bodyLength, nowMs);
    default: {
      const link = frameOpen(linkFrame, whole, port, nowMs);
      if (link < 0) {
        if (port == RADIO && link == -(<i32>Status.NoLink)) mediumYield(nowMs);
        return -link;
      }
      return receivePacket(link, frameQos(), framePlain(), framePlainLength(), nowMs);
    }
  }
}

function receiveBeacon(port: u32, beacon: usize, length: u32, nowMs: u64, rssiDbm: i32, snrQdb: i32): Status {
  const checked = checkBeacon(beacon, length);
  if (checked != Status.Ok) return checked;
  const id = beaconNodeId(beacon);
  if (isOwnId(id)) return Status.OwnBeacon;
  const beacons = neighbourHeard(beacon, port, nowMs, rssiDbm, snrQdb);
  if (beacons == 0) return Status.TableFull;
  count(Counter.BeaconsHeard);
  linkHeard(port, id, nowMs);
  linkingConsider(id, port, beacons, snrQdb, routeReaches(id), nowMs);
  return Status.Ok;
}

/** A packet that travels outside a link: only link setup may (H5). */
function receiveClear(port: u32, packet: usize, frameLength: u32, nowMs: u64): Status {
  const length = port == RADIO ? unpaddedLength(packet, frameLength) : <i32>frameLength;
  if (length < 0) return Status.BadPadding;
  const checked = checkPacket(packet, length);
  if (checked != Status.Ok) return checked;
  const header = packetHeader(packet);
  if (header == HEADER_LINK_REQUEST) {
    // A request crosses one hop: somebody else's is not ours to remember.
    if (!isOwnId(packetDestination(packet))) return Status.NotForUs;
  } else if (header != HEADER_LINK_PROOF) {
    return Status.NotClear;
  }
  return handshakeReceive(packet, length, port, nowMs);
}

/**
 * A packet out of a link frame that proved genuine. `link` is the hop it came over; `packet` may lie anywhere but in a
 * packet buffer, and its hop byte may be changed.
 */
export function receivePacket(link: u32, qos: u32, packet: usize, length: u32, nowMs: u64): Status {
  const checked = checkPacket(packet, length);
  if (checked != Status.Ok) return checked;
  switch (packetHeader(packet)) {
    case HEADER_LINK_DATA:
      return linkPacketReceive(link, packet, length, nowMs);
    case HEADER_ONE_HOP:
      return receiveOneHop(link, packet, length, nowMs);
    case HEADER_ANNOUNCE:
      return receiveAnnounce(link, packet, length, nowMs);
    case HEADER_FORWARDED:
    case HEADER_FORWARDED_RATCHET:
      return receiveForwarded(link, qos, packet, length, nowMs);
    default:
      // Link setup has no business inside a link.
      return Status.BadHeader;
  }
}

/** Of an announce: neither its address nor its signature holds. No honest relay passes one on. */
function isForgery(status: Status): bool {
  return (
    status == Status.WrongKey ||
    status == Status.BadSignature ||
    status == Status.BadPoint ||
    status == Status.BadScalar
  );
}

function receiveAnnounce(link: u32, packet: usize, length: u32, nowMs: u64): Status {
  const status = announceReceive(packet, length, link, nowMs);
  if (status == Status.Ok) {
    gossipHeard(nowMs);
    conduct(link, true);
  } else if (isForgery(status) && !frameOfGroup()) {
    conduct(link, false);
    linkForged(link, nowMs);
    routesShun(link);
  }
  return status;
}

/**
 * A packet on its way, or at its destination. What came over the radio, P0 excepted, is acknowledged once it is in good
 * hands: queued, delivered, or here before. The packet is used up by then, so its hash is taken first.
 */
function receiveForwarded(link: u32, qos: u32, packet: usize, length: u32, nowMs: u64): Status {
  const own = destinationIndex(packetDestination(packet)) != NO_DESTINATION;
  let status: Status = Status.Ok;
  if (own) status = forwardSeen(packet, length, link, nowMs);
  else status = forwardPacket(packet, length, qos, link, nowMs);
  // A copy that did not come from where the first did has gone in a circle: that way is none. Or two ways met here, and
  // the sender of the second loses one it has no need of.
  if (status == Status.Duplicate && !own && forwardFirst() != link) {
    controlSignal(link, CONTROL_NO_ROUTE, packetDestination(packet));
    return status;
  }
  if (linkPort(link) == RADIO && qosPriority(qos) != 0 && (status == Status.Ok || status == Status.Duplicate)) {
    controlAcknowledge(link, forwardHash());
  }
  return own && status == Status.Ok ? endpointReceive(packet, length, qos, link, nowMs) : status;
}

/** A packet that only crosses one hop, by its context and sub-type. */
function receiveOneHop(link: u32, packet: usize, length: u32, nowMs: u64): Status {
  if (!isOwnId(packetDestination(packet))) return Status.NotForUs;
  const sub: u32 = load<u8>(packetData(packet));
  const body = packetData(packet) + 1;
  const bodyLength = length - PACKET_HEADER_SIZE - 1;
  switch (packetContext(packet)) {
    case CONTEXT_GOSSIP:
      return gossipReceive(link, packetData(packet), bodyLength + 1, nowMs);
    case CONTEXT_LINK_CONTROL:
      if (sub == CONTROL_CONGESTION || (sub >= CONTROL_PACKET_TOO_BIG && sub <= CONTROL_ACK)) {
        const taken = controlReceive(link, sub, body, bodyLength, nowMs);
        if (sub == CONTROL_NO_ROUTE && taken == Status.Ok) {
          conduct(link, false);
          forwardRefused(link, signalDestination(body), nowMs);
        }
        return taken;
      }
      return linkControlReceive(link, sub, body, bodyLength, nowMs);
    case CONTEXT_RESERVATION:
      return reservationReceive(link, sub, body, bodyLength, nowMs);
    default:
      // Payment, DHT, Pub, names and the market are for the host, or for parts to come.
      packetReport(packet, length, link);
      return Status.Ok;
  }
}
