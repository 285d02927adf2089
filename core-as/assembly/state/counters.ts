/** What happened, counted. Counters stop at 2^32-1 instead of wrapping: a relay runs for years. */
import { Counter } from "../abi";

export const COUNTERS: usize = memory.data(48, 8);
export const COUNTERS_SIZE: u32 = 48;

export function count(counter: Counter): void {
  const at = COUNTERS + ((<usize>counter) << 2);
  const value = load<u32>(at);
  if (value != u32.MAX_VALUE) store<u32>(at, value + 1);
}

export function countersReset(): void {
  memory.fill(COUNTERS, 0, COUNTERS_SIZE);
}
