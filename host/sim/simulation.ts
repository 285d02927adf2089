/**
 * A simulation put together: stations on the air and on wires, their clocks and power, the traffic and the faults, and
 * the loop that runs them in virtual time.
 */
import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type BootConfig, CAPABILITY_RELAY } from "../../boards/config.ts";
import { Counter, type Event, Status } from "../core/abi.gen.ts";
import type { Phy } from "../radio/channel.ts";
import { Connectivity } from "./connectivity.ts";
import { CoreStation, entropyOf, type InputRecorder } from "./core-station.ts";
import { Faults } from "./faults.ts";
import { bandOf, LAWS, type Law, Regulator } from "./law.ts";
import { LoraChannel } from "./lora-channel.ts";
import { EventQueue, type SimEvent } from "./queue.ts";
import { formulaCore, type RelayCore } from "./relay-core.ts";
import { quantile, rounded, type SimResult } from "./result.ts";
import type { AttackerPlan, Scenario } from "./scenario.ts";
import { type Address, type Air, RADIO_PORT, type SendResult, type Station } from "./station.ts";
import { Stream, stream } from "./streams.ts";
import { beside, nearestNode, phyOf, placeNodes, type PlacedNode, propagationOf } from "./topology.ts";
import { Traffic } from "./traffic.ts";
import { Wire } from "./wired.ts";

