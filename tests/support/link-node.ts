/**
 * A node of which only the links exist: state, wire and link of the core, driven by hand through the internals module.
 * It does what net/receive.ts and net/egress.ts do with them, and nothing else.
 */
import { createHash } from "node:crypto";
import { Status } from "../../host/core/abi.gen.ts";
import { type Internals, internals, internalsModule } from "./internals.ts";

export const RADIO = 0;
export const WIRE = 1;

const FRAME = 20_000;
const PACKET = 21_000;
const RECEIVED = 22_000;
const CONFIG = 24_000;
const ID = 25_000;

export interface LinkEvent {
  /** An Event. */
  kind: number;
  peer: string;
  port: number;
  /** Of LinkUp 1 for an initiator, of LinkDown a LinkEnd. */
  tail: number;
}

/** What came of a frame. */
export interface Received {
  /** A Status. */
  status: number;
  link?: number;
  packet?: Uint8Array;
  qos?: number;
}

let module: WebAssembly.Module | undefined;

/** Radio at SF8 and one wire of 115,200 bit/s. */
function config(spreadingFactor: number): Uint8Array {
  const bytes = new Uint8Array(40);
  const view = new DataView(bytes.buffer);
  bytes.set([3, 1, 1, 0, 0, spreadingFactor, 5, 14, 18, 0, 0x12, 0]);
  view.setUint32(12, 869_525_000, true);
  view.setUint32(16, 125_000, true);
  view.setUint32(20, 11, true);
  view.setUint16(24, 100, true);
  bytes[26] = 1;
  view.setUint32(32, 115_200, true);
  view.setUint16(36, 484, true);
  return bytes;
}

export class LinkNode {
  readonly core: Internals;
  readonly events: LinkEvent[] = [];
  readonly id: Uint8Array;
  /** Makes `entropy` refuse. */
  drained = false;

  private constructor(core: Internals, events: LinkEvent[], drained: { value: boolean }) {
    this.core = core;
    this.events = events;
    Object.defineProperty(this, "drained", {
      get: () => drained.value,
      set: (value: boolean) => {
        drained.value = value;
      },
    });
    const at = (core.exports.NODE_ID as WebAssembly.Global).value as number;
    this.id = this.memory(at, 16).slice();
  }

  /** `name` decides the identity, `name` and `life` what its random numbers are: another life is a reboot. */
  static async boot(name: string, life = 0, spreadingFactor = 8): Promise<LinkNode> {
    module ??= new WebAssembly.Module(internalsModule());
    const events: LinkEvent[] = [];
    const drained = { value: false };
    let drawn = 0;
    const core = await internals(module, (memory) => ({
      entropy: (pointer, length) => {
        if (drained.value) return Status.NoEntropy;
        const hash = createHash("shake256", { outputLength: length });
        memory().set(hash.update(`${name} ${String(life)} ${String(drawn++)}`).digest(), pointer);
        return Status.Ok;
      },
      record_get: (key, pointer, length) => {
        if (key !== 2) return -Status.RecordMissing;
        memory().set(createHash("sha256").update(name).digest().subarray(0, length), pointer);
        return 32;
      },
      event: (kind, pointer, length) => {
        const bytes = memory().slice(pointer, pointer + length);
        const peer = Buffer.from(bytes.subarray(0, 16)).toString("hex");
        events.push({ kind, peer, port: bytes[16] ?? 0, tail: bytes[17] ?? 0 });
        return 0;
      },
    }));
    const bytes = config(spreadingFactor);
    core.bytes.set(bytes, CONFIG);
    if (core.call("configLoad", core.arena + CONFIG, bytes.length) !== Status.Ok) throw new Error("configuration");
    if (core.call("destinationsLoad") !== Status.Ok) throw new Error("identity");
    core.call("handshakeReset");
    core.call("linksReset");
    return new LinkNode(core, events, drained);
  }

  get name(): string {
    return Buffer.from(this.id).toString("hex");
  }

  memory(at: number, length: number): Uint8Array {
    return new Uint8Array((this.core.exports.memory as WebAssembly.Memory).buffer, at, length);
  }

  /** The bytes of a static block, by the name of its exported address. */
  block(name: string, size = Number((this.core.exports[`${name}_SIZE`] as WebAssembly.Global).value)): Uint8Array {
    return this.memory((this.core.exports[name] as WebAssembly.Global).value as number, size);
  }

  /** Everything a frame could change, keys included, as one string. */
  state(): string {
    const blocks = ["LINK_TABLE", "HANDSHAKE_SLOTS", "GROUP", "SESSIONS", "LINK_CHANGES", "BACKOFF"].map((name) =>
      Buffer.from(this.block(name)).toString("hex"),
    );
    const keys = Buffer.from(this.memory(this.core.call("sessionKey", 0), 32 * 29)).toString("hex");
    return [...blocks, keys].join(" ");
  }

  counter(index: number): number {
    return new DataView(this.block("COUNTERS", 288).slice().buffer).getUint32(4 * index, true);
  }

  private put(at: number, bytes: Uint8Array): number {
    this.core.bytes.set(bytes, at);
    return this.core.arena + at;
  }

  advance(now: number): void {
    this.core.call("handshakeAdvance", BigInt(now));
    this.core.call("linksAdvance", BigInt(now));
  }

