// What a Cortex-M knows of a fault, as a sentence.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "fault_sentence.h"

namespace mehr {

/// Bytes of the basic exception frame: r0-r3, r12, lr, return address, xPSR (ARMv7-M B1.5.6). With floating point in use
/// more follows.
constexpr size_t kCortexFrameBytes = 32;

struct CortexFaultRegisters {
  bool present;  // ARMv6-M has none of them
  uint32_t cfsr, mmfar, bfar;  // B3.2.15, B3.2.18, B3.2.17
};

/// "CPU fault: BusFault at pc 0x00012345, lr 0x00012301, cfsr 0x00008200, address 0x40000000". `frame` is nullptr where
/// the exception frame is lost, and then there is no pc and lr.
inline void describe_cortex_fault(FaultSentence& text, const CortexFaultRegisters& registers, const uint32_t* frame) {
  uint32_t cfsr = registers.cfsr;
  // MemManage in byte 0, BusFault in byte 1, UsageFault above; bit 25 is DIVBYZERO.
  const char* name = cfsr & 0x02000000   ? "division by zero"
                     : cfsr & 0xffff0000 ? "UsageFault"
                     : cfsr & 0x0000ff00 ? "BusFault"
                     : cfsr & 0x000000ff ? "MemManage"
                                         : "HardFault";
  text << "CPU fault: " << name;
  if (frame) fault_at(text, frame[6], frame[5]);
  if (!registers.present) return;
  text << ", cfsr ";
  text << Hex{cfsr};
  // MMARVALID and BFARVALID: the address is that of this fault.
  if (cfsr & 0x8080) {
    text << ", address ";
    text << Hex{cfsr & 0x80 ? registers.mmfar : registers.bfar};
  }
}

}  // namespace mehr
