// nRF52840 under the Adafruit core: clock, entropy, record flash, endings. Sections are those of the nRF52840 Product
// Specification v1.7. The SoftDevice is in flash but never enabled, so its peripherals are this image's.
#include "arduino_hal.h"

#if defined(ARDUINO_NRF52_ADAFRUIT)

#include "board_config.h"

#include <nrf.h>
#include <nrf_sdm.h>
#include <string.h>

#include "sha256.h"

extern "C" {
extern unsigned char __HeapBase[];
// The core's linker script: the image from its first byte to where its initialised data is kept in flash.
extern const uint8_t __flash_arduino_start[], __etext[];
extern const uint8_t __data_start__[], __data_end__[];
extern uint32_t __flash_arduino_end[];  // the core's linker script: where the image may not go beyond
void* _sbrk(int);
}

namespace mehr::hal {

namespace {

constexpr size_t kPageSize = 4096;  // 4.3
constexpr size_t kPages = 2;
// The last two of the seven pages 0xED000-0xF4000 that this bootloader keeps for application data
// (DFU_APP_DATA_RESERVED): an update of the image by UF2 or DFU never touches them, nor does an update of the
// bootloader, which is staged below 0xED000. The linker script ends the image there too. Arduino sketches put
// InternalFS into these pages; this image has no file system, and must not get one here without moving the records.
constexpr uintptr_t kRecords = 0xf2000;
constexpr uintptr_t kReservedStart = 0xed000, kReservedEnd = 0xf4000;
static_assert(kRecords >= kReservedStart && kRecords + kPages * kPageSize <= kReservedEnd, "inside the reserved pages");

// Erasing a page takes 85 ms, writing a word 41 us (4.3, electrical specification); each bound is many times that.
constexpr uint32_t kEraseCycles = 64000000, kWriteCycles = 640000;
// A bias-corrected byte takes 120 us on average, a single one may take longer (6.19).
constexpr uint32_t kEntropyCycles = 64000000 / 10;

// The watchdog outlives a soft reset (5.4.9: only pin reset, brown-out and power-on end it), so it also runs while the
// bootloader takes a new image, and the Adafruit bootloader does not feed it. An update over the slowest way, serial DFU,
// takes two minutes; a guard that hangs is ended after ten.
constexpr uint32_t kWatchdogSeconds = 600;
constexpr uint32_t kWatchdogHz = 32768;

// The SoftDevice would have the RAM below 0x20006000, where the linker script's begins; it is never enabled, and leaves
// all but the first 8 bytes alone then (S140 SoftDevice Specification, memory resource requirements). The bootloader uses
// what is above 0x20007F7C (BL linker/nrf52840.ld). So nobody else writes here, and a reset keeps RAM (5.3.6).
constexpr uintptr_t kKept = 0x20005e00;
constexpr uintptr_t kRamStart = 0x20006000;
static_assert(kKept + sizeof(Kept) <= kRamStart, "below the application's RAM");

const char* s_problem = "";
uint64_t s_ticks;        // of the RTC
uint64_t s_cycles;       // of the CPU
uint32_t s_last_tick, s_last_cycle;

// Waits for `ready` at most `cycles` of CPU time. The CPU stands still while flash is written from flash, so this
// is generous by design.
template <typename Ready>
bool wait_for(Ready ready, uint32_t cycles) {
  uint32_t start = DWT->CYCCNT;
  while (!ready()) {
    if (DWT->CYCCNT - start >= cycles) return ready();
  }
  return true;
}

bool flash_ready(uint32_t cycles) {
  return wait_for([] { return NRF_NVMC->READY == NVMC_READY_READY_Ready; }, cycles);
}

// With the SoftDevice enabled, writing NVMC directly is a fault. Nothing in this image enables it.
bool softdevice_off() {
  uint8_t enabled = 1;
  return sd_softdevice_is_enabled(&enabled) == NRF_SUCCESS && enabled == 0;
}

void flash_mode(uint32_t mode) {
  NRF_NVMC->CONFIG = mode;
  __ISB();
  __DSB();
}

bool inside(size_t offset, size_t length) {
  return s_problem[0] == 0 && length <= kPages * kPageSize && offset <= kPages * kPageSize - length;
}

uint64_t extend(uint64_t& total, uint32_t& last, uint32_t now) {
  total += now - last;
  last = now;
  return total;
}

uint64_t rtc_ticks() {
  taskENTER_CRITICAL();
  uint64_t total = extend(s_ticks, s_last_tick, xTaskGetTickCount());
  taskEXIT_CRITICAL();
  return total;
}

}  // namespace

Code mcu_init() {
  dwt_enable();
  if (reinterpret_cast<uintptr_t>(__flash_arduino_end) > kRecords) {
    s_problem = "this image was linked over the record pages at 0xF2000, so nothing can be stored; use the board's own "
                "linker script";
  }
  return Code::kOk;
}

const char* record_flash_problem() { return s_problem; }

void mcu_tick() {
  now_ms();
  ticks();
}

// Not millis(): that converts a 32-bit count of 1/1024 s and so starts over after 48.5 days, at no power of two.
uint64_t now_ms() { return rtc_ticks() * 1000 / configTICK_RATE_HZ; }

// CPU cycles. They stand still while the CPU sleeps, which suits what they measure: the work of a call.
uint64_t ticks() {
  taskENTER_CRITICAL();
  uint64_t total = extend(s_cycles, s_last_cycle, DWT->CYCCNT);
  taskEXIT_CRITICAL();
  return total;
}

uint32_t tick_hz() { return SystemCoreClock; }

const Noise kNoise = {kByteCutoffs, 0};

Code noise_begin() {
  if (!softdevice_off()) return Code::kIo;
  NRF_RNG->CONFIG = RNG_CONFIG_DERCEN_Enabled << RNG_CONFIG_DERCEN_Pos;  // bias correction (6.19)
  NRF_RNG->EVENTS_VALRDY = 0;
  NRF_RNG->TASKS_START = 1;
  return Code::kOk;
}

Code noise_read(uint8_t* samples, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!wait_for([] { return NRF_RNG->EVENTS_VALRDY != 0; }, kEntropyCycles)) return Code::kTimeout;
    NRF_RNG->EVENTS_VALRDY = 0;
    samples[i] = static_cast<uint8_t>(NRF_RNG->VALUE);
  }
  return Code::kOk;
}

