/**
 * Many nodes, each an instance of the routing module, joined by lossless links: one announce at a time crosses the
 * network, as on a shared channel. Where nodes have given each other their group keys, one transmission reaches all
 * links.
 */
import { describe, expect, it } from "vitest";
import { given, GROUP_LINKS, identity, LINKS, NO_LINK, RoutingNode } from "../../../tests/support/routing.ts";

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Side {
  readonly peer: number;
  /** The peer's index of this link. */
  readonly link: number;
}

class Network {
  readonly nodes: RoutingNode[] = [];
  /** By node and link. */
  readonly sides: (Side | undefined)[][] = [];
  readonly prices: number[] = [];
  readonly alive: boolean[] = [];
  now = 1_000_000;
  /** Milliseconds from one node's frame to the next one's. */
  pace = 20;
  /** Announces that crossed a link. */
  sent = 0;
  readonly #random: () => number;

  private constructor(random: () => number) {
    this.#random = random;
  }

  static async make(
    edges: readonly (readonly [number, number])[],
    prices: number[],
    seed: number,
    group = false,
  ): Promise<Network> {
    const network = new Network(randomness(seed));
    network.prices.push(...prices);
    for (let i = 0; i < prices.length; i++) {
      const node = await RoutingNode.make(i + 1);
      node.setGroup(group ? 2 ** LINKS - 1 : 0);
      network.nodes.push(node);
      network.sides.push(Array<Side | undefined>(LINKS).fill(undefined));
      network.alive.push(true);
    }
    for (const [a, b] of edges) network.join(a, b);
    return network;
  }

  join(a: number, b: number): void {
    const linkA = this.#free(a);
    const linkB = this.#free(b);
    this.#up(a, linkA, { peer: b, link: linkB });
    this.#up(b, linkB, { peer: a, link: linkA });
  }

