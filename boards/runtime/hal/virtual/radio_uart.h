// The UART behind which the virtual radio lives. Each virtual board's HAL implements these two.
#pragma once
#include "hal.h"

namespace mehr::hal {

/// Takes up to `capacity` bytes that have arrived; 0 when there are none.
size_t radio_uart_read(uint8_t* out, size_t capacity);
/// Writes all bytes or returns kTimeout after a bounded wait.
Code radio_uart_write(const uint8_t* bytes, size_t length);

/// When the radio wants to be asked although nothing arrives (now_ms() time); UINT64_MAX for never. sleep_until() of a
/// virtual board does not sleep past it.
uint64_t virtual_radio_deadline();

/// Random bytes from the host's side of the radio port: what stands for a hardware TRNG on a virtual board.
Code virtual_entropy(uint8_t* out, size_t length);

}  // namespace mehr::hal
