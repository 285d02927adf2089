/** Functions, tables, instantiation and names: core specification 2.0, sections 4.4.8, 4.4.10, 4.5.4, 5.5.10, 7.4.1. */
import { type SpecModule, specModule } from "./spec-cases.ts";

const CALLS = `(module
  (func $fac (export "fac") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
      (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
  (func $odd (export "odd") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
  (func $ackermann (export "ackermann") (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.add (local.get 1) (i32.const 1)))))
    (if (i32.eqz (local.get 1))
      (then (return (call $ackermann (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))))
    (call $ackermann (i32.sub (local.get 0) (i32.const 1))
      (call $ackermann (local.get 0) (i32.sub (local.get 1) (i32.const 1)))))
  (func $endless (export "endless") (call $endless))
  (func $deep (export "deep") (param i64) (result i64) (i64.add (i64.const 1) (call $deep (local.get 0))))
  (func $ping (export "ping") (result i32) (i32.add (call $pong) (i32.const 1)))
  (func $pong (result i32) (i32.add (call $ping) (i32.const 1)))
  (func (export "many") (param i32 i64 i32 i64 i32 i64 i32 i64 i32 i64) (result i64)
    (i64.add (i64.sub (local.get 1) (local.get 9)) (i64.extend_i32_s (i32.sub (local.get 0) (local.get 8)))))
  (func $nothing) (func (export "nothing") (call $nothing))
  (func $drops (param i32) (result i64) (i64.const -1)) (func (export "ignore") (drop (call $drops (i32.const 1)))))`;
const CALL_LINES = `
  § 4.4.8 call x
  fac 0 = 1
  fac 20 = 2432902008176640000
  fac 25 = 7034535277573963776
  even 100 = 1
  even 101 = 0
  odd 77 = 1
  ackermann 2 3 = 9
  many 9 100 0 0 0 0 0 0 3 40 = 66
  nothing
  ignore
  § 4.4.10 Function Calls, a stack that is used up
  endless ! stack overflow
  fac 5 = 120
  deep 1 ! stack overflow
  ping ! stack overflow
  even 10 = 1
`;

const INDIRECT = `(module
  (type $unary (func (param i32) (result i32))) (type $same (func (param i32) (result i32)))
  (type $binary (func (param i32 i32) (result i32))) (type $wide (func (param i64) (result i64))) (type $none (func))
  (table 10 20 funcref)
  (elem (i32.const 0) $inc $dec $add) (elem (i32.const 4) $neg $void $inc) (elem (i32.const 2) $double)
  (elem (i32.const 9) $self)
  (func $inc (type $unary) (i32.add (local.get 0) (i32.const 1)))
  (func $dec (type $same) (i32.sub (local.get 0) (i32.const 1)))
  (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
  (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
  (func $neg (type $wide) (i64.sub (i64.const 0) (local.get 0)))
  (func $void)
  (func $self (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 2) (call_indirect (type $same) (i32.sub (local.get 0) (i32.const 1)) (i32.const 9))))
      (else (i32.const 0))))
  (func (export "unary") (param i32 i32) (result i32) (call_indirect (type $unary) (local.get 1) (local.get 0)))
  (func (export "same") (param i32 i32) (result i32) (call_indirect (type $same) (local.get 1) (local.get 0)))
  (func (export "wide") (param i32 i64) (result i64) (call_indirect (type $wide) (local.get 1) (local.get 0)))
  (func (export "none") (param i32) (call_indirect (type $none) (local.get 0)))
  (func (export "binary") (param i32) (result i32)
    (call_indirect (type $binary) (i32.const 1) (i32.const 2) (local.get 0)))
  (func (export "constant") (result i32) (call_indirect (type $unary) (i32.const 41) (i32.const 0)))
  (func (export "constant-null") (result i32) (call_indirect (type $unary) (i32.const 41) (i32.const 3)))
  (func (export "argument-trap") (param i32) (result i32)
    (call_indirect (type $unary) (i32.div_u (i32.const 1) (i32.const 0)) (local.get 0))))`;
const INDIRECT_LINES = `
  § 4.4.8 call_indirect x y
  unary 0 10 = 11
  unary 1 10 = 9
  unary 2 10 = 20
  unary 6 10 = 11
  unary 9 5 = 10
  same 0 10 = 11
  same 1 -0x80000000 = max
  wide 4 5 = -5
  wide 4 min = min
  none 5
  constant = 42
  § 4.4.8 call_indirect x y, the index is outside the table
  unary 10 0 ! undefined element
  unary 20 0 ! undefined element
  unary -1 0 ! undefined element
  unary min 0 ! undefined element
  none 10 ! undefined element
  § 4.4.8 call_indirect x y, the element is null
  unary 3 0 ! null table element
  unary 7 0 ! null table element
  none 8 ! null table element
  constant-null ! null table element
  § 4.4.8 call_indirect x y, the function is of another type
  unary 4 0 ! indirect call type mismatch
  unary 5 0 ! indirect call type mismatch
  wide 0 0 ! indirect call type mismatch
  none 0 ! indirect call type mismatch
  binary 2 ! indirect call type mismatch
  § 4.4.8 call_indirect x y, its operands come first
  argument-trap 10 ! integer divide by zero
  argument-trap 3 ! integer divide by zero
`;

