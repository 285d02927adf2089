/**
 * The gossip, advisory and trust parts of the core alone: core-as/testing/gossip.ts compiled with stand-ins for what they
 * call, and one instance of it for each node of a test.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Status } from "../../host/core/abi.gen.ts";
import { assemble } from "../../toolchain/core/compile.ts";
import { repositoryRoot, writeIfChanged } from "../../toolchain/paths.ts";

/** Modules of core-as/assembly that core-as/testing/stubs stands in for. */
const STUBS: Record<string, string> = {
  "link/links": "links",
  "link/secure": "secure",
  "net/announces": "announces",
  "net/routes": "routes",
  "state/destinations": "destinations",
  "state/signing": "signing",
};

const root = repositoryRoot();

const path = join(root, "build", "core", "gossip.wasm");

/** Compiles the module; once per test run, from tests/setup.ts. */
export async function buildGossip(): Promise<void> {
  const source = (name: string): string | null => {
    const stub = STUBS[/^core-as\/assembly\/(.*)\.ts$/.exec(name)?.[1] ?? ""];
    try {
      return readFileSync(join(root, stub === undefined ? name : `core-as/testing/stubs/${stub}.ts`), "utf8");
    } catch {
      return null;
    }
  };
  writeIfChanged(path, await assemble("core-as/testing/gossip.ts", source, { pages: 2, limit: 2 * 65536 }));
}

/** The module as compiled. */
export function gossipModule(): WebAssembly.Module {
  return new WebAssembly.Module(new Uint8Array(readFileSync(path)));
}

/** What a node's radio is set to. Defaults: EU 869.525 MHz, SF8, 10 % of the hour; no wires. */
export interface NodeConfig {
  readonly sf?: number;
  readonly dutyPermille?: number;
  /** Bits per second of each wired interface. */
  readonly wired?: readonly number[];
}

function configBytes({ sf = 8, dutyPermille = 100, wired = [] }: NodeConfig): Uint8Array {
  const bytes = new Uint8Array(32 + 8 * wired.length);
  const view = new DataView(bytes.buffer);
  bytes.set([3, 1], 0);
  bytes.set([sf, 5, 14], 5);
  view.setUint16(8, 18, true);
  bytes[10] = 0x12;
  view.setUint32(12, 869_525_000, true);
  view.setUint32(16, 125_000, true);
  view.setUint16(24, dutyPermille, true);
  bytes[26] = wired.length;
  wired.forEach((rate, i) => {
    view.setUint32(32 + 8 * i, rate, true);
    view.setUint16(36 + 8 * i, 484, true);
  });
  return bytes;
}

/** Where in the arena frames leave, inputs go, and results come. */
const FRAME = 0;
const INPUT = 1024;
const OUTPUT = 8192;

export interface CoreEvent {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** One instance. Addresses given to `call` are made by `put`. */
export class GossipNode {
  readonly events: CoreEvent[] = [];
  /** The record storage; it may be given to the next instance, which then has been rebooted. */
  readonly records: Map<number, Uint8Array>;
  /** How many more records can be stored or deleted. */
  recordsLeft = Infinity;
  private readonly functions: Record<string, (...values: (number | bigint)[]) => number | bigint>;
  private readonly memory: WebAssembly.Memory;
  private readonly arena: number;
  private seed = 1;

  constructor(module: WebAssembly.Module, config: NodeConfig = {}, records = new Map<number, Uint8Array>()) {
    this.records = records;
    const view = (at: number, length: number): Uint8Array => new Uint8Array(this.memory.buffer, at, length);
    const store = (change: () => void): number => {
      if (this.recordsLeft <= 0) return Status.RecordFailed;
      this.recordsLeft--;
      change();
      return Status.Ok;
    };
    const abi = {
      entropy: (at: number, length: number): number => {
        for (let i = 0; i < length; i++) {
          this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
          view(at, length)[i] = this.seed >>> 24;
        }
        return Status.Ok;
      },
      frame_send: () => Status.RadioFailed,
      record_put: (key: number, at: number, length: number) =>
        store(() => this.records.set(key, view(at, length).slice())),
      record_get: (key: number, at: number, length: number): number => {
        const record = this.records.get(key);
        if (record === undefined) return -Status.RecordMissing;
        view(at, length).set(record.subarray(0, length));
        return record.length;
      },
      record_delete: (key: number) => store(() => this.records.delete(key)),
      event: (kind: number, at: number, length: number) => {
        this.events.push({ kind, bytes: view(at, length).slice() });
      },
    };
    const instance = new WebAssembly.Instance(module, { abi });
    this.functions = instance.exports as unknown as typeof this.functions;
    this.memory = instance.exports.memory as WebAssembly.Memory;
    this.arena = this.call("arena");
    const bytes = configBytes(config);
    if (this.call("configLoad", this.put(bytes), bytes.length) !== 0) throw new Error("configuration refused");
  }

  call(name: string, ...values: (number | bigint)[]): number {
    return Number(this.raw(name, values));
  }

  /** A result that is a u64. */
  time(name: string, ...values: (number | bigint)[]): bigint {
    return BigInt.asUintN(64, this.raw(name, values) as bigint);
  }

  private raw(name: string, values: (number | bigint)[]): number | bigint {
    const fn = this.functions[name];
    if (fn === undefined) throw new Error(`gossip.ts does not export ${name}`);
    return fn(...values);
  }

  /** Copies bytes into the arena; their address. */
  put(bytes: Uint8Array, at = INPUT): number {
    new Uint8Array(this.memory.buffer, this.arena + at, bytes.length).set(bytes);
    return this.arena + at;
  }

  /** Address results can be written to; 8 KiB. */
  get output(): number {
    return this.arena + OUTPUT;
  }

  read(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length).slice();
  }

  /** An exported address constant. */
  address(name: string): number {
    return (this.functions[name] as unknown as WebAssembly.Global<"i32">).value;
  }

  counter(index: number): number {
    return this.call("counter", index);
  }

  /** The next frame for an interface: link, packet and size; undefined if there is none. */
  frame(port: number, now: number): { link: number; packet: Uint8Array; size: number } | undefined {
    const size = this.call("gossipNext", port, this.arena + FRAME, BigInt(now));
    if (size === 0) return undefined;
    const bytes = this.read(this.arena + FRAME, size);
    const length = (bytes[1] ?? 0) | ((bytes[2] ?? 0) << 8);
    return { link: bytes[0] ?? 0, packet: bytes.slice(3, 3 + length), size };
  }

  /** DATA of a gossip packet that came by a link. */
  receive(link: number, data: Uint8Array, now: number): number {
    return this.call("gossipReceive", link, this.put(data), data.length, BigInt(now));
  }

  /** Everything gossip remembers, for comparisons. */
  state(): string {
    return ["GOSSIP", "ITEMS", "ADVISORIES"]
      .map((name) => Buffer.from(this.read(this.address(name), this.address(`${name}_SIZE`))).toString("hex"))
      .join(" ");
  }
}
