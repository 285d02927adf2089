#pragma once
#include <stdint.h>
#define VREG_AND_CHIP_RESET_CHIP_RESET_HAD_POR_BITS 0x00000100u
#define VREG_AND_CHIP_RESET_CHIP_RESET_HAD_RUN_BITS 0x00010000u
#define VREG_AND_CHIP_RESET_CHIP_RESET_HAD_PSM_RESTART_BITS 0x00100000u
namespace fake {
struct ChipReset {
  uint32_t chip_reset;
};
ChipReset* chip_reset();
}  // namespace fake
#define vreg_and_chip_reset_hw (fake::chip_reset())