/** What the host answers is its own affair; V8 and the native build have the same host (stubImports). */
const IMPORTS = `(module
  (func $again (export "again") (import "host" "one") (param i32) (result i32))
  (import "host" "wide" (func $wide (param i64 i32) (result i64)))
  (import "host" "none" (func $none)) (import "other" "one" (func $other (param i32) (result i32)))
  (import "host" "a.b" (func $dot (result i64))) (import "host" "a_b" (func $line (result i64)))
  (table funcref (elem $again $own $other)) (memory 1)
  (global $seen (mut i64) (i64.const 0))
  (func $own (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "one") (param i32) (result i32) (call $again (local.get 0)))
  (func (export "wide") (param i64 i32) (result i64) (call $wide (local.get 0) (local.get 1)))
  (func (export "order") (param i32) (result i32)
    (i32.sub (call $again (local.get 0)) (i32.mul (call $other (local.get 0)) (i32.const 3))))
  (func (export "indirect") (param i32 i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 1) (local.get 0)))
  (func (export "dots") (result i64) (i64.sub (call $dot) (call $line)))
  (func (export "kept") (result i32)
    (i32.store (i32.const 8) (call $again (i32.const 4))) (call $none) (i32.load (i32.const 8)))
  (func (export "seen") (result i64) (global.get $seen))
  (func $start (call $none) (global.set $seen (call $wide (i64.const -1) (i32.const -1)))) (start $start))`;
const IMPORT_LINES = `
  § 4.4.10 Function Calls, Host Functions
  seen = ?
  one 7 = ?
  one -1 = ?
  again 7 = ?
  wide 0x123456789abcdef0 0x80000000 = ?
  order 5 = ?
  dots = ?
  kept = ?
  indirect 0 3 = ?
  indirect 1 3 = 4
  indirect 2 3 = ?
  indirect 3 3 ! undefined element
  one 7 = ?
`;

