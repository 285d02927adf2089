/**
 * Bech32m (BIP 350): bytes as text that survives being read aloud and typed in, with a checksum that finds any four wrong
 * letters in up to 90.
 */
const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CONSTANT = 0x2bc830a3;
const CHECKSUM_LENGTH = 6;
/** What the checksum is made for. */
export const BECH32_MAX = 90;

/** The remainder of the values' polynomial. */
function remainder(values: readonly number[]): number {
  let state = 1;
  for (const value of values) {
    const top = state >>> 25;
    state = ((state & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((term, bit) => {
      if ((top >>> bit) & 1) state ^= term;
    });
  }
  return state;
}

function expand(prefix: string): number[] {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

/** Regroups bits; the last group of an encoding is filled with zeros. undefined if what is left over is no such filling. */
function regroup(values: Iterable<number>, from: number, to: number, fill: boolean): number[] | undefined {
  const out: number[] = [];
  let bits = 0;
  let held = 0;
  for (const value of values) {
    held = ((held << from) | value) & 0xffff;
    for (bits += from; bits >= to; bits -= to) out.push((held >>> (bits - to)) & ((1 << to) - 1));
  }
  const rest = (held << (to - bits)) & ((1 << to) - 1);
  if (fill) {
    if (bits > 0) out.push(rest);
  } else if (bits >= from || rest !== 0) return undefined;
  return out;
}

export function bech32Encode(prefix: string, bytes: Uint8Array): string {
  const data = regroup(bytes, 8, 5, true) ?? [];
  const check = remainder([...expand(prefix), ...data, ...new Array<number>(CHECKSUM_LENGTH).fill(0)]) ^ CONSTANT;
  const checksum = Array.from({ length: CHECKSUM_LENGTH }, (_, i) => (check >>> (5 * (5 - i))) & 31);
  return `${prefix}1${[...data, ...checksum].map((value) => LETTERS[value]).join("")}`;
}

/** Prefix and bytes; undefined if the text is none, or its checksum does not fit. */
export function bech32Decode(text: string): { prefix: string; bytes: Uint8Array } | undefined {
  if (text.length > BECH32_MAX || (text !== text.toLowerCase() && text !== text.toUpperCase())) return undefined;
  const lower = text.toLowerCase();
  const at = lower.lastIndexOf("1");
  if (at < 1 || lower.length - at - 1 < CHECKSUM_LENGTH) return undefined;
  const prefix = lower.slice(0, at);
  const values = [...lower.slice(at + 1)].map((letter) => LETTERS.indexOf(letter));
  if (values.includes(-1) || remainder([...expand(prefix), ...values]) !== CONSTANT) return undefined;
  const bytes = regroup(values.slice(0, -CHECKSUM_LENGTH), 5, 8, false);
  return bytes && { prefix, bytes: Uint8Array.from(bytes) };
}
