/**
 * Writes the body of one generated function (wasm-generator.ts), valid by construction: every method says what it
 * leaves on the stack. Here are values, addresses and calls; control flow is in wasm-control.ts, statements and the
 * shapes that are there for a reason in wasm-shapes.ts.
 */
import type { Choices } from "./wasm-choices.ts";
import { type ModulePlan, type PlannedFunction, REACH, sameSignature } from "./wasm-code.ts";
import { ControlWriter } from "./wasm-control.ts";
import { LOADS, OP, OPERATORS, STORES, type ValueType } from "./wasm-instructions.ts";
import { statements } from "./wasm-shapes.ts";

export class FunctionWriter extends ControlWriter {
  /** Values and statements that may still be more than the plainest. */
  #budget: number;

  constructor(plan: ModulePlan, self: PlannedFunction, choices: Choices, seen: Set<number>) {
    super(plan, self, choices, seen);
    this.#budget = choices.between(10, self.kind === "leaf" ? 60 : 140);
  }

  /** Prologue, statements, epilogue, which leaves the result. */
  write(prologue: () => void, epilogue: () => void): Uint8Array {
    this.outermost(() => {
      prologue();
      for (let left = this.choices.between(1, 5); left > 0; left--) this.statement(4);
      epilogue();
    });
    return this.bytes();
  }

  // Values: each leaves one value of its type.

