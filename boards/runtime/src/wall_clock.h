// The time of day, as a host has told it; the board forgets it at a reset.
#pragma once
#include <stdint.h>

namespace mehr::wall_clock {

/// It is `unix_ms` at `uptime_ms`. False, and nothing changes, when the board would then have started before 1970.
bool set(uint64_t unix_ms, uint64_t uptime_ms);
/// Unix ms at `uptime_ms`; 0 while nobody has said.
uint64_t at(uint64_t uptime_ms);

}  // namespace mehr::wall_clock
