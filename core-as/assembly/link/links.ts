/**
 * The links: encrypted, both ends identified (H12, H31, H33, H40). A link is in the table once its peer has proved who
 * it is; handshakes under way are apart (handshake.ts), so strangers cannot fill it.
 *
 * A newcomer takes a free place, or that of the link silent longest if that is more than 90 s; else it is turned away.
 *
 * A link is down after 180 s without a sign of its peer, or when six pings stay unanswered. Beacons count as a sign,
 * but anybody can send those in anybody's name; the ping, every 10 minutes if nothing else, is what cannot be feigned.
 * The first ping comes early from a responder that has no proof yet that the other end is up.
 *
 * There are at most 32 links: masks are u32. (The gateway's 1024 will need wider ones.)
 */
import { Counter, Event, LinkEnd, Status } from "../abi";
import { LINKS } from "../profile";
import {
  LINK_REPORT_CLOCK_OFFSET_MS,
  LINK_REPORT_LATENCY_MS,
  LINK_REPORT_SILENT_FOR_MS,
  LINK_REPORT_SIZE,
  LINK_REPORT_SUSPECT,
  LINK_REPORT_UP_FOR_S,
} from "../reports.gen";
import { count } from "../state/counters";
import { NODE_ID_SIZE } from "../state/destinations";
import {
  GROUP,
  GROUP_SIZE,
  groupAdvance,
  groupDeadline,
  groupLinkAdvance,
  groupLinkDeadline,
  groupWait,
} from "./group";
import {
  LINK_CHANGES,
  LINK_CHANGES_SIZE,
  LINK_HEARD,
  LINK_ID,
  LINK_KEY_SINCE,
  LINK_MTU,
  LINK_NEXT_PING,
  LINK_OFFSET,
  LINK_PING_HEARD,
  LINK_PING_SENT,
  LINK_PINGS,
  LINK_ROUND_TRIP,
  LINK_SINCE,
  LINK_STATE,
  LINK_TABLE,
  LINK_TABLE_SIZE,
  LINK_UNPROVED,
  linkAge,
  linkByPeer,
  linkClose,
  linkCountBytes,
  linkDelivered,
  linkEntry,
  linkFailed,
  linkFree,
  linkHeld,
  linkInitiator,
  linkLatencyMs,
  linkNotify,
  linkPort,
  linkSetTodo,
  linkSuspect,
  linkTodo,
  linkUp,
  NO_LINK,
  retryMs,
  STATE_UP,
  TODO_PING,
  TODO_PONG,
} from "./link-table";
import { rekeyAdvance, rekeyDeadline } from "./rekey";
import { sessionMove, sessionsReset } from "./session";

export {
  GROUP_LINKS,
  LINK_CHANGES,
  LINK_CHANGES_SIZE,
  LINK_TABLE,
  LINK_TABLE_SIZE,
  linkBitrate,
  linkByPeer,
  linkClass,
  linkClose,
  linkDelivered,
  linkDoubtful,
  linkFailed,
  linkForged,
  linkInGroup,
  linkLatencyMs,
  linkMtu,
  linkPeer,
  linkPort,
  linkPrice,
  linkReliability,
  linkSetPolicy,
  linkServed,
  linkShunned,
  linksTakeDown,
  linksTakeUp,
  linkSuspect,
  linkUp,
  NO_LINK,
} from "./link-table";

const SILENT_MS: u64 = 180_000;
const PING_MS: u64 = 600_000;
/** The responder's first ping, unless the initiator shows by then that it has the link. */
const PROVE_MS: u64 = 30_000;
/** A responder waits longer than an initiator, so that one of them does it. */
const RESPONDER_MS: u64 = 60_000;
const PING_RETRY_MS: u64 = 30_000;
const PINGS_MAX: u32 = 6;

const RELIABILITY_UNKNOWN: u32 = 128;
/** More lost frames in a row say no more about the link. */
const LOST_MAX: u64 = 8;

/** When to ping if nothing comes of the other side's pings. */
function pingTime(link: u32, nowMs: u64): u64 {
  return nowMs + PING_MS + (linkInitiator(link) != 0 ? 0 : RESPONDER_MS);
}

/** A beacon of this node came in on an interface: a sign of life (H33). */
export function linkHeard(port: u32, id: usize, nowMs: u64): void {
  const link = linkByPeer(id);
  if (link != NO_LINK && linkPort(link) == port) store<u64>(linkEntry(link), nowMs, LINK_HEARD);
}

/**
 * A genuine frame of `bytes` bytes came in, `lost` counters after the one before. `proof` if it shows that the peer has
 * the link as well, which a repeated IDENTIFY does not.
 */
