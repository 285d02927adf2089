/** Packets and frames as they are on the wire (digest 1 sections 1.5 and 2.2, H6, H30; registry section 1). */

export const ID_BYTES = 16;
export const PACKET_HEADER = 19;
/** Link frame on LoRa: one air frame, or two. */
export const LORA_FRAME = 254;
/** Header of a link data frame, and the tag behind it. */
const DATA_HEADER = 6;
const TAG = 16;

/** Byte 0 of a packet. */
export const Header = {
  OneHop: 0x00,
  Announce: 0x01,
  LinkRequest: 0x02,
  Link: 0x0c,
  LinkProof: 0x0f,
  Forwarded: 0x10,
  ForwardedRatchet: 0x30,
} as const;

export const Context = {
  EndToEnd: 0x00,
  Gossip: 0xf0,
  LinkControl: 0xf1,
  Keepalive: 0xfa,
  Identify: 0xfb,
  Close: 0xfc,
  LinkProof: 0xff,
} as const;

export const Kind = { Data: 0x00, Clear: 0x40, Beacon: 0x80 } as const;
export const KIND_PHASE = 0x20;
const KIND_TYPE = 0xc0;
const KIND_UNUSED = 0x1f;

export interface Packet {
  readonly header: number;
  readonly hops: number;
  readonly destination: Uint8Array;
  readonly context: number;
  readonly data: Uint8Array;
}

export function encodePacket({ header, hops, destination, context, data }: Packet): Uint8Array {
  return Uint8Array.of(header, hops, ...destination, context, ...data);
}

/** Undefined if it is too short to be one. */
export function decodePacket(bytes: Uint8Array): Packet | undefined {
  if (bytes.length < PACKET_HEADER) return undefined;
  return {
    header: bytes[0] as number,
    hops: bytes[1] as number,
    destination: bytes.slice(2, 18),
    context: bytes[18] as number,
    data: bytes.slice(PACKET_HEADER),
  };
}

/** Behind `bytes` 80 00 .. 00 up to `size`. */
export function pad(bytes: Uint8Array, size: number): Uint8Array {
  const padded = new Uint8Array(size);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  return padded;
}

/** What stands in front of the padding; undefined if there is none. */
export function unpad(bytes: Uint8Array): Uint8Array | undefined {
  let end = bytes.length - 1;
  while (end >= 0 && bytes[end] === 0) end--;
  return bytes[end] === 0x80 ? bytes.subarray(0, end) : undefined;
}

export function clearFrame(packet: Uint8Array): Uint8Array {
  return pad(Uint8Array.of(Kind.Clear, ...packet), LORA_FRAME);
}

export interface Beacon {
  readonly id: Uint8Array;
  readonly capabilities: number;
  readonly costTier: number;
  readonly load: number;
}

export function beaconFrame({ id, capabilities, costTier, load }: Beacon): Uint8Array {
  return Uint8Array.of(Kind.Beacon, ...id, capabilities & 0xff, capabilities >> 8, costTier, load);
}

export type LinkFrame =
  | { readonly kind: "beacon"; readonly beacon: Beacon }
  | { readonly kind: "clear"; readonly packet: Packet; readonly bytes: Uint8Array }
  | {
      readonly kind: "data";
      readonly phase: number;
      readonly tag: number;
      readonly counter24: number;
      readonly aad: Uint8Array;
      readonly box: Uint8Array;
    };

/** Undefined for what is no link frame. */
export function decodeLinkFrame(frame: Uint8Array): LinkFrame | undefined {
  const kind = frame[0] as number;
  if ((kind & KIND_UNUSED) !== 0 || (kind > KIND_PHASE && (kind & KIND_PHASE) !== 0)) return undefined;
  switch (kind & KIND_TYPE) {
    case Kind.Beacon: {
      if (frame.length !== 21) return undefined;
      const capabilities = (frame[17] as number) | ((frame[18] as number) << 8);
      const [costTier, load] = [frame[19] as number, frame[20] as number];
      return { kind: "beacon", beacon: { id: frame.slice(1, 17), capabilities, costTier, load } };
    }
    case Kind.Clear: {
      const bytes = unpad(frame.subarray(1));
      const packet = bytes === undefined ? undefined : decodePacket(bytes);
      return bytes === undefined || packet === undefined ? undefined : { kind: "clear", packet, bytes: bytes.slice() };
    }
    case Kind.Data: {
      if (frame.length < DATA_HEADER + TAG) return undefined;
      return {
        kind: "data",
        phase: kind & KIND_PHASE ? 1 : 0,
        tag: (frame[1] as number) | ((frame[2] as number) << 8),
        counter24: (frame[3] as number) | ((frame[4] as number) << 8) | ((frame[5] as number) << 16),
        aad: frame.slice(0, DATA_HEADER),
        box: frame.slice(DATA_HEADER),
      };
    }
    default:
      return undefined;
  }
}

/** The air frames that carry a link frame: one, or two with the split flag and the same random nibble. */
export function airFrames(linkFrame: Uint8Array, nibble: number): Uint8Array[] {
  const split = linkFrame.length > LORA_FRAME;
  const first = ((nibble & 15) << 4) | (split ? 1 : 0);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < linkFrame.length; at += LORA_FRAME) {
    frames.push(Uint8Array.of(first, ...linkFrame.subarray(at, at + LORA_FRAME)));
  }
  return frames;
}

/** Puts halves together again; one sender's halves arrive one behind the other. */
export class Reassembly {
  #half: Uint8Array | undefined;

  /** The link frame that is complete with this air frame. */
  take(air: Uint8Array): Uint8Array | undefined {
    if (air.length < 2) return undefined;
    if (((air[0] as number) & 1) === 0) return air.slice(1);
    const half = this.#half;
    if (half !== undefined && half[0] === air[0]) {
      this.#half = undefined;
      return Uint8Array.of(...half.subarray(1), ...air.subarray(1));
    }
    this.#half = air.slice();
    return undefined;
  }
}
