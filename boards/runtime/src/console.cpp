#include "console.h"

#include <string.h>

#include "board_config.h"
#include "bytes.h"
#include "frame.h"
#include "hal.h"
#include "inbox.h"
#include "lock.h"
#include "mehr_console.h"
#include "relay.h"
#include "requests.h"
#include "text.h"
#include "wall_clock.h"

namespace mehr::console {

// A report of refused frames goes out at most this often: noise on the line must not make the board as noisy.
static constexpr uint64_t kReportEveryMs = 100;
// A sender that stops mid-frame for this long is gone; what it left must not swallow the next frame.
static constexpr uint64_t kAbandonAfterMs = 5000;
// Bytes are taken in so many pieces at once; a flood on this port must not keep the radio and the timer waiting.
static constexpr int kReadsPerPoll = 32;
static constexpr uint64_t kNever = UINT64_MAX;

static FrameReceiver s_receiver(true);
static LogLevel s_level = kLogInfo;
static bool s_lock_started;
static uint32_t s_reported[2][kFrameErrorCount];  // [0 console, 1 radio]
static uint32_t s_timeouts_reported;
static uint64_t s_next_report;
static uint64_t s_last_byte;

static FrameLine s_line([](const uint8_t* bytes, size_t n) { return hal::console_write(bytes, n) == hal::Code::kOk; });
static void sink(const uint8_t* bytes, size_t length) { s_line.put(bytes, length); }

void init() { identity_init(); }

void send(uint8_t type, uint8_t id, const void* a, size_t a_length, const void* b, size_t b_length, const void* c,
          size_t c_length) {
  FrameWriter writer(sink);
  writer.begin(type, id, a_length + b_length + c_length);
  writer.add(a, a_length);
  if (b_length > 0) writer.add(b, b_length);
  if (c_length > 0) writer.add(c, c_length);
  writer.end();
}

uint32_t frame_errors(unsigned error) { return s_receiver.errors(error); }
uint32_t frames_lost() { return s_line.lost(); }

LogLevel log_level() { return s_level; }
void set_log_level(LogLevel level) { s_level = level; }

void log(LogLevel level, const char* text) {
  if (level > s_level) return;
  const uint8_t byte = level;
  const msg::Span sentence = msg::text_of(text, 400);
  send(msg::kLog, 0, &byte, 1, sentence.data, sentence.size);
}

// What comes for this node and is not for everybody who holds the cable of a locked board: from where in the event's bytes.
static size_t open_part(uint8_t kind, size_t length) {
  constexpr size_t kMessageHeader = 18;  // destination 16, context, sub-type
  constexpr size_t kPacketHeader = 16;   // previous hop
  size_t part = kind == MEHR_EVENT_MESSAGE ? kMessageHeader : kind == MEHR_EVENT_PACKET ? kPacketHeader : length;
  return part < length ? part : length;
}

void event(uint8_t kind, int16_t rssi_dbm, int16_t snr_qdb, const uint8_t* bytes, size_t length) {
  size_t open = open_part(kind, length);
  if (kind == MEHR_EVENT_MESSAGE && open >= 18) {
    uint64_t now = hal::now_ms();
    inbox::keep(now, wall_clock::at(now), rssi_dbm, snr_qdb, bytes, bytes[16], bytes[17], bytes + open, length - open);
  }
  if (open < length && lock::locked()) length = open;
  uint8_t head[5] = {kind};
  store_u16(head + 1, static_cast<uint16_t>(rssi_dbm));
  store_u16(head + 3, static_cast<uint16_t>(snr_qdb));
  send(msg::kEvent, 0, head, sizeof head, bytes, length);
}

void send_fatal(enum mehr_status status, const char* detail) {
  // A fault may have struck in the middle of a frame: the delimiter ends it, an empty frame is ignored.
  const uint8_t delimiter = 0;
  sink(&delimiter, 1);
  Text<400> text;
  text << mehr_status_sentence(status);
  if (detail[0] != 0) text << " (" << detail << ".)";
  const uint8_t byte = static_cast<uint8_t>(status);
  const msg::Span sentence = msg::text_of(text.c_str(), 400);
  send(msg::kFatal, 0, &byte, 1, sentence.data, sentence.size);
}

void send_ready() {
  uint8_t bytes[msg::kIdentityMax];
  const uint8_t status = static_cast<uint8_t>(relay::fatal_status());
  size_t length = identity(bytes, sizeof bytes);
  send(msg::kReady, 0, &status, 1, bytes, length);
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
      send(msg::kFrameError, 0, p, sizeof p);
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
  // The records are there from the first poll on; a board that has none to read waits as after many wrong PINs.
  if (!s_lock_started) lock::start();
  s_lock_started = true;
  lock::poll();
  uint8_t bytes[64];
  size_t n = 1;
  for (int reads = 0; reads < kReadsPerPoll && (n = hal::console_read(bytes, sizeof bytes)) > 0; reads++) {
    for (size_t i = 0; i < n; i++) {
      FrameReceiver::Event event = s_receiver.push(bytes[i]);
      if (event == FrameReceiver::Event::kFrame && !dispatch(s_receiver.frame())) s_receiver.count(kFrameType);
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
  if (lock::next_poll_ms() < next) next = lock::next_poll_ms();
  if (s_receiver.mid_frame() && s_last_byte + kAbandonAfterMs < next) next = s_last_byte + kAbandonAfterMs;
  return next;
}

}  // namespace mehr::console
