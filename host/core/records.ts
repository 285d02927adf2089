/** Records in memory, for relays and replays in this process: they last as long as the object. */
import { Status } from "./abi.gen.ts";

/** What a board's storage can hold, where the same limits must show. */
export interface RecordLimits {
  readonly records: number;
  /** Bytes of one value. */
  readonly bytes: number;
  /** Bytes of all values together; no limit by default. */
  readonly total?: number;
}

/** The largest key a board can store (boards/runtime/src/records.h). */
const KEY_MAX = 0xfffe;

/** Answers the core's record imports. */
export class MemoryRecords {
  readonly #values = new Map<number, Uint8Array>();
  readonly #limits: RecordLimits;

  constructor(limits: RecordLimits) {
    this.#limits = limits;
  }

  /** Ok, or RecordFailed if the limits do not allow it; the old value then stays. */
  put(key: number, bytes: Uint8Array): Status {
    const { records, bytes: longest, total = Infinity } = this.#limits;
    const old = this.#values.get(key);
    let sum = bytes.length - (old?.length ?? 0);
    for (const value of this.#values.values()) sum += value.length;
    const full = (old === undefined && this.#values.size >= records) || sum > total;
    if (key > KEY_MAX || bytes.length > longest || full) return Status.RecordFailed;
    this.#values.set(key, bytes.slice());
    return Status.Ok;
  }

  /** Copies as much of the value as fits `into`. The value's own length, or -RecordMissing. */
  get(key: number, into: Uint8Array): number {
    const value = this.#values.get(key);
    if (value === undefined) return -Status.RecordMissing;
    into.set(value.subarray(0, into.length));
    return value.length;
  }

  delete(key: number): Status {
    this.#values.delete(key);
    return Status.Ok;
  }
}
