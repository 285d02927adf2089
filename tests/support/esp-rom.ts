/**
 * The serial boot ROM of an Espressif chip, and its flash, behind any stream: what esptool needs to identify, write and read
 * back, with its own loader ("stub") or without. And the program of ours that runs when nobody speaks to the ROM.
 *
 * Facts: Espressif, esptool documentation, "Serial Protocol": SLIP; request 00, command, length u16, checksum u32, data;
 * response 01, command, length u16, value u32, data, status (4 bytes from the ROM, 2 from the stub). "SPI flash" registers of the
 * ESP32 and ESP32-S3 Technical Reference Manuals, chapter "SPI Controller": a user command is sent by bit 18 of SPI_CMD.
 */
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { inflateSync } from "node:zlib";
import { FakeConsole, type Speaker } from "./fake-console.ts";

interface ChipFacts {
  /** What GET_SECURITY_INFO says, on chips that have it. */
  readonly id: number | undefined;
  /** What lies at 0x40001000, by which older chips are told apart. */
  readonly magic: number;
  readonly spi: { readonly base: number; readonly usr2: number; readonly w0: number };
  /** The two eFuse words with the MAC address, low word first. */
  readonly mac: number;
  readonly macLow: number;
}

const CHIPS = {
  ESP32: {
    id: undefined,
    magic: 0x00f0_1d83,
    spi: { base: 0x3ff4_2000, usr2: 0x24, w0: 0x80 },
    mac: 0x3ff5_a008,
    macLow: 0x3ff5_a004,
  },
  "ESP32-S3": {
    id: 9,
    magic: 0x9,
    spi: { base: 0x6000_2000, usr2: 0x20, w0: 0x58 },
    mac: 0x6000_7048,
    macLow: 0x6000_7044,
  },
  // In the place of any board that is not ours.
  "ESP32-C3": {
    id: 5,
    magic: 0x6921_506f,
    spi: { base: 0x6000_2000, usr2: 0x20, w0: 0x58 },
    mac: 0x6000_8848,
    macLow: 0x6000_8844,
  },
} as const satisfies Record<string, ChipFacts>;

export interface EspRomOptions {
  readonly chip: keyof typeof CHIPS;
  /** Bytes of its flash: a power of two. */
  readonly flash: number;
  /** The ROM says nothing. */
  readonly silent?: boolean;
  /** Flips a bit of every block that is written from this address on. */
  readonly damageFrom?: number;
  /** Called when so many blocks have been written; what a loose cable does. */
  readonly after?: { readonly blocks: number; readonly then: () => void };
  /** The program that runs on it, asked over the same line. */
  readonly program?: Speaker;
}

const COMMAND = {
  flashBegin: 0x02,
  flashData: 0x03,
  flashEnd: 0x04,
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeReg: 0x09,
  readReg: 0x0a,
  spiSetParams: 0x0b,
  spiAttach: 0x0d,
  changeBaud: 0x0f,
  deflBegin: 0x10,
  deflData: 0x11,
  deflEnd: 0x12,
  md5: 0x13,
  securityInfo: 0x14,
  eraseFlash: 0xd0,
} as const;

const INVALID = 0x05;
const BAD_CHECKSUM = 0x07;
const SPI_CMD_USR = 1 << 18;

export class EspRom {
  readonly flash: Uint8Array;
  /** Commands in the order they came, without register accesses. */
  readonly commands: number[] = [];
  /** Address and length of every erasure. */
  readonly erased: [number, number][] = [];
  readonly #stream: Duplex;
  readonly #options: EspRomOptions;
  readonly #chip: ChipFacts;
  readonly #console: FakeConsole;
  readonly #registers = new Map<number, number>();
  #frame: number[] | undefined;
  #stub = false;
  #writing = { at: 0, blocks: 0, size: 0, packed: [] as Buffer[] };
  #written = 0;

  constructor(stream: Duplex, options: EspRomOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#chip = CHIPS[options.chip];
    this.flash = new Uint8Array(options.flash).fill(0xff);
    this.#console = new FakeConsole(stream, options.program);
    this.#registers.set(0x4000_1000, this.#chip.magic);
    this.#registers.set(this.#chip.macLow, 0x0a0b_0c0d);
    this.#registers.set(this.#chip.mac, 0x0000_3485);
    stream.on("data", (bytes: Buffer) => {
      for (const byte of bytes) this.#take(byte);
    });
  }

  /** SLIP frames begin with c0 and are the ROM's; what begins with 00 is a console frame. */
  #take(byte: number): void {
    if (this.#frame === undefined) {
      if (byte === 0xc0) this.#frame = [];
      else this.#console.push(byte);
    } else if (byte !== 0xc0) this.#frame.push(byte);
    else if (this.#frame.length > 0) {
      const frame = this.#frame;
      this.#frame = undefined;
      if (this.#options.silent !== true) this.#request(unescape(frame));
    }
  }

