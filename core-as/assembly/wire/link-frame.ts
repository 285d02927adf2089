/**
 * The first byte of a link frame, and the padding of a clear packet on LoRa (digest 1 H30 and H6; registry section 1).
 *
 *   kind: bits 7-6 00 link data, 01 clear packet, 10 beacon, 11 refused; bit 5 key phase (link data only); rest zero
 */
import { Status } from "../abi";

export const LINK_FRAME_HEADER_SIZE: u32 = 1;

export const KIND_DATA: u32 = 0x00;
export const KIND_DATA_PHASE_1: u32 = 0x20;
export const KIND_CLEAR: u32 = 0x40;
export const KIND_BEACON: u32 = 0x80;

/** Size every unsplit data or clear link frame has on LoRa, so that lengths tell a listener nothing. */
export const LORA_LINK_FRAME_SIZE: u32 = 254;

/** The kind byte. Check it with checkLinkFrame first. */
export function linkFrameKind(frame: usize): u32 {
  return load<u8>(frame);
}

/** Address of what follows the kind byte. */
export function linkFrameBody(frame: usize): usize {
  return frame + LINK_FRAME_HEADER_SIZE;
}

/** Checks `length` bytes at `frame`: a kind in use, and the fixed size the kind has on LoRa. */
export function checkLinkFrame(frame: usize, length: u32): Status {
  if (length < LINK_FRAME_HEADER_SIZE) return Status.Short;
  switch (linkFrameKind(frame)) {
    case KIND_BEACON:
      return Status.Ok;
    case KIND_DATA:
    case KIND_DATA_PHASE_1:
    case KIND_CLEAR:
      if (length < LORA_LINK_FRAME_SIZE) return Status.Short;
      return length > LORA_LINK_FRAME_SIZE ? Status.Long : Status.Ok;
    default:
      return Status.BadKind;
  }
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
