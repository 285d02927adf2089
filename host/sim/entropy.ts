/** The random bytes a simulated node gets in place of a hardware generator's. */
import { Stream, stream } from "./streams.ts";

/**
 * xoshiro128** (Blackman and Vigna 2018) in a stream of the node's own. The 32-bit state of the other generators would
 * let a thousand nodes run into each other's streams, and so into each other's keys.
 */
export class NodeEntropy {
  readonly #state: Uint32Array;

  constructor(seed: number, node: number) {
    const random = stream(seed, Stream.Entropy, node);
    this.#state = Uint32Array.from([random.u32(), random.u32(), random.u32(), random.u32() | 1]);
  }

  fill(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i += 4) {
      let word = this.#next();
      for (let k = i; k < Math.min(i + 4, bytes.length); k++) {
        bytes[k] = word & 0xff;
        word >>>= 8;
      }
    }
  }

  #next(): number {
    const s = this.#state;
    const [a, b, c, d] = s as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const c1 = c ^ a;
    const d1 = d ^ b;
    s[1] = b ^ c1;
    s[0] = a ^ d1;
    s[2] = c1 ^ (b << 9);
    s[3] = rotate(d1, 11);
    return result;
  }
}

function rotate(value: number, by: number): number {
  return ((value << by) | (value >>> (32 - by))) >>> 0;
}
