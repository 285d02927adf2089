/** Control flow of generated functions: blocks, loops that end, branches everywhere, code that nothing reaches. */
import { CodeWriter } from "./wasm-code.ts";
import { OP, OPERATORS, type ValueType } from "./wasm-instructions.ts";

interface Label {
  /** What a branch to it takes along. */
  readonly type: ValueType | undefined;
  /** Not for branches: a loop that would not count down. */
  readonly hidden: boolean;
}

export abstract class ControlWriter extends CodeWriter {
  readonly #labels: Label[] = [];
  #loops = 0;

  /** Leaves a value of the type. */
  abstract value(type: ValueType, depth?: number): void;
  /** Leaves an i32. */
  abstract condition(depth?: number): void;
  /** Leaves an i32 between 0 and mask. */
  abstract masked(mask: number): void;
  /** Leaves the stack as it was. */
  abstract statement(depth: number): void;

  /** Depths of the labels that a branch with this value may go to, the nearest first. */
  targets(type: ValueType | undefined): number[] {
    const last = this.#labels.length - 1;
    return this.#labels.flatMap((label, i) => (label.type === type && !label.hidden ? [last - i] : [])).reverse();
  }

  /** The function's own block, which takes its result. */
  protected outermost(inside: () => void): void {
    this.#labels.push({ type: this.self.result, hidden: false });
    inside();
    this.op(OP.end);
  }

