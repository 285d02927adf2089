/** The packet path (core-as/testing/packet-path.ts) with stand-ins for its neighbours, and a host the test controls. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Counter, RecordKey, Status } from "../../host/core/abi.gen.ts";
import { assemble } from "../../toolchain/core/compile.ts";
import { repositoryRoot, writeIfChanged } from "../../toolchain/paths.ts";

const root = repositoryRoot();

/** The module, compiled if any source of the core has changed since: several test files use it. */
async function compiled(): Promise<Uint8Array<ArrayBuffer>> {
  const hash = createHash("sha256");
  const names = readdirSync(join(root, "core-as"), { recursive: true, encoding: "utf8" });
  for (const name of names.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts")).sort())
    hash.update(name).update(readFileSync(join(root, "core-as", name)));
  const path = join(root, "build", "core", `packet-path-${hash.digest("hex").slice(0, 16)}.wasm`);
  if (existsSync(path)) return new Uint8Array(readFileSync(path));
  const source = (name: string): string | null => {
    const stub = join(root, name.replace("core-as/assembly/", "core-as/testing/stubs/"));
    const file = existsSync(stub) ? stub : join(root, name);
    return existsSync(file) ? readFileSync(file, "utf8") : null;
  };
  const wasm = await assemble("core-as/testing/packet-path.ts", source, { pages: 2, limit: 2 * 65536 });
  writeIfChanged(path, wasm);
  return new Uint8Array(wasm);
}

/** For `beforeAll`: compiling takes seconds, on a busy machine many. */
export const LOAD_TIMEOUT_MS = 120_000;

/** One frame_send: when the call of the core it came from happened is the test's business. */
export interface Sent {
  readonly port: number;
  readonly bytes: Uint8Array;
  readonly flags: number;
}

/** Configuration of state/config.ts, version 3. */
export interface Setup {
  readonly sf?: number;
  readonly bandwidth?: number;
  readonly duty?: number;
  readonly transmit?: boolean;
  /** Tenths of a second. */
  readonly dwell?: number;
  readonly pauseMs?: number;
  readonly lbt?: { readonly dbm: number; readonly ms: number };
  readonly wired?: readonly { bitrate: number; mtu?: number }[];
}

export function configBytes(setup: Setup): Buffer {
  const { sf = 8, bandwidth = 125_000, duty = 100, transmit = true, wired = [] } = setup;
  const bytes = Buffer.alloc(32 + 8 * wired.length);
  bytes[0] = 3;
  bytes[1] = transmit ? 1 : 0;
  bytes.writeUInt16LE(1, 2);
  bytes[5] = sf;
  bytes[6] = 5;
  bytes.writeUInt16LE(18, 8);
  bytes[10] = 0x12;
  bytes.writeUInt32LE(869_525_000, 12);
  bytes.writeUInt32LE(bandwidth, 16);
  bytes.writeUInt32LE(11, 20);
  bytes.writeUInt16LE(duty, 24);
  bytes[26] = wired.length;
  bytes[11] = setup.dwell ?? 0;
  bytes[27] = setup.pauseMs ?? 0;
  bytes.writeInt8(setup.lbt?.dbm ?? 0, 28);
  bytes[29] = setup.lbt?.ms ?? 0;
  wired.forEach(({ bitrate, mtu = 484 }, i) => {
    bytes.writeUInt32LE(bitrate, 32 + 8 * i);
    bytes.writeUInt16LE(mtu, 36 + 8 * i);
  });
  return bytes;
}

type Functions = Record<string, (...values: (number | bigint)[]) => number | bigint>;

export class PacketPath {
  readonly sent: Sent[] = [];
  readonly events: { kind: number; bytes: Buffer }[] = [];
  readonly records = new Map<number, Buffer>();
  /** What frame_send and record_put answer. */
  sendStatus: (sent: Sent) => number = () => Status.Ok;
  putStatus: number = Status.Ok;
  /** A failed record_put has written the new value all the same. */
  putKeeps = false;
  /** Records written so far. */
  puts = 0;
  #seed = 1;
  readonly #functions: Functions;
  readonly memory: Buffer;
  readonly arena: number;

  private constructor(module: WebAssembly.Module) {
    const view = (at: number, length: number): Buffer => Buffer.from(this.memory.subarray(at, at + length));
    const abi = {
      entropy: (at: number, length: number): number => {
        for (let i = 0; i < length; i++) {
          this.#seed = (Math.imul(this.#seed, 1_103_515_245) + 12_345) >>> 0;
          this.memory[at + i] = this.#seed >>> 16;
        }
        return Status.Ok;
      },
      frame_send: (port: number, at: number, length: number, flags: number): number => {
        const sent = { port, bytes: view(at, length), flags };
        const status = this.sendStatus(sent);
        if (status === Number(Status.Ok)) this.sent.push(sent);
        return status;
      },
      record_put: (key: number, at: number, length: number): number => {
        const ok = this.putStatus === Number(Status.Ok);
        if (ok || this.putKeeps) this.records.set(key, view(at, length));
        this.puts++;
        return this.putStatus;
      },
      record_get: (key: number, at: number, length: number): number => {
        const value = this.records.get(key);
        if (value === undefined) return -Status.RecordMissing;
        value.copy(this.memory, at, 0, length);
        return value.length;
      },
      record_delete: (): number => Status.Ok,
      event: (kind: number, at: number, length: number): void => {
        this.events.push({ kind, bytes: view(at, length) });
      },
    };
    const { exports } = new WebAssembly.Instance(module, { abi });
    this.#functions = exports as Functions;
    this.memory = Buffer.from((exports.memory as WebAssembly.Memory).buffer);
    this.arena = this.call("arena");
  }

  static async load(): Promise<PacketPath> {
    return new PacketPath(await WebAssembly.compile(await compiled()));
  }

  /** Calls an exported function; times are given as bigint. */
  call(name: string, ...values: (number | bigint)[]): number {
    const fn = this.#functions[name];
    if (fn === undefined) throw new Error(`packet-path.ts does not export ${name}`);
    return Number(fn(...values));
  }

  /** The same for a function that gives a u64: Infinity for 2^64-1. */
  time(name: string, ...values: (number | bigint)[]): number {
    const value = BigInt.asUintN(64, this.#functions[name]?.(...values) as bigint);
    return value === 2n ** 64n - 1n ? Infinity : Number(value);
  }

  /** Copies bytes into the arena, at an offset; their address. */
  put(bytes: Uint8Array, offset = 0): number {
    this.memory.set(bytes, this.arena + offset);
    return this.arena + offset;
  }

  /** Seeds the host's random numbers. */
  seed(seed: number): void {
    this.#seed = seed >>> 0;
  }

  /** Takes a configuration and starts all parts, as the node's boot does. */
  boot(setup: Setup = {}, now = 0n): void {
    const bytes = configBytes(setup);
    const status = this.call("configLoad", this.put(bytes), bytes.length);
    if (status !== Number(Status.Ok)) throw new Error(`the configuration is refused with status ${status}`);
    for (const part of ["counters", "utilisation", "seen", "egress", "queue", "congestion", "control"])
      this.call(`${part}Reset`);
    for (const part of ["throttle", "reverse", "probe"]) this.call(`${part}Reset`);
    this.call("airtimeLoad", now);
    this.call("mediumReset", now);
    this.call("beaconingStart", now);
    this.sent.length = 0;
    this.events.length = 0;
  }

  counter(counter: Counter): number {
    return this.memory.readUInt32LE(this.call("block", 1) + 4 * counter);
  }

  /** Sets link `index` of the stand-in. */
  link(
    index: number,
    { port = 0, trafficClass = 1, mtu = 484, bitrate = 2800, latency = 1457 }: Record<string, number> = {},
  ): void {
    const at = this.call("block", 3) + 32 * index;
    this.memory.fill(0xc0 + index, at, at + 16);
    this.memory[at + 16] = port;
    this.memory[at + 17] = trafficClass;
    this.memory[at + 18] = 1;
    // Failures and deliveries it was told of.
    this.memory[at + 19] = 0;
    this.memory.writeUInt16LE(0, at + 22);
    this.memory.writeUInt16LE(mtu, at + 20);
    this.memory.writeUInt32LE(bitrate, at + 24);
    this.memory.writeUInt32LE(latency, at + 28);
  }

  airtimeRecordMs(): number | undefined {
    return this.records.get(RecordKey.Airtime)?.readUInt32LE(0);
  }
}

/** A forwarded end-to-end packet; the last byte of its destination is the link the stand-in's route takes. */
export function packet(link: number, length: number, tag = 0, second = 0xff): Buffer {
  const bytes = Buffer.alloc(length);
  bytes[0] = 0x10;
  bytes.writeUInt32LE(tag >>> 0, 2);
  bytes[16] = second;
  bytes[17] = link;
  return bytes;
}
