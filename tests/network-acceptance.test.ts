/**
 * The roadmap's acceptance of milestones 1.3 and 1.4 on the real core: ten nodes converge within three gossip rounds, take the
 * cheapest paths, route around a node that is gone within three minutes, gossip within a tenth of the channel, and relay
 * free for those they trust with no token in existence. That a peer which does not identify itself is refused (1.1) is in
 * core-as/assembly/link/handshake.test.ts and, across a channel, in host/sim/peer/interop.test.ts.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Command, Counter, Event } from "../host/core/abi.gen.ts";
import { CoreStation } from "../host/sim/core-station.ts";
import { findScenario } from "../host/sim/presets.ts";
import { altered } from "../host/sim/run.ts";
import { checkScenario, type ScenarioInput } from "../host/sim/scenario.ts";
import { Simulation, type SimulationOptions } from "../host/sim/simulation.ts";
import { compileCore } from "../toolchain/core/compile.ts";
import { repositoryRoot } from "../toolchain/paths.ts";

const ROUND_S = 60;
const NODES = 10;
/** The Petersen graph: ten nodes of three wires each, any two at most two hops apart, with many ways around. */
const WIRES: readonly (readonly [number, number])[] = [
  ...[0, 1, 2, 3, 4].flatMap((i): [number, number][] => [
    [i, (i + 1) % 5],
    [i, i + 5],
    [i + 5, ((i + 2) % 5) + 5],
  ]),
];
/** micro-MHR per KiB, far enough apart that the codes of sums tell them from each other. */
const PRICES = [100, 900, 150, 2500, 300, 700, 4000, 200, 1200, 500];

let module: WebAssembly.Module;
beforeAll(async () => {
  const { wasm } = await compileCore({ root: repositoryRoot() });
  module = await WebAssembly.compile(Uint8Array.from(wasm));
}, 120_000);

/** Ten nodes out of each other's radio reach, joined by wires. */
function wired(input: Partial<ScenarioInput>): Simulation["scenario"] {
  const nodes = PRICES.map((price, i) => ({ name: `n${i}`, x: 80_000 * i, y: 0, price }));
  const wires = WIRES.map(([a, b]) => ({ from: `n${a}`, to: `n${b}`, rate_bps: 1_000_000, delay_ms: 10 }));
  const quiet = { per_node_per_hour: 0 };
  const rest: Partial<ScenarioInput> = { trust: "none", traffic: quiet, ...input };
  return checkScenario({ name: "ten", duration_s: 600, boot_spread_s: 1, nodes, wires, ...rest }, "test");
}

function simulate(scenario: Simulation["scenario"], options: Partial<SimulationOptions> = {}): Simulation {
  return new Simulation({ scenario, module, ...options });
}

function core(simulation: Simulation, index: number): CoreStation {
  const station = simulation.station(index);
  if (!(station instanceof CoreStation)) throw new Error(`node ${index} runs no core`);
  return station;
}

interface Route {
  readonly destination: string;
  readonly nextHop: string;
}

/** Best routes of a node, from its Routes command. */
function routesOf(simulation: Simulation, index: number): Route[] {
  const { reply } = core(simulation, index).command(Uint8Array.of(Command.Routes, 0, 0));
  const routes: Route[] = [];
  const hex = (at: number): string => Buffer.from((reply ?? new Uint8Array()).subarray(at, at + 16)).toString("hex");
  for (let at = 2; at + 40 <= (reply?.length ?? 0); at += 40) {
    routes.push({ destination: hex(at), nextHop: hex(at + 16) });
  }
  return routes;
}

/** What the relays between two nodes ask in all, at best. */
function cheapest(from: number, to: number): number {
  const cost = new Map([[from, 0]]);
  const open = new Set([from]);
  while (open.size > 0) {
    const [node] = [...open].sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0));
    if (node === undefined) break;
    open.delete(node);
    if (node === to) continue;
    for (const [a, b] of WIRES) {
      const next = a === node ? b : b === node ? a : undefined;
      if (next === undefined) continue;
      const sum = (cost.get(node) ?? 0) + (next === to ? 0 : (PRICES[next] ?? 0));
      if (sum < (cost.get(next) ?? Infinity)) {
        cost.set(next, sum);
        open.add(next);
      }
    }
  }
  return cost.get(to) ?? Infinity;
}

