// The live relay: radio, timers, records and console around one core instance. main() calls run() and stays there.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"
#include "metrics.h"
#include "records.h"

namespace mehr::relay {

/// kLive runs the core on the radio; kReplay has lent the engine to replay.h; kFatal runs no core at all.
enum class Mode : uint8_t { kLive, kReplay, kFatal };

/// Boots the core and serves forever.
[[noreturn]] void run();
/// Sends FATAL and serves the console only, forever; for a board that must not start the core.
[[noreturn]] void run_without_core(enum mehr_status status, const char* detail);
/// Serves the console only, forever; for when the CPU itself has faulted and nothing older may be trusted.
[[noreturn]] void run_after_fault(const char* sentence);

Mode mode();
/// Ok, or why the board is in kFatal.
enum mehr_status fatal_status();
const uint8_t* node_id();  // 16 bytes; zeros until the core has booted
const RelayCounters& counters();
size_t records_used();
/// The board's record storage.
RecordStore& records();
/// What the last run said before it ended by a fault; "" if it did not. Taken from hal::last_words_take() at start.
const char* last_words();

/// A COMMAND request: what the core emitted is in core::outputs() afterwards.
enum mehr_status command(const uint8_t* bytes, size_t length);

/// Takes the core off the air so that a replay can have the engine, and puts it back.
void suspend();
enum mehr_status resume();

/// Sends FATAL and stops the core. `detail` may be "".
void fatal(enum mehr_status status, const char* detail);

}  // namespace mehr::relay
