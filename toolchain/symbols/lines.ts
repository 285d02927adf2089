/** The source line behind an address, by the addr2line of the machine's own toolchain, if there is one. */
import { execFile } from "node:child_process";
import { MACHINE } from "../image/elf.ts";

/** binutils' addr2line for an e_machine; the host's own reads an ELF file of the host. */
const TOOLS: Readonly<Record<number, readonly string[]>> = {
  [MACHINE.arm]: ["arm-none-eabi-addr2line"],
  [MACHINE.riscv]: ["riscv64-unknown-elf-addr2line", "riscv32-esp-elf-addr2line"],
  [MACHINE.xtensa]: ["xtensa-esp32s3-elf-addr2line", "xtensa-esp32-elf-addr2line", "xtensa-esp-elf-addr2line"],
};

const TIMEOUT_MS = 10_000;

/**
 * "boards/runtime/src/relay.cpp:212" for each address of the ELF file at `path`, undefined where nothing is known or no
 * tool is there. `machine` is the file's e_machine. Never fails: a line is a help, not the answer.
 */
export async function sourceLines(
  path: string,
  machine: number,
  addresses: readonly number[],
): Promise<(string | undefined)[]> {
  for (const tool of TOOLS[machine] ?? ["addr2line"]) {
    const text = await run(tool, ["-e", path, ...addresses.map((address) => `0x${address.toString(16)}`)]);
    if (text === undefined) continue;
    const lines = text.split("\n");
    return addresses.map((_, i) => relativeLine(lines[i] ?? ""));
  }
  return addresses.map(() => undefined);
}

/** Without the folders above the checkout, which say something about the machine it was built on and nothing else. */
function relativeLine(line: string): string | undefined {
  const match = /^(.*):(\d+)/.exec(line.trim());
  if (match === null || match[1] === "??" || match[2] === "0") return undefined;
  const file = (match[1] ?? "").replaceAll("\\", "/");
  const known = /(?:^|\/)((?:boards\/runtime|build\/core|core-as)\/.*)$/.exec(file)?.[1];
  return `${known ?? file.split("/").slice(-2).join("/")}:${match[2]}`;
}

function run(tool: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(tool, args, { timeout: TIMEOUT_MS, maxBuffer: 1 << 20 }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
