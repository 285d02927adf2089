/**
 * One frame at a time onto each interface, and link frames back together from their halves (digest 1 H6, sections 2.9).
 *
 * A link frame handed over waits here until it is out: on the radio for a clear channel (CSMA), and its second half for the
 * end of the first; on a wire for nothing. What the law does not let out now, or never, is refused: a frame that waited
 * here would hold up all others. The interface takes the next frame when that one is over; on the radio after the pause
 * the law asks for and a random one of up to one slot, so that a node with much to say leaves its neighbours gaps.
 * Its first attempt comes after such a pause too, beacons excepted: what several nodes have to say they often have to say
 * at the same moment, because they all heard the same frame, and none of them would hear the others begin.
 *
 * Where the law asks for a pause or for listening before talking, the second half is a transmission of its own: it waits,
 * it goes out only on a clear channel, and after a few attempts it is given up while the receiver still holds the first.
 *
 * Halves of a split frame carry the same random number from 0 to 15 and nothing else that tells them apart: the first one
 * heard is taken for the first, and only if it can be one (its first byte is a kind that may be split). Two wait for their
 * partner at most; a newcomer takes the place of the older.
 */
import { Counter, frame_send, FrameFlag, Status } from "../abi";
import { INTERFACES, PACKET_BYTES, RADIO } from "../profile";
import {
  configAirtimeUs,
  configBitrate,
  configBreaksDwell,
  configHasInterface,
  configQuietMs,
  configTransmits,
} from "../state/config";
import { count } from "../state/counters";
import { randomBelow } from "../state/random";
import { AIR_HEADER_SIZE, AIR_MAX, airIsSplit, airLinkFrame, airSequence, checkAir, emitAirHeader } from "../wire/air";
import { KIND_DATA, KIND_DATA_PHASE_1, linkFrameKind } from "../wire/link-frame";
import { AirtimeClass, airtimeAdd, airtimeNext, airtimeReserve } from "./airtime";
import { csmaBusy, csmaReset } from "./csma";
import { utilisationAdd } from "./utilisation";

/** Link frame bytes of one air frame; a longer link frame is exactly two of them. */
const HALF: u32 = AIR_MAX - AIR_HEADER_SIZE;
/** A link frame without radio padding: kind, tag, counter, qos, packet, authentication tag. */
const WIRED_OVERHEAD: u32 = 23;
const WIRED_MAX: u32 = WIRED_OVERHEAD + PACKET_BYTES;

/** A failed transmission is not followed by another for so long: the radio may need it, and a loop would help nobody. */
const FAILED_MS: u64 = 1000;
/** A record that could not be written is not tried again before this. */
const REFUSED_MS: u64 = 60_000;
/** The second half finds the radio still sending the first: try again after this, so often. */
const CONTINUE_RETRY_MS: u64 = 2;
const CONTINUE_TRIES: u8 = 5;

// A port, 16 bytes: 0 free_at_ms u64 | 8 length u16, 0 if no frame waits | 10 class u8 | 11 stage u8 | 12 sequence u8
// | 13 dropped u8
const PORT_SIZE: u32 = 16;
const LENGTH: usize = 8;
const CLASS: usize = 10;
/** 0 before the first transmission, then how often the second half was tried, from 1. */
const STAGE: usize = 11;
const SEQUENCE: usize = 12;
const DROPPED: usize = 13;

// A half that waits, 520 bytes: 0 until_ms u64, 0 if free | 8 sequence u8, zero 3 | 12 room for both halves
const SLOTS: u32 = 2;
const SLOT_SIZE: u32 = 520;
const SLOT_SEQUENCE: usize = 8;
const SLOT_FRAME: usize = 12;
/** Time for the second half to arrive, beside two airtimes: a slow host handles other things in between. */
const HALF_WAIT_MS: u64 = 3000;

/**
 * Ports, slots, the radio's frame behind its first split byte, the wired interfaces' frame (sent at once, so one buffer
 * serves all).
 */
export const MEDIUM_SIZE: u32 = PORT_SIZE * INTERFACES + SLOT_SIZE * SLOTS + 512 + WIRED_MAX + 1;
export const MEDIUM: usize = memory.data(PORT_SIZE * INTERFACES + SLOT_SIZE * SLOTS + 512 + WIRED_MAX + 1, 8);
const SLOT: usize = MEDIUM + <usize>(PORT_SIZE * INTERFACES);
const SPLIT: usize = SLOT + <usize>(SLOT_SIZE * SLOTS);
const WIRED: usize = SPLIT + 512;

