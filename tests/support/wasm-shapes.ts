/**
 * The statements of generated functions (wasm-function.ts), and the shapes that are there for a reason: what a
 * translator that keeps values in expressions, checks runs of accesses once and knows wide arithmetic could get wrong.
 */
import { REACH } from "./wasm-code.ts";
import type { FunctionWriter } from "./wasm-function.ts";
import { LOADS, OP, OPERATORS, STORES, type ValueType } from "./wasm-instructions.ts";

type Weighted = readonly (readonly [weight: number, write: () => void])[];

const TYPES = ["i32", "i64"] as const;
const I32 = OPERATORS.i32;
const I64 = OPERATORS.i64;

/** Statements to choose from; each leaves the stack as it was. */
export function statements(w: FunctionWriter, depth: number): Weighted {
  const { choices, plan } = w;
  const memory = plan.memoryBytes > 0 ? 1 : 0;
  const nested = depth > 0 ? 1 : 0;
  const down = depth - 1;
  return [
    [5, () => setLocal(w, choices.pick(TYPES), (type) => w.value(type, depth))],
    [2, () => setGlobal(w, depth)],
    [5 * memory, () => w.store(choices.pick(TYPES), depth)],
    [3 * nested, () => w.if(undefined, down)],
    [2 * nested, () => w.block(undefined, down)],
    [2 * nested, () => w.loop(undefined, down)],
    [1 * nested, () => w.switch(down)],
    [3 * nested, () => callStatement(w, down)],
    [2, () => w.branchIf(depth)],
    [1, () => (w.value(choices.pick(TYPES), depth), w.op(OP.drop))],
    [1, () => w.op(OP.nop)],
    [4 * nested, () => setLocal(w, choices.pick(TYPES), (type) => pending(w, type, down))],
    [2 * memory, () => setPointer(w)],
    [3 * memory * nested, () => accessRun(w, down)],
    [1 * memory * nested, () => walk(w, down)],
    [2 * memory, () => bulk(w)],
    [3, () => wide(w)],
    [1 * memory, () => bytewise(w)],
    [plan.danger > 0 ? 2 * nested : 0, () => trapPair(w, down)],
  ];
}

function setLocal(w: FunctionWriter, type: ValueType, value: (type: ValueType) => void): void {
  const target = w.choices.pick(w.settable(type));
  value(type);
  w.indexed(OP.localSet, target);
}

/** Globals that may be set: all but the fuel. */
function settableGlobals(w: FunctionWriter, type?: ValueType): number[] {
  return w.plan.globals.flatMap((of, i) =>
    of.mutable && i !== w.plan.fuel && of.type === (type ?? of.type) ? [i] : [],
  );
}

function setGlobal(w: FunctionWriter, depth: number): void {
  const globals = settableGlobals(w);
  if (globals.length === 0) return;
  const target = w.choices.pick(globals);
  w.value(w.plan.globals[target]?.type ?? "i32", depth);
  w.indexed(OP.globalSet, target);
}

function callStatement(w: FunctionWriter, depth: number): void {
  const result = w.choices.pick([undefined, ...TYPES]);
  if (result === undefined) w.callFor(undefined, depth);
  else setLocal(w, result, () => w.callFor(result, depth));
}

// Values that wait on the stack while what they were read from changes. Leaves one value of the type.

function pending(w: FunctionWriter, type: ValueType, depth: number): void {
  const { choices } = w;
  const globals = settableGlobals(w, type);
  const memory = w.plan.memoryBytes > 0 ? 1 : 0;
  choices.weighted<() => void>([
    [4, () => pendingLocal(w, type, depth)],
    [1, () => swapped(w, type, depth)],
    [globals.length > 0 ? 2 : 0, () => pendingGlobal(w, type, choices.pick(globals), depth)],
    [4 * memory, () => pendingLoad(w, type, depth)],
    [2 * memory, () => pendingAddress(w, type)],
    [2, () => (w.callFor(type, depth), w.callFor(type, depth), combine(w, type))],
    [2, () => effectsInSelect(w, type, depth)],
  ])();
}

/** Keeps all of both operands, in their order. */
function combine(w: FunctionWriter, type: ValueType): void {
  w.op(w.choices.pick([OPERATORS[type].sub, OPERATORS[type].xor, OPERATORS[type].rotl, OPERATORS[type].add]));
}

