/** How messages of the console are taken apart and put together (messages.gen.ts): little-endian fields in a row. */

/** Bytes, or values for a message, that do not follow its layout. */
export class ProtocolError extends Error {}

/** An i16 that is not there. */
const NONE = -32768;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** C0, DEL and C1. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** Half of a surrogate pair: it has no UTF-8. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Reads fields one after the other; what does not fit throws ProtocolError naming the field. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(name: string, length: number): Uint8Array {
    if (length > this.left) throw new ProtocolError(`${name} needs ${length} bytes, ${this.left} are left`);
    this.#at += length;
    return Uint8Array.from(this.#bytes.subarray(this.#at - length, this.#at));
  }

  #number(name: string, length: number, least: number, most: number): number {
    const field = Buffer.from(this.bytes(name, length));
    return inRange(name, field.readUIntLE(0, length), least, most);
  }
  u8(name: string, least = 0, most = 0xff): number {
    return this.#number(name, 1, least, most);
  }
  u16(name: string, least = 0, most = 0xffff): number {
    return this.#number(name, 2, least, most);
  }
  u32(name: string, least = 0, most = 0xffff_ffff): number {
    return this.#number(name, 4, least, most);
  }
  u64(name: string): bigint {
    return Buffer.from(this.bytes(name, 8)).readBigUInt64LE();
  }
  i16(name: string, least = NONE, most = 0x7fff): number {
    return inRange(name, Buffer.from(this.bytes(name, 2)).readInt16LE(), least, most);
  }
  maybe(name: string): number | undefined {
    const value = this.i16(name);
    return value === NONE ? undefined : value;
  }
  blob(name: string, max: number): Uint8Array {
    return this.bytes(name, this.u8(name, 0, max));
  }
  text(name: string, max: number): string {
    return textOf(name, this.blob(name, max));
  }
  rest(name: string, max: number): Uint8Array {
    if (this.left > max) throw new ProtocolError(`${name} has ${this.left} bytes, at most ${max} are allowed`);
    return this.bytes(name, this.left);
  }
  restText(name: string, max: number): string {
    return textOf(name, this.rest(name, max));
  }
  struct<T>(name: string, read: (input: Reader) => T): T {
    return within(name, () => read(this));
  }
  list<T>(name: string, max: number, read: (input: Reader) => T): T[] {
    const elements: T[] = [];
    while (this.left > 0) {
      if (elements.length === max) throw new ProtocolError(`${name} has more than ${max} elements`);
      elements.push(within(`${name}[${elements.length}]`, () => read(this)));
    }
    return elements;
  }
}

/** Writes fields one after the other; a value that does not fit throws ProtocolError naming the field. */
export class Writer {
  readonly #parts: Uint8Array[] = [];

  finish(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.#parts));
  }

  #number(name: string, value: number, length: number, least: number, most: number): void {
    const field = Buffer.alloc(length);
    field.writeUIntLE(inRange(name, value, least, most), 0, length);
    this.#parts.push(field);
  }
  u8(name: string, value: number, least = 0, most = 0xff): void {
    this.#number(name, value, 1, least, most);
  }
  u16(name: string, value: number, least = 0, most = 0xffff): void {
    this.#number(name, value, 2, least, most);
  }
  u32(name: string, value: number, least = 0, most = 0xffff_ffff): void {
    this.#number(name, value, 4, least, most);
  }
  u64(name: string, value: bigint): void {
    if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value)
      throw new ProtocolError(`${name} is ${value}, not a whole number of 64 bits`);
    const field = Buffer.alloc(8);
    field.writeBigUInt64LE(value);
    this.#parts.push(field);
  }
  i16(name: string, value: number, least = NONE, most = 0x7fff): void {
    const field = Buffer.alloc(2);
    field.writeInt16LE(inRange(name, value, least, most));
    this.#parts.push(field);
  }
  maybe(name: string, value: number | undefined): void {
    this.i16(name, value === undefined ? NONE : inRange(name, value, NONE + 1, 0x7fff));
  }
  bytes(name: string, value: Uint8Array, length: number): void {
    if (value.length !== length) throw new ProtocolError(`${name} has ${value.length} bytes, it must have ${length}`);
    this.#parts.push(value);
  }
  rest(name: string, value: Uint8Array, max: number): void {
    if (value.length > max) throw new ProtocolError(`${name} has ${value.length} bytes, at most ${max} are allowed`);
    this.#parts.push(value);
  }
  blob(name: string, value: Uint8Array, max: number): void {
    if (value.length <= max) this.u8(name, value.length);
    this.rest(name, value, max);
  }
  text(name: string, value: string, max: number): void {
    this.blob(name, bytesOf(name, value), max);
  }
  restText(name: string, value: string, max: number): void {
    this.rest(name, bytesOf(name, value), max);
  }
  struct<T>(name: string, value: T, write: (output: Writer, value: T) => void): void {
    within(name, () => write(this, value));
  }
  list<T>(name: string, values: readonly T[], max: number, write: (output: Writer, value: T) => void): void {
    if (values.length > max)
      throw new ProtocolError(`${name} has ${values.length} elements, at most ${max} are allowed`);
    values.forEach((value, index) => within(`${name}[${index}]`, () => write(this, value)));
  }
}

/** Reads a whole message: not a byte less, not a byte more. */
export function decode<T>(name: string, bytes: Uint8Array, read: (input: Reader) => T): T {
  return within(name, () => {
    const input = new Reader(bytes);
    const message = read(input);
    if (input.left > 0) throw new ProtocolError(`behind its end are ${input.left} bytes`);
    return message;
  });
}

export function encode(name: string, write: (output: Writer) => void): Uint8Array {
  return within(name, () => {
    const output = new Writer();
    write(output);
    return output.finish();
  });
}

/** Puts where it happened in front of what happened: `ProvisionDraftRequest.record.name has 40 bytes`. */
function within<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const joint = error.message.startsWith("behind") ? ": " : ".";
    throw new ProtocolError(`${name}${joint}${error.message}`, { cause: error });
  }
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new ProtocolError(`${name} is ${value}, it must be ${least} to ${most}`);
  return value;
}

function textOf(name: string, bytes: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new ProtocolError(`${name} is not UTF-8`);
  }
  if (CONTROL.test(text)) throw new ProtocolError(`${name} has a control character`);
  return text;
}

function bytesOf(name: string, text: string): Uint8Array {
  if (LONE_SURROGATE.test(text)) throw new ProtocolError(`${name} has half a surrogate pair`);
  if (CONTROL.test(text)) throw new ProtocolError(`${name} has a control character`);
  return Buffer.from(text, "utf8");
}
