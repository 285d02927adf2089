/**
 * When to try again after CAD found the channel taken (digest 1 section 2.9, H36).
 *
 * Wait random(1..2^attempt) slots of one 255-byte frame, exponent at most 4; give up after 7 attempts or 60 s in all.
 */
import { configAirtimeUs } from "../state/config";
import { randomBelow } from "../state/random";
import { AIR_MAX } from "../wire/air";

const ATTEMPTS: u32 = 7;
const EXPONENT_MAX: u32 = 4;
const WAIT_MAX_MS: u64 = 60_000;

/** Attempts made u32, zero u32, milliseconds waited u64. */
export const CSMA: usize = memory.data(16, 8);
export const CSMA_SIZE: u32 = 16;

/** The transmission went out or was given up: the next one starts afresh. */
export function csmaReset(): void {
  memory.fill(CSMA, 0, CSMA_SIZE);
}

/** Milliseconds to wait after one more busy attempt; 0 when it is time to give up. */
export function csmaBusy(): u64 {
  const attempt = load<u32>(CSMA) + 1;
  if (attempt >= ATTEMPTS) return 0;
  store<u32>(CSMA, attempt);
  const slotMs = (configAirtimeUs(AIR_MAX) + 999) / 1000;
  const slots = 1 + randomBelow(1 << min<u32>(attempt, EXPONENT_MAX));
  const wait = slotMs * <u64>slots;
  const waited = load<u64>(CSMA, 8) + wait;
  if (waited > WAIT_MAX_MS) return 0;
  store<u64>(CSMA, waited, 8);
  return wait;
}
