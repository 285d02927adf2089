// The live relay: radio, timers, records and console around one core instance. main() calls run() and stays there.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "hal.h"
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
/// What the last run said before it ended by a fault; "" if it did not. The relay takes hal's at the start.
const char* last_words();

/// A COMMAND request: what the core emitted is in core::outputs() afterwards, until send_events().
enum mehr_status command(const uint8_t* bytes, size_t length);
/// Tells the events in core::outputs(), all but a command's reply, and empties it.
void send_events();

/// Takes the core off the air so that a replay can have the engine, and puts it back.
void suspend();
enum mehr_status resume();

/// Takes the engine from the live core, or from nobody, for a core that is to say something. NotBooted during a replay, or
/// why the board is in kFatal, if that was a fault of the CPU. give_back() puts back the live core, if there was one.
enum mehr_status lend();
void give_back();
/// Instead of give_back(): starts the relay with the records and the configuration there are now, whatever it was before.
enum mehr_status start_over();
/// Whether the live core runs with just these bytes of configuration.
bool runs_with(const uint8_t* config, size_t length);
/// Sets the radio up with a configuration of at least 32 bytes.
hal::Code set_radio(const uint8_t* config);
/// Whether the CPU has faulted in this run: then nothing may be run but the console.
bool faulted();

/// Sends FATAL and stops the core; the board resets itself some time later (docs/console.md). `detail` may be "".
void fatal(enum mehr_status status, const char* detail);

}  // namespace mehr::relay
