/**
 * What handles secrets without telling them: a comparison whose time does not depend on where the bytes differ, and the
 * wiping of what is no longer needed.
 */

/** Whether the `length` bytes at `a` and at `b` are the same. All of them are read, whatever they are. */
export function equal(a: usize, b: usize, length: u32): bool {
  let difference: u32 = 0;
  for (let i: u32 = 0; i < length; i++) difference |= load<u8>(a + i) ^ load<u8>(b + i);
  return difference == 0;
}

/** Overwrites `length` bytes with zeros. No WebAssembly compiler drops it: linear memory is visible from outside. */
export function wipe(at: usize, length: u32): void {
  memory.fill(at, 0, length);
}
