/**
 * Onions (H24): a packet inside the end-to-end box of a relay, inside that of the relay before, up to three deep.
 *
 * The plaintext of a layer is the next packet from its byte 2 on (wire/envelope.ts), so layers are put on and taken off
 * without moving a byte. Bytes 0 and 1 are not in it: a peeled packet has header 10 and no hops behind it, as if it
 * began here. With no place for the ratchet bit, what is inside an onion is sealed to static keys. Inside are end-to-end
 * boxes and further layers, nothing else: a relay must not be made to send a stranger's probe or voice as its own.
 */
import { Status } from "../abi";
import { sameId } from "../state/destinations";
import { ENVELOPE_OVERHEAD, ONION_OFFSET, ONION_OVERHEAD } from "../wire/envelope";
import {
  checkPacket,
  CONTEXT_NONE,
  CONTEXT_ONION,
  emitPacketHeader,
  HEADER_FORWARDED,
  packetContext,
  packetDestination,
} from "../wire/packet";
import { boxOpen, boxSeal } from "./envelope";

export const ONION_HOPS_MAX: u32 = 3;

/**
 * Puts the packet of `length` bytes in a layer for the relay with this address and Ed25519 public key. The layer's packet
 * begins ONION_OFFSET bytes in front, where there must be room. Its length; or minus BadField for a second layer for the
 * same relay, which it would refuse; or minus Long, BadPoint, SmallOrder or NoEntropy.
 */
export function onionWrap(packet: usize, length: u32, relay: usize, publicKey: usize): i32 {
  if (packetContext(packet) == CONTEXT_ONION && sameId(packetDestination(packet), relay)) return -Status.BadField;
  const outer = packet - <usize>ONION_OFFSET;
  // The text of the layer is what follows bytes 0 and 1.
  const text = length - 2;
  let status = emitPacketHeader(outer, HEADER_FORWARDED, 0, relay, CONTEXT_ONION, ENVELOPE_OVERHEAD + text);
  if (status == Status.Ok) status = boxSeal(outer, publicKey, text);
  return status == Status.Ok ? <i32>(length + ONION_OVERHEAD) : -status;
}

/**
 * Takes off the layer that a packet of `length` bytes, which passed checkPacket, carries for destination `index`. What
 * was inside begins ONION_OFFSET bytes further on and passed checkPacket too. Its length; or minus a Status: that of
 * boxOpen, and the packet is as it was; that of checkPacket; or BadContext.
 */
export function onionPeel(packet: usize, length: u32, index: u32): i32 {
  const opened = boxOpen(packet, length, index);
  if (opened < 0) return opened;
  const inner = packet + <usize>ONION_OFFSET;
  store<u16>(inner, <u16>HEADER_FORWARDED);
  let status = checkPacket(inner, <u32>opened + 2);
  const context = packetContext(inner);
  if (status == Status.Ok && context != CONTEXT_NONE && context != CONTEXT_ONION) status = Status.BadContext;
  return status == Status.Ok ? opened + 2 : -status;
}
