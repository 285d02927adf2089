/** What the translation looks like: C a person can read, each rule of it with the smallest module that shows it. */
import { describe, expect, it } from "vitest";
import { joinModule, SECTION, signed, unsigned } from "../../tests/support/wasm.ts";
import { translate, type TranslateOptions } from "./translate.ts";

const I32 = 0x7f;
const I64 = 0x7e;
const EMPTY = 0x40;
const get = (index: number): number[] => [0x20, index];
const set = (index: number): number[] => [0x21, index];
const i32 = (value: number): number[] => [0x41, ...signed(value)];
const load = (offset: number): number[] => [0x28, 2, ...unsigned(offset)];
const store = (offset: number): number[] => [0x36, 2, ...unsigned(offset)];
const ADD = [0x6a];
const DIV = [0x6d];
const END = [0x0b];

interface Code {
  readonly params?: readonly number[];
  readonly result?: number;
  readonly locals?: readonly number[];
  readonly code: readonly (readonly number[])[];
}

const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];

/** A module of these functions, all exported as f0, f1, ..., with a page of memory. */
function module(functions: readonly Code[], extra: readonly (readonly [number, readonly number[]])[] = []) {
  const bodies = functions.map(({ locals = [], code }) => {
    const body = [...vector(locals.map((type) => [1, type])), ...code.flat(), ...END];
    return [...unsigned(body.length), ...body];
  });
  const exports = functions.map((_, i) => [2, 0x66, 0x30 + i, 0, i]);
  return joinModule(
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    new Map<number, readonly number[]>([
      [
        SECTION.type,
        vector(
          functions.map(({ params = [], result }) => [
            0x60,
            ...vector(params.map((one) => [one])),
            ...vector(result === undefined ? [] : [[result]]),
          ]),
        ),
      ],
      [SECTION.function, vector(functions.map((_, i) => [i]))],
      [5, vector([[0, 1]])],
      [SECTION.export, vector(exports)],
      [SECTION.code, vector(bodies)],
      ...extra,
    ]),
  );
}

/** The C of function f0, without its comment. */
function bodyOf(functions: readonly Code[], options: Partial<TranslateOptions> = {}): string {
  const { source } = translate(module(functions), { name: "m", ...options });
  const text = source.slice(source.indexOf("/* f0 */")).split("\n").slice(1);
  return text.slice(0, text.indexOf("}") + 1).join("\n");
}

describe("an expression", () => {
  it("is written where it is consumed", () => {
    expect(bodyOf([{ params: [I32, I32], result: I32, code: [get(0), get(1), ADD, i32(-4), ADD] }])).toBe(
      ["u32 m_f0(u32 l0, u32 l1) {", "  return l0 + l1 - 4u;", "}"].join("\n"),
    );
  });

  it("is kept before a local it reads is set", () => {
    expect(bodyOf([{ params: [I32], result: I32, code: [get(0), i32(5), set(0), get(0), ADD] }])).toBe(
      ["u32 m_f0(u32 l0) {", "  const u32 t1 = l0;", "  l0 = 5u;", "  return t1 + l0;", "}"].join("\n"),
    );
  });

  it("is kept before the memory it reads is written", () => {
    expect(bodyOf([{ params: [I32], result: I32, code: [i32(8), load(0), i32(8), get(0), store(0)] }])).toBe(
      [
        "u32 m_f0(u32 l0) {",
        "  uint8_t *const m = memory_base();",
        "  const u32 t1 = load32a(m + 8);",
        "  store32a(m + 8, l0);",
        "  return t1;",
        "}",
      ].join("\n"),
    );
  });

  it("is kept when a trap of another kind comes after its own", () => {
    const code = [get(0), load(0), get(0), get(1), DIV, ADD];
    expect(bodyOf([{ params: [I32, I32], result: I32, code }])).toBe(
      [
        "u32 m_f0(u32 l0, u32 l1) {",
        "  uint8_t *const m = memory_base();",
        "  const u32 t1 = load32(at(m, l0, 4u));",
        "  const u32 t2 = divs32(l0, l1);",
        "  return t1 + t2;",
        "}",
      ].join("\n"),
    );
  });

  it("is evaluated for its trap even if it is dropped, and not otherwise", () => {
    expect(bodyOf([{ params: [I32], code: [get(0), load(4), [0x1a], get(0), i32(1), ADD, [0x1a]] }])).toBe(
      ["void m_f0(u32 l0) {", "  uint8_t *const m = memory_base();", "  (void)load32(at(m, l0, 8u) + 4);", "}"].join(
        "\n",
      ),
    );
  });

  it("compares and shifts as its type says", () => {
    const wide = [get(0), [0x42, ...signed(-1)], [0x55], get(0), [0x42, 65], [0x87], [0xa7], [0x6a]];
    expect(bodyOf([{ params: [I64], result: I32, code: wide }])).toContain(
      "return (u32)((int64_t)l0 > -1ll) + (u32)sar64(l0, 1);",
    );
  });
});

