/**
 * Sequence numbers of this node's announces (H10): signed and strictly rising for each destination, across reboots too,
 * since an announce with a number used before is taken for a replay.
 *
 * The flash would not bear a write for each announce, so numbers are reserved in blocks of 256: the record holds the end
 * of every destination's block, and is written before the first number of a block is used. After a boot the block begun
 * is given up. Number 0 is never used.
 */
import { RecordKey, Status } from "../abi";
import { DESTINATIONS } from "../profile";
import { recordLoad, recordStore } from "./records";

const BLOCK: u64 = 256;
/** No block that begins here or later ends below 2^64. */
const LAST: u64 = u64.MAX_VALUE - 256;

/** Number used last u64 for each destination, then the last one reserved u64 for each: the record Sequences. */
export const SEQUENCES: usize = memory.data(DESTINATIONS * 16, 8);
export const SEQUENCES_SIZE: u32 = DESTINATIONS * 16;
const RESERVED: usize = SEQUENCES + <usize>(DESTINATIONS * 8);
const RESERVED_SIZE: u32 = DESTINATIONS * 8;

/**
 * Goes on behind the blocks reserved before this boot. Ok; BadRecord or RecordFailed, and no number will be given: not
 * knowing what was used, any might be one of those.
 */
export function sequenceLoad(): Status {
  memory.fill(SEQUENCES, 0, SEQUENCES_SIZE);
  const status = recordLoad(RecordKey.Sequences, RESERVED, RESERVED_SIZE);
  if (status == Status.RecordMissing) return Status.Ok;
  memory.copy(SEQUENCES, RESERVED, RESERVED_SIZE);
  if (status != Status.Ok) memory.fill(SEQUENCES, 0xff, SEQUENCES_SIZE);
  return status;
}

function last(index: u32): usize {
  return SEQUENCES + ((<usize>index) << 3);
}

/**
 * The number for the next announce of destination `index`, or 0: the record could not be stored (counted) or the numbers
 * have run out, and there must be no announce.
 */
export function sequenceNext(index: u32): u64 {
  const at = last(index);
  const end = at + RESERVED_SIZE;
  const used = load<u64>(at);
  if (used >= LAST) return 0;
  const reserved = load<u64>(end);
  if (used >= reserved) {
    store<u64>(end, used + BLOCK);
    if (recordStore(RecordKey.Sequences, RESERVED, RESERVED_SIZE) != Status.Ok) {
      store<u64>(end, reserved);
      return 0;
    }
  }
  store<u64>(at, used + 1);
  return used + 1;
}

/**
 * A genuine announce of destination `index` with the number `seen` is about: what comes next is greater. That happens
 * when the records were lost or set back; nothing is written before a number is used.
 */
export function sequenceAtLeast(index: u32, seen: u64): void {
  store<u64>(last(index), max<u64>(load<u64>(last(index)), seen));
}
