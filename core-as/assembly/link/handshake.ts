/**
 * The handshake that makes a link (H12): LINK_REQUEST, LINK_PROOF, IDENTIFY, of the SIGMA shape (Krawczyk 2003): ephemeral
 * keys first, then each side signs both, so that both know whom they share the session key with.
 *
 *   initiator   Requesting    sends LINK_REQUEST until a LINK_PROOF by the right key answers it
 *               Identifying   sends IDENTIFY, sealed, until any genuine frame comes back: then the link is up
 *   responder   Proving       sends LINK_PROOF for each LINK_REQUEST; a genuine IDENTIFY makes the link, nothing else is
 *                             heard before; the answer to IDENTIFY, also to a repeated one, is a keepalive
 *
 * The dear steps wait for the moment the outbox can send what comes of them, so a flood of requests costs hashes, and the
 * medium sets the pace of everything else. Two slots are for the node's own handshakes, two for those of others: of these
 * the older gives way to a newcomer when it has had time enough, else the newcomer is turned away.
 *
 * Two links to one peer: the responder decides when IDENTIFY comes, the initiator follows. The newer link takes the place
 * of the older, unless that is younger than 30 s and was initiated by the other of the two, being the lower node_id.
 */
import { Counter, Status } from "../abi";
import { blake2b } from "../crypto/blake2b";
import { equal, wipe } from "../crypto/constant-time";
import { RADIO } from "../profile";
import { configMtu } from "../state/config";
import { count } from "../state/counters";
import { destinationHash, destinationPublicKey, isOwnId, NODE_ID, NODE_ID_SIZE, sameId } from "../state/destinations";
import { SignedRecord, signedRecord, signRecord, verifyRecord } from "../state/signing";
import {
  KIND_CLEAR,
  LINK_DATA_HEADER_SIZE,
  LINK_FRAME_HEADER_SIZE,
  linkFrameBody,
  LORA_LINK_FRAME_SIZE,
  pad,
} from "../wire/link-frame";
import {
  CAPABILITIES_SIZE,
  capabilitiesMtu,
  checkLinkProof,
  checkLinkRequest,
  emitIdentify,
  emitLinkProof,
  emitLinkRequest,
  IDENTIFY_SIZE,
  identifyPublicKey,
  identifySignature,
  LINK_PROOF_SIZE,
  LINK_REQUEST_SIZE,
  proofCapabilities,
  proofClock,
  proofKey,
  proofPublicKey,
  proofSignature,
  requestCapabilities,
  requestKey,
} from "../wire/link-setup";
import {
  CONTEXT_IDENTIFY,
  CONTEXT_LINK_PROOF,
  CONTEXT_NONE,
  emitPacketHeader,
  HEADER_LINK_DATA,
  HEADER_LINK_PROOF,
  HEADER_LINK_REQUEST,
  PACKET_HEADER_SIZE,
  packetContext,
  packetData,
  packetDestination,
  packetHeader,
} from "../wire/packet";
import { QOS_LINK } from "../wire/qos";
import { backoffClear, backoffFailed, backoffReset } from "./backoff";
import { idBelow, linkAge, linkByPeer, linkEntry, linkInitiator, NO_LINK, retryMs } from "./link-table";
import { linkAdd, linkMeasured, linkPlace } from "./links";
import {
  frameSize,
  HANDSHAKE_SESSION,
  HANDSHAKES,
  sessionAgree,
  sessionDraw,
  sessionSeal,
  sessionWipe,
} from "./session";

/*
 * Slot, 176 bytes; 0 and 1 for this node's own handshakes, 2 and 3 for those of others:
 *   0 peer 16, the initiator's only | 16 link_id 16 | 32 state u8 | 33 interface u8 | 34 messages sent u8
 *   35 message to send u8 | 36 mtu u16, zero 2 | 40 begun u64, the clock in the LINK_REQUEST | 48 timer u64
 *   56 message sent u64 | 64 e_i 32 | 96 e_r 32 | 128 pk_r 32, the initiator's only | 160 peer's clock u64
 *   168 round trip ms u32, zero 4
 */
const SLOT_SIZE: u32 = 176;
/** The slots, and when a request may next be heard although the link table is full, u64. */
export const HANDSHAKE_SLOTS_SIZE: u32 = 712;
export const HANDSHAKE_SLOTS: usize = memory.data(712, 8);
const FULL_UNTIL: usize = HANDSHAKE_SLOTS + 704;
const OWN_SLOTS: u32 = 2;

