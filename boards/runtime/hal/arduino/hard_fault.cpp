// The HardFault of the Cortex-M boards (ARMv7-M B1.5.14, ARMv6-M B1.5.8). On a roof an endless loop is a dead node, so the
// board resets; what is known of the fault is kept for the next run to tell.
#include "arduino_hal.h"

#if defined(ARDUINO_NRF52_ADAFRUIT) || defined(ARDUINO_ARCH_RP2040)

#include "cortex_fault.h"

#if defined(ARDUINO_NRF52_ADAFRUIT)
#include <nrf.h>
#define MEHR_HARD_FAULT HardFault_Handler
#else
#define MEHR_HARD_FAULT isr_hardfault
#endif

using namespace mehr;

/// `frame`: address of what the CPU has pushed.
extern "C" [[noreturn]] __attribute__((used)) void mehr_hard_fault(uintptr_t frame) {
  // All of it in RAM, or the stack that overflowed has lost it.
  constexpr uintptr_t kRam = 0x20000000, kRamBytes = 256 * 1024;
  bool inside = frame >= kRam && frame <= kRam + kRamBytes - kCortexFrameBytes;
  FaultSentence text;
  CortexFaultRegisters registers = {};
#if defined(ARDUINO_NRF52_ADAFRUIT)
  registers = {true, SCB->CFSR, SCB->MMFAR, SCB->BFAR};
#endif
  describe_cortex_fault(text, registers, inside ? reinterpret_cast<const uint32_t*>(frame) : nullptr);
  hal::keep_panic(text.c_str());
  hal::mcu_restart();
}

// The frame is on the stack that was in use, which bit 2 of EXC_RETURN tells. Instructions both architectures have.
#if defined(__arm__)
extern "C" __attribute__((naked)) void MEHR_HARD_FAULT() {
  __asm volatile(
      "movs r0, #4\n"
      "mov r1, lr\n"
      "tst r1, r0\n"
      "beq 1f\n"
      "mrs r0, psp\n"
      "b 2f\n"
      "1: mrs r0, msp\n"
      "2: ldr r1, =mehr_hard_fault\n"
      "bx r1\n"
      ".ltorg\n");
}
#endif

#endif
