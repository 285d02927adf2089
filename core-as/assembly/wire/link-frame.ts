/**
 * The link frame: what crosses one hop (H30, H6; registry section 1).
 *
 *   link data     0 kind u8 | 1 link_tag 2 | 3 counter, low 24 bits | 6 ciphertext of qos 1, packet, padding | tag 16
 *   clear packet  0 kind u8 | 1 packet, padding
 *   beacon        0 kind u8 | 1 PresenceBeacon 20
 *
 *   kind: bits 7-6 00 link data, 01 clear packet, 10 beacon, 11 refused; bit 5 key phase (link data only); rest zero
 *
 * On the radio, data and clear frames have fixed sizes and end in padding 80 00 .. 00, so that lengths tell a listener
 * nothing. On a wire there is padding only in link data whose qos asks for it.
 */
import { Status } from "../abi";
import { PACKET_BYTES } from "../profile";
import { BEACON_SIZE } from "./beacon";
import { LINK_PROOF_SIZE, LINK_REQUEST_SIZE } from "./link-setup";
import { PACKET_HEADER_SIZE } from "./packet";

export const LINK_FRAME_HEADER_SIZE: u32 = 1;

export const KIND_DATA: u32 = 0x00;
export const KIND_DATA_PHASE_1: u32 = 0x20;
export const KIND_CLEAR: u32 = 0x40;
export const KIND_BEACON: u32 = 0x80;

/** Size every unsplit data or clear link frame has on LoRa. */
export const LORA_LINK_FRAME_SIZE: u32 = 254;
/** Size of one that takes two air frames. */
export const LORA_LINK_FRAME_LONG: u32 = 508;

/** Kind, tag and counter: the associated data of the box behind them. */
export const LINK_DATA_HEADER_SIZE: u32 = 6;
export const LINK_DATA_TAG_SIZE: u32 = 16;
/** Link data beyond its packet: header, qos, tag. */
export const LINK_DATA_OVERHEAD: u32 = 23;
/** The largest link frame on a wire: a packet and at least one byte of padding. */
export const WIRE_LINK_FRAME_MAX: u32 = LINK_DATA_OVERHEAD + PACKET_BYTES + 1;

const TAG: usize = 1;
const COUNTER: usize = 3;
const COUNTER_MASK: u32 = 0xffffff;

/** The kind byte. Check it with checkLinkFrame first. */
export function linkFrameKind(frame: usize): u32 {
  return load<u8>(frame);
}

/** Address of what follows the kind byte. */
export function linkFrameBody(frame: usize): usize {
  return frame + LINK_FRAME_HEADER_SIZE;
}

/** Key phase of link data, 0 or 1. */
export function linkFramePhase(frame: usize): u32 {
  return linkFrameKind(frame) >> 5;
}

/** link_tag of link data: the first two bytes of the link_id. */
export function linkFrameTag(frame: usize): u32 {
  return load<u16>(frame + TAG);
}

/** Low 24 bits of the counter of link data. */
export function linkFrameCounter(frame: usize): u32 {
  return load<u32>(frame + COUNTER) & COUNTER_MASK;
}

/** Writes the six bytes in front of the box. */
export function emitLinkDataHeader(out: usize, phase: u32, tag: u32, counter: u32): void {
  store<u8>(out, <u8>(phase << 5));
  store<u16>(out + TAG, <u16>tag);
  store<u16>(out + COUNTER, <u16>counter);
  store<u8>(out + COUNTER, <u8>(counter >> 16), 2);
}

/** Within two sizes; Short or Long otherwise. */
function within(length: u32, least: u32, most: u32): Status {
  return length < least ? Status.Short : length > most ? Status.Long : Status.Ok;
}

/**
 * Checks `length` bytes at `frame`: a kind in use, and a size the kind has on the radio (beacon 21, clear 254, data 254
 * or 508) or on a wire (beacon 21, clear 1 + 63 or 1 + 158, data 42 to WIRE_LINK_FRAME_MAX). BadKind, Short, Long.
 */
export function checkLinkFrame(frame: usize, length: u32, radio: bool): Status {
  if (length < LINK_FRAME_HEADER_SIZE) return Status.Short;
  const kind = linkFrameKind(frame);
  if (kind == KIND_BEACON) {
    return within(length, LINK_FRAME_HEADER_SIZE + BEACON_SIZE, LINK_FRAME_HEADER_SIZE + BEACON_SIZE);
  }
  const data = kind == KIND_DATA || kind == KIND_DATA_PHASE_1;
  if (!data && kind != KIND_CLEAR) return Status.BadKind;
  if (radio) {
    const most = data && length > LORA_LINK_FRAME_SIZE ? LORA_LINK_FRAME_LONG : LORA_LINK_FRAME_SIZE;
    return within(length, most, most);
  }
  if (data) return within(length, LINK_DATA_OVERHEAD + PACKET_HEADER_SIZE, WIRE_LINK_FRAME_MAX);
  const request = LINK_FRAME_HEADER_SIZE + PACKET_HEADER_SIZE + LINK_REQUEST_SIZE;
  const most = length > request ? LINK_FRAME_HEADER_SIZE + PACKET_HEADER_SIZE + LINK_PROOF_SIZE : request;
  return within(length, most, most);
}

/** Bytes in front of the padding 80 00 .. 00 that ends `length` bytes at `padded`, or -1 if there is no such padding. */
export function unpaddedLength(padded: usize, length: u32): i32 {
  while (length > 0) {
    length--;
    const byte = load<u8>(padded + length);
    if (byte == 0x80) return <i32>length;
    if (byte != 0) return -1;
  }
  return -1;
}

/** Writes 80 00 .. 00 behind the first `used` bytes at `out` until `size` bytes are full. False if nothing fits. */
export function pad(out: usize, used: u32, size: u32): bool {
  if (used >= size) return false;
  store<u8>(out + used, 0x80);
  memory.fill(out + used + 1, 0, size - used - 1);
  return true;
}
