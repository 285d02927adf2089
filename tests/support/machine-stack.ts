/** Stack use of functions without source, such as the compiler's own, read off their machine code. */
import { execFileSync } from "node:child_process";

/** Bytes an instruction takes off the stack, as GNU objdump writes it for ARM (Thumb) and RISC-V. */
function taken(instruction: string): number {
  const registers = /^(?:push|stmdb(?:\.w)?\s+sp!,)\s*\{([^}]*)\}/.exec(instruction)?.[1];
  if (registers !== undefined) return 4 * registers.split(",").length;
  const bytes =
    /^str\S*\s.*\[sp, #-(\d+)\]!/.exec(instruction)?.[1] ??
    /^subw?(?:\.w)?\s+sp,(?: sp,)? #(\d+)/.exec(instruction)?.[1] ??
    /^(?:c\.)?addi?(?:16sp)?\s+sp,sp,-(\d+)/.exec(instruction)?.[1];
  return Number(bytes ?? 0);
}

/**
 * Deepest use of each function of an ELF file with what it calls, itself included. It adds up whatever a function takes
 * anywhere in its code. Throws if one takes stack in a way that is not known here, or calls itself.
 */
export function machineStack(objdump: string, elf: string): Map<string, number> {
  const frames = new Map<string, { bytes: number; calls: Set<string> }>();
  let name = "";
  for (const line of execFileSync(objdump, ["-d", "--no-show-raw-insn", elf], { encoding: "utf8" }).split("\n")) {
    name = /^[0-9a-f]+ <([^>]+)>:$/.exec(line)?.[1] ?? name;
    const instruction = /^\s*[0-9a-f]+:\t(.*)$/.exec(line)?.[1];
    if (instruction === undefined) continue;
    const frame = frames.get(name) ?? { bytes: 0, calls: new Set() };
    frames.set(name, frame);
    const bytes = taken(instruction);
    frame.bytes += bytes;
    // longjmp takes the stack pointer from where setjmp left it.
    const moved = /^(?:mov\S*|sub\S*|c\.mv|mv|neg)\s+sp\b/.test(instruction);
    if (bytes === 0 && moved && name !== "longjmp") throw new Error(`${name} moves its stack by "${instruction}"`);
    // A call or jump to another function has no offset behind its name.
    const target = /<([^>+]+)>/.exec(instruction)?.[1];
    if (target !== undefined && target !== name) frame.calls.add(target);
  }
  const depths = new Map<string, number>();
  const depth = (of: string, open: readonly string[]): number => {
    if (open.includes(of)) throw new Error(`recursion: ${[...open, of].join(" > ")}`);
    const known = depths.get(of);
    if (known !== undefined) return known;
    const { bytes, calls } = frames.get(of) ?? { bytes: 0, calls: [] };
    const whole = bytes + Math.max(0, ...[...calls].map((call) => depth(call, [...open, of])));
    depths.set(of, whole);
    return whole;
  };
  for (const of of frames.keys()) depth(of, []);
  return depths;
}