function pendingLocal(w: FunctionWriter, type: ValueType, depth: number): void {
  const x = w.choices.pick(w.settable(type));
  const set = (): void => {
    w.value(type, depth);
    w.indexed(OP.localSet, x);
  };
  const setKeeping = (): void => {
    w.value(type, depth);
    w.indexed(OP.localTee, x);
  };
  if (w.choices.chance(0.7)) w.indexed(OP.localGet, x);
  else setKeeping();
  w.choices.weighted<() => void>([
    [4, set],
    [2, () => (w.condition(), w.arm(set))],
    [2, () => w.counted(w.choices.between(1, 3), set)],
    [1, () => w.sequence(setKeeping, OP.drop)],
  ])();
  if (w.choices.chance(0.7)) w.indexed(OP.localGet, x);
  else w.value(type, depth);
  combine(w, type);
}

/** Two locals read, then set the other way round. */
function swapped(w: FunctionWriter, type: ValueType, depth: number): void {
  const x = w.choices.pick(w.settable(type));
  const y = w.choices.pick(w.settable(type));
  w.indexed(OP.localGet, x);
  w.indexed(OP.localGet, y);
  if (w.choices.chance(0.3)) w.statement(depth);
  w.indexed(OP.localSet, x);
  w.indexed(OP.localSet, y);
  w.indexed(OP.localGet, x);
  w.indexed(OP.localGet, y);
  combine(w, type);
}

function pendingGlobal(w: FunctionWriter, type: ValueType, global: number, depth: number): void {
  w.indexed(OP.globalGet, global);
  if (w.choices.chance(0.5)) {
    w.callFor(undefined, depth);
  } else {
    w.value(type, depth);
    w.indexed(OP.globalSet, global);
  }
  w.indexed(OP.globalGet, global);
  combine(w, type);
}

/** A load, a write to the same bytes or to some of them, the load again. */
function pendingLoad(w: FunctionWriter, type: ValueType, depth: number): void {
  const { choices } = w;
  const base = choices.pick(w.pointers);
  const offset = choices.below(REACH / 2);
  const load = (): void => {
    w.indexed(OP.localGet, base);
    w.access(choices.pick(LOADS[type]), offset);
  };
  const near = Math.max(0, offset + choices.below(9) - 4);
  load();
  choices.weighted<() => void>([
    [
      4,
      () => {
        const stored = choices.pick(TYPES);
        w.indexed(OP.localGet, base);
        w.value(stored, depth);
        w.access(choices.pick(STORES[stored]), near);
      },
    ],
    [1, () => (w.indexed(OP.localGet, base), w.value("i32", 1), w.const("i32", near + 4), fill(w))],
    [1, () => bulk(w)],
    [2, () => w.callFor(undefined, depth)],
    [1, () => setPointer(w)],
  ])();
  if (choices.chance(0.7)) load();
  else w.value(type, depth);
  combine(w, type);
}

/** The address of a store waits while the value to be stored sets the local it was read from. */
function pendingAddress(w: FunctionWriter, type: ValueType): void {
  const { choices } = w;
  const x = choices.pick(w.settable("i32"));
  const store = choices.pick(STORES[type]);
  w.masked(0xff);
  w.indexed(OP.localSet, x);
  w.indexed(OP.localGet, x);
  w.masked(0xff);
  w.indexed(OP.localTee, x);
  w.access(choices.pick(LOADS[type]), choices.below(16));
  w.access(store, choices.below(16));
  w.indexed(OP.localGet, x);
  w.access(choices.pick(LOADS[type]), choices.below(16));
}

function effectsInSelect(w: FunctionWriter, type: ValueType, depth: number): void {
  const x = w.choices.pick(w.settable(type));
  w.indexed(OP.localGet, x);
  for (let operand = 0; operand < 2; operand++) {
    if (w.choices.chance(0.3)) {
      w.callFor(type, depth);
    } else {
      w.value(type, depth);
      w.indexed(OP.localTee, x);
    }
  }
  w.condition();
  w.op(OP.select);
  w.indexed(OP.localGet, x);
  combine(w, type);
  combine(w, type);
}

