/**
 * The instructions of the integer subset the project compiles to C: MVP integers, sign extension and the memory part of
 * bulk memory (core specification 2.0, section 5.4).
 */

export type ValueType = "i32" | "i64";

/** How an instruction that only computes is applied. */
export interface Operator {
  readonly name: string;
  readonly operands: readonly ValueType[];
  readonly result: ValueType;
}

/** A load or store: how many bytes of memory it touches, and what of the value they are. */
export interface MemoryAccess {
  readonly name: string;
  readonly type: ValueType;
  readonly bytes: 1 | 2 | 4 | 8;
  readonly signed: boolean;
  readonly store: boolean;
}

const COMPARISONS = ["eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"];
const ARITHMETIC = [..."add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr".split(" ")];

function operators(): Map<number, Operator> {
  const all = new Map<number, Operator>();
  const unary = (code: number, name: string, operand: ValueType, result: ValueType): void => {
    all.set(code, { name, operands: [operand], result });
  };
  const families = [
    { type: "i32", test: 0x45, count: 0x67 },
    { type: "i64", test: 0x50, count: 0x79 },
  ] as const;
  for (const { type, test, count } of families) {
    unary(test, `${type}.eqz`, type, "i32");
    COMPARISONS.forEach((name, i) => {
      all.set(test + 1 + i, { name: `${type}.${name}`, operands: [type, type], result: "i32" });
    });
    ["clz", "ctz", "popcnt"].forEach((name, i) => unary(count + i, `${type}.${name}`, type, type));
    ARITHMETIC.forEach((name, i) => {
      all.set(count + 3 + i, { name: `${type}.${name}`, operands: [type, type], result: type });
    });
  }
  unary(0xa7, "i32.wrap_i64", "i64", "i32");
  unary(0xac, "i64.extend_i32_s", "i32", "i64");
  unary(0xad, "i64.extend_i32_u", "i32", "i64");
  unary(0xc0, "i32.extend8_s", "i32", "i32");
  unary(0xc1, "i32.extend16_s", "i32", "i32");
  unary(0xc2, "i64.extend8_s", "i64", "i64");
  unary(0xc3, "i64.extend16_s", "i64", "i64");
  unary(0xc4, "i64.extend32_s", "i64", "i64");
  return all;
}

export const OPERATORS: ReadonlyMap<number, Operator> = operators();

const access = (
  name: string,
  type: ValueType,
  bytes: MemoryAccess["bytes"],
  signed = false,
  store = false,
): MemoryAccess => ({ name, type, bytes, signed, store });

export const ACCESSES: ReadonlyMap<number, MemoryAccess> = new Map([
  [0x28, access("i32.load", "i32", 4)],
  [0x29, access("i64.load", "i64", 8)],
  [0x2c, access("i32.load8_s", "i32", 1, true)],
  [0x2d, access("i32.load8_u", "i32", 1)],
  [0x2e, access("i32.load16_s", "i32", 2, true)],
  [0x2f, access("i32.load16_u", "i32", 2)],
  [0x30, access("i64.load8_s", "i64", 1, true)],
  [0x31, access("i64.load8_u", "i64", 1)],
  [0x32, access("i64.load16_s", "i64", 2, true)],
  [0x33, access("i64.load16_u", "i64", 2)],
  [0x34, access("i64.load32_s", "i64", 4, true)],
  [0x35, access("i64.load32_u", "i64", 4)],
  [0x36, access("i32.store", "i32", 4, false, true)],
  [0x37, access("i64.store", "i64", 8, false, true)],
  [0x3a, access("i32.store8", "i32", 1, false, true)],
  [0x3b, access("i32.store16", "i32", 2, false, true)],
  [0x3c, access("i64.store8", "i64", 1, false, true)],
  [0x3d, access("i64.store16", "i64", 2, false, true)],
  [0x3e, access("i64.store32", "i64", 4, false, true)],
]);

/** Instructions with a meaning of their own. */
export const OP = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memorySize: 0x3f,
  i32Const: 0x41,
  i64Const: 0x42,
  prefix: 0xfc,
} as const;

/** Instructions behind the prefix 0xfc. */
export const PREFIXED = { memoryInit: 8, dataDrop: 9, memoryCopy: 10, memoryFill: 11 } as const;

/** What is refused, by the name a person would look for; a code in no range has only its number. */
export function refusedName(code: number, second?: number): string {
  const hex = (value: number): string => `0x${value.toString(16).padStart(2, "0")}`;
  if (code === OP.prefix && second !== undefined) {
    const names = ["i32.trunc_sat_f32_s", "i32.trunc_sat_f32_u", "i32.trunc_sat_f64_s", "i32.trunc_sat_f64_u"];
    names.push("i64.trunc_sat_f32_s", "i64.trunc_sat_f32_u", "i64.trunc_sat_f64_s", "i64.trunc_sat_f64_u");
    names.push("", "", "", "", "table.init", "elem.drop", "table.copy", "table.grow", "table.size", "table.fill");
    return names[second] || `instruction ${hex(code)} ${hex(second)}`;
  }
  const named: Record<number, string> = {
    0x06: "try",
    0x08: "throw",
    0x12: "return_call",
    0x13: "return_call_indirect",
    0x14: "call_ref",
    0x1c: "select with a type",
    0x1f: "try_table",
    0x25: "table.get",
    0x26: "table.set",
    0x2a: "f32.load",
    0x2b: "f64.load",
    0x38: "f32.store",
    0x39: "f64.store",
    0x40: "memory.grow",
    0x43: "f32.const",
    0x44: "f64.const",
    0xd0: "ref.null",
    0xd1: "ref.is_null",
    0xd2: "ref.func",
    0xfb: "a garbage collection instruction",
    0xfd: "a vector instruction",
    0xfe: "an atomic instruction",
  };
  const name = named[code];
  if (name !== undefined) return name;
  if ((code >= 0x5b && code <= 0x66) || (code >= 0x8b && code <= 0xa6) || (code >= 0xa8 && code <= 0xbf)) {
    return `floating-point instruction ${hex(code)}`;
  }
  return `instruction ${hex(code)}`;
}
