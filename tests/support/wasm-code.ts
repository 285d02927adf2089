/** What a generated function can see of its module, and the writing of its code byte by byte. */
import type { Choices } from "./wasm-choices.ts";
import { type Access, EMPTY_BLOCK, OP, OPERATORS, TYPE_CODE, type ValueType } from "./wasm-instructions.ts";
import { signed, unsigned } from "./wasm.ts";

export interface Signature {
  readonly params: readonly ValueType[];
  readonly result?: ValueType;
}

export function sameSignature(a: Signature | undefined, b: Signature | undefined): boolean {
  return a?.params.join() === b?.params.join() && a?.result === b?.result;
}

export interface PlannedFunction extends Signature {
  /** Leaves call imports only; inner functions call each other and themselves; roots are called from outside only. */
  readonly kind: "import" | "leaf" | "inner" | "root";
  /** Its first parameter is an address with room behind it, whoever calls. */
  readonly takesPointer: boolean;
}

/** What a function can see of its module. */
export interface ModulePlan {
  /** 0 without memory. */
  readonly memoryBytes: number;
  /** By index, imports first. */
  readonly functions: readonly PlannedFunction[];
  readonly globals: readonly { readonly type: ValueType; readonly mutable: boolean }[];
  /** The i32 global that every loop and every call takes from. */
  readonly fuel: number;
  readonly table: readonly (number | undefined)[];
  /** `length`: what memory.init can take from it if it has not been dropped. */
  readonly segments: readonly { readonly length: number; readonly droppable: boolean }[];
  /** Probability that something that could trap is left to. */
  readonly danger: number;
  /** Writes some numbers longer than they need to be, which the format allows. */
  readonly padded: boolean;
  typeIndex(signature: Signature): number;
}

/** A pointer lies at least this far from the end of memory unless danger is wanted. */
export const REACH = 128;

const LEAST = { i32: -(1n << 31n), i64: -(1n << 63n) } as const;
const SMALL = [0n, 1n, -1n, 2n, -2n, 7n, 8n, 31n, 32n, 33n, 63n, 64n, 65n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n];
const PATTERNS = [0xffffn, 0x10000n, 0x7fffffffn, -0x7fffffffn, 0x55555555n, -0x55555556n, 0xff00ffn, -0xff0100n];
const WIDE = [0xffffffffn, 0x100000000n, -0x100000000n, 0x80000000n, -0x80000000n, (1n << 63n) - 1n];

const INTERESTING: Readonly<Record<ValueType, readonly bigint[]>> = {
  i32: [...SMALL, ...PATTERNS, LEAST.i32, LEAST.i32 + 1n],
  i64: [...SMALL, ...PATTERNS, ...WIDE, LEAST.i64, LEAST.i64 + 1n],
};

export class CodeWriter {
  readonly plan: ModulePlan;
  readonly self: PlannedFunction;
  readonly choices: Choices;
  /** Opcodes written where they can be reached. */
  readonly seen: Set<number>;
  readonly code: number[] = [];
  /** Types of parameters and locals. */
  readonly locals: ValueType[];
  /** i32 locals that hold addresses with room behind them. */
  readonly pointers: number[] = [];
  /** How many jumps precede what is written, in the blocks around it. */
  protected dead = 0;
  /** Locals that the loop over them sets, and nothing else, or it might not end. */
  readonly #reserved = new Set<number>();

  constructor(plan: ModulePlan, self: PlannedFunction, choices: Choices, seen: Set<number>) {
    this.plan = plan;
    this.self = self;
    this.choices = choices;
    this.seen = seen;
    this.locals = [...self.params];
    for (let left = choices.below(7); left > 0; left--) this.addLocal(choices.pick(["i32", "i64"]));
    if (self.takesPointer) this.pointers.push(0);
    if (plan.memoryBytes > 0) for (let left = 2; left > 0; left--) this.pointers.push(this.addLocal("i32"));
  }

  // Bytes.

  op(code: number): void {
    if (this.dead === 0) this.seen.add(code);
    if (code > 0xff) this.code.push(code >> 8);
    this.code.push(code & 0xff);
  }

