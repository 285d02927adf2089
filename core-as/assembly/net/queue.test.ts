import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Counter, Status } from "../../../host/core/abi.gen.ts";
import { LOAD_TIMEOUT_MS, packet, PacketPath } from "../../../tests/support/packet-path.ts";
import { runs } from "../../../tests/support/runs.ts";

const QUOTAS = [3, 5, 5, 3];
const BUFFERS = 16;
const OWN = 255;
/** Four times the drain time of a full priority at 1456 ms a frame (SF8), or the digest's limit where that is longer. */
const LIMITS_MS = [17_472, 29_120, 30_000, Infinity];
/** How often a packet goes out at most. */
const TIMES_MAX = 5;
const LINKS = 4;
/** A largest link frame at SF8. */
const FRAME_MS = 1456;

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);
beforeEach(() => {
  core.records.clear();
  boot();
});

function boot(): void {
  core.boot({ duty: 1000, wired: [{ bitrate: 8000 }] });
  for (let i = 0; i < LINKS; i++) core.link(i, { port: i === 3 ? 1 : 0 });
}

function add(
  linkOut: number,
  linkIn: number,
  priority: number,
  trafficClass: number,
  now: number,
  length = 100,
): number {
  const bytes = packet(linkOut, length);
  const at = core.put(bytes);
  return core.call("queueAdd", at, length, priority << 6, linkOut, linkIn, trafficClass, at + 2, BigInt(now));
}

function next(port: number, now: number): number {
  return core.call("queueNext", port, BigInt(now));
}

interface Waiting {
  readonly id: number;
  linkOut: number;
  readonly linkIn: number;
  readonly priority: number;
  readonly funded: boolean;
  readonly size: number;
  since: number;
  /** How often it went out, and while its acknowledgment is awaited the time from which it is overdue at the latest. */
  times: number;
  due: number | undefined;
}

/** The queue as the text has it, in the plainest form: a list, oldest first. */
class Model {
  /** Packets that hold a buffer. */
  waiting: Waiting[] = [];
  now = 0;
  id = 0;
  /** When each ingress was last served, and P3's credit in bytes on each interface. */
  turns = new Map<number, number>();
  turn = 0;
  credit = [0, 0];
  counters = { refused: 0, full: 0, expired: 0 };

  at(priority: number): Waiting[] {
    return this.waiting.filter((w) => w.priority === priority);
  }

  add(entry: Waiting): number {
    const level = this.at(entry.priority);
    if (level.length >= (QUOTAS[entry.priority] ?? 0)) {
      const held = (linkIn: number): number => level.filter((w) => w.linkIn === linkIn).length;
      const unfunded = level.filter((w) => !w.funded);
      const most = Math.max(...level.map((w) => held(w.linkIn)));
      let victim: Waiting | undefined;
      if (entry.funded && unfunded.length > 0) victim = unfunded[0];
      else if (entry.funded && most > held(entry.linkIn) + 1)
        victim = level.filter((w) => held(w.linkIn) === most).at(-1);
      if (!(victim ?? entry).funded) this.counters.refused++;
      else this.counters.full++;
      if (victim === undefined) return entry.funded ? Status.QueueFull : Status.Refused;
      this.waiting = this.waiting.filter((w) => w !== victim);
    }
    this.waiting.push(entry);
    return Status.Ok;
  }

  port(w: Waiting): number {
    return w.linkOut === 3 ? 1 : 0;
  }

  next(port: number): Waiting | undefined {
    const here = this.waiting.filter((w) => this.port(w) === port && w.due === undefined);
    const rank = (w: Waiting): number => {
      if (!w.funded) return 10 + w.priority;
      return w.priority === 3 && (this.credit[port] ?? 0) >= 9 * w.size ? -1 : w.priority;
    };
    return here.sort(
      (a, b) => rank(a) - rank(b) || (this.turns.get(a.linkIn) ?? 0) - (this.turns.get(b.linkIn) ?? 0) || a.id - b.id,
    )[0];
  }

  /** `due`: what the core drew for it. */
  sent(w: Waiting, port: number, due: number): void {
    w.times++;
    if (port === 0 && w.priority !== 0 && w.funded) w.due = due;
    else this.drop(w);
    this.turns.set(w.linkIn, ++this.turn);
    const credit = this.credit[port] ?? 0;
    if (w.priority === 3 && w.funded) this.credit[port] = Math.max(0, credit - 9 * w.size);
    else this.credit[port] = Math.min(credit + w.size, 4840);
  }

  drop(w: Waiting): void {
    this.waiting = this.waiting.filter((other) => other !== w);
  }

