// RP2040 under arduino-pico with FreeRTOS: clock, noise, record flash, endings. Sections are those of the RP2040
// datasheet.
#include "arduino_hal.h"

#if defined(ARDUINO_ARCH_RP2040)

#include "board_config.h"

#include <hardware/flash.h>
#include <hardware/structs/rosc.h>
#include <hardware/structs/vreg_and_chip_reset.h>
#include <hardware/watchdog.h>
#include <malloc.h>
#include <pico/platform.h>
#include <pico/time.h>
#include <string.h>

#include "sha256.h"

extern "C" uint8_t __flash_binary_end;  // the linker script: where the image ends

namespace mehr::hal {

namespace {

constexpr size_t kPageSize = FLASH_SECTOR_SIZE;  // 4096, the erase unit of SPI NOR flash
constexpr size_t kPages = 2;
// The last two sectors of the chip. The file system area and the EEPROM sector that arduino-pico lays out at its end are
// given up: this image uses neither.
constexpr uint32_t kRecords = board::kFlashBytes - kPages * kPageSize;

constexpr uint32_t kWatchdogMs = 8000;  // the most it counts to is 8.3 s (4.7.2, and erratum RP2040-E1)
// Bits of the ring oscillator are read so far apart that they have little to do with each other: it runs at 1.8 MHz or
// more (2.17.3).
constexpr uint64_t kBitEveryUs = 4;

// Left alone by the boot ROM and by the start-up code (Pico SDK, pico/platform.h).
Kept __uninitialized_ram(s_kept);

const char* s_problem = "";

bool inside(size_t offset, size_t length) {
  return s_problem[0] == 0 && length <= kPages * kPageSize && offset <= kPages * kPageSize - length;
}

// While flash is written nothing can be read from it (2.6.3), by neither core and no interrupt: code and constants of
// this image lie there.
class FlashAlone {
 public:
  FlashAlone() { rp2040.idleOtherCore(); }  // with FreeRTOS it turns interrupts off as well
  ~FlashAlone() { rp2040.resumeOtherCore(); }
};

}  // namespace

Code mcu_init() {
  if (reinterpret_cast<uintptr_t>(&__flash_binary_end) > XIP_BASE + kRecords) {
    s_problem = "this image reaches into the last 8 KB of the flash, so nothing can be stored; it is too large for the "
                "board";
  }
  return Code::kOk;
}

const char* record_flash_problem() { return s_problem; }

void mcu_tick() {}

uint64_t now_ms() { return time_us_64() / 1000; }
uint64_t ticks() { return time_us_64(); }
uint32_t tick_hz() { return 1000000; }

// Single bits of the ring oscillator, credited with half a bit each: 16 for a byte is twice what is needed.
const Noise kNoise = {kBitCutoffs, 16};

Code noise_begin() { return (rosc_hw->status & ROSC_STATUS_STABLE_BITS) != 0 ? Code::kOk : Code::kIo; }

Code noise_read(uint8_t* samples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    busy_wait_us(kBitEveryUs);
    samples[i] = static_cast<uint8_t>(rosc_hw->randombit & 1);
  }
  return Code::kOk;
}

void noise_end() {}

void mcu_watchdog_start() { watchdog_enable(kWatchdogMs, true); }
void mcu_watchdog_feed() { watchdog_update(); }

uint32_t mcu_adc_mv(int pin) {
  constexpr int kBits = 12;
  constexpr uint32_t kFullScale = 3300;  // ADC_AVDD (4.9)
  analogReadResolution(kBits);
  return static_cast<uint32_t>(analogRead(static_cast<pin_size_t>(pin))) * kFullScale >> kBits;
}

// Its sleep modes stop the USB and the timer; an idle core waits for an interrupt, which is what is left.
bool mcu_deep_rest(uint32_t) { return false; }

static uint32_t s_flash_writes;

uint32_t flash_writes() { return s_flash_writes; }

size_t flash_page_size() { return kPageSize; }
size_t flash_page_count() { return s_problem[0] == 0 ? kPages : 0; }

Code flash_read(size_t offset, void* out, size_t length) {
  if (!inside(offset, length)) return Code::kRange;
  memcpy(out, reinterpret_cast<const void*>(XIP_BASE + kRecords + offset), length);
  return Code::kOk;
}

// The chip is programmed in pages of 256 bytes; what is around the new bytes goes in as ones, which leave it as it is.
Code flash_program(size_t offset, const void* bytes, size_t length) {
  if (!inside(offset, length) || offset % 4 != 0 || length % 4 != 0) return Code::kRange;
  Lock lock;
  s_flash_writes += static_cast<uint32_t>(length / 4);
  const uint8_t* from = static_cast<const uint8_t*>(bytes);
  while (length > 0) {
    size_t at = offset % FLASH_PAGE_SIZE;
    size_t n = length < FLASH_PAGE_SIZE - at ? length : FLASH_PAGE_SIZE - at;
    uint8_t page[FLASH_PAGE_SIZE];
    memset(page, 0xff, sizeof page);
    memcpy(page + at, from, n);
    {
      FlashAlone alone;
      flash_range_program(static_cast<uint32_t>(kRecords + offset - at), page, sizeof page);
    }
    if (memcmp(reinterpret_cast<const void*>(XIP_BASE + kRecords + offset), from, n) != 0) return Code::kIo;
    offset += n, from += n, length -= n;
  }
  return Code::kOk;
}

Code flash_erase(size_t page) {
  if (page >= flash_page_count()) return Code::kRange;
  Lock lock;
  s_flash_writes++;
  FlashAlone alone;
  flash_range_erase(static_cast<uint32_t>(kRecords + page * kPageSize), kPageSize);
  return Code::kOk;
}

Kept& mcu_kept() { return s_kept; }

// Every reset but those of the whole chip goes through the watchdog (4.7.4, REASON), also the one this program asks for;
// a scratch register tells those apart. CHIP_RESET keeps what it was before that (2.12.8): power-on and brown-out are one
// bit, and a debugger's reset is another.
msg::ResetCause mcu_reset_cause() {
  if (watchdog_enable_caused_reboot()) return msg::ResetCause::kWatchdog;
  if (watchdog_caused_reboot()) return msg::ResetCause::kSoftware;
  uint32_t chip = vreg_and_chip_reset_hw->chip_reset;
  if (chip & VREG_AND_CHIP_RESET_CHIP_RESET_HAD_RUN_BITS) return msg::ResetCause::kPin;
  if (chip & VREG_AND_CHIP_RESET_CHIP_RESET_HAD_POR_BITS) return msg::ResetCause::kPowerOn;
  return msg::ResetCause::kUnknown;
}

bool mcu_image_sha256(uint8_t out[32]) {
  const uint8_t* start = reinterpret_cast<const uint8_t*>(XIP_BASE);
  sha256(start, static_cast<size_t>(&__flash_binary_end - start), out);
  return true;
}

void mcu_restart() {
  watchdog_reboot(0, 0, 0);
  for (;;) {
  }
}

void reset() {
  console_drain();
  mcu_restart();
}

// There is no off switch: the CPU waits for an interrupt that never comes. Reset or a power cycle ends it.
void halt() {
  console_drain();
  radio_sleep();
  supplies_off();
  noInterrupts();
  hw_clear_bits(&watchdog_hw->ctrl, WATCHDOG_CTRL_ENABLE_BITS);
  for (;;) __wfi();
}

size_t heap_used() { return static_cast<size_t>(mallinfo().arena); }

}  // namespace mehr::hal

#endif
