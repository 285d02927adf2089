import { beforeAll, describe, expect, it } from "vitest";
import { assemble } from "../../toolchain/core/compile.ts";
import { type Internals, internals, internalsModule } from "./internals.ts";
import { instrument, type Site, type Trace, Tracer } from "./trace.ts";

type Run = (...values: (number | bigint)[]) => number | bigint;

interface Snippet {
  readonly run: Run;
  readonly exports: Readonly<Record<string, Run>>;
  readonly tracer: Tracer;
  readonly sites: readonly Site[];
}

const cache = new Map<string, Promise<Snippet>>();

/** Compiles AssemblyScript that exports `run`, or others, and instruments it. */
function snippet(source: string): Promise<Snippet> {
  const compile = async (): Promise<Snippet> => {
    const { wasm, sites } = instrument(await assemble("m.ts", (name) => (name === "m.ts" ? source : null)));
    const { instance } = await WebAssembly.instantiate(wasm, {});
    return {
      run: instance.exports.run as Run,
      exports: instance.exports as Snippet["exports"],
      tracer: new Tracer(instance.exports, sites),
      sites,
    };
  };
  const made = cache.get(source) ?? compile();
  cache.set(source, made);
  return made;
}

const SECRETS = [0, 1, 2, 7, 0x80, 0xff, 0x1234_5678, -1];

/** How many different traces the secrets leave in the function `name`. */
async function traces(source: string, secrets: readonly (number | bigint)[] = SECRETS, name = "run"): Promise<number> {
  const { exports, tracer } = await snippet(source);
  return new Set(secrets.map((secret) => tracer.trace(() => exports[name]?.(secret)).hash)).size;
}

/** Instructions that record. */
async function instructions(source: string): Promise<ReadonlySet<string>> {
  return new Set((await snippet(source)).sites.map((site) => site.instruction));
}

