// An engine whose core is a script: it boots, counts what it is given and does what the scenario says at its timer.
#pragma once
#include <stdint.h>

#include <functional>
#include <string>
#include <vector>

namespace fake {

struct Core {
  uint64_t deadline_ms = UINT64_MAX;
  std::function<void()> on_timer = [] {};
  std::function<void()> on_frame = [] {};
  std::vector<std::string> frames;
  unsigned boots = 0, timers = 0;
};
extern Core core;

/// As the import of the same name; a mehr_status.
int32_t frame_send(const std::string& frame, uint32_t flags = 0);
int32_t entropy(std::string& out, uint32_t length);
int32_t record_put(uint32_t key, const std::string& value);
int32_t record_get(uint32_t key, std::string& value);

}  // namespace fake
