/**
 * Stands for net/announces.ts: a set of item_ids at the places of the routing table, each offered to links by a mask,
 * as a packet of 140 bytes of which only byte 0 and the item_id behind the header mean anything.
 */
import { ROUTES } from "../../assembly/profile";
import { linkPort, linkUp } from "../../assembly/link/links";

/** The work area shared with gossip. */
export const ANNOUNCE_WORK: usize = memory.data(256, 8);

const ENTRY: u32 = 16;
const TABLE: usize = memory.data(ROUTES * 16, 8);

function at(index: u32): usize {
  return TABLE + <usize>(index * ENTRY);
}

/** Knows one item more, if it does not yet, and offers it to every link that is up but `from`. True if it is news. */
export function stubLearn(item: usize, from: u32): bool {
  if (announceItemKnown(item) < ROUTES) return false;
  for (let i: u32 = 0; i < ROUTES; i++) {
    if (load<u64>(at(i)) != 0) continue;
    store<u64>(at(i), load<u64>(item));
    let mask: u32 = 0;
    for (let link: u32 = 0; link < 8; link++) if (linkUp(link) && link != from) mask |= 1 << link;
    store<u32>(at(i), mask, 8);
    return true;
  }
  return false;
}

export function stubTodo(index: u32): u32 {
  return load<u32>(at(index), 8);
}

export function stubQuiet(): void {
  for (let i: u32 = 0; i < ROUTES; i++) store<u32>(at(i), 0, 8);
}

export function announceItem(index: u32): usize {
  return load<u64>(at(index)) == 0 ? 0 : at(index);
}

export function announceItemKnown(item: usize): u32 {
  for (let i: u32 = 0; i < ROUTES; i++) if (load<u64>(at(i)) == load<u64>(item)) return i;
  return 0xffffffff;
}

export function announceResend(index: u32, link: u32): void {
  store<u32>(at(index), load<u32>(at(index), 8) | (1 << link), 8);
}

export function announceHad(index: u32, link: u32): void {
  store<u32>(at(index), load<u32>(at(index), 8) & ~(1 << link), 8);
}

export function announcePulled(index: u32, link: u32): void {
  announceResend(index, link);
}

function next(port: u32, take: bool): u32 {
  for (let i: u32 = 0; i < ROUTES; i++) {
    for (let link: u32 = 0; link < 8; link++) {
      if (((stubTodo(i) >> link) & 1) == 0 || linkPort(link) != port) continue;
      if (take) store<u32>(at(i), stubTodo(i) & ~(1 << link), 8);
      return (i << 8) | link;
    }
  }
  return 0xffffffff;
}

export function announceNext(port: u32, out: usize, _now: u64): i32 {
  const found = next(port, true);
  if (found == 0xffffffff) return -1;
  memory.fill(out, 0, 140);
  store<u8>(out, 1);
  store<u64>(out, load<u64>(at(found >> 8)), 19);
  return <i32>(found & 255);
}

export function announceLength(): u32 {
  return 140;
}

export function announceWaiting(port: u32, _now: u64): bool {
  return next(port, false) != 0xffffffff;
}

export function announcesReadyAt(): u64 {
  for (let i: u32 = 0; i < ROUTES; i++) if (stubTodo(i) != 0) return 0;
  return u64.MAX_VALUE;
}
