/** Blocks, branches, variables and the order of evaluation: core specification 2.0, sections 4.4.4, 4.4.5 and 4.4.8. */
import { type SpecModule, specModule } from "./spec-cases.ts";

/** Exported functions that note the order they are called in: `note` appends a decimal digit to a global. */
const NOTED = `(global $order (mut i32) (i32.const 0))
  (func $note (param i32 i32) (result i32)
    (global.set $order (i32.add (i32.mul (global.get $order) (i32.const 10)) (local.get 0)))
    (local.get 1))
  (func (export "order") (result i32) (local i32)
    (local.set 0 (global.get $order)) (global.set $order (i32.const 0)) (local.get 0))`;

const BLOCKS = `(module
  (func (export "value") (param i32) (result i32)
    (i32.add (block (result i32) (i32.const 5)) (local.get 0)))
  (func (export "br-value") (param i32) (result i32)
    (i32.add (block (result i32) (drop (i32.const 9)) (br 0 (i32.const 5)) (drop (i32.const 3)) (i32.const 1))
      (local.get 0)))
  (func (export "drops-rest") (result i32)
    (block (result i32) (i32.const 1) (i32.const 2) (i32.const 3) (br 0 (i32.const 4))))
  (func (export "outer") (param i32) (result i32)
    (block $a (result i32)
      (block $b (result i32)
        (block $c (result i32)
          (br_if $a (i32.const 10) (i32.eqz (local.get 0)))
          (drop)
          (br_if $b (i32.const 20) (i32.eq (local.get 0) (i32.const 1)))
          (drop)
          (br $c (i32.const 30)))
        (i32.add (i32.const 1)))
      (i32.add (i32.const 2))))
  (func (export "if") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 7)) (else (i32.const 8))))
  (func (export "if-only") (param i32) (result i32)
    (local i32)
    (if (local.get 0) (then (local.set 1 (i32.const 3))))
    (local.get 1))
  (func (export "if-br") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (br_if 0 (i32.const 50) (i32.eq (local.get 0) (i32.const 2))) (i32.add (i32.const 1)))
      (else (br 0 (i32.const 60)))))
  (func (export "i64-value") (param i32) (result i64)
    (block (result i64)
      (if (result i64) (local.get 0) (then (br 1 (i64.const -5))) (else (i64.const 0x100000001)))
      (i64.add (i64.const 1))))
  (func (export "nested-if") (param i32 i32) (result i32)
    (if (result i32) (local.get 0)
      (then (if (result i32) (local.get 1) (then (i32.const 11)) (else (i32.const 10))))
      (else (if (result i32) (local.get 1) (then (i32.const 1)) (else (i32.const 0))))))
  (func (export "br-operand") (param i32) (result i32)
    (block (result i32) (i32.add (i32.const 1) (br_if 0 (i32.const 2) (local.get 0)))))
  (func (export "kept-below") (param i32) (result i32)
    (i32.sub (local.get 0)
      (block (result i32) (local.set 0 (i32.const 100)) (br_if 0 (i32.const 1) (local.get 0)) (i32.const 1) (i32.add))))
  (func (export "empty") (block) (loop) (block (block (nop))) (if (i32.const 0) (then) (else)))
  (func (export "return") (param i32) (result i32)
    (block (result i32) (block (if (local.get 0) (then (return (i32.const 1))))) (i32.const 2)) (i32.mul (i32.const 10)))
  (func $five (param i32) (result i32) (i32.const 5))
  (func (export "br_if-call") (result i32)
    (block (result i32) (br_if 0 (call $five (i32.const 1)) (i32.const 2)) (i32.add (call $five (i32.const 1)))))
  (func (export "br_if-calls") (param i32) (result i32)
    (block (result i32) (br_if 0 (call $five (i32.const 1)) (call $five (local.get 0))) (drop) (i32.const 9)))
  (func (export "br-function") (param i32) (result i32)
    (block (block (br_if 2 (i32.const 1) (local.get 0)) (drop))) (i32.const 2)))`;
