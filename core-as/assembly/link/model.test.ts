/**
 * Two nodes and a network that loses, repeats, reorders, alters and reflects frames, while either reboots, closes its
 * link, or wants new keys for it or for its group: whatever happens in whatever order, what must hold holds, and when
 * the network heals the link is there again.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Event, Status } from "../../../host/core/abi.gen.ts";
import { LinkNode, packetFor } from "../../../tests/support/link-node.ts";
import { GROUP_LINKS } from "../../../tests/support/routing.ts";
import { runs } from "../../../tests/support/runs.ts";

const RUNS = runs(100, 1000);

type Side = 0 | 1;
const other = (side: Side): Side => (side === 0 ? 1 : 0);

/** Data sent. */
interface Sent {
  from: Side;
  /** Undefined under a group key. */
  key: string | undefined;
  accepted: boolean;
}

class World {
  now = 1000;
  lives = [0, 0];
  readonly nodes: [LinkNode, LinkNode];
  /** Frames under way to each side. */
  readonly air: [Uint8Array[], Uint8Array[]] = [[], []];
  readonly history: Uint8Array[] = [];
  readonly data: Sent[] = [];
  /** Keys in the order in which they came into use at either end. */
  readonly order = new Map<string, number>();
  /** Of each side in its present life: when a frame under each key was first accepted. */
  readonly since: [Map<string, number>, Map<string, number>] = [new Map(), new Map()];
  readonly nonces = new Set<string>();
  groupFrames = 0;

  constructor(nodes: [LinkNode, LinkNode]) {
    this.nodes = nodes;
  }

  put(to: Side, frame: Uint8Array): void {
    if (this.air[to].length < 30) this.air[to].push(frame);
    this.history.push(frame);
    if (this.history.length > 100) this.history.shift();
  }

  step(ms: number): void {
    this.now += ms;
    for (const side of [0, 1] as const) {
      this.nodes[side].advance(this.now);
      for (const frame of this.nodes[side].sendAll(this.now)) this.put(other(side), frame);
    }
    for (const node of this.nodes) {
      // One thing may lead to the next at once, but not for ever.
      if (node.deadline() <= this.now) node.advance(this.now);
      if (node.deadline() <= this.now) expect(node.deadline()).toBeGreaterThan(this.now);
    }
  }

  /** Seals a packet with a number nobody else has. */
  send(from: Side): number | undefined {
    const [node, peer] = [this.nodes[from], this.nodes[other(from)]];
    const link = node.linkTo(peer);
    if (link === undefined) return undefined;
    const number = this.data.length;
    const packet = packetFor(peer, Uint8Array.of(number & 255, number >> 8));
    return this.sealed(from, node.key(link).slice(2), node.seal(link, packet, this.now), true);
  }

  /** The same under the group key, once the peer has it. */
  sendToGroup(from: Side): number | undefined {
    const [node, peer] = [this.nodes[from], this.nodes[other(from)]];
    const link = node.linkTo(peer);
    if (link === undefined || node.core.call("linkInGroup", link) === 0) return undefined;
    const number = this.data.length;
    const packet = packetFor(peer, Uint8Array.of(number & 255, number >> 8));
    packet[0] = 1;
    const key = Buffer.from(node.memory(node.core.call("sessionKey", 28), 32)).toString("hex");
    return this.sealed(from, key, node.seal(GROUP_LINKS, packet, this.now), false);
  }

  private sealed(from: Side, key: string, frame: Uint8Array | undefined, ofLink: boolean): number | undefined {
    if (frame === undefined) return undefined;
    // H11: one key, direction and counter seal one frame.
    const nonce = `${key} ${String(from)} ${Buffer.from(frame.subarray(3, 6)).toString("hex")}`;
    expect(this.nonces.has(nonce)).toBe(false);
    this.nonces.add(nonce);
    this.data.push({ from, key: ofLink ? key : undefined, accepted: false });
    this.put(other(from), frame);
    return this.data.length - 1;
  }

  deliver(to: Side, frame: Uint8Array): void {
    const node = this.nodes[to];
    const before = node.state();
    const { status, packet } = node.receive(frame, this.now);
    this.note();
    if (packet === undefined && ![Status.Ok, Status.HandshakeBusy, Status.TableFull].includes(status)) {
      expect(node.state()).toBe(before);
    }
    if (packet?.[18] !== 0xf7) return;
    const number = (packet[20] ?? 0) | ((packet[21] ?? 0) << 8);
    const sent = this.data[number];
    // Genuine: the peer sent it to this node; new: it is the first time.
    expect(sent).toBeDefined();
    if (sent === undefined) return;
    expect(sent.from).toBe(other(to));
    expect(sent.accepted).toBe(false);
    sent.accepted = true;
    // Not under an old key: 60 s after the first frame under one that followed.
    const { key } = sent;
    if (key === undefined) {
      this.groupFrames++;
      return;
    }
    for (const [later, time] of this.since[to]) {
      if ((this.order.get(later) ?? 0) > (this.order.get(key) ?? 0)) expect(this.now - time).toBeLessThan(60_000);
    }
    if (!this.since[to].has(key)) this.since[to].set(key, this.now);
  }

