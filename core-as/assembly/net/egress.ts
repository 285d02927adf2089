/**
 * What goes out next on each interface (digest 1 sections 2.8 and 2.9).
 *
 * First the beacon if it is due, then link setup and control, then gossip and packets, which share what is left 10 : 90
 * when both wait. Gossip that has waited for 180 s goes next. On the radio nothing but beacons is made ready unless the
 * hour's airtime has room for a largest frame; beacons and gossip stop at four fifths of it. Neither can be kept out for
 * ever by packets that use up all of it: gossip that has waited for 180 s may have any of it, and so may one beacon among
 * as many left out as make such beacons a fifth of it at most.
 */
import { Counter, Status } from "../abi";
import { AirtimeClass, airtimeNext } from "../link/airtime";
import { NO_LINK } from "../link/links";
import {
  mediumAirtimeUs,
  mediumBuffer,
  mediumDeadline,
  mediumDefer,
  mediumFreeAt,
  mediumLawfulAt,
  mediumPending,
  mediumReady,
  mediumRun,
  mediumSend,
  mediumSends,
  mediumTakeDropped,
  mediumTimeMs,
} from "../link/medium";
import { linkOutboxNext, linkOutboxWaiting } from "../link/outbox";
import { frameSeal } from "../link/secure";
import { INTERFACES, LINKS, RADIO } from "../profile";
import { configDutyPermille } from "../state/config";
import { count } from "../state/counters";
import { BEACON_FRAME_SIZE, beaconingAt, beaconingPlan, beaconingWrite } from "./beaconing";
import { congestionDropped } from "./congestion";
import { controlNext, controlWaiting } from "./control";
import { gossipDeadline, gossipNext, gossipStarved, gossipWaiting } from "./gossip";
import {
  queueClass,
  queueDeadline,
  queueDrop,
  queueLength,
  queueLinkIn,
  queueLinkOut,
  queueNext,
  queuePacket,
  queueQos,
  queueReadyAt,
  queueSent,
  shareCharge,
  shareDue,
} from "./queue";
import { throttleSent } from "./throttle";

/** Size of the link frame that gossip fits. */
const GOSSIP_SIZE: u32 = 254;
/** A source that said it had a frame and gave none is asked again after this. */
const EMPTY_MS: u64 = 100;
const FREE: u32 = 1;

/** Beacons are 5 per mille of the time (beaconing.ts): one in 25 / duty of them is a fifth of the duty. */
const MISSED_DUTY: u32 = 25;

/**
 * An interface, 8 bytes: 0 gossip's share u32 | 4 link_in of the frame under way u8 | 5 airtime is awaited u8 | 6 beacons
 * left out in a row u8 | zero.
 */
const PORT_SIZE: u32 = 8;
const LINK_IN: usize = 4;
const SPENT: usize = 5;
const MISSED: usize = 6;
export const EGRESS_SIZE: u32 = PORT_SIZE * INTERFACES;
export const EGRESS: usize = memory.data(PORT_SIZE * INTERFACES, 8);

export function egressReset(): void {
  memory.fill(EGRESS, 0, EGRESS_SIZE);
}

/** When gossip may go out on an interface, the interface being free. */
function gossipAt(port: u32, nowMs: u64): u64 {
  const airtimeClass = gossipStarved(port, nowMs) ? AirtimeClass.User : AirtimeClass.Gossip;
  return max<u64>(gossipDeadline(port, nowMs), mediumLawfulAt(port, airtimeClass, nowMs));
}

/** Hands the frame at mediumBuffer over. */
function send(port: u32, length: u32, airtimeClass: u32, linkIn: u32, prompt: bool, nowMs: u64): bool {
  if (length == 0) return false;
  store<u8>(EGRESS + <usize>(port * PORT_SIZE), <u8>linkIn, LINK_IN);
  mediumSend(port, length, airtimeClass, prompt, nowMs);
  return true;
}

/** Sends the packet of this buffer; gossip's share grows by it. */
function sendPacket(port: u32, index: u32, nowMs: u64): bool {
  const link = queueLinkOut(index);
  const linkIn = queueLinkIn(index);
  const trafficClass = queueClass(index);
  const size = frameSeal(link, mediumBuffer(port), queuePacket(index), queueLength(index), queueQos(index), nowMs);
  if (size == 0) {
    count(Counter.SendFailed);
    queueDrop(index);
    return false;
  }
  shareCharge(EGRESS + <usize>(port * PORT_SIZE), size, false);
  queueSent(index, port, nowMs);
  throttleSent(link, mediumTimeMs(port, size), nowMs);
  if (linkIn != NO_LINK) {
    count(Counter.PacketsForwarded);
    if (trafficClass == FREE) count(Counter.PacketsFree);
  }
  return send(port, size, trafficClass == 0 ? AirtimeClass.Unfunded : AirtimeClass.User, linkIn, false, nowMs);
}

