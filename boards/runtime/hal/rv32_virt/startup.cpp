// Reset, traps and faults of the RISC-V virt board (RISC-V Privileged Architecture 1.12, machine mode only).
#include <stdint.h>

#include "bare/memory.h"
#include "bare/start.h"
#include "fault_sentence.h"
#include "hal.h"

extern "C" {
[[noreturn]] void _start();
void trap_entry();
bool handle_interrupt(uint32_t cause);  // true: the watchdog has run out
}

// The CSR instructions left the base ISA in 2019; `.option arch` names them here so that the compiler's -march, which
// also picks the C library, can stay plain rv32imc.
extern "C" [[noreturn]] __attribute__((naked, section(".start"), used)) void _start() {
  __asm volatile(
      ".option push\n"
      ".option arch, +zicsr\n"
      ".option norelax\n"
      "csrw mie, zero\n"
      "csrci mstatus, 8\n"
      "la t0, trap_entry\n"
      "csrw mtvec, t0\n"
      "la t0, __trap_stack_top\n"
      "csrw mscratch, t0\n"
      // PMP entry 0 (3.7.1): the 4 MB at 0x80000000 read and execute only, locked, so that it also binds this mode.
      // NAPOT: (base >> 2) | (size / 8 - 1).
      "li t0, (0x80000000 >> 2) | (0x400000 / 8 - 1)\n"
      "csrw pmpaddr0, t0\n"
      "li t0, 0x9d\n"
      "csrw pmpcfg0, t0\n"
      // Paint the stack, then use it.
      "la t0, __stack_bottom\n"
      "la t1, __stack_top\n"
      "li t2, 0xc5c5c5c5\n"
      "1: sw t2, 0(t0)\n"
      "addi t0, t0, 4\n"
      "bltu t0, t1, 1b\n"
      "mv sp, t1\n"
      "la tp, __tls_base\n"
      "la gp, __data_start\n"  // unused: compiled with -msmall-data-limit=0, linked without gp relaxation
      "j start_main\n"
      ".option pop\n");
}

extern "C" [[noreturn]] __attribute__((used)) void start_main() {
  mehr::hal::run_program();
}

static mehr::FaultSentence s_fault_sentence;

extern "C" [[noreturn]] __attribute__((used)) void after_fault() {
  mehr::hal::last_words_keep(s_fault_sentence.c_str());
  mehr::hal::fault(s_fault_sentence.c_str());
}

// Table 3.6 (mcause). A store fault while the stack pointer is out of its area is the stack's own doing.
static const char* name_fault(uint32_t cause, uint32_t sp) {
  if (sp < reinterpret_cast<uint32_t>(__stack_bottom) + 16) return "CPU fault: the C stack is exhausted";
  switch (cause) {
    case 0:
    case 1:
      return "CPU fault: instruction fetch from a bad address";
    case 2:
      return "CPU fault: illegal instruction";
    case 4:
    case 6:
      return "CPU fault: misaligned access";
    case 5:
      return "CPU fault: load from a bad address";
    case 7:
      return "CPU fault: store to a bad address";
    default:
      return "CPU fault: unexpected exception";
  }
}

// Runs on the trap stack. Interrupts return to where they struck; a fault never does: trap_entry leaves to
// mehr::hal::fault() on a fresh main stack. A second fault inside fault() comes here again, the third ends the board.
extern "C" __attribute__((used)) uint32_t handle_trap(uint32_t cause, uint32_t sp, uint32_t pc, uint32_t value,
                                                      uint32_t ra) {
  if (cause >> 31) {
    if (!handle_interrupt(cause & 0x7fffffff)) return 0;
    s_fault_sentence.clear();
    mehr::fault_at(s_fault_sentence << "the core did not return in time, it was", pc, ra);
    return 1;
  }
  static int faults = 0;
  if (++faults > 2) mehr::hal::halt();
  s_fault_sentence.clear();
  mehr::fault_at(s_fault_sentence << name_fault(cause, sp), pc, ra);
  s_fault_sentence << ", mcause ";
  s_fault_sentence << mehr::Hex{cause};
  s_fault_sentence << ", mtval ";
  s_fault_sentence << mehr::Hex{value};
  return 1;
}

extern "C" __attribute__((naked, aligned(4), used)) void trap_entry() {
  __asm volatile(
      ".option push\n"
      ".option arch, +zicsr\n"
      "csrrw sp, mscratch, sp\n"  // sp = trap stack, mscratch = the interrupted sp
      "addi sp, sp, -64\n"
      "sw ra, 0(sp)\n"
      "sw t0, 4(sp)\n"
      "sw t1, 8(sp)\n"
      "sw t2, 12(sp)\n"
      "sw t3, 16(sp)\n"
      "sw t4, 20(sp)\n"
      "sw t5, 24(sp)\n"
      "sw t6, 28(sp)\n"
      "sw a0, 32(sp)\n"
      "sw a1, 36(sp)\n"
      "sw a2, 40(sp)\n"
      "sw a3, 44(sp)\n"
      "sw a4, 48(sp)\n"
      "sw a5, 52(sp)\n"
      "sw a6, 56(sp)\n"
      "sw a7, 60(sp)\n"
      "csrr a0, mcause\n"
      "csrr a1, mscratch\n"
      "csrr a2, mepc\n"
      "csrr a3, mtval\n"
      "mv a4, ra\n"
      "call handle_trap\n"
      "bnez a0, 2f\n"
      "lw ra, 0(sp)\n"
      "lw t0, 4(sp)\n"
      "lw t1, 8(sp)\n"
      "lw t2, 12(sp)\n"
      "lw t3, 16(sp)\n"
      "lw t4, 20(sp)\n"
      "lw t5, 24(sp)\n"
      "lw t6, 28(sp)\n"
      "lw a0, 32(sp)\n"
      "lw a1, 36(sp)\n"
      "lw a2, 40(sp)\n"
      "lw a3, 44(sp)\n"
      "lw a4, 48(sp)\n"
      "lw a5, 52(sp)\n"
      "lw a6, 56(sp)\n"
      "lw a7, 60(sp)\n"
      "addi sp, sp, 64\n"
      "csrrw sp, mscratch, sp\n"
      "mret\n"
      "2: la t0, __trap_stack_top\n"
      "csrw mscratch, t0\n"
      "la sp, __stack_top\n"
      "la t0, after_fault\n"
      "csrw mepc, t0\n"
      "li t0, 0x1880\n"  // mstatus: MPP = machine, MPIE = 1, so mret turns interrupts on
      "csrs mstatus, t0\n"
      "mret\n"
      ".option pop\n");
}

static constexpr const char* kAborted = "the C library called abort";

extern "C" [[noreturn]] void abort() {
  mehr::hal::last_words_keep(kAborted);
  mehr::hal::fault(kAborted);
}
