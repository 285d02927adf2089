/** What the fault registers of our chips say, in words. */

/**
 * Cortex-M4: the Configurable Fault Status Register, MemManage in its byte 0, BusFault in byte 1, UsageFault above (ARMv7-M
 * Architecture Reference Manual, ARM DDI 0403E, B3.2.15).
 */
const CFSR: Readonly<Record<number, string>> = {
  0: "an instruction was fetched from where nothing may be executed (IACCVIOL)",
  1: "memory was read or written that is protected (DACCVIOL)",
  3: "memory was protected when an exception returned (MUNSTKERR)",
  4: "the stack was in protected memory when an exception was entered: it is exhausted (MSTKERR)",
  5: "memory was protected when floating-point registers were saved (MLSPERR)",
  7: "MMFAR holds the address (MMARVALID)",
  8: "the bus refused an instruction fetch (IBUSERR)",
  9: "the bus refused a read or write (PRECISERR)",
  10: "the bus refused a write some instructions before (IMPRECISERR)",
  11: "the bus refused the stack when an exception returned (UNSTKERR)",
  12: "the bus refused the stack when an exception was entered (STKERR)",
  13: "the bus refused when floating-point registers were saved (LSPERR)",
  15: "BFAR holds the address (BFARVALID)",
  16: "an undefined instruction (UNDEFINSTR)",
  17: "a jump to an address without the Thumb bit (INVSTATE)",
  18: "an invalid return from an exception (INVPC)",
  19: "a coprocessor that is off or absent (NOCP)",
  24: "an unaligned access (UNALIGNED)",
  25: "a division by zero (DIVBYZERO)",
};

/** HardFault Status Register (the same, B3.2.16). */
const HFSR: Readonly<Record<number, string>> = {
  1: "the vector table could not be read (VECTTBL)",
  30: "a fault whose own handler could not run (FORCED)",
  31: "a debug event (DEBUGEVT)",
};

/** mcause of a RISC-V without the interrupt bit (Privileged Architecture 1.12, table 3.6). */
const MCAUSE: Readonly<Record<number, string>> = {
  0: "a jump to a misaligned address",
  1: "an instruction was fetched from where there is none",
  2: "an illegal instruction",
  3: "a breakpoint",
  4: "a misaligned read",
  5: "a read where there is no memory",
  6: "a misaligned write",
  7: "a write where there is no memory",
  8: "a call of the environment from user mode",
  11: "a call of the environment from machine mode",
  12: "a page fault at an instruction",
  13: "a page fault at a read",
  15: "a page fault at a write",
};

/** EXCCAUSE of an Xtensa (Instruction Set Architecture Reference Manual, table 4-64). */
const EXCCAUSE: Readonly<Record<number, string>> = {
  0: "an illegal instruction",
  1: "a SYSCALL instruction",
  2: "an instruction could not be fetched",
  3: "a read or write failed",
  5: "an ALLOCA instruction",
  6: "a division by zero",
  8: "a privileged instruction",
  9: "an unaligned read or write",
  12: "the bus failed to fetch an instruction",
  13: "the bus failed to read or write",
  14: "an instruction was fetched from where there is none",
  15: "a read or write where there is no memory",
  20: "an instruction was fetched from where nothing may be executed",
  28: "a read where reading is not allowed",
  29: "a write where writing is not allowed",
};

/** The reasons ESP-IDF prints in the parentheses of "panic'ed (...)", its manual's chapter "Fatal Errors". */
const ESP_REASONS: Readonly<Record<string, string>> = {
  IllegalInstruction: EXCCAUSE[0] ?? "",
  "Illegal instruction": EXCCAUSE[0] ?? "",
  InstrFetchProhibited: EXCCAUSE[20] ?? "",
  "Instruction access fault": MCAUSE[1] ?? "",
  LoadProhibited: "a read where reading is not allowed, often through a null pointer",
  StoreProhibited: "a write where writing is not allowed, often through a null pointer",
  "Load access fault": MCAUSE[5] ?? "",
  "Store access fault": MCAUSE[7] ?? "",
  IntegerDivideByZero: EXCCAUSE[6] ?? "",
  LoadStoreAlignment: EXCCAUSE[9] ?? "",
  LoadStoreError: EXCCAUSE[3] ?? "",
  Breakpoint: "a breakpoint",
  "Unhandled debug exception": "a watchpoint or breakpoint; with a stack canary, a task's stack is exhausted",
  "Double exception": "a second fault while the first was handled",
  "Cache disabled but cached memory region accessed": "code in flash ran while the flash was being written",
  "Interrupt wdt timeout on CPU0": "interrupts of core 0 were blocked for too long",
  "Interrupt wdt timeout on CPU1": "interrupts of core 1 were blocked for too long",
};

const bits = (value: number, words: Readonly<Record<number, string>>): string[] =>
  Object.entries(words).flatMap(([bit, text]) => (((value >>> Number(bit)) & 1) === 1 ? [text] : []));

/** A fault register's value in words; undefined for a register or value without any. */
export function causeText(register: string, value: number): string | undefined {
  switch (register) {
    case "cfsr":
    case "hfsr": {
      const said = bits(value, register === "cfsr" ? CFSR : HFSR);
      return said.length === 0 ? undefined : said.join("; ");
    }
    case "mcause":
      return value >>> 31 === 1 ? `interrupt ${value & 0x7fff_ffff}` : MCAUSE[value];
    case "exccause":
      return EXCCAUSE[value];
    default:
      return undefined;
  }
}

/** The reason in "Guru Meditation Error: Core  1 panic'ed (LoadProhibited)" in words. */
export function espReasonText(reason: string): string | undefined {
  return ESP_REASONS[reason];
}
