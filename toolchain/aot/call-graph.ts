/** Which function may call which. */
import type { WasmModule } from "../wasm/module.ts";
import type { LiftedFunction } from "./ir.ts";

export interface CallGraph {
  /** Indices of what a function may call, in ascending order. */
  readonly callees: (index: number) => readonly number[];
  /** Functions on a cycle. */
  readonly recursive: ReadonlySet<number>;
}

/** True if two types of the module are the same: call_indirect compares structure, not index. */
export function sameType(module: WasmModule, a: number, b: number): boolean {
  const key = (index: number): string => JSON.stringify([module.types[index]?.params, module.types[index]?.result]);
  return a === b || key(a) === key(b);
}

/** The first type with the structure of type `index`: it stands for all of them. */
export function firstSameType(module: WasmModule, index: number): number {
  return module.types.findIndex((_, i) => sameType(module, i, index));
}

/** What the table holds once all element segments are in it: function indices by place. */
export function tableEntries(module: WasmModule): Map<number, number> {
  const entries = new Map<number, number>();
  for (const { offset, functions } of module.elements) {
    // A segment that does not fit traps and writes nothing, nor do those after it.
    if (offset + functions.length > (module.table ?? 0)) break;
    functions.forEach((index, i) => entries.set(offset + i, index));
  }
  return entries;
}

export function callGraph(module: WasmModule, functions: readonly LiftedFunction[]): CallGraph {
  const inTable = new Set(tableEntries(module).values());
  const typeOf = (index: number): number =>
    module.imports[index]?.type ?? module.functions[index - module.imports.length]?.type ?? -1;
  const edges = new Map<number, number[]>();
  for (const { index, calls, callsThroughTable } of functions) {
    const found = new Set(calls);
    for (const type of callsThroughTable) {
      for (const target of inTable) if (sameType(module, typeOf(target), type)) found.add(target);
    }
    edges.set(
      index,
      [...found].sort((a, b) => a - b),
    );
  }
  return { callees: (index) => edges.get(index) ?? [], recursive: cycles(edges) };
}

/** Functions that can run at all: from the exports, the table and the start function on. */
export function reachable(module: WasmModule, graph: CallGraph): Set<number> {
  const found = new Set([...module.exports.values(), ...tableEntries(module).values()]);
  if (module.start !== undefined) found.add(module.start);
  // A set can grow while it is walked.
  for (const index of found) for (const callee of graph.callees(index)) found.add(callee);
  return found;
}

/** Nodes of a graph that lie on a cycle: strongly connected components (Tarjan 1972) with an edge inside. */
function cycles(edges: ReadonlyMap<number, readonly number[]>): Set<number> {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const found = new Set<number>();
  // A stack of its own: a long chain of calls must not become one of JavaScript's.
  for (const root of edges.keys()) {
    if (order.has(root)) continue;
    const work: { node: number; next: number }[] = [{ node: root, next: 0 }];
    while (work.length > 0) {
      const top = work.at(-1) as { node: number; next: number };
      const { node } = top;
      if (top.next === 0) {
        order.set(node, order.size);
        low.set(node, order.size - 1);
        open.push(node);
        isOpen.add(node);
      }
      const callee = edges.get(node)?.[top.next++];
      if (callee !== undefined) {
        if (!order.has(callee)) work.push({ node: callee, next: 0 });
        else if (isOpen.has(callee)) low.set(node, Math.min(low.get(node) ?? 0, order.get(callee) ?? 0));
        continue;
      }
      if (low.get(node) === order.get(node)) {
        const component = open.splice(open.indexOf(node));
        for (const member of component) isOpen.delete(member);
        if (component.length > 1 || edges.get(node)?.includes(node)) component.forEach((member) => found.add(member));
      }
      work.pop();
      const parent = work.at(-1)?.node;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent) ?? 0, low.get(node) ?? 0));
    }
  }
  return found;
}
