/**
 * Announces: taken in, passed on, made (digest 1 section 2.4, H3, H10, H26).
 *
 * Each crosses a link once: to a link that lacks the seq, or when the path offered is more than 10 % better than what
 * the link has had or has shown; never to a link that has shown a path at least as good, which is what the link it came
 * from has. On the radio one frame serves all links that lack it (link/group.ts). What is offered is the best path. An
 * offer waits until its link is free, so it carries the best path known by then.
 */
import { Counter, Event, event, Status } from "../abi";
import { blake3Begin, blake3End, blake3Update } from "../crypto/blake3";
import { GROUP_LINKS, linkInGroup, linkPort, linkPrice, linkReliability, linkUp } from "../link/links";
import { DESTINATIONS, LINKS, PACKET_BYTES, RADIO, ROUTES } from "../profile";
import { configCapabilities, configCostTier, configPrice } from "../state/config";
import { count } from "../state/counters";
import {
  destinationHash,
  destinationId,
  destinationIndex,
  destinationPublicKey,
  destinationUsed,
} from "../state/destinations";
import { randomBelow } from "../state/random";
import { ratchetCurrentPublic } from "../state/ratchets";
import { sequenceAtLeast, sequenceNext } from "../state/sequence";
import { signalLength, signalValue } from "../state/signal";
import { SignedRecord, signedRecord, signRecord, verifyRecord } from "../state/signing";
import {
  ANNOUNCE_TLVS_MAX,
  announceAddMtu,
  announceCost,
  announceHops,
  announceLatency,
  announceMtu,
  announcePublicKey,
  announceRate,
  announceRecord,
  announceSequence,
  announceSetPath,
  announceSignature,
  announceTlv,
  checkAnnounce,
  emitAnnounce,
  PROTOCOL_VERSION,
  TLV_NODE,
  TLV_RATCHET,
  TLV_VERSION_SIGNAL,
} from "../wire/announce";
import { packetDestination } from "../wire/packet";
import { costAdd } from "../wire/path-cost";
import { bodyEmit, bodyKeep, bodyOf, bodyReach } from "./bodies";
import { congestionFactorQ8 } from "./congestion";
import { queueFill } from "./queue";
import {
  FLAG_OWN,
  makePath,
  LABEL_MASK,
  NO_PATH,
  NO_ROUTE,
  pathCost,
  pathHops,
  pathIsOld,
  pathLabel,
  pathLatency,
  pathLink,
  pathMtu,
  pathRate,
  routeAdd,
  routeAge,
  routeAt,
  routeBest,
  routeClearTodo,
  routeDrop,
  routeEntry,
  routeFree,
  routeHave,
  routeIndex,
  routeIsOwn,
  routeItem,
  routeOffer,
  routeOffered,
  routeOver,
  routePlace,
  routeRenew,
  routeRescued,
  routeSequence,
  routeSetHave,
  routeSetOffered,
  routesSetWaiting,
  routesWaiting,
  routeTake,
  routeTodo,
  routeUsed,
} from "./routes";

/**
 * Nothing is offered before u64 (jitter), next refresh u64, price announced u32, the route offered last when it was the
 * turn of any u32, announces offered u32, zero u32.
 */
export const ANNOUNCING: usize = memory.data(32, 8);
export const ANNOUNCING_SIZE: u32 = 32;
const GATE: usize = ANNOUNCING;
const REFRESH: usize = ANNOUNCING + 8;
const PRICE: usize = ANNOUNCING + 16;
const CURSOR: usize = ANNOUNCING + 20;
const OFFERS: usize = ANNOUNCING + 24;

const JITTER_MS: u32 = 500;
const REFRESH_MS: u32 = 1_800_000;
/** When no sequence number could be had. */
const RETRY_MS: u64 = 60_000;

/** 2^(3/16) = 1.14 is the least step of codes above 10 %. */
/** And so many hops fewer at the same cost: one alone costs less air than telling everybody of it. */
const HOPS_BETTER: u32 = 2;
const BETTER: u32 = 3;

