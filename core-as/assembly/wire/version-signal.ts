/**
 * VersionSignal: what an announce's origin thinks of up to eight proposals (digest 1 section 4.2; value of TLV 03).
 *
 *   0 count u8 (0-8) | count x (mep u32, support u8: 0, 1 or 2)
 */
import { Status } from "../abi";

const ENTRIES_MAX: u32 = 8;
const ENTRY_SIZE: u32 = 5;
const SUPPORT_MAX: u8 = 2;
export const VERSION_SIGNAL_MAX: u32 = 41;

/** Checks the `length` bytes at `value`. */
export function checkVersionSignal(value: usize, length: u32): Status {
  if (length == 0) return Status.Short;
  const entries: u32 = load<u8>(value);
  if (entries > ENTRIES_MAX) return Status.BadField;
  const size: u32 = 1 + entries * ENTRY_SIZE;
  if (length != size) return length < size ? Status.Short : Status.Long;
  for (let at: usize = ENTRY_SIZE; at < size; at += ENTRY_SIZE) {
    if (load<u8>(value + at) > SUPPORT_MAX) return Status.BadField;
  }
  return Status.Ok;
}
