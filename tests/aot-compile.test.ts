/** The core's C: every compiler and machine takes it without a warning, and what becomes of it is what was meant. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { translateModule } from "../toolchain/aot/core.ts";
import { type Translation, translate } from "../toolchain/aot/translate.ts";
import { compileCore, type NamedModule } from "../toolchain/core/compile.ts";
import { ensureDebian } from "./support/debian.ts";
import { buildImage, root } from "./support/images.ts";

const ARM = ["-mcpu=cortex-m4", "-mthumb"];
const RISCV = ["-march=rv32imc", "-mabi=ilp32"];
/** Where the C library's headers are that Debian's bare-metal compilers come with, for clang. */
const NEWLIB = "/usr/lib/arm-none-eabi/include";
const PICOLIBC = "/usr/lib/picolibc/riscv64-unknown-elf/include";

const COMPILERS: readonly (readonly [string, string, readonly string[]])[] = [
  ["GCC for x86-64", "gcc", []],
  ["GCC for Cortex-M4", "arm-none-eabi-gcc", ARM],
  ["GCC for RV32", "riscv64-unknown-elf-gcc", [...RISCV, "--specs=picolibc.specs"]],
  ["clang for x86-64", "clang", []],
  ["clang for Cortex-M4", "clang", ["--target=arm-none-eabi", ...ARM, "-isystem", NEWLIB]],
  ["clang for RV32", "clang", ["--target=riscv32", ...RISCV, "-isystem", PICOLIBC]],
];

let folder: string;
let core: NamedModule;
let checked: Translation;

/** Writes a translation to a folder of its own and compiles it there; gives the object's path. */
function compile(translation: Translation, to: string, compiler: string, flags: readonly string[]): string {
  const at = join(folder, to);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, "relay.c"), translation.source);
  writeFileSync(join(at, "relay.h"), translation.header);
  const warnings = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-ffunction-sections"];
  const include = ["-I", ".", "-I", join(root, "boards", "runtime", "engine", "aot")];
  // No folder's name gets into the object.
  const place = `-ffile-prefix-map=${at}=.`;
  execFileSync(compiler, [...flags, place, ...warnings, ...include, "-c", "relay.c", "-o", "relay.o"], { cwd: at });
  return join(at, "relay.o");
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-aot-"));
  core = await compileCore({ root });
  checked = await translateModule(core);
  await ensureDebian("clang");
  // Brings the cross compilers.
  await buildImage("qemu-rv32");
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the core's C", () => {
  it.each(COMPILERS)("compiles without a warning: %s", { timeout: 120_000 }, (name, compiler, flags) => {
    const masked = translate(core.named, { name: "relay", bounds: "masked", memoryBytes: 16384 });
    for (const optimisation of ["-Os", "-O2"]) {
      compile(checked, `${name} checked`, compiler, [...flags, optimisation]);
      compile(masked, `${name} masked`, compiler, [...flags, optimisation]);
    }
  });

  it("is the same text twice, and the same object", { timeout: 60_000 }, async () => {
    const again = await translateModule(core);
    expect(again).toEqual(checked);
    const flags = [...ARM, "-Os", "-g"];
    const objects = ["once", "twice"].map((to) => readFileSync(compile(again, to, "arm-none-eabi-gcc", flags)));
    expect(objects[0]?.equals(objects[1] ?? Buffer.alloc(0))).toBe(true);
  });

  it("asks for no heap, and for nothing of C but block copies and 64-bit division", { timeout: 60_000 }, () => {
    const object = compile(checked, "undefined", "arm-none-eabi-gcc", [...ARM, "-Os"]);
    const wanted = execFileSync("arm-none-eabi-nm", ["-u", "-j", object], {
      encoding: "utf8",
    });
    const host = new Set([...checked.imports.map(({ c }) => c), "mehr_aot_trap"]);
    const others = wanted.split("\n").filter((name) => name !== "" && !host.has(name));
    expect(new Set(others)).toEqual(new Set(["memcpy", "memmove", "memset", "__aeabi_uldivmod", "__aeabi_ldivmod"]));
  });
});

describe("a field multiplication on a Cortex-M4", () => {
  it("is 81 long multiplications and none made of three instructions", { timeout: 60_000 }, () => {
    const object = compile(checked, "mac", "arm-none-eabi-gcc", [...ARM, "-Os"]);
    const text = execFileSync("arm-none-eabi-objdump", ["-d", "--no-show-raw-insn", object], { encoding: "utf8" });
    const start = text.indexOf("<field25519_feMul>:");
    const body = text.slice(start, text.indexOf("\n\n", start));
    const count = (pattern: RegExp): number => body.split("\n").filter((line) => pattern.test(line)).length;
    expect(start).toBeGreaterThan(0);
    expect(count(/\t(smull|smlal)\b/)).toBe(81);
    // mul and mla are what a wider product takes besides umull: two carries are wider than 32 bits, by one mla each.
    expect(count(/\t(umull|umlal)\b/)).toBe(10);
    expect(count(/\t(mul|mla|muls)(\.w)?\b/)).toBe(2);
  });
});

describe("the debug information of an image", () => {
  it("leads to AssemblyScript file and line", { timeout: 600_000 }, async () => {
    const { image } = await buildImage("qemu-m4", "aot");
    const symbols = execFileSync("arm-none-eabi-nm", [image], { encoding: "utf8" });
    const address = /^([0-9a-f]+) t field25519_feMul$/m.exec(symbols)?.[1];
    expect(address).toBeDefined();
    const place = execFileSync("arm-none-eabi-addr2line", ["-e", image, `0x${address}`], { encoding: "utf8" });
    const [, file = "", line = "0"] = /(core-as\S+):(\d+)/.exec(place) ?? [];
    expect(file).toBe("core-as/assembly/crypto/field25519.ts");
    const source = readFileSync(join(root, file), "utf8").split("\n");
    const first = source.findIndex((text) => text.startsWith("export function feMul("));
    const last = source.findIndex((text, i) => i > first && text === "}");
    expect(Number(line) - 1).toBeGreaterThanOrEqual(first);
    expect(Number(line) - 1).toBeLessThanOrEqual(last);
  });
});
