/** Announces (digest 1 H3, section 2.3): what is signed, and what every relay may change. */
import { type PeerCrypto, signingTag } from "./crypto.ts";
import { Context, decodePacket, encodePacket, Header, type Packet } from "./frames.ts";

const MAGIC = 0x4e;
export const VERSION = 0x10;
/** TLVs from here on are changed hop by hop and not signed. */
const MUTABLE = 0x80;
const FIXED = 113;

export interface PathCost {
  readonly cost: number;
  readonly latencyMs: number;
  readonly bps: number;
  readonly hops: number;
}

export interface Announce {
  readonly destination: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly sequence: bigint;
  readonly signature: Uint8Array;
  readonly maxHops: number;
  readonly version: number;
  readonly path: PathCost;
  /** type u8, length u8, data, one behind the other. */
  readonly tlvs: Uint8Array;
  /** Byte 1 of the packet. */
  readonly hops: number;
}

export function decodeAnnounce(packet: Packet): Announce | undefined {
  const { data } = packet;
  if (packet.header !== Header.Announce || data.length < FIXED || data[105] !== MAGIC) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return {
    destination: packet.destination,
    publicKey: data.slice(0, 32),
    sequence: view.getBigUint64(32, true),
    signature: data.slice(40, 104),
    maxHops: view.getUint8(104),
    version: view.getUint8(106),
    path: {
      cost: view.getUint16(107, true),
      latencyMs: view.getUint16(109, true),
      bps: view.getUint8(111),
      hops: view.getUint8(112),
    },
    tlvs: data.slice(FIXED),
    hops: packet.hops,
  };
}

export function encodeAnnounce(announce: Announce): Uint8Array {
  const data = new Uint8Array(FIXED + announce.tlvs.length);
  const view = new DataView(data.buffer);
  data.set(announce.publicKey, 0);
  view.setBigUint64(32, announce.sequence, true);
  data.set(announce.signature, 40);
  view.setUint8(104, announce.maxHops);
  view.setUint8(105, MAGIC);
  view.setUint8(106, announce.version);
  view.setUint16(107, announce.path.cost, true);
  view.setUint16(109, announce.path.latencyMs, true);
  view.setUint8(111, announce.path.bps);
  view.setUint8(112, announce.path.hops);
  data.set(announce.tlvs, FIXED);
  const { destination, hops } = announce;
  return encodePacket({ header: Header.Announce, hops, destination, context: Context.EndToEnd, data });
}

/** Domain, destination, key, sequence, version, then every TLV below 80 in order. */
export function announceSignedBytes(announce: Announce): Uint8Array {
  const sequence = Buffer.alloc(8);
  sequence.writeBigUInt64LE(announce.sequence);
  const signed: Uint8Array[] = [];
  const { tlvs } = announce;
  for (let at = 0; at + 2 <= tlvs.length; at += 2 + (tlvs[at + 1] as number)) {
    if ((tlvs[at] as number) < MUTABLE) signed.push(tlvs.subarray(at, at + 2 + (tlvs[at + 1] as number)));
  }
  return Buffer.concat([
    signingTag("announce"),
    announce.destination,
    announce.publicKey,
    sequence,
    Uint8Array.of(announce.version),
    ...signed,
  ]);
}

/** Genuine: the address is the key's, and the key signed it. */
export function announceHolds(crypto: PeerCrypto, announce: Announce): boolean {
  const id = crypto.blake2b(announce.publicKey).subarray(0, 16);
  return (
    Buffer.from(id).equals(announce.destination) &&
    crypto.verify(announce.publicKey, announce.signature, announceSignedBytes(announce))
  );
}

export { decodePacket };
