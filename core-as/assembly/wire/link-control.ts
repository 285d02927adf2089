/**
 * Link control, context F1: what neighbours tell each other about their link (registry section 3; digest 1 sections 1.3
 * and 2.9, H19, H21, H31, H40). A packet of header 00, to the neighbour's node_id; DATA = sub-type u8, body.
 *
 *   01 CongestionSignal  0 severity 2 bits, scope 2 bits, reserved 4 bits | 1 drain_ms u16
 *   02 Rekey             0 phase u8, 0 or 1 | 1 ephemeral public key 32
 *   03 RekeyAck          the same
 *   04 Ping              0 own clock u64
 *   05 Pong              0 echo u64 | 8 own clock u64
 *   06 PacketTooBig      0 destination 16 | 16 link_mtu u16
 *   07 NoRoute           0 destination 16
 *   08 PacketAck         0 packet_hash[0..8]   (ours: a packet arrived over the radio; docs/protocol.md)
 *   09 GroupKey          0 key 32 | 32 tag of the peer's key held u16, 0 if none | 34 next counter u32   (ours, as 0A; link/group.ts)
 *   0A GroupKeyAck       0 tag u16
 *
 * "Body" below is the address behind the sub-type byte. All views need a body that checkLinkControl called Ok.
 */
import { Status } from "../abi";
import { CONTEXT_LINK_CONTROL, emitPacketHeader, HEADER_ONE_HOP, MTU_MIN, PACKET_HEADER_SIZE } from "./packet";

// Sub-types.
export const CONTROL_CONGESTION: u32 = 1;
export const CONTROL_REKEY: u32 = 2;
export const CONTROL_REKEY_ACK: u32 = 3;
export const CONTROL_PING: u32 = 4;
export const CONTROL_PONG: u32 = 5;
export const CONTROL_PACKET_TOO_BIG: u32 = 6;
export const CONTROL_NO_ROUTE: u32 = 7;
export const CONTROL_ACK: u32 = 8;
export const CONTROL_GROUP_KEY: u32 = 9;
export const CONTROL_GROUP_KEY_ACK: u32 = 10;

/** How full the sender's queue is: what its neighbour is to do about it (digest 1 section 2.9). */
export enum Severity {
  /** Send a quarter less. */
  Moderate = 0,
  /** Send half, lead P2 and P3 elsewhere. */
  Severe = 1,
  /** Stop P2 and P3, throttle P1. */
  Saturated = 2,
}

export enum CongestionScope {
  /** The link the signal came over. */
  ThisLink = 0,
  /** Everything the sender relays. */
  AllOutbound = 1,
}

/** Body sizes by sub-type. */
const SIZES: usize = memory.data<u8>([0, 3, 33, 33, 8, 16, 18, 16, 8, 38, 2]);

/** Offset of the body in the packet: behind the header and the sub-type. */
export const LINK_CONTROL_BODY: u32 = PACKET_HEADER_SIZE + 1;

/** Checks `length` bytes at `body`: BadSubtype, Short, Long, or BadField for a value no version uses. */
export function checkLinkControl(sub: u32, body: usize, length: u32): Status {
  if (sub < CONTROL_CONGESTION || sub > CONTROL_GROUP_KEY_ACK) return Status.BadSubtype;
  const size: u32 = load<u8>(SIZES + <usize>sub);
  if (length != size) return length < size ? Status.Short : Status.Long;
  // Reserved bits of the congestion signal are for a later minor version and ignored; its fourth severity is none.
  if (sub == CONTROL_CONGESTION) {
    if (congestionSeverity(body) > <u32>Severity.Saturated || congestionScope(body) > <u32>CongestionScope.AllOutbound)
      return Status.BadField;
  }
  if ((sub == CONTROL_REKEY || sub == CONTROL_REKEY_ACK) && load<u8>(body) > 1) return Status.BadField;
  // Every link carries MTU_MIN, so no packet of that size was ever too big.
  if (sub == CONTROL_PACKET_TOO_BIG && tooBigMtu(body) < MTU_MIN) return Status.BadField;
  return Status.Ok;
}

/**
 * Writes packet header and sub-type (1-10) at `out`, to the neighbour `destination`; the body goes to
 * `out + LINK_CONTROL_BODY`. The size of the whole packet.
 */
export function emitLinkControl(out: usize, destination: usize, sub: u32): u32 {
  const data = 1 + <u32>load<u8>(SIZES + <usize>sub);
  emitPacketHeader(out, HEADER_ONE_HOP, 0, destination, CONTEXT_LINK_CONTROL, data);
  store<u8>(out, <u8>sub, PACKET_HEADER_SIZE);
  return PACKET_HEADER_SIZE + data;
}

/** A Severity. */
export function congestionSeverity(body: usize): u32 {
  return (<u32>load<u8>(body)) >> 6;
}

/** A CongestionScope. */
export function congestionScope(body: usize): u32 {
  return ((<u32>load<u8>(body)) >> 4) & 3;
}

/** Milliseconds until the sender expects its queue to be empty. */
export function congestionDrainMs(body: usize): u32 {
  return load<u16>(body, 1);
}

export function emitCongestionSignal(body: usize, severity: u32, scope: u32, drainMs: u32): void {
  store<u8>(body, <u8>((severity << 6) | (scope << 4)));
  store<u16>(body, <u16>min<u32>(drainMs, 0xffff), 1);
}

/** Key phase the new key will have, 0 or 1. */
export function rekeyPhase(body: usize): u32 {
  return load<u8>(body);
}

/** Address of the ephemeral public key, 32 bytes. */
export function rekeyPublicKey(body: usize): usize {
  return body + 1;
}

/** Writes a Rekey or RekeyAck. */
export function emitRekey(body: usize, phase: u32, publicKey: usize): void {
  store<u8>(body, <u8>phase);
  memory.copy(body + 1, publicKey, 32);
}

/** The sender's clock in ms; in a Pong the clock of the Ping it answers. */
export function pingClock(body: usize): u64 {
  return load<u64>(body);
}

/** The answering node's clock in ms. */
export function pongClock(body: usize): u64 {
  return load<u64>(body, 8);
}

export function emitPing(body: usize, clock: u64): void {
  store<u64>(body, clock);
}

export function emitPong(body: usize, echo: u64, clock: u64): void {
  store<u64>(body, echo);
  store<u64>(body, clock, 8);
}

/** Address of the 16-byte destination of a PacketTooBig or NoRoute. */
export function signalDestination(body: usize): usize {
  return body;
}

/** Largest packet the link behind carries, in bytes. */
export function tooBigMtu(body: usize): u32 {
  return load<u16>(body, 16);
}

export function emitPacketTooBig(body: usize, destination: usize, mtu: u32): void {
  memory.copy(body, destination, 16);
  store<u16>(body, <u16>mtu, 16);
}

export function emitNoRoute(body: usize, destination: usize): void {
  memory.copy(body, destination, 16);
}
