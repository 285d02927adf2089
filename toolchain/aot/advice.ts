/** Whether a core fits in a board's RAM under wasm3, which keeps it translated there, or should be built ahead. */
import { type Board, isVirtual, memoryLimits } from "../../boards/index.ts";
import { MCUS } from "../../boards/mcu.ts";
import { TASK_STACK } from "../../boards/stack.ts";
import { LINEAR_MEMORY_LIMIT } from "../core/limits.ts";
import { wasmSizes } from "../core/sizes.ts";
import { Reader } from "../wasm/reader.ts";
import { SECTION, sectionsOf } from "../wasm/sections.ts";

/** Less than this share of RAM left under wasm3, and `aot` is recommended. */
export const RAM_MARGIN = 0.1;

/** What of a module decides how much RAM wasm3 takes for it. */
export interface ModuleLoad {
  /** Bytes of its code section. */
  readonly code: number;
  /** Functions it has, imported ones included. */
  readonly functions: number;
  /** Bytes of linear memory it uses, by its own account. */
  readonly memory: number;
}

/** The load of a module that WebAssembly.compile accepts. */
export async function moduleLoad(wasm: Uint8Array): Promise<ModuleLoad> {
  const { code, memory } = await wasmSizes(wasm);
  const imports = WebAssembly.Module.imports(await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>));
  const own = sectionsOf(wasm).find(({ id }) => id === SECTION.function);
  const count = own === undefined ? 0 : new Reader(wasm, own.start).number();
  return { code, memory, functions: count + imports.filter(({ kind }) => kind === "function").length };
}

// Fitted to 17 loads of ten modules (the core without some or all of its cryptography, and with up to three of each
// function: 3.7 to 60 KB of code, 36 to 341 functions) on qemu-m4 and qemu-rv32 with wasm3 0.5.0 as platformio.ini
// configures it. tests/ram.test.ts measures again.
/** Translated code: nearly one 4-byte word of it for each byte of wasm, and what the last code page leaves unused. */
const METACODE = { fixed: 2_700, perCodeByte: 3.47 };
/** Value stack of 4 KB, the structures of engine and module, and of each function its structure, type and constants. */
const STRUCTURES = { fixed: 7_000, perFunction: 120 };

/**
 * The largest difference between wasm3Heap() and what a board measured, bytes: 2,075 when the model was fitted, 3,869 with
 * the core that has the network in it, 1.3 % of its heap.
 */
export const HEAP_TOLERANCE = 5_120;

/** Bytes of heap a module takes at most while wasm3 loads and runs it, within HEAP_TOLERANCE, on a 32-bit board. */
export function wasm3Heap({ code, functions }: ModuleLoad): number {
  const metacode = METACODE.fixed + METACODE.perCodeByte * code;
  const structures = STRUCTURES.fixed + STRUCTURES.perFunction * functions;
  return Math.round(LINEAR_MEMORY_LIMIT + metacode + structures);
}

export interface RamUse {
  /** Bytes. */
  readonly used: number;
  readonly left: number;
  /** Of the board's RAM; negative if it does not fit. */
  readonly leftPercent: number;
}

export interface RamAdvice extends RamUse {
  readonly max: number;
  /** True if `aot` should be used. */
  readonly recommend: boolean;
  /** The same image with engine aot, to within what the two engines differ in static variables. */
  readonly aot: RamUse;
  /** One or two sentences with the numbers. */
  readonly sentence: string;
}

export interface RamAdviceOptions {
  readonly board: Board;
  /** Static RAM of the image with engine wasm3, by PlatformIO's count, which includes the stack of the relay's task. */
  readonly staticBytes: number;
  readonly module: ModuleLoad;
}

/** What wasm3 leaves of the board's RAM; undefined for a board without a limit. Pure: nothing is built or run. */
export function ramAdvice({ board, staticBytes, module }: RamAdviceOptions): RamAdvice | undefined {
  const max = memoryLimits(board).ram;
  if (max === undefined) return undefined;
  const use = (used: number): RamUse => ({ used, left: max - used, leftPercent: (100 * (max - used)) / max });
  const heap = wasm3Heap(module);
  const wasm3 = use(staticBytes + heap);
  const stack = TASK_STACK[board.mcu]?.bytes;
  const aot = use(staticBytes + module.memory + (stack === undefined ? 0 : stack.aot - stack.wasm3));
  const recommend = wasm3.leftPercent < 100 * RAM_MARGIN && board.engines.includes("aot");

  const kb = (bytes: number): number => Math.round(bytes / 1024);
  const left = ({ left: bytes, leftPercent }: RamUse): string => `${kb(bytes)} KB (${leftPercent.toFixed(0)} %) left`;
  const parts = `${kb(staticBytes)} static, ${kb(heap)} of heap`;
  // An emulated machine with more RAM than the chip it stands for runs what the chip could not.
  const emulated = MCUS[board.mcu].machineRamBytes !== undefined;
  const [chip, there] = emulated ? ["the chip this board stands for", " there"] : ["the board", ""];
  const text =
    wasm3.left < 0
      ? `Under wasm3 this image would need about ${kb(wasm3.used)} KB of RAM (${parts}) and ${chip} has ` +
        `${kb(max)}: the core would not load${there}.`
      : `Under wasm3 this image takes about ${kb(wasm3.used)} of ${kb(max)} KB of RAM (${parts}), ${left(wasm3)}.`;
  const advice = ` \`mehr build ${board.id} --engine aot\` takes about ${kb(aot.used)} KB, ${left(aot)}.`;
  // Nobody here can measure what a framework allocates, so the figure leaves it out and says so.
  const rest = isVirtual(board)
    ? ""
    : ` What the Arduino core itself allocates comes on top of ${recommend ? "both" : "that"}.`;
  return { ...wasm3, max, recommend, aot, sentence: `${text}${recommend ? advice : ""}${rest}` };
}
