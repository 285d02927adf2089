/** Memory and data segments: core specification 2.0, sections 4.4.7, 4.5.4 and 5.5.14. One page has 65536 bytes. */
import { type SpecModule, specModule } from "./spec-cases.ts";

type Type = "i32" | "i64";

/** Loads by name, with the bytes each reads. */
const LOADS: Readonly<Record<string, number>> = {
  "i32.load": 4,
  "i64.load": 8,
  "i32.load8_s": 1,
  "i32.load8_u": 1,
  "i32.load16_s": 2,
  "i32.load16_u": 2,
  "i64.load8_s": 1,
  "i64.load8_u": 1,
  "i64.load16_s": 2,
  "i64.load16_u": 2,
  "i64.load32_s": 4,
  "i64.load32_u": 4,
};

const STORES: Readonly<Record<string, number>> = {
  "i32.store": 4,
  "i64.store": 8,
  "i32.store8": 1,
  "i32.store16": 2,
  "i64.store8": 1,
  "i64.store16": 2,
  "i64.store32": 4,
};

const OUTSIDE = "! out of bounds memory access";
const PAGE = 65536;
const PEEK = `(func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))`;

const typeOf = (name: string): Type => name.slice(0, 3) as Type;

function load(name: string, memarg: string, label = name): string {
  return `(func (export "${label}") (param i32) (result ${typeOf(name)}) (${name} ${memarg} (local.get 0)))`;
}

function store(name: string, memarg: string, label = name): string {
  const body = `(${name} ${memarg} (local.get 0) (local.get 1))`;
  return `(func (export "${label}") (param i32 ${typeOf(name)}) ${body})`;
}

/** Bytes 80 7f ff fe 01 00 82 83 from address 0, and the same up to the last of the page. */
const LOADED = `
  § 4.4.7 t.load memarg
  i32.load 0 = 0xfeff7f80
  i32.load 1 = 0x01feff7f
  i32.load 3 = 0x820001fe
  i64.load 0 = 0x83820001feff7f80
  i64.load 1 = 0x0083820001feff7f
  i32.load 65532 = 0x83820001
  i64.load 65528 = 0x83820001feff7f80
  § 4.4.7 t.loadN_sx memarg
  i32.load8_s 0 = -128
  i32.load8_s 1 = 127
  i32.load8_s 2 = -1
  i32.load8_u 0 = 0x80
  i32.load8_u 2 = 0xff
  i32.load16_s 0 = 0x7f80
  i32.load16_s 2 = 0xfffffeff
  i32.load16_s 1 = 0xffffff7f
  i32.load16_u 2 = 0xfeff
  i64.load8_s 0 = -128
  i64.load8_s 1 = 127
  i64.load8_u 0 = 0x80
  i64.load16_s 2 = 0xfffffffffffffeff
  i64.load16_s 0 = 0x7f80
  i64.load16_u 2 = 0xfeff
  i64.load32_s 0 = 0xfffffffffeff7f80
  i64.load32_s 1 = 0x01feff7f
  i64.load32_u 0 = 0xfeff7f80
  i64.load32_u 65532 = 0x83820001
  i64.load32_s 65532 = 0xffffffff83820001
`;
const BYTES = String.raw`\80\7f\ff\fe\01\00\82\83`;

/** The last address that is inside, the first that is not, and addresses that come round at 2^32. */
function loadBounds(): string {
  return Object.entries(LOADS)
    .flatMap(([name, bytes]) => [
      `§ 4.4.7 ${bytes * 8 === Number(name.slice(1, 3)) ? "t.load" : "t.loadN_sx"} memarg`,
      `edge:${name} ${PAGE - bytes} = 0`,
      ...new Set([PAGE - bytes + 1, PAGE, -1, -bytes, "min", "max"].map((at) => `edge:${name} ${at} ${OUTSIDE}`)),
      // The offset is added without coming round: 2^32 - 1 + 1 is not 0.
      ...[`one:${name} -1`, `one:${name} ${PAGE - bytes}`, `far:${name} 0`, `far:${name} 1`, `far:${name} -1`].map(
        (call) => `${call} ${OUTSIDE}`,
      ),
      `one:${name} ${PAGE - bytes - 1} = 0`,
      `last:${name} 0 = 0`,
      `last:${name} 1 ${OUTSIDE}`,
      `last:${name} -1 ${OUTSIDE}`,
    ])
    .join("\n");
}

function loadBoundsModule(): string {
  const functions = Object.entries(LOADS).flatMap(([name, bytes]) => [
    load(name, "", `edge:${name}`),
    load(name, "offset=1", `one:${name}`),
    load(name, "offset=4294967295", `far:${name}`),
    load(name, `offset=${PAGE - bytes}`, `last:${name}`),
  ]);
  return `(module (memory 1) ${functions.join("\n")})`;
}

