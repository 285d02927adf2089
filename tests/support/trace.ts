/**
 * What a WebAssembly module does, as a number: every control decision, every memory address and every operand of a
 * division is folded into a running 64-bit hash. Two runs with different secrets and the same hash took the same way
 * through the code and touched the same memory, so no clock and no cache can tell them apart.
 *
 * The binary itself is rewritten, instruction by instruction, so the code that is watched is the code the compiler
 * wrote: nothing is optimised again. Before an instruction that decides, accesses or divides, its operands are handed
 * to a recorder appended to the module.
 *
 * Recorded: the condition of `if`, `br_if` and `select`; the index of `br_table` and `call_indirect`; the start of
 * every loop iteration; the address of every load and store; the operands of memory.copy, memory.fill, memory.init and
 * memory.grow; both operands of integer div and rem. Not recorded, because no engine or core of ours makes their time
 * depend on the operands: the rest of integer arithmetic. Floating-point division and square root are refused.
 */
import { Reader } from "../../toolchain/wasm/reader.ts";
import { append, joinModule, readModule, SECTION, signed, unsigned } from "./wasm.ts";

/** What one run did. */
export interface Trace {
  /** Over everything recorded, in order. */
  readonly hash: bigint;
  /** Conditions, table indices and loop iterations. */
  readonly decisions: number;
  /** Loads, stores and block operations. */
  readonly accesses: number;
}

/** A place in the code that records. */
export interface Site {
  /** Index in the module's function index space, and the export's name if it has one. */
  readonly function: string;
  /** Offset of the instruction in the module that was given. */
  readonly offset: number;
  readonly instruction: string;
}

export interface Instrumented {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly sites: readonly Site[];
}

// Value types and the instructions the recorder is written in.
const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;
const IF = 0x04;
const END = 0x0b;
const CALL = 0x10;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const EMPTY = 0x40;

/** Globals appended to the module, exported under these names; resettable from outside. */
const GLOBALS = [
  { name: "trace_hash", type: I64 },
  { name: "trace_decisions", type: I32 },
  { name: "trace_accesses", type: I32 },
  { name: "trace_events", type: I64 },
  // The event whose place and hash are to be kept, for finding where two runs part.
  { name: "trace_probe", type: I64 },
  { name: "trace_probe_hash", type: I64 },
  { name: "trace_probe_site", type: I32 },
] as const;

// In the order of their opcodes, from 28 and 36 on.
const WIDTHS = ["load8_s", "load8_u", "load16_s", "load16_u"];
const LOADS = [
  ...["i32.load", "i64.load", "f32.load", "f64.load"],
  ...WIDTHS.map((name) => `i32.${name}`),
  ...[...WIDTHS, "load32_s", "load32_u"].map((name) => `i64.${name}`),
];
const STORES = [
  ...["i32.store", "i64.store", "f32.store", "f64.store", "i32.store8", "i32.store16"],
  ...["i64.store8", "i64.store16", "i64.store32"],
];
const STORED_TYPE = [I32, I64, F32, F64, I32, I32, I64, I64, I64];
const DIVISIONS = ["div_s", "div_u", "rem_s", "rem_u"];

/** Indices of what is appended to a module. */
interface Recorder {
  readonly decide: number;
  readonly choose: number;
  readonly access: number;
  readonly operand: number;
  readonly iterate: number;
}

