/**
 * Integer operations with the operands at which they are different: core specification 2.0, sections 4.3.2, 4.3.4,
 * 4.4.1 and 5.2.2. Every expected value is worked out from the definition in its section.
 */
import { type SpecModule, specModule } from "./spec-cases.ts";

type Type = "i32" | "i64";

const BINARY = "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr".split(" ");
const UNARY = ["clz", "ctz", "popcnt"];
const RELATIONS = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split(" ");

const I32 = `
  § 4.3.2 iadd
  add 0 0 = 0
  add 1 -1 = 0
  add max 1 = min
  add min -1 = max
  add min min = 0
  add -1 -1 = -2
  add 0x3fffffff 0x40000001 = min
  § 4.3.2 isub
  sub 0 1 = -1
  sub 5 7 = -2
  sub min 1 = max
  sub max -1 = min
  sub min min = 0
  sub 0 min = min
  § 4.3.2 imul
  mul 0 -1 = 0
  mul -1 -1 = 1
  mul min -1 = min
  mul min 2 = 0
  mul max max = 1
  mul 0x10000 0x10000 = 0
  mul 0xffff 0x10001 = umax
  mul 0x12345678 0x10 = 0x23456780
  § 4.3.2 idiv_s
  div_s 7 2 = 3
  div_s -7 2 = -3
  div_s 7 -2 = -3
  div_s -7 -2 = 3
  div_s 0 -1 = 0
  div_s -1 min = 0
  div_s max min = 0
  div_s min 1 = min
  div_s min 2 = 0xc0000000
  div_s min min = 1
  div_s min max = -1
  div_s max -1 = 0x80000001
  div_s 1 0 ! integer divide by zero
  div_s 0 0 ! integer divide by zero
  div_s min 0 ! integer divide by zero
  div_s min -1 ! integer overflow
  § 4.3.2 idiv_u
  div_u 7 2 = 3
  div_u 5 6 = 0
  div_u -7 2 = 0x7ffffffc
  div_u -1 1 = -1
  div_u -1 -1 = 1
  div_u -1 10 = 429496729
  div_u min -1 = 0
  div_u min 2 = 0x40000000
  div_u 1 0 ! integer divide by zero
  div_u 0 0 ! integer divide by zero
  div_u min 0 ! integer divide by zero
  § 4.3.2 irem_s
  rem_s 7 3 = 1
  rem_s -7 3 = -1
  rem_s 7 -3 = 1
  rem_s -7 -3 = -1
  rem_s 0 -5 = 0
  rem_s min -1 = 0
  rem_s min 2 = 0
  rem_s min 10 = -8
  rem_s min max = -1
  rem_s max min = max
  rem_s -1 max = -1
  rem_s 1 0 ! integer divide by zero
  rem_s 0 0 ! integer divide by zero
  rem_s min 0 ! integer divide by zero
  § 4.3.2 irem_u
  rem_u 7 3 = 1
  rem_u 5 -1 = 5
  rem_u -1 10 = 5
  rem_u -1 -1 = 0
  rem_u -7 7 = 4
  rem_u min -1 = min
  rem_u min 3 = 2
  rem_u 0 0 ! integer divide by zero
  rem_u -1 0 ! integer divide by zero
  § 4.3.2 iand
  and 0 -1 = 0
  and -1 -1 = -1
  and 0x0ff00ff0 0x00ffff00 = 0x00f00f00
  and min max = 0
  § 4.3.2 ior
  or 0 0 = 0
  or 0x0ff00000 0x00000ff0 = 0x0ff00ff0
  or min max = umax
  § 4.3.2 ixor
  xor -1 -1 = 0
  xor min max = umax
  xor 0x0ff00ff0 0x00ffff00 = 0x0f0ff0f0
  § 4.3.2 ishl
  shl 1 0 = 1
  shl 1 1 = 2
  shl 1 31 = min
  shl 1 32 = 1
  shl 1 33 = 2
  shl 1 63 = min
  shl 1 64 = 1
  shl -1 -1 = min
  shl min 1 = 0
  shl 0x40000000 1 = min
  shl 0x12345678 8 = 0x34567800
  § 4.3.2 ishr_s
  shr_s min 0 = min
  shr_s min 31 = -1
  shr_s min 32 = min
  shr_s min 33 = 0xc0000000
  shr_s min 63 = -1
  shr_s min 64 = min
  shr_s -2 1 = -1
  shr_s -1 -1 = -1
  shr_s max 30 = 1
  shr_s max 31 = 0
  shr_s 0x87654321 4 = 0xf8765432
  § 4.3.2 ishr_u
  shr_u min 0 = min
  shr_u min 31 = 1
  shr_u min 32 = min
  shr_u min 33 = 0x40000000
  shr_u min 63 = 1
  shr_u min 64 = min
  shr_u -1 1 = max
  shr_u -1 -1 = 1
  shr_u 0x87654321 4 = 0x08765432
  § 4.3.2 irotl
  rotl 0 5 = 0
  rotl -1 17 = -1
  rotl 0x80000001 1 = 3
  rotl 1 31 = min
  rotl 1 32 = 1
  rotl 1 33 = 2
  rotl 0x12345678 0 = 0x12345678
  rotl 0x12345678 8 = 0x34567812
  rotl 0x12345678 63 = 0x091a2b3c
  rotl 0x12345678 64 = 0x12345678
  rotl 0x12345678 -4 = 0x81234567
  § 4.3.2 irotr
  rotr 1 1 = min
  rotr 3 1 = 0x80000001
  rotr 0x80000001 1 = 0xc0000000
  rotr 1 32 = 1
  rotr 1 33 = min
  rotr 0x12345678 0 = 0x12345678
  rotr 0x12345678 8 = 0x78123456
  rotr 0x12345678 63 = 0x2468acf0
  rotr 0x12345678 64 = 0x12345678
  rotr 0x12345678 -4 = 0x23456781
  § 4.3.2 iclz
  clz 0 = 32
  clz 1 = 31
  clz 0xff = 24
  clz 0x8000 = 16
  clz 0x10000 = 15
  clz max = 1
  clz min = 0
  clz -1 = 0
  § 4.3.2 ictz
  ctz 0 = 32
  ctz 1 = 0
  ctz 0xf0 = 4
  ctz 0x10000 = 16
  ctz 0x40000000 = 30
  ctz min = 31
  ctz -1 = 0
  § 4.3.2 ipopcnt
  popcnt 0 = 0
  popcnt -1 = 32
  popcnt min = 1
  popcnt max = 31
  popcnt 0xaaaaaaaa = 16
  popcnt 0x00010001 = 2
  popcnt 0x12345678 = 13
  § 4.3.2 ieqz
  eqz 0 = 1
  eqz 1 = 0
  eqz -1 = 0
  eqz min = 0
  eqz 0x10000 = 0
`;

