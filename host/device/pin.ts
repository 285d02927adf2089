/** From a PIN to the key that a board keeps and that requests to a locked board are authorised with. */
import { scrypt } from "node:crypto";
import { MehrError } from "../../toolchain/errors.ts";

export const PIN_KEY_SIZE = 32;
export const PIN_SALT_SIZE = 16;
/** log2 of scrypt's N for a new PIN: 32 MiB and about a tenth of a second for each guess. */
export const PIN_LOG_N = 15;
/**
 * What a board may ask for (boards/runtime/src/provision_record.cpp): 16 MiB to 1 GiB. One that asks for more would stop this
 * machine; one that asks for less is after a PIN that is cheap to guess from what it is answered.
 */
const PIN_LOG_N_MIN = 14;
const PIN_LOG_N_MAX = 20;
const R = 8;

/** The key of a board without a PIN. */
export const NO_PIN_KEY = new Uint8Array(PIN_KEY_SIZE);

/** scrypt (RFC 7914) with N = 2^`logN`, r 8, p 1: 32 bytes. Throws MehrError (1) for a logN no board of ours has. */
export function pinKey(pin: string, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  if (logN < PIN_LOG_N_MIN || logN > PIN_LOG_N_MAX) {
    const range = `2^${PIN_LOG_N_MIN} to 2^${PIN_LOG_N_MAX}`;
    throw new MehrError(
      1,
      `The board wants its PIN hashed with N = 2^${logN}, and boards of ours ask for ${range}: nothing was answered.`,
    );
  }
  const N = 2 ** logN;
  // NFC, so that a PIN with letters is the same from every keyboard.
  return new Promise((resolve, reject) => {
    scrypt(pin.normalize("NFC"), salt, PIN_KEY_SIZE, { N, r: R, p: 1, maxmem: 256 * N * R }, (error, key) => {
      if (error) reject(error);
      else resolve(Uint8Array.from(key));
    });
  });
}
