/**
 * Types, layouts and numbers of the console and the virtual radio port that no schema has (docs/console.md), and the
 * identity as hosts use it. The console's messages are in host/board/messages.gen.ts.
 */
import type { Event } from "../core/abi.gen.ts";
import { ProtocolError } from "./codec.ts";
import { decodeIdentity, Engine, LockState } from "./messages.gen.ts";

export { ProtocolError } from "./codec.ts";
export { Notice, REPLY_BIT, Request } from "./messages.gen.ts";

/** Frames on the virtual radio port. */
export const Radio = {
  Transmit: 0x01,
  Cad: 0x02,
  Entropy: 0x03,
  Clear: 0x04,
  Receive: 0x40,
  TransmitDone: 0x81,
  CadResult: 0x82,
  EntropyReply: 0x83,
  ClearResult: 0x84,
} as const;

/** Metrics of the Stats reply. */
export const Metric = {
  BootTicks: 1,
  LastFrameTicks: 2,
  TickHz: 3,
  LinearMemory: 4,
  Metacode: 5,
  WasmStack: 6,
  WasmStackUsed: 7,
  CStack: 8,
  CStackUsed: 9,
  HeapUsed: 10,
  CalibrationTicks: 11,
  /** 16 + FrameError: frames to the console that were dropped, by reason. */
  ConsoleErrors: 15,
  /** 24 + FrameError - 1: frames to the radio port that were dropped, by reason. */
  RadioErrors: 23,
  FramesReceived: 32,
  FramesSent: 33,
  SendBusy: 34,
  UptimeMs: 35,
  RecordBytes: 36,
  ReceiveQueueDrops: 37,
  /** The core's part of the last replay step. */
  LastReplayTicks: 40,
  /** At its last measurement; 0 without a battery. */
  BatteryMillivolts: 41,
  /** 1 while the battery is too low for the radio. */
  Resting: 42,
} as const;

/** Instructions in the loop that Metric.CalibrationTicks measures: 1,000,000 rounds of two. */
export const CALIBRATION_INSTRUCTIONS = 2_000_000;

/** One thing the core did during a call. */
export type Output =
  | { readonly kind: "send"; readonly port: number; readonly flags: number; readonly frame: Uint8Array }
  | { readonly kind: "put"; readonly key: number; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly key: number }
  | { readonly kind: "event"; readonly event: Event; readonly bytes: Uint8Array }
  /** The result of a primitive; only in a replay. */
  | { readonly kind: "out"; readonly bytes: Uint8Array };

/** Who a board says it is. */
export interface Identity {
  /** Ok, or why the core does not run. */
  readonly status: number;
  readonly abiVersion: number;
  readonly engine: "wasm3" | "aot";
  readonly wasmSize: number;
  /** wasm3: computed on the board over the bytes it runs. aot: put into the image beside what was made from them. Hex. */
  readonly wasmSha256: string;
  /** Hex. */
  readonly nodeId: string;
  /** Of the program that runs, computed on the board over its own flash; undefined if it cannot. Hex. */
  readonly imageSha256: string | undefined;
  readonly provisioned: boolean;
  /** Whether what changes something needs the PIN; held: its button has opened it for a minute. */
  readonly lock: "open" | "locked" | "held";
  /** Id of the board value its image was made from. */
  readonly board: string;
  readonly runtime: string;
  /** The name its owner gave it; empty until it is provisioned. */
  readonly name: string;
}

/** Reads little-endian fields one after the other; asking for more than there is throws ProtocolError. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw new ProtocolError(`${length} bytes expected, ${this.left} left`);
    this.#at += length;
    return Uint8Array.from(this.#bytes.subarray(this.#at - length, this.#at));
  }

  u8(): number {
    return Buffer.from(this.bytes(1)).readUInt8();
  }
  u16(): number {
    return Buffer.from(this.bytes(2)).readUInt16LE();
  }
  i16(): number {
    return Buffer.from(this.bytes(2)).readInt16LE();
  }
  u32(): number {
    return Buffer.from(this.bytes(4)).readUInt32LE();
  }
  u64(): bigint {
    return Buffer.from(this.bytes(8)).readBigUInt64LE();
  }
  hex(length: number): string {
    return Buffer.from(this.bytes(length)).toString("hex");
  }
  rest(): Uint8Array {
    return this.bytes(this.left);
  }
}

/** Identify's reply or a Ready notice: status, then the identity. Throws ProtocolError. */
export function readIdentity(payload: Uint8Array): Identity {
  const status = payload[0];
  if (status === undefined) throw new ProtocolError("a reply without a status");
  const said = decodeIdentity(payload.subarray(1));
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return {
    status,
    abiVersion: said.abiVersion,
    engine: said.engine === Engine.Aot ? "aot" : "wasm3",
    wasmSize: said.wasmSize,
    wasmSha256: hex(said.wasmSha256),
    nodeId: hex(said.nodeId),
    imageSha256: said.imageSha256.some((byte) => byte !== 0) ? hex(said.imageSha256) : undefined,
    provisioned: said.provisioned === 1,
    lock: said.lock === LockState.Locked ? "locked" : said.lock === LockState.Held ? "held" : "open",
    board: said.board,
    runtime: said.runtime,
    name: said.name,
  };
}

/** n x (kind u8, length u16, bytes). */
export function readOutputs(reader: Reader): Output[] {
  const outputs: Output[] = [];
  while (reader.left > 0) {
    const kind = reader.u8();
    const body = new Reader(reader.bytes(reader.u16()));
    if (kind === 1) outputs.push({ kind: "send", port: body.u8(), flags: body.u8(), frame: body.rest() });
    else if (kind === 2) outputs.push({ kind: "put", key: body.u16(), value: body.rest() });
    else if (kind === 3) outputs.push({ kind: "delete", key: body.u16() });
    else if (kind === 4) outputs.push({ kind: "event", event: body.u8() as Event, bytes: body.rest() });
    else if (kind === 5) outputs.push({ kind: "out", bytes: body.rest() });
    else throw new ProtocolError(`output of unknown kind ${kind}`);
  }
  return outputs;
}
