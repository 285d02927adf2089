/**
 * Session keys and what they seal and open (digest 1 section 3.2, H11, H30): one session for each key, numbered. A link
 * has two, one for each key phase, and one for its peer's group key; a handshake under way has one, the own group key
 * too.
 *
 * Nonce = direction u8 (0 from the link's initiator, 1 to it, 2 to a group), 3 zero bytes, counter u64; associated data
 * = the frame's first six bytes. Only the counter's low 24 bits travel: the rest is rebuilt (RFC 9000 appendix A.3). A
 * window of 64 (RFC 4303 section 3.4.3) lets each counter through once.
 *
 * Session, 24 bytes, for the state hash: 0 counter of the next frame to send u64 | 8 one more than the highest counter
 * received u64 | 16 window u64, bit i for counter (highest - i) received. Keys are apart: they are nobody's to see.
 */
import { entropy, Status } from "../abi";
import { open, seal } from "../crypto/aead";
import { blake2b } from "../crypto/blake2b";
import { wipe } from "../crypto/constant-time";
import { x25519PublicKey } from "../crypto/ed25519";
import { x25519 } from "../crypto/x25519";
import { LINKS, RADIO } from "../profile";
import {
  emitLinkDataHeader,
  LINK_DATA_HEADER_SIZE,
  LINK_DATA_OVERHEAD,
  linkFrameCounter,
  LORA_LINK_FRAME_LONG,
  LORA_LINK_FRAME_SIZE,
  pad,
} from "../wire/link-frame";

/** Handshakes under way at once. */
export const HANDSHAKES: u32 = 4;
/** Session of handshake slot 0; link i has 2 i and 2 i + 1. */
export const HANDSHAKE_SESSION: u32 = LINKS * 2;
/** Session of the group key of link 0's peer, of which only the receiving half is used. */
export const GROUP_SESSION: u32 = HANDSHAKE_SESSION + HANDSHAKES;
/** Session of the own group key, of which only the sending half is. */
export const OWN_GROUP_SESSION: u32 = GROUP_SESSION + LINKS;
/** Direction of group frames. */
export const DIRECTION_GROUP: u32 = 2;

const KEY_SIZE: u32 = 32;
const SESSION_SIZE: u32 = 24;
const RECEIVED: usize = 8;
const WINDOW: usize = 16;

export const SESSIONS_SIZE: u32 = (OWN_GROUP_SESSION + 1) * SESSION_SIZE;
export const SESSIONS: usize = memory.data((LINKS * 3 + 5) * 24, 8);
/** A session's key; before the key is agreed on, its own ephemeral secret. Not in the state hash. */
const KEYS: usize = memory.data((LINKS * 3 + 5) * 32, 8);
const KEYS_SIZE: u32 = (OWN_GROUP_SESSION + 1) * KEY_SIZE;

/** Counters end here, in either direction (H31). */
const COUNTER_END: u64 = 1 << 40;
const COUNTER_BITS: u64 = 24;
const HALF_WINDOW: u64 = 1 << 23;
const REPLAY_WINDOW: u64 = 64;

const NONCE: usize = memory.data(12, 4);
/** ss, e_i, e_r: wiped after use. */
const AGREEMENT: usize = memory.data(96, 8);

function at(session: u32): usize {
  return SESSIONS + <usize>(session * SESSION_SIZE);
}

/** Address of a session's key, or of the ephemeral secret that will make it. */
export function sessionKey(session: u32): usize {
  return KEYS + <usize>(session * KEY_SIZE);
}

/** Forgets a session: key, counters, window. */
export function sessionWipe(session: u32): void {
  wipe(at(session), SESSION_SIZE);
  wipe(sessionKey(session), KEY_SIZE);
}

export function sessionsReset(): void {
  wipe(SESSIONS, SESSIONS_SIZE);
  wipe(KEYS, KEYS_SIZE);
}

/** Moves a session to another number; the old one is empty then. */
export function sessionMove(to: u32, from: u32): void {
  memory.copy(at(to), at(from), SESSION_SIZE);
  memory.copy(sessionKey(to), sessionKey(from), KEY_SIZE);
  sessionWipe(from);
}

/** Draws an ephemeral secret for an empty session; its public key goes to `publicKey`. Ok or NoEntropy. */
export function sessionDraw(session: u32, publicKey: usize): Status {
  if (entropy(sessionKey(session), KEY_SIZE) != Status.Ok) return Status.NoEntropy;
  x25519PublicKey(publicKey, sessionKey(session));
  return Status.Ok;
}

/**
 * Puts the session key in the place of the ephemeral secret: BLAKE2b-256 of the secret shared with `theirs`, e_i and
 * e_r (H11). Ok; SmallOrder, nothing changed, if the shared secret is zero.
 */
export function sessionAgree(session: u32, theirs: usize, initiator: usize, responder: usize): Status {
  memory.copy(AGREEMENT + 32, initiator, KEY_SIZE);
  memory.copy(AGREEMENT + 64, responder, KEY_SIZE);
  const status = x25519(AGREEMENT, sessionKey(session), theirs);
  if (status == Status.Ok) blake2b(sessionKey(session), KEY_SIZE, AGREEMENT, 96);
  wipe(AGREEMENT, 96);
  return status;
}