const INSTANTIATION: readonly (readonly [name: string, wat: string, lines: string])[] = [
  [
    "a start function",
    `(module (memory 1) (global $g (mut i32) (i32.const 1)) (data (i32.const 3) "k")
      (func $start (global.set $g (i32.add (global.get $g) (i32.load8_u (i32.const 3)))))
      (start $start) (func (export "g") (result i32) (global.get $g)))`,
    `§ 4.5.4 Instantiation
     g = 108
     g = 108`,
  ],
  [
    "a start function that traps",
    `(module (func $start (unreachable)) (start $start) (func (export "f")))`,
    `§ 4.5.4 Instantiation
     instantiate ! unreachable executed`,
  ],
  [
    "a start function that divides",
    `(module (global $zero (mut i32) (i32.const 0))
      (func $start (drop (i32.rem_u (i32.const 1) (global.get $zero)))) (start $start))`,
    `§ 4.5.4 Instantiation
     instantiate ! integer divide by zero`,
  ],
  [
    "an exported start function",
    `(module (global $n (mut i32) (i32.const 0)) (start 0)
      (func (export "bump") (global.set $n (i32.add (global.get $n) (i32.const 1))))
      (func (export "n") (result i32) (global.get $n)))`,
    `§ 4.5.4 Instantiation
     n = 1
     bump
     n = 2`,
  ],
  [
    "data before the start function",
    `(module (memory 1) (func $start (unreachable)) (start $start) (data (i32.const 65535) "ab"))`,
    `§ 4.5.4 Instantiation
     instantiate ! out of bounds memory access`,
  ],
  [
    "an element segment behind the end of the table",
    `(module (table 2 funcref) (elem (i32.const 1) $f $f) (func $f)
      (func (export "call") (param i32) (call_indirect (local.get 0))))`,
    `§ 4.5.4 Instantiation
     instantiate ! undefined element`,
  ],
  [
    "an element segment at the end of the table",
    `(module (table 2 funcref) (elem (i32.const 1) $f) (elem (i32.const 2)) (func $f)
      (func (export "call") (param i32) (call_indirect (local.get 0))))`,
    `§ 4.5.4 Instantiation
     call 1
     call 0 ! null table element
     call 2 ! undefined element`,
  ],
  [
    "an empty table",
    `(module (table 0 funcref) (func (export "call") (param i32) (call_indirect (local.get 0))))`,
    `§ 4.4.8 call_indirect x y, the index is outside the table
     call 0 ! undefined element
     call -1 ! undefined element`,
  ],
  [
    "one function under several names",
    // Names are no C identifiers, and one could end a C comment.
    `(module (func (export "a") (export "") (export "*/ + 1; /*") (export "int") (export "a.b") (export "a_b")
      (export "3") (export "a\\0ab\\5c") (export "\\e2\\80\\ae") (param i32) (result i32)
      (i32.add (local.get 0) (i32.const 1))))`,
    `§ 5.5.10 Export Section
     a 1 = 2
     int 3 = 4
     a.b 4 = 5
     a_b 5 = 6
     3 6 = 7`,
  ],
  [
    "functions that nobody calls",
    `(module (table 3 funcref) (elem (i32.const 0) $in-table $f) (memory 1) (global $g (mut i64) (i64.const 0))
      (func $in-table) (func $unused (param i32) (result i32) (local.get 0))
      (func $f (export "f") (result i32) (i32.const 1)))`,
    `§ 3.4.10 Modules
     f = 1`,
  ],
  [
    "names of the C language and its library",
    `(module (global $int (mut i32) (i32.const 1)) (memory 1) (table funcref (elem $ffs $abs))
      (func $main (param $return i32) (result i32) (local $while i32) (local $memcpy i32)
        (local.set $while (i32.load (local.get $return))) (i32.add (local.get $while) (i32.const 2)))
      (func $abs (param $abs i32) (result i32) (call $main (local.get $abs)))
      (func $ffs (param $u32 i32) (result i32) (i32.mul (local.get $u32) (call $abs (i32.const 1))))
      (func $strlen (param $uint32_t i32) (result i64) (i64.extend_i32_u (call $ffs (local.get $uint32_t))))
      (func $labs (param $u64 i64) (result i64) (i64.add (local.get $u64) (call $strlen (i32.const 3))))
      (func $exit (param i32) (result i32) (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))
      (func $toupper (param $l0 i32) (param $t1 i32) (result i32) (i32.sub (call $exit (local.get $t1)) (local.get $l0)))
      (func $NULL (result i32) (call $toupper (i32.const 1) (i32.const 7)))
      (func $inline (result i32) (call $NULL)) (func $memset (result i32) (call $inline))
      (func $m0 (result i32) (call $memset)) (func $m_memory (result i32) (call $m0))
      (func $trap) (func $memory (export "memory") (result i32) (call $trap) (call $m_memory))
      (func (export "instantiate") (export "malloc") (param $signed i64) (result i64)
        (call $labs (i64.add (local.get $signed) (i64.extend_i32_u (call $memory))))))`,
    `§ 7.4.1 Name Section
     memory = 13
     instantiate 100 = 119
     malloc -100 = -81`,
  ],
  [
    "names that come to the same identifier",
    `(module
      (func $a.b (result i32) (i32.const 1)) (func $a_b (result i32) (i32.const 2)) (func $a/b (result i32) (i32.const 3))
      (func $a!b<c> (result i32) (i32.const 4)) (func $3 (result i32) (i32.const 5)) (func $_3 (result i32) (i32.const 6))
      (func $f7 (result i32) (i32.const 7)) (func (result i32) (i32.const 8)) (func $~ (result i32) (i32.const 9))
      (func $x (param $p.q i32) (param $p_q i32) (result i32) (local $p-q i32)
        (local.set $p-q (i32.const 5)) (i32.sub (i32.sub (local.get $p.q) (local.get $p_q)) (local.get $p-q)))
      (func (export "sum") (export "a-b") (export "a+b") (result i32)
        (call $a.b) (i32.shl (call $a_b) (i32.const 4)) (i32.shl (call $a/b) (i32.const 8))
        (i32.shl (call $a!b<c>) (i32.const 12)) (i32.shl (call $3) (i32.const 16)) (i32.shl (call $_3) (i32.const 20))
        (i32.shl (call $f7) (i32.const 24)) (i32.shl (call 7) (i32.const 28)) (drop (call $~))
        (i32.or) (i32.or) (i32.or) (i32.or) (i32.or) (i32.or) (i32.or))
      (func (export "sum ") (param i32 i32) (result i32) (call $x (local.get 0) (local.get 1)))
      (func (export "sum_") (param i32 i32) (result i32) (call $x (local.get 1) (local.get 0))))`,
    `§ 7.4.1 Name Section
     sum = 0x87654321
     a-b = 0x87654321
     a+b = 0x87654321
     sum_ 1 10 = 4`,
  ],
];

export function callCases(): SpecModule[] {
  return [
    specModule("calls", CALLS, CALL_LINES),
    specModule("call_indirect", INDIRECT, INDIRECT_LINES),
    specModule("imports", IMPORTS, IMPORT_LINES),
    ...INSTANTIATION.map(([name, wat, lines]) => specModule(name, wat, lines)),
  ];
}