describe("what the fuzz and a review found", () => {
  const DIV_S = [0x6d];

  it("two signed divisions are two traps each: the first stays first", () => {
    const code = [get(0), get(1), DIV_S, get(1), get(0), DIV_S, ADD];
    expect(bodyOf([{ params: [I32, I32], result: I32, code }])).toBe(
      [
        "u32 m_f0(u32 l0, u32 l1) {",
        "  const u32 t1 = divs32(l0, l1);",
        "  const u32 t2 = divs32(l1, l0);",
        "  return t1 + t2;",
        "}",
      ].join("\n"),
    );
  });

  it("not not x is 0 or 1 as a value, and x as a condition", () => {
    const twice = [get(0), [0x45, 0x45]];
    expect(bodyOf([{ params: [I32], result: I32, code: twice }])).toContain("return (u32)(((u32)(l0 == 0)) == 0);");
    expect(bodyOf([{ params: [I32], code: [...twice, [0x04, EMPTY, 0x00], END] }])).toContain("if (l0) {");
  });

  it("a loop whose condition is kept inside it is no do loop", () => {
    const loop = [[0x03, EMPTY], [0x10, 1], [0x0d, 0], END];
    expect(bodyOf([{ code: loop }, { result: I32, code: [i32(0)] }])).toBe(
      ["void m_f0(void) {", "  for (;;) {", "    const u32 t1 = m_f1();", "    if (t1 == 0) break;", "  }", "}"].join(
        "\n",
      ),
    );
  });

  it("a run that reaches beyond 32 bits is outside any memory", () => {
    const code = [get(0), load(0xffffffff), get(0), load(0xfffffffe), ADD];
    expect(bodyOf([{ params: [I32], result: I32, code }])).toContain("check(l0, UINT32_MAX);");
  });

  it("a local set to itself and never read leaves nothing behind", () => {
    const code = [i32(5), set(0), get(0), set(0)];
    expect(bodyOf([{ locals: [I32], code }])).not.toContain("l0 =");
  });

  it("a branch's value is not the call's before it", () => {
    const code = [[0x02, I32, 0x10, 1, ...i32(2), 0x0d, 0, ...END]];
    const text = bodyOf([
      { result: I32, code },
      { result: I32, code: [i32(1)] },
    ]);
    expect(text).toContain("const u32 t2 = m_f1();");
    expect(text).toContain("t1 = t2;");
  });

  it("locals by the million, and names that lie, are refused or ignored", () => {
    const many = [...unsigned(1), ...unsigned(50_000), I32, ...END];
    const bodies = Array.from({ length: 3 }, () => [...unsigned(many.length), ...many]);
    const wasm = joinModule(
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
      new Map<number, readonly number[]>([
        [SECTION.type, vector([[0x60, 0, 0]])],
        [SECTION.function, vector(bodies.map(() => [0]))],
        [SECTION.code, vector(bodies)],
      ]),
    );
    expect(() => translate(wasm, { name: "m" })).toThrow("150000 locals");
    const named = module([{ code: [] }]);
    // A name section whose list is longer than any module.
    const lying = Uint8Array.from([...named, 0, 12, 4, 0x6e, 0x61, 0x6d, 0x65, 1, 5, ...unsigned(0x0fffffff), 0]);
    expect(translate(lying, { name: "m" }).functions[0]?.name).toBe("f0");
  });
});

