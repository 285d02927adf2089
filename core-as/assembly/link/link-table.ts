/**
 * The link table: its entries, what the rest of the core asks about a link, and how a link ends. links.ts says who gets
 * in and stays.
 */
import { Counter, Event, event, LinkEnd } from "../abi";
import { LINKS } from "../profile";
import { configBitrate } from "../state/config";
import { count } from "../state/counters";
import { NODE_ID_SIZE, sameId } from "../state/destinations";
import { GROUP_SESSION, sessionWipe } from "./session";

/** No link: where a packet of this node's own comes from. */
export const NO_LINK: u32 = 255;

/*
 * Entry, 168 bytes:
 *   0 peer 16 | 16 link_id 16 | 32 state u8 | 33 interface u8 | 34 initiator u8 | 35 reliability u8 | 36 class u8
 *   37 phase u8, of the key in use | 38 mtu u16 | 40 price u32 | 44 to do u8 | 45 pings unanswered u8
 *   46 other u8, what the session of the other phase is (rekey.ts) | 47 rekeys sent u8 | 48 up since u64 | 56 heard u64
 *   64 next ping u64 | 72 round trip ms u32 | 76 bytes under this key u32 | 80 clock offset i64 | 88 key since u64
 *   96 rekey timer u64 | 104 own ephemeral public key of a rekey 32 | 136 clock of the ping sent u64
 *   144 clock of the ping to answer u64 | 152 unproved u8 | 153 own group key: times sent u8, 255 acknowledged
 *   154 tag of the peer's group key u16, 0 if none is held | 156 when to send the own one again u32, units of 1.024 s
 *   160 packets in a row not acknowledged u8, zero 3 | 164 shunned until u32, units of 1.024 s
 */
export const LINK_ENTRY_SIZE: u32 = 168;
export const LINK_TABLE_SIZE: u32 = LINKS * LINK_ENTRY_SIZE;
export const LINK_TABLE: usize = memory.data(LINKS * 168, 8);

export const LINK_ID: usize = 16;
export const LINK_STATE: usize = 32;
export const LINK_PORT: usize = 33;
export const LINK_INITIATOR: usize = 34;
export const LINK_RELIABILITY: usize = 35;
export const LINK_CLASS: usize = 36;
export const LINK_PHASE: usize = 37;
export const LINK_MTU: usize = 38;
export const LINK_PRICE: usize = 40;
const LINK_TODO: usize = 44;
export const LINK_PINGS: usize = 45;
export const LINK_OTHER: usize = 46;
export const LINK_REKEYS: usize = 47;
export const LINK_SINCE: usize = 48;
export const LINK_HEARD: usize = 56;
export const LINK_NEXT_PING: usize = 64;
export const LINK_ROUND_TRIP: usize = 72;
export const LINK_BYTES: usize = 76;
export const LINK_OFFSET: usize = 80;
export const LINK_KEY_SINCE: usize = 88;
export const LINK_REKEY_TIMER: usize = 96;
export const LINK_EPHEMERAL: usize = 104;
export const LINK_PING_SENT: usize = 136;
export const LINK_PING_HEARD: usize = 144;
export const LINK_UNPROVED: usize = 152;
export const LINK_GROUP: usize = 153;
export const LINK_GROUP_TAG: usize = 154;
export const LINK_GROUP_NEXT: usize = 156;
const LINK_UNSERVED: usize = 160;
const LINK_SHUNNED: usize = 164;

export const STATE_FREE: u8 = 0;
export const STATE_UP: u8 = 1;
/** Down; the peer is still to be told. */
export const STATE_CLOSING: u8 = 2;

// What the outbox has to send on a link.
export const TODO_KEEPALIVE: u32 = 1;
export const TODO_REKEY_ACK: u32 = 2;
export const TODO_REKEY: u32 = 4;
export const TODO_PONG: u32 = 8;
export const TODO_PING: u32 = 16;
export const TODO_CLOSE: u32 = 32;
export const TODO_GROUP: u32 = 64;
export const TODO_GROUP_ACK: u32 = 128;

/** The peer has the own group key. */
export const GROUP_ACKNOWLEDGED: u8 = 255;

/** In place of a link: every link on the radio whose peer has the own group key. */
export const GROUP_LINKS: u32 = 254;

/** Packets in a row a peer has not acknowledged after which it is doubtful, and after which it is shunned for how long. */
const UNSERVED_DOUBTFUL: u32 = 12;
const UNSERVED_SHUNNED: u32 = 28;
const SHUN_MS: u64 = 1_800_000;
const SUSPECT_MS: u64 = 90_000;

/** Links that came up u32, links that went down u32, since they were last asked for. */
export const LINK_CHANGES: usize = memory.data(8, 8);
export const LINK_CHANGES_SIZE: u32 = 8;

