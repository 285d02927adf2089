// A LoRa modem as a peripheral on a UART: the host on the other side is the air. The same framing as the console's;
// the messages are TX, CAD, CLEAR and ENTROPY with their replies, and RX whenever a frame has been heard.
#include <string.h>

#include "bytes.h"
#include "frame.h"
#include "virtual/radio_uart.h"

namespace mehr::hal {

namespace {

enum Message : uint8_t {
  kTx = 0x01,
  kCad = 0x02,
  kEntropy = 0x03,
  kClear = 0x04,
  kRx = 0x40,
  kReplyBit = 0x80,
};

// How long the host may take. A CAD takes a few symbols, but QEMU and its host share busy machines, so the bound is
// there to end a wait, not to model one.
constexpr uint64_t kReplyTimeoutMs = 2000;
// Once a port that has worked leaves a request unanswered, later ones wait only this long until it speaks again: the
// core asks several times in one call, and the console is not served meanwhile.
constexpr uint64_t kSilentTimeoutMs = 100;
// A host that stops mid-frame for this long is gone; what it left must not swallow the next reply.
constexpr uint64_t kAbandonAfterMs = 500;
static_assert(kAbandonAfterMs < kReplyTimeoutMs, "an abandoned frame costs no second reply");
constexpr uint64_t kTxMarginMs = 30000;  // on top of the time on air, for the host
// Bytes are taken in so many pieces at once; a flood on this port must not keep the console and the timer waiting.
constexpr int kReadsPerPump = 32;
constexpr int kEntropyTries = 3;
constexpr size_t kEntropyMax = 256;
constexpr size_t kQueue = 8;
constexpr size_t kRxHeader = 4;

FrameReceiver s_receiver(false);
RadioConfig s_config;
RadioPacket s_queue[kQueue];
size_t s_queue_head, s_queue_count;
RadioStats s_stats;
uint8_t s_next_id;
bool s_heard, s_silent;
bool s_sending;
uint8_t s_tx_id;
uint64_t s_tx_deadline;
uint64_t s_last_byte;

// The one reply somebody is waiting for.
uint8_t s_wait_type, s_wait_id;
size_t s_wait_length;
bool s_answered;
uint8_t s_answer[kEntropyMax];

FrameLine s_line([](const uint8_t* bytes, size_t n) { return radio_uart_write(bytes, n) == Code::kOk; });
void sink(const uint8_t* bytes, size_t length) { s_line.put(bytes, length); }

void take_packet(const Frame& frame) {
  if (frame.length <= kRxHeader || frame.length > kRxHeader + kRadioFrameMax) return s_receiver.count(kFrameLength);
  if (s_queue_count == kQueue) {
    if (s_stats.queue_drops != UINT32_MAX) s_stats.queue_drops++;
    return;
  }
  RadioPacket& packet = s_queue[(s_queue_head + s_queue_count++) % kQueue];
  packet.rssi_dbm = static_cast<int16_t>(load_u16(frame.payload));
  packet.snr_qdb = static_cast<int16_t>(load_u16(frame.payload + 2));
  packet.length = static_cast<uint16_t>(frame.length - kRxHeader);
  memcpy(packet.bytes, frame.payload + kRxHeader, packet.length);
}

void take_frame(const Frame& frame) {
  s_heard = true;
  s_silent = false;
  if (frame.type == kRx) return take_packet(frame);
  if (frame.type == (kTx | kReplyBit)) {
    // A late answer to a transmission already given up is of no interest.
    if (s_sending && frame.id == s_tx_id) s_sending = false;
    return;
  }
  bool reply = frame.type == (kCad | kReplyBit) || frame.type == (kClear | kReplyBit);
  if (!reply && frame.type != (kEntropy | kReplyBit)) return s_receiver.count(kFrameType);
  // Late random bytes are as good as prompt ones, if they are as many; what the channel was like then is not.
  bool current = frame.id == s_wait_id || frame.type == (kEntropy | kReplyBit);
  if (frame.type != s_wait_type || !current || frame.length != s_wait_length) return;
  memcpy(s_answer, frame.payload, s_wait_length);
  s_wait_type = 0;
  s_answered = true;
}

// Takes in what has arrived. While nobody waits for an answer, a queue that might not hold what the next read brings
// (at most 4 frames) leaves it in the UART, which holds the host back; so frames are dropped only during a wait.
void pump(bool waiting = false) {
  uint8_t bytes[64];
  size_t n = 1;
  for (int reads = 0; reads < kReadsPerPump && (waiting || s_queue_count + 4 <= kQueue); reads++) {
    n = radio_uart_read(bytes, sizeof bytes);
    if (n == 0) break;
    s_last_byte = now_ms();
    for (size_t i = 0; i < n; i++) {
      if (s_receiver.push(bytes[i]) == FrameReceiver::Event::kFrame) take_frame(s_receiver.frame());
    }
  }
  // Only an empty line is a silent one.
  if (n == 0 && s_receiver.mid_frame() && now_ms() - s_last_byte >= kAbandonAfterMs) s_receiver.abandon();
  if (s_sending && now_ms() >= s_tx_deadline) {
    s_sending = false;
    if (s_stats.timeouts != UINT32_MAX) s_stats.timeouts++;
  }
}

// No transmission takes longer (SX1262 datasheet 6.1.4, every rounding upwards): 13 symbols of sync word, header and
// fractions, then the payload's. For 255 bytes: 233 s at SF12, 7.8 kHz and 4/8; 0.6 s at SF7, 125 kHz and 4/5.
uint64_t longest_on_air_ms(size_t length) {
  uint64_t blocks = (8 * length + 44) / (4 * (s_config.spreading_factor - 2u)) + 1;
  uint64_t symbols = s_config.preamble + 13 + blocks * s_config.coding_rate;
  return (symbols * 1000 << s_config.spreading_factor) / s_config.bandwidth_hz + 1;
}

// Sends a request and waits, within the bound, for a reply of `expected` bytes in s_answer.
Code ask(uint8_t type, const uint8_t* payload, size_t length, size_t expected) {
  s_wait_type = type | kReplyBit;
  s_wait_id = ++s_next_id;
  s_wait_length = expected;
  s_answered = false;
  write_frame(sink, type, s_wait_id, payload, length);
  uint64_t deadline = now_ms() + (s_silent ? kSilentTimeoutMs : kReplyTimeoutMs);
  for (;;) {
    pump(true);
    if (s_answered) return Code::kOk;
    if (now_ms() >= deadline) break;
    sleep_until(deadline);
  }
  s_wait_type = 0;
  s_silent = s_heard;
  if (s_stats.timeouts != UINT32_MAX) s_stats.timeouts++;
  return Code::kTimeout;
}

}  // namespace

Code radio_begin(const RadioConfig& config) {
  bool sane = config.spreading_factor >= 5 && config.spreading_factor <= 12 && config.coding_rate >= 5 &&
              config.coding_rate <= 8 && config.frequency_hz != 0 && config.bandwidth_hz != 0;
  if (!sane) return Code::kRange;
  s_config = config;
  return Code::kOk;
}

// Asks about the channel, after `p` has been given its first 9 bytes.
static Code ask_busy(uint8_t type, uint8_t* p, size_t length, bool& busy) {
  busy = false;
  pump();
  if (s_sending) return Code::kBusy;
  store_u32(p, s_config.frequency_hz);
  store_u32(p + 4, s_config.bandwidth_hz);
  p[8] = s_config.spreading_factor;
  Code code = ask(type, p, length, 1);
  if (code != Code::kOk) return code;
  busy = s_answer[0] != 0;
  return Code::kOk;
}

Code radio_cad(bool& busy) {
  uint8_t p[9];
  return ask_busy(kCad, p, sizeof p, busy);
}

// The host has watched the air all the time, so it answers at once for the `ms` that have passed.
Code radio_clear(int16_t threshold_dbm, uint32_t ms, bool& busy) {
  if (ms > UINT16_MAX) return Code::kRange;
  uint8_t p[13];
  store_u16(p + 9, static_cast<uint16_t>(threshold_dbm));
  store_u16(p + 11, static_cast<uint16_t>(ms));
  return ask_busy(kClear, p, sizeof p, busy);
}

Code radio_send(const uint8_t* bytes, size_t length) {
  if (length == 0 || length > kRadioFrameMax) return Code::kRange;
  // The end of the last transmission must be seen even behind frames there is no room for.
  pump(s_sending);
  if (s_sending) return Code::kBusy;
  uint8_t p[14];
  store_u32(p, s_config.frequency_hz);
  store_u32(p + 4, s_config.bandwidth_hz);
  p[8] = s_config.spreading_factor;
  p[9] = s_config.coding_rate;
  store_u16(p + 10, s_config.preamble);
  p[12] = static_cast<uint8_t>(s_config.power_dbm);
  p[13] = s_config.sync_word;
  s_tx_id = ++s_next_id;
  s_tx_deadline = now_ms() + longest_on_air_ms(length) + kTxMarginMs;
  s_sending = true;
  uint32_t lost = s_line.lost();
  FrameWriter writer(sink);
  writer.begin(kTx, s_tx_id, sizeof p + length);
  writer.add(p, sizeof p);
  writer.add(bytes, length);
  writer.end();
  if (s_line.lost() == lost) return Code::kOk;
  s_sending = false;  // the host has not got it and will report no end
  return Code::kTimeout;
}

bool radio_receive(RadioPacket& out) {
  pump();
  if (s_queue_count == 0) return false;
  out = s_queue[s_queue_head];
  s_queue_head = (s_queue_head + 1) % kQueue;
  s_queue_count--;
  return true;
}

uint64_t virtual_radio_deadline() {
  uint64_t deadline = s_sending ? s_tx_deadline : UINT64_MAX;
  if (s_receiver.mid_frame() && s_last_byte + kAbandonAfterMs < deadline) deadline = s_last_byte + kAbandonAfterMs;
  return deadline;
}

const RadioStats& radio_stats() {
  for (unsigned error = 1; error < kFrameErrorCount; error++) s_stats.rx_errors[error] = s_receiver.errors(error);
  return s_stats;
}

Code virtual_entropy(uint8_t* out, size_t length) {
  while (length > 0) {
    size_t n = length < kEntropyMax ? length : kEntropyMax;
    uint8_t request[2];
    store_u16(request, static_cast<uint16_t>(n));
    Code code = Code::kTimeout;
    // Asking again is harmless here, and the first request after power-on is the likeliest to find nobody.
    for (int i = 0; i < kEntropyTries && code != Code::kOk; i++) code = ask(kEntropy, request, sizeof request, n);
    if (code != Code::kOk) return code;
    memcpy(out, s_answer, n);
    memset(s_answer, 0, n);  // keys are made from these bytes
    out += n;
    length -= n;
  }
  return Code::kOk;
}

}  // namespace mehr::hal
