// The time of day, as a host has told it; the board forgets it at a reset.
#pragma once
#include <stdint.h>

namespace mehr::wall_clock {

/// Unix ms at uptime 0; 0 while nobody has said.
inline uint64_t g_epoch_ms = 0;

/// It is `unix_ms` at `uptime_ms`. False when that would be before the board started in 1970.
inline bool set(uint64_t unix_ms, uint64_t uptime_ms) {
  if (unix_ms <= uptime_ms) return false;
  g_epoch_ms = unix_ms - uptime_ms;
  return true;
}
/// Unix ms at `uptime_ms`; 0 if the board does not know.
inline uint64_t at(uint64_t uptime_ms) { return g_epoch_ms == 0 ? 0 : g_epoch_ms + uptime_ms; }

}  // namespace mehr::wall_clock
