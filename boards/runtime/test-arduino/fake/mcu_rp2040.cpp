#if defined(ARDUINO_ARCH_RP2040)
#include <Arduino.h>
#include <SPI.h>
#include <hardware/flash.h>
#include <hardware/structs/rosc.h>
#include <hardware/structs/vreg_and_chip_reset.h>
#include <hardware/watchdog.h>
#include <pico/time.h>
#include <sys/mman.h>

#include "board_facts.h"

SPIClassRP2040 SPI(0), SPI1(1);
RP2040 rp2040;

using namespace fake;

namespace fake {
Rosc rosc = {ROSC_STATUS_STABLE_BITS, {}};
WatchdogHw watchdog = {};
ChipReset* chip_reset() {
  static ChipReset now;
  now.chip_reset = world.reset_reason;
  return &now;
}
RandomBit::operator uint32_t() const { return world.noise(); }
}  // namespace fake

static bool s_alone;
static int s_bits;

static uint8_t* flash() {
  static uint8_t* at;
  if (!at) {
    void* want = reinterpret_cast<void*>(static_cast<uintptr_t>(XIP_BASE));
    at = static_cast<uint8_t*>(mmap(want, board_facts.flash_bytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    if (at != want) wrong("the flash could not be mapped");
    memset(at, 0xff, board_facts.flash_bytes);
  }
  return at;
}

uint64_t time_us_64() {
  flash();
  return advance(1), now_us();
}
void busy_wait_us(uint64_t us) { advance(us); }

void RP2040::idleOtherCore() { s_alone = true, world.flash_busy = true; }
void RP2040::resumeOtherCore() { s_alone = false, world.flash_busy = false; }
void noInterrupts() {}

static bool bad(const char* what, uint32_t offset, size_t count, size_t unit) {
  if (!s_alone) wrong("%s while the other core may run", what);
  bool inside = offset >= board_facts.flash_bytes - 8192 && offset + count <= board_facts.flash_bytes;
  if (inside && offset % unit == 0 && count % unit == 0) return false;
  wrong("%s of %zu bytes at 0x%x", what, count, offset);
  return true;
}
void flash_range_erase(uint32_t offset, size_t count) {
  if (bad("an erase", offset, count, FLASH_SECTOR_SIZE)) return;
  memset(flash() + offset, 0xff, count);
}
void flash_range_program(uint32_t offset, const uint8_t* data, size_t count) {
  if (bad("a write", offset, count, FLASH_PAGE_SIZE)) return;
  for (size_t i = 0; i < count; i++) flash()[offset + i] &= data[i];
}

void watchdog_enable(uint32_t ms, bool) {
  if (ms > 8388) wrong("the watchdog cannot count to %u ms", ms);
  world.dog_running = true;
  world.dog_period_us = static_cast<uint64_t>(ms) * 1000;
  watchdog_update();
}
void watchdog_update() { world.dog_fed_us = now_us(); }
void watchdog_reboot(uint32_t, uint32_t, uint32_t) { end(End::reset); }
bool watchdog_caused_reboot() { return world.watchdog_reason != 0; }
bool watchdog_enable_caused_reboot() { return world.watchdog_reason != 0 && world.watchdog_timer; }
void hw_clear_bits(uint32_t*, uint32_t) { world.dog_running = false; }
void __wfi() { end(End::halted); }

void analogReadResolution(int bits) { s_bits = bits; }
int analogRead(pin_size_t pin) {
  world.pins[pin].touched = true;
  double steps = static_cast<double>(1 << s_bits);
  return static_cast<int>(std::fmin(world.analog_mv(pin) / 3300 * steps, steps - 1));
}
#endif
