/**
 * The Mehr packet: destination, no source (digest 1 section 2.2, H1; registry section 1).
 *
 *   0 header u8 | 1 hops u8 | 2 destination 16 | 18 context u8 | 19 DATA, 0-465 in the relay profile
 *
 * Header bits: 7 and 6 zero (access code, two addresses: never sent), 5 ratchet in DATA, 4 forwarded, 3-2 destination
 * type, 1-0 packet type. Only the seven combinations below are in use; every other value is refused, so a header bit can
 * get a meaning later without an old relay having carried it in ignorance.
 */
import { Status } from "../abi";
import { PACKET_BYTES } from "../profile";

export const PACKET_HEADER_SIZE: u32 = 19;
/** Packet size every link carries (transport class Constrained, digest 1 section 1.3). */
export const MTU_MIN: u32 = 484;
/** The largest packet of this profile. */
export const PACKET_MAX: u32 = PACKET_BYTES;
export const PACKET_DATA_MAX: u32 = PACKET_MAX - PACKET_HEADER_SIZE;
/** A packet that has passed more relays than this is dropped (H27). */
export const HOPS_MAX: u32 = 128;

const HEADER: usize = 0;
const HOPS: usize = 1;
const DESTINATION: usize = 2;
const CONTEXT: usize = 18;
const DATA: usize = 19;

// Byte 0 in use.
export const HEADER_ONE_HOP: u32 = 0x00;
export const HEADER_ANNOUNCE: u32 = 0x01;
export const HEADER_LINK_REQUEST: u32 = 0x02;
export const HEADER_LINK_DATA: u32 = 0x0c;
export const HEADER_LINK_PROOF: u32 = 0x0f;
export const HEADER_FORWARDED: u32 = 0x10;
export const HEADER_FORWARDED_RATCHET: u32 = 0x30;

// Contexts (registry section 2).
export const CONTEXT_NONE: u32 = 0x00;
export const CONTEXT_GOSSIP: u32 = 0xf0;
export const CONTEXT_LINK_CONTROL: u32 = 0xf1;
export const CONTEXT_PROBE: u32 = 0xf2;
export const CONTEXT_RESERVATION: u32 = 0xf3;
export const CONTEXT_SOCIAL: u32 = 0xf7;
export const CONTEXT_MARKET: u32 = 0xf8;
export const CONTEXT_ONION: u32 = 0xf9;
export const CONTEXT_KEEPALIVE: u32 = 0xfa;
export const CONTEXT_IDENTIFY: u32 = 0xfb;
export const CONTEXT_CLOSE: u32 = 0xfc;
export const CONTEXT_LINK_PROOF: u32 = 0xff;

// Sub-types of F7 that travel outside an end-to-end box (registry section 2).
const SOCIAL_GEO_PROBE: u32 = 0x0e;
const SOCIAL_WITNESS: u32 = 0x0f;
const SOCIAL_VOICE_FRAME: u32 = 0x18;

// DATA sizes of the packets that have no sub-type (registry section 1).
const ANNOUNCE_MIN: u32 = 113;
const LINK_REQUEST_SIZE: u32 = 44;
const LINK_PROOF_SIZE: u32 = 139;
const IDENTIFY_SIZE: u32 = 96;
const END_TO_END_MIN: u32 = 48;
const END_TO_END_RATCHET_MIN: u32 = 52;
const ONION_MIN: u32 = 65;

/** DATA is exactly `size` bytes. */
function exactly(data: u32, size: u32): Status {
  return data == size ? Status.Ok : data < size ? Status.Short : Status.Long;
}

function atLeast(data: u32, size: u32): Status {
  return data < size ? Status.Short : Status.Ok;
}

/** Context and DATA size of a packet that only crosses one hop: header 00. */
function checkOneHop(context: u32, data: u32): Status {
  // Gossip, link control and F3-F8; F2 and F9 are forwarded, E4 and E8 only ever travel inside an end-to-end box.
  if (context < CONTEXT_GOSSIP || context > CONTEXT_MARKET || context == CONTEXT_PROBE) return Status.BadContext;
  // The first byte of DATA is the sub-type.
  return atLeast(data, 1);
}

/** Context and DATA size of a packet that relays forward: headers 10 and 30. */
function checkForwarded(context: u32, data: u32, ratchet: bool): Status {
  if (context == CONTEXT_NONE) return atLeast(data, ratchet ? END_TO_END_RATCHET_MIN : END_TO_END_MIN);
  if (ratchet) return Status.BadContext;
  if (context == CONTEXT_ONION) return atLeast(data, ONION_MIN);
  if (context == CONTEXT_PROBE || context == CONTEXT_SOCIAL) return atLeast(data, 1);
  return Status.BadContext;
}

