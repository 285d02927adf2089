// Rendered from toolchain/console/schema.ts by `mehr generate`; edit that file instead.
//
// The messages of the console. What parse() fills points into the payload it was given. parse(data, size, m) takes
// exactly a message: shorter, longer or with a field out of its range, and it returns false. emit(out, capacity, m)
// gives the bytes written, 0 if it does not fit or parse() would refuse it (or if the message has none). A reply's
// struct is what follows the status byte; emit_reply(out, capacity, status, m) puts the status in front.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_message.h"

namespace mehr::msg {

/// The version of the console this is; the only one it speaks.
constexpr uint8_t kConsoleVersion = 1;
/// The longest payload of a frame.
constexpr size_t kPayloadMax = 1550;
/// A reply's type is its request's with this bit.
constexpr uint8_t kReplyBit = 0x80;

// Requests.
constexpr uint8_t kIdentify = 0x01;
constexpr uint8_t kCommand = 0x02;
constexpr uint8_t kStats = 0x03;
constexpr uint8_t kReboot = 0x04;
constexpr uint8_t kHalt = 0x05;
constexpr uint8_t kHello = 0x06;
constexpr uint8_t kAuthorised = 0x08;
constexpr uint8_t kHealth = 0x09;
constexpr uint8_t kProve = 0x0a;
constexpr uint8_t kInbox = 0x0b;
constexpr uint8_t kSetTime = 0x0c;
constexpr uint8_t kSetLogLevel = 0x0d;
constexpr uint8_t kReplayOpen = 0x10;
constexpr uint8_t kReplayStep = 0x11;
constexpr uint8_t kReplayHash = 0x12;
constexpr uint8_t kReplayClose = 0x13;
constexpr uint8_t kProvisionRead = 0x20;
constexpr uint8_t kProvisionDraft = 0x21;
constexpr uint8_t kProvisionCommit = 0x22;
constexpr uint8_t kProvisionAbort = 0x23;
constexpr uint8_t kBackup = 0x24;
constexpr uint8_t kRestoreKey = 0x25;
constexpr uint8_t kRestore = 0x26;
constexpr uint8_t kResetToken = 0x27;
constexpr uint8_t kFactoryReset = 0x28;

// Notices: what a board says unasked.
constexpr uint8_t kReady = 0xe0;
constexpr uint8_t kLog = 0xe1;
constexpr uint8_t kEvent = 0xe2;
constexpr uint8_t kFrameError = 0xe3;
constexpr uint8_t kFatal = 0xe4;

/// Who may ask; kUnknown: there is no such request. Command is open, but not every command of the core is.
enum class Access : uint8_t { kOpen, kGuarded, kUnknown };
constexpr Access access_of(uint8_t request) {
  switch (request) {
    case kIdentify:
    case kCommand:
    case kStats:
    case kHello:
    case kAuthorised:
    case kHealth:
    case kProve:
    case kProvisionRead:
    case kResetToken:
      return Access::kOpen;
    case kReboot:
    case kHalt:
    case kInbox:
    case kSetTime:
    case kSetLogLevel:
    case kReplayOpen:
    case kReplayStep:
    case kReplayHash:
    case kReplayClose:
    case kProvisionDraft:
    case kProvisionCommit:
    case kProvisionAbort:
    case kBackup:
    case kRestoreKey:
    case kRestore:
    case kFactoryReset:
      return Access::kGuarded;
    default:
      return Access::kUnknown;
  }
}

enum class Engine : uint8_t { kWasm3 = 0, kAot = 1 };

enum class LogLevel : uint8_t { kError = 0, kWarn = 1, kInfo = 2, kDebug = 3 };

enum class LockState : uint8_t { kOpen = 0, kLocked = 1, kHeld = 2 };

enum class ResetCause : uint8_t { kUnknown = 0, kPowerOn = 1, kPin = 2, kSoftware = 3, kWatchdog = 4, kBrownout = 5, kPanic = 6, kWake = 7 };

enum class ResetLevel : uint8_t { kKeepIdentity = 0, kForgetIdentity = 1 };

enum class ProvisionField : uint8_t { kNone = 0, kVersion = 1, kFlags = 2, kRegion = 3, kName = 4, kConfig = 5, kPin = 6, kTrusted = 7, kAntennaGain = 8 };

/// Who a board says it is.
struct Identity {
  uint32_t abi_version = 0;  // u32. Version of the core's boundary.
  Engine engine = Engine::kWasm3;  // u8. What runs the core.
  uint32_t wasm_size = 0;  // u32. Bytes of relay.wasm.
  const uint8_t* wasm_sha256 = nullptr;  // 32 bytes. Its hash: computed on the board under wasm3, put into the image by the build under aot.
  const uint8_t* node_id = nullptr;  // 16 bytes. The relay's address; zeros when the core does not run.
  const uint8_t* image_sha256 = nullptr;  // 32 bytes. Hash of the program that runs, computed on the board over its own flash; zeros if it cannot.
  uint8_t provisioned = 0;  // u8. 1 once it has been provisioned.
  LockState lock = LockState::kOpen;  // u8. Whether guarded requests need the PIN.
  Span board;  // at most 40 bytes of UTF-8. Id of the board value the image was made from.
  Span runtime;  // at most 20 bytes of UTF-8. Version of the firmware.
  Span name;  // at most 32 bytes of UTF-8. The name its owner gave it; empty until provisioned.
};
constexpr size_t kIdentityMin = 94;
constexpr size_t kIdentityMax = 186;
inline bool read(Reader& in, Identity& m) {
  return in.number(m.abi_version) &&
         in.choice(m.engine, 1) &&
         in.number(m.wasm_size) &&
         in.bytes(m.wasm_sha256, 32) &&
         in.bytes(m.node_id, 16) &&
         in.bytes(m.image_sha256, 32) &&
         in.number(m.provisioned, 0, 1) &&
         in.choice(m.lock, 2) &&
         in.text(m.board, 40) &&
         in.text(m.runtime, 20) &&
         in.text(m.name, 32);
}
inline bool write(Writer& out, const Identity& m) {
  return out.number(m.abi_version) &&
         out.choice(m.engine, 1) &&
         out.number(m.wasm_size) &&
         out.bytes(m.wasm_sha256, 32) &&
         out.bytes(m.node_id, 16) &&
         out.bytes(m.image_sha256, 32) &&
         out.number(m.provisioned, 0, 1) &&
         out.choice(m.lock, 2) &&
         out.text(m.board, 40) &&
         out.text(m.runtime, 20) &&
         out.text(m.name, 32);
}

/// What makes a board this relay: kept in flash as one record, with a CRC-32 behind it.
struct ProvisionRecord {
  uint8_t version = 0;  // u8. 1.
  uint8_t flags = 0;  // u8. 0.
  int16_t antenna_gain_tenths = 0;  // i16. Antenna gain with its cable, tenths of dBi.
  Span region;  // at most 8 bytes of UTF-8. Id of the region whose law the configuration keeps; empty: a relay that only listens.
  Span name;  // at most 32 bytes of UTF-8. 1 to 32 bytes.
  Span config;  // at most 56 bytes. Boot configuration (boards/config.ts): channel, power, limits, price.
  uint8_t pin_log_n = 0;  // u8. log2 of scrypt's N (r 8, p 1) that made the PIN's key; 0: no PIN.
  const uint8_t* pin_salt = nullptr;  // 16 bytes. Its salt; zeros without a PIN.
  const uint8_t* pin_key = nullptr;  // 32 bytes. The PIN's key; zeros without a PIN, and always when read back.
  uint64_t provisioned_ms = 0;  // u64. When, Unix ms; 0 if the host did not say.
};
constexpr size_t kProvisionRecordMin = 64;
constexpr size_t kProvisionRecordMax = 160;
inline bool read(Reader& in, ProvisionRecord& m) {
  return in.number(m.version) &&
         in.number(m.flags) &&
         in.number(m.antenna_gain_tenths) &&
         in.text(m.region, 8) &&
         in.text(m.name, 32) &&
         in.blob(m.config, 56) &&
         in.number(m.pin_log_n) &&
         in.bytes(m.pin_salt, 16) &&
         in.bytes(m.pin_key, 32) &&
         in.number(m.provisioned_ms);
}
inline bool write(Writer& out, const ProvisionRecord& m) {
  return out.number(m.version) &&
         out.number(m.flags) &&
         out.number(m.antenna_gain_tenths) &&
         out.text(m.region, 8) &&
         out.text(m.name, 32) &&
         out.blob(m.config, 56) &&
         out.number(m.pin_log_n) &&
         out.bytes(m.pin_salt, 16) &&
         out.bytes(m.pin_key, 32) &&
         out.number(m.provisioned_ms);
}

/// A trusted peer.
struct Peer {
  const uint8_t* node_id = nullptr;  // 16 bytes. Its address.
};
constexpr size_t kPeerMin = 16;
constexpr size_t kPeerMax = 16;
inline bool read(Reader& in, Peer& m) {
  return in.bytes(m.node_id, 16);
}
inline bool write(Writer& out, const Peer& m) {
  return out.bytes(m.node_id, 16);
}

/// One measurement.
struct Metric {
  uint8_t metric = 0;  // u8. Which: boards/runtime/src/metrics.h.
  uint64_t value = 0;  // u64. Its value.
};
constexpr size_t kMetricMin = 9;
constexpr size_t kMetricMax = 9;
inline bool read(Reader& in, Metric& m) {
  return in.number(m.metric) &&
         in.number(m.value);
}
inline bool write(Writer& out, const Metric& m) {
  return out.number(m.metric) &&
         out.number(m.value);
}

/// A message that came for this node.
struct InboxMessage {
  uint32_t sequence = 0;  // u32. Rises by one with each since boot, from 1.
  uint64_t received_ms = 0;  // u64. When, ms of uptime.
  uint64_t unix_ms = 0;  // u64. When, Unix ms; 0 if the board does not know the time.
  int16_t rssi_dbm = kNone;  // i16, kNone for none. Of the frame that brought it; none over a cable.
  int16_t snr_qdb = kNone;  // i16, kNone for none. The same, quarter dB.
  const uint8_t* destination = nullptr;  // 16 bytes. Which of this node's destinations.
  uint8_t context = 0;  // u8. Context of the message.
  uint8_t sub_type = 0;  // u8. Its sub-type.
  uint8_t truncated = 0;  // u8. 1 if the data was longer than what is kept.
  Span data;  // at most 200 bytes. The data.
};
constexpr size_t kInboxMessageMin = 44;
constexpr size_t kInboxMessageMax = 244;
inline bool read(Reader& in, InboxMessage& m) {
  return in.number(m.sequence) &&
         in.number(m.received_ms) &&
         in.number(m.unix_ms) &&
         in.number(m.rssi_dbm) &&
         in.number(m.snr_qdb) &&
         in.bytes(m.destination, 16) &&
         in.number(m.context) &&
         in.number(m.sub_type) &&
         in.number(m.truncated, 0, 1) &&
         in.blob(m.data, 200);
}
inline bool write(Writer& out, const InboxMessage& m) {
  return out.number(m.sequence) &&
         out.number(m.received_ms) &&
         out.number(m.unix_ms) &&
         out.number(m.rssi_dbm) &&
         out.number(m.snr_qdb) &&
         out.bytes(m.destination, 16) &&
         out.number(m.context) &&
         out.number(m.sub_type) &&
         out.number(m.truncated, 0, 1) &&
         out.blob(m.data, 200);
}

/// Who the board is. The status says whether the core runs.
struct IdentifyRequest {
};
constexpr size_t kIdentifyRequestMin = 0;
constexpr size_t kIdentifyRequestMax = 0;
inline bool read(Reader&, IdentifyRequest&) {
  return true;
}
inline bool write(Writer&, const IdentifyRequest&) {
  return true;
}

/// Reply to Identify, behind the status Ok.
struct IdentifyReply {
  Identity identity;  // 94 to 186 bytes. Who it is.
};
constexpr size_t kIdentifyReplyMin = 94;
constexpr size_t kIdentifyReplyMax = 186;
inline bool read(Reader& in, IdentifyReply& m) {
  return read(in, m.identity);
}
inline bool write(Writer& out, const IdentifyReply& m) {
  return write(out, m.identity);
}

/// The same behind another status.
struct IdentifyError {
  Identity identity;  // 94 to 186 bytes. The same when the core does not run.
};
constexpr size_t kIdentifyErrorMin = 94;
constexpr size_t kIdentifyErrorMax = 186;
inline bool read(Reader& in, IdentifyError& m) {
  return read(in, m.identity);
}
inline bool write(Writer& out, const IdentifyError& m) {
  return write(out, m.identity);
}

/// A command of the core (abi.ts). On a locked board those that change or send something are guarded.
struct CommandRequest {
  Span command;  // at most 1550 bytes. Command number and body.
};
constexpr size_t kCommandRequestMin = 0;
constexpr size_t kCommandRequestMax = 1550;
inline bool read(Reader& in, CommandRequest& m) {
  return in.rest(m.command, 1550);
}
inline bool write(Writer& out, const CommandRequest& m) {
  return out.rest(m.command, 1550);
}

/// Reply to Command, behind the status Ok.
struct CommandReply {
  Span outputs;  // at most 1549 bytes. What the call did: n x (kind u8, length u16, bytes).
};
constexpr size_t kCommandReplyMin = 0;
constexpr size_t kCommandReplyMax = 1549;
inline bool read(Reader& in, CommandReply& m) {
  return in.rest(m.outputs, 1549);
}
inline bool write(Writer& out, const CommandReply& m) {
  return out.rest(m.outputs, 1549);
}

/// The same behind another status.
struct CommandError {
  Span outputs;  // at most 1549 bytes. The same.
};
constexpr size_t kCommandErrorMin = 0;
constexpr size_t kCommandErrorMax = 1549;
inline bool read(Reader& in, CommandError& m) {
  return in.rest(m.outputs, 1549);
}
inline bool write(Writer& out, const CommandError& m) {
  return out.rest(m.outputs, 1549);
}

/// Measurements. Takes a while: it runs the calibration loop.
struct StatsRequest {
};
constexpr size_t kStatsRequestMin = 0;
constexpr size_t kStatsRequestMax = 0;
inline bool read(Reader&, StatsRequest&) {
  return true;
}
inline bool write(Writer&, const StatsRequest&) {
  return true;
}

/// Reply to Stats, behind the status Ok.
struct StatsReply {
  List<Metric> metrics;  // at most 60. Measurements.
};
constexpr size_t kStatsReplyMin = 0;
constexpr size_t kStatsReplyMax = 540;
inline bool read(Reader& in, StatsReply& m) {
  return in.list(m.metrics, 60);
}
inline bool write(Writer& out, const StatsReply& m) {
  return out.list(m.metrics, 60);
}

/// The same behind another status.
struct StatsError {
  List<Metric> metrics;  // at most 60. The same when the core does not run.
};
constexpr size_t kStatsErrorMin = 0;
constexpr size_t kStatsErrorMax = 540;
inline bool read(Reader& in, StatsError& m) {
  return in.list(m.metrics, 60);
}
inline bool write(Writer& out, const StatsError& m) {
  return out.list(m.metrics, 60);
}

/// Replies, then resets the board.
struct RebootRequest {
};
constexpr size_t kRebootRequestMin = 0;
constexpr size_t kRebootRequestMax = 0;
inline bool read(Reader&, RebootRequest&) {
  return true;
}
inline bool write(Writer&, const RebootRequest&) {
  return true;
}

/// Reply to Reboot, behind the status Ok.
struct RebootReply {
};
constexpr size_t kRebootReplyMin = 0;
constexpr size_t kRebootReplyMax = 0;
inline bool read(Reader&, RebootReply&) {
  return true;
}
inline bool write(Writer&, const RebootReply&) {
  return true;
}

/// Replies, then stops the board.
struct HaltRequest {
};
constexpr size_t kHaltRequestMin = 0;
constexpr size_t kHaltRequestMax = 0;
inline bool read(Reader&, HaltRequest&) {
  return true;
}
inline bool write(Writer&, const HaltRequest&) {
  return true;
}

/// Reply to Halt, behind the status Ok.
struct HaltReply {
};
constexpr size_t kHaltReplyMin = 0;
constexpr size_t kHaltReplyMax = 0;
inline bool read(Reader&, HaltReply&) {
  return true;
}
inline bool write(Writer&, const HaltReply&) {
  return true;
}

/// Begins a session and agrees on a version: the highest both know. Every Hello makes a new nonce and ends the session before it.
struct HelloRequest {
  uint8_t version_min = 0;  // u8. Lowest version the host speaks.
  uint8_t version_max = 0;  // u8. Highest.
};
constexpr size_t kHelloRequestMin = 2;
constexpr size_t kHelloRequestMax = 2;
inline bool read(Reader& in, HelloRequest& m) {
  return in.number(m.version_min) &&
         in.number(m.version_max);
}
inline bool write(Writer& out, const HelloRequest& m) {
  return out.number(m.version_min) &&
         out.number(m.version_max);
}

/// Reply to Hello, behind the status Ok.
struct HelloReply {
  uint8_t version = 0;  // u8. The version spoken from here on.
  uint16_t payload_max = 0;  // u16. Longest payload the board takes.
  const uint8_t* nonce = nullptr;  // 16 bytes. Random; Authorised is bound to it.
  LockState lock = LockState::kOpen;  // u8. Whether guarded requests need the PIN.
  uint8_t pin_log_n = 0;  // u8. log2 of scrypt's N; 0 without a PIN.
  const uint8_t* pin_salt = nullptr;  // 16 bytes. Salt of the PIN's key.
  uint32_t wait_ms = 0;  // u32. How long no PIN is looked at, after wrong ones.
};
constexpr size_t kHelloReplyMin = 41;
constexpr size_t kHelloReplyMax = 41;
inline bool read(Reader& in, HelloReply& m) {
  return in.number(m.version) &&
         in.number(m.payload_max) &&
         in.bytes(m.nonce, 16) &&
         in.choice(m.lock, 2) &&
         in.number(m.pin_log_n) &&
         in.bytes(m.pin_salt, 16) &&
         in.number(m.wait_ms);
}
inline bool write(Writer& out, const HelloReply& m) {
  return out.number(m.version) &&
         out.number(m.payload_max) &&
         out.bytes(m.nonce, 16) &&
         out.choice(m.lock, 2) &&
         out.number(m.pin_log_n) &&
         out.bytes(m.pin_salt, 16) &&
         out.number(m.wait_ms);
}

/// The same behind another status.
struct HelloError {
  uint8_t version_min = 0;  // u8. Lowest version the board speaks.
  uint8_t version_max = 0;  // u8. Highest.
};
constexpr size_t kHelloErrorMin = 2;
constexpr size_t kHelloErrorMax = 2;
inline bool read(Reader& in, HelloError& m) {
  return in.number(m.version_min) &&
         in.number(m.version_max);
}
inline bool write(Writer& out, const HelloError& m) {
  return out.number(m.version_min) &&
         out.number(m.version_max);
}

/// Another request, proven to come from who has the PIN, and carried out once. Its reply is the inner request's.
struct AuthorisedRequest {
  uint32_t counter = 0;  // u32. Rises within a session, from 1. The same one with the same bytes gets the same reply again.
  const uint8_t* mac = nullptr;  // 16 bytes. HMAC-SHA-256 (first 16 bytes) over nonce 16, counter u32, request u8, body; zeros as the key without a PIN.
  uint8_t request = 0;  // u8. The inner request's type.
  Span body;  // at most 1529 bytes. Its payload.
};
constexpr size_t kAuthorisedRequestMin = 21;
constexpr size_t kAuthorisedRequestMax = 1550;
inline bool read(Reader& in, AuthorisedRequest& m) {
  return in.number(m.counter) &&
         in.bytes(m.mac, 16) &&
         in.number(m.request) &&
         in.rest(m.body, 1529);
}
inline bool write(Writer& out, const AuthorisedRequest& m) {
  return out.number(m.counter) &&
         out.bytes(m.mac, 16) &&
         out.number(m.request) &&
         out.rest(m.body, 1529);
}

/// Reply to Authorised, behind the status Ok.
struct AuthorisedReply {
  Span reply;  // at most 1549 bytes. The rest of the inner reply.
};
constexpr size_t kAuthorisedReplyMin = 0;
constexpr size_t kAuthorisedReplyMax = 1549;
inline bool read(Reader& in, AuthorisedReply& m) {
  return in.rest(m.reply, 1549);
}
inline bool write(Writer& out, const AuthorisedReply& m) {
  return out.rest(m.reply, 1549);
}

/// The same behind another status.
struct AuthorisedError {
  Span reply;  // at most 1549 bytes. The rest of the inner reply, or waitMs u32 after WrongPin and PinWait.
};
constexpr size_t kAuthorisedErrorMin = 0;
constexpr size_t kAuthorisedErrorMax = 1549;
inline bool read(Reader& in, AuthorisedError& m) {
  return in.rest(m.reply, 1549);
}
inline bool write(Writer& out, const AuthorisedError& m) {
  return out.rest(m.reply, 1549);
}

/// How the board is.
struct HealthRequest {
};
constexpr size_t kHealthRequestMin = 0;
constexpr size_t kHealthRequestMax = 0;
inline bool read(Reader&, HealthRequest&) {
  return true;
}
inline bool write(Writer&, const HealthRequest&) {
  return true;
}

/// Reply to Health, behind the status Ok.
struct HealthReply {
  ResetCause reset_cause = ResetCause::kUnknown;  // u8. Why it last started.
  uint64_t uptime_ms = 0;  // u64. Since then.
  uint64_t unix_ms = 0;  // u64. The time, Unix ms; 0 if nobody has set it.
  uint16_t battery_mv = 0;  // u16. Battery, mV; 0 if there is none or it cannot be measured.
  uint8_t resting = 0;  // u8. 1 while the battery is too low for the radio.
  LogLevel log_level = LogLevel::kError;  // u8. What is logged.
  uint16_t records_used = 0;  // u16. Bytes of the record storage in use.
  uint16_t records_size = 0;  // u16. Its bytes.
  uint32_t flash_writes = 0;  // u32. Words programmed and pages erased since boot.
  uint16_t inbox_count = 0;  // u16. Messages kept.
  Span last_words;  // at most 160 bytes of UTF-8. What the last run said before it ended by a fault; empty if it did not.
};
constexpr size_t kHealthReplyMin = 32;
constexpr size_t kHealthReplyMax = 192;
inline bool read(Reader& in, HealthReply& m) {
  return in.choice(m.reset_cause, 7) &&
         in.number(m.uptime_ms) &&
         in.number(m.unix_ms) &&
         in.number(m.battery_mv) &&
         in.number(m.resting, 0, 1) &&
         in.choice(m.log_level, 3) &&
         in.number(m.records_used) &&
         in.number(m.records_size) &&
         in.number(m.flash_writes) &&
         in.number(m.inbox_count) &&
         in.text(m.last_words, 160);
}
inline bool write(Writer& out, const HealthReply& m) {
  return out.choice(m.reset_cause, 7) &&
         out.number(m.uptime_ms) &&
         out.number(m.unix_ms) &&
         out.number(m.battery_mv) &&
         out.number(m.resting, 0, 1) &&
         out.choice(m.log_level, 3) &&
         out.number(m.records_used) &&
         out.number(m.records_size) &&
         out.number(m.flash_writes) &&
         out.number(m.inbox_count) &&
         out.text(m.last_words, 160);
}

/// Proves the identity: signs `mehr/console/1` 00, challenge, nodeId.
struct ProveRequest {
  const uint8_t* challenge = nullptr;  // 32 bytes. Random bytes of the host's.
};
constexpr size_t kProveRequestMin = 32;
constexpr size_t kProveRequestMax = 32;
inline bool read(Reader& in, ProveRequest& m) {
  return in.bytes(m.challenge, 32);
}
inline bool write(Writer& out, const ProveRequest& m) {
  return out.bytes(m.challenge, 32);
}

/// Reply to Prove, behind the status Ok.
struct ProveReply {
  const uint8_t* public_key = nullptr;  // 32 bytes. Ed25519, the one the address is made from.
  const uint8_t* signature = nullptr;  // 64 bytes. Ed25519.
};
constexpr size_t kProveReplyMin = 96;
constexpr size_t kProveReplyMax = 96;
inline bool read(Reader& in, ProveReply& m) {
  return in.bytes(m.public_key, 32) &&
         in.bytes(m.signature, 64);
}
inline bool write(Writer& out, const ProveReply& m) {
  return out.bytes(m.public_key, 32) &&
         out.bytes(m.signature, 64);
}

/// Messages that came for this node and were kept in RAM, the newest few.
struct InboxRequest {
  uint32_t after = 0;  // u32. Only those with a higher sequence.
};
constexpr size_t kInboxRequestMin = 4;
constexpr size_t kInboxRequestMax = 4;
inline bool read(Reader& in, InboxRequest& m) {
  return in.number(m.after);
}
inline bool write(Writer& out, const InboxRequest& m) {
  return out.number(m.after);
}

/// Reply to Inbox, behind the status Ok.
struct InboxReply {
  uint32_t latest = 0;  // u32. Sequence of the newest; 0 if there was none.
  List<InboxMessage> messages;  // at most 6. Oldest first.
};
constexpr size_t kInboxReplyMin = 4;
constexpr size_t kInboxReplyMax = 1468;
inline bool read(Reader& in, InboxReply& m) {
  return in.number(m.latest) &&
         in.list(m.messages, 6);
}
inline bool write(Writer& out, const InboxReply& m) {
  return out.number(m.latest) &&
         out.list(m.messages, 6);
}

/// Tells the board the time; it forgets it at a reset.
struct SetTimeRequest {
  uint64_t unix_ms = 0;  // u64. Unix ms.
};
constexpr size_t kSetTimeRequestMin = 8;
constexpr size_t kSetTimeRequestMax = 8;
inline bool read(Reader& in, SetTimeRequest& m) {
  return in.number(m.unix_ms);
}
inline bool write(Writer& out, const SetTimeRequest& m) {
  return out.number(m.unix_ms);
}

/// Reply to SetTime, behind the status Ok.
struct SetTimeReply {
};
constexpr size_t kSetTimeReplyMin = 0;
constexpr size_t kSetTimeReplyMax = 0;
inline bool read(Reader&, SetTimeReply&) {
  return true;
}
inline bool write(Writer&, const SetTimeReply&) {
  return true;
}

/// What is logged from now on, until a reset.
struct SetLogLevelRequest {
  LogLevel level = LogLevel::kError;  // u8. The least important to log.
};
constexpr size_t kSetLogLevelRequestMin = 1;
constexpr size_t kSetLogLevelRequestMax = 1;
inline bool read(Reader& in, SetLogLevelRequest& m) {
  return in.choice(m.level, 3);
}
inline bool write(Writer& out, const SetLogLevelRequest& m) {
  return out.choice(m.level, 3);
}

/// Reply to SetLogLevel, behind the status Ok.
struct SetLogLevelReply {
};
constexpr size_t kSetLogLevelReplyMin = 0;
constexpr size_t kSetLogLevelReplyMax = 0;
inline bool read(Reader&, SetLogLevelReply&) {
  return true;
}
inline bool write(Writer&, const SetLogLevelReply&) {
  return true;
}

/// Stops the live core and makes a fresh one that only steps feed.
struct ReplayOpenRequest {
};
constexpr size_t kReplayOpenRequestMin = 0;
constexpr size_t kReplayOpenRequestMax = 0;
inline bool read(Reader&, ReplayOpenRequest&) {
  return true;
}
inline bool write(Writer&, const ReplayOpenRequest&) {
  return true;
}

/// Reply to ReplayOpen, behind the status Ok.
struct ReplayOpenReply {
};
constexpr size_t kReplayOpenReplyMin = 0;
constexpr size_t kReplayOpenReplyMax = 0;
inline bool read(Reader&, ReplayOpenReply&) {
  return true;
}
inline bool write(Writer&, const ReplayOpenReply&) {
  return true;
}

/// One step of a replay.
struct ReplayStepRequest {
  Span step;  // at most 1550 bytes. op u8, now_ms u64, body.
};
constexpr size_t kReplayStepRequestMin = 0;
constexpr size_t kReplayStepRequestMax = 1550;
inline bool read(Reader& in, ReplayStepRequest& m) {
  return in.rest(m.step, 1550);
}
inline bool write(Writer& out, const ReplayStepRequest& m) {
  return out.rest(m.step, 1550);
}

/// Reply to ReplayStep, behind the status Ok.
struct ReplayStepReply {
  uint64_t deadline = 0;  // u64. 2^64-1 never.
  Span outputs;  // at most 1541 bytes. Outputs of the call.
};
constexpr size_t kReplayStepReplyMin = 8;
constexpr size_t kReplayStepReplyMax = 1549;
inline bool read(Reader& in, ReplayStepReply& m) {
  return in.number(m.deadline) &&
         in.rest(m.outputs, 1541);
}
inline bool write(Writer& out, const ReplayStepReply& m) {
  return out.number(m.deadline) &&
         out.rest(m.outputs, 1541);
}

/// The same behind another status.
struct ReplayStepError {
  uint64_t deadline = 0;  // u64. 2^64-1 never.
  Span outputs;  // at most 1541 bytes. Outputs of the call.
};
constexpr size_t kReplayStepErrorMin = 8;
constexpr size_t kReplayStepErrorMax = 1549;
inline bool read(Reader& in, ReplayStepError& m) {
  return in.number(m.deadline) &&
         in.rest(m.outputs, 1541);
}
inline bool write(Writer& out, const ReplayStepError& m) {
  return out.number(m.deadline) &&
         out.rest(m.outputs, 1541);
}

/// State hash of the replay's core.
struct ReplayHashRequest {
};
constexpr size_t kReplayHashRequestMin = 0;
constexpr size_t kReplayHashRequestMax = 0;
inline bool read(Reader&, ReplayHashRequest&) {
  return true;
}
inline bool write(Writer&, const ReplayHashRequest&) {
  return true;
}

/// Reply to ReplayHash, behind the status Ok.
struct ReplayHashReply {
  const uint8_t* hash = nullptr;  // 32 bytes. BLAKE3.
};
constexpr size_t kReplayHashReplyMin = 32;
constexpr size_t kReplayHashReplyMax = 32;
inline bool read(Reader& in, ReplayHashReply& m) {
  return in.bytes(m.hash, 32);
}
inline bool write(Writer& out, const ReplayHashReply& m) {
  return out.bytes(m.hash, 32);
}

/// The same behind another status.
struct ReplayHashError {
  const uint8_t* hash = nullptr;  // 32 bytes. Zeros.
};
constexpr size_t kReplayHashErrorMin = 32;
constexpr size_t kReplayHashErrorMax = 32;
inline bool read(Reader& in, ReplayHashError& m) {
  return in.bytes(m.hash, 32);
}
inline bool write(Writer& out, const ReplayHashError& m) {
  return out.bytes(m.hash, 32);
}

/// Ends the replay and boots the live core again.
struct ReplayCloseRequest {
};
constexpr size_t kReplayCloseRequestMin = 0;
constexpr size_t kReplayCloseRequestMax = 0;
inline bool read(Reader&, ReplayCloseRequest&) {
  return true;
}
inline bool write(Writer&, const ReplayCloseRequest&) {
  return true;
}

/// Reply to ReplayClose, behind the status Ok.
struct ReplayCloseReply {
};
constexpr size_t kReplayCloseReplyMin = 0;
constexpr size_t kReplayCloseReplyMax = 0;
inline bool read(Reader&, ReplayCloseReply&) {
  return true;
}
inline bool write(Writer&, const ReplayCloseReply&) {
  return true;
}

/// What is stored, read from the flash now: RecordMissing if nothing is, BadRecord if it is damaged.
struct ProvisionReadRequest {
};
constexpr size_t kProvisionReadRequestMin = 0;
constexpr size_t kProvisionReadRequestMax = 0;
inline bool read(Reader&, ProvisionReadRequest&) {
  return true;
}
inline bool write(Writer&, const ProvisionReadRequest&) {
  return true;
}

/// Reply to ProvisionRead, behind the status Ok.
struct ProvisionReadReply {
  ProvisionRecord record;  // 64 to 160 bytes. With pinKey blanked.
  List<Peer> trusted;  // at most 32. Trusted peers.
};
constexpr size_t kProvisionReadReplyMin = 64;
constexpr size_t kProvisionReadReplyMax = 672;
inline bool read(Reader& in, ProvisionReadReply& m) {
  return read(in, m.record) &&
         in.list(m.trusted, 32);
}
inline bool write(Writer& out, const ProvisionReadReply& m) {
  return write(out, m.record) &&
         out.list(m.trusted, 32);
}

/// Checks a draft and keeps it in RAM; a later one replaces it. Nothing is stored.
struct ProvisionDraftRequest {
  ProvisionRecord record;  // 64 to 160 bytes. All of it.
  List<Peer> trusted;  // at most 32. All peers trusted from then on.
};
constexpr size_t kProvisionDraftRequestMin = 64;
constexpr size_t kProvisionDraftRequestMax = 672;
inline bool read(Reader& in, ProvisionDraftRequest& m) {
  return read(in, m.record) &&
         in.list(m.trusted, 32);
}
inline bool write(Writer& out, const ProvisionDraftRequest& m) {
  return write(out, m.record) &&
         out.list(m.trusted, 32);
}

/// Reply to ProvisionDraft, behind the status Ok.
struct ProvisionDraftReply {
  const uint8_t* sha256 = nullptr;  // 32 bytes. Of the draft as it came.
};
constexpr size_t kProvisionDraftReplyMin = 32;
constexpr size_t kProvisionDraftReplyMax = 32;
inline bool read(Reader& in, ProvisionDraftReply& m) {
  return in.bytes(m.sha256, 32);
}
inline bool write(Writer& out, const ProvisionDraftReply& m) {
  return out.bytes(m.sha256, 32);
}

/// The same behind another status.
struct ProvisionDraftError {
  ProvisionField field = ProvisionField::kNone;  // u8. The field refused.
};
constexpr size_t kProvisionDraftErrorMin = 1;
constexpr size_t kProvisionDraftErrorMax = 1;
inline bool read(Reader& in, ProvisionDraftError& m) {
  return in.choice(m.field, 8);
}
inline bool write(Writer& out, const ProvisionDraftError& m) {
  return out.choice(m.field, 8);
}

/// Tries the draft's configuration on core and radio, stores all of it in one step, reads it back, and starts the relay with it. Until that step, and if anything fails, what was stored stays.
struct ProvisionCommitRequest {
  const uint8_t* sha256 = nullptr;  // 32 bytes. Of the draft meant.
};
constexpr size_t kProvisionCommitRequestMin = 32;
constexpr size_t kProvisionCommitRequestMax = 32;
inline bool read(Reader& in, ProvisionCommitRequest& m) {
  return in.bytes(m.sha256, 32);
}
inline bool write(Writer& out, const ProvisionCommitRequest& m) {
  return out.bytes(m.sha256, 32);
}

/// Reply to ProvisionCommit, behind the status Ok.
struct ProvisionCommitReply {
  uint32_t flash_writes = 0;  // u32. Words programmed and pages erased for it.
};
constexpr size_t kProvisionCommitReplyMin = 4;
constexpr size_t kProvisionCommitReplyMax = 4;
inline bool read(Reader& in, ProvisionCommitReply& m) {
  return in.number(m.flash_writes);
}
inline bool write(Writer& out, const ProvisionCommitReply& m) {
  return out.number(m.flash_writes);
}

/// The same behind another status.
struct ProvisionCommitError {
  ProvisionField field = ProvisionField::kNone;  // u8. The field refused.
};
constexpr size_t kProvisionCommitErrorMin = 1;
constexpr size_t kProvisionCommitErrorMax = 1;
inline bool read(Reader& in, ProvisionCommitError& m) {
  return in.choice(m.field, 8);
}
inline bool write(Writer& out, const ProvisionCommitError& m) {
  return out.choice(m.field, 8);
}

/// Forgets the draft.
struct ProvisionAbortRequest {
};
constexpr size_t kProvisionAbortRequestMin = 0;
constexpr size_t kProvisionAbortRequestMax = 0;
inline bool read(Reader&, ProvisionAbortRequest&) {
  return true;
}
inline bool write(Writer&, const ProvisionAbortRequest&) {
  return true;
}

/// Reply to ProvisionAbort, behind the status Ok.
struct ProvisionAbortReply {
};
constexpr size_t kProvisionAbortReplyMin = 0;
constexpr size_t kProvisionAbortReplyMax = 0;
inline bool read(Reader&, ProvisionAbortReply&) {
  return true;
}
inline bool write(Writer&, const ProvisionAbortReply&) {
  return true;
}

/// Identity, destinations, provisioning and trusted peers, sealed to a key (docs/console.md, Boxes).
struct BackupRequest {
  const uint8_t* recipient = nullptr;  // 32 bytes. X25519 public key.
};
constexpr size_t kBackupRequestMin = 32;
constexpr size_t kBackupRequestMax = 32;
inline bool read(Reader& in, BackupRequest& m) {
  return in.bytes(m.recipient, 32);
}
inline bool write(Writer& out, const BackupRequest& m) {
  return out.bytes(m.recipient, 32);
}

/// Reply to Backup, behind the status Ok.
struct BackupReply {
  Span box;  // at most 1549 bytes. The sealed backup.
};
constexpr size_t kBackupReplyMin = 0;
constexpr size_t kBackupReplyMax = 1549;
inline bool read(Reader& in, BackupReply& m) {
  return in.rest(m.box, 1549);
}
inline bool write(Writer& out, const BackupReply& m) {
  return out.rest(m.box, 1549);
}

/// A key made for one restore, gone with the session.
struct RestoreKeyRequest {
};
constexpr size_t kRestoreKeyRequestMin = 0;
constexpr size_t kRestoreKeyRequestMax = 0;
inline bool read(Reader&, RestoreKeyRequest&) {
  return true;
}
inline bool write(Writer&, const RestoreKeyRequest&) {
  return true;
}

/// Reply to RestoreKey, behind the status Ok.
struct RestoreKeyReply {
  const uint8_t* public_key = nullptr;  // 32 bytes. X25519.
};
constexpr size_t kRestoreKeyReplyMin = 32;
constexpr size_t kRestoreKeyReplyMax = 32;
inline bool read(Reader& in, RestoreKeyReply& m) {
  return in.bytes(m.public_key, 32);
}
inline bool write(Writer& out, const RestoreKeyReply& m) {
  return out.bytes(m.public_key, 32);
}

/// Takes a backup sealed to that key: all of it is stored in one step, then the relay starts with it.
struct RestoreRequest {
  Span box;  // at most 1518 bytes. The sealed backup.
};
constexpr size_t kRestoreRequestMin = 0;
constexpr size_t kRestoreRequestMax = 1518;
inline bool read(Reader& in, RestoreRequest& m) {
  return in.rest(m.box, 1518);
}
inline bool write(Writer& out, const RestoreRequest& m) {
  return out.rest(m.box, 1518);
}

/// Reply to Restore, behind the status Ok.
struct RestoreReply {
  const uint8_t* node_id = nullptr;  // 16 bytes. The address it has now.
  uint32_t flash_writes = 0;  // u32. Words programmed and pages erased for it.
};
constexpr size_t kRestoreReplyMin = 20;
constexpr size_t kRestoreReplyMax = 20;
inline bool read(Reader& in, RestoreReply& m) {
  return in.bytes(m.node_id, 16) &&
         in.number(m.flash_writes);
}
inline bool write(Writer& out, const RestoreReply& m) {
  return out.bytes(m.node_id, 16) &&
         out.number(m.flash_writes);
}

/// Asks for what a factory reset must be confirmed with.
struct ResetTokenRequest {
  ResetLevel level = ResetLevel::kKeepIdentity;  // u8. What is to be forgotten.
};
constexpr size_t kResetTokenRequestMin = 1;
constexpr size_t kResetTokenRequestMax = 1;
inline bool read(Reader& in, ResetTokenRequest& m) {
  return in.choice(m.level, 1);
}
inline bool write(Writer& out, const ResetTokenRequest& m) {
  return out.choice(m.level, 1);
}

/// Reply to ResetToken, behind the status Ok.
struct ResetTokenReply {
  const uint8_t* token = nullptr;  // 8 bytes. Good for this level, one minute, once.
};
constexpr size_t kResetTokenReplyMin = 8;
constexpr size_t kResetTokenReplyMax = 8;
inline bool read(Reader& in, ResetTokenReply& m) {
  return in.bytes(m.token, 8);
}
inline bool write(Writer& out, const ResetTokenReply& m) {
  return out.bytes(m.token, 8);
}

/// Forgets provisioning and trusted peers, and by level the identity, in one step; the airtime used stays on record. Then resets. Without a PIN in hand it is taken within a minute of power-on, and only with ForgetIdentity.
struct FactoryResetRequest {
  ResetLevel level = ResetLevel::kKeepIdentity;  // u8. As in ResetToken.
  const uint8_t* token = nullptr;  // 8 bytes. Its token.
};
constexpr size_t kFactoryResetRequestMin = 9;
constexpr size_t kFactoryResetRequestMax = 9;
inline bool read(Reader& in, FactoryResetRequest& m) {
  return in.choice(m.level, 1) &&
         in.bytes(m.token, 8);
}
inline bool write(Writer& out, const FactoryResetRequest& m) {
  return out.choice(m.level, 1) &&
         out.bytes(m.token, 8);
}

/// Reply to FactoryReset, behind the status Ok.
struct FactoryResetReply {
};
constexpr size_t kFactoryResetReplyMin = 0;
constexpr size_t kFactoryResetReplyMax = 0;
inline bool read(Reader&, FactoryResetReply&) {
  return true;
}
inline bool write(Writer&, const FactoryResetReply&) {
  return true;
}

/// The core runs: Identify's reply.
struct ReadyNotice {
  uint8_t status = 0;  // u8. 0.
  Identity identity;  // 94 to 186 bytes. Who it is.
};
constexpr size_t kReadyNoticeMin = 95;
constexpr size_t kReadyNoticeMax = 187;
inline bool read(Reader& in, ReadyNotice& m) {
  return in.number(m.status) &&
         read(in, m.identity);
}
inline bool write(Writer& out, const ReadyNotice& m) {
  return out.number(m.status) &&
         write(out, m.identity);
}

/// A sentence for the owner's log.
struct LogNotice {
  LogLevel level = LogLevel::kError;  // u8. How important.
  Span text;  // at most 400 bytes of UTF-8. The sentence.
};
constexpr size_t kLogNoticeMin = 1;
constexpr size_t kLogNoticeMax = 401;
inline bool read(Reader& in, LogNotice& m) {
  return in.choice(m.level, 3) &&
         in.rest_text(m.text, 400);
}
inline bool write(Writer& out, const LogNotice& m) {
  return out.choice(m.level, 3) &&
         out.rest_text(m.text, 400);
}

/// An event of the core (abi.ts). A locked board keeps what messages say for the inbox.
struct EventNotice {
  uint8_t kind = 0;  // u8. Event.
  int16_t rssi_dbm = kNone;  // i16, kNone for none. Of the frame that caused it; none if no frame of the radio did.
  int16_t snr_qdb = kNone;  // i16, kNone for none. The same, quarter dB.
  Span bytes;  // at most 1545 bytes. As its kind has them.
};
constexpr size_t kEventNoticeMin = 5;
constexpr size_t kEventNoticeMax = 1550;
inline bool read(Reader& in, EventNotice& m) {
  return in.number(m.kind) &&
         in.number(m.rssi_dbm) &&
         in.number(m.snr_qdb) &&
         in.rest(m.bytes, 1545);
}
inline bool write(Writer& out, const EventNotice& m) {
  return out.number(m.kind) &&
         out.number(m.rssi_dbm) &&
         out.number(m.snr_qdb) &&
         out.rest(m.bytes, 1545);
}

/// Frames to the board were dropped.
struct FrameErrorNotice {
  uint8_t port = 0;  // u8. 0 console, 1 radio.
  uint8_t reason = 0;  // u8. 1 to 7, see Frames.
  uint32_t count = 0;  // u32. How many so far.
};
constexpr size_t kFrameErrorNoticeMin = 6;
constexpr size_t kFrameErrorNoticeMax = 6;
inline bool read(Reader& in, FrameErrorNotice& m) {
  return in.number(m.port, 0, 1) &&
         in.number(m.reason, 1, 7) &&
         in.number(m.count);
}
inline bool write(Writer& out, const FrameErrorNotice& m) {
  return out.number(m.port, 0, 1) &&
         out.number(m.reason, 1, 7) &&
         out.number(m.count);
}

/// The core does not run.
struct FatalNotice {
  uint8_t status = 0;  // u8. Why.
  Span sentence;  // at most 420 bytes of UTF-8. The same in words.
};
constexpr size_t kFatalNoticeMin = 1;
constexpr size_t kFatalNoticeMax = 421;
inline bool read(Reader& in, FatalNotice& m) {
  return in.number(m.status) &&
         in.rest_text(m.sentence, 420);
}
inline bool write(Writer& out, const FatalNotice& m) {
  return out.number(m.status) &&
         out.rest_text(m.sentence, 420);
}

}  // namespace mehr::msg
