/**
 * The call graph GCC writes with -fcallgraph-info=su: one .ci file in VCG form per object, each function with the size
 * of its frame. GCC 10 and later have the option; the compilers of the real boards do not, so only tests read it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface CallGraphNode {
  /** Unique in the image: the symbol, of a static function behind its file. */
  readonly title: string;
  /** As a person would write it, with the types of its parameters; a C function's is its name. */
  readonly name: string;
  /** Frame in bytes; undefined for what no object of the graph defines: the C library, the compiler's own. */
  readonly bytes: number | undefined;
  readonly calls: ReadonlySet<string>;
}

export interface DeepestPath {
  readonly bytes: number;
  /** Names with their frames, outermost first. */
  readonly path: readonly string[];
}

/** Functions that a call through a pointer may reach, for callers and targets whose names match. */
export interface IndirectCall {
  readonly caller: RegExp;
  readonly targets: RegExp;
}

const INDIRECT = "__indirect_call";

/** A static constructor has no name a person would write, only a symbol. */
function named(node: Pick<CallGraphNode, "name" | "title">, name: RegExp): boolean {
  return name.test(node.name) || name.test(node.title);
}

export class CallGraph {
  readonly nodes: ReadonlyMap<string, CallGraphNode>;

  /**
   * Reads the .ci files below `folder`, or those whose path ends with `only`.
   * Throws if a function calls through a pointer that `indirect` does not name.
   */
  constructor(folder: string, indirect: readonly IndirectCall[], only = ".ci") {
    const nodes = new Map<string, { title: string; name: string; bytes: number | undefined; calls: Set<string> }>();
    const calls: (readonly [string, string])[] = [];
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(only)) continue;
      for (const line of readFileSync(join(folder, file), "utf8").split("\n")) {
        const [, title, label] = /^node: \{ title: "([^"]*)" label: "([^"]*)"/.exec(line) ?? [];
        if (title !== undefined && label !== undefined) {
          const bytes = /\\n(\d+) bytes \((?:static|dynamic,bounded)\)/.exec(label)?.[1];
          const known = nodes.get(title);
          const name = label.split("\\n")[0] ?? title;
          // A declaration stands wherever it is called; the definition has the size.
          if (bytes !== undefined) nodes.set(title, { title, name, bytes: Number(bytes), calls: new Set() });
          else if (known === undefined) nodes.set(title, { title, name, bytes: undefined, calls: new Set() });
        }
        const [, from, to] = /^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"/.exec(line) ?? [];
        if (from !== undefined && to !== undefined) calls.push([from, to]);
      }
    }
    for (const [from, to] of calls) {
      const caller = nodes.get(from);
      if (caller === undefined) throw new Error(`${from} calls ${to} and is no node`);
      if (to !== INDIRECT) {
        caller.calls.add(to);
        continue;
      }
      const found = indirect.filter((one) => named(caller, one.caller));
      const targets = [...nodes.values()].filter((node) => found.some((one) => named(node, one.targets)));
      if (targets.length === 0) throw new Error(`nothing is known about the call through a pointer in ${caller.name}`);
      for (const target of targets) caller.calls.add(target.title);
    }
    this.nodes = nodes;
  }

  /** Nodes whose names match. Throws if there is none. */
  find(name: RegExp): CallGraphNode[] {
    const found = [...this.nodes.values()].filter((node) => named(node, name));
    if (found.length === 0) throw new Error(`no function of the graph is named like ${String(name)}`);
    return found;
  }

  /**
   * The deepest path from any function that matches `from`, its own frame included. With `to`, only paths that end in a
   * call of a function that matches it, which itself counts nothing. Calls of what matches `without` are left out.
   * Functions without a known frame count nothing. Throws if recursion is met.
   */
  deepest(from: RegExp, to?: RegExp, without?: RegExp): DeepestPath {
    const known = new Map<string, DeepestPath | undefined>();
    const open = new Set<string>();
    const below = (title: string): DeepestPath | undefined => {
      const node = this.nodes.get(title);
      if (node === undefined || (without !== undefined && named(node, without))) return undefined;
      if (to !== undefined && named(node, to)) return { bytes: 0, path: [node.name] };
      if (known.has(title)) return known.get(title);
      if (open.has(title)) throw new Error(`recursion: ${[...open, title].join(" > ")}`);
      open.add(title);
      let deepest: DeepestPath | undefined = to === undefined ? { bytes: 0, path: [] } : undefined;
      for (const call of node.calls) {
        const path = below(call);
        if (path !== undefined && (deepest === undefined || path.bytes > deepest.bytes)) deepest = path;
      }
      open.delete(title);
      const bytes = node.bytes ?? 0;
      const whole = deepest && { bytes: bytes + deepest.bytes, path: [`${node.name} ${bytes}`, ...deepest.path] };
      known.set(title, whole);
      return whole;
    };
    const paths = this.find(from).flatMap((node) => below(node.title) ?? []);
    const [first, ...rest] = paths;
    if (first === undefined) throw new Error(`no path from ${String(from)} to ${String(to)}`);
    return rest.reduce((deepest, path) => (path.bytes > deepest.bytes ? path : deepest), first);
  }
}

/** Calls through pointers in boards/runtime, by the names in its sources. */
export const RUNTIME_POINTERS: readonly IndirectCall[] = [
  ...["entropy", "frame_send", "record_put", "record_get", "record_delete", "event"].map((name) => ({
    caller: new RegExp(`mehr_import_${name}\\b`),
    targets: new RegExp(`mehr::(relay::live_|replay::)${name}\\(`),
  })),
  { caller: /FrameWriter::|write_frame\(/, targets: /::sink\(/ },
  { caller: /FrameLine::put\(/, targets: /lambda.*_FUN/ },
  { caller: /RecordStore::/, targets: /mehr::relay::flash_\w+\(/ },
  { caller: /run_program\(/, targets: /_GLOBAL__sub_I_/ },
];
