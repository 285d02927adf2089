/**
 * Group keys: what lets one transmission serve all neighbours (ours; docs/protocol.md).
 *
 * A medium all share is wasted by sending every peer a copy of its own of what is public anyway. So each node draws a
 * key of 32 bytes, a new one every 24 h, and gives it to every peer of a link on the radio, inside that link: GroupKey,
 * which also names the peer's key held, repeated until acknowledged. A frame under it is link data like any other:
 * link_tag the first 2 bytes of BLAKE2b-256 of `mehr/group/1`, 00 and the key (1 in place of 0); a counter of its own;
 * 2 as direction in the nonce.
 *
 * What it proves is little: that its sender is the peer *or one of the peer's other peers*, who all have the key. So it
 * carries announces only (secure.ts), whose signatures are their origin's; the hops and cost in one are as good as the
 * least of the sender's peers. It is a sign of life, but moves no reliability. The key is not changed when a peer
 * leaves: there is nothing secret in announces, and a newcomer could be the one who left.
 */
import { entropy, Status } from "../abi";
import { blake2b } from "../crypto/blake2b";
import { equal } from "../crypto/constant-time";
import { LINKS, RADIO } from "../profile";
import {
  GROUP_ACKNOWLEDGED,
  LINK_GROUP,
  LINK_GROUP_NEXT,
  LINK_GROUP_TAG,
  linkEntry,
  linkPort,
  linkSetTodo,
  linkUp,
  TODO_GROUP,
  TODO_GROUP_ACK,
} from "./link-table";
import { GROUP_SESSION, OWN_GROUP_SESSION, sessionExpect, sessionKey, sessionNext, sessionWipe } from "./session";

const KEY_SIZE: u32 = 32;
/** GroupKey: key 32, tag u16, counter u32. */
const COUNTER: usize = 34;
const DAY_MS: u64 = 86_400_000;
/** Without random bytes, another try then. */
const NO_ENTROPY_MS: u64 = 10_000;
/** The first repetition; each next one comes after twice the time, but for the last of these. */
const RETRY_MS: u64 = 30_000;
const RETRIES: u8 = 5;
/** Unit of the time kept in a link's entry. */
const TIME_SHIFT: u64 = 10;

/** When the own key is to be replaced u64, 0 if there is none; its tag u16, zero. The key itself is nobody's to see. */
export const GROUP: usize = memory.data(16, 8);
export const GROUP_SIZE: u32 = 16;
const TAG: usize = 8;

/** `mehr/group/1` and a zero byte, then room for a key, later its hash. */
const LABELLED: usize = memory.data<u8>([
  0x6d, 0x65, 0x68, 0x72, 0x2f, 0x67, 0x72, 0x6f, 0x75, 0x70, 0x2f, 0x31, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
]);
const LABEL_SIZE: u32 = 13;

/** link_tag of frames under a key; 1 in place of 0. */
function tagOf(key: usize): u32 {
  const room = LABELLED + <usize>LABEL_SIZE;
  memory.copy(room, key, KEY_SIZE);
  blake2b(room, KEY_SIZE, LABELLED, LABEL_SIZE + KEY_SIZE);
  // 0 says that no key is held.
  return max<u32>(load<u16>(room), 1);
}

/** Tag of the own key, 0 if there is none. */
export function groupTag(): u32 {
  return load<u16>(GROUP, TAG);
}

/** Draws a key, which no peer has yet; keeps the old one if that fails. */
function draw(nowMs: u64): void {
  const key = sessionKey(OWN_GROUP_SESSION);
  const room = LABELLED + <usize>LABEL_SIZE;
  if (entropy(room, KEY_SIZE) != Status.Ok) {
    if (load<u64>(GROUP) != 0) store<u64>(GROUP, nowMs + NO_ENTROPY_MS);
    return;
  }
  // The counter starts anew with the key.
  sessionWipe(OWN_GROUP_SESSION);
  memory.copy(key, room, KEY_SIZE);
  store<u16>(GROUP, <u16>tagOf(key), TAG);
  store<u64>(GROUP, nowMs + DAY_MS);
  for (let i: u32 = 0; i < LINKS; i++) store<u8>(linkEntry(i), 0, LINK_GROUP);
}

/** Whether there is a key to give; draws the first. */
export function groupReady(nowMs: u64): bool {
  if (load<u64>(GROUP) == 0) draw(nowMs);
  return load<u64>(GROUP) != 0;
}

/** Replaces a key that has had its day. */
export function groupAdvance(nowMs: u64): void {
  if (load<u64>(GROUP) != 0 && nowMs >= load<u64>(GROUP)) draw(nowMs);
}