  requeue(w: Waiting, link: number): void {
    Object.assign(w, { linkOut: link, since: this.now, due: undefined });
  }

  expire(): void {
    const dead = this.waiting.filter((w) => {
      if (w.due !== undefined) return false;
      const limit = this.port(w) === 1 ? wiredLimit(w.priority) : (LIMITS_MS[w.priority] ?? 0);
      return this.now - w.since >= limit;
    });
    this.waiting = this.waiting.filter((w) => !dead.includes(w));
    this.counters.expired += dead.length;
  }

  fill(): number {
    const part = (n: number, of: number): number => Math.floor((n * 1000) / of);
    const left = this.waiting.filter((w) => w.due === undefined);
    const at = (priority: number): number => left.filter((w) => w.priority === priority).length;
    return Math.max(part(left.length, BUFFERS), part(at(1), 5), part(at(2), 5));
  }
}

/** The same on the wire at 8000 bit/s: 508 ms for the largest frame. */
function wiredLimit(priority: number): number {
  const drain = 4 * (QUOTAS[priority] ?? 0) * 508;
  return priority === 3 ? Infinity : Math.max([500, 5000, 30_000][priority] ?? 0, drain);
}

/** What the core keeps of a buffer: its state, and when its packet came in or its acknowledgment is overdue. */
function stateOf(index: number): { state: number; since: number } {
  const at = core.call("queuePacket", index) - 28;
  return { state: core.memory[at] ?? 0, since: Number(core.memory.readBigUInt64LE(at + 8)) };
}

/** The buffer that holds the packet of this id. */
function bufferOf(id: number): number {
  for (let i = 0; i < BUFFERS; i++) if (core.call("queueWaits", i) !== 0 && idOf(i) === id) return i;
  throw new Error(`no buffer holds packet ${id}`);
}

/** How often a link was told of failures and deliveries. */
function told(link: number): { failed: number; delivered: number } {
  const at = core.call("block", 3) + 32 * link;
  return { failed: core.memory[at + 19] ?? 0, delivered: core.memory.readUInt16LE(at + 22) };
}

/** The id of a waiting packet is in its destination. */
function idOf(index: number): number {
  return core.memory.readUInt32LE(core.call("queuePacket", index) + 2);
}

function check(model: Model): void {
  const waiting: number[] = [];
  for (let i = 0; i < BUFFERS; i++) if (core.call("queueWaits", i) !== 0) waiting.push(idOf(i));
  expect(waiting.sort((a, b) => a - b)).toEqual(model.waiting.map((w) => w.id));
  const due = model.waiting.map((w) => w.due ?? Infinity);
  expect(core.time("queueDeadline")).toBe(Math.min(Infinity, ...due));
  expect(core.call("queueFill")).toBe(model.fill());
  const { refused, full, expired } = model.counters;
  expect(core.counter(Counter.PacketsRefused)).toBe(refused);
  expect(core.counter(Counter.PacketsQueueFull)).toBe(full);
  expect(core.counter(Counter.PacketsExpired)).toBe(expired);
}

type Command = fc.Command<Model, PacketPath>;

const addCommand = fc
  .record({
    linkOut: fc.nat(LINKS - 1),
    linkIn: fc.constantFrom(0, 1, 2, 3, OWN),
    priority: fc.nat(3),
    funded: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
    size: fc.constantFrom(67, 230, 231, 484),
  })
  .map((spec): Command => ({
    check: () => true,
    run: (model, real) => {
      const entry = { ...spec, id: ++model.id, since: model.now, times: 0, due: undefined };
      const bytes = packet(spec.linkOut, spec.size, entry.id);
      const at = real.put(bytes);
      const trafficClass = spec.funded ? 1 + (entry.id & 1) : 0;
      const status = real.call(
        "queueAdd",
        at,
        spec.size,
        (spec.priority << 6) | 8,
        spec.linkOut,
        spec.linkIn,
        trafficClass,
        at,
        BigInt(model.now),
      );
      expect(status).toBe(model.add(entry));
      check(model);
    },
    toString: () => `add ${JSON.stringify(spec)}`,
  }));

