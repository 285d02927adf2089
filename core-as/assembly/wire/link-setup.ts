/**
 * The three messages that set up a link (H12), and LinkCapabilities (digest 1 section 1.3, H43).
 *
 *   LINK_REQUEST, 44   0 version u8 | 1 e_i 32 | 33 capabilities 3 | 36 clock u64
 *   LINK_PROOF, 139    0 e_r 32 | 32 pk_r 32 | 64 capabilities 3 | 67 clock u64 | 75 sig_r 64
 *   IDENTIFY, 96       0 pk_i 32 | 32 sig_i 64
 *   LinkCapabilities   0 max_frame_size u16, the largest packet, 484 and up | 2 supports_fragmentation u8, 0 or 1
 *
 * e_i and e_r are ephemeral X25519 keys, pk_i and pk_r the Ed25519 keys of the nodes, clocks local milliseconds. The
 * arguments called `data` point at DATA, behind the packet header; checkPacket has checked its size.
 */
import { Status } from "../abi";
import { MTU_MIN } from "./packet";

export const LINK_REQUEST_SIZE: u32 = 44;
export const LINK_PROOF_SIZE: u32 = 139;
export const IDENTIFY_SIZE: u32 = 96;
export const CAPABILITIES_SIZE: u32 = 3;

/** Protocol version: major in the high nibble, minor in the low one (registry section 1). */
export const VERSION: u32 = 0x10;

const REQUEST_KEY: usize = 1;
const REQUEST_CAPABILITIES: usize = 33;
const REQUEST_CLOCK: usize = 36;
const PROOF_PUBLIC_KEY: usize = 32;
const PROOF_CAPABILITIES: usize = 64;
const PROOF_CLOCK: usize = 67;
const PROOF_SIGNATURE: usize = 75;
const IDENTIFY_SIGNATURE: usize = 32;

/** BadField if the node takes packets smaller than every node must, or the flag is neither 0 nor 1. */
function checkCapabilities(capabilities: usize): Status {
  return capabilitiesMtu(capabilities) < MTU_MIN || load<u8>(capabilities, 2) > 1 ? Status.BadField : Status.Ok;
}

/** Largest packet in bytes. */
export function capabilitiesMtu(capabilities: usize): u32 {
  return load<u16>(capabilities);
}

/** Writes LinkCapabilities: this core never fragments. */
export function emitCapabilities(out: usize, mtu: u32): void {
  store<u16>(out, <u16>mtu);
  store<u8>(out, 0, 2);
}

/** BadVersion for another major version, BadField for its capabilities; a higher minor version is welcome. */
export function checkLinkRequest(data: usize): Status {
  return ((<u32>load<u8>(data)) ^ VERSION) >> 4 != 0 ? Status.BadVersion : checkCapabilities(requestCapabilities(data));
}

/** Address of e_i, 32 bytes. */
export function requestKey(data: usize): usize {
  return data + REQUEST_KEY;
}

/** Address of the LinkCapabilities. */
export function requestCapabilities(data: usize): usize {
  return data + REQUEST_CAPABILITIES;
}

/** The initiator's clock in ms. */
export function requestClock(data: usize): u64 {
  return load<u64>(data + REQUEST_CLOCK);
}

export function emitLinkRequest(data: usize, ephemeral: usize, mtu: u32, clock: u64): void {
  store<u8>(data, <u8>VERSION);
  memory.copy(data + REQUEST_KEY, ephemeral, 32);
  emitCapabilities(data + REQUEST_CAPABILITIES, mtu);
  store<u64>(data + REQUEST_CLOCK, clock);
}

/** BadField for its capabilities. */
export function checkLinkProof(data: usize): Status {
  return checkCapabilities(proofCapabilities(data));
}

/** Address of e_r, 32 bytes. */
export function proofKey(data: usize): usize {
  return data;
}

/** Address of pk_r, 32 bytes. */
export function proofPublicKey(data: usize): usize {
  return data + PROOF_PUBLIC_KEY;
}

/** Address of the LinkCapabilities, with the clock behind them. */
export function proofCapabilities(data: usize): usize {
  return data + PROOF_CAPABILITIES;
}

/** The responder's clock in ms. */
export function proofClock(data: usize): u64 {
  return load<u64>(data + PROOF_CLOCK);
}

/** Address of sig_r, 64 bytes. */
export function proofSignature(data: usize): usize {
  return data + PROOF_SIGNATURE;
}

/** Writes everything but sig_r. */
export function emitLinkProof(data: usize, ephemeral: usize, publicKey: usize, mtu: u32, clock: u64): void {
  memory.copy(data, ephemeral, 32);
  memory.copy(data + PROOF_PUBLIC_KEY, publicKey, 32);
  emitCapabilities(data + PROOF_CAPABILITIES, mtu);
  store<u64>(data + PROOF_CLOCK, clock);
}

/** Address of pk_i, 32 bytes. */
export function identifyPublicKey(data: usize): usize {
  return data;
}

/** Address of sig_i, 64 bytes. */
export function identifySignature(data: usize): usize {
  return data + IDENTIFY_SIGNATURE;
}

/** Writes everything but sig_i. */
export function emitIdentify(data: usize, publicKey: usize): void {
  memory.copy(data, publicKey, 32);
}