/** Bytes alive in this process: what is on the heap and what the heap holds outside, wasm memories among it. */
function liveBytes(): number {
  // Instances let go during a first collection are freed by a second.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let collect: (() => void) | undefined;

/** A full collection, so that what is counted is alive. The flag may be set while V8 runs. */
function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

/** What a station is made from. */
export interface StationContext {
  readonly index: number;
  readonly name: string;
  readonly node: PlacedNode;
  readonly phy: Phy;
  readonly config: BootConfig;
  readonly air: Air;
  readonly seed: number;
  /** Clock error of this station. */
  readonly driftPpm: number;
  /** Microseconds on air of a frame of its radio. */
  readonly airtimeUs: (length: number) => number;
}

/** Another protocol in place of the core: how its stations are made, and how the application addresses them. */
export interface Protocol {
  make(context: StationContext): Station;
  address(index: number): Address | undefined;
}

/** Makes an attacker; it takes part like any station. `core` is no node's: it lends its primitives. */
export type AttackerFactory = (plan: AttackerPlan, context: StationContext, core: RelayCore) => Station;

export interface Progress {
  readonly virtualMs: number;
  readonly endMs: number;
  readonly sent: number;
  readonly delivered: number;
}

export interface SimulationOptions {
  readonly scenario: Scenario;
  /** The module every node runs. */
  readonly module: WebAssembly.Module;
  /** Rivals give theirs; the real core by default. */
  readonly protocol?: Protocol;
  readonly attacker?: AttackerFactory;
  /** Writes down what goes into a node's core. */
  readonly recorder?: (index: number) => InputRecorder | undefined;
  /** Told of what nodes tell; the bytes are valid during the call only. */
  readonly event?: (index: number, event: Event, bytes: Uint8Array) => void;
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  /** Awaited after every event, for stations that live elsewhere. */
  readonly settle?: () => Promise<void> | undefined;
}

/** Timers come after everything else of the same moment, each node in its own lane. */
const TIMER_LANE = 16;
const POWER_LANE = 4;

/** More timer calls of one node at one moment than this: it asks for a time that never comes. */
const STUCK_CALLS = 10_000;

/** Wall time between two looks at the world outside. */
const BREATH_MS = 100;
/** Events between two looks at the clock. */
const BREATH_EVENTS = 512;

/** Peers a node can trust. */
const TRUSTED_MAX = 32;

const WASM_MEMORY = 65_536;

class Node implements SimEvent {
  readonly index: number;
  readonly place: PlacedNode;
  readonly simulation: Simulation;
  station!: Station;
  up = false;
  /** Its wires by port; port 0 is the radio. */
  readonly wires: Wire[] = [];
  /** Time of the timer call that counts; others in the queue are stale. */
  armed = Infinity;
  #at = -1;
  #calls = 0;

  constructor(simulation: Simulation, index: number, place: PlacedNode) {
    this.simulation = simulation;
    this.index = index;
    this.place = place;
  }

  /** Plans the next timer call. An earlier one that is planned already looks again when it comes. */
  arm(): void {
    if (!this.up) return;
    const deadline = this.station.deadline();
    if (deadline === undefined) return;
    const { queue } = this.simulation;
    const at = Math.max(deadline, queue.now);
    if (at >= this.armed) return;
    this.armed = at;
    queue.at(at, TIMER_LANE + this.index, this);
  }

  fire(): void | Promise<void> {
    const { now } = this.simulation.queue;
    if (this.armed !== now) return;
    this.armed = Infinity;
    if (!this.up) return;
    const deadline = this.station.deadline();
    if (deadline !== undefined && deadline <= now) {
      this.#calls = this.#at === now ? this.#calls + 1 : 0;
      this.#at = now;
      if (this.#calls > STUCK_CALLS)
        throw new Error(`${this.place.name} asks for a timer at ${now} ms again and again.`);
      return this.after(this.station.timer());
    }
    this.arm();
  }

  /** What follows a call of the station: at once, or when it has answered. */
  after(result: void | Promise<void>): void | Promise<void> {
    if (result instanceof Promise) return result.then(() => this.arm());
    this.arm();
  }
}

type RadioLimits = Pick<BootConfig, "dwellMs" | "pauseMs" | "lbtThresholdDbm" | "lbtMs">;

/** What every node believes of the law beside its hour: what the scenario says, else what the region does. */
function limitsOf({ radio }: Scenario, law: Law): RadioLimits {
  const band = bandOf(law, { frequencyHz: radio.frequency_hz, bandwidthHz: radio.bandwidth_hz });
  return {
    dwellMs: radio.dwell_ms ?? band?.dwellMs ?? 0,
    pauseMs: radio.pause_ms ?? band?.pauseMs ?? 0,
    lbtThresholdDbm: radio.lbt_threshold_dbm ?? band?.lbtThresholdDbm ?? 0,
    lbtMs: radio.lbt_ms ?? band?.lbtMs ?? 0,
  };
}

export class Simulation {
  readonly scenario: Scenario;
  readonly queue = new EventQueue();
  readonly channel: LoraChannel;
  readonly regulator: Regulator;
  readonly law: Law;
  readonly traffic: Traffic;
  readonly faults: Faults;
  readonly wires: Wire[] = [];
  readonly connectivity: Connectivity;
  /** Where stations stand: the nodes, then the attackers. */
  readonly places: readonly PlacedNode[];
  readonly durationMs: number;
  readonly #options: SimulationOptions;
  readonly #nodes: Node[] = [];
  readonly #honest: number;
  readonly #formula: RelayCore;
  readonly #phys = new Map<number, Phy>();
  readonly #limits: RadioLimits;
  readonly #memoryBefore = liveBytes();
  /** Promises of stations that live elsewhere, made by the event under way. */
  #pending: Promise<void>[] = [];
  #wallSeconds = 0;
  #finalHashes: Uint8Array[] = [];

  constructor(options: SimulationOptions) {
    const { scenario, module } = options;
    this.#options = options;
    this.scenario = scenario;
    this.durationMs = scenario.duration_s * 1000;
    const formula = formulaCore(module);
    this.#formula = formula;
    // A station's radio settings are one object for the whole run.
    const airtimes = new Map<Phy, Float64Array>();
    const airtimeUs = (phy: Phy, length: number): number => {
      let known = airtimes.get(phy);
      if (known === undefined) {
        const { spreadingFactor, bandwidthHz, codingRate, preamble } = phy;
        known = Float64Array.from({ length: 256 }, (_, bytes) =>
          formula.airtimeUs(spreadingFactor, bandwidthHz, codingRate, preamble, bytes),
        );
        airtimes.set(phy, known);
      }
      return known[length] ?? 0;
    };
    this.channel = new LoraChannel({
      queue: this.queue,
      airtimeUs,
      propagation: propagationOf(scenario),
      seed: scenario.seed,
    });
    this.law = LAWS[scenario.radio.region] as Law;
    this.#limits = limitsOf(scenario, this.law);
    this.regulator = new Regulator(this.law);
    this.channel.observe(this.regulator);

    const nodes = placeNodes(scenario);
    this.#honest = nodes.length;
    this.places = [...nodes, ...scenario.attackers.map((plan, i) => this.#attackerPlace(plan, i, nodes))];
    for (const [index, place] of this.places.entries()) {
      const node = new Node(this, index, place);
      this.#nodes.push(node);
      this.channel.add({
        x: place.x,
        y: place.y,
        phy: this.#phy(place.power_dbm),
        lbt:
          this.#limits.lbtMs === 0 ? undefined : { thresholdDbm: this.#limits.lbtThresholdDbm, ms: this.#limits.lbtMs },
        receive: (frame, rssiDbm, snrQdb) => {
          if (node.up) this.#wait(node.after(node.station.receive(RADIO_PORT, frame, rssiDbm, snrQdb)));
        },
      });
    }
    this.channel.connect();
    this.#lay(nodes);

    this.connectivity = new Connectivity({
      count: this.#honest,
      up: (node) => (this.#nodes[node] as Node).up,
      reaches: (node) => this.neighbours(node),
    });
    this.#makeStations(airtimeUs);
    const world = {
      queue: this.queue,
      seed: scenario.seed,
      durationMs: this.durationMs,
      up: (node: number) => (this.#nodes[node] as Node).up,
    };
    this.traffic = new Traffic(scenario.traffic, {
      ...world,
      names: nodes.map(({ name }) => name),
      gateways: this.#gateways(nodes),
      neighbours: (node) => this.neighbours(node),
      hasPath: (a, b) => this.connectivity.joined(a, b),
      send: (from, to, data, qos) => this.#send(from, to, data, qos),
    });
    this.faults = new Faults(scenario.faults, {
      ...world,
      nodes,
      places: this.places,
      powerOff: (node) => this.powerOff(node),
      powerOn: (node) => this.powerOn(node),
      cutAtNextWrite: (node, keepNew, cut) => {
        const { station } = this.#nodes[node] as Node;
        if (!(station instanceof CoreStation)) return false;
        station.cutAtNextWrite(keepNew, cut);
        return true;
      },
      disarm: (node) => {
        const { station } = this.#nodes[node] as Node;
        return station instanceof CoreStation && station.records.disarm();
      },
      repartition: (blocked) => {
        this.channel.repartition(blocked);
        for (const wire of this.wires) wire.up = !blocked(wire.options.a.station, wire.options.b.station);
        this.connectivity.changed();
      },
    });
  }

  /** Nodes that are no attackers. */
  get honest(): number {
    return this.#honest;
  }

  station(index: number): Station {
    return (this.#nodes[index] as Node).station;
  }

  /** Whom a node reaches directly at this moment, by radio or wire; attackers are nobody's neighbours. */
  neighbours(index: number): number[] {
    const found = [...this.channel.audible(index)].filter((other) => other < this.#honest);
    for (const { up, options } of (this.#nodes[index] as Node).wires.filter((wire) => wire !== undefined)) {
      if (up) found.push(options.a.station === index ? options.b.station : options.a.station);
    }
    return found;
  }

  powerOff(index: number): void {
    const node = this.#nodes[index] as Node;
    node.up = false;
    node.armed = Infinity;
    this.channel.power(index, false);
    if (node.station instanceof CoreStation) node.station.stop();
    this.connectivity.changed();
  }

  powerOn(index: number): void | Promise<void> {
    const node = this.#nodes[index] as Node;
    node.up = true;
    this.channel.power(index, true);
    this.connectivity.changed();
    return node.after(node.station.start());
  }

  /** Runs to the end of the scenario, or until the signal says stop. Throws what a station throws. */
  async run(): Promise<SimResult> {
    const started = performance.now();
    this.#start();
    const { queue, durationMs } = this;
    const { signal, progress, settle } = this.#options;
    let breath = performance.now();
    let left = BREATH_EVENTS;
    while (queue.nextTime <= durationMs) {
      const result = queue.step();
      if (result !== undefined) await result;
      if (this.#pending.length > 0) await Promise.all(this.#pending.splice(0));
      const settling = settle?.();
      if (settling !== undefined) await settling;
      if (--left > 0) continue;
      left = BREATH_EVENTS;
      const now = performance.now();
      if (now - breath < BREATH_MS) continue;
      breath = now;
      progress?.(this.#progress());
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) break;
    }
    if (!signal?.aborted) queue.now = Math.max(queue.now, durationMs);
    progress?.(this.#progress());
    this.regulator.finish();
    this.#wallSeconds = (performance.now() - started) / 1000;
    return this.result();
  }

  /** State hashes of all nodes with a core, in order. */
  stateHashes(): Uint8Array[] {
    const hashes: Uint8Array[] = [];
    for (let i = 0; i < this.#honest; i++) {
      const { station } = this.#nodes[i] as Node;
      if (station instanceof CoreStation) hashes.push(station.stateHash());
    }
    return hashes;
  }

  /** The state hashes the result was made of. */
  get finalHashes(): readonly Uint8Array[] {
    return this.#finalHashes;
  }

  /** Takes the state hashes, then asks every node for its counters, which changes their state. */
  result(): SimResult {
    const { scenario, channel, traffic, regulator } = this;
    const hash = createHash("sha256");
    this.#finalHashes = this.stateHashes();
    for (const one of this.#finalHashes) hash.update(one);
    const { counters, refused } = this.#counters();
    const { messages } = traffic;
    const delivered = messages.filter(({ deliveredMs }) => deliveredMs !== undefined);
    const withPath = messages.filter(({ hadPath }) => hadPath);
    const deliveredWithPath = withPath.filter(({ deliveredMs }) => deliveredMs !== undefined).length;
    const latencies = delivered.map(({ atMs, deliveredMs }) => ((deliveredMs as number) - atMs) / 1000);
    latencies.sort((a, b) => a - b);
    const loads = this.#loads();
    const airtime = channel.airtimeUs.subarray(0, this.#honest).reduce((sum, us) => sum + us, 0) / 1e6;
    const seconds = this.queue.now / 1000;
    const spent = (counter: keyof typeof Counter): number => (counters[counter] ?? 0) / 1000;
    const own = spent("AirtimeBeaconMs") + spent("AirtimeLinkMs") + spent("AirtimeGossipMs");
    const band = this.law.bands.find(
      ({ fromHz, toHz }) => scenario.radio.frequency_hz >= fromHz && scenario.radio.frequency_hz <= toHz,
    );
    const violations = regulator.violations.filter(({ station }) => station < this.#honest).length;
    const bytes = (liveBytes() - this.#memoryBefore) / this.#nodes.length - WASM_MEMORY;
    return {
      scenario: scenario.name,
      seed: scenario.seed,
      nodes: this.#honest,
      attackers: this.#nodes.length - this.#honest,
      virtual_seconds: rounded(seconds),
      wall_seconds: rounded(this.#wallSeconds),
      speed: rounded(seconds / Math.max(this.#wallSeconds, 1e-3), 1),
      sent: messages.length,
      delivered: delivered.length,
      sent_with_path: withPath.length,
      delivered_with_path: deliveredWithPath,
      delivery_ratio: withPath.length === 0 ? 1 : rounded(deliveredWithPath / withPath.length, 4),
      acknowledged: messages.filter(({ receiptMs }) => receiptMs !== undefined).length,
      duplicates: messages.reduce((sum, one) => sum + one.duplicates, 0),
      attempts_per_message: rounded(
        messages.reduce((sum, one) => sum + one.attempts, 0) / Math.max(messages.length, 1),
        2,
      ),
      latency_s: {
        median: rounded(quantile(latencies, 0.5), 2),
        p95: rounded(quantile(latencies, 0.95), 2),
        worst: rounded(latencies.at(-1) ?? 0, 2),
      },
      airtime: {
        total_s: rounded(airtime),
        beacon_s: rounded(spent("AirtimeBeaconMs")),
        link_s: rounded(spent("AirtimeLinkMs")),
        gossip_s: rounded(spent("AirtimeGossipMs")),
        user_s: rounded(Math.max(spent("AirtimeTotalMs") - own, 0)),
        per_delivered_s: delivered.length === 0 ? 0 : rounded(airtime / delivered.length),
        mean_load: rounded(loads.reduce((sum, load) => sum + load, 0) / Math.max(loads.length, 1), 4),
        worst_load: rounded(Math.max(0, ...loads), 4),
        worst_hour_s: rounded((regulator.worst(this.#honest)?.usedMs ?? 0) / 1000),
        allowed_hour_s: ((band?.dutyPermille ?? 0) * 3600) / 1000,
      },
      receptions: { ...channel.counts },
      law_violations: violations,
      attacker_violations: regulator.violations.length - violations,
      reboots: this.faults.counts.reboots,
      host_bytes_per_node: Math.max(0, Math.round(bytes)),
      counters,
      refused,
      state_hash: hash.digest("hex"),
    };
  }

  /** One object for all radios with the same settings. */
  #phy(powerDbm: number = this.scenario.radio.power_dbm): Phy {
    let phy = this.#phys.get(powerDbm);
    if (phy === undefined) {
      phy = phyOf(this.scenario, powerDbm);
      this.#phys.set(powerDbm, phy);
    }
    return phy;
  }

  // --- putting it together -------------------------------------------------------------------------------------------

  #attackerPlace(plan: AttackerPlan, i: number, nodes: readonly PlacedNode[]): PlacedNode {
    const near = nodes.find(({ name }) => name === plan.near);
    const at = near === undefined ? { x: plan.x ?? 0, y: plan.y ?? 0 } : beside(this.scenario, near, i);
    return {
      name: `${plan.kind}-${i}`,
      ...at,
      capabilities: CAPABILITY_RELAY,
      cost_tier: 0,
      price: 0,
      ...(plan.power_dbm === undefined ? {} : { power_dbm: plan.power_dbm }),
    };
  }

  /** Lays the wires; each takes the next free port of its ends. */
  #lay(nodes: readonly PlacedNode[]): void {
    const index = new Map(nodes.map(({ name }, i) => [name, i]));
    const { wires, wired_points: points, seed } = this.scenario;
    const ends = [
      ...wires.map((wire) => ({ ...wire, a: index.get(wire.from) as number, b: index.get(wire.to) as number })),
      ...points.map((wire) => ({ ...wire, a: nearestNode(nodes, ...wire.from), b: nearestNode(nodes, ...wire.to) })),
    ];
    for (const [i, { a, b, rate_bps, delay_ms, loss }] of ends.entries()) {
      const [one, other] = [this.#nodes[a] as Node, this.#nodes[b] as Node];
      // Ports begin at 1.
      const [portA, portB] = [Math.max(one.wires.length, 1), Math.max(other.wires.length, 1)];
      const wire = new Wire(
        { a: { station: a, port: portA }, b: { station: b, port: portB }, rateBps: rate_bps, delayMs: delay_ms, loss },
        this.queue,
        seed,
        i,
        (to, frame) => {
          const node = this.#nodes[to.station] as Node;
          if (node.up) this.#wait(node.after(node.station.receive(to.port, frame, 0, 0)));
        },
      );
      one.wires[portA] = wire;
      other.wires[portB] = wire;
      this.wires.push(wire);
    }
  }

  #gateways(nodes: readonly PlacedNode[]): number[] {
    const named = new Set(this.scenario.traffic.gateways);
    const gateways = new Set<number>();
    for (const [i, { name }] of nodes.entries()) if (named.has(name)) gateways.add(i);
    if (gateways.size === 0)
      for (const { options } of this.wires) gateways.add(options.a.station).add(options.b.station);
    return [...gateways].sort((a, b) => a - b);
  }

  #makeStations(airtimeUs: (phy: Phy, length: number) => number): void {
    const { scenario } = this;
    for (const node of this.#nodes) {
      const { index, place } = node;
      const phy = this.#phy(place.power_dbm);
      const drift = scenario.faults.clock_drift_ppm * (2 * stream(scenario.seed, Stream.Boot, index, 1).unit() - 1);
      const context: StationContext = {
        index,
        name: place.name,
        node: place,
        phy,
        config: this.#config(node, phy),
        air: {
          now: () => this.queue.now,
          send: (port, frame, flags) => this.#transmit(node, port, frame, flags),
          entropy: entropyOf(scenario.seed, index),
        },
        seed: scenario.seed,
        driftPpm: place.drift_ppm ?? rounded(drift),
        airtimeUs: (length) => airtimeUs(phy, length),
      };
      node.station = this.#makeStation(context);
      node.station.onMessage((data) => this.traffic.arrived(index, data));
    }
  }

  #makeStation(context: StationContext): Station {
    const { protocol, attacker, module, recorder, event } = this.#options;
    const { index } = context;
    if (index >= this.#honest) {
      if (attacker === undefined) throw new Error("the scenario has attackers and nobody to make them");
      return attacker(this.scenario.attackers[index - this.#honest] as AttackerPlan, context, this.#formula);
    }
    if (protocol !== undefined) return protocol.make(context);
    const tell = event === undefined ? {} : { event: (kind: Event, bytes: Uint8Array) => event(index, kind, bytes) };
    return new CoreStation({ ...context, module, recorder: recorder?.(index), ...tell });
  }

  #config({ place, wires }: Node, phy: Phy): BootConfig {
    const { radio } = this.scenario;
    return {
      transmitAllowed: true,
      capabilities: place.capabilities,
      costTier: place.cost_tier,
      spreadingFactor: phy.spreadingFactor,
      codingRate: phy.codingRate,
      powerDbm: phy.powerDbm,
      preambleSymbols: phy.preamble,
      syncWord: phy.syncWord,
      frequencyHz: phy.frequencyHz,
      bandwidthHz: phy.bandwidthHz,
      priceMicroMhrPerKib: place.price,
      dutyPermille: radio.duty_permille,
      ...this.#limits,
      radio: true,
      wired: wires
        .filter((wire) => wire !== undefined)
        .map(({ options }) => ({ bitrateBps: Math.min(Math.round(options.rateBps), 0xffff_ffff), mtu: 484 })),
    };
  }

  /** Every station is switched on at its own moment; the application then has its trust configured. */
  #start(): void {
    const { scenario, queue } = this;
    for (const node of this.#nodes) {
      const random = stream(scenario.seed, Stream.Boot, node.index);
      const at = Math.round(random.unit() * scenario.boot_spread_s * 1000);
      queue.at(at, POWER_LANE, {
        fire: () => this.powerOn(node.index),
      });
    }
    // Trust needs addresses, and those come with the first boot.
    queue.at(scenario.boot_spread_s * 1000, POWER_LANE + 1, { fire: () => this.#trust() });
    this.traffic.start();
    this.faults.start();
  }

  #trust(): void {
    const { trust } = this.scenario;
    if (trust === "none") return;
    const index = new Map(this.places.map(({ name }, i) => [name, i]));
    const pairs: [number, number][] = [];
    if (trust === "all") {
      // Whose frames a node can get at all, the strongest first.
      for (let node = 0; node < this.#honest; node++) {
        const near = [...new Set(this.neighbours(node))];
        near.sort((a, b) => this.channel.levelDbm(b, node) - this.channel.levelDbm(a, node) || a - b);
        for (const other of near.slice(0, TRUSTED_MAX)) pairs.push([node, other]);
      }
    } else {
      for (const [a, b] of trust) {
        const [one, other] = [index.get(a) as number, index.get(b) as number];
        pairs.push([one, other], [other, one]);
      }
    }
    for (const [truster, trusted] of pairs) {
      const node = this.#nodes[truster] as Node;
      const { station } = node;
      const other = (this.#nodes[trusted] as Node).station;
      if (!(station instanceof CoreStation) || !(other instanceof CoreStation) || other.nodeId === "") continue;
      station.trust(Buffer.from(other.nodeId, "hex"));
      node.arm();
    }
  }

  // --- what happens in a run -----------------------------------------------------------------------------------------

  #transmit(node: Node, port: number, frame: Uint8Array, flags: number): number {
    if (port === RADIO_PORT) return this.channel.send(node.index, frame, flags);
    return node.wires[port]?.send(node.index, frame) ?? Status.BadInterface;
  }

  #send(from: number, to: number, data: Uint8Array, qos: number): SendResult | Promise<SendResult> {
    const address = this.#address(to);
    if (address === undefined) return { status: Status.NoKey };
    const node = this.#nodes[from] as Node;
    const sent = node.station.send(address, data, qos);
    if (sent instanceof Promise) {
      return sent.then((result) => {
        node.arm();
        return result;
      });
    }
    node.arm();
    return sent;
  }

  #address(index: number): Address | undefined {
    const { protocol } = this.#options;
    if (protocol !== undefined) return protocol.address(index);
    const { station } = this.#nodes[index] as Node;
    return station instanceof CoreStation ? station.contact : undefined;
  }

  #wait(result: void | Promise<void>): void {
    if (result instanceof Promise) this.#pending.push(result);
  }

  #progress(): Progress {
    const { messages } = this.traffic;
    const delivered = messages.filter(({ deliveredMs }) => deliveredMs !== undefined).length;
    return { virtualMs: this.queue.now, endMs: this.durationMs, sent: messages.length, delivered };
  }

  /** What the nodes counted, all together; only what is not zero. */
  #counters(): { counters: Record<string, number>; refused: Record<string, number> } {
    const sums = new Float64Array(Counter.Count + Status.CoreCount);
    for (let i = 0; i < this.#honest; i++) {
      const { station } = this.#nodes[i] as Node;
      if (!(station instanceof CoreStation)) continue;
      for (const [k, value] of station.counters().entries()) sums[k] = (sums[k] ?? 0) + value;
    }
    const named = (names: Readonly<Record<string, number>>, from: number, to: number): Record<string, number> => {
      const entries = Object.entries(names).filter(([, k]) => k < to && (sums[from + k] ?? 0) > 0);
      return Object.fromEntries(entries.map(([name, k]) => [name, sums[from + k] as number]));
    };
    return {
      counters: named(Counter, 0, Counter.Count),
      refused: named(Status, Counter.Count, Status.CoreCount),
    };
  }

  /** Share of the time the channel is taken at each node: by own frames or by those it can decode, overlaps once. */
  #loads(): number[] {
    const ms = Math.max(this.queue.now, 1);
    return Array.from(this.channel.takenMs.subarray(0, this.#honest), (taken) => taken / ms);
  }
}