const NOTICE: usize = memory.data(24, 8);
const NOTICE_SIZE: u32 = 18;

/** Address of a link's entry, for the files of this room. */
export function linkEntry(link: u32): usize {
  return LINK_TABLE + <usize>(link * LINK_ENTRY_SIZE);
}

/** Whether the link exists and is up. Every getter below needs that. */
export function linkUp(link: u32): bool {
  return link < LINKS && load<u8>(linkEntry(link), LINK_STATE) == STATE_UP;
}

/** Address of the peer's 16-byte node_id. */
export function linkPeer(link: u32): usize {
  return linkEntry(link);
}

/** The interface it runs on. */
export function linkPort(link: u32): u32 {
  return load<u8>(linkEntry(link), LINK_PORT);
}

/** Whether one frame under the own group key reaches the peer as well as others. */
export function linkInGroup(link: u32): bool {
  return load<u8>(linkEntry(link), LINK_GROUP) == GROUP_ACKNOWLEDGED;
}

/** Whether this node initiated it. */
export function linkInitiator(link: u32): u32 {
  return load<u8>(linkEntry(link), LINK_INITIATOR);
}

/** Largest packet both ends take, in bytes. */
export function linkMtu(link: u32): u32 {
  return load<u16>(linkEntry(link), LINK_MTU);
}

/** 0 to 255; 128 before anything is known (H14). */
export function linkReliability(link: u32): u32 {
  return load<u8>(linkEntry(link), LINK_RELIABILITY);
}

/** Whether the 16-byte node_id at `a` is the lower one, byte 0 counting most. They differ. */
export function idBelow(a: usize, b: usize): bool {
  while (load<u8>(a) == load<u8>(b)) {
    a++;
    b++;
  }
  return load<u8>(a) < load<u8>(b);
}

/** Milliseconds that one air frame of 255 bytes takes on an interface, or as many bytes on a wire. */
export function frameMs(port: u32): u32 {
  const bitrate = configBitrate(port);
  return (255 * 8 * 1000 + bitrate - 1) / bitrate;
}

/** Milliseconds between attempts to get an answer: 5 s, or six frames. */
export function retryMs(port: u32): u64 {
  return max<u64>(5_000, 6 * <u64>frameMs(port));
}

/** Milliseconds a full link frame takes to the peer: its time on the medium, or half the round trip measured. */
export function linkLatencyMs(link: u32): u32 {
  return max<u32>(2 * frameMs(linkPort(link)), load<u32>(linkEntry(link), LINK_ROUND_TRIP) >> 1);
}

/** Bits per second of its interface. */
export function linkBitrate(link: u32): u32 {
  return configBitrate(linkPort(link));
}

/** Whether nothing was heard of the peer for more than 90 s. */
export function linkSuspect(link: u32, nowMs: u64): bool {
  return nowMs - load<u64>(linkEntry(link), LINK_HEARD) > SUSPECT_MS;
}

/** The link that is up to the peer with the 16-byte node_id at `id`, or NO_LINK. */
export function linkByPeer(id: usize): u32 {
  for (let i: u32 = 0; i < LINKS; i++) {
    if (linkUp(i) && sameId(id, linkPeer(i))) return i;
  }
  return NO_LINK;
}

/** What the peer's traffic is: 0 unfunded, 1 free, 2 paid. 0 until linkSetPolicy. */
export function linkClass(link: u32): u32 {
  return load<u8>(linkEntry(link), LINK_CLASS);
}

/** Price in micro-MHR per KiB of what goes out over the link. 0 until linkSetPolicy. */
export function linkPrice(link: u32): u32 {
  return load<u32>(linkEntry(link), LINK_PRICE);
}

export function linkSetPolicy(link: u32, policyClass: u32, price: u32): void {
  store<u8>(linkEntry(link), <u8>policyClass, LINK_CLASS);
  store<u32>(linkEntry(link), price, LINK_PRICE);
}

/** The bits of what the outbox has to send. */
export function linkTodo(link: u32): u32 {
  return load<u8>(linkEntry(link), LINK_TODO);
}

/** Sets and clears bits of it. */
export function linkSetTodo(link: u32, set: u32, clear: u32): void {
  store<u8>(linkEntry(link), <u8>((linkTodo(link) & ~clear) | set), LINK_TODO);
}

/** Something sent over the link did not arrive (H14). */
export function linkFailed(link: u32): void {
  const r = linkReliability(link);
  store<u8>(linkEntry(link), <u8>(r - (r >> 2)), LINK_RELIABILITY);
}

/** Something did (H14). */
export function linkDelivered(link: u32): void {
  const r = linkReliability(link);
  store<u8>(linkEntry(link), <u8>(r + ((255 - r) >> 3)), LINK_RELIABILITY);
}

/**
 * A packet sent over the link was acknowledged (F1/08), or was not, which is nothing unusual on a busy channel. True
 * if the peer is to be shunned from now on: so many in a row are no accident.
 */
