/** Bytes of a WebAssembly module in order: the values of the binary format (core specification 2.0, section 5.2). */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError("the module ends too early");
    return byte;
  }

  /** A LEB128 number of at most 32 bits as unsigned; whoever reads a signed one has no use for its sign. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
  }

  /** A signed LEB128 number of at most 64 bits. */
  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return BigInt.asIntN(64, (byte & 0x40) === 0 ? value : value - (1n << (shift + 7n)));
    }
  }

  skip(count: number): void {
    this.at += count;
  }

  take(count: number): Uint8Array {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  name(): string {
    return Buffer.from(this.take(this.number())).toString("utf8");
  }
}
