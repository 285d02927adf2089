import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { bootConfig } from "../../boards/config.ts";
import { findBoard } from "../../boards/index.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import type { Output } from "../board/protocol.ts";
import { CoreTarget } from "../conformance/target.ts";
import type { Input, StepResult } from "../conformance/transcript.ts";
import { Command, Event, Status } from "../core/abi.gen.ts";
import { SeededRandom } from "../radio/random.ts";
import { makeAttacker } from "./attackers.ts";
import { Mirror, parseBoardSpec } from "./board-station.ts";
import { CoreStation, recorders } from "./core-station.ts";
import { findScenario } from "./presets.ts";
import { NodeRecords, PowerCut } from "./records.ts";
import { ReportRecorder } from "./report/recorder.ts";
import { altered, prepare, sha256 } from "./run.ts";
import { checkScenario, nodeNames, type Scenario, type ScenarioInput } from "./scenario.ts";
import { type Protocol, Simulation, type SimulationOptions, type StationContext } from "./simulation.ts";
import type { Address, MessageListener, SendResult, Station } from "./station.ts";
import { replayTrace, TraceWriter } from "./trace.ts";

const wasm = new Uint8Array(readFileSync(join(repositoryRoot(), "build", "core", "relay.wasm")));
const module = new WebAssembly.Module(wasm);
const folder = mkdtempSync(join(tmpdir(), "mehr-sim-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function scenarioOf(input: Partial<ScenarioInput>): Scenario {
  const nodes = Array.from({ length: 6 }, (_, i) => ({ name: `n${i}`, x: 300 * i, y: 0 }));
  return checkScenario({ name: "test", duration_s: 300, boot_spread_s: 5, nodes, ...input }, "test");
}

function simulate(scenario: Scenario, options: Partial<SimulationOptions> = {}): Simulation {
  return new Simulation({ scenario, module, attacker: makeAttacker, ...options });
}

describe("a simulation with the core", () => {
  it("is the same to the last byte for the same seed, and another for another", async () => {
    const scenario = altered(findScenario("roof-failure"), undefined, 900);
    const one = await simulate(scenario).run();
    const timeless = ({ wall_seconds: _, speed: __, host_bytes_per_node: ___, ...rest }: typeof one) => rest;
    // Looking on changes nothing.
    const events: number[] = [];
    const two = await simulate(scenario, { progress: () => {}, event: (index) => events.push(index) }).run();
    expect(timeless(two)).toEqual(timeless(one));
    expect(events.length).toBeGreaterThan(0);
    const other = await simulate(altered(scenario, 2)).run();
    expect(other.state_hash).not.toBe(one.state_hash);
  });

  it("lets neighbours find each other, and only those in reach", async () => {
    const nodes = [
      { name: "a", x: 0, y: 0 },
      { name: "b", x: 500, y: 0 },
      { name: "far", x: 100_000, y: 0 },
    ];
    const found = new Map<number, Set<string>>();
    const ids = new Map<number, string>();
    await simulate(scenarioOf({ nodes }), {
      event: (index, event, bytes) => {
        const id = Buffer.from(bytes.subarray(0, 16)).toString("hex");
        if (event === Event.Booted) ids.set(index, id);
        if (event === Event.NeighbourFound) found.set(index, (found.get(index) ?? new Set()).add(id));
      },
    }).run();
    expect(found.get(0)).toEqual(new Set([ids.get(1)]));
    expect(found.get(1)).toEqual(new Set([ids.get(0)]));
    expect(found.get(2)).toBeUndefined();
  });

  it("keeps the law, whatever the nodes' clocks and power do", async () => {
    for (const name of ["village", "roof-failure", "hostile"]) {
      const { law_violations } = await simulate(altered(findScenario(name), undefined, 1800)).run();
      expect([name, law_violations]).toEqual([name, 0]);
    }
  });

  it("brings a node back with its identity after power cuts, also in the middle of a write", async () => {
    const ids = new Map<number, Set<string>>();
    const simulation = simulate(
      scenarioOf({
        duration_s: 1200,
        faults: { random_reboots: { per_node_per_hour: 40, start_s: 20, off_s: [1, 5], during_write: 0.5 } },
      }),
      {
        event: (index, event, bytes) => {
          if (event === Event.Booted) {
            ids.set(index, (ids.get(index) ?? new Set()).add(Buffer.from(bytes).toString("hex")));
          }
        },
      },
    );
    const { reboots, law_violations } = await simulation.run();
    expect(reboots).toBeGreaterThan(20);
    expect(law_violations).toBe(0);
    for (const names of ids.values()) expect(names.size).toBe(1);
  });

  it("stops when asked to", async () => {
    const stop = new AbortController();
    const simulation = simulate(altered(findScenario("valley"), undefined, 7200), {
      signal: stop.signal,
      progress: () => stop.abort(),
    });
    expect((await simulation.run()).virtual_seconds).toBeLessThan(7200);
  });
});

describe("records under power cuts", () => {
  it("hold the old or the new value of the write that was cut", () => {
    for (const keepNew of [false, true]) {
      const records = new NodeRecords();
      records.put(1, Uint8Array.of(7));
      records.cutAtNextWrite(keepNew);
      expect(() => records.put(1, Uint8Array.of(8))).toThrow(PowerCut);
      const value = new Uint8Array(1);
      expect([records.get(1, value), value[0]]).toEqual([1, keepNew ? 8 : 7]);
      records.cutAtNextWrite(keepNew);
      expect(() => records.delete(1)).toThrow(PowerCut);
      expect(records.get(1, value)).toBe(keepNew ? -Status.RecordMissing : 1);
      // The cut happened once.
      expect(records.put(1, Uint8Array.of(9))).toBe(Status.Ok);
    }
  });
});

/** A protocol without a network: a message is there after a second, if the line between the two lets it. */
class Telepathy implements Protocol {
  readonly #listeners: MessageListener[] = [];
  /** Which copies come through. */
  readonly passes: (from: number, to: number, copy: number) => boolean;
  #copies = 0;

  constructor(passes: (from: number, to: number, copy: number) => boolean) {
    this.passes = passes;
  }

  address(index: number): Address {
    return index;
  }

  make(context: StationContext): Station {
    const waiting: { at: number; to: number; data: Uint8Array }[] = [];
    return {
      name: context.name,
      start: () => {},
      receive: () => {},
      timer: () => {
        const due = waiting.shift();
        if (due !== undefined) this.#listeners[due.to]?.(due.data);
      },
      deadline: () => waiting[0]?.at,
      send: (to: Address, data: Uint8Array): SendResult => {
        if (this.passes(context.index, to as number, this.#copies++)) {
          waiting.push({ at: context.air.now() + 1000, to: to as number, data: data.slice() });
        }
        return { status: Status.Ok };
      },
      onMessage: (listener) => {
        this.#listeners[context.index] = listener;
      },
    };
  }
}

describe("traffic", () => {
  const messages = [
    { from: "n0", to: "n1", at_s: 50 },
    { from: "n1", to: "n5", at_s: 60 },
  ];
  const plan = { per_node_per_hour: 0, messages, ack_timeout_s: 20, retries: 2 };

  it("delivers, acknowledges, and is done", async () => {
    const simulation = simulate(scenarioOf({ traffic: plan }), { protocol: new Telepathy(() => true) });
    const result = await simulation.run();
    expect(result).toMatchObject({ sent: 2, delivered: 2, acknowledged: 2, duplicates: 0, attempts_per_message: 1 });
    expect(result).toMatchObject({ sent_with_path: 2, delivered_with_path: 2, delivery_ratio: 1 });
    expect(result.latency_s).toEqual({ median: 1, p95: 1, worst: 1 });
  });

  it("tries again with growing patience until there is a receipt, and counts copies", async () => {
    // The first copy is lost, then the receipt of the second.
    const simulation = simulate(scenarioOf({ traffic: { ...plan, messages: messages.slice(0, 1) } }), {
      protocol: new Telepathy((_, __, copy) => copy !== 0 && copy !== 2),
    });
    const result = await simulation.run();
    const [message] = simulation.traffic.messages;
    expect(result).toMatchObject({ sent: 1, delivered: 1, acknowledged: 1, duplicates: 1, attempts_per_message: 3 });
    // 20 s after the first attempt came the second; its copy took a second.
    expect(message?.deliveredMs).toBe(71_000);
    // The third came 40 s after that, and its copy was answered.
    expect(message?.receiptMs).toBeGreaterThan(111_000);
  });

  it("gives up after the last retry", async () => {
    const simulation = simulate(scenarioOf({ traffic: plan }), { protocol: new Telepathy(() => false) });
    expect(await simulation.run()).toMatchObject({ sent: 2, delivered: 0, attempts_per_message: 3, delivery_ratio: 0 });
  });

  it("knows which messages had a path", async () => {
    // Cut between n1 and n2 while the second message is written; all 6 are up.
    const faults = { partitions: [{ from_s: 55, to_s: 65, x: 450 }] };
    const simulation = simulate(scenarioOf({ traffic: plan, faults }), { protocol: new Telepathy(() => true) });
    await simulation.run();
    expect(simulation.traffic.messages.map(({ hadPath }) => hadPath)).toEqual([true, false]);
    expect(simulation.faults.counts.partitions).toBe(1);
  });

  it("comes at the rate asked for, between the times asked for, from and to whom asked for", async () => {
    const load: ScenarioInput["traffic"] = {
      per_node_per_hour: 30,
      start_s: 100,
      end_s: 3000,
      pairs: "gateway",
      gateways: ["n0"],
    };
    const scenario = scenarioOf({ duration_s: 3600, traffic: load });
    const simulation = simulate(scenario, { protocol: new Telepathy(() => true) });
    await simulation.run();
    const sent = simulation.traffic.messages;
    expect(sent.length).toBeGreaterThan(100);
    expect(sent.length).toBeLessThan(190);
    expect(sent.every(({ atMs }) => atMs >= 100_000 && atMs < 3_000_000)).toBe(true);
    expect(sent.every(({ from, to }) => (from === 0) !== (to === 0))).toBe(true);
  });
});

/** Node 0 sends a frame of 255 bytes, 0.73 s, again and again. */
class Shouting implements Protocol {
  readonly #everyMs: number;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  address(index: number): Address {
    return index;
  }
  make({ air, index, name }: StationContext): Station {
    let next = 0;
    return {
      name,
      start: () => {},
      receive: () => {},
      timer: () => {
        if (index === 0) air.send(0, new Uint8Array(255), 0);
        next = air.now() + this.#everyMs;
      },
      deadline: () => next,
      send: () => ({ status: Status.Ok }),
      onMessage: () => {},
    };
  }
}

describe("the law of a station", () => {
  it("is broken by one that always sends, and a reboot does not reset the hour", async () => {
    const faults = { reboots: [{ node: "n0", at_s: 1500, off_s: 10 }] };
    const scenario = scenarioOf({ duration_s: 3600, faults, traffic: { per_node_per_hour: 0 } });
    const simulation = simulate(scenario, { protocol: new Shouting(4380) });
    const { law_violations, airtime } = await simulation.run();
    expect(law_violations).toBe(1);
    expect(simulation.regulator.violations[0]).toMatchObject({ station: 0, kind: "duty", allowed: 360_000 });
    expect(airtime.worst_hour_s).toBeGreaterThan(500);
  });
});

it("a power cut ends what a node is sending", async () => {
  const faults = { reboots: [{ node: "n0", at_s: 100, off_s: 10 }] };
  const scenario = scenarioOf({ duration_s: 150, faults, traffic: { per_node_per_hour: 0 } });
  const simulation = simulate(scenario, { protocol: new Shouting(730) });
  const cuts: number[] = [];
  const starts: number[] = [];
  simulation.channel.observe({
    transmission: (_, __, startMs) => starts.push(startMs),
    cut: (_, __, nowMs) => cuts.push(nowMs),
  });
  await simulation.run();
  expect(cuts).toEqual([100_000]);
  expect(starts.some((at) => at > 100_000 && at < 110_000)).toBe(false);
  expect(starts.at(-1)).toBeGreaterThan(140_000);
});

describe("a trace", () => {
  const scenario = altered(findScenario("roof-failure"), undefined, 2400);
  const path = join(folder, "run.trace");
  const header = { wasm_sha256: sha256(wasm), scenario: "x", seed: 1, nodes: nodeNames(scenario) };

  async function record(to = path): Promise<string> {
    const writer = new TraceWriter(to, header);
    const simulation = await prepare({ wasm, scenario, recorder: (index) => writer.recorder(index) });
    const { state_hash } = await simulation.run();
    writer.end(simulation.finalHashes);
    writer.close();
    return state_hash;
  }

  it("reproduces every node's final state, power cuts and all", async () => {
    const hash = await record();
    const replay = await replayTrace(path, wasm);
    expect(replay.divergence).toBeUndefined();
    expect(replay.stateHash).toBe(hash);
    expect(replay.nodes.filter(({ recorded, replayed }) => recorded !== replayed)).toEqual([]);
    expect(replay.steps).toBeGreaterThan(1000);
  });

  /** The file with the checksum that belongs to what it now holds. */
  const signed = (bytes: Buffer): Buffer => {
    const rest = bytes.subarray(0, -32);
    return Buffer.concat([rest, Buffer.from(sha256(rest), "hex")]);
  };

  it("is itself the same for the same seed", async () => {
    const again = join(folder, "again.trace");
    await record(again);
    expect(readFileSync(again).equals(readFileSync(path))).toBe(true);
  });

  it("shows what differs: another random byte is another state, or another course", async () => {
    const bytes = readFileSync(path);
    // The first entropy entry: the seed of a node's identity.
    const at = bytes.indexOf(Buffer.from([5, 32]));
    bytes[at + 2] = (bytes[at + 2] as number) ^ 1;
    const changed = join(folder, "changed.trace");
    writeFileSync(changed, signed(bytes));
    const { nodes, divergence } = await replayTrace(changed, wasm);
    expect(divergence !== undefined || nodes.some(({ recorded, replayed }) => recorded !== replayed)).toBe(true);
  });

  it("is refused with a sentence if it is none, is damaged, or belongs to another core", async () => {
    const refused = async (change: (bytes: Buffer) => Buffer): Promise<string> => {
      const file = join(folder, "bad.trace");
      writeFileSync(file, change(readFileSync(path)));
      return replayTrace(file, wasm).then(
        () => "",
        (error: Error & { exitCode?: number }) => `${error.exitCode}: ${error.message.replace(file, "FILE")}`,
      );
    };
    expect(await refused((bytes) => bytes.subarray(5))).toMatch(/^2: FILE is no trace of this version; record one/);
    const damaged = /^2: FILE is damaged: it was cut short or changed since it was written; copy it again or record/;
    for (const length of [13, 14, 40, 1000, -40, -1]) {
      expect(await refused((bytes) => bytes.subarray(0, length))).toMatch(damaged);
    }
    const random = new SeededRandom(4);
    for (let i = 0; i < 40; i++) {
      const flipped = await refused((bytes) => {
        const at = 13 + Math.floor(random.unit() * (bytes.length - 13));
        bytes[at] = (bytes[at] as number) ^ (1 << (i % 8));
        return bytes;
      });
      expect(flipped).toMatch(damaged);
    }
    // Even with a checksum that fits: someone else's writer has faults of its own.
    expect(await refused((bytes) => signed(bytes.subarray(0, -40)))).toMatch(
      /^2: FILE is damaged at byte \d+: .*; record it again\.$/,
    );
    const other = header.wasm_sha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    expect(
      await refused((bytes) =>
        signed(Buffer.from(bytes.toString("latin1").replace(header.wasm_sha256, other), "latin1")),
      ),
    ).toMatch(/^2: FILE was recorded with the core [0-9a-f]{16}, this is [0-9a-f]{16}; check out the sources/);
    await expect(replayTrace(join(folder, "nowhere"), wasm)).rejects.toThrow(/could not be read \(ENOENT\)/);
    expect(() => new TraceWriter(join(folder, "no", "where"), header)).toThrow(/could not be written \(ENOENT\)/);
  });
});

describe("a trace and a report of one run", () => {
  it("do not disturb each other: what the report asks is not in the trace", async () => {
    const scenario = altered(findScenario("village"), undefined, 600);
    const path = join(folder, "reported.trace");
    const writer = new TraceWriter(path, {
      ...{ wasm_sha256: sha256(wasm), scenario: "x", seed: 1 },
      nodes: nodeNames(scenario),
    });
    const simulation = simulate(scenario, { recorder: (index) => writer.recorder(index) });
    const report = new ReportRecorder(simulation);
    const result = await simulation.run();
    const { links } = report.result(result, "");
    expect(links.some(({ up }) => up)).toBe(true);
    writer.end(simulation.finalHashes);
    writer.close();
    const replay = await replayTrace(path, wasm);
    expect(replay.divergence).toBeUndefined();
    expect(replay.stateHash).toBe(result.state_hash);
    expect(replay.nodes.filter(({ recorded, replayed }) => recorded !== replayed)).toEqual([]);
  });
});

describe("a board as a node", () => {
  it("follows its twin step by step, and ends in the same state", async () => {
    const scenario = altered(findScenario("village"), undefined, 600);
    const target = await CoreTarget.open(wasm);
    const mirror = new Mirror("n3", target);
    const simulation = simulate(scenario, {
      recorder: (index) => (index === 3 ? mirror : undefined),
      settle: () => mirror.settle(),
    });
    const { state_hash } = await simulation.run();
    await mirror.settle();
    expect(mirror.steps).toBeGreaterThan(50);
    expect(await target.hash()).toBe(Buffer.from(simulation.finalHashes[3] as Uint8Array).toString("hex"));
    // And the run is the one without a board.
    expect((await simulate(scenario).run()).state_hash).toBe(state_hash);
  });

  const bytesOf = (output: Output): Uint8Array =>
    output.kind === "send" ? output.frame : output.kind === "put" ? output.value : new Uint8Array(0);
  const oneBitOff = (output: Output): Output => {
    const bytes = bytesOf(output).slice();
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    if (output.kind === "send") return { ...output, frame: bytes };
    return output.kind === "put" ? { ...output, value: bytes } : output;
  };
  const sends = ({ outputs }: StepResult): boolean => outputs.some((output) => bytesOf(output).length > 0);

  it.each<[string, (result: StepResult, input: Input) => StepResult | undefined, RegExp]>([
    ["a status", (result, { op }) => (op === "frame" ? { ...result, status: Status.BadKind } : undefined), /: frame 6/],
    [
      "a bit of a frame or a record",
      (result) => (sends(result) ? { ...result, outputs: result.outputs.map(oneBitOff) } : undefined),
      /: \w+ 6\d+.*\n +here +(send|put) .*\n +on board (send|put) /,
    ],
    [
      "a frame that is not sent",
      (result) => (sends(result) ? { ...result, outputs: [] } : undefined),
      /: \w+ 6\d+.*\n +here +(send|put) .*\n +on board = \d+ \d+$/,
    ],
    [
      "an event too many",
      (result) => ({
        ...result,
        outputs: [...result.outputs, { kind: "event", event: Event.Reply, bytes: new Uint8Array(1) }],
      }),
      /: \w+ 6\d+.*\n +here +(=|event) .*\n +on board event /,
    ],
    ["a deadline", (result) => ({ ...result, deadline: (result.deadline ?? 0n) + 1n }), /: \w+ 6\d+/],
  ])("stops the run where the board does something else: %s", async (_, change, where) => {
    const target = await CoreTarget.open(wasm);
    let changed = 0;
    const mirror = new Mirror("n3", {
      step: async (input) => {
        const result = await target.step(input);
        if (!("now" in input) || input.now < 60_000n || changed > 0) return result;
        const other = change(result, input);
        if (other !== undefined) changed++;
        return other ?? result;
      },
      crypto: (primitive, input) => target.crypto(primitive, input),
      hash: () => target.hash(),
      close: () => target.close(),
    });
    const simulation = simulate(altered(findScenario("village"), undefined, 600), {
      recorder: (index) => (index === 3 ? mirror : undefined),
      settle: () => mirror.settle(),
    });
    const error = await simulation.run().then(
      () => undefined,
      (thrown: Error & { exitCode?: number }) => thrown,
    );
    expect(changed).toBe(1);
    expect(error?.exitCode).toBe(1);
    expect(error?.message).toMatch(/^n3 does not do what the same core does here, at its input \d+: /);
    expect(error?.message).toMatch(where);
  });

  it("can be recorded beside it, so that a trace holds every node", async () => {
    const scenario = altered(findScenario("village"), undefined, 300);
    const target = await CoreTarget.open(wasm);
    const mirror = new Mirror("n3", target);
    const path = join(folder, "board.trace");
    const header = { wasm_sha256: sha256(wasm), scenario: "x", seed: 1, nodes: nodeNames(scenario) };
    const writer = new TraceWriter(path, header);
    const simulation = simulate(scenario, {
      recorder: (index) => recorders(writer.recorder(index), index === 3 ? mirror : undefined),
      settle: () => mirror.settle(),
    });
    const { state_hash } = await simulation.run();
    writer.end(simulation.finalHashes);
    writer.close();
    expect(mirror.steps).toBeGreaterThan(20);
    expect(await replayTrace(path, wasm)).toMatchObject({ divergence: undefined, stateHash: state_hash });
  });

  it("is named as BOARD[:ENGINE]@NODE", () => {
    expect(parseBoardSpec("qemu-m4@n1", ["n0", "n1"])).toMatchObject({
      board: { id: "qemu-m4" },
      engine: "wasm3",
      node: "n1",
    });
    expect(parseBoardSpec("qemu-rv32:aot@n0", ["n0"])).toMatchObject({
      board: { id: "qemu-rv32" },
      engine: "aot",
      node: "n0",
    });
    expect(() => parseBoardSpec("qemu-m4", ["n0"])).toThrow(/give for example qemu-m4:aot@n0/);
    expect(() => parseBoardSpec("qemu-m4@x", ["n0"])).toThrow(/has no node "x"; its nodes are n0\.$/);
    expect(() => parseBoardSpec("qemu-m5@n0", ["n0"])).toThrow(/no board "qemu-m5"; did you mean qemu-m4/);
    expect(() => parseBoardSpec("rak4631@n0", ["n0"])).toThrow(/rak4631 is a real board/);
    expect(() => parseBoardSpec("qemu-m4:jit@n0", ["n0"])).toThrow(/no engine "jit"/);
  });
});

it("a station ends the run when virtual time runs backwards", () => {
  let now = 0;
  const air = { now: () => now, send: () => Status.Ok, entropy: (bytes: Uint8Array) => void bytes.fill(1) };
  const config = bootConfig(findBoard("native"));
  const station = new CoreStation({ name: "n0", module, config, air });
  station.start();
  now = 5000;
  station.timer();
  expect(station.command(Uint8Array.of(Command.Status)).status).toBe(Status.Ok);
  now = 4999;
  expect(() => station.timer()).toThrow(
    "n0 was called at an earlier time than before, which is a fault of the simulator",
  );
  expect(() => station.receive(0, new Uint8Array(22), -80, 40)).toThrow("earlier time");
});

it("a station refuses an address that is no contact", () => {
  const air = { now: () => 0, send: () => Status.Ok, entropy: (bytes: Uint8Array) => void bytes.fill(1) };
  const scenario = scenarioOf({});
  const simulation = simulate(scenario);
  const station = simulation.station(0) as CoreStation;
  expect(() => station.send(5, new Uint8Array(1), 0)).toThrow(TypeError);
  expect(air.now()).toBe(0);
});
