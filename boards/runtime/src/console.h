// The console: framed requests in (requests.h), replies and events out, one helpful line for people. Messages are those of
// toolchain/console/schema.ts.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"

namespace mehr::console {

enum LogLevel : uint8_t { kLogError = 0, kLogWarn = 1, kLogInfo = 2, kLogDebug = 3 };

/// Hashes the core and the program; call once before the rest.
void init();
/// Handles everything that has arrived, and reports what was refused since.
void poll();
/// When poll() wants to be called although nothing arrives; 2^64-1 for never.
uint64_t next_report_ms();
/// When a byte last came from the host, ms of uptime; 0 if none has.
uint64_t last_heard_ms();

/// Sends a frame; its payload is up to three pieces, one behind the other.
void send(uint8_t type, uint8_t id, const void* a, size_t a_length, const void* b = nullptr, size_t b_length = 0,
          const void* c = nullptr, size_t c_length = 0);
void send_ready();
void send_fatal(enum mehr_status status, const char* detail);
/// Sends a sentence if the log level lets it through. At most 400 bytes go out.
void log(LogLevel level, const char* text);
LogLevel log_level();
void set_log_level(LogLevel level);
/// An event of the core: a message is kept in the inbox, and the notice goes out, on a locked board without what a message
/// says. `rssi_dbm` and `snr_qdb` of the radio frame that caused it, or inbox::kNoSignal (a timer, a command, a cable).
void event(uint8_t kind, int16_t rssi_dbm, int16_t snr_qdb, const uint8_t* bytes, size_t length);

/// How many frames to the console were dropped for a FrameError, and how many from it because nobody read them.
uint32_t frame_errors(unsigned error);
uint32_t frames_lost();

/// Who the board is: an Identity of the schema. Bytes written.
size_t identity(uint8_t* out, size_t capacity);
/// Takes the hashes that identity() reports, which takes a while: once.
void identity_init();

}  // namespace mehr::console