/** The recorder's functions: their types and bodies. */
function recorderBodies(global: number, record: number): readonly { readonly type: number; readonly body: number[] }[] {
  const [hash, decisions, accesses, events, probe, probeHash, probeSite] = GLOBALS.map((_, i) => unsigned(global + i));
  const get = (index: number[] | undefined): number[] => [GLOBAL_GET, ...(index ?? [])];
  const set = (index: number[] | undefined): number[] => [GLOBAL_SET, ...(index ?? [])];
  const count = (index: number[] | undefined): number[] => [...get(index), I32_CONST, 1, 0x6a, ...set(index)];
  // hash = rotl(hash ^ x, 29) * odd constant: a bijection of the hash for every x, and order matters.
  const fold = (x: number[]): number[] => [
    ...[...get(hash), ...x, 0x85, I64_CONST, ...signed(29), 0x89],
    ...[I64_CONST, ...signed(-0x61c8_8646_80b5_83ebn), 0x7e, ...set(hash)],
  ];
  const extend = 0xad;
  const done = (code: number[]): number[] => [0, ...code, END];
  const call = [CALL, ...unsigned(record)];
  const keep = [...[LOCAL_GET, 1, ...set(probeSite)], ...[...get(hash), ...set(probeHash)]];
  return [
    // record(value i64, site i32)
    {
      type: 2,
      body: done([
        ...fold([LOCAL_GET, 0]),
        ...fold([LOCAL_GET, 1, extend]),
        ...[...get(events), I64_CONST, 1, 0x7c, ...set(events)],
        ...[...get(events), ...get(probe), 0x51, IF, EMPTY, ...keep, END],
      ]),
    },
    // decide(condition i32, site i32): condition
    {
      type: 0,
      body: done([LOCAL_GET, 0, 0x45, 0x45, extend, LOCAL_GET, 1, ...call, ...count(decisions), LOCAL_GET, 0]),
    },
    // choose(index i32, site i32): index
    { type: 0, body: done([LOCAL_GET, 0, extend, LOCAL_GET, 1, ...call, ...count(decisions), LOCAL_GET, 0]) },
    // access(address i32, site i32): address
    { type: 0, body: done([LOCAL_GET, 0, extend, LOCAL_GET, 1, ...call, ...count(accesses), LOCAL_GET, 0]) },
    // operand(value i64, site i32)
    { type: 2, body: done([LOCAL_GET, 0, LOCAL_GET, 1, ...call]) },
    // iterate(site i32)
    { type: 1, body: done([I64_CONST, 0, LOCAL_GET, 0, ...call, ...count(decisions)]) },
  ];
}
/** Types the recorder needs, in the order `recorderBodies` numbers them. */
const RECORDER_TYPES = [
  [0x60, 2, I32, I32, 1, I32],
  [0x60, 1, I32, 0],
  [0x60, 2, I64, I32, 0],
];

