/**
 * Virtual time: a heap of events in a total order that depends on nothing but what was asked for.
 *
 * Events run in order of time, then of lane, then of asking. The lane is there so that two things due at the same
 * moment come in an order that does not depend on who asked first: a node in this process and a board that answers
 * later must leave the same history.
 */

/** What runs when its time has come; `argument` is the number given with `at`. */
export interface SimEvent {
  fire(argument: number): void | Promise<void>;
}

export class EventQueue {
  /** Virtual milliseconds; set to an event's time just before it runs. */
  now = 0;
  /** Events run so far. */
  fired = 0;
  #sequence = 0;
  // A binary heap in parallel arrays: an event costs no object.
  readonly #times: number[] = [];
  readonly #lanes: number[] = [];
  readonly #sequences: number[] = [];
  readonly #events: SimEvent[] = [];
  readonly #arguments: number[] = [];

  /** Events waiting. */
  get size(): number {
    return this.#times.length;
  }

  /** Time of the next event, Infinity if there is none. */
  get nextTime(): number {
    return this.#times[0] ?? Infinity;
  }

  /** Runs `event` at `timeMs`, or now if that is past. RangeError if the time is not a number. */
  at(timeMs: number, lane: number, event: SimEvent, argument = 0): void {
    if (Number.isNaN(timeMs)) throw new RangeError("an event's time must be a number, got NaN");
    if (timeMs === Infinity) return;
    const time = timeMs > this.now ? timeMs : this.now;
    const sequence = this.#sequence++;
    let at = this.#times.length;
    this.#put(at, time, lane, sequence, event, argument);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Runs the next event and sets `now`. What the event returned; undefined also if there was none. */
  step(): void | Promise<void> {
    const time = this.#times[0];
    if (time === undefined) return;
    const event = this.#events[0] as SimEvent;
    const argument = this.#arguments[0] as number;
    this.#removeFirst();
    this.now = time;
    this.fired++;
    return event.fire(argument);
  }

  /** Runs everything due up to `untilMs`, for users whose events are all synchronous. */
  run(untilMs: number): void {
    while (this.nextTime <= untilMs) this.step();
    this.now = Math.max(this.now, untilMs);
  }

  #removeFirst(): void {
    const last = this.#times.length - 1;
    if (last > 0) this.#swap(0, last);
    this.#times.pop();
    this.#lanes.pop();
    this.#sequences.pop();
    this.#events.pop();
    this.#arguments.pop();
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= last) return;
      const right = left + 1;
      const child = right < last && this.#before(right, left) ? right : left;
      if (!this.#before(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #before(a: number, b: number): boolean {
    const timeA = this.#times[a] as number;
    const timeB = this.#times[b] as number;
    if (timeA !== timeB) return timeA < timeB;
    const laneA = this.#lanes[a] as number;
    const laneB = this.#lanes[b] as number;
    if (laneA !== laneB) return laneA < laneB;
    return (this.#sequences[a] as number) < (this.#sequences[b] as number);
  }

  #put(at: number, time: number, lane: number, sequence: number, event: SimEvent, argument: number): void {
    this.#times[at] = time;
    this.#lanes[at] = lane;
    this.#sequences[at] = sequence;
    this.#events[at] = event;
    this.#arguments[at] = argument;
  }

  #swap(a: number, b: number): void {
    const time = this.#times[a] as number;
    const lane = this.#lanes[a] as number;
    const sequence = this.#sequences[a] as number;
    const event = this.#events[a] as SimEvent;
    const argument = this.#arguments[a] as number;
    this.#put(
      a,
      this.#times[b] as number,
      this.#lanes[b] as number,
      this.#sequences[b] as number,
      this.#events[b] as SimEvent,
      this.#arguments[b] as number,
    );
    this.#put(b, time, lane, sequence, event, argument);
  }
}
