/**
 * Entry of a second module for unit tests: the parts below the boundary, exported one by one. Never on a board.
 */
import { LinkEnd } from "../assembly/abi";
import { blake3Begin, blake3End, blake3Update } from "../assembly/crypto/blake3";
import { CURVE_WORK_SIZE, HASH, HASH_SIZE } from "../assembly/crypto/scratch";
import { linkClose } from "../assembly/link/links";
import { PACKET_ROOM } from "../assembly/net/endpoint";
import { COUNTERS as COUNTER_BLOCK } from "../assembly/state/counters";
import { DESTINATION_TABLE, DESTINATION_TABLE_SIZE } from "../assembly/state/destinations";
import { RATCHETS, RATCHETS_SIZE } from "../assembly/state/ratchets";
import { SEQUENCES, SEQUENCES_SIZE } from "../assembly/state/sequence";

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
export {
  BACKOFF,
  BACKOFF_SIZE,
  backoffClear,
  backoffFailed,
  backoffOver,
  backoffReset,
} from "../assembly/link/backoff";
export {
  HANDSHAKE_SLOTS,
  HANDSHAKE_SLOTS_SIZE,
  handshakeAdvance,
  handshakeDeadline,
  handshakeReceive,
  handshakeReset,
  handshakeStart,
  handshakeWith,
  linkIdOf,
} from "../assembly/link/handshake";
export { GROUP, GROUP_SIZE } from "../assembly/link/group";
export { linkingConsider } from "../assembly/link/linking";
export {
  LINK_CHANGES,
  LINK_CHANGES_SIZE,
  LINK_TABLE,
  LINK_TABLE_SIZE,
  linkBitrate,
  linkByPeer,
  linkClass,
  linkDelivered,
  linkDoubtful,
  linkFailed,
  linkForged,
  linkHeard,
  linkInGroup,
  linkLatencyMs,
  linkMtu,
  linkPeer,
  linkPort,
  linkPrice,
  linkReliability,
  linksAdvance,
  linksDeadline,
  linkServed,
  linkShunned,
  linkSetPolicy,
  linksReport,
  linksReset,
  linksTakeDown,
  linksTakeUp,
  linkSuspect,
  linkUp,
} from "../assembly/link/links";
export { linkControlReceive, linkOutboxNext, linkOutboxWaiting, linkPacketReceive } from "../assembly/link/outbox";
export { linkPhase, linkSession } from "../assembly/link/rekey";
export { frameOpen, framePlain, framePlainLength, frameQos, frameSeal } from "../assembly/link/secure";
export {
  sessionAccept,
  sessionAgree,
  sessionCounter,
  sessionFresh,
  sessionKey,
  sessionNonce,
  SESSIONS,
  SESSIONS_SIZE,
  sessionWipe,
} from "../assembly/link/session";
export {
  commandDestinationAdd,
  commandDestinationRemove,
  commandDestinations,
} from "../assembly/net/commands-destinations";
export { commandSend, commandSendOnion } from "../assembly/net/commands-send";
export { endpointReceive, packetReport } from "../assembly/net/endpoint";
export { boxOpen, boxSeal, envelopeSeal } from "../assembly/net/envelope";
export { onionPeel, onionWrap } from "../assembly/net/onion";
export { controlNext, controlWaiting } from "../assembly/net/control";
export { packetHash } from "../assembly/net/packet-hash";
export {
  queueAwaits,
  queueClass,
  queueLength,
  queueLinkIn,
  queueLinkOut,
  queueSent,
  queueWaits,
} from "../assembly/net/queue";
export { forwardOwn } from "../assembly/net/forward";
export { mediumFreeAt, mediumReset } from "../assembly/link/medium";
export { conductGood, conductLink, receiveFrame, receivePacket } from "../assembly/net/receive";
export { configLoad } from "../assembly/state/config";
export { COUNTERS } from "../assembly/state/counters";
export {
  destinationAdd,
  destinationCount,
  destinationHash,
  destinationId,
  destinationIndex,
  destinationPublicKey,
  destinationRemove,
  destinationsLoad,
  destinationUsed,
  NODE_ID,
} from "../assembly/state/destinations";
export {
  ratchetCurrentPublic,
  ratchetLoad,
  ratchetsDeadline,
  ratchetSecret,
  ratchetsForget,
  ratchetsLoad,
  ratchetsRun,
  ratchetWipe,
} from "../assembly/state/ratchets";
export { sequenceAtLeast, sequenceLoad, sequenceNext } from "../assembly/state/sequence";
export { signedRecord, signRecord, verifyRecord } from "../assembly/state/signing";
export {
  advisoryEvidence,
  advisoryHasNewKey,
  advisoryNewKey,
  advisorySequence,
  advisorySignature,
  checkAdvisory,
} from "../assembly/wire/advisory";
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
export {
  checkInnerContext,
  envelopeAad,
  envelopeAadLength,
  envelopeEphemeral,
  envelopeText,
  envelopeTextLength,
} from "../assembly/wire/envelope";
export {
  checkGossip,
  emitItem,
  emitSummary,
  emitTiered,
  gossipTier,
  itemData,
  itemLength,
  itemNext,
  itemTier,
  itemType,
  summaryBits,
  summaryFilter,
  summaryFirstBit,
  summaryRound,
  summaryTiers,
  tieredCount,
  tieredFirst,
} from "../assembly/wire/gossip";
export {
  checkLinkControl,
  congestionDrainMs,
  congestionScope,
  congestionSeverity,
  emitCongestionSignal,
  emitLinkControl,
  emitNoRoute,
  emitPacketTooBig,
  emitPing,
  emitPong,
  emitRekey,
  pingClock,
  pongClock,
  rekeyPhase,
  rekeyPublicKey,
  signalDestination,
  tooBigMtu,
} from "../assembly/wire/link-control";
export {
  checkLinkFrame,
  emitLinkDataHeader,
  linkFrameBody,
  linkFrameCounter,
  linkFrameKind,
  linkFramePhase,
  linkFrameTag,
  pad,
  unpaddedLength,
} from "../assembly/wire/link-frame";
export {
  capabilitiesMtu,
  checkLinkProof,
  checkLinkRequest,
  emitCapabilities,
  emitIdentify,
  emitLinkProof,
  emitLinkRequest,
  identifyPublicKey,
  identifySignature,
  proofCapabilities,
  proofClock,
  proofKey,
  proofPublicKey,
  proofSignature,
  requestCapabilities,
  requestClock,
  requestKey,
} from "../assembly/wire/link-setup";
export {
  checkPacket,
  emitPacketHeader,
  packetContext,
  packetData,
  packetDestination,
  packetHeader,
  packetHops,
} from "../assembly/wire/packet";
export { checkQos, emitQos, qosPad, qosPolicy, qosPriority } from "../assembly/wire/qos";
export { checkVersionSignal } from "../assembly/wire/version-signal";

/** linkClose; JavaScript cannot call it itself, for its optional argument. */
export function linkCloseFor(link: u32, reason: u32): void {
  linkClose(link, <LinkEnd>reason);
}

/** Address of counter `counter`, u32. */
export function counterAt(counter: u32): usize {
  return COUNTER_BLOCK + ((<usize>counter) << 2);
}

/** Address of the room a command builds its packet in. */
export function packetRoom(): usize {
  return PACKET_ROOM;
}

/** Writes BLAKE3 of everything that state/ and net/endpoint remember to `out`. */
export function endpointStateHash(out: usize): void {
  blake3Begin();
  blake3Update(DESTINATION_TABLE, DESTINATION_TABLE_SIZE);
  blake3Update(SEQUENCES, SEQUENCES_SIZE);
  blake3Update(RATCHETS, RATCHETS_SIZE);
  blake3End(out);
}

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
export { seenBefore, seenCount, seenExpire, seenReset } from "../assembly/net/seen";