  value(type: ValueType, depth = 4): void {
    if (--this.#budget <= 0 || depth <= 0) return this.leaf(type);
    const down = depth - 1;
    const operators = OPERATORS[type];
    const memory = this.plan.memoryBytes > 0 ? 1 : 0;
    this.choices.weighted<() => void>([
      [5, () => this.leaf(type)],
      [8, () => this.binary(type, this.choices.pick([operators.add, operators.sub, operators.mul]), down)],
      [4, () => this.binary(type, this.choices.pick([operators.and, operators.or, operators.xor]), down)],
      [5, () => this.shift(type, down)],
      [3, () => this.divide(type, down)],
      [4, () => this.unary(type, down)],
      [type === "i32" ? 6 : 0, () => this.compare(this.choices.pick(["i32", "i64"]), down)],
      [4, () => this.convert(type, down)],
      [5 * memory, () => this.load(type)],
      [3, () => this.tee(type, down)],
      [3, () => this.select(type, down)],
      [2, () => this.block(type, down)],
      [2, () => this.if(type, down)],
      [1, () => this.loop(type, down)],
      [3, () => this.callFor(type, down)],
      [1, () => this.branchValue(type, down)],
      [type === "i32" ? memory : 0, () => (this.op(OP.memorySize), this.code.push(0))],
    ])();
  }

  /** A condition: anything, with the shapes a translator may fold. */
  condition(depth = 2): void {
    this.choices.weighted<() => void>([
      [3, () => this.value("i32", depth)],
      [3, () => this.compare(this.choices.pick(["i32", "i64"]), depth)],
      [1, () => (this.condition(depth - 1), this.op(OPERATORS.i32.eqz))],
    ])();
  }

  /** Two values with anything between them, then an operator. */
  binary(type: ValueType, operator: number, depth: number): void {
    this.value(type, depth);
    if (this.choices.chance(0.15)) this.statement(depth);
    this.value(type, depth);
    this.op(operator);
  }

  shift(type: ValueType, depth: number): void {
    const { shl, shrS, shrU, rotl, rotr } = OPERATORS[type];
    this.value(type, depth);
    if (this.choices.chance(0.5)) this.const(type, this.choices.below(70));
    else this.value(type, depth);
    this.op(this.choices.pick([shl, shrS, shrU, rotl, rotr]));
  }

  divide(type: ValueType, depth: number): void {
    if (this.risk() && this.choices.chance(0.2)) {
      this.least(type);
      this.const(type, -1);
      return this.op(OPERATORS[type].divide[0] ?? 0);
    }
    this.value(type, depth);
    this.divisor(type, depth);
    this.op(this.choices.pick(OPERATORS[type].divide));
  }

  /** Mostly not 0. */
  divisor(type: ValueType, depth: number): void {
    if (this.risk()) {
      if (this.choices.chance(0.3)) this.const(type, this.choices.below(2) - 1);
      else this.value(type, depth);
    } else if (this.choices.chance(0.5)) {
      const value = this.constant(type);
      // -1 overflows on the least number: div_s traps, rem_s is 0.
      this.const(type, value === 0n || (value === -1n && !this.choices.chance(0.3)) ? 3n : value);
    } else {
      this.value(type, depth);
      // 1 to 0xff: an i64 that is odd might be -1 too.
      this.const(type, 0xfe);
      this.op(OPERATORS[type].and);
      this.const(type, 1);
      this.op(OPERATORS[type].or);
    }
  }

  unary(type: ValueType, depth: number): void {
    this.value(type, depth);
    this.op(this.choices.pick(OPERATORS[type].unary));
  }

  /** Leaves an i32. */
  compare(type: ValueType, depth: number): void {
    const { compare, eqz } = OPERATORS[type];
    if (this.choices.chance(0.2)) {
      this.value(type, depth);
      this.op(eqz);
    } else {
      this.binary(type, this.choices.pick(compare), depth);
    }
  }

  convert(to: ValueType, depth: number): void {
    this.value(to === "i32" ? "i64" : "i32", depth);
    this.op(to === "i32" ? OP.wrap : this.choices.pick([OP.extendU, OP.extendS]));
  }

  load(type: ValueType): void {
    if (this.plan.memoryBytes === 0) return this.leaf(type);
    const load = this.choices.pick(LOADS[type]);
    this.access(load, this.address(load.width));
  }

  tee(type: ValueType, depth: number): void {
    this.value(type, depth);
    this.indexed(OP.localTee, this.choices.pick(this.settable(type)));
  }

  select(type: ValueType, depth: number): void {
    this.value(type, depth);
    this.value(type, depth);
    this.condition(depth);
    this.op(OP.select);
  }

  /** Leaves an address for an access of so many bytes, and gives the offset that belongs to it. */
  address(width: number): number {
    const { choices } = this;
    const size = this.plan.memoryBytes;
    if (this.risk()) return this.wildAddress(width);
    return choices.weighted<() => number>([
      [
        6,
        () => {
          this.indexed(OP.localGet, choices.pick(this.pointers));
          return choices.below(choices.pick([16, REACH]) - width + 1);
        },
      ],
      [3, () => (this.masked(choices.pick([0xf, 0xf8, 0xff, 0x7fff])), choices.below(choices.pick([8, 64, 0x7f00])))],
      [2, () => (this.const("i32", choices.below(200)), choices.below(64))],
      // The last bytes there are.
      [2, () => this.split(size - width - choices.pick([0, 0, 1, 2, 8]))],
      [1, () => (this.masked(7), size - width - 7)],
    ])();
  }

  /** An address with room behind it. */
  pointer(): void {
    const { choices } = this;
    const last = this.plan.memoryBytes - REACH;
    if (this.risk()) {
      if (choices.chance(0.7)) this.const("i32", this.plan.memoryBytes - choices.below(REACH));
      else this.value("i32", 2);
      return;
    }
    choices.weighted<() => void>([
      [3, () => this.const("i32", choices.below(256))],
      [3, () => this.masked(choices.pick([0x1f, 0xff, 0x1f8, 0x1fc]))],
      [2, () => this.indexed(OP.localGet, choices.pick(this.pointers))],
      [2, () => this.const("i32", last - choices.pick([0, 0, 1, 8]))],
      [
        1,
        () =>
          this.sequence(
            () => this.const("i32", last),
            () => this.masked(0x3f),
            OPERATORS.i32.sub,
          ),
      ],
    ])();
  }

  /** A value between 0 and mask. */
  masked(mask: number): void {
    this.value("i32", 2);
    this.const("i32", mask);
    this.op(OPERATORS.i32.and);
  }

  /** An address as a constant and an offset. */
  split(address: number): number {
    const offset = this.choices.below(this.choices.pick([1, 64, address + 1]));
    this.const("i32", address - offset);
    return offset;
  }

  wildAddress(width: number): number {
    const { choices } = this;
    const size = this.plan.memoryBytes;
    return choices.weighted<() => number>([
      // Its last byte is the first one outside, or up to eight further.
      [4, () => this.split(size - width + 1 + choices.below(8))],
      // Together beyond 2^32: must not come back to the beginning.
      [2, () => (this.const("i32", -1 - choices.below(16)), choices.below(64))],
      [1, () => (this.const("i32", choices.below(16)), choices.pick([0xffffffff, 0xfffffff0, 0x80000000, size]))],
      [2, () => (this.value("i32", 2), choices.below(16))],
    ])();
  }

  // Calls.

  /** Functions this one may call. */
  callable(result: ValueType | undefined): number[] {
    return this.plan.functions.flatMap(({ kind, result: of }, i) =>
      of === result && (kind === "import" || (this.self.kind !== "leaf" && kind !== "root")) ? [i] : [],
    );
  }

  /** Calls something with this result; without anything to call, a leaf or nothing. */
  callFor(result: ValueType | undefined, depth: number): void {
    const direct = this.callable(result);
    const indirect = this.self.kind === "leaf" ? [] : this.tableEntries(result);
    if (indirect.length > 0 && this.choices.chance(0.4)) this.callIndirect(this.choices.pick(indirect), depth);
    else if (direct.length > 0) this.call(this.choices.pick(direct), depth);
    else if (result !== undefined) this.leaf(result);
  }

  /** Leaves the arguments of a function, or of any in the table with its type. */
  arguments(target: PlannedFunction | undefined, depth: number): void {
    const pointer =
      target?.takesPointer === true ||
      this.plan.table.some((index) => {
        const other = this.plan.functions[index ?? -1];
        return other?.takesPointer === true && sameSignature(other, target);
      });
    (target?.params ?? []).forEach((type, i) => {
      if (i === 0 && pointer) this.pointer();
      else this.value(type, depth - 1);
    });
  }

  call(index: number, depth: number): void {
    this.arguments(this.plan.functions[index], depth);
    this.indexed(OP.call, index);
  }

  /** Positions in the table of functions with this result. */
  tableEntries(result: ValueType | undefined): number[] {
    return this.plan.table.flatMap((index, i) =>
      index !== undefined && this.plan.functions[index]?.result === result ? [i] : [],
    );
  }

  /** Calls through the table with the type of what is at `position`. */
  callIndirect(position: number, depth: number): void {
    const { table, functions } = this.plan;
    const signature = functions[table[position] ?? 0];
    if (signature === undefined) throw new RangeError("an empty place of the table");
    this.arguments(signature, depth);
    const same = table.flatMap((index, i) =>
      index !== undefined && sameSignature(functions[index], signature) ? [i] : [],
    );
    if (this.risk() || (this.plan.danger > 0 && this.choices.chance(0.03))) {
      this.choices.weighted<() => void>([
        [3, () => this.const("i32", this.choices.below(table.length))],
        [1, () => this.const("i32", table.length + this.choices.below(2))],
        [1, () => this.value("i32", 1)],
      ])();
    } else {
      this.const("i32", position);
      if (this.choices.chance(0.5)) {
        this.const("i32", this.choices.pick(same));
        this.condition(1);
        this.op(OP.select);
      }
    }
    this.indexed(OP.callIndirect, this.plan.typeIndex(signature));
    this.number(0);
  }

  // Statements: each leaves the stack as it was.

  statement(depth: number): void {
    if (--this.#budget <= 0) return;
    this.choices.weighted(statements(this, depth))();
  }

  /** Stores a value of a type somewhere. */
  store(type: ValueType, depth: number): void {
    const store = this.choices.pick(STORES[type]);
    const offset = this.address(store.width);
    this.value(type, depth);
    this.access(store, offset);
  }
}