describe("ten nodes", () => {
  it("converge within three gossip rounds and take the cheapest paths", { timeout: 60_000 }, async () => {
    const ids: string[] = [];
    const known = Array.from({ length: NODES }, () => new Set<string>());
    let converged = Infinity;
    const simulation = simulate(wired({}), {
      event: (index, event, bytes) => {
        const id = Buffer.from(bytes.subarray(0, 16)).toString("hex");
        if (event === Event.Booted) ids[index] = id;
        if (event === Event.RouteFound) known[index]?.add(id);
        if (converged === Infinity && known.every((set) => set.size === NODES - 1)) {
          converged = simulation.queue.now / 1000;
        }
      },
    });
    await simulation.run();
    expect(converged).toBeLessThanOrEqual(3 * ROUND_S);

    let exact = 0;
    for (let from = 0; from < NODES; from++) {
      for (let to = 0; to < NODES; to++) {
        if (from === to) continue;
        let asked = 0;
        let at = from;
        for (let hops = 0; at !== to; hops++) {
          expect(hops, `a loop from n${from} to n${to}`).toBeLessThan(NODES);
          const route = routesOf(simulation, at).find(({ destination }) => destination === ids[to]);
          at = ids.indexOf(route?.nextHop ?? "");
          expect(at, `no route on the way from n${from} to n${to}`).toBeGreaterThanOrEqual(0);
          if (at !== to) asked += PRICES[at] ?? 0;
        }
        const best = cheapest(from, to);
        // A path less than a tenth cheaper is not worth telling everybody of (H26): three codes are 14 %.
        expect(asked, `from n${from} to n${to}`).toBeLessThanOrEqual(best * 1.15);
        if (asked === best) exact++;
      }
    }
    expect(exact).toBeGreaterThanOrEqual(0.9 * NODES * (NODES - 1));
  });

  it("route around a node that is gone within three minutes", { timeout: 60_000 }, async () => {
    const gone_s = 300;
    const messages = [];
    for (let at_s = 200; at_s <= 1100; at_s += 10) {
      for (const [from, to] of [
        ["n1", "n4"],
        ["n5", "n6"],
        ["n9", "n2"],
      ] as const)
        messages.push({ from, to, at_s });
    }
    const scenario = wired({
      duration_s: 1200,
      trust: "all",
      traffic: { per_node_per_hour: 0, messages, retries: 0, start_s: 1 },
      faults: {
        reboots: [
          { node: "n0", at_s: gone_s, off_s: 5000 },
          { node: "n7", at_s: gone_s, off_s: 5000 },
        ],
      },
    });
    const simulation = simulate(scenario);
    await simulation.run();
    const sent = simulation.traffic.messages;
    const late = sent.filter(({ atMs }) => atMs >= (gone_s + 180) * 1000);
    expect(late.length).toBeGreaterThan(150);
    expect(late.filter(({ deliveredMs }) => deliveredMs === undefined)).toEqual([]);
    // The ways that were lost did lead through the two, or nothing was shown.
    const meanwhile = sent.filter(({ atMs }) => atMs >= gone_s * 1000 && atMs < (gone_s + 180) * 1000);
    expect(meanwhile.filter(({ deliveredMs }) => deliveredMs === undefined).length).toBeGreaterThan(5);
    const before = sent.filter(({ atMs }) => atMs < gone_s * 1000);
    expect(before.every(({ deliveredMs }) => deliveredMs !== undefined)).toBe(true);
  });
});

describe("gossip", () => {
  it("keeps within a tenth of the channel at every node of the village", { timeout: 60_000 }, async () => {
    const seconds = 3600;
    const simulation = simulate(altered(findScenario("village"), 1, seconds));
    const { law_violations } = await simulation.run();
    expect(law_violations).toBe(0);
    for (let i = 0; i < simulation.honest; i++) {
      const spent = core(simulation, i).counters()[Counter.AirtimeGossipMs] ?? 0;
      expect(spent).toBeGreaterThan(0);
      expect(spent / 1000).toBeLessThanOrEqual(seconds / 10);
    }
  });
});

describe("trust", () => {
  const line = (trust: ScenarioInput["trust"]): Simulation["scenario"] => {
    const nodes = ["a", "b", "c"].map((name, i) => ({ name, x: 1200 * i, y: 0, price: 11 }));
    const messages = Array.from({ length: 20 }, (_, i) => ({ from: "a", to: "c", at_s: 400 + 60 * i }));
    const traffic = { per_node_per_hour: 0, messages, start_s: 1 };
    const propagation = { shadowing_db: 0 };
    return checkScenario(
      { name: "line", duration_s: 2400, nodes, traffic, propagation, trust: trust ?? "none" },
      "test",
    );
  };
  const relayed = async (
    trust: ScenarioInput["trust"],
  ): Promise<{ free: number; unfundedMs: number; delivered: number }> => {
    const simulation = simulate(line(trust));
    const { delivered } = await simulation.run();
    const counters = core(simulation, 1).counters();
    return {
      delivered,
      free: counters[Counter.PacketsFree] ?? 0,
      unfundedMs: counters[Counter.AirtimeUnfundedMs] ?? 0,
    };
  };

  it("makes relaying free, with no token in existence", { timeout: 60_000 }, async () => {
    const friends = await relayed([
      ["a", "b"],
      ["b", "c"],
    ]);
    expect(friends.delivered).toBe(20);
    expect(friends.free).toBeGreaterThanOrEqual(40);
    expect(friends.unfundedMs).toBe(0);
  });

  it("is what strangers lack: they come last, within a tenth of the air", { timeout: 60_000 }, async () => {
    const strangers = await relayed("none");
    expect(strangers.free).toBe(0);
    expect(strangers.unfundedMs).toBeGreaterThan(0);
    // A tenth of the 10 % that the law allows: 36 s in an hour, and a tenth of an hour ahead.
    expect(strangers.unfundedMs).toBeLessThanOrEqual(36_000);
  });
});
