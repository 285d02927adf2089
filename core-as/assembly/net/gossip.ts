/**
 * Gossip: what neighbours tell each other so that all know the same (digest 1 section 2.8, H16-H18, H33, H35).
 *
 * News travels by itself: announces are flooded (net/announces.ts), items by their lists of links to serve. On top of
 * that, rounds find what got lost. A round of at least 60 s sends one summary on each medium, to the link in turn whose
 * last summary is out of date, that is when the set of items known has changed since. The receiver sends what the
 * filter lacks, and if the filter holds bits that none of its own items set, then it lacks something itself and owes a
 * summary in return: the swap of the text, without a frame where both know the same.
 *
 * While summaries find nothing lost, rounds come every 120 and then every 240 s, as they do on a channel more than half
 * used. A link told nothing for 300 s is told again at the next round though nothing has changed, so that ten rounds of
 * silence mean something: that is when a node with links enters recovery, in which gossip may take twice its share and
 * every round tells one link after the other what is known here, until five rounds have brought anything in.
 *
 * A node just booted knows nothing, and its first filter is the newcomer's, all zeros. A summary is answered by a few
 * announces at a time, beginning elsewhere each time: "over several rounds". In a network larger than the tables the
 * sets can never be equal: a node whose filter is full (128 items) asks for nothing and is sent one announce for a
 * summary.
 *
 * Sets of links are u32 masks: a profile with more than 32 links needs wider ones.
 *
 * Order within the account of a medium: pulls and items, which are rare, then summaries and announces in turn.
 */
import { Counter, Status } from "../abi";
import { linkPeer, linkPort, NO_LINK } from "../link/links";
import { frameSeal } from "../link/secure";
import { utilisationPermille } from "../link/utilisation";
import { INTERFACES, LINKS, RADIO, ROUTES } from "../profile";
import { configBitrate, configHasInterface } from "../state/config";
import { count } from "../state/counters";
import { randomBelow } from "../state/random";
import {
  checkGossip,
  emitItem,
  emitSummary,
  emitTiered,
  GOSSIP_DELTA,
  GOSSIP_PULL,
  GOSSIP_SUMMARY,
  ITEM_ADVISORY,
  ITEM_HEADER_SIZE,
  ITEM_ID_SIZE,
  itemData,
  itemLength,
  itemNext,
  itemTier,
  itemType,
  SEGMENT_BITS,
  SUMMARY_HEADER_SIZE,
  summaryBits,
  summaryFilter,
  summaryFirstBit,
  summaryRound,
  summaryTiers,
  TIERED_HEADER_SIZE,
  tieredCount,
  tieredFirst,
} from "../wire/gossip";
import { LORA_LINK_FRAME_SIZE } from "../wire/link-frame";
import { CONTEXT_GOSSIP, emitPacketHeader, HEADER_ONE_HOP, PACKET_HEADER_SIZE, packetData } from "../wire/packet";
import { ADVISORY_ITEMS, advisoryItem, advisoryReceive } from "./advisories";
import {
  ANNOUNCE_WORK,
  announceHad,
  announceItem,
  announceItemKnown,
  announceLength,
  announceNext,
  announcePulled,
  announceResend,
  announcesReadyAt,
  announceWaiting,
} from "./announces";
import { bloomBits, bloomMark } from "./bloom";
import { budgetAdd, budgetNext, budgetPayMs } from "./gossip-budget";
import {
  itemAsked,
  itemAt,
  itemsLinkDown,
  itemsLinkUp,
  itemsUsed,
  linkBit,
  storedData,
  storedDone,
  storedLength,
  storedTodo,
  storedType,
} from "./gossip-items";
import { routesTakeWanted } from "./routes";

const ROUND_MS: u64 = 60_000;
const ROUND_JITTER_MS: u32 = 6_000;
/** Rounds are at most 60 s shifted by this apart. */
const BACKOFF_MAX: u32 = 2;
/** Below 10 kbps the text asks for restraint (section 2.8); a summary there is a frame of most of a second. */
const SLOW_BPS: u32 = 10_000;
const SLOW_ROUNDS: u32 = 3;
const BUSY_PERMILLE: u32 = 500;
/** A link told nothing for this long is told again at the next round though nothing changed. */
const SIGN_OF_LIFE_S: u32 = 300;
const STARVED_MS: u64 = 180_000;
/** Rounds of silence after which recovery begins. */
const SILENT_ROUNDS: u64 = 10;
const GOOD_ROUNDS: u32 = 5;
const PULL_MAX: u32 = 8;
/** Announces or items sent for one summary, and for one of a node whose routing table is full, so far as it tells. */
const RESEND_MAX: u32 = 8;
const RESEND_FULL: u32 = 1;