  #free(i: number): number {
    const link = given(this.sides[i]).findIndex((side) => side === undefined);
    if (link < 0) throw new Error(`node ${i} has no link left`);
    return link;
  }

  #up(i: number, link: number, side: Side): void {
    given(this.sides[i])[link] = side;
    given(this.nodes[i]).setLink(link, {
      up: true,
      port: 0,
      reliability: 200,
      latency: 1460,
      bitrate: 2800,
      mtu: 484,
      price: given(this.prices[i]),
      peer: identity(side.peer + 1).id,
    });
    given(this.nodes[i]).call("announcesLinkUp", 1 << link, BigInt(this.now));
  }

  part(a: number, b: number): void {
    for (const [i, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const link = given(this.sides[i]).findIndex((side) => side?.peer === other);
      if (link < 0) continue;
      given(this.sides[i])[link] = undefined;
      given(this.nodes[i]).setLink(link, { up: false });
      given(this.nodes[i]).call("routesLinkDown", 1 << link, BigInt(this.now));
    }
  }

  remove(i: number): void {
    this.alive[i] = false;
    for (const side of [...given(this.sides[i])]) if (side !== undefined) this.part(i, side.peer);
  }

  /** Sends what waits, one frame of one node after the other, until nothing is left. */
  settle(limit = 100_000): void {
    for (let quiet = 0, sent = 0; quiet < 10_000 / this.pace / this.nodes.length;) {
      let moved = false;
      const order = this.nodes.map((_, i) => i).sort(() => this.#random() - 0.5);
      for (const i of order) {
        if (!this.alive[i]) continue;
        this.now += this.pace;
        given(this.nodes[i]).random = Math.floor(this.#random() * 0xffffffff);
        given(this.nodes[i]).call("announcesAdvance", BigInt(this.now));
        const next = given(this.nodes[i]).next(0, this.now);
        if (next !== undefined) {
          this.sent++;
          moved = true;
          if (++sent > limit) throw new Error(`still sending after ${limit} announces`);
          given(this.sides[i]).forEach((side, link) => {
            if (side === undefined || (next.link !== link && next.link !== GROUP_LINKS)) return;
            given(this.nodes[side.peer]).receive(next.packet, side.link, this.now);
          });
        }
        for (const item of given(this.nodes[i]).wanted()) moved = this.#pull(i, item) || moved;
      }
      quiet = moved ? 0 : quiet + 1;
    }
  }

  /** Asks all neighbours of a node for an item, as gossip does. */
  #pull(i: number, item: Uint8Array): boolean {
    for (const side of given(this.sides[i])) {
      if (side === undefined) continue;
      const peer = given(this.nodes[side.peer]);
      const index = peer.call("announceItemKnown", peer.put(item)) >>> 0;
      if (index !== 0xffffffff) peer.call("announcePulled", index, side.link);
    }
    return true;
  }

  /** The nodes a packet passes from `from` on, to `to` or as far as it gets. */
  walk(from: number, to: number, policy = 0): number[] {
    const path = [from];
    let at = from;
    let exclude = 0;
    while (at !== to && path.length < 200) {
      const link = given(this.nodes[at]).choose(identity(to + 1).id, this.now, policy, exclude);
      if (link === NO_LINK || given(this.nodes[at]).call("routeChoiceGreedy") !== 0) break;
      const side = given(given(this.sides[at])[link]);
      at = side.peer;
      exclude = 1 << side.link;
      path.push(at);
    }
    return path;
  }

  /** Cost code and hops of the best path from every node to `to`, by the encoded cost rules; undefined if none. */
  best(to: number): ({ cost: number; hops: number } | undefined)[] {
    const found = this.nodes.map(() => undefined as { cost: number; hops: number } | undefined);
    const done = new Set<number>();
    found[to] = { cost: 0, hops: -1 };
    for (;;) {
      let next = -1;
      found.forEach((entry, i) => {
        if (entry === undefined || done.has(i)) return;
        const other = found[next];
        if (other === undefined || label(entry) < label(other)) next = i;
      });
      if (next < 0) break;
      done.add(next);
      const at = given(found[next]);
      const cost = next === to ? 0 : given(this.nodes[next]).call("costAdd", at.cost, given(this.prices[next]));
      for (const side of given(this.sides[next])) {
        if (side === undefined || !this.alive[side.peer]) continue;
        const offered = { cost, hops: at.hops + 1 };
        const known = found[side.peer];
        if (known === undefined || label(offered) < label(known)) found[side.peer] = offered;
      }
    }
    return found;
  }

  /** The best path in the table of node `i` to `to`. */
  has(i: number, to: number): { cost: number; hops: number; paths: number } | undefined {
    const node = given(this.nodes[i]);
    const index = node.find(identity(to + 1).id);
    if (index === 0xffffffff) return undefined;
    const entry = Buffer.from(node.table().subarray(64 * index, 64 * index + 64));
    const paths = [0, 1, 2].filter((k) => entry.readBigUInt64LE(32 + 8 * k) !== 0xffffffffffffffffn).length;
    return paths === 0 ? undefined : { cost: entry.readUInt16LE(34), hops: given(entry[33]), paths };
  }
}

function label(at: { cost: number; hops: number }): number {
  return at.cost * 256 + at.hops;
}

/** A connected random geometric graph of `count` nodes with at most 8 neighbours each. */
function geometric(count: number, random: () => number, radius: number): [number, number][] {
  for (;;) {
    const at = Array.from({ length: count }, () => [random(), random()] as const);
    const edges: [number, number][] = [];
    const degree = Array<number>(count).fill(0);
    const pairs: [number, number, number][] = [];
    for (let i = 0; i < count; i++)
      for (let j = 0; j < i; j++)
        pairs.push([Math.hypot(given(at[i])[0] - given(at[j])[0], given(at[i])[1] - given(at[j])[1]), i, j]);
    for (const [distance, i, j] of pairs.sort((a, b) => a[0] - b[0])) {
      if (distance > radius || given(degree[i]) >= LINKS || given(degree[j]) >= LINKS) continue;
      degree[i] = given(degree[i]) + 1;
      degree[j] = given(degree[j]) + 1;
      edges.push([i, j]);
    }
    const seen = new Set([0]);
    for (const i of seen) for (const [a, b] of edges) if (a === i || b === i) seen.add(a === i ? b : a);
    if (seen.size === count) return edges;
  }
}

describe("a random network", () => {
  it.each(
    [1, 2, 3, 4].flatMap((seed) => [
      { seed, group: false },
      { seed, group: true },
    ]),
  )(
    "free of charge: every node has about the fewest hops to every other, $seed, group $group",
    async ({ seed, group }) => {
      const random = randomness(seed);
      const edges = geometric(30, random, 0.3);
      const network = await Network.make(edges, Array<number>(30).fill(0), seed, group);
      network.settle();
      let paths = 0;
      let exact = 0;
      let worst = 0;
      for (let to = 0; to < 30; to++) {
        const best = network.best(to);
        for (let from = 0; from < 30; from++) {
          if (from === to) continue;
          const has = given(network.has(from, to));
          const over = has.hops - given(best[from]).hops;
          expect([has.cost, over]).toEqual([0, Math.max(over, 0)]);
          if (over === 0) exact++;
          worst = Math.max(worst, over);
          paths += has.paths;
          for (let policy = 0; policy < 5; policy++) {
            const walked = network.walk(from, to, policy);
            expect(walked.at(-1)).toBe(to);
            expect(new Set(walked).size).toBe(walked.length);
          }
          // The way is as short as the table says, or shorter.
          expect(network.walk(from, to, 1).length).toBeLessThanOrEqual(has.hops + 2);
        }
      }
      // A way shorter by one hop is told nobody, and what two nodes keep to themselves adds up.
      expect(exact / 870).toBeGreaterThan(0.95);
      expect(worst).toBeLessThanOrEqual(2);
      // Alternatives are there, too.
      expect(paths / 870).toBeGreaterThan(2);
    },
  );

  it.each(
    [1, 2, 3, 4].flatMap((seed) => [
      { seed, group: false },
      { seed, group: true },
    ]),
  )(
    "with prices: nobody pays more than the cheapest path and what is not worth an announce, $seed, group $group",
    async ({ seed, group }) => {
      const random = randomness(seed);
      const edges = geometric(30, random, 0.3);
      const prices = Array.from({ length: 30 }, () => Math.floor(2 ** (random() * 10)));
      const network = await Network.make(edges, prices, seed, group);
      network.settle();
      let exact = 0;
      let worst = 0;
      let paths = 0;
      for (let to = 0; to < 30; to++) {
        const best = network.best(to);
        for (let from = 0; from < 30; from++) {
          if (from === to) continue;
          const has = given(network.has(from, to));
          const over = has.cost - given(best[from]).cost;
          expect(over).toBeGreaterThanOrEqual(0);
          if (over === 0) exact++;
          worst = Math.max(worst, over);
          paths += has.paths;
          for (let policy = 0; policy < 5; policy++) {
            const walked = network.walk(from, to, policy);
            expect(walked.at(-1)).toBe(to);
            expect(new Set(walked).size).toBe(walked.length);
          }
        }
      }
      expect(paths / 870).toBeGreaterThan(2);
      // A step below 10 % is up to two codes; a few may add up.
      expect(worst).toBeLessThanOrEqual(8);
      expect(exact / 870).toBeGreaterThan(0.9);
    },
  );

  it.each(
    [1, 2, 3].flatMap((seed) => [
      { seed, group: false },
      { seed, group: true },
    ]),
  )(
    "is flooded with about one copy for each edge, or a frame of most nodes: $seed, group $group",
    async ({ seed, group }) => {
      const random = randomness(seed);
      const edges = geometric(30, random, 0.3);
      const network = await Network.make(edges, Array<number>(30).fill(0), seed, group);
      network.settle();
      const counts: number[] = [];
      network.pace = 50;
      for (let origin = 0; origin < 30; origin++) {
        network.sent = 0;
        given(network.nodes[origin]).call("announcesOwn", BigInt(network.now));
        network.settle();
        counts.push(network.sent);
        for (let i = 0; i < 30; i++) expect(network.has(i, origin) !== undefined).toBe(i !== origin);
      }
      const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length;
      expect(mean).toBeLessThan(group ? 30 : 1.25 * edges.length);
    },
  );

  it.each([1, 2, 3])("routes around a node that vanishes, and forgets it when packets fail, seed %i", async (seed) => {
    const random = randomness(seed);
    const edges = geometric(30, random, 0.3);
    const prices = Array.from({ length: 30 }, () => (seed === 1 ? 0 : Math.floor(2 ** (random() * 10))));
    const network = await Network.make(edges, prices, seed);
    network.settle();
    let repaired = 0;
    const removed: number[] = [];
    while (removed.length < 6) {
      const gone = Math.floor(random() * 30);
      if (removed.includes(gone)) continue;
      removed.push(gone);
      network.sent = 0;
      network.remove(gone);
      network.settle();
      repaired += network.sent;
      let lost = 0;
      let loops = 0;
      let pairs = 0;
      for (let to = 0; to < 30; to++) {
        if (!network.alive[to]) continue;
        const best = network.best(to);
        for (let from = 0; from < 30; from++) {
          if (from === to || !network.alive[from] || best[from] === undefined) continue;
          pairs++;
          let walked = network.walk(from, to);
          // What NoRoute and a packet that comes back do: the hop is taken away, the next packet goes elsewhere.
          for (let tries = 0; tries < 8 && walked.at(-1) !== to; tries++) {
            loops++;
            mend(network, walked, to);
            network.settle();
            walked = network.walk(from, to);
          }
          if (walked.at(-1) !== to) lost++;
        }
      }
      // Packets to what is gone find out that it is: each takes one false way with it.
      const sender = network.alive.indexOf(true);
      let packets = 0;
      for (; network.has(sender, gone) !== undefined && packets < 100; packets++) {
        mend(network, network.walk(sender, gone), gone);
        network.settle();
      }
      expect(packets).toBeLessThan(100);
      if (removed.length === 1) expect(loops).toBe(0);
      // One loss is repaired for all; more of them within one seq nearly so.
      expect(lost / pairs).toBeLessThan(removed.length === 1 ? 1e-9 : 0.02);
    }
    expect(repaired).toBeGreaterThan(0);
    for (let i = 0; i < 30; i++)
      if (network.alive[i]) given(network.nodes[i]).call("announcesOwn", BigInt(network.now));
    network.settle();
    for (let to = 0; to < 30; to++) {
      const best = network.best(to);
      for (let from = 0; from < 30; from++) {
        if (from !== to && network.alive[from] && network.alive[to] && best[from] !== undefined)
          expect(network.walk(from, to).at(-1)).toBe(to);
      }
    }
  });
});

/** The first node that gets a packet a second time, or has no way on, says NoRoute to the one it came from. */
function mend(network: Network, walked: readonly number[], to: number): void {
  let end = walked.findIndex((node, k) => walked.indexOf(node) < k);
  if (end < 0) end = walked.length - 1;
  if (end === 0) return;
  const before = given(walked[end - 1]);
  const link = given(network.sides[before]).findIndex((side) => side?.peer === walked[end]);
  const node = given(network.nodes[before]);
  node.call("routeFailed", node.put(identity(to + 1).id), link);
}