const BLOCK_LINES = `
  § 4.4.8 block
  value 2 = 7
  empty
  nested-if 1 1 = 11
  nested-if 1 0 = 10
  nested-if 0 1 = 1
  nested-if 0 0 = 0
  § 4.4.8 br l
  br-value 2 = 7
  drops-rest = 4
  i64-value 1 = -5
  i64-value 0 = 0x100000002
  § 4.4.8 br_if l
  outer 0 = 10
  outer 1 = 22
  outer 2 = 33
  br-operand 1 = 2
  br-operand 0 = 3
  kept-below 7 = 6
  br_if-call = 5
  br_if-calls 3 = 5
  § 4.4.8 if
  if 1 = 7
  if 0 = 8
  if -1 = 7
  if min = 7
  if 0x100 = 7
  if-only 0 = 0
  if-only 5 = 3
  if-br 0 = 60
  if-br 1 = 51
  if-br 2 = 50
  § 4.4.8 return
  return 1 = 1
  return 0 = 20
  § 4.4.8 br l, to the label of the function
  br-function 1 = 1
  br-function 0 = 2
`;

const LOOPS = `(module
  (func (export "sum") (param i32) (result i64) (local i64)
    (block (loop
      (br_if 1 (i32.eqz (local.get 0)))
      (local.set 1 (i64.add (local.get 1) (i64.extend_i32_u (local.get 0))))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br 0)))
    (local.get 1))
  (func (export "once") (result i32) (loop (result i32) (i32.const 4)))
  (func (export "leave") (param i32) (result i32)
    (block (result i32)
      (loop (result i32)
        (local.set 0 (i32.add (local.get 0) (i32.const 3)))
        (br_if 1 (local.get 0) (i32.gt_u (local.get 0) (i32.const 10)))
        (drop)
        (br 0))))
  (func (export "gcd") (param i32 i32) (result i32) (local i32)
    (loop
      (if (local.get 1) (then
        (local.set 2 (i32.rem_u (local.get 0) (local.get 1)))
        (local.set 0 (local.get 1))
        (local.set 1 (local.get 2))
        (br 1))))
    (local.get 0))
  (func (export "pairs") (param i32) (result i32) (local i32 i32 i32)
    (loop $i
      (local.set 2 (i32.const 0))
      (loop $j
        (local.set 3 (i32.add (local.get 3) (i32.const 1)))
        (br_if $j (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (local.get 0))))
      (br_if $i (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0))))
    (local.get 3))
  (func (export "continue-outer") (param i32) (result i32) (local i32 i32)
    (block $out
      (loop $i
        (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br_if $out (i32.gt_u (local.get 1) (local.get 0)))
        (loop $j
          (br_if $i (i32.and (local.get 1) (i32.const 1)))
          (local.set 2 (i32.add (local.get 2) (local.get 1)))
          (br $i))))
    (local.get 2))
  (func (export "swap") (param i32 i32 i32) (result i32)
    (loop
      (local.get 0) (local.get 1) (local.set 0) (local.set 1)
      (br_if 0 (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))))
    (i32.sub (local.get 0) (local.get 1))))`;
const LOOP_LINES = `
  § 4.4.8 loop
  sum 0 = 0
  sum 1 = 1
  sum 100000 = 5000050000
  once = 4
  leave 0 = 12
  leave 11 = 14
  leave -3 = 12
  leave -10 = -7
  gcd 12 18 = 6
  gcd 1071 462 = 21
  gcd 0 5 = 5
  gcd -1 0x10 = 1
  pairs 1 = 1
  pairs 7 = 49
  continue-outer 10 = 30
  continue-outer 0 = 0
  swap 10 3 1 = -7
  swap 10 3 2 = 7
`;

const BR_TABLE = `(module
  (func (export "cases") (param i32) (result i32)
    (block (block (block (block (br_table 3 0 2 1 2 (local.get 0)))
      (return (i32.const 100))) (return (i32.const 101))) (return (i32.const 102)))
    (i32.const 103))
  (func (export "value") (param i32) (result i32)
    (block (result i32)
      (block (result i32) (block (result i32) (br_table 0 1 2 (i32.const 50) (local.get 0))) (i32.add (i32.const 1)))
      (i32.add (i32.const 10))))
  (func (export "only-default") (param i32) (result i32) (block (br_table 0 (local.get 0))) (i32.const 5))
  (func (export "same") (param i32) (result i32)
    (block (block (br_table 0 0 0 1 (local.get 0))) (return (i32.const 1))) (i32.const 2))
  (func (export "return") (param i32) (result i32)
    (block (result i32) (br_table 1 0 (i32.const 9) (local.get 0))) (i32.add (i32.const 1)))
  (func (export "loop") (param i32) (result i32) (local i32)
    (block $done
      (loop $again
        (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 10)) (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_table $done $again $again $again $done (local.get 0))))
    (local.get 1))
  (func (export "wide") (param i64) (result i64)
    (block (result i64) (block (result i64) (br_table 0 1 (i64.const 7) (i32.wrap_i64 (local.get 0))))
      (i64.shl (i64.const 40)))))`;
