/**
 * Generated WebAssembly modules of the integer subset, straight as bytes: the same (seed, index), the same module.
 * What the functions do is in wasm-function.ts and wasm-shapes.ts; here is what they share, and the binary format.
 */
import type { TypedCall } from "./v8.ts";
import { Choices } from "./wasm-choices.ts";
import { type ModulePlan, type PlannedFunction, REACH, sameSignature, type Signature } from "./wasm-code.ts";
import { FunctionWriter } from "./wasm-function.ts";
import { OP, OPERATORS, TYPE_CODE, type ValueType } from "./wasm-instructions.ts";
import { SECTION, signed, unsigned } from "./wasm.ts";

export interface GeneratedModule {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly imports: readonly (Signature & { readonly module: string; readonly name: string })[];
  /** Calls to make in this order on one instance. */
  readonly calls: readonly TypedCall[];
  /** An exported function that tells the state of all globals. */
  readonly globals: TypedCall;
  /** Bytes of linear memory: 0, or a power of two. */
  readonly memoryBytes: number;
  /** Opcodes that stand where they can be reached. */
  readonly seen: ReadonlySet<number>;
  /** Every decision made: Choices.replay of it makes the module again. */
  readonly choices: readonly number[];
}

const PAGE = 65536;
const TYPES = ["i32", "i64"] as const;

/** What is to become of names: keywords, names of the C library, names that differ in what C does not allow only. */
const AWKWARD = [
  ...["memcpy", "int", "main", "a b", "a-b", "a_b", "0", "~lib/rt/stub/__new", "é", "if", "longjmp", "m", "t1", "L1"],
  ...["load32", "check", "u32", "uint8_t", "NULL", "memory_copy", "p0", "instantiate", "s_memory", "MASK", "unix"],
];

const text = (value: string): number[] => {
  const bytes = Buffer.from(value, "utf8");
  return [...unsigned(bytes.length), ...bytes];
};
const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];

interface Segment {
  readonly passive: boolean;
  readonly offset: number;
  readonly bytes: readonly number[];
  readonly droppable: boolean;
}

/** The module with this number of a seed. */
export function generateModule(seed: number, index: number): GeneratedModule {
  return moduleFrom(Choices.of(seed, index));
}