/** Address of the link frame last received. No state: valid until the next call. */
const RECEIVED: usize = memory.data(4, 4);

function port(index: u32): usize {
  return MEDIUM + <usize>(index * PORT_SIZE);
}

function waits(entry: usize): bool {
  return load<u16>(entry, LENGTH) != 0;
}

/** Airtime of an air frame that carries `length` bytes of link frame, in whole milliseconds. */
function airMs(length: u32): u64 {
  return (configAirtimeUs(length + AIR_HEADER_SIZE) + 999) / 1000;
}

/** Microseconds on the air of a link frame of 1-508 bytes. */
export function mediumAirtimeUs(length: u32): u64 {
  const first = min<u32>(length, HALF);
  const us = configAirtimeUs(first + AIR_HEADER_SIZE);
  return length > HALF ? us + configAirtimeUs(length - HALF + AIR_HEADER_SIZE) : us;
}

/** Milliseconds an interface takes for a link frame of `length` bytes, with the pauses of the law. */
export function mediumTimeMs(index: u32, length: u32): u32 {
  if (index == RADIO) {
    const quiet = <u32>configQuietMs();
    return <u32>((mediumAirtimeUs(length) + 999) / 1000) + (length > HALF ? 2 * quiet : quiet);
  }
  return (length * 8000) / configBitrate(index) + 1;
}

/** The same for the largest link frame. */
export function mediumFrameMs(index: u32): u32 {
  return mediumTimeMs(index, index == RADIO ? 2 * HALF : WIRED_MAX);
}

/**
 * When a largest link frame of this class may go out on an interface as far as airtime is concerned: `nowMs` if it may
 * now, as always on a wire.
 */
export function mediumLawfulAt(index: u32, airtimeClass: u32, nowMs: u64): u64 {
  return index == RADIO ? airtimeNext(airtimeClass, mediumAirtimeUs(2 * HALF), nowMs) : nowMs;
}

/** Begins with a pause: what was on the air before the reboot may have ended just now. */
export function mediumReset(nowMs: u64): void {
  memory.fill(MEDIUM, 0, MEDIUM_SIZE);
  csmaReset();
  store<u64>(MEDIUM, nowMs + configQuietMs());
}

/** True if this node sends on the interface at all: it has it, and the law allows its radio to transmit. */
export function mediumSends(index: u32): bool {
  return configHasInterface(index) && (index != RADIO || configTransmits());
}

/** True if a frame is under way on the interface. */
export function mediumPending(index: u32): bool {
  return waits(port(index));
}

/** When the interface can take the next step: the next frame, or another attempt at the one under way. */
export function mediumFreeAt(index: u32): u64 {
  return load<u64>(port(index));
}

/** True if the interface can take a frame now. */
export function mediumReady(index: u32, nowMs: u64): bool {
  return mediumSends(index) && !mediumPending(index) && nowMs >= mediumFreeAt(index);
}

/** Keeps the interface from taking a frame before `untilMs`. */
export function mediumDefer(index: u32, untilMs: u64): void {
  store<u64>(port(index), max<u64>(untilMs, mediumFreeAt(index)));
}

/** Where to write the link frame for mediumSend: 508 bytes on the radio, 23 + PACKET_BYTES on a wire. */
export function mediumBuffer(index: u32): usize {
  return index == RADIO ? SPLIT + AIR_HEADER_SIZE : WIRED;
}

/**
 * Takes the `length` bytes at mediumBuffer, on the radio to be sent at once if `prompt`, else after a random pause. The
 * interface must be ready, and mediumRun must follow in the same call.
 */
export function mediumSend(index: u32, length: u32, airtimeClass: u32, prompt: bool, nowMs: u64): void {
  const entry = port(index);
  const pause: u32 = index == RADIO && !prompt ? randomBelow(<u32>airMs(HALF) + 1) : 0;
  store<u64>(entry, nowMs + <u64>pause);
  store<u16>(entry, <u16>length, LENGTH);
  store<u8>(entry, <u8>airtimeClass, CLASS);
  store<u8>(entry, 0, STAGE);
  if (index == RADIO) store<u8>(entry, <u8>randomBelow(16), SEQUENCE);
}