/** Two instructions of which both may trap: the first one's trap is the one to be seen. */
function trapPair(w: FunctionWriter, depth: number): void {
  const { choices } = w;
  const type = choices.pick(TYPES);
  const { divide } = OPERATORS[type];
  const suspect = (): void =>
    choices.weighted<() => void>([
      [3, () => (w.leaf(type), w.const(type, choices.below(3) - 1), w.op(choices.pick(divide)))],
      [
        3,
        () => {
          if (w.plan.memoryBytes === 0) return w.leaf(type);
          const load = choices.pick(LOADS[type]);
          w.access(load, w.wildAddress(load.width));
        },
      ],
      [2, () => w.callFor(type, depth)],
      [2, () => w.load(type)],
    ])();
  // Not every time, or nothing would ever get past.
  w.masked(choices.pick([7, 31]));
  w.op(I32.eqz);
  w.arm(() => {
    suspect();
    if (choices.chance(0.3)) w.statement(depth);
    if (choices.chance(0.3)) return w.op(OP.drop);
    suspect();
    if (choices.chance(0.3)) return w.sequence(OP.drop, OP.drop);
    combine(w, type);
    w.indexed(OP.localSet, choices.pick(w.settable(type)));
  });
}

// Memory.

function setPointer(w: FunctionWriter): void {
  w.pointer();
  w.indexed(OP.localSet, w.choices.pick(w.pointers));
}

/** Accesses through one base with offsets that go up, down or anywhere, sometimes with something between them. */
function accessRun(w: FunctionWriter, depth: number): void {
  const { choices } = w;
  const base = choices.pick(w.pointers);
  const count = choices.between(2, 8);
  const order = choices.pick(["up", "down", "any"] as const);
  const step = choices.pick([1, 2, 4, 8, 8, 12]);
  const start = choices.pick([0, 0, 4, 32, REACH - 8 - (count - 1) * step]);
  const offsets = Array.from({ length: count }, (_, i) => {
    const at = order === "any" ? choices.below(count) : order === "up" ? i : count - 1 - i;
    return Math.max(0, start) + at * step;
  });
  const type = choices.pick(TYPES);
  const stacked = choices.chance(0.4);
  const kind = choices.pick(["load", "store", "both"] as const);
  let waiting = 0;
  for (const offset of offsets) {
    const reach = REACH - offset;
    const fits = <A extends { readonly width: number }>(list: readonly A[]): A[] =>
      list.filter(({ width }) => width <= reach);
    if (kind === "load" || (kind === "both" && choices.chance(0.5))) {
      w.indexed(OP.localGet, base);
      w.access(choices.pick(fits(LOADS[type])), offset);
      if (stacked) waiting++;
      else w.indexed(OP.localSet, choices.pick(w.settable(type)));
    } else {
      const stored = choices.pick(TYPES);
      w.indexed(OP.localGet, base);
      w.value(stored, choices.pick([0, 0, 2]));
      w.access(choices.pick(fits(STORES[stored])), offset);
    }
    if (choices.chance(0.12)) disturb(w, base, depth);
  }
  for (let left = waiting; left > 1; left--) combine(w, type);
  if (waiting > 0) w.indexed(OP.localSet, choices.pick(w.settable(type)));
}

/** What ends a run of accesses that can be checked together, or does not. */
function disturb(w: FunctionWriter, base: number, depth: number): void {
  const { choices } = w;
  choices.weighted<() => void>([
    [2, () => setPointer(w)],
    [2, () => (w.indexed(OP.localGet, base), w.const("i32", 1), w.op(I32.and), w.indexed(OP.localSet, base))],
    [2, () => setLocal(w, "i32", () => w.divide("i32", 1))],
    [2, () => w.callFor(undefined, depth)],
    [2, () => w.branchIf(1)],
    [1, () => w.statement(depth)],
  ])();
}

/** A loop over memory with a base that grows, as copying and hashing code has it. */
function walk(w: FunctionWriter, depth: number): void {
  const { choices } = w;
  const type = choices.pick(TYPES);
  const step = choices.pick([1, 4, 8]);
  const sum = choices.pick(w.settable(type));
  const at = w.reserve("i32");
  w.indexed(OP.localGet, choices.pick(w.pointers));
  w.indexed(OP.localSet, at);
  w.counted(choices.between(1, 5), () => {
    w.indexed(OP.localGet, sum);
    w.indexed(OP.localGet, at);
    w.access(choices.pick(LOADS[type]), choices.below(32));
    combine(w, type);
    w.indexed(OP.localSet, sum);
    if (choices.chance(0.5)) w.statement(depth);
    w.indexed(OP.localGet, at);
    w.indexed(OP.localGet, sum);
    w.access(choices.pick(STORES[type]), choices.below(32));
    w.indexed(OP.localGet, at);
    w.const("i32", step);
    w.op(I32.add);
    w.indexed(OP.localSet, at);
  });
}

