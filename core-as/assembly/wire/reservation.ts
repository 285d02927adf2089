/**
 * Reservation of bandwidth for long transfers, context F3, hop by hop (digest 1 section 2.7, H38; registry section 3).
 * DATA = sub-type u8, body.
 *
 *   01 Request     0 id u16 | 2 destination 16 | 18 bytes u64 | 26 min_bps u32 | 30 max_price u32, micro-MHR per KiB
 *                  34 valid_s u32 | 38 flags u8 (bit 0 require_onion, 1 allow_reroute)
 *   02 Commitment  0 id u16 | 2 status u8 | 3 bps u32 | 7 price u32 | 11 remaining_ms u64
 *   03 Release     0 id u16 | 2 bytes u64 | 10 reason u8
 */
import { Status } from "../abi";

export const RESERVATION_REQUEST: u32 = 1;
export const RESERVATION_COMMITMENT: u32 = 2;
export const RESERVATION_RELEASE: u32 = 3;

/** How a commitment ends a request. */
export enum ReservationStatus {
  Accepted = 0,
  Partial = 1,
  CostExceeded = 2,
  NoRoute = 3,
  BandwidthInsufficient = 4,
}

/** Why a reservation is given up. */
export enum ReleaseReason {
  Complete = 0,
  PathFailure = 1,
  Timeout = 2,
  SenderCancel = 3,
}

export const COMMITMENT_SIZE: u32 = 19;
/** Body sizes by sub-type. */
const SIZES: usize = memory.data<u8>([0, 39, 19, 11]);
/** Where each body has its flags, status or reason, and the largest value of that byte. */
const ENUM_AT: usize = memory.data<u8>([0, 38, 2, 10]);
const ENUM_MAX: usize = memory.data<u8>([0, 3, 4, 3]);

/** Checks `length` bytes at `body`: BadSubtype, Short, Long; BadField for a flag, status or reason no version uses. */
export function checkReservation(sub: u32, body: usize, length: u32): Status {
  if (sub == 0 || sub > RESERVATION_RELEASE) return Status.BadSubtype;
  const size: u32 = load<u8>(SIZES + <usize>sub);
  if (length != size) return length < size ? Status.Short : Status.Long;
  const value = load<u8>(body + <usize>load<u8>(ENUM_AT + <usize>sub));
  return value > load<u8>(ENUM_MAX + <usize>sub) ? Status.BadField : Status.Ok;
}

/** The sender's number for it; unique together with the link it came by. */
export function reservationId(body: usize): u32 {
  return load<u16>(body);
}

/** Writes the 19 bytes of a commitment: status, bits per second, price of the path, milliseconds it holds. */
export function emitCommitment(out: usize, id: u32, status: u32, bps: u32, price: u32, remainingMs: u64): void {
  store<u16>(out, <u16>id);
  store<u8>(out, <u8>status, 2);
  store<u32>(out, bps, 3);
  store<u32>(out, price, 7);
  store<u64>(out, remainingMs, 11);
}
