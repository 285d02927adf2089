import { ed25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bootConfig, encodeBootConfig } from "../../boards/config.ts";
import { findBoard } from "../../boards/index.ts";
import { assemble } from "../../toolchain/core/compile.ts";
import { LINEAR_MEMORY_LIMIT } from "../../toolchain/core/limits.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { beaconFrame, clearFrame, packet } from "../conformance/scenario.ts";
import { SeededRandom } from "../radio/random.ts";
import { ABI_VERSION, Command, type CoreImports, Counter, Event, IN_SIZE, RecordKey, Status } from "./abi.gen.ts";
import { Core, CoreError } from "./core.ts";

/** Interface 0. */
const RADIO = 0;
const CONFIG = encodeBootConfig(bootConfig(findBoard("qemu-m4")));
let wasm: Uint8Array;
beforeAll(() => {
  wasm = readFileSync(join(repositoryRoot(), "build", "core", "relay.wasm"));
});

/** A host that remembers; its answers can be changed while it runs. */
class Host implements CoreImports {
  readonly sent: Uint8Array[] = [];
  readonly events: { kind: number; bytes: Uint8Array }[] = [];
  readonly records = new Map<number, Uint8Array>();
  readonly random = new SeededRandom(1);
  sendStatus: number = Status.Ok;
  putStatus: number = Status.Ok;
  entropyStatus: number = Status.Ok;

  entropy(bytes: Uint8Array): number {
    if (this.entropyStatus === Status.Ok) bytes.set(this.random.bytes(bytes.length));
    return this.entropyStatus;
  }
  frame_send(port: number, bytes: Uint8Array): number {
    if (port !== RADIO) return Status.BadInterface;
    if (this.sendStatus === Status.Ok) this.sent.push(bytes.slice());
    return this.sendStatus;
  }
  record_put(key: number, bytes: Uint8Array): number {
    if (this.putStatus === Status.Ok) this.records.set(key, bytes.slice());
    return this.putStatus;
  }
  record_get(key: number, bytes: Uint8Array): number {
    const value = this.records.get(key);
    if (value === undefined) return -Status.RecordMissing;
    bytes.set(value.subarray(0, bytes.length));
    return value.length;
  }
  record_delete(): number {
    return Status.Ok;
  }
  event(kind: number, bytes: Uint8Array): void {
    this.events.push({ kind, bytes: bytes.slice() });
  }
  take(kind: number): Uint8Array[] {
    return this.events.filter((event) => event.kind === kind).map((event) => event.bytes);
  }
}

let host: Host;
let core: Core;
beforeEach(async () => {
  host = new Host();
  core = await Core.load(wasm, host);
});

function booted(now = 0n, config = CONFIG): void {
  expect(core.boot(now, config)).toBe(Status.Ok);
}

interface Known {
  readonly known: number;
  readonly up: number;
  readonly counters: readonly number[];
  readonly seen: number;
  readonly utilisation: number;
  /** Time of the next beacon; undefined if none is planned. */
  readonly nextBeacon: bigint | undefined;
}

function status(now: bigint): Known {
  expect(core.onCommand(now, Uint8Array.of(Command.Status))).toBe(Status.Ok);
  const reply = Buffer.from(host.take(Event.Reply).at(-1) ?? []);
  // The counters, then how many frames were refused with each status.
  expect(reply.length).toBe(56 + 4 * (Counter.Count + Status.CoreCount));
  const nextBeacon = reply.readBigUInt64LE(32);
  return {
    known: reply.readUInt8(1),
    up: reply.readUInt8(2),
    utilisation: reply.readUInt32LE(40),
    seen: reply.readUInt32LE(44),
    counters: Array.from({ length: Counter.Count }, (_, i) => reply.readUInt32LE(56 + 4 * i)),
    nextBeacon: nextBeacon === 2n ** 64n - 1n ? undefined : nextBeacon,
  };
}

function id(n: number): Uint8Array {
  return new Uint8Array(16).fill(n);
}

function heard(now: bigint, frame: Uint8Array, rssi = -80, snr = 40): number {
  return core.onFrame(now, RADIO, frame, rssi, snr);
}

