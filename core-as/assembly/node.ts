/**
 * The node: every part of the core put together, and the functions the host calls (abi.ts, `Exports`).
 *
 * This is the only place that knows all parts. All state lives in the static blocks listed in `state_hash`; mutable
 * globals are not used, so the hash covers everything the core remembers. No room calls upwards: what changed below is
 * left in masks and handed on here, in `settle`.
 */
import { ABI_VERSION, AirtimeFlag, Buffer, Counter, Event, event, IN_SIZE, OUT_SIZE, Status } from "./abi";
import { runCommand } from "./commands";
import { blake3Begin, blake3End, blake3Update } from "./crypto/blake3";
import { runPrimitive } from "./crypto/dispatch";
import { applyLinkPolicy } from "./link-policy";
import { airtimeLoad } from "./link/airtime";
import { handshakeAdvance, handshakeDeadline, handshakeReset } from "./link/handshake";
import { linkPeer, linksAdvance, linksDeadline, linksReset, linksTakeDown, linksTakeUp, NO_LINK } from "./link/links";
import { mediumExpire, mediumReset } from "./link/medium";
import { utilisationAdd, utilisationReset } from "./link/utilisation";
import { advisoriesReset } from "./net/advisories";
import { announcesAdvance, announcesDeadline, announcesLinkUp, announcesReset } from "./net/announces";
import { beaconingStart } from "./net/beaconing";
import { bodiesReset } from "./net/bodies";
import { congestionReset } from "./net/congestion";
import { controlReset } from "./net/control";
import { egressDeadline, egressReset, egressRun } from "./net/egress";
import { forwardAdvance, forwardLinksDown } from "./net/forward";
import { gossipAdvance, gossipLinkDown, gossipLinkUp, gossipReset, gossipRoundDeadline } from "./net/gossip";
import { itemsReset } from "./net/gossip-items";
import { neighboursDeadline, neighboursExpire, neighboursReset } from "./net/neighbours";
import { probeReset } from "./net/probe";
import { queueExpire, queueReset } from "./net/queue";
import { conductGood, conductLink, receiveFrame } from "./net/receive";
import { reverseReset } from "./net/reverse";
import { routesAdvance, routesDeadline, routesLinkDown, routesReset } from "./net/routes";
import { seenExpire, seenReset } from "./net/seen";
import { RADIO } from "./profile";
import { configAirtimeUs, configHasInterface, configLoad } from "./state/config";
import { count, countersReset, countRefused } from "./state/counters";
import { destinationsLoad, NODE_ID, NODE_ID_SIZE } from "./state/destinations";
import { ratchetsDeadline, ratchetsLoad, ratchetsRun } from "./state/ratchets";
import { sequenceLoad } from "./state/sequence";
import { signalLoad } from "./state/signal";
import { hashState } from "./state-hash";
import { peersLoad } from "./trust/peers";
import { reputationNote, reputationReset, ReputationKind } from "./trust/reputation";
import { AIR_MAX } from "./wire/air";
import { airtimeUs } from "./wire/airtime";

const IN: usize = memory.data(1536, 16);
const OUT: usize = memory.data(1024, 16);

/** Booted u32, zero u32, time of boot u64, time of the last call u64. */
const CLOCK: usize = memory.data(24, 8);
const CLOCK_SIZE: u32 = 24;
const BOOTED: usize = CLOCK;
const BOOT_TIME: usize = CLOCK + 8;
const LAST_TIME: usize = CLOCK + 16;

/** Every call but `boot` starts here: booted, and time does not run backwards. Changes nothing but a counter. */
function enter(nowMs: u64): Status {
  if (load<u32>(BOOTED) == 0) return Status.NotBooted;
  if (nowMs >= load<u64>(LAST_TIME)) return Status.Ok;
  count(Counter.ClockBackwards);
  return Status.ClockBackwards;
}

/** What time alone makes happen, done first in every call so that the result does not depend on timer calls. */
function advance(nowMs: u64): void {
  neighboursExpire(nowMs);
  seenExpire(nowMs, load<u64>(LAST_TIME));
  store<u64>(LAST_TIME, nowMs);
  mediumExpire(nowMs);
  handshakeAdvance(nowMs);
  linksAdvance(nowMs);
  settle(nowMs);
  routesAdvance(nowMs);
  queueExpire(nowMs);
  forwardAdvance(nowMs);
  ratchetsRun(nowMs);
  announcesAdvance(nowMs);
  gossipAdvance(nowMs);
}

/**
 * Hands upward what changed below: links that went down leave the tables, links that came up get their policy, the
 * routes and gossip. Trust decides by the link's peer alone, which is the previous hop of what comes over it.
 */
function settle(nowMs: u64): void {
  const down = linksTakeDown();
  if (down != 0) {
    routesLinkDown(down);
    forwardLinksDown(down, nowMs);
    gossipLinkDown(down);
  }
  const up = linksTakeUp();
  if (up == 0) return;
  applyLinkPolicy(up);
  announcesLinkUp(up, nowMs);
  gossipLinkUp(up, nowMs);
}