  number(value: number): void {
    const bytes = unsigned(value);
    if (this.plan.padded && bytes.length < 5 && this.choices.chance(0.1)) bytes.push((bytes.pop() ?? 0) | 0x80, 0);
    this.code.push(...bytes);
  }

  const(type: ValueType, value: bigint | number): void {
    this.op(OPERATORS[type].const);
    this.code.push(...signed(BigInt.asIntN(type === "i32" ? 32 : 64, BigInt(value))));
  }

  /** An instruction with an index, of whatever it is. */
  indexed(code: number, index: number): void {
    this.op(code);
    this.number(index);
  }

  access({ op, width }: Access, offset: number): void {
    this.op(op);
    // Any alignment up to the natural one is allowed, and means nothing.
    this.number(this.choices.below(Math.log2(width) + 1));
    this.number(offset);
  }

  /** Instructions without immediates by their opcode, and what else writes some. */
  sequence(...steps: readonly (number | (() => void))[]): void {
    for (const step of steps) {
      if (typeof step === "number") this.op(step);
      else step();
    }
  }

  /** The type of a block: a short form, or a type of the module. */
  blockType(type: ValueType | undefined): void {
    const signature = { params: [], ...(type === undefined ? {} : { result: type }) };
    const known = this.plan.functions.some((one) => sameSignature(one, signature));
    if (known && this.choices.chance(0.1)) this.code.push(...signed(this.plan.typeIndex(signature)));
    else this.code.push(type === undefined ? EMPTY_BLOCK : TYPE_CODE[type]);
  }

  addLocal(type: ValueType): number {
    return this.locals.push(type) - 1;
  }

  /** A local that only who asked for it sets. */
  reserve(type: ValueType): number {
    const local = this.addLocal(type);
    this.#reserved.add(local);
    return local;
  }

  /** The body: declarations of locals, then the code. */
  bytes(): Uint8Array {
    const groups: { type: ValueType; count: number }[] = [];
    for (const type of this.locals.slice(this.self.params.length)) {
      const last = groups.at(-1);
      if (last?.type === type) last.count++;
      else groups.push({ type, count: 1 });
    }
    // A group of none is allowed as well.
    if (this.choices.chance(0.05)) groups.unshift({ type: "i64", count: 0 });
    const declared = groups.flatMap(({ type, count }) => [...unsigned(count), TYPE_CODE[type]]);
    return Uint8Array.from([...unsigned(groups.length), ...declared, ...this.code]);
  }

  // Decisions.

  risk(): boolean {
    return this.choices.chance(this.plan.danger);
  }

  /** Locals of a type that may be set. */
  settable(type: ValueType): number[] {
    const free = this.locals.flatMap((of, i) =>
      of === type && !this.#reserved.has(i) && !this.pointers.includes(i) ? [i] : [],
    );
    return free.length > 0 ? free : [this.addLocal(type)];
  }

  constant(type: ValueType): bigint {
    const { choices } = this;
    const bits = type === "i32" ? 32 : 64;
    return choices.weighted<() => bigint>([
      [3, () => BigInt(choices.below(16)) - BigInt(choices.below(2) * 8)],
      [5, () => choices.pick(INTERESTING[type])],
      [2, () => (1n << BigInt(choices.below(bits))) - BigInt(choices.below(3)) + 1n],
      [2, () => choices.u64()],
    ])();
  }

  /** A value without operands. */
  leaf(type: ValueType): void {
    const globals = this.plan.globals.flatMap((of, i) => (of.type === type ? [i] : []));
    const locals = this.locals.flatMap((of, i) => (of === type ? [i] : []));
    this.choices.weighted<() => void>([
      [3, () => this.const(type, this.constant(type))],
      [locals.length > 0 ? 6 : 0, () => this.indexed(OP.localGet, this.choices.pick(locals))],
      [globals.length > 0 ? 1 : 0, () => this.indexed(OP.globalGet, this.choices.pick(globals))],
    ])();
  }

  /** The least value there is: what overflows when it is divided by -1. */
  least(type: ValueType): void {
    this.const(type, LEAST[type]);
  }
}
