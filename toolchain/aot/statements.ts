/** Statements as C: structured control flow where C has it, a goto where it has not. */
import type { FunctionType } from "../wasm/module.ts";
import type { ValueType } from "../wasm/opcodes.ts";
import { type Context, condition, negation, operand, suffix, value } from "./expression.ts";
import { type Expression, operandsOf, type Label, type Place, type Statement, type Variable } from "./ir.ts";
import type { LineOf } from "./lines.ts";

export interface StatementContext extends Context {
  /** Bytes of linear memory; an access that ends behind them traps. */
  readonly memoryBytes: number;
  readonly masked: boolean;
  readonly callee: (index: number) => string;
  readonly type: (index: number) => FunctionType;
  /** Number by which the table knows a type. */
  readonly typeNumber: (index: number) => number;
  /** Flag of a data segment, and the first two arguments of memory_init for it. */
  readonly dropped: (segment: number) => string;
  readonly segment: (segment: number) => string;
  readonly line: LineOf | undefined;
}

export const C_TYPE: Readonly<Record<ValueType, string>> = { i32: "u32", i64: "u64" };

/** What a branch can be written as at some place of the text. */
interface Surroundings {
  /** Labels that are reached by doing nothing more here. */
  readonly next: ReadonlySet<Label>;
  /** Labels that `break` and `continue` of the C loop around lead to; undefined inside a switch. */
  readonly onBreak: ReadonlySet<Label>;
  readonly onContinue: ReadonlySet<Label>;
}

const NONE: ReadonlySet<Label> = new Set();

/** Writes the body of a function. */
export class StatementWriter {
  readonly lines: string[] = [];
  readonly #context: StatementContext;
  /** Labels some goto names. */
  readonly #gotos = new Set<Label>();

  constructor(context: StatementContext) {
    this.#context = context;
  }

  body(list: readonly Statement[]): void {
    this.#list(list, 1, { next: NONE, onBreak: NONE, onContinue: NONE });
  }

