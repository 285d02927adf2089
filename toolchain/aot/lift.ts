/**
 * From the stack machine to statements and expressions.
 *
 * Values on the wasm stack become C expressions that are written where they are consumed, later than the instruction
 * that pushed them. A value is kept in a temporary when something in between would make that visible: a local it reads
 * is set, memory or a global it reads is written, or its trap would come after an effect or a trap of another kind.
 * C leaves the order of operands open; what is left in one expression gives the same, or the same trap, in any order.
 */
import { type FunctionBody, type FunctionType, refused, type WasmModule } from "../wasm/module.ts";
import { ACCESSES, OP, OPERATORS, PREFIXED, refusedName, type ValueType } from "../wasm/opcodes.ts";
import { Reader } from "../wasm/reader.ts";
import {
  conflict,
  type Expression,
  type Label,
  type LiftedFunction,
  make,
  type Statement,
  type TrapKind,
  trapOf,
  type Variable,
} from "./ir.ts";

/** Operators within operators of one expression, and blocks within blocks: C compilers take 256 brackets. */
const DEPTH_LIMIT = 50;
const NESTING_LIMIT = 100;

interface Frame {
  readonly label: Label;
  /** Where its value goes; undefined for a block without one. */
  readonly result: Variable | undefined;
  /** Values on the stack when it began. */
  readonly height: number;
  readonly statements: Statement[];
  /** For an if: its condition, its first arm once `else` has come, the place of the instruction. */
  readonly condition: Expression | undefined;
  then: Statement[] | undefined;
  readonly at: number;
}

/** Lifts the function with index `index` of the function space. Throws MehrError (1) for what is outside the subset. */
export function liftFunction(module: WasmModule, index: number, name: string): LiftedFunction {
  const body = module.functions[index - module.imports.length];
  const type = body && module.types[body.type];
  if (body === undefined || type === undefined) throw new RangeError(`no function ${index}`);
  return new Lifter(module, index, name, body, type).run();
}

class Lifter {
  readonly #module: WasmModule;
  readonly #index: number;
  readonly #name: string;
  readonly #type: FunctionType;
  readonly #reader: Reader;
  readonly #end: number;
  readonly #locals: readonly ValueType[];
  readonly #calls = new Set<number>();
  readonly #tableCalls = new Set<number>();
  readonly #frames: Frame[] = [];
  readonly #stack: Expression[] = [];
  #labels = 0;
  #temporaries = 0;
  /** Offset of the instruction at hand. */
  #at = 0;

  constructor(module: WasmModule, index: number, name: string, body: FunctionBody, type: FunctionType) {
    this.#module = module;
    this.#index = index;
    this.#name = name;
    this.#type = type;
    this.#locals = [...type.params, ...body.locals.flatMap(({ count, type: of }) => Array<ValueType>(count).fill(of))];
    this.#reader = new Reader(module.bytes, body.start);
    this.#end = body.end;
  }

