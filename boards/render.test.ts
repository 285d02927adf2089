import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { variantName } from "./engine.ts";
import { allBoards, findBoard, memoryLimits } from "./index.ts";
import { RENDER_COMMAND, renderCommitted, renderPlatformioIni } from "./render.ts";
import { isVirtual } from "./schema.ts";

const PROJECT = join(import.meta.dirname, "..");
const boards = allBoards();
const committed = renderCommitted(boards);

describe("committed files are not stale", () => {
  test.each([...committed])("%s", (path, text) => {
    const found = existsSync(join(PROJECT, path)) ? readFileSync(join(PROJECT, path), "utf8") : "";
    expect(found, `${path} differs from the board values; run: ${RENDER_COMMAND}`).toBe(text);
  });

  test("boards/platformio holds nothing else", () => {
    const files = readdirSync(join(PROJECT, "boards/platformio")).map((name) => `boards/platformio/${name}`);
    expect(files.sort()).toEqual([...committed.keys()].filter((path) => path.startsWith("boards/platformio/")).sort());
  });
});

/** A release by number, a commit by its whole name, or a folder of the project. */
const PINNED = /^([\w-]+\/[\w-]+@\d+\.\d+\.\d+|https:\/\/\S+\.git#[0-9a-f]{40}|symlink:\/\/boards\/\S+)$/;

/** Sections of an ini text: name -> option -> value, continuation lines joined by a space. */
function sections(ini: string): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  let option = "";
  for (const line of ini.split("\n")) {
    if (line === "" || line.startsWith(";")) continue;
    if (line.startsWith("[")) {
      section = new Map();
      found.set(line.slice(1, -1), section);
    } else if (line.startsWith("  ")) {
      section.set(option, `${section.get(option)} ${line.trim()}`.trim());
    } else {
      const at = line.indexOf(" =");
      option = line.slice(0, at);
      section.set(option, line.slice(at + 2).trim());
    }
  }
  return found;
}

/**
 * The value PlatformIO finds for an option of an environment: its own, then those of what it extends, the last one
 * first, then those of [env] (ProjectConfig.walk_options). Interpolated as PlatformIO does it: `this` is the
 * environment asked for.
 */
function resolved(parsed: Map<string, Map<string, string>>, env: string, option: string): string {
  const queue = ["env", env];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const section = parsed.get(name);
    const value = section?.get(option);
    if (value !== undefined) {
      return value.replace(/\$\{([^}]+)\.([^.}]+)\}/g, (_, from: string, other: string) =>
        resolved(parsed, from === "this" ? env : from, other),
      );
    }
    queue.push(...(section?.get("extends")?.split(", ") ?? []));
  }
  throw new Error(`${env} has no option ${option}`);
}

