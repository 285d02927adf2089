/**
 * What this node's announces signal about proposed changes of the protocol (digest 1 section 4.2): the value of TLV 03,
 * count u8 and count x (mep u32, support u8), kept in a record.
 */
import { RecordKey, record_get, record_put, Status } from "../abi";
import { checkVersionSignal, VERSION_SIGNAL_MAX } from "../wire/version-signal";
import { count } from "./counters";
import { Counter } from "../abi";

/** Length u32, then the value. Length 0: nothing is signalled. */
export const SIGNAL: usize = memory.data(48, 8);
export const SIGNAL_SIZE: u32 = 48;
const VALUE: usize = SIGNAL + 4;

/** Length of the value, 0 for none. */
export function signalLength(): u32 {
  return load<u32>(SIGNAL);
}

/** The value of TLV 03. */
export function signalValue(): usize {
  return VALUE;
}

function keep(value: usize, length: u32): void {
  memory.fill(SIGNAL, 0, SIGNAL_SIZE);
  // A count of none needs no TLV.
  if (length <= 1) return;
  memory.copy(VALUE, value, length);
  store<u32>(SIGNAL, length);
}

/** Reads the record; a missing or damaged one signals nothing. */
export function signalLoad(): void {
  memory.fill(SIGNAL, 0, SIGNAL_SIZE);
  const got = record_get(RecordKey.Signal, VALUE, VERSION_SIGNAL_MAX);
  if (got > 1 && got <= <i32>VERSION_SIGNAL_MAX && checkVersionSignal(VALUE, got) == Status.Ok) store<u32>(SIGNAL, got);
  else memory.fill(SIGNAL, 0, SIGNAL_SIZE);
}

/** Signals `length` bytes at `value` from the next announce on. The check's status, or RecordFailed. */
export function signalSet(value: usize, length: u32): Status {
  const checked = checkVersionSignal(value, length);
  if (checked != Status.Ok) return checked;
  if (record_put(RecordKey.Signal, value, length) != Status.Ok) {
    count(Counter.RecordsFailed);
    return Status.RecordFailed;
  }
  keep(value, length);
  return Status.Ok;
}
