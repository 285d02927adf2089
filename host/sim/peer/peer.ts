/**
 * A peer that speaks the link protocol, written from the digest and not from the core: it meets the core's links in
 * tests as a second opinion, and lends attackers a link of their own.
 *
 * It has no clock and no radio: frames go in, frames to send come out. It answers what keeps a link alive (keepalive,
 * ping, rekey) and leaves the rest to its user.
 */
import { TAG_BYTES, type PeerCrypto, signingTag } from "./crypto.ts";
import {
  airFrames,
  type Beacon,
  beaconFrame,
  clearFrame,
  Context,
  decodeLinkFrame,
  decodePacket,
  encodePacket,
  Header,
  KIND_PHASE,
  LORA_FRAME,
  pad,
  type Packet,
  Reassembly,
  unpad,
} from "./frames.ts";
import { VERSION } from "./announce.ts";

const CAPABILITIES = Uint8Array.of(0xe4, 0x01, 0x00);
const CLOCK = new Uint8Array(8);
const REQUEST_DATA = 44;
const PROOF_DATA = 139;
const IDENTIFY_DATA = 96;
const F1 = { Rekey: 0x02, RekeyAck: 0x03, Ping: 0x04, Pong: 0x05 } as const;

/** Keys of one phase of a link, and the counters in both directions. */
interface Session {
  readonly key: Uint8Array;
  sent: bigint;
  /** Highest counter received so far. */
  heard: bigint;
}

export interface PeerLink {
  readonly id: Uint8Array;
  readonly initiator: boolean;
  /** The other's address. */
  peer: Uint8Array;
  /** The other has proved who it is. */
  identified: boolean;
  /** Something genuine has arrived through it. */
  up: boolean;
  readonly sessions: (Session | undefined)[];
  phase: number;
  readonly hello: { readonly ei: Uint8Array; readonly er: Uint8Array };
}

export interface PeerHooks {
  /** A beacon, hint as it is. */
  beacon?(beacon: Beacon): void;
  /** A link is usable. */
  linkUp?(link: PeerLink): void;
  /** A packet came through a link. */
  packet?(link: PeerLink, packet: Packet, bytes: Uint8Array): void;
}

/** nonce: direction (0 from the initiator), three zeros, counter u64. */
export function linkNonce(direction: 0 | 1, counter: bigint): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce[0] = direction;
  nonce.writeBigUInt64LE(counter, 4);
  return nonce;
}

/** The whole counter nearest to the one expected next (RFC 9000 A.3). */
export function rebuildCounter(low24: number, highest: bigint): bigint {
  const window = 1n << 24n;
  const expected = highest + 1n;
  let candidate = (expected & ~(window - 1n)) | BigInt(low24);
  if (candidate + window / 2n <= expected) candidate += window;
  else if (candidate > expected + window / 2n && candidate >= window) candidate -= window;
  return candidate;
}