describe("bounds checks", () => {
  const field = [0, 4, 8].flatMap((offset) => [get(0), get(1), load(offset), store(offset)]);

  it("of a run from one base are one, of its furthest access", () => {
    expect(bodyOf([{ params: [I32, I32], code: field }])).toBe(
      [
        "void m_f0(u32 l0, u32 l1) {",
        "  uint8_t *const m = memory_base();",
        "  check(l1, 12u);",
        "  check(l0, 12u);",
        "  store32(m + l0, load32(m + l1));",
        "  store32(m + l0 + 4, load32(m + l1 + 4));",
        "  store32(m + l0 + 8, load32(m + l1 + 8));",
        "}",
      ].join("\n"),
    );
  });

  it("end with the run: at a call, and where the base is set", () => {
    const call = [get(0), load(0), set(0), get(0), load(0), set(1), [0x10, 1], get(0), load(8), set(1), get(1)];
    expect(bodyOf([{ params: [I32], locals: [I32], result: I32, code: call }, { code: [] }])).toBe(
      [
        "u32 m_f0(u32 l0) {",
        "  uint8_t *const m = memory_base();",
        "  u32 l1 = 0;",
        "  l0 = load32(at(m, l0, 4u));",
        "  l1 = load32(at(m, l0, 4u));",
        "  m_f1();",
        "  l1 = load32(at(m, l0, 12u) + 8);",
        "  return l1;",
        "}",
      ].join("\n"),
    );
  });

  it("are known to hold further down, but not in a loop that moves the base", () => {
    const loop = [[0x03, EMPTY], get(0), load(0), set(0), get(0), [0x0d, 0], END];
    const code = [get(0), load(4), set(1), get(1), [0x04, EMPTY], get(0), load(0), set(1), END, ...loop, get(1)];
    const text = bodyOf([{ params: [I32], locals: [I32], result: I32, code }]);
    expect(text).toContain("    l1 = load32(m + l0);");
    expect(text).toContain("    l0 = load32(at(m, l0, 4u));");
  });

  it("of constant addresses are made here", () => {
    expect(bodyOf([{ result: I32, code: [i32(65532), load(0)] }])).toContain("load32a(m + 65532)");
    expect(bodyOf([{ result: I32, code: [i32(65533), load(0)] }])).toContain("at(m, 65533u, 4u)");
    expect(bodyOf([{ result: I32, code: [i32(1020), load(0)] }], { memoryBytes: 1020 })).toContain("at(m, 1020u, 4u)");
  });

  it("are masks in masked mode, which needs a power of two", () => {
    const options = { bounds: "masked", memoryBytes: 4096 } as const;
    expect(bodyOf([{ params: [I32, I32], code: field }], options)).toContain(
      "store32(m + (l0 & MASK) + 4, load32(m + (l1 & MASK) + 4));",
    );
    expect(() => bodyOf([{ code: [] }], { ...options, memoryBytes: 4095 })).toThrow("4095 is no power of two");
  });
});

describe("alignment", () => {
  it("comes through arithmetic, loops and calls", () => {
    const callee = { params: [I32], result: I32, code: [get(0), load(4)] };
    const caller = [get(0), i32(3), [0x74], i32(16), ADD, [0x10, 1]];
    const both = [{ params: [I32], result: I32, code: caller }, callee];
    // Exported, f1 may be called with anything.
    expect(translate(module(both), { name: "m" }).source).toContain("load32(at(m, l0, 8u) + 4)");
    const loop = [[0x03, EMPTY], get(0), i32(8), ADD, set(0), get(0), load(4), [0x0d, 0], END];
    const text = bodyOf([{ params: [I32], code: [i32(16), set(0), ...loop] }]);
    expect(text).toContain("load32a(at(m, l0, 8u) + 4)");
    const odd = [[0x03, EMPTY], get(0), i32(6), ADD, set(0), get(0), load(4), [0x0d, 0], END];
    expect(bodyOf([{ params: [I32], code: [i32(16), set(0), ...odd] }])).toContain("load32(at(m, l0, 8u) + 4)");
  });
});