/** 61 s in units of 4.096 s: how long a refresh waits for the way that was better before (DSDV's settling time). */
const SETTLING: u32 = 15;
/** When to look again at what waits so. */
const LOOK_AGAIN_MS: u64 = 4_096;

/** One announce in four is taken in turn, the others cheapest first. */
const TURN: u32 = 3;

const ALL_PORTS: u32 = 0xffffffff;

/** Gossip item type of an announce (registry section 3). */
const ITEM_ANNOUNCE: u8 = 0x01;
const ITEM: usize = memory.data(32, 8);
const ID: usize = memory.data(16, 8);
/** VersionSignal event: destination 16, value up to 41. Before that, TLVs of an own announce. */
const SCRATCH: usize = memory.data(ANNOUNCE_TLVS_MAX, 8);
const OWN_SIGNATURE: usize = memory.data(64, 8);
/** Work area, shared with gossip.ts: an own announce until its body is kept, a packet being sent, a filter being read. */
export const ANNOUNCE_WORK: usize = memory.data(256, 8);
const OWN_PACKET: usize = ANNOUNCE_WORK;
/** Length of the announce written last. */
const LENGTH: usize = memory.data(4, 4);

/** The links that are up, of interface `port` or of ALL_PORTS. */
function linksOf(port: u32): u32 {
  let mask: u32 = 0;
  for (let i: u32 = 0; i < LINKS; i++) if (linkUp(i) && (port == ALL_PORTS || linkPort(i) == port)) mask |= 1 << i;
  return mask;
}

/** The first 8 bytes at ITEM: BLAKE3 of item type, signed record and signature (H17), nothing that relays rewrite. */
function itemId(record: usize, size: u32, signature: usize): void {
  store<u8>(ITEM, ITEM_ANNOUNCE);
  blake3Begin();
  blake3Update(ITEM, 1);
  blake3Update(record, size);
  blake3Update(signature, 64);
  blake3End(ITEM);
}

/** Asks for the entry to be offered on the links of the mask, soon: the first of several waits up to half a second. */
function offer(entry: usize, mask: u32, lacking: u32, nowMs: u64): void {
  if (routesWaiting() == 0) store<u64>(GATE, nowMs + <u64>randomBelow(JITTER_MS + 1));
  routeOffer(entry, mask, lacking);
}

function refused(status: Status, counter: Counter): Status {
  count(counter);
  return status;
}

/** Neither the address nor the signature holds. */
function forged(status: Status): Status {
  return refused(status, Counter.AnnouncesForged);
}

/**
 * Takes in an announce that passed checkPacket and came over `link`, which is up. Ok; the status of checkAnnounce;
 * Stale for a seq, or a path, that is no use any more; WrongKey or a status of ed25519Verify for a forged one;
 * TableFull. Nothing but counters changes unless Ok.
 */
export function announceReceive(packet: usize, length: u32, link: u32, nowMs: u64): Status {
  const checked = checkAnnounce(packet, length);
  if (checked != Status.Ok) return checked;
  const id = packetDestination(packet);
  const sequence = announceSequence(packet);
  let entry = routeEntry(id);
  if (entry != 0 && sequence < routeSequence(entry)) return refused(Status.Stale, Counter.AnnouncesStale);
  const record = signedRecord(SignedRecord.Announce);
  const size = announceRecord(record, packet, length);
  const signature = announceSignature(packet);
  itemId(record, size, signature);
  const path = makePath(
    link,
    announceHops(packet),
    announceCost(packet),
    announceLatency(packet),
    announceRate(packet),
    announceMtu(packet, length),
  );
  if (entry != 0 && sequence == routeSequence(entry)) {
    // Another signature or content under the same seq: only its origin could have made it, and must not have.
    if (load<u64>(ITEM) != load<u64>(routeItem(entry))) return refused(Status.Stale, Counter.AnnouncesStale);
    return alternative(entry, packet, length, path, nowMs);
  }

  const publicKey = announcePublicKey(packet);
  destinationHash(ID, publicKey);
  if (load<u64>(ID) != load<u64>(id) || load<u64>(ID, 8) != load<u64>(id, 8)) return forged(Status.WrongKey);
  const own = destinationIndex(id);
  let place = entry;
  if (own >= DESTINATIONS && entry == 0) {
    place = routePlace(linkReliability(link), nowMs);
    if (place == 0) return refused(Status.TableFull, Counter.RoutesRefused);
  }
  const verified = verifyRecord(signature, size, publicKey);
  if (verified != Status.Ok) return forged(verified);
  if (own < DESTINATIONS) {
    // This node said so once, and has lost the memory of it: what it says next must be newer still.
    sequenceAtLeast(own, sequence);
    store<u64>(REFRESH, nowMs);
    return Status.Ok;
  }

  if (entry == 0) {
    entry = place;
    routeAdd(entry, id);
  }
  routeRenew(entry, sequence, ITEM, 0, nowMs);
  routeTake(entry, path, nowMs);
  bodyKeep(entry, packet, length, nowMs);
  offer(entry, dependents(entry), 0, nowMs);
  routeSetHave(entry, 1 << link);
  count(Counter.AnnouncesAccepted);
  const signal = announceTlv(packet, length, TLV_VERSION_SIGNAL);
  if (signal != 0) {
    const signalSize: u32 = load<u8>(signal - 1);
    memory.copy(SCRATCH, id, 16);
    memory.copy(SCRATCH + 16, signal, signalSize);
    event(Event.VersionSignal, SCRATCH, 16 + signalSize);
  }
  return Status.Ok;
}

