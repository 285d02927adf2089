/**
 * Probes: what size and speed a path really has (digest 1 section 2.6, H15, H20).
 *
 * Only where the next link carries 10 kbps or more, only once a minute for each destination. A relay keeps the way back
 * for two minutes, the cap of H15, since it does not know how long the rest of the path is.
 */
import { Counter, Event, event, Status } from "../abi";
import { linkBitrate, linkMtu, NO_LINK } from "../link/links";
import { mediumBuffer } from "../link/medium";
import {
  PROBE_EVENT_BPS,
  PROBE_EVENT_ID,
  PROBE_EVENT_MTU,
  PROBE_EVENT_RECEIVED_SIZE,
  PROBE_EVENT_ROUND_TRIP_MS,
  PROBE_EVENT_SIZE,
} from "../reports.gen";
import { count } from "../state/counters";
import {
  CONTEXT_PROBE,
  emitPacketHeader,
  HEADER_FORWARDED,
  PACKET_DATA_MAX,
  PACKET_HEADER_SIZE,
  packetData,
  packetDestination,
} from "../wire/packet";
import {
  checkProbe,
  emitProbeRequest,
  emitProbeResponse,
  PROBE_REQUEST,
  PROBE_REQUEST_MIN,
  PROBE_RESPONSE,
  PROBE_RESPONSE_SIZE,
  probeBps,
  probeId,
  probeMtu,
  probeSize,
  probeTimestamp,
} from "../wire/probe";
import { forwardHash, forwardOwn, forwardSeen } from "./forward";
import { queueAdd } from "./queue";
import { REVERSE_PROBE, REVERSE_PROBED, reverseFind, reverseRemember } from "./reverse";

export const PROBE_BPS_MIN: u32 = 10_000;
export const PROBE_TIMEOUT_MS: u64 = 120_000;
const PROBE_INTERVAL_MS: u64 = 60_000;
/** P2, Balanced. */
const QOS_PROBE: u32 = 0x80;
const FUNDED: u32 = 1;

/** id of the last probe sent u32. */
export const PROBE: usize = memory.data(4, 4);
export const PROBE_SIZE: u32 = 4;

const RESPONSE: usize = memory.data(38, 8);
const RESULT: usize = memory.data(30, 8);

export function probeReset(): void {
  store<u32>(PROBE, 0);
}

/** Probes the path to `destination` with a body of `size` bytes. Ok; BadField: the size, too often, a slow link; as forwardOwn. */
export function probeStart(destination: usize, size: u32, nowMs: u64): Status {
  if (size < PROBE_REQUEST_MIN || size > PACKET_DATA_MAX - 1) return Status.BadField;
  if (reverseFind(REVERSE_PROBED, destination, nowMs) >= 0) return Status.BadField;
  const id = (load<u32>(PROBE) + 1) & 0xffff;
  store<u32>(PROBE, id);
  // The wired interfaces' buffer is in use within on_timer only, and this is called by a command.
  const packet = mediumBuffer(1);
  emitPacketHeader(packet, HEADER_FORWARDED, 0, destination, CONTEXT_PROBE, size + 1);
  store<u8>(packetData(packet), <u8>PROBE_REQUEST);
  emitProbeRequest(packetData(packet) + 1, id, size, nowMs);
  const sent = forwardOwn(packet, PACKET_HEADER_SIZE + 1 + size, QOS_PROBE, NO_LINK, nowMs);
  if (sent == Status.Ok) reverseRemember(REVERSE_PROBED, destination, NO_LINK, nowMs + PROBE_INTERVAL_MS, nowMs);
  return sent;
}

/** A probe for one of this node's destinations, checked by checkPacket, came by `linkIn`: it is answered. */
export function probeReceive(packet: usize, length: u32, linkIn: u32, nowMs: u64): Status {
  const body = packetData(packet) + 1;
  const sub: u32 = load<u8>(packetData(packet));
  const checked = checkProbe(sub, body, length - PACKET_HEADER_SIZE - 1);
  if (checked != Status.Ok) return checked;
  if (sub != PROBE_REQUEST) return Status.BadSubtype;
  const dataLength = 1 + PROBE_RESPONSE_SIZE;
  emitPacketHeader(RESPONSE, HEADER_FORWARDED, 0, packetDestination(packet), CONTEXT_PROBE, dataLength);
  store<u8>(packetData(RESPONSE), <u8>PROBE_RESPONSE);
  emitProbeResponse(packetData(RESPONSE) + 1, body, linkMtu(linkIn), linkBitrate(linkIn));
  const size = PACKET_HEADER_SIZE + dataLength;
  const seen = forwardSeen(RESPONSE, size, NO_LINK, nowMs);
  if (seen != Status.Ok) return seen;
  return queueAdd(RESPONSE, size, QOS_PROBE, linkIn, NO_LINK, FUNDED, forwardHash(), nowMs);
}

/** The answer to a probe, checked, goes back the way the probe came; its end is the node that asked. NoRoute: unknown. */
export function probeBack(packet: usize, length: u32, qos: u32, linkIn: u32, hash: usize, nowMs: u64): Status {
  const body = packetData(packet) + 1;
  const destination = packetDestination(packet);
  const back = reverseFind(REVERSE_PROBE + probeId(body), destination, nowMs);
  if (back < 0) {
    count(Counter.PacketsNoRoute);
    return Status.NoRoute;
  }
  if (<u32>back != NO_LINK) return queueAdd(packet, length, qos, back, linkIn, FUNDED, hash, nowMs);
  const rtt = nowMs - probeTimestamp(body);
  if (rtt > PROBE_TIMEOUT_MS) return Status.BadField;
  // Bits that arrived, over half the round trip; no more than the responder's own link carries.
  const bps = (16_000 * <u64>probeSize(body)) / max<u64>(rtt, 1);
  memory.copy(RESULT, destination, 16);
  store<u16>(RESULT, <u16>probeId(body), PROBE_EVENT_ID);
  store<u32>(RESULT, <u32>rtt, PROBE_EVENT_ROUND_TRIP_MS);
  store<u16>(RESULT, <u16>probeSize(body), PROBE_EVENT_RECEIVED_SIZE);
  store<u16>(RESULT, <u16>probeMtu(body), PROBE_EVENT_MTU);
  store<u32>(RESULT, <u32>min<u64>(bps, <u64>probeBps(body)), PROBE_EVENT_BPS);
  event(Event.ProbeResult, RESULT, PROBE_EVENT_SIZE);
  return Status.Ok;
}
