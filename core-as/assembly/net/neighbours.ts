/**
 * Who was heard lately: NEIGHBOURS neighbours by their beacons (digest 1 section 2.4 for the silence times, H8, H33).
 *
 * A beacon is unsigned, so this table must not be something a stranger can empty: a newcomer may take the place of a
 * neighbour that has been silent for 180 s, the longest silent first, and is otherwise turned away and counted.
 *
 * Entry, 48 bytes: a NeighbourReport (reports.gen.ts) up to its 32nd byte, then first_heard_ms u64, last_heard_ms u64.
 */
import { Counter, Event, event } from "../abi";
import { count } from "../state/counters";
import { NEIGHBOURS as ENTRIES } from "../profile";
import {
  NEIGHBOUR_REPORT_BEACONS,
  NEIGHBOUR_REPORT_CAPABILITIES,
  NEIGHBOUR_REPORT_COST_TIER,
  NEIGHBOUR_REPORT_KNOWN_FOR_MS,
  NEIGHBOUR_REPORT_LOAD,
  NEIGHBOUR_REPORT_PORT,
  NEIGHBOUR_REPORT_RSSI_DBM,
  NEIGHBOUR_REPORT_SILENT_FOR_MS,
  NEIGHBOUR_REPORT_SIZE,
  NEIGHBOUR_REPORT_SNR_QDB,
  NEIGHBOUR_REPORT_STATE,
} from "../reports.gen";
import { NODE_ID_SIZE } from "../state/destinations";
import { beaconCapabilities, beaconCostTier, beaconLoad, beaconNodeId } from "../wire/beacon";

const ENTRY_SIZE: u32 = 48;

/** What an entry has as its report has it. */
const COMMON: usize = NEIGHBOUR_REPORT_KNOWN_FOR_MS;
const RSSI: usize = NEIGHBOUR_REPORT_RSSI_DBM;
const SNR: usize = NEIGHBOUR_REPORT_SNR_QDB;
const BEACONS: usize = NEIGHBOUR_REPORT_BEACONS;
const STATE: usize = NEIGHBOUR_REPORT_STATE;
const PORT: usize = NEIGHBOUR_REPORT_PORT;
const FIRST_HEARD: usize = COMMON;
const LAST_HEARD: usize = 40;

const STATE_FREE: u8 = 0;
const STATE_UP: u8 = 1;
const STATE_DOWN: u8 = 2;

/** Silent for three rounds of 60 s: down. Silent for ten: forgotten. */
const DOWN_MS: u64 = 180_000;
const GONE_MS: u64 = 600_000;

export const NEIGHBOURS_SIZE: u32 = ENTRIES * ENTRY_SIZE;
export const NEIGHBOURS: usize = memory.data(ENTRIES * ENTRY_SIZE, 8);

/** A neighbour as a command or an event reports it. */
const REPORT_SIZE: u32 = NEIGHBOUR_REPORT_SIZE;
const REPORT: usize = memory.data(44, 8);

function at(index: u32): usize {
  return NEIGHBOURS + <usize>(index * ENTRY_SIZE);
}

function state(entry: usize): u8 {
  return load<u8>(entry, STATE);
}

function silence(entry: usize, nowMs: u64): u64 {
  return nowMs - load<u64>(entry, LAST_HEARD);
}

/** The entry of this node_id, or 0. */
function find(nodeId: usize): usize {
  const low = load<u64>(nodeId);
  const high = load<u64>(nodeId, 8);
  for (let i: u32 = 0; i < ENTRIES; i++) {
    const entry = at(i);
    if (state(entry) != STATE_FREE && load<u64>(entry) == low && load<u64>(entry, 8) == high) return entry;
  }
  return 0;
}

/** An entry for a newcomer: a free one, else the longest silent of those that are down, else 0. */
function place(): usize {
  let best: usize = 0;
  for (let i: u32 = 0; i < ENTRIES; i++) {
    const entry = at(i);
    if (state(entry) == STATE_FREE) return entry;
    if (state(entry) != STATE_DOWN) continue;
    if (best == 0 || load<u64>(entry, LAST_HEARD) < load<u64>(best, LAST_HEARD)) best = entry;
  }
  if (best != 0) {
    count(Counter.NeighboursEvicted);
    event(Event.NeighbourGone, best, NODE_ID_SIZE);
  }
  return best;
}