  #list(list: readonly Statement[], depth: number, around: Surroundings): void {
    list.forEach((statement, i) => {
      const last = i === list.length - 1;
      this.#statement(statement, depth, last ? around : { ...around, next: NONE });
    });
  }

  #put(depth: number, text: string): void {
    this.lines.push(`${"  ".repeat(depth)}${text}`);
  }

  /** A #line directive if the statement comes from another line than the one before. */
  #mark(at: number): void {
    const line = this.#context.line?.(at);
    if (line === undefined) return;
    const text = `#line ${line.line} ${JSON.stringify(line.file)}`;
    if (this.lines.at(-1)?.startsWith("#line")) this.lines.pop();
    this.lines.push(text);
  }

  #statement(statement: Statement, depth: number, around: Surroundings): void {
    const context = this.#context;
    switch (statement.kind) {
      case "block":
        this.#block(statement, depth, around);
        return;
      case "loop":
        this.#loop(statement, depth, around);
        return;
      case "branch": {
        const text = this.#branch(statement.branch.label, around);
        if (text !== "") this.#put(depth, text);
        return;
      }
      default:
    }
    this.#mark(statement.at);
    switch (statement.kind) {
      case "declare":
        this.#put(depth, `${C_TYPE[statement.target.type]} ${context.variable(statement.target)};`);
        return;
      case "set":
        this.#put(depth, `${this.#target(statement.target)}${value(statement.value, context)};`);
        return;
      case "setGlobal":
        this.#put(depth, `${context.global(statement.index)} = ${value(statement.value, context)};`);
        return;
      case "evaluate":
        this.#put(depth, `(void)${operand(statement.value, context)};`);
        return;
      case "check": {
        const { address, extent } = statement;
        this.#put(depth, `check(${value(address, context)}, ${extentText(extent)});`);
        return;
      }
      case "store": {
        const { access, place } = statement;
        const narrowed = access.type === "i64" && access.bytes < 8;
        const stored = narrowed ? `(u32)${operand(statement.value, context)}` : value(statement.value, context);
        this.#put(
          depth,
          `store${access.bytes * 8}${suffix(place, access.bytes)}(${context.pointer(place, access.bytes)}, ${stored});`,
        );
        return;
      }
      case "call": {
        const values = statement.operands.map((one) => value(one, context));
        this.#put(depth, `${this.#target(statement.target)}${context.callee(statement.callee)}(${values.join(", ")});`);
        return;
      }
      case "callIndirect": {
        const { params, result } = context.type(statement.type);
        const types = params.map((type) => C_TYPE[type]).join(", ") || "void";
        const cast = `(${result === undefined ? "void" : C_TYPE[result]} (*)(${types}))`;
        const values = statement.operands.map((one) => value(one, context));
        const found = `table_entry(${value(statement.index, context)}, ${context.typeNumber(statement.type)})`;
        this.#put(depth, `${this.#target(statement.target)}(${cast}${found})(${values.join(", ")});`);
        return;
      }
      case "bulk":
        this.#bulk(statement, depth);
        return;
      case "dropData":
        this.#put(depth, `${context.dropped(statement.segment)} = 1;`);
        return;
      case "if":
        this.#if(statement, depth, around);
        return;
      case "switch":
        this.#switch(statement, depth);
        return;
      case "return":
        this.#put(depth, statement.value === undefined ? "return;" : `return ${value(statement.value, context)};`);
        return;
      case "unreachable":
        this.#put(depth, "mehr_aot_trap(MEHR_AOT_TRAP_UNREACHABLE);");
    }
  }

  #target(target: Variable | undefined): string {
    if (target === undefined) return "";
    const name = this.#context.variable(target);
    // A block's value has been declared before the block; other temporaries are set once, here.
    const declared = target.kind === "local" || this.#declared.has(target.index);
    return declared ? `${name} = ` : `const ${C_TYPE[target.type]} ${name} = `;
  }

  readonly #declared = new Set<number>();

  /** Tells which temporaries are set more than once and declared apart. */
  declare(list: readonly Statement[]): void {
    for (const statement of list) {
      if (statement.kind === "declare") this.#declared.add(statement.target.index);
      if (statement.kind === "block" || statement.kind === "loop") this.declare(statement.body);
      if (statement.kind === "if") {
        this.declare(statement.then);
        this.declare(statement.else);
      }
    }
  }

  #bulk(statement: Statement & { kind: "bulk" }, depth: number): void {
    const context = this.#context;
    const [to, from, count] = statement.operands.map((one) => value(one, context));
    if (statement.name === "memory.init") {
      const { segment } = statement;
      this.#put(depth, `memory_init(${context.segment(segment)}, ${to}, ${from}, ${count});`);
    } else {
      this.#put(depth, `${statement.name.replace(".", "_")}(${to}, ${from}, ${count});`);
    }
  }

  #if(statement: Statement & { kind: "if" }, depth: number, around: Surroundings): void {
    const test = condition(statement.condition, this.#context);
    const [first, second] = [statement.then, statement.else];
    const single = first.length === 1 && second.length === 0 ? first[0] : undefined;
    if (single?.kind === "branch") {
      const text = this.#branch(single.branch.label, { ...around, next: around.next });
      if (text !== "") this.#put(depth, `if (${test}) ${text}`);
      else this.#put(depth, `(void)(${test});`);
      return;
    }
    if (single?.kind === "return" && single.value === undefined) {
      this.#put(depth, `if (${test}) return;`);
      return;
    }
    this.#put(depth, `if (${test}) {`);
    this.#list(first, depth + 1, around);
    if (second.length > 0) {
      this.#put(depth, "} else {");
      this.#list(second, depth + 1, around);
    }
    this.#put(depth, "}");
  }

  #switch(statement: Statement & { kind: "switch" }, depth: number): void {
    this.#put(depth, `switch (${value(statement.index, this.#context)}) {`);
    const { branches } = statement;
    branches.forEach(({ label }, i) => {
      const last = i === branches.length - 1;
      // Neighbours with one target share it.
      if (!last && branches[i + 1]?.label === label) {
        this.#put(depth + 1, `case ${i}:`);
        return;
      }
      this.#gotos.add(label);
      this.#put(depth + 1, `${last ? "default" : `case ${i}`}: goto ${labelName(label)};`);
    });
    this.#put(depth, "}");
  }

  #block({ label, body }: Statement & { kind: "block" }, depth: number, around: Surroundings): void {
    if (label.uses === 0) {
      this.#list(body, depth, around);
      return;
    }
    const inner: Surroundings = { ...around, next: new Set([...around.next, label]) };
    const start = this.lines.length;
    this.#list(body, depth + 1, inner);
    if (this.#gotos.has(label)) {
      this.lines.splice(start, 0, `${"  ".repeat(depth)}{`);
      this.#put(depth, "}");
      this.#put(depth, `${labelName(label)}:;`);
      return;
    }
    // Nothing jumps to its end, so nothing needs to show where that is.
    const flat = this.lines.splice(start).map((line) => (line.startsWith("#") ? line : line.slice(2)));
    this.lines.push(...flat);
  }

  #loop({ label, body, at }: Statement & { kind: "loop" }, depth: number, around: Surroundings): void {
    if (label.uses === 0) {
      this.#list(body, depth, around);
      return;
    }
    const inside: Surroundings = { next: NONE, onBreak: around.next, onContinue: new Set([label]) };
    const last = body.at(-1);
    this.#mark(at);
    const start = this.lines.length;
    // `continue` in a do loop goes to its condition, so the do form is for loops that have no other way back.
    const back = last?.kind === "if" && last.else.length === 0 && last.then.length === 1 ? last.then[0] : undefined;
    // And to where its temporaries are no longer in scope.
    const plain = last?.kind === "if" && !readsTemporary(last.condition);
    if (last?.kind === "if" && plain && back?.kind === "branch" && back.branch.label === label && label.uses === 1) {
      this.#put(depth, "do {");
      this.#list(body.slice(0, -1), depth + 1, { ...inside, onContinue: NONE });
      this.#mark(last.at);
      this.#put(depth, `} while (${condition(last.condition, this.#context)});`);
      return;
    }
    if (last?.kind === "if" && last.else.length === 0 && isBranchTo(last.then.at(-1), label)) {
      // What does not go round again leaves.
      const again = { ...inside, next: new Set([label]) };
      if (body.length === 1) {
        this.#put(depth, `while (${condition(last.condition, this.#context)}) {`);
      } else {
        this.#put(depth, "for (;;) {");
        this.#list(body.slice(0, -1), depth + 1, inside);
        this.#mark(last.at);
        this.#put(depth + 1, `if (${negation(last.condition, this.#context)}) break;`);
      }
      this.#list(last.then.slice(0, -1), depth + 1, again);
    } else {
      const ends = isBranchTo(last, label);
      this.#put(depth, "for (;;) {");
      this.#list(ends ? body.slice(0, -1) : body, depth + 1, ends ? { ...inside, next: new Set([label]) } : inside);
      if (!ends && !leaves(last)) this.#put(depth + 1, "break;");
    }
    this.#put(depth, "}");
    if (this.#gotos.has(label)) this.lines.splice(start, 0, `${"  ".repeat(depth)}${labelName(label)}:;`);
  }

  /** C that branches to `label`; empty if doing nothing gets there. */
  #branch(label: Label, { next, onBreak, onContinue }: Surroundings): string {
    if (next.has(label)) return "";
    if (onBreak.has(label)) return "break;";
    if (onContinue.has(label)) return "continue;";
    this.#gotos.add(label);
    return `goto ${labelName(label)};`;
  }
}

