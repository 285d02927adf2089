/**
 * The Bloom filter of a gossip summary (H16): three bits for each item, 12.4 bits of filter for each, 1 % false positives.
 *
 * Bit i < 3 of an item is u32 i of BLAKE3(round u32, item_id 8) mod nbits. The round salts the filter, so an item one round
 * takes for known in error is found missing by the next. The three bits may coincide.
 */
import { blake3Begin, blake3End, blake3Update } from "../crypto/blake3";
import { ITEM_ID_SIZE } from "../wire/gossip";

const HASHES: u32 = 3;
const BITS_MIN: u32 = 8;

const SALT: usize = memory.data(4, 4);
const DIGEST: usize = memory.data(32, 4);

/** Bits of the filter of `items` items, at most `limit`: ceil(12.4 items), at least one byte. */
export function bloomBits(items: u32, limit: u32): u32 {
  return min<u32>(max<u32>((items * 62 + 4) / 5, BITS_MIN), limit);
}

/**
 * Sets the bits of the item at `id` in the segment at `mine`, which holds `size` bytes of a filter of `bits` bits from bit
 * `first` on. True if one of them is zero in the segment of the same place at `theirs`: then who sent that one does not
 * know the item.
 */
export function bloomMark(mine: usize, theirs: usize, id: usize, round: u32, bits: u32, first: u32, size: u32): bool {
  store<u32>(SALT, round);
  blake3Begin();
  blake3Update(SALT, 4);
  blake3Update(id, ITEM_ID_SIZE);
  blake3End(DIGEST);
  let missing = false;
  for (let i: u32 = 0; i < HASHES; i++) {
    // Below `first` the difference wraps to more than any segment holds.
    const bit = (load<u32>(DIGEST + ((<usize>i) << 2)) % bits) - first;
    const byte = bit >> 3;
    if (byte >= size) continue;
    const mask = <u8>((<u32>1) << (bit & 7));
    if ((load<u8>(theirs + byte) & mask) == 0) missing = true;
    store<u8>(mine + byte, load<u8>(mine + byte) | mask);
  }
  return missing;
}
