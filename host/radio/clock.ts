/** Time as the channel and the nodes see it, so that tests run on virtual time and boards on the real one. */
export interface Clock {
  /** Milliseconds, monotonic, with fractions. */
  now(): number;
  /** Calls `action` at `atMs` or as soon after as possible; the returned function takes it back. */
  at(atMs: number, action: () => void): () => void;
}

/** setTimeout fires at once for delays above 2^31-1 ms; nobody waits that long in one go. */
const DELAY_MAX = 2 ** 31 - 1;

export class RealClock implements Clock {
  readonly #start = performance.now();

  now(): number {
    return performance.now() - this.#start;
  }

  at(atMs: number, action: () => void): () => void {
    const timer = setTimeout(action, Math.min(Math.max(atMs - this.now(), 0), DELAY_MAX));
    return () => clearTimeout(timer);
  }
}

/** Time that passes only in `run`: the same calls give the same order of actions, every time. */
export class VirtualClock implements Clock {
  #now = 0;
  #sequence = 0;
  #queue: { at: number; sequence: number; action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  at(atMs: number, action: () => void): () => void {
    const entry = { at: Math.max(atMs, this.#now), sequence: this.#sequence++, action };
    const index = this.#queue.findIndex((other) => other.at > entry.at);
    this.#queue.splice(index < 0 ? this.#queue.length : index, 0, entry);
    return () => {
      this.#queue = this.#queue.filter((other) => other !== entry);
    };
  }

  /** Runs everything due up to `untilMs`, in order of time and, at the same time, of asking. */
  run(untilMs: number): void {
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || next.at > untilMs) break;
      this.#queue.shift();
      this.#now = next.at;
      next.action();
    }
    this.#now = untilMs;
  }
}
