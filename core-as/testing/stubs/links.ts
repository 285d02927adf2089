/** Stands for link/links.ts in tests of gossip: link i is up if its bit is set, on interface PORTS[i], with PEERS[i]. */
import { LINKS } from "../../assembly/profile";

export const NO_LINK: u32 = 255;
const PEERS: usize = memory.data(LINKS * 16, 8);
const PORTS: usize = memory.data(LINKS, 8);
const UP: usize = memory.data(4, 4);

export function stubLink(link: u32, port: u32, peer: usize): void {
  store<u8>(PORTS + <usize>link, <u8>port);
  memory.copy(linkPeer(link), peer, 16);
  store<u32>(UP, load<u32>(UP) | (1 << link));
}

export function linkUp(link: u32): bool {
  return ((load<u32>(UP) >> link) & 1) != 0;
}

export function linkPeer(link: u32): usize {
  return PEERS + ((<usize>link) << 4);
}

export function linkPort(link: u32): u32 {
  return load<u8>(PORTS + <usize>link);
}

export function linkByPeer(id: usize): u32 {
  for (let i: u32 = 0; i < LINKS; i++) {
    if (linkUp(i) && load<u64>(linkPeer(i)) == load<u64>(id) && load<u64>(linkPeer(i), 8) == load<u64>(id, 8)) return i;
  }
  return NO_LINK;
}
