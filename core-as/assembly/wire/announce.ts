/**
 * Announce: how a destination makes itself and the way to it known (digest 1 sections 2.3 and 2.4, H3, H9).
 *
 * Packet with header 01, context 00, at least 132 bytes:
 *   0 header u8 | 1 hops u8 | 2 destination 16 | 18 context u8 | 19 public key 32 | 51 seq u64 | 59 signature 64
 *   123 max_hops u8 | 124 magic u8 = 4E | 125 version u8 | 126 cost code u16 | 128 worst latency in ms u16
 *   130 bottleneck rate code u8 | 131 hop count u8 | 132 TLVs: type u8, length u8, data
 *
 * The origin signs destination, public key, seq, version and the TLVs with types below 80. What relays rewrite, max_hops,
 * the path cost and TLVs from 80 up, rests on the link it comes over. Signed TLVs of unknown type travel on as they are;
 * hop-mutable ones do not, for a relay cannot vouch for what it cannot update.
 */
import { Status } from "../abi";
import { CONTEXT_NONE, emitPacketHeader, HEADER_ANNOUNCE, HOPS_MAX, MTU_MIN, PACKET_HEADER_SIZE } from "./packet";
import { checkVersionSignal } from "./version-signal";

export const ANNOUNCE_MIN: u32 = 132;
/** Signed TLVs an announce may carry: with its MTU TLV it then fits one LoRa link frame of 254 bytes, a packet of 230. */
export const ANNOUNCE_TLVS_MAX: u32 = 93;
/** What that comes to. */
export const ANNOUNCE_MAX: u32 = 230;

const PUBLIC_KEY: usize = 19;
const SEQUENCE: usize = 51;
const SIGNATURE: usize = 59;
const MAX_HOPS: usize = 123;
const MAGIC: usize = 124;
const VERSION: usize = 125;
const COST: usize = 126;
const LATENCY: usize = 128;
const RATE: usize = 130;
const HOPS: usize = 131;
const TLVS: usize = 132;

const EXTENSION_MAGIC: u8 = 0x4e;
export const PROTOCOL_VERSION: u32 = 0x10;

export const TLV_EXTENDED_VERSION: u32 = 0x01;
export const TLV_NODE: u32 = 0x02;
export const TLV_VERSION_SIGNAL: u32 = 0x03;
export const TLV_RATCHET: u32 = 0x04;
export const TLV_MTU: u32 = 0x82;
/** Types from here on are hop-mutable. */
const TLV_MUTABLE: u32 = 0x80;

/** The length a TLV of this type must have is `size`, whose data is at `data`. */
function tlvFits(type: u32, data: usize, size: u32): bool {
  switch (type) {
    case TLV_EXTENDED_VERSION:
    case TLV_NODE:
      return size == 4;
    case TLV_RATCHET:
      return size == 32;
    case TLV_MTU:
      return size == 2 && <u32>load<u16>(data) >= MTU_MIN;
    case TLV_VERSION_SIGNAL:
      return checkVersionSignal(data, size) == Status.Ok;
    default:
      return true;
  }
}

/**
 * Checks `length` bytes at `packet` that passed checkPacket with HEADER_ANNOUNCE. Ok, Short, Long, BadField (another
 * magic, more than 128 hops), BadVersion (another major version), or BadTlv. The views below are valid after Ok.
 */
export function checkAnnounce(packet: usize, length: u32): Status {
  if (length < ANNOUNCE_MIN) return Status.Short;
  if (length > ANNOUNCE_MAX) return Status.Long;
  if (load<u8>(packet, MAGIC) != EXTENSION_MAGIC) return Status.BadField;
  if ((<u32>load<u8>(packet, VERSION)) >> 4 != PROTOCOL_VERSION >> 4) return Status.BadVersion;
  if (announceMaxHops(packet) > HOPS_MAX || announceHops(packet) > HOPS_MAX) return Status.BadField;
  const end = packet + length;
  let signed: u32 = 0;
  let at = packet + TLVS;
  while (at < end) {
    if (end - at < 2) return Status.BadTlv;
    const type: u32 = load<u8>(at);
    const size: u32 = load<u8>(at, 1);
    const data = at + 2;
    if (size > <u32>(end - data) || !tlvFits(type, data, size)) return Status.BadTlv;
    // A type that comes twice is found at its first place.
    if (announceTlv(packet, length, type) != data) return Status.BadTlv;
    if (type < TLV_MUTABLE) signed += 2 + size;
    at = data + size;
  }
  return signed > ANNOUNCE_TLVS_MAX ? Status.BadTlv : Status.Ok;
}

/** Address of the data of the first TLV of this type from `at` on, its length in the byte in front, or 0. */
export function tlvFind(at: usize, end: usize, type: u32): usize {
  while (at < end) {
    if (<u32>load<u8>(at) == type) return at + 2;
    at += 2 + <usize>load<u8>(at, 1);
  }
  return 0;
}

