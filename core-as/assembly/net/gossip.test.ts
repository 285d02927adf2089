import { ed25519 } from "@noble/curves/ed25519.js";
import { blake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Counter, Status } from "../../../host/core/abi.gen.ts";
import { GossipNode, gossipModule, type NodeConfig } from "../../../tests/support/gossip.ts";
import { runs } from "../../../tests/support/runs.ts";

let module: WebAssembly.Module;
beforeAll(() => {
  module = gossipModule();
});

const ROUND = 60_000;
/** Milliseconds of an air frame of 255 bytes at SF8, and at SF12. */
const AIR = { 8: 728, 12: 9339 } as const;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const item = (n: number): Uint8Array => blake3(Uint8Array.of(n & 255, n >> 8, 3)).slice(0, 8);

function advisory(n: number): Uint8Array {
  const seed = blake3(Uint8Array.of(n, 200));
  const head = Buffer.alloc(81);
  head.set(ed25519.getPublicKey(seed), 0);
  head[64] = 1;
  head[72] = 1;
  const signature = ed25519.sign(Buffer.concat([Buffer.from("mehr/kca/1\0"), head]), seed);
  return Uint8Array.from(Buffer.concat([head, signature]));
}

/** Reproducible random numbers for losses. */
function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Sent {
  readonly at: number;
  readonly ms: number;
}

/** Nodes with links between them, and air or wires that lose frames. Links are numbered by the order of `connect`. */
class World {
  now = 1000;
  readonly nodes: GossipNode[];
  /** For each node, for each of its links: the other node and the number of the link there. */
  readonly links: { peer: number; back: number }[][];
  readonly sent: Sent[][];
  readonly known: Set<string>[];
  frames = 0;
  loss = 0;
  readonly chance: () => number;
  readonly config: NodeConfig;

  constructor(count: number, config: NodeConfig = {}, seed = 1) {
    this.config = config;
    this.nodes = Array.from({ length: count }, () => new GossipNode(module, config));
    this.links = this.nodes.map(() => []);
    this.sent = this.nodes.map(() => []);
    this.known = this.nodes.map(() => new Set<string>());
    this.chance = random(seed);
  }

  connect(a: number, b: number): void {
    const [there, here] = [this.links[a]?.length ?? 0, this.links[b]?.length ?? 0];
    this.links[a]?.push({ peer: b, back: here });
    this.links[b]?.push({ peer: a, back: there });
    for (const [n, link, peer] of [
      [a, there, b],
      [b, here, a],
    ] as const) {
      const node = this.node(n);
      node.call("stubLink", link, this.config.wired === undefined ? 0 : 1, node.put(new Uint8Array(16).fill(peer + 1)));
      node.call("gossipLinkUp", 1 << link, BigInt(this.now));
    }
  }

  node(n: number): GossipNode {
    const node = this.nodes[n];
    if (node === undefined) throw new Error(`no node ${n}`);
    return node;
  }

  /** A node learns an announce from nowhere. */
  learn(n: number, id: Uint8Array, from = 255): void {
    this.known[n]?.add(hex(id));
    this.node(n).call("stubLearn", this.node(n).put(id), from);
  }

  publish(n: number, record: Uint8Array): number {
    return this.node(n).call("advisoryReceive", this.node(n).put(record), record.length, 255);
  }

  private deliver(to: number, link: number, packet: Uint8Array): void {
    const node = this.node(to);
    if (packet[0] === 1) {
      this.learn(to, packet.slice(19, 27), link);
      node.call("gossipHeard", BigInt(this.now));
      return;
    }
    expect(node.call("checkGossipPacket", node.put(packet), packet.length)).toBe(Status.Ok);
    expect(node.receive(link, packet.slice(19), this.now)).toBe(Status.Ok);
  }

  /** Milliseconds the medium is busy with a frame. */
  private cost(size: number): number {
    const rate = this.config.wired?.[0];
    if (rate !== undefined) return Math.ceil((size * 8000) / rate);
    return AIR[(this.config.sf ?? 8) as keyof typeof AIR] * (size > 254 ? 2 : 1);
  }

