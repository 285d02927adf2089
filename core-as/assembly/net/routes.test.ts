/**
 * The routing table against a plain model of it: bounded table, seq rules, three next hops, feasibility, expiry, link
 * failure; and the choice among candidates against floating point.
 */
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Event, Status } from "../../../host/core/abi.gen.ts";
import {
  announce,
  given,
  identity,
  LINKS,
  NO_LINK,
  NO_ROUTE,
  ROUTES,
  RoutingNode,
} from "../../../tests/support/routing.ts";

let node: RoutingNode;
beforeAll(async () => {
  node = await RoutingNode.make();
});

const NOW = 20_000_000;
const IDS = ROUTES + 60;
const FIRST = 1000;

function reset(): void {
  node.reset(1);
  for (let i = 0; i < LINKS; i++) {
    const peer = identity(900 + i).id;
    node.setLink(i, {
      up: true,
      port: 0,
      reliability: 128,
      suspect: false,
      latency: 100,
      bitrate: 10_000,
      mtu: 484,
      price: 5,
      peer,
    });
  }
}

interface Path {
  link: number;
  cost: number;
  hops: number;
  old: boolean;
}

interface Route {
  id: number;
  seq: number;
  paths: Path[];
  updated: number;
  offered: number;
  rescues: number;
  wanted: boolean;
}

const NOTHING = 0x7fffff;
const label = (path: { cost: number; hops: number }): number => path.cost * 256 + path.hops;
const place = (path: Path): number => label(path) + (path.old ? 1e9 : 0);

/** What routes.ts is meant to do, slot by slot, in terms of lists. */
class Model {
  readonly slots: (Route | undefined)[] = Array<Route | undefined>(ROUTES).fill(undefined);
  reliability: number[] = Array<number>(LINKS).fill(128);
  now = NOW;
  swept = Math.floor(NOW / 65536);

  find(id: number): Route | undefined {
    return this.slots.find((route) => route?.id === id);
  }

  age(route: Route, now = this.now): number {
    return Math.floor(now / 4096) - Math.floor(route.updated / 4096);
  }

  hear(id: number, seq: number, path: Path): number {
    let route = this.find(id);
    if (route !== undefined && seq < route.seq) return Status.Stale;
    if (route?.seq === seq) return this.take(route, path) ? Status.Ok : Status.Stale;
    if (route === undefined) {
      const index = this.room(given(this.reliability[path.link]));
      if (index === undefined) return Status.TableFull;
      route = { id, seq, paths: [], updated: 0, offered: NOTHING, rescues: 0, wanted: false };
      this.slots[index] = route;
    }
    const kept = route.paths.filter(({ old }) => !old).map((p) => ({ ...p, old: true }));
    Object.assign(route, { seq, paths: kept, updated: this.now, offered: NOTHING, rescues: 0, wanted: false });
    this.take(route, path);
    return Status.Ok;
  }

  take(route: Route, path: Path): boolean {
    const feasible = route.paths.some((p) => !p.old && label(p) < route.offered);
    const known = route.paths.some(({ link }) => link === path.link);
    if (!known && !feasible && label(path) >= route.offered) return false;
    const rest = route.paths.filter(({ link }) => link !== path.link);
    const after = rest.findIndex((p) => place(p) > place(path));
    rest.splice(after < 0 ? rest.length : after, 0, path);
    route.paths = rest.slice(0, 3);
    route.wanted = false;
    this.settle(route, feasible, false);
    return true;
  }

  settle(route: Route, feasible: boolean, had: boolean): void {
    const degraded = feasible && !route.paths.some((p) => !p.old && label(p) < route.offered);
    if (!degraded && !(had && route.paths.length === 0)) return;
    route.wanted = true;
    if (degraded && route.offered !== NOTHING && route.rescues < 3) {
      route.rescues++;
      route.offered = NOTHING;
    }
  }

  drop(route: Route, links: number): void {
    const feasible = route.paths.some((p) => !p.old && label(p) < route.offered);
    const had = route.paths.length > 0;
    route.paths = route.paths.filter(({ link }) => ((links >> link) & 1) === 0);
    this.settle(route, feasible, had);
  }

  room(reliability: number): number | undefined {
    const free = this.slots.indexOf(undefined);
    if (free >= 0) return free;
    const rank = (route: Route): number => {
      const best = route.paths[0];
      if (best === undefined) return 0x20000 + this.age(route);
      if (this.age(route) >= 1319) return 0x10000 + this.age(route);
      const less = given(this.reliability[best.link]);
      return less < reliability ? 256 - less : 0;
    };
    const ranks = this.slots.map((route) => rank(given(route)));
    const most = Math.max(...ranks);
    return most === 0 ? undefined : ranks.indexOf(most);
  }

