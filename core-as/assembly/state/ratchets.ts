/**
 * Ratchets (H23): an X25519 key pair for each destination, a new one every day, announced in TLV 04. What is sealed to
 * one can no longer be read when its private key is gone, which is when the eighth comes.
 *
 * There is no clock on the wall: a day is 24 hours of uptime, counted in quarters that the record keeps, so that a node
 * rebooted every night has new ratchets all the same. The private keys are in the records only; memory holds the public
 * key of the newest, and a record for as long as it is needed.
 */
import { Counter, entropy, RecordKey, record_delete, record_get, Status } from "../abi";
import { blake2b } from "../crypto/blake2b";
import { wipe } from "../crypto/constant-time";
import { x25519PublicKey } from "../crypto/ed25519";
import { DESTINATIONS } from "../profile";
import { count } from "./counters";
import { destinationUsed } from "./destinations";
import { recordStore } from "./records";

const KEEP: u32 = 7;
const KEY_SIZE: u32 = 32;
export const RATCHET_ID_SIZE: u32 = 4;

const QUARTER_MS: u64 = 21_600_000;
const DAY: u32 = 4;

/** Time of the next quarter u64, then the public key of each destination's newest ratchet, zeros for none. */
export const RATCHETS: usize = memory.data(DESTINATIONS * 32 + 8, 8);
export const RATCHETS_SIZE: u32 = DESTINATIONS * 32 + 8;

/** The record: age of the newest in quarters u32, then up to seven of ratchet_id 4 and private key 32, newest first. */
const RECORD: usize = memory.data(256, 8);
const HEAD_SIZE: u32 = 4;
const ENTRY_SIZE: u32 = 36;
const RECORD_MAX: u32 = HEAD_SIZE + KEEP * ENTRY_SIZE;
/** What stands for the number of ratchets when the storage fails: none can be used, and none is lost. */
const UNREADABLE: i32 = -1;
const NEWEST: usize = RECORD + 4;
const NEWEST_KEY: usize = RECORD + 8;
/** A new public key 32, its BLAKE2b 32. */
const MADE: usize = memory.data(64, 8);
const MADE_DIGEST: usize = MADE + 32;

function publicKey(index: u32): usize {
  return RATCHETS + 8 + <usize>(index * KEY_SIZE);
}

/** Reads the record of destination `index`; how many ratchets it holds, 0 if it is missing or of no proper size. */
function read(index: u32): i32 {
  const got = record_get(RecordKey.Ratchets + <i32>index, RECORD, RECORD_MAX);
  if (got < 0 && got != -Status.RecordMissing) return UNREADABLE;
  const keys = got - <i32>HEAD_SIZE;
  return keys < 0 || got > <i32>RECORD_MAX || keys % <i32>ENTRY_SIZE != 0 ? 0 : keys / <i32>ENTRY_SIZE;
}

function write(index: u32, ratchets: i32): Status {
  return recordStore(RecordKey.Ratchets + <i32>index, RECORD, HEAD_SIZE + <u32>ratchets * ENTRY_SIZE);
}

/** Puts a new ratchet in front of the `kept` ones in RECORD and stores them. Without entropy or record all stays. */
function make(index: u32, kept: i32): void {
  kept = min<i32>(kept, KEEP - 1);
  memory.copy(NEWEST + <usize>ENTRY_SIZE, NEWEST, <u32>kept * ENTRY_SIZE);
  store<u32>(RECORD, 0);
  if (entropy(NEWEST_KEY, KEY_SIZE) != Status.Ok) return;
  x25519PublicKey(MADE, NEWEST_KEY);
  blake2b(MADE_DIGEST, KEY_SIZE, MADE, KEY_SIZE);
  memory.copy(NEWEST, MADE_DIGEST, RATCHET_ID_SIZE);
  if (write(index, kept + 1) == Status.Ok) memory.copy(publicKey(index), MADE, KEY_SIZE);
}

/**
 * Reads the ratchets of destination `index`, and makes the first if it has none. One that cannot be stored is not used:
 * without a ratchet a destination is written to under its static key.
 */
export function ratchetLoad(index: u32): void {
  const ratchets = read(index);
  if (ratchets == 0) make(index, 0);
  else if (ratchets > 0) x25519PublicKey(publicKey(index), NEWEST_KEY);
  ratchetWipe();
}

/** Reads those of every destination; the first quarter begins now. Ok: a node does without if need be. */
export function ratchetsLoad(nowMs: u64): Status {
  memory.fill(RATCHETS, 0, RATCHETS_SIZE);
  store<u64>(RATCHETS, nowMs + QUARTER_MS);
  for (let i: u32 = 0; i < DESTINATIONS; i++) if (destinationUsed(i)) ratchetLoad(i);
  return Status.Ok;
}

/** When ratchetsRun has something to do next. */
export function ratchetsDeadline(): u64 {
  return load<u64>(RATCHETS);
}

/** At the end of a quarter: all get older, and what is a day old gets a successor. A store that fails is tried again then. */
export function ratchetsRun(nowMs: u64): void {
  if (nowMs < ratchetsDeadline()) return;
  store<u64>(RATCHETS, nowMs + QUARTER_MS);
  for (let i: u32 = 0; i < DESTINATIONS; i++) {
    if (!destinationUsed(i)) continue;
    const ratchets = read(i);
    const age = load<u32>(RECORD) + 1;
    store<u32>(RECORD, age);
    if (ratchets == 0 || (ratchets > 0 && age >= DAY)) make(i, ratchets);
    else if (ratchets > 0) write(i, ratchets);
    ratchetWipe();
  }
}

/** Address of the 32-byte public key of the newest ratchet of destination `index`, or 0 if it has none. */
export function ratchetCurrentPublic(index: u32): usize {
  const key = publicKey(index);
  return (load<u64>(key) | load<u64>(key, 8)) == 0 ? 0 : key;
}

/**
 * Address of the private key of the ratchet of destination `index` with the 4-byte id at `id`, or 0 if it is not kept.
 * The caller ends its use with ratchetWipe.
 */
export function ratchetSecret(index: u32, id: usize): usize {
  const wanted = load<u32>(id);
  let at = NEWEST;
  for (let left = read(index); left > 0; left--) {
    if (load<u32>(at) == wanted) return at + <usize>RATCHET_ID_SIZE;
    at += <usize>ENTRY_SIZE;
  }
  return 0;
}

/** Wipes what ratchetSecret left. */
export function ratchetWipe(): void {
  wipe(RECORD, RECORD_MAX);
}

/** Forgets the ratchets of destination `index`, before the destination itself is. Ok or RecordFailed. */
export function ratchetsForget(index: u32): Status {
  if (record_delete(RecordKey.Ratchets + <i32>index) != Status.Ok) {
    count(Counter.RecordsFailed);
    return Status.RecordFailed;
  }
  memory.fill(publicKey(index), 0, KEY_SIZE);
  return Status.Ok;
}