/** Own filters: with 12 bytes of header the largest a packet of 230 bytes carries, so a summary is one air frame. */
const FILTER_BITS: u32 = 199 * 8;
/** A filter of as many items as there are routes, or the largest. */
const FULL_BITS: u32 = ROUTES < 128 ? (ROUTES * 62 + 4) / 5 : 1588;
/** This core keeps tier 1: announces and advisories. The pay layer adds tier 2. */
const TIERS: u32 = 1;
/** Largest packet in a link frame of 254 bytes on the radio, and what a link frame adds to one elsewhere. */
const SHORT_PACKET: u32 = 230;
const FRAME_OVERHEAD: u32 = 23;
/** Priority P2 in the qos byte of gossip: nothing but order on the wire depends on it, and that is decided here. */
const QOS: u32 = 0x80;

/** Places of item_ids: the routes, this node's own destinations among them, and the advisories. */
const KNOWN_ITEMS: u32 = ROUTES + ADVISORY_ITEMS;

const LINK_SIZE: u32 = 16;
const FIXED_SIZE: u32 = 120;
/**
 * 0 time of the last round u64 | 8 time anything was last heard u64 | 16 jitter of the next round u32 | 20 round u32
 * masks of links, u32 each: 24 up | 28 owed a summary now | 32 out of date whatever the set | 36 owed the pull 40 ids
 * in the pull u32 | 44 interfaces whose last frame was a summary u32, a mask | 48 backoff u8 | 49 a loss was found u8
 * 50 good rounds until recovery ends u8 | 51 heard anything this round u8 | 56 ids of the pull, 8 each 120 since when
 * gossip waits on each interface u64 (0 not) | for each link: sum of the item_ids at its last summary u64, when that
 * was u32 in seconds, zero u32
 */
export const GOSSIP: usize = memory.data(FIXED_SIZE + INTERFACES * 8 + LINKS * LINK_SIZE, 8);
export const GOSSIP_SIZE: u32 = FIXED_SIZE + INTERFACES * 8 + LINKS * LINK_SIZE;
const LAST_ROUND: usize = GOSSIP;
const LAST_HEARD: usize = GOSSIP + 8;
const JITTER: usize = GOSSIP + 16;
const ROUND: usize = GOSSIP + 20;
const UP: usize = GOSSIP + 24;
const DUE: usize = GOSSIP + 28;
const OUTDATED: usize = GOSSIP + 32;
const PULLING: usize = GOSSIP + 36;
const PULLS: usize = GOSSIP + 40;
const TURN: usize = GOSSIP + 44;
const BACKOFF: usize = GOSSIP + 48;
const LOSS: usize = GOSSIP + 49;
const RECOVERY: usize = GOSSIP + 50;
const HEARD: usize = GOSSIP + 51;
const PULL_IDS: usize = GOSSIP + 56;
const WAITING: usize = GOSSIP + 120;
const TOLD: usize = WAITING + INTERFACES * 8;

/** The packet on its way out. A Delta of one advisory is the largest: 19 + 3 + 3 + 209. */
const PACKET: usize = ANNOUNCE_WORK;
/** Segment of the own filter, with the bits and round of the summary at hand. Nothing is sent while one is read. */
const FILTER: usize = ANNOUNCE_WORK;

/** Address of what link `i` was told last. */
function told(link: u32): usize {
  return TOLD + <usize>(link * LINK_SIZE);
}

function waitingSince(port: u32): usize {
  return WAITING + ((<usize>port) << 3);
}

/** Address of item_id `k` < KNOWN_ITEMS of all that is known, or 0. */
function knownItem(k: u32): usize {
  return k < ROUTES ? announceItem(k) : advisoryItem(k - ROUTES);
}

/** Number of items known, left by knownSum u32. */
const KNOWN: usize = memory.data(4, 4);

