// The console: framed requests in, replies and events out, one helpful line for people. Message layouts are in
// docs (console protocol); the numbers here are on the wire.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"

namespace mehr::console {

enum Request : uint8_t {
  kIdentify = 0x01,
  kCommand = 0x02,
  kStats = 0x03,
  kReboot = 0x04,
  kHalt = 0x05,
  kReplayOpen = 0x10,
  kReplayStep = 0x11,
  kReplayHash = 0x12,
  kReplayClose = 0x13,
  kReplyBit = 0x80,
};

enum Notice : uint8_t {
  kReady = 0xe0,
  kLog = 0xe1,
  kEvent = 0xe2,
  kFrameErrorNotice = 0xe3,
  kFatal = 0xe4,
};

enum LogLevel : uint8_t { kLogError = 0, kLogWarn = 1, kLogInfo = 2, kLogDebug = 3 };

/// Hashes the wasm bytes; call once before the rest.
void init();
/// Handles everything that has arrived, and reports what was refused since.
void poll();
/// When poll() wants to be called although nothing arrives; 2^64-1 for never.
uint64_t next_report_ms();
/// When a byte last came from the host, ms of uptime; 0 if none has.
uint64_t last_heard_ms();

void send(uint8_t type, uint8_t id, const void* payload, size_t length);
void send_ready();
void send_fatal(enum mehr_status status, const char* detail);
/// Sends a sentence if the log level lets it through.
void log(LogLevel level, const char* text);
/// An event of the core: a message is kept in the inbox, and the notice goes out, on a locked board without what a message
/// says. `rssi_dbm` and `snr_qdb` of the radio frame that caused it, or inbox::kNoSignal (a timer, a command, a cable).
void event(uint8_t kind, int16_t rssi_dbm, int16_t snr_qdb, const uint8_t* bytes, size_t length);

}  // namespace mehr::console