const STORED = `
  § 4.4.7 t.store memarg
  i32.store 8 0x12345678
  peek 8 = 0x78
  peek 9 = 0x56
  peek 11 = 0x12
  peek 12 = 0
  i32.store 9 0xaabbccdd
  i32.load 8 = 0xbbccdd78
  i64.store 16 0x0123456789abcdef
  peek 16 = 0xef
  peek 23 = 0x01
  i64.store 17 -2
  i64.load 16 = 0xfffffffffffffeef
  i64.load 24 = 0xff
  § 4.4.7 t.storeN memarg
  i32.store 32 -1
  i32.store8 33 0x12345678
  i32.load 32 = 0xffff78ff
  i32.store16 32 0x12340000
  i32.load 32 = 0xffff0000
  i32.store16 33 0xabcd
  i32.load 32 = 0xffabcd00
  i64.store 40 -1
  i64.store8 41 0x1234567800
  i64.store16 43 0x123400005678
  i64.store32 44 0x1_0000_0000
  i64.load 40 = 0x78ff00ff
  § 4.4.7 t.store memarg
  i32.store 65532 0x11111111
  i32.store 65533 0x22222222 ! out of bounds memory access
  i64.store 65529 -1 ! out of bounds memory access
  i32.store16 65535 -1 ! out of bounds memory access
  i64.store32 65534 -1 ! out of bounds memory access
  i32.store8 65536 -1 ! out of bounds memory access
  i32.load 65532 = 0x11111111
  i64.load 65528 = 0x1111111100000000
`;

function storeBounds(): string {
  return Object.entries(STORES)
    .flatMap(([name, bytes]) => [
      `§ 4.4.7 ${bytes * 8 === Number(name.slice(1, 3)) ? "t.store" : "t.storeN"} memarg`,
      `edge:${name} ${PAGE - bytes} -1`,
      ...new Set([PAGE - bytes + 1, PAGE, -1, -bytes, "min"].map((at) => `edge:${name} ${at} -1 ${OUTSIDE}`)),
      `one:${name} -1 -1 ${OUTSIDE}`,
      `far:${name} 0 -1 ${OUTSIDE}`,
      `far:${name} 1 -1 ${OUTSIDE}`,
      "peek 0 = 0",
    ])
    .join("\n");
}

function storeBoundsModule(): string {
  const functions = Object.keys(STORES).flatMap((name) => [
    store(name, "", `edge:${name}`),
    store(name, "offset=1", `one:${name}`),
    store(name, "offset=4294967295", `far:${name}`),
  ]);
  return `(module (memory 1) ${PEEK} ${functions.join("\n")})`;
}

export const RUNS_NAME = "runs of accesses";

/** A run of accesses to one base, some outside, and in both orders: each is as if it were alone. */
const RUNS = String.raw`(module (memory 1) (data (i32.const 65528) "\01\02\03\04\05\06\07\08") ${PEEK}
  (func (export "sum") (param i32) (result i32)
    (i32.add (i32.add (i32.load (local.get 0)) (i32.load offset=4 (local.get 0))) (i32.load8_u offset=8 (local.get 0))))
  (func (export "moved") (param i32) (result i32)
    (i32.store (local.get 0) (i32.const 7))
    (local.set 0 (i32.add (local.get 0) (i32.const 4)))
    (i32.store (local.get 0) (i32.const 9))
    (i32.load (i32.sub (local.get 0) (i32.const 4))))
  (func (export "read-first") (param i32) (result i32)
    (i32.store8 offset=1 (local.get 0) (i32.load8_u (local.get 0)))
    (i32.load8_u offset=1 (local.get 0)))
  (func (export "either") (param i32 i32)
    (if (local.get 1) (then (i32.store (local.get 0) (i32.const -1)))
      (else (i32.store offset=65532 (local.get 0) (i32.const -1)))))
  (func (export "until") (param i32) (result i32) (local i32)
    (loop (local.set 1 (i32.add (local.get 1) (i32.load8_u (local.get 0))))
      (br_if 0 (i32.load8_u offset=1 (local.tee 0 (i32.add (local.get 0) (i32.const 1))))))
    (local.get 1)))`;