describe("what a trace catches", () => {
  const BRANCH = `
    const OUT: usize = memory.data(16);
    export function run(secret: u32): void {
      if (secret & 1) store<u32>(OUT, 1);
    }`;
  // One load per loop round keeps the compiler from turning the loop into arithmetic.
  const LOOP = `
    const TABLE: usize = memory.data(64);
    export function run(secret: u32): u32 {
      let sum: u32 = 0;
      for (let i: u32 = 0; i < (secret & 7); i++) sum += load<u8>(TABLE + i);
      return sum;
    }`;
  const SWITCH = `
    const OUT: usize = memory.data(64);
    export function run(secret: u32): void {
      switch (secret & 7) {
        case 0: { store<u32>(OUT, 1); break; }
        case 1: { store<u32>(OUT, 7, 4); break; }
        case 2: { store<u32>(OUT, 3, 8); break; }
        case 3: { store<u32>(OUT, 9, 12); break; }
        case 4: { store<u32>(OUT, 4, 16); break; }
      }
    }`;
  const SELECT = `
    const A: usize = memory.data(16);
    export function run(secret: u32): u32 {
      return select<u32>(load<u32>(A), load<u32>(A, 4), secret & 1);
    }`;

  it("a secret in the condition of an if", async () => {
    expect(await instructions(BRANCH)).toContain("if");
    expect(await traces(BRANCH)).toBe(2);
  });

  it("a secret number of loop rounds", async () => {
    expect(await instructions(LOOP)).toContain("loop");
    // 0, 1, 2 and 7 rounds.
    expect(await traces(LOOP)).toBe(4);
  });

  it("a secret behind a br_if", async () => {
    const source = `
      const TABLE: usize = memory.data(64);
      export function run(secret: u32): void {
        let i: u32 = 0;
        do {
          store<u8>(TABLE + i, i);
          i += 1;
        } while (i < (secret & 7));
      }`;
    expect(await instructions(source)).toContain("br_if");
    // 1, 2 and 7 rounds.
    expect(await traces(source)).toBe(3);
  });

  it("a secret in a br_table", async () => {
    expect(await instructions(SWITCH)).toContain("br_table");
    expect(await traces(SWITCH, [0, 1, 2, 3, 4, 8])).toBe(5);
  });

  it("a secret in the condition of a select", async () => {
    expect(await instructions(SELECT)).toContain("select");
    expect(await traces(SELECT)).toBe(2);
  });

  it("a secret index of a table of functions", async () => {
    const source = `
      const OUT: usize = memory.data(16);
      function one(): void { store<u32>(OUT, 1); }
      function two(): void { store<u32>(OUT, 2); }
      export function run(secret: u32): void {
        call_indirect<void>(select<u32>(one.index, two.index, secret & 1));
      }`;
    expect(await instructions(source)).toContain("call_indirect");
    expect(await traces(source)).toBe(2);
  });

  const TYPES = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"];
  const ACCESSES = `const TABLE: usize = memory.data(4096);
    ${TYPES.map(
      (type) => `
        export function load_${type}(secret: u32): ${type} { return load<${type}>(TABLE + (secret & 255)); }
        export function load_wide_${type}(secret: u32): i64 { return <i64>load<${type}>(TABLE + (secret & 255)); }
        export function store_${type}(secret: u32): void { store<${type}>(TABLE + (secret & 255), 3); }
        export function store_low_${type}(secret: u32, value: u64): void {
          store<${type}>(TABLE + (secret & 255), <${type}>value);
        }`,
    ).join("")}`;

  it.each(TYPES)("a secret address of a load and a store of %s", async (type) => {
    const addresses = new Set(SECRETS.map((secret) => secret & 255)).size;
    for (const access of ["load", "load_wide", "store"]) {
      expect(await traces(ACCESSES, SECRETS, `${access}_${type}`)).toBe(addresses);
    }
    const { exports, tracer } = await snippet(ACCESSES);
    const low = SECRETS.map((secret) => tracer.trace(() => exports[`store_low_${type}`]?.(secret, 0x1234_5678_9abcn)));
    expect(new Set(low.map(({ hash }) => hash)).size).toBe(addresses);
    expect(low.every(({ accesses }) => accesses === 1)).toBe(true);
  });

  it("every instruction that loads or stores", async () => {
    const loads = ["load", "load8_s", "load8_u", "load16_s", "load16_u"];
    const expected = [
      ...["i32", "i64"].flatMap((type) => [...loads, "store", "store8", "store16"].map((name) => `${type}.${name}`)),
      ...["i64.load32_s", "i64.load32_u", "i64.store32", "f32.load", "f32.store", "f64.load", "f64.store"],
    ];
    const seen = await instructions(ACCESSES);
    expect(expected.filter((name) => !seen.has(name))).toEqual([]);
  });

  const BLOCKS = [
    ["memory.copy", "memory.copy(A + (secret & 255), A + 512, 300)"],
    ["memory.copy", "memory.copy(A, A + (secret & 255), 300)"],
    ["memory.copy", "memory.copy(A, A + 512, secret & 255)"],
    ["memory.fill", "memory.fill(A + (secret & 255), 0, 300)"],
    ["memory.fill", "memory.fill(A, 0, secret & 255)"],
  ] as const;
  const BLOCK_CALLS = `const A: usize = memory.data(4096);
    ${BLOCKS.map(([, call], i) => `export function run${i}(secret: u32): void { ${call}; }`).join("\n")}`;

  it.each(BLOCKS.map((block, i) => [...block, i] as const))(
    "a secret operand of %s: %s",
    async (instruction, _call, i) => {
      expect(await instructions(BLOCK_CALLS)).toContain(instruction);
      expect(await traces(BLOCK_CALLS, SECRETS, `run${i}`)).toBeGreaterThan(4);
    },
  );

  it.each(["u32", "i32", "u64", "i64"])("a secret dividend and a secret divisor of %s", async (type) => {
    const source = ["/", "%"]
      .map(
        (operator, i) => `
          export function dividend${i}(secret: ${type}): ${type} { return secret ${operator} 1000003; }
          export function divisor${i}(secret: ${type}): ${type} { return 1000003 ${operator} (secret | 1); }`,
      )
      .join("");
    const wide = type.endsWith("64");
    for (const operation of ["div", "rem"]) {
      expect(await instructions(source)).toContain(
        `${wide ? "i64" : "i32"}.${operation}_${type.startsWith("u") ? "u" : "s"}`,
      );
    }
    for (const name of ["dividend0", "divisor0", "dividend1", "divisor1"]) {
      expect(await traces(source, wide ? SECRETS.map(BigInt) : SECRETS, name)).toBeGreaterThan(4);
    }
  });

  it("the order of two accesses", async () => {
    const source = `
      const A: usize = memory.data(64);
      export function run(secret: u32): u32 {
        return load<u32>(A + ((secret & 1) << 4)) ^ load<u32>(A + ((~secret & 1) << 4));
      }`;
    expect(await traces(source)).toBe(2);
  });

  it("says where two runs part", async () => {
    const { run, tracer } = await snippet(BRANCH);
    expect(
      tracer.divergence(
        () => run(0),
        () => run(1),
      ),
    ).toMatchObject({ instruction: "if" });
    expect(
      tracer.divergence(
        () => run(2),
        () => run(4),
      ),
    ).toBeNull();
    const loop = await snippet(LOOP);
    const site = loop.tracer.divergence(
      () => loop.run(3),
      () => loop.run(5),
    );
    expect(["if", "br_if", "loop"]).toContain(site?.instruction);
    expect(site?.function).toMatch(/^run \(function \d+\)$/);
  });

  it("refuses floating-point division, whose time it does not watch", async () => {
    const source = "export function run(secret: f64): f64 { return 3.0 / secret; }";
    await expect(snippet(source)).rejects.toThrow("floating-point");
  });
});

