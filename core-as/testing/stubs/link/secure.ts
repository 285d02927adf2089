/** Stands in for this file in the tests of the packet path: a link frame is link u8, qos u8, packet. */
import { PACKET_BYTES, RADIO } from "../profile";
import { linkPort } from "./links";
export function frameSeal(link: u32, out: usize, packet: usize, length: u32, qos: u32, now: u64): u32 {
  if (length > PACKET_BYTES || now == 0) return 0;
  store<u8>(out, <u8>link);
  store<u8>(out, <u8>qos, 1);
  memory.copy(out + 2, packet, length);
  if (linkPort(link) == RADIO) return length <= 230 ? 254 : 508;
  return 23 + length;
}
