/** Stands for link/secure.ts: link u8, length u16, packet, zeros, in the size the real frame has. */
import { RADIO } from "../../assembly/profile";
import { linkPort } from "../../assembly/link/links";

export function frameSeal(link: u32, out: usize, packet: usize, length: u32, qos: u32, _now: u64): u32 {
  const size: u32 = linkPort(link) != RADIO ? 23 + length : length <= 230 ? 254 : 508;
  memory.fill(out, <u8>(qos & 0), size);
  store<u8>(out, <u8>link);
  store<u16>(out, <u16>length, 1);
  memory.copy(out + 3, packet, length);
  return size;
}