describe("what a trace does not mind", () => {
  it("a choice made with a mask", async () => {
    const source = `
      const A: usize = memory.data(16);
      export function run(secret: u32): u32 {
        const mask: u32 = 0 - (secret & 1);
        return (load<u32>(A) & mask) | (load<u32>(A, 4) & ~mask);
      }`;
    expect(await traces(source)).toBe(1);
  });

  it("a conditional swap of two arrays with a mask", async () => {
    const source = `
      const A: usize = memory.data(64);
      export function run(secret: u32): void {
        const mask: u32 = 0 - (secret & 1);
        for (let i: usize = 0; i < 32; i += 4) {
          const x = (load<u32>(A + i) ^ load<u32>(A + i, 32)) & mask;
          store<u32>(A + i, load<u32>(A + i) ^ x);
          store<u32>(A + i, load<u32>(A + i, 32) ^ x, 32);
        }
      }`;
    expect(await traces(source)).toBe(1);
  });

  it("a comparison that reads everything and multiplication of secrets", async () => {
    const source = `
      const A: usize = memory.data(64);
      export function run(secret: u64): u64 {
        store<u64>(A, secret);
        let difference: u32 = 0;
        for (let i: usize = 0; i < 32; i++) difference |= load<u8>(A + i) ^ load<u8>(A + i, 32);
        return secret * secret + <u64>(((difference - 1) >> 31) & 1);
      }`;
    expect(await traces(source, SECRETS.map(BigInt))).toBe(1);
  });
});

describe("an instrumented module", () => {
  let plain: Internals;
  let traced: Internals;
  let tracer: Tracer;
  beforeAll(async () => {
    const { wasm, sites } = instrument(internalsModule());
    plain = await internals();
    traced = await internals(wasm);
    tracer = new Tracer(traced.exports, sites);
  });

  const hash = (core: Internals, input: Uint8Array): Uint8Array => {
    core.bytes.set(input);
    core.call("blake2b", core.arena + 4096, 64, core.arena, input.length);
    return core.bytes.slice(4096, 4160);
  };

  it("computes what the module computes", () => {
    for (let length = 0; length < 300; length += 23) {
      const input = Uint8Array.from({ length }, (_, i) => i * 7);
      expect(hash(traced, input)).toEqual(hash(plain, input));
    }
  });

  it("counts what happens, again and again the same", () => {
    const run = (): Trace => tracer.trace(() => hash(traced, new Uint8Array(129)));
    const first = run();
    expect(first.decisions).toBeGreaterThan(24);
    expect(first.accesses).toBeGreaterThan(100);
    expect(run()).toEqual(first);
    expect(tracer.trace(() => hash(traced, new Uint8Array(129).fill(0xff)))).toEqual(first);
    expect(tracer.trace(() => hash(traced, new Uint8Array(128)))).not.toEqual(first);
  });
});
