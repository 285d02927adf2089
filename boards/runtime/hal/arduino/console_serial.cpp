// The console on the core's Serial: USB CDC on nRF52 and RP2040, UART0 or USB on ESP32, whichever the PlatformIO board
// chooses.
#include "arduino_hal.h"

#if defined(ARDUINO_NRF52_ADAFRUIT)
#include <Adafruit_TinyUSB.h>
#endif

namespace mehr::hal {

namespace {

constexpr uint32_t kBaud = 115200;  // monitor_speed in platformio.ini
constexpr uint64_t kWriteTimeoutMs = 1000;
constexpr uint32_t kDrainMs = 100;
// Nobody has spoken for so long: who wants to use a console has the time from reset, and between two words, to do so.
constexpr uint64_t kUnusedAfterMs = 300000;
bool s_stalled;
uint64_t s_heard_ms;  // when the last byte was read

// Without anybody at the other end of USB nothing drains, and waiting for it would only hold up the relay.
bool connected() {
#if defined(ARDUINO_NRF52_ADAFRUIT)
  return Serial.dtr() != 0;
#elif defined(ARDUINO_ARCH_RP2040)
  return static_cast<bool>(Serial);
#else
  return true;
#endif
}

Code write(const uint8_t* bytes, size_t length) {
  uint64_t moved = now_ms();
  while (length > 0) {
    if (!connected()) return Code::kTimeout;
    int room = Serial.availableForWrite();
    if (room <= 0) {
      // Once it has stalled, every later write gives up at once until the port moves again.
      if (s_stalled || now_ms() - moved >= kWriteTimeoutMs) {
        s_stalled = true;
        return Code::kTimeout;
      }
      vTaskDelay(1);
      continue;
    }
    // Never more than fits: the cores' write() waits without a bound.
    size_t n = static_cast<size_t>(room) < length ? static_cast<size_t>(room) : length;
    n = Serial.write(bytes, n);
    if (n == 0) return Code::kIo;
    bytes += n;
    length -= n;
    moved = now_ms();
    s_stalled = false;
  }
#if !defined(ARDUINO_ARCH_ESP32)
  Serial.flush();  // starts a USB transfer of what is queued; does not wait
#endif
  return Code::kOk;
}

}  // namespace

void console_init() {
#if defined(ARDUINO_ARCH_ESP32)
#if !ARDUINO_USB_CDC_ON_BOOT
  // A whole frame fits each way, so neither side waits for the other while the core runs.
  Serial.setRxBufferSize(2048);
  Serial.setTxBufferSize(2048);
#endif
  Serial.begin(kBaud);
#endif
  // The boot ROM has talked on a UART console; the delimiter keeps its text out of the first frame.
  const uint8_t delimiter = 0;
  console_write(&delimiter, 1);
}

// A USB port of the chip's own is never unused: it stops in deep rest, and a host that plugs in later would not even
// find the board. A UART's bridge is a chip apart, and what it sends wakes the board, at the price of what it sent.
bool console_unused() {
#if defined(ARDUINO_ARCH_ESP32) && !ARDUINO_USB_CDC_ON_BOOT
  return now_ms() - s_heard_ms >= kUnusedAfterMs;
#else
  return false;
#endif
}

void console_heard() { s_heard_ms = now_ms(); }

bool console_pending() {
  Lock lock;
  return Serial.available() > 0;
}

size_t console_read(uint8_t* out, size_t capacity) {
  Lock lock;
  int available = Serial.available();
  if (available <= 0) return 0;
  console_heard();
  size_t n = static_cast<size_t>(available) < capacity ? static_cast<size_t>(available) : capacity;
#if defined(ARDUINO_ARCH_RP2040)
  // Its Serial has no read of several that does not wait.
  size_t got = 0;
  for (int byte; got < n && (byte = Serial.read()) >= 0; got++) out[got] = static_cast<uint8_t>(byte);
  return got;
#else
  return static_cast<size_t>(Serial.read(out, n));
#endif
}

Code console_write(const uint8_t* bytes, size_t length) {
  Lock lock;
  return write(bytes, length);
}

void console_drain() {
  if (!connected()) return;
#if defined(ARDUINO_ARCH_ESP32)
  Serial.flush();
#endif
  vTaskDelay(pdMS_TO_TICKS(kDrainMs));
}

}  // namespace mehr::hal

#if defined(ARDUINO_NRF52_ADAFRUIT)
// TinyUSB asks for this (a weak symbol there) from its own task, when bytes have arrived on the CDC port.
extern "C" void tud_cdc_rx_cb(uint8_t) { mehr::hal::wake(); }
#endif
