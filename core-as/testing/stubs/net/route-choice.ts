/**
 * Stands in for this file in the tests of the packet path: the route of a destination is byte 15 of its id, unless that
 * link is excluded, then byte 14.
 */
import { NO_LINK } from "../link/links";
import { ROUTES_STUB } from "./routes";
export function routeChoose(destination: usize, policy: u32, minMtu: u32, exclude: u32, now: u64): u32 {
  store<u32>(ROUTES_STUB, policy);
  store<u32>(ROUTES_STUB, minMtu, 4);
  for (let k = 15; k >= 14; k--) {
    const link: u32 = load<u8>(destination + k);
    if (now != 0 && link < 8 && ((exclude >> link) & 1) == 0) return link;
  }
  return NO_LINK;
}
export function routeChoiceGreedy(): bool {
  return false;
}
