/**
 * The end-to-end box in the DATA of a forwarded packet (digest 1 section 3.3, H22 to H24; registry section 1).
 *
 *   header 10: 0 ephemeral 32 | 32 ciphertext | tag 16            header 30: the same behind ratchet_id 4
 *
 * Plaintext under context 00: 0 context u8 | 1 sub-type u8 | 2 data, so that relays do not see the family. Under F9, a
 * layer of an onion: 0 next destination 16 | 16 next context u8 | 17 its DATA, which is the next packet from its
 * byte 2 on.
 *
 * What the tag covers beside the text: destination, context and ratchet_id, one behind the other as they lie in the
 * packet.
 */
import { Status } from "../abi";
import { HEADER_FORWARDED_RATCHET, packetData, packetDestination, packetHeader, PACKET_HEADER_SIZE } from "./packet";

const EPHEMERAL_SIZE: u32 = 32;
const RATCHET_ID_SIZE: u32 = 4;
const TAG_SIZE: u32 = 16;
/** What a box adds to its plaintext, less the ratchet_id. */
export const ENVELOPE_OVERHEAD: u32 = EPHEMERAL_SIZE + TAG_SIZE;
/** Context and sub-type in front of the data. */
export const ENVELOPE_TEXT_HEAD: u32 = 2;
/** How far the next packet begins behind the one its layer is in. */
export const ONION_OFFSET: u32 = PACKET_HEADER_SIZE + EPHEMERAL_SIZE - 2;
/** What a layer adds to a packet. */
export const ONION_OVERHEAD: u32 = ONION_OFFSET + TAG_SIZE;

const CONTEXT_STORE: u32 = 0xe4;
const CONTEXT_COMPUTE: u32 = 0xe8;
const CONTEXT_PAYMENT: u32 = 0xf4;
const CONTEXT_MARKET: u32 = 0xf8;

/** Whether a family travels inside a box (registry section 2): E4, E8, F4 to F8. Ok or BadContext. */
export function checkInnerContext(context: u32): Status {
  const inside =
    context == CONTEXT_STORE || context == CONTEXT_COMPUTE || (context >= CONTEXT_PAYMENT && context <= CONTEXT_MARKET);
  return inside ? Status.Ok : Status.BadContext;
}

/** Size of the ratchet_id that a packet with this byte 0 has in front of the box: 4 or 0. */
export function envelopeRatchetSize(header: u32): u32 {
  return header == HEADER_FORWARDED_RATCHET ? RATCHET_ID_SIZE : 0;
}

/** Address and length of what the tag covers beside the text. */
export function envelopeAad(packet: usize): usize {
  return packetDestination(packet);
}
export function envelopeAadLength(packet: usize): u32 {
  return 17 + envelopeRatchetSize(packetHeader(packet));
}

/** Address of the ephemeral public key. */
export function envelopeEphemeral(packet: usize): usize {
  return packetData(packet) + <usize>envelopeRatchetSize(packetHeader(packet));
}

/** Address of the text, sealed or open. */
export function envelopeText(packet: usize): usize {
  return envelopeEphemeral(packet) + <usize>EPHEMERAL_SIZE;
}

/** Length of the text in a packet of `length` bytes that checkPacket let pass. */
export function envelopeTextLength(packet: usize, length: u32): u32 {
  return length - PACKET_HEADER_SIZE - ENVELOPE_OVERHEAD - envelopeRatchetSize(packetHeader(packet));
}