const BR_TABLE_LINES = `
  § 4.4.8 br_table l* l_N
  cases 0 = 103
  cases 1 = 100
  cases 2 = 102
  cases 3 = 101
  cases 4 = 102
  cases 5 = 102
  cases -1 = 102
  cases min = 102
  value 0 = 61
  value 1 = 60
  value 2 = 50
  value 100 = 50
  only-default 0 = 5
  only-default -1 = 5
  same 0 = 1
  same 2 = 1
  same 3 = 2
  return 0 = 9
  return 1 = 10
  loop 3 = 321
  loop 4 = 4321
  loop 9 = 9
  wide 0 = 0x70000000000
  wide 1 = 7
`;

const UNREACHABLE = `(module
  (func (export "trap") (unreachable))
  (func (export "after-br") (result i32) (block (result i32) (br 0 (i32.const 1)) (unreachable)))
  (func (export "after-return") (result i32) (return (i32.const 2)) (unreachable) (i32.const 3))
  (func (export "polymorphic") (param i32) (result i64)
    (if (local.get 0) (then (return (i64.const 4))))
    (unreachable) (i64.add) (i64.mul (i64.const 2)))
  (func (export "dead-blocks") (param i32) (result i32)
    (block (result i32)
      (br 0 (i32.const 5))
      (block (loop (br_table 0 1 0 (local.get 0)) (if (result i32) (then (i32.const 1)) (else (unreachable))) (drop)))
      (drop) (i32.eqz) (select)))
  (func (export "dead-else") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (unreachable)) (else (i32.const 6))))
  (func (export "dead-store") (result i32) (local i32)
    (block (br 0) (local.set 0 (i32.const 1))) (local.get 0))
  (func (export "dead-call") (result i32) (block (br 0) (call 0)) (i32.const 8))
  (func (export "operand") (param i32) (result i32) (i32.add (local.get 0) (unreachable)))
  (func (export "both-return") (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 1))) (else (return (i32.const 2)))) (unreachable))
  (func (export "endless-left") (param i32) (result i32)
    (loop (result i32) (if (local.get 0) (then (return (i32.const 3)))) (local.set 0 (i32.const 1)) (br 0))))`;
const UNREACHABLE_LINES = `
  § 4.4.8 unreachable
  trap ! unreachable executed
  operand 1 ! unreachable executed
  dead-else 1 ! unreachable executed
  dead-else 0 = 6
  polymorphic 0 ! unreachable executed
  polymorphic 1 = 4
  § 4.4.8 br l
  after-br = 1
  dead-blocks 0 = 5
  dead-store = 0
  dead-call = 8
  endless-left 0 = 3
  § 4.4.8 return
  after-return = 2
  both-return 1 = 1
  both-return 0 = 2
`;