  /** Keeps the order of the keys. */
  private note(): void {
    for (const side of [0, 1] as const) {
      const link = this.nodes[side].linkTo(this.nodes[other(side)]);
      if (link === undefined) continue;
      const key = this.nodes[side].key(link).slice(2);
      if (!this.order.has(key)) this.order.set(key, this.order.size);
    }
  }

  async reboot(side: Side): Promise<void> {
    this.lives[side] = (this.lives[side] ?? 0) + 1;
    this.nodes[side] = await LinkNode.boot(side === 0 ? "a" : "b", this.lives[side]);
    this.since[side].clear();
  }

  /** Keys of a link, in use or still opened, and its link_id. */
  private keys(side: Side, link: number): { id: string; all: string[]; current: string } {
    const node = this.nodes[side];
    const at = node.core.call("sessionKey", node.core.call("linkSession", link, 0));
    const hex = (offset: number): string => Buffer.from(node.memory(at + offset, 32)).toString("hex");
    const id = Buffer.from(node.block("LINK_TABLE").slice(168 * link + 16, 168 * link + 32)).toString("hex");
    return { id, all: [hex(0), hex(32)], current: node.key(link).slice(2) };
  }

  /** What must hold at any time. */
  check(): void {
    for (const side of [0, 1] as const) {
      const [node, peer] = [this.nodes[side], this.nodes[other(side)]];
      const stranger = node.events.find((event) => event.kind === Event.LinkUp && event.peer !== peer.name);
      if (stranger !== undefined) expect(stranger).toBeUndefined();
      let links = 0;
      for (let i = 0; i < 8; i++) links += node.core.call("linkUp", i);
      if (links > 1) expect(links).toBe(1);
    }
    const [a, b] = this.nodes;
    const [ab, ba] = [a.linkTo(b), b.linkTo(a)];
    if (ab === undefined || ba === undefined) return;
    const [mine, theirs] = [this.keys(0, ab), this.keys(1, ba)];
    if (mine.id !== theirs.id) return;
    // Each opens what the other seals.
    expect(theirs.all).toContain(mine.current);
    expect(mine.all).toContain(theirs.current);
  }

  /** A handshake without trouble. */
  link(): void {
    this.nodes[0].start(this.nodes[1], this.now);
    for (let i = 0; i < 8; i++) {
      this.step(100);
      for (const side of [0, 1] as const) for (const frame of this.air[side].splice(0)) this.deliver(side, frame);
    }
  }

  /** Nothing is lost any more. */
  heal(): void {
    for (const end = this.now + 1_800_000; this.now < end;) {
      this.step(2000);
      for (const side of [0, 1] as const) {
        if (this.now % 10_000 < 2000) this.nodes[side].hear(this.nodes[other(side)], 2, this.now);
        for (const frame of this.air[side].splice(0)) this.deliver(side, frame);
      }
      if (this.now % 60_000 < 2000) this.check();
    }
  }
}

type Step = fc.AsyncCommand<object, World>;

function command(name: string, run: (world: World) => void | Promise<void>): Step {
  return {
    check: () => true,
    run: async (_, world) => {
      await run(world);
      world.check();
    },
    toString: () => name,
  };
}

const side = fc.constantFrom<Side>(0, 1);
const pick = fc.nat(1000);

/** Takes one of the frames under way to a side. */
function take(world: World, to: Side, n: number, keep = false): Uint8Array | undefined {
  const { length } = world.air[to];
  return length === 0 ? undefined : keep ? world.air[to][n % length] : world.air[to].splice(n % length, 1)[0];
}

