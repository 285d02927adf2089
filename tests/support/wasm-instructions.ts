/** The instructions of the integer subset by opcode (WebAssembly core specification 2.0, section 5.4), as the generator sees them. */

export type ValueType = "i32" | "i64";

export const TYPE_CODE = { i32: 0x7f, i64: 0x7e } as const;
export const EMPTY_BLOCK = 0x40;

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
  wrap: 0xa7,
  extendS: 0xac,
  extendU: 0xad,
  // Behind the prefix 0xfc.
  memoryInit: 0xfc08,
  dataDrop: 0xfc09,
  memoryCopy: 0xfc0a,
  memoryFill: 0xfc0b,
} as const;

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** What depends on the type of the operands. */
interface Operators {
  readonly const: number;
  readonly eqz: number;
  /** eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u */
  readonly compare: readonly number[];
  /** clz ctz popcnt and the sign extensions */
  readonly unary: readonly number[];
  readonly add: number;
  readonly sub: number;
  readonly mul: number;
  /** div_s div_u rem_s rem_u */
  readonly divide: readonly number[];
  readonly and: number;
  readonly or: number;
  readonly xor: number;
  readonly shl: number;
  readonly shrS: number;
  readonly shrU: number;
  readonly rotl: number;
  readonly rotr: number;
}

/** Both types have their operators in the same order, each behind an opcode of its own. */
function operators(at: { const: number; eqz: number; clz: number; extend: number[] }): Operators {
  const binary = at.clz + 3;
  return {
    const: at.const,
    eqz: at.eqz,
    compare: range(at.eqz + 1, at.eqz + 10),
    unary: [...range(at.clz, at.clz + 2), ...at.extend],
    add: binary,
    sub: binary + 1,
    mul: binary + 2,
    divide: range(binary + 3, binary + 6),
    and: binary + 7,
    or: binary + 8,
    xor: binary + 9,
    shl: binary + 10,
    shrS: binary + 11,
    shrU: binary + 12,
    rotl: binary + 13,
    rotr: binary + 14,
  };
}

export const OPERATORS: Readonly<Record<ValueType, Operators>> = {
  i32: operators({ const: 0x41, eqz: 0x45, clz: 0x67, extend: range(0xc0, 0xc1) }),
  i64: operators({ const: 0x42, eqz: 0x50, clz: 0x79, extend: range(0xc2, 0xc4) }),
};

/** A load or a store: its opcode and how many bytes it touches. */
export interface Access {
  readonly op: number;
  readonly width: number;
}

const access = (op: number, width: number): Access => ({ op, width });

export const LOADS: Readonly<Record<ValueType, readonly Access[]>> = {
  i32: [access(0x28, 4), access(0x2c, 1), access(0x2d, 1), access(0x2e, 2), access(0x2f, 2)],
  i64: [
    ...[access(0x29, 8), access(0x30, 1), access(0x31, 1), access(0x32, 2), access(0x33, 2)],
    ...[access(0x34, 4), access(0x35, 4)],
  ],
};

export const STORES: Readonly<Record<ValueType, readonly Access[]>> = {
  i32: [access(0x36, 4), access(0x3a, 1), access(0x3b, 2)],
  i64: [access(0x37, 8), access(0x3c, 1), access(0x3d, 2), access(0x3e, 4)],
};

/** Every instruction the generator is to reach. */
export const SUBSET: readonly number[] = [
  ...Object.values(OP),
  ...Object.values(OPERATORS)
    .flatMap((of) => Object.values(of) as (number | readonly number[])[])
    .flat(),
  ...[LOADS, STORES].flatMap((by) => [...by.i32, ...by.i64].map(({ op }) => op)),
];
