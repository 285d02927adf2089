/**
 * A secret in shares, K of N of which bring it back, each a line of text to be printed and kept apart:
 *
 *   Share 2 of 5 (any 3 restore it), set 1a2b3c4d: mehr1q...
 *
 * The coded part alone says all of it: version u8, set 4, k u8, n u8, index u8, the share of shamir-secret-sharing.
 */
import { combine, split } from "shamir-secret-sharing";
import { MehrError } from "../../toolchain/errors.ts";
import { bech32Decode, bech32Encode } from "./bech32.ts";

const PREFIX = "mehr";
const VERSION = 1;
const SET_SIZE = 4;
const HEAD_SIZE = 1 + SET_SIZE + 3;
/** More sheets of paper than that nobody keeps track of. */
export const SHARES_MAX = 16;

export interface Share {
  /** Which shares belong together, 8 hex digits. */
  readonly set: string;
  /** How many are needed. */
  readonly threshold: number;
  /** How many there are. */
  readonly count: number;
  /** Which one it is, from 1. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Splits a secret; `set` names the shares that belong together. Throws MehrError (2) for numbers that make no sense. */
export async function makeShares(secret: Uint8Array, set: string, threshold: number, count: number): Promise<Share[]> {
  if (threshold < 2 || threshold > count || count > SHARES_MAX) {
    throw new MehrError(
      2,
      `${threshold} of ${count} shares cannot be made: at least 2 must be needed, of at most ${SHARES_MAX}.`,
    );
  }
  const parts = await split(secret, count, threshold);
  return parts.map((bytes, i) => ({ set, threshold, count, index: i + 1, bytes }));
}

export function shareLine({ set, threshold, count, index, bytes }: Share): string {
  const head = [VERSION, ...Buffer.from(set, "hex"), threshold, count, index];
  const code = bech32Encode(PREFIX, Uint8Array.from([...head, ...bytes]));
  return `Share ${index} of ${count} (any ${threshold} restore it), set ${set}: ${code}`;
}

/** Reads a line, or its coded part alone; spaces and hyphens in it do not matter. Throws MehrError (2). */
export function parseShare(line: string): Share {
  const code = line.slice(line.lastIndexOf(":") + 1).replace(/[\s-]/g, "");
  const shown = code.length > 24 ? `${code.slice(0, 24)}...` : code;
  const decoded = bech32Decode(code);
  if (decoded === undefined || decoded.prefix !== PREFIX) {
    throw new MehrError(
      2,
      `The share "${shown}" has a wrong letter, or one too many or too few: compare it with the paper.`,
    );
  }
  const [version = 0] = decoded.bytes;
  if (version !== VERSION || decoded.bytes.length <= HEAD_SIZE) {
    throw new MehrError(2, `The share "${shown}" is of version ${version}; this mehr reads version ${VERSION}.`);
  }
  const set = Buffer.from(decoded.bytes.subarray(1, 1 + SET_SIZE)).toString("hex");
  const [threshold = 0, count = 0, index = 0] = decoded.bytes.subarray(1 + SET_SIZE, HEAD_SIZE);
  return { set, threshold, count, index, bytes: decoded.bytes.slice(HEAD_SIZE) };
}

/** The secret. Throws MehrError (2) if there are too few, or some of another set. */
export async function joinShares(shares: readonly Share[], set: string): Promise<Uint8Array> {
  const strange = shares.find((share) => share.set !== set);
  if (strange !== undefined) {
    throw new MehrError(2, `Share ${strange.index} is of set ${strange.set}, and this backup needs set ${set}.`);
  }
  // The same paper twice is one share.
  const different = new Map(shares.map((share) => [share.index, share]));
  const needed = Math.max(2, ...shares.map(({ threshold }) => threshold));
  if (different.size < needed) {
    const which = [...different.keys()].sort((a, b) => a - b);
    const have = which.length === 0 ? "none" : `${which.length} (number ${which.join(", ")})`;
    throw new MehrError(
      2,
      `${needed} shares of set ${set} are needed and ${have} came; give ${needed - different.size} more.`,
    );
  }
  return combine([...different.values()].slice(0, needed).map(({ bytes }) => bytes));
}
