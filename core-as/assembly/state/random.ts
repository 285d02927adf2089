/** Random numbers for jitter and back-off, straight from the host's generator; nothing secret is made of them. */
import { entropy, Status } from "../abi";

const DRAW: usize = memory.data(4, 4);

/** A number in [0, bound). With no entropy to be had it is 0: timing then lacks jitter but keeps its lower bound. */
export function randomBelow(bound: u32): u32 {
  if (entropy(DRAW, 4) != Status.Ok || bound == 0) return 0;
  // Multiply-shift instead of modulo: one pass, and a bias below bound / 2^32.
  return <u32>((<u64>load<u32>(DRAW) * <u64>bound) >> 32);
}
