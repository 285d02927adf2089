/**
 * Entry of a second module for unit tests: the parts below the boundary, exported one by one. Never on a board.
 */
export { blake2b } from "../assembly/crypto/blake2b";
export { blake3Begin, blake3End, blake3Update } from "../assembly/crypto/blake3";
export { packetHash } from "../assembly/net/packet-hash";
export { destinationHash } from "../assembly/state/identity";
export { airIsSplit, airLinkFrame, checkAir, emitAirHeader } from "../assembly/wire/air";
export { airtimeUs } from "../assembly/wire/airtime";
export {
  beaconCapabilities,
  beaconCostTier,
  beaconLoad,
  beaconNodeId,
  checkBeacon,
  emitBeacon,
} from "../assembly/wire/beacon";
export { checkLinkFrame, linkFrameBody, linkFrameKind, pad, unpaddedLength } from "../assembly/wire/link-frame";
export {
  checkPacket,
  emitPacketHeader,
  packetContext,
  packetData,
  packetDestination,
  packetHeader,
  packetHops,
} from "../assembly/wire/packet";

const ARENA: usize = memory.data(16384, 16);

/** 16 KiB for the tests to put their inputs and find their outputs in. */
export function arena(): usize {
  return ARENA;
}