export function moduleFrom(choices: Choices): GeneratedModule {
  const seen = new Set<number>();
  const signature = (params = choices.below(5)): Signature => {
    const types = Array.from({ length: params }, () => choices.pick(TYPES));
    const result = choices.pick([...TYPES, ...TYPES, undefined]);
    return { params: types, ...(result === undefined ? {} : { result }) };
  };

  // Modules are tame (nothing traps), bold or reckless.
  const danger = choices.weighted([[4, 0] as const, [3, 0.01] as const, [2, 0.05] as const]);
  const memoryBytes = PAGE * choices.weighted([[12, 1] as const, [3, 2] as const, [1, 4] as const, [1, 0] as const]);

  const imports = Array.from({ length: choices.below(4) }, (_, i) => ({
    ...signature(),
    kind: "import" as const,
    takesPointer: false,
    module: choices.pick(["env", "abi"]),
    name: choices.chance(0.2) ? (AWKWARD[(i * 5) % AWKWARD.length] ?? "") : `import${i}`,
  }));
  const planned = (count: number, kind: PlannedFunction["kind"]): PlannedFunction[] =>
    Array.from({ length: count }, () => {
      const type = signature();
      const takesPointer = memoryBytes > 0 && type.params[0] === "i32" && choices.chance(0.6);
      return { ...type, kind, takesPointer };
    });
  const functions: PlannedFunction[] = [
    ...imports,
    ...planned(choices.between(1, 2), "leaf"),
    ...planned(choices.between(1, 3), "inner"),
    ...planned(choices.between(1, 2), "root"),
  ];
  // Two functions of one type make a table more interesting.
  const [like] = functions.filter(({ kind }) => kind === "inner");
  if (like !== undefined && choices.chance(0.5)) functions.push({ ...like });
  const start = choices.chance(0.2) ? functions.push({ params: [], kind: "root", takesPointer: false }) - 1 : undefined;

  // Types, some of them twice: a call through the table compares what they say, not where they stand.
  const types: Signature[] = [];
  for (const { params, result } of functions) {
    const type = { params, ...(result === undefined ? {} : { result }) };
    if (!types.some((known) => sameSignature(known, type)) || choices.chance(0.15)) types.push(type);
  }
  const typeIndex = (wanted: Signature): number =>
    choices.pick(types.flatMap((type, i) => (sameSignature(type, wanted) ? [i] : [])));

  const fuel = 0;
  const globals = [
    { type: "i32" as ValueType, mutable: true, value: BigInt(choices.between(20, 60)) },
    ...Array.from({ length: choices.below(6) }, () => ({
      type: choices.pick(TYPES) as ValueType,
      mutable: !choices.chance(0.2),
      value: choices.chance(0.5) ? BigInt(choices.below(100)) : choices.u64(),
    })),
  ];

  const callable = functions.flatMap(({ kind }, i) => (kind === "root" ? [] : [i]));
  const table = Array.from({ length: choices.below(10) }, () =>
    choices.chance(0.8) ? choices.pick(callable) : undefined,
  );
  const segments = dataSegments(choices, memoryBytes);

  const plan: ModulePlan = {
    memoryBytes,
    functions,
    globals,
    fuel,
    table,
    segments: segments.map(({ passive, bytes, droppable }) => ({ length: passive ? bytes.length : 0, droppable })),
    danger,
    padded: choices.chance(0.1),
    typeIndex,
  };
  const bodies = functions.slice(imports.length).map((self) => functionBody(plan, self, choices, seen));

  // The globals, folded into one number: exact whatever trapped before.
  const telltale = functions.length;
  const i64 = { params: [], result: "i64" as const };
  types.push(i64);
  const teller = new FunctionWriter(
    { ...plan, memoryBytes: 0 },
    { ...i64, kind: "root", takesPointer: false },
    Choices.replay([]),
    new Set(),
  );
  bodies.push(
    teller.write(
      () => fold(teller, "i64", []),
      () => {},
    ),
  );

  const names = exportNames(functions, start, choices);
  const section = (id: number, contents: readonly number[]): number[] => [
    // Sections of the user's may stand anywhere.
    ...(choices.chance(0.02) ? [0, 5, ...text("non"), 1] : []),
    ...[id, ...unsigned(contents.length), ...contents],
  ];
  const typeOf = (list: readonly ValueType[]): number[] => vector(list.map((type) => [TYPE_CODE[type]]));
  const limits = (size: number): number[] =>
    choices.chance(0.5) ? [0, ...unsigned(size)] : [1, ...unsigned(size), ...unsigned(size + choices.below(3))];
  const initial = (type: ValueType, value: bigint): number[] => [
    ...[OPERATORS[type].const, ...signed(BigInt.asIntN(type === "i32" ? 32 : 64, value)), OP.end],
  ];
  const wasm = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      SECTION.type,
      vector(types.map(({ params, result }) => [0x60, ...typeOf(params), ...typeOf(result ? [result] : [])])),
    ),
    ...section(
      SECTION.import,
      vector(imports.map((entry) => [...text(entry.module), ...text(entry.name), 0, ...unsigned(typeIndex(entry))])),
    ),
    ...section(
      SECTION.function,
      vector([...functions.slice(imports.length), i64].map((entry) => unsigned(typeIndex(entry)))),
    ),
    ...(table.length > 0 ? section(4, vector([[0x70, ...limits(table.length)]])) : []),
    ...(memoryBytes > 0 ? section(5, vector([limits(memoryBytes / PAGE)])) : []),
    ...section(
      SECTION.global,
      vector(globals.map(({ type, mutable, value }) => [TYPE_CODE[type], mutable ? 1 : 0, ...initial(type, value)])),
    ),
    ...section(
      SECTION.export,
      vector([
        ...(memoryBytes > 0 ? [[...text("memory"), 2, 0]] : []),
        ...names.map(({ name, index }) => [...text(name), 0, ...unsigned(index)]),
        [...text("globals"), 0, ...unsigned(telltale)],
      ]),
    ),
    ...(start === undefined ? [] : section(8, unsigned(start))),
    ...(table.length > 0 ? section(9, elements(table, choices)) : []),
    ...(segments.length > 0 ? section(12, unsigned(segments.length)) : []),
    ...section(SECTION.code, vector(bodies.map((body) => [...unsigned(body.length), ...body]))),
    ...(segments.length > 0
      ? section(
          11,
          vector(
            segments.map(({ passive, offset, bytes }) => [
              ...(passive ? [1] : [0, ...initial("i32", BigInt(offset))]),
              ...[...unsigned(bytes.length), ...bytes],
            ]),
          ),
        )
      : []),
    ...(choices.chance(0.3) ? nameSection(functions, choices) : []),
  ]);

  return {
    wasm,
    imports,
    calls: calls(names, functions, memoryBytes, choices),
    globals: { export: "globals", params: [], args: [] },
    memoryBytes,
    seen,
    choices: choices.taken,
  };
}

function dataSegments(choices: Choices, memoryBytes: number): Segment[] {
  if (memoryBytes === 0) return [];
  return Array.from({ length: choices.below(5) }, () => {
    const length = choices.pick([0, 1, 8, 40]);
    const room = memoryBytes - length;
    return {
      passive: choices.chance(0.5),
      // In rare modules a segment does not fit, and instantiating traps.
      offset: choices.chance(0.005) ? room + 1 : choices.pick([choices.below(128), room - choices.below(64), room]),
      bytes: Array.from({ length }, () => choices.below(256)),
      droppable: choices.chance(0.4),
    };
  });
}