  advance(by: number): void {
    this.now += by;
    const sweep = Math.floor(this.now / 65536);
    if (sweep === this.swept) return;
    this.swept = sweep;
    this.slots.forEach((route, i) => {
      if (route !== undefined && this.age(route, sweep * 65536) >= 1758) this.slots[i] = undefined;
    });
  }
}

/** The table as the model has it. */
function table(): (Omit<Route, "id" | "updated"> & { id: string })[] {
  const bytes = Buffer.from(node.table());
  const found = [];
  for (let at = 0; at < bytes.length; at += 64) {
    const flags = given(bytes[at + 60]);
    if (flags === 0) {
      found.push({ id: "", seq: 0, paths: [], offered: 0, rescues: 0, wanted: false });
      continue;
    }
    const paths: Path[] = [];
    for (let slot = at + 32; slot < at + 56; slot += 8) {
      const cost = bytes.readUInt16LE(slot + 2);
      if (bytes[slot] === 255) continue;
      paths.push({ link: given(bytes[slot]), cost: cost & 0x7fff, hops: given(bytes[slot + 1]), old: cost >= 0x8000 });
    }
    found.push({
      id: bytes.subarray(at, at + 16).toString("hex"),
      seq: Number(bytes.readBigUInt64LE(at + 16)),
      paths,
      offered: bytes.readUInt32LE(at + 60) >>> 8,
      rescues: (flags >> 3) & 3,
      wanted: (flags & 4) !== 0,
    });
  }
  return found;
}

function expected(model: Model): ReturnType<typeof table> {
  return model.slots.map((route) => {
    if (route === undefined) return { id: "", seq: 0, paths: [], offered: 0, rescues: 0, wanted: false };
    const { seq, offered, rescues, wanted } = route;
    const paths = route.paths.map(({ link, cost, hops, old }) => ({ link, cost, hops, old }));
    return { id: Buffer.from(identity(FIRST + route.id).id).toString("hex"), seq, paths, offered, rescues, wanted };
  });
}

type Step = (model: Model) => void;

const id = fc.nat(IDS - 1);
const few = fc.nat(3);
const link = fc.nat(LINKS - 1);

