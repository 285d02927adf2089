/** What happened, counted. Counters stop at 2^32-1 instead of wrapping: a relay runs for years. */
import { Counter, Status } from "../abi";

export const COUNTERS_SIZE: u32 = (<u32>Counter.Count) << 2;
const REFUSED_SIZE: u32 = (<u32>Status.CoreCount) << 2;
/** A counter for each Counter, then one for each Status a frame was refused with, u32 each. */
export const COUNTERS: usize = memory.data((<u32>Counter.Count + <u32>Status.CoreCount) << 2, 8);
export const ALL_COUNTERS_SIZE: u32 = COUNTERS_SIZE + REFUSED_SIZE;

function add(at: usize, amount: u32): void {
  const value = load<u32>(at);
  store<u32>(at, value + min<u32>(amount, u32.MAX_VALUE - value));
}

export function count(counter: Counter): void {
  add(COUNTERS + ((<usize>counter) << 2), 1);
}

/** Adds `amount` to a counter of milliseconds. */
export function countBy(counter: Counter, amount: u32): void {
  add(COUNTERS + ((<usize>counter) << 2), amount);
}

/** A frame was refused with `status`. */
export function countRefused(status: Status): void {
  count(Counter.FramesRefused);
  if (<u32>status < <u32>Status.CoreCount) add(COUNTERS + COUNTERS_SIZE + ((<usize>status) << 2), 1);
}

export function countersReset(): void {
  memory.fill(COUNTERS, 0, ALL_COUNTERS_SIZE);
}
