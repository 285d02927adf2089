// Where a virtual board's random bytes come from, before they are tested. Each virtual board's HAL implements this.
#pragma once
#include "hal.h"

namespace mehr::hal {

/// Fills `out`; kTimeout or kIo leaves it unusable.
Code raw_entropy(uint8_t* out, size_t length);

}  // namespace mehr::hal