export function abi_version(): u32 {
  return ABI_VERSION;
}

export function buffer(id: u32): usize {
  return id == Buffer.In ? IN : id == Buffer.Out ? OUT : 0;
}

export function memory_used(): u32 {
  return <u32>__heap_base;
}

export function boot(now_ms: u64, length: u32): i32 {
  if (length > IN_SIZE) return Status.BadConfig;
  const config = configLoad(IN, length);
  if (config != Status.Ok) return config;
  // From here on there is no way back: without an identity the node is down.
  store<u32>(BOOTED, 0);
  countersReset();
  utilisationReset();
  seenReset();
  neighboursReset();
  handshakeReset();
  linksReset();
  mediumReset(now_ms);
  queueReset();
  egressReset();
  controlReset();
  congestionReset();
  reverseReset();
  probeReset();
  routesReset();
  bodiesReset();
  announcesReset();
  gossipReset();
  itemsReset();
  advisoriesReset();
  reputationReset();
  const loaded = loadRecords(now_ms);
  if (loaded != Status.Ok) return loaded;
  store<u64>(BOOT_TIME, now_ms);
  store<u64>(LAST_TIME, now_ms);
  store<u32>(BOOTED, 1);
  beaconingStart(now_ms);
  event(Event.Booted, NODE_ID, NODE_ID_SIZE);
  return Status.Ok;
}

/** Everything kept in flash. Without identity or ledger there is no relay; the rest starts empty if it is missing. */
function loadRecords(nowMs: u64): Status {
  let status = destinationsLoad();
  if (status == Status.Ok) status = sequenceLoad();
  if (status == Status.Ok) status = airtimeLoad(nowMs);
  if (status == Status.Ok) status = peersLoad();
  if (status == Status.Ok) status = ratchetsLoad(nowMs);
  signalLoad();
  return status;
}

export function on_frame(now_ms: u64, port: u32, length: u32, rssi_dbm: i32, snr_qdb: i32): i32 {
  const entered = enter(now_ms);
  if (entered != Status.Ok) return entered;
  advance(now_ms);
  count(Counter.FramesHeard);
  if (!configHasInterface(port)) {
    countRefused(Status.BadInterface);
    return Status.BadInterface;
  }
  // Whatever it was, it kept the channel busy.
  if (port == RADIO && length <= AIR_MAX) utilisationAdd(now_ms, configAirtimeUs(length));
  const status = receiveFrame(port, IN, length, now_ms, rssi_dbm, snr_qdb);
  if (status != Status.Ok && status != Status.Incomplete) countRefused(status);
  const link = conductLink();
  if (link != NO_LINK) reputationNote(linkPeer(link), ReputationKind.Relay, conductGood(), now_ms);
  settle(now_ms);
  return status;
}

export function on_timer(now_ms: u64): i32 {
  const entered = enter(now_ms);
  if (entered != Status.Ok) return entered;
  advance(now_ms);
  const status = egressRun(now_ms);
  settle(now_ms);
  return status;
}

export function on_command(now_ms: u64, length: u32): i32 {
  const entered = enter(now_ms);
  if (entered != Status.Ok) return entered;
  if (length == 0 || length > IN_SIZE) return Status.BadCommand;
  advance(now_ms);
  const replied = runCommand(OUT, IN, length, now_ms, load<u64>(BOOT_TIME));
  settle(now_ms);
  if (replied < 0) return -replied;
  if (replied > 0) event(Event.Reply, OUT, replied);
  return Status.Ok;
}

export function crypto(primitive: u32, length: u32): i32 {
  return length > IN_SIZE ? -Status.Long : runPrimitive(OUT, OUT_SIZE, IN, length, primitive);
}

export function deadline(): u64 {
  if (load<u32>(BOOTED) == 0) return u64.MAX_VALUE;
  let next = min<u64>(neighboursDeadline(), linksDeadline());
  next = min<u64>(next, handshakeDeadline());
  next = min<u64>(next, routesDeadline());
  next = min<u64>(next, announcesDeadline());
  next = min<u64>(next, gossipRoundDeadline());
  next = min<u64>(next, ratchetsDeadline());
  return min<u64>(next, egressDeadline(load<u64>(LAST_TIME)));
}

export function state_hash(): i32 {
  blake3Begin();
  blake3Update(CLOCK, CLOCK_SIZE);
  hashState();
  blake3End(OUT);
  return Status.Ok;
}

export function airtime_us(sf: u32, bandwidth_hz: u32, coding_rate: u32, preamble: u32, length: u32, flags: u32): u64 {
  if ((flags & ~((<u32>AirtimeFlag.ImplicitHeader) | (<u32>AirtimeFlag.NoCrc))) != 0) return 0;
  const explicitHeader = (flags & AirtimeFlag.ImplicitHeader) == 0;
  const crc = (flags & AirtimeFlag.NoCrc) == 0;
  return airtimeUs(sf, bandwidth_hz, coding_rate, preamble, length, explicitHeader, crc);
}