export function linkFrameHeard(link: u32, bytes: u32, lost: u64, proof: bool, nowMs: u64): void {
  const entry = linkEntry(link);
  store<u64>(entry, nowMs, LINK_HEARD);
  linkCountBytes(link, bytes);
  for (let i: u64 = min<u64>(lost, LOST_MAX); i > 0; i--) linkFailed(link);
  linkDelivered(link);
  if (proof) proved(link, nowMs);
}

/** The peer has the link: it need not be asked. */
function proved(link: u32, nowMs: u64): void {
  const entry = linkEntry(link);
  // Whoever is heard need not be asked; the ping that is under way has been answered as well.
  store<u8>(entry, 0, LINK_PINGS);
  store<u8>(entry, 0, LINK_UNPROVED);
  store<u64>(entry, pingTime(link, nowMs), LINK_NEXT_PING);
  linkSetTodo(link, 0, TODO_PING);
}

/**
 * A frame under the peer's group key came in: a sign of life. Others have that key too, so it says nothing of how well
 * the link does, and does not stand for the proof that a responder waits for.
 */
export function linkGroupHeard(link: u32, nowMs: u64): void {
  store<u64>(linkEntry(link), nowMs, LINK_HEARD);
  if (load<u8>(linkEntry(link), LINK_UNPROVED) == 0) proved(link, nowMs);
}

/** A ping of the peer: it is answered, and stands for one of our own. */
export function linkPingHeard(link: u32, clock: u64, nowMs: u64): void {
  const entry = linkEntry(link);
  store<u64>(entry, clock, LINK_PING_HEARD);
  store<u64>(entry, pingTime(link, nowMs), LINK_NEXT_PING);
  linkSetTodo(link, TODO_PONG, TODO_PING);
}

/** An answer to the ping of local time `echo`. Ok, or Stale if that is not the ping under way. */
export function linkPongHeard(link: u32, echo: u64, clock: u64, nowMs: u64): Status {
  const entry = linkEntry(link);
  if (echo != load<u64>(entry, LINK_PING_SENT) || echo > nowMs) return Status.Stale;
  store<u64>(entry, u64.MAX_VALUE, LINK_PING_SENT);
  linkMeasured(link, <u32>min<u64>(nowMs - echo, 0xffff), clock, nowMs);
  store<u64>(entry, pingTime(link, nowMs), LINK_NEXT_PING);
  linkSetTodo(link, 0, TODO_PING);
  return Status.Ok;
}

/** The peer's clock as it stood half a round trip ago. */
export function linkMeasured(link: u32, roundTripMs: u32, clock: u64, nowMs: u64): void {
  store<u32>(linkEntry(link), roundTripMs, LINK_ROUND_TRIP);
  store<u64>(linkEntry(link), clock + <u64>(roundTripMs >> 1) - nowMs, LINK_OFFSET);
}

/** Where a newcomer goes: a free entry, one that is closing, or the longest silent suspect; NO_LINK if there is none. */
export function linkPlace(nowMs: u64): u32 {
  let place = NO_LINK;
  let oldest = nowMs;
  for (let i: u32 = 0; i < LINKS; i++) {
    if (!linkUp(i)) return i;
    const heard = load<u64>(linkEntry(i), LINK_HEARD);
    if (linkSuspect(i, nowMs) && heard < oldest) {
      oldest = heard;
      place = i;
    }
  }
  return place;
}

/**
 * Takes in a peer whose identity is proved, with the session of its handshake, which moves. It takes the place of an
 * older link to the same peer. The link, or NO_LINK when the table is full.
 */
export function linkAdd(
  peer: usize,
  linkId: usize,
  port: u32,
  mtu: u32,
  initiator: u32,
  session: u32,
  nowMs: u64,
): u32 {
  let link = linkByPeer(peer);
  let end: LinkEnd = LinkEnd.Replaced;
  if (link == NO_LINK) {
    link = linkPlace(nowMs);
    end = LinkEnd.Evicted;
  }
  if (link == NO_LINK) {
    count(Counter.LinksRefused);
    return NO_LINK;
  }
  linkClose(link, end);
  linkFree(link);
  const entry = linkEntry(link);
  memory.copy(entry, peer, NODE_ID_SIZE);
  memory.copy(entry + LINK_ID, linkId, 16);
  // State, interface, initiator and reliability lie side by side.
  store<u32>(entry, (<u32>STATE_UP) | (port << 8) | (initiator << 16) | (RELIABILITY_UNKNOWN << 24), LINK_STATE);
  store<u16>(entry, <u16>mtu, LINK_MTU);
  store<u64>(entry, nowMs, LINK_SINCE);
  store<u64>(entry, nowMs, LINK_HEARD);
  store<u64>(entry, nowMs, LINK_KEY_SINCE);
  store<u64>(entry, u64.MAX_VALUE, LINK_PING_SENT);
  store<u8>(entry, <u8>(initiator ^ 1), LINK_UNPROVED);
  store<u64>(entry, initiator != 0 ? pingTime(link, nowMs) : nowMs + PROVE_MS, LINK_NEXT_PING);
  groupWait(link, nowMs);
  sessionMove(2 * link, session);
  count(Counter.LinksUp);
  store<u32>(LINK_CHANGES, load<u32>(LINK_CHANGES) | ((<u32>1) << link));
  linkNotify(Event.LinkUp, link, initiator);
  return link;
}

