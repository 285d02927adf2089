/** Bytes with their addresses: what ELF, Intel HEX and UF2 files all come down to. */
import { bad, good, hex, type Read } from "./read.ts";

export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** More than any board's flash; a file may name two addresses with 4 GB between them. */
const MAX_SPAN = 32 * 1024 * 1024;

export function endOf(segment: Segment): number {
  return segment.address + segment.bytes.length;
}

/**
 * In the order of addresses, neighbours joined, empty ones left out. A problem if two overlap, if one leaves the 32-bit
 * address space, or if there is nothing at all.
 */
export function joined(segments: readonly Segment[]): Read<Segment[]> {
  const sorted = segments
    .filter(({ bytes }) => bytes.length > 0)
    .sort((a, b) => a.address - b.address || a.bytes.length - b.bytes.length);
  const runs: Segment[][] = [];
  let end = -1;
  for (const segment of sorted) {
    if (segment.address < end) return bad(`it has two contents for address ${hex(segment.address)}`);
    const run = runs.at(-1);
    if (run !== undefined && segment.address === end) run.push(segment);
    else runs.push([segment]);
    end = endOf(segment);
    if (end > 2 ** 32) return bad(`it reaches past the 32-bit address space at ${hex(segment.address)}`);
  }
  if (runs.length === 0) return bad("it holds no bytes for the flash");
  return good(runs.map((run) => ({ address: run[0]?.address ?? 0, bytes: Buffer.concat(run.map((s) => s.bytes)) })));
}

/** One run of bytes from the first address to the last, gaps filled with what erased flash reads as. */
export function flattened(segments: readonly Segment[], unit = 1): Read<Segment> {
  const all = joined(segments);
  if (!all.ok) return all;
  const [first, last] = [all.value[0], all.value.at(-1)];
  if (first === undefined || last === undefined) return bad("it holds no bytes for the flash");
  const span = endOf(last) - first.address;
  if (span > MAX_SPAN) return bad(`its bytes lie ${span} apart, from ${hex(first.address)} to ${hex(endOf(last))}`);
  const bytes = new Uint8Array(Math.ceil(span / unit) * unit).fill(0xff);
  for (const segment of all.value) bytes.set(segment.bytes, segment.address - first.address);
  return good({ address: first.address, bytes });
}

/** `length` bytes at an address, or undefined if the segments do not hold all of them in one run. */
export function bytesAt(segments: readonly Segment[], address: number, length: number): Uint8Array | undefined {
  const holder = segments.find((s) => s.address <= address && address + length <= endOf(s));
  return holder?.bytes.subarray(address - holder.address, address - holder.address + length);
}

/** Whether two sets of segments put the same bytes into the flash; `filler` may stand where the other has nothing. */
export function sameContent(a: readonly Segment[], b: readonly Segment[], filler = 0xff): boolean {
  const [one, two] = [flattened(a), flattened(b)];
  if (!one.ok || !two.ok) return false;
  const start = Math.min(one.value.address, two.value.address);
  const end = Math.max(endOf(one.value), endOf(two.value));
  if (end - start > MAX_SPAN) return false;
  const spread = (of: Segment): Uint8Array => {
    const bytes = new Uint8Array(end - start).fill(filler);
    bytes.set(of.bytes, of.address - start);
    return bytes;
  };
  return Buffer.compare(spread(one.value), spread(two.value)) === 0;
}
