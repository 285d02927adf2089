/** A station's own account of what it may send: any window of an hour holds at most so much. */

const HOUR_MS = 3_600_000;
/** Kept free of the limit: sums of fractions of a millisecond are not exact. */
const MARGIN_MS = 1;

export class DutyLedger {
  readonly #limitMs: number;
  readonly #windowMs: number;
  /** Transmissions of the last window, oldest first. */
  readonly #ends: number[] = [];
  readonly #lengths: number[] = [];

  constructor(limitMs: number, windowMs = HOUR_MS) {
    this.#limitMs = limitMs - MARGIN_MS;
    this.#windowMs = windowMs;
  }

  /** The earliest time from `now` on at which `ms` may be sent; Infinity if they never may. */
  room(now: number, ms: number): number {
    if (ms > this.#limitMs) return Number.POSITIVE_INFINITY;
    let used = 0;
    // A window that ends with the new transmission holds the most; one that is partly in it counts whole.
    const from = now + ms - this.#windowMs;
    let oldest = 0;
    while (oldest < this.#ends.length && (this.#ends[oldest] ?? 0) <= from) oldest++;
    this.#ends.splice(0, oldest);
    this.#lengths.splice(0, oldest);
    for (const length of this.#lengths) used += length;
    let at = now;
    for (let i = 0; used + ms > this.#limitMs; i++) {
      at = (this.#ends[i] ?? 0) + this.#windowMs - ms;
      used -= this.#lengths[i] ?? 0;
    }
    return at;
  }

  /** Notes a transmission that starts now. */
  add(now: number, ms: number): void {
    this.#ends.push(now + ms);
    this.#lengths.push(ms);
  }
}