function hear(which: number, seq: number, over: number, cost: number, hops: number): Step {
  return (model) => {
    const packet = announce(identity(FIRST + which), { seq, cost, hops });
    const status = node.receive(packet, over, model.now);
    expect(status).toBe(model.hear(which, seq, { link: over, cost, hops, old: false }));
  };
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.tuple(few, fc.integer({ min: 1, max: 4 }), link, fc.nat(60), fc.nat(6)).map((a) => hear(...a)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(id, fc.integer({ min: 20, max: 120 }), link).map(([from, count, over]): Step => (model) => {
      for (let k = 0; k < count; k++) hear((from + k) % IDS, 1, over, 20, 1)(model);
    }),
  },
  {
    weight: 3,
    arbitrary: fc.nat(255).map((mask): Step => (model) => {
      node.call("routesLinkDown", mask, BigInt(model.now));
      for (const route of model.slots) if (route !== undefined) model.drop(route, mask);
    }),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(few, link).map(([which, over]): Step => (model) => {
      node.call("routeFailed", node.put(identity(FIRST + which).id), over);
      const route = model.find(which);
      if (route !== undefined) model.drop(route, 1 << over);
    }),
  },
  {
    weight: 4,
    // What is offered, and to whom, is for the tests of announces; here only how low.
    arbitrary: fc.constant<Step>((model) => {
      for (
        let next = node.next(0, model.now + 10_000_000);
        next !== undefined;
        next = node.next(0, model.now + 10_000_000)
      ) {
        const which = Buffer.from(next.packet.subarray(2, 18)).toString("hex");
        const route = given(
          model.slots.find((r) => r !== undefined && Buffer.from(identity(FIRST + r.id).id).toString("hex") === which),
        );
        const buffer = Buffer.from(next.packet);
        route.offered = Math.min(route.offered, buffer.readUInt16LE(126) * 256 + given(buffer[131]));
        const best = given(route.paths.find((p) => p.link !== given(next).link && !p.old));
        expect(buffer.readUInt16LE(126)).toBe(node.call("costAdd", best.cost, 5));
        expect(buffer[131]).toBe(best.hops + 1);
      }
    }),
  },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 4_000_000 }).map((by): Step => (model) => {
      model.advance(by);
      node.call("routesAdvance", BigInt(model.now));
    }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(link, fc.nat(255)).map(([over, reliability]): Step => (model) => {
      node.setLink(over, { reliability });
      model.reliability[over] = reliability;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.nat(20).map((limit): Step => (model) => {
      const wanted = model.slots.filter((route) => route?.wanted === true).slice(0, limit);
      expect(node.wanted(limit).length).toBe(wanted.length);
      for (const route of wanted) given(route).wanted = false;
    }),
  },
);

describe("the table", () => {
  it("does what the model does, whatever happens", () => {
    let full = 0;
    let rescued = 0;
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 80 }), (run) => {
        reset();
        node.call("routesAdvance", BigInt(NOW));
        const model = new Model();
        for (const step of run) {
          step(model);
          const [got, want] = [table(), expected(model)];
          // Comparing texts takes a tenth of the time; the objects are for the message.
          if (JSON.stringify(got) !== JSON.stringify(want)) expect(got).toEqual(want);
          if (!model.slots.includes(undefined)) full++;
          if (model.slots.some((route) => route !== undefined && route.rescues > 0)) rescued++;
        }
      }),
      { numRuns: 80 },
    );
    expect(full).toBeGreaterThan(10);
    expect(rescued).toBeGreaterThan(10);
  });

  it("takes any offer after a loss, three times in one seq, then only one below all it has offered", () => {
    reset();
    const destination = identity(FIRST);
    const hear = (seq: number, cost: number, link: number): number =>
      node.receive(announce(destination, { seq, cost }), link, NOW);
    const offer = (): void => {
      node.call("announceResend", node.find(destination.id), 7);
      while (node.next(0, NOW + 10_000_000) !== undefined);
    };
    for (let loss = 0; loss < 4; loss++) {
      expect(hear(1, 20 + 40 * loss, loss)).toBe(Status.Ok);
      offer();
      node.call("routesLinkDown", 1 << loss, BigInt(NOW));
    }
    expect(hear(1, 300, 4)).toBe(Status.Stale);
    expect(hear(1, 100, 4)).toBe(Status.Ok);
    node.call("routesLinkDown", 1 << 4, BigInt(NOW));
    expect(hear(1, 300, 5)).toBe(Status.Stale);
    expect(hear(2, 300, 5)).toBe(Status.Ok);
  });

  it.each([
    [2, 110],
    [3, 111],
  ])(
    "forgets after 7200 s, at the step of 65.536 s that comes then: %i units into a step, %i steps later",
    (units, steps) => {
      reset();
      const step = 300;
      node.call("routesAdvance", BigInt(step * 65536));
      node.receive(announce(identity(FIRST)), 0, (16 * step + units) * 4096 + 4095);
      node.call("routesAdvance", BigInt((step + steps) * 65536 - 1));
      expect(node.find(identity(FIRST).id)).not.toBe(NO_ROUTE);
      expect(node.call("routesDeadline")).toBe((step + steps) * 65536);
      node.call("routesAdvance", BigInt((step + steps) * 65536));
      expect(node.find(identity(FIRST).id)).toBe(NO_ROUTE);
    },
  );

  it("counts and tells what comes, goes and is turned away", () => {
    reset();
    const before = (["RoutesAdded", "RoutesEvicted", "RoutesRefused", "RoutesExpired"] as const).map((n) =>
      node.counter(n),
    );
    for (let k = 0; k < ROUTES; k++) expect(node.receive(announce(identity(FIRST + k)), 0, NOW)).toBe(Status.Ok);
    expect(node.receive(announce(identity(FIRST + ROUTES)), 1, NOW)).toBe(Status.TableFull);
    node.setLink(1, { reliability: 129 });
    expect(node.receive(announce(identity(FIRST + ROUTES)), 1, NOW)).toBe(Status.Ok);
    expect(node.find(identity(FIRST).id)).toBe(NO_ROUTE);
    node.events.length = 0;
    node.call("routesLinkDown", 2, BigInt(NOW));
    expect(node.events.map(({ kind }) => kind)).toEqual([Event.RouteLost]);
    node.call("routesAdvance", BigInt(NOW + 7_300_000));
    expect(node.events.length).toBe(ROUTES);
    const after = (["RoutesAdded", "RoutesEvicted", "RoutesRefused", "RoutesExpired"] as const).map((n) =>
      node.counter(n),
    );
    expect(after.map((n, k) => n - given(before[k]))).toEqual([ROUTES + 1, 1, 1, ROUTES + 1]);
  });

  it("is reported in pieces", () => {
    reset();
    for (let k = 0; k < 30; k++)
      node.receive(announce(identity(FIRST + k), { cost: 57, hops: 2, latency: 700, rate: 80 }), k % 2, NOW);
    node.receive(announce(identity(FIRST), { cost: 60, hops: 2 }), 5, NOW);
    const seen: string[] = [];
    let from = 0;
    do {
      const length = node.call("routesReport", node.out, 1000, from, BigInt(NOW + 5_410_000));
      const reply = Buffer.from(node.read(node.out, length));
      expect((length - 2) % 40).toBe(0);
      for (let at = 2; at < length; at += 40) {
        const k = seen.push(reply.subarray(at, at + 16).toString("hex")) - 1;
        expect(reply.subarray(at + 16, at + 32).toString("hex")).toBe(
          Buffer.from(identity(900 + (k % 2)).id).toString("hex"),
        );
        expect(reply.subarray(at + 32, at + 40).toString("hex")).toBe(
          "3900" + "bc02" + "50" + "02" + "00" + (k === 0 ? "82" : "81"),
        );
      }
      from = reply.readUInt16LE(0);
    } while (from !== 0);
    expect(seen).toEqual(Array.from({ length: 30 }, (_, k) => Buffer.from(identity(FIRST + k).id).toString("hex")));
  });
});