/** When groupAdvance has something to do; 2^64-1 if there is no key. */
export function groupDeadline(): u64 {
  const until = load<u64>(GROUP);
  return until == 0 ? u64.MAX_VALUE : until;
}

/** When the key is to be given to a link's peer once more; 2^64-1 if it has it, or is on a wire. */
export function groupLinkDeadline(link: u32): u64 {
  const entry = linkEntry(link);
  if (linkPort(link) != RADIO || load<u8>(entry, LINK_GROUP) == GROUP_ACKNOWLEDGED) return u64.MAX_VALUE;
  return (<u64>load<u32>(entry, LINK_GROUP_NEXT)) << TIME_SHIFT;
}

/** Has the outbox give the key to a link's peer, if it is time to. */
export function groupLinkAdvance(link: u32, nowMs: u64): void {
  if (nowMs < groupLinkDeadline(link)) return;
  linkSetTodo(link, TODO_GROUP, 0);
  const entry = linkEntry(link);
  const sent = <u8>min<u32>(<u32>load<u8>(entry, LINK_GROUP) + 1, RETRIES);
  store<u8>(entry, sent, LINK_GROUP);
  groupWait(link, nowMs, sent);
}

/** Another `sent` has to wait: after it is sent for the first time, 30 s. */
export function groupWait(link: u32, nowMs: u64, sent: u8 = 0): void {
  const at = (nowMs + (RETRY_MS << (<u64>sent))) >> TIME_SHIFT;
  store<u32>(linkEntry(link), <u32>at, LINK_GROUP_NEXT);
}

/** Writes a GroupKey: the own key, the tag of the peer's, and the counter of the next frame under the own key. */
export function groupEmit(link: u32, body: usize): void {
  memory.copy(body, sessionKey(OWN_GROUP_SESSION), KEY_SIZE);
  store<u16>(body, load<u16>(linkEntry(link), LINK_GROUP_TAG), KEY_SIZE);
  store<u32>(body, <u32>sessionNext(OWN_GROUP_SESSION), COUNTER);
}

/**
 * The peer holds the key with this tag: a GroupKeyAck's, or 0 in a GroupKey if it holds none. Ok; Stale if that is not the
 * key in use, and it was not thought to be.
 */
export function groupAckReceive(link: u32, tag: u32): Status {
  const entry = linkEntry(link);
  if (tag != 0 && tag == groupTag() && linkPort(link) == RADIO) {
    store<u8>(entry, GROUP_ACKNOWLEDGED, LINK_GROUP);
    linkSetTodo(link, 0, TODO_GROUP);
    return Status.Ok;
  }
  if (load<u8>(entry, LINK_GROUP) != GROUP_ACKNOWLEDGED) return Status.Stale;
  // Two keys of one day change have overtaken each other, or the peer has lost it: it gets the one in use again.
  store<u8>(entry, 0, LINK_GROUP);
  linkSetTodo(link, TODO_GROUP, 0);
  return Status.Ok;
}

/** The peer's GroupKey. Ok, also for one repeated; BadSubtype on a wire, where nothing is shared. */
export function groupKeyReceive(link: u32, body: usize, nowMs: u64): Status {
  if (linkPort(link) != RADIO) return Status.BadSubtype;
  const entry = linkEntry(link);
  const session = GROUP_SESSION + link;
  // The key held keeps its replay window.
  if (!equal(sessionKey(session), body, KEY_SIZE) || load<u16>(entry, LINK_GROUP_TAG) == 0) {
    sessionWipe(session);
    memory.copy(sessionKey(session), body, KEY_SIZE);
    // What was sent under it before is nothing new: a link may end and come back while the key lasts.
    sessionExpect(session, load<u32>(body, COUNTER));
    store<u16>(entry, <u16>tagOf(body), LINK_GROUP_TAG);
  }
  groupAckReceive(link, load<u16>(body, KEY_SIZE));
  if (load<u8>(entry, LINK_GROUP) == GROUP_ACKNOWLEDGED) {
    linkSetTodo(link, TODO_GROUP_ACK, 0);
  } else {
    // The own key takes the acknowledgement along.
    linkSetTodo(link, TODO_GROUP, 0);
    groupWait(link, nowMs);
  }
  return Status.Ok;
}

/** The link whose peer's group key frames with this tag may be under, `index` < LINKS being tried. */
export function groupFits(index: u32, tag: u32): bool {
  return linkUp(index) && linkPort(index) == RADIO && <u32>load<u16>(linkEntry(index), LINK_GROUP_TAG) == tag;
}
