/**
 * Entry of the module that is fuzzed (tests/fuzz): the whole core, with ways past its cryptography so that what lies
 * behind it is reached: links whose keys need nobody to know them, announces signed by strangers, boxes that open.
 */
import { Buffer, Status } from "../assembly/abi";
import { blake3Begin, blake3End, blake3Update } from "../assembly/crypto/blake3";
import { ed25519PublicKey, ed25519Sign } from "../assembly/crypto/ed25519";
import { linkPeer, linkSetPolicy, linkUp } from "../assembly/link/links";
import { linkAdd } from "../assembly/link/links";
import { HANDSHAKE_SESSION } from "../assembly/link/session";
import { envelopeSeal } from "../assembly/net/envelope";
import { receivePacket } from "../assembly/net/receive";
import { buffer } from "../assembly/node";
import { CONFIG, CONFIG_SIZE } from "../assembly/state/config";
import { destinationHash, NODE_ID } from "../assembly/state/destinations";
import { destinationPublicKey } from "../assembly/state/destinations";
import { signedRecord, SignedRecord } from "../assembly/state/signing";
import { hashTables } from "../assembly/state-hash";
import { peerAdd } from "../assembly/trust/peers";
import { announcePublicKey, announceRecord, announceSignature, checkAnnounce } from "../assembly/wire/announce";
import {
  checkPacket,
  HEADER_ANNOUNCE,
  packetContext,
  packetDestination,
  packetHeader,
  PACKET_MAX,
} from "../assembly/wire/packet";

export { boot, buffer, deadline, on_command, on_frame, on_timer } from "../assembly/node";

const LINKS_MADE: u32 = 3;
const STRANGERS: u32 = 8;
const TAG_SIZE: u32 = 16;

const SEED: usize = memory.data(32, 8);
const KEY: usize = memory.data(32, 8);
const ID: usize = memory.data(16, 8);
const PACKET: usize = memory.data(512, 8);

/** Seed, public key and address of stranger `index` at SEED, KEY and ID. */
function stranger(index: u32): void {
  memory.fill(SEED, <u8>(index + 1), 32);
  ed25519PublicKey(KEY, SEED);
  destinationHash(ID, KEY);
}

/** After boot: three links, one of them wired, the first peer trusted. Ok if they are up. */
export function prepare(nowMs: u64): i32 {
  for (let i: u32 = 0; i < LINKS_MADE; i++) {
    stranger(i);
    memory.fill(KEY, <u8>i, 32);
    const link = linkAdd(ID, KEY, i == 2 ? 1 : 0, 484, i & 1, HANDSHAKE_SESSION + i, nowMs);
    if (link != i || !linkUp(link)) return Status.NoLink;
    linkSetPolicy(link, i == 0 ? 1 : 0, i);
    if (i == 0) peerAdd(linkPeer(link));
  }
  return Status.Ok;
}

/** `length` bytes of In as a packet out of a frame of `link` that proved genuine; its first byte is the qos. */
export function packet(link: u32, length: u32, nowMs: u64): i32 {
  const input = buffer(Buffer.In);
  if (length < 2 || length > PACKET_MAX) return Status.Short;
  memory.copy(PACKET, input + 1, length - 1);
  // The hop it came to is the address nearly every one-hop packet needs.
  if (((<u32>load<u8>(input)) & 1) != 0 && length > 19) memory.copy(packetDestination(PACKET), NODE_ID, 16);
  return receivePacket(link, (<u32>load<u8>(input)) & 0xf8, PACKET, length - 1, nowMs);
}

/** The same as an announce of one of eight strangers, with a signature that holds if its form does. */
export function announce(link: u32, length: u32, nowMs: u64): i32 {
  if (length < 132 || length > PACKET_MAX) return Status.Short;
  const input = buffer(Buffer.In);
  memory.copy(PACKET, input, length);
  stranger(<u32>load<u8>(input) % STRANGERS);
  store<u8>(PACKET, <u8>HEADER_ANNOUNCE);
  store<u8>(PACKET, 0, 18);
  memory.copy(packetDestination(PACKET), ID, 16);
  memory.copy(announcePublicKey(PACKET), KEY, 32);
  if (
    checkPacket(PACKET, length) == Status.Ok &&
    packetContext(PACKET) == 0 &&
    packetHeader(PACKET) == HEADER_ANNOUNCE
  ) {
    if (checkAnnounce(PACKET, length) == Status.Ok) {
      const record = signedRecord(SignedRecord.Announce);
      const size = announceRecord(record, PACKET, length);
      ed25519Sign(announceSignature(PACKET), record - <usize>TAG_SIZE, TAG_SIZE + size, SEED, KEY);
    }
  }
  return receivePacket(link, 0, PACKET, length, nowMs);
}

/** The same as what a box for this node holds: context, sub-type, data. */
export function box(link: u32, length: u32, nowMs: u64): i32 {
  const input = buffer(Buffer.In);
  if (length < 2) return Status.Short;
  const data = min<u32>(length - 2, 400);
  const size = envelopeSeal(
    PACKET,
    NODE_ID,
    destinationPublicKey(0),
    0,
    load<u8>(input),
    load<u8>(input, 1),
    input + 2,
    data,
  );
  return size < 0 ? -size : receivePacket(link, 0, PACKET, size, nowMs);
}

/** Hash of what the node knows, into Out. */
export function digest(): void {
  blake3Begin();
  blake3Update(CONFIG, CONFIG_SIZE);
  hashTables();
  blake3End(buffer(Buffer.Out));
}
