/** Stands in for this file in the tests of the packet path: byte `port` is how many frames of 254 bytes of BB wait; byte 3: starved. */
export const GOSSIP_STUB: usize = memory.data(4, 4);
export function gossipWaiting(port: u32, now: u64): bool {
  return now != 0 && load<u8>(GOSSIP_STUB + <usize>port) != 0;
}
export function gossipNext(port: u32, out: usize, now: u64): u32 {
  if (!gossipWaiting(port, now)) return 0;
  store<u8>(GOSSIP_STUB + <usize>port, load<u8>(GOSSIP_STUB + <usize>port) - 1);
  memory.fill(out, 0xbb, 254);
  return 254;
}
export function gossipDeadline(port: u32, now: u64): u64 {
  return gossipWaiting(port, now) ? now : u64.MAX_VALUE;
}
export function gossipStarved(port: u32, now: u64): bool {
  return now != 0 && port == 0 && load<u8>(GOSSIP_STUB, 3) != 0;
}
