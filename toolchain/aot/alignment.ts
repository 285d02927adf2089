/**
 * Which addresses are certainly multiples of 2, 4 or 8.
 *
 * wasm lets every access be unaligned, and an alignment hint promises nothing. RISC-V and Xtensa cores read a word at an
 * unknown address byte by byte, which would make the core twice as large there. So alignment is inferred: from
 * constants through arithmetic, along the control flow of each function, and through calls into parameters and out of
 * results. What is in memory is unknown.
 */
import type { WasmModule } from "../wasm/module.ts";
import {
  type Expression,
  expressions,
  type Label,
  type LiftedFunction,
  operandsOf,
  type Statement,
  type Variable,
} from "./ir.ts";

/** More than any access needs, and what the C array of memory has. */
const MOST = 16;

/** Alignment of variables; one that is missing is 0 so far, which is a multiple of everything. */
type State = ReadonlyMap<string, number>;

const key = ({ kind, index }: Variable): string => `${kind} ${index}`;

/** The power of two every value is a multiple of, MOST at most. */
function ofConstant(value: bigint): number {
  const low = Number(value & BigInt(MOST - 1));
  return low === 0 ? MOST : low & -low;
}

function ofExpression(expression: Expression, state: State): number {
  if (expression.type === "i64") return 1;
  switch (expression.kind) {
    case "constant":
      return ofConstant(expression.value);
    case "variable":
      return state.get(key(expression.variable)) ?? MOST;
    case "select":
      return Math.min(...expression.operands.slice(0, 2).map((one) => ofExpression(one, state)));
    case "operator":
      return ofOperator(expression, state);
    default:
      return 1;
  }
}

function ofOperator({ operator, operands }: Expression & { kind: "operator" }, state: State): number {
  const [first, second] = operands as [Expression, Expression | undefined];
  if (second === undefined || first.type === "i64") return 1;
  const [a, b] = [ofExpression(first, state), ofExpression(second, state)];
  switch (operator.name) {
    case "i32.add":
    case "i32.sub":
    case "i32.or":
    case "i32.xor":
      return Math.min(a, b);
    case "i32.and":
      return Math.max(a, b);
    case "i32.mul":
      return Math.min(a * b, MOST);
    case "i32.shl":
      return second.kind === "constant" ? Math.min(a * 2 ** Number(second.value & 31n), MOST) : a;
    default:
      return 1;
  }
}

function meet(a: State | undefined, b: State | undefined): State | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const both = new Map(a);
  for (const [name, alignment] of b) both.set(name, Math.min(alignment, both.get(name) ?? MOST));
  return both;
}

function equal(a: State | undefined, b: State | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every(([name, alignment]) => b.get(name) === alignment);
}

/** What is known of functions across calls; it only ever gets worse until nothing changes. */
class Interfaces {
  readonly #parameters = new Map<number, number[]>();
  readonly #results = new Map<number, number>();
  changed = false;

  constructor(module: WasmModule, functions: readonly LiftedFunction[]) {
    const entered = new Set([...module.exports.values(), ...module.elements.flatMap((one) => one.functions)]);
    if (module.start !== undefined) entered.add(module.start);
    for (const { index, type } of functions) {
      this.#parameters.set(
        index,
        type.params.map(() => (entered.has(index) ? 1 : MOST)),
      );
      this.#results.set(index, MOST);
    }
  }

  parameters(index: number): readonly number[] {
    return this.#parameters.get(index) ?? [];
  }

  /** Of an import, or of what is found in the table: 1. */
  result(index: number): number {
    return this.#results.get(index) ?? 1;
  }

  called(index: number, operands: readonly number[]): void {
    const known = this.#parameters.get(index);
    operands.forEach((alignment, i) => {
      if (known === undefined || alignment >= (known[i] ?? 1)) return;
      known[i] = alignment;
      this.changed = true;
    });
  }

  returned(index: number, alignment: number): void {
    if (alignment >= (this.#results.get(index) ?? 1)) return;
    this.#results.set(index, alignment);
    this.changed = true;
  }
}

/** Sets `alignment` of every place that is accessed. */
export function inferAlignment(module: WasmModule, functions: readonly LiftedFunction[]): void {
  const interfaces = new Interfaces(module, functions);
  do {
    interfaces.changed = false;
    for (const one of functions) new Flow(one.index, interfaces).run(one);
  } while (interfaces.changed);
}

/** One pass over a function. Places are written at every visit; the last one, after all is settled, counts. */
class Flow {
  readonly #index: number;
  readonly #interfaces: Interfaces;
  /** State at the ends of blocks and the starts of loops, from the branches seen so far. */
  readonly #atLabel = new Map<Label, State | undefined>();

  constructor(index: number, interfaces: Interfaces) {
    this.#index = index;
    this.#interfaces = interfaces;
  }

  run({ body }: LiftedFunction): void {
    const parameters = this.#interfaces.parameters(this.#index);
    this.#list(body, new Map(parameters.map((alignment, i) => [`local ${i}`, alignment])));
  }

  #list(list: readonly Statement[], before: State | undefined): State | undefined {
    let state = before;
    for (const statement of list) state = state && this.#statement(statement, state);
    return state;
  }

  #branch(label: Label, state: State): void {
    this.#atLabel.set(label, meet(this.#atLabel.get(label), state));
  }

  #statement(statement: Statement, state: State): State | undefined {
    for (const expression of expressions(statement)) this.#places(expression, state);
    const assign = (target: Variable | undefined, alignment: number): State =>
      target === undefined ? state : new Map(state).set(key(target), alignment);
    switch (statement.kind) {
      case "set":
        return assign(statement.target, ofExpression(statement.value, state));
      case "call":
        this.#interfaces.called(
          statement.callee,
          statement.operands.map((one) => ofExpression(one, state)),
        );
        return assign(statement.target, this.#interfaces.result(statement.callee));
      case "callIndirect":
        return assign(statement.target, 1);
      case "store":
        statement.place.alignment = Math.min(
          ofExpression(statement.place.address, state),
          ofConstant(BigInt(statement.place.offset)),
        );
        return state;
      case "block": {
        this.#atLabel.delete(statement.label);
        const end = this.#list(statement.body, state);
        return meet(end, this.#atLabel.get(statement.label));
      }
      case "loop":
        return this.#loop(statement, state);
      case "if":
        return meet(this.#list(statement.then, state), this.#list(statement.else, state));
      case "branch":
        this.#branch(statement.branch.label, state);
        return undefined;
      case "switch":
        for (const { label } of statement.branches) this.#branch(label, state);
        return undefined;
      case "return":
        if (statement.value !== undefined) {
          this.#interfaces.returned(this.#index, ofExpression(statement.value, state));
        }
        return undefined;
      case "unreachable":
        return undefined;
      default:
        return state;
    }
  }

  #loop({ label, body }: Statement & { kind: "loop" }, before: State): State | undefined {
    let start: State | undefined = before;
    for (;;) {
      this.#atLabel.delete(label);
      const end = this.#list(body, start);
      const again = meet(start, this.#atLabel.get(label));
      if (equal(again, start)) return end;
      start = again;
    }
  }

  #places(expression: Expression, state: State): void {
    for (const one of operandsOf(expression)) this.#places(one, state);
    if (expression.kind !== "load") return;
    const { place } = expression;
    place.alignment = Math.min(ofExpression(place.address, state), ofConstant(BigInt(place.offset)));
  }
}
