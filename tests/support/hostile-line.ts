/** A bad serial line: between a board and its host, it loses, repeats, garbles and cuts up what goes over it, by a seed. */
import { Duplex } from "node:stream";

export interface Hostility {
  readonly seed: number;
  /** Probability for each byte to be lost. */
  readonly drop?: number;
  /** For each byte, that one of its bits turns. */
  readonly flip?: number;
  /** For each piece, that it comes twice. */
  readonly duplicate?: number;
  /** Longest piece, bytes; each comes by itself, a moment later than the one before. */
  readonly split?: number;
}

/** Mulberry32: 32 bits of state, enough to be unkind. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class HostileLine {
  readonly #board: Duplex;
  readonly #next: () => number;
  #hostility: Hostility;
  #ends = new Set<Duplex>();

  constructor(board: Duplex, hostility: Hostility) {
    this.#board = board;
    this.#hostility = hostility;
    this.#next = random(hostility.seed);
    board.on("data", (bytes: Buffer) => {
      const pieces = this.#spoil(bytes);
      for (const end of this.#ends) this.#carry(pieces, (piece) => end.push(piece));
    });
  }

  /** From now on it carries everything as it is. */
  heal(): void {
    this.#hostility = { seed: 0 };
  }

  /** Another end for a program on the host: all see what the board says, and write over each other. */
  plug(): Duplex {
    const end = new Duplex({
      read: () => {},
      write: (bytes: Buffer, _encoding, done) => {
        this.#carry(this.#spoil(bytes), (piece) => this.#board.write(piece));
        done();
      },
    });
    end.on("close", () => this.#ends.delete(end));
    this.#ends.add(end);
    return end;
  }

  /** The plug is pulled, as a serial port says it. */
  unplug(end: Duplex): void {
    end.on("error", () => {});
    end.destroy(new Error("/dev/ttyACM0 went away: the board was unplugged or reset."));
  }

  #spoil(bytes: Buffer): Buffer[] {
    const { drop = 0, flip = 0, duplicate = 0, split = bytes.length } = this.#hostility;
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = 1 + Math.floor(this.#next() * split);
      const kept: number[] = [];
      for (const byte of bytes.subarray(at, at + length)) {
        if (this.#next() < drop) continue;
        kept.push(this.#next() < flip ? byte ^ (1 << Math.floor(this.#next() * 8)) : byte);
      }
      pieces.push(Buffer.from(kept));
      if (this.#next() < duplicate) pieces.push(Buffer.from(kept));
      at += length;
    }
    return pieces;
  }

  /** In order, each piece by itself. */
  #carry(pieces: readonly Buffer[], put: (piece: Buffer) => void): void {
    for (const piece of pieces) {
      setImmediate(() => {
        if (piece.length > 0) put(piece);
      });
    }
  }
}