/**
 * The links a new seq is offered to: all but those that offered as good a path for the seq before, which is not one
 * over this node, or it would be longer. If their own way fails them this time, summaries show it.
 */
function dependents(entry: usize): u32 {
  const body = bodyOf(entry);
  let mask: u32 = 0;
  for (let i: u32 = 0; i < LINKS; i++) {
    const label = linkUp(i) ? offerLabel(entry, body, i) : -1;
    // NO_PATH is above every label.
    const over = pathLabel(routeOver(entry, i));
    if (label >= 0 && (over == pathLabel(NO_PATH) || (over & LABEL_MASK) > <u32>label)) mask |= 1 << i;
  }
  return mask;
}

/** An announce whose seq and content are known: its path is one more, or instead of what the link offered before. */
function alternative(entry: usize, packet: usize, length: u32, path: u64, nowMs: u64): Status {
  const link = pathLink(path);
  const bit: u32 = 1 << link;
  if (routeIsOwn(entry)) {
    // Whoever offers us the way to ourselves has not got our own announce, or not yet.
    if ((routeHave(entry) & bit) != 0) offer(entry, bit, bit, nowMs);
    return Status.Ok;
  }
  if (!routeTake(entry, path, nowMs)) return refused(Status.Stale, Counter.AnnouncesStale);
  if (bodyOf(entry) == 0) bodyKeep(entry, packet, length, nowMs);
  const body = bodyOf(entry);
  // It needs no offer of ours unless that is the better one.
  if (offerLabel(entry, body, link) < 0) routeSetHave(entry, bit);
  let links = routeTodo(entry);
  if (pathLink(routeBest(entry)) == link && !routeRescued(entry)) {
    // Who has had a worse offer gets the better one. After a loss it is a worse one, for those only who asked.
    for (let i: u32 = 0; i < LINKS; i++) {
      const label = linkUp(i) ? offerLabel(entry, body, i) : -1;
      if (label >= 0 && better(label, routeOffered(entry))) links |= 1 << i;
    }
  }
  if (links != 0) offer(entry, links, links, nowMs);
  count(Counter.AnnouncesAlternative);
  return Status.Ok;
}

/** True if a path with label `label` is more than 10 % cheaper than `old`, or as cheap with fewer hops. */
function better(label: u32, old: u32): bool {
  const cost = label >> 8;
  const oldCost = old >> 8;
  return cost + BETTER <= oldCost || (cost <= oldCost && (label & 0xff) + HOPS_BETTER <= (old & 0xff));
}

/** The own price in what is offered on a link: on the radio, where one frame serves all, the highest of the links there. */
function priceOn(link: u32): u32 {
  let price = linkPrice(link);
  if (linkPort(link) != RADIO) return price;
  for (let i: u32 = 0; i < LINKS; i++) if (linkUp(i) && linkPort(i) == RADIO) price = max<u32>(price, linkPrice(i));
  return price;
}

