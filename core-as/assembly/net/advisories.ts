/**
 * Key compromise advisories taken in, and what they come to (digest 1 section 3.5, H32). They are advice to the host: no
 * route, link or trust changes by them here.
 *
 * What is known about a key decides, not the order in which it was heard:
 *   - an advisory signed by both keys beats every one signed by the old key alone;
 *   - among those signed by both, the larger sequence wins, and two of the same sequence naming different keys cancel;
 *   - two signed by the old key alone that name different keys (or one a key and one none) cancel whatever their sequences,
 *     or a thief would win by choosing the largest; naming the same key, the larger sequence counts.
 * Weighing the publishers' trust is left to the identity layer, which has it.
 *
 * A key costs nothing to make, so anybody can fill the table once. From then on a newcomer has to concern somebody this node
 * knows (a route, a link, or a command of its host), and takes the place of the oldest entry that does not.
 *
 * Entry, 64 bytes, oldest first: 0 address of the compromised key 16 | 16 address of the new key 16 (zero if none) |
 * 32 sequence u64 | 40 item_id 8 | 48 item_id of what cancelled it 8 (zero if nothing) | 56 evidence u8, zero 7
 */
import { AdvisoryVerdict, Counter, Event, event, Status } from "../abi";
import { blake3Begin, blake3End, blake3Update } from "../crypto/blake3";
import { linkByPeer } from "../link/links";
import { LINKS, ROUTES } from "../profile";
import { count } from "../state/counters";
import { destinationHash, sameId } from "../state/destinations";
import { SignedRecord, signedRecord, verifyRecord } from "../state/signing";
import {
  ADVISORY_SIGNED_SIZE,
  advisoryEvidence,
  advisoryHasNewKey,
  advisoryNewKey,
  advisorySequence,
  advisorySignature,
  checkAdvisory,
  EVIDENCE_BOTH,
} from "../wire/advisory";
import { ITEM_ADVISORY } from "../wire/gossip";
import { itemAdd, itemForget } from "./gossip-items";
import { routeFind } from "./routes";

const ENTRIES: u32 = 8;
const ENTRY_SIZE: u32 = 64;
const NEW_ID: usize = 16;
const SEQUENCE: usize = 32;
const ITEM: usize = 40;
const CANCELLED_BY: usize = 48;
const EVIDENCE: usize = 56;

/** Entries in use u32, zero u32, then the table. */
export const ADVISORIES: usize = memory.data(8 + ENTRIES * ENTRY_SIZE, 8);
export const ADVISORIES_SIZE: u32 = 8 + ENTRIES * ENTRY_SIZE;
const USED: usize = ADVISORIES;

/** The entry that the record at hand would make. */
const DRAFT: usize = memory.data(ENTRY_SIZE, 8);
/** Compromised key 32, new key 32, verdict 1. */
const REPORT: usize = memory.data(72, 8);
/** The digest of which a draft keeps 8 bytes; it is done before a report begins. */
const DIGEST: usize = REPORT;
const REPORT_SIZE: u32 = 65;

/** Number of item_ids advisoryItem answers to. */
export const ADVISORY_ITEMS: u32 = ENTRIES * 2;

function at(index: u32): usize {
  return ADVISORIES + 8 + <usize>(index * ENTRY_SIZE);
}

/** Address of item_id `k` < ADVISORY_ITEMS of what is known, or 0. */
export function advisoryItem(k: u32): usize {
  const id = at(k >> 1) + ITEM + ((<usize>(k & 1)) << 3);
  return load<u64>(id) == 0 ? 0 : id;
}

/** True if the key concerns somebody this node knows. */
function concerns(id: usize): bool {
  return routeFind(id) < ROUTES || linkByPeer(id) < LINKS;
}

/** DRAFT from a checked record. */
function draft(record: usize, length: u32): void {
  memory.fill(DRAFT, 0, ENTRY_SIZE);
  destinationHash(DRAFT, record);
  if (advisoryHasNewKey(record)) destinationHash(DRAFT + NEW_ID, advisoryNewKey(record));
  store<u64>(DRAFT, advisorySequence(record), SEQUENCE);
  store<u8>(DRAFT, <u8>advisoryEvidence(record), EVIDENCE);
  store<u8>(DIGEST, <u8>ITEM_ADVISORY);
  blake3Begin();
  blake3Update(DIGEST, 1);
  blake3Update(record, length);
  blake3End(DIGEST);
  store<u64>(DRAFT, load<u64>(DIGEST), ITEM);
}

/** Index of the entry for the key of DRAFT, or the number in use. */
function find(): u32 {
  let i: u32 = 0;
  while (i < load<u32>(USED) && !sameId(at(i), DRAFT)) i++;
  return i;
}

