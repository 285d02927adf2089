/**
 * New keys for a link (H31): after an hour, or max(10^6, a minute of its bit rate) bytes, by a fresh exchange inside it.
 *
 *   either side    Rekey (phase of the key to come, e_i), repeated until answered
 *   the other      RekeyAck (same phase, e_r); can open both keys from here on, seals with the old one
 *   the first      has the key, seals with it at once: a ping, repeated until something comes back under it
 *   the other      takes the first genuine frame of the new phase as the proof, and changes over
 *
 * Each opens the old key for 60 s more, counted from when it knows that the other has changed over. Both at once: the
 * lower node_id's stands. Only e_i and e_r order the key's making; the direction byte of the nonce stays the link's.
 */
import { Counter, LinkEnd, Status } from "../abi";
import { count } from "../state/counters";
import { NODE_ID } from "../state/destinations";
import { rekeyPhase, rekeyPublicKey } from "../wire/link-control";
import {
  idBelow,
  LINK_BYTES,
  LINK_EPHEMERAL,
  LINK_ID,
  LINK_KEY_SINCE,
  LINK_OTHER,
  LINK_PHASE,
  LINK_REKEY_TIMER,
  LINK_REKEYS,
  linkBitrate,
  linkClose,
  linkEntry,
  linkInitiator,
  linkPeer,
  linkPort,
  linkSetTodo,
  retryMs,
  TODO_PING,
  TODO_REKEY,
  TODO_REKEY_ACK,
} from "./link-table";
import { sessionAgree, sessionDraw, sessionWipe } from "./session";

// What the session of the other phase is.
const OTHER_NONE: u32 = 0;
/** Own ephemeral secret; the answer is awaited. */
const OTHER_SECRET: u32 = 1;
/** The key to come: opens, does not seal yet. */
const OTHER_NEXT: u32 = 2;
/** The key before, while the peer has not shown the new one: opens. */
const OTHER_UNPROVED: u32 = 3;
/** The key before: opens until the timer. */
const OTHER_OLD: u32 = 4;

const KEY_MS: u64 = 3_600_000;
/** The responder waits longer, so that mostly one side starts. */
const RESPONDER_MS: u64 = 60_000;
/** Of the 65536 steps that the first two bytes of link_id tell. */
const SOONER_MS: u64 = 14;
const BYTES_MIN: u32 = 1_000_000;
const OLD_KEY_MS: u64 = 60_000;
const ATTEMPTS: u32 = 24;
/** Each attempt waits longer for its answer than the one before, up to so many of retryMs. */
const GROWTH_MAX: u32 = 6;
/** Of retryMs: how long a request may wait for the outbox. */
const PATIENCE: u64 = 10;
/** Without random bytes, another try then. */
const NO_ENTROPY_MS: u64 = 10_000;

function other(link: u32): u32 {
  return load<u8>(linkEntry(link), LINK_OTHER);
}

function setOther(link: u32, state: u32, timer: u64): void {
  store<u8>(linkEntry(link), <u8>state, LINK_OTHER);
  store<u64>(linkEntry(link), timer, LINK_REKEY_TIMER);
}

/** Phase of the key that seals. */
export function linkPhase(link: u32): u32 {
  return load<u8>(linkEntry(link), LINK_PHASE);
}

/** The session of a phase of a link. */
export function linkSession(link: u32, phase: u32): u32 {
  return 2 * link + phase;
}

function otherSession(link: u32): u32 {
  return linkSession(link, linkPhase(link) ^ 1);
}

/** Whether frames of this phase can be opened. */
export function linkOpens(link: u32, phase: u32): bool {
  return phase == linkPhase(link) || other(link) >= OTHER_NEXT;
}

/** When the key in use is to be replaced. */
function due(link: u32): u64 {
  // A minute of the bit rate; the counter of bytes stops short of 2^32.
  const most = min<u64>(max<u64>(BYTES_MIN, (<u64>linkBitrate(link) * 60) >> 3), 0xf0000000);
  if (<u64>load<u32>(linkEntry(link), LINK_BYTES) >= most) return 0;
  // Up to a quarter of an hour sooner, as both ends see alike: links of one age do not all ask at once.
  const sooner = <u64>load<u16>(linkEntry(link), LINK_ID) * SOONER_MS;
  return load<u64>(linkEntry(link), LINK_KEY_SINCE) + KEY_MS - sooner + (linkInitiator(link) != 0 ? 0 : RESPONDER_MS);
}

/** When rekeyAdvance next has something to do for a link that is up. */
export function rekeyDeadline(link: u32): u64 {
  const timer = load<u64>(linkEntry(link), LINK_REKEY_TIMER);
  return other(link) == OTHER_NONE ? max<u64>(timer, due(link)) : timer;
}

