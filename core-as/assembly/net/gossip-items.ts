/**
 * Gossip items other than announces, kept to be passed on: oldest first in a table of GOSSIP_ITEMS (digest 1 section 2.8,
 * H35).
 *
 * Whoever adds an item takes out those it supersedes, so that one newest item per key is kept. When the table is full, an
 * item that has reached every link goes first, then tier 4, then tier 3, the oldest of each; items of tiers 1 and 2 still on
 * their way stay, and the newcomer is refused: it can be pulled later.
 *
 * Entry, 228 bytes: 0 item_id 8 | 8 links it is still to be sent to u32, a mask | 12 type u8 | 13 length u8, zero 2 |
 * 16 data
 */
import { Counter } from "../abi";
import { GOSSIP_ITEMS, LINKS } from "../profile";
import { count } from "../state/counters";
import { itemTier } from "../wire/gossip";

const ENTRY_SIZE: u32 = 228;
const TODO: usize = 8;
const TYPE: usize = 12;
const LENGTH: usize = 13;
const DATA: usize = 16;
/** Longest item kept. */
export const ITEM_MAX: u32 = 209;

/** Entries in use u32, links that are up u32 (a mask), then the table. */
export const ITEMS: usize = memory.data(8 + GOSSIP_ITEMS * ENTRY_SIZE, 8);
export const ITEMS_SIZE: u32 = 8 + GOSSIP_ITEMS * ENTRY_SIZE;
const USED: usize = ITEMS;
const UP: usize = ITEMS + 4;

/** Address of entry `index`. */
export function itemAt(index: u32): usize {
  return ITEMS + 8 + <usize>(index * ENTRY_SIZE);
}

/** Entries in use: indices below it are valid, and change when an item is added or taken out. */
export function itemsUsed(): u32 {
  return load<u32>(USED);
}

/** Of an entry: type, length and address of the data, links still to be served. */
export function storedType(entry: usize): u32 {
  return load<u8>(entry, TYPE);
}

export function storedLength(entry: usize): u32 {
  return load<u8>(entry, LENGTH);
}

export function storedData(entry: usize): usize {
  return entry + DATA;
}

export function storedTodo(entry: usize): u32 {
  return load<u32>(entry, TODO);
}

/** The links of `mask` have been served. */
export function storedDone(entry: usize, mask: u32): void {
  store<u32>(entry, storedTodo(entry) & ~mask, TODO);
}

function take(index: u32): void {
  const used = itemsUsed() - 1;
  memory.copy(itemAt(index), itemAt(index + 1), (used - index) * ENTRY_SIZE);
  memory.fill(itemAt(used), 0, ENTRY_SIZE);
  store<u32>(USED, used);
}

/** Index of the item with this id, or GOSSIP_ITEMS. */
function find(id: usize): u32 {
  for (let i: u32 = 0; i < itemsUsed(); i++) if (load<u64>(itemAt(i)) == load<u64>(id)) return i;
  return GOSSIP_ITEMS;
}

/** Takes the item with this id out, if it is there. */
export function itemForget(id: usize): void {
  const index = find(id);
  if (index < GOSSIP_ITEMS) take(index);
}

/** Sends the item with this id, if it is kept, to the link. */
export function itemAsked(id: usize, link: u32): void {
  const index = find(id);
  if (index < GOSSIP_ITEMS) store<u32>(itemAt(index), storedTodo(itemAt(index)) | linkBit(link), TODO);
}

/** The link's bit in a mask; 0 for NO_LINK. */
export function linkBit(link: u32): u32 {
  return link < LINKS ? 1 << link : 0;
}

/**
 * Keeps `length` bytes (<= ITEM_MAX) at `data` under the item_id at `id`, which is not kept yet, and has them sent to every
 * link that is up but `link`, which they came from; items of tiers 3 and 4 only to links that ask (slow-link rule).
 * False if the table is full of what may not go.
 */
export function itemAdd(type: u32, data: usize, length: u32, id: usize, link: u32): bool {
  if (itemsUsed() == GOSSIP_ITEMS) {
    let victim: u32 = 0;
    let worst: u32 = 2;
    for (let i: u32 = 0; i < GOSSIP_ITEMS; i++) {
      const rank = storedTodo(itemAt(i)) == 0 ? u32.MAX_VALUE : itemTier(storedType(itemAt(i)));
      if (rank > worst) {
        worst = rank;
        victim = i;
      }
    }
    if (worst != u32.MAX_VALUE) count(Counter.GossipDropped);
    // Of equal tiers 3 or 4 the newcomer is the one worth having.
    if (worst < itemTier(type) || worst == 2) return false;
    take(victim);
  }
  const used = itemsUsed();
  const entry = itemAt(used);
  store<u64>(entry, load<u64>(id));
  store<u32>(entry, itemTier(type) > 2 ? 0 : load<u32>(UP) & ~linkBit(link), TODO);
  store<u8>(entry, <u8>type, TYPE);
  store<u8>(entry, <u8>length, LENGTH);
  memory.copy(entry + DATA, data, length);
  store<u32>(USED, used + 1);
  return true;
}

/** Links came up (mask): what is kept goes to them too. */
export function itemsLinkUp(mask: u32): void {
  store<u32>(UP, load<u32>(UP) | mask);
  for (let i: u32 = 0; i < itemsUsed(); i++) {
    const entry = itemAt(i);
    if (itemTier(storedType(entry)) <= 2) store<u32>(entry, storedTodo(entry) | mask, TODO);
  }
}

/** Links went down (mask). */
export function itemsLinkDown(mask: u32): void {
  store<u32>(UP, load<u32>(UP) & ~mask);
  for (let i: u32 = 0; i < itemsUsed(); i++) storedDone(itemAt(i), mask);
}

export function itemsReset(): void {
  memory.fill(ITEMS, 0, ITEMS_SIZE);
}
