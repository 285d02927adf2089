/** Joins trust to links: what comes over a link is judged by its peer, the previous hop (digest 2 section 8.1). */
import { linkPeer, linkSetPolicy, linkUp } from "./link/links";
import { LINKS } from "./profile";
import { configPrice } from "./state/config";
import { policyClass, policyPrice } from "./trust/policy";

/** Gives each link in `mask` that is up the class and price its peer has now. */
export function applyLinkPolicy(mask: u32): void {
  for (let link: u32 = 0; link < LINKS; link++) {
    if (((mask >> link) & 1) == 0 || !linkUp(link)) continue;
    const peer = linkPeer(link);
    linkSetPolicy(link, policyClass(peer), policyPrice(peer, configPrice()));
  }
}