describe("control flow", () => {
  it("becomes while, do and if where C has them", () => {
    const loop = [[0x03, EMPTY], get(0), [0x04, EMPTY], get(0), i32(-1), ADD, set(0), [0x0c, 1], END, END];
    expect(bodyOf([{ params: [I32], code: loop }])).toBe(
      ["void m_f0(u32 l0) {", "  while (l0) {", "    l0 = l0 - 1u;", "  }", "}"].join("\n"),
    );
    const countdown = [[0x03, EMPTY], get(0), i32(-1), ADD, [0x22, 0], [0x0d, 0], END];
    expect(bodyOf([{ params: [I32], code: countdown }])).toBe(
      ["void m_f0(u32 l0) {", "  do {", "    l0 = l0 - 1u;", "  } while (l0);", "}"].join("\n"),
    );
  });

  it("becomes break and continue in loops, and goto where it leaves more than one", () => {
    const code = [
      [0x02, EMPTY, 0x03, EMPTY],
      [...get(0), 0x45, 0x0d, 1],
      [...get(1), 0x0d, 0],
      [0x03, EMPTY, ...get(0), 0x0d, 2, ...get(1), 0x0d, 1, 0x0c, 0, ...END],
      [...END, ...END],
    ];
    const text = bodyOf([{ params: [I32, I32], code }]);
    expect(text).toContain("if (l0 == 0) break;");
    expect(text).toContain("if (l1) continue;");
    expect(text).toContain("if (l0) goto L1;");
    expect(text).toContain("L1:;");
  });

  it("takes values out of blocks and skips what nothing reaches", () => {
    const code = [[0x02, I32], get(0), get(0), [0x0d, 0], [0x1a], i32(7), [0x0c, 0, 0x00, 0x6a], END];
    expect(bodyOf([{ params: [I32], result: I32, code }])).toBe(
      [
        "u32 m_f0(u32 l0) {",
        "  u32 t1;",
        "  {",
        "    const u32 t2 = l0;",
        "    if (l0) {",
        "      t1 = t2;",
        "      goto L1;",
        "    }",
        "    t1 = 7u;",
        "  }",
        "  L1:;",
        "  return t1;",
        "}",
      ].join("\n"),
    );
  });
});

describe("a module", () => {
  it("gives the same text every time", () => {
    const functions = [{ params: [I32], result: I32, code: [get(0), load(4)] }];
    expect(translate(module(functions), { name: "m" })).toEqual(translate(module(functions), { name: "m" }));
  });

  it("tells who calls whom, and which functions come by themselves again", () => {
    const { functions } = translate(
      module([{ code: [[0x10, 1]] }, { code: [[0x10, 2]] }, { code: [[0x10, 1]] }, { code: [] }]),
      { name: "m" },
    );
    expect(functions.map(({ c, calls, recursive }) => [c, calls, recursive])).toEqual([
      ["m_f0", ["m_f1"], false],
      ["m_f1", ["m_f2"], true],
      ["m_f2", ["m_f1"], true],
      ["m_f3", [], false],
    ]);
  });

  it.each([
    ["floats", [{ result: I32, code: [[0x43, 0, 0, 0, 0, 0xa8]] }], "f0 has f32.const at offset 37"],
    ["memory.grow", [{ result: I32, code: [i32(1), [0x40, 0]] }], "f0 has memory.grow at offset 39"],
    ["dead floats", [{ code: [[0x00, 0x43, 0, 0, 0, 0, 0x1a]] }], "f0 has f32.const at offset 37"],
    ["table.size", [{ result: I32, code: [[0xfc, 16, 0]] }], "f0 has table.size at offset"],
    ["a float parameter", [{ params: [0x7c], code: [] }], "it has a value of type f64"],
  ])("with %s is refused by name", (what, functions, sentence) => {
    const table: [number, number[]][] = what === "table.size" ? [[4, vector([[0x70, 0, 1]])]] : [];
    expect(() => translate(module(functions, table), { name: "m" })).toThrow(sentence);
  });

  it("that is none is refused", () => {
    expect(() => translate(Uint8Array.of(1, 2, 3), { name: "m" })).toThrow("not a valid WebAssembly module");
    expect(() => translate(module([]), { name: "1m" })).toThrow('"1m" is no C identifier');
    expect(() => translate(module([]), { name: "m", memoryBytes: 65537 })).toThrow(
      "is not from 0 to the module's 1 pages",
    );
  });
});