/** Stands for the set of items known: item_ids are hashes, so different sets have different sums. */
function knownSum(): u64 {
  let sum: u64 = 0;
  let items: u32 = 0;
  for (let k: u32 = 0; k < KNOWN_ITEMS; k++) {
    const id = knownItem(k);
    if (id == 0) continue;
    sum += load<u64>(id);
    items++;
  }
  store<u32>(KNOWN, items);
  return sum;
}

/** Bits of the own filter, of what knownSum last found. */
function ownBits(): u32 {
  return bloomBits(load<u32>(KNOWN), FILTER_BITS);
}

/** Lowest link of `mask` on the interface, or NO_LINK. */
function firstLink(mask: u32, port: u32): u32 {
  for (let i: u32 = 0; i < LINKS; i++) if ((mask & linkBit(i)) != 0 && linkPort(i) == port) return i;
  return NO_LINK;
}

function clear(mask: usize, link: u32): void {
  store<u32>(mask, load<u32>(mask) & ~linkBit(link));
}

/** True in recovery: gossip then has twice its share, and a weight of 20 to 80 against user traffic. */
export function gossipInRecovery(): bool {
  return load<u8>(RECOVERY) != 0;
}

/** Something proved lost: the next round comes 60 s after the last, and not later. */
function lossFound(): void {
  store<u8>(BACKOFF, 0);
  store<u8>(LOSS, 1);
}

/** Anything of gossip, announces too, came in by a link. */
export function gossipHeard(nowMs: u64): void {
  store<u64>(LAST_HEARD, nowMs);
  store<u8>(HEARD, 1);
}

export function gossipReset(): void {
  memory.fill(GOSSIP, 0, GOSSIP_SIZE);
}

/** Links came up (mask): they have been told nothing. */
export function gossipLinkUp(mask: u32, nowMs: u64): void {
  if (mask == 0) return;
  // Silence counts from when there was somebody to hear.
  if (load<u32>(UP) == 0) store<u64>(LAST_HEARD, nowMs);
  store<u32>(UP, load<u32>(UP) | mask);
  store<u32>(OUTDATED, load<u32>(OUTDATED) | mask);
  for (let i: u32 = 0; i < LINKS; i++) if ((mask & linkBit(i)) != 0) memory.fill(told(i), 0, LINK_SIZE);
  itemsLinkUp(mask);
  lossFound();
}

/** Links went down (mask). */
export function gossipLinkDown(mask: u32): void {
  for (let at = UP; at <= PULLING; at += 4) store<u32>(at, load<u32>(at) & ~mask);
  itemsLinkDown(mask);
}

/** When gossipAdvance has a round to begin; 2^64-1 without links. */
export function gossipRoundDeadline(): u64 {
  if (load<u32>(UP) == 0) return u64.MAX_VALUE;
  return load<u64>(LAST_ROUND) + (ROUND_MS << (<u64>load<u8>(BACKOFF))) + <u64>load<u32>(JITTER);
}

/**
 * What time makes happen: a pull for destinations that lost their last next hop, and the next round. To be called last
 * in every step, when links and routes have changed as they will.
 */
export function gossipAdvance(nowMs: u64): void {
  if (load<u32>(PULLING) == 0 && load<u32>(UP) != 0) {
    const wanted = routesTakeWanted(PULL_IDS, PULL_MAX);
    store<u32>(PULLS, wanted);
    if (wanted != 0) store<u32>(PULLING, whomToAsk());
  }
  if (nowMs >= gossipRoundDeadline()) beginRound(nowMs);
}

function isSlow(port: u32): bool {
  return configHasInterface(port) && configBitrate(port) < SLOW_BPS;
}

/**
 * Whom a pull goes to: every link on a wire, on the radio one, another each round. Who is asked takes it that no way
 * leads over here, and may then have to ask in turn: asking all of them took a tenth of all airtime in floods of pulls.
 * If the one has nothing better either, summaries show to the others what is lacking here.
 */
function whomToAsk(): u32 {
  let mask: u32 = 0;
  let radio = false;
  for (let k: u32 = 0; k < LINKS; k++) {
    const link = (load<u32>(ROUND) + k) % LINKS;
    if ((load<u32>(UP) & linkBit(link)) == 0 || (radio && linkPort(link) == RADIO)) continue;
    if (linkPort(link) == RADIO) radio = true;
    mask |= linkBit(link);
  }
  return mask;
}

/**
 * A round as far as silence goes: 60 s, on a slow medium three times that, and on a tightly limited radio what one
 * frame takes to be paid for.
 */
