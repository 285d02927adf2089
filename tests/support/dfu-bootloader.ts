/**
 * The serial side of the Adafruit nRF52 bootloader behind any stream, and the program it starts.
 *
 * Facts: Nordic nRF5 SDK 11, "HCI SLIP" and "DFU UART protocol": frames between c0, header of four bytes (sequence 3 bits,
 * acknowledged number 3 bits, integrity and reliable bits, type 4 bits, length 12 bits, checksum), CRC-16-CCITT behind the
 * payload; packet types 1 init, 3 start, 4 data, 5 stop. adafruit/Adafruit_nRF52_Bootloader, dfu_single_bank.c: the start packet
 * erases the application; an init packet it refuses makes it reset, without an answer; the result of the last check is not
 * told.
 */
import type { Duplex } from "node:stream";
import { crc16 } from "../../toolchain/image/dfu.ts";
import { FakeConsole, type Speaker } from "./fake-console.ts";

export interface DfuOptions {
  /** Firmware id of the SoftDevice on it. */
  readonly softdevice: number;
  /** It waits for an image; otherwise its program runs until the line is opened at 1200 bps. */
  readonly waiting: () => boolean;
  /** What the program says that runs before, or after an image was taken. */
  readonly program: (image: Uint8Array | undefined) => ReturnType<Speaker>;
  /** Resets: the device goes away. */
  readonly reset: () => void;
  /** Data packets, from 0, that are taken and not acknowledged. */
  readonly deaf?: (packet: number) => boolean;
  /** Called when so many data packets have come, instead of an acknowledgement. */
  readonly after?: { readonly packets: number; readonly then: () => void };
}

export class DfuBootloader {
  /** Types of the packets that came, in order. */
  readonly packets: number[] = [];
  /** The image once it is whole and right. */
  image: Uint8Array | undefined;
  erased = false;
  readonly #stream: Duplex;
  readonly #options: DfuOptions;
  readonly #console: FakeConsole;
  #frame: number[] | undefined;
  #expected = 1;
  #size = 0;
  #crc: number | undefined;
  #data: Buffer[] = [];
  #resetting = false;

  constructor(stream: Duplex, options: DfuOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#console = new FakeConsole(stream, () => {
      if (this.erased && this.image === undefined) return undefined;
      return options.waiting() && this.image === undefined ? undefined : options.program(this.image);
    });
    stream.on("data", (bytes: Buffer) => {
      for (const byte of bytes) this.#take(byte);
    });
  }

  #take(byte: number): void {
    if (this.#resetting) return;
    if (this.#frame === undefined) {
      if (byte === 0xc0) this.#frame = [];
      else this.#console.push(byte);
    } else if (byte !== 0xc0) this.#frame.push(byte);
    else if (this.#frame.length > 0) {
      const frame = this.#frame;
      this.#frame = undefined;
      if (this.#options.waiting() && this.image === undefined) this.#packet(unescape(frame));
    }
  }

  #acknowledge(): void {
    const first = this.#expected << 3;
    this.#stream.write(Buffer.from([0xc0, first, 0, 0, -first & 0xff, 0xc0]));
  }

  #packet(frame: Buffer): void {
    const [a = 0, b = 0, c = 0, d = 0] = frame;
    const length = (b >> 4) | (c << 4);
    const whole = ((a + b + c + d) & 0xff) === 0 && frame.length === 4 + length + 2 && (b & 0xf) === 14;
    const good = whole && crc16(frame.subarray(0, -2)) === frame.readUInt16LE(frame.length - 2);
    // What is damaged or out of turn is dropped, and the number it waits for told again.
    if (!good || (a & 7) !== this.#expected) return this.#acknowledge();
    this.#expected = (this.#expected + 1) % 8;
    const payload = frame.subarray(4, 4 + length);
    const type = payload.readUInt32LE(0);
    this.packets.push(type);
    const told = this.#handle(type, payload.subarray(4));
    if (told) this.#acknowledge();
  }

  /** Whether it is acknowledged. */
  #handle(type: number, body: Buffer): boolean {
    const { softdevice, reset, deaf, after } = this.#options;
    if (type === 3) {
      this.erased = true;
      this.#size = body.readUInt32LE(12);
      return true;
    }
    if (type === 1) {
      const count = body.readUInt16LE(8);
      const required = Array.from({ length: count }, (_, i) => body.readUInt16LE(10 + 2 * i));
      this.#crc = body.readUInt16LE(10 + 2 * count);
      if (!required.includes(softdevice)) {
        // Acknowledged by the layer below before it is looked at.
        this.#acknowledge();
        this.#resetting = true;
        reset();
        return false;
      }
      return true;
    }
    if (type === 4) {
      const packet = this.#data.length;
      this.#data.push(Buffer.from(body));
      if (after?.packets === this.#data.length) {
        after.then();
        return false;
      }
      return deaf?.(packet) !== true;
    }
    if (type === 5) {
      const image = Buffer.concat(this.#data);
      if (image.length === this.#size && crc16(image) === this.#crc) this.image = image;
    }
    return true;
  }
}

function unescape(frame: readonly number[]): Buffer {
  const out: number[] = [];
  for (let i = 0; i < frame.length; i++) {
    const byte = frame[i] ?? 0;
    if (byte !== 0xdb) out.push(byte);
    else out.push(frame[++i] === 0xdc ? 0xc0 : 0xdb);
  }
  return Buffer.from(out);
}
