// The world the HAL runs in: virtual time, tasks, pins and what hangs on them. One process runs one scenario.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace fake {

struct Event {
  uint64_t us;
  std::string text;
};

struct Pin {
  bool latch = false;    // level of the output
  bool written = false;  // since the pin last became an input
  bool output = false;
  bool outside = false;  // level the board gives it as an input
  bool touched = false;
  void (*isr)() = nullptr;
  bool isr_on = false;
  bool held = false;  // keeps its state in light sleep
  char pull = '-';    // the chip's own resistor: 'u' up, 'd' down
};

enum class End { none, reset, halted };

struct World {
  std::vector<Event> log;
  std::vector<std::string> wrong;  // broken rules: a scenario with any fails
  std::map<int, Pin> pins;
  End end = End::none;
  uint64_t idle_us = 0;   // no task had anything to do
  uint64_t light_us = 0;  // in light sleep
  uint64_t cpu_starts = 0;

  // Serial
  std::string serial_in, serial_out;
  bool host_listens = true;
  size_t serial_room = 64;
  bool serial_wake = false;

  // Battery: millivolts of the cell; the board's divider is the scenario's affair.
  std::function<double(int pin)> analog_mv = [](int) { return 0.0; };

  // I2C: a power chip with its registers; id 0 is none.
  uint8_t pmu_id = 0;
  uint8_t pmu[256] = {};

  // Noise: the next raw sample.
  std::function<uint8_t()> noise;

  // Hardware watchdog
  bool dog_running = false;
  uint64_t dog_period_us = 0, dog_fed_us = 0;
  bool dog_bit = false;

  bool flash_busy = false;

  // Why the chip has started, as its own registers say it: RESETREAS, esp_reset_reason(), or CHIP_RESET.
  uint32_t reset_reason = 0;
  // REASON of the RP2040's watchdog, and whether it was its timer.
  uint32_t watchdog_reason = 0;
  bool watchdog_timer = false;
};
extern World world;

uint64_t now_us();
/// Time passes while a task works: what is due happens, and a task above it may take the CPU.
void advance(uint64_t us);
void at_us(uint64_t us, std::function<void()> what);
void log(const char* format, ...) __attribute__((format(printf, 1, 2)));
void wrong(const char* format, ...) __attribute__((format(printf, 1, 2)));
/// Of the scenario: starts the program as the core does, then lets time pass. Both return early at an end of the world.
void boot();
void run_ms(uint64_t ms);
/// Of the program: it is over, by a reset or for good.
[[noreturn]] void end(End how);
/// Sets what an input sees; a rising edge calls its interrupt handler.
void set_pin(int pin, bool level);
bool level(int pin);
/// Stops the CPU until `until_us` or until `woken` says so; no task runs meanwhile. True when it was woken.
bool stop_cpu(uint64_t until_us, const std::function<bool()>& woken);
/// From here on nothing but the hardware watchdog can help.
void hang_guard();

/// Place in the log of the first entry at or after `from` that begins so; -1 when there is none.
int find(const std::string& start, size_t from = 0);
size_t count(const std::string& start, size_t from = 0);

}  // namespace fake