describe("a shunned next hop", () => {
  const [known, only] = [identity(FIRST), identity(FIRST + 1)];
  const hops = (to: typeof known): number[] => [0, 1, 2].map((link) => node.choose(to.id, NOW, 0, 0xff & ~(1 << link)));

  beforeEach(() => {
    reset();
    for (let i = 3; i < LINKS; i++) node.setLink(i, { up: false });
    for (const to of [known, only]) expect(node.receive(announce(to, { cost: 5 }), 1, NOW)).toBe(Status.Ok);
    expect(node.receive(announce(known, { cost: 50 }), 2, NOW)).toBe(Status.Ok);
    node.setLink(1, { shunned: true });
    node.call("routesShun", 1);
  });

  it("loses the paths to which there is another, and keeps the only ones", () => {
    expect([hops(known), hops(only)]).toEqual([
      [NO_LINK, NO_LINK, 2],
      [NO_LINK, 1, NO_LINK],
    ]);
  });

  it("offers in vain where there is another path, and is believed where there is none", () => {
    expect(node.receive(announce(known, { cost: 1 }), 1, NOW)).toBe(Status.Stale);
    expect(node.receive(announce(only, { cost: 1 }), 1, NOW)).toBe(Status.Ok);
    // A new seq that it is the first to bring counts, until another brings it.
    expect(node.receive(announce(known, { cost: 1, seq: 9 }), 1, NOW)).toBe(Status.Ok);
    expect(hops(known)[1]).toBe(1);
    expect(node.receive(announce(known, { cost: 50, seq: 9 }), 2, NOW)).toBe(Status.Ok);
    expect(hops(known)).toEqual([NO_LINK, NO_LINK, 2]);
  });

  it("has its offers taken again when it is over", () => {
    node.setLink(1, { shunned: false });
    expect(node.receive(announce(known, { cost: 1 }), 1, NOW)).toBe(Status.Ok);
    expect(hops(known)).toEqual([NO_LINK, 1, 2]);
  });
});

