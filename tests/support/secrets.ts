/** Secrets that a computation must not show, and the comparison of the traces they leave. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Trace, Tracer } from "./trace.ts";

/**
 * 12 values of `size` bytes: zeros, ones, a single bit at either end, and 8 that look random, the same in every run.
 */
export function secrets(size: number): readonly Uint8Array[] {
  const random = (index: number): Uint8Array => {
    const blocks = Array.from({ length: Math.ceil(size / 64) }, (_, block) =>
      createHash("sha512").update(`mehr secret ${index} ${block}`).digest(),
    );
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, size));
  };
  const lowest = new Uint8Array(size).fill(0x01, 0, 1);
  const highest = new Uint8Array(size).fill(0x80, size - 1);
  const ones = new Uint8Array(size).fill(0xff);
  return [new Uint8Array(size), ones, lowest, highest, ...Array.from({ length: 8 }, (_, i) => random(i))];
}

/** Runs all and fails, naming the first place where two part, if their traces are not the same. Gives the trace. */
export function expectSameTrace(tracer: Tracer, runs: readonly (() => void)[]): Trace {
  const [first, ...others] = runs;
  if (first === undefined) throw new Error("nothing to compare");
  const trace = tracer.trace(first);
  // A function that does nothing has no trace to differ in.
  expect(trace.accesses).toBeGreaterThan(0);
  others.forEach((run, i) => {
    const other = tracer.trace(run);
    if (other.hash === trace.hash) return;
    const site = tracer.divergence(first, run);
    const where = site === null ? "nowhere again" : `${site.instruction} in ${site.function} at byte ${site.offset}`;
    expect.fail(
      `secrets 0 and ${i + 1} part at: ${where} ` +
        `(${trace.decisions} and ${other.decisions} decisions, ${trace.accesses} and ${other.accesses} accesses)`,
    );
  });
  return trace;
}
