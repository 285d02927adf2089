// Reset, vector table and fault handling of the Cortex-M4 (ARMv7-M Architecture Reference Manual, ARM DDI 0403E).
// The main program runs on the process stack; handlers have their own small one, so that a main stack that has run
// over its end can still be reported.
#include <stdint.h>
#include <stdlib.h>

#include "bare/memory.h"
#include "bare/start.h"
#include "cortex_fault.h"
#include "hal.h"

extern "C" {
extern uint32_t __handler_stack_top[];
extern uint32_t __fault_frame[8];  // the top 32 bytes of the thread stack
[[noreturn]] void Reset_Handler();
void Fault_Handler();
void Uart0_Handler();
void Uart1_Handler();
void Timer0_Handler();
void Timer1_Handler();
void SysTick_Handler();
}

static void Unused_Handler() {}

// B1.5.3; external interrupts as in Arm AN386 table 3-10.
__attribute__((section(".vectors"), used)) static void (*const kVectors[16 + 32])() = {
    reinterpret_cast<void (*)()>(__handler_stack_top),
    Reset_Handler,
    Fault_Handler,  // NMI
    Fault_Handler,  // HardFault
    Fault_Handler,  // MemManage
    Fault_Handler,  // BusFault
    Fault_Handler,  // UsageFault
    nullptr, nullptr, nullptr, nullptr,
    Fault_Handler,   // SVCall
    Fault_Handler,   // DebugMonitor
    nullptr,
    Unused_Handler,  // PendSV
    SysTick_Handler,
    Uart0_Handler, Unused_Handler,  // UART0 receive, transmit
    Uart1_Handler, Unused_Handler,  // UART1 receive, transmit
    Unused_Handler, Unused_Handler, Unused_Handler, Unused_Handler,
    Timer0_Handler, Timer1_Handler, Unused_Handler, Unused_Handler,
    Unused_Handler, Unused_Handler, Unused_Handler, Unused_Handler,
    Unused_Handler, Unused_Handler, Unused_Handler, Unused_Handler,
    Unused_Handler, Unused_Handler, Unused_Handler, Unused_Handler,
    Unused_Handler, Unused_Handler, Unused_Handler, Unused_Handler,
    Unused_Handler, Unused_Handler, Unused_Handler, Unused_Handler,
};

// QEMU makes the flash writable and swallows writes below RAM, so a stack that overflows would run through 256 MB of
// nothing and then over the program. The MPU (B3.5) makes both fault; everything else keeps the default map.
static void protect_memory() {
  volatile uint32_t* mpu = reinterpret_cast<volatile uint32_t*>(0xe000ed90);  // TYPE, CTRL, RNR, RBAR, RASR
  mpu[2] = 0;
  mpu[3] = 0x00000000;
  mpu[4] = 5u << 24 | 1u << 17 | (20 - 1) << 1 | 1;  // 2^20 bytes, privileged read-only, executable, cacheable
  mpu[2] = 1;
  mpu[3] = 0x10000000;
  mpu[4] = 1u << 28 | (28 - 1) << 1 | 1;  // 2^28 bytes up to the start of RAM, no access
  mpu[1] = 5;  // on, with the default memory map behind the regions
  __asm volatile("dsb\n isb" : : : "memory");
}

extern "C" [[noreturn]] __attribute__((used)) void start_main() {
  protect_memory();
  // MemManage, BusFault and UsageFault each get their own vector instead of escalating (B3.2.13 SHCSR).
  *reinterpret_cast<volatile uint32_t*>(0xe000ed24) |= 7u << 16;
  mehr::hal::run_program();
}

// Paints the thread stack from below, then switches to it (CONTROL.SPSEL, B1.4.4) before any C++ runs there.
extern "C" [[noreturn]] __attribute__((naked)) void Reset_Handler() {
  __asm volatile(
      "ldr r0, =__stack_bottom\n"
      "ldr r1, =__stack_top\n"
      "ldr r2, =0xc5c5c5c5\n"
      "1: str r2, [r0], #4\n"
      "cmp r0, r1\n"
      "blo 1b\n"
      "msr psp, r1\n"
      "movs r0, #2\n"
      "msr control, r0\n"
      "isb\n"
      "bl start_main\n"
      ".ltorg\n");
}