describe("platformio.ini", () => {
  const ini = renderPlatformioIni(boards);
  const parsed = sections(ini);
  const envs = [...parsed.keys()].filter((name) => name.startsWith("env:"));
  // Real boards as they would be with RAM for both engines, the default one or the other.
  const roomy = sections(
    renderPlatformioIni([
      { ...findBoard("heltec-v3"), engines: ["wasm3", "aot"] },
      { ...findBoard("rak4631"), engines: ["aot", "wasm3"] },
    ]),
  );

  test("does not depend on the order of the boards", () => {
    expect(renderPlatformioIni([...boards].reverse())).toBe(ini);
  });

  test("has one environment per board and engine, in order", () => {
    expect(envs).toEqual(boards.flatMap((board) => board.engines.map((engine) => `env:${variantName(board, engine)}`)));
    expect(envs).toContain("env:qemu-rv32-aot");
    expect(parsed.get("platformio")?.get("default_envs")).toBe("qemu-m4");
  });

  test("a board's own environment has its default engine", () => {
    const engine = (env: string): string => resolved(parsed, `env:${env}`, "custom_engine");
    for (const board of boards) {
      for (const one of board.engines) expect(engine(variantName(board, one))).toBe(one);
    }
    // The chips with too little RAM for wasm3.
    expect([engine("rak4631"), engine("heltec-v3")]).toEqual(["aot", "aot"]);
    expect(parsed.get("env:rak4631")?.get("extends")).toBe("arduino, engine_aot");
    expect(envs.filter((name) => /rak4631|heltec-v3/.test(name))).toEqual(["env:heltec-v3", "env:rak4631"]);
  });

  test.each([
    // Behind a bridge the console is the UART; elsewhere the chip's own USB. Last words are taken in front of the panic
    // handler of ESP-IDF.
    ["heltec-v3", "-D ARDUINO_USB_MODE=1 -D ARDUINO_USB_CDC_ON_BOOT=0 -Wl,--wrap=esp_panic_handler"],
    ["t3s3-sx1262", "-D ARDUINO_USB_MODE=1 -D ARDUINO_USB_CDC_ON_BOOT=1 -Wl,--wrap=esp_panic_handler"],
    ["t3s3-sx1276", "-D ARDUINO_USB_MODE=1 -D ARDUINO_USB_CDC_ON_BOOT=1 -Wl,--wrap=esp_panic_handler"],
    ["xiao-s3-wio", "-D ARDUINO_USB_MODE=1 -D ARDUINO_USB_CDC_ON_BOOT=1 -Wl,--wrap=esp_panic_handler"],
    ["rp2040-lora", "-D PIO_FRAMEWORK_ARDUINO_ENABLE_FREERTOS"],
    ["tbeam-sx1262", "-Wl,--wrap=esp_panic_handler"],
    ["t-echo", ""],
  ])("%s has the macros its chip's core wants", (id, flags) => {
    expect(resolved(parsed, `env:${id}`, "custom_mcu_flags")).toBe(flags);
    expect(resolved(parsed, `env:${id}`, "build_flags")).toContain(flags);
  });

  test("an RP2040 is built with arduino-pico, whose file system the flash budget leaves out", () => {
    const env = parsed.get("env:rp2040-lora");
    expect(env?.get("board_build.core")).toBe("earlephilhower");
    expect(env?.get("board_build.filesystem_size")).toBe("512k");
    expect(memoryLimits(findBoard("rp2040-lora")).flash).toBe((2048 - 512 - 4) * 1024);
  });

  test("an ESP32 names the partition table that fills its flash", () => {
    const tables = ["tbeam-sx1262", "tbeam-sx1276", "t3-v161", "t3s3-sx1262", "t3s3-sx1276", "xiao-s3-wio"].map((id) =>
      parsed.get(`env:${id}`)?.get("board_build.partitions"),
    );
    expect(tables).toEqual([...Array<string>(5).fill("default.csv"), "default_8MB.csv"]);
  });

  test("a board with another engine says nothing twice", () => {
    for (const [all, suffix] of [
      [parsed, "aot"],
      [roomy, "aot"],
      [roomy, "wasm3"],
    ] as const) {
      const others = [...all.keys()].filter((name) => name.startsWith("env:") && name.endsWith(`-${suffix}`));
      expect(others).not.toEqual([]);
      for (const env of others) {
        const { custom_stack_flags: stack, ...rest } = Object.fromEntries(all.get(env) ?? []);
        const own = env.slice(0, -suffix.length - 1);
        expect(rest).toEqual({ extends: `${own}, engine_${suffix}` });
        expect(stack).not.toBe(all.get(own)?.get("custom_stack_flags"));
      }
    }
  });

  test("every environment passes on the stack of its microcontroller and engine", () => {
    const flags = (env: string): string => resolved(parsed, env, "build_flags");
    expect(flags("env:qemu-m4")).toContain("-D MEHR_STACK_KEPT_BYTES=3072 -Wl,--defsym=__stack_size=16384");
    expect(flags("env:heltec-v3")).toContain("-D MEHR_STACK_KEPT_BYTES=10240 -D MEHR_TASK_STACK_BYTES=32768");
    const own = resolved(roomy, "env:heltec-v3", "build_flags");
    expect(own).toContain("-D MEHR_STACK_KEPT_BYTES=10240 -D MEHR_TASK_STACK_BYTES=65536");
    const other = resolved(roomy, "env:heltec-v3-aot", "build_flags");
    expect(other).toContain("-D MEHR_STACK_KEPT_BYTES=10240 -D MEHR_TASK_STACK_BYTES=32768");
    expect(flags("env:native")).toMatch(/-D MEHR_STACK_KEPT_BYTES=3072$/);
  });

  test("every interpolation names an option that exists, in every environment", () => {
    // PlatformIO reads [env] as if it were one.
    for (const env of [...envs, "env"]) {
      for (const option of ["build_flags", "build_src_flags", "build_src_filter", "lib_deps"]) {
        expect(resolved(parsed, env, option), `${env} ${option}`).not.toContain("${");
      }
    }
  });

  test("every platform and library is pinned exactly or lies in the project", () => {
    for (const env of envs) {
      const specs = `${resolved(parsed, env, "platform")} ${resolved(parsed, env, "lib_deps")}`.trim().split(/ +/);
      for (const spec of specs) expect(spec).toMatch(PINNED);
    }
    expect(parsed.get("env:rak4631")?.get("platform")).toBe("platformio/nordicnrf52@10.11.0");
    expect(parsed.get("env:heltec-v3")?.get("platform")).toBe("platformio/espressif32@6.13.0");
  });

  test.each([
    ["qemu-rv32", "+<src/> +<engine/wasm3/> +<hal/virtual/> +<hal/bare/> +<hal/rv32_virt/>"],
    ["qemu-rv32-aot", "+<src/> +<engine/aot/> +<hal/virtual/> +<hal/bare/> +<hal/rv32_virt/>"],
    ["native", "+<src/> +<engine/wasm3/> +<hal/virtual/> +<hal/linux/>"],
    ["rak4631", "+<src/> +<engine/aot/> +<hal/arduino/>"],
    ["heltec-v3", "+<src/> +<engine/aot/> +<hal/arduino/>"],
  ])("%s takes its engine and its HAL", (env, filter) => {
    expect(resolved(parsed, `env:${env}`, "build_src_filter")).toBe(filter);
  });

  test.each([
    ["rak4631", "+<src/> +<engine/aot/> +<hal/arduino/>"],
    ["rak4631-wasm3", "+<src/> +<engine/wasm3/> +<hal/arduino/>"],
    ["heltec-v3", "+<src/> +<engine/wasm3/> +<hal/arduino/>"],
    ["heltec-v3-aot", "+<src/> +<engine/aot/> +<hal/arduino/>"],
  ])("%s, with RAM for both engines, takes its own and its HAL", (env, filter) => {
    expect(resolved(roomy, `env:${env}`, "build_src_filter")).toBe(filter);
  });

  test.each([
    ["qemu-m4", "wasm3/Wasm3@0.5.0"],
    ["qemu-m4-aot", ""],
    ["rak4631", "jgromes/RadioLib@7.7.1"],
  ])("%s asks for its libraries and no other", (env, libraries) => {
    expect(resolved(parsed, `env:${env}`, "lib_deps").trim()).toBe(libraries);
    expect(resolved(roomy, "env:rak4631-wasm3", "lib_deps")).toBe("wasm3/Wasm3@0.5.0 jgromes/RadioLib@7.7.1");
  });

  test.each([
    ["as its default", parsed, "env:heltec-v3"],
    ["as the other one", roomy, "env:heltec-v3-aot"],
  ] as const)("a real board with engine aot %s has the board's own options", (_, all, env) => {
    const own = (option: string): string => resolved(all, env, option);
    expect(own("board")).toBe("heltec_wifi_lora_32_V3");
    expect(own("framework")).toBe("arduino");
    expect(own("board_build.partitions")).toBe("default_8MB.csv");
    const flags = own("build_flags").split(" ");
    for (const flag of ["-O2", "RADIOLIB_STATIC_ONLY=1", "build/boards/heltec-v3", "-fstack-usage"]) {
      expect(flags).toContain(flag);
    }
    expect(own("build_flags")).not.toContain("m3");
    expect(resolved(roomy, "env:heltec-v3", "build_flags")).toContain("-D d_m3HasFloat=0");
  });
});