export class Peer {
  readonly publicKey: Uint8Array;
  readonly id: Uint8Array;
  /** Air frames to send, in order. */
  readonly outbox: Uint8Array[] = [];
  readonly links: PeerLink[] = [];
  readonly #crypto: PeerCrypto;
  readonly #seed: Uint8Array;
  readonly #random: (bytes: Uint8Array) => void;
  readonly #hooks: PeerHooks;
  readonly #reassembly = new Reassembly();
  /** Requests sent and not yet answered. */
  readonly #asked: {
    readonly id: Uint8Array;
    readonly peer: Uint8Array;
    readonly secret: Uint8Array;
    readonly ei: Uint8Array;
  }[] = [];

  constructor(crypto: PeerCrypto, random: (bytes: Uint8Array) => void, hooks: PeerHooks = {}) {
    this.#crypto = crypto;
    this.#random = random;
    this.#hooks = hooks;
    this.#seed = this.#bytes(32);
    this.publicKey = crypto.ed25519PublicKey(this.#seed);
    this.id = crypto.blake2b(this.publicKey).slice(0, 16);
  }

  beacon(): void {
    this.#air(beaconFrame({ id: this.id, capabilities: 1, costTier: 0, load: 0 }));
  }

  /** Asks a node for a link. */
  request(peer: Uint8Array): void {
    const secret = this.#bytes(32);
    const ei = this.#crypto.x25519PublicKey(secret);
    const data = Uint8Array.of(VERSION, ...ei, ...CAPABILITIES, ...CLOCK);
    const packet = encodePacket({ header: Header.LinkRequest, hops: 0, destination: peer, context: 0, data });
    const id = this.#crypto.blake2b(packet).slice(0, 16);
    this.#asked.push({ id, peer: peer.slice(), secret, ei });
    if (this.#asked.length > 8) this.#asked.shift();
    this.#air(clearFrame(packet));
  }

  linkTo(peer: Uint8Array): PeerLink | undefined {
    return this.links.findLast((link) => link.up && equal(link.peer, peer));
  }

  /** Sends a packet of at most 484 bytes through a link. */
  send(link: PeerLink, packet: Uint8Array, qos = 0): void {
    const session = link.sessions[link.phase];
    if (session === undefined) return;
    const plain = Uint8Array.of(qos, ...packet);
    const size = plain.length + 1 + 6 + TAG_BYTES <= LORA_FRAME ? LORA_FRAME : 2 * LORA_FRAME;
    const counter = session.sent++;
    const low = Number(counter & 0xff_ffffn);
    const kind = link.phase === 1 ? KIND_PHASE : 0;
    const aad = Uint8Array.of(kind, link.id[0] as number, link.id[1] as number, low & 255, (low >> 8) & 255, low >> 16);
    const nonce = linkNonce(link.initiator ? 0 : 1, counter);
    // A packet of 484 bytes fills the frame but for one byte of padding.
    const box = this.#crypto.seal(session.key, nonce, aad, pad(plain, size - aad.length - TAG_BYTES));
    this.#air(Uint8Array.of(...aad, ...box));
  }

  /** Takes in an air frame. */
  receive(air: Uint8Array): void {
    const whole = this.#reassembly.take(air);
    const frame = whole === undefined ? undefined : decodeLinkFrame(whole);
    if (frame === undefined) return;
    if (frame.kind === "beacon") this.#hooks.beacon?.(frame.beacon);
    else if (frame.kind === "clear") this.#clear(frame.packet, frame.bytes);
    else this.#data(frame);
  }

  #clear(packet: Packet, bytes: Uint8Array): void {
    if (packet.header === Header.LinkRequest && equal(packet.destination, this.id)) this.#answer(packet, bytes);
    else if (packet.header === Header.LinkProof && packet.context === Context.LinkProof) this.#proof(packet);
  }

  /** A LINK_REQUEST for this peer: answers with a proof and waits for IDENTIFY. */
  #answer(packet: Packet, bytes: Uint8Array): void {
    if (packet.data.length !== REQUEST_DATA || packet.data[0] !== VERSION) return;
    const ei = packet.data.slice(1, 33);
    const id = this.#crypto.blake2b(withHops(bytes, 0)).slice(0, 16);
    const secret = this.#bytes(32);
    const er = this.#crypto.x25519PublicKey(secret);
    const session = this.#session(secret, ei, ei, er);
    if (session === undefined) return;
    const signed = Buffer.concat([signingTag("link-r"), id, ei, er, this.publicKey, CAPABILITIES, CLOCK]);
    const signature = this.#crypto.sign(this.#seed, this.publicKey, signed);
    const data = Uint8Array.of(...er, ...this.publicKey, ...CAPABILITIES, ...CLOCK, ...signature);
    this.#link({ id, initiator: false, peer: new Uint8Array(16), session, ei, er });
    const proof = { header: Header.LinkProof, hops: 0, destination: id, context: Context.LinkProof, data };
    this.#air(clearFrame(encodePacket(proof)));
  }

  /** The answer to a request of ours: checks it and identifies itself. */
  #proof(packet: Packet): void {
    const asked = this.#asked.find(({ id }) => equal(id, packet.destination));
    if (asked === undefined || packet.data.length !== PROOF_DATA) return;
    const [er, pk, rest, signature] = [
      packet.data.slice(0, 32),
      packet.data.slice(32, 64),
      packet.data.slice(64, 75),
      packet.data.slice(75),
    ];
    if (!equal(this.#crypto.blake2b(pk).subarray(0, 16), asked.peer)) return;
    const signed = Buffer.concat([signingTag("link-r"), asked.id, asked.ei, er, pk, rest]);
    if (!this.#crypto.verify(pk, signature, signed)) return;
    const session = this.#session(asked.secret, er, asked.ei, er);
    if (session === undefined) return;
    this.#asked.splice(this.#asked.indexOf(asked), 1);
    const { id, peer, ei } = asked;
    const link = this.#link({ id, initiator: true, peer, session, ei, er });
    link.identified = true;
    const own = Buffer.concat([signingTag("link-i"), id, ei, er, this.publicKey, pk]);
    const data = Uint8Array.of(...this.publicKey, ...this.#crypto.sign(this.#seed, this.publicKey, own));
    this.send(link, encodePacket({ header: Header.Link, hops: 0, destination: id, context: Context.Identify, data }));
  }

  #data(frame: Extract<ReturnType<typeof decodeLinkFrame>, { kind: "data" }>): void {
    for (const link of this.links) {
      if (((link.id[0] as number) | ((link.id[1] as number) << 8)) !== frame.tag) continue;
      const session = link.sessions[frame.phase];
      if (session === undefined) continue;
      const counter = rebuildCounter(frame.counter24, session.heard);
      const plain = this.#crypto.open(session.key, linkNonce(link.initiator ? 1 : 0, counter), frame.aad, frame.box);
      const content = plain === undefined ? undefined : unpad(plain);
      if (content === undefined) continue;
      if (counter > session.heard) session.heard = counter;
      // The other has moved on to the new key.
      link.phase = frame.phase;
      const bytes = content.slice(1);
      const packet = decodePacket(bytes);
      if (packet !== undefined) this.#packet(link, packet, bytes);
      return;
    }
  }

  #packet(link: PeerLink, packet: Packet, bytes: Uint8Array): void {
    if (packet.header === Header.Link && packet.context === Context.Identify) {
      this.#identify(link, packet);
      return;
    }
    if (!link.identified) return;
    if (!link.up) {
      link.up = true;
      this.#hooks.linkUp?.(link);
    }
    if (packet.context === Context.Close && packet.header === Header.Link) {
      this.links.splice(this.links.indexOf(link), 1);
      return;
    }
    if (packet.header === Header.OneHop && packet.context === Context.LinkControl) this.#control(link, packet.data);
    this.#hooks.packet?.(link, packet, bytes);
  }

  #identify(link: PeerLink, packet: Packet): void {
    if (link.initiator || packet.data.length !== IDENTIFY_DATA) return;
    const pk = packet.data.slice(0, 32);
    const { ei, er } = link.hello;
    const signed = Buffer.concat([signingTag("link-i"), link.id, ei, er, pk, this.publicKey]);
    if (!this.#crypto.verify(pk, packet.data.slice(32), signed)) return;
    link.peer = this.#crypto.blake2b(pk).slice(0, 16);
    link.identified = true;
    this.keepalive(link);
    if (link.up) return;
    link.up = true;
    this.#hooks.linkUp?.(link);
  }

  /** Says that the link is alive. */
  keepalive(link: PeerLink): void {
    const data = new Uint8Array(0);
    this.send(
      link,
      encodePacket({ header: Header.Link, hops: 0, destination: link.id, context: Context.Keepalive, data }),
    );
  }

  /** One-hop packet of a family: context, sub-type and body. */
  sendControl(link: PeerLink, context: number, subtype: number, body: Uint8Array): void {
    const data = Uint8Array.of(subtype, ...body);
    this.send(link, encodePacket({ header: Header.OneHop, hops: 0, destination: link.peer, context, data }));
  }

  #control(link: PeerLink, data: Uint8Array): void {
    const body = data.subarray(1);
    if (data[0] === F1.Ping && body.length === 8) {
      this.sendControl(link, Context.LinkControl, F1.Pong, Uint8Array.of(...body, ...CLOCK));
    } else if (data[0] === F1.Rekey && body.length === 33) {
      const phase = body[0] as number;
      if (phase > 1 || phase === link.phase) return;
      const e = body.slice(1);
      const secret = this.#bytes(32);
      const own = this.#crypto.x25519PublicKey(secret);
      const session = this.#session(secret, e, e, own);
      if (session === undefined) return;
      this.sendControl(link, Context.LinkControl, F1.RekeyAck, Uint8Array.of(phase, ...own));
      link.sessions[phase] = session;
    }
  }

  #session(secret: Uint8Array, theirs: Uint8Array, ei: Uint8Array, er: Uint8Array): Session | undefined {
    try {
      const key = this.#crypto.blake2b(this.#crypto.x25519(secret, theirs), ei, er);
      return { key, sent: 0n, heard: -1n };
    } catch {
      return undefined;
    }
  }

  #link(from: {
    id: Uint8Array;
    initiator: boolean;
    peer: Uint8Array;
    session: Session;
    ei: Uint8Array;
    er: Uint8Array;
  }): PeerLink {
    const link: PeerLink = {
      id: from.id,
      initiator: from.initiator,
      peer: from.peer,
      identified: false,
      up: false,
      sessions: [from.session, undefined],
      phase: 0,
      hello: { ei: from.ei, er: from.er },
    };
    this.links.push(link);
    if (this.links.length > 32) this.links.shift();
    return link;
  }

  #air(linkFrame: Uint8Array): void {
    const [nibble = 0] = this.#bytes(1);
    this.outbox.push(...airFrames(linkFrame, nibble));
  }

  #bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#random(bytes);
    return bytes;
  }
}

function withHops(packet: Uint8Array, hops: number): Uint8Array {
  const copy = packet.slice();
  copy[1] = hops;
  return copy;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.length).equals(b);
}