/** Context and DATA size of a packet addressed to a link: header 0C. */
function checkLinkData(context: u32, data: u32): Status {
  if (context == CONTEXT_IDENTIFY) return exactly(data, IDENTIFY_SIZE);
  if (context == CONTEXT_KEEPALIVE || context == CONTEXT_CLOSE) return exactly(data, 0);
  return Status.BadContext;
}

/**
 * Checks `length` bytes at `packet`: size, a header in use, a context that goes with it, the DATA size the two imply, and
 * the hop count. The views below are valid after Ok.
 */
export function checkPacket(packet: usize, length: u32): Status {
  if (length < PACKET_HEADER_SIZE) return Status.Short;
  if (length > PACKET_MAX) return Status.Long;
  const status = checkHeader(packetHeader(packet), packetContext(packet), length - PACKET_HEADER_SIZE);
  if (status != Status.Ok) return status;
  if (packetContext(packet) == CONTEXT_SOCIAL) {
    const sub: u32 = load<u8>(packetData(packet));
    const forwarded = packetHeader(packet) == HEADER_FORWARDED;
    if (forwarded ? sub != SOCIAL_VOICE_FRAME : sub != SOCIAL_GEO_PROBE && sub != SOCIAL_WITNESS)
      return Status.BadContext;
  }
  if (packetHops(packet) > HOPS_MAX) return Status.HopLimit;
  return Status.Ok;
}

/** The part of checkPacket that needs no memory: header, context and DATA size must fit together. */
function checkHeader(header: u32, context: u32, data: u32): Status {
  switch (header) {
    case HEADER_ONE_HOP:
      return checkOneHop(context, data);
    case HEADER_LINK_DATA:
      return checkLinkData(context, data);
    case HEADER_FORWARDED:
      return checkForwarded(context, data, false);
    case HEADER_FORWARDED_RATCHET:
      return checkForwarded(context, data, true);
    case HEADER_ANNOUNCE:
      return context != CONTEXT_NONE ? Status.BadContext : atLeast(data, ANNOUNCE_MIN);
    case HEADER_LINK_REQUEST:
      return context != CONTEXT_NONE ? Status.BadContext : exactly(data, LINK_REQUEST_SIZE);
    case HEADER_LINK_PROOF:
      return context != CONTEXT_LINK_PROOF ? Status.BadContext : exactly(data, LINK_PROOF_SIZE);
    default:
      return Status.BadHeader;
  }
}

/** Byte 0: one of the HEADER_ values. */
export function packetHeader(packet: usize): u32 {
  return load<u8>(packet + HEADER);
}

/** Relays passed so far. */
export function packetHops(packet: usize): u32 {
  return load<u8>(packet + HOPS);
}

export function packetSetHops(packet: usize, hops: u32): void {
  store<u8>(packet + HOPS, <u8>hops);
}

/** Address of the 16-byte destination: a destination_hash, or a link_id under HEADER_LINK_DATA and HEADER_LINK_PROOF. */
export function packetDestination(packet: usize): usize {
  return packet + DESTINATION;
}

export function packetContext(packet: usize): u32 {
  return load<u8>(packet + CONTEXT);
}

/** Address of DATA, whose size is the packet's length - PACKET_HEADER_SIZE. */
export function packetData(packet: usize): usize {
  return packet + DATA;
}

/**
 * Writes the 19-byte header at `out`; the caller has put `dataLength` bytes of DATA at `packetData(out)` or does so next.
 * Refuses what checkPacket would refuse of the header, leaving `out` as it was.
 */
export function emitPacketHeader(
  out: usize,
  header: u32,
  hops: u32,
  destination: usize,
  context: u32,
  dataLength: u32,
): Status {
  if (dataLength > PACKET_DATA_MAX) return Status.Long;
  const status = checkHeader(header, context, dataLength);
  if (status != Status.Ok) return status;
  if (hops > HOPS_MAX) return Status.HopLimit;
  store<u8>(out + HEADER, <u8>header);
  store<u8>(out + HOPS, <u8>hops);
  memory.copy(out + DESTINATION, destination, 16);
  store<u8>(out + CONTEXT, <u8>context);
  return Status.Ok;
}