  /** Runs everybody's timers until `until`, in steps of a second. */
  run(until: number): void {
    const port = this.config.wired === undefined ? 0 : 1;
    const free = this.nodes.map(() => 0);
    for (; this.now < until; this.now += 1000) {
      this.nodes.forEach((node, n) => {
        node.call("gossipAdvance", BigInt(this.now));
        if (this.now < (free[n] ?? 0)) return;
        const due = node.time("gossipDeadline", port, BigInt(this.now)) <= BigInt(this.now);
        expect(node.call("gossipWaiting", port, BigInt(this.now)) !== 0).toBe(due);
        const frame = node.frame(port, this.now);
        // A deadline that has come and brings nothing would have the timer called for ever.
        expect(frame !== undefined).toBe(due);
        if (frame === undefined) return;
        this.frames++;
        const ms = this.cost(frame.size);
        free[n] = this.now + ms;
        this.sent[n]?.push({ at: this.now, ms });
        const link = this.links[n]?.[frame.link];
        if (link !== undefined && this.chance() >= this.loss) this.deliver(link.peer, link.back, frame.packet);
      });
    }
  }

  /** Most milliseconds a node sent in any 60 s (frames counted where they begin), less the largest frame. */
  busiest(): number {
    let most = 0;
    for (const sent of this.sent) {
      for (const first of sent) {
        const window = sent.filter(({ at }) => at >= first.at && at < first.at + 60_000);
        most = Math.max(most, window.reduce((sum, { ms }) => sum + ms, 0) - Math.max(...window.map(({ ms }) => ms)));
      }
    }
    return most;
  }

  same(): boolean {
    const all = new Set(this.known.flatMap((known) => [...known]));
    const advisories = this.nodes.map((node) => {
      const table = node.read(node.address("ADVISORIES"), 8 + 8 * 64);
      return Array.from({ length: 8 }, (_, i) => hex(table.subarray(8 + 64 * i, 24 + 64 * i)))
        .sort()
        .join();
    });
    return this.known.every((known) => known.size === all.size) && new Set(advisories).size === 1;
  }

  counter(index: number): number {
    return this.nodes.reduce((sum, node) => sum + node.counter(index), 0);
  }
}