const VARIABLES = `(module
  (global $i (mut i32) (i32.const -7)) (global $l (mut i64) (i64.const 0x123456789abcdef0)) (global $c i64 (i64.const min))
  (func (export "zero") (result i64) (local i32 i64) (i64.add (local.get 1) (i64.extend_i32_u (local.get 0))))
  (func (export "tee") (param i32) (result i32) (i32.add (local.tee 0 (i32.const 5)) (local.get 0)))
  (func (export "get-tee") (param i32) (result i32) (i32.sub (local.get 0) (local.tee 0 (i32.const 5))))
  (func (export "tee-tee") (param i32) (result i32)
    (i32.sub (local.tee 0 (i32.const 9)) (i32.sub (local.tee 0 (i32.const 4)) (local.get 0))))
  (func (export "get-set-get") (param i32) (result i32)
    (local.get 0) (local.set 0 (i32.const 1)) (local.get 0) (i32.sub))
  (func (export "param-set") (param i32 i64) (result i64)
    (local.set 1 (i64.add (local.get 1) (i64.extend_i32_s (local.get 0)))) (local.get 1))
  (func (export "set-self") (param i32) (result i32)
    (local.set 0 (local.get 0)) (drop (local.tee 0 (local.get 0))) (local.get 0))
  (func (export "compare-self") (param i32 i64) (result i32)
    (i32.sub (i32.sub (i32.ge_s (local.get 0) (local.get 0)) (i64.ne (local.get 1) (local.get 1)))
      (i32.lt_u (local.get 0) (local.get 0))))
  (func (export "i") (result i32) (global.get $i))
  (func (export "l") (result i64) (global.get $l))
  (func (export "c") (result i64) (global.get $c))
  (func (export "set-i") (param i32) (global.set $i (local.get 0)))
  (func (export "set-l") (param i64) (global.set $l (local.get 0)))
  (func (export "global-order") (result i32)
    (global.get $i) (global.set $i (i32.const 3)) (global.get $i) (i32.sub))
  (func $bump (result i32) (global.set $i (i32.add (global.get $i) (i32.const 1))) (global.get $i))
  (func (export "call-between") (result i32) (i32.sub (global.get $i) (call $bump)))
  (func (export "two-calls") (result i32) (i32.sub (call $bump) (i32.mul (call $bump) (i32.const 10))))
  (func (export "dropped") (result i32) (drop (call $bump)) (global.get $i))
  (func (export "select") (param i32 i32 i32) (result i32) (select (local.get 0) (local.get 1) (local.get 2)))
  (func (export "select-i64") (param i64 i64 i32) (result i64) (select (local.get 0) (local.get 1) (local.get 2)))
  (func (export "select-both") (param i32) (result i32)
    (drop (select (call $bump) (call $bump) (local.get 0))) (global.get $i))
  (func (export "select-trap") (param i32) (result i32)
    (select (i32.const 1) (i32.div_u (i32.const 1) (i32.const 0)) (local.get 0))))`;
const VARIABLE_LINES = `
  § 4.4.5 local.get x
  zero = 0
  get-tee 7 = 2
  get-set-get 7 = 6
  § 4.4.5 local.tee x
  tee 1 = 10
  tee-tee 1 = 9
  § 4.4.5 local.set x
  set-self -3 = -3
  compare-self 5 -1 = 1
  param-set -1 0x100000000 = 0xffffffff
  § 4.4.5 global.get x
  i = -7
  l = 0x123456789abcdef0
  c = min
  § 4.4.5 global.set x
  set-i 0x80000000
  i = 0x80000000
  set-l -2
  l = -2
  set-i 10
  global-order = 7
  i = 3
  call-between = -1
  two-calls = -55
  dropped = 7
  § 4.4.4 select
  select 1 2 1 = 1
  select 1 2 0 = 2
  select 1 2 min = 1
  select 1 2 0x100 = 1
  select-i64 -1 0x100000000 0 = 0x100000000
  select-i64 -1 0x100000000 -1 = -1
  select-both 0 = 9
  select-both 1 = 11
  select-trap 1 ! integer divide by zero
`;