function roundMs(): u64 {
  let ms: u64 = 0;
  for (let port: u32 = 0; port < INTERFACES; port++) {
    if (firstLink(load<u32>(UP), port) == NO_LINK) continue;
    ms = max<u64>(ms, isSlow(port) ? SLOW_ROUNDS * ROUND_MS : ROUND_MS);
    if (port == RADIO) ms = max<u64>(ms, budgetPayMs(RADIO));
  }
  return ms;
}

function beginRound(nowMs: u64): void {
  store<u32>(ROUND, load<u32>(ROUND) + 1);
  store<u64>(LAST_ROUND, nowMs);
  store<u32>(JITTER, randomBelow(ROUND_JITTER_MS));
  count(Counter.GossipRounds);

  let recovery: u32 = load<u8>(RECOVERY);
  if (recovery != 0) {
    recovery -= load<u8>(HEARD);
  } else if (nowMs - load<u64>(LAST_HEARD) > SILENT_ROUNDS * roundMs()) {
    recovery = GOOD_ROUNDS;
    count(Counter.Recoveries);
  }
  store<u8>(RECOVERY, <u8>recovery);
  let backoff: u32 = 0;
  if (recovery != 0) {
    store<u32>(OUTDATED, load<u32>(UP));
  } else {
    if (load<u8>(LOSS) == 0) backoff = min<u32>(<u32>load<u8>(BACKOFF) + 1, BACKOFF_MAX);
    if (utilisationPermille(nowMs) > BUSY_PERMILLE) backoff = BACKOFF_MAX;
  }
  store<u8>(BACKOFF, <u8>backoff);
  store<u8>(LOSS, 0);
  store<u8>(HEARD, 0);

  const sum = knownSum();
  for (let port: u32 = 0; port < INTERFACES; port++) {
    // One whose turn it was and that could not be served keeps its turn.
    if (firstLink(load<u32>(DUE), port) != NO_LINK) continue;
    // On a slow medium every third round compares, and signs of life are as rare: what is new is announced anyway. In
    // recovery nobody has been heard for long, and every round counts.
    const slow = recovery == 0 && isSlow(port);
    if (slow && load<u32>(ROUND) % SLOW_ROUNDS != 0) continue;
    let turn = NO_LINK;
    let longest: u32 = 0;
    for (let i: u32 = 0; i < LINKS; i++) {
      if ((load<u32>(UP) & linkBit(i)) == 0 || linkPort(i) != port) continue;
      const age = <u32>(nowMs / 1000) - load<u32>(told(i), 8);
      const outdated = (load<u32>(OUTDATED) & linkBit(i)) != 0 || load<u64>(told(i)) != sum;
      if (age >= (slow ? SLOW_ROUNDS * SIGN_OF_LIFE_S : SIGN_OF_LIFE_S)) {
        store<u32>(DUE, load<u32>(DUE) | linkBit(i));
      } else if (outdated && age >= longest) {
        longest = age;
        turn = i;
      }
    }
    store<u32>(DUE, load<u32>(DUE) | linkBit(turn));
  }
}

/** Bytes of the link frame around a packet. */
function frameSize(port: u32, packet: u32): u32 {
  if (port != RADIO) return packet + FRAME_OVERHEAD;
  return packet <= SHORT_PACKET ? LORA_LINK_FRAME_SIZE : LORA_LINK_FRAME_SIZE * 2;
}

function deltaPacket(item: usize): u32 {
  return PACKET_HEADER_SIZE + TIERED_HEADER_SIZE + ITEM_HEADER_SIZE + storedLength(item);
}

/** When a frame with a packet of this size and tier may leave. */
function allowed(port: u32, tier: u32, packet: u32, nowMs: u64): u64 {
  return budgetNext(port, tier, frameSize(port, packet), nowMs, gossipInRecovery());
}

function itemAllowed(port: u32, item: usize, nowMs: u64): u64 {
  return allowed(port, itemTier(storedType(item)), deltaPacket(item), nowMs);
}

