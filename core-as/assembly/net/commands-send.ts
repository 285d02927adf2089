/**
 * The commands that send end to end (abi.ts, Command): each takes its bytes behind the command byte, writes its reply's
 * bytes to `out` and gives their number, or minus a Status.
 */
import { SendFlag, Status } from "../abi";
import { NO_LINK } from "../link/links";
import {
  destinationHash,
  destinationIndex,
  destinationPublicKey,
  NO_DESTINATION,
  NODE_ID_SIZE,
  sameId,
} from "../state/destinations";
import { ENVELOPE_TEXT_HEAD, ONION_OFFSET } from "../wire/envelope";
import { packetDestination } from "../wire/packet";
import { checkQos } from "../wire/qos";
import { bodyPublicKey, bodyRatchet } from "./bodies";
import { endpointReceive, PACKET_ROOM } from "./endpoint";
import { envelopeSeal } from "./envelope";
import { forwardOwn } from "./forward";
import { ONION_HOPS_MAX, onionWrap } from "./onion";
import { packetHash } from "./packet-hash";

const KEY_SIZE: u32 = 32;
const HASH: usize = memory.data(32, 8);
/** Bytes of the packet_hash that a reply carries. */
const REPLY_HASH_SIZE: u32 = 8;

/** The Ed25519 public key of a destination, this node's or an announced one, or 0. */
function publicKeyOf(id: usize): usize {
  const own = destinationIndex(id);
  return own == NO_DESTINATION ? bodyPublicKey(id) : destinationPublicKey(own);
}

/**
 * Seals and sends: `destination` and what follows it up to `end`, through `hops` relays whose addresses are at `relays`.
 */
function send(out: usize, body: usize, end: usize, destination: usize, relays: usize, hops: u32, nowMs: u64): i32 {
  const qos: u32 = load<u8>(body);
  const flags: u32 = load<u8>(body, 1);
  let data = destination + <usize>NODE_ID_SIZE;
  let publicKey: usize = 0;
  if ((flags & SendFlag.Key) != 0) {
    publicKey = data;
    data += <usize>KEY_SIZE;
  }
  const text = data + <usize>ENVELOPE_TEXT_HEAD;
  if (text > end) return -Status.BadCommand;
  if ((flags & ~((<u32>SendFlag.Key) | (<u32>SendFlag.NoRatchet))) != 0) return -Status.BadField;
  const checked = checkQos(qos);
  if (checked != Status.Ok) return -checked;
  if (publicKey == 0) {
    publicKey = publicKeyOf(destination);
    if (publicKey == 0) return -Status.NoKey;
  } else {
    destinationHash(HASH, publicKey);
    if (!sameId(HASH, destination)) return -Status.WrongKey;
  }
  // Inside an onion nothing tells a box for a ratchet from one for the static key (net/onion.ts).
  const ratchet = hops != 0 || (flags & SendFlag.NoRatchet) != 0 ? <usize>0 : bodyRatchet(destination);
  let packet = PACKET_ROOM + <usize>(hops * ONION_OFFSET);
  const context: u32 = load<u8>(data);
  const subtype: u32 = load<u8>(data, 1);
  let length = envelopeSeal(packet, destination, publicKey, ratchet, context, subtype, text, <u32>(end - text));
  // The last relay's layer is the innermost.
  for (let i = hops; length > 0 && i > 0; i--) {
    const relay = relays + <usize>((i - 1) * NODE_ID_SIZE);
    const relayKey = publicKeyOf(relay);
    if (relayKey == 0) return -Status.NoKey;
    length = onionWrap(packet, <u32>length, relay, relayKey);
    packet -= <usize>ONION_OFFSET;
  }
  if (length < 0) return length;
  packetHash(HASH, packet, <u32>length);
  const status =
    destinationIndex(packetDestination(packet)) == NO_DESTINATION
      ? forwardOwn(packet, <u32>length, qos, NO_LINK, nowMs)
      : endpointReceive(packet, <u32>length, qos, NO_LINK, nowMs);
  if (status != Status.Ok) return -status;
  memory.copy(out, HASH, REPLY_HASH_SIZE);
  return <i32>REPLY_HASH_SIZE;
}

/**
 * Command.Send: qos, flags, destination 16, [public key 32], context, sub-type, data. Reply: packet_hash[0..8].
 * BadCommand; BadField; WrongKey if the key is not the destination's; NoKey; what envelopeSeal and forwardOwn say.
 */
export function commandSend(out: usize, body: usize, length: u32, nowMs: u64): i32 {
  return send(out, body, body + <usize>length, body + 2, 0, 0, nowMs);
}

/**
 * Command.SendOnion: qos, flags, n (1-3), n x relay 16, then as Send. Statuses as there; NoKey also for a relay, BadField
 * also for two layers in a row for the same relay.
 */
export function commandSendOnion(out: usize, body: usize, length: u32, nowMs: u64): i32 {
  const hops: u32 = load<u8>(body, 2);
  if (length < 3) return -Status.BadCommand;
  if (hops == 0 || hops > ONION_HOPS_MAX) return -Status.BadField;
  const relays = body + 3;
  return send(out, body, body + <usize>length, relays + <usize>(hops * NODE_ID_SIZE), relays, hops, nowMs);
}
