/**
 * The relay policy: on what terms a packet is passed on, decided by the neighbour it came from (digest 2 section 8.1).
 *
 * The previous hop is all there is to go by, since packets have no source: a trusted one is relayed free, wherever the packet
 * goes; a trusted destination alone gives nothing. Everybody else is unfunded, goes last and within a tenth of the airtime,
 * until the pay layer, which extends these two functions, finds a funded channel with it. Routing, gossip and link control
 * are exempt.
 */
import { peerTrusted } from "./peers";

/** Terms of relaying, in the order linkSetPolicy knows them. */
export enum RelayClass {
  /** Neither trusted nor paying: last, and at most a tenth of the airtime. */
  Unfunded = 0,
  /** Trusted: free. */
  Free = 1,
  /** Pays from a funded channel. */
  Paid = 2,
}

/** The RelayClass of packets that come from the node with the 16-byte address at `id`. */
export function policyClass(id: usize): RelayClass {
  return peerTrusted(id) ? RelayClass.Free : RelayClass.Unfunded;
}

/** Price in micro-MHR per KiB of what that node has relayed, `base` being this node's own. */
export function policyPrice(id: usize, base: u32): u32 {
  return peerTrusted(id) ? 0 : base;
}