void noise_end() { NRF_RNG->TASKS_STOP = 1; }

// Runs on while the CPU sleeps, not while a debugger holds it (6.36).
void mcu_watchdog_start() {
  NRF_WDT->CONFIG = WDT_CONFIG_SLEEP_Run << WDT_CONFIG_SLEEP_Pos | WDT_CONFIG_HALT_Pause << WDT_CONFIG_HALT_Pos;
  NRF_WDT->CRV = kWatchdogSeconds * kWatchdogHz - 1;
  NRF_WDT->RREN = WDT_RREN_RR0_Enabled << WDT_RREN_RR0_Pos;
  NRF_WDT->TASKS_START = 1;
  mcu_watchdog_feed();
}

void mcu_watchdog_feed() { NRF_WDT->RR[0] = WDT_RR_RR_Reload; }

uint32_t mcu_adc_mv(int pin) {
  constexpr int kBits = 12;
  constexpr int kReference = board::kBatteryReferenceMillivolts;
  constexpr eAnalogReference kMode = kReference == 3000   ? AR_INTERNAL_3_0
                                     : kReference == 2400 ? AR_INTERNAL_2_4
                                     : kReference == 1800 ? AR_INTERNAL_1_8
                                                          : AR_INTERNAL;
  constexpr uint32_t kFullScale = kMode == AR_INTERNAL ? 3600 : kReference;
  analogReference(kMode);
  analogReadResolution(kBits);
  analogSampleTime(40);  // us: what the SAADC wants of a source of 800 kohm (6.23, acquisition time)
  return analogRead(static_cast<uint32_t>(pin)) * kFullScale >> kBits;
}

// FreeRTOS of this core is tickless: its idle task already waits in System ON with everything off that is not in use.
bool mcu_deep_rest(uint32_t) { return false; }

static uint32_t s_flash_writes;

