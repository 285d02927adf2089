/**
 * The most stack an image with a translated core can use, against the stack of the relay's task.
 *
 * The core's part is a bound: the translator knows every call, through the table too, and GCC tells every frame. What
 * the shell adds above and below it, and interrupts, are the board's stated reserves (boards/stack.ts).
 */
import type { TaskStack } from "../../boards/stack.ts";
import { MehrError } from "../errors.ts";
import { type Frame, framesByFunction, type StackUsage } from "./stack-usage.ts";

/**
 * Bytes for what translated code may call that has no .su file: the compiler's 64-bit division and memory copying,
 * and of the host mehr_aot_trap() and mehr_aot_stack_left(). The deepest of it is 48 B on ARM and none on RISC-V
 * (stack.test.ts looks at the machine code); a frame of Xtensa's windowed ABI has at least 32 B.
 */
export const LIBRARY_BYTES = 128;

/** What of a Translation is wanted here. */
export interface CoreGraph {
  readonly functions: readonly {
    readonly name: string;
    readonly c: string;
    /** C names of functions and imports. */
    readonly calls: readonly string[];
  }[];
  readonly exports: readonly { readonly name: string; readonly c: string }[];
  readonly imports: readonly { readonly name: string; readonly c: string }[];
}

/** One function on a path. */
export interface PathStep {
  readonly name: string;
  /** Its frame; 0 for a function that GCC has inlined into its caller. */
  readonly bytes: number;
}

export interface StackReport {
  readonly core: {
    /** Deepest use of the core's own functions and of what they call of a library, without imports. */
    readonly bytes: number;
    readonly exports: readonly { readonly name: string; readonly bytes: number }[];
  };
  /** The path that decides `total`, outermost first; an import that ends it has the board's reserve as its bytes. */
  readonly path: readonly PathStep[];
  /**
   * Functions that may call themselves, directly or not, which makes their depth unbounded. The bound then reaches to
   * the first run-time check, and `leave` is what a check that passes must have left free.
   */
  readonly recursion: { readonly functions: readonly string[]; readonly leave: number } | undefined;
  /** Functions whose frame has no fixed bound. */
  readonly unbounded: readonly string[];
  /** Bytes of the board's reserve above the path, and of an interrupt below it. */
  readonly above: number;
  readonly interrupt: number;
  /** All of it. */
  readonly total: number;
  /** Bytes of the task's stack; undefined where the host decides. */
  readonly limit: number | undefined;
  readonly ok: boolean;
}

interface Path {
  readonly bytes: number;
  readonly steps: readonly PathStep[];
}

export interface StackOptions {
  readonly core: CoreGraph;
  /** The .su file of the translated core. */
  readonly usage: readonly StackUsage[];
  /** Undefined for a process: what is reported then is the core alone. */
  readonly stack: TaskStack | undefined;
}

/**
 * Computes the bound. Throws MehrError (exit 1) if `usage` is not that of `core`, or if the core calls what it does not
 * name.
 */
export function stackReport({ core, usage, stack }: StackOptions): StackReport {
  const frames = framesByFunction(usage);
  const graph = new Graph(core, frames);
  const { above, below, interrupt } = stack ?? { above: 0, below: 0, interrupt: 0 };
  const alone = graph.deepest(0);
  const whole = graph.deepest(below);
  // The shell's own work, without the core, goes at most `below` deep under `above` too.
  const total = above + Math.max(whole.bytes, below) + interrupt;
  const recursion =
    graph.recursive.size === 0
      ? undefined
      : {
          functions: core.functions.filter(({ c }) => graph.recursive.has(c)).map(({ name }) => name),
          leave: graph.belowCheck(below) + interrupt,
        };
  const unbounded = [...frames].filter(([, frame]) => frame.unbounded).map(([name]) => name);
  const limit = stack?.bytes.aot;
  const fits = stack === undefined || (total <= stack.bytes.aot && (recursion?.leave ?? 0) <= stack.kept);
  return {
    core: {
      bytes: alone.bytes,
      exports: core.exports.map(({ name, c }) => ({ name, bytes: graph.from(c) })),
    },
    path: whole.steps,
    recursion,
    unbounded,
    above,
    interrupt,
    total,
    limit,
    ok: fits && unbounded.length === 0,
  };
}

class Graph {
  /** C names. */
  readonly recursive: ReadonlySet<string>;
  readonly #functions: ReadonlyMap<string, CoreGraph["functions"][number]>;
  readonly #imports: ReadonlyMap<string, string>;
  readonly #frames: ReadonlyMap<string, Frame>;
  readonly #core: CoreGraph;
  /**
   * Of the functions the translator adds: instantiation, an export's entry, accesses to memory that were not inlined.
   * They call each other at most once each, so their sum is counted once.
   */
  readonly #added: number;

