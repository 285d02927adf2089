/**
 * The air frame: what one LoRa transmission carries (digest 1 H6), up to 255 bytes.
 *
 *   0 split u8 | 1 link frame, or half of one, 1-254
 *
 * The split byte is RNode's: bits 7-4 a sequence number drawn at random, bit 0 set if the link frame continues in a second
 * air frame with the same sequence number; bits 3-1 are zero.
 */
import { Status } from "../abi";

export const AIR_HEADER_SIZE: u32 = 1;
export const AIR_MAX: u32 = 255;

const SPLIT_FLAG: u32 = 0x01;
const UNUSED_BITS: u32 = 0x0e;

/** Checks `length` bytes at `frame`. The views below are valid after Ok. */
export function checkAir(frame: usize, length: u32): Status {
  if (length <= AIR_HEADER_SIZE) return Status.Short;
  if (length > AIR_MAX) return Status.Long;
  if (((<u32>load<u8>(frame)) & UNUSED_BITS) != 0) return Status.BadKind;
  return Status.Ok;
}

/** True if the link frame spans two air frames. */
export function airIsSplit(frame: usize): bool {
  return (load<u8>(frame) & (<u8>SPLIT_FLAG)) != 0;
}

/** The number, 0-15, that both halves of a link frame carry. */
export function airSequence(frame: usize): u32 {
  return (<u32>load<u8>(frame)) >> 4;
}

/** Address of the link frame, whose size is the air frame's length - AIR_HEADER_SIZE. */
export function airLinkFrame(frame: usize): usize {
  return frame + AIR_HEADER_SIZE;
}

/** Writes the split byte; only the low 4 bits of `sequence` are used. */
export function emitAirHeader(out: usize, sequence: u32, split: bool): void {
  store<u8>(out, <u8>(((sequence & 0x0f) << 4) | (split ? SPLIT_FLAG : 0)));
}