const steps = [
  fc.constantFrom(100, 100, 1000, 1000, 5000, 5000, 20_000, 70_000).map((ms) =>
    command(`wait ${String(ms)}`, (world) => {
      world.step(ms);
    }),
  ),
  side.map((to) =>
    command(`beacon to ${String(to)}`, (world) => {
      world.nodes[to].hear(world.nodes[other(to)], 2, world.now);
      world.step(0);
    }),
  ),
  fc.tuple(side, pick).map(([to, n]) =>
    command(`deliver ${String(n)} to ${String(to)}`, (world) => {
      const frame = take(world, to, n);
      if (frame !== undefined) world.deliver(to, frame);
      world.step(0);
    }),
  ),
  fc.tuple(side, pick).map(([to, n]) =>
    command(`repeat ${String(n)} to ${String(to)}`, (world) => {
      const frame = take(world, to, n, true);
      if (frame !== undefined) world.deliver(to, frame);
    }),
  ),
  fc.tuple(side, pick).map(([to, n]) =>
    command(`lose ${String(n)} to ${String(to)}`, (world) => {
      take(world, to, n);
    }),
  ),
  fc.tuple(side, pick).map(([to, n]) =>
    command(`replay ${String(n)} to ${String(to)}`, (world) => {
      const frame = world.history[n % Math.max(1, world.history.length)];
      if (frame !== undefined) world.deliver(to, frame);
    }),
  ),
  fc.tuple(side, pick, fc.nat(253), fc.integer({ min: 1, max: 255 })).map(([to, n, at, bits]) =>
    command(`alter ${String(n)} to ${String(to)} at ${String(at)}`, (world) => {
      const frame = world.history[n % Math.max(1, world.history.length)]?.slice();
      if (frame === undefined) return;
      frame[at] = (frame[at] ?? 0) ^ bits;
      world.deliver(to, frame);
    }),
  ),
  side.map((who) =>
    command(`rekey by ${String(who)}`, (world) => {
      // As if the link had carried more than a million bytes.
      const table = world.nodes[who].block("LINK_TABLE");
      for (let i = 0; i < 8; i++) new DataView(table.buffer, table.byteOffset).setUint32(168 * i + 76, 2_000_000, true);
      world.step(0);
    }),
  ),
];
const groups = [
  side.map((who) =>
    command(`new group key of ${String(who)}`, (world) => {
      // As if its day were over.
      const group = world.nodes[who].block("GROUP");
      const until = new DataView(group.buffer, group.byteOffset);
      if (until.getBigUint64(0, true) !== 0n) until.setBigUint64(0, BigInt(world.now), true);
      world.step(0);
    }),
  ),
  side.map((from) =>
    command(`data to the group of ${String(from)}`, (world) => {
      world.sendToGroup(from);
    }),
  ),
];
const often = [
  side.map((to) =>
    command(`deliver all to ${String(to)}`, (world) => {
      for (const frame of world.air[to].splice(0)) world.deliver(to, frame);
      world.step(0);
    }),
  ),
  side.map((from) =>
    command(`data from ${String(from)}`, (world) => {
      world.send(from);
    }),
  ),
];
const rare = [
  side.map((who) =>
    command(`reboot ${String(who)}`, async (world) => {
      await world.reboot(who);
    }),
  ),
  side.map((who) =>
    command(`close by ${String(who)}`, (world) => {
      const link = world.nodes[who].linkTo(world.nodes[other(who)]);
      if (link !== undefined) world.nodes[who].close(link);
      world.step(0);
    }),
  ),
];

it("handshake, rekey and replay window hold under loss, repetition, reordering, alteration and reboots", async () => {
  const weighted = [
    ...steps,
    ...steps,
    ...steps,
    ...steps,
    ...often,
    ...often,
    ...often,
    ...often,
    ...often,
    ...groups,
    ...groups,
    ...rare,
  ];
  let rekeys = 0;
  let accepted = 0;
  let healed = 0;
  let group = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.commands(weighted, { maxCommands: 200, size: "max" }),
      async (linked, commands) => {
        const world = new World([await LinkNode.boot("a"), await LinkNode.boot("b")]);
        if (linked) world.link();
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
        accepted += world.data.filter((sent) => sent.accepted).length;
        rekeys += world.nodes[0].counter(24);
        world.heal();
        const [a, b] = world.nodes;
        expect(a.key(a.linkTo(b) ?? 9)).toBe(b.key(b.linkTo(a) ?? 9));
        group += world.groupFrames;
        for (const [from, toGroup] of [0, 1].flatMap((from) => [
          [from as Side, false] as const,
          [from as Side, true] as const,
        ])) {
          const number = toGroup ? world.sendToGroup(from) : world.send(from);
          for (const frame of world.air[other(from)].splice(0)) world.deliver(other(from), frame);
          expect(number !== undefined && world.data[number]?.accepted).toBe(true);
        }
        healed++;
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  // The commands reach what they are meant to test.
  expect(healed).toBe(RUNS);
  expect(accepted).toBeGreaterThan(100);
  expect(rekeys).toBeGreaterThan(3);
  expect(group).toBeGreaterThan(10);
}, 120_000);