const I64 = `
  § 4.3.2 iadd
  add 0 0 = 0
  add 1 -1 = 0
  add max 1 = min
  add min -1 = max
  add min min = 0
  add 0xffffffff 1 = 0x100000000
  add -1 0x100000000 = 0xffffffff
  § 4.3.2 isub
  sub 0 1 = -1
  sub min 1 = max
  sub max -1 = min
  sub 0 min = min
  sub 0x100000000 1 = 0xffffffff
  § 4.3.2 imul
  mul -1 -1 = 1
  mul min -1 = min
  mul min 2 = 0
  mul max max = 1
  mul 0x100000000 0x100000000 = 0
  mul 0xffffffff 0xffffffff = 0xfffffffe00000001
  mul 0x123456789 0x100000 = 0x12345678900000
  mul 0xffffffff 0x100000001 = umax
  § 4.3.2 idiv_s
  div_s 7 2 = 3
  div_s -7 2 = -3
  div_s 7 -2 = -3
  div_s -7 -2 = 3
  div_s -1 min = 0
  div_s min 1 = min
  div_s min 2 = 0xc000000000000000
  div_s min min = 1
  div_s min max = -1
  div_s max -1 = 0x8000000000000001
  div_s 0x80000000 -1 = 0xffffffff80000000
  div_s 0x1000000000 0x10 = 0x100000000
  div_s 1 0 ! integer divide by zero
  div_s 0 0 ! integer divide by zero
  div_s min 0 ! integer divide by zero
  div_s min -1 ! integer overflow
  § 4.3.2 idiv_u
  div_u 7 2 = 3
  div_u -1 -1 = 1
  div_u -1 0x100000000 = 0xffffffff
  div_u -1 10 = 1844674407370955161
  div_u min -1 = 0
  div_u min 2 = 0x4000000000000000
  div_u -7 2 = 0x7ffffffffffffffc
  div_u 1 0 ! integer divide by zero
  div_u min 0 ! integer divide by zero
  § 4.3.2 irem_s
  rem_s -7 3 = -1
  rem_s 7 -3 = 1
  rem_s -7 -3 = -1
  rem_s min -1 = 0
  rem_s min 10 = -8
  rem_s min max = -1
  rem_s max min = max
  rem_s 0x80000000 -1 = 0
  rem_s 1 0 ! integer divide by zero
  rem_s min 0 ! integer divide by zero
  § 4.3.2 irem_u
  rem_u -1 10 = 5
  rem_u -1 -1 = 0
  rem_u min -1 = min
  rem_u min 3 = 2
  rem_u -1 0x100000000 = 0xffffffff
  rem_u 0 0 ! integer divide by zero
  § 4.3.2 iand
  and min max = 0
  and 0x0ff0000000000ff0 0xffff000000000f00 = 0x0ff0000000000f00
  § 4.3.2 ior
  or min max = umax
  or 0xf00000000 0xf = 0xf0000000f
  § 4.3.2 ixor
  xor min umax = max
  xor 0xf0000000f 0xf = 0xf00000000
  § 4.3.2 ishl
  shl 1 0 = 1
  shl 1 31 = 0x80000000
  shl 1 32 = 0x100000000
  shl 1 33 = 0x200000000
  shl 1 63 = min
  shl 1 64 = 1
  shl 1 65 = 2
  shl -1 -1 = min
  shl 1 0x100000001 = 2
  shl 0x123456789abcdef0 16 = 0x56789abcdef00000
  § 4.3.2 ishr_s
  shr_s min 31 = 0xffffffff00000000
  shr_s min 32 = 0xffffffff80000000
  shr_s min 63 = -1
  shr_s min 64 = min
  shr_s min 65 = 0xc000000000000000
  shr_s -1 -1 = -1
  shr_s max 62 = 1
  shr_s max 63 = 0
  shr_s 0xfedcba9876543210 8 = 0xfffedcba98765432
  § 4.3.2 ishr_u
  shr_u min 31 = 0x100000000
  shr_u min 32 = 0x80000000
  shr_u min 63 = 1
  shr_u min 64 = min
  shr_u min 65 = 0x4000000000000000
  shr_u -1 -1 = 1
  shr_u 0xfedcba9876543210 8 = 0x00fedcba98765432
  § 4.3.2 irotl
  rotl 1 31 = 0x80000000
  rotl 1 32 = 0x100000000
  rotl 1 63 = min
  rotl 1 64 = 1
  rotl 1 65 = 2
  rotl 0x8000000000000001 1 = 3
  rotl 0x123456789abcdef0 8 = 0x3456789abcdef012
  rotl 0x123456789abcdef0 -4 = 0x0123456789abcdef
  § 4.3.2 irotr
  rotr 1 1 = min
  rotr 1 32 = 0x100000000
  rotr 1 63 = 2
  rotr 1 64 = 1
  rotr 1 65 = min
  rotr 0x123456789abcdef0 8 = 0xf0123456789abcde
  rotr 0x123456789abcdef0 -4 = 0x23456789abcdef01
  § 4.3.2 iclz
  clz 0 = 64
  clz 1 = 63
  clz 0xffffffff = 32
  clz 0x100000000 = 31
  clz max = 1
  clz min = 0
  § 4.3.2 ictz
  ctz 0 = 64
  ctz 1 = 0
  ctz 0x80000000 = 31
  ctz 0x100000000 = 32
  ctz min = 63
  ctz -1 = 0
  § 4.3.2 ipopcnt
  popcnt 0 = 0
  popcnt -1 = 64
  popcnt min = 1
  popcnt 0xffffffff = 32
  popcnt 0x5555555555555555 = 32
  popcnt 0x123456789abcdef0 = 32
  § 4.3.2 ieqz
  eqz 0 = 1
  eqz 1 = 0
  eqz 0x100000000 = 0
  eqz min = 0
`;