const sendCommand = fc.nat(1).map((port): Command => ({
  check: () => true,
  run: (model, real) => {
    const expected = model.next(port);
    const index = next(port, model.now);
    expect(index < 0 ? undefined : idOf(index)).toBe(expected?.id);
    if (expected === undefined) return;
    expect(real.call("queueLength", index)).toBe(expected.size);
    expect(real.call("queueQos", index)).toBe((expected.priority << 6) | 8);
    expect(real.call("queueLinkOut", index)).toBe(expected.linkOut);
    expect(real.call("queueLinkIn", index)).toBe(expected.linkIn);
    expect(real.call("queueClass", index) !== 0).toBe(expected.funded);
    real.call("queueSent", index, port, BigInt(model.now));
    const awaited = real.call("queueAwaits", index, expected.linkOut) !== 0;
    const due = awaited ? stateOf(index).since : 0;
    model.sent(expected, port, due);
    expect(awaited).toBe(expected.due !== undefined);
    if (awaited) {
      const frames = (due - model.now) / FRAME_MS - 3 - expected.times;
      expect(frames).toBeGreaterThanOrEqual(0);
      expect(frames).toBeLessThan(1);
      expect(real.call("queueSpent", index)).toBe(expected.times >= TIMES_MAX ? 1 : 0);
    }
    check(model);
  },
  toString: () => `send on ${port}`,
}));

const waitCommand = fc.oneof(fc.nat(300), fc.nat(20_000)).map((ms): Command => ({
  check: () => true,
  run: (model, real) => {
    model.now += ms;
    model.expire();
    real.call("queueExpire", BigInt(model.now));
    check(model);
  },
  toString: () => `wait ${ms}`,
}));

/** A PacketAck by a link, for a packet that was sent that way, another, or nothing here. */
const ackCommand = fc.record({ link: fc.nat(LINKS - 1), which: fc.nat(BUFFERS) }).map(({ link, which }): Command => ({
  check: () => true,
  run: (model, real) => {
    const target = model.waiting[which % Math.max(model.waiting.length, 1)];
    const hash = Buffer.alloc(8);
    if (target === undefined) hash.fill(0xee);
    else packet(0, 67, target.id).copy(hash, 0, 0, 8);
    const before = told(link).delivered;
    real.call("queueAcknowledged", link, real.put(hash), 1n);
    const taken = target?.due !== undefined && target.linkOut === link;
    expect(told(link).delivered - before).toBe(taken ? 1 : 0);
    if (taken) model.drop(target);
    check(model);
  },
  toString: () => `acknowledged ${which} by ${link}`,
}));

/** Time passes until the next acknowledgment is overdue: it goes by another link, or is given up after five times. */
const overdueCommand = fc.nat(LINKS - 1).map((link): Command => ({
  check: (model) => model.waiting.some((w) => w.due !== undefined),
  run: (model, real) => {
    const next = Math.min(...model.waiting.map((w) => w.due ?? Infinity));
    const early = BigInt(Math.max(next - 1, model.now));
    if (next > model.now) expect(real.call("queueOverdue", early)).toBe(-1);
    model.now = Math.max(model.now, next);
    model.expire();
    real.call("queueExpire", BigInt(model.now));
    const index = real.call("queueOverdue", BigInt(model.now));
    const entry = model.waiting.find((w) => w.id === idOf(index));
    if (entry?.due === undefined) throw new Error("a packet nobody has sent is overdue");
    expect(entry.due).toBeLessThanOrEqual(model.now);
    expect(bufferOf(entry.id)).toBe(index);
    const spent = real.call("queueSpent", index) !== 0;
    expect(spent).toBe(entry.times === TIMES_MAX);
    if (spent) {
      real.call("queueDrop", index);
      model.drop(entry);
    } else {
      real.call("queueRequeue", index, link, BigInt(model.now));
      model.requeue(entry, link);
    }
    check(model);
  },
  toString: () => `overdue, then by ${link}`,
}));

