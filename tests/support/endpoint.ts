/**
 * One node's keys and boxes: an instance of the internals module whose records, entropy and events the test holds; and
 * the same boxes made and opened by @noble/curves, @noble/hashes and @noble/ciphers alone.
 */
import { createHash } from "node:crypto";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { Status } from "../../host/core/abi.gen.ts";
import { internalsModule } from "./internals.ts";

export interface CoreEvent {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

type Functions = Record<string, (...values: (number | bigint)[]) => number | bigint>;

const compiled = { module: undefined as WebAssembly.Module | undefined };

/** Any number of bytes that look random and depend on `label` alone. */
export function bytesOf(label: string, size: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(size / 64) }, (_, block) =>
    createHash("sha512").update(`${label} ${block}`).digest(),
  );
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, size));
}

/** An instance that has booted nothing yet. The same object with `reboot` called has the records only. */
export class EndpointNode {
  readonly records = new Map<number, Uint8Array>();
  readonly events: CoreEvent[] = [];
  /** What the next calls of `entropy` give, before numbers made from the name; empty for those. */
  readonly draws: Uint8Array[] = [];
  /** Everything `entropy` gave. */
  readonly drawn: Uint8Array[] = [];
  /** Answers of record_put (and record_delete) to come; Ok when there is none left. */
  failures: boolean[] = [];
  /** How often a record was stored. */
  puts = 0;
  /** Whether record_get fails. */
  unreadable = false;
  /** Whether entropy fails. */
  dry = false;
  readonly #name: string;
  #exports: Functions = {};
  memory = new Uint8Array(0);
  arena = 0;
  #at = 0;

  constructor(name: string) {
    this.#name = name;
    this.reboot();
  }

  /** A new instance over the same records. */
  reboot(): void {
    compiled.module ??= new WebAssembly.Module(internalsModule());
    const view = (at: number, length: number): Uint8Array => this.memory.subarray(at, at + length);
    const abi = {
      entropy: (at: number, length: number): number => {
        if (this.dry) return Status.NoEntropy;
        const bytes = this.draws.shift() ?? bytesOf(`${this.#name} ${this.drawn.length}`, length);
        view(at, length).set(bytes);
        this.drawn.push(bytes);
        return Status.Ok;
      },
      frame_send: (): number => Status.RadioFailed,
      record_put: (key: number, at: number, length: number): number => {
        if (length > 256) throw new RangeError(`a record of ${length} bytes`);
        this.puts++;
        if (this.failures.shift() === true) return Status.RecordFailed;
        this.records.set(key, view(at, length).slice());
        return Status.Ok;
      },
      record_get: (key: number, at: number, length: number): number => {
        if (this.unreadable) return -Status.RecordFailed;
        const value = this.records.get(key);
        if (value === undefined) return -Status.RecordMissing;
        view(at, length).set(value.subarray(0, length));
        return value.length;
      },
      record_delete: (key: number): number => {
        if (this.failures.shift() === true) return Status.RecordFailed;
        this.records.delete(key);
        return Status.Ok;
      },
      event: (kind: number, at: number, length: number): void => {
        this.events.push({ kind, bytes: view(at, length).slice() });
      },
    };
    const { exports } = new WebAssembly.Instance(compiled.module, { abi });
    this.memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
    this.#exports = exports as unknown as Functions;
    this.arena = this.call("arena");
  }

  callBig(name: string, ...values: (number | bigint)[]): bigint {
    const call = this.#exports[name];
    if (call === undefined) throw new Error(`internals.ts does not export ${name}`);
    return BigInt.asUintN(64, BigInt(call(...values)));
  }

  call(name: string, ...values: (number | bigint)[]): number {
    const call = this.#exports[name];
    if (call === undefined) throw new Error(`internals.ts does not export ${name}`);
    return Number(call(...values));
  }