const SLOT_ID: usize = 16;
const STATE: usize = 32;
const PORT: usize = 33;
const SENT: usize = 34;
const TODO: usize = 35;
const MTU: usize = 36;
const BEGUN: usize = 40;
const TIMER: usize = 48;
const SENT_AT: usize = 56;
const E_I: usize = 64;
const E_R: usize = 96;
const PK_R: usize = 128;
const CLOCK: usize = 160;
const ROUND_TRIP: usize = 168;

const FREE: u32 = 0;
const REQUESTING: u32 = 1;
const IDENTIFYING: u32 = 2;
const PROVING: u32 = 3;

const ATTEMPTS: u32 = 4;
/** Of retryMs: how long all attempts take together, 1 + 2 + 3 + 4. */
const PATIENCE: u64 = 10;
const YOUNG_MS: u64 = 30_000;
/**
 * With a full table a request is still heard this often: it may be from a peer that holds a place in it and has rebooted,
 * which a request does not tell.
 */
const FULL_MS: u64 = 60_000;

const REQUEST_PACKET: u32 = PACKET_HEADER_SIZE + LINK_REQUEST_SIZE;
const IDENTIFY_PACKET: u32 = PACKET_HEADER_SIZE + IDENTIFY_SIZE;

const REQUEST: usize = memory.data(64, 8);
const DIGEST: usize = memory.data(32, 8);

function slotAt(slot: u32): usize {
  return HANDSHAKE_SLOTS + <usize>(slot * SLOT_SIZE);
}

function state(slot: u32): u32 {
  return load<u8>(slotAt(slot), STATE);
}

/** Forgets a slot and its key. */
function release(slot: u32): void {
  sessionWipe(HANDSHAKE_SESSION + slot);
  wipe(slotAt(slot), SLOT_SIZE);
}

/** The handshake came to nothing. */
function fail(slot: u32, nowMs: u64): void {
  count(Counter.HandshakesFailed);
  if (slot < OWN_SLOTS) backoffFailed(slotAt(slot), nowMs);
  release(slot);
}

/** Has the outbox send the slot's message. */
function queue(slot: u32, nowMs: u64): void {
  const entry = slotAt(slot);
  store<u8>(entry, 1, TODO);
  store<u64>(entry, nowMs + PATIENCE * retryMs(load<u8>(entry, PORT)), TIMER);
}

/** link_id of the LINK_REQUEST at `packet`: the first 16 bytes of its BLAKE2b with byte 1, the hops, as 0. */
export function linkIdOf(out: usize, packet: usize): void {
  memory.copy(REQUEST, packet, REQUEST_PACKET);
  store<u8>(REQUEST, 0, 1);
  blake2b(DIGEST, 32, REQUEST, REQUEST_PACKET);
  memory.copy(out, DIGEST, 16);
}

function emitRequest(out: usize, entry: usize): void {
  emitPacketHeader(out, HEADER_LINK_REQUEST, 0, entry, CONTEXT_NONE, LINK_REQUEST_SIZE);
  emitLinkRequest(packetData(out), entry + E_I, configMtu(load<u8>(entry, PORT)), load<u64>(entry, BEGUN));
}

/** The part of both signed records that is the same: link_id, e_i, e_r; the address behind it. */
function signedKeys(record: SignedRecord, entry: usize): usize {
  const at = signedRecord(record);
  memory.copy(at, entry + SLOT_ID, 16);
  memory.copy(at + 16, entry + E_I, 64);
  return at + 80;
}

/** The record sig_r is over, given the DATA of the LINK_PROOF; its size. */
function recordR(entry: usize, data: usize): u32 {
  const at = signedKeys(SignedRecord.LinkR, entry);
  memory.copy(at, proofPublicKey(data), 32);
  memory.copy(at + 32, proofCapabilities(data), CAPABILITIES_SIZE + 8);
  return 80 + 32 + CAPABILITIES_SIZE + 8;
}

/** The record sig_i is over; its size. */
function recordI(entry: usize, initiator: usize, responder: usize): u32 {
  const at = signedKeys(SignedRecord.LinkI, entry);
  memory.copy(at, initiator, 32);
  memory.copy(at + 32, responder, 32);
  return 80 + 64;
}

/** Whether a handshake of this node's own with the peer is under way. */
export function handshakeWith(id: usize): bool {
  for (let i: u32 = 0; i < OWN_SLOTS; i++) {
    if (state(i) != FREE && sameId(slotAt(i), id)) return true;
  }
  return false;
}

