/**
 * End-to-end boxes: sealed to an X25519 key of the recipient with a fresh ephemeral one (digest 1 section 3.3, H22, H23).
 *
 *   ss = X25519(ephemeral, recipient), payload_key = BLAKE2b-256(ss || ephemeral public key), ChaCha20-Poly1305 with a
 *   zero nonce, the key serving once.
 *
 * The recipient's key is a ratchet, or the X25519 form of the signing key. Both ways work in place, in the packet. The
 * sender stays unknown: whoever must be known signs inside.
 */
import { entropy, Status } from "../abi";
import { open, seal } from "../crypto/aead";
import { blake2b } from "../crypto/blake2b";
import { wipe } from "../crypto/constant-time";
import { x25519FromEd25519, x25519PublicKey, x25519SecretFromSeed } from "../crypto/ed25519";
import { x25519 } from "../crypto/x25519";
import { destinationSeed } from "../state/destinations";
import { ratchetSecret, ratchetWipe } from "../state/ratchets";
import {
  checkInnerContext,
  ENVELOPE_OVERHEAD,
  ENVELOPE_TEXT_HEAD,
  envelopeAad,
  envelopeAadLength,
  envelopeEphemeral,
  envelopeRatchetSize,
  envelopeText,
  envelopeTextLength,
} from "../wire/envelope";
import {
  CONTEXT_NONE,
  emitPacketHeader,
  HEADER_FORWARDED,
  HEADER_FORWARDED_RATCHET,
  packetData,
  packetHeader,
  PACKET_HEADER_SIZE,
} from "../wire/packet";

const KEY_SIZE: u32 = 32;

/** Secret scalar 32; shared secret 32, then the payload key in its place; ephemeral public key 32; the nonce, zero. */
const WORK: usize = memory.data(112, 8);
const SECRET: usize = WORK;
const KEY: usize = WORK + 32;
const NONCE: usize = WORK + 96;
const WORK_SIZE: u32 = 96;

const RECIPIENT: usize = memory.data(32, 8);

/** KEY from one side's secret and the other's public key. Ok or SmallOrder. */
function payloadKey(secret: usize, publicKey: usize, ephemeral: usize): Status {
  const status = x25519(KEY, secret, publicKey);
  memory.copy(KEY + 32, ephemeral, KEY_SIZE);
  blake2b(KEY, KEY_SIZE, KEY, 2 * KEY_SIZE);
  return status;
}

/**
 * Seals the `textLength` bytes at envelopeText(packet) to the 32-byte X25519 key at `recipient`; header and ratchet_id are
 * in their place. Ok, NoEntropy or SmallOrder.
 */
function sealTo(packet: usize, recipient: usize, textLength: u32): Status {
  if (entropy(SECRET, KEY_SIZE) != Status.Ok) return Status.NoEntropy;
  const ephemeral = envelopeEphemeral(packet);
  const text = envelopeText(packet);
  x25519PublicKey(ephemeral, SECRET);
  const status = payloadKey(SECRET, recipient, ephemeral);
  if (status == Status.Ok) seal(text, text, textLength, envelopeAad(packet), envelopeAadLength(packet), KEY, NONCE);
  wipe(WORK, WORK_SIZE);
  return status;
}

/**
 * Seals the `textLength` bytes at envelopeText(packet), whose header 10 is in its place, to the X25519 form of an Ed25519
 * public key. Ok, BadPoint, SmallOrder or NoEntropy.
 */
export function boxSeal(packet: usize, publicKey: usize, textLength: u32): Status {
  const status = x25519FromEd25519(RECIPIENT, publicKey);
  return status == Status.Ok ? sealTo(packet, RECIPIENT, textLength) : status;
}

/**
 * Opens the box in a packet of `length` bytes that passed checkPacket and is addressed to destination `index`, in place.
 * The length of the plaintext, which is at envelopeText(packet); or minus SmallOrder, or minus BadTag, also for a ratchet
 * not kept any more, and the packet is as it was.
 */
export function boxOpen(packet: usize, length: u32, index: u32): i32 {
  const textLength = envelopeTextLength(packet, length);
  const text = envelopeText(packet);
  const ephemeral = envelopeEphemeral(packet);
  let secret = SECRET;
  if (packetHeader(packet) == HEADER_FORWARDED_RATCHET) secret = ratchetSecret(index, packetData(packet));
  else x25519SecretFromSeed(SECRET, destinationSeed(index));
  let status: Status = secret == 0 ? Status.BadTag : payloadKey(secret, ephemeral, ephemeral);
  ratchetWipe();
  if (status == Status.Ok) {
    status = open(text, text, textLength, envelopeAad(packet), envelopeAadLength(packet), KEY, NONCE);
  }
  wipe(WORK, WORK_SIZE);
  return status == Status.Ok ? <i32>textLength : -status;
}

/**
 * Writes to `out` the packet with `length` bytes of data of a family and sub-type, sealed to the destination: to its
 * 32-byte X25519 ratchet if that is not 0, else to its Ed25519 public key.
 * The packet's length; or minus BadContext, Long, BadPoint, SmallOrder or NoEntropy, and no data is left at `out`.
 */
export function envelopeSeal(
  out: usize,
  destination: usize,
  publicKey: usize,
  ratchet: usize,
  context: u32,
  subtype: u32,
  data: usize,
  length: u32,
): i32 {
  let status = checkInnerContext(context);
  if (status != Status.Ok) return -status;
  const header = ratchet == 0 ? HEADER_FORWARDED : HEADER_FORWARDED_RATCHET;
  const textLength = ENVELOPE_TEXT_HEAD + length;
  const dataLength = envelopeRatchetSize(header) + ENVELOPE_OVERHEAD + textLength;
  status = emitPacketHeader(out, header, 0, destination, CONTEXT_NONE, dataLength);
  if (status != Status.Ok) return -status;
  const text = envelopeText(out);
  store<u8>(text, <u8>context);
  store<u8>(text, <u8>subtype, 1);
  memory.copy(text + <usize>ENVELOPE_TEXT_HEAD, data, length);
  if (ratchet == 0) {
    status = boxSeal(out, publicKey, textLength);
  } else {
    // Its first 4 bytes stay in front, the rest is overwritten by the ephemeral key.
    blake2b(packetData(out), KEY_SIZE, ratchet, KEY_SIZE);
    status = sealTo(out, ratchet, textLength);
  }
  if (status == Status.Ok) return <i32>(PACKET_HEADER_SIZE + dataLength);
  wipe(text, textLength);
  return -status;
}
