/** The stack an image is said to need, against GCC's own call graph, the machine code of libraries, and boards. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, ENGINES, variantName } from "../boards/engine.ts";
import { TASK_STACK, type TaskStack } from "../boards/stack.ts";
import { Metric } from "../host/board/protocol.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import { primitiveInputs } from "../host/conformance/primitives.ts";
import { replay } from "../host/conformance/replay.ts";
import { beaconFrame, TRANSCRIPT_PATH } from "../host/conformance/scenario.ts";
import { BoardTarget } from "../host/conformance/target.ts";
import { parseTranscript } from "../host/conformance/transcript.ts";
import { SeededRandom } from "../host/radio/random.ts";
import { translateModule } from "../toolchain/aot/core.ts";
import { LIBRARY_BYTES, requireStack, type StackReport, stackReport } from "../toolchain/aot/stack.ts";
import { framesByFunction, parseStackUsage, readStackUsage, STACK_USAGE_FLAGS } from "../toolchain/aot/stack-usage.ts";
import { prepareBuild } from "../toolchain/build.ts";
import { type CheckoutCopy, copyCheckout } from "../toolchain/checkout.ts";
import { compileCore } from "../toolchain/core/compile.ts";
import { buildDir, pioPlace } from "../toolchain/pio/environment.ts";
import { pioRun } from "../toolchain/pio/run.ts";
import { CallGraph, RUNTIME_POINTERS } from "./support/call-graph.ts";
import { buildImage, root, virtualBoard, withBoard } from "./support/images.ts";
import { machineStack } from "./support/machine-stack.ts";

const BOARDS = ["qemu-m4", "qemu-rv32"];

function stackOf(id: string): TaskStack {
  const stack = TASK_STACK[virtualBoard(id).mcu];
  if (stack === undefined) throw new Error(`${id} has no task stack`);
  return stack;
}

let copy: CheckoutCopy;
beforeAll(() => {
  copy = copyCheckout(root);
});
afterAll(() => copy.remove());

/** Builds an image again, in a copy, for the call graph of everything in boards/runtime and of the translated core. */
async function callGraph(id: string, engine: Engine, only?: string): Promise<CallGraph> {
  const env = variantName(virtualBoard(id), engine);
  const place = pioPlace(copy.path);
  await prepareBuild(copy.path, id, engine);
  const variables = { PLATFORMIO_BUILD_SRC_FLAGS: "-fcallgraph-info=su" };
  const { errors } = await pioRun({ place, env, source: "system", variables });
  expect(errors).toEqual([]);
  return new CallGraph(join(buildDir(place, "system"), env, "src"), RUNTIME_POINTERS, only);
}

