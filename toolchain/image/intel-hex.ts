/**
 * Intel HEX: lines of `:LLAAAATT<data>CC`, as nrfjprog, adafruit-nrfutil and every SWD tool take them.
 *
 * Facts: Intel, Hexadecimal Object File Format Specification, revision A (1988). LL is the number of data bytes, AAAA
 * their address, TT the type: 00 data, 01 end, 02 bits 4-19 of the base, 03 CS:IP, 04 bits 16-31 of the base, 05 entry.
 * CC makes the sum of all bytes of the line zero modulo 256.
 */
import { bad, good, hex, type Read } from "./read.ts";
import { joined, type Segment } from "./segments.ts";

/** Data bytes of a line we write; what objcopy and srec_cat write too. */
const LINE = 16;

/** Text with one line per 16 bytes, addresses ascending; `segments` must not overlap. */
export function writeIntelHex(segments: readonly Segment[]): string {
  const lines: string[] = [];
  let high = -1;
  for (const { address, bytes } of segments) {
    for (let at = 0; at < bytes.length;) {
      const here = address + at;
      if (here >>> 16 !== high) {
        high = here >>> 16;
        lines.push(line(0, 4, Uint8Array.of(high >> 8, high & 0xff)));
      }
      // A line must not cross a border of 64 KiB: its address has 16 bits.
      const length = Math.min(LINE - (here % LINE), bytes.length - at);
      lines.push(line(here & 0xffff, 0, bytes.subarray(at, at + length)));
      at += length;
    }
  }
  lines.push(line(0, 1, new Uint8Array()));
  return `${lines.join("\n")}\n`;
}

function line(address: number, type: number, data: Uint8Array): string {
  const bytes = Buffer.from([data.length, address >> 8, address & 0xff, type, ...data, 0]);
  bytes[bytes.length - 1] = -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return `:${bytes.toString("hex").toUpperCase()}`;
}

/** What the lines put where. A line that is damaged, data after the end, or two contents for an address are problems. */
export function readIntelHex(file: Uint8Array): Read<Segment[]> {
  const lines = Buffer.from(file)
    .toString("latin1")
    .split(/\r\n|\r|\n/);
  const segments: Segment[] = [];
  let base = 0;
  let segmented = false;
  let ended = false;
  for (const [index, text] of lines.entries()) {
    if (text === "") continue;
    const where = `line ${index + 1}`;
    if (ended) return bad(`${where} comes after the end record`);
    if (!/^:([0-9a-fA-F]{2}){5,260}$/.test(text)) return bad(`${where} is no record of Intel HEX`);
    const bytes = Buffer.from(text.slice(1), "hex");
    const [length = 0, addressHigh = 0, addressLow = 0, type = 0] = bytes;
    if (bytes.length !== length + 5) return bad(`${where} says ${length} data bytes and has ${bytes.length - 5}`);
    if ((bytes.reduce((sum, byte) => sum + byte, 0) & 0xff) !== 0) return bad(`the checksum of ${where} is wrong`);
    const address = (addressHigh << 8) | addressLow;
    const data = bytes.subarray(4, 4 + length);
    if (type === 0) {
      if (segmented && address + length > 0x10000) return bad(`${where} leaves its segment of 64 KiB`);
      segments.push({ address: base + address, bytes: data });
    } else if (type === 1) {
      if (length !== 0) return bad(`the end record in ${where} has data`);
      ended = true;
    } else if (type === 2 || type === 4) {
      if (length !== 2) return bad(`the base address in ${where} has ${length} bytes instead of 2`);
      segmented = type === 2;
      base = data.readUInt16BE(0) * (segmented ? 16 : 0x10000);
    } else if ((type !== 3 && type !== 5) || length !== 4) {
      return bad(`${where} has the unknown record type ${hex(type, 2)} or a wrong length`);
    }
  }
  if (!ended) return bad("it has no end record, so it may be cut off");
  const all = joined(segments);
  return all.ok ? good(all.value) : all;
}
