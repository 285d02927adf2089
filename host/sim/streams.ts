/** Seeds of the random streams of a simulation: one for each purpose and subject, so that no draw shifts another's. */
import { SeededRandom } from "../radio/random.ts";

/** What a stream is for. The numbers are part of what a seed means: never reuse one. */
export const Stream = {
  Layout: 1,
  Shadowing: 2,
  Entropy: 3,
  Wire: 4,
  Traffic: 5,
  Faults: 6,
  Attack: 7,
  PowerCut: 8,
  Boot: 9,
  Rival: 10,
  Trust: 11,
} as const;

export type Stream = (typeof Stream)[keyof typeof Stream];

/** Murmur3's finaliser: every bit of the input reaches every bit of the output. */
function mix(value: number): number {
  let z = value >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** A generator for `purpose`, of one subject (a node) or of two (a pair, in the order given). */
export function stream(seed: number, purpose: Stream, a = 0, b = 0): SeededRandom {
  let state = mix(seed ^ 0x6d656872);
  for (const part of [purpose, a, b]) state = mix(Math.imul(state, 0x9e3779b1) + part + 0x7f4a7c15);
  return new SeededRandom(state);
}

/**
 * A standard normal number by the sum of twelve uniform ones: additions alone, so every machine draws the same to the
 * last bit. It never leaves -6..6.
 */
export function normal(random: SeededRandom): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random.unit();
  return sum;
}

/** A whole number in 0..below-1. */
export function below(random: SeededRandom, limit: number): number {
  return Math.floor(random.unit() * limit);
}
