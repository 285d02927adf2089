/** Reads what GCC's -fstack-usage writes: a .su file beside each object, one line for each function it has code for. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { MehrError } from "../errors.ts";

/**
 * Flags the translated core is compiled with. Without -fno-ipa-icf GCC gives equal functions one body and one line, so
 * that a function without a line could be one that was inlined (its locals are in its caller's frame) or one that is
 * called all the same.
 */
export const STACK_USAGE_FLAGS = ["-fstack-usage", "-fno-ipa-icf"] as const;

export interface StackUsage {
  /** Source file as #line names it: of a translated function its AssemblyScript file. */
  readonly file: string;
  readonly line: number;
  /** Name with what GCC adds to a clone's, such as `.part.0`. */
  readonly name: string;
  readonly bytes: number;
  /** True if the frame has no fixed bound: it holds an array of variable length, or alloca. */
  readonly unbounded: boolean;
}

// GCC manual 5.10, "Static Stack Usage Analysis"; GCC gcc/toplev.cc, output_stack_usage.
const LINE = /^(.+):(\d+):\d+:([^\t]+)\t(\d+)\t(static|dynamic|dynamic,bounded)$/;

/** The lines of a .su file. Throws MehrError (exit 1) naming a line of another form. */
export function parseStackUsage(text: string, path: string): StackUsage[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  return lines.map((line) => {
    const [, file = "", at, name = "", bytes, kind] = LINE.exec(line) ?? [];
    if (at === undefined)
      throw new MehrError(1, `${path} has the line "${line}", which is none of GCC's -fstack-usage.`);
    return { file, line: Number(at), name, bytes: Number(bytes), unbounded: kind === "dynamic" };
  });
}

/**
 * The stack use of one source, given as its file name without a folder, from the .su files of a build.
 * Throws MehrError (exit 1) unless exactly one of them is its.
 */
export function readStackUsage(files: readonly string[], source: string): StackUsage[] {
  const name = `${source.replace(/\.\w+$/, "")}.su`;
  const found = files.filter((path) => basename(path) === name);
  const [path] = found;
  if (path === undefined || found.length > 1) {
    const came = path === undefined ? "no" : "more than one";
    throw new MehrError(1, `The build left ${came} ${name}; ${source} must be compiled once, with -fstack-usage.`);
  }
  return parseStackUsage(readFileSync(path, "utf8"), name);
}

export interface Frame {
  readonly bytes: number;
  readonly unbounded: boolean;
}

/**
 * Frames by the names functions have in the source, which have no dot.
 *
 * GCC makes clones. `.constprop` and `.isra` stand in for the function in some of its calls: the larger one counts.
 * `.part` is what is left of a function whose start was inlined or kept: it may be called by the rest of it, so both
 * count together.
 */
export function framesByFunction(usages: readonly StackUsage[]): Map<string, Frame> {
  const frames = new Map<string, { whole: number; parts: number; unbounded: boolean }>();
  for (const { name, bytes, unbounded } of usages) {
    const base = name.split(".")[0] ?? name;
    const known = frames.get(base) ?? { whole: 0, parts: 0, unbounded: false };
    const part = name.includes(".part");
    frames.set(base, {
      whole: part ? known.whole : Math.max(known.whole, bytes),
      parts: known.parts + (part ? bytes : 0),
      unbounded: known.unbounded || unbounded,
    });
  }
  return new Map([...frames].map(([name, { whole, parts, unbounded }]) => [name, { bytes: whole + parts, unbounded }]));
}
