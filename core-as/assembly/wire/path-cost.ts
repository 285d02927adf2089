/**
 * Logarithmic codes of CompactPathCost: prices and bit rates in integers, no floats (digest 1 section 2.3, normative).
 *
 *   cost code u16 = round(16 * log2(v + 1)), v in micro-MHR per KiB; 0 free, 1024 the largest
 *   rate code u8  = round(8 * log2(bps)); 255 is 3.94 Gbps and everything above
 *
 * A value is scaled to [2^31, 2^32) and compared with the thresholds floor(2^(31 + (2k + 1) / 2K)) between two codes, so
 * every engine rounds alike.
 */

/** The largest cost code; what a neighbour sends above it reads as this. */
export const COST_MAX: u32 = 1024;

/** From 2^47 on no u32 price moves a code, and the sum would no longer fit 64 bits. */
const COST_FIXED: u32 = 752;

/** Thresholds for K = 16, then for K = 8. */
const THRESHOLDS: usize = memory.data<u32>([
  0x82cd8698, 0x88980e80, 0x8ea4398b, 0x94f4efa8, 0x9b8d39b9, 0xa2704303, 0xa9a15ab4, 0xb123f581, 0xb8fbaf47,
  0xc12c4cca, 0xc9b9bd86, 0xd2a81d91, 0xdbfbb797, 0xe5b906e7, 0xefe4b99b, 0xfa83b2db, 0x85aac367, 0x91c3d373,
  0x9ef53260, 0xad583eea, 0xbd08a39f, 0xce248c15, 0xe0ccdeec, 0xf5257d15,
]);
const THRESHOLDS_8: usize = 64;

/** 2^(f / 16) - 1 for f = 0 to 15, Q16. */
const POWERS: usize = memory.data<u16>([
  0x0000, 0x0b56, 0x172c, 0x2388, 0x3070, 0x3dea, 0x4bfe, 0x5ab0, 0x6a0a, 0x7a11, 0x8ace, 0x9c49, 0xae8a, 0xc19a,
  0xd582, 0xea4b,
]);

/** round(steps * log2(x)) for x >= 1; steps is 16 or 8. */
export function logCode(x: u64, steps: u32): u32 {
  const zeros = clz(x);
  const m = <u32>((x << zeros) >> 32);
  const table = steps == 8 ? THRESHOLDS + THRESHOLDS_8 : THRESHOLDS;
  let code = steps * (63 - <u32>zeros);
  for (let k: u32 = 0; k < steps; k++) if (m > load<u32>(table + ((<usize>k) << 2))) code++;
  return code;
}

/** 2^(code / 16) in Q16: one more than the price. Codes above 767 read as 767, which keeps it within 64 bits. */
function power(code: u32): u64 {
  code = min<u32>(code, 767);
  const fraction = <u64>load<u16>(POWERS + ((<usize>(code & 15)) << 1));
  const shift = <u64>(code >> 4);
  return (0x10000 + fraction) << shift;
}

/** The price a code stands for, in micro-MHR per KiB, Q16; 2^63 and more for codes that no sum of u32 prices reaches. */
export function costValue(code: u32): u64 {
  return power(code) - 0x10000;
}

/** Code of the price of `code` plus `price`: what a relay does to the cost it passes on. costAdd(0, price) encodes. */
export function costAdd(code: u32, price: u32): u32 {
  if (code >= COST_FIXED) return min<u32>(code, COST_MAX);
  // The +1 of the price's code and the -1 of the decoder cancel.
  return logCode(power(code) + ((<u64>price) << 16), 16) - 256;
}

/** Code of a bit rate; 0 for 0 and 1. */
export function rateCode(bps: u32): u32 {
  return bps == 0 ? 0 : min<u32>(logCode(bps, 8), 255);
}
