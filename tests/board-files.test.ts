/** What is rendered from board values, read by the tools it is for: PlatformIO's own parser, and a linker. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { variantName } from "../boards/engine.ts";
import { allBoards, findBoard, isVirtual } from "../boards/index.ts";
import { MCUS, SOFTDEVICE } from "../boards/mcu.ts";
import { linkerScripts } from "../boards/render-nordic.ts";
import { ensurePlatformio, pioEnvironment, pioPlace, venvPython } from "../toolchain/pio/environment.ts";
import { canInstallSystemPackages, installSystemPackages, missingSystemPackages } from "../toolchain/pio/system.ts";
import { root } from "./support/images.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-board-files-"));
  if (canInstallSystemPackages()) await installSystemPackages(await missingSystemPackages("qemu-m4", "build"));
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("platformio.ini, read by PlatformIO", { timeout: 300_000 }, () => {
  const options = new Map<string, Map<string, unknown>>();
  beforeAll(async () => {
    const place = pioPlace(root);
    await ensurePlatformio({ place });
    const args = ["-m", "platformio", "project", "config", "--json-output", "--project-dir", root];
    const text = execFileSync(venvPython(place), args, { encoding: "utf8", env: pioEnvironment(place, "system") });
    for (const [section, entries] of JSON.parse(text) as [string, [string, unknown][]][]) {
      options.set(section, new Map(entries));
    }
  }, 300_000);

  it("has an environment for every board and engine, and no other", () => {
    const envs = allBoards().flatMap((board) => board.engines.map((engine) => `env:${variantName(board, engine)}`));
    expect([...options.keys()].filter((name) => name.startsWith("env:")).sort()).toEqual(envs.sort());
  });

  it.each(allBoards().filter((board) => !isVirtual(board)))("builds $id on its platform", (board) => {
    if (isVirtual(board)) return;
    const env = options.get(`env:${board.id}`);
    expect(env?.get("framework")).toEqual(["arduino"]);
    expect(env?.get("board")).toBe(board.platformio.board ?? board.id);
    expect(String(env?.get("platform"))).toContain(MCUS[board.mcu].platform);
    const flags = (env?.get("build_flags") as string[]).join(" ");
    expect(flags).toContain(`-I build/boards/${board.id}`);
    expect(flags).toMatch(/-D MEHR_TASK_STACK_BYTES=\d+/);
    expect(flags).not.toContain("${");
    expect(env?.get("board_build.partitions")).toBe(board.flash.partitions);
  });
});

/** Stands in for the Arduino core's nrf52_common.ld: the sections ours inserts behind, and nothing of Adafruit's. */
const COMMON = `ENTRY(Reset_Handler)
SECTIONS
{
  .text : { KEEP(*(.isr_vector)) *(.text*) *(.rodata*) } > FLASH
  .data : { *(.data*) } > RAM AT > FLASH
  .bss : { *(.bss*) *(COMMON) } > RAM
}
`;

const PROGRAM = `
__attribute__((section(".isr_vector"), used)) void *const vectors[] = {(void *)0x20040000};
__attribute__((section(".svc_data"), used)) int handler = 1;
extern int __start_svc_data, __stop_svc_data, __start_fs_data, __stop_fs_data;
int data = 5, bss[100];
int Reset_Handler(void) {
  return data + bss[0] + (&__stop_svc_data - &__start_svc_data) + (&__stop_fs_data - &__start_fs_data);
}
`;

describe("the linker script of XIAO nRF52840, read by a linker", { timeout: 60_000 }, () => {
  const [[path, script] = ["", ""]] = linkerScripts([findBoard("xiao-nrf52-wio")]);

  function link(text: string, program = PROGRAM): { readonly status: number | null; readonly stderr: string } {
    writeFileSync(join(folder, "nrf52_common.ld"), COMMON);
    writeFileSync(join(folder, "script.ld"), text);
    writeFileSync(join(folder, "main.c"), program);
    const args = ["-mcpu=cortex-m4", "-mthumb", "-nostartfiles", "--specs=nosys.specs", "-L."];
    return spawnSync("arm-none-eabi-gcc", [...args, "-Wl,-Tscript.ld", "main.c", "-o", "main.elf"], {
      cwd: folder,
      encoding: "utf8",
    });
  }

  it("puts an application behind SoftDevice and its RAM", () => {
    expect(path).toBe("boards/platformio/nrf52840_s140_v7.ld");
    expect(link(script)).toMatchObject({ status: 0 });
    const symbols = new Map(
      execFileSync("arm-none-eabi-nm", ["main.elf"], { cwd: folder, encoding: "utf8" })
        .trim()
        .split("\n")
        .map((line) => [line.split(" ")[2] ?? "", Number.parseInt(line, 16)]),
    );
    const { appOffset, appRamStart } = SOFTDEVICE["S140 7.3.0"];
    expect(symbols.get("vectors")).toBe(appOffset);
    expect(symbols.get("data")).toBe(appRamStart);
    expect((symbols.get("__stop_svc_data") ?? 0) - (symbols.get("__start_svc_data") ?? 0)).toBe(4);
    expect(symbols.get("__start_fs_data")).toBe(symbols.get("__stop_fs_data"));
  });

  it("refuses what does not fit between SoftDevice, file system and the end of RAM", () => {
    const big = (bytes: number, kind: string) => `${PROGRAM}\n__attribute__((used)) ${kind} char big[${bytes}] = {1};`;
    // Flash holds initialised data as well: 0xed000 - 0x27000 in all.
    expect(link(script, big(0xed000 - 0x27000, "const")).stderr).toMatch(/region .?FLASH.? overflowed/);
    expect(link(script, big(0x20040000 - 0x20006000, "")).stderr).toMatch(/region .?RAM.? overflowed/);
  });
});
