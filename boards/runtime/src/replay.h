// Conformance replay over the console: a fresh core instance that hears, knows and says only what the host feeds it.
// Time comes from the steps, entropy from a queue, records live in RAM (ram_records.h), the radio is silent.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"

namespace mehr::replay {

constexpr size_t kEntropyBytes = 256;

enum Op : uint8_t { kBoot = 0, kFrame = 1, kTimer = 2, kCommand = 3, kEntropy = 4, kRadio = 5, kCrypto = 6 };

/// Stops the live core and makes the replay's instance. Opening an open replay starts it afresh.
enum mehr_status open();
/// One REPLAY_STEP payload. Sets `deadline_ms` to the core's deadline afterwards (2^64-1 without one); what the core did
/// is in core::outputs().
enum mehr_status step(const uint8_t* payload, size_t length, uint64_t& deadline_ms);
enum mehr_status hash(uint8_t out[32]);
/// Drops the instance and boots the live core again.
enum mehr_status close();

/// Ticks the core took for the last step.
uint64_t last_ticks();

}  // namespace mehr::replay