/** Two operands and what RELATIONS, in their order, say of them. */
const COMPARED: readonly (readonly [string, string])[] = [
  ["0 0", "1000001111"],
  ["0 1", "0111001100"],
  ["1 0", "0100110011"],
  ["-1 0", "0110011001"],
  ["0 -1", "0101100110"],
  ["-1 1", "0110011001"],
  ["-1 -1", "1000001111"],
  ["min 0", "0110011001"],
  ["min min", "1000001111"],
  ["min max", "0110011001"],
  ["max min", "0101100110"],
  ["min -1", "0111001100"],
  ["-1 min", "0100110011"],
  ["max -1", "0101100110"],
];

const comparisons = (): string =>
  RELATIONS.flatMap((name, i) => [
    `§ 4.3.2 i${name}`,
    ...COMPARED.map(([operands, answers]) => `${name} ${operands} = ${answers[i] ?? ""}`),
  ]).join("\n");

const CONVERSIONS = `
  § 4.3.4 wrap
  i32.wrap_i64 0x100000000 = 0
  i32.wrap_i64 -1 = -1
  i32.wrap_i64 0x180000000 = min
  i32.wrap_i64 0x123456789abcdef0 = 0x9abcdef0
  § 4.3.4 extend_s
  i64.extend_i32_s 0 = 0
  i64.extend_i32_s -1 = -1
  i64.extend_i32_s min = 0xffffffff80000000
  i64.extend_i32_s max = 0x7fffffff
  § 4.3.4 extend_u
  i64.extend_i32_u -1 = 0xffffffff
  i64.extend_i32_u min = 0x80000000
  i64.extend_i32_u max = 0x7fffffff
  § 4.3.2 iextendM_s
  i32.extend8_s 0x7f = 0x7f
  i32.extend8_s 0x80 = 0xffffff80
  i32.extend8_s 0xff = -1
  i32.extend8_s 0x17f = 0x7f
  i32.extend8_s 0x12345680 = 0xffffff80
  i32.extend8_s 0xffffff00 = 0
  i32.extend16_s 0x7fff = 0x7fff
  i32.extend16_s 0x8000 = 0xffff8000
  i32.extend16_s 0x1ffff = -1
  i32.extend16_s 0xffff0000 = 0
  i64.extend8_s 0x7f = 0x7f
  i64.extend8_s 0x80 = 0xffffffffffffff80
  i64.extend8_s 0xffffffffffffff00 = 0
  i64.extend16_s 0x8000 = 0xffffffffffff8000
  i64.extend16_s 0x17fff = 0x7fff
  i64.extend32_s 0x7fffffff = 0x7fffffff
  i64.extend32_s 0x80000000 = 0xffffffff80000000
  i64.extend32_s 0x1ffffffff = -1
  i64.extend32_s 0xffffffff00000000 = 0
`;