function fill(w: FunctionWriter): void {
  w.op(OP.memoryFill);
  w.code.push(0);
}

/** memory.copy, memory.fill, memory.init or data.drop. */
function bulk(w: FunctionWriter): void {
  const { choices } = w;
  const { memoryBytes: size, segments } = w.plan;
  const what = choices.weighted([[3, "copy"] as const, [3, "fill"] as const, [segments.length > 0 ? 4 : 0, "segment"]]);
  if (what === "segment") return useSegment(w);
  const length = choices.pick([0, 1, 2, 7, 8, 33, 64]);
  if (w.risk()) {
    for (let operand = 0; operand < 3; operand++) {
      if (operand === 1 && what === "fill") w.value("i32", 1);
      else w.const("i32", choices.pick([0, 8, length, size, size + 1, size - length, size - length + 1, -1]));
    }
  } else {
    const place = (): void =>
      choices.weighted<() => void>([
        [3, () => w.indexed(OP.localGet, choices.pick(w.pointers))],
        // Overlaps what the pointer points at.
        [3, () => (w.indexed(OP.localGet, choices.pick(w.pointers)), w.const("i32", choices.below(16)), w.op(I32.add))],
        [1, () => w.masked(0xff)],
        [1, () => w.const("i32", size - length)],
      ])();
    place();
    if (what === "fill") w.value("i32", 1);
    else place();
    w.const("i32", length);
  }
  if (what === "fill") return fill(w);
  w.op(OP.memoryCopy);
  w.code.push(0, 0);
}

function useSegment(w: FunctionWriter): void {
  const { choices, plan } = w;
  const index = choices.below(plan.segments.length);
  const { length: room, droppable } = plan.segments[index] ?? { length: 0, droppable: false };
  if (droppable && choices.chance(0.3)) return w.indexed(OP.dataDrop, index);
  const risk = w.risk();
  // Of a segment that may be gone, nothing is what there surely is.
  const available = droppable && !risk ? 0 : room;
  const from = choices.below(available + 1);
  const length = risk ? choices.pick([1, room, room + 1, -1]) : choices.below(available - from + 1);
  if (choices.chance(0.3) && !risk) w.const("i32", plan.memoryBytes - length);
  else w.masked(0xff);
  w.const("i32", from);
  w.const("i32", length);
  w.indexed(OP.memoryInit, index);
  w.code.push(0);
}

// Arithmetic as big numbers and hashes have it.

/** A 64-bit value out of 32 bits or of half of a value. */
function limb(w: FunctionWriter, sign: boolean): void {
  const { choices } = w;
  const extend = sign ? OP.extendS : OP.extendU;
  const shift = sign ? I64.shrS : I64.shrU;
  const get = (): void => w.indexed(OP.localGet, choices.pick(w.settable("i64")));
  const half = (): void => w.const("i64", 32);
  const low = (): void => w.const("i64", 0xffffffffn);
  choices.weighted<() => void>([
    [4, () => w.sequence(() => w.leaf("i32"), extend)],
    [2, () => (sign ? w.sequence(get, I64.unary[5] ?? 0) : w.sequence(get, low, I64.and))],
    [2, () => w.sequence(get, half, shift)],
    [1, () => w.sequence(get, OP.wrap, extend)],
    [1, () => w.sequence(get, half, I64.shl, half, shift)],
    [w.plan.memoryBytes > 0 ? 3 : 0, () => w.access({ op: sign ? 0x34 : 0x35, width: 4 }, w.address(4))],
    [1, () => w.const("i64", BigInt.asIntN(32, choices.u64()))],
  ])();
}

