/**
 * The record flash of a `native` board from outside: reads what is stored in its file, and writes a record into it, by the
 * layout at the top of boards/runtime/src/records.h.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";

const MAGIC = 0x3152484d;
const HEADER = 16;
const PAGE = 4096;
const ERASED = 0xffff_ffff;

interface Bank {
  readonly base: number;
  readonly size: number;
  readonly sequence: number;
}

function bankOf(flash: Buffer): Bank {
  const size = Math.floor(flash.length / PAGE / 2) * PAGE;
  const banks = [0, size]
    .filter((base) => flash.readUInt32LE(base) === MAGIC && flash.readUInt32LE(base + 8) === size)
    .filter((base) => crc32(flash.subarray(base, base + 12)) === flash.readUInt32LE(base + 12))
    .map((base) => ({ base, size, sequence: flash.readUInt32LE(base + 4) }));
  const newest = banks.toSorted((a, b) => b.sequence - a.sequence)[0];
  if (newest === undefined) throw new Error("no bank of the flash is valid");
  return newest;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function headerOf(key: number, length: number, deleted: boolean): number {
  const low = key | (length << 16) | (deleted ? 1 << 25 : 0);
  return (low | ((crc32(u32(low)) & 0x3f) << 26)) >>> 0;
}

function commitOf(bank: Bank, header: number, value: Uint8Array): number {
  return crc32(Buffer.concat([u32(bank.sequence), u32(header), value]));
}

/** The live records, and where the log ends. */
function scan(flash: Buffer): { bank: Bank; records: Map<number, Buffer>; end: number } {
  const bank = bankOf(flash);
  const records = new Map<number, Buffer>();
  let at = bank.base + HEADER;
  const last = bank.base + bank.size;
  while (at + 8 <= last && flash.readUInt32LE(at) !== ERASED) {
    const header = flash.readUInt32LE(at);
    const key = header & 0xffff;
    const length = (header >>> 16) & 0x1ff;
    const deleted = ((header >>> 25) & 1) === 1;
    const padded = (length + 3) & ~3;
    if (headerOf(key, length, deleted) !== header || at + 8 + padded > last) {
      at += 4;
      continue;
    }
    const value = Buffer.from(flash.subarray(at + 4, at + 4 + length));
    if (flash.readUInt32LE(at + 4 + padded) === commitOf(bank, header, value)) {
      if (deleted) records.delete(key);
      else records.set(key, value);
    }
    at += 8 + padded;
  }
  return { bank, records, end: at };
}

/** What is stored in a flash file, by key. */
export function storedRecords(path: string): Map<number, Buffer> {
  return scan(readFileSync(path)).records;
}

/** Stores a record in the flash file of a board that is off. */
export function storeRecord(path: string, key: number, value: Uint8Array): void {
  const flash = readFileSync(path);
  const { bank, end } = scan(flash);
  const header = headerOf(key, value.length, false);
  const padding = Buffer.alloc(((value.length + 3) & ~3) - value.length, 0xff);
  const entry = Buffer.concat([u32(header), value, padding, u32(commitOf(bank, header, value))]);
  if (end + entry.length > bank.base + bank.size) throw new Error("the record does not fit");
  entry.copy(flash, end);
  writeFileSync(path, flash);
}

/** Whether the bytes are anywhere in the flash file, live or not. */
export function flashHolds(path: string, bytes: Uint8Array): boolean {
  return readFileSync(path).includes(Buffer.from(bytes));
}