/** Label of what would be offered for the entry on `link`, or -1: no way but over that link, hops spent, or nothing better
 * than the link has shown. */
function offerLabel(entry: usize, body: usize, link: u32): i32 {
  if (routeIsOwn(entry)) return 0;
  // If that leads over the very link, what the link has shown is no worse than the offer.
  const path = routeBest(entry);
  if (pathIsOld(path)) return -1;
  const hops = pathHops(path) + 1;
  if (hops > bodyReach(body)) return -1;
  // Price u32 times factor Q8; the factor is at most 2.
  const price = min<u64>((<u64>priceOn(link) * <u64>congestionFactorQ8()) >> 8, 0xffffffff);
  const label = (costAdd(pathCost(path), <u32>price) << 8) | hops;
  // What it has shown, if anything: NO_PATH is above every label.
  return better(label, pathLabel(routeOver(entry, link))) ? <i32>label : -1;
}

/**
 * True while an offer with this label had better wait: a shorter way than the best, or the link's own that was no worse
 * than the offer, has not got the new seq yet, and most likely will. Floods then take the ways of the ones before.
 */
function settling(entry: usize, link: u32, label: u32, nowMs: u64): bool {
  if (routeAge(entry, nowMs) >= SETTLING) return false;
  for (let i: u32 = 0; i < LINKS; i++) {
    const path = routeOver(entry, i);
    if (path == NO_PATH || !pathIsOld(path)) continue;
    const old = pathLabel(path) & LABEL_MASK;
    if (better(old, pathLabel(routeBest(entry))) || (i == link && !better(label, old))) return true;
  }
  return false;
}

/**
 * Writes the next announce to be sent on interface `port` at `out` (230 bytes): the link it is for, or GROUP_LINKS if
 * one frame serves two or more; its length then announceLength(); -1 if there is none now. The cheapest goes first,
 * this node's own before all, so that a flood spreads in the order of cost and few better paths come behind worse ones;
 * one in four is taken in turn, so that none waits for ever.
 */
export function announceNext(port: u32, out: usize, nowMs: u64): i32 {
  if (nowMs < load<u64>(GATE)) return -1;
  const links = linksOf(port);
  if ((routesWaiting() & links) == 0) return -1;
  let best: usize = 0;
  let bestLink: u32 = 0;
  let bestRank: u32 = 0xffffffff;
  let waiting: u32 = 0;
  let index: u32 = load<u32>(CURSOR);
  const inTurn = (load<u32>(OFFERS) & TURN) == 0;
  for (let k: u32 = 0; k < ROUTES; k++) {
    index = index + 1 < ROUTES ? index + 1 : 0;
    const entry = routeAt(index);
    const todo = routeTodo(entry) & links;
    // Without a path there is nothing to offer yet; who lacks it keeps waiting.
    if (todo == 0 || (routeBest(entry) == NO_PATH && !routeIsOwn(entry))) continue;
    const body = bodyOf(entry);
    for (let link: u32 = 0; link < LINKS; link++) {
      if (((todo >> link) & 1) == 0) continue;
      let label = body == 0 ? -1 : offerLabel(entry, body, link);
      if (label < 0) {
        routeClearTodo(entry, 1 << link);
        continue;
      }
      waiting |= 1 << link;
      if (settling(entry, link, label, nowMs)) continue;
      if (inTurn) label = k;
      if (<u32>label < bestRank) {
        best = entry;
        bestLink = link;
        bestRank = label;
      }
    }
  }
  routesSetWaiting((routesWaiting() & ~links) | waiting);
  if (best == 0) {
    if (waiting != 0) store<u64>(GATE, nowMs + LOOK_AGAIN_MS);
    return -1;
  }
  if (inTurn) store<u32>(CURSOR, routeIndex(best));
  store<u32>(OFFERS, load<u32>(OFFERS) + 1);
  const group = sharing(best, links);
  if (!linkInGroup(bestLink) || (group & (group - 1)) == 0) {
    write(out, best, bestLink, 1 << bestLink);
    return <i32>bestLink;
  }
  write(out, best, bestLink, group);
  return GROUP_LINKS;
}

