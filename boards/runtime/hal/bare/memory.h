// Memory of a bare-metal virtual board: stack painting, the bounded heap, and record flash kept in RAM.
#pragma once
#include <stdint.h>

// Placed by link.ld. The stack lies lowest in RAM, so running over its end is a fault and not a corrupted heap.
extern "C" {
extern uint32_t __stack_bottom[], __stack_top[];
extern uint8_t __heap_start[], __heap_end[];
}

namespace mehr::hal {

/// Formats the record pages when RAM holds nothing of ours; otherwise leaves what the last run wrote.
void record_flash_init();

}  // namespace mehr::hal