/** The frame is out, or lost: nothing more before `freeMs`. */
function over(entry: usize, freeMs: u64): void {
  store<u16>(entry, 0, LENGTH);
  store<u64>(entry, freeMs);
  if (entry == MEDIUM) csmaReset();
}

function lost(entry: usize, counter: Counter, freeMs: u64): void {
  count(counter);
  store<u8>(entry, 1, DROPPED);
  over(entry, freeMs);
}

function sentBeacon(entry: usize): void {
  if (load<u8>(entry, CLASS) == <u8>AirtimeClass.Beacon) count(Counter.BeaconsSent);
}

function runWired(index: u32, entry: usize, nowMs: u64): Status {
  const length: u32 = load<u16>(entry, LENGTH);
  const sent: Status = frame_send(index, WIRED, length, 0);
  if (sent == Status.Ok) {
    sentBeacon(entry);
    over(entry, nowMs + <u64>mediumTimeMs(index, length));
  } else {
    lost(entry, Counter.SendFailed, nowMs + FAILED_MS);
  }
  return sent;
}

function runRadio(entry: usize, nowMs: u64): Status {
  const length: u32 = load<u16>(entry, LENGTH);
  const stage = load<u8>(entry, STAGE);
  const split = length > HALF;
  const part = stage != 0 ? length - HALF : min<u32>(length, HALF);
  const us = configAirtimeUs(part + AIR_HEADER_SIZE);
  if (stage == 0) {
    const all = mediumAirtimeUs(length);
    // Egress has asked the ledger, and boot the dwell limit: this is what makes both certain.
    const lawful = !configBreaksDwell(us) && airtimeNext(AirtimeClass.User, all, nowMs) == nowMs;
    if (!lawful || !airtimeReserve(nowMs)) {
      lost(entry, Counter.AirtimeRefused, nowMs + REFUSED_MS);
      return lawful ? Status.RecordFailed : Status.AirtimeSpent;
    }
  }
  // The second half's split byte takes the place of the first half's last byte, which is out by then.
  const frame = stage == 0 ? SPLIT : SPLIT + <usize>HALF;
  emitAirHeader(frame, load<u8>(entry, SEQUENCE), split);
  const quiet = configQuietMs();
  const flags = stage == 0 || quiet != 0 ? 0 : FrameFlag.Continue;
  const sent: Status = frame_send(RADIO, frame, part + AIR_HEADER_SIZE, flags);
  const end = nowMs + airMs(part) + quiet;
  if (stage == 0 && sent == Status.RadioBusy) {
    const wait = csmaBusy();
    if (wait == 0) {
      lost(entry, Counter.BusyDropped, nowMs);
    } else {
      count(Counter.BusyDeferred);
      store<u64>(entry, nowMs + wait);
    }
  } else if (sent == Status.RadioBusy && stage < CONTINUE_TRIES) {
    store<u8>(entry, stage + 1, STAGE);
    // Four waits of up to a quarter of a frame: the receiver drops the first half after two frames and three seconds.
    const wait: u32 = flags == 0 ? randomBelow(<u32>airMs(HALF) / 4 + 1) : 0;
    store<u64>(entry, nowMs + CONTINUE_RETRY_MS + <u64>wait);
  } else {
    // A radio that failed may have been on the air all the same; one that is not allowed to send was not.
    if (sent == Status.Ok || sent == Status.RadioFailed) {
      airtimeAdd(load<u8>(entry, CLASS), us, nowMs);
      utilisationAdd(nowMs, us);
    }
    if (sent != Status.Ok) {
      lost(entry, Counter.SendFailed, end + FAILED_MS);
    } else if (split && stage == 0) {
      store<u8>(entry, 1, STAGE);
      store<u64>(entry, end);
    } else {
      sentBeacon(entry);
      over(entry, end + <u64>randomBelow(<u32>airMs(HALF) + 1));
    }
  }
  return sent;
}

/**
 * Takes the step that is due, at most one frame_send: the first interface, the radio first, whose frame can go. Ok, also
 * if there was nothing to do; RadioBusy: it waits, unless it has waited enough; another status: it is lost.
 */
export function mediumRun(nowMs: u64): Status {
  for (let i: u32 = 0; i < INTERFACES; i++) {
    const entry = port(i);
    if (waits(entry) && nowMs >= load<u64>(entry))
      return i == RADIO ? runRadio(entry, nowMs) : runWired(i, entry, nowMs);
  }
  return Status.Ok;
}

