/**
 * Probes of a path's size and speed, context F2 (digest 1 section 2.6, H20; registry section 3). DATA = sub-type u8, body.
 *
 *   01 ProbeRequest   0 id u16 | 2 size u16, of the body | 4 timestamp u64 | 12 zero padding, the body is 256 bytes or more
 *   02 ProbeResponse  0 id u16 | 2 received_size u16 | 4 timestamp_echo u64 | 12 responder_mtu u16 | 14 measured_bps u32
 *
 * Both packets are addressed to the probed destination; the response goes back by the links the request came by.
 */
import { Status } from "../abi";

export const PROBE_REQUEST: u32 = 1;
export const PROBE_RESPONSE: u32 = 2;
export const PROBE_REQUEST_MIN: u32 = 256;
export const PROBE_RESPONSE_SIZE: u32 = 18;

const ID: usize = 0;
const SIZE: usize = 2;
const TIMESTAMP: usize = 4;
const PADDING: usize = 12;
const MTU: usize = 12;
const BPS: usize = 14;

/** Checks `length` bytes at `body`: BadSubtype, Short, Long; BadField if the size told is not the size. */
export function checkProbe(sub: u32, body: usize, length: u32): Status {
  if (sub == PROBE_REQUEST) {
    if (length < PROBE_REQUEST_MIN) return Status.Short;
    return probeSize(body) == length ? Status.Ok : Status.BadField;
  }
  if (sub != PROBE_RESPONSE) return Status.BadSubtype;
  if (length < PROBE_RESPONSE_SIZE) return Status.Short;
  return length > PROBE_RESPONSE_SIZE ? Status.Long : Status.Ok;
}

export function probeId(body: usize): u32 {
  return load<u16>(body + ID);
}

/** Size of the request's body in bytes; in a response, the size that arrived. */
export function probeSize(body: usize): u32 {
  return load<u16>(body + SIZE);
}

/** The prober's clock in ms when it sent the request. */
export function probeTimestamp(body: usize): u64 {
  return load<u64>(body + TIMESTAMP);
}

/** Of a response: largest packet of the responder's link, in bytes. */
export function probeMtu(body: usize): u32 {
  return load<u16>(body + MTU);
}

/** Of a response: speed of the responder's link, in bits per second. */
export function probeBps(body: usize): u32 {
  return load<u32>(body + BPS);
}

/** Writes the `size` bytes of a request's body. */
export function emitProbeRequest(out: usize, id: u32, size: u32, timestamp: u64): void {
  store<u16>(out + ID, <u16>id);
  store<u16>(out + SIZE, <u16>size);
  store<u64>(out + TIMESTAMP, timestamp);
  memory.fill(out + PADDING, 0, size - <u32>PADDING);
}

/** Writes the 18 bytes of the answer to the request whose body is at `request`. */
export function emitProbeResponse(out: usize, request: usize, mtu: u32, bps: u32): void {
  memory.copy(out, request, PADDING);
  store<u16>(out + MTU, <u16>mtu);
  store<u32>(out + BPS, bps);
}
