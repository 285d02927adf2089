/**
 * A wasm function as statements and expressions: what stands between the stack machine and C.
 *
 * Expressions have no effects but one: they may trap. What changes anything is a statement.
 */
import type { FunctionType } from "../wasm/module.ts";
import type { MemoryAccess, Operator, ValueType } from "../wasm/opcodes.ts";

/**
 * How an expression may trap: out of bounds, dividing by zero, or dividing with sign, which is two different traps.
 * The order of two traps of one kind cannot be seen.
 */
export type TrapKind = "memory" | "zero" | "signed";

/** True if it can be seen which of two traps comes first. */
export function conflict(a: TrapKind | undefined, b: TrapKind | undefined): boolean {
  return a !== undefined && b !== undefined && (a !== b || a === "signed");
}

/** A C variable: a local of the wasm function, or a value that had to be kept. */
export interface Variable {
  readonly kind: "local" | "temporary";
  readonly index: number;
  readonly type: ValueType;
}

export type Expression = (
  | { readonly kind: "constant"; readonly value: bigint }
  | { readonly kind: "variable"; readonly variable: Variable }
  | { readonly kind: "global"; readonly index: number }
  | { readonly kind: "operator"; readonly operator: Operator; readonly operands: readonly Expression[] }
  | { readonly kind: "load"; readonly access: MemoryAccess; readonly place: Place }
  | { readonly kind: "select"; readonly operands: readonly Expression[] }
  | { readonly kind: "memorySize" }
) & {
  readonly type: ValueType;
  readonly facts: Facts;
  /** How deep its operators are nested. */
  readonly depth: number;
};

/** What an expression depends on and may do, its operands included. */
export interface Facts {
  readonly locals: ReadonlySet<number>;
  readonly readsMemory: boolean;
  readonly readsGlobals: boolean;
  readonly traps: TrapKind | undefined;
}

/** Where in memory: address + offset, which does not wrap (specification 4.4.7). */
export interface Place {
  readonly address: Expression;
  readonly offset: number;
  /** False once a check statement before this one covers it (bounds.ts). */
  checkedHere: boolean;
  /** A power of two that address + offset is certainly a multiple of (alignment.ts). */
  alignment: number;
}

/** Where a branch goes. */
export interface Label {
  readonly id: number;
  readonly kind: "block" | "loop" | "function";
  /** How many branches go there. */
  uses: number;
}

export interface Branch {
  readonly label: Label;
}

export type Statement = (
  | { readonly kind: "set"; target: Variable; readonly value: Expression }
  | { readonly kind: "declare"; readonly target: Variable }
  | { readonly kind: "setGlobal"; readonly index: number; readonly value: Expression }
  | { readonly kind: "evaluate"; readonly value: Expression }
  | { readonly kind: "store"; readonly access: MemoryAccess; readonly place: Place; readonly value: Expression }
  | {
      readonly kind: "call";
      target: Variable | undefined;
      readonly callee: number;
      readonly operands: readonly Expression[];
    }
  | {
      readonly kind: "callIndirect";
      target: Variable | undefined;
      readonly type: number;
      readonly index: Expression;
      readonly operands: readonly Expression[];
    }
  | {
      readonly kind: "bulk";
      readonly name: "memory.copy" | "memory.fill" | "memory.init";
      readonly segment: number;
      readonly operands: readonly Expression[];
    }
  | { readonly kind: "dropData"; readonly segment: number }
  | { readonly kind: "check"; readonly address: Expression; extent: number }
  | { readonly kind: "block"; readonly label: Label; readonly body: Statement[] }
  | { readonly kind: "loop"; readonly label: Label; readonly body: Statement[] }
  | { readonly kind: "if"; readonly condition: Expression; readonly then: Statement[]; readonly else: Statement[] }
  | { readonly kind: "branch"; readonly branch: Branch }
  | {
      readonly kind: "switch";
      readonly index: Expression;
      /** One for each value of the index, the last one for all others. */
      readonly branches: readonly Branch[];
    }
  | { readonly kind: "return"; readonly value: Expression | undefined }
  | { readonly kind: "unreachable" }
) & {
  /** Offset in the module of the instruction it comes from. */
  readonly at: number;
};