describe("loading", () => {
  it("takes the module of this checkout and leaves room in its memory", () => {
    expect(core.memoryUsed()).toBeGreaterThan(4096);
    expect(core.memoryUsed()).toBeLessThanOrEqual(LINEAR_MEMORY_LIMIT);
  });

  const failing = async (bytes: Uint8Array): Promise<CoreError> => {
    const error = await Core.load(bytes, host).then(
      () => undefined,
      (e: unknown) => e,
    );
    if (!(error instanceof CoreError)) throw new Error(`expected a CoreError, got ${error}`);
    return error;
  };

  it("refuses bytes that are no module", async () => {
    expect((await failing(Uint8Array.of(1, 2, 3))).status).toBe(Status.BadModule);
  });

  it("refuses a module of another abi_version with a sentence that names both", async () => {
    const source = readFileSync(join(repositoryRoot(), "core-as/assembly/abi.ts"), "utf8");
    const other = await assemble("core-as/assembly/node.ts", (name) => {
      if (name === "core-as/assembly/abi.ts")
        return source.replace(/ABI_VERSION: u32 = \d+/, "ABI_VERSION: u32 = 4242");
      try {
        return readFileSync(join(repositoryRoot(), name), "utf8");
      } catch {
        return null;
      }
    });
    const error = await failing(other);
    expect(error.status).toBe(Status.AbiMismatch);
    expect(error.message).toContain(`The module has abi_version 4242, this host speaks ${ABI_VERSION}`);
  });

  it("refuses a module that lacks an export, or asks for an import that is not in the ABI", async () => {
    const compile = (text: string) => assemble("m.ts", (name) => (name === "m.ts" ? text : null));
    const missing = await failing(await compile("export function abi_version(): u32 { return 1; }"));
    expect([missing.status, missing.message]).toEqual([Status.MissingExport, expect.stringContaining("It is buffer.")]);
    const asking = await failing(
      await compile("declare function shout(): void; export function a(): void { shout(); }"),
    );
    expect([asking.status, asking.message]).toEqual([Status.UnknownImport, expect.stringContaining("m.shout")]);
  });
});

describe("boot", () => {
  it("makes an identity once, keeps it, and tells its address", () => {
    booted();
    const key = host.records.get(RecordKey.Identity);
    expect(key?.length).toBe(32);
    const [address] = host.take(Event.Booted);
    // The record is an Ed25519 seed; the address is the first half of the 32-byte BLAKE2b of its public key (H2).
    const publicKey = ed25519.getPublicKey(key ?? new Uint8Array());
    expect(address).toEqual(blake2b(publicKey, { dkLen: 32 }).slice(0, 16));
    booted(10n);
    expect(host.take(Event.Booted)[1]).toEqual(address);
    expect(host.records.get(RecordKey.Identity)).toEqual(key);
  });

  it("fails, and stays down, without entropy, with a record of the wrong size, or when it cannot be stored", () => {
    host.entropyStatus = Status.NoEntropy;
    expect(core.boot(0n, CONFIG)).toBe(Status.NoEntropy);
    host.entropyStatus = Status.Ok;
    host.putStatus = Status.RecordFailed;
    expect(core.boot(0n, CONFIG)).toBe(Status.RecordFailed);
    host.putStatus = Status.Ok;
    host.records.set(RecordKey.Identity, new Uint8Array(31));
    expect(core.boot(0n, CONFIG)).toBe(Status.BadRecord);
    expect(core.onTimer(1n)).toBe(Status.NotBooted);
    expect(core.deadline()).toBeUndefined();
    expect(host.events).toEqual([]);
  });

  it("refuses any other length of configuration, and input longer than the buffer", () => {
    for (const length of [0, 19, 21, IN_SIZE])
      expect(core.boot(0n, new Uint8Array(length).fill(1))).toBe(Status.BadConfig);
    expect(core.boot(0n, new Uint8Array(IN_SIZE + 1))).toBe(Status.Long);
  });
});

