/** What goes wrong in a run: power cuts, also in the middle of a write, and partitions. */
import type { EventQueue, SimEvent } from "./queue.ts";
import type { FaultPlan } from "./scenario.ts";
import { Stream, stream } from "./streams.ts";
import type { PlacedNode } from "./topology.ts";

/** What the faults act on. */
export interface FaultWorld {
  readonly queue: EventQueue;
  readonly seed: number;
  readonly durationMs: number;
  readonly nodes: readonly PlacedNode[];
  /** Where every station stands: the nodes, then the attackers. */
  readonly places: readonly { readonly name: string; readonly x: number; readonly y: number }[];
  up(node: number): boolean;
  powerOff(node: number): void;
  powerOn(node: number): void | Promise<void>;
  /** The power goes at the node's next write, which is done or not; `cut` is called then. False if that cannot be. */
  cutAtNextWrite(node: number, keepNew: boolean, cut: () => void): boolean;
  /** Takes it back. True if it had not happened yet. */
  disarm(node: number): boolean;
  /** Pairs that are cut off from each other from now on. */
  repartition(blocked: (a: number, b: number) => boolean): void;
}

export interface FaultCounts {
  reboots: number;
  /** Of these, in the middle of a write: with the new value kept, and with the old one. */
  cutsKeptNew: number;
  cutsKeptOld: number;
  partitions: number;
}

/** When something happened, for the report. */
export interface FaultRecord {
  readonly atMs: number;
  readonly kind: "off" | "on" | "split" | "joined";
  readonly node: number | undefined;
}

export const FAULT_LANE = 3;

/** How long a cut waits for a write before it happens anyway. */
const WRITE_WAIT_MS = 60_000;
const HOUR_MS = 3_600_000;

export class Faults {
  readonly counts: FaultCounts = { reboots: 0, cutsKeptNew: 0, cutsKeptOld: 0, partitions: 0 };
  readonly records: FaultRecord[] = [];
  readonly #plan: FaultPlan;
  readonly #world: FaultWorld;
  readonly #active = new Set<FaultPlan["partitions"][number]>();

  constructor(plan: FaultPlan, world: FaultWorld) {
    this.#plan = plan;
    this.#world = world;
  }

  start(): void {
    const { nodes, durationMs, seed } = this.#world;
    const index = new Map(nodes.map((node, i) => [node.name, i]));
    for (const [i, one] of this.#plan.reboots.entries()) {
      const keepNew = stream(seed, Stream.PowerCut, i, 1).unit() < 0.5;
      const node = index.get(one.node) as number;
      this.#at(one.at_s * 1000, () => this.#cut(node, one.off_s * 1000, one.during_write, keepNew));
    }
    const plan = this.#plan.random_reboots;
    if (plan !== undefined && plan.per_node_per_hour > 0) {
      const end = Math.min((plan.end_s ?? Infinity) * 1000, durationMs);
      for (const node of nodes.keys()) {
        const random = stream(seed, Stream.Faults, node);
        let at = plan.start_s * 1000;
        for (;;) {
          at += Math.round((-Math.log(1 - random.unit()) * HOUR_MS) / plan.per_node_per_hour);
          const offMs = (plan.off_s[0] + random.unit() * (plan.off_s[1] - plan.off_s[0])) * 1000;
          const duringWrite = random.unit() < plan.during_write;
          const keepNew = random.unit() < 0.5;
          if (at >= end) break;
          this.#at(at, () => this.#cut(node, Math.round(offMs), duringWrite, keepNew));
        }
      }
    }
    for (const one of this.#plan.partitions) {
      this.#at(one.from_s * 1000, () => this.#partition(one, true));
      this.#at(one.to_s * 1000, () => this.#partition(one, false));
    }
  }

  #at(timeMs: number, run: () => void | Promise<void>): void {
    const event: SimEvent = { fire: run };
    this.#world.queue.at(timeMs, FAULT_LANE, event);
  }

  #cut(node: number, offMs: number, duringWrite: boolean, keepNew: boolean): void {
    const world = this.#world;
    if (!world.up(node)) return;
    const now = world.queue.now;
    const armed =
      duringWrite &&
      world.cutAtNextWrite(node, keepNew, () => {
        if (keepNew) this.counts.cutsKeptNew++;
        else this.counts.cutsKeptOld++;
        this.#off(node, offMs);
      });
    if (!armed) this.#off(node, offMs);
    else this.#at(now + WRITE_WAIT_MS, () => (world.disarm(node) ? this.#off(node, offMs) : undefined));
  }

  #off(node: number, offMs: number): void {
    const world = this.#world;
    world.powerOff(node);
    this.counts.reboots++;
    this.records.push({ atMs: world.queue.now, kind: "off", node });
    this.#at(world.queue.now + offMs, () => {
      this.records.push({ atMs: world.queue.now, kind: "on", node });
      return world.powerOn(node);
    });
  }

  #partition(one: FaultPlan["partitions"][number], begin: boolean): void {
    const { places, queue } = this.#world;
    if (begin) {
      this.#active.add(one);
      this.counts.partitions++;
    } else {
      this.#active.delete(one);
    }
    this.records.push({ atMs: queue.now, kind: begin ? "split" : "joined", node: undefined });
    const sides = [...this.#active].map((partition) => sidesOf(partition, places));
    this.#world.repartition((a, b) => sides.some((side) => side(a) !== side(b)));
  }
}

/** Which side of a partition a station is on. */
function sidesOf(one: FaultPlan["partitions"][number], places: FaultWorld["places"]): (index: number) => boolean {
  const members = new Set(one.nodes ?? []);
  const sides = places.map((node) => {
    if (one.x !== undefined) return node.x < one.x;
    if (one.y !== undefined) return node.y < one.y;
    return members.has(node.name);
  });
  return (index) => sides[index] ?? false;
}
