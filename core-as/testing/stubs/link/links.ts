/**
 * Stands in for this file in the tests of the packet path: 32 bytes a link, written by the tests.
 *   peer 16 | port u8 | class u8 | up u8 | failures told u8 | mtu u16 | deliveries told u16 | bitrate u32 | latency_ms u32
 */
export const NO_LINK: u32 = 255;
export const LINKS_STUB: usize = memory.data(256, 8);
function at(link: u32): usize {
  return LINKS_STUB + <usize>(link * 32);
}
export function linkUp(link: u32): bool {
  return load<u8>(at(link), 18) != 0;
}
export function linkPeer(link: u32): usize {
  return at(link);
}
export function linkPort(link: u32): u32 {
  return load<u8>(at(link), 16);
}
export function linkClass(link: u32): u32 {
  return load<u8>(at(link), 17);
}
export function linkMtu(link: u32): u32 {
  return load<u16>(at(link), 20);
}
export function linkBitrate(link: u32): u32 {
  return load<u32>(at(link), 24);
}
export function linkLatencyMs(link: u32): u32 {
  return load<u32>(at(link), 28);
}
export function linkServed(link: u32, acknowledged: bool, now: u64): bool {
  if (now == 0) return false;
  if (acknowledged) store<u16>(at(link), load<u16>(at(link), 22) + 1, 22);
  else store<u8>(at(link), load<u8>(at(link), 19) + 1, 19);
  return load<u8>(at(link), 19) >= 28;
}
export function linkDoubtful(link: u32): bool {
  return load<u8>(at(link), 19) >= 12;
}
