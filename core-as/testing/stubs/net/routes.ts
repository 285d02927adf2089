/** Stands in for this file in the tests of the packet path: notes what it is told. */
export const ROUTES_STUB: usize = memory.data(16, 8);
export function routeFailed(destination: usize, link: u32): void {
  store<u8>(ROUTES_STUB, load<u8>(destination, 15), 8);
  store<u8>(ROUTES_STUB, <u8>link, 9);
}
export function routeLowerMtu(destination: usize, link: u32, mtu: u32): void {
  store<u8>(ROUTES_STUB, load<u8>(destination, 15), 8);
  store<u8>(ROUTES_STUB, <u8>link, 9);
  store<u16>(ROUTES_STUB, <u16>mtu, 10);
}
export function routesShun(link: u32): void {
  store<u8>(ROUTES_STUB, <u8>(link + 1), 12);
}