/** Active element segments that fill the table, in runs, the later ones over what the earlier ones wrote. */
function elements(table: readonly (number | undefined)[], choices: Choices): number[] {
  const runs: { at: number; indices: number[] }[] = [];
  for (const [at, index] of table.entries()) {
    if (index === undefined) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.at + last.indices.length === at && !choices.chance(0.2)) last.indices.push(index);
    else runs.push({ at, indices: [index] });
  }
  const [first] = runs;
  if (first !== undefined && choices.chance(0.2)) runs.unshift({ at: first.at, indices: first.indices.map(() => 0) });
  return vector(
    runs.map(({ at, indices }) => [0, 0x41, ...signed(at), OP.end, ...vector(indices.map((index) => unsigned(index)))]),
  );
}

function functionBody(plan: ModulePlan, self: PlannedFunction, choices: Choices, seen: Set<number>): Uint8Array {
  const writer = new FunctionWriter(plan, self, choices, seen);
  return writer.write(
    () => {
      if (self.kind === "root") {
        writer.const("i32", choices.between(10, 150));
        writer.indexed(OP.globalSet, plan.fuel);
      } else if (self.kind === "inner") {
        writer.burn(self.result, 1);
      }
    },
    () => {
      const { result } = self;
      if (result === undefined) return;
      if (self.kind === "root" || choices.chance(0.4)) fold(writer, result, writer.locals);
      else writer.body(result, 3, 0);
    },
  );
}

/** Leaves a number that depends on all locals and globals: what went wrong anywhere shows. */
function fold(writer: FunctionWriter, type: ValueType, locals: readonly ValueType[]): void {
  const add = (code: number, index: number, from: ValueType): void => {
    writer.const(type, 7);
    writer.op(OPERATORS[type].rotl);
    writer.indexed(code, index);
    if (from === "i64" && type === "i32") {
      // Both halves count.
      writer.const("i64", 0x100000001n);
      writer.op(OPERATORS.i64.mul);
      writer.const("i64", 32);
      writer.op(OPERATORS.i64.shrU);
      writer.op(OP.wrap);
    } else if (from !== type) {
      writer.op(OP.extendU);
    }
    writer.op(OPERATORS[type].xor);
  };
  writer.const(type, 0);
  locals.forEach((from, index) => add(OP.localGet, index, from));
  writer.plan.globals.forEach((global, index) => add(OP.globalGet, index, global.type));
}

/** Roots are always exported, others sometimes, some under two names. */
function exportNames(
  functions: readonly PlannedFunction[],
  start: number | undefined,
  choices: Choices,
): { name: string; index: number }[] {
  const awkward = [...AWKWARD];
  return functions.flatMap(({ kind }, index) => {
    if (index === start || !choices.chance({ root: 1, inner: 0.3, leaf: 0.3, import: 0.05 }[kind])) return [];
    const name = choices.chance(0.15) ? (awkward.splice(choices.below(awkward.length), 1)[0] ?? "") : `f${index}`;
    return [{ name, index }, ...(choices.chance(0.08) ? [{ name: `${name} again`, index }] : [])];
  });
}

function calls(
  names: readonly { readonly name: string; readonly index: number }[],
  functions: readonly PlannedFunction[],
  memoryBytes: number,
  choices: Choices,
): TypedCall[] {
  const argument = (type: ValueType): bigint => {
    const bits = type === "i32" ? 32 : 64;
    const value = choices.weighted<() => bigint>([
      [2, () => BigInt(choices.below(70))],
      [2, () => (1n << BigInt(choices.below(bits))) - BigInt(choices.below(2))],
      [1, () => -BigInt(choices.below(3))],
      [2, () => choices.u64()],
    ])();
    return BigInt.asUintN(bits, value);
  };
  return Array.from({ length: choices.between(1, 3) }, () =>
    names.map(({ name, index }) => {
      const { params = [], takesPointer = false } = functions[index] ?? {};
      const args = params.map(argument);
      if (takesPointer) args[0] = BigInt(choices.pick([choices.below(200), memoryBytes - REACH]));
      return { export: name, params, args };
    }),
  ).flat();
}

/** Names of functions and locals for those who read the code: any text, the same one more than once. */
function nameSection(functions: readonly PlannedFunction[], choices: Choices): number[] {
  const name = (index: number): number[] => [
    ...unsigned(index),
    ...text(choices.pick([...AWKWARD, `a/node/f${index}`])),
  ];
  const functionNames = vector(functions.flatMap((_, index) => (choices.chance(0.7) ? [name(index)] : [])));
  const localNames = vector(
    functions.flatMap(({ params }, index) =>
      choices.chance(0.5) ? [[...unsigned(index), ...vector(params.map((_, local) => name(local)))]] : [],
    ),
  );
  const subsections = [functionNames, localNames].flatMap((map, i) => [i + 1, ...unsigned(map.length), ...map]);
  const contents = [...text("name"), ...subsections];
  return [0, ...unsigned(contents.length), ...contents];
}