/** When a frame under way wants its next step; 2^64-1 if none is. */
export function mediumDeadline(): u64 {
  let next = u64.MAX_VALUE;
  for (let i: u32 = 0; i < INTERFACES; i++) if (mediumPending(i)) next = min<u64>(next, mediumFreeAt(i));
  return next;
}

/** True, once, if a frame of this interface was given up since it was last asked. */
export function mediumTakeDropped(index: u32): bool {
  const entry = port(index);
  const dropped = load<u8>(entry, DROPPED) != 0;
  store<u8>(entry, 0, DROPPED);
  return dropped;
}

/**
 * A link frame for somebody else was heard on the radio: its receiver may have an acknowledgment to send, which this node
 * need not hear to spoil. Nothing of ours begins before that would be over, and then not at the same moment as others.
 */
export function mediumYield(nowMs: u64): void {
  if (mediumPending(RADIO) && load<u8>(MEDIUM, STAGE) != 0) return;
  const ms = airMs(HALF);
  mediumDefer(RADIO, nowMs + ms + <u64>randomBelow(<u32>ms + 1));
}

function slot(index: u32): usize {
  return SLOT + <usize>(index * SLOT_SIZE);
}

/** Forgets halves whose partner did not come. */
export function mediumExpire(nowMs: u64): void {
  for (let i: u32 = 0; i < SLOTS; i++) {
    const until = load<u64>(slot(i));
    if (until != 0 && nowMs >= until) {
      store<u64>(slot(i), 0);
      count(Counter.HalvesLost);
    }
  }
}

/** A half, 254 bytes at `half`: the whole frame's length if it was the second, else minus a Status. */
function join(half: usize, sequence: u32, nowMs: u64): i32 {
  let place: usize = 0;
  for (let i: u32 = 0; i < SLOTS; i++) {
    const at = slot(i);
    const until = load<u64>(at);
    if (until != 0 && load<u8>(at, SLOT_SEQUENCE) == <u8>sequence) {
      store<u64>(at, 0);
      memory.copy(at + SLOT_FRAME + <usize>HALF, half, HALF);
      store<u32>(RECEIVED, <u32>(at + SLOT_FRAME));
      count(Counter.FramesJoined);
      return <i32>(2 * HALF);
    }
    if (place == 0 || until < load<u64>(place)) place = at;
  }
  // Without a partner it is a first half, or the second of a first that was lost.
  const kind = linkFrameKind(half);
  if (kind != KIND_DATA && kind != KIND_DATA_PHASE_1) return -Status.SplitFrame;
  if (load<u64>(place) != 0) count(Counter.HalvesLost);
  const ms = airMs(HALF);
  store<u64>(place, nowMs + HALF_WAIT_MS + 2 * ms);
  store<u8>(place, <u8>sequence, SLOT_SEQUENCE);
  memory.copy(place + SLOT_FRAME, half, HALF);
  // The second half is about to be on the air, and CAD does not see its beginning.
  if (load<u8>(MEDIUM, STAGE) == 0 || !mediumPending(RADIO)) mediumDefer(RADIO, nowMs + ms + configQuietMs() + 1);
  return -Status.Incomplete;
}

/**
 * Takes `length` bytes received at `frame` on an interface: the length of the whole link frame at mediumReceived, or minus
 * a Status. Incomplete: a first half, which is no refusal; SplitFrame: a half that fits nothing; Short, Long, BadKind.
 */
export function mediumReceive(index: u32, frame: usize, length: u32, nowMs: u64): i32 {
  mediumExpire(nowMs);
  let whole = frame;
  let size = length;
  if (index == RADIO) {
    const checked = checkAir(frame, length);
    if (checked != Status.Ok) return -checked;
    whole = airLinkFrame(frame);
    size -= AIR_HEADER_SIZE;
    if (airIsSplit(frame)) return size < HALF ? -Status.Short : join(whole, airSequence(frame), nowMs);
  } else if (length == 0) {
    return -Status.Short;
  } else if (length > WIRED_MAX) {
    return -Status.Long;
  }
  store<u32>(RECEIVED, <u32>whole);
  return <i32>size;
}

/** Address of the link frame mediumReceive told of; valid until the next. */
export function mediumReceived(): usize {
  return load<u32>(RECEIVED);
}
