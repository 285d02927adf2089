#include "wall_clock.h"

namespace mehr::wall_clock {

static uint64_t s_start_ms;  // Unix ms at uptime 0; 0: not known

bool set(uint64_t unix_ms, uint64_t uptime_ms) {
  if (unix_ms <= uptime_ms) return false;
  s_start_ms = unix_ms - uptime_ms;
  return true;
}

uint64_t at(uint64_t uptime_ms) { return s_start_ms == 0 ? 0 : s_start_ms + uptime_ms; }

}  // namespace mehr::wall_clock