/** What DRAFT does to the entry of its key: Adopted replaces it, Conflict cancels it, NOTHING leaves it. */
const NOTHING: i32 = -1;

function weigh(entry: usize): i32 {
  const evidence: u32 = load<u8>(DRAFT, EVIDENCE);
  const known: u32 = load<u8>(entry, EVIDENCE);
  // EVIDENCE_BOTH is the smaller code.
  if (evidence != known) return evidence < known ? AdvisoryVerdict.Adopted : NOTHING;
  const cancelled = load<u64>(entry, CANCELLED_BY) != 0;
  const sequence = load<u64>(DRAFT, SEQUENCE);
  const newer = sequence > load<u64>(entry, SEQUENCE);
  const same = sameId(DRAFT + NEW_ID, entry + NEW_ID);
  if (evidence != EVIDENCE_BOTH && (cancelled || !same)) return cancelled ? NOTHING : AdvisoryVerdict.Conflict;
  if (newer) return AdvisoryVerdict.Adopted;
  return same || cancelled || sequence != load<u64>(entry, SEQUENCE) ? NOTHING : AdvisoryVerdict.Conflict;
}

/** Makes room in a full table for a newcomer that concerns somebody. False if every entry does. */
function makeRoom(): bool {
  for (let i: u32 = 0; i < ENTRIES; i++) {
    if (concerns(at(i))) continue;
    forgetItems(at(i));
    memory.copy(at(i), at(i + 1), (ENTRIES - 1 - i) * ENTRY_SIZE);
    store<u32>(USED, ENTRIES - 1);
    count(Counter.GossipDropped);
    return true;
  }
  return false;
}

function forgetItems(entry: usize): void {
  itemForget(entry + ITEM);
  itemForget(entry + CANCELLED_BY);
}

/** Verifies the record's one or two signatures, both over its first 81 bytes. */
function verify(record: usize): Status {
  memory.copy(signedRecord(SignedRecord.Kca), record, ADVISORY_SIGNED_SIZE);
  const signature = advisorySignature(record);
  const old = verifyRecord(signature, ADVISORY_SIGNED_SIZE, record);
  if (old != Status.Ok || advisoryEvidence(record) != EVIDENCE_BOTH) return old;
  return verifyRecord(signature + 64, ADVISORY_SIGNED_SIZE, advisoryNewKey(record));
}

function receive(record: usize, length: u32, link: u32): Status {
  const checked = checkAdvisory(record, length);
  if (checked != Status.Ok) return checked;
  draft(record, length);
  const index = find();
  const entry = at(index);
  const isNew = index == load<u32>(USED);
  let verdict: i32 = AdvisoryVerdict.Adopted;
  if (!isNew) {
    const item = load<u64>(DRAFT, ITEM);
    if (item == load<u64>(entry, ITEM) || item == load<u64>(entry, CANCELLED_BY)) return Status.Duplicate;
    verdict = weigh(entry);
    if (verdict == NOTHING) return Status.Stale;
  } else if (index == ENTRIES && link < LINKS && !concerns(DRAFT)) {
    return Status.TableFull;
  }
  const verified = verify(record);
  if (verified != Status.Ok) return verified;

  memory.copy(REPORT, record, 64);
  store<u8>(REPORT, <u8>verdict, 64);
  if (verdict == AdvisoryVerdict.Conflict) {
    // Both records are kept and passed on: whoever hears one needs the other to see that they cancel.
    memory.fill(REPORT + 32, 0, 32);
    store<u64>(entry, load<u64>(DRAFT, ITEM), CANCELLED_BY);
  } else if (isNew) {
    if (index == ENTRIES && !makeRoom()) return Status.TableFull;
    const used = load<u32>(USED);
    memory.copy(at(used), DRAFT, ENTRY_SIZE);
    store<u32>(USED, used + 1);
  } else {
    forgetItems(entry);
    memory.copy(entry, DRAFT, ENTRY_SIZE);
  }
  // With no room among the items it is known here and told to nobody; the neighbours have it from others.
  itemAdd(ITEM_ADVISORY, record, length, DRAFT + ITEM, link);
  event(Event.Advisory, REPORT, REPORT_SIZE);
  return Status.Ok;
}

/**
 * Takes in `length` bytes of an advisory that came by `link`, or from the host if NO_LINK. Ok: news, passed on, and told by
 * an Advisory event. Duplicate: known. Stale: beaten by what is known. TableFull, or what is wrong with it.
 */
export function advisoryReceive(record: usize, length: u32, link: u32): Status {
  const status = receive(record, length, link);
  if (status == Status.Ok) count(Counter.AdvisoriesAccepted);
  else if (status != Status.Duplicate) count(Counter.AdvisoriesRefused);
  return status;
}

export function advisoriesReset(): void {
  memory.fill(ADVISORIES, 0, ADVISORIES_SIZE);
}
