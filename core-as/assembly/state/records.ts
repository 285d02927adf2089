/** Records of a fixed size, and the counting of those that could not be stored. */
import { Counter, RecordKey, record_get, record_put, Status } from "../abi";
import { count } from "./counters";

/** Reads the record `key` of exactly `length` bytes. Ok, RecordMissing, BadRecord or RecordFailed. */
export function recordLoad(key: RecordKey, at: usize, length: u32): Status {
  const got = record_get(key, at, length);
  if (got == <i32>length) return Status.Ok;
  if (got >= 0) return Status.BadRecord;
  return got == -Status.RecordMissing ? Status.RecordMissing : Status.RecordFailed;
}

/** Stores the record `key`; a failure is counted. Ok or RecordFailed. */
export function recordStore(key: RecordKey, at: usize, length: u32): Status {
  if (record_put(key, at, length) == Status.Ok) return Status.Ok;
  count(Counter.RecordsFailed);
  return Status.RecordFailed;
}