describe("beacons", () => {
  it("go out within two seconds, then every 200 airtimes give or take a tenth", () => {
    booted();
    // 22 bytes at SF8/125 kHz with 18 preamble symbols take 123.4 ms: 24.7 s.
    const times: number[] = [];
    while (times.length <= 300) {
      const now = core.deadline() ?? -1n;
      expect(core.onTimer(now)).toBe(Status.Ok);
      if (host.sent.length > times.length) times.push(Number(now));
    }
    expect(times[0]).toBeLessThan(2000);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(22_200);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(27_200);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(3_500);
    expect(host.sent.length).toBe(301);
    const [address] = host.take(Event.Booted);
    expect(host.sent.every((frame) => frame.length === 22 && frame[1] === 0x80)).toBe(true);
    expect(host.sent[0]?.slice(2, 18)).toEqual(address);
    expect(host.sent[0]?.slice(18)).toEqual(Uint8Array.of(1, 0, 0, 0));
  });

  it("are not sent early, and not at all without permission to transmit", () => {
    booted(0n);
    expect(core.onTimer(0n)).toBe(Status.Ok);
    const silent = Uint8Array.from(CONFIG);
    silent[1] = 0;
    expect(core.deadline()).toBeGreaterThan(0n);
    expect(host.sent.length).toBe(0);
    booted(1n, silent);
    expect(status(1n).nextBeacon).toBeUndefined();
    const before = host.sent.length;
    for (let i = 1n; i < 200n; i++) core.onTimer(i * 1000n);
    expect(host.sent.length).toBe(before);
  });

  it("slow down to 20 s above 50 % use of the channel and 30 s above 75 %", () => {
    // SF7 at 500 kHz: the interval alone would be 10 s.
    const fast = encodeBootConfig({ ...bootConfig(findBoard("qemu-m4")), spreadingFactor: 7, bandwidthHz: 500_000 });
    const ms = 0.001 * Number(core.airtimeUs(7, 500_000, 5, 18, 255));
    /** Seconds to the next beacon when the channel has been used to `percent`, at `phase` ms into a bucket of 10 s. */
    const gap = (percent: number, phase: number): number => {
      booted(0n, fast);
      const end = 90_000 + phase;
      const frame = clearFrame(packet(0x02, 0, id(9), 0, new Uint8Array(44)));
      for (let t = 0; t < end; t += (ms * 100) / percent) heard(BigInt(Math.floor(t)), frame);
      expect(core.onTimer(BigInt(end))).toBe(Status.Ok);
      return Number((core.deadline() ?? 0n) - BigInt(end)) / 1000;
    };
    for (const phase of [0, 5_000, 9_999]) {
      for (const [percent, interval] of [
        [45, 10],
        [55, 20],
        [70, 20],
        [80, 30],
        [95, 30],
      ] as const) {
        const seconds = gap(percent, phase);
        expect([percent, phase, seconds >= interval * 0.9, seconds <= interval * 1.1]).toEqual([
          percent,
          phase,
          true,
          true,
        ]);
      }
    }
  });

  it("wait 1 to 2^n slots when the channel is busy, and are given up after 7 attempts", () => {
    booted();
    host.sendStatus = Status.RadioBusy;
    const first = core.deadline() ?? 0n;
    let now = first;
    const slot = Math.ceil(Number(core.airtimeUs(8, 125_000, 5, 18, 255)) / 1000);
    for (let attempt = 1; attempt <= 6; attempt++) {
      expect(core.onTimer(now)).toBe(Status.RadioBusy);
      const wait = Number((core.deadline() ?? 0n) - now);
      expect(wait % slot).toBe(0);
      expect(wait / slot).toBeGreaterThanOrEqual(1);
      expect(wait / slot).toBeLessThanOrEqual(2 ** Math.min(attempt, 4));
      now += BigInt(wait);
    }
    expect(core.onTimer(now)).toBe(Status.RadioBusy);
    const { counters, nextBeacon } = status(now);
    // The next one is planned when this one is due, not when it is given up.
    expect(Math.abs(Number((nextBeacon ?? 0n) - first) - 24_700)).toBeLessThan(2_500);
    expect([counters[Counter.BusyDeferred], counters[Counter.BusyDropped], counters[Counter.BeaconsSent]]).toEqual([
      6, 1, 0,
    ]);
  });
});