/** Operands are evaluated from left to right, whatever is done with them. */
const ORDER = `(module (memory 1) ${NOTED}
  (type $two (func (param i32 i32) (result i32)))
  (table funcref (elem $minus)) (func $minus (type $two) (i32.sub (local.get 0) (local.get 1)))
  (func (export "binary") (result i32)
    (i32.sub (call $note (i32.const 1) (i32.const 9)) (call $note (i32.const 2) (i32.const 4))))
  (func (export "compare") (result i32)
    (i32.lt_u (call $note (i32.const 1) (i32.const 9)) (call $note (i32.const 2) (i32.const 4))))
  (func (export "store")
    (i32.store (call $note (i32.const 1) (i32.const 8)) (call $note (i32.const 2) (i32.const 77))))
  (func (export "load") (result i32) (i32.load (call $note (i32.const 3) (i32.const 8))))
  (func (export "call") (result i32)
    (call $minus (call $note (i32.const 1) (i32.const 9)) (call $note (i32.const 2) (i32.const 4))))
  (func (export "indirect") (result i32)
    (call_indirect (type $two) (call $note (i32.const 1) (i32.const 9)) (call $note (i32.const 2) (i32.const 4))
      (call $note (i32.const 3) (i32.const 0))))
  (func (export "select") (result i32)
    (select (call $note (i32.const 1) (i32.const 5)) (call $note (i32.const 2) (i32.const 6))
      (call $note (i32.const 3) (i32.const 0))))
  (func (export "br_if") (result i32)
    (block (result i32)
      (br_if 0 (call $note (i32.const 1) (i32.const 5)) (call $note (i32.const 2) (i32.const 1)))))
  (func (export "fill")
    (memory.fill (call $note (i32.const 1) (i32.const 32)) (call $note (i32.const 2) (i32.const 1))
      (call $note (i32.const 3) (i32.const 4))))
  (func (export "load-store") (result i32)
    (i32.add (i32.load (i32.const 32)) (block (result i32) (i32.store (i32.const 32) (i32.const 5)) (i32.const 1))))
  (func (export "trap-first") (result i32)
    (i32.add (i32.div_u (call $note (i32.const 1) (i32.const 5)) (i32.const 0)) (call $note (i32.const 2) (i32.const 0))))
  (func (export "memory-before-division") (result i32)
    (i32.add (i32.load (i32.const -1)) (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "division-before-memory") (result i32)
    (i32.add (i32.div_u (i32.const 1) (i32.const 0)) (i32.load (i32.const -1))))
  (func (export "division-before-store") (i32.store (i32.const -1) (i32.rem_s (i32.const 1) (i32.const 0))))
  (func (export "load-before-unreachable") (result i32) (i32.add (i32.load (i32.const -1)) (unreachable)))
  (func (export "overflow-before-zero") (param i32) (result i32)
    (i32.add (i32.div_s (i32.const 0x80000000) (local.get 0)) (i32.div_s (i32.const 1) (i32.const 0))))
  (func (export "dropped-load") (drop (i32.load (i32.const 65533))))
  (func (export "dropped-division") (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))
  (func (export "unused-load") (param i32) (result i32) (local i32)
    (local.set 1 (i32.load (local.get 0))) (i32.const 1)))`;
const ORDER_LINES = `
  § 4.4.1 t.binop
  binary = 5
  order = 12
  § 4.4.1 t.relop
  compare = 0
  order = 12
  § 4.4.7 t.store memarg
  store
  order = 12
  § 4.4.7 t.load memarg
  load = 77
  order = 3
  dropped-load ! out of bounds memory access
  unused-load 0 = 1
  unused-load 65533 ! out of bounds memory access
  load-store = 1
  § 4.4.7 memory.fill
  fill
  order = 123
  load-store = 0x01010102
  load-store = 6
  § 4.4.8 call x
  call = 5
  order = 12
  § 4.4.8 call_indirect x y
  indirect = 5
  order = 123
  § 4.4.4 select
  select = 6
  order = 123
  § 4.4.8 br_if l
  br_if = 5
  order = 12
  § 4.4.1 t.binop, a trap ends the computation where it strikes
  trap-first ! integer divide by zero
  order = 1
  memory-before-division ! out of bounds memory access
  division-before-memory ! integer divide by zero
  division-before-store ! integer divide by zero
  load-before-unreachable ! out of bounds memory access
  overflow-before-zero -1 ! integer overflow
  overflow-before-zero 1 ! integer divide by zero
  overflow-before-zero 0 ! integer divide by zero
  dropped-division 1
  dropped-division 0 ! integer divide by zero
`;

export function controlCases(): SpecModule[] {
  return [
    specModule("blocks", BLOCKS, BLOCK_LINES),
    specModule("loops", LOOPS, LOOP_LINES),
    specModule("br_table", BR_TABLE, BR_TABLE_LINES),
    specModule("unreachable", UNREACHABLE, UNREACHABLE_LINES),
    specModule("variables", VARIABLES.replace("i64.const min", `i64.const ${-(2n ** 63n)}`), VARIABLE_LINES),
    specModule("order", ORDER, ORDER_LINES),
  ];
}