uint32_t flash_writes() { return s_flash_writes; }

size_t flash_page_size() { return kPageSize; }
size_t flash_page_count() { return s_problem[0] == 0 ? kPages : 0; }

Code flash_read(size_t offset, void* out, size_t length) {
  if (!inside(offset, length)) return Code::kRange;
  memcpy(out, reinterpret_cast<const void*>(kRecords + offset), length);
  return Code::kOk;
}

Code flash_program(size_t offset, const void* bytes, size_t length) {
  if (!inside(offset, length) || offset % 4 != 0 || length % 4 != 0) return Code::kRange;
  Lock lock;
  s_flash_writes += static_cast<uint32_t>(length / 4);
  if (!softdevice_off()) return Code::kIo;
  const uint8_t* from = static_cast<const uint8_t*>(bytes);
  bool done = flash_ready(kEraseCycles);
  flash_mode(NVMC_CONFIG_WEN_Wen);
  for (size_t i = 0; i < length && done; i += 4) {
    uint32_t word;
    memcpy(&word, from + i, sizeof word);
    *reinterpret_cast<volatile uint32_t*>(kRecords + offset + i) = word;
    done = flash_ready(kWriteCycles);
  }
  flash_mode(NVMC_CONFIG_WEN_Ren);
  return done ? Code::kOk : Code::kTimeout;
}

Code flash_erase(size_t page) {
  if (page >= flash_page_count()) return Code::kRange;
  Lock lock;
  s_flash_writes++;
  if (!softdevice_off()) return Code::kIo;
  bool done = flash_ready(kEraseCycles);
  flash_mode(NVMC_CONFIG_WEN_Een);
  if (done) {
    NRF_NVMC->ERASEPAGE = kRecords + page * kPageSize;
    done = flash_ready(kEraseCycles);
  }
  flash_mode(NVMC_CONFIG_WEN_Ren);
  return done ? Code::kOk : Code::kTimeout;
}

Kept& mcu_kept() { return *reinterpret_cast<Kept*>(kKept); }

// RESETREAS as the core has found and cleared it: the Adafruit bootloader, which ran before, reads and keeps it (BL
// src/main.c). No bit at all is power-on or brown-out (5.3.8), which this chip does not tell apart. Several are told after
// one reset by the bootloader, such as its own after an update: then the one that says most.
msg::ResetCause mcu_reset_cause() {
  uint32_t reason = readResetReason();
  if (reason & POWER_RESETREAS_LOCKUP_Msk) return msg::ResetCause::kPanic;
  if (reason & POWER_RESETREAS_DOG_Msk) return msg::ResetCause::kWatchdog;
  if (reason & POWER_RESETREAS_RESETPIN_Msk) return msg::ResetCause::kPin;
  if (reason & (POWER_RESETREAS_OFF_Msk | POWER_RESETREAS_LPCOMP_Msk | POWER_RESETREAS_NFC_Msk | POWER_RESETREAS_VBUS_Msk)) {
    return msg::ResetCause::kWake;
  }
  if (reason & POWER_RESETREAS_SREQ_Msk) return msg::ResetCause::kSoftware;
  return reason == 0 ? msg::ResetCause::kPowerOn : msg::ResetCause::kUnknown;
}

bool mcu_image_sha256(uint8_t out[32]) {
  size_t length = static_cast<size_t>(__etext - __flash_arduino_start) + static_cast<size_t>(__data_end__ - __data_start__);
  sha256(__flash_arduino_start, length, out);
  return true;
}

void mcu_restart() { NVIC_SystemReset(); }

void reset() {
  console_drain();
  mcu_restart();
}

// System OFF (5.3): the reset pin, plugging in USB or a power cycle ends it.
void halt() {
  console_drain();
  radio_sleep();
  supplies_off();
  NRF_POWER->SYSTEMOFF = POWER_SYSTEMOFF_SYSTEMOFF_Enter;
  for (;;) __WFE();
}

size_t heap_used() {
  return static_cast<size_t>(static_cast<unsigned char*>(_sbrk(0)) - __HeapBase);
}

}  // namespace mehr::hal

#endif