export function linkServed(link: u32, acknowledged: bool, nowMs: u64): bool {
  const entry = linkEntry(link);
  if (acknowledged) {
    linkDelivered(link);
    // A receipt makes good what was silence, not what was a lie.
    if (load<u8>(entry, LINK_UNSERVED) >= UNSERVED_SHUNNED) store<u32>(entry, 0, LINK_SHUNNED);
    store<u8>(entry, 0, LINK_UNSERVED);
    return false;
  }
  linkFailed(link);
  const times = min<u32>(<u32>load<u8>(entry, LINK_UNSERVED) + 1, 255);
  store<u8>(entry, <u8>times, LINK_UNSERVED);
  if (times < UNSERVED_SHUNNED) return false;
  store<u32>(entry, <u32>((nowMs + SHUN_MS) >> 10), LINK_SHUNNED);
  return true;
}

/** Whether the peer may be one that swallows what it is given: what it lets down had better take another way. */
export function linkDoubtful(link: u32): bool {
  return load<u8>(linkEntry(link), LINK_UNSERVED) >= UNSERVED_DOUBTFUL;
}

/**
 * The peer sent in its own name what no honest one passes on, an announce without a genuine signature: it is to be
 * shunned from now on.
 */
export function linkForged(link: u32, nowMs: u64): void {
  linkFailed(link);
  linkFailed(link);
  store<u32>(linkEntry(link), <u32>((nowMs + SHUN_MS) >> 10), LINK_SHUNNED);
}

/** Whether the peer is shunned for what it did. */
export function linkShunned(link: u32, nowMs: u64): bool {
  return <u32>(nowMs >> 10) < load<u32>(linkEntry(link), LINK_SHUNNED);
}

/** Counts `bytes` under the key in use. */
export function linkCountBytes(link: u32, bytes: u32): void {
  const sum = load<u32>(linkEntry(link), LINK_BYTES) + bytes;
  if (sum >= bytes) store<u32>(linkEntry(link), sum, LINK_BYTES);
}

/** Milliseconds since the link came up. */
export function linkAge(link: u32, nowMs: u64): u64 {
  return nowMs - load<u64>(linkEntry(link), LINK_SINCE);
}

/** Tells the host of a link; `tail` is the event's last byte. */
export function linkNotify(kind: Event, link: u32, tail: u32): void {
  memory.copy(NOTICE, linkPeer(link), NODE_ID_SIZE);
  store<u8>(NOTICE, <u8>linkPort(link), 16);
  store<u8>(NOTICE, <u8>tail, 17);
  event(kind, NOTICE, NOTICE_SIZE);
}

/** Forgets an entry and its keys. */
export function linkFree(link: u32): void {
  sessionWipe(2 * link);
  sessionWipe(2 * link + 1);
  sessionWipe(GROUP_SESSION + link);
  memory.fill(linkEntry(link), 0, LINK_ENTRY_SIZE);
}

/** Ends a link that is up; the entry is free then, or, if the peer is to be told, as soon as the outbox has done so. */
export function linkClose(link: u32, reason: LinkEnd = LinkEnd.Local): void {
  if (!linkUp(link)) return;
  linkNotify(Event.LinkDown, link, reason);
  count(Counter.LinksDown);
  const bit = (<u32>1) << link;
  store<u32>(LINK_CHANGES, load<u32>(LINK_CHANGES) & ~bit);
  store<u32>(LINK_CHANGES, load<u32>(LINK_CHANGES, 4) | bit, 4);
  if (reason == LinkEnd.Closed || reason == LinkEnd.Replaced || reason == LinkEnd.Evicted) {
    linkFree(link);
  } else {
    store<u8>(linkEntry(link), STATE_CLOSING, LINK_STATE);
    store<u8>(linkEntry(link), <u8>TODO_CLOSE, LINK_TODO);
  }
}

/** Whether the entry holds a link, up or waiting for its peer to be told of the end. */
export function linkHeld(link: u32): bool {
  return load<u8>(linkEntry(link), LINK_STATE) != STATE_FREE;
}

/** How many links are up. */
export function linksHeld(): u32 {
  let held: u32 = 0;
  for (let i: u32 = 0; i < LINKS; i++) if (linkUp(i)) held++;
  return held;
}

/** Links that came up since last asked, by bit; one may have taken the place of a link in linksTakeDown: ask that first. */
export function linksTakeUp(): u32 {
  const up = load<u32>(LINK_CHANGES);
  store<u32>(LINK_CHANGES, 0);
  return up;
}

/** Links that went down since last asked, by bit. */
export function linksTakeDown(): u32 {
  const down = load<u32>(LINK_CHANGES, 4);
  store<u32>(LINK_CHANGES, 0, 4);
  return down;
}