/** When gossipNext will have a frame for this interface: `nowMs` if it has one now, 2^64-1 if nothing is planned. */
export function gossipDeadline(port: u32, nowMs: u64): u64 {
  let next = announcesReadyAt();
  if (next <= nowMs && !announceWaiting(port, nowMs)) next = u64.MAX_VALUE;
  if (firstLink(load<u32>(PULLING) | load<u32>(DUE), port) != NO_LINK) next = nowMs;
  if (next != u64.MAX_VALUE) next = max<u64>(next, allowed(port, 1, SHORT_PACKET, nowMs));
  for (let i: u32 = 0; i < itemsUsed(); i++) {
    const item = itemAt(i);
    if (firstLink(storedTodo(item), port) != NO_LINK) next = min<u64>(next, itemAllowed(port, item, nowMs));
  }
  return next;
}

/**
 * True if gossip has a frame for this interface and may send it. Whoever then lets user traffic go first has it wait:
 * gossipStarved counts from the first time.
 */
export function gossipWaiting(port: u32, nowMs: u64): bool {
  const waiting = gossipDeadline(port, nowMs) <= nowMs;
  const since = waitingSince(port);
  if (!waiting) store<u64>(since, 0);
  else if (load<u64>(since) == 0) store<u64>(since, nowMs);
  return waiting;
}

/** True if gossip has waited for the medium for more than 180 s: the next slot is its own. */
export function gossipStarved(port: u32, nowMs: u64): bool {
  const since = load<u64>(waitingSince(port));
  return since != 0 && nowMs - since > STARVED_MS;
}

/** Seals PACKET into `out` and charges it. */
function seal(link: u32, port: u32, tier: u32, out: usize, length: u32, nowMs: u64): u32 {
  const size = frameSeal(link, out, PACKET, length, QOS, nowMs);
  if (size != 0) {
    budgetAdd(port, tier, size, nowMs, gossipInRecovery());
    store<u64>(waitingSince(port), 0);
  }
  return size;
}

/** The same for `data` bytes of DATA, which are in place. */
function sealGossip(link: u32, port: u32, tier: u32, out: usize, data: u32, nowMs: u64, counter: Counter): u32 {
  emitPacketHeader(PACKET, HEADER_ONE_HOP, 0, linkPeer(link), CONTEXT_GOSSIP, data);
  count(counter);
  return seal(link, port, tier, out, PACKET_HEADER_SIZE + data, nowMs);
}

/**
 * Writes the next link frame of gossip for this interface, sealed, to `out` (508 bytes on the radio, else 23 + packet);
 * its size, or 0 if there is none or none may go now.
 */
export function gossipNext(port: u32, out: usize, nowMs: u64): u32 {
  const data = packetData(PACKET);
  for (let i: u32 = 0; i < itemsUsed(); i++) {
    const item = itemAt(i);
    const link = firstLink(storedTodo(item), port);
    if (link == NO_LINK || itemAllowed(port, item, nowMs) > nowMs) continue;
    storedDone(item, linkBit(link));
    const tier = itemTier(storedType(item));
    emitTiered(data, GOSSIP_DELTA, tier, 1);
    const end = emitItem(tieredFirst(data), storedType(item), storedData(item), storedLength(item));
    return sealGossip(link, port, tier, out, <u32>(end - data), nowMs, Counter.DeltasSent);
  }
  if (allowed(port, 1, SHORT_PACKET, nowMs) > nowMs) return 0;

  const pulling = firstLink(load<u32>(PULLING), port);
  if (pulling != NO_LINK) {
    clear(PULLING, pulling);
    const bytes = load<u32>(PULLS) * ITEM_ID_SIZE;
    emitTiered(data, GOSSIP_PULL, 1, load<u32>(PULLS));
    memory.copy(tieredFirst(data), PULL_IDS, bytes);
    return sealGossip(pulling, port, 1, out, TIERED_HEADER_SIZE + bytes, nowMs, Counter.PullsSent);
  }

  const turn: u32 = 1 << port;
  const due = firstLink(load<u32>(DUE), port);
  if (due == NO_LINK || (load<u32>(TURN) & turn) != 0) {
    store<u32>(TURN, load<u32>(TURN) & ~turn);
    const link = announceNext(port, PACKET, nowMs);
    if (link >= 0) return seal(link, port, 1, out, announceLength(), nowMs);
    if (due == NO_LINK) return 0;
  }
  store<u32>(TURN, load<u32>(TURN) | turn);
  clear(DUE, due);
  clear(OUTDATED, due);
  store<u64>(told(due), knownSum());
  store<u32>(told(due), <u32>(nowMs / 1000), 8);
  const bits = ownBits();
  const bytes = (bits + 7) >> 3;
  emitSummary(data, load<u32>(ROUND), TIERS, bits);
  fillFilter(summaryFilter(data), summaryFilter(data), bytes, load<u32>(ROUND), bits, 0, NO_LINK);
  return sealGossip(due, port, 1, out, SUMMARY_HEADER_SIZE + bytes, nowMs, Counter.SummariesSent);
}