/** Those of the links that one frame with the offer of an entry would serve at once: also those that had better waited. */
function sharing(entry: usize, links: u32): u32 {
  const body = bodyOf(entry);
  const todo = routeTodo(entry) & links;
  let mask: u32 = 0;
  for (let i: u32 = 0; i < LINKS; i++) {
    if (((todo >> i) & 1) != 0 && linkInGroup(i) && offerLabel(entry, body, i) >= 0) mask |= 1 << i;
  }
  return mask;
}

/** Writes the offer of an entry for a link, and notes that it was made to those in the mask. */
function write(out: usize, entry: usize, link: u32, mask: u32): void {
  const body = bodyOf(entry);
  const label = <u32>offerLabel(entry, body, link);
  let length = bodyEmit(out, entry, body);
  let mtu: u32 = PACKET_BYTES;
  if (!routeIsOwn(entry)) {
    const path = routeBest(entry);
    const hops = label & 0xff;
    announceSetPath(out, bodyReach(body) - hops, hops, label >> 8, pathLatency(path), pathRate(path));
    mtu = pathMtu(path);
    count(Counter.AnnouncesForwarded);
  }
  length = announceAddMtu(out, length, mtu);
  store<u32>(LENGTH, length);
  routeSetOffered(entry, mask, label);
}

/** Length of the packet announceNext wrote last. */
export function announceLength(): u32 {
  return load<u32>(LENGTH);
}

/** True if there may be an announce for interface `port` now. */
export function announceWaiting(port: u32, nowMs: u64): bool {
  return nowMs >= load<u64>(GATE) && (routesWaiting() & linksOf(port)) != 0;
}

/** When announces that wait may go: the jitter's end; 2^64-1 if none wait. */
export function announcesReadyAt(): u64 {
  return routesWaiting() == 0 ? u64.MAX_VALUE : load<u64>(GATE);
}

// --- Own announces -------------------------------------------------------------------------------------------------

/** Signs destination `index` anew and has it offered on every link. False if no sequence number was to be had. */
function announceOwn(index: u32, nowMs: u64): bool {
  const sequence = sequenceNext(index);
  if (sequence == 0) return false;
  const id = destinationId(index);
  let size: u32 = 6;
  store<u16>(SCRATCH, <u16>(TLV_NODE | (4 << 8)));
  store<u16>(SCRATCH, <u16>configCapabilities(), 2);
  store<u8>(SCRATCH, <u8>configCostTier(), 4);
  store<u8>(SCRATCH, <u8>((queueFill() * 255) / 1000), 5);
  size = tlv(size, TLV_RATCHET, ratchetCurrentPublic(index), 32);
  size = tlv(size, TLV_VERSION_SIGNAL, signalLength() == 0 ? 0 : signalValue(), signalLength());
  const key = destinationPublicKey(index);
  const length = emitAnnounce(OWN_PACKET, id, key, sequence, OWN_SIGNATURE, PROTOCOL_VERSION, SCRATCH, size);
  const record = signedRecord(SignedRecord.Announce);
  const recordSize = announceRecord(record, OWN_PACKET, length);
  const signature = announceSignature(OWN_PACKET);
  signRecord(signature, index, recordSize);
  itemId(record, recordSize, signature);
  let entry = routeEntry(id);
  if (entry == 0) {
    // Reliability beyond any: there is always somebody to take the place of.
    entry = routePlace(256, nowMs);
    routeAdd(entry, id);
  }
  routeRenew(entry, sequence, ITEM, FLAG_OWN, nowMs);
  bodyKeep(entry, OWN_PACKET, length, nowMs);
  routeOffer(entry, linksOf(ALL_PORTS), 0);
  count(Counter.AnnouncesSent);
  return true;
}

/** Appends a TLV to the `size` bytes at SCRATCH unless `data` is 0; the new size. */
function tlv(size: u32, type: u32, data: usize, length: u32): u32 {
  if (data == 0) return size;
  const at = SCRATCH + size;
  store<u8>(at, <u8>type);
  store<u8>(at, <u8>length, 1);
  memory.copy(at + 2, data, length);
  return size + 2 + length;
}

