/**
 * Entry of a module for the unit tests of gossip, advisories and trust: those parts as they are, over stand-ins
 * (testing/stubs) for the links, routes and announces they work on, so that a test can say what these hold.
 */
import { COUNTERS } from "../assembly/state/counters";

export {
  ADVISORIES,
  ADVISORIES_SIZE,
  advisoriesReset,
  advisoryItem,
  advisoryReceive,
} from "../assembly/net/advisories";
export { bloomBits, bloomMark } from "../assembly/net/bloom";
export {
  GOSSIP,
  GOSSIP_SIZE,
  gossipAdvance,
  gossipDeadline,
  gossipHeard,
  gossipInRecovery,
  gossipLinkDown,
  gossipLinkUp,
  gossipNext,
  gossipReceive,
  gossipReset,
  gossipRoundDeadline,
  gossipStarved,
  gossipWaiting,
} from "../assembly/net/gossip";
export { budgetAdd, budgetNext, budgetReset, budgetWindowMs } from "../assembly/net/gossip-budget";
export {
  ITEMS,
  ITEMS_SIZE,
  itemAdd,
  itemAsked,
  itemAt,
  itemForget,
  itemsLinkDown,
  itemsLinkUp,
  itemsReset,
  itemsUsed,
  storedDone,
  storedTodo,
} from "../assembly/net/gossip-items";
export { configLoad } from "../assembly/state/config";
export { peerAdd, peerRemove, peersLoad, peersReport, peerTrusted } from "../assembly/trust/peers";
export { policyClass, policyPrice } from "../assembly/trust/policy";
export { reputationNote, reputationReport, reputationReset, reputationScore } from "../assembly/trust/reputation";
export { checkAdvisory } from "../assembly/wire/advisory";
export { checkGossip } from "../assembly/wire/gossip";
export { checkPacket as checkGossipPacket } from "../assembly/wire/packet";
export { stubLearn, stubQuiet, stubTodo } from "../assembly/net/announces";
export { stubLink } from "../assembly/link/links";
export { stubRoute, stubWanted } from "../assembly/net/routes";

export function counter(index: u32): u32 {
  return load<u32>(COUNTERS + ((<usize>index) << 2));
}

const ARENA: usize = memory.data(16384, 16);

/** 16 KiB for inputs and outputs. */
export function arena(): usize {
  return ARENA;
}
