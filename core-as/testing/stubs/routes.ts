/** Stands for net/routes.ts: up to 16 known destinations, and item_ids wanted. */
const KNOWN: usize = memory.data(264, 8);
const WANTED: usize = memory.data(72, 8);

export function stubRoute(id: usize): void {
  memory.copy(KNOWN + 8 + ((<usize>load<u32>(KNOWN)) << 4), id, 16);
  store<u32>(KNOWN, load<u32>(KNOWN) + 1);
}

export function stubWanted(item: usize): void {
  store<u64>(WANTED + 8 + ((<usize>load<u32>(WANTED)) << 3), load<u64>(item));
  store<u32>(WANTED, load<u32>(WANTED) + 1);
}

export function routeFind(id: usize): u32 {
  for (let i: u32 = 0; i < load<u32>(KNOWN); i++) {
    const at = KNOWN + 8 + ((<usize>i) << 4);
    if (load<u64>(at) == load<u64>(id) && load<u64>(at, 8) == load<u64>(id, 8)) return i;
  }
  return 0xffffffff;
}

export function routesTakeWanted(out: usize, _limit: u32): u32 {
  const n = load<u32>(WANTED);
  memory.copy(out, WANTED + 8, n << 3);
  store<u32>(WANTED, 0);
  return n;
}