/** Constants at the lengths of their LEB128 encodings. */
const CONSTANTS = {
  i32: [
    "0",
    "63",
    "64",
    "-64",
    "-65",
    "127",
    "128",
    "8191",
    "8192",
    "-8193",
    "0x7ffffff",
    "0x8000000",
    "max",
    "min",
    "-1",
  ],
  i64: ["0", "63", "64", "-65", "0xffffffff", "-0x80000000", "0x3ffffffffffffff", "-0x400000000000001", "max", "min"],
};

const parameters = (types: readonly Type[]): string => (types.length === 0 ? "" : `(param ${types.join(" ")})`);

function instruction(name: string, operands: readonly Type[], result: Type, instructionName: string): string {
  const gets = operands.map((_, i) => `(local.get ${i})`).join(" ");
  return `(func (export "${name}") ${parameters(operands)} (result ${result}) (${instructionName} ${gets}))`;
}

function operators(type: Type): string {
  return [
    ...BINARY.map((name) => instruction(name, [type, type], type, `${type}.${name}`)),
    ...UNARY.map((name) => instruction(name, [type], type, `${type}.${name}`)),
    ...["eqz", ...RELATIONS].map((name) =>
      instruction(name, name === "eqz" ? [type] : [type, type], "i32", `${type}.${name}`),
    ),
  ].join("\n");
}

