#include "console.h"

#include <string.h>

#include "board_config.h"
#include "bytes.h"
#include "core.h"
#include "engine.h"
#include "frame.h"
#include "hal.h"
#include "inbox.h"
#include "relay.h"
#include "replay.h"
#include "text.h"

#ifndef MEHR_RUNTIME_VERSION
#define MEHR_RUNTIME_VERSION "0.1.0"
#endif

namespace mehr::console {

// A report of refused frames goes out at most this often: noise on the line must not make the board as noisy.
static constexpr uint64_t kReportEveryMs = 100;
// A sender that stops mid-frame for this long is gone; what it left must not swallow the next frame.
static constexpr uint64_t kAbandonAfterMs = 5000;
// Bytes are taken in so many pieces at once; a flood on this port must not keep the radio and the timer waiting.
static constexpr int kReadsPerPoll = 32;
static constexpr uint64_t kNever = UINT64_MAX;

static FrameReceiver s_receiver(true);
static engine::Core s_core;
static uint32_t s_reported[2][kFrameErrorCount];  // [0 console, 1 radio]
static uint32_t s_timeouts_reported;
static uint64_t s_next_report;
static uint64_t s_last_byte;

static FrameLine s_line([](const uint8_t* bytes, size_t n) { return hal::console_write(bytes, n) == hal::Code::kOk; });
static void sink(const uint8_t* bytes, size_t length) { s_line.put(bytes, length); }

void init() { s_core = engine::core(); }

void send(uint8_t type, uint8_t id, const void* payload, size_t length) {
  write_frame(sink, type, id, payload, length);
}

void log(LogLevel level, const char* text) {
  FrameWriter writer(sink);
  size_t length = strlen(text);
  if (length > kFramePayloadMax - 1) length = kFramePayloadMax - 1;
  const uint8_t byte = level;
  writer.begin(kLog, 0, 1 + length);
  writer.add(&byte, 1);
  writer.add(text, length);
  writer.end();
}

void event(uint8_t kind, int16_t rssi_dbm, int16_t snr_qdb, const uint8_t* bytes, size_t length) {
  uint8_t head[5] = {kind};
  store_u16(head + 1, static_cast<uint16_t>(rssi_dbm));
  store_u16(head + 3, static_cast<uint16_t>(snr_qdb));
  constexpr size_t kMessageHeader = 18;  // destination 16, context, sub-type
  if (kind == MEHR_EVENT_MESSAGE && length >= kMessageHeader) {
    inbox::keep(hal::now_ms(), 0, rssi_dbm, snr_qdb, bytes, bytes[16], bytes[17], bytes + kMessageHeader,
                length - kMessageHeader);
  }
  FrameWriter writer(sink);
  writer.begin(kEvent, 0, sizeof head + length);
  writer.add(head, sizeof head);
  writer.add(bytes, length);
  writer.end();
}

void send_fatal(enum mehr_status status, const char* detail) {
  // A fault may have struck in the middle of a frame: the delimiter ends it, an empty frame is ignored.
  const uint8_t delimiter = 0;
  sink(&delimiter, 1);
  Text<400> text;
  text << mehr_status_sentence(status);
  if (detail[0] != 0) text << " (" << detail << ".)";
  FrameWriter writer(sink);
  const uint8_t byte = static_cast<uint8_t>(status);
  writer.begin(kFatal, 0, 1 + text.size());
  writer.add(&byte, 1);
  writer.add(text.data(), text.size());
  writer.end();
}

static void send_identity(uint8_t type, uint8_t id) {
  uint8_t p[256];
  size_t n = 0;
  const size_t board = sizeof MEHR_BOARD_ID - 1, version = sizeof MEHR_RUNTIME_VERSION - 1;
  static_assert(58 + 2 + board + version <= sizeof p, "board id and runtime version fit in one reply");
  p[n++] = static_cast<uint8_t>(relay::fatal_status());
  store_u32(p + n, MEHR_ABI_VERSION), n += 4;
  p[n++] = static_cast<uint8_t>(engine::kKind);
  store_u32(p + n, s_core.size), n += 4;
  memcpy(p + n, s_core.sha256, 32), n += 32;
  memcpy(p + n, relay::node_id(), 16), n += 16;
  p[n++] = static_cast<uint8_t>(board);
  memcpy(p + n, MEHR_BOARD_ID, board), n += board;
  p[n++] = static_cast<uint8_t>(version);
  memcpy(p + n, MEHR_RUNTIME_VERSION, version), n += version;
  send(type, id, p, n);
}

void send_ready() { send_identity(kReady, 0); }

static void send_stats(uint8_t id) {
  uint8_t p[1 + 48 * 9];
  size_t n = 0;
  p[n++] = static_cast<uint8_t>(relay::fatal_status());
  auto add = [&p, &n](uint8_t metric, uint64_t value) {
    if (n + 9 > sizeof p) return;
    p[n] = metric;
    store_u64(p + n + 1, value);
    n += 9;
  };
  const RelayCounters& counters = relay::counters();
  engine::Stats engine = engine::stats();
  add(kMetricBootTicks, counters.boot_ticks);
  add(kMetricLastFrameTicks, counters.last_frame_ticks);
  add(kMetricTickHz, hal::tick_hz());
  add(kMetricLinearMemoryBytes, engine.linear_memory_bytes);
  add(kMetricMetacodeBytes, engine.metacode_bytes);
  add(kMetricWasmStackBytes, engine.stack_bytes);
  add(kMetricWasmStackUsed, engine.stack_used);
  add(kMetricCStackBytes, hal::stack_size());
  add(kMetricCStackUsed, hal::stack_used());
  add(kMetricHeapUsed, hal::heap_used());
  uint64_t before = hal::ticks();
  calibration_loop();
  add(kMetricCalibrationTicks, hal::ticks() - before);
  const hal::RadioStats& radio = hal::radio_stats();
  for (uint8_t error = 1; error < kFrameErrorCount; error++) {
    add(static_cast<uint8_t>(kMetricConsoleErrors + error - 1), s_receiver.errors(error));
    add(static_cast<uint8_t>(kMetricRadioErrors + error - 1), radio.rx_errors[error]);
  }
  add(kMetricFramesRx, counters.frames_rx);
  add(kMetricFramesTx, counters.frames_tx);
  add(kMetricTxBusy, counters.tx_busy);
  add(kMetricUptimeMs, hal::now_ms());
  add(kMetricRecordsUsedBytes, relay::records_used());
  add(kMetricRadioRxQueueDrops, radio.queue_drops);
  add(kMetricRadioTimeouts, radio.timeouts);
  add(kMetricConsoleFramesLost, s_line.lost());
  add(kMetricLastReplayTicks, replay::last_ticks());
  add(kMetricBatteryMillivolts, hal::battery_mv());
  add(kMetricResting, hal::resting() ? 1 : 0);
  send(kStats | kReplyBit, id, p, n);
}

static void reply_status(const Frame& request, enum mehr_status status) {
  const uint8_t byte = static_cast<uint8_t>(status);
  send(request.type | kReplyBit, request.id, &byte, 1);
}

static void reply_outputs(const Frame& request, enum mehr_status status, const uint64_t* deadline) {
  const Outputs& outputs = core::outputs();
  uint8_t head[9];
  head[0] = static_cast<uint8_t>(status);
  if (deadline) store_u64(head + 1, *deadline);
  size_t head_length = deadline ? 9 : 1;
  FrameWriter writer(sink);
  writer.begin(request.type | kReplyBit, request.id, head_length + outputs.size());
  writer.add(head, head_length);
  writer.add(outputs.data(), outputs.size());
  writer.end();
}

static void handle_command(const Frame& request) {
  if (relay::mode() != relay::Mode::kLive) return reply_status(request, MEHR_STATUS_NOT_BOOTED);
  enum mehr_status status = relay::command(request.payload, request.length);
  if (status == MEHR_STATUS_OK && core::outputs().overflowed()) status = MEHR_STATUS_REPLY_TOO_LONG;
  reply_outputs(request, status, nullptr);
}

static void handle_step(const Frame& request) {
  uint64_t deadline;
  enum mehr_status status = replay::step(request.payload, request.length, deadline);
  reply_outputs(request, status, &deadline);
}

static void handle_hash(const Frame& request) {
  uint8_t reply[33] = {};
  enum mehr_status status = replay::hash(reply + 1);
  reply[0] = static_cast<uint8_t>(status);
  send(request.type | kReplyBit, request.id, reply, sizeof reply);
}

static void dispatch(const Frame& request) {
  switch (request.type) {
    case kIdentify:
      return send_identity(kIdentify | kReplyBit, request.id);
    case kStats:
      return send_stats(request.id);
    case kReboot:
      reply_status(request, MEHR_STATUS_OK);
      hal::reset();
    case kHalt:
      reply_status(request, MEHR_STATUS_OK);
      hal::halt();
    case kCommand:
    case kReplayOpen:
    case kReplayStep:
    case kReplayHash:
    case kReplayClose:
      break;
    default:
      s_receiver.count(kFrameType);
      if (!(request.type & kReplyBit)) reply_status(request, MEHR_STATUS_UNKNOWN_REQUEST);
      return;
  }
  if (relay::mode() == relay::Mode::kFatal) return reply_status(request, relay::fatal_status());
  switch (request.type) {
    case kCommand:
      return handle_command(request);
    case kReplayOpen:
      return reply_status(request, replay::open());
    case kReplayStep:
      return handle_step(request);
    case kReplayHash:
      return handle_hash(request);
    default:
      return reply_status(request, replay::close());
  }
}

// For a person on a terminal. The delimiter behind it keeps the line out of the next frame, should a machine listen.
static void answer_person() {
  static const char kLine[] = "mehr relay " MEHR_BOARD_ID
                              ": this port speaks framed binary (COBS, CRC-32); use `mehr run`\r\n";
  sink(reinterpret_cast<const uint8_t*>(kLine), sizeof kLine);  // the closing zero is the delimiter
}

static uint32_t current_count(unsigned uart, unsigned error) {
  return uart == 0 ? s_receiver.errors(error) : hal::radio_stats().rx_errors[error];
}

static bool unreported() {
  for (unsigned uart = 0; uart < 2; uart++) {
    for (unsigned error = 1; error < kFrameErrorCount; error++) {
      if (current_count(uart, error) != s_reported[uart][error]) return true;
    }
  }
  return hal::radio_stats().timeouts != s_timeouts_reported;
}

static void report(uint64_t now) {
  if (now < s_next_report || !unreported()) return;
  s_next_report = now + kReportEveryMs;
  for (uint8_t uart = 0; uart < 2; uart++) {
    for (uint8_t error = 1; error < kFrameErrorCount; error++) {
      uint32_t count = current_count(uart, error);
      if (count == s_reported[uart][error]) continue;
      s_reported[uart][error] = count;
      uint8_t p[6] = {uart, error};
      store_u32(p + 2, count);
      send(kFrameErrorNotice, 0, p, sizeof p);
    }
  }
  if (hal::radio_stats().timeouts != s_timeouts_reported) {
    s_timeouts_reported = hal::radio_stats().timeouts;
    Text<120> text;
    text << "the radio port left a request unanswered (" << s_timeouts_reported << " so far)";
    log(kLogWarn, text.c_str());
  }
}

void poll() {
  uint8_t bytes[64];
  size_t n = 1;
  for (int reads = 0; reads < kReadsPerPoll && (n = hal::console_read(bytes, sizeof bytes)) > 0; reads++) {
    for (size_t i = 0; i < n; i++) {
      FrameReceiver::Event event = s_receiver.push(bytes[i]);
      if (event == FrameReceiver::Event::kFrame) dispatch(s_receiver.frame());
      if (event == FrameReceiver::Event::kText) answer_person();
    }
    s_last_byte = hal::now_ms();  // after the requests: what they took is not the sender's silence
  }
  uint64_t now = hal::now_ms();
  if (n == 0 && s_receiver.mid_frame() && now - s_last_byte >= kAbandonAfterMs) s_receiver.abandon();
  report(now);
}

uint64_t last_heard_ms() { return s_last_byte; }

uint64_t next_report_ms() {
  uint64_t next = unreported() ? s_next_report : kNever;
  if (s_receiver.mid_frame() && s_last_byte + kAbandonAfterMs < next) next = s_last_byte + kAbandonAfterMs;
  return next;
}

}  // namespace mehr::console
