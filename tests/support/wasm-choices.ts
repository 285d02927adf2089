/**
 * Where a generated module gets its decisions from: a seed, or a list of numbers that has been recorded and may have
 * been cut down since. A decision of 0 is the plainest one everywhere, so a shorter or more zero list makes a smaller
 * module, which is how wasm-minimise.ts finds the small module behind a difference.
 */
import { SeededRandom } from "../../host/radio/random.ts";

export class Choices {
  /** Every number handed out so far. */
  readonly taken: number[] = [];
  readonly #next: () => number;

  private constructor(next: () => number) {
    this.#next = next;
  }

  /** The decisions of module number `index` of a seed: nothing but these two decide. */
  static of(seed: number, index: number): Choices {
    // A state of its own for every module: the generator's states are neighbours, their hashes are not.
    const random = new SeededRandom(new SeededRandom((new SeededRandom(seed).u32() ^ index) >>> 0).u32());
    return new Choices(() => random.u32());
  }

  /** Recorded decisions; zeros when they are used up. */
  static replay(recorded: readonly number[]): Choices {
    let at = 0;
    return new Choices(() => recorded[at++] ?? 0);
  }

  u32(): number {
    const value = this.#next() >>> 0;
    this.taken.push(value);
    return value;
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** In [0, count). */
  below(count: number): number {
    return count <= 1 ? 0 : this.u32() % count;
  }

  /** In [from, to]. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.u32() >= 2 ** 32 * (1 - probability);
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("nothing to pick from");
    return list[this.below(list.length)] as T;
  }

  /** One of the entries, each as likely as its weight says; the first for a decision of 0. */
  weighted<T>(entries: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.below(entries.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of entries) {
      if (left < weight) return value;
      left -= weight;
    }
    throw new RangeError("nothing to pick from");
  }
}