  constructor(core: CoreGraph, frames: ReadonlyMap<string, Frame>) {
    this.#core = core;
    this.#functions = new Map(core.functions.map((one) => [one.c, one]));
    this.#imports = new Map(core.imports.map(({ c, name }) => [c, name]));
    this.#frames = frames;
    for (const { c } of core.exports) {
      // What is exported has code of its own whatever was inlined.
      if (frames.has(c)) continue;
      throw new MehrError(
        1,
        `The .su file does not name ${c}: it is not that of the translated core, or -fstack-usage was missing.`,
      );
    }
    for (const { c, calls } of core.functions) {
      const unknown = calls.find((call) => !this.#functions.has(call) && !this.#imports.has(call));
      if (unknown !== undefined)
        throw new MehrError(1, `${c} calls ${unknown}, which is neither a function nor an import.`);
    }
    this.#added = [...frames].reduce((sum, [name, { bytes }]) => sum + (this.#functions.has(name) ? 0 : bytes), 0);
    this.recursive = new Set(core.functions.map(({ c }) => c).filter((c) => this.#reaches(c)));
  }

  /** Deepest path from anywhere the host can enter, with what an import costs. */
  deepest(importBytes: number): Path {
    const called = new Set(this.#core.functions.flatMap(({ calls }) => calls));
    const exported = new Set(this.#core.exports.map(({ c }) => c));
    // A function nobody calls and nobody exports is the start function, or dead: it counts all the same.
    const entries = this.#core.functions.filter(({ c }) => exported.has(c) || !called.has(c));
    const known = new Map<string, Path>();
    const path = longest(entries.map(({ c }) => this.#path(c, importBytes, known)));
    return { bytes: path.bytes + this.#added, steps: path.steps };
  }

  /** Deepest use from one function, without imports. */
  from(c: string): number {
    return this.#added + this.#path(c, 0, new Map()).bytes;
  }

  /** Most bytes used below a passed check of a recursive function: to the next one's check, or to the end. */
  belowCheck(importBytes: number): number {
    const known = new Map<string, Path>();
    const calls = [...this.recursive].flatMap((c) => this.#functions.get(c)?.calls ?? []);
    return this.#added + longest(calls.map((call) => this.#path(call, importBytes, known))).bytes;
  }

  /** Path from a call of `c`; it ends at the check of a recursive function. */
  #path(c: string, importBytes: number, known: Map<string, Path>): Path {
    const done = known.get(c);
    if (done !== undefined) return done;
    const imported = this.#imports.get(c);
    let path: Path;
    if (imported !== undefined) {
      path = { bytes: importBytes, steps: [{ name: imported, bytes: importBytes }] };
    } else {
      const { name = c, calls = [] } = this.#functions.get(c) ?? {};
      const { bytes } = this.#frames.get(c) ?? { bytes: 0 };
      const further = this.recursive.has(c) ? [] : calls;
      const rest = longest(further.map((call) => this.#path(call, importBytes, known)));
      path = { bytes: bytes + rest.bytes, steps: [{ name, bytes }, ...rest.steps] };
    }
    known.set(c, path);
    return path;
  }

  /** Whether a call of `c` can lead to another one. */
  #reaches(c: string): boolean {
    const seen = new Set<string>();
    const open = [...(this.#functions.get(c)?.calls ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === c) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(this.#functions.get(next)?.calls ?? []));
    }
    return false;
  }
}

/** The deepest of the paths; any place may call a library instead. */
function longest(paths: readonly Path[]): Path {
  return paths.reduce((deepest, path) => (path.bytes > deepest.bytes ? path : deepest), {
    bytes: LIBRARY_BYTES,
    steps: [],
  });
}

/** AssemblyScript's names begin with the file: `core-as/assembly/net/receive/receive`. */
function short(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** "stack   6132 of 16384 B (37.4 %), 2100 of the core, deepest: on_frame > ... > fieldMultiply". */
export function stackLine(report: StackReport): string {
  const { limit, total, path, core, recursion } = report;
  // A function that was inlined is no step for who looks for the bytes.
  const names = path.filter(({ bytes }) => bytes > 0).map(({ name }) => short(name));
  const shown = names.length > 4 ? [...names.slice(0, 2), "...", ...names.slice(-2)] : names;
  const share = limit === undefined ? " B" : ` of ${limit} B (${((100 * total) / limit).toFixed(1)} %)`;
  const checked = recursion === undefined ? "" : `; checked at run time: ${recursion.functions.map(short).join(", ")}`;
  return `stack   ${total}${share}, ${core.bytes} of the core, deepest: ${shown.join(" > ")}${checked}`;
}

/** Throws MehrError (exit 1) naming what is too deep and what to do, if the stack of the board's task may run over. */
export function requireStack(report: StackReport, board: string): void {
  if (report.ok) return;
  const { limit = 0, above, interrupt, total, path, recursion, unbounded } = report;
  if (unbounded.length > 0) {
    throw new MehrError(
      1,
      `${board}: the frame of ${unbounded.join(", ")} has no fixed size, so its stack has no bound.`,
    );
  }
  if (total > limit) {
    const steps = path.map(({ name, bytes }) => `${short(name)} ${bytes}`).join(" > ");
    throw new MehrError(
      1,
      `${board}: the core's task may need ${total} B of stack and has ${limit} B: ${above} of the shell, then ` +
        `${steps}, then ${LIBRARY_BYTES} for a library unless that ends in an import, and ${interrupt} for an ` +
        "interrupt. Make the frames on this path smaller, or the stack larger in boards/stack.ts.",
    );
  }
  throw new MehrError(
    1,
    `${board}: ${recursion?.functions.map(short).join(", ")} may call themselves and need ` +
      `${recursion?.leave} B below a check; raise \`kept\` in boards/stack.ts to that, or write a loop.`,
  );
}