/** Rewrites one function body (without its size). `site` hands out the numbers of recording places. */
function rewrite(
  body: Reader,
  end: number,
  parameters: number,
  recorder: Recorder,
  site: (offset: number, instruction: string) => number,
): number[] {
  // The locals it has, and some more to lift operands off the stack.
  let locals = parameters;
  const groups = body.number();
  const declared = body.at;
  for (let i = 0; i < groups; i++) {
    locals += body.number();
    body.byte();
  }
  const own = [I32, I32, I32, I64, I64, F32, F64];
  const header = [...unsigned(groups + own.length), ...body.bytes.subarray(declared, body.at)];
  for (const type of own) header.push(1, type);
  const spare = (index: number): number[] => unsigned(locals + index);
  const spareOf = (type: number): number => own.indexOf(type);

  const out = header;
  const emit = (...bytes: number[]): void => {
    for (const byte of bytes) out.push(byte);
  };
  const mark = (at: number, instruction: string): number[] => [I32_CONST, ...signed(site(at, instruction))];

  while (body.at < end) {
    const at = body.at;
    const opcode = body.byte();
    /** Copies the instruction, its immediates read. */
    const copy = (): void => emit(...body.bytes.subarray(at, body.at));
    const before = (fn: number, instruction: string): void => emit(...mark(at, instruction), CALL, ...unsigned(fn));

    if (opcode === 0x04) {
      body.number();
      before(recorder.decide, "if");
      copy();
    } else if (opcode === 0x03) {
      body.number();
      copy();
      before(recorder.iterate, "loop");
    } else if (opcode === 0x0d) {
      body.number();
      before(recorder.decide, "br_if");
      copy();
    } else if (opcode === 0x0e) {
      for (let left = body.number() + 1; left > 0; left--) body.number();
      before(recorder.choose, "br_table");
      copy();
    } else if (opcode === 0x11) {
      body.number();
      body.number();
      before(recorder.choose, "call_indirect");
      copy();
    } else if (opcode === 0x1b || opcode === 0x1c) {
      if (opcode === 0x1c) body.skip(body.number());
      before(recorder.decide, "select");
      copy();
    } else if (opcode >= 0x28 && opcode <= 0x35) {
      body.number();
      body.number();
      before(recorder.access, LOADS[opcode - 0x28] ?? "load");
      copy();
    } else if (opcode >= 0x36 && opcode <= 0x3e) {
      body.number();
      body.number();
      const value = spare(spareOf(STORED_TYPE[opcode - 0x36] ?? I32));
      emit(LOCAL_SET, ...value);
      before(recorder.access, STORES[opcode - 0x36] ?? "store");
      emit(LOCAL_GET, ...value);
      copy();
    } else if ((opcode >= 0x6d && opcode <= 0x70) || (opcode >= 0x7f && opcode <= 0x82)) {
      const wide = opcode >= 0x7f;
      const [left, right] = wide ? [spare(3), spare(4)] : [spare(0), spare(1)];
      const name = `${wide ? "i64" : "i32"}.${DIVISIONS[opcode - (wide ? 0x7f : 0x6d)] ?? "div"}`;
      const here = mark(at, name);
      emit(LOCAL_SET, ...right, LOCAL_SET, ...left);
      for (const operand of [left, right]) {
        emit(LOCAL_GET, ...operand, ...(wide ? [] : [0xad]), ...here, CALL, ...unsigned(recorder.operand));
      }
      emit(LOCAL_GET, ...left, LOCAL_GET, ...right);
      copy();
    } else if (opcode === 0xfc) {
      const kind = body.number();
      if (kind <= 7) {
        copy();
      } else if (kind === 9) {
        body.number();
        copy();
      } else if (kind === 8 || kind === 10 || kind === 11) {
        body.number();
        if (kind !== 11) body.number();
        const here = mark(at, kind === 8 ? "memory.init" : kind === 10 ? "memory.copy" : "memory.fill");
        emit(LOCAL_SET, ...spare(2), LOCAL_SET, ...spare(1), LOCAL_SET, ...spare(0));
        // The byte that memory.fill writes is a value, not an address.
        const lengths = kind === 11 ? [2] : [1, 2];
        for (const operand of lengths) {
          emit(LOCAL_GET, ...spare(operand), 0xad, ...here, CALL, ...unsigned(recorder.operand));
        }
        emit(LOCAL_GET, ...spare(0), ...here, CALL, ...unsigned(recorder.access));
        emit(LOCAL_GET, ...spare(1), LOCAL_GET, ...spare(2));
        copy();
      } else {
        throw new Error(`instruction fc ${kind} is not known here`);
      }
    } else if (opcode === 0x40) {
      body.byte();
      before(recorder.choose, "memory.grow");
      copy();
    } else if (opcode === 0x91 || opcode === 0x95 || opcode === 0x9f || opcode === 0xa3) {
      throw new Error("floating-point division and square root take a time that depends on their operands");
    } else {
      skipImmediates(body, opcode);
      copy();
    }
  }
  return out;
}

/** Reads over the immediates of the instructions that record nothing. */
function skipImmediates(body: Reader, opcode: number): void {
  if (opcode === 0x02 || opcode === 0x0c || opcode === CALL) body.number();
  else if (opcode >= 0x20 && opcode <= 0x24) body.number();
  else if (opcode === 0x3f) body.byte();
  else if (opcode === I32_CONST || opcode === I64_CONST) body.number();
  else if (opcode === 0x43) body.skip(4);
  else if (opcode === 0x44) body.skip(8);
  else if (![0x00, 0x01, 0x05, END, 0x0f, 0x1a].includes(opcode) && (opcode < 0x45 || opcode > 0xc4)) {
    throw new Error(`instruction ${opcode.toString(16)} is not known here`);
  }
}

