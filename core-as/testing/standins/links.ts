/**
 * Stand-in for link/links.ts in the tests of routing: a table the tests fill in. An entry of 40 bytes:
 *   0 up u8 | 1 port u8 | 2 reliability u8 | 3 bit 0 suspect, bit 1 shunned | 4 latency_ms u32 | 8 bitrate u32 | 12 mtu u32 | 16 price u32
 *   20 zero u32 | 24 peer 16
 * and, as one word for all, the links in the group.
 */
import { LINKS } from "../../assembly/profile";

export const NO_LINK: u32 = 255;

const SIZE: usize = 40;
export const GROUP_LINKS: u32 = 254;

const GROUP: usize = memory.data(4, 4);
const TABLE: usize = memory.data(1280, 8);

function at(link: u32): usize {
  return TABLE + <usize>link * SIZE;
}

export function standinLink(link: u32): usize {
  return at(link);
}

export function linkUp(link: u32): bool {
  return load<u8>(at(link)) != 0;
}

/** Address of the mask of links in the group. */
export function standinGroup(): usize {
  return GROUP;
}

export function linkInGroup(link: u32): bool {
  return ((load<u32>(GROUP) >> link) & 1) != 0;
}

export function linkPeer(link: u32): usize {
  return at(link) + 24;
}

export function linkPort(link: u32): u32 {
  return load<u8>(at(link), 1);
}

export function linkReliability(link: u32): u32 {
  return load<u8>(at(link), 2);
}

export function linkSuspect(link: u32, nowMs: u64): bool {
  return (load<u8>(at(link), 3) & 1) != 0 && nowMs != 0;
}

export function linkShunned(link: u32, nowMs: u64): bool {
  return (load<u8>(at(link), 3) & 2) != 0 && nowMs != 0;
}

export function linkLatencyMs(link: u32): u32 {
  return load<u32>(at(link), 4);
}

export function linkBitrate(link: u32): u32 {
  return load<u32>(at(link), 8);
}

export function linkMtu(link: u32): u32 {
  return load<u32>(at(link), 12);
}

export function linkPrice(link: u32): u32 {
  return load<u32>(at(link), 16);
}

export function standinLinks(): u32 {
  return LINKS;
}