static mehr::FaultSentence s_fault_sentence;

extern "C" [[noreturn]] __attribute__((used)) void after_fault() {
  mehr::hal::last_words_keep(s_fault_sentence.c_str());
  mehr::hal::fault(s_fault_sentence.c_str());
}

extern "C" volatile bool g_watchdog_expired;

// What the thread had pushed when it was interrupted; nullptr when it had no stack left to do so.
static const uint32_t* thread_frame() {
  uint32_t psp;
  __asm volatile("mrs %0, psp" : "=r"(psp));
  bool inside = psp >= reinterpret_cast<uint32_t>(__stack_bottom) &&
                psp <= reinterpret_cast<uint32_t>(__stack_top) - mehr::kCortexFrameBytes;
  return inside ? reinterpret_cast<const uint32_t*>(psp) : nullptr;
}

static void describe_fault(mehr::FaultSentence& text, bool in_thread) {
  const uint32_t* frame = in_thread ? thread_frame() : nullptr;
  if (g_watchdog_expired) {
    g_watchdog_expired = false;
    text << "the core did not return in time";
    if (frame) mehr::fault_at(text << ", it was", frame[6], frame[5]);
    return;
  }
  volatile uint32_t* scb = reinterpret_cast<volatile uint32_t*>(0xe000ed00);
  mehr::CortexFaultRegisters registers = {true, scb[0x28 / 4], scb[0x34 / 4], scb[0x38 / 4]};
  scb[0x28 / 4] = registers.cfsr;  // each bit is cleared by writing it
  if (in_thread && (!frame || frame < __stack_bottom + 16)) {
    text << "CPU fault: the C stack is exhausted";
    if (frame && (registers.cfsr & 0x1818) == 0) mehr::fault_at(text, frame[6], frame[5]);
    return;
  }
  mehr::describe_cortex_fault(text, registers, frame);
}

// Every fault ends in mehr::hal::fault() on a fresh thread stack: an exception frame is forged there and "returned"
// to (B1.5.8). A second fault inside fault() comes here again; the third time the board goes silent.
extern "C" __attribute__((used)) uint32_t* prepare_fault_return(uint32_t exc_return) {
  static int faults = 0;
  if (++faults > 2) mehr::hal::halt();
  // Of the thread if that was interrupted; the handler of a timer has called this itself for the watchdog's sake.
  s_fault_sentence.clear();
  describe_fault(s_fault_sentence, (exc_return & 0xffffffe4) == 0xffffffe4 || g_watchdog_expired);
  __asm volatile("cpsie i");  // the fault may have struck with interrupts masked; the console needs them
  for (int i = 0; i < 6; i++) __fault_frame[i] = 0;                   // r0-r3, r12, lr
  __fault_frame[6] = reinterpret_cast<uint32_t>(&after_fault) & ~1u;  // return address
  __fault_frame[7] = 1u << 24;                                        // xPSR: Thumb
  return __fault_frame;
}

extern "C" __attribute__((naked)) void Fault_Handler() {
  __asm volatile(
      "mov r0, lr\n"                     // EXC_RETURN (B1.5.8): bit 2 says whose stack has the frame
      "ldr r1, =__handler_stack_top\n"  // whatever was on the handler stack is over
      "mov sp, r1\n"
      "bl prepare_fault_return\n"
      "msr psp, r0\n"
      "ldr lr, =0xfffffffd\n"  // EXC_RETURN: thread mode, process stack, no FP state
      "bx lr\n"
      ".ltorg\n");
}

static constexpr const char* kAborted = "the C library called abort";

// newlib's assert and abort end here.
extern "C" [[noreturn]] void abort() {
  mehr::hal::last_words_keep(kAborted);
  mehr::hal::fault(kAborted);
}