/** A function ready to be written. */
export interface LiftedFunction {
  readonly index: number;
  readonly type: FunctionType;
  /** Types of parameters and locals, in one numbering as in wasm. */
  readonly locals: readonly ValueType[];
  readonly body: Statement[];
  /** Functions called by index; types called through the table. */
  readonly calls: ReadonlySet<number>;
  readonly callsThroughTable: ReadonlySet<number>;
}

const NO_LOCALS: ReadonlySet<number> = new Set();
const NOTHING: Facts = { locals: NO_LOCALS, readsMemory: false, readsGlobals: false, traps: undefined };

function merged(
  operands: readonly Expression[],
  own: Partial<{ [key in keyof Facts]: Facts[key] | undefined }> = {},
): Facts {
  const locals = new Set(operands.flatMap(({ facts }) => [...facts.locals]));
  return {
    locals: locals.size === 0 ? NO_LOCALS : locals,
    readsMemory: own.readsMemory === true || operands.some(({ facts }) => facts.readsMemory),
    readsGlobals: own.readsGlobals === true || operands.some(({ facts }) => facts.readsGlobals),
    traps: own.traps ?? operands.find(({ facts }) => facts.traps !== undefined)?.facts.traps,
  };
}

const above = (operands: readonly Expression[]): number => 1 + Math.max(...operands.map(({ depth }) => depth));

/** Makers of expressions. */
export const make = {
  constant: (type: ValueType, value: bigint): Expression => ({
    kind: "constant",
    type,
    value,
    facts: NOTHING,
    depth: 0,
  }),
  variable: (variable: Variable): Expression => ({
    kind: "variable",
    type: variable.type,
    variable,
    depth: 0,
    facts: variable.kind === "local" ? { ...NOTHING, locals: new Set([variable.index]) } : NOTHING,
  }),
  global: (type: ValueType, index: number): Expression => ({
    kind: "global",
    type,
    index,
    depth: 0,
    facts: { ...NOTHING, readsGlobals: true },
  }),
  operator: (operator: Operator, operands: readonly Expression[]): Expression => ({
    kind: "operator",
    type: operator.result,
    operator,
    operands,
    depth: above(operands),
    facts: merged(operands, { traps: trapOf(operator) }),
  }),
  load: (access: MemoryAccess, address: Expression, offset: number): Expression => ({
    kind: "load",
    type: access.type,
    access,
    place: { address, offset, checkedHere: true, alignment: 1 },
    depth: above([address]),
    facts: merged([address], { readsMemory: true, traps: "memory" }),
  }),
  select: (operands: readonly Expression[]): Expression => ({
    kind: "select",
    type: operands[0]?.type ?? "i32",
    operands,
    depth: above(operands),
    facts: merged(operands),
  }),
  memorySize: (): Expression => ({ kind: "memorySize", type: "i32", facts: NOTHING, depth: 0 }),
};

/** The trap of an operator itself: a remainder has none but that of zero (core specification 4.3.2, irem_s). */
export function trapOf({ name }: Operator): TrapKind | undefined {
  if (name.endsWith(".div_s")) return "signed";
  return /\.(div|rem)_/.test(name) ? "zero" : undefined;
}

/** The statement lists inside a statement. */
export function bodies(statement: Statement): Statement[][] {
  switch (statement.kind) {
    case "block":
    case "loop":
      return [statement.body];
    case "if":
      return [statement.then, statement.else];
    default:
      return [];
  }
}

/** The expressions of a statement itself, in the order they are evaluated. */
export function expressions(statement: Statement): readonly Expression[] {
  switch (statement.kind) {
    case "set":
    case "setGlobal":
    case "evaluate":
      return [statement.value];
    case "store":
      return [statement.place.address, statement.value];
    case "call":
    case "bulk":
      return statement.operands;
    case "callIndirect":
      return [...statement.operands, statement.index];
    case "if":
      return [statement.condition];
    case "switch":
      return [statement.index];
    case "return":
      return statement.value === undefined ? [] : [statement.value];
    default:
      return [];
  }
}

/** The operands of an expression, in the order they are evaluated. */
export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "operator":
    case "select":
      return expression.operands;
    case "load":
      return [expression.place.address];
    default:
      return [];
  }
}