const RUN_LINES = `
  § 4.4.7 t.load memarg
  sum 0 = 0
  sum 65527 = 0x0a08060c
  sum 65528 ! out of bounds memory access
  sum 65532 ! out of bounds memory access
  sum -8 ! out of bounds memory access
  sum -4 ! out of bounds memory access
  § 4.4.7 t.store memarg
  moved 16 = 7
  peek 16 = 7
  peek 20 = 9
  moved 65532 ! out of bounds memory access
  moved -4 ! out of bounds memory access
  read-first 65534 = 0
  peek 65535 = 0
  read-first 65528 = 1
  peek 65529 = 1
  read-first 65535 ! out of bounds memory access
  either 0 0
  peek 65535 = 0xff
  either 1 0 ! out of bounds memory access
  either 1 1
  peek 1 = 0xff
  peek 5 = 0
  either 65533 1 ! out of bounds memory access
  until 65520 = 0
  until 65528 ! out of bounds memory access
`;

const BULK = String.raw`(module (memory 1)
  (data (i32.const 0) "abcdefgh")
  (data $p "123456")
  (data $q (i32.const 32) "xyz")
  (data $empty "")
  ${PEEK}
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32) (memory.init $p (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init-active") (param i32 i32 i32) (memory.init $q (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init-empty") (param i32 i32 i32) (memory.init $empty (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $p))
  (func (export "i64") (param i32) (result i64) (i64.load (local.get 0)))
  (func (export "size") (result i32) (memory.size)))`;
const BULK_LINES = `
  § 4.4.7 memory.size
  size = 1
  § 4.4.7 memory.copy
  copy 8 0 8
  i64 8 = 0x6867666564636261
  copy 10 8 6
  i64 8 = 0x6665646362616261
  copy 8 10 6
  i64 8 = 0x6665666564636261
  copy 16 0 0
  i64 16 = 0
  copy 0 0 65536
  i64 0 = 0x6867666564636261
  copy 65536 0 0
  copy 0 65536 0
  copy 65536 65536 0
  copy 65537 0 0 ! out of bounds memory access
  copy 0 65537 0 ! out of bounds memory access
  copy -1 0 0 ! out of bounds memory access
  copy 0 -1 0 ! out of bounds memory access
  copy 65529 0 8 ! out of bounds memory access
  i64 65528 = 0
  copy 0 65529 8 ! out of bounds memory access
  copy 1 0 -1 ! out of bounds memory access
  copy -1 -1 2 ! out of bounds memory access
  copy 65528 0 8
  i64 65528 = 0x6867666564636261
  i64 0 = 0x6867666564636261
  § 4.4.7 memory.fill
  fill 16 0x155 3
  i64 16 = 0x555555
  fill 16 -1 1
  i64 16 = 0x5555ff
  fill 24 7 0
  peek 24 = 0
  fill 65536 1 0
  fill 65537 1 0 ! out of bounds memory access
  fill -1 1 0 ! out of bounds memory access
  fill 65535 1 2 ! out of bounds memory access
  peek 65535 = 0x68
  fill 1 0 -1 ! out of bounds memory access
  fill 65535 9 1
  peek 65535 = 9
  § 4.4.7 memory.init x
  init 40 1 4
  i64 40 = 0x35343332
  init 48 6 0
  init 65536 0 0
  init 65536 6 0
  init 48 7 0 ! out of bounds memory access
  init 65537 0 0 ! out of bounds memory access
  init 48 0 7 ! out of bounds memory access
  init 48 -1 1 ! out of bounds memory access
  init 48 2 -1 ! out of bounds memory access
  init 65534 0 3 ! out of bounds memory access
  peek 65534 = 0x67
  i64 48 = 0
  init 65533 0 3
  peek 65535 = 0x33
  init-empty 0 0 0
  init-empty 0 0 1 ! out of bounds memory access
  init-empty 0 1 0 ! out of bounds memory access
  § 4.5.4 Instantiation
  peek 34 = 0x7a
  init-active 0 0 0
  init-active 0 0 1 ! out of bounds memory access
  § 4.4.7 data.drop x
  drop
  init 48 0 0
  init 48 0 1 ! out of bounds memory access
  init 65537 0 0 ! out of bounds memory access
  drop
  peek 40 = 0x32
`;

const NO_PAGES = `(module (memory 0 0) (data (i32.const 0) "")
  (func (export "size") (result i32) (memory.size))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 1)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1))))`;
const NO_PAGES_LINES = `
  § 4.4.7 memory.size
  size = 0
  § 4.4.7 t.loadN_sx memarg
  load 0 ! out of bounds memory access
  load -1 ! out of bounds memory access
  store 0 ! out of bounds memory access
  fill 0 0
  fill 0 1 ! out of bounds memory access
  fill 1 0 ! out of bounds memory access
`;

const PAGES = String.raw`(module (memory 3 5) (data (i32.const 131070) "\01\02\03\04")
  (func (export "size") (result i32) (memory.size))
  (func (export "load") (param i32) (result i64) (i64.load (local.get 0))))`;
const PAGES_LINES = `
  § 4.4.7 memory.size
  size = 3
  § 4.4.7 t.load memarg
  load 131068 = 0x0000040302010000
  load 196600 = 0
  load 196601 ! out of bounds memory access
`;