/** The module with recorders built in. Throws on instructions outside the MVP, sign extension and bulk memory. */
export function instrument(wasm: Uint8Array): Instrumented {
  const module = readModule(wasm);
  const type = module.parameters.length;
  const first = module.importedFunctions + module.functionTypes.length;
  const bodies = recorderBodies(module.globals, first);
  const recorder: Recorder = {
    decide: first + 1,
    choose: first + 2,
    access: first + 3,
    operand: first + 4,
    iterate: first + 5,
  };

  const sites: Site[] = [];
  const code: number[] = [];
  const reader = new Reader(module.sections.get(SECTION.code) ?? Uint8Array.of(0));
  const count = reader.number();
  for (let i = 0; i < count; i++) {
    const index = module.importedFunctions + i;
    const name = module.names.get(index);
    const label = name === undefined ? `function ${index}` : `${name} (function ${index})`;
    const end = reader.number() + reader.at;
    const parameters = module.parameters[module.functionTypes[i] ?? 0] ?? 0;
    const body = rewrite(reader, end, parameters, recorder, (offset, instruction) => {
      return sites.push({ function: label, offset: module.codeAt + offset, instruction }) - 1;
    });
    for (const byte of [...unsigned(body.length), ...body]) code.push(byte);
  }
  for (const { body } of bodies) code.push(...unsigned(body.length), ...body);

  const sections = new Map<number, readonly number[] | Uint8Array>(module.sections);
  sections.set(SECTION.type, append(module.sections.get(SECTION.type), RECORDER_TYPES));
  sections.set(
    SECTION.function,
    append(
      module.sections.get(SECTION.function),
      bodies.map((fn) => unsigned(type + fn.type)),
    ),
  );
  sections.set(
    SECTION.global,
    append(
      module.sections.get(SECTION.global),
      GLOBALS.map((global) => [global.type, 1, global.type === I64 ? I64_CONST : I32_CONST, 0, END]),
    ),
  );
  sections.set(
    SECTION.export,
    append(
      module.sections.get(SECTION.export),
      GLOBALS.map(({ name }, i) => [name.length, ...Buffer.from(name), 3, ...unsigned(module.globals + i)]),
    ),
  );
  sections.set(SECTION.code, [...unsigned(count + bodies.length), ...code]);

  return { wasm: joinModule(wasm, sections), sites };
}

/** Runs calls of an instrumented module's instance and tells what they did. */
export class Tracer {
  readonly #sites: readonly Site[];
  readonly #globals: Map<string, WebAssembly.Global>;

  constructor(exports: WebAssembly.Exports, sites: readonly Site[]) {
    this.#sites = sites;
    this.#globals = new Map(GLOBALS.map(({ name }) => [name, exports[name] as WebAssembly.Global]));
  }

  #value(name: (typeof GLOBALS)[number]["name"]): number | bigint {
    return (this.#globals.get(name) as WebAssembly.Global).value as number | bigint;
  }

  #reset(probe: number): void {
    for (const { name, type } of GLOBALS) {
      (this.#globals.get(name) as WebAssembly.Global).value = type === I64 ? 0n : 0;
    }
    (this.#globals.get("trace_probe") as WebAssembly.Global).value = BigInt(probe);
  }

  /** What `run` does between its beginning and its end. */
  trace(run: () => void): Trace {
    this.#reset(0);
    run();
    return {
      hash: BigInt.asUintN(64, this.#value("trace_hash") as bigint),
      decisions: this.#value("trace_decisions") as number,
      accesses: this.#value("trace_accesses") as number,
    };
  }

  /** The first place where two runs differ, or null if they do not; for the message of a failed test. */
  divergence(a: () => void, b: () => void): Site | null {
    const prefix = (run: () => void, event: number): { hash: bigint; site: number; events: number } => {
      this.#reset(event);
      run();
      return {
        hash: this.#value("trace_probe_hash") as bigint,
        site: this.#value("trace_probe_site") as number,
        events: Number(this.#value("trace_events")),
      };
    };
    const [left, right] = [prefix(a, 0), prefix(b, 0)];
    const common = Math.min(left.events, right.events);
    // The hash is a bijection of what it was before, so once the runs differ they go on differing.
    let same = 0;
    let different = common + 1;
    while (different - same > 1) {
      const event = Math.floor((same + different) / 2);
      if (prefix(a, event).hash === prefix(b, event).hash) same = event;
      else different = event;
    }
    if (different > common && left.events === right.events) return null;
    // Either both are at the place, or the longer one goes on where the shorter one ends.
    const longer = left.events >= right.events ? a : b;
    return this.#sites[prefix(longer, different).site] ?? null;
  }
}