test("the virtual platform's board files grant what the chips' table says", () => {
  for (const board of boards.filter(isVirtual)) {
    const path = join(PROJECT, "boards/platforms/virtual/boards", `${board.id}.json`);
    const { upload } = JSON.parse(readFileSync(path, "utf8")) as {
      upload: { maximum_size: number; maximum_ram_size: number };
    };
    const limits = memoryLimits(board);
    // The platform writes 0 for a process, which has no limit.
    expect([upload.maximum_size, upload.maximum_ram_size], board.id).toEqual([limits.flash ?? 0, limits.ram ?? 0]);
  }
});

test("the RAK4631 board file has the facts the nordicnrf52 platform reads", () => {
  const file = JSON.parse(committed.get("boards/platformio/rak4631.json") ?? "") as unknown;
  expect(file).toMatchObject({
    build: {
      arduino: { ldscript: "nrf52840_s140_v6.ld" },
      extra_flags: "-DARDUINO_NRF52840_PCA10056 -DNRF52840_XXAA",
      hwids: [
        ["0x239A", "0x8029"],
        ["0x239A", "0x0029"],
        ["0x239A", "0x002A"],
      ],
      variant: "pca10056",
      softdevice: { sd_flags: "-DS140", sd_name: "s140", sd_version: "6.1.1", sd_fwid: "0x00B6" },
      bootloader: { settings_addr: "0xFF000" },
    },
    upload: { maximum_size: 815104, maximum_ram_size: 237568, protocol: "nrfutil", use_1200bps_touch: true },
    vendor: "RAKwireless",
  });
});