describe("the packet queue", () => {
  it("orders, refuses and drops as the model does", () => {
    fc.assert(
      fc.property(
        fc.commands(
          [addCommand, addCommand, addCommand, sendCommand, sendCommand, waitCommand, ackCommand, overdueCommand],
          { maxCommands: 150, size: "max" },
        ),
        (commands) => {
          boot();
          fc.modelRun(() => ({ model: new Model(), real: core }), commands);
        },
      ),
      { numRuns: runs(150, 2000) },
    );
  });

  it("gives P3 a tenth of the bytes while everything else has more than it can send", () => {
    for (const bulkSize of [100, 484]) {
      boot();
      let bulk = 0;
      let rest = 0;
      for (let slot = 0; slot < 2000; slot++) {
        while (add(0, 1, 1, 1, slot, 484) === Number(Status.Ok));
        while (add(0, 1, 3, 1, slot, bulkSize) === Number(Status.Ok));
        const index = next(0, slot);
        const size = core.call("queueLength", index);
        if (core.call("queueQos", index) >> 6 === 3) bulk += size;
        else rest += size;
        core.call("queueSent", index, 0, BigInt(slot));
        core.call("queueDrop", index);
      }
      expect(bulk / (bulk + rest)).toBeGreaterThan(0.099);
      expect(bulk / (bulk + rest)).toBeLessThan(0.105);
    }
  });

  it("lets neighbours take turns however much each sends", () => {
    const served = [0, 0, 0];
    for (let slot = 0; slot < 300; slot++) {
      // Neighbour 1 offers ten times what neighbours 2 and 3 offer.
      for (let i = 0; i < 10; i++) add(0, 1, 1, 1, slot);
      add(0, 2, 1, 1, slot);
      add(0, 3, 1, 1, slot);
      const index = next(0, slot);
      const from = core.call("queueLinkIn", index) - 1;
      served[from] = (served[from] ?? 0) + 1;
      core.call("queueSent", index, 0, BigInt(slot));
      core.call("queueDrop", index);
    }
    expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(3);
  });

  it("holds back what a neighbour asked to be held back, and says until when", () => {
    const now = 1000;
    add(1, 2, 2, 1, now);
    core.call("throttleHeard", 1, 2, 5000, BigInt(now));
    expect(next(0, now)).toBe(-1);
    expect(core.time("queueReadyAt", 0, BigInt(now))).toBe(6000);
    expect(core.time("queueReadyAt", 1, BigInt(now))).toBe(Infinity);
    add(1, 2, 0, 1, now);
    expect(core.call("queueQos", next(0, now)) >> 6).toBe(0);
    expect(next(0, 6000)).toBeGreaterThanOrEqual(0);
  });

  it("keeps unfunded packets within their share of the air, not of a wire", () => {
    core.boot({ duty: 10, wired: [{ bitrate: 8000 }] });
    for (let i = 0; i < LINKS; i++) core.link(i, { port: i === 3 ? 1 : 0 });
    // A tenth of 36 s an hour: two frames of 1.5 s at once are within it, a third is not.
    const us = BigInt(core.call("mediumAirtimeUs", 508));
    core.call("airtimeAdd", 3, us, 0n);
    core.call("airtimeAdd", 3, us, 0n);
    add(0, 1, 1, 0, 0, 484);
    add(3, 1, 1, 0, 0, 484);
    expect(next(0, 0)).toBe(-1);
    expect(next(1, 0)).toBeGreaterThanOrEqual(0);
    const ready = core.time("queueReadyAt", 0, 0n);
    expect(ready).toBeGreaterThan(1_000_000);
    expect(next(0, ready)).toBeGreaterThanOrEqual(0);
  });

  it.each([
    ["P0", 0, 0, 1],
    ["an unfunded packet", 0, 1, 0],
    ["one on a wire", 3, 1, 1],
  ])("awaits no acknowledgment for %s", (_, link, priority, trafficClass) => {
    add(link, OWN, priority, trafficClass, 1000);
    const port = link === 3 ? 1 : 0;
    core.call("queueSent", next(port, 1000), port, 1000n);
    expect(core.time("queueDeadline")).toBe(Infinity);
    expect(core.call("queueWaits", 0)).toBe(0);
  });

  it("says which acknowledgment did not come, and waits longer each time", () => {
    add(1, 2, 1, 1, 0);
    let now = 0;
    const waits: number[] = [];
    for (let time = 1; time <= TIMES_MAX; time++) {
      const index = next(0, now);
      core.call("queueSent", index, 0, BigInt(now));
      expect([core.call("queueAwaits", index, 1), core.call("queueAwaits", index, 0)]).toEqual([1, 0]);
      expect(next(0, now)).toBe(-1);
      // However long it takes, a sent packet does not expire: its acknowledgment decides.
      core.call("queueExpire", BigInt(now + 1_000_000));
      const due = core.time("queueDeadline");
      waits.push(due - now);
      now = due;
      expect(core.call("queueOverdue", BigInt(now))).toBe(index);
      expect(core.call("queueSpent", index)).toBe(time === TIMES_MAX ? 1 : 0);
      if (time < TIMES_MAX) core.call("queueRequeue", index, 1, BigInt(now));
    }
    expect(waits.map((ms) => Math.floor(ms / FRAME_MS))).toEqual([4, 5, 6, 7, 8]);
    expect(core.counter(Counter.PacketsExpired)).toBe(0);
  });

  it("keeps the buffer of a sent packet, which counts for its priority and not as waiting", () => {
    for (let i = 0; i < 5; i++) add(1, 2, 1, 1, 0);
    for (let i = 0; i < 5; i++) core.call("queueSent", next(0, 0), 0, 0n);
    expect(core.call("queueFill")).toBe(0);
    expect(add(1, 2, 1, 1, 0)).toBe(Status.QueueFull);
    expect(add(1, 2, 2, 1, 0)).toBe(Status.Ok);
  });
});
