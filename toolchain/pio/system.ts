import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MehrError } from "../errors.ts";
import type { OnStep } from "./environment.ts";
import { allOnPath, findPython } from "./environment.ts";
import { runProcess, withLock } from "./process.ts";

/** A compiler of the machine that stands for a PlatformIO toolchain package. */
export interface SystemToolchain {
  /** The PlatformIO package it stands for; "" when the platform asks for none (native). */
  pioPackage: string;
  /** Prefix of the executables: `<prefix>gcc`. */
  prefix: string;
  checks: readonly SystemCheck[];
}

/** How one Debian package is recognised: by what it must have put on the machine. */
export type SystemCheck =
  | { debian: string; what: string; executable: string }
  | { debian: string; what: string; compiler: string; ask: "-print-file-name" | "-print-prog-name"; file: string };

/** Something a board needs that is not on this machine, and the Debian package that brings it. */
export interface MissingPackage {
  debian: string;
  /** What was looked for, in words. */
  what: string;
}

const ARM: SystemToolchain = {
  pioPackage: "toolchain-gccarmnoneeabi",
  prefix: "arm-none-eabi-",
  checks: [
    { debian: "gcc-arm-none-eabi", what: "the Cortex-M compiler", executable: "arm-none-eabi-gcc" },
    {
      debian: "libnewlib-arm-none-eabi",
      what: "the newlib-nano C library for Cortex-M",
      compiler: "arm-none-eabi-gcc",
      ask: "-print-file-name",
      file: "nano.specs",
    },
  ],
};

const RISCV: SystemToolchain = {
  pioPackage: "toolchain-riscv",
  prefix: "riscv64-unknown-elf-",
  checks: [
    { debian: "gcc-riscv64-unknown-elf", what: "the RISC-V compiler", executable: "riscv64-unknown-elf-gcc" },
    {
      debian: "picolibc-riscv64-unknown-elf",
      what: "the picolibc C library for RISC-V",
      compiler: "riscv64-unknown-elf-gcc",
      ask: "-print-file-name",
      file: "picolibc.specs",
    },
  ],
};

const HOST: SystemToolchain = {
  pioPackage: "",
  prefix: "",
  checks: [
    { debian: "gcc", what: "the C compiler", executable: "gcc" },
    { debian: "binutils", what: "the linker", executable: "ld" },
    { debian: "g++", what: "the C++ compiler", compiler: "gcc", ask: "-print-prog-name", file: "cc1plus" },
    { debian: "libc6-dev", what: "the C library headers", compiler: "gcc", ask: "-print-file-name", file: "crt1.o" },
  ],
};

/** The boards that the machine's own packages can build, and what runs them. One line adds a virtual board. */
const SYSTEM_BOARDS: Readonly<Record<string, { toolchain: SystemToolchain; emulator?: SystemCheck }>> = {
  "qemu-m4": {
    toolchain: ARM,
    emulator: { debian: "qemu-system-arm", what: "the Cortex-M emulator", executable: "qemu-system-arm" },
  },
  "qemu-rv32": {
    toolchain: RISCV,
    emulator: { debian: "qemu-system-misc", what: "the RISC-V emulator", executable: "qemu-system-riscv32" },
  },
  native: { toolchain: HOST },
};

/** The machine's toolchain for a board, or undefined when only PlatformIO's registry has what the board needs. */
export function systemToolchain(board: string): SystemToolchain | undefined {
  return Object.hasOwn(SYSTEM_BOARDS, board) ? SYSTEM_BOARDS[board]?.toolchain : undefined;
}

/** The boards the source `system` can build. */
export function systemBoards(): string[] {
  return Object.keys(SYSTEM_BOARDS);
}

/**
 * What this machine lacks to set up PlatformIO and to build `board` from the machine's own packages (purpose "build"),
 * and also to run it ("run"). Each Debian package once; empty when all is there. Looks, and changes nothing.
 */