/**
 * Announces every destination of this node now, and plans the refresh: 1800 s, +-5 %. RecordFailed if one has no
 * sequence number to be had; that is tried again in a minute.
 */
export function announcesOwn(nowMs: u64): Status {
  for (let i: u32 = 0; i < ROUTES; i++) {
    const entry = routeAt(i);
    if (routeIsOwn(entry) && destinationIndex(entry) >= DESTINATIONS) routeFree(entry);
  }
  let done: Status = Status.Ok;
  for (let i: u32 = 0; i < DESTINATIONS; i++)
    if (destinationUsed(i) && !announceOwn(i, nowMs)) done = Status.RecordFailed;
  const refresh = <u64>(REFRESH_MS - REFRESH_MS / 20 + randomBelow(REFRESH_MS / 10 + 1));
  store<u64>(REFRESH, nowMs + (done == Status.Ok ? refresh : RETRY_MS));
  store<u32>(PRICE, configPrice());
  store<u64>(GATE, nowMs);
  return done;
}

/** Announces if it is time to. */
export function announcesAdvance(nowMs: u64): void {
  if (nowMs >= load<u64>(REFRESH)) announcesOwn(nowMs);
}

/** The own price was set: if it is more than 25 % from the one announced last, own announces and all routes go out anew. */
export function announcesPriceChanged(nowMs: u64): void {
  const old = <u64>load<u32>(PRICE);
  const now = <u64>configPrice();
  if ((now > old ? now - old : old - now) * 4 <= old || load<u64>(REFRESH) == u64.MAX_VALUE) return;
  announcesOwn(nowMs);
  const links = linksOf(ALL_PORTS);
  for (let i: u32 = 0; i < ROUTES; i++) if (routeUsed(i)) routeOffer(routeAt(i), links, links);
}

/** Time of the next own announce; 2^64-1 before the first link. */
export function announcesDeadline(): u64 {
  return load<u64>(REFRESH);
}

/** The links in the mask came up: everything there is a body of is to be offered to them. The first link of all starts it. */
export function announcesLinkUp(mask: u32, nowMs: u64): void {
  if (load<u64>(REFRESH) == u64.MAX_VALUE) store<u64>(REFRESH, nowMs);
  for (let i: u32 = 0; i < ROUTES; i++) if (routeUsed(i)) offer(routeAt(i), mask, 0, nowMs);
}

export function announcesReset(): void {
  memory.fill(ANNOUNCING, 0, ANNOUNCING_SIZE);
  store<u64>(REFRESH, u64.MAX_VALUE);
  store<u32>(PRICE, configPrice());
}

// --- For gossip ----------------------------------------------------------------------------------------------------

/** Address of the 8-byte item_id of table place `index` (below ROUTES), or 0 if there is no way to its destination. */
export function announceItem(index: u32): usize {
  const entry = routeAt(index);
  return routeUsed(index) && (routeBest(entry) != NO_PATH || routeIsOwn(entry)) ? routeItem(entry) : 0;
}

/** Table index of the destination whose newest announce has the item_id at `item`, or NO_ROUTE. */
export function announceItemKnown(item: usize): u32 {
  for (let i: u32 = 0; i < ROUTES; i++) {
    if (routeUsed(i) && load<u64>(routeItem(routeAt(i))) == load<u64>(item)) return i;
  }
  return NO_ROUTE;
}

/** A summary shows that `link` lacks this route's announce: offer it. */
export function announceResend(index: u32, link: u32): void {
  routeOffer(routeAt(index), 1 << link, 1 << link);
}

/** A summary shows that `link` has this route's announce: only a better path is worth sending. */
export function announceHad(index: u32, link: u32): void {
  routeSetHave(routeAt(index), 1 << link);
}

/** `link` pulls this route's announce: it has no way to the destination, so none leads over it. Offer ours. */
export function announcePulled(index: u32, link: u32): void {
  routeDrop(routeAt(index), link);
}