/** Begins a handshake with the peer of node_id `id`. Ok; HandshakeBusy when two are under way; NoEntropy. */
export function handshakeStart(id: usize, port: u32, nowMs: u64): Status {
  let slot: u32 = 0;
  while (state(slot) != FREE) {
    if (++slot == OWN_SLOTS) return Status.HandshakeBusy;
  }
  const entry = slotAt(slot);
  const drawn = sessionDraw(HANDSHAKE_SESSION + slot, entry + E_I);
  if (drawn != Status.Ok) {
    release(slot);
    return drawn;
  }
  memory.copy(entry, id, NODE_ID_SIZE);
  store<u8>(entry, <u8>REQUESTING, STATE);
  store<u8>(entry, <u8>port, PORT);
  store<u64>(entry, nowMs, BEGUN);
  emitRequest(REQUEST, entry);
  linkIdOf(entry + SLOT_ID, REQUEST);
  queue(slot, nowMs);
  return Status.Ok;
}

/**
 * A checked packet that came in the clear. Ok; NotForUs, NotClear, NoHandshake, HandshakeBusy, TableFull,
 * Duplicate, BadVersion, BadField, WrongKey, or what is wrong with a signature or key. Nothing but Ok changes anything.
 */
export function handshakeReceive(packet: usize, length: u32, port: u32, nowMs: u64): Status {
  switch (packetHeader(packet)) {
    case HEADER_LINK_REQUEST:
      return receiveRequest(packet, port, nowMs);
    case HEADER_LINK_PROOF:
      return receiveProof(packet, port, nowMs);
    default:
      return Status.NotClear;
  }
}

/** Slot of the handshake with this link_id on an interface, in this state; HANDSHAKES if there is none. */
function find(linkId: usize, port: u32, wanted: u32): u32 {
  let slot: u32 = 0;
  while (slot < HANDSHAKES) {
    const entry = slotAt(slot);
    if (state(slot) == wanted && <u32>load<u8>(entry, PORT) == port && sameId(entry + SLOT_ID, linkId)) break;
    slot++;
  }
  return slot;
}

function receiveRequest(packet: usize, port: u32, nowMs: u64): Status {
  if (!isOwnId(packetDestination(packet))) return Status.NotForUs;
  const data = packetData(packet);
  const checked = checkLinkRequest(data);
  if (checked != Status.Ok) return checked;
  linkIdOf(DIGEST, packet);
  let slot = find(DIGEST, port, PROVING);
  if (slot == HANDSHAKES) {
    slot = placeForOther(port, nowMs);
    if (slot == HANDSHAKES) return Status.HandshakeBusy;
    if (linkPlace(nowMs) == NO_LINK) {
      if (nowMs < load<u64>(FULL_UNTIL)) {
        count(Counter.LinksRefused);
        return Status.TableFull;
      }
      store<u64>(FULL_UNTIL, nowMs + FULL_MS);
    }
    release(slot);
    const entry = slotAt(slot);
    memory.copy(entry + SLOT_ID, DIGEST, 16);
    store<u8>(entry, <u8>PROVING, STATE);
    store<u8>(entry, <u8>port, PORT);
    store<u16>(entry, <u16>min<u32>(configMtu(port), capabilitiesMtu(requestCapabilities(data))), MTU);
    store<u64>(entry, nowMs, BEGUN);
    memory.copy(entry + E_I, requestKey(data), 32);
  } else if (<u32>load<u8>(slotAt(slot), SENT) >= ATTEMPTS) {
    // An initiator asks no more often than that; a replayed request might.
    return Status.Duplicate;
  }
  queue(slot, nowMs);
  return Status.Ok;
}

/** A free slot for somebody else's handshake, or the older one if it has had its time; HANDSHAKES if neither. */
function placeForOther(port: u32, nowMs: u64): u32 {
  let place = HANDSHAKES;
  let oldest = nowMs - min<u64>(nowMs, 2 * retryMs(port));
  for (let i = OWN_SLOTS; i < HANDSHAKES; i++) {
    if (state(i) == FREE) return i;
    const begun = load<u64>(slotAt(i), BEGUN);
    if (begun < oldest) {
      oldest = begun;
      place = i;
    }
  }
  return place;
}