/** Writes the NeighbourReport of one entry. */
function report(out: usize, entry: usize, nowMs: u64): void {
  memory.copy(out, entry, COMMON);
  store<u64>(out, nowMs - load<u64>(entry, FIRST_HEARD), NEIGHBOUR_REPORT_KNOWN_FOR_MS);
  // Never more than GONE_MS while expiry is on time; a host that slept longer gets the largest value instead.
  store<u32>(out, <u32>min<u64>(silence(entry, nowMs), <u64>u32.MAX_VALUE), NEIGHBOUR_REPORT_SILENT_FOR_MS);
}

/** Takes in a checked beacon heard on `port`. How many came from this neighbour so far; 0 if the table is full. */
export function neighbourHeard(beacon: usize, port: u32, nowMs: u64, rssiDbm: i32, snrQdb: i32): u32 {
  let entry = find(beaconNodeId(beacon));
  let found = false;
  if (entry == 0) {
    entry = place();
    if (entry == 0) {
      count(Counter.NeighboursRefused);
      return 0;
    }
    memory.fill(entry, 0, ENTRY_SIZE);
    memory.copy(entry, beaconNodeId(beacon), NODE_ID_SIZE);
    store<u64>(entry, nowMs, FIRST_HEARD);
    found = true;
  } else {
    found = state(entry) == STATE_DOWN;
  }
  store<u16>(entry, <u16>beaconCapabilities(beacon), NEIGHBOUR_REPORT_CAPABILITIES);
  store<u8>(entry, <u8>beaconCostTier(beacon), NEIGHBOUR_REPORT_COST_TIER);
  store<u8>(entry, <u8>beaconLoad(beacon), NEIGHBOUR_REPORT_LOAD);
  store<u16>(entry, <u16>rssiDbm, RSSI);
  store<u16>(entry, <u16>snrQdb, SNR);
  let beacons = load<u32>(entry, BEACONS);
  if (beacons != u32.MAX_VALUE) store<u32>(entry, ++beacons, BEACONS);
  store<u8>(entry, <u8>port, PORT);
  store<u64>(entry, nowMs, LAST_HEARD);
  store<u8>(entry, STATE_UP, STATE);
  if (found) {
    report(REPORT, entry, nowMs);
    event(Event.NeighbourFound, REPORT, REPORT_SIZE);
  }
  return beacons;
}

/** Marks the silent down and forgets the gone, telling the host of each. */
export function neighboursExpire(nowMs: u64): void {
  for (let i: u32 = 0; i < ENTRIES; i++) {
    const entry = at(i);
    if (state(entry) == STATE_FREE) continue;
    const silent = silence(entry, nowMs);
    if (silent >= GONE_MS) {
      store<u8>(entry, STATE_FREE, STATE);
      event(Event.NeighbourGone, entry, NODE_ID_SIZE);
    } else if (silent >= DOWN_MS && state(entry) == STATE_UP) {
      store<u8>(entry, STATE_DOWN, STATE);
      event(Event.NeighbourDown, entry, NODE_ID_SIZE);
    }
  }
}

/** When neighboursExpire has something to do next; 2^64-1 if never. */
export function neighboursDeadline(): u64 {
  let next = u64.MAX_VALUE;
  for (let i: u32 = 0; i < ENTRIES; i++) {
    const entry = at(i);
    if (state(entry) == STATE_FREE) continue;
    next = min<u64>(next, load<u64>(entry, LAST_HEARD) + (state(entry) == STATE_UP ? DOWN_MS : GONE_MS));
  }
  return next;
}

/** Neighbours known, and those of them heard within 180 s. */
export function neighboursKnown(): u32 {
  let known: u32 = 0;
  for (let i: u32 = 0; i < ENTRIES; i++) if (state(at(i)) != STATE_FREE) known++;
  return known;
}

export function neighboursUp(): u32 {
  let up: u32 = 0;
  for (let i: u32 = 0; i < ENTRIES; i++) if (state(at(i)) == STATE_UP) up++;
  return up;
}

/** Writes the report of every neighbour, in table order, at `out` (at most 44 bytes each); the number of bytes. */
export function neighboursReport(out: usize, nowMs: u64): u32 {
  let length: u32 = 0;
  for (let i: u32 = 0; i < ENTRIES; i++) {
    if (state(at(i)) == STATE_FREE) continue;
    report(out + length, at(i), nowMs);
    length += REPORT_SIZE;
  }
  return length;
}

export function neighboursReset(): void {
  memory.fill(NEIGHBOURS, 0, NEIGHBOURS_SIZE);
}