function wide(w: FunctionWriter): void {
  const { choices } = w;
  const get = (index: number) => () => w.indexed(OP.localGet, index);
  const set = (index: number) => () => w.indexed(OP.localSet, index);
  const constant = (type: ValueType, value: number | bigint) => () => w.const(type, value);
  const leaf = (): void => w.leaf("i32");
  const [a = 0, b = 0, sum = 0] = Array.from({ length: 3 }, () => choices.pick(w.settable("i64")));
  const x = choices.pick(w.settable("i32"));
  const half = constant("i64", 32);

  const products = (): void => {
    const sign = choices.chance(0.5);
    get(sum)();
    for (let left = choices.between(1, 4); left > 0; left--) {
      limb(w, sign);
      limb(w, choices.chance(0.9) ? sign : !sign);
      w.sequence(I64.mul, choices.chance(0.9) ? I64.add : I64.sub);
    }
    set(sum)();
  };
  /** A limb's carry, rounded, to the next limb. */
  const carry = (): void => {
    const bits = choices.pick([1, 8, 13, 25, 26, 29, 32, 63]);
    const by = constant("i64", bits);
    const round = constant("i64", 1n << BigInt(bits - 1));
    w.sequence(get(a), round, I64.add, by, choices.pick([I64.shrS, I64.shrU]), set(sum));
    w.sequence(get(sum), get(b), I64.add, set(b));
    w.sequence(get(a), get(sum), by, I64.shl, I64.sub, set(a));
  };
  /** Add with carry or subtract with borrow. */
  const carryFlag = (): void => {
    const add = choices.chance(0.5);
    w.sequence(get(a), get(b), add ? I64.add : I64.sub, set(sum));
    const [less, than] = add ? [sum, a] : [a, b];
    w.sequence(get(less), get(than), I64.compare[3] ?? 0, OP.extendU, get(sum), I64.add, set(b));
  };
  /** A rotation out of two shifts, or not quite one. */
  const rotation = (): void => {
    const type = choices.pick(TYPES);
    const { shl, shrU, or, add, xor } = OPERATORS[type];
    const by = choices.below(type === "i32" ? 32 : 64);
    const back = (type === "i32" ? 32 : 64) - by - choices.pick([0, 0, 0, 1]);
    const local = type === "i32" ? x : a;
    w.sequence(get(local), constant(type, by), shl, get(local), constant(type, back), shrU);
    w.sequence(choices.pick([or, add, xor]), set(local));
  };
  const joined = (): void =>
    w.sequence(leaf, OP.extendU, leaf, OP.extendU, half, I64.shl, choices.pick([I64.or, I64.add]), set(sum));
  const byteSwap = (): void => {
    const [by, even] = [constant("i32", 8), constant("i32", 0xff00ff)];
    const odd = constant("i32", choices.pick([-0xff0100, 0xff00ff]));
    w.sequence(get(x), by, I32.rotl, even, I32.and, get(x), by, I32.rotr, odd, I32.and, I32.or, set(x));
  };
  const signExtension = (): void => {
    const by = constant("i32", choices.pick([8, 16, 24, 31]));
    w.sequence(leaf, by, I32.shl, by, choices.pick([I32.shrS, I32.shrU]), set(x));
  };
  choices.weighted([
    ...([[4, products] as const, [2, carry] as const, [2, carryFlag] as const] as const),
    ...([[2, rotation] as const, [1, joined] as const, [1, byteSwap] as const] as const),
    ...([
      [1, signExtension] as const,
      [1, () => w.sequence(get(a), half, I64.shrU, OP.wrap, set(x))] as const,
    ] as const),
  ])();
}

/** A word taken from its bytes or given to them, in either order. */
function bytewise(w: FunctionWriter): void {
  const { choices } = w;
  const type = choices.pick(TYPES);
  const count = choices.pick(type === "i32" ? [2, 4] : [4, 8]);
  const big = choices.chance(0.5);
  const { shl, shrU, or } = OPERATORS[type];
  const base = choices.pick(w.pointers);
  const offset = choices.below(REACH - count);
  const word = choices.pick(w.settable(type));
  const load = choices.chance(0.5);
  for (let i = 0; i < count; i++) {
    const shift = (): void => w.const(type, 8 * (big ? count - 1 - i : i));
    w.indexed(OP.localGet, base);
    if (load) {
      w.access({ op: type === "i32" ? 0x2d : 0x31, width: 1 }, offset + i);
      w.sequence(shift, shl);
      if (i > 0) w.op(or);
    } else {
      w.indexed(OP.localGet, word);
      w.sequence(shift, shrU);
      w.access({ op: type === "i32" ? 0x3a : 0x3c, width: 1 }, offset + i);
    }
  }
  if (load) w.indexed(OP.localSet, word);
}