function receiveProof(packet: usize, port: u32, nowMs: u64): Status {
  const slot = find(packetDestination(packet), port, REQUESTING);
  if (slot == HANDSHAKES) return Status.NoHandshake;
  const entry = slotAt(slot);
  if (load<u8>(entry, SENT) == 0) return Status.NoHandshake;
  const data = packetData(packet);
  const checked = checkLinkProof(data);
  if (checked != Status.Ok) return checked;
  destinationHash(DIGEST, proofPublicKey(data));
  if (!equal(DIGEST, entry, NODE_ID_SIZE)) return Status.WrongKey;
  memory.copy(entry + E_R, proofKey(data), 32);
  let status = verifyRecord(proofSignature(data), recordR(entry, data), proofPublicKey(data));
  const session = HANDSHAKE_SESSION + slot;
  if (status == Status.Ok) status = sessionAgree(session, entry + E_R, entry + E_I, entry + E_R);
  if (status != Status.Ok) {
    wipe(entry + E_R, 32);
    return status;
  }
  memory.copy(entry + PK_R, proofPublicKey(data), 32);
  store<u16>(entry, <u16>min<u32>(configMtu(port), capabilitiesMtu(proofCapabilities(data))), MTU);
  store<u64>(entry, proofClock(data), CLOCK);
  store<u32>(entry, <u32>min<u64>(nowMs - load<u64>(entry, SENT_AT), 0xffff), ROUND_TRIP);
  // The clock and the round trip belong to this moment.
  store<u64>(entry, nowMs, BEGUN);
  store<u8>(entry, <u8>IDENTIFYING, STATE);
  store<u8>(entry, 0, SENT);
  queue(slot, nowMs);
  return Status.Ok;
}

/** Whether frames with this tag on an interface may be under the key of a slot. */
export function handshakeFits(slot: u32, tag: u32, port: u32): bool {
  const entry = slotAt(slot);
  const as = state(slot);
  if (as != IDENTIFYING && (as != PROVING || load<u8>(entry, SENT) == 0)) return false;
  return <u32>load<u8>(entry, PORT) == port && <u32>load<u16>(entry, SLOT_ID) == tag;
}

/** 1 if this node initiated the handshake of the slot, else 0: the direction of what comes in (H11). */
export function handshakeDirection(slot: u32): u32 {
  return slot < OWN_SLOTS ? 1 : 0;
}

/** Whether a packet of `length` bytes out of a link frame is the IDENTIFY of the link with this link_id. */
export function isIdentify(packet: usize, length: u32, linkId: usize): bool {
  return (
    length == IDENTIFY_PACKET &&
    packetHeader(packet) == HEADER_LINK_DATA &&
    packetContext(packet) == CONTEXT_IDENTIFY &&
    sameId(packetDestination(packet), linkId)
  );
}

/**
 * A genuine frame came in under the key of a slot, with `length` bytes of packet. What it proves makes the link: its
 * index, or minus NotIdentified, TableFull, HandshakeBusy (the other of two links stays), or what is wrong with IDENTIFY.
 */
export function handshakeFrame(slot: u32, packet: usize, length: u32, nowMs: u64): i32 {
  const entry = slotAt(slot);
  const own = slot < OWN_SLOTS;
  let peer = entry;
  if (!own) {
    if (!isIdentify(packet, length, entry + SLOT_ID)) return -Status.NotIdentified;
    const data = packetData(packet);
    const key = identifyPublicKey(data);
    const signed = recordI(entry, key, destinationPublicKey(0));
    const status = verifyRecord(identifySignature(data), signed, key);
    destinationHash(DIGEST, key);
    peer = DIGEST;
    if (status != Status.Ok || isOwnId(peer)) {
      // Only who made this key can have sealed it: nobody else's handshake is lost.
      fail(slot, nowMs);
      return status != Status.Ok ? -status : -Status.WrongKey;
    }
    const existing = linkByPeer(peer);
    if (
      existing != NO_LINK &&
      linkInitiator(existing) != 0 &&
      linkAge(existing, nowMs) < YOUNG_MS &&
      idBelow(NODE_ID, peer)
    ) {
      release(slot);
      return -Status.HandshakeBusy;
    }
  }
  const port: u32 = load<u8>(entry, PORT);
  const mtu: u32 = load<u16>(entry, MTU);
  const link = linkAdd(peer, entry + SLOT_ID, port, mtu, own ? 1 : 0, HANDSHAKE_SESSION + slot, nowMs);
  if (link == NO_LINK) {
    fail(slot, nowMs);
    return -Status.TableFull;
  }
  if (own) {
    const since = load<u64>(entry, BEGUN);
    linkMeasured(link, load<u32>(entry, ROUND_TRIP), load<u64>(entry, CLOCK), since);
  }
  backoffClear(linkEntry(link));
  // What the session left behind has moved to the link.
  release(slot);
  dropRivals(linkEntry(link));
  return <i32>link;
}

/**
 * A link to this peer is up: ends this node's own handshakes with it, but for one whose IDENTIFY may have reached the
 * peer and which takes the place of the link there because this node is the lower one.
 */
function dropRivals(peer: usize): void {
  for (let i: u32 = 0; i < OWN_SLOTS; i++) {
    if (state(i) == FREE || !sameId(slotAt(i), peer)) continue;
    if (state(i) == REQUESTING || idBelow(peer, NODE_ID)) release(i);
  }
}