test.each([
  ["heltec-t114", { max: 815104, ids: ["0x4405", "0x0071", "0x0029", "0x002A"], vendor: "Heltec" }],
  ["t-echo", { max: 815104, ids: ["0x4405", "0x0029", "0x002A"], vendor: "LILYGO" }],
  ["xiao-nrf52-wio", { max: 811008, ids: ["0x8044", "0x0044"], vendor: "Seeed Studio" }],
])("the board file of %s is made from its value", (id, { max, ids, vendor }) => {
  const file = JSON.parse(committed.get(`boards/platformio/${id}.json`) ?? "") as {
    build: { hwids: string[][]; variant: string; arduino?: object; ldscript?: string; softdevice: object };
    upload: { maximum_size: number };
    vendor: string;
  };
  // The first id is the running image's own.
  expect(file.build.hwids.map(([, pid]) => pid)).toEqual(ids);
  expect([file.build.variant, file.upload.maximum_size, file.vendor]).toEqual(["pca10056", max, vendor]);
  const xiao = id === "xiao-nrf52-wio";
  expect(file.build.arduino).toEqual(xiao ? undefined : { ldscript: "nrf52840_s140_v6.ld" });
  expect(file.build.ldscript).toBe(xiao ? "boards/platformio/nrf52840_s140_v7.ld" : undefined);
  expect(file.build.softdevice).toMatchObject({ sd_version: xiao ? "7.3.0" : "6.1.1" });
});

test("the linker script has the SoftDevice's layout", () => {
  const text = committed.get("boards/platformio/nrf52840_s140_v7.ld") ?? "";
  expect(text).toContain("FLASH (rx) : ORIGIN = 0x27000, LENGTH = 0xED000 - 0x27000");
  expect(text).toContain("RAM (rwx) : ORIGIN = 0x20006000, LENGTH = 0x20040000 - 0x20006000");
});