  #send(packet: Uint8Array): void {
    const escaped = [...packet].flatMap((byte) =>
      byte === 0xc0 ? [0xdb, 0xdc] : byte === 0xdb ? [0xdb, 0xdd] : [byte],
    );
    this.#stream.write(Buffer.from([0xc0, ...escaped, 0xc0]));
  }

  #reply(command: number, error = 0, value = 0, data: Uint8Array = new Uint8Array(0)): void {
    const status = [error === 0 ? 0 : 1, error, ...(this.#stub ? [] : [0, 0])];
    const head = Buffer.alloc(8);
    head.writeUInt8(1, 0);
    head.writeUInt8(command, 1);
    head.writeUInt16LE(data.length + status.length, 2);
    head.writeUInt32LE(value >>> 0, 4);
    this.#send(Buffer.concat([head, data, Buffer.from(status)]));
  }

  #request(packet: Buffer): void {
    if (packet.length < 8 || packet[0] !== 0) return;
    const command = packet.readUInt8(1);
    const data = packet.subarray(8);
    const word = (i: number): number => data.readUInt32LE(4 * i);
    if (command !== COMMAND.readReg && command !== COMMAND.writeReg) this.commands.push(command);
    switch (command) {
      case COMMAND.sync:
        for (let i = 0; i < 8; i++) this.#reply(command, 0, this.#stub ? 0 : 0x2012_0707);
        break;
      case COMMAND.readReg:
        this.#reply(command, 0, this.#registers.get(word(0)) ?? 0);
        break;
      case COMMAND.writeReg:
        for (let i = 0; 4 * i < data.length; i += 4) this.#write(word(i), word(i + 1));
        this.#reply(command);
        break;
      case COMMAND.securityInfo:
        if (this.#chip.id === undefined) this.#reply(command, INVALID);
        else {
          const info = Buffer.alloc(20);
          info.writeUInt32LE(this.#chip.id, 12);
          this.#reply(command, 0, 0, info);
        }
        break;
      case COMMAND.flashBegin:
      case COMMAND.deflBegin:
        this.#writing = { at: word(3), blocks: word(1), size: word(0), packed: [] };
        this.#erase(word(3), word(0));
        this.#reply(command);
        break;
      case COMMAND.flashData:
      case COMMAND.deflData:
        this.#data(command, packet.readUInt32LE(4), word(0), word(1), data.subarray(16));
        break;
      case COMMAND.md5: {
        const sum = createHash("md5")
          .update(this.flash.subarray(word(0), word(0) + word(1)))
          .digest();
        this.#reply(command, 0, 0, this.#stub ? sum : Buffer.from(sum.toString("hex")));
        break;
      }
      case COMMAND.eraseFlash:
        this.#erase(0, this.flash.length);
        this.#reply(command, this.#stub ? 0 : INVALID);
        break;
      case COMMAND.memEnd:
        this.#reply(command);
        // The stub says that it runs.
        this.#stub = true;
        this.#send(Buffer.from("OHAI"));
        break;
      case COMMAND.memBegin:
      case COMMAND.memData:
      case COMMAND.spiSetParams:
      case COMMAND.spiAttach:
      case COMMAND.changeBaud:
      case COMMAND.flashEnd:
      case COMMAND.deflEnd:
        this.#reply(command);
        break;
      default:
        this.#reply(command, INVALID);
    }
  }

  #erase(at: number, size: number): void {
    this.erased.push([at, size]);
    // Whole sectors.
    this.flash.fill(0xff, at & ~0xfff, Math.ceil((at + size) / 4096) * 4096);
  }

  #data(command: number, checksum: number, length: number, sequence: number, bytes: Buffer): void {
    const sum = bytes.reduce((all, byte) => all ^ byte, 0xef);
    if (bytes.length !== length || sum !== (checksum & 0xff)) return this.#reply(command, BAD_CHECKSUM);
    const { at, blocks, size, packed } = this.#writing;
    if (command === COMMAND.flashData) this.#program(at + 1024 * sequence, bytes);
    else {
      packed.push(Buffer.from(bytes));
      if (sequence === blocks - 1) this.#program(at, inflateSync(Buffer.concat(packed)).subarray(0, size));
    }
    this.#written++;
    const { after } = this.#options;
    if (after !== undefined && this.#written === after.blocks) after.then();
    else this.#reply(command);
  }

  #program(at: number, bytes: Uint8Array): void {
    this.flash.set(bytes, at);
    const { damageFrom } = this.#options;
    if (damageFrom !== undefined && at >= damageFrom) this.flash[at] = (this.flash[at] ?? 0) ^ 1;
  }

  #write(address: number, value: number): void {
    const { base, usr2, w0 } = this.#chip.spi;
    if (address !== base || (value & SPI_CMD_USR) === 0) {
      this.#registers.set(address, value);
      return;
    }
    const command = (this.#registers.get(base + usr2) ?? 0) & 0xff;
    // 9f: maker, type, and the size as a power of two. 5a: the first word of the parameter table.
    const size = Math.log2(this.flash.length);
    if (command === 0x9f) this.#registers.set(base + w0, 0xef | (0x40 << 8) | (size << 16));
    else if (command === 0x5a) this.#registers.set(base + w0, 0x5044_4653);
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
