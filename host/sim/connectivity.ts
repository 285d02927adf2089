/** Who could reach whom right now: groups of nodes joined by links that are physically up, both ways. */

export interface LinkView {
  readonly count: number;
  up(node: number): boolean;
  /** Whom `node` reaches directly at this moment, power aside. */
  reaches(node: number): Iterable<number>;
}

export class Connectivity {
  readonly #view: LinkView;
  #group: Int32Array | undefined;

  constructor(view: LinkView) {
    this.#view = view;
  }

  /** Something went up or down. */
  changed(): void {
    this.#group = undefined;
  }

  joined(a: number, b: number): boolean {
    this.#group ??= this.#groups();
    const group = this.#group[a] as number;
    return group >= 0 && group === this.#group[b];
  }

  /** Number of groups, and the size of the largest. */
  summary(): { groups: number; largest: number } {
    this.#group ??= this.#groups();
    const sizes = new Map<number, number>();
    for (const group of this.#group) if (group >= 0) sizes.set(group, (sizes.get(group) ?? 0) + 1);
    return { groups: sizes.size, largest: Math.max(0, ...sizes.values()) };
  }

  #groups(): Int32Array {
    const { count } = this.#view;
    const group = new Int32Array(count).fill(-1);
    const reached = Array.from({ length: count }, (_, i) =>
      this.#view.up(i) ? new Set(this.#view.reaches(i)) : new Set<number>(),
    );
    for (let start = 0; start < count; start++) {
      if (group[start] !== -1 || !this.#view.up(start)) continue;
      group[start] = start;
      const waiting = [start];
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        for (const next of reached[node] as Set<number>) {
          if (group[next] !== -1 || !(reached[next] as Set<number>).has(node)) continue;
          group[next] = start;
          waiting.push(next);
        }
      }
    }
    return group;
  }
}
