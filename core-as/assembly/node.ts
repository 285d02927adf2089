/**
 * The node: every part of the core put together, and the functions the host calls (abi.ts, `Exports`).
 *
 * This is the only place that knows all parts. All state lives in the static blocks listed in `state_hash`; mutable
 * globals are not used, so the hash covers everything the core remembers.
 */
import { ABI_VERSION, AirtimeFlag, Buffer, Command, Counter, Event, event, IN_SIZE, OUT_SIZE, Status } from "./abi";
import { blake3Begin, blake3End, blake3Update } from "./crypto/blake3";
import { runPrimitive } from "./crypto/dispatch";
import { CSMA, CSMA_SIZE } from "./link/csma";
import {
  UTILISATION,
  UTILISATION_SIZE,
  utilisationAdd,
  utilisationPermille,
  utilisationReset,
} from "./link/utilisation";
import { BEACONING, BEACONING_SIZE, beaconingDeadline, beaconingRun, beaconingStart } from "./net/beaconing";
import {
  NEIGHBOURS,
  NEIGHBOURS_SIZE,
  neighboursDeadline,
  neighboursExpire,
  neighboursKnown,
  neighboursReport,
  neighboursReset,
  neighboursUp,
} from "./net/neighbours";
import { receiveFrame } from "./net/receive";
import { SEEN, SEEN_SIZE, seenCount, seenExpire, seenReset } from "./net/seen";
import { CONFIG, CONFIG_SIZE, configAirtimeUs, configLoad } from "./state/config";
import { COUNTERS, COUNTERS_SIZE, count, countersReset } from "./state/counters";
import { IDENTITY, IDENTITY_SIZE, identityLoad, NODE_ID, NODE_ID_SIZE } from "./state/identity";
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

const REPLY: usize = memory.data(1024, 16);
const STATUS_REPLY_SIZE: u32 = 96;

/** Every call but `boot` starts here: booted, and time does not run backwards. Changes nothing. */
function enter(nowMs: u64): Status {
  if (load<u32>(BOOTED) == 0) return Status.NotBooted;
  if (nowMs < load<u64>(LAST_TIME)) return Status.ClockBackwards;
  return Status.Ok;
}

/** What time alone makes happen, done first in every call so that the result does not depend on timer calls. */
function advance(nowMs: u64): void {
  neighboursExpire(nowMs);
  seenExpire(nowMs, load<u64>(LAST_TIME));
  store<u64>(LAST_TIME, nowMs);
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
  const identity = identityLoad();
  if (identity != Status.Ok) return identity;
  store<u64>(BOOT_TIME, now_ms);
  store<u64>(LAST_TIME, now_ms);
  store<u32>(BOOTED, 1);
  beaconingStart(now_ms);
  event(Event.Booted, NODE_ID, NODE_ID_SIZE);
  return Status.Ok;
}

export function on_frame(now_ms: u64, length: u32, rssi_dbm: i32, snr_qdb: i32): i32 {
  const entered = enter(now_ms);
  if (entered != Status.Ok) return entered;
  advance(now_ms);
  count(Counter.FramesHeard);
  // Whatever it was, it kept the channel busy.
  if (length <= AIR_MAX) utilisationAdd(now_ms, configAirtimeUs(length));
  const status = receiveFrame(IN, length, now_ms, rssi_dbm, snr_qdb);
  if (status != Status.Ok) count(Counter.FramesRefused);
  return status;
}

export function on_timer(now_ms: u64): i32 {
  const entered = enter(now_ms);
  if (entered != Status.Ok) return entered;
  advance(now_ms);
  return beaconingRun(now_ms);
}

export function on_command(now_ms: u64, length: u32): i32 {
  const entered = enter(now_ms);
  if (entered != Status.Ok) return entered;
  const command: u32 = load<u8>(IN);
  if (length != 1 || (command != Command.Status && command != Command.Neighbours)) return Status.BadCommand;
  advance(now_ms);
  store<u8>(REPLY, <u8>command);
  if (command == Command.Status) {
    status(now_ms);
    event(Event.Reply, REPLY, STATUS_REPLY_SIZE);
  } else {
    event(Event.Reply, REPLY, 1 + neighboursReport(REPLY + 1, now_ms));
  }
  return Status.Ok;
}

/**
 * The Status reply, 96 bytes:
 *   0 command u8 = 1 | 1 neighbours_known u8 | 2 neighbours_up u8 | 3 zero u8 | 4 abi_version u32 | 8 node_id 16
 *   24 uptime_ms u64 | 32 next_beacon_ms u64 (2^64-1 never) | 40 utilisation_permille u32 | 44 seen u32
 *   48 counters, u32 each in the order of `Counter`
 */
function status(nowMs: u64): void {
  store<u8>(REPLY, <u8>neighboursKnown(), 1);
  store<u8>(REPLY, <u8>neighboursUp(), 2);
  store<u8>(REPLY, 0, 3);
  store<u32>(REPLY, ABI_VERSION, 4);
  memory.copy(REPLY + 8, NODE_ID, NODE_ID_SIZE);
  store<u64>(REPLY, nowMs - load<u64>(BOOT_TIME), 24);
  store<u64>(REPLY, beaconingDeadline(), 32);
  store<u32>(REPLY, utilisationPermille(nowMs), 40);
  store<u32>(REPLY, seenCount(), 44);
  memory.copy(REPLY + 48, COUNTERS, COUNTERS_SIZE);
}

export function crypto(primitive: u32, length: u32): i32 {
  return length > IN_SIZE ? -Status.Long : runPrimitive(OUT, OUT_SIZE, IN, length, primitive);
}

export function deadline(): u64 {
  if (load<u32>(BOOTED) == 0) return u64.MAX_VALUE;
  return min<u64>(beaconingDeadline(), neighboursDeadline());
}

export function state_hash(): i32 {
  blake3Begin();
  blake3Update(CLOCK, CLOCK_SIZE);
  blake3Update(CONFIG, CONFIG_SIZE);
  blake3Update(IDENTITY, IDENTITY_SIZE);
  blake3Update(COUNTERS, COUNTERS_SIZE);
  blake3Update(UTILISATION, UTILISATION_SIZE);
  blake3Update(CSMA, CSMA_SIZE);
  blake3Update(BEACONING, BEACONING_SIZE);
  blake3Update(SEEN, SEEN_SIZE);
  blake3Update(NEIGHBOURS, NEIGHBOURS_SIZE);
  blake3End(OUT);
  return Status.Ok;
}

export function airtime_us(sf: u32, bandwidth_hz: u32, coding_rate: u32, preamble: u32, length: u32, flags: u32): u64 {
  if ((flags & ~((<u32>AirtimeFlag.ImplicitHeader) | (<u32>AirtimeFlag.NoCrc))) != 0) return 0;
  const explicitHeader = (flags & AirtimeFlag.ImplicitHeader) == 0;
  const crc = (flags & AirtimeFlag.NoCrc) == 0;
  return airtimeUs(sf, bandwidth_hz, coding_rate, preamble, length, explicitHeader, crc);
}
