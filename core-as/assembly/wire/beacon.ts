/**
 * PresenceBeacon: who is here, in 20 bytes, unsigned (digest 1 section 1.5, H8).
 *
 *   0 node_id 16 | 16 capabilities u16 | 18 cost_tier u8 | 19 load u8
 *
 * A beacon is a hint. Anybody can send one in anybody's name; nothing may rest on it until a LINK_PROOF arrives.
 */
import { Status } from "../abi";

export const BEACON_SIZE: u32 = 20;

const NODE_ID: usize = 0;
const CAPABILITIES: usize = 16;
const COST_TIER: usize = 18;
const LOAD: usize = 19;

/** Capability bits 0-12 are assigned (registry section 3); 13-15 are sent as zero and ignored on receipt. */
const CAPABILITIES_KNOWN: u32 = 0x1fff;

/** 0 free, 1 cheap, 2 moderate, 3 expensive. */
export const COST_TIER_MAX: u32 = 3;

/** Checks `length` bytes at `beacon`. The views below are valid after Ok. */
export function checkBeacon(beacon: usize, length: u32): Status {
  if (length < BEACON_SIZE) return Status.Short;
  if (length > BEACON_SIZE) return Status.Long;
  if (<u32>load<u8>(beacon + COST_TIER) > COST_TIER_MAX) return Status.BadField;
  return Status.Ok;
}

/** Address of the 16-byte node_id. */
export function beaconNodeId(beacon: usize): usize {
  return beacon + NODE_ID;
}

/** Capability bits, the unassigned ones cleared. */
export function beaconCapabilities(beacon: usize): u32 {
  return (<u32>load<u16>(beacon + CAPABILITIES)) & CAPABILITIES_KNOWN;
}

export function beaconCostTier(beacon: usize): u32 {
  return load<u8>(beacon + COST_TIER);
}

/** Load of the node, 0 idle to 255 saturated. */
export function beaconLoad(beacon: usize): u32 {
  return load<u8>(beacon + LOAD);
}

/** Writes the 20 bytes of a beacon at `out`. BadField if the cost tier is out of range. */
export function emitBeacon(out: usize, nodeId: usize, capabilities: u32, costTier: u32, load_: u32): Status {
  if (costTier > COST_TIER_MAX || load_ > 255) return Status.BadField;
  memory.copy(out + NODE_ID, nodeId, 16);
  store<u16>(out + CAPABILITIES, <u16>(capabilities & CAPABILITIES_KNOWN));
  store<u8>(out + COST_TIER, <u8>costTier);
  store<u8>(out + LOAD, <u8>load_);
  return Status.Ok;
}
