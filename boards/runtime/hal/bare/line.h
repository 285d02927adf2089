// A UART line of a bare-metal virtual board: what its interrupt handler has put into a ring, and bounded writing.
// A board supplies its UART's registers and how it keeps interrupts away.
#pragma once
#include "hal.h"

namespace mehr::hal {

// A UART that does not take a byte for this long has nobody behind it. A busy host may well pause for seconds: QEMU
// writes to its socket byte by byte, and Linux holds only some 300 such writes.
constexpr uint32_t kWriteTimeoutSeconds = 10;

/// Takes up to `capacity` bytes out of `ring`, then lets `refill` fetch what had to wait in the UART.
template <typename Queue, typename Refill>
size_t read_line(Queue& ring, uint8_t* out, size_t capacity, Refill refill) {
  size_t n = 0;
  while (n < capacity && !ring.empty()) out[n++] = ring.get();
  if (n > 0) refill();
  return n;
}

/// Writes all bytes, each by `put` as soon as `ready` says so, or returns kTimeout. `stalled` is the line's memory of
/// that: every later write gives up at once until the UART moves again.
template <typename Ready, typename Put>
Code write_line(bool& stalled, const uint8_t* bytes, size_t length, Ready ready, Put put) {
  for (size_t i = 0; i < length; i++) {
    uint64_t start = 0;
    while (!ready()) {
      if (stalled) return Code::kTimeout;
      uint64_t now = ticks();
      if (start == 0) start = now;
      if (now - start >= uint64_t{kWriteTimeoutSeconds} * tick_hz()) {
        stalled = true;
        return Code::kTimeout;
      }
    }
    stalled = false;
    put(bytes[i]);
  }
  return Code::kOk;
}

}  // namespace mehr::hal