/** Repeats what was not answered and gives up what never is. */
export function handshakeAdvance(nowMs: u64): void {
  for (let i: u32 = 0; i < HANDSHAKES; i++) {
    const entry = slotAt(i);
    if (state(i) == FREE || nowMs < load<u64>(entry, TIMER)) continue;
    const over = <u32>load<u8>(entry, SENT) >= ATTEMPTS || load<u8>(entry, TODO) != 0;
    if (over || state(i) == PROVING) fail(i, nowMs);
    else queue(i, nowMs);
  }
}

/** When handshakeAdvance next has something to do; 2^64-1 if no handshake is under way. */
export function handshakeDeadline(): u64 {
  let deadline = u64.MAX_VALUE;
  for (let i: u32 = 0; i < HANDSHAKES; i++) {
    if (state(i) != FREE) deadline = min<u64>(deadline, load<u64>(slotAt(i), TIMER));
  }
  return deadline;
}

/** A slot with a message to send on the interface; HANDSHAKES if there is none. */
export function handshakeWaiting(port: u32): u32 {
  let slot: u32 = 0;
  while (slot < HANDSHAKES) {
    if (load<u8>(slotAt(slot), TODO) != 0 && <u32>load<u8>(slotAt(slot), PORT) == port) break;
    slot++;
  }
  return slot;
}

/** Makes the responder's key when its first LINK_PROOF is due. */
function agreeAsResponder(slot: u32): Status {
  const entry = slotAt(slot);
  const session = HANDSHAKE_SESSION + slot;
  const drawn = sessionDraw(session, entry + E_R);
  return drawn != Status.Ok ? drawn : sessionAgree(session, entry + E_I, entry + E_I, entry + E_R);
}

/** Writes the link frame with the slot's message at `out`; its size, or 0 if the handshake failed over it. */
export function handshakeSend(slot: u32, out: usize, nowMs: u64): u32 {
  const entry = slotAt(slot);
  const port: u32 = load<u8>(entry, PORT);
  const sent: u32 = load<u8>(entry, SENT) + 1;
  const as = state(slot);
  if (as == PROVING && sent == 1 && agreeAsResponder(slot) != Status.Ok) {
    fail(slot, nowMs);
    return 0;
  }
  store<u8>(entry, <u8>sent, SENT);
  store<u8>(entry, 0, TODO);
  store<u64>(entry, nowMs, SENT_AT);
  if (as != PROVING) store<u64>(entry, nowMs + <u64>sent * retryMs(port), TIMER);
  if (as == IDENTIFYING) {
    const packet = out + LINK_DATA_HEADER_SIZE + 1;
    const data = packetData(packet);
    emitPacketHeader(packet, HEADER_LINK_DATA, 0, entry + SLOT_ID, CONTEXT_IDENTIFY, IDENTIFY_SIZE);
    emitIdentify(data, destinationPublicKey(0));
    signRecord(identifySignature(data), 0, recordI(entry, destinationPublicKey(0), entry + PK_R));
    const size = frameSize(port, IDENTIFY_PACKET, false, 0);
    const tag: u32 = load<u16>(entry, SLOT_ID);
    return sessionSeal(HANDSHAKE_SESSION + slot, 0, 0, tag, out, packet, IDENTIFY_PACKET, QOS_LINK, size);
  }
  const packet = linkFrameBody(out);
  let length = REQUEST_PACKET;
  store<u8>(out, <u8>KIND_CLEAR);
  if (as == REQUESTING) {
    emitRequest(packet, entry);
    count(Counter.HandshakesStarted);
  } else {
    const data = packetData(packet);
    length = PACKET_HEADER_SIZE + LINK_PROOF_SIZE;
    emitPacketHeader(packet, HEADER_LINK_PROOF, 0, entry + SLOT_ID, CONTEXT_LINK_PROOF, LINK_PROOF_SIZE);
    emitLinkProof(data, entry + E_R, destinationPublicKey(0), configMtu(port), nowMs);
    signRecord(proofSignature(data), 0, recordR(entry, data));
    count(Counter.HandshakesAnswered);
  }
  if (port != RADIO) return LINK_FRAME_HEADER_SIZE + length;
  pad(packet, length, LORA_LINK_FRAME_SIZE - LINK_FRAME_HEADER_SIZE);
  return LORA_LINK_FRAME_SIZE;
}

/** Forgets every handshake. linksReset wipes the keys. */
export function handshakeReset(): void {
  memory.fill(HANDSHAKE_SLOTS, 0, HANDSHAKE_SLOTS_SIZE);
  backoffReset();
}