describe("neighbours", () => {
  it("are found by their beacons, with what they say and how they were heard", () => {
    booted();
    expect(heard(100n, beaconFrame(id(5), 0x0105, 2, 77), -101, -30)).toBe(Status.Ok);
    const [found] = host.take(Event.NeighbourFound);
    const report = Buffer.from(found ?? []);
    expect(report.length).toBe(44);
    expect(report.subarray(0, 16)).toEqual(Buffer.alloc(16, 5));
    expect([report.readUInt16LE(16), report[18], report[19], report.readInt16LE(20), report.readInt16LE(22)]).toEqual([
      0x0105, 2, 77, -101, -30,
    ]);
    expect([report.readUInt32LE(24), report[28]]).toEqual([1, 1]);
    heard(5_100n, beaconFrame(id(5)));
    expect(host.take(Event.NeighbourFound).length).toBe(1);
    core.onCommand(6_000n, Uint8Array.of(Command.Neighbours));
    const reply = Buffer.from(host.take(Event.Reply).at(-1) ?? []);
    expect([reply[0], reply.length, reply.readUInt32LE(25), reply.readBigUInt64LE(33), reply.readUInt32LE(41)]).toEqual(
      [Command.Neighbours, 45, 2, 5_900n, 900],
    );
  });

  it("go down after 180 s of silence and away after 600 s, to the millisecond", () => {
    booted();
    heard(1_000n, beaconFrame(id(5)));
    core.onTimer(180_999n);
    expect(host.take(Event.NeighbourDown)).toEqual([]);
    core.onTimer(181_000n);
    expect(host.take(Event.NeighbourDown)).toEqual([id(5)]);
    core.onTimer(600_999n);
    expect(host.take(Event.NeighbourGone)).toEqual([]);
    core.onTimer(601_000n);
    expect(host.take(Event.NeighbourGone)).toEqual([id(5)]);
    expect(status(601_000n).known).toBe(0);
  });

  it("never include the node itself, whoever sends its own beacon back", () => {
    booted();
    const [address] = host.take(Event.Booted);
    expect(heard(1n, beaconFrame(address ?? id(0)))).toBe(Status.OwnBeacon);
    expect([status(1n).known, host.take(Event.NeighbourFound)]).toEqual([0, []]);
  });

  it("cannot be driven out by strangers: a full table turns newcomers away until somebody has been silent", () => {
    booted();
    for (let i = 1; i <= 16; i++) heard(BigInt(i), beaconFrame(id(i)));
    for (let i = 100; i < 200; i++) expect(heard(1000n, beaconFrame(id(i)))).toBe(Status.TableFull);
    for (let i = 2; i <= 16; i++) heard(150_000n, beaconFrame(id(i)));
    expect(heard(180_000n, beaconFrame(id(200)))).toBe(Status.TableFull);
    expect(heard(180_001n, beaconFrame(id(200)))).toBe(Status.Ok);
    expect(host.take(Event.NeighbourGone)).toEqual([id(1)]);
    const { known, counters } = status(180_001n);
    expect([known, counters[Counter.NeighboursRefused], counters[Counter.NeighboursEvicted]]).toEqual([16, 101, 1]);
  });
});

describe("link requests", () => {
  const request = (to: Uint8Array, version = 0x10): Uint8Array => {
    const data = Buffer.alloc(44, 9);
    data[0] = version;
    data.writeUInt16LE(484, 33);
    data[35] = 0;
    return clearFrame(packet(0x02, 0, to, 0, data));
  };

  it("for this node are answered with a proof in the clear, those for others and of other versions are not", () => {
    booted();
    const [address] = host.take(Event.Booted);
    expect(heard(1n, request(id(7)))).toBe(Status.NotForUs);
    expect(heard(1n, request(address ?? id(0), 0x20))).toBe(Status.BadVersion);
    expect(heard(1n, request(address ?? id(0)))).toBe(Status.Ok);
    for (let at = core.deadline() ?? 0n; at < 5_000n; at = core.deadline() ?? 5_000n) core.onTimer(at);
    const proofs = host.sent.filter((frame) => frame.length === 255);
    // Kind clear, then a packet with the header of a proof and its context.
    expect(proofs.map((frame) => [frame[1], frame[2], frame[20]])).toEqual([[0x40, 0x0f, 0xff]]);
  });
});

