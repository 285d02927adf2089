// What engines have in common: the time a call may take, and what is asked of a core that has just been loaded.
#pragma once
#include <stdint.h>

#include "engine.h"
#include "hal.h"
#include "text.h"

namespace mehr::engine {

// A core call that waits for the radio may take some seconds; one that takes this long never ends.
#ifndef MEHR_CALL_SECONDS
#define MEHR_CALL_SECONDS 30
#endif

struct Watched {
  Watched() { hal::watchdog(MEHR_CALL_SECONDS); }
  ~Watched() { hal::watchdog(0); }
};

using Detail = Text<160>;

/// Asks a fresh instance for its abi_version, and whether it fits in the `memory_bytes` it was given.
inline enum mehr_status check_instance(uint32_t memory_bytes, Detail& detail) {
  uint32_t version = 0, used = 0;
  uint32_t status = mehr_core_abi_version(handle(), &version);
  if (status != MEHR_STATUS_OK) return static_cast<enum mehr_status>(status);
  if (version != MEHR_ABI_VERSION) {
    detail << "the module says abi_version " << version << ", this shell speaks " << MEHR_ABI_VERSION;
    return MEHR_STATUS_ABI_MISMATCH;
  }
  status = mehr_core_memory_used(handle(), &used);
  if (status != MEHR_STATUS_OK) return static_cast<enum mehr_status>(status);
  if (used > memory_bytes) {
    detail << "the module uses " << used << " bytes of linear memory, it has " << memory_bytes;
    return MEHR_STATUS_ENGINE_MEMORY;
  }
  return MEHR_STATUS_OK;
}

}  // namespace mehr::engine
