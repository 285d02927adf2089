import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MehrError } from "../errors.ts";
import type { PioPlace } from "./environment.ts";
import { coreDir, ensurePlatformio, pioEnvironment, pioPlace } from "./environment.ts";
import { pioRun } from "./run.ts";
import { chooseSource, probeRegistry, toolchainVersion } from "./sources.ts";
import { canInstallSystemPackages, installCommand, missingPackagesError, missingSystemPackages } from "./system.ts";

let dir: string;
let place: PioPlace;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr-system-"));
  place = pioPlace(dir, {});
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** A machine whose search path has only these executables: name -> shell script. */
function machine(programs: Record<string, string>): NodeJS.ProcessEnv {
  const bin = join(dir, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { PATH: bin };
}

const PYTHON = { python3: "echo 3.11.2 1" };
const debian = async (board: string, env: NodeJS.ProcessEnv, purpose: "build" | "run" = "run") =>
  (await missingSystemPackages(board, purpose, env)).map((item) => item.debian);

describe("missingSystemPackages", () => {
  it("lists everything on an empty machine", async () => {
    expect(await debian("qemu-m4", machine({}))).toEqual([
      "python3",
      "python3-venv",
      "gcc-arm-none-eabi",
      "libnewlib-arm-none-eabi",
      "qemu-system-arm",
    ]);
    expect(await debian("qemu-rv32", machine(PYTHON))).toEqual([
      "gcc-riscv64-unknown-elf",
      "picolibc-riscv64-unknown-elf",
      "qemu-system-misc",
    ]);
    expect(await debian("native", machine(PYTHON))).toEqual(["gcc", "binutils", "g++", "libc6-dev"]);
  });

  it("tells a compiler without its C library from one with it", async () => {
    const bare = { ...PYTHON, "arm-none-eabi-gcc": "echo nano.specs" };
    expect(await debian("qemu-m4", machine(bare), "build")).toEqual(["libnewlib-arm-none-eabi"]);
    const specs = join(dir, "nano.specs");
    writeFileSync(specs, "");
    const whole = { ...PYTHON, "arm-none-eabi-gcc": `echo ${specs}` };
    expect(await debian("qemu-m4", machine(whole), "build")).toEqual([]);
  });

  it("asks for the venv module alone when Python is there", async () => {
    const env = machine({ python3: "echo 3.11.2 0" });
    expect(await debian("rak4631", env)).toEqual(["python3-venv"]);
  });

  it("takes an old Python for none", async () => {
    expect(await debian("rak4631", machine({ python3: "echo 3.9.2 1" }))).toEqual(["python3", "python3-venv"]);
  });
});

describe("the message for missing packages", () => {
  it("is one sentence, exit code 3 and the command", () => {
    const missing = [
      { debian: "gcc-arm-none-eabi", what: "the Cortex-M compiler" },
      { debian: "qemu-system-arm", what: "the Cortex-M emulator" },
    ];
    const error = missingPackagesError(missing);
    expect(error).toBeInstanceOf(MehrError);
    expect(error.exitCode).toBe(3);
    expect(error.message).toBe(
      "Missing on this machine: the Cortex-M compiler (gcc-arm-none-eabi), the Cortex-M emulator (qemu-system-arm).",
    );
    expect(error.hint).toBe(installCommand(missing));
    expect(error.hint).toMatch(/install -y --no-install-recommends gcc-arm-none-eabi qemu-system-arm$/);
  });

  it("does not install on a system that is not Debian", () => {
    const release = join(dir, "os-release");
    writeFileSync(release, "NAME=Fedora\nID=fedora\n");
    expect(canInstallSystemPackages(release)).toBe(false);
  });
});

describe("the environment PlatformIO runs in", () => {
  it("keeps what is needed, drops what changes a build, and is silent", () => {
    const env = pioEnvironment(place, "system", {
      PATH: "/bin",
      HTTPS_PROXY: "http://proxy",
      CPATH: "/x",
      CFLAGS: "-O0",
      PLATFORMIO_BUILD_FLAGS: "-DX",
      LANG: "de_DE.UTF-8",
    });
    expect(env).toMatchObject({ PATH: "/bin", HTTPS_PROXY: "http://proxy", LC_ALL: "C.UTF-8", MEHR_PREPARED: "1" });
    expect(env.PLATFORMIO_SETTING_ENABLE_TELEMETRY).toBe("no");
    expect(env.PLATFORMIO_CORE_DIR).toBe(coreDir(place, "system"));
    for (const name of ["CPATH", "CFLAGS", "PLATFORMIO_BUILD_FLAGS", "LANG"]) expect(env[name]).toBeUndefined();
  });

  it("uses MEHR_HOME when it is set", () => {
    expect(pioPlace(dir, { MEHR_HOME: "/var/mehr" }).home).toBe("/var/mehr");
    expect(place.home).toBe(join(dir, ".mehr"));
  });

  it("is not made outside a checkout", async () => {
    await expect(ensurePlatformio({ place })).rejects.toMatchObject({ exitCode: 2, message: /not a checkout/ });
  });
});

describe("package sources", () => {
  const answer = (reachable: boolean) => {
    mkdirSync(place.home, { recursive: true });
    writeFileSync(join(place.home, "registry.json"), JSON.stringify({ reachable, checkedAt: Date.now() }));
  };

  it("keeps the registry's answer for a short while", async () => {
    answer(true);
    expect(await probeRegistry(place)).toMatchObject({ reachable: true, cached: true });
    const later = await probeRegistry(place, 200, { now: () => Date.now() + 600_000 });
    // Without a managed PlatformIO there is nobody to ask with.
    expect(later).toMatchObject({ reachable: false, cached: false });
  });

  it("takes the registry when it answers, else the machine's packages", async () => {
    answer(true);
    expect((await chooseSource(place, "qemu-m4")).source).toBe("registry");
    answer(false);
    expect((await chooseSource(place, "qemu-m4")).source).toBe("system");
  });

  it("says in one sentence what cannot be built", async () => {
    answer(false);
    await expect(chooseSource(place, "rak4631")).rejects.toMatchObject({ exitCode: 3, message: /does not answer/ });
    await expect(chooseSource(place, "rak4631", "system")).rejects.toMatchObject({
      exitCode: 3,
      message: /cannot be built from this machine's own packages/,
    });
  });

  it("refuses to build before it is set up", async () => {
    await expect(pioRun({ place, env: "qemu-m4", source: "system" })).rejects.toMatchObject({
      exitCode: 3,
      hint: "mehr setup",
    });
  });

  it("writes GCC versions PlatformIO's way", () => {
    expect(toolchainVersion("12.2.1\n")).toBe("1.120201.0");
    expect(toolchainVersion("8.3.0")).toBe("1.80300.0");
    expect(() => toolchainVersion("git")).toThrow(MehrError);
  });
});