describe("any input", () => {
  it("gives a status, never a trap, and changes no table when it is refused", () => {
    booted();
    heard(1n, beaconFrame(id(1)));
    let now = 1n;
    const tables = (): string => {
      host.events.length = 0;
      core.onCommand(now, Uint8Array.of(Command.Neighbours));
      const { known, up, seen } = status(now);
      return `${Buffer.from(host.take(Event.Reply).at(-2) ?? []).toString("hex")} ${known} ${up} ${seen}`;
    };
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 300, size: "max" }),
      // Nearly right ones get further in.
      fc
        .tuple(
          fc.constantFrom(beaconFrame(id(1)), clearFrame(packet(0x02, 0, id(2), 0, new Uint8Array(44)))),
          fc.nat(300),
          fc.nat(255),
        )
        .map(([frame, at, value]) => {
          const copy = Uint8Array.from(frame);
          copy[at % copy.length] = value;
          return copy;
        }),
    );
    const refusing = new Set<number>([
      Status.Short,
      Status.Long,
      Status.BadKind,
      Status.BadHeader,
      Status.BadContext,
      Status.BadPadding,
      Status.BadField,
      Status.NotClear,
      Status.HopLimit,
      Status.NoLink,
      Status.SplitFrame,
      Status.OwnBeacon,
      Status.Duplicate,
      Status.NotForUs,
    ]);
    fc.assert(
      fc.property(frames, fc.integer({ min: -32768, max: 32767 }), (frame, signal) => {
        const before = tables();
        const result = heard(now, frame, signal, signal);
        expect(Object.values(Status)).toContain(result);
        if (refusing.has(result)) expect(tables()).toBe(before);
        now += 1n;
      }),
      { numRuns: Number(process.env.MEHR_FUZZ ?? 20_000) },
    );
  });

  it("to commands gives a status, and a refused one leaves the state as it was", () => {
    booted();
    // Time passes even so; but for that a refused command changes nothing.
    core.onTimer(1_000n);
    const before = core.stateHash();
    expect(core.onCommand(1_000n, Uint8Array.of(77))).toBe(Status.BadCommand);
    expect(core.onCommand(1_000n, new Uint8Array(0))).toBe(Status.BadCommand);
    expect(core.boot(1_000n, new Uint8Array(3))).toBe(Status.BadConfig);
    expect(core.stateHash()).toEqual(before);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: IN_SIZE + 8, size: "max" }), (command) => {
        const result = core.onCommand(1_000n, command);
        if (command.length > IN_SIZE) expect(result).toBe(Status.Long);
        else expect(result).toBeLessThan(Status.CoreCount);
      }),
    );
  });

  it("with a time before the last one is refused, and nothing but its counter changes", () => {
    booted(100n);
    heard(200n, beaconFrame(id(1)));
    const before = status(200n);
    expect(heard(199n, beaconFrame(id(2)))).toBe(Status.ClockBackwards);
    expect(core.onTimer(0n)).toBe(Status.ClockBackwards);
    expect(core.onCommand(199n, Uint8Array.of(Command.Status))).toBe(Status.ClockBackwards);
    const counters = before.counters.map((value, i) => (i === Counter.ClockBackwards ? value + 3 : value));
    expect(status(200n)).toEqual({ ...before, counters });
  });

  it("given twice to two instances gives the same state hash and the same output", async () => {
    const run = async (): Promise<string> => {
      const other = new Host();
      const instance = await Core.load(wasm, other);
      const random = new SeededRandom(99);
      instance.boot(0n, CONFIG);
      for (let i = 0n; i < 500n; i++) {
        if (random.u32() % 3 === 0) instance.onTimer(i * 200n);
        else instance.onFrame(i * 200n, RADIO, beaconFrame(id(random.u32() % 40)), -50, 0);
      }
      return JSON.stringify([[...instance.stateHash()], other.events.length, other.sent.length]);
    };
    expect(await run()).toBe(await run());
  });
});
