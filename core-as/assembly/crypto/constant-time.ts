/**
 * What handles secrets without telling them: a comparison whose time does not depend on where the bytes differ, a
 * look-up that does not tell what was looked up, and the wiping of what is no longer needed.
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

/** All ones if a = b, else zero; both below 2^31. */
function maskEqual(a: u32, b: u32): u64 {
  return <u64>((<i64>(a ^ b) - 1) >> 63);
}

/**
 * Copies entry `index` of the eight at `table` to `out`. An entry has `size` bytes, a multiple of 8. All of all eight
 * is read, whichever is wanted.
 */
export function selectEntry(out: usize, table: usize, size: usize, index: u32): void {
  const m0 = maskEqual(index, 0);
  const m1 = maskEqual(index, 1);
  const m2 = maskEqual(index, 2);
  const m3 = maskEqual(index, 3);
  const m4 = maskEqual(index, 4);
  const m5 = maskEqual(index, 5);
  const m6 = maskEqual(index, 6);
  const m7 = maskEqual(index, 7);
  const end = table + size;
  do {
    let at = table;
    let word = load<u64>(at) & m0;
    at += size;
    word |= load<u64>(at) & m1;
    at += size;
    word |= load<u64>(at) & m2;
    at += size;
    word |= load<u64>(at) & m3;
    at += size;
    word |= load<u64>(at) & m4;
    at += size;
    word |= load<u64>(at) & m5;
    at += size;
    word |= load<u64>(at) & m6;
    at += size;
    word |= load<u64>(at) & m7;
    store<u64>(out, word);
    out += 8;
    table += 8;
  } while (table < end);
}