/** Starts a rekey, repeats what is not answered, gives it up, forgets the old key: whatever the time asks for. */
export function rekeyAdvance(link: u32, nowMs: u64): void {
  if (nowMs < rekeyDeadline(link)) return;
  const entry = linkEntry(link);
  const state = other(link);
  const retry = retryMs(linkPort(link));
  if (state == OTHER_OLD) {
    sessionWipe(otherSession(link));
    setOther(link, OTHER_NONE, 0);
  } else if (state == OTHER_NONE) {
    if (sessionDraw(otherSession(link), entry + LINK_EPHEMERAL) != Status.Ok) {
      store<u64>(entry, nowMs + NO_ENTROPY_MS, LINK_REKEY_TIMER);
      return;
    }
    store<u8>(entry, 0, LINK_REKEYS);
    wantRekey(link, nowMs + PATIENCE * retry);
  } else if (<u32>load<u8>(entry, LINK_REKEYS) >= ATTEMPTS) {
    linkClose(link, LinkEnd.Exhausted);
  } else if (state == OTHER_SECRET) {
    wantRekey(link, nowMs + PATIENCE * retry);
  } else {
    const sent: u32 = load<u8>(entry, LINK_REKEYS) + 1;
    store<u8>(entry, <u8>sent, LINK_REKEYS);
    setOther(link, OTHER_UNPROVED, repeatAt(link, sent, nowMs));
    linkSetTodo(link, TODO_PING, 0);
  }
}

/** When to repeat what was sent for the `sent`-th time. A weak link may need many; the old key holds as long. */
function repeatAt(link: u32, sent: u32, nowMs: u64): u64 {
  return nowMs + retryMs(linkPort(link)) * <u64>min<u32>(sent, GROWTH_MAX);
}

/** Has the outbox send the request; `timer` is when to stop waiting for it to do so. */
function wantRekey(link: u32, timer: u64): void {
  setOther(link, OTHER_SECRET, timer);
  linkSetTodo(link, TODO_REKEY, 0);
}

/** The outbox has sent the request. */
export function rekeySent(link: u32, nowMs: u64): void {
  const sent = load<u8>(linkEntry(link), LINK_REKEYS) + 1;
  store<u8>(linkEntry(link), sent, LINK_REKEYS);
  setOther(link, OTHER_SECRET, repeatAt(link, sent, nowMs));
}

/** The other session's key seals from now on; the one that did becomes the old key. */
function changeOver(link: u32, state: u32, timer: u64, nowMs: u64): void {
  const entry = linkEntry(link);
  store<u8>(entry, <u8>(linkPhase(link) ^ 1), LINK_PHASE);
  store<u64>(entry, nowMs, LINK_KEY_SINCE);
  store<u32>(entry, 0, LINK_BYTES);
  store<u8>(entry, 0, LINK_REKEYS);
  setOther(link, state, timer);
  linkSetTodo(link, 0, TODO_REKEY | TODO_REKEY_ACK);
  count(Counter.Rekeys);
}

/** A genuine frame of this phase came in. */
export function rekeyFrame(link: u32, phase: u32, nowMs: u64): void {
  const current = phase == linkPhase(link);
  const state = other(link);
  if (current && state == OTHER_UNPROVED) setOther(link, OTHER_OLD, nowMs + OLD_KEY_MS);
  if (!current && state == OTHER_NEXT) changeOver(link, OTHER_OLD, nowMs + OLD_KEY_MS, nowMs);
}

/**
 * The peer's Rekey. Ok, also for one repeated; Stale for a phase in use; HandshakeBusy while the key before is still kept
 * or when this node's own request stands; NoEntropy, SmallOrder.
 */
export function rekeyReceive(link: u32, body: usize): Status {
  if (rekeyPhase(body) == linkPhase(link)) return Status.Stale;
  const state = other(link);
  if (state >= OTHER_UNPROVED || (state == OTHER_SECRET && idBelow(NODE_ID, linkPeer(link))))
    return Status.HandshakeBusy;
  if (state != OTHER_NEXT) {
    const session = otherSession(link);
    const ephemeral = linkEntry(link) + LINK_EPHEMERAL;
    const theirs = rekeyPublicKey(body);
    let status = sessionDraw(session, ephemeral);
    if (status == Status.Ok) status = sessionAgree(session, theirs, theirs, ephemeral);
    linkSetTodo(link, 0, TODO_REKEY);
    if (status != Status.Ok) {
      sessionWipe(session);
      setOther(link, OTHER_NONE, 0);
      return status;
    }
    setOther(link, OTHER_NEXT, u64.MAX_VALUE);
  }
  linkSetTodo(link, TODO_REKEY_ACK, 0);
  return Status.Ok;
}

/** The answer to this node's Rekey. Ok; NoHandshake for one that answers none; SmallOrder. */
export function rekeyAckReceive(link: u32, body: usize, nowMs: u64): Status {
  if (other(link) != OTHER_SECRET || rekeyPhase(body) == linkPhase(link)) return Status.NoHandshake;
  const theirs = rekeyPublicKey(body);
  const status = sessionAgree(otherSession(link), theirs, linkEntry(link) + LINK_EPHEMERAL, theirs);
  if (status != Status.Ok) return status;
  changeOver(link, OTHER_UNPROVED, nowMs, nowMs);
  return Status.Ok;
}
