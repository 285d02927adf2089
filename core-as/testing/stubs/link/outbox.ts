/** Stands in for this file in the tests of the packet path: byte `port` is how many frames of 63 bytes of AA wait. */
export const OUTBOX_STUB: usize = memory.data(4, 4);
export function linkOutboxWaiting(port: u32): bool {
  return load<u8>(OUTBOX_STUB + <usize>port) != 0;
}
export function linkOutboxNext(port: u32, out: usize, now: u64): u32 {
  if (now == 0 || !linkOutboxWaiting(port)) return 0;
  store<u8>(OUTBOX_STUB + <usize>port, load<u8>(OUTBOX_STUB + <usize>port) - 1);
  memory.fill(out, 0xaa, 254);
  return 254;
}