describe("gossip rounds", () => {
  it("tell a new link what is known, then fall silent but for a summary in 15 to 25 minutes", () => {
    const world = new World(2);
    world.connect(0, 1);
    for (let i = 0; i < 10; i++) world.learn(i % 2, item(i));
    world.publish(0, advisory(1));
    world.run(8 * ROUND);
    expect(world.same()).toBe(true);
    expect(world.counter(Counter.DeltasHeard)).toBe(1);
    const before = world.frames;
    const start = world.now;
    world.run(start + 100 * ROUND);
    // Two nodes, 100 minutes: every sixth round of 240 s; nothing else is ever sent.
    expect(world.frames - before).toBeLessThanOrEqual(10);
    expect(world.frames - before).toBeGreaterThanOrEqual(6);
    // Silence of that length is not taken for a fault.
    expect(world.counter(Counter.Recoveries)).toBe(0);
  });

  it("find what was lost: two nodes, none of whose floods arrived", () => {
    const world = new World(2);
    world.connect(0, 1);
    for (let i = 0; i < 12; i++) world.learn(i % 3 === 0 ? 0 : 1, item(i));
    for (const node of world.nodes) node.call("stubQuiet");
    world.run(8 * ROUND);
    expect(world.same()).toBe(true);
  });

  it("owe a summary to whom a filter shows to know more", () => {
    const world = new World(2);
    world.connect(0, 1);
    world.learn(0, item(1));
    world.run(12 * ROUND);
    const node = world.node(0);
    const sent = node.counter(Counter.SummariesSent);
    expect(sent).toBeGreaterThan(0);
    const full = Uint8Array.from([0, 1, 0, 0, 0, 1, 0, 1, 64, 0, 0, 0, ...new Array<number>(8).fill(0xff)]);
    expect(node.receive(0, full, world.now)).toBe(Status.Ok);
    world.run(world.now + ROUND + 10_000);
    expect(node.counter(Counter.SummariesSent)).toBe(sent + 1);
  });

  it("leave announces every other frame where few frames may go", () => {
    const world = new World(6, { sf: 12 });
    for (let n = 1; n < 6; n++) world.connect(0, n);
    for (let i = 0; i < 100; i++) world.learn(0, item(i));
    world.run(80 * ROUND);
    const frames = world.sent[0]?.length ?? 0;
    expect(frames).toBeGreaterThan(20);
    expect(Math.abs(world.node(0).counter(Counter.SummariesSent) - frames / 2)).toBeLessThan(3);
  });

  it("end with the same sets at five nodes, whatever 30 % of frames are lost", () => {
    const rounds: number[] = [];
    for (let seed = 1; seed <= runs(4, 16); seed++) {
      const world = new World(5, {}, seed * 77);
      for (const [a, b] of [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 0],
        [1, 3],
      ] as const) {
        world.connect(a, b);
      }
      world.loss = 0.3;
      for (let n = 0; n < 5; n++) for (let i = 0; i < 4; i++) world.learn(n, item(100 * n + i));
      world.publish(seed % 5, advisory(2));
      world.publish((seed + 2) % 5, advisory(3));
      const start = world.now;
      while (!world.same() && world.now < start + 180 * ROUND) world.run(world.now + ROUND);
      expect(world.same()).toBe(true);
      rounds.push((world.now - start) / ROUND);
      expect(world.busiest()).toBeLessThanOrEqual(3000);
    }
    console.log(`gossip, five nodes, 20 announces and 2 advisories, 30 % loss: same after ${rounds.join(", ")} min`);
  });

  it("heal a partition: each side's announces reach the other", () => {
    const world = new World(4);
    world.connect(0, 1);
    world.connect(2, 3);
    for (let i = 0; i < 6; i++) world.learn(i < 3 ? 0 : 3, item(i));
    world.run(10 * ROUND);
    world.connect(1, 2);
    world.run(world.now + 15 * ROUND);
    expect(world.same()).toBe(true);
  });

  it("do not chase sets that can never be equal: full tables of other items", () => {
    const world = new World(4);
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [0, 3],
    ] as const) {
      world.connect(a, b);
    }
    for (let n = 0; n < 4; n++) for (let i = 0; i < 128; i++) world.learn(n, item(1000 * n + i));
    for (const node of world.nodes) node.call("stubQuiet");
    world.run(60 * ROUND);
    const used = world.sent.map((sent) => (sent.reduce((sum, { ms }) => sum + ms, 0) / (60 * ROUND)) * 100);
    console.log(
      `gossip between full tables without common items: ${used.map((u) => u.toFixed(2)).join(", ")} % of the time`,
    );
    expect(Math.max(...used)).toBeLessThan(1.5);
  });

  it("begin at least 60 s apart, and back off to 240 s", () => {
    const world = new World(2);
    world.connect(0, 1);
    const times: number[] = [];
    let seen = 0;
    while (world.now < 40 * ROUND) {
      world.run(world.now + 500);
      const rounds = world.node(0).counter(Counter.GossipRounds);
      if (rounds !== seen) times.push(world.now);
      seen = rounds;
    }
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(ROUND);
    expect(gaps.slice(-3).every((gap) => gap >= 4 * ROUND && gap <= 4 * ROUND + 6500)).toBe(true);
  });
});

