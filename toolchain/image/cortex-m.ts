/**
 * Whether a program would start on a Cortex-M: the first two words of its vector table, and on an RP2040 the checksum
 * its boot ROM asks for.
 *
 * Facts: Armv7-M ARM B1.5.3 and Armv6-M ARM B1.5.3 (word 0 is the initial stack pointer, word 1 the reset handler, bit
 * 0 of an address of Thumb code is 1). RP2040 Datasheet 2.8.1.3.1: the first 256 bytes of flash end in a CRC-32 of the
 * 252 before them, polynomial 0x04C11DB7, register 0xFFFFFFFF, nothing reflected or inverted; without it nothing runs.
 */
import { hex, view } from "./read.ts";
import { bytesAt, type Segment } from "./segments.ts";

/** A clause that says why nothing would start, or undefined. `ram` is the first address and the one past the last. */
export function vectorsProblem(
  segments: readonly Segment[],
  table: number,
  ram: readonly [number, number],
): string | undefined {
  const words = bytesAt(segments, table, 8);
  if (words === undefined) return `it has no vector table at ${hex(table)}`;
  const [stack, reset] = [view(words).getUint32(0, true), view(words).getUint32(4, true)];
  // The stack grows down: its first address may be the one past the RAM's last.
  if (stack <= ram[0] || stack > ram[1] || stack % 4 !== 0) {
    return `its stack would begin at ${hex(stack)}, outside the RAM from ${hex(ram[0])} to ${hex(ram[1])}`;
  }
  if (reset % 2 === 0) return `its reset handler ${hex(reset)} is no address of Thumb code`;
  if (bytesAt(segments, reset - 1, 2) === undefined) return `it has no code at its reset handler ${hex(reset)}`;
  return undefined;
}

/** Bytes of the RP2040's second-stage boot with its checksum. */
export const BOOT2_SIZE = 256;

export function crc32Mpeg2(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  }
  return crc >>> 0;
}

export function boot2Problem(segments: readonly Segment[], flash: number): string | undefined {
  const boot2 = bytesAt(segments, flash, BOOT2_SIZE);
  if (boot2 === undefined) return `it has no second-stage boot at ${hex(flash)}`;
  const [is, should] = [view(boot2).getUint32(252, true), crc32Mpeg2(boot2.subarray(0, 252))];
  if (is === should) return undefined;
  return `the checksum of its second-stage boot is ${hex(is, 8)} and should be ${hex(should, 8)}`;
}