  /** Puts `bytes` somewhere in the arena with 256 bytes in front of them to spare; their address. */
  put(bytes: Uint8Array): number {
    if (this.#at > 60_000) this.#at = 0;
    const at = this.arena + this.#at + 256;
    this.#at += bytes.length + 1024;
    this.memory.set(bytes, at);
    return at;
  }

  bytes(at: number, length: number): Uint8Array {
    return this.memory.slice(at, at + length);
  }

  counter(index: number): number {
    const at = this.call("counterAt", index);
    return new DataView(this.memory.buffer).getUint32(at, true);
  }

  /** The hash of everything these parts remember. */
  stateHash(): string {
    const at = this.put(new Uint8Array(32));
    this.call("endpointStateHash", at);
    return Buffer.from(this.bytes(at, 32)).toString("hex");
  }

  id(index = 0): Uint8Array {
    return this.bytes(this.call("destinationId", index), 16);
  }

  publicKey(index = 0): Uint8Array {
    return this.bytes(this.call("destinationPublicKey", index), 32);
  }

  /** Public key of the newest ratchet, if there is one. */
  ratchet(index = 0): Uint8Array | undefined {
    const at = this.call("ratchetCurrentPublic", index);
    return at === 0 ? undefined : this.bytes(at, 32);
  }
}

/** Where in `memory` these bytes are, anywhere. */
export function findBytes(memory: Uint8Array, wanted: Uint8Array): number {
  return Buffer.from(memory.buffer, memory.byteOffset, memory.length).indexOf(wanted);
}

/** An Ed25519 key pair with its address and its X25519 form, all by @noble. */
export class Identity {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly id: Uint8Array;

  constructor(seed: Uint8Array) {
    this.seed = seed;
    this.publicKey = ed25519.getPublicKey(seed);
    this.id = blake2b(this.publicKey, { dkLen: 32 }).slice(0, 16);
  }

  get x25519Secret(): Uint8Array {
    return ed25519.utils.toMontgomerySecret(this.seed);
  }

  get x25519Public(): Uint8Array {
    return ed25519.utils.toMontgomery(this.publicKey);
  }
}

export function ratchetId(publicKey: Uint8Array): Uint8Array {
  return blake2b(publicKey, { dkLen: 32 }).slice(0, 4);
}

/** What is in a packet with a box, and the pieces around it. */
export interface Box {
  readonly destination: Uint8Array;
  readonly context: number;
  /** X25519 public key of the recipient. */
  readonly recipient: Uint8Array;
  /** True if that is a ratchet. */
  readonly ratchet: boolean;
  readonly plaintext: Uint8Array;
}

const concat = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

function payloadKey(shared: Uint8Array, ephemeral: Uint8Array): Uint8Array {
  return blake2b(concat(shared, ephemeral), { dkLen: 32 });
}

/** The packet (H22, H23), sealed with the ephemeral secret given. */
export function sealPacket(box: Box, ephemeralSecret: Uint8Array): Uint8Array {
  const ephemeral = x25519.getPublicKey(ephemeralSecret);
  const id = box.ratchet ? ratchetId(box.recipient) : new Uint8Array(0);
  const aad = concat(box.destination, Uint8Array.of(box.context), id);
  const key = payloadKey(x25519.getSharedSecret(ephemeralSecret, box.recipient), ephemeral);
  const sealed = chacha20poly1305(key, new Uint8Array(12), aad).encrypt(box.plaintext);
  const head = Uint8Array.of(box.ratchet ? 0x30 : 0x10, 0);
  return concat(head, box.destination, Uint8Array.of(box.context), id, ephemeral, sealed);
}

/** The plaintext of such a packet; throws if the tag does not fit. */
export function openPacket(packet: Uint8Array, secret: Uint8Array): Uint8Array {
  const at = 19 + (packet[0] === 0x30 ? 4 : 0);
  const ephemeral = packet.subarray(at, at + 32);
  const key = payloadKey(x25519.getSharedSecret(secret, ephemeral), ephemeral);
  return chacha20poly1305(key, new Uint8Array(12), packet.subarray(2, at)).decrypt(packet.subarray(at + 32));
}

/** A packet in a layer for a relay (H24). */
export function wrapPacket(packet: Uint8Array, relay: Identity, ephemeralSecret: Uint8Array): Uint8Array {
  const box = { destination: relay.id, context: 0xf9, recipient: relay.x25519Public, ratchet: false };
  return sealPacket({ ...box, plaintext: packet.subarray(2) }, ephemeralSecret);
}

/** The packet inside a layer. */
export function unwrapPacket(packet: Uint8Array, relay: Identity): Uint8Array {
  return concat(Uint8Array.of(0x10, 0), openPacket(packet, relay.x25519Secret));
}
