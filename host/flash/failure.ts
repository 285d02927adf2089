/** How flashing can fail: what went wrong, what the board is left as, and how it gets well again. */
import { MehrError } from "../../toolchain/errors.ts";

/**
 * What a board is left as.
 *
 *   unchanged      nothing was written
 *   bootloader     nothing was written, and it waits in its bootloader
 *   half-written   its application is erased or in pieces; it does not start, and takes another flashing
 *   unproven       everything was handed over, and nothing proves that it is what runs
 */
export type BoardState = "unchanged" | "bootloader" | "half-written" | "unproven";

/** Exit code 1 unless it is the user's input that cannot be (2) or something that is missing here (3). */
export class FlashFailure extends MehrError {
  readonly state: BoardState;
  /** The state in words. */
  readonly left: string;

  /** `why` and `left` are sentences; `recover` is what to do, as a sentence or a command. */
  constructor(exitCode: 1 | 2 | 3, why: string, state: BoardState, left: string, recover?: string) {
    super(exitCode, `${why} ${left}`, recover);
    this.name = "FlashFailure";
    this.state = state;
    this.left = left;
  }
}

/** Both sides do not belong together; nothing was written. */
export function mismatch(why: string, recover?: string): FlashFailure {
  return new FlashFailure(2, why, "unchanged", "Nothing was written.", recover);
}
