/**
 * One primitive by its number: what the `crypto` export does (abi.ts, `Primitive`).
 *
 * It is the only way in that the protocol does not use; vectors, benchmarks and a board's proof of its engine come
 * through it. Lengths are checked here, so that the primitives themselves may take theirs for granted.
 */
import { Primitive, Status } from "../abi";
import { open, seal } from "./aead";
import { blake2b } from "./blake2b";
import { blake3Begin, blake3BeginKeyed, blake3End, blake3Update } from "./blake3";
import { chacha20 } from "./chacha20";
import { vrfGamma, vrfProve, vrfVerify } from "./ecvrf";
import {
  ed25519PublicKey,
  ed25519Sign,
  ed25519Verify,
  x25519FromEd25519,
  x25519PublicKey,
  x25519SecretFromSeed,
} from "./ed25519";
import { poly1305Begin, poly1305End, poly1305Update } from "./poly1305";
import { sha512 } from "./sha512";
import { x25519 } from "./x25519";

/** The least bytes a primitive's input has: everything in front of its message, and the tag of Open. */
const HEAD: usize = memory.data<u8>([0, 1, 0, 0, 0, 0, 48, 32, 46, 62, 64, 32, 32, 64, 96, 32, 32, 64, 64, 112]);

/** Primitives, by bit, whose input is those bytes and nothing behind them. */
const FIXED: u32 =
  (1 << Primitive.Blake3End) |
  (1 << Primitive.X25519) |
  (1 << Primitive.X25519PublicKey) |
  (1 << Primitive.Ed25519PublicKey) |
  (1 << Primitive.X25519FromEd25519) |
  (1 << Primitive.X25519SecretFromSeed);

const AEAD_HEAD: u32 = 46;
const KEY_SIZE: u32 = 32;
const TAG_SIZE: u32 = 16;

/** The longest result of a primitive whose result does not grow with its input: proof 80 and beta 64. */
const RESULT_MAX: u32 = 144;

/**
 * BLAKE3 has room for the chaining values of 256 chunks of 1 KiB. Half of that leaves more than enough for the few KiB
 * the node itself may have hashed into the same state between two pieces.
 */
const STREAM_MAX: u32 = 131_072;

/** 0 if no BLAKE3 stream has been begun, else 1 and the bytes it has taken. */
const STREAM: usize = memory.data(4, 4);

/** The two ways a call ends: `size` bytes of result, or minus `status`. */
function ended(status: Status, size: u32): i32 {
  return status == Status.Ok ? <i32>size : -status;
}

/**
 * Runs `primitive` on `length` bytes at `input`, with room for `outCapacity` bytes at `out`, which may not overlap.
 * The bytes written, or minus a Status; nothing at `out` counts unless that is above 0.
 */
export function runPrimitive(out: usize, outCapacity: u32, input: usize, length: u32, primitive: u32): i32 {
  if (primitive == 0 || primitive > <u32>Primitive.VrfVerify) return -Status.BadField;
  const head: u32 = load<u8>(HEAD + primitive);
  if (length < head) return -Status.Short;
  const rest = length - head;
  if ((rest > 0 && ((FIXED >> primitive) & 1) != 0) || outCapacity < RESULT_MAX) return -Status.Long;
  const body = input + head;
  switch (primitive) {
    case Primitive.Blake2b: {
      const size: u32 = load<u8>(input);
      return blake2b(out, size, body, rest) ? <i32>size : -Status.BadField;
    }
    case Primitive.Blake3Begin:
      return streamBegin(input, length);
    case Primitive.Blake3Update:
      return streamUpdate(input, length);
    case Primitive.Blake3End:
      return streamEnd(out);
    case Primitive.Sha512:
      sha512(out, input, length);
      return 64;
    case Primitive.ChaCha20:
      if (rest > outCapacity) return -Status.Long;
      chacha20(out, body, rest, input, input + 32, load<u32>(input, 44));
      return rest;
    case Primitive.Poly1305:
      poly1305Begin(input);
      poly1305Update(body, rest);
      poly1305End(out);
      return TAG_SIZE;
    case Primitive.Seal:
    case Primitive.Open:
      return aead(out, outCapacity, input, length - AEAD_HEAD, primitive == Primitive.Open);
    case Primitive.X25519:
      return ended(x25519(out, input, input + 32), 32);
    case Primitive.X25519PublicKey:
      x25519PublicKey(out, input);
      return 32;
    case Primitive.Ed25519PublicKey:
      ed25519PublicKey(out, input);
      return 32;
    case Primitive.Ed25519Sign:
      ed25519Sign(out, body, rest, input, input + 32);
      return 64;
    case Primitive.Ed25519Verify:
      return ended(ed25519Verify(input + 32, body, rest, input), 0);
    case Primitive.X25519FromEd25519:
      return ended(x25519FromEd25519(out, input), 32);
    case Primitive.X25519SecretFromSeed:
      x25519SecretFromSeed(out, input);
      return 32;
    case Primitive.VrfGamma:
      return ended(vrfGamma(out, out + 32, input, input + 32, body, rest), 96);
    case Primitive.VrfProve:
      return ended(vrfProve(out, out + 80, input, input + 32, body, rest), 144);
    default:
      return ended(vrfVerify(out, input + 32, input, body, rest), 64);
  }
}

function streamBegin(key: usize, length: u32): i32 {
  if (length != 0 && length != KEY_SIZE) return length < KEY_SIZE ? -Status.Short : -Status.Long;
  if (length == 0) blake3Begin();
  else blake3BeginKeyed(key);
  store<u32>(STREAM, 1);
  return 0;
}

function streamUpdate(input: usize, length: u32): i32 {
  const taken = load<u32>(STREAM);
  if (taken == 0) return -Status.BadField;
  if (length > STREAM_MAX + 1 - taken) return -Status.Long;
  blake3Update(input, length);
  store<u32>(STREAM, taken + length);
  return 0;
}

function streamEnd(out: usize): i32 {
  if (load<u32>(STREAM) == 0) return -Status.BadField;
  store<u32>(STREAM, 0);
  blake3End(out);
  return 32;
}

/** `left`: bytes behind aad_length. */
function aead(out: usize, outCapacity: u32, input: usize, left: u32, opens: bool): i32 {
  const aadLength: u32 = load<u16>(input, 44);
  if (left < aadLength + (opens ? TAG_SIZE : 0)) return -Status.Short;
  const aad = input + AEAD_HEAD;
  const text = aad + aadLength;
  const given = left - aadLength;
  const size = opens ? given - TAG_SIZE : given + TAG_SIZE;
  if (size > outCapacity) return -Status.Long;
  if (opens) return ended(open(out, text, size, aad, aadLength, input, input + 32), size);
  seal(out, text, given, aad, aadLength, input, input + 32);
  return size;
}