export async function missingSystemPackages(
  board: string,
  purpose: "build" | "run" = "run",
  env: NodeJS.ProcessEnv = process.env,
): Promise<MissingPackage[]> {
  const entry = Object.hasOwn(SYSTEM_BOARDS, board) ? SYSTEM_BOARDS[board] : undefined;
  const missing = await missingPython(env);
  const checks: SystemCheck[] = [...(entry?.toolchain.checks ?? [])];
  if (purpose === "run" && entry?.emulator !== undefined) checks.push(entry.emulator);
  for (const check of checks) {
    if (!(await isThere(check, env))) missing.push({ debian: check.debian, what: check.what });
  }
  return missing;
}

async function missingPython(env: NodeJS.ProcessEnv): Promise<MissingPackage[]> {
  const python = await findPython(env);
  const venv = { debian: "python3-venv", what: "Python's venv module" };
  if (python === undefined) return [{ debian: "python3", what: "Python 3.10 or newer" }, venv];
  return python.hasVenv ? [] : [venv];
}

async function isThere(check: SystemCheck, env: NodeJS.ProcessEnv): Promise<boolean> {
  if ("executable" in check) return executables(check.executable, env).length > 0;
  const compiler = executables(check.compiler, env)[0];
  if (compiler === undefined) return false;
  // GCC answers the bare name when it does not have the file.
  const answer = await runProcess(compiler, [`${check.ask}=${check.file}`], { env, timeoutMs: 20_000 });
  const path = answer.stdout.trim();
  return answer.code === 0 && isAbsolute(path) && existsSync(path);
}

function executables(name: string, env: NodeJS.ProcessEnv): string[] {
  return allOnPath(name, env).filter((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The command that installs these packages, as a person types it. */
export function installCommand(missing: readonly MissingPackage[]): string {
  const names = [...new Set(missing.map((item) => item.debian))];
  return `apt-get update && apt-get install -y --no-install-recommends ${names.join(" ")}`;
}

/** The error for packages that are missing: exit code 3, one sentence, and the command that installs them. */
export function missingPackagesError(missing: readonly MissingPackage[]): MehrError {
  const list = missing.map((item) => `${item.what} (${item.debian})`).join(", ");
  return new MehrError(3, `Missing on this machine: ${list}.`, installCommand(missing));
}

/** Whether this process may install Debian packages: a Debian (or derived) system, and root. */
export function canInstallSystemPackages(osRelease = "/etc/os-release"): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || allOnPath("apt-get").length === 0) return false;
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync(osRelease, "utf8"));
  } catch {
    return false;
  }
}

/**
 * Installs what `missingSystemPackages` found, as root on Debian; elsewhere throws MehrError(3) with the command.
 * Throws MehrError(3) with apt's own error when the installation fails.
 */
export async function installSystemPackages(missing: readonly MissingPackage[], onStep?: OnStep): Promise<void> {
  if (missing.length === 0) return;
  if (!canInstallSystemPackages()) throw missingPackagesError(missing);
  // apt's own lock does not cover its package lists, and tests ask for packages side by side.
  await withLock(join(tmpdir(), "mehr-apt.lock"), () =>
    install([...new Set(missing.map((item) => item.debian))], onStep),
  );
}

async function install(names: readonly string[], onStep: OnStep | undefined): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
  // Another apt may be running, as on a machine that has just started.
  const lock = ["-o", "DPkg::Lock::Timeout=180"];
  onStep?.("updating Debian's package lists");
  for (let tries = 0; tries < 60; tries++) {
    const updated = await runProcess("apt-get", [...lock, "-q", "update"], { env, outlives: true });
    // A stale or partly unreachable list is no reason to stop: the installation below tells whether it matters.
    if (updated.code === 0 || !/Could not get lock|Unable to lock/.test(updated.stderr)) break;
    await sleep(2000);
  }
  onStep?.(`installing ${names.join(" ")}`);
  const args = [...lock, "-q", "-y", "--no-install-recommends", "install", ...names];
  const answer = await runProcess("apt-get", args, { env, outlives: true });
  if (answer.code !== 0) {
    const reason = answer.stderr.split("\n").find((line) => line.startsWith("E:")) ?? answer.stderr.trim().slice(-300);
    const missing = names.map((debian) => ({ debian, what: debian }));
    throw new MehrError(3, `Debian could not install ${names.join(", ")}: ${reason}`, installCommand(missing));
  }
}