/** Gives a free interface its next frame, if there is one. */
function fill(port: u32, nowMs: u64): bool {
  const entry = EGRESS + <usize>(port * PORT_SIZE);
  if (mediumTakeDropped(port) && <u32>load<u8>(entry, LINK_IN) < LINKS)
    congestionDropped(load<u8>(entry, LINK_IN), nowMs);
  const out = mediumBuffer(port);
  if (nowMs >= beaconingAt(port)) {
    beaconingPlan(port, nowMs);
    const us = mediumAirtimeUs(BEACON_FRAME_SIZE);
    const missed: u32 = load<u8>(entry, MISSED);
    const airtimeClass = missed * configDutyPermille() > MISSED_DUTY ? AirtimeClass.User : AirtimeClass.Beacon;
    store<u8>(entry, <u8>min<u32>(missed + 1, 255), MISSED);
    if (port != RADIO || airtimeNext(airtimeClass, us, nowMs) == nowMs) {
      store<u8>(entry, 0, MISSED);
      beaconingWrite(out);
      return send(port, BEACON_FRAME_SIZE, AirtimeClass.Beacon, NO_LINK, true, nowMs);
    }
    count(Counter.AirtimeDeferred);
  }
  const link = linkOutboxWaiting(port) || controlWaiting(port);
  const gossip = gossipWaiting(port, nowMs) && gossipAt(port, nowMs) <= nowMs;
  const packet = queueNext(port, nowMs);
  if (!link && !gossip && packet < 0) return false;
  if (mediumLawfulAt(port, AirtimeClass.User, nowMs) > nowMs) {
    if (load<u8>(entry, SPENT) == 0) count(Counter.AirtimeDeferred);
    store<u8>(entry, 1, SPENT);
    return false;
  }
  store<u8>(entry, 0, SPENT);
  if (link) {
    // An acknowledgment goes at once, before those who heard what it answers end their pauses.
    if (send(port, controlNext(port, out, nowMs), AirtimeClass.Link, NO_LINK, true, nowMs)) return true;
    if (send(port, linkOutboxNext(port, out, nowMs), AirtimeClass.Link, NO_LINK, false, nowMs)) return true;
  }
  if (gossip && (packet < 0 || gossipStarved(port, nowMs) || shareDue(entry, GOSSIP_SIZE))) {
    const size = gossipNext(port, out, nowMs);
    if (size != 0) {
      shareCharge(entry, size, true);
      return send(port, size, AirtimeClass.Gossip, NO_LINK, false, nowMs);
    }
  }
  if (packet >= 0 && sendPacket(port, packet, nowMs)) return true;
  mediumDefer(port, nowMs + EMPTY_MS);
  return false;
}

/**
 * Takes the next step of sending, at most one frame_send: a frame under way first, else the next frame of the first
 * interface that is free and has one. The status of mediumRun.
 */
export function egressRun(nowMs: u64): Status {
  if (mediumDeadline() <= nowMs) return mediumRun(nowMs);
  for (let port: u32 = 0; port < INTERFACES; port++) {
    if (mediumReady(port, nowMs) && fill(port, nowMs)) return mediumRun(nowMs);
  }
  return Status.Ok;
}

/** When egressRun has something to do next; 2^64-1 if never. */
export function egressDeadline(nowMs: u64): u64 {
  let next = min<u64>(mediumDeadline(), queueDeadline());
  for (let port: u32 = 0; port < INTERFACES; port++) {
    if (!mediumSends(port) || mediumPending(port)) continue;
    let want = nowMs;
    if (!linkOutboxWaiting(port) && !controlWaiting(port))
      want = min<u64>(gossipAt(port, nowMs), queueReadyAt(port, nowMs));
    want = min<u64>(beaconingAt(port), max<u64>(want, mediumLawfulAt(port, AirtimeClass.User, nowMs)));
    next = min<u64>(next, max<u64>(want, mediumFreeAt(port)));
  }
  return next;
}