/** The same for the TLVs of an announce of `length` bytes. */
export function announceTlv(packet: usize, length: u32, type: u32): usize {
  return tlvFind(packet + TLVS, packet + length, type);
}

/** Address of the 32-byte Ed25519 public key. */
export function announcePublicKey(packet: usize): usize {
  return packet + PUBLIC_KEY;
}

export function announceSequence(packet: usize): u64 {
  return load<u64>(packet, SEQUENCE);
}

/** Address of the 64-byte signature. */
export function announceSignature(packet: usize): usize {
  return packet + SIGNATURE;
}

/** Relays that may still pass it on. */
export function announceMaxHops(packet: usize): u32 {
  return load<u8>(packet, MAX_HOPS);
}

export function announceVersion(packet: usize): u32 {
  return load<u8>(packet, VERSION);
}

/** Cost code of the path from the sender on, its own price included. */
export function announceCost(packet: usize): u32 {
  return load<u16>(packet, COST);
}

/** Worst latency of a hop on that path, in ms. */
export function announceLatency(packet: usize): u32 {
  return load<u16>(packet, LATENCY);
}

/** Code of the lowest bit rate on that path; 255 from the origin. */
export function announceRate(packet: usize): u32 {
  return load<u8>(packet, RATE);
}

/** Relays on that path, the sender among them unless it is the origin. */
export function announceHops(packet: usize): u32 {
  return load<u8>(packet, HOPS);
}

/** Largest packet that path carries: TLV 82, 484 without it. */
export function announceMtu(packet: usize, length: u32): u32 {
  const at = announceTlv(packet, length, TLV_MTU);
  return at == 0 ? MTU_MIN : load<u16>(at);
}

/** Copies the signed TLVs in their order to `out` (at most ANNOUNCE_TLVS_MAX bytes); their size. */
export function announceSignedTlvs(out: usize, packet: usize, length: u32): u32 {
  const end = packet + length;
  let at = packet + TLVS;
  let size: u32 = 0;
  while (at < end) {
    const whole: u32 = 2 + <u32>load<u8>(at, 1);
    if (<u32>load<u8>(at) < TLV_MUTABLE) {
      memory.copy(out + size, at, whole);
      size += whole;
    }
    at += whole;
  }
  return size;
}

/** Writes the record that is signed, without its tag, at `out` (at most 150 bytes): its size. */
export function announceRecord(out: usize, packet: usize, length: u32): u32 {
  memory.copy(out, packet + 2, 16);
  memory.copy(out + 16, packet + PUBLIC_KEY, 40);
  store<u8>(out, load<u8>(packet, VERSION), 56);
  return 57 + announceSignedTlvs(out + 57, packet, length);
}

/**
 * Writes an announce at `out` as its origin sends it: 128 hops to go, a path of no cost. `tlvs` are the signed ones. The
 * length of the packet.
 */
export function emitAnnounce(
  out: usize,
  destination: usize,
  publicKey: usize,
  sequence: u64,
  signature: usize,
  version: u32,
  tlvs: usize,
  tlvsSize: u32,
): u32 {
  const length = ANNOUNCE_MIN + tlvsSize;
  emitPacketHeader(out, HEADER_ANNOUNCE, 0, destination, CONTEXT_NONE, length - PACKET_HEADER_SIZE);
  memory.copy(out + PUBLIC_KEY, publicKey, 32);
  store<u64>(out, sequence, SEQUENCE);
  memory.copy(out + SIGNATURE, signature, 64);
  store<u8>(out, EXTENSION_MAGIC, MAGIC);
  store<u8>(out, <u8>version, VERSION);
  memory.copy(out + TLVS, tlvs, tlvsSize);
  announceSetPath(out, HOPS_MAX, 0, 0, 0, 255);
  return length;
}

/** Writes what a relay may: hops to go, cost code, latency in ms, rate code and hop count; the packet's hop byte too. */
export function announceSetPath(packet: usize, maxHops: u32, hops: u32, cost: u32, latency: u32, rate: u32): void {
  store<u8>(packet, <u8>hops, 1);
  store<u8>(packet, <u8>maxHops, MAX_HOPS);
  store<u16>(packet, <u16>cost, COST);
  store<u16>(packet, <u16>latency, LATENCY);
  store<u8>(packet, <u8>rate, RATE);
  store<u8>(packet, <u8>hops, HOPS);
}

/** Appends the MTU TLV to an announce that has none, unless the path carries 484 bytes only; the new length. */
export function announceAddMtu(packet: usize, length: u32, mtu: u32): u32 {
  if (mtu <= MTU_MIN) return length;
  const at = packet + length;
  store<u8>(at, <u8>TLV_MTU);
  store<u8>(at, 2, 1);
  store<u16>(at, <u16>mtu, 2);
  return length + 4;
}
