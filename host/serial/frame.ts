/**
 * The frames on a board's console and on a virtual board's radio port: COBS (Cheshire and Baker, 1999) and CRC-32.
 *
 *   decoded: 0 version u8 = 0 | 1 type u8 | 2 id u8 | 3 length u16 | 5 payload | crc32 u32 over everything before it
 *   on the wire: the COBS encoding, then one 00
 *
 * Version 0 makes the first byte on the wire always 01, so a port that begins with printable text has a person at it.
 */
import { crc32 } from "node:zlib";

/** Longest payload in bytes: a replay step (10 bytes) with a whole `In` buffer. */
export const PAYLOAD_MAX = 1550;

const VERSION = 0;
const HEADER_SIZE = 5;
const CRC_SIZE = 4;
const DECODED_MAX = HEADER_SIZE + PAYLOAD_MAX + CRC_SIZE;
/** COBS adds one byte for every 254, and one. */
const ENCODED_MAX = DECODED_MAX + Math.ceil(DECODED_MAX / 254) + 1;

export interface Frame {
  readonly type: number;
  /** Id of the request, the same in its reply; 0 in an event. */
  readonly id: number;
  readonly payload: Uint8Array;
}

/** Why a frame was dropped; the numbers are the ones a board reports. */
export const FrameError = {
  /** Not a COBS encoding. */
  Cobs: 1,
  /** Fewer bytes than header and CRC. */
  Short: 2,
  /** More bytes than a frame can have. */
  Long: 3,
  /** Another version. */
  Version: 4,
  /** The length field differs from what arrived. */
  Length: 5,
  /** The CRC differs. */
  Crc: 6,
  /** A type the receiver does not know. */
  Type: 7,
} as const;
export type FrameError = (typeof FrameError)[keyof typeof FrameError];

export const FRAME_ERROR_SENTENCES: Readonly<Record<FrameError, string>> = {
  1: "The bytes are no COBS encoding.",
  2: "The frame is shorter than its header and CRC.",
  3: "The frame is longer than 1558 bytes.",
  4: "The frame has another version than 0.",
  5: "The frame's length field differs from what arrived.",
  6: "The frame's CRC-32 does not match.",
  7: "The frame's type is unknown.",
};

/** The frame as it goes on the wire, delimiter included. Throws RangeError if the payload or a field does not fit. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { type, id, payload } = frame;
  if (payload.length > PAYLOAD_MAX)
    throw new RangeError(`payload has ${payload.length} bytes, at most ${PAYLOAD_MAX} fit`);
  if ((type & 0xff) !== type || (id & 0xff) !== id) throw new RangeError(`type ${type} and id ${id} must be bytes`);
  const decoded = Buffer.alloc(HEADER_SIZE + payload.length + CRC_SIZE);
  decoded[0] = VERSION;
  decoded[1] = type;
  decoded[2] = id;
  decoded.writeUInt16LE(payload.length, 3);
  decoded.set(payload, HEADER_SIZE);
  const crcAt = HEADER_SIZE + payload.length;
  decoded.writeUInt32LE(crc32(decoded.subarray(0, crcAt)), crcAt);
  return Buffer.concat([cobsEncode(decoded), Buffer.of(0)]);
}

/** COBS: every 00 is replaced by the distance to the next one. */
export function cobsEncode(input: Uint8Array): Uint8Array {
  const out: number[] = [0];
  let codeAt = 0;
  for (const byte of input) {
    if (byte !== 0) out.push(byte);
    if (byte === 0 || out.length - codeAt === 0xff) {
      out[codeAt] = out.length - codeAt;
      codeAt = out.length;
      out.push(0);
    }
  }
  out[codeAt] = out.length - codeAt;
  return Uint8Array.from(out);
}

/** The inverse, of bytes without a 00; undefined if they are no encoding. */
export function cobsDecode(input: Uint8Array): Uint8Array | undefined {
  const out: number[] = [];
  let at = 0;
  while (at < input.length) {
    const code = input[at] ?? 0;
    if (code === 0 || at + code > input.length) return undefined;
    for (let i = 1; i < code; i++) out.push(input[at + i] ?? 0);
    at += code;
    if (code !== 0xff && at < input.length) out.push(0);
  }
  return Uint8Array.from(out);
}

/**
 * Takes bytes as they arrive and calls back with every whole frame. A bad one is counted, reported and skipped; the
 * next 00 starts afresh, so a garbled frame costs itself and nothing else. Never holds more than one frame's bytes.
 */
export class FrameReader {
  /** Bad frames by FrameError. */
  readonly errors = new Map<FrameError, number>();
  readonly #onFrame: (frame: Frame) => void;
  readonly #onError: (error: FrameError) => void;
  readonly #pending = Buffer.alloc(ENCODED_MAX);
  #length = 0;

  constructor(onFrame: (frame: Frame) => void, onError: (error: FrameError) => void = () => {}) {
    this.#onFrame = onFrame;
    this.#onError = onError;
  }

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === 0) this.#end();
      // One byte beyond the longest frame is remembered as "too long" by the length alone.
      else if (this.#length <= ENCODED_MAX) {
        if (this.#length < ENCODED_MAX) this.#pending[this.#length] = byte;
        this.#length++;
      }
    }
  }

  #end(): void {
    const length = this.#length;
    this.#length = 0;
    if (length === 0) return;
    const result = length > ENCODED_MAX ? FrameError.Long : decode(this.#pending.subarray(0, length));
    if (typeof result === "number") {
      this.errors.set(result, (this.errors.get(result) ?? 0) + 1);
      this.#onError(result);
    } else {
      this.#onFrame(result);
    }
  }
}

function decode(encoded: Uint8Array): Frame | FrameError {
  const raw = cobsDecode(encoded);
  if (raw === undefined) return FrameError.Cobs;
  const decoded = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  if (decoded.length < HEADER_SIZE + CRC_SIZE) return FrameError.Short;
  if (decoded.length > DECODED_MAX) return FrameError.Long;
  if (decoded[0] !== VERSION) return FrameError.Version;
  const length = decoded.readUInt16LE(3);
  if (length !== decoded.length - HEADER_SIZE - CRC_SIZE) return FrameError.Length;
  const crcAt = HEADER_SIZE + length;
  if (crc32(decoded.subarray(0, crcAt)) !== decoded.readUInt32LE(crcAt)) return FrameError.Crc;
  return {
    type: decoded.readUInt8(1),
    id: decoded.readUInt8(2),
    payload: Uint8Array.from(decoded.subarray(HEADER_SIZE, crcAt)),
  };
}
