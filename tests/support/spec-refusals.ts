/** Modules the translator refuses, and the words of its sentence: what it found, and in which function. */

type Refusal = readonly [what: string, wat: string, words: string | RegExp];

const AT = / at offset \d+, which is outside the integer subset \(docs\/engines\.md\)\.$/;

/** An instruction in a function that is named `area`. */
function instruction(wat: string, name: string, around = ""): Refusal {
  const escaped = name.replaceAll(/[.()*]/g, "\\$&");
  return [
    wat,
    `(module ${around} (func $first) (func $area ${wat}))`,
    new RegExp(`^The module cannot be translated: area has ${escaped}${AT.source}`),
  ];
}

function sentence(what: string): string {
  return `The module cannot be translated: ${what}, which is outside the integer subset (docs/engines.md).`;
}

export const REFUSED: readonly Refusal[] = [
  // 4.4.1 numeric instructions, 4.4.3 vector instructions
  instruction("(drop (f32.const 1))", "f32.const"),
  instruction("(drop (f64.const 1))", "f64.const"),
  instruction("(drop (i32.const 1)) (drop (f64.load (i32.const 0)))", "f64.load", "(memory 1)"),
  instruction("(drop (f32.load (i32.const 0)))", "f32.load", "(memory 1)"),
  instruction("(drop (f32.convert_i32_s (i32.const 1)))", "floating-point instruction 0xb2"),
  instruction("(drop (f64.reinterpret_i64 (i64.const 1)))", "floating-point instruction 0xbf"),
  instruction("(drop (v128.const i64x2 1 2))", "a vector instruction"),
  instruction("(drop (v128.load (i32.const 0)))", "a vector instruction", "(memory 1)"),
  // Dead code is read too.
  instruction("(unreachable) (drop (f32.const 1))", "f32.const"),
  instruction("(unreachable) (i32.trunc_f32_s) (drop)", "floating-point instruction 0xa8"),
  instruction("(unreachable) (i64.trunc_sat_f64_u) (drop)", "i64.trunc_sat_f64_u"),
  instruction("(return) (f64.store (i32.const 0) (f64.const 0))", "f64.const", "(memory 1)"),
  // 4.4.2 reference instructions, 4.4.4 parametric instructions, 4.4.6 table instructions
  instruction("(drop (ref.null func))", "ref.null"),
  instruction("(drop (ref.func $first))", "ref.func", `(export "first" (func $first))`),
  instruction("(drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 0)))", "select with a type"),
  instruction("(drop (table.get 0 (i32.const 0)))", "table.get", "(table 2 funcref)"),
  instruction("(unreachable) (table.set 0)", "table.set", "(table 2 funcref)"),
  instruction("(drop (table.size 0))", "table.size", "(table 2 funcref)"),
  instruction("(unreachable) (table.grow 0) (drop)", "table.grow", "(table 2 funcref)"),
  instruction("(unreachable) (table.fill 0)", "table.fill", "(table 2 funcref)"),
  instruction("(table.copy (i32.const 0) (i32.const 0) (i32.const 1))", "table.copy", "(table 2 funcref)"),
  // 4.4.7 memory instructions
  instruction("(drop (memory.grow (i32.const 1)))", "memory.grow", "(memory 1)"),
  instruction("(drop (i32.atomic.load (i32.const 0)))", "an atomic instruction", "(memory 1)"),
  // 4.4.8 control instructions
  instruction("(drop (block (result f32) (unreachable)))", "a block with a value that is no integer"),
  instruction("(i32.const 1) (block (param i32) (drop))", "a block with parameters"),
  instruction("(i32.const 1) (loop (param i32) (drop))", "a block with parameters"),
  instruction("(return_call $first)", "return_call"),
  instruction("(return_call_indirect (i32.const 0))", "return_call_indirect", "(table 2 funcref)"),
  instruction("(try (do) (catch_all))", "try"),
  // 2.3 types, 2.5 modules
  ["a float as a parameter", "(module (func (param f32)))", sentence("it has a value of type f32")],
  ["a float as a result", "(module (func (result f64) (unreachable)))", sentence("it has a value of type f64")],
  ["a float as a local", "(module (func (local f64)))", sentence("it has a value of type f64")],
  ["a float as a global", "(module (global f32 (f32.const 0)))", sentence("it has a value of type f32")],
  ["a vector as a local", "(module (func (local v128)))", sentence("it has a value of type v128")],
  ["a reference as a parameter", "(module (func (param externref)))", sentence("it has a value of type externref")],
  ["a reference as a local", "(module (func (local funcref)))", sentence("it has a value of type funcref")],
  [
    "two results",
    "(module (type (func)) (func (result i32 i64) (unreachable)))",
    sentence("function type 1 has 2 results"),
  ],
  ["two tables", "(module (table 1 funcref) (table 1 funcref))", sentence("it has 2 tables")],
  ["a table of references of the host", "(module (table 1 externref))", sentence("its table does not hold functions")],
  ["a shared memory", "(module (memory 1 1 shared))", sentence("its memory is shared or has 64-bit addresses")],
  [
    "a passive element segment",
    "(module (table 1 funcref) (elem func 0) (func))",
    sentence("element segment 0 is not an active one of function indices"),
  ],
  [
    "an element segment of expressions",
    "(module (table 1 funcref) (elem (i32.const 0) funcref (ref.null func)))",
    sentence("element segment 0 is not an active one of function indices"),
  ],
  ["an imported table", `(module (import "host" "t" (table 1 funcref)))`, sentence("it imports the table host.t")],
  ["an imported memory", `(module (import "host" "m" (memory 1)))`, sentence("it imports the memory host.m")],
  ["an imported global", `(module (import "host" "g" (global i32)))`, sentence("it imports the global host.g")],
];

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** 5.5.16: what is no module at all, or not one that validates. */
export const INVALID: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["no bytes", []],
  ["another file", [0x7f, 0x45, 0x4c, 0x46, 0x01, 0x01, 0x01, 0x00]],
  ["version 2", [...HEADER.slice(0, 4), 0x02, 0x00, 0x00, 0x00]],
  ["a section that ends too early", [...HEADER, 0x01, 0x05, 0x01, 0x60]],
  // (func (result i32)) with an empty body
  ["a function without its result", [...HEADER, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 10, 4, 1, 2, 0, 0x0b]],
];