/** Alignment is a hint: an access that does not keep it gives the same (section 4.4.7, note). */
const ALIGNED = `(module (memory 1) (data (i32.const 1) "abcdefgh")
  (func (export "byte") (param i32) (result i64) (i64.load align=1 (local.get 0)))
  (func (export "natural") (param i32) (result i64) (i64.load align=8 (local.get 0)))
  (func (export "put") (param i32 i64) (i64.store align=8 (local.get 0) (local.get 1)))
  (func (export "put16") (param i32 i32) (i32.store16 align=2 (local.get 0) (local.get 1)))
  (func (export "two") (param i32) (result i32) (i32.load align=2 (local.get 0))))`;
const ALIGNED_LINES = `
  § 4.4.7 t.load memarg
  byte 1 = 0x6867666564636261
  natural 1 = 0x6867666564636261
  two 3 = 0x66656463
  put 17 0x1122334455667788
  natural 17 = 0x1122334455667788
  put16 19 0xffff
  byte 17 = 0x11223344ffff7788
`;

/** Active segments are copied in order, each checked when its turn comes. */
const SEGMENTS: readonly (readonly [name: string, wat: string, lines: string])[] = [
  [
    "data segments in order",
    `(module (memory 1) (data (i32.const 0) "aaaa") (data (i32.const 1) "bb") (data (i32.const 2) "c")
      (data (i32.const 65536) "") (func (export "i32") (result i32) (i32.load (i32.const 0))))`,
    `§ 4.5.4 Instantiation
     i32 = 0x61636261`,
  ],
  [
    "a data segment at the end of memory",
    `(module (memory 1) (data (i32.const 65535) "z")
      (func (export "last") (result i32) (i32.load8_u (i32.const 65535))))`,
    `§ 4.5.4 Instantiation
     last = 0x7a`,
  ],
  [
    "a data segment behind the end of memory",
    `(module (memory 1) (data (i32.const 65535) "zz"))`,
    `§ 4.5.4 Instantiation
     instantiate ! out of bounds memory access`,
  ],
  [
    "an empty data segment behind the end of memory",
    `(module (memory 1) (data (i32.const 65537) ""))`,
    `§ 4.5.4 Instantiation
     instantiate ! out of bounds memory access`,
  ],
  [
    "a data segment at a negative offset",
    `(module (memory 1) (data (i32.const -1) "a"))`,
    `§ 4.5.4 Instantiation
     instantiate ! out of bounds memory access`,
  ],
  [
    "a data segment for no pages",
    `(module (memory 0) (data (i32.const 0) "a"))`,
    `§ 4.5.4 Instantiation
     instantiate ! out of bounds memory access`,
  ],
  [
    "a data segment in the order of its parts",
    // Quote, backslash, line end, zero, percent, question marks that could be a trigraph, the end of a C comment.
    String.raw`(module (memory 1) (data (i32.const 0) "\22\5c\0a" "\00%??/" "*/\ff")
      (func (export "at") (param i32) (result i32) (i32.load8_u (local.get 0))))`,
    `§ 5.5.14 Data Section
     at 0 = 0x22
     at 1 = 0x5c
     at 2 = 0x0a
     at 3 = 0
     at 4 = 0x25
     at 5 = 0x3f
     at 6 = 0x3f
     at 7 = 0x2f
     at 8 = 0x2a
     at 9 = 0x2f
     at 10 = 0xff
     at 11 = 0`,
  ],
];

export function memoryCases(): SpecModule[] {
  const data = `(data (i32.const 0) "${BYTES}") (data (i32.const ${PAGE - 8}) "${BYTES}")`;
  const loads = Object.keys(LOADS).map((name) => load(name, ""));
  const stores = Object.keys(STORES).map((name) => store(name, ""));
  const read = [load("i32.load", ""), load("i64.load", ""), PEEK];
  return [
    specModule("loads", `(module (memory 1) ${data} ${loads.join("\n")})`, LOADED),
    specModule("loads at the bounds", loadBoundsModule(), loadBounds()),
    specModule("stores", `(module (memory 1) ${[...stores, ...read].join("\n")})`, STORED),
    specModule("stores at the bounds", storeBoundsModule(), storeBounds()),
    specModule(RUNS_NAME, RUNS, RUN_LINES),
    specModule("blocks of memory", BULK, BULK_LINES),
    specModule("no pages", NO_PAGES, NO_PAGES_LINES),
    specModule("three pages", PAGES, PAGES_LINES),
    specModule("alignment", ALIGNED, ALIGNED_LINES),
    ...SEGMENTS.map(([name, wat, lines]) => specModule(name, wat, lines)),
  ];
}
