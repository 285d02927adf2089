/**
 * Gossip messages: DATA of one-hop packets of context F0 (digest 1 H17; registry section 3).
 *
 *   00 Summary  1 round u32 | 5 tiers u8 | 6 seg u8 | 7 nseg u8 | 8 nbits u32 | 12 bits of this segment
 *   01 Delta    1 tier u8 | 2 n u8 | n x (type u8, len u16, data)
 *   02 Pull     1 tier u8 | 2 n u8 | n x item_id 8
 *   03 Peers    1 n u8 | n x (NodeID 16, len u8, "host:port")
 *
 * Bit t-1 of `tiers` is set if the filter covers tier t. `nbits` counts the bits of the whole filter: segment s carries
 * bits 2048 s and up, 2048 of them and in the last segment the rest, so that each segment can be judged by itself. Bit b
 * is bit b mod 8 of byte b div 8.
 */
import { Status } from "../abi";

export const GOSSIP_SUMMARY: u32 = 0;
export const GOSSIP_DELTA: u32 = 1;
export const GOSSIP_PULL: u32 = 2;
export const GOSSIP_PEERS: u32 = 3;

/** Sizes of what stands in front of the filter, the items and the ids, sub-type included. */
export const SUMMARY_HEADER_SIZE: u32 = 12;
export const TIERED_HEADER_SIZE: u32 = 3;
/** Type and length of an item in a Delta. */
export const ITEM_HEADER_SIZE: u32 = 3;
export const ITEM_ID_SIZE: u32 = 8;

/** Bits and bytes of a full segment. */
export const SEGMENT_BITS: u32 = 2048;
export const SEGMENT_BYTES: u32 = 256;

const TIERS: u32 = 4;
/** An announce has an item_id like everything gossiped but travels as a packet of its own, never in a Delta. */
export const ITEM_ANNOUNCE: u32 = 0x01;
export const ITEM_ADVISORY: u32 = 0x02;

/** Tier of an item type: types 0x are of tier 1, 1x of tier 2, and so on (registry section 3). */
export function itemTier(type: u32): u32 {
  return (type >> 4) + 1;
}

/** Checks `length` bytes of DATA at `data`, sub-type first. The views below are valid after Ok. */
export function checkGossip(data: usize, length: u32): Status {
  if (length < 2) return Status.Short;
  const sub: u32 = load<u8>(data);
  if (sub == GOSSIP_SUMMARY) return checkSummary(data, length);
  if (sub > GOSSIP_PEERS) return Status.BadSubtype;
  let at = data + 2;
  let n: u32 = load<u8>(data, 1);
  if (sub != GOSSIP_PEERS) {
    if (length < TIERED_HEADER_SIZE) return Status.Short;
    if (n - 1 >= TIERS) return Status.BadField;
    at = data + TIERED_HEADER_SIZE;
    n = tieredCount(data);
  }
  const end = data + length;
  for (; n > 0; n--) {
    if (sub == GOSSIP_PULL) {
      at += ITEM_ID_SIZE;
    } else if (sub == GOSSIP_PEERS) {
      if (end < at + 17) return Status.Short;
      at += 17 + <usize>load<u8>(at, 16);
    } else {
      if (end < at + ITEM_HEADER_SIZE) return Status.Short;
      const type: u32 = load<u8>(at);
      if (type == ITEM_ANNOUNCE || itemTier(type) != gossipTier(data)) return Status.BadField;
      at = itemNext(at);
    }
  }
  return at == end ? Status.Ok : at > end ? Status.Short : Status.Long;
}

function checkSummary(data: usize, length: u32): Status {
  if (length < SUMMARY_HEADER_SIZE) return Status.Short;
  const segment: u32 = load<u8>(data, 6);
  // nbits 0 becomes 2^32-1 here, far more segments than a byte counts.
  const last = summaryBits(data) - 1;
  if (last / SEGMENT_BITS + 1 != <u32>load<u8>(data, 7) || segment > last / SEGMENT_BITS) return Status.BadField;
  if (summaryTiers(data) >= 1 << TIERS) return Status.BadField;
  const bytes = min<u32>((last - segment * SEGMENT_BITS) / 8 + 1, SEGMENT_BYTES);
  return length == SUMMARY_HEADER_SIZE + bytes
    ? Status.Ok
    : length > SUMMARY_HEADER_SIZE + bytes
      ? Status.Long
      : Status.Short;
}

/** Round of the sender, the salt of its filter. */
export function summaryRound(data: usize): u32 {
  return load<u32>(data, 1);
}

/** Tiers the filter covers, bit t-1 for tier t. */
export function summaryTiers(data: usize): u32 {
  return load<u8>(data, 5);
}

/** First bit of the filter in this segment. */
export function summaryFirstBit(data: usize): u32 {
  return <u32>load<u8>(data, 6) * SEGMENT_BITS;
}

/** Bits of the whole filter. */
export function summaryBits(data: usize): u32 {
  return load<u32>(data, 8);
}

/** Address of the bits of this segment, whose size is the length of DATA - SUMMARY_HEADER_SIZE. */
export function summaryFilter(data: usize): usize {
  return data + SUMMARY_HEADER_SIZE;
}

/** Tier of a Delta or a Pull, 1-4. */
export function gossipTier(data: usize): u32 {
  return load<u8>(data, 1);
}

/** Number of items of a Delta, of ids of a Pull. */
export function tieredCount(data: usize): u32 {
  return load<u8>(data, 2);
}

/** Address of the first item or id. */
export function tieredFirst(data: usize): usize {
  return data + TIERED_HEADER_SIZE;
}

/** Of an item of a Delta: its type, length and data, and the item behind it. */
export function itemType(item: usize): u32 {
  return load<u8>(item);
}

export function itemLength(item: usize): u32 {
  return load<u16>(item, 1);
}

export function itemData(item: usize): usize {
  return item + ITEM_HEADER_SIZE;
}

export function itemNext(item: usize): usize {
  return item + ITEM_HEADER_SIZE + <usize>itemLength(item);
}

/** Writes the 12 bytes in front of the filter of a Summary of one segment. */
export function emitSummary(out: usize, round: u32, tiers: u32, bits: u32): void {
  store<u8>(out, <u8>GOSSIP_SUMMARY);
  store<u32>(out, round, 1);
  store<u8>(out, <u8>tiers, 5);
  // Segment 0 of 1.
  store<u16>(out, 0x0100, 6);
  store<u32>(out, bits, 8);
}

/** Writes the 3 bytes in front of the items of a Delta or the ids of a Pull. */
export function emitTiered(out: usize, sub: u32, tier: u32, count: u32): void {
  store<u8>(out, <u8>sub);
  store<u8>(out, <u8>tier, 1);
  store<u8>(out, <u8>count, 2);
}

/** Writes one item of a Delta at `out`; the address behind it. */
export function emitItem(out: usize, type: u32, data: usize, length: u32): usize {
  store<u8>(out, <u8>type);
  store<u16>(out, <u16>length, 1);
  memory.copy(itemData(out), data, length);
  return itemNext(out);
}