/** Ends what has been silent too long, pings, and sees to the keys. */
export function linksAdvance(nowMs: u64): void {
  groupAdvance(nowMs);
  for (let i: u32 = 0; i < LINKS; i++) {
    if (!linkHeld(i)) continue;
    const entry = linkEntry(i);
    const silent = nowMs - load<u64>(entry, LINK_HEARD) >= SILENT_MS;
    if (!linkUp(i)) {
      if (silent) linkFree(i);
      continue;
    }
    const pings: u32 = load<u8>(entry, LINK_PINGS);
    const ping = nowMs >= load<u64>(entry, LINK_NEXT_PING);
    if (silent || (ping && pings >= PINGS_MAX)) {
      linkClose(i, LinkEnd.Silent);
      // So long, from now, for the outbox to tell the peer.
      store<u64>(entry, nowMs, LINK_HEARD);
      continue;
    }
    if (ping) {
      // One that could not be sent yet says nothing about the peer.
      if ((linkTodo(i) & TODO_PING) == 0) store<u8>(entry, <u8>(pings + 1), LINK_PINGS);
      linkSetTodo(i, TODO_PING, 0);
      store<u64>(entry, nowMs + max<u64>(PING_RETRY_MS, retryMs(linkPort(i))), LINK_NEXT_PING);
    }
    rekeyAdvance(i, nowMs);
    if (linkUp(i)) groupLinkAdvance(i, nowMs);
  }
}

/** When linksAdvance next has something to do; 2^64-1 if there is and was no link. */
export function linksDeadline(): u64 {
  let deadline = groupDeadline();
  for (let i: u32 = 0; i < LINKS; i++) {
    if (!linkHeld(i)) continue;
    deadline = min<u64>(deadline, load<u64>(linkEntry(i), LINK_HEARD) + SILENT_MS);
    if (!linkUp(i)) continue;
    deadline = min<u64>(deadline, min<u64>(load<u64>(linkEntry(i), LINK_NEXT_PING), rekeyDeadline(i)));
    deadline = min<u64>(deadline, groupLinkDeadline(i));
  }
  return deadline;
}

/** Writes a LinkReport (reports.gen.ts) for each link at `out`; the number of bytes. */
export function linksReport(out: usize, nowMs: u64): u32 {
  let at = out;
  for (let i: u32 = 0; i < LINKS; i++) {
    if (!linkUp(i)) continue;
    const entry = linkEntry(i);
    memory.copy(at, entry, NODE_ID_SIZE);
    // From the state to the price, 12 bytes, the entry has the same order.
    memory.copy(at + LINK_REPORT_SUSPECT, entry + LINK_STATE, 12);
    store<u8>(at, <u8>linkSuspect(i, nowMs), LINK_REPORT_SUSPECT);
    store<u32>(at, linkLatencyMs(i), LINK_REPORT_LATENCY_MS);
    store<u32>(at, <u32>(linkAge(i, nowMs) / 1000), LINK_REPORT_UP_FOR_S);
    store<u32>(at, <u32>(nowMs - load<u64>(entry, LINK_HEARD)), LINK_REPORT_SILENT_FOR_MS);
    store<u64>(at, load<u64>(entry, LINK_OFFSET), LINK_REPORT_CLOCK_OFFSET_MS);
    at += LINK_REPORT_SIZE;
  }
  return <u32>(at - out);
}

/** Forgets every link and every key. */
export function linksReset(): void {
  memory.fill(LINK_TABLE, 0, LINK_TABLE_SIZE);
  memory.fill(LINK_CHANGES, 0, LINK_CHANGES_SIZE);
  memory.fill(GROUP, 0, GROUP_SIZE);
  sessionsReset();
}