/** Where the core begins, and where it calls the shell. */
const CORE: Readonly<Record<Engine, { readonly enter: RegExp; readonly imports: RegExp }>> = {
  wasm3: { enter: /\bm3_Call\(/, imports: /\bmehr_import_/ },
  aot: { enter: /^relay_(?!import_|memory$)/, imports: /\brelay_import_/ },
};

const VARIANTS = BOARDS.flatMap((id) => ENGINES.map((engine) => ({ id, engine })));

describe.each(VARIANTS)("what is reserved for the shell on $id with $engine", ({ id, engine }) => {
  it("covers every path of the call graph", { timeout: 300_000 }, async () => {
    await buildImage(id, engine);
    const graph = await callGraph(id, engine);
    const { above, below, bytes, kept } = stackOf(id);
    const { enter, imports } = CORE[engine];
    const found = {
      above: graph.deepest(/\bstart_main\(/, enter),
      below: graph.deepest(imports),
      // What the shell does without the core, after a fault too, when it starts again on an empty stack.
      alone: graph.deepest(/\bstart_main\(|\bafter_fault\(/, undefined, enter),
    };
    // Frames of libc are in no graph.
    expect(found.above.bytes).toBeLessThanOrEqual(above);
    expect(found.below.bytes + LIBRARY_BYTES).toBeLessThanOrEqual(below);
    expect(found.alone.bytes + LIBRARY_BYTES).toBeLessThanOrEqual(above + below);
    expect(kept).toBeGreaterThan(found.below.bytes + LIBRARY_BYTES);
    expect(above + below).toBeLessThan(bytes[engine]);
    // The paths are whole: they begin and end where they should.
    expect(found.above.path.at(-1)).toMatch(enter);
    expect(found.below.path.join()).toContain("RecordStore");
    expect(found.above.bytes).toBeGreaterThan(above / 4);
  });
});

describe.each(BOARDS)("the stack of %s with a translated core", (id) => {
  const stack = stackOf(id);
  let report: StackReport;
  let image: string;
  beforeAll(async () => {
    const built = await buildImage(id, "aot");
    image = built.image;
    const core = await translateModule(await compileCore({ root }));
    const usage = readStackUsage(built.stackUsage, "relay_core.c");
    report = stackReport({ core, usage, stack });
    // A function of the module that was not inlined has a line: the graph and the file are of one core.
    const frames = framesByFunction(usage);
    expect(core.functions.filter(({ c }) => frames.has(c)).length).toBeGreaterThan(core.functions.length / 4);
  }, 300_000);

  it("is no less than GCC's own call graph has for every export, and little more", { timeout: 300_000 }, async () => {
    const graph = await callGraph(id, "aot", "relay_core.ci");
    for (const { name, bytes } of report.core.exports) {
      const exact = graph.deepest(new RegExp(`^relay_${name}$`)).bytes;
      expect([name, bytes]).toEqual([name, expect.toSatisfy((sum: number) => sum >= exact + LIBRARY_BYTES)]);
      expect([name, bytes]).toEqual([name, expect.toSatisfy((sum: number) => sum <= exact + LIBRARY_BYTES + 256)]);
    }
  });

  it("is no less than GCC's own call graph has for the whole image", { timeout: 300_000 }, async () => {
    const whole = (await callGraph(id, "aot")).deepest(/\bstart_main\(/);
    expect(whole.bytes + LIBRARY_BYTES + stack.interrupt).toBeLessThanOrEqual(report.total);
  });

  it("is within the board's, and more than all it does takes", { timeout: 600_000 }, async () => {
    expect(() => requireStack(report, id)).not.toThrow();
    let port: RadioPort | undefined;
    const radio = (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]): void => {
      port = new RadioPort({ name: id, stream });
    };
    await withBoard({ board: virtualBoard(id), image, radio }, async ({ console: board, identity }) => {
      expect(identity).toMatchObject({ status: 0, engine: "aot" });
      expect(Number((await board.stats()).get(Metric.CStack))).toBe(stack.bytes.aot);
      const target = await BoardTarget.open(board);
      const entries = parseTranscript(readFileSync(join(root, TRANSCRIPT_PATH), "utf8"));
      expect((await replay(entries, target)).divergence).toBeUndefined();
      for (const input of primitiveInputs(new SeededRandom(2))) await target.step(input);
      await target.close();
      for (let i = 1; i <= 20; i++) {
        port?.receive({ rssiDbm: -80, snrQdb: 40, frame: beaconFrame(new Uint8Array(16).fill(i)) });
      }
      await board.identify();
      const used = Number((await board.stats()).get(Metric.CStackUsed));
      expect(used).toBeLessThanOrEqual(report.total);
      expect(used).toBeGreaterThan(report.core.bytes);
    });
  });
});

describe("the flags the translated core is compiled with", () => {
  it("are those of platformio.ini", () => {
    const ini = readFileSync(join(root, "platformio.ini"), "utf8");
    const section = /^\[engine_aot\]$[^[]*/m.exec(ini)?.[0];
    for (const flag of STACK_USAGE_FLAGS) expect(section).toContain(flag);
  });

  it.each([
    ["gcc", []],
    ["arm-none-eabi-gcc", ["-mcpu=cortex-m4", "-mthumb"]],
    ["riscv64-unknown-elf-gcc", ["-march=rv32imc", "-mabi=ilp32"]],
  ])("give every function that %s does not inline a line of its own", (compiler, flags) => {
    const folder = mkdtempSync(join(tmpdir(), "mehr-usage-"));
    try {
      const names = (...more: readonly string[]): string[] => {
        const source = join(root, "toolchain", "aot", "testdata", "stack.c");
        execFileSync(compiler, [...flags, "-std=c11", "-O2", ...more, "-c", source, "-o", join(folder, "stack.o")]);
        return parseStackUsage(readFileSync(join(folder, "stack.su"), "utf8"), "stack.su").map(({ name }) => name);
      };
      expect(names(...STACK_USAGE_FLAGS)).toEqual(expect.arrayContaining(["twin1", "twin2", "in_table", "demo_plain"]));
      // Without the second flag equal functions share one, so that a bound would leave the other's frame out.
      expect(names("-fstack-usage").filter((name) => name.startsWith("twin"))).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

// What C translated from wasm can call that is in no source: 64-bit arithmetic, bits, memory, the way out of a trap.
const LIBRARY = `
typedef __UINT64_TYPE__ u64; typedef __INT64_TYPE__ i64; typedef __UINT32_TYPE__ u32; typedef __SIZE_TYPE__ size;
void *memcpy(void *, const void *, size); void *memmove(void *, const void *, size); void *memset(void *, int, size);
int setjmp(long *); _Noreturn void longjmp(long *, int);
u64 divu(u64 a, u64 b) { return a / b; }
u64 remu(u64 a, u64 b) { return a % b; }
i64 divs(i64 a, i64 b) { return a / b; }
i64 rems(i64 a, i64 b) { return a % b; }
u64 mul(u64 a, u64 b) { return a * b; }
u64 shl(u64 a, u32 n) { return a << n; }
i64 sar(i64 a, u32 n) { return a >> n; }
u32 bits32(u32 a) { return __builtin_clz(a) + __builtin_ctz(a) * 3 + __builtin_popcount(a) * 5; }
u32 bits64(u64 a) { return __builtin_clzll(a) + __builtin_ctzll(a) * 3 + __builtin_popcountll(a) * 5; }
void copy(char *a, char *b, size n) { memcpy(a, b, n); memmove(b, a, n); memset(a, 1, n); }
static long boundary[64];
int trap(void) { if (setjmp(boundary)) return 1; longjmp(boundary, 1); }
void _start(void) {}
`;

it.each([
  ["arm-none-eabi-", ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "--specs=nano.specs"], /aeabi_uldivmod/],
  ["riscv64-unknown-elf-", ["-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"], /udivdi3/],
])("LIBRARY_BYTES covers what %sgcc calls by itself", (prefix, flags, division) => {
  const folder = mkdtempSync(join(tmpdir(), "mehr-library-"));
  try {
    const [source, elf] = [join(folder, "library.c"), join(folder, "library.elf")];
    writeFileSync(source, LIBRARY);
    const build = [...flags, "-std=c11", "-O2", "-nostartfiles", source, "-o", elf, "-lc", "-lgcc"];
    execFileSync(`${prefix}gcc`, build);
    const depths = machineStack(`${prefix}objdump`, elf);
    const ours = /^(divu|remu|divs|rems|mul|shl|sar|bits32|bits64|copy|trap|_start)$/;
    const library = [...depths].filter(([name]) => !ours.test(name));
    expect(library.map(([name]) => name).join()).toMatch(division);
    expect(library.map(([name]) => name)).toEqual(expect.arrayContaining(["memcpy", "memmove", "memset", "longjmp"]));
    // The stack pointer is seen to move at all: our own functions, which call, have frames.
    expect(depths.get("copy")).toBeGreaterThanOrEqual(16);
    expect(Math.max(...library.map(([, bytes]) => bytes))).toBeLessThanOrEqual(LIBRARY_BYTES / 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
