/**
 * ZIP files without compression, the same bytes for the same files: what DFU tools call a package.
 *
 * Facts: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end record).
 */
import { crc32 } from "node:zlib";
import { bad, good, type Read, view } from "./read.ts";

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
/** 1980-01-01 00:00, the earliest time the format has: the time of a build is not part of it. */
const DATE = (1 << 5) | 1;
const MAX_ENTRIES = 64;

/** The size fields of a local and of a central header, in their order: CRC-32, compressed, uncompressed. */
function sizes(entry: ZipEntry): Uint8Array {
  const fields = new Uint8Array(12);
  [crc32(entry.bytes), entry.bytes.length, entry.bytes.length].forEach((word, i) => {
    view(fields).setUint32(4 * i, word, true);
  });
  return fields;
}

function shorts(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  values.forEach((value, i) => {
    view(bytes).setUint16(2 * i, value, true);
  });
  return bytes;
}

function word(value: number): Uint8Array {
  return shorts(value & 0xffff, value >>> 16);
}

/** Names must be ASCII and each appear once. */
export function writeZip(entries: readonly ZipEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name, "latin1");
    const common = Buffer.concat([shorts(VERSION, 0, 0, 0, DATE), sizes(entry), shorts(name.length, 0)]);
    directory.push(word(CENTRAL), shorts(VERSION), common, shorts(0, 0, 0), word(0), word(offset), name);
    const local = [word(LOCAL), common, name, entry.bytes];
    parts.push(...local);
    offset += local.reduce((sum, part) => sum + part.length, 0);
  }
  const central = Buffer.concat(directory);
  const counts = shorts(0, 0, entries.length, entries.length);
  return Buffer.concat([...parts, central, word(END), counts, word(central.length), word(offset), shorts(0)]);
}

/** Every file of a ZIP that stores them as they are, in the order of its directory. */
export function readZip(file: Uint8Array): Read<ZipEntry[]> {
  // A comment could hide a second end record; packages have none.
  const end = file.length - 22;
  const data = view(file);
  if (end < 0 || data.getUint32(end, true) !== END || data.getUint16(end + 20, true) !== 0) {
    return bad("it is not a ZIP file, or it is cut off");
  }
  const count = data.getUint16(end + 10, true);
  if (data.getUint16(end + 8, true) !== count || count > MAX_ENTRIES) return bad(`it claims to have ${count} files`);
  const [length, start] = [data.getUint32(end + 12, true), data.getUint32(end + 16, true)];
  if (start + length !== end) return bad("its directory does not end where its end record begins");
  const entries: ZipEntry[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || data.getUint32(at, true) !== CENTRAL) return bad("its directory is damaged");
    const [flags, method, nameLength] = [at + 8, at + 10, at + 28].map((where) => data.getUint16(where, true));
    const skip = data.getUint16(at + 30, true) + data.getUint16(at + 32, true);
    const [crc, packed, size] = [at + 16, at + 20, at + 24].map((where) => data.getUint32(where, true));
    const local = data.getUint32(at + 42, true);
    const next = at + 46 + (nameLength ?? 0) + skip;
    if (next > end) return bad("its directory is damaged");
    const name = Buffer.from(file.subarray(at + 46, at + 46 + (nameLength ?? 0))).toString("latin1");
    if (method !== 0 || packed !== size || ((flags ?? 0) & 1) !== 0) return bad(`its file ${name} is compressed`);
    if (local + 30 > start || data.getUint32(local, true) !== LOCAL) return bad(`its file ${name} is not in it`);
    const body = local + 30 + data.getUint16(local + 26, true) + data.getUint16(local + 28, true);
    if (body + (size ?? 0) > start) return bad(`its file ${name} is not in it`);
    const bytes = file.subarray(body, body + (size ?? 0));
    if (crc32(bytes) !== crc) return bad(`the checksum of its file ${name} is wrong`);
    if (entries.some((entry) => entry.name === name)) return bad(`it has two files ${name}`);
    entries.push({ name, bytes });
    at = next;
  }
  return at === end ? good(entries) : bad("its directory is damaged");
}
