/**
 * packet_hash (H27): BLAKE3-256 of the packet less its hop byte, the one byte that changes on the way.
 *
 * Every relay and the destination get the same 32 bytes: its first 8 are the seen key, and the whole is the input of the
 * relay lottery.
 */
import { blake3Begin, blake3End, blake3Update } from "../crypto/blake3";

/** Writes the 32-byte hash of `length` (>= 2) bytes at `packet` to `out`. */
export function packetHash(out: usize, packet: usize, length: u32): void {
  blake3Begin();
  blake3Update(packet, 1);
  blake3Update(packet + 2, length - 2);
  blake3End(out);
}
