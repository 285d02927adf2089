/**
 * Entry of a second module for unit tests: the parts below the boundary, exported one by one. Never on a board.
 */
import { CURVE_WORK_SIZE, HASH, HASH_SIZE } from "../assembly/crypto/scratch";

export { open, seal } from "../assembly/crypto/aead";
export { blake2b } from "../assembly/crypto/blake2b";
export { blake3Begin, blake3BeginKeyed, blake3End, blake3Update } from "../assembly/crypto/blake3";
export { chacha20 } from "../assembly/crypto/chacha20";
export { combAddPublic, combMultiply } from "../assembly/crypto/comb25519";
export { equal, wipe } from "../assembly/crypto/constant-time";
export { vrfGamma, vrfProve, vrfVerify } from "../assembly/crypto/ecvrf";
export {
  ed25519PublicKey,
  ed25519Sign,
  ed25519Verify,
  x25519FromEd25519,
  x25519PublicKey,
  x25519SecretFromSeed,
} from "../assembly/crypto/ed25519";
export {
  pointAdd,
  pointAddAffine,
  pointCache,
  pointClearCofactor,
  pointDecode,
  pointDouble,
  pointEncode,
  pointEncodeTwo,
  pointIsSmallOrder,
  pointOddMultiples,
} from "../assembly/crypto/edwards25519";
export {
  feAdd,
  feFromBytes,
  feInvert,
  feIsNegative,
  feIsZero,
  feMul,
  feNegateIf,
  fePower58,
  feSq,
  feSub,
  feSwap,
  feToBytes,
} from "../assembly/crypto/field25519";
export { poly1305Begin, poly1305End, poly1305Update } from "../assembly/crypto/poly1305";
export { scalarComb, scalarHalve, scalarIsCanonical, scalarMulAdd, scalarReduce } from "../assembly/crypto/scalar25519";
export { sha512, sha512Begin, sha512End, sha512Update } from "../assembly/crypto/sha512";
export { nonAdjacentForm, straus } from "../assembly/crypto/straus25519";
export { x25519 } from "../assembly/crypto/x25519";
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

/** Address of the working memory of all cryptography. */
export function scratchBlock(): usize {
  return HASH;
}

/** Its size in bytes. */
export function scratchSize(): u32 {
  return HASH_SIZE + CURVE_WORK_SIZE;
}

const ARENA: usize = memory.data(81920, 16);

/** 80 KiB for the tests to put their inputs and find their outputs in: a message of 64 KiB and what belongs to it. */
export function arena(): usize {
  return ARENA;
}
