// Finds the virtual radio's UART on PCI: QEMU's pci-serial, a 16550 behind an I/O BAR.
#pragma once
#include <stdint.h>

namespace mehr::hal {

struct PciSerial {
  uintptr_t registers;  // memory address of the 16550, 0 when there is no such device
  uint32_t irq;         // PLIC source
};

PciSerial find_pci_serial();

}  // namespace mehr::hal