  /** Opens a block, loop or if, writes what is inside, closes it. */
  #enter(code: number, type: ValueType | undefined, inside: () => void, hidden = false): void {
    this.op(code);
    this.blockType(type);
    this.#labels.push({ type: code === OP.loop ? undefined : type, hidden });
    const { dead } = this;
    inside();
    this.dead = dead;
    this.#labels.pop();
    this.op(OP.end);
  }

  /** Statements, then a value of the type; or a jump elsewhere and code that nothing reaches. */
  body(type: ValueType | undefined, depth: number, count = this.choices.below(4)): void {
    for (let left = count; left > 0; left--) this.statement(depth);
    if (this.choices.chance(0.12)) {
      this.jump(depth);
      this.dead++;
      this.unreached(type);
    } else if (type !== undefined) {
      this.value(type, depth);
    }
  }

  block(type: ValueType | undefined, depth: number): void {
    this.#enter(OP.block, type, () => this.body(type, depth));
  }

  if(type: ValueType | undefined, depth: number): void {
    this.condition(depth);
    const { dead } = this;
    this.#enter(OP.if, type, () => {
      this.body(type, depth);
      if (type === undefined && this.choices.chance(0.4)) return;
      // A jump that ended the first arm does not end the second.
      this.dead = dead;
      this.op(OP.else);
      this.body(type, depth);
    });
  }

  /** An if whose condition is on the stack already. */
  arm(inside: () => void): void {
    this.#enter(OP.if, undefined, inside);
  }

  /** Nested blocks left by a br_table in the innermost: a switch with cases that may fall through. */
  switch(depth: number): void {
    const cases = this.choices.between(1, 4);
    const { dead } = this;
    const open = (left: number): void => {
      if (left === 0) {
        const targets = Array.from({ length: cases }, (_, i) => i);
        this.branchTable(targets, depth);
        this.dead++;
        return this.unreached(undefined);
      }
      this.#enter(OP.block, undefined, () => {
        open(left - 1);
        this.dead = left > 1 ? dead : this.dead;
        if (left > 1) this.body(undefined, depth, this.choices.between(1, 2));
      });
    };
    open(cases);
  }

  // Loops. All count down a local of their own or the module's fuel, so that all end.

  loop(type: ValueType | undefined, depth: number): void {
    if (this.#loops >= 2 || depth < 2) return this.block(type, depth);
    this.#loops++;
    const kind = this.choices.pick(["tail", "head", "fuel"] as const);
    const counter = this.reserve("i32");
    if (kind !== "fuel") {
      this.const("i32", this.choices.between(1, 5));
      this.indexed(OP.localSet, counter);
    }
    const round = (): void => {
      if (kind === "fuel") this.burn(type, 2);
      if (kind === "head") {
        this.indexed(OP.localGet, counter);
        this.op(OPERATORS.i32.eqz);
        this.#leaveIf(type, 2);
        this.#countDown(counter);
        this.indexed(OP.localSet, counter);
      }
      this.body(undefined, depth - 1, this.choices.between(1, 3));
      if (kind === "tail") {
        this.#countDown(counter);
        this.indexed(OP.localTee, counter);
      } else {
        this.condition();
      }
      this.indexed(OP.brIf, 0);
      if (type !== undefined) this.value(type, depth - 1);
    };
    this.#enter(OP.block, type, () => this.#enter(OP.loop, type, round, kind === "tail"));
    this.#loops--;
  }

  /** A loop that runs so often, with no value and no branch to its head from inside. */
  counted(times: number, inside: () => void): void {
    const counter = this.reserve("i32");
    this.const("i32", times);
    this.indexed(OP.localSet, counter);
    this.#loops++;
    const round = (): void => {
      inside();
      this.#countDown(counter);
      this.indexed(OP.localTee, counter);
      this.indexed(OP.brIf, 0);
    };
    this.#enter(OP.loop, undefined, round, true);
    this.#loops--;
  }

  /** Leaves the counter less one. */
  #countDown(counter: number): void {
    this.indexed(OP.localGet, counter);
    this.const("i32", 1);
    this.op(OPERATORS.i32.sub);
  }

  /** Takes one unit of fuel, and leaves for the label so many blocks out (from inside an if) when there is none. */
  burn(type: ValueType | undefined, target: number): void {
    const { fuel } = this.plan;
    this.indexed(OP.globalGet, fuel);
    this.const("i32", 1);
    this.op(OPERATORS.i32.sub);
    this.indexed(OP.globalSet, fuel);
    this.indexed(OP.globalGet, fuel);
    this.const("i32", 0);
    this.op(OPERATORS.i32.compare[2] ?? 0);
    this.#leaveIf(type, target);
  }

  #leaveIf(type: ValueType | undefined, target: number): void {
    if (type === undefined && this.choices.chance(0.3)) return this.indexed(OP.brIf, target - 1);
    this.arm(() => {
      if (this.risk()) return this.op(OP.unreachable);
      if (type !== undefined) this.leaf(type);
      this.indexed(OP.br, target);
    });
  }

  // Branches.

  /** br, br_table, return or, where that is wanted, unreachable. */
  jump(depth: number): void {
    if (this.risk()) return this.op(OP.unreachable);
    const types = [undefined, "i32", "i64"] as const;
    const reachable = types.filter((type) => this.targets(type).length > 0);
    const type = this.choices.pick([...reachable, undefined]);
    const targets = this.targets(type);
    if (targets.length === 0 || this.choices.chance(0.2)) {
      if (this.self.result !== undefined) this.value(this.self.result, depth);
      return this.op(OP.return);
    }
    if (type !== undefined) this.value(type, depth);
    if (this.choices.chance(0.3)) this.branchTable(targets, depth);
    else this.indexed(OP.br, this.choices.pick(targets));
  }

  branchTable(targets: readonly number[], depth: number): void {
    const count = this.choices.below(5);
    if (this.choices.chance(0.6)) this.masked(this.choices.pick([1, 3, 7]));
    else this.value("i32", depth);
    this.indexed(OP.brTable, count);
    for (let left = count; left >= 0; left--) this.number(this.choices.pick(targets));
  }

  branchIf(depth: number): void {
    const type = this.choices.pick([undefined, undefined, "i32", "i64"] as const);
    const targets = this.targets(type);
    if (targets.length === 0) return;
    if (type !== undefined) this.value(type, depth);
    this.condition(depth);
    this.indexed(OP.brIf, this.choices.pick(targets));
    if (type !== undefined) this.op(OP.drop);
  }

  /** br_if whose operand stays. */
  branchValue(type: ValueType, depth: number): void {
    const targets = this.targets(type);
    this.value(type, depth);
    if (targets.length === 0) return;
    this.condition(depth);
    this.indexed(OP.brIf, this.choices.pick(targets));
  }

  /** Code behind a jump: it pops what is not there, as validation allows. Leaves what the end of a block wants. */
  unreached(type: ValueType | undefined): void {
    const { choices } = this;
    const stack: ValueType[] = [];
    const pops = (...wanted: readonly ValueType[]): boolean => {
      const there = stack.slice(-wanted.length || stack.length);
      if (there.some((one, i) => one !== wanted[wanted.length - there.length + i])) return false;
      stack.splice(stack.length - there.length);
      return true;
    };
    for (let left = choices.below(6); left > 0; left--) {
      const of = choices.pick<ValueType>(["i32", "i64"]);
      const other = of === "i32" ? "i64" : "i32";
      const { add, rotl, divide } = OPERATORS[of];
      choices.weighted<() => void>([
        [3, () => (this.leaf(of), stack.push(of))],
        [3, () => pops(of, of) && (this.op(choices.pick([add, rotl, ...divide])), stack.push(of))],
        [1, () => pops(other) && (this.op(of === "i32" ? OP.wrap : OP.extendS), stack.push(of))],
        [1, () => (stack.pop(), this.op(OP.drop))],
        [1, () => stack.length === 0 && this.sequence(OP.select, OP.drop)],
        [1, () => pops(of) && this.indexed(OP.localSet, choices.pick(this.settable(of)))],
        [1, () => this.statement(1)],
        [1, () => (this.jump(1), stack.splice(0))],
        [1, () => this.block(undefined, 1)],
        [1, () => (this.block(of, 1), stack.push(of))],
      ])();
    }
    while (stack.length > (type === undefined ? 0 : 1) || (stack.length === 1 && stack[0] !== type)) {
      stack.pop();
      this.op(OP.drop);
    }
  }
}
