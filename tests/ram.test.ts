/** The RAM a build says wasm3 will take, against what boards measure with the core and with larger ones. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import binaryen from "binaryen";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { variantName } from "../boards/engine.ts";
import { CORE_RAM, ramNeed } from "../boards/memory.ts";
import { TASK_STACK } from "../boards/stack.ts";
import { Metric } from "../host/board/protocol.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import { Status } from "../host/core/abi.gen.ts";
import { HEAP_TOLERANCE, moduleLoad, ramAdvice, wasm3Heap } from "../toolchain/aot/advice.ts";
import { prepareBuild } from "../toolchain/build.ts";
import { type CheckoutCopy, copyCheckout } from "../toolchain/checkout.ts";
import { compileCore, renderWasmHeader, sha256Hex } from "../toolchain/core/compile.ts";
import { pioPlace } from "../toolchain/pio/environment.ts";
import { pioRun } from "../toolchain/pio/run.ts";
import { buildImage, root, virtualBoard, withBoard } from "./support/images.ts";

/** The module with a second one of each `every`-th function, which nobody calls but wasm3 translates all the same. */
function enlarged(wasm: Uint8Array, every: number): Uint8Array {
  const module = binaryen.readBinary(wasm);
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(i)),
  );
  for (const [i, { name, params, results, vars, body, base }] of functions.entries()) {
    const imported = base !== "" && base !== null;
    if (!imported && i % every === 0)
      module.addFunction(`${name} again`, params, results, vars, module.copyExpression(body));
  }
  // wasm3 keeps a module's names on the heap too; a board's module has none.
  binaryen.setDebugInfo(false);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** RAM the emulated boards have, bytes, by their linker scripts. */
const EMULATED_RAM: Readonly<Record<string, number>> = { "qemu-m4": 512 * 1024, "qemu-rv32": 400 * 1024 };

/** How far what boards/memory.ts says of the core may be from what it takes: a choice of engine is not that close. */
const CORE_RAM_TOLERANCE = 0.05;

interface Measured {
  readonly status: number;
  readonly heap: number;
  /** By PlatformIO's count. */
  readonly staticBytes: number;
}

let copy: CheckoutCopy;
let core: Uint8Array;
beforeAll(async () => {
  copy = copyCheckout(root);
  core = (await compileCore({ root })).wasm;
});
afterAll(() => copy.remove());

/** Builds `wasm` into a board's image instead of the core and asks the board that boots it. */
async function measure(id: string, wasm: Uint8Array): Promise<Measured> {
  await prepareBuild(copy.path, id, "wasm3");
  writeFileSync(join(copy.path, "build", "core", "relay_wasm.h"), renderWasmHeader(wasm, sha256Hex(wasm)));
  const env = variantName(virtualBoard(id), "wasm3");
  const { artifacts, ram, errors } = await pioRun({ place: pioPlace(copy.path), env, source: "system" });
  expect(errors).toEqual([]);
  const image = artifacts.find(({ kind }) => kind === "elf")?.path ?? "";
  const radio = (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) => new RadioPort({ name: id, stream });
  return withBoard({ board: virtualBoard(id), image, radio }, async ({ console: board, identity }) => ({
    status: identity.status,
    heap: Number((await board.stats()).get(Metric.HeapUsed)),
    staticBytes: ram?.used ?? 0,
  }));
}

describe.each(["qemu-m4", "qemu-rv32"])("RAM on %s", (id) => {
  // The tools are arranged by a build of the product itself.
  beforeAll(() => buildImage(id, "wasm3"), 300_000);

  it.each([
    ["the core", () => core],
    ["half as many functions again", () => enlarged(core, 2)],
    ["twice as many functions", () => enlarged(core, 1)],
  ])("under wasm3 is what the model says: %s", { timeout: 300_000 }, async (_, make) => {
    const wasm = make();
    const module = await moduleLoad(wasm);
    const { status, heap, staticBytes } = await measure(id, wasm);
    const advice = ramAdvice({ board: virtualBoard(id), staticBytes, module });
    if (wasm === core) {
      const used = staticBytes + heap - (TASK_STACK[virtualBoard(id).mcu]?.bytes.wasm3 ?? 0);
      expect(Math.abs(used / CORE_RAM.wasm3 - 1)).toBeLessThan(CORE_RAM_TOLERANCE);
    }
    if ((advice?.used ?? 0) > (EMULATED_RAM[id] ?? 0)) {
      expect(status).toBe(Status.EngineMemory);
    } else {
      expect(status).toBe(Status.Ok);
      expect(Math.abs(heap - wasm3Heap(module))).toBeLessThanOrEqual(HEAP_TOLERANCE);
    }
  });

  it("with a translated core is what the advice says", { timeout: 300_000 }, async () => {
    const wasm3 = (await buildImage(id, "wasm3")).manifest.ram?.used ?? 0;
    const aot = (await buildImage(id, "aot")).manifest.ram?.used ?? 0;
    const advice = ramAdvice({ board: virtualBoard(id), staticBytes: wasm3, module: await moduleLoad(core) });
    expect(Math.abs(aot - (advice?.aot.used ?? 0))).toBeLessThanOrEqual(1024);
    const stack = TASK_STACK[virtualBoard(id).mcu]?.bytes.aot ?? 0;
    expect(Math.abs((aot - stack) / CORE_RAM.aot - 1)).toBeLessThan(CORE_RAM_TOLERANCE);
  });

  it("is by its linker script what boards/memory.ts reckons with", () => {
    const script = readFileSync(join(root, "boards/runtime/hal", virtualBoard(id).virtual.hal, "link.ld"), "utf8");
    expect(Number(/RAM \(rw\).*LENGTH = (\d+)K/.exec(script)?.[1]) * 1024).toBe(EMULATED_RAM[id]);
    expect(ramNeed(virtualBoard(id), "wasm3").has).toBe(EMULATED_RAM[id]);
  });
});

it("twice the core fits no board", async () => {
  // Otherwise nothing above would show that a board runs out where the model says so.
  const module = await moduleLoad(enlarged(core, 1));
  for (const [id, ram] of Object.entries(EMULATED_RAM)) {
    const advice = ramAdvice({ board: virtualBoard(id), staticBytes: 39_000, module });
    expect(advice?.left).toBeLessThan(0);
    if (id === "qemu-rv32") expect(advice?.used).toBeGreaterThan(ram);
  }
});
