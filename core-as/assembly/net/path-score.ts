/**
 * How good a way is under a PathPolicy, in integers (digest 1 section 2.5, H14), and distance on the ring (H28).
 *
 * score = a * ring + b * cost + c * latency + d * (1 - reliability / 255), the lowest wins. Ring, cost and latency are
 * decoded values divided by the largest among the candidates, Q0.16; weights are tenths.
 */
import { costValue } from "../wire/path-cost";

export const POLICY_FASTEST: u32 = 2;
export const POLICY_LARGEST_MTU: u32 = 4;
const POLICIES: u32 = 5;

/** a, b, c, d in tenths, a nibble each, by policy: Balanced, Cheapest, Fastest, MostReliable, LargestMTU. */
const WEIGHTS: usize = memory.data<u16>([0x1333, 0x1810, 0x1180, 0x1117, 0x1110]);

const ONE: u32 = 0xffff;

/** The largest values among the candidates: ring u64, cost u64, latency u64, mtu u64 above the one required. */
const LARGEST: usize = memory.data(32, 8);
const RING: usize = 0;
const COST: usize = 8;
const LATENCY: usize = 16;
const MTU: usize = 24;

/** value / largest in Q0.16, for value <= largest; 0 if the largest is 0. */
function share(value: u64, offset: usize): u32 {
  const largest = load<u64>(LARGEST + offset);
  if (largest == 0) return 0;
  // value * 65535 must fit 64 bits.
  const zeros = clz(largest);
  const shift: u64 = zeros < 16 ? 16 - zeros : 0;
  return <u32>(((value >> shift) * <u64>ONE) / (largest >> shift));
}

function raise(value: u64, offset: usize): void {
  if (value > load<u64>(LARGEST + offset)) store<u64>(LARGEST + offset, value);
}

/** Begins the comparison of some candidates. */
export function scoreBegin(): void {
  memory.fill(LARGEST, 0, 32);
}

/**
 * Takes a candidate into the largest values: ring distance (its upper 64 bits), cost code, latency in ms, and mtu in
 * bytes above the one required.
 */
export function scoreAdd(ring: u64, cost: u32, latency: u32, mtu: u32): void {
  raise(ring, RING);
  raise(costValue(cost), COST);
  raise(latency, LATENCY);
  raise(mtu, MTU);
}

/**
 * Score of a candidate that was added, below 2^20. An unknown policy counts as Balanced. The bonus for mtu applies if
 * `wide`.
 */
export function score(policy: u32, ring: u64, cost: u32, latency: u32, mtu: u32, reliability: u32, wide: bool): u32 {
  const row: u32 = policy < POLICIES ? policy * 2 : 0;
  const weights: u32 = load<u16>(WEIGHTS + <usize>row);
  return (
    // One more, from which the bonus is taken.
    ONE -
    (wide ? share(mtu, MTU) : 0) +
    (weights >> 12) * share(ring, RING) +
    ((weights >> 8) & 15) * share(costValue(cost), COST) +
    ((weights >> 4) & 15) * share(latency, LATENCY) +
    (weights & 15) * 257 * (255 - reliability)
  );
}

/**
 * Writes the ring distance of two 16-byte addresses, min(|a - b|, 2^128 - |a - b|) of the numbers they are in
 * big-endian order: upper u64, lower u64.
 */
export function ringDistance(out: usize, a: usize, b: usize): void {
  const lowA = bswap(load<u64>(a, 8));
  const lowB = bswap(load<u64>(b, 8));
  let low = lowA - lowB;
  let high = bswap(load<u64>(a)) - bswap(load<u64>(b)) - <u64>(lowA < lowB);
  if (high >> 63 != 0) {
    low = 0 - low;
    high = ~high + <u64>(low == 0);
  }
  store<u64>(out, high);
  store<u64>(out, low, 8);
}
