/**
 * What PlatformIO needs for an nRF52840 board that upstream does not know: its board file, and the linker script of a
 * SoftDevice the Adafruit core has none for.
 */
import { memoryLimits } from "./memory.ts";
import {
  NRF52840_BOOTLOADER_SETTINGS,
  NRF52840_FILESYSTEM,
  NRF52840_RAM_END,
  SOFTDEVICE,
  type SoftDeviceId,
} from "./mcu.ts";
import { type Board, isVirtual, type RealBoard } from "./schema.ts";

/** Path of a board's PlatformIO board file, relative to the project. */
export function platformioBoardFile(id: string): string {
  return `boards/platformio/${id}.json`;
}

/**
 * Text of the PlatformIO board file of a board that builds on an Arduino variant; undefined for a board the platform
 * already knows and for virtual boards, whose platform brings its own.
 */
export function renderPlatformioBoard(board: Board): string | undefined {
  if (isVirtual(board) || board.platformio.variant === undefined) return undefined;
  const { softdevice } = board.flash;
  if (softdevice === undefined) throw new RangeError(`boards/${board.id}.ts: flash.softdevice is missing`);
  return `${JSON.stringify(nordicBoard(board, board.platformio.variant, softdevice), undefined, 2)}\n`;
}

/** Fields platform-nordicnrf52 reads for the Adafruit core (PNRF boards/nrf52840_dk_adafruit.json, builder/main.py). */
function nordicBoard(board: RealBoard, variant: string, softdevice: SoftDeviceId): object {
  const [name = "", version = ""] = softdevice.split(" ");
  const limits = memoryLimits(board);
  const { ldscript } = SOFTDEVICE[softdevice];
  // The core presents the first id as the running image's own (builder-framework-arduino-nrf5 adafruit.py).
  const ids = [...board.usb.filter(({ mode }) => mode === "app"), ...board.usb.filter(({ mode }) => mode !== "app")];
  return {
    build: {
      // The core's scripts are found by name; build.ldscript is a path from the project and goes before them.
      ...(ldscript.from === "core"
        ? { arduino: { ldscript: ldscript.name } }
        : { ldscript: linkerScriptFile(ldscript.name) }),
      core: "nRF5",
      cpu: "cortex-m4",
      extra_flags: `-DARDUINO_NRF52840_${variant.toUpperCase()} -DNRF52840_XXAA`,
      f_cpu: "64000000L",
      hwids: ids.map(({ vid, pid }) => [hex(vid, 4), hex(pid, 4)]),
      usb_product: board.name,
      mcu: "nrf52840",
      variant,
      bsp: { name: "adafruit" },
      softdevice: {
        sd_flags: `-D${name}`,
        sd_name: name.toLowerCase(),
        sd_version: version,
        sd_fwid: hex(SOFTDEVICE[softdevice].fwid, 4),
      },
      bootloader: { settings_addr: hex(NRF52840_BOOTLOADER_SETTINGS, 5) },
    },
    connectivity: ["bluetooth", "lora"],
    debug: { jlink_device: "nRF52840_xxAA", svd_path: "nrf52840.svd" },
    frameworks: ["arduino"],
    name: board.name,
    // The variant's board uploads by J-Link; a board with the Adafruit bootloader takes a DFU package over USB once
    // opening its port at 1200 baud has sent it there.
    upload: {
      maximum_ram_size: limits.ram,
      maximum_size: limits.flash,
      speed: 115200,
      protocol: "nrfutil",
      protocols: ["nrfutil", "jlink", "nrfjprog", "stlink"],
      use_1200bps_touch: true,
      require_upload_port: true,
      wait_for_upload_port: true,
    },
    url: board.platformio.url ?? "",
    vendor: board.platformio.vendor ?? "",
  };
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, "0")}`;
}

// --- linker scripts --------------------------------------------------------------------------------------------------

function linkerScriptFile(name: string): string {
  return `boards/platformio/${name}`;
}

/** The linker scripts of this project that these boards' SoftDevices need, by path. */
export function linkerScripts(boards: readonly Board[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const board of boards) {
    const softdevice = isVirtual(board) ? undefined : board.flash.softdevice;
    if (softdevice === undefined || SOFTDEVICE[softdevice].ldscript.from === "core") continue;
    files.set(linkerScriptFile(SOFTDEVICE[softdevice].ldscript.name), renderLinkerScript(softdevice));
  }
  return files;
}

/**
 * Memory as the SoftDevice leaves it. Sections are the core's own nrf52_common.ld, which its builder's -L finds; two
 * tables of Nordic's SDK that this file does not place are put behind initialised data, between the symbols the SDK
 * names.
 */
function renderLinkerScript(softdevice: SoftDeviceId): string {
  const { appOffset, appRamStart } = SOFTDEVICE[softdevice];
  const region = (from: number, to: number): string =>
    `ORIGIN = ${hex(from, 5)}, LENGTH = ${hex(to, 5)} - ${hex(from, 5)}`;
  const table = (name: string): string[] => [
    `  .${name} : {`,
    `    PROVIDE(__start_${name} = .);`,
    `    KEEP(*(.${name}))`,
    `    PROVIDE(__stop_${name} = .);`,
    "  } > RAM",
  ];
  return `${[
    `/* Rendered by \`mehr generate\`: memory of an nRF52840 behind ${softdevice}, from the table in boards/mcu.ts. */`,
    "GROUP(-lgcc -lc -lnosys)",
    "",
    "MEMORY",
    "{",
    "  /* From the SoftDevice's end to the core's file system, which ends at the bootloader. */",
    `  FLASH (rx) : ${region(appOffset, NRF52840_FILESYSTEM)}`,
    "  /* The SoftDevice has what is below. */",
    `  RAM (rwx) : ${region(appRamStart, NRF52840_RAM_END)}`,
    "}",
    "",
    "SECTIONS",
    "{",
    "  . = ALIGN(4);",
    ...table("svc_data"),
    ...table("fs_data"),
    "} INSERT AFTER .data;",
    "",
    'INCLUDE "nrf52_common.ld"',
  ].join("\n")}\n`;
}