function readsTemporary(expression: Expression): boolean {
  if (expression.kind === "variable") return expression.variable.kind === "temporary";
  return operandsOf(expression).some(readsTemporary);
}

function isBranchTo(statement: Statement | undefined, label: Label): boolean {
  return statement?.kind === "branch" && statement.branch.label === label;
}

function labelName({ id }: Label): string {
  return `L${id}`;
}

/** True if nothing runs after `statement`. */
function leaves(statement: Statement | undefined): boolean {
  return statement !== undefined && ["branch", "return", "switch", "unreachable"].includes(statement.kind);
}

/** C of how far above an address an access reaches; what passes 32 bits is outside any memory, as is the most they hold. */
function extentText(extent: number): string {
  return extent >= 2 ** 32 ? "UINT32_MAX" : `${extent}u`;
}

/** C of a pointer to a place, by the bounds mode. */
export function pointerText(place: Place, bytes: number, context: StatementContext, slack: number): string {
  const { address, offset } = place;
  const behind = (text: string): string => (offset === 0 ? text : `${text} + ${offset}`);
  if (address.kind === "constant") {
    const at = Number(address.value) + offset;
    if (at + bytes <= context.memoryBytes) return `m + ${at}`;
  }
  const text = value(address, context);
  if (context.masked) {
    if (offset + bytes <= slack) return behind(`m + (${operand(address, context)} & MASK)`);
    return `m + ((${operand(address, context)} + ${offset}u) & MASK)`;
  }
  if (!place.checkedHere) return behind(`m + ${operand(address, context)}`);
  return behind(`at(m, ${text}, ${extentText(offset + bytes)})`);
}