describe("the choice", () => {
  const destination = identity(FIRST);
  beforeEach(reset);

  const WEIGHTS = [
    [3, 3, 3],
    [8, 1, 0],
    [1, 8, 0],
    [1, 1, 7],
    [1, 1, 0],
  ];

  it("follows the weights of each policy, as in floating point", () => {
    const path = fc.record({
      cost: fc.nat(500),
      latency: fc.integer({ min: 100, max: 5000 }),
      reliability: fc.nat(255),
    });
    fc.assert(
      fc.property(fc.array(path, { minLength: 3, maxLength: 3 }), fc.nat(4), fc.nat(7), (paths, policy, exclude) => {
        reset();
        paths.forEach(({ cost, latency, reliability }, i) => {
          node.setLink(i, { reliability });
          node.receive(announce(destination, { cost, latency }), i, NOW);
        });
        const open = paths.map((p, i) => ({ ...p, i })).filter(({ i }) => ((exclude >> i) & 1) === 0);
        // Fastest leaves out ways slower than the cheapest, which is the one announced.
        const cheapest = Math.min(...paths.map(({ cost }) => cost));
        const limit = Math.min(
          ...paths
            .filter(({ cost }) => cost === cheapest)
            .slice(0, 1)
            .map(({ latency }) => latency),
        );
        const safe = open.filter(({ latency }) => policy !== 2 || latency <= limit);
        const candidates = safe.length > 0 ? safe : open;
        const link = node.choose(destination.id, NOW, policy, exclude);
        if (candidates.length === 0) {
          expect(link === NO_LINK || node.call("routeChoiceGreedy") === 1).toBe(true);
          return;
        }
        const price = ({ cost }: { cost: number }): number => 2 ** (cost / 16) - 1;
        const most = (of: (c: (typeof open)[number]) => number): number => Math.max(...candidates.map(of)) || 1;
        const score = (c: (typeof open)[number]): number => {
          const [b, l, d] = WEIGHTS[policy] as [number, number, number];
          return (
            (b * price(c)) / most(price) + (l * c.latency) / most((x) => x.latency) + d * (1 - c.reliability / 255)
          );
        };
        const best = Math.min(...candidates.map(score));
        const chosen = candidates.find(({ i }) => i === link);
        expect(chosen).toBeDefined();
        expect(score(given(chosen)) - best).toBeLessThan(0.001);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes a suspect link only when nothing else is left", () => {
    node.receive(announce(destination, { cost: 1 }), 0, NOW);
    node.receive(announce(destination, { cost: 400 }), 1, NOW);
    expect(node.choose(destination.id, NOW, 1)).toBe(0);
    node.setLink(0, { suspect: true });
    expect(node.choose(destination.id, NOW, 1)).toBe(1);
    expect(node.choose(destination.id, NOW, 1, 2)).toBe(0);
  });

  it("takes a way that may lead back only when nothing else is left", () => {
    node.receive(announce(destination, { cost: 20, latency: 5000 }), 0, NOW);
    while (node.next(0, NOW + 1000) !== undefined);
    node.receive(announce(destination, { cost: 60, latency: 100 }), 1, NOW);
    expect(node.choose(destination.id, NOW, 0)).toBe(0);
    expect(node.choose(destination.id, NOW, 0, 1)).toBe(1);
    // Fastest compares latencies: the slow way is the one announced, so the fast one cannot lead back.
    expect(node.choose(destination.id, NOW, 2)).toBe(1);
  });

  it("has no way to a destination of the table whose paths are gone, and asks the neighbours for it", () => {
    // The peer of link 2 is the destination itself, so nobody is closer on the ring.
    node.setLink(2, { peer: destination.id });
    node.receive(announce(destination), 0, NOW);
    node.call("routesLinkDown", 1, BigInt(NOW));
    node.wanted();
    for (let time = 0; time < 2; time++) {
      expect(node.choose(destination.id, NOW, 0)).toBe(NO_LINK);
      expect(node.call("routeChoiceGreedy")).toBe(0);
      expect(node.wanted().length).toBe(1);
      expect(node.wanted()).toEqual([]);
    }
    // With a path nobody is asked, even if the one packet may not take it.
    node.receive(announce(destination, { seq: 2 }), 1, NOW);
    expect(node.choose(destination.id, NOW, 0, 2)).toBe(NO_LINK);
    expect(node.wanted()).toEqual([]);
    expect(node.choose(destination.id, NOW, 0)).toBe(1);
  });

  it("goes towards who is closer on the ring when the destination is unknown", () => {
    const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
    const distance = (a: Uint8Array, b: Uint8Array): bigint => {
      const d = number(a) > number(b) ? number(a) - number(b) : number(b) - number(a);
      return d < (1n << 128n) - d ? d : (1n << 128n) - d;
    };
    for (let i = 0; i < LINKS; i++) node.setLink(i, { up: i < 3 });
    for (let k = 0; k < 20; k++) node.receive(announce(identity(FIRST + k), { cost: 10 * k }), k % 3, NOW);
    let greedy = 0;
    for (let k = 0; k < 200; k++) {
      const unknown = identity(5000 + k).id;
      const closer = (bytes: Uint8Array): boolean => distance(bytes, unknown) < distance(node.id, unknown);
      const links = new Set<number>();
      for (let i = 0; i < 20; i++) if (closer(identity(FIRST + i).id)) links.add(i % 3);
      for (let i = 0; i < 3; i++) if (closer(identity(900 + i).id)) links.add(i);
      const exclude = k % 8;
      for (let i = 0; i < 3; i++) if (((exclude >> i) & 1) !== 0) links.delete(i);
      const chosen = node.choose(unknown, NOW, 0, exclude);
      if (links.size === 0) expect(chosen).toBe(NO_LINK);
      else expect(links).toContain(chosen);
      expect(node.call("routeChoiceGreedy")).toBe(links.size === 0 ? 0 : 1);
      if (links.size > 0) greedy++;
    }
    expect(greedy).toBeGreaterThan(100);
  });
});