  run(): LiftedFunction {
    const label: Label = { id: 0, kind: "function", uses: 0 };
    const result = undefined;
    this.#frames.push({ label, result, height: 0, statements: [], condition: undefined, then: undefined, at: 0 });
    const outermost = this.#top();
    while (this.#reader.at < this.#end) this.#step();
    return {
      index: this.#index,
      type: this.#type,
      locals: this.#locals,
      body: outermost.statements,
      calls: this.#calls,
      callsThroughTable: this.#tableCalls,
    };
  }

  #step(): void {
    const reader = this.#reader;
    this.#at = reader.at;
    const code = reader.byte();
    const operator = OPERATORS.get(code);
    if (operator !== undefined) {
      this.#push(make.operator(operator, this.#popSettled(operator.operands.length, trapOf(operator))));
      return;
    }
    const access = ACCESSES.get(code);
    if (access !== undefined) {
      // Bit 6 of the alignment says that the index of a memory follows.
      if (reader.number() >= 64) throw this.#refused(`${access.name} of a second memory`);
      const offset = reader.number();
      if (!access.store) {
        const [address] = this.#popSettled(1, "memory") as [Expression];
        this.#push(make.load(access, address, offset));
        return;
      }
      const [address, value] = this.#popSettled(2, "memory") as [Expression, Expression];
      this.#keepBeforeEffect("memory");
      this.#emit({
        kind: "store",
        access,
        place: { address, offset, checkedHere: true, alignment: 1 },
        value,
        at: this.#at,
      });
      return;
    }
    switch (code) {
      case OP.nop:
        return;
      case OP.unreachable:
        this.#keepTraps();
        this.#emit({ kind: "unreachable", at: this.#at });
        this.#skipDead();
        return;
      case OP.block:
      case OP.loop:
      case OP.if:
        this.#begin(code);
        return;
      case OP.else:
        this.#else();
        return;
      case OP.end:
        this.#finish();
        return;
      case OP.br: {
        const frame = this.#frame(reader.number());
        this.#keepTraps();
        this.#leave(frame);
        this.#skipDead();
        return;
      }
      case OP.brIf:
        this.#branchIf(this.#frame(reader.number()));
        return;
      case OP.brTable:
        this.#branchTable();
        return;
      case OP.return:
        this.#keepTraps();
        this.#leave(this.#frame(this.#frames.length - 1));
        this.#skipDead();
        return;
      case OP.call:
        this.#call(reader.number());
        return;
      case OP.callIndirect:
        this.#callIndirect(reader.number(), reader.number());
        return;
      case OP.drop: {
        const value = this.#pop();
        if (value.facts.traps !== undefined) {
          this.#keepTraps();
          this.#emit({ kind: "evaluate", value, at: this.#at });
        }
        return;
      }
      case OP.select:
        this.#select();
        return;
      case OP.localGet:
        this.#stack.push(make.variable(this.#local(reader.number())));
        return;
      case OP.localSet:
      case OP.localTee: {
        const local = this.#local(reader.number());
        this.#set(local, this.#pop());
        if (code === OP.localTee) this.#stack.push(make.variable(local));
        return;
      }
      case OP.globalGet: {
        const index = reader.number();
        this.#stack.push(make.global(this.#module.globals[index]?.type ?? "i32", index));
        return;
      }
      case OP.globalSet: {
        const index = reader.number();
        const value = this.#pop();
        this.#keepBeforeEffect("globals");
        this.#emit({ kind: "setGlobal", index, value, at: this.#at });
        return;
      }
      case OP.memorySize:
        reader.byte();
        this.#stack.push(make.memorySize());
        return;
      case OP.i32Const:
        this.#stack.push(make.constant("i32", BigInt.asUintN(32, reader.signed())));
        return;
      case OP.i64Const:
        this.#stack.push(make.constant("i64", BigInt.asUintN(64, reader.signed())));
        return;
      case OP.prefix:
        this.#prefixed(reader.number());
        return;
      default:
        throw this.#refused(refusedName(code));
    }
  }

  #prefixed(code: number): void {
    const reader = this.#reader;
    if (code === PREFIXED.dataDrop) {
      this.#keepBeforeEffect("memory");
      this.#emit({ kind: "dropData", segment: reader.number(), at: this.#at });
      return;
    }
    let segment = 0;
    let name: "memory.copy" | "memory.fill" | "memory.init";
    if (code === PREFIXED.memoryInit) {
      name = "memory.init";
      segment = reader.number();
      reader.number();
    } else if (code === PREFIXED.memoryCopy) {
      name = "memory.copy";
      reader.number();
      reader.number();
    } else if (code === PREFIXED.memoryFill) {
      name = "memory.fill";
      reader.number();
    } else {
      throw this.#refused(refusedName(OP.prefix, code));
    }
    const operands = this.#popSettled(3, "memory");
    this.#keepBeforeEffect("memory");
    this.#emit({ kind: "bulk", name, segment, operands, at: this.#at });
  }

  // --- calls

  #call(callee: number): void {
    const { imports, functions, types } = this.#module;
    const type = types[imports[callee]?.type ?? functions[callee - imports.length]?.type ?? -1];
    if (type === undefined) throw new RangeError(`no function ${callee}`);
    const operands = this.#popSettled(type.params.length);
    this.#keepBeforeEffect("everything");
    this.#calls.add(callee);
    const target = type.result && this.#temporary(type.result);
    this.#emit({ kind: "call", target, callee, operands, at: this.#at });
    if (target !== undefined) this.#stack.push(make.variable(target));
  }

  #callIndirect(typeIndex: number, table: number): void {
    const type = this.#module.types[typeIndex];
    if (type === undefined || table !== 0) throw new RangeError(`no type ${typeIndex} or table ${table}`);
    // The index is looked up, and may trap, after the operands.
    const popped = this.#popSettled(type.params.length + 1);
    const index = popped[type.params.length];
    if (index === undefined) throw new RangeError("the stack is too short");
    let operands: readonly Expression[] = popped.slice(0, -1);
    if (operands.some(({ facts }) => facts.traps !== undefined)) operands = operands.map((one) => this.#kept(one));
    this.#keepBeforeEffect("everything");
    this.#tableCalls.add(typeIndex);
    const target = type.result && this.#temporary(type.result);
    this.#emit({ kind: "callIndirect", target, type: typeIndex, index, operands, at: this.#at });
    if (target !== undefined) this.#stack.push(make.variable(target));
  }

  // --- control

  #begin(code: number): void {
    const at = this.#at;
    const type = this.#blockType();
    const condition = code === OP.if ? this.#pop() : undefined;
    // What is below stays on the stack while the block runs and may set anything.
    for (let i = 0; i < this.#stack.length; i++) this.#keep(i);
    if (this.#frames.length > NESTING_LIMIT) throw this.#refused(`blocks nested more than ${NESTING_LIMIT} deep`);
    const label: Label = { id: ++this.#labels, kind: code === OP.loop ? "loop" : "block", uses: 0 };
    const result = type && this.#temporary(type);
    if (result !== undefined) this.#emit({ kind: "declare", target: result, at });
    const height = this.#stack.length;
    this.#frames.push({ label, result, height, statements: [], condition, then: undefined, at });
  }

  #else(): void {
    const frame = this.#top();
    this.#fallThrough(frame);
    frame.then = frame.statements.splice(0);
    this.#stack.length = frame.height;
  }

  #finish(): void {
    const frame = this.#top();
    if (this.#frames.length === 1) {
      this.#returnAtEnd();
      return;
    }
    this.#fallThrough(frame);
    this.#close(frame);
  }

  /** Ends the innermost frame: its statements become one of the frame around it. */
  #close(frame: Frame): void {
    this.#frames.pop();
    this.#stack.length = frame.height;
    const { label, statements, at } = frame;
    if (frame.condition === undefined) {
      this.#emit({ kind: label.kind === "loop" ? "loop" : "block", label, body: statements, at });
    } else {
      const both = frame.then === undefined ? { then: statements, else: [] } : { then: frame.then, else: statements };
      const statement: Statement = { kind: "if", condition: frame.condition, ...both, at };
      this.#emit(label.uses > 0 ? { kind: "block", label, body: [statement], at } : statement);
    }
    if (frame.result !== undefined) this.#stack.push(make.variable(frame.result));
  }

  /** The end of a block is reached with its value on the stack. */
  #fallThrough(frame: Frame): void {
    this.#keepTraps(frame.result === undefined ? 0 : 1);
    if (frame.result !== undefined) this.#set(frame.result, this.#pop());
  }

  #returnAtEnd(): void {
    this.#keepTraps(this.#type.result === undefined ? 0 : 1);
    const value = this.#type.result === undefined ? undefined : this.#pop();
    if (value !== undefined) this.#emit({ kind: "return", value, at: this.#at });
  }

  /** A branch to the end of `frame`, or the start if it is a loop, taking the value on the stack with it. */
  #leave(frame: Frame): void {
    if (frame.label.kind === "function") {
      const value = this.#type.result === undefined ? undefined : this.#pop();
      this.#emit({ kind: "return", value, at: this.#at });
      return;
    }
    if (frame.label.kind === "block" && frame.result !== undefined) this.#set(frame.result, this.#pop());
    this.#emit({ kind: "branch", branch: this.#branchTo(frame), at: this.#at });
  }

  #branchTo(frame: Frame): { label: Label } {
    frame.label.uses++;
    return { label: frame.label };
  }

  #carries(frame: Frame): boolean {
    if (frame.label.kind === "function") return this.#type.result !== undefined;
    return frame.label.kind === "block" && frame.result !== undefined;
  }

  #branchIf(frame: Frame): void {
    // The value, if one goes along, is used twice: on the way and by what follows.
    const condition = this.#conditionAbove(this.#carries(frame) ? 1 : 0);
    this.#keepTraps();
    const value = this.#carries(frame) ? this.#stack.at(-1) : undefined;
    const then = this.#aside(() => this.#leave(frame));
    if (value !== undefined) this.#stack.push(value);
    this.#emit({ kind: "if", condition, then, else: [], at: this.#at });
  }

  /** Pops the condition; the `values` below it are kept in variables, so that they can be read twice. */
  #conditionAbove(values: number): Expression {
    for (let i = this.#stack.length - 1 - values; i < this.#stack.length - 1; i++) this.#keep(i);
    const condition = this.#pop();
    return condition.facts.traps !== undefined && this.#anyTraps() ? this.#kept(condition) : condition;
  }

  #branchTable(): void {
    const reader = this.#reader;
    const depths = Array.from({ length: reader.number() + 1 }, () => -1).map(() => reader.number());
    const frames = depths.map((depth) => this.#frame(depth));
    const value = frames.some((frame) => this.#carries(frame));
    const index = this.#conditionAbove(value ? 1 : 0);
    this.#keepTraps();
    if (!value && frames.every(({ label }) => label.kind !== "function")) {
      const branches = frames.map((frame) => this.#branchTo(frame));
      this.#emit({ kind: "switch", index, branches, at: this.#at });
      this.#skipDead();
      return;
    }
    // Branches that take a value or leave the function each need statements of their own: a block around each.
    const carried = value ? this.#stack.at(-1) : undefined;
    const targets = [...new Set(frames)];
    if (targets.length > NESTING_LIMIT) throw this.#refused(`a br_table to more than ${NESTING_LIMIT} blocks`);
    const labels = new Map(
      targets.map((frame) => [frame, { id: ++this.#labels, kind: "block", uses: 0 } satisfies Label as Label]),
    );
    const branches = frames.map((frame) => {
      const label = labels.get(frame) as Label;
      label.uses++;
      return { label };
    });
    let inner: Statement[] = [{ kind: "switch", index, branches, at: this.#at }];
    for (const frame of targets) {
      if (carried !== undefined) this.#stack.push(carried);
      const block: Statement = { kind: "block", label: labels.get(frame) as Label, body: inner, at: this.#at };
      inner = [block, ...this.#aside(() => this.#leave(frame))];
    }
    for (const statement of inner) this.#emit(statement);
    this.#skipDead();
  }

  /** After a branch nothing runs until the block ends; validation has seen to its types, so it is only skipped. */
  #skipDead(): void {
    const reader = this.#reader;
    for (let depth = 0; reader.at < this.#end;) {
      this.#at = reader.at;
      const code = reader.byte();
      if (code === OP.block || code === OP.loop || code === OP.if) {
        this.#blockType();
        depth++;
      } else if (code === OP.else && depth === 0) {
        const frame = this.#top();
        frame.then = frame.statements.splice(0);
        this.#stack.length = frame.height;
        return;
      } else if (code === OP.end) {
        if (depth === 0) {
          const frame = this.#top();
          if (this.#frames.length > 1) this.#close(frame);
          return;
        }
        depth--;
      } else {
        this.#skipImmediates(code);
      }
    }
  }

  #skipImmediates(code: number): void {
    const reader = this.#reader;
    if (OPERATORS.has(code)) return;
    if (ACCESSES.has(code)) {
      reader.number();
      reader.number();
      return;
    }
    switch (code) {
      case OP.unreachable:
      case OP.nop:
      case OP.else:
      case OP.return:
      case OP.drop:
      case OP.select:
        return;
      case OP.br:
      case OP.brIf:
      case OP.call:
      case OP.localGet:
      case OP.localSet:
      case OP.localTee:
      case OP.globalGet:
      case OP.globalSet:
      case OP.memorySize:
        reader.number();
        return;
      case OP.callIndirect:
        reader.number();
        reader.number();
        return;
      case OP.brTable:
        for (let count = reader.number(); count >= 0; count--) reader.number();
        return;
      case OP.i32Const:
      case OP.i64Const:
        reader.signed();
        return;
      case OP.prefix: {
        const second = reader.number();
        if (second === PREFIXED.dataDrop || second === PREFIXED.memoryFill) reader.number();
        else if (second === PREFIXED.memoryInit || second === PREFIXED.memoryCopy) {
          reader.number();
          reader.number();
        } else throw this.#refused(refusedName(OP.prefix, second));
        return;
      }
      default:
        throw this.#refused(refusedName(code));
    }
  }

  #blockType(): ValueType | undefined {
    const code = this.#reader.signed();
    if (code === -64n) return undefined;
    if (code === -1n) return "i32";
    if (code === -2n) return "i64";
    if (code < 0n) throw this.#refused("a block with a value that is no integer");
    const type = this.#module.types[Number(code)];
    if (type === undefined || type.params.length > 0) throw this.#refused("a block with parameters");
    return type.result;
  }

  // --- the stack

  #select(): void {
    const [first, second, condition] = this.#popSettled(3) as [Expression, Expression, Expression];
    // C evaluates one of the two; wasm has evaluated both.
    const traps = first.facts.traps ?? second.facts.traps;
    const operands = [first, second, condition];
    this.#push(make.select(traps === undefined ? operands : operands.map((one) => this.#kept(one))));
  }

  #set(variable: Variable, value: Expression): void {
    if (variable.kind === "local") this.#keepWhere(({ facts }) => facts.locals.has(variable.index));
    const { traps } = value.facts;
    if (traps !== undefined) this.#keepWhere(({ facts }) => conflict(facts.traps, traps));
    const last = this.#top().statements.at(-1);
    const isLastCall =
      (last?.kind === "call" || last?.kind === "callIndirect") &&
      value.kind === "variable" &&
      value.variable.kind === "temporary" &&
      value.variable === last.target &&
      !this.#stack.some((one) => one.kind === "variable" && one.variable === value.variable);
    if (isLastCall) last.target = variable;
    else this.#emit({ kind: "set", target: variable, value, at: this.#at });
  }

  /**
   * Pops `count` operands of one instruction, which traps itself with `own`. Operands with traps of different kinds
   * are kept in variables, in their order; those with one kind only may be evaluated in any order.
   */
  #popSettled(count: number, own?: TrapKind): readonly Expression[] {
    const start = this.#stack.length - count;
    const kinds: TrapKind[] = this.#stack.slice(start).flatMap(({ facts }) => facts.traps ?? []);
    if (own !== undefined) kinds.push(own);
    if (kinds.some((a, i) => kinds.some((b, j) => j > i && conflict(a, b)))) {
      for (let i = start; i < this.#stack.length; i++) if (this.#stack[i]?.facts.traps) this.#keep(i);
    }
    return this.#stack.splice(start, count);
  }

  /** Pushes a value; one that is nested deeply is kept, for the sake of C compilers and readers. */
  #push(value: Expression): void {
    this.#stack.push(value);
    if (value.depth > DEPTH_LIMIT) this.#keep(this.#stack.length - 1);
  }

  #pop(): Expression {
    const value = this.#stack.pop();
    if (value === undefined) throw new RangeError(`the stack of ${this.#name} is empty at ${this.#at}`);
    return value;
  }

  /** An expression already popped, in a variable unless it is one or a constant. */
  #kept(value: Expression): Expression {
    this.#stack.push(value);
    this.#keep(this.#stack.length - 1);
    return this.#pop();
  }

  /** Puts entry `index` of the stack in a temporary; what lies below and may trap comes first. */
  #keep(index: number): void {
    const value = this.#stack[index];
    if (value === undefined || value.kind === "constant") return;
    if (value.kind === "variable" && value.variable.kind === "temporary") return;
    const { traps } = value.facts;
    for (let below = 0; traps !== undefined && below < index; below++) {
      if (conflict(this.#stack[below]?.facts.traps, traps)) this.#keep(below);
    }
    const target = this.#temporary(value.type);
    this.#emit({ kind: "set", target, value, at: this.#at });
    this.#stack[index] = make.variable(target);
  }

  #keepWhere(condition: (value: Expression) => boolean, spare = 0): void {
    for (let i = 0; i < this.#stack.length - spare; i++) {
      const value = this.#stack[i];
      if (value !== undefined && condition(value)) this.#keep(i);
    }
  }

  /** Before something that can be seen: whatever may trap does so now; but for the topmost `spare` values. */
  #keepTraps(spare = 0): void {
    this.#keepWhere(({ facts }) => facts.traps !== undefined, spare);
  }

  #anyTraps(): boolean {
    return this.#stack.some(({ facts }) => facts.traps !== undefined);
  }

  #keepBeforeEffect(on: "memory" | "globals" | "everything"): void {
    this.#keepWhere(
      ({ facts }) =>
        facts.traps !== undefined || (on !== "globals" && facts.readsMemory) || (on !== "memory" && facts.readsGlobals),
    );
  }

  // --- small things

  #emit(statement: Statement): void {
    this.#top().statements.push(statement);
  }

  /** The statements `write` emits, for somewhere else. */
  #aside(write: () => void): Statement[] {
    const { statements } = this.#top();
    // Out of its sight, so that it does not change the call before it.
    const before = statements.splice(0);
    write();
    return statements.splice(0, statements.length, ...before);
  }

  #top(): Frame {
    return this.#frame(0);
  }

  #frame(depth: number): Frame {
    const frame = this.#frames[this.#frames.length - 1 - depth];
    if (frame === undefined) throw new RangeError(`no block ${depth} around ${this.#at} in ${this.#name}`);
    return frame;
  }

  #local(index: number): Variable {
    const type = this.#locals[index];
    if (type === undefined) throw new RangeError(`no local ${index} in ${this.#name}`);
    return { kind: "local", index, type };
  }

  #temporary(type: ValueType): Variable {
    return { kind: "temporary", index: ++this.#temporaries, type };
  }

  #refused(instruction: string): Error {
    return refused(`${this.#name} has ${instruction} at offset ${this.#at}`);
  }
}
