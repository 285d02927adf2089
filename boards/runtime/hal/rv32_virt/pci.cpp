#include "pci.h"

namespace mehr::hal {

// PCI Local Bus Specification 3.0 section 6.1: configuration header. Windows of the virt machine: QEMU hw/riscv/virt.c
// memory map (ECAM, PIO) and docs/system/riscv/virt.rst; interrupt sources PCIE 0x20..0x23.
static constexpr uintptr_t kEcam = 0x30000000;
static constexpr uintptr_t kPio = 0x03000000;
static constexpr uint32_t kPort = 0x1000;
static constexpr uint32_t kPciIrq = 32;

// QEMU docs/specs/pci-ids.txt: 1b36:0002 is the single-port 16550.
static constexpr uint32_t kDeviceVendor = 0x00021b36;
static constexpr uint16_t kClassSerial = 0x0700;  // communication controller, serial

PciSerial find_pci_serial() {
  for (uint32_t device = 0; device < 32; device++) {
    uintptr_t config = kEcam + (device << 15);
    auto word = [config](uint32_t offset) -> volatile uint32_t& {
      return *reinterpret_cast<volatile uint32_t*>(config + offset);
    };
    if (word(0x00) != kDeviceVendor || word(0x08) >> 16 != kClassSerial) continue;
    word(0x10) = kPort;               // BAR 0, I/O space
    word(0x04) = word(0x04) | 1;      // command: answer to I/O
    uint32_t pin = (word(0x3c) >> 8) & 0xff;  // 1 = INTA
    uint32_t irq = kPciIrq + (device + pin - 1) % 4;  // the usual swizzle, PCI-to-PCI Bridge 1.2 section 9.1
    return {kPio + kPort, irq};
  }
  return {0, 0};
}

}  // namespace mehr::hal
