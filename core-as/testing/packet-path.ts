/**
 * Entry of a module for the tests of the packet path: medium, ledger, queue, egress, forwarding. Links, sealing, gossip
 * and routes are the stand-ins in stubs/, so that a test decides what they say. Never on a board.
 */
import { CONFIG } from "../assembly/state/config";
import { COUNTERS } from "../assembly/state/counters";
import { QUEUE, QUEUE_SIZE } from "../assembly/net/queue";
import { LINKS_STUB } from "../assembly/link/links";
import { OUTBOX_STUB } from "../assembly/link/outbox";
import { GOSSIP_STUB } from "../assembly/net/gossip";
import { ROUTES_STUB } from "../assembly/net/routes";
import { NODE_ID } from "../assembly/state/destinations";

export { AIRTIME, airtimeAdd, airtimeLoad, airtimeNext, airtimeReserve } from "../assembly/link/airtime";
export { csmaBusy, csmaReset } from "../assembly/link/csma";
export {
  mediumAirtimeUs,
  mediumBuffer,
  mediumDeadline,
  mediumDefer,
  mediumExpire,
  mediumFrameMs,
  mediumFreeAt,
  mediumReady,
  mediumReceive,
  mediumReceived,
  mediumLawfulAt,
  mediumReset,
  mediumRun,
  mediumSend,
  mediumTakeDropped,
  mediumTimeMs,
  mediumYield,
} from "../assembly/link/medium";
export { utilisationAdd, utilisationPermille, utilisationReset } from "../assembly/link/utilisation";
export { beaconingAt, beaconingPlan, beaconingStart } from "../assembly/net/beaconing";
export { congestionConsider, congestionDropped, congestionFactorQ8, congestionReset } from "../assembly/net/congestion";
export {
  controlAcknowledge,
  controlNext,
  controlReceive,
  controlReset,
  controlSend,
  controlWaiting,
} from "../assembly/net/control";
export { egressDeadline, egressReset, egressRun } from "../assembly/net/egress";
export {
  forwardAdvance,
  forwardHash,
  forwardLinksDown,
  forwardOwn,
  forwardPacket,
  forwardRefused,
  forwardSeen,
} from "../assembly/net/forward";
export { probeReceive, probeReset, probeStart } from "../assembly/net/probe";
export {
  queueAcknowledged,
  queueAdd,
  queueAwaits,
  queueClass,
  queueDeadline,
  queueDrainMs,
  queueDrop,
  queueExpire,
  queueFill,
  queueLength,
  queueLinkIn,
  queueLinkOut,
  queueNext,
  queueOverdue,
  queuePacket,
  queueQos,
  queueReadyAt,
  queueRequeue,
  queueReset,
  queueSent,
  queueSpent,
  queueWaits,
} from "../assembly/net/queue";
export { reservationReceive } from "../assembly/net/reservation";
export { reverseFind, reverseRemember, reverseReset } from "../assembly/net/reverse";
export { seenExpire, seenReset } from "../assembly/net/seen";
export {
  throttleAvoid,
  throttleFreeAt,
  throttleHeard,
  throttleLinksDown,
  throttleReset,
  throttleSent,
} from "../assembly/net/throttle";
export { configLoad } from "../assembly/state/config";
export { countersReset } from "../assembly/state/counters";
export { checkPacket } from "../assembly/wire/packet";
export {
  checkProbe,
  emitProbeRequest,
  emitProbeResponse,
  probeBps,
  probeId,
  probeMtu,
  probeSize,
  probeTimestamp,
} from "../assembly/wire/probe";
export { checkReservation, emitCommitment, reservationId } from "../assembly/wire/reservation";

const ARENA: usize = memory.data(8192, 16);

/** Room for a test's inputs and outputs. */
export function arena(): usize {
  return ARENA;
}

/** Blocks a test looks into: configuration, counters, queue, then what the stand-ins go by, and this node's address. */
export function block(which: u32): usize {
  switch (which) {
    case 0:
      return CONFIG;
    case 1:
      return COUNTERS;
    case 2:
      return QUEUE;
    case 3:
      return LINKS_STUB;
    case 4:
      return OUTBOX_STUB;
    case 5:
      return GOSSIP_STUB;
    case 6:
      return ROUTES_STUB;
    default:
      return NODE_ID;
  }
}

/** Size of the queue's block. */
export function queueSize(): u32 {
  return QUEUE_SIZE;
}