/** Address of the 12-byte nonce, made here. */
export function sessionNonce(direction: u32, counter: u64): usize {
  store<u32>(NONCE, direction);
  store<u64>(NONCE, counter, 4);
  return NONCE;
}

/**
 * Size of the link frame that carries a packet of `length` bytes: 254 or 508 on the radio, on a wire no more than it
 * takes unless `padded` asks for the link's `mtu`.
 */
export function frameSize(port: u32, length: u32, padded: bool, mtu: u32): u32 {
  if (port == RADIO) {
    return padded || length + LINK_DATA_OVERHEAD + 1 > LORA_LINK_FRAME_SIZE
      ? LORA_LINK_FRAME_LONG
      : LORA_LINK_FRAME_SIZE;
  }
  return LINK_DATA_OVERHEAD + (padded ? mtu + 1 : length);
}

/**
 * Writes a link frame of `size` bytes at `out` with the packet of `length` bytes at `packet`, which may lie where it
 * goes (`out` + 7) or anywhere outside the frame. `size`, or 0 if the session has used up its counters.
 */
export function sessionSeal(
  session: u32,
  direction: u32,
  phase: u32,
  tag: u32,
  out: usize,
  packet: usize,
  length: u32,
  qos: u32,
  size: u32,
): u32 {
  const counter = load<u64>(at(session));
  if (counter >= COUNTER_END) return 0;
  store<u64>(at(session), counter + 1);
  const text = out + LINK_DATA_HEADER_SIZE;
  const room = size - LINK_DATA_OVERHEAD;
  memory.copy(text + 1, packet, length);
  store<u8>(text, <u8>qos);
  pad(text + 1, length, room);
  emitLinkDataHeader(out, phase, tag, <u32>counter);
  const nonce = sessionNonce(direction, counter);
  seal(text, text, room + 1, out, LINK_DATA_HEADER_SIZE, sessionKey(session), nonce);
  return size;
}

/** The whole counter of a frame: the value with its low 24 bits that is nearest to the one expected next. */
export function sessionCounter(session: u32, frame: usize): u64 {
  const expected = load<u64>(at(session), RECEIVED);
  const counter = ((expected >> COUNTER_BITS) << COUNTER_BITS) | (<u64>linkFrameCounter(frame));
  if (counter + HALF_WINDOW <= expected) return counter + (1 << COUNTER_BITS);
  if (counter > expected + HALF_WINDOW && counter >= 1 << COUNTER_BITS) return counter - (1 << COUNTER_BITS);
  return counter;
}

/** The counter of the next frame sealed. */
export function sessionNext(session: u32): u64 {
  return load<u64>(at(session));
}

/** Nothing below `counter` is fresh any more: a key that was in use before this node got it. */
export function sessionExpect(session: u32, counter: u64): void {
  store<u64>(at(session), counter, RECEIVED);
  store<u64>(at(session), u64.MAX_VALUE, WINDOW);
}

/** Whether a counter is neither used up nor older than the window reaches back. */
export function sessionFresh(session: u32, counter: u64): bool {
  const next = load<u64>(at(session), RECEIVED);
  if (counter >= next) return counter < COUNTER_END;
  const behind = next - 1 - counter;
  return behind < REPLAY_WINDOW && ((load<u64>(at(session), WINDOW) >> behind) & 1) == 0;
}

/**
 * Opens a checked data frame of `length` bytes where it lies: plaintext of `length` - LINK_DATA_OVERHEAD + 1 bytes at
 * `frame` + LINK_DATA_HEADER_SIZE. `direction` is the sender's. Ok; Replayed or BadTag, and nothing is written. The
 * counter stays unused until sessionAccept.
 */
export function sessionOpen(session: u32, direction: u32, frame: usize, length: u32, counter: u64): Status {
  if (!sessionFresh(session, counter)) return Status.Replayed;
  const text = frame + LINK_DATA_HEADER_SIZE;
  const size = length - LINK_DATA_OVERHEAD + 1;
  return open(text, text, size, frame, LINK_DATA_HEADER_SIZE, sessionKey(session), sessionNonce(direction, counter));
}

/** Uses up a fresh counter. How many counters were skipped to reach it: frames lost, or still to come. */
export function sessionAccept(session: u32, counter: u64): u64 {
  const entry = at(session);
  const next = load<u64>(entry, RECEIVED);
  const window = load<u64>(entry, WINDOW);
  if (counter < next) {
    store<u64>(entry, window | ((<u64>1) << (next - 1 - counter)), WINDOW);
    return 0;
  }
  const ahead = counter + 1 - next;
  store<u64>(entry, counter + 1, RECEIVED);
  store<u64>(entry, (ahead < REPLAY_WINDOW ? window << ahead : 0) | 1, WINDOW);
  return ahead - 1;
}
