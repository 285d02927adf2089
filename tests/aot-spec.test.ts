/**
 * The translator to C against the WebAssembly specification: the integer part of the core test suite, a table of our
 * own for what that suite does not have, and the modules that are refused. What a call comes to is known beforehand;
 * V8 and the native build both have to give it.
 */
import { ensureDebian } from "./support/debian.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { translate, type TranslateOptions } from "../toolchain/aot/translate.ts";
import { MehrError } from "../toolchain/errors.ts";
import { type NativeOptions, runNative } from "./support/native-aot.ts";
import {
  type Case,
  compareNative,
  compareV8,
  type Expected,
  runV8,
  type Trap,
  type V8Result,
} from "./support/outcomes.ts";
import { callCases } from "./support/spec-calls.ts";
import { controlCases } from "./support/spec-control.ts";
import { memoryCases, RUNS_NAME } from "./support/spec-memory.ts";
import { numericCases } from "./support/spec-numeric.ts";
import { INVALID, REFUSED } from "./support/spec-refusals.ts";
import { readSuite, type Suite, suiteFolder } from "./support/spec-suite.ts";
import { readScript, writeNode } from "./support/wast.ts";
import { type Assemble, loadAssembler, showingMemory } from "./support/wat.ts";

const GCC: NativeOptions = { compiler: "gcc", flags: ["-O2"] };
const CLANG: NativeOptions = { compiler: "clang", flags: ["-O1"] };
const LEFT: Trap = "out of bounds memory access";
const isTrap = (expected: Expected, trap: Trap): boolean => typeof expected === "object" && expected.trap === trap;
const NATIVE_TIMEOUT = 300_000;

let assemble: Assemble;
beforeAll(async () => {
  await ensureDebian("clang");
  assemble = await loadAssembler();
}, 600_000);

/** In V8, with the imports of the module answered as in the native build. */
const inV8 = ({ wasm, calls }: Case): V8Result => runV8(wasm, calls, translate(wasm, { name: "m" }).imports);

async function nativeDifferences(
  cases: readonly Case[],
  compiler: NativeOptions,
  options: Omit<TranslateOptions, "name"> = {},
): Promise<string[]> {
  const native = await runNative(
    cases.map(({ name, wasm, calls }) => ({
      ...{ name, wasm, options },
      calls: calls.map((call) => ({ export: call.export, args: call.args.map(BigInt) })),
    })),
    compiler,
  );
  return native.flatMap((result, i) => {
    const entry = cases[i] as Case;
    return compareNative(entry, inV8(entry), result);
  });
}

describe("the core test suite", () => {
  let suite: Suite;
  let cases: Case[];
  const refused: Record<string, number> = {};
  beforeAll(async () => {
    suite = await readSuite(suiteFolder());
    cases = suite.modules.filter(({ wasm }) => {
      try {
        translate(wasm, { name: "m" });
        return true;
      } catch (error) {
        if (!(error instanceof MehrError)) throw error;
        const reason = error.message.replace(/^.*?: |, which is outside.*$/g, "");
        refused[reason] = (refused[reason] ?? 0) + 1;
        return false;
      }
    });
  });

  // The package is pinned: other counts mean that the reader or the translator takes other things.
  it("gives so many modules and assertions", () => {
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
    const counts = {
      modules: suite.modules.length,
      run: cases.length,
      assertions: sum(cases.map(({ calls }) => calls.length)),
      removedFunctions: sum(suite.modules.map(({ removed }) => removed)),
      refused,
      skipped: Object.fromEntries(suite.skipped),
    };
    expect(counts).toEqual({
      modules: 244,
      run: 213,
      assertions: 2380,
      removedFunctions: 257,
      refused: {
        "it imports the global spectest.global": 5,
        "it imports the memory spectest.memory": 9,
        "it imports the table spectest.table": 17,
      },
      skipped: {
        "a result outside the subset": 109,
        "about a function outside the subset": 167,
        "about an exported global": 7,
        "about floating-point values or inline modules": 3,
        "about imports that do not match": 60,
        "about modules that are not valid": 1516,
        "about several modules linked together": 83,
        'about the trap "invalid conversion to integer"': 8,
      },
    });
  });

  it("comes to what it asserts in V8", () => {
    expect(cases.flatMap((entry) => compareV8(entry, inV8(entry)))).toEqual([]);
  });

  it(
    "comes to what it asserts in the native build",
    async () => {
      expect(await nativeDifferences(cases, GCC)).toEqual([]);
    },
    NATIVE_TIMEOUT,
  );
});

describe("cases of our own from the specification", () => {
  let cases: Case[];
  beforeAll(() => {
    cases = [...numericCases(), ...memoryCases(), ...controlCases(), ...callCases()].map(({ wat, ...rest }) => {
      const [module] = readScript(wat);
      return { ...rest, wasm: assemble(rest.name, writeNode(showingMemory(module?.list ?? []))) };
    });
  });

  it("come to what is written in V8", () => {
    expect(cases.flatMap((entry) => compareV8(entry, inV8(entry)))).toEqual([]);
  });

  it.each([GCC, CLANG].map((options) => [options.compiler, options] as const))(
    "come to what is written in the native build by %s",
    async (_, options) => {
      expect(await nativeDifferences(cases, options)).toEqual([]);
    },
    NATIVE_TIMEOUT,
  );

  it(
    "come to what is written with masked bounds, where memory is not left",
    async () => {
      const inside = cases.flatMap(({ calls, ...rest }) => {
        const { memoryBytes } = translate(rest.wasm, { name: "m" });
        // Masks are for memories of a power of two bytes; in one module what a trapping call did before it is seen.
        if ((memoryBytes & (memoryBytes - 1)) !== 0 || rest.trap === LEFT || rest.name === RUNS_NAME) return [];
        return [{ ...rest, calls: calls.filter(({ expected }) => !isTrap(expected, LEFT)) }];
      });
      expect(inside.flatMap(({ calls }) => calls).length).toBeGreaterThan(1300);
      expect(await nativeDifferences(inside, GCC, { bounds: "masked" })).toEqual([]);
    },
    NATIVE_TIMEOUT,
  );
});

describe("what is outside the subset is refused", () => {
  it.each(REFUSED)("%s", (what, wat, words) => {
    const wasm = assemble(what, wat);
    expect(() => translate(wasm, { name: "m" })).toThrow(MehrError);
    expect(() => translate(wasm, { name: "m" })).toThrow(words);
  });

  it.each(INVALID)("%s", (_, bytes) => {
    expect(() => translate(Uint8Array.from(bytes), { name: "m" })).toThrow(
      new MehrError(1, "These bytes are not a valid WebAssembly module."),
    );
  });
});
