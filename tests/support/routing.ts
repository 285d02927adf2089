/**
 * One node's announces and routes, core-as/testing/routing.ts: the core's sources with stand-ins for the rooms around them,
 * whose tables the tests fill in. And announces made with other people's cryptography.
 */
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blake2b } from "@noble/hashes/blake2.js";
import { Counter } from "../../host/core/abi.gen.ts";
import { assemble } from "../../toolchain/core/compile.ts";
import { repositoryRoot, writeIfChanged } from "../../toolchain/paths.ts";

const root = repositoryRoot();

export const LINKS = 8;
export const ROUTES = 128;
export const BODIES = 24;
export const NO_LINK = 255;
/** In place of a link: all that share one frame. */
export const GROUP_LINKS = 254;
export const NO_ROUTE = 0xffffffff;

const STANDINS: Readonly<Record<string, string>> = {
  "link/links": "links",
  "state/destinations": "endpoint",
  "state/signing": "endpoint",
  "state/sequence": "endpoint",
  "state/ratchets": "endpoint",
  "net/congestion": "endpoint",
  "net/queue": "endpoint",
};

const path = join(root, "build", "core", "routing.wasm");

/** Compiles the module; once per test run, from tests/setup.ts. */
export async function buildRouting(): Promise<void> {
  const source = (name: string): string | null => {
    const standin = STANDINS[name.replace(/^core-as\/assembly\/|\.ts$/g, "")];
    if (standin !== undefined) return `export * from "../../testing/standins/${standin}";`;
    try {
      return readFileSync(join(root, name), "utf8");
    } catch {
      return null;
    }
  };
  writeIfChanged(path, await assemble("core-as/testing/routing.ts", source, { pages: 2, limit: 2 * 65536 }));
}

let compiled: Promise<WebAssembly.Module> | undefined;

function routingModule(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(new Uint8Array(readFileSync(path)));
  return compiled;
}

export interface LinkValues {
  up?: boolean;
  port?: number;
  reliability?: number;
  suspect?: boolean;
  shunned?: boolean;
  latency?: number;
  bitrate?: number;
  mtu?: number;
  price?: number;
  peer?: Uint8Array;
}

export interface NodeEvent {
  readonly kind: number;
  readonly data: Uint8Array;
}

type Fn = (...values: (number | bigint)[]) => number | bigint;

/** Where inputs and outputs lie in the arena. */
const PACKET = 0;
const OUT = 1024;
const ID = 8192;

export class RoutingNode {
  readonly events: NodeEvent[] = [];
  /** What the next random draws give, over and over; jitter is as long as this says. */
  random = 0;
  readonly #functions: Record<string, Fn>;
  readonly #bytes: Uint8Array;
  readonly #arena: number;

  private constructor(instance: WebAssembly.Instance) {
    this.#functions = instance.exports as Record<string, Fn>;
    this.#bytes = new Uint8Array((instance.exports.memory as WebAssembly.Memory).buffer);
    this.#arena = this.call("arena");
  }

