/**
 * Reservations (digest 1 section 2.7): this profile has no bandwidth to promise, and says so (H38).
 */
import { Status } from "../abi";
import {
  checkReservation,
  COMMITMENT_SIZE,
  emitCommitment,
  RESERVATION_COMMITMENT,
  RESERVATION_REQUEST,
  reservationId,
  ReservationStatus,
} from "../wire/reservation";
import { controlSend } from "./control";

const BODY: usize = memory.data(20, 8);

/**
 * Takes `length` bytes at `body` that came by `link`. A request is answered BandwidthInsufficient; commitments and
 * releases are about nothing this node holds.
 */
export function reservationReceive(link: u32, sub: u32, body: usize, length: u32, _nowMs: u64): Status {
  const checked = checkReservation(sub, body, length);
  if (checked != Status.Ok) return checked;
  if (sub != RESERVATION_REQUEST) return Status.Unknown;
  emitCommitment(BODY, reservationId(body), ReservationStatus.BandwidthInsufficient, 0, 0, 0);
  controlSend(link, RESERVATION_COMMITMENT, BODY, COMMITMENT_SIZE);
  return Status.Ok;
}