function conversions(): string {
  const names = [...new Set(CONVERSIONS.match(/^ +i\S+/gm)?.map((name) => name.trim()))];
  return names
    .map((name) => {
      const [result] = name.split(".") as [Type];
      return instruction(name, [name.endsWith("_i64") ? "i64" : name.includes("i32_") ? "i32" : result], result, name);
    })
    .join("\n");
}

/** A number of the tables as the text format has it. */
function literal(text: string, type: Type): string {
  const bits = type === "i32" ? 31n : 63n;
  const named: Record<string, bigint> = { min: -(1n << bits), max: (1n << bits) - 1n, umax: -1n };
  return String(named[text] ?? text);
}

/** The same lines with the operands as constants in the code, where a compiler sees them: a function for each. */
function withConstants(type: Type, lines: string): { wat: string; lines: string } {
  const functions: string[] = [];
  const calls = lines.split("\n").map((line) => {
    const [, name, operands, outcome] = /^ *([a-z_]+) (.*?) ([=!].*)$/.exec(line) ?? [];
    if (name === undefined || operands === undefined || outcome === undefined) return line;
    const constants = operands.split(" ").map((word) => `(${type}.const ${literal(word, type)})`);
    const result = name === "eqz" || RELATIONS.includes(name) ? "i32" : type;
    const target = `${name}:${functions.length}`;
    functions.push(`(func (export "${target}") (result ${result}) (${type}.${name} ${constants.join(" ")}))`);
    return `${target} ${outcome}`;
  });
  return { wat: `(module ${functions.join("\n")})`, lines: calls.join("\n") };
}

function constants(type: Type): SpecModule {
  const values = CONSTANTS[type];
  const functions = values.map(
    (value, i) => `(func (export "${i}") (result ${type}) (${type}.const ${literal(value, type)}))`,
  );
  const lines = ["§ 5.2.2 Integers", ...values.map((value, i) => `${i} = ${value}`)];
  return specModule(`${type} constants`, `(module ${functions.join("\n")})`, lines.join("\n"));
}

export function numericCases(): SpecModule[] {
  const modules: SpecModule[] = [];
  for (const [type, table] of [["i32", I32] as const, ["i64", I64] as const]) {
    const lines = `${table}\n${comparisons()}`;
    const fixed = withConstants(type, lines);
    modules.push(specModule(`${type} operators`, `(module ${operators(type)})`, lines));
    modules.push(specModule(`${type} operators of constants`, fixed.wat, fixed.lines));
    modules.push(constants(type));
  }
  modules.push(specModule("conversions", `(module ${conversions()})`, CONVERSIONS));
  return modules;
}