  /** When it wants to be advanced next. */
  deadline(): number {
    const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
    return Number(least(this.core.callBig("handshakeDeadline"), this.core.callBig("linksDeadline")));
  }

  start(peer: LinkNode | Uint8Array, now: number, port = RADIO): number {
    const id = peer instanceof LinkNode ? peer.id : peer;
    return this.core.call("handshakeStart", this.put(ID, id), port, BigInt(now));
  }

  /** A beacon of the peer, the `beacons`-th, that came in at 10 dB unless told otherwise. */
  hear(
    peer: LinkNode | Uint8Array,
    beacons: number,
    now: number,
    port = RADIO,
    { snrQdb = 40, reached = false }: { snrQdb?: number; reached?: boolean } = {},
  ): void {
    const at = this.put(ID, peer instanceof LinkNode ? peer.id : peer);
    this.core.call("linkHeard", port, at, BigInt(now));
    this.core.call("linkingConsider", at, port, beacons, snrQdb, reached ? 1 : 0, BigInt(now));
  }

  /** The next frame of the links' own, if there is one. */
  send(now: number, port = RADIO): Uint8Array | undefined {
    const waiting = this.core.call("linkOutboxWaiting", port);
    const size = this.core.call("linkOutboxNext", port, this.core.arena + FRAME, BigInt(now));
    if (waiting === 0 && size !== 0) throw new Error("a frame that nobody waited to send");
    return size === 0 ? undefined : this.core.bytes.slice(FRAME, FRAME + size);
  }

  sendAll(now: number, port = RADIO): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let frame = this.send(now, port); frame !== undefined; frame = this.send(now, port)) frames.push(frame);
    return frames;
  }

  /** Seals a packet for the link. */
  seal(link: number, packet: Uint8Array, now: number, qos = 0x40): Uint8Array | undefined {
    const at = this.put(PACKET, packet);
    const size = this.core.call("frameSeal", link, this.core.arena + FRAME, at, packet.length, qos, BigInt(now));
    return size === 0 ? undefined : this.core.bytes.slice(FRAME, FRAME + size);
  }

  /** A whole link frame comes in. */
  receive(frame: Uint8Array, now: number, port = RADIO): Received {
    const { core } = this;
    const at = this.put(RECEIVED, frame);
    const checked = core.call("checkLinkFrame", at, frame.length, port === RADIO ? 1 : 0);
    if (checked !== Status.Ok) return { status: checked };
    if (frame[0] === 0x40) {
      const length = port === RADIO ? core.call("unpaddedLength", at + 1, frame.length - 1) : frame.length - 1;
      if (length < 0) return { status: Status.BadPadding };
      const packet = core.call("checkPacket", at + 1, length);
      if (packet !== Status.Ok) return { status: packet };
      return { status: core.call("handshakeReceive", at + 1, length, port, BigInt(now)) };
    }
    if (frame[0] === 0x80) return { status: Status.Ok };
    const link = core.call("frameOpen", at, frame.length, port, BigInt(now));
    if (link < 0) return { status: -link };
    const plain = core.call("framePlain");
    const length = core.call("framePlainLength");
    const packet = this.memory(plain, length).slice();
    const opened = { link, packet, qos: core.call("frameQos") };
    const status = core.call("checkPacket", plain, length);
    if (status !== Status.Ok) return { ...opened, status };
    if (packet[0] === 0x0c)
      return { ...opened, status: core.call("linkPacketReceive", link, plain, length, BigInt(now)) };
    if (packet[0] === 0 && packet[18] === 0xf1) {
      const sub = packet[19] ?? 0;
      return {
        ...opened,
        status: core.call("linkControlReceive", link, sub, plain + 20, length - 20, BigInt(now)),
      };
    }
    return { ...opened, status };
  }

  /** The link that is up to the peer, or undefined. */
  linkTo(peer: LinkNode): number | undefined {
    const link = this.core.call("linkByPeer", this.put(ID, peer.id));
    return link === 255 ? undefined : link;
  }

  /** The key in use on a link, and its phase. */
  key(link: number): string {
    const phase = this.core.call("linkPhase", link);
    const at = this.core.call("sessionKey", this.core.call("linkSession", link, phase));
    return `${String(phase)}:${Buffer.from(this.memory(at, 32)).toString("hex")}`;
  }

  close(link: number): void {
    this.core.call("linkCloseFor", link, 3);
  }
}

/** A one-hop packet of `size` bytes of DATA in context F7, which no file of link/ knows. */
export function packetFor(peer: LinkNode, content: Uint8Array): Uint8Array {
  return Uint8Array.from([0, 0, ...peer.id, 0xf7, 0x0e, ...content]);
}

/** Carries every frame across, nothing lost, until both are silent; all happens at `now`. The frames that crossed. */
export function exchange(a: LinkNode, b: LinkNode, now: number, port = RADIO): Uint8Array[] {
  const crossed: Uint8Array[] = [];
  for (;;) {
    const [fromA, fromB] = [a.sendAll(now, port), b.sendAll(now, port)];
    if (fromA.length + fromB.length === 0) return crossed;
    crossed.push(...fromA, ...fromB);
    for (const frame of fromA) b.receive(frame, now, port);
    for (const frame of fromB) a.receive(frame, now, port);
  }
}
