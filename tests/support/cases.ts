/** How many inputs the differential tests of the cryptography try (core-as/assembly/crypto/differential.test.ts). */

/** A nightly run (MEHR_NIGHTLY=1) takes this many times the random cases of a normal one. */
const NIGHTLY_SCALE = 50;

export const SCALE = process.env.MEHR_NIGHTLY === "1" ? NIGHTLY_SCALE : 1;

/**
 * Cases that are always the same, and random ones in a normal run. The test counts and fails if these are not the
 * numbers.
 */
const FIXED = 975;
const RANDOM = 3480;

export const DIFFERENTIAL_CASES = {
  normal: FIXED + RANDOM,
  nightly: FIXED + RANDOM * NIGHTLY_SCALE,
  /** Of this run. */
  now: FIXED + RANDOM * SCALE,
} as const;