  static async make(seed = 1): Promise<RoutingNode> {
    const here: { node?: RoutingNode } = {};
    const refuse = (): number => 99;
    const abi = {
      entropy: (at: number, length: number): number => {
        new DataView(given(here.node).#bytes.buffer).setUint32(at, given(here.node).random);
        return length === 4 ? 0 : 99;
      },
      frame_send: refuse,
      record_put: refuse,
      record_get: refuse,
      record_delete: refuse,
      event: (kind: number, at: number, length: number): void => {
        given(here.node).events.push({ kind, data: given(here.node).#bytes.slice(at, at + length) });
      },
    };
    const node = new RoutingNode(await WebAssembly.instantiate(await routingModule(), { abi }));
    here.node = node;
    node.reset(seed);
    return node;
  }

  /** Boots with the keys of `seed` and empty tables. */
  reset(seed: number): void {
    const own = this.call("standinOwn");
    this.#bytes.fill(0, own, own + 176);
    this.#bytes.set(seedOf(seed), own);
    this.call("standinBoot");
    this.setGroup(0);
    new DataView(this.#bytes.buffer).setUint32(this.call("standinPath") + 4, 256, true);
    for (const name of ["routesReset", "bodiesReset", "announcesReset"]) this.call(name);
    this.events.length = 0;
  }

  call(name: string, ...values: (number | bigint)[]): number {
    const fn = this.#functions[name];
    if (fn === undefined) throw new Error(`routing.ts does not export ${name}`);
    return Number(fn(...values));
  }

  get id(): Uint8Array {
    const at = this.call("standinOwn") + 64;
    return this.#bytes.slice(at, at + 16);
  }

  read(at: number, length: number): Uint8Array {
    return this.#bytes.slice(at, at + length);
  }

  setRatchet(bytes: Uint8Array): void {
    const own = this.call("standinOwn");
    this.#bytes.set(bytes, own + 88);
    this.#bytes[own + 120] = 1;
  }

  setCongestion(factorQ8: number, fill: number): void {
    const view = new DataView(this.#bytes.buffer);
    view.setUint32(this.call("standinPath") + 4, factorQ8, true);
    view.setUint32(this.call("standinPath") + 8, fill, true);
  }

  setLink(link: number, values: LinkValues): void {
    const at = this.call("standinLink", link);
    const view = new DataView(this.#bytes.buffer, at);
    if (values.up !== undefined) view.setUint8(0, values.up ? 1 : 0);
    if (values.port !== undefined) view.setUint8(1, values.port);
    if (values.reliability !== undefined) view.setUint8(2, values.reliability);
    if (values.suspect !== undefined) view.setUint8(3, (view.getUint8(3) & ~1) | (values.suspect ? 1 : 0));
    if (values.shunned !== undefined) view.setUint8(3, (view.getUint8(3) & ~2) | (values.shunned ? 2 : 0));
    if (values.latency !== undefined) view.setUint32(4, values.latency, true);
    if (values.bitrate !== undefined) view.setUint32(8, values.bitrate, true);
    if (values.mtu !== undefined) view.setUint32(12, values.mtu, true);
    if (values.price !== undefined) view.setUint32(16, values.price, true);
    if (values.peer !== undefined) this.#bytes.set(values.peer, at + 24);
  }

  /** The links in the mask have this node's group key. */
  setGroup(mask: number): void {
    new DataView(this.#bytes.buffer).setUint32(this.call("standinGroup"), mask, true);
  }

  counter(name: keyof typeof Counter): number {
    return new DataView(this.#bytes.buffer).getUint32(this.#global("COUNTERS") + 4 * Counter[name], true);
  }

  #global(name: string): number {
    return (this.#functions[name] as unknown as WebAssembly.Global).value as number;
  }

  /** Every block the state hash covers. */
  state(): string {
    const blocks = ["ROUTE_TABLE", "BODY_OWNERS", "ROUTING", "BODY_TABLE", "ANNOUNCING"];
    return blocks
      .map((name) => {
        const size = name.startsWith("ROUT") || name.startsWith("BODY") ? `${name}_SIZE` : "ANNOUNCING_SIZE";
        return Buffer.from(this.read(this.#global(name), this.#global(size))).toString("hex");
      })
      .join("");
  }

  /** The whole routing table, entry by entry. */
  table(): Uint8Array {
    return this.read(this.#global("ROUTE_TABLE"), this.#global("ROUTE_TABLE_SIZE"));
  }

  receive(packet: Uint8Array, link: number, now: number): number {
    this.#bytes.set(packet, this.#arena + PACKET);
    return this.call("announceReceive", this.#arena + PACKET, packet.length, link, BigInt(now));
  }

  /** The next announce for `port`, if any. */
  next(port: number, now: number): { link: number; packet: Uint8Array } | undefined {
    const link = this.call("announceNext", port, this.#arena + OUT, BigInt(now));
    if (link < 0) return undefined;
    const length = this.call("announceLength");
    return { link, packet: this.read(this.#arena + OUT, length) };
  }

  /** Address of a copy of `bytes`. */
  put(bytes: Uint8Array): number {
    this.#bytes.set(bytes, this.#arena + ID);
    return this.#arena + ID;
  }

  /** Address of room for output, 4 KiB. */
  get out(): number {
    return this.#arena + OUT;
  }

  choose(destination: Uint8Array, now: number, policy = 0, exclude = 0, mtu = 484): number {
    return this.call("routeChoose", this.put(destination), policy, mtu, exclude, BigInt(now));
  }

  find(destination: Uint8Array): number {
    return this.call("routeFind", this.put(destination)) >>> 0;
  }

  /** item_ids of what is to be pulled. */
  wanted(limit = ROUTES): Uint8Array[] {
    const count = this.call("routesTakeWanted", this.out, limit);
    return Array.from({ length: count }, (_, k) => this.read(this.out + 8 * k, 8));
  }
}

/** What is there, or the test fails. */
export function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("something the test counts on is missing");
  return value;
}

export function seedOf(number: number): Uint8Array {
  const seed = Buffer.alloc(32);
  seed.writeUInt32LE(number);
  seed.write("routing test", 8);
  return seed;
}

export interface Identity {
  readonly publicKey: Uint8Array;
  readonly id: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const identities = new Map<number, Identity>();

/** Keys and address of a number, by OpenSSL and noble. */
export function identity(number: number): Identity {
  let known = identities.get(number);
  if (known === undefined) {
    const key = createPrivateKey({ key: Buffer.concat([PKCS8, seedOf(number)]), format: "der", type: "pkcs8" });
    const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
    const id = blake2b(publicKey, { dkLen: 32 }).subarray(0, 16);
    known = { publicKey, id, sign: (bytes) => sign(null, bytes, key) };
    identities.set(number, known);
  }
  return known;
}

export interface AnnounceFields {
  seq?: number | bigint;
  cost?: number;
  latency?: number;
  rate?: number;
  hops?: number;
  maxHops?: number;
  version?: number;
  /** Signed TLVs, whole. */
  tlvs?: Uint8Array;
  /** What stands behind them. */
  mutable?: Uint8Array;
}

/** An announce of `origin` as somebody offers it. */
export function announce(origin: Identity, fields: AnnounceFields = {}): Uint8Array {
  const { seq = 1, cost = 0, latency = 0, rate = 255, hops = 0, maxHops = 128, version = 0x10 } = fields;
  const tlvs = fields.tlvs ?? new Uint8Array(0);
  const sequence = Buffer.alloc(8);
  sequence.writeBigUInt64LE(BigInt(seq));
  const path = Buffer.alloc(6);
  path.writeUInt16LE(cost, 0);
  path.writeUInt16LE(latency, 2);
  path[4] = rate;
  path[5] = hops;
  const signed = [origin.id, origin.publicKey, sequence, Buffer.from([version]), tlvs];
  const signature = origin.sign(Buffer.concat([Buffer.from("mehr/announce/1\0"), ...signed]));
  return Buffer.concat([
    Buffer.from([0x01, hops]),
    origin.id,
    Buffer.from([0]),
    origin.publicKey,
    sequence,
    signature,
    Buffer.from([maxHops, 0x4e, version]),
    path,
    tlvs,
    fields.mutable ?? new Uint8Array(0),
  ]);
}