/**
 * Marks everything known in the `size` bytes at `mine`, from bit `first` on of a filter of `bits` bits. What is missing
 * in `theirs` is sent to `link`, if there is one, as far as the limit goes.
 */
function fillFilter(mine: usize, theirs: usize, size: u32, round: u32, bits: u32, first: u32, link: u32): void {
  memory.fill(mine, 0, size);
  const most: u32 = bits < FULL_BITS ? RESEND_MAX : RESEND_FULL;
  let resends: u32 = most;
  for (let n: u32 = 0; n < KNOWN_ITEMS; n++) {
    // The beginning moves with the sender's rounds.
    const k = (n + round * RESEND_MAX) % KNOWN_ITEMS;
    const id = knownItem(k);
    if (id == 0) continue;
    const missing = bloomMark(mine, theirs, id, round, bits, first, size);
    if (link == NO_LINK) continue;
    if (!missing) {
      // A part of a filter proves what is missing, only the whole what is there.
      if (k < ROUTES && bits <= SEGMENT_BITS) announceHad(k, link);
    } else if (resends != 0) {
      resends--;
      if (k < ROUTES) announceResend(k, link);
      else itemAsked(id, link);
    }
  }
  if (most == RESEND_MAX && resends != most) lossFound();
}

function receiveSummary(link: u32, data: usize, length: u32): void {
  count(Counter.SummariesHeard);
  const size = length - SUMMARY_HEADER_SIZE;
  const theirs = summaryFilter(data);
  const covered = (summaryTiers(data) & TIERS) != 0;
  const first = summaryFirstBit(data);
  fillFilter(FILTER, theirs, size, summaryRound(data), summaryBits(data), first, covered ? link : NO_LINK);
  // A filter that covers more than is kept here always has bits of its own; and a table near its end need not ask for more.
  knownSum();
  if (summaryTiers(data) != TIERS || ownBits() == FILTER_BITS) return;
  for (let i: u32 = 0; i < size; i++) {
    if ((load<u8>(theirs + i) & ~load<u8>(FILTER + i)) == 0) continue;
    store<u32>(OUTDATED, load<u32>(OUTDATED) | linkBit(link));
    lossFound();
    return;
  }
}

/** Ok, or the status of the last item refused. */
function receiveDelta(link: u32, data: usize): Status {
  count(Counter.DeltasHeard);
  let status: Status = Status.Ok;
  let item = tieredFirst(data);
  for (let n = tieredCount(data); n > 0; n--) {
    if (itemType(item) == ITEM_ADVISORY) {
      const taken = advisoryReceive(itemData(item), itemLength(item), link);
      // Two neighbours telling the same is how gossip works.
      if (taken != Status.Ok && taken != Status.Duplicate) status = taken;
    } else {
      count(Counter.GossipUnknown);
    }
    item = itemNext(item);
  }
  return status;
}

function receivePull(link: u32, data: usize): void {
  count(Counter.PullsHeard);
  let id = tieredFirst(data);
  for (let n = tieredCount(data); n > 0; n--) {
    const route = announceItemKnown(id);
    if (route < ROUTES) announcePulled(route, link);
    else itemAsked(id, link);
    id += ITEM_ID_SIZE;
  }
}

/**
 * Takes in DATA of a packet of context F0 that came by `link`. Ok, or what is wrong with it; of a Delta whose form is
 * right, the status of the last item refused, the others having been taken. Peers are for nodes on the internet
 * protocols: checked and left.
 */
export function gossipReceive(link: u32, data: usize, length: u32, nowMs: u64): Status {
  const checked = checkGossip(data, length);
  if (checked != Status.Ok) return checked;
  gossipHeard(nowMs);
  switch (<u32>load<u8>(data)) {
    case GOSSIP_SUMMARY:
      receiveSummary(link, data, length);
      break;
    case GOSSIP_DELTA:
      return receiveDelta(link, data);
    case GOSSIP_PULL:
      receivePull(link, data);
      break;
  }
  return Status.Ok;
}
