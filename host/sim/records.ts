/** Record storage of a simulated node: outlives its power, and can be cut off in the middle of a write. */
import type { Status } from "../core/abi.gen.ts";
import { MemoryRecords } from "../core/records.ts";

/** What one 4 KB record page of a board holds whatever the sizes (boards/runtime/src/records.h). */
const LIMITS = { records: 12, bytes: 256, total: 1792 };

/** Thrown out of a core's call: the node lost its power while it wrote. */
export class PowerCut extends Error {
  constructor() {
    super("the power was cut during a write");
    this.name = "PowerCut";
  }
}

export class NodeRecords {
  /** Writes and deletions so far. */
  writes = 0;
  readonly #records = new MemoryRecords(LIMITS);
  #cut: { readonly keepNew: boolean } | undefined;

  /**
   * The next write or deletion is the last thing the node does: afterwards the new value is there, or the old one. The
   * storage of a board promises one of the two and nothing else.
   */
  cutAtNextWrite(keepNew: boolean): void {
    this.#cut = { keepNew };
  }

  /** Takes the cut back if nothing was written. True if it was still to come. */
  disarm(): boolean {
    const armed = this.#cut !== undefined;
    this.#cut = undefined;
    return armed;
  }

  put(key: number, bytes: Uint8Array): Status {
    return this.#write(() => this.#records.put(key, bytes));
  }

  get(key: number, into: Uint8Array): number {
    return this.#records.get(key, into);
  }

  delete(key: number): Status {
    return this.#write(() => this.#records.delete(key));
  }

  #write(write: () => Status): Status {
    this.writes++;
    const cut = this.#cut;
    if (cut === undefined) return write();
    this.#cut = undefined;
    if (cut.keepNew) write();
    throw new PowerCut();
  }
}