describe("gossip's share of the medium", () => {
  it.each([
    ["EU 10 %: four tenths of the duty", { dutyPermille: 100 }, 2400],
    ["no limit: a tenth", { dutyPermille: 1000 }, 6000],
    ["1 %: frames dearer than the window", { dutyPermille: 10 }, 240],
    ["SF12: frames dearer than the window", { sf: 12, dutyPermille: 100 }, 2400],
    ["a wire of 9600 bit/s", { wired: [9600] }, 6000],
  ])("%s is never exceeded by more than one frame in any 60 s", (_, config: NodeConfig, window) => {
    const world = new World(5, config);
    for (let n = 1; n < 5; n++) world.connect(0, n);
    for (let i = 0; i < 150; i++) world.learn(i % 5, item(i));
    world.run(30 * ROUND);
    expect(world.busiest()).toBeLessThanOrEqual(window);
    const longest = Math.max(...world.sent.flatMap((sent) => sent.map(({ ms }) => ms)));
    for (const sent of world.sent) {
      const all = sent.reduce((sum, { ms }) => sum + ms, 0);
      expect(all).toBeLessThanOrEqual(30 * window + longest);
    }
    expect(world.counter(Counter.Recoveries)).toBe(0);
    // And it is used: in these 30 minutes node 0 has more to say than fits.
    const used = world.sent[0]?.reduce((sum, { ms }) => sum + ms, 0) ?? 0;
    console.log(
      `gossip share, ${JSON.stringify(config)}: ${((used / (30 * ROUND)) * 100).toFixed(2)} % used of ${window / 600} %`,
    );
    if (config.wired === undefined) expect(used).toBeGreaterThan(0.8 * 30 * window);
    else expect(used).toBeGreaterThan(0);
  });

  it("is charged by tier: 2 gets three tenths, 3 and 4 two, 1 all", () => {
    const asked = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 4000 }), fc.boolean()), {
      minLength: 200,
      maxLength: 400,
    });
    fc.assert(
      fc.property(asked, (steps) => {
        const node = new GossipNode(module, { dutyPermille: 1000 });
        const sent: { at: number; tier: number; ms: number }[] = [];
        let now = 0;
        for (const [tier, wait, long] of steps) {
          now += wait;
          const bytes = long ? 508 : 254;
          const next = node.time("budgetNext", 0, tier, bytes, BigInt(now), 0);
          expect(next).toBeGreaterThanOrEqual(BigInt(now));
          if (next !== BigInt(now)) continue;
          node.call("budgetAdd", 0, tier, bytes, BigInt(now), 0);
          sent.push({ at: now, tier, ms: long ? 1456 : 728 });
          const window = sent.filter(({ at }) => at > now - 60_000);
          const sum = (t: number): number => window.reduce((s, f) => s + (t === 0 || f.tier === t ? f.ms : 0), 0);
          expect(sum(0)).toBeLessThanOrEqual(6000);
          // One frame may always be the first of its tier.
          expect(sum(2)).toBeLessThanOrEqual(1800);
          for (const small of [3, 4]) {
            if (window.filter((f) => f.tier === small).length > 1) expect(sum(small)).toBeLessThanOrEqual(1200);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("is doubled in recovery, up to the law", () => {
    const node = new GossipNode(module, { dutyPermille: 100 });
    expect([node.call("budgetWindowMs", 0, 0), node.call("budgetWindowMs", 0, 1)]).toEqual([2400, 4800]);
    const free = new GossipNode(module, { dutyPermille: 1000, wired: [9600] });
    expect([free.call("budgetWindowMs", 0, 0), free.call("budgetWindowMs", 1, 1)]).toEqual([6000, 12_000]);
  });
});

describe("starvation and recovery", () => {
  it("starves 180 s after gossip first had to wait, until it is served", () => {
    const world = new World(2);
    world.connect(0, 1);
    world.learn(0, item(1));
    const node = world.node(0);
    const waiting = (now: number): boolean => node.call("gossipWaiting", 0, BigInt(now)) !== 0;
    const starved = (now: number): boolean => node.call("gossipStarved", 0, BigInt(now)) !== 0;
    expect([waiting(2000), starved(2000)]).toEqual([true, false]);
    expect([waiting(182_000), starved(182_000)]).toEqual([true, false]);
    expect([waiting(182_001), starved(182_001)]).toEqual([true, true]);
    expect(node.frame(0, 182_001)).toBeDefined();
    expect(starved(900_000)).toBe(false);
    expect([waiting(182_002), starved(182_002)]).toEqual([false, false]);
    expect(starved(900_000)).toBe(false);
  });

  it("enters recovery after ten silent rounds with a link, of three minutes where it is slow, and leaves it after five rounds that brought something", () => {
    const node = new GossipNode(module);
    const recovery = (): boolean => node.call("gossipInRecovery") !== 0;
    let now = 1000;
    /** Runs to the next round. */
    const round = (): void => {
      now = Math.max(now, Number(node.time("gossipRoundDeadline")));
      node.call("gossipAdvance", BigInt(now));
      while (node.frame(0, now) !== undefined);
    };
    // Without a link there is nobody to be silent.
    node.call("gossipAdvance", 5_000_000n);
    expect([recovery(), node.counter(Counter.GossipRounds)]).toEqual([false, 0]);
    now = 5_000_000;
    node.call("stubLink", 0, 0, node.put(new Uint8Array(16).fill(9)));
    node.call("gossipLinkUp", 1, BigInt(now));
    const up = now;
    while (!recovery()) {
      round();
      expect(recovery()).toBe(now - up > 1_800_000);
    }
    expect(now - up).toBeLessThan(1_800_000 + 5 * ROUND);
    expect(node.counter(Counter.Recoveries)).toBe(1);
    // In recovery every round of 60 s sends a summary.
    const [entered, summaries] = [now, node.counter(Counter.SummariesSent)];
    for (let i = 0; i < 4; i++) round();
    expect(now - entered).toBeLessThan(4 * (ROUND + 6000));
    expect(node.counter(Counter.SummariesSent) - summaries).toBe(4);
    for (let i = 1; i <= 5; i++) {
      round();
      expect(recovery()).toBe(true);
      expect(node.receive(0, Uint8Array.of(3, 0), now)).toBe(Status.Ok);
    }
    round();
    expect(recovery()).toBe(false);
    expect(node.counter(Counter.Recoveries)).toBe(1);
  });
});

describe("gossip messages in", () => {
  const id = item(7);

  it("Pull: the announce or item asked for goes to who asks", () => {
    const world = new World(2);
    world.connect(0, 1);
    world.learn(0, id);
    world.publish(0, advisory(1));
    world.run(3 * ROUND);
    const node = world.node(0);
    expect(node.call("stubTodo", 0)).toBe(0);
    const known = node.read(node.call("advisoryItem", 0), 8);
    expect(node.receive(0, Uint8Array.from([2, 1, 3, ...id, ...known, ...item(99)]), world.now)).toBe(Status.Ok);
    expect(node.call("stubTodo", 0)).toBe(1);
    expect(node.call("storedTodo", node.call("itemAt", 0))).toBe(1);
  });

  it("asks one neighbour on the radio for what lost its last next hop", () => {
    const world = new World(3);
    world.connect(0, 1);
    world.connect(0, 2);
    world.run(ROUND);
    for (const n of [1, 2]) world.learn(n, id, 0);
    world.node(0).call("stubWanted", world.node(0).put(id));
    world.run(world.now + 5000);
    expect([world.counter(Counter.PullsSent), world.counter(Counter.PullsHeard)]).toEqual([1, 1]);
    world.run(world.now + 20_000);
    expect(world.known[0]?.has(hex(id))).toBe(true);
  });

  it("Delta: unknown types are counted and not kept", () => {
    const node = new GossipNode(module);
    expect(node.receive(0, Uint8Array.from([1, 2, 2, 0x10, 1, 0, 5, 0x11, 0, 0]), 1)).toBe(Status.Ok);
    expect([node.counter(Counter.GossipUnknown), node.call("itemsUsed")]).toEqual([2, 0]);
    // A bad advisory among them is told, the rest is taken.
    const good = advisory(4);
    const bad = advisory(5);
    bad[100] = (bad[100] ?? 0) ^ 1;
    const data = Uint8Array.from([1, 1, 2, 2, 145, 0, ...bad, 2, 145, 0, ...good]);
    expect(node.receive(0, data, 1)).not.toBe(Status.Ok);
    expect(node.call("itemsUsed")).toBe(1);
  });

  it("whatever the bytes never trap, and change nothing when refused", () => {
    const world = new World(2);
    world.connect(0, 1);
    for (let i = 0; i < 20; i++) world.learn(0, item(i));
    world.publish(0, advisory(1));
    world.run(2 * ROUND);
    const node = world.node(0);
    const summary = Uint8Array.from([0, 1, 0, 0, 0, 1, 0, 1, 64, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    const delta = Uint8Array.from([1, 1, 1, 2, 145, 0, ...advisory(9)]);
    const pull = Uint8Array.from([2, 1, 2, ...item(1), ...item(500)]);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 465 }),
      fc
        .tuple(fc.constantFrom(summary, delta, pull), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 3 }))
        .map(([message, at, value, cut]) => {
          const mutated = message.slice(0, message.length - cut);
          mutated[at % mutated.length] = value;
          return mutated;
        }),
    );
    fc.assert(
      fc.property(bytes, fc.nat({ max: 7 }), (data, link) => {
        const before = node.state();
        const refused = node.call("checkGossip", node.put(data), data.length) !== (Status.Ok as number);
        const status = node.receive(link, data, world.now);
        if (!refused) return;
        expect(status).not.toBe(Status.Ok);
        expect(node.state()).toBe(before);
      }),
      { numRuns: 1500 },
    );
  });
});
